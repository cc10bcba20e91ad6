/* The numbers by which libcurl is called, against its own header. */
#include <assert.h>
#include <stddef.h>

#define CURL_DISABLE_DEPRECATION
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "auth/curl.h"

#define OPTION(name) static_assert((int)BEI_CURLOPT_##name == (int)CURLOPT_##name, #name)
#define SAME(name) static_assert((long)BEI_##name == (long)(name), #name)

OPTION(SSLVERSION);
OPTION(POST);
OPTION(FOLLOWLOCATION);
OPTION(POSTFIELDSIZE);
OPTION(SSL_VERIFYPEER);
OPTION(FORBID_REUSE);
OPTION(SSL_VERIFYHOST);
OPTION(NOSIGNAL);
OPTION(TIMEOUT_MS);
OPTION(CONNECTTIMEOUT_MS);
OPTION(PROTOCOLS);
OPTION(WRITEDATA);
OPTION(URL);
OPTION(ERRORBUFFER);
OPTION(POSTFIELDS);
OPTION(USERAGENT);
OPTION(HTTPHEADER);
OPTION(CAINFO);
OPTION(CAPATH);
OPTION(NOPROXY);
OPTION(PROXY_CAINFO);
OPTION(PROXY_CAPATH);
OPTION(WRITEFUNCTION);
#if LIBCURL_VERSION_NUM >= 0x075700
OPTION(QUICK_EXIT);
#endif
SAME(CURLE_OK);
SAME(CURLM_OK);
SAME(CURLMSG_DONE);
SAME(CURL_GLOBAL_DEFAULT);
SAME(CURL_ERROR_SIZE);
SAME(CURL_SSLVERSION_TLSv1_2);
SAME(CURLPROTO_HTTP);
SAME(CURLPROTO_HTTPS);
SAME(CURLINFO_RESPONSE_CODE);
SAME(CURLINFO_RETRY_AFTER);

static_assert(sizeof(bei_curl_list_t) == sizeof(struct curl_slist), "curl_slist");
static_assert(offsetof(bei_curl_list_t, next) == offsetof(struct curl_slist, next), "curl_slist");
static_assert(sizeof(bei_curl_message_t) == sizeof(CURLMsg), "CURLMsg");
static_assert(offsetof(bei_curl_message_t, data) == offsetof(CURLMsg, data), "CURLMsg");
static_assert(offsetof(bei_curl_version_t, version) == offsetof(curl_version_info_data, version),
              "curl_version_info_data");
static_assert(offsetof(bei_curl_version_t, number) == offsetof(curl_version_info_data, version_num),
              "curl_version_info_data");

int main(void)
{
    const bei_curl_t *curl = NULL;
    /* It was compiled; that the library of this machine can be bound is the rest. */
    return bei_curl_load(&curl) == BE_OK && curl->easy_strerror(BEI_CURLE_OK) != NULL ? 0 : 1;
}
