#include "session/cursor.h"

enum { NONE_SHOWN = UINT32_MAX >> 1 }; /* no frame has this number */

void bei_cursor_init(bei_cursor_t *cursor, const bei_imx_t *imx)
{
    *cursor = (bei_cursor_t){
        .imx = imx, .last = NONE_SHOWN, .playing = BEI_NO_CLIP, .waiting = BEI_NO_CLIP};
}

void bei_cursor_reset(bei_cursor_t *cursor)
{
    bei_cursor_init(cursor, cursor->imx);
}

/* Frames in one round of the loop: forth and back shows neither end twice. */
static uint32_t round_length(const bei_imx_t *imx)
{
    uint32_t count = imx->loop_count;
    return imx->manifest.pingpong && count >= 3 ? 2 * count - 2 : count;
}

static uint32_t loop_frame(const bei_cursor_t *cursor)
{
    uint32_t place = cursor->place;
    return place < cursor->imx->loop_count ? place : round_length(cursor->imx) - place;
}

/* Whether the clip that waits begins with the frame to show now. */
static bool is_due(const bei_cursor_t *cursor)
{
    if (cursor->waiting == BEI_NO_CLIP)
        return false;
    /* While a clip plays, no frame of the loop was the last one. */
    return cursor->at_once || cursor->last == cursor->imx->clips[cursor->waiting].leave;
}

uint32_t bei_cursor_frame(const bei_cursor_t *cursor)
{
    const bei_imx_clip_t *clips = cursor->imx->clips;
    if (is_due(cursor))
        return clips[cursor->waiting].first;
    if (cursor->playing != BEI_NO_CLIP)
        return clips[cursor->playing].first + cursor->clip_at;
    return loop_frame(cursor);
}

bool bei_cursor_in_action(const bei_cursor_t *cursor)
{
    return cursor->playing != BEI_NO_CLIP || is_due(cursor);
}

static void advance_clip(bei_cursor_t *cursor)
{
    const bei_imx_clip_t *clip = &cursor->imx->clips[cursor->playing];
    cursor->last = NONE_SHOWN;
    if (++cursor->clip_at < clip->frames)
        return;
    cursor->playing = BEI_NO_CLIP;
    cursor->place = clip->rejoin; /* the first half of a round goes forwards */
}

static void advance_loop(bei_cursor_t *cursor)
{
    cursor->last = loop_frame(cursor);
    cursor->place = (cursor->place + 1) % round_length(cursor->imx);
}

void bei_cursor_advance(bei_cursor_t *cursor)
{
    if (is_due(cursor)) {
        cursor->playing = cursor->waiting;
        cursor->clip_at = 0;
        cursor->waiting = BEI_NO_CLIP;
        cursor->at_once = false;
    }
    if (cursor->playing != BEI_NO_CLIP)
        advance_clip(cursor);
    else
        advance_loop(cursor);
}

void bei_cursor_play(bei_cursor_t *cursor, uint32_t clip, bool at_once)
{
    cursor->waiting = clip;
    cursor->at_once = at_once && clip != BEI_NO_CLIP;
}
