/* Execution providers, and an ONNX Runtime that fails, through the public API: which provider runs,
 * what is said about it, and what a failure leaves behind. ONNX Runtime is tests/fakes/fake_ort.c.
 *
 * A process loads ONNX Runtime once, so every test has a process of its own: without arguments the
 * program runs itself once for each test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "essence.h"
#include "fakes/fake_ort.h"

enum { FRAME_BYTES = 512 * 512 * 3, TICK = 640 };

static char log_text[8192];

static void keep_log(be_log_level level, const char *message, void *user)
{
    (void)user;
    size_t used = strlen(log_text);
    snprintf(log_text + used, sizeof log_text - used, "%d %s\n", (int)level, message);
}

static void expect_in(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' does not say '%s'", text, part);
}

static void expect_sentence(const char *part)
{
    expect_in(be_last_error_message(), part);
    assert_null(strpbrk(be_last_error_message(), "\r\n"));
}

static void set(const char *name, const char *value)
{
    if (value)
        assert_int_equal(setenv(name, value, 1), 0);
    else
        assert_int_equal(unsetenv(name), 0);
}

/* What the stand-in has seen; it is open already. */
static fake_ort_seen_t seen(void)
{
    void *library = dlopen(FAKE_ORT, RTLD_NOW | RTLD_NOLOAD);
    assert_non_null(library);
    fake_ort_look_fn *look = NULL;
    *(void **)&look = dlsym(library, "fake_ort_look");
    assert_non_null(look);
    fake_ort_seen_t result;
    look(&result);
    dlclose(library);
    return result;
}

/* All that the engine keeps when no avatar is loaded: the environment and a description of memory. */
static void expect_nothing_left(void)
{
    assert_int_equal(seen().live, 2);
}

static be_status open_with(be_ep ep, uint32_t flags, uint32_t threads, be_fixture_t **out)
{
    const be_fixture_source_t source = {
        .struct_size = sizeof source,
        .flags = flags,
        .path = ESSENCE_TEST_DATA "/data/tiny.imx",
        .preferred_ep = ep,
        .intra_op_threads = threads,
    };
    return be_fixture_open(&source, out);
}

static be_fixture_t *load(be_ep ep, uint32_t flags)
{
    be_fixture_t *fixture = NULL;
    if (open_with(ep, flags, 1, &fixture) != BE_OK)
        fail_msg("%s", be_last_error_message());
    return fixture;
}

static be_provider_report_t report_of(const be_fixture_t *fixture)
{
    be_provider_report_t report = {.struct_size = sizeof report};
    assert_int_equal(be_fixture_get_provider(fixture, &report), BE_OK);
    return report;
}

/* Loads, and compares with what must be reported. */
static void expect_report(be_ep asked, be_ep active, const char *reason)
{
    be_fixture_t *fixture = load(asked, 0);
    be_provider_report_t report = report_of(fixture);
    be_fixture_info_t info;
    assert_int_equal(be_fixture_get_info(fixture, &info), BE_OK);
    assert_int_equal(info.active_ep, active);
    assert_int_equal(report.asked, asked);
    assert_int_equal(report.active, active);
    assert_string_equal(report.reason, reason);
    assert_string_equal(be_last_error_message(), "");
    be_fixture_release(fixture);
    expect_nothing_left();
}

/* ------------------------------------------------- which provider */

static void automatic_takes_the_first_that_works(void **state)
{
    (void)state;
    set("FAKE_ORT_QNN", "works");
    expect_report(BE_EP_AUTO, BE_EP_QNN,
                  "CoreML: no CoreML: there is no such provider here; "
                  "NNAPI: no NNAPI: there is no such provider here");
    set("FAKE_ORT_NNAPI", "works");
    set("FAKE_ORT_COREML", "append: the chip sleeps\nsecond line");
    expect_report(BE_EP_AUTO, BE_EP_NNAPI, "CoreML: no CoreML: the chip sleeps");
    set("FAKE_ORT_COREML", "works");
    expect_report(BE_EP_AUTO, BE_EP_COREML, "");
}

static void automatic_ends_with_the_cpu(void **state)
{
    (void)state;
    set("FAKE_ORT_COREML", "session: an operator is missing");
    set("FAKE_ORT_NNAPI", "run: the driver is gone");
    set("FAKE_ORT_QNN", "nan");
    be_set_log_callback(keep_log, NULL, BE_LOG_INFO);
    be_fixture_t *fixture = load(BE_EP_AUTO, 0);
    be_provider_report_t report = report_of(fixture);
    assert_int_equal(report.active, BE_EP_CPU);
    const char *first = strstr(report.reason, "CoreML: ");
    const char *second = strstr(report.reason, "; NNAPI: ");
    const char *third = strstr(report.reason, "; QNN: ");
    assert_true(first == report.reason && first < second && second < third);
    expect_in(first, "an operator is missing");
    expect_in(second, "the driver is gone");
    expect_in(third, "not a number");
    assert_string_equal(report.runtime, "ONNX Runtime 1.23.0");
    /* Nobody has asked for any of them: no warning. */
    assert_null(strstr(log_text, "2 the audio encoder"));
    expect_in(log_text, "3 the audio encoder does not run on QNN");
    be_fixture_release(fixture);
    expect_nothing_left();
}

static void strict_automatic_may_take_the_cpu(void **state)
{
    (void)state;
    be_fixture_t *fixture = load(BE_EP_AUTO, BE_FIXTURE_STRICT_EP);
    assert_int_equal(report_of(fixture).active, BE_EP_CPU);
    be_fixture_release(fixture);
    fixture = load(BE_EP_CPU, BE_FIXTURE_STRICT_EP);
    assert_int_equal(report_of(fixture).active, BE_EP_CPU);
    assert_string_equal(report_of(fixture).reason, "");
    be_fixture_release(fixture);
}

static void a_named_one_falls_back_and_says_so(void **state)
{
    (void)state;
    be_set_log_callback(keep_log, NULL, BE_LOG_WARN);
    expect_report(BE_EP_QNN, BE_EP_CPU, "QNN: no QNN: there is no such provider here");
    expect_in(log_text, "2 the audio encoder does not run on QNN");
    expect_in(log_text, "2 asked for QNN, the audio encoder runs on the CPU");
    /* Others are not tried in its place. */
    set("FAKE_ORT_COREML", "works");
    set("FAKE_ORT_NNAPI", "run: out of order");
    expect_report(BE_EP_NNAPI, BE_EP_CPU, "NNAPI: the audio encoder failed: out of order");
    expect_report(BE_EP_COREML, BE_EP_COREML, "");
    expect_report(BE_EP_CPU, BE_EP_CPU, "");
}

/* As a program of ABI 6 sees it. */
static void callers_of_v6_see_the_fall_back(void **state)
{
    (void)state;
    const be_fixture_options_t options = {.abi_version = 6, .preferred_ep = BE_EP_COREML};
    be_fixture_t *fixture = NULL;
    be_fixture_info_t info;
    assert_int_equal(be_fixture_load(ESSENCE_TEST_DATA "/data/tiny.imx", &options, &fixture),
                     BE_OK);
    assert_int_equal(be_fixture_get_info(fixture, &info), BE_OK);
    assert_int_equal(info.active_ep, BE_EP_CPU);
    be_fixture_release(fixture);
}

static void a_strict_one_is_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *told, *part;
    } FAULTS[] = {
        {NULL, "there is no such provider here"},
        {"append: the chip sleeps", "the chip sleeps"},
        {"session: an operator is missing", "an operator is missing"},
        {"run: the driver is gone", "the driver is gone"},
        {"nan state", "not a number"},
    };
    for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        set("FAKE_ORT_QNN", FAULTS[i].told);
        be_fixture_t *fixture = NULL;
        assert_int_equal(open_with(BE_EP_QNN, BE_FIXTURE_STRICT_EP, 1, &fixture),
                         BE_ERR_MODEL_LOAD_FAILED);
        assert_null(fixture);
        expect_sentence("QNN");
        expect_sentence(FAULTS[i].part);
        expect_nothing_left();
    }
    set("FAKE_ORT_QNN", "works");
    be_fixture_t *fixture = load(BE_EP_QNN, BE_FIXTURE_STRICT_EP);
    assert_int_equal(report_of(fixture).active, BE_EP_QNN);
    be_fixture_release(fixture);
    expect_nothing_left();
}

static void the_cpu_fails_too(void **state)
{
    (void)state;
    be_fixture_t *fixture = NULL;
    set("FAKE_ORT_CPU", "session: no room\nat all");
    assert_int_equal(open_with(BE_EP_AUTO, 0, 1, &fixture), BE_ERR_MODEL_LOAD_FAILED);
    expect_sentence("refuses the audio encoder: no room");
    assert_null(fixture);
    expect_nothing_left();
    set("FAKE_ORT_CPU", NULL);
    be_fixture_release(load(BE_EP_AUTO, 0));
}

/* CoreML is known by its name since 1.22, by an exported function before. */
static void older_releases_know_coreml_by_its_function(void **state)
{
    (void)state;
    set("FAKE_ORT_VERSION", "1.21.1");
    set("FAKE_ORT_COREML", "works");
    expect_report(BE_EP_COREML, BE_EP_COREML, "");
    assert_int_equal(seen().by_symbol, 1);
}

static void newer_releases_know_coreml_by_its_name(void **state)
{
    (void)state;
    set("FAKE_ORT_VERSION", "1.22.0");
    set("FAKE_ORT_COREML", "works");
    expect_report(BE_EP_COREML, BE_EP_COREML, "");
    assert_int_equal(seen().by_symbol, 0);
}

/* ------------------------------------------------- without it */

static void the_cpu_does_not_open_the_library(void **state)
{
    (void)state;
    unsetenv("BITHUMAN_ENCODER");
    be_fixture_t *fixture = load(BE_EP_CPU, BE_FIXTURE_STRICT_EP);
    assert_string_equal(report_of(fixture).runtime, "built in");
    assert_string_equal(report_of(fixture).reason, "");
    assert_null(dlopen(FAKE_ORT, RTLD_NOW | RTLD_NOLOAD));
    be_fixture_release(fixture);
}

static void without_a_library_no_provider_is_asked(void **state)
{
    (void)state;
    unsetenv("BITHUMAN_ENCODER");
    assert_int_equal(be_set_onnxruntime_library("/nonexistent/libonnxruntime.so"), BE_OK);
    be_fixture_t *fixture = load(BE_EP_AUTO, 0);
    const be_provider_report_t automatic = report_of(fixture);
    assert_int_equal(automatic.active, BE_EP_CPU);
    assert_string_equal(automatic.runtime, "built in");
    /* Once, not for each provider. */
    const char *found = strstr(automatic.reason, "/nonexistent/libonnxruntime.so");
    assert_true(found && !strstr(found + 1, "cannot be loaded"));
    be_fixture_release(fixture);

    fixture = load(BE_EP_QNN, 0);
    assert_int_equal(report_of(fixture).active, BE_EP_CPU);
    expect_in(report_of(fixture).reason, "QNN: ONNX Runtime cannot be loaded");
    be_fixture_release(fixture);

    fixture = NULL;
    assert_int_equal(open_with(BE_EP_QNN, BE_FIXTURE_STRICT_EP, 1, &fixture),
                     BE_ERR_MODEL_LOAD_FAILED);
    expect_sentence("QNN: ONNX Runtime cannot be loaded from '/nonexistent/libonnxruntime.so'");
    assert_null(fixture);
}

/* ------------------------------------------------- one session for all */

static void avatars_share_a_session(void **state)
{
    (void)state;
    be_fixture_t *fixture[22] = {NULL};
    for (int i = 0; i < 20; i++)
        fixture[i] = load(i % 2 ? BE_EP_CPU : BE_EP_AUTO, 0);
    assert_int_equal(seen().sessions, 1);
    /* Another number of threads or another provider is another session. */
    assert_int_equal(open_with(BE_EP_CPU, 0, 3, &fixture[20]), BE_OK);
    assert_int_equal(seen().threads, 3);
    set("FAKE_ORT_QNN", "works");
    fixture[21] = load(BE_EP_QNN, 0);
    assert_int_equal(report_of(fixture[21]).active, BE_EP_QNN);
    assert_int_equal(seen().sessions, 3);
    for (int i = 0; i < 22; i++)
        be_fixture_release(fixture[i]);
    expect_nothing_left();
    be_fixture_release(load(BE_EP_CPU, 0));
    assert_int_equal(seen().sessions, 4);
}

/* A session may have threads, and a child has none of its parent's. */
static void a_child_has_a_session_of_its_own(void **state)
{
    (void)state;
#if defined(__SANITIZE_THREAD__) /* which lets no child of a fork start a thread, nor decode so */
    skip();
#endif
    be_fixture_t *fixture = load(BE_EP_CPU, 0);
    pid_t child = fork();
    if (child == 0) {
        be_fixture_t *own = NULL;
        be_fixture_release(fixture); /* not the child's: nothing happens */
        _exit(open_with(BE_EP_CPU, 0, 1, &own) == BE_OK && seen().sessions == 2 ? 0 : 1);
    }
    int code = 0;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code) && WEXITSTATUS(code) == 0);
    be_fixture_release(fixture);
    expect_nothing_left();
}

/* ------------------------------------------------- versions */

static void expect_version_refused(const char *version)
{
    be_fixture_t *fixture = NULL;
    set("FAKE_ORT_VERSION", version);
    assert_int_equal(open_with(BE_EP_CPU, 0, 1, &fixture), BE_ERR_MODEL_LOAD_FAILED);
    expect_sentence(version);
    expect_sentence("1.16 or a later 1.x is needed");
    expect_sentence("pip install onnxruntime");
}

/* A later call tries again, with what is there then. */
static void other_versions_are_refused(void **state)
{
    (void)state;
    expect_version_refused("1.15.1");
    expect_version_refused("2.0.0");
    expect_version_refused("0.99.0");
    expect_version_refused("nonsense");
    set("FAKE_ORT_VERSION", "1.16.0");
    be_fixture_t *fixture = load(BE_EP_CPU, 0);
    assert_string_equal(report_of(fixture).runtime, "ONNX Runtime 1.16.0");
    assert_int_equal(seen().api, 16);
    be_fixture_release(fixture);
    expect_nothing_left();
}

/* Never a table that the engine's header does not know. */
static void a_later_version_will_do(void **state)
{
    (void)state;
    set("FAKE_ORT_VERSION", "1.99.7");
    be_fixture_t *fixture = load(BE_EP_CPU, 0);
    assert_string_equal(report_of(fixture).runtime, "ONNX Runtime 1.99.7");
    assert_in_range(seen().api, 16, 98);
    be_fixture_release(fixture);
}

static void a_library_that_does_not_start_is_explained(void **state)
{
    (void)state;
    be_fixture_t *fixture = NULL;
    set("FAKE_ORT_TABLE", "none");
    assert_int_equal(open_with(BE_EP_CPU, 0, 1, &fixture), BE_ERR_MODEL_LOAD_FAILED);
    expect_sentence("gives no function table");
    set("FAKE_ORT_TABLE", NULL);
    set("FAKE_ORT_ENV", "out of luck\nand of lines");
    assert_int_equal(open_with(BE_EP_CPU, 0, 1, &fixture), BE_ERR_MODEL_LOAD_FAILED);
    expect_sentence("ONNX Runtime does not start: out of luck");
    assert_null(fixture);
    set("FAKE_ORT_ENV", NULL);
    be_fixture_release(load(BE_EP_CPU, 0));
    expect_nothing_left();
}

static void its_warnings_are_lines_of_our_log(void **state)
{
    (void)state;
    set("FAKE_ORT_LOG", "the graph is odd\nin many ways");
    be_set_log_callback(keep_log, NULL, BE_LOG_WARN);
    be_fixture_release(load(BE_EP_CPU, 0));
    assert_string_equal(log_text, "2 ONNX Runtime: the graph is odd\n");
}

/* ------------------------------------------------- telemetry */

static void telemetry_is_off_before_the_library_is_opened(void **state)
{
    (void)state;
    unsetenv("ORT_DISABLE_TELEMETRY");
    be_fixture_release(load(BE_EP_CPU, 0));
    assert_non_null(seen().telemetry);
    assert_string_equal(seen().telemetry, "1");
    assert_int_equal(seen().telemetry_calls, 1);
}

static void the_hosts_choice_about_telemetry_stands(void **state)
{
    (void)state;
    set("ORT_DISABLE_TELEMETRY", "0");
    be_fixture_release(load(BE_EP_CPU, 0));
    assert_string_equal(seen().telemetry, "0");
    assert_string_equal(getenv("ORT_DISABLE_TELEMETRY"), "0");
    assert_int_equal(seen().telemetry_calls, 0);
}

/* ------------------------------------------------- a run that fails */

enum { TICKS = 12 };

typedef struct shown {
    be_compose_result_t result[TICKS];
    float coords[TICKS][23];
} shown_t;

static uint8_t frame[FRAME_BYTES];

/* Tones that come and go, a second of them. */
static void push_speech(be_runtime_t *stream)
{
    static float pcm[TICK * (TICKS + 3)];
    for (int i = 0; i < (int)(sizeof pcm / sizeof *pcm); i++)
        pcm[i] = 0.6f * (float)(i % 97 - 48) / 48.0f * (float)(i / TICK % 4) / 3.0f;
    assert_int_equal(be_runtime_push_audio(stream, pcm, sizeof pcm / sizeof *pcm), BE_OK);
}

/* The next frame cannot be made, however often one asks, and nothing is used up by asking. */
static void expect_failure(be_runtime_t *stream, const char *told, const char *part)
{
    be_compose_result_t result = {.cluster_idx = 77};
    const size_t ready = be_runtime_ticks_available(stream);
    set("FAKE_ORT_CPU", told);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(be_runtime_pull_frame(stream, -1, frame, sizeof frame, &result),
                         BE_ERR_INFERENCE_FAILED);
        expect_sentence(part);
        assert_int_equal(result.cluster_idx, 77);
        assert_int_equal(be_runtime_ticks_available(stream), ready);
    }
    set("FAKE_ORT_CPU", NULL);
}

/* Pulls all; with `faults` every kind of fault comes between two frames. */
static void show(be_fixture_t *fixture, int faults, shown_t *out)
{
    static const char *const FAULTS[][2] = {
        {"run: a cosmic ray", "a cosmic ray"},
        {"nan", "not a number"},
        {"nan state", "not a number"},
    };
    be_runtime_t *stream = NULL;
    assert_int_equal(be_runtime_create(fixture, NULL, &stream), BE_OK);
    push_speech(stream);
    for (int t = 0; t < TICKS; t++) {
        if (faults)
            expect_failure(stream, FAULTS[t % 3][0], FAULTS[t % 3][1]);
        assert_int_equal(be_runtime_pull_frame(stream, -1, frame, sizeof frame, &out->result[t]),
                         BE_OK);
        assert_int_equal(be_runtime_capture(stream, BE_DIAG_ENCODER_LOGITS, out->coords[t],
                                            sizeof out->coords[t], NULL),
                         BE_OK);
    }
    be_runtime_destroy(stream);
}

static void a_failed_run_leaves_the_stream_as_it_was(void **state)
{
    (void)state;
    static shown_t undisturbed, disturbed;
    be_fixture_t *fixture = load(BE_EP_CPU, 0);
    show(fixture, 0, &undisturbed);
    show(fixture, 1, &disturbed);
    assert_memory_equal(&undisturbed, &disturbed, sizeof disturbed);
    /* The frames do differ from tick to tick, else nothing would have been compared. */
    for (int t = 1; t < TICKS; t++)
        assert_memory_not_equal(undisturbed.coords[t], undisturbed.coords[t - 1],
                                sizeof undisturbed.coords[t]);
    be_fixture_release(fixture);
    expect_nothing_left();
}

/* ------------------------------------------------- one process for each */

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(automatic_takes_the_first_that_works),
    cmocka_unit_test(automatic_ends_with_the_cpu),
    cmocka_unit_test(strict_automatic_may_take_the_cpu),
    cmocka_unit_test(a_named_one_falls_back_and_says_so),
    cmocka_unit_test(callers_of_v6_see_the_fall_back),
    cmocka_unit_test(a_strict_one_is_an_error),
    cmocka_unit_test(the_cpu_fails_too),
    cmocka_unit_test(older_releases_know_coreml_by_its_function),
    cmocka_unit_test(newer_releases_know_coreml_by_its_name),
    cmocka_unit_test(the_cpu_does_not_open_the_library),
    cmocka_unit_test(without_a_library_no_provider_is_asked),
    cmocka_unit_test(avatars_share_a_session),
    cmocka_unit_test(a_child_has_a_session_of_its_own),
    cmocka_unit_test(other_versions_are_refused),
    cmocka_unit_test(a_later_version_will_do),
    cmocka_unit_test(a_library_that_does_not_start_is_explained),
    cmocka_unit_test(its_warnings_are_lines_of_our_log),
    cmocka_unit_test(telemetry_is_off_before_the_library_is_opened),
    cmocka_unit_test(the_hosts_choice_about_telemetry_stands),
    cmocka_unit_test(a_failed_run_leaves_the_stream_as_it_was),
};

static int run_alone(const char *program, const char *name)
{
    int code = 1;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        execl(program, program, name, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &code, 0) != child || code != 0)
        fprintf(stderr, "test_providers: %s failed (wait status %d)\n", name, code);
    return code != 0;
}

int main(int count, char **arguments)
{
    setenv("BITHUMAN_ENCODER", "onnxruntime", 1); /* on the CPU too, where it is not needed */
    if (count > 1) {
        cmocka_set_test_filter(arguments[1]);
        if (be_set_onnxruntime_library(FAKE_ORT) != BE_OK)
            return 1;
        return cmocka_run_group_tests(TESTS, NULL, NULL);
    }
    int failed = 0;
    for (size_t i = 0; i < sizeof TESTS / sizeof *TESTS; i++)
        failed += run_alone(arguments[0], TESTS[i].name);
    return failed ? 1 : 0;
}
