/* What the benchmarks measure with. */
#ifndef BE_TESTS_BENCH_MEASURE_H
#define BE_TESTS_BENCH_MEASURE_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "essence.h"

static inline double clock_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* What a watch on the wall shows, and what this thread has worked: the second is blind to whatever else
 * the machine does, except to the caches. */
static inline double now_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

static inline double worked_us(void)
{
    return clock_us(CLOCK_THREAD_CPUTIME_ID);
}

static inline void need(be_status status, const char *what)
{
    if (status == BE_OK)
        return;
    fprintf(stderr, "bench: %s: %s\n", what, be_last_error_message());
    exit(1);
}

static inline void *need_block(size_t bytes)
{
    void *block = malloc(bytes);
    if (block)
        return block;
    fprintf(stderr, "bench: no memory for %zu bytes\n", bytes);
    exit(1);
}

static inline int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the values. */
static inline double quantile(double *values, size_t n, double q)
{
    qsort(values, n, sizeof *values, ascending);
    return values[(size_t)(q * (double)(n - 1) + 0.5)];
}

#endif
