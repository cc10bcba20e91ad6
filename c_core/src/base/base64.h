/* Base64 (RFC 4648) as bytes. */
#ifndef BEI_BASE_BASE64_H
#define BEI_BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Reads `length` characters without padding; `last` are the alphabet's last two, "+/" or "-_". Gives the
 * number of bytes, or -1. `out` has room for `length` of them. */
long bei_base64_read(const char *text, size_t length, const char last[2], uint8_t *out);

#endif
