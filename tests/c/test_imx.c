/* The avatar file: what is sound opens with the right values, all else is named and refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "imx_asserts.h"

static void assert_span(bei_span_t span, const char *text)
{
    assert_int_equal(span.size, strlen(text));
    assert_memory_equal(span.data, text, span.size);
}

static void a_sound_file_opens(void **state)
{
    (void)state;
    bei_imx_t *imx = assert_opens();
    assert_string_equal(imx->manifest.name, "Ada \xc3\xa9");
    assert_string_equal(imx->manifest.identity, "ada-1");
    assert_int_equal(imx->manifest.width, 80);
    assert_int_equal(imx->manifest.height, 72);
    assert_int_equal(imx->manifest.fps, 25);
    assert_false(imx->manifest.metered);
    assert_true(imx->manifest.pingpong);
    assert_int_equal(imx->base_count, 2);
    assert_span(imx->bases[1], "base1");
    assert_int_equal(imx->frame_count, 3);
    assert_int_equal(imx->mouth_count, 3);
    assert_int_equal(imx->patch_w, 8);
    assert_int_equal(imx->patch_h, 8);
    for (int i = 0; i < 64; i++)
        assert_int_equal(imx->mask[i], i);
    assert_span(imx->encoder, "onnx");
    assert_int_equal(imx->thumbnail.size, 0);
    bei_imx_close(imx);
    bei_imx_close(NULL);
}

static void the_rows_have_their_values(void **state)
{
    (void)state;
    bei_imx_t *imx = assert_opens();
    assert_int_equal(imx->frames[0].w, 0);
    assert_int_equal(imx->frames[0].jpeg.size, 0);
    const bei_imx_frame_t *frame = &imx->frames[2];
    assert_int_equal(frame->base, 0);
    assert_int_equal(frame->x, 64);
    assert_int_equal(frame->y, 48);
    assert_int_equal(frame->w, 16);
    assert_int_equal(frame->h, 24);
    assert_span(frame->jpeg, "frame1");
    assert_int_equal(frame->affine[0], 65536);
    assert_int_equal(frame->affine[5], -30 * 65536 + 2);
    assert_int_equal(frame->bias[0], 16);
    assert_int_equal(frame->bias[1], -8);
    assert_int_equal(imx->mouths[0].jpeg.size, 0);
    assert_int_equal(imx->mouths[2].coord[0], 4096);
    assert_int_equal(imx->mouths[2].coord[1], -4096);
    assert_int_equal(imx->mouths[2].coord[5], 14);
    assert_span(imx->mouths[2].jpeg, "mouth2");
    bei_imx_close(imx);
}

static void unknown_sections_are_skipped(void **state)
{
    (void)state;
    memcpy(builder.sections[B_ENCO].type, "XTRA", 4);
    bei_imx_t *imx = assert_opens();
    assert_int_equal(imx->encoder.size, 0);
    bei_imx_close(imx);
}

static void an_optional_section_may_be_absent(void **state)
{
    (void)state;
    builder.sections[B_ENCO].size = 0;
    bei_imx_t *imx = assert_opens();
    assert_int_equal(imx->encoder.size, 0);
    bei_imx_close(imx);
}

static void without_clips_all_frames_are_the_loop(void **state)
{
    (void)state;
    bei_imx_t *imx = assert_opens();
    assert_int_equal(imx->loop_count, 3);
    assert_int_equal(imx->clip_count, 0);
    assert_null(imx->clips);
    bei_imx_close(imx);
}

static void clips_have_their_values(void **state)
{
    (void)state;
    builder_add_clips(&builder);
    bei_imx_t *imx = assert_opens();
    assert_int_equal(imx->frame_count, 3);
    assert_int_equal(imx->loop_count, 2);
    assert_int_equal(imx->clip_count, 2);
    assert_string_equal(imx->clips[0].name, "nod");
    assert_int_equal(imx->clips[0].first, 2);
    assert_int_equal(imx->clips[0].frames, 1);
    assert_int_equal(imx->clips[0].leave, 1);
    assert_int_equal(imx->clips[0].rejoin, 0);
    assert_false(imx->clips[0].idle);
    assert_string_equal(imx->clips[1].name, "look.aside-1");
    assert_int_equal(imx->clips[1].leave, 0);
    assert_int_equal(imx->clips[1].rejoin, 1);
    assert_true(imx->clips[1].idle);
    bei_imx_close(imx);
}

static void a_clip_may_have_the_longest_name(void **state)
{
    (void)state;
    builder_add_clips(&builder);
    memset(builder.sections[B_CLIP].bytes + 8, 'x', 31);
    bei_imx_t *imx = assert_opens();
    assert_int_equal(strlen(imx->clips[0].name), 31);
    bei_imx_close(imx);
}

/* There may be 64 clips, and all may have the same frames. */
static void there_may_be_64_clips(void **state)
{
    (void)state;
    builder_section_t *s = &builder.sections[B_CLIP];
    s->flags = 1;
    append(s, 64, 4), append(s, 1, 4);
    for (int i = 0; i < 64; i++) {
        char name[8];
        snprintf(name, sizeof name, "c%d", i);
        append_clip(s, name, (uint32_t[]){1, 2, 0, 0, 0});
    }
    bei_imx_t *imx = assert_opens();
    assert_int_equal(imx->clip_count, 64);
    assert_string_equal(imx->clips[63].name, "c63");
    assert_int_equal(imx->clips[63].frames, 2);
    bei_imx_close(imx);
}

static void a_missing_section_is_named(void **state)
{
    (void)state;
    for (int i = B_MANI; i <= B_MOUT; i++) {
        if (i == B_CLIP)
            continue;
        char named[40];
        snprintf(named, sizeof named, "section %s is missing", builder.sections[i].type);
        size_t size = builder.sections[i].size;
        builder.sections[i].size = 0;
        assert_builder_refused(named);
        builder.sections[i].size = size;
    }
}

static void a_section_that_appears_twice_is_refused(void **state)
{
    (void)state;
    memcpy(builder.sections[B_ENCO].type, "BASE", 4);
    assert_builder_refused("section BASE appears twice");
    builder_init(&builder);
    memcpy(builder.sections[B_FRAM].type, "XTRA", 4);
    memcpy(builder.sections[B_ENCO].type, "XTRA", 4);
    assert_builder_refused("section XTRA appears twice");
}

/* One field of the header or of a table of contents, set to a value under right checksums. */
typedef struct outer_case {
    size_t offset;
    int size;
    uint64_t value;
    const char *named;
} outer_case_t;

static void each_field_of_the_outer_layer_is_checked(void **state)
{
    (void)state;
    const size_t base = 64 + 32; /* the entry of BASE */
    const outer_case_t cases[] = {
        {0, 1, 0x09, "transfer in text mode"},
        {4, 1, 0x0a, "transfer in text mode"},
        {1, 1, 'X', "wrong magic number"},
        {8, 4, 2, "container version 2"},
        {8, 4, 0, "container version 0"},
        {12, 4, 0, "0 sections"},
        {12, 4, 65, "65 sections"},
        {12, 4, 5, "the padding before section MANI"},
        {12, 4, 64, "truncated in the table of contents"},
        {16, 8, 96, "table of contents is at 96"},
        {24, 8, 63, "its header says 63"},
        {24, 8, UINT64_MAX, "truncated"},
        {36, 4, 1, "reserved field of the header"},
        {56, 4, 1u << 31, "reserved field of the header"},
        {base, 1, 7, "not four printable characters"},
        {base + 4, 4, 1, "section BASE has flags 0x1"},
        {base + 8, 8, 257, "section BASE is at 257, not aligned"},
        {base + 8, 8, 64, "section BASE at 64 overlaps"},
        {base + 8, 8, (uint64_t)1 << 40, "section BASE ends outside the file"},
        {base + 8, 8, UINT64_MAX - 63, "section BASE ends outside the file"},
        {base + 16, 8, 0, "section BASE is empty"},
        {base + 16, 8, UINT64_MAX, "section BASE ends outside the file"},
        {base + 24, 4, 1, "the checksum of section BASE is wrong"},
        {base + 28, 4, 1, "section BASE has a reserved field"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const outer_case_t *c = &cases[i];
        size_t size = builder_write(&builder, file);
        put(file + c->offset, c->value, c->size);
        builder_seal(file);
        assert_refused(file, size, c->named);
    }
}

static void a_header_checksum_is_checked(void **state)
{
    (void)state;
    size_t size = builder_write(&builder, file);
    file[60] ^= 1;
    assert_refused(file, size, "the header's checksum is wrong");
    file[60] ^= 1;
    file[64 + 24] ^= 1;
    assert_refused(file, size, "the checksum of the table of contents is wrong");
}

static void padding_and_tail_must_be_clean(void **state)
{
    (void)state;
    size_t size = builder_write(&builder, file);
    size_t mani_end = 256 + builder.sections[B_MANI].size;
    assert_true(mani_end % 64 != 0);
    file[mani_end] = 1;
    assert_refused(file, size, "the padding before section BASE is not zero");
    builder_write(&builder, file);
    put(file + 24, size + 1, 8);
    builder_seal(file);
    assert_refused(file, size + 1, "1 bytes after the last section");
}

/* One field of a section, set to a value under right checksums. */
typedef struct inner_case {
    size_t section, offset, size;
    uint64_t value;
    const char *named;
} inner_case_t;

static void assert_inner_cases(const inner_case_t *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const inner_case_t *c = &cases[i];
        builder_init(&builder);
        put(builder.sections[c->section].bytes + c->offset, c->value, (int)c->size);
        assert_builder_refused(c->named);
    }
}

static void each_field_of_the_bases_is_checked(void **state)
{
    (void)state;
    const inner_case_t cases[] = {
        {B_BASE, 0, 4, 0, "section BASE has 0 rows"},
        {B_BASE, 0, 4, 4097, "section BASE has 4097 rows"},
        {B_BASE, 0, 4, 4, "section BASE is too short for its 4 rows"},
        {B_BASE, 4, 4, 1, "section BASE has a reserved field"},
        {B_BASE, 8, 8, 39, "row 0 of section BASE lies outside"},
        {B_BASE, 8, 8, 46, "row 0 of section BASE lies outside"},
        {B_BASE, 8, 8, UINT64_MAX - 2, "row 0 of section BASE lies outside"},
        {B_BASE, 24 + 8, 4, 0, "row 1 of section BASE has no picture"},
        {B_BASE, 24 + 8, 4, UINT32_MAX, "row 1 of section BASE lies outside"},
        {B_BASE, 24 + 12, 4, 1, "row 1 of section BASE has a reserved field"},
    };
    assert_inner_cases(cases, sizeof cases / sizeof cases[0]);
}

static void each_field_of_the_frames_is_checked(void **state)
{
    (void)state;
    const size_t row = 8 + 24; /* of frame 1 */
    const inner_case_t cases[] = {
        {B_FRAM, 0, 4, 0, "section FRAM has 0 rows"},
        {B_FRAM, 0, 4, UINT32_MAX, "section FRAM has 4294967295 rows"},
        {B_FRAM, 4, 4, 1, "section FRAM has a reserved field"},
        {B_FRAM, 8, 4, 2, "source frame 0 names base picture 2 of 2"},
        {B_FRAM, 8 + 4, 2, 16, "source frame 0 has the rectangle 0x0 at (16, 0)"},
        {B_FRAM, 8 + 12, 4, 6, "source frame 0 has the rectangle"},
        {B_FRAM, 8 + 16, 8, 80, "source frame 0 has the rectangle"},
        {B_FRAM, row + 4, 2, 8, "source frame 1 has the rectangle"},
        {B_FRAM, row + 4, 2, 64, "source frame 1 has the rectangle"},
        {B_FRAM, row + 4, 2, 65520, "source frame 1 has the rectangle"},
        {B_FRAM, row + 6, 2, 33, "source frame 1 has the rectangle"},
        {B_FRAM, row + 8, 2, 0, "source frame 1 has the rectangle"},
        {B_FRAM, row + 8, 2, 24, "source frame 1 has the rectangle"},
        {B_FRAM, row + 10, 2, 0, "source frame 1 has the rectangle"},
        {B_FRAM, row + 10, 2, 65535, "source frame 1 has the rectangle"},
        {B_FRAM, row + 12, 4, 0, "row 1 of section FRAM has no picture"},
        {B_FRAM, row + 12, 4, 7, "row 1 of section FRAM lies outside"},
        {B_FRAM, row + 16, 8, 79, "row 1 of section FRAM lies outside"},
    };
    assert_inner_cases(cases, sizeof cases / sizeof cases[0]);
}

static void each_field_of_the_placements_is_checked(void **state)
{
    (void)state;
    const size_t row = 32;
    const inner_case_t cases[] = {
        {B_PLAC, row, 4, 0, "placement 1 shrinks"},
        {B_PLAC, row, 4, 200, "placement 1 shrinks"},
        {B_PLAC, row, 4, (8 << 16) + 1, "placement 1 shrinks"},
        {B_PLAC, row + 4, 4, 0x80000000, "placement 1 shrinks"},
        {B_PLAC, row + 24, 2, 4081, "placement 1 has the colour offset 4081"},
        {B_PLAC, row + 28, 2, (uint16_t)-4081, "placement 1 has the colour offset -4081"},
        {B_PLAC, row + 30, 2, 1, "placement 1 has a reserved field"},
    };
    assert_inner_cases(cases, sizeof cases / sizeof cases[0]);
    builder_init(&builder);
    builder.sections[B_PLAC].size -= 32;
    assert_builder_refused("section PLAC has 64 bytes, 3 source frames need 96");
}

/* One field of CLIP, set to a value in a file with two clips. */
static void assert_clip_field(const inner_case_t *c)
{
    builder_init(&builder);
    builder_add_clips(&builder);
    put(builder.sections[c->section].bytes + c->offset, c->value, (int)c->size);
    assert_builder_refused(c->named);
}

static void each_field_of_the_clips_is_checked(void **state)
{
    (void)state;
    const size_t row = 8 + 56; /* of clip 1, whose name is look.aside-1 */
    const inner_case_t cases[] = {
        {B_CLIP, 0, 4, 0, "section CLIP has 0 clips, 1 to 64 are allowed"},
        {B_CLIP, 0, 4, 65, "section CLIP has 65 clips"},
        {B_CLIP, 0, 4, 1, "section CLIP has 120 bytes, 1 clips need 64"},
        {B_CLIP, 0, 4, 3, "section CLIP has 120 bytes, 3 clips need 176"},
        {B_CLIP, 4, 4, 0, "section CLIP says that 0 of 3 source frames are the loop"},
        {B_CLIP, 4, 4, 4, "section CLIP says that 4 of 3 source frames are the loop"},
        {B_CLIP, 4, 4, 3, "clip 'nod' has 1 frames from frame 2 on"},
        {B_CLIP, 8, 1, 0, "the name of clip 0 is longer than 31 bytes or not padded"},
        {B_CLIP, 8, 3, 0, "clip 0 has the name '', not a slug"},
        {B_CLIP, 8, 1, 'N', "clip 0 has the name 'Nod', not a slug"},
        {B_CLIP, 8, 1, '.', "clip 0 has the name '.od', not a slug"},
        {B_CLIP, 8 + 31, 1, 'x', "the name of clip 0 is longer than 31 bytes or not padded"},
        {B_CLIP, row, 8, 0, "the name of clip 1 is longer than 31 bytes or not padded"},
        {B_CLIP, row + 32, 4, 1, "clip 'look.aside-1' has 1 frames from frame 1 on, which"},
        {B_CLIP, row + 32, 4, 3, "clip 'look.aside-1' has 1 frames from frame 3 on"},
        {B_CLIP, row + 32, 4, UINT32_MAX, "clip 'look.aside-1' has 1 frames from frame 4294967295"},
        {B_CLIP, row + 36, 4, 0, "clip 'look.aside-1' has no frames"},
        {B_CLIP, row + 36, 4, 2, "clip 'look.aside-1' has 2 frames from frame 2 on"},
        {B_CLIP, row + 36, 4, UINT32_MAX, "clip 'look.aside-1' has 4294967295 frames"},
        {B_CLIP, row + 40, 4, 2, "clip 'look.aside-1' leaves the loop at frame 2 of 2"},
        {B_CLIP, row + 44, 4, 2, "clip 'look.aside-1' rejoins the loop at frame 2 of 2"},
        {B_CLIP, row + 48, 4, 3, "clip 'look.aside-1' has flags 0x3, this engine knows 0x1"},
        {B_CLIP, row + 52, 4, 1, "clip 'look.aside-1' has a reserved field"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_clip_field(&cases[i]);
}

static void two_clips_of_one_name_are_refused(void **state)
{
    (void)state;
    builder_add_clips(&builder);
    uint8_t *rows = builder.sections[B_CLIP].bytes + 8;
    memcpy(rows + 56, rows, 32);
    assert_builder_refused("clips 0 and 1 have the same name, 'nod'");
}

/* A reader that does not know CLIP would show its frames in the loop: the flag keeps it from that. */
static void clips_have_flags_1_and_nothing_else_has(void **state)
{
    (void)state;
    builder_add_clips(&builder);
    builder.sections[B_CLIP].flags = 0;
    assert_builder_refused("section CLIP has flags 0x0, not 0x1");
    builder.sections[B_CLIP].flags = 3;
    assert_builder_refused("section CLIP has flags 0x3, a newer engine is needed");
    builder.sections[B_CLIP].flags = 1;
    builder.sections[B_ENCO].flags = 1;
    assert_builder_refused("section ENCO has flags 0x1, a newer engine is needed");
    memcpy(builder.sections[B_ENCO].type, "XTRA", 4);
    assert_builder_refused("section XTRA has flags 0x1, a newer engine is needed");
    memcpy(builder.sections[B_CLIP].type, "CLIQ", 4);
    builder.sections[B_ENCO].size = 0;
    assert_builder_refused("section CLIQ has flags 0x1, a newer engine is needed");
}

static void each_field_of_the_mouths_is_checked(void **state)
{
    (void)state;
    const size_t row = 16 + 24;
    const inner_case_t cases[] = {
        {B_MOUT, 0, 4, 0, "section MOUT has 0 mouths"},
        {B_MOUT, 0, 4, 513, "section MOUT has 513 mouths"},
        {B_MOUT, 0, 4, 6, "section MOUT is too short for its rows and mask"},
        {B_MOUT, 4, 4, 5, "section MOUT has 5 coordinates"},
        {B_MOUT, 8, 2, 0, "the mouth patches are 0x8"},
        {B_MOUT, 8, 2, 6, "the mouth patches are 6x8"},
        {B_MOUT, 8, 2, 9, "the mouth patches are 9x8"},
        {B_MOUT, 10, 2, 1026, "the mouth patches are 8x1026"},
        {B_MOUT, 10, 2, 1024, "section MOUT is too short for its rows and mask"},
        {B_MOUT, 12, 4, 1, "section MOUT has a reserved field"},
        {B_MOUT, 16, 2, 1, "mouth 0 is not the rest mouth"},
        {B_MOUT, 16 + 12, 4, 1, "mouth 0 is not the rest mouth"},
        {B_MOUT, row, 2, 8193, "mouth 1 has a coordinate beyond"},
        {B_MOUT, row + 10, 2, 0x8000, "mouth 1 has a coordinate beyond"},
        {B_MOUT, row + 12, 4, 0, "row 1 of section MOUT has no picture"},
        {B_MOUT, row + 12, 4, 13, "row 1 of section MOUT lies outside"},
        {B_MOUT, row + 16, 8, 151, "row 1 of section MOUT lies outside"},
    };
    assert_inner_cases(cases, sizeof cases / sizeof cases[0]);
}

static void a_section_shorter_than_its_header_is_refused(void **state)
{
    (void)state;
    const int sections[] = {B_BASE, B_FRAM, B_CLIP, B_MOUT};
    for (int i = 0; i < 4; i++) {
        builder_init(&builder);
        builder_add_clips(&builder);
        builder.sections[sections[i]].size = 7;
        assert_builder_refused("is too short for its header");
    }
}

/* Many rows that share one blob must not make a small file ask for much memory. */
static void the_decoded_size_is_bounded(void **state)
{
    (void)state;
    set_manifest(&builder, "{\"format\":1,\"name\":\"a\",\"identity\":\"a\",\"width\":4096,"
                           "\"height\":4096,\"fps\":25,\"auth\":\"none\",\"license\":\"\","
                           "\"source\":\"\",\"tool\":\"\",\"loop\":\"forward\"}");
    memset(builder.sections[B_FRAM].bytes + 8 + 2 * 24, 0, 24); /* it ended at the smaller edge */
    builder_section_t *s = &builder.sections[B_BASE];
    s->size = 0;
    append(s, 86, 4), append(s, 0, 4);
    for (int i = 0; i < 86; i++)
        append(s, 8 + 86 * 16, 8), append(s, 1, 4), append(s, 0, 4);
    append(s, 0, 1);
    assert_builder_refused("when decoded, the limit is 2147483648");
    put(s->bytes, 85, 4);
    bei_imx_close(assert_opens());
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    builder_add_clips(&builder);
    size_t size = builder_write(&builder, file);
    assert_refused(file, 0, "the file is empty");
    for (size_t cut = 1; cut < size; cut++)
        assert_refused(file, cut, "truncated");
}

static void every_flipped_byte_is_refused(void **state)
{
    (void)state;
    static const uint8_t flips[] = {0x01, 0x80, 0xff};
    builder_add_clips(&builder);
    size_t size = builder_write(&builder, file);
    for (size_t i = 0; i < size; i++) {
        for (size_t j = 0; j < sizeof flips; j++) {
            file[i] ^= flips[j];
            assert_refused(file, size, "");
            file[i] ^= flips[j];
        }
    }
    bei_imx_close(assert_opens());
}

/* Wrong bytes under right checksums: whatever happens, no sanitizer may object. */
static void damage_under_right_checksums_never_crashes(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    builder_add_clips(&builder);
    for (int s = 0; s < B_SECTIONS; s++) {
        for (size_t i = 0; i < builder.sections[s].size; i++) {
            for (size_t j = 0; j < sizeof values; j++) {
                uint8_t before = builder.sections[s].bytes[i];
                builder.sections[s].bytes[i] = values[j];
                size_t size = builder_write(&builder, file);
                bei_imx_t *imx = NULL;
                be_status status = bei_imx_open_memory(file, size, "ada.imx", NULL, &imx);
                assert_true(status == BE_OK || status == BE_ERR_FILE_CORRUPT);
                assert_int_equal(imx != NULL, status == BE_OK);
                bei_imx_close(imx);
                builder.sections[s].bytes[i] = before;
            }
        }
    }
}

static void other_containers_are_recognised(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        const char *bytes;
        const char *named;
    } cases[] = {
        {0, "IMX2", "shares the extension .imx"},
        {0, "PK\x03\x04", "shares the extension .imx (a zip archive)"},
        {0, "\x89HDF\r\n\x1a\n", "shares the extension .imx (an HDF5 file)"},
        {0, "\x1f\x8b\x08", "shares the extension .imx (gzip"},
        {257, "ustar", "shares the extension .imx (a tar archive)"},
        {0, "\xff\xd8\xff\xe0", "it looks like a JPEG picture"},
        {0, "RIFF", "WAV"},
        {0, "hello", "not an avatar of this engine: wrong magic number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[600] = {0};
        memcpy(bytes + cases[i].offset, cases[i].bytes, strlen(cases[i].bytes));
        assert_refused(bytes, sizeof bytes, cases[i].named);
    }
    assert_refused((const uint8_t *)"P", 1, "wrong magic number");
    assert_refused(file, ((size_t)1 << 30) + 1, "larger than 1073741824 bytes");
}

static void write_file(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

static void assert_open_fails(const char *path, be_status expected, const char *named)
{
    bei_imx_t *imx = NULL;
    assert_int_equal(bei_imx_open(path, NULL, &imx), expected);
    assert_null(imx);
    if (!strstr(bei_error_message(), named))
        fail_msg("'%s' does not name '%s'", bei_error_message(), named);
}

static void files_open_and_fail_by_path(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_imx.XXXXXX";
    char path[64], pipe_path[64], no_folder[80];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/ada.imx", folder);
    snprintf(pipe_path, sizeof pipe_path, "%s/pipe", folder);
    snprintf(no_folder, sizeof no_folder, "%s/x", path);

    assert_open_fails(path, BE_ERR_FILE_NOT_FOUND, "there is no such file");
    assert_open_fails(folder, BE_ERR_FILE_CORRUPT, "is a folder");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_open_fails(pipe_path, BE_ERR_FILE_CORRUPT, "is not a regular file");
    write_file(path, file, 0);
    assert_open_fails(path, BE_ERR_FILE_CORRUPT, "the file is empty");
    assert_open_fails(no_folder, BE_ERR_FILE_NOT_FOUND, "there is no such file");
    size_t size = builder_write(&builder, file);
    write_file(path, file, size - 1);
    assert_open_fails(path, BE_ERR_FILE_CORRUPT, "truncated");
    assert_int_equal(truncate(path, ((off_t)1 << 30) + 1), 0); /* sparse */
    assert_open_fails(path, BE_ERR_FILE_CORRUPT, "larger than");

    write_file(path, file, size);
    bei_imx_t *imx = NULL;
    assert_int_equal(bei_imx_open(path, NULL, &imx), BE_OK);
    assert_int_equal(imx->size, size);
    assert_memory_equal(imx->bytes, file, size);
    bei_imx_close(imx);
    unlink(path), unlink(pipe_path), rmdir(folder);
}

/* Linux shows files whose size is not what reading them gives. */
static void a_file_that_is_not_what_its_size_says_is_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/proc/self/status", "became longer"},
        {"/sys/devices/system/cpu/online", "became shorter"},
        {"/proc/self/mem", "cannot be read"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (access(cases[i][0], R_OK) == 0)
            assert_open_fails(cases[i][0], BE_ERR_FILE_CORRUPT, cases[i][1]);
    }
}

static void a_long_path_does_not_hide_the_sentence(void **state)
{
    (void)state;
    char label[3000];
    memset(label, 'x', sizeof label);
    memcpy(label + sizeof label - 8, "ada.imx", 8);
    bei_imx_t *imx = NULL;
    assert_int_equal(bei_imx_open_memory(file, 0, label, NULL, &imx), BE_ERR_FILE_CORRUPT);
    assert_non_null(strstr(bei_error_message(), "ada.imx: the file is empty"));
}

static void null_arguments_are_refused(void **state)
{
    (void)state;
    bei_imx_t *imx = NULL;
    assert_int_equal(bei_imx_open(NULL, NULL, &imx), BE_ERR_INVALID_ARG);
    assert_int_equal(bei_imx_open("x", NULL, NULL), BE_ERR_INVALID_ARG);
    assert_int_equal(bei_imx_open_memory(NULL, 3, "x", NULL, &imx), BE_ERR_INVALID_ARG);
    assert_int_equal(bei_imx_open_memory(file, 3, NULL, NULL, &imx), BE_ERR_INVALID_ARG);
    assert_null(imx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sound_file_opens),
        TEST(the_rows_have_their_values),
        TEST(unknown_sections_are_skipped),
        TEST(an_optional_section_may_be_absent),
        TEST(without_clips_all_frames_are_the_loop),
        TEST(clips_have_their_values),
        TEST(a_clip_may_have_the_longest_name),
        TEST(there_may_be_64_clips),
        TEST(a_missing_section_is_named),
        TEST(a_section_that_appears_twice_is_refused),
        TEST(each_field_of_the_outer_layer_is_checked),
        TEST(a_header_checksum_is_checked),
        TEST(padding_and_tail_must_be_clean),
        TEST(each_field_of_the_bases_is_checked),
        TEST(each_field_of_the_frames_is_checked),
        TEST(each_field_of_the_placements_is_checked),
        TEST(each_field_of_the_clips_is_checked),
        TEST(two_clips_of_one_name_are_refused),
        TEST(clips_have_flags_1_and_nothing_else_has),
        TEST(each_field_of_the_mouths_is_checked),
        TEST(a_section_shorter_than_its_header_is_refused),
        TEST(the_decoded_size_is_bounded),
        TEST(every_truncation_is_refused),
        TEST(every_flipped_byte_is_refused),
        TEST(damage_under_right_checksums_never_crashes),
        TEST(other_containers_are_recognised),
        TEST(files_open_and_fail_by_path),
        TEST(a_file_that_is_not_what_its_size_says_is_refused),
        TEST(a_long_path_does_not_hide_the_sentence),
        TEST(null_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
