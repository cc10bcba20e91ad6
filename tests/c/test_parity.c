/* What users see, as digests: every platform gives these bytes, with and without vector instructions, and
 * from 16 kHz sound on (other rates go through a resampler whose floats are the platform's). If a change
 * is meant, the failing test prints the new digests. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session/avatar.h"
#include "wav.h"

enum { W = 160, H = 96 };

static uint64_t fnv(uint64_t hash, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ p[i]) * 1099511628211u;
    return hash;
}

static uint64_t digest(bei_avatar_t *avatar, const be_compose_size_t *size)
{
    bei_compositor_t *compositor = NULL;
    uint32_t width = 0, height = 0;
    assert_int_equal(bei_compositor_create(&avatar->scene, &compositor), BE_OK);
    assert_int_equal(bei_compositor_set_size(compositor, size, &width, &height), BE_OK);
    const size_t bytes = bei_image_bytes(BE_PIXEL_BGR24, width, height, 0);
    uint8_t *bgr = malloc(bytes);
    bei_image_t image;
    assert_int_equal(bei_image_layout(BE_PIXEL_BGR24, width, height, 0, bgr, bytes, &image), BE_OK);
    uint64_t hash = 14695981039346656037u;
    for (uint32_t frame = 0; frame < avatar->scene.frame_count; frame++)
        for (uint32_t mouth = 0; mouth < avatar->scene.mouth_count; mouth++) {
            assert_int_equal(bei_compositor_compose(compositor, frame, mouth), BE_OK);
            bei_compositor_write(compositor, &image);
            hash = fnv(hash, bgr, bytes);
        }
    free(bgr);
    bei_compositor_destroy(compositor);
    return hash;
}

static void expect(const char *what, uint64_t actual, uint64_t expected)
{
    if (actual != expected)
        fail_msg("%s: digest 0x%016" PRIx64, what, actual);
}

static const bei_avatar_source_t TINY = {.path = ESSENCE_TEST_DATA "/data/tiny.imx"};

static void composed_frames_have_their_digests(void **state)
{
    (void)state;
    bei_avatar_t *avatar = NULL;
    assert_int_equal(bei_avatar_acquire(&TINY, &avatar), BE_OK);
    const be_compose_size_t smaller = {100, 90, 10, 20, 30, 0}, larger = {320, 240, 0, 0, 0, 0};
    expect("native size", digest(avatar, NULL), 0x61d3f9dbce309ab7u);
    expect("letterboxed", digest(avatar, &smaller), 0x2c5dc81bdcbf104bu);
    expect("enlarged", digest(avatar, &larger), 0x11304136290beea2u);
    bei_avatar_release(avatar);
}

/* A walk through the coordinates, from a generator written out here so that no library decides it.
 */
static void mouths_of_given_coordinates_have_their_digest(void **state)
{
    (void)state;
    bei_avatar_t *avatar = NULL;
    assert_int_equal(bei_avatar_acquire(&TINY, &avatar), BE_OK);
    bei_selector_t selector;
    bei_selector_reset(&selector, avatar->mouths);
    bei_lips_target_t target[2] = {{{0}, 0, 0}, {{0}, 0, 0}};
    uint32_t seed = 1;
    uint64_t hash = 14695981039346656037u;
    for (int tick = 0; tick < 5000; tick++) {
        target[0] = target[1];
        int16_t draw[8];
        for (int i = 0; i < 8; i++) {
            seed = seed * 1664525u + 1013904223u;
            draw[i] = (int16_t)(seed >> 20);
        }
        for (int i = 0; i < BEI_LIPS_DIMS; i++)
            target[1].coord[i] = (int16_t)((target[0].coord[i] * 3 + draw[i]) / 4);
        target[1].closure = (int16_t)(draw[6] / 7 * (draw[6] % 7 == 0 ? 7 : 1));
        target[1].speech = (int16_t)(tick / 40 % 3 == 2 ? 0 : 2048 + draw[7] / 2);
        uint32_t mouth = bei_selector_step(&selector, target, 1);
        hash = fnv(hash, &mouth, sizeof mouth);
    }
    expect("mouths", hash, 0x1336cae6d23083b5u);
    bei_avatar_release(avatar);
}

/* Ten seconds of speech at 16 kHz: two of three samples of the bundled file are rate enough here. */
static int16_t *speech(size_t *n)
{
    uint32_t rate;
    size_t given;
    int16_t *pcm = read_wav(ESSENCE_ASSETS "/speech.wav", &rate, &given);
    *n = given * 2 / 3;
    for (size_t i = 0; i < *n; i++)
        pcm[i] = pcm[3 * i / 2];
    return pcm;
}

static void whole_renders_have_their_digests(void **state)
{
    (void)state;
    be_fixture_t *fixture = NULL;
    be_runtime_t *runtime = NULL;
    assert_int_equal(be_fixture_load(TINY.path, NULL, &fixture), BE_OK);
    assert_int_equal(be_runtime_create(fixture, NULL, &runtime), BE_OK);
    size_t n;
    int16_t *pcm = speech(&n);
    be_audio_chunk_t chunk = {sizeof chunk, BE_SAMPLE_S16, 16000, 1, pcm, n};
    assert_int_equal(be_runtime_push_chunk(runtime, &chunk), BE_OK);
    assert_int_equal(be_runtime_flush(runtime), BE_OK);
    uint64_t mels = 14695981039346656037u, coords = mels, mouths = mels, frames = mels;
    be_compose_result_t result;
    static uint8_t bgr[W * H * 3];
    float tap[160];
    while (be_runtime_pull_frame(runtime, -1, bgr, sizeof bgr, &result) == BE_OK) {
        be_runtime_capture(runtime, BE_DIAG_MEL_COEFFS, tap, sizeof tap, NULL);
        mels = fnv(mels, tap, 160 * sizeof *tap);
        be_runtime_capture(runtime, BE_DIAG_ENCODER_LOGITS, tap, sizeof tap, NULL);
        coords = fnv(coords, tap, 23 * sizeof *tap);
        mouths = fnv(mouths, &result.cluster_idx, sizeof result.cluster_idx);
        frames = fnv(frames, bgr, sizeof bgr);
    }
    expect("mel", mels, 0x0d5f71dd4a73a3b8u);
    expect("coordinates", coords, 0x4dc4715f1770313eu);
    expect("mouths of speech", mouths, 0xd1ac50a1a1777755u);
    expect("frames of speech", frames, 0x559f26dddb24e3c1u);
    free(pcm);
    be_runtime_destroy(runtime);
    be_fixture_release(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(composed_frames_have_their_digests),
        cmocka_unit_test(mouths_of_given_coordinates_have_their_digest),
        cmocka_unit_test(whole_renders_have_their_digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
