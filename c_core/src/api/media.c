#include "media/mp4.h"

#include "api/check.h"
#include "base/memory.h"
#include "session/render.h"
#include "session/runtime.h"
#include "session/sound_file.h"

/* ---------------------------------------------------------------- sound */

static be_status to_pcm(bei_sound_t *sound, float **pcm, size_t *samples)
{
    be_status status = bei_sound_file_to_pcm(sound, pcm, samples);
    bei_sound_free(sound);
    return status;
}

be_status be_audio_decode_file(const char *path, float **pcm, size_t *samples)
{
    CHECK_NOT_NULL(path);
    CHECK_NOT_NULL(pcm);
    CHECK_NOT_NULL(samples);
    bei_sound_t sound = {0};
    BEI_TRY(bei_sound_file_read(path, &sound));
    return to_pcm(&sound, pcm, samples);
}

be_status be_audio_decode_bytes(const uint8_t *data, size_t n, float **pcm, size_t *samples)
{
    CHECK_NOT_NULL(data);
    CHECK_NOT_NULL(pcm);
    CHECK_NOT_NULL(samples);
    bei_sound_t sound = {0};
    BEI_TRY(bei_sound_decode((bei_span_t){data, n}, "the sound", &sound));
    return to_pcm(&sound, pcm, samples);
}

void be_audio_free(float *pcm)
{
    bei_free(pcm);
}

/* ---------------------------------------------------------------- whole utterances */

static be_status check_quality(be_encoder_quality quality)
{
    BEI_REQUIRE((int)quality >= BE_ENCODER_LOW && (int)quality <= BE_ENCODER_HIGH,
                "quality is %d, not one of be_encoder_quality", (int)quality);
    return BE_OK;
}

be_status be_session_render_pcm(be_runtime_t *runtime, const float *pcm, size_t n,
                                const be_compose_size_t *size, be_frame_callback *callback,
                                void *user)
{
    CHECK_NOT_NULL(runtime);
    CHECK_NOT_NULL(callback);
    BEI_REQUIRE(pcm || n == 0, "pcm is NULL with %zu samples", n);
    BEI_TRY(bei_runtime_enter(runtime));
    be_status status = bei_render_pcm(runtime, pcm, n, size, callback, user);
    bei_runtime_leave(runtime);
    return status;
}

be_status be_session_record_mp4(be_runtime_t *runtime, const char *audio_src,
                                const be_compose_size_t *size, const char *out_mp4,
                                be_encoder_quality quality)
{
    CHECK_NOT_NULL(runtime);
    CHECK_NOT_NULL(audio_src);
    CHECK_NOT_NULL(out_mp4);
    BEI_TRY(check_quality(quality));
    BEI_TRY(bei_runtime_enter(runtime));
    be_status status = bei_render_mp4(runtime, audio_src, size, out_mp4, bei_render_crf(quality));
    bei_runtime_leave(runtime);
    return status;
}

/* ---------------------------------------------------------------- video; the handle is the writer */

static bei_mp4_t *writer_of(be_video_encoder_t *encoder)
{
    return (bei_mp4_t *)encoder;
}

be_status be_video_encoder_open(const char *path, uint32_t width, uint32_t height, uint32_t fps,
                                be_encoder_quality quality, be_video_encoder_t **out)
{
    CHECK_NOT_NULL(path);
    CHECK_NOT_NULL(out);
    BEI_TRY(check_quality(quality));
    bei_mp4_t *mp4 = NULL;
    BEI_TRY(bei_mp4_open(path, width, height, fps, bei_render_crf(quality), &mp4));
    *out = (be_video_encoder_t *)mp4;
    return BE_OK;
}

be_status be_video_encoder_write_frame(be_video_encoder_t *encoder, const uint8_t *bgr, size_t n)
{
    CHECK_NOT_NULL(encoder);
    CHECK_NOT_NULL(bgr);
    size_t wanted = bei_mp4_frame_bytes(writer_of(encoder));
    if (n != wanted)
        return bei_error_set(BE_ERR_BUFFER_TOO_SMALL, "%zu bytes where a frame has %zu", n, wanted);
    return bei_mp4_write(writer_of(encoder), bgr);
}

be_status be_video_encoder_attach_audio(be_video_encoder_t *encoder, const char *audio_src)
{
    CHECK_NOT_NULL(encoder);
    bei_sound_t sound = {0};
    if (audio_src)
        BEI_TRY(bei_sound_file_read(audio_src, &sound));
    bei_mp4_set_sound(writer_of(encoder), &sound);
    return BE_OK;
}

be_status be_video_encoder_close(be_video_encoder_t *encoder)
{
    CHECK_NOT_NULL(encoder);
    return bei_mp4_close(writer_of(encoder));
}
