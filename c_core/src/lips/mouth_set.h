/* The mouths of an avatar, and what it costs to show one: integer arithmetic throughout, so the same
 * coordinates give the same costs on every platform. */
#ifndef BEI_LIPS_MOUTH_SET_H
#define BEI_LIPS_MOUTH_SET_H

#include <stdint.h>

#include "base/memory.h"
#include "essence.h"

enum {
    BEI_LIPS_DIMS = 6,   /* openness, width, protrusion, labiodental, teeth, tongue */
    BEI_LIPS_ONE = 4096, /* 1.0 in Q12 */
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

uint32_t bei_mouth_set_count(const bei_mouth_set_t *set);

/* How far each mouth is from a target, weighted as the search does; 1.0 is all of openness. For
 * diagnosis: out receives bei_mouth_set_count floats. */
void bei_mouth_set_distances(const bei_mouth_set_t *set, const bei_lips_target_t *target,
                             float *out);

/* What each mouth costs for a target: the weighted square of its error, more for being too open the
 * likelier a closure is; where lips must be shut, open ones cost more than any error does. cost receives
 * bei_mouth_set_count values >= 0; any six of them and of the steps add up within 32 bits. */
void bei_mouth_set_costs(const bei_mouth_set_t *set, const bei_lips_target_t *target,
                         int32_t *cost);

/* What a step from mouth `from` to each mouth costs; valid as long as the set. */
const int32_t *bei_mouth_set_steps(const bei_mouth_set_t *set, uint32_t from);

enum { BEI_LIPS_SHARES = 16 }; /* a mouth is mixed with another one in steps of this part */

/* The mouth of which a part, mixed into `mouth`, brings it nearest to the coordinates `wanted` (Q12), and how
 * many BEI_LIPS_SHARES-ths: 1 to half of them; 0, and `mouth` itself, where none helps. Only parted lips
 * of about the same shape are mixed: pictures of others would show both. */
uint32_t bei_mouth_set_partner(const bei_mouth_set_t *set, uint32_t mouth,
                               const int16_t wanted[BEI_LIPS_DIMS], uint32_t *share);

/* BEI_LIPS_DIMS coordinates of a mouth, Q12. */
const int16_t *bei_mouth_set_coords(const bei_mouth_set_t *set, uint32_t mouth);

#endif
