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

enum { PIECE = 10 * 16000 }; /* samples: what waits stays small, however long the utterance is */

typedef struct output {
    canvas_t canvas;
    be_frame_callback *callback;
    void *user;
    uint32_t frames;
    int stopped; /* by the callback */
} output_t;

static be_status pull_all(be_runtime_t *runtime, output_t *output)
{
    const canvas_t *canvas = &output->canvas;
    const bei_feed_t feed = {NULL, 0, 1};
    const bei_target_t target = {-1, &canvas->size, canvas->bgr, canvas->bytes};
    be_compose_result_t result;
    while (!output->stopped && bei_runtime_ticks_available(runtime) > 0) {
        BEI_TRY(bei_runtime_compose(runtime, feed, target, &result));
        output->stopped = output->callback(
            output->frames++, result.cluster_idx, result.frame_idx_used, canvas->bgr,
            canvas->size.target_width, canvas->size.target_height, output->user);
    }
    return BE_OK;
}

static be_status render(be_runtime_t *runtime, const float *pcm, size_t n, output_t *output)
{
    for (size_t at = 0; at < n && !output->stopped; at += PIECE) {
        BEI_TRY(bei_runtime_push(runtime, pcm + at, n - at < PIECE ? n - at : PIECE));
        BEI_TRY(pull_all(runtime, output));
    }
    BEI_TRY(bei_runtime_flush(runtime));
    return pull_all(runtime, output);
}

be_status bei_render_pcm(be_runtime_t *runtime, const float *pcm, size_t n,
                         const be_compose_size_t *size, be_frame_callback *callback, void *user)
{
    output_t output = {.callback = callback, .user = user};
    BEI_TRY(make_canvas(runtime, size, &output.canvas));
    bei_runtime_reset(runtime);
    be_status status = render(runtime, pcm, n, &output);
    bei_runtime_reset(runtime);
    bei_free(output.canvas.bgr);
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
