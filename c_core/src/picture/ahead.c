#include "picture/ahead.h"

#include "picture/compositor.h"

/* Frames: 160 ms of a stream, in which a worker decodes dozens of pictures. */
enum { DEPTH = 4 };

typedef struct list {
    uint32_t picture[2 * DEPTH];
    uint32_t count;
} list_t;

static void add(list_t *list, uint32_t picture)
{
    if (picture != BEI_NO_PICTURE)
        list->picture[list->count++] = picture;
}

/* Lists the pictures of `frame` and of those that follow it. */
static void list_from(const bei_scene_t *scene, uint32_t frame, bool backward, list_t *list)
{
    list->count = 0;
    for (int i = 0; i < DEPTH; i++) {
        add(list, scene->frames[frame].part);
        add(list, scene->frames[frame].base);
        uint32_t next = scene->frames[frame].next[backward];
        backward = next < frame;
        frame = next;
    }
}

void bei_ahead_follow(bei_ahead_t *ahead, const bei_scene_t *scene, uint32_t frame)
{
    if (!bei_pool_on_demand(scene->pool))
        return;
    if (frame != ahead->frame)
        ahead->backward = frame < ahead->frame;
    ahead->frame = frame;
    list_t list;
    list_from(scene, scene->frames[frame].next[ahead->backward], ahead->backward, &list);
    bei_pool_expect(scene->pool, list.picture, list.count);
}

void bei_ahead_prepare(const bei_scene_t *scene, uint32_t frame)
{
    list_t list;
    list_from(scene, frame, false, &list);
    bei_pool_expect(scene->pool, list.picture, list.count);
}
