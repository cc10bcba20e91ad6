/* Plays a sound file into the engine as a call would: 20 ms at a time, in real time, and takes each frame
 * as soon as it is ready. Prints how late the frames are: the time from the last sample of a frame's
 * own 40 ms to the frame. At least the lookahead (80 ms) is the engine's design, the rest its work and
 * the 20 ms pieces.
 *
 *     stream_realtime AVATAR.imx SOUND.wav [SECONDS] */
#include <essence.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RATE = 16000, PIECE = RATE / 50, TICK = 640 };

typedef struct lateness {
    unsigned frames, talking;
    double sum, worst; /* ms */
} lateness_t;

static int fail(const char *what)
{
    fprintf(stderr, "stream_realtime: %s: %s\n", what, be_last_error_message());
    return 1;
}

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void sleep_until(double moment_ms)
{
    double left = moment_ms - now_ms();
    if (left <= 0)
        return;
    struct timespec time = {.tv_sec = (time_t)(left / 1e3)};
    time.tv_nsec = (long)((left - (double)time.tv_sec * 1e3) * 1e6);
    nanosleep(&time, NULL);
}

/* Takes every frame that is ready; `heard_ms` is how much sound the microphone has heard by now. */
static int pull_ready(be_runtime_t *stream, uint8_t *bgr, size_t capacity, double start_ms,
                      lateness_t *late)
{
    be_compose_result_t result;
    while (be_runtime_ticks_available(stream) > 0) {
        if (be_runtime_pull_frame(stream, -1, bgr, capacity, &result) != BE_OK)
            return fail("cannot pull");
        /* A program would show bgr here, and play the 640 samples that belong to it. */
        double spoken_ms = start_ms + 1e3 * TICK * (late->frames + 1) / RATE;
        double ms = now_ms() - spoken_ms;
        late->frames++;
        late->talking += result.cluster_idx != 0;
        late->sum += ms;
        late->worst = ms > late->worst ? ms : late->worst;
    }
    return 0;
}

static int play(be_fixture_t *avatar, const float *pcm, size_t samples)
{
    be_fixture_info_t info;
    be_runtime_t *stream = NULL;
    if (be_fixture_get_info(avatar, &info) != BE_OK || be_runtime_create(avatar, NULL, &stream))
        return fail("cannot open a stream");
    size_t capacity = (size_t)info.frame_width * info.frame_height * 3;
    uint8_t *bgr = malloc(capacity);
    lateness_t late = {0};
    int status = bgr == NULL;
    double start_ms = now_ms();
    for (size_t at = 0; at < samples && status == 0; at += PIECE) {
        size_t n = samples - at < PIECE ? samples - at : PIECE;
        sleep_until(start_ms + 1e3 * (double)(at + n) / RATE); /* a sound card gives it now */
        if (be_runtime_push_audio(stream, pcm + at, n) != BE_OK)
            status = fail("cannot push");
        else
            status = pull_ready(stream, bgr, capacity, start_ms, &late);
    }
    /* The utterance is over: what the lookahead held back comes at once. */
    if (status == 0)
        printf("%u frames, %u with an open mouth; late by %.1f ms on average, %.1f ms at worst\n",
               late.frames, late.talking, late.frames ? late.sum / late.frames : 0, late.worst);
    if (status == 0 && be_runtime_flush(stream) != BE_OK)
        status = fail("cannot flush");
    if (status == 0)
        status = pull_ready(stream, bgr, capacity, start_ms, &late);
    free(bgr);
    be_runtime_destroy(stream);
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
    int status;
    if (be_audio_decode_file(argv[2], &pcm, &samples) != BE_OK) {
        status = fail(argv[2]);
    } else {
        double seconds = argc == 4 ? strtod(argv[3], NULL) : 0;
        if (seconds > 0 && (double)samples > seconds * RATE)
            samples = (size_t)(seconds * RATE);
        status = play(avatar, pcm, samples);
    }
    be_audio_free(pcm);
    be_fixture_release(avatar);
    return status;
}
