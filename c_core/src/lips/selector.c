#include "lips/selector.h"

#include <stdbool.h>

enum {
    SPEECH_ON = BEI_LIPS_ONE * 2 / 5, /* somebody speaks above this */
    CLOSES = BEI_LIPS_ONE * 7 / 20,   /* a peak of closure above this is a p, b or m */
    HOLD_TICKS = 1,                   /* a pause of 40 ms only begins to close */
    RELAX_TICKS = 4,                  /* then the lips close over 120 ms and rest */
    /* What is mixed: the least sum of squared errors now and a tick on, a step counting a twelfth of an
     * error as in the search. */
    NOW = 156,
    BEFORE = 13,
    NEXT = 12
};

void bei_selector_reset(bei_selector_t *selector, const bei_mouth_set_t *set)
{
    *selector = (bei_selector_t){.set = set, .quiet = RELAX_TICKS};
}

static bool speaks(const bei_lips_target_t *target)
{
    return target->speech > SPEECH_ON;
}

/* A search over a few ticks: what it costs to be in each mouth at each of them. */
typedef struct lattice {
    const bei_mouth_set_t *set;
    uint32_t count; /* of its mouths */
    uint32_t ahead;
    int32_t cost[BEI_LIPS_MAX_LOOKAHEAD + 1][BEI_LIPS_MAX_MOUTHS];
    int32_t least[BEI_LIPS_MAX_LOOKAHEAD + 1]; /* of each row of `cost` */
    int32_t bound; /* what some way through costs: a way that costs more cannot be the best */
} lattice_t;

static int32_t least_of(const int32_t *cost, uint32_t count)
{
    int32_t least = INT32_MAX;
    for (uint32_t m = 0; m < count; m++)
        least = cost[m] < least ? cost[m] : least;
    return least;
}

/* The least that one step from mouth `from` and being where it leads cost. */
static int32_t least_step(const lattice_t *lattice, uint32_t from, const int32_t *cost)
{
    const int32_t *step = bei_mouth_set_steps(lattice->set, from);
    const uint32_t count = lattice->count;
    int32_t least = INT32_MAX;
    for (uint32_t m = 0; m < count; m++) {
        int32_t sum = step[m] + cost[m];
        least = sum < least ? sum : least;
    }
    return least;
}

static uint32_t cheapest(const int32_t *cost, uint32_t count)
{
    int32_t least = least_of(cost, count);
    uint32_t m = 0;
    while (cost[m] != least)
        m++;
    return m;
}

/* The way that takes the cheapest mouth of every tick: good enough to rule most others out. */
static int32_t cost_of_greedy_way(const lattice_t *lattice)
{
    int32_t sum = 0;
    uint32_t before = 0;
    for (uint32_t t = 0; t <= lattice->ahead; t++) {
        uint32_t m = cheapest(lattice->cost[t], lattice->count);
        sum += lattice->cost[t][m] + (t ? bei_mouth_set_steps(lattice->set, before)[m] : 0);
        before = m;
    }
    return sum;
}

static void build(lattice_t *lattice, const bei_selector_t *selector,
                  const bei_lips_target_t *targets, uint32_t ahead)
{
    const bei_mouth_set_t *set = lattice->set = selector->set;
    lattice->count = bei_mouth_set_count(set);
    lattice->ahead = ahead;
    for (uint32_t t = 0; t <= ahead; t++)
        bei_mouth_set_costs(set, &targets[t], lattice->cost[t]);
    const int32_t *from_current = bei_mouth_set_steps(set, selector->current);
    for (uint32_t m = 0; m < lattice->count; m++)
        lattice->cost[0][m] += from_current[m];
    for (uint32_t t = 0; t <= ahead; t++)
        lattice->least[t] = least_of(lattice->cost[t], lattice->count);
    lattice->bound = cost_of_greedy_way(lattice);
}

/* Adds to row `t` what the ways on from it cost; rows after it have this already. A mouth that no way
 * within the bound can use becomes as costly as the bound, which rules it out further up. */
static void add_ways_on(lattice_t *lattice, uint32_t t)
{
    int32_t elsewhere = lattice->least[t + 1];
    for (uint32_t before = 0; before < t; before++)
        elsewhere += lattice->least[before];
    int32_t *cost = lattice->cost[t];
    for (uint32_t m = 0; m < lattice->count; m++) {
        if (cost[m] + elsewhere > lattice->bound)
            cost[m] = lattice->bound + 1;
        else
            cost[m] += least_step(lattice, m, lattice->cost[t + 1]);
    }
    lattice->least[t] = least_of(cost, lattice->count);
}

/* The mouth for now: near its target, near the mouth before, and a good start for what comes next. */
static uint32_t search(const bei_selector_t *selector, const bei_lips_target_t *targets,
                       uint32_t ahead)
{
    lattice_t lattice;
    build(&lattice, selector, targets, ahead);
    for (uint32_t t = ahead; t-- > 0;)
        add_ways_on(&lattice, t);
    return cheapest(lattice.cost[0], lattice.count);
}

/* In a pause the lips keep their shape for a moment, then close evenly until they rest. */
static bei_lips_target_t relaxed(const bei_selector_t *selector)
{
    bei_lips_target_t target = {{0}, 0, 0};
    const int16_t *from = bei_mouth_set_coords(selector->set, selector->current);
    int32_t left = RELAX_TICKS - (int32_t)selector->quiet;
    if (selector->quiet <= HOLD_TICKS)
        left = RELAX_TICKS - HOLD_TICKS;
    for (int i = 0; i < BEI_LIPS_DIMS; i++)
        target.coord[i] = (int16_t)(from[i] * left / (left + 1));
    return target;
}

/* Whether targets[i] is where the lips meet. Of a p, b or m the encoder is rarely sure: it says .4 or
 * .5 for two or three ticks. At the highest of them the lips must be shut; shut at all of them, they
 * would take something from the vowels around. What follows the last target is not known yet; without
 * any lookahead nothing ever is, and all of them count. */
static bool meets(const bei_selector_t *selector, const bei_lips_target_t *targets, uint32_t i,
                  uint32_t ahead)
{
    int16_t closure = targets[i].closure;
    if (closure <= CLOSES || ahead == 0)
        return closure > CLOSES;
    int16_t before = i > 0 ? targets[i - 1].closure : selector->closure;
    return i < ahead && closure >= before && closure > targets[i + 1].closure;
}

/* What the lips aim at: the targets, and calm where nobody speaks. */
static void aim_at(const bei_selector_t *selector, const bei_lips_target_t *targets, uint32_t ahead,
                   bei_lips_target_t *aim)
{
    const bei_lips_target_t calm = relaxed(selector);
    for (uint32_t i = 0; i <= ahead; i++) {
        bool moves = i == 0 ? selector->quiet == 0 : speaks(&targets[i]);
        aim[i] = moves ? targets[i] : calm;
        if (moves && meets(selector, targets, i, ahead))
            aim[i].closure = BEI_LIPS_ONE;
    }
}

/* Mixes into the chosen mouth what brings it nearer to where the lips would be if they could take any shape. */
static void mix(bei_selector_t *selector, const bei_lips_target_t *aim, uint32_t ahead)
{
    const int32_t next = ahead > 0 ? NEXT : 0;
    int16_t wanted[BEI_LIPS_DIMS];
    for (int i = 0; i < BEI_LIPS_DIMS; i++) {
        int32_t sum = NOW * aim[0].coord[i] + BEFORE * selector->shown[i];
        if (ahead > 0)
            sum += NEXT * aim[1].coord[i];
        wanted[i] = (int16_t)(sum / (NOW + BEFORE + next));
    }
    selector->other =
        bei_mouth_set_partner(selector->set, selector->current, wanted, &selector->share);
}

static void remember(bei_selector_t *selector)
{
    const int16_t *mouth = bei_mouth_set_coords(selector->set, selector->current);
    const int16_t *other = bei_mouth_set_coords(selector->set, selector->other);
    const int32_t share = (int32_t)selector->share;
    for (int i = 0; i < BEI_LIPS_DIMS; i++)
        selector->shown[i] = (int16_t)(mouth[i] + (other[i] - mouth[i]) * share / BEI_LIPS_SHARES);
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
        selector->current = selector->other = selector->share = 0;
    } else {
        bei_lips_target_t aim[BEI_LIPS_MAX_LOOKAHEAD + 1];
        aim_at(selector, targets, ahead, aim);
        selector->current = search(selector, aim, ahead);
        mix(selector, aim, ahead);
    }
    remember(selector);
    selector->closure = targets[0].closure;
    return selector->current;
}
