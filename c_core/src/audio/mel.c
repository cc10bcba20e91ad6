#include "audio/mel.h"

#include <math.h>
#include <string.h>

#include "audio/fft.h"
#include "audio/fmath.h"
#include "base/error.h"
#include "base/memory.h"

enum {
    LEAD = 240,         /* samples of a frame's window that lie before its hop */
    MAX_BAND_BINS = 32, /* the widest triangle spans 30 bins of 31.25 Hz */
    EDGES = BEI_MEL_BINS + 2
};

static const double SAMPLE_RATE = 16000.0;
static const double LOW_HZ = 60.0;
static const double HIGH_HZ = 7600.0;
static const double FLOOR = 1e-5;
static const double LN10 = 2.30258509299404568402;

struct band {
    unsigned first, count; /* bins under the triangle */
    float weight[MAX_BAND_BINS];
};

struct bei_mel {
    float window[BEI_MEL_WINDOW];
    struct band band[BEI_MEL_BINS];
    float pcm[LEAD + BEI_TICK_SAMPLES]; /* the end of the last tick, then the tick */
    float frame[BEI_FFT_SIZE];          /* windowed; zeros beyond the window stay */
    float power[BEI_MEL_FRAMES_PER_TICK][BEI_FFT_BINS];
    bei_fft_t fft;
};

static double hz_to_mel(double hz)
{
    return 2595.0 * bei_fmath_log(1.0 + hz / 700.0) / LN10;
}

static double mel_to_hz(double mel)
{
    return 700.0 * (bei_fmath_exp(mel * LN10 / 2595.0) - 1.0);
}

static void make_band(struct band *band, double left, double peak, double right)
{
    const double step = SAMPLE_RATE / (double)BEI_MEL_FFT;
    for (unsigned bin = 0; bin < BEI_FFT_BINS; bin++) {
        double hz = step * bin;
        double up = (hz - left) / (peak - left);
        double down = (right - hz) / (right - peak);
        double weight = up < down ? up : down;
        if (weight <= 0.0 || band->count == MAX_BAND_BINS)
            continue;
        if (band->count == 0)
            band->first = bin;
        band->weight[band->count++] = (float)weight;
    }
}

static void make_bands(struct band bands[BEI_MEL_BINS])
{
    double edge[EDGES];
    const double low = hz_to_mel(LOW_HZ);
    const double high = hz_to_mel(HIGH_HZ);
    for (int i = 0; i < EDGES; i++)
        edge[i] = mel_to_hz(low + (high - low) * i / (EDGES - 1));
    for (int i = 0; i < BEI_MEL_BINS; i++)
        make_band(&bands[i], edge[i], edge[i + 1], edge[i + 2]);
}

be_status bei_mel_create(bei_mel_t **out)
{
    bei_mel_t *mel = bei_calloc(1, sizeof *mel);
    if (!mel)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for the log-mel tables");
    for (unsigned n = 0; n < BEI_MEL_WINDOW; n++) {
        double c;
        double s;
        bei_fmath_turn(n, BEI_MEL_WINDOW, &c, &s);
        mel->window[n] = (float)(0.5 - 0.5 * c);
    }
    make_bands(mel->band);
    bei_fft_init(&mel->fft);
    *out = mel;
    return BE_OK;
}

void bei_mel_destroy(bei_mel_t *mel)
{
    bei_free(mel);
}

void bei_mel_reset(bei_mel_t *mel)
{
    memset(mel->pcm, 0, sizeof mel->pcm);
}

/* One broken sample of a host would stay in a recurrent encoder for good. */
static float usable(float sample)
{
    if (!isfinite(sample))
        return 0.0f;
    return sample > 1.0f ? 1.0f : sample < -1.0f ? -1.0f : sample;
}

static void make_frame(bei_mel_t *mel, const float *pcm, float spectrum[BEI_FFT_BINS],
                       float out[BEI_MEL_BINS])
{
    for (int n = 0; n < BEI_MEL_WINDOW; n++)
        mel->frame[n] = pcm[n] * mel->window[n];
    bei_fft_power(&mel->fft, mel->frame, spectrum);
    for (int b = 0; b < BEI_MEL_BINS; b++) {
        const struct band *band = &mel->band[b];
        const float *power = spectrum + band->first;
        float energy = 0.0f;
        for (unsigned i = 0; i < band->count; i++)
            energy += band->weight[i] * power[i];
        out[b] = (float)bei_fmath_log((double)energy + FLOOR);
    }
}

void bei_mel_tick(bei_mel_t *mel, const float pcm[BEI_TICK_SAMPLES],
                  float out[BEI_MEL_FRAMES_PER_TICK * BEI_MEL_BINS])
{
    memmove(mel->pcm, mel->pcm + BEI_TICK_SAMPLES, LEAD * sizeof *mel->pcm);
    for (int n = 0; n < BEI_TICK_SAMPLES; n++)
        mel->pcm[LEAD + n] = usable(pcm[n]);
    for (int f = 0; f < BEI_MEL_FRAMES_PER_TICK; f++)
        make_frame(mel, mel->pcm + f * BEI_MEL_HOP, mel->power[f], out + f * BEI_MEL_BINS);
}

const float *bei_mel_power(const bei_mel_t *mel)
{
    return mel->power[0];
}
