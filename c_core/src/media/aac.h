/* The sound of an MP4 file: AAC, exactly as long as its pictures. Only in builds with FFmpeg. */
#ifndef BEI_MEDIA_AAC_H
#define BEI_MEDIA_AAC_H

#include <libavformat/avformat.h>

#include "essence.h"
#include "media/sound.h"

typedef struct bei_aac bei_aac_t;

/* Adds a track to `format`, before its header is written, that lasts `frames` / `fps` seconds. Both
 * format and sound are borrowed until bei_aac_destroy. BE_ERR_OUT_OF_MEMORY, BE_ERR_INTERNAL. */
be_status bei_aac_create(AVFormatContext *format, const bei_sound_t *sound, int64_t frames,
                         uint32_t fps, bei_aac_t **out);

/* Writes sound up to the time of picture `frame`. */
be_status bei_aac_advance(bei_aac_t *aac, int64_t frame);

/* Writes the rest. */
be_status bei_aac_finish(bei_aac_t *aac);

void bei_aac_destroy(bei_aac_t *aac); /* NULL is allowed */

#endif
