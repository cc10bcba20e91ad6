#include "session/ahead.h"

enum { DEPTH = 4 }; /* frames: 160 ms, in which a worker decodes dozens of pictures */

typedef struct list {
    uint32_t picture[2 * DEPTH];
    uint32_t count;
} list_t;

static void add(list_t *list, const bei_scene_frame_t *frame)
{
    list->picture[list->count++] = frame->base;
    if (frame->part != BEI_NO_PICTURE)
        list->picture[list->count++] = frame->part;
}

void bei_ahead_of_cursor(const bei_avatar_t *avatar, const bei_cursor_t *cursor)
{
    const bei_scene_t *scene = &avatar->scene;
    if (!bei_pool_on_demand(scene->pool))
        return;
    list_t list = {{0}, 0};
    bei_cursor_t next = *cursor;
    for (int i = 0; i < DEPTH; i++) {
        add(&list, &scene->frames[bei_cursor_frame(&next)]);
        bei_cursor_advance(&next);
    }
    bei_pool_expect(scene->pool, list.picture, list.count);
}

void bei_ahead_of_frame(const bei_avatar_t *avatar, uint32_t frame)
{
    const bei_scene_t *scene = &avatar->scene;
    if (!bei_pool_on_demand(scene->pool))
        return;
    list_t list = {{0}, 0};
    for (uint32_t i = 1; i <= DEPTH; i++)
        add(&list, &scene->frames[(frame + i) % avatar->imx->loop_count]);
    bei_pool_expect(scene->pool, list.picture, list.count);
}
