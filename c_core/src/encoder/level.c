#include "encoder/level.h"

enum { BANDS = BEI_LEVEL_BANDS, FRAMES = BEI_LEVEL_FRAMES };

static const float PRIOR_MEAN = -2.5f, PRIOR_PEAK = -11.5f, PRIOR_FLOOR = 5.0f;
static const float MEMORY_TICKS = 75.0f, PRIOR_TICKS = 4.0f, DRIFT = 0.02f;
static const float CLIP = 6.0f, SCALE = 3.0f;

static float clamp(float value, float low, float high)
{
    return value < low ? low : value > high ? high : value;
}

/* The share of a tick that counts as speech: exactly 0 in steady noise. */
static float gate(float level, float peak, float floor)
{
    float span = peak - floor;
    return bei_ramp((level - floor) / (span + 0.1f), 0.4f, 0.7f) * bei_ramp(span, 0.5f, 1.0f) *
           bei_ramp(level, -10.0f, -9.0f);
}

static float average_bands(const float *mel, float average[BANDS])
{
    float sum = 0.0f;
    for (int b = 0; b < BANDS; b++) {
        average[b] =
            (mel[b] + mel[BANDS + b] + mel[2 * BANDS + b] + mel[3 * BANDS + b]) / (float)FRAMES;
        sum += average[b];
    }
    return sum / (float)BANDS;
}

void bei_level_step(bei_level_t *state, const float *mel, float *features,
                    float extras[BEI_LEVEL_EXTRAS])
{
    float average[BANDS];
    const float level = average_bands(mel, average);
    float peak = state->peak + (PRIOR_PEAK - DRIFT), floor = state->floor + (PRIOR_FLOOR + DRIFT);
    peak = level > peak ? level : peak;
    floor = level < floor ? level : floor;
    const float counted = gate(level, peak, floor);
    state->count = clamp(state->count + counted, 0.0f, MEMORY_TICKS);
    const float weight = counted / (state->count + PRIOR_TICKS);
    for (int b = 0; b < BANDS; b++)
        state->mean[b] += weight * (average[b] - PRIOR_MEAN - state->mean[b]);
    for (int i = 0; i < FRAMES * BANDS; i++)
        features[i] =
            (clamp(mel[i] - PRIOR_MEAN - state->mean[i % BANDS], -CLIP, CLIP) + CLIP) / SCALE;
    extras[0] = (level - peak) / 4.0f;
    extras[1] = (level - floor) / 4.0f;
    extras[2] = (level + 5.0f) / 5.0f;
    state->peak = peak - PRIOR_PEAK;
    state->floor = floor - PRIOR_FLOOR;
}
