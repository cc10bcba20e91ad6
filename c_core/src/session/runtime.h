/* One stream: audio in by pushes or as a whole buffer, frames out. The only place where the stages
 * meet. Arguments have been checked by api/.
 *
 * runtime.c makes and ends streams, stream.c takes audio in, frames.c and live.c give frames out. */
#ifndef BEI_SESSION_RUNTIME_H
#define BEI_SESSION_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#include "essence.h"

/* options: checked, all defaults filled in but the pixel size; NULL: those of be_runtime_create. */
be_status bei_runtime_create(be_fixture_t *fixture, const be_stream_options_t *options,
                             be_runtime_t **out);

/* Stops the stream, waits for the calls in progress and frees it. NULL is allowed. */
void bei_runtime_destroy(be_runtime_t *runtime);

/* Around every call: BE_ERR_STOPPED while it is being destroyed, BE_ERR_INVALID_ARG in a process other than
 * the one that made it (a fork copies the memory of a stream, but not its threads; destroying is then
 * nothing). */
be_status bei_runtime_enter(be_runtime_t *runtime);
void bei_runtime_leave(be_runtime_t *runtime);

void bei_runtime_stop(be_runtime_t *runtime);

/* Whether frames can be made in this size, and what it comes to in pixels. BE_ERR_INVALID_ARG,
 * BE_ERR_OUT_OF_MEMORY. */
be_status bei_runtime_check_size(be_runtime_t *runtime, const be_compose_size_t *size,
                                 uint32_t *width, uint32_t *height);

/* Where the audio of the next tick comes from: a whole utterance, or (pcm NULL, streaming) the
 * pushes. */
typedef struct bei_feed {
    const float *pcm;
    size_t n;
    int streaming;
} bei_feed_t;

/* Where the frame goes. */
typedef struct bei_target {
    int32_t frame_hint; /* < 0: the runtime's cursor */
    const be_compose_size_t *size;
    uint8_t *bgr;
    size_t capacity;
} bei_target_t;

be_status bei_runtime_tick(be_runtime_t *runtime, bei_feed_t feed, float *embedding,
                           size_t capacity, be_tick_result_t *out);
be_status bei_runtime_compose(be_runtime_t *runtime, bei_feed_t feed, bei_target_t target,
                              be_compose_result_t *out);
be_status bei_runtime_source_frame(be_runtime_t *runtime, bei_target_t target,
                                   be_compose_result_t *out);
be_status bei_runtime_capture(be_runtime_t *runtime, be_diag_tap tap, void *buffer, size_t capacity,
                              size_t *written);

be_status bei_runtime_push(be_runtime_t *runtime, const float *pcm, size_t n);
be_status bei_runtime_push_chunk(be_runtime_t *runtime, const be_audio_chunk_t *chunk);
be_status bei_runtime_flush(be_runtime_t *runtime);
void bei_runtime_interrupt(be_runtime_t *runtime);
void bei_runtime_reset(be_runtime_t *runtime);
size_t bei_runtime_ticks_available(be_runtime_t *runtime);

/* A whole frame; struct_size is left 0. BE_ERR_TIMEOUT when none is due. */
be_status bei_runtime_poll(be_runtime_t *runtime, int64_t now, const be_buffer_t *into,
                           be_frame_t *out);
be_status bei_runtime_pull(be_runtime_t *runtime, int64_t timeout_us, const be_buffer_t *into,
                           be_frame_t *out);
int64_t bei_runtime_next_due(const be_runtime_t *runtime);

be_status bei_runtime_play(be_runtime_t *runtime, const char *action, int at_once);
void bei_runtime_set_muted(be_runtime_t *runtime, int muted);
void bei_runtime_set_starvation(be_runtime_t *runtime, uint32_t milliseconds);
uint64_t bei_runtime_utterance(be_runtime_t *runtime);
void bei_runtime_get_stats(be_runtime_t *runtime, be_stats_t *out); /* struct_size is left 0 */

#endif
