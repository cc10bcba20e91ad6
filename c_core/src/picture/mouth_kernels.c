#include "picture/mouth_kernels.h"

#include <stddef.h>

enum { HALF = 32768 };

static int32_t clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* The value between four pixels, times 65536; u and v lie inside the plane's limits. */
static int32_t sample(const bei_mouth_plane_t *plane, int32_t u, int32_t v)
{
    const uint8_t *p = plane->data + (size_t)(v >> 16) * plane->stride + (u >> 16);
    const uint8_t *q = p + plane->stride;
    const int32_t fu = (u >> 8) & 255, fv = (v >> 8) & 255;
    const int32_t top = p[0] * (256 - fu) + p[1] * fu;
    const int32_t bottom = q[0] * (256 - fu) + q[1] * fu;
    return top * (256 - fv) + bottom * fv;
}

static uint8_t mix(int32_t source, int32_t patch, int32_t alpha)
{
    const int32_t sum = source * (255 - alpha) + patch * alpha + 128;
    return (uint8_t)((sum + (sum >> 8)) >> 8);
}

static int32_t alpha_at(const bei_mouth_plane_t *mask, const bei_mouth_walk_t *walk, uint32_t i,
                        int32_t u, int32_t v)
{
    const int opaque = i >= walk->opaque && i < walk->opaque_end;
    return opaque ? 255 : (sample(mask, u, v) + HALF) >> 16;
}

static void luma(uint8_t *row, const bei_mouth_walk_t *walk, const bei_mouth_plane_t *patch,
                 const bei_mouth_plane_t *mask, int32_t bias)
{
    int32_t u = walk->u, v = walk->v;
    for (uint32_t i = 0; i < walk->count; i++, u += walk->du, v += walk->dv) {
        const int32_t alpha = alpha_at(mask, walk, i, u, v);
        if (alpha == 0)
            continue;
        const int32_t value = clamp((sample(patch, u, v) + bias + HALF) >> 16, 0, 255);
        row[i] = mix(row[i], value, alpha);
    }
}

static void chroma(uint8_t *const row[2], const bei_mouth_walk_t *walk,
                   const bei_mouth_plane_t patch[2], const bei_mouth_plane_t *mask,
                   const int32_t bias[2])
{
    const int32_t limit_u = bei_mouth_limit(patch->width), limit_v = bei_mouth_limit(patch->height);
    int32_t at_u = walk->u, at_v = walk->v;
    for (uint32_t i = 0; i < walk->count; i++, at_u += walk->du, at_v += walk->dv) {
        const int32_t alpha = alpha_at(mask, walk, i, at_u, at_v);
        if (alpha == 0)
            continue;
        const int32_t u = clamp((at_u - HALF) >> 1, 0, limit_u);
        const int32_t v = clamp((at_v - HALF) >> 1, 0, limit_v);
        for (int c = 0; c < 2; c++) {
            const int32_t value = clamp((sample(&patch[c], u, v) + bias[c] + HALF) >> 16, 0, 255);
            row[c][i] = mix(row[c][i], value, alpha);
        }
    }
}

const bei_mouth_kernels_t bei_mouth_c = {luma, chroma};

const bei_mouth_kernels_t *bei_mouth_best(void)
{
#if defined(BEI_CPU_VECTORS)
    if (bei_cpu_has_vectors())
        return &bei_mouth_vector;
#endif
    return &bei_mouth_c;
}
