#include "picture/convert.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))
#define INLINE_AVX2 AVX2 inline __attribute__((always_inline))

enum {
    BLOCK = 32, /* pixels at a time */
    SEGMENT =
        128, /* blocks of one row, then those of the other: memory likes long runs of writes */
};

enum order { BGR24, RGB24, BGRA32 };

/* What 16 chroma samples add to the colours of 32 pixels, in words; green is subtracted. */
typedef struct tint {
    __m256i b, g, r;
} tint_t;

/* The colours of 32 pixels, in bytes. Each half holds 16: the even ones, then the odd ones. */
typedef struct colours {
    __m256i b, g, r;
} colours_t;

/* 16 chroma bytes as 128 * (c - 128), ready for r(c, k) of convert.h: pmulhrsw is that rounding. */
INLINE_AVX2 static __m256i centred(const uint8_t *chroma)
{
    __m256i words = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)chroma));
    return _mm256_slli_epi16(_mm256_sub_epi16(words, _mm256_set1_epi16(128)), 7);
}

INLINE_AVX2 static tint_t tint_of(const uint8_t *u, const uint8_t *v)
{
    const __m256i cu = centred(u), cv = centred(v);
    return (tint_t){
        _mm256_mulhrs_epi16(cu, _mm256_set1_epi16(454)),
        _mm256_add_epi16(_mm256_mulhrs_epi16(cu, _mm256_set1_epi16(88)),
                         _mm256_mulhrs_epi16(cv, _mm256_set1_epi16(183))),
        _mm256_mulhrs_epi16(cv, _mm256_set1_epi16(359)),
    };
}

/* A word of tint belongs to two pixels: luma is split into even and odd ones instead of widened. */
INLINE_AVX2 static colours_t colours_of(const uint8_t *y, tint_t tint)
{
    const __m256i luma = _mm256_loadu_si256((const __m256i *)y);
    const __m256i even = _mm256_and_si256(luma, _mm256_set1_epi16(255));
    const __m256i odd = _mm256_srli_epi16(luma, 8);
    return (colours_t){
        _mm256_packus_epi16(_mm256_add_epi16(even, tint.b), _mm256_add_epi16(odd, tint.b)),
        _mm256_packus_epi16(_mm256_sub_epi16(even, tint.g), _mm256_sub_epi16(odd, tint.g)),
        _mm256_packus_epi16(_mm256_add_epi16(even, tint.r), _mm256_add_epi16(odd, tint.r)),
    };
}

INLINE_AVX2 static __m256i in_both_halves(__m128i half)
{
    return _mm256_broadcastsi128_si256(half);
}

INLINE_AVX2 static void put(uint8_t *out, __m256i bytes)
{
    _mm256_storeu_si256((__m256i *)out, bytes);
}

/* 32 pixels as 96 bytes. Sixteen pixels make three sixteens of bytes, in which every third place is a
 * channel's, and its places in the three differ: so one shuffle brings all of its bytes to where they
 * stand, and each sixteen is put together by two blends. */
INLINE_AVX2 static void store_24(uint8_t *out, colours_t c)
{
    const __m128i b_at = _mm_setr_epi8(0, 13, 3, 8, 6, 11, 1, 14, 4, 9, 7, 12, 2, 15, 5, 10);
    const __m128i g_at = _mm_setr_epi8(10, 0, 13, 3, 8, 6, 11, 1, 14, 4, 9, 7, 12, 2, 15, 5);
    const __m128i r_at = _mm_setr_epi8(5, 10, 0, 13, 3, 8, 6, 11, 1, 14, 4, 9, 7, 12, 2, 15);
    const __m256i place_1 =
        in_both_halves(_mm_setr_epi8(0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0));
    const __m256i place_2 =
        in_both_halves(_mm_setr_epi8(0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0));
    const __m256i b = _mm256_shuffle_epi8(c.b, in_both_halves(b_at));
    const __m256i g = _mm256_shuffle_epi8(c.g, in_both_halves(g_at));
    const __m256i r = _mm256_shuffle_epi8(c.r, in_both_halves(r_at));
    const __m256i first = _mm256_blendv_epi8(_mm256_blendv_epi8(b, g, place_1), r, place_2);
    const __m256i second = _mm256_blendv_epi8(_mm256_blendv_epi8(g, r, place_1), b, place_2);
    const __m256i third = _mm256_blendv_epi8(_mm256_blendv_epi8(r, b, place_1), g, place_2);
    put(out, _mm256_permute2x128_si256(first, second, 0x20));
    put(out + 32, _mm256_permute2x128_si256(third, first, 0x30));
    put(out + 64, _mm256_permute2x128_si256(second, third, 0x31));
}

/* 32 pixels as 128 bytes. */
INLINE_AVX2 static void store_32(uint8_t *out, colours_t c)
{
    const __m256i in_order =
        in_both_halves(_mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
    const __m256i b = _mm256_shuffle_epi8(c.b, in_order), g = _mm256_shuffle_epi8(c.g, in_order);
    const __m256i r = _mm256_shuffle_epi8(c.r, in_order), a = _mm256_set1_epi8(-1);
    const __m256i bg = _mm256_unpacklo_epi8(b, g), bg_late = _mm256_unpackhi_epi8(b, g);
    const __m256i ra = _mm256_unpacklo_epi8(r, a), ra_late = _mm256_unpackhi_epi8(r, a);
    const __m256i first = _mm256_unpacklo_epi16(bg, ra), second = _mm256_unpackhi_epi16(bg, ra);
    const __m256i third = _mm256_unpacklo_epi16(bg_late, ra_late);
    const __m256i fourth = _mm256_unpackhi_epi16(bg_late, ra_late);
    put(out, _mm256_permute2x128_si256(first, second, 0x20));
    put(out + 32, _mm256_permute2x128_si256(third, fourth, 0x20));
    put(out + 64, _mm256_permute2x128_si256(first, second, 0x31));
    put(out + 96, _mm256_permute2x128_si256(third, fourth, 0x31));
}

INLINE_AVX2 static void store(uint8_t *out, colours_t c, const enum order order)
{
    if (order == BGRA32)
        store_32(out, c);
    else if (order == RGB24)
        store_24(out, (colours_t){c.r, c.g, c.b});
    else
        store_24(out, c);
}

/* The last pixels, fewer than a block, by way of memory that may be read and written beyond them. */
INLINE_AVX2 static void rest(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                             uint8_t *const out[2], uint32_t width, const enum order order)
{
    const size_t size = order == BGRA32 ? 4 : 3;
    uint8_t luma[2][BLOCK] = {{0}}, chroma[2][BLOCK / 2] = {{0}}, pixels[2][4 * BLOCK];
    for (int row = 0; row < 2; row++)
        memcpy(luma[row], y[row], width);
    memcpy(chroma[0], u, bei_i420_half(width));
    memcpy(chroma[1], v, bei_i420_half(width));
    const tint_t tint = tint_of(chroma[0], chroma[1]);
    for (int row = 0; row < 2; row++) {
        store(pixels[row], colours_of(luma[row], tint), order);
        memcpy(out[row], pixels[row], width * size);
    }
}

/* Whole blocks of two rows; the second finds its tints where the first left them. */
INLINE_AVX2 static void segment(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                                uint8_t *const out[2], uint32_t blocks, const enum order order)
{
    const size_t step = BLOCK * (order == BGRA32 ? 4 : 3);
    tint_t tint[SEGMENT];
    for (size_t i = 0; i < blocks; i++) {
        tint[i] = tint_of(u + i * (BLOCK / 2), v + i * (BLOCK / 2));
        store(out[0] + i * step, colours_of(y[0] + i * BLOCK, tint[i]), order);
    }
    for (size_t i = 0; i < blocks; i++)
        store(out[1] + i * step, colours_of(y[1] + i * BLOCK, tint[i]), order);
}

INLINE_AVX2 static void convert(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                                uint8_t *const out[2], uint32_t width, const enum order order)
{
    const size_t size = order == BGRA32 ? 4 : 3;
    for (uint32_t x = 0, count; x < width; x += count) {
        const uint8_t *const from[2] = {y[0] + x, y[1] + x};
        uint8_t *const to[2] = {out[0] + x * size, out[1] + x * size};
        const uint32_t blocks = (width - x) / BLOCK < SEGMENT ? (width - x) / BLOCK : SEGMENT;
        count = blocks > 0 ? blocks * BLOCK : width - x;
        if (blocks > 0)
            segment(from, u + x / 2, v + x / 2, to, blocks, order);
        else
            rest(from, u + x / 2, v + x / 2, to, count, order);
    }
}

AVX2 static void bgr24(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                       uint8_t *const out[2], uint32_t width)
{
    convert(y, u, v, out, width, BGR24);
}

AVX2 static void rgb24(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                       uint8_t *const out[2], uint32_t width)
{
    convert(y, u, v, out, width, RGB24);
}

AVX2 static void bgra32(const uint8_t *const y[2], const uint8_t *u, const uint8_t *v,
                        uint8_t *const out[2], uint32_t width)
{
    convert(y, u, v, out, width, BGRA32);
}

AVX2 static void interleave(const uint8_t *u, const uint8_t *v, uint8_t *out, uint32_t count)
{
    uint32_t x = 0;
    for (; x + 32 <= count; x += 32) {
        const __m256i first = _mm256_loadu_si256((const __m256i *)(u + x));
        const __m256i second = _mm256_loadu_si256((const __m256i *)(v + x));
        const __m256i low = _mm256_unpacklo_epi8(first, second);
        const __m256i high = _mm256_unpackhi_epi8(first, second);
        put(out + 2 * (size_t)x, _mm256_permute2x128_si256(low, high, 0x20));
        put(out + 2 * (size_t)x + 32, _mm256_permute2x128_si256(low, high, 0x31));
    }
    bei_convert_c.uv(u + x, v + x, out + 2 * (size_t)x, count - x);
}

const bei_convert_kernels_t bei_convert_vector = {bgr24, rgb24, bgra32, interleave};
#endif
