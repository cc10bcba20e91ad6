/* A set of streams that a thread waits for together: each has a time at which it is due, and whoever waits
 * is given those that are. A stream's time is read without its lock.
 *
 * Locks, from outer to inner: the membership's (one for all sets), a stream's, a set's. */
#ifndef BEI_SESSION_WAITER_H
#define BEI_SESSION_WAITER_H

#include <stddef.h>
#include <stdint.h>

#include "essence.h"

be_status bei_waiter_create(be_waiter_t **out);
void bei_waiter_destroy(be_waiter_t *waiter);
be_status bei_waiter_add(be_waiter_t *waiter, be_runtime_t *runtime, uint64_t tag);
be_status bei_waiter_remove(be_waiter_t *waiter, be_runtime_t *runtime);
be_status bei_waiter_arm(be_waiter_t *waiter, be_runtime_t *runtime);
be_status bei_waiter_wait(be_waiter_t *waiter, int64_t timeout_us, uint64_t *tags, size_t capacity,
                          size_t *count);
void bei_waiter_stop(be_waiter_t *waiter);

/* For streams: leaves whatever set it is in; its lock is not held. */
void bei_waiter_forget(be_runtime_t *runtime);

/* For streams: one of the set has become due at `due`; the stream's lock is held. */
void bei_waiter_wake(be_waiter_t *waiter, int64_t due);

#endif
