/* Where all pictures stay: each is decoded once, by the worker or by whoever needs it first. */
#include "base/error.h"
#include "picture/pool_items.h"

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

be_status bei_all_get(bei_pool_t *pool, uint32_t index, const bei_picture_t **out)
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

void bei_all_help(bei_pool_t *pool)
{
    bei_mutex_lock(&pool->lock);
    for (uint32_t i = 0; i < pool->count; i++)
        if (atomic_load(&pool->items[i].state) == BEI_ITEM_EMPTY)
            decode_or_wait(pool, &pool->items[i]);
    while (!pool->at_rest) /* it winds up: nothing of ours goes on beside the caller's work */
        bei_cond_wait(&pool->changed, &pool->lock);
    bei_mutex_unlock(&pool->lock);
}

/* ---------------------------------------------------------------- the worker */

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

/* Bytes of the file, one after the other, that nobody needs any more. */
typedef struct used {
    uintptr_t from, to;
} used_t;

/* Gives back the pages that hold nothing but this item's bytes and those that it continues. */
static void drop_source(const bei_pool_item_t *item, used_t *used)
{
    const uintptr_t page = bei_pages_round(1), start = (uintptr_t)item->jpeg.data;
    if (!item->alone)
        return;
    if (used->to != start)
        used->from = start;
    used->to = start + item->jpeg.size;
    const uintptr_t first = start / page * page;
    const uintptr_t from = used->from <= first ? first : first + page, to = used->to / page * page;
    if (from < to)
        bei_pages_drop((uint8_t *)item->jpeg.data + ((ptrdiff_t)from - (ptrdiff_t)start),
                       to - from);
}

/* A call of the host's, without the lock. */
static void tell(bei_pool_t *pool, void (*call)(void *user))
{
    bei_mutex_unlock(&pool->lock);
    call(pool->host.user);
    bei_mutex_lock(&pool->lock);
}

/* All have been begun: when the last one is done, nobody needs a decoder any more. */
static void wind_up(bei_pool_t *pool)
{
    for (uint32_t i = 0; i < pool->count; i++)
        bei_pool_wait_item(pool, &pool->items[i]);
    bei_decoders_rest(pool);
    if (pool->host.decoded)
        tell(pool, pool->host.decoded);
}

void bei_all_work(void *user)
{
    enum { FIRST = 2 }; /* the first frame does not wait for the host */
    bei_pool_t *pool = user;
    const bei_pool_host_t *host = &pool->host;
    used_t used = {0, 0};
    bei_mutex_lock(&pool->lock);
    for (uint32_t i = 0; i < pool->count && !atomic_load(&pool->stop); i++) {
        if (i == FIRST && host->before_dropping)
            tell(pool, host->before_dropping);
        if (work_on(pool, &pool->items[i]) && i >= FIRST && host->before_dropping)
            drop_source(&pool->items[i], &used);
    }
    if (!atomic_load(&pool->stop))
        wind_up(pool);
    pool->at_rest = true;
    bei_cond_broadcast(&pool->changed);
    bei_mutex_unlock(&pool->lock);
}
