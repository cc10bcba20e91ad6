/* Frames on a clock: poll, pull, and when the next one is due. */
#include <string.h>

#include "auth/context.h"
#include "base/error.h"
#include "session/ahead.h"
#include "session/stage.h"
#include "session/stream.h"

static const int16_t silence[BEI_TICK_SAMPLES];

/* What one frame is to be, decided under the lock. */
typedef struct plan {
    enum bei_pace_kind kind;
    bool muted;
} plan_t;

static be_status plan_frame(be_runtime_t *runtime, int64_t now, plan_t *plan)
{
    bei_stream_catch_up(runtime);
    bei_mutex_lock(&runtime->lock);
    bool stopped = runtime->stopped, batch = runtime->batch;
    bool ready = runtime->chosen || bei_inbox_ready(&runtime->inbox) > 0;
    plan->kind = BEI_PACE_NOTHING;
    if (!stopped && !batch)
        plan->kind = bei_pace_choose(&runtime->pace, now, ready);
    plan->muted = runtime->muted;
    bei_stream_changed(runtime);
    bei_mutex_unlock(&runtime->lock);
    if (stopped)
        return bei_error_set(BE_ERR_STOPPED, "the stream was stopped");
    BEI_REQUIRE(
        !batch,
        "this stream was ticked with whole buffers: be_runtime_reset_stream comes before a pull");
    if (plan->kind == BEI_PACE_NOTHING)
        return bei_error_set(BE_ERR_TIMEOUT, "no frame is due");
    return BE_OK;
}

/* The picture's place: the caller's buffer, or (data NULL) the compositor's. */
static be_status check_buffer(be_runtime_t *runtime, const be_buffer_t *into, bei_image_t *image)
{
    uint32_t width, height;
    BEI_TRY(bei_compositor_set_size(runtime->compositor, &runtime->size, &width, &height));
    be_pixel_format format = into && into->format ? into->format : runtime->format;
    *image = (bei_image_t){.format = format, .width = width, .height = height};
    if (!into || !into->data)
        return BE_OK;
    return bei_image_layout(format, width, height, into->stride, into->data, into->capacity, image);
}

static be_status draw(be_runtime_t *runtime, uint32_t frame, uint32_t mouth, bei_image_t *image)
{
    int64_t start = bei_clock_ns();
    BEI_TRY(bei_compositor_compose_choice(runtime->compositor, frame,
                                          bei_pipeline_choice(&runtime->pipeline, mouth)));
    bei_stage_add(&runtime->composing, start);
    start = bei_clock_ns();
    if (image->plane[0])
        bei_compositor_write(runtime->compositor, image);
    else
        BEI_TRY(bei_compositor_view(runtime->compositor, image->format, image));
    bei_stage_add(&runtime->writing, start);
    return BE_OK;
}

/* Everything about the frame that the plan decides. */
static void describe(be_runtime_t *runtime, const plan_t *plan, be_frame_t *out)
{
    memset(out, 0, sizeof *out);
    if (plan->kind == BEI_PACE_IDLE) {
        const uint32_t mouth = bei_pipeline_rest(&runtime->pipeline);
        out->flags = BE_FRAME_IDLE;
        out->cluster_idx = plan->muted ? 0 : mouth; /* muted, they have been shut all along */
        return;
    }
    const bei_said_t *said = &runtime->said;
    out->flags = (said->samples ? BE_FRAME_SPEECH : 0u) |
                 (said->ends ? BE_FRAME_END_OF_SPEECH : 0u) | (plan->muted ? BE_FRAME_MUTED : 0u);
    out->samples = said->samples;
    if (said->samples)
        out->pcm = plan->muted ? silence : bei_pipeline_sound(&runtime->pipeline);
    if (plan->muted)
        return;
    out->cluster_idx = runtime->mouth;
    bei_pipeline_mouth(&runtime->pipeline, &out->mouth);
}

static be_status picture(be_runtime_t *runtime, bei_image_t *image, be_frame_t *out)
{
    out->format = image->format;
    out->frame_idx_used = bei_cursor_frame(&runtime->cursor);
    if (bei_cursor_in_action(&runtime->cursor))
        out->flags |= BE_FRAME_ACTION;
    if ((out->flags & BE_FRAME_IDLE) && (runtime->flags & BE_STREAM_NO_IDLE_PICTURES))
        return BE_OK;
    BEI_TRY(draw(runtime, out->frame_idx_used, out->cluster_idx, image));
    out->width = image->width;
    out->height = image->height;
    for (int i = 0; i < 3; i++) {
        out->plane[i] = image->plane[i];
        out->stride[i] = image->stride[i];
    }
    return BE_OK;
}

/* Counts the frame as given; false when its audio was dropped while it was made. */
static bool commit(be_runtime_t *runtime, int64_t now, const plan_t *plan, be_frame_t *out)
{
    bei_mutex_lock(&runtime->lock);
    bool valid = runtime->seen == runtime->drops;
    if (valid) {
        out->index = runtime->frames;
        out->position = runtime->inbox.out;
        out->timestamp_us = runtime->pace.realtime ? runtime->pace.next
                                                   : (int64_t)runtime->frames * BEI_PACE_TICK_US;
        if (plan->kind == BEI_PACE_SPEECH)
            bei_stream_shown(runtime);
        else
            runtime->frames++;
        out->utterance = runtime->utterance;
        int64_t late =
            bei_pace_given(&runtime->pace, now, plan->kind, out->flags & BE_FRAME_END_OF_SPEECH);
        runtime->late_frames += late > BEI_PACE_TICK_US;
        runtime->max_late = late > runtime->max_late ? late : runtime->max_late;
        bei_stream_changed(runtime);
    }
    bei_mutex_unlock(&runtime->lock);
    if (valid) {
        if (runtime->metered)
            bei_auth_count(runtime->served);
        bei_cursor_advance(&runtime->cursor);
        bei_ahead_of_cursor(runtime->fixture->avatar, &runtime->cursor);
    }
    return valid;
}

/* One attempt; BE_ERR_AUDIO_FORMAT when the audio was dropped meanwhile. */
static be_status attempt(be_runtime_t *runtime, int64_t now, const be_buffer_t *into,
                         be_frame_t *out)
{
    plan_t plan;
    bei_image_t image;
    BEI_TRY(plan_frame(runtime, now, &plan));
    BEI_TRY(bei_stream_gate(runtime));
    BEI_TRY(check_buffer(runtime, into, &image));
    if (plan.kind == BEI_PACE_SPEECH)
        BEI_TRY(bei_stream_choose(runtime));
    const bei_selector_t before = runtime->pipeline.selector;
    describe(runtime, &plan, out);
    be_status status = picture(runtime, &image, out);
    if (status == BE_OK && !commit(runtime, now, &plan, out))
        status = bei_error_set(BE_ERR_AUDIO_FORMAT, "the audio was dropped");
    if (status != BE_OK)
        runtime->pipeline.selector = before; /* the lips have not gone on closing */
    return status;
}

be_status bei_runtime_poll(be_runtime_t *runtime, int64_t now, const be_buffer_t *into,
                           be_frame_t *out)
{
    be_status status;
    bei_mutex_lock(&runtime->out);
    do
        status = attempt(runtime, now, into, out);
    while (status == BE_ERR_AUDIO_FORMAT);
    bei_mutex_unlock(&runtime->out);
    return status;
}

/* Sleeps until the next frame may be due, at most until `deadline`; false when that has come. */
static bool wait_for_due(be_runtime_t *runtime, int64_t deadline)
{
    bei_mutex_lock(&runtime->lock);
    int64_t due = atomic_load_explicit(&runtime->due, memory_order_relaxed);
    int64_t now = bei_clock_us();
    bool waits = now < deadline;
    if (waits && due > now)
        bei_cond_wait_until(&runtime->changed, &runtime->lock, due < deadline ? due : deadline);
    bei_mutex_unlock(&runtime->lock);
    return waits;
}

be_status bei_runtime_pull(be_runtime_t *runtime, int64_t timeout_us, const be_buffer_t *into,
                           be_frame_t *out)
{
    int64_t start = bei_clock_us();
    bool endless = timeout_us < 0 || timeout_us > INT64_MAX - start;
    int64_t deadline = endless ? INT64_MAX : start + timeout_us;
    be_status status;
    do
        status = bei_runtime_poll(runtime, bei_clock_us(), into, out);
    while (status == BE_ERR_TIMEOUT && wait_for_due(runtime, deadline));
    return status;
}

int64_t bei_runtime_next_due(const be_runtime_t *runtime)
{
    return atomic_load_explicit(&runtime->due, memory_order_acquire);
}
