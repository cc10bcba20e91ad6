#include "encoder/network.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/pages.h"
#include "base/thread.h"
#include "encoder/activation.h"
#include "encoder/builtin.h"
#include "encoder/dense.h"
#include "encoder/level.h"
#include "encoder/onnx.h"

/* Sizes of the family "essence-gru-2"; model.py has the same. */
enum {
    BANDS = BEI_LEVEL_BANDS,
    FRAMES = BEI_LEVEL_FRAMES,
    FIRST_TAPS = 4,
    SECOND_TAPS = 5,
    CHANNELS = 128,
    FEATURES = 192,
    HIDDEN = 320,
    HEAD = 160,
    LOOKS = BEI_NETWORK_LOOKS,
    LOGITS = LOOKS * BEI_ENCODER_DIM,
    OLD_FRAMES = 2,  /* earlier frames that the new columns see */
    OLD_COLUMNS = 3, /* of the first convolution, that the second sees */
    VISEMES = 15,
    ARTICULATION = BEI_ENCODER_DIM - VISEMES,
    STRETCHED = 3 /* openness, width, protrusion */
};

static const char FAMILY[] = "essence-gru-2";

/* Speech probability at which the mouth begins to be allowed to move, and may move fully; and the share of
 * the recurrent state that fades per tick while nobody speaks. */
static const float VOICE_LOW = 0.25f, VOICE_HIGH = 0.6f, FORGET = 0.05f;

enum layer { FIRST, SECOND, GIVEN, KEPT, INNER, OUTER, LAYERS };

/* Weights in the file: out x in x taps; taps lie outermost in what the layer is given. */
static const struct shape {
    const char *weights, *bias;
    uint32_t out, in, taps;
} SHAPES[LAYERS] = {
    {"encoder.first.weight", "encoder.first.bias", CHANNELS, BANDS, FIRST_TAPS},
    {"encoder.second.weight", "encoder.second.bias", FEATURES, CHANNELS, SECOND_TAPS},
    {"encoder.recurrent.weight_ih_l0", "encoder.recurrent.bias_ih_l0", 3 * HIDDEN,
     FEATURES + BEI_LEVEL_EXTRAS, 1},
    {"encoder.recurrent.weight_hh_l0", "encoder.recurrent.bias_hh_l0", 3 * HIDDEN, HIDDEN, 1},
    {"encoder.hidden.weight", "encoder.hidden.bias", HEAD, HIDDEN, 1},
    {"encoder.output.weight", "encoder.output.bias", LOGITS, HEAD, 1},
};

struct bei_network {
    bei_dense_t layer[LAYERS];
    float *block;
    float stretch[STRETCHED][LOOKS][2]; /* factor and offset */
    bei_dense_run *dense;
    uint32_t references;
};

/* What one tick leaves for the next. */
typedef struct memory {
    bei_level_t level;
    float frames[OLD_FRAMES + FRAMES][BANDS];
    float columns[OLD_COLUMNS + 2][CHANNELS];
    float hidden[HIDDEN];
} memory_t;

struct bei_network_stream {
    /* First, for the alignment that the kernels need. */
    float given[3 * HIDDEN], kept[3 * HIDDEN];
    float column[2][CHANNELS];
    float heard[FEATURES + BEI_DENSE_PANEL];
    float inner[HEAD];
    float logits[LOGITS + BEI_DENSE_PANEL];
    memory_t memory;
    const bei_network_t *network;
};

static bei_mutex_t lock = BEI_MUTEX_INIT;
static bei_network_t *shared;

/* ---------------------------------------------------------------- weights */

static float float_at(const uint8_t *bytes, size_t index)
{
    uint32_t bits = bei_bytes_u32(bytes + 4 * index);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t inputs_of(const struct shape *shape)
{
    return shape->in * shape->taps;
}

static uint32_t panels_of(const struct shape *shape)
{
    return (shape->out + BEI_DENSE_PANEL - 1) / BEI_DENSE_PANEL;
}

/* Floats that a layer's weights and bias take. */
static size_t room_of(const struct shape *shape)
{
    return (size_t)panels_of(shape) * BEI_DENSE_PANEL * (inputs_of(shape) + 1);
}

/* From the file's order to panels; the outputs that fill the last panel up weigh nothing. */
static void pack(const struct shape *shape, const uint8_t *from, float *to)
{
    for (uint32_t o = 0; o < shape->out; o++) {
        float *panel = to + (size_t)(o / BEI_DENSE_PANEL) * inputs_of(shape) * BEI_DENSE_PANEL;
        for (uint32_t i = 0; i < shape->in; i++)
            for (uint32_t t = 0; t < shape->taps; t++) {
                size_t at = (size_t)(t * shape->in + i) * BEI_DENSE_PANEL + o % BEI_DENSE_PANEL;
                panel[at] = float_at(from, ((size_t)o * shape->in + i) * shape->taps + t);
            }
    }
}

static be_status read_layer(bei_span_t onnx, const struct shape *shape, float *block,
                            bei_dense_t *out)
{
    bei_span_t weights, bias;
    BEI_TRY(bei_onnx_floats(onnx, shape->weights, (size_t)shape->out * inputs_of(shape), &weights));
    BEI_TRY(bei_onnx_floats(onnx, shape->bias, shape->out, &bias));
    float *biases = block + (size_t)panels_of(shape) * BEI_DENSE_PANEL * inputs_of(shape);
    pack(shape, weights.data, block);
    for (uint32_t o = 0; o < shape->out; o++)
        biases[o] = float_at(bias.data, o);
    *out = (bei_dense_t){inputs_of(shape), shape->out, panels_of(shape), block, biases};
    return BE_OK;
}

static int digit(uint8_t character)
{
    return character >= '0' && character <= '9'   ? character - '0'
           : character >= 'a' && character <= 'f' ? character - 'a' + 10
                                                  : -1;
}

/* Floats as eight hexadecimal digits each, with a comma between: no rounding, no locale. */
static be_status read_stretch(bei_span_t onnx, float *stretch)
{
    enum { FLOATS = STRETCHED * LOOKS * 2 };
    bei_span_t text;
    if (!bei_onnx_metadata(onnx, "be.stretch", &text) || text.size != FLOATS * 9 - 1)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED, "the audio encoder has no 'be.stretch'");
    for (size_t i = 0; i < FLOATS; i++) {
        uint32_t bits = 0;
        for (size_t j = 0; j < 8; j++)
            bits = bits << 4 | (uint32_t)(digit(text.data[9 * i + j]) & 15);
        memcpy(&stretch[i], &bits, sizeof bits);
    }
    return BE_OK;
}

static be_status read_network(bei_span_t onnx, bei_network_t *network)
{
    bei_span_t family;
    if (!bei_onnx_metadata(onnx, "be.family", &family) || family.size != sizeof FAMILY - 1 ||
        memcmp(family.data, FAMILY, family.size) != 0)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED, "the audio encoder is not of the family %s",
                             FAMILY);
    BEI_TRY(read_stretch(onnx, network->stretch[0][0]));
    size_t floats = 0;
    for (int i = 0; i < LAYERS; i++)
        floats += room_of(&SHAPES[i]);
    network->block = bei_calloc(floats, sizeof *network->block);
    if (!network->block)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for the audio encoder");
    float *next = network->block;
    for (int i = 0; i < LAYERS; i++) {
        BEI_TRY(read_layer(onnx, &SHAPES[i], next, &network->layer[i]));
        next += room_of(&SHAPES[i]);
    }
    network->dense = bei_dense_best();
    return BE_OK;
}

static void destroy(bei_network_t *network)
{
    bei_free(network->block);
    bei_free(network);
}

static be_status create(bei_network_t **out)
{
    bei_network_t *network = bei_calloc(1, sizeof *network);
    if (!network)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for the audio encoder");
    be_status status = read_network(bei_builtin_encoder(), network);
    if (status != BE_OK) {
        destroy(network);
        return status;
    }
    bei_pages_unread(bei_builtin_encoder().data, bei_builtin_encoder().size);
    *out = network;
    return BE_OK;
}

/* Whoever held the lock is not in the child, and may have been in the middle of things. */
static void forget_parent(void)
{
    bei_mutex_init(&lock);
    shared = NULL;
}

be_status bei_network_acquire(const bei_network_t **out)
{
    static bool fork_is_watched;
    bei_mutex_lock(&lock);
    if (!fork_is_watched)
        bei_process_after_fork(forget_parent);
    fork_is_watched = true;
    be_status status = shared ? BE_OK : create(&shared);
    if (status == BE_OK) {
        shared->references++;
        *out = shared;
    }
    bei_mutex_unlock(&lock);
    return status;
}

void bei_network_release(const bei_network_t *network)
{
    if (!network)
        return;
    bei_mutex_lock(&lock);
    if (network == shared && --shared->references == 0) {
        destroy(shared);
        shared = NULL;
    }
    bei_mutex_unlock(&lock);
}

/* ---------------------------------------------------------------- a stream */

be_status bei_network_stream_create(const bei_network_t *network, bei_network_stream_t **out)
{
    bei_network_stream_t *stream = bei_calloc(1, sizeof *stream);
    if (!stream)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a stream of the audio encoder");
    stream->network = network;
    bei_network_stream_reset(stream);
    *out = stream;
    return BE_OK;
}

void bei_network_stream_destroy(bei_network_stream_t *stream)
{
    bei_free(stream);
}

static void rectify(float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = values[i] > 0.0f ? values[i] : 0.0f;
}

/* Nothing was heard: the columns before are those of frames that are all 0. */
void bei_network_stream_reset(bei_network_stream_t *stream)
{
    memory_t *memory = &stream->memory;
    memset(memory, 0, sizeof *memory);
    for (int i = 0; i < OLD_COLUMNS; i++) {
        memcpy(memory->columns[i], stream->network->layer[FIRST].bias, sizeof memory->columns[i]);
        rectify(memory->columns[i], CHANNELS);
    }
}

static void run(const bei_network_stream_t *stream, enum layer layer, const float *in, float *out)
{
    stream->network->dense(&stream->network->layer[layer], in, out);
}

/* Four frames of features become two columns, and those with the three before the features of the tick. */
static void listen(bei_network_stream_t *stream)
{
    memory_t *memory = &stream->memory;
    for (int i = 0; i < 2; i++) {
        run(stream, FIRST, memory->frames[2 * i], stream->column[i]);
        rectify(stream->column[i], CHANNELS);
        memcpy(memory->columns[OLD_COLUMNS + i], stream->column[i], sizeof stream->column[i]);
    }
    run(stream, SECOND, memory->columns[0], stream->heard);
    rectify(stream->heard, FEATURES);
    memmove(memory->columns[0], memory->columns[2], OLD_COLUMNS * sizeof *memory->columns);
    memmove(memory->frames[0], memory->frames[FRAMES], OLD_FRAMES * sizeof *memory->frames);
}

/* One step of the gated recurrent unit. */
static void advance(bei_network_stream_t *stream)
{
    float *hidden = stream->memory.hidden;
    const float *given = stream->given, *kept = stream->kept;
    run(stream, GIVEN, stream->heard, stream->given);
    run(stream, KEPT, hidden, stream->kept);
    for (int i = 0; i < HIDDEN; i++) {
        float reset = bei_sigmoid(given[i] + kept[i]);
        float update = bei_sigmoid(given[HIDDEN + i] + kept[HIDDEN + i]);
        float fresh = bei_tanh(given[2 * HIDDEN + i] + reset * kept[2 * HIDDEN + i]);
        hidden[i] = fresh + update * (hidden[i] - fresh);
    }
}

static float clamp(float value, float low, float high)
{
    return value < low ? low : value > high ? high : value;
}

static float stretched(float value, const float line[2], float low)
{
    return clamp(value * line[0] + line[1], low, 1.0f);
}

static void softmax(const float *logits, float *out, int n)
{
    float most = logits[0], sum = 0;
    for (int i = 1; i < n; i++)
        most = logits[i] > most ? logits[i] : most;
    for (int i = 0; i < n; i++) {
        out[i] = bei_exp(logits[i] - most);
        sum += out[i];
    }
    for (int i = 0; i < n; i++)
        out[i] /= sum;
}

/* From the logits of a look to coordinates; returns how much of a voice there is. All articulation is
 * multiplied by it, so silence is exactly the rest position. */
static float shape(const bei_network_t *network, int look, const float *logits, float *coords)
{
    const float(*stretch)[LOOKS][2] = network->stretch;
    float probability[ARTICULATION];
    for (int i = 0; i < ARTICULATION; i++)
        probability[i] = bei_sigmoid(logits[i]);
    const float speech = probability[BEI_COORD_SPEECH];
    const float voice = bei_ramp(speech, VOICE_LOW, VOICE_HIGH);
    const float open =
        stretched(1.2f * probability[BEI_COORD_OPENNESS] - 0.1f, stretch[0][look], 0.0f);
    const float shut = bei_ramp(probability[BEI_COORD_CLOSURE], 0.2f, 0.7f);
    coords[BEI_COORD_OPENNESS] = open * (1.0f - shut) * voice;
    coords[BEI_COORD_WIDTH] =
        stretched(bei_tanh(logits[BEI_COORD_WIDTH]), stretch[1][look], -1.0f) * voice;
    coords[BEI_COORD_PROTRUSION] =
        stretched(probability[BEI_COORD_PROTRUSION], stretch[2][look], 0.0f) * voice;
    for (int i = BEI_COORD_CLOSURE; i < BEI_COORD_SPEECH; i++)
        coords[i] = probability[i] * voice;
    coords[BEI_COORD_SPEECH] = speech;
    softmax(logits + BEI_COORD_VISEME, coords + BEI_COORD_VISEME, VISEMES);
    return voice;
}

void bei_network_stream_step(bei_network_stream_t *stream, const float mel[BEI_ENCODER_MEL_FLOATS],
                             float coords[LOOKS][BEI_ENCODER_DIM])
{
    memory_t *memory = &stream->memory;
    bei_level_step(&memory->level, mel, memory->frames[OLD_FRAMES], stream->heard + FEATURES);
    listen(stream);
    advance(stream);
    run(stream, INNER, memory->hidden, stream->inner);
    rectify(stream->inner, HEAD);
    run(stream, OUTER, stream->inner, stream->logits);
    const float voice = shape(stream->network, 0, stream->logits, coords[0]);
    for (int look = 1; look < LOOKS; look++)
        shape(stream->network, look, stream->logits + (size_t)look * BEI_ENCODER_DIM, coords[look]);
    const float fade = 1.0f - FORGET * (1.0f - voice);
    for (int i = 0; i < HIDDEN; i++)
        memory->hidden[i] *= fade;
}
