/* Causal normalisation of the level, the part of the encoder that is not learnt: a running mean over about
 * three seconds of speech is taken out of every band, so that microphones, gains and rooms look alike.
 * scripts/train/normalise.py defines it and says where the numbers come from. */
#ifndef BEI_ENCODER_LEVEL_H
#define BEI_ENCODER_LEVEL_H

enum { BEI_LEVEL_BANDS = 40, BEI_LEVEL_FRAMES = 4, BEI_LEVEL_EXTRAS = 3 };

/* All zeros at the start of a stream. */
typedef struct bei_level {
    float mean[BEI_LEVEL_BANDS]; /* offsets from what is assumed at the start, as peak and floor */
    float count, peak, floor;
} bei_level_t;

/* 0 below `low`, 1 above `high`, straight between. */
static inline float bei_ramp(float value, float low, float high)
{
    float share = (value - low) / (high - low);
    return share < 0.0f ? 0.0f : share > 1.0f ? 1.0f : share;
}

/* One tick. mel: 4 frames of 40 bands; features: as many, 0 .. 4, 0 is silence and 2 the mean of speech;
 * extras: distance to the peak, to the floor, and absolute level. */
void bei_level_step(bei_level_t *level, const float *mel, float *features,
                    float extras[BEI_LEVEL_EXTRAS]);

#endif
