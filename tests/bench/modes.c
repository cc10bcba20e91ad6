/* essence-bench-modes MODEL.imx SPEECH.wav
 *
 * What each way of loading and storing pictures costs: a JSON object with one of them for each mode, in a
 * process of its own.
 *   open_ms      be_fixture_open
 *   first_ms     from there to the first frame
 *   free_us      a frame, made as fast as it goes; free_p99_us: 99th of a hundred
 *   paced_us     processor time of the calling thread for a frame, one made every 40 ms as in a live stream;
 *                paced_p99_us: the same
 *   all_us       processor time of the whole process for such a frame, on the average
 *   now_mb       resident memory at the end, of that peak_mb at most ever; file_mb of it stands in files,
 *                and the system can page it out */
#define _DEFAULT_SOURCE /* usleep */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "essence.h"
#include "wav.h"

enum { FRAMES = 500, PACED = 250, PACE_US = 40000 };

typedef struct setup {
    const char *name;
    be_loading loading;
    be_storage storage;
    uint32_t store_mb;
} setup_t;

static const setup_t SETUPS[] = {
    {"async, memory", BE_LOADING_ASYNC, BE_STORAGE_MEMORY, 0},
    {"sync, memory", BE_LOADING_SYNC, BE_STORAGE_MEMORY, 0},
    {"on demand, 64 MB", BE_LOADING_ON_DEMAND, BE_STORAGE_MEMORY, 64},
    {"on demand, 24 MB", BE_LOADING_ON_DEMAND, BE_STORAGE_MEMORY, 24},
    {"on demand, 8 MB", BE_LOADING_ON_DEMAND, BE_STORAGE_MEMORY, 8},
    {"jpeg, 8 MB", BE_LOADING_ASYNC, BE_STORAGE_JPEG, 8},
    {"sync, jpeg, 24 MB", BE_LOADING_SYNC, BE_STORAGE_JPEG, 24},
    {"async, file", BE_LOADING_ASYNC, BE_STORAGE_TEMP_FILE, 0},
    {"on demand, file", BE_LOADING_ON_DEMAND, BE_STORAGE_TEMP_FILE, 0},
};

static int64_t read_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t now_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

static void need(be_status status, const char *what)
{
    if (status == BE_OK)
        return;
    fprintf(stderr, "essence-bench-modes: %s: %s\n", what, be_last_error_message());
    exit(1);
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

typedef struct bench {
    be_runtime_t *runtime;
    be_audio_chunk_t speech;
    uint8_t *bgr;
    size_t bytes;
} bench_t;

static void frame(bench_t *b)
{
    if (be_runtime_ticks_available(b->runtime) == 0) {
        need(be_runtime_push_chunk(b->runtime, &b->speech), "push");
        need(be_runtime_flush(b->runtime), "flush");
    }
    need(be_runtime_pull_frame(b->runtime, -1, b->bgr, b->bytes, NULL), "frame");
}

static void print_times(const char *name, int64_t *times, int count)
{
    qsort(times, (size_t)count, sizeof *times, ascending);
    printf("\"%s_us\": %" PRId64 ", \"%s_p99_us\": %" PRId64 ", ", name, times[count / 2], name,
           times[count * 99 / 100]);
}

static void run_free(bench_t *b)
{
    static int64_t times[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        int64_t start = now_us();
        frame(b);
        times[i] = now_us() - start;
    }
    print_times("free", times, FRAMES);
}

static void run_paced(bench_t *b)
{
    static int64_t times[PACED];
    const int64_t begin = now_us(), spent = read_us(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < PACED; i++) {
        int64_t rest = begin + i * PACE_US - now_us();
        if (rest > 0)
            usleep((useconds_t)rest);
        int64_t start = read_us(CLOCK_THREAD_CPUTIME_ID);
        frame(b);
        times[i] = read_us(CLOCK_THREAD_CPUTIME_ID) - start;
    }
    print_times("paced", times, PACED);
    printf("\"all_us\": %" PRId64 ", ", (read_us(CLOCK_PROCESS_CPUTIME_ID) - spent) / PACED);
}

/* A line of /proc/self/status in MB of 10^6 bytes. */
static double resident(const char *line)
{
    char text[256];
    unsigned long kb = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(text, sizeof text, status))
        if (strncmp(text, line, strlen(line)) == 0)
            kb = strtoul(text + strlen(line), NULL, 10);
    if (status)
        fclose(status);
    return (double)kb * 1024 / 1e6;
}

static void measure(const setup_t *setup, const char *model, const char *wav)
{
    uint32_t rate;
    size_t n;
    int16_t *pcm = read_wav(wav, &rate, &n);
    bench_t b = {.speech = {sizeof b.speech, BE_SAMPLE_S16, rate, 1, pcm, n}};
    be_fixture_source_t source = {.struct_size = sizeof source,
                                  .path = model,
                                  .loading = setup->loading,
                                  .storage = setup->storage,
                                  .store_mb = setup->store_mb};
    be_fixture_t *fixture = NULL;
    be_fixture_info_t info;
    int64_t start = now_us(), opened;
    need(be_fixture_open(&source, &fixture), "open");
    opened = now_us();
    need(be_fixture_get_info(fixture, &info), "info");
    b.bytes = (size_t)info.frame_width * info.frame_height * 3;
    b.bgr = malloc(b.bytes);
    need(be_runtime_create(fixture, NULL, &b.runtime), "create");
    frame(&b);
    printf("\"%s\": {\"open_ms\": %.1f, \"first_ms\": %.1f, ", setup->name,
           (double)(opened - start) / 1e3, (double)(now_us() - opened) / 1e3);
    run_free(&b);
    run_paced(&b);
    printf("\"now_mb\": %.1f, \"peak_mb\": %.1f, \"file_mb\": %.1f}", resident("VmRSS:"),
           resident("VmHWM:"), resident("RssShmem:") + resident("RssFile:"));
    be_runtime_destroy(b.runtime);
    be_fixture_release(fixture);
    free(b.bgr);
    free(pcm);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: essence-bench-modes MODEL.imx SPEECH.wav\n");
        return 64;
    }
    for (size_t i = 0; i < sizeof SETUPS / sizeof *SETUPS; i++) {
        printf("%s", i == 0 ? "{" : ", ");
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            measure(&SETUPS[i], argv[1], argv[2]);
            exit(0);
        }
        int status;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            return 1;
    }
    printf("}\n");
    return 0;
}
