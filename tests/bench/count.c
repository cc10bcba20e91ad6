/* essence-bench-count MODEL.imx SPEECH.wav FRAMES FORMAT
 *
 * Gives that many frames of a be_pixel_format, I420 borrowed and others into a buffer, all pictures decoded
 * and all audio pushed before. Does nothing else: scripts/instructions runs it under callgrind, which counts from the first
 * frame to the last. */
#include "measure.h"
#include "wav.h"

#if defined(__has_include)
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define HAVE_CALLGRIND 1
#endif
#endif

static void pull(be_runtime_t *runtime, const be_buffer_t *into, unsigned long frames)
{
    be_frame_t frame = {.struct_size = sizeof frame};
    for (unsigned long i = 0; i < frames; i++)
        need(be_runtime_pull(runtime, 0, into, &frame), "frame");
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: essence-bench-count MODEL.imx SPEECH.wav FRAMES FORMAT\n");
        return 64;
    }
#ifndef HAVE_CALLGRIND
    fprintf(stderr, "essence-bench-count: built without valgrind's header\n");
    return 69;
#else
    be_audio_chunk_t speech = {
        .struct_size = sizeof speech, .format = BE_SAMPLE_S16, .channels = 1};
    int16_t *samples = read_wav(argv[2], &speech.sample_rate, &speech.frames);
    speech.data = samples;
    const be_fixture_source_t source = {
        .struct_size = sizeof source, .path = argv[1], .loading = BE_LOADING_SYNC};
    const be_stream_options_t options = {.struct_size = sizeof options,
                                         .pixel_format = (be_pixel_format)atoi(argv[4])};
    be_fixture_t *fixture;
    be_runtime_t *runtime;
    be_fixture_info_t info;
    need(be_fixture_open(&source, &fixture), "open");
    need(be_runtime_open(fixture, &options, &runtime), "open");
    need(be_runtime_push_chunk(runtime, &speech), "push");
    need(be_fixture_get_info(fixture, &info), "info");
    be_buffer_t buffer = {.struct_size = sizeof buffer};
    buffer.capacity = (size_t)info.frame_width * info.frame_height * 4;
    buffer.data = need_block(buffer.capacity);
    const be_buffer_t *into = options.pixel_format == BE_PIXEL_I420 ? NULL : &buffer;
    pull(runtime, into, 1); /* what the first frame makes room for is not a frame's cost */
    CALLGRIND_START_INSTRUMENTATION;
    pull(runtime, into, strtoul(argv[3], NULL, 10));
    CALLGRIND_STOP_INSTRUMENTATION;
    be_runtime_destroy(runtime);
    be_fixture_release(fixture);
    free(buffer.data);
    free(samples);
    return 0;
#endif
}
