/* The manifest of an avatar file: strict about what it knows, deaf to what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "container/json_text.h"
#include "container/manifest.h"
#include "imx_asserts.h"

/* A piece of the sound manifest and what takes its place. */
typedef struct text_case {
    const char *old_text, *new_text, *named;
} text_case_t;

static void replace_in_manifest(const char *old_text, const char *new_text)
{
    char json[B_CAPACITY];
    const char *at = strstr(builder_manifest, old_text);
    assert_non_null(at);
    snprintf(json, sizeof json, "%.*s%s%s", (int)(at - builder_manifest), builder_manifest,
             new_text, at + strlen(old_text));
    set_manifest(&builder, json);
}

static void each_key_of_the_manifest_is_checked(void **state)
{
    (void)state;
    const text_case_t cases[] = {
        {"\"format\":1,", "", "lacks 'format'"},
        {"\"format\":1", "\"format\":2", "manifest format 2"},
        {"\"format\":1", "\"format\":\"1\"", "'format' is not a number"},
        {"\"name\":", "\"nam\":", "lacks 'name'"},
        {"\"Ada \\u00e9\"", "7", "'name' is not a text"},
        {"\"Ada \\u00e9\"", "\"\"", "'name' is empty"},
        {"\"Ada \\u00e9\"", "\"a\\u0000\"", "zero character"},
        {"\"Ada \\u00e9\"", "\"a\\nb\"", "'name' holds a control character"},
        {"\"Ada \\u00e9\"", "\"\\ud800\"", "not JSON"},
        {"ada-1", "Ada", "'identity' is 'Ada', not a slug"},
        {"ada-1", "../etc", "not a slug"},
        {"\"width\":80", "\"width\":81", "'width' is 81, not even"},
        {"\"width\":80", "\"width\":62", "'width' is 62, not 64 to 4096"},
        {"\"width\":80", "\"width\":80.5", "not an integer"},
        {"\"width\":80", "\"width\":-80", "'width' is -80"},
        {"\"width\":80", "\"width\":1e999", "'width' is"},
        {"\"width\":80", "\"width\":true", "'width' is not a number"},
        {"\"height\":72", "\"height\":4098", "'height' is 4098"},
        {"\"height\":72", "\"width\":72", "the key 'width' twice"},
        {"\"fps\":25", "\"fps\":30", "'fps' is 30"},
        {"\"auth\":\"none\"", "\"auth\":\"None\"", "'auth' is 'None'"},
        {"\"auth\":\"none\"", "\"auth\":null", "'auth' is not a text"},
        {"\"none\"", "\"heartbeat\"", "lacks 'issuer'"},
        {"\"none\"", "\"heartbeat\",\"issuer\":\"\"", "'issuer' is empty"},
        {"\"none\"", "\"heartbeat\",\"issuer\":1", "'issuer' is not a text"},
        {"\"none\"", "\"none\",\"issuer\":\"A\"", "has an 'issuer', but 'auth' is 'none'"},
        {"\"none\"", "\"none\",\"insecure\":1", "'insecure' is neither true nor false"},
        {"pingpong", "backward", "'loop' is 'backward'"},
        {"\"CC0-1.0\"", "[]", "'license' is not a text"},
        {"\"source\":", "\"Source\":", "lacks 'source'"},
        {"\"tool\":", "\"tools\":", "lacks 'tool'"},
        {"[1,2]", "[1,2],\"a\":3", "the key 'a' twice"},
        {"[1,2]", "[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]", "nested more than 16 deep"},
        {"[1,2]", "[1,2", "not JSON"},
        {"}}", "}} x", "not JSON"},
        {"{\"format\"", "[\"format\"", "not a JSON object"},
        {"{\"format\"", " {\"format\"", "not a JSON object"},
        {"\"later\"", "\"\xc0\xaf\"", "not UTF-8"},
        {"\"later\"", "\"\xed\xa0\x80\"", "not UTF-8"},
        {"\"later\"", "\"\x01\"", "control character"},
        {"}}", "}}\xc3", "not UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        replace_in_manifest(cases[i].old_text, cases[i].new_text);
        assert_builder_refused(cases[i].named);
    }
}

static void manifest_texts_are_bounded(void **state)
{
    (void)state;
    char text[1100];
    memset(text, 'a', sizeof text);
    text[127] = '\0';
    replace_in_manifest("ada-1", text);
    bei_imx_close(assert_opens());
    text[127] = 'a', text[128] = '\0';
    replace_in_manifest("ada-1", text);
    assert_builder_refused("'identity' has 128 bytes, the limit is 127");
    text[128] = 'a', text[1024] = '\0';
    replace_in_manifest("made up", text);
    assert_builder_refused("'source' has 1024 bytes, the limit is 1023");
}

static void a_large_manifest_is_refused(void **state)
{
    (void)state;
    static uint8_t text[64 * 1024 + 1];
    memset(text, ' ', sizeof text);
    text[0] = '{';
    assert_int_equal(bei_json_text_check((bei_span_t){text, sizeof text - 1}, "x"), BE_OK);
    assert_int_equal(bei_json_text_check((bei_span_t){text, sizeof text}, "x"),
                     BE_ERR_FILE_CORRUPT);
}

static void a_metered_avatar_says_so(void **state)
{
    (void)state;
    bei_imx_manifest_t manifest;
    replace_in_manifest("\"none\"", "\"heartbeat\",\"issuer\":\"Studio A\",\"insecure\":true");
    const builder_section_t *section = &builder.sections[B_MANI];
    assert_int_equal(
        bei_manifest_parse((bei_span_t){section->bytes, section->size}, "x", &manifest), BE_OK);
    assert_true(manifest.metered && manifest.may_be_insecure && !manifest.may_be_unmetered);
    assert_string_equal(manifest.issuer, "Studio A");
}

static void too_many_manifest_keys_are_refused(void **state)
{
    (void)state;
    char keys[1000] = "{";
    for (int i = 0; i < 65; i++)
        snprintf(keys + strlen(keys), sizeof keys - strlen(keys), "%s\"k%d\":0", i ? "," : "", i);
    keys[strlen(keys)] = '}'; /* the rest is zero */
    set_manifest(&builder, keys);
    assert_builder_refused("an object of more than 64 keys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_key_of_the_manifest_is_checked), TEST(manifest_texts_are_bounded),
        TEST(a_large_manifest_is_refused),         TEST(a_metered_avatar_says_so),
        TEST(too_many_manifest_keys_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
