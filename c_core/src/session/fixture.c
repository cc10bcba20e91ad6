#include "session/fixture.h"

#include "audio/mel.h"
#include "base/env.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/thread.h"

static be_status fill(be_fixture_t *fixture, const bei_fixture_settings_t *settings)
{
    BEI_TRY(bei_avatar_acquire(&settings->source, &fixture->avatar));
    const bei_imx_t *imx = fixture->avatar->imx;
    /* An avatar is untrusted, and a model can ask for any amount of time and memory. */
    if (imx->encoder.size > 0 && !bei_env_get("BITHUMAN_ALLOW_FOREIGN_ENCODER"))
        return bei_error_set(BE_ERR_MODEL_LOAD_FAILED,
                             "%s brings an audio encoder of its own: set "
                             "BITHUMAN_ALLOW_FOREIGN_ENCODER=1 if you trust its maker",
                             settings->source.path);
    const bei_encoder_settings_t encoder = {settings->ep, settings->threads, settings->strict};
    return bei_encoder_model_create(imx->encoder, &encoder, &fixture->model);
}

be_status bei_fixture_create(const bei_fixture_settings_t *settings, be_fixture_t **out)
{
    be_fixture_t *fixture = bei_calloc(1, sizeof *fixture);
    if (!fixture)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for an avatar");
    atomic_init(&fixture->references, 1);
    fixture->owner = bei_process_id();
    be_status status = fill(fixture, settings);
    if (status != BE_OK) {
        bei_fixture_release(fixture);
        return status;
    }
    *out = fixture;
    return BE_OK;
}

be_status bei_fixture_check_owner(const be_fixture_t *fixture)
{
    BEI_REQUIRE(fixture->owner == bei_process_id(),
                "this avatar belongs to process %u: load it again after a fork", fixture->owner);
    return BE_OK;
}

void bei_fixture_retain(be_fixture_t *fixture)
{
    atomic_fetch_add_explicit(&fixture->references, 1, memory_order_relaxed);
}

void bei_fixture_release(be_fixture_t *fixture)
{
    if (!fixture || fixture->owner != bei_process_id() ||
        atomic_fetch_sub_explicit(&fixture->references, 1, memory_order_acq_rel) != 1)
        return;
    bei_encoder_model_destroy(fixture->model);
    bei_avatar_release(fixture->avatar);
    bei_free(fixture);
}

size_t bei_fixture_lookahead(const be_fixture_t *fixture)
{
    uint32_t ticks = bei_encoder_model_lookahead(fixture->model) + BEI_LIPS_LOOKAHEAD;
    return (size_t)ticks * BEI_TICK_SAMPLES;
}

void bei_fixture_describe(const be_fixture_t *fixture, be_fixture_info_t *out)
{
    const bei_scene_t *scene = &fixture->avatar->scene;
    *out = (be_fixture_info_t){
        .audio_sample_rate = 16000,
        .audio_samples_per_tick = BEI_TICK_SAMPLES,
        .mel_bins = BEI_MEL_BINS,
        .mel_frames_per_chunk = BEI_MEL_FRAMES_PER_TICK,
        .embedding_dim = BEI_ENCODER_DIM,
        .cluster_count = scene->mouth_count,
        .active_ep = bei_encoder_model_ep(fixture->model),
        .frame_width = scene->width,
        .frame_height = scene->height,
        .source_frame_count = fixture->avatar->imx->loop_count,
    };
}

void bei_fixture_provider(const be_fixture_t *fixture, be_provider_report_t *out)
{
    bei_encoder_report_t report;
    bei_encoder_model_report(fixture->model, &report);
    *out = (be_provider_report_t){
        .struct_size = sizeof *out,
        .asked = report.asked,
        .active = report.active,
        .reason = report.reason,
        .runtime = report.runtime,
    };
}

be_status bei_fixture_action(const be_fixture_t *fixture, uint32_t index, be_action_t *out)
{
    const bei_imx_t *imx = fixture->avatar->imx;
    BEI_REQUIRE(index < imx->clip_count, "there is no action %u: the avatar has %u", index,
                imx->clip_count);
    const bei_imx_clip_t *clip = &imx->clips[index];
    *out = (be_action_t){
        .struct_size = sizeof *out,
        .flags = clip->idle ? BE_ACTION_IDLE : 0,
        .name = clip->name,
        .frame_count = clip->frames,
        .leave = clip->leave,
        .rejoin = clip->rejoin,
    };
    return BE_OK;
}
