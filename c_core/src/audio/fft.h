/* The one Fourier transform that the features need: 512 real samples. Single precision, the same
 * order of operations on every platform. */
#ifndef BEI_AUDIO_FFT_H
#define BEI_AUDIO_FFT_H

enum { BEI_FFT_SIZE = 512, BEI_FFT_HALF = BEI_FFT_SIZE / 2, BEI_FFT_BINS = BEI_FFT_HALF + 1 };

/* Tables and scratch of one stream; no pointers, so it may be copied and needs no release. */
typedef struct bei_fft {
    float turn_re[BEI_FFT_SIZE]; /* cos(2 pi k / 512) */
    float turn_im[BEI_FFT_SIZE]; /* -sin(2 pi k / 512) */
    float re[2][BEI_FFT_HALF];
    float im[2][BEI_FFT_HALF];
} bei_fft_t;

void bei_fft_init(bei_fft_t *fft);

/* power[k] = |X[k]|^2, where X is the unnormalised transform of x. */
void bei_fft_power(bei_fft_t *fft, const float x[BEI_FFT_SIZE], float power[BEI_FFT_BINS]);

#endif
