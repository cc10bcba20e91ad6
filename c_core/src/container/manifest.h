/* The manifest: who the avatar is and how it is played, as JSON. */
#ifndef BEI_CONTAINER_MANIFEST_H
#define BEI_CONTAINER_MANIFEST_H

#include "container/imx.h"

/* Parses the MANI section strictly: required keys once each, exact types, values in range; unknown
 * keys are ignored. BE_ERR_FILE_CORRUPT, BE_ERR_OUT_OF_MEMORY; then *out is unspecified. */
be_status bei_manifest_parse(bei_span_t section, const char *label, bei_imx_manifest_t *out);

/* Whether a text is a slug, as names for programs are: a-z 0-9 . _ - beginning with a letter or digit. */
bool bei_manifest_is_slug(const char *text);

#endif
