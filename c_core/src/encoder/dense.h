/* A dense layer: out = bias + weights * in, for one vector.
 *
 * Every sum is added up in the order of the inputs, without fused multiplication, so that all kernels on
 * all platforms give the same bits: what runs side by side are different outputs. Weights lie in panels
 * of BEI_DENSE_PANEL outputs: panel, input, output. */
#ifndef BEI_ENCODER_DENSE_H
#define BEI_ENCODER_DENSE_H

#include <stdint.h>

#include "base/cpu.h"

enum { BEI_DENSE_PANEL = 32 };

typedef struct bei_dense {
    uint32_t in, out;
    uint32_t panels;
    const float *weights; /* panels * in * BEI_DENSE_PANEL, aligned to 64 bytes */
    const float *bias;    /* panels * BEI_DENSE_PANEL */
} bei_dense_t;

/* in: layer->in floats; out: room for panels * BEI_DENSE_PANEL, aligned to 64 bytes; those beyond
 * layer->out come out as 0. */
typedef void bei_dense_run(const bei_dense_t *layer, const float *in, float *out);

bei_dense_run bei_dense_run_c;
#if defined(BEI_CPU_VECTORS)
bei_dense_run bei_dense_run_vector;
#endif

/* The fastest kernel that this processor runs. */
bei_dense_run *bei_dense_best(void);

#endif
