/* The audio encoder: log-mel frames in, mouth coordinates out. A model is shared by all streams of
 * an avatar; a stream holds only its recurrent state.
 *
 * Two backends: the encoder that is built into the library runs on the CPU by a forward pass of our own
 * (network.h), the same bits everywhere; other providers and other encoders run by ONNX Runtime (session.h),
 * which is loaded when the first model needs it, never linked. */
#ifndef BEI_ENCODER_ENCODER_H
#define BEI_ENCODER_ENCODER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "essence.h"

enum {
    BEI_ENCODER_MEL_FLOATS = 160, /* 4 frames of 40 bands */
    BEI_ENCODER_DIM = 23,
    BEI_ENCODER_MAX_LOOKS = 4,
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

/* How a model is to run. */
typedef struct bei_encoder_settings {
    be_ep ep;         /* AUTO: the first of the table in providers.c that works, else the CPU */
    uint32_t threads; /* of one step by ONNX Runtime, the calling one included: 1 .. 1024; our own
                       * forward pass has one */
    bool strict;      /* a named provider that does not work is an error; else the CPU takes over,
                       * which the log and the report say */
} bei_encoder_settings_t;

/* How it runs. The strings belong to the model. */
typedef struct bei_encoder_report {
    be_ep asked;
    be_ep active;        /* never AUTO */
    const char *reason;  /* why each provider that was tried before did not do, as "QNN: ..." with
                          * "; " between two, or why none could be; "" when the first one did */
    const char *runtime; /* such as "ONNX Runtime 1.23.2"; "built in" for our own forward pass */
} bei_encoder_report_t;

/* onnx: empty = the encoder built into the library; else borrowed for the call.
 * BE_ERR_MODEL_LOAD_FAILED, BE_ERR_OUT_OF_MEMORY, BE_ERR_INVALID_ARG. Any thread. */
be_status bei_encoder_model_create(bei_span_t onnx, const bei_encoder_settings_t *settings,
                                   bei_encoder_model_t **out);
void bei_encoder_model_destroy(bei_encoder_model_t *model);
be_ep bei_encoder_model_ep(const bei_encoder_model_t *model); /* the active one */
void bei_encoder_model_report(const bei_encoder_model_t *model, bei_encoder_report_t *out);

/* Ticks by which the newest row of an output lags behind its input: call j describes tick j - lookahead. */
uint32_t bei_encoder_model_lookahead(const bei_encoder_model_t *model);

/* Rows of an output, 1 .. BEI_ENCODER_MAX_LOOKS: row i of call j is another look at tick j - lookahead - i,
 * now that more of what follows it was heard. */
uint32_t bei_encoder_model_looks(const bei_encoder_model_t *model);

/* A stream borrows its model, which must outlive it. Streams of one model may step at the same
 * time; one stream belongs to one thread at a time. */
be_status bei_encoder_stream_create(bei_encoder_model_t *model, bei_encoder_stream_t **out);
void bei_encoder_stream_destroy(bei_encoder_stream_t *stream);
void bei_encoder_stream_reset(bei_encoder_stream_t *stream);

/* One step, which fills one row of `coords` for each look of the model. On failure
 * (BE_ERR_INFERENCE_FAILED) state and `coords` are as before. Non-finite outputs are a failure. */
be_status bei_encoder_stream_step(bei_encoder_stream_t *stream,
                                  const float mel[BEI_ENCODER_MEL_FLOATS],
                                  float coords[][BEI_ENCODER_DIM]);

#endif
