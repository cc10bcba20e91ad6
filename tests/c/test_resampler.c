/* Conversion to 16 kHz mono: lengths, chunking, place in time, fidelity, broken input. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audio/resampler.h"

static const double TURN = 6.28318530717958647692;

static const uint32_t RATES[] = {4000,  8000,  11025, 16000, 22050,  24000, 32000,
                                 44100, 44099, 48000, 96000, 192000, 384000};
enum { RATE_COUNT = sizeof RATES / sizeof *RATES };

/* What a sink received. */
struct taker {
    float *pcm;
    size_t n, room;
    size_t fail_after; /* calls; 0 = never */
    size_t calls;
};

static be_status take(void *user, const float *pcm, size_t n)
{
    struct taker *taker = user;
    assert_true(n > 0);
    taker->calls++;
    if (taker->fail_after && taker->calls >= taker->fail_after)
        return BE_ERR_OUT_OF_MEMORY;
    if (taker->n + n > taker->room) {
        taker->room = 2 * (taker->n + n);
        taker->pcm = realloc(taker->pcm, taker->room * sizeof *taker->pcm);
        assert_non_null(taker->pcm);
    }
    memcpy(taker->pcm + taker->n, pcm, n * sizeof *pcm);
    taker->n += n;
    return BE_OK;
}

static bei_resampler_t *make(uint32_t rate, uint32_t channels)
{
    bei_resampler_t *resampler = NULL;
    assert_int_equal(bei_resampler_create(rate, channels, &resampler), BE_OK);
    assert_int_equal(bei_resampler_rate(resampler), rate);
    return resampler;
}

/* Pushes n mono floats in pieces of `chunk` frames and drains. */
static void run(bei_resampler_t *resampler, const float *pcm, size_t n, size_t chunk,
                struct taker *taker)
{
    for (size_t at = 0; at < n; at += chunk) {
        size_t piece = n - at < chunk ? n - at : chunk;
        assert_int_equal(bei_resampler_push(resampler, BE_SAMPLE_F32, pcm + at, piece, take, taker),
                         BE_OK);
    }
    assert_int_equal(bei_resampler_drain(resampler, take, taker), BE_OK);
}

static float *noise(size_t n)
{
    float *pcm = malloc(n * sizeof *pcm);
    assert_non_null(pcm);
    uint32_t state = 12345;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        pcm[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
    return pcm;
}

static size_t expected(size_t n, uint32_t rate)
{
    return (size_t)floor((double)n * 16000.0 / rate + 0.5);
}

static void lengths_are_exact(void **state)
{
    (void)state;
    static const size_t LENGTHS[] = {0, 1, 2, 3, 7, 100, 1023, 1024, 1025, 4801, 20011};
    float *pcm = noise(20011);
    for (size_t r = 0; r < RATE_COUNT; r++) {
        bei_resampler_t *resampler = make(RATES[r], 1);
        /* One resampler for all: drain starts anew. */
        for (size_t l = 0; l < sizeof LENGTHS / sizeof *LENGTHS; l++) {
            struct taker taker = {0};
            run(resampler, pcm, LENGTHS[l], 480, &taker);
            assert_int_equal(taker.n, expected(LENGTHS[l], RATES[r]));
            free(taker.pcm);
        }
        bei_resampler_destroy(resampler);
    }
    free(pcm);
}

static void chunking_changes_no_bit(void **state)
{
    (void)state;
    static const size_t CHUNKS[] = {1, 7, 160, 441, 1023, 1024, 1025, 5000};
    enum { N = 6000 };
    float *pcm = noise(N);
    for (size_t r = 0; r < RATE_COUNT; r++) {
        bei_resampler_t *resampler = make(RATES[r], 1);
        struct taker whole = {0};
        run(resampler, pcm, N, N, &whole);
        for (size_t c = 0; c < sizeof CHUNKS / sizeof *CHUNKS; c++) {
            struct taker pieces = {0};
            run(resampler, pcm, N, CHUNKS[c], &pieces);
            assert_int_equal(pieces.n, whole.n);
            assert_memory_equal(pieces.pcm, whole.pcm, whole.n * sizeof(float));
            free(pieces.pcm);
        }
        free(whole.pcm);
        bei_resampler_destroy(resampler);
    }
    free(pcm);
}

static void mono_at_16_khz_passes_untouched(void **state)
{
    (void)state;
    enum { N = 5000 };
    float *pcm = noise(N);
    pcm[3] = -0.0f;
    pcm[4] = 1.0f;
    pcm[5] = -1.0f;
    pcm[6] = 1e-42f; /* denormal */
    bei_resampler_t *resampler = make(16000, 1);
    struct taker taker = {0};
    run(resampler, pcm, N, 333, &taker);
    assert_int_equal(taker.n, N);
    assert_memory_equal(taker.pcm, pcm, N * sizeof(float));
    free(taker.pcm);
    free(pcm);
    bei_resampler_destroy(resampler);
}

/* A sine comes out with its amplitude and phase: the error is below -50 dB, edges left out. */
static void check_sine(uint32_t rate, double hz)
{
    const size_t n = rate / 2;
    float *pcm = malloc(n * sizeof *pcm);
    assert_non_null(pcm);
    for (size_t i = 0; i < n; i++)
        pcm[i] = (float)(0.5 * sin(TURN * hz * (double)i / rate + 0.3));
    bei_resampler_t *resampler = make(rate, 1);
    struct taker taker = {0};
    run(resampler, pcm, n, 1000, &taker);
    double signal = 0.0;
    double error = 0.0;
    for (size_t j = 1000; j + 1000 < taker.n; j++) {
        double want = 0.5 * sin(TURN * hz * (double)j / 16000.0 + 0.3);
        signal += want * want;
        error += (taker.pcm[j] - want) * (taker.pcm[j] - want);
    }
    double db = 10.0 * log10(error / signal);
    if (db >= -50.0)
        fail_msg("a %g Hz sine at %u Hz has an error of %.1f dB", hz, rate, db);
    free(taker.pcm);
    free(pcm);
    bei_resampler_destroy(resampler);
}

static void sines_keep_amplitude_and_phase(void **state)
{
    (void)state;
    for (size_t r = 0; r < RATE_COUNT; r++) {
        const double top = RATES[r] < 16000 ? RATES[r] / 2.0 : 8000.0;
        check_sine(RATES[r], 0.03 * top);
        check_sine(RATES[r], 0.25 * top);
        check_sine(RATES[r], 0.6 * top);
        check_sine(RATES[r], 0.88 * top);
    }
}

/* What 16 kHz cannot hold is gone, not folded down. */
static void nothing_is_aliased(void **state)
{
    (void)state;
    enum { N = 24000 };
    static float pcm[N];
    for (size_t i = 0; i < N; i++)
        pcm[i] = (float)sin(TURN * 10000.0 * (double)i / 48000.0);
    bei_resampler_t *resampler = make(48000, 1);
    struct taker taker = {0};
    run(resampler, pcm, N, N, &taker);
    for (size_t j = 500; j + 500 < taker.n; j++)
        assert_true(fabs((double)taker.pcm[j]) < 1e-3);
    free(taker.pcm);
    bei_resampler_destroy(resampler);
}

/* The centre of a smooth pulse stays where it was, within half an output sample. */
static void pulses_keep_their_place(void **state)
{
    (void)state;
    for (size_t r = 0; r < RATE_COUNT; r++) {
        const size_t n = RATES[r] / 4;
        const size_t at = n / 3;
        float *pcm = calloc(n, sizeof *pcm);
        assert_non_null(pcm);
        pcm[at] = 1.0f;
        bei_resampler_t *resampler = make(RATES[r], 1);
        struct taker taker = {0};
        run(resampler, pcm, n, 77, &taker);
        double mass = 0.0;
        double moment = 0.0;
        for (size_t j = 0; j < taker.n; j++) {
            mass += (double)taker.pcm[j] * taker.pcm[j];
            moment += (double)taker.pcm[j] * taker.pcm[j] * (double)j;
        }
        double want = (double)at * 16000.0 / RATES[r];
        assert_true(fabs(moment / mass - want) <= 0.5);
        free(taker.pcm);
        free(pcm);
        bei_resampler_destroy(resampler);
    }
}

static void channels_are_averaged(void **state)
{
    (void)state;
    static const int16_t S16[] = {32767, -32768, 100, -32768, -32768, -32768, 3, 4, 5};
    static const float F32[] = {1.0f, 0.5f, 0.0f, -1.0f, 3.0f, -0.5f, 0.25f, 0.0f, 0.125f};
    bei_resampler_t *resampler = make(16000, 3);
    struct taker taker = {0};
    assert_int_equal(bei_resampler_push(resampler, BE_SAMPLE_S16, S16, 3, take, &taker), BE_OK);
    assert_int_equal(bei_resampler_push(resampler, BE_SAMPLE_F32, F32, 3, take, &taker), BE_OK);
    assert_int_equal(taker.n, 6);
    assert_float_equal(taker.pcm[0], 99.0 / 3 / 32768, 1e-7);
    assert_float_equal(taker.pcm[1], -1.0, 0.0);
    assert_float_equal(taker.pcm[2], 4.0 / 32768, 1e-9);
    assert_float_equal(taker.pcm[3], 0.5, 1e-7);
    assert_float_equal(taker.pcm[4], 0.5, 1e-7);
    assert_float_equal(taker.pcm[5], 0.125, 1e-7);
    free(taker.pcm);
    bei_resampler_destroy(resampler);
}

static void samples_may_start_at_any_byte(void **state)
{
    (void)state;
    uint8_t bytes[1 + 4 * sizeof(int16_t)] = {0};
    static const int16_t S16[4] = {16384, -16384, 8192, 0};
    memcpy(bytes + 1, S16, sizeof S16);
    bei_resampler_t *resampler = make(16000, 1);
    struct taker taker = {0};
    assert_int_equal(bei_resampler_push(resampler, BE_SAMPLE_S16, bytes + 1, 4, take, &taker),
                     BE_OK);
    assert_int_equal(taker.n, 4);
    assert_float_equal(taker.pcm[0], 0.5, 0.0);
    assert_float_equal(taker.pcm[1], -0.5, 0.0);
    free(taker.pcm);
    bei_resampler_destroy(resampler);
}

static void broken_samples_do_no_harm(void **state)
{
    (void)state;
    static const uint32_t SOME[] = {8000, 16000, 44100};
    enum { N = 3000 };
    float *pcm = noise(N);
    pcm[100] = NAN;
    pcm[101] = INFINITY;
    pcm[102] = -INFINITY;
    pcm[1000] = 3.4e38f;
    pcm[1001] = -3.4e38f;
    for (size_t r = 0; r < 3; r++) {
        bei_resampler_t *resampler = make(SOME[r], 1);
        struct taker taker = {0};
        run(resampler, pcm, N, 128, &taker);
        assert_int_equal(taker.n, expected(N, SOME[r]));
        for (size_t j = 0; j < taker.n; j++)
            assert_true(taker.pcm[j] >= -1.0f && taker.pcm[j] <= 1.0f);
        free(taker.pcm);
        bei_resampler_destroy(resampler);
    }
    free(pcm);
}

static void a_failing_sink_stops_the_push(void **state)
{
    (void)state;
    float *pcm = noise(8000);
    bei_resampler_t *resampler = make(48000, 1);
    struct taker taker = {.fail_after = 2};
    assert_int_equal(bei_resampler_push(resampler, BE_SAMPLE_F32, pcm, 8000, take, &taker),
                     BE_ERR_OUT_OF_MEMORY);
    assert_int_equal(taker.calls, 2);
    assert_int_equal(bei_resampler_drain(resampler, take, &taker), BE_ERR_OUT_OF_MEMORY);
    struct taker after = {0};
    run(resampler, pcm, 4800, 100, &after);
    assert_int_equal(after.n, 1600);
    free(after.pcm);
    free(taker.pcm);
    free(pcm);
    bei_resampler_destroy(resampler);
}

/* As after an interruption, in the middle of an utterance. */
static void a_restarted_one_is_a_new_one(void **state)
{
    (void)state;
    enum { N = 20011, BEFORE = 7001 };
    float *pcm = noise(N);
    for (size_t r = 0; r < RATE_COUNT; r++) {
        struct taker dropped = {0}, expected = {0}, actual = {0};
        bei_resampler_t *fresh = make(RATES[r], 1), *used = make(RATES[r], 1);
        run(fresh, pcm, N, 1000, &expected);
        assert_int_equal(bei_resampler_push(used, BE_SAMPLE_F32, pcm, BEFORE, take, &dropped),
                         BE_OK);
        bei_resampler_restart(used);
        run(used, pcm, N, 1000, &actual);
        assert_int_equal(actual.n, expected.n);
        assert_memory_equal(actual.pcm, expected.pcm, expected.n * sizeof *pcm);
        bei_resampler_destroy(fresh);
        bei_resampler_destroy(used);
        free(dropped.pcm), free(expected.pcm), free(actual.pcm);
    }
    free(pcm);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    bei_resampler_t *resampler = NULL;
    assert_int_equal(bei_resampler_create(3999, 1, &resampler), BE_ERR_AUDIO_FORMAT);
    assert_int_equal(bei_resampler_create(384001, 1, &resampler), BE_ERR_AUDIO_FORMAT);
    assert_int_equal(bei_resampler_create(0, 1, &resampler), BE_ERR_AUDIO_FORMAT);
    assert_int_equal(bei_resampler_create(16000, 0, &resampler), BE_ERR_AUDIO_FORMAT);
    assert_int_equal(bei_resampler_create(16000, 33, &resampler), BE_ERR_AUDIO_FORMAT);
    assert_null(resampler);
    resampler = make(8000, 2);
    struct taker taker = {0};
    assert_int_equal(bei_resampler_push(resampler, (be_sample_format)9, "", 1, take, &taker),
                     BE_ERR_INVALID_ARG);
    assert_int_equal(bei_resampler_push(resampler, BE_SAMPLE_F32, NULL, 1, take, &taker),
                     BE_ERR_INVALID_ARG);
    assert_int_equal(bei_resampler_push(resampler, BE_SAMPLE_F32, NULL, 0, take, &taker), BE_OK);
    assert_int_equal(taker.calls, 0);
    bei_resampler_destroy(resampler);
    bei_resampler_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_exact),
        cmocka_unit_test(chunking_changes_no_bit),
        cmocka_unit_test(mono_at_16_khz_passes_untouched),
        cmocka_unit_test(sines_keep_amplitude_and_phase),
        cmocka_unit_test(nothing_is_aliased),
        cmocka_unit_test(pulses_keep_their_place),
        cmocka_unit_test(channels_are_averaged),
        cmocka_unit_test(samples_may_start_at_any_byte),
        cmocka_unit_test(broken_samples_do_no_harm),
        cmocka_unit_test(a_failing_sink_stops_the_push),
        cmocka_unit_test(a_restarted_one_is_a_new_one),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
