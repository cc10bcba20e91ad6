/* From ticks of audio to mouths: lookahead, the sound that goes along, pauses and interruptions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/pipeline.h"
#include "wav.h"

enum { LEVELS = 33, MOUTHS = LEVELS, TICKS = 75, RATE = 24000 };

typedef struct world {
    bei_encoder_model_t *model;
    bei_mouth_set_t *mouths; /* mouth m is open by m / 32 */
    int16_t speech[TICKS][BEI_TICK_SAMPLES];
} world_t;

static int setup(void **state)
{
    world_t *world = calloc(1, sizeof *world);
    const bei_encoder_settings_t cpu = {BE_EP_CPU, 1, false};
    if (bei_encoder_model_create((bei_span_t){NULL, 0}, &cpu, &world->model) != BE_OK)
        fail_msg("%s", be_last_error_message());
    int16_t coords[MOUTHS][BEI_LIPS_DIMS] = {{0}};
    for (int m = 0; m < MOUTHS; m++)
        coords[m][0] = (int16_t)(m * BEI_LIPS_ONE / (LEVELS - 1));
    assert_int_equal(bei_mouth_set_create(coords[0], MOUTHS, &world->mouths), BE_OK);
    uint32_t rate;
    size_t n;
    int16_t *wav = read_wav(ESSENCE_ASSETS "/speech.wav", &rate, &n);
    assert_int_equal(rate, RATE);
    assert_true(n > (size_t)TICKS * BEI_TICK_SAMPLES * 3 / 2);
    for (size_t i = 0; i < (size_t)TICKS * BEI_TICK_SAMPLES; i++)
        world->speech[i / BEI_TICK_SAMPLES][i % BEI_TICK_SAMPLES] = wav[(3 * i) >> 1];
    free(wav);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_t *world = *state;
    bei_encoder_model_destroy(world->model);
    bei_mouth_set_destroy(world->mouths);
    free(world);
    return 0;
}

static void open_pipeline(const world_t *world, uint32_t lookahead, bei_pipeline_t *pipeline)
{
    assert_int_equal(bei_pipeline_init(pipeline, world->model, world->mouths, lookahead), BE_OK);
}

static void feed(bei_pipeline_t *pipeline, const int16_t *samples)
{
    float pcm[BEI_TICK_SAMPLES];
    for (int i = 0; i < BEI_TICK_SAMPLES; i++)
        pcm[i] = (float)samples[i] / 32768.0f;
    assert_int_equal(bei_pipeline_feed(pipeline, pcm), BE_OK);
}

/* The next mouth of the speech, fed as far as it takes. */
static uint32_t next(const world_t *world, bei_pipeline_t *pipeline)
{
    while (bei_pipeline_hungry(pipeline)) {
        assert_in_range(pipeline->fed, 0, TICKS - 1);
        feed(pipeline, world->speech[pipeline->fed]);
    }
    return bei_pipeline_take(pipeline);
}

/* Takes mouths until one is wide open; at most half of the speech. */
static uint32_t speak_until_open(const world_t *world, bei_pipeline_t *pipeline)
{
    uint32_t mouth = 0;
    for (int tick = 0; tick < TICKS / 2 && mouth < MOUTHS / 2; tick++)
        mouth = next(world, pipeline);
    assert_in_range(mouth, MOUTHS / 2, MOUTHS - 1);
    return mouth;
}

static void the_lookahead_is_within_what_the_encoder_allows(void **state)
{
    const world_t *world = *state;
    const uint32_t own = bei_encoder_model_lookahead(world->model);
    bei_pipeline_t pipeline;
    for (uint32_t asked = 0; asked <= 6; asked++) {
        be_status status = bei_pipeline_init(&pipeline, world->model, world->mouths, asked);
        if (asked != 0 && (asked < own || asked > own + 3 || asked > 4)) {
            assert_int_equal(status, BE_ERR_INVALID_ARG);
            continue;
        }
        assert_int_equal(status, BE_OK);
        assert_int_equal(bei_pipeline_lookahead(&pipeline), asked ? asked : own + 1);
        bei_pipeline_free(&pipeline);
    }
}

static void a_mouth_needs_just_the_lookahead(void **state)
{
    const world_t *world = *state;
    for (uint32_t lookahead = 1; lookahead <= 4; lookahead++) {
        bei_pipeline_t pipeline;
        open_pipeline(world, lookahead, &pipeline);
        for (uint32_t fed = 0; fed <= lookahead; fed++) {
            assert_true(bei_pipeline_hungry(&pipeline));
            feed(&pipeline, world->speech[fed]);
        }
        assert_false(bei_pipeline_hungry(&pipeline));
        bei_pipeline_take(&pipeline);
        assert_true(bei_pipeline_hungry(&pipeline));
        bei_pipeline_free(&pipeline);
    }
}

/* The later look at a tick counts, as far as the lookahead goes. The encoder of this file says .25 at
 * its first look, .5 at its second and .75 at its third. */
static void a_longer_lookahead_shows_a_later_look(void **state)
{
    static const float SHOWN[] = {0.25f, 0.5f, 0.75f, 0.75f};
    const world_t *world = *state;
    const bei_encoder_settings_t cpu = {BE_EP_CPU, 1, false};
    static uint8_t bytes[1 << 12];
    FILE *file = fopen(ESSENCE_TEST_DATA "/parity/encoders/looks.onnx", "rb");
    assert_non_null(file);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    bei_encoder_model_t *model = NULL;
    assert_int_equal(bei_encoder_model_create((bei_span_t){bytes, size}, &cpu, &model), BE_OK);
    for (uint32_t lookahead = 1; lookahead <= 4; lookahead++) {
        bei_pipeline_t pipeline;
        assert_int_equal(bei_pipeline_init(&pipeline, model, world->mouths, lookahead), BE_OK);
        for (int tick = 0; tick < 10; tick++) {
            next(world, &pipeline);
            assert_float_equal(pipeline.shown[0], SHOWN[lookahead - 1], 0.0f);
        }
        bei_pipeline_free(&pipeline);
    }
    bei_encoder_model_destroy(model);
}

/* Everything that the encoder says of the speech, call by call. */
static void hear(const world_t *world, float said[TICKS][BEI_ENCODER_MAX_LOOKS][BEI_ENCODER_DIM])
{
    bei_mel_t *mel = NULL;
    bei_encoder_stream_t *encoder = NULL;
    assert_int_equal(bei_mel_create(&mel), BE_OK);
    assert_int_equal(bei_encoder_stream_create(world->model, &encoder), BE_OK);
    for (int call = 0; call < TICKS; call++) {
        float pcm[BEI_TICK_SAMPLES];
        float frames[BEI_ENCODER_MEL_FLOATS];
        for (int i = 0; i < BEI_TICK_SAMPLES; i++)
            pcm[i] = (float)world->speech[call][i] / 32768.0f;
        bei_mel_tick(mel, pcm, frames);
        assert_int_equal(bei_encoder_stream_step(encoder, frames, said[call]), BE_OK);
    }
    bei_encoder_stream_destroy(encoder);
    bei_mel_destroy(mel);
}

/* A longer lookahead delays the choice and has heard more; it does not shift mouth against sound. */
static void what_was_heard_belongs_to_its_tick_with_every_lookahead(void **state)
{
    const world_t *world = *state;
    static float said[TICKS][BEI_ENCODER_MAX_LOOKS][BEI_ENCODER_DIM];
    hear(world, said);
    for (uint32_t lookahead = 1; lookahead <= 4; lookahead++) {
        bei_pipeline_t pipeline;
        open_pipeline(world, lookahead, &pipeline);
        for (uint32_t tick = 0; tick + 4 < TICKS; tick++) {
            next(world, &pipeline);
            assert_memory_equal(pipeline.shown, said[tick + lookahead][lookahead - 1],
                                sizeof pipeline.shown);
            assert_memory_equal(bei_pipeline_sound(&pipeline), world->speech[tick],
                                sizeof world->speech[tick]);
        }
        bei_pipeline_free(&pipeline);
    }
}

static void the_sound_comes_back_sample_by_sample(void **state)
{
    bei_pipeline_t pipeline;
    open_pipeline(*state, 1, &pipeline);
    int16_t samples[BEI_TICK_SAMPLES];
    const int16_t silence[BEI_TICK_SAMPLES] = {0};
    for (int32_t start = INT16_MIN; start <= INT16_MAX; start += BEI_TICK_SAMPLES) {
        for (int i = 0; i < BEI_TICK_SAMPLES; i++)
            samples[i] = (int16_t)(start + i <= INT16_MAX ? start + i : INT16_MAX);
        bei_pipeline_interrupt(&pipeline);
        feed(&pipeline, samples);
        feed(&pipeline, silence);
        bei_pipeline_take(&pipeline);
        feed(&pipeline, silence); /* one tick early */
        assert_memory_equal(bei_pipeline_sound(&pipeline), samples, sizeof samples);
    }
    bei_pipeline_free(&pipeline);
}

static void sound_beyond_full_scale_is_clipped(void **state)
{
    bei_pipeline_t pipeline;
    open_pipeline(*state, 1, &pipeline);
    float pcm[BEI_TICK_SAMPLES] = {1.0f, -1.0f, 7.0f, -7.0f, 0.4f / 32768, 0.6f / 32768};
    const int16_t clipped[] = {32767, -32768, 32767, -32768, 0, 1};
    assert_int_equal(bei_pipeline_feed(&pipeline, pcm), BE_OK);
    assert_int_equal(bei_pipeline_feed(&pipeline, pcm), BE_OK);
    bei_pipeline_take(&pipeline);
    assert_memory_equal(bei_pipeline_sound(&pipeline), clipped, sizeof clipped);
    bei_pipeline_free(&pipeline);
}

static void rest_closes_the_lips_in_four_frames(void **state)
{
    for (uint32_t lookahead = 1; lookahead <= 4; lookahead++) {
        bei_pipeline_t pipeline;
        open_pipeline(*state, lookahead, &pipeline);
        assert_int_equal(bei_pipeline_rest(&pipeline), 0);
        uint32_t before = speak_until_open(*state, &pipeline);
        for (int frame = 0; frame < 4; frame++) {
            uint32_t mouth = bei_pipeline_rest(&pipeline);
            assert_in_range(mouth, frame == 0 ? 1 : 0, before);
            before = mouth;
        }
        for (int frame = 0; frame < 20; frame++)
            assert_int_equal(bei_pipeline_rest(&pipeline), 0);
        bei_pipeline_free(&pipeline);
    }
}

/* Frames without audio in the middle of a sentence: the encoder goes on where it was. */
static void rest_is_not_heard(void **state)
{
    const world_t *world = *state;
    bei_pipeline_t straight, halting;
    open_pipeline(world, 0, &straight);
    open_pipeline(world, 0, &halting);
    for (int tick = 0; tick < TICKS - 4; tick++) {
        next(world, &straight);
        next(world, &halting);
        assert_memory_equal(halting.shown, straight.shown, sizeof straight.shown);
        for (int frame = 0; tick % 9 == 4 && frame < tick / 9; frame++)
            bei_pipeline_rest(&halting);
    }
    bei_pipeline_free(&straight);
    bei_pipeline_free(&halting);
}

static void an_interruption_forgets_what_was_heard_but_not_the_mouth(void **state)
{
    const world_t *world = *state;
    bei_pipeline_t fresh, pipeline;
    open_pipeline(world, 0, &fresh);
    open_pipeline(world, 0, &pipeline);
    uint32_t open = speak_until_open(world, &pipeline);
    bei_pipeline_interrupt(&pipeline);
    assert_int_equal(pipeline.fed, 0);
    assert_int_equal(pipeline.taken, 0);
    assert_in_range(bei_pipeline_rest(&pipeline), open / 2, open);
    for (int tick = 0; tick < TICKS / 2; tick++) {
        next(world, &fresh);
        next(world, &pipeline);
        assert_memory_equal(pipeline.shown, fresh.shown, sizeof fresh.shown);
    }
    bei_pipeline_free(&fresh);
    bei_pipeline_free(&pipeline);
}

static void a_reset_forgets_all(void **state)
{
    const world_t *world = *state;
    bei_pipeline_t fresh, pipeline;
    open_pipeline(world, 0, &fresh);
    open_pipeline(world, 0, &pipeline);
    speak_until_open(world, &pipeline);
    bei_pipeline_reset(&pipeline);
    assert_int_equal(bei_pipeline_rest(&pipeline), 0);
    for (int tick = 0; tick < TICKS / 2; tick++)
        assert_int_equal(next(world, &pipeline), next(world, &fresh));
    bei_pipeline_free(&fresh);
    bei_pipeline_free(&pipeline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lookahead_is_within_what_the_encoder_allows),
        cmocka_unit_test(a_mouth_needs_just_the_lookahead),
        cmocka_unit_test(a_longer_lookahead_shows_a_later_look),
        cmocka_unit_test(what_was_heard_belongs_to_its_tick_with_every_lookahead),
        cmocka_unit_test(the_sound_comes_back_sample_by_sample),
        cmocka_unit_test(sound_beyond_full_scale_is_clipped),
        cmocka_unit_test(rest_closes_the_lips_in_four_frames),
        cmocka_unit_test(rest_is_not_heard),
        cmocka_unit_test(an_interruption_forgets_what_was_heard_but_not_the_mouth),
        cmocka_unit_test(a_reset_forgets_all),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
