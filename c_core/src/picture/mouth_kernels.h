/* What pasting a mouth spends its time in: rows of samples, each read between four pixels of the mask
 * and of the patch. All kernels give the same bytes. Private to mouth*.c. */
#ifndef BEI_PICTURE_MOUTH_KERNELS_H
#define BEI_PICTURE_MOUTH_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpu.h"

/* A plane of bytes that is sampled between its pixels: width * height, at least 2 x 2. */
typedef struct bei_mouth_plane {
    const uint8_t *data;
    uint32_t stride;
    int32_t width, height;
} bei_mouth_plane_t;

/* The last position (16.16) along a side that has a neighbour after it. */
static inline int32_t bei_mouth_limit(int32_t side)
{
    return (side - 1) * 65536 - 1;
}

/* Samples along a row of the picture, as positions in the mask (16.16): the first, the step from one to
 * the next, and how many. Each lies within the mask's limits. For those from `opaque` to before
 * `opaque_end` alpha is 255. */
typedef struct bei_mouth_walk {
    int32_t u, v, du, dv;
    uint32_t count;
    uint32_t opaque, opaque_end;
} bei_mouth_walk_t;

/* Blends into walk->count luma samples. The patch is of the mask's size. `bias` is in 1/65536 levels. */
typedef void bei_mouth_luma(uint8_t *row, const bei_mouth_walk_t *walk,
                            const bei_mouth_plane_t *patch, const bei_mouth_plane_t *mask,
                            int32_t bias);

/* Blends into walk->count samples of both chroma rows; the patches have half the mask's size. A chroma
 * sample sits half a luma pixel in, and there is none beyond the outermost centre. */
typedef void bei_mouth_chroma(uint8_t *const row[2], const bei_mouth_walk_t *walk,
                              const bei_mouth_plane_t patch[2], const bei_mouth_plane_t *mask,
                              const int32_t bias[2]);

/* For kernels that take a row in blocks. The walk from sample i on. */
static inline bei_mouth_walk_t bei_mouth_walk_on(const bei_mouth_walk_t *walk, uint32_t i)
{
    bei_mouth_walk_t from = *walk;
    from.u += (int32_t)i * walk->du;
    from.v += (int32_t)i * walk->dv;
    return from;
}

/* Where the block at sample i begins: the last one overlaps the one before it, and leaves out what that
 * has done. */
static inline uint32_t bei_mouth_block_start(const bei_mouth_walk_t *walk, uint32_t i,
                                             uint32_t block)
{
    return i + block <= walk->count ? i : walk->count - block;
}

/* Whether alpha is 255 in all of the block from `start` on. */
static inline bool bei_mouth_is_opaque(const bei_mouth_walk_t *walk, uint32_t start, uint32_t block)
{
    return start >= walk->opaque && start + block <= walk->opaque_end;
}

typedef struct bei_mouth_kernels {
    bei_mouth_luma *luma;
    bei_mouth_chroma *chroma;
} bei_mouth_kernels_t;

extern const bei_mouth_kernels_t bei_mouth_c;
#if defined(BEI_CPU_VECTORS)
extern const bei_mouth_kernels_t bei_mouth_vector;
#endif

/* The fastest kernels that this processor runs. */
const bei_mouth_kernels_t *bei_mouth_best(void);

#endif
