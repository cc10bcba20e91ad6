#include "session/render.h"

#include "base/error.h"
#include "base/memory.h"
#include "media/mp4.h"
#include "session/runtime.h"
#include "session/sound_file.h"

typedef struct canvas {
    be_compose_size_t size;
    uint8_t *bgr;
    size_t bytes;
} canvas_t;

static be_status make_canvas(be_runtime_t *runtime, const be_compose_size_t *size, canvas_t *canvas)
{
    *canvas = (canvas_t){0};
    if (size)
        canvas->size = *size;
    BEI_TRY(bei_runtime_check_size(runtime, size, &canvas->size.target_width,
                                   &canvas->size.target_height));
    canvas->bytes = (size_t)canvas->size.target_width * canvas->size.target_height * 3;
    canvas->bgr = bei_alloc(canvas->bytes);
    if (!canvas->bgr)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a frame of %zu bytes",
                             canvas->bytes);
    return BE_OK;
}

static be_status pull_all(be_runtime_t *runtime, canvas_t *canvas, be_frame_callback *callback,
                          void *user)
{
    const bei_feed_t feed = {NULL, 0, 1};
    const bei_target_t target = {-1, &canvas->size, canvas->bgr, canvas->bytes};
    be_compose_result_t result;
    for (uint32_t i = 0; bei_runtime_ticks_available(runtime) > 0; i++) {
        BEI_TRY(bei_runtime_compose(runtime, feed, target, &result));
        if (callback(i, result.cluster_idx, result.frame_idx_used, canvas->bgr,
                     canvas->size.target_width, canvas->size.target_height, user) != 0)
            break;
    }
    return BE_OK;
}

be_status bei_render_pcm(be_runtime_t *runtime, const float *pcm, size_t n,
                         const be_compose_size_t *size, be_frame_callback *callback, void *user)
{
    canvas_t canvas;
    BEI_TRY(make_canvas(runtime, size, &canvas));
    bei_runtime_reset(runtime);
    be_status status = bei_runtime_push(runtime, pcm, n);
    if (status == BE_OK)
        status = bei_runtime_flush(runtime);
    if (status == BE_OK)
        status = pull_all(runtime, &canvas, callback, user);
    bei_runtime_reset(runtime);
    bei_free(canvas.bgr);
    return status;
}

/* ---------------------------------------------------------------- to a file */

typedef struct recording {
    bei_mp4_t *mp4;
    be_status status;
} recording_t;

static int record_frame(uint32_t frame_idx, uint32_t cluster_idx, uint32_t frame_idx_used,
                        const uint8_t *bgr, uint32_t width, uint32_t height, void *user)
{
    (void)frame_idx, (void)cluster_idx, (void)frame_idx_used, (void)width, (void)height;
    recording_t *recording = user;
    recording->status = bei_mp4_write(recording->mp4, bgr);
    return recording->status != BE_OK;
}

static be_status record(be_runtime_t *runtime, bei_sound_t *sound, const be_compose_size_t *size,
                        bei_mp4_t *mp4)
{
    float *pcm = NULL;
    size_t n = 0;
    BEI_TRY(bei_sound_file_to_pcm(sound, &pcm, &n));
    recording_t recording = {mp4, BE_OK};
    be_status status = bei_render_pcm(runtime, pcm, n, size, record_frame, &recording);
    bei_free(pcm);
    bei_mp4_set_sound(mp4, sound);
    return status == BE_OK ? recording.status : status;
}

be_status bei_render_mp4(be_runtime_t *runtime, const char *audio, const be_compose_size_t *size,
                         const char *path, int crf)
{
    uint32_t width, height;
    BEI_TRY(bei_runtime_check_size(runtime, size, &width, &height));
    bei_sound_t sound = {0};
    bei_mp4_t *mp4 = NULL;
    BEI_TRY(bei_sound_file_read(audio, &sound));
    be_status status = bei_mp4_open(path, width, height, 25, crf, &mp4);
    if (status == BE_OK)
        status = record(runtime, &sound, size, mp4);
    bei_sound_free(&sound);
    if (status != BE_OK) {
        bei_mp4_discard(mp4);
        return status;
    }
    return bei_mp4_close(mp4);
}

int bei_render_crf(be_encoder_quality quality)
{
    static const int CRF[] = {28, 23, 18};
    return CRF[quality];
}
