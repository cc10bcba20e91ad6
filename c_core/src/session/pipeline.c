#include "session/pipeline.h"

#include <math.h>
#include <string.h>

_Static_assert((int)BEI_ENCODER_MEL_FLOATS == (int)BEI_MEL_FRAMES_PER_TICK * (int)BEI_MEL_BINS,
               "the encoder takes one tick of mel frames");

be_status bei_pipeline_init(bei_pipeline_t *pipeline, bei_encoder_model_t *model,
                            const bei_mouth_set_t *mouths)
{
    *pipeline = (bei_pipeline_t){.mouths = mouths};
    be_status status = bei_mel_create(&pipeline->mel);
    if (status == BE_OK)
        status = bei_encoder_stream_create(model, &pipeline->encoder);
    if (status != BE_OK) {
        bei_pipeline_free(pipeline);
        return status;
    }
    pipeline->encoder_lookahead = bei_encoder_model_lookahead(model);
    bei_pipeline_reset(pipeline);
    return BE_OK;
}

void bei_pipeline_free(bei_pipeline_t *pipeline)
{
    bei_encoder_stream_destroy(pipeline->encoder);
    bei_mel_destroy(pipeline->mel);
    pipeline->encoder = NULL;
    pipeline->mel = NULL;
}

void bei_pipeline_reset(bei_pipeline_t *pipeline)
{
    bei_mel_reset(pipeline->mel);
    bei_encoder_stream_reset(pipeline->encoder);
    bei_selector_reset(&pipeline->selector, pipeline->mouths);
    pipeline->fed = pipeline->taken = 0;
    pipeline->mel_ready = false;
}

uint32_t bei_pipeline_lookahead(const bei_pipeline_t *pipeline)
{
    return pipeline->encoder_lookahead + BEI_LIPS_LOOKAHEAD;
}

bool bei_pipeline_hungry(const bei_pipeline_t *pipeline)
{
    return pipeline->fed < pipeline->taken + 1 + bei_pipeline_lookahead(pipeline);
}

be_status bei_pipeline_feed(bei_pipeline_t *pipeline, const float pcm[BEI_TICK_SAMPLES])
{
    if (!pipeline->mel_ready) {
        bei_mel_tick(pipeline->mel, pcm, pipeline->features);
        pipeline->mel_ready = true;
    }
    float outputs[BEI_ENCODER_DIM];
    be_status status = bei_encoder_stream_step(pipeline->encoder, pipeline->features, outputs);
    if (status != BE_OK)
        return status;
    pipeline->mel_ready = false;
    if (pipeline->fed >= pipeline->encoder_lookahead) {
        uint64_t tick = pipeline->fed - pipeline->encoder_lookahead;
        memcpy(pipeline->coords[tick % 2], outputs, sizeof outputs);
    }
    pipeline->fed++;
    return BE_OK;
}

static int16_t q12(float value, float low)
{
    float clamped = fminf(fmaxf(value, low), 1.0f);
    return (int16_t)lrintf(clamped * BEI_LIPS_ONE);
}

/* The seam between floats and integers: everything after it is exact on every platform. */
static bei_lips_target_t target_of(const float coords[BEI_ENCODER_DIM])
{
    return (bei_lips_target_t){
        .coord = {q12(coords[BEI_COORD_OPENNESS], 0), q12(coords[BEI_COORD_WIDTH], -1),
                  q12(coords[BEI_COORD_PROTRUSION], 0), q12(coords[BEI_COORD_LABIODENTAL], 0),
                  q12(coords[BEI_COORD_TEETH], 0), q12(coords[BEI_COORD_TONGUE], 0)},
        .closure = q12(coords[BEI_COORD_CLOSURE], 0),
        .speech = q12(coords[BEI_COORD_SPEECH], 0),
    };
}

uint32_t bei_pipeline_take(bei_pipeline_t *pipeline, float *coords)
{
    const float *now = pipeline->coords[pipeline->taken % 2];
    const float *next = pipeline->coords[(pipeline->taken + 1) % 2];
    if (coords)
        memcpy(coords, now, sizeof pipeline->coords[0]);
    bei_lips_target_t target[2] = {target_of(now), target_of(next)};
    pipeline->taken++;
    return bei_selector_step(&pipeline->selector, &target[0], &target[1]);
}
