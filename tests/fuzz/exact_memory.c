/* base/memory.h for fuzzing: blocks of exactly the size asked for, so that AddressSanitizer sees a
 * read one byte past the end, which the real ones hide by rounding up. */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void *bei_alloc(size_t size)
{
    return malloc(size ? size : 1);
}

void *bei_calloc(size_t count, size_t size)
{
    return calloc(count, size);
}

void *bei_realloc(void *block, size_t old_size, size_t new_size)
{
    (void)old_size;
    return realloc(block, new_size);
}

void bei_free(void *block)
{
    free(block);
}
