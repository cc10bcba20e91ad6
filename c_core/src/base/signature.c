#include "base/signature.h"

#include <sodium/crypto_sign_ed25519.h>
#include <sodium/utils.h>

/* None of these functions needs sodium_init, which would read random bytes and look at the processor. */

bool bei_signature_is_good(const uint8_t signature[BEI_SIGNATURE], const void *message, size_t size,
                           const uint8_t key[BEI_PUBLIC_KEY])
{
    return crypto_sign_ed25519_verify_detached(signature, message, size, key) == 0;
}

void bei_signature_make(const uint8_t seed[BEI_SEED], const void *message, size_t size,
                        uint8_t key[BEI_PUBLIC_KEY], uint8_t signature[BEI_SIGNATURE])
{
    uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES];
    crypto_sign_ed25519_seed_keypair(key, secret, seed);
    crypto_sign_ed25519_detached(signature, NULL, message, size, secret);
    sodium_memzero(secret, sizeof secret);
}
