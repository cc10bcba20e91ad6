#include "picture/resize.h"

#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "picture/resize_kernels.h"

enum { WEIGHT_ONE = 1 << BEI_RESIZE_BITS };

/* The source samples of a target sample: their weights sum to WEIGHT_ONE; first and last are not 0. */
typedef struct taps {
    uint32_t first, count;
    const int16_t *weight;
} taps_t;

typedef struct axis {
    taps_t *taps; /* of each target sample */
    int16_t *weights;
    uint32_t most, count; /* taps of one target sample; target samples */
} axis_t;

struct bei_resizer {
    axis_t x[2], y[2]; /* luma, chroma */
    const bei_resize_kernels_t *kernels;
    uint8_t *wide, *narrow; /* a strip on its side, before and after scaling in x */
    uint8_t *columns;       /* a plane scaled in x only */
    uint32_t columns_stride;
    uint8_t *block;
    bei_i420_t result;
};

/* Rounds the weights of one target sample, each from where the last one ended, so that none is negative
 * and they sum exactly to WEIGHT_ONE. */
static void set_weights(int16_t *weight, uint32_t count, const double *raw, double sum)
{
    double reached = 0;
    long before = 0;
    for (uint32_t i = 0; i < count; i++) {
        reached += raw[i];
        long now = i + 1 < count ? lrint(reached / sum * (double)WEIGHT_ONE) : WEIGHT_ONE;
        weight[i] = (int16_t)(now - before);
        before = now;
    }
}

static taps_t without_zeros(uint32_t first, uint32_t count, const int16_t *weight)
{
    for (; count > 1 && weight[0] == 0; first++, count--)
        weight++;
    while (count > 1 && weight[count - 1] == 0)
        count--;
    return (taps_t){first, count, weight};
}

/* A triangle around where the target sample lies, as wide as what it stands for. */
static void set_taps(axis_t *axis, uint32_t target, uint32_t from, double *raw)
{
    const double scale = (double)from / axis->count, radius = fmax(1.0, scale);
    const double centre = (target + 0.5) * scale - 0.5;
    const double lowest = fmax(0.0, floor(centre - radius) + 1);
    const uint32_t first = (uint32_t)fmin(lowest, from - axis->most);
    double sum = 0;
    for (uint32_t i = 0; i < axis->most; i++) {
        double distance = fabs(first + i - centre) / radius;
        raw[i] = distance < 1 ? 1 - distance : 0;
        sum += raw[i];
    }
    if (sum <= 0)
        raw[0] = sum = 1;
    int16_t *weight = axis->weights + (size_t)target * axis->most;
    set_weights(weight, axis->most, raw, sum);
    axis->taps[target] = without_zeros(first, axis->most, weight);
}

static be_status axis_create(axis_t *axis, uint32_t from, uint32_t to)
{
    axis->count = to;
    axis->most = (uint32_t)ceil(2 * fmax(1.0, (double)from / to)) + 1;
    if (axis->most > from)
        axis->most = from;
    axis->taps = bei_calloc(to, sizeof *axis->taps);
    axis->weights = bei_calloc((size_t)to * axis->most, sizeof *axis->weights);
    double *raw = bei_calloc(axis->most, sizeof *raw);
    const int complete = axis->taps && axis->weights && raw;
    for (uint32_t target = 0; complete && target < to; target++)
        set_taps(axis, target, from, raw);
    bei_free(raw);
    return complete ? BE_OK : bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory to scale pictures");
}

static void axis_free(axis_t *axis)
{
    bei_free(axis->taps);
    bei_free(axis->weights);
}

static uint32_t padded(uint32_t bytes)
{
    return (bytes + BEI_RESIZE_STRIP - 1) / BEI_RESIZE_STRIP * BEI_RESIZE_STRIP;
}

static be_status fill(bei_resizer_t *resizer, uint32_t from_w, uint32_t from_h, uint32_t to_w,
                      uint32_t to_h)
{
    BEI_TRY(axis_create(&resizer->x[0], from_w, to_w));
    BEI_TRY(axis_create(&resizer->y[0], from_h, to_h));
    BEI_TRY(axis_create(&resizer->x[1], bei_i420_half(from_w), bei_i420_half(to_w)));
    BEI_TRY(axis_create(&resizer->y[1], bei_i420_half(from_h), bei_i420_half(to_h)));
    resizer->kernels = bei_resize_best();
    resizer->columns_stride = padded(to_w);
    resizer->wide = bei_calloc(from_w, BEI_RESIZE_STRIP);
    resizer->narrow = bei_calloc(to_w, BEI_RESIZE_STRIP);
    resizer->columns = bei_calloc(from_h, resizer->columns_stride);
    resizer->block = bei_alloc(bei_i420_size(to_w, to_h));
    if (!resizer->wide || !resizer->narrow || !resizer->columns || !resizer->block)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a picture of %u x %u", to_w,
                             to_h);
    resizer->result = bei_i420_over(resizer->block, to_w, to_h);
    return BE_OK;
}

be_status bei_resizer_create(uint32_t from_w, uint32_t from_h, uint32_t to_w, uint32_t to_h,
                             bei_resizer_t **out)
{
    bei_resizer_t *resizer = bei_calloc(1, sizeof *resizer);
    if (!resizer)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory to scale pictures");
    be_status status = fill(resizer, from_w, from_h, to_w, to_h);
    if (status != BE_OK) {
        bei_resizer_destroy(resizer);
        return status;
    }
    *out = resizer;
    return BE_OK;
}

void bei_resizer_destroy(bei_resizer_t *resizer)
{
    if (!resizer)
        return;
    for (int i = 0; i < 2; i++) {
        axis_free(&resizer->x[i]);
        axis_free(&resizer->y[i]);
    }
    bei_free(resizer->wide);
    bei_free(resizer->narrow);
    bei_free(resizer->columns);
    bei_free(resizer->block);
    bei_free(resizer);
}

/* Scales a plane in x, into the resizer's columns. */
static void scale_x(bei_resizer_t *resizer, const axis_t *axis, const uint8_t *from, size_t stride,
                    uint32_t width, uint32_t height)
{
    const bei_resize_kernels_t *kernels = resizer->kernels;
    for (uint32_t y = 0; y < height; y += BEI_RESIZE_STRIP) {
        const uint32_t rows = height - y < BEI_RESIZE_STRIP ? height - y : BEI_RESIZE_STRIP;
        kernels->turn(from + y * stride, stride, width, rows, resizer->wide);
        for (uint32_t x = 0; x < axis->count; x++) {
            const taps_t *taps = &axis->taps[x];
            kernels->sum(resizer->wide + (size_t)taps->first * BEI_RESIZE_STRIP, BEI_RESIZE_STRIP,
                         taps->weight, taps->count, resizer->narrow + (size_t)x * BEI_RESIZE_STRIP,
                         BEI_RESIZE_STRIP);
        }
        kernels->turn_back(resizer->narrow, axis->count, rows,
                           resizer->columns + (size_t)y * resizer->columns_stride,
                           resizer->columns_stride);
    }
}

/* Scales the resizer's columns in y. */
static void scale_y(const bei_resizer_t *resizer, const axis_t *axis, uint32_t width, uint8_t *to,
                    size_t to_stride)
{
    const size_t stride = resizer->columns_stride;
    for (uint32_t y = 0; y < axis->count; y++) {
        const taps_t *taps = &axis->taps[y];
        resizer->kernels->sum(resizer->columns + taps->first * stride, stride, taps->weight,
                              taps->count, to + y * to_stride, width);
    }
}

void bei_resizer_run(bei_resizer_t *resizer, const bei_i420_t *from, const bei_i420_t *to)
{
    for (int i = 0; i < 3; i++) {
        const axis_t *x = &resizer->x[i > 0], *y = &resizer->y[i > 0];
        const uint32_t width = i == 0 ? from->width : bei_i420_half(from->width);
        const uint32_t height = i == 0 ? from->height : bei_i420_half(from->height);
        scale_x(resizer, x, from->plane[i], from->stride[i], width, height);
        scale_y(resizer, y, x->count, to->plane[i], to->stride[i]);
    }
}

const bei_i420_t *bei_resizer_view(bei_resizer_t *resizer, const bei_i420_t *from)
{
    bei_resizer_run(resizer, from, &resizer->result);
    return &resizer->result;
}
