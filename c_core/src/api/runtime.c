#include "session/runtime.h"

#include "api/check.h"
#include "base/thread.h"
#include "essence.h"
#include "session/fixture.h"

/* Far enough from the ends of int64 that sums of times cannot overflow. */
#define BE_TIME_LIMIT (INT64_MAX / 4)

/* Runs a call on a stream that nobody frees meanwhile. */
#define IN_RUNTIME(runtime, call)                                                                  \
    do {                                                                                           \
        BEI_TRY(bei_runtime_enter(runtime));                                                       \
        be_status in_status = (call);                                                              \
        bei_runtime_leave(runtime);                                                                \
        return in_status;                                                                          \
    } while (0)

/* ---------------------------------------------------------------- from creation to the end */

be_status be_runtime_create(be_fixture_t *fixture, const be_runtime_options_t *options,
                            be_runtime_t **out)
{
    CHECK_NOT_NULL(fixture);
    CHECK_NOT_NULL(out);
    BEI_TRY(bei_fixture_check_owner(fixture));
    if (options)
        CHECK_ABI(options);
    be_runtime_t *runtime = NULL;
    BEI_TRY(bei_runtime_create(fixture, NULL, &runtime));
    *out = runtime;
    return BE_OK;
}

static uint32_t or_default(uint32_t value, uint32_t usual)
{
    return value ? value : usual;
}

static be_status check_range(const char *name, uint32_t value, uint32_t least, uint32_t most)
{
    BEI_REQUIRE(value >= least && value <= most, "%s is %u, not %u to %u", name, value, least,
                most);
    return BE_OK;
}

static be_status check_options(const be_stream_options_t *options)
{
    BEI_REQUIRE((int)options->pacing >= 0 && (int)options->pacing <= BE_PACING_REALTIME,
                "pacing is %d, not one of be_pacing", (int)options->pacing);
    BEI_REQUIRE((int)options->pixel_format >= 0 && (int)options->pixel_format <= BE_PIXEL_NV12,
                "pixel_format is %d, not one of be_pixel_format", (int)options->pixel_format);
    BEI_REQUIRE(options->lookahead_ms % 40 == 0 && options->lookahead_ms <= 160,
                "lookahead_ms is %u, not 40, 80, 120 or 160", options->lookahead_ms);
    BEI_REQUIRE((options->flags & ~(uint32_t)BE_STREAM_NO_IDLE_PICTURES) == 0,
                "flags are 0x%x, which has bits that are not in be_stream_flag", options->flags);
    return BE_OK;
}

static be_status fill_in(const be_stream_options_t *given, be_stream_options_t *options)
{
    *options = (be_stream_options_t){.struct_size = sizeof *options};
    if (given)
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): a pointer is what its last field is */
        TAKE_STRUCT(given, be_stream_options_t, auth, options);
    BEI_TRY(check_options(options));
    if (options->pacing == 0)
        options->pacing = BE_PACING_NONE;
    if (options->pixel_format == 0)
        options->pixel_format = BE_PIXEL_BGR24;
    options->max_queued_ms = or_default(options->max_queued_ms, 600000);
    options->starvation_ms = or_default(options->starvation_ms, 400);
    BEI_TRY(check_range("max_queued_ms", options->max_queued_ms, 1000, 7200000));
    return check_range("starvation_ms", options->starvation_ms, 1, 3600000);
}

be_status be_runtime_open(be_fixture_t *fixture, const be_stream_options_t *options,
                          be_runtime_t **out)
{
    CHECK_NOT_NULL(fixture);
    CHECK_NOT_NULL(out);
    BEI_TRY(bei_fixture_check_owner(fixture));
    be_stream_options_t filled;
    BEI_TRY(fill_in(options, &filled));
    be_runtime_t *runtime = NULL;
    BEI_TRY(bei_runtime_create(fixture, &filled, &runtime));
    *out = runtime;
    return BE_OK;
}

void be_runtime_destroy(be_runtime_t *runtime)
{
    bei_runtime_destroy(runtime);
}

void be_runtime_stop(be_runtime_t *runtime)
{
    if (!runtime || bei_runtime_enter(runtime) != BE_OK)
        return;
    bei_runtime_stop(runtime);
    bei_runtime_leave(runtime);
}

/* ---------------------------------------------------------------- whole buffers, and pulls of ABI 6 */

be_status be_runtime_tick(be_runtime_t *runtime, const float *pcm, size_t n, float *embedding_out,
                          size_t capacity_floats, be_tick_result_t *out)
{
    CHECK_NOT_NULL(runtime);
    BEI_REQUIRE(pcm || n == 0, "pcm is NULL with %zu samples", n);
    be_tick_result_t unused;
    IN_RUNTIME(runtime, bei_runtime_tick(runtime, (bei_feed_t){pcm, n, 0}, embedding_out,
                                         capacity_floats, out ? out : &unused));
}

static be_status compose(be_runtime_t *runtime, bei_feed_t feed, bei_target_t target,
                         be_compose_result_t *out)
{
    CHECK_NOT_NULL(runtime);
    BEI_REQUIRE(feed.streaming || feed.pcm || feed.n == 0, "pcm is NULL with %zu samples", feed.n);
    BEI_REQUIRE(target.bgr, "bgr is NULL");
    be_compose_result_t unused;
    IN_RUNTIME(runtime, bei_runtime_compose(runtime, feed, target, out ? out : &unused));
}

be_status be_runtime_tick_compose(be_runtime_t *runtime, const float *pcm, size_t n,
                                  int32_t frame_idx_hint, uint8_t *bgr, size_t capacity,
                                  be_compose_result_t *out)
{
    bei_target_t target = {frame_idx_hint, NULL, bgr, capacity};
    return compose(runtime, (bei_feed_t){pcm, n, 0}, target, out);
}

be_status be_runtime_tick_compose_to_size(be_runtime_t *runtime, const float *pcm, size_t n,
                                          int32_t frame_idx_hint, const be_compose_size_t *size,
                                          uint8_t *bgr, size_t capacity, be_compose_result_t *out)
{
    bei_target_t target = {frame_idx_hint, size, bgr, capacity};
    return compose(runtime, (bei_feed_t){pcm, n, 0}, target, out);
}

be_status be_runtime_pull_frame(be_runtime_t *runtime, int32_t frame_idx_hint, uint8_t *bgr,
                                size_t capacity, be_compose_result_t *out)
{
    bei_target_t target = {frame_idx_hint, NULL, bgr, capacity};
    return compose(runtime, (bei_feed_t){NULL, 0, 1}, target, out);
}

be_status be_runtime_pull_frame_to_size(be_runtime_t *runtime, int32_t frame_idx_hint,
                                        const be_compose_size_t *size, uint8_t *bgr,
                                        size_t capacity, be_compose_result_t *out)
{
    bei_target_t target = {frame_idx_hint, size, bgr, capacity};
    return compose(runtime, (bei_feed_t){NULL, 0, 1}, target, out);
}

be_status be_runtime_get_source_frame(be_runtime_t *runtime, int32_t frame_idx_hint,
                                      const be_compose_size_t *size, uint8_t *bgr, size_t capacity,
                                      be_compose_result_t *out)
{
    CHECK_NOT_NULL(runtime);
    CHECK_NOT_NULL(bgr);
    be_compose_result_t unused;
    bei_target_t target = {frame_idx_hint, size, bgr, capacity};
    IN_RUNTIME(runtime, bei_runtime_source_frame(runtime, target, out ? out : &unused));
}

be_status be_runtime_capture(be_runtime_t *runtime, be_diag_tap tap, void *buf,
                             size_t capacity_bytes, size_t *bytes_written)
{
    CHECK_NOT_NULL(runtime);
    CHECK_NOT_NULL(buf);
    size_t unused;
    IN_RUNTIME(runtime, bei_runtime_capture(runtime, tap, buf, capacity_bytes,
                                            bytes_written ? bytes_written : &unused));
}

/* ---------------------------------------------------------------- audio in */

be_status be_runtime_push_audio(be_runtime_t *runtime, const float *pcm, size_t n)
{
    CHECK_NOT_NULL(runtime);
    BEI_REQUIRE(pcm || n == 0, "pcm is NULL with %zu samples", n);
    IN_RUNTIME(runtime, bei_runtime_push(runtime, pcm, n));
}

be_status be_runtime_push_chunk(be_runtime_t *runtime, const be_audio_chunk_t *chunk)
{
    CHECK_NOT_NULL(runtime);
    CHECK_NOT_NULL(chunk);
    be_audio_chunk_t taken;
    TAKE_STRUCT(chunk, be_audio_chunk_t, frames, &taken);
    BEI_REQUIRE(taken.format == BE_SAMPLE_S16 || taken.format == BE_SAMPLE_F32,
                "format is %d, not one of be_sample_format", (int)taken.format);
    BEI_REQUIRE(taken.data || taken.frames == 0, "data is NULL with %zu samples", taken.frames);
    IN_RUNTIME(runtime, bei_runtime_push_chunk(runtime, &taken));
}

be_status be_runtime_flush(be_runtime_t *runtime)
{
    CHECK_NOT_NULL(runtime);
    IN_RUNTIME(runtime, bei_runtime_flush(runtime));
}

be_status be_runtime_interrupt(be_runtime_t *runtime)
{
    CHECK_NOT_NULL(runtime);
    BEI_TRY(bei_runtime_enter(runtime));
    bei_runtime_interrupt(runtime);
    bei_runtime_leave(runtime);
    return BE_OK;
}

void be_runtime_reset_stream(be_runtime_t *runtime)
{
    if (!runtime || bei_runtime_enter(runtime) != BE_OK)
        return;
    bei_runtime_reset(runtime);
    bei_runtime_leave(runtime);
}

size_t be_runtime_ticks_available(const be_runtime_t *runtime)
{
    be_runtime_t *stream = (be_runtime_t *)runtime; /* it has a lock to take */
    if (!stream || bei_runtime_enter(stream) != BE_OK)
        return 0;
    size_t ready = bei_runtime_ticks_available(stream);
    bei_runtime_leave(stream);
    return ready;
}

uint64_t be_runtime_get_utterance(const be_runtime_t *runtime)
{
    be_runtime_t *stream = (be_runtime_t *)runtime;
    if (!stream || bei_runtime_enter(stream) != BE_OK)
        return 0;
    uint64_t utterance = bei_runtime_utterance(stream);
    bei_runtime_leave(stream);
    return utterance;
}

/* ---------------------------------------------------------------- frames on a clock */

int64_t be_clock_us(void)
{
    return bei_clock_us();
}

/* The caller's place for a picture, or NULL for none, becomes `taken`. */
static be_status take_buffer(const be_buffer_t **place, be_buffer_t *taken)
{
    if (!*place)
        return BE_OK;
    TAKE_STRUCT(*place, be_buffer_t, reserved, taken);
    *place = taken;
    const be_buffer_t *into = taken;
    BEI_REQUIRE((int)into->format >= 0 && (int)into->format <= BE_PIXEL_NV12,
                "format is %d, not one of be_pixel_format", (int)into->format);
    BEI_REQUIRE(into->reserved == 0, "reserved is %u, not 0", into->reserved);
    BEI_REQUIRE(into->data || into->capacity == 0, "data is NULL with room for %zu bytes",
                into->capacity);
    return BE_OK;
}

static be_status give_frame(be_runtime_t *runtime, be_status status, const be_frame_t *frame,
                            be_frame_t *out)
{
    bei_runtime_leave(runtime);
    return status == BE_OK ? GIVE_STRUCT(out, be_frame_t, mouth, frame) : status;
}

be_status be_runtime_pull(be_runtime_t *runtime, int64_t timeout_us, const be_buffer_t *into,
                          be_frame_t *out)
{
    CHECK_NOT_NULL(runtime);
    CHECK_OUT(out, be_frame_t, mouth);
    be_buffer_t taken;
    BEI_TRY(take_buffer(&into, &taken));
    BEI_TRY(bei_runtime_enter(runtime));
    be_frame_t frame;
    return give_frame(runtime, bei_runtime_pull(runtime, timeout_us, into, &frame), &frame, out);
}

be_status be_runtime_poll(be_runtime_t *runtime, int64_t now_us, const be_buffer_t *into,
                          be_frame_t *out)
{
    CHECK_NOT_NULL(runtime);
    CHECK_OUT(out, be_frame_t, mouth);
    be_buffer_t taken;
    BEI_TRY(take_buffer(&into, &taken));
    BEI_REQUIRE(now_us >= -BE_TIME_LIMIT && now_us <= BE_TIME_LIMIT,
                "now_us is %lld, which is no time", (long long)now_us);
    BEI_TRY(bei_runtime_enter(runtime));
    be_frame_t frame;
    return give_frame(runtime, bei_runtime_poll(runtime, now_us, into, &frame), &frame, out);
}

int64_t be_runtime_next_due(const be_runtime_t *runtime)
{
    return runtime ? bei_runtime_next_due(runtime) : INT64_MAX;
}

/* ---------------------------------------------------------------- settings and statistics */

be_status be_runtime_play_action(be_runtime_t *runtime, const char *name, uint32_t at_once)
{
    CHECK_NOT_NULL(runtime);
    IN_RUNTIME(runtime, bei_runtime_play(runtime, name, at_once != 0));
}

be_status be_runtime_set_muted(be_runtime_t *runtime, uint32_t muted)
{
    CHECK_NOT_NULL(runtime);
    BEI_TRY(bei_runtime_enter(runtime));
    bei_runtime_set_muted(runtime, muted != 0);
    bei_runtime_leave(runtime);
    return BE_OK;
}

be_status be_runtime_set_starvation(be_runtime_t *runtime, uint32_t milliseconds)
{
    CHECK_NOT_NULL(runtime);
    milliseconds = or_default(milliseconds, 400);
    BEI_TRY(check_range("milliseconds", milliseconds, 1, 3600000));
    BEI_TRY(bei_runtime_enter(runtime));
    bei_runtime_set_starvation(runtime, milliseconds);
    bei_runtime_leave(runtime);
    return BE_OK;
}

be_status be_runtime_get_stats(be_runtime_t *runtime, be_stats_t *out)
{
    CHECK_NOT_NULL(runtime);
    CHECK_NOT_NULL(out);
    BEI_TRY(bei_runtime_enter(runtime));
    be_stats_t stats;
    bei_runtime_get_stats(runtime, &stats);
    bei_runtime_leave(runtime);
    return GIVE_STRUCT(out, be_stats_t, stage, &stats);
}
