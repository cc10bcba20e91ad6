/* Decoding on demand: pictures within a budget.
 *
 * They stand in a row by how soon they are dropped. A frame that was shown goes to its front: the loop
 * comes back to it last. What is expected and what mouths were shown go to its end.
 *
 * Nobody deadlocks. Who acquires takes all that he needs in one step or waits with nothing in his hands;
 * who waits for a picture or a decoder waits for somebody that has all he needs. Nobody starves: those
 * who acquire take turns, and while the first waits for room the others wait behind him, so that all pins
 * come off; the budget is never less than one frame's pictures. */
#include <string.h>

#include "base/error.h"
#include "picture/pool_items.h"

/* For so many acquires, of all streams together, an expected picture is not dropped for another
 * expected one. A stream that went elsewhere must not hold room for ever. */
enum { PATIENCE = 256 };

static int state_of(const bei_pool_item_t *item)
{
    return atomic_load_explicit(&item->state, memory_order_relaxed);
}

/* ---------------------------------------------------------------- the row */

static void unlink_item(bei_pool_demand_t *demand, bei_pool_item_t *item)
{
    *(item->before ? &item->before->after : &demand->first) = item->after;
    *(item->after ? &item->after->before : &demand->last) = item->before;
    item->before = item->after = NULL;
}

static void link_last(bei_pool_demand_t *demand, bei_pool_item_t *item)
{
    item->before = demand->last;
    item->after = NULL;
    *(demand->last ? &demand->last->after : &demand->first) = item;
    demand->last = item;
}

static void link_first(bei_pool_demand_t *demand, bei_pool_item_t *item)
{
    item->before = NULL;
    item->after = demand->first;
    *(demand->first ? &demand->first->before : &demand->last) = item;
    demand->first = item;
}

static bool is_in_row(const bei_pool_item_t *item)
{
    return !item->kept && state_of(item) == BEI_ITEM_READY;
}

static void touch(bei_pool_demand_t *demand, bei_pool_item_t *item)
{
    if (!is_in_row(item))
        return;
    unlink_item(demand, item);
    link_last(demand, item);
}

/* A picture was shown. */
static void retire(bei_pool_demand_t *demand, bei_pool_item_t *item)
{
    if (item->kind == BEI_PICTURE_MOUTH || !is_in_row(item))
        return;
    unlink_item(demand, item);
    link_first(demand, item);
}

/* ---------------------------------------------------------------- room */

static bool is_spoken_for(const bei_pool_demand_t *demand, const bei_pool_item_t *item)
{
    return item->expected && demand->clock - item->expected_at < PATIENCE;
}

static void drop(bei_pool_demand_t *demand, bei_pool_item_t *item)
{
    unlink_item(demand, item);
    atomic_store(&item->state, BEI_ITEM_EMPTY);
    item->expected = false;
    demand->held -= item->bytes;
    bei_pages_drop(item->picture.planes.plane[0], (size_t)item->bytes);
}

/* Drops pictures until `bytes` fit. One that somebody acquired never goes; `gently`, nor does one that
 * is expected. */
static bool make_room(bei_pool_demand_t *demand, uint64_t bytes, bool gently)
{
    bei_pool_item_t *next = demand->first;
    while (demand->held + bytes > demand->budget && next) {
        bei_pool_item_t *item = next;
        next = item->after;
        if (item->pins == 0 && !(gently && is_spoken_for(demand, item)))
            drop(demand, item);
    }
    return demand->held + bytes <= demand->budget;
}

/* Takes room that was made, for an item to be decoded. */
static void claim(bei_pool_demand_t *demand, bei_pool_item_t *item)
{
    atomic_store(&item->state, BEI_ITEM_DECODING);
    if (!item->kept)
        demand->held += item->bytes;
    if (demand->held > demand->peak)
        demand->peak = demand->held;
}

static void settle(bei_pool_t *pool, bei_pool_item_t *item, bool decoded)
{
    bei_pool_demand_t *demand = &pool->demand;
    atomic_store(&item->state, decoded ? BEI_ITEM_READY : BEI_ITEM_FAILED);
    if (!item->kept && decoded)
        link_last(demand, item);
    if (!item->kept && !decoded) {
        demand->held -= item->bytes;
        bei_pages_drop(item->picture.planes.plane[0], (size_t)item->bytes);
    }
    bei_cond_broadcast(&pool->changed);
}

static uint64_t bytes_to_claim(const bei_pool_item_t *item)
{
    return item->kept || state_of(item) != BEI_ITEM_EMPTY ? 0 : item->bytes;
}

/* ---------------------------------------------------------------- those who acquire */

typedef struct wish {
    bei_pool_item_t *item[BEI_PICTURE_WANTED]; /* NULL: none */
    bool mine[BEI_PICTURE_WANTED];             /* to decode */
} wish_t;

static void wish_for(bei_pool_t *pool, const uint32_t wanted[BEI_PICTURE_WANTED], wish_t *wish)
{
    for (int i = 0; i < BEI_PICTURE_WANTED; i++) {
        wish->item[i] = wanted[i] == BEI_NO_PICTURE ? NULL : &pool->items[wanted[i]];
        wish->mine[i] = false;
    }
}

static void add_pins(const wish_t *wish, int by)
{
    for (int i = 0; i < BEI_PICTURE_WANTED; i++)
        if (wish->item[i])
            wish->item[i]->pins = (uint32_t)((int)wish->item[i]->pins + by);
}

/* Pins everything and claims what is not there; false, with nothing pinned, when there is no room. */
static bool take(bei_pool_demand_t *demand, wish_t *wish)
{
    uint64_t bytes = 0;
    for (int i = 0; i < BEI_PICTURE_WANTED; i++)
        bytes += wish->item[i] ? bytes_to_claim(wish->item[i]) : 0;
    add_pins(wish, 1);
    if (!make_room(demand, bytes, false)) {
        add_pins(wish, -1);
        return false;
    }
    for (int i = 0; i < BEI_PICTURE_WANTED; i++) {
        bei_pool_item_t *item = wish->item[i];
        if (!item)
            continue;
        wish->mine[i] = state_of(item) == BEI_ITEM_EMPTY;
        if (wish->mine[i])
            claim(demand, item);
        touch(demand, item);
        item->expected = false;
    }
    demand->clock++;
    return true;
}

static void take_in_turn(bei_pool_t *pool, wish_t *wish)
{
    bei_pool_demand_t *demand = &pool->demand;
    uint64_t ticket = demand->next_ticket++;
    while (demand->serving != ticket)
        bei_cond_wait(&pool->changed, &pool->lock);
    while (!take(demand, wish))
        bei_cond_wait(&pool->changed, &pool->lock);
    if (++demand->serving != demand->next_ticket)
        bei_cond_broadcast(&pool->changed);
}

/* Decodes the caller's part of a wish, then waits for the others'. */
static be_status fulfil(bei_pool_t *pool, const wish_t *wish)
{
    for (int i = 0; i < BEI_PICTURE_WANTED; i++)
        if (wish->mine[i]) {
            pool->demand.by_callers++;
            settle(pool, wish->item[i], bei_pool_decode_as_caller(pool, wish->item[i]));
        }
    for (int i = 0; i < BEI_PICTURE_WANTED; i++) {
        if (!wish->item[i])
            continue;
        bei_pool_wait_item(pool, wish->item[i]);
        if (state_of(wish->item[i]) == BEI_ITEM_FAILED)
            return bei_pool_damaged(pool, wish->item[i]);
    }
    return BE_OK;
}

static void unpin(bei_pool_t *pool, const wish_t *wish)
{
    add_pins(wish, -1);
    for (int i = 0; i < BEI_PICTURE_WANTED; i++)
        if (wish->item[i] && !wish->item[i]->expected)
            retire(&pool->demand, wish->item[i]);
    if (pool->demand.serving != pool->demand.next_ticket) /* somebody waits for room */
        bei_cond_broadcast(&pool->changed);
}

be_status bei_demand_acquire(bei_pool_t *pool, const uint32_t wanted[BEI_PICTURE_WANTED],
                             const bei_picture_t *got[BEI_PICTURE_WANTED])
{
    wish_t wish;
    wish_for(pool, wanted, &wish);
    bei_mutex_lock(&pool->lock);
    take_in_turn(pool, &wish);
    be_status status = fulfil(pool, &wish);
    if (status != BE_OK)
        unpin(pool, &wish);
    bei_mutex_unlock(&pool->lock);
    for (int i = 0; i < BEI_PICTURE_WANTED; i++)
        got[i] = wish.item[i] ? &wish.item[i]->picture : NULL;
    return status;
}

void bei_demand_release(bei_pool_t *pool, const uint32_t held[BEI_PICTURE_WANTED])
{
    wish_t wish;
    wish_for(pool, held, &wish);
    bei_mutex_lock(&pool->lock);
    unpin(pool, &wish);
    bei_mutex_unlock(&pool->lock);
}

/* ---------------------------------------------------------------- the worker */

static bool enqueue(bei_pool_t *pool, bei_pool_item_t *item)
{
    bei_pool_demand_t *demand = &pool->demand;
    if (item->queued || state_of(item) != BEI_ITEM_EMPTY)
        return false;
    item->queued = true;
    demand->queue[(demand->head + demand->queued++) % pool->count] = item;
    return true;
}

void bei_demand_expect(bei_pool_t *pool, const uint32_t *wanted, uint32_t count)
{
    bei_pool_demand_t *demand = &pool->demand;
    bool added = false;
    bei_mutex_lock(&pool->lock);
    for (uint32_t i = 0; i < count; i++) {
        bei_pool_item_t *item = &pool->items[wanted[i]];
        item->expected = true;
        item->expected_at = demand->clock;
        added |= enqueue(pool, item);
    }
    for (uint32_t i = count; i-- > 0;) /* what comes next is dropped last */
        touch(demand, &pool->items[wanted[i]]);
    if (added)
        bei_cond_broadcast(&pool->work);
    bei_mutex_unlock(&pool->lock);
}

/* What is stale or in the way of somebody who waits for room is passed over: its stream asks again with
 * each frame. */
static bool is_useful(const bei_pool_demand_t *demand, const bei_pool_item_t *item)
{
    return state_of(item) == BEI_ITEM_EMPTY && is_spoken_for(demand, item) &&
           demand->serving == demand->next_ticket;
}

/* What was asked for, as long as it is useful; else a mouth that is kept and not there yet. */
static bei_pool_item_t *find_task(bei_pool_t *pool)
{
    bei_pool_demand_t *demand = &pool->demand;
    while (demand->queued > 0) {
        bei_pool_item_t *item = demand->queue[demand->head];
        demand->head = (demand->head + 1) % pool->count;
        demand->queued--;
        item->queued = false;
        if (is_useful(demand, item) && make_room(demand, bytes_to_claim(item), true))
            return item;
    }
    for (; demand->next_kept < pool->count; demand->next_kept++) {
        bei_pool_item_t *item = &pool->items[demand->next_kept];
        if (item->kept && state_of(item) == BEI_ITEM_EMPTY)
            return item;
    }
    return NULL;
}

/* The next item to decode, claimed; NULL when the pool ends. The lock is held. */
static bei_pool_item_t *next_task(bei_pool_t *pool)
{
    while (!atomic_load(&pool->stop)) {
        bei_pool_item_t *item = find_task(pool);
        if (item) {
            claim(&pool->demand, item);
            return item;
        }
        bei_cond_wait(&pool->work, &pool->lock);
    }
    return NULL;
}

void bei_demand_work(void *user)
{
    bei_pool_t *pool = user;
    bei_mutex_lock(&pool->lock);
    for (bei_pool_item_t *item; (item = next_task(pool)) != NULL;) {
        pool->demand.by_worker++;
        bei_mutex_unlock(&pool->lock);
        bool decoded = bei_pool_decode(pool, item, &pool->worker_decoder);
        bei_mutex_lock(&pool->lock);
        settle(pool, item, decoded);
    }
    bei_mutex_unlock(&pool->lock);
}

/* ---------------------------------------------------------------- beginning */

typedef struct sizes {
    uint64_t largest[BEI_PICTURE_KINDS], mouths;
} sizes_t;

static sizes_t measure(bei_pool_t *pool, const bei_pool_source_t *sources)
{
    sizes_t sizes = {{0}, 0};
    for (uint32_t i = 0; i < pool->count; i++) {
        pool->items[i].kind = sources[i].kind;
        uint64_t bytes = pool->items[i].bytes, *largest = &sizes.largest[sources[i].kind];
        *largest = bytes > *largest ? bytes : *largest;
        sizes.mouths += sources[i].kind == BEI_PICTURE_MOUTH ? bytes : 0;
    }
    return sizes;
}

/* Which mouth comes next nobody knows in time, so all of them stay if they leave room enough. */
static void set_budget(bei_pool_t *pool, const bei_pool_source_t *sources, uint64_t asked)
{
    bei_pool_demand_t *demand = &pool->demand;
    const sizes_t sizes = measure(pool, sources);
    uint64_t frame = sizes.largest[BEI_PICTURE_BASE] + sizes.largest[BEI_PICTURE_PART];
    uint64_t least = frame + sizes.largest[BEI_PICTURE_PART] + 2 * sizes.largest[BEI_PICTURE_MOUTH];
    demand->budget = asked == 0 ? UINT64_MAX / 2 : asked > least ? asked : least;
    if (sizes.mouths > demand->budget / 2 || sizes.mouths + least > demand->budget)
        return;
    for (uint32_t i = 0; i < pool->count; i++)
        pool->items[i].kept = sources[i].kind == BEI_PICTURE_MOUTH;
    demand->held = demand->peak = sizes.mouths;
}

be_status bei_demand_init(bei_pool_t *pool, const bei_pool_source_t *sources, uint64_t budget)
{
    enum { FIRST = 2 }; /* a base and a part: the first frame's */
    bei_pool_demand_t *demand = &pool->demand;
    demand->queue = bei_calloc(pool->count, sizeof(void *));
    if (!demand->queue)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %u pictures", pool->count);
    set_budget(pool, sources, budget);
    for (uint32_t i = 0; i < FIRST && i < pool->count; i++) {
        pool->items[i].expected = true;
        enqueue(pool, &pool->items[i]);
    }
    return BE_OK;
}
