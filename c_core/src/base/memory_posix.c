#include "base/memory.h"

#include <stdlib.h>

enum { ALIGNMENT = 64 };

void *bei_alloc(size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    void *block = NULL;
    size_t rounded = (size + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    return posix_memalign(&block, ALIGNMENT, rounded) == 0 ? block : NULL;
}

void bei_free(void *block)
{
    free(block);
}
