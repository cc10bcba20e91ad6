/* A decoded picture, whole or packed: as far as it differs from the picture that it is laid over.
 *
 * Most of a moving rectangle is often the still background, bit for bit. Packed, each row of each plane
 * is one run, from the first to the last sample that differs. */
#ifndef BEI_PICTURE_RUNS_H
#define BEI_PICTURE_RUNS_H

#include "base/i420.h"

typedef struct bei_run {
    uint16_t start, length; /* samples */
} bei_run_t;

typedef struct bei_picture {
    bei_i420_t planes;      /* packed: only width and height */
    const bei_run_t *runs;  /* NULL: whole; else of each row, plane after plane */
    const uint8_t *samples; /* theirs, one after the other */
} bei_picture_t;

/* Rows of all planes together. */
uint32_t bei_runs_count(uint32_t width, uint32_t height);

/* What a packed picture takes at most, in bytes, runs and samples. */
uint64_t bei_runs_most(uint32_t width, uint32_t height);

/* Finds the runs of `picture` over `under`, which has its size; gives their bytes. */
size_t bei_runs_find(const bei_i420_t *picture, const bei_i420_t *under, bei_run_t *runs);

/* Copies the samples of runs one after the other. */
void bei_runs_copy(const bei_i420_t *picture, const bei_run_t *runs, uint8_t *samples);

#endif
