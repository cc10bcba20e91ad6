/* Saying what a file is that is not an avatar of this engine. */
#ifndef BEI_CONTAINER_ALIEN_H
#define BEI_CONTAINER_ALIEN_H

#include <stddef.h>
#include <stdint.h>

#include "essence.h"

/* Records the best sentence about a file whose first bytes are not our magic number, and returns
 * BE_ERR_FILE_CORRUPT. Other engines' containers share the extension .imx, so a person who meets
 * this has most often taken the wrong file, not a damaged one. */
be_status bei_alien_fault(const uint8_t *bytes, size_t size, const char *label);

#endif
