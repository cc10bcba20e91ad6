/* FFmpeg's libraries, opened when the first MP4 is written: they and what they bring take 24 MB and a
 * tenth of a second, which a process that only makes frames does not pay. Only in builds that have their
 * headers, whose major versions are the ones that are opened. */
#ifndef BEI_MEDIA_FFMPEG_H
#define BEI_MEDIA_FFMPEG_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

#include "essence.h"

/* F(function) for all that are used, library by library. */
#define BEI_AVUTIL_FUNCTIONS(F)                                                                    \
    F(av_channel_layout_copy)                                                                      \
    F(av_channel_layout_default)                                                                   \
    F(av_channel_layout_uninit)                                                                    \
    F(av_dict_free)                                                                                \
    F(av_dict_set)                                                                                 \
    F(av_frame_alloc)                                                                              \
    F(av_frame_free)                                                                               \
    F(av_frame_get_buffer)                                                                         \
    F(av_frame_make_writable)                                                                      \
    F(av_frame_unref)                                                                              \
    F(av_log_get_level)                                                                            \
    F(av_log_set_level)                                                                            \
    F(av_opt_set)                                                                                  \
    F(av_opt_set_int)                                                                              \
    F(av_rescale)                                                                                  \
    F(av_strerror)
#define BEI_AVCODEC_FUNCTIONS(F)                                                                   \
    F(av_packet_alloc)                                                                             \
    F(av_packet_free)                                                                              \
    F(av_packet_move_ref)                                                                          \
    F(av_packet_rescale_ts)                                                                        \
    F(avcodec_alloc_context3)                                                                      \
    F(avcodec_find_encoder)                                                                        \
    F(avcodec_find_encoder_by_name)                                                                \
    F(avcodec_free_context)                                                                        \
    F(avcodec_open2)                                                                               \
    F(avcodec_parameters_from_context)                                                             \
    F(avcodec_receive_packet)                                                                      \
    F(avcodec_send_frame)
#define BEI_AVFORMAT_FUNCTIONS(F)                                                                  \
    F(av_interleaved_write_frame)                                                                  \
    F(av_write_trailer)                                                                            \
    F(avformat_alloc_output_context2)                                                              \
    F(avformat_free_context)                                                                       \
    F(avformat_new_stream)                                                                         \
    F(avformat_write_header)                                                                       \
    F(avio_closep)                                                                                 \
    F(avio_open)
#define BEI_SWRESAMPLE_FUNCTIONS(F)                                                                \
    F(swr_alloc_set_opts2)                                                                         \
    F(swr_convert)                                                                                 \
    F(swr_free)                                                                                    \
    F(swr_init)
#define BEI_SWSCALE_FUNCTIONS(F)                                                                   \
    F(sws_freeContext)                                                                             \
    F(sws_getCoefficients)                                                                         \
    F(sws_getContext)                                                                              \
    F(sws_scale)                                                                                   \
    F(sws_setColorspaceDetails)

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a name in parentheses declares nothing */
#define BEI_FFMPEG_FIELD(function) __typeof__(&function) function;

typedef struct bei_ffmpeg {
    BEI_AVUTIL_FUNCTIONS(BEI_FFMPEG_FIELD)
    BEI_AVCODEC_FUNCTIONS(BEI_FFMPEG_FIELD)
    BEI_AVFORMAT_FUNCTIONS(BEI_FFMPEG_FIELD)
    BEI_SWRESAMPLE_FUNCTIONS(BEI_FFMPEG_FIELD)
    BEI_SWSCALE_FUNCTIONS(BEI_FFMPEG_FIELD)
} bei_ffmpeg_t;

/* To be used after bei_ffmpeg_load alone. */
extern bei_ffmpeg_t bei_ffmpeg;

/* Opens the libraries unless that was done. They stay open. BE_ERR_NOT_IMPLEMENTED when one is not
 * there, with its name. Any thread. */
be_status bei_ffmpeg_load(void);

#endif
