#include "auth/context.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

struct be_auth {
    atomic_uint references;
    atomic_bool asked; /* in vain */
};

static const char ABSENT[] =
    "this version has no authorisation: avatars that ask for it are refused, "
    "all others need none";

static struct be_auth own; /* of the process: the calls without a context */

be_status bei_auth_check(const be_auth_config_t *config)
{
    BEI_REQUIRE(config->api_secret && *config->api_secret, "api_secret is missing");
    BEI_REQUIRE(!config->fingerprint || strlen(config->fingerprint) == 32,
                "the fingerprint has %zu characters instead of 32", strlen(config->fingerprint));
    BEI_REQUIRE(config->interval_seconds >= 0 && config->offline_grace_seconds >= 0,
                "interval_seconds %d or offline_grace_seconds %d is negative",
                config->interval_seconds, config->offline_grace_seconds);
    return BE_OK;
}

be_status bei_auth_create(const be_auth_config_t *config, be_auth_t **out)
{
    BEI_TRY(bei_auth_check(config));
    be_auth_t *auth = bei_calloc(1, sizeof *auth);
    if (!auth)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a context");
    atomic_init(&auth->references, 1);
    *out = auth;
    return BE_OK;
}

void bei_auth_retain(be_auth_t *auth)
{
    if (auth)
        atomic_fetch_add_explicit(&auth->references, 1, memory_order_relaxed);
}

void bei_auth_release(be_auth_t *auth)
{
    if (auth && atomic_fetch_sub_explicit(&auth->references, 1, memory_order_acq_rel) == 1)
        bei_free(auth);
}

be_status bei_auth_authenticate(be_auth_t *auth)
{
    atomic_store(&(auth ? auth : &own)->asked, true);
    return bei_error_set(BE_ERR_NOT_IMPLEMENTED, "%s", ABSENT);
}

const char *bei_auth_last_error(const be_auth_t *auth)
{
    return atomic_load(&(auth ? auth : &own)->asked) ? ABSENT : "";
}
