/* Threads, locks and conditions: the one place that knows the operating system's. A lock or
 * condition is a plain object; statically allocated ones may use the initialisers. None of these
 * can fail once its object exists. */
#ifndef BEI_BASE_THREAD_H
#define BEI_BASE_THREAD_H

#include <stdint.h>

#ifdef _WIN32
#include "base/thread_win32.h"
#else
#include "base/thread_posix.h"
#endif
#include "essence.h"

/* Stays where it is until it was joined: the thread reads it. */
typedef struct bei_thread {
    bei_thread_id_t id;
    void (*run)(void *user);
    void *user;
} bei_thread_t;

void bei_mutex_init(bei_mutex_t *mutex);
void bei_mutex_destroy(bei_mutex_t *mutex);
void bei_mutex_lock(bei_mutex_t *mutex);
void bei_mutex_unlock(bei_mutex_t *mutex);

void bei_cond_init(bei_cond_t *cond);
void bei_cond_destroy(bei_cond_t *cond);
void bei_cond_wait(bei_cond_t *cond, bei_mutex_t *mutex); /* may wake without cause */
/* The same, until bei_clock_us() reaches `deadline_us` at the latest. */
void bei_cond_wait_until(bei_cond_t *cond, bei_mutex_t *mutex, int64_t deadline_us);
void bei_cond_broadcast(bei_cond_t *cond); /* the waiters' mutex is held */

/* Starts `run(user)`; BE_ERR_OUT_OF_MEMORY when the system gives no thread. The thread blocks all
 * signals: those belong to the host's threads. */
be_status bei_thread_start(bei_thread_t *thread, void (*run)(void *user), void *user);
void bei_thread_join(bei_thread_t thread);

/* A clock that never goes back, from an arbitrary start. */
int64_t bei_clock_ns(void);
int64_t bei_clock_us(void);

/* This process, for handles that must not be used after a fork. */
uint32_t bei_process_id(void);

/* Has `run` called first thing in a child that a fork makes of this process; it must not allocate. */
void bei_process_after_fork(void (*run)(void));

#endif
