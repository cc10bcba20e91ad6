/* essence-bench-live MODEL.imx SPEECH.wav SESSIONS SECONDS [THREADS]
 *
 * Sessions that listen and speak in real time, served by a few threads that wait for all of them, and one
 * microphone thread that gives each 10 ms of speech every 10 ms. Prints one JSON object; times in ms.
 *   open_first     from be_runtime_open to the first frame, on an avatar that is loaded
 *   late           from when a frame was due to when it was made
 *   latency        from the first sample of a frame's own 40 ms to the frame
 *   busy           share of one core that the process used */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "essence.h"
#include "wav.h"

enum { MOST_SESSIONS = 1000, MOST_THREADS = 16 };

typedef struct session {
    be_runtime_t *runtime;
    int64_t spoken_from; /* when its first sample was */
} session_t;

typedef struct bench {
    be_fixture_t *fixture;
    be_waiter_t *waiter;
    int16_t *speech;
    size_t speech_n;
    uint32_t rate;
    session_t session[MOST_SESSIONS];
    size_t sessions;
    double seconds;
    double *late, *latency; /* ms */
    atomic_size_t late_n, latency_n;
    size_t room;
} bench_t;

static void need(be_status status, const char *what)
{
    if (status == BE_OK)
        return;
    fprintf(stderr, "essence-bench-live: %s: %s\n", what, be_last_error_message());
    exit(1);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_quantiles(const char *name, double *values, size_t n)
{
    qsort(values, n, sizeof *values, ascending);
    static const double AT[] = {0.5, 0.95, 0.99, 1.0};
    static const char *const NAME[] = {"p50", "p95", "p99", "max"};
    printf("\"%s\": {", name);
    for (int i = 0; i < 4; i++) {
        double value = n ? values[(size_t)(AT[i] * (double)(n - 1) + 0.5)] : 0;
        printf("%s\"%s\": %.2f", i ? ", " : "", NAME[i], value);
    }
    printf("}, ");
}

static void note(double *values, atomic_size_t *n, size_t room, double value)
{
    size_t at = atomic_fetch_add(n, 1);
    if (at < room)
        values[at] = value;
}

static void serve_one(bench_t *b, session_t *session)
{
    be_frame_t frame = {.struct_size = sizeof frame};
    be_status status = be_runtime_pull(session->runtime, 0, NULL, &frame);
    if (status == BE_ERR_TIMEOUT)
        return;
    need(status, "pull");
    int64_t now = be_clock_us();
    note(b->late, &b->late_n, b->room, (double)(now - frame.timestamp_us) / 1e3);
    if (frame.flags & BE_FRAME_SPEECH) {
        int64_t spoken = session->spoken_from + (int64_t)frame.position * 1000000 / 16000;
        note(b->latency, &b->latency_n, b->room, (double)(now - spoken) / 1e3);
    }
}

static void *serve(void *user)
{
    bench_t *b = user;
    uint64_t tags[8];
    size_t count;
    while (be_waiter_wait(b->waiter, -1, tags, 8, &count) == BE_OK)
        for (size_t i = 0; i < count; i++) {
            serve_one(b, &b->session[tags[i]]);
            be_waiter_arm(b->waiter, b->session[tags[i]].runtime);
        }
    return NULL;
}

static void sleep_until(int64_t moment)
{
    int64_t left = moment - be_clock_us();
    struct timespec time = {(time_t)(left / 1000000), (long)(left % 1000000) * 1000};
    if (left > 0)
        nanosleep(&time, NULL);
}

/* The microphones of all sessions, spread over the 10 ms. */
static void speak(bench_t *b)
{
    const size_t piece = b->rate / 100;
    const int64_t start = be_clock_us();
    for (size_t i = 0; i < b->sessions; i++)
        b->session[i].spoken_from = start;
    for (size_t round = 0; (double)round < b->seconds * 100; round++) {
        sleep_until(start + (int64_t)(round + 1) * 10000);
        const size_t at = round * piece % (b->speech_n - piece);
        const be_audio_chunk_t chunk = {sizeof chunk,   BE_SAMPLE_S16, b->rate, 1,
                                        b->speech + at, piece};
        for (size_t i = 0; i < b->sessions; i++)
            need(be_runtime_push_chunk(b->session[i].runtime, &chunk), "push");
    }
}

static void open_sessions(bench_t *b, double *first)
{
    be_stream_options_t options = {.struct_size = sizeof options, .pacing = BE_PACING_REALTIME};
    be_frame_t frame = {.struct_size = sizeof frame};
    for (size_t i = 0; i < b->sessions; i++) {
        int64_t start = be_clock_us();
        need(be_runtime_open(b->fixture, &options, &b->session[i].runtime), "open");
        need(be_runtime_pull(b->session[i].runtime, 0, NULL, &frame), "first frame");
        first[i] = (double)(be_clock_us() - start) / 1e3;
        need(be_waiter_add(b->waiter, b->session[i].runtime, i), "add");
    }
}

static void show_everything(bench_t *b)
{
    be_fixture_info_t info;
    be_runtime_t *runtime;
    need(be_fixture_get_info(b->fixture, &info), "info");
    need(be_runtime_create(b->fixture, NULL, &runtime), "create");
    size_t bytes = (size_t)info.frame_width * info.frame_height * 3;
    uint8_t *bgr = malloc(bytes);
    for (uint32_t i = 0; i < info.source_frame_count; i++)
        need(be_runtime_get_source_frame(runtime, (int32_t)i, NULL, bgr, bytes, NULL), "source");
    free(bgr);
    be_runtime_destroy(runtime);
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void run(bench_t *b, int threads)
{
    pthread_t server[MOST_THREADS];
    for (int i = 0; i < threads; i++)
        pthread_create(&server[i], NULL, serve, b);
    for (size_t i = 0; i < b->sessions; i++)
        need(be_waiter_arm(b->waiter, b->session[i].runtime), "arm");
    speak(b);
    be_waiter_stop(b->waiter);
    for (int i = 0; i < threads; i++)
        pthread_join(server[i], NULL);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr,
                "usage: essence-bench-live MODEL.imx SPEECH.wav SESSIONS SECONDS [THREADS]\n");
        return 64;
    }
    static bench_t b;
    static double first[MOST_SESSIONS];
    int threads = argc > 5 ? (int)strtol(argv[5], NULL, 10) : 2;
    b.sessions = (size_t)strtoul(argv[3], NULL, 10);
    b.seconds = strtod(argv[4], NULL);
    if (b.sessions < 1 || b.sessions > MOST_SESSIONS || threads < 1 || threads > MOST_THREADS)
        return 64;
    b.speech = read_wav(argv[2], &b.rate, &b.speech_n);
    b.room = (size_t)(b.seconds * 30 + 50) * b.sessions;
    b.late = malloc(b.room * sizeof *b.late);
    b.latency = malloc(b.room * sizeof *b.latency);
    need(be_fixture_load(argv[1], NULL, &b.fixture), "load");
    need(be_waiter_create(&b.waiter), "waiter");
    show_everything(&b);
    open_sessions(&b, first);
    double cpu = cpu_seconds();
    int64_t start = be_clock_us();
    run(&b, threads);
    double busy = (cpu_seconds() - cpu) / ((double)(be_clock_us() - start) / 1e6);
    printf("{\"sessions\": %zu, \"threads\": %d, \"seconds\": %.0f, \"frames\": %zu, ", b.sessions,
           threads, b.seconds, atomic_load(&b.late_n));
    print_quantiles("open_first", first, b.sessions);
    print_quantiles("late", b.late, atomic_load(&b.late_n));
    print_quantiles("latency", b.latency, atomic_load(&b.latency_n));
    printf("\"busy\": %.2f}\n", busy);
    for (size_t i = 0; i < b.sessions; i++)
        be_runtime_destroy(b.session[i].runtime);
    be_waiter_destroy(b.waiter);
    be_fixture_release(b.fixture);
    free(b.late);
    free(b.latency);
    free(b.speech);
    return 0;
}
