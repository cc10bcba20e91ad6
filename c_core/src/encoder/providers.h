/* The execution providers of ONNX Runtime that the engine knows, as one ordered table. The CPU is
 * not in it: it needs no step and is what remains. */
#ifndef BEI_ENCODER_PROVIDERS_H
#define BEI_ENCODER_PROVIDERS_H

#include <stddef.h>

#include "encoder/ort.h"
#include "essence.h"

typedef struct bei_provider {
    be_ep ep;
    const char *name;
    /* Asks for the provider in a session's options. BE_ERR_MODEL_LOAD_FAILED when this ONNX Runtime
     * has none. */
    be_status (*append)(const bei_ort_t *ort, OrtSessionOptions *options);
} bei_provider_t;

enum { BEI_PROVIDER_COUNT = 3 };

/* In the order in which BE_EP_AUTO tries them. */
extern const bei_provider_t bei_providers[BEI_PROVIDER_COUNT];

/* "CPU", "CoreML", ...; "AUTO"; "unknown" for what is no provider. */
const char *bei_provider_name(be_ep ep);

#endif
