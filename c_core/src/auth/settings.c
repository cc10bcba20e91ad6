#include "auth/settings.h"

#include <string.h>

#include "auth/secret.h"
#include "auth/token.h"
#include "auth/url.h"
#include "base/error.h"

enum {
    MAX_SECRET = 1024,
    MAX_TEXT = 1024,
    FINGERPRINT = 32,
    MAX_INTERVAL = 3600,
    MAX_GRACE = 7 * 86400,
    FIELDS = 7
};

static const int64_t SECOND = 1000000;

static be_status check_text(const char *name, const char *text)
{
    if (!text)
        return BE_OK;
    size_t length = strlen(text);
    BEI_REQUIRE(length <= MAX_TEXT, "%s has %zu bytes, the limit is %d", name, length, MAX_TEXT);
    for (size_t i = 0; i < length; i++)
        BEI_REQUIRE((unsigned char)text[i] >= 0x20 && text[i] != 0x7f,
                    "%s holds a control character", name);
    return BE_OK;
}

static be_status check_credentials(const be_auth_options_t *options)
{
    BEI_REQUIRE(!options->api_secret || bei_secret_is_sendable(options->api_secret, MAX_SECRET),
                "api_secret is not 1 to %d visible ASCII characters", MAX_SECRET);
    BEI_REQUIRE(!options->token || bei_secret_is_sendable(options->token, BEI_TOKEN_MAX),
                "token is not 1 to %d visible ASCII characters", BEI_TOKEN_MAX);
    return BE_OK;
}

static be_status check_times(const be_auth_options_t *options)
{
    int32_t interval = options->interval_seconds, grace = options->offline_grace_seconds;
    BEI_REQUIRE(interval >= 0 && interval <= MAX_INTERVAL, "interval_seconds is %d, not 0 to %d",
                interval, MAX_INTERVAL);
    BEI_REQUIRE(grace >= 0 && grace <= MAX_GRACE, "offline_grace_seconds is %d, not 0 to %d", grace,
                MAX_GRACE);
    return BE_OK;
}

be_status bei_settings_check(const be_auth_options_t *options, int change)
{
    BEI_REQUIRE(change || options->api_secret || options->token,
                "neither api_secret nor token is given");
    BEI_REQUIRE((options->flags & ~(uint32_t)(change ? 0 : BE_AUTH_INSECURE)) == 0,
                "flags are 0x%x; only those of be_auth_flag are known, and a change has none",
                options->flags);
    BEI_TRY(check_credentials(options));
    BEI_REQUIRE(!options->fingerprint || strlen(options->fingerprint) == FINGERPRINT,
                "the fingerprint has %zu characters instead of %d", strlen(options->fingerprint),
                FINGERPRINT);
    BEI_TRY(check_text("fingerprint", options->fingerprint));
    BEI_TRY(check_text("tags", options->tags));
    BEI_TRY(check_text("billing_type", options->billing_type));
    BEI_TRY(check_text("transaction_id", options->transaction_id));
    BEI_TRY(check_times(options));
    return options->endpoint_url ? bei_url_check(options->endpoint_url) : BE_OK;
}

/* The texts of both, in one order. */
static void list(bei_auth_settings_t *settings, char **fields[FIELDS])
{
    char **all[FIELDS] = {&settings->api_secret,    &settings->token, &settings->endpoint_url,
                          &settings->billing_type,  &settings->tags,  &settings->fingerprint,
                          &settings->transaction_id};
    memcpy(fields, all, sizeof all);
}

be_status bei_settings_apply(bei_auth_settings_t *settings, const be_auth_options_t *options)
{
    const char *given[FIELDS] = {options->api_secret,    options->token, options->endpoint_url,
                                 options->billing_type,  options->tags,  options->fingerprint,
                                 options->transaction_id};
    char *copies[FIELDS] = {0}, **fields[FIELDS];
    bool complete = true;
    for (size_t i = 0; i < FIELDS; i++) {
        copies[i] = bei_secret_copy(given[i]);
        complete = complete && (copies[i] || !given[i]);
    }
    list(settings, fields);
    for (size_t i = 0; i < FIELDS; i++)
        if (copies[i])
            bei_secret_replace(complete ? fields[i] : &copies[i], complete ? copies[i] : NULL);
    if (!complete)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for the settings of authorisation");
    if (options->flags & BE_AUTH_INSECURE) /* never by a change: it is read without the lock */
        settings->insecure = true;
    if (options->interval_seconds > 0)
        settings->interval = options->interval_seconds * SECOND;
    if (options->offline_grace_seconds > 0)
        settings->grace = options->offline_grace_seconds * SECOND;
    return BE_OK;
}

void bei_settings_clear(bei_auth_settings_t *settings)
{
    char **fields[FIELDS];
    list(settings, fields);
    for (size_t i = 0; i < FIELDS; i++)
        bei_secret_replace(fields[i], NULL);
}
