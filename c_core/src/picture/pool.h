/* The decoded pictures of an avatar, shared by all of its streams.
 *
 * A worker thread decodes them: all, in the order in which they were added, or on demand those that
 * streams say they will show next. Whoever needs one that is not ready decodes it himself or waits for
 * the one who does, so the first picture never waits for the last.
 *
 * Without demand a picture stays once it is ready, and in a steady stream an acquire costs an atomic
 * load for each; parts are packed, and what they were decoded from can be let go. On demand the decoded
 * pictures stay within a budget: first goes what was shown, since a loop comes back to it last; never
 * what is acquired.
 * Thread-safety: any thread, except create and destroy. */
#ifndef BEI_PICTURE_POOL_H
#define BEI_PICTURE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "essence.h"
#include "picture/runs.h"

#define BEI_NO_PICTURE UINT32_MAX

typedef struct bei_pool bei_pool_t;

/* What a picture is for. A frame takes at most one of each kind, and of mouths two. */
typedef enum bei_picture_kind {
    BEI_PICTURE_BASE,
    BEI_PICTURE_PART,
    BEI_PICTURE_MOUTH,
    BEI_PICTURE_KINDS,
    BEI_PICTURE_OTHER_MOUTH = BEI_PICTURE_KINDS, /* only where pictures are wanted */
    BEI_PICTURE_WANTED
} bei_picture_kind_t;

/* A picture to decode. The bytes are borrowed and must outlive the pool, or be let go by its host. */
typedef struct bei_pool_source {
    bei_span_t jpeg;
    uint32_t width, height;
    bei_picture_kind_t kind;
    bool placed; /* a part that is only laid over this base, which comes before it, and here: */
    uint32_t base, x, y; /* even; it lies inside. Where all pictures stay it is packed then */
} bei_pool_source_t;

/* Who owns the sources' bytes and wants them back. The worker calls each once, without any lock of the
 * pool's, unless the pool ends before; never on demand. */
typedef struct bei_pool_host {
    void (*before_dropping)(void *user); /* from now on bytes may read as zeros. NULL: never */
    void (*decoded)(void *user);         /* no byte is needed any more. NULL: nobody asks */
    void *user;
} bei_pool_host_t;

/* Zeros: all pictures, in memory. */
typedef struct bei_pool_settings {
    bool on_demand;
    bool in_file; /* a temporary file that the system may page out */
    uint64_t
        budget; /* bytes, on demand and not in a file; 0: no bound. Raised to what a frame needs */
    bei_pool_host_t host; /* with before_dropping, the sources lie in bei_pages_reserve's memory */
} bei_pool_settings_t;

/* Takes room for all pictures (untouched pages cost nothing until decoded; a file's are taken at once)
 * and starts the worker. BE_ERR_OUT_OF_MEMORY, BE_ERR_FILE_NOT_FOUND (no temporary file). */
be_status bei_pool_create(const bei_pool_source_t *sources, uint32_t count,
                          bei_pool_settings_t settings, bei_pool_t **out);

/* Stops the worker and frees everything. NULL is allowed. */
void bei_pool_destroy(bei_pool_t *pool);

/* Decodes each picture at least once; on demand those that were added first stay.
 * BE_ERR_FILE_CORRUPT when one cannot be decoded. */
be_status bei_pool_finish(bei_pool_t *pool);

/* The pictures `wanted` (BEI_NO_PICTURE: none, gives NULL), valid until they are released. All at once:
 * a thread that holds some must not ask for others. BE_ERR_FILE_CORRUPT when one cannot be decoded: the
 * same sentence each time; none is held then. */
be_status bei_pool_acquire(bei_pool_t *pool, const uint32_t wanted[BEI_PICTURE_WANTED],
                           const bei_picture_t *got[BEI_PICTURE_WANTED]);
void bei_pool_release(bei_pool_t *pool, const uint32_t held[BEI_PICTURE_WANTED]);

/* Tells which pictures will be acquired soon, the next first; does not wait. On demand the worker
 * decodes them where there is room. */
void bei_pool_expect(bei_pool_t *pool, const uint32_t *wanted, uint32_t count);

/* Whether bei_pool_expect does anything. */
bool bei_pool_on_demand(const bei_pool_t *pool);

/* What a pool holds, and what one on demand has done. */
typedef struct bei_pool_counts {
    uint64_t budget, held,
        peak; /* bytes of decoded pictures; without demand, the budget is what they
                                       would take if nothing could be packed */
    uint64_t by_worker, by_callers; /* pictures decoded */
    uint32_t queued;                /* pictures that the worker has not looked at yet */
    uint32_t pins;
    uint32_t decoding; /* pictures that somebody decodes now */
} bei_pool_counts_t;

bei_pool_counts_t bei_pool_counts(bei_pool_t *pool);

#endif
