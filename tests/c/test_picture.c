/* Pictures: exact kernels, exact pastes, a canvas that never shows what it showed before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <turbojpeg.h>

#include "base/cpu.h"
#include "base/error.h"
#include "base/memory.h"
#include "picture/compositor.h"
#include "picture/convert.h"
#include "picture/jpeg.h"
#include "picture/resize.h"

static void fill_random(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(rand() >> 7);
}

/* ---------------------------------------------------------------- conversion */

static void every_kernel_gives_the_references_bytes(void **state)
{
    (void)state;
    bei_convert_row *best = bei_convert_row_best();
    if (best == bei_convert_row_c)
        print_message("this processor has no vector kernel: only the reference ran\n");
    uint8_t y[203], u[102], v[102], expected[3 * 203 + 1], actual[3 * 203 + 1];
    srand(3);
    for (int round = 0; round < 2000; round++) {
        uint32_t width = (uint32_t)(1 + round % 203);
        fill_random(y, sizeof y);
        fill_random(u, sizeof u);
        fill_random(v, sizeof v);
        expected[3 * width] = actual[3 * width] = 0xA5;
        bei_convert_row_c(y, u, v, expected, width);
        best(y, u, v, actual, width);
        assert_memory_equal(expected, actual, 3 * width + 1);
    }
}

static void extremes_agree_between_kernels_and_clamp(void **state)
{
    (void)state;
    static const uint8_t EXTREME[] = {0, 1, 127, 128, 129, 254, 255};
    uint8_t y[32], u[16], v[16], expected[96], actual[96];
    for (int a = 0; a < 7; a++)
        for (int b = 0; b < 7; b++)
            for (int c = 0; c < 7; c++) {
                memset(y, EXTREME[a], sizeof y);
                memset(u, EXTREME[b], sizeof u);
                memset(v, EXTREME[c], sizeof v);
                bei_convert_row_c(y, u, v, expected, 32);
                bei_convert_row_best()(y, u, v, actual, 32);
                assert_memory_equal(expected, actual, 96);
            }
    memset(y, 90, sizeof y);
    memset(u, 128, sizeof u);
    memset(v, 128, sizeof v);
    bei_convert_row_c(y, u, v, expected, 32);
    for (int i = 0; i < 96; i++)
        assert_int_equal(expected[i], 90);
}

/* Within two levels of the definition of BT.601 full range. */
static void colours_are_those_of_jpeg(void **state)
{
    (void)state;
    srand(5);
    for (int i = 0; i < 5000; i++) {
        uint8_t y = (uint8_t)rand(), u = (uint8_t)rand(), v = (uint8_t)rand(), bgr[3];
        bei_convert_row_c(&y, &u, &v, bgr, 1);
        double exact[3] = {y + 1.772 * (u - 128), y - 0.344136 * (u - 128) - 0.714136 * (v - 128),
                           y + 1.402 * (v - 128)};
        for (int c = 0; c < 3; c++) {
            double clamped = exact[c] < 0 ? 0 : exact[c] > 255 ? 255 : exact[c];
            assert_true(bgr[c] - clamped < 2 && clamped - bgr[c] < 2);
        }
    }
}

/* ---------------------------------------------------------------- resize */

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
        const bei_i420_t *to = bei_resizer_run(resizer, &from);
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
            const bei_i420_t *small = bei_resizer_run(resizer, &from);
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
    const bei_i420_t *to = bei_resizer_run(resizer, &from);
    for (uint32_t x = 2; x < 98; x++) { /* pixel x covers source 2x and 2x + 1: mean 2x + 20.5 */
        int value = to->plane[0][4 * to->stride[0] + x];
        assert_in_range(value, 2 * x + 20, 2 * x + 21);
    }
    bei_resizer_destroy(resizer);
    bei_free(block);
}

/* ---------------------------------------------------------------- a small scene */

enum { W = 96, H = 64, PATCH = 16, PICTURES = 5 };

typedef struct scene {
    bei_scene_t scene;
    bei_scene_frame_t frames[3];
    uint32_t mouths[2];
    uint8_t mask[PATCH * PATCH];
    unsigned char *jpeg[PICTURES];
} scene_t;

static bei_span_t encode(scene_t *s, int index, int width, int height, int seed)
{
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3);
    for (int i = 0; i < width * height; i++)
        for (int c = 0; c < 3; c++)
            rgb[3 * i + c] = (uint8_t)(seed * 40 + (i % width) + 30 * c);
    unsigned long size = 0;
    tjhandle handle = tjInitCompress();
    assert_int_equal(tjCompress2(handle, rgb, width, 0, height, TJPF_RGB, &s->jpeg[index], &size,
                                 TJSAMP_420, 92, 0),
                     0);
    tjDestroy(handle);
    free(rgb);
    return (bei_span_t){s->jpeg[index], size};
}

static int make_scene(void **state)
{
    scene_t *s = calloc(1, sizeof *s);
    bei_pool_source_t sources[PICTURES] = {
        {encode(s, 0, W, H, 1), W, H},
        {encode(s, 1, W, H, 2), W, H},
        {encode(s, 2, 32, 32, 3), 32, 32},
        {encode(s, 3, 48, 16, 4), 48, 16},
        {encode(s, 4, PATCH, PATCH, 5), PATCH, PATCH},
    };
    s->frames[0] = (bei_scene_frame_t){.base = 0, .part = 2, .rect = {16, 16, 32, 32}};
    s->frames[1] = (bei_scene_frame_t){.base = 0, .part = 3, .rect = {48, 0, 48, 16}};
    s->frames[2] = (bei_scene_frame_t){.base = 1, .part = BEI_NO_PICTURE};
    for (int i = 0; i < 3; i++) { /* the patch stands at (50 + i, 30), shifted by whole pixels */
        int32_t m[6] = {65536, 0, -(50 + i) * 65536, 0, 65536, -30 * 65536};
        memcpy(s->frames[i].placement.affine, m, sizeof m);
        assert_int_equal(bei_placement_prepare(&s->frames[i].placement, W, H, PATCH, PATCH), BE_OK);
    }
    memset(s->mask, 255, sizeof s->mask);
    s->mouths[0] = BEI_NO_PICTURE;
    s->mouths[1] = 4;
    s->scene = (bei_scene_t){.width = W,
                             .height = H,
                             .frames = s->frames,
                             .frame_count = 3,
                             .mouths = s->mouths,
                             .mouth_count = 2,
                             .mask = s->mask};
    assert_int_equal(bei_pool_create(sources, PICTURES, &s->scene.pool), BE_OK);
    *state = s;
    return 0;
}

static int free_scene(void **state)
{
    scene_t *s = *state;
    bei_pool_destroy(s->scene.pool);
    for (int i = 0; i < PICTURES; i++)
        tjFree(s->jpeg[i]);
    free(s);
    return 0;
}

static void render(bei_compositor_t *compositor, uint32_t frame, uint32_t mouth, uint8_t *bgr)
{
    size_t bytes;
    assert_int_equal(bei_compositor_set_size(compositor, NULL, &bytes), BE_OK);
    assert_int_equal(bytes, W * H * 3);
    assert_int_equal(bei_compositor_compose(compositor, frame, mouth), BE_OK);
    bei_compositor_write(compositor, bgr);
}

/* Whatever was shown before, a frame looks as on a fresh canvas. */
static void a_canvas_carries_nothing_over(void **state)
{
    scene_t *s = *state;
    bei_compositor_t *kept = NULL;
    assert_int_equal(bei_compositor_create(&s->scene, &kept), BE_OK);
    uint8_t *expected = malloc(W * H * 3), *actual = malloc(W * H * 3);
    srand(11);
    for (int i = 0; i < 200; i++) {
        uint32_t frame = (uint32_t)(rand() >> 4) % 3, mouth = (uint32_t)(rand() >> 4) % 2;
        bei_compositor_t *fresh = NULL;
        assert_int_equal(bei_compositor_create(&s->scene, &fresh), BE_OK);
        render(fresh, frame, mouth, expected);
        render(kept, frame, mouth, actual);
        assert_memory_equal(expected, actual, W * H * 3);
        bei_compositor_destroy(fresh);
    }
    free(expected);
    free(actual);
    bei_compositor_destroy(kept);
}

static void a_mouth_changes_only_its_place(void **state)
{
    scene_t *s = *state;
    bei_compositor_t *compositor = NULL;
    assert_int_equal(bei_compositor_create(&s->scene, &compositor), BE_OK);
    static uint8_t without[W * H * 3], with[W * H * 3];
    render(compositor, 0, 0, without);
    render(compositor, 0, 1, with);
    int changed = 0;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            int same = memcmp(without + 3 * (y * W + x), with + 3 * (y * W + x), 3) == 0;
            changed += !same;
            /* Half a chroma sample more to each side than the luma patch. */
            if (x < 49 || x > 66 || y < 29 || y > 46)
                assert_true(same);
        }
    assert_in_range(changed, 150, 18 * 18);
    bei_compositor_destroy(compositor);
}

/* ---------------------------------------------------------------- pastes */

typedef struct paste {
    uint8_t block[3 * 64 * 64], before[3 * 64 * 64], patch_block[64 * 64], mask[PATCH * PATCH];
    bei_i420_t picture, patch;
    bei_placement_t placement;
} paste_t;

static void make_paste(paste_t *p, int32_t a, int32_t b, int32_t x, int32_t y)
{
    srand(17);
    fill_random(p->block, sizeof p->block);
    fill_random(p->patch_block, sizeof p->patch_block);
    memcpy(p->before, p->block, sizeof p->block);
    p->picture = bei_i420_over(p->block, 64, 64);
    p->patch = bei_i420_over(p->patch_block, PATCH, PATCH);
    p->placement = (bei_placement_t){.affine = {a, b, -x * 65536, -b, a, -y * 65536}};
    assert_int_equal(bei_placement_prepare(&p->placement, 64, 64, PATCH, PATCH), BE_OK);
}

static void a_mask_of_zero_changes_nothing(void **state)
{
    (void)state;
    static paste_t p;
    memset(p.mask, 0, sizeof p.mask);
    make_paste(&p, 60000, 9000, 20, 10);
    bei_mouth_blend(&p.picture, &p.placement, &p.patch, p.mask);
    assert_memory_equal(p.block, p.before, sizeof p.block);
}

static void a_full_mask_at_a_whole_offset_copies_the_patch(void **state)
{
    (void)state;
    static paste_t p;
    memset(p.mask, 255, sizeof p.mask);
    make_paste(&p, 65536, 0, 24, 12);
    bei_mouth_blend(&p.picture, &p.placement, &p.patch, p.mask);
    for (uint32_t y = 0; y < PATCH - 1; y++)
        for (uint32_t x = 0; x < PATCH - 1; x++)
            assert_int_equal(p.picture.plane[0][(12 + y) * p.picture.stride[0] + 24 + x],
                             p.patch.plane[0][y * p.patch.stride[0] + x]);
    for (uint32_t y = 0; y < PATCH / 2 - 1; y++)
        for (uint32_t x = 0; x < PATCH / 2 - 1; x++)
            assert_int_equal(p.picture.plane[2][(6 + y) * p.picture.stride[2] + 12 + x],
                             p.patch.plane[2][y * p.patch.stride[2] + x]);
}

static void a_bias_shifts_the_patch_and_clamps(void **state)
{
    (void)state;
    static paste_t p;
    memset(p.mask, 255, sizeof p.mask);
    make_paste(&p, 65536, 0, 24, 12);
    p.placement.bias[0] = 16 * 100;
    bei_mouth_blend(&p.picture, &p.placement, &p.patch, p.mask);
    for (uint32_t i = 0; i < PATCH - 1; i++) {
        int value = p.patch.plane[0][i] + 100;
        assert_int_equal(p.picture.plane[0][12 * p.picture.stride[0] + 24 + i],
                         value > 255 ? 255 : value);
    }
}

/* Planes of their own, so that a byte written beside one is seen by a sanitizer, and by the guards. */
static void a_paste_may_hang_over_every_edge(void **state)
{
    (void)state;
    enum { SIDE = 34, GUARD = 0xA5 };
    static paste_t p;
    memset(p.mask, 255, sizeof p.mask);
    for (int x = -20; x <= 40; x += 5)
        for (int y = -20; y <= 40; y += 5) {
            make_paste(&p, 70000, -20000, x, y);
            bei_i420_t picture = {
                .stride = {SIDE, SIDE / 2, SIDE / 2}, .width = SIDE, .height = SIDE};
            for (int i = 0; i < 3; i++) {
                size_t bytes = (size_t)SIDE * SIDE / (i ? 4 : 1);
                uint8_t *block = malloc(bytes + 2);
                assert_non_null(block);
                memset(block, GUARD, bytes + 2);
                picture.plane[i] = block + 1;
            }
            assert_int_equal(bei_placement_prepare(&p.placement, SIDE, SIDE, PATCH, PATCH), BE_OK);
            bei_mouth_blend(&picture, &p.placement, &p.patch, p.mask);
            for (int i = 0; i < 3; i++) {
                size_t bytes = (size_t)SIDE * SIDE / (i ? 4 : 1);
                assert_int_equal(picture.plane[i][-1], GUARD);
                assert_int_equal(picture.plane[i][bytes], GUARD);
                free(picture.plane[i] - 1);
            }
        }
}

static void an_absurd_pose_is_refused(void **state)
{
    (void)state;
    static const int32_t ABSURD[][6] = {
        {0, 0, 0, 0, 0, 0},
        {65536, 65536, 0, 65536, 65536, 0},
        {INT32_MAX, 0, 0, 0, INT32_MAX, 0},
        {INT32_MIN, 0, INT32_MIN, 0, INT32_MIN, INT32_MIN},
    };
    for (size_t i = 0; i < sizeof ABSURD / sizeof *ABSURD; i++) {
        bei_placement_t placement = {{0}, {0}, {0, 0, 0, 0}};
        memcpy(placement.affine, ABSURD[i], sizeof ABSURD[i]);
        assert_int_equal(bei_placement_prepare(&placement, 64, 64, PATCH, PATCH),
                         BE_ERR_FILE_CORRUPT);
    }
}

/* ---------------------------------------------------------------- sizes and files */

static void a_letterbox_is_centred_and_filled(void **state)
{
    scene_t *s = *state;
    bei_compositor_t *compositor = NULL;
    assert_int_equal(bei_compositor_create(&s->scene, &compositor), BE_OK);
    be_compose_size_t size = {96, 96, 1, 2, 3, 0};
    size_t bytes = 0;
    assert_int_equal(bei_compositor_set_size(compositor, &size, &bytes), BE_OK);
    assert_int_equal(bytes, 96 * 96 * 3);
    assert_int_equal(bei_compositor_compose(compositor, 2, 0), BE_OK);
    uint8_t *boxed = malloc(bytes), *plain = malloc(W * H * 3);
    bei_compositor_write(compositor, boxed);
    for (int x = 0; x < 96; x++)
        for (int c = 0; c < 3; c++) {
            assert_int_equal(boxed[15 * 96 * 3 + 3 * x + c], c + 1);
            assert_int_equal(boxed[80 * 96 * 3 + 3 * x + c], c + 1);
        }
    render(compositor, 2, 0, plain);
    assert_memory_equal(boxed + 16 * 96 * 3, plain, W * H * 3);
    size = (be_compose_size_t){96, 0, 0, 0, 0, 0};
    assert_int_equal(bei_compositor_set_size(compositor, &size, &bytes), BE_ERR_INVALID_ARG);
    size = (be_compose_size_t){9000, 90, 0, 0, 0, 0};
    assert_int_equal(bei_compositor_set_size(compositor, &size, &bytes), BE_ERR_INVALID_ARG);
    free(boxed);
    free(plain);
    bei_compositor_destroy(compositor);
}

static void a_damaged_picture_is_an_error_each_time(void **state)
{
    scene_t *s = *state;
    bei_pool_source_t sources[] = {
        {{s->jpeg[0], 200}, W, H}, /* cut */
        {{(const uint8_t *)"not a picture", 13}, W, H},
    };
    bei_pool_t *pool = NULL;
    assert_int_equal(bei_pool_create(sources, 2, &pool), BE_OK);
    const bei_i420_t *picture = NULL;
    for (int i = 0; i < 4; i++)
        assert_int_equal(bei_pool_get(pool, (uint32_t)i % 2, &picture), BE_ERR_FILE_CORRUPT);
    assert_null(picture);
    assert_non_null(strstr(bei_error_message(), "picture 1"));
    bei_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_gives_the_references_bytes),
        cmocka_unit_test(extremes_agree_between_kernels_and_clamp),
        cmocka_unit_test(colours_are_those_of_jpeg),
        cmocka_unit_test(a_flat_picture_stays_flat_at_every_size),
        cmocka_unit_test(no_reduction_leaves_the_range),
        cmocka_unit_test(halving_averages_and_keeps_a_ramp_in_place),
        cmocka_unit_test_setup_teardown(a_canvas_carries_nothing_over, make_scene, free_scene),
        cmocka_unit_test_setup_teardown(a_mouth_changes_only_its_place, make_scene, free_scene),
        cmocka_unit_test(a_mask_of_zero_changes_nothing),
        cmocka_unit_test(a_full_mask_at_a_whole_offset_copies_the_patch),
        cmocka_unit_test(a_bias_shifts_the_patch_and_clamps),
        cmocka_unit_test(a_paste_may_hang_over_every_edge),
        cmocka_unit_test(an_absurd_pose_is_refused),
        cmocka_unit_test_setup_teardown(a_letterbox_is_centred_and_filled, make_scene, free_scene),
        cmocka_unit_test_setup_teardown(a_damaged_picture_is_an_error_each_time, make_scene,
                                        free_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
