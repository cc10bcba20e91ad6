/* Renders a sound file to raw video: YUV4MPEG2, 25 frames per second, BT.601 limited range, full chroma
 * (4:4:4, so every pixel stands for itself), which ffmpeg, mpv and x264 read.
 *
 *     render_y4m AVATAR.imx SOUND.wav VIDEO.y4m         (- writes to standard output)
 *     render_y4m me.imx hello.wav - | ffmpeg -i - -i hello.wav -pix_fmt yuv420p hello.mp4 */
#include <essence.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct writer {
    FILE *file;
    uint8_t *planes; /* Y, then Cb, then Cr */
    int failed;
} writer_t;

static int fail(const char *what)
{
    fprintf(stderr, "render_y4m: %s: %s\n", what, be_last_error_message());
    return 1;
}

/* (a r + b g + c b) / 256, rounded; the sum is never negative. */
static uint8_t weigh(const uint8_t *bgr, int r, int g, int b, int offset)
{
    return (uint8_t)((r * bgr[2] + g * bgr[1] + b * bgr[0] + offset * 256 + 128) / 256);
}

static void to_planes(const uint8_t *bgr, size_t pixels, uint8_t *planes)
{
    uint8_t *y = planes, *cb = y + pixels, *cr = cb + pixels;
    for (size_t i = 0; i < pixels; i++, bgr += 3) {
        y[i] = weigh(bgr, 66, 129, 25, 16);
        cb[i] = weigh(bgr, -38, -74, 112, 128);
        cr[i] = weigh(bgr, 112, -94, -18, 128);
    }
}

/* Called by the engine once per frame; `bgr` is the engine's and is gone afterwards. */
static int write_frame(uint32_t number, uint32_t mouth, uint32_t source_frame, const uint8_t *bgr,
                       uint32_t width, uint32_t height, void *user)
{
    writer_t *writer = user;
    size_t pixels = (size_t)width * height;
    (void)number, (void)mouth, (void)source_frame;
    to_planes(bgr, pixels, writer->planes);
    writer->failed = fputs("FRAME\n", writer->file) < 0 ||
                     fwrite(writer->planes, 3, pixels, writer->file) != pixels;
    return writer->failed; /* non-zero ends the rendering */
}

static int render(be_fixture_t *avatar, const float *pcm, size_t samples, FILE *file)
{
    be_fixture_info_t info;
    be_runtime_t *stream = NULL;
    if (be_fixture_get_info(avatar, &info) != BE_OK || be_runtime_create(avatar, NULL, &stream))
        return fail("cannot open a stream");
    writer_t writer = {.file = file};
    writer.planes = malloc((size_t)info.frame_width * info.frame_height * 3);
    be_status status = BE_ERR_OUT_OF_MEMORY;
    if (writer.planes) {
        fprintf(file, "YUV4MPEG2 W%u H%u F25:1 Ip A1:1 C444 XCOLORRANGE=LIMITED\n",
                (unsigned)info.frame_width, (unsigned)info.frame_height);
        status = be_session_render_pcm(stream, pcm, samples, NULL, write_frame, &writer);
    }
    free(writer.planes);
    be_runtime_destroy(stream);
    if (writer.failed) {
        perror("render_y4m: cannot write");
        return 1;
    }
    return status == BE_OK ? 0 : fail("cannot render");
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: render_y4m AVATAR.imx SOUND.wav VIDEO.y4m\n");
        return 64;
    }
    be_fixture_t *avatar = NULL;
    float *pcm = NULL;
    size_t samples = 0;
    if (be_fixture_load(argv[1], NULL, &avatar) != BE_OK)
        return fail(argv[1]);
    int status = 1;
    if (be_audio_decode_file(argv[2], &pcm, &samples) != BE_OK) {
        fail(argv[2]);
    } else {
        FILE *file = strcmp(argv[3], "-") == 0 ? stdout : fopen(argv[3], "wb");
        if (!file)
            perror(argv[3]);
        else
            status = render(avatar, pcm, samples, file);
        if (file && fclose(file) != 0) {
            perror(argv[3]);
            status = 1;
        }
    }
    be_audio_free(pcm);
    be_fixture_release(avatar);
    return status;
}
