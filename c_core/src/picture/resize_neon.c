#include "picture/resize_kernels.h"

#if defined(BEI_CPU_VECTORS) && defined(__aarch64__)
#include <arm_neon.h>
#include <string.h>

enum { LANES = 16, TILE = 16 };

/* 16 columns. */
static inline uint8x16_t sum_16(const uint8_t *from, size_t stride, const int16_t *weight,
                                uint32_t taps)
{
    const uint32x4_t half = vdupq_n_u32(1u << (BEI_RESIZE_BITS - 1));
    uint32x4_t total[4] = {half, half, half, half};
    for (uint32_t tap = 0; tap < taps; tap++, from += stride) {
        const uint8x16_t bytes = vld1q_u8(from);
        const uint16x8_t low = vmovl_u8(vget_low_u8(bytes)), high = vmovl_high_u8(bytes);
        const uint16_t by = (uint16_t)weight[tap];
        total[0] = vmlal_n_u16(total[0], vget_low_u16(low), by);
        total[1] = vmlal_high_n_u16(total[1], low, by);
        total[2] = vmlal_n_u16(total[2], vget_low_u16(high), by);
        total[3] = vmlal_high_n_u16(total[3], high, by);
    }
    const uint16x8_t first = vcombine_u16(vshrn_n_u32(total[0], BEI_RESIZE_BITS),
                                          vshrn_n_u32(total[1], BEI_RESIZE_BITS));
    const uint16x8_t second = vcombine_u16(vshrn_n_u32(total[2], BEI_RESIZE_BITS),
                                           vshrn_n_u32(total[3], BEI_RESIZE_BITS));
    return vcombine_u8(vmovn_u16(first), vmovn_u16(second));
}

static void sum(const uint8_t *from, size_t stride, const int16_t *weight, uint32_t taps,
                uint8_t *to, uint32_t width)
{
    for (; width >= LANES; width -= LANES, from += LANES, to += LANES)
        vst1q_u8(to, sum_16(from, stride, weight, taps));
    if (width > 0) {
        uint8_t rest[LANES];
        vst1q_u8(rest, sum_16(from, stride, weight, taps));
        memcpy(to, rest, width);
    }
}

/* 16 x 16 bytes exchange rows and columns: four perfect shuffles. */
static inline void exchange(uint8x16_t tile[TILE])
{
    for (int stage = 0; stage < 4; stage++) {
        uint8x16_t next[TILE];
        for (int i = 0; i < TILE / 2; i++) {
            next[2 * i] = vzip1q_u8(tile[i], tile[i + TILE / 2]);
            next[2 * i + 1] = vzip2q_u8(tile[i], tile[i + TILE / 2]);
        }
        memcpy(tile, next, sizeof next);
    }
}

/* A tile, whose rows lie `from_step` and `to_step` bytes apart. */
static inline void turn_tile(const uint8_t *from, size_t from_step, uint8_t *to, size_t to_step)
{
    uint8x16_t tile[TILE];
    for (size_t i = 0; i < TILE; i++)
        tile[i] = vld1q_u8(from + i * from_step);
    exchange(tile);
    for (size_t i = 0; i < TILE; i++)
        vst1q_u8(to + i * to_step, tile[i]);
}

static void turn(const uint8_t *rows, size_t stride, uint32_t width, uint32_t height, uint8_t *side)
{
    uint32_t x = 0;
    for (; height == BEI_RESIZE_STRIP && x + TILE <= width;
         x += TILE, side += TILE * BEI_RESIZE_STRIP)
        for (size_t half = 0; half < BEI_RESIZE_STRIP; half += TILE)
            turn_tile(rows + half * stride + x, stride, side + half, BEI_RESIZE_STRIP);
    bei_resize_c.turn(rows + x, stride, width - x, height, side);
}

static void turn_back(const uint8_t *side, uint32_t width, uint32_t height, uint8_t *rows,
                      size_t stride)
{
    uint32_t x = 0;
    for (; height == BEI_RESIZE_STRIP && x + TILE <= width;
         x += TILE, side += TILE * BEI_RESIZE_STRIP)
        for (size_t half = 0; half < BEI_RESIZE_STRIP; half += TILE)
            turn_tile(side + half, BEI_RESIZE_STRIP, rows + half * stride + x, stride);
    bei_resize_c.turn_back(side, width - x, height, rows + x, stride);
}

const bei_resize_kernels_t bei_resize_vector = {sum, turn, turn_back};
#endif
