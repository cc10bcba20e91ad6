#include "encoder/dense.h"

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2"))) void bei_dense_run_vector(const bei_dense_t *layer, const float *in,
                                                          float *out)
{
    const float *weights = layer->weights, *bias = layer->bias;
    for (uint32_t p = 0; p < layer->panels; p++, bias += BEI_DENSE_PANEL, out += BEI_DENSE_PANEL) {
        __m256 a = _mm256_load_ps(bias), b = _mm256_load_ps(bias + 8);
        __m256 c = _mm256_load_ps(bias + 16), d = _mm256_load_ps(bias + 24);
        for (uint32_t i = 0; i < layer->in; i++, weights += BEI_DENSE_PANEL) {
            const __m256 x = _mm256_broadcast_ss(in + i);
            a = _mm256_add_ps(a, _mm256_mul_ps(_mm256_load_ps(weights), x));
            b = _mm256_add_ps(b, _mm256_mul_ps(_mm256_load_ps(weights + 8), x));
            c = _mm256_add_ps(c, _mm256_mul_ps(_mm256_load_ps(weights + 16), x));
            d = _mm256_add_ps(d, _mm256_mul_ps(_mm256_load_ps(weights + 24), x));
        }
        _mm256_store_ps(out, a);
        _mm256_store_ps(out + 8, b);
        _mm256_store_ps(out + 16, c);
        _mm256_store_ps(out + 24, d);
    }
}
#endif
