#include "session/avatar.h"

#include <stdatomic.h>
#include <string.h>

#include "base/env.h"
#include "base/error.h"
#include "base/log.h"
#include "base/thread.h"

static bei_mutex_t list_lock = BEI_MUTEX_INIT;
static bei_avatar_t *list;
static bool fork_is_watched;

/* A list of pictures being put together. */
typedef struct wanted {
    bei_pool_source_t *sources;
    uint32_t count;
} wanted_t;

static uint32_t want(wanted_t *wanted, bei_pool_source_t source)
{
    wanted->sources[wanted->count] = source;
    return wanted->count++;
}

/* The picture of a frame's rectangle: that of an earlier frame with the same bytes, as in actions that
 * go back the way they came, or a new one. */
static uint32_t want_part(const bei_avatar_t *avatar, uint32_t index, wanted_t *wanted)
{
    const bei_imx_frame_t *frames = avatar->imx->frames, *frame = &frames[index];
    for (uint32_t i = 0; i < index; i++)
        if (frames[i].jpeg.data == frame->jpeg.data && frames[i].jpeg.size == frame->jpeg.size &&
            frames[i].w == frame->w && frames[i].h == frame->h)
            return avatar->scene.frames[i].part;
    return want(wanted, (bei_pool_source_t){frame->jpeg, frame->w, frame->h, BEI_PICTURE_PART});
}

static void want_frame(const bei_avatar_t *avatar, uint32_t index, uint32_t *bases,
                       wanted_t *wanted)
{
    const bei_imx_t *imx = avatar->imx;
    const bei_imx_frame_t *frame = &imx->frames[index];
    bei_scene_frame_t *to = &avatar->scene.frames[index];
    if (bases[frame->base] == BEI_NO_PICTURE)
        bases[frame->base] =
            want(wanted, (bei_pool_source_t){imx->bases[frame->base], imx->manifest.width,
                                             imx->manifest.height, BEI_PICTURE_BASE});
    to->base = bases[frame->base];
    to->part = frame->w ? want_part(avatar, index, wanted) : BEI_NO_PICTURE;
}

/* The order of need: what the first frame shows, the mouths, then frame by frame. */
static void want_all(const bei_avatar_t *avatar, uint32_t *bases, wanted_t *wanted)
{
    const bei_imx_t *imx = avatar->imx;
    for (uint32_t i = 0; i < imx->base_count; i++)
        bases[i] = BEI_NO_PICTURE;
    want_frame(avatar, 0, bases, wanted);
    avatar->scene.mouths[0] = BEI_NO_PICTURE;
    for (uint32_t i = 1; i < imx->mouth_count; i++)
        avatar->scene.mouths[i] =
            want(wanted, (bei_pool_source_t){imx->mouths[i].jpeg, imx->patch_w, imx->patch_h,
                                             BEI_PICTURE_MOUTH});
    for (uint32_t i = 1; i < imx->frame_count; i++)
        want_frame(avatar, i, bases, wanted);
}

static bei_pool_settings_t pool_settings(bei_avatar_store_t store)
{
    return (bei_pool_settings_t){store.on_demand, store.in_file, store.budget};
}

static be_status fill_pool(bei_avatar_t *avatar)
{
    const bei_imx_t *imx = avatar->imx;
    size_t most = (size_t)imx->base_count + imx->frame_count + imx->mouth_count;
    wanted_t wanted = {bei_calloc(most, sizeof *wanted.sources), 0};
    uint32_t *bases = bei_calloc(imx->base_count, sizeof *bases);
    be_status status;
    if (wanted.sources && bases) {
        want_all(avatar, bases, &wanted);
        status = bei_pool_create(wanted.sources, wanted.count, pool_settings(avatar->store),
                                 &avatar->scene.pool);
    } else {
        status = bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu pictures", most);
    }
    bei_free(wanted.sources);
    bei_free(bases);
    return status;
}

static be_status build_frames(bei_avatar_t *avatar)
{
    const bei_imx_t *imx = avatar->imx;
    for (uint32_t i = 0; i < imx->frame_count; i++) {
        const bei_imx_frame_t *from = &imx->frames[i];
        bei_scene_frame_t *to = &avatar->scene.frames[i];
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

static bool same_store(bei_avatar_store_t a, bei_avatar_store_t b)
{
    return a.at_once == b.at_once && a.on_demand == b.on_demand && a.in_file == b.in_file &&
           a.budget == b.budget;
}

/* Finds an avatar of the same bytes and store; the list's lock is held. */
static bei_avatar_t *find(const bei_imx_t *imx, bei_avatar_store_t store)
{
    for (bei_avatar_t *known = list; known; known = known->next)
        if (same_store(known->store, store) && known->imx->size == imx->size &&
            memcmp(known->imx->bytes, imx->bytes, imx->size) == 0)
            return known;
    return NULL;
}

be_metering bei_avatar_metering(const bei_avatar_t *avatar)
{
    static atomic_bool said;
    const bei_imx_manifest_t *manifest = &avatar->imx->manifest;
    if (!manifest->metered)
        return BE_METERING_NONE;
    const char *wish = manifest->may_be_unmetered ? bei_env_get("BITHUMAN_UNMETERED") : NULL;
    if (!wish || strcmp(wish, "1") != 0)
        return BE_METERING_HEARTBEAT;
    if (!atomic_exchange(&said, true))
        bei_log(BE_LOG_WARN,
                "BITHUMAN_UNMETERED: the avatar '%s' is played without authorisation, which its "
                "manifest allows for development",
                manifest->name);
    return BE_METERING_LIFTED;
}

static be_status add(bei_imx_t *imx, bei_avatar_store_t store, bei_avatar_t **out)
{
    bei_avatar_t *avatar = bei_calloc(1, sizeof *avatar);
    if (!avatar) {
        bei_imx_close(imx);
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for an avatar");
    }
    avatar->imx = imx;
    avatar->store = store;
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

static be_status open_imx(const bei_avatar_source_t *source, bei_imx_t **out)
{
    if (!source->bytes.data)
        return bei_imx_open(source->path, out);
    return bei_imx_open_memory(source->bytes.data, source->bytes.size, source->path, out);
}

/* In a child the avatars of the parent have no worker, and somebody may have held the lock. */
static void forget_parent(void)
{
    bei_mutex_init(&list_lock);
    list = NULL;
}

/* Joins the avatar that is there already, or makes it. Takes `imx` over. */
static be_status join_or_add(bei_imx_t *imx, bei_avatar_store_t store, bei_avatar_t **out)
{
    bei_mutex_lock(&list_lock);
    if (!fork_is_watched)
        bei_process_after_fork(forget_parent);
    fork_is_watched = true;
    bei_avatar_t *known = find(imx, store);
    be_status status = BE_OK;
    if (known) {
        known->references++;
        bei_imx_close(imx);
        *out = known;
    } else {
        status = add(imx, store, out);
    }
    bei_mutex_unlock(&list_lock);
    return status;
}

be_status bei_avatar_acquire(const bei_avatar_source_t *source, bei_avatar_t **out)
{
    bei_imx_t *imx = NULL;
    bei_avatar_t *avatar = NULL;
    BEI_TRY(open_imx(source, &imx));
    BEI_TRY(join_or_add(imx, source->store, &avatar));
    /* Not under the list's lock: others may load meanwhile, and who joins this one waits as well. */
    be_status status =
        avatar && source->store.at_once ? bei_pool_finish(avatar->scene.pool) : BE_OK;
    if (status != BE_OK) {
        bei_avatar_release(avatar);
        return status;
    }
    *out = avatar;
    return BE_OK;
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
