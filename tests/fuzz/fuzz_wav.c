/* libFuzzer target: no bytes may crash the WAV reader, and what it reads has the size that it says. */
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "media/sound.h"

static volatile float sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bei_sound_t sound = {0};
    if (bei_wav_decode((bei_span_t){data, size}, "fuzz", &sound) != BE_OK)
        return 0;
    for (size_t i = 0; i < sound.frames * sound.channels; i++)
        sink = sound.samples[i];
    bei_sound_tame(&sound);
    for (size_t i = 0; i < sound.frames * sound.channels; i++)
        if (!(sound.samples[i] >= -1 && sound.samples[i] <= 1))
            __builtin_trap();
    bei_sound_free(&sound);
    return 0;
}
