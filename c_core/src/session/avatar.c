#include "session/avatar.h"

#include <stdatomic.h>
#include <string.h>

#include "base/env.h"
#include "base/error.h"
#include "base/log.h"
#include "base/thread.h"

static bei_mutex_t list_lock = BEI_MUTEX_INIT;
/* Of every avatar's bytes and digest, taken after the list's: a worker, which somebody who has the list may
 * wait for, takes this one alone. */
static bei_mutex_t bytes_lock = BEI_MUTEX_INIT;
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

static bool is_same_place(const bei_imx_frame_t *a, const bei_imx_frame_t *b)
{
    return a->base == b->base && a->x == b->x && a->y == b->y && a->w == b->w && a->h == b->h;
}

/* The picture of a frame's rectangle: that of an earlier frame with the same bytes, as in actions that
 * go back the way they came, or a new one. */
static uint32_t want_part(const bei_avatar_t *avatar, uint32_t index, wanted_t *wanted)
{
    const bei_imx_frame_t *frames = avatar->imx->frames, *frame = &frames[index];
    for (uint32_t i = 0; i < index; i++)
        if (frames[i].jpeg.data == frame->jpeg.data && frames[i].jpeg.size == frame->jpeg.size &&
            is_same_place(&frames[i], frame))
            return avatar->scene.frames[i].part;
    return want(wanted, (bei_pool_source_t){.jpeg = frame->jpeg,
                                            .width = frame->w,
                                            .height = frame->h,
                                            .kind = BEI_PICTURE_PART,
                                            .placed = true,
                                            .base = avatar->scene.frames[index].base,
                                            .x = frame->x,
                                            .y = frame->y});
}

static void want_frame(const bei_avatar_t *avatar, uint32_t index, uint32_t *bases,
                       wanted_t *wanted)
{
    const bei_imx_t *imx = avatar->imx;
    const bei_imx_frame_t *frame = &imx->frames[index];
    bei_scene_frame_t *to = &avatar->scene.frames[index];
    if (bases[frame->base] == BEI_NO_PICTURE)
        bases[frame->base] = want(wanted, (bei_pool_source_t){.jpeg = imx->bases[frame->base],
                                                              .width = imx->manifest.width,
                                                              .height = imx->manifest.height,
                                                              .kind = BEI_PICTURE_BASE});
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
        avatar->scene.mouths[i] = want(wanted, (bei_pool_source_t){.jpeg = imx->mouths[i].jpeg,
                                                                   .width = imx->patch_w,
                                                                   .height = imx->patch_h,
                                                                   .kind = BEI_PICTURE_MOUTH});
    for (uint32_t i = 1; i < imx->frame_count; i++)
        want_frame(avatar, i, bases, wanted);
}

/* From the worker, once nobody may compare the file's bytes any more. */
static void take_digest(void *user)
{
    bei_avatar_t *avatar = user;
    const bei_digest_t digest = bei_digest_of(avatar->imx->bytes, avatar->imx->size);
    bei_mutex_lock(&bytes_lock);
    avatar->digest = digest;
    avatar->has_digest = true;
    bei_mutex_unlock(&bytes_lock);
}

/* From the worker, once all pictures are decoded. */
static void let_bytes_go(void *user)
{
    bei_avatar_t *avatar = user;
    if (!avatar->has_digest) /* which nobody else sets */
        take_digest(avatar);
    bei_mutex_lock(&bytes_lock);
    bei_imx_let_go(avatar->imx);
    bei_mutex_unlock(&bytes_lock);
}

static bei_pool_settings_t pool_settings(bei_avatar_t *avatar)
{
    const bei_avatar_store_t *store = &avatar->store;
    return (bei_pool_settings_t){
        .on_demand = store->on_demand,
        .in_file = store->in_file,
        .budget = store->budget,
        .host = {avatar->imx->pages.data ? take_digest : NULL, let_bytes_go, avatar},
    };
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
        status = bei_pool_create(wanted.sources, wanted.count, pool_settings(avatar),
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
    scene->mouth_width = imx->patch_w;
    scene->mouth_height = imx->patch_h;
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

/* A file to be found among the avatars that are there. */
typedef struct sought {
    const bei_imx_t *imx;
    bei_digest_t digest; /* taken when it is needed */
    bool has_digest;
} sought_t;

static bool is_same_file(const bei_avatar_t *known, sought_t *sought)
{
    if (known->imx->size != sought->imx->size)
        return false;
    bei_mutex_lock(&bytes_lock);
    const bool gone = known->has_digest;
    const bool same =
        !gone && memcmp(known->imx->bytes, sought->imx->bytes, sought->imx->size) == 0;
    bei_mutex_unlock(&bytes_lock);
    if (!gone)
        return same;
    if (!sought->has_digest)
        sought->digest = bei_digest_of(sought->imx->bytes, sought->imx->size);
    sought->has_digest = true;
    return memcmp(&known->digest, &sought->digest, sizeof sought->digest) == 0;
}

/* Finds an avatar of the same bytes and store; the list's lock is held. */
static bei_avatar_t *find(const bei_imx_t *imx, bei_avatar_store_t store)
{
    sought_t sought = {.imx = imx};
    for (bei_avatar_t *known = list; known; known = known->next)
        if (same_store(known->store, store) && is_same_file(known, &sought))
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

bei_avatar_name_t bei_avatar_name(const bei_avatar_t *avatar)
{
    const bei_imx_t *imx = avatar->imx;
    return (bei_avatar_name_t){.identity = imx->manifest.identity,
                               .issuer = imx->manifest.issuer,
                               .digest = imx->seal.digest,
                               .may_be_insecure = imx->manifest.may_be_insecure};
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
        return bei_imx_open(source->path, &source->trust, out);
    return bei_imx_open_memory(source->bytes.data, source->bytes.size, source->path, &source->trust,
                               out);
}

/* In a child the avatars of the parent have no worker, and somebody may have held the lock. */
static void forget_parent(void)
{
    bei_mutex_init(&list_lock);
    bei_mutex_init(&bytes_lock);
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

bool bei_avatar_holds_bytes(const bei_avatar_t *avatar)
{
    bei_mutex_lock(&bytes_lock);
    const bool holds = avatar->imx->bytes != NULL;
    bei_mutex_unlock(&bytes_lock);
    return holds;
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
