#include "base/base64.h"

#include <string.h>

static int digit_of(char c, const char last[2])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    if (c == last[0] || c == last[1])
        return c == last[0] ? 62 : 63;
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

long bei_base64_read(const char *text, size_t length, const char last[2], uint8_t *out)
{
    uint32_t bits = 0;
    int held = 0;
    long count = 0;
    for (size_t i = 0; i < length; i++) {
        int digit = digit_of(text[i], last);
        if (digit < 0)
            return -1;
        bits = (bits << 6 | (uint32_t)digit) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[count++] = (uint8_t)(bits >> held & 0xff);
        }
    }
    return count;
}
