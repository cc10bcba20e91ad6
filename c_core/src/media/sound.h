/* Decoded sound as its file held it, and the readers that make it. */
#ifndef BEI_MEDIA_SOUND_H
#define BEI_MEDIA_SOUND_H

#include <stdint.h>

#include "base/memory.h"
#include "essence.h"

enum { BEI_SOUND_MAX_BYTES = 1 << 30 }; /* of decoded samples: 1.5 hours of 48 kHz stereo */

/* Interleaved float samples, full scale 1.0. */
typedef struct bei_sound {
    float *samples; /* owned */
    size_t frames;  /* samples per channel */
    uint32_t rate;  /* Hz */
    uint32_t channels;
} bei_sound_t;

void bei_sound_free(bei_sound_t *sound);

/* Makes a sound fit for an encoder, in place: more than two channels are averaged to one, what is not finite
 * becomes 0, the rest is clamped to [-1, 1] (FFmpeg's AAC never ends on samples of 1e8). */
void bei_sound_tame(bei_sound_t *sound);

/* Decodes the bytes of a sound file: WAV by our own reader, everything else by libsndfile (FLAC, OGG, MP3,
 * AIFF, ...), which is opened when first needed. BE_ERR_AUDIO_FORMAT with a sentence that says what
 * is wrong, or what to install; BE_ERR_OUT_OF_MEMORY. `label` stands for the file in messages. */
be_status bei_sound_decode(bei_span_t bytes, const char *label, bei_sound_t *out);

/* The two readers behind it. bei_wav_decode answers BE_ERR_NOT_IMPLEMENTED for what is not WAV, or a
 * compressed WAV; bei_sndfile_decode does so when libsndfile is not found. */
be_status bei_wav_decode(bei_span_t bytes, const char *label, bei_sound_t *out);
be_status bei_sndfile_decode(bei_span_t bytes, const char *label, bei_sound_t *out);

#endif
