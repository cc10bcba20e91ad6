#include "base/wide_win32.h"

#include <windows.h>

#include <string.h>

/* Longer paths need a prefix that tells Windows to take them as they are. (A folder's limit is 12 less
 * than a file's 260.) */
enum { PLAIN_LIMIT = 248 };

static bool convert(const char *text, wchar_t *wide, int size)
{
    if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, size))
        return false;
    for (wchar_t *c = wide; *c; c++)
        if (*c == L'/')
            *c = L'\\';
    return true;
}

/* \\server\share\x becomes \\?\UNC\server\share\x, C:\x becomes \\?\C:\x */
static bool make_long(const wchar_t *path, wchar_t wide[BEI_WIDE_SIZE])
{
    wchar_t full[BEI_WIDE_SIZE];
    DWORD length = GetFullPathNameW(path, BEI_WIDE_SIZE, full, NULL);
    if (length == 0 || length >= BEI_WIDE_SIZE)
        return false;
    const bool remote = full[0] == L'\\' && full[1] == L'\\';
    const wchar_t *prefix = remote ? L"\\\\?\\UNC" : L"\\\\?\\";
    const wchar_t *rest = remote ? full + 1 : full;
    if (wcslen(prefix) + wcslen(rest) >= BEI_WIDE_SIZE)
        return false;
    wcscpy(wide, prefix);
    wcscat(wide, rest);
    return true;
}

bool bei_wide_path(const char *path, wchar_t wide[BEI_WIDE_SIZE])
{
    wchar_t short_form[BEI_WIDE_SIZE];
    if (!convert(path, short_form, BEI_WIDE_SIZE))
        return false;
    if (wcslen(short_form) >= PLAIN_LIMIT && wcsncmp(short_form, L"\\\\?\\", 4) != 0)
        return make_long(short_form, wide);
    wcscpy(wide, short_form);
    return true;
}

const char *bei_wide_reason(unsigned long error)
{
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
    case ERROR_NOT_READY:
    case ERROR_DIRECTORY:
        return "there is no such file";
    case ERROR_MOD_NOT_FOUND:
        return "there is no such library, or one that it needs is missing";
    case ERROR_BAD_EXE_FORMAT:
        return "it is not a library for this processor";
    case ERROR_ACCESS_DENIED:
        return "no permission";
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
        return "another program holds it";
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
        return "the disk is full";
    default:
        return "Windows refuses it";
    }
}
