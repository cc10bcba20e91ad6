/* The environment is UTF-16 here, and C's getenv gives it in a code page that loses letters. So values are
 * converted, and those that were ever asked for are kept: a handful of short texts. */
#include "base/env.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

#include "base/thread.h"

enum { NAME_UNITS = 64, VALUE_UNITS = 4096 };

typedef struct value {
    struct value *next;
    char text[];
} value_t;

static bei_mutex_t lock = BEI_MUTEX_INIT;
static value_t *values;

static const char *keep_locked(const char *text)
{
    for (value_t *value = values; value; value = value->next)
        if (strcmp(value->text, text) == 0)
            return value->text;
    const size_t size = strlen(text) + 1;
    value_t *value = malloc(sizeof *value + size); /* not bei_alloc: never freed, and no leak */
    if (!value)
        return NULL;
    memcpy(value->text, text, size);
    value->next = values;
    values = value;
    return value->text;
}

/* The value in UTF-16; false when the variable is unset, empty, or longer than any that we know. */
static bool look_up(const char *name, wchar_t wide_name[NAME_UNITS], wchar_t wide[VALUE_UNITS])
{
    if (!MultiByteToWideChar(CP_UTF8, 0, name, -1, wide_name, NAME_UNITS))
        return false;
    const DWORD length = GetEnvironmentVariableW(wide_name, wide, VALUE_UNITS);
    return length > 0 && length < VALUE_UNITS;
}

const char *bei_env_get(const char *name)
{
    wchar_t wide_name[NAME_UNITS], wide[VALUE_UNITS];
    char text[3 * VALUE_UNITS]; /* a UTF-16 unit is three bytes of UTF-8 at the most */
    if (!look_up(name, wide_name, wide) ||
        !WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, sizeof text, NULL, NULL))
        return NULL;
    bei_mutex_lock(&lock);
    const char *kept = keep_locked(text);
    bei_mutex_unlock(&lock);
    return kept;
}

bool bei_env_default(const char *name, const char *value)
{
    wchar_t wide_name[NAME_UNITS], wide[VALUE_UNITS];
    if (look_up(name, wide_name, wide) ||
        !MultiByteToWideChar(CP_UTF8, 0, value, -1, wide, VALUE_UNITS))
        return false;
    return _wputenv_s(wide_name, wide) == 0; /* for libraries that ask C's functions too */
}
