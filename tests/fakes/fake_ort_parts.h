/* What the two halves of the stand-in share: fake_ort.c makes sessions, fake_ort_model.c runs them. */
#ifndef BE_TESTS_FAKE_ORT_PARTS_H
#define BE_TESTS_FAKE_ORT_PARTS_H

#include <stdatomic.h>

#include <onnxruntime_c_api.h>

enum { FAKE_CPU, FAKE_COREML, FAKE_NNAPI, FAKE_QNN, FAKE_PROVIDERS };

struct OrtSession {
    int provider;
};

extern atomic_int fake_live;
extern atomic_int fake_runs;

/* An object of the library's; counted until fake_drop. */
void *fake_new(size_t size);
void fake_drop(void *object);

OrtStatus *fake_fail(const char *message);

/* The message behind `stage` in how the provider was told to do, else NULL: "gone" of "run: gone". */
const char *fake_fault(int provider, const char *stage);

/* Puts the functions about models, tensors and runs into the table. */
void fake_fill_model(OrtApi *api);

#endif
