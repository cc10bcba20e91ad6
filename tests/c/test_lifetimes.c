/* Handles come and go by the thousand, and nothing of them stays: no memory, no file, no thread. */
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "essence.h"
#include "memory_hook.h"

#define TINY ESSENCE_TEST_DATA "/data/tiny.imx"

enum { TICK = 640, STREAMS = 10000, USED = 20, AVATARS = 300, W = 160, H = 96, BYTES = W * H * 3 };

static uint8_t picture[BYTES];
static float noise[4 * TICK];

/* ---------------------------------------------------------------- what a process holds */

typedef struct holdings {
    size_t blocks; /* of the library's own */
    size_t heap;   /* bytes in use by all, other libraries included; 0 where that is not known */
    int files, threads;
} holdings_t;

static int count_entries(const char *folder)
{
    DIR *list = opendir(folder);
    int count = 0;
    while (list && readdir(list))
        count++;
    if (list)
        closedir(list);
    return count;
}

static size_t heap_in_use(void)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    struct mallinfo2 info = mallinfo2(); /* zeros under AddressSanitizer, which has its own way */
    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}

static holdings_t look(void)
{
    return (holdings_t){memory_blocks(), heap_in_use(), count_entries("/proc/self/fd"),
                        count_entries("/proc/self/task")};
}

/* A thread that was joined may stand in /proc for a moment. */
static void wait_for_threads(int count)
{
    const struct timespec moment = {0, 1000000};
    for (int i = 0; i < 5000 && count_entries("/proc/self/task") > count; i++)
        nanosleep(&moment, NULL);
}

static void assert_unchanged(holdings_t before, size_t slack)
{
    wait_for_threads(before.threads);
    holdings_t now = look();
    assert_int_equal(now.blocks, before.blocks);
    assert_int_equal(now.files, before.files);
    if (now.threads > before.threads) /* fewer: one that was joined before stood there still */
        fail_msg("%d threads for %d", now.threads, before.threads);
    if (now.heap > before.heap + slack)
        fail_msg("the heap grew by %zu bytes", now.heap - before.heap);
}

/* ---------------------------------------------------------------- lives */

static be_fixture_t *load(void)
{
    be_fixture_t *fixture = NULL;
    if (be_fixture_load(TINY, NULL, &fixture) != BE_OK)
        fail_msg("%s", be_last_error_message());
    return fixture;
}

/* All of its pictures are there: no thread is still decoding while things are counted. */
static be_fixture_t *load_whole(void)
{
    const be_fixture_source_t source = {
        .struct_size = sizeof source, .path = TINY, .loading = BE_LOADING_SYNC};
    be_fixture_t *fixture = NULL;
    if (be_fixture_open(&source, &fixture) != BE_OK)
        fail_msg("%s", be_last_error_message());
    return fixture;
}

/* Sound in two rates, an utterance's end, a frame, and an end in mid-stream. */
static void use(be_runtime_t *stream)
{
    const be_audio_chunk_t chunk = {sizeof chunk, BE_SAMPLE_F32, 48000, 2, noise, TICK};
    assert_int_equal(be_runtime_push_audio(stream, noise, TICK), BE_OK);
    assert_int_equal(be_runtime_flush(stream), BE_OK);
    assert_int_equal(be_runtime_pull_frame(stream, -1, picture, BYTES, NULL), BE_OK);
    assert_int_equal(be_runtime_push_chunk(stream, &chunk), BE_OK);
}

static void use_on_clock(be_runtime_t *stream)
{
    be_frame_t frame = {.struct_size = sizeof frame};
    assert_int_equal(be_runtime_push_audio(stream, noise, 4 * TICK), BE_OK);
    assert_int_equal(be_runtime_poll(stream, 0, NULL, &frame), BE_OK);
    assert_int_equal(be_runtime_interrupt(stream), BE_OK);
    assert_int_equal(be_runtime_poll(stream, 40000, NULL, &frame), BE_OK);
    assert_true(frame.flags & BE_FRAME_IDLE);
}

static void live_stream(be_fixture_t *fixture, int number)
{
    const be_stream_options_t options = {.struct_size = sizeof options,
                                         .pacing = BE_PACING_REALTIME,
                                         .pixel_format = BE_PIXEL_RGB24};
    be_runtime_t *stream = NULL;
    be_status status = number % 2 ? be_runtime_open(fixture, &options, &stream)
                                  : be_runtime_create(fixture, NULL, &stream);
    assert_int_equal(status, BE_OK);
    if (number % USED == 0)
        use(stream);
    else if (number % USED == 1)
        use_on_clock(stream);
    be_runtime_destroy(stream);
}

static void live_streams(be_fixture_t *fixture, int count)
{
    for (int i = 0; i < count; i++)
        live_stream(fixture, i);
}

static void streams_leave_nothing(void **state)
{
    (void)state;
    be_fixture_t *fixture = load_whole();
    live_streams(fixture, 2 * USED); /* what is made once is made */
    holdings_t before = look();
    live_streams(fixture, STREAMS);
    assert_unchanged(before, 64 << 10);
    be_fixture_release(fixture);
}

/* Some are dropped while their pictures are still being decoded, some with a stream that outlives the
 * caller's own reference. */
static void live_avatar(int number)
{
    be_fixture_t *fixture = load();
    if (number % 3) {
        be_runtime_t *stream = NULL;
        assert_int_equal(be_runtime_create(fixture, NULL, &stream), BE_OK);
        be_fixture_release(fixture);
        use(stream);
        be_runtime_destroy(stream);
    } else {
        be_fixture_release(fixture);
    }
}

static void live_avatars(int count)
{
    for (int i = 0; i < count; i++)
        live_avatar(i);
}

static void avatars_leave_nothing(void **state)
{
    (void)state;
    live_avatars(9);
    holdings_t before = look();
    live_avatars(AVATARS);
    /* ONNX Runtime's heap is fragmented by sessions that come and go; a leak of one picture or one session
     * of each of them would be 20 times this. */
    assert_unchanged(before, 512 << 10);
}

static void waiters_leave_nothing(void **state)
{
    (void)state;
    be_fixture_t *fixture = load_whole();
    be_runtime_t *streams[3] = {NULL};
    for (int i = 0; i < 3; i++)
        assert_int_equal(be_runtime_create(fixture, NULL, &streams[i]), BE_OK);
    holdings_t before = look();
    for (int i = 0; i < STREAMS; i++) {
        be_waiter_t *waiter = NULL;
        assert_int_equal(be_waiter_create(&waiter), BE_OK);
        for (int k = 0; k < 3; k++)
            assert_int_equal(be_waiter_add(waiter, streams[k], (uint64_t)k), BE_OK);
        assert_int_equal(be_waiter_arm(waiter, streams[i % 3]), BE_OK);
        if (i % 2)
            assert_int_equal(be_waiter_remove(waiter, streams[0]), BE_OK);
        be_waiter_destroy(waiter);
    }
    assert_unchanged(before, 64 << 10);
    for (int i = 0; i < 3; i++)
        be_runtime_destroy(streams[i]);
    be_fixture_release(fixture);
}

/* A call that is refused holds on to nothing either. */
static void refusals_leave_nothing(void **state)
{
    (void)state;
    const be_stream_options_t bad = {.struct_size = sizeof bad, .lookahead_ms = 41};
    const be_audio_chunk_t fast = {sizeof fast, BE_SAMPLE_F32, 400000, 1, noise, TICK};
    be_fixture_t *fixture = load_whole(), *none = NULL;
    be_runtime_t *stream = NULL, *nothing = NULL;
    assert_int_equal(be_runtime_create(fixture, NULL, &stream), BE_OK);
    holdings_t before = look();
    for (int i = 0; i < STREAMS; i++) {
        assert_int_equal(be_fixture_load("/nonexistent.imx", NULL, &none), BE_ERR_FILE_NOT_FOUND);
        assert_int_equal(be_fixture_load(__FILE__, NULL, &none), BE_ERR_FILE_CORRUPT);
        assert_int_equal(be_runtime_open(fixture, &bad, &nothing), BE_ERR_INVALID_ARG);
        assert_int_equal(be_runtime_push_chunk(stream, &fast), BE_ERR_AUDIO_FORMAT);
        assert_int_equal(be_runtime_pull_frame(stream, -1, picture, BYTES, NULL),
                         BE_ERR_AUDIO_FORMAT);
    }
    assert_null(none);
    assert_null(nothing);
    assert_unchanged(before, 64 << 10);
    be_runtime_destroy(stream);
    be_fixture_release(fixture);
}

int main(void)
{
    for (int i = 0; i < 4 * TICK; i++)
        noise[i] = (float)(i * 7919 % 2001 - 1000) / 1000;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_leave_nothing),
        cmocka_unit_test(avatars_leave_nothing),
        cmocka_unit_test(waiters_leave_nothing),
        cmocka_unit_test(refusals_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
