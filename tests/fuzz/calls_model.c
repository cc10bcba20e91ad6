#include "calls_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

float noise[SAMPLES];
static volatile uint64_t sink;

void need(bool condition)
{
    if (!condition)
        __builtin_trap();
}

uint32_t take(input_t *input, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes && input->left > 0; i++, input->left--)
        value = value << 8 | *input->next++;
    return value;
}

static bool is_paced(const model_t *model)
{
    return model->options.pacing == BE_PACING_REALTIME;
}

/* ---------------------------------------------------------------- the numbers */

static be_stats_t stats_of(const model_t *model)
{
    be_stats_t stats = {.struct_size = sizeof stats};
    need(be_runtime_get_stats(model->runtime, &stats) == BE_OK);
    need(stats.samples_in == stats.samples_out + stats.samples_queued + stats.samples_dropped);
    need(stats.samples_out + stats.samples_dropped <= stats.samples_in);
    need(stats.speech_frames <= stats.frames && stats.stage_count == BE_STAGE_COUNT);
    need(is_paced(model) || (stats.underruns == 0 && stats.late_frames == 0));
    return stats;
}

/* Whatever failed or gave no frame has changed none of these. */
static void need_same(const be_stats_t *a, const be_stats_t *b)
{
    need(a->frames == b->frames && a->samples_in == b->samples_in &&
         a->samples_out == b->samples_out && a->samples_dropped == b->samples_dropped &&
         a->utterances == b->utterances && a->interruptions == b->interruptions);
}

/* After a frame: what it took, and whether it ended an utterance that was flushed. */
static void count_frame(model_t *model, const be_stats_t *before, const be_stats_t *after)
{
    need(after->frames == before->frames + 1 && after->samples_in == before->samples_in);
    need(after->samples_out - before->samples_out <= TICK);
    need(after->samples_dropped == before->samples_dropped);
    const uint64_t ended = after->utterances - before->utterances;
    need(ended <= 1 && ended <= model->ends_owed);
    model->ends_owed -= ended;
}

/* ---------------------------------------------------------------- from opening to reset */

static void choose_options(model_t *model, input_t *input)
{
    static const uint32_t sides[] = {0, 16, 33, 96, 160};
    const uint32_t bits = take(input, 2);
    be_compose_size_t size = {0};
    if (bits & 1) {
        size.target_width = sides[1 + (bits >> 1) % 4];
        size.target_height = sides[1 + (bits >> 3) % 4];
    }
    model->options = (be_stream_options_t){
        .struct_size = sizeof model->options,
        .pacing = bits & 32 ? BE_PACING_REALTIME : BE_PACING_NONE,
        .pixel_format = (be_pixel_format)((bits >> 6) % 6),
        .size = size,
        .lookahead_ms = (bits >> 9) % 5 * 40,
        .max_queued_ms = bits & 4096 ? 1000 : 0,
        .starvation_ms = bits & 8192 ? 50 : 0,
        .flags = bits & 16384 ? BE_STREAM_NO_IDLE_PICTURES : 0,
    };
}

void model_open(model_t *model, be_fixture_t *fixture, input_t *input)
{
    be_fixture_info_t info;
    *model = (model_t){.clip_count = be_fixture_get_action_count(fixture)};
    need(be_fixture_get_info(fixture, &info) == BE_OK);
    model->frame_count = info.source_frame_count;
    model->mouth_count = info.cluster_count;
    choose_options(model, input);
    if (take(input, 1) % 8 == 0) {
        model->options = (be_stream_options_t){.pacing = BE_PACING_NONE};
        need(be_runtime_create(fixture, NULL, &model->runtime) == BE_OK);
    } else {
        need(be_runtime_open(fixture, &model->options, &model->runtime) == BE_OK);
    }
}

void model_reset(model_t *model)
{
    be_runtime_reset_stream(model->runtime);
    model->batch = model->unflushed = model->given = false;
    model->ends_owed = 0;
    need(stats_of(model).samples_queued == 0);
    need(be_runtime_ticks_available(model->runtime) == 0);
}

void model_stop(model_t *model)
{
    be_runtime_stop(model->runtime);
    model->stopped = true;
}

/* ---------------------------------------------------------------- audio in */

static be_audio_chunk_t choose_chunk(input_t *input)
{
    static const uint32_t rates[] = {16000, 16000, 16000, 48000, 44100, 8000, 24000, 4000};
    const uint32_t kind = take(input, 1);
    be_audio_chunk_t chunk = {.struct_size = sizeof chunk,
                              .format = kind & 1 ? BE_SAMPLE_S16 : BE_SAMPLE_F32,
                              .sample_rate = rates[kind >> 1 & 7],
                              .channels = 1 + (kind >> 4 & 1),
                              .data = noise};
    if (kind >> 5 == 7) { /* anything */
        chunk.format = (be_sample_format)(take(input, 1) % 4);
        chunk.sample_rate = take(input, 3);
        chunk.channels = take(input, 1) % 40;
    }
    const size_t frame =
        (chunk.format == BE_SAMPLE_F32 ? 4u : 2u) * (chunk.channels ? chunk.channels : 1);
    chunk.frames = take(input, 2) % (sizeof noise / frame);
    return chunk;
}

void model_push(model_t *model, input_t *input)
{
    const be_stats_t before = stats_of(model);
    const be_audio_chunk_t chunk = choose_chunk(input);
    const bool plain = chunk.format == BE_SAMPLE_F32 && chunk.sample_rate == 16000 &&
                       chunk.channels == 1 && take(input, 1) % 2;
    const be_status status = plain ? be_runtime_push_audio(model->runtime, noise, chunk.frames)
                                   : be_runtime_push_chunk(model->runtime, &chunk);
    const be_stats_t after = stats_of(model);
    need(!model->stopped || status != BE_OK);
    if (status != BE_OK || chunk.frames == 0) {
        need_same(&before, &after);
        return;
    }
    need(!model->batch);
    if (!model->unflushed) {
        model->unflushed = true;
        model->began = before.samples_in;
        model->pushed = 0;
        model->rate = chunk.sample_rate;
    }
    need(model->rate == chunk.sample_rate);
    model->pushed += chunk.frames;
    need(chunk.sample_rate != 16000 || after.samples_in == model->began + model->pushed);
}

/* An utterance has as many samples as its length says, rounded. */
static uint64_t length_at_16k(const model_t *model)
{
    return (2 * model->pushed * 16000 + model->rate) / (2 * (uint64_t)model->rate);
}

void model_flush(model_t *model)
{
    const uint64_t number = be_runtime_get_utterance(model->runtime);
    const be_status status = be_runtime_flush(model->runtime);
    const uint64_t next = be_runtime_get_utterance(model->runtime);
    need(status == BE_OK || model->batch || model->stopped);
    if (status != BE_OK || !model->unflushed) {
        need(next == number);
        return;
    }
    need(next == number + 1);
    need(stats_of(model).samples_in == model->began + length_at_16k(model));
    model->ends_owed++;
    model->unflushed = false;
}

void model_interrupt(model_t *model)
{
    const be_stats_t before = stats_of(model);
    const uint64_t number = be_runtime_get_utterance(model->runtime);
    need(be_runtime_interrupt(model->runtime) == BE_OK);
    const be_stats_t after = stats_of(model);
    const uint64_t next = be_runtime_get_utterance(model->runtime);
    need(next == number || (next == number + 1 && model->unflushed));
    need(after.samples_dropped == before.samples_dropped + before.samples_queued);
    need(after.samples_queued == 0 && after.frames == before.frames);
    need(after.interruptions - before.interruptions <= 1);
    need(before.samples_queued == 0 || after.interruptions == before.interruptions + 1);
    need(be_runtime_ticks_available(model->runtime) == 0);
    model->unflushed = false;
    model->ends_owed = 0;
}

/* ---------------------------------------------------------------- frames on a clock */

static uint32_t row_bytes(be_pixel_format format, uint32_t width, int plane)
{
    static const uint32_t packed[] = {3, 3, 4};
    if (format <= BE_PIXEL_BGRA32)
        return plane == 0 ? width * packed[format - 1] : 0;
    if (plane == 0)
        return width;
    if (format == BE_PIXEL_I420)
        return (width + 1) / 2;
    return plane == 1 ? (width + 1) / 2 * 2 : 0;
}

/* Reads what a frame points to, so that a sanitizer sees what is not there. */
static void touch(const be_frame_t *frame, const be_buffer_t *into)
{
    for (int i = 0; i < 3; i++) {
        const uint32_t row = row_bytes(frame->format, frame->width, i);
        const uint32_t rows = i ? (frame->height + 1) / 2 : frame->height;
        need((frame->plane[i] != NULL) == (row != 0) && (frame->stride[i] != 0) == (row != 0));
        need(frame->stride[i] >= row);
        if (!row)
            continue;
        const uint8_t *end = frame->plane[i] + (size_t)frame->stride[i] * (rows - 1) + row;
        need(!into || (frame->plane[i] >= into->data && end <= into->data + into->capacity));
        for (uint32_t y = 0; y < rows; y += rows - 1 ? rows - 1 : 1)
            sink += frame->plane[i][(size_t)frame->stride[i] * y] +
                    frame->plane[i][(size_t)frame->stride[i] * y + row - 1];
    }
}

static void check_mouth(const be_mouth_t *mouth)
{
    const float parts[] = {mouth->openness, mouth->closure, mouth->labiodental,
                           mouth->teeth,    mouth->tongue,  mouth->speech};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        need(parts[i] >= 0 && parts[i] <= 1);
    need(mouth->width >= -1 && mouth->width <= 1);
    need(mouth->protrusion >= 0 && mouth->protrusion <= 1);
    for (int i = 0; i < 15; i++)
        need(mouth->viseme[i] >= 0 && mouth->viseme[i] <= mouth->viseme[mouth->strongest]);
    need(mouth->strongest < 15);
}

static void check_sound(const model_t *model, const be_frame_t *frame)
{
    const bool ends = frame->flags & BE_FRAME_END_OF_SPEECH;
    need((frame->samples > 0) == ((frame->flags & BE_FRAME_SPEECH) != 0));
    need((frame->pcm != NULL) == (frame->samples > 0));
    need(frame->samples == TICK || ends || (frame->flags & BE_FRAME_IDLE));
    need(frame->samples <= TICK);
    for (uint32_t i = 0; i < frame->samples; i++) {
        need(!model->muted || frame->pcm[i] == 0);
        sink += (uint16_t)frame->pcm[i];
    }
    if (frame->flags & BE_FRAME_IDLE)
        need(is_paced(model) && frame->samples == 0 && !ends);
    else
        need(((frame->flags & BE_FRAME_MUTED) != 0) == model->muted);
    if ((frame->flags & BE_FRAME_MUTED))
        need(frame->cluster_idx == 0);
    need((frame->flags & ~31u) == 0);
}

static void check_time(model_t *model, const be_frame_t *frame)
{
    if (!is_paced(model)) {
        need(frame->timestamp_us == (int64_t)frame->index * TICK_US);
        return;
    }
    need(frame->timestamp_us <= model->now);
    if (model->given) {
        need(frame->timestamp_us - model->last_due >= TICK_US);
        need(model->now - model->last_given >= TICK_US / 2);
    }
    model->given = true;
    model->last_due = frame->timestamp_us;
    model->last_given = model->now;
}

static void check_frame(model_t *model, const be_stats_t *before, const be_frame_t *frame,
                        const be_buffer_t *into)
{
    const uint64_t owed = model->ends_owed;
    const be_stats_t after = stats_of(model);
    count_frame(model, before, &after);
    need((owed != model->ends_owed) == ((frame->flags & BE_FRAME_END_OF_SPEECH) != 0));
    need(frame->index == before->frames && frame->position == before->samples_out);
    need(after.samples_out == before->samples_out + frame->samples);
    need(frame->cluster_idx < model->mouth_count);
    need(frame->frame_idx_used < model->frame_count || (frame->flags & BE_FRAME_ACTION));
    if (!(frame->flags & BE_FRAME_IDLE))
        need(frame->utterance + owed == be_runtime_get_utterance(model->runtime));
    check_sound(model, frame);
    check_mouth(&frame->mouth);
    check_time(model, frame);
    const bool hidden =
        (frame->flags & BE_FRAME_IDLE) && (model->options.flags & BE_STREAM_NO_IDLE_PICTURES);
    need((frame->width == 0) == hidden && (frame->height == 0) == hidden);
    if (!hidden)
        touch(frame, into);
}

/* A place for the picture: none, one that is large enough, or any. */
static const be_buffer_t *choose_buffer(input_t *input, be_buffer_t *buffer)
{
    const uint32_t kind = take(input, 1);
    if (kind % 4 == 0)
        return NULL;
    *buffer = (be_buffer_t){.struct_size = sizeof *buffer, .capacity = BUFFER};
    if (kind % 4 == 1) {
        buffer->format = (be_pixel_format)((kind >> 2) % 7);
        buffer->stride = take(input, 2) % 1000;
        buffer->capacity = take(input, 2) % (BUFFER + 1);
    }
    buffer->data = malloc(buffer->capacity ? buffer->capacity : 1);
    need(buffer->data != NULL);
    return buffer;
}

static be_status poll_once(model_t *model, const be_buffer_t *into, bool by_pull)
{
    const be_stats_t before = stats_of(model);
    const int64_t due = be_runtime_next_due(model->runtime);
    be_frame_t frame = {.struct_size = sizeof frame};
    const be_status status = by_pull ? be_runtime_pull(model->runtime, 0, into, &frame)
                                     : be_runtime_poll(model->runtime, model->now, into, &frame);
    need(status != BE_OK || (!model->stopped && !model->batch && due <= model->now));
    need(status != BE_ERR_TIMEOUT ||
         (is_paced(model) ? be_runtime_next_due(model->runtime) > model->now : due == INT64_MAX));
    need(!model->stopped || status == BE_ERR_STOPPED || status == BE_ERR_INVALID_ARG);
    if (status == BE_OK) {
        check_frame(model, &before, &frame, into);
    } else {
        const be_stats_t after = stats_of(model);
        need_same(&before, &after);
    }
    return status;
}

static void move_clock(model_t *model, input_t *input)
{
    const uint32_t step = take(input, 1);
    if (step < 64)
        model->now += TICK_US;
    else if (step < 192)
        model->now += (int64_t)(step - 64) * 1000;
    else if (step < 255)
        model->now += (int64_t)(step - 192) * 10007;
    else
        model->now += take(input, 4);
}

void model_poll(model_t *model, input_t *input)
{
    be_buffer_t buffer = {0};
    const be_buffer_t *into = choose_buffer(input, &buffer);
    bool by_pull = false;
    if (is_paced(model))
        move_clock(model, input);
    else
        by_pull = take(input, 1) % 2;
    poll_once(model, into, by_pull);
    free(buffer.data);
}

/* ---------------------------------------------------------------- frames without a clock */

void model_pull(model_t *model, input_t *input)
{
    static uint8_t buffer[BUFFER];
    const be_stats_t before = stats_of(model);
    const size_t ready = be_runtime_ticks_available(model->runtime);
    const be_compose_size_t size = {take(input, 1), take(input, 1), 1, 2, 3, 0};
    const size_t capacity = take(input, 1) % 8 ? BUFFER : take(input, 2) % BUFFER;
    const int32_t hint = (int8_t)take(input, 1);
    be_compose_result_t result;
    const be_status status =
        hint & 64
            ? be_runtime_pull_frame(model->runtime, hint, buffer, capacity, &result)
            : be_runtime_pull_frame_to_size(model->runtime, hint, &size, buffer, capacity, &result);
    const be_stats_t after = stats_of(model);
    const size_t now = be_runtime_ticks_available(model->runtime);
    if (status != BE_OK) {
        need(now == ready);
        need_same(&before, &after);
        return;
    }
    need(!model->stopped && !model->batch && now + 1 == ready);
    need(result.cluster_idx < model->mouth_count && result.bytes_written <= capacity);
    count_frame(model, &before, &after);
}

void model_batch(model_t *model, input_t *input)
{
    static uint8_t buffer[BUFFER];
    const size_t n = take(input, 2) % SAMPLES;
    float embedding[23];
    be_tick_result_t tick;
    const be_status status =
        take(input, 1) % 2
            ? be_runtime_tick(model->runtime, noise, n, embedding, 23, &tick)
            : be_runtime_tick_compose(model->runtime, noise, n, -1, buffer, BUFFER, NULL);
    need(status != BE_OK || !model->stopped);
    model->batch = model->batch || status == BE_OK;
}

static int count_rendered(uint32_t index, uint32_t cluster, uint32_t frame, const uint8_t *bgr,
                          uint32_t width, uint32_t height, void *user)
{
    uint32_t *count = user;
    need(index == *count);
    sink += cluster + frame + bgr[(size_t)width * height * 3 - 1];
    *count += 1;
    return 0;
}

void model_render(model_t *model, input_t *input)
{
    const size_t n = take(input, 2) % SAMPLES;
    const be_compose_size_t size = {take(input, 1) % 64, take(input, 1) % 64, 0, 0, 0, 0};
    uint32_t count = 0;
    const be_status status =
        be_session_render_pcm(model->runtime, noise, n, &size, count_rendered, &count);
    if (status == BE_OK)
        need(count == (n + TICK - 1) / TICK && !model->stopped);
    model_reset(model);
}

/* ---------------------------------------------------------------- the rest */

void model_settings(model_t *model, input_t *input)
{
    static const char *const names[] = {NULL, "nod", "look", "", "nosuch"};
    const uint32_t value = take(input, 2);
    switch (take(input, 1) % 3) {
    case 0: {
        const char *name = names[value % 5];
        const bool known = value % 5 == 0 || (value % 5 < 3 && model->clip_count > 0);
        need((be_runtime_play_action(model->runtime, name, value >> 8) == BE_OK) == known);
        break;
    }
    case 1:
        model->muted = value % 2;
        need(be_runtime_set_muted(model->runtime, value % 2) == BE_OK);
        break;
    default:
        need(be_runtime_set_starvation(model->runtime, value) == BE_OK);
    }
}

void model_look(model_t *model, input_t *input)
{
    static uint8_t buffer[BUFFER];
    size_t written = 0;
    const size_t capacity = take(input, 2) % BUFFER;
    const be_diag_tap tap = (be_diag_tap)(take(input, 1) % 6);
    if (be_runtime_capture(model->runtime, tap, buffer, capacity, &written) == BE_OK)
        need(written > 0 && written <= capacity);
    const be_stats_t before = stats_of(model);
    be_runtime_get_source_frame(model->runtime, (int8_t)take(input, 1), NULL, buffer, BUFFER, NULL);
    const be_stats_t after = stats_of(model);
    need_same(&before, &after);
}

/* All frames that the queue holds, and no more than belong to it. */
static void drain(model_t *model)
{
    model_flush(model);
    const uint64_t most = be_runtime_ticks_available(model->runtime) + 12;
    for (uint64_t i = 0; i < most && (model->ends_owed > 0 || !is_paced(model)); i++) {
        model->now += TICK_US;
        if (poll_once(model, NULL, false) == BE_ERR_TIMEOUT && !is_paced(model))
            break;
    }
    need(model->ends_owed == 0 && stats_of(model).samples_queued == 0);
    need(be_runtime_ticks_available(model->runtime) == 0);
}

void model_close(model_t *model)
{
    if (!model->stopped && !model->batch)
        drain(model);
    be_runtime_destroy(model->runtime);
    model->runtime = NULL;
}
