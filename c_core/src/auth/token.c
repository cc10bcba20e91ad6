#include "auth/token.h"

#include <string.h>

#include <cJSON.h>

#include "auth/secret.h"
#include "base/base64.h"
#include "base/memory.h"

/* Seconds by which the clocks of two machines may differ. */
enum { SKEW = 60 };

/* Beyond this a number of seconds is no time. */
static const double LAST_TIME = 253402300799.0; /* the end of the year 9999 */

static int64_t get_time(const cJSON *payload, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(payload, key);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= LAST_TIME))
        return 0;
    return (int64_t)item->valuedouble;
}

static bool read_payload(const char *text, size_t length, bei_token_times_t *out)
{
    char *bytes = bei_alloc(length + 1);
    if (!bytes)
        return false;
    long count = bei_base64_read(text, length, "-_", (uint8_t *)bytes);
    cJSON *payload = NULL;
    if (count > 0) {
        bytes[count] = '\0'; /* some releases of the parser read past the end of other texts */
        payload = cJSON_ParseWithLength(bytes, (size_t)count + 1);
    }
    bool good = cJSON_IsObject(payload);
    if (good)
        *out = (bei_token_times_t){get_time(payload, "iat"), get_time(payload, "exp")};
    cJSON_Delete(payload);
    bei_secret_wipe(bytes, length + 1);
    bei_free(bytes);
    return good;
}

bool bei_token_read(const char *token, bei_token_times_t *out)
{
    const char *first = strchr(token, '.');
    const char *second = first ? strchr(first + 1, '.') : NULL;
    if (!second || strchr(second + 1, '.') || strlen(token) > BEI_TOKEN_MAX)
        return false;
    return read_payload(first + 1, (size_t)(second - first - 1), out);
}

int64_t bei_token_life(const bei_token_times_t *times, int64_t now)
{
    if (times->expires == 0)
        return INT64_MAX;
    if (times->issued > 0 && times->expires > times->issued)
        return (times->expires - times->issued) / 5 * 4; /* a fifth is left for late answers */
    int64_t left = times->expires - now - SKEW;
    return left > 0 ? left : 0;
}
