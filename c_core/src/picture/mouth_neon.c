/* Pastes mouths 8 samples at a time.
 *
 * Neighbouring samples of a head's pose lie in a few neighbouring bytes of a few neighbouring rows of the
 * plane: WINDOW bytes of LINES rows are one table, out of which each sample's four pixels are looked up.
 * Poses whose samples lie too far apart for that are left to the C kernels. */
#include "picture/mouth_kernels.h"

#if defined(BEI_CPU_VECTORS) && defined(__aarch64__)
#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

enum { ONE = 65536, HALF = 32768, BLOCK = 8, WINDOW = 16, LINES = 4 };

/* ---------------------------------------------------------------- positions */

/* 8 positions along one axis, and the least of those that count. */
typedef struct axis {
    int32x4_t at[2];
    int32_t least;
} axis_t;

static inline int32_t lesser(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* The first `samples` (4 or 8) count. */
static inline axis_t axis_of(int32_t start, int32_t step, int32_t samples)
{
    static const int32_t COUNT[4] = {0, 1, 2, 3};
    const int32x4_t first = vmlaq_n_s32(vdupq_n_s32(start), vld1q_s32(COUNT), step);
    return (axis_t){{first, vaddq_s32(first, vdupq_n_s32(4 * step))},
                    start + lesser(step, 0) * (samples - 1)};
}

static inline int32_t chroma_position(int32_t at, int32_t limit)
{
    const int32_t position = (at - HALF) >> 1;
    return position < 0 ? 0 : lesser(position, limit);
}

/* The chroma positions of luma positions. */
static inline axis_t halved(axis_t axis, int32_t limit)
{
    for (int i = 0; i < 2; i++) {
        const int32x4_t at = vshrq_n_s32(vsubq_s32(axis.at[i], vdupq_n_s32(HALF)), 1);
        axis.at[i] = vminq_s32(vmaxq_s32(at, vdupq_n_s32(0)), vdupq_n_s32(limit));
    }
    axis.least = chroma_position(axis.least, limit);
    return axis;
}

/* ---------------------------------------------------------------- sampling */

/* How 8 samples are read out of planes of one size. */
typedef struct taps {
    uint8x8_t place;  /* of each sample's upper left pixel in the table */
    uint8x8_t across; /* weights of the right pixels, in 1/256 */
    uint16x8_t down;  /* weights of the lower pixels */
    int32_t column, row, last_row;
} taps_t;

/* Words: whole pixels from `base` on in the upper byte, 1/256 in the lower one. */
static inline uint16x8_t offsets(const axis_t *axis, int32_t base)
{
    const int32x4_t from = vdupq_n_s32(base * ONE);
    const uint32x4_t first = vreinterpretq_u32_s32(vsubq_s32(axis->at[0], from));
    const uint32x4_t second = vreinterpretq_u32_s32(vsubq_s32(axis->at[1], from));
    return vshrn_high_n_u32(vshrn_n_u32(first, 8), second, 8);
}

static inline taps_t taps_of(const bei_mouth_plane_t *plane, const axis_t *u, const axis_t *v)
{
    taps_t taps = {.last_row = plane->height - 1, .row = v->least >> 16};
    taps.column = lesser(u->least >> 16, plane->width - WINDOW); /* never beyond the row */
    const uint16x8_t right = offsets(u, taps.column), down = offsets(v, taps.row);
    const uint8x8_t line = vshrn_n_u16(down, 8);
    taps.place = vadd_u8(vshrn_n_u16(right, 8), vshl_n_u8(line, 4)); /* WINDOW to a line */
    taps.across = vmovn_u16(right);
    taps.down = vandq_u16(down, vdupq_n_u16(255));
    return taps;
}

static inline uint8x16x4_t table_of(const bei_mouth_plane_t *plane, const taps_t *taps)
{
    uint8x16x4_t table;
    for (int32_t line = 0; line < LINES; line++) {
        const int32_t row = lesser(taps->row + line, taps->last_row);
        table.val[line] = vld1q_u8(plane->data + (ptrdiff_t)row * plane->stride + taps->column);
    }
    return table;
}

/* Words: the values between a pixel and its right neighbour, times 256. */
static inline uint16x8_t along(uint8x16x4_t table, uint8x8_t place, uint8x8_t across)
{
    const uint8x8_t left = vqtbl4_u8(table, place);
    const uint8x8_t right = vqtbl4_u8(table, vadd_u8(place, vdup_n_u8(1)));
    /* 256 * left + (right - left) * across; what overflows on the way comes back. */
    return vmlsl_u8(vmlal_u8(vshll_n_u8(left, 8), right, across), left, across);
}

/* The values between four pixels with a bias (1/65536 levels), rounded and clamped to bytes. */
static inline uint8x8_t sample(const bei_mouth_plane_t *plane, const taps_t *taps, int32_t bias)
{
    const uint8x16x4_t table = table_of(plane, taps);
    const uint16x8_t top = along(table, taps->place, taps->across);
    const uint16x8_t bottom = along(table, vadd_u8(taps->place, vdup_n_u8(WINDOW)), taps->across);
    uint32x4_t low = vshll_n_u16(vget_low_u16(top), 8), high = vshll_high_n_u16(top, 8);
    low = vmlal_u16(low, vget_low_u16(bottom), vget_low_u16(taps->down));
    low = vmlsl_u16(low, vget_low_u16(top), vget_low_u16(taps->down));
    high = vmlal_high_u16(high, bottom, taps->down);
    high = vmlsl_high_u16(high, top, taps->down);
    const int32x4_t offset = vdupq_n_s32(bias + HALF);
    const int32x4_t first = vaddq_s32(vreinterpretq_s32_u32(low), offset);
    const int32x4_t second = vaddq_s32(vreinterpretq_s32_u32(high), offset);
    return vqmovn_u16(vqshrun_high_n_s32(vqshrun_n_s32(first, 16), second, 16));
}

/* ---------------------------------------------------------------- blending */

/* Samples `skip` to 7 of a block become (row * (255 - alpha) + value * alpha) / 255, rounded. */
static inline void mix(uint8_t *row, uint8x8_t value, uint8x8_t alpha, uint32_t skip)
{
    const uint8x8_t before = vld1_u8(row);
    const uint16x8_t sum = vmlal_u8(vmull_u8(before, vmvn_u8(alpha)), value, alpha);
    const uint8x8_t mixed = vraddhn_u16(sum, vrshrq_n_u16(sum, 8));
    static const uint8_t INDEX[BLOCK] = {0, 1, 2, 3, 4, 5, 6, 7};
    const uint8x8_t done = vclt_u8(vld1_u8(INDEX), vdup_n_u8((uint8_t)skip));
    vst1_u8(row, vbsl_u8(done, before, mixed));
}

static inline bool is_empty(uint8x8_t alpha)
{
    return vget_lane_u64(vreinterpret_u64_u8(alpha), 0) == 0;
}

/* Whether `samples` samples with their right and lower neighbours fit into the table. */
static inline bool fits(int32_t du, int32_t dv, int32_t samples)
{
    return (samples - 1) * abs(du) <= (WINDOW - 2) * ONE &&
           (samples - 1) * abs(dv) <= (LINES - 2) * ONE;
}

/* A block's alphas read in two fours, for steps that are too wide for an eight. */
static inline uint8x8_t sample_wide(const bei_mouth_plane_t *plane, const bei_mouth_walk_t *walk)
{
    uint8x8_t part[2];
    for (int i = 0; i < 2; i++) {
        const axis_t u = axis_of(walk->u + 4 * i * walk->du, walk->du, 4);
        const axis_t v = axis_of(walk->v + 4 * i * walk->dv, walk->dv, 4);
        const taps_t taps = taps_of(plane, &u, &v);
        part[i] = sample(plane, &taps, 0);
    }
    return vreinterpret_u8_u32(
        vzip1_u32(vreinterpret_u32_u8(part[0]), vreinterpret_u32_u8(part[1])));
}

static void luma(uint8_t *row, const bei_mouth_walk_t *walk, const bei_mouth_plane_t *patch,
                 const bei_mouth_plane_t *mask, int32_t bias)
{
    if (walk->count < BLOCK || mask->width < WINDOW || !fits(walk->du, walk->dv, BLOCK)) {
        bei_mouth_c.luma(row, walk, patch, mask, bias);
        return;
    }
    for (uint32_t i = 0; i < walk->count; i += BLOCK) {
        const uint32_t start = bei_mouth_block_start(walk, i, BLOCK);
        const bei_mouth_walk_t at = bei_mouth_walk_on(walk, start);
        const axis_t u = axis_of(at.u, at.du, BLOCK), v = axis_of(at.v, at.dv, BLOCK);
        const taps_t taps = taps_of(mask, &u, &v);
        if (bei_mouth_is_opaque(walk, start, BLOCK)) {
            vst1_u8(row + start, sample(patch, &taps, bias));
            continue;
        }
        const uint8x8_t alpha = sample(mask, &taps, 0);
        if (!is_empty(alpha))
            mix(row + start, sample(patch, &taps, bias), alpha, i - start);
    }
}

static void chroma(uint8_t *const row[2], const bei_mouth_walk_t *walk,
                   const bei_mouth_plane_t patch[2], const bei_mouth_plane_t *mask,
                   const int32_t bias[2])
{
    /* Half a step, rounded up, bounds how far apart the rounded positions are. */
    const int32_t half_du = (abs(walk->du) + 1) / 2, half_dv = (abs(walk->dv) + 1) / 2;
    if (walk->count < BLOCK || patch->width < WINDOW || !fits(walk->du, walk->dv, 4) ||
        !fits(half_du, half_dv, BLOCK)) {
        bei_mouth_c.chroma(row, walk, patch, mask, bias);
        return;
    }
    const int32_t limit_u = bei_mouth_limit(patch->width), limit_v = bei_mouth_limit(patch->height);
    for (uint32_t i = 0; i < walk->count; i += BLOCK) {
        const uint32_t start = bei_mouth_block_start(walk, i, BLOCK);
        const bei_mouth_walk_t at = bei_mouth_walk_on(walk, start);
        const bool opaque = bei_mouth_is_opaque(walk, start, BLOCK);
        const uint8x8_t alpha = opaque ? vdup_n_u8(255) : sample_wide(mask, &at);
        if (is_empty(alpha))
            continue;
        const axis_t u = halved(axis_of(at.u, at.du, BLOCK), limit_u);
        const axis_t v = halved(axis_of(at.v, at.dv, BLOCK), limit_v);
        const taps_t taps = taps_of(patch, &u, &v);
        for (int c = 0; c < 2; c++)
            mix(row[c] + start, sample(&patch[c], &taps, bias[c]), alpha, i - start);
    }
}

const bei_mouth_kernels_t bei_mouth_vector = {luma, chroma};
#endif
