/* Windows' locks and conditions, but for waits with a deadline: a condition's own are rounded to the system's
 * tick of up to 16 ms, too coarse for a frame of 40. Those wait for an event or a timer of high
 * resolution; each thread has one pair, made at its first such wait. */
#include "base/thread.h"

#include <windows.h>

#include <process.h>
#include <stdbool.h>

#include "base/error.h"

#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 2
#endif

_Static_assert(sizeof(SRWLOCK) == sizeof(bei_mutex_t), "bei_mutex_t is an SRWLOCK");
_Static_assert(sizeof(CONDITION_VARIABLE) == sizeof(void *), "bei_cond_t holds one");

typedef struct bei_sleeper {
    HANDLE woken, timer;
    struct bei_sleeper *next; /* in a condition */
} sleeper_t;

static SRWLOCK *lock_of(bei_mutex_t *mutex)
{
    return (SRWLOCK *)(void *)mutex;
}

static CONDITION_VARIABLE *condition_of(bei_cond_t *cond)
{
    return (CONDITION_VARIABLE *)(void *)&cond->word;
}

void bei_mutex_init(bei_mutex_t *mutex)
{
    InitializeSRWLock(lock_of(mutex));
}

void bei_mutex_destroy(bei_mutex_t *mutex)
{
    (void)mutex;
}

void bei_mutex_lock(bei_mutex_t *mutex)
{
    AcquireSRWLockExclusive(lock_of(mutex));
}

void bei_mutex_unlock(bei_mutex_t *mutex)
{
    ReleaseSRWLockExclusive(lock_of(mutex));
}

void bei_cond_init(bei_cond_t *cond)
{
    InitializeConditionVariable(condition_of(cond));
    cond->sleepers = NULL;
}

void bei_cond_destroy(bei_cond_t *cond)
{
    (void)cond;
}

void bei_cond_wait(bei_cond_t *cond, bei_mutex_t *mutex)
{
    SleepConditionVariableSRW(condition_of(cond), lock_of(mutex), INFINITE, 0);
}

void bei_cond_broadcast(bei_cond_t *cond)
{
    WakeAllConditionVariable(condition_of(cond));
    for (sleeper_t *sleeper = cond->sleepers; sleeper; sleeper = sleeper->next)
        SetEvent(sleeper->woken);
}

/* ---------------------------------------------------------------- deadlines */

static INIT_ONCE prepared = INIT_ONCE_STATIC_INIT;
static DWORD slot = FLS_OUT_OF_INDEXES; /* of this thread's sleeper */

static void close_sleeper(void *user)
{
    sleeper_t *sleeper = user;
    if (!sleeper)
        return;
    if (sleeper->woken)
        CloseHandle(sleeper->woken);
    if (sleeper->timer)
        CloseHandle(sleeper->timer);
    HeapFree(GetProcessHeap(), 0, sleeper);
}

static void WINAPI on_thread_end(void *user)
{
    close_sleeper(user);
}

static BOOL WINAPI prepare(INIT_ONCE *once, void *parameter, void **context)
{
    (void)once, (void)parameter, (void)context;
    /* A host that unloads the library must not take the code from under a thread that runs it, or
     * that will call on_thread_end. */
    HMODULE self;
    if (GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                           (LPCWSTR)(void *)&prepared, &self))
        slot = FlsAlloc(on_thread_end);
    return TRUE;
}

static HANDLE create_timer(void)
{
    HANDLE timer =
        CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, TIMER_ALL_ACCESS);
    /* Before Windows 10 version 1803 there is none of high resolution. */
    return timer ? timer : CreateWaitableTimerW(NULL, FALSE, NULL);
}

static sleeper_t *create_sleeper(void)
{
    sleeper_t *sleeper = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *sleeper);
    if (!sleeper)
        return NULL;
    sleeper->woken = CreateEventW(NULL, TRUE, FALSE, NULL);
    sleeper->timer = create_timer();
    if (sleeper->woken && sleeper->timer && FlsSetValue(slot, sleeper))
        return sleeper;
    close_sleeper(sleeper);
    return NULL;
}

/* This thread's; NULL when the system gives none. */
static sleeper_t *get_sleeper(void)
{
    InitOnceExecuteOnce(&prepared, prepare, NULL, NULL);
    if (slot == FLS_OUT_OF_INDEXES)
        return NULL;
    sleeper_t *sleeper = FlsGetValue(slot);
    return sleeper ? sleeper : create_sleeper();
}

static void leave(bei_cond_t *cond, sleeper_t *sleeper)
{
    sleeper_t **link = &cond->sleepers;
    while (*link != sleeper)
        link = &(*link)->next;
    *link = sleeper->next;
    ResetEvent(sleeper->woken);
}

static bool sleep_for(bei_cond_t *cond, bei_mutex_t *mutex, int64_t left_us)
{
    sleeper_t *sleeper = get_sleeper();
    LARGE_INTEGER time = {.QuadPart = -10 * left_us}; /* of 100 ns each; negative: from now on */
    if (!sleeper || !SetWaitableTimer(sleeper->timer, &time, 0, NULL, NULL, FALSE))
        return false;
    sleeper->next = cond->sleepers;
    cond->sleepers = sleeper;
    bei_mutex_unlock(mutex);
    WaitForMultipleObjects(2, (HANDLE[]){sleeper->woken, sleeper->timer}, FALSE, INFINITE);
    bei_mutex_lock(mutex);
    leave(cond, sleeper);
    return true;
}

void bei_cond_wait_until(bei_cond_t *cond, bei_mutex_t *mutex, int64_t deadline_us)
{
    static const int64_t DAY = 24 * 3600 * (int64_t)1000000; /* waking without cause is allowed */
    if (deadline_us == INT64_MAX) {
        bei_cond_wait(cond, mutex);
        return;
    }
    int64_t left = deadline_us - bei_clock_us();
    if (left <= 0)
        return;
    left = left < DAY ? left : DAY;
    if (!sleep_for(cond, mutex, left))
        SleepConditionVariableSRW(condition_of(cond), lock_of(mutex), (DWORD)(left / 1000) + 1, 0);
}

/* ---------------------------------------------------------------- threads, clock, process */

static unsigned __stdcall trampoline(void *argument)
{
    const bei_thread_t *thread = argument;
    thread->run(thread->user);
    return 0;
}

be_status bei_thread_start(bei_thread_t *thread, void (*run)(void *user), void *user)
{
    InitOnceExecuteOnce(&prepared, prepare, NULL, NULL);
    thread->run = run;
    thread->user = user;
    const uintptr_t handle = _beginthreadex(NULL, 0, trampoline, thread, 0, NULL);
    if (handle == 0)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "the system gives no thread (Windows error %lu)",
                             (unsigned long)GetLastError());
    thread->id = (void *)handle;
    return BE_OK;
}

void bei_thread_join(bei_thread_t thread)
{
    WaitForSingleObject(thread.id, INFINITE);
    CloseHandle(thread.id);
}

int64_t bei_clock_ns(void)
{
    const int64_t second = 1000000000;
    LARGE_INTEGER rate, now; /* both always succeed since Windows XP */
    QueryPerformanceFrequency(&rate);
    QueryPerformanceCounter(&now);
    return now.QuadPart / rate.QuadPart * second +
           now.QuadPart % rate.QuadPart * second / rate.QuadPart;
}

int64_t bei_clock_us(void)
{
    return bei_clock_ns() / 1000;
}

uint32_t bei_process_id(void)
{
    return (uint32_t)GetCurrentProcessId();
}

void bei_process_after_fork(void (*run)(void))
{
    (void)run; /* Windows does not fork */
}
