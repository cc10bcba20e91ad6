/* A program of ABI version 6: compiled with v6.h alone, linked to the libessence of today, it calls
 * every function that version 6 had and checks what version 6 promised.
 *
 * usage: v6_client AVATAR.imx SPEECH.wav FOLDER mp4|no-mp4      (FOLDER takes the MP4 files) */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "v6.h"

#define CHECK(condition) check((condition) != 0, #condition, __LINE__)

static void check(int holds, const char *condition, int line)
{
    if (holds)
        return;
    fprintf(stderr, "v6_client.c:%d: not true: %s (%s)\n", line, condition,
            be_last_error_message());
    exit(1);
}

enum { TICK = 640, FRAMES = 30, EXTRA = 16 };

typedef struct {
    be_fixture_t *fixture;
    be_fixture_info_t info;
    float *pcm; /* FRAMES ticks of speech, then silence enough for any lookahead */
    size_t frame_bytes;
    uint8_t *frames; /* what the batch calls gave for it, FRAMES pictures */
} world_t;

static unsigned log_messages;

static void count_message(be_log_level level, const char *message, void *user)
{
    CHECK(level >= LOG_ERROR && level <= LOG_DEBUG);
    CHECK(message != NULL && user == &log_messages);
    log_messages++;
}

static be_runtime_t *new_runtime(const world_t *world)
{
    be_runtime_options_t options = {.abi_version = 6};
    be_runtime_t *rt = NULL;
    CHECK(be_runtime_create(world->fixture, &options, &rt) == BE_OK && rt != NULL);
    return rt;
}

static void load(world_t *world, const char *avatar)
{
    CHECK(be_abi_version() == 6);
    CHECK(strlen(be_library_version()) > 0);
    be_fixture_t *none = NULL;
    CHECK(be_fixture_load("/nowhere/avatar.imx", NULL, &none) == BE_ERR_FILE_NOT_FOUND);
    CHECK(none == NULL && strlen(be_last_error_message()) > 0);
    CHECK(be_fixture_load(NULL, NULL, &none) == BE_ERR_INVALID_ARG);

    be_set_log_callback(count_message, &log_messages, LOG_DEBUG);
    be_fixture_options_t options = {.abi_version = 6, .preferred_ep = BE_EP_CPU};
    CHECK(be_fixture_load(avatar, &options, &world->fixture) == BE_OK);
    be_fixture_info_t *info = &world->info;
    CHECK(be_fixture_get_info(world->fixture, info) == BE_OK);
    CHECK(info->audio_sample_rate == 16000 && info->audio_samples_per_tick == TICK);
    CHECK(info->mel_bins > 0 && info->mel_frames_per_chunk > 0 && info->embedding_dim > 0);
    CHECK(info->cluster_count > 0 && info->source_frame_count > 0);
    CHECK(info->active_ep == BE_EP_CPU);
    CHECK(info->frame_width > 0 && info->frame_height > 0);
    world->frame_bytes = (size_t)info->frame_width * info->frame_height * 3;
    be_fixture_retain(world->fixture);
    be_fixture_release(world->fixture);
}

static void decode(world_t *world, const char *speech)
{
    float *from_file = NULL, *from_bytes = NULL;
    size_t n = 0, m = 0;
    CHECK(be_audio_decode_file(speech, &from_file, &n) == BE_OK);
    CHECK(n >= (size_t)FRAMES * TICK);
    FILE *file = fopen(speech, "rb");
    CHECK(file != NULL && fseek(file, 0, SEEK_END) == 0);
    size_t length = (size_t)ftell(file);
    uint8_t *bytes = malloc(length);
    rewind(file);
    CHECK(bytes != NULL && fread(bytes, 1, length, file) == length);
    fclose(file);
    CHECK(be_audio_decode_bytes(bytes, length, &from_bytes, &m) == BE_OK);
    CHECK(m == n && memcmp(from_file, from_bytes, n * sizeof *from_file) == 0);
    for (size_t i = 0; i < n; i++)
        CHECK(fabsf(from_file[i]) <= 1.0f);

    world->pcm = calloc((FRAMES + EXTRA) * TICK, sizeof *world->pcm);
    CHECK(world->pcm != NULL);
    memcpy(world->pcm, from_file, FRAMES * TICK * sizeof *world->pcm);
    be_audio_free(from_file);
    be_audio_free(from_bytes);
    be_audio_free(NULL);
    free(bytes);
}

static void batch(world_t *world)
{
    be_runtime_t *rt = new_runtime(world);
    world->frames = malloc(FRAMES * world->frame_bytes);
    CHECK(world->frames != NULL);
    be_compose_result_t result;
    size_t n = FRAMES * TICK + 123; /* what does not fill a tick gives no frame */
    CHECK(be_runtime_tick_compose(rt, world->pcm, n, -1, world->frames, world->frame_bytes - 1,
                                  &result) == BE_ERR_BUFFER_TOO_SMALL);
    for (uint32_t i = 0; i < FRAMES; i++) {
        uint8_t *frame = world->frames + i * world->frame_bytes;
        CHECK(be_runtime_tick_compose(rt, world->pcm, n, -1, frame, world->frame_bytes, &result) ==
              BE_OK);
        CHECK(result.bytes_written == world->frame_bytes);
        CHECK(result.cluster_idx < world->info.cluster_count);
        CHECK(result.frame_idx_used < world->info.source_frame_count);
    }
    CHECK(be_runtime_tick_compose(rt, world->pcm, n, -1, world->frames, world->frame_bytes,
                                  &result) == BE_ERR_AUDIO_FORMAT);
    be_runtime_destroy(rt);
}

static void stream(world_t *world)
{
    be_runtime_t *rt = new_runtime(world);
    uint8_t *frame = malloc(world->frame_bytes);
    CHECK(frame != NULL);
    be_compose_result_t result;
    for (int again = 0; again < 2; again++) { /* the second time after a reset */
        uint32_t got = 0;
        for (size_t at = 0; at < (FRAMES + EXTRA) * TICK; at += 333) {
            size_t left = (FRAMES + EXTRA) * TICK - at;
            CHECK(be_runtime_push_audio(rt, world->pcm + at, left < 333 ? left : 333) == BE_OK);
            while (be_runtime_ticks_available(rt) > 0 && got < FRAMES) {
                CHECK(be_runtime_pull_frame(rt, -1, frame, world->frame_bytes, &result) == BE_OK);
                CHECK(memcmp(frame, world->frames + got * world->frame_bytes, world->frame_bytes) ==
                      0);
                got++;
            }
        }
        CHECK(got == FRAMES);
        be_runtime_reset_stream(rt);
        CHECK(be_runtime_ticks_available(rt) == 0);
        CHECK(be_runtime_pull_frame(rt, -1, frame, world->frame_bytes, &result) ==
              BE_ERR_AUDIO_FORMAT);
    }
    free(frame);
    be_runtime_destroy(rt);
}

static void sizes_and_hints(world_t *world)
{
    be_runtime_t *rt = new_runtime(world);
    uint8_t *frame = malloc(2 * world->frame_bytes);
    CHECK(frame != NULL);
    be_compose_result_t result;
    be_compose_size_t native = {0}, tall = {.target_width = world->info.frame_width / 2};
    tall.target_height = world->info.frame_height;
    tall.fill_b = 10, tall.fill_g = 200, tall.fill_r = 30;
    int32_t hint = (int32_t)world->info.source_frame_count - 1;
    CHECK(be_runtime_tick_compose_to_size(rt, world->pcm, FRAMES * TICK, hint, &tall, frame,
                                          world->frame_bytes, &result) == BE_OK);
    CHECK(result.bytes_written == tall.target_width * tall.target_height * 3);
    CHECK(result.frame_idx_used == (uint32_t)hint);
    CHECK(frame[0] == 10 && frame[1] == 200 && frame[2] == 30); /* the letterbox above */
    CHECK(be_runtime_tick_compose_to_size(rt, world->pcm, FRAMES * TICK, -1, &native, frame,
                                          2 * world->frame_bytes, &result) == BE_OK);
    CHECK(result.bytes_written == world->frame_bytes);
    CHECK(be_runtime_tick_compose_to_size(rt, world->pcm, FRAMES * TICK, -1, NULL, frame,
                                          2 * world->frame_bytes, &result) == BE_OK);
    CHECK(result.bytes_written == world->frame_bytes);
    free(frame);
    be_runtime_destroy(rt);
}

static void ticks_and_taps(world_t *world)
{
    be_runtime_t *rt = new_runtime(world);
    size_t floats = world->info.embedding_dim;
    float *embedding = malloc(floats * sizeof *embedding);
    CHECK(embedding != NULL);
    be_tick_result_t result;
    size_t n = FRAMES * TICK;
    for (int i = 0; i < 5; i++) {
        CHECK(be_runtime_tick(rt, world->pcm, n, embedding, floats, &result) == BE_OK);
        CHECK(result.embedding_floats_written == floats);
        CHECK(result.cluster_idx < world->info.cluster_count);
    }
    CHECK(be_runtime_tick(rt, world->pcm, n, NULL, 0, &result) == BE_OK);
    free(embedding);

    const be_diag_tap taps[] = {TAP_MEL_COEFFS, TAP_STFT_MAG, TAP_ENCODER_LOGITS,
                                TAP_CLUSTER_DISTANCES};
    static float values[65536];
    for (size_t i = 0; i < sizeof taps / sizeof *taps; i++) {
        size_t written = 0;
        CHECK(be_runtime_capture(rt, taps[i], values, sizeof values, &written) == BE_OK);
        CHECK(written > 0 && written % sizeof(float) == 0 && isfinite(values[0]));
        CHECK(be_runtime_capture(rt, taps[i], values, 1, &written) == BE_ERR_BUFFER_TOO_SMALL);
    }
    be_runtime_destroy(rt);
    be_runtime_destroy(NULL);
}

typedef struct {
    const world_t *world;
    uint32_t frames, stop_after;
} render_t;

static int take(uint32_t frame_idx, uint32_t cluster_idx, uint32_t frame_idx_used,
                const uint8_t *bgr, uint32_t w, uint32_t h, void *user)
{
    render_t *render = user;
    const world_t *world = render->world;
    CHECK(frame_idx == render->frames++);
    CHECK(cluster_idx < world->info.cluster_count);
    CHECK(frame_idx_used < world->info.source_frame_count);
    CHECK(w == world->info.frame_width && h == world->info.frame_height);
    if (frame_idx < FRAMES - EXTRA) /* the tail is heard with other samples after it */
        CHECK(memcmp(bgr, world->frames + frame_idx * world->frame_bytes, world->frame_bytes) == 0);
    return render->frames == render->stop_after;
}

static void render(world_t *world)
{
    be_runtime_t *rt = new_runtime(world);
    render_t whole = {.world = world};
    size_t n = (FRAMES - 1) * TICK + 1; /* the last tick holds one sample */
    CHECK(be_session_render_pcm(rt, world->pcm, n, NULL, take, &whole) == BE_OK);
    CHECK(whole.frames == FRAMES);
    be_runtime_destroy(rt);
    rt = new_runtime(world);
    render_t part = {.world = world, .stop_after = 7};
    be_session_render_pcm(rt, world->pcm, n, NULL, take, &part);
    CHECK(part.frames == 7);
    be_runtime_destroy(rt);
}

static long size_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL && fseek(file, 0, SEEK_END) == 0);
    long size = ftell(file);
    fclose(file);
    return size;
}

static void encode(world_t *world, const char *speech, const char *folder, int mp4)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/v6_encoder.mp4", folder);
    be_video_encoder_t *encoder = NULL;
    be_status status = be_video_encoder_open(path, world->info.frame_width,
                                             world->info.frame_height, 25, QUALITY_LOW, &encoder);
    CHECK(status == (mp4 ? BE_OK : BE_ERR_NOT_IMPLEMENTED));
    if (mp4) {
        for (size_t i = 0; i < FRAMES; i++)
            CHECK(be_video_encoder_write_frame(encoder, world->frames + i * world->frame_bytes,
                                               world->frame_bytes) == BE_OK);
        CHECK(be_video_encoder_write_frame(encoder, world->frames, world->frame_bytes - 1) ==
              BE_ERR_BUFFER_TOO_SMALL);
        CHECK(be_video_encoder_attach_audio(encoder, speech) == BE_OK);
        CHECK(be_video_encoder_close(encoder) == BE_OK && size_of(path) > 1000);
    }
    snprintf(path, sizeof path, "%s/v6_record.mp4", folder);
    be_runtime_t *rt = new_runtime(world);
    status = be_session_record_mp4(rt, speech, NULL, path, QUALITY_LOW);
    CHECK(status == (mp4 ? BE_OK : BE_ERR_NOT_IMPLEMENTED));
    CHECK(!mp4 || size_of(path) > 1000);
    be_runtime_destroy(rt);
}

static void auth(void)
{
    be_auth_stop_heartbeat();
    CHECK(be_auth_get_state() == BE_AUTH_UNCONFIGURED);
    CHECK(be_auth_last_error() != NULL);
    be_auth_config_t config = {.abi_version = 6,
                               .api_secret = "not-a-secret",
                               .billing_type = "test",
                               .fingerprint = "0123456789abcdef0123456789abcdef",
                               .endpoint_url = "http://127.0.0.1:9/"}; /* nobody listens */
    CHECK(be_auth_init(&config) == BE_OK);
    be_status status = be_auth_authenticate();
    CHECK(status == BE_ERR_NO_AUTH || status == BE_ERR_NOT_IMPLEMENTED);
    CHECK(be_auth_get_state() <= BE_AUTH_OFFLINE && be_auth_last_error() != NULL);
    be_auth_start_heartbeat();
    be_auth_stop_heartbeat();
    be_auth_shutdown();
    CHECK(be_auth_get_state() == BE_AUTH_UNCONFIGURED);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: v6_client AVATAR.imx SPEECH.wav FOLDER mp4|no-mp4\n");
        return 64;
    }
    world_t world = {0};
    load(&world, argv[1]);
    decode(&world, argv[2]);
    batch(&world);
    stream(&world);
    sizes_and_hints(&world);
    ticks_and_taps(&world);
    render(&world);
    encode(&world, argv[2], argv[3], strcmp(argv[4], "mp4") == 0);
    auth();
    be_fixture_release(world.fixture);
    be_set_log_callback(NULL, NULL, LOG_OFF);
    free(world.frames);
    free(world.pcm);
    printf("v6 client: %u log messages, all checks hold\n", log_messages);
    return 0;
}
