/* essence-bench-length MODEL.imx SPEECH.wav SECONDS
 *
 * What a frame costs in an utterance of that length, which is pushed whole before its first frame is
 * made, as I420. Prints one JSON object: a cost that grows with the length of what waits or of what was
 * shown would show here. Each frame is timed by the processor's clock, which is blind to what others do.
 *   push_us          per frame: copying and resampling the audio
 *   first_us         median of the first 25 frames, one second
 *   last_us          of the last 25
 *   view_us          of all */
#include <stdint.h>
#include <string.h>

#include "measure.h"
#include "wav.h"

enum { SECOND = 25 }; /* frames */

static be_runtime_t *open_stream(be_fixture_t *fixture)
{
    const be_stream_options_t options = {
        .struct_size = sizeof options, .pixel_format = BE_PIXEL_I420, .max_queued_ms = 7200000};
    be_runtime_t *runtime;
    need(be_runtime_open(fixture, &options, &runtime), "open");
    return runtime;
}

/* The speech again and again, up to `frames` frames of 40 ms. */
static double push(be_runtime_t *runtime, be_audio_chunk_t speech, size_t frames)
{
    size_t left = frames * (speech.sample_rate / SECOND);
    const double start = worked_us();
    while (left > 0) {
        speech.frames = speech.frames < left ? speech.frames : left;
        need(be_runtime_push_chunk(runtime, &speech), "push");
        left -= speech.frames;
    }
    need(be_runtime_flush(runtime), "flush");
    return (worked_us() - start) / (double)frames;
}

static void pull(be_runtime_t *runtime, double *times, size_t frames)
{
    be_frame_t frame = {.struct_size = sizeof frame};
    for (size_t i = 0; i < frames; i++) {
        const double start = worked_us();
        need(be_runtime_pull(runtime, 0, NULL, &frame), "frame");
        times[i] = worked_us() - start;
    }
}

int main(int argc, char **argv)
{
    const unsigned long seconds = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    if (seconds < 1 || seconds > 7200) {
        fprintf(stderr, "usage: essence-bench-length MODEL.imx SPEECH.wav SECONDS (1 to 7200)\n");
        return 64;
    }
    const size_t frames = seconds * SECOND;
    double *times = need_block(frames * sizeof *times);
    be_audio_chunk_t speech = {
        .struct_size = sizeof speech, .format = BE_SAMPLE_S16, .channels = 1};
    speech.data = read_wav(argv[2], &speech.sample_rate, &speech.frames);
    be_fixture_t *fixture;
    const be_fixture_source_t source = {
        .struct_size = sizeof source, .path = argv[1], .loading = BE_LOADING_SYNC};
    need(be_fixture_open(&source, &fixture), "open");
    be_runtime_t *runtime = open_stream(fixture);
    const double push_us = push(runtime, speech, frames);
    pull(runtime, times, frames);
    const double first = quantile(times, SECOND, 0.5);
    const double last = quantile(times + frames - SECOND, SECOND, 0.5);
    printf("{\"seconds\": %lu, \"push_us\": %.2f, \"first_us\": %.1f, \"last_us\": %.1f, "
           "\"view_us\": %.1f}\n",
           seconds, push_us, first, last, quantile(times, frames, 0.5));
    be_runtime_destroy(runtime);
    be_fixture_release(fixture);
    free(times);
    return 0;
}
