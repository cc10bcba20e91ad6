#include "picture/resize.h"

#include <math.h>

#include "base/error.h"
#include "base/memory.h"

enum { WEIGHT_ONE = 1 << 14 };

/* For each target sample the first source sample and `taps` weights that sum to WEIGHT_ONE. */
typedef struct axis {
    uint32_t *first;
    int16_t *weight;
    uint32_t taps, count;
} axis_t;

struct bei_resizer {
    axis_t x[2], y[2]; /* luma, chroma */
    uint8_t *columns;  /* a plane scaled in x only */
    uint8_t *block;
    bei_i420_t result;
};

/* Rounds the weights of one target sample, each from where the last one ended, so that none is negative
 * and they sum exactly to WEIGHT_ONE. */
static void set_weights(axis_t *axis, uint32_t target, const double *raw, double sum)
{
    int16_t *weight = axis->weight + (size_t)target * axis->taps;
    double reached = 0;
    long before = 0;
    for (uint32_t i = 0; i < axis->taps; i++) {
        reached += raw[i];
        long now = i + 1 < axis->taps ? lrint(reached / sum * WEIGHT_ONE) : WEIGHT_ONE;
        weight[i] = (int16_t)(now - before);
        before = now;
    }
}

static be_status axis_create(axis_t *axis, uint32_t from, uint32_t to)
{
    double scale = (double)from / to, radius = fmax(1.0, scale);
    axis->count = to;
    axis->taps = (uint32_t)ceil(2 * radius) + 1;
    if (axis->taps > from)
        axis->taps = from;
    axis->first = bei_calloc(to, sizeof *axis->first);
    axis->weight = bei_calloc((size_t)to * axis->taps, sizeof *axis->weight);
    double *raw = bei_calloc(axis->taps, sizeof *raw);
    if (!axis->first || !axis->weight || !raw) {
        bei_free(raw);
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory to scale pictures");
    }
    for (uint32_t target = 0; target < to; target++) {
        double centre = (target + 0.5) * scale - 0.5;
        double lowest = fmax(0.0, floor(centre - radius) + 1);
        axis->first[target] = (uint32_t)fmin(lowest, from - axis->taps);
        double sum = 0;
        for (uint32_t i = 0; i < axis->taps; i++) {
            double distance = fabs(axis->first[target] + i - centre) / radius;
            raw[i] = distance < 1 ? 1 - distance : 0;
            sum += raw[i];
        }
        if (sum <= 0)
            raw[0] = sum = 1;
        set_weights(axis, target, raw, sum);
    }
    bei_free(raw);
    return BE_OK;
}

static void axis_free(axis_t *axis)
{
    bei_free(axis->first);
    bei_free(axis->weight);
}

static uint8_t rounded(int32_t sum)
{
    return (uint8_t)((sum + WEIGHT_ONE / 2) >> 14);
}

static void scale_columns(const axis_t *axis, const uint8_t *from, size_t from_stride,
                          uint32_t rows, uint8_t *to)
{
    for (uint32_t y = 0; y < rows; y++, from += from_stride, to += axis->count) {
        const int16_t *weight = axis->weight;
        for (uint32_t x = 0; x < axis->count; x++, weight += axis->taps) {
            const uint8_t *source = from + axis->first[x];
            int32_t sum = 0;
            for (uint32_t i = 0; i < axis->taps; i++)
                sum += source[i] * weight[i];
            to[x] = rounded(sum);
        }
    }
}

static void scale_rows(const axis_t *axis, const uint8_t *from, uint32_t width, uint8_t *to,
                       size_t to_stride)
{
    const int16_t *weight = axis->weight;
    for (uint32_t y = 0; y < axis->count; y++, weight += axis->taps, to += to_stride) {
        const uint8_t *source = from + (size_t)axis->first[y] * width;
        for (uint32_t x = 0; x < width; x++) {
            int32_t sum = 0;
            for (uint32_t i = 0; i < axis->taps; i++)
                sum += source[(size_t)i * width + x] * weight[i];
            to[x] = rounded(sum);
        }
    }
}

static be_status fill(bei_resizer_t *resizer, uint32_t from_w, uint32_t from_h, uint32_t to_w,
                      uint32_t to_h)
{
    BEI_TRY(axis_create(&resizer->x[0], from_w, to_w));
    BEI_TRY(axis_create(&resizer->y[0], from_h, to_h));
    BEI_TRY(axis_create(&resizer->x[1], bei_i420_half(from_w), bei_i420_half(to_w)));
    BEI_TRY(axis_create(&resizer->y[1], bei_i420_half(from_h), bei_i420_half(to_h)));
    resizer->columns = bei_alloc((size_t)to_w * from_h);
    resizer->block = bei_alloc(bei_i420_size(to_w, to_h));
    if (!resizer->columns || !resizer->block)
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
    bei_free(resizer->columns);
    bei_free(resizer->block);
    bei_free(resizer);
}

void bei_resizer_run(bei_resizer_t *resizer, const bei_i420_t *from, const bei_i420_t *to)
{
    for (int i = 0; i < 3; i++) {
        const axis_t *x = &resizer->x[i > 0], *y = &resizer->y[i > 0];
        uint32_t rows = i == 0 ? from->height : bei_i420_half(from->height);
        scale_columns(x, from->plane[i], from->stride[i], rows, resizer->columns);
        scale_rows(y, resizer->columns, x->count, to->plane[i], to->stride[i]);
    }
}

const bei_i420_t *bei_resizer_view(bei_resizer_t *resizer, const bei_i420_t *from)
{
    bei_resizer_run(resizer, from, &resizer->result);
    return &resizer->result;
}
