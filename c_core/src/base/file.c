#include "base/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fault.h"
#include "base/file_system.h"
#include "base/memory.h"
#include "base/thread.h"

enum { CHUNK = 16 << 20 };

/* Reads up to `size` bytes; *got is less only at the file's end. */
static be_status read_fully(bei_file_handle_t file, uint8_t *to, size_t size, const char *path,
                            size_t *got)
{
    size_t n = 1;
    for (*got = 0; *got < size && n > 0; *got += n) {
        size_t wanted = size - *got < CHUNK ? size - *got : CHUNK;
        BEI_TRY(bei_file_read_some(file, path, to + *got, wanted, &n));
    }
    return BE_OK;
}

/* Reads `size` bytes and makes sure that they are the whole file, then and now. */
static be_status read_exactly(bei_file_handle_t file, uint8_t *to, size_t size, const char *path)
{
    size_t got;
    uint8_t beyond;
    BEI_TRY(read_fully(file, to, size, path, &got));
    BEI_CHECK(got == size, path, "became shorter while it was read");
    BEI_TRY(read_fully(file, &beyond, 1, path, &got));
    BEI_CHECK(got == 0, path, "became longer while it was read");
    return BE_OK;
}

static be_status measure(bei_file_handle_t file, const char *path, size_t limit, size_t *size)
{
    uint64_t bytes;
    BEI_TRY(bei_file_measure(file, path, &bytes));
    BEI_CHECK(bytes <= limit, path, "larger than %zu bytes, which is the limit", limit);
    *size = (size_t)bytes;
    return BE_OK;
}

static be_status read_block(bei_file_handle_t file, const char *path, size_t limit,
                            bei_pages_t *out)
{
    size_t size;
    BEI_TRY(measure(file, path, limit, &size));
    uint8_t *block = bei_alloc(size);
    if (!block)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a file of %zu bytes", size);
    be_status result = read_exactly(file, block, size, path);
    if (result != BE_OK) {
        bei_free(block);
        return result;
    }
    *out = (bei_pages_t){block, size, NULL};
    return BE_OK;
}

static be_status read_pages(bei_file_handle_t file, const char *path, size_t limit,
                            bei_pages_t *out)
{
    bei_pages_t pages = {0};
    size_t size;
    BEI_TRY(measure(file, path, limit, &size));
    if (size > 0)
        BEI_TRY(bei_pages_reserve(size, &pages));
    be_status result = read_exactly(file, pages.data, size, path);
    if (result != BE_OK) {
        bei_pages_free(&pages);
        return result;
    }
    *out = pages;
    return BE_OK;
}

typedef be_status read_t(bei_file_handle_t file, const char *path, size_t limit, bei_pages_t *out);

static be_status open_and(read_t *read_all, const char *path, size_t limit, bei_pages_t *out)
{
    bei_file_handle_t file;
    BEI_TRY(bei_file_open(path, &file));
    be_status result = read_all(file, path, limit, out);
    bei_file_close(file);
    return result;
}

be_status bei_file_read(const char *path, size_t limit, uint8_t **bytes, size_t *size)
{
    bei_pages_t block = {0};
    BEI_TRY(open_and(read_block, path, limit, &block));
    *bytes = block.data;
    *size = block.size;
    return BE_OK;
}

be_status bei_file_read_pages(const char *path, size_t limit, bei_pages_t *pages)
{
    return open_and(read_pages, path, limit, pages);
}

be_status bei_file_create_beside(const char *path, char *name, size_t size)
{
    enum { TRIES = 1000 };
    char candidate[4200];
    int taken = 1;
    be_status status = BE_OK;
    for (unsigned i = 0; i < TRIES && taken; i++) {
        int length = snprintf(candidate, sizeof candidate, "%s.%" PRIx32 "-%x.part", path,
                              bei_process_id(), i);
        BEI_REQUIRE(length > 0 && (size_t)length < sizeof candidate && (size_t)length < size,
                    "a path of %zu bytes is too long", strlen(path));
        status = bei_file_create(candidate, &taken);
    }
    if (status == BE_OK)
        memcpy(name, candidate, strlen(candidate) + 1);
    return status;
}

static bool has_ending(const char *name, const char *ending)
{
    size_t length = strlen(name), end = strlen(ending);
    return name[0] != '.' && length > end && strcmp(name + length - end, ending) == 0;
}

static be_status visit_name(const char *folder, const char *name, bei_file_visit *visit, void *user)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return bei_fault_set(BE_ERR_FILE_NOT_FOUND, folder, "the path of a file in it is too long");
    return visit(path, user);
}

be_status bei_file_list(const char *folder, const char *ending, bei_file_visit *visit, void *user)
{
    bei_file_names_t *names;
    BEI_TRY(bei_file_names_open(folder, &names));
    be_status status = BE_OK;
    const char *name;
    while (status == BE_OK && (name = bei_file_names_next(names)) != NULL)
        if (has_ending(name, ending))
            status = visit_name(folder, name, visit, user);
    bei_file_names_close(names);
    return status;
}
