#include "base/env.h"

#include <stdlib.h>

const char *bei_env_get(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

bool bei_env_default(const char *name, const char *value)
{
    if (getenv(name))
        return false;
#ifdef _WIN32
    return _putenv_s(name, value) == 0;
#else
    return setenv(name, value, 0) == 0;
#endif
}
