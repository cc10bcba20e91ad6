/* JPEG pictures into I420 planes, by libjpeg-turbo. One decoder per thread. */
#ifndef BEI_PICTURE_JPEG_H
#define BEI_PICTURE_JPEG_H

#include "base/i420.h"
#include "base/memory.h"
#include "essence.h"

typedef struct bei_jpeg bei_jpeg_t;

be_status bei_jpeg_create(bei_jpeg_t **out);
void bei_jpeg_destroy(bei_jpeg_t *decoder);

/* Decodes a 4:2:0 JPEG of exactly to->width x to->height; anything else, and any damage, is
 * BE_ERR_FILE_CORRUPT. The planes are undefined after a failure. */
be_status bei_jpeg_decode(bei_jpeg_t *decoder, bei_span_t jpeg, const bei_i420_t *to);

#endif
