/* Which source frame is next: the loop, forth or forth and back, and the clips that are played between
 * two of its frames.
 *
 * Plain data, no allocation. Thread-safety: none; the stream that owns it guards it. bei_cursor_play
 * must not come between bei_cursor_frame and the bei_cursor_advance that says it was shown. */
#ifndef BEI_SESSION_CURSOR_H
#define BEI_SESSION_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "container/imx.h"

#define BEI_NO_CLIP UINT32_MAX

typedef struct bei_cursor {
    const bei_imx_t *imx;
    uint32_t place;   /* in one round of the loop, 0 .. 2 * loop_count - 3 where it goes back too */
    uint32_t last;    /* the loop's frame that was shown last; no frame's number after a clip's */
    uint32_t playing; /* clip, or BEI_NO_CLIP */
    uint32_t clip_at; /* how many frames of it were shown */
    uint32_t waiting; /* clip that comes next, or BEI_NO_CLIP */
    bool at_once;     /* without waiting for its leave frame */
} bei_cursor_t;

/* Puts the cursor on the loop's first frame, with no clip. The avatar is borrowed. */
void bei_cursor_init(bei_cursor_t *cursor, const bei_imx_t *imx);

/* The same once more, for the same avatar. */
void bei_cursor_reset(bei_cursor_t *cursor);

/* The source frame to show now, 0 .. frame_count - 1. */
uint32_t bei_cursor_frame(const bei_cursor_t *cursor);

/* Whether that frame belongs to a clip. */
bool bei_cursor_in_action(const bei_cursor_t *cursor);

/* Goes on: bei_cursor_frame was shown. */
void bei_cursor_advance(bei_cursor_t *cursor);

/* Asks for a clip, 0 .. clip_count - 1, in place of one that waits, or with BEI_NO_CLIP takes one that
 * waits back. It begins once the loop's frame that was shown last is its leave frame, on the way forth or
 * back; a clip that plays is played to its end before. at_once: it begins with the next frame, and cuts
 * off a clip that plays. After its last frame the loop goes on at its rejoin frame, forwards. */
void bei_cursor_play(bei_cursor_t *cursor, uint32_t clip, bool at_once);

#endif
