/* What decodes the pool's pictures, packs them, and waits for those who do. */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "picture/pool_items.h"

/* ---------------------------------------------------------------- decoders */

/* `largest` of the parts that will be packed; NULL: there is none. */
static be_status make_decoder(const bei_pool_source_t *largest, bei_pool_decoder_t *decoder)
{
    BEI_TRY(bei_jpeg_create(&decoder->jpeg));
    if (!largest)
        return BE_OK;
    const uint64_t whole = bei_i420_size(largest->width, largest->height);
    const uint32_t runs = bei_runs_count(largest->width, largest->height);
    BEI_TRY(bei_pages_reserve((size_t)bei_pages_round(whole + runs * sizeof *decoder->runs),
                              &decoder->room));
    decoder->runs = (bei_run_t *)(void *)(decoder->room.data + whole);
    return BE_OK;
}

be_status bei_decoders_make(bei_pool_t *pool, const bei_pool_source_t *sources)
{
    bei_pool_source_t largest = {0};
    for (uint32_t i = 0; i < pool->count; i++) {
        if (!bei_pool_packs(&sources[i], pool->on_demand))
            continue;
        largest.width = sources[i].width > largest.width ? sources[i].width : largest.width;
        largest.height = sources[i].height > largest.height ? sources[i].height : largest.height;
    }
    const bei_pool_source_t *packed = largest.width ? &largest : NULL;
    BEI_TRY(make_decoder(packed, &pool->worker_decoder));
    uint32_t wanted = pool->on_demand ? BEI_POOL_CALLERS : 1;
    while (pool->spares < wanted)
        BEI_TRY(make_decoder(packed, &pool->spare[pool->spares++]));
    return BE_OK;
}

static void destroy_decoder(bei_pool_decoder_t *decoder)
{
    bei_jpeg_destroy(decoder->jpeg);
    bei_pages_free(&decoder->room);
}

void bei_decoders_free(bei_pool_t *pool)
{
    destroy_decoder(&pool->worker_decoder);
    while (pool->spares > 0)
        destroy_decoder(&pool->spare[--pool->spares]);
}

static void drop_room(const bei_pool_decoder_t *decoder)
{
    if (decoder->room.data)
        bei_pages_drop(decoder->room.data, decoder->room.size);
}

void bei_decoders_rest(bei_pool_t *pool)
{
    drop_room(&pool->worker_decoder);
    for (uint32_t i = 0; i < pool->spares; i++)
        drop_room(&pool->spare[i]);
}

/* ---------------------------------------------------------------- decoding */

/* Takes room that was reserved for packed pictures. */
static uint8_t *take_room(bei_pool_t *pool, size_t bytes)
{
    enum { ALIGNMENT = 16 };
    bei_mutex_lock(&pool->lock);
    uint8_t *room = pool->pages.data + pool->used;
    pool->used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    bei_mutex_unlock(&pool->lock);
    return room;
}

static void pack(bei_pool_t *pool, bei_pool_item_t *item, const bei_i420_t *picture,
                 bei_run_t *runs)
{
    const uint32_t count = bei_runs_count(picture->width, picture->height);
    const bei_rect_t rect = {item->x, item->y, picture->width, picture->height};
    const bei_i420_t under = bei_i420_part(&item->under->picture.planes, rect);
    const size_t bytes = bei_runs_find(picture, &under, runs);
    uint8_t *room = take_room(pool, count * sizeof *runs + bytes);
    item->picture.runs = memcpy(room, runs, count * sizeof *runs);
    item->picture.samples = room + count * sizeof *runs;
    bei_runs_copy(picture, runs, room + count * sizeof *runs);
}

static be_status decode(bei_pool_t *pool, bei_pool_item_t *item, const bei_pool_decoder_t *decoder)
{
    const bei_i420_t *place = &item->picture.planes;
    if (!item->under)
        return bei_jpeg_decode(decoder->jpeg, item->jpeg, place);
    if (atomic_load(&item->under->state) != BEI_ITEM_READY)
        return bei_error_set(BE_ERR_FILE_CORRUPT, "the base under it cannot be decoded");
    const bei_i420_t whole = bei_i420_over(decoder->room.data, place->width, place->height);
    BEI_TRY(bei_jpeg_decode(decoder->jpeg, item->jpeg, &whole));
    pack(pool, item, &whole, decoder->runs);
    return BE_OK;
}

bool bei_pool_decode(bei_pool_t *pool, bei_pool_item_t *item, const bei_pool_decoder_t *decoder)
{
    if (decode(pool, item, decoder) == BE_OK)
        return true;
    bei_log(BE_LOG_ERROR, "picture %u: %s", (unsigned)(item - pool->items), bei_error_message());
    return false;
}

bool bei_pool_decode_as_caller(bei_pool_t *pool, bei_pool_item_t *item)
{
    while (pool->spares == 0)
        bei_cond_wait(&pool->changed, &pool->lock);
    const bei_pool_decoder_t decoder = pool->spare[--pool->spares];
    bei_mutex_unlock(&pool->lock);
    bool decoded = bei_pool_decode(pool, item, &decoder);
    bei_mutex_lock(&pool->lock);
    pool->spare[pool->spares++] = decoder;
    return decoded;
}

void bei_pool_wait_item(bei_pool_t *pool, const bei_pool_item_t *item)
{
    while (atomic_load(&item->state) == BEI_ITEM_DECODING)
        bei_cond_wait(&pool->changed, &pool->lock);
}

be_status bei_pool_damaged(const bei_pool_t *pool, const bei_pool_item_t *item)
{
    return bei_error_set(BE_ERR_FILE_CORRUPT,
                         "picture %u of the avatar cannot be decoded: the file is damaged",
                         (unsigned)(item - pool->items));
}
