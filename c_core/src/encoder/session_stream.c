#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "encoder/session.h"

/* The tensors are views of buffers that lie behind the struct, so a step moves only numbers. The
 * two states change roles after each good step: one is read while the other is written. */
struct bei_session_stream {
    const bei_session_t *session;
    float *mel;
    float *coords;
    float *state[2];
    OrtValue *mel_value;
    OrtValue *coords_value;
    OrtValue *state_value[2];
    int current; /* the state to read */
};

/* Wraps a buffer; dims' product is `floats`. */
static be_status wrap(const bei_ort_t *ort, float *data, const int64_t *dims, size_t rank,
                      size_t floats, OrtValue **out)
{
    return bei_ort_check(
        ort,
        ort->api->CreateTensorWithDataAsOrtValue(ort->cpu, data, floats * sizeof *data, dims, rank,
                                                 ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, out),
        BE_ERR_MODEL_LOAD_FAILED, "no tensors for the audio encoder");
}

/* Floats of all looks. */
static size_t coords_of(const bei_session_t *session)
{
    return (size_t)session->contract.looks * BEI_ENCODER_DIM;
}

static be_status make_values(bei_session_stream_t *stream)
{
    const bei_ort_t *ort = stream->session->ort;
    const size_t floats = stream->session->contract.state_floats;
    const int64_t mel[] = {1, 4, 40};
    const int64_t coords[] = {1, (int64_t)coords_of(stream->session)};
    const int64_t state[] = {1, (int64_t)floats};
    BEI_TRY(wrap(ort, stream->mel, mel, 3, BEI_ENCODER_MEL_FLOATS, &stream->mel_value));
    BEI_TRY(wrap(ort, stream->coords, coords, 2, (size_t)coords[1], &stream->coords_value));
    BEI_TRY(wrap(ort, stream->state[0], state, 2, floats, &stream->state_value[0]));
    return wrap(ort, stream->state[1], state, 2, floats, &stream->state_value[1]);
}

/* Bytes of a buffer of n floats, rounded up to whole cache lines. */
static size_t room(size_t n)
{
    return (n * sizeof(float) + 63) / 64 * 64;
}

be_status bei_session_stream_create(const bei_session_t *session, bei_session_stream_t **out)
{
    const size_t header = (sizeof(bei_session_stream_t) + 63) / 64 * 64;
    const size_t mel = room(BEI_ENCODER_MEL_FLOATS);
    const size_t coords = room(coords_of(session));
    const size_t state = room(session->contract.state_floats);
    uint8_t *block = bei_calloc(1, header + mel + coords + 2 * state);
    if (!block)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a stream of the audio encoder");
    bei_session_stream_t *stream = (bei_session_stream_t *)(void *)block;
    stream->session = session;
    stream->mel = (float *)(void *)(block + header);
    stream->coords = (float *)(void *)(block + header + mel);
    stream->state[0] = (float *)(void *)(block + header + mel + coords);
    stream->state[1] = (float *)(void *)(block + header + mel + coords + state);
    be_status status = make_values(stream);
    if (status != BE_OK) {
        bei_session_stream_destroy(stream);
        return status;
    }
    *out = stream;
    return BE_OK;
}

void bei_session_stream_destroy(bei_session_stream_t *stream)
{
    if (!stream)
        return;
    const OrtApi *api = stream->session->ort->api;
    api->ReleaseValue(stream->mel_value);
    api->ReleaseValue(stream->coords_value);
    api->ReleaseValue(stream->state_value[0]);
    api->ReleaseValue(stream->state_value[1]);
    bei_free(stream);
}

void bei_session_stream_reset(bei_session_stream_t *stream)
{
    memset(stream->state[stream->current], 0,
           stream->session->contract.state_floats * sizeof(float));
}

static bool all_finite(const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

static be_status run(bei_session_stream_t *stream)
{
    static const char *const INPUTS[] = {"mel", "state"};
    static const char *const OUTPUTS[] = {"coords", "state_out"};
    const bei_session_t *session = stream->session;
    const OrtValue *const in[] = {stream->mel_value, stream->state_value[stream->current]};
    OrtValue *out[] = {stream->coords_value, stream->state_value[!stream->current]};
    return bei_ort_check(
        session->ort, session->ort->api->Run(session->handle, NULL, INPUTS, in, 2, OUTPUTS, 2, out),
        BE_ERR_INFERENCE_FAILED, "the audio encoder failed");
}

be_status bei_session_stream_step(bei_session_stream_t *stream,
                                  const float mel[BEI_ENCODER_MEL_FLOATS],
                                  float coords[][BEI_ENCODER_DIM])
{
    const size_t floats = stream->session->contract.state_floats;
    const size_t shapes = coords_of(stream->session);
    float *next = stream->state[!stream->current];
    memcpy(stream->mel, mel, BEI_ENCODER_MEL_FLOATS * sizeof *mel);
    /* All bits set is not a number: what the model leaves unwritten is found below. */
    memset(stream->coords, 0xff, shapes * sizeof *stream->coords);
    memset(next, 0xff, floats * sizeof *next);
    BEI_TRY(run(stream));
    if (!all_finite(stream->coords, shapes) || !all_finite(next, floats))
        return bei_error_set(BE_ERR_INFERENCE_FAILED,
                             "the audio encoder gave a value that is not a number");
    memcpy(coords, stream->coords, shapes * sizeof *stream->coords);
    stream->current = !stream->current;
    return BE_OK;
}
