#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/file_system.h"

be_status bei_file_open(const char *path, bei_file_handle_t *out)
{
    /* Not blocking, so that a pipe without a writer is refused and not waited for. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor >= 0) {
        *out = descriptor;
        return BE_OK;
    }
    if (errno == ENOENT || errno == ENOTDIR)
        return bei_fault_set(BE_ERR_FILE_NOT_FOUND, path, "there is no such file");
    if (errno == EACCES || errno == EPERM)
        return bei_fault_set(BE_ERR_FILE_NOT_FOUND, path, "no permission to read it");
    return bei_fault_set(BE_ERR_FILE_NOT_FOUND, path, "cannot be opened (system error %d)", errno);
}

void bei_file_close(bei_file_handle_t file)
{
    close((int)file);
}

be_status bei_file_measure(bei_file_handle_t file, const char *path, uint64_t *size)
{
    struct stat status;
    BEI_CHECK(fstat((int)file, &status) == 0, path, "cannot be examined (system error %d)", errno);
    BEI_CHECK(!S_ISDIR(status.st_mode), path, "is a folder, not a file");
    BEI_CHECK(S_ISREG(status.st_mode), path, "is not a regular file");
    *size = status.st_size < 0 ? UINT64_MAX : (uint64_t)status.st_size;
    return BE_OK;
}

be_status bei_file_read_some(bei_file_handle_t file, const char *path, uint8_t *to, size_t size,
                             size_t *got)
{
    ssize_t n;
    do
        n = read((int)file, to, size);
    while (n < 0 && errno == EINTR);
    BEI_CHECK(n >= 0, path, "cannot be read (system error %d)", errno);
    *got = (size_t)n;
    return BE_OK;
}

static be_status cannot_be_written(const char *path)
{
    return bei_fault_set(BE_ERR_FILE_NOT_FOUND, path, "cannot be written (system error %d)", errno);
}

be_status bei_file_create(const char *path, int *taken)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    *taken = descriptor < 0 && errno == EEXIST;
    if (descriptor < 0)
        return cannot_be_written(path);
    close(descriptor);
    return BE_OK;
}

be_status bei_file_replace(const char *from, const char *to)
{
    return rename(from, to) == 0 ? BE_OK : cannot_be_written(to);
}

void bei_file_remove(const char *path)
{
    (void)remove(path);
}

bool bei_file_is_there(const char *path)
{
    return access(path, R_OK) == 0;
}

/* A DIR by another name. */
be_status bei_file_names_open(const char *folder, bei_file_names_t **out)
{
    *out = (bei_file_names_t *)opendir(folder);
    if (!*out)
        return bei_fault_set(BE_ERR_FILE_NOT_FOUND, folder, "is not a folder that can be read");
    return BE_OK;
}

const char *bei_file_names_next(bei_file_names_t *names)
{
    const struct dirent *entry = readdir((DIR *)names);
    return entry ? entry->d_name : NULL;
}

void bei_file_names_close(bei_file_names_t *names)
{
    closedir((DIR *)names);
}
