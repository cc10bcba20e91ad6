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
    bei_features_t *features = &pipeline->history[pipeline->fed % BEI_PIPELINE_HISTORY];
    if (!pipeline->mel_ready) {
        bei_mel_tick(pipeline->mel, pcm, features->mel);
        memcpy(features->power, bei_mel_power(pipeline->mel), sizeof features->power);
        pipeline->mel_ready = true;
    }
    float outputs[BEI_ENCODER_DIM];
    be_status status = bei_encoder_stream_step(pipeline->encoder, features->mel, outputs);
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

/* Labiodental, teeth and tongue are probabilities, and mouths that show them are pure: a doubt must not
 * pull the search away from the right openness, so only what lies above CERTAIN counts. */
static float above_doubt(float probability)
{
    static const float CERTAIN = 0.7f;
    return (probability - CERTAIN) / (1.0f - CERTAIN);
}

/* The seam between floats and integers: everything after it is exact on every platform. */
static bei_lips_target_t target_of(const float coords[BEI_ENCODER_DIM])
{
    return (bei_lips_target_t){
        .coord = {q12(coords[BEI_COORD_OPENNESS], 0), q12(coords[BEI_COORD_WIDTH], -1),
                  q12(coords[BEI_COORD_PROTRUSION], 0),
                  q12(above_doubt(coords[BEI_COORD_LABIODENTAL]), 0),
                  q12(above_doubt(coords[BEI_COORD_TEETH]), 0),
                  q12(above_doubt(coords[BEI_COORD_TONGUE]), 0)},
        .closure = q12(coords[BEI_COORD_CLOSURE], 0),
        .speech = q12(coords[BEI_COORD_SPEECH], 0),
    };
}

uint32_t bei_pipeline_take(bei_pipeline_t *pipeline)
{
    const float *now = pipeline->coords[pipeline->taken % 2];
    const float *next = pipeline->coords[(pipeline->taken + 1) % 2];
    memcpy(pipeline->shown, now, sizeof pipeline->shown);
    bei_lips_target_t target[2] = {target_of(now), target_of(next)};
    pipeline->taken++;
    return bei_selector_step(&pipeline->selector, &target[0], &target[1]);
}

static size_t give(const float *values, size_t n, float *out)
{
    if (out)
        memcpy(out, values, n * sizeof *out);
    return n;
}

static size_t give_magnitudes(const float *power, size_t n, float *out)
{
    for (size_t i = 0; out && i < n; i++)
        out[i] = sqrtf(power[i]);
    return n;
}

static size_t give_distances(const bei_pipeline_t *pipeline, float *out)
{
    bei_lips_target_t target = target_of(pipeline->shown);
    if (out)
        bei_mouth_set_distances(pipeline->mouths, &target, out);
    return bei_mouth_set_count(pipeline->mouths);
}

size_t bei_pipeline_capture(const bei_pipeline_t *pipeline, be_diag_tap tap, float *out)
{
    uint64_t tick = pipeline->taken ? pipeline->taken - 1 : 0;
    const bei_features_t *features = &pipeline->history[tick % BEI_PIPELINE_HISTORY];
    switch (tap) {
    case BE_DIAG_MEL_COEFFS:
        return give(features->mel, BEI_ENCODER_MEL_FLOATS, out);
    case BE_DIAG_STFT_MAG:
        return give_magnitudes(features->power, sizeof features->power / sizeof(float), out);
    case BE_DIAG_ENCODER_LOGITS:
        return give(pipeline->shown, BEI_ENCODER_DIM, out);
    case BE_DIAG_CLUSTER_DISTANCES:
        return give_distances(pipeline, out);
    }
    return 0;
}
