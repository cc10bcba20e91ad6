#include "container/clips.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "container/manifest.h"

enum { CLIP_HEAD = 8, CLIP_ROW = 56, IDLE = 1 };

/* The avatar whose clips are read, and what messages call its file. */
typedef struct reading {
    const bei_imx_t *imx;
    const char *label;
} reading_t;

static be_status check_name(const reading_t *reading, const uint8_t *p, uint32_t row)
{
    const bei_imx_clip_t *clips = reading->imx->clips;
    const char *name = clips[row].name;
    size_t length = strlen(name);
    BEI_CHECK(bei_bytes_all_zero(p + length, BEI_IMX_CLIP_NAME - length), reading->label,
              "the name of clip %" PRIu32 " is longer than %d bytes or not padded with zeros", row,
              BEI_IMX_CLIP_NAME - 1);
    BEI_CHECK(length > 0 && bei_manifest_is_slug(name), reading->label,
              "clip %" PRIu32 " has the name '%s', not a slug", row, name);
    for (uint32_t i = 0; i < row; i++)
        BEI_CHECK(strcmp(clips[i].name, name) != 0, reading->label,
                  "clips %" PRIu32 " and %" PRIu32 " have the same name, '%s'", i, row, name);
    return BE_OK;
}

static be_status check_range(const reading_t *reading, const bei_imx_clip_t *clip)
{
    const bei_imx_t *imx = reading->imx;
    BEI_CHECK(clip->frames >= 1, reading->label, "clip '%s' has no frames", clip->name);
    BEI_CHECK(clip->first >= imx->loop_count && clip->first <= imx->frame_count &&
                  clip->frames <= imx->frame_count - clip->first,
              reading->label,
              "clip '%s' has %" PRIu32 " frames from frame %" PRIu32
              " on, which do not lie behind the loop of %" PRIu32 " of %" PRIu32 " source frames",
              clip->name, clip->frames, clip->first, imx->loop_count, imx->frame_count);
    return BE_OK;
}

static be_status check_ends(const reading_t *reading, const bei_imx_clip_t *clip)
{
    uint32_t loop_count = reading->imx->loop_count;
    BEI_CHECK(clip->leave < loop_count, reading->label,
              "clip '%s' leaves the loop at frame %" PRIu32 " of %" PRIu32, clip->name, clip->leave,
              loop_count);
    BEI_CHECK(clip->rejoin < loop_count, reading->label,
              "clip '%s' rejoins the loop at frame %" PRIu32 " of %" PRIu32, clip->name,
              clip->rejoin, loop_count);
    return BE_OK;
}

static be_status parse_clip(const reading_t *reading, const uint8_t *p, uint32_t row)
{
    bei_imx_clip_t *clip = &reading->imx->clips[row];
    memcpy(clip->name, p, BEI_IMX_CLIP_NAME - 1); /* the last byte stays the NUL */
    BEI_TRY(check_name(reading, p, row));
    clip->first = bei_bytes_u32(p + 32);
    clip->frames = bei_bytes_u32(p + 36);
    clip->leave = bei_bytes_u32(p + 40);
    clip->rejoin = bei_bytes_u32(p + 44);
    uint32_t flags = bei_bytes_u32(p + 48);
    clip->idle = flags & IDLE;
    BEI_TRY(check_range(reading, clip));
    BEI_TRY(check_ends(reading, clip));
    BEI_CHECK((flags & ~(uint32_t)IDLE) == 0, reading->label,
              "clip '%s' has flags 0x%" PRIx32 ", this engine knows 0x%x", clip->name, flags, IDLE);
    BEI_CHECK(bei_bytes_u32(p + 52) == 0, reading->label,
              "clip '%s' has a reserved field that is not 0", clip->name);
    return BE_OK;
}

static be_status parse_head(bei_span_t section, const char *label, bei_imx_t *imx)
{
    BEI_CHECK(section.size >= CLIP_HEAD, label, "section CLIP is too short for its header");
    imx->clip_count = bei_bytes_u32(section.data);
    BEI_CHECK(imx->clip_count >= 1 && imx->clip_count <= BEI_IMX_MAX_CLIPS, label,
              "section CLIP has %" PRIu32 " clips, 1 to %d are allowed", imx->clip_count,
              BEI_IMX_MAX_CLIPS);
    imx->loop_count = bei_bytes_u32(section.data + 4);
    BEI_CHECK(imx->loop_count >= 1 && imx->loop_count <= imx->frame_count, label,
              "section CLIP says that %" PRIu32 " of %" PRIu32 " source frames are the loop",
              imx->loop_count, imx->frame_count);
    size_t needed = CLIP_HEAD + (size_t)imx->clip_count * CLIP_ROW;
    BEI_CHECK(section.size == needed, label,
              "section CLIP has %zu bytes, %" PRIu32 " clips need %zu", section.size,
              imx->clip_count, needed);
    return BE_OK;
}

be_status bei_clips_parse(bei_span_t section, const char *label, bei_imx_t *imx)
{
    imx->loop_count = imx->frame_count;
    if (section.size == 0)
        return BE_OK;
    BEI_TRY(parse_head(section, label, imx));
    imx->clips = bei_calloc(imx->clip_count, sizeof *imx->clips);
    if (!imx->clips)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for the table of section CLIP");
    const reading_t reading = {imx, label};
    for (uint32_t i = 0; i < imx->clip_count; i++)
        BEI_TRY(parse_clip(&reading, section.data + CLIP_HEAD + (size_t)i * CLIP_ROW, i));
    return BE_OK;
}
