/* A picture as it is handed out: one of five pixel formats, in memory of the caller's shape. */
#ifndef BEI_PICTURE_IMAGE_H
#define BEI_PICTURE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/i420.h"
#include "essence.h"

typedef struct bei_image {
    uint8_t *plane[3];  /* NULL: no such plane */
    uint32_t stride[3]; /* bytes from row to row; 0: no such plane */
    be_pixel_format format;
    uint32_t width, height;
} bei_image_t;

/* Bytes from the first one to the last one that a picture of this shape has; what pads the last row is
 * not among them. stride: as be_buffer_t.stride. SIZE_MAX when they cannot be counted. */
size_t bei_image_bytes(be_pixel_format format, uint32_t width, uint32_t height, uint32_t stride);

/* A stride that begins every row of the first plane at a multiple of 64 bytes. */
uint32_t bei_image_aligned_stride(be_pixel_format format, uint32_t width);

/* Lays a picture out in `data` as be_buffer_t describes it; stride 0 leaves no gap between rows.
 * BE_ERR_INVALID_ARG for what is no format, a NULL and a stride shorter than a row or absurdly long;
 * BE_ERR_BUFFER_TOO_SMALL. */
be_status bei_image_layout(be_pixel_format format, uint32_t width, uint32_t height, uint32_t stride,
                           uint8_t *data, size_t capacity, bei_image_t *out);

/* The part of an image in `rect`, whose x and y are even and which lies inside. */
bei_image_t bei_image_part(const bei_image_t *image, bei_rect_t rect);

/* The planes of an image whose format is I420. */
bei_i420_t bei_image_i420(const bei_image_t *image);

/* Paints all but `window` in one colour. The window's sides are even unless they are the image's. */
void bei_image_fill_around(const bei_image_t *image, bei_rect_t window, const uint8_t bgr[3]);

#endif
