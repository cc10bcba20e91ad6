/* Sessions of ONNX Runtime that run an audio encoder. One per model bytes, provider and threads is
 * enough for any number of models and streams: Run may be called on one session by several threads
 * at once. A session that was made before a fork stays with the parent, because the threads it may
 * have do not exist in the child. Private to encoder/. */
#ifndef BEI_ENCODER_SESSION_H
#define BEI_ENCODER_SESSION_H

#include "encoder/contract.h"
#include "encoder/encoder.h"
#include "encoder/ort.h"
#include "encoder/providers.h"

/* Read-only for its users. */
typedef struct bei_session {
    const bei_ort_t *ort;
    OrtSession *handle;
    bei_contract_t contract;
    const bei_provider_t *provider; /* NULL = CPU */
    uint32_t threads;
    uint32_t owner;           /* the process that made it */
    bei_span_t onnx;          /* the built-in encoder's, or a copy */
    uint32_t references;      /* guarded by the list's lock */
    struct bei_session *next; /* in the process's list */
} bei_session_t;

/* Gives a session that has proved itself by one step on silence: an old one of the same bytes,
 * provider and threads, or a new one. onnx: as of bei_encoder_model_create.
 * BE_ERR_MODEL_LOAD_FAILED, BE_ERR_OUT_OF_MEMORY. Any thread. */
be_status bei_session_acquire(const bei_ort_t *ort, bei_span_t onnx, const bei_provider_t *provider,
                              uint32_t threads, bei_session_t **out);

/* Drops one reference; the last one closes it. NULL is allowed. Any thread. */
void bei_session_release(bei_session_t *session);

typedef struct bei_session_stream bei_session_stream_t;

/* What bei_encoder_stream_create, _destroy, _reset and _step do on a session, which must outlive the
 * stream. */
be_status bei_session_stream_create(const bei_session_t *session, bei_session_stream_t **out);
void bei_session_stream_destroy(bei_session_stream_t *stream);
void bei_session_stream_reset(bei_session_stream_t *stream);
be_status bei_session_stream_step(bei_session_stream_t *stream,
                                  const float mel[BEI_ENCODER_MEL_FLOATS],
                                  float coords[][BEI_ENCODER_DIM]);

#endif
