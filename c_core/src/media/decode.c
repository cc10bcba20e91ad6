#include "base/error.h"
#include "media/sound.h"

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
