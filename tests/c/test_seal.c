/* Signatures of avatar files: what is believed, and what is not. */
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

#include "essence.h"
#include "imx_sign.h"

#define TINY ESSENCE_TEST_DATA "/data/tiny.imx"
#define FOLDER "test_seal_keys"
#define KEYS FOLDER "/studio.pub"
#define VARIABLE "BITHUMAN_TRUSTED_KEYS"
#define COMMON                                                                                     \
    "\"format\":1,\"fps\":25,\"height\":96,\"identity\":\"tiny\",\"license\":\"\","                \
    "\"loop\":\"pingpong\",\"name\":\"Tiny\",\"source\":\"\",\"tool\":\"\",\"width\":160}"
#define METERED "{\"auth\":\"heartbeat\",\"issuer\":\"Studio A\"," COMMON
#define OPEN "{\"auth\":\"none\"," COMMON

enum { CAPACITY = 1 << 17 };

static const uint8_t stranger[32] = "somebody else's key, also 32 of";
static uint8_t tiny[CAPACITY], file[CAPACITY + 4096];
static size_t size;

static int group_setup(void **state)
{
    (void)state;
    FILE *from = fopen(TINY, "rb");
    if (!from || fread(tiny, 1, sizeof tiny, from) == sizeof tiny)
        return 1;
    return fclose(from);
}

static int setup(void **state)
{
    (void)state;
    unsetenv(VARIABLE);
    mkdir(FOLDER, 0700);
    sign_write_key(KEYS, studio_seed);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove(KEYS);
    remove(FOLDER "/other.pub");
    remove(FOLDER "/notes.txt");
    return rmdir(FOLDER);
}

static void make(const char *manifest, const uint8_t *seed)
{
    size = imx_rewrite(tiny, file, manifest, seed);
}

static be_status load_by(const char *keys, uint32_t flags, be_fixture_t **out)
{
    be_fixture_source_t source = {.struct_size = sizeof source,
                                  .data = file,
                                  .size = size,
                                  .flags = flags,
                                  .trusted_keys = keys};
    return be_fixture_open(&source, out);
}

static void assert_loads(const char *keys)
{
    be_fixture_t *fixture = NULL;
    if (load_by(keys, 0, &fixture) != BE_OK)
        fail_msg("%s", be_last_error_message());
    be_fixture_release(fixture);
}

static void assert_refused(const char *keys, uint32_t flags, const char *named)
{
    be_fixture_t *fixture = NULL;
    be_status status = load_by(keys, flags, &fixture);
    if (status != BE_ERR_UNTRUSTED || !strstr(be_last_error_message(), named))
        fail_msg("%d, '%s' where '%s' was expected", (int)status, be_last_error_message(), named);
    assert_null(fixture);
}

static void write_bytes(const char *path, const char *bytes, size_t length)
{
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    assert_int_equal(fwrite(bytes, 1, length, to), length);
    fclose(to);
}

static void write_text(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

/* The PEM text of a seed's public half. */
static void read_key_text(const uint8_t *seed, char out[256])
{
    sign_write_key(FOLDER "/other.pub", seed);
    FILE *from = fopen(FOLDER "/other.pub", "r");
    assert_non_null(from);
    out[fread(out, 1, 255, from)] = '\0';
    fclose(from);
}

/* The row of a section in the table of contents. */
static uint8_t *row_of(const char *type)
{
    uint8_t *row = file + 64;
    while (memcmp(row, type, 4) != 0)
        row += 32;
    return row;
}

/* As somebody who knows the format: what was changed gets its checksums. */
static void make_checksums_right(void)
{
    uint32_t count = (uint32_t)sign_number(file + 12, 4);
    for (uint8_t *row = file + 64; row < file + 64 + 32 * count; row += 32)
        put(row + 24, crc32_z(0, file + sign_number(row + 8, 8), sign_number(row + 16, 8)), 4);
    builder_seal(file);
}

/* ---------------------------------------------------------------- keys */

static void a_key_of_the_hosts_opens_it(void **state)
{
    (void)state;
    be_fixture_t *fixture = NULL;
    be_seal_t seal = {.struct_size = sizeof seal};
    make(METERED, studio_seed);
    assert_loads(KEYS);
    assert_loads(FOLDER);
    setenv(VARIABLE, FOLDER, 1);
    assert_int_equal(load_by(NULL, BE_FIXTURE_SIGNED, &fixture), BE_OK);
    assert_int_equal(be_fixture_get_metering(fixture), BE_METERING_HEARTBEAT);
    assert_int_equal(be_fixture_get_seal(fixture, &seal), BE_OK);
    assert_int_equal(seal.is_signed, 1);
    assert_string_equal(seal.identity, "tiny");
    assert_string_equal(seal.issuer, "Studio A");
    assert_int_equal(strspn(seal.digest, "0123456789abcdef"), 64);
    assert_int_equal(strspn(seal.key, "0123456789abcdef"), 32);
    be_fixture_release(fixture);
}

static void other_keys_do_not(void **state)
{
    (void)state;
    make(METERED, stranger);
    assert_refused(NULL, 0, VARIABLE);
    assert_refused(KEYS, 0, "not among the 1 trusted in '" KEYS "'");
    sign_write_key(FOLDER "/other.pub", stranger);
    assert_loads(FOLDER);
    make(METERED, studio_seed);
    assert_refused(FOLDER "/other.pub", 0, "not among the 1 trusted");
    setenv(VARIABLE, FOLDER, 1); /* the option comes first */
    assert_refused(FOLDER "/other.pub", 0, "not among the 1 trusted");
}

static void a_file_may_hold_many_keys(void **state)
{
    (void)state;
    char text[1024], keys[2][256];
    const uint8_t *seeds[] = {stranger, studio_seed};
    for (int i = 0; i < 2; i++)
        read_key_text(seeds[i], keys[i]);
    snprintf(text, sizeof text, "# the studios that we buy from\n%s%s", keys[0], keys[1]);
    write_text(FOLDER "/other.pub", text);
    make(METERED, studio_seed);
    assert_loads(FOLDER "/other.pub");
    make(METERED, stranger);
    assert_loads(FOLDER "/other.pub");
}

/* Keys that cannot be read are not passed over: they would be missed later, by a sentence that blames the
 * avatar. */
static void what_is_no_key_is_named(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "MCowBQYDK2VwAyEAtesttesttesttesttesttesttesttesttesttesttes=",
        "-----BEGIN PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=\n"
        "-----END PUBLIC KEY-----\n", /* X25519 */
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!a=\n"
        "-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
        "-----END PUBLIC KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----\n",
    };
    make(METERED, studio_seed);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_text(FOLDER "/other.pub", texts[i]);
        assert_refused(FOLDER, 0, FOLDER "/other.pub");
    }
    remove(FOLDER "/other.pub");
    write_text(FOLDER "/notes.txt", "not a key, and not called so");
    assert_loads(FOLDER);
    assert_refused("test_seal_nowhere", 0, "test_seal_nowhere");
}

/* A key that the engine cannot read is named too where it stands beside one that it can. */
static void nor_is_one_passed_over_beside_a_key(void **state)
{
    (void)state;
    static const char another[] = "-----BEGIN RSA PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n"
                                  "-----END RSA PUBLIC KEY-----\n";
    char key[256], text[1024];
    read_key_text(studio_seed, key);
    make(METERED, studio_seed);
    snprintf(text, sizeof text, "%s%s", key, another);
    write_text(FOLDER "/other.pub", text);
    assert_refused(FOLDER "/other.pub", 0, "not an Ed25519 public key");
    snprintf(text, sizeof text, "%s%s", another, key);
    write_text(FOLDER "/other.pub", text);
    assert_refused(FOLDER "/other.pub", 0, "not an Ed25519 public key");
    int length = snprintf(text, sizeof text, "%s%c%s", key, 0, key);
    write_bytes(FOLDER "/other.pub", text, (size_t)length);
    assert_refused(FOLDER "/other.pub", 0, "are no text");
}

/* ---------------------------------------------------------------- files */

static void any_change_breaks_it(void **state)
{
    (void)state;
    make(METERED, studio_seed);
    uint32_t count = (uint32_t)sign_number(file + 12, 4);
    for (uint32_t i = 0; i < count; i++) {
        make(METERED, studio_seed);
        uint8_t *row = file + 64 + 32 * i;
        uint8_t *bytes = file + sign_number(row + 8, 8);
        uint8_t *last = bytes + sign_number(row + 16, 8) - 1;
        char *name = strstr((char *)bytes, "Tiny");
        if (memcmp(row, "MANI", 4) == 0 && name)
            name[3] = 'a';
        else
            *last ^= 1;
        make_checksums_right();
        assert_refused(KEYS, 0, "changed since it was signed");
    }
}

static void nothing_can_be_put_in_or_renamed(void **state)
{
    (void)state;
    static uint8_t was[sizeof file];
    size = imx_append(tiny, was, METERED, "note\0\0\0", (const uint8_t *)"hello", 5);
    size = imx_rewrite(was, file, NULL, studio_seed);
    assert_loads(KEYS);
    memcpy(row_of("note"), "nope", 4); /* which no reader would miss */
    make_checksums_right();
    assert_refused(KEYS, 0, "changed since it was signed");
    make(METERED, studio_seed);
    memcpy(was, file, size);
    size = imx_append(was, file, NULL, "note\0\0\0", (const uint8_t *)"hello", 5);
    assert_refused(KEYS, 0, "changed since it was signed");
}

static void what_it_asks_for_cannot_be_changed(void **state)
{
    (void)state;
    static const char *const others[] = {
        OPEN,
        "{\"auth\":\"heartbeat\",\"issuer\":\"Studio B\"," COMMON,
        "{\"auth\":\"heartbeat\",\"issuer\":\"Studio A\",\"unmetered\":true," COMMON,
        "{\"auth\":\"heartbeat\",\"issuer\":\"Studio A\",\"insecure\":true," COMMON,
    };
    static uint8_t was[sizeof file];
    make(METERED, studio_seed);
    memcpy(was, file, size);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size = imx_rewrite(was, file, others[i], NULL); /* with the signature of before */
        assert_refused(KEYS, 0, "changed since it was signed");
    }
}

static void a_metered_one_must_have_a_signature(void **state)
{
    (void)state;
    make(METERED, NULL);
    assert_refused(KEYS, 0, "without a signature");
    setenv("BITHUMAN_UNMETERED", "1", 1);
    assert_refused(KEYS, 0, "without a signature");
    unsetenv("BITHUMAN_UNMETERED");
    /* Stripped of both it is an open avatar, which docs/auth.md says; a host may want none such. */
    make(OPEN, NULL);
    assert_loads(NULL);
    assert_refused(KEYS, BE_FIXTURE_SIGNED, "not signed");
    make(OPEN, studio_seed);
    be_fixture_t *fixture = NULL;
    assert_int_equal(load_by(KEYS, BE_FIXTURE_SIGNED, &fixture), BE_OK);
    be_seal_t seal = {.struct_size = sizeof seal};
    assert_int_equal(be_fixture_get_seal(fixture, &seal), BE_OK);
    assert_string_equal(seal.issuer, "");
    assert_int_equal(seal.is_signed, 1);
    be_fixture_release(fixture);
}

static void an_unsigned_open_one_needs_no_keys(void **state)
{
    (void)state;
    be_fixture_t *fixture = NULL;
    be_seal_t seal = {.struct_size = sizeof seal};
    make(OPEN, NULL);
    setenv(VARIABLE, "test_seal_nowhere", 1);
    assert_int_equal(load_by("test_seal_nowhere", 0, &fixture), BE_OK);
    assert_int_equal(be_fixture_get_seal(fixture, &seal), BE_OK);
    assert_int_equal(seal.is_signed, 0);
    assert_string_equal(seal.digest, "");
    assert_string_equal(seal.key, "");
    be_fixture_release(fixture);
}

static void a_signature_of_another_shape_is_no_avatar(void **state)
{
    (void)state;
    static const struct {
        int at;
        const char *named;
    } cases[] = {{0, "of kind 3"}, {4, "reserved"}};
    be_fixture_t *fixture = NULL;
    for (int i = 0; i < 2; i++) {
        make(METERED, studio_seed);
        file[sign_number(row_of("SIGN") + 8, 8) + (size_t)cases[i].at] ^= 2;
        make_checksums_right();
        assert_int_equal(load_by(KEYS, 0, &fixture), BE_ERR_FILE_CORRUPT);
        assert_non_null(strstr(be_last_error_message(), cases[i].named));
    }
    make(METERED, studio_seed);
    put(row_of("SIGN") + 16, SIGN_SIZE - 1, 8);
    put(file + 24, --size, 8);
    make_checksums_right();
    assert_int_equal(load_by(KEYS, 0, &fixture), BE_ERR_FILE_CORRUPT);
    assert_non_null(strstr(be_last_error_message(), "SIGN has 87 bytes"));
}

/* ---------------------------------------------------------------- signing */

/* RFC 8032, 7.1, TEST 3. */
static void signing_is_as_the_standard_says(void **state)
{
    (void)state;
    uint8_t seed[32], key[32], expected_key[32], signature[64], expected[64];
    static const uint8_t message[] = {0xaf, 0x82};
    sodium_hex2bin(seed, 32, "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", 64,
                   NULL, NULL, NULL);
    sodium_hex2bin(expected_key, 32,
                   "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", 64, NULL,
                   NULL, NULL);
    sodium_hex2bin(expected, 64,
                   "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                   "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
                   128, NULL, NULL, NULL);
    assert_int_equal(be_sign(seed, message, 2, key, signature), BE_OK);
    assert_memory_equal(key, expected_key, 32);
    assert_memory_equal(signature, expected, 64);
    assert_int_equal(be_sign(NULL, message, 2, key, signature), BE_ERR_INVALID_ARG);
    assert_int_equal(be_sign(seed, NULL, 2, key, signature), BE_ERR_INVALID_ARG);
    assert_int_equal(be_sign(seed, NULL, 0, key, signature), BE_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_of_the_hosts_opens_it),
        TEST(other_keys_do_not),
        TEST(a_file_may_hold_many_keys),
        TEST(what_is_no_key_is_named),
        TEST(nor_is_one_passed_over_beside_a_key),
        TEST(any_change_breaks_it),
        TEST(nothing_can_be_put_in_or_renamed),
        TEST(what_it_asks_for_cannot_be_changed),
        TEST(a_metered_one_must_have_a_signature),
        TEST(an_unsigned_open_one_needs_no_keys),
        TEST(a_signature_of_another_shape_is_no_avatar),
        TEST(signing_is_as_the_standard_says),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
