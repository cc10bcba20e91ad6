/* One HTTP request, done well: verified TLS of at least 1.2, no redirects, bounded in time and size, and left
 * within a moment when asked to. */
#ifndef BEI_AUTH_HTTP_H
#define BEI_AUTH_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "essence.h"

enum { BEI_HTTP_MAX_ANSWER = 64 * 1024 }; /* bytes of a body */

typedef struct bei_http_request {
    const char *url;     /* checked by bei_url_check */
    char *const *header; /* "name: value"; borrowed, not copied by us */
    size_t header_count;
    const char *body;
    uint32_t timeout_ms; /* of the whole; half of it to connect */
    const atomic_bool *cancel;
    bool insecure; /* whoever answers is believed to be the server */
} bei_http_request_t;

typedef struct bei_http_answer {
    long code;           /* of HTTP */
    int64_t retry_after; /* seconds, 0 = not said */
    size_t size;
    char body[BEI_HTTP_MAX_ANSWER + 1]; /* with a NUL behind */
} bei_http_answer_t;

/* Posts JSON. BE_OK when there is an answer, whatever it says. BE_ERR_NO_AUTH when there is none, with the
 * reason; BE_ERR_STOPPED when it was cancelled; BE_ERR_NOT_IMPLEMENTED without libcurl;
 * BE_ERR_OUT_OF_MEMORY. Blocks; on a thread that takes no signals. */
be_status bei_http_post(const bei_http_request_t *request, bei_http_answer_t *answer);

#endif
