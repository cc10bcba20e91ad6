/* The inside of a context, for the files of auth/ that work on it. */
#ifndef BEI_AUTH_INNER_H
#define BEI_AUTH_INNER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "auth/context.h"
#include "auth/machine.h"
#include "auth/settings.h"
#include "base/thread.h"

enum { BEI_AUTH_ID = 37 }; /* a UUID as text, with its NUL */

struct be_auth {
    atomic_uint references;
    uint32_t owner; /* the process that made it */
    /* What those who make frames look at; written under the lock. Zeros: closed. */
    atomic_llong until; /* of bei_machine_t */
    atomic_int state;
    atomic_bool cancel; /* the request in progress is to be left */

    bei_mutex_t lock; /* guards what follows */
    bei_cond_t changed;
    bool ready; /* lock, condition and identity are made */
    bool configured;
    bei_auth_settings_t settings;
    bei_machine_t machine;
    bei_auth_avatar_t *avatars;
    char session_id[BEI_AUTH_ID];
    int64_t renew_at;    /* the token is to be replaced from then on */
    int64_t expires;     /* of the token, seconds since 1970; 0 = not said */
    uint64_t beats;      /* good ones */
    bool busy;           /* a beat is in progress, without the lock */
    bool used_token;     /* the last one was sent with the token */
    bool fresh;          /* the host gave other credentials since it was sent */
    be_status status;    /* of the last one */
    char error[512];     /* its sentence, "" when it was good */
    bool running;        /* there is a thread */
    bool stopping, gone; /* it is to end; somebody joins it */
    bei_thread_t thread;
};

/* Sends one beat and draws its consequences, unless `cancel` is set. The lock is held, let go meanwhile, and
 * held again; nobody else is `busy`. */
void bei_beat_send(be_auth_t *auth);

/* The token was replaced by one of the host's or the issuer's, or is to go. The lock is held. */
void bei_beat_new_token(be_auth_t *auth);
void bei_beat_drop_token(be_auth_t *auth);

/* Publishes what the machine says. The lock is held. */
void bei_beat_publish(be_auth_t *auth);

#endif
