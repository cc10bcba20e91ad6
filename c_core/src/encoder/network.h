/* The engine's own forward pass of the encoder that is built into the library: two convolutions, a gated
 * recurrent unit, a hidden layer and gated outputs, after a causal normalisation of the level. What it
 * computes is defined by scripts/train/model.py and normalise.py; the weights come from the ONNX file.
 *
 * The same audio gives the same bits on every platform: sums have a fixed order (dense.h), nothing is fused,
 * and exp is our own. It differs from ONNX Runtime on the same file by less than 1e-4.
 *
 * Thread-safety: a network is read-only and shared by all streams; a stream belongs to one thread at a
 * time. Private to encoder/. */
#ifndef BEI_ENCODER_NETWORK_H
#define BEI_ENCODER_NETWORK_H

#include "encoder/encoder.h"

typedef struct bei_network bei_network_t;
typedef struct bei_network_stream bei_network_stream_t;

enum { BEI_NETWORK_LOOKAHEAD = 1 /* ticks */, BEI_NETWORK_LOOKS = BEI_ENCODER_MAX_LOOKS };

/* The process's network, made from the built-in file when it is first asked for and freed with the last
 * release. BE_ERR_MODEL_LOAD_FAILED (another family of weights), BE_ERR_OUT_OF_MEMORY. Any thread. */
be_status bei_network_acquire(const bei_network_t **out);
void bei_network_release(const bei_network_t *network); /* NULL is allowed */

/* The network is borrowed. BE_ERR_OUT_OF_MEMORY. */
be_status bei_network_stream_create(const bei_network_t *network, bei_network_stream_t **out);
void bei_network_stream_destroy(bei_network_stream_t *stream); /* NULL is allowed */
void bei_network_stream_reset(bei_network_stream_t *stream);

/* One tick, as bei_encoder_stream_step. Cannot fail, allocates nothing. */
void bei_network_stream_step(bei_network_stream_t *stream, const float mel[BEI_ENCODER_MEL_FLOATS],
                             float coords[BEI_NETWORK_LOOKS][BEI_ENCODER_DIM]);

#endif
