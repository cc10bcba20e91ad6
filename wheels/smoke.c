/* What a library must be able to do on its platform: smoke LIBRARY AVATAR.imx SPEECH.wav
 *
 * Opens the library, loads, composes one second of speech, compares the 25 frames with the digest that every
 * platform gives, and closes. smoke.py is the same in Python, and says which files are meant. scripts/wheels
 * --smoke compiles it for a wheel's platform. */
#include <essence.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 16000, TICK = 640, FRAMES = RATE / TICK, WAV_HEADER = 44 };
#define DIGEST 0x42A8CDC6B1E99E1Cu

#define FIND(library, name) __typeof__(&name) find_##name = (__typeof__(&name))find(library, #name)

#ifdef _WIN32
static void *open_library(const char *path)
{
    HMODULE library = LoadLibraryA(path);
    if (!library)
        fprintf(stderr, "%s: Windows error %lu\n", path, GetLastError());
    return (void *)library;
}

static void *find(void *library, const char *name)
{
    return (void *)GetProcAddress((HMODULE)library, name);
}
#else
static void *open_library(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fprintf(stderr, "%s\n", dlerror());
    return library;
}

static void *find(void *library, const char *name)
{
    return dlsym(library, name);
}
#endif

/* The second second of a 24 kHz file, at 16 kHz: two of three samples. */
static int read_speech(const char *path, float *pcm)
{
    static uint8_t bytes[WAV_HEADER + 2 * 2 * RATE * 3 / 2];
    FILE *file = fopen(path, "rb");
    const size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    if (n != sizeof bytes || memcmp(bytes + 36, "data", 4) != 0) {
        fprintf(stderr, "%s is not the WAV file that is wanted\n", path);
        return 1;
    }
    for (size_t i = 0; i < RATE; i++) {
        const uint8_t *sample = bytes + WAV_HEADER + 2 * (3 * (i + RATE) / 2);
        pcm[i] = (float)(int16_t)(sample[0] | sample[1] << 8) / 32768.0f;
    }
    return 0;
}

typedef struct sum {
    uint64_t digest;
    unsigned frames;
} sum_t;

static int add_frame(uint32_t number, uint32_t mouth, uint32_t source, const uint8_t *bgr,
                     uint32_t width, uint32_t height, void *user)
{
    sum_t *sum = user;
    (void)number, (void)mouth, (void)source;
    for (size_t i = 0; i < (size_t)width * height * 3; i++)
        sum->digest = (sum->digest ^ bgr[i]) * 1099511628211u;
    sum->frames++;
    return 0;
}

int main(int argc, char **argv)
{
    static float pcm[RATE];
    if (argc != 4) {
        fprintf(stderr, "usage: smoke LIBRARY AVATAR.imx SPEECH.wav\n");
        return 64;
    }
    void *library = open_library(argv[1]);
    if (!library)
        return 1;
    FIND(library, be_library_version);
    FIND(library, be_last_error_message);
    FIND(library, be_fixture_load);
    FIND(library, be_fixture_release);
    FIND(library, be_runtime_create);
    FIND(library, be_runtime_destroy);
    FIND(library, be_session_render_pcm);
    be_fixture_t *avatar = NULL;
    be_runtime_t *stream = NULL;
    sum_t sum = {.digest = 14695981039346656037u};
    if (read_speech(argv[3], pcm) || find_be_fixture_load(argv[2], NULL, &avatar) != BE_OK ||
        find_be_runtime_create(avatar, NULL, &stream) != BE_OK ||
        find_be_session_render_pcm(stream, pcm, RATE, NULL, add_frame, &sum) != BE_OK) {
        fprintf(stderr, "%s\n", find_be_last_error_message());
        return 1;
    }
    find_be_runtime_destroy(stream);
    find_be_fixture_release(avatar);
    printf("%u frames, digest 0x%016" PRIx64 ", %s\n", sum.frames, sum.digest,
           find_be_library_version());
    return sum.frames == FRAMES && sum.digest == DIGEST ? 0 : 1;
}
