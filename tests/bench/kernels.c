/* essence-bench-kernels [WIDTH HEIGHT [ROUNDS]]
 *
 * Times how a mouth gets into a picture and how the picture gets out: each pixel format and each change of
 * size, by every kernel that this processor runs, beside a copy of as many bytes. All take turns, so that they see the same
 * machine. Before, vector kernels and those in C are compared: exit status 1 when a byte differs. One line each: microseconds (median, and the copy's), and their ratio, which is what holds
 * on other machines.
 *   warm   into one buffer that is written again and again, as a view is
 *   cold   into a set of buffers too large for the caches, as a queue of frames is */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/i420.h"
#include "base/memory.h"
#include "picture/convert.h"
#include "picture/image.h"
#include "picture/mouth.h"
#include "picture/resize.h"

enum { COLD_SET = 64, CASES = 32, PATCH_W = 224, PATCH_H = 176 };

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, ascending);
    return values[n / 2];
}

/* One thing to time, and the copy beside it. */
typedef struct timed {
    char name[48];
    const bei_convert_kernels_t *kernels; /* a conversion to `format`; or else */
    be_pixel_format format;
    bei_resizer_t *resizer; /* a change of size */
    const bei_mouth_kernels_t *mouth;
    int two;      /* mouths, mixed before they are pasted */
    size_t bytes; /* of its output */
    double *times, *copy_times;
} timed_t;

typedef struct bench {
    bei_i420_t picture, patch, other, mixed;
    bei_mouth_mask_t mask;
    bei_placement_t placement;
    uint8_t *cold, *source;
    size_t largest, rounds, count;
    timed_t timed[CASES];
} bench_t;

static void *need(void *block)
{
    if (block)
        return block;
    fprintf(stderr, "essence-bench-kernels: no memory\n");
    exit(1);
}

static timed_t *add(bench_t *b, const char *what, const char *kernel, size_t bytes)
{
    timed_t *timed = &b->timed[b->count++];
    snprintf(timed->name, sizeof timed->name, "%s, %s", what, kernel);
    timed->bytes = bytes;
    timed->times = need(malloc(b->rounds * sizeof *timed->times));
    timed->copy_times = need(malloc(b->rounds * sizeof *timed->copy_times));
    if (bytes > b->largest)
        b->largest = bytes;
    return timed;
}

static void add_formats(bench_t *b, const bei_convert_kernels_t *kernels, const char *kernel)
{
    static const char *const NAME[] = {"BGR24", "RGB24", "BGRA32", "I420", "NV12"};
    for (be_pixel_format format = BE_PIXEL_BGR24; format <= BE_PIXEL_NV12; format++) {
        const size_t bytes = bei_image_bytes(format, b->picture.width, b->picture.height, 0);
        timed_t *timed = add(b, NAME[format - 1], kernel, bytes);
        timed->kernels = kernels;
        timed->format = format;
    }
}

static void add_resize(bench_t *b, uint32_t width, uint32_t height)
{
    char what[32];
    snprintf(what, sizeof what, "to %u x %u", width, height);
    timed_t *timed = add(b, what, "I420", (size_t)bei_i420_size(width, height));
    if (bei_resizer_create(b->picture.width, b->picture.height, width, height, &timed->resizer) !=
        BE_OK)
        need(NULL);
}

static bei_i420_t noise(uint32_t width, uint32_t height)
{
    const size_t bytes = (size_t)bei_i420_size(width, height);
    uint8_t *block = need(bei_alloc(bytes));
    for (size_t i = 0; i < bytes; i++)
        block[i] = (uint8_t)(i * 2654435761u >> 13);
    return bei_i420_over(block, width, height);
}

/* A mouth of a head that is turned by 2 degrees, in the middle of the picture; the mask is an ellipse with
 * a soft edge. */
static void set_mouth(bench_t *b)
{
    uint8_t *alpha = need(calloc(PATCH_W, PATCH_H));
    for (int y = 0; y < PATCH_H; y++)
        for (int x = 0; x < PATCH_W; x++) {
            const double dx = (2.0 * x - PATCH_W) / (PATCH_W - 6);
            const double dy = (2.0 * y - PATCH_H) / (PATCH_H - 6);
            const double level = (1 - dx * dx - dy * dy) * 3.1 * 255;
            alpha[y * PATCH_W + x] = (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
        }
    bei_mouth_mask_prepare(&b->mask, alpha, PATCH_W, PATCH_H);
    b->patch = noise(PATCH_W, PATCH_H);
    b->other = noise(PATCH_W, PATCH_H);
    b->mixed = noise(PATCH_W, PATCH_H);
    const int32_t x = (int32_t)b->picture.width / 2, y = (int32_t)b->picture.height / 2;
    const int32_t m[6] = {65496, 2287,  PATCH_W * 32768 - 65496 * x - 2287 * y,
                          -2287, 65496, PATCH_H * 32768 + 2287 * x - 65496 * y};
    memcpy(b->placement.affine, m, sizeof m);
    if (bei_placement_prepare(&b->placement, b->picture.width, b->picture.height, PATCH_W,
                              PATCH_H) != BE_OK)
        need(NULL);
}

static void add_mouth(bench_t *b, const bei_mouth_kernels_t *kernels, const char *kernel)
{
    for (int two = 0; two < 2; two++) {
        timed_t *timed = add(b, two ? "two mouths" : "mouth", kernel, PATCH_W * PATCH_H * 3 / 2);
        timed->mouth = kernels;
        timed->two = two;
    }
}

static void run(const bench_t *b, const timed_t *timed, uint8_t *out)
{
    bei_image_t image;
    if (timed->two)
        bei_mouth_mix(&b->mixed, &b->patch, &b->other, 5);
    if (timed->mouth)
        bei_mouth_blend_with(timed->mouth, &b->picture, &b->placement,
                             timed->two ? &b->mixed : &b->patch, &b->mask);
    else if (timed->resizer)
        bei_resizer_view(timed->resizer, &b->picture);
    else if (bei_image_layout(timed->format, b->picture.width, b->picture.height, 0, out,
                              timed->bytes, &image) == BE_OK)
        bei_convert_with(timed->kernels, &b->picture, &image);
}

/* ---------------------------------------------------------------- the same bytes */

static void must_be_equal(const char *what, const uint8_t *a, const uint8_t *b, size_t bytes)
{
    if (memcmp(a, b, bytes) == 0)
        return;
    fprintf(stderr, "essence-bench-kernels: %s: the vector kernel differs from C\n", what);
    exit(1);
}

/* Each case against the one of the same name in C, which comes before it. */
static void compare_kernels(const bench_t *b)
{
    const bei_i420_t clean = b->picture;
    const size_t picture_bytes = (size_t)bei_i420_size(clean.width, clean.height);
    for (size_t i = 0; i < b->count; i++)
        for (size_t j = i + 1; j < b->count; j++) {
            const timed_t *c = &b->timed[i], *vector = &b->timed[j];
            if (c->resizer || vector->resizer || c->format != vector->format ||
                c->two != vector->two)
                continue;
            const size_t bytes = c->mouth ? picture_bytes : c->bytes;
            uint8_t *outs[2] = {b->cold, b->cold + b->largest};
            for (int side = 0; side < 2; side++) {
                bench_t copy = *b;
                if (c->mouth) { /* which is pasted into the picture */
                    copy.picture = bei_i420_over(outs[side], clean.width, clean.height);
                    bei_i420_copy(&copy.picture, &clean);
                }
                run(&copy, side ? vector : c, outs[side]);
            }
            must_be_equal(c->name, outs[0], outs[1], bytes);
        }
}

static void time_all(bench_t *b, int cold)
{
    size_t turn = 0;
    for (size_t round = 0; round < b->rounds; round++)
        for (size_t i = 0; i < b->count; i++) {
            timed_t *timed = &b->timed[i];
            uint8_t *out = b->cold + (cold ? turn++ * 29 % COLD_SET * b->largest : 0);
            if (!cold) /* what another case left in the caches is not this one's */
                run(b, timed, out);
            double start = now_us();
            run(b, timed, out);
            double end = now_us();
            timed->times[round] = end - start;
            if (cold)
                out = b->cold + turn++ * 29 % COLD_SET * b->largest;
            else
                memcpy(out, b->source, timed->bytes);
            start = now_us();
            memcpy(out, b->source, timed->bytes);
            timed->copy_times[round] = now_us() - start;
        }
}

static void print_all(bench_t *b, const char *how)
{
    for (size_t i = 0; i < b->count; i++) {
        timed_t *timed = &b->timed[i];
        double us = median(timed->times, b->rounds), copy = median(timed->copy_times, b->rounds);
        printf("%-4s %-24s %8.1f us   copy %7.1f us   ratio %5.2f\n", how, timed->name, us, copy,
               us / copy);
    }
}

int main(int argc, char **argv)
{
    const uint32_t width = argc > 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1280;
    const uint32_t height = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 720;
    if (argc == 2 || width < 16 || height < 16 || width > 8192 || height > 8192) {
        fprintf(stderr, "usage: essence-bench-kernels [WIDTH HEIGHT [ROUNDS]]\n");
        return 64;
    }
    static bench_t b;
    b.rounds = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 300;
    b.rounds = b.rounds < 10 ? 10 : b.rounds;
    b.picture = noise(width, height);
    set_mouth(&b);
    add_mouth(&b, &bei_mouth_c, "C");
    if (bei_mouth_best() != &bei_mouth_c)
        add_mouth(&b, bei_mouth_best(), "vector");
    add_formats(&b, &bei_convert_c, "C");
    if (bei_convert_best() != &bei_convert_c)
        add_formats(&b, bei_convert_best(), "vector");
    add_resize(&b, width / 2, height / 2);
    add_resize(&b, width * 2 / 3, height * 2 / 3);
    add_resize(&b, width * 3 / 2, height * 3 / 2);
    b.source = need(bei_alloc(b.largest));
    memset(b.source, 1, b.largest);
    b.cold = need(bei_alloc(b.largest * COLD_SET));
    memset(b.cold, 1, b.largest * COLD_SET);
    compare_kernels(&b);
    time_all(&b, 0);
    print_all(&b, "warm");
    time_all(&b, 1);
    print_all(&b, "cold");
    return 0;
}
