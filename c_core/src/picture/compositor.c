#include "picture/compositor.h"

#include <stdbool.h>

#include "base/error.h"
#include "base/memory.h"
#include "picture/canvas.h"
#include "picture/convert.h"
#include "picture/resize.h"

enum { MAX_TARGET_SIDE = 8192 };

struct bei_compositor {
    const bei_scene_t *scene;
    bei_canvas_t canvas;
    uint32_t base; /* the base picture that the canvas shows, or BEI_NO_PICTURE */
    be_compose_size_t size;
    bei_rect_t window; /* where the picture stands in the output */
    bei_resizer_t *resizer;
    bei_mouth_mask_t mask; /* prepared with the first mouth, whose size it has */
    uint8_t *mixed_block;
    bei_i420_t mixed; /* two mouths in one, over mixed_block */
    uint8_t *view_block;
    bei_image_t view; /* over view_block; width 0: nothing is there */
    bei_rect_t stale; /* where the canvas has changed since the view was written */
};

static be_status make_mixed(bei_compositor_t *compositor)
{
    const uint32_t width = compositor->scene->mouth_width, height = compositor->scene->mouth_height;
    compositor->mixed_block = bei_alloc(bei_i420_size(width, height));
    if (!compositor->mixed_block)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a stream");
    compositor->mixed = bei_i420_over(compositor->mixed_block, width, height);
    return BE_OK;
}

be_status bei_compositor_create(const bei_scene_t *scene, bei_compositor_t **out)
{
    bei_compositor_t *compositor = bei_calloc(1, sizeof *compositor);
    if (!compositor)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a stream");
    compositor->scene = scene;
    compositor->base = BEI_NO_PICTURE;
    compositor->size.target_width = compositor->window.w = scene->width;
    compositor->size.target_height = compositor->window.h = scene->height;
    be_status status = bei_canvas_init(&compositor->canvas, scene->width, scene->height);
    if (status == BE_OK)
        status = make_mixed(compositor);
    if (status != BE_OK) {
        bei_compositor_destroy(compositor);
        return status;
    }
    *out = compositor;
    return BE_OK;
}

void bei_compositor_destroy(bei_compositor_t *compositor)
{
    if (!compositor)
        return;
    bei_resizer_destroy(compositor->resizer);
    bei_free(compositor->view_block);
    bei_free(compositor->mixed_block);
    bei_canvas_free(&compositor->canvas);
    bei_free(compositor);
}

/* The longest whole side up to `limit` that goes with another: whole, even unless it is the limit, so
 * that the window ends between two chroma samples. */
static uint32_t fitting_side(uint64_t product, uint32_t divisor, uint32_t limit)
{
    const uint64_t nearest = (product + divisor / 2) / divisor;
    if (nearest >= limit)
        return limit;
    const uint64_t even = (product + divisor) / (2 * (uint64_t)divisor) * 2;
    const uint64_t side = even ? even : 2;
    return side < limit ? (uint32_t)side : limit;
}

/* The largest window of the scene's aspect ratio that fits, in the middle, at an even place. */
static bei_rect_t letterbox(const bei_scene_t *scene, uint32_t width, uint32_t height)
{
    const uint64_t wide = (uint64_t)scene->width * height, high = (uint64_t)scene->height * width;
    bei_rect_t window = {0, 0, width, height};
    if (wide > high)
        window.h = fitting_side(high, scene->width, height);
    else
        window.w = fitting_side(wide, scene->height, width);
    window.x = (width - window.w) / 4 * 2;
    window.y = (height - window.h) / 4 * 2;
    return window;
}

static be_status complete_size(const bei_scene_t *scene, be_compose_size_t *size)
{
    BEI_REQUIRE((size->target_width == 0) == (size->target_height == 0),
                "a target size of %u x %u has one side missing", size->target_width,
                size->target_height);
    BEI_REQUIRE(size->target_width <= MAX_TARGET_SIDE && size->target_height <= MAX_TARGET_SIDE,
                "a target size of %u x %u is beyond %d", size->target_width, size->target_height,
                MAX_TARGET_SIDE);
    if (size->target_width == 0) {
        size->target_width = scene->width;
        size->target_height = scene->height;
    }
    return BE_OK;
}

/* The part of setting a size that costs memory and time. */
static be_status change_size(bei_compositor_t *compositor, uint32_t width, uint32_t height)
{
    const bei_scene_t *scene = compositor->scene;
    const bei_rect_t window = letterbox(scene, width, height);
    bei_resizer_t *resizer = NULL;
    if (window.w != scene->width || window.h != scene->height)
        BEI_TRY(bei_resizer_create(scene->width, scene->height, window.w, window.h, &resizer));
    bei_resizer_destroy(compositor->resizer);
    compositor->resizer = resizer;
    compositor->window = window;
    return BE_OK;
}

be_status bei_compositor_find_size(const bei_compositor_t *compositor,
                                   const be_compose_size_t *size, uint32_t *width, uint32_t *height)
{
    be_compose_size_t wanted = {0};
    if (size)
        wanted = *size;
    BEI_TRY(complete_size(compositor->scene, &wanted));
    *width = wanted.target_width;
    *height = wanted.target_height;
    return BE_OK;
}

be_status bei_compositor_set_size(bei_compositor_t *compositor, const be_compose_size_t *size,
                                  uint32_t *width, uint32_t *height)
{
    be_compose_size_t wanted = {0};
    if (size)
        wanted = *size;
    BEI_TRY(complete_size(compositor->scene, &wanted));
    if (wanted.target_width != compositor->size.target_width ||
        wanted.target_height != compositor->size.target_height)
        BEI_TRY(change_size(compositor, wanted.target_width, wanted.target_height));
    compositor->size = wanted;
    *width = wanted.target_width;
    *height = wanted.target_height;
    return BE_OK;
}

/* Whether the frame's base shows anywhere that is not on the canvas yet. Where all pictures stay, a part may
 * be packed, and shows its base in between. */
static bool needs_base(const bei_compositor_t *compositor, const bei_scene_frame_t *frame)
{
    return !bei_pool_on_demand(compositor->scene->pool) || compositor->base != frame->base ||
           !bei_canvas_is_hidden(&compositor->canvas, frame->rect);
}

static bei_rect_t whole(const bei_compositor_t *compositor)
{
    return (bei_rect_t){0, 0, compositor->scene->width, compositor->scene->height};
}

static void paste_mouth(bei_compositor_t *compositor, const bei_placement_t *placement,
                        const bei_i420_t *mouth)
{
    if (!compositor->mask.alpha)
        bei_mouth_mask_prepare(&compositor->mask, compositor->scene->mask, mouth->width,
                               mouth->height);
    bei_mouth_blend(&compositor->canvas.picture, placement, mouth, &compositor->mask);
    bei_canvas_note(&compositor->canvas, placement->area);
}

/* The mouth to paste, both of them in one where two are wanted; NULL: the lips rest. */
static const bei_i420_t *mouth_of(bei_compositor_t *compositor,
                                  const bei_picture_t *const picture[BEI_PICTURE_WANTED],
                                  uint32_t share)
{
    const bei_picture_t *mouth = picture[BEI_PICTURE_MOUTH];
    const bei_picture_t *other = picture[BEI_PICTURE_OTHER_MOUTH];
    if (!mouth || !other)
        return mouth ? &mouth->planes : NULL;
    bei_mouth_mix(&compositor->mixed, &mouth->planes, &other->planes, share);
    return &compositor->mixed;
}

static void put_together(bei_compositor_t *compositor, const bei_scene_frame_t *frame,
                         const bei_picture_t *const picture[BEI_PICTURE_WANTED], uint32_t share)
{
    bei_canvas_t *canvas = &compositor->canvas;
    const bei_i420_t *base = picture[BEI_PICTURE_BASE] ? &picture[BEI_PICTURE_BASE]->planes : NULL;
    const bei_rect_t before = compositor->base == frame->base ? canvas->dirty : whole(compositor);
    if (compositor->base != frame->base)
        bei_canvas_cover(canvas, base);
    compositor->base = frame->base;
    bei_canvas_lay(canvas, base, frame->rect, picture[BEI_PICTURE_PART]);
    const bei_i420_t *mouth = mouth_of(compositor, picture, share);
    if (mouth)
        paste_mouth(compositor, &frame->placement, mouth);
    const bei_rect_t changed = bei_rect_union(before, canvas->dirty);
    compositor->stale = bei_rect_union(compositor->stale, changed);
}

be_status bei_compositor_compose(bei_compositor_t *compositor, uint32_t frame, uint32_t mouth)
{
    return bei_compositor_compose_choice(compositor, frame, (bei_mouth_choice_t){mouth, 0, 0});
}

be_status bei_compositor_compose_choice(bei_compositor_t *compositor, uint32_t frame_index,
                                        bei_mouth_choice_t choice)
{
    const bei_scene_t *scene = compositor->scene;
    const bei_scene_frame_t *frame = &scene->frames[frame_index];
    const uint32_t wanted[BEI_PICTURE_WANTED] = {
        [BEI_PICTURE_BASE] = needs_base(compositor, frame) ? frame->base : BEI_NO_PICTURE,
        [BEI_PICTURE_PART] = frame->part,
        [BEI_PICTURE_MOUTH] = scene->mouths[choice.mouth],
        [BEI_PICTURE_OTHER_MOUTH] = choice.share ? scene->mouths[choice.other] : BEI_NO_PICTURE,
    };
    const bei_picture_t *picture[BEI_PICTURE_WANTED];
    BEI_TRY(bei_pool_acquire(scene->pool, wanted, picture));
    put_together(compositor, frame, picture, choice.share);
    bei_pool_release(scene->pool, wanted);
    return BE_OK;
}

/* ---------------------------------------------------------------- out */

static int fills_all(const bei_compositor_t *compositor)
{
    return compositor->window.w == compositor->size.target_width &&
           compositor->window.h == compositor->size.target_height;
}

void bei_compositor_write(bei_compositor_t *compositor, const bei_image_t *to)
{
    const be_compose_size_t *size = &compositor->size;
    const bei_image_t part = bei_image_part(to, compositor->window);
    if (!fills_all(compositor))
        bei_image_fill_around(to, compositor->window,
                              (const uint8_t[]){size->fill_b, size->fill_g, size->fill_r});
    if (!compositor->resizer) {
        bei_convert(&compositor->canvas.picture, &part);
    } else if (to->format == BE_PIXEL_I420) {
        const bei_i420_t planes = bei_image_i420(&part);
        bei_resizer_run(compositor->resizer, &compositor->canvas.picture, &planes);
    } else {
        bei_convert(bei_resizer_view(compositor->resizer, &compositor->canvas.picture), &part);
    }
}

static bei_image_t image_of(const bei_i420_t *picture)
{
    return (bei_image_t){
        .plane = {picture->plane[0], picture->plane[1], picture->plane[2]},
        .stride = {picture->stride[0], picture->stride[1], picture->stride[2]},
        .format = BE_PIXEL_I420,
        .width = picture->width,
        .height = picture->height,
    };
}

/* Makes sure that the view is of this format and of the size that was set. */
static be_status lay_view(bei_compositor_t *compositor, be_pixel_format format)
{
    const uint32_t width = compositor->size.target_width, height = compositor->size.target_height;
    bei_image_t *view = &compositor->view;
    if (view->format == format && view->width == width && view->height == height)
        return BE_OK;
    const uint32_t stride = bei_image_aligned_stride(format, width);
    const size_t bytes = bei_image_bytes(format, width, height, stride);
    uint8_t *block = bei_alloc(bytes);
    if (!block)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a frame of %zu bytes", bytes);
    const be_status status = bei_image_layout(format, width, height, stride, block, bytes, view);
    if (status != BE_OK) {
        bei_free(block);
        return status;
    }
    bei_free(compositor->view_block);
    compositor->view_block = block;
    compositor->stale = whole(compositor);
    return BE_OK;
}

/* Brings the view up to date: in the scene's size what has changed, else all of it. */
static void write_view(bei_compositor_t *compositor)
{
    if (compositor->resizer || !fills_all(compositor)) {
        bei_compositor_write(compositor, &compositor->view);
        return;
    }
    const bei_i420_t canvas = bei_i420_part(&compositor->canvas.picture, compositor->stale);
    const bei_image_t part = bei_image_part(&compositor->view, compositor->stale);
    bei_convert(&canvas, &part);
    compositor->stale = (bei_rect_t){0, 0, 0, 0};
}

be_status bei_compositor_view(bei_compositor_t *compositor, be_pixel_format format,
                              bei_image_t *out)
{
    if (format == BE_PIXEL_I420 && !compositor->resizer && fills_all(compositor)) {
        *out = image_of(&compositor->canvas.picture);
        return BE_OK;
    }
    BEI_TRY(lay_view(compositor, format));
    write_view(compositor);
    *out = compositor->view;
    return BE_OK;
}
