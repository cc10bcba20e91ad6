#include "encoder/contract.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "encoder/encoder.h"

enum { MAX_MODEL_BYTES = 64 << 20, MAX_RANK = 3 };

static const char *const OUTPUT_NAMES =
    "openness,width,protrusion,closure,labiodental,teeth,tongue,speech,"
    "sil,PP,FF,TH,DD,kk,CH,SS,nn,RR,aa,E,ih,oh,ou";

/* One end of the model: how ONNX Runtime lists its inputs or its outputs. */
struct side {
    const char *what;
    OrtStatus *(ORT_API_CALL *count)(const OrtSession *, size_t *);
    OrtStatus *(ORT_API_CALL *name)(const OrtSession *, size_t, OrtAllocator *, char **);
    OrtStatus *(ORT_API_CALL *type)(const OrtSession *, size_t, OrtTypeInfo **);
};

/* A tensor that must be there. A dimension of -1 is free and taken into *found. */
struct tensor {
    const char *name;
    size_t rank;
    int64_t dims[MAX_RANK];
};

static const struct tensor MEL = {"mel", 3, {1, 4, 40}};
static const struct tensor STATE = {"state", 2, {1, -1}};
static const struct tensor COORDS = {"coords", 2, {1, -1}};
static const struct tensor STATE_OUT = {"state_out", 2, {1, -1}};

static be_status failed(const bei_ort_t *ort, OrtStatus *status)
{
    return bei_ort_check(ort, status, BE_ERR_MODEL_LOAD_FAILED,
                         "the audio encoder is not readable");
}

be_status bei_contract_check_bytes(bei_span_t onnx)
{
    static const char KEY[] = "location";
    const size_t length = sizeof KEY - 1;
    if (onnx.size == 0) /* the built-in one */
        return BE_OK;
    if (onnx.size > MAX_MODEL_BYTES)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED, "the audio encoder is larger than %d MiB",
                             MAX_MODEL_BYTES >> 20);
    /* A tensor kept in another file names it under the key "location". In the file's encoding a
     * string is preceded by its length, 8, or by the 0 that ends an overlong form of it. */
    const uint8_t *at = onnx.data;
    const uint8_t *end = onnx.data + onnx.size;
    while ((at = memchr(at, KEY[0], (size_t)(end - at))) != NULL && (size_t)(end - at) >= length) {
        if (at > onnx.data && (at[-1] == length || at[-1] == 0) && memcmp(at, KEY, length) == 0)
            return bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                                 "the audio encoder keeps weights in another file");
        at++;
    }
    return BE_OK;
}

/* The index of a named input or output. */
static be_status find(const bei_ort_t *ort, const OrtSession *session, const struct side *side,
                      const char *name, size_t *index)
{
    OrtAllocator *allocator = NULL;
    size_t count = 0;
    BEI_TRY(failed(ort, ort->api->GetAllocatorWithDefaultOptions(&allocator)));
    BEI_TRY(failed(ort, side->count(session, &count)));
    if (count != 2)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED, "the audio encoder has %zu %ss, not 2",
                             count, side->what);
    for (size_t i = 0; i < count; i++) {
        char *actual = NULL;
        BEI_TRY(failed(ort, side->name(session, i, allocator, &actual)));
        int same = strcmp(actual, name) == 0;
        allocator->Free(allocator, actual);
        if (same) {
            *index = i;
            return BE_OK;
        }
    }
    return bei_error_set(BE_ERR_MODEL_LOAD_FAILED, "the audio encoder has no %s '%s'", side->what,
                         name);
}

/* Compares a type with what it must be. */
static be_status compare(const bei_ort_t *ort, const OrtTypeInfo *type, const struct side *side,
                         const struct tensor *tensor, int64_t *free_dim)
{
    const OrtTensorTypeAndShapeInfo *info = NULL;
    ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    size_t rank = 0;
    int64_t dims[MAX_RANK] = {0};
    BEI_TRY(failed(ort, ort->api->CastTypeInfoToTensorInfo(type, &info)));
    if (info) {
        BEI_TRY(failed(ort, ort->api->GetTensorElementType(info, &element)));
        BEI_TRY(failed(ort, ort->api->GetDimensionsCount(info, &rank)));
    }
    if (element != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED, "the audio encoder's %s '%s' is not float32",
                             side->what, tensor->name);
    if (rank != tensor->rank)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                             "the audio encoder's %s '%s' has %zu dimensions, not %zu", side->what,
                             tensor->name, rank, tensor->rank);
    BEI_TRY(failed(ort, ort->api->GetDimensions(info, dims, rank)));
    for (size_t i = 0; i < rank; i++) {
        if (tensor->dims[i] < 0)
            *free_dim = dims[i];
        else if (dims[i] != tensor->dims[i])
            return bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                                 "the audio encoder's %s '%s' has %lld in dimension %zu, not %lld",
                                 side->what, tensor->name, (long long)dims[i], i,
                                 (long long)tensor->dims[i]);
    }
    return BE_OK;
}

static be_status check_tensor(const bei_ort_t *ort, const OrtSession *session,
                              const struct side *side, const struct tensor *tensor,
                              int64_t *free_dim)
{
    size_t index = 0;
    OrtTypeInfo *type = NULL;
    BEI_TRY(find(ort, session, side, tensor->name, &index));
    BEI_TRY(failed(ort, side->type(session, index, &type)));
    be_status status = compare(ort, type, side, tensor, free_dim);
    ort->api->ReleaseTypeInfo(type);
    return status;
}

/* Whether `floats` are whole looks, and how many. */
static be_status take_looks(int64_t floats, uint32_t *looks)
{
    if (floats < 1 || floats % BEI_ENCODER_DIM != 0 ||
        floats / BEI_ENCODER_DIM > BEI_ENCODER_MAX_LOOKS)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                             "the audio encoder's output 'coords' has %lld in dimension 1, not %d "
                             "for each of 1 .. %d looks",
                             (long long)floats, BEI_ENCODER_DIM, BEI_ENCODER_MAX_LOOKS);
    *looks = (uint32_t)(floats / BEI_ENCODER_DIM);
    return BE_OK;
}

static be_status check_tensors(const bei_ort_t *ort, const OrtSession *session, bei_contract_t *out)
{
    const struct side inputs = {"input", ort->api->SessionGetInputCount,
                                ort->api->SessionGetInputName, ort->api->SessionGetInputTypeInfo};
    const struct side outputs = {"output", ort->api->SessionGetOutputCount,
                                 ort->api->SessionGetOutputName,
                                 ort->api->SessionGetOutputTypeInfo};
    int64_t none = 0;
    int64_t coords = 0;
    int64_t state = 0;
    int64_t state_out = 0;
    BEI_TRY(check_tensor(ort, session, &inputs, &MEL, &none));
    BEI_TRY(check_tensor(ort, session, &inputs, &STATE, &state));
    BEI_TRY(check_tensor(ort, session, &outputs, &COORDS, &coords));
    BEI_TRY(take_looks(coords, &out->looks));
    BEI_TRY(check_tensor(ort, session, &outputs, &STATE_OUT, &state_out));
    if (state < 1 || state > BEI_CONTRACT_MAX_STATE || state != state_out)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                             "the audio encoder takes a state of %lld floats and gives %lld: both "
                             "must be the same, 1 .. %d",
                             (long long)state, (long long)state_out, BEI_CONTRACT_MAX_STATE);
    out->state_floats = (size_t)state;
    return BE_OK;
}

/* Looks a key up and compares or, with `expected` NULL, reads the lookahead. */
static be_status check_key(const bei_ort_t *ort, const OrtModelMetadata *metadata, const char *key,
                           const char *expected, uint32_t *lookahead)
{
    OrtAllocator *allocator = NULL;
    char *value = NULL;
    BEI_TRY(failed(ort, ort->api->GetAllocatorWithDefaultOptions(&allocator)));
    BEI_TRY(failed(
        ort, ort->api->ModelMetadataLookupCustomMetadataMap(metadata, allocator, key, &value)));
    if (!value)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED, "the audio encoder has no metadata '%s'",
                             key);
    be_status status = BE_OK;
    if (expected) {
        if (strcmp(value, expected) != 0)
            status = bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                                   "the audio encoder's metadata '%s' is '%.40s', not '%.40s...'",
                                   key, value, expected);
    } else if (value[0] < '0' || value[0] > '0' + BEI_ENCODER_MAX_LOOKAHEAD || value[1] != '\0') {
        status = bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                               "the audio encoder's metadata '%s' is '%.40s', not 0 .. %d", key,
                               value, BEI_ENCODER_MAX_LOOKAHEAD);
    } else {
        *lookahead = (uint32_t)(value[0] - '0');
    }
    allocator->Free(allocator, value);
    return status;
}

static be_status check_metadata(const bei_ort_t *ort, const OrtModelMetadata *metadata,
                                bei_contract_t *out)
{
    BEI_TRY(check_key(ort, metadata, "be.encoder", "1", NULL));
    BEI_TRY(check_key(ort, metadata, "be.outputs", OUTPUT_NAMES, NULL));
    return check_key(ort, metadata, "be.lookahead_ticks", NULL, &out->lookahead);
}

be_status bei_contract_check_session(const bei_ort_t *ort, OrtSession *session, bei_contract_t *out)
{
    OrtModelMetadata *metadata = NULL;
    BEI_TRY(check_tensors(ort, session, out));
    BEI_TRY(failed(ort, ort->api->SessionGetModelMetadata(session, &metadata)));
    be_status status = check_metadata(ort, metadata, out);
    ort->api->ReleaseModelMetadata(metadata);
    return status;
}
