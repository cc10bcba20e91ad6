#include "encoder/model.h"

#include "base/error.h"
#include "base/log.h"
#include "encoder/builtin.h"
#include "encoder/providers.h"

static be_status failed(const bei_ort_t *ort, OrtStatus *status)
{
    return bei_ort_check(ort, status, BE_ERR_MODEL_LOAD_FAILED,
                         "ONNX Runtime refuses the audio encoder");
}

static be_status set_options(const bei_ort_t *ort, OrtSessionOptions *options, uint32_t threads)
{
    const OrtApi *api = ort->api;
    BEI_TRY(failed(ort, api->SetIntraOpNumThreads(options, (int)threads)));
    BEI_TRY(failed(ort, api->SetInterOpNumThreads(options, 1)));
    BEI_TRY(failed(ort, api->SetSessionExecutionMode(options, ORT_SEQUENTIAL)));
    BEI_TRY(failed(ort, api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL)));
    /* The tensors of a step are a few kilobytes: an arena would keep megabytes for them. */
    BEI_TRY(failed(ort, api->DisableCpuMemArena(options)));
    /* Between two ticks a pool's threads must sleep, not spin. */
    BEI_TRY(
        failed(ort, api->AddSessionConfigEntry(options, "session.intra_op.allow_spinning", "0")));
    /* Only ONNX: the runtime's own flatbuffer format would be taken by its looks. */
    return failed(ort, api->AddSessionConfigEntry(options, "session.load_model_format", "ONNX"));
}

/* Opens the session; provider NULL = CPU. */
static be_status open_session(bei_encoder_model_t *model, bei_span_t onnx,
                              const bei_provider_t *provider, uint32_t threads)
{
    const bei_ort_t *ort = model->ort;
    OrtSessionOptions *options = NULL;
    BEI_TRY(failed(ort, ort->api->CreateSessionOptions(&options)));
    be_status status = set_options(ort, options, threads);
    if (status == BE_OK && provider)
        status = provider->append(ort, options);
    if (status == BE_OK)
        status = failed(ort, ort->api->CreateSessionFromArray(ort->env, onnx.data, onnx.size,
                                                              options, &model->session));
    ort->api->ReleaseSessionOptions(options);
    return status;
}

static void close_session(bei_encoder_model_t *model)
{
    if (model->session)
        model->ort->api->ReleaseSession(model->session);
    model->session = NULL;
}

/* One step on silence: what a model or a provider gets wrong shows here and not in the first
 * frame. */
static be_status try_step(bei_encoder_model_t *model)
{
    bei_encoder_stream_t *stream = NULL;
    float mel[BEI_ENCODER_MEL_FLOATS];
    float coords[BEI_ENCODER_DIM];
    for (int i = 0; i < BEI_ENCODER_MEL_FLOATS; i++)
        mel[i] = -11.512925f; /* ln 1e-5 */
    BEI_TRY(bei_encoder_stream_create(model, &stream));
    be_status status = bei_encoder_stream_step(stream, mel, coords);
    bei_encoder_stream_destroy(stream);
    return status == BE_ERR_INFERENCE_FAILED ? BE_ERR_MODEL_LOAD_FAILED : status;
}

/* Makes the model run on one provider, NULL = CPU; on failure it holds no session. */
static be_status start(bei_encoder_model_t *model, bei_span_t onnx, const bei_provider_t *provider,
                       uint32_t threads)
{
    be_status status = open_session(model, onnx, provider, threads);
    if (status == BE_OK)
        status = bei_contract_check_session(model->ort, model->session, &model->contract);
    if (status == BE_OK)
        status = try_step(model);
    if (status != BE_OK)
        close_session(model);
    else
        model->ep = provider ? provider->ep : BE_EP_CPU;
    return status;
}

/* The first provider that was asked for and works, else the CPU. */
static be_status start_any(bei_encoder_model_t *model, bei_span_t onnx, be_ep asked,
                           uint32_t threads)
{
    for (size_t i = 0; i < BEI_PROVIDER_COUNT; i++) {
        const bei_provider_t *provider = &bei_providers[i];
        if (asked != BE_EP_AUTO && asked != provider->ep)
            continue;
        if (start(model, onnx, provider, threads) == BE_OK)
            return BE_OK;
        bei_log(asked == BE_EP_AUTO ? BE_LOG_INFO : BE_LOG_WARN,
                "the audio encoder does not run on %s (%s)", provider->name, bei_error_message());
    }
    be_status status = start(model, onnx, NULL, threads);
    if (status == BE_OK && asked != BE_EP_CPU)
        bei_log(asked == BE_EP_AUTO ? BE_LOG_INFO : BE_LOG_WARN,
                "asked for %s, the audio encoder runs on the CPU", bei_provider_name(asked));
    if (status == BE_OK)
        bei_error_clear();
    return status;
}

be_status bei_encoder_model_create(bei_span_t onnx, be_ep asked, uint32_t threads,
                                   bei_encoder_model_t **out)
{
    BEI_REQUIRE(threads >= 1 && threads <= 1024, "%u threads for the audio encoder, not 1 .. 1024",
                threads);
    BEI_REQUIRE((int)asked >= BE_EP_CPU && asked <= BE_EP_QNN, "unknown execution provider %d",
                (int)asked);
    if (onnx.size == 0)
        onnx = bei_builtin_encoder();
    BEI_TRY(bei_contract_check_bytes(onnx));
    const bei_ort_t *ort = NULL;
    BEI_TRY(bei_ort_get(&ort));
    bei_encoder_model_t *model = bei_calloc(1, sizeof *model);
    if (!model)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for the audio encoder");
    model->ort = ort;
    be_status status = start_any(model, onnx, asked, threads);
    if (status != BE_OK) {
        bei_free(model);
        return status;
    }
    *out = model;
    return BE_OK;
}

void bei_encoder_model_destroy(bei_encoder_model_t *model)
{
    if (!model)
        return;
    close_session(model);
    bei_free(model);
}

be_ep bei_encoder_model_ep(const bei_encoder_model_t *model)
{
    return model->ep;
}

uint32_t bei_encoder_model_lookahead(const bei_encoder_model_t *model)
{
    return model->contract.lookahead;
}
