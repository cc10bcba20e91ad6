/* What an avatar and its streams take, counted and not sampled: docs/memory.md promises it. And files whose
 * bytes are gone are still known again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sched.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "essence.h"
#include "imx_builder.h"
#include "memory_hook.h"
#include "session/fixture.h"

#define DEFAULT ESSENCE_ASSETS "/default.imx"
#define TINY ESSENCE_TEST_DATA "/data/tiny.imx"

enum { MB = 1000 * 1000, TICK = 640, SECOND = 25 * TICK };

static be_fixture_t *must_open(be_fixture_source_t source)
{
    be_fixture_t *fixture = NULL;
    source.struct_size = sizeof source;
    if (be_fixture_open(&source, &fixture) != BE_OK)
        fail_msg("%s", be_last_error_message());
    return fixture;
}

/* Until the worker has wound up. */
static void wait_for_everything(be_fixture_t *fixture)
{
    while (bei_avatar_holds_bytes(fixture->avatar))
        sched_yield();
}

/* ---------------------------------------------------------------- budgets */

/* 104 frames of the loop, 55 of clips, 182 mouths: 51 MB if nothing were packed. */
static void a_decoded_avatar_stays_within_its_budget(void **state)
{
    (void)state;
    const size_t before = memory_bytes();
    be_fixture_t *fixture = must_open((be_fixture_source_t){.path = DEFAULT});
    wait_for_everything(fixture);
    bei_pool_counts_t counts = bei_pool_counts(fixture->avatar->scene.pool);
    assert_in_range(counts.held, 20 * MB, 39 * MB);
    assert_true(memory_bytes() - before < 4 * MB); /* tables, the encoder; no file, no decoder */
    be_fixture_release(fixture);
    assert_int_equal(memory_bytes(), before);
}

static void play(be_runtime_t *runtime, uint8_t *bgr, size_t bytes)
{
    static float speech[4 * SECOND];
    for (int i = 0; i < 4 * SECOND; i++)
        speech[i] = (float)(i * 7919 % 2000 - 1000) / 4000;
    assert_int_equal(be_runtime_push_audio(runtime, speech, 4 * SECOND), BE_OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(be_runtime_pull_frame(runtime, -1, bgr, bytes, NULL), BE_OK);
    be_frame_t frame = {.struct_size = sizeof frame};
    assert_int_equal(be_runtime_pull(runtime, 0, NULL, &frame), BE_OK); /* its own BGR picture */
}

/* With four seconds of audio that wait and a borrowed BGR picture of its own. */
static void each_further_stream_is_small(void **state)
{
    enum { STREAMS = 8 };
    (void)state;
    be_fixture_t *fixture = must_open((be_fixture_source_t){.path = DEFAULT});
    be_runtime_t *runtimes[STREAMS];
    be_fixture_info_t info;
    assert_int_equal(be_fixture_get_info(fixture, &info), BE_OK);
    const size_t bytes = (size_t)info.frame_width * info.frame_height * 3;
    uint8_t *bgr = malloc(bytes);
    wait_for_everything(fixture);
    size_t first = 0;
    for (int i = 0; i < STREAMS; i++) {
        assert_int_equal(be_runtime_create(fixture, NULL, &runtimes[i]), BE_OK);
        play(runtimes[i], bgr, bytes);
        first = i == 0 ? memory_bytes() : first;
    }
    assert_true((memory_bytes() - first) / (STREAMS - 1) < 5 * MB);
    for (int i = 0; i < STREAMS; i++)
        be_runtime_destroy(runtimes[i]);
    be_fixture_release(fixture);
    free(bgr);
}

/* On demand the bytes are needed as long as the avatar lives. */
static void on_demand_keeps_the_file(void **state)
{
    (void)state;
    be_fixture_source_t source = {.path = TINY, .loading = BE_LOADING_ON_DEMAND};
    be_fixture_t *fixture = must_open(source);
    assert_true(bei_avatar_holds_bytes(fixture->avatar));
    be_fixture_release(fixture);
}

/* ---------------------------------------------------------------- known again */

static void a_file_whose_bytes_are_gone_is_known_again(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(bei_file_read(TINY, 1 << 30, &bytes, &size), BE_OK);
    const be_fixture_source_t as_file = {.path = TINY}, as_bytes = {.data = bytes, .size = size};
    const be_fixture_source_t *const ways[] = {&as_file, &as_bytes};
    for (int first = 0; first < 2; first++)
        for (int second = 0; second < 2; second++) {
            be_fixture_t *a = must_open(*ways[first]);
            wait_for_everything(a);
            be_fixture_t *b = must_open(*ways[second]);
            assert_ptr_equal(a->avatar, b->avatar);
            be_fixture_release(a);
            be_fixture_release(b);
        }
    bei_free(bytes);
}

/* One that is as long but not the same is another one. */
static void a_file_of_the_same_size_is_told_apart(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(bei_file_read(TINY, 1 << 30, &bytes, &size), BE_OK);
    be_fixture_t *a = must_open((be_fixture_source_t){.path = TINY});
    wait_for_everything(a);
    uint8_t *const entry = bytes + 64; /* the first section's, of the manifest */
    assert_memory_equal(entry, "MANI", 4);
    const size_t offset = (size_t)entry[8] | (size_t)entry[9] << 8,
                 length = (size_t)entry[16] | (size_t)entry[17] << 8;
    uint8_t *name = bytes + offset;
    while (memcmp(name, "Tiny", 4) != 0 && name < bytes + offset + length - 4)
        name++;
    assert_memory_equal(name, "Tiny", 4);
    name[0] = 'W';
    put(entry + 24, crc32_z(0, bytes + offset, length), 4);
    builder_seal(bytes);
    be_fixture_t *b = must_open((be_fixture_source_t){.data = bytes, .size = size});
    assert_ptr_not_equal(a->avatar, b->avatar);
    be_fixture_release(a);
    be_fixture_release(b);
    bei_free(bytes);
}

/* ---------------------------------------------------------------- digest */

static void assert_digest(size_t size, const char *expected)
{
    static uint8_t data[1000];
    char text[65];
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    const bei_digest_t digest = bei_digest_of(size ? data : NULL, size);
    for (size_t i = 0; i < sizeof digest.bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", digest.bytes[i]);
    assert_string_equal(text, expected);
}

/* Expected: Python's hashlib.blake2b(digest_size=32). */
static void digests_are_blake2b(void **state)
{
    (void)state;
    assert_digest(0, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    assert_digest(1, "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314");
    assert_digest(127, "4ff62e7c4c43fe101a078479c48836be4907d9d498dcc577ca89d694b2c11f9b");
    assert_digest(128, "14696d2a98d9f8a280da8b132b1045b345e1033759c6b02fcc4ee885c8ae7c37");
    assert_digest(129, "3934215260b1039be9d9d2b073b059bcd50120c327a22af93eb4d98cf821c14c");
    assert_digest(256, "3d0cb2693dfbac42af5a6cc960953fea8714aa39c4bcd054ef61d6b5e98ade4a");
    assert_digest(1000, "38981cec8fd0971914a759c4fac0538dbb29495eec4aea07f277e1f5f8562d27");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decoded_avatar_stays_within_its_budget),
        cmocka_unit_test(each_further_stream_is_small),
        cmocka_unit_test(on_demand_keeps_the_file),
        cmocka_unit_test(a_file_whose_bytes_are_gone_is_known_again),
        cmocka_unit_test(a_file_of_the_same_size_is_told_apart),
        cmocka_unit_test(digests_are_blake2b),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
