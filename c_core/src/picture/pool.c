#include "picture/pool.h"

#include <stdlib.h>

#include "base/error.h"
#include "picture/pool_items.h"

/* ---------------------------------------------------------------- making one */

bool bei_pool_packs(const bei_pool_source_t *source, bool on_demand)
{
    return !on_demand && source->placed;
}

/* On demand each picture has pages of its own, so that they can be dropped. */
static uint64_t room_of(const bei_pool_source_t *source, bool on_demand)
{
    enum { ALIGNMENT = 64 };
    if (bei_pool_packs(source, on_demand))
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
    if (bei_pool_packs(source, pool->on_demand)) {
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
    BEI_TRY(bei_decoders_make(pool, sources));
    if (pool->on_demand) /* what is in a file need not be dropped: the system pages it out */
        BEI_TRY(bei_demand_init(pool, sources, settings->in_file ? 0 : settings->budget));
    BEI_TRY(
        bei_thread_start(&pool->worker, pool->on_demand ? bei_demand_work : bei_all_work, pool));
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
    bei_decoders_free(pool);
    bei_cond_destroy(&pool->work);
    bei_cond_destroy(&pool->changed);
    bei_mutex_destroy(&pool->lock);
    bei_pages_free(&pool->pages);
    bei_free(pool->demand.queue);
    bei_free(pool->items);
    bei_free(pool);
}

/* ---------------------------------------------------------------- using one */

be_status bei_pool_acquire(bei_pool_t *pool, const uint32_t wanted[BEI_PICTURE_WANTED],
                           const bei_picture_t *got[BEI_PICTURE_WANTED])
{
    if (pool->on_demand)
        return bei_demand_acquire(pool, wanted, got);
    for (int i = 0; i < BEI_PICTURE_WANTED; i++) {
        got[i] = NULL;
        if (wanted[i] != BEI_NO_PICTURE)
            BEI_TRY(bei_all_get(pool, wanted[i], &got[i]));
    }
    return BE_OK;
}

void bei_pool_release(bei_pool_t *pool, const uint32_t held[BEI_PICTURE_WANTED])
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
    const uint32_t wanted[BEI_PICTURE_WANTED] = {index, BEI_NO_PICTURE, BEI_NO_PICTURE,
                                                 BEI_NO_PICTURE};
    const bei_picture_t *got[BEI_PICTURE_WANTED];
    BEI_TRY(bei_pool_acquire(pool, wanted, got));
    bei_pool_release(pool, wanted);
    return BE_OK;
}

be_status bei_pool_finish(bei_pool_t *pool)
{
    if (!pool->on_demand)
        bei_all_help(pool);
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
