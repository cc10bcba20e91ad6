#include "media/sound.h"

#include "base/error.h"

void bei_sound_free(bei_sound_t *sound)
{
    bei_free(sound->samples);
    *sound = (bei_sound_t){0};
}

void bei_sound_fold(bei_sound_t *sound)
{
    if (sound->channels <= 2)
        return;
    const float *from = sound->samples;
    for (size_t i = 0; i < sound->frames; i++) {
        double sum = 0;
        for (uint32_t c = 0; c < sound->channels; c++)
            sum += (double)*from++;
        sound->samples[i] = (float)(sum / sound->channels);
    }
    sound->channels = 1;
}

be_status bei_sound_decode(bei_span_t bytes, const char *label, bei_sound_t *out)
{
    be_status status = bei_wav_decode(bytes, label, out);
    if (status == BE_ERR_NOT_IMPLEMENTED)
        status = bei_sndfile_decode(bytes, label, out);
    if (status == BE_OK)
        bei_error_clear();
    /* A missing reader is, to the caller, a format that cannot be read here. */
    return status == BE_ERR_NOT_IMPLEMENTED ? BE_ERR_AUDIO_FORMAT : status;
}
