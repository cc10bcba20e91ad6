/* essence-bench-live MODEL.imx SPEECH.wav SESSIONS SECONDS [THREADS [jpeg]]
 *
 * Sessions that listen and speak in real time, served by a few threads that wait for all of them, and one
 * microphone thread that gives each 10 ms of speech every 10 ms. Prints one JSON object; times in ms.
 *   open_first     from be_runtime_open to the first frame, on an avatar that is loaded
 *   late           from when a frame was due to when it was made
 *   latency        from the first sample of a frame's own 40 ms to the frame
 *   over_40_ms     how many frames were made later than that
 *   busy           share of one core that the process used
 *   resident_mb    memory of the process at the end, and how much of it each session added: session_mb
 * jpeg: the yardstick. Each frame costs the decoding of a whole picture besides, as where source frames are
 * kept as they are in the file. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <turbojpeg.h>
#include <unistd.h>

#include "measure.h"
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

/* ---------------------------------------------------------------- the yardstick */

/* A picture as a file would have it, and one thread's decoder. */
typedef struct jpeg {
    unsigned char *bytes;
    unsigned long size;
    int width, height;
} jpeg_t;

static jpeg_t jpeg; /* bytes NULL: not asked for */

static void make_jpeg(const uint8_t *bgr, int width, int height)
{
    enum { QUALITY = 90 };
    tjhandle handle = tjInitCompress();
    jpeg = (jpeg_t){NULL, 0, width, height};
    if (!handle || tjCompress2(handle, bgr, width, 0, height, TJPF_BGR, &jpeg.bytes, &jpeg.size,
                               TJSAMP_420, QUALITY, 0) != 0)
        exit(1);
    tjDestroy(handle);
}

static void decode_jpeg(void)
{
    static _Thread_local tjhandle handle;
    static _Thread_local uint8_t *to;
    if (!jpeg.bytes)
        return;
    if (!handle) {
        handle = tjInitDecompress();
        to = need_block((size_t)jpeg.width * (size_t)jpeg.height * 3 / 2);
    }
    const int strides[3] = {jpeg.width, jpeg.width / 2, jpeg.width / 2};
    uint8_t *luma = to, *chroma = to + (size_t)jpeg.width * (size_t)jpeg.height;
    uint8_t *planes[3] = {luma, chroma, chroma + (chroma - luma) / 4};
    if (tjDecompressToYUVPlanes(handle, jpeg.bytes, jpeg.size, planes, jpeg.width, (int *)strides,
                                jpeg.height, TJFLAG_ACCURATEDCT) != 0)
        exit(1);
}

/* ---------------------------------------------------------------- sessions */

static void print_quantiles(const char *name, double *values, size_t n)
{
    static const double AT[] = {0.5, 0.95, 0.99, 0.999, 1.0};
    static const char *const NAME[] = {"p50", "p95", "p99", "p999", "max"};
    printf("\"%s\": {", name);
    for (int i = 0; i < 5; i++)
        printf("%s\"%s\": %.2f", i ? ", " : "", NAME[i], n ? quantile(values, n, AT[i]) : 0);
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
    decode_jpeg();
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
        need(be_waiter_arm(b->waiter, b->session[i].runtime), "arm");
    }
}

static void show_everything(bench_t *b, bool with_jpeg)
{
    be_fixture_info_t info;
    be_runtime_t *runtime;
    need(be_fixture_get_info(b->fixture, &info), "info");
    need(be_runtime_create(b->fixture, NULL, &runtime), "create");
    size_t bytes = (size_t)info.frame_width * info.frame_height * 3;
    uint8_t *bgr = need_block(bytes);
    for (uint32_t i = 0; i < info.source_frame_count; i++)
        need(be_runtime_get_source_frame(runtime, (int32_t)i, NULL, bgr, bytes, NULL), "source");
    if (with_jpeg)
        make_jpeg(bgr, (int)info.frame_width, (int)info.frame_height);
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

/* Resident memory now. */
static double resident_mb(void)
{
    unsigned long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%lu %lu", &pages, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static size_t over(const double *values, size_t n, double limit)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += values[i] > limit;
    return count;
}

/* Sessions are served from the moment that they are open. */
static void run(bench_t *b, int threads, double *first)
{
    pthread_t server[MOST_THREADS];
    for (int i = 0; i < threads; i++)
        pthread_create(&server[i], NULL, serve, b);
    open_sessions(b, first);
    speak(b);
    be_waiter_stop(b->waiter);
    for (int i = 0; i < threads; i++)
        pthread_join(server[i], NULL);
}

static void report(bench_t *b, int threads, double *first, double busy, double before_mb)
{
    const size_t late_n = atomic_load(&b->late_n) < b->room ? atomic_load(&b->late_n) : b->room;
    const size_t latency_n =
        atomic_load(&b->latency_n) < b->room ? atomic_load(&b->latency_n) : b->room;
    printf("{\"sessions\": %zu, \"threads\": %d, \"seconds\": %.0f, \"frames\": %zu, "
           "\"over_40_ms\": %zu, ",
           b->sessions, threads, b->seconds, late_n, over(b->late, late_n, 40));
    print_quantiles("open_first", first, b->sessions);
    print_quantiles("late", b->late, late_n);
    print_quantiles("latency", b->latency, latency_n);
    const double resident = resident_mb();
    printf("\"busy\": %.2f, \"resident_mb\": %.1f, \"session_mb\": %.2f}\n", busy, resident,
           (resident - before_mb) / (double)b->sessions);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: essence-bench-live MODEL.imx SPEECH.wav SESSIONS SECONDS "
                        "[THREADS [jpeg]]\n");
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
    b.late = need_block(b.room * sizeof *b.late);
    b.latency = need_block(b.room * sizeof *b.latency);
    /* Not in the middle of what is measured. */
    memset(b.late, 1, b.room * sizeof *b.late);
    memset(b.latency, 1, b.room * sizeof *b.latency);
    need(be_fixture_load(argv[1], NULL, &b.fixture), "load");
    need(be_waiter_create(&b.waiter), "waiter");
    show_everything(&b, argc > 6 && strcmp(argv[6], "jpeg") == 0);
    const double before_mb = resident_mb();
    double cpu = cpu_seconds();
    int64_t start = be_clock_us();
    run(&b, threads, first);
    double busy = (cpu_seconds() - cpu) / ((double)(be_clock_us() - start) / 1e6);
    report(&b, threads, first, busy, before_mb);
    for (size_t i = 0; i < b.sessions; i++)
        be_runtime_destroy(b.session[i].runtime);
    be_waiter_destroy(b.waiter);
    be_fixture_release(b.fixture);
    tjFree(jpeg.bytes);
    free(b.late);
    free(b.latency);
    free(b.speech);
    return 0;
}
