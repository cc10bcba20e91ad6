/* What fuzz_calls knows of a stream and demands of it, call by call. */
#ifndef BE_FUZZ_CALLS_MODEL_H
#define BE_FUZZ_CALLS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "essence.h"

enum { TICK = 640, TICK_US = 40000, SAMPLES = 4096, BUFFER = 160 * 96 * 4 + 4096 };

/* The bytes that are read as calls. */
typedef struct input {
    const uint8_t *next;
    size_t left;
} input_t;

typedef struct model {
    be_runtime_t *runtime;
    uint32_t frame_count, clip_count, mouth_count; /* of its avatar */
    be_stream_options_t options;
    bool batch, stopped, muted;
    bool unflushed;     /* audio came since the last flush */
    bool given;         /* a frame on a clock, since the stream began */
    int64_t now;        /* of its clock */
    int64_t last_due;   /* timestamp of the last frame */
    int64_t last_given; /* when it was given */
    uint64_t ends_owed; /* utterances that were flushed and whose end was not given */
    uint64_t began;     /* samples_in when the utterance began */
    uint64_t pushed;    /* frames of it at `rate` */
    uint32_t rate;
    bool in_waiter, armed;
} model_t;

extern float noise[SAMPLES];

void need(bool condition);
uint32_t take(input_t *input, int bytes);

void model_open(model_t *model, be_fixture_t *fixture, input_t *input);
void model_push(model_t *model, input_t *input);
void model_flush(model_t *model);
void model_interrupt(model_t *model);
void model_reset(model_t *model);
void model_stop(model_t *model);
void model_poll(model_t *model, input_t *input);
void model_pull(model_t *model, input_t *input);
void model_batch(model_t *model, input_t *input);
void model_render(model_t *model, input_t *input);
void model_settings(model_t *model, input_t *input);
void model_look(model_t *model, input_t *input);

/* Ends the last utterance, takes all frames and destroys the stream. */
void model_close(model_t *model);

#endif
