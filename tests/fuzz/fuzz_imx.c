/* libFuzzer target: no bytes may crash the avatar reader. Build and run it with tests/fuzz/run.
 *
 * The build defines BEI_FUZZING, which turns the comparison of checksums off. The first byte
 * chooses between a file as it stands and sections from which a file is assembled: so mutations
 * that change a section's size get behind the container's own checks. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "container/imx.h"

enum { SECTIONS = 7, CLIP = 4, HEADER = 64, ENTRY = 32 };

static const uint8_t types[SECTIONS][4] = {
    {'M', 'A', 'N', 'I'}, {'B', 'A', 'S', 'E'}, {'F', 'R', 'A', 'M'}, {'P', 'L', 'A', 'C'},
    {'C', 'L', 'I', 'P'}, {'M', 'O', 'U', 'T'}, {'E', 'N', 'C', 'O'}};
static const uint8_t magic[8] = {0x89, 'B', 'E', 'I', '\r', '\n', 0x1a, '\n'};
static volatile uint64_t sink;

static void put(uint8_t *to, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static void touch(bei_span_t span)
{
    for (size_t i = 0; i < span.size; i++)
        sink += span.data[i];
}

/* Reads all that the tables promise, so that a sanitizer sees a promise that does not hold. */
static void use(const bei_imx_t *imx)
{
    for (uint32_t i = 0; i < imx->base_count; i++)
        touch(imx->bases[i]);
    for (uint32_t i = 0; i < imx->frame_count; i++) {
        const bei_imx_frame_t *frame = &imx->frames[i];
        if (frame->base >= imx->base_count || frame->x + frame->w > (int)imx->manifest.width ||
            frame->y + frame->h > (int)imx->manifest.height)
            abort();
        touch(frame->jpeg);
    }
    for (uint32_t i = 0; i < imx->clip_count; i++) {
        const bei_imx_clip_t *clip = &imx->clips[i];
        if (clip->leave >= imx->loop_count || clip->rejoin >= imx->loop_count ||
            clip->first < imx->loop_count || clip->frames == 0 ||
            (uint64_t)clip->first + clip->frames > imx->frame_count)
            abort();
        sink += strlen(clip->name);
    }
    if (imx->loop_count == 0 || imx->loop_count > imx->frame_count)
        abort();
    for (uint32_t i = 0; i < imx->mouth_count; i++)
        touch(imx->mouths[i].jpeg);
    touch((bei_span_t){imx->mask, (size_t)imx->patch_w * imx->patch_h});
    touch(imx->encoder);
    touch(imx->thumbnail);
    sink += strlen(imx->manifest.name) + strlen(imx->manifest.identity);
}

static void try_file(const uint8_t *bytes, size_t size)
{
    bei_imx_t *imx = NULL;
    if (bei_imx_open_memory(bytes, size, "fuzz", NULL, &imx) == BE_OK)
        use(imx);
    else if (imx)
        abort();
    bei_imx_close(imx);
}

/* Splits the input into sections, each after its length in two bytes; the last takes the rest. One
 * without bytes is left out. */
static void try_sections(const uint8_t *data, size_t size)
{
    uint8_t *file = calloc(1, HEADER + ENTRY * SECTIONS + size + 64 * SECTIONS);
    size_t end = HEADER + ENTRY * SECTIONS;
    int count = 0;
    for (int i = 0; i < SECTIONS; i++) {
        size_t length = size;
        if (i < SECTIONS - 1 && size >= 2) {
            length = (size_t)(data[0] | data[1] << 8);
            data += 2, size -= 2;
            length = length < size ? length : size;
        }
        if (length == 0)
            continue;
        size_t offset = (end + 63) / 64 * 64;
        uint8_t *entry = file + HEADER + ENTRY * count++;
        memcpy(entry, types[i], sizeof types[i]);
        put(entry + 4, i == CLIP, 4), put(entry + 8, offset, 8), put(entry + 16, length, 8);
        memcpy(file + offset, data, length);
        data += length, size -= length;
        end = offset + length;
    }
    memcpy(file, magic, sizeof magic);
    put(file + 8, 1, 4), put(file + 12, (uint64_t)count, 4), put(file + 16, 64, 8),
        put(file + 24, end, 8);
    try_file(file, end);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] & 1)
        try_sections(data + 1, size - 1);
    else
        try_file(data + 1, size - 1);
    return 0;
}
