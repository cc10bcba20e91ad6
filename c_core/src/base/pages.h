/* Large blocks of memory straight from the system, whose pages can be given back one by one. */
#ifndef BEI_BASE_PAGES_H
#define BEI_BASE_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "essence.h"

typedef struct bei_pages {
    uint8_t *data; /* aligned to a page; NULL: none */
    size_t size;
    void *file; /* the temporary file behind it, where the system needs it open; else NULL */
} bei_pages_t;

/* `size` rounded up to whole pages. */
uint64_t bei_pages_round(uint64_t size);

/* Room for `size` bytes, at least 1. A page that was never written takes no memory, but on Windows what it
 * could take is promised. BE_ERR_OUT_OF_MEMORY. */
be_status bei_pages_reserve(size_t size, bei_pages_t *out);

/* The same in a file without a name, in TMPDIR or the system's temporary folder, so that the system can
 * page it out. The disk's room is taken at once: a disk that is full is an error here, not a signal later.
 * BE_ERR_OUT_OF_MEMORY, BE_ERR_FILE_NOT_FOUND when no file can be made there. */
be_status bei_pages_reserve_file(size_t size, bei_pages_t *out);

/* Gives the memory of whole pages from bei_pages_reserve back. Their content is not to be relied upon, and
 * the room stays reserved. */
void bei_pages_drop(uint8_t *start, size_t size);

/* Gives back the whole pages within what is only ever read of a mapped file, such as the library's own
 * constants: they count no more, and come back from the file when they are read again. A hint, of which
 * only Linux takes notice. */
void bei_pages_unread(const uint8_t *start, size_t size);

void bei_pages_free(bei_pages_t *pages); /* data NULL is allowed */

#endif
