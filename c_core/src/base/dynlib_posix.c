#include "base/dynlib.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* Copies a reason as one line. */
static void explain(char *why, size_t size, const char *text)
{
    snprintf(why, size, "%s", text);
    size_t length = strcspn(why, "\r\n");
    why[length] = '\0';
}

bei_dynlib_t *bei_dynlib_open(const char *path, char *why, size_t size)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *text = dlerror();
        explain(why, size, text ? text : "no reason given");
    }
    return handle;
}

bei_dynlib_fn *bei_dynlib_symbol(bei_dynlib_t *library, const char *name)
{
    /* ISO C has no cast from an object pointer to a function pointer; POSIX promises the bits. */
    void *address = dlsym(library, name);
    bei_dynlib_fn *function;
    memcpy(&function, &address, sizeof function);
    return function;
}

void bei_dynlib_close(bei_dynlib_t *library)
{
    if (library)
        dlclose(library);
}
