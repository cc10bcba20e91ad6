#include "picture/pool.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "base/thread.h"
#include "picture/jpeg.h"

enum item_state { EMPTY, DECODING, READY, FAILED };

typedef struct item {
    bei_i420_t picture;
    bei_span_t jpeg;
    atomic_int state;
} item_t;

struct bei_pool {
    item_t *items;
    uint32_t count;
    uint8_t *block;
    bei_jpeg_t *decoder[2]; /* the worker's, and the callers' under `caller_lock` */
    bei_mutex_t lock;       /* guards the states' transitions */
    bei_mutex_t caller_lock;
    bei_cond_t changed;
    bei_thread_t worker;
    bool started;
    atomic_bool stop;
};

/* Claims an item for decoding; false when somebody else has. */
static bool claim(bei_pool_t *pool, item_t *item)
{
    bei_mutex_lock(&pool->lock);
    bool mine = atomic_load(&item->state) == EMPTY;
    if (mine)
        atomic_store(&item->state, DECODING);
    bei_mutex_unlock(&pool->lock);
    return mine;
}

static void decode(bei_pool_t *pool, item_t *item, bei_jpeg_t *decoder)
{
    be_status status = bei_jpeg_decode(decoder, item->jpeg, &item->picture);
    if (status != BE_OK)
        bei_log(BE_LOG_ERROR, "picture %u: %s", (unsigned)(item - pool->items),
                bei_error_message());
    bei_mutex_lock(&pool->lock);
    atomic_store_explicit(&item->state, status == BE_OK ? READY : FAILED, memory_order_release);
    bei_cond_broadcast(&pool->changed);
    bei_mutex_unlock(&pool->lock);
}

static void work(void *user)
{
    bei_pool_t *pool = user;
    for (uint32_t i = 0; i < pool->count && !atomic_load(&pool->stop); i++)
        if (claim(pool, &pool->items[i]))
            decode(pool, &pool->items[i], pool->decoder[0]);
}

static be_status place_items(bei_pool_t *pool, const bei_pool_source_t *sources)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < pool->count; i++)
        total += bei_i420_size(sources[i].width, sources[i].height);
    pool->block = total <= SIZE_MAX / 2 ? bei_alloc((size_t)total) : NULL;
    if (!pool->block)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %llu bytes of pictures",
                             (unsigned long long)total);
    uint8_t *next = pool->block;
    for (uint32_t i = 0; i < pool->count; i++) {
        pool->items[i].picture = bei_i420_over(next, sources[i].width, sources[i].height);
        pool->items[i].jpeg = sources[i].jpeg;
        atomic_init(&pool->items[i].state, EMPTY);
        next += bei_i420_size(sources[i].width, sources[i].height);
    }
    return BE_OK;
}

static be_status fill(bei_pool_t *pool, const bei_pool_source_t *sources, uint32_t count)
{
    pool->items = bei_calloc(count, sizeof *pool->items);
    if (!pool->items)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %u pictures", count);
    pool->count = count;
    BEI_TRY(place_items(pool, sources));
    BEI_TRY(bei_jpeg_create(&pool->decoder[0]));
    BEI_TRY(bei_jpeg_create(&pool->decoder[1]));
    BEI_TRY(bei_thread_start(&pool->worker, work, pool));
    pool->started = true;
    return BE_OK;
}

be_status bei_pool_create(const bei_pool_source_t *sources, uint32_t count, bei_pool_t **out)
{
    bei_pool_t *pool = bei_calloc(1, sizeof *pool);
    if (!pool)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for the picture store");
    bei_mutex_init(&pool->lock);
    bei_mutex_init(&pool->caller_lock);
    bei_cond_init(&pool->changed);
    be_status status = fill(pool, sources, count);
    if (status != BE_OK) {
        bei_pool_destroy(pool);
        return status;
    }
    *out = pool;
    return BE_OK;
}

void bei_pool_destroy(bei_pool_t *pool)
{
    if (!pool)
        return;
    atomic_store(&pool->stop, true);
    if (pool->started)
        bei_thread_join(pool->worker);
    bei_jpeg_destroy(pool->decoder[0]);
    bei_jpeg_destroy(pool->decoder[1]);
    bei_cond_destroy(&pool->changed);
    bei_mutex_destroy(&pool->caller_lock);
    bei_mutex_destroy(&pool->lock);
    bei_free(pool->block);
    bei_free(pool->items);
    bei_free(pool);
}

static void decode_or_wait(bei_pool_t *pool, item_t *item)
{
    if (claim(pool, item)) {
        bei_mutex_lock(&pool->caller_lock);
        decode(pool, item, pool->decoder[1]);
        bei_mutex_unlock(&pool->caller_lock);
        return;
    }
    bei_mutex_lock(&pool->lock);
    while (atomic_load(&item->state) == DECODING)
        bei_cond_wait(&pool->changed, &pool->lock);
    bei_mutex_unlock(&pool->lock);
}

be_status bei_pool_get(bei_pool_t *pool, uint32_t index, const bei_i420_t **out)
{
    item_t *item = &pool->items[index];
    int state = atomic_load_explicit(&item->state, memory_order_acquire);
    if (state == EMPTY || state == DECODING) {
        decode_or_wait(pool, item);
        state = atomic_load_explicit(&item->state, memory_order_acquire);
    }
    if (state == FAILED)
        return bei_error_set(BE_ERR_FILE_CORRUPT,
                             "picture %u of the avatar cannot be decoded: the file is damaged",
                             index);
    *out = &item->picture;
    return BE_OK;
}
