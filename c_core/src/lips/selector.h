/* Which mouth is shown at each tick: from the encoder's coordinates to an index among the avatar's
 * mouths, 0 being the lips at rest.
 *
 * Everything from the quantised coordinates on is integer arithmetic, so the same coordinates give
 * the same mouths on every platform. The selector looks up to three ticks ahead. */
#ifndef BEI_LIPS_SELECTOR_H
#define BEI_LIPS_SELECTOR_H

#include <stdint.h>

#include "lips/mouth_set.h"

enum {
    BEI_LIPS_LOOKAHEAD = 1,    /* ticks, unless another one is asked for */
    BEI_LIPS_MAX_LOOKAHEAD = 3 /* ticks */
};

/* One stream's memory; plain data, to be initialised by bei_selector_reset. */
typedef struct bei_selector {
    const bei_mouth_set_t *set;
    uint32_t current;             /* mouth shown last */
    uint32_t quiet;               /* ticks since somebody spoke, saturating */
    uint32_t other;               /* mouth that is mixed into it */
    uint32_t share;               /* with so many BEI_LIPS_SHARES-ths; 0: none */
    int16_t shown[BEI_LIPS_DIMS]; /* coordinates of both together */
    int16_t closure;              /* of the target before */
} bei_selector_t;

void bei_selector_reset(bei_selector_t *selector, const bei_mouth_set_t *set);

/* Chooses the mouth for targets[0], knowing the `ahead` ones that follow it (up to
 * BEI_LIPS_MAX_LOOKAHEAD), and what to mix into it, and remembers both. Allocates nothing. */
uint32_t bei_selector_step(bei_selector_t *selector, const bei_lips_target_t *targets,
                           uint32_t ahead);

#endif
