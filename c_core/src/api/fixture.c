#include "session/fixture.h"

#include "api/check.h"
#include "essence.h"

be_status be_fixture_load(const char *imx_path, const be_fixture_options_t *options,
                          be_fixture_t **out)
{
    CHECK_NOT_NULL(imx_path);
    CHECK_NOT_NULL(out);
    be_ep ep = BE_EP_CPU;
    uint32_t threads = 1;
    if (options) {
        CHECK_ABI(options);
        ep = options->preferred_ep;
        threads = options->intra_op_threads ? options->intra_op_threads : 1;
    }
    BEI_REQUIRE((int)ep >= BE_EP_CPU && (int)ep <= BE_EP_QNN,
                "preferred_ep is %d, not one of be_ep", (int)ep);
    BEI_REQUIRE(threads <= 256, "intra_op_threads is %u; 256 is the most", threads);
    be_fixture_t *fixture = NULL;
    BEI_TRY(bei_fixture_create(imx_path, ep, threads, &fixture));
    *out = fixture;
    return BE_OK;
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
