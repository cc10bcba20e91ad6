/* The library's only door to the heap, so that limits and failure tests have one place to stand. */
#ifndef BEI_BASE_MEMORY_H
#define BEI_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* A borrowed run of bytes. */
typedef struct bei_span {
    const uint8_t *data;
    size_t size;
} bei_span_t;

/* Like malloc, calloc (overflow-checked), realloc and free. A size of 0 gives a unique pointer.
 * Picture planes come from bei_alloc too: it returns memory aligned to at least 64 bytes, for
 * vector loads and cache lines. bei_realloc keeps that alignment. */
void *bei_alloc(size_t size);
void *bei_calloc(size_t count, size_t size);
void *bei_realloc(void *block, size_t old_size, size_t new_size);
void bei_free(void *block);

#endif
