/* An issuer on this machine's loopback, without TLS, that answers as a test says. */
#ifndef BE_TESTS_ISSUER_H
#define BE_TESTS_ISSUER_H

#include <stddef.h>

typedef struct issuer issuer_t;

/* Writes the whole HTTP answer to a request (its head and body as text); an empty one lets the caller hang
 * until he gives up. On the issuer's thread. */
typedef void issuer_answer(void *user, const char *request, char *answer, size_t size);

issuer_t *issuer_start(issuer_answer *answer, void *user);
void issuer_stop(issuer_t *issuer);
const char *issuer_url(const issuer_t *issuer);     /* http://127.0.0.1:PORT/v1/heartbeat */
void issuer_wait(issuer_t *issuer, unsigned count); /* until so many requests came */

#endif
