#include "picture/convert.h"

#include <string.h>

#include "base/cpu.h"

static uint8_t clamp(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static int scaled(int centred, int factor)
{
    return (128 * centred * factor + 16384) >> 15;
}

/* Every packed format: pixels of `size` bytes, blue at `blue`, red opposite, 255 in the fourth byte. */
static inline void convert(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                           uint8_t *const out[2], uint32_t width, const uint32_t size,
                           const uint32_t blue)
{
    for (uint32_t x = 0; x < width; x++) {
        const int cu = u[x / 2] - 128, cv = v[x / 2] - 128;
        const int b = scaled(cu, 454), g = scaled(cu, 88) + scaled(cv, 183), r = scaled(cv, 359);
        for (int row = 0; row < 2; row++) {
            uint8_t *pixel = out[row] + (size_t)x * size;
            pixel[blue] = clamp(y[row][x] + b);
            pixel[1] = clamp(y[row][x] - g);
            pixel[2 - blue] = clamp(y[row][x] + r);
            if (size == 4)
                pixel[3] = 255;
        }
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

static void interleave(const uint8_t *u, const uint8_t *v, uint8_t *out, uint32_t count)
{
    for (uint32_t x = 0; x < count; x++) {
        out[2 * x] = u[x];
        out[2 * x + 1] = v[x];
    }
}

const bei_convert_kernels_t bei_convert_c = {bgr24, rgb24, bgra32, interleave};

const bei_convert_kernels_t *bei_convert_best(void)
{
#if defined(__x86_64__)
    if (bei_cpu_has_avx2())
        return &bei_convert_avx2;
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

void bei_convert(const bei_i420_t *picture, const bei_image_t *image)
{
    const bei_convert_kernels_t *kernels = bei_convert_best();
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
