/* Pastes mouths 16 samples at a time.
 *
 * Neighbouring samples of a head's pose lie in a few neighbouring bytes of a few neighbouring rows of the
 * plane, so they are picked by byte shuffles from whole pieces of those rows; gathers are slow on most
 * processors. Each half of a register, a lane, looks at a window of its own: WINDOW bytes of `spread` + 2
 * rows. Poses whose samples lie too far apart for that are left to the C kernels. */
#include "picture/mouth_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdlib.h>

#define AVX2 __attribute__((target("avx2")))
#define INLINE_AVX2 AVX2 inline __attribute__((always_inline))

enum { ONE = 65536, HALF = 32768, BLOCK = 16, WINDOW = 16 };

/* ---------------------------------------------------------------- positions */

/* 16 positions along one axis: in each lane of `at` four samples, at[0] before at[1]. A lane is thus 8
 * samples long, or 4 where at[1] is not used; `least` is its least position. */
typedef struct axis {
    __m256i at[2];
    int32_t least[2];
} axis_t;

/* Eight positions: the first four in the lower lane, those from sample `apart` on in the upper one. */
INLINE_AVX2 static __m256i positions(int32_t start, int32_t step, int32_t apart)
{
    const __m256i steps =
        _mm256_mullo_epi32(_mm256_set1_epi32(step),
                           _mm256_setr_epi32(0, 1, 2, 3, apart, apart + 1, apart + 2, apart + 3));
    return _mm256_add_epi32(_mm256_set1_epi32(start), steps);
}

static inline int32_t lesser(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Lanes of `samples` (8 or 4) samples each. */
INLINE_AVX2 static axis_t axis_of(int32_t start, int32_t step, int32_t samples)
{
    const int32_t back = lesser(step, 0) * (samples - 1);
    const __m256i first = positions(start, step, samples);
    return (axis_t){{first, _mm256_add_epi32(first, _mm256_set1_epi32(4 * step))},
                    {start + back, start + samples * step + back}};
}

static inline int32_t chroma_position(int32_t at, int32_t limit)
{
    const int32_t position = (at - HALF) >> 1;
    return position < 0 ? 0 : lesser(position, limit);
}

/* The chroma positions of luma positions. */
INLINE_AVX2 static axis_t halved(axis_t axis, int32_t limit)
{
    for (int i = 0; i < 2; i++) {
        const __m256i at =
            _mm256_srai_epi32(_mm256_sub_epi32(axis.at[i], _mm256_set1_epi32(HALF)), 1);
        axis.at[i] = _mm256_min_epi32(_mm256_max_epi32(at, _mm256_setzero_si256()),
                                      _mm256_set1_epi32(limit));
        axis.least[i] = chroma_position(axis.least[i], limit);
    }
    return axis;
}

/* ---------------------------------------------------------------- sampling */

/* How 16 samples are read out of planes of one size. */
typedef struct taps {
    __m256i pick;   /* bytes of the window: each sample's left and right pixel */
    __m256i across; /* bytes: their weights; these come to 255, the left one has one more */
    __m256i line;   /* words: the window's row */
    __m256i
        down[2]; /* words: weights of the upper and the lower row, for the first and last four */
    int32_t column[2], row[2], last_row;
    int32_t spread; /* highest value in `line` */
} taps_t;

/* Two 32-bit numbers, one for each lane. */
INLINE_AVX2 static __m256i lanes_of(int32_t low, int32_t high)
{
    return _mm256_setr_epi32(low, low, low, low, high, high, high, high);
}

/* Words: whole pixels from `base` on in the upper byte, 1/256 in the lower one. */
INLINE_AVX2 static __m256i offsets(const axis_t *axis, const int32_t base[2])
{
    const __m256i from = lanes_of(base[0] * ONE, base[1] * ONE);
    return _mm256_packus_epi32(_mm256_srli_epi32(_mm256_sub_epi32(axis->at[0], from), 8),
                               _mm256_srli_epi32(_mm256_sub_epi32(axis->at[1], from), 8));
}

INLINE_AVX2 static taps_t taps_of(const bei_mouth_plane_t *plane, const axis_t *u, const axis_t *v,
                                  int32_t spread)
{
    const __m256i upper = _mm256_set1_epi32(0x03030101), lower = _mm256_set1_epi32(0x02020000);
    const __m256i pairs = _mm256_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c, 0, 0x04040404,
                                            0x08080808, 0x0c0c0c0c);
    taps_t taps = {.last_row = plane->height - 1, .spread = spread};
    for (int i = 0; i < 2; i++) { /* a window never reaches beyond its row */
        taps.column[i] = lesser(u->least[i] >> 16, plane->width - WINDOW);
        taps.row[i] = v->least[i] >> 16;
    }
    const __m256i right = offsets(u, taps.column), down = offsets(v, taps.row);
    taps.pick = _mm256_add_epi8(_mm256_shuffle_epi8(right, _mm256_add_epi8(pairs, upper)),
                                _mm256_set1_epi16(0x0100));
    taps.across = _mm256_xor_si256(_mm256_shuffle_epi8(right, _mm256_add_epi8(pairs, lower)),
                                   _mm256_set1_epi16(0x00ff));
    taps.line = _mm256_srli_epi16(down, 8);
    const __m256i second = _mm256_and_si256(down, _mm256_set1_epi16(255));
    const __m256i first = _mm256_sub_epi16(_mm256_set1_epi16(256), second);
    taps.down[0] = _mm256_unpacklo_epi16(first, second);
    taps.down[1] = _mm256_unpackhi_epi16(first, second);
    return taps;
}

/* Row `line` of both lanes' windows, 128 taken from each byte, which makes it signed. */
INLINE_AVX2 static __m256i windows(const bei_mouth_plane_t *plane, const taps_t *taps, int32_t line)
{
    __m128i part[2];
    for (int i = 0; i < 2; i++) {
        const int32_t row = lesser(taps->row[i] + line, taps->last_row);
        part[i] = _mm_loadu_si128(
            (const __m128i *)(plane->data + (ptrdiff_t)row * plane->stride + taps->column[i]));
    }
    return _mm256_xor_si256(_mm256_set_m128i(part[1], part[0]), _mm256_set1_epi8(-128));
}

/* Words: the values between two pixels of a row, times 256, less 32768. */
INLINE_AVX2 static __m256i along(const bei_mouth_plane_t *plane, const taps_t *taps, int32_t line)
{
    const __m256i pixels = _mm256_shuffle_epi8(windows(plane, taps, line), taps->pick);
    return _mm256_add_epi16(_mm256_maddubs_epi16(taps->across, pixels),
                            _mm256_maddubs_epi16(_mm256_set1_epi16(1), pixels));
}

/* Words: the values between four pixels with a bias (1/65536 levels), rounded, not clamped. */
INLINE_AVX2 static __m256i sample(const bei_mouth_plane_t *plane, const taps_t *taps, int32_t bias)
{
    const __m256i offset = _mm256_set1_epi32(32768 * 256 + bias + HALF);
    __m256i top = along(plane, taps, 0), bottom = along(plane, taps, 1), next = bottom;
    for (int32_t line = 1; line <= taps->spread; line++) {
        const __m256i here = next;
        const __m256i chosen = _mm256_cmpeq_epi16(taps->line, _mm256_set1_epi16((int16_t)line));
        next = along(plane, taps, line + 1);
        top = _mm256_blendv_epi8(top, here, chosen);
        bottom = _mm256_blendv_epi8(bottom, next, chosen);
    }
    const __m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi16(top, bottom), taps->down[0]);
    const __m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi16(top, bottom), taps->down[1]);
    return _mm256_packs_epi32(_mm256_srai_epi32(_mm256_add_epi32(low, offset), 16),
                              _mm256_srai_epi32(_mm256_add_epi32(high, offset), 16));
}

/* ---------------------------------------------------------------- blending */

/* Words that were not clamped yet, to bytes. */
INLINE_AVX2 static __m128i bytes_of(__m256i words)
{
    const __m256i bytes = _mm256_packus_epi16(words, words);
    return _mm256_castsi256_si128(_mm256_permute4x64_epi64(bytes, 0xd8));
}

/* A block whose alphas are 255 becomes clamp(value). */
INLINE_AVX2 static void cover(uint8_t *row, __m256i value)
{
    _mm_storeu_si128((__m128i *)row, bytes_of(value));
}

/* Samples `skip` to 15 of a block become (row * (255 - alpha) + clamp(value) * alpha) / 255, rounded. */
INLINE_AVX2 static void mix(uint8_t *row, __m256i value, __m256i alpha, uint32_t skip)
{
    static const uint8_t KEEP[2 * BLOCK] = {255, 255, 255, 255, 255, 255, 255, 255,
                                            255, 255, 255, 255, 255, 255, 255, 255};
    const __m256i full = _mm256_set1_epi16(255);
    const __m128i before = _mm_loadu_si128((const __m128i *)row);
    const __m256i patch = _mm256_min_epi16(_mm256_max_epi16(value, _mm256_setzero_si256()), full);
    __m256i sum = _mm256_add_epi16(
        _mm256_mullo_epi16(_mm256_cvtepu8_epi16(before), _mm256_sub_epi16(full, alpha)),
        _mm256_mullo_epi16(patch, alpha));
    sum = _mm256_add_epi16(sum, _mm256_set1_epi16(128));
    sum = _mm256_srli_epi16(_mm256_add_epi16(sum, _mm256_srli_epi16(sum, 8)), 8);
    const __m128i keep = _mm_loadu_si128((const __m128i *)(KEEP + BLOCK - skip));
    _mm_storeu_si128((__m128i *)row, _mm_blendv_epi8(bytes_of(sum), before, keep));
}

/* Rows that `samples` samples of a walk span beyond the first. */
static inline int32_t spread_of(int32_t dv, int32_t samples)
{
    return ((samples - 1) * abs(dv) + ONE - 1) / ONE;
}

/* Whether `samples` samples and the right neighbour of the last fit into a window. */
static inline int fits(int32_t du, int32_t samples)
{
    return (samples - 1) * abs(du) <= (WINDOW - 2) * ONE;
}

/* A block's alphas read in four lanes of 4 samples, for steps that are too wide for two of 8. */
INLINE_AVX2 static __m256i sample_wide(const bei_mouth_plane_t *plane, const bei_mouth_walk_t *walk)
{
    __m256i part[2];
    for (int i = 0; i < 2; i++) {
        const axis_t u = axis_of(walk->u + 8 * i * walk->du, walk->du, 4);
        const axis_t v = axis_of(walk->v + 8 * i * walk->dv, walk->dv, 4);
        const taps_t taps = taps_of(plane, &u, &v, spread_of(walk->dv, 4));
        part[i] = sample(plane, &taps, 0);
    }
    return _mm256_permute4x64_epi64(_mm256_unpacklo_epi64(part[0], part[1]), 0xd8);
}

AVX2 static void luma(uint8_t *row, const bei_mouth_walk_t *walk, const bei_mouth_plane_t *patch,
                      const bei_mouth_plane_t *mask, int32_t bias)
{
    if (walk->count < BLOCK || mask->width < WINDOW || !fits(walk->du, 8)) {
        bei_mouth_c.luma(row, walk, patch, mask, bias);
        return;
    }
    const int32_t spread = spread_of(walk->dv, 8);
    for (uint32_t i = 0; i < walk->count; i += BLOCK) {
        const uint32_t start = bei_mouth_block_start(walk, i, BLOCK);
        const bei_mouth_walk_t at = bei_mouth_walk_on(walk, start);
        const axis_t u = axis_of(at.u, at.du, 8), v = axis_of(at.v, at.dv, 8);
        const taps_t taps = taps_of(mask, &u, &v, spread);
        if (bei_mouth_is_opaque(walk, start, BLOCK)) {
            cover(row + start, sample(patch, &taps, bias));
            continue;
        }
        const __m256i alpha = sample(mask, &taps, 0);
        if (!_mm256_testz_si256(alpha, alpha))
            mix(row + start, sample(patch, &taps, bias), alpha, i - start);
    }
}

AVX2 static void chroma(uint8_t *const row[2], const bei_mouth_walk_t *walk,
                        const bei_mouth_plane_t patch[2], const bei_mouth_plane_t *mask,
                        const int32_t bias[2])
{
    /* Half a step, rounded up, bounds how far apart the rounded positions are. */
    const int32_t half_du = (abs(walk->du) + 1) / 2, half_dv = (abs(walk->dv) + 1) / 2;
    if (walk->count < BLOCK || patch->width < WINDOW || !fits(walk->du, 4) || !fits(half_du, 8)) {
        bei_mouth_c.chroma(row, walk, patch, mask, bias);
        return;
    }
    const int32_t limit_u = bei_mouth_limit(patch->width), limit_v = bei_mouth_limit(patch->height);
    for (uint32_t i = 0; i < walk->count; i += BLOCK) {
        const uint32_t start = bei_mouth_block_start(walk, i, BLOCK);
        const bei_mouth_walk_t at = bei_mouth_walk_on(walk, start);
        const bool opaque = bei_mouth_is_opaque(walk, start, BLOCK);
        const __m256i alpha = opaque ? _mm256_set1_epi16(255) : sample_wide(mask, &at);
        if (_mm256_testz_si256(alpha, alpha))
            continue;
        const axis_t u = halved(axis_of(at.u, at.du, 8), limit_u);
        const axis_t v = halved(axis_of(at.v, at.dv, 8), limit_v);
        const taps_t taps = taps_of(patch, &u, &v, spread_of(half_dv, 8));
        for (int c = 0; c < 2; c++) {
            const __m256i value = sample(&patch[c], &taps, bias[c]);
            if (opaque)
                cover(row[c] + start, value);
            else
                mix(row[c] + start, value, alpha, i - start);
        }
    }
}

const bei_mouth_kernels_t bei_mouth_vector = {luma, chroma};
#endif
