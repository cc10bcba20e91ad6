/* Streams under many threads: no lock of the caller's, nothing lost, nobody left waiting. The thread
 * sanitizer looks on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/thread.h"
#include "essence.h"
#include "session/stream.h"

#define TINY ESSENCE_TEST_DATA "/data/tiny.imx"

enum { TICK = 640, STREAMS = 3 };

static int16_t noise[16000];

static int setup(void **state)
{
    be_fixture_t *fixture = NULL;
    if (be_fixture_load(TINY, NULL, &fixture) != BE_OK)
        fail_msg("%s", be_last_error_message());
    for (int i = 0; i < 16000; i++)
        noise[i] = (int16_t)(rand() % 8001 - 4000);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    be_fixture_release(*state);
    return 0;
}

static be_runtime_t *open_stream(be_fixture_t *fixture, be_pacing pacing)
{
    be_stream_options_t options = {.struct_size = sizeof options, .pacing = pacing};
    be_runtime_t *runtime = NULL;
    assert_int_equal(be_runtime_open(fixture, &options, &runtime), BE_OK);
    return runtime;
}

static be_status push(be_runtime_t *runtime, size_t n)
{
    be_audio_chunk_t chunk = {sizeof chunk, BE_SAMPLE_S16, 16000, 1, noise, n};
    return be_runtime_push_chunk(runtime, &chunk);
}

static be_stats_t stats_of(be_runtime_t *runtime)
{
    be_stats_t stats = {.struct_size = sizeof stats};
    be_runtime_get_stats(runtime, &stats);
    return stats;
}

/* ---------------------------------------------------------------- push and pull */

enum { UTTERANCES = 20, UTTERANCE = 5 * TICK + 77 };

static void push_utterances(void *user)
{
    for (int i = 0; i < UTTERANCES; i++) {
        for (size_t sent = 0; sent < UTTERANCE; sent += 100)
            push(user, UTTERANCE - sent < 100 ? UTTERANCE - sent : 100);
        be_runtime_flush(user);
    }
}

static void test_push_and_pull_on_two_threads(void **state)
{
    be_runtime_t *runtime = open_stream(*state, BE_PACING_NONE);
    bei_thread_t pusher;
    assert_int_equal(bei_thread_start(&pusher, push_utterances, runtime), BE_OK);
    uint64_t ends = 0, samples = 0;
    be_frame_t frame = {.struct_size = sizeof frame};
    while (ends < UTTERANCES) {
        assert_int_equal(be_runtime_pull(runtime, 60000000, NULL, &frame), BE_OK);
        assert_memory_equal(frame.pcm, frame.pcm, frame.samples);
        samples += frame.samples;
        ends += (frame.flags & BE_FRAME_END_OF_SPEECH) != 0;
    }
    bei_thread_join(pusher);
    assert_int_equal(samples, (uint64_t)UTTERANCES * UTTERANCE);
    be_runtime_destroy(runtime);
}

/* ---------------------------------------------------------------- everything at once */

typedef struct crowd {
    be_runtime_t *runtime;
    atomic_bool over;
} crowd_t;

static void interrupt_often(void *user)
{
    crowd_t *crowd = user;
    while (!atomic_load(&crowd->over)) {
        push(crowd->runtime, 3000);
        be_runtime_interrupt(crowd->runtime);
        be_runtime_set_muted(crowd->runtime, (uint32_t)rand() % 2);
        be_runtime_set_starvation(crowd->runtime, 1);
    }
}

static void look_often(void *user)
{
    crowd_t *crowd = user;
    while (!atomic_load(&crowd->over)) {
        stats_of(crowd->runtime);
        be_runtime_ticks_available(crowd->runtime);
        be_runtime_next_due(crowd->runtime);
        be_runtime_get_utterance(crowd->runtime);
        be_runtime_play_action(crowd->runtime, NULL, 0);
    }
}

static void test_a_crowd_on_one_stream(void **state)
{
    crowd_t crowd = {.runtime = open_stream(*state, BE_PACING_NONE)};
    bei_thread_t interrupter, looker, pusher;
    bei_thread_start(&interrupter, interrupt_often, &crowd);
    bei_thread_start(&looker, look_often, &crowd);
    bei_thread_start(&pusher, push_utterances, crowd.runtime);
    be_frame_t frame = {.struct_size = sizeof frame};
    for (int i = 0; i < 150; i++) {
        be_status status = be_runtime_pull(crowd.runtime, 1000, NULL, &frame);
        assert_true(status == BE_OK || status == BE_ERR_TIMEOUT);
        if (i % 50 == 49)
            be_runtime_reset_stream(crowd.runtime);
    }
    atomic_store(&crowd.over, true);
    bei_thread_join(interrupter);
    bei_thread_join(looker);
    bei_thread_join(pusher);
    be_stats_t stats = stats_of(crowd.runtime);
    assert_int_equal(stats.samples_in,
                     stats.samples_out + stats.samples_dropped + stats.samples_queued);
    be_runtime_destroy(crowd.runtime);
}

static void pull_without_end(void *user)
{
    be_frame_t frame = {.struct_size = sizeof frame};
    assert_int_equal(be_runtime_pull(user, -1, NULL, &frame), BE_ERR_STOPPED);
}

/* Until somebody else is in a call: only then is destroying allowed to meet it. */
static void wait_until_inside(be_runtime_t *runtime)
{
    for (uint32_t inside = 0; inside == 0;) {
        bei_mutex_lock(&runtime->lock);
        inside = runtime->inside;
        bei_mutex_unlock(&runtime->lock);
    }
}

static void wait_for_frames(be_runtime_t *runtime, uint64_t frames)
{
    while (stats_of(runtime).frames < frames)
        ;
}

static void test_destroying_ends_a_pull_that_waits(void **state)
{
    for (int i = 0; i < 20; i++) {
        be_runtime_t *runtime = open_stream(*state, BE_PACING_NONE);
        bei_thread_t puller;
        bei_thread_start(&puller, pull_without_end, runtime);
        wait_until_inside(runtime);
        be_runtime_destroy(runtime);
        bei_thread_join(puller);
    }
}

/* ---------------------------------------------------------------- waiters */

typedef struct team {
    be_waiter_t *waiter;
    be_runtime_t *runtime[STREAMS];
    atomic_uint given[STREAMS];
    atomic_uint busy[STREAMS];
} team_t;

/* What an event loop's helper thread does. */
static void serve(void *user)
{
    team_t *team = user;
    uint64_t tags[2];
    size_t count;
    while (be_waiter_wait(team->waiter, -1, tags, 2, &count) == BE_OK) {
        for (size_t i = 0; i < count; i++) {
            uint64_t tag = tags[i];
            assert_int_equal(atomic_fetch_add(&team->busy[tag], 1), 0); /* reported to one thread */
            be_frame_t frame = {.struct_size = sizeof frame};
            if (be_runtime_pull(team->runtime[tag], 0, NULL, &frame) == BE_OK)
                atomic_fetch_add(&team->given[tag], 1);
            atomic_fetch_sub(&team->busy[tag], 1);
            be_waiter_arm(team->waiter, team->runtime[tag]);
        }
    }
}

static void test_two_threads_serve_many_streams(void **state)
{
    team_t team = {0};
    assert_int_equal(be_waiter_create(&team.waiter), BE_OK);
    for (uint64_t i = 0; i < STREAMS; i++) {
        team.runtime[i] = open_stream(*state, BE_PACING_NONE);
        assert_int_equal(be_waiter_add(team.waiter, team.runtime[i], i), BE_OK);
        assert_int_equal(be_waiter_add(team.waiter, team.runtime[i], i), BE_ERR_INVALID_ARG);
        assert_int_equal(be_waiter_arm(team.waiter, team.runtime[i]), BE_OK);
    }
    bei_thread_t server[2];
    for (int i = 0; i < 2; i++)
        bei_thread_start(&server[i], serve, &team);
    for (int round = 0; round < 10; round++)
        for (int i = 0; i < STREAMS; i++) {
            push(team.runtime[i], 2 * TICK);
            be_runtime_flush(team.runtime[i]);
        }
    for (int i = 0; i < STREAMS; i++)
        wait_for_frames(team.runtime[i], 20);
    be_waiter_stop(team.waiter);
    for (int i = 0; i < 2; i++)
        bei_thread_join(server[i]);
    for (int i = 0; i < STREAMS; i++) {
        assert_int_equal(atomic_load(&team.given[i]), 20);
        be_runtime_destroy(team.runtime[i]); /* leaves the set by itself */
    }
    be_waiter_destroy(team.waiter);
}

static void test_a_waiter_reports_once_and_in_order(void **state)
{
    be_waiter_t *waiter = NULL;
    be_waiter_create(&waiter);
    be_runtime_t *first = open_stream(*state, BE_PACING_REALTIME);
    be_runtime_t *second = open_stream(*state, BE_PACING_REALTIME);
    be_waiter_add(waiter, second, 2);
    be_waiter_add(waiter, first, 1);
    uint64_t tags[4];
    size_t count = 0;
    assert_int_equal(be_waiter_wait(waiter, 0, tags, 4, &count), BE_ERR_TIMEOUT); /* not armed */
    be_frame_t frame = {.struct_size = sizeof frame};
    be_runtime_pull(first, 0, NULL, &frame);
    be_runtime_pull(second, 0, NULL, &frame);
    be_waiter_arm(waiter, second);
    be_waiter_arm(waiter, first);
    while (be_clock_us() <= be_runtime_next_due(second))
        ;
    assert_int_equal(be_waiter_wait(waiter, -1, tags, 4, &count), BE_OK);
    assert_int_equal(count, 2);
    assert_int_equal(tags[0], 1); /* was due first */
    assert_int_equal(tags[1], 2);
    assert_int_equal(be_waiter_wait(waiter, 0, tags, 4, &count), BE_ERR_TIMEOUT); /* not again */
    be_runtime_stop(second);
    be_waiter_arm(waiter, second);
    assert_int_equal(be_waiter_wait(waiter, -1, tags, 4, &count), BE_OK);
    assert_int_equal(tags[0], 2); /* a stream that ended is told too */
    assert_int_equal(be_waiter_remove(waiter, first), BE_OK);
    assert_int_equal(be_waiter_remove(waiter, first), BE_ERR_INVALID_ARG);
    assert_int_equal(be_waiter_arm(waiter, first), BE_ERR_INVALID_ARG);
    be_waiter_destroy(waiter); /* with a member */
    be_runtime_destroy(first);
    be_runtime_destroy(second);
}

static void wait_forever(void *user)
{
    uint64_t tag;
    size_t count;
    assert_int_equal(be_waiter_wait(user, -1, &tag, 1, &count), BE_ERR_STOPPED);
}

static void test_destroying_a_waiter_ends_those_who_wait(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        be_waiter_t *waiter = NULL;
        be_waiter_create(&waiter);
        bei_thread_t thread;
        bei_thread_start(&thread, wait_forever, waiter);
        be_waiter_stop(waiter);
        bei_thread_join(thread);
        be_waiter_destroy(waiter);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_and_pull_on_two_threads),
        cmocka_unit_test(test_a_crowd_on_one_stream),
        cmocka_unit_test(test_destroying_ends_a_pull_that_waits),
        cmocka_unit_test(test_two_threads_serve_many_streams),
        cmocka_unit_test(test_a_waiter_reports_once_and_in_order),
        cmocka_unit_test(test_destroying_a_waiter_ends_those_who_wait),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
