#include "picture/convert.h"

#if defined(BEI_CPU_VECTORS) && defined(__aarch64__)
#include <arm_neon.h>
#include <string.h>

enum {
    BLOCK = 16,   /* pixels at a time */
    SEGMENT = 64, /* blocks of one row, then of the other: memory likes long runs of writes */
};

enum order { BGR24, RGB24, BGRA32 };

/* What 8 chroma samples add to a colour of 16 pixels, modulo 65536: of the first and the last 8. */
typedef struct tint {
    uint16x8_t low, high;
} tint_t;

typedef struct tints {
    tint_t b, g, r;
} tints_t;

/* 8 chroma bytes as 128 * (c - 128), ready for r(c, k) of convert.h: sqrdmulh is that rounding. */
static inline int16x8_t centred(const uint8_t *chroma)
{
    const int16x8_t words = vreinterpretq_s16_u16(vsubl_u8(vld1_u8(chroma), vdup_n_u8(128)));
    return vshlq_n_s16(words, 7);
}

/* Each for two pixels. */
static inline tint_t doubled(int16x8_t words)
{
    return (tint_t){vreinterpretq_u16_s16(vzip1q_s16(words, words)),
                    vreinterpretq_u16_s16(vzip2q_s16(words, words))};
}

static inline tints_t tints_of(const uint8_t *u, const uint8_t *v)
{
    const int16x8_t cu = centred(u), cv = centred(v);
    const int16x8_t green = vaddq_s16(vqrdmulhq_n_s16(cu, 88), vqrdmulhq_n_s16(cv, 183));
    return (tints_t){doubled(vqrdmulhq_n_s16(cu, 454)), doubled(vnegq_s16(green)),
                     doubled(vqrdmulhq_n_s16(cv, 359))};
}

/* A colour of 16 pixels. */
static inline uint8x16_t tinted(uint8x16_t luma, tint_t tint)
{
    const int16x8_t low = vreinterpretq_s16_u16(vaddw_u8(tint.low, vget_low_u8(luma)));
    const int16x8_t high = vreinterpretq_s16_u16(vaddw_high_u8(tint.high, luma));
    return vqmovun_high_s16(vqmovun_s16(low), high);
}

static inline void store(uint8_t *out, const uint8_t *y, const tints_t *tints,
                         const enum order order)
{
    const uint8x16_t luma = vld1q_u8(y);
    const uint8x16_t b = tinted(luma, tints->b), g = tinted(luma, tints->g),
                     r = tinted(luma, tints->r);
    if (order == BGRA32)
        vst4q_u8(out, ((uint8x16x4_t){{b, g, r, vdupq_n_u8(255)}}));
    else if (order == RGB24)
        vst3q_u8(out, ((uint8x16x3_t){{r, g, b}}));
    else
        vst3q_u8(out, ((uint8x16x3_t){{b, g, r}}));
}

/* The last pixels, fewer than a block, by way of memory that may be read and written beyond them. */
static inline void rest(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                        uint8_t *const out[2], uint32_t width, const enum order order)
{
    const size_t size = order == BGRA32 ? 4 : 3;
    uint8_t luma[2][BLOCK] = {{0}}, chroma[2][BLOCK / 2] = {{0}}, pixels[2][4 * BLOCK];
    for (int row = 0; row < 2; row++)
        memcpy(luma[row], y[row], width);
    memcpy(chroma[0], u, bei_i420_half(width));
    memcpy(chroma[1], v, bei_i420_half(width));
    const tints_t tints = tints_of(chroma[0], chroma[1]);
    for (int row = 0; row < 2; row++) {
        store(pixels[row], luma[row], &tints, order);
        memcpy(out[row], pixels[row], width * size);
    }
}

/* Whole blocks of two rows; the second finds its tints where the first left them. */
static inline void segment(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                           uint8_t *const out[2], uint32_t blocks, const enum order order)
{
    const size_t step = BLOCK * (order == BGRA32 ? 4 : 3);
    tints_t tints[SEGMENT];
    for (size_t i = 0; i < blocks; i++) {
        tints[i] = tints_of(u + i * (BLOCK / 2), v + i * (BLOCK / 2));
        store(out[0] + i * step, y[0] + i * BLOCK, &tints[i], order);
    }
    for (size_t i = 0; i < blocks; i++)
        store(out[1] + i * step, y[1] + i * BLOCK, &tints[i], order);
}

static inline void convert(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                           uint8_t *const out[2], uint32_t width, const enum order order)
{
    const size_t size = order == BGRA32 ? 4 : 3;
    for (uint32_t x = 0, count; x < width; x += count) {
        const uint8_t *const from[2] = {y[0] + x, y[1] + x};
        uint8_t *const to[2] = {out[0] + x * size, out[1] + x * size};
        const uint32_t blocks = (width - x) / BLOCK < SEGMENT ? (width - x) / BLOCK : SEGMENT;
        count = blocks > 0 ? blocks * BLOCK : width - x;
        if (blocks > 0)
            segment(from, u + x / 2, v + x / 2, to, blocks, order);
        else
            rest(from, u + x / 2, v + x / 2, to, count, order);
    }
}

static void bgr24(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                  uint8_t *const out[2], uint32_t width)
{
    convert(y, u, v, out, width, BGR24);
}

static void rgb24(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                  uint8_t *const out[2], uint32_t width)
{
    convert(y, u, v, out, width, RGB24);
}

static void bgra32(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                   uint8_t *const out[2], uint32_t width)
{
    convert(y, u, v, out, width, BGRA32);
}

static void interleave(const uint8_t *u, const uint8_t *v, uint8_t *out, uint32_t count)
{
    uint32_t x = 0;
    for (; x + BLOCK <= count; x += BLOCK)
        vst2q_u8(out + 2 * (size_t)x, ((uint8x16x2_t){{vld1q_u8(u + x), vld1q_u8(v + x)}}));
    bei_convert_c.uv(u + x, v + x, out + 2 * (size_t)x, count - x);
}

const bei_convert_kernels_t bei_convert_vector = {bgr24, rgb24, bgra32, interleave};
#endif
