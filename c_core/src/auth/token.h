/* JSON web tokens, as far as a client looks into them: until when they are good. Nothing is verified: that
 * is the issuer's part. */
#ifndef BEI_AUTH_TOKEN_H
#define BEI_AUTH_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

enum { BEI_TOKEN_MAX = 8192 }; /* characters */

typedef struct bei_token_times {
    int64_t issued;  /* `iat`, seconds since 1970; 0 = not said */
    int64_t expires; /* `exp`, 0 = not said */
} bei_token_times_t;

/* Reads the times of a token; false when it is not a JSON web token. */
bool bei_token_read(const char *token, bei_token_times_t *out);

/* How many seconds after it came a token is to be replaced; INT64_MAX = never. A token that says both its
 * times is judged by their difference, so that the clock of this machine may be wrong. now: seconds since
 * 1970. */
int64_t bei_token_life(const bei_token_times_t *times, int64_t now);

#endif
