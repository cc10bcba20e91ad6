/* Memory that runs out: every single allocation of a long sequence of calls is refused once. The call in which
 * that happens says so, nothing leaks, the same call then succeeds, and all results are those of a run
 * in which nothing was refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "essence.h"
#include "memory_hook.h"

#define TINY ESSENCE_TEST_DATA "/data/tiny.imx"
#define ACTIONS ESSENCE_TEST_DATA "/data/tiny_actions.imx"
#define SPEECH ESSENCE_ASSETS "/speech.wav"

enum { SOUND = 48000, BUFFER = 320 * 200 * 4, TICK = 640, MOST = 2000 };

typedef struct world {
    be_fixture_t *fixture;
    be_runtime_t *stream;
    be_waiter_t *waiter;
    be_auth_t *auth;
    uint8_t file[64 << 10]; /* an avatar with actions */
    size_t file_size;
    float *pcm;
    size_t samples;
    int64_t now;     /* of the clock of `poll` */
    uint64_t digest; /* of all results */
    char folder[32], audio[64], video[64];
} world_t;

typedef be_status step_fn(world_t *world);

typedef struct step {
    const char *name;
    step_fn *run;
    int times; /* 0 = 1 */
} step_t;

static int16_t sound[SOUND];
static uint8_t buffer[BUFFER];

/* ---------------------------------------------------------------- the sweep */

static void digest(world_t *world, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < size; i++)
        world->digest = (world->digest ^ p[i]) * 0x100000001b3u;
}

/* Takes a step, which may fail once, of a refused allocation. */
static void take(world_t *world, const step_t *step, bool *failed)
{
    const uint64_t before = world->digest;
    be_status status = step->run(world);
    if (status == BE_OK)
        return;
    const char *message = be_last_error_message();
    if (!memory_has_refused() || *failed)
        fail_msg("%s: status %d though no memory was refused: %s", step->name, status, message);
    if (status != BE_ERR_OUT_OF_MEMORY)
        fail_msg("%s: status %d for a lack of memory: %s", step->name, status, message);
    if (!strstr(message, "memory"))
        fail_msg("%s: '%s' does not speak of memory", step->name, message);
    *failed = true;
    memory_refuse(0, false);
    world->digest = before;
    status = step->run(world);
    if (status != BE_OK)
        fail_msg("%s: status %d at the second try: %s", step->name, status,
                 be_last_error_message());
}

/* All steps, with the n-th allocation refused; false when there are fewer. */
static bool run(world_t *world, const step_t *steps, size_t n, bool onwards)
{
    const size_t held = memory_blocks();
    bool failed = false;
    world->digest = 0;
    world->now = 0;
    memory_refuse(n, onwards);
    for (const step_t *step = steps; step->name; step++)
        for (int i = 0; i < (step->times ? step->times : 1); i++)
            take(world, step, &failed);
    const bool refused = failed || memory_has_refused();
    memory_refuse(0, false);
    if (memory_blocks() != held)
        fail_msg("%zu blocks are left where allocation %zu was refused", memory_blocks() - held, n);
    return refused;
}

/* Refuses allocation 1, 2, 3 ... , alone or with all that follow it in the same call. */
static void sweep(world_t *world, const step_t *steps, size_t at_least, bool onwards)
{
    assert_false(run(world, steps, 0, false));
    const uint64_t sound_digest = world->digest;
    size_t n = 1;
    while (run(world, steps, n, onwards)) {
        if (world->digest != sound_digest)
            fail_msg("other results after allocation %zu was refused", n);
        assert_true(++n < MOST);
    }
    assert_true(world->digest == sound_digest);
    if (n <= at_least)
        fail_msg("%zu allocations, where %zu were expected: is the hook linked?", n - 1, at_least);
}

/* ---------------------------------------------------------------- steps: avatars */

static be_status load(world_t *world)
{
    return be_fixture_load(TINY, NULL, &world->fixture);
}

static be_status open_avatar(world_t *world, be_loading loading, be_storage storage)
{
    const be_fixture_source_t source = {.struct_size = sizeof source,
                                        .data = world->file,
                                        .size = world->file_size,
                                        .loading = loading,
                                        .storage = storage,
                                        .store_mb = 8};
    return be_fixture_open(&source, &world->fixture);
}

static be_status open_at_once(world_t *world)
{
    return open_avatar(world, BE_LOADING_SYNC, BE_STORAGE_MEMORY);
}

static be_status open_on_demand(world_t *world)
{
    return open_avatar(world, BE_LOADING_ON_DEMAND, BE_STORAGE_JPEG);
}

static be_status open_in_file(world_t *world)
{
    return open_avatar(world, BE_LOADING_ASYNC, BE_STORAGE_TEMP_FILE);
}

static be_status describe(world_t *world)
{
    be_fixture_info_t info;
    be_status status = be_fixture_get_info(world->fixture, &info);
    digest(world, &info, sizeof info);
    return status;
}

static be_status release(world_t *world)
{
    be_fixture_release(world->fixture);
    world->fixture = NULL;
    return BE_OK;
}

/* ---------------------------------------------------------------- steps: streams */

static be_status create(world_t *world)
{
    return be_runtime_create(world->fixture, NULL, &world->stream);
}

static be_status open_with(world_t *world, be_pacing pacing, be_pixel_format format)
{
    const be_stream_options_t options = {.struct_size = sizeof options,
                                         .pacing = pacing,
                                         .pixel_format = format,
                                         .size = {200, 100, 1, 2, 3, 0},
                                         .auth = world->auth};
    return be_runtime_open(world->fixture, &options, &world->stream);
}

static be_status open_paced(world_t *world)
{
    return open_with(world, BE_PACING_REALTIME, BE_PIXEL_BGRA32);
}

static be_status open_unpaced(world_t *world)
{
    return open_with(world, BE_PACING_NONE, BE_PIXEL_NV12);
}

static be_status destroy(world_t *world)
{
    be_runtime_destroy(world->stream);
    world->stream = NULL;
    return BE_OK;
}

static be_status push(world_t *world, uint32_t rate, uint32_t channels, size_t frames)
{
    const be_audio_chunk_t chunk = {sizeof chunk, BE_SAMPLE_S16, rate, channels, sound, frames};
    return be_runtime_push_chunk(world->stream, &chunk);
}

static be_status push_16k(world_t *world)
{
    return push(world, 16000, 1, 4 * TICK);
}

static be_status push_48k_stereo(world_t *world)
{
    return push(world, 48000, 2, 9000);
}

static be_status push_8k(world_t *world)
{
    return push(world, 8000, 1, 1000);
}

/* More than the queue begins with. */
static be_status push_much(world_t *world)
{
    return push(world, 16000, 1, 40000);
}

static be_status push_float(world_t *world)
{
    static float pcm[4 * TICK];
    for (int i = 0; i < 4 * TICK; i++)
        pcm[i] = (float)sound[i] / 32768;
    return be_runtime_push_audio(world->stream, pcm, 4 * TICK);
}

static be_status flush(world_t *world)
{
    return be_runtime_flush(world->stream);
}

static be_status interrupt(world_t *world)
{
    return be_runtime_interrupt(world->stream);
}

static be_status reset(world_t *world)
{
    be_runtime_reset_stream(world->stream);
    return BE_OK;
}

static be_status nod(world_t *world)
{
    return be_runtime_play_action(world->stream, "nod", 1);
}

static be_status count(world_t *world)
{
    be_stats_t stats = {.struct_size = sizeof stats};
    be_status status = be_runtime_get_stats(world->stream, &stats);
    const uint64_t numbers[] = {stats.frames,
                                stats.samples_in,
                                stats.samples_out,
                                stats.samples_queued,
                                stats.samples_dropped,
                                stats.utterances,
                                be_runtime_ticks_available(world->stream)};
    digest(world, numbers, sizeof numbers);
    return status;
}

static void digest_result(world_t *world, const be_compose_result_t *result)
{
    digest(world, result, sizeof *result);
    digest(world, buffer, result->bytes_written);
}

static be_status pull(world_t *world)
{
    be_compose_result_t result;
    be_status status = be_runtime_pull_frame(world->stream, -1, buffer, BUFFER, &result);
    if (status == BE_OK)
        digest_result(world, &result);
    return status;
}

static be_status pull_to_size(world_t *world)
{
    const be_compose_size_t size = {240, 180, 9, 8, 7, 0};
    be_compose_result_t result;
    be_status status =
        be_runtime_pull_frame_to_size(world->stream, -1, &size, buffer, BUFFER, &result);
    if (status == BE_OK)
        digest_result(world, &result);
    return status;
}

static be_status source_frame(world_t *world)
{
    const be_compose_size_t size = {64, 100, 9, 8, 7, 0};
    be_compose_result_t result;
    be_status status =
        be_runtime_get_source_frame(world->stream, -1, &size, buffer, BUFFER, &result);
    if (status == BE_OK)
        digest_result(world, &result);
    return status;
}

static be_status batch(world_t *world)
{
    static float pcm[3 * TICK];
    be_compose_result_t result;
    be_status status =
        be_runtime_tick_compose(world->stream, pcm, 3 * TICK, -1, buffer, BUFFER, &result);
    if (status == BE_OK)
        digest_result(world, &result);
    return status;
}

static int digest_frame(uint32_t index, uint32_t cluster, uint32_t frame, const uint8_t *bgr,
                        uint32_t width, uint32_t height, void *user)
{
    const uint32_t numbers[] = {index, cluster, frame, width, height};
    digest(user, numbers, sizeof numbers);
    digest(user, bgr, (size_t)width * height * 3);
    return 0;
}

static be_status render(world_t *world)
{
    const be_compose_size_t size = {100, 64, 0, 0, 0, 0};
    static float pcm[2000];
    return be_session_render_pcm(world->stream, pcm, 2000, &size, digest_frame, world);
}

/* ---------------------------------------------------------------- steps: clocks, waiters, rights */

static void digest_frame_of(world_t *world, const be_frame_t *frame)
{
    const uint64_t numbers[] = {frame->flags,
                                frame->format,
                                frame->width,
                                frame->height,
                                frame->cluster_idx,
                                frame->frame_idx_used,
                                frame->samples,
                                frame->utterance,
                                frame->index,
                                frame->position,
                                (uint64_t)frame->timestamp_us};
    digest(world, numbers, sizeof numbers);
    digest(world, frame->pcm, frame->samples * sizeof *frame->pcm);
    digest(world, &frame->mouth, sizeof frame->mouth);
}

/* A frame when one is due; a borrowed one, which the library converts in memory of its own. */
static be_status poll(world_t *world)
{
    be_frame_t frame = {.struct_size = sizeof frame};
    be_status status = be_runtime_poll(world->stream, world->now, NULL, &frame);
    if (status == BE_OK) {
        digest_frame_of(world, &frame);
        const size_t row = frame.width * (frame.format == BE_PIXEL_BGRA32 ? 4u : 1u);
        for (uint32_t y = 0; y < frame.height; y++)
            digest(world, frame.plane[0] + (size_t)y * frame.stride[0], row);
    }
    if (status == BE_OK || status == BE_ERR_TIMEOUT)
        world->now += 40000;
    return status == BE_ERR_TIMEOUT ? BE_OK : status;
}

static be_status create_waiter(world_t *world)
{
    return be_waiter_create(&world->waiter);
}

static be_status join(world_t *world)
{
    return be_waiter_add(world->waiter, world->stream, 7);
}

static be_status arm(world_t *world)
{
    return be_waiter_arm(world->waiter, world->stream);
}

static be_status destroy_waiter(world_t *world)
{
    be_waiter_destroy(world->waiter);
    world->waiter = NULL;
    return BE_OK;
}

static be_status create_auth(world_t *world)
{
    const be_auth_config_t config = {.abi_version = 6, .api_secret = "secret"};
    return be_auth_context_create(&config, &world->auth);
}

static be_status destroy_auth(world_t *world)
{
    be_auth_context_destroy(world->auth);
    world->auth = NULL;
    return BE_OK;
}

/* ---------------------------------------------------------------- steps: files */

static be_status decode(world_t *world)
{
    be_status status = be_audio_decode_file(SPEECH, &world->pcm, &world->samples);
    if (status == BE_OK)
        digest(world, world->pcm, world->samples * sizeof *world->pcm);
    return status;
}

static be_status free_pcm(world_t *world)
{
    be_audio_free(world->pcm);
    world->pcm = NULL;
    return BE_OK;
}

static be_status record(world_t *world)
{
    const be_compose_size_t size = {64, 48, 0, 0, 0, 0};
    return be_session_record_mp4(world->stream, world->audio, &size, world->video, BE_ENCODER_LOW);
}

/* ---------------------------------------------------------------- tests */

#define STEP(function)                                                                             \
    {                                                                                              \
#function, function, 1                                                                     \
    }
#define STEPS(function, times)                                                                     \
    {                                                                                              \
#function, function, times                                                                 \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, NULL, 0                                                                              \
    }

static void loading(void **state)
{
    static const step_t steps[] = {STEP(load),     STEP(describe), STEP(create),
                                   STEP(push_16k), STEP(flush),    STEP(pull),
                                   STEP(destroy),  STEP(release),  END};
    sweep(*state, steps, 20, false);
    sweep(*state, steps, 20, true);
}

static void opening(void **state)
{
    static const step_t steps[] = {STEP(open_at_once),
                                   STEP(describe),
                                   STEP(create),
                                   STEP(nod),
                                   STEP(push_16k),
                                   STEPS(pull, 2),
                                   STEP(destroy),
                                   STEP(release),
                                   STEP(open_on_demand),
                                   STEP(describe),
                                   STEP(create),
                                   STEP(nod),
                                   STEP(push_16k),
                                   STEPS(pull, 2),
                                   STEP(destroy),
                                   STEP(release),
                                   STEP(open_in_file),
                                   STEP(describe),
                                   STEP(create),
                                   STEP(nod),
                                   STEP(push_16k),
                                   STEPS(pull, 2),
                                   STEP(destroy),
                                   STEP(release),
                                   END};
    world_t *world = *state;
    FILE *file = fopen(ACTIONS, "rb");
    assert_non_null(file);
    world->file_size = fread(world->file, 1, sizeof world->file, file);
    assert_true(world->file_size > 0 && world->file_size < sizeof world->file);
    fclose(file);
    sweep(world, steps, 60, false);
}

static void streaming(void **state)
{
    static const step_t steps[] = {STEP(create),
                                   STEP(push_float),
                                   STEP(push_16k),
                                   STEP(pull),
                                   STEP(flush),
                                   STEP(pull_to_size),
                                   STEP(push_48k_stereo),
                                   STEP(push_48k_stereo),
                                   STEP(pull_to_size),
                                   STEP(flush),
                                   STEP(push_8k),
                                   STEP(source_frame),
                                   STEP(flush),
                                   STEPS(pull, 6),
                                   STEP(push_much),
                                   STEP(count),
                                   STEPS(pull, 3),
                                   STEP(count),
                                   STEP(interrupt),
                                   STEP(push_8k),
                                   STEP(flush),
                                   STEP(pull),
                                   STEP(reset),
                                   STEPS(batch, 3),
                                   STEP(reset),
                                   STEP(push_much),
                                   STEP(render),
                                   STEP(destroy),
                                   END};
    sweep(*state, steps, 15, false);
}

/* More flushes than the list of utterances begins with. */
static void many_utterances(void **state)
{
    static const step_t flushes[] = {
        STEP(create), STEP(push_8k), STEP(flush), STEP(push_8k),   STEP(flush),   STEP(push_8k),
        STEP(flush),  STEP(push_8k), STEP(flush), STEP(push_8k),   STEP(flush),   STEP(push_8k),
        STEP(flush),  STEP(push_8k), STEP(flush), STEP(push_8k),   STEP(flush),   STEP(push_8k),
        STEP(flush),  STEP(push_8k), STEP(flush), STEPS(pull, 30), STEP(destroy), END};
    sweep(*state, flushes, 5, false);
}

static void live(void **state)
{
    static const step_t steps[] = {STEP(create_auth),
                                   STEP(create_waiter),
                                   STEP(open_paced),
                                   STEP(join),
                                   STEP(arm),
                                   STEPS(poll, 2),
                                   STEP(push_8k),
                                   STEPS(poll, 2),
                                   STEP(flush),
                                   STEPS(poll, 6),
                                   STEP(push_16k),
                                   STEP(poll),
                                   STEP(interrupt),
                                   STEPS(poll, 3),
                                   STEP(destroy),
                                   STEP(open_unpaced),
                                   STEP(join),
                                   STEP(push_8k),
                                   STEP(flush),
                                   STEPS(poll, 4),
                                   STEP(count),
                                   STEP(destroy_auth),
                                   STEP(destroy_waiter),
                                   STEP(destroy),
                                   END};
    sweep(*state, steps, 10, false);
    sweep(*state, steps, 10, true);
}

static void sound_files(void **state)
{
    static const step_t steps[] = {STEP(decode), STEP(free_pcm), END};
    sweep(*state, steps, 4, false);
    sweep(*state, steps, 4, true);
}

static void write_audio(const world_t *world)
{
    static const uint8_t head[44] = "RIFF\xff\xff\0\0WAVEfmt \x10\0\0\0\1\0\1\0"
                                    "\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\xff\xff\0";
    FILE *file = fopen(world->audio, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(head, 1, sizeof head, file), sizeof head);
    assert_int_equal(fwrite(sound, 2, 1500, file), 1500);
    assert_int_equal(fclose(file), 0);
}

/* Nor does a failure leave a half-written file, beside the name or under it. */
static void recording(void **state)
{
    static const step_t steps[] = {STEP(create), STEP(record), STEP(destroy), END};
    world_t *world = *state;
    write_audio(world);
    assert_int_equal(create(world), BE_OK);
    be_status status = record(world);
    destroy(world);
    if (status != BE_ERR_NOT_IMPLEMENTED)
        sweep(world, steps, 10, false);
    unlink(world->video);
    assert_int_equal(unlink(world->audio), 0);
    if (status == BE_ERR_NOT_IMPLEMENTED)
        skip();
}

static int setup(void **state)
{
    world_t *world = calloc(1, sizeof *world);
    if (!world)
        return -1;
    for (int i = 0; i < SOUND; i++)
        sound[i] = (int16_t)((i * 37 % 200 - 100) * (i / 400 % 40) * 5);
    *state = world;
    return 0;
}

static int setup_loaded(void **state)
{
    if (setup(state) != 0)
        return -1;
    world_t *world = *state;
    strcpy(world->folder, "/tmp/essence-faults-XXXXXX");
    if (!mkdtemp(world->folder))
        return -1;
    snprintf(world->audio, sizeof world->audio, "%s/sound.wav", world->folder);
    snprintf(world->video, sizeof world->video, "%s/video.mp4", world->folder);
    return load(world) == BE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    world_t *world = *state;
    be_runtime_destroy(world->stream);
    be_fixture_release(world->fixture);
    int failure = world->folder[0] ? rmdir(world->folder) : 0;
    free(world);
    return failure;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(loading, setup, teardown),
        cmocka_unit_test_setup_teardown(opening, setup, teardown),
        cmocka_unit_test_setup_teardown(streaming, setup_loaded, teardown),
        cmocka_unit_test_setup_teardown(many_utterances, setup_loaded, teardown),
        cmocka_unit_test_setup_teardown(live, setup_loaded, teardown),
        cmocka_unit_test_setup_teardown(sound_files, setup, teardown),
        cmocka_unit_test_setup_teardown(recording, setup_loaded, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
