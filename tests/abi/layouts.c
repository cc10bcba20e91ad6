/* The layouts, values and signatures of every released version, frozen: this file has only to compile.
 * A released version's lines are never edited; a new one appends its own (docs/abi.md). */
#define BE_STATIC /* on Windows a plain second declaration would contradict dllimport */
#include "essence.h"

#include <stddef.h>

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has another size")
#define FIELD(type, field, offset, bytes)                                                          \
    _Static_assert(offsetof(type, field) == (offset) && sizeof(((type *)0)->field) == (bytes),     \
                   #type "." #field " has moved or has another size")
#define VALUE(name, value) _Static_assert((int)(name) == (value), #name " has another value")

enum { P = sizeof(void *) };

/* ---------------------------------------------------------------- ABI 1 to 6 */

VALUE(BE_ABI_VERSION, 6);

SIZE(be_status, 4);
VALUE(BE_OK, 0);
VALUE(BE_ERR_INVALID_ARG, 1);
VALUE(BE_ERR_FILE_NOT_FOUND, 2);
VALUE(BE_ERR_FILE_CORRUPT, 3);
VALUE(BE_ERR_MODEL_LOAD_FAILED, 4);
VALUE(BE_ERR_OUT_OF_MEMORY, 5);
VALUE(BE_ERR_AUDIO_FORMAT, 6);
VALUE(BE_ERR_BUFFER_TOO_SMALL, 7);
VALUE(BE_ERR_INFERENCE_FAILED, 8);
VALUE(BE_ERR_INTERNAL, 9);
VALUE(BE_ERR_NOT_IMPLEMENTED, 10);
VALUE(BE_ERR_NO_AUTH, 11);
VALUE(BE_ERR_AUTH_FATAL, 12);

SIZE(be_ep, 4);
VALUE(BE_EP_CPU, 0);
VALUE(BE_EP_AUTO, 1);
VALUE(BE_EP_COREML, 2);
VALUE(BE_EP_NNAPI, 3);
VALUE(BE_EP_QNN, 4);

SIZE(be_log_level, 4);
VALUE(BE_LOG_OFF, 0);
VALUE(BE_LOG_ERROR, 1);
VALUE(BE_LOG_WARN, 2);
VALUE(BE_LOG_INFO, 3);
VALUE(BE_LOG_DEBUG, 4);

SIZE(be_diag_tap, 4);
VALUE(BE_DIAG_MEL_COEFFS, 1);
VALUE(BE_DIAG_STFT_MAG, 2);
VALUE(BE_DIAG_ENCODER_LOGITS, 3);
VALUE(BE_DIAG_CLUSTER_DISTANCES, 4);
VALUE(BE_DIAG_SHOWN_MOUTHS, 5);

SIZE(be_encoder_quality, 4);
VALUE(BE_ENCODER_LOW, 0);
VALUE(BE_ENCODER_MEDIUM, 1);
VALUE(BE_ENCODER_HIGH, 2);

SIZE(be_auth_state, 4);
VALUE(BE_AUTH_UNCONFIGURED, 0);
VALUE(BE_AUTH_AUTHENTICATING, 1);
VALUE(BE_AUTH_OK, 2);
VALUE(BE_AUTH_OFFLINE, 3);
VALUE(BE_AUTH_FATAL_BALANCE, 4);
VALUE(BE_AUTH_FATAL_SUSPENDED, 5);
VALUE(BE_AUTH_FATAL_UNAUTHORIZED, 6);

SIZE(be_fixture_options_t, 40);
FIELD(be_fixture_options_t, abi_version, 0, 4);
FIELD(be_fixture_options_t, preferred_ep, 4, 4);
FIELD(be_fixture_options_t, intra_op_threads, 8, 4);
FIELD(be_fixture_options_t, reserved, 12, 28);

SIZE(be_fixture_info_t, 60);
FIELD(be_fixture_info_t, audio_sample_rate, 0, 4);
FIELD(be_fixture_info_t, audio_samples_per_tick, 4, 4);
FIELD(be_fixture_info_t, mel_bins, 8, 4);
FIELD(be_fixture_info_t, mel_frames_per_chunk, 12, 4);
FIELD(be_fixture_info_t, embedding_dim, 16, 4);
FIELD(be_fixture_info_t, cluster_count, 20, 4);
FIELD(be_fixture_info_t, active_ep, 24, 4);
FIELD(be_fixture_info_t, frame_width, 28, 4);
FIELD(be_fixture_info_t, frame_height, 32, 4);
FIELD(be_fixture_info_t, source_frame_count, 36, 4);
FIELD(be_fixture_info_t, reserved, 40, 20);

SIZE(be_runtime_options_t, 36);
FIELD(be_runtime_options_t, abi_version, 0, 4);
FIELD(be_runtime_options_t, reserved, 4, 32);

SIZE(be_tick_result_t, 24);
FIELD(be_tick_result_t, cluster_idx, 0, 4);
FIELD(be_tick_result_t, embedding_floats_written, 4, 4);
FIELD(be_tick_result_t, reserved, 8, 16);

SIZE(be_compose_result_t, 28);
FIELD(be_compose_result_t, cluster_idx, 0, 4);
FIELD(be_compose_result_t, frame_idx_used, 4, 4);
FIELD(be_compose_result_t, bytes_written, 8, 4);
FIELD(be_compose_result_t, reserved, 12, 16);

SIZE(be_compose_size_t, 12);
FIELD(be_compose_size_t, target_width, 0, 4);
FIELD(be_compose_size_t, target_height, 4, 4);
FIELD(be_compose_size_t, fill_b, 8, 1);
FIELD(be_compose_size_t, fill_g, 9, 1);
FIELD(be_compose_size_t, fill_r, 10, 1);
FIELD(be_compose_size_t, _pad, 11, 1);

SIZE(be_auth_config_t, 6 * P + 8);
FIELD(be_auth_config_t, abi_version, 0, 4);
FIELD(be_auth_config_t, api_secret, 1 * P, P);
FIELD(be_auth_config_t, billing_type, 2 * P, P);
FIELD(be_auth_config_t, tags, 3 * P, P);
FIELD(be_auth_config_t, fingerprint, 4 * P, P);
FIELD(be_auth_config_t, endpoint_url, 5 * P, P);
FIELD(be_auth_config_t, interval_seconds, 6 * P, 4);
FIELD(be_auth_config_t, offline_grace_seconds, 6 * P + 4, 4);

/* Declared a second time: a compiler accepts that only where both say the same.
 * NOLINTBEGIN(readability-redundant-declaration) */
be_frame_callback v6_frame_callback;
int v6_frame_callback(uint32_t, uint32_t, uint32_t, const uint8_t *, uint32_t, uint32_t, void *);
be_log_fn v6_log_fn;
void v6_log_fn(be_log_level, const char *, void *);

const char *be_library_version(void);
uint32_t be_abi_version(void);
const char *be_last_error_message(void);
be_status be_fixture_load(const char *, const be_fixture_options_t *, be_fixture_t **);
be_status be_fixture_get_info(const be_fixture_t *, be_fixture_info_t *);
void be_fixture_retain(be_fixture_t *);
void be_fixture_release(be_fixture_t *);
be_status be_runtime_create(be_fixture_t *, const be_runtime_options_t *, be_runtime_t **);
void be_runtime_destroy(be_runtime_t *);
be_status be_runtime_tick(be_runtime_t *, const float *, size_t, float *, size_t,
                          be_tick_result_t *);
be_status be_runtime_tick_compose(be_runtime_t *, const float *, size_t, int32_t, uint8_t *, size_t,
                                  be_compose_result_t *);
be_status be_runtime_capture(be_runtime_t *, be_diag_tap, void *, size_t, size_t *);
void be_set_log_callback(be_log_fn *, void *, be_log_level);
be_status be_auth_init(const be_auth_config_t *);
be_status be_auth_authenticate(void);
be_status be_auth_start_heartbeat(void);
void be_auth_stop_heartbeat(void);
be_auth_state be_auth_get_state(void);
const char *be_auth_last_error(void);
void be_auth_shutdown(void);
be_status be_runtime_tick_compose_to_size(be_runtime_t *, const float *, size_t, int32_t,
                                          const be_compose_size_t *, uint8_t *, size_t,
                                          be_compose_result_t *);
be_status be_audio_decode_file(const char *, float **, size_t *);
be_status be_audio_decode_bytes(const uint8_t *, size_t, float **, size_t *);
void be_audio_free(float *);
be_status be_session_render_pcm(be_runtime_t *, const float *, size_t, const be_compose_size_t *,
                                be_frame_callback *, void *);
be_status be_session_record_mp4(be_runtime_t *, const char *, const be_compose_size_t *,
                                const char *, be_encoder_quality);
be_status be_video_encoder_open(const char *, uint32_t, uint32_t, uint32_t, be_encoder_quality,
                                be_video_encoder_t **);
be_status be_video_encoder_write_frame(be_video_encoder_t *, const uint8_t *, size_t);
be_status be_video_encoder_attach_audio(be_video_encoder_t *, const char *);
be_status be_video_encoder_close(be_video_encoder_t *);
be_status be_runtime_push_audio(be_runtime_t *, const float *, size_t);
be_status be_runtime_pull_frame(be_runtime_t *, int32_t, uint8_t *, size_t, be_compose_result_t *);
size_t be_runtime_ticks_available(const be_runtime_t *);
void be_runtime_reset_stream(be_runtime_t *);

/* NOLINTEND(readability-redundant-declaration) */

/* ---------------------------------------------------------------- revision 1: not released yet */
