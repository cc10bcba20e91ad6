#include "session/avatar.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/thread.h"

static bei_mutex_t list_lock = BEI_MUTEX_INIT;
static bei_avatar_t *list;

/* The pool's order is the order of need: what the first frame shows, then the mouths, then the
 * rest. */
static be_status fill_pool(bei_avatar_t *avatar)
{
    const bei_imx_t *imx = avatar->imx;
    const bei_imx_manifest_t *manifest = &imx->manifest;
    bei_scene_t *scene = &avatar->scene;
    uint32_t count = 0;
    size_t most = (size_t)imx->base_count + imx->frame_count + imx->mouth_count;
    bei_pool_source_t *sources = bei_calloc(most, sizeof *sources);
    if (!sources)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu pictures", most);
    for (uint32_t i = 0; i < imx->base_count; i++)
        sources[count++] = (bei_pool_source_t){imx->bases[i], manifest->width, manifest->height};
    for (uint32_t i = 0; i < imx->mouth_count; i++) {
        scene->mouths[i] = i == 0 ? BEI_NO_PICTURE : count;
        if (i > 0)
            sources[count++] = (bei_pool_source_t){imx->mouths[i].jpeg, imx->patch_w, imx->patch_h};
    }
    for (uint32_t i = 0; i < imx->frame_count; i++) {
        const bei_imx_frame_t *frame = &imx->frames[i];
        scene->frames[i].part = frame->w == 0 ? BEI_NO_PICTURE : count;
        if (frame->w != 0)
            sources[count++] = (bei_pool_source_t){frame->jpeg, frame->w, frame->h};
    }
    be_status status = bei_pool_create(sources, count, &scene->pool);
    bei_free(sources);
    return status;
}

static be_status build_frames(bei_avatar_t *avatar)
{
    const bei_imx_t *imx = avatar->imx;
    for (uint32_t i = 0; i < imx->frame_count; i++) {
        const bei_imx_frame_t *from = &imx->frames[i];
        bei_scene_frame_t *to = &avatar->scene.frames[i];
        to->base = from->base;
        to->rect = (bei_rect_t){from->x, from->y, from->w, from->h};
        memcpy(to->placement.affine, from->affine, sizeof to->placement.affine);
        memcpy(to->placement.bias, from->bias, sizeof to->placement.bias);
        BEI_TRY(bei_placement_prepare(&to->placement, imx->manifest.width, imx->manifest.height,
                                      imx->patch_w, imx->patch_h));
    }
    return BE_OK;
}

static be_status build_mouths(bei_avatar_t *avatar)
{
    const bei_imx_t *imx = avatar->imx;
    int16_t(*coords)[BEI_LIPS_DIMS] = bei_calloc(imx->mouth_count, sizeof *coords);
    if (!coords)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %u mouths", imx->mouth_count);
    for (uint32_t i = 0; i < imx->mouth_count; i++)
        memcpy(coords[i], imx->mouths[i].coord, sizeof coords[i]);
    be_status status = bei_mouth_set_create(coords[0], imx->mouth_count, &avatar->mouths);
    bei_free(coords);
    return status;
}

static be_status build(bei_avatar_t *avatar)
{
    const bei_imx_t *imx = avatar->imx;
    bei_scene_t *scene = &avatar->scene;
    scene->width = imx->manifest.width;
    scene->height = imx->manifest.height;
    scene->frame_count = imx->frame_count;
    scene->mouth_count = imx->mouth_count;
    scene->mask = imx->mask;
    scene->frames = bei_calloc(imx->frame_count, sizeof *scene->frames);
    scene->mouths = bei_calloc(imx->mouth_count, sizeof *scene->mouths);
    if (!scene->frames || !scene->mouths)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %u frames", imx->frame_count);
    BEI_TRY(build_frames(avatar));
    BEI_TRY(build_mouths(avatar));
    return fill_pool(avatar);
}

static void destroy(bei_avatar_t *avatar)
{
    bei_pool_destroy(avatar->scene.pool);
    bei_mouth_set_destroy(avatar->mouths);
    bei_free(avatar->scene.frames);
    bei_free(avatar->scene.mouths);
    bei_imx_close(avatar->imx);
    bei_free(avatar);
}

/* Finds an avatar of the same bytes; the list's lock is held. */
static bei_avatar_t *find(const bei_imx_t *imx)
{
    for (bei_avatar_t *known = list; known; known = known->next)
        if (known->imx->size == imx->size && memcmp(known->imx->bytes, imx->bytes, imx->size) == 0)
            return known;
    return NULL;
}

static be_status add(bei_imx_t *imx, bei_avatar_t **out)
{
    bei_avatar_t *avatar = bei_calloc(1, sizeof *avatar);
    if (!avatar) {
        bei_imx_close(imx);
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for an avatar");
    }
    avatar->imx = imx;
    be_status status = build(avatar);
    if (status != BE_OK) {
        destroy(avatar);
        return status;
    }
    avatar->references = 1;
    avatar->next = list;
    list = avatar;
    *out = avatar;
    return BE_OK;
}

be_status bei_avatar_acquire(const char *path, bei_avatar_t **out)
{
    bei_imx_t *imx = NULL;
    BEI_TRY(bei_imx_open(path, &imx));
    bei_mutex_lock(&list_lock);
    bei_avatar_t *known = find(imx);
    be_status status = BE_OK;
    if (known) {
        known->references++;
        bei_imx_close(imx);
        *out = known;
    } else {
        status = add(imx, out);
    }
    bei_mutex_unlock(&list_lock);
    return status;
}

void bei_avatar_release(bei_avatar_t *avatar)
{
    if (!avatar)
        return;
    bei_mutex_lock(&list_lock);
    bool last = --avatar->references == 0;
    if (last) {
        bei_avatar_t **link = &list;
        while (*link != avatar)
            link = &(*link)->next;
        *link = avatar->next;
    }
    bei_mutex_unlock(&list_lock);
    if (last)
        destroy(avatar);
}
