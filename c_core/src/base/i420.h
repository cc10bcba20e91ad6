/* A picture in three planes: luma in full resolution, two chroma planes in half, rounded up. */
#ifndef BEI_BASE_I420_H
#define BEI_BASE_I420_H

#include <stddef.h>
#include <stdint.h>

typedef struct bei_i420 {
    uint8_t *plane[3];  /* Y, U, V */
    uint32_t stride[3]; /* bytes */
    uint32_t width, height;
} bei_i420_t;

/* A rectangle in luma pixels. Empty when w or h is 0. */
typedef struct bei_rect {
    uint32_t x, y, w, h;
} bei_rect_t;

/* Bytes that a packed picture of this size takes, each plane's rows padded to 64 bytes. */
uint64_t bei_i420_size(uint32_t width, uint32_t height);

/* Half of a luma length, rounded up: a chroma length. */
static inline uint32_t bei_i420_half(uint32_t n)
{
    return (n + 1) / 2;
}

/* Lays a picture out in `block`, which holds bei_i420_size bytes. */
bei_i420_t bei_i420_over(uint8_t *block, uint32_t width, uint32_t height);

/* The part of `picture` in `rect`, whose x and y are even and which lies inside. */
bei_i420_t bei_i420_part(const bei_i420_t *picture, bei_rect_t rect);

/* Copies equal sizes. */
void bei_i420_copy(const bei_i420_t *to, const bei_i420_t *from);

/* The smallest rectangle with even x and y that holds both. */
bei_rect_t bei_rect_union(bei_rect_t a, bei_rect_t b);

#endif
