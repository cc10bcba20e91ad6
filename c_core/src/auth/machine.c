#include "auth/machine.h"

#include <string.h>

static const int64_t SECOND = 1000000;
static const int64_t MAX_RETRY_AFTER = 3600 * (int64_t)1000000;

void bei_machine_init(bei_machine_t *machine, int64_t interval, int64_t grace, uint64_t seed)
{
    memset(machine, 0, sizeof *machine);
    machine->state = BE_AUTH_UNCONFIGURED;
    machine->due = INT64_MAX;
    machine->random = seed;
    bei_machine_set_times(machine, interval, grace);
}

void bei_machine_set_times(bei_machine_t *machine, int64_t interval, int64_t grace)
{
    machine->interval = interval;
    machine->grace = grace;
}

void bei_machine_begin(bei_machine_t *machine, int64_t now)
{
    if (machine->until <= now)
        machine->state = BE_AUTH_AUTHENTICATING;
    machine->due = now;
    machine->renewed = false;
}

/* The step of SplitMix64: 0 .. 2^31 - 1. */
static int64_t draw(bei_machine_t *machine)
{
    uint64_t z = machine->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (int64_t)((z ^ (z >> 31)) >> 33);
}

/* One second, doubled by each failure up to the interval; of it a random half to whole, so that hosts that
 * failed together do not come back together. A wish of the issuer's is lengthened only. */
static int64_t pause(bei_machine_t *machine, int64_t retry_after)
{
    int64_t step = SECOND;
    for (uint32_t i = 1; i < machine->failures && step < machine->interval; i++)
        step *= 2;
    if (step > machine->interval)
        step = machine->interval;
    int64_t wait = step / 2 + step / 2 * draw(machine) / INT32_MAX;
    if (retry_after > MAX_RETRY_AFTER)
        retry_after = MAX_RETRY_AFTER;
    int64_t wish = retry_after + retry_after / 10 * draw(machine) / INT32_MAX;
    return wish > wait ? wish : wait;
}

static void end(bei_machine_t *machine, be_auth_state state)
{
    machine->state = state;
    machine->due = INT64_MAX;
    machine->until = 0;
}

static void apply_good(bei_machine_t *machine, int64_t now)
{
    machine->state = BE_AUTH_OK;
    machine->due = now + machine->interval;
    machine->until = machine->due + machine->grace;
    machine->failures = 0;
    machine->renewed = false;
}

static void apply_failed(bei_machine_t *machine, int64_t now, int64_t retry_after)
{
    machine->state = BE_AUTH_OFFLINE;
    if (machine->failures < UINT32_MAX)
        machine->failures++;
    machine->due = now + pause(machine, retry_after);
}

void bei_machine_apply(bei_machine_t *machine, int64_t now, const bei_outcome_t *outcome)
{
    switch (outcome->verdict) {
    case BEI_VERDICT_GOOD:
        apply_good(machine, now);
        break;
    case BEI_VERDICT_FAILED:
        apply_failed(machine, now, outcome->retry_after);
        break;
    case BEI_VERDICT_UNAUTHORIZED:
        if (outcome->renewable && !machine->renewed) {
            machine->renewed = true;
            machine->due = now;
        } else {
            end(machine, BE_AUTH_FATAL_UNAUTHORIZED);
        }
        break;
    case BEI_VERDICT_BALANCE:
        end(machine, BE_AUTH_FATAL_BALANCE);
        break;
    case BEI_VERDICT_SUSPENDED:
        end(machine, BE_AUTH_FATAL_SUSPENDED);
        break;
    }
}

bool bei_machine_is_fatal(be_auth_state state)
{
    return state >= BE_AUTH_FATAL_BALANCE;
}
