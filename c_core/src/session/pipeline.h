/* From ticks of audio to mouths: mel, encoder, selection, and the delays between them. */
#ifndef BEI_SESSION_PIPELINE_H
#define BEI_SESSION_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "audio/mel.h"
#include "encoder/encoder.h"
#include "essence.h"
#include "lips/selector.h"

typedef struct bei_pipeline {
    bei_mel_t *mel;
    bei_encoder_stream_t *encoder;
    const bei_mouth_set_t *mouths;
    uint32_t encoder_lookahead; /* ticks */
    bei_selector_t selector;
    uint64_t fed;   /* ticks of audio consumed */
    uint64_t taken; /* mouths given */
    bool mel_ready; /* `features` hold a tick that the encoder has not taken yet */
    float features[BEI_ENCODER_MEL_FLOATS];
    float coords[2][BEI_ENCODER_DIM]; /* of tick t, at t % 2 */
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

/* The next tick's mouth; only when not hungry. `coords` receives its encoder outputs unless NULL.
 */
uint32_t bei_pipeline_take(bei_pipeline_t *pipeline, float *coords);

#endif
