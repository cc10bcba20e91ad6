#include "picture/mouth.h"

#include <math.h>
#include <stdbool.h>

#include "base/error.h"

enum { ONE = 65536 };

/* ---------------------------------------------------------------- blending */

static bei_mouth_plane_t plane_of(const uint8_t *data, uint32_t stride, uint32_t width,
                                  uint32_t height)
{
    return (bei_mouth_plane_t){data, stride, (int32_t)width, (int32_t)height};
}

/* A row of picture samples: where it starts in the patch and how far one sample steps. */
typedef struct row {
    int64_t u, v;
    int32_t du, dv;
} row_t;

/* The patch position of a picture position given in half pixels, rounded down: then it does not
 * depend on where a row starts. */
static row_t row_from(const int32_t m[6], int64_t x2, int64_t y2, int32_t step)
{
    return (row_t){
        .u = ((m[0] * x2 + m[1] * y2) >> 1) + m[2],
        .v = ((m[3] * x2 + m[4] * y2) >> 1) + m[5],
        .du = m[0] * step,
        .dv = m[3] * step,
    };
}

static int64_t divide_down(int64_t value, int64_t by)
{
    const int64_t quotient = value / by;
    return quotient * by > value ? quotient - 1 : quotient;
}

/* Narrows first .. end, which is not empty, to the samples i with low <= start + i * step <= high. */
static void narrow(int64_t start, int64_t step, int64_t low, int64_t high, int64_t *first,
                   int64_t *end)
{
    if (step < 0) { /* the same, seen from the other side */
        const int64_t mirrored = -low;
        start = -start;
        step = -step;
        low = -high;
        high = mirrored;
    }
    /* Divisions are slow, and most rows need few. */
    if (start + *first * step < low)
        *first = step > 0 ? -divide_down(start - low, step) : *end;
    if (start + (*end - 1) * step > high)
        *end = step > 0 ? divide_down(high - start, step) + 1 : *first;
}

/* What is true of all rows that the samples first .. end of a row are read from. */
static bei_mouth_extent_t extent_of(const bei_mouth_mask_t *mask, row_t row, int64_t first,
                                    int64_t end)
{
    const int64_t from = (row.v + first * row.dv) >> 16, to = (row.v + (end - 1) * row.dv) >> 16;
    const bei_mouth_extent_t *line = mask->row + (from < to ? from : to);
    const bei_mouth_extent_t *last = mask->row + (from < to ? to : from) + 1;
    bei_mouth_extent_t all = *line;
    while (line++ < last) {
        all.first = line->first < all.first ? line->first : all.first;
        all.end = line->end > all.end ? line->end : all.end;
        all.opaque = line->opaque > all.opaque ? line->opaque : all.opaque;
        all.opaque_end = line->opaque_end < all.opaque_end ? line->opaque_end : all.opaque_end;
    }
    return all;
}

/* The samples of a row of `count` whose alpha may not be 0; returns the first one's index. */
static uint32_t find_walk(row_t row, uint32_t count, const bei_mouth_mask_t *mask,
                          bei_mouth_walk_t *walk)
{
    int64_t first = 0, end = count;
    narrow(row.v, row.dv, 0, bei_mouth_limit((int32_t)mask->height), &first, &end);
    if (first >= end)
        return 0;
    /* A sample is read from two neighbouring columns. */
    const bei_mouth_extent_t extent = extent_of(mask, row, first, end);
    const int32_t limit = bei_mouth_limit((int32_t)mask->width);
    const int32_t low = (extent.first - 1) * ONE, high = extent.end * ONE - 1;
    narrow(row.u, row.du, low > 0 ? low : 0, high < limit ? high : limit, &first, &end);
    if (first >= end)
        return 0;
    int64_t opaque = first, opaque_end = end;
    narrow(row.u, row.du, extent.opaque * ONE, (extent.opaque_end - 1) * ONE - 1, &opaque,
           &opaque_end);
    if (opaque > opaque_end)
        opaque = opaque_end = first;
    *walk = (bei_mouth_walk_t){(int32_t)(row.u + first * row.du),
                               (int32_t)(row.v + first * row.dv),
                               row.du,
                               row.dv,
                               (uint32_t)(end - first),
                               (uint32_t)(opaque - first),
                               (uint32_t)(opaque_end - first)};
    return (uint32_t)first;
}

static void blend_luma(const bei_mouth_kernels_t *kernels, const bei_i420_t *picture,
                       const bei_placement_t *placement, const bei_i420_t *patch,
                       const bei_mouth_mask_t *mask)
{
    const bei_rect_t area = placement->area;
    const bei_mouth_plane_t alpha = plane_of(mask->alpha, mask->width, mask->width, mask->height);
    const bei_mouth_plane_t luma =
        plane_of(patch->plane[0], patch->stride[0], mask->width, mask->height);
    for (uint32_t y = area.y; y < area.y + area.h && y < picture->height; y++) {
        bei_mouth_walk_t walk = {0};
        const row_t row = row_from(placement->affine, 2 * (int64_t)area.x, 2 * (int64_t)y, 1);
        const uint32_t x = area.x + find_walk(row, area.w, mask, &walk);
        if (walk.count > 0)
            kernels->luma(picture->plane[0] + (size_t)y * picture->stride[0] + x, &walk, &luma,
                          &alpha, placement->bias[0] * 4096);
    }
}

static void blend_chroma(const bei_mouth_kernels_t *kernels, const bei_i420_t *picture,
                         const bei_placement_t *placement, const bei_i420_t *patch,
                         const bei_mouth_mask_t *mask)
{
    const bei_rect_t area = placement->area;
    const uint32_t width = mask->width, height = mask->height;
    const bei_mouth_plane_t alpha = plane_of(mask->alpha, width, width, height);
    const bei_mouth_plane_t chroma[2] = {
        plane_of(patch->plane[1], patch->stride[1], width / 2, height / 2),
        plane_of(patch->plane[2], patch->stride[2], width / 2, height / 2)};
    const int32_t bias[2] = {placement->bias[1] * 4096, placement->bias[2] * 4096};
    for (uint32_t y = area.y / 2; y < (area.y + area.h) / 2; y++) {
        bei_mouth_walk_t walk = {0};
        const row_t row =
            row_from(placement->affine, 2 * (int64_t)area.x + 1, 4 * (int64_t)y + 1, 2);
        const uint32_t x = area.x / 2 + find_walk(row, area.w / 2, mask, &walk);
        uint8_t *const rows[2] = {picture->plane[1] + (size_t)y * picture->stride[1] + x,
                                  picture->plane[2] + (size_t)y * picture->stride[2] + x};
        if (walk.count > 0)
            kernels->chroma(rows, &walk, chroma, &alpha, bias);
    }
}

void bei_mouth_blend_with(const bei_mouth_kernels_t *kernels, const bei_i420_t *picture,
                          const bei_placement_t *placement, const bei_i420_t *patch,
                          const bei_mouth_mask_t *mask)
{
    blend_luma(kernels, picture, placement, patch, mask);
    blend_chroma(kernels, picture, placement, patch, mask);
}

void bei_mouth_blend(const bei_i420_t *picture, const bei_placement_t *placement,
                     const bei_i420_t *patch, const bei_mouth_mask_t *mask)
{
    bei_mouth_blend_with(bei_mouth_best(), picture, placement, patch, mask);
}

/* Compilers make vector code of it: 2 microseconds for both pictures of a mouth. */
static void fade(uint8_t *restrict out, const uint8_t *one, const uint8_t *other, uint32_t count,
                 uint32_t share)
{
    for (uint32_t i = 0; i < count; i++)
        out[i] = (uint8_t)((one[i] * (BEI_MOUTH_SHARES - share) + other[i] * share +
                            BEI_MOUTH_SHARES / 2) /
                           BEI_MOUTH_SHARES);
}

void bei_mouth_mix(const bei_i420_t *out, const bei_i420_t *one, const bei_i420_t *other,
                   uint32_t share)
{
    for (int p = 0; p < 3; p++) {
        const uint32_t width = p ? bei_i420_half(out->width) : out->width;
        const uint32_t height = p ? bei_i420_half(out->height) : out->height;
        for (uint32_t y = 0; y < height; y++)
            fade(out->plane[p] + (size_t)y * out->stride[p],
                 one->plane[p] + (size_t)y * one->stride[p],
                 other->plane[p] + (size_t)y * other->stride[p], width, share);
    }
}

/* ---------------------------------------------------------------- masks */

static bei_mouth_extent_t find_extent(const uint8_t *row, uint32_t width)
{
    uint32_t first = 0, end = width, opaque = 0, opaque_end;
    while (end > 0 && row[end - 1] == 0)
        end--;
    while (first < end && row[first] == 0)
        first++;
    while (opaque < end && row[opaque] != 255)
        opaque++;
    for (opaque_end = opaque; opaque_end < end && row[opaque_end] == 255;)
        opaque_end++;
    if (end == 0) /* nothing: the opposite of all */
        first = width;
    return (bei_mouth_extent_t){(uint16_t)first, (uint16_t)end, (uint16_t)opaque,
                                (uint16_t)opaque_end};
}

void bei_mouth_mask_prepare(bei_mouth_mask_t *mask, const uint8_t *alpha, uint32_t width,
                            uint32_t height)
{
    mask->alpha = alpha;
    mask->width = width;
    mask->height = height;
    for (uint32_t y = 0; y < height; y++)
        mask->row[y] = find_extent(alpha + (size_t)y * width, width);
}

/* ---------------------------------------------------------------- areas */

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
