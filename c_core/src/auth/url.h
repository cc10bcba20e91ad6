/* Where a secret may be sent to. */
#ifndef BEI_AUTH_URL_H
#define BEI_AUTH_URL_H

#include <stdbool.h>

#include "essence.h"

/* Takes https://HOST[:PORT][/...], and http:// only for this machine itself (127.0.0.1, [::1], localhost):
 * nothing of it crosses a network. No user name, no fragment, no character that two readers of a URL could
 * understand in two ways. BE_ERR_INVALID_ARG. */
be_status bei_url_check(const char *url);

/* Whether a checked URL goes without TLS. */
bool bei_url_is_plain(const char *url);

#endif
