/* The encoder's model as its streams see it; private to encoder/. */
#ifndef BEI_ENCODER_MODEL_H
#define BEI_ENCODER_MODEL_H

#include "encoder/contract.h"
#include "encoder/encoder.h"
#include "encoder/ort.h"

struct bei_encoder_model {
    const bei_ort_t *ort;
    OrtSession *session;
    bei_contract_t contract;
    be_ep ep; /* what runs */
};

#endif
