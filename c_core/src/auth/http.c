#include "auth/http.h"

#include <string.h>

#include "auth/castore.h"
#include "auth/curl.h"
#include "auth/url.h"
#include "base/error.h"

enum { LOOK_MS = 100, MAX_HEADERS = 8 };

static const char AGENT[] = "essence/" ESSENCE_VERSION;

typedef struct call {
    const bei_curl_t *curl;
    const bei_http_request_t *request;
    bei_http_answer_t *answer;
    void *easy, *multi;
    bei_curl_list_t header[MAX_HEADERS + 1];
    char why[BEI_CURL_ERROR_SIZE];
    bool too_large;
} call_t;

static size_t receive(char *data, size_t size, size_t count, void *user)
{
    call_t *call = user;
    bei_http_answer_t *answer = call->answer;
    size_t bytes = size * count;
    call->too_large = bytes > BEI_HTTP_MAX_ANSWER - answer->size;
    if (call->too_large)
        return 0; /* which ends the transfer */
    memcpy(answer->body + answer->size, data, bytes);
    answer->size += bytes;
    return bytes;
}

/* libcurl uses the list as it is, so that no further copy of a secret is made here. */
static void set_headers(call_t *call)
{
    static char json[] = "content-type: application/json";
    const bei_http_request_t *request = call->request;
    call->header[0].data = json;
    for (size_t i = 0; i < request->header_count && i < MAX_HEADERS; i++) {
        call->header[i].next = &call->header[i + 1];
        call->header[i + 1].data = request->header[i];
    }
    call->curl->easy_setopt(call->easy, BEI_CURLOPT_HTTPHEADER, call->header);
}

#define SET(option, value)                                                                         \
    (call->curl->easy_setopt(call->easy, BEI_CURLOPT_##option, value) == BEI_CURLE_OK)

static bool set_no_trust(call_t *call)
{
    return SET(SSL_VERIFYPEER, 0L) && SET(SSL_VERIFYHOST, 0L) &&
           SET(SSLVERSION, (long)BEI_CURL_SSLVERSION_TLSv1_2);
}

static bool set_trust(call_t *call, const bei_castore_t *store)
{
    /* Both are set where one is known: libcurl would add its own idea of the other. */
    if (store->file || store->folder) {
        bool has_folder = SET(CAPATH, store->folder);
        if (!SET(CAINFO, store->file) || (store->folder && !has_folder))
            return false;
        (void)SET(PROXY_CAINFO, store->file); /* where there are proxies with TLS of their own */
        (void)SET(PROXY_CAPATH, store->folder);
    }
    return SET(SSL_VERIFYPEER, 1L) && SET(SSL_VERIFYHOST, 2L) &&
           SET(SSLVERSION, (long)BEI_CURL_SSLVERSION_TLSv1_2);
}

static bool set_request(call_t *call)
{
    const bei_http_request_t *request = call->request;
    bool plain = bei_url_is_plain(request->url);
    long protocol = plain ? BEI_CURLPROTO_HTTP : BEI_CURLPROTO_HTTPS;
    (void)SET(QUICK_EXIT, 1L); /* not known before 7.87 */
    if (plain && !SET(NOPROXY, "*"))
        return false; /* a proxy would be another machine */
    set_headers(call);
    return SET(URL, request->url) && SET(PROTOCOLS, protocol) && SET(FOLLOWLOCATION, 0L) &&
           SET(NOSIGNAL, 1L) && SET(FORBID_REUSE, 1L) && SET(POST, 1L) &&
           SET(POSTFIELDSIZE, (long)strlen(request->body)) && SET(POSTFIELDS, request->body) &&
           SET(TIMEOUT_MS, (long)request->timeout_ms) &&
           SET(CONNECTTIMEOUT_MS, (long)request->timeout_ms / 2) && SET(USERAGENT, AGENT) &&
           SET(ERRORBUFFER, call->why) && SET(WRITEFUNCTION, receive) && SET(WRITEDATA, call);
}

static be_status refuse(const call_t *call, int code)
{
    if (call->too_large)
        return bei_error_set(BE_ERR_NO_AUTH, "the issuer's answer is longer than %d bytes",
                             BEI_HTTP_MAX_ANSWER);
    const char *why = call->why[0] ? call->why : call->curl->easy_strerror(code);
    return bei_error_set(BE_ERR_NO_AUTH, "the issuer cannot be asked: %s", why);
}

static be_status finish(call_t *call)
{
    int left;
    bei_curl_message_t *message = call->curl->multi_info_read(call->multi, &left);
    if (!message || message->kind != BEI_CURLMSG_DONE)
        return bei_error_set(BE_ERR_INTERNAL, "libcurl ended a transfer without a result");
    if (message->data.result != BEI_CURLE_OK)
        return refuse(call, message->data.result);
    int64_t retry_after = 0;
    call->curl->easy_getinfo(call->easy, BEI_CURLINFO_RESPONSE_CODE, &call->answer->code);
    call->curl->easy_getinfo(call->easy, BEI_CURLINFO_RETRY_AFTER, &retry_after);
    call->answer->retry_after = retry_after > 0 ? retry_after : 0;
    call->answer->body[call->answer->size] = '\0';
    return BE_OK;
}

static be_status transfer(call_t *call)
{
    int running = 1, ready;
    while (running) {
        if (atomic_load(call->request->cancel))
            return bei_error_set(BE_ERR_STOPPED, "the heartbeat was stopped");
        if (call->curl->multi_perform(call->multi, &running) != BEI_CURLM_OK)
            return bei_error_set(BE_ERR_INTERNAL, "libcurl cannot go on");
        if (running)
            call->curl->multi_poll(call->multi, NULL, 0, LOOK_MS, &ready);
    }
    return finish(call);
}

static be_status perform(call_t *call)
{
    bei_castore_t store = {NULL, NULL};
    const bool verified = !call->request->insecure;
    if (verified && !bei_url_is_plain(call->request->url))
        BEI_TRY(bei_castore_find(&store));
    if (!(verified ? set_trust(call, &store) : set_no_trust(call)) || !set_request(call))
        return bei_error_set(
            BE_ERR_NOT_IMPLEMENTED,
            "this libcurl cannot do verified HTTPS: install one with TLS, or name it "
            "by BITHUMAN_CURL_LIBRARY");
    if (call->curl->multi_add_handle(call->multi, call->easy) != BEI_CURLM_OK)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "libcurl has no memory for a request");
    be_status status = transfer(call);
    call->curl->multi_remove_handle(call->multi, call->easy);
    return status;
}

be_status bei_http_post(const bei_http_request_t *request, bei_http_answer_t *answer)
{
    call_t call = {.request = request, .answer = answer};
    answer->code = 0;
    answer->retry_after = 0;
    answer->size = 0;
    BEI_TRY(bei_curl_load(&call.curl));
    call.easy = call.curl->easy_init();
    call.multi = call.curl->multi_init();
    be_status status = BE_OK;
    if (call.easy && call.multi)
        status = perform(&call);
    else
        status = bei_error_set(BE_ERR_OUT_OF_MEMORY, "libcurl has no memory for a request");
    if (call.easy)
        call.curl->easy_cleanup(call.easy);
    if (call.multi)
        call.curl->multi_cleanup(call.multi);
    return status;
}
