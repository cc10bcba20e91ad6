#include "base/dynlib.h"

#include <windows.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/wide_win32.h"

/* What LoadLibraryExW is to open. Where it looks for a library's neighbours it wants the whole path: what it
 * does with part of one is not defined. */
static bool find_name(const char *path, bool is_path, wchar_t name[BEI_WIDE_SIZE])
{
    wchar_t wide[BEI_WIDE_SIZE];
    if (!bei_wide_path(path, is_path ? wide : name))
        return false;
    if (!is_path)
        return true;
    const DWORD length = GetFullPathNameW(wide, BEI_WIDE_SIZE, name, NULL);
    return length > 0 && length < BEI_WIDE_SIZE;
}

bei_dynlib_t *bei_dynlib_open(const char *path, char *why, size_t size)
{
    wchar_t name[BEI_WIDE_SIZE];
    const bool is_path = strpbrk(path, "/\\") != NULL;
    if (!find_name(path, is_path, name)) {
        snprintf(why, size, "the path is not UTF-8 or too long");
        return NULL;
    }
    /* With a path, a library's own neighbours are found too; a plain name never means the current
     * folder. */
    HMODULE module = LoadLibraryExW(
        name, NULL, is_path ? LOAD_WITH_ALTERED_SEARCH_PATH : LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
    if (!module) {
        const unsigned long error = GetLastError();
        snprintf(why, size, "%s: %s (Windows error %lu)", path, bei_wide_reason(error), error);
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
