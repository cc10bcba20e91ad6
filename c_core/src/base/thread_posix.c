#define _DARWIN_C_SOURCE /* pthread_cond_timedwait_relative_np, RTLD_NODELETE */
#include "base/thread.h"

#ifdef __APPLE__
#include <dlfcn.h>
#endif
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

void bei_mutex_init(bei_mutex_t *mutex)
{
    pthread_mutex_init(mutex, NULL);
}

void bei_mutex_destroy(bei_mutex_t *mutex)
{
    pthread_mutex_destroy(mutex);
}

void bei_mutex_lock(bei_mutex_t *mutex)
{
    pthread_mutex_lock(mutex);
}

void bei_mutex_unlock(bei_mutex_t *mutex)
{
    pthread_mutex_unlock(mutex);
}

void bei_cond_init(bei_cond_t *cond)
{
#ifdef __APPLE__
    pthread_cond_init(cond, NULL);
#else
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &steady);
    pthread_condattr_destroy(&steady);
#endif
}

void bei_cond_destroy(bei_cond_t *cond)
{
    pthread_cond_destroy(cond);
}

void bei_cond_wait(bei_cond_t *cond, bei_mutex_t *mutex)
{
    pthread_cond_wait(cond, mutex);
}

void bei_cond_wait_until(bei_cond_t *cond, bei_mutex_t *mutex, int64_t deadline_us)
{
    if (deadline_us == INT64_MAX) {
        pthread_cond_wait(cond, mutex);
        return;
    }
#ifdef __APPLE__
    int64_t left = deadline_us - bei_clock_us();
    if (left <= 0)
        return;
    struct timespec time = {(time_t)(left / 1000000), (long)(left % 1000000) * 1000};
    pthread_cond_timedwait_relative_np(cond, mutex, &time);
#else
    if (deadline_us <= 0)
        return;
    struct timespec time = {(time_t)(deadline_us / 1000000), (long)(deadline_us % 1000000) * 1000};
    pthread_cond_timedwait(cond, mutex, &time);
#endif
}

void bei_cond_broadcast(bei_cond_t *cond)
{
    pthread_cond_broadcast(cond);
}

/* A host that unloads the library must not take the code from under a thread that runs it. Elsewhere the
 * linker sees to that (nodelete). */
static void stay_loaded(void)
{
#ifdef __APPLE__
    static const char here;
    Dl_info us;
    if (dladdr(&here, &us) != 0)
        (void)dlopen(us.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
#endif
}

static void *trampoline(void *argument)
{
    const bei_thread_t *thread = argument;
    thread->run(thread->user);
    return NULL;
}

be_status bei_thread_start(bei_thread_t *thread, void (*run)(void *user), void *user)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, stay_loaded);
    thread->run = run;
    thread->user = user;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&thread->id, NULL, trampoline, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure != 0)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "the system gives no thread (error %d)",
                             failure);
    return BE_OK;
}

void bei_thread_join(bei_thread_t thread)
{
    pthread_join(thread.id, NULL);
}

int64_t bei_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t bei_clock_us(void)
{
    return bei_clock_ns() / 1000;
}

uint32_t bei_process_id(void)
{
    return (uint32_t)getpid();
}

void bei_process_after_fork(void (*run)(void))
{
    /* Fails only without memory for an entry; a child that then loads avatars may wait in vain. */
    (void)pthread_atfork(NULL, NULL, run);
}
