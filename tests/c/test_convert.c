/* Pixel formats: every kernel gives the reference's bytes and no byte more, in every shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "picture/convert.h"
#include "picture/image.h"

enum { GUARD = 0xA5, WIDEST = 130, MARGIN = 40, ROOM = 4 * WIDEST + 2 * MARGIN };

static void fill_random(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(rand() >> 7);
}

/* ---------------------------------------------------------------- kernels */

/* A pair of rows in heap blocks without a byte to spare, so that a sanitizer sees a read beyond. */
typedef struct rows {
    uint8_t *luma[2], *u, *v;
} rows_t;

/* `shift` leaves the planes at addresses that no vector likes. */
static rows_t make_rows(uint32_t width, uint32_t shift)
{
    const uint32_t half = bei_i420_half(width);
    rows_t rows = {
        {malloc(width + shift), malloc(width + shift)}, malloc(half + shift), malloc(half + shift)};
    fill_random(rows.luma[0], width + shift);
    fill_random(rows.luma[1], width + shift);
    fill_random(rows.u, half + shift);
    fill_random(rows.v, half + shift);
    return rows;
}

static void free_rows(rows_t *rows)
{
    free(rows->luma[0]);
    free(rows->luma[1]);
    free(rows->u);
    free(rows->v);
}

/* Both rows as a kernel gives them, with guards around each. */
typedef struct result {
    uint8_t row[2][ROOM];
} result_t;

static result_t run_rows(bei_convert_rows *kernel, const rows_t *rows, uint32_t width,
                         uint32_t shift)
{
    result_t result;
    memset(&result, GUARD, sizeof result);
    const uint8_t *const luma[2] = {rows->luma[0] + shift, rows->luma[1] + shift};
    uint8_t *const out[2] = {result.row[0] + MARGIN + shift, result.row[1] + MARGIN - shift};
    kernel(luma, rows->u + shift, rows->v + shift, out, width);
    return result;
}

static void assert_guards(const uint8_t *row, size_t begin, size_t bytes)
{
    for (size_t i = 0; i < ROOM; i++)
        if (i < begin || i >= begin + bytes)
            assert_int_equal(row[i], GUARD);
}

static void compare_rows(bei_convert_rows *reference, bei_convert_rows *kernel, uint32_t size)
{
    for (uint32_t width = 1; width <= WIDEST; width++)
        for (uint32_t shift = 0; shift < 18; shift += width % 3 + 1) {
            rows_t rows = make_rows(width, shift);
            const result_t expected = run_rows(reference, &rows, width, shift);
            const result_t actual = run_rows(kernel, &rows, width, shift);
            assert_guards(expected.row[0], MARGIN + shift, (size_t)width * size);
            assert_guards(expected.row[1], MARGIN - shift, (size_t)width * size);
            assert_memory_equal(&expected, &actual, sizeof expected);
            free_rows(&rows);
        }
}

static void every_kernel_gives_the_references_bytes(void **state)
{
    (void)state;
    const bei_convert_kernels_t *best = bei_convert_best();
    if (best == &bei_convert_c)
        print_message("this processor has no vector kernel: only the reference ran\n");
    srand(3);
    compare_rows(bei_convert_c.bgr24, best->bgr24, 3);
    compare_rows(bei_convert_c.rgb24, best->rgb24, 3);
    compare_rows(bei_convert_c.bgra32, best->bgra32, 4);
}

static void chroma_is_interleaved_and_nothing_else_touched(void **state)
{
    (void)state;
    srand(4);
    for (uint32_t count = 1; count <= WIDEST; count++)
        for (uint32_t shift = 0; shift < 3; shift++) {
            rows_t rows = make_rows(2 * count, shift);
            uint8_t out[ROOM];
            memset(out, GUARD, sizeof out);
            bei_convert_best()->uv(rows.u + shift, rows.v + shift, out + MARGIN + shift, count);
            assert_guards(out, MARGIN + shift, 2 * count);
            for (uint32_t i = 0; i < count; i++) {
                assert_int_equal(out[MARGIN + shift + 2 * i], rows.u[shift + i]);
                assert_int_equal(out[MARGIN + shift + 2 * i + 1], rows.v[shift + i]);
            }
            free_rows(&rows);
        }
}

/* Flat colour through a kernel; the pixel of the second row's end. */
static const uint8_t *flat(bei_convert_rows *kernel, uint8_t y, uint8_t u, uint8_t v)
{
    static uint8_t luma[2][48], chroma[2][24], out[2][192];
    memset(luma, y, sizeof luma);
    memset(chroma[0], u, sizeof chroma[0]);
    memset(chroma[1], v, sizeof chroma[1]);
    const uint8_t *const rows[2] = {luma[0], luma[1]};
    uint8_t *const to[2] = {out[0], out[1]};
    kernel(rows, chroma[0], chroma[1], to, 48);
    return out[1];
}

static void extremes_agree_between_kernels_and_clamp(void **state)
{
    (void)state;
    static const uint8_t EXTREME[] = {0, 1, 127, 128, 129, 254, 255};
    for (int i = 0; i < 7 * 7 * 7; i++) {
        const uint8_t y = EXTREME[i % 7], u = EXTREME[i / 7 % 7], v = EXTREME[i / 49];
        uint8_t expected[192];
        memcpy(expected, flat(bei_convert_c.bgra32, y, u, v), sizeof expected);
        assert_memory_equal(expected, flat(bei_convert_best()->bgra32, y, u, v), sizeof expected);
    }
    const uint8_t *grey = flat(bei_convert_best()->bgr24, 90, 128, 128);
    for (int i = 0; i < 3 * 48; i++)
        assert_int_equal(grey[i], 90);
}

/* Within two levels of the definition of BT.601 full range. */
static void colours_are_those_of_jpeg(void **state)
{
    (void)state;
    srand(5);
    for (int i = 0; i < 5000; i++) {
        const uint8_t y = (uint8_t)rand(), u = (uint8_t)rand(), v = (uint8_t)rand();
        const uint8_t *bgr = flat(bei_convert_c.bgr24, y, u, v);
        const double exact[3] = {y + 1.772 * (u - 128),
                                 y - 0.344136 * (u - 128) - 0.714136 * (v - 128),
                                 y + 1.402 * (v - 128)};
        for (int c = 0; c < 3; c++) {
            double clamped = exact[c] < 0 ? 0 : exact[c] > 255 ? 255 : exact[c];
            assert_true(bgr[c] - clamped < 2 && clamped - bgr[c] < 2);
        }
    }
}

/* ---------------------------------------------------------------- whole pictures */

typedef struct picture {
    uint8_t *block;
    bei_i420_t planes;
} picture_t;

static picture_t make_picture(uint32_t width, uint32_t height)
{
    const size_t bytes = bei_i420_size(width, height);
    picture_t picture = {malloc(bytes), {{0}, {0}, 0, 0}};
    fill_random(picture.block, bytes);
    picture.planes = bei_i420_over(picture.block, width, height);
    return picture;
}

/* An image in a heap block of exactly its size, of guard bytes. */
static bei_image_t make_image(be_pixel_format format, const bei_i420_t *shape, uint32_t stride)
{
    const size_t bytes = bei_image_bytes(format, shape->width, shape->height, stride);
    uint8_t *block = malloc(bytes);
    memset(block, GUARD, bytes);
    bei_image_t image;
    assert_int_equal(
        bei_image_layout(format, shape->width, shape->height, stride, block, bytes, &image), BE_OK);
    return image;
}

static const uint8_t *pixel(const bei_image_t *image, uint32_t x, uint32_t y, uint32_t size)
{
    return image->plane[0] + (size_t)y * image->stride[0] + (size_t)x * size;
}

static void the_packed_formats_have_the_same_colours(void **state)
{
    (void)state;
    static const uint32_t SIZE[][2] = {{1, 1}, {2, 3}, {33, 5}, {96, 64}, {101, 7}};
    srand(6);
    for (size_t i = 0; i < sizeof SIZE / sizeof *SIZE; i++) {
        picture_t from = make_picture(SIZE[i][0], SIZE[i][1]);
        bei_image_t bgr = make_image(BE_PIXEL_BGR24, &from.planes, 0);
        bei_image_t rgb = make_image(BE_PIXEL_RGB24, &from.planes, 3 * SIZE[i][0] + 5);
        bei_image_t bgra = make_image(BE_PIXEL_BGRA32, &from.planes, 4 * SIZE[i][0] + 64);
        bei_convert(&from.planes, &bgr);
        bei_convert(&from.planes, &rgb);
        bei_convert(&from.planes, &bgra);
        for (uint32_t y = 0; y < SIZE[i][1]; y++)
            for (uint32_t x = 0; x < SIZE[i][0]; x++) {
                const uint8_t *expected = pixel(&bgr, x, y, 3), *swapped = pixel(&rgb, x, y, 3);
                const uint8_t reversed[3] = {swapped[2], swapped[1], swapped[0]};
                assert_memory_equal(reversed, expected, 3);
                assert_memory_equal(pixel(&bgra, x, y, 4), expected, 3);
                assert_int_equal(pixel(&bgra, x, y, 4)[3], 255);
            }
        for (uint32_t y = 0; y + 1 < SIZE[i][1]; y++) /* what pads a row is the caller's */
            assert_int_equal(pixel(&rgb, SIZE[i][0], y, 3)[4], GUARD);
        free(bgr.plane[0]);
        free(rgb.plane[0]);
        free(bgra.plane[0]);
        free(from.block);
    }
}

static void the_planar_formats_keep_every_sample(void **state)
{
    (void)state;
    srand(7);
    for (uint32_t width = 1; width < 80; width += 13)
        for (uint32_t height = 1; height < 6; height++) {
            picture_t from = make_picture(width, height);
            bei_image_t i420 = make_image(BE_PIXEL_I420, &from.planes, width + width % 5);
            bei_image_t nv12 = make_image(BE_PIXEL_NV12, &from.planes, width + width % 4);
            bei_convert(&from.planes, &i420);
            bei_convert(&from.planes, &nv12);
            const bei_i420_t *p = &from.planes;
            for (uint32_t y = 0; y < height; y++) {
                assert_memory_equal(pixel(&i420, 0, y, 1), p->plane[0] + y * p->stride[0], width);
                assert_memory_equal(pixel(&nv12, 0, y, 1), p->plane[0] + y * p->stride[0], width);
            }
            for (uint32_t y = 0; y < bei_i420_half(height); y++)
                for (uint32_t x = 0; x < bei_i420_half(width); x++)
                    for (uint32_t c = 0; c < 2; c++) {
                        uint8_t sample = p->plane[1 + c][y * p->stride[1 + c] + x];
                        assert_int_equal(i420.plane[1 + c][y * i420.stride[1 + c] + x], sample);
                        assert_int_equal(nv12.plane[1][y * nv12.stride[1] + 2 * x + c], sample);
                    }
            free(i420.plane[0]);
            free(nv12.plane[0]);
            free(from.block);
        }
}

/* Wider than any kernel's inner piece. */
static void wide_rows_are_those_of_the_reference(void **state)
{
    (void)state;
    srand(8);
    picture_t from = make_picture(8191, 3);
    for (be_pixel_format format = BE_PIXEL_BGR24; format <= BE_PIXEL_NV12; format++) {
        bei_image_t expected = make_image(format, &from.planes, 0);
        bei_image_t actual = make_image(format, &from.planes, 0);
        bei_convert_with(&bei_convert_c, &from.planes, &expected);
        bei_convert(&from.planes, &actual);
        assert_memory_equal(expected.plane[0], actual.plane[0],
                            bei_image_bytes(format, 8191, 3, 0));
        free(expected.plane[0]);
        free(actual.plane[0]);
    }
    free(from.block);
}

/* ---------------------------------------------------------------- layouts */

static void packed_layouts_are_those_of_the_header(void **state)
{
    (void)state;
    uint8_t data[256];
    bei_image_t image;
    assert_int_equal(bei_image_bytes(BE_PIXEL_BGR24, 5, 3, 0), 45);
    assert_int_equal(bei_image_bytes(BE_PIXEL_BGRA32, 5, 3, 0), 60);
    assert_int_equal(bei_image_bytes(BE_PIXEL_I420, 5, 3, 0), 15 + 2 * 6);
    assert_int_equal(bei_image_bytes(BE_PIXEL_NV12, 5, 3, 0), 15 + 12);
    assert_int_equal(bei_image_layout(BE_PIXEL_I420, 5, 3, 0, data, 27, &image), BE_OK);
    assert_ptr_equal(image.plane[1], data + 15);
    assert_ptr_equal(image.plane[2], data + 21);
    assert_int_equal(image.stride[2], 3);
    assert_int_equal(bei_image_layout(BE_PIXEL_NV12, 5, 3, 9, data, 256, &image), BE_OK);
    assert_ptr_equal(image.plane[1], data + 27);
    assert_null(image.plane[2]);
    assert_int_equal(image.stride[0], 9);
    assert_int_equal(image.stride[1], 10);
    assert_int_equal(image.stride[2], 0);
}

/* The last row may end where its pixels end, as in a part of a larger picture. */
static void the_last_row_needs_no_padding(void **state)
{
    (void)state;
    uint8_t data[64];
    bei_image_t image;
    assert_int_equal(bei_image_bytes(BE_PIXEL_BGR24, 2, 3, 20), 46);
    assert_int_equal(bei_image_layout(BE_PIXEL_BGR24, 2, 3, 20, data, 46, &image), BE_OK);
    assert_int_equal(bei_image_bytes(BE_PIXEL_I420, 2, 2, 8), 8 * 2 + 4 + 1);
}

static void what_does_not_fit_is_refused_with_the_numbers(void **state)
{
    (void)state;
    uint8_t data[64] = {0};
    bei_image_t image = {.width = 77};
    assert_int_equal(bei_image_layout(BE_PIXEL_NV12, 6, 4, 0, data, 35, &image),
                     BE_ERR_BUFFER_TOO_SMALL);
    assert_string_equal(bei_error_message(),
                        "room for 35 bytes where a frame of 6 x 4 in NV12, a row "
                        "every 6 bytes, takes 36");
    assert_int_equal(bei_image_layout(BE_PIXEL_RGB24, 6, 4, 17, data, 64, &image),
                     BE_ERR_INVALID_ARG);
    assert_non_null(strstr(bei_error_message(), "17"));
    assert_int_equal(bei_image_layout((be_pixel_format)0, 6, 4, 0, data, 64, &image),
                     BE_ERR_INVALID_ARG);
    assert_int_equal(bei_image_layout((be_pixel_format)6, 6, 4, 0, data, 64, &image),
                     BE_ERR_INVALID_ARG);
    assert_int_equal(bei_image_layout(BE_PIXEL_NV12, 6, 4, UINT32_MAX, data, 64, &image),
                     BE_ERR_INVALID_ARG);
    assert_int_equal(bei_image_layout(BE_PIXEL_NV12, 6, 4, 0, NULL, 64, &image),
                     BE_ERR_INVALID_ARG);
    assert_int_equal(image.width, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_gives_the_references_bytes),
        cmocka_unit_test(chroma_is_interleaved_and_nothing_else_touched),
        cmocka_unit_test(extremes_agree_between_kernels_and_clamp),
        cmocka_unit_test(colours_are_those_of_jpeg),
        cmocka_unit_test(the_packed_formats_have_the_same_colours),
        cmocka_unit_test(the_planar_formats_keep_every_sample),
        cmocka_unit_test(wide_rows_are_those_of_the_reference),
        cmocka_unit_test(packed_layouts_are_those_of_the_header),
        cmocka_unit_test(the_last_row_needs_no_padding),
        cmocka_unit_test(what_does_not_fit_is_refused_with_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
