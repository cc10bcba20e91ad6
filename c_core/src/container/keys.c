#include "container/keys.h"

#include <string.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

enum { MAX_FILE = 64 * 1024, DIGITS = 43 };

static const char BEGIN[] = "-----BEGIN PUBLIC KEY-----";
static const char END[] = "-----END PUBLIC KEY-----";
/* What stands before the key in a SubjectPublicKeyInfo of Ed25519 (RFC 8410): 12 bytes. */
static const char PREFIX[] = "MCowBQYDK2VwAyEA";

static bool is_space(char c)
{
    return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

/* The characters between BEGIN and END without white space; 0 when there are none, or too many. */
static size_t gather(const char *from, const char *to, char *out, size_t room)
{
    size_t length = 0;
    for (; from < to; from++) {
        if (is_space(*from))
            continue;
        if (length == room)
            return 0;
        out[length++] = *from;
    }
    return length;
}

static bool read_key(const char *from, const char *to, uint8_t key[BEI_PUBLIC_KEY])
{
    char digits[sizeof PREFIX - 1 + DIGITS + 1];
    uint8_t bytes[DIGITS];
    const char *rest = digits + sizeof PREFIX - 1;
    if (gather(from, to, digits, sizeof digits) != sizeof digits ||
        memcmp(digits, PREFIX, sizeof PREFIX - 1) != 0 || rest[DIGITS] != '=' ||
        bei_base64_read(rest, DIGITS, "+/", bytes) != BEI_PUBLIC_KEY)
        return false;
    memcpy(key, bytes, BEI_PUBLIC_KEY);
    return true;
}

static void compare(const uint8_t key[BEI_PUBLIC_KEY], bei_key_search_t *search)
{
    bei_digest_t digest = bei_digest_of(key, BEI_PUBLIC_KEY);
    search->seen++;
    if (memcmp(digest.bytes, search->id, BEI_KEY_ID) != 0)
        return;
    search->found = true;
    memcpy(search->key, key, BEI_PUBLIC_KEY);
}

be_status bei_keys_search_text(const char *text, const char *name, bei_key_search_t *search)
{
    const char *at = strstr(text, BEGIN);
    if (!at)
        return bei_error_set(BE_ERR_UNTRUSTED,
                             "the trusted keys '%.300s' hold no PEM public key ('%s')", name,
                             BEGIN);
    for (; at; at = strstr(at, BEGIN)) {
        uint8_t key[BEI_PUBLIC_KEY];
        at += sizeof BEGIN - 1;
        const char *end = strstr(at, END);
        if (!end || !read_key(at, end, key))
            return bei_error_set(BE_ERR_UNTRUSTED,
                                 "the trusted keys '%.300s' hold something that is not an Ed25519 "
                                 "public key",
                                 name);
        compare(key, search);
    }
    return BE_OK;
}

static be_status search_file(const char *path, void *user)
{
    bei_key_search_t *search = user;
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (bei_file_read(path, MAX_FILE, &bytes, &size) != BE_OK)
        return bei_error_set(BE_ERR_UNTRUSTED,
                             "the trusted keys '%.300s' cannot be read: name a PEM file of public "
                             "keys, or a folder of such files *.pub",
                             path);
    char *text = bei_alloc(size + 1);
    be_status status = BE_ERR_OUT_OF_MEMORY;
    if (text) {
        if (size > 0)
            memcpy(text, bytes, size);
        text[size] = '\0';
        status = bei_keys_search_text(text, path, search);
    } else {
        bei_error_set(status, "no memory for the trusted keys");
    }
    bei_free(text);
    bei_free(bytes);
    return status;
}

be_status bei_keys_search(const char *place, bei_key_search_t *search)
{
    be_status status = bei_file_list(place, ".pub", search_file, search);
    return status == BE_ERR_FILE_NOT_FOUND ? search_file(place, search) : status;
}
