#include "base/memory.h"

#include <malloc.h>

enum { ALIGNMENT = 64 };

void *bei_alloc(size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    return _aligned_malloc((size + ALIGNMENT) / ALIGNMENT * ALIGNMENT, ALIGNMENT);
}

void bei_free(void *block)
{
    _aligned_free(block);
}
