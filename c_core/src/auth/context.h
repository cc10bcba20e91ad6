/* Somebody's right to metered avatars. This version knows no heartbeat: a context is checked and kept, and
 * authenticating with it is refused. Thread-safety: any thread. */
#ifndef BEI_AUTH_CONTEXT_H
#define BEI_AUTH_CONTEXT_H

#include "essence.h"

/* Whether a configuration makes sense. BE_ERR_INVALID_ARG. */
be_status bei_auth_check(const be_auth_config_t *config);

/* With one reference. BE_ERR_INVALID_ARG, BE_ERR_OUT_OF_MEMORY. */
be_status bei_auth_create(const be_auth_config_t *config, be_auth_t **out);
void bei_auth_retain(be_auth_t *auth);  /* NULL is allowed */
void bei_auth_release(be_auth_t *auth); /* NULL is allowed */

/* BE_ERR_NOT_IMPLEMENTED. NULL stands for the process's own. */
be_status bei_auth_authenticate(be_auth_t *auth);

/* Why authenticating failed, "" when it was not tried. Static. */
const char *bei_auth_last_error(const be_auth_t *auth);

#endif
