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

static be_status check_flags(const be_fixture_source_t *source)
{
    BEI_REQUIRE((source->flags & ~(uint32_t)(BE_FIXTURE_STRICT_EP | BE_FIXTURE_SIGNED)) == 0,
                "flags are 0x%x; only those of be_fixture_flag are known", source->flags);
    BEI_REQUIRE(source->reserved == 0, "reserved is %u, not 0", source->reserved);
    return BE_OK;
}

static be_status check_place(const be_fixture_source_t *source)
{
    BEI_REQUIRE(source->path || source->data, "path and data are NULL: nothing to load");
    BEI_REQUIRE(source->data || source->size == 0, "size is %zu and data is NULL", source->size);
    BEI_REQUIRE(!source->data || source->size > 0, "data has 0 bytes");
    return BE_OK;
}

/* How pictures are decoded and kept; docs of be_loading and be_storage. */
static be_status read_store(const be_fixture_source_t *source, bei_avatar_store_t *store)
{
    enum { DEFAULT_MB = 64, LEAST_MB = 8, MOST_MB = 4096 };
    const be_loading loading = source->loading ? source->loading : BE_LOADING_ASYNC;
    const be_storage storage = source->storage ? source->storage : BE_STORAGE_MEMORY;
    BEI_REQUIRE((int)loading >= BE_LOADING_ASYNC && (int)loading <= BE_LOADING_ON_DEMAND,
                "loading is %d, not one of be_loading", (int)loading);
    BEI_REQUIRE((int)storage >= BE_STORAGE_MEMORY && (int)storage <= BE_STORAGE_TEMP_FILE,
                "storage is %d, not one of be_storage", (int)storage);
    const uint32_t mb = source->store_mb ? source->store_mb : DEFAULT_MB;
    BEI_REQUIRE(mb >= LEAST_MB && mb <= MOST_MB, "store_mb is %u, not %d .. %d", mb, LEAST_MB,
                MOST_MB);
    store->at_once = loading == BE_LOADING_SYNC;
    store->on_demand = loading == BE_LOADING_ON_DEMAND || storage == BE_STORAGE_JPEG;
    store->in_file = storage == BE_STORAGE_TEMP_FILE;
    /* Where there is no bound its size is no difference between two stores. */
    store->budget = store->on_demand && !store->in_file ? (uint64_t)mb << 20 : 0;
    return BE_OK;
}

static be_status open_source(const be_fixture_source_t *source, be_fixture_t **out)
{
    BEI_TRY(check_flags(source));
    BEI_TRY(check_place(source));
    bei_fixture_settings_t settings = {
        .source = {.path = source->path ? source->path : "memory",
                   .bytes = {source->data, source->size},
                   .trust = {.keys = source->trusted_keys,
                             .required = source->flags & BE_FIXTURE_SIGNED}},
        .ep = source->preferred_ep,
        .threads = source->intra_op_threads,
        .strict = source->flags & BE_FIXTURE_STRICT_EP,
    };
    BEI_TRY(read_store(source, &settings.source.store));
    return create(settings, out);
}

be_status be_fixture_open(const be_fixture_source_t *source, be_fixture_t **out)
{
    CHECK_NOT_NULL(source);
    CHECK_NOT_NULL(out);
    be_fixture_source_t taken;
    TAKE_STRUCT(source, be_fixture_source_t, trusted_keys, &taken);
    return open_source(&taken, out);
}

be_status be_fixture_get_info(const be_fixture_t *fixture, be_fixture_info_t *out)
{
    CHECK_NOT_NULL(fixture);
    CHECK_NOT_NULL(out);
    BEI_TRY(bei_fixture_check_owner(fixture));
    bei_fixture_describe(fixture, out);
    return BE_OK;
}

be_status be_fixture_get_provider(const be_fixture_t *fixture, be_provider_report_t *out)
{
    CHECK_NOT_NULL(fixture);
    CHECK_NOT_NULL(out);
    BEI_TRY(bei_fixture_check_owner(fixture));
    be_provider_report_t report;
    bei_fixture_provider(fixture, &report);
    return GIVE_STRUCT(out, be_provider_report_t, runtime, &report);
}

be_metering be_fixture_get_metering(const be_fixture_t *fixture)
{
    return fixture ? bei_avatar_metering(fixture->avatar) : BE_METERING_NONE;
}

be_status be_fixture_get_seal(const be_fixture_t *fixture, be_seal_t *out)
{
    CHECK_NOT_NULL(fixture);
    CHECK_NOT_NULL(out);
    BEI_TRY(bei_fixture_check_owner(fixture));
    const bei_imx_t *imx = fixture->avatar->imx;
    const be_seal_t seal = {.is_signed = imx->seal.is_signed,
                            .identity = imx->manifest.identity,
                            .issuer = imx->manifest.issuer,
                            .digest = imx->seal.digest,
                            .key = imx->seal.key};
    return GIVE_STRUCT(out, be_seal_t, key, &seal);
}

size_t be_fixture_get_lookahead(const be_fixture_t *fixture)
{
    return fixture ? bei_fixture_lookahead(fixture) : 0;
}

uint32_t be_fixture_get_action_count(const be_fixture_t *fixture)
{
    return fixture ? fixture->avatar->imx->clip_count : 0;
}

be_status be_fixture_get_action(const be_fixture_t *fixture, uint32_t index, be_action_t *out)
{
    CHECK_NOT_NULL(fixture);
    CHECK_NOT_NULL(out);
    BEI_TRY(bei_fixture_check_owner(fixture));
    be_action_t action;
    BEI_TRY(bei_fixture_action(fixture, index, &action));
    return GIVE_STRUCT(out, be_action_t, reserved, &action);
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
