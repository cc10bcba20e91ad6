/* Scaling: in place, in range, and the same bytes from every kernel. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "picture/resize.h"
#include "picture/resize_kernels.h"

static void a_flat_picture_stays_flat_at_every_size(void **state)
{
    (void)state;
    static const uint32_t SIZE[][2] = {{1, 1}, {7, 5}, {64, 48}, {101, 33}, {640, 360}};
    uint8_t *block = bei_alloc(bei_i420_size(98, 66));
    bei_i420_t from = bei_i420_over(block, 98, 66);
    memset(block, 77, bei_i420_size(98, 66));
    for (size_t i = 0; i < sizeof SIZE / sizeof *SIZE; i++) {
        bei_resizer_t *resizer = NULL;
        assert_int_equal(bei_resizer_create(98, 66, SIZE[i][0], SIZE[i][1], &resizer), BE_OK);
        const bei_i420_t *to = bei_resizer_view(resizer, &from);
        for (uint32_t y = 0; y < to->height; y++)
            for (uint32_t x = 0; x < to->width; x++)
                assert_int_equal(to->plane[0][y * to->stride[0] + x], 77);
        bei_resizer_destroy(resizer);
    }
    bei_free(block);
}

/* A bright picture with one dark column: weights that are negative, or do not sum to one, overflow. */
static void no_reduction_leaves_the_range(void **state)
{
    (void)state;
    static uint8_t block[3200 * 64 * 2];
    for (uint32_t width = 1000; width < 3200; width += 106)
        for (uint32_t to = 1; to < 9; to++) {
            bei_i420_t from = bei_i420_over(block, width, 2);
            memset(block, 255, sizeof block);
            from.plane[0][width / 2] = 0;
            bei_resizer_t *resizer = NULL;
            assert_int_equal(bei_resizer_create(width, 2, to, 1, &resizer), BE_OK);
            const bei_i420_t *small = bei_resizer_view(resizer, &from);
            for (uint32_t x = 0; x < to; x++)
                assert_in_range(small->plane[0][x], 250, 255);
            bei_resizer_destroy(resizer);
        }
}

static void halving_averages_and_keeps_a_ramp_in_place(void **state)
{
    (void)state;
    uint8_t *block = bei_calloc(1, bei_i420_size(200, 16));
    bei_i420_t from = bei_i420_over(block, 200, 16);
    for (uint32_t y = 0; y < 16; y++)
        for (uint32_t x = 0; x < 200; x++)
            from.plane[0][y * from.stride[0] + x] = (uint8_t)(x + 20);
    bei_resizer_t *resizer = NULL;
    assert_int_equal(bei_resizer_create(200, 16, 100, 8, &resizer), BE_OK);
    const bei_i420_t *to = bei_resizer_view(resizer, &from);
    for (uint32_t x = 2; x < 98; x++) { /* pixel x covers source 2x and 2x + 1: mean 2x + 20.5 */
        int value = to->plane[0][4 * to->stride[0] + x];
        assert_in_range(value, 2 * x + 20, 2 * x + 21);
    }
    bei_resizer_destroy(resizer);
    bei_free(block);
}

/* ---------------------------------------------------------------- kernels */

enum { STRIP = BEI_RESIZE_STRIP, GUARD = 0xA5, WIDEST = 130 };

static void fill_random(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(rand() >> 7);
}

/* Weights as the tables have them: none negative, one in sum. All on one tap is the extreme. */
static void draw_weights(int16_t *weight, uint32_t taps)
{
    int left = 1 << BEI_RESIZE_BITS;
    for (uint32_t i = 0; i + 1 < taps; i++) {
        weight[i] = (int16_t)(rand() % 3 == 0 ? 0 : rand() % (left + 1));
        left -= weight[i];
    }
    weight[taps - 1] = (int16_t)left;
}

static void every_sum_is_the_references(void **state)
{
    (void)state;
    enum { TAPS = 9, STRIDE = (WIDEST + STRIP - 1) / STRIP * STRIP };
    uint8_t *rows = malloc(TAPS * STRIDE), expected[WIDEST + 2], actual[WIDEST + 2];
    int16_t weight[TAPS];
    srand(21);
    for (uint32_t width = 1; width <= WIDEST; width++)
        for (uint32_t taps = 1; taps <= TAPS; taps++) {
            fill_random(rows, TAPS * STRIDE);
            if (taps == TAPS)
                memset(rows, 255, TAPS * STRIDE);
            draw_weights(weight, taps);
            memset(expected, GUARD, sizeof expected);
            memset(actual, GUARD, sizeof actual);
            bei_resize_c.sum(rows, STRIDE, weight, taps, expected + 1, width);
            bei_resize_best()->sum(rows, STRIDE, weight, taps, actual + 1, width);
            assert_memory_equal(expected, actual, sizeof expected);
            assert_int_equal(expected[0], GUARD);
            assert_int_equal(expected[width + 1], GUARD);
            for (uint32_t x = 0; x < width; x++) {
                int sum = 1 << (BEI_RESIZE_BITS - 1);
                for (uint32_t tap = 0; tap < taps; tap++)
                    sum += weight[tap] * rows[tap * STRIDE + x];
                assert_int_equal(expected[1 + x], sum >> BEI_RESIZE_BITS);
            }
        }
    free(rows);
}

static void turning(const bei_resize_kernels_t *kernels, uint32_t width, uint32_t height)
{
    const size_t stride = width + 3, bytes = stride * (height - 1) + width;
    uint8_t *rows = malloc(bytes), *back = malloc(bytes), *side = malloc((size_t)width * STRIP);
    fill_random(rows, bytes);
    memset(side, GUARD, (size_t)width * STRIP);
    memset(back, GUARD, bytes);
    kernels->turn(rows, stride, width, height, side);
    for (uint32_t x = 0; x < width; x++)
        for (uint32_t y = 0; y < STRIP; y++)
            assert_int_equal(side[x * STRIP + y], y < height ? rows[y * stride + x] : GUARD);
    kernels->turn_back(side, width, height, back, stride);
    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(back[i], i % stride < width ? rows[i] : GUARD);
    free(rows);
    free(back);
    free(side);
}

static void a_strip_is_laid_on_its_side_and_back(void **state)
{
    (void)state;
    srand(22);
    for (uint32_t width = 1; width <= WIDEST; width++)
        for (uint32_t height = 1; height <= STRIP; height += height < 31 ? 5 : 1) {
            turning(&bei_resize_c, width, height);
            turning(bei_resize_best(), width, height);
        }
}

static double triangle(double at, double centre, double radius)
{
    const double distance = fabs(at - centre) / radius;
    return distance < 1 ? 1 - distance : 0;
}

static double triangle_mean(const uint8_t *plane, uint32_t stride, uint32_t from_w, uint32_t from_h,
                            uint32_t to_w, uint32_t to_h, uint32_t x, uint32_t y)
{
    const double scale_x = (double)from_w / to_w, scale_y = (double)from_h / to_h;
    double sum = 0, weights = 0;
    for (uint32_t v = 0; v < from_h; v++)
        for (uint32_t u = 0; u < from_w; u++) {
            const double weight = triangle(u, (x + 0.5) * scale_x - 0.5, fmax(1, scale_x)) *
                                  triangle(v, (y + 0.5) * scale_y - 0.5, fmax(1, scale_y));
            sum += weight * plane[v * stride + u];
            weights += weight;
        }
    return sum / weights;
}

/* Every sample by the definition, in floating point, from a picture of noise. */
static void each_sample_is_its_neighbourhoods_mean(void **state)
{
    (void)state;
    static const uint32_t SIZE[][2] = {{98, 66}, {131, 90}, {49, 33}, {40, 100}, {7, 3}, {300, 5}};
    uint8_t *block = bei_alloc(bei_i420_size(98, 66));
    bei_i420_t from = bei_i420_over(block, 98, 66);
    srand(23);
    fill_random(block, bei_i420_size(98, 66));
    for (size_t i = 0; i < sizeof SIZE / sizeof *SIZE; i++) {
        bei_resizer_t *resizer = NULL;
        assert_int_equal(bei_resizer_create(98, 66, SIZE[i][0], SIZE[i][1], &resizer), BE_OK);
        const bei_i420_t *to = bei_resizer_view(resizer, &from);
        for (int plane = 0; plane < 3; plane++)
            for (uint32_t j = 0; j < 200; j++) {
                const uint32_t fw = plane ? 49 : 98, fh = plane ? 33 : 66;
                const uint32_t tw = plane ? bei_i420_half(to->width) : to->width;
                const uint32_t th = plane ? bei_i420_half(to->height) : to->height;
                const uint32_t x = (uint32_t)rand() % tw, y = (uint32_t)rand() % th;
                const double expected =
                    triangle_mean(from.plane[plane], from.stride[plane], fw, fh, tw, th, x, y);
                const double actual = to->plane[plane][y * to->stride[plane] + x];
                assert_true(actual - expected < 1.1 && expected - actual < 1.1);
            }
        bei_resizer_destroy(resizer);
    }
    bei_free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flat_picture_stays_flat_at_every_size),
        cmocka_unit_test(no_reduction_leaves_the_range),
        cmocka_unit_test(halving_averages_and_keeps_a_ramp_in_place),
        cmocka_unit_test(each_sample_is_its_neighbourhoods_mean),
        cmocka_unit_test(every_sum_is_the_references),
        cmocka_unit_test(a_strip_is_laid_on_its_side_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
