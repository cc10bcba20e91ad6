/* Streaming conversion of interleaved PCM of any rate and channel count to mono float32 at 16 kHz.
 * The filter is speexdsp's; its latency is removed at the start and drained at the end, so n input
 * frames at rate r give round(n * 16000 / r) samples, and sound keeps its place in time. */
#ifndef BEI_AUDIO_RESAMPLER_H
#define BEI_AUDIO_RESAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "essence.h"

typedef struct bei_resampler bei_resampler_t;

/* Receives converted samples. A failure stops the push and is passed on. */
typedef be_status bei_resampler_sink(void *user, const float *pcm, size_t n);

/* rate 4000 .. 384000 Hz and channels 1 .. 32, else BE_ERR_AUDIO_FORMAT. */
be_status bei_resampler_create(uint32_t rate, uint32_t channels, bei_resampler_t **out);
void bei_resampler_destroy(bei_resampler_t *resampler);

/* Converts and delivers in blocks; non-finite samples become 0, others are clamped to [-1, 1]
 * after conversion. */
be_status bei_resampler_push(bei_resampler_t *resampler, be_sample_format format, const void *data,
                             size_t frames, bei_resampler_sink *sink, void *user);

/* Delivers what the filter still holds and starts anew. */
be_status bei_resampler_drain(bei_resampler_t *resampler, bei_resampler_sink *sink, void *user);

uint32_t bei_resampler_rate(const bei_resampler_t *resampler);
uint32_t bei_resampler_channels(const bei_resampler_t *resampler);

#endif
