#define _DARWIN_C_SOURCE /* malloc/malloc.h */
#include "auth/wiping.h"

#include <stdlib.h>
#include <string.h>
#if defined(__APPLE__)
#include <malloc/malloc.h>
#else
#include <malloc.h>
#endif

#include "auth/secret.h"

static size_t size_of(void *block)
{
#if defined(_WIN32)
    return _msize(block);
#elif defined(__APPLE__)
    return malloc_size(block);
#else
    return malloc_usable_size(block);
#endif
}

void *bei_wiping_malloc(size_t size)
{
    return malloc(size);
}

void *bei_wiping_calloc(size_t count, size_t size)
{
    return calloc(count, size);
}

void *bei_wiping_realloc(void *block, size_t size)
{
    void *grown = malloc(size);
    if (!grown || !block)
        return grown;
    const size_t before = size_of(block);
    memcpy(grown, block, before < size ? before : size);
    bei_wiping_free(block);
    return grown;
}

char *bei_wiping_strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

void bei_wiping_free(void *block)
{
    if (block)
        bei_secret_wipe(block, size_of(block));
    free(block);
}
