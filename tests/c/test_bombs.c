/* Files and calls that claim or ask for absurd sizes are refused before memory is taken for them. The bound of
 * each test is for the largest single block that the library asks for. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <turbojpeg.h>

#include "container/imx.h"
#include "essence.h"
#include "imx_builder.h"
#include "memory_hook.h"

#define TINY ESSENCE_TEST_DATA "/data/tiny.imx"

enum { W = 160, H = 96, BYTES = W * H * 3, TICK = 640, ROOM = 256 << 10 };

static char folder[] = "/tmp/essence-bombs-XXXXXX";
static char path[64];
static uint8_t picture[BYTES];

/* Ends what memory_take_largest began, and states the bound. */
static void assert_asked_at_most(size_t bound)
{
    size_t largest = memory_take_largest();
    if (largest > bound)
        fail_msg("%zu bytes were asked for at once, the bound is %zu", largest, bound);
}

static void assert_message_has(const char *words)
{
    if (!strstr(be_last_error_message(), words))
        fail_msg("'%s' does not say '%s'", be_last_error_message(), words);
}

/* ---------------------------------------------------------------- pictures in an avatar */

typedef struct avatar {
    uint8_t bytes[64 << 10];
    size_t size;
} avatar_t;

static char reasons[1024]; /* what was logged */

static void note_reason(be_log_level level, const char *message, void *user)
{
    (void)level, (void)user;
    size_t used = strlen(reasons); /* the library calls one thread at a time */
    snprintf(reasons + used, sizeof reasons - used, "%s\n", message);
}

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void read_tiny(avatar_t *avatar)
{
    FILE *file = fopen(TINY, "rb");
    assert_non_null(file);
    avatar->size = fread(avatar->bytes, 1, sizeof avatar->bytes, file);
    assert_true(avatar->size > 0 && avatar->size < sizeof avatar->bytes);
    fclose(file);
}

static uint8_t *find_entry(avatar_t *avatar, const char *type)
{
    uint8_t *entry = avatar->bytes + 64;
    while (memcmp(entry, type, 4) != 0)
        entry += 32;
    return entry;
}

/* Puts a picture in the place of the avatar's only base. */
static void replace_base(avatar_t *avatar, const uint8_t *jpeg, size_t size)
{
    uint8_t *entry = find_entry(avatar, "BASE");
    uint8_t *section = avatar->bytes + get_u32(entry + 8);
    uint8_t *row = section + 8;
    assert_true(size > 0 && size <= get_u32(row + 8));
    memcpy(section + get_u32(row), jpeg, size);
    put(row + 8, size, 4);
    put(entry + 24, crc32_z(0, section, get_u32(entry + 16)), 4);
    builder_seal(avatar->bytes);
}

static void write_avatar(const avatar_t *avatar)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(avatar->bytes, 1, avatar->size, file), avatar->size);
    assert_int_equal(fclose(file), 0);
}

/* Loads the avatar and asks for its first source frame. */
static be_status show(const avatar_t *avatar)
{
    be_fixture_t *fixture = NULL;
    be_runtime_t *stream = NULL;
    write_avatar(avatar);
    be_status status = be_fixture_load(path, NULL, &fixture);
    if (status == BE_OK) {
        assert_int_equal(be_runtime_create(fixture, NULL, &stream), BE_OK);
        status = be_runtime_get_source_frame(stream, 0, NULL, picture, BYTES, NULL);
    }
    be_runtime_destroy(stream);
    be_fixture_release(fixture);
    return status;
}

static void assert_base(const uint8_t *jpeg, size_t size, be_status expected, const char *reason)
{
    avatar_t avatar;
    read_tiny(&avatar);
    replace_base(&avatar, jpeg, size);
    reasons[0] = '\0';
    memory_take_largest();
    be_status status = show(&avatar);
    if (status != expected)
        fail_msg("status %d where the reason is '%s'", status, reason);
    if (!strstr(reasons, reason))
        fail_msg("'%s' was logged, not '%s'", reasons, reason);
    assert_asked_at_most(ROOM);
}

typedef struct jpeg {
    uint8_t bytes[4096];
    size_t size;
} jpeg_t;

/* A grey picture, small enough for the place. */
static jpeg_t make_jpeg(int width, int height, int pixels, int subsampling, int flags)
{
    static uint8_t raw[2 * W * 2 * H * 4];
    memset(raw, 90, sizeof raw);
    jpeg_t jpeg;
    unsigned char *to = jpeg.bytes;
    unsigned long size = sizeof jpeg.bytes;
    tjhandle handle = tjInitCompress();
    if (tjCompress2(handle, raw, width, 0, height, pixels, &to, &size, subsampling, 30,
                    flags | TJFLAG_NOREALLOC) != 0)
        fail_msg("%s", tjGetErrorStr2(handle));
    tjDestroy(handle);
    jpeg.size = size;
    return jpeg;
}

static jpeg_t sound_jpeg(void)
{
    return make_jpeg(W, H, TJPF_RGB, TJSAMP_420, 0);
}

/* The marker that says how the picture is coded: its code, length, precision, height and width. */
static uint8_t *find_frame_marker(jpeg_t *jpeg)
{
    size_t at = 2;
    while (jpeg->bytes[at + 1] != 0xC0)
        at += 2 + ((size_t)jpeg->bytes[at + 2] << 8 | jpeg->bytes[at + 3]);
    return jpeg->bytes + at + 1;
}

static void a_sound_picture_is_shown(void **state)
{
    (void)state;
    jpeg_t jpeg = sound_jpeg();
    assert_base(jpeg.bytes, jpeg.size, BE_OK, "");
}

static void pictures_of_other_kinds_are_refused(void **state)
{
    (void)state;
    const struct {
        int width, height, pixels, subsampling, flags;
        const char *reason;
    } cases[] = {
        {W, H, TJPF_RGB, TJSAMP_420, TJFLAG_PROGRESSIVE, "not a baseline"},
        {W, H, TJPF_CMYK, TJSAMP_444, 0, "not a YCbCr 4:2:0"},
        {W, H, TJPF_RGB, TJSAMP_444, 0, "not a YCbCr 4:2:0"},
        {W, H, TJPF_GRAY, TJSAMP_GRAY, 0, "not a YCbCr 4:2:0"},
        {2 * W, 2 * H, TJPF_RGB, TJSAMP_420, 0, "is 320 x 192 and should be 160 x 96"},
        {W - 2, H, TJPF_RGB, TJSAMP_420, 0, "is 158 x 96 and should be 160 x 96"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        jpeg_t jpeg = make_jpeg(cases[i].width, cases[i].height, cases[i].pixels,
                                cases[i].subsampling, cases[i].flags);
        assert_base(jpeg.bytes, jpeg.size, BE_ERR_FILE_CORRUPT, cases[i].reason);
    }
}

static void a_header_that_lies_is_refused(void **state)
{
    (void)state;
    const struct {
        int at; /* from the frame marker's code */
        uint16_t value;
        int bytes;
        const char *reason;
    } cases[] = {
        {4, 0xDCFF, 2, "is 160 x 65500 and should be"}, /* 65500 lines, the most of libjpeg */
        {6, 0xDCFF, 2, "is 65500 x 96 and should be"},
        {4, 0xFFFF, 2, "not a readable JPEG"},
        {4, 0, 2, "not a readable JPEG"},
        {6, 0, 2, "not a readable JPEG"},
        {3, 12, 1, "not a readable JPEG"},   /* bits */
        {0, 0xC1, 1, "not a baseline"},      /* extended */
        {0, 0xC9, 1, ""},                    /* arithmetic coding */
        {0, 0xC3, 1, "not a readable JPEG"}, /* lossless */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        jpeg_t jpeg = sound_jpeg();
        put(find_frame_marker(&jpeg) + cases[i].at, cases[i].value, cases[i].bytes);
        assert_base(jpeg.bytes, jpeg.size, BE_ERR_FILE_CORRUPT, cases[i].reason);
    }
}

static void a_picture_that_is_cut_is_refused(void **state)
{
    (void)state;
    jpeg_t jpeg = sound_jpeg();
    for (size_t size = 1; size + 2 < jpeg.size; size += 37)
        assert_base(jpeg.bytes, size, BE_ERR_FILE_CORRUPT, "");
}

/* ---------------------------------------------------------------- tables of an avatar */

static builder_t builder;
static uint8_t file[B_FILE_CAPACITY];

static void assert_refused(size_t size, const char *named)
{
    bei_imx_t *imx = NULL;
    memory_take_largest();
    assert_int_equal(bei_imx_open_memory(file, size, "bomb", NULL, &imx), BE_ERR_FILE_CORRUPT);
    assert_message_has(named);
    assert_asked_at_most(ROOM);
}

static void a_table_that_claims_gigabytes_is_refused(void **state)
{
    (void)state;
    const struct {
        int section, at, bytes;
        uint64_t value;
        const char *named;
    } cases[] = {
        {B_BASE, 0, 4, UINT32_MAX, "section BASE has 4294967295 rows"},
        {B_BASE, 0, 4, 4096, "too short"},
        {B_BASE, 16, 4, UINT32_MAX, "lies outside"},
        {B_BASE, 8, 8, UINT64_MAX - 1, "lies outside"},
        {B_FRAM, 0, 4, UINT32_MAX, "section FRAM has 4294967295 rows"},
        {B_FRAM, 0, 4, 4096, "too short"},
        {B_MOUT, 0, 4, UINT32_MAX, "section MOUT has 4294967295 mouths"},
        {B_MOUT, 0, 4, 512, "too short"},
        {B_MOUT, 8, 4, 0xFFFEFFFE, "65534x65534"},
        {B_MOUT, 8, 4, 0x04000400, "too short"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        builder_init(&builder);
        put(builder.sections[cases[i].section].bytes + cases[i].at, cases[i].value, cases[i].bytes);
        assert_refused(builder_write(&builder, file), cases[i].named);
    }
}

static void a_header_that_claims_gigabytes_is_refused(void **state)
{
    (void)state;
    const struct {
        int at, bytes;
        uint64_t value;
        const char *named;
    } cases[] = {
        {12, 4, UINT32_MAX, "4294967295 sections"},
        {24, 8, (uint64_t)1 << 62, "truncated"},
        {64 + 8, 8, (uint64_t)1 << 62, "outside the file"},
        {64 + 16, 8, (uint64_t)1 << 62, "outside the file"},
        {64 + 16, 8, UINT64_MAX, "outside the file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        builder_init(&builder);
        size_t size = builder_write(&builder, file);
        put(file + cases[i].at, cases[i].value, cases[i].bytes);
        put(file + 32, crc32_z(0, file + 64, 6 * 32), 4);
        put(file + 60, crc32_z(0, file, 60), 4);
        assert_refused(size, cases[i].named);
    }
}

/* One small picture in many rows, which would be decoded for each: 110 of 24 MiB. */
static void one_picture_used_many_times_is_refused(void **state)
{
    (void)state;
    enum { ROWS = 110 };
    static const char huge[] =
        "{\"format\":1,\"name\":\"a\",\"identity\":\"a\",\"width\":4096,\"height\":4096,\"fps\":25,"
        "\"auth\":\"none\",\"license\":\"\",\"source\":\"\",\"tool\":\"\",\"loop\":\"forward\"}";
    builder_init(&builder);
    set_manifest(&builder, huge);
    builder_section_t *bases = &builder.sections[B_BASE];
    bases->size = 0;
    append(bases, ROWS, 4), append(bases, 0, 4);
    for (int i = 0; i < ROWS; i++)
        append(bases, 8 + 16 * ROWS, 8), append(bases, 5, 4), append(bases, 0, 4);
    append_bytes(bases, "base0", 5);
    put(builder.sections[B_FRAM].bytes, 1, 4);
    builder.sections[B_PLAC].size = 32;
    assert_refused(builder_write(&builder, file), "bytes when decoded, the limit is 2147483648");
}

/* ---------------------------------------------------------------- whole files */

/* A file of holes. */
static void write_sparse(const void *head, size_t size, off_t length)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, head, size), size);
    assert_int_equal(ftruncate(descriptor, length), 0);
    close(descriptor);
}

static void a_file_beyond_the_limit_is_not_read(void **state)
{
    (void)state;
    const off_t length = ((off_t)1 << 30) + 1;
    be_fixture_t *fixture = NULL;
    float *pcm = NULL;
    size_t samples;
    write_sparse("\x89"
                 "BEI\r\n\x1a\n",
                 8, length);
    memory_take_largest();
    assert_int_equal(be_fixture_load(path, NULL, &fixture), BE_ERR_FILE_CORRUPT);
    assert_message_has("limit");
    write_sparse("RIFF\xff\xff\xff\xffWAVE", 12, length);
    assert_int_equal(be_audio_decode_file(path, &pcm, &samples), BE_ERR_AUDIO_FORMAT);
    assert_message_has("limit");
    assert_asked_at_most(ROOM);
}

/* ---------------------------------------------------------------- sound files */

typedef struct wav {
    uint32_t tag, channels, rate, bits, format_size, data_size;
} wav_t;

static void put_text(uint8_t *to, const char *text)
{
    while (*text)
        *to++ = (uint8_t)*text++;
}

static size_t write_wav(wav_t wav, uint8_t to[64])
{
    memset(to, 0, 64);
    put_text(to, "RIFF\xff\xff\xff\xffWAVEfmt ");
    put(to + 16, wav.format_size, 4), put(to + 20, wav.tag, 2), put(to + 22, wav.channels, 2);
    put(to + 24, wav.rate, 4), put(to + 34, wav.bits, 2);
    put_text(to + 36, "data");
    put(to + 40, wav.data_size, 4);
    return 64;
}

static void a_sound_file_that_claims_absurd_sizes_takes_no_memory(void **state)
{
    (void)state;
    const uint32_t most = UINT32_MAX;
    const wav_t refused[] = {
        {1, 0, 16000, 16, 16, 8},      {1, 33, 16000, 16, 16, 8}, {1, 65535, 16000, 16, 16, most},
        {1, 1, 0, 16, 16, 8},          {1, 1, 1, 16, 16, 8},      {1, 1, 3999, 16, 16, 8},
        {1, 1, 384001, 16, 16, 8},     {1, 1, most, 16, 16, 8},   {1, 1, 16000, 0, 16, 8},
        {1, 1, 16000, 65535, 16, 8},   {3, 1, 16000, 8, 16, 8},   {0x55, 1, 16000, 16, 16, most},
        {1, 1, 16000, 16, most, most}, {1, 1, 16000, 16, 0, 8},
    };
    uint8_t bytes[64];
    float *pcm = NULL;
    size_t samples = 0;
    memory_take_largest();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        size_t size = write_wav(refused[i], bytes);
        be_status status = be_audio_decode_bytes(bytes, size, &pcm, &samples);
        if (status != BE_ERR_AUDIO_FORMAT)
            fail_msg("case %zu: status %d, %s", i, status, be_last_error_message());
    }
    assert_asked_at_most(ROOM);
    /* What a recorder leaves that was cut off: the samples that are there. */
    size_t size = write_wav((wav_t){1, 1, 16000, 16, 16, most}, bytes);
    assert_int_equal(be_audio_decode_bytes(bytes, size, &pcm, &samples), BE_OK);
    assert_int_equal(samples, (64 - 44) / 2);
    be_audio_free(pcm);
    assert_asked_at_most(ROOM);
}

/* 2^36 - 1 samples, says the header of 42 bytes. */
static void a_flac_that_claims_absurd_sizes_takes_no_memory(void **state)
{
    (void)state;
    static const uint8_t flac[] = {'f',  'L',  'a',  'C',  0x80, 0, 0, 34,   0x10, 0,    0x10,
                                   0,    0,    0,    0,    0,    0, 0, 0x03, 0xE8, 0x00, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0xFF, 0,    0, 0, 0,    0,    0,    0,
                                   0,    0,    0,    0,    0,    0, 0, 0,    0};
    float *pcm = NULL;
    size_t samples = 0;
    memory_take_largest();
    assert_int_equal(be_audio_decode_bytes(flac, sizeof flac, &pcm, &samples), BE_ERR_AUDIO_FORMAT);
    assert_asked_at_most(4 * ROOM); /* a block of the reader */
}

/* ---------------------------------------------------------------- calls */

typedef struct world {
    be_fixture_t *fixture;
    be_runtime_t *stream;
} world_t;

static void an_absurd_picture_size_takes_no_memory(void **state)
{
    const world_t *world = *state;
    const struct {
        be_compose_size_t size;
        be_status status;
    } cases[] = {
        {{8193, 16, 0, 0, 0, 0}, BE_ERR_INVALID_ARG},
        {{16, UINT32_MAX, 0, 0, 0, 0}, BE_ERR_INVALID_ARG},
        {{0, 8192, 0, 0, 0, 0}, BE_ERR_INVALID_ARG},
        {{8192, 8192, 0, 0, 0, 0}, BE_ERR_BUFFER_TOO_SMALL}, /* allowed, but not into this buffer */
    };
    memory_take_largest();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(
            be_runtime_get_source_frame(world->stream, 0, &cases[i].size, picture, BYTES, NULL),
            cases[i].status);
    assert_asked_at_most(ROOM);
}

/* A length that is wrong by the size of memory: nothing is read, nothing is taken. */
static void an_absurd_length_of_sound_takes_no_memory(void **state)
{
    const world_t *world = *state;
    const be_stream_options_t limited = {.struct_size = sizeof limited, .max_queued_ms = 1000};
    be_runtime_t *stream = NULL;
    static const float tick[TICK];
    assert_int_equal(be_runtime_open(world->fixture, &limited, &stream), BE_OK);
    memory_take_largest();
    for (int shift = 20; shift < 62; shift++)
        assert_int_equal(be_runtime_push_audio(stream, tick, (size_t)1 << shift),
                         BE_ERR_QUEUE_FULL);
    assert_asked_at_most(ROOM);
    for (int shift = 60; shift < 64; shift++)
        assert_int_equal(be_runtime_push_audio(world->stream, tick, (size_t)1 << shift),
                         BE_ERR_OUT_OF_MEMORY);
    assert_asked_at_most(ROOM);
    assert_int_equal(be_runtime_push_audio(stream, tick, TICK), BE_OK);
    be_runtime_destroy(stream);
}

static int setup_stream(void **state)
{
    static world_t world;
    *state = &world;
    if (be_fixture_load(TINY, NULL, &world.fixture) != BE_OK)
        return -1;
    return be_runtime_create(world.fixture, NULL, &world.stream);
}

static int teardown_stream(void **state)
{
    world_t *world = *state;
    be_runtime_destroy(world->stream);
    be_fixture_release(world->fixture);
    return 0;
}

static be_fixture_t *kept; /* what is there anyway, the encoder, is not asked for again */

static int make_folder(void **state)
{
    (void)state;
    if (be_fixture_load(TINY, NULL, &kept) != BE_OK)
        return -1;
    be_set_log_callback(note_reason, NULL, BE_LOG_ERROR);
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    be_set_log_callback(NULL, NULL, BE_LOG_OFF);
    be_fixture_release(kept);
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_picture_is_shown),
        cmocka_unit_test(pictures_of_other_kinds_are_refused),
        cmocka_unit_test(a_header_that_lies_is_refused),
        cmocka_unit_test(a_picture_that_is_cut_is_refused),
        cmocka_unit_test(a_table_that_claims_gigabytes_is_refused),
        cmocka_unit_test(a_header_that_claims_gigabytes_is_refused),
        cmocka_unit_test(one_picture_used_many_times_is_refused),
        cmocka_unit_test(a_file_beyond_the_limit_is_not_read),
        cmocka_unit_test(a_sound_file_that_claims_absurd_sizes_takes_no_memory),
        cmocka_unit_test(a_flac_that_claims_absurd_sizes_takes_no_memory),
        cmocka_unit_test_setup_teardown(an_absurd_picture_size_takes_no_memory, setup_stream,
                                        teardown_stream),
        cmocka_unit_test_setup_teardown(an_absurd_length_of_sound_takes_no_memory, setup_stream,
                                        teardown_stream),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
