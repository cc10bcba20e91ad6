#include "encoder/providers.h"

#include "base/error.h"

enum { COREML_BY_NAME_SINCE = 22 }; /* ONNX Runtime 1.22 */

#ifdef _WIN32
#define QNN_BACKEND "QnnHtp.dll"
#else
#define QNN_BACKEND "libQnnHtp.so"
#endif

/* The way of CPU-side providers of older releases: an exported function of (options, flags). */
static be_status append_by_symbol(const bei_ort_t *ort, OrtSessionOptions *options,
                                  const char *symbol, const char *doing)
{
    typedef OrtStatus *(ORT_API_CALL * append_fn)(OrtSessionOptions *, uint32_t);
    append_fn append = (append_fn)bei_dynlib_symbol(ort->library, symbol);
    if (!append)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED, "%s: this build of ONNX Runtime has none",
                             doing);
    return bei_ort_check(ort, append(options, 0), BE_ERR_MODEL_LOAD_FAILED, doing);
}

static be_status append_coreml(const bei_ort_t *ort, OrtSessionOptions *options)
{
    if (ort->minor < COREML_BY_NAME_SINCE)
        return append_by_symbol(ort, options, "OrtSessionOptionsAppendExecutionProvider_CoreML",
                                "no CoreML");
    return bei_ort_check(
        ort, ort->api->SessionOptionsAppendExecutionProvider(options, "CoreML", NULL, NULL, 0),
        BE_ERR_MODEL_LOAD_FAILED, "no CoreML");
}

static be_status append_nnapi(const bei_ort_t *ort, OrtSessionOptions *options)
{
    return append_by_symbol(ort, options, "OrtSessionOptionsAppendExecutionProvider_Nnapi",
                            "no NNAPI");
}

static be_status append_qnn(const bei_ort_t *ort, OrtSessionOptions *options)
{
    static const char *const KEYS[] = {"backend_path", "enable_htp_fp16_precision"};
    static const char *const VALUES[] = {QNN_BACKEND, "1"};
    return bei_ort_check(
        ort, ort->api->SessionOptionsAppendExecutionProvider(options, "QNN", KEYS, VALUES, 2),
        BE_ERR_MODEL_LOAD_FAILED, "no QNN");
}

const bei_provider_t bei_providers[BEI_PROVIDER_COUNT] = {
    {BE_EP_COREML, "CoreML", append_coreml},
    {BE_EP_NNAPI, "NNAPI", append_nnapi},
    {BE_EP_QNN, "QNN", append_qnn},
};

const char *bei_provider_name(be_ep ep)
{
    if (ep == BE_EP_CPU)
        return "CPU";
    if (ep == BE_EP_AUTO)
        return "AUTO";
    for (size_t i = 0; i < BEI_PROVIDER_COUNT; i++)
        if (bei_providers[i].ep == ep)
            return bei_providers[i].name;
    return "unknown";
}
