/* The tables of an avatar file: base pictures, source frames, mouth placements, clips, mouths. */
#ifndef BEI_CONTAINER_TABLES_H
#define BEI_CONTAINER_TABLES_H

#include "container/header.h"
#include "container/imx.h"

/* Fills the tables of `imx`, whose manifest is there already, from the sections. The spans point
 * into the sections' bytes. BE_ERR_FILE_CORRUPT, BE_ERR_OUT_OF_MEMORY; what was allocated stays in
 * `imx` for bei_imx_close. */
be_status bei_tables_parse(const bei_sections_t *sections, const char *label, bei_imx_t *imx);

#endif
