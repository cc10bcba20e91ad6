/* MP4 files: H.264 (yuv420p, BT.709, x264) and AAC, by FFmpeg's libraries where the build has them.
 *
 * The file is written under a temporary name beside its own and renamed when it is complete; a failure
 * or a discarded writer leaves nothing. */
#ifndef BEI_MEDIA_MP4_H
#define BEI_MEDIA_MP4_H

#include <stddef.h>
#include <stdint.h>

#include "essence.h"
#include "media/sound.h"

typedef struct bei_mp4 bei_mp4_t;

/* width and height even, 16 .. 8192; fps 1 .. 240; crf 0 (best) .. 51. BE_ERR_NOT_IMPLEMENTED in a
 * build without FFmpeg, BE_ERR_INVALID_ARG, BE_ERR_FILE_NOT_FOUND (the folder cannot be written),
 * BE_ERR_OUT_OF_MEMORY, BE_ERR_INTERNAL (FFmpeg refuses). */
be_status bei_mp4_open(const char *path, uint32_t width, uint32_t height, uint32_t fps, int crf,
                       bei_mp4_t **out);

/* Appends one packed BGR24 picture of the size given at open. */
be_status bei_mp4_write(bei_mp4_t *mp4, const uint8_t *bgr);

size_t bei_mp4_frame_bytes(const bei_mp4_t *mp4);

/* Gives the file its sound, cut or padded with silence to the length of the pictures written so far;
 * a second call replaces the first. The sound is moved into the writer. */
void bei_mp4_set_sound(bei_mp4_t *mp4, bei_sound_t *sound);

/* Ends both tracks, completes the file under its name and frees the writer, also on failure. */
be_status bei_mp4_close(bei_mp4_t *mp4);

/* Frees the writer and removes what it wrote. NULL is allowed. */
void bei_mp4_discard(bei_mp4_t *mp4);

#endif
