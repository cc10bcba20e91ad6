#include "container/tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "base/i420.h"
#include "container/clips.h"

enum {
    LIST_HEAD = 8,
    BASE_ROW = 16,
    FRAME_ROW = 24,
    PLACEMENT_ROW = 32,
    MOUTH_HEAD = 16,
    MOUTH_ROW = 24,
    RECT_GRID = 16,
    MAX_COORD = 2 * 4096,     /* Q12 */
    MAX_BIAS = 255 * 16,      /* 1/16 levels */
    MAX_SCALE = 8 << 16,      /* 16.16: patch pixels per picture pixel */
    MIN_DETERMINANT = 1 << 26 /* 32.32: 1/64 of the area */
};

static const uint64_t max_decoded = (uint64_t)2 << 30;

/* A section that begins with rows and ends with the blobs to which they point. */
typedef struct table {
    bei_span_t section;
    const char *name;
    const char *label;
    size_t blobs; /* the first offset that a blob may have */
} table_t;

static be_status out_of_memory(const char *name)
{
    return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for the table of section %s", name);
}

/* Reads the head of a list and makes sure that all rows are there. */
static be_status open_list(table_t *table, size_t row_size, uint32_t *count)
{
    const uint8_t *p = table->section.data;
    BEI_CHECK(table->section.size >= LIST_HEAD, table->label,
              "section %s is too short for its header", table->name);
    *count = bei_bytes_u32(p);
    BEI_CHECK(*count >= 1 && *count <= BEI_IMX_MAX_FRAMES, table->label,
              "section %s has %" PRIu32 " rows, 1 to %d are allowed", table->name, *count,
              BEI_IMX_MAX_FRAMES);
    BEI_CHECK(bei_bytes_u32(p + 4) == 0, table->label,
              "section %s has a reserved field that is not 0", table->name);
    table->blobs = LIST_HEAD + *count * row_size;
    BEI_CHECK(table->section.size >= table->blobs, table->label,
              "section %s is too short for its %" PRIu32 " rows", table->name, *count);
    return BE_OK;
}

static be_status find_blob(const table_t *table, uint32_t row, uint64_t offset, uint32_t length,
                           bei_span_t *blob)
{
    BEI_CHECK(length > 0, table->label, "row %" PRIu32 " of section %s has no picture", row,
              table->name);
    size_t size = table->section.size;
    BEI_CHECK(offset >= table->blobs && offset <= size && length <= size - offset, table->label,
              "the picture of row %" PRIu32 " of section %s lies outside it: %" PRIu32
              " bytes at %" PRIu64 " of %zu",
              row, table->name, length, offset, size);
    *blob = (bei_span_t){table->section.data + offset, length};
    return BE_OK;
}

static be_status parse_bases(table_t table, bei_imx_t *imx)
{
    BEI_TRY(open_list(&table, BASE_ROW, &imx->base_count));
    imx->bases = bei_calloc(imx->base_count, sizeof *imx->bases);
    if (!imx->bases)
        return out_of_memory(table.name);
    for (uint32_t i = 0; i < imx->base_count; i++) {
        const uint8_t *p = table.section.data + LIST_HEAD + (size_t)i * BASE_ROW;
        BEI_CHECK(bei_bytes_u32(p + 12) == 0, table.label,
                  "row %" PRIu32 " of section BASE has a reserved field that is not 0", i);
        BEI_TRY(find_blob(&table, i, bei_bytes_u64(p), bei_bytes_u32(p + 8), &imx->bases[i]));
    }
    return BE_OK;
}

/* On the grid, except that it may end where the picture ends. */
static bool is_range_sound(uint32_t start, uint32_t length, uint32_t side)
{
    return length > 0 && start % RECT_GRID == 0 && start + length <= side &&
           (length % RECT_GRID == 0 || start + length == side);
}

static be_status parse_frame(const table_t *table, uint32_t row, const bei_imx_t *imx,
                             bei_imx_frame_t *frame)
{
    const uint8_t *p = table->section.data + LIST_HEAD + (size_t)row * FRAME_ROW;
    const bei_imx_manifest_t *manifest = &imx->manifest;
    frame->base = bei_bytes_u32(p);
    BEI_CHECK(frame->base < imx->base_count, table->label,
              "source frame %" PRIu32 " names base picture %" PRIu32 " of %" PRIu32, row,
              frame->base, imx->base_count);
    if (bei_bytes_all_zero(p + 4, FRAME_ROW - 4))
        return BE_OK;
    frame->x = bei_bytes_u16(p + 4);
    frame->y = bei_bytes_u16(p + 6);
    frame->w = bei_bytes_u16(p + 8);
    frame->h = bei_bytes_u16(p + 10);
    BEI_CHECK(is_range_sound(frame->x, frame->w, manifest->width) &&
                  is_range_sound(frame->y, frame->h, manifest->height),
              table->label,
              "source frame %" PRIu32 " has the rectangle %dx%d at (%d, %d), which is off the "
              "%d-pixel grid or outside %" PRIu32 "x%" PRIu32,
              row, frame->w, frame->h, frame->x, frame->y, RECT_GRID, manifest->width,
              manifest->height);
    return find_blob(table, row, bei_bytes_u64(p + 16), bei_bytes_u32(p + 12), &frame->jpeg);
}

static be_status parse_frames(table_t table, bei_imx_t *imx)
{
    BEI_TRY(open_list(&table, FRAME_ROW, &imx->frame_count));
    imx->frames = bei_calloc(imx->frame_count, sizeof *imx->frames);
    if (!imx->frames)
        return out_of_memory(table.name);
    for (uint32_t i = 0; i < imx->frame_count; i++)
        BEI_TRY(parse_frame(&table, i, imx, &imx->frames[i]));
    return BE_OK;
}

/* A placement that the compositor can invert: at most 8 times smaller or larger, not singular. */
static bool is_affine_sound(const int32_t m[6])
{
    static const int linear[] = {0, 1, 3, 4};
    for (int i = 0; i < 4; i++) {
        int32_t value = m[linear[i]];
        if (value > MAX_SCALE || value < -MAX_SCALE)
            return false;
    }
    int64_t determinant = (int64_t)m[0] * m[4] - (int64_t)m[1] * m[3];
    return determinant >= MIN_DETERMINANT || determinant <= -MIN_DETERMINANT;
}

static be_status parse_placement(const table_t *table, uint32_t row, bei_imx_frame_t *frame)
{
    const uint8_t *p = table->section.data + (size_t)row * PLACEMENT_ROW;
    for (int i = 0; i < 6; i++)
        frame->affine[i] = bei_bytes_i32(p + 4 * i);
    BEI_CHECK(is_affine_sound(frame->affine), table->label,
              "placement %" PRIu32 " shrinks or stretches the patch beyond 8 times, or is singular",
              row);
    for (int i = 0; i < 3; i++) {
        frame->bias[i] = bei_bytes_i16(p + 24 + 2 * i);
        BEI_CHECK(frame->bias[i] <= MAX_BIAS && frame->bias[i] >= -MAX_BIAS, table->label,
                  "placement %" PRIu32 " has the colour offset %d, beyond %d sixteenths", row,
                  frame->bias[i], MAX_BIAS);
    }
    BEI_CHECK(bei_bytes_u16(p + 30) == 0, table->label,
              "placement %" PRIu32 " has a reserved field that is not 0", row);
    return BE_OK;
}

static be_status parse_placements(table_t table, bei_imx_t *imx)
{
    size_t needed = (size_t)imx->frame_count * PLACEMENT_ROW;
    BEI_CHECK(table.section.size == needed, table.label,
              "section PLAC has %zu bytes, %" PRIu32 " source frames need %zu", table.section.size,
              imx->frame_count, needed);
    for (uint32_t i = 0; i < imx->frame_count; i++)
        BEI_TRY(parse_placement(&table, i, &imx->frames[i]));
    return BE_OK;
}

static bool is_patch_side_sound(uint16_t side)
{
    return side >= BEI_IMX_MIN_PATCH_SIDE && side <= BEI_IMX_MAX_PATCH_SIDE && side % 2 == 0;
}

/* Reads the head of MOUT and finds the mask behind the rows. */
static be_status open_mouths(table_t *table, bei_imx_t *imx)
{
    const uint8_t *p = table->section.data;
    const char *label = table->label;
    BEI_CHECK(table->section.size >= MOUTH_HEAD, label, "section MOUT is too short for its header");
    imx->mouth_count = bei_bytes_u32(p);
    BEI_CHECK(imx->mouth_count >= 1 && imx->mouth_count <= BEI_IMX_MAX_MOUTHS, label,
              "section MOUT has %" PRIu32 " mouths, 1 to %d are allowed", imx->mouth_count,
              BEI_IMX_MAX_MOUTHS);
    uint32_t dims = bei_bytes_u32(p + 4);
    BEI_CHECK(dims == BEI_IMX_COORDS, label,
              "section MOUT has %" PRIu32 " coordinates for each mouth, not %d", dims,
              BEI_IMX_COORDS);
    imx->patch_w = bei_bytes_u16(p + 8);
    imx->patch_h = bei_bytes_u16(p + 10);
    BEI_CHECK(is_patch_side_sound(imx->patch_w) && is_patch_side_sound(imx->patch_h), label,
              "the mouth patches are %dx%d, sides must be even and %d to %d", imx->patch_w,
              imx->patch_h, BEI_IMX_MIN_PATCH_SIDE, BEI_IMX_MAX_PATCH_SIDE);
    BEI_CHECK(bei_bytes_u32(p + 12) == 0, label, "section MOUT has a reserved field that is not 0");
    size_t rows_end = MOUTH_HEAD + (size_t)imx->mouth_count * MOUTH_ROW;
    table->blobs = rows_end + (size_t)imx->patch_w * imx->patch_h;
    BEI_CHECK(table->section.size >= table->blobs, label,
              "section MOUT is too short for its rows and mask");
    imx->mask = p + rows_end;
    return BE_OK;
}

static be_status parse_mouth(const table_t *table, uint32_t row, bei_imx_mouth_t *mouth)
{
    const uint8_t *p = table->section.data + MOUTH_HEAD + (size_t)row * MOUTH_ROW;
    if (row == 0) {
        BEI_CHECK(bei_bytes_all_zero(p, MOUTH_ROW), table->label, "mouth 0 is not the rest mouth");
        return BE_OK;
    }
    for (int i = 0; i < BEI_IMX_COORDS; i++) {
        mouth->coord[i] = bei_bytes_i16(p + 2 * i);
        BEI_CHECK(mouth->coord[i] <= MAX_COORD && mouth->coord[i] >= -MAX_COORD, table->label,
                  "mouth %" PRIu32 " has a coordinate beyond -2..2", row);
    }
    return find_blob(table, row, bei_bytes_u64(p + 16), bei_bytes_u32(p + 12), &mouth->jpeg);
}

static be_status parse_mouths(table_t table, bei_imx_t *imx)
{
    BEI_TRY(open_mouths(&table, imx));
    imx->mouths = bei_calloc(imx->mouth_count, sizeof *imx->mouths);
    if (!imx->mouths)
        return out_of_memory(table.name);
    for (uint32_t i = 0; i < imx->mouth_count; i++)
        BEI_TRY(parse_mouth(&table, i, &imx->mouths[i]));
    return BE_OK;
}

/* Bounds what a small file of blobs used many times may ask of memory when it is decoded. */
static be_status check_decoded_size(const bei_imx_t *imx, const char *label)
{
    uint64_t total = imx->base_count * bei_i420_size(imx->manifest.width, imx->manifest.height) +
                     imx->mouth_count * bei_i420_size(imx->patch_w, imx->patch_h);
    for (uint32_t i = 0; i < imx->frame_count; i++)
        total += bei_i420_size(imx->frames[i].w, imx->frames[i].h);
    BEI_CHECK(total <= max_decoded, label,
              "the pictures take %" PRIu64 " bytes when decoded, the limit is %" PRIu64, total,
              max_decoded);
    return BE_OK;
}

be_status bei_tables_parse(const bei_sections_t *sections, const char *label, bei_imx_t *imx)
{
    BEI_TRY(parse_bases((table_t){sections->bases, "BASE", label, 0}, imx));
    BEI_TRY(parse_frames((table_t){sections->frames, "FRAM", label, 0}, imx));
    BEI_TRY(parse_placements((table_t){sections->placements, "PLAC", label, 0}, imx));
    BEI_TRY(bei_clips_parse(sections->clips, label, imx));
    BEI_TRY(parse_mouths((table_t){sections->mouths, "MOUT", label, 0}, imx));
    return check_decoded_size(imx, label);
}
