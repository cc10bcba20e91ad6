#include "lips/selector.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

/* How much an error in each coordinate shows, relative to openness. Openness and width are what
 * viewers read; teeth and tongue break ties between mouths of about the same shape. */
static const int32_t IMPORTANCE[BEI_LIPS_DIMS] = {16, 6, 3, 5, 1, 1};

enum {
    DISTANCE_SHIFT = 12, /* keeps a squared Q12 difference times 16 within 32 bits */
    SMOOTHNESS = 6, /* a step between mouths counts a sixth of an error of its size: with more the
                     * search skips closures, with less the lips tremble */
    SPEECH_ON = BEI_LIPS_ONE * 2 / 5, /* somebody speaks above this */
    SHUT = BEI_LIPS_ONE * 2 / 5,      /* closure above this is a p, b or m */
    NEARLY_SHUT = BEI_LIPS_ONE / 20,  /* openness up to which a mouth counts as closed */
    HOLD_TICKS = 1,                   /* a pause of 40 ms only begins to close */
    RELAX_TICKS = 4,                  /* then the lips close over 120 ms and rest */
    CLOSED_PENALTY = 1 << 26          /* an open mouth where the lips must be shut */
};

struct bei_mouth_set {
    uint32_t count;
    int16_t (*coord)[BEI_LIPS_DIMS];
    int32_t *step; /* count x count: cost of going from row to column */
};

static int32_t distance(const int16_t *a, const int16_t *b)
{
    int64_t sum = 0;
    for (int i = 0; i < BEI_LIPS_DIMS; i++) {
        int64_t d = a[i] - b[i];
        sum += d * d * IMPORTANCE[i];
    }
    return (int32_t)(sum >> DISTANCE_SHIFT);
}

be_status bei_mouth_set_create(const int16_t *coords, uint32_t count, bei_mouth_set_t **out)
{
    BEI_REQUIRE(count >= 1 && count <= BEI_LIPS_MAX_MOUTHS, "%u mouths are not 1 to %d", count,
                BEI_LIPS_MAX_MOUTHS);
    bei_mouth_set_t *set = bei_calloc(1, sizeof *set);
    if (!set)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %u mouths", count);
    set->count = count;
    set->coord = bei_alloc(count * sizeof *set->coord);
    set->step = bei_alloc((size_t)count * count * sizeof *set->step);
    if (!set->coord || !set->step) {
        bei_mouth_set_destroy(set);
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %u mouths", count);
    }
    memcpy(set->coord, coords, count * sizeof *set->coord);
    for (uint32_t a = 0; a < count; a++)
        for (uint32_t b = 0; b < count; b++)
            set->step[(size_t)a * count + b] = distance(set->coord[a], set->coord[b]) / SMOOTHNESS;
    *out = set;
    return BE_OK;
}

void bei_mouth_set_destroy(bei_mouth_set_t *set)
{
    if (!set)
        return;
    bei_free(set->coord);
    bei_free(set->step);
    bei_free(set);
}

uint32_t bei_mouth_set_count(const bei_mouth_set_t *set)
{
    return set->count;
}

void bei_mouth_set_distances(const bei_mouth_set_t *set, const bei_lips_target_t *target,
                             float *out)
{
    const float whole = (float)BEI_LIPS_ONE * BEI_LIPS_ONE * (float)IMPORTANCE[0];
    for (uint32_t m = 0; m < set->count; m++)
        out[m] =
            sqrtf((float)distance(set->coord[m], target->coord) * (1 << DISTANCE_SHIFT) / whole);
}

void bei_selector_reset(bei_selector_t *selector, const bei_mouth_set_t *set)
{
    *selector = (bei_selector_t){.set = set, .quiet = RELAX_TICKS};
}

static bool speaks(const bei_lips_target_t *target)
{
    return target->speech > SPEECH_ON;
}

/* The local cost of every mouth; lips that must be shut rule out the open ones. */
static void local_costs(const bei_mouth_set_t *set, const bei_lips_target_t *target, int32_t *cost)
{
    bool shut = target->closure > SHUT;
    for (uint32_t m = 0; m < set->count; m++) {
        cost[m] = distance(set->coord[m], target->coord);
        if (shut && set->coord[m][0] > NEARLY_SHUT)
            cost[m] += CLOSED_PENALTY;
    }
}

/* The least that the way on from mouth `m` costs, when being in each mouth costs `rest`. */
static int32_t least_onward(const bei_mouth_set_t *set, uint32_t m, const int32_t *rest)
{
    const int32_t *onward = set->step + (size_t)m * set->count;
    int32_t least = INT32_MAX;
    for (uint32_t n = 0; n < set->count; n++) {
        int32_t sum = rest[n] + onward[n];
        least = sum < least ? sum : least;
    }
    return least;
}

/* What it costs to go on from each mouth of the tick after now, that tick included: backwards from the
 * last target to the first but one. */
static void costs_ahead(const bei_mouth_set_t *set, const bei_lips_target_t *targets,
                        uint32_t ahead, int32_t *cost)
{
    int32_t later[BEI_LIPS_MAX_MOUTHS];
    local_costs(set, &targets[ahead], cost);
    for (uint32_t t = ahead - 1; t > 0; t--) {
        memcpy(later, cost, set->count * sizeof *later);
        local_costs(set, &targets[t], cost);
        for (uint32_t m = 0; m < set->count; m++)
            cost[m] += least_onward(set, m, later);
    }
}

/* The mouth for now: near its target, near the mouth before, and a good start for what comes next. */
static uint32_t search(const bei_selector_t *selector, const bei_lips_target_t *targets,
                       uint32_t ahead)
{
    const bei_mouth_set_t *set = selector->set;
    int32_t here[BEI_LIPS_MAX_MOUTHS], later[BEI_LIPS_MAX_MOUTHS];
    local_costs(set, &targets[0], here);
    if (ahead > 0)
        costs_ahead(set, targets, ahead, later);
    const int32_t *from_current = set->step + (size_t)selector->current * set->count;
    uint32_t best = 0;
    int32_t best_cost = INT32_MAX;
    for (uint32_t m = 0; m < set->count; m++) {
        int32_t cost = here[m] + from_current[m];
        if (cost < best_cost && ahead > 0)
            cost += least_onward(set, m, later);
        if (cost < best_cost) {
            best_cost = cost;
            best = m;
        }
    }
    return best;
}

/* In a pause the lips keep their shape for a moment, then close evenly until they rest. */
static bei_lips_target_t relaxed(const bei_selector_t *selector)
{
    bei_lips_target_t target = {{0}, 0, 0};
    const int16_t *from = selector->set->coord[selector->current];
    int32_t left = RELAX_TICKS - (int32_t)selector->quiet;
    if (selector->quiet <= HOLD_TICKS)
        left = RELAX_TICKS - HOLD_TICKS;
    for (int i = 0; i < BEI_LIPS_DIMS; i++)
        target.coord[i] = (int16_t)(from[i] * left / (left + 1));
    return target;
}

uint32_t bei_selector_step(bei_selector_t *selector, const bei_lips_target_t *targets,
                           uint32_t ahead)
{
    if (speaks(&targets[0]))
        selector->quiet = 0;
    else if (selector->quiet < RELAX_TICKS)
        selector->quiet++;
    bool resumes = ahead > 0 && speaks(&targets[1]);
    if (selector->quiet >= RELAX_TICKS && !resumes) {
        selector->current = 0;
        return 0;
    }
    bei_lips_target_t aim[BEI_LIPS_MAX_LOOKAHEAD + 1], calm = relaxed(selector);
    aim[0] = selector->quiet == 0 ? targets[0] : calm;
    for (uint32_t i = 1; i <= ahead; i++)
        aim[i] = speaks(&targets[i]) ? targets[i] : calm;
    selector->current = search(selector, aim, ahead);
    return selector->current;
}
