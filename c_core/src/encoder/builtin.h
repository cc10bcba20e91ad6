/* The audio encoder that is part of the library: models/encoder.onnx, put in by builtin.S. */
#ifndef BEI_ENCODER_BUILTIN_H
#define BEI_ENCODER_BUILTIN_H

#include "base/memory.h"

/* The bytes of the ONNX file. */
bei_span_t bei_builtin_encoder(void);

#endif
