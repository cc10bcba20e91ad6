/* What the stages of a stream cost. */
#ifndef BEI_SESSION_STAGE_H
#define BEI_SESSION_STAGE_H

#include "base/thread.h"
#include "essence.h"

/* Adds what has gone by since `start`, a time of bei_clock_ns. */
static inline void bei_stage_add(be_stage_time_t *stage, int64_t start)
{
    uint64_t took = (uint64_t)(bei_clock_ns() - start);
    stage->count++;
    stage->total_ns += took;
    stage->max_ns = took > stage->max_ns ? took : stage->max_ns;
}

#endif
