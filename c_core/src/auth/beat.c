/* One heartbeat: which credential, what goes out, what comes of it. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "auth/http.h"
#include "auth/inner.h"
#include "auth/message.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"

static const int64_t SECOND = 1000000;

/* A beat on its way, apart from the context, which may change meanwhile. */
typedef struct letter {
    bei_http_request_t request;
    char *url, *credential, *body;
    char *token; /* that came back */
    bei_http_answer_t *answer;
} letter_t;

/* ---------------------------------------------------------------- out */

static char *write_credential(const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 1;
    char *header = bei_alloc(size);
    if (header)
        snprintf(header, size, "%s%s", name, value);
    return header;
}

static uint32_t timeout_of(int64_t interval)
{
    int64_t milliseconds = interval / 1000;
    return milliseconds < 5000 ? 5000 : milliseconds > 20000 ? 20000 : (uint32_t)milliseconds;
}

static be_status write_letter(be_auth_t *auth, letter_t *letter)
{
    const bei_auth_settings_t *settings = &auth->settings;
    const bei_count_t count = {auth->session_id, auth->beats, bei_avatars_begin(auth->avatars),
                               auth->avatars};
    letter->url = bei_secret_copy(settings->endpoint_url);
    letter->credential = auth->used_token
                             ? write_credential("authorization: Bearer ", settings->token)
                             : write_credential("api-secret: ", settings->api_secret);
    letter->body = bei_message_write(settings, &count);
    letter->answer = bei_alloc(sizeof *letter->answer);
    letter->request = (bei_http_request_t){.url = letter->url,
                                           .header = &letter->credential,
                                           .header_count = 1,
                                           .body = letter->body,
                                           .timeout_ms = timeout_of(settings->interval),
                                           .cancel = &auth->cancel,
                                           .insecure = settings->insecure};
    if (!letter->url || !letter->credential || !letter->body || !letter->answer)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a heartbeat");
    return BE_OK;
}

static void burn_letter(letter_t *letter)
{
    bei_secret_replace(&letter->url, NULL);
    bei_secret_replace(&letter->credential, NULL);
    bei_secret_replace(&letter->token, NULL);
    bei_message_free(letter->body);
    if (letter->answer)
        bei_secret_wipe(letter->answer->body, letter->answer->size); /* it may hold a token */
    bei_free(letter->answer);
}

static be_status check_configured(const be_auth_t *auth)
{
    if (!auth->settings.endpoint_url)
        return bei_error_set(BE_ERR_NO_AUTH,
                             "no endpoint_url: a secret goes only where the host says, so without "
                             "one there is nobody to ask");
    if (auth->settings.insecure && !auth->avatars)
        return bei_error_set(BE_ERR_UNTRUSTED,
                             "insecure is for avatars whose issuers allow it: name one first, by "
                             "be_auth_context_add_avatar");
    return BE_OK;
}

/* ---------------------------------------------------------------- back */

void bei_beat_new_token(be_auth_t *auth)
{
    bei_token_times_t times = {0, 0};
    auth->expires = 0;
    auth->renew_at = INT64_MAX;
    if (!bei_token_read(auth->settings.token, &times) || times.expires == 0)
        return;
    auth->expires = times.expires;
    auth->renew_at = bei_clock_us() + bei_token_life(&times, (int64_t)time(NULL)) * SECOND;
}

void bei_beat_drop_token(be_auth_t *auth)
{
    bei_secret_replace(&auth->settings.token, NULL);
    auth->expires = 0;
}

void bei_beat_publish(be_auth_t *auth)
{
    int before = atomic_exchange(&auth->state, (int)auth->machine.state);
    atomic_store_explicit(&auth->until, auth->machine.until, memory_order_release);
    if (before == (int)auth->machine.state)
        return;
    if (auth->machine.state == BE_AUTH_OK)
        bei_log(BE_LOG_INFO, "authorised by the issuer");
    else if (auth->error[0])
        bei_log(BE_LOG_WARN, "authorisation: %s", auth->error);
}

static void judge(be_auth_t *auth, letter_t *letter, be_status status)
{
    bei_outcome_t outcome = {BEI_VERDICT_FAILED, 0, false};
    if (status == BE_OK) {
        outcome.verdict = bei_message_read(letter->answer, &letter->token);
        outcome.retry_after = letter->answer->retry_after * SECOND;
        outcome.renewable = auth->fresh || (auth->used_token && auth->settings.api_secret);
        status = outcome.verdict == BEI_VERDICT_GOOD     ? BE_OK
                 : outcome.verdict == BEI_VERDICT_FAILED ? BE_ERR_NO_AUTH
                                                         : BE_ERR_AUTH_FATAL;
    }
    auth->status = status;
    snprintf(auth->error, sizeof auth->error, "%s", status == BE_OK ? "" : bei_error_message());
    if (outcome.verdict == BEI_VERDICT_UNAUTHORIZED && outcome.renewable && !auth->fresh)
        bei_beat_drop_token(auth);
    if (outcome.verdict == BEI_VERDICT_GOOD) {
        auth->beats++;
        bei_avatars_end(&auth->avatars);
        if (letter->token) {
            bei_secret_replace(&auth->settings.token, letter->token);
            letter->token = NULL;
            bei_beat_new_token(auth);
        }
    }
    if (status != BE_ERR_STOPPED)
        bei_machine_apply(&auth->machine, bei_clock_us(), &outcome);
    bei_beat_publish(auth);
}

void bei_beat_send(be_auth_t *auth)
{
    letter_t letter = {0};
    const bei_auth_settings_t *settings = &auth->settings;
    /* A token that nears its end is replaced by asking with the secret, where there is one. */
    auth->used_token =
        settings->token && (!settings->api_secret || bei_clock_us() < auth->renew_at);
    auth->busy = true;
    auth->fresh = false;
    be_status status = check_configured(auth);
    if (status == BE_OK)
        status = write_letter(auth, &letter);
    bei_mutex_unlock(&auth->lock);
    if (status == BE_OK)
        status = bei_http_post(&letter.request, letter.answer);
    bei_mutex_lock(&auth->lock);
    judge(auth, &letter, status);
    auth->busy = false;
    bei_cond_broadcast(&auth->changed);
    burn_letter(&letter);
}
