/* Inside the pool: its items, and what it keeps when it works on demand. Private to pool*.c. */
#ifndef BEI_PICTURE_POOL_ITEMS_H
#define BEI_PICTURE_POOL_ITEMS_H

#include <stdatomic.h>

#include "base/pages.h"
#include "base/thread.h"
#include "picture/jpeg.h"
#include "picture/pool.h"

enum { BEI_POOL_CALLERS = 4 }; /* that can decode at the same time */

typedef enum bei_item_state {
    BEI_ITEM_EMPTY,
    BEI_ITEM_DECODING,
    BEI_ITEM_READY,
    BEI_ITEM_FAILED
} bei_item_state_t;

typedef struct bei_pool_item {
    bei_picture_t picture; /* its place, which never changes once it is READY */
    bei_span_t jpeg;
    atomic_int state;            /* changes under the lock */
    struct bei_pool_item *under; /* to be packed over this base; NULL: kept whole */
    uint32_t x, y;               /* in it */
    bool alone;                  /* no other item is decoded from any of its bytes */
    /* On demand, under the lock: */
    struct bei_pool_item *before, *after; /* in the row, while it is READY and not kept */
    bei_picture_kind_t kind;
    uint64_t bytes;
    uint64_t expected_at; /* the demand's clock */
    uint32_t pins;
    bool kept;     /* never dropped: its bytes are held from the beginning */
    bool expected; /* and not acquired since */
    bool queued;
} bei_pool_item_t;

typedef struct bei_pool_demand {
    uint64_t budget, held, peak;
    uint64_t clock; /* acquires */
    uint64_t by_worker, by_callers;
    bei_pool_item_t *first, *last; /* the row: the first is dropped first */
    bei_pool_item_t **queue;       /* a ring of `count` places for the worker */
    uint32_t head, queued;
    uint32_t next_kept;            /* no kept item before it waits to be decoded by the worker */
    uint64_t next_ticket, serving; /* those who acquire take turns */
} bei_pool_demand_t;

/* What it takes to decode a picture. */
typedef struct bei_pool_decoder {
    bei_jpeg_t *jpeg;
    bei_pages_t
        room;        /* of a part to be packed: it whole, then its runs; data NULL: there is none */
    bei_run_t *runs; /* in it */
} bei_pool_decoder_t;

struct bei_pool {
    bei_pool_item_t *items;
    uint32_t count;
    bool on_demand;
    bei_pages_t pages; /* of the pictures */
    uint64_t used; /* bytes of it, without demand: whole pictures, then packed ones as they come */
    bei_pool_host_t host;
    bei_pool_decoder_t worker_decoder;
    bei_pool_decoder_t spare[BEI_POOL_CALLERS]; /* decoders that no caller uses now */
    uint32_t spares;
    bei_mutex_t lock;
    bei_cond_t changed; /* a state, a pin, a turn, a spare */
    bei_cond_t work;    /* for the worker on demand */
    bei_thread_t worker;
    bool started;
    bool at_rest; /* the worker that decodes all is done with everything; by the lock */
    atomic_bool stop;
    bei_pool_demand_t demand;
};

/* Whether a picture will be packed. */
bool bei_pool_packs(const bei_pool_source_t *source, bool on_demand);

/* ---------------------------------------------------------------- pool_decode.c */

/* The worker's and the callers' decoders. BE_ERR_OUT_OF_MEMORY. */
be_status bei_decoders_make(bei_pool_t *pool, const bei_pool_source_t *sources);
void bei_decoders_free(bei_pool_t *pool);
void bei_decoders_rest(bei_pool_t *pool); /* gives back the pages that they worked in */

/* Decodes an item that the caller claimed (DECODING), without the lock, and logs a failure. */
bool bei_pool_decode(bei_pool_t *pool, bei_pool_item_t *item, const bei_pool_decoder_t *decoder);

/* The same by one of the callers' decoders, waiting for it. The lock is held, and let go meanwhile. */
bool bei_pool_decode_as_caller(bei_pool_t *pool, bei_pool_item_t *item);

/* Waits until nobody decodes the item. The lock is held. */
void bei_pool_wait_item(bei_pool_t *pool, const bei_pool_item_t *item);

be_status bei_pool_damaged(const bei_pool_t *pool, const bei_pool_item_t *item);

/* ---------------------------------------------------------------- pool_all.c */

void bei_all_work(void *pool); /* the worker */
be_status bei_all_get(bei_pool_t *pool, uint32_t index, const bei_picture_t **out);
void bei_all_help(bei_pool_t *pool); /* decodes beside the worker, until that is at rest */

/* ---------------------------------------------------------------- pool_demand.c */

/* Sets the budget and queues what is needed first. BE_ERR_OUT_OF_MEMORY. */
be_status bei_demand_init(bei_pool_t *pool, const bei_pool_source_t *sources, uint64_t budget);
void bei_demand_work(void *pool); /* the worker */
be_status bei_demand_acquire(bei_pool_t *pool, const uint32_t wanted[BEI_PICTURE_WANTED],
                             const bei_picture_t *got[BEI_PICTURE_WANTED]);
void bei_demand_release(bei_pool_t *pool, const uint32_t held[BEI_PICTURE_WANTED]);
void bei_demand_expect(bei_pool_t *pool, const uint32_t *wanted, uint32_t count);

#endif
