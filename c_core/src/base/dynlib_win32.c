#include "base/dynlib.h"

#include <windows.h>

#include <stdio.h>
#include <string.h>

#include "base/wide_win32.h"

bei_dynlib_t *bei_dynlib_open(const char *path, char *why, size_t size)
{
    wchar_t wide[BEI_WIDE_SIZE];
    if (!bei_wide_path(path, wide)) {
        snprintf(why, size, "the path is not UTF-8 or too long");
        return NULL;
    }
    /* With a path, a library's own neighbours are found too; a plain name never means the current
     * folder. */
    const int is_path = strpbrk(path, "/\\") != NULL;
    HMODULE module = LoadLibraryExW(
        wide, NULL, is_path ? LOAD_WITH_ALTERED_SEARCH_PATH : LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
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
