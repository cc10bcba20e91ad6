#include "fake_ort.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_ort_parts.h"

struct OrtStatus {
    char text[256];
};

struct OrtEnv {
    OrtLoggingFunction log;
    void *user;
};

struct OrtMemoryInfo {
    int unused;
};

struct OrtSessionOptions {
    int provider;
    int threads;
};

static const struct {
    const char *name, *variable;
} PROVIDERS[FAKE_PROVIDERS] = {
    [FAKE_CPU] = {"CPU", "FAKE_ORT_CPU"},
    [FAKE_COREML] = {"CoreML", "FAKE_ORT_COREML"},
    [FAKE_NNAPI] = {"NNAPI", "FAKE_ORT_NNAPI"},
    [FAKE_QNN] = {"QNN", "FAKE_ORT_QNN"},
};

atomic_int fake_live;
atomic_int fake_runs;
static atomic_int sessions;
static atomic_int threads;
static atomic_int by_symbol;
static atomic_int api_version;
static atomic_int telemetry_calls;
static char telemetry[16];
static int telemetry_set;

/* Runs when the library is opened. */
__attribute__((constructor)) static void look_around(void)
{
    const char *value = getenv("ORT_DISABLE_TELEMETRY");
    telemetry_set = value != NULL;
    snprintf(telemetry, sizeof telemetry, "%s", value ? value : "");
}

void fake_ort_look(fake_ort_seen_t *out)
{
    *out = (fake_ort_seen_t){
        .live = fake_live,
        .sessions = sessions,
        .runs = fake_runs,
        .threads = threads,
        .by_symbol = by_symbol,
        .api = api_version,
        .telemetry_calls = telemetry_calls,
        .telemetry = telemetry_set ? telemetry : NULL,
    };
}

/* ------------------------------------------------- objects and faults */

void *fake_new(size_t size)
{
    void *object = calloc(1, size);
    if (!object)
        abort();
    fake_live++;
    return object;
}

void fake_drop(void *object)
{
    if (object)
        fake_live--;
    free(object);
}

OrtStatus *fake_fail(const char *message)
{
    OrtStatus *status = fake_new(sizeof *status);
    snprintf(status->text, sizeof status->text, "%s", message);
    return status;
}

const char *fake_fault(int provider, const char *stage)
{
    const char *told = getenv(PROVIDERS[provider].variable);
    if (!told)
        told = provider == FAKE_CPU ? "works" : "append: there is no such provider here";
    const size_t length = strlen(stage);
    if (strncmp(told, stage, length) != 0)
        return NULL;
    if (told[length] == '\0')
        return told;
    return told[length] == ':' ? told + length + 2 : NULL;
}

static const char *ORT_API_CALL get_error_message(const OrtStatus *status)
{
    return status->text;
}

static void ORT_API_CALL release_status(OrtStatus *status)
{
    fake_drop(status);
}

/* ------------------------------------------------- the environment */

static OrtStatus *ORT_API_CALL create_env(OrtLoggingFunction log, void *user, OrtLoggingLevel level,
                                          const char *id, OrtEnv **out)
{
    (void)level;
    (void)id;
    const char *fault = getenv("FAKE_ORT_ENV");
    if (fault)
        return fake_fail(fault);
    *out = fake_new(sizeof **out);
    (*out)->log = log;
    (*out)->user = user;
    return NULL;
}

static void ORT_API_CALL release_env(OrtEnv *env)
{
    fake_drop(env);
}

static OrtStatus *ORT_API_CALL disable_telemetry(const OrtEnv *env)
{
    (void)env;
    telemetry_calls++;
    return NULL;
}

static OrtStatus *ORT_API_CALL create_memory_info(enum OrtAllocatorType type, enum OrtMemType kind,
                                                  OrtMemoryInfo **out)
{
    (void)type;
    (void)kind;
    *out = fake_new(sizeof **out);
    return NULL;
}

/* ------------------------------------------------- options */

static OrtStatus *ORT_API_CALL create_options(OrtSessionOptions **out)
{
    *out = fake_new(sizeof **out);
    return NULL;
}

static void ORT_API_CALL release_options(OrtSessionOptions *options)
{
    fake_drop(options);
}

static OrtStatus *ORT_API_CALL set_threads(OrtSessionOptions *options, int n)
{
    options->threads = n;
    return NULL;
}

static OrtStatus *ORT_API_CALL set_inter_threads(OrtSessionOptions *options, int n)
{
    (void)options;
    return n == 1 ? NULL : fake_fail("more than one node at a time");
}

static OrtStatus *ORT_API_CALL set_mode(OrtSessionOptions *options, ExecutionMode mode)
{
    (void)options;
    return mode == ORT_SEQUENTIAL ? NULL : fake_fail("an unknown mode");
}

static OrtStatus *ORT_API_CALL set_level(OrtSessionOptions *options, GraphOptimizationLevel level)
{
    (void)options;
    return level == ORT_ENABLE_ALL ? NULL : fake_fail("an unknown level");
}

static OrtStatus *ORT_API_CALL disable_arena(OrtSessionOptions *options)
{
    (void)options;
    return NULL;
}

static OrtStatus *ORT_API_CALL add_entry(OrtSessionOptions *options, const char *key,
                                         const char *value)
{
    (void)options;
    return *key && *value ? NULL : fake_fail("an empty entry");
}

static OrtStatus *append(OrtSessionOptions *options, int provider)
{
    const char *fault = fake_fault(provider, "append");
    if (fault)
        return fake_fail(fault);
    options->provider = provider;
    return NULL;
}

static OrtStatus *ORT_API_CALL append_by_name(OrtSessionOptions *options, const char *name,
                                              const char *const *keys, const char *const *values,
                                              size_t count)
{
    (void)keys;
    (void)values;
    (void)count;
    for (int i = FAKE_COREML; i < FAKE_PROVIDERS; i++)
        if (strcmp(PROVIDERS[i].name, name) == 0)
            return append(options, i);
    return fake_fail("an unknown name of a provider");
}

/* The exported functions of the providers that older releases know by these alone. */
OrtStatus *ORT_API_CALL OrtSessionOptionsAppendExecutionProvider_CoreML(OrtSessionOptions *options,
                                                                        uint32_t flags);
OrtStatus *ORT_API_CALL OrtSessionOptionsAppendExecutionProvider_Nnapi(OrtSessionOptions *options,
                                                                       uint32_t flags);

OrtStatus *ORT_API_CALL OrtSessionOptionsAppendExecutionProvider_CoreML(OrtSessionOptions *options,
                                                                        uint32_t flags)
{
    (void)flags;
    by_symbol++;
    return append(options, FAKE_COREML);
}

OrtStatus *ORT_API_CALL OrtSessionOptionsAppendExecutionProvider_Nnapi(OrtSessionOptions *options,
                                                                       uint32_t flags)
{
    (void)flags;
    by_symbol++;
    return append(options, FAKE_NNAPI);
}

/* ------------------------------------------------- sessions */

static OrtStatus *ORT_API_CALL create_session(const OrtEnv *env, const void *model, size_t size,
                                              const OrtSessionOptions *options, OrtSession **out)
{
    const char *fault = fake_fault(options->provider, "session");
    const char *warning = getenv("FAKE_ORT_LOG");
    if (!model || size == 0)
        return fake_fail("no model");
    if (warning)
        env->log(env->user, ORT_LOGGING_LEVEL_WARNING, "onnxruntime", "fake", "fake_ort.c",
                 warning);
    if (fault)
        return fake_fail(fault);
    *out = fake_new(sizeof **out);
    (*out)->provider = options->provider;
    threads = options->threads;
    sessions++;
    return NULL;
}

static void ORT_API_CALL release_session(OrtSession *session)
{
    fake_drop(session);
}

/* ------------------------------------------------- the door */

static const char *ORT_API_CALL get_version(void)
{
    const char *version = getenv("FAKE_ORT_VERSION");
    return version ? version : "1.23.0";
}

/* What the engine does not use stays NULL: calling it would be found at once. */
static const OrtApi *ORT_API_CALL get_api(uint32_t version)
{
    static OrtApi api;
    const char *dot = strchr(get_version(), '.');
    api_version = (int)version;
    if (getenv("FAKE_ORT_TABLE") || !dot || version > strtoul(dot + 1, NULL, 10))
        return NULL;
    api.GetErrorMessage = get_error_message;
    api.ReleaseStatus = release_status;
    api.CreateEnvWithCustomLogger = create_env;
    api.ReleaseEnv = release_env;
    api.DisableTelemetryEvents = disable_telemetry;
    api.CreateCpuMemoryInfo = create_memory_info;
    api.CreateSessionOptions = create_options;
    api.ReleaseSessionOptions = release_options;
    api.SetIntraOpNumThreads = set_threads;
    api.SetInterOpNumThreads = set_inter_threads;
    api.SetSessionExecutionMode = set_mode;
    api.SetSessionGraphOptimizationLevel = set_level;
    api.DisableCpuMemArena = disable_arena;
    api.AddSessionConfigEntry = add_entry;
    api.SessionOptionsAppendExecutionProvider = append_by_name;
    api.CreateSessionFromArray = create_session;
    api.ReleaseSession = release_session;
    fake_fill_model(&api);
    return &api;
}

const OrtApiBase *ORT_API_CALL OrtGetApiBase(void)
{
    static const OrtApiBase base = {get_api, get_version};
    return &base;
}
