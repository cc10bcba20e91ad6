/* I420 (full range, BT.601, as in JPEG) to packed BGR24.
 *
 * Sixteen-bit fixed point with a defined rounding, so that the vector kernels give the C
 * reference's bytes: with c = sample - 128, r(c, k) = (128 * c * k + 16384) >> 15 and k in 1/256:
 * B = Y + r(U, 454), G = Y - (r(U, 88) + r(V, 183)), R = Y + r(V, 359), clamped to 0 .. 255. */
#ifndef BEI_PICTURE_CONVERT_H
#define BEI_PICTURE_CONVERT_H

#include <stddef.h>
#include <stdint.h>

#include "base/i420.h"

/* Converts one luma row with its chroma row; bgr receives 3 * width bytes. */
typedef void bei_convert_row(const uint8_t *y, const uint8_t *u, const uint8_t *v, uint8_t *bgr,
                             uint32_t width);

bei_convert_row bei_convert_row_c;
#if defined(__x86_64__)
bei_convert_row bei_convert_row_avx2;
#endif

/* The fastest kernel that this processor runs. */
bei_convert_row *bei_convert_row_best(void);

/* Converts a whole picture into rows `stride` bytes apart. */
void bei_convert_bgr(const bei_i420_t *picture, uint8_t *bgr, size_t stride);

#endif
