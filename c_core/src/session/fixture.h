/* A fixture is an avatar together with the encoder that drives it. */
#ifndef BEI_SESSION_FIXTURE_H
#define BEI_SESSION_FIXTURE_H

#include <stdatomic.h>

#include "encoder/encoder.h"
#include "essence.h"
#include "session/avatar.h"

struct be_fixture {
    atomic_uint references;
    uint32_t owner; /* the process that made it */
    bei_avatar_t *avatar;
    bei_encoder_model_t *model;
};

/* What a fixture is made of. */
typedef struct bei_fixture_settings {
    bei_avatar_source_t source;
    be_ep ep;
    uint32_t threads; /* of the encoder, at least 1 */
    bool strict;      /* a provider that is not available is an error */
} bei_fixture_settings_t;

be_status bei_fixture_create(const bei_fixture_settings_t *settings, be_fixture_t **out);
/* BE_ERR_INVALID_ARG in a process other than the one that made it. Releasing is then nothing. */
be_status bei_fixture_check_owner(const be_fixture_t *fixture);
void bei_fixture_retain(be_fixture_t *fixture);
void bei_fixture_release(be_fixture_t *fixture);           /* NULL is allowed */
size_t bei_fixture_lookahead(const be_fixture_t *fixture); /* samples */
void bei_fixture_describe(const be_fixture_t *fixture, be_fixture_info_t *out);
void bei_fixture_provider(const be_fixture_t *fixture, be_provider_report_t *out);
/* BE_ERR_INVALID_ARG when there is no action `index`. */
be_status bei_fixture_action(const be_fixture_t *fixture, uint32_t index, be_action_t *out);

#endif
