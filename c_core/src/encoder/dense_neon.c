#include "encoder/dense.h"

#if defined(BEI_CPU_VECTORS) && defined(__aarch64__)
#include <arm_neon.h>

enum { LANES = 4, SUMS = BEI_DENSE_PANEL / LANES };

void bei_dense_run_vector(const bei_dense_t *layer, const float *in, float *out)
{
    const float *weights = layer->weights, *bias = layer->bias;
    for (uint32_t p = 0; p < layer->panels; p++, bias += BEI_DENSE_PANEL, out += BEI_DENSE_PANEL) {
        float32x4_t sum[SUMS];
        for (int j = 0; j < SUMS; j++)
            sum[j] = vld1q_f32(bias + j * LANES);
        for (uint32_t i = 0; i < layer->in; i++, weights += BEI_DENSE_PANEL) {
            const float32x4_t x = vld1q_dup_f32(in + i);
            for (int j = 0; j < SUMS; j++)
                sum[j] = vaddq_f32(sum[j], vmulq_f32(vld1q_f32(weights + j * LANES), x));
        }
        for (int j = 0; j < SUMS; j++)
            vst1q_f32(out + j * LANES, sum[j]);
    }
}
#endif
