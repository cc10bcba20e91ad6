/* Somebody's right to metered avatars: his credentials, a heartbeat, and the gate that frames pass.
 *
 * Thread-safety: any thread. NULL stands for the process's own context, which be_auth_init configures. */
#ifndef BEI_AUTH_CONTEXT_H
#define BEI_AUTH_CONTEXT_H

#include "auth/avatars.h"
#include "essence.h"

/* With one reference. Options that were checked for their size. BE_ERR_INVALID_ARG, BE_ERR_OUT_OF_MEMORY. */
be_status bei_auth_create(const be_auth_options_t *options, be_auth_t **out);
void bei_auth_retain(be_auth_t *auth); /* NULL is allowed */
/* The last one stops the heartbeat, wipes the secrets and frees. NULL is allowed. */
void bei_auth_release(be_auth_t *auth);

/* Configures the process's own, also while it beats. BE_ERR_INVALID_ARG, BE_ERR_OUT_OF_MEMORY. */
be_status bei_auth_init(const be_auth_options_t *options);

/* Changes some settings, also while it beats. BE_ERR_INVALID_ARG, BE_ERR_OUT_OF_MEMORY. */
be_status bei_auth_update(be_auth_t *auth, const be_auth_options_t *options);

/* The rest as the be_auth_* of the same names say. */
be_status bei_auth_authenticate(be_auth_t *auth);
be_status bei_auth_start(be_auth_t *auth);
void bei_auth_stop(be_auth_t *auth);
void bei_auth_shutdown(void);
be_auth_state bei_auth_state(const be_auth_t *auth);
const char *bei_auth_last_error(const be_auth_t *auth);
be_status bei_auth_get_info(be_auth_t *auth, be_auth_info_t *out);

/* Whether a frame may be given now: one atomic load and a look at the clock. BE_ERR_NO_AUTH,
 * BE_ERR_AUTH_FATAL. */
be_status bei_auth_gate(const be_auth_t *auth);

/* Heartbeats tell of the avatar from now on. BE_ERR_UNTRUSTED when the context asks issuers without verified
 * TLS and this one's is not to be asked so; BE_ERR_OUT_OF_MEMORY. */
be_status bei_auth_name(be_auth_t *auth, const bei_avatar_name_t *name);

/* A stream on the avatar is opened; *out is for bei_auth_count, and bei_auth_leave when it is closed. Errors
 * as bei_auth_name. */
be_status bei_auth_enter(be_auth_t *auth, const bei_avatar_name_t *name, bei_auth_avatar_t **out);
void bei_auth_leave(be_auth_t *auth, bei_auth_avatar_t *avatar);

/* A frame was given. */
void bei_auth_count(bei_auth_avatar_t *avatar);

#endif
