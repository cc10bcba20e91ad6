/* The process's environment variables. Reading races with a host that changes them in another
 * thread, as in all of C. */
#ifndef BEI_BASE_ENV_H
#define BEI_BASE_ENV_H

#include <stdbool.h>

/* The value, or NULL when the variable is unset or empty. Valid until the environment changes. */
const char *bei_env_get(const char *name);

/* Sets a variable that the host left unset; true when it now has `value` by this call. */
bool bei_env_default(const char *name, const char *value);

#endif
