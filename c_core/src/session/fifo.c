#include "session/fifo.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

enum { FIRST_CAPACITY = 16000 };

static be_status grow(bei_fifo_t *fifo, size_t needed)
{
    size_t capacity = fifo->capacity ? fifo->capacity : FIRST_CAPACITY;
    while (capacity < needed) {
        if (capacity > SIZE_MAX / 2 / sizeof(float))
            return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu samples", needed);
        capacity *= 2;
    }
    float *samples = bei_alloc(capacity * sizeof *samples);
    if (!samples)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu samples", needed);
    if (fifo->count)
        memcpy(samples, fifo->samples + fifo->start, fifo->count * sizeof *samples);
    bei_free(fifo->samples);
    fifo->samples = samples;
    fifo->capacity = capacity;
    fifo->start = 0;
    return BE_OK;
}

be_status bei_fifo_reserve(bei_fifo_t *fifo, uint64_t n)
{
    if (n > SIZE_MAX / sizeof(float) / 4 - fifo->count)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %llu samples",
                             (unsigned long long)n);
    size_t needed = fifo->count + (size_t)n;
    if (fifo->start + needed <= fifo->capacity)
        return BE_OK;
    /* Sliding only when at least half is free keeps the cost of a push proportional to it. */
    if (needed > fifo->capacity / 2)
        return grow(fifo, needed > fifo->capacity ? needed : fifo->capacity + 1);
    memmove(fifo->samples, fifo->samples + fifo->start, fifo->count * sizeof *fifo->samples);
    fifo->start = 0;
    return BE_OK;
}

be_status bei_fifo_push(bei_fifo_t *fifo, const float *samples, size_t n)
{
    if (n == 0)
        return BE_OK;
    BEI_TRY(bei_fifo_reserve(fifo, n));
    float *end = fifo->samples + fifo->start + fifo->count;
    if (samples)
        memcpy(end, samples, n * sizeof *samples);
    else
        memset(end, 0, n * sizeof *end);
    fifo->count += n;
    fifo->pushed += n;
    return BE_OK;
}

const float *bei_fifo_peek(const bei_fifo_t *fifo, size_t n)
{
    return fifo->count >= n ? fifo->samples + fifo->start : NULL;
}

void bei_fifo_drop(bei_fifo_t *fifo, size_t n)
{
    fifo->start += n;
    fifo->count -= n;
    if (fifo->count == 0)
        fifo->start = 0;
}

void bei_fifo_clear(bei_fifo_t *fifo)
{
    fifo->start = fifo->count = 0;
    fifo->pushed = 0;
}

void bei_fifo_free(bei_fifo_t *fifo)
{
    bei_free(fifo->samples);
    *fifo = (bei_fifo_t){0};
}
