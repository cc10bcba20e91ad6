/* Builds small avatar files in memory, sound ones and, with their checksums right, unsound ones.
 * The pictures are not JPEGs: the container does not look into them. */
#ifndef BE_TESTS_IMX_BUILDER_H
#define BE_TESTS_IMX_BUILDER_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>

enum {
    B_MANI,
    B_BASE,
    B_FRAM,
    B_PLAC,
    B_CLIP,
    B_MOUT,
    B_ENCO,
    B_SECTIONS,
    B_CAPACITY = 4096 /* of one section */
};

typedef struct builder_section {
    char type[5];
    uint32_t flags, reserved;
    uint8_t bytes[B_CAPACITY];
    size_t size; /* 0: left out */
} builder_section_t;

typedef struct builder {
    builder_section_t sections[B_SECTIONS]; /* CLIP is left out until builder_add_clips */
} builder_t;

enum { B_FILE_CAPACITY = 64 + 32 * B_SECTIONS + (B_CAPACITY + 64) * B_SECTIONS };

static inline void put(uint8_t *to, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static inline void append(builder_section_t *section, uint64_t value, int size)
{
    put(section->bytes + section->size, value, size);
    section->size += (size_t)size;
}

static inline void append_bytes(builder_section_t *section, const void *bytes, size_t size)
{
    memcpy(section->bytes + section->size, bytes, size);
    section->size += size;
}

static inline void set_manifest(builder_t *b, const char *json)
{
    b->sections[B_MANI].size = 0;
    append_bytes(&b->sections[B_MANI], json, strlen(json));
}

static const char builder_manifest[] =
    "{\"format\":1,\"name\":\"Ada \\u00e9\",\"identity\":\"ada-1\",\"width\":80,\"height\":72,"
    "\"fps\":25,\"auth\":\"none\",\"license\":\"CC0-1.0\",\"source\":\"made up\",\"tool\":\"test\","
    "\"loop\":\"pingpong\",\"later\":{\"a\":[1,2]}}";

static inline void fill_bases(builder_section_t *s)
{
    append(s, 2, 4), append(s, 0, 4);
    append(s, 40, 8), append(s, 5, 4), append(s, 0, 4);
    append(s, 45, 8), append(s, 5, 4), append(s, 0, 4);
    append_bytes(s, "base0base1", 10);
}

static inline void append_frame(builder_section_t *s, uint32_t base, const uint16_t rect[4],
                                uint32_t length, uint64_t offset)
{
    append(s, base, 4);
    for (int i = 0; i < 4; i++)
        append(s, rect[i], 2);
    append(s, length, 4), append(s, offset, 8);
}

/* Three frames: the base alone, a rectangle on the grid, one that ends at the picture's bottom. */
static inline void fill_frames(builder_section_t *s)
{
    append(s, 3, 4), append(s, 0, 4);
    append_frame(s, 0, (uint16_t[]){0, 0, 0, 0}, 0, 0);
    append_frame(s, 1, (uint16_t[]){16, 32, 32, 16}, 6, 80);
    append_frame(s, 0, (uint16_t[]){64, 48, 16, 24}, 6, 80);
    append_bytes(s, "frame1", 6);
}

static inline void fill_placements(builder_section_t *s)
{
    for (int i = 0; i < 3; i++) {
        const int32_t m[] = {65536, 0, -20 * 65536, 0, 65536, -30 * 65536 + i};
        for (int j = 0; j < 6; j++)
            append(s, (uint32_t)m[j], 4);
        append(s, 16, 2), append(s, (uint16_t)-8, 2), append(s, 0, 2), append(s, 0, 2);
    }
}

/* Three mouths of 8x8 pixels: 16 + 3 * 24 + 64 = 152 bytes before the first patch. */
static inline void fill_mouths(builder_section_t *s)
{
    append(s, 3, 4), append(s, 6, 4), append(s, 8, 2), append(s, 8, 2), append(s, 0, 4);
    for (int k = 0; k < 3; k++) {
        const int coord[] = {4096 * k / 2, -2048 * k, 0, 0, k, 7 * k};
        for (int j = 0; j < 6; j++)
            append(s, (uint16_t)coord[j], 2);
        append(s, k ? 6 : 0, 4), append(s, k ? (uint64_t)(146 + 6 * k) : 0, 8);
    }
    for (int i = 0; i < 64; i++)
        append(s, (uint64_t)i, 1);
    append_bytes(s, "mouth1mouth2", 12);
}

static inline void builder_init(builder_t *b)
{
    static const char types[B_SECTIONS][5] = {"MANI", "BASE", "FRAM", "PLAC",
                                              "CLIP", "MOUT", "ENCO"};
    memset(b, 0, sizeof *b);
    for (int i = 0; i < B_SECTIONS; i++)
        memcpy(b->sections[i].type, types[i], 5);
    set_manifest(b, builder_manifest);
    fill_bases(&b->sections[B_BASE]);
    fill_frames(&b->sections[B_FRAM]);
    fill_placements(&b->sections[B_PLAC]);
    fill_mouths(&b->sections[B_MOUT]);
    append_bytes(&b->sections[B_ENCO], "onnx", 4);
}

static inline void append_clip(builder_section_t *s, const char *name, const uint32_t values[5])
{
    char padded[32] = {0};
    snprintf(padded, sizeof padded, "%s", name);
    append_bytes(s, padded, sizeof padded);
    for (int i = 0; i < 5; i++)
        append(s, values[i], 4);
    append(s, 0, 4);
}

/* Takes the last of the three frames out of the loop, as two clips that share it. */
static inline void builder_add_clips(builder_t *b)
{
    builder_section_t *s = &b->sections[B_CLIP];
    s->flags = 1;
    append(s, 2, 4), append(s, 2, 4);
    append_clip(s, "nod", (uint32_t[]){2, 1, 1, 0, 0});
    append_clip(s, "look.aside-1", (uint32_t[]){2, 1, 0, 1, 1});
}

/* Makes the checksums of a header and table of contents right again. */
static inline void builder_seal(uint8_t *file)
{
    uint32_t count = (uint32_t)file[12] | (uint32_t)file[13] << 8;
    put(file + 32, crc32_z(0, file + 64, (size_t)count * 32), 4);
    put(file + 60, crc32_z(0, file, 60), 4);
}

/* Writes the file to `file`, which holds B_FILE_CAPACITY bytes, and returns its size. */
static inline size_t builder_write(const builder_t *b, uint8_t *file)
{
    uint32_t count = 0;
    for (int i = 0; i < B_SECTIONS; i++)
        count += b->sections[i].size > 0;
    memset(file, 0, B_FILE_CAPACITY);
    size_t end = 64 + 32 * (size_t)count;
    uint8_t *entry = file + 64;
    for (int i = 0; i < B_SECTIONS; i++) {
        const builder_section_t *s = &b->sections[i];
        if (s->size == 0)
            continue;
        size_t offset = (end + 63) / 64 * 64;
        memcpy(entry, s->type, 4);
        put(entry + 4, s->flags, 4), put(entry + 8, offset, 8), put(entry + 16, s->size, 8);
        put(entry + 24, crc32_z(0, s->bytes, s->size), 4), put(entry + 28, s->reserved, 4);
        memcpy(file + offset, s->bytes, s->size);
        entry += 32;
        end = offset + s->size;
    }
    memcpy(file,
           "\x89"
           "BEI\r\n\x1a\n",
           8);
    put(file + 8, 1, 4), put(file + 12, count, 4), put(file + 16, 64, 8), put(file + 24, end, 8);
    builder_seal(file);
    return end;
}

#endif
