#include "auth/curl.h"

#include <stdbool.h>

#include "auth/wiping.h"
#include "base/dynlib.h"
#include "base/env.h"
#include "base/error.h"
#include "base/log.h"
#include "base/thread.h"

#if defined(_WIN32)
static const char *const NAMES[] = {"libcurl.dll", "libcurl-x64.dll", "libcurl-4.dll"};
#elif defined(__APPLE__)
static const char *const NAMES[] = {"libcurl.4.dylib", "/usr/lib/libcurl.4.dylib"};
#else
static const char *const NAMES[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
#endif

static bei_curl_t curl;
static bool loaded;
static bei_mutex_t lock = BEI_MUTEX_INIT;

static bei_dynlib_t *open_library(char *why, size_t size)
{
    const char *path = bei_env_get("BITHUMAN_CURL_LIBRARY");
    if (path)
        return bei_dynlib_open(path, why, size);
    bei_dynlib_t *library = NULL;
    for (size_t i = 0; !library && i < sizeof NAMES / sizeof *NAMES; i++)
        library = bei_dynlib_open(NAMES[i], why, size);
    return library;
}

#define BIND(field)                                                                                \
    ((curl.field = (__typeof__(curl.field))bei_dynlib_symbol(library, "curl_" #field)) != NULL)

static bool bind_all(bei_dynlib_t *library)
{
    return BIND(global_init_mem) && BIND(version_info) && BIND(easy_init) && BIND(easy_setopt) &&
           BIND(easy_getinfo) && BIND(easy_strerror) && BIND(easy_cleanup) && BIND(multi_init) &&
           BIND(multi_add_handle) && BIND(multi_remove_handle) && BIND(multi_perform) &&
           BIND(multi_poll) && BIND(multi_info_read) && BIND(multi_cleanup);
}

static be_status use(bei_dynlib_t *library)
{
    if (!bind_all(library))
        return bei_error_set(
            BE_ERR_NOT_IMPLEMENTED,
            "the libcurl found is older than 7.76: install a newer one, or name it "
            "by BITHUMAN_CURL_LIBRARY");
    const bei_curl_version_t *version = curl.version_info(0);
    if (version->number < BEI_CURL_OLDEST)
        return bei_error_set(BE_ERR_NOT_IMPLEMENTED,
                             "libcurl %s is older than 7.76: install a newer one, or name it by "
                             "BITHUMAN_CURL_LIBRARY",
                             version->version);
    if (curl.global_init_mem(BEI_CURL_GLOBAL_DEFAULT, bei_wiping_malloc, bei_wiping_free,
                             bei_wiping_realloc, bei_wiping_strdup,
                             bei_wiping_calloc) != BEI_CURLE_OK)
        return bei_error_set(BE_ERR_NOT_IMPLEMENTED, "libcurl %s does not start", version->version);
    bei_log(BE_LOG_INFO, "authorisation uses libcurl %s", version->version);
    return BE_OK;
}

static be_status load_locked(void)
{
    char why[256] = "";
    bei_dynlib_t *library = open_library(why, sizeof why);
    if (!library)
        return bei_error_set(
            BE_ERR_NOT_IMPLEMENTED,
            "authorisation needs libcurl: install it (Debian: libcurl4), or name it "
            "by BITHUMAN_CURL_LIBRARY (%s)",
            why);
    be_status status = use(library);
    if (status != BE_OK)
        bei_dynlib_close(library);
    return status;
}

be_status bei_curl_load(const bei_curl_t **out)
{
    bei_mutex_lock(&lock);
    be_status status = loaded ? BE_OK : load_locked();
    loaded = status == BE_OK;
    bei_mutex_unlock(&lock);
    *out = &curl;
    return status;
}
