/* What authorisation is made of: URLs, tokens, certificates, settings, answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/castore.h"
#include "auth/message.h"
#include "auth/secret.h"
#include "auth/settings.h"
#include "auth/token.h"
#include "auth/url.h"
#include "base/error.h"

static void a_secret_goes_to_safe_urls_only(void **state)
{
    (void)state;
    static const char *const good[] = {
        "https://issuer.example",   "https://issuer.example:8443/v1/heartbeat?x=%20y",
        "https://192.0.2.7/a",      "https://[2001:db8::1]:443/a",
        "http://127.0.0.1:8000/v1", "http://localhost/",
        "http://[::1]:9/",
    };
    static const char *const bad[] = {
        "",
        "issuer.example",
        "ftp://issuer.example",
        "HTTPS://issuer.example",
        "http://issuer.example/",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.2/",
        "http://localhost.evil.example/",
        "http://localhost@evil.example/",
        "http://127.0.0.1:80@evil.example/",
        "http://127.0.0.1\\@evil.example/",
        "http://127.0.0.1#@evil.example/",
        "http://127.0.0.1?@evil.example\\",
        "https://user:hush@issuer.example/",
        "https://",
        "https:///path",
        "https://:443/",
        "https://issuer.example:/",
        "https://issuer.example:123456/",
        "https://issuer.example:80a/",
        "https://issuer.example/ a",
        "https://issuer.example/\r\nx: y",
        "https://issuer.example/\x7f",
        "https://issu\xc3\xa9r.example/",
        "https://[]/",
        "https://[::1/",
        "https://issuer.example/#fragment",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (bei_url_check(good[i]) != BE_OK)
            fail_msg("%s: %s", good[i], bei_error_message());
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (bei_url_check(bad[i]) != BE_ERR_INVALID_ARG)
            fail_msg("'%s' is taken", bad[i]);
        assert_null(strstr(bei_error_message(), "hush"));
    }
    char text[2100] = "https://issuer.example/";
    memset(text + 23, 'a', 2010 - 23);
    assert_int_equal(bei_url_check(text), BE_ERR_INVALID_ARG);
}

/* {"alg":"none"}.PAYLOAD.x */
static void tokens_say_how_long_they_live(void **state)
{
    (void)state;
    static const struct {
        const char *token;
        bool good;
        int64_t issued, expires;
    } cases[] = {
        {"eyJhbGciOiJub25lIn0.eyJpYXQiOjEwMDAsImV4cCI6MTYwMH0.x", true, 1000, 1600},
        {"h.eyJleHAiOjE2MDB9.s", true, 0, 1600},
        {"h.e30.", true, 0, 0},
        {"h.eyJleHAiOi01fQ.s", true, 0, 0},     /* {"exp":-5} */
        {"h.eyJleHAiOiIxMCJ9.s", true, 0, 0},   /* {"exp":"10"} */
        {"h.eyJleHAiOjFlNDAwfQ.s", true, 0, 0}, /* {"exp":1e400} */
        {"h.W10.s", false, 0, 0},               /* [] */
        {"h.x!.s", false, 0, 0},
        {"h..s", false, 0, 0},
        {"opaque", false, 0, 0},
        {"a.b", false, 0, 0},
        {"a.e30.c.d", false, 0, 0},
        {"", false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bei_token_times_t times = {0, 0};
        assert_int_equal(bei_token_read(cases[i].token, &times), cases[i].good);
        assert_int_equal(times.issued, cases[i].issued);
        assert_int_equal(times.expires, cases[i].expires);
    }
}

static void a_wrong_clock_does_not_shorten_a_token(void **state)
{
    (void)state;
    const bei_token_times_t both = {1000, 1600}, end = {0, 1600}, none = {0, 0}, odd = {1600, 1600};
    assert_int_equal(bei_token_life(&both, 1000), 480);
    assert_int_equal(bei_token_life(&both, 5000000), 480);
    assert_int_equal(bei_token_life(&both, 0), 480);
    assert_int_equal(bei_token_life(&end, 1000), 540);
    assert_int_equal(bei_token_life(&end, 1590), 0);
    assert_int_equal(bei_token_life(&odd, 1000), 540);
    assert_true(bei_token_life(&none, 1000) == INT64_MAX);
}

static void variables_name_the_certificates(void **state)
{
    (void)state;
    bei_castore_t store;
    char path[] = "/tmp/essence-ca-XXXXXX";
    assert_true(mkstemp(path) >= 0);
    unsetenv("CURL_CA_BUNDLE");
    unsetenv("SSL_CERT_FILE");
    setenv("SSL_CERT_DIR", "/tmp", 1);
    assert_int_equal(bei_castore_find(&store), BE_OK);
    assert_null(store.file);
    assert_string_equal(store.folder, "/tmp");
    setenv("SSL_CERT_FILE", path, 1);
    assert_int_equal(bei_castore_find(&store), BE_OK);
    assert_string_equal(store.file, path);
    assert_null(store.folder);
    setenv("CURL_CA_BUNDLE", "/nowhere/ca.pem", 1);
    assert_int_equal(bei_castore_find(&store), BE_ERR_NO_AUTH);
    assert_non_null(strstr(bei_error_message(), "CURL_CA_BUNDLE"));
    assert_non_null(strstr(bei_error_message(), "/nowhere/ca.pem"));
    unsetenv("CURL_CA_BUNDLE");
    remove(path);
    assert_int_equal(bei_castore_find(&store), BE_ERR_NO_AUTH);
    assert_non_null(strstr(bei_error_message(), "SSL_CERT_FILE"));
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    assert_int_equal(bei_castore_find(&store), BE_OK);
}

static be_auth_options_t plain(void)
{
    return (be_auth_options_t){.struct_size = sizeof(be_auth_options_t), .api_secret = "hush"};
}

static void bad_settings_are_refused_without_quoting_secrets(void **state)
{
    (void)state;
    char long_text[1100];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    be_auth_options_t cases[12];
    for (size_t i = 0; i < 12; i++)
        cases[i] = plain();
    cases[0].api_secret = NULL;
    cases[1].api_secret = "";
    cases[2].api_secret = "hush\r\nx-admin: 1";
    cases[3].token = "hush hush";
    cases[4].api_secret = long_text;
    cases[5].fingerprint = "short";
    cases[6].tags = "a\nb";
    cases[7].tags = long_text;
    cases[8].interval_seconds = -1;
    cases[9].interval_seconds = 3601;
    cases[10].offline_grace_seconds = 8 * 86400;
    cases[11].endpoint_url = "http://issuer.example/";
    for (size_t i = 0; i < 12; i++) {
        if (bei_settings_check(&cases[i], 0) != BE_ERR_INVALID_ARG)
            fail_msg("case %zu is taken", i);
        assert_null(strstr(bei_error_message(), "hush"));
    }
    be_auth_options_t nothing = {.struct_size = sizeof nothing};
    assert_int_equal(bei_settings_check(&nothing, 1), BE_OK);
}

static void a_change_keeps_what_is_not_given(void **state)
{
    (void)state;
    bei_auth_settings_t settings = {0};
    be_auth_options_t options = plain();
    options.tags = "one";
    options.interval_seconds = 5;
    assert_int_equal(bei_settings_apply(&settings, &options), BE_OK);
    be_auth_options_t change = {.struct_size = sizeof change, .tags = "two"};
    assert_int_equal(bei_settings_apply(&settings, &change), BE_OK);
    assert_string_equal(settings.api_secret, "hush");
    assert_string_equal(settings.tags, "two");
    assert_int_equal(settings.interval, 5000000);
    bei_settings_clear(&settings);
    assert_null(settings.api_secret);
}

static bei_verdict_t read_answer(long code, const char *body, size_t size, char **token)
{
    static bei_http_answer_t answer;
    answer.code = code;
    answer.size = size;
    memcpy(answer.body, body, size);
    answer.body[size] = '\0';
    return bei_message_read(&answer, token);
}

static void only_a_clear_yes_is_a_yes(void **state)
{
    (void)state;
    static const char *const no[] = {"",
                                     " ",
                                     "ok",
                                     "[]",
                                     "{}",
                                     "null",
                                     "{\"status\":\"OK\"}",
                                     "{\"status\":1}",
                                     "{\"status\":\"ok\"",
                                     "{\"status\":\"ok\"}x",
                                     "<html>log in first</html>",
                                     "{\"status\":\"ok\",\"token\":5}",
                                     "{\"status\":\"ok\",\"token\":\"a b\"}",
                                     "{\"status\":\"ok\",\"token\":\"\"}",
                                     "{\"status\":\"ok\",\"token\":\"a\\r\\nb: c\"}"};
    char *token = NULL;
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (read_answer(200, no[i], strlen(no[i]), &token) != BEI_VERDICT_FAILED)
            fail_msg("'%s' is taken for a yes", no[i]);
    assert_int_equal(read_answer(200, "{\"status\":\"ok\"}\0}", 17, &token), BEI_VERDICT_FAILED);
    assert_null(token);
    static const char yes[] = "{\"status\":\"ok\",\"token\":\"a.b.c\",\"more\":[1]}\n";
    assert_int_equal(read_answer(200, yes, strlen(yes), &token), BEI_VERDICT_GOOD);
    assert_string_equal(token, "a.b.c");
    bei_secret_replace(&token, NULL);
}

static void codes_have_one_meaning(void **state)
{
    (void)state;
    static const struct {
        long code;
        bei_verdict_t verdict;
    } cases[] = {
        {201, BEI_VERDICT_FAILED},  {204, BEI_VERDICT_FAILED},    {301, BEI_VERDICT_FAILED},
        {302, BEI_VERDICT_FAILED},  {400, BEI_VERDICT_FAILED},    {401, BEI_VERDICT_UNAUTHORIZED},
        {402, BEI_VERDICT_BALANCE}, {403, BEI_VERDICT_SUSPENDED}, {404, BEI_VERDICT_FAILED},
        {429, BEI_VERDICT_FAILED},  {500, BEI_VERDICT_FAILED},    {503, BEI_VERDICT_FAILED}};
    char *token = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(read_answer(cases[i].code, "{\"status\":\"ok\"}", 15, &token),
                         cases[i].verdict);
    assert_null(token);
}

static void texts_are_escaped(void **state)
{
    (void)state;
    bei_auth_settings_t settings = {.api_secret = "hush", .token = "hush", .tags = "a\"b;agent=A1"};
    char *body = bei_message_write(&settings, &(bei_count_t){"id", 3, 75, NULL});
    assert_string_equal(body,
                        "{\"version\":1,\"session_id\":\"id\",\"beat\":3,\"frames_served\":75,"
                        "\"avatars\":[],\"tags\":\"a\\\"b;agent=A1\"}");
    bei_message_free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_goes_to_safe_urls_only),
        cmocka_unit_test(tokens_say_how_long_they_live),
        cmocka_unit_test(a_wrong_clock_does_not_shorten_a_token),
        cmocka_unit_test(variables_name_the_certificates),
        cmocka_unit_test(bad_settings_are_refused_without_quoting_secrets),
        cmocka_unit_test(a_change_keeps_what_is_not_given),
        cmocka_unit_test(only_a_clear_yes_is_a_yes),
        cmocka_unit_test(codes_have_one_meaning),
        cmocka_unit_test(texts_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
