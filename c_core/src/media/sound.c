#include "media/sound.h"

#include <math.h>

void bei_sound_free(bei_sound_t *sound)
{
    bei_free(sound->samples);
    *sound = (bei_sound_t){0};
}

static void fold(bei_sound_t *sound)
{
    const float *from = sound->samples;
    for (size_t i = 0; i < sound->frames; i++) {
        double sum = 0;
        for (uint32_t c = 0; c < sound->channels; c++)
            sum += (double)*from++;
        sound->samples[i] = (float)(sum / sound->channels);
    }
    sound->channels = 1;
}

void bei_sound_tame(bei_sound_t *sound)
{
    if (sound->channels > 2)
        fold(sound);
    for (size_t i = 0; i < sound->frames * sound->channels; i++) {
        float sample = sound->samples[i];
        sound->samples[i] = isfinite(sample) ? fminf(fmaxf(sample, -1.0f), 1.0f) : 0.0f;
    }
}
