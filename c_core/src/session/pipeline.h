/* From ticks of audio to mouths: mel, encoder, selection, and the delays between them. */
#ifndef BEI_SESSION_PIPELINE_H
#define BEI_SESSION_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio/mel.h"
#include "encoder/encoder.h"
#include "essence.h"
#include "lips/selector.h"

enum { BEI_PIPELINE_HISTORY = BEI_ENCODER_MAX_LOOKAHEAD + BEI_LIPS_LOOKAHEAD + 1 };

/* What was heard in one tick. */
typedef struct bei_features {
    float mel[BEI_ENCODER_MEL_FLOATS];
    float power[BEI_MEL_FRAMES_PER_TICK * BEI_MEL_SPECTRUM];
} bei_features_t;

typedef struct bei_pipeline {
    bei_mel_t *mel;
    bei_encoder_stream_t *encoder;
    const bei_mouth_set_t *mouths;
    uint32_t encoder_lookahead; /* ticks */
    bei_selector_t selector;
    uint64_t fed;   /* ticks of audio consumed */
    uint64_t taken; /* mouths given */
    bool mel_ready; /* tick `fed` is in the history, but the encoder has not taken it yet */
    bei_features_t history[BEI_PIPELINE_HISTORY]; /* of tick t, at t % BEI_PIPELINE_HISTORY */
    float coords[2][BEI_ENCODER_DIM];             /* of tick t, at t % 2 */
    float shown[BEI_ENCODER_DIM];                 /* of the tick taken last */
} bei_pipeline_t;

/* Both are borrowed and must outlive the pipeline. */
be_status bei_pipeline_init(bei_pipeline_t *pipeline, bei_encoder_model_t *model,
                            const bei_mouth_set_t *mouths);
void bei_pipeline_free(bei_pipeline_t *pipeline);
void bei_pipeline_reset(bei_pipeline_t *pipeline);

/* Ticks of audio that must follow a tick before its mouth is known. */
uint32_t bei_pipeline_lookahead(const bei_pipeline_t *pipeline);

/* Whether another tick of audio must be fed before the next mouth can be taken. */
bool bei_pipeline_hungry(const bei_pipeline_t *pipeline);

/* Feeds one tick; only when hungry. A failure consumes nothing: feed the same tick again. */
be_status bei_pipeline_feed(bei_pipeline_t *pipeline, const float pcm[BEI_TICK_SAMPLES]);

/* The next tick's mouth; only when not hungry. pipeline->shown holds its encoder outputs then. */
uint32_t bei_pipeline_take(bei_pipeline_t *pipeline);

/* Reads an inner value of the tick taken last: its size in floats, and, unless `out` is NULL, the
 * values. 0 for an unknown tap. */
size_t bei_pipeline_capture(const bei_pipeline_t *pipeline, be_diag_tap tap, float *out);

#endif
