/* The audio encoder on ONNX Runtime: finding the library, the built-in model, state, hostile
 * models. Needs ONNX Runtime where the library finds it, as by BITHUMAN_ORT_LIBRARY. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#ifdef __linux__
#include <dirent.h>
#include <unistd.h>
#endif

#include "base/env.h"
#include "base/error.h"
#include "base/log.h"
#include "base/thread.h"
#include "encoder/encoder.h"
#include "encoder/ort.h"

static const float SILENCE = -11.512925f; /* ln 1e-5 */
static const bei_span_t BUILTIN = {NULL, 0};

static be_status create(bei_span_t onnx, be_ep ep, uint32_t threads, bei_encoder_model_t **out)
{
    const bei_encoder_settings_t settings = {.ep = ep, .threads = threads};
    return bei_encoder_model_create(onnx, &settings, out);
}

/* Log lines of the current test. */
static char log_text[8192];

static void keep_log(be_log_level level, const char *message, void *user)
{
    (void)user;
    size_t used = strlen(log_text);
    snprintf(log_text + used, sizeof log_text - used, "%d %s\n", (int)level, message);
}

static void start_log(be_log_level level)
{
    log_text[0] = '\0';
    bei_log_set_sink(keep_log, NULL, level);
}

static void stop_log(void)
{
    bei_log_set_sink(NULL, NULL, BE_LOG_OFF);
}

/* The file that was read last. */
static uint8_t file_bytes[1 << 16];

/* Reads one of tests/parity/encoders. */
static bei_span_t read_encoder(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/parity/encoders/%s.onnx", ESSENCE_TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    size_t size = fread(file_bytes, 1, sizeof file_bytes, file);
    fclose(file);
    assert_true(size > 0 && size < sizeof file_bytes);
    return (bei_span_t){file_bytes, size};
}

static bei_encoder_model_t *load(const char *name)
{
    bei_encoder_model_t *model = NULL;
    be_status status = create(read_encoder(name), BE_EP_CPU, 1, &model);
    if (status != BE_OK)
        fail_msg("%s: %s", name, bei_error_message());
    /* The model keeps nothing of the bytes. */
    memset(file_bytes, 0, sizeof file_bytes);
    return model;
}

static bei_encoder_model_t *load_builtin(be_ep asked, uint32_t threads)
{
    bei_encoder_model_t *model = NULL;
    if (create(BUILTIN, asked, threads, &model) != BE_OK)
        fail_msg("%s", bei_error_message());
    return model;
}

static bei_encoder_stream_t *open_stream(bei_encoder_model_t *model)
{
    bei_encoder_stream_t *stream = NULL;
    assert_int_equal(bei_encoder_stream_create(model, &stream), BE_OK);
    return stream;
}

/* Log-mel-like numbers that sound like noise. */
static void make_noise(float mel[BEI_ENCODER_MEL_FLOATS], uint32_t *seed)
{
    for (int i = 0; i < BEI_ENCODER_MEL_FLOATS; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        mel[i] = -11.0f + 12.0f * (float)(*seed >> 8) / 16777216.0f;
    }
}

static void expect_sentence(const char *part)
{
    if (!strstr(bei_error_message(), part))
        fail_msg("'%s' does not say '%s'", bei_error_message(), part);
    assert_null(strpbrk(bei_error_message(), "\r\n"));
}

/* ------------------------------------------------- before the library is loaded */

static void the_cpu_needs_no_library(void **state)
{
    (void)state;
    assert_int_equal(bei_ort_set_library("/nonexistent/libonnxruntime.so"), BE_OK);
    unsetenv("BITHUMAN_ENCODER");
    for (int ep = BE_EP_CPU; ep <= BE_EP_AUTO; ep++) {
        bei_encoder_model_t *model = NULL;
        bei_encoder_report_t report;
        assert_int_equal(create(BUILTIN, (be_ep)ep, 1, &model), BE_OK);
        bei_encoder_model_report(model, &report);
        assert_string_equal(report.runtime, "built in");
        assert_int_equal(report.active, BE_EP_CPU);
        assert_int_equal(*report.reason != '\0', ep == BE_EP_AUTO);
        bei_encoder_model_destroy(model);
    }
    setenv("BITHUMAN_ENCODER", "onnxruntime", 1);
    assert_int_equal(bei_ort_set_library(NULL), BE_OK);
}

static void a_missing_library_is_explained(void **state)
{
    (void)state;
    bei_encoder_model_t *model = NULL;
    assert_int_equal(bei_ort_set_library("/nonexistent/libonnxruntime.so"), BE_OK);
    assert_int_equal(create(BUILTIN, BE_EP_CPU, 1, &model), BE_ERR_MODEL_LOAD_FAILED);
    assert_null(model);
    expect_sentence("/nonexistent/libonnxruntime.so");
    expect_sentence("pip install onnxruntime");
    expect_sentence("BITHUMAN_ORT_LIBRARY");
    assert_int_equal(bei_ort_set_library(NULL), BE_OK);
}

#ifdef __linux__
static void another_library_is_refused(void **state)
{
    (void)state;
    bei_encoder_model_t *model = NULL;
    assert_int_equal(bei_ort_set_library("libc.so.6"), BE_OK);
    assert_int_equal(create(BUILTIN, BE_EP_CPU, 1, &model), BE_ERR_MODEL_LOAD_FAILED);
    expect_sentence("is not ONNX Runtime");
    assert_int_equal(bei_ort_set_library(""), BE_OK);
}
#endif

static void a_long_path_is_refused(void **state)
{
    (void)state;
    char path[5000];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(bei_ort_set_library(path), BE_ERR_INVALID_ARG);
}

/* ------------------------------------------------- loading */

static void load_in_thread(void *user)
{
    create(BUILTIN, BE_EP_CPU, 1, user);
}

/* The first load is a race of four threads; all get a model on the same runtime. */
static void threads_may_load_together(void **state)
{
    (void)state;
    bei_thread_t thread[4];
    bei_encoder_model_t *model[4] = {NULL};
    for (int i = 0; i < 4; i++)
        assert_int_equal(bei_thread_start(&thread[i], load_in_thread, &model[i]), BE_OK);
    for (int i = 0; i < 4; i++)
        bei_thread_join(thread[i]);
    for (int i = 0; i < 4; i++) {
        if (!model[i]) {
            bei_encoder_model_t *again = NULL;
            create(BUILTIN, BE_EP_CPU, 1, &again);
            fail_msg("ONNX Runtime does not load: %s", bei_error_message());
        }
        bei_encoder_model_destroy(model[i]);
    }
    const bei_ort_t *ort = NULL;
    assert_int_equal(bei_ort_get(&ort), BE_OK);
    assert_true(ort->minor >= BEI_ORT_MIN_API);
    assert_string_equal(bei_env_get("ORT_DISABLE_TELEMETRY"), "1");
}

static void the_library_cannot_change_any_more(void **state)
{
    (void)state;
    assert_int_equal(bei_ort_set_library("/nonexistent/other.so"), BE_ERR_INVALID_ARG);
    expect_sentence("already loaded");
    assert_int_equal(bei_ort_set_library(NULL), BE_OK);
}

static void what_was_asked_for_is_reported(void **state)
{
    (void)state;
    start_log(BE_LOG_INFO);
    bei_encoder_model_t *model = load_builtin(BE_EP_AUTO, 1);
    be_ep automatic = bei_encoder_model_ep(model);
    assert_true(automatic != BE_EP_AUTO);
    bei_encoder_model_destroy(model);
    /* QNN's libraries are on no test machine. */
    model = load_builtin(BE_EP_QNN, 1);
    if (bei_encoder_model_ep(model) == BE_EP_CPU) {
        assert_non_null(strstr(log_text, "2 the audio encoder does not run on QNN"));
        assert_non_null(strstr(log_text, "2 asked for QNN, the audio encoder runs on the CPU"));
    }
    bei_encoder_model_destroy(model);
    stop_log();
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    bei_encoder_model_t *model = NULL;
    assert_int_equal(create(BUILTIN, BE_EP_CPU, 0, &model), BE_ERR_INVALID_ARG);
    assert_int_equal(create(BUILTIN, (be_ep)77, 1, &model), BE_ERR_INVALID_ARG);
    assert_null(model);
    bei_encoder_model_destroy(NULL);
    bei_encoder_stream_destroy(NULL);
}

/* ------------------------------------------------- the built-in model */

static void check_ranges(const float coords[BEI_ENCODER_DIM])
{
    static const float LOW[] = {0, -1, 0, 0, 0, 0, 0, 0};
    float visemes = 0.0f;
    for (int i = 0; i < BEI_ENCODER_DIM; i++) {
        float low = i < BEI_COORD_VISEME ? LOW[i] : 0.0f;
        if (coords[i] < low - 1e-4f || coords[i] > 1.0001f)
            fail_msg("output %d is %g", i, (double)coords[i]);
        if (i >= BEI_COORD_VISEME)
            visemes += coords[i];
    }
    assert_float_equal(visemes, 1.0f, 1e-3f);
}

/* Fifty ticks of noise and silence into a stream; out: every output. */
static void play(bei_encoder_stream_t *stream,
                 float out[50][BEI_ENCODER_MAX_LOOKS][BEI_ENCODER_DIM])
{
    uint32_t seed = 7;
    float mel[BEI_ENCODER_MEL_FLOATS];
    for (int t = 0; t < 50; t++) {
        make_noise(mel, &seed);
        for (int i = 0; i < BEI_ENCODER_MEL_FLOATS && t % 20 < 8; i++)
            mel[i] = SILENCE;
        assert_int_equal(bei_encoder_stream_step(stream, mel, out[t]), BE_OK);
    }
}

static void the_builtin_model_keeps_its_ranges(void **state)
{
    (void)state;
    static float out[50][BEI_ENCODER_MAX_LOOKS][BEI_ENCODER_DIM];
    bei_encoder_model_t *model = load_builtin(BE_EP_CPU, 1);
    assert_int_equal(bei_encoder_model_ep(model), BE_EP_CPU);
    assert_int_equal(bei_encoder_model_lookahead(model), 1);
    assert_int_equal(bei_encoder_model_looks(model), BEI_ENCODER_MAX_LOOKS);
    bei_encoder_stream_t *stream = open_stream(model);
    play(stream, out);
    for (int t = 0; t < 50; t++)
        for (int look = 0; look < BEI_ENCODER_MAX_LOOKS; look++)
            check_ranges(out[t][look]);
    bei_encoder_stream_destroy(stream);
    bei_encoder_model_destroy(model);
}

/* The same input gives the same bits: after a reset, in another stream, in another model, with more
 * threads, and with another stream in between. */
static void the_builtin_model_is_deterministic(void **state)
{
    (void)state;
    static float first[50][BEI_ENCODER_MAX_LOOKS][BEI_ENCODER_DIM];
    static float again[50][BEI_ENCODER_MAX_LOOKS][BEI_ENCODER_DIM];
    float mel[BEI_ENCODER_MEL_FLOATS] = {0};
    float coords[BEI_ENCODER_MAX_LOOKS][BEI_ENCODER_DIM];
    bei_encoder_model_t *model = load_builtin(BE_EP_CPU, 1);
    bei_encoder_model_t *twin = load_builtin(BE_EP_CPU, 2);
    bei_encoder_stream_t *a = open_stream(model);
    bei_encoder_stream_t *b = open_stream(model);
    bei_encoder_stream_t *c = open_stream(twin);
    play(a, first);
    for (int t = 0; t < 7; t++)
        assert_int_equal(bei_encoder_stream_step(b, mel, coords), BE_OK);
    play(c, again);
    assert_memory_equal(first, again, sizeof first);
    bei_encoder_stream_reset(a);
    play(a, again);
    assert_memory_equal(first, again, sizeof first);
    bei_encoder_stream_reset(b);
    play(b, again);
    assert_memory_equal(first, again, sizeof first);
    bei_encoder_stream_destroy(a);
    bei_encoder_stream_destroy(b);
    bei_encoder_stream_destroy(c);
    bei_encoder_model_destroy(model);
    bei_encoder_model_destroy(twin);
}

struct player {
    bei_encoder_model_t *model;
    float out[50][BEI_ENCODER_MAX_LOOKS][BEI_ENCODER_DIM];
};

static void play_in_thread(void *user)
{
    struct player *player = user;
    bei_encoder_stream_t *stream = open_stream(player->model);
    play(stream, player->out);
    bei_encoder_stream_destroy(stream);
}

static void streams_of_one_model_run_together(void **state)
{
    (void)state;
    static struct player player[3];
    bei_thread_t thread[3];
    bei_encoder_model_t *model = load_builtin(BE_EP_CPU, 1);
    for (int i = 0; i < 3; i++) {
        player[i].model = model;
        assert_int_equal(bei_thread_start(&thread[i], play_in_thread, &player[i]), BE_OK);
    }
    for (int i = 0; i < 3; i++)
        bei_thread_join(thread[i]);
    for (int i = 1; i < 3; i++)
        assert_memory_equal(player[0].out, player[i].out, sizeof player[0].out);
    bei_encoder_model_destroy(model);
}

/* ------------------------------------------------- state, on the counting encoder */

/* One step: mel full of `value` must give sqrt(value + 12) + count. */
static void expect_step(bei_encoder_stream_t *stream, float value, float count)
{
    float mel[BEI_ENCODER_MEL_FLOATS];
    float coords[1][BEI_ENCODER_DIM];
    for (int i = 0; i < BEI_ENCODER_MEL_FLOATS; i++)
        mel[i] = value;
    assert_int_equal(bei_encoder_stream_step(stream, mel, coords), BE_OK);
    for (int i = 0; i < BEI_ENCODER_DIM; i++)
        assert_float_equal(coords[0][i], sqrtf(value + 12.0f) + count, 1e-5f);
}

static void state_counts_and_is_reset(void **state)
{
    (void)state;
    bei_encoder_model_t *model = load("good");
    assert_int_equal(bei_encoder_model_lookahead(model), 3);
    assert_int_equal(bei_encoder_model_looks(model), 1);
    bei_encoder_stream_t *stream = open_stream(model);
    for (int t = 0; t < 5; t++)
        expect_step(stream, -3.0f, (float)t);
    bei_encoder_stream_reset(stream);
    expect_step(stream, 4.0f, 0.0f);
    expect_step(stream, -8.0f, 1.0f);
    bei_encoder_stream_destroy(stream);
    bei_encoder_model_destroy(model);
}

static void a_failed_step_leaves_everything(void **state)
{
    (void)state;
    bei_encoder_model_t *model = load("good");
    bei_encoder_stream_t *stream = open_stream(model);
    float mel[BEI_ENCODER_MEL_FLOATS];
    float coords[1][BEI_ENCODER_DIM];
    float before[1][BEI_ENCODER_DIM];
    for (int i = 0; i < BEI_ENCODER_DIM; i++)
        before[0][i] = coords[0][i] = (float)i;
    for (int i = 0; i < BEI_ENCODER_MEL_FLOATS; i++)
        mel[i] = -13.0f;
    expect_step(stream, 0.0f, 0.0f);
    expect_step(stream, 0.0f, 1.0f);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bei_encoder_stream_step(stream, mel, coords), BE_ERR_INFERENCE_FAILED);
        assert_memory_equal(coords, before, sizeof coords);
        expect_sentence("not a number");
    }
    expect_step(stream, 0.0f, 2.0f);
    bei_encoder_stream_destroy(stream);
    bei_encoder_model_destroy(model);
}

static void a_constant_encoder_is_an_encoder(void **state)
{
    (void)state;
    bei_encoder_model_t *model = load("constant");
    bei_encoder_stream_t *stream = open_stream(model);
    float mel[BEI_ENCODER_MEL_FLOATS] = {0};
    float coords[1][BEI_ENCODER_DIM];
    for (int t = 0; t < 3; t++) {
        assert_int_equal(bei_encoder_stream_step(stream, mel, coords), BE_OK);
        for (int i = 0; i < BEI_ENCODER_DIM; i++)
            assert_float_equal(coords[0][i], (float)i, 0.0f);
    }
    bei_encoder_stream_destroy(stream);
    bei_encoder_model_destroy(model);
}

static void all_looks_are_given(void **state)
{
    (void)state;
    bei_encoder_model_t *model = load("looks");
    assert_int_equal(bei_encoder_model_looks(model), 3);
    bei_encoder_stream_t *stream = open_stream(model);
    float mel[BEI_ENCODER_MEL_FLOATS] = {0};
    float coords[3][BEI_ENCODER_DIM] = {{0}};
    assert_int_equal(bei_encoder_stream_step(stream, mel, coords), BE_OK);
    for (int look = 0; look < 3; look++)
        for (int i = 0; i < BEI_ENCODER_DIM; i++)
            assert_float_equal(coords[look][i], 0.25f * (float)(look + 1), 0.0f);
    bei_encoder_stream_destroy(stream);
    bei_encoder_model_destroy(model);
}

/* ------------------------------------------------- hostile models */

static void expect_refused(const char *what, bei_span_t span, const char *part)
{
    bei_encoder_model_t *model = NULL;
    be_status status = create(span, BE_EP_CPU, 1, &model);
    if (status != BE_ERR_MODEL_LOAD_FAILED)
        fail_msg("%s gives status %d", what, (int)status);
    assert_null(model);
    expect_sentence(part);
}

static void hostile_models_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *part;
    } CASES[] = {
        {"bad_truncated", "ONNX Runtime refuses"},
        {"bad_no_metadata", "no metadata 'be.encoder'"},
        {"bad_version", "'be.encoder' is '2'"},
        {"bad_lookahead", "'be.lookahead_ticks' is '9'"},
        {"bad_lookahead_text", "'be.lookahead_ticks' is '1x'"},
        {"bad_outputs", "'be.outputs' is 'openness'"},
        {"bad_mel_shape", "'mel' has 80 in dimension 2, not 40"},
        {"bad_mel_rank", "'mel' has 4 dimensions, not 3"},
        {"bad_mel_free", "'mel' has -1 in dimension 1, not 4"},
        {"bad_state_free", "takes a state of -1 floats"},
        {"bad_state_size", "takes a state of 65537 floats"},
        {"bad_state_zero", "audio encoder"},
        {"bad_state_differs", "takes a state of 1 floats and gives 23"},
        {"bad_coords_type", "'coords' is not float32"},
        {"bad_looks", "'coords' has 115 in dimension 1, not 23 for each of 1 .. 4 looks"},
        {"bad_half_look", "'coords' has 34 in dimension 1"},
        {"bad_no_look", "'coords' has 0 in dimension 1"},
        {"bad_coords_wide", "audio encoder"},
        {"bad_lying_shape", "audio encoder"},
        {"bad_names", "no output 'state_out'"},
        {"bad_third_input", "3 inputs, not 2"},
        {"bad_external", "weights in another file"},
        {"bad_nan", "not a number"},
        {"bad_operator", "ONNX Runtime refuses"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        expect_refused(CASES[i].name, read_encoder(CASES[i].name), CASES[i].part);
}

static void garbage_is_refused(void **state)
{
    (void)state;
    static uint8_t bytes[4096];
    uint32_t seed = 3;
    for (size_t i = 0; i < sizeof bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    expect_refused("noise", (bei_span_t){bytes, sizeof bytes}, "ONNX Runtime refuses");
    expect_refused("one byte", (bei_span_t){bytes, 1}, "audio encoder");
    memset(bytes, 0, sizeof bytes);
    expect_refused("zeros", (bei_span_t){bytes, sizeof bytes}, "audio encoder");
    static const uint8_t MARK[] = {'O', 'R', 'T', 'M'}; /* of ONNX Runtime's own format */
    memcpy(bytes + 4, MARK, sizeof MARK);
    expect_refused("flatbuffer", (bei_span_t){bytes, sizeof bytes}, "ONNX Runtime refuses");
}

/* Every byte of a good model, damaged: an error or a working model, never a crash. */
static void damaged_models_do_no_harm(void **state)
{
    (void)state;
    bei_span_t span = read_encoder("good");
    for (size_t i = 0; i < span.size; i += 3) {
        const uint8_t flip = (uint8_t)(1u << (i % 8));
        file_bytes[i] ^= flip;
        bei_encoder_model_t *model = NULL;
        be_status status = create(span, BE_EP_CPU, 1, &model);
        assert_true(status == BE_OK || status == BE_ERR_MODEL_LOAD_FAILED);
        bei_encoder_model_destroy(model);
        file_bytes[i] ^= flip;
    }
}

/* ------------------------------------------------- after everything */

#ifdef __linux__
static int threads_at_start;

static int count_threads(void)
{
    int threads = 0;
    DIR *folder = opendir("/proc/self/task");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        threads += entry->d_name[0] != '.';
    closedir(folder);
    return threads;
}

/* A thread that was waited for is listed for a moment longer. */
static void expect_threads(int expected)
{
    for (int i = 0; i < 1000 && count_threads() != expected; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_int_equal(count_threads(), expected);
}

/* A session of three threads has two of its own. */
static void models_of_the_same_bytes_share_a_session(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int threads; /* more than at first */
    } LOADED[] = {{"good", 2}, {"good", 2}, {"constant", 4}, {"good", 4}, {"constant", 4}};
    bei_encoder_model_t *model[5] = {NULL};
    const int before = count_threads();
    for (int i = 0; i < 5; i++) {
        assert_int_equal(create(read_encoder(LOADED[i].name), BE_EP_CPU, 3, &model[i]), BE_OK);
        memset(file_bytes, 0, sizeof file_bytes); /* others are not found by what is no more */
        expect_threads(before + LOADED[i].threads);
    }
    for (int i = 0; i < 3; i++)
        bei_encoder_model_destroy(model[i]);
    expect_threads(before + 4);
    bei_encoder_stream_t *stream = open_stream(model[3]);
    expect_step(stream, 4.0f, 0.0f);
    bei_encoder_stream_destroy(stream);
    bei_encoder_model_destroy(model[3]);
    expect_threads(before + 2);
    bei_encoder_model_destroy(model[4]);
    expect_threads(before);
}

/* Of the same size, and yet another model. */
static void one_byte_makes_another_model(void **state)
{
    (void)state;
    static const char KEY[] = "be.lookahead_ticks"; /* its value, "3", comes two bytes behind it */
    bei_encoder_model_t *model = load("good");
    bei_encoder_model_t *other = NULL;
    bei_span_t span = read_encoder("good");
    size_t at = 0;
    while (memcmp(file_bytes + at, KEY, sizeof KEY - 1) != 0)
        assert_true(++at + sizeof KEY < span.size);
    assert_int_equal(file_bytes[at + sizeof KEY + 1], '3');
    file_bytes[at + sizeof KEY + 1] = '2';
    assert_int_equal(create(span, BE_EP_CPU, 1, &other), BE_OK);
    assert_int_equal(bei_encoder_model_lookahead(model), 3);
    assert_int_equal(bei_encoder_model_looks(model), 1);
    assert_int_equal(bei_encoder_model_lookahead(other), 2);
    bei_encoder_model_destroy(model);
    bei_encoder_model_destroy(other);
}

static void do_nothing(void *user)
{
    (void)user;
}

/* Before ONNX Runtime. A sanitizer may have a thread of its own once the first one is made. */
static void count_threads_at_start(void)
{
    bei_thread_t thread;
    if (bei_thread_start(&thread, do_nothing, NULL) == BE_OK)
        bei_thread_join(thread);
    threads_at_start = count_threads();
}

/* ONNX Runtime sends telemetry from a thread of its own unless it was told not to. */
static void no_thread_and_no_socket_is_left(void **state)
{
    (void)state;
    expect_threads(threads_at_start);
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[300];
        char target[256] = {0};
        snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
        if (readlink(path, target, sizeof target - 1) > 0 && strtol(entry->d_name, NULL, 10) > 2)
            assert_int_not_equal(strncmp(target, "socket:", 7), 0);
    }
    closedir(folder);
}
#endif

int main(void)
{
#ifdef __linux__
    /* Both make ONNX Runtime keep its telemetry off by itself. */
    unsetenv("CI");
    unsetenv("GITHUB_ACTIONS");
    count_threads_at_start();
#endif
    setenv("BITHUMAN_ENCODER", "onnxruntime", 1); /* most of this is about it */
    const struct CMUnitTest finding[] = {
        cmocka_unit_test(the_cpu_needs_no_library),
        cmocka_unit_test(a_missing_library_is_explained),
#ifdef __linux__
        cmocka_unit_test(another_library_is_refused),
#endif
        cmocka_unit_test(a_long_path_is_refused),
        cmocka_unit_test(threads_may_load_together),
    };
    const struct CMUnitTest running[] = {
        cmocka_unit_test(the_library_cannot_change_any_more),
        cmocka_unit_test(what_was_asked_for_is_reported),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(the_builtin_model_keeps_its_ranges),
        cmocka_unit_test(the_builtin_model_is_deterministic),
        cmocka_unit_test(streams_of_one_model_run_together),
        cmocka_unit_test(state_counts_and_is_reset),
        cmocka_unit_test(a_failed_step_leaves_everything),
        cmocka_unit_test(a_constant_encoder_is_an_encoder),
        cmocka_unit_test(all_looks_are_given),
        cmocka_unit_test(hostile_models_are_refused),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(damaged_models_do_no_harm),
#ifdef __linux__
        cmocka_unit_test(one_byte_makes_another_model),
        cmocka_unit_test(models_of_the_same_bytes_share_a_session),
        cmocka_unit_test(no_thread_and_no_socket_is_left),
#endif
    };
    /* Without ONNX Runtime nothing else can pass, and one sentence says it best. */
    int failed = cmocka_run_group_tests(finding, NULL, NULL);
    return failed ? failed : cmocka_run_group_tests(running, NULL, NULL);
}
