#include "picture/resize_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))
#define INLINE_AVX2 AVX2 inline __attribute__((always_inline))

enum { LANES = BEI_RESIZE_STRIP, TILE = 16 };

INLINE_AVX2 static __m256i load(const uint8_t *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}

/* The sums of 32 columns, in fours. */
typedef struct totals {
    __m256i part[4];
} totals_t;

/* Adds two rows: their bytes alternate, so that pmaddwd weighs and adds both. */
INLINE_AVX2 static void add_pair(totals_t *totals, __m256i first, __m256i second, __m256i weights)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i low = _mm256_unpacklo_epi8(first, second);
    const __m256i high = _mm256_unpackhi_epi8(first, second);
    const __m256i words[4] = {_mm256_unpacklo_epi8(low, zero), _mm256_unpackhi_epi8(low, zero),
                              _mm256_unpacklo_epi8(high, zero), _mm256_unpackhi_epi8(high, zero)};
    for (int i = 0; i < 4; i++)
        totals->part[i] = _mm256_add_epi32(totals->part[i], _mm256_madd_epi16(words[i], weights));
}

INLINE_AVX2 static __m256i weights_of(int16_t first, int16_t second)
{
    return _mm256_set1_epi32((int32_t)((uint32_t)(uint16_t)first | (uint32_t)second << 16));
}

/* 32 columns; the packs undo the order in which add_pair took them apart. */
INLINE_AVX2 static __m256i sum_32(const uint8_t *from, size_t stride, const int16_t *weight,
                                  uint32_t taps)
{
    const __m256i half = _mm256_set1_epi32(1 << (BEI_RESIZE_BITS - 1));
    totals_t totals = {{half, half, half, half}};
    uint32_t tap = 0;
    for (; tap + 2 <= taps; tap += 2, from += 2 * stride)
        add_pair(&totals, load(from), load(from + stride),
                 weights_of(weight[tap], weight[tap + 1]));
    if (tap < taps)
        add_pair(&totals, load(from), _mm256_setzero_si256(), weights_of(weight[tap], 0));
    for (int i = 0; i < 4; i++)
        totals.part[i] = _mm256_srai_epi32(totals.part[i], BEI_RESIZE_BITS);
    return _mm256_packus_epi16(_mm256_packs_epi32(totals.part[0], totals.part[1]),
                               _mm256_packs_epi32(totals.part[2], totals.part[3]));
}

AVX2 static void sum(const uint8_t *from, size_t stride, const int16_t *weight, uint32_t taps,
                     uint8_t *to, uint32_t width)
{
    for (; width >= LANES; width -= LANES, from += LANES, to += LANES)
        _mm256_storeu_si256((__m256i *)to, sum_32(from, stride, weight, taps));
    if (width > 0) {
        uint8_t rest[LANES];
        _mm256_storeu_si256((__m256i *)rest, sum_32(from, stride, weight, taps));
        memcpy(to, rest, width);
    }
}

/* Two tiles of 16 x 16 bytes, one in each half, exchange rows and columns: four perfect shuffles. */
INLINE_AVX2 static void exchange(__m256i tile[TILE])
{
    for (int stage = 0; stage < 4; stage++) {
        __m256i next[TILE];
        for (int i = 0; i < TILE / 2; i++) {
            next[2 * i] = _mm256_unpacklo_epi8(tile[i], tile[i + TILE / 2]);
            next[2 * i + 1] = _mm256_unpackhi_epi8(tile[i], tile[i + TILE / 2]);
        }
        memcpy(tile, next, sizeof next);
    }
}

AVX2 static void turn(const uint8_t *rows, size_t stride, uint32_t width, uint32_t height,
                      uint8_t *side)
{
    uint32_t x = 0;
    for (; height == LANES && x + TILE <= width; x += TILE, side += TILE * LANES) {
        __m256i tile[TILE];
        for (size_t i = 0; i < TILE; i++) {
            const uint8_t *upper = rows + i * stride + x, *lower = upper + TILE * stride;
            tile[i] = _mm256_inserti128_si256(
                _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)upper)),
                _mm_loadu_si128((const __m128i *)lower), 1);
        }
        exchange(tile);
        for (size_t i = 0; i < TILE; i++)
            _mm256_storeu_si256((__m256i *)(side + i * LANES), tile[i]);
    }
    bei_resize_c.turn(rows + x, stride, width - x, height, side);
}

AVX2 static void turn_back(const uint8_t *side, uint32_t width, uint32_t height, uint8_t *rows,
                           size_t stride)
{
    uint32_t x = 0;
    for (; height == LANES && x + TILE <= width; x += TILE, side += TILE * LANES) {
        __m256i tile[TILE];
        for (size_t i = 0; i < TILE; i++)
            tile[i] = load(side + i * LANES);
        exchange(tile);
        for (size_t i = 0; i < TILE; i++) {
            uint8_t *upper = rows + i * stride + x, *lower = upper + TILE * stride;
            _mm_storeu_si128((__m128i *)upper, _mm256_castsi256_si128(tile[i]));
            _mm_storeu_si128((__m128i *)lower, _mm256_extracti128_si256(tile[i], 1));
        }
    }
    bei_resize_c.turn_back(side, width - x, height, rows + x, stride);
}

const bei_resize_kernels_t bei_resize_vector = {sum, turn, turn_back};
#endif
