#include <windows.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/file_system.h"
#include "base/memory.h"
#include "base/wide_win32.h"

static be_status not_utf8(const char *path)
{
    return bei_fault_set(BE_ERR_FILE_NOT_FOUND, path, "the path is not UTF-8 or too long");
}

/* Records why the last call failed. */
static be_status refused(be_status status, const char *path, const char *what)
{
    const unsigned long error = GetLastError();
    return bei_fault_set(status, path, "%s: %s (Windows error %lu)", what, bei_wide_reason(error),
                         error);
}

be_status bei_file_open(const char *path, bei_file_handle_t *out)
{
    wchar_t wide[BEI_WIDE_SIZE];
    if (!bei_wide_path(path, wide))
        return not_utf8(path);
    /* Shared with everybody as on other systems; folders open too, so that they can be told apart. */
    const HANDLE file = CreateFileW(
        wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
        OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN | FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return refused(BE_ERR_FILE_NOT_FOUND, path, "cannot be opened");
    *out = (bei_file_handle_t)file;
    return BE_OK;
}

void bei_file_close(bei_file_handle_t file)
{
    CloseHandle((HANDLE)file);
}

be_status bei_file_measure(bei_file_handle_t file, const char *path, uint64_t *size)
{
    BY_HANDLE_FILE_INFORMATION info;
    BEI_CHECK(GetFileType((HANDLE)file) == FILE_TYPE_DISK, path, "is not a regular file");
    if (!GetFileInformationByHandle((HANDLE)file, &info))
        return refused(BE_ERR_FILE_CORRUPT, path, "cannot be examined");
    BEI_CHECK(!(info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY), path, "is a folder, not a file");
    *size = (uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow;
    return BE_OK;
}

be_status bei_file_read_some(bei_file_handle_t file, const char *path, uint8_t *to, size_t size,
                             size_t *got)
{
    DWORD n = 0;
    if (!ReadFile((HANDLE)file, to, size < MAXDWORD ? (DWORD)size : MAXDWORD, &n, NULL))
        return refused(BE_ERR_FILE_CORRUPT, path, "cannot be read");
    *got = n;
    return BE_OK;
}

be_status bei_file_create(const char *path, int *taken)
{
    wchar_t wide[BEI_WIDE_SIZE];
    *taken = 0;
    if (!bei_wide_path(path, wide))
        return not_utf8(path);
    const HANDLE file =
        CreateFileW(wide, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        *taken = GetLastError() == ERROR_FILE_EXISTS;
        return refused(BE_ERR_FILE_NOT_FOUND, path, "cannot be written");
    }
    CloseHandle(file);
    return BE_OK;
}

be_status bei_file_replace(const char *from, const char *to)
{
    wchar_t wide_from[BEI_WIDE_SIZE], wide_to[BEI_WIDE_SIZE];
    if (!bei_wide_path(from, wide_from) || !bei_wide_path(to, wide_to))
        return not_utf8(to);
    if (!MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING))
        return refused(BE_ERR_FILE_NOT_FOUND, to, "cannot be written");
    return BE_OK;
}

void bei_file_remove(const char *path)
{
    wchar_t wide[BEI_WIDE_SIZE];
    if (bei_wide_path(path, wide))
        (void)DeleteFileW(wide);
}

bool bei_file_is_there(const char *path)
{
    wchar_t wide[BEI_WIDE_SIZE];
    return bei_wide_path(path, wide) && GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES;
}

struct bei_file_names {
    HANDLE search;
    WIN32_FIND_DATAW found;
    bool pending; /* `found` was not given yet */
    char name[3 * MAX_PATH + 1];
};

static HANDLE find_first(const char *folder, WIN32_FIND_DATAW *found)
{
    wchar_t wide[BEI_WIDE_SIZE];
    if (!bei_wide_path(folder, wide) || wcslen(wide) + 3 > BEI_WIDE_SIZE)
        return INVALID_HANDLE_VALUE;
    wcscat(wide, L"\\*");
    return FindFirstFileW(wide, found);
}

be_status bei_file_names_open(const char *folder, bei_file_names_t **out)
{
    bei_file_names_t *names = bei_calloc(1, sizeof *names);
    if (!names)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory to list a folder");
    names->search = find_first(folder, &names->found);
    if (names->search == INVALID_HANDLE_VALUE) {
        bei_free(names);
        return bei_fault_set(BE_ERR_FILE_NOT_FOUND, folder, "is not a folder that can be read");
    }
    names->pending = true;
    *out = names;
    return BE_OK;
}

const char *bei_file_names_next(bei_file_names_t *names)
{
    if (!names->pending && !FindNextFileW(names->search, &names->found))
        return NULL;
    names->pending = false;
    if (!WideCharToMultiByte(CP_UTF8, 0, names->found.cFileName, -1, names->name,
                             sizeof names->name, NULL, NULL))
        return NULL;
    return names->name;
}

void bei_file_names_close(bei_file_names_t *names)
{
    FindClose(names->search);
    bei_free(names);
}
