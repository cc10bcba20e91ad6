#include "encoder/dense.h"

#include <string.h>

void bei_dense_run_c(const bei_dense_t *layer, const float *in, float *out)
{
    const float *weights = layer->weights;
    for (uint32_t p = 0; p < layer->panels; p++) {
        float sum[BEI_DENSE_PANEL];
        memcpy(sum, layer->bias + (size_t)p * BEI_DENSE_PANEL, sizeof sum);
        for (uint32_t i = 0; i < layer->in; i++, weights += BEI_DENSE_PANEL)
            for (int j = 0; j < BEI_DENSE_PANEL; j++)
                sum[j] += weights[j] * in[i];
        memcpy(out + (size_t)p * BEI_DENSE_PANEL, sum, sizeof sum);
    }
}

bei_dense_run *bei_dense_best(void)
{
#if defined(BEI_CPU_VECTORS)
    if (bei_cpu_has_vectors())
        return bei_dense_run_vector;
#endif
    return bei_dense_run_c;
}
