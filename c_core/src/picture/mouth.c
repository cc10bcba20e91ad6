#include "picture/mouth.h"

#include <math.h>
#include <stdbool.h>

#include "base/error.h"

enum { ONE = 65536, HALF = 32768 };

/* A plane of bytes that is sampled between its pixels. */
typedef struct plane {
    const uint8_t *data;
    uint32_t stride;
    int32_t limit_u, limit_v; /* 16.16: the last position that has a right and a lower neighbour */
} plane_t;

static plane_t plane_of(const uint8_t *data, uint32_t stride, uint32_t width, uint32_t height)
{
    return (plane_t){data, stride, (int32_t)((width - 1) * ONE) - 1,
                     (int32_t)((height - 1) * ONE) - 1};
}

static int32_t clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* The value between four pixels, times 65536; u and v lie inside the plane's limits. */
static int32_t sample(const plane_t *plane, int32_t u, int32_t v)
{
    const uint8_t *p = plane->data + (size_t)(v >> 16) * plane->stride + (u >> 16);
    const uint8_t *q = p + plane->stride;
    int32_t fu = (u >> 8) & 255, fv = (v >> 8) & 255;
    int32_t top = p[0] * (256 - fu) + p[1] * fu;
    int32_t bottom = q[0] * (256 - fu) + q[1] * fu;
    return top * (256 - fv) + bottom * fv;
}

static uint8_t mix(int32_t source, int32_t patch, int32_t alpha)
{
    int32_t sum = source * (255 - alpha) + patch * alpha + 128;
    return (uint8_t)((sum + (sum >> 8)) >> 8);
}

/* A row of picture samples: where it starts in the patch and how far one sample steps. */
typedef struct walk {
    int64_t u, v;
    int32_t du, dv;
} walk_t;

static void blend_luma_row(uint8_t *row, uint32_t count, walk_t at, const plane_t *patch,
                           const plane_t *mask, int32_t bias)
{
    for (uint32_t i = 0; i < count; i++, at.u += at.du, at.v += at.dv) {
        if (at.u < 0 || at.v < 0 || at.u > mask->limit_u || at.v > mask->limit_v)
            continue;
        int32_t u = (int32_t)at.u, v = (int32_t)at.v;
        int32_t alpha = (sample(mask, u, v) + HALF) >> 16;
        if (alpha == 0)
            continue;
        int32_t value = clamp((sample(patch, u, v) + bias + HALF) >> 16, 0, 255);
        row[i] = mix(row[i], value, alpha);
    }
}

static void blend_chroma_row(uint8_t *const row[2], uint32_t count, walk_t at,
                             const plane_t patch[2], const plane_t *mask, const int32_t bias[2])
{
    for (uint32_t i = 0; i < count; i++, at.u += at.du, at.v += at.dv) {
        if (at.u < 0 || at.v < 0 || at.u > mask->limit_u || at.v > mask->limit_v)
            continue;
        int32_t alpha = (sample(mask, (int32_t)at.u, (int32_t)at.v) + HALF) >> 16;
        if (alpha == 0)
            continue;
        /* A chroma sample sits half a luma pixel in; there is none beyond the outermost centre. */
        int32_t u = clamp((int32_t)((at.u - HALF) >> 1), 0, patch[0].limit_u);
        int32_t v = clamp((int32_t)((at.v - HALF) >> 1), 0, patch[0].limit_v);
        for (int c = 0; c < 2; c++) {
            int32_t value = clamp((sample(&patch[c], u, v) + bias[c] + HALF) >> 16, 0, 255);
            row[c][i] = mix(row[c][i], value, alpha);
        }
    }
}

/* The patch position of a picture position given in half pixels, rounded down: then it does not
 * depend on where a row starts. */
static walk_t walk_from(const int32_t m[6], int64_t x2, int64_t y2, int32_t step)
{
    return (walk_t){
        .u = ((m[0] * x2 + m[1] * y2) >> 1) + m[2],
        .v = ((m[3] * x2 + m[4] * y2) >> 1) + m[5],
        .du = m[0] * step,
        .dv = m[3] * step,
    };
}

void bei_mouth_blend(const bei_i420_t *picture, const bei_placement_t *placement,
                     const bei_i420_t *patch, const uint8_t *mask)
{
    const bei_rect_t area = placement->area;
    const uint32_t pw = patch->width, ph = patch->height;
    plane_t alpha = plane_of(mask, pw, pw, ph);
    plane_t luma = plane_of(patch->plane[0], patch->stride[0], pw, ph);
    plane_t chroma[2] = {plane_of(patch->plane[1], patch->stride[1], pw / 2, ph / 2),
                         plane_of(patch->plane[2], patch->stride[2], pw / 2, ph / 2)};
    const int32_t bias[3] = {placement->bias[0] * 4096, placement->bias[1] * 4096,
                             placement->bias[2] * 4096};
    for (uint32_t y = area.y; y < area.y + area.h && y < picture->height; y++) {
        uint8_t *row = picture->plane[0] + (size_t)y * picture->stride[0] + area.x;
        walk_t walk = walk_from(placement->affine, 2 * (int64_t)area.x, 2 * (int64_t)y, 1);
        blend_luma_row(row, area.w, walk, &luma, &alpha, bias[0]);
    }
    for (uint32_t y = area.y / 2; y < (area.y + area.h) / 2; y++) {
        uint8_t *row[2] = {picture->plane[1] + (size_t)y * picture->stride[1] + area.x / 2,
                           picture->plane[2] + (size_t)y * picture->stride[2] + area.x / 2};
        walk_t walk = walk_from(placement->affine, 2 * (int64_t)area.x + 1, 4 * (int64_t)y + 1, 2);
        blend_chroma_row(row, area.w / 2, walk, chroma, &alpha, bias + 1);
    }
}

/* Bounds of the patch's corners carried back into the picture. Floating point serves here: a pixel
 * more or less at the edge of the area has a mask of 0. */
static void corners_to_area(const double inverse[6], uint32_t patch_w, uint32_t patch_h,
                            double box[4])
{
    box[0] = box[1] = 1e9;
    box[2] = box[3] = -1e9;
    for (int corner = 0; corner < 4; corner++) {
        double u = (corner & 1) ? patch_w : 0, v = (corner & 2) ? patch_h : 0;
        double x = inverse[0] * u + inverse[1] * v + inverse[2];
        double y = inverse[3] * u + inverse[4] * v + inverse[5];
        box[0] = fmin(box[0], x - 1);
        box[1] = fmin(box[1], y - 1);
        box[2] = fmax(box[2], x + 1);
        box[3] = fmax(box[3], y + 1);
    }
}

static uint32_t even_inside(double value, uint32_t limit)
{
    if (!(value > 0))
        return 0;
    return value >= limit ? limit & ~1u : (uint32_t)value & ~1u;
}

be_status bei_placement_prepare(bei_placement_t *placement, uint32_t picture_w, uint32_t picture_h,
                                uint32_t patch_w, uint32_t patch_h)
{
    double m[6];
    for (int i = 0; i < 6; i++)
        m[i] = placement->affine[i] / (double)ONE;
    double det = m[0] * m[4] - m[1] * m[3];
    bool steep = fabs(m[0]) > 8 || fabs(m[1]) > 8 || fabs(m[3]) > 8 || fabs(m[4]) > 8;
    if (steep || fabs(det) < 1.0 / 64)
        return bei_error_set(BE_ERR_FILE_CORRUPT, "a mouth placement is not a plausible head pose");
    double inverse[6] = {m[4] / det,  -m[1] / det, (m[1] * m[5] - m[4] * m[2]) / det,
                         -m[3] / det, m[0] / det,  (m[3] * m[2] - m[0] * m[5]) / det};
    double box[4];
    corners_to_area(inverse, patch_w, patch_h, box);
    uint32_t x0 = even_inside(box[0], picture_w), y0 = even_inside(box[1], picture_h);
    uint32_t x1 = even_inside(box[2] + 2, picture_w), y1 = even_inside(box[3] + 2, picture_h);
    placement->area = (bei_rect_t){x0, y0, x1 - x0, y1 - y0};
    return BE_OK;
}
