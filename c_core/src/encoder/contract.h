/* What an ONNX model must look like to be an audio encoder:
 *
 *   inputs    mel [1, 4, 40], the four new log-mel frames of a tick; state [1, S], zeros at the
 *             start
 *   outputs   coords [1, 23 L], L = 1 .. 4 looks, the newest tick first; state_out [1, S], the
 *             next step's state; all of them float32
 *   metadata  be.encoder = 1; be.lookahead_ticks = 0 .. 8, by which the first look lags behind the
 *             input, and each further one a tick more; be.outputs = the 23 names of a look, in the
 *             order of enum bei_coord and of the visemes
 *
 * and nothing else. The file comes with an avatar, so nothing in it is trusted. */
#ifndef BEI_ENCODER_CONTRACT_H
#define BEI_ENCODER_CONTRACT_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "encoder/ort.h"
#include "essence.h"

enum { BEI_CONTRACT_MAX_STATE = 65536 }; /* floats */

/* What differs between encoders. */
typedef struct bei_contract {
    size_t state_floats; /* 1 .. BEI_CONTRACT_MAX_STATE */
    uint32_t lookahead;  /* ticks, 0 .. BEI_ENCODER_MAX_LOOKAHEAD */
    uint32_t looks;      /* 1 .. BEI_ENCODER_MAX_LOOKS */
} bei_contract_t;

/* Looks at the bytes before ONNX Runtime sees them: their size, and that no weights are to be read
 * from other files. BE_ERR_MODEL_LOAD_FAILED. */
be_status bei_contract_check_bytes(bei_span_t onnx);

/* Looks at names, types and shapes of inputs and outputs and at the metadata.
 * BE_ERR_MODEL_LOAD_FAILED with the first difference. */
be_status bei_contract_check_session(const bei_ort_t *ort, OrtSession *session,
                                     bei_contract_t *out);

#endif
