/* Smooth functions of single floats, of our own, so that they are the same bits on every platform: only
 * +, -, *, / and conversions that IEEE 754 rounds alike everywhere. Loops over them vectorise. Exact to
 * about 2e-7 of the result, of 1 for bei_tanh. */
#ifndef BEI_ENCODER_ACTIVATION_H
#define BEI_ENCODER_ACTIVATION_H

#include <stdint.h>
#include <string.h>

/* e to the x, for x kept in -87 .. 88, where it is a normal number. */
static inline float bei_exp(float x)
{
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    /* Adding and taking away 1.5 * 2^23 rounds to a whole number. */
    const float shifted = x * 1.44269504f + 12582912.0f;
    const float whole = shifted - 12582912.0f;
    const float rest = (x - whole * 0.693359375f) + whole * 2.12194440e-4f; /* ln 2 in two parts */
    float sum = 1.0f / 720 + rest * (1.0f / 5040);
    sum = 1.0f / 120 + rest * sum;
    sum = 1.0f / 24 + rest * sum;
    sum = 1.0f / 6 + rest * sum;
    sum = 0.5f + rest * sum;
    sum = 1.0f + rest * sum;
    sum = 1.0f + rest * sum;
    const int32_t bits = ((int32_t)whole + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return sum * scale;
}

static inline float bei_sigmoid(float x)
{
    return 1.0f / (1.0f + bei_exp(-x));
}

static inline float bei_tanh(float x)
{
    return 1.0f - 2.0f / (bei_exp(2.0f * x) + 1.0f);
}

#endif
