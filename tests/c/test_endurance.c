/* Conversation on a simulated clock: every rate, chunks of 1 ms to 10 s, pushed at once and in real time with
 * holes, interrupted at random moments. No sample is lost, repeated or moved.
 *
 * ESSENCE_LONG=1 in the environment: half an hour and a thousand interruptions. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audio/resampler.h"
#include "essence.h"

#define TINY ESSENCE_TEST_DATA "/data/tiny.imx"

enum { TICK_US = 40000, LONGEST_S = 12, MOST_RATE = 48000 };

static const uint32_t RATES[] = {8000, 16000, 22050, 24000, 44100, 48000};

typedef struct utterance {
    uint64_t number;
    int16_t input[LONGEST_S * MOST_RATE];
    size_t length, sent; /* at its own rate */
    uint32_t rate;
    int16_t expected[LONGEST_S * 16000 + 1]; /* at 16 kHz */
    size_t expected_n, heard;
    bool flushed, ended;
    bool at_once;
    int64_t spoken_from; /* when its first sample was, for one in real time */
} utterance_t;

typedef struct talk {
    be_fixture_t *fixture;
    be_runtime_t *runtime;
    int64_t now;
    uint64_t random;
    utterance_t said;
    int64_t first_frame; /* of the utterance, or of what came after a hole */
    size_t first_heard;  /* samples before it */
    uint64_t underruns;
    uint64_t utterances, interrupted, frames, idle;
    int64_t worst_drift;
} talk_t;

static uint32_t dice(talk_t *talk, uint32_t sides)
{
    talk->random = talk->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(talk->random >> 33) % sides;
}

static be_status keep(void *user, const float *pcm, size_t n)
{
    utterance_t *said = user;
    for (size_t i = 0; i < n; i++) {
        float level = pcm[i] * 32768.0f;
        level = fminf(fmaxf(level, -32768.0f), 32767.0f);
        said->expected[said->expected_n++] = (int16_t)lrintf(level);
    }
    return BE_OK;
}

static void expect(utterance_t *said)
{
    bei_resampler_t *resampler = NULL;
    said->expected_n = 0;
    assert_int_equal(bei_resampler_create(said->rate, 1, &resampler), BE_OK);
    bei_resampler_push(resampler, BE_SAMPLE_S16, said->input, said->length, keep, said);
    bei_resampler_drain(resampler, keep, said);
    bei_resampler_destroy(resampler);
}

static void begin_utterance(talk_t *talk)
{
    utterance_t *said = &talk->said;
    said->number = be_runtime_get_utterance(talk->runtime);
    said->rate = RATES[dice(talk, 6)];
    uint32_t ms =
        dice(talk, 4) == 0 ? 1 + dice(talk, 80) : 200 + dice(talk, 1000 * LONGEST_S - 200);
    said->length = (size_t)said->rate * ms / 1000;
    for (size_t i = 0; i < said->length; i++)
        said->input[i] = (int16_t)((int)dice(talk, 16001) - 8000);
    said->sent = said->heard = 0;
    said->flushed = said->ended = false;
    said->at_once = dice(talk, 2) == 0;
    said->spoken_from = talk->now;
    talk->first_frame = -1;
    talk->utterances++;
    expect(said);
}

static void send(talk_t *talk, size_t n)
{
    utterance_t *said = &talk->said;
    be_audio_chunk_t chunk = {
        sizeof chunk, BE_SAMPLE_S16, said->rate, 1, said->input + said->sent, n};
    assert_int_equal(be_runtime_push_chunk(talk->runtime, &chunk), BE_OK);
    said->sent += n;
    if (said->sent == said->length) {
        assert_int_equal(be_runtime_flush(talk->runtime), BE_OK);
        said->flushed = true;
    }
}

/* Everything, or what has been spoken by now, in pieces of 1 ms to 10 s; now and then nothing for a while. */
static void push_some(talk_t *talk)
{
    utterance_t *said = &talk->said;
    if (!said->at_once && dice(talk, 100) == 0)
        said->spoken_from += 1000 * dice(talk, 900);
    int64_t spoken = (talk->now - said->spoken_from) * said->rate / 1000000;
    size_t until = said->at_once || spoken > (int64_t)said->length ? said->length
                   : spoken > 0                                    ? (size_t)spoken
                                                                   : 0;
    while (said->sent < until) {
        size_t piece = (size_t)said->rate * (1 + dice(talk, dice(talk, 3) ? 60 : 10000)) / 1000;
        size_t left = until - said->sent;
        send(talk, piece < left ? piece : left);
    }
}

static void check_time(talk_t *talk, const be_frame_t *frame)
{
    be_stats_t stats = {.struct_size = sizeof stats};
    be_runtime_get_stats(talk->runtime, &stats);
    if (talk->first_frame < 0 || stats.underruns != talk->underruns) {
        talk->first_frame = talk->now;
        talk->first_heard = talk->said.heard;
        talk->underruns = stats.underruns;
    }
    int64_t shown = talk->now - talk->first_frame;
    int64_t sound = (int64_t)(talk->said.heard - talk->first_heard) * 1000000 / 16000;
    int64_t drift = shown > sound ? shown - sound : sound - shown;
    talk->worst_drift = drift > talk->worst_drift ? drift : talk->worst_drift;
    assert_true(frame->timestamp_us <= talk->now);
}

static void take_speech(talk_t *talk, const be_frame_t *frame)
{
    utterance_t *said = &talk->said;
    assert_false(said->ended);
    assert_int_equal(frame->utterance, said->number);
    check_time(talk, frame);
    assert_true(said->heard + frame->samples <= said->expected_n);
    if (frame->samples)
        assert_memory_equal(frame->pcm, said->expected + said->heard,
                            frame->samples * sizeof *frame->pcm);
    said->heard += frame->samples;
    said->ended = frame->flags & BE_FRAME_END_OF_SPEECH;
    assert_int_equal(said->ended, said->flushed && said->heard == said->expected_n);
}

static void take_frames(talk_t *talk)
{
    be_frame_t frame = {.struct_size = sizeof frame};
    be_status status = be_runtime_poll(talk->runtime, talk->now, NULL, &frame);
    if (status == BE_ERR_TIMEOUT)
        return;
    assert_int_equal(status, BE_OK);
    talk->frames++;
    if (frame.flags & BE_FRAME_IDLE)
        talk->idle++;
    else
        take_speech(talk, &frame);
    assert_int_equal(be_runtime_poll(talk->runtime, talk->now, NULL, &frame), BE_ERR_TIMEOUT);
}

/* To the next due frame, or a little less. */
static void pass_time(talk_t *talk)
{
    int64_t due = be_runtime_next_due(talk->runtime);
    int64_t step = 1 + dice(talk, 15000);
    talk->now = due > talk->now && due < talk->now + step ? due : talk->now + step;
}

static void interrupt(talk_t *talk)
{
    be_runtime_interrupt(talk->runtime);
    talk->interrupted++;
    talk->said.ended = true;
}

static int setup(void **state)
{
    talk_t *talk = calloc(1, sizeof *talk);
    if (be_fixture_load(TINY, NULL, &talk->fixture) != BE_OK)
        fail_msg("%s", be_last_error_message());
    be_stream_options_t options = {.struct_size = sizeof options, .pacing = BE_PACING_REALTIME};
    assert_int_equal(be_runtime_open(talk->fixture, &options, &talk->runtime), BE_OK);
    talk->random = 20260723;
    talk->said.ended = true;
    *state = talk;
    return 0;
}

static int teardown(void **state)
{
    talk_t *talk = *state;
    be_runtime_destroy(talk->runtime);
    be_fixture_release(talk->fixture);
    free(talk);
    return 0;
}

static void converse(talk_t *talk, int64_t until, uint32_t patience)
{
    while (talk->now < until) {
        if (talk->said.ended && dice(talk, 30) == 0)
            begin_utterance(talk);
        if (!talk->said.ended)
            push_some(talk);
        take_frames(talk);
        if (patience && !talk->said.ended && dice(talk, patience) == 0)
            interrupt(talk);
        pass_time(talk);
    }
}

static void check_balance(talk_t *talk)
{
    be_stats_t stats = {.struct_size = sizeof stats};
    assert_int_equal(be_runtime_get_stats(talk->runtime, &stats), BE_OK);
    assert_int_equal(stats.samples_in,
                     stats.samples_out + stats.samples_dropped + stats.samples_queued);
    assert_int_equal(stats.frames, talk->frames);
    assert_true(stats.max_late_us <= 15000); /* the test comes in time */
    print_message("%llu frames (%llu idle), %llu utterances, %llu interrupted, %llu underruns, "
                  "worst drift %lld us\n",
                  (unsigned long long)talk->frames, (unsigned long long)talk->idle,
                  (unsigned long long)talk->utterances, (unsigned long long)talk->interrupted,
                  (unsigned long long)stats.underruns, (long long)talk->worst_drift);
}

static void test_a_conversation(void **state)
{
    talk_t *talk = *state;
    const int minutes = getenv("ESSENCE_LONG") ? 30 : 2;
    converse(talk, (int64_t)minutes * 60 * 1000000, 0);
    check_balance(talk);
    assert_true(talk->utterances > 5);
    assert_true(talk->underruns > 5);
    assert_true(talk->worst_drift < 5000);
}

static void test_interruptions(void **state)
{
    talk_t *talk = *state;
    const uint64_t interruptions = getenv("ESSENCE_LONG") ? 1000 : 100;
    while (talk->interrupted < interruptions)
        converse(talk, talk->now + 1000000, 40);
    check_balance(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_conversation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_interruptions, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
