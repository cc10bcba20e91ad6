/* The clips of an avatar file: which source frames are the loop, and which belong to actions. */
#ifndef BEI_CONTAINER_CLIPS_H
#define BEI_CONTAINER_CLIPS_H

#include "container/imx.h"

/* Fills loop_count and the clips of `imx`, whose frames are there already, from section CLIP; an
 * empty section, one that the file does not have, makes all frames the loop. BE_ERR_FILE_CORRUPT,
 * BE_ERR_OUT_OF_MEMORY; what was allocated stays in `imx` for bei_imx_close. */
be_status bei_clips_parse(bei_span_t section, const char *label, bei_imx_t *imx);

#endif
