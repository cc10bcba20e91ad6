#include "picture/pool.h"

#include "base/error.h"
#include "base/log.h"
#include "picture/pool_items.h"

/* ---------------------------------------------------------------- decoding */

bool bei_pool_decode(bei_pool_t *pool, bei_pool_item_t *item, bei_jpeg_t *decoder)
{
    if (bei_jpeg_decode(decoder, item->jpeg, &item->picture) == BE_OK)
        return true;
    bei_log(BE_LOG_ERROR, "picture %u: %s", (unsigned)(item - pool->items), bei_error_message());
    return false;
}

bool bei_pool_decode_as_caller(bei_pool_t *pool, bei_pool_item_t *item)
{
    while (pool->spares == 0)
        bei_cond_wait(&pool->changed, &pool->lock);
    bei_jpeg_t *decoder = pool->spare[--pool->spares];
    bei_mutex_unlock(&pool->lock);
    bool decoded = bei_pool_decode(pool, item, decoder);
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

/* The worker that decodes everything. */
static void work(void *user)
{
    bei_pool_t *pool = user;
    bei_mutex_lock(&pool->lock);
    for (uint32_t i = 0; i < pool->count && !atomic_load(&pool->stop); i++) {
        bei_pool_item_t *item = &pool->items[i];
        if (!claim(item))
            continue;
        bei_mutex_unlock(&pool->lock);
        bool decoded = bei_pool_decode(pool, item, pool->worker_decoder);
        bei_mutex_lock(&pool->lock);
        settle(pool, item, decoded);
    }
    bei_mutex_unlock(&pool->lock);
}

/* ---------------------------------------------------------------- making one */

/* On demand each picture has pages of its own, so that they can be dropped. */
static uint64_t room_of(const bei_pool_source_t *source, bool on_demand)
{
    uint64_t bytes = bei_i420_size(source->width, source->height);
    return on_demand ? bei_pages_round(bytes) : bytes;
}

static be_status take_block(bei_pool_t *pool, uint64_t total, const bei_pool_settings_t *settings)
{
    if (total > SIZE_MAX / 2)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %llu bytes of pictures",
                             (unsigned long long)total);
    size_t size = total ? (size_t)total : 1;
    if (settings->in_file)
        BEI_TRY(bei_pages_reserve_file(size, &pool->pages));
    else if (settings->on_demand)
        BEI_TRY(bei_pages_reserve(size, &pool->pages));
    pool->block = pool->pages.data ? pool->pages.data : bei_alloc(size);
    if (!pool->block)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu bytes of pictures", size);
    return BE_OK;
}

static be_status place_items(bei_pool_t *pool, const bei_pool_source_t *sources,
                             const bei_pool_settings_t *settings)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < pool->count; i++)
        total += room_of(&sources[i], pool->on_demand);
    BEI_TRY(take_block(pool, total, settings));
    uint8_t *next = pool->block;
    for (uint32_t i = 0; i < pool->count; i++) {
        bei_pool_item_t *item = &pool->items[i];
        item->picture = bei_i420_over(next, sources[i].width, sources[i].height);
        item->jpeg = sources[i].jpeg;
        item->bytes = room_of(&sources[i], pool->on_demand);
        atomic_init(&item->state, BEI_ITEM_EMPTY);
        next += item->bytes;
    }
    return BE_OK;
}

static be_status make_decoders(bei_pool_t *pool)
{
    BEI_TRY(bei_jpeg_create(&pool->worker_decoder));
    uint32_t wanted = pool->on_demand ? BEI_POOL_CALLERS : 1;
    for (; pool->spares < wanted; pool->spares++)
        BEI_TRY(bei_jpeg_create(&pool->spare[pool->spares]));
    return BE_OK;
}

static be_status fill(bei_pool_t *pool, const bei_pool_source_t *sources, uint32_t count,
                      const bei_pool_settings_t *settings)
{
    pool->on_demand = settings->on_demand;
    pool->items = bei_calloc(count, sizeof *pool->items);
    if (!pool->items)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %u pictures", count);
    pool->count = count;
    BEI_TRY(place_items(pool, sources, settings));
    BEI_TRY(make_decoders(pool));
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
    bei_jpeg_destroy(pool->worker_decoder);
    while (pool->spares > 0)
        bei_jpeg_destroy(pool->spare[--pool->spares]);
    bei_cond_destroy(&pool->work);
    bei_cond_destroy(&pool->changed);
    bei_mutex_destroy(&pool->lock);
    if (pool->pages.data)
        bei_pages_free(&pool->pages);
    else
        bei_free(pool->block);
    bei_free(pool->demand.queue);
    bei_free(pool->items);
    bei_free(pool);
}

/* ---------------------------------------------------------------- using one */

static void decode_or_wait(bei_pool_t *pool, bei_pool_item_t *item)
{
    bei_mutex_lock(&pool->lock);
    if (claim(item))
        settle(pool, item, bei_pool_decode_as_caller(pool, item));
    bei_pool_wait_item(pool, item);
    bei_mutex_unlock(&pool->lock);
}

/* A picture that stays once it is ready. */
static be_status get(bei_pool_t *pool, uint32_t index, const bei_i420_t **out)
{
    bei_pool_item_t *item = &pool->items[index];
    int state = atomic_load_explicit(&item->state, memory_order_acquire);
    if (state == BEI_ITEM_EMPTY || state == BEI_ITEM_DECODING) {
        decode_or_wait(pool, item);
        state = atomic_load_explicit(&item->state, memory_order_acquire);
    }
    if (state == BEI_ITEM_FAILED)
        return bei_pool_damaged(pool, item);
    *out = &item->picture;
    return BE_OK;
}

be_status bei_pool_acquire(bei_pool_t *pool, const uint32_t wanted[BEI_PICTURE_KINDS],
                           const bei_i420_t *got[BEI_PICTURE_KINDS])
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
    const bei_i420_t *got[BEI_PICTURE_KINDS];
    BEI_TRY(bei_pool_acquire(pool, wanted, got));
    bei_pool_release(pool, wanted);
    return BE_OK;
}

/* Decodes what nobody has begun, beside the worker. */
static void help_worker(bei_pool_t *pool)
{
    bei_mutex_lock(&pool->lock);
    for (uint32_t i = 0; i < pool->count; i++)
        if (claim(&pool->items[i]))
            settle(pool, &pool->items[i], bei_pool_decode_as_caller(pool, &pool->items[i]));
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
        .budget = demand->budget,
        .held = demand->held,
        .peak = demand->peak,
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
