#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/thread.h"

static bei_mutex_t lock = BEI_MUTEX_INIT;
static bei_cond_t idle = BEI_COND_INIT;
static atomic_int threshold = BE_LOG_OFF;
static be_log_fn *sink_fn;
static void *sink_user;
static unsigned calls;               /* of the sink, in progress */
static _Thread_local unsigned inner; /* those of them that are this thread's own */

void bei_log_set_sink(be_log_fn *sink, void *user, be_log_level level)
{
    bei_mutex_lock(&lock);
    sink_fn = sink;
    sink_user = user;
    atomic_store(&threshold, sink ? (int)level : BE_LOG_OFF);
    /* The host may free what the old sink used as soon as this returns. */
    while (calls > inner)
        bei_cond_wait(&idle, &lock);
    bei_mutex_unlock(&lock);
}

static void deliver(be_log_level level, const char *line)
{
    bei_mutex_lock(&lock);
    be_log_fn *sink = sink_fn;
    void *user = sink_user;
    calls++;
    inner++;
    bei_mutex_unlock(&lock);
    if (sink)
        sink(level, line, user);
    bei_mutex_lock(&lock);
    calls--;
    inner--;
    bei_cond_broadcast(&idle);
    bei_mutex_unlock(&lock);
}

void bei_log(be_log_level level, const char *format, ...)
{
    if ((int)level > atomic_load_explicit(&threshold, memory_order_relaxed))
        return;
    char line[768];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    deliver(level, line);
}
