/* Pictures: exact pastes, exact sizes, a canvas that never shows what it showed before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <turbojpeg.h>

#include "base/error.h"
#include "base/memory.h"
#include "picture/compositor.h"
#include "picture/convert.h"
#include "picture/jpeg.h"

static void fill_random(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(rand() >> 7);
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
        {.jpeg = encode(s, 0, W, H, 1), .width = W, .height = H, .kind = BEI_PICTURE_BASE},
        {.jpeg = encode(s, 1, W, H, 2), .width = W, .height = H, .kind = BEI_PICTURE_BASE},
        {.jpeg = encode(s, 2, 32, 32, 3),
         .width = 32,
         .height = 32,
         .kind = BEI_PICTURE_PART,
         .placed = true,
         .base = 0,
         .x = 16,
         .y = 16},
        {.jpeg = encode(s, 3, 48, 16, 4),
         .width = 48,
         .height = 16,
         .kind = BEI_PICTURE_PART,
         .placed = true,
         .base = 0,
         .x = 48,
         .y = 0},
        {.jpeg = encode(s, 4, PATCH, PATCH, 5),
         .width = PATCH,
         .height = PATCH,
         .kind = BEI_PICTURE_MOUTH},
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
                             .mouth_width = PATCH,
                             .mouth_height = PATCH,
                             .mask = s->mask};
    assert_int_equal(bei_pool_create(sources, PICTURES, (bei_pool_settings_t){0}, &s->scene.pool),
                     BE_OK);
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

/* Packed, in memory for exactly this. */
static bei_image_t image_over(uint8_t *data, be_pixel_format format, uint32_t width,
                              uint32_t height)
{
    bei_image_t image;
    const size_t bytes = bei_image_bytes(format, width, height, 0);
    assert_int_equal(bei_image_layout(format, width, height, 0, data, bytes, &image), BE_OK);
    return image;
}

static void render(bei_compositor_t *compositor, uint32_t frame, uint32_t mouth, uint8_t *bgr)
{
    uint32_t width, height;
    assert_int_equal(bei_compositor_set_size(compositor, NULL, &width, &height), BE_OK);
    assert_int_equal(width, W);
    assert_int_equal(height, H);
    assert_int_equal(bei_compositor_compose(compositor, frame, mouth), BE_OK);
    const bei_image_t image = image_over(bgr, BE_PIXEL_BGR24, W, H);
    bei_compositor_write(compositor, &image);
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

/* A mouth mixed with itself is itself, and with the rest, of which there is no picture, too. */
static void what_cannot_be_mixed_is_shown_alone(void **state)
{
    scene_t *s = *state;
    bei_compositor_t *compositor = NULL;
    assert_int_equal(bei_compositor_create(&s->scene, &compositor), BE_OK);
    static uint8_t alone[W * H * 3], mixed[W * H * 3];
    render(compositor, 0, 1, alone);
    const bei_image_t image = image_over(mixed, BE_PIXEL_BGR24, W, H);
    for (uint32_t other = 0; other < 2; other++) {
        const bei_mouth_choice_t choice = {1, other, 5};
        assert_int_equal(bei_compositor_compose_choice(compositor, 0, choice), BE_OK);
        bei_compositor_write(compositor, &image);
        assert_memory_equal(alone, mixed, sizeof alone);
    }
    bei_compositor_destroy(compositor);
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

static void blend(const paste_t *p, const bei_i420_t *picture)
{
    bei_mouth_mask_t mask;
    bei_mouth_mask_prepare(&mask, p->mask, PATCH, PATCH);
    bei_mouth_blend(picture, &p->placement, &p->patch, &mask);
}

static void a_mask_of_zero_changes_nothing(void **state)
{
    (void)state;
    static paste_t p;
    memset(p.mask, 0, sizeof p.mask);
    make_paste(&p, 60000, 9000, 20, 10);
    blend(&p, &p.picture);
    assert_memory_equal(p.block, p.before, sizeof p.block);
}

static void a_full_mask_at_a_whole_offset_copies_the_patch(void **state)
{
    (void)state;
    static paste_t p;
    memset(p.mask, 255, sizeof p.mask);
    make_paste(&p, 65536, 0, 24, 12);
    blend(&p, &p.picture);
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
    blend(&p, &p.picture);
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
            blend(&p, &picture);
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
    uint32_t width = 0, height = 0;
    assert_int_equal(bei_compositor_set_size(compositor, &size, &width, &height), BE_OK);
    assert_int_equal(width, 96);
    assert_int_equal(height, 96);
    assert_int_equal(bei_compositor_compose(compositor, 2, 0), BE_OK);
    uint8_t *boxed = malloc(96 * 96 * 3), *plain = malloc(W * H * 3);
    const bei_image_t image = image_over(boxed, BE_PIXEL_BGR24, 96, 96);
    bei_compositor_write(compositor, &image);
    for (int x = 0; x < 96; x++)
        for (int c = 0; c < 3; c++) {
            assert_int_equal(boxed[15 * 96 * 3 + 3 * x + c], c + 1);
            assert_int_equal(boxed[80 * 96 * 3 + 3 * x + c], c + 1);
        }
    render(compositor, 2, 0, plain);
    assert_memory_equal(boxed + 16 * 96 * 3, plain, W * H * 3);
    size = (be_compose_size_t){96, 0, 0, 0, 0, 0};
    assert_int_equal(bei_compositor_set_size(compositor, &size, &width, &height),
                     BE_ERR_INVALID_ARG);
    size = (be_compose_size_t){9000, 90, 0, 0, 0, 0};
    assert_int_equal(bei_compositor_set_size(compositor, &size, &width, &height),
                     BE_ERR_INVALID_ARG);
    free(boxed);
    free(plain);
    bei_compositor_destroy(compositor);
}

/* One output of a composed frame, in a heap block of exactly its size. */
static bei_image_t write_as(bei_compositor_t *compositor, be_pixel_format format, uint32_t width,
                            uint32_t height)
{
    uint8_t *block = malloc(bei_image_bytes(format, width, height, 0));
    const bei_image_t image = image_over(block, format, width, height);
    bei_compositor_write(compositor, &image);
    return image;
}

/* Luma and chroma of a place, whatever the planar format. */
static void sample(const bei_image_t *image, uint32_t x, uint32_t y, uint8_t yuv[3])
{
    const uint32_t apart = image->format == BE_PIXEL_NV12 ? 2 : 1;
    const size_t at = (size_t)(y / 2) * image->stride[1] + (size_t)(x / 2) * apart;
    yuv[0] = image->plane[0][(size_t)y * image->stride[0] + x];
    yuv[1] = image->plane[1][at];
    yuv[2] = apart == 2 ? image->plane[1][at + 1] : image->plane[2][at];
}

/* The picture exactly, what surrounds it within the rounding of its colour, no pixel half of each. */
static void assert_planar_agrees(const bei_image_t *planar, const bei_image_t *bgr,
                                 const uint8_t fill[3])
{
    for (uint32_t y = 0; y < bgr->height; y++)
        for (uint32_t x = 0; x < bgr->width; x++) {
            const uint8_t *expected = bgr->plane[0] + (size_t)y * bgr->stride[0] + 3 * (size_t)x;
            uint8_t yuv[3], actual[2][3];
            sample(planar, x, y, yuv);
            const uint8_t *const luma[2] = {yuv, yuv};
            uint8_t *const out[2] = {actual[0], actual[1]};
            bei_convert_c.bgr24(luma, yuv + 1, yuv + 2, out, 1);
            const int allowed = memcmp(expected, fill, 3) == 0 ? 2 : 0;
            for (int c = 0; c < 3; c++)
                assert_in_range(actual[0][c] - expected[c] + 2, 2 - allowed, 2 + allowed);
        }
}

static void assert_packed_agrees(const bei_image_t *packed, const bei_image_t *bgr, uint32_t size,
                                 const uint32_t channel[3])
{
    for (uint32_t i = 0; i < bgr->width * bgr->height; i++)
        for (uint32_t c = 0; c < 3; c++)
            assert_int_equal(packed->plane[0][i * size + channel[c]], bgr->plane[0][3 * i + c]);
}

static void every_format_shows_the_same_picture(void **state)
{
    scene_t *s = *state;
    static const uint32_t SIZE[][2] = {{W, H},    {96, 96},       {97, 95},   {31, 64},
                                       {101, 33}, {50, 200},      {3, 90},    {90, 1},
                                       {1, 1},    {W + 6, H + 1}, {W + 3, H}, {193, 129}};
    bei_compositor_t *compositor = NULL;
    assert_int_equal(bei_compositor_create(&s->scene, &compositor), BE_OK);
    assert_int_equal(bei_compositor_compose(compositor, 1, 1), BE_OK);
    for (size_t i = 0; i < sizeof SIZE / sizeof *SIZE; i++) {
        const be_compose_size_t size = {SIZE[i][0], SIZE[i][1], 250, 3, 120, 0};
        const uint8_t fill[3] = {250, 3, 120};
        uint32_t w, h;
        assert_int_equal(bei_compositor_set_size(compositor, &size, &w, &h), BE_OK);
        bei_image_t image[6];
        for (be_pixel_format f = BE_PIXEL_BGR24; f <= BE_PIXEL_NV12; f++)
            image[f] = write_as(compositor, f, w, h);
        const bei_image_t *bgr = &image[BE_PIXEL_BGR24];
        assert_packed_agrees(&image[BE_PIXEL_RGB24], bgr, 3, (const uint32_t[]){2, 1, 0});
        assert_packed_agrees(&image[BE_PIXEL_BGRA32], bgr, 4, (const uint32_t[]){0, 1, 2});
        for (uint32_t p = 0; p < w * h; p++)
            assert_int_equal(image[BE_PIXEL_BGRA32].plane[0][4 * p + 3], 255);
        assert_planar_agrees(&image[BE_PIXEL_I420], bgr, fill);
        assert_planar_agrees(&image[BE_PIXEL_NV12], bgr, fill);
        for (be_pixel_format f = BE_PIXEL_BGR24; f <= BE_PIXEL_NV12; f++)
            free(image[f].plane[0]);
    }
    bei_compositor_destroy(compositor);
}

/* Rows of samples that both images have. */
static void assert_same_rows(const bei_image_t *a, const bei_image_t *b)
{
    for (int i = 0; i < 3 && a->plane[i]; i++) {
        const uint32_t rows = i == 0 ? a->height : bei_i420_half(a->height);
        for (uint32_t y = 0; y < rows; y++)
            assert_memory_equal(a->plane[i] + (size_t)y * a->stride[i],
                                b->plane[i] + (size_t)y * b->stride[i], b->stride[i]);
    }
}

static void a_view_shows_what_a_copy_would_and_stays_where_it_is(void **state)
{
    scene_t *s = *state;
    static const be_compose_size_t SIZE[] = {{0, 0, 0, 0, 0, 0},
                                             {50, 90, 9, 8, 7, 0},
                                             {W, 2 * H, 1, 2, 3, 0},
                                             {W / 2, H / 2, 0, 0, 0, 0}};
    bei_compositor_t *compositor = NULL;
    assert_int_equal(bei_compositor_create(&s->scene, &compositor), BE_OK);
    for (size_t i = 0; i < sizeof SIZE / sizeof *SIZE; i++)
        for (be_pixel_format f = BE_PIXEL_BGR24; f <= BE_PIXEL_NV12; f++) {
            uint32_t w, h;
            bei_image_t first, again;
            assert_int_equal(bei_compositor_set_size(compositor, &SIZE[i], &w, &h), BE_OK);
            assert_int_equal(bei_compositor_compose(compositor, 0, 1), BE_OK);
            assert_int_equal(bei_compositor_view(compositor, f, &first), BE_OK);
            assert_int_equal(bei_compositor_compose(compositor, 2, 0), BE_OK);
            const bei_image_t copy = write_as(compositor, f, w, h);
            assert_int_equal(bei_compositor_view(compositor, f, &again), BE_OK);
            assert_ptr_equal(first.plane[0], again.plane[0]);
            assert_int_equal(again.width, w);
            assert_int_equal(again.height, h);
            assert_same_rows(&again, &copy);
            free(copy.plane[0]);
        }
    bei_image_t unknown = {.width = 5};
    assert_int_equal(bei_compositor_view(compositor, (be_pixel_format)9, &unknown),
                     BE_ERR_INVALID_ARG);
    assert_int_equal(unknown.width, 5);
    bei_compositor_destroy(compositor);
}

/* In the scene's size a view is only brought up to date: it must miss nothing, however many frames were
 * composed since, and whatever format or size came between. */
static void a_view_that_is_kept_misses_no_change(void **state)
{
    scene_t *s = *state;
    static const be_compose_size_t OTHER = {40, 30, 1, 2, 3, 0};
    bei_compositor_t *compositor = NULL;
    assert_int_equal(bei_compositor_create(&s->scene, &compositor), BE_OK);
    srand(29);
    be_pixel_format format = BE_PIXEL_BGR24;
    for (int i = 0; i < 400; i++) {
        if (rand() % 20 == 0)
            format = (be_pixel_format)(BE_PIXEL_BGR24 + rand() % 5);
        uint32_t width, height;
        const be_compose_size_t *size = rand() % 20 == 0 ? &OTHER : NULL;
        assert_int_equal(bei_compositor_set_size(compositor, size, &width, &height), BE_OK);
        for (int composed = rand() % 4; composed >= 0; composed--)
            assert_int_equal(
                bei_compositor_compose(compositor, (uint32_t)rand() % 3, (uint32_t)rand() % 2),
                BE_OK);
        const bei_image_t copy = write_as(compositor, format, width, height);
        bei_image_t view;
        assert_int_equal(bei_compositor_view(compositor, format, &view), BE_OK);
        assert_same_rows(&view, &copy);
        free(copy.plane[0]);
    }
    bei_compositor_destroy(compositor);
}

/* The stream's own format in its own size is lent without a copy: what is composed next is there. */
static void the_canvas_itself_is_lent(void **state)
{
    scene_t *s = *state;
    bei_compositor_t *compositor = NULL;
    bei_image_t view;
    assert_int_equal(bei_compositor_create(&s->scene, &compositor), BE_OK);
    assert_int_equal(bei_compositor_compose(compositor, 0, 0), BE_OK);
    assert_int_equal(bei_compositor_view(compositor, BE_PIXEL_I420, &view), BE_OK);
    assert_int_equal(bei_compositor_compose(compositor, 2, 1), BE_OK);
    const bei_image_t copy = write_as(compositor, BE_PIXEL_I420, W, H);
    assert_same_rows(&view, &copy);
    free(copy.plane[0]);
    bei_compositor_destroy(compositor);
}

static void a_damaged_picture_is_an_error_each_time(void **state)
{
    scene_t *s = *state;
    bei_pool_source_t sources[] = {
        {.jpeg = {s->jpeg[0], 200}, .width = W, .height = H}, /* cut */
        {.jpeg = {(const uint8_t *)"not a picture", 13}, .width = W, .height = H},
    };
    bei_pool_t *pool = NULL;
    assert_int_equal(bei_pool_create(sources, 2, (bei_pool_settings_t){0}, &pool), BE_OK);
    const bei_picture_t *picture[BEI_PICTURE_WANTED];
    for (uint32_t i = 0; i < 4; i++) {
        const uint32_t wanted[BEI_PICTURE_WANTED] = {BEI_NO_PICTURE, i % 2, BEI_NO_PICTURE,
                                                     BEI_NO_PICTURE};
        assert_int_equal(bei_pool_acquire(pool, wanted, picture), BE_ERR_FILE_CORRUPT);
    }
    assert_non_null(strstr(bei_error_message(), "picture 1"));
    bei_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_canvas_carries_nothing_over, make_scene, free_scene),
        cmocka_unit_test_setup_teardown(what_cannot_be_mixed_is_shown_alone, make_scene,
                                        free_scene),
        cmocka_unit_test_setup_teardown(a_mouth_changes_only_its_place, make_scene, free_scene),
        cmocka_unit_test(a_mask_of_zero_changes_nothing),
        cmocka_unit_test(a_full_mask_at_a_whole_offset_copies_the_patch),
        cmocka_unit_test(a_bias_shifts_the_patch_and_clamps),
        cmocka_unit_test(a_paste_may_hang_over_every_edge),
        cmocka_unit_test(an_absurd_pose_is_refused),
        cmocka_unit_test_setup_teardown(a_letterbox_is_centred_and_filled, make_scene, free_scene),
        cmocka_unit_test_setup_teardown(every_format_shows_the_same_picture, make_scene,
                                        free_scene),
        cmocka_unit_test_setup_teardown(a_view_that_is_kept_misses_no_change, make_scene,
                                        free_scene),
        cmocka_unit_test_setup_teardown(a_view_shows_what_a_copy_would_and_stays_where_it_is,
                                        make_scene, free_scene),
        cmocka_unit_test_setup_teardown(the_canvas_itself_is_lent, make_scene, free_scene),
        cmocka_unit_test_setup_teardown(a_damaged_picture_is_an_error_each_time, make_scene,
                                        free_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
