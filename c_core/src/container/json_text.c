#include "container/json_text.h"

#include <stdbool.h>
#include <string.h>

#include "base/fault.h"

enum { MAX_SIZE = 64 * 1024, MAX_DEPTH = 16 };

/* Length of the UTF-8 sequence at `p`, of which `left` bytes are there; 0 when it is not one.
 * Overlong forms, surrogates and values beyond U+10FFFF are not. */
static size_t sequence_length(const uint8_t *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < length)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool beyond = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    return overlong || beyond ? 0 : length;
}

static be_status check_characters(bei_span_t text, const char *label)
{
    for (size_t i = 0; i < text.size;) {
        size_t length = sequence_length(text.data + i, text.size - i);
        BEI_CHECK(length > 0, label, "the manifest is not UTF-8 at byte %zu", i);
        uint8_t c = text.data[i];
        BEI_CHECK(c >= 0x20 || c == '\t' || c == '\n' || c == '\r', label,
                  "the manifest holds a control character at byte %zu", i);
        i += length;
    }
    return BE_OK;
}

static be_status check_escape(bei_span_t text, size_t at, const char *label)
{
    bool zero = text.size - at >= 6 && memcmp(text.data + at, "\\u0000", 6) == 0;
    BEI_CHECK(!zero, label, "the manifest holds a zero character at byte %zu", at);
    return BE_OK;
}

static be_status check_depth(bei_span_t text, const char *label)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == '"') {
            in_string = !in_string;
        } else if (in_string && c == '\\') {
            BEI_TRY(check_escape(text, i, label));
            i++; /* so that an escaped quote does not end the string */
        } else if (!in_string && (c == '{' || c == '[')) {
            depth++;
            BEI_CHECK(depth <= MAX_DEPTH, label, "the manifest is nested more than %d deep",
                      MAX_DEPTH);
        } else if (!in_string && (c == '}' || c == ']')) {
            depth--;
        }
    }
    return BE_OK;
}

be_status bei_json_text_check(bei_span_t text, const char *label)
{
    BEI_CHECK(text.size <= MAX_SIZE, label, "the manifest has %zu bytes, the limit is %d",
              text.size, MAX_SIZE);
    BEI_CHECK(text.size > 0 && text.data[0] == '{', label, "the manifest is not a JSON object");
    BEI_TRY(check_characters(text, label));
    return check_depth(text, label);
}
