#include "encoder/onnx.h"

#include <string.h>

#include "base/error.h"

/* Numbers of fields in onnx.proto. */
enum {
    MODEL_GRAPH = 7,
    MODEL_METADATA = 14,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
    GRAPH_INITIALIZER = 5,
    TENSOR_NAME = 8,
    TENSOR_RAW = 9
};

enum { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 };

static bool take_varint(bei_span_t *from, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64 && from->size > 0; shift += 7) {
        uint8_t byte = *from->data++;
        from->size--;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool take_bytes(bei_span_t *from, uint64_t n, bei_span_t *out)
{
    if (n > from->size)
        return false;
    *out = (bei_span_t){from->data, (size_t)n};
    from->data += n;
    from->size -= (size_t)n;
    return true;
}

/* The next field; `value` is empty where it holds no bytes. False at the end, and where the file is damaged. */
static bool take_field(bei_span_t *message, uint64_t *number, bei_span_t *value)
{
    uint64_t tag, n;
    if (!take_varint(message, &tag))
        return false;
    *number = tag >> 3;
    *value = (bei_span_t){NULL, 0};
    switch (tag & 7) {
    case VARINT:
        return take_varint(message, &n);
    case LENGTH:
        return take_varint(message, &n) && take_bytes(message, n, value);
    case FIXED64:
        return take_bytes(message, 8, value);
    case FIXED32:
        return take_bytes(message, 4, value);
    }
    return false;
}

/* The first field of this number, from `message` on, which is left behind it. */
static bool find_field(bei_span_t *message, uint64_t wanted, bei_span_t *value)
{
    uint64_t number;
    while (take_field(message, &number, value))
        if (number == wanted)
            return true;
    return false;
}

static bool is_text(bei_span_t value, const char *text)
{
    return value.data && value.size == strlen(text) && memcmp(value.data, text, value.size) == 0;
}

/* Among the messages of number `list`, the one whose field `key` is `name`: its field `wanted`. */
static bool look_up(bei_span_t message, uint64_t list, uint64_t key, const char *name,
                    uint64_t wanted, bei_span_t *out)
{
    bei_span_t entry;
    while (find_field(&message, list, &entry)) {
        bei_span_t rest = entry, value;
        if (find_field(&rest, key, &value) && is_text(value, name))
            return find_field(&entry, wanted, out);
    }
    return false;
}

be_status bei_onnx_floats(bei_span_t onnx, const char *name, size_t floats, bei_span_t *out)
{
    bei_span_t graph;
    if (!find_field(&onnx, MODEL_GRAPH, &graph) ||
        !look_up(graph, GRAPH_INITIALIZER, TENSOR_NAME, name, TENSOR_RAW, out))
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED, "the audio encoder has no weights '%s'",
                             name);
    if (out->size != floats * 4)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                             "the audio encoder's weights '%s' have %zu bytes, not %zu", name,
                             out->size, floats * 4);
    return BE_OK;
}

bool bei_onnx_metadata(bei_span_t onnx, const char *key, bei_span_t *out)
{
    return look_up(onnx, MODEL_METADATA, ENTRY_KEY, key, ENTRY_VALUE, out);
}
