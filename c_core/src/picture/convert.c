#include "picture/convert.h"

#include "base/cpu.h"

static uint8_t clamp(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static int scaled(int centred, int factor)
{
    return (128 * centred * factor + 16384) >> 15;
}

void bei_convert_row_c(const uint8_t *y, const uint8_t *u, const uint8_t *v, uint8_t *bgr,
                       uint32_t width)
{
    for (uint32_t x = 0; x < width; x++) {
        int cu = u[x / 2] - 128, cv = v[x / 2] - 128;
        bgr[3 * x] = clamp(y[x] + scaled(cu, 454));
        bgr[3 * x + 1] = clamp(y[x] - (scaled(cu, 88) + scaled(cv, 183)));
        bgr[3 * x + 2] = clamp(y[x] + scaled(cv, 359));
    }
}

bei_convert_row *bei_convert_row_best(void)
{
#if defined(__x86_64__)
    if (bei_cpu_has_avx2())
        return bei_convert_row_avx2;
#endif
    return bei_convert_row_c;
}

void bei_convert_bgr(const bei_i420_t *picture, uint8_t *bgr, size_t stride)
{
    bei_convert_row *convert = bei_convert_row_best();
    for (uint32_t y = 0; y < picture->height; y++)
        convert(picture->plane[0] + (size_t)y * picture->stride[0],
                picture->plane[1] + (size_t)(y / 2) * picture->stride[1],
                picture->plane[2] + (size_t)(y / 2) * picture->stride[2], bgr + y * stride,
                picture->width);
}
