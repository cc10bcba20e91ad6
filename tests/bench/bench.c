/* essence-bench MODEL.imx SPEECH.wav [FRAMES]
 *
 * Times the engine and its yardstick in one process and prints one JSON object. Every figure of
 * merit is a ratio between two of these, so that a slow machine does not look like a slow engine.
 *   load_first_ms   from nothing to the first frame: library, file, encoder, decoding
 *   compose_us      audio to BGR frame, all stages, after every picture was shown once
 *   copy_us         copying one BGR frame of the same size out of a set too large for the caches
 *   peak_mb         resident memory of the process before the yardstick took its own */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "essence.h"
#include "wav.h"

enum { COLD_SET = 64, TICK = 640 };

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void need(be_status status, const char *what)
{
    if (status == BE_OK)
        return;
    fprintf(stderr, "essence-bench: %s: %s\n", what, be_last_error_message());
    exit(1);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *values, size_t n, double q)
{
    qsort(values, n, sizeof *values, ascending);
    return values[(size_t)(q * (double)(n - 1) + 0.5)];
}

typedef struct bench {
    be_fixture_t *fixture;
    be_runtime_t *runtime;
    be_fixture_info_t info;
    int16_t *speech;
    size_t speech_n;
    uint32_t rate;
    uint8_t *bgr;
    size_t bytes;
} bench_t;

static void push_all(bench_t *b)
{
    be_audio_chunk_t chunk = {sizeof chunk, BE_SAMPLE_S16, b->rate, 1, b->speech, b->speech_n};
    need(be_runtime_push_chunk(b->runtime, &chunk), "push");
    need(be_runtime_flush(b->runtime), "flush");
}

static double load_and_first_frame(bench_t *b, const char *model)
{
    double start = now_us();
    need(be_fixture_load(model, NULL, &b->fixture), "load");
    need(be_runtime_create(b->fixture, NULL, &b->runtime), "create");
    need(be_fixture_get_info(b->fixture, &b->info), "info");
    b->bytes = (size_t)b->info.frame_width * b->info.frame_height * 3;
    b->bgr = malloc(b->bytes);
    push_all(b);
    need(be_runtime_pull_frame(b->runtime, -1, b->bgr, b->bytes, NULL), "first frame");
    return (now_us() - start) / 1e3;
}

/* Every picture is decoded before anything is timed. */
static void show_everything(bench_t *b)
{
    for (uint32_t i = 0; i < b->info.source_frame_count; i++)
        need(be_runtime_get_source_frame(b->runtime, (int32_t)i, NULL, b->bgr, b->bytes, NULL),
             "source frame");
    while (be_runtime_pull_frame(b->runtime, -1, b->bgr, b->bytes, NULL) == BE_OK)
        continue;
}

static void time_frames(bench_t *b, double *times, size_t frames)
{
    be_compose_result_t result;
    for (size_t i = 0; i < frames;) {
        if (be_runtime_ticks_available(b->runtime) == 0)
            push_all(b);
        double start = now_us();
        need(be_runtime_pull_frame(b->runtime, -1, b->bgr, b->bytes, &result), "frame");
        times[i++] = now_us() - start;
    }
}

static void time_copies(bench_t *b, double *times, size_t frames)
{
    uint8_t *set = malloc(b->bytes * COLD_SET);
    memset(set, 1, b->bytes * COLD_SET);
    for (size_t i = 0; i < frames; i++) {
        double start = now_us();
        memcpy(b->bgr, set + b->bytes * (i * 29 % COLD_SET), b->bytes);
        times[i] = now_us() - start;
    }
    free(set);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: essence-bench MODEL.imx SPEECH.wav [FRAMES]\n");
        return 64;
    }
    size_t frames = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 2000;
    frames = frames < 100 ? 100 : frames;
    bench_t b = {0};
    b.speech = read_wav(argv[2], &b.rate, &b.speech_n);
    double load_ms = load_and_first_frame(&b, argv[1]);
    show_everything(&b);
    double *times = malloc(frames * sizeof *times);
    time_frames(&b, times, frames);
    double median = quantile(times, frames, 0.5), late = quantile(times, frames, 0.99), sum = 0;
    for (size_t i = 0; i < frames; i++)
        sum += times[i];
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    time_copies(&b, times, frames);
    double copy = quantile(times, frames, 0.5);
    printf("{\"width\": %u, \"height\": %u, \"source_frames\": %u, \"mouths\": %u, "
           "\"frames\": %zu, \"load_first_ms\": %.1f, \"compose_us\": %.1f, "
           "\"compose_p99_us\": %.1f, \"compose_fps\": %.0f, \"copy_us\": %.1f, "
           "\"compose_per_copy\": %.2f, \"peak_mb\": %.1f}\n",
           b.info.frame_width, b.info.frame_height, b.info.source_frame_count, b.info.cluster_count,
           frames, load_ms, median, late, 1e6 * (double)frames / sum, copy, median / copy,
           (double)usage.ru_maxrss / 1024);
    be_runtime_destroy(b.runtime);
    be_fixture_release(b.fixture);
    free(times);
    free(b.bgr);
    free(b.speech);
    return 0;
}
