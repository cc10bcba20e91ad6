#include "lips/mouth_set.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

/* How much an error in each coordinate shows, relative to openness. Openness and width are what
 * viewers read; teeth and tongue break ties between mouths of about the same shape. */
static const int32_t IMPORTANCE[BEI_LIPS_DIMS] = {16, 6, 3, 5, 1, 1};

enum {
    DISTANCE_SHIFT = 12, /* keeps a squared Q12 difference times 16 within 32 bits */
    /* A step between mouths counts a twelfth of an error of its size: with more the search skips
     * closures, with less the lips tremble. */
    SMOOTHNESS = 12,
    SHUT = BEI_LIPS_ONE * 3 / 5,     /* closure above this is a p, b or m whatever is around it */
    NEARLY_SHUT = BEI_LIPS_ONE / 20, /* openness up to which a mouth counts as closed */
    TOO_OPEN = 4,             /* times closure: how much more a mouth costs for being too open */
    CLOSED_PENALTY = 1 << 26, /* an open mouth where the lips must be shut */
    /* How far apart mouths that are mixed may be: a fifth of all openness. */
    MIXABLE = (BEI_LIPS_ONE / 5) * (BEI_LIPS_ONE / 5) / (1 << DISTANCE_SHIFT) * 16
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
    const float whole = (float)BEI_LIPS_ONE * (float)BEI_LIPS_ONE * (float)IMPORTANCE[0];
    for (uint32_t m = 0; m < set->count; m++)
        out[m] =
            sqrtf((float)distance(set->coord[m], target->coord) * (1 << DISTANCE_SHIFT) / whole);
}

void bei_mouth_set_costs(const bei_mouth_set_t *set, const bei_lips_target_t *target, int32_t *cost)
{
    const bool shut = target->closure > SHUT;
    const int64_t too_open = (int64_t)TOO_OPEN * IMPORTANCE[0] * target->closure;
    for (uint32_t m = 0; m < set->count; m++) {
        cost[m] = distance(set->coord[m], target->coord);
        int64_t above = set->coord[m][0] - target->coord[0];
        if (above > 0)
            cost[m] += (int32_t)(above * above * too_open / BEI_LIPS_ONE >> DISTANCE_SHIFT);
        if (shut && set->coord[m][0] > NEARLY_SHUT)
            cost[m] += CLOSED_PENALTY;
    }
}

/* Weighted product of the ways from `mouth` to `other` and to `wanted`. */
static int32_t along(const int16_t *mouth, const int16_t *other, const int16_t *wanted)
{
    int64_t sum = 0;
    for (int i = 0; i < BEI_LIPS_DIMS; i++)
        sum += (int64_t)(other[i] - mouth[i]) * (wanted[i] - mouth[i]) * IMPORTANCE[i];
    return (int32_t)(sum >> DISTANCE_SHIFT);
}

static bool is_parted(const int16_t *coord)
{
    return coord[0] > NEARLY_SHUT;
}

uint32_t bei_mouth_set_partner(const bei_mouth_set_t *set, uint32_t mouth,
                               const int16_t wanted[BEI_LIPS_DIMS], uint32_t *share)
{
    const int16_t *from = set->coord[mouth];
    const int32_t *step = bei_mouth_set_steps(set, mouth);
    int64_t best = 0;
    uint32_t partner = mouth;
    *share = 0;
    for (uint32_t m = 0; m < set->count && is_parted(from); m++) {
        if (step[m] > MIXABLE / SMOOTHNESS || m == mouth || !is_parted(set->coord[m]))
            continue;
        const int64_t towards = along(from, set->coord[m], wanted);
        const int32_t apart = distance(from, set->coord[m]);
        if (towards <= 0 || apart == 0)
            continue;
        int64_t part = (BEI_LIPS_SHARES * towards + apart / 2) / apart;
        part = part > BEI_LIPS_SHARES / 2 ? BEI_LIPS_SHARES / 2 : part;
        /* By how much the squared error falls, times BEI_LIPS_SHARES squared. */
        const int64_t gain = part * (2 * BEI_LIPS_SHARES * towards - part * apart);
        if (gain > best) {
            best = gain;
            partner = m;
            *share = (uint32_t)part;
        }
    }
    return partner;
}

const int32_t *bei_mouth_set_steps(const bei_mouth_set_t *set, uint32_t from)
{
    return set->step + (size_t)from * set->count;
}

const int16_t *bei_mouth_set_coords(const bei_mouth_set_t *set, uint32_t mouth)
{
    return set->coord[mouth];
}
