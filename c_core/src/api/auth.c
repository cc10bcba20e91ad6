#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "api/check.h"
#include "essence.h"

static const char ABSENT[] =
    "this version has no authorisation: avatars that ask for it are refused, "
    "all others need none";

static atomic_bool asked; /* in vain: be_auth_last_error has something to tell */

static be_status not_yet(void)
{
    atomic_store(&asked, true);
    return bei_error_set(BE_ERR_NOT_IMPLEMENTED, "%s", ABSENT);
}

be_status be_auth_init(const be_auth_config_t *config)
{
    CHECK_NOT_NULL(config);
    CHECK_ABI(config);
    BEI_REQUIRE(config->api_secret && *config->api_secret, "api_secret is missing");
    BEI_REQUIRE(!config->fingerprint || strlen(config->fingerprint) == 32,
                "the fingerprint has %zu characters instead of 32", strlen(config->fingerprint));
    BEI_REQUIRE(config->interval_seconds >= 0 && config->offline_grace_seconds >= 0,
                "interval_seconds %d or offline_grace_seconds %d is negative",
                config->interval_seconds, config->offline_grace_seconds);
    return BE_OK;
}

be_status be_auth_authenticate(void)
{
    return not_yet();
}

be_status be_auth_start_heartbeat(void)
{
    return not_yet();
}

void be_auth_stop_heartbeat(void)
{
}

be_auth_state be_auth_get_state(void)
{
    return BE_AUTH_UNCONFIGURED;
}

const char *be_auth_last_error(void)
{
    return atomic_load(&asked) ? ABSENT : "";
}

void be_auth_shutdown(void)
{
}
