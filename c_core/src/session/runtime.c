#include "session/runtime.h"

#include <string.h>

#include "auth/context.h"
#include "base/error.h"
#include "base/memory.h"
#include "session/ahead.h"
#include "session/stream.h"
#include "session/waiter.h"

/* The settings of a stream that was opened by be_runtime_create, whose callers know no limits. */
static const be_stream_options_t plain = {
    .pacing = BE_PACING_NONE,
    .pixel_format = BE_PIXEL_BGR24,
    .max_queued_ms = UINT32_MAX,
    .starvation_ms = 400,
};

static void init_locks(be_runtime_t *runtime)
{
    bei_mutex_init(&runtime->in);
    bei_mutex_init(&runtime->out);
    bei_mutex_init(&runtime->lock);
    bei_cond_init(&runtime->changed);
}

/* Pixel size and lookahead may still be found wanting. */
static be_status set_up(be_runtime_t *runtime, const be_stream_options_t *options)
{
    const bei_avatar_t *avatar = runtime->fixture->avatar;
    const uint32_t ticks = options->lookahead_ms / 40;
    runtime->format = options->pixel_format;
    runtime->size = options->size;
    runtime->flags = options->flags;
    runtime->metered = bei_avatar_metering(avatar) == BE_METERING_HEARTBEAT;
    runtime->auth = options->auth;
    bei_auth_retain(runtime->auth);
    if (runtime->metered) {
        const bei_avatar_name_t name = bei_avatar_name(avatar);
        BEI_TRY(bei_auth_enter(runtime->auth, &name, &runtime->served));
    }
    bei_cursor_init(&runtime->cursor, avatar->imx);
    bei_pace_init(&runtime->pace, options->pacing == BE_PACING_REALTIME,
                  (int64_t)options->starvation_ms * 1000);
    BEI_TRY(bei_pipeline_init(&runtime->pipeline, runtime->fixture->model, avatar->mouths, ticks));
    size_t limit =
        options->max_queued_ms == UINT32_MAX ? SIZE_MAX : (size_t)options->max_queued_ms * 16;
    bei_inbox_init(&runtime->inbox, &runtime->lock, bei_pipeline_lookahead(&runtime->pipeline),
                   limit);
    BEI_TRY(bei_compositor_create(&avatar->scene, &runtime->compositor));
    uint32_t width, height;
    return bei_compositor_set_size(runtime->compositor, &runtime->size, &width, &height);
}

be_status bei_runtime_create(be_fixture_t *fixture, const be_stream_options_t *options,
                             be_runtime_t **out)
{
    be_runtime_t *runtime = bei_calloc(1, sizeof *runtime);
    if (!runtime)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a stream");
    bei_fixture_retain(fixture);
    runtime->fixture = fixture;
    runtime->owner = bei_process_id();
    init_locks(runtime);
    be_status status = set_up(runtime, options ? options : &plain);
    if (status != BE_OK) {
        bei_runtime_destroy(runtime);
        return status;
    }
    atomic_init(&runtime->due, bei_pace_due(&runtime->pace, false));
    *out = runtime;
    return BE_OK;
}

static void wait_until_alone(be_runtime_t *runtime)
{
    bei_mutex_lock(&runtime->lock);
    runtime->closing = true;
    while (runtime->inside > 0)
        bei_cond_wait(&runtime->changed, &runtime->lock);
    bei_mutex_unlock(&runtime->lock);
}

void bei_runtime_destroy(be_runtime_t *runtime)
{
    if (!runtime || runtime->owner != bei_process_id())
        return;
    bei_runtime_stop(runtime);
    wait_until_alone(runtime);
    bei_waiter_forget(runtime);
    bei_compositor_destroy(runtime->compositor);
    bei_pipeline_free(&runtime->pipeline);
    bei_inbox_free(&runtime->inbox);
    bei_fixture_release(runtime->fixture);
    if (runtime->served)
        bei_auth_leave(runtime->auth, runtime->served);
    bei_auth_release(runtime->auth);
    bei_cond_destroy(&runtime->changed);
    bei_mutex_destroy(&runtime->lock);
    bei_mutex_destroy(&runtime->out);
    bei_mutex_destroy(&runtime->in);
    bei_free(runtime);
}

be_status bei_runtime_enter(be_runtime_t *runtime)
{
    BEI_REQUIRE(runtime->owner == bei_process_id(),
                "this stream belongs to process %u: a fork does not carry streams over",
                runtime->owner);
    bei_mutex_lock(&runtime->lock);
    bool closing = runtime->closing;
    runtime->inside += !closing;
    bei_mutex_unlock(&runtime->lock);
    return closing ? bei_error_set(BE_ERR_STOPPED, "the stream is being destroyed") : BE_OK;
}

void bei_runtime_leave(be_runtime_t *runtime)
{
    bei_mutex_lock(&runtime->lock);
    runtime->inside--;
    if (runtime->closing)
        bei_cond_broadcast(&runtime->changed);
    bei_mutex_unlock(&runtime->lock);
}

void bei_runtime_stop(be_runtime_t *runtime)
{
    bei_mutex_lock(&runtime->lock);
    runtime->stopped = true;
    bei_stream_changed(runtime);
    bei_cond_broadcast(&runtime->changed); /* whatever was due before */
    bei_mutex_unlock(&runtime->lock);
}

/* ---------------------------------------------------------------- settings */

be_status bei_runtime_play(be_runtime_t *runtime, const char *action, int at_once)
{
    const bei_imx_t *imx = runtime->fixture->avatar->imx;
    uint32_t clip = BEI_NO_CLIP;
    for (uint32_t i = 0; action && i < imx->clip_count && clip == BEI_NO_CLIP; i++)
        if (strcmp(imx->clips[i].name, action) == 0)
            clip = i;
    BEI_REQUIRE(!action || clip != BEI_NO_CLIP, "the avatar '%s' has no action '%.60s'",
                imx->manifest.name, action);
    bei_mutex_lock(&runtime->out);
    bei_cursor_play(&runtime->cursor, clip, at_once != 0);
    bei_ahead_of_cursor(runtime->fixture->avatar, &runtime->cursor);
    bei_mutex_unlock(&runtime->out);
    return BE_OK;
}

void bei_runtime_set_muted(be_runtime_t *runtime, int muted)
{
    bei_mutex_lock(&runtime->lock);
    runtime->muted = muted != 0;
    bei_mutex_unlock(&runtime->lock);
}

void bei_runtime_set_starvation(be_runtime_t *runtime, uint32_t milliseconds)
{
    bei_mutex_lock(&runtime->lock);
    bei_pace_set_hold(&runtime->pace, (int64_t)milliseconds * 1000);
    bei_mutex_unlock(&runtime->lock);
}

uint64_t bei_runtime_utterance(be_runtime_t *runtime)
{
    bei_mutex_lock(&runtime->lock);
    uint64_t utterance = runtime->inbox.utterance;
    bei_mutex_unlock(&runtime->lock);
    return utterance;
}

/* ---------------------------------------------------------------- what it has done */

static void count(const be_runtime_t *runtime, be_stats_t *out)
{
    const bei_inbox_t *inbox = &runtime->inbox;
    out->stage[BE_STAGE_RESAMPLE] = runtime->resampling;
    out->frames = runtime->frames;
    out->speech_frames = runtime->speech_frames;
    out->samples_in = inbox->in;
    out->samples_out = inbox->out;
    out->samples_dropped = inbox->dropped;
    out->samples_queued = inbox->in - inbox->out - inbox->dropped;
    out->utterances = runtime->utterances;
    out->interruptions = runtime->interruptions;
    out->underruns = runtime->pace.underruns;
    out->late_frames = runtime->late_frames;
    out->max_late_us = runtime->max_late;
}

void bei_runtime_get_stats(be_runtime_t *runtime, be_stats_t *out)
{
    memset(out, 0, sizeof *out);
    out->stage_count = BE_STAGE_COUNT;
    bei_mutex_lock(&runtime->out);
    bei_pipeline_get_times(&runtime->pipeline, out->stage);
    out->stage[BE_STAGE_COMPOSE] = runtime->composing;
    out->stage[BE_STAGE_OUTPUT] = runtime->writing;
    bei_mutex_unlock(&runtime->out);
    bei_mutex_lock(&runtime->lock);
    count(runtime, out);
    bei_mutex_unlock(&runtime->lock);
}
