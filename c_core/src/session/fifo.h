/* A queue of audio samples. Memory grows with what waits and is kept for reuse. */
#ifndef BEI_SESSION_FIFO_H
#define BEI_SESSION_FIFO_H

#include <stddef.h>
#include <stdint.h>

#include "essence.h"

typedef struct bei_fifo {
    float *samples;
    size_t start, count, capacity;
    uint64_t pushed; /* samples ever pushed since the last clear */
} bei_fifo_t;

/* Appends n samples; NULL appends zeros. BE_ERR_OUT_OF_MEMORY leaves the queue as it was. */
be_status bei_fifo_push(bei_fifo_t *fifo, const float *samples, size_t n);

/* Makes room, so that pushes of up to n samples in all cannot fail. BE_ERR_OUT_OF_MEMORY. */
be_status bei_fifo_reserve(bei_fifo_t *fifo, uint64_t n);

/* The next samples, or NULL when fewer than n wait. They stay until bei_fifo_drop. */
const float *bei_fifo_peek(const bei_fifo_t *fifo, size_t n);
void bei_fifo_drop(bei_fifo_t *fifo, size_t n);

void bei_fifo_clear(bei_fifo_t *fifo); /* keeps its memory */
void bei_fifo_free(bei_fifo_t *fifo);

#endif
