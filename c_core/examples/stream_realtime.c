/* A voice call: one thread hears a microphone (here a sound file, 20 ms at a time, in real time), another
 * shows 25 frames a second, idle ones until somebody speaks. Prints how long after the last sample of a
 * frame's own 40 ms the frame came: at least the lookahead (80 ms), plus the 20 ms pieces and the wait for
 * the next due frame.
 *
 *     stream_realtime AVATAR.imx SOUND.wav [SECONDS] */
#include <essence.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RATE = 16000, PIECE = RATE / 50 };

typedef struct call {
    be_runtime_t *stream;
    const float *pcm;
    size_t samples;
    int64_t start_us; /* when the first sample was spoken */
} call_t;

static int fail(const char *what)
{
    fprintf(stderr, "stream_realtime: %s: %s\n", what, be_last_error_message());
    return 1;
}

static void sleep_until(int64_t moment_us)
{
    int64_t left = moment_us - be_clock_us();
    if (left <= 0)
        return;
    struct timespec time = {(time_t)(left / 1000000), (long)(left % 1000000) * 1000};
    nanosleep(&time, NULL);
}

/* The microphone. It needs no lock: a stream may be pushed to while another thread pulls. */
static void *speak(void *argument)
{
    const call_t *call = argument;
    for (size_t at = 0; at < call->samples; at += PIECE) {
        size_t n = call->samples - at < PIECE ? call->samples - at : PIECE;
        sleep_until(call->start_us + (int64_t)(at + n) * 1000000 / RATE);
        if (be_runtime_push_audio(call->stream, call->pcm + at, n) != BE_OK)
            fail("cannot push");
    }
    if (be_runtime_flush(call->stream) != BE_OK)
        fail("cannot flush");
    return NULL;
}

static be_status next(be_runtime_t *stream, be_frame_t *frame)
{
    frame->struct_size = sizeof *frame;
    return be_runtime_pull(stream, -1, NULL, frame);
}

/* The screen: shows frames until the utterance has ended. */
static int show(const call_t *call)
{
    be_frame_t frame = {0};
    unsigned frames = 0, talking = 0;
    int64_t sum = 0, worst = 0;
    while (!(frame.flags & BE_FRAME_END_OF_SPEECH)) {
        if (next(call->stream, &frame) != BE_OK)
            return fail("cannot pull");
        /* A program would show frame.plane[0] here and play frame.pcm. */
        if (!(frame.flags & BE_FRAME_SPEECH))
            continue;
        int64_t spoken = (int64_t)(frame.position + frame.samples) * 1000000 / RATE;
        int64_t late = be_clock_us() - call->start_us - spoken;
        frames++;
        talking += frame.cluster_idx != 0;
        sum += late;
        worst = late > worst ? late : worst;
    }
    printf("%u frames of speech, %u with an open mouth; %.1f ms after their sound on average, "
           "%.1f ms at worst\n",
           frames, talking, (double)sum / 1e3 / frames, (double)worst / 1e3);
    return 0;
}

static int run(be_fixture_t *avatar, const float *pcm, size_t samples)
{
    be_stream_options_t options = {.struct_size = sizeof options, .pacing = BE_PACING_REALTIME};
    call_t call = {.pcm = pcm, .samples = samples};
    if (be_runtime_open(avatar, &options, &call.stream) != BE_OK)
        return fail("cannot open a stream");
    int status = samples == 0;              /* nothing would ever end */
    call.start_us = be_clock_us() + 100000; /* the avatar is there before it speaks */
    pthread_t microphone;
    if (status == 0 && pthread_create(&microphone, NULL, speak, &call) == 0) {
        status = show(&call);
        pthread_join(microphone, NULL);
    }
    be_runtime_destroy(call.stream);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: stream_realtime AVATAR.imx SOUND.wav [SECONDS]\n");
        return 64;
    }
    be_fixture_t *avatar = NULL;
    float *pcm = NULL;
    size_t samples = 0;
    if (be_fixture_load(argv[1], NULL, &avatar) != BE_OK)
        return fail(argv[1]);
    int status = be_audio_decode_file(argv[2], &pcm, &samples) != BE_OK && fail(argv[2]);
    size_t most = argc == 4 ? (size_t)(strtod(argv[3], NULL) * (double)RATE) : samples;
    if (status == 0)
        status = run(avatar, pcm, samples < most ? samples : most);
    be_audio_free(pcm);
    be_fixture_release(avatar);
    return status;
}
