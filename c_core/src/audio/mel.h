/* Log-mel features: 40 bands, 60 .. 7600 Hz, one frame each 10 ms, of 16 kHz mono audio.
 *
 * Frame i covers samples [160 i - 240, 160 i + 160), zeros before the start: periodic Hann window
 * of 400, zero-padded FFT of 512, power, 40 triangles of peak 1 whose 42 edges are equally spaced
 * on the HTK mel scale, ln(E + 1e-5). */
#ifndef BEI_AUDIO_MEL_H
#define BEI_AUDIO_MEL_H

#include "essence.h"

enum {
    BEI_MEL_BINS = 40,
    BEI_MEL_HOP = 160,    /* samples */
    BEI_MEL_WINDOW = 400, /* samples */
    BEI_MEL_FFT = 512,
    BEI_MEL_SPECTRUM = 257, /* bins of 31.25 Hz */
    BEI_MEL_FRAMES_PER_TICK = 4,
    BEI_TICK_SAMPLES = 640
};

typedef struct bei_mel bei_mel_t; /* one stream's window history and scratch */

be_status bei_mel_create(bei_mel_t **out);
void bei_mel_destroy(bei_mel_t *mel);
void bei_mel_reset(bei_mel_t *mel);

/* Consumes one tick and gives its four frames, frame by frame. Allocates nothing. */
void bei_mel_tick(bei_mel_t *mel, const float pcm[BEI_TICK_SAMPLES],
                  float out[BEI_MEL_FRAMES_PER_TICK * BEI_MEL_BINS]);

/* The power spectra of the last tick's frames: BEI_MEL_FRAMES_PER_TICK rows of BEI_MEL_SPECTRUM. */
const float *bei_mel_power(const bei_mel_t *mel);

#endif
