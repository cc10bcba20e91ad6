#include "auth/context.h"

#include <stdio.h>
#include <string.h>

#include "auth/inner.h"
#include "auth/secret.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"

static const int64_t DEFAULT_INTERVAL = 60 * (int64_t)1000000;
static const int64_t DEFAULT_GRACE = 300 * (int64_t)1000000;

static struct be_auth own; /* the process's; zeros: closed to all frames */
static bei_mutex_t own_lock = BEI_MUTEX_INIT;

/* ---------------------------------------------------------------- making and freeing */

/* A random UUID, version 4. */
static void make_id(char id[BEI_AUTH_ID], uint64_t *seed)
{
    uint8_t b[24];
    bei_random_fill(b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    memcpy(seed, b + 16, sizeof *seed);
    snprintf(id, BEI_AUTH_ID,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
}

static void make(be_auth_t *auth)
{
    uint64_t seed;
    auth->owner = bei_process_id();
    auth->settings.interval = DEFAULT_INTERVAL;
    auth->settings.grace = DEFAULT_GRACE;
    make_id(auth->session_id, &seed);
    bei_machine_init(&auth->machine, DEFAULT_INTERVAL, DEFAULT_GRACE, seed);
    bei_mutex_init(&auth->lock);
    bei_cond_init(&auth->changed);
    auth->ready = true;
}

/* The settings are checked. The lock is held. */
static be_status configure(be_auth_t *auth, const be_auth_options_t *options)
{
    BEI_TRY(bei_settings_apply(&auth->settings, options));
    bei_machine_set_times(&auth->machine, auth->settings.interval, auth->settings.grace);
    if (options->token)
        bei_beat_new_token(auth);
    else if (options->api_secret || options->endpoint_url)
        bei_beat_drop_token(auth); /* it belongs to the account and the issuer of before */
    auth->fresh = options->token || options->api_secret;
    if (auth->fresh && auth->running && auth->machine.state == BE_AUTH_FATAL_UNAUTHORIZED)
        bei_machine_begin(&auth->machine, bei_clock_us()); /* who was not known may be now */
    auth->configured = true;
    return BE_OK;
}

static void destroy(be_auth_t *auth)
{
    bei_auth_stop(auth);
    bei_settings_clear(&auth->settings);
    bei_avatars_free(&auth->avatars);
    bei_cond_destroy(&auth->changed);
    bei_mutex_destroy(&auth->lock);
    bei_free(auth);
}

be_status bei_auth_create(const be_auth_options_t *options, be_auth_t **out)
{
    BEI_TRY(bei_settings_check(options, 0));
    be_auth_t *auth = bei_calloc(1, sizeof *auth);
    if (!auth)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a context");
    make(auth);
    atomic_init(&auth->references, 1);
    be_status status = configure(auth, options);
    if (status != BE_OK) {
        destroy(auth);
        return status;
    }
    *out = auth;
    return BE_OK;
}

void bei_auth_retain(be_auth_t *auth)
{
    if (auth)
        atomic_fetch_add_explicit(&auth->references, 1, memory_order_relaxed);
}

void bei_auth_release(be_auth_t *auth)
{
    if (!auth || auth->owner != bei_process_id())
        return;
    if (atomic_fetch_sub_explicit(&auth->references, 1, memory_order_acq_rel) == 1)
        destroy(auth);
}

/* ---------------------------------------------------------------- the process's own */

/* A child has neither the thread nor the right; who held the locks is not there. */
static void forget_parent(void)
{
    bei_mutex_init(&own_lock);
    atomic_store(&own.until, 0);
    atomic_store(&own.state, BE_AUTH_UNCONFIGURED);
    own.ready = own.configured = own.running = own.busy = false;
    own.stopping = own.gone = false;
    own.error[0] = '\0';
    own.avatars = NULL; /* of the parent's streams */
    char *secrets[] = {own.settings.api_secret, own.settings.token};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (secrets[i])
            bei_secret_wipe(secrets[i], strlen(secrets[i]));
    memset(&own.settings, 0, sizeof own.settings);
}

/* A context, or the process's own, made if it was not. */
static be_auth_t *find_or_make(be_auth_t *auth)
{
    static bool fork_is_watched;
    if (auth && auth != &own)
        return auth;
    bei_mutex_lock(&own_lock);
    if (!fork_is_watched)
        bei_process_after_fork(forget_parent);
    fork_is_watched = true;
    if (!own.ready)
        make(&own);
    bei_mutex_unlock(&own_lock);
    return &own;
}

/* Before its lock is taken, which a thread of the parent's may have held. */
static be_status check_owner(const be_auth_t *auth)
{
    BEI_REQUIRE(auth->owner == bei_process_id(),
                "this context belongs to process %u: a fork does not carry rights over",
                auth->owner);
    return BE_OK;
}

be_status bei_auth_init(const be_auth_options_t *options)
{
    BEI_TRY(bei_settings_check(options, 0));
    return bei_auth_update(find_or_make(NULL), options);
}

/* The context that is meant; NULL when it was never configured. */
static be_auth_t *find(const be_auth_t *auth)
{
    if (auth && auth != &own)
        return (be_auth_t *)auth; /* it has a lock to take */
    bei_mutex_lock(&own_lock);
    bool ready = own.ready;
    bei_mutex_unlock(&own_lock);
    return ready ? &own : NULL;
}

static be_status enter(be_auth_t **auth)
{
    *auth = find(*auth);
    if (!*auth)
        return bei_error_set(BE_ERR_NO_AUTH,
                             "there are no credentials: be_auth_init, or a context, comes first");
    BEI_TRY(check_owner(*auth));
    bei_mutex_lock(&(*auth)->lock);
    if ((*auth)->configured)
        return BE_OK;
    bei_mutex_unlock(&(*auth)->lock);
    return bei_error_set(BE_ERR_NO_AUTH, "there are no credentials: be_auth_init comes first");
}

be_status bei_auth_update(be_auth_t *auth, const be_auth_options_t *options)
{
    BEI_TRY(check_owner(auth));
    BEI_TRY(bei_settings_check(options, 1));
    bei_mutex_lock(&auth->lock);
    be_status status = configure(auth, options);
    bei_cond_broadcast(&auth->changed);
    bei_mutex_unlock(&auth->lock);
    return status;
}

void bei_auth_shutdown(void)
{
    be_auth_t *auth = find(NULL);
    if (!auth || auth->owner != bei_process_id())
        return;
    bei_auth_stop(auth);
    bei_mutex_lock(&auth->lock);
    while (auth->busy) { /* an authenticate in progress */
        atomic_store(&auth->cancel, true);
        bei_cond_wait(&auth->changed, &auth->lock);
    }
    bei_settings_clear(&auth->settings);
    auth->settings.interval = DEFAULT_INTERVAL;
    auth->settings.grace = DEFAULT_GRACE;
    make_id(auth->session_id, &auth->machine.random);
    bei_machine_init(&auth->machine, DEFAULT_INTERVAL, DEFAULT_GRACE, auth->machine.random);
    auth->configured = false;
    auth->beats = 0;
    auth->expires = 0;
    auth->error[0] = '\0';
    bei_avatars_reset(auth->avatars);
    bei_beat_publish(auth);
    bei_mutex_unlock(&auth->lock);
}

/* ---------------------------------------------------------------- the first beat */

static void send_once(void *user)
{
    be_auth_t *auth = user;
    bei_mutex_lock(&auth->lock);
    bei_beat_send(auth);
    /* A token was refused: the secret is asked at once. */
    if (auth->machine.renewed && auth->status == BE_ERR_AUTH_FATAL &&
        !bei_machine_is_fatal(auth->machine.state))
        bei_beat_send(auth);
    bei_mutex_unlock(&auth->lock);
}

/* On a thread of its own, which takes no signals: a connection that breaks would raise SIGPIPE on the
 * host's. Whoever stops or shuts down ends it. */
static be_status send_now(be_auth_t *auth)
{
    bei_thread_t thread;
    BEI_TRY(bei_thread_start(&thread, send_once, auth));
    bei_thread_join(thread);
    return BE_OK;
}

/* The lock is held. */
static be_status result_of(const be_auth_t *auth)
{
    if (auth->machine.state == BE_AUTH_OK)
        return BE_OK;
    bool fatal = bei_machine_is_fatal(auth->machine.state);
    be_status status = fatal ? BE_ERR_AUTH_FATAL : BE_ERR_NO_AUTH;
    if (auth->status == BE_ERR_NOT_IMPLEMENTED || auth->status == BE_ERR_OUT_OF_MEMORY ||
        auth->status == BE_ERR_UNTRUSTED)
        status = auth->status;
    return bei_error_set(status, "%s", auth->error);
}

be_status bei_auth_authenticate(be_auth_t *auth)
{
    BEI_TRY(enter(&auth));
    while (auth->busy)
        bei_cond_wait(&auth->changed, &auth->lock);
    bei_machine_begin(&auth->machine, bei_clock_us());
    bei_beat_publish(auth);
    auth->busy = true; /* for the beat that begins in a moment */
    atomic_store(&auth->cancel, false);
    bei_mutex_unlock(&auth->lock);
    be_status status = send_now(auth);
    bei_mutex_lock(&auth->lock);
    if (status != BE_OK)
        auth->busy = false;
    else
        status = result_of(auth);
    bei_cond_broadcast(&auth->changed);
    bei_mutex_unlock(&auth->lock);
    return status;
}

/* ---------------------------------------------------------------- the heartbeat */

static void beat_on(void *user)
{
    be_auth_t *auth = user;
    bei_mutex_lock(&auth->lock);
    while (!auth->stopping) {
        int64_t due = auth->busy ? INT64_MAX : auth->machine.due;
        if (due > bei_clock_us()) {
            bei_cond_wait_until(&auth->changed, &auth->lock, due);
        } else {
            atomic_store(&auth->cancel, false);
            bei_beat_send(auth);
        }
    }
    bei_mutex_unlock(&auth->lock);
}

/* The lock is held. */
static be_status start(be_auth_t *auth)
{
    while (auth->stopping)
        bei_cond_wait(&auth->changed, &auth->lock);
    if (auth->running)
        return BE_OK;
    if (bei_machine_is_fatal(auth->machine.state))
        return result_of(auth);
    if (auth->machine.due == INT64_MAX)
        bei_machine_begin(&auth->machine, bei_clock_us());
    bei_beat_publish(auth);
    BEI_TRY(bei_thread_start(&auth->thread, beat_on, auth));
    auth->running = true;
    return BE_OK;
}

be_status bei_auth_start(be_auth_t *auth)
{
    BEI_TRY(enter(&auth));
    be_status status = start(auth);
    bei_mutex_unlock(&auth->lock);
    return status;
}

void bei_auth_stop(be_auth_t *auth)
{
    auth = find(auth);
    if (!auth || auth->owner != bei_process_id())
        return;
    bei_mutex_lock(&auth->lock);
    while (auth->stopping) /* somebody else joins it */
        bei_cond_wait(&auth->changed, &auth->lock);
    if (auth->running) {
        auth->stopping = true;
        atomic_store(&auth->cancel, true);
        bei_cond_broadcast(&auth->changed);
        bei_mutex_unlock(&auth->lock);
        bei_thread_join(auth->thread);
        bei_mutex_lock(&auth->lock);
        auth->running = auth->stopping = false;
        bei_cond_broadcast(&auth->changed);
    }
    bei_mutex_unlock(&auth->lock);
}

/* ---------------------------------------------------------------- looking */

be_auth_state bei_auth_state(const be_auth_t *auth)
{
    return (be_auth_state)atomic_load(&(auth ? auth : &own)->state);
}

const char *bei_auth_last_error(const be_auth_t *auth)
{
    static _Thread_local char copy[sizeof auth->error];
    be_auth_t *found = find(auth);
    copy[0] = '\0';
    if (!found || found->owner != bei_process_id())
        return copy;
    bei_mutex_lock(&found->lock);
    memcpy(copy, found->error, sizeof copy);
    bei_mutex_unlock(&found->lock);
    return copy;
}

be_status bei_auth_get_info(be_auth_t *auth, be_auth_info_t *out)
{
    BEI_TRY(enter(&auth));
    int64_t left = auth->machine.until - bei_clock_us();
    *out = (be_auth_info_t){.state = auth->machine.state,
                            .running = auth->running,
                            .failures = auth->machine.failures,
                            .beats = auth->beats,
                            .frames = bei_avatars_frames(auth->avatars),
                            .token_expires = auth->expires,
                            .allowed_us = left > 0 ? left : 0};
    bei_mutex_unlock(&auth->lock);
    return BE_OK;
}

/* ---------------------------------------------------------------- the gate */

static be_status refuse(const be_auth_t *auth)
{
    be_auth_state state = bei_auth_state(auth);
    if (bei_machine_is_fatal(state))
        return bei_error_set(BE_ERR_AUTH_FATAL, "authorisation was refused: %s",
                             bei_auth_last_error(auth));
    const char *why = bei_auth_last_error(auth);
    return bei_error_set(BE_ERR_NO_AUTH, "the avatar asks for authorisation%s%s",
                         *why ? ": " : ", and none was given: authenticate first", why);
}

be_status bei_auth_gate(const be_auth_t *auth)
{
    int64_t until = atomic_load_explicit(&(auth ? auth : &own)->until, memory_order_acquire);
    return until > 0 && bei_clock_us() < until ? BE_OK : refuse(auth);
}

/* ---------------------------------------------------------------- avatars */

static be_status check_trust(const be_auth_t *auth, const bei_avatar_name_t *name)
{
    if (!auth->settings.insecure || name->may_be_insecure)
        return BE_OK;
    return bei_error_set(BE_ERR_UNTRUSTED,
                         "the issuer '%s' of the avatar '%s' is not to be asked without verified "
                         "TLS: leave insecure out",
                         name->issuer, name->identity);
}

/* `stream`: one is opened on it; else the host names it. */
static be_status add_avatar(be_auth_t *auth, const bei_avatar_name_t *name, bool stream,
                            bei_auth_avatar_t **out)
{
    BEI_TRY(check_owner(auth));
    BEI_TRY(check_trust(auth, name));
    bei_mutex_lock(&auth->lock);
    bei_auth_avatar_t *avatar = bei_avatars_add(&auth->avatars, name);
    if (avatar && stream)
        avatar->streams++;
    else if (avatar)
        avatar->named = true;
    bei_mutex_unlock(&auth->lock);
    if (!avatar)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for an avatar's name");
    *out = avatar;
    return BE_OK;
}

be_status bei_auth_name(be_auth_t *auth, const bei_avatar_name_t *name)
{
    bei_auth_avatar_t *avatar;
    return add_avatar(find_or_make(auth), name, false, &avatar);
}

be_status bei_auth_enter(be_auth_t *auth, const bei_avatar_name_t *name, bei_auth_avatar_t **out)
{
    return add_avatar(find_or_make(auth), name, true, out);
}

void bei_auth_leave(be_auth_t *auth, bei_auth_avatar_t *avatar)
{
    auth = find_or_make(auth);
    bei_mutex_lock(&auth->lock);
    avatar->streams--;
    bei_mutex_unlock(&auth->lock);
}

void bei_auth_count(bei_auth_avatar_t *avatar)
{
    atomic_fetch_add_explicit(&avatar->frames, 1, memory_order_relaxed);
}
