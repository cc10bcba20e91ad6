/* The audio encoder: log-mel frames in, mouth coordinates out. A model is shared by all streams of
 * an avatar; a stream holds only its recurrent state and its bound tensors. ONNX Runtime is loaded
 * when the first model is created, never linked. */
#ifndef BEI_ENCODER_ENCODER_H
#define BEI_ENCODER_ENCODER_H

#include <stdint.h>

#include "base/memory.h"
#include "essence.h"

enum {
    BEI_ENCODER_MEL_FLOATS = 160, /* 4 frames of 40 bands */
    BEI_ENCODER_DIM = 23,
    BEI_ENCODER_MAX_LOOKAHEAD = 8 /* ticks */
};

/* Positions in the output; docs in the model card. */
enum bei_coord {
    BEI_COORD_OPENNESS,
    BEI_COORD_WIDTH,
    BEI_COORD_PROTRUSION,
    BEI_COORD_CLOSURE,
    BEI_COORD_LABIODENTAL,
    BEI_COORD_TEETH,
    BEI_COORD_TONGUE,
    BEI_COORD_SPEECH,
    BEI_COORD_VISEME /* first of 15 */
};

typedef struct bei_encoder_model bei_encoder_model_t;
typedef struct bei_encoder_stream bei_encoder_stream_t;

/* onnx: empty = the encoder built into the library; else borrowed for the call. `asked` falls back
 * to CPU with a warning in the log when it is not available; bei_encoder_model_ep says what runs.
 * threads >= 1. BE_ERR_MODEL_LOAD_FAILED, BE_ERR_OUT_OF_MEMORY. */
be_status bei_encoder_model_create(bei_span_t onnx, be_ep asked, uint32_t threads,
                                   bei_encoder_model_t **out);
void bei_encoder_model_destroy(bei_encoder_model_t *model);
be_ep bei_encoder_model_ep(const bei_encoder_model_t *model);

/* Ticks by which an output lags behind its input: output of call j describes tick j - lookahead. */
uint32_t bei_encoder_model_lookahead(const bei_encoder_model_t *model);

/* A stream borrows its model, which must outlive it. */
be_status bei_encoder_stream_create(bei_encoder_model_t *model, bei_encoder_stream_t **out);
void bei_encoder_stream_destroy(bei_encoder_stream_t *stream);
void bei_encoder_stream_reset(bei_encoder_stream_t *stream);

/* One step. On failure (BE_ERR_INFERENCE_FAILED) the state is as before. Non-finite outputs are a
 * failure. */
be_status bei_encoder_stream_step(bei_encoder_stream_t *stream,
                                  const float mel[BEI_ENCODER_MEL_FLOATS],
                                  float coords[BEI_ENCODER_DIM]);

#endif
