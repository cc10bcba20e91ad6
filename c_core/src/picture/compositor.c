#include "picture/compositor.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "picture/convert.h"
#include "picture/resize.h"

enum { MAX_TARGET_SIDE = 8192 };

struct bei_compositor {
    const bei_scene_t *scene;
    uint8_t *block;
    bei_i420_t canvas;
    uint32_t base;    /* the base picture that the canvas shows, or BEI_NO_PICTURE */
    bei_rect_t dirty; /* where the canvas differs from it */
    be_compose_size_t size;
    bei_rect_t window; /* where the picture stands in the output */
    bei_resizer_t *resizer;
};

be_status bei_compositor_create(const bei_scene_t *scene, bei_compositor_t **out)
{
    bei_compositor_t *compositor = bei_calloc(1, sizeof *compositor);
    if (!compositor)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a stream");
    compositor->scene = scene;
    compositor->base = BEI_NO_PICTURE;
    compositor->block = bei_alloc(bei_i420_size(scene->width, scene->height));
    if (!compositor->block) {
        bei_compositor_destroy(compositor);
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a canvas of %u x %u",
                             scene->width, scene->height);
    }
    compositor->canvas = bei_i420_over(compositor->block, scene->width, scene->height);
    *out = compositor;
    return BE_OK;
}

void bei_compositor_destroy(bei_compositor_t *compositor)
{
    if (!compositor)
        return;
    bei_resizer_destroy(compositor->resizer);
    bei_free(compositor->block);
    bei_free(compositor);
}

/* The largest window of the scene's aspect ratio that fits, centred. */
static bei_rect_t letterbox(const bei_scene_t *scene, uint32_t width, uint32_t height)
{
    uint64_t w = width, h = height;
    if ((uint64_t)scene->width * height > (uint64_t)scene->height * width)
        h = ((uint64_t)scene->height * width + scene->width / 2) / scene->width;
    else
        w = ((uint64_t)scene->width * height + scene->height / 2) / scene->height;
    bei_rect_t window = {0, 0, w ? (uint32_t)w : 1, h ? (uint32_t)h : 1};
    window.x = (width - window.w) / 2;
    window.y = (height - window.h) / 2;
    return window;
}

be_status bei_compositor_set_size(bei_compositor_t *compositor, const be_compose_size_t *size,
                                  size_t *bytes_out)
{
    const bei_scene_t *scene = compositor->scene;
    be_compose_size_t wanted = {0};
    if (size)
        wanted = *size;
    BEI_REQUIRE((wanted.target_width == 0) == (wanted.target_height == 0),
                "a target size of %u x %u has one side missing", wanted.target_width,
                wanted.target_height);
    if (wanted.target_width == 0) {
        wanted.target_width = scene->width;
        wanted.target_height = scene->height;
    }
    BEI_REQUIRE(wanted.target_width <= MAX_TARGET_SIDE && wanted.target_height <= MAX_TARGET_SIDE,
                "a target size of %u x %u is beyond %d", wanted.target_width, wanted.target_height,
                MAX_TARGET_SIDE);
    *bytes_out = (size_t)wanted.target_width * wanted.target_height * 3;
    if (wanted.target_width == compositor->size.target_width &&
        wanted.target_height == compositor->size.target_height) {
        compositor->size = wanted;
        return BE_OK;
    }
    bei_rect_t window = letterbox(scene, wanted.target_width, wanted.target_height);
    bei_resizer_t *resizer = NULL;
    if (window.w != scene->width || window.h != scene->height)
        BEI_TRY(bei_resizer_create(scene->width, scene->height, window.w, window.h, &resizer));
    bei_resizer_destroy(compositor->resizer);
    compositor->resizer = resizer;
    compositor->window = window;
    compositor->size = wanted;
    return BE_OK;
}

static int contains(bei_rect_t outer, bei_rect_t inner)
{
    return inner.w == 0 || inner.h == 0 ||
           (inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.w <= outer.x + outer.w &&
            inner.y + inner.h <= outer.y + outer.h);
}

static void copy_part(const bei_i420_t *canvas, const bei_i420_t *base, bei_rect_t rect)
{
    bei_i420_t to = bei_i420_part(canvas, rect), from = bei_i420_part(base, rect);
    bei_i420_copy(&to, &from);
}

/* Brings the canvas back to the frame's base wherever the frame's rectangle will not cover it. */
static be_status lay_base(bei_compositor_t *compositor, const bei_scene_frame_t *frame)
{
    if (compositor->base == frame->base && contains(frame->rect, compositor->dirty))
        return BE_OK;
    const bei_i420_t *base;
    BEI_TRY(bei_pool_get(compositor->scene->pool, frame->base, &base));
    if (compositor->base == frame->base)
        copy_part(&compositor->canvas, base, compositor->dirty);
    else
        bei_i420_copy(&compositor->canvas, base);
    compositor->base = frame->base;
    compositor->dirty = (bei_rect_t){0, 0, 0, 0};
    return BE_OK;
}

be_status bei_compositor_compose(bei_compositor_t *compositor, uint32_t frame_index,
                                 uint32_t mouth_index)
{
    const bei_scene_t *scene = compositor->scene;
    const bei_scene_frame_t *frame = &scene->frames[frame_index];
    const bei_i420_t *part = NULL, *patch = NULL;
    if (frame->part != BEI_NO_PICTURE)
        BEI_TRY(bei_pool_get(scene->pool, frame->part, &part));
    if (scene->mouths[mouth_index] != BEI_NO_PICTURE)
        BEI_TRY(bei_pool_get(scene->pool, scene->mouths[mouth_index], &patch));
    BEI_TRY(lay_base(compositor, frame));
    if (part) {
        bei_i420_t target = bei_i420_part(&compositor->canvas, frame->rect);
        bei_i420_copy(&target, part);
        compositor->dirty = bei_rect_union(compositor->dirty, frame->rect);
    }
    if (patch) {
        bei_mouth_blend(&compositor->canvas, &frame->placement, patch, scene->mask);
        compositor->dirty = bei_rect_union(compositor->dirty, frame->placement.area);
    }
    return BE_OK;
}

static void fill_row(uint8_t *row, uint32_t count, const be_compose_size_t *size)
{
    for (uint32_t x = 0; x < count; x++, row += 3) {
        row[0] = size->fill_b;
        row[1] = size->fill_g;
        row[2] = size->fill_r;
    }
}

/* Paints what the window leaves free. */
static void fill_around(const bei_compositor_t *compositor, uint8_t *bgr)
{
    const be_compose_size_t *size = &compositor->size;
    const bei_rect_t window = compositor->window;
    const size_t stride = (size_t)size->target_width * 3;
    for (uint32_t y = 0; y < size->target_height; y++, bgr += stride) {
        if (y < window.y || y >= window.y + window.h) {
            fill_row(bgr, size->target_width, size);
            continue;
        }
        uint32_t right = window.x + window.w;
        fill_row(bgr, window.x, size);
        fill_row(bgr + (size_t)right * 3, size->target_width - right, size);
    }
}

void bei_compositor_write(bei_compositor_t *compositor, uint8_t *bgr)
{
    const bei_rect_t window = compositor->window;
    const size_t stride = (size_t)compositor->size.target_width * 3;
    const bei_i420_t *picture = &compositor->canvas;
    if (compositor->resizer)
        picture = bei_resizer_run(compositor->resizer, picture);
    if (window.w != compositor->size.target_width || window.h != compositor->size.target_height)
        fill_around(compositor, bgr);
    bei_convert_bgr(picture, bgr + window.y * stride + (size_t)window.x * 3, stride);
}
