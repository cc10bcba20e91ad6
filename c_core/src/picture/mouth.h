/* Pastes a mouth patch into a picture: warped to the frame's head pose, feathered by the avatar's
 * mask.
 *
 * Integers only, so every platform gives the same pixels. With u, v the patch position (16.16) of a
 * picture pixel, sampled bilinearly with 8-bit weights, a the mask there and b the frame's colour
 * bias: out = (src * (255 - a) + clamp(patch + b) * a) / 255, rounded. A pixel with a = 0 keeps its
 * value. Chroma samples stand at the centre of their four luma pixels, as in JPEG. */
#ifndef BEI_PICTURE_MOUTH_H
#define BEI_PICTURE_MOUTH_H

#include <stdint.h>

#include "base/i420.h"
#include "essence.h"
#include "picture/mouth_kernels.h"

/* Where and how a source frame takes a mouth. */
typedef struct bei_placement {
    int32_t affine[6]; /* picture pixel -> patch pixel, 16.16 */
    int16_t bias[3];   /* 1/16 levels */
    bei_rect_t area;   /* of the picture that a patch can touch; x, y, w, h even */
} bei_placement_t;

/* Fills placement->area from its affine. BE_ERR_FILE_CORRUPT when the affine is not a plausible
 * pose: not invertible, or scaled by more than 8. */
be_status bei_placement_prepare(bei_placement_t *placement, uint32_t picture_w, uint32_t picture_h,
                                uint32_t patch_w, uint32_t patch_h);

/* Where a row of a mask is not 0, and the first run of it that is 255; columns, ends excluded. */
typedef struct bei_mouth_extent {
    uint16_t first, end, opaque, opaque_end;
} bei_mouth_extent_t;

enum { BEI_MOUTH_MAX_SIDE = 1024 }; /* pixels, of a mask */

/* An avatar's mask, with what pasting wants to know about it. */
typedef struct bei_mouth_mask {
    const uint8_t *alpha; /* packed rows; NULL: not prepared yet */
    uint32_t width, height;
    bei_mouth_extent_t row[BEI_MOUTH_MAX_SIDE];
} bei_mouth_mask_t;

/* Reads a mask, which is borrowed: sides of 8 to BEI_MOUTH_MAX_SIDE. */
void bei_mouth_mask_prepare(bei_mouth_mask_t *mask, const uint8_t *alpha, uint32_t width,
                            uint32_t height);

/* Blends `patch`, a picture of the mask's size. */
void bei_mouth_blend(const bei_i420_t *picture, const bei_placement_t *placement,
                     const bei_i420_t *patch, const bei_mouth_mask_t *mask);

enum { BEI_MOUTH_SHARES = 16 };

/* Writes into `out` a picture of `share` sixteenths of `other` and the rest of `one`, rounded; all are of
 * one size. share: 0 to BEI_MOUTH_SHARES. */
void bei_mouth_mix(const bei_i420_t *out, const bei_i420_t *one, const bei_i420_t *other,
                   uint32_t share);

/* bei_mouth_blend by kernels of choice. */
void bei_mouth_blend_with(const bei_mouth_kernels_t *kernels, const bei_i420_t *picture,
                          const bei_placement_t *placement, const bei_i420_t *patch,
                          const bei_mouth_mask_t *mask);

#endif
