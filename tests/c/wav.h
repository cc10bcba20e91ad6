/* Reads the 16-bit mono WAV files of the tests. */
#ifndef BE_TESTS_WAV_H
#define BE_TESTS_WAV_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The samples (to be freed) of a plain 44-byte-header file, its rate and length. */
static inline int16_t *read_wav(const char *path, uint32_t *rate, size_t *n)
{
    FILE *file = fopen(path, "rb");
    unsigned char header[44];
    if (!file || fread(header, 1, sizeof header, file) != sizeof header ||
        memcmp(header + 36, "data", 4) != 0)
        abort();
    memcpy(rate, header + 24, 4);
    uint32_t bytes;
    memcpy(&bytes, header + 40, 4);
    int16_t *samples = malloc(bytes);
    *n = fread(samples, 2, bytes / 2, file);
    fclose(file);
    return samples;
}

#endif
