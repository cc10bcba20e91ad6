#include "encoder/session.h"

#include <string.h>

#include "base/error.h"
#include "base/thread.h"
#include "encoder/builtin.h"

static bei_mutex_t list_lock = BEI_MUTEX_INIT;
static bei_session_t *list;

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

static be_status open_handle(bei_session_t *session)
{
    const bei_ort_t *ort = session->ort;
    OrtSessionOptions *options = NULL;
    BEI_TRY(failed(ort, ort->api->CreateSessionOptions(&options)));
    be_status status = set_options(ort, options, session->threads);
    if (status == BE_OK && session->provider)
        status = session->provider->append(ort, options);
    if (status == BE_OK)
        status = failed(ort, ort->api->CreateSessionFromArray(ort->env, session->onnx.data,
                                                              session->onnx.size, options,
                                                              &session->handle));
    ort->api->ReleaseSessionOptions(options);
    return status;
}

/* One step on silence: what a model or a provider gets wrong shows here and not in the first
 * frame. */
static be_status try_step(const bei_session_t *session)
{
    bei_session_stream_t *stream = NULL;
    float mel[BEI_ENCODER_MEL_FLOATS];
    float coords[BEI_ENCODER_MAX_LOOKS][BEI_ENCODER_DIM];
    for (int i = 0; i < BEI_ENCODER_MEL_FLOATS; i++)
        mel[i] = -11.512925f; /* ln 1e-5 */
    BEI_TRY(bei_session_stream_create(session, &stream));
    be_status status = bei_session_stream_step(stream, mel, coords);
    bei_session_stream_destroy(stream);
    return status == BE_ERR_INFERENCE_FAILED ? BE_ERR_MODEL_LOAD_FAILED : status;
}

/* Keeps the bytes by which others find the session; the built-in encoder is never copied. */
static be_status keep_bytes(bei_session_t *session, bei_span_t onnx)
{
    if (onnx.data == bei_builtin_encoder().data) {
        session->onnx = onnx;
        return BE_OK;
    }
    uint8_t *copy = bei_alloc(onnx.size);
    if (!copy)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for an audio encoder of %zu bytes",
                             onnx.size);
    memcpy(copy, onnx.data, onnx.size);
    session->onnx = (bei_span_t){copy, onnx.size};
    return BE_OK;
}

static void close_session(bei_session_t *session)
{
    if (session->handle)
        session->ort->api->ReleaseSession(session->handle);
    if (session->onnx.data != bei_builtin_encoder().data)
        bei_free((void *)session->onnx.data);
    bei_free(session);
}

static be_status open_session(const bei_session_t *like, bei_session_t **out)
{
    bei_session_t *session = bei_calloc(1, sizeof *session);
    if (!session)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for the audio encoder");
    *session = *like;
    session->onnx = (bei_span_t){NULL, 0};
    be_status status = keep_bytes(session, like->onnx);
    if (status == BE_OK)
        status = open_handle(session);
    if (status == BE_OK)
        status = bei_contract_check_session(session->ort, session->handle, &session->contract);
    if (status == BE_OK)
        status = try_step(session);
    if (status != BE_OK)
        close_session(session);
    else
        *out = session;
    return status;
}

/* The list's lock is held. */
static bei_session_t *find(const bei_session_t *like)
{
    for (bei_session_t *known = list; known; known = known->next)
        if (known->provider == like->provider && known->threads == like->threads &&
            known->owner == like->owner && known->onnx.size == like->onnx.size &&
            (known->onnx.data == like->onnx.data ||
             memcmp(known->onnx.data, like->onnx.data, like->onnx.size) == 0))
            return known;
    return NULL;
}

be_status bei_session_acquire(const bei_ort_t *ort, bei_span_t onnx, const bei_provider_t *provider,
                              uint32_t threads, bei_session_t **out)
{
    const bei_session_t like = {
        .ort = ort,
        .provider = provider,
        .threads = threads,
        .owner = bei_process_id(),
        .onnx = onnx,
    };
    /* Held while a session opens, so that models that are made at the same time share it. */
    bei_mutex_lock(&list_lock);
    bei_session_t *session = find(&like);
    be_status status = BE_OK;
    if (!session) {
        status = open_session(&like, &session);
        if (status == BE_OK) {
            session->next = list;
            list = session;
        }
    }
    if (status == BE_OK) {
        session->references++;
        *out = session;
    }
    bei_mutex_unlock(&list_lock);
    return status;
}

void bei_session_release(bei_session_t *session)
{
    if (!session)
        return;
    bei_mutex_lock(&list_lock);
    bool last = --session->references == 0;
    if (last) {
        bei_session_t **link = &list;
        while (*link != session)
            link = &(*link)->next;
        *link = session->next;
    }
    bei_mutex_unlock(&list_lock);
    if (last)
        close_session(session);
}
