#include "api/check.h"
#include "auth/context.h"
#include "essence.h"
#include "session/fixture.h"

static be_status fill_in(const be_auth_config_t *config, be_auth_options_t *options)
{
    CHECK_NOT_NULL(config);
    CHECK_ABI(config);
    BEI_REQUIRE(config->api_secret && *config->api_secret, "api_secret is missing");
    *options = (be_auth_options_t){.struct_size = sizeof *options,
                                   .endpoint_url = config->endpoint_url,
                                   .api_secret = config->api_secret,
                                   .fingerprint = config->fingerprint,
                                   .tags = config->tags,
                                   .billing_type = config->billing_type,
                                   .interval_seconds = config->interval_seconds,
                                   .offline_grace_seconds = config->offline_grace_seconds};
    return BE_OK;
}

static be_status take_options(const be_auth_options_t *options, be_auth_options_t *taken)
{
    CHECK_NOT_NULL(options);
    TAKE_STRUCT(options, be_auth_options_t, offline_grace_seconds, taken);
    return BE_OK;
}

/* ---------------------------------------------------------------- the process's own */

be_status be_auth_init(const be_auth_config_t *config)
{
    be_auth_options_t options;
    BEI_TRY(fill_in(config, &options));
    return bei_auth_init(&options);
}

be_status be_auth_authenticate(void)
{
    return bei_auth_authenticate(NULL);
}

be_status be_auth_start_heartbeat(void)
{
    return bei_auth_start(NULL);
}

void be_auth_stop_heartbeat(void)
{
    bei_auth_stop(NULL);
}

be_auth_state be_auth_get_state(void)
{
    return bei_auth_state(NULL);
}

const char *be_auth_last_error(void)
{
    return bei_auth_last_error(NULL);
}

void be_auth_shutdown(void)
{
    bei_auth_shutdown();
}

/* ---------------------------------------------------------------- contexts */

be_status be_auth_context_create(const be_auth_config_t *config, be_auth_t **out)
{
    CHECK_NOT_NULL(out);
    be_auth_options_t options;
    BEI_TRY(fill_in(config, &options));
    return bei_auth_create(&options, out);
}

be_status be_auth_context_open(const be_auth_options_t *options, be_auth_t **out)
{
    CHECK_NOT_NULL(out);
    be_auth_options_t taken;
    BEI_TRY(take_options(options, &taken));
    return bei_auth_create(&taken, out);
}

be_status be_auth_context_update(be_auth_t *auth, const be_auth_options_t *options)
{
    CHECK_NOT_NULL(auth);
    be_auth_options_t taken;
    BEI_TRY(take_options(options, &taken));
    return bei_auth_update(auth, &taken);
}

be_status be_auth_context_add_avatar(be_auth_t *auth, const be_fixture_t *fixture)
{
    CHECK_NOT_NULL(fixture);
    BEI_TRY(bei_fixture_check_owner(fixture));
    if (bei_avatar_metering(fixture->avatar) != BE_METERING_HEARTBEAT)
        return BE_OK;
    const bei_avatar_name_t name = bei_avatar_name(fixture->avatar);
    return bei_auth_name(auth, &name);
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
    return bei_auth_start(auth);
}

void be_auth_context_stop_heartbeat(be_auth_t *auth)
{
    if (auth)
        bei_auth_stop(auth);
}

be_auth_state be_auth_context_get_state(const be_auth_t *auth)
{
    return auth ? bei_auth_state(auth) : BE_AUTH_UNCONFIGURED;
}

const char *be_auth_context_last_error(const be_auth_t *auth)
{
    return auth ? bei_auth_last_error(auth) : "";
}

be_status be_auth_context_get_info(const be_auth_t *auth, be_auth_info_t *out)
{
    CHECK_NOT_NULL(auth);
    CHECK_OUT(out, be_auth_info_t, allowed_us);
    be_auth_info_t info;
    BEI_TRY(bei_auth_get_info((be_auth_t *)auth, &info)); /* it has a lock to take */
    return GIVE_STRUCT(out, be_auth_info_t, allowed_us, &info);
}
