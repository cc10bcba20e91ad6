/* What a host says about its right to metered avatars, checked and copied. */
#ifndef BEI_AUTH_SETTINGS_H
#define BEI_AUTH_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "essence.h"

typedef struct bei_auth_settings {
    char *api_secret;
    char *token;
    char *endpoint_url; /* NULL: nobody is to be asked */
    char *billing_type;
    char *tags;
    char *fingerprint;
    char *transaction_id;
    int64_t interval, grace; /* microseconds */
    bool insecure;           /* issuers are asked without verified TLS */
} bei_auth_settings_t;

/* Whether options make sense, as changes of settings that exist (`change`), or alone.
 * BE_ERR_INVALID_ARG, whose sentence never quotes a secret. */
be_status bei_settings_check(const be_auth_options_t *options, int change);

/* Puts checked options in place: texts that are NULL and times that are 0 stay as they are. All or nothing.
 * BE_ERR_OUT_OF_MEMORY. */
be_status bei_settings_apply(bei_auth_settings_t *settings, const be_auth_options_t *options);

/* Wipes and frees everything; then only the times remain. */
void bei_settings_clear(bei_auth_settings_t *settings);

#endif
