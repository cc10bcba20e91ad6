#include "auth/secret.h"

#include <string.h>

#include <sodium/utils.h>

#include "base/memory.h"

void bei_secret_wipe(void *data, size_t size)
{
    if (size > 0)
        sodium_memzero(data, size);
}

char *bei_secret_copy(const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = bei_alloc(size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

void bei_secret_replace(char **text, char *with)
{
    if (*text) {
        bei_secret_wipe(*text, strlen(*text));
        bei_free(*text);
    }
    *text = with;
}

bool bei_secret_is_sendable(const char *text, size_t limit)
{
    size_t length = 0;
    for (; text[length]; length++)
        if (length >= limit || (unsigned char)text[length] < 0x21 ||
            (unsigned char)text[length] > 0x7e)
            return false;
    return length > 0;
}
