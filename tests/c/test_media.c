/* Sound in, video out: files that other programs made, and files that other programs can read. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <sndfile.h>

#include "base/memory.h"
#include "essence.h"
#include "media/sound.h"
#include "wav.h"

#define TINY ESSENCE_TEST_DATA "/data/tiny.imx"
#define SPEECH ESSENCE_ASSETS "/speech.wav"

enum { W = 160, H = 96, SPEECH_RATE = 24000 };

static char folder[] = "/tmp/essence-media-XXXXXX";
static char path[256];

static const char *in_folder(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* ---------------------------------------------------------------- WAV */

typedef struct wav {
    uint8_t bytes[4096];
    size_t size;
} wav_t;

static void add(wav_t *wav, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        wav->bytes[wav->size++] = (uint8_t)(i < 8 ? value >> (8 * i) : 0);
}

static void add_text(wav_t *wav, const char *text)
{
    memcpy(wav->bytes + wav->size, text, strlen(text));
    wav->size += strlen(text);
}

/* A file of 4 stereo frames, left 0.5 and right -0.25 of full scale. */
static wav_t make_wav(unsigned tag, unsigned bits, int extensible)
{
    wav_t wav = {{0}, 0};
    add_text(&wav, "RIFF"), add(&wav, 1000, 4), add_text(&wav, "WAVE");
    add_text(&wav, "LIST"), add(&wav, 3, 4), add_text(&wav, "abc"), add(&wav, 0, 1);
    add_text(&wav, "fmt "), add(&wav, extensible ? 40 : 16, 4);
    add(&wav, extensible ? 0xFFFE : tag, 2), add(&wav, 2, 2), add(&wav, 16000, 4);
    add(&wav, 16000 * 2 * bits / 8, 4), add(&wav, 2 * bits / 8, 2), add(&wav, bits, 2);
    if (extensible)
        add(&wav, 22, 2), add(&wav, bits, 2), add(&wav, 3, 4), add(&wav, tag, 2), add(&wav, 0, 14);
    add_text(&wav, "data"), add(&wav, 8 * bits / 8, 4);
    for (int i = 0; i < 8; i++) {
        double value = i % 2 ? -0.25 : 0.5;
        float single = (float)value;
        uint64_t raw = 0;
        if (tag == 3 && bits == 32)
            memcpy(&raw, &single, 4);
        else if (tag == 3)
            memcpy(&raw, &value, 8);
        else if (bits == 8)
            raw = (uint64_t)(128 + value * 128);
        else
            raw = (uint64_t)(int64_t)(value * (double)(1ull << (bits - 1)));
        add(&wav, raw, (int)bits / 8);
    }
    return wav;
}

static void every_plain_wav_is_read(void **state)
{
    (void)state;
    static const unsigned FORMAT[][2] = {{1, 8}, {1, 16}, {1, 24}, {1, 32}, {3, 32}, {3, 64}};
    for (size_t f = 0; f < 6; f++)
        for (int extensible = 0; extensible < 2; extensible++) {
            wav_t wav = make_wav(FORMAT[f][0], FORMAT[f][1], extensible);
            bei_sound_t sound = {0};
            assert_int_equal(bei_wav_decode((bei_span_t){wav.bytes, wav.size}, "w", &sound), BE_OK);
            assert_int_equal(sound.frames, 4);
            assert_int_equal(sound.channels, 2);
            assert_int_equal(sound.rate, 16000);
            for (int i = 0; i < 8; i++)
                assert_true(sound.samples[i] == (i % 2 ? -0.25f : 0.5f));
            bei_sound_free(&sound);
            float *pcm = NULL;
            size_t n = 0;
            assert_int_equal(be_audio_decode_bytes(wav.bytes, wav.size, &pcm, &n), BE_OK);
            assert_int_equal(n, 4);
            assert_true(pcm[0] == 0.125f); /* the mean of both channels */
            be_audio_free(pcm);
        }
}

static void a_damaged_wav_is_an_error_or_shorter(void **state)
{
    (void)state;
    wav_t wav = make_wav(1, 16, 0);
    for (size_t size = 0; size < wav.size; size++) {
        uint8_t *exact = malloc(size ? size : 1);
        memcpy(exact, wav.bytes, size);
        bei_sound_t sound = {0};
        if (bei_wav_decode((bei_span_t){exact, size}, "w", &sound) == BE_OK)
            assert_in_range(sound.frames, 0, 3);
        bei_sound_free(&sound);
        free(exact);
    }
    srand(2);
    for (int i = 0; i < 20000; i++) {
        wav_t broken = wav;
        for (int k = 0; k < 3; k++)
            broken.bytes[(size_t)rand() % (wav.size ? wav.size : 1)] = (uint8_t)rand();
        bei_sound_t sound = {0};
        if (bei_wav_decode((bei_span_t){broken.bytes, broken.size}, "w", &sound) == BE_OK)
            bei_sound_free(&sound);
    }
}

/* ---------------------------------------------------------------- other formats */

static void write_speech(const char *name, int format, const int16_t *speech, size_t n)
{
    SF_INFO info = {.samplerate = SPEECH_RATE, .channels = 1, .format = format};
    SNDFILE *file = sf_open(name, SFM_WRITE, &info);
    assert_non_null(file);
    sf_write_short(file, speech, (sf_count_t)n);
    sf_close(file);
}

static double difference(const float *a, const float *b, size_t n)
{
    double error = 0, energy = 1e-9;
    for (size_t i = 0; i < n; i++) {
        error += (double)(a[i] - b[i]) * (double)(a[i] - b[i]);
        energy += (double)a[i] * (double)a[i];
    }
    return error / energy;
}

static void compressed_sound_is_heard_like_its_wav(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int format;
        double most; /* of its energy may differ */
    } KIND[] = {{"s.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 1e-9},
                {"s.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0.05}};
    uint32_t rate;
    size_t n = 0, samples = 0;
    int16_t *speech = read_wav(SPEECH, &rate, &n);
    float *plain = NULL;
    assert_int_equal(be_audio_decode_file(SPEECH, &plain, &samples), BE_OK);
    assert_int_equal(samples, (n * 2 + 1) / 3);
    for (size_t i = 0; i < 2; i++) {
        float *pcm = NULL;
        size_t got = 0;
        write_speech(in_folder(KIND[i].name), KIND[i].format, speech, n);
        assert_int_equal(be_audio_decode_file(path, &pcm, &got), BE_OK);
        assert_int_equal(got, samples);
        assert_true(difference(plain, pcm, samples) <= KIND[i].most);
        be_audio_free(pcm);
        remove(path);
    }
    be_audio_free(plain);
    free(speech);
}

static void damaged_sound_is_an_error(void **state)
{
    (void)state;
    uint32_t rate;
    size_t n = 0;
    int16_t *speech = read_wav(SPEECH, &rate, &n);
    write_speech(in_folder("d.flac"), SF_FORMAT_FLAC | SF_FORMAT_PCM_16, speech, n);
    free(speech);
    FILE *file = fopen(path, "r+b");
    fseek(file, 60000, SEEK_SET);
    for (int i = 0; i < 4096; i++)
        fputc(i * 7, file);
    fclose(file);
    float *pcm = NULL;
    assert_int_equal(be_audio_decode_file(path, &pcm, &n), BE_ERR_AUDIO_FORMAT);
    assert_null(pcm);
    remove(path);
}

static void what_is_no_sound_is_refused(void **state)
{
    (void)state;
    float *pcm = NULL;
    size_t n = 7;
    assert_int_equal(be_audio_decode_file("/no/such.wav", &pcm, &n), BE_ERR_FILE_NOT_FOUND);
    assert_int_equal(be_audio_decode_file("/tmp", &pcm, &n), BE_ERR_AUDIO_FORMAT);
    assert_int_equal(be_audio_decode_file(TINY, &pcm, &n), BE_ERR_AUDIO_FORMAT);
    assert_non_null(strstr(be_last_error_message(), "tiny.imx"));
    assert_int_equal(be_audio_decode_bytes((const uint8_t *)"noise", 5, &pcm, &n),
                     BE_ERR_AUDIO_FORMAT);
    assert_int_equal(be_audio_decode_bytes(NULL, 5, &pcm, &n), BE_ERR_INVALID_ARG);
    assert_null(pcm);
    assert_int_equal(n, 7);
    be_audio_free(NULL);
}

/* ---------------------------------------------------------------- streams of whole utterances */

static be_runtime_t *open_stream(void)
{
    be_fixture_t *fixture = NULL;
    be_runtime_t *runtime = NULL;
    if (be_fixture_load(TINY, NULL, &fixture) != BE_OK)
        fail_msg("%s", be_last_error_message());
    assert_int_equal(be_runtime_create(fixture, NULL, &runtime), BE_OK);
    be_fixture_release(fixture);
    return runtime;
}

typedef struct seen {
    uint32_t frames, stop_at, width, height, moved;
} seen_t;

static int see(uint32_t frame_idx, uint32_t cluster_idx, uint32_t frame_idx_used,
               const uint8_t *bgr, uint32_t width, uint32_t height, void *user)
{
    seen_t *seen = user;
    assert_int_equal(frame_idx, seen->frames++);
    assert_in_range(frame_idx_used, 0, 5);
    assert_non_null(bgr);
    seen->width = width;
    seen->height = height;
    seen->moved += cluster_idx != 0;
    return seen->frames == seen->stop_at;
}

static void a_whole_utterance_goes_to_the_callback(void **state)
{
    (void)state;
    be_runtime_t *runtime = open_stream();
    float *pcm = NULL;
    size_t n = 0;
    assert_int_equal(be_audio_decode_file(SPEECH, &pcm, &n), BE_OK);
    seen_t seen = {0, 0, 0, 0, 0};
    assert_int_equal(be_session_render_pcm(runtime, pcm, n, NULL, see, &seen), BE_OK);
    assert_int_equal(seen.frames, (n + 639) / 640);
    assert_int_equal(seen.width, W);
    assert_int_equal(seen.height, H);
    assert_in_range(seen.moved, seen.frames / 2, seen.frames);
    seen = (seen_t){0, 5, 0, 0, 0};
    const be_compose_size_t size = {64, 64, 0, 0, 0, 0}, odd = {64, 0, 0, 0, 0, 0};
    assert_int_equal(be_session_render_pcm(runtime, pcm, n, &size, see, &seen), BE_OK);
    assert_int_equal(seen.frames, 5);
    assert_int_equal(seen.width, 64);
    assert_int_equal(be_session_render_pcm(runtime, pcm, n, &odd, see, &seen), BE_ERR_INVALID_ARG);
    assert_int_equal(be_session_render_pcm(runtime, pcm, n, NULL, NULL, NULL), BE_ERR_INVALID_ARG);
    be_audio_free(pcm);
    be_runtime_destroy(runtime);
}

/* ---------------------------------------------------------------- inner values */

static void taps_show_the_tick_that_was_given(void **state)
{
    (void)state;
    be_runtime_t *runtime = open_stream();
    float *pcm = NULL, values[2000], embedding[23];
    size_t n = 0, bytes = 0;
    be_tick_result_t tick = {0};
    assert_int_equal(be_audio_decode_file(SPEECH, &pcm, &n), BE_OK);
    assert_int_equal(be_runtime_capture(runtime, BE_DIAG_MEL_COEFFS, values, sizeof values, &bytes),
                     BE_ERR_AUDIO_FORMAT);
    for (int i = 0; i < 40; i++)
        assert_int_equal(be_runtime_tick(runtime, pcm, n, embedding, 23, &tick), BE_OK);
    assert_int_equal(
        be_runtime_capture(runtime, BE_DIAG_ENCODER_LOGITS, values, sizeof values, &bytes), BE_OK);
    assert_int_equal(bytes, sizeof embedding);
    assert_memory_equal(values, embedding, sizeof embedding);

    assert_int_equal(be_runtime_capture(runtime, BE_DIAG_STFT_MAG, values, sizeof values, &bytes),
                     BE_OK);
    assert_int_equal(bytes, 4 * 257 * sizeof(float));
    float dc = 0; /* of the first frame: samples 160 * 156 - 240 on, for tick 39 */
    for (int i = 0; i < 400; i++)
        dc += pcm[160 * 156 - 240 + i] * (0.5f - 0.5f * cosf(6.2831853f * (float)i / 400));
    assert_true(fabsf(values[0] - fabsf(dc)) < 1e-3f);

    assert_int_equal(be_runtime_capture(runtime, BE_DIAG_MEL_COEFFS, values, sizeof values, &bytes),
                     BE_OK);
    assert_int_equal(bytes, 160 * sizeof(float));
    assert_true(values[0] > -11.6f && values[0] < 12);

    assert_int_equal(
        be_runtime_capture(runtime, BE_DIAG_CLUSTER_DISTANCES, values, sizeof values, &bytes),
        BE_OK);
    assert_int_equal(bytes, 19 * sizeof(float));
    uint32_t farther = 0;
    for (int m = 0; m < 19; m++)
        farther += values[m] > values[tick.cluster_idx];
    assert_in_range(farther, 12, 18); /* smoothness may prefer a mouth that is not the nearest */

    assert_int_equal(
        be_runtime_capture(runtime, BE_DIAG_SHOWN_MOUTHS, values, sizeof values, &bytes), BE_OK);
    assert_int_equal(bytes, 3 * sizeof(float));
    assert_true(values[0] == (float)tick.cluster_idx);
    assert_true(values[1] >= 0 && values[1] < 19 && values[2] >= 0 && values[2] <= 0.5f);

    assert_int_equal(be_runtime_capture(runtime, BE_DIAG_STFT_MAG, values, 4111, &bytes),
                     BE_ERR_BUFFER_TOO_SMALL);
    assert_int_equal(be_runtime_capture(runtime, (be_diag_tap)9, values, sizeof values, NULL),
                     BE_ERR_INVALID_ARG);
    be_audio_free(pcm);
    be_runtime_destroy(runtime);
}

/* ---------------------------------------------------------------- MP4 */

typedef struct probe {
    int64_t frames;
    double video_s, audio_s;
    int width, height, colorspace, channels, rate;
} probe_t;

static probe_t probe(const char *name)
{
    probe_t probe = {0};
    AVFormatContext *format = NULL;
    assert_int_equal(avformat_open_input(&format, name, NULL, NULL), 0);
    assert_true(avformat_find_stream_info(format, NULL) >= 0);
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *stream = format->streams[i];
        double seconds = (double)stream->duration * av_q2d(stream->time_base);
        if (stream->codecpar->codec_id == AV_CODEC_ID_H264) {
            probe.frames = stream->nb_frames;
            probe.video_s = seconds;
            probe.width = stream->codecpar->width;
            probe.height = stream->codecpar->height;
            probe.colorspace = stream->codecpar->color_space;
        } else if (stream->codecpar->codec_id == AV_CODEC_ID_AAC) {
            probe.audio_s = seconds;
            probe.channels = stream->codecpar->ch_layout.nb_channels;
            probe.rate = stream->codecpar->sample_rate;
        }
    }
    avformat_close_input(&format);
    return probe;
}

/* A library does not write to its host's terminal. */
static int silence_begins(const char *name)
{
    int before = dup(STDERR_FILENO);
    FILE *file = fopen(name, "w+b");
    dup2(fileno(file), STDERR_FILENO);
    fclose(file);
    return before;
}

static void silence_ends(int before, const char *name)
{
    dup2(before, STDERR_FILENO);
    close(before);
    FILE *file = fopen(name, "rb");
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
    remove(name);
}

static void a_recording_is_a_film_with_its_sound(void **state)
{
    (void)state;
    char heard[256];
    snprintf(heard, sizeof heard, "%s", in_folder("stderr"));
    int before = silence_begins(heard);
    be_runtime_t *runtime = open_stream();
    const be_compose_size_t size = {128, 96, 0, 0, 0, 0};
    if (be_session_record_mp4(runtime, SPEECH, &size, in_folder("film.mp4"), BE_ENCODER_MEDIUM) !=
        BE_OK)
        fail_msg("%s", be_last_error_message());
    silence_ends(before, heard);
    probe_t film = probe(path);
    assert_int_equal(film.frames, 242);
    assert_int_equal(film.width, 128);
    assert_int_equal(film.height, 96);
    assert_int_equal(film.colorspace, AVCOL_SPC_BT709);
    assert_int_equal(film.channels, 1);
    assert_int_equal(film.rate, SPEECH_RATE);
    assert_true(fabs(film.video_s - 242 / 25.0) < 1e-3);
    assert_true(fabs(film.video_s - film.audio_s) <= 0.045);
    remove(path);
    be_runtime_destroy(runtime);
}

static void a_failed_recording_leaves_nothing(void **state)
{
    (void)state;
    be_runtime_t *runtime = open_stream();
    const be_compose_size_t odd = {65, 64, 0, 0, 0, 0};
    in_folder("film.mp4");
    assert_int_equal(be_session_record_mp4(runtime, "/no.wav", NULL, path, BE_ENCODER_LOW),
                     BE_ERR_FILE_NOT_FOUND);
    assert_int_equal(be_session_record_mp4(runtime, SPEECH, &odd, path, BE_ENCODER_LOW),
                     BE_ERR_INVALID_ARG);
    assert_int_equal(be_session_record_mp4(runtime, SPEECH, NULL, "/no/film.mp4", BE_ENCODER_LOW),
                     BE_ERR_FILE_NOT_FOUND);
    assert_int_equal(be_session_record_mp4(runtime, SPEECH, NULL, path, (be_encoder_quality)3),
                     BE_ERR_INVALID_ARG);
    be_runtime_destroy(runtime); /* and remove_folder fails unless the folder is empty */
}

static void frames_written_one_by_one_are_a_film(void **state)
{
    (void)state;
    be_video_encoder_t *encoder = NULL;
    static uint8_t bgr[64 * 48 * 3];
    assert_int_equal(
        be_video_encoder_open(in_folder("own.mp4"), 64, 48, 30, BE_ENCODER_HIGH, &encoder), BE_OK);
    for (int i = 0; i < 45; i++) {
        memset(bgr, i * 5, sizeof bgr);
        assert_int_equal(be_video_encoder_write_frame(encoder, bgr, sizeof bgr), BE_OK);
    }
    assert_int_equal(be_video_encoder_write_frame(encoder, bgr, sizeof bgr - 1),
                     BE_ERR_BUFFER_TOO_SMALL);
    assert_int_equal(be_video_encoder_attach_audio(encoder, "/no.wav"), BE_ERR_FILE_NOT_FOUND);
    assert_int_equal(be_video_encoder_attach_audio(encoder, SPEECH), BE_OK);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(be_video_encoder_close(encoder), BE_OK);
    probe_t film = probe(path);
    assert_int_equal(film.frames, 45);
    assert_true(fabs(film.video_s - 1.5) < 1e-3);
    assert_true(fabs(film.audio_s - 1.5) <= 0.045);
    remove(path);
    assert_int_equal(be_video_encoder_close(NULL), BE_ERR_INVALID_ARG);
}

/* An encoder of sound may never end on what no loudspeaker can play. */
static void sound_beyond_all_measure_is_encoded(void **state)
{
    (void)state;
    char loud[256];
    snprintf(loud, sizeof loud, "%s", in_folder("loud.wav"));
    wav_t wav = make_wav(3, 32, 0);
    const float huge[] = {1e9f, -3e38f, NAN, INFINITY, 0, 1, -1, 2};
    memcpy(wav.bytes + wav.size - sizeof huge, huge, sizeof huge);
    FILE *file = fopen(loud, "wb");
    fwrite(wav.bytes, 1, wav.size, file);
    fclose(file);
    be_video_encoder_t *encoder = NULL;
    static uint8_t bgr[64 * 48 * 3];
    assert_int_equal(
        be_video_encoder_open(in_folder("l.mp4"), 64, 48, 25, BE_ENCODER_LOW, &encoder), BE_OK);
    assert_int_equal(be_video_encoder_write_frame(encoder, bgr, sizeof bgr), BE_OK);
    assert_int_equal(be_video_encoder_attach_audio(encoder, loud), BE_OK);
    assert_int_equal(be_video_encoder_close(encoder), BE_OK);
    remove(in_folder("l.mp4"));
    remove(loud);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_plain_wav_is_read),
        cmocka_unit_test(a_damaged_wav_is_an_error_or_shorter),
        cmocka_unit_test(compressed_sound_is_heard_like_its_wav),
        cmocka_unit_test(damaged_sound_is_an_error),
        cmocka_unit_test(what_is_no_sound_is_refused),
        cmocka_unit_test(a_whole_utterance_goes_to_the_callback),
        cmocka_unit_test(taps_show_the_tick_that_was_given),
        cmocka_unit_test(a_recording_is_a_film_with_its_sound),
        cmocka_unit_test(a_failed_recording_leaves_nothing),
        cmocka_unit_test(frames_written_one_by_one_are_a_film),
        cmocka_unit_test(sound_beyond_all_measure_is_encoded),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
