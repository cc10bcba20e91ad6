/* Numbers that nobody can guess, for names and for jitter. */
#ifndef BEI_BASE_RANDOM_H
#define BEI_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills memory from the system's generator; where there is none, from the clock. Any thread. */
void bei_random_fill(uint8_t *bytes, size_t size);

/* The system's part of it: how many bytes its generator gave. */
size_t bei_random_ask_system(uint8_t *bytes, size_t size);

#endif
