#include "picture/runs.h"

#include <string.h>

static uint32_t rows_of(uint32_t height, int plane)
{
    return plane == 0 ? height : bei_i420_half(height);
}

static uint32_t columns_of(uint32_t width, int plane)
{
    return plane == 0 ? width : bei_i420_half(width);
}

uint32_t bei_runs_count(uint32_t width, uint32_t height)
{
    (void)width;
    return height + 2 * bei_i420_half(height);
}

uint64_t bei_runs_most(uint32_t width, uint32_t height)
{
    const uint64_t chroma = (uint64_t)bei_i420_half(width) * bei_i420_half(height);
    return bei_runs_count(width, height) * sizeof(bei_run_t) + (uint64_t)width * height +
           2 * chroma;
}

static int same_word(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, sizeof(uint64_t)) == 0; /* one comparison of registers */
}

static bei_run_t find_run(const uint8_t *a, const uint8_t *b, uint32_t n)
{
    enum { WORD = sizeof(uint64_t) };
    uint32_t start = 0, end = n;
    while (start + WORD <= n && same_word(a + start, b + start))
        start += WORD;
    while (start < n && a[start] == b[start])
        start++;
    if (start == n)
        return (bei_run_t){0, 0};
    while (end >= start + WORD && same_word(a + end - WORD, b + end - WORD))
        end -= WORD;
    while (a[end - 1] == b[end - 1])
        end--;
    return (bei_run_t){(uint16_t)start, (uint16_t)(end - start)};
}

size_t bei_runs_find(const bei_i420_t *picture, const bei_i420_t *under, bei_run_t *runs)
{
    size_t bytes = 0;
    for (int p = 0; p < 3; p++)
        for (uint32_t y = 0; y < rows_of(picture->height, p); y++, runs++) {
            *runs = find_run(picture->plane[p] + (size_t)y * picture->stride[p],
                             under->plane[p] + (size_t)y * under->stride[p],
                             columns_of(picture->width, p));
            bytes += runs->length;
        }
    return bytes;
}

void bei_runs_copy(const bei_i420_t *picture, const bei_run_t *runs, uint8_t *samples)
{
    for (int p = 0; p < 3; p++)
        for (uint32_t y = 0; y < rows_of(picture->height, p); y++, runs++) {
            memcpy(samples, picture->plane[p] + (size_t)y * picture->stride[p] + runs->start,
                   runs->length);
            samples += runs->length;
        }
}
