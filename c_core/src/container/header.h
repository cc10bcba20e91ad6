/* The outer layer of an avatar file: header, table of contents, checksums. */
#ifndef BEI_CONTAINER_HEADER_H
#define BEI_CONTAINER_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "essence.h"

enum { BEI_HEADER_SIZE = 64 }; /* bytes; the table of contents follows */

/* Where each section that this reader knows lies; an absent optional one is empty. */
typedef struct bei_sections {
    bei_span_t manifest, bases, frames, placements, mouths;
    bei_span_t clips, encoder, thumbnail;
    bei_span_t signature;
    bei_span_t toc; /* the checked rows of the table of contents */
} bei_sections_t;

/* Checks the header, the table of contents, the padding and every section's checksum, also of
 * sections that it does not know. BE_ERR_FILE_CORRUPT; then *out is unspecified. */
be_status bei_header_parse(const uint8_t *bytes, size_t size, const char *label,
                           bei_sections_t *out);

#endif
