/* The engine's own forward pass against ONNX Runtime on the same weights, and its kernels against each other. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audio/mel.h"
#include "audio/resampler.h"
#include "base/memory.h"
#include "encoder/activation.h"
#include "encoder/builtin.h"
#include "encoder/dense.h"
#include "encoder/network.h"
#include "encoder/onnx.h"
#include "encoder/session.h"
#include "wav.h"

#define SPEECH ESSENCE_ASSETS "/speech.wav"

enum { TICKS = 2000, DIM = BEI_ENCODER_DIM, LOOKS = BEI_NETWORK_LOOKS };

typedef struct audio {
    float *pcm;
    size_t n, room;
} audio_t;

static be_status keep(void *user, const float *pcm, size_t n)
{
    audio_t *audio = user;
    if (audio->n + n > audio->room)
        n = audio->room - audio->n;
    memcpy(audio->pcm + audio->n, pcm, n * sizeof *pcm);
    audio->n += n;
    return BE_OK;
}

/* 80 s: speech, a minute's silence within, noise of changing level, speech again. */
static float *make_audio(void)
{
    audio_t audio = {calloc((size_t)TICKS * BEI_TICK_SAMPLES, sizeof(float)), 0,
                     (size_t)TICKS * BEI_TICK_SAMPLES};
    uint32_t rate;
    size_t n;
    int16_t *speech = read_wav(SPEECH, &rate, &n);
    bei_resampler_t *resampler = NULL;
    assert_int_equal(bei_resampler_create(rate, 1, &resampler), BE_OK);
    while (audio.n < audio.room) {
        bei_resampler_push(resampler, BE_SAMPLE_S16, speech, n, keep, &audio);
        bei_resampler_drain(resampler, keep, &audio);
        size_t quiet = audio.room - audio.n < 200000 ? audio.room - audio.n : 200000;
        for (size_t i = 0; i < quiet; i++)
            audio.pcm[audio.n + i] =
                i < quiet / 2 ? 0.0f : (float)(rand() % 2001 - 1000) * 1e-6f * (float)(i % 700);
        audio.n += quiet;
    }
    bei_resampler_destroy(resampler);
    free(speech);
    return audio.pcm;
}

static void test_it_agrees_with_onnx_runtime(void **state)
{
    (void)state;
    float *pcm = make_audio();
    const bei_ort_t *ort = NULL;
    bei_session_t *session = NULL;
    bei_session_stream_t *theirs = NULL;
    const bei_network_t *network = NULL;
    bei_network_stream_t *ours = NULL;
    bei_mel_t *mel = NULL;
    assert_int_equal(bei_ort_get(&ort), BE_OK);
    assert_int_equal(bei_session_acquire(ort, bei_builtin_encoder(), NULL, 1, &session), BE_OK);
    assert_int_equal(bei_session_stream_create(session, &theirs), BE_OK);
    assert_int_equal(bei_network_acquire(&network), BE_OK);
    assert_int_equal(bei_network_stream_create(network, &ours), BE_OK);
    assert_int_equal(bei_mel_create(&mel), BE_OK);
    assert_int_equal(session->contract.lookahead, BEI_NETWORK_LOOKAHEAD);
    assert_int_equal(session->contract.looks, LOOKS);
    float worst = 0, widest = 0;
    for (int t = 0; t < TICKS; t++) {
        float frames[BEI_ENCODER_MEL_FLOATS], a[LOOKS][DIM], b[LOOKS][DIM];
        bei_mel_tick(mel, pcm + (size_t)t * BEI_TICK_SAMPLES, frames);
        bei_network_stream_step(ours, frames, a);
        assert_int_equal(bei_session_stream_step(theirs, frames, b), BE_OK);
        for (int i = 0; i < LOOKS * DIM; i++)
            worst = fmaxf(worst, fabsf(a[i / DIM][i % DIM] - b[i / DIM][i % DIM]));
        widest = fmaxf(widest, a[0][BEI_COORD_OPENNESS]);
    }
    print_message("largest difference %.1e\n", (double)worst);
    assert_true(worst < 1e-4f);
    assert_true(widest > 0.5f);
    bei_network_stream_destroy(ours);
    bei_network_release(network);
    bei_session_stream_destroy(theirs);
    bei_session_release(session);
    bei_mel_destroy(mel);
    free(pcm);
}

static float *aligned(size_t n)
{
    float *values = bei_alloc(n * sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = (float)(rand() % 20001 - 10000) / 7919.0f;
    return values;
}

static void test_the_kernels_give_the_same_bits(void **state)
{
    (void)state;
    bei_dense_run *vector = bei_dense_best();
    if (vector == bei_dense_run_c)
        skip();
    for (uint32_t in = 1; in < 300; in += 13)
        for (uint32_t panels = 1; panels <= 7; panels += 3) {
            float *weights = aligned((size_t)panels * in * BEI_DENSE_PANEL);
            float *bias = aligned((size_t)panels * BEI_DENSE_PANEL), *x = aligned(in);
            float *a = aligned((size_t)panels * BEI_DENSE_PANEL + 1);
            float *b = aligned((size_t)panels * BEI_DENSE_PANEL + 1);
            const size_t used = (size_t)panels * BEI_DENSE_PANEL * sizeof *a;
            const float guard = a[panels * BEI_DENSE_PANEL];
            bei_dense_t layer = {in, panels * BEI_DENSE_PANEL, panels, weights, bias};
            bei_dense_run_c(&layer, x, a);
            vector(&layer, x, b);
            assert_memory_equal(a, b, used);
            assert_true(a[panels * BEI_DENSE_PANEL] == guard);
            bei_free(weights), bei_free(bias), bei_free(x), bei_free(a), bei_free(b);
        }
}

static void test_activations_are_exact_enough(void **state)
{
    (void)state;
    for (int i = -6600; i < 6600; i++) {
        const float x = (float)i * 0.0137f;
        double kept = x < -87 ? -87 : x > 88 ? 88 : x;
        assert_true(fabs((double)bei_exp(x) / exp(kept) - 1) < 3e-7);
        assert_true(fabs((double)bei_sigmoid(x) - 1 / (1 + exp(-(double)x))) < 2e-7);
        assert_true(fabs((double)bei_tanh(x) - tanh((double)x)) < 3e-7);
    }
    assert_true(bei_tanh(0.0f) == 0.0f && bei_exp(0.0f) == 1.0f);
}

static void test_a_reset_stream_is_a_new_one(void **state)
{
    (void)state;
    float *pcm = make_audio();
    const bei_network_t *network = NULL;
    bei_network_stream_t *stream = NULL;
    bei_mel_t *mel = NULL;
    assert_int_equal(bei_network_acquire(&network), BE_OK);
    assert_int_equal(bei_network_stream_create(network, &stream), BE_OK);
    assert_int_equal(bei_mel_create(&mel), BE_OK);
    static float first[50][LOOKS][DIM], again[50][LOOKS][DIM];
    for (int round = 0; round < 2; round++) {
        for (int t = 0; t < 50; t++) {
            float frames[BEI_ENCODER_MEL_FLOATS];
            bei_mel_tick(mel, pcm + (size_t)t * BEI_TICK_SAMPLES, frames);
            bei_network_stream_step(stream, frames, round ? again[t] : first[t]);
        }
        bei_mel_reset(mel);
        bei_network_stream_reset(stream);
    }
    assert_memory_equal(first, again, sizeof first);
    bei_network_stream_destroy(stream);
    bei_network_release(network);
    bei_mel_destroy(mel);
    free(pcm);
}

/* Every cut of the file is an answer, not a crash. */
static void test_a_damaged_file_is_refused(void **state)
{
    (void)state;
    bei_span_t whole = bei_builtin_encoder(), found;
    static const char LAST[] = "encoder.output.bias";
    assert_int_equal(bei_onnx_floats(whole, LAST, LOOKS * DIM, &found), BE_OK);
    assert_int_equal(bei_onnx_floats(whole, LAST, DIM, &found), BE_ERR_MODEL_LOAD_FAILED);
    assert_int_equal(bei_onnx_floats(whole, "no.such", 1, &found), BE_ERR_MODEL_LOAD_FAILED);
    assert_true(bei_onnx_metadata(whole, "be.family", &found));
    for (size_t size = 0; size < whole.size; size += size < 3000 ? 1 : 9973) {
        uint8_t *cut = malloc(size ? size : 1);
        memcpy(cut, whole.data, size);
        if (bei_onnx_floats((bei_span_t){cut, size}, LAST, LOOKS * DIM, &found) == BE_OK)
            assert_true(found.data >= cut && found.data + found.size <= cut + size);
        assert_false(bei_onnx_metadata((bei_span_t){cut, size}, "be.family", &found));
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_agrees_with_onnx_runtime),
        cmocka_unit_test(test_the_kernels_give_the_same_bits),
        cmocka_unit_test(test_activations_are_exact_enough),
        cmocka_unit_test(test_a_reset_stream_is_a_new_one),
        cmocka_unit_test(test_a_damaged_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
