#include "base/env.h"

#include <stdlib.h>

const char *bei_env_get(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

bool bei_env_default(const char *name, const char *value)
{
    return !getenv(name) && setenv(name, value, 0) == 0;
}
