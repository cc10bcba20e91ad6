#include "media/sound.h"

#include "base/error.h"
#include "base/fault.h"

#if defined(ESSENCE_HAVE_SNDFILE_H)

#include <sndfile.h>
#include <stdio.h>
#include <string.h>

#include "base/dynlib.h"
#include "base/env.h"
#include "base/thread.h"

#if defined(_WIN32)
static const char *const NAMES[] = {"sndfile.dll", "libsndfile-1.dll"};
#elif defined(__APPLE__)
static const char *const NAMES[] = {"libsndfile.1.dylib", "libsndfile.dylib"};
#else
static const char *const NAMES[] = {"libsndfile.so.1", "libsndfile.so"};
#endif

enum { MAX_CHANNELS = 32, BLOCK_FRAMES = 1 << 16 };

/* The few functions that we use, with the types that sndfile.h gives them. */
static struct {
    bool loaded;
    __typeof__(&sf_open_virtual) open_virtual;
    __typeof__(&sf_readf_float) readf_float;
    __typeof__(&sf_strerror) strerror;
    __typeof__(&sf_error) error;
    __typeof__(&sf_close) close;
} sf;

static bei_mutex_t lock = BEI_MUTEX_INIT;

static bei_dynlib_t *open_library(char *why, size_t size)
{
    const char *path = bei_env_get("BITHUMAN_SNDFILE_LIBRARY");
    if (path && *path)
        return bei_dynlib_open(path, why, size);
    bei_dynlib_t *library = NULL;
    for (size_t i = 0; !library && i < sizeof NAMES / sizeof *NAMES; i++)
        library = bei_dynlib_open(NAMES[i], why, size);
    return library;
}

#define BIND(library, field)                                                                       \
    ((sf.field = (__typeof__(sf.field))bei_dynlib_symbol((library), "sf_" #field)) != NULL)

static be_status load_locked(void)
{
    if (sf.loaded)
        return BE_OK;
    char why[256] = "";
    bei_dynlib_t *library = open_library(why, sizeof why);
    if (!library)
        return bei_error_set(BE_ERR_NOT_IMPLEMENTED,
                             "only WAV can be read without libsndfile: install libsndfile, or name "
                             "it by BITHUMAN_SNDFILE_LIBRARY (%s)",
                             why);
    sf.loaded = BIND(library, open_virtual) && BIND(library, readf_float) &&
                BIND(library, strerror) && BIND(library, error) && BIND(library, close);
    if (sf.loaded)
        return BE_OK;
    bei_dynlib_close(library);
    return bei_error_set(BE_ERR_NOT_IMPLEMENTED, "the libsndfile found lacks a function we need");
}

static be_status load(void)
{
    bei_mutex_lock(&lock);
    be_status status = load_locked();
    bei_mutex_unlock(&lock);
    return status;
}

/* ---------------------------------------------------------------- the file, from memory */

typedef struct source {
    bei_span_t bytes;
    size_t at;
} source_t;

static sf_count_t get_length(void *user)
{
    return (sf_count_t)((source_t *)user)->bytes.size;
}

static sf_count_t seek(sf_count_t offset, int whence, void *user)
{
    source_t *source = user;
    sf_count_t size = (sf_count_t)source->bytes.size;
    sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (sf_count_t)source->at : size;
    if (offset < -base || offset > size - base)
        return -1;
    source->at = (size_t)(base + offset);
    return base + offset;
}

static sf_count_t read_bytes(void *to, sf_count_t count, void *user)
{
    source_t *source = user;
    size_t left = source->bytes.size - source->at;
    size_t n = count < 0 ? 0 : (uint64_t)count < left ? (size_t)count : left;
    memcpy(to, source->bytes.data + source->at, n);
    source->at += n;
    return (sf_count_t)n;
}

static sf_count_t tell(void *user)
{
    return (sf_count_t)((source_t *)user)->at;
}

/* ---------------------------------------------------------------- decoding */

/* Grows by doubling: what a header says of the length need not be true. */
static be_status read_all(SNDFILE *file, uint32_t channels, const char *label, bei_sound_t *out)
{
    size_t capacity = 0, count = 0;
    float *samples = NULL;
    for (;;) {
        if (capacity - count < (size_t)BLOCK_FRAMES * channels) {
            size_t larger = capacity ? 2 * capacity : (size_t)BLOCK_FRAMES * channels * 2;
            float *grown = larger <= BEI_SOUND_MAX_BYTES / sizeof(float)
                               ? bei_realloc(samples, count * sizeof(float), larger * sizeof(float))
                               : NULL;
            if (!grown) {
                bei_free(samples);
                return bei_fault_set(BE_ERR_OUT_OF_MEMORY, label,
                                     "does not fit into memory at once: stream it");
            }
            samples = grown;
            capacity = larger;
        }
        sf_count_t got = sf.readf_float(file, samples + count, BLOCK_FRAMES);
        if (got <= 0)
            break;
        count += (size_t)got * channels;
    }
    out->samples = samples;
    out->frames = count / channels;
    if (sf.error(file) != SF_ERR_NO_ERROR) {
        bei_sound_free(out);
        return bei_fault_set(BE_ERR_AUDIO_FORMAT, label, "is damaged: %s", sf.strerror(file));
    }
    return BE_OK;
}

be_status bei_sndfile_decode(bei_span_t bytes, const char *label, bei_sound_t *out)
{
    BEI_TRY(load());
    SF_VIRTUAL_IO io = {get_length, seek, read_bytes, NULL, tell};
    source_t source = {bytes, 0};
    SF_INFO info = {0};
    SNDFILE *file = sf.open_virtual(&io, SFM_READ, &info, &source);
    if (!file)
        return bei_fault_set(BE_ERR_AUDIO_FORMAT, label, "is not a readable sound file: %s",
                             sf.strerror(NULL));
    be_status status = BE_OK;
    bei_sound_t sound = {NULL, 0, (uint32_t)info.samplerate, (uint32_t)info.channels};
    if (info.channels < 1 || info.channels > MAX_CHANNELS || info.samplerate < 1)
        status = bei_fault_set(BE_ERR_AUDIO_FORMAT, label, "has %d channels at %d Hz",
                               info.channels, info.samplerate);
    else
        status = read_all(file, sound.channels, label, &sound);
    /* Some decoders end at damage as if the file ended there. */
    if (status == BE_OK && info.seekable && info.frames > 0 &&
        sound.frames < (uint64_t)info.frames * 99 / 100) {
        status = bei_fault_set(BE_ERR_AUDIO_FORMAT, label,
                               "is damaged: it ends after %zu of %lld samples", sound.frames,
                               (long long)info.frames);
        bei_sound_free(&sound);
    }
    sf.close(file);
    if (status == BE_OK)
        *out = sound;
    return status;
}

#else

be_status bei_sndfile_decode(bei_span_t bytes, const char *label, bei_sound_t *out)
{
    (void)bytes, (void)out;
    return bei_fault_set(BE_ERR_NOT_IMPLEMENTED, label,
                         "is not a plain WAV, and this library was built without libsndfile");
}

#endif
