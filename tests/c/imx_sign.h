/* Signs avatar files as docs/imx.md says, by libsodium alone: nothing of the engine's is believed. */
#ifndef BE_TESTS_IMX_SIGN_H
#define BE_TESTS_IMX_SIGN_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "imx_builder.h"

enum { SIGN_SIZE = 88 };

static const uint8_t studio_seed[32] = "a studio's private key: 32 bytes";

typedef struct signer {
    uint8_t message[16 + 64 * 48];
    size_t size;
} signer_t;

static inline void sign_take(signer_t *signer, const void *bytes, size_t size)
{
    memcpy(signer->message + signer->size, bytes, size);
    signer->size += size;
}

static inline void sign_take_section(signer_t *signer, const uint8_t *row, const uint8_t *bytes,
                                     size_t size)
{
    uint8_t digest[32], length[8];
    crypto_generichash_blake2b(digest, sizeof digest, bytes, size, NULL, 0);
    put(length, size, 8);
    sign_take(signer, row, 8);
    sign_take(signer, length, 8);
    sign_take(signer, digest, 32);
}

static inline void sign_key(const uint8_t seed[32], uint8_t key[32], uint8_t id[16])
{
    uint8_t secret[64], digest[32];
    crypto_sign_ed25519_seed_keypair(key, secret, seed);
    crypto_generichash_blake2b(digest, sizeof digest, key, 32, NULL, 0);
    memcpy(id, digest, 16);
}

/* The SIGN section of what was taken. */
static inline void sign_finish(const signer_t *signer, const uint8_t seed[32],
                               uint8_t out[SIGN_SIZE])
{
    uint8_t key[32], secret[64];
    memset(out, 0, SIGN_SIZE);
    out[0] = 1;
    sign_key(seed, key, out + 8);
    crypto_sign_ed25519_seed_keypair(key, secret, seed);
    crypto_sign_ed25519_detached(out + 24, NULL, signer->message, signer->size, secret);
}

static inline uint64_t sign_number(const uint8_t *p, int size)
{
    uint64_t value = 0;
    for (int i = size - 1; i >= 0; i--)
        value = value << 8 | p[i];
    return value;
}

static inline size_t sign_put_section(uint8_t *to, size_t end, int index, const uint8_t type[8],
                                      const uint8_t *bytes, size_t size)
{
    uint8_t *row = to + 64 + 32 * index;
    size_t offset = (end + 63) / 64 * 64;
    memset(to + end, 0, offset - end);
    memcpy(row, type, 8);
    put(row + 8, offset, 8), put(row + 16, size, 8);
    put(row + 24, crc32_z(0, bytes, size), 4), put(row + 28, 0, 4);
    memcpy(to + offset, bytes, size);
    return offset + size;
}

/* Writes a sound file again, with another manifest (NULL: its own) and room for one more section, if any, and
 * returns where that begins. `signer`: takes what a signature covers. */
static inline size_t imx_copy(const uint8_t *from, uint8_t *to, const char *manifest, int more,
                              signer_t *signer)
{
    int count = (int)sign_number(from + 12, 4);
    size_t end = 64 + 32 * (size_t)(count + more);
    memset(to, 0, end);
    memcpy(to, from, 64);
    sign_take(signer, "imx signature 1\n", 16);
    for (int i = 0; i < count; i++) {
        const uint8_t *row = from + 64 + 32 * i, *bytes = from + sign_number(row + 8, 8);
        size_t size = sign_number(row + 16, 8);
        if (manifest && memcmp(row, "MANI", 4) == 0)
            bytes = (const uint8_t *)manifest, size = strlen(manifest);
        sign_take_section(signer, row, bytes, size);
        end = sign_put_section(to, end, i, row, bytes, size);
    }
    put(to + 12, (uint64_t)(count + more), 4), put(to + 24, end, 8);
    builder_seal(to);
    return end;
}

/* The same with a section of a type, 4 characters and 4 zeros, at the end; gives the size. */
static inline size_t imx_append(const uint8_t *from, uint8_t *to, const char *manifest,
                                const char type[8], const uint8_t *bytes, size_t size)
{
    signer_t signer = {.size = 0};
    size_t end = imx_copy(from, to, manifest, 1, &signer);
    int count = (int)sign_number(from + 12, 4);
    end = sign_put_section(to, end, count, (const uint8_t *)type, bytes, size);
    put(to + 24, end, 8);
    builder_seal(to);
    return end;
}

/* The same with a signature, or without one for NULL. */
static inline size_t imx_rewrite(const uint8_t *from, uint8_t *to, const char *manifest,
                                 const uint8_t *seed)
{
    signer_t signer = {.size = 0};
    uint8_t section[SIGN_SIZE];
    size_t end = imx_copy(from, to, manifest, 0, &signer);
    if (!seed)
        return end;
    sign_finish(&signer, seed, section);
    return imx_append(from, to, manifest, "SIGN\0\0\0", section, SIGN_SIZE);
}

/* Writes the PEM file of a seed's public half. */
static inline void sign_write_key(const char *path, const uint8_t seed[32])
{
    static const uint8_t prefix[12] = {0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0};
    uint8_t bytes[44], id[16];
    char text[80];
    memcpy(bytes, prefix, 12);
    sign_key(seed, bytes + 12, id);
    sodium_bin2base64(text, sizeof text, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    FILE *file = fopen(path, "w");
    fprintf(file, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", text);
    fclose(file);
}

#endif
