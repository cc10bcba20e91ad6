#include "session/waiter.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "session/stream.h"

typedef struct member {
    be_runtime_t *runtime;
    uint64_t tag;
    bool armed;
} member_t;

struct be_waiter {
    uint32_t owner;   /* the process that made it */
    bei_mutex_t lock; /* guards what follows */
    bei_cond_t changed;
    member_t *members;
    size_t count, capacity;
    uint32_t sleepers;
    int64_t until; /* when the last of them wakes by himself */
    uint32_t inside;
    bool closing, stopped;
};

/* Held while anybody joins or leaves any set, so that a set can be taken apart. */
static bei_mutex_t membership = BEI_MUTEX_INIT;

/* Whoever held it is not in the child. */
static void forget_parent(void)
{
    bei_mutex_init(&membership);
}

static void watch_forks(void)
{
    static bool watched;
    bei_mutex_lock(&membership);
    if (!watched)
        bei_process_after_fork(forget_parent);
    watched = true;
    bei_mutex_unlock(&membership);
}

be_status bei_waiter_create(be_waiter_t **out)
{
    watch_forks();
    be_waiter_t *waiter = bei_calloc(1, sizeof *waiter);
    if (!waiter)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a waiter");
    waiter->owner = bei_process_id();
    bei_mutex_init(&waiter->lock);
    bei_cond_init(&waiter->changed);
    *out = waiter;
    return BE_OK;
}

static be_status enter(be_waiter_t *waiter)
{
    BEI_REQUIRE(waiter->owner == bei_process_id(),
                "this waiter belongs to process %u: a fork does not carry it over", waiter->owner);
    bei_mutex_lock(&waiter->lock);
    bool closing = waiter->closing;
    waiter->inside += !closing;
    bei_mutex_unlock(&waiter->lock);
    return closing ? bei_error_set(BE_ERR_STOPPED, "the waiter is being destroyed") : BE_OK;
}

static be_status leave(be_waiter_t *waiter, be_status status)
{
    bei_mutex_lock(&waiter->lock);
    waiter->inside--;
    if (waiter->closing)
        bei_cond_broadcast(&waiter->changed);
    bei_mutex_unlock(&waiter->lock);
    return status;
}

/* ---------------------------------------------------------------- membership */

static member_t *find(be_waiter_t *waiter, const be_runtime_t *runtime)
{
    for (size_t i = 0; i < waiter->count; i++)
        if (waiter->members[i].runtime == runtime)
            return &waiter->members[i];
    return NULL;
}

static be_status join(be_waiter_t *waiter, be_runtime_t *runtime, uint64_t tag)
{
    if (waiter->count == waiter->capacity) {
        size_t larger = waiter->capacity ? 2 * waiter->capacity : 16;
        member_t *grown =
            bei_realloc(waiter->members, waiter->count * sizeof *grown, larger * sizeof *grown);
        if (!grown)
            return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu streams", larger);
        waiter->members = grown;
        waiter->capacity = larger;
    }
    waiter->members[waiter->count++] = (member_t){runtime, tag, false};
    return BE_OK;
}

/* The membership's lock is held. */
static be_status add(be_waiter_t *waiter, be_runtime_t *runtime, uint64_t tag)
{
    bei_mutex_lock(&runtime->lock);
    be_status status = BE_OK;
    if (runtime->waiter) {
        status = bei_error_set(BE_ERR_INVALID_ARG, "the stream is in a waiter already");
    } else {
        bei_mutex_lock(&waiter->lock);
        status = join(waiter, runtime, tag);
        bei_mutex_unlock(&waiter->lock);
    }
    if (status == BE_OK)
        runtime->waiter = waiter;
    bei_mutex_unlock(&runtime->lock);
    return status;
}

/* The membership's lock is held. */
static void drop(be_waiter_t *waiter, be_runtime_t *runtime)
{
    bei_mutex_lock(&runtime->lock);
    bei_mutex_lock(&waiter->lock);
    member_t *member = find(waiter, runtime);
    if (member)
        *member = waiter->members[--waiter->count];
    bei_mutex_unlock(&waiter->lock);
    runtime->waiter = NULL;
    bei_mutex_unlock(&runtime->lock);
}

be_status bei_waiter_add(be_waiter_t *waiter, be_runtime_t *runtime, uint64_t tag)
{
    BEI_TRY(enter(waiter));
    bei_mutex_lock(&membership);
    be_status status = add(waiter, runtime, tag);
    bei_mutex_unlock(&membership);
    return leave(waiter, status);
}

static be_status not_member(void)
{
    return bei_error_set(BE_ERR_INVALID_ARG, "the stream is not in this waiter");
}

be_status bei_waiter_remove(be_waiter_t *waiter, be_runtime_t *runtime)
{
    BEI_TRY(enter(waiter));
    bei_mutex_lock(&membership);
    be_status status = BE_OK;
    if (runtime->waiter == waiter)
        drop(waiter, runtime);
    else
        status = not_member();
    bei_mutex_unlock(&membership);
    return leave(waiter, status);
}

void bei_waiter_forget(be_runtime_t *runtime)
{
    bei_mutex_lock(&membership);
    if (runtime->waiter)
        drop(runtime->waiter, runtime);
    bei_mutex_unlock(&membership);
}

void bei_waiter_destroy(be_waiter_t *waiter)
{
    if (!waiter || waiter->owner != bei_process_id())
        return;
    bei_waiter_stop(waiter);
    bei_mutex_lock(&waiter->lock);
    waiter->closing = true; /* from here on nobody joins */
    while (waiter->inside > 0)
        bei_cond_wait(&waiter->changed, &waiter->lock);
    bei_mutex_unlock(&waiter->lock);
    bei_mutex_lock(&membership);
    while (waiter->count > 0)
        drop(waiter, waiter->members[waiter->count - 1].runtime);
    bei_mutex_unlock(&membership);
    bei_free(waiter->members);
    bei_cond_destroy(&waiter->changed);
    bei_mutex_destroy(&waiter->lock);
    bei_free(waiter);
}

void bei_waiter_stop(be_waiter_t *waiter)
{
    if (waiter->owner != bei_process_id())
        return;
    bei_mutex_lock(&waiter->lock);
    waiter->stopped = true;
    bei_cond_broadcast(&waiter->changed);
    bei_mutex_unlock(&waiter->lock);
}

/* ---------------------------------------------------------------- waiting */

static int64_t due_of(const member_t *member)
{
    return bei_runtime_next_due(member->runtime);
}

/* The lock is held. */
static void wake(be_waiter_t *waiter, int64_t due)
{
    if (waiter->sleepers > 0 && due < waiter->until)
        bei_cond_broadcast(&waiter->changed);
}

void bei_waiter_wake(be_waiter_t *waiter, int64_t due)
{
    bei_mutex_lock(&waiter->lock);
    wake(waiter, due);
    bei_mutex_unlock(&waiter->lock);
}

be_status bei_waiter_arm(be_waiter_t *waiter, be_runtime_t *runtime)
{
    BEI_TRY(enter(waiter));
    bei_mutex_lock(&waiter->lock);
    member_t *member = find(waiter, runtime);
    if (member) {
        member->armed = true;
        wake(waiter, due_of(member));
    }
    bei_mutex_unlock(&waiter->lock);
    return leave(waiter, member ? BE_OK : not_member());
}

/* The armed member that is due first, or NULL. */
static member_t *most_due(be_waiter_t *waiter, int64_t *due)
{
    member_t *first = NULL;
    *due = INT64_MAX;
    for (size_t i = 0; i < waiter->count; i++) {
        member_t *member = &waiter->members[i];
        int64_t its = member->armed ? due_of(member) : INT64_MAX;
        if (its < *due) {
            *due = its;
            first = member;
        }
    }
    return first;
}

/* Takes those that are due, the longest due first; returns when the next one will be. */
static int64_t collect(be_waiter_t *waiter, int64_t now, uint64_t *tags, size_t capacity,
                       size_t *count)
{
    int64_t due;
    member_t *member = most_due(waiter, &due);
    for (*count = 0; member && due <= now; member = most_due(waiter, &due)) {
        if (*count == capacity)
            return now;
        member->armed = false;
        tags[(*count)++] = member->tag;
    }
    return due;
}

static void sleep_until(be_waiter_t *waiter, int64_t time)
{
    if (waiter->sleepers++ == 0 || time > waiter->until)
        waiter->until = time;
    bei_cond_wait_until(&waiter->changed, &waiter->lock, time);
    waiter->sleepers--;
}

/* The lock is held. */
static be_status wait_for_some(be_waiter_t *waiter, int64_t deadline, uint64_t *tags,
                               size_t capacity, size_t *count)
{
    for (;;) {
        if (waiter->stopped)
            return bei_error_set(BE_ERR_STOPPED, "the waiter was stopped");
        int64_t now = bei_clock_us();
        int64_t next = collect(waiter, now, tags, capacity, count);
        if (*count > 0)
            return BE_OK;
        if (now >= deadline)
            return bei_error_set(BE_ERR_TIMEOUT, "no stream was due");
        sleep_until(waiter, next < deadline ? next : deadline);
    }
}

be_status bei_waiter_wait(be_waiter_t *waiter, int64_t timeout_us, uint64_t *tags, size_t capacity,
                          size_t *count)
{
    BEI_TRY(enter(waiter));
    int64_t start = bei_clock_us();
    bool endless = timeout_us < 0 || timeout_us > INT64_MAX - start;
    size_t found = 0;
    bei_mutex_lock(&waiter->lock);
    be_status status =
        wait_for_some(waiter, endless ? INT64_MAX : start + timeout_us, tags, capacity, &found);
    bei_mutex_unlock(&waiter->lock);
    if (status == BE_OK)
        *count = found;
    return leave(waiter, status);
}
