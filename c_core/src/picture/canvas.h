/* The picture of a stream, brought from frame to frame by changing as little as possible: it knows of each
 * row where it differs from the base picture. */
#ifndef BEI_PICTURE_CANVAS_H
#define BEI_PICTURE_CANVAS_H

#include <stdbool.h>

#include "essence.h"
#include "picture/runs.h"

typedef struct bei_canvas {
    bei_i420_t picture;
    uint8_t *block;
    bei_run_t *changed[3]; /* of each row of each plane: where it is not the base */
    bei_rect_t dirty;      /* around all of it, x and y even; empty: none */
} bei_canvas_t;

/* Nothing is on it yet: bei_canvas_cover comes first. BE_ERR_OUT_OF_MEMORY. */
be_status bei_canvas_init(bei_canvas_t *canvas, uint32_t width, uint32_t height);
void bei_canvas_free(bei_canvas_t *canvas);

/* Makes it all base. */
void bei_canvas_cover(bei_canvas_t *canvas, const bei_i420_t *base);

/* Makes it the base with a part over it, in `rect`, and nothing else. part NULL: the base alone. base
 * may be NULL when the part is whole and bei_canvas_is_hidden. */
void bei_canvas_lay(bei_canvas_t *canvas, const bei_i420_t *base, bei_rect_t rect,
                    const bei_picture_t *part);

/* Whether all that is not base lies in `rect`, so that a whole picture there hides it. */
bool bei_canvas_is_hidden(const bei_canvas_t *canvas, bei_rect_t rect);

/* Somebody painted into `area`. */
void bei_canvas_note(bei_canvas_t *canvas, bei_rect_t area);

#endif
