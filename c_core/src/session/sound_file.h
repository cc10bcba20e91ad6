/* Sound files as the engine hears them: 16 kHz mono. */
#ifndef BEI_SESSION_SOUND_FILE_H
#define BEI_SESSION_SOUND_FILE_H

#include <stddef.h>

#include "base/memory.h"
#include "essence.h"
#include "media/sound.h"

/* Reads and decodes a file as it is. BE_ERR_FILE_NOT_FOUND, BE_ERR_AUDIO_FORMAT,
 * BE_ERR_OUT_OF_MEMORY. */
be_status bei_sound_file_read(const char *path, bei_sound_t *out);

/* Averages the channels and resamples to 16 kHz; *pcm is freed by bei_free. BE_ERR_AUDIO_FORMAT,
 * BE_ERR_OUT_OF_MEMORY. */
be_status bei_sound_file_to_pcm(const bei_sound_t *sound, float **pcm, size_t *samples);

#endif
