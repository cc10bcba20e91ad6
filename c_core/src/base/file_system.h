/* What base/file.c wants of the operating system. Paths are UTF-8; no call waits for another process. */
#ifndef BEI_BASE_FILE_SYSTEM_H
#define BEI_BASE_FILE_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

#include "essence.h"

typedef intptr_t bei_file_handle_t;

/* Opens for reading; folders may open too. BE_ERR_FILE_NOT_FOUND with the reason. */
be_status bei_file_open(const char *path, bei_file_handle_t *out);
void bei_file_close(bei_file_handle_t file);

/* A regular file's size; BE_ERR_FILE_CORRUPT when it is something else. */
be_status bei_file_measure(bei_file_handle_t file, const char *path, uint64_t *size);

/* Reads up to `size` bytes from where the last call ended; *got is 0 at the file's end. BE_ERR_FILE_CORRUPT. */
be_status bei_file_read_some(bei_file_handle_t file, const char *path, uint8_t *to, size_t size,
                             size_t *got);

/* A folder's names, one after the other. BE_ERR_FILE_NOT_FOUND when it is no folder. */
typedef struct bei_file_names bei_file_names_t;
be_status bei_file_names_open(const char *folder, bei_file_names_t **out);
/* The next one, valid until the next call; NULL behind the last. */
const char *bei_file_names_next(bei_file_names_t *names);
void bei_file_names_close(bei_file_names_t *names);

/* Makes an empty file. BE_ERR_FILE_NOT_FOUND when it cannot be; *taken says then whether one of that name
 * is there already. */
be_status bei_file_create(const char *path, int *taken);

#endif
