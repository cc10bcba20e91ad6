/* The signature of an avatar file: docs/imx.md, `SIGN`. */
#ifndef BEI_CONTAINER_SEAL_H
#define BEI_CONTAINER_SEAL_H

#include "container/header.h"
#include "container/imx.h"
#include "container/keys.h"

/* A parsed SIGN section. */
typedef struct bei_signed {
    uint8_t key_id[BEI_KEY_ID];
    uint8_t signature[BEI_SIGNATURE];
} bei_signed_t;

/* Parses the section. BE_ERR_FILE_CORRUPT. */
be_status bei_seal_parse(bei_span_t section, const char *label, bei_signed_t *out);

/* Checks that a signature that is there is good, and that there is one where there must be: of a metered
 * avatar, and where the host wants it. An open avatar without one costs nothing. BE_ERR_FILE_CORRUPT,
 * BE_ERR_UNTRUSTED, BE_ERR_OUT_OF_MEMORY. */
be_status bei_seal_check(const bei_sections_t *sections, bool metered, const bei_trust_t *trust,
                         const char *label, bei_seal_t *out);

#endif
