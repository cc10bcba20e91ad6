/* Ed25519 signatures (RFC 8032), by libsodium. */
#ifndef BEI_BASE_SIGNATURE_H
#define BEI_BASE_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BEI_PUBLIC_KEY = 32, BEI_SEED = 32, BEI_SIGNATURE = 64 }; /* bytes */

/* Whether whoever has the key's private half signed exactly these bytes. */
bool bei_signature_is_good(const uint8_t signature[BEI_SIGNATURE], const void *message, size_t size,
                           const uint8_t key[BEI_PUBLIC_KEY]);

/* Signs. seed: the private key as files hold it. The same input gives the same signature. */
void bei_signature_make(const uint8_t seed[BEI_SEED], const void *message, size_t size,
                        uint8_t key[BEI_PUBLIC_KEY], uint8_t signature[BEI_SIGNATURE]);

#endif
