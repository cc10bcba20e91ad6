#include "api/check.h"
#include "base/error.h"
#include "base/log.h"
#include "base/signature.h"
#include "encoder/ort.h"
#include "essence.h"

const char *be_library_version(void)
{
    return ESSENCE_VERSION;
}

uint32_t be_abi_version(void)
{
    return BE_ABI_VERSION;
}

uint32_t be_abi_revision(void)
{
    return BE_ABI_REVISION;
}

const char *be_last_error_message(void)
{
    return bei_error_message();
}

be_status be_set_onnxruntime_library(const char *path)
{
    return bei_ort_set_library(path);
}

void be_set_log_callback(be_log_fn *sink, void *user, be_log_level level)
{
    bei_log_set_sink(sink, user, level);
}

be_status be_sign(const uint8_t *seed, const void *message, size_t size, uint8_t *public_key,
                  uint8_t *signature)
{
    CHECK_NOT_NULL(seed);
    BEI_REQUIRE(message || size == 0, "message is NULL");
    CHECK_NOT_NULL(public_key);
    CHECK_NOT_NULL(signature);
    bei_signature_make(seed, message, size, public_key, signature);
    return BE_OK;
}
