#include "base/digest.h"

#include <string.h>

enum { BLOCK = 128, ROUNDS = 12 };

typedef struct state {
    uint64_t h[8];
    uint64_t count; /* bytes so far; a size_t has no more */
} state_t;

static const uint64_t START[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint8_t ORDER[ROUNDS][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
};

static uint64_t read_word(const uint8_t *p)
{
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--)
        word = word << 8 | p[i];
    return word;
}

static uint64_t rotate(uint64_t word, unsigned by)
{
    return word >> by | word << (64 - by);
}

static inline void mix(uint64_t v[16], int a, int b, int c, int d, uint64_t x, uint64_t y)
{
    v[a] = v[a] + v[b] + x;
    v[d] = rotate(v[d] ^ v[a], 32);
    v[c] = v[c] + v[d];
    v[b] = rotate(v[b] ^ v[c], 24);
    v[a] = v[a] + v[b] + y;
    v[d] = rotate(v[d] ^ v[a], 16);
    v[c] = v[c] + v[d];
    v[b] = rotate(v[b] ^ v[c], 63);
}

static inline void mix_round(uint64_t v[16], const uint64_t m[16], const uint8_t order[16])
{
    mix(v, 0, 4, 8, 12, m[order[0]], m[order[1]]);
    mix(v, 1, 5, 9, 13, m[order[2]], m[order[3]]);
    mix(v, 2, 6, 10, 14, m[order[4]], m[order[5]]);
    mix(v, 3, 7, 11, 15, m[order[6]], m[order[7]]);
    mix(v, 0, 5, 10, 15, m[order[8]], m[order[9]]);
    mix(v, 1, 6, 11, 12, m[order[10]], m[order[11]]);
    mix(v, 2, 7, 8, 13, m[order[12]], m[order[13]]);
    mix(v, 3, 4, 9, 14, m[order[14]], m[order[15]]);
}

static void take_block(state_t *state, const uint8_t *block, size_t bytes, int last)
{
    uint64_t v[16], m[16];
    state->count += bytes;
    for (int i = 0; i < 16; i++)
        m[i] = read_word(block + 8 * i);
    memcpy(v, state->h, sizeof state->h);
    memcpy(v + 8, START, sizeof START);
    v[12] ^= state->count;
    v[14] ^= last ? UINT64_MAX : 0;
    for (int i = 0; i < ROUNDS; i++)
        mix_round(v, m, ORDER[i]);
    for (int i = 0; i < 8; i++)
        state->h[i] ^= v[i] ^ v[i + 8];
}

bei_digest_t bei_digest_of(const void *data, size_t size)
{
    state_t state = {.count = 0};
    const uint8_t *p = data;
    uint8_t tail[BLOCK] = {0};
    bei_digest_t digest;
    memcpy(state.h, START, sizeof START);
    state.h[0] ^= 0x01010000 ^ sizeof digest.bytes; /* no key, one sequence, so many bytes */
    for (; size > BLOCK; size -= BLOCK, p += BLOCK)
        take_block(&state, p, BLOCK, 0);
    if (size > 0)
        memcpy(tail, p, size);
    take_block(&state, tail, size, 1);
    for (size_t i = 0; i < sizeof digest.bytes; i++)
        digest.bytes[i] = (uint8_t)(state.h[i / 8] >> 8 * (i % 8));
    return digest;
}
