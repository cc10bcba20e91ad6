#include "container/seal.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/env.h"
#include "base/fault.h"

enum {
    SCHEME = 1, /* Ed25519 over BLAKE2b-256 digests */
    SECTION_SIZE = 8 + BEI_KEY_ID + BEI_SIGNATURE,
    TOC_ROW = 32,
    TOC_OFFSET = 8, /* type and flags stand before it, and the length behind it */
    MAX_ROWS = 64
};

static const char VARIABLE[] = "BITHUMAN_TRUSTED_KEYS";
static const char HEADLINE[16] = {'i', 'm', 'x', ' ', 's', 'i', 'g', 'n',
                                  'a', 't', 'u', 'r', 'e', ' ', '1', '\n'};

/* What is signed. */
typedef struct message {
    size_t size;
    uint8_t bytes[sizeof HEADLINE + MAX_ROWS * (16 + sizeof(bei_digest_t))];
} message_t;

static void append(message_t *message, const void *bytes, size_t size)
{
    memcpy(message->bytes + message->size, bytes, size);
    message->size += size;
}

static void append_section(message_t *message, const uint8_t *row, const uint8_t *file)
{
    uint64_t offset = bei_bytes_u64(row + TOC_OFFSET), length = bei_bytes_u64(row + TOC_OFFSET + 8);
    bei_digest_t digest = bei_digest_of(file + offset, (size_t)length);
    append(message, row, TOC_OFFSET);
    append(message, row + TOC_OFFSET + 8, 8);
    append(message, digest.bytes, sizeof digest.bytes);
}

/* Type, flags, length and digest of each section but the signature, as they stand in the file. */
static void write_message(const bei_sections_t *sections, message_t *message)
{
    const uint8_t *file = sections->toc.data - BEI_HEADER_SIZE;
    message->size = 0;
    append(message, HEADLINE, sizeof HEADLINE);
    for (size_t at = 0; at < sections->toc.size; at += TOC_ROW)
        if (memcmp(sections->toc.data + at, "SIGN", 4) != 0)
            append_section(message, sections->toc.data + at, file);
}

static void write_hex(const uint8_t *bytes, size_t size, char *out)
{
    for (size_t i = 0; i < size; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

be_status bei_seal_parse(bei_span_t section, const char *label, bei_signed_t *out)
{
    const uint8_t *p = section.data;
    BEI_CHECK(section.size == SECTION_SIZE, label, "section SIGN has %zu bytes, not %d",
              section.size, SECTION_SIZE);
    BEI_CHECK(bei_bytes_u32(p) == SCHEME, label,
              "its signature is of kind %u, this engine knows %d", (unsigned)bei_bytes_u32(p),
              SCHEME);
    BEI_CHECK(bei_bytes_u32(p + 4) == 0, label, "section SIGN has a reserved field that is not 0");
    memcpy(out->key_id, p + 8, BEI_KEY_ID);
    memcpy(out->signature, p + 8 + BEI_KEY_ID, BEI_SIGNATURE);
    return BE_OK;
}

static be_status find_key(const bei_trust_t *trust, const char *label, const char *key,
                          bei_key_search_t *search)
{
    const char *place = trust && trust->keys ? trust->keys : bei_env_get(VARIABLE);
    if (!place)
        return bei_fault_set(BE_ERR_UNTRUSTED, label,
                             "signed by the key %s, and no keys are trusted here: let %s name the "
                             "public key of its studio",
                             key, VARIABLE);
    BEI_TRY(bei_keys_search(place, search));
    if (!search->found)
        return bei_fault_set(BE_ERR_UNTRUSTED, label,
                             "signed by the key %s, which is not among the %u trusted in '%.300s'",
                             key, (unsigned)search->seen, place);
    return BE_OK;
}

static be_status verify(const bei_sections_t *sections, const bei_trust_t *trust, const char *label,
                        bei_seal_t *out)
{
    bei_signed_t found;
    bei_key_search_t search = {.found = false};
    message_t message;
    BEI_TRY(bei_seal_parse(sections->signature, label, &found));
    memcpy(search.id, found.key_id, BEI_KEY_ID);
    write_hex(found.key_id, BEI_KEY_ID, out->key);
    BEI_TRY(find_key(trust, label, out->key, &search));
    write_message(sections, &message);
    if (!bei_signature_is_good(found.signature, message.bytes, message.size, search.key))
        return bei_fault_set(BE_ERR_UNTRUSTED, label,
                             "changed since it was signed by the key %s: get the file anew from "
                             "its studio",
                             out->key);
    bei_digest_t digest = bei_digest_of(message.bytes, message.size);
    write_hex(digest.bytes, sizeof digest.bytes, out->digest);
    out->is_signed = true;
    return BE_OK;
}

be_status bei_seal_check(const bei_sections_t *sections, bool metered, const bei_trust_t *trust,
                         const char *label, bei_seal_t *out)
{
    *out = (bei_seal_t){.is_signed = false};
    if (sections->signature.size > 0)
        return verify(sections, trust, label, out);
    if (metered)
        return bei_fault_set(BE_ERR_UNTRUSTED, label,
                             "a metered avatar without a signature: what it asks for is believed "
                             "of a studio that is trusted alone (bithuman-ctypes seal signs)");
    if (trust && trust->required)
        return bei_fault_set(BE_ERR_UNTRUSTED, label,
                             "not signed, and only signed avatars are wanted here");
    return BE_OK;
}
