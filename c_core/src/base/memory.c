#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

void *bei_alloc(size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size_t rounded = (size + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
#ifdef _WIN32
    return _aligned_malloc(rounded, ALIGNMENT);
#else
    void *block = NULL;
    return posix_memalign(&block, ALIGNMENT, rounded) == 0 ? block : NULL;
#endif
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
#ifdef _WIN32
    _aligned_free(block);
#else
    free(block);
#endif
}
