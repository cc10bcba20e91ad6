/* The status of a failed call and its sentence.
 *
 * Every internal function that can fail returns be_status. The one that finds the fault records a
 * sentence with bei_error_set; callers above only pass the status on. Recording cannot fail: the
 * text lives in a fixed thread-local buffer. */
#ifndef BEI_BASE_ERROR_H
#define BEI_BASE_ERROR_H

#include "essence.h"

#if defined(__MINGW32__) && !defined(__clang__)
/* Here "printf" would mean Microsoft's of old, which knows no %zu. */
#define BEI_PRINTF(fmt, args) __attribute__((format(gnu_printf, fmt, args)))
#elif defined(__GNUC__)
#define BEI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define BEI_PRINTF(fmt, args)
#endif

/* Records a one-line sentence (no full stop, with the offending value) for this thread and returns
 * `status`, so that a check reads `return bei_error_set(BE_ERR_..., "...")`. */
be_status bei_error_set(be_status status, const char *format, ...) BEI_PRINTF(2, 3);

/* The sentence of the last failed call on this thread; "" when there is none. Valid until the next
 * failure on this thread. */
const char *bei_error_message(void);

/* Forgets the sentence: for a call that failed at first and then succeeded another way. */
void bei_error_clear(void);

/* Passes a failure on. */
#define BEI_TRY(expr)                                                                              \
    do {                                                                                           \
        be_status bei_try_status = (expr);                                                         \
        if (bei_try_status != BE_OK)                                                               \
            return bei_try_status;                                                                 \
    } while (0)

/* Refuses a bad argument with a sentence that names it. */
#define BEI_REQUIRE(cond, ...)                                                                     \
    do {                                                                                           \
        if (!(cond))                                                                               \
            return bei_error_set(BE_ERR_INVALID_ARG, __VA_ARGS__);                                 \
    } while (0)

#endif
