/* The objects of base/thread.h where there are POSIX threads. */
#ifndef BEI_BASE_THREAD_POSIX_H
#define BEI_BASE_THREAD_POSIX_H

#include <pthread.h>

typedef pthread_mutex_t bei_mutex_t;
typedef pthread_cond_t bei_cond_t;
typedef pthread_t bei_thread_id_t;

#define BEI_MUTEX_INIT PTHREAD_MUTEX_INITIALIZER
#define BEI_COND_INIT PTHREAD_COND_INITIALIZER /* not for bei_cond_wait_until */

#endif
