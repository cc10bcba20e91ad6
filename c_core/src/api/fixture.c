#include "session/fixture.h"

#include "api/check.h"
#include "essence.h"

/* Checks what all ways of loading have in common, and loads. */
static be_status create(bei_fixture_settings_t settings, be_fixture_t **out)
{
    BEI_REQUIRE((int)settings.ep >= BE_EP_CPU && (int)settings.ep <= BE_EP_QNN,
                "preferred_ep is %d, not one of be_ep", (int)settings.ep);
    BEI_REQUIRE(settings.threads <= 256, "intra_op_threads is %u; 256 is the most",
                settings.threads);
    if (settings.threads == 0)
        settings.threads = 1;
    be_fixture_t *fixture = NULL;
    BEI_TRY(bei_fixture_create(&settings, &fixture));
    *out = fixture;
    return BE_OK;
}

be_status be_fixture_load(const char *imx_path, const be_fixture_options_t *options,
                          be_fixture_t **out)
{
    CHECK_NOT_NULL(imx_path);
    CHECK_NOT_NULL(out);
    bei_fixture_settings_t settings = {.source = {.path = imx_path}, .ep = BE_EP_CPU};
    if (options) {
        CHECK_ABI(options);
        settings.ep = options->preferred_ep;
        settings.threads = options->intra_op_threads;
    }
    return create(settings, out);
}

be_status be_fixture_get_info(const be_fixture_t *fixture, be_fixture_info_t *out)
{
    CHECK_NOT_NULL(fixture);
    CHECK_NOT_NULL(out);
    bei_fixture_describe(fixture, out);
    return BE_OK;
}

size_t be_fixture_get_lookahead(const be_fixture_t *fixture)
{
    return fixture ? bei_fixture_lookahead(fixture) : 0;
}

void be_fixture_retain(be_fixture_t *fixture)
{
    if (fixture)
        bei_fixture_retain(fixture);
}

void be_fixture_release(be_fixture_t *fixture)
{
    bei_fixture_release(fixture);
}
