#include "session/stream.h"

#include <string.h>

#include "auth/context.h"
#include "base/error.h"
#include "session/ahead.h"
#include "session/stage.h"
#include "session/waiter.h"

void bei_stream_changed(be_runtime_t *runtime)
{
    int64_t before = atomic_load_explicit(&runtime->due, memory_order_relaxed);
    int64_t due = runtime->stopped
                      ? BEI_PACE_NOW
                      : bei_pace_due(&runtime->pace, bei_inbox_ready(&runtime->inbox) > 0);
    atomic_store_explicit(&runtime->due, due, memory_order_release);
    if (due >= before)
        return;
    bei_cond_broadcast(&runtime->changed);
    if (runtime->waiter)
        bei_waiter_wake(runtime->waiter, due);
}

be_status bei_stream_check(be_runtime_t *runtime)
{
    bei_mutex_lock(&runtime->lock);
    bool stopped = runtime->stopped;
    bei_mutex_unlock(&runtime->lock);
    return stopped ? bei_error_set(BE_ERR_STOPPED, "the stream was stopped") : BE_OK;
}

be_status bei_stream_gate(const be_runtime_t *runtime)
{
    return runtime->metered ? bei_auth_gate(runtime->auth) : BE_OK;
}

/* ---------------------------------------------------------------- audio in */

static be_status refuse_batch(be_runtime_t *runtime)
{
    bei_mutex_lock(&runtime->lock);
    bool batch = runtime->batch, stopped = runtime->stopped;
    bei_mutex_unlock(&runtime->lock);
    if (stopped)
        return bei_error_set(BE_ERR_STOPPED, "the stream was stopped");
    BEI_REQUIRE(
        !batch,
        "this stream was ticked with whole buffers: be_runtime_reset_stream comes before a push");
    return BE_OK;
}

static void tell(be_runtime_t *runtime)
{
    bei_mutex_lock(&runtime->lock);
    bei_stream_changed(runtime);
    bei_mutex_unlock(&runtime->lock);
}

be_status bei_runtime_push(be_runtime_t *runtime, const float *pcm, size_t n)
{
    const be_audio_chunk_t chunk = {sizeof chunk, BE_SAMPLE_F32, 16000, 1, pcm, n};
    return bei_runtime_push_chunk(runtime, &chunk);
}

be_status bei_runtime_push_chunk(be_runtime_t *runtime, const be_audio_chunk_t *chunk)
{
    BEI_TRY(refuse_batch(runtime));
    bei_mutex_lock(&runtime->in);
    int64_t start = bei_clock_ns();
    be_status status = bei_inbox_push(&runtime->inbox, chunk);
    bei_mutex_lock(&runtime->lock);
    bei_stage_add(&runtime->resampling, start);
    bei_stream_changed(runtime);
    bei_mutex_unlock(&runtime->lock);
    bei_mutex_unlock(&runtime->in);
    return status;
}

be_status bei_runtime_flush(be_runtime_t *runtime)
{
    BEI_TRY(refuse_batch(runtime));
    bei_mutex_lock(&runtime->in);
    be_status status = bei_inbox_flush(&runtime->inbox);
    tell(runtime);
    bei_mutex_unlock(&runtime->in);
    return status;
}

static void drop(be_runtime_t *runtime)
{
    bei_mutex_lock(&runtime->lock);
    bool counts = bei_inbox_clear(&runtime->inbox) || runtime->pace.open;
    runtime->interruptions += counts;
    runtime->drops++;
    bei_pace_interrupt(&runtime->pace);
    bei_stream_changed(runtime);
    bei_mutex_unlock(&runtime->lock);
}

void bei_runtime_interrupt(be_runtime_t *runtime)
{
    bei_inbox_cancel(&runtime->inbox);
    bei_mutex_lock(&runtime->in);
    drop(runtime);
    bei_mutex_unlock(&runtime->in);
}

void bei_runtime_reset(be_runtime_t *runtime)
{
    bei_inbox_cancel(&runtime->inbox);
    bei_mutex_lock(&runtime->in);
    bei_mutex_lock(&runtime->out);
    bei_mutex_lock(&runtime->lock);
    bei_inbox_clear(&runtime->inbox);
    bei_pace_reset(&runtime->pace);
    runtime->seen = ++runtime->drops;
    runtime->batch = false;
    bei_stream_changed(runtime);
    bei_mutex_unlock(&runtime->lock);
    bei_pipeline_reset(&runtime->pipeline);
    bei_cursor_reset(&runtime->cursor);
    bei_ahead_of_cursor(runtime->fixture->avatar, &runtime->cursor);
    runtime->chosen = runtime->held = false;
    runtime->padded_from = 0;
    bei_mutex_unlock(&runtime->out);
    bei_mutex_unlock(&runtime->in);
}

size_t bei_runtime_ticks_available(be_runtime_t *runtime)
{
    bei_mutex_lock(&runtime->lock);
    size_t ready = bei_inbox_ready(&runtime->inbox);
    bei_mutex_unlock(&runtime->lock);
    return ready;
}

/* ---------------------------------------------------------------- the next mouth */

void bei_stream_catch_up(be_runtime_t *runtime)
{
    bei_mutex_lock(&runtime->lock);
    bool dropped = runtime->seen != runtime->drops;
    runtime->seen = runtime->drops;
    bei_mutex_unlock(&runtime->lock);
    if (!dropped)
        return;
    bei_pipeline_interrupt(&runtime->pipeline);
    runtime->chosen = runtime->held = false;
    runtime->padded_from = 0;
}

static be_status not_ready(void)
{
    return bei_error_set(BE_ERR_AUDIO_FORMAT, "no frame is ready: push more audio, or flush");
}

/* Takes the next tick of audio out, unless everything was dropped since. */
static be_status take_tick(be_runtime_t *runtime)
{
    bei_mutex_lock(&runtime->lock);
    if (!runtime->held)
        runtime->held =
            runtime->seen == runtime->drops && bei_inbox_take(&runtime->inbox, runtime->tick);
    bei_mutex_unlock(&runtime->lock);
    return runtime->held ? BE_OK : not_ready();
}

/* Whether the pipeline's next tick is one to be shown, and what it is. */
static be_status look(be_runtime_t *runtime, bool *shows)
{
    bei_mutex_lock(&runtime->lock);
    bool valid = runtime->seen == runtime->drops;
    if (valid)
        *shows = bei_inbox_look(&runtime->inbox, runtime->pipeline.taken, &runtime->said);
    bei_mutex_unlock(&runtime->lock);
    return valid ? BE_OK : not_ready();
}

be_status bei_stream_choose(be_runtime_t *runtime)
{
    bei_stream_catch_up(runtime);
    if (!runtime->chosen && bei_runtime_ticks_available(runtime) == 0)
        return not_ready();
    while (!runtime->chosen) {
        while (bei_pipeline_hungry(&runtime->pipeline)) {
            BEI_TRY(take_tick(runtime));
            BEI_TRY(bei_pipeline_feed(&runtime->pipeline, runtime->tick));
            runtime->held = false;
        }
        bool shows = false;
        BEI_TRY(look(runtime, &shows));
        runtime->mouth = bei_pipeline_take(&runtime->pipeline);
        runtime->chosen = shows;
    }
    return BE_OK;
}

bool bei_stream_shown(be_runtime_t *runtime)
{
    if (runtime->seen != runtime->drops)
        return false;
    bei_inbox_shown(&runtime->inbox, runtime->pipeline.taken - 1, &runtime->said);
    runtime->chosen = false;
    runtime->pace.open = !runtime->said.ends;
    runtime->utterance = runtime->said.utterance;
    runtime->utterances += runtime->said.ends;
    runtime->frames++;
    runtime->speech_frames += runtime->said.samples > 0;
    return true;
}
