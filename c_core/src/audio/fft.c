/* 512 real samples are taken as 256 complex ones (even samples real, odd ones imaginary),
 * transformed by four passes of radix 4 (Stockham: out of place, in natural order, no bit
 * reversal), and the two interleaved spectra are taken apart. */
#include "audio/fft.h"

#include "audio/fmath.h"

void bei_fft_init(bei_fft_t *fft)
{
    for (unsigned k = 0; k < BEI_FFT_SIZE; k++) {
        double c;
        double s;
        bei_fmath_turn(k, BEI_FFT_SIZE, &c, &s);
        fft->turn_re[k] = (float)c;
        fft->turn_im[k] = (float)-s;
    }
}

/* One radix-4 pass: `count` butterflies' twiddles, each over `stride` interleaved transforms. */
static void pass(const bei_fft_t *fft, unsigned stride, const float *restrict in_re,
                 const float *restrict in_im, float *restrict out_re, float *restrict out_im)
{
    const unsigned quarter = BEI_FFT_HALF / 4;
    const unsigned count = quarter / stride;
    for (unsigned p = 0; p < count; p++) {
        const unsigned k = 2 * p * stride; /* in 512ths of a turn */
        const float r1 = fft->turn_re[k], i1 = fft->turn_im[k];
        const float r2 = fft->turn_re[2 * k], i2 = fft->turn_im[2 * k];
        const float r3 = fft->turn_re[3 * k], i3 = fft->turn_im[3 * k];
        const unsigned from = p * stride;
        const unsigned to = 4 * p * stride;
        for (unsigned q = 0; q < stride; q++) {
            const float ar = in_re[from + q], ai = in_im[from + q];
            const float br = in_re[from + q + quarter], bi = in_im[from + q + quarter];
            const float cr = in_re[from + q + 2 * quarter], ci = in_im[from + q + 2 * quarter];
            const float dr = in_re[from + q + 3 * quarter], di = in_im[from + q + 3 * quarter];
            const float sr = ar + cr, si = ai + ci;
            const float tr = ar - cr, ti = ai - ci;
            const float ur = br + dr, ui = bi + di;
            const float vr = br - dr, vi = bi - di; /* times -i below: (vi, -vr) */
            out_re[to + q] = sr + ur;
            out_im[to + q] = si + ui;
            const float xr = tr + vi, xi = ti - vr;
            out_re[to + q + stride] = xr * r1 - xi * i1;
            out_im[to + q + stride] = xr * i1 + xi * r1;
            const float yr = sr - ur, yi = si - ui;
            out_re[to + q + 2 * stride] = yr * r2 - yi * i2;
            out_im[to + q + 2 * stride] = yr * i2 + yi * r2;
            const float zr = tr - vi, zi = ti + vr;
            out_re[to + q + 3 * stride] = zr * r3 - zi * i3;
            out_im[to + q + 3 * stride] = zr * i3 + zi * r3;
        }
    }
}

/* Bin k of the real transform out of bins k and 256 - k of the complex one. */
static float bin_power(const bei_fft_t *fft, unsigned k)
{
    const unsigned a = k % BEI_FFT_HALF;
    const unsigned b = (BEI_FFT_HALF - k) % BEI_FFT_HALF;
    const float even_re = 0.5f * (fft->re[0][a] + fft->re[0][b]);
    const float even_im = 0.5f * (fft->im[0][a] - fft->im[0][b]);
    const float odd_re = 0.5f * (fft->im[0][a] + fft->im[0][b]);
    const float odd_im = 0.5f * (fft->re[0][b] - fft->re[0][a]);
    const float c = fft->turn_re[k], s = fft->turn_im[k];
    const float re = even_re + (odd_re * c - odd_im * s);
    const float im = even_im + (odd_re * s + odd_im * c);
    return re * re + im * im;
}

void bei_fft_power(bei_fft_t *fft, const float x[BEI_FFT_SIZE], float power[BEI_FFT_BINS])
{
    for (unsigned k = 0; k < BEI_FFT_HALF; k++) {
        fft->re[0][k] = x[2 * k];
        fft->im[0][k] = x[2 * k + 1];
    }
    pass(fft, 1, fft->re[0], fft->im[0], fft->re[1], fft->im[1]);
    pass(fft, 4, fft->re[1], fft->im[1], fft->re[0], fft->im[0]);
    pass(fft, 16, fft->re[0], fft->im[0], fft->re[1], fft->im[1]);
    pass(fft, 64, fft->re[1], fft->im[1], fft->re[0], fft->im[0]);
    for (unsigned k = 0; k < BEI_FFT_BINS; k++)
        power[k] = bin_power(fft, k);
}
