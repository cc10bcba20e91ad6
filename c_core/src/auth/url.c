#include "auth/url.h"

#include <string.h>

#include "base/error.h"

enum { MAX_URL = 2000 };

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
static const char DIGITS[] = "0123456789";

static bool is_same(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && strncmp(text, word, length) == 0;
}

static bool is_this_machine(const char *host, size_t length)
{
    return is_same(host, length, "127.0.0.1") || is_same(host, length, "[::1]") ||
           is_same(host, length, "localhost");
}

/* The length of the host at the front; 0 when there is none. */
static size_t host_length(const char *text)
{
    if (*text == '[') {
        size_t inside = strspn(text + 1, "0123456789abcdefABCDEF:.");
        return inside > 0 && text[1 + inside] == ']' ? inside + 2 : 0;
    }
    size_t length = 0;
    while (text[length] && (strchr(LETTERS, text[length]) || strchr("-._", text[length])))
        length++;
    return length;
}

static bool is_port(const char *text, size_t length)
{
    return length == 0 ||
           (text[0] == ':' && length > 1 && length <= 6 && strspn(text + 1, DIGITS) >= length - 1);
}

static bool is_path(const char *text)
{
    return !strpbrk(text, "\\#@ \"<>^`{|}");
}

static be_status check_text(const char *url)
{
    BEI_REQUIRE(strlen(url) <= MAX_URL, "endpoint_url has more than %d characters", MAX_URL);
    for (const char *c = url; *c; c++)
        BEI_REQUIRE((unsigned char)*c > 0x20 && (unsigned char)*c < 0x7f,
                    "endpoint_url holds the byte 0x%02x, which is not in URLs", (unsigned char)*c);
    return BE_OK;
}

be_status bei_url_check(const char *url)
{
    BEI_TRY(check_text(url));
    bool plain = bei_url_is_plain(url);
    BEI_REQUIRE(plain || strncmp(url, "https://", 8) == 0,
                "endpoint_url does not begin with https://");
    const char *host = url + (plain ? 7 : 8);
    size_t authority = strcspn(host, "/?#");
    size_t length = host_length(host);
    /* What stands before an @ may be a password: it is not quoted. */
    BEI_REQUIRE(length > 0 && length <= authority && is_port(host + length, authority - length),
                "endpoint_url has no plain HOST or HOST:PORT after its scheme");
    BEI_REQUIRE(is_path(host + authority),
                "endpoint_url has a path with a character that is not in URLs");
    BEI_REQUIRE(!plain || is_this_machine(host, length),
                "endpoint_url is http://%.*s: without TLS a secret goes to this machine only",
                (int)length, host);
    return BE_OK;
}

bool bei_url_is_plain(const char *url)
{
    return strncmp(url, "http://", 7) == 0;
}
