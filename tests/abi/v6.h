/* ABI version 6 as a program of that time knew it: written from the published facts alone, without a
 * look at essence.h, and never changed after. v6_client.c is compiled with this and nothing else. */
#ifndef TESTS_ABI_V6_H
#define TESTS_ABI_V6_H

#include <stddef.h>
#include <stdint.h>

typedef struct be_fixture be_fixture_t;
typedef struct be_runtime be_runtime_t;
typedef struct be_video_encoder be_video_encoder_t;

typedef enum {
    BE_OK = 0,
    BE_ERR_INVALID_ARG = 1,
    BE_ERR_FILE_NOT_FOUND = 2,
    BE_ERR_FILE_CORRUPT = 3,
    BE_ERR_MODEL_LOAD_FAILED = 4,
    BE_ERR_OUT_OF_MEMORY = 5,
    BE_ERR_AUDIO_FORMAT = 6,
    BE_ERR_BUFFER_TOO_SMALL = 7,
    BE_ERR_INFERENCE_FAILED = 8,
    BE_ERR_INTERNAL = 9,
    BE_ERR_NOT_IMPLEMENTED = 10,
    BE_ERR_NO_AUTH = 11,
    BE_ERR_AUTH_FATAL = 12
} be_status;

typedef enum {
    BE_EP_CPU = 0,
    BE_EP_AUTO = 1,
    BE_EP_COREML = 2,
    BE_EP_NNAPI = 3,
    BE_EP_QNN = 4
} be_ep;

typedef enum {
    BE_AUTH_UNCONFIGURED = 0,
    BE_AUTH_AUTHENTICATING = 1,
    BE_AUTH_OK = 2,
    BE_AUTH_OFFLINE = 3,
    BE_AUTH_FATAL_BALANCE = 4,
    BE_AUTH_FATAL_SUSPENDED = 5,
    BE_AUTH_FATAL_UNAUTHORIZED = 6
} be_auth_state;

typedef enum { QUALITY_LOW = 0, QUALITY_MEDIUM = 1, QUALITY_HIGH = 2 } be_encoder_quality;
typedef enum {
    TAP_MEL_COEFFS = 1,
    TAP_STFT_MAG = 2,
    TAP_ENCODER_LOGITS = 3,
    TAP_CLUSTER_DISTANCES = 4
} be_diag_tap;
typedef enum { LOG_OFF = 0, LOG_ERROR = 1, LOG_WARN = 2, LOG_INFO = 3, LOG_DEBUG = 4 } be_log_level;

typedef struct {
    uint32_t abi_version;
    be_ep preferred_ep;
    uint32_t intra_op_threads;
    uint32_t reserved[7];
} be_fixture_options_t;

typedef struct {
    uint32_t audio_sample_rate, audio_samples_per_tick, mel_bins, mel_frames_per_chunk;
    uint32_t embedding_dim, cluster_count;
    be_ep active_ep;
    uint32_t frame_width, frame_height, source_frame_count, reserved[5];
} be_fixture_info_t;

typedef struct {
    uint32_t abi_version, reserved[8];
} be_runtime_options_t;

typedef struct {
    uint32_t cluster_idx, embedding_floats_written, reserved[4];
} be_tick_result_t;

typedef struct {
    uint32_t cluster_idx, frame_idx_used, bytes_written, reserved[4];
} be_compose_result_t;

typedef struct {
    uint32_t target_width, target_height;
    uint8_t fill_b, fill_g, fill_r, _pad;
} be_compose_size_t;

typedef struct {
    uint32_t abi_version;
    const char *api_secret, *billing_type, *tags, *fingerprint, *endpoint_url;
    int32_t interval_seconds, offline_grace_seconds;
} be_auth_config_t;

typedef int (*be_frame_callback)(uint32_t frame_idx, uint32_t cluster_idx, uint32_t frame_idx_used,
                                 const uint8_t *bgr, uint32_t w, uint32_t h, void *user);
typedef void (*be_log_fn)(be_log_level level, const char *message, void *user);

const char *be_library_version(void);
uint32_t be_abi_version(void);
const char *be_last_error_message(void);
void be_set_log_callback(be_log_fn fn, void *ctx, be_log_level level);

be_status be_fixture_load(const char *imx_path, const be_fixture_options_t *options,
                          be_fixture_t **out);
be_status be_fixture_get_info(const be_fixture_t *fixture, be_fixture_info_t *info);
void be_fixture_retain(be_fixture_t *fixture);
void be_fixture_release(be_fixture_t *fixture);

be_status be_runtime_create(be_fixture_t *fixture, const be_runtime_options_t *options,
                            be_runtime_t **out);
void be_runtime_destroy(be_runtime_t *rt);
be_status be_runtime_tick(be_runtime_t *rt, const float *pcm, size_t n, float *embedding_out,
                          size_t capacity_floats, be_tick_result_t *result);
be_status be_runtime_tick_compose(be_runtime_t *rt, const float *pcm, size_t n,
                                  int32_t frame_idx_hint, uint8_t *bgr, size_t capacity,
                                  be_compose_result_t *result);
be_status be_runtime_tick_compose_to_size(be_runtime_t *rt, const float *pcm, size_t n,
                                          int32_t frame_idx_hint, const be_compose_size_t *size,
                                          uint8_t *bgr, size_t capacity,
                                          be_compose_result_t *result);
be_status be_runtime_push_audio(be_runtime_t *rt, const float *pcm, size_t n);
be_status be_runtime_pull_frame(be_runtime_t *rt, int32_t frame_idx_hint, uint8_t *bgr,
                                size_t capacity, be_compose_result_t *result);
size_t be_runtime_ticks_available(const be_runtime_t *rt);
void be_runtime_reset_stream(be_runtime_t *rt);
be_status be_runtime_capture(be_runtime_t *rt, be_diag_tap tap, void *buf, size_t capacity_bytes,
                             size_t *bytes_written);

be_status be_auth_init(const be_auth_config_t *config);
be_status be_auth_authenticate(void);
be_status be_auth_start_heartbeat(void);
void be_auth_stop_heartbeat(void);
be_auth_state be_auth_get_state(void);
const char *be_auth_last_error(void);
void be_auth_shutdown(void);

be_status be_audio_decode_file(const char *path, float **pcm, size_t *samples);
be_status be_audio_decode_bytes(const uint8_t *data, size_t n, float **pcm, size_t *samples);
void be_audio_free(float *pcm);

be_status be_session_render_pcm(be_runtime_t *rt, const float *pcm, size_t n,
                                const be_compose_size_t *size, be_frame_callback fn, void *user);
be_status be_session_record_mp4(be_runtime_t *rt, const char *audio_src,
                                const be_compose_size_t *size, const char *out_mp4,
                                be_encoder_quality quality);
be_status be_video_encoder_open(const char *path, uint32_t w, uint32_t h, uint32_t fps,
                                be_encoder_quality quality, be_video_encoder_t **out);
be_status be_video_encoder_write_frame(be_video_encoder_t *enc, const uint8_t *bgr, size_t n);
be_status be_video_encoder_attach_audio(be_video_encoder_t *enc, const char *audio_src);
be_status be_video_encoder_close(be_video_encoder_t *enc);

#endif
