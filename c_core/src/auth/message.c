#include "auth/message.h"

#include <string.h>

#include <cJSON.h>

#include "auth/secret.h"
#include "auth/token.h"
#include "base/error.h"

enum { VERSION = 1 };

static bool add_text(cJSON *body, const char *key, const char *text)
{
    return !text || cJSON_AddStringToObject(body, key, text);
}

static bool add_avatar(cJSON *list, const bei_auth_avatar_t *avatar)
{
    cJSON *item = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(list, item)) {
        cJSON_Delete(item);
        return false;
    }
    return add_text(item, "identity", avatar->identity) &&
           add_text(item, "issuer", avatar->issuer) && add_text(item, "digest", avatar->digest) &&
           cJSON_AddNumberToObject(item, "frames_served", (double)avatar->telling);
}

static bool add_avatars(cJSON *body, const bei_auth_avatar_t *avatars)
{
    cJSON *list = cJSON_AddArrayToObject(body, "avatars");
    bool complete = list != NULL;
    for (; complete && avatars; avatars = avatars->next)
        complete = !avatars->listed || add_avatar(list, avatars);
    return complete;
}

static bool fill(cJSON *body, const bei_auth_settings_t *settings, const bei_count_t *count)
{
    return cJSON_AddNumberToObject(body, "version", VERSION) &&
           add_text(body, "session_id", count->session_id) &&
           cJSON_AddNumberToObject(body, "beat", (double)count->beat) &&
           cJSON_AddNumberToObject(body, "frames_served", (double)count->frames) &&
           add_avatars(body, count->avatars) &&
           add_text(body, "transaction_id", settings->transaction_id) &&
           add_text(body, "fingerprint", settings->fingerprint) &&
           add_text(body, "tags", settings->tags) &&
           add_text(body, "billing_type", settings->billing_type);
}

char *bei_message_write(const bei_auth_settings_t *settings, const bei_count_t *count)
{
    cJSON *body = cJSON_CreateObject();
    char *text = body && fill(body, settings, count) ? cJSON_PrintUnformatted(body) : NULL;
    cJSON_Delete(body);
    return text;
}

void bei_message_free(char *body)
{
    cJSON_free(body);
}

/* ---------------------------------------------------------------- answers */

static bei_verdict_t failed(const char *why)
{
    bei_error_set(BE_ERR_NO_AUTH, "the issuer's answer makes no sense: %s", why);
    return BEI_VERDICT_FAILED;
}

static bei_verdict_t read_good(const cJSON *body, char **token)
{
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(body, "status");
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(body, "token");
    if (!cJSON_IsString(status) || strcmp(status->valuestring, "ok") != 0)
        return failed("it has no \"status\":\"ok\"");
    if (!given || cJSON_IsNull(given))
        return BEI_VERDICT_GOOD;
    if (!cJSON_IsString(given) || !bei_secret_is_sendable(given->valuestring, BEI_TOKEN_MAX))
        return failed("its token cannot be sent in a header");
    bei_secret_replace(token, bei_secret_copy(given->valuestring));
    bei_secret_wipe(given->valuestring, strlen(given->valuestring));
    return BEI_VERDICT_GOOD; /* without memory for the token the secret goes on doing */
}

static bei_verdict_t read_body(const bei_http_answer_t *answer, char **token)
{
    if (strlen(answer->body) != answer->size)
        return failed("it is not text");
    cJSON *body = cJSON_ParseWithLengthOpts(answer->body, answer->size + 1, NULL, 1);
    bei_verdict_t verdict =
        cJSON_IsObject(body) ? read_good(body, token) : failed("it is not a JSON object");
    cJSON_Delete(body);
    return verdict;
}

bei_verdict_t bei_message_read(const bei_http_answer_t *answer, char **token)
{
    switch (answer->code) {
    case 200:
        return read_body(answer, token);
    case 401:
        bei_error_set(BE_ERR_AUTH_FATAL, "the issuer does not know these credentials (HTTP 401)");
        return BEI_VERDICT_UNAUTHORIZED;
    case 402:
        bei_error_set(BE_ERR_AUTH_FATAL, "the account has no balance left (HTTP 402)");
        return BEI_VERDICT_BALANCE;
    case 403:
        bei_error_set(BE_ERR_AUTH_FATAL, "the issuer refuses this account (HTTP 403)");
        return BEI_VERDICT_SUSPENDED;
    case 429:
        bei_error_set(
            BE_ERR_NO_AUTH,
            "the issuer is asked too often, or by too many sessions at a time (HTTP 429)");
        return BEI_VERDICT_FAILED;
    default:
        bei_error_set(BE_ERR_NO_AUTH, "the issuer answers HTTP %ld%s", answer->code,
                      answer->code / 100 == 3 ? ", a redirect, which a secret does not follow"
                                              : "");
        return BEI_VERDICT_FAILED;
    }
}
