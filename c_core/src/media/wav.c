#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/fault.h"
#include "media/sound.h"

enum {
    FORMAT_PCM = 1,
    FORMAT_FLOAT = 3,
    FORMAT_EXTENSIBLE = 0xFFFE,
    MAX_CHANNELS = 32,
    MAX_RATE = 384000
};

typedef struct format {
    uint32_t tag, channels, rate, bits;
} format_t;

static float f32(const uint8_t *p)
{
    uint32_t bits = bei_bytes_u32(p);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float f64(const uint8_t *p)
{
    uint64_t bits = bei_bytes_u64(p);
    double value;
    memcpy(&value, &bits, sizeof value);
    /* Converting what a float cannot hold is undefined. */
    return value > 1e6 ? 1e6f : value < -1e6 ? -1e6f : value == value ? (float)value : 0.0f;
}

/* One little-endian sample as a float of full scale 1. */
static float sample(const uint8_t *p, const format_t *format)
{
    if (format->tag == FORMAT_FLOAT)
        return format->bits == 32 ? f32(p) : f64(p);
    switch (format->bits) {
    case 8:
        return ((float)p[0] - 128.0f) / 128.0f;
    case 16:
        return (float)bei_bytes_i16(p) / 32768.0f;
    case 24:
        return (float)(int32_t)((uint32_t)bei_bytes_u16(p) << 8 | (uint32_t)p[2] << 24) /
               2147483648.0f;
    default:
        return (float)((double)bei_bytes_i32(p) / 2147483648.0);
    }
}

static be_status read_format(bei_span_t chunk, const char *label, format_t *format)
{
    if (chunk.size < 16)
        return bei_fault_set(BE_ERR_AUDIO_FORMAT, label, "has a WAV format chunk of %zu bytes",
                             chunk.size);
    *format = (format_t){bei_bytes_u16(chunk.data), bei_bytes_u16(chunk.data + 2),
                         bei_bytes_u32(chunk.data + 4), bei_bytes_u16(chunk.data + 14)};
    if (format->tag == FORMAT_EXTENSIBLE && chunk.size >= 26)
        format->tag = bei_bytes_u16(chunk.data + 24);
    bool pcm = format->tag == FORMAT_PCM && (format->bits == 8 || format->bits == 16 ||
                                             format->bits == 24 || format->bits == 32);
    bool real = format->tag == FORMAT_FLOAT && (format->bits == 32 || format->bits == 64);
    if (!pcm && !real)
        return bei_fault_set(BE_ERR_NOT_IMPLEMENTED, label,
                             "is a WAV of format %u with %u bits, which needs libsndfile",
                             format->tag, format->bits);
    if (format->channels < 1 || format->channels > MAX_CHANNELS || format->rate < 1 ||
        format->rate > MAX_RATE)
        return bei_fault_set(BE_ERR_AUDIO_FORMAT, label, "has %u channels at %u Hz",
                             format->channels, format->rate);
    return BE_OK;
}

static be_status read_samples(bei_span_t data, const format_t *format, const char *label,
                              bei_sound_t *out)
{
    size_t width = format->bits / 8, frame_bytes = width * format->channels;
    size_t frames = frame_bytes ? data.size / frame_bytes : 0;
    size_t count = frames * format->channels;
    if (count > BEI_SOUND_MAX_BYTES / sizeof(float))
        return bei_fault_set(BE_ERR_AUDIO_FORMAT, label,
                             "is longer than this call takes: stream it");
    float *samples = bei_alloc(count * sizeof *samples);
    if (!samples)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu samples", count);
    for (size_t i = 0; i < count; i++)
        samples[i] = sample(data.data + i * width, format);
    *out = (bei_sound_t){samples, frames, format->rate, format->channels};
    return BE_OK;
}

be_status bei_wav_decode(bei_span_t bytes, const char *label, bei_sound_t *out)
{
    const uint8_t *p = bytes.data;
    if (bytes.size < 12 || memcmp(p, "RIFF", 4) != 0 || memcmp(p + 8, "WAVE", 4) != 0)
        return bei_fault_set(BE_ERR_NOT_IMPLEMENTED, label, "is not a WAV file");
    format_t format = {0};
    bool known = false;
    for (size_t at = 12; bytes.size - at >= 8;) {
        const uint8_t *head = p + at;
        size_t size = bei_bytes_u32(head + 4), left = bytes.size - at - 8;
        /* A recorder that was cut off, or writes to a pipe, leaves a size that is too large. */
        bei_span_t chunk = {head + 8, size < left ? size : left};
        if (memcmp(head, "fmt ", 4) == 0) {
            BEI_TRY(read_format(chunk, label, &format));
            known = true;
        } else if (memcmp(head, "data", 4) == 0) {
            if (!known)
                break;
            return read_samples(chunk, &format, label, out);
        }
        if (size >= left)
            break;
        at += 8 + size + (size & 1 && size < left ? 1 : 0);
    }
    return bei_fault_set(BE_ERR_AUDIO_FORMAT, label, "is a WAV file without %s",
                         known ? "samples" : "a format before its samples");
}
