/* Scales an I420 picture with a triangle filter (bilinear when enlarging, area-weighted when
 * reducing), in integers. Tables and buffers are made once per pair of sizes. */
#ifndef BEI_PICTURE_RESIZE_H
#define BEI_PICTURE_RESIZE_H

#include "base/i420.h"
#include "essence.h"

typedef struct bei_resizer bei_resizer_t;

be_status bei_resizer_create(uint32_t from_w, uint32_t from_h, uint32_t to_w, uint32_t to_h,
                             bei_resizer_t **out);
void bei_resizer_destroy(bei_resizer_t *resizer);

/* Scales `from` into `to` (the sizes given at creation). */
void bei_resizer_run(bei_resizer_t *resizer, const bei_i420_t *from, const bei_i420_t *to);

/* Scales `from` into memory of the resizer's, valid until it is asked for again. */
const bei_i420_t *bei_resizer_view(bei_resizer_t *resizer, const bei_i420_t *from);

#endif
