#include "picture/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "picture/pool_items.h"

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

/* Claims an item for decoding; false when somebody else has. The lock is held. */
static bool claim(bei_pool_item_t *item)
{
    if (atomic_load(&item->state) != BEI_ITEM_EMPTY)
        return false;
    atomic_store(&item->state, BEI_ITEM_DECODING);
    return true;
}

/* The lock is held. */
static void settle(bei_pool_t *pool, bei_pool_item_t *item, bool decoded)
{
    atomic_store_explicit(&item->state, decoded ? BEI_ITEM_READY : BEI_ITEM_FAILED,
                          memory_order_release);
    bei_cond_broadcast(&pool->changed);
}

/* Decodes an item that nobody has begun, after the base under it; else waits for who has. The lock is
 * held. Whoever waits here holds nothing that others need. */
static void decode_or_wait(bei_pool_t *pool, bei_pool_item_t *item)
{
    if (item->under && claim(item->under))
        settle(pool, item->under, bei_pool_decode_as_caller(pool, item->under));
    if (item->under)
        bei_pool_wait_item(pool, item->under);
    if (claim(item))
        settle(pool, item, bei_pool_decode_as_caller(pool, item));
    bei_pool_wait_item(pool, item);
}

static void destroy_decoder(bei_pool_decoder_t *decoder)
{
    bei_jpeg_destroy(decoder->jpeg);
    bei_pages_free(&decoder->room);
}

static void destroy_decoders(bei_pool_t *pool)
{
    destroy_decoder(&pool->worker_decoder);
    while (pool->spares > 0)
        destroy_decoder(&pool->spare[--pool->spares]);
}

/* ---------------------------------------------------------------- the worker that decodes everything */

/* Claims and decodes an item; false when somebody else has. The lock is held. */
static bool work_on(bei_pool_t *pool, bei_pool_item_t *item)
{
    if (item->under)
        bei_pool_wait_item(pool, item->under); /* it came earlier, so it is begun */
    if (!claim(item))
        return false;
    bei_mutex_unlock(&pool->lock);
    bool decoded = bei_pool_decode(pool, item, &pool->worker_decoder);
    bei_mutex_lock(&pool->lock);
    settle(pool, item, decoded);
    return true;
}

/* Gives back the pages that only this item was decoded from. */
static void drop_source(const bei_pool_item_t *item)
{
    const size_t page = bei_pages_round(1);
    const size_t into = (uintptr_t)item->jpeg.data % page, skip = into ? page - into : 0;
    const size_t whole = item->jpeg.size > skip ? (item->jpeg.size - skip) / page * page : 0;
    if (item->alone && whole > 0)
        bei_pages_drop((uint8_t *)item->jpeg.data + skip, whole); /* the pool's to let go */
}

/* A call of the host's, without the lock. */
static void tell(bei_pool_t *pool, void (*call)(void *user))
{
    bei_mutex_unlock(&pool->lock);
    call(pool->host.user);
    bei_mutex_lock(&pool->lock);
}

static void drop_room(const bei_pool_decoder_t *decoder)
{
    if (decoder->room.data)
        bei_pages_drop(decoder->room.data, decoder->room.size);
}

/* All have been begun: when the last one is done, nobody needs a decoder any more. */
static void wind_up(bei_pool_t *pool)
{
    for (uint32_t i = 0; i < pool->count; i++)
        bei_pool_wait_item(pool, &pool->items[i]);
    drop_room(&pool->worker_decoder);
    for (uint32_t i = 0; i < pool->spares; i++)
        drop_room(&pool->spare[i]);
    if (pool->host.decoded)
        tell(pool, pool->host.decoded);
}

static void work(void *user)
{
    enum { FIRST = 2 }; /* the first frame does not wait for the host */
    bei_pool_t *pool = user;
    const bei_pool_host_t *host = &pool->host;
    bei_mutex_lock(&pool->lock);
    for (uint32_t i = 0; i < pool->count && !atomic_load(&pool->stop); i++) {
        if (i == FIRST && host->before_dropping)
            tell(pool, host->before_dropping);
        if (work_on(pool, &pool->items[i]) && i >= FIRST && host->before_dropping)
            drop_source(&pool->items[i]);
    }
    if (!atomic_load(&pool->stop))
        wind_up(pool);
    bei_mutex_unlock(&pool->lock);
}

/* ---------------------------------------------------------------- making one */

static bool is_packed(const bei_pool_source_t *source, bool on_demand)
{
    return !on_demand && source->placed;
}

/* On demand each picture has pages of its own, so that they can be dropped. */
static uint64_t room_of(const bei_pool_source_t *source, bool on_demand)
{
    enum { ALIGNMENT = 64 };
    if (is_packed(source, on_demand))
        return (bei_runs_most(source->width, source->height) + ALIGNMENT - 1) / ALIGNMENT *
               ALIGNMENT;
    uint64_t bytes = bei_i420_size(source->width, source->height);
    return on_demand ? bei_pages_round(bytes) : bytes;
}

/* Room for everything; what is not used of it costs nothing. */
static be_status take_block(bei_pool_t *pool, uint64_t total, bool in_file)
{
    if (total > SIZE_MAX / 2)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %llu bytes of pictures",
                             (unsigned long long)total);
    size_t size = total ? (size_t)total : 1;
    return in_file ? bei_pages_reserve_file(size, &pool->pages)
                   : bei_pages_reserve(size, &pool->pages);
}

static void place_item(bei_pool_t *pool, bei_pool_item_t *item, const bei_pool_source_t *source)
{
    item->jpeg = source->jpeg;
    item->bytes = room_of(source, pool->on_demand);
    atomic_init(&item->state, BEI_ITEM_EMPTY);
    if (is_packed(source, pool->on_demand)) {
        item->picture.planes.width = source->width;
        item->picture.planes.height = source->height;
        item->under = &pool->items[source->base];
        item->x = source->x;
        item->y = source->y;
        return;
    }
    item->picture.planes =
        bei_i420_over(pool->pages.data + pool->used, source->width, source->height);
    pool->used += item->bytes;
}

static be_status place_items(bei_pool_t *pool, const bei_pool_source_t *sources,
                             const bei_pool_settings_t *settings)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < pool->count; i++)
        total += room_of(&sources[i], pool->on_demand);
    BEI_TRY(take_block(pool, total, settings->in_file));
    for (uint32_t i = 0; i < pool->count; i++)
        place_item(pool, &pool->items[i], &sources[i]);
    return BE_OK;
}

static int by_start(const void *a, const void *b)
{
    const bei_span_t x = (*(bei_pool_item_t *const *)a)->jpeg;
    const bei_span_t y = (*(bei_pool_item_t *const *)b)->jpeg;
    return ((uintptr_t)x.data > (uintptr_t)y.data) - ((uintptr_t)x.data < (uintptr_t)y.data);
}

/* Finds the items whose bytes nobody shares: a file may use them in part or as a whole for others. */
static be_status find_alone(bei_pool_t *pool)
{
    bei_pool_item_t **row = bei_calloc(pool->count, sizeof(void *)), *furthest = NULL;
    if (!row)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %u pictures", pool->count);
    for (uint32_t i = 0; i < pool->count; i++)
        row[i] = &pool->items[i];
    qsort(row, pool->count, sizeof(void *), by_start);
    for (uint32_t i = 0; i < pool->count; i++) {
        const uintptr_t start = (uintptr_t)row[i]->jpeg.data;
        const uintptr_t reached =
            furthest ? (uintptr_t)furthest->jpeg.data + furthest->jpeg.size : 0;
        row[i]->alone = start >= reached;
        if (!row[i]->alone)
            furthest->alone = false;
        if (start + row[i]->jpeg.size > reached)
            furthest = row[i];
    }
    bei_free(row);
    return BE_OK;
}

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

static be_status make_decoders(bei_pool_t *pool, const bei_pool_source_t *sources)
{
    bei_pool_source_t largest = {0};
    for (uint32_t i = 0; i < pool->count; i++) {
        if (!is_packed(&sources[i], pool->on_demand))
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

static be_status fill(bei_pool_t *pool, const bei_pool_source_t *sources, uint32_t count,
                      const bei_pool_settings_t *settings)
{
    pool->on_demand = settings->on_demand;
    pool->host = settings->host;
    pool->items = bei_calloc(count, sizeof *pool->items);
    if (!pool->items)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %u pictures", count);
    pool->count = count;
    BEI_TRY(place_items(pool, sources, settings));
    BEI_TRY(find_alone(pool));
    BEI_TRY(make_decoders(pool, sources));
    if (pool->on_demand) /* what is in a file need not be dropped: the system pages it out */
        BEI_TRY(bei_demand_init(pool, sources, settings->in_file ? 0 : settings->budget));
    BEI_TRY(bei_thread_start(&pool->worker, pool->on_demand ? bei_demand_work : work, pool));
    pool->started = true;
    return BE_OK;
}

be_status bei_pool_create(const bei_pool_source_t *sources, uint32_t count,
                          bei_pool_settings_t settings, bei_pool_t **out)
{
    bei_pool_t *pool = bei_calloc(1, sizeof *pool);
    if (!pool)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for the picture store");
    bei_mutex_init(&pool->lock);
    bei_cond_init(&pool->changed);
    bei_cond_init(&pool->work);
    be_status status = fill(pool, sources, count, &settings);
    if (status != BE_OK) {
        bei_pool_destroy(pool);
        return status;
    }
    *out = pool;
    return BE_OK;
}

static void stop_worker(bei_pool_t *pool)
{
    bei_mutex_lock(&pool->lock);
    atomic_store(&pool->stop, true);
    bei_cond_broadcast(&pool->work);
    bei_mutex_unlock(&pool->lock);
    if (pool->started)
        bei_thread_join(pool->worker);
}

void bei_pool_destroy(bei_pool_t *pool)
{
    if (!pool)
        return;
    stop_worker(pool);
    destroy_decoders(pool);
    bei_cond_destroy(&pool->work);
    bei_cond_destroy(&pool->changed);
    bei_mutex_destroy(&pool->lock);
    bei_pages_free(&pool->pages);
    bei_free(pool->demand.queue);
    bei_free(pool->items);
    bei_free(pool);
}

/* ---------------------------------------------------------------- using one */

/* A picture that stays once it is ready. */
static be_status get(bei_pool_t *pool, uint32_t index, const bei_picture_t **out)
{
    bei_pool_item_t *item = &pool->items[index];
    int state = atomic_load_explicit(&item->state, memory_order_acquire);
    if (state == BEI_ITEM_EMPTY || state == BEI_ITEM_DECODING) {
        bei_mutex_lock(&pool->lock);
        decode_or_wait(pool, item);
        bei_mutex_unlock(&pool->lock);
        state = atomic_load_explicit(&item->state, memory_order_acquire);
    }
    if (state == BEI_ITEM_FAILED)
        return bei_pool_damaged(pool, item);
    *out = &item->picture;
    return BE_OK;
}

be_status bei_pool_acquire(bei_pool_t *pool, const uint32_t wanted[BEI_PICTURE_KINDS],
                           const bei_picture_t *got[BEI_PICTURE_KINDS])
{
    if (pool->on_demand)
        return bei_demand_acquire(pool, wanted, got);
    for (int i = 0; i < BEI_PICTURE_KINDS; i++) {
        got[i] = NULL;
        if (wanted[i] != BEI_NO_PICTURE)
            BEI_TRY(get(pool, wanted[i], &got[i]));
    }
    return BE_OK;
}

void bei_pool_release(bei_pool_t *pool, const uint32_t held[BEI_PICTURE_KINDS])
{
    if (pool->on_demand)
        bei_demand_release(pool, held);
}

bool bei_pool_on_demand(const bei_pool_t *pool)
{
    return pool->on_demand;
}

void bei_pool_expect(bei_pool_t *pool, const uint32_t *wanted, uint32_t count)
{
    if (pool->on_demand)
        bei_demand_expect(pool, wanted, count);
}

static be_status acquire_once(bei_pool_t *pool, uint32_t index)
{
    const uint32_t wanted[BEI_PICTURE_KINDS] = {index, BEI_NO_PICTURE, BEI_NO_PICTURE};
    const bei_picture_t *got[BEI_PICTURE_KINDS];
    BEI_TRY(bei_pool_acquire(pool, wanted, got));
    bei_pool_release(pool, wanted);
    return BE_OK;
}

/* Decodes what nobody has begun, beside the worker. */
static void help_worker(bei_pool_t *pool)
{
    bei_mutex_lock(&pool->lock);
    for (uint32_t i = 0; i < pool->count; i++)
        if (atomic_load(&pool->items[i].state) == BEI_ITEM_EMPTY)
            decode_or_wait(pool, &pool->items[i]);
    bei_mutex_unlock(&pool->lock);
}

be_status bei_pool_finish(bei_pool_t *pool)
{
    if (!pool->on_demand)
        help_worker(pool);
    for (uint32_t i = 0; i < pool->count; i++) /* what is used last stays on demand */
        BEI_TRY(acquire_once(pool, pool->on_demand ? pool->count - 1 - i : i));
    return BE_OK;
}

bei_pool_counts_t bei_pool_counts(bei_pool_t *pool)
{
    const bei_pool_demand_t *demand = &pool->demand;
    bei_mutex_lock(&pool->lock);
    bei_pool_counts_t counts = {
        .budget = pool->on_demand ? demand->budget : pool->pages.size,
        .held = pool->on_demand ? demand->held : pool->used,
        .peak = pool->on_demand ? demand->peak : pool->used,
        .by_worker = demand->by_worker,
        .by_callers = demand->by_callers,
        .queued = demand->queued,
    };
    for (uint32_t i = 0; i < pool->count; i++) {
        counts.pins += pool->items[i].pins;
        counts.queued +=
            pool->items[i].kept && atomic_load(&pool->items[i].state) == BEI_ITEM_EMPTY;
        counts.decoding += atomic_load(&pool->items[i].state) == BEI_ITEM_DECODING;
    }
    bei_mutex_unlock(&pool->lock);
    return counts;
}
