#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "base/error.h"
#include "base/log.h"
#include "encoder/builtin.h"
#include "encoder/network.h"
#include "encoder/session.h"

/* Either runs: our own forward pass, or a session of ONNX Runtime. Both are shared with other models. */
struct bei_encoder_model {
    const bei_network_t *network;
    bei_session_t *session;
    be_ep asked;
    be_ep active;
    char reason[768];
    char runtime[48];
};

/* Adds a provider that does not do, and why, to the report. */
static void pass_over(bei_encoder_model_t *model, const bei_provider_t *provider)
{
    const char *why = bei_error_message();
    size_t used = strlen(model->reason);
    snprintf(model->reason + used, sizeof model->reason - used, "%s%s: %.200s", used ? "; " : "",
             provider->name, why);
    bei_log(model->asked == BE_EP_AUTO ? BE_LOG_INFO : BE_LOG_WARN,
            "the audio encoder does not run on %s (%s)", provider->name, why);
}

/* Makes the model run on one provider, NULL = CPU, by ONNX Runtime. */
static be_status start_on(bei_encoder_model_t *model, bei_span_t onnx,
                          const bei_provider_t *provider, uint32_t threads)
{
    const bei_ort_t *ort = NULL;
    BEI_TRY(bei_ort_get(&ort));
    BEI_TRY(bei_session_acquire(ort, onnx, provider, threads, &model->session));
    model->active = provider ? provider->ep : BE_EP_CPU;
    snprintf(model->runtime, sizeof model->runtime, "ONNX Runtime %s", ort->version);
    return BE_OK;
}

/* BITHUMAN_ENCODER=onnxruntime, to compare the two. */
static bool wants_onnx_runtime(void)
{
    const char *wanted = bei_env_get("BITHUMAN_ENCODER");
    return wanted && strcmp(wanted, "onnxruntime") == 0;
}

/* An encoder of our own needs nothing else on the CPU; any other runs by ONNX Runtime. */
static be_status start_on_cpu(bei_encoder_model_t *model, bei_span_t onnx, uint32_t threads)
{
    if (onnx.size > 0 || wants_onnx_runtime())
        return start_on(model, onnx.size ? onnx : bei_builtin_encoder(), NULL, threads);
    BEI_TRY(bei_network_acquire(&model->network));
    model->active = BE_EP_CPU;
    snprintf(model->runtime, sizeof model->runtime, "built in");
    return BE_OK;
}

static be_status refuse_fall_back(const bei_encoder_model_t *model)
{
    return bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                         "the audio encoder does not run on the provider that was asked for: %s",
                         model->reason);
}

/* Whether providers can be asked at all; if not, that is the one reason for passing all of them over. */
static bool can_ask(bei_encoder_model_t *model)
{
    const bei_ort_t *ort = NULL;
    if (bei_ort_get(&ort) == BE_OK)
        return true;
    snprintf(model->reason, sizeof model->reason, "%s", bei_error_message());
    return false;
}

/* The first provider that was asked for and works, else the CPU. */
static be_status start(bei_encoder_model_t *model, bei_span_t onnx,
                       const bei_encoder_settings_t *settings)
{
    const be_ep asked = settings->ep;
    const bei_span_t bytes = onnx.size ? onnx : bei_builtin_encoder();
    const bool ask = asked != BE_EP_AUTO || can_ask(model);
    for (size_t i = 0; ask && i < BEI_PROVIDER_COUNT; i++) {
        const bei_provider_t *provider = &bei_providers[i];
        if (asked != BE_EP_AUTO && asked != provider->ep)
            continue;
        be_status status = start_on(model, bytes, provider, settings->threads);
        if (status == BE_OK || status == BE_ERR_OUT_OF_MEMORY)
            return status;
        pass_over(model, provider);
        if (settings->strict && asked != BE_EP_AUTO)
            return refuse_fall_back(model);
    }
    BEI_TRY(start_on_cpu(model, onnx, settings->threads));
    if (asked != BE_EP_CPU)
        bei_log(asked == BE_EP_AUTO ? BE_LOG_INFO : BE_LOG_WARN,
                "asked for %s, the audio encoder runs on the CPU", bei_provider_name(asked));
    return BE_OK;
}

be_status bei_encoder_model_create(bei_span_t onnx, const bei_encoder_settings_t *settings,
                                   bei_encoder_model_t **out)
{
    BEI_REQUIRE(settings->threads >= 1 && settings->threads <= 1024,
                "%u threads for the audio encoder, not 1 .. 1024", settings->threads);
    BEI_REQUIRE((int)settings->ep >= BE_EP_CPU && settings->ep <= BE_EP_QNN,
                "unknown execution provider %d", (int)settings->ep);
    BEI_TRY(bei_contract_check_bytes(onnx));
    bei_encoder_model_t *model = bei_calloc(1, sizeof *model);
    if (!model)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for the audio encoder");
    model->asked = settings->ep;
    be_status status = start(model, onnx, settings);
    if (status != BE_OK) {
        bei_free(model);
        return status;
    }
    bei_error_clear();
    *out = model;
    return BE_OK;
}

void bei_encoder_model_destroy(bei_encoder_model_t *model)
{
    if (!model)
        return;
    bei_network_release(model->network);
    bei_session_release(model->session);
    bei_free(model);
}

be_ep bei_encoder_model_ep(const bei_encoder_model_t *model)
{
    return model->active;
}

void bei_encoder_model_report(const bei_encoder_model_t *model, bei_encoder_report_t *out)
{
    *out = (bei_encoder_report_t){
        .asked = model->asked,
        .active = model->active,
        .reason = model->reason,
        .runtime = model->runtime,
    };
}

uint32_t bei_encoder_model_lookahead(const bei_encoder_model_t *model)
{
    return model->network ? BEI_NETWORK_LOOKAHEAD : model->session->contract.lookahead;
}

uint32_t bei_encoder_model_looks(const bei_encoder_model_t *model)
{
    return model->network ? BEI_NETWORK_LOOKS : model->session->contract.looks;
}

/* ---------------------------------------------------------------- streams */

struct bei_encoder_stream {
    bei_network_stream_t *network;
    bei_session_stream_t *session;
};

be_status bei_encoder_stream_create(bei_encoder_model_t *model, bei_encoder_stream_t **out)
{
    bei_encoder_stream_t *stream = bei_calloc(1, sizeof *stream);
    if (!stream)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a stream of the audio encoder");
    be_status status = model->network ? bei_network_stream_create(model->network, &stream->network)
                                      : bei_session_stream_create(model->session, &stream->session);
    if (status != BE_OK) {
        bei_free(stream);
        return status;
    }
    *out = stream;
    return BE_OK;
}

void bei_encoder_stream_destroy(bei_encoder_stream_t *stream)
{
    if (!stream)
        return;
    bei_network_stream_destroy(stream->network);
    bei_session_stream_destroy(stream->session);
    bei_free(stream);
}

void bei_encoder_stream_reset(bei_encoder_stream_t *stream)
{
    if (stream->network)
        bei_network_stream_reset(stream->network);
    else
        bei_session_stream_reset(stream->session);
}

be_status bei_encoder_stream_step(bei_encoder_stream_t *stream,
                                  const float mel[BEI_ENCODER_MEL_FLOATS],
                                  float coords[][BEI_ENCODER_DIM])
{
    if (!stream->network)
        return bei_session_stream_step(stream->session, mel, coords);
    bei_network_stream_step(stream->network, mel, coords);
    return BE_OK;
}
