#include "encoder/ort.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/error.h"
#include "base/log.h"
#include "base/thread.h"

enum { PATH_SIZE = 4096, REASON_SIZE = 256, LINE_SIZE = 400 };

static const char *const ADVICE =
    "install it (pip install onnxruntime) or set BITHUMAN_ORT_LIBRARY to its shared library";

/* Every platform's names: one of another platform costs a failed look-up. The last ones are those
 * of distributions without the plain link. */
static const char *const SYSTEM_NAMES[] = {
    "libonnxruntime.so.1",
    "libonnxruntime.so",
    "libonnxruntime.dylib",
    "onnxruntime.dll",
    "libonnxruntime.so.1.21",
    "libonnxruntime.so.1.23",
    "/opt/homebrew/lib/libonnxruntime.dylib",
};

static bei_mutex_t lock = BEI_MUTEX_INIT;
static char chosen[PATH_SIZE]; /* "" = none; once loaded, what was loaded */
static bei_ort_t loaded;       /* api is NULL until it is */
static bool telemetry_off;     /* by us: the host said nothing */

/* The first line of a text that may have several. */
static void first_line(char line[LINE_SIZE], const char *text)
{
    snprintf(line, LINE_SIZE, "%s", text ? text : "no reason given");
    line[strcspn(line, "\r\n")] = '\0';
}

static void ORT_API_CALL forward_log(void *user, OrtLoggingLevel severity, const char *category,
                                     const char *id, const char *where, const char *message)
{
    (void)user;
    (void)category;
    (void)id;
    (void)where;
    char line[LINE_SIZE];
    first_line(line, message);
    be_log_level level = severity >= ORT_LOGGING_LEVEL_ERROR     ? BE_LOG_ERROR
                         : severity == ORT_LOGGING_LEVEL_WARNING ? BE_LOG_WARN
                                                                 : BE_LOG_DEBUG;
    bei_log(level, "ONNX Runtime: %s", line);
}

be_status bei_ort_check(const bei_ort_t *ort, OrtStatus *status, be_status code, const char *doing)
{
    if (!status)
        return BE_OK;
    char line[LINE_SIZE];
    first_line(line, ort->api->GetErrorMessage(status));
    ort->api->ReleaseStatus(status);
    return bei_error_set(code, "%s: %s", doing, line);
}

/* The function table of a library, in the newest version that both it and our header know. Asking
 * for more than the library has would make it print. */
static be_status get_api(bei_ort_t *ort, const char *path)
{
    typedef const OrtApiBase *(ORT_API_CALL * get_base_fn)(void);
    get_base_fn get_base = (get_base_fn)bei_dynlib_symbol(ort->library, "OrtGetApiBase");
    const OrtApiBase *base = get_base ? get_base() : NULL;
    if (!base)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                             "'%.200s' is not ONNX Runtime (it has no OrtGetApiBase): %s", path,
                             ADVICE);
    const char *version = base->GetVersionString();
    char *end = NULL;
    unsigned long major = strtoul(version, &end, 10);
    unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    if (major != 1 || minor < BEI_ORT_MIN_API || minor > 1000)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                             "ONNX Runtime %.20s in '%.200s' will not do, 1.%d or a later 1.x is "
                             "needed: %s",
                             version, path, BEI_ORT_MIN_API, ADVICE);
    ort->minor = (uint32_t)minor;
    snprintf(ort->version, sizeof ort->version, "%s", version);
    ort->api = base->GetApi(minor < ORT_API_VERSION ? ort->minor : ORT_API_VERSION);
    if (!ort->api)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                             "ONNX Runtime %.20s in '%.200s' gives no function table", version,
                             path);
    bei_log(BE_LOG_INFO, "ONNX Runtime %.20s from '%s'", version, path);
    return BE_OK;
}

/* The environment that all sessions share. */
static be_status create_env(bei_ort_t *ort)
{
    const be_status code = BE_ERR_MODEL_LOAD_FAILED;
    BEI_TRY(bei_ort_check(ort,
                          ort->api->CreateEnvWithCustomLogger(
                              forward_log, NULL, ORT_LOGGING_LEVEL_WARNING, "essence", &ort->env),
                          code, "ONNX Runtime does not start"));
    if (telemetry_off)
        BEI_TRY(bei_ort_check(ort, ort->api->DisableTelemetryEvents(ort->env), code,
                              "ONNX Runtime does not turn its telemetry off"));
    return bei_ort_check(
        ort, ort->api->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &ort->cpu), code,
        "ONNX Runtime does not describe memory");
}

/* Takes an opened library into use; on failure releases what it can. */
static be_status start(bei_ort_t *ort, const char *path)
{
    be_status status = get_api(ort, path);
    if (status != BE_OK || !ort->api) {
        bei_dynlib_close(ort->library);
        return status;
    }
    /* From here on the library may have threads of its own: it stays open whatever happens. */
    status = create_env(ort);
    if (status != BE_OK && ort->env)
        ort->api->ReleaseEnv(ort->env);
    return status;
}

static be_status open_path(bei_ort_t *ort, const char *path)
{
    char why[REASON_SIZE];
    ort->library = bei_dynlib_open(path, why, sizeof why);
    if (!ort->library)
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                             "ONNX Runtime cannot be loaded from '%.200s': %s; the system says: %s",
                             path, ADVICE, why);
    return start(ort, path);
}

/* Tries the names under which systems know the library. */
static be_status open_system(bei_ort_t *ort, const char **path)
{
    char why[REASON_SIZE];
    for (size_t i = 0; i < sizeof SYSTEM_NAMES / sizeof *SYSTEM_NAMES; i++) {
        *path = SYSTEM_NAMES[i];
        ort->library = bei_dynlib_open(*path, why, sizeof why);
        if (ort->library)
            return start(ort, *path);
    }
    return bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                         "ONNX Runtime, which runs the audio encoder here, was not found: %s",
                         ADVICE);
}

static be_status load(void)
{
    bei_ort_t ort = {0};
    const char *path = *chosen ? chosen : bei_env_get("BITHUMAN_ORT_LIBRARY");
    /* Before the library is opened, and not against what the host has said. */
    telemetry_off = bei_env_default("ORT_DISABLE_TELEMETRY", "1") || telemetry_off;
    if (path)
        BEI_TRY(open_path(&ort, path));
    else
        BEI_TRY(open_system(&ort, &path));
    if (path != chosen)
        snprintf(chosen, sizeof chosen, "%s", path);
    loaded = ort;
    return BE_OK;
}

be_status bei_ort_get(const bei_ort_t **out)
{
    bei_mutex_lock(&lock);
    be_status status = loaded.api ? BE_OK : load();
    bei_mutex_unlock(&lock);
    if (status == BE_OK)
        *out = &loaded;
    return status;
}

be_status bei_ort_set_library(const char *path)
{
    const char *wanted = path ? path : "";
    BEI_REQUIRE(strlen(wanted) < sizeof chosen, "the path of ONNX Runtime is longer than %d bytes",
                PATH_SIZE - 1);
    be_status status = BE_OK;
    bei_mutex_lock(&lock);
    if (!loaded.api)
        memcpy(chosen, wanted, strlen(wanted) + 1);
    else if (*wanted && strcmp(wanted, chosen) != 0)
        status = bei_error_set(BE_ERR_INVALID_ARG,
                               "ONNX Runtime is already loaded, from '%.200s': "
                               "name another before the first avatar is loaded",
                               chosen);
    bei_mutex_unlock(&lock);
    return status;
}
