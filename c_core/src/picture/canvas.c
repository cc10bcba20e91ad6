#include "picture/canvas.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

/* Of one plane: which samples a rectangle of luma pixels covers. */
typedef struct span {
    uint32_t x0, x1, y0, y1;
} span_t;

static span_t in_plane(bei_rect_t rect, int plane)
{
    const uint32_t x1 = rect.x + rect.w, y1 = rect.y + rect.h;
    if (plane == 0)
        return (span_t){rect.x, x1, rect.y, y1};
    return (span_t){rect.x / 2, bei_i420_half(x1), rect.y / 2, bei_i420_half(y1)};
}

be_status bei_canvas_init(bei_canvas_t *canvas, uint32_t width, uint32_t height)
{
    *canvas = (bei_canvas_t){0};
    canvas->block = bei_alloc(bei_i420_size(width, height));
    canvas->changed[0] = bei_calloc(bei_runs_count(width, height), sizeof(bei_run_t));
    if (!canvas->block || !canvas->changed[0])
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a canvas of %u x %u", width,
                             height);
    canvas->changed[1] = canvas->changed[0] + height;
    canvas->changed[2] = canvas->changed[1] + bei_i420_half(height);
    canvas->picture = bei_i420_over(canvas->block, width, height);
    return BE_OK;
}

void bei_canvas_free(bei_canvas_t *canvas)
{
    bei_free(canvas->changed[0]);
    bei_free(canvas->block);
}

void bei_canvas_cover(bei_canvas_t *canvas, const bei_i420_t *base)
{
    bei_i420_copy(&canvas->picture, base);
    memset(canvas->changed[0], 0,
           bei_runs_count(base->width, base->height) * sizeof *canvas->changed[0]);
    canvas->dirty = (bei_rect_t){0, 0, 0, 0};
}

bool bei_canvas_is_hidden(const bei_canvas_t *canvas, bei_rect_t rect)
{
    const bei_rect_t in = canvas->dirty;
    return in.w == 0 || in.h == 0 ||
           (in.x >= rect.x && in.y >= rect.y && in.x + in.w <= rect.x + rect.w &&
            in.y + in.h <= rect.y + rect.h);
}

/* Copies whole blocks of base: more than was asked for, which is harmless where samples that are not base
 * are laid afterwards. Rows are padded to whole blocks. */
static void restore(uint8_t *to, const uint8_t *base, uint32_t from, uint32_t end)
{
    enum { BLOCK = 32 };
    for (uint32_t x = from / BLOCK * BLOCK; x < end; x += BLOCK)
        memcpy(to + x, base + x, BLOCK);
}

/* Takes back what is not base in one row, before the run `now` is laid. */
static void restore_around(uint8_t *to, const uint8_t *base, bei_run_t *changed, bei_run_t now)
{
    const uint32_t start = changed->start, end = start + changed->length;
    const uint32_t left = now.start, right = left + now.length;
    *changed = now;
    if (end <= left || start >= right) {
        restore(to, base, start, end);
        return;
    }
    if (start < left)
        restore(to, base, start, left);
    if (right < end)
        restore(to, base, right, end);
}

/* One plane of a canvas while a part is laid over it. */
typedef struct plane {
    uint8_t *to;
    const uint8_t *base; /* NULL: nothing has to be restored */
    bei_run_t *changed;
    uint32_t stride, base_stride;
} plane_t;

static plane_t plane_of(bei_canvas_t *canvas, const bei_i420_t *base, int p)
{
    return (plane_t){canvas->picture.plane[p], base ? base->plane[p] : NULL, canvas->changed[p],
                     canvas->picture.stride[p], base ? base->stride[p] : 0};
}

static void restore_row(const plane_t *plane, uint32_t y, bei_run_t now)
{
    if (plane->base)
        restore_around(plane->to + (size_t)y * plane->stride,
                       plane->base + (size_t)y * plane->base_stride, &plane->changed[y], now);
    else
        plane->changed[y] = now;
}

static void restore_rows(const plane_t *plane, uint32_t from, uint32_t end)
{
    for (uint32_t y = from; y < end; y++)
        restore_row(plane, y, (bei_run_t){0, 0});
}

/* Gives the end of the samples. */
static const uint8_t *lay_packed(const plane_t *plane, span_t in, const bei_run_t *runs,
                                 const uint8_t *samples)
{
    for (uint32_t y = in.y0; y < in.y1; y++) {
        bei_run_t now = *runs++;
        now.start = now.length ? (uint16_t)(now.start + in.x0) : 0;
        restore_row(plane, y, now);
        memcpy(plane->to + (size_t)y * plane->stride + now.start, samples, now.length);
        samples += now.length;
    }
    return samples;
}

static void lay_whole(const plane_t *plane, span_t in, const uint8_t *from, uint32_t stride)
{
    const bei_run_t now = {(uint16_t)in.x0, (uint16_t)(in.x1 - in.x0)};
    for (uint32_t y = in.y0; y < in.y1; y++, from += stride) {
        restore_row(plane, y, now);
        memcpy(plane->to + (size_t)y * plane->stride + in.x0, from, now.length);
    }
}

void bei_canvas_lay(bei_canvas_t *canvas, const bei_i420_t *base, bei_rect_t rect,
                    const bei_picture_t *part)
{
    const bei_run_t *runs = part ? part->runs : NULL;
    const uint8_t *samples = part ? part->samples : NULL;
    const bei_rect_t covered = part ? rect : (bei_rect_t){0, 0, 0, 0};
    for (int p = 0; p < 3; p++) {
        const plane_t plane = plane_of(canvas, base, p);
        const span_t in = in_plane(covered, p), dirty = in_plane(canvas->dirty, p);
        restore_rows(&plane, dirty.y0, dirty.y1 < in.y0 ? dirty.y1 : in.y0);
        restore_rows(&plane, dirty.y0 > in.y1 ? dirty.y0 : in.y1, dirty.y1);
        if (runs) {
            samples = lay_packed(&plane, in, runs, samples);
            runs += in.y1 - in.y0;
        } else if (part) {
            lay_whole(&plane, in, part->planes.plane[p], part->planes.stride[p]);
        }
    }
    canvas->dirty = covered;
}

static bei_run_t join(bei_run_t run, uint32_t x0, uint32_t x1)
{
    if (run.length == 0)
        return (bei_run_t){(uint16_t)x0, (uint16_t)(x1 - x0)};
    const uint32_t end = (uint32_t)run.start + run.length;
    const uint32_t start = run.start < x0 ? run.start : x0;
    return (bei_run_t){(uint16_t)start, (uint16_t)((end > x1 ? end : x1) - start)};
}

void bei_canvas_note(bei_canvas_t *canvas, bei_rect_t area)
{
    if (area.w == 0 || area.h == 0)
        return;
    for (int p = 0; p < 3; p++) {
        const span_t in = in_plane(area, p);
        for (uint32_t y = in.y0; y < in.y1; y++)
            canvas->changed[p][y] = join(canvas->changed[p][y], in.x0, in.x1);
    }
    canvas->dirty = bei_rect_union(canvas->dirty, area);
}
