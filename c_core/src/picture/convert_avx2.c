#include "picture/convert.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* r(c, factor) of convert.h for 16 chroma values: pmulhrsw is that rounding. */
AVX2 static __m256i scaled(__m256i centred128, short factor)
{
    return _mm256_mulhrs_epi16(centred128, _mm256_set1_epi16(factor));
}

/* 8 chroma bytes, each doubled, as 128 * (c - 128) in 16 words. */
AVX2 static __m256i centred(const uint8_t *chroma)
{
    __m128i bytes = _mm_loadl_epi64((const __m128i *)chroma);
    __m256i words = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(bytes, bytes));
    return _mm256_slli_epi16(_mm256_sub_epi16(words, _mm256_set1_epi16(128)), 7);
}

AVX2 static __m128i bytes_of(__m256i words)
{
    __m256i packed = _mm256_packus_epi16(words, words);
    return _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
}

/* Sixteen pixels of three planes as 48 interleaved bytes. */
AVX2 static void store_bgr(uint8_t *out, __m128i b, __m128i g, __m128i r)
{
    const __m128i b0 = _mm_setr_epi8(0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5);
    const __m128i g0 = _mm_setr_epi8(-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1);
    const __m128i r0 = _mm_setr_epi8(-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1);
    const __m128i b1 = _mm_setr_epi8(-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1);
    const __m128i g1 = _mm_setr_epi8(5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10);
    const __m128i r1 = _mm_setr_epi8(-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1);
    const __m128i b2 =
        _mm_setr_epi8(-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1);
    const __m128i g2 =
        _mm_setr_epi8(-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1);
    const __m128i r2 =
        _mm_setr_epi8(10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15);
    __m128i first = _mm_or_si128(_mm_shuffle_epi8(b, b0), _mm_shuffle_epi8(g, g0));
    __m128i second = _mm_or_si128(_mm_shuffle_epi8(b, b1), _mm_shuffle_epi8(g, g1));
    __m128i third = _mm_or_si128(_mm_shuffle_epi8(b, b2), _mm_shuffle_epi8(g, g2));
    _mm_storeu_si128((__m128i *)out, _mm_or_si128(first, _mm_shuffle_epi8(r, r0)));
    _mm_storeu_si128((__m128i *)(out + 16), _mm_or_si128(second, _mm_shuffle_epi8(r, r1)));
    _mm_storeu_si128((__m128i *)(out + 32), _mm_or_si128(third, _mm_shuffle_epi8(r, r2)));
}

AVX2 void bei_convert_row_avx2(const uint8_t *y, const uint8_t *u, const uint8_t *v, uint8_t *bgr,
                               uint32_t width)
{
    uint32_t x = 0;
    for (; x + 16 <= width; x += 16) {
        __m256i luma = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(y + x)));
        __m256i cu = centred(u + x / 2), cv = centred(v + x / 2);
        __m256i b = _mm256_add_epi16(luma, scaled(cu, 454));
        __m256i g = _mm256_sub_epi16(luma, _mm256_add_epi16(scaled(cu, 88), scaled(cv, 183)));
        __m256i r = _mm256_add_epi16(luma, scaled(cv, 359));
        store_bgr(bgr + 3 * (size_t)x, bytes_of(b), bytes_of(g), bytes_of(r));
    }
    bei_convert_row_c(y + x, u + x / 2, v + x / 2, bgr + 3 * (size_t)x, width - x);
}
#endif
