#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fault.h"
#include "base/memory.h"

/* Flags that only some systems have or need. */
#ifndef O_BINARY
#define O_BINARY 0
#endif
#ifndef O_CLOEXEC
#define O_CLOEXEC 0
#endif
#ifndef O_NONBLOCK
#define O_NONBLOCK 0
#endif

enum { CHUNK = 16 << 20 };

static be_status open_fault(const char *path, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return bei_fault_set(BE_ERR_FILE_NOT_FOUND, path, "there is no such file");
    case EACCES:
    case EPERM:
        return bei_fault_set(BE_ERR_FILE_NOT_FOUND, path, "no permission to read it");
    default:
        return bei_fault_set(BE_ERR_FILE_NOT_FOUND, path, "cannot be opened (system error %d)",
                             error);
    }
}

/* Reads up to `size` bytes; *got is less only at the file's end. */
static be_status read_fully(int descriptor, uint8_t *to, size_t size, const char *path, size_t *got)
{
    *got = 0;
    while (*got < size) {
        size_t wanted = size - *got < CHUNK ? size - *got : CHUNK;
        ssize_t n = read(descriptor, to + *got, wanted);
        if (n < 0 && errno == EINTR)
            continue;
        BEI_CHECK(n >= 0, path, "cannot be read (system error %d)", errno);
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return BE_OK;
}

/* Reads `size` bytes and makes sure that they are the whole file, then and now. */
static be_status read_exactly(int descriptor, uint8_t *to, size_t size, const char *path)
{
    size_t got;
    uint8_t beyond;
    BEI_TRY(read_fully(descriptor, to, size, path, &got));
    BEI_CHECK(got == size, path, "became shorter while it was read");
    BEI_TRY(read_fully(descriptor, &beyond, 1, path, &got));
    BEI_CHECK(got == 0, path, "became longer while it was read");
    return BE_OK;
}

static be_status measure(int descriptor, const char *path, size_t limit, size_t *size)
{
    struct stat status;
    BEI_CHECK(fstat(descriptor, &status) == 0, path, "cannot be examined (system error %d)", errno);
    BEI_CHECK(!S_ISDIR(status.st_mode), path, "is a folder, not a file");
    BEI_CHECK(S_ISREG(status.st_mode), path, "is not a regular file");
    BEI_CHECK(status.st_size >= 0 && (uint64_t)status.st_size <= limit, path,
              "larger than %zu bytes, which is the limit", limit);
    *size = (size_t)status.st_size;
    return BE_OK;
}

static be_status read_block(int descriptor, const char *path, size_t limit, bei_pages_t *out)
{
    size_t size;
    BEI_TRY(measure(descriptor, path, limit, &size));
    uint8_t *block = bei_alloc(size);
    if (!block)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a file of %zu bytes", size);
    be_status result = read_exactly(descriptor, block, size, path);
    if (result != BE_OK) {
        bei_free(block);
        return result;
    }
    *out = (bei_pages_t){block, size};
    return BE_OK;
}

static be_status read_pages(int descriptor, const char *path, size_t limit, bei_pages_t *out)
{
    bei_pages_t pages = {0};
    size_t size;
    BEI_TRY(measure(descriptor, path, limit, &size));
    if (size > 0)
        BEI_TRY(bei_pages_reserve(size, &pages));
    be_status result = read_exactly(descriptor, pages.data, size, path);
    if (result != BE_OK) {
        bei_pages_free(&pages);
        return result;
    }
    *out = pages;
    return BE_OK;
}

typedef be_status read_t(int descriptor, const char *path, size_t limit, bei_pages_t *out);

static be_status open_and(read_t *read_all, const char *path, size_t limit, bei_pages_t *out)
{
    /* Not blocking, so that a pipe without a writer is refused and not waited for. */
    int descriptor = open(path, O_RDONLY | O_BINARY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return open_fault(path, errno);
    be_status result = read_all(descriptor, path, limit, out);
    close(descriptor);
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
    for (unsigned i = 0; i < TRIES; i++) {
        int length =
            snprintf(candidate, sizeof candidate, "%s.%x-%x.part", path, (unsigned)getpid(), i);
        BEI_REQUIRE(length > 0 && (size_t)length < sizeof candidate && (size_t)length < size,
                    "a path of %zu bytes is too long", strlen(path));
        int descriptor = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0) {
            close(descriptor);
            memcpy(name, candidate, (size_t)length + 1);
            return BE_OK;
        }
        if (errno != EEXIST)
            break;
    }
    return bei_fault_set(BE_ERR_FILE_NOT_FOUND, path, "cannot be written (system error %d)", errno);
}
