#define _GNU_SOURCE /* MAP_ANONYMOUS, madvise, mkostemp: no POSIX has them */
#define _DARWIN_C_SOURCE

#include "base/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fault.h"

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

enum { READ_WRITE = PROT_READ | PROT_WRITE };
enum { PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };

uint64_t bei_pages_round(uint64_t size)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    return (size + page - 1) / page * page;
}

be_status bei_pages_reserve(size_t size, bei_pages_t *out)
{
    void *data = mmap(NULL, size, READ_WRITE, PRIVATE, -1, 0);
    if (data == MAP_FAILED)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu bytes of pictures", size);
#ifdef MADV_NOHUGEPAGE
    /* A huge page would keep what was dropped around it, and bring what nobody asked for. */
    (void)madvise(data, size, MADV_NOHUGEPAGE);
#endif
    *out = (bei_pages_t){data, size, NULL};
    return BE_OK;
}

/* Beyond the limit for files the system does not only refuse: its signal ends the process. */
static int over_limit(size_t size)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           (uint64_t)limit.rlim_cur < size;
}

/* The slow way to take a disk's room, which every system and every kind of disk knows. */
static int write_zeros(int descriptor, size_t size)
{
    static const uint8_t ZEROS[1 << 16];
    for (size_t done = 0; done < size;) {
        size_t rest = size - done < sizeof ZEROS ? size - done : sizeof ZEROS;
        ssize_t n = pwrite(descriptor, ZEROS, rest, (off_t)done);
        if (n < 0 && errno != EINTR)
            return errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int allocate(int descriptor, size_t size)
{
    if (over_limit(size))
        return EFBIG;
    int error = EOPNOTSUPP;
#ifndef __APPLE__
    do
        error = posix_fallocate(descriptor, 0, (off_t)size);
    while (error == EINTR);
#endif
    return error == EOPNOTSUPP || error == EINVAL ? write_zeros(descriptor, size) : error;
}

static be_status map_file(int descriptor, size_t size, const char *folder, bei_pages_t *out)
{
    int error = allocate(descriptor, size);
    if (error != 0)
        return bei_fault_set(BE_ERR_OUT_OF_MEMORY, folder,
                             "no room for %zu bytes of pictures in a temporary file "
                             "(system error %d); TMPDIR names another folder",
                             size, error);
    void *data = mmap(NULL, size, READ_WRITE, MAP_SHARED, descriptor, 0);
    if (data == MAP_FAILED)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu bytes of pictures", size);
    *out = (bei_pages_t){data, size, NULL};
    return BE_OK;
}

be_status bei_pages_reserve_file(size_t size, bei_pages_t *out)
{
    const char *folder = bei_env_get("TMPDIR");
    if (!folder)
        folder = "/tmp";
    char name[4200];
    int length = snprintf(name, sizeof name, "%s/essence-XXXXXX", folder);
    BEI_REQUIRE(length > 0 && (size_t)length < sizeof name, "TMPDIR has %d characters, too many",
                length);
    int descriptor = mkostemp(name, O_CLOEXEC);
    if (descriptor < 0)
        return bei_fault_set(BE_ERR_FILE_NOT_FOUND, folder,
                             "no temporary file can be made here (system error %d)", errno);
    unlink(name);
    be_status status = map_file(descriptor, size, folder, out);
    close(descriptor);
    return status;
}

void bei_pages_drop(uint8_t *start, size_t size)
{
#ifdef __linux__
    (void)madvise(start, size,
                  MADV_DONTNEED); /* fails in a process that locks its memory: it stays */
#else
    (void)mmap(start, size, READ_WRITE, PRIVATE | MAP_FIXED, -1, 0);
#endif
}

void bei_pages_unread(const uint8_t *start, size_t size)
{
#ifdef __linux__
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t before = (page - (uintptr_t)start % page) % page; /* of the first whole page */
    if (size > before + page)
        (void)madvise((uint8_t *)start + before, (size - before) / page * page, MADV_DONTNEED);
#else
    (void)start, (void)size;
#endif
}

void bei_pages_free(bei_pages_t *pages)
{
    if (pages->data)
        munmap(pages->data, pages->size);
    *pages = (bei_pages_t){0};
}
