/* libcurl, opened when the first heartbeat needs it: open avatars, and machines that only play those, need
 * none. Its interface never changes within libcurl.so.4, so the little that is used of it is declared here,
 * and building needs no header; a test compares the numbers with curl/curl.h. */
#ifndef BEI_AUTH_CURL_H
#define BEI_AUTH_CURL_H

#include <stddef.h>

#include "essence.h"

enum {
    BEI_CURL_OLDEST = 0x074c00, /* 7.76.0 */

    BEI_CURLE_OK = 0,
    BEI_CURLM_OK = 0,
    BEI_CURLMSG_DONE = 1,
    BEI_CURL_GLOBAL_DEFAULT = 3,
    BEI_CURL_ERROR_SIZE = 256,
    BEI_CURL_SSLVERSION_TLSv1_2 = 6,
    BEI_CURLPROTO_HTTP = 1,
    BEI_CURLPROTO_HTTPS = 2,

    BEI_CURLOPT_SSLVERSION = 32,
    BEI_CURLOPT_POST = 47,
    BEI_CURLOPT_FOLLOWLOCATION = 52,
    BEI_CURLOPT_POSTFIELDSIZE = 60,
    BEI_CURLOPT_SSL_VERIFYPEER = 64,
    BEI_CURLOPT_FORBID_REUSE = 75,
    BEI_CURLOPT_SSL_VERIFYHOST = 81,
    BEI_CURLOPT_NOSIGNAL = 99,
    BEI_CURLOPT_TIMEOUT_MS = 155,
    BEI_CURLOPT_CONNECTTIMEOUT_MS = 156,
    BEI_CURLOPT_PROTOCOLS = 181,
    BEI_CURLOPT_QUICK_EXIT = 322,

    BEI_CURLOPT_WRITEDATA = 10001,
    BEI_CURLOPT_URL = 10002,
    BEI_CURLOPT_ERRORBUFFER = 10010,
    BEI_CURLOPT_POSTFIELDS = 10015,
    BEI_CURLOPT_USERAGENT = 10018,
    BEI_CURLOPT_HTTPHEADER = 10023,
    BEI_CURLOPT_CAINFO = 10065,
    BEI_CURLOPT_CAPATH = 10097,
    BEI_CURLOPT_NOPROXY = 10177,
    BEI_CURLOPT_PROXY_CAINFO = 10246,
    BEI_CURLOPT_PROXY_CAPATH = 10247,
    BEI_CURLOPT_WRITEFUNCTION = 20011,

    BEI_CURLINFO_RESPONSE_CODE = 0x200002,
    BEI_CURLINFO_RETRY_AFTER = 0x600039
};

/* struct curl_slist */
typedef struct bei_curl_list {
    char *data;
    struct bei_curl_list *next;
} bei_curl_list_t;

/* CURLMsg */
typedef struct bei_curl_message {
    int kind;
    void *easy;
    union {
        void *whatever;
        int result;
    } data;
} bei_curl_message_t;

/* The front of curl_version_info_data */
typedef struct bei_curl_version {
    int age;
    const char *version;
    unsigned int number;
} bei_curl_version_t;

typedef struct bei_curl {
    int (*global_init_mem)(long flags, void *(*allocate)(size_t), void (*release)(void *),
                           void *(*resize)(void *, size_t), char *(*copy)(const char *),
                           void *(*clear)(size_t, size_t));
    bei_curl_version_t *(*version_info)(int age);
    void *(*easy_init)(void);
    int (*easy_setopt)(void *easy, int option, ...);
    int (*easy_getinfo)(void *easy, int info, ...);
    const char *(*easy_strerror)(int code);
    void (*easy_cleanup)(void *easy);
    void *(*multi_init)(void);
    int (*multi_add_handle)(void *multi, void *easy);
    int (*multi_remove_handle)(void *multi, void *easy);
    int (*multi_perform)(void *multi, int *running);
    int (*multi_poll)(void *multi, void *extra, unsigned int count, int timeout_ms, int *ready);
    bei_curl_message_t *(*multi_info_read)(void *multi, int *left);
    int (*multi_cleanup)(void *multi);
} bei_curl_t;

/* Opens libcurl unless that was done: by BITHUMAN_CURL_LIBRARY, or where the system looks. It stays open.
 * BE_ERR_NOT_IMPLEMENTED when there is none that does, with what to install. Any thread. */
be_status bei_curl_load(const bei_curl_t **out);

#endif
