/* essence-bench MODEL.imx SPEECH.wav [FRAMES]
 *
 * Times the engine and its yardsticks in one process, taking turns, and prints one JSON object. Every
 * figure of merit is a ratio between two of these, so that a slow machine does not look like a slow
 * engine. Times of frames are for all stages, audio to picture, after every picture was shown once.
 *   load_first_ms    from nothing to the first frame: library, file, encoder, decoding, a second of speech
 *   load_ms          of that, until the avatar is there
 *   read_ms          reading the file into fresh memory, and nothing else
 *   compose_us       a BGR frame into the caller's buffer
 *   copy_us          copying one BGR frame of the same size out of a set too large for the caches
 *   lent_us          a borrowed BGR frame
 *   view_us          a borrowed I420 frame
 *   copy_i420_us     copying one I420 frame out of such a set
 *   ..._p99_us       the slowest of a hundred; ..._p99_cpu_us without what others did on this core
 *   ..._spread_us    the same at other quantiles, for a picture
 *   stage_us         where the time of a BGR frame goes
 *   peak_mb          resident memory of the process before the yardsticks took their own */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include "measure.h"
#include "wav.h"

enum { COLD_SET = 64, TURN = 50 };

/* One thing that is timed. */
typedef struct timed {
    double *wall, *cpu;
    size_t n;
} timed_t;

typedef struct bench {
    be_fixture_t *fixture;
    be_runtime_t *bgr, *lent, *i420;
    be_fixture_info_t info;
    be_audio_chunk_t speech;
    be_buffer_t out;
    size_t frames;
    double load_ms, load_first_ms;
    timed_t compose, lent_times, view, copy, copy_i420;
    double *stage[BE_STAGE_COUNT];
} bench_t;

/* ---------------------------------------------------------------- frames */

static void pull(be_runtime_t *runtime, const be_buffer_t *into)
{
    be_frame_t frame = {.struct_size = sizeof frame};
    need(be_runtime_pull(runtime, 0, into, &frame), "frame");
}

static void speak(bench_t *b, be_runtime_t *runtime)
{
    need(be_runtime_push_chunk(runtime, &b->speech), "push");
    need(be_runtime_flush(runtime), "flush");
}

static void speak_a_second(bench_t *b, be_runtime_t *runtime)
{
    be_audio_chunk_t second = b->speech;
    second.frames = second.frames < second.sample_rate ? second.frames : second.sample_rate;
    need(be_runtime_push_chunk(runtime, &second), "push");
}

static be_runtime_t *open_stream(bench_t *b, be_pixel_format format)
{
    be_stream_options_t options = {.struct_size = sizeof options, .pixel_format = format};
    be_runtime_t *runtime;
    need(be_runtime_open(b->fixture, &options, &runtime), "open");
    return runtime;
}

static void load_and_first_frame(bench_t *b, const char *model)
{
    const double start = now_us();
    need(be_fixture_load(model, NULL, &b->fixture), "load");
    b->load_ms = (now_us() - start) / 1e3;
    b->bgr = open_stream(b, BE_PIXEL_BGR24);
    need(be_fixture_get_info(b->fixture, &b->info), "info");
    b->out = (be_buffer_t){.struct_size = sizeof b->out};
    b->out.capacity = (size_t)b->info.frame_width * b->info.frame_height * 3;
    b->out.data = need_block(b->out.capacity);
    speak_a_second(b, b->bgr);
    pull(b->bgr, &b->out);
    b->load_first_ms = (now_us() - start) / 1e3;
    need(be_runtime_flush(b->bgr), "flush");
}

/* The yardstick of loading. */
static double read_file(const char *path)
{
    enum { ROUNDS = 5 };
    double times[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        FILE *file = fopen(path, "rb");
        if (!file || fseek(file, 0, SEEK_END) != 0)
            exit(1);
        const size_t size = (size_t)ftell(file);
        rewind(file);
        const double start = now_us();
        void *bytes = need_block(size);
        const bool whole = fread(bytes, 1, size, file) == size;
        times[i] = (now_us() - start) / 1e3;
        free(bytes);
        fclose(file);
        if (!whole)
            exit(1);
    }
    return quantile(times, ROUNDS, 0.5);
}

/* Every picture is decoded before anything is timed. */
static void show_everything(bench_t *b)
{
    for (uint32_t i = 0; i < b->info.source_frame_count; i++)
        need(be_runtime_get_source_frame(b->bgr, (int32_t)i, NULL, b->out.data, b->out.capacity,
                                         NULL),
             "source frame");
    while (be_runtime_ticks_available(b->bgr) > 0)
        pull(b->bgr, &b->out);
}

static be_stats_t stats_of(be_runtime_t *runtime)
{
    be_stats_t stats = {.struct_size = sizeof stats};
    need(be_runtime_get_stats(runtime, &stats), "stats");
    return stats;
}

static void note(timed_t *timed, double wall, double cpu)
{
    timed->wall[timed->n] = now_us() - wall;
    timed->cpu[timed->n++] = worked_us() - cpu;
}

static void time_frame(bench_t *b, be_runtime_t *runtime, const be_buffer_t *into, timed_t *timed)
{
    if (be_runtime_ticks_available(runtime) == 0)
        speak(b, runtime);
    const double cpu = worked_us(), wall = now_us();
    pull(runtime, into);
    note(timed, wall, cpu);
}

/* A BGR frame, and what each stage has added to its clock meanwhile. */
static void time_bgr(bench_t *b)
{
    const size_t at = b->compose.n;
    const be_stats_t before = stats_of(b->bgr);
    time_frame(b, b->bgr, &b->out, &b->compose);
    const be_stats_t after = stats_of(b->bgr);
    for (int i = 0; i < BE_STAGE_COUNT; i++)
        b->stage[i][at] = (double)(after.stage[i].total_ns - before.stage[i].total_ns) / 1e3;
}

/* ---------------------------------------------------------------- yardsticks */

static void time_copy(bench_t *b, const uint8_t *set, size_t bytes, timed_t *timed)
{
    const uint8_t *from = set + bytes * (timed->n * 29 % COLD_SET);
    const double cpu = worked_us(), wall = now_us();
    memcpy(b->out.data, from, bytes);
    note(timed, wall, cpu);
}

static void time_everything(bench_t *b)
{
    const size_t bytes = b->out.capacity;
    uint8_t *set = need_block(bytes * COLD_SET);
    memset(set, 1, bytes * COLD_SET);
    while (b->compose.n < b->frames) {
        for (int i = 0; i < TURN; i++)
            time_bgr(b);
        for (int i = 0; i < TURN; i++)
            time_copy(b, set, bytes, &b->copy);
        for (int i = 0; i < TURN; i++)
            time_frame(b, b->lent, NULL, &b->lent_times);
        for (int i = 0; i < TURN; i++)
            time_frame(b, b->i420, NULL, &b->view);
        for (int i = 0; i < TURN; i++)
            time_copy(b, set, bytes / 2, &b->copy_i420);
    }
    free(set);
}

/* ---------------------------------------------------------------- report */

static void prepare(bench_t *b, timed_t *timed)
{
    timed->wall = need_block((b->frames + TURN) * sizeof *timed->wall);
    timed->cpu = need_block((b->frames + TURN) * sizeof *timed->cpu);
}

/* What a curve is drawn of. */
static void print_spread(const char *name, const timed_t *timed)
{
    static const double AT[] = {0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999};
    printf("\"%s_spread_us\": {", name);
    for (size_t i = 0; i < sizeof AT / sizeof *AT; i++)
        printf("%s\"%g\": %.1f", i ? ", " : "", AT[i], quantile(timed->wall, timed->n, AT[i]));
    printf("}, ");
}

static double print_timed(const char *name, timed_t *timed)
{
    print_spread(name, timed);
    const double median = quantile(timed->wall, timed->n, 0.5);
    printf("\"%s_us\": %.1f, \"%s_p99_us\": %.1f, \"%s_p99_cpu_us\": %.1f, ", name, median, name,
           quantile(timed->wall, timed->n, 0.99), name, quantile(timed->cpu, timed->n, 0.99));
    return median;
}

static void print_stages(bench_t *b)
{
    static const char *const NAME[BE_STAGE_COUNT] = {"resample", "mel",     "encoder",
                                                     "select",   "compose", "output"};
    printf("\"stage_us\": {");
    for (int i = BE_STAGE_MEL; i < BE_STAGE_COUNT; i++)
        printf("%s\"%s\": %.1f", i > BE_STAGE_MEL ? ", " : "", NAME[i],
               quantile(b->stage[i], b->compose.n, 0.5));
    printf("}, ");
}

static void print_report(bench_t *b, double read_ms, double peak_mb)
{
    printf("{\"width\": %u, \"height\": %u, \"source_frames\": %u, \"mouths\": %u, "
           "\"frames\": %zu, \"load_first_ms\": %.1f, \"load_ms\": %.1f, \"read_ms\": %.1f, "
           "\"peak_mb\": %.1f, ",
           b->info.frame_width, b->info.frame_height, b->info.source_frame_count,
           b->info.cluster_count, b->compose.n, b->load_first_ms, b->load_ms, read_ms, peak_mb);
    const double compose = print_timed("compose", &b->compose),
                 copy = print_timed("copy", &b->copy);
    print_timed("lent", &b->lent_times);
    const double view = print_timed("view", &b->view),
                 copy_i420 = print_timed("copy_i420", &b->copy_i420);
    print_stages(b);
    printf("\"compose_fps\": %.0f, \"compose_per_copy\": %.2f, \"view_per_copy\": %.2f}\n",
           1e6 / compose, compose / copy, view / copy_i420);
}

static double peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
    return (double)usage.ru_maxrss / 1e6;
#else
    return (double)usage.ru_maxrss * 1024 / 1e6;
#endif
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: essence-bench MODEL.imx SPEECH.wav [FRAMES]\n");
        return 64;
    }
    static bench_t b;
    b.frames = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 2000;
    b.frames = b.frames < 100 ? 100 : b.frames;
    b.speech =
        (be_audio_chunk_t){.struct_size = sizeof b.speech, .format = BE_SAMPLE_S16, .channels = 1};
    b.speech.data = read_wav(argv[2], &b.speech.sample_rate, &b.speech.frames);
    load_and_first_frame(&b, argv[1]);
    show_everything(&b);
    const double peak = peak_mb();
    b.lent = open_stream(&b, BE_PIXEL_BGR24);
    b.i420 = open_stream(&b, BE_PIXEL_I420);
    prepare(&b, &b.compose);
    prepare(&b, &b.copy);
    prepare(&b, &b.lent_times);
    prepare(&b, &b.view);
    prepare(&b, &b.copy_i420);
    for (int i = 0; i < BE_STAGE_COUNT; i++)
        b.stage[i] = need_block((b.frames + TURN) * sizeof(double));
    time_everything(&b);
    print_report(&b, read_file(argv[1]), peak);
    be_runtime_destroy(b.bgr);
    be_runtime_destroy(b.lent);
    be_runtime_destroy(b.i420);
    be_fixture_release(b.fixture);
    return 0;
}
