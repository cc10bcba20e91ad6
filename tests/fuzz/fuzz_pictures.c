/* libFuzzer target: no avatar that the reader accepts may make the compositor touch memory that is not its own,
 * and what it makes depends on frame, mouth and size alone, not on what was made before. Bytes are read as the
 * numbers of an avatar of two frames and two mouths, and as pictures to make of it; the JPEGs are sound. */
#include <stdlib.h>
#include <turbojpeg.h>

#include "../c/imx_builder.h"
#include "session/avatar.h"

enum { FRAMES = 2, MOUTHS = 2, SIDES = 49, PATCH_SIDES = 23, PICTURES = 12 };

typedef struct input {
    const uint8_t *next;
    size_t left;
} input_t;

typedef struct jpeg {
    uint8_t *bytes;
    unsigned long size;
} jpeg_t;

static tjhandle encoder;
static builder_t builder;
static uint8_t file[B_FILE_CAPACITY];

static void need(bool condition)
{
    if (!condition)
        __builtin_trap();
}

static uint32_t take(input_t *input, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes && input->left > 0; i++, input->left--)
        value = value << 8 | *input->next++;
    return value;
}

/* ---------------------------------------------------------------- an avatar */

/* A picture of this size; each is encoded once. */
static jpeg_t jpeg_of(uint32_t width, uint32_t height)
{
    static jpeg_t known[161][161];
    static uint8_t grey[160 * 160];
    jpeg_t *jpeg = &known[width][height];
    if (jpeg->bytes)
        return *jpeg;
    for (uint32_t i = 0; i < width * height; i++)
        grey[i] = (uint8_t)(i / 101);
    uint8_t *planes[3] = {grey, grey, grey};
    int strides[3] = {(int)width, (int)width, (int)width};
    need(tjCompressFromYUVPlanes(encoder, (const unsigned char **)planes, (int)width, strides,
                                 (int)height, TJSAMP_420, &jpeg->bytes, &jpeg->size, 5, 0) == 0);
    need(jpeg->size < (B_CAPACITY - 64) / 2);
    return *jpeg;
}

static void build_manifest(uint32_t width, uint32_t height)
{
    char json[256];
    snprintf(
        json, sizeof json,
        "{\"format\":1,\"name\":\"a\",\"identity\":\"a\",\"width\":%u,\"height\":%u,\"fps\":25,"
        "\"auth\":\"none\",\"license\":\"\",\"source\":\"\",\"tool\":\"\",\"loop\":\"forward\"}",
        width, height);
    set_manifest(&builder, json);
}

/* A place on the grid; a rectangle that ends where the picture does may be of any length. */
static uint32_t take_range(input_t *input, uint32_t side, uint16_t *start)
{
    const uint32_t cells = (side + 15) / 16, first = take(input, 1) % cells;
    const uint32_t most = cells - first, length = 1 + take(input, 1) % most;
    *start = (uint16_t)(first * 16);
    return length == most ? side - first * 16 : length * 16;
}

static void build_frames(input_t *input, uint32_t width, uint32_t height)
{
    builder_section_t *s = &builder.sections[B_FRAM];
    jpeg_t jpegs[FRAMES];
    size_t at = 8 + 24 * FRAMES;
    s->size = 0;
    append(s, FRAMES, 4), append(s, 0, 4);
    for (int i = 0; i < FRAMES; i++) {
        uint16_t rect[4];
        rect[2] = (uint16_t)take_range(input, width, &rect[0]);
        rect[3] = (uint16_t)take_range(input, height, &rect[1]);
        jpegs[i] = jpeg_of(rect[2], rect[3]);
        append_frame(s, 0, rect, (uint32_t)jpegs[i].size, at);
        at += jpegs[i].size;
    }
    for (int i = 0; i < FRAMES; i++)
        append_bytes(s, jpegs[i].bytes, jpegs[i].size);
}

/* Numbers of all sizes, small ones often. */
static uint32_t take_number(input_t *input)
{
    const uint32_t kind = take(input, 1);
    const uint32_t value = take(input, 1 + (int)(kind & 3));
    const uint32_t scaled = value << (kind >> 2 & 15);
    return kind & 128 ? 0 - scaled : scaled;
}

static void build_placements(input_t *input)
{
    builder_section_t *s = &builder.sections[B_PLAC];
    s->size = 0;
    for (int i = 0; i < FRAMES; i++) {
        for (int k = 0; k < 6; k++)
            append(s, take_number(input), 4);
        for (int k = 0; k < 3; k++)
            append(s, (uint64_t)(int64_t)((int)(take(input, 2) % 8161) - 4080), 2);
        append(s, 0, 2);
    }
}

static void build_mouths(input_t *input, uint32_t width, uint32_t height)
{
    builder_section_t *s = &builder.sections[B_MOUT];
    const jpeg_t jpeg = jpeg_of(width, height);
    const uint32_t mask = take(input, 1);
    const size_t blobs = 16 + 24 * MOUTHS + (size_t)width * height;
    s->size = 0;
    append(s, MOUTHS, 4), append(s, 6, 4), append(s, width, 2), append(s, height, 2);
    append(s, 0, 4);
    append(s, 0, 8), append(s, 0, 8), append(s, 0, 8); /* the mouth at rest */
    append(s, 4096, 8), append(s, 0, 4), append(s, jpeg.size, 4), append(s, blobs, 8);
    need(blobs + jpeg.size <= B_CAPACITY);
    for (uint32_t i = 0; i < width * height; i++)
        append(s, mask * i, 1);
    append_bytes(s, jpeg.bytes, jpeg.size);
}

static size_t build_avatar(input_t *input)
{
    const uint32_t width = 64 + 2 * (take(input, 1) % SIDES);
    const uint32_t height = 64 + 2 * (take(input, 1) % SIDES);
    const uint32_t patch_w = 8 + 2 * (take(input, 1) % PATCH_SIDES);
    const uint32_t patch_h = 8 + 2 * (take(input, 1) % PATCH_SIDES);
    const jpeg_t base = jpeg_of(width, height);
    builder_section_t *s = &builder.sections[B_BASE];
    build_manifest(width, height);
    s->size = 0;
    append(s, 1, 4), append(s, 0, 4), append(s, 24, 8), append(s, base.size, 4), append(s, 0, 4);
    append_bytes(s, base.bytes, base.size);
    build_frames(input, width, height);
    build_placements(input);
    build_mouths(input, patch_w, patch_h);
    return builder_write(&builder, file);
}

/* ---------------------------------------------------------------- pictures of it */

typedef struct wish {
    uint32_t frame, mouth, stride;
    be_compose_size_t size;
    be_pixel_format format;
} wish_t;

static wish_t take_wish(input_t *input)
{
    const uint32_t bits = take(input, 2);
    wish_t wish = {.frame = bits % FRAMES,
                   .mouth = (bits >> 1) % MOUTHS,
                   .format = (be_pixel_format)(1 + (bits >> 2) % 5)};
    if (bits & 0x100)
        wish.size = (be_compose_size_t){1 + take(input, 1), 1 + take(input, 1), 1, 2, 3, 0};
    if (bits & 0x200)
        wish.stride = take(input, 2);
    return wish;
}

/* The picture, in a block of exactly its size; NULL where the wish is refused. */
static uint8_t *make(bei_compositor_t *compositor, const wish_t *wish, size_t *bytes)
{
    uint32_t width, height;
    bei_image_t image, view;
    need(bei_compositor_set_size(compositor, &wish->size, &width, &height) == BE_OK);
    need(bei_compositor_compose(compositor, wish->frame, wish->mouth) == BE_OK);
    *bytes = bei_image_bytes(wish->format, width, height, wish->stride);
    if (*bytes > 4 << 20)
        return NULL;
    uint8_t *block = calloc(1, *bytes);
    need(block != NULL);
    if (bei_image_layout(wish->format, width, height, wish->stride, block, *bytes, &image) !=
        BE_OK) {
        free(block);
        return NULL;
    }
    bei_compositor_write(compositor, &image);
    need(bei_compositor_view(compositor, wish->format, &view) == BE_OK);
    need(memcmp(view.plane[0], image.plane[0], width) == 0);
    return block;
}

static void use(const bei_avatar_t *avatar, input_t *input)
{
    bei_compositor_t *old = NULL;
    need(bei_compositor_create(&avatar->scene, &old) == BE_OK);
    for (int i = 0; i < PICTURES && input->left > 0; i++) {
        const wish_t wish = take_wish(input);
        bei_compositor_t *fresh = NULL;
        size_t bytes, same_bytes;
        need(bei_compositor_create(&avatar->scene, &fresh) == BE_OK);
        uint8_t *one = make(old, &wish, &bytes), *other = make(fresh, &wish, &same_bytes);
        need(bytes == same_bytes && !one == !other);
        need(!one || memcmp(one, other, bytes) == 0);
        free(one);
        free(other);
        bei_compositor_destroy(fresh);
    }
    bei_compositor_destroy(old);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    encoder = tjInitCompress();
    builder_init(&builder);
    builder.sections[B_ENCO].size = 0;
    return encoder ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    bei_avatar_t *avatar = NULL;
    const bei_avatar_source_t source = {
        .path = "fuzz", .bytes = {file, build_avatar(&input)}, .store = {.at_once = true}};
    if (bei_avatar_acquire(&source, &avatar) == BE_OK)
        use(avatar, &input);
    bei_avatar_release(avatar);
    return 0;
}
