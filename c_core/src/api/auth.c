#include "api/check.h"
#include "auth/context.h"
#include "essence.h"

/* ---------------------------------------------------------------- the process's own */

be_status be_auth_init(const be_auth_config_t *config)
{
    CHECK_NOT_NULL(config);
    CHECK_ABI(config);
    return bei_auth_check(config);
}

be_status be_auth_authenticate(void)
{
    return bei_auth_authenticate(NULL);
}

be_status be_auth_start_heartbeat(void)
{
    return bei_auth_authenticate(NULL);
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
    return bei_auth_last_error(NULL);
}

void be_auth_shutdown(void)
{
}

/* ---------------------------------------------------------------- contexts */

be_status be_auth_context_create(const be_auth_config_t *config, be_auth_t **out)
{
    CHECK_NOT_NULL(config);
    CHECK_NOT_NULL(out);
    CHECK_ABI(config);
    return bei_auth_create(config, out);
}

void be_auth_context_destroy(be_auth_t *auth)
{
    bei_auth_release(auth);
}

be_status be_auth_context_authenticate(be_auth_t *auth)
{
    CHECK_NOT_NULL(auth);
    return bei_auth_authenticate(auth);
}

be_status be_auth_context_start_heartbeat(be_auth_t *auth)
{
    CHECK_NOT_NULL(auth);
    return bei_auth_authenticate(auth);
}

void be_auth_context_stop_heartbeat(be_auth_t *auth)
{
    (void)auth;
}

be_auth_state be_auth_context_get_state(const be_auth_t *auth)
{
    (void)auth;
    return BE_AUTH_UNCONFIGURED;
}

const char *be_auth_context_last_error(const be_auth_t *auth)
{
    return auth ? bei_auth_last_error(auth) : "";
}
