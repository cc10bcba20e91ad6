#include "container/alien.h"

#include <string.h>

#include "base/fault.h"

typedef struct signature {
    size_t offset;
    size_t size;
    const char *bytes;
    const char *text;
} signature_t;

#define SIGNATURE(offset, bytes, text)                                                             \
    {                                                                                              \
        offset, sizeof(bytes) - 1, bytes, text                                                     \
    }

/* What other engines have put under the same extension. */
static const signature_t containers[] = {
    SIGNATURE(0, "IMX", "a container that begins with IMX"),
    SIGNATURE(0, "PK\x03\x04", "a zip archive"),
    SIGNATURE(0, "PK\x05\x06", "an empty zip archive"),
    SIGNATURE(0, "PK\x07\x08", "a split zip archive"),
    SIGNATURE(0, "\x89HDF\r\n\x1a\n", "an HDF5 file"),
    SIGNATURE(0, "\x1f\x8b", "gzip-compressed data"),
    SIGNATURE(0, "\x28\xb5\x2f\xfd", "zstd-compressed data"),
    SIGNATURE(0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    SIGNATURE(0, "SQLite format 3", "an SQLite database"),
    SIGNATURE(257, "ustar", "a tar archive"),
};

/* What a person may pass by mistake. */
static const signature_t pictures[] = {
    SIGNATURE(0, "\xff\xd8\xff", "a JPEG picture"),
    SIGNATURE(0, "\x89PNG\r\n\x1a\n", "a PNG picture"),
    SIGNATURE(4, "ftyp", "an MP4 video"),
    SIGNATURE(0, "RIFF", "a WAV, AVI or WebP file"),
};

static const char *find_signature(const signature_t *table, size_t count, const uint8_t *bytes,
                                  size_t size)
{
    for (size_t i = 0; i < count; i++) {
        const signature_t *s = &table[i];
        if (size >= s->offset + s->size && memcmp(bytes + s->offset, s->bytes, s->size) == 0)
            return s->text;
    }
    return NULL;
}

#define FIND(table, bytes, size)                                                                   \
    find_signature(table, sizeof(table) / sizeof((table)[0]), bytes, size)

be_status bei_alien_fault(const uint8_t *bytes, size_t size, const char *label)
{
    if (size == 0)
        return bei_fault_set(BE_ERR_FILE_CORRUPT, label, "the file is empty");
    const char *text = FIND(containers, bytes, size);
    if (text)
        return bei_fault_set(BE_ERR_FILE_CORRUPT, label,
                             "not an avatar of this engine: it looks like another engine's "
                             "container that shares the extension .imx (%s)",
                             text);
    text = FIND(pictures, bytes, size);
    if (text)
        return bei_fault_set(BE_ERR_FILE_CORRUPT, label,
                             "not an avatar of this engine: it looks like %s", text);
    if (size >= 4 && memcmp(bytes + 1, "BEI", 3) == 0)
        return bei_fault_set(BE_ERR_FILE_CORRUPT, label,
                             "the magic number is damaged, as by a transfer in text mode");
    return bei_fault_set(BE_ERR_FILE_CORRUPT, label,
                         "not an avatar of this engine: wrong magic number");
}
