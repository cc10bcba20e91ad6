#if defined(ESSENCE_HAVE_FFMPEG)

#include "media/ffmpeg.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/dynlib.h"
#include "base/error.h"
#include "base/thread.h"

#if defined(_WIN32)
#define PATTERN "%s-%d.dll"
#elif defined(__APPLE__)
#define PATTERN "lib%s.%d.dylib"
#else
#define PATTERN "lib%s.so.%d"
#endif

bei_ffmpeg_t bei_ffmpeg;

static bool loaded;
static bei_mutex_t lock = BEI_MUTEX_INIT;

#define BIND(function)                                                                             \
    ((bei_ffmpeg.function =                                                                        \
          (__typeof__(bei_ffmpeg.function))bei_dynlib_symbol(library, #function)) != NULL) &&

static bool bind_avutil(bei_dynlib_t *library)
{
    return BEI_AVUTIL_FUNCTIONS(BIND) true;
}

static bool bind_avcodec(bei_dynlib_t *library)
{
    return BEI_AVCODEC_FUNCTIONS(BIND) true;
}

static bool bind_avformat(bei_dynlib_t *library)
{
    return BEI_AVFORMAT_FUNCTIONS(BIND) true;
}

static bool bind_swresample(bei_dynlib_t *library)
{
    return BEI_SWRESAMPLE_FUNCTIONS(BIND) true;
}

static bool bind_swscale(bei_dynlib_t *library)
{
    return BEI_SWSCALE_FUNCTIONS(BIND) true;
}

static const struct part {
    const char *name;
    int major;
    bool (*bind)(bei_dynlib_t *library);
} PARTS[] = {
    {"avutil", LIBAVUTIL_VERSION_MAJOR, bind_avutil},
    {"avcodec", LIBAVCODEC_VERSION_MAJOR, bind_avcodec},
    {"avformat", LIBAVFORMAT_VERSION_MAJOR, bind_avformat},
    {"swresample", LIBSWRESAMPLE_VERSION_MAJOR, bind_swresample},
    {"swscale", LIBSWSCALE_VERSION_MAJOR, bind_swscale},
};

static be_status load_part(const struct part *part)
{
    char file[64], why[256] = "";
    snprintf(file, sizeof file, PATTERN, part->name, part->major);
    bei_dynlib_t *library = bei_dynlib_open(file, why, sizeof why);
    if (!library)
        return bei_error_set(BE_ERR_NOT_IMPLEMENTED,
                             "writing MP4 needs FFmpeg's %s: install that version of FFmpeg, or "
                             "encode the frames yourself (%s)",
                             file, why);
    if (part->bind(library))
        return BE_OK;
    bei_dynlib_close(library);
    return bei_error_set(BE_ERR_NOT_IMPLEMENTED, "the %s found lacks a function we need", file);
}

be_status bei_ffmpeg_load(void)
{
    be_status status = BE_OK;
    bei_mutex_lock(&lock);
    for (size_t i = 0; !loaded && status == BE_OK && i < sizeof PARTS / sizeof *PARTS; i++)
        status = load_part(&PARTS[i]);
    loaded = status == BE_OK;
    bei_mutex_unlock(&lock);
    return status;
}

#else

/* Nothing to compile without FFmpeg; ISO C wants a declaration. */
typedef int bei_ffmpeg_absent;

#endif
