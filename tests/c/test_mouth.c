/* Pasting mouths: every kernel gives what the definition in mouth.h says, whatever the pose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "picture/mouth.h"

enum { GUARD = 0xA5, ROUNDS = 3000 };

/* Steady from run to run, whatever the C library. */
static uint32_t seed;

static uint32_t draw(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static int32_t draw_within(int32_t low, int32_t high)
{
    return low + (int32_t)(draw() % (uint32_t)(high - low + 1));
}

/* A picture whose planes are heap blocks of exactly their size, so that a sanitizer sees a byte read or
 * written beside one. */
static bei_i420_t make_picture(uint32_t width, uint32_t height)
{
    bei_i420_t picture = {
        .width = width, .height = height, .stride = {width, width / 2, width / 2}};
    for (int i = 0; i < 3; i++) {
        const size_t bytes = (size_t)width * height / (i ? 4 : 1);
        picture.plane[i] = malloc(bytes);
        assert_non_null(picture.plane[i]);
        const int kind = (int)(draw() % 4); /* extremes overflow what noise does not */
        for (size_t j = 0; j < bytes; j++)
            picture.plane[i][j] = (uint8_t)(kind == 0   ? 255
                                            : kind == 1 ? draw() % 2 * 255
                                                        : draw());
    }
    return picture;
}

static bei_i420_t copy_of(const bei_i420_t *picture)
{
    bei_i420_t copy = make_picture(picture->width, picture->height);
    bei_i420_copy(&copy, picture);
    return copy;
}

static void free_picture(const bei_i420_t *picture)
{
    for (int i = 0; i < 3; i++)
        free(picture->plane[i]);
}

/* Flat in its middle, 0 far out, ramps or noise between. */
static uint8_t *make_mask(uint32_t width, uint32_t height)
{
    uint8_t *mask = malloc((size_t)width * height);
    assert_non_null(mask);
    const uint32_t kind = draw() % 4, margin = draw() % 12;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            uint32_t edge = x < y ? x : y;
            edge = edge < width - 1 - x ? edge : width - 1 - x;
            edge = edge < height - 1 - y ? edge : height - 1 - y;
            const uint32_t ramp = edge < margin ? 0 : (edge - margin) * 40;
            const uint8_t alpha = (uint8_t)(ramp > 255 ? 255 : ramp);
            mask[y * width + x] = kind == 0 ? (uint8_t)draw() : kind == 1 ? 255 : alpha;
        }
    return mask;
}

/* ---------------------------------------------------------------- the definition, sample by sample */

static int64_t floored(int64_t value, int shift)
{
    return value >= 0 ? value >> shift : -((-value + (1 << shift) - 1) >> shift);
}

static int64_t between(const uint8_t *plane, uint32_t stride, int64_t u, int64_t v)
{
    const uint8_t *p = plane + (v / 65536) * stride + u / 65536;
    const int64_t fu = u % 65536 / 256, fv = v % 65536 / 256;
    return (p[0] * (256 - fu) + p[1] * fu) * (256 - fv) +
           (p[stride] * (256 - fu) + p[stride + 1] * fu) * fv;
}

static int64_t kept_in(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* What sample (x, y) of a plane becomes. */
static uint8_t defined(const bei_placement_t *placement, const bei_i420_t *patch,
                       const uint8_t *mask, int plane, uint32_t x, uint32_t y, uint8_t before)
{
    const int32_t *m = placement->affine;
    const int64_t x2 = plane ? 4 * (int64_t)x + 1 : 2 * (int64_t)x;
    const int64_t y2 = plane ? 4 * (int64_t)y + 1 : 2 * (int64_t)y;
    /* Rounded down at the area's left edge; from there on steps are whole. */
    const int64_t left =
        plane ? 2 * (int64_t)placement->area.x + 1 : 2 * (int64_t)placement->area.x;
    int64_t u = floored(m[0] * left + m[1] * y2, 1) + m[2] + m[0] * ((x2 - left) / 2);
    int64_t v = floored(m[3] * left + m[4] * y2, 1) + m[5] + m[3] * ((x2 - left) / 2);
    const int64_t limit_u = ((int64_t)patch->width - 1) * 65536 - 1;
    const int64_t limit_v = ((int64_t)patch->height - 1) * 65536 - 1;
    if (u < 0 || v < 0 || u > limit_u || v > limit_v)
        return before;
    const int64_t alpha = (between(mask, patch->width, u, v) + 32768) >> 16;
    if (plane) {
        u = kept_in(floored(u - 32768, 1), 0, ((int64_t)patch->width / 2 - 1) * 65536 - 1);
        v = kept_in(floored(v - 32768, 1), 0, ((int64_t)patch->height / 2 - 1) * 65536 - 1);
    }
    int64_t value = between(patch->plane[plane], patch->stride[plane], u, v) +
                    placement->bias[plane] * 4096 + 32768;
    value = kept_in(floored(value, 16), 0, 255);
    return (uint8_t)((before * (255 - alpha) + value * alpha + 127) / 255);
}

static void assert_defined(const bei_i420_t *before, const bei_i420_t *after,
                           const bei_placement_t *placement, const bei_i420_t *patch,
                           const uint8_t *mask)
{
    const bei_rect_t area = placement->area;
    for (int plane = 0; plane < 3; plane++) {
        const uint32_t by = plane ? 2 : 1;
        for (uint32_t y = 0; y < after->height / by; y++)
            for (uint32_t x = 0; x < after->width / by; x++) {
                const size_t at = (size_t)y * after->stride[plane] + x;
                const uint8_t old = before->plane[plane][at], new = after->plane[plane][at];
                const int outside = x < area.x / by || x >= (area.x + area.w) / by ||
                                    y < area.y / by || y >= (area.y + area.h) / by;
                const uint8_t expected =
                    outside ? old : defined(placement, patch, mask, plane, x, y, old);
                if (new != expected)
                    fail_msg("plane %d, %u, %u: %u instead of %u", plane, x, y, new, expected);
            }
    }
}

/* ---------------------------------------------------------------- poses */

/* A pose near to what heads do, or anything that is allowed; its patch lies over the picture or its edge. */
static int draw_placement(bei_placement_t *placement, const bei_i420_t *picture,
                          const bei_i420_t *patch)
{
    const int wild = draw() % 3 == 0;
    const int32_t reach = wild ? 5 << 16 : 1 << 16;
    int32_t m[6] = {draw_within(-reach, reach), draw_within(-reach, reach), 0,
                    draw_within(-reach, reach), draw_within(-reach, reach), 0};
    if (!wild) {
        m[0] = m[4] = draw_within(45000, 90000);
        m[1] = draw_within(-40000, 40000);
        m[3] = draw() % 4 == 0 ? 0 : -m[1];
    }
    const int64_t x = draw_within(0, (int32_t)picture->width);
    const int64_t y = draw_within(0, (int32_t)picture->height);
    const int32_t fraction = draw_within(0, 65535);
    m[2] = (int32_t)(patch->width * 32768 - m[0] * x - m[1] * y) + fraction;
    m[5] = (int32_t)(patch->height * 32768 - m[3] * x - m[4] * y) - fraction;
    *placement = (bei_placement_t){{0}, {0}, {0, 0, 0, 0}};
    memcpy(placement->affine, m, sizeof m);
    for (int i = 0; i < 3; i++)
        placement->bias[i] =
            (int16_t)(draw() % 3 ? draw_within(-800, 800) : draw_within(INT16_MIN, INT16_MAX));
    return bei_placement_prepare(placement, picture->width, picture->height, patch->width,
                                 patch->height) == BE_OK;
}

static void compare_once(void)
{
    const bei_i420_t picture = make_picture(2 * (1 + draw() % 70), 2 * (1 + draw() % 30));
    const bei_i420_t patch = make_picture(8 + 2 * (draw() % 50), 8 + 2 * (draw() % 20));
    uint8_t *mask = make_mask(patch.width, patch.height);
    bei_placement_t placement;
    if (draw_placement(&placement, &picture, &patch)) {
        const bei_i420_t by_c = copy_of(&picture), by_best = copy_of(&picture);
        bei_mouth_mask_t prepared;
        bei_mouth_mask_prepare(&prepared, mask, patch.width, patch.height);
        bei_mouth_blend_with(&bei_mouth_c, &by_c, &placement, &patch, &prepared);
        assert_defined(&picture, &by_c, &placement, &patch, mask);
        bei_mouth_blend_with(bei_mouth_best(), &by_best, &placement, &patch, &prepared);
        assert_defined(&picture, &by_best, &placement, &patch, mask);
        free_picture(&by_c);
        free_picture(&by_best);
    }
    free(mask);
    free_picture(&patch);
    free_picture(&picture);
}

static void every_kernel_follows_the_definition(void **state)
{
    (void)state;
    if (bei_mouth_best() == &bei_mouth_c)
        print_message("this processor has no vector kernel: only the reference ran\n");
    seed = 31;
    for (int i = 0; i < ROUNDS; i++)
        compare_once();
}

/* ---------------------------------------------------------------- single rows */

/* Rows of every length, straight through the kernels, between guards. */
static void rows_of_any_length_touch_nothing_else(void **state)
{
    (void)state;
    enum { SIDE = 96, ROOM = SIDE + 2 };
    seed = 32;
    const bei_i420_t patch = make_picture(SIDE, SIDE);
    uint8_t *mask = make_mask(SIDE, SIDE);
    const bei_mouth_plane_t alpha = {mask, SIDE, SIDE, SIDE};
    const bei_mouth_plane_t luma = {patch.plane[0], SIDE, SIDE, SIDE};
    const bei_mouth_plane_t chroma[2] = {{patch.plane[1], SIDE / 2, SIDE / 2, SIDE / 2},
                                         {patch.plane[2], SIDE / 2, SIDE / 2, SIDE / 2}};
    static const int32_t BIAS[2] = {-4096, 9 * 4096};
    for (uint32_t count = 1; count < SIDE; count++) {
        const bei_mouth_walk_t walk = {
            draw_within(0, 65535), draw_within(0, 65535), 65536, 60000, count, 0, 0};
        uint8_t row[2][3][ROOM];
        const bei_mouth_kernels_t *kernels[2] = {&bei_mouth_c, bei_mouth_best()};
        for (int k = 0; k < 2; k++) {
            memset(row[k], GUARD, sizeof row[k]);
            kernels[k]->luma(row[k][0] + 1, &walk, &luma, &alpha, BIAS[0]);
            kernels[k]->chroma((uint8_t *const[2]){row[k][1] + 1, row[k][2] + 1}, &walk, chroma,
                               &alpha, BIAS);
            for (int r = 0; r < 3; r++) {
                assert_int_equal(row[k][r][0], GUARD);
                for (uint32_t i = count + 1; i < ROOM; i++)
                    assert_int_equal(row[k][r][i], GUARD);
            }
        }
        assert_memory_equal(row[0], row[1], sizeof row[0]);
    }
    free(mask);
    free_picture(&patch);
}

/* Every share of two mouths of many sizes. */
static void mixed_mouths_follow_the_definition(void **state)
{
    (void)state;
    seed = 33;
    for (uint32_t share = 0; share <= BEI_MOUTH_SHARES; share++) {
        const uint32_t width = 40 + 2 * share, height = 30 + 6 * share;
        const bei_i420_t one = make_picture(width, height), other = make_picture(width, height);
        const bei_i420_t mixed = make_picture(width, height);
        bei_mouth_mix(&mixed, &one, &other, share);
        for (int p = 0; p < 3; p++)
            for (uint32_t y = 0; y < (p ? height / 2 : height); y++)
                for (uint32_t x = 0; x < (p ? width / 2 : width); x++) {
                    const size_t at = (size_t)y * one.stride[p] + x;
                    const uint32_t a = one.plane[p][at], b = other.plane[p][at];
                    assert_int_equal(mixed.plane[p][at], (a * (16 - share) + b * share + 8) / 16);
                }
        free_picture(&one);
        free_picture(&other);
        free_picture(&mixed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_follows_the_definition),
        cmocka_unit_test(rows_of_any_length_touch_nothing_else),
        cmocka_unit_test(mixed_mouths_follow_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
