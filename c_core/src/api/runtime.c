#include "session/runtime.h"

#include "api/check.h"
#include "essence.h"
#include "session/fixture.h"

be_status be_runtime_create(be_fixture_t *fixture, const be_runtime_options_t *options,
                            be_runtime_t **out)
{
    CHECK_NOT_NULL(fixture);
    CHECK_NOT_NULL(out);
    BEI_TRY(bei_fixture_check_owner(fixture));
    if (options)
        CHECK_ABI(options);
    be_runtime_t *runtime = NULL;
    BEI_TRY(bei_runtime_create(fixture, &runtime));
    *out = runtime;
    return BE_OK;
}

void be_runtime_destroy(be_runtime_t *runtime)
{
    bei_runtime_destroy(runtime);
}

be_status be_runtime_tick(be_runtime_t *runtime, const float *pcm, size_t n, float *embedding_out,
                          size_t capacity_floats, be_tick_result_t *out)
{
    CHECK_NOT_NULL(runtime);
    BEI_TRY(bei_runtime_check_owner(runtime));
    BEI_REQUIRE(pcm || n == 0, "pcm is NULL with %zu samples", n);
    be_tick_result_t result;
    BEI_TRY(bei_runtime_tick(runtime, (bei_feed_t){pcm, n, 0}, embedding_out, capacity_floats,
                             &result));
    if (out)
        *out = result;
    return BE_OK;
}

static be_status compose(be_runtime_t *runtime, bei_feed_t feed, bei_target_t target,
                         be_compose_result_t *out)
{
    CHECK_NOT_NULL(runtime);
    BEI_TRY(bei_runtime_check_owner(runtime));
    BEI_REQUIRE(feed.streaming || feed.pcm || feed.n == 0, "pcm is NULL with %zu samples", feed.n);
    BEI_REQUIRE(target.bgr, "bgr is NULL");
    be_compose_result_t result;
    BEI_TRY(bei_runtime_compose(runtime, feed, target, &result));
    if (out)
        *out = result;
    return BE_OK;
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
    BEI_TRY(bei_runtime_check_owner(runtime));
    CHECK_NOT_NULL(bgr);
    be_compose_result_t result;
    bei_target_t target = {frame_idx_hint, size, bgr, capacity};
    BEI_TRY(bei_runtime_source_frame(runtime, target, &result));
    if (out)
        *out = result;
    return BE_OK;
}

be_status be_runtime_push_audio(be_runtime_t *runtime, const float *pcm, size_t n)
{
    CHECK_NOT_NULL(runtime);
    BEI_TRY(bei_runtime_check_owner(runtime));
    BEI_REQUIRE(pcm || n == 0, "pcm is NULL with %zu samples", n);
    return bei_runtime_push(runtime, pcm, n);
}

be_status be_runtime_push_chunk(be_runtime_t *runtime, const be_audio_chunk_t *chunk)
{
    CHECK_NOT_NULL(runtime);
    BEI_TRY(bei_runtime_check_owner(runtime));
    CHECK_NOT_NULL(chunk);
    CHECK_STRUCT(chunk, be_audio_chunk_t);
    BEI_REQUIRE(chunk->format == BE_SAMPLE_S16 || chunk->format == BE_SAMPLE_F32,
                "format is %d, not one of be_sample_format", (int)chunk->format);
    BEI_REQUIRE(chunk->data || chunk->frames == 0, "data is NULL with %zu samples", chunk->frames);
    return bei_runtime_push_chunk(runtime, chunk);
}

be_status be_runtime_flush(be_runtime_t *runtime)
{
    CHECK_NOT_NULL(runtime);
    BEI_TRY(bei_runtime_check_owner(runtime));
    return bei_runtime_flush(runtime);
}

size_t be_runtime_ticks_available(const be_runtime_t *runtime)
{
    return runtime ? bei_runtime_ticks_available(runtime) : 0;
}

be_status be_runtime_capture(be_runtime_t *runtime, be_diag_tap tap, void *buf,
                             size_t capacity_bytes, size_t *bytes_written)
{
    CHECK_NOT_NULL(runtime);
    BEI_TRY(bei_runtime_check_owner(runtime));
    CHECK_NOT_NULL(buf);
    size_t written;
    BEI_TRY(bei_runtime_capture(runtime, tap, buf, capacity_bytes, &written));
    if (bytes_written)
        *bytes_written = written;
    return BE_OK;
}

void be_runtime_reset_stream(be_runtime_t *runtime)
{
    if (runtime)
        bei_runtime_reset(runtime);
}
