/* When the next heartbeat is due, and until when frames may be given: arithmetic without clock, network or
 * memory. Times are microseconds of one steady clock, greater than 0.
 *
 *                        good
 *     AUTHENTICATING ----------> OK <---- good ---- OFFLINE <-- failed --+
 *         |   |                  |                     |  |              |
 *         |   +---- failed ------)---- failed ---------+  +--------------+
 *         +-- 401, 402, 403 -----+---- 401, 402, 403 --+----> FATAL_... -- authenticate --> AUTHENTICATING
 *
 * A good beat gives the right to frames until the next beat is due and the grace time has passed. A 401 is
 * first answered by asking anew with the secret, when it was a token that was refused. */
#ifndef BEI_AUTH_MACHINE_H
#define BEI_AUTH_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "essence.h"

/* What became of a beat. */
typedef enum bei_verdict {
    BEI_VERDICT_GOOD,
    BEI_VERDICT_FAILED, /* no answer, 429, 5xx, or one that makes no sense: it is tried again */
    BEI_VERDICT_UNAUTHORIZED,
    BEI_VERDICT_BALANCE,
    BEI_VERDICT_SUSPENDED
} bei_verdict_t;

typedef struct bei_outcome {
    bei_verdict_t verdict;
    int64_t retry_after; /* with FAILED: what the issuer asked for, 0 = nothing */
    bool renewable;      /* with UNAUTHORIZED: there is another credential to try */
} bei_outcome_t;

typedef struct bei_machine {
    int64_t interval, grace;
    be_auth_state state;
    int64_t due;       /* the next beat; INT64_MAX: none */
    int64_t until;     /* frames may be given before this; 0: none */
    uint32_t failures; /* in a row */
    bool renewed;      /* a credential was renewed since the last good beat */
    uint64_t random;
} bei_machine_t;

/* Unconfigured, no beat due. interval and grace > 0; `seed` makes the retries of many hosts differ. */
void bei_machine_init(bei_machine_t *machine, int64_t interval, int64_t grace, uint64_t seed);

/* Other times for the beats to come. */
void bei_machine_set_times(bei_machine_t *machine, int64_t interval, int64_t grace);

/* A beat is wanted now, also after the end of everything: the host asked for it. */
void bei_machine_begin(bei_machine_t *machine, int64_t now);

/* A beat ended at `now`. */
void bei_machine_apply(bei_machine_t *machine, int64_t now, const bei_outcome_t *outcome);

/* Whether nothing but bei_machine_begin leads on. */
bool bei_machine_is_fatal(be_auth_state state);

#endif
