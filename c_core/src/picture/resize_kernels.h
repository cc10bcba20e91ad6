/* What scaling spends its time in.
 *
 * Scaling in y adds up weighted rows, which vectors do well. Scaling in x is the same thing with rows
 * and columns exchanged, so a strip of rows is laid on its side, summed, and laid back. All kernels
 * give the same bytes. */
#ifndef BEI_PICTURE_RESIZE_KERNELS_H
#define BEI_PICTURE_RESIZE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

enum {
    BEI_RESIZE_STRIP = 32, /* rows of a strip; on its side it has so many bytes a row */
    BEI_RESIZE_BITS = 14,  /* the weights of a sum come to 1 << BEI_RESIZE_BITS; none is negative */
};

/* Adds up `taps` rows, `stride` bytes apart, by their weights, rounded. A row is readable up to the next
 * multiple of BEI_RESIZE_STRIP; `to` receives `width` bytes. */
typedef void bei_resize_sum(const uint8_t *from, size_t stride, const int16_t *weight,
                            uint32_t taps, uint8_t *to, uint32_t width);

/* Lays up to BEI_RESIZE_STRIP rows on their side: byte y of side row x is byte x of row y. What is
 * beyond `height` there stays as it is. */
typedef void bei_resize_turn(const uint8_t *rows, size_t stride, uint32_t width, uint32_t height,
                             uint8_t *side);

/* The way back. */
typedef void bei_resize_turn_back(const uint8_t *side, uint32_t width, uint32_t height,
                                  uint8_t *rows, size_t stride);

typedef struct bei_resize_kernels {
    bei_resize_sum *sum;
    bei_resize_turn *turn;
    bei_resize_turn_back *turn_back;
} bei_resize_kernels_t;

extern const bei_resize_kernels_t bei_resize_c;
#if defined(BEI_CPU_VECTORS)
extern const bei_resize_kernels_t bei_resize_vector;
#endif

/* The fastest kernels that this processor runs. */
const bei_resize_kernels_t *bei_resize_best(void);

#endif
