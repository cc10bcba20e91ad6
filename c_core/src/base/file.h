/* Whole files as bytes, and their names. Paths are UTF-8. */
#ifndef BEI_BASE_FILE_H
#define BEI_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pages.h"
#include "essence.h"

/* Reads a regular file of at most `limit` bytes into fresh memory, which the caller frees with
 * bei_free. The file is read and not mapped: a mapped file that somebody truncates kills the
 * process. BE_ERR_FILE_NOT_FOUND when it cannot be opened, BE_ERR_FILE_CORRUPT when it is no file,
 * too large, changing or unreadable, BE_ERR_OUT_OF_MEMORY. On failure the outputs are untouched. */
be_status bei_file_read(const char *path, size_t limit, uint8_t **bytes, size_t *size);

/* The same into pages, so that parts of it can be given back; *pages is freed by bei_pages_free and has
 * the file's size. A file without a byte gives none: data NULL. */
be_status bei_file_read_pages(const char *path, size_t limit, bei_pages_t *pages);

/* Makes a new empty file in the folder of `path`, named after it, and gives its name in `name` (`size`
 * bytes): what is written there can be renamed to `path` when it is complete. An existing file is never
 * touched. BE_ERR_FILE_NOT_FOUND when the folder cannot be written; `name` is untouched then. */
be_status bei_file_create_beside(const char *path, char *name, size_t size);

/* Renames a file, in place of one that is there. BE_ERR_FILE_NOT_FOUND. */
be_status bei_file_replace(const char *from, const char *to);

void bei_file_remove(const char *path); /* if it is there */

/* Calls `visit` with the path of each file in a folder whose name has this ending and does not begin with a
 * dot, in any order, until one call fails: its status. BE_ERR_FILE_NOT_FOUND when it is no folder. */
typedef be_status bei_file_visit(const char *path, void *user);
be_status bei_file_list(const char *folder, const char *ending, bei_file_visit *visit, void *user);

/* Whether there is a file or folder of that name, that can be read where the system tells so beforehand (not
 * Windows). */
bool bei_file_is_there(const char *path);

#endif
