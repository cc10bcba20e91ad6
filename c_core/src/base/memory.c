#include "base/memory.h"

#include <string.h>

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
