/* The encoder that the stand-in knows. Its state counts steps, so that a step that is lost or taken
 * twice changes every later output; its coords follow the loudness of the tick. */
#include <math.h>
#include <string.h>

#include "fake_ort_parts.h"

enum { MEL = 160, STATE = 8, COORDS = 23, SILENT_VISEME = 8, OPEN_VISEME = 18 };

/* Both a tensor's type and its shape, as the API hands them out. */
typedef struct shape {
    const char *name;
    size_t rank;
    int64_t dims[3];
} shape_t;

static const shape_t INPUTS[] = {{"mel", 3, {1, 4, 40}}, {"state", 2, {1, STATE}}};
static const shape_t OUTPUTS[] = {{"coords", 2, {1, COORDS}}, {"state_out", 2, {1, STATE}}};

static const struct {
    const char *key, *value;
} METADATA[] = {
    {"be.encoder", "1"},
    {"be.lookahead_ticks", "1"},
    {"be.outputs", "openness,width,protrusion,closure,labiodental,teeth,tongue,speech,"
                   "sil,PP,FF,TH,DD,kk,CH,SS,nn,RR,aa,E,ih,oh,ou"},
};

struct OrtTypeInfo {
    const shape_t *shape;
};

struct OrtModelMetadata {
    int unused;
};

struct OrtValue {
    float *data;
    size_t floats;
};

/* ------------------------------------------------- what the model is */

static void *ORT_API_CALL allocate(OrtAllocator *self, size_t size)
{
    (void)self;
    return fake_new(size);
}

static void ORT_API_CALL give_back(OrtAllocator *self, void *block)
{
    (void)self;
    fake_drop(block);
}

static OrtStatus *ORT_API_CALL get_allocator(OrtAllocator **out)
{
    static OrtAllocator allocator = {.version = 16, .Alloc = allocate, .Free = give_back};
    *out = &allocator;
    return NULL;
}

static char *copy(OrtAllocator *allocator, const char *text)
{
    char *result = allocator->Alloc(allocator, strlen(text) + 1);
    memcpy(result, text, strlen(text) + 1);
    return result;
}

static OrtStatus *ORT_API_CALL count_two(const OrtSession *session, size_t *out)
{
    (void)session;
    *out = 2;
    return NULL;
}

static OrtStatus *ORT_API_CALL input_name(const OrtSession *session, size_t index,
                                          OrtAllocator *allocator, char **out)
{
    (void)session;
    *out = copy(allocator, INPUTS[index].name);
    return NULL;
}

static OrtStatus *ORT_API_CALL output_name(const OrtSession *session, size_t index,
                                           OrtAllocator *allocator, char **out)
{
    (void)session;
    *out = copy(allocator, OUTPUTS[index].name);
    return NULL;
}

static OrtStatus *give_type(const shape_t *shape, OrtTypeInfo **out)
{
    *out = fake_new(sizeof **out);
    (*out)->shape = shape;
    return NULL;
}

static OrtStatus *ORT_API_CALL input_type(const OrtSession *session, size_t index,
                                          OrtTypeInfo **out)
{
    (void)session;
    return give_type(&INPUTS[index], out);
}

static OrtStatus *ORT_API_CALL output_type(const OrtSession *session, size_t index,
                                           OrtTypeInfo **out)
{
    (void)session;
    return give_type(&OUTPUTS[index], out);
}

static void ORT_API_CALL release_type(OrtTypeInfo *type)
{
    fake_drop(type);
}

/* The tensor's type is a view of the type, with a name of its own in the API. */
static OrtStatus *ORT_API_CALL cast_type(const OrtTypeInfo *type,
                                         const OrtTensorTypeAndShapeInfo **out)
{
    *out = (const OrtTensorTypeAndShapeInfo *)(const void *)type->shape;
    return NULL;
}

static const shape_t *shape_of(const OrtTensorTypeAndShapeInfo *info)
{
    return (const shape_t *)(const void *)info;
}

static OrtStatus *ORT_API_CALL get_element_type(const OrtTensorTypeAndShapeInfo *info,
                                                enum ONNXTensorElementDataType *out)
{
    (void)info;
    *out = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    return NULL;
}

static OrtStatus *ORT_API_CALL get_rank(const OrtTensorTypeAndShapeInfo *info, size_t *out)
{
    *out = shape_of(info)->rank;
    return NULL;
}

static OrtStatus *ORT_API_CALL get_dims(const OrtTensorTypeAndShapeInfo *info, int64_t *out,
                                        size_t count)
{
    if (count != shape_of(info)->rank)
        return fake_fail("another rank");
    memcpy(out, shape_of(info)->dims, count * sizeof *out);
    return NULL;
}

static OrtStatus *ORT_API_CALL get_metadata(const OrtSession *session, OrtModelMetadata **out)
{
    (void)session;
    *out = fake_new(sizeof **out);
    return NULL;
}

static void ORT_API_CALL release_metadata(OrtModelMetadata *metadata)
{
    fake_drop(metadata);
}

static OrtStatus *ORT_API_CALL look_up(const OrtModelMetadata *metadata, OrtAllocator *allocator,
                                       const char *key, char **out)
{
    (void)metadata;
    *out = NULL;
    for (size_t i = 0; i < sizeof METADATA / sizeof *METADATA; i++)
        if (strcmp(METADATA[i].key, key) == 0)
            *out = copy(allocator, METADATA[i].value);
    return NULL;
}

/* ------------------------------------------------- what it does */

static OrtStatus *ORT_API_CALL wrap(const OrtMemoryInfo *memory, void *data, size_t bytes,
                                    const int64_t *dims, size_t rank,
                                    ONNXTensorElementDataType type, OrtValue **out)
{
    (void)memory;
    size_t floats = 1;
    for (size_t i = 0; i < rank; i++)
        floats *= (size_t)dims[i];
    if (type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || floats * sizeof(float) != bytes)
        return fake_fail("a tensor of another type or size than its memory");
    *out = fake_new(sizeof **out);
    (*out)->data = data;
    (*out)->floats = floats;
    return NULL;
}

static void ORT_API_CALL release_value(OrtValue *value)
{
    fake_drop(value);
}

static void step(const float *mel, const float *state, float *coords, float *next)
{
    float loudness = 0.0f;
    for (int i = 0; i < MEL; i++)
        loudness += mel[i] / (float)MEL;
    const float open = 1.0f / (1.0f + expf(-(loudness + 6.0f)));
    memset(coords, 0, COORDS * sizeof *coords);
    coords[0] = open;
    coords[1] = 0.5f * sinf(state[0]);
    coords[7] = open;
    coords[SILENT_VISEME] = 1.0f - open;
    coords[OPEN_VISEME] = open;
    memcpy(next, state, STATE * sizeof *next);
    next[0] = state[0] + 1.0f;
}

static int matches(const char *const *names, const OrtValue *const *values, const shape_t *shapes)
{
    for (int i = 0; i < 2; i++) {
        size_t floats = 1;
        for (size_t d = 0; d < shapes[i].rank; d++)
            floats *= (size_t)shapes[i].dims[d];
        if (strcmp(names[i], shapes[i].name) != 0 || values[i]->floats != floats)
            return 0;
    }
    return 1;
}

static OrtStatus *ORT_API_CALL run(OrtSession *session, const OrtRunOptions *options,
                                   const char *const *in_names, const OrtValue *const *in,
                                   size_t in_count, const char *const *out_names, size_t out_count,
                                   OrtValue **out)
{
    (void)options;
    if (in_count != 2 || out_count != 2 || !matches(in_names, in, INPUTS) ||
        !matches(out_names, (const OrtValue *const *)out, OUTPUTS))
        return fake_fail("other tensors than those of the model");
    fake_runs++;
    step(in[0]->data, in[1]->data, out[0]->data, out[1]->data);
    if (fake_fault(session->provider, "nan"))
        out[0]->data[COORDS - 1] = NAN;
    if (fake_fault(session->provider, "nan state"))
        out[1]->data[STATE - 1] = NAN;
    /* Like the real one it has written by the time it fails. */
    const char *fault = fake_fault(session->provider, "run");
    return fault ? fake_fail(fault) : NULL;
}

void fake_fill_model(OrtApi *api)
{
    api->GetAllocatorWithDefaultOptions = get_allocator;
    api->SessionGetInputCount = count_two;
    api->SessionGetOutputCount = count_two;
    api->SessionGetInputName = input_name;
    api->SessionGetOutputName = output_name;
    api->SessionGetInputTypeInfo = input_type;
    api->SessionGetOutputTypeInfo = output_type;
    api->ReleaseTypeInfo = release_type;
    api->CastTypeInfoToTensorInfo = cast_type;
    api->GetTensorElementType = get_element_type;
    api->GetDimensionsCount = get_rank;
    api->GetDimensions = get_dims;
    api->SessionGetModelMetadata = get_metadata;
    api->ReleaseModelMetadata = release_metadata;
    api->ModelMetadataLookupCustomMetadataMap = look_up;
    api->CreateTensorWithDataAsOrtValue = wrap;
    api->ReleaseValue = release_value;
    api->Run = run;
}
