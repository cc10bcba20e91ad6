/* libFuzzer target: no sequence of calls with checked arguments may crash the library or break its
 * arithmetic. Bytes are read as calls; ESSENCE_FUZZ_MODEL names the avatar. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "essence.h"

enum { SAMPLES = 4096, BUFFER = 160 * 96 * 3, TICK = 640, CALLS = 400 };

typedef struct input {
    const uint8_t *next;
    size_t left;
} input_t;

typedef struct stream {
    be_runtime_t *runtime;
    uint64_t utterance; /* samples since the last flush, all at 16 kHz */
    int64_t owed;       /* frames of the flushed utterances, less all that were pulled */
    bool counted;       /* nothing was done that this model does not count */
} stream_t;

static be_fixture_t *fixture;
static float noise[SAMPLES];
static uint8_t buffer[BUFFER];

static void need(bool condition)
{
    if (!condition)
        __builtin_trap();
}

static uint32_t take(input_t *input, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes && input->left > 0; i++, input->left--)
        value = value << 8 | *input->next++;
    return value;
}

static void restart(stream_t *stream)
{
    be_runtime_reset_stream(stream->runtime);
    stream->utterance = 0;
    stream->owed = 0;
    stream->counted = true;
}

static void push_float(stream_t *stream, input_t *input)
{
    size_t n = take(input, 2) % SAMPLES;
    if (be_runtime_push_audio(stream->runtime, noise, n) == BE_OK)
        stream->utterance += n;
}

static void push_any(stream_t *stream, input_t *input)
{
    be_audio_chunk_t chunk = {sizeof chunk,   (be_sample_format)(take(input, 1) % 4),
                              take(input, 3), take(input, 1) % 40,
                              noise,          0};
    size_t frame =
        (chunk.format == BE_SAMPLE_F32 ? 4u : 2u) * (chunk.channels ? chunk.channels : 1);
    chunk.frames = take(input, 2) % (sizeof noise / frame);
    if (be_runtime_push_chunk(stream->runtime, &chunk) == BE_OK && chunk.frames > 0)
        stream->counted = false;
}

static void flush(stream_t *stream)
{
    if (be_runtime_flush(stream->runtime) == BE_OK) {
        stream->owed += (int64_t)((stream->utterance + TICK - 1) / TICK);
        stream->utterance = 0;
        if (stream->counted)
            need((int64_t)be_runtime_ticks_available(stream->runtime) == stream->owed);
    }
}

static void pull(stream_t *stream, input_t *input)
{
    size_t ready = be_runtime_ticks_available(stream->runtime);
    be_compose_size_t size = {take(input, 1), take(input, 1), 1, 2, 3, 0};
    be_compose_result_t result;
    size_t capacity = take(input, 1) % 8 ? BUFFER : take(input, 2) % BUFFER;
    be_status status = be_runtime_pull_frame_to_size(stream->runtime, (int8_t)take(input, 1), &size,
                                                     buffer, capacity, &result);
    size_t now = be_runtime_ticks_available(stream->runtime);
    need(status == BE_OK ? now + 1 == ready : now == ready);
    if (status == BE_OK) {
        need(result.frame_idx_used < 6 && result.cluster_idx < 19 &&
             result.bytes_written <= capacity);
        stream->owed--;
    }
}

static void batch(stream_t *stream, input_t *input)
{
    size_t n = take(input, 2) % SAMPLES;
    float embedding[23];
    be_tick_result_t tick;
    be_status status =
        take(input, 1) % 2
            ? be_runtime_tick(stream->runtime, noise, n, embedding, 23, &tick)
            : be_runtime_tick_compose(stream->runtime, noise, n, -1, buffer, BUFFER, NULL);
    stream->counted = stream->counted && status != BE_OK;
}

static void look(stream_t *stream, input_t *input)
{
    size_t written = 0, capacity = take(input, 2) % BUFFER;
    be_diag_tap tap = (be_diag_tap)(take(input, 1) % 6);
    if (be_runtime_capture(stream->runtime, tap, buffer, capacity, &written) == BE_OK)
        need(written > 0 && written <= capacity);
    be_runtime_get_source_frame(stream->runtime, (int8_t)take(input, 1), NULL, buffer, BUFFER,
                                NULL);
}

static void call(stream_t *stream, input_t *input)
{
    switch (take(input, 1) % 12) {
    case 0:
        restart(stream);
        break;
    case 1:
        flush(stream);
        break;
    case 2:
        batch(stream, input);
        break;
    case 3:
        look(stream, input);
        break;
    case 4:
        push_any(stream, input);
        break;
    case 5:
    case 6:
    case 7:
        push_float(stream, input);
        break;
    default:
        pull(stream, input);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    if (be_fixture_load(getenv("ESSENCE_FUZZ_MODEL"), NULL, &fixture) != BE_OK) {
        fprintf(stderr, "fuzz_calls: %s\n", be_last_error_message());
        exit(1);
    }
    for (int i = 0; i < SAMPLES; i++)
        noise[i] = (float)(rand() % 2001 - 1000) / 1000;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    stream_t stream = {NULL, 0, 0, true};
    need(be_runtime_create(fixture, NULL, &stream.runtime) == BE_OK);
    for (int i = 0; i < CALLS && input.left > 0; i++)
        call(&stream, &input);
    be_runtime_destroy(stream.runtime);
    return 0;
}
