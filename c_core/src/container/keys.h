/* The public keys that the host trusts, as PEM files: "-----BEGIN PUBLIC KEY-----", as openssl and
 * `bithuman-ctypes seal --new-key` write them. */
#ifndef BEI_CONTAINER_KEYS_H
#define BEI_CONTAINER_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/signature.h"
#include "essence.h"

enum { BEI_KEY_ID = 16 }; /* bytes: the front of the key's digest */

typedef struct bei_key_search {
    uint8_t id[BEI_KEY_ID]; /* of the key that is looked for */
    uint32_t seen;          /* keys that were looked at */
    bool found;
    uint8_t key[BEI_PUBLIC_KEY]; /* once found */
} bei_key_search_t;

/* Looks into `place`: a file, or a folder, whose files *.pub are read. BE_ERR_UNTRUSTED when there is
 * nothing to read, or a file that does not hold Ed25519 keys alone: one that is passed over would be
 * missed later. BE_ERR_OUT_OF_MEMORY. */
be_status bei_keys_search(const char *place, bei_key_search_t *search);

/* The same in the text of a file, whose name is for messages. */
be_status bei_keys_search_text(const char *text, const char *name, bei_key_search_t *search);

#endif
