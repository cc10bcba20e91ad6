#include "memory_hook.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <malloc.h>
#endif

#include "base/memory.h"

enum { ALIGNMENT = 64 };

static atomic_size_t blocks, bytes, largest;
static atomic_size_t countdown; /* requests until one is refused, it included; 0 = never */
static atomic_bool goes_on, refused;

size_t memory_blocks(void)
{
    return atomic_load(&blocks);
}

size_t memory_bytes(void)
{
    return atomic_load(&bytes);
}

static size_t bytes_of(void *block)
{
#ifdef __linux__
    return malloc_usable_size(block);
#else
    (void)block;
    return 0;
#endif
}

size_t memory_take_largest(void)
{
    return atomic_exchange(&largest, 0);
}

void memory_refuse(size_t n, bool onwards)
{
    atomic_store(&countdown, n);
    atomic_store(&goes_on, onwards);
    atomic_store(&refused, false);
}

bool memory_has_refused(void)
{
    return atomic_load(&refused);
}

static void note_size(size_t size)
{
    size_t known = atomic_load(&largest);
    while (size > known && !atomic_compare_exchange_weak(&largest, &known, size))
        ;
}

/* Whether this request is the one to refuse, or a later one. */
static bool must_refuse(void)
{
    if (atomic_load(&refused))
        return atomic_load(&goes_on);
    size_t left = atomic_load(&countdown);
    while (left > 0 && !atomic_compare_exchange_weak(&countdown, &left, left - 1))
        ;
    if (left == 1)
        atomic_store(&refused, true);
    return left == 1;
}

void *bei_alloc(size_t size)
{
    void *block = NULL;
    note_size(size);
    if (must_refuse() || posix_memalign(&block, ALIGNMENT, size ? size : 1) != 0)
        return NULL;
    atomic_fetch_add(&blocks, 1);
    atomic_fetch_add(&bytes, bytes_of(block));
    return block;
}

void *bei_calloc(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    void *block = bei_alloc(count * size);
    if (block)
        memset(block, 0, count * size);
    return block;
}

void *bei_realloc(void *block, size_t old_size, size_t new_size)
{
    void *grown = bei_alloc(new_size);
    if (!grown)
        return NULL;
    if (block) {
        memcpy(grown, block, old_size < new_size ? old_size : new_size);
        bei_free(block);
    }
    return grown;
}

void bei_free(void *block)
{
    if (block) {
        atomic_fetch_sub(&blocks, 1);
        atomic_fetch_sub(&bytes, bytes_of(block));
    }
    free(block);
}
