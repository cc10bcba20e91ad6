#include "media/mp4.h"

#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"

#if defined(ESSENCE_HAVE_FFMPEG)

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "media/aac.h"
#include "media/ffmpeg.h"

enum { MAX_SIDE = 8192, MIN_SIDE = 16, MAX_FPS = 240, PATH_BYTES = 4096, QUIET = 100 };

static const bei_ffmpeg_t *const ff = &bei_ffmpeg;

struct bei_mp4 {
    char path[PATH_BYTES], temporary[PATH_BYTES + 32]; /* "" until it exists */
    uint32_t width, height, fps;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVStream *stream;
    struct SwsContext *scaler;
    AVFrame *frame;
    AVPacket *packet;
    /* Video packets wait here until the end, because the sound is given last and the two must be
     * interleaved in the file. */
    AVPacket **waiting;
    size_t waiting_count, waiting_capacity;
    int64_t frames;
    bei_sound_t sound;
};

static be_status failed(const bei_mp4_t *mp4, const char *doing, int error)
{
    char text[128] = "";
    ff->av_strerror(error, text, sizeof text);
    be_status status = error == AVERROR(ENOMEM)   ? BE_ERR_OUT_OF_MEMORY
                       : error == AVERROR(ENOENT) ? BE_ERR_FILE_NOT_FOUND
                                                  : BE_ERR_INTERNAL;
    return bei_fault_set(status, mp4->path, "%s: %s", doing, text);
}

/* ---------------------------------------------------------------- open */

static be_status open_codec(bei_mp4_t *mp4, int crf)
{
    const AVCodec *x264 = ff->avcodec_find_encoder_by_name("libx264");
    if (!x264)
        return bei_error_set(BE_ERR_NOT_IMPLEMENTED,
                             "FFmpeg was built without x264: install one that has it");
    mp4->codec = ff->avcodec_alloc_context3(x264);
    if (!mp4->codec)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a video encoder");
    AVCodecContext *codec = mp4->codec;
    codec->log_level_offset = QUIET; /* the library never prints */
    codec->width = (int)mp4->width;
    codec->height = (int)mp4->height;
    codec->time_base = (AVRational){1, (int)mp4->fps};
    codec->framerate = (AVRational){(int)mp4->fps, 1};
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->color_range = AVCOL_RANGE_MPEG;
    codec->colorspace = AVCOL_SPC_BT709;
    codec->color_primaries = AVCOL_PRI_BT709;
    codec->color_trc = AVCOL_TRC_BT709;
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    ff->av_opt_set_int(codec->priv_data, "crf", crf, 0);
    ff->av_opt_set(codec->priv_data, "preset", "veryfast", 0);
    int error = ff->avcodec_open2(codec, x264, NULL);
    return error < 0 ? failed(mp4, "cannot start x264", error) : BE_OK;
}

static be_status open_scaler(bei_mp4_t *mp4)
{
    int w = (int)mp4->width, h = (int)mp4->height;
    mp4->scaler = ff->sws_getContext(w, h, AV_PIX_FMT_BGR24, w, h, AV_PIX_FMT_YUV420P, SWS_BILINEAR,
                                     NULL, NULL, NULL);
    mp4->frame = ff->av_frame_alloc();
    mp4->packet = ff->av_packet_alloc();
    if (!mp4->scaler || !mp4->frame || !mp4->packet)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory to convert %d x %d", w, h);
    const int *bt709 = ff->sws_getCoefficients(SWS_CS_ITU709);
    ff->sws_setColorspaceDetails(mp4->scaler, bt709, 1, bt709, 0, 0, 1 << 16, 1 << 16);
    mp4->frame->format = AV_PIX_FMT_YUV420P;
    mp4->frame->width = w;
    mp4->frame->height = h;
    int error = ff->av_frame_get_buffer(mp4->frame, 0);
    return error < 0 ? failed(mp4, "no picture buffer", error) : BE_OK;
}

static be_status open_file(bei_mp4_t *mp4)
{
    BEI_TRY(bei_file_create_beside(mp4->path, mp4->temporary, sizeof mp4->temporary));
    int error = ff->avformat_alloc_output_context2(&mp4->format, NULL, "mp4", mp4->temporary);
    if (error < 0)
        return failed(mp4, "no MP4 writer", error);
    mp4->stream = ff->avformat_new_stream(mp4->format, NULL);
    if (!mp4->stream)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for an MP4 track");
    mp4->stream->time_base = mp4->codec->time_base;
    mp4->stream->avg_frame_rate = mp4->codec->framerate;
    error = ff->avcodec_parameters_from_context(mp4->stream->codecpar, mp4->codec);
    if (error < 0)
        return failed(mp4, "no MP4 track", error);
    error = ff->avio_open(&mp4->format->pb, mp4->temporary, AVIO_FLAG_WRITE);
    return error < 0 ? failed(mp4, "cannot be written", error) : BE_OK;
}

be_status bei_mp4_open(const char *path, uint32_t width, uint32_t height, uint32_t fps, int crf,
                       bei_mp4_t **out)
{
    BEI_REQUIRE(width % 2 == 0 && height % 2 == 0 && width >= MIN_SIDE && height >= MIN_SIDE &&
                    width <= MAX_SIDE && height <= MAX_SIDE,
                "an MP4 has even sides of %d to %d, not %u x %u", MIN_SIDE, MAX_SIDE, width,
                height);
    BEI_REQUIRE(fps >= 1 && fps <= MAX_FPS, "%u frames a second are not 1 to %d", fps, MAX_FPS);
    BEI_REQUIRE(strlen(path) < PATH_BYTES, "the path of the MP4 is too long");
    BEI_TRY(bei_ffmpeg_load());
    bei_mp4_t *mp4 = bei_calloc(1, sizeof *mp4);
    if (!mp4)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for an MP4 writer");
    mp4->width = width;
    mp4->height = height;
    mp4->fps = fps;
    memcpy(mp4->path, path, strlen(path) + 1);
    be_status status = open_codec(mp4, crf);
    if (status == BE_OK)
        status = open_scaler(mp4);
    if (status == BE_OK)
        status = open_file(mp4);
    if (status != BE_OK) {
        bei_mp4_discard(mp4);
        return status;
    }
    *out = mp4;
    return BE_OK;
}

/* ---------------------------------------------------------------- pictures */

static be_status keep_packet(bei_mp4_t *mp4)
{
    if (mp4->waiting_count == mp4->waiting_capacity) {
        size_t held = mp4->waiting_count * sizeof(AVPacket *);
        size_t larger = mp4->waiting_capacity ? 2 * mp4->waiting_capacity : 256;
        AVPacket **grown = bei_realloc(mp4->waiting, held, larger * sizeof(AVPacket *));
        if (!grown)
            return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu packets", larger);
        mp4->waiting = grown;
        mp4->waiting_capacity = larger;
    }
    AVPacket *kept = ff->av_packet_alloc();
    if (!kept)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a packet");
    ff->av_packet_move_ref(kept, mp4->packet);
    mp4->waiting[mp4->waiting_count++] = kept;
    return BE_OK;
}

/* frame NULL drains the encoder. */
static be_status encode(bei_mp4_t *mp4, const AVFrame *frame)
{
    int error = ff->avcodec_send_frame(mp4->codec, frame);
    while (error >= 0) {
        error = ff->avcodec_receive_packet(mp4->codec, mp4->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return BE_OK;
        if (error < 0)
            break;
        mp4->packet->duration = 1;
        BEI_TRY(keep_packet(mp4));
    }
    return failed(mp4, "cannot encode a frame", error);
}

be_status bei_mp4_write(bei_mp4_t *mp4, const uint8_t *bgr)
{
    int error = ff->av_frame_make_writable(mp4->frame);
    if (error < 0)
        return failed(mp4, "no picture buffer", error);
    const uint8_t *planes[1] = {bgr};
    const int strides[1] = {(int)mp4->width * 3};
    ff->sws_scale(mp4->scaler, planes, strides, 0, (int)mp4->height, mp4->frame->data,
                  mp4->frame->linesize);
    mp4->frame->pts = mp4->frames;
    BEI_TRY(encode(mp4, mp4->frame));
    mp4->frames++;
    return BE_OK;
}

size_t bei_mp4_frame_bytes(const bei_mp4_t *mp4)
{
    return (size_t)mp4->width * mp4->height * 3;
}

void bei_mp4_set_sound(bei_mp4_t *mp4, bei_sound_t *sound)
{
    bei_sound_free(&mp4->sound);
    mp4->sound = *sound;
    *sound = (bei_sound_t){0};
    bei_sound_tame(&mp4->sound);
}

/* ---------------------------------------------------------------- close */

static be_status write_header(bei_mp4_t *mp4)
{
    AVDictionary *options = NULL;
    ff->av_dict_set(&options, "movflags", "+faststart", 0);
    int error = ff->avformat_write_header(mp4->format, &options);
    ff->av_dict_free(&options);
    return error < 0 ? failed(mp4, "cannot begin the file", error) : BE_OK;
}

static be_status write_video_packet(bei_mp4_t *mp4, AVPacket *packet)
{
    packet->stream_index = mp4->stream->index;
    ff->av_packet_rescale_ts(packet, mp4->codec->time_base, mp4->stream->time_base);
    int error = ff->av_interleaved_write_frame(mp4->format, packet);
    return error < 0 ? failed(mp4, "cannot write the file", error) : BE_OK;
}

/* The writer of MP4 has no log level of its own, and tells of its second pass. Its process-wide level is
 * lowered for this call: the library never prints. */
static int write_trailer(bei_mp4_t *mp4)
{
    int level = ff->av_log_get_level();
    if (level > AV_LOG_ERROR)
        ff->av_log_set_level(AV_LOG_ERROR);
    int error = ff->av_write_trailer(mp4->format);
    ff->av_log_set_level(level);
    return error;
}

static be_status complete(bei_mp4_t *mp4)
{
    BEI_REQUIRE(mp4->frames > 0, "a video needs at least one frame");
    BEI_TRY(encode(mp4, NULL));
    bei_aac_t *aac = NULL;
    if (mp4->sound.frames > 0)
        BEI_TRY(bei_aac_create(mp4->format, &mp4->sound, mp4->frames, mp4->fps, &aac));
    be_status status = write_header(mp4);
    for (size_t i = 0; status == BE_OK && i < mp4->waiting_count; i++) {
        /* The sound keeps half a second ahead: players want both close together in the file. */
        if (aac)
            status = bei_aac_advance(aac, (int64_t)i + mp4->fps / 2);
        if (status == BE_OK)
            status = write_video_packet(mp4, mp4->waiting[i]);
    }
    if (aac && status == BE_OK)
        status = bei_aac_finish(aac);
    bei_aac_destroy(aac);
    BEI_TRY(status);
    int error = write_trailer(mp4);
    if (error >= 0)
        error = ff->avio_closep(&mp4->format->pb);
    return error < 0 ? failed(mp4, "cannot complete the file", error) : BE_OK;
}

be_status bei_mp4_close(bei_mp4_t *mp4)
{
    be_status status = complete(mp4);
    if (status == BE_OK)
        status = bei_file_replace(mp4->temporary, mp4->path);
    if (status == BE_OK)
        mp4->temporary[0] = '\0';
    bei_mp4_discard(mp4);
    return status;
}

void bei_mp4_discard(bei_mp4_t *mp4)
{
    if (!mp4)
        return;
    bool opened = mp4->format && mp4->format->pb;
    for (size_t i = 0; i < mp4->waiting_count; i++)
        ff->av_packet_free(&mp4->waiting[i]);
    bei_free(mp4->waiting);
    bei_sound_free(&mp4->sound);
    ff->av_packet_free(&mp4->packet);
    ff->av_frame_free(&mp4->frame);
    ff->sws_freeContext(mp4->scaler);
    ff->avcodec_free_context(&mp4->codec);
    if (opened)
        ff->avio_closep(&mp4->format->pb);
    ff->avformat_free_context(mp4->format);
    if (mp4->temporary[0])
        bei_file_remove(mp4->temporary);
    bei_free(mp4);
}

#else

static be_status absent(void)
{
    return bei_error_set(
        BE_ERR_NOT_IMPLEMENTED,
        "this library was built without FFmpeg: build it with -DESSENCE_FFMPEG=ON, "
        "or encode the frames yourself");
}

be_status bei_mp4_open(const char *path, uint32_t width, uint32_t height, uint32_t fps, int crf,
                       bei_mp4_t **out)
{
    (void)path, (void)width, (void)height, (void)fps, (void)crf, (void)out;
    return absent();
}

be_status bei_mp4_write(bei_mp4_t *mp4, const uint8_t *bgr)
{
    (void)mp4, (void)bgr;
    return absent();
}

size_t bei_mp4_frame_bytes(const bei_mp4_t *mp4)
{
    (void)mp4;
    return 0;
}

void bei_mp4_set_sound(bei_mp4_t *mp4, bei_sound_t *sound)
{
    (void)mp4;
    bei_sound_free(sound);
}

be_status bei_mp4_close(bei_mp4_t *mp4)
{
    (void)mp4;
    return absent();
}

void bei_mp4_discard(bei_mp4_t *mp4)
{
    (void)mp4;
}

#endif
