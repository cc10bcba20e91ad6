#include "session/runtime.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/thread.h"
#include "session/fixture.h"
#include "session/inbox.h"
#include "session/pipeline.h"

struct be_runtime {
    be_fixture_t *fixture;
    uint32_t owner; /* the process that made it */
    bei_pipeline_t pipeline;
    bei_compositor_t *compositor;
    bei_inbox_t inbox;
    bool batch;         /* this stream takes whole buffers */
    size_t padded_from; /* their length when zeros were first heard beyond it, else 0 */
    bool chosen;        /* `mouth` is the next tick's, not yet shown */
    uint32_t mouth;
    uint64_t cursor; /* position in the loop of source frames */
};

be_status bei_runtime_create(be_fixture_t *fixture, be_runtime_t **out)
{
    be_runtime_t *runtime = bei_calloc(1, sizeof *runtime);
    if (!runtime)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a stream");
    bei_fixture_retain(fixture);
    runtime->fixture = fixture;
    runtime->owner = bei_process_id();
    be_status status =
        bei_pipeline_init(&runtime->pipeline, fixture->model, fixture->avatar->mouths, 0);
    if (status == BE_OK)
        status = bei_compositor_create(&fixture->avatar->scene, &runtime->compositor);
    if (status != BE_OK) {
        bei_runtime_destroy(runtime);
        return status;
    }
    bei_inbox_init(&runtime->inbox, bei_pipeline_lookahead(&runtime->pipeline));
    *out = runtime;
    return BE_OK;
}

void bei_runtime_destroy(be_runtime_t *runtime)
{
    if (!runtime || runtime->owner != bei_process_id())
        return;
    bei_compositor_destroy(runtime->compositor);
    bei_pipeline_free(&runtime->pipeline);
    bei_inbox_free(&runtime->inbox);
    bei_fixture_release(runtime->fixture);
    bei_free(runtime);
}

be_status bei_runtime_check_owner(const be_runtime_t *runtime)
{
    BEI_REQUIRE(runtime->owner == bei_process_id(),
                "this stream belongs to process %u: a fork does not carry streams over",
                runtime->owner);
    return BE_OK;
}

be_status bei_runtime_check_size(be_runtime_t *runtime, const be_compose_size_t *size)
{
    uint32_t width, height;
    return bei_compositor_set_size(runtime->compositor, size, &width, &height);
}

void bei_runtime_size(const be_runtime_t *runtime, uint32_t *width, uint32_t *height)
{
    *width = runtime->fixture->avatar->scene.width;
    *height = runtime->fixture->avatar->scene.height;
}

/* ---------------------------------------------------------------- audio in */

static be_status refuse_batch(const be_runtime_t *runtime)
{
    BEI_REQUIRE(
        !runtime->batch,
        "this stream was ticked with whole buffers: be_runtime_reset_stream comes before a push");
    return BE_OK;
}

be_status bei_runtime_push(be_runtime_t *runtime, const float *pcm, size_t n)
{
    BEI_TRY(refuse_batch(runtime));
    const be_audio_chunk_t chunk = {sizeof chunk, BE_SAMPLE_F32, 16000, 1, pcm, n};
    return bei_runtime_push_chunk(runtime, &chunk);
}

be_status bei_runtime_push_chunk(be_runtime_t *runtime, const be_audio_chunk_t *chunk)
{
    BEI_TRY(refuse_batch(runtime));
    return bei_inbox_push(&runtime->inbox, chunk);
}

be_status bei_runtime_flush(be_runtime_t *runtime)
{
    BEI_TRY(refuse_batch(runtime));
    return bei_inbox_flush(&runtime->inbox);
}

/* The tick that is shown next; in a stream it may be the first of a gap, which is passed over. */
static uint64_t next_tick(const be_runtime_t *runtime)
{
    return runtime->pipeline.taken - runtime->chosen;
}

size_t bei_runtime_ticks_available(const be_runtime_t *runtime)
{
    return runtime->batch ? 0 : bei_inbox_ready(&runtime->inbox, next_tick(runtime));
}

void bei_runtime_reset(be_runtime_t *runtime)
{
    bei_pipeline_reset(&runtime->pipeline);
    bei_inbox_clear(&runtime->inbox);
    runtime->batch = runtime->chosen = false;
    runtime->padded_from = 0;
    runtime->cursor = 0;
}

/* ---------------------------------------------------------------- the next mouth */

static be_status feed_streamed(be_runtime_t *runtime)
{
    bei_fifo_t *fifo = &runtime->inbox.fifo;
    BEI_TRY(bei_pipeline_feed(&runtime->pipeline, bei_fifo_peek(fifo, BEI_TICK_SAMPLES)));
    bei_fifo_drop(fifo, BEI_TICK_SAMPLES);
    return BE_OK;
}

/* Feeds the tick of the whole buffer that is due, with zeros beyond its end. */
static be_status feed_batch(be_runtime_t *runtime, bei_feed_t feed)
{
    uint64_t start = runtime->pipeline.fed * BEI_TICK_SAMPLES;
    if (start + BEI_TICK_SAMPLES <= feed.n) {
        BEI_TRY(bei_pipeline_feed(&runtime->pipeline, feed.pcm + start));
    } else {
        float tick[BEI_TICK_SAMPLES] = {0};
        if (start < feed.n)
            memcpy(tick, feed.pcm + start, (feed.n - (size_t)start) * sizeof *tick);
        BEI_TRY(bei_pipeline_feed(&runtime->pipeline, tick));
        if (runtime->padded_from == 0)
            runtime->padded_from = feed.n;
    }
    runtime->batch = true;
    return BE_OK;
}

static be_status check_stream(be_runtime_t *runtime)
{
    BEI_TRY(refuse_batch(runtime));
    if (bei_runtime_ticks_available(runtime) == 0)
        return bei_error_set(BE_ERR_AUDIO_FORMAT, "no frame is ready: push more audio, or flush");
    return BE_OK;
}

static be_status check_batch(be_runtime_t *runtime, bei_feed_t feed)
{
    BEI_REQUIRE(
        runtime->inbox.fifo.pushed == 0 && !runtime->inbox.unflushed,
        "this stream has pushed audio: be_runtime_reset_stream comes before a whole buffer");
    /* The zeros have been heard, and cannot be unheard. */
    BEI_REQUIRE(runtime->padded_from == 0 || feed.n == runtime->padded_from,
                "the buffer changed from %zu to %zu samples after its end was heard: give it whole "
                "each time, or use be_runtime_push_audio and be_runtime_pull_frame",
                runtime->padded_from, feed.n);
    if (next_tick(runtime) >= feed.n / BEI_TICK_SAMPLES)
        return bei_error_set(BE_ERR_AUDIO_FORMAT, "the audio of %zu samples has no tick %llu",
                             feed.n, (unsigned long long)next_tick(runtime));
    return BE_OK;
}

static be_status check_ready(be_runtime_t *runtime, bei_feed_t feed)
{
    return feed.streaming ? check_stream(runtime) : check_batch(runtime, feed);
}

/* Makes sure that the next tick's mouth is chosen. Kept until it is shown, so that a failed frame can
 * be tried again. */
static be_status choose(be_runtime_t *runtime, bei_feed_t feed)
{
    while (!runtime->chosen) {
        while (bei_pipeline_hungry(&runtime->pipeline))
            BEI_TRY(feed.streaming ? feed_streamed(runtime) : feed_batch(runtime, feed));
        bool gap = feed.streaming && bei_inbox_in_gap(&runtime->inbox, runtime->pipeline.taken);
        runtime->mouth = bei_pipeline_take(&runtime->pipeline);
        runtime->chosen = !gap;
    }
    return BE_OK;
}

be_status bei_runtime_tick(be_runtime_t *runtime, bei_feed_t feed, float *embedding,
                           size_t capacity, be_tick_result_t *out)
{
    if (embedding && capacity < BEI_ENCODER_DIM)
        return bei_error_set(BE_ERR_BUFFER_TOO_SMALL, "room for %zu floats where %d are given",
                             capacity, BEI_ENCODER_DIM);
    BEI_TRY(check_ready(runtime, feed));
    BEI_TRY(choose(runtime, feed));
    if (embedding)
        memcpy(embedding, runtime->pipeline.shown, sizeof runtime->pipeline.shown);
    *out = (be_tick_result_t){
        .cluster_idx = runtime->mouth,
        .embedding_floats_written = embedding ? BEI_ENCODER_DIM : 0,
    };
    runtime->chosen = false;
    return BE_OK;
}

be_status bei_runtime_capture(const be_runtime_t *runtime, be_diag_tap tap, void *buffer,
                              size_t capacity, size_t *written)
{
    size_t bytes = bei_pipeline_capture(&runtime->pipeline, tap, NULL) * sizeof(float);
    BEI_REQUIRE(bytes > 0, "tap is %d, not one of be_diag_tap", (int)tap);
    if (runtime->pipeline.taken == 0)
        return bei_error_set(BE_ERR_AUDIO_FORMAT, "no tick was given yet");
    if (capacity < bytes)
        return bei_error_set(BE_ERR_BUFFER_TOO_SMALL, "room for %zu bytes where the tap has %zu",
                             capacity, bytes);
    bei_pipeline_capture(&runtime->pipeline, tap, buffer);
    *written = bytes;
    return BE_OK;
}

/* ---------------------------------------------------------------- frames out */

/* The source frame at the cursor: forth, or forth and back without showing the ends twice. */
static uint32_t frame_at(const bei_imx_t *imx, uint64_t cursor)
{
    uint32_t count = imx->frame_count;
    if (!imx->manifest.pingpong || count < 3)
        return (uint32_t)(cursor % count);
    uint64_t turn = 2 * (uint64_t)count - 2, place = cursor % turn;
    return (uint32_t)(place < count ? place : turn - place);
}

static uint32_t frame_for(const be_runtime_t *runtime, int32_t hint)
{
    const bei_imx_t *imx = runtime->fixture->avatar->imx;
    return hint < 0 ? frame_at(imx, runtime->cursor) : (uint32_t)hint % imx->frame_count;
}

/* Lays the frame out in the caller's buffer. */
static be_status check_room(be_runtime_t *runtime, bei_target_t target, bei_image_t *image)
{
    uint32_t width, height;
    BEI_TRY(bei_compositor_set_size(runtime->compositor, target.size, &width, &height));
    return bei_image_layout(BE_PIXEL_BGR24, width, height, 0, target.bgr, target.capacity, image);
}

static be_status show(be_runtime_t *runtime, bei_target_t target, uint32_t mouth,
                      const bei_image_t *image, be_compose_result_t *out)
{
    uint32_t frame = frame_for(runtime, target.frame_hint);
    BEI_TRY(bei_compositor_compose(runtime->compositor, frame, mouth));
    bei_compositor_write(runtime->compositor, image);
    if (target.frame_hint < 0)
        runtime->cursor++;
    *out = (be_compose_result_t){.cluster_idx = mouth,
                                 .frame_idx_used = frame,
                                 .bytes_written = image->stride[0] * image->height};
    return BE_OK;
}

be_status bei_runtime_compose(be_runtime_t *runtime, bei_feed_t feed, bei_target_t target,
                              be_compose_result_t *out)
{
    bei_image_t image;
    BEI_TRY(check_ready(runtime, feed));
    BEI_TRY(check_room(runtime, target, &image));
    BEI_TRY(choose(runtime, feed));
    BEI_TRY(show(runtime, target, runtime->mouth, &image, out));
    runtime->chosen = false;
    return BE_OK;
}

be_status bei_runtime_source_frame(be_runtime_t *runtime, bei_target_t target,
                                   be_compose_result_t *out)
{
    bei_image_t image;
    BEI_TRY(check_room(runtime, target, &image));
    return show(runtime, target, 0, &image, out);
}
