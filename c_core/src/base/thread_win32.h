/* The objects of base/thread.h on Windows. Its own header, which defines thousands of names, stays out of
 * ours: an SRWLOCK and a CONDITION_VARIABLE are one pointer each, and a handle is one. */
#ifndef BEI_BASE_THREAD_WIN32_H
#define BEI_BASE_THREAD_WIN32_H

typedef struct bei_mutex {
    void *word;
} bei_mutex_t;

typedef struct bei_cond {
    void *word;                   /* who waits without a deadline */
    struct bei_sleeper *sleepers; /* who waits with one; the mutex guards the list */
} bei_cond_t;

typedef void *bei_thread_id_t;

#define BEI_MUTEX_INIT                                                                             \
    {                                                                                              \
        0                                                                                          \
    }
#define BEI_COND_INIT                                                                              \
    {                                                                                              \
        0, 0                                                                                       \
    }

#endif
