/* Scaling: in place, in range, and the same bytes from every kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "picture/resize.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flat_picture_stays_flat_at_every_size),
        cmocka_unit_test(no_reduction_leaves_the_range),
        cmocka_unit_test(halving_averages_and_keeps_a_ramp_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
