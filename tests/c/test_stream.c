/* The engine through its public calls: a real avatar file, real speech, the real encoder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/thread.h"
#include "essence.h"
#include "imx_builder.h"
#include "wav.h"

#define TINY ESSENCE_TEST_DATA "/data/tiny.imx"
#define SPEECH ESSENCE_ASSETS "/speech.wav"

enum { W = 160, H = 96, BYTES = W * H * 3, RATE = 24000, LOOKAHEAD = 1280, SECONDS = 3 };

typedef struct world {
    be_fixture_t *fixture;
    int16_t *speech; /* RATE Hz */
    size_t speech_n;
    float *pcm; /* 16 kHz */
    size_t n;
} world_t;

static be_runtime_t *open_stream(world_t *world)
{
    be_runtime_t *runtime = NULL;
    assert_int_equal(be_runtime_create(world->fixture, NULL, &runtime), BE_OK);
    return runtime;
}

/* A plain 3:2 reduction is speech enough here; the resampler has tests of its own. */
static int setup(void **state)
{
    world_t *world = calloc(1, sizeof *world);
    be_status status = be_fixture_load(TINY, NULL, &world->fixture);
    if (status != BE_OK)
        fail_msg("%s", be_last_error_message());
    uint32_t rate;
    world->speech = read_wav(SPEECH, &rate, &world->speech_n);
    assert_int_equal(rate, RATE);
    world->n = 16000 * SECONDS + 123;
    world->pcm = calloc(world->n, sizeof *world->pcm);
    for (size_t i = 0; i < world->n; i++)
        world->pcm[i] = (float)world->speech[(3 * i) >> 1] / 32768.0f;
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_t *world = *state;
    be_fixture_release(world->fixture);
    free(world->speech);
    free(world->pcm);
    free(world);
    return 0;
}

/* A digest that is easy to write down. */
static uint64_t fnv(uint64_t hash, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ p[i]) * 1099511628211u;
    return hash;
}

static const uint64_t FNV_START = 14695981039346656037u;

typedef struct run {
    uint64_t hash;
    uint32_t frames, moved;
} run_t;

static void note(run_t *run, const uint8_t *bgr, const be_compose_result_t *result)
{
    assert_int_equal(result->bytes_written, BYTES);
    run->hash = fnv(run->hash, bgr, BYTES);
    run->hash = fnv(run->hash, &result->cluster_idx, sizeof result->cluster_idx);
    run->frames++;
    run->moved += result->cluster_idx != 0;
}

static run_t run_batch(be_runtime_t *runtime, const float *pcm, size_t n)
{
    run_t run = {FNV_START, 0, 0};
    uint8_t *bgr = malloc(BYTES);
    be_compose_result_t result;
    be_status status;
    while ((status = be_runtime_tick_compose(runtime, pcm, n, -1, bgr, BYTES, &result)) == BE_OK)
        note(&run, bgr, &result);
    assert_int_equal(status, BE_ERR_AUDIO_FORMAT);
    free(bgr);
    return run;
}

static void pull_all(be_runtime_t *runtime, run_t *run)
{
    static uint8_t bgr[BYTES];
    be_compose_result_t result;
    size_t ready = be_runtime_ticks_available(runtime);
    while (be_runtime_pull_frame(runtime, -1, bgr, BYTES, &result) == BE_OK) {
        note(run, bgr, &result);
        assert_int_equal(be_runtime_ticks_available(runtime), --ready);
    }
    assert_int_equal(ready, 0);
}

static run_t run_stream(be_runtime_t *runtime, const float *pcm, size_t n, size_t largest)
{
    run_t run = {FNV_START, 0, 0};
    for (size_t at = 0; at < n;) {
        size_t piece = 1 + (size_t)rand() % largest;
        piece = piece < n - at ? piece : n - at;
        assert_int_equal(be_runtime_push_audio(runtime, pcm + at, piece), BE_OK);
        at += piece;
        if (rand() % 3)
            pull_all(runtime, &run);
    }
    pull_all(runtime, &run);
    return run;
}

static void the_avatar_is_described(void **state)
{
    world_t *world = *state;
    be_fixture_info_t info;
    assert_int_equal(be_fixture_get_info(world->fixture, &info), BE_OK);
    assert_int_equal(info.audio_sample_rate, 16000);
    assert_int_equal(info.audio_samples_per_tick, 640);
    assert_int_equal(info.mel_bins, 40);
    assert_int_equal(info.mel_frames_per_chunk, 4);
    assert_int_equal(info.embedding_dim, 23);
    assert_int_equal(be_fixture_get_lookahead(world->fixture), LOOKAHEAD);
    assert_int_equal(info.cluster_count, 19);
    assert_int_equal(info.active_ep, BE_EP_CPU);
    assert_int_equal(info.frame_width, W);
    assert_int_equal(info.frame_height, H);
    assert_int_equal(info.source_frame_count, 6);
    assert_int_equal(be_abi_version(), 6);
}

/* The promise of ABI 6: the streaming pair gives the batch pair's frames, bit for bit. */
static void streaming_gives_the_frames_of_batch(void **state)
{
    world_t *world = *state;
    be_runtime_t *runtime = open_stream(world);
    run_t batch = run_batch(runtime, world->pcm, world->n);
    assert_int_equal(batch.frames, world->n / 640);
    assert_in_range(batch.moved, batch.frames / 3, batch.frames);
    float *padded = calloc(world->n + LOOKAHEAD, sizeof *padded);
    memcpy(padded, world->pcm, world->n * sizeof *padded);
    static const size_t LARGEST[] = {100, 640, 5000, 1000000};
    srand(1);
    for (size_t i = 0; i < 4; i++) {
        be_runtime_reset_stream(runtime);
        run_t stream = run_stream(runtime, padded, world->n + LOOKAHEAD, LARGEST[i]);
        assert_int_equal(stream.frames, batch.frames);
        assert_true(stream.hash == batch.hash);
    }
    free(padded);
    be_runtime_destroy(runtime);
}

static void a_reset_stream_is_a_new_stream(void **state)
{
    world_t *world = *state;
    be_runtime_t *runtime = open_stream(world);
    run_t first = run_batch(runtime, world->pcm, world->n);
    be_runtime_reset_stream(runtime);
    run_t again = run_batch(runtime, world->pcm, world->n);
    assert_true(first.hash == again.hash);
    be_runtime_destroy(runtime);
}

static void a_flush_gives_every_pushed_sample_a_frame(void **state)
{
    world_t *world = *state;
    static const size_t LENGTH[] = {1, 639, 640, 641, 1280, 12345};
    for (size_t i = 0; i < sizeof LENGTH / sizeof *LENGTH; i++) {
        be_runtime_t *runtime = open_stream(world);
        assert_int_equal(be_runtime_flush(runtime), BE_OK);
        assert_int_equal(be_runtime_ticks_available(runtime), 0);
        assert_int_equal(be_runtime_push_audio(runtime, world->pcm, LENGTH[i]), BE_OK);
        assert_int_equal(be_runtime_flush(runtime), BE_OK);
        assert_int_equal(be_runtime_flush(runtime), BE_OK);
        assert_int_equal(be_runtime_ticks_available(runtime), (LENGTH[i] + 639) / 640);
        be_runtime_destroy(runtime);
    }
}

/* Utterances that follow each other take no more frames than they last, whenever they are pulled. */
static void a_flush_between_utterances_adds_no_frame(void **state)
{
    world_t *world = *state;
    uint64_t first = 0;
    for (int late = 0; late < 2; late++) {
        be_runtime_t *runtime = open_stream(world);
        run_t run = {FNV_START, 0, 0};
        for (int i = 0; i < 10; i++) {
            size_t n = 100 + 700 * (size_t)i;
            assert_int_equal(be_runtime_push_audio(runtime, world->pcm + 9000, n), BE_OK);
            assert_int_equal(be_runtime_flush(runtime), BE_OK);
            if (!late)
                pull_all(runtime, &run);
        }
        pull_all(runtime, &run);
        uint32_t wanted = 0;
        for (int i = 0; i < 10; i++)
            wanted += (100 + 700 * (uint32_t)i + 639) / 640;
        assert_int_equal(run.frames, wanted);
        assert_true(first == 0 || run.hash == first);
        first = run.hash;
        be_runtime_destroy(runtime);
    }
}

static void a_buffer_that_grew_after_its_end_was_heard_is_refused(void **state)
{
    world_t *world = *state;
    be_runtime_t *runtime = open_stream(world);
    static uint8_t bgr[BYTES];
    assert_int_equal(be_runtime_tick_compose(runtime, world->pcm, 640 * 8, -1, bgr, BYTES, NULL),
                     BE_OK);
    assert_int_equal(be_runtime_tick_compose(runtime, world->pcm, 640 * 9, -1, bgr, BYTES, NULL),
                     BE_OK); /* nobody has looked beyond 8 yet */
    for (int i = 2; i < 9; i++)
        assert_int_equal(
            be_runtime_tick_compose(runtime, world->pcm, 640 * 9, -1, bgr, BYTES, NULL), BE_OK);
    assert_int_equal(be_runtime_tick_compose(runtime, world->pcm, 640 * 10, -1, bgr, BYTES, NULL),
                     BE_ERR_INVALID_ARG);
    assert_non_null(strstr(be_last_error_message(), "be_runtime_push_audio"));
    be_runtime_destroy(runtime);
}

static void audio_of_any_rate_is_heard(void **state)
{
    world_t *world = *state;
    be_runtime_t *runtime = open_stream(world);
    be_audio_chunk_t chunk = {sizeof chunk, BE_SAMPLE_S16, RATE, 1, world->speech, RATE * SECONDS};
    assert_int_equal(be_runtime_push_chunk(runtime, &chunk), BE_OK);
    chunk.sample_rate = 48000;
    assert_int_equal(be_runtime_push_chunk(runtime, &chunk), BE_ERR_AUDIO_FORMAT);
    const int16_t stereo[2] = {0, 0};
    be_audio_chunk_t wide = {sizeof wide, BE_SAMPLE_S16, RATE, 2, stereo, 1};
    assert_int_equal(be_runtime_push_chunk(runtime, &wide), BE_OK);
    assert_int_equal(be_runtime_flush(runtime), BE_OK);
    assert_int_equal(be_runtime_ticks_available(runtime), 25 * SECONDS + 1);
    run_t run = {FNV_START, 0, 0};
    pull_all(runtime, &run);
    assert_in_range(run.moved, run.frames / 3, run.frames);
    assert_int_equal(be_runtime_push_chunk(runtime, &chunk), BE_OK);
    chunk.sample_rate = 10000000;
    assert_int_equal(be_runtime_flush(runtime), BE_OK);
    assert_int_equal(be_runtime_push_chunk(runtime, &chunk), BE_ERR_AUDIO_FORMAT);
    be_runtime_destroy(runtime);
}

static void a_tick_gives_the_encoders_outputs(void **state)
{
    world_t *world = *state;
    be_runtime_t *runtime = open_stream(world);
    float embedding[23], peak = 0;
    be_tick_result_t result;
    assert_int_equal(be_runtime_tick(runtime, world->pcm, world->n, embedding, 22, &result),
                     BE_ERR_BUFFER_TOO_SMALL);
    uint32_t ticks = 0;
    while (be_runtime_tick(runtime, world->pcm, world->n, embedding, 23, &result) == BE_OK) {
        assert_int_equal(result.embedding_floats_written, 23);
        peak = embedding[0] > peak ? embedding[0] : peak;
        ticks++;
    }
    assert_int_equal(ticks, world->n / 640);
    assert_true(peak > 0.4f && peak <= 1.0f);
    be_runtime_destroy(runtime);
}

static void silence_shows_the_source_frames(void **state)
{
    world_t *world = *state;
    be_runtime_t *runtime = open_stream(world), *plain = open_stream(world);
    float *zeros = calloc(16000, sizeof *zeros);
    static uint8_t composed[BYTES], source[BYTES];
    be_compose_result_t result;
    for (int i = 0; i < 25; i++) {
        assert_int_equal(
            be_runtime_tick_compose(runtime, zeros, 16000, -1, composed, BYTES, &result), BE_OK);
        assert_int_equal(result.cluster_idx, 0);
        static const uint32_t LOOP[] = {0, 1, 2, 3, 4, 5, 4, 3, 2, 1};
        assert_int_equal(result.frame_idx_used, LOOP[i % 10]);
        assert_int_equal(be_runtime_get_source_frame(plain, -1, NULL, source, BYTES, &result),
                         BE_OK);
        assert_memory_equal(composed, source, BYTES);
    }
    free(zeros);
    be_runtime_destroy(runtime);
    be_runtime_destroy(plain);
}

static void a_failed_call_consumes_nothing(void **state)
{
    world_t *world = *state;
    be_runtime_t *runtime = open_stream(world), *reference = open_stream(world);
    static uint8_t a[BYTES], b[BYTES];
    be_compose_result_t result;
    const be_compose_size_t half = {W, 0, 0, 0, 0, 0};
    for (int i = 0; i < 50; i++) {
        assert_int_equal(
            be_runtime_tick_compose(runtime, world->pcm, world->n, -1, a, BYTES - 1, &result),
            BE_ERR_BUFFER_TOO_SMALL);
        assert_int_equal(be_runtime_tick_compose_to_size(runtime, world->pcm, world->n, -1, &half,
                                                         a, BYTES, &result),
                         BE_ERR_INVALID_ARG);
        assert_int_equal(
            be_runtime_tick_compose(runtime, world->pcm, world->n, -1, a, BYTES, &result), BE_OK);
        assert_int_equal(
            be_runtime_tick_compose(reference, world->pcm, world->n, -1, b, BYTES, NULL), BE_OK);
        assert_memory_equal(a, b, BYTES);
    }
    be_runtime_destroy(runtime);
    be_runtime_destroy(reference);
}

static void a_hint_picks_the_source_frame(void **state)
{
    world_t *world = *state;
    be_runtime_t *runtime = open_stream(world);
    static uint8_t bgr[BYTES];
    be_compose_result_t result;
    assert_int_equal(be_runtime_tick_compose(runtime, world->pcm, world->n, 4, bgr, BYTES, &result),
                     BE_OK);
    assert_int_equal(result.frame_idx_used, 4);
    assert_int_equal(
        be_runtime_tick_compose(runtime, world->pcm, world->n, 13, bgr, BYTES, &result), BE_OK);
    assert_int_equal(result.frame_idx_used, 1);
    assert_int_equal(
        be_runtime_tick_compose(runtime, world->pcm, world->n, -1, bgr, BYTES, &result), BE_OK);
    assert_int_equal(result.frame_idx_used, 0);
    be_runtime_destroy(runtime);
}

static void batch_and_streaming_do_not_mix(void **state)
{
    world_t *world = *state;
    be_runtime_t *runtime = open_stream(world);
    static uint8_t bgr[BYTES];
    assert_int_equal(be_runtime_push_audio(runtime, world->pcm, 640), BE_OK);
    assert_int_equal(be_runtime_tick_compose(runtime, world->pcm, world->n, -1, bgr, BYTES, NULL),
                     BE_ERR_INVALID_ARG);
    be_runtime_reset_stream(runtime);
    assert_int_equal(be_runtime_tick_compose(runtime, world->pcm, world->n, -1, bgr, BYTES, NULL),
                     BE_OK);
    assert_int_equal(be_runtime_push_audio(runtime, world->pcm, 640), BE_ERR_INVALID_ARG);
    assert_non_null(strstr(be_last_error_message(), "be_runtime_reset_stream"));
    be_runtime_destroy(runtime);
}

static void bad_calls_get_a_status_and_a_sentence(void **state)
{
    world_t *world = *state;
    be_fixture_t *fixture = NULL;
    be_runtime_t *runtime = open_stream(world), *none = NULL;
    be_fixture_options_t options = {.abi_version = 7};
    uint8_t pixel[3];
    float sample = 0;
    assert_int_equal(be_fixture_load(NULL, NULL, &fixture), BE_ERR_INVALID_ARG);
    assert_int_equal(be_fixture_load(TINY, NULL, NULL), BE_ERR_INVALID_ARG);
    assert_int_equal(be_fixture_load(TINY, &options, &fixture), BE_ERR_INVALID_ARG);
    options = (be_fixture_options_t){.abi_version = 1, .preferred_ep = (be_ep)9};
    assert_int_equal(be_fixture_load(TINY, &options, &fixture), BE_ERR_INVALID_ARG);
    assert_int_equal(be_fixture_load("/no/such.imx", NULL, &fixture), BE_ERR_FILE_NOT_FOUND);
    assert_non_null(strstr(be_last_error_message(), "/no/such.imx"));
    assert_int_equal(be_fixture_load(SPEECH, NULL, &fixture), BE_ERR_FILE_CORRUPT);
    assert_null(fixture);
    assert_int_equal(be_runtime_create(NULL, NULL, &none), BE_ERR_INVALID_ARG);
    assert_int_equal(be_runtime_push_audio(NULL, &sample, 1), BE_ERR_INVALID_ARG);
    assert_int_equal(be_runtime_push_audio(runtime, NULL, 1), BE_ERR_INVALID_ARG);
    assert_int_equal(be_runtime_pull_frame(runtime, -1, NULL, 0, NULL), BE_ERR_INVALID_ARG);
    assert_int_equal(be_runtime_pull_frame(runtime, -1, pixel, 3, NULL), BE_ERR_AUDIO_FORMAT);
    assert_int_equal(be_runtime_tick(runtime, &sample, 1, NULL, 0, NULL), BE_ERR_AUDIO_FORMAT);
    struct {
        be_audio_chunk_t chunk;
        uint8_t tail[8];
    } future = {{sizeof future, BE_SAMPLE_F32, 16000, 1, &sample, 1}, {0}};
    assert_int_equal(be_runtime_push_chunk(runtime, &future.chunk), BE_OK);
    future.tail[7] = 1;
    assert_int_equal(be_runtime_push_chunk(runtime, &future.chunk), BE_ERR_INVALID_ARG);
    assert_int_equal(be_runtime_ticks_available(NULL), 0);
    be_runtime_reset_stream(NULL);
    be_runtime_destroy(NULL);
    be_fixture_retain(NULL);
    be_fixture_release(NULL);
    be_runtime_destroy(runtime);
}

/* ---------------------------------------------------------------- sharing */

typedef struct job {
    world_t *world;
    run_t run;
} job_t;

static void run_job(void *user)
{
    job_t *job = user;
    be_runtime_t *runtime = open_stream(job->world);
    job->run = run_batch(runtime, job->world->pcm, job->world->n);
    be_runtime_destroy(runtime);
}

static void streams_on_threads_do_not_touch_each_other(void **state)
{
    enum { THREADS = 3 };
    job_t alone = {*state, {0, 0, 0}}, jobs[THREADS];
    bei_thread_t threads[THREADS];
    run_job(&alone);
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (job_t){*state, {0, 0, 0}};
        assert_int_equal(bei_thread_start(&threads[i], run_job, &jobs[i]), BE_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        bei_thread_join(threads[i]);
        assert_true(jobs[i].run.hash == alone.run.hash);
    }
}

static void a_stream_keeps_its_avatar_alive(void **state)
{
    (void)state;
    be_fixture_t *fixture = NULL, *twin = NULL;
    be_runtime_t *runtime = NULL;
    static uint8_t bgr[BYTES];
    assert_int_equal(be_fixture_load(TINY, NULL, &fixture), BE_OK);
    assert_int_equal(be_fixture_load(TINY, NULL, &twin), BE_OK);
    assert_int_equal(be_runtime_create(fixture, NULL, &runtime), BE_OK);
    be_fixture_release(fixture);
    be_fixture_release(twin);
    assert_int_equal(be_runtime_get_source_frame(runtime, -1, NULL, bgr, BYTES, NULL), BE_OK);
    be_runtime_destroy(runtime);
}

/* Files whose containers are sound, but that this engine has a reason to refuse. */
static void load_variant(const char *manifest, const char *encoder, be_status expected,
                         const char *sentence)
{
    static builder_t builder;
    static uint8_t file[B_FILE_CAPACITY];
    builder_init(&builder);
    if (manifest)
        set_manifest(&builder, manifest);
    if (encoder)
        append_bytes(&builder.sections[B_ENCO], encoder, strlen(encoder));
    size_t size = builder_write(&builder, file);
    char path[] = "/tmp/essence-variant-XXXXXX";
    int descriptor = mkstemp(path);
    assert_int_equal(write(descriptor, file, size), size);
    close(descriptor);
    be_fixture_t *fixture = NULL;
    be_status status = be_fixture_load(path, NULL, &fixture);
    remove(path);
    assert_int_equal(status, expected);
    assert_non_null(strstr(be_last_error_message(), sentence));
    assert_null(fixture);
}

static void an_encoder_in_the_file_is_refused_unless_trusted(void **state)
{
    (void)state;
    load_variant(NULL, "any model", BE_ERR_MODEL_LOAD_FAILED, "BITHUMAN_ALLOW_FOREIGN_ENCODER");
}

static void a_child_process_may_not_use_its_parents_handles(void **state)
{
    world_t *world = *state;
    be_runtime_t *runtime = open_stream(world), *fresh = NULL;
    pid_t child = fork();
    if (child == 0) {
        int refused = be_runtime_push_audio(runtime, world->pcm, 640) == BE_ERR_INVALID_ARG &&
                      be_runtime_create(world->fixture, NULL, &fresh) == BE_ERR_INVALID_ARG;
        be_runtime_destroy(runtime);
        be_fixture_release(world->fixture);
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    be_runtime_destroy(runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_avatar_is_described),
        cmocka_unit_test(streaming_gives_the_frames_of_batch),
        cmocka_unit_test(a_reset_stream_is_a_new_stream),
        cmocka_unit_test(a_flush_gives_every_pushed_sample_a_frame),
        cmocka_unit_test(a_flush_between_utterances_adds_no_frame),
        cmocka_unit_test(a_buffer_that_grew_after_its_end_was_heard_is_refused),
        cmocka_unit_test(audio_of_any_rate_is_heard),
        cmocka_unit_test(a_tick_gives_the_encoders_outputs),
        cmocka_unit_test(silence_shows_the_source_frames),
        cmocka_unit_test(a_failed_call_consumes_nothing),
        cmocka_unit_test(a_hint_picks_the_source_frame),
        cmocka_unit_test(batch_and_streaming_do_not_mix),
        cmocka_unit_test(bad_calls_get_a_status_and_a_sentence),
        cmocka_unit_test(an_encoder_in_the_file_is_refused_unless_trusted),
        cmocka_unit_test(a_child_process_may_not_use_its_parents_handles),
        cmocka_unit_test(streams_on_threads_do_not_touch_each_other),
        cmocka_unit_test(a_stream_keeps_its_avatar_alive),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
