#include "session/sound_file.h"

#include "audio/resampler.h"
#include "base/error.h"
#include "base/file.h"
#include "session/fifo.h"

be_status bei_sound_file_read(const char *path, bei_sound_t *out)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    be_status status = bei_file_read(path, BEI_SOUND_MAX_BYTES, &bytes, &size);
    if (status == BE_OK)
        status = bei_sound_decode((bei_span_t){bytes, size}, path, out);
    bei_free(bytes);
    return status == BE_ERR_FILE_CORRUPT ? BE_ERR_AUDIO_FORMAT : status;
}

static be_status into_fifo(void *user, const float *pcm, size_t n)
{
    return bei_fifo_push(user, pcm, n);
}

be_status bei_sound_file_to_pcm(const bei_sound_t *sound, float **pcm, size_t *samples)
{
    bei_resampler_t *resampler = NULL;
    bei_fifo_t fifo = {0};
    BEI_TRY(bei_resampler_create(sound->rate, sound->channels, &resampler));
    be_status status = bei_resampler_push(resampler, BE_SAMPLE_F32, sound->samples, sound->frames,
                                          into_fifo, &fifo);
    if (status == BE_OK)
        status = bei_resampler_drain(resampler, into_fifo, &fifo);
    bei_resampler_destroy(resampler);
    if (status == BE_OK && !fifo.samples)
        status = bei_error_set(BE_ERR_AUDIO_FORMAT, "the sound file holds no samples");
    if (status != BE_OK) {
        bei_fifo_free(&fifo);
        return status;
    }
    *pcm = fifo.samples; /* nothing was taken out, so they begin at the block's start */
    *samples = fifo.count;
    return BE_OK;
}
