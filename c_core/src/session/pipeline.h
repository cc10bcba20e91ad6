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
#include "picture/compositor.h"

/* The most that a caller may ask for, in ticks. An encoder may need more by itself. */
enum { BEI_PIPELINE_MAX_LOOKAHEAD = 4 };

/* What was heard in one tick. */
typedef struct bei_heard {
    float mel[BEI_ENCODER_MEL_FLOATS];
    float power[BEI_MEL_FRAMES_PER_TICK * BEI_MEL_SPECTRUM];
    int16_t sound[BEI_TICK_SAMPLES];
} bei_heard_t;

typedef struct bei_pipeline {
    bei_mel_t *mel;
    bei_encoder_stream_t *encoder;
    const bei_mouth_set_t *mouths;
    uint32_t encoder_lookahead;   /* ticks */
    uint32_t selection_lookahead; /* ticks on top of it */
    uint32_t looks;               /* of the encoder */
    bei_selector_t selector;
    uint64_t fed;         /* ticks of audio consumed */
    uint64_t taken;       /* mouths given */
    bool mel_ready;       /* tick `fed` is in the history, but the encoder has not taken it yet */
    bei_heard_t *history; /* of tick t, at t % history_size */
    uint32_t history_size;
    float coords[BEI_LIPS_MAX_LOOKAHEAD + 1][BEI_ENCODER_DIM]; /* of tick t, at t % their number */
    float shown[BEI_ENCODER_DIM];                              /* of the tick taken last */
    be_stage_time_t mel_time, encoder_time, select_time;
} bei_pipeline_t;

/* Model and mouths are borrowed and must outlive the pipeline. lookahead: ticks for encoder and
 * selection together, 0 = one more than the encoder's own; else from the encoder's own to three
 * more, and at most BEI_PIPELINE_MAX_LOOKAHEAD. BE_ERR_INVALID_ARG, BE_ERR_OUT_OF_MEMORY. */
be_status bei_pipeline_init(bei_pipeline_t *pipeline, bei_encoder_model_t *model,
                            const bei_mouth_set_t *mouths, uint32_t lookahead);
void bei_pipeline_free(bei_pipeline_t *pipeline);

/* Forgets everything: the next tick fed is the first, and the lips are at rest. */
void bei_pipeline_reset(bei_pipeline_t *pipeline);

/* Forgets everything that was heard, but not which mouth is shown: bei_pipeline_rest closes it
 * from there, or speech goes on from there. The next tick fed is the first. */
void bei_pipeline_interrupt(bei_pipeline_t *pipeline);

/* Ticks of audio that must follow a tick before its mouth is known. */
uint32_t bei_pipeline_lookahead(const bei_pipeline_t *pipeline);

/* Whether another tick of audio must be fed before the next mouth can be taken. */
bool bei_pipeline_hungry(const bei_pipeline_t *pipeline);

/* Feeds one tick; only when hungry. A failure consumes nothing: feed the same tick again. */
be_status bei_pipeline_feed(bei_pipeline_t *pipeline, const float pcm[BEI_TICK_SAMPLES]);

/* The next tick's mouth; only when not hungry. pipeline->shown holds its encoder outputs then. */
uint32_t bei_pipeline_take(bei_pipeline_t *pipeline);

/* The mouth of a frame for which there is no audio: lips that are open close evenly and are at
 * rest with the fourth call in a row. The encoder hears nothing of it. */
uint32_t bei_pipeline_rest(bei_pipeline_t *pipeline);

/* What to show for a mouth: mixed with another one if it is what was taken last, alone if not. */
bei_mouth_choice_t bei_pipeline_choice(const bei_pipeline_t *pipeline, uint32_t mouth);

/* The sound of the tick taken last, BEI_TICK_SAMPLES at 16 kHz. Audio that was int16 at this rate
 * is given back unchanged. Valid until two more ticks were fed. */
const int16_t *bei_pipeline_sound(const bei_pipeline_t *pipeline);

/* Where the lips are in the tick taken last. */
void bei_pipeline_mouth(const bei_pipeline_t *pipeline, be_mouth_t *out);

/* Fills in the entries of be_stats_t.stage that are the pipeline's. */
void bei_pipeline_get_times(const bei_pipeline_t *pipeline, be_stage_time_t *stage);

/* Reads an inner value of the tick taken last: its size in floats, and, unless `out` is NULL, the
 * values. 0 for an unknown tap. */
size_t bei_pipeline_capture(const bei_pipeline_t *pipeline, be_diag_tap tap, float *out);

#endif
