#include "container/keys.h"

#include <string.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

enum { MAX_FILE = 64 * 1024, DIGITS = 43 };

static const char BLOCK[] = "-----BEGIN ";
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

/* The digits of a key between BEGIN and END. */
static bool read_digits(const char *from, const char *to, uint8_t key[BEI_PUBLIC_KEY])
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

/* The key that begins here; where the text goes on behind it, or NULL when it is none. */
static const char *read_key(const char *at, uint8_t key[BEI_PUBLIC_KEY])
{
    if (strncmp(at, BEGIN, sizeof BEGIN - 1) != 0)
        return NULL;
    at += sizeof BEGIN - 1;
    const char *end = strstr(at, END);
    return end && read_digits(at, end, key) ? end : NULL;
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
    const char *at = strstr(text, BLOCK);
    if (!at)
        return bei_error_set(BE_ERR_UNTRUSTED,
                             "the trusted keys '%.300s' hold no PEM public key ('%s')", name,
                             BEGIN);
    for (; at; at = strstr(at, BLOCK)) {
        uint8_t key[BEI_PUBLIC_KEY];
        at = read_key(at, key);
        if (!at)
            return bei_error_set(BE_ERR_UNTRUSTED,
                                 "the trusted keys '%.300s' hold something that is not an Ed25519 "
                                 "public key",
                                 name);
        compare(key, search);
    }
    return BE_OK;
}

/* In a file's bytes. What stood behind a zero would be passed over. */
static be_status search_bytes(const uint8_t *bytes, size_t size, const char *path,
                              bei_key_search_t *search)
{
    if (size > 0 && memchr(bytes, 0, size))
        return bei_error_set(BE_ERR_UNTRUSTED, "the trusted keys '%.300s' are no text", path);
    char *text = bei_alloc(size + 1);
    if (!text)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for the trusted keys");
    if (size > 0)
        memcpy(text, bytes, size);
    text[size] = '\0';
    be_status status = bei_keys_search_text(text, path, search);
    bei_free(text);
    return status;
}

static be_status search_file(const char *path, void *user)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    be_status status = bei_file_read(path, MAX_FILE, &bytes, &size);
    if (status == BE_ERR_OUT_OF_MEMORY)
        return status;
    if (status != BE_OK)
        return bei_error_set(BE_ERR_UNTRUSTED,
                             "the trusted keys '%.300s' cannot be read: name a PEM file of public "
                             "keys, at most %d bytes long, or a folder of such files *.pub",
                             path, MAX_FILE);
    status = search_bytes(bytes, size, path, user);
    bei_free(bytes);
    return status;
}

be_status bei_keys_search(const char *place, bei_key_search_t *search)
{
    be_status status = bei_file_list(place, ".pub", search_file, search);
    return status == BE_ERR_FILE_NOT_FOUND ? search_file(place, search) : status;
}
