#include "picture/resize_kernels.h"

enum { BLOCK = 64, HALF = 1 << (BEI_RESIZE_BITS - 1) };

/* By blocks whose sums stay in registers or close to them; compilers vectorise the inner loops. */
static void sum(const uint8_t *from, size_t stride, const int16_t *weight, uint32_t taps,
                uint8_t *to, uint32_t width)
{
    for (uint32_t x = 0; x < width; x += BLOCK) {
        const uint32_t count = width - x < BLOCK ? width - x : BLOCK;
        int32_t total[BLOCK];
        for (uint32_t i = 0; i < BLOCK; i++)
            total[i] = HALF;
        for (uint32_t tap = 0; tap < taps; tap++) {
            const uint8_t *row = from + tap * stride + x;
            for (uint32_t i = 0; i < count; i++)
                total[i] += row[i] * weight[tap];
        }
        for (uint32_t i = 0; i < count; i++)
            to[x + i] = (uint8_t)(total[i] >> BEI_RESIZE_BITS);
    }
}

static void turn(const uint8_t *rows, size_t stride, uint32_t width, uint32_t height, uint8_t *side)
{
    for (uint32_t x = 0; x < width; x++)
        for (uint32_t y = 0; y < height; y++)
            side[(size_t)x * BEI_RESIZE_STRIP + y] = rows[y * stride + x];
}

static void turn_back(const uint8_t *side, uint32_t width, uint32_t height, uint8_t *rows,
                      size_t stride)
{
    for (uint32_t x = 0; x < width; x++)
        for (uint32_t y = 0; y < height; y++)
            rows[y * stride + x] = side[(size_t)x * BEI_RESIZE_STRIP + y];
}

const bei_resize_kernels_t bei_resize_c = {sum, turn, turn_back};

const bei_resize_kernels_t *bei_resize_best(void)
{
#if defined(BEI_CPU_VECTORS)
    if (bei_cpu_has_vectors())
        return &bei_resize_vector;
#endif
    return &bei_resize_c;
}
