/* The calls that give a frame as soon as its audio is there, and take whole buffers too. */
#include <string.h>

#include "auth/context.h"
#include "base/error.h"
#include "session/ahead.h"
#include "session/stage.h"
#include "session/stream.h"

/* ---------------------------------------------------------------- whole buffers */

static be_status check_batch(be_runtime_t *runtime, bei_feed_t feed)
{
    bei_mutex_lock(&runtime->lock);
    bool pushed = runtime->inbox.fifo.pushed > 0 || runtime->inbox.unflushed;
    bei_mutex_unlock(&runtime->lock);
    BEI_REQUIRE(
        !pushed,
        "this stream has pushed audio: be_runtime_reset_stream comes before a whole buffer");
    /* The zeros have been heard, and cannot be unheard. */
    BEI_REQUIRE(runtime->padded_from == 0 || feed.n == runtime->padded_from,
                "the buffer changed from %zu to %zu samples after its end was heard: give it whole "
                "each time, or use be_runtime_push_audio and be_runtime_pull_frame",
                runtime->padded_from, feed.n);
    uint64_t tick = runtime->pipeline.taken - runtime->chosen;
    if (tick >= feed.n / BEI_TICK_SAMPLES)
        return bei_error_set(BE_ERR_AUDIO_FORMAT, "the audio of %zu samples has no tick %llu",
                             feed.n, (unsigned long long)tick);
    return BE_OK;
}

static void become_batch(be_runtime_t *runtime)
{
    bei_mutex_lock(&runtime->lock);
    runtime->batch = true;
    bei_mutex_unlock(&runtime->lock);
}

/* Feeds the tick of the whole buffer that is due, with zeros beyond its end. */
static be_status feed_batch(be_runtime_t *runtime, bei_feed_t feed)
{
    uint64_t start = runtime->pipeline.fed * BEI_TICK_SAMPLES;
    if (start + BEI_TICK_SAMPLES <= feed.n)
        return bei_pipeline_feed(&runtime->pipeline, feed.pcm + start);
    float tick[BEI_TICK_SAMPLES] = {0};
    if (start < feed.n)
        memcpy(tick, feed.pcm + start, (feed.n - (size_t)start) * sizeof *tick);
    BEI_TRY(bei_pipeline_feed(&runtime->pipeline, tick));
    if (runtime->padded_from == 0)
        runtime->padded_from = feed.n;
    return BE_OK;
}

static be_status choose_batch(be_runtime_t *runtime, bei_feed_t feed)
{
    if (runtime->chosen)
        return BE_OK;
    become_batch(runtime);
    while (bei_pipeline_hungry(&runtime->pipeline))
        BEI_TRY(feed_batch(runtime, feed));
    runtime->mouth = bei_pipeline_take(&runtime->pipeline);
    runtime->chosen = true;
    return BE_OK;
}

/* ---------------------------------------------------------------- either */

/* Whether a frame can be made, before its picture's size is looked at. */
static be_status check_ready(be_runtime_t *runtime, bei_feed_t feed)
{
    BEI_TRY(bei_stream_gate(runtime));
    bei_stream_catch_up(runtime);
    if (!feed.streaming)
        return check_batch(runtime, feed);
    bei_mutex_lock(&runtime->lock);
    bool batch = runtime->batch;
    bool ready = runtime->chosen || bei_inbox_ready(&runtime->inbox) > 0;
    bei_mutex_unlock(&runtime->lock);
    BEI_REQUIRE(
        !batch,
        "this stream was ticked with whole buffers: be_runtime_reset_stream comes before a pull");
    if (!ready)
        return bei_error_set(BE_ERR_AUDIO_FORMAT, "no frame is ready: push more audio, or flush");
    return BE_OK;
}

static be_status choose(be_runtime_t *runtime, bei_feed_t feed)
{
    return feed.streaming ? bei_stream_choose(runtime) : choose_batch(runtime, feed);
}

/* Counts the tick as given, unless its audio was dropped while it was worked on. */
static be_status shown(be_runtime_t *runtime, bei_feed_t feed)
{
    bei_mutex_lock(&runtime->lock);
    bool valid = true;
    if (feed.streaming) {
        valid = bei_stream_shown(runtime);
        bei_stream_changed(runtime);
    } else {
        runtime->chosen = false;
        runtime->frames++;
        runtime->speech_frames++;
    }
    bei_mutex_unlock(&runtime->lock);
    if (!valid)
        return bei_error_set(BE_ERR_AUDIO_FORMAT, "the audio was dropped");
    if (runtime->metered)
        bei_auth_count(runtime->served);
    return BE_OK;
}

static be_status tick(be_runtime_t *runtime, bei_feed_t feed, float *embedding,
                      be_tick_result_t *out)
{
    BEI_TRY(check_ready(runtime, feed));
    BEI_TRY(choose(runtime, feed));
    if (embedding)
        memcpy(embedding, runtime->pipeline.shown, sizeof runtime->pipeline.shown);
    *out = (be_tick_result_t){
        .cluster_idx = runtime->mouth,
        .embedding_floats_written = embedding ? BEI_ENCODER_DIM : 0,
    };
    return shown(runtime, feed);
}

be_status bei_runtime_tick(be_runtime_t *runtime, bei_feed_t feed, float *embedding,
                           size_t capacity, be_tick_result_t *out)
{
    if (embedding && capacity < BEI_ENCODER_DIM)
        return bei_error_set(BE_ERR_BUFFER_TOO_SMALL, "room for %zu floats where %d are given",
                             capacity, BEI_ENCODER_DIM);
    BEI_TRY(bei_stream_check(runtime));
    bei_mutex_lock(&runtime->out);
    be_status status = tick(runtime, feed, embedding, out);
    bei_mutex_unlock(&runtime->out);
    return status;
}

/* ---------------------------------------------------------------- pictures */

static be_status check_room(be_runtime_t *runtime, bei_target_t target, bei_image_t *image)
{
    uint32_t width, height;
    BEI_TRY(bei_compositor_find_size(runtime->compositor, target.size, &width, &height));
    BEI_TRY(bei_image_layout(BE_PIXEL_BGR24, width, height, 0, target.bgr, target.capacity, image));
    return bei_compositor_set_size(runtime->compositor, target.size, &width, &height);
}

static be_status show(be_runtime_t *runtime, bei_target_t target, uint32_t mouth,
                      const bei_image_t *image, be_compose_result_t *out)
{
    const bool own = target.frame_hint < 0;
    const uint32_t loop = runtime->fixture->avatar->imx->loop_count;
    uint32_t frame = own ? bei_cursor_frame(&runtime->cursor) : (uint32_t)target.frame_hint % loop;
    int64_t start = bei_clock_ns();
    BEI_TRY(bei_compositor_compose_choice(runtime->compositor, frame,
                                          bei_pipeline_choice(&runtime->pipeline, mouth)));
    bei_stage_add(&runtime->composing, start);
    start = bei_clock_ns();
    bei_compositor_write(runtime->compositor, image);
    bei_stage_add(&runtime->writing, start);
    *out = (be_compose_result_t){.cluster_idx = mouth,
                                 .frame_idx_used = frame,
                                 .bytes_written = image->width * image->height * 3};
    return BE_OK;
}

/* The picture was given: on to the next one, which is decoded ahead. */
static void go_on(be_runtime_t *runtime, bei_target_t target, const be_compose_result_t *result)
{
    const bei_avatar_t *avatar = runtime->fixture->avatar;
    if (target.frame_hint >= 0) {
        bei_ahead_of_frame(avatar, result->frame_idx_used);
        return;
    }
    bei_cursor_advance(&runtime->cursor);
    bei_ahead_of_cursor(avatar, &runtime->cursor);
}

static be_status compose(be_runtime_t *runtime, bei_feed_t feed, bei_target_t target,
                         be_compose_result_t *out)
{
    bei_image_t image;
    BEI_TRY(check_ready(runtime, feed));
    BEI_TRY(check_room(runtime, target, &image));
    BEI_TRY(choose(runtime, feed));
    BEI_TRY(show(runtime, target, runtime->mouth, &image, out));
    BEI_TRY(shown(runtime, feed));
    go_on(runtime, target, out);
    return BE_OK;
}

be_status bei_runtime_compose(be_runtime_t *runtime, bei_feed_t feed, bei_target_t target,
                              be_compose_result_t *out)
{
    BEI_TRY(bei_stream_check(runtime));
    bei_mutex_lock(&runtime->out);
    be_status status = compose(runtime, feed, target, out);
    bei_mutex_unlock(&runtime->out);
    return status;
}

be_status bei_runtime_source_frame(be_runtime_t *runtime, bei_target_t target,
                                   be_compose_result_t *out)
{
    bei_image_t image;
    BEI_TRY(bei_stream_check(runtime));
    BEI_TRY(bei_stream_gate(runtime));
    bei_mutex_lock(&runtime->out);
    be_status status = check_room(runtime, target, &image);
    if (status == BE_OK)
        status = show(runtime, target, 0, &image, out);
    if (status == BE_OK)
        go_on(runtime, target, out);
    bei_mutex_unlock(&runtime->out);
    return status;
}

be_status bei_runtime_check_size(be_runtime_t *runtime, const be_compose_size_t *size,
                                 uint32_t *width, uint32_t *height)
{
    bei_mutex_lock(&runtime->out);
    be_status status = bei_compositor_set_size(runtime->compositor, size, width, height);
    bei_mutex_unlock(&runtime->out);
    return status;
}

/* ---------------------------------------------------------------- diagnosis */

static be_status capture(const be_runtime_t *runtime, be_diag_tap tap, void *buffer,
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

be_status bei_runtime_capture(be_runtime_t *runtime, be_diag_tap tap, void *buffer, size_t capacity,
                              size_t *written)
{
    bei_mutex_lock(&runtime->out);
    be_status status = capture(runtime, tap, buffer, capacity, written);
    bei_mutex_unlock(&runtime->out);
    return status;
}
