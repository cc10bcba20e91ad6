/* The cursor over source frames: the loop as it always was, clips where they were asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "container/imx.h"
#include "session/cursor.h"

enum { MAX_LOOP = 12, MAX_TIMELINE = 64, MAX_CLIPS = 4 };

/* An avatar of which the cursor needs no more than this. */
typedef struct figure {
    bei_imx_t imx;
    bei_imx_clip_t clips[MAX_CLIPS];
} figure_t;

static void make(figure_t *figure, uint32_t loop_count, bool pingpong)
{
    memset(figure, 0, sizeof *figure);
    figure->imx.loop_count = figure->imx.frame_count = loop_count;
    figure->imx.manifest.pingpong = pingpong;
    figure->imx.clips = figure->clips;
}

/* A clip of `frames` frames behind those that there are. */
static void add_clip(figure_t *figure, uint32_t frames, uint32_t leave, uint32_t rejoin)
{
    bei_imx_t *imx = &figure->imx;
    figure->clips[imx->clip_count++] = (bei_imx_clip_t){
        .first = imx->frame_count, .frames = frames, .leave = leave, .rejoin = rejoin};
    imx->frame_count += frames;
}

static uint32_t show(bei_cursor_t *cursor)
{
    uint32_t frame = bei_cursor_frame(cursor);
    bei_cursor_advance(cursor);
    return frame;
}

/* Shows as many frames as `frames` has up to a negative number, and compares. */
static void assert_shows(bei_cursor_t *cursor, const int *frames)
{
    for (int i = 0; frames[i] >= 0; i++) {
        uint32_t frame = bei_cursor_frame(cursor);
        bool in_action = bei_cursor_in_action(cursor);
        if (frame != (uint32_t)frames[i])
            fail_msg("frame %d is %u, not %d", i, frame, frames[i]);
        assert_int_equal(in_action, frame >= cursor->imx->loop_count);
        bei_cursor_advance(cursor);
    }
}

#define ASSERT_SHOWS(cursor, ...) assert_shows((cursor), (const int[]){__VA_ARGS__, -1})

/* The rule as it stood before there were clips. */
static uint32_t frame_of_old(uint32_t count, bool pingpong, uint64_t cursor)
{
    if (!pingpong || count < 3)
        return (uint32_t)(cursor % count);
    uint64_t turn = 2 * (uint64_t)count - 2, place = cursor % turn;
    return (uint32_t)(place < count ? place : turn - place);
}

static void without_clips_the_loop_is_as_it_always_was(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= MAX_LOOP; count++) {
        for (int pingpong = 0; pingpong < 2; pingpong++) {
            figure_t figure;
            bei_cursor_t cursor;
            make(&figure, count, pingpong);
            bei_cursor_init(&cursor, &figure.imx);
            for (uint64_t i = 0; i < 100; i++)
                assert_int_equal(show(&cursor), frame_of_old(count, pingpong, i));
        }
    }
}

static void a_clip_waits_for_its_leave_frame(void **state)
{
    (void)state;
    figure_t figure;
    bei_cursor_t cursor;
    make(&figure, 5, false);
    add_clip(&figure, 2, 2, 4);
    bei_cursor_init(&cursor, &figure.imx);
    bei_cursor_play(&cursor, 0, false);
    ASSERT_SHOWS(&cursor, 0, 1, 2, 5, 6, 4, 0, 1, 2, 3, 4);
}

/* A forward loop may leave at its last frame, and a clip may lead back to an earlier frame. */
static void a_clip_may_lead_anywhere(void **state)
{
    (void)state;
    figure_t figure;
    bei_cursor_t cursor;
    make(&figure, 3, false);
    add_clip(&figure, 1, 2, 1);
    bei_cursor_init(&cursor, &figure.imx);
    bei_cursor_play(&cursor, 0, false);
    ASSERT_SHOWS(&cursor, 0, 1, 2, 3, 1, 2, 0, 1);
}

static void a_loop_is_left_on_the_way_back_too_and_rejoined_forwards(void **state)
{
    (void)state;
    figure_t figure;
    bei_cursor_t cursor;
    make(&figure, 5, true);
    add_clip(&figure, 2, 2, 1);
    bei_cursor_init(&cursor, &figure.imx);
    ASSERT_SHOWS(&cursor, 0, 1, 2, 3);
    bei_cursor_play(&cursor, 0, false);
    ASSERT_SHOWS(&cursor, 4, 3, 2, 5, 6, 1, 2, 3, 4, 3, 2, 1, 0, 1);
}

static void a_loop_rejoined_at_its_end_goes_back(void **state)
{
    (void)state;
    figure_t figure;
    bei_cursor_t cursor;
    make(&figure, 4, true);
    add_clip(&figure, 1, 0, 3);
    bei_cursor_init(&cursor, &figure.imx);
    bei_cursor_play(&cursor, 0, false);
    ASSERT_SHOWS(&cursor, 0, 4, 3, 2, 1, 0, 1);
}

static void a_leave_frame_that_was_just_shown_is_in_time(void **state)
{
    (void)state;
    figure_t figure;
    bei_cursor_t cursor;
    make(&figure, 5, false);
    add_clip(&figure, 1, 2, 2);
    bei_cursor_init(&cursor, &figure.imx);
    ASSERT_SHOWS(&cursor, 0, 1, 2);
    bei_cursor_play(&cursor, 0, false);
    ASSERT_SHOWS(&cursor, 5, 2, 3);
}

static void nothing_was_shown_at_the_start(void **state)
{
    (void)state;
    figure_t figure;
    bei_cursor_t cursor;
    make(&figure, 2, false);
    add_clip(&figure, 1, 0, 0);
    bei_cursor_init(&cursor, &figure.imx);
    bei_cursor_play(&cursor, 0, false);
    ASSERT_SHOWS(&cursor, 0, 2, 0, 1);
}

static void at_once_is_the_next_frame(void **state)
{
    (void)state;
    figure_t figure;
    bei_cursor_t cursor;
    make(&figure, 5, false);
    add_clip(&figure, 3, 4, 4);
    add_clip(&figure, 2, 0, 1);
    bei_cursor_init(&cursor, &figure.imx);
    ASSERT_SHOWS(&cursor, 0, 1);
    bei_cursor_play(&cursor, 0, true);
    ASSERT_SHOWS(&cursor, 5, 6);
    bei_cursor_play(&cursor, 1, true); /* cuts the first one */
    ASSERT_SHOWS(&cursor, 8, 9, 1, 2, 3, 4, 0);
    bei_cursor_play(&cursor, 1, true);
    ASSERT_SHOWS(&cursor, 8);
    bei_cursor_play(&cursor, 1, true); /* and itself */
    ASSERT_SHOWS(&cursor, 8, 9, 1);
}

static void a_clip_that_plays_ends_before_the_next(void **state)
{
    (void)state;
    figure_t figure;
    bei_cursor_t cursor;
    make(&figure, 3, false);
    add_clip(&figure, 2, 0, 1);
    bei_cursor_init(&cursor, &figure.imx);
    bei_cursor_play(&cursor, 0, true);
    ASSERT_SHOWS(&cursor, 3);
    bei_cursor_play(&cursor, 0, false);
    ASSERT_SHOWS(&cursor, 4, 1, 2, 0, 3, 4, 1);
}

static void the_last_wish_counts_and_may_be_taken_back(void **state)
{
    (void)state;
    figure_t figure;
    bei_cursor_t cursor;
    make(&figure, 4, false);
    add_clip(&figure, 1, 0, 0);
    add_clip(&figure, 1, 2, 3);
    bei_cursor_init(&cursor, &figure.imx);
    bei_cursor_play(&cursor, 0, true);
    bei_cursor_play(&cursor, 1, false);
    ASSERT_SHOWS(&cursor, 0, 1, 2, 5, 3, 0);
    bei_cursor_play(&cursor, 0, true);
    bei_cursor_play(&cursor, BEI_NO_CLIP, true);
    ASSERT_SHOWS(&cursor, 1, 2, 3, 0, 1);
    bei_cursor_play(&cursor, 1, true);
    ASSERT_SHOWS(&cursor, 5);
    bei_cursor_play(&cursor, BEI_NO_CLIP, false); /* it has begun: too late */
    ASSERT_SHOWS(&cursor, 3, 0);
}

static void asking_what_is_next_changes_nothing(void **state)
{
    (void)state;
    figure_t figure;
    bei_cursor_t cursor;
    make(&figure, 2, false);
    add_clip(&figure, 1, 0, 0);
    bei_cursor_init(&cursor, &figure.imx);
    bei_cursor_play(&cursor, 0, true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(bei_cursor_frame(&cursor), 2);
    assert_true(bei_cursor_in_action(&cursor));
    bei_cursor_play(&cursor, BEI_NO_CLIP, false);
    assert_int_equal(bei_cursor_frame(&cursor), 0);
    assert_false(bei_cursor_in_action(&cursor));
}

static void a_reset_begins_anew(void **state)
{
    (void)state;
    figure_t figure;
    bei_cursor_t cursor;
    make(&figure, 3, true);
    add_clip(&figure, 2, 1, 1);
    bei_cursor_init(&cursor, &figure.imx);
    bei_cursor_play(&cursor, 0, false);
    ASSERT_SHOWS(&cursor, 0, 1, 3);
    bei_cursor_play(&cursor, 0, false);
    bei_cursor_reset(&cursor);
    ASSERT_SHOWS(&cursor, 0, 1, 2, 1, 0, 1);
}

/* ---------------------------------------------------------------- against a model */

/* The same by other means: a round of the loop written out, and the frames of the clip that plays in a
 * queue. */
typedef struct model {
    const figure_t *figure;
    uint32_t round[MAX_TIMELINE], length, place;
    uint32_t queue[MAX_TIMELINE], queued, rejoin;
    int wish, shown;
    bool wish_at_once;
} model_t;

static void model_init(model_t *model, const figure_t *figure)
{
    memset(model, 0, sizeof *model);
    model->figure = figure;
    model->wish = model->shown = -1;
    for (uint32_t i = 0; i < figure->imx.loop_count; i++)
        model->round[model->length++] = i;
    for (uint32_t i = figure->imx.loop_count - 1; figure->imx.manifest.pingpong && i-- > 1;)
        model->round[model->length++] = i;
}

static void model_begin(model_t *model)
{
    const bei_imx_clip_t *clip = &model->figure->clips[model->wish];
    for (model->queued = 0; model->queued < clip->frames; model->queued++)
        model->queue[model->queued] = clip->first + clip->frames - 1 - model->queued;
    model->rejoin = clip->rejoin;
    model->wish = -1;
}

static uint32_t model_show(model_t *model)
{
    bool fits = model->queued == 0 && model->wish >= 0 && model->shown >= 0 &&
                model->figure->clips[model->wish].leave == (uint32_t)model->shown;
    if (model->wish >= 0 && (fits || model->wish_at_once))
        model_begin(model);
    if (model->queued > 0) {
        model->shown = -1;
        uint32_t frame = model->queue[--model->queued];
        if (model->queued == 0)
            model->place = model->rejoin;
        return frame;
    }
    uint32_t frame = model->round[model->place];
    model->shown = (int)frame;
    model->place = (model->place + 1) % model->length;
    return frame;
}

/* A generator of its own, so that every machine tries the same. */
static uint32_t chance(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % below;
}

static void compare_with_model(uint32_t *seed)
{
    figure_t figure;
    model_t model;
    bei_cursor_t cursor;
    uint32_t loop_count = 1 + chance(seed, MAX_LOOP);
    make(&figure, loop_count, chance(seed, 2));
    for (uint32_t clips = 1 + chance(seed, MAX_CLIPS); clips > 0; clips--)
        add_clip(&figure, 1 + chance(seed, 6), chance(seed, loop_count), chance(seed, loop_count));
    model_init(&model, &figure);
    bei_cursor_init(&cursor, &figure.imx);
    for (int i = 0; i < 200; i++) {
        if (chance(seed, 5) == 0) {
            int wish = (int)chance(seed, figure.imx.clip_count + 1) - 1;
            model.wish_at_once = chance(seed, 3) == 0;
            model.wish = wish;
            bei_cursor_play(&cursor, wish < 0 ? BEI_NO_CLIP : (uint32_t)wish, model.wish_at_once);
        }
        uint32_t expected = model_show(&model), frame = bei_cursor_frame(&cursor);
        if (frame != expected)
            fail_msg("loop of %u, step %d: frame %u, not %u", loop_count, i, frame, expected);
        assert_int_equal(bei_cursor_in_action(&cursor), expected >= loop_count);
        bei_cursor_advance(&cursor);
    }
}

static void a_simple_model_shows_the_same(void **state)
{
    (void)state;
    uint32_t seed = 20;
    for (int i = 0; i < 2000; i++)
        compare_with_model(&seed);
}

/* ---------------------------------------------------------------- over a file */

static void a_file_with_clips_plays_them(void **state)
{
    (void)state;
    bei_imx_t *imx = NULL;
    be_status status = bei_imx_open(ESSENCE_TEST_DATA "/data/tiny_actions.imx", NULL, &imx);
    if (status != BE_OK)
        fail_msg("%s", bei_error_message());
    assert_int_equal(imx->loop_count, 6);
    assert_int_equal(imx->clip_count, 2);
    assert_string_equal(imx->clips[0].name, "nod");
    assert_false(imx->clips[0].idle);
    assert_string_equal(imx->clips[1].name, "look");
    assert_true(imx->clips[1].idle);
    bei_cursor_t cursor;
    bei_cursor_init(&cursor, imx);
    bei_cursor_play(&cursor, 0, false);
    ASSERT_SHOWS(&cursor, 0, 1, 2, 6, 7, 8, 9, 3, 4, 5, 4);
    bei_cursor_play(&cursor, 1, true);
    ASSERT_SHOWS(&cursor, 10, 11, 12, 4, 5, 4);
    bei_imx_close(imx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_clips_the_loop_is_as_it_always_was),
        cmocka_unit_test(a_clip_waits_for_its_leave_frame),
        cmocka_unit_test(a_clip_may_lead_anywhere),
        cmocka_unit_test(a_loop_is_left_on_the_way_back_too_and_rejoined_forwards),
        cmocka_unit_test(a_loop_rejoined_at_its_end_goes_back),
        cmocka_unit_test(a_leave_frame_that_was_just_shown_is_in_time),
        cmocka_unit_test(nothing_was_shown_at_the_start),
        cmocka_unit_test(at_once_is_the_next_frame),
        cmocka_unit_test(a_clip_that_plays_ends_before_the_next),
        cmocka_unit_test(the_last_wish_counts_and_may_be_taken_back),
        cmocka_unit_test(asking_what_is_next_changes_nothing),
        cmocka_unit_test(a_reset_begins_anew),
        cmocka_unit_test(a_simple_model_shows_the_same),
        cmocka_unit_test(a_file_with_clips_plays_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
