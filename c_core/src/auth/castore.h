/* Where the certificates of the authorities are that this machine trusts. */
#ifndef BEI_AUTH_CASTORE_H
#define BEI_AUTH_CASTORE_H

#include "essence.h"

/* Strings of the environment or static ones. */
typedef struct bei_castore {
    const char *file;   /* a bundle, or NULL */
    const char *folder; /* of hashed files, or NULL; both NULL: libcurl's own choice */
} bei_castore_t;

/* The first of: what CURL_CA_BUNDLE names, SSL_CERT_FILE, SSL_CERT_DIR, then the places of Debian, Red Hat,
 * SUSE, Alpine, macOS and the BSDs; on Windows none. BE_ERR_NO_AUTH when a variable names something that is
 * not there: going on to the next place would trust what the host did not mean. */
be_status bei_castore_find(bei_castore_t *out);

/* The last part of it: the system's places. */
void bei_castore_find_system(bei_castore_t *out);

#endif
