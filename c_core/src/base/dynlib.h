/* Shared libraries that are opened at run time. */
#ifndef BEI_BASE_DYNLIB_H
#define BEI_BASE_DYNLIB_H

#include <stddef.h>

typedef struct bei_dynlib bei_dynlib_t; /* the system's handle */
typedef void bei_dynlib_fn(void);       /* any function; cast to its own type before the call */

/* Opens a library by path, or by plain file name where the system looks for libraries. Path: UTF-8.
 * NULL on failure, with the system's one-line reason in why (cut to `size` bytes). Any thread. */
bei_dynlib_t *bei_dynlib_open(const char *path, char *why, size_t size);

/* The function of that name; NULL when the library has none. Any thread. */
bei_dynlib_fn *bei_dynlib_symbol(bei_dynlib_t *library, const char *name);

/* NULL is allowed. No function of the library may be in use. */
void bei_dynlib_close(bei_dynlib_t *library);

#endif
