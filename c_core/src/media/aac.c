#if defined(ESSENCE_HAVE_FFMPEG)

#include "media/aac.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "media/ffmpeg.h"

enum { BIT_RATE_PER_CHANNEL = 96000, FALLBACK_RATE = 48000, QUIET = 100 };

static const bei_ffmpeg_t *const ff = &bei_ffmpeg; /* the MP4's writer has loaded it */

struct bei_aac {
    AVFormatContext *format;
    const bei_sound_t *sound;
    AVCodecContext *codec;
    AVStream *stream;
    SwrContext *resampler;
    AVFrame *frame;
    AVPacket *packet;
    size_t fed;          /* input frames given to the resampler */
    bool drained;        /* the resampler has nothing left: silence follows */
    int64_t made, total; /* output samples per channel */
    uint32_t fps;
};

static be_status failed(const char *doing, int error)
{
    char text[128] = "";
    ff->av_strerror(error, text, sizeof text);
    return bei_error_set(error == AVERROR(ENOMEM) ? BE_ERR_OUT_OF_MEMORY : BE_ERR_INTERNAL,
                         "the sound of an MP4: %s: %s", doing, text);
}

/* AAC knows a fixed list of rates; others become 48 kHz. */
static int rate_for(const AVCodec *codec, uint32_t rate)
{
    for (const int *known = codec->supported_samplerates; known && *known; known++)
        if (*known == (int)rate)
            return *known;
    return FALLBACK_RATE;
}

static be_status open_codec(bei_aac_t *aac)
{
    const AVCodec *encoder = ff->avcodec_find_encoder(AV_CODEC_ID_AAC);
    if (!encoder)
        return bei_error_set(BE_ERR_NOT_IMPLEMENTED, "FFmpeg was built without AAC");
    aac->codec = ff->avcodec_alloc_context3(encoder);
    if (!aac->codec)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a sound encoder");
    int channels = aac->sound->channels == 2 ? 2 : 1;
    aac->codec->log_level_offset = QUIET; /* the library never prints */
    aac->codec->sample_fmt = AV_SAMPLE_FMT_FLTP;
    aac->codec->sample_rate = rate_for(encoder, aac->sound->rate);
    aac->codec->bit_rate = (int64_t)BIT_RATE_PER_CHANNEL * channels;
    aac->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    ff->av_channel_layout_default(&aac->codec->ch_layout, channels);
    int error = ff->avcodec_open2(aac->codec, encoder, NULL);
    return error < 0 ? failed("cannot start AAC", error) : BE_OK;
}

static be_status open_resampler(bei_aac_t *aac)
{
    AVChannelLayout layout;
    ff->av_channel_layout_default(&layout, (int)aac->sound->channels);
    int error = ff->swr_alloc_set_opts2(&aac->resampler, &aac->codec->ch_layout, AV_SAMPLE_FMT_FLTP,
                                        aac->codec->sample_rate, &layout, AV_SAMPLE_FMT_FLT,
                                        (int)aac->sound->rate, 0, NULL);
    ff->av_channel_layout_uninit(&layout);
    if (error >= 0)
        error = ff->swr_init(aac->resampler);
    return error < 0 ? failed("cannot resample", error) : BE_OK;
}

static be_status open_track(bei_aac_t *aac)
{
    aac->stream = ff->avformat_new_stream(aac->format, NULL);
    aac->frame = ff->av_frame_alloc();
    aac->packet = ff->av_packet_alloc();
    if (!aac->stream || !aac->frame || !aac->packet)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a sound track");
    aac->stream->time_base = (AVRational){1, aac->codec->sample_rate};
    int error = ff->avcodec_parameters_from_context(aac->stream->codecpar, aac->codec);
    return error < 0 ? failed("no track", error) : BE_OK;
}

be_status bei_aac_create(AVFormatContext *format, const bei_sound_t *sound, int64_t frames,
                         uint32_t fps, bei_aac_t **out)
{
    bei_aac_t *aac = bei_calloc(1, sizeof *aac);
    if (!aac)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a sound track");
    aac->format = format;
    aac->sound = sound;
    aac->fps = fps;
    be_status status = open_codec(aac);
    if (status == BE_OK)
        status = open_resampler(aac);
    if (status == BE_OK)
        status = open_track(aac);
    if (status != BE_OK) {
        bei_aac_destroy(aac);
        return status;
    }
    aac->total = ff->av_rescale(frames, aac->codec->sample_rate, fps);
    *out = aac;
    return BE_OK;
}

void bei_aac_destroy(bei_aac_t *aac)
{
    if (!aac)
        return;
    ff->av_packet_free(&aac->packet);
    ff->av_frame_free(&aac->frame);
    ff->swr_free(&aac->resampler);
    ff->avcodec_free_context(&aac->codec);
    bei_free(aac);
}

/* frame NULL drains the encoder. */
static be_status encode(bei_aac_t *aac, const AVFrame *frame)
{
    int error = ff->avcodec_send_frame(aac->codec, frame);
    while (error >= 0) {
        error = ff->avcodec_receive_packet(aac->codec, aac->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return BE_OK;
        if (error < 0)
            break;
        aac->packet->stream_index = aac->stream->index;
        AVRational base = {1, aac->codec->sample_rate};
        ff->av_packet_rescale_ts(aac->packet, base, aac->stream->time_base);
        error = ff->av_interleaved_write_frame(aac->format, aac->packet);
    }
    return failed("cannot encode", error);
}

/* Resamples into the frame from `at` on; returns the samples gained, or a negative error. */
static int resample(bei_aac_t *aac, int at, int wanted)
{
    uint8_t *to[2] = {aac->frame->data[0] + (size_t)at * sizeof(float), NULL};
    if (aac->codec->ch_layout.nb_channels > 1)
        to[1] = aac->frame->data[1] + (size_t)at * sizeof(float);
    const bei_sound_t *sound = aac->sound;
    size_t left = sound->frames - aac->fed;
    int feed = left < (size_t)wanted ? (int)left : wanted;
    const uint8_t *from[1] = {(const uint8_t *)(sound->samples + aac->fed * sound->channels)};
    int got = ff->swr_convert(aac->resampler, to, wanted, feed ? from : NULL, feed);
    aac->fed += (size_t)feed;
    aac->drained = got == 0 && feed == 0;
    return got;
}

static be_status make_frame(bei_aac_t *aac, int wanted)
{
    ff->av_frame_unref(aac->frame);
    aac->frame->format = AV_SAMPLE_FMT_FLTP;
    aac->frame->nb_samples = wanted;
    aac->frame->sample_rate = aac->codec->sample_rate;
    int error = ff->av_channel_layout_copy(&aac->frame->ch_layout, &aac->codec->ch_layout);
    if (error >= 0)
        error = ff->av_frame_get_buffer(aac->frame, 0);
    if (error < 0)
        return failed("no buffer", error);
    int at = 0;
    while (at < wanted && !aac->drained) {
        int got = resample(aac, at, wanted - at);
        if (got < 0)
            return failed("cannot resample", got);
        at += got;
    }
    for (int c = 0; c < aac->codec->ch_layout.nb_channels; c++)
        memset(aac->frame->data[c] + (size_t)at * sizeof(float), 0,
               (size_t)(wanted - at) * sizeof(float));
    aac->frame->pts = aac->made;
    aac->made += wanted;
    return encode(aac, aac->frame);
}

be_status bei_aac_advance(bei_aac_t *aac, int64_t frame)
{
    int64_t until = ff->av_rescale(frame, aac->codec->sample_rate, aac->fps);
    until = until < aac->total ? until : aac->total;
    while (aac->made < until) {
        int64_t left = aac->total - aac->made;
        int wanted = left < aac->codec->frame_size ? (int)left : aac->codec->frame_size;
        BEI_TRY(make_frame(aac, wanted));
    }
    return BE_OK;
}

be_status bei_aac_finish(bei_aac_t *aac)
{
    BEI_TRY(bei_aac_advance(aac, INT32_MAX));
    return encode(aac, NULL);
}

#else

/* Nothing to compile without FFmpeg; ISO C wants a declaration. */
typedef int bei_aac_absent;

#endif
