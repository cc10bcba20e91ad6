#include "media/sound.h"

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
