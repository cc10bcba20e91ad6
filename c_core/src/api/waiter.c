#include "session/waiter.h"

#include "api/check.h"
#include "essence.h"
#include "session/runtime.h"

be_status be_waiter_create(be_waiter_t **out)
{
    CHECK_NOT_NULL(out);
    be_waiter_t *waiter = NULL;
    BEI_TRY(bei_waiter_create(&waiter));
    *out = waiter;
    return BE_OK;
}

void be_waiter_destroy(be_waiter_t *waiter)
{
    bei_waiter_destroy(waiter);
}

be_status be_waiter_add(be_waiter_t *waiter, be_runtime_t *runtime, uint64_t tag)
{
    CHECK_NOT_NULL(waiter);
    CHECK_NOT_NULL(runtime);
    BEI_TRY(bei_runtime_enter(runtime));
    be_status status = bei_waiter_add(waiter, runtime, tag);
    bei_runtime_leave(runtime);
    return status;
}

be_status be_waiter_remove(be_waiter_t *waiter, be_runtime_t *runtime)
{
    CHECK_NOT_NULL(waiter);
    CHECK_NOT_NULL(runtime);
    BEI_TRY(bei_runtime_enter(runtime));
    be_status status = bei_waiter_remove(waiter, runtime);
    bei_runtime_leave(runtime);
    return status;
}

be_status be_waiter_arm(be_waiter_t *waiter, be_runtime_t *runtime)
{
    CHECK_NOT_NULL(waiter);
    CHECK_NOT_NULL(runtime);
    return bei_waiter_arm(waiter, runtime);
}

be_status be_waiter_wait(be_waiter_t *waiter, int64_t timeout_us, uint64_t *tags, size_t capacity,
                         size_t *count)
{
    CHECK_NOT_NULL(waiter);
    CHECK_NOT_NULL(tags);
    CHECK_NOT_NULL(count);
    BEI_REQUIRE(capacity > 0, "there is no room for a tag");
    return bei_waiter_wait(waiter, timeout_us, tags, capacity, count);
}

void be_waiter_stop(be_waiter_t *waiter)
{
    if (waiter)
        bei_waiter_stop(waiter);
}
