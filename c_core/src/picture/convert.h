/* I420 (full range, BT.601, as in JPEG) to the other pixel formats.
 *
 * Sixteen-bit fixed point with a defined rounding, so that the vector kernels give the C
 * reference's bytes: with c = sample - 128, r(c, k) = (128 * c * k + 16384) >> 15 and k in 1/256:
 * B = Y + r(U, 454), G = Y - (r(U, 88) + r(V, 183)), R = Y + r(V, 359), clamped to 0 .. 255. */
#ifndef BEI_PICTURE_CONVERT_H
#define BEI_PICTURE_CONVERT_H

#include <stdint.h>

#include "base/cpu.h"
#include "base/i420.h"
#include "picture/image.h"

/* Converts the two luma rows that share a chroma row; each `out` receives `width` pixels. The rows may
 * be one and the same, for a last one without a partner. */
typedef void bei_convert_rows(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                              uint8_t *const out[2], uint32_t width);

/* Interleaves `count` samples of each: U first. */
typedef void bei_convert_uv(const uint8_t *u, const uint8_t *v, uint8_t *out, uint32_t count);

typedef struct bei_convert_kernels {
    bei_convert_rows *bgr24, *rgb24, *bgra32;
    bei_convert_uv *uv;
} bei_convert_kernels_t;

extern const bei_convert_kernels_t bei_convert_c;
#if defined(BEI_CPU_VECTORS)
extern const bei_convert_kernels_t bei_convert_vector;
#endif

/* The fastest kernels that this processor runs. */
const bei_convert_kernels_t *bei_convert_best(void);

/* Writes a picture in the image's format; their sizes are equal. */
void bei_convert(const bei_i420_t *picture, const bei_image_t *image);

/* bei_convert by kernels of choice. */
void bei_convert_with(const bei_convert_kernels_t *kernels, const bei_i420_t *picture,
                      const bei_image_t *image);

#endif
