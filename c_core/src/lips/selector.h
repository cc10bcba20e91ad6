/* Which mouth is shown at each tick: from the encoder's coordinates to an index among the avatar's
 * mouths, 0 being the lips at rest.
 *
 * Everything from the quantised coordinates on is integer arithmetic, so the same coordinates give
 * the same mouths on every platform. The selector looks up to
 * three ticks ahead. */
#ifndef BEI_LIPS_SELECTOR_H
#define BEI_LIPS_SELECTOR_H

#include <stdint.h>

#include "base/memory.h"
#include "essence.h"

enum {
    BEI_LIPS_DIMS = 6,          /* openness, width, protrusion, labiodental, teeth, tongue */
    BEI_LIPS_ONE = 4096,        /* 1.0 in Q12 */
    BEI_LIPS_LOOKAHEAD = 1,     /* ticks, unless another one is asked for */
    BEI_LIPS_MAX_LOOKAHEAD = 3, /* ticks */
    BEI_LIPS_MAX_MOUTHS = 512
};

/* What the lips should do in one tick, Q12. */
typedef struct bei_lips_target {
    int16_t coord[BEI_LIPS_DIMS];
    int16_t closure; /* probability that the lips are shut for p, b, m */
    int16_t speech;  /* probability that somebody speaks */
} bei_lips_target_t;

/* The avatar's mouths, shared by all streams: coordinates and the cost of going from one to
 * another. */
typedef struct bei_mouth_set bei_mouth_set_t;

/* coords: count rows of BEI_LIPS_DIMS, Q12, copied; row 0 is the rest mouth. 1 <= count <= 512. */
be_status bei_mouth_set_create(const int16_t *coords, uint32_t count, bei_mouth_set_t **out);
void bei_mouth_set_destroy(bei_mouth_set_t *set);

/* One stream's memory; plain data, to be initialised by bei_selector_reset. */
typedef struct bei_selector {
    const bei_mouth_set_t *set;
    uint32_t current; /* mouth shown last */
    uint32_t quiet;   /* ticks since somebody spoke, saturating */
} bei_selector_t;

void bei_selector_reset(bei_selector_t *selector, const bei_mouth_set_t *set);

/* Chooses the mouth for targets[0], knowing the `ahead` ones that follow it (up to
 * BEI_LIPS_MAX_LOOKAHEAD), and remembers it. Allocates nothing. */
uint32_t bei_selector_step(bei_selector_t *selector, const bei_lips_target_t *targets,
                           uint32_t ahead);

uint32_t bei_mouth_set_count(const bei_mouth_set_t *set);

/* How far each mouth is from a target, weighted as the search does; 1.0 is all of openness. For
 * diagnosis: out receives bei_mouth_set_count floats. */
void bei_mouth_set_distances(const bei_mouth_set_t *set, const bei_lips_target_t *target,
                             float *out);

#endif
