/* Streaming conversion of interleaved PCM of any rate and channel count to mono float32 at 16 kHz.
 * The filter is speexdsp's; its latency is removed at the start and drained at the end, so n input
 * frames at rate r give floor(n * 16000 / r + 1/2) samples, and sound keeps its place in time. How
 * the input is cut into pushes never changes a bit of the output. 16 kHz is only averaged to mono,
 * so mono within [-1, 1] passes bit for bit. */
#ifndef BEI_AUDIO_RESAMPLER_H
#define BEI_AUDIO_RESAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "essence.h"

/* Thread-safety: one thread at a time. */
typedef struct bei_resampler bei_resampler_t;

/* Receives n >= 1 converted samples, each in [-1, 1], borrowed for the call. A failure stops the
 * push and is passed on. */
typedef be_status bei_resampler_sink(void *user, const float *pcm, size_t n);

/* rate 4000 .. 384000 Hz and channels 1 .. 32, else BE_ERR_AUDIO_FORMAT. BE_ERR_OUT_OF_MEMORY. */
be_status bei_resampler_create(uint32_t rate, uint32_t channels, bei_resampler_t **out);
void bei_resampler_destroy(bei_resampler_t *resampler);

/* Converts and delivers in blocks. data: frames * channels samples, of any alignment. Samples that
 * are not finite count as 0; the average over the channels and the result are clamped to [-1, 1].
 * BE_ERR_INVALID_ARG (format, data), and what the sink returns. Allocates nothing. */
be_status bei_resampler_push(bei_resampler_t *resampler, be_sample_format format, const void *data,
                             size_t frames, bei_resampler_sink *sink, void *user);

/* Forgets what was pushed, and starts anew. */
void bei_resampler_restart(bei_resampler_t *resampler);

/* Delivers what the filter still holds and starts anew, after a failure of the sink too. */
be_status bei_resampler_drain(bei_resampler_t *resampler, bei_resampler_sink *sink, void *user);

/* What it was created for. */
uint32_t bei_resampler_rate(const bei_resampler_t *resampler);

/* Channels of what is pushed next; they are averaged before the filter, so they may change at any time.
 * 1 .. 32, else BE_ERR_AUDIO_FORMAT. */
be_status bei_resampler_set_channels(bei_resampler_t *resampler, uint32_t channels);

/* The most samples that pushing `frames` and then draining can deliver. */
uint64_t bei_resampler_bound(const bei_resampler_t *resampler, size_t frames);

#endif
