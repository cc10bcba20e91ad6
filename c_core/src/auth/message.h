/* What is said to the issuer and what it answers: docs/auth.md describes both. */
#ifndef BEI_AUTH_MESSAGE_H
#define BEI_AUTH_MESSAGE_H

#include <stdint.h>

#include "auth/avatars.h"
#include "auth/http.h"
#include "auth/machine.h"
#include "auth/settings.h"
#include "essence.h"

typedef struct bei_count {
    const char *session_id;
    uint64_t beat;   /* good beats before this one */
    uint64_t frames; /* given so far */
    const bei_auth_avatar_t *avatars;
} bei_count_t;

/* The body of a beat, as JSON to be freed with bei_message_free; NULL without memory. */
char *bei_message_write(const bei_auth_settings_t *settings, const bei_count_t *count);
void bei_message_free(char *body);

/* What an answer means, with a sentence in bei_error_message unless it is good. *token receives a token that
 * came with a good one, to be given to bei_secret_replace, or NULL. */
bei_verdict_t bei_message_read(const bei_http_answer_t *answer, char **token);

#endif
