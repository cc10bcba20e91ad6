/* Live streams on a clock that the test drives: what is given, when, and with which sound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "essence.h"
#include "wav.h"

#define TINY ESSENCE_TEST_DATA "/data/tiny.imx"
#define SPEECH ESSENCE_ASSETS "/speech.wav"

enum { W = 160, H = 96, TICK = 640, TICK_US = 40000, N = 16000 };

typedef struct world {
    be_fixture_t *fixture;
    int16_t pcm[N]; /* a second of speech at 16 kHz */
} world_t;

static int setup(void **state)
{
    world_t *world = calloc(1, sizeof *world);
    if (be_fixture_load(TINY, NULL, &world->fixture) != BE_OK)
        fail_msg("%s", be_last_error_message());
    uint32_t rate;
    size_t n;
    int16_t *speech = read_wav(SPEECH, &rate, &n);
    for (size_t i = 0; i < N; i++)
        world->pcm[i] = speech[8000 + (3 * i) / 2];
    free(speech);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_t *world = *state;
    be_fixture_release(world->fixture);
    free(world);
    return 0;
}

static be_stream_options_t options_of(be_pacing pacing)
{
    return (be_stream_options_t){.struct_size = sizeof(be_stream_options_t), .pacing = pacing};
}

static be_runtime_t *open_stream(const world_t *world, be_stream_options_t options)
{
    be_runtime_t *runtime = NULL;
    if (be_runtime_open(world->fixture, &options, &runtime) != BE_OK)
        fail_msg("%s", be_last_error_message());
    return runtime;
}

static be_runtime_t *open_live(const world_t *world)
{
    return open_stream(world, options_of(BE_PACING_REALTIME));
}

static be_status push(be_runtime_t *runtime, const int16_t *pcm, size_t n)
{
    be_audio_chunk_t chunk = {sizeof chunk, BE_SAMPLE_S16, 16000, 1, pcm, n};
    return be_runtime_push_chunk(runtime, &chunk);
}

static void say(be_runtime_t *runtime, const int16_t *pcm, size_t n)
{
    assert_int_equal(push(runtime, pcm, n), BE_OK);
    assert_int_equal(be_runtime_flush(runtime), BE_OK);
}

static be_status poll_at(be_runtime_t *runtime, int64_t now, be_frame_t *frame)
{
    frame->struct_size = sizeof *frame;
    return be_runtime_poll(runtime, now, NULL, frame);
}

static be_frame_t frame_at(be_runtime_t *runtime, int64_t now)
{
    be_frame_t frame;
    if (poll_at(runtime, now, &frame) != BE_OK)
        fail_msg("at %lld: %s", (long long)now, be_last_error_message());
    return frame;
}

static void nothing_at(be_runtime_t *runtime, int64_t now)
{
    be_frame_t frame;
    assert_int_equal(poll_at(runtime, now, &frame), BE_ERR_TIMEOUT);
}

static be_stats_t stats_of(be_runtime_t *runtime)
{
    be_stats_t stats = {.struct_size = sizeof stats};
    assert_int_equal(be_runtime_get_stats(runtime, &stats), BE_OK);
    assert_int_equal(stats.samples_in,
                     stats.samples_out + stats.samples_dropped + stats.samples_queued);
    return stats;
}

/* ---------------------------------------------------------------- the schedule */

static void test_silence_gives_idle_frames_every_40_ms(void **state)
{
    be_runtime_t *runtime = open_live(*state);
    static const uint32_t FORTH_AND_BACK[] = {0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0, 1, 2, 3};
    const int64_t start = 123456789;
    assert_true(be_runtime_next_due(runtime) == INT64_MIN);
    for (uint32_t i = 0; i < 14; i++) {
        int64_t due = start + (int64_t)i * TICK_US;
        if (i > 0)
            nothing_at(runtime, due - 1);
        be_frame_t frame = frame_at(runtime, due);
        assert_int_equal(frame.flags, BE_FRAME_IDLE);
        assert_int_equal(frame.cluster_idx, 0);
        assert_int_equal(frame.frame_idx_used, FORTH_AND_BACK[i]);
        assert_int_equal(frame.index, i);
        assert_true(frame.timestamp_us == due);
        assert_null(frame.pcm);
        assert_int_equal(frame.samples, 0);
        assert_int_equal(frame.width, W);
        assert_true(be_runtime_next_due(runtime) == due + TICK_US);
    }
    be_runtime_destroy(runtime);
}

static void test_a_late_caller_gets_no_burst(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_live(world);
    frame_at(runtime, 0);
    frame_at(runtime, TICK_US + 20000); /* so late, and the schedule stands */
    nothing_at(runtime, 2 * TICK_US - 1);
    frame_at(runtime, 2 * TICK_US);
    say(runtime, world->pcm, N);
    int64_t now = 3 * TICK_US + 20001; /* later, and it begins anew */
    for (int i = 0; i < 5; i++, now += TICK_US) {
        assert_int_equal(frame_at(runtime, now).position, i * TICK);
        nothing_at(runtime, now + TICK_US - 1);
    }
    frame_at(runtime, now + 1000000);
    assert_true(be_runtime_next_due(runtime) == now + 1000000 + TICK_US);
    be_stats_t stats = stats_of(runtime);
    assert_int_equal(stats.late_frames, 1);
    assert_true(stats.max_late_us == 1000000);
    be_runtime_destroy(runtime);
}

static void test_speech_comes_with_its_sound_and_one_end(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_live(world);
    frame_at(runtime, 0);
    const size_t n = N - 100; /* 24 whole ticks and 540 samples */
    say(runtime, world->pcm, n);
    int16_t out[N];
    size_t heard = 0;
    for (int i = 1; i <= 25; i++) {
        be_frame_t frame = frame_at(runtime, (int64_t)i * TICK_US);
        assert_int_equal(frame.flags, BE_FRAME_SPEECH | (i == 25 ? BE_FRAME_END_OF_SPEECH : 0));
        assert_int_equal(frame.position, heard);
        assert_int_equal(frame.utterance, 0);
        assert_int_equal(frame.samples, i == 25 ? 540 : TICK);
        memcpy(out + heard, frame.pcm, frame.samples * sizeof *out);
        heard += frame.samples;
    }
    assert_int_equal(heard, n);
    assert_memory_equal(out, world->pcm, n * sizeof *out);
    for (int i = 26; i < 40; i++) {
        be_frame_t frame = frame_at(runtime, (int64_t)i * TICK_US);
        assert_int_equal(frame.flags, BE_FRAME_IDLE);
        if (i >= 30) /* shut within 160 ms, and bit-equal to the source from then on */
            assert_int_equal(frame.cluster_idx, 0);
    }
    be_stats_t stats = stats_of(runtime);
    assert_int_equal(stats.utterances, 1);
    assert_int_equal(stats.samples_in, n);
    assert_int_equal(stats.samples_out, n);
    assert_int_equal(stats.speech_frames, 25);
    assert_int_equal(stats.frames, 40);
    assert_int_equal(stats.underruns, 0);
    assert_true(stats.stage[BE_STAGE_ENCODER].count >= 25);
    be_runtime_destroy(runtime);
}

static void test_every_flush_with_audio_ends_once(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_live(world);
    be_runtime_flush(runtime); /* nothing to end */
    static const size_t LENGTHS[] = {1, 640, 641, 5000, 1280};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(be_runtime_get_utterance(runtime), i);
        say(runtime, world->pcm, LENGTHS[i]);
        be_runtime_flush(runtime); /* again nothing */
    }
    uint64_t ends = 0, frames = 0;
    for (int i = 0; i < 40; i++) {
        be_frame_t frame = frame_at(runtime, (int64_t)i * TICK_US);
        if (frame.flags & BE_FRAME_SPEECH) {
            assert_int_equal(frame.utterance, ends);
            frames++;
        }
        ends += (frame.flags & BE_FRAME_END_OF_SPEECH) != 0;
    }
    assert_int_equal(ends, 5);
    assert_int_equal(frames, 1 + 1 + 2 + 8 + 2);
    be_runtime_destroy(runtime);
}

/* ---------------------------------------------------------------- starvation and interruption */

static void test_a_starved_utterance_holds_then_idles_then_goes_on(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_live(world);
    assert_int_equal(push(runtime, world->pcm, 7 * TICK), BE_OK); /* 5 can be shown */
    for (int i = 0; i < 5; i++)
        assert_int_equal(frame_at(runtime, (int64_t)i * TICK_US).flags, BE_FRAME_SPEECH);
    int64_t dry = 5 * TICK_US;
    nothing_at(runtime, dry);
    assert_true(be_runtime_next_due(runtime) == dry + 400000);
    nothing_at(runtime, dry + 399999);
    assert_int_equal(frame_at(runtime, dry + 400000).flags, BE_FRAME_IDLE);
    assert_int_equal(frame_at(runtime, dry + 440000).flags, BE_FRAME_IDLE);
    assert_int_equal(stats_of(runtime).underruns, 1);
    assert_int_equal(push(runtime, world->pcm + 7 * TICK, 5 * TICK), BE_OK);
    assert_true(be_runtime_next_due(runtime) == dry + 480000); /* 40 ms after the last picture */
    int64_t again = dry + 495000;
    be_frame_t frame = frame_at(runtime, again);
    assert_int_equal(frame.flags, BE_FRAME_SPEECH);
    assert_int_equal(frame.position, 5 * TICK);
    assert_memory_equal(frame.pcm, world->pcm + 5 * TICK, TICK * sizeof *world->pcm);
    nothing_at(runtime, again + TICK_US - 1); /* the schedule began anew */
    be_runtime_flush(runtime);
    int ends = 0;
    for (int i = 1; i <= 6; i++)
        ends +=
            (frame_at(runtime, again + (int64_t)i * TICK_US).flags & BE_FRAME_END_OF_SPEECH) != 0;
    assert_int_equal(ends, 1);
    be_runtime_destroy(runtime);
}

static void test_a_short_hole_holds_without_a_picture(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_live(world);
    push(runtime, world->pcm, 4 * TICK);
    frame_at(runtime, 0);
    frame_at(runtime, TICK_US);
    nothing_at(runtime, 2 * TICK_US);
    push(runtime, world->pcm + 4 * TICK, TICK);
    be_frame_t frame = frame_at(runtime, 2 * TICK_US + 7000);
    assert_int_equal(frame.flags, BE_FRAME_SPEECH);
    assert_true(be_runtime_next_due(runtime) == 3 * TICK_US + 7000);
    be_runtime_destroy(runtime);
}

static void test_the_starvation_time_can_be_set(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_live(world);
    assert_int_equal(be_runtime_set_starvation(runtime, 100), BE_OK);
    push(runtime, world->pcm, 3 * TICK);
    frame_at(runtime, 0);
    nothing_at(runtime, TICK_US);
    nothing_at(runtime, TICK_US + 99999);
    assert_int_equal(frame_at(runtime, TICK_US + 100000).flags, BE_FRAME_IDLE);
    assert_int_equal(be_runtime_set_starvation(runtime, 3600001), BE_ERR_INVALID_ARG);
    be_runtime_destroy(runtime);
}

static void test_an_interruption_leaves_nothing_of_the_old_utterance(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_live(world);
    say(runtime, world->pcm, N);
    say(runtime, world->pcm, N / 2);
    for (int i = 0; i < 10; i++)
        assert_int_equal(frame_at(runtime, (int64_t)i * TICK_US).flags, BE_FRAME_SPEECH);
    assert_int_equal(be_runtime_interrupt(runtime), BE_OK);
    be_stats_t stats = stats_of(runtime);
    assert_int_equal(stats.interruptions, 1);
    assert_int_equal(stats.samples_dropped, N + N / 2 - 10 * TICK);
    assert_int_equal(stats.samples_queued, 0);
    for (int i = 10; i < 16; i++) {
        be_frame_t frame = frame_at(runtime, (int64_t)i * TICK_US);
        assert_int_equal(frame.flags, BE_FRAME_IDLE);
        if (i >= 14)
            assert_int_equal(frame.cluster_idx, 0);
    }
    uint64_t next = be_runtime_get_utterance(runtime);
    say(runtime, world->pcm + 1000, N / 2);
    for (int i = 16, at = 1000; i < 16 + 13; i++, at += TICK) {
        be_frame_t frame = frame_at(runtime, (int64_t)i * TICK_US);
        assert_true(frame.flags & BE_FRAME_SPEECH);
        assert_int_equal(frame.utterance, next);
        assert_memory_equal(frame.pcm, world->pcm + at, frame.samples * sizeof *world->pcm);
        assert_int_equal((frame.flags & BE_FRAME_END_OF_SPEECH) != 0, i == 16 + 12);
    }
    be_runtime_interrupt(runtime); /* nothing is open: it counts for nothing */
    assert_int_equal(stats_of(runtime).interruptions, 1);
    be_runtime_destroy(runtime);
}

/* Idle frames of a starved utterance keep their distance from what follows an interruption, too. */
static void test_an_interruption_makes_no_frame_come_sooner(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_live(world);
    assert_int_equal(push(runtime, world->pcm, 3 * TICK), BE_OK); /* 1 can be shown */
    frame_at(runtime, 0);
    nothing_at(runtime, TICK_US);
    assert_int_equal(frame_at(runtime, TICK_US + 400000).flags, BE_FRAME_IDLE);
    be_runtime_interrupt(runtime);
    assert_true(be_runtime_next_due(runtime) == 2 * TICK_US + 400000);
    nothing_at(runtime, 2 * TICK_US + 399999);
    assert_int_equal(frame_at(runtime, 2 * TICK_US + 400000).flags, BE_FRAME_IDLE);
    be_runtime_destroy(runtime);
}

static void test_an_interruption_of_a_starved_utterance_frees_the_schedule(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_live(world);
    push(runtime, world->pcm, 3 * TICK);
    frame_at(runtime, 0);
    nothing_at(runtime, TICK_US);
    nothing_at(runtime, 3 * TICK_US);
    be_runtime_interrupt(runtime);
    assert_int_equal(frame_at(runtime, 3 * TICK_US + 1).flags, BE_FRAME_IDLE);
    be_runtime_flush(runtime); /* nothing since the interruption: no end */
    for (int i = 5; i < 9; i++)
        assert_int_equal(frame_at(runtime, (int64_t)i * TICK_US).flags, BE_FRAME_IDLE);
    be_runtime_destroy(runtime);
}

/* ---------------------------------------------------------------- pictures */

/* The same speech by the calls of ABI 6. */
static void test_the_pictures_are_those_of_the_plain_calls(void **state)
{
    const world_t *world = *state;
    be_runtime_t *live = open_live(world), *plain = NULL;
    be_runtime_create(world->fixture, NULL, &plain);
    say(live, world->pcm, N);
    say(plain, world->pcm, N);
    uint8_t a[W * H * 3], b[W * H * 3];
    be_buffer_t into = {.struct_size = sizeof into, .data = a, .capacity = sizeof a};
    int open_mouths = 0;
    for (int i = 0; i < 25; i++) {
        be_frame_t frame = {.struct_size = sizeof frame};
        be_compose_result_t result;
        assert_int_equal(be_runtime_poll(live, (int64_t)i * TICK_US, &into, &frame), BE_OK);
        assert_int_equal(be_runtime_pull_frame(plain, -1, b, sizeof b, &result), BE_OK);
        assert_int_equal(frame.cluster_idx, result.cluster_idx);
        assert_ptr_equal(frame.plane[0], a);
        assert_memory_equal(a, b, sizeof a);
        open_mouths += result.cluster_idx != 0;
    }
    assert_true(open_mouths > 5);
    be_runtime_destroy(live);
    be_runtime_destroy(plain);
}

static void test_every_format_shows_the_same_picture(void **state)
{
    const world_t *world = *state;
    be_stream_options_t options = options_of(BE_PACING_NONE);
    be_frame_t frame[6];
    be_runtime_t *runtime[6] = {NULL};
    for (int format = BE_PIXEL_BGR24; format <= BE_PIXEL_NV12; format++) {
        options.pixel_format = (be_pixel_format)format;
        runtime[format] = open_stream(world, options);
        say(runtime[format], world->pcm, 8 * TICK);
        for (int i = 0; i < 6; i++) {
            frame[format].struct_size = sizeof frame[format];
            assert_int_equal(be_runtime_pull(runtime[format], 0, NULL, &frame[format]), BE_OK);
        }
        assert_int_equal(frame[format].format, format);
    }
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++) {
            const uint8_t *bgr = frame[1].plane[0] + y * frame[1].stride[0] + 3 * x;
            const uint8_t *rgb = frame[2].plane[0] + y * frame[2].stride[0] + 3 * x;
            const uint8_t *bgra = frame[3].plane[0] + y * frame[3].stride[0] + 4 * x;
            const uint8_t swapped[3] = {bgr[2], bgr[1], bgr[0]};
            assert_memory_equal(rgb, swapped, 3);
            assert_memory_equal(bgra, bgr, 3);
            assert_int_equal(bgra[3], 255);
            assert_int_equal(frame[4].plane[0][y * frame[4].stride[0] + x],
                             frame[5].plane[0][y * frame[5].stride[0] + x]);
            const uint8_t *uv = frame[5].plane[1] + y / 2 * frame[5].stride[1] + x / 2 * 2;
            assert_int_equal(frame[4].plane[1][y / 2 * frame[4].stride[1] + x / 2], uv[0]);
            assert_int_equal(frame[4].plane[2][y / 2 * frame[4].stride[2] + x / 2], uv[1]);
        }
    for (int format = BE_PIXEL_BGR24; format <= BE_PIXEL_NV12; format++)
        be_runtime_destroy(runtime[format]);
}

static void test_a_buffer_is_checked(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_live(world);
    uint8_t data[W * H * 3];
    be_frame_t frame = {.struct_size = sizeof frame};
    be_buffer_t into = {.struct_size = sizeof into, .data = data, .capacity = sizeof data - 1};
    assert_int_equal(be_runtime_poll(runtime, 0, &into, &frame), BE_ERR_BUFFER_TOO_SMALL);
    into.capacity = sizeof data;
    into.stride = W * 3 - 1;
    assert_int_equal(be_runtime_poll(runtime, 0, &into, &frame), BE_ERR_INVALID_ARG);
    into.stride = 0;
    into.format = (be_pixel_format)6;
    assert_int_equal(be_runtime_poll(runtime, 0, &into, &frame), BE_ERR_INVALID_ARG);
    into.format = BE_PIXEL_I420;
    frame.struct_size = 8;
    assert_int_equal(be_runtime_poll(runtime, 0, &into, &frame), BE_ERR_INVALID_ARG);
    frame.struct_size = sizeof frame;
    assert_int_equal(be_runtime_poll(runtime, INT64_MAX, &into, &frame), BE_ERR_INVALID_ARG);
    assert_int_equal(be_runtime_poll(runtime, 0, &into, &frame), BE_OK);
    assert_int_equal(frame.index, 0); /* the failed calls consumed nothing */
    assert_ptr_equal(frame.plane[2], data + W * H + W * H / 4);
    be_runtime_destroy(runtime);
}

static void test_idle_pictures_can_be_left_out(void **state)
{
    const world_t *world = *state;
    be_stream_options_t options = options_of(BE_PACING_REALTIME);
    options.flags = BE_STREAM_NO_IDLE_PICTURES;
    be_runtime_t *runtime = open_stream(world, options);
    be_frame_t frame = frame_at(runtime, 0);
    assert_int_equal(frame.width, 0);
    assert_null(frame.plane[0]);
    say(runtime, world->pcm, TICK);
    frame = frame_at(runtime, TICK_US);
    assert_int_equal(frame.width, W);
    be_runtime_destroy(runtime);
}

static void test_muted_speech_is_silent_and_still_ends(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_live(world);
    say(runtime, world->pcm, 10 * TICK);
    frame_at(runtime, 0);
    be_runtime_set_muted(runtime, 1);
    static const int16_t zeros[TICK];
    for (int i = 1; i < 10; i++) {
        be_frame_t frame = frame_at(runtime, (int64_t)i * TICK_US);
        assert_int_equal(frame.flags & ~(uint32_t)BE_FRAME_END_OF_SPEECH,
                         BE_FRAME_SPEECH | BE_FRAME_MUTED);
        assert_int_equal((frame.flags & BE_FRAME_END_OF_SPEECH) != 0, i == 9);
        assert_int_equal(frame.cluster_idx, 0);
        assert_int_equal(frame.samples, TICK);
        assert_memory_equal(frame.pcm, zeros, sizeof zeros);
    }
    be_runtime_destroy(runtime);
}

static void test_the_mouth_travels_beside_the_picture(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_stream(world, options_of(BE_PACING_NONE));
    say(runtime, world->pcm, N);
    be_frame_t frame = {.struct_size = sizeof frame};
    float widest = 0;
    while (be_runtime_pull(runtime, 0, NULL, &frame) == BE_OK) {
        float sum = 0;
        for (int i = 0; i < 15; i++) {
            sum += frame.mouth.viseme[i];
            assert_true(frame.mouth.viseme[i] <= frame.mouth.viseme[frame.mouth.strongest]);
        }
        assert_true(sum > 0.99f && sum < 1.01f);
        widest = frame.mouth.openness > widest ? frame.mouth.openness : widest;
    }
    assert_true(widest > 0.3f);
    be_runtime_destroy(runtime);
}

/* ---------------------------------------------------------------- options */

static void test_lookahead_decides_when_a_frame_is_ready(void **state)
{
    const world_t *world = *state;
    for (uint32_t ticks = 1; ticks <= 4; ticks++) {
        be_stream_options_t options = options_of(BE_PACING_NONE);
        options.lookahead_ms = 40 * ticks;
        be_runtime_t *runtime = open_stream(world, options);
        push(runtime, world->pcm, (1 + ticks) * TICK - 1);
        assert_int_equal(be_runtime_ticks_available(runtime), 0);
        push(runtime, world->pcm, 1);
        assert_int_equal(be_runtime_ticks_available(runtime), 1);
        assert_true(be_runtime_next_due(runtime) == INT64_MIN);
        be_runtime_destroy(runtime);
    }
}

static void test_the_queue_has_a_limit(void **state)
{
    const world_t *world = *state;
    be_stream_options_t options = options_of(BE_PACING_NONE);
    options.max_queued_ms = 1500;
    be_runtime_t *runtime = open_stream(world, options);
    assert_int_equal(push(runtime, world->pcm, N), BE_OK);
    assert_int_equal(push(runtime, world->pcm, N / 2 + 1), BE_ERR_QUEUE_FULL);
    assert_int_equal(stats_of(runtime).samples_in, N); /* all or nothing */
    assert_int_equal(push(runtime, world->pcm, N / 2), BE_OK);
    be_frame_t frame = {.struct_size = sizeof frame};
    assert_int_equal(be_runtime_pull(runtime, 0, NULL, &frame), BE_OK);
    assert_int_equal(push(runtime, world->pcm, TICK), BE_OK);
    be_runtime_destroy(runtime);
}

static void test_options_are_refused_with_a_reason(void **state)
{
    const world_t *world = *state;
    const be_stream_options_t good = options_of(BE_PACING_NONE);
    be_stream_options_t bad[8];
    for (int i = 0; i < 8; i++)
        bad[i] = good;
    bad[0].struct_size = 4;
    bad[1].pacing = (be_pacing)3;
    bad[2].pixel_format = (be_pixel_format)9;
    bad[3].lookahead_ms = 30;
    bad[4].max_queued_ms = 999;
    bad[5].flags = 2;
    bad[6].size = (be_compose_size_t){100, 0, 0, 0, 0, 0};
    bad[7].lookahead_ms = 200;
    for (int i = 0; i < 8; i++) {
        be_runtime_t *runtime = NULL;
        assert_int_equal(be_runtime_open(world->fixture, &bad[i], &runtime), BE_ERR_INVALID_ARG);
        assert_true(strlen(be_last_error_message()) > 10);
        assert_null(runtime);
    }
}

static void test_a_stopped_stream_says_so(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_live(world);
    frame_at(runtime, 0);
    be_runtime_stop(runtime);
    be_frame_t frame;
    assert_int_equal(poll_at(runtime, TICK_US, &frame), BE_ERR_STOPPED);
    assert_int_equal(be_runtime_pull(runtime, -1, NULL, &frame), BE_ERR_STOPPED);
    assert_int_equal(push(runtime, world->pcm, 10), BE_ERR_STOPPED);
    assert_int_equal(be_runtime_flush(runtime), BE_ERR_STOPPED);
    uint8_t bgr[W * H * 3];
    assert_int_equal(be_runtime_get_source_frame(runtime, 0, NULL, bgr, sizeof bgr, NULL),
                     BE_ERR_STOPPED);
    assert_true(be_runtime_next_due(runtime) == INT64_MIN); /* so that a waiter reports it */
    be_runtime_destroy(runtime);
}

static void test_a_stream_without_pacing_never_idles(void **state)
{
    const world_t *world = *state;
    be_runtime_t *runtime = open_stream(world, options_of(BE_PACING_NONE));
    be_frame_t frame = {.struct_size = sizeof frame};
    assert_int_equal(be_runtime_pull(runtime, 1000, NULL, &frame), BE_ERR_TIMEOUT);
    say(runtime, world->pcm, 2 * TICK);
    say(runtime, world->pcm, TICK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(be_runtime_pull(runtime, 0, NULL, &frame), BE_OK);
        assert_true(frame.timestamp_us == (int64_t)i * TICK_US);
        assert_int_equal((frame.flags & BE_FRAME_END_OF_SPEECH) != 0, i > 0);
    }
    assert_int_equal(be_runtime_pull(runtime, 0, NULL, &frame), BE_ERR_TIMEOUT);
    be_runtime_destroy(runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silence_gives_idle_frames_every_40_ms),
        cmocka_unit_test(test_a_late_caller_gets_no_burst),
        cmocka_unit_test(test_speech_comes_with_its_sound_and_one_end),
        cmocka_unit_test(test_every_flush_with_audio_ends_once),
        cmocka_unit_test(test_a_starved_utterance_holds_then_idles_then_goes_on),
        cmocka_unit_test(test_a_short_hole_holds_without_a_picture),
        cmocka_unit_test(test_the_starvation_time_can_be_set),
        cmocka_unit_test(test_an_interruption_leaves_nothing_of_the_old_utterance),
        cmocka_unit_test(test_an_interruption_makes_no_frame_come_sooner),
        cmocka_unit_test(test_an_interruption_of_a_starved_utterance_frees_the_schedule),
        cmocka_unit_test(test_the_pictures_are_those_of_the_plain_calls),
        cmocka_unit_test(test_every_format_shows_the_same_picture),
        cmocka_unit_test(test_a_buffer_is_checked),
        cmocka_unit_test(test_idle_pictures_can_be_left_out),
        cmocka_unit_test(test_muted_speech_is_silent_and_still_ends),
        cmocka_unit_test(test_the_mouth_travels_beside_the_picture),
        cmocka_unit_test(test_lookahead_decides_when_a_frame_is_ready),
        cmocka_unit_test(test_the_queue_has_a_limit),
        cmocka_unit_test(test_options_are_refused_with_a_reason),
        cmocka_unit_test(test_a_stopped_stream_says_so),
        cmocka_unit_test(test_a_stream_without_pacing_never_idles),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
