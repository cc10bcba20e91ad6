/* The choice of mouths: near the target, shut where lips must be shut, at rest in silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lips/selector.h"

enum { LEVELS = 11, WIDTHS = 3, MOUTHS = 1 + LEVELS * WIDTHS };

static int setup(void **state)
{
    int16_t coords[MOUTHS][BEI_LIPS_DIMS] = {{0}};
    for (int o = 0; o < LEVELS; o++)
        for (int w = 0; w < WIDTHS; w++) {
            int16_t *row = coords[1 + o * WIDTHS + w];
            row[0] = (int16_t)(o * BEI_LIPS_ONE / (LEVELS - 1));
            row[1] = (int16_t)((w - 1) * BEI_LIPS_ONE);
        }
    bei_mouth_set_t *set = NULL;
    assert_int_equal(bei_mouth_set_create(coords[0], MOUTHS, &set), BE_OK);
    *state = set;
    return 0;
}

static int teardown(void **state)
{
    bei_mouth_set_destroy(*state);
    return 0;
}

static bei_lips_target_t saying(double openness, double width)
{
    bei_lips_target_t target = {{0}, 0, BEI_LIPS_ONE};
    target.coord[0] = (int16_t)(openness * (double)BEI_LIPS_ONE);
    target.coord[1] = (int16_t)(width * (double)BEI_LIPS_ONE);
    return target;
}

static const bei_lips_target_t SILENCE = {{0}, 0, 0};

static uint32_t step(bei_selector_t *selector, const bei_lips_target_t *now,
                     const bei_lips_target_t *next)
{
    const bei_lips_target_t targets[2] = {*now, *next};
    return bei_selector_step(selector, targets, 1);
}

static int openness_of(uint32_t mouth)
{
    return mouth == 0 ? 0 : (int)(mouth - 1) / WIDTHS; /* 0 .. 10 */
}

static void a_held_target_is_reached(void **state)
{
    bei_selector_t selector;
    bei_selector_reset(&selector, *state);
    bei_lips_target_t wide = saying(0.8, 1.0);
    uint32_t mouth = 0;
    for (int i = 0; i < 5; i++)
        mouth = step(&selector, &wide, &wide);
    assert_int_equal(mouth, 1 + 8 * WIDTHS + 2);
}

static void silence_is_the_rest_mouth_from_the_first_tick(void **state)
{
    bei_selector_t selector;
    bei_selector_reset(&selector, *state);
    for (int i = 0; i < 50; i++)
        assert_int_equal(step(&selector, &SILENCE, &SILENCE), 0);
}

/* Coordinates that tremble without speech must not move the lips. */
static void noise_without_speech_does_not_move_the_lips(void **state)
{
    bei_selector_t selector;
    bei_selector_reset(&selector, *state);
    srand(1);
    for (int i = 0; i < 200; i++) {
        bei_lips_target_t noise = saying(rand() % 100 / 100.0, rand() % 200 / 100.0 - 1);
        noise.speech = (int16_t)(rand() % (BEI_LIPS_ONE / 3));
        assert_int_equal(step(&selector, &noise, &SILENCE), 0);
    }
}

static void the_lips_rest_within_160_ms_and_close_without_reopening(void **state)
{
    bei_selector_t selector;
    bei_selector_reset(&selector, *state);
    bei_lips_target_t open = saying(1, 0);
    for (int i = 0; i < 5; i++)
        step(&selector, &open, i < 4 ? &open : &SILENCE);
    int before = LEVELS;
    for (int i = 0; i < 4; i++) {
        int now = openness_of(step(&selector, &SILENCE, &SILENCE));
        assert_true(now <= before);
        before = now;
    }
    assert_int_equal(selector.current, 0);
}

static void a_short_pause_does_not_snap_shut(void **state)
{
    bei_selector_t selector;
    bei_selector_reset(&selector, *state);
    bei_lips_target_t open = saying(0.8, 0);
    for (int i = 0; i < 5; i++)
        step(&selector, &open, i < 4 ? &open : &SILENCE);
    int in_pause = openness_of(step(&selector, &SILENCE, &open));
    assert_in_range(in_pause, 4, 9);
}

static void closure_shuts_the_lips_in_the_middle_of_a_vowel(void **state)
{
    bei_selector_t selector;
    bei_selector_reset(&selector, *state);
    bei_lips_target_t open = saying(1, 0), shut = saying(0.5, 0);
    shut.closure = BEI_LIPS_ONE;
    for (int i = 0; i < 4; i++)
        step(&selector, &open, &open);
    step(&selector, &open, &shut);
    assert_int_equal(openness_of(step(&selector, &shut, &open)), 0);
}

/* Says one tick after the other with these closures in the middle of a half-open vowel, and notes how
 * open the lips are. */
static void close_with(bei_mouth_set_t *set, uint32_t ahead, const double *closures, int n,
                       int *openness)
{
    bei_selector_t selector;
    bei_selector_reset(&selector, set);
    bei_lips_target_t targets[16 + BEI_LIPS_MAX_LOOKAHEAD];
    for (int i = 0; i < 16 + BEI_LIPS_MAX_LOOKAHEAD; i++) {
        targets[i] = saying(0.5, 0);
        targets[i].closure = (int16_t)(i < n ? closures[i] * (double)BEI_LIPS_ONE : 0);
    }
    for (int i = 0; i < n; i++)
        openness[i] = openness_of(bei_selector_step(&selector, &targets[i], ahead));
}

static void a_doubtful_closure_shuts_the_lips_at_its_peak_alone(void **state)
{
    const double closures[] = {0, 0, 0.2, 0.45, 0.5, 0.42, 0.1, 0};
    int openness[8];
    for (uint32_t ahead = 1; ahead <= BEI_LIPS_MAX_LOOKAHEAD; ahead++) {
        close_with(*state, ahead, closures, 8, openness);
        for (int i = 1; i < 8; i++)
            assert_int_equal(openness[i] == 0, i == 4);
    }
}

static void a_closure_that_is_sure_lasts(void **state)
{
    const double closures[] = {0, 0, 0.7, 0.9, 0.8, 0, 0};
    int openness[7];
    for (uint32_t ahead = 0; ahead <= BEI_LIPS_MAX_LOOKAHEAD; ahead++) {
        close_with(*state, ahead, closures, 7, openness);
        for (int i = 1; i < 7; i++)
            assert_int_equal(openness[i] == 0, i >= 2 && i <= 4);
    }
}

static void without_lookahead_every_likely_closure_shuts(void **state)
{
    const double closures[] = {0, 0, 0.2, 0.45, 0.5, 0.42, 0.1, 0};
    int openness[8];
    close_with(*state, 0, closures, 8, openness);
    for (int i = 1; i < 8; i++)
        assert_int_equal(openness[i] == 0, i >= 3 && i <= 5);
}

static void a_faint_closure_does_not_shut(void **state)
{
    const double closures[] = {0, 0, 0.2, 0.35, 0.2, 0};
    int openness[6];
    for (uint32_t ahead = 0; ahead <= BEI_LIPS_MAX_LOOKAHEAD; ahead++) {
        close_with(*state, ahead, closures, 6, openness);
        for (int i = 1; i < 6; i++)
            assert_in_range(openness[i], 1, 5);
    }
}

/* Smoothing must not take a dip away that may be a closure. */
static void the_likelier_a_closure_the_worse_is_too_open(void **state)
{
    int32_t cost[MOUTHS];
    bei_lips_target_t target = saying(0.5, 0);
    const uint32_t below = 1 + 4 * WIDTHS + 1, above = 1 + 6 * WIDTHS + 1;
    bei_mouth_set_costs(*state, &target, cost);
    assert_in_range(cost[above], cost[below] * 0.99, cost[below] * 1.01);
    target.closure = BEI_LIPS_ONE / 4;
    bei_mouth_set_costs(*state, &target, cost);
    assert_in_range(cost[above], cost[below] * 1.3, cost[below] * 3);
}

static double wandering(bei_mouth_set_t *set, int search)
{
    bei_selector_t selector;
    bei_selector_reset(&selector, set);
    srand(7);
    double moved = 0;
    int before = 0;
    bei_lips_target_t now = saying(0.5, 0), next;
    for (int i = 0; i < 500; i++, now = next) {
        next = saying(0.5 + (rand() % 100 - 50) / 400.0, 0);
        int here = search ? openness_of(step(&selector, &now, &next))
                          : (now.coord[0] * 10 + BEI_LIPS_ONE / 2) / BEI_LIPS_ONE;
        moved += i ? abs(here - before) : 0;
        before = here;
    }
    return moved;
}

static void the_search_moves_less_than_the_nearest_mouth(void **state)
{
    assert_true(wandering(*state, 1) < 0.95 * wandering(*state, 0));
}

enum { FEW = 9 };

/* Mouths that lie anywhere, two of them at the same place. */
static bei_mouth_set_t *scattered(void)
{
    int16_t coords[FEW][BEI_LIPS_DIMS] = {{0}};
    for (int m = 1; m < FEW; m++)
        for (int i = 0; i < BEI_LIPS_DIMS; i++)
            coords[m][i] = (int16_t)(rand() % (BEI_LIPS_ONE / (i < 3 ? 1 : 8)));
    memcpy(coords[FEW - 1], coords[FEW - 2], sizeof coords[0]);
    bei_mouth_set_t *set = NULL;
    assert_int_equal(bei_mouth_set_create(coords[0], FEW, &set), BE_OK);
    return set;
}

/* The cost of the cheapest of all ways from `before` through targets[0 .. ahead]; *first receives where
 * it goes first, the lowest number if several cost the same. */
static int32_t cheapest_way(const bei_mouth_set_t *set, uint32_t before,
                            const bei_lips_target_t *targets, uint32_t ahead, uint32_t *first)
{
    int32_t cost[FEW], least = INT32_MAX;
    uint32_t next;
    bei_mouth_set_costs(set, targets, cost);
    for (uint32_t m = 0; m < FEW; m++) {
        int32_t sum = cost[m] + bei_mouth_set_steps(set, before)[m];
        if (ahead > 0)
            sum += cheapest_way(set, m, targets + 1, ahead - 1, &next);
        if (sum < least) {
            least = sum;
            *first = m;
        }
    }
    return least;
}

static void the_choice_begins_the_cheapest_of_all_ways(void **state)
{
    (void)state;
    srand(3);
    for (uint32_t ahead = 0; ahead <= BEI_LIPS_MAX_LOOKAHEAD; ahead++) {
        bei_mouth_set_t *set = scattered();
        bei_selector_t selector;
        bei_selector_reset(&selector, set);
        bei_lips_target_t targets[BEI_LIPS_MAX_LOOKAHEAD + 1] = {{{0}, 0, 0}};
        for (int tick = 0; tick < 60; tick++) {
            memmove(targets, targets + 1, sizeof targets - sizeof targets[0]);
            targets[ahead] = saying(rand() % 100 / 100.0, rand() % 100 / 100.0);
            targets[ahead].closure = (int16_t)(rand() % 4 == 0 ? BEI_LIPS_ONE : 0);
            if (tick < (int)ahead)
                continue;
            uint32_t expected = 0;
            cheapest_way(set, selector.current, targets, ahead, &expected);
            assert_int_equal(bei_selector_step(&selector, targets, ahead), expected);
        }
        bei_mouth_set_destroy(set);
    }
}

/* With every lookahead: still in silence, and closed within 160 ms after speech. */
static void silence_is_silence_however_far_one_looks(void **state)
{
    const bei_lips_target_t silent[BEI_LIPS_MAX_LOOKAHEAD + 1] = {{{0}, 0, 0}};
    bei_lips_target_t open[BEI_LIPS_MAX_LOOKAHEAD + 1];
    for (int i = 0; i <= BEI_LIPS_MAX_LOOKAHEAD; i++)
        open[i] = saying(1, 0);
    for (uint32_t ahead = 0; ahead <= BEI_LIPS_MAX_LOOKAHEAD; ahead++) {
        bei_selector_t selector;
        bei_selector_reset(&selector, *state);
        assert_int_equal(bei_selector_step(&selector, silent, ahead), 0);
        for (int i = 0; i < 5; i++)
            bei_selector_step(&selector, open, ahead);
        int before = openness_of(selector.current);
        assert_in_range(before, 9, 10);
        for (int i = 0; i < 4; i++) {
            int now = openness_of(bei_selector_step(&selector, silent, ahead));
            assert_true(now <= before);
            before = now;
        }
        assert_int_equal(selector.current, 0);
    }
}

/* The lips do not creep open before the tick before speech, even where mouths are finely graded. */
static void speech_far_ahead_does_not_open_the_lips_yet(void **state)
{
    (void)state;
    enum { FINE = 257 };
    int16_t coords[FINE][BEI_LIPS_DIMS] = {{0}};
    for (int m = 0; m < FINE; m++)
        coords[m][0] = (int16_t)(m * 16);
    bei_mouth_set_t *set = NULL;
    assert_int_equal(bei_mouth_set_create(coords[0], FINE, &set), BE_OK);
    bei_selector_t selector;
    bei_selector_reset(&selector, set);
    const bei_lips_target_t later[] = {SILENCE, SILENCE, saying(1, 0), saying(1, 0)};
    assert_int_equal(bei_selector_step(&selector, later, 3), 0);
    assert_int_not_equal(bei_selector_step(&selector, later + 1, 2), 0);
    bei_mouth_set_destroy(set);
}

static int shown_openness(const bei_selector_t *selector)
{
    return selector->shown[0];
}

/* A slow opening: mouths come in steps of a tenth, what is shown does not. */
static void two_mouths_together_show_what_lies_between(void **state)
{
    bei_selector_t selector;
    bei_selector_reset(&selector, *state);
    enum { TENTH = BEI_LIPS_ONE / 10 };
    int before = 0, largest = 0;
    for (int i = 0; i < 60; i++) {
        bei_lips_target_t now = saying(0.2 + 0.01 * i, 0), next = saying(0.21 + 0.01 * i, 0);
        step(&selector, &now, &next);
        const int off = now.coord[0] - shown_openness(&selector);
        if (i >= 5) {
            assert_in_range(off + TENTH / 6, 0, TENTH / 3);
            largest = shown_openness(&selector) - before > largest
                          ? shown_openness(&selector) - before
                          : largest;
            assert_true(shown_openness(&selector) >= before - TENTH / 16);
        }
        before = shown_openness(&selector);
    }
    assert_in_range(largest, 1, TENTH / 3);
}

/* Half shut lips would be neither shut nor open. */
static void lips_that_meet_are_never_mixed(void **state)
{
    bei_selector_t selector;
    bei_selector_reset(&selector, *state);
    for (int i = 0; i < 40; i++) {
        bei_lips_target_t now = saying(0.002 * i, 0);
        if (i % 8 == 0)
            now.closure = BEI_LIPS_ONE;
        uint32_t mouth = step(&selector, &now, &now);
        if (openness_of(mouth) == 0)
            assert_int_equal(selector.share, 0);
        else if (selector.share)
            assert_in_range(openness_of(selector.other), 1, LEVELS - 1);
    }
}

/* Mouths a whole width apart would both be seen. */
static void mouths_of_other_shapes_are_not_mixed(void **state)
{
    bei_selector_t selector;
    bei_selector_reset(&selector, *state);
    for (int i = 0; i <= 20; i++) {
        bei_lips_target_t now = saying(0.5, i / 20.0);
        uint32_t mouth = step(&selector, &now, &now);
        if (selector.share)
            assert_int_equal((selector.other - 1) % WIDTHS, (mouth - 1) % WIDTHS);
    }
}

static void at_rest_nothing_is_mixed(void **state)
{
    bei_selector_t selector;
    bei_selector_reset(&selector, *state);
    bei_lips_target_t open = saying(0.55, 0);
    for (int i = 0; i < 5; i++)
        step(&selector, &open, &open);
    assert_true(selector.share > 0);
    for (int i = 0; i < 4; i++)
        step(&selector, &SILENCE, &SILENCE);
    assert_int_equal(selector.current, 0);
    assert_int_equal(selector.share, 0);
    for (int i = 0; i < BEI_LIPS_DIMS; i++)
        assert_int_equal(selector.shown[i], 0);
}

static void a_lone_rest_mouth_is_an_avatar(void **state)
{
    (void)state;
    const int16_t rest[BEI_LIPS_DIMS] = {0};
    bei_mouth_set_t *set = NULL;
    assert_int_equal(bei_mouth_set_create(rest, 1, &set), BE_OK);
    bei_selector_t selector;
    bei_selector_reset(&selector, set);
    bei_lips_target_t open = saying(1, 1);
    assert_int_equal(step(&selector, &open, &open), 0);
    bei_mouth_set_destroy(set);
    assert_int_equal(bei_mouth_set_create(rest, 0, &set), BE_ERR_INVALID_ARG);
    assert_int_equal(bei_mouth_set_create(rest, 513, &set), BE_ERR_INVALID_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_held_target_is_reached),
        cmocka_unit_test(silence_is_the_rest_mouth_from_the_first_tick),
        cmocka_unit_test(noise_without_speech_does_not_move_the_lips),
        cmocka_unit_test(the_lips_rest_within_160_ms_and_close_without_reopening),
        cmocka_unit_test(a_short_pause_does_not_snap_shut),
        cmocka_unit_test(closure_shuts_the_lips_in_the_middle_of_a_vowel),
        cmocka_unit_test(a_doubtful_closure_shuts_the_lips_at_its_peak_alone),
        cmocka_unit_test(a_closure_that_is_sure_lasts),
        cmocka_unit_test(without_lookahead_every_likely_closure_shuts),
        cmocka_unit_test(a_faint_closure_does_not_shut),
        cmocka_unit_test(the_likelier_a_closure_the_worse_is_too_open),
        cmocka_unit_test(the_search_moves_less_than_the_nearest_mouth),
        cmocka_unit_test(the_choice_begins_the_cheapest_of_all_ways),
        cmocka_unit_test(silence_is_silence_however_far_one_looks),
        cmocka_unit_test(speech_far_ahead_does_not_open_the_lips_yet),
        cmocka_unit_test(two_mouths_together_show_what_lies_between),
        cmocka_unit_test(lips_that_meet_are_never_mixed),
        cmocka_unit_test(mouths_of_other_shapes_are_not_mixed),
        cmocka_unit_test(at_rest_nothing_is_mixed),
        cmocka_unit_test(a_lone_rest_mouth_is_an_avatar),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
