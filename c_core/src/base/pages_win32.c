#include "base/pages.h"

#include <windows.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "base/fault.h"
#include "base/random.h"
#include "base/wide_win32.h"

uint64_t bei_pages_round(uint64_t size)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    const uint64_t page = info.dwPageSize;
    return (size + page - 1) / page * page;
}

static be_status no_memory(size_t size)
{
    return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu bytes of pictures", size);
}

be_status bei_pages_reserve(size_t size, bei_pages_t *out)
{
    void *data = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!data)
        return no_memory(size);
    *out = (bei_pages_t){data, size, NULL};
    return BE_OK;
}

/* TMPDIR as on other systems, else Windows' own folder, which has a backslash at its end. */
static bool find_folder(char *folder, size_t size)
{
    const char *named = bei_env_get("TMPDIR");
    if (named)
        return snprintf(folder, size, "%s\\", named) < (int)size;
    wchar_t wide[MAX_PATH + 1];
    const DWORD length = GetTempPathW(MAX_PATH + 1, wide);
    return length > 0 && length <= MAX_PATH &&
           WideCharToMultiByte(CP_UTF8, 0, wide, -1, folder, (int)size, NULL, NULL) > 0;
}

static HANDLE create_file(const char *folder)
{
    uint32_t number[2];
    char name[BEI_WIDE_SIZE];
    wchar_t wide[BEI_WIDE_SIZE];
    bei_random_fill((uint8_t *)number, sizeof number);
    snprintf(name, sizeof name, "%sessence-%08x%08x", folder, number[0], number[1]);
    if (!bei_wide_path(name, wide)) {
        SetLastError(ERROR_INVALID_NAME);
        return INVALID_HANDLE_VALUE;
    }
    return CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_NEW,
                       FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL);
}

/* A mapping makes the file as long as itself: NTFS takes the disk's room for it there and then. */
static void *map_file(HANDLE file, size_t size)
{
    const HANDLE mapping = CreateFileMappingW(file, NULL, PAGE_READWRITE,
                                              (DWORD)((uint64_t)size >> 32), (DWORD)size, NULL);
    if (!mapping)
        return NULL;
    void *data = MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, size);
    const DWORD error = GetLastError();
    CloseHandle(mapping); /* the view keeps it */
    SetLastError(error);
    return data;
}

static be_status no_room(size_t size, const char *folder)
{
    const unsigned long error = GetLastError();
    return bei_fault_set(BE_ERR_OUT_OF_MEMORY, folder,
                         "no room for %zu bytes of pictures in a temporary file: %s (Windows error "
                         "%lu); TMPDIR names another folder",
                         size, bei_wide_reason(error), error);
}

be_status bei_pages_reserve_file(size_t size, bei_pages_t *out)
{
    char folder[BEI_WIDE_SIZE - 64];
    BEI_REQUIRE(find_folder(folder, sizeof folder), "the temporary folder's name is too long");
    const HANDLE file = create_file(folder);
    if (file == INVALID_HANDLE_VALUE) {
        const unsigned long error = GetLastError();
        return bei_fault_set(BE_ERR_FILE_NOT_FOUND, folder,
                             "no temporary file can be made here: %s (Windows error %lu)",
                             bei_wide_reason(error), error);
    }
    void *data = map_file(file, size);
    if (!data) {
        be_status status = no_room(size, folder);
        CloseHandle(file);
        return status;
    }
    *out = (bei_pages_t){data, size, file};
    return BE_OK;
}

void bei_pages_drop(uint8_t *start, size_t size)
{
    /* The first says that the content does not matter, the second takes the pages out of the process. */
    (void)VirtualAlloc(start, size, MEM_RESET, PAGE_READWRITE);
    (void)VirtualUnlock(start, size);
}

void bei_pages_unread(const uint8_t *start, size_t size)
{
    (void)start, (void)size;
}

void bei_pages_free(bei_pages_t *pages)
{
    if (pages->file) {
        UnmapViewOfFile(pages->data);
        CloseHandle(pages->file); /* which deletes it */
    } else if (pages->data) {
        VirtualFree(pages->data, 0, MEM_RELEASE);
    }
    *pages = (bei_pages_t){0};
}
