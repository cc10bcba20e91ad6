#include "picture/convert.h"

#include <string.h>

enum { BLOCK = 128 }; /* pixels at a time, in loops that compilers vectorise */

/* What the chroma of a block adds to its pixels' colours; green is subtracted. */
typedef struct tint {
    int16_t b[BLOCK], g[BLOCK], r[BLOCK];
} tint_t;

static int16_t scaled(int centred, int factor)
{
    return (int16_t)((128 * centred * factor + 16384) >> 15);
}

static void set_tint(tint_t *tint, const uint8_t *u, const uint8_t *v, uint32_t count)
{
    for (uint32_t i = 0; i < bei_i420_half(count); i++) {
        const int cu = u[i] - 128, cv = v[i] - 128;
        tint->b[2 * i] = tint->b[2 * i + 1] = scaled(cu, 454);
        tint->g[2 * i] = tint->g[2 * i + 1] = (int16_t) - (scaled(cu, 88) + scaled(cv, 183));
        tint->r[2 * i] = tint->r[2 * i + 1] = scaled(cv, 359);
    }
}

static void add_clamped(const uint8_t *y, const int16_t *tint, uint32_t count,
                        uint8_t *restrict out)
{
    for (uint32_t i = 0; i < count; i++) {
        /* set_tint has written as many, which the analyser does not see through the halves. */
        const int16_t value =
            (int16_t)(y[i] + tint[i]); /* NOLINT(*UndefinedBinaryOperatorResult) */
        const int16_t positive = value < 0 ? 0 : value;
        out[i] = (uint8_t)(positive > 255 ? 255 : positive);
    }
}

/* Up to a block of one row: pixels of `size` bytes, blue at `blue`, red opposite, 255 in the fourth. */
static inline void put_pixels(const uint8_t *y, const tint_t *tint, uint8_t *restrict out,
                              uint32_t count, const uint32_t size, const uint32_t blue)
{
    uint8_t b[BLOCK], g[BLOCK], r[BLOCK];
    add_clamped(y, tint->b, count, b);
    add_clamped(y, tint->g, count, g);
    add_clamped(y, tint->r, count, r);
    for (uint32_t i = 0; i < count; i++, out += size) {
        out[blue] = b[i];
        out[1] = g[i];
        out[2 - blue] = r[i];
        if (size == 4)
            out[3] = 255;
    }
}

static inline void convert(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                           uint8_t *const out[2], uint32_t width, const uint32_t size,
                           const uint32_t blue)
{
    for (uint32_t x = 0; x < width; x += BLOCK) {
        const uint32_t count = width - x < BLOCK ? width - x : BLOCK;
        tint_t tint;
        set_tint(&tint, u + x / 2, v + x / 2, count);
        put_pixels(y[0] + x, &tint, out[0] + (size_t)x * size, count, size, blue);
        put_pixels(y[1] + x, &tint, out[1] + (size_t)x * size, count, size, blue);
    }
}

static void bgr24(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                  uint8_t *const out[2], uint32_t width)
{
    convert(y, u, v, out, width, 3, 0);
}

static void rgb24(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                  uint8_t *const out[2], uint32_t width)
{
    convert(y, u, v, out, width, 3, 2);
}

static void bgra32(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                   uint8_t *const out[2], uint32_t width)
{
    convert(y, u, v, out, width, 4, 0);
}

static void interleave(const uint8_t *u, const uint8_t *v, uint8_t *restrict out, uint32_t count)
{
    for (uint32_t x = 0; x < count; x++) {
        out[2 * x] = u[x];
        out[2 * x + 1] = v[x];
    }
}

const bei_convert_kernels_t bei_convert_c = {bgr24, rgb24, bgra32, interleave};

const bei_convert_kernels_t *bei_convert_best(void)
{
#if defined(BEI_CPU_VECTORS)
    if (bei_cpu_has_vectors())
        return &bei_convert_vector;
#endif
    return &bei_convert_c;
}

/* ---------------------------------------------------------------- whole pictures */

static void to_packed(const bei_i420_t *picture, const bei_image_t *image, bei_convert_rows *rows)
{
    for (uint32_t y = 0; y < picture->height; y += 2) {
        const uint32_t second = y + 1 < picture->height ? y + 1 : y;
        const uint8_t *const luma[2] = {picture->plane[0] + (size_t)y * picture->stride[0],
                                        picture->plane[0] + (size_t)second * picture->stride[0]};
        uint8_t *const out[2] = {image->plane[0] + (size_t)y * image->stride[0],
                                 image->plane[0] + (size_t)second * image->stride[0]};
        rows(luma, picture->plane[1] + (size_t)(y / 2) * picture->stride[1],
             picture->plane[2] + (size_t)(y / 2) * picture->stride[2], out, picture->width);
    }
}

static void to_nv12(const bei_i420_t *picture, const bei_image_t *image, bei_convert_uv *uv)
{
    for (uint32_t y = 0; y < picture->height; y++)
        memcpy(image->plane[0] + (size_t)y * image->stride[0],
               picture->plane[0] + (size_t)y * picture->stride[0], picture->width);
    for (uint32_t y = 0; y < bei_i420_half(picture->height); y++)
        uv(picture->plane[1] + (size_t)y * picture->stride[1],
           picture->plane[2] + (size_t)y * picture->stride[2],
           image->plane[1] + (size_t)y * image->stride[1], bei_i420_half(picture->width));
}

void bei_convert_with(const bei_convert_kernels_t *kernels, const bei_i420_t *picture,
                      const bei_image_t *image)
{
    switch (image->format) {
    case BE_PIXEL_BGR24:
        to_packed(picture, image, kernels->bgr24);
        return;
    case BE_PIXEL_RGB24:
        to_packed(picture, image, kernels->rgb24);
        return;
    case BE_PIXEL_BGRA32:
        to_packed(picture, image, kernels->bgra32);
        return;
    case BE_PIXEL_NV12:
        to_nv12(picture, image, kernels->uv);
        return;
    case BE_PIXEL_I420: {
        const bei_i420_t to = bei_image_i420(image);
        bei_i420_copy(&to, picture);
    }
    }
}

void bei_convert(const bei_i420_t *picture, const bei_image_t *image)
{
    bei_convert_with(bei_convert_best(), picture, image);
}
