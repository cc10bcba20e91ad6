/* The arithmetic of heartbeats against a plain model of what docs/auth.md promises, over simulated days. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/machine.h"

static const int64_t SECOND = 1000000;

/* What the model remembers: facts, and nothing of how the machine keeps them. */
typedef struct model {
    int64_t interval, grace;
    int64_t last_good; /* 0: none, or withdrawn */
    int bad_in_row;
    int refused_in_row; /* 401s since the last good beat or request of the host */
    be_auth_state fatal;
    be_auth_state last;
} model_t;

static uint64_t roll(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static bool model_allows(const model_t *model, int64_t now)
{
    return model->last_good > 0 && now < model->last_good + model->interval + model->grace;
}

static void model_ends(model_t *model, be_auth_state state)
{
    model->fatal = model->last = state;
    model->last_good = 0;
}

static void model_learns(model_t *model, int64_t now, const bei_outcome_t *outcome)
{
    switch (outcome->verdict) {
    case BEI_VERDICT_GOOD:
        model->last_good = now;
        model->bad_in_row = model->refused_in_row = 0;
        model->last = BE_AUTH_OK;
        break;
    case BEI_VERDICT_FAILED:
        model->bad_in_row++;
        model->last = BE_AUTH_OFFLINE;
        break;
    case BEI_VERDICT_UNAUTHORIZED:
        if (!outcome->renewable || ++model->refused_in_row > 1)
            model_ends(model, BE_AUTH_FATAL_UNAUTHORIZED);
        break;
    case BEI_VERDICT_BALANCE:
        model_ends(model, BE_AUTH_FATAL_BALANCE);
        break;
    case BEI_VERDICT_SUSPENDED:
        model_ends(model, BE_AUTH_FATAL_SUSPENDED);
        break;
    }
}

/* The next beat comes neither too early for the issuer nor too late for the host. */
static void check_due(const bei_machine_t *machine, const model_t *model, int64_t now,
                      const bei_outcome_t *outcome)
{
    if (model->fatal) {
        assert_true(machine->due == INT64_MAX);
        return;
    }
    int64_t wait = machine->due - now;
    if (outcome->verdict == BEI_VERDICT_GOOD) {
        assert_true(wait == model->interval);
    } else if (outcome->verdict == BEI_VERDICT_UNAUTHORIZED) {
        assert_true(wait == 0);
    } else {
        int64_t wish = outcome->retry_after;
        if (wish > 3600 * SECOND)
            wish = 3600 * SECOND;
        int64_t most = model->bad_in_row > 30 ? model->interval : SECOND << (model->bad_in_row - 1);
        if (most > model->interval)
            most = model->interval;
        assert_true(wait >= most / 2 && wait >= wish);
        assert_true(wait <= (most > wish + wish / 10 ? most : wish + wish / 10));
    }
}

static bei_outcome_t any_outcome(uint64_t *seed, int quality)
{
    uint64_t what = roll(seed) % 1000;
    bei_outcome_t outcome = {BEI_VERDICT_GOOD, 0, roll(seed) % 2 == 0};
    if (what < 3)
        outcome.verdict = BEI_VERDICT_BALANCE;
    else if (what < 6)
        outcome.verdict = BEI_VERDICT_SUSPENDED;
    else if (what < 30)
        outcome.verdict = BEI_VERDICT_UNAUTHORIZED;
    else if ((int)(what % 100) >= quality)
        outcome.verdict = BEI_VERDICT_FAILED;
    if (outcome.verdict == BEI_VERDICT_FAILED && roll(seed) % 4 == 0)
        outcome.retry_after = (int64_t)(roll(seed) % 5000) * SECOND;
    return outcome;
}

static void check_state(const bei_machine_t *machine, const model_t *model, int64_t now)
{
    assert_int_equal(machine->state, model->last);
    int64_t until = machine->until;
    assert_int_equal(now < until, model_allows(model, now));
    if (until > 0) {
        assert_true(model_allows(model, until - 1));
        assert_false(model_allows(model, until));
    }
}

/* One host for a simulated day. `suspends`: the machine sleeps for hours at random. */
static void live_a_day(uint64_t seed, bool suspends)
{
    model_t model = {.interval = (int64_t)(1 + roll(&seed) % 120) * SECOND,
                     .grace = (int64_t)(1 + roll(&seed) % 600) * SECOND};
    bei_machine_t machine;
    bei_machine_init(&machine, model.interval, model.grace, roll(&seed));
    assert_int_equal(machine.state, BE_AUTH_UNCONFIGURED);
    assert_true(machine.due == INT64_MAX && machine.until == 0);
    const int quality = (int)(roll(&seed) % 101);
    const int64_t start = 1 + (int64_t)(roll(&seed) % 1000000000);
    int64_t now = start;
    model.last = BE_AUTH_AUTHENTICATING;
    bei_machine_begin(&machine, now);
    while (now < start + 86400 * SECOND) {
        check_state(&machine, &model, now);
        if (model.fatal) { /* somebody pays, an hour later */
            now += 3600 * SECOND;
            bei_machine_begin(&machine, now);
            model.fatal = BE_AUTH_UNCONFIGURED;
            model.refused_in_row = 0;
            model.last = BE_AUTH_AUTHENTICATING;
            assert_true(machine.due == now);
            continue;
        }
        if (machine.due > now)
            now = machine.due;
        if (suspends && roll(&seed) % 50 == 0)
            now += (int64_t)(roll(&seed) % 36000) * SECOND;
        check_state(&machine, &model, now);
        now += (int64_t)(roll(&seed) % 20000000); /* until there is an answer */
        bei_outcome_t outcome = any_outcome(&seed, quality);
        bei_machine_apply(&machine, now, &outcome);
        model_learns(&model, now, &outcome);
        check_due(&machine, &model, now, &outcome);
    }
}

static void a_day_is_as_the_model_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++)
        live_a_day(seed * 0x9e3779b97f4a7c15u, seed % 2);
}

/* ---------------------------------------------------------------- examples, for people */

static bei_machine_t authorised(int64_t now)
{
    bei_machine_t machine;
    bei_machine_init(&machine, 60 * SECOND, 300 * SECOND, 7);
    bei_machine_begin(&machine, now);
    assert_int_equal(machine.state, BE_AUTH_AUTHENTICATING);
    bei_machine_apply(&machine, now, &(bei_outcome_t){.verdict = BEI_VERDICT_GOOD});
    assert_int_equal(machine.state, BE_AUTH_OK);
    return machine;
}

static void asking_again_takes_no_right_away(void **state)
{
    (void)state;
    bei_machine_t machine = authorised(5 * SECOND);
    int64_t until = machine.until;
    bei_machine_begin(&machine, 6 * SECOND);
    assert_int_equal(machine.state, BE_AUTH_OK);
    assert_true(machine.until == until && machine.due == 6 * SECOND);
    bei_machine_begin(&machine, until);
    assert_int_equal(machine.state, BE_AUTH_AUTHENTICATING);
}

static void frames_stop_after_the_grace_time_and_resume(void **state)
{
    (void)state;
    int64_t now = 1000 * SECOND;
    bei_machine_t machine = authorised(now);
    const int64_t last_good = now;
    while (machine.due <= last_good + 360 * SECOND) {
        now = machine.due;
        bei_machine_apply(&machine, now, &(bei_outcome_t){.verdict = BEI_VERDICT_FAILED});
        assert_int_equal(machine.state, BE_AUTH_OFFLINE);
        assert_true(machine.until == last_good + 360 * SECOND);
    }
    assert_in_range(machine.failures, 8,
                    30); /* 1, 2, 4 ... 60 s apart: neither silence nor a storm */
    now = machine.due;
    assert_true(now >= machine.until);
    bei_machine_apply(&machine, now, &(bei_outcome_t){.verdict = BEI_VERDICT_GOOD});
    assert_int_equal(machine.state, BE_AUTH_OK);
    assert_true(machine.until == now + 360 * SECOND && machine.failures == 0);
}

static void a_refusal_ends_the_right_at_once(void **state)
{
    (void)state;
    static const struct {
        bei_verdict_t verdict;
        be_auth_state state;
    } cases[] = {{BEI_VERDICT_UNAUTHORIZED, BE_AUTH_FATAL_UNAUTHORIZED},
                 {BEI_VERDICT_BALANCE, BE_AUTH_FATAL_BALANCE},
                 {BEI_VERDICT_SUSPENDED, BE_AUTH_FATAL_SUSPENDED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bei_machine_t machine = authorised(5 * SECOND);
        bei_machine_apply(&machine, 65 * SECOND, &(bei_outcome_t){.verdict = cases[i].verdict});
        assert_int_equal(machine.state, cases[i].state);
        assert_true(bei_machine_is_fatal(machine.state));
        assert_true(machine.until == 0 && machine.due == INT64_MAX);
    }
}

static void a_refused_token_is_renewed_once(void **state)
{
    (void)state;
    const bei_outcome_t refused = {.verdict = BEI_VERDICT_UNAUTHORIZED, .renewable = true};
    bei_machine_t machine = authorised(5 * SECOND);
    int64_t until = machine.until;
    bei_machine_apply(&machine, 65 * SECOND, &refused);
    assert_int_equal(machine.state, BE_AUTH_OK); /* frames go on meanwhile */
    assert_true(machine.until == until && machine.due == 65 * SECOND);
    bei_machine_apply(&machine, 66 * SECOND, &refused);
    assert_int_equal(machine.state, BE_AUTH_FATAL_UNAUTHORIZED);
}

static void hosts_that_failed_together_come_back_apart(void **state)
{
    (void)state;
    int64_t first = 0, different = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        bei_machine_t machine;
        bei_machine_init(&machine, 60 * SECOND, 300 * SECOND, seed);
        bei_machine_begin(&machine, SECOND);
        for (int i = 0; i < 8; i++)
            bei_machine_apply(&machine, machine.due,
                              &(bei_outcome_t){.verdict = BEI_VERDICT_FAILED});
        different += seed > 0 && machine.due != first;
        first = machine.due;
    }
    assert_true(different >= 98);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_is_as_the_model_says),
        cmocka_unit_test(asking_again_takes_no_right_away),
        cmocka_unit_test(frames_stop_after_the_grace_time_and_resume),
        cmocka_unit_test(a_refusal_ends_the_right_at_once),
        cmocka_unit_test(a_refused_token_is_renewed_once),
        cmocka_unit_test(hosts_that_failed_together_come_back_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
