/* One stream's canvas: puts a source frame together, pastes the mouth and hands the picture out.
 *
 * The canvas keeps what it can from frame to frame: the static background is copied only when it
 * changes, so a frame costs its moving rectangle, the mouth and the conversion. */
#ifndef BEI_PICTURE_COMPOSITOR_H
#define BEI_PICTURE_COMPOSITOR_H

#include <stdint.h>

#include "base/i420.h"
#include "essence.h"
#include "picture/image.h"
#include "picture/mouth.h"
#include "picture/pool.h"

/* A source frame: a full base picture with a rectangle put over it. Numbers index the pool. */
typedef struct bei_scene_frame {
    uint32_t base;
    uint32_t part; /* BEI_NO_PICTURE: the base alone */
    bei_rect_t rect;
    bei_placement_t placement;
} bei_scene_frame_t;

/* An avatar's pictures, immutable and shared by all of its streams. */
typedef struct bei_scene {
    bei_pool_t *pool;
    uint32_t width, height; /* even */
    bei_scene_frame_t *frames;
    uint32_t frame_count;
    uint32_t *mouths; /* pool index of each mouth's patch; BEI_NO_PICTURE for the rest mouth */
    uint32_t mouth_count;
    uint32_t mouth_width, mouth_height; /* of a patch and of the mask */
    const uint8_t *mask;
} bei_scene_t;

typedef struct bei_compositor bei_compositor_t;

/* The scene is borrowed and must outlive the compositor. */
be_status bei_compositor_create(const bei_scene_t *scene, bei_compositor_t **out);
void bei_compositor_destroy(bei_compositor_t *compositor);

/* What the output's width and height would be at a size (NULL or zeros: the scene's); nothing changes.
 * BE_ERR_INVALID_ARG. */
be_status bei_compositor_find_size(const bei_compositor_t *compositor,
                                   const be_compose_size_t *size, uint32_t *width,
                                   uint32_t *height);

/* Prepares output at a size (NULL or zeros: the scene's); allocates only when it changes. width and
 * height receive the output's. BE_ERR_INVALID_ARG, BE_ERR_OUT_OF_MEMORY. */
be_status bei_compositor_set_size(bei_compositor_t *compositor, const be_compose_size_t *size,
                                  uint32_t *width, uint32_t *height);

/* A mouth, and how many sixteenths (0 to 16) of another one are mixed into it; both have patches then. */
typedef struct bei_mouth_choice {
    uint32_t mouth, other, share;
} bei_mouth_choice_t;

/* bei_compositor_compose with two mouths mixed. */
be_status bei_compositor_compose_choice(bei_compositor_t *compositor, uint32_t frame,
                                        bei_mouth_choice_t choice);

/* Composes frame and mouth on the canvas. BE_ERR_FILE_CORRUPT when a picture cannot be decoded; the
 * canvas is then rebuilt by the next call. */
be_status bei_compositor_compose(bei_compositor_t *compositor, uint32_t frame, uint32_t mouth);

/* Writes the canvas into `to`, whose size is the one that was set: scaled, in the middle, on even
 * places so that a chroma sample is never shared between picture and fill. */
void bei_compositor_write(bei_compositor_t *compositor, const bei_image_t *to);

/* The canvas in the size that was set, borrowed until the next call on the compositor. In I420 and in
 * the scene's size that is the canvas itself; else it is converted into memory of the compositor's, which
 * is allocated when size or format changed; in the scene's size only what has changed since the last view
 * is converted. BE_ERR_INVALID_ARG for what is no format,
 * BE_ERR_OUT_OF_MEMORY. */
be_status bei_compositor_view(bei_compositor_t *compositor, be_pixel_format format,
                              bei_image_t *out);

#endif
