/* libFuzzer target: what issuers, hosts and key files say. The first byte chooses who speaks; nothing may crash,
 * and what is taken keeps its promises: a URL leads to one host, a secret fits into a header, a good answer is
 * one that says so, and no sentence quotes what was sent as a secret. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/message.h"
#include "auth/secret.h"
#include "auth/settings.h"
#include "auth/token.h"
#include "auth/url.h"
#include "base/error.h"
#include "container/seal.h"

static void need(bool condition)
{
    if (!condition)
        __builtin_trap();
}

static void hear_url(const char *text)
{
    if (bei_url_check(text) != BE_OK)
        return;
    const char *host = text + (bei_url_is_plain(text) ? 7 : 8);
    need(strlen(text) <= 2000);
    need(bei_url_is_plain(text) || strncmp(text, "https://", 8) == 0);
    need(*host && !strchr("/?#:", *host)); /* there is a host */
    for (const char *c = text; *c; c++)
        need(*c > 0x20 && *c < 0x7f && !strchr("@\\#\"<>^`{|}", *c));
    if (!bei_url_is_plain(text))
        return;
    size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?");
    need((length == 9 && !memcmp(host, "127.0.0.1", 9)) ||
         (length == 9 && !memcmp(host, "localhost", 9)) ||
         (length == 5 && !memcmp(host, "[::1]", 5)));
}

static void hear_token(const char *text)
{
    bei_token_times_t times = {-1, -1};
    if (!bei_token_read(text, &times))
        return;
    need(times.issued >= 0 && times.expires >= 0);
    int64_t life = bei_token_life(&times, 1700000000);
    need(life >= 0 && (times.expires == 0) == (life == INT64_MAX));
}

/* The first two bytes are the code. */
static void hear_answer(const uint8_t *data, size_t size)
{
    static const long codes[] = {200, 401, 402, 403, 429, 500, 302, 200};
    static bei_http_answer_t answer;
    char *token = NULL;
    if (size < 1 || size - 1 > BEI_HTTP_MAX_ANSWER)
        return;
    answer.code = codes[data[0] % 8];
    answer.size = size - 1;
    memcpy(answer.body, data + 1, answer.size);
    answer.body[answer.size] = '\0';
    bei_verdict_t verdict = bei_message_read(&answer, &token);
    need(verdict != BEI_VERDICT_GOOD || (answer.code == 200 && strstr(answer.body, "status")));
    need(verdict == BEI_VERDICT_GOOD || (!token && *bei_error_message()));
    need(!token || bei_secret_is_sendable(token, BEI_TOKEN_MAX));
    bei_secret_replace(&token, NULL);
}

/* What a host says is told to the issuer as JSON, whatever it is. */
static void hear_settings(const char *text)
{
    const be_auth_options_t options = {
        .struct_size = sizeof options, .api_secret = text, .tags = text, .transaction_id = text};
    bei_auth_settings_t settings = {0};
    if (bei_settings_check(&options, 0) != BE_OK) {
        need(strlen(text) < 12 || !strstr(bei_error_message(), text));
        return;
    }
    need(bei_settings_apply(&settings, &options) == BE_OK);
    char *body = bei_message_write(&settings, &(bei_count_t){"id", 1, 2, NULL});
    need(body && !strchr(body, '\n'));
    bei_message_free(body);
    bei_settings_clear(&settings);
}

static void hear_keys(const char *text)
{
    bei_key_search_t search = {.found = false};
    be_status status = bei_keys_search_text(text, "fuzz", &search);
    need(status == BE_OK ? search.seen > 0 : status == BE_ERR_UNTRUSTED);
}

static void hear_signature(const uint8_t *data, size_t size)
{
    bei_signed_t found;
    be_status status = bei_seal_parse((bei_span_t){data, size}, "fuzz", &found);
    need(status == BE_OK ? size == 88 : status == BE_ERR_FILE_CORRUPT);
    if (size >= 96)
        (void)bei_signature_is_good(data, data + 96, size - 96, data + 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const uint8_t who = data[0];
    char *text = malloc(size); /* the rest with a NUL behind, in a block of its size */
    need(text);
    memcpy(text, ++data, --size);
    text[size] = '\0';
    switch (who) {
    case 'u':
        hear_url(text);
        break;
    case 't':
        hear_token(text);
        break;
    case 'a':
        hear_answer(data, size);
        break;
    case 's':
        hear_settings(text);
        break;
    case 'k':
        hear_keys(text);
        break;
    case 'g':
        hear_signature(data, size);
        break;
    default:
        break;
    }
    free(text);
    return 0;
}
