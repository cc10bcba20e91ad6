/* Log-mel features: parity with an independent implementation, known signals, streaming. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../parity/mel_vectors.h"
#include "audio/fft.h"
#include "audio/fmath.h"
#include "audio/mel.h"

enum { TICK_FLOATS = BEI_MEL_FRAMES_PER_TICK * BEI_MEL_BINS };

static const double TURN = 6.28318530717958647692;
static const double LN_FLOOR = -11.512925464970229; /* ln 1e-5 */

static bei_mel_t *make(void)
{
    bei_mel_t *mel = NULL;
    assert_int_equal(bei_mel_create(&mel), BE_OK);
    return mel;
}

static void matches_the_independent_implementation(void **state)
{
    (void)state;
    bei_mel_t *mel = make();
    double worst = 0.0;
    for (int t = 0; t < PARITY_TICKS; t++) {
        float pcm[BEI_TICK_SAMPLES];
        float out[TICK_FLOATS];
        for (int n = 0; n < BEI_TICK_SAMPLES; n++)
            pcm[n] = (float)PARITY_PCM[t * BEI_TICK_SAMPLES + n] / 32768.0f;
        bei_mel_tick(mel, pcm, out);
        for (int i = 0; i < TICK_FLOATS; i++) {
            const int frame = t * BEI_MEL_FRAMES_PER_TICK + i / BEI_MEL_BINS;
            double error = fabs((double)out[i] - (double)PARITY_MEL[frame][i % BEI_MEL_BINS]);
            worst = error > worst ? error : worst;
        }
    }
    print_message("largest difference: %.2g\n", worst);
    assert_true(worst < 1e-3);
    bei_mel_destroy(mel);
}

/* FNV-1a of the features' bits. The same on every compiler and platform: if this fails where the
 * test above passes, something contracts, reorders or replaces floating-point operations. */
static void every_platform_makes_the_same_bits(void **state)
{
    (void)state;
    bei_mel_t *mel = make();
    uint32_t hash = 2166136261u;
    for (int t = 0; t < PARITY_TICKS; t++) {
        float pcm[BEI_TICK_SAMPLES];
        float out[TICK_FLOATS];
        for (int n = 0; n < BEI_TICK_SAMPLES; n++)
            pcm[n] = (float)PARITY_PCM[t * BEI_TICK_SAMPLES + n] / 32768.0f;
        bei_mel_tick(mel, pcm, out);
        for (int i = 0; i < TICK_FLOATS; i++) {
            uint32_t bits;
            memcpy(&bits, &out[i], sizeof bits);
            hash = (hash ^ bits) * 16777619u;
        }
    }
    assert_int_equal(hash, 0x60011779u);
    bei_mel_destroy(mel);
}

static void silence_is_the_floor(void **state)
{
    (void)state;
    bei_mel_t *mel = make();
    float pcm[BEI_TICK_SAMPLES] = {0};
    float out[TICK_FLOATS];
    for (int t = 0; t < 3; t++) {
        bei_mel_tick(mel, pcm, out);
        for (int i = 0; i < TICK_FLOATS; i++)
            assert_true(out[i] == (float)LN_FLOOR);
    }
    bei_mel_destroy(mel);
}

/* An impulse in the middle of a frame's window has the power w^2 in every bin. */
static void an_impulse_is_flat(void **state)
{
    (void)state;
    bei_mel_t *mel = make();
    float pcm[BEI_TICK_SAMPLES] = {0};
    float out[TICK_FLOATS];
    pcm[2 * BEI_MEL_HOP - 240 + 200] = 0.5f; /* the window's peak in frame 2 */
    bei_mel_tick(mel, pcm, out);
    /* Triangles grow with frequency, so the bands do, on the whole, too; the first reads: */
    double sum = 0.0;
    const double low = 2595.0 * log10(1.0 + 60.0 / 700.0);
    const double high = 2595.0 * log10(1.0 + 7600.0 / 700.0);
    const double step = (high - low) / 41.0;
    double edge[3];
    for (int i = 0; i < 3; i++)
        edge[i] = 700.0 * (pow(10.0, (low + step * i) / 2595.0) - 1.0);
    for (int bin = 0; bin < 257; bin++) {
        double hz = 31.25 * bin;
        double weight =
            fmin((hz - edge[0]) / (edge[1] - edge[0]), (edge[2] - hz) / (edge[2] - edge[1]));
        sum += fmax(weight, 0.0);
    }
    assert_float_equal(out[2 * BEI_MEL_BINS], log(sum * 0.25 + 1e-5), 1e-4);
    assert_true(out[2 * BEI_MEL_BINS + 39] > out[2 * BEI_MEL_BINS] + 1.0f);
    bei_mel_destroy(mel);
}

/* A full-scale sine at a bin of the highest weight: |X| = 100, the sum of half the window, halved.
 */
static void a_sine_is_where_it_belongs(void **state)
{
    (void)state;
    bei_mel_t *mel = make();
    float pcm[BEI_TICK_SAMPLES];
    float out[TICK_FLOATS];
    for (int n = 0; n < BEI_TICK_SAMPLES; n++)
        pcm[n] = (float)sin(TURN * 2000.0 * n / 16000.0);
    bei_mel_tick(mel, pcm, out);
    bei_mel_tick(mel, pcm, out);
    int loudest = 0;
    for (int b = 1; b < BEI_MEL_BINS; b++)
        loudest = out[b] > out[loudest] ? b : loudest;
    assert_int_equal(loudest, 21); /* whose triangle holds 2000 Hz nearest its peak */
    assert_true(out[loudest] > 8.5f && out[loudest] < 10.5f);
    assert_true(out[0] < -8.0f && out[39] < -8.0f);
    bei_mel_destroy(mel);
}

/* Two streams do not know of each other, a reset forgets everything, and nothing depends on the
 * address or the past of the scratch memory. */
static void streams_are_independent(void **state)
{
    (void)state;
    bei_mel_t *a = make();
    bei_mel_t *b = make();
    float loud[BEI_TICK_SAMPLES];
    float quiet[BEI_TICK_SAMPLES] = {0};
    for (int n = 0; n < BEI_TICK_SAMPLES; n++)
        loud[n] = (float)PARITY_PCM[5 * BEI_TICK_SAMPLES + n] / 32768.0f;
    quiet[17] = 0.25f;
    float first[2][TICK_FLOATS];
    float again[2][TICK_FLOATS];
    bei_mel_tick(a, quiet, first[0]);
    bei_mel_tick(b, loud, again[0]);
    bei_mel_tick(a, loud, first[1]);
    bei_mel_tick(b, loud, again[1]);
    assert_memory_not_equal(first[1], again[1], sizeof first[1]);
    bei_mel_reset(b);
    bei_mel_tick(b, quiet, again[0]);
    bei_mel_tick(b, loud, again[1]);
    assert_memory_equal(first, again, sizeof first);
    bei_mel_destroy(a);
    bei_mel_destroy(b);
    bei_mel_destroy(NULL);
}

static void broken_samples_do_no_harm(void **state)
{
    (void)state;
    bei_mel_t *mel = make();
    float pcm[BEI_TICK_SAMPLES] = {0};
    float out[TICK_FLOATS];
    pcm[0] = NAN;
    pcm[1] = INFINITY;
    bei_mel_tick(mel, pcm, out);
    for (int i = 0; i < TICK_FLOATS; i++)
        assert_true(out[i] == (float)LN_FLOOR);
    pcm[2] = 3.4e38f;
    pcm[3] = -3.4e38f;
    bei_mel_tick(mel, pcm, out);
    for (int i = 0; i < TICK_FLOATS; i++)
        assert_true(isfinite(out[i]));
    bei_mel_destroy(mel);
}

static void own_functions_are_accurate(void **state)
{
    (void)state;
    for (int i = -1000; i <= 1000; i++) {
        double x = pow(1.0137, i); /* 1e-6 .. 1e6 */
        assert_true(fabs(bei_fmath_log(x) - log(x)) <= 1e-14 * fmax(1.0, fabs(log(x))));
    }
    assert_true(bei_fmath_log(1.0) == 0.0);
    for (int i = -500; i <= 500; i++)
        assert_true(fabs(bei_fmath_exp(0.0371 * i) / exp(0.0371 * i) - 1.0) <= 1e-14);
    for (unsigned n = 1; n <= 512; n++) {
        for (unsigned k = 0; k < n; k++) {
            double c;
            double s;
            bei_fmath_turn(k, n, &c, &s);
            assert_true(fabs(c - cos(TURN * k / n)) < 2e-15);
            assert_true(fabs(s - sin(TURN * k / n)) < 2e-15);
        }
    }
}

/* The transform alone, against the sum that defines it. */
static void the_transform_is_one(void **state)
{
    (void)state;
    static bei_fft_t fft;
    static float x[BEI_FFT_SIZE];
    float power[BEI_FFT_BINS];
    uint32_t seed = 1;
    for (int n = 0; n < BEI_FFT_SIZE; n++) {
        seed = seed * 1664525u + 1013904223u;
        x[n] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
    bei_fft_init(&fft);
    bei_fft_power(&fft, x, power);
    for (int k = 0; k < BEI_FFT_BINS; k++) {
        double re = 0.0;
        double im = 0.0;
        for (int n = 0; n < BEI_FFT_SIZE; n++) {
            re += (double)x[n] * cos(TURN * k * n / (double)BEI_FFT_SIZE);
            im -= (double)x[n] * sin(TURN * k * n / (double)BEI_FFT_SIZE);
        }
        assert_true(fabs(sqrt((double)power[k]) - hypot(re, im)) < 1e-4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_functions_are_accurate),
        cmocka_unit_test(the_transform_is_one),
        cmocka_unit_test(matches_the_independent_implementation),
        cmocka_unit_test(every_platform_makes_the_same_bits),
        cmocka_unit_test(silence_is_the_floor),
        cmocka_unit_test(an_impulse_is_flat),
        cmocka_unit_test(a_sine_is_where_it_belongs),
        cmocka_unit_test(streams_are_independent),
        cmocka_unit_test(broken_samples_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
