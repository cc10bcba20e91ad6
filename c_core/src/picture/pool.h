/* The decoded pictures of an avatar, shared by all of its streams.
 *
 * A worker thread decodes them in the order in which they were added; whoever needs one that is not
 * ready decodes it himself or waits for the one who does. So the first picture never waits for the
 * last, and in a steady stream a get costs one atomic load. Once ready a picture never changes.
 * Thread-safety: get from any thread. */
#ifndef BEI_PICTURE_POOL_H
#define BEI_PICTURE_POOL_H

#include <stdint.h>

#include "base/i420.h"
#include "base/memory.h"
#include "essence.h"

typedef struct bei_pool bei_pool_t;

/* A picture to decode. The bytes are borrowed and must outlive the pool. */
typedef struct bei_pool_source {
    bei_span_t jpeg;
    uint32_t width, height;
} bei_pool_source_t;

/* Takes memory for all pictures (untouched pages cost nothing until decoded) and starts the worker.
 * BE_ERR_OUT_OF_MEMORY. */
be_status bei_pool_create(const bei_pool_source_t *sources, uint32_t count, bei_pool_t **out);

/* Stops the worker and frees everything. NULL is allowed. */
void bei_pool_destroy(bei_pool_t *pool);

/* The picture `index`, valid as long as the pool. BE_ERR_FILE_CORRUPT when it cannot be decoded:
 * the same sentence each time. */
be_status bei_pool_get(bei_pool_t *pool, uint32_t index, const bei_i420_t **out);

#endif
