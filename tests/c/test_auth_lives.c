/* A context, its credentials and its states through long random lives, against a plain model of what docs/auth.md
 * promises. The arithmetic of time is test_auth_machine.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "essence.h"
#include "fakes/issuer.h"

/* {"exp":1000000000}: over since 2001, so that it is replaced by the next beat. */
#define STALE "e30.eyJleHAiOjEwMDAwMDAwMDB9.x"
#define LASTING "opaque"

/* What the issuer answers to whom, and what it heard; the model's own memory. */
typedef struct life {
    uint64_t seed;
    pthread_mutex_t lock; /* guards what follows, which the issuer's thread looks at */
    int to_token, to_secret;
    const char *gift; /* a token that comes with a yes, or NULL */
    int requests, by_token;
    char last[4096];
    /* the model's */
    const char *token;
    uint64_t beats;
    be_auth_state state;
    bool allowed;
} life_t;

static uint64_t roll(life_t *life, uint64_t below)
{
    life->seed ^= life->seed << 13;
    life->seed ^= life->seed >> 7;
    life->seed ^= life->seed << 17;
    return life->seed % below;
}

static void answer(void *user, const char *request, char *out, size_t size)
{
    life_t *life = user;
    char body[256] = "";
    pthread_mutex_lock(&life->lock);
    bool token = strstr(request, "\r\nauthorization: Bearer ") != NULL;
    life->requests++;
    life->by_token += token;
    snprintf(life->last, sizeof life->last, "%s", request);
    int code = token ? life->to_token : life->to_secret;
    if (code == 200 && life->gift)
        snprintf(body, sizeof body, "{\"status\":\"ok\",\"token\":\"%s\"}", life->gift);
    else if (code == 200)
        snprintf(body, sizeof body, "{\"status\":\"ok\"}");
    snprintf(out, size, "HTTP/1.1 %d x\r\ncontent-length: %zu\r\n\r\n%s", code, strlen(body), body);
    pthread_mutex_unlock(&life->lock);
}

static void decide(life_t *life)
{
    static const int codes[] = {200, 200, 200, 200, 401, 401, 402, 403, 429, 500};
    static const char *const gifts[] = {NULL, NULL, LASTING, STALE};
    pthread_mutex_lock(&life->lock);
    life->to_token = codes[roll(life, 10)];
    life->to_secret = codes[roll(life, 10)];
    life->gift = gifts[roll(life, 4)];
    life->requests = life->by_token = 0;
    pthread_mutex_unlock(&life->lock);
}

/* What an answer leads to, for who asked with a token or not. */
static void learn(life_t *life, int code)
{
    switch (code) {
    case 200:
        life->beats++;
        life->state = BE_AUTH_OK;
        life->allowed = true;
        if (life->gift)
            life->token = life->gift;
        return;
    case 401:
        life->state = BE_AUTH_FATAL_UNAUTHORIZED;
        break;
    case 402:
        life->state = BE_AUTH_FATAL_BALANCE;
        break;
    case 403:
        life->state = BE_AUTH_FATAL_SUSPENDED;
        break;
    default:
        life->state = BE_AUTH_OFFLINE;
        return;
    }
    life->allowed = false;
}

/* One call of the host's: the requests that it must cause, and what it must give. */
static be_status expect(life_t *life, int *by_token, int *by_secret)
{
    int code = life->to_secret;
    *by_token = *by_secret = 0;
    if (life->token && strcmp(life->token, STALE) != 0) {
        *by_token = 1;
        code = life->to_token;
        if (code == 401)
            life->token = NULL; /* and the secret is asked, once */
    }
    if (!*by_token || code == 401) {
        *by_secret = 1;
        code = life->to_secret;
    }
    learn(life, code);
    return code == 200                      ? BE_OK
           : life->state == BE_AUTH_OFFLINE ? BE_ERR_NO_AUTH
                                            : BE_ERR_AUTH_FATAL;
}

static void check(life_t *life, be_auth_t *auth)
{
    char beat[64];
    int by_token, by_secret;
    snprintf(beat, sizeof beat, "\"beat\":%llu,", (unsigned long long)life->beats);
    be_status expected = expect(life, &by_token, &by_secret);
    assert_int_equal(be_auth_context_authenticate(auth), expected);
    assert_int_equal(life->by_token, by_token);
    assert_int_equal(life->requests, by_token + by_secret);
    assert_non_null(strstr(life->last, beat));
    be_auth_info_t info = {.struct_size = sizeof info};
    assert_int_equal(be_auth_context_get_info(auth, &info), BE_OK);
    assert_int_equal(info.state, life->state);
    assert_int_equal(info.beats, life->beats);
    assert_int_equal(info.allowed_us > 0, life->allowed);
    assert_int_equal(info.token_expires,
                     life->token && !strcmp(life->token, STALE) ? 1000000000 : 0);
    assert_int_equal(*be_auth_context_last_error(auth) == '\0', expected == BE_OK);
}

/* What a host may change between two beats. */
static void change(life_t *life, be_auth_t *auth)
{
    be_auth_options_t options = {.struct_size = sizeof options};
    switch (roll(life, 8)) {
    case 0:
        options.api_secret = "another"; /* with which its token goes */
        life->token = NULL;
        break;
    case 1:
        options.token = LASTING;
        life->token = LASTING;
        break;
    case 2:
        options.token = STALE;
        life->token = STALE;
        break;
    default:
        return;
    }
    assert_int_equal(be_auth_context_update(auth, &options), BE_OK);
}

static void lives_are_as_the_model_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        life_t life = {.seed = seed * 0x9e3779b97f4a7c15u};
        pthread_mutex_init(&life.lock, NULL);
        issuer_t *issuer = issuer_start(answer, &life);
        const be_auth_options_t options = {
            .struct_size = sizeof options, .api_secret = "one", .endpoint_url = issuer_url(issuer)};
        be_auth_t *auth = NULL;
        assert_int_equal(be_auth_context_open(&options, &auth), BE_OK);
        for (int i = 0; i < 60; i++) {
            change(&life, auth);
            decide(&life);
            check(&life, auth);
        }
        be_auth_context_destroy(auth);
        issuer_stop(issuer);
        pthread_mutex_destroy(&life.lock);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lives_are_as_the_model_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
