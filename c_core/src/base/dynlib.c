#include "base/dynlib.h"

#include <stdio.h>
#include <string.h>

/* Copies a reason as one line. */
static void explain(char *why, size_t size, const char *text)
{
    snprintf(why, size, "%s", text);
    size_t length = strcspn(why, "\r\n");
    why[length] = '\0';
}

#ifdef _WIN32

#include <windows.h>

enum { PATH_UNITS = 4096 };

bei_dynlib_t *bei_dynlib_open(const char *path, char *why, size_t size)
{
    wchar_t wide[PATH_UNITS];
    if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, PATH_UNITS)) {
        explain(why, size, "the path is not UTF-8 or too long");
        return NULL;
    }
    /* With a path, a library's own neighbours are found too; a plain name never means the current
     * folder. */
    const int is_path = strpbrk(path, "/\\") != NULL;
    for (wchar_t *c = wide; *c; c++)
        if (*c == L'/')
            *c = L'\\';
    HMODULE module = LoadLibraryExW(
        wide, NULL, is_path ? LOAD_WITH_ALTERED_SEARCH_PATH : LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
    if (!module) {
        char text[64];
        snprintf(text, sizeof text, "Windows error %lu", (unsigned long)GetLastError());
        explain(why, size, text);
    }
    return (bei_dynlib_t *)(void *)module;
}

bei_dynlib_fn *bei_dynlib_symbol(bei_dynlib_t *library, const char *name)
{
    return (bei_dynlib_fn *)GetProcAddress((HMODULE)(void *)library, name);
}

void bei_dynlib_close(bei_dynlib_t *library)
{
    if (library)
        FreeLibrary((HMODULE)(void *)library);
}

#else

#include <dlfcn.h>

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

#endif
