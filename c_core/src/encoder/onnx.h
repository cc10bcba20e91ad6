/* Reads numbers and notes out of an ONNX file, which is a protocol buffer, without running it. */
#ifndef BEI_ENCODER_ONNX_H
#define BEI_ENCODER_ONNX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "essence.h"

/* The raw little-endian float32 values of the initializer `name`, which must be `floats` many, within
 * the file's bytes (of any alignment). BE_ERR_MODEL_LOAD_FAILED. */
be_status bei_onnx_floats(bei_span_t onnx, const char *name, size_t floats, bei_span_t *out);

/* The value of metadata `key`, within the file's bytes and without a terminator; false when it has none. */
bool bei_onnx_metadata(bei_span_t onnx, const char *key, bei_span_t *out);

#endif
