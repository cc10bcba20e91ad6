#include "audio/resampler.h"

#include <math.h>
#include <speex/speex_resampler.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

enum {
    TARGET_RATE = 16000,
    MIN_RATE = 4000,
    MAX_RATE = 384000,
    MAX_CHANNELS = 32,
    QUALITY = 8,  /* of 0 .. 10: flat to 0.92 of the band, errors 90 dB and more below the sound */
    BLOCK = 1024, /* samples that are converted at a time */
    OUT_BLOCK = BLOCK * (TARGET_RATE / MIN_RATE) + 16
};

struct bei_resampler {
    uint32_t rate;
    uint32_t channels;
    SpeexResamplerState *filter; /* NULL at 16 kHz */
    uint64_t taken;              /* frames since the start */
    uint64_t given;              /* samples since the start */
    float mono[BLOCK];
    float out[OUT_BLOCK];
};

static be_status check_channels(uint32_t channels)
{
    if (channels < 1 || channels > MAX_CHANNELS)
        return bei_error_set(BE_ERR_AUDIO_FORMAT, "%u channels are outside 1 .. %d", channels,
                             MAX_CHANNELS);
    return BE_OK;
}

be_status bei_resampler_create(uint32_t rate, uint32_t channels, bei_resampler_t **out)
{
    if (rate < MIN_RATE || rate > MAX_RATE)
        return bei_error_set(BE_ERR_AUDIO_FORMAT, "sample rate %u Hz is outside %d .. %d", rate,
                             MIN_RATE, MAX_RATE);
    BEI_TRY(check_channels(channels));
    bei_resampler_t *resampler = bei_calloc(1, sizeof *resampler);
    if (!resampler)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a resampler");
    resampler->rate = rate;
    resampler->channels = channels;
    if (rate != TARGET_RATE) {
        int fault = 0;
        resampler->filter = speex_resampler_init(1, rate, TARGET_RATE, QUALITY, &fault);
        if (!resampler->filter) {
            bei_free(resampler);
            return bei_error_set(
                fault == RESAMPLER_ERR_ALLOC_FAILED ? BE_ERR_OUT_OF_MEMORY : BE_ERR_INTERNAL,
                "no resampler from %u Hz: %s", rate, speex_resampler_strerror(fault));
        }
        speex_resampler_skip_zeros(resampler->filter);
    }
    *out = resampler;
    return BE_OK;
}

void bei_resampler_destroy(bei_resampler_t *resampler)
{
    if (!resampler)
        return;
    if (resampler->filter)
        speex_resampler_destroy(resampler->filter);
    bei_free(resampler);
}

static float clamp(float sample)
{
    if (!isfinite(sample))
        return 0.0f;
    return sample > 1.0f ? 1.0f : sample < -1.0f ? -1.0f : sample;
}

/* Averages `frames` frames of int16; the integer sum is exact. The samples are copied out because a
 * host's buffer may start at any byte. */
static void mix_s16(const uint8_t *pcm, uint32_t channels, size_t frames, float *mono)
{
    const float scale = 1.0f / (32768.0f * (float)channels);
    for (size_t i = 0; i < frames; i++) {
        int32_t sum = 0;
        for (uint32_t c = 0; c < channels; c++, pcm += sizeof(int16_t)) {
            int16_t sample;
            memcpy(&sample, pcm, sizeof sample);
            sum += sample;
        }
        mono[i] = (float)sum * scale;
    }
}

/* The same for float. A sample that is not finite counts as 0; the double sum holds 32 of the
 * largest floats. */
static void mix_f32(const uint8_t *pcm, uint32_t channels, size_t frames, float *mono)
{
    for (size_t i = 0; i < frames; i++) {
        double sum = -0.0; /* so that one channel comes out bit for bit, -0 too */
        for (uint32_t c = 0; c < channels; c++, pcm += sizeof(float)) {
            float sample;
            memcpy(&sample, pcm, sizeof sample);
            sum += isfinite(sample) ? (double)sample : 0.0;
        }
        mono[i] = clamp((float)(sum / channels));
    }
}

static be_status deliver(bei_resampler_t *resampler, const float *pcm, size_t n,
                         bei_resampler_sink *sink, void *user)
{
    if (n == 0)
        return BE_OK;
    resampler->given += n;
    return sink(user, pcm, n);
}

/* Filters n <= BLOCK samples, or n zeros when mono is NULL, and delivers at most `limit`. */
static be_status convert(bei_resampler_t *resampler, const float *mono, size_t n, uint64_t limit,
                         bei_resampler_sink *sink, void *user)
{
    while (n > 0) {
        spx_uint32_t used = (spx_uint32_t)n;
        spx_uint32_t made = OUT_BLOCK;
        int fault =
            speex_resampler_process_float(resampler->filter, 0, mono, &used, resampler->out, &made);
        if (fault != RESAMPLER_ERR_SUCCESS || (used == 0 && made == 0))
            return bei_error_set(BE_ERR_INTERNAL, "the resampler from %u Hz failed: %s",
                                 resampler->rate, speex_resampler_strerror(fault));
        n -= used;
        if (mono)
            mono += used;
        size_t usable = made < limit ? made : (size_t)limit;
        limit -= usable;
        for (size_t i = 0; i < usable; i++)
            resampler->out[i] = clamp(resampler->out[i]);
        BEI_TRY(deliver(resampler, resampler->out, usable, sink, user));
    }
    return BE_OK;
}

be_status bei_resampler_push(bei_resampler_t *resampler, be_sample_format format, const void *data,
                             size_t frames, bei_resampler_sink *sink, void *user)
{
    BEI_REQUIRE(format == BE_SAMPLE_S16 || format == BE_SAMPLE_F32, "unknown sample format %d",
                (int)format);
    BEI_REQUIRE(data || frames == 0, "no samples: data is NULL");
    const size_t frame_bytes =
        resampler->channels * (format == BE_SAMPLE_S16 ? sizeof(int16_t) : sizeof(float));
    const uint8_t *next = data;
    while (frames > 0) {
        size_t n = frames < BLOCK ? frames : BLOCK;
        if (format == BE_SAMPLE_S16)
            mix_s16(next, resampler->channels, n, resampler->mono);
        else
            mix_f32(next, resampler->channels, n, resampler->mono);
        resampler->taken += n;
        if (resampler->filter)
            BEI_TRY(convert(resampler, resampler->mono, n, UINT64_MAX, sink, user));
        else
            BEI_TRY(deliver(resampler, resampler->mono, n, sink, user));
        next += n * frame_bytes;
        frames -= n;
    }
    return BE_OK;
}

/* Samples that `taken` frames come to, rounded half up; the split keeps the product in range. */
static uint64_t total(const bei_resampler_t *resampler)
{
    const uint64_t rate = resampler->rate;
    const uint64_t seconds = resampler->taken / rate;
    const uint64_t rest = resampler->taken % rate;
    return seconds * TARGET_RATE + (2 * rest * TARGET_RATE + rate) / (2 * rate);
}

void bei_resampler_restart(bei_resampler_t *resampler)
{
    resampler->taken = 0;
    resampler->given = 0;
    if (resampler->filter) {
        speex_resampler_reset_mem(resampler->filter);
        speex_resampler_skip_zeros(resampler->filter);
    }
}

be_status bei_resampler_drain(bei_resampler_t *resampler, bei_resampler_sink *sink, void *user)
{
    const uint64_t wanted = total(resampler);
    be_status status = BE_OK;
    while (status == BE_OK && resampler->given < wanted)
        status = convert(resampler, NULL, BLOCK, wanted - resampler->given, sink, user);
    bei_resampler_restart(resampler);
    return status;
}

uint32_t bei_resampler_rate(const bei_resampler_t *resampler)
{
    return resampler->rate;
}

be_status bei_resampler_set_channels(bei_resampler_t *resampler, uint32_t channels)
{
    BEI_TRY(check_channels(channels));
    resampler->channels = channels;
    return BE_OK;
}

uint64_t bei_resampler_bound(const bei_resampler_t *resampler, size_t frames)
{
    /* What is still in the filter is at most what was taken and not yet given, and a block more covers
     * the rounding. */
    uint64_t held = total(resampler) > resampler->given ? total(resampler) - resampler->given : 0;
    uint64_t seconds = frames / resampler->rate + 1;
    uint64_t made = seconds < UINT64_MAX / MAX_RATE
                        ? (uint64_t)frames / resampler->rate * TARGET_RATE +
                              (uint64_t)(frames % resampler->rate) * TARGET_RATE / resampler->rate
                        : UINT64_MAX / 4;
    return held + made + OUT_BLOCK;
}
