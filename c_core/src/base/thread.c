#include "base/thread.h"

#include <signal.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

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
    pthread_cond_init(cond, NULL);
}

void bei_cond_destroy(bei_cond_t *cond)
{
    pthread_cond_destroy(cond);
}

void bei_cond_wait(bei_cond_t *cond, bei_mutex_t *mutex)
{
    pthread_cond_wait(cond, mutex);
}

void bei_cond_broadcast(bei_cond_t *cond)
{
    pthread_cond_broadcast(cond);
}

typedef struct start {
    void (*run)(void *user);
    void *user;
} start_t;

static void *trampoline(void *argument)
{
    start_t start = *(start_t *)argument;
    bei_free(argument);
    start.run(start.user);
    return NULL;
}

be_status bei_thread_start(bei_thread_t *thread, void (*run)(void *user), void *user)
{
    start_t *start = bei_alloc(sizeof *start);
    if (!start)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a thread");
    *start = (start_t){run, user};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(thread, NULL, trampoline, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure == 0)
        return BE_OK;
    bei_free(start);
    return bei_error_set(BE_ERR_OUT_OF_MEMORY, "the system gives no thread (error %d)", failure);
}

void bei_thread_join(bei_thread_t thread)
{
    pthread_join(thread, NULL);
}

uint32_t bei_process_id(void)
{
    return (uint32_t)getpid();
}
