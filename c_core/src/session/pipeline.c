#include "session/pipeline.h"

#include <math.h>
#include <string.h>

#include "session/stage.h"

#include "base/error.h"
#include "base/memory.h"

_Static_assert((int)BEI_ENCODER_MEL_FLOATS == (int)BEI_MEL_FRAMES_PER_TICK * (int)BEI_MEL_BINS,
               "the encoder takes one tick of mel frames");

enum {
    COORDS = BEI_LIPS_MAX_LOOKAHEAD + 1,
    /* The tick taken last and one fed early, beyond those that are looked ahead to. */
    HISTORY_MARGIN = 2
};

static be_status set_lookahead(bei_pipeline_t *pipeline, uint32_t own, uint32_t asked)
{
    uint32_t most = own + BEI_LIPS_MAX_LOOKAHEAD;
    if (most > BEI_PIPELINE_MAX_LOOKAHEAD)
        most = BEI_PIPELINE_MAX_LOOKAHEAD;
    BEI_REQUIRE(asked == 0 || (asked >= own && asked <= most),
                "a lookahead of %u ticks is not %u to %u, which this encoder allows", asked, own,
                most);
    pipeline->encoder_lookahead = own;
    pipeline->selection_lookahead = asked == 0 ? BEI_LIPS_LOOKAHEAD : asked - own;
    pipeline->history_size = bei_pipeline_lookahead(pipeline) + HISTORY_MARGIN;
    return BE_OK;
}

static be_status make_parts(bei_pipeline_t *pipeline, bei_encoder_model_t *model)
{
    pipeline->history = bei_calloc(pipeline->history_size, sizeof *pipeline->history);
    if (!pipeline->history)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a stream");
    pipeline->looks = bei_encoder_model_looks(model);
    BEI_TRY(bei_mel_create(&pipeline->mel));
    return bei_encoder_stream_create(model, &pipeline->encoder);
}

be_status bei_pipeline_init(bei_pipeline_t *pipeline, bei_encoder_model_t *model,
                            const bei_mouth_set_t *mouths, uint32_t lookahead)
{
    *pipeline = (bei_pipeline_t){.mouths = mouths};
    BEI_TRY(set_lookahead(pipeline, bei_encoder_model_lookahead(model), lookahead));
    be_status status = make_parts(pipeline, model);
    if (status != BE_OK) {
        bei_pipeline_free(pipeline);
        return status;
    }
    bei_pipeline_reset(pipeline);
    return BE_OK;
}

void bei_pipeline_free(bei_pipeline_t *pipeline)
{
    bei_encoder_stream_destroy(pipeline->encoder);
    bei_mel_destroy(pipeline->mel);
    bei_free(pipeline->history);
    pipeline->encoder = NULL;
    pipeline->mel = NULL;
    pipeline->history = NULL;
}

void bei_pipeline_interrupt(bei_pipeline_t *pipeline)
{
    bei_mel_reset(pipeline->mel);
    bei_encoder_stream_reset(pipeline->encoder);
    pipeline->fed = pipeline->taken = 0;
    pipeline->mel_ready = false;
}

void bei_pipeline_reset(bei_pipeline_t *pipeline)
{
    bei_pipeline_interrupt(pipeline);
    bei_selector_reset(&pipeline->selector, pipeline->mouths);
}

uint32_t bei_pipeline_lookahead(const bei_pipeline_t *pipeline)
{
    return pipeline->encoder_lookahead + pipeline->selection_lookahead;
}

bool bei_pipeline_hungry(const bei_pipeline_t *pipeline)
{
    return pipeline->fed < pipeline->taken + 1 + bei_pipeline_lookahead(pipeline);
}

static bei_heard_t *heard_in(const bei_pipeline_t *pipeline, uint64_t tick)
{
    return &pipeline->history[tick % pipeline->history_size];
}

/* The opposite of dividing by 32768, so int16 audio survives the way through float. */
static void keep_sound(const float pcm[BEI_TICK_SAMPLES], int16_t *sound)
{
    for (int i = 0; i < BEI_TICK_SAMPLES; i++)
        sound[i] = (int16_t)lrintf(fminf(fmaxf(pcm[i] * 32768.0f, -32768.0f), 32767.0f));
}

static void hear(bei_pipeline_t *pipeline, const float pcm[BEI_TICK_SAMPLES], bei_heard_t *heard)
{
    int64_t start = bei_clock_ns();
    bei_mel_tick(pipeline->mel, pcm, heard->mel);
    bei_stage_add(&pipeline->mel_time, start);
    memcpy(heard->power, bei_mel_power(pipeline->mel), sizeof heard->power);
    keep_sound(pcm, heard->sound);
    pipeline->mel_ready = true;
}

/* Takes a first look at a tick, and a better one at those before it that wait for their mouth. */
static void keep_coords(bei_pipeline_t *pipeline, float outputs[][BEI_ENCODER_DIM])
{
    for (uint32_t look = 0; look < pipeline->looks; look++) {
        const uint64_t delay = pipeline->encoder_lookahead + look;
        if (pipeline->fed < pipeline->taken + delay)
            break;
        memcpy(pipeline->coords[(pipeline->fed - delay) % COORDS], outputs[look],
               sizeof outputs[look]);
    }
}

be_status bei_pipeline_feed(bei_pipeline_t *pipeline, const float pcm[BEI_TICK_SAMPLES])
{
    bei_heard_t *heard = heard_in(pipeline, pipeline->fed);
    if (!pipeline->mel_ready)
        hear(pipeline, pcm, heard);
    float outputs[BEI_ENCODER_MAX_LOOKS][BEI_ENCODER_DIM];
    int64_t start = bei_clock_ns();
    be_status status = bei_encoder_stream_step(pipeline->encoder, heard->mel, outputs);
    bei_stage_add(&pipeline->encoder_time, start);
    if (status != BE_OK)
        return status;
    pipeline->mel_ready = false;
    keep_coords(pipeline, outputs);
    pipeline->fed++;
    return BE_OK;
}

static int16_t q12(float value, float low)
{
    float clamped = fminf(fmaxf(value, low), 1.0f);
    return (int16_t)lrintf(clamped * (float)BEI_LIPS_ONE);
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

static uint32_t select_mouth(bei_pipeline_t *pipeline, const bei_lips_target_t *targets)
{
    int64_t start = bei_clock_ns();
    uint32_t mouth = bei_selector_step(&pipeline->selector, targets, pipeline->selection_lookahead);
    bei_stage_add(&pipeline->select_time, start);
    return mouth;
}

uint32_t bei_pipeline_take(bei_pipeline_t *pipeline)
{
    bei_lips_target_t targets[COORDS];
    for (uint32_t i = 0; i <= pipeline->selection_lookahead; i++)
        targets[i] = target_of(pipeline->coords[(pipeline->taken + i) % COORDS]);
    memcpy(pipeline->shown, pipeline->coords[pipeline->taken % COORDS], sizeof pipeline->shown);
    pipeline->taken++;
    return select_mouth(pipeline, targets);
}

uint32_t bei_pipeline_rest(bei_pipeline_t *pipeline)
{
    static const bei_lips_target_t SILENCE[COORDS];
    return select_mouth(pipeline, SILENCE);
}

bei_mouth_choice_t bei_pipeline_choice(const bei_pipeline_t *pipeline, uint32_t mouth)
{
    const bei_selector_t *selector = &pipeline->selector;
    _Static_assert((int)BEI_LIPS_SHARES == (int)BEI_MOUTH_SHARES, "the lips mix what pictures mix");
    if (mouth != selector->current)
        return (bei_mouth_choice_t){mouth, mouth, 0};
    return (bei_mouth_choice_t){mouth, selector->other, selector->share};
}

static const bei_heard_t *heard_last(const bei_pipeline_t *pipeline)
{
    return heard_in(pipeline, pipeline->taken ? pipeline->taken - 1 : 0);
}

const int16_t *bei_pipeline_sound(const bei_pipeline_t *pipeline)
{
    return heard_last(pipeline)->sound;
}

void bei_pipeline_mouth(const bei_pipeline_t *pipeline, be_mouth_t *out)
{
    const float *shown = pipeline->shown;
    *out = (be_mouth_t){
        .openness = shown[BEI_COORD_OPENNESS],
        .width = shown[BEI_COORD_WIDTH],
        .protrusion = shown[BEI_COORD_PROTRUSION],
        .closure = shown[BEI_COORD_CLOSURE],
        .labiodental = shown[BEI_COORD_LABIODENTAL],
        .teeth = shown[BEI_COORD_TEETH],
        .tongue = shown[BEI_COORD_TONGUE],
        .speech = shown[BEI_COORD_SPEECH],
    };
    memcpy(out->viseme, shown + BEI_COORD_VISEME, sizeof out->viseme);
    for (uint32_t i = 1; i < sizeof out->viseme / sizeof *out->viseme; i++)
        if (out->viseme[i] > out->viseme[out->strongest])
            out->strongest = i;
}

void bei_pipeline_get_times(const bei_pipeline_t *pipeline, be_stage_time_t *stage)
{
    stage[BE_STAGE_MEL] = pipeline->mel_time;
    stage[BE_STAGE_ENCODER] = pipeline->encoder_time;
    stage[BE_STAGE_SELECT] = pipeline->select_time;
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

static size_t give_shown(const bei_pipeline_t *pipeline, float *out)
{
    const bei_selector_t *selector = &pipeline->selector;
    return give((const float[]){(float)selector->current, (float)selector->other,
                                (float)selector->share / (float)BEI_LIPS_SHARES},
                3, out);
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
    const bei_heard_t *heard = heard_last(pipeline);
    switch (tap) {
    case BE_DIAG_MEL_COEFFS:
        return give(heard->mel, BEI_ENCODER_MEL_FLOATS, out);
    case BE_DIAG_STFT_MAG:
        return give_magnitudes(heard->power, sizeof heard->power / sizeof(float), out);
    case BE_DIAG_ENCODER_LOGITS:
        return give(pipeline->shown, BEI_ENCODER_DIM, out);
    case BE_DIAG_CLUSTER_DISTANCES:
        return give_distances(pipeline, out);
    case BE_DIAG_SHOWN_MOUTHS:
        return give_shown(pipeline, out);
    }
    return 0;
}
