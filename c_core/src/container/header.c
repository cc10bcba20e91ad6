#include "container/header.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include <zlib.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "container/alien.h"

enum {
    ENTRY_SIZE = 32,
    ALIGNMENT = 64,
    VERSION = 1,
    MAX_SECTIONS = 64,
    TYPE_SIZE = 4,
    MUST_BE_UNDERSTOOD = 1 /* a flag: who does not know the section must refuse the file */
};

static const uint8_t magic[8] = {0x89, 'B', 'E', 'I', '\r', '\n', 0x1a, '\n'};

typedef struct known {
    char type[TYPE_SIZE + 1];
    bool required;
    uint32_t flags; /* that its entry has, and no others */
    size_t field;   /* of bei_sections_t */
} known_t;

static const known_t known_sections[] = {
    {"MANI", true, 0, offsetof(bei_sections_t, manifest)},
    {"BASE", true, 0, offsetof(bei_sections_t, bases)},
    {"FRAM", true, 0, offsetof(bei_sections_t, frames)},
    {"PLAC", true, 0, offsetof(bei_sections_t, placements)},
    {"MOUT", true, 0, offsetof(bei_sections_t, mouths)},
    {"CLIP", false, MUST_BE_UNDERSTOOD, offsetof(bei_sections_t, clips)},
    {"ENCO", false, 0, offsetof(bei_sections_t, encoder)},
    {"THUM", false, 0, offsetof(bei_sections_t, thumbnail)},
    {"SIGN", false, 0, offsetof(bei_sections_t, signature)},
};
enum { KNOWN_COUNT = sizeof known_sections / sizeof known_sections[0] };

typedef struct file {
    const uint8_t *bytes;
    size_t size;
    const char *label;
    uint32_t section_count;
} file_t;

typedef struct entry {
    char type[TYPE_SIZE + 1];
    uint32_t flags;
    uint64_t offset, length;
    uint32_t crc;
    uint32_t reserved;
} entry_t;

/* A fuzzer cannot guess a checksum, so its build goes on as if they matched. */
static bool checksum_matches(const uint8_t *bytes, size_t size, uint32_t expected)
{
#ifdef BEI_FUZZING
    (void)bytes, (void)size, (void)expected;
    return true;
#else
    return crc32_z(0, bytes, size) == expected;
#endif
}

static be_status check_magic(const file_t *file)
{
    const uint8_t *p = file->bytes;
    size_t compared = file->size < sizeof magic ? file->size : sizeof magic;
    if (compared == 0 || memcmp(p, magic, compared) != 0)
        return bei_alien_fault(p, file->size, file->label);
    BEI_CHECK(file->size >= BEI_HEADER_SIZE, file->label,
              "truncated in the header, after %zu bytes", file->size);
    return BE_OK;
}

static be_status parse_header(file_t *file)
{
    const uint8_t *p = file->bytes;
    const char *label = file->label;
    BEI_CHECK(checksum_matches(p, BEI_HEADER_SIZE - 4, bei_bytes_u32(p + 60)), label,
              "the header's checksum is wrong");
    uint32_t version = bei_bytes_u32(p + 8);
    BEI_CHECK(version == VERSION, label, "container version %" PRIu32 ", this engine reads %d",
              version, VERSION);
    file->section_count = bei_bytes_u32(p + 12);
    BEI_CHECK(file->section_count >= 1 && file->section_count <= MAX_SECTIONS, label,
              "%" PRIu32 " sections, 1 to %d are allowed", file->section_count, MAX_SECTIONS);
    uint64_t toc_offset = bei_bytes_u64(p + 16);
    BEI_CHECK(toc_offset == BEI_HEADER_SIZE, label,
              "the table of contents is at %" PRIu64 ", not at %d", toc_offset, BEI_HEADER_SIZE);
    uint64_t size = bei_bytes_u64(p + 24);
    BEI_CHECK(size <= file->size, label, "truncated: %zu bytes of %" PRIu64, file->size, size);
    BEI_CHECK(size == file->size, label, "%zu bytes, but its header says %" PRIu64, file->size,
              size);
    BEI_CHECK(bei_bytes_all_zero(p + 36, 24), label, "a reserved field of the header is not 0");
    return BE_OK;
}

static be_status check_toc(const file_t *file)
{
    const uint8_t *p = file->bytes;
    const char *label = file->label;
    size_t toc_size = (size_t)file->section_count * ENTRY_SIZE;
    BEI_CHECK(toc_size <= file->size - BEI_HEADER_SIZE, label,
              "truncated in the table of contents");
    BEI_CHECK(checksum_matches(p + BEI_HEADER_SIZE, toc_size, bei_bytes_u32(p + 32)), label,
              "the checksum of the table of contents is wrong");
    return BE_OK;
}

static entry_t load_entry(const uint8_t *p)
{
    entry_t entry = {
        .flags = bei_bytes_u32(p + 4),
        .offset = bei_bytes_u64(p + 8),
        .length = bei_bytes_u64(p + 16),
        .crc = bei_bytes_u32(p + 24),
        .reserved = bei_bytes_u32(p + 28),
    };
    memcpy(entry.type, p, TYPE_SIZE);
    return entry;
}

static bool is_printable(const char *type)
{
    for (int i = 0; i < TYPE_SIZE; i++) {
        if (type[i] <= 0x20 || type[i] >= 0x7f)
            return false;
    }
    return true;
}

static const known_t *find_known(const char *type)
{
    for (int i = 0; i < KNOWN_COUNT; i++) {
        if (memcmp(known_sections[i].type, type, TYPE_SIZE) == 0)
            return &known_sections[i];
    }
    return NULL;
}

static be_status check_flags(const entry_t *e, const char *label)
{
    const known_t *known = find_known(e->type);
    uint32_t wanted = known ? known->flags : 0;
    BEI_CHECK((e->flags & ~wanted) == 0, label,
              "section %s has flags 0x%" PRIx32 ", a newer engine is needed", e->type, e->flags);
    BEI_CHECK(e->flags == wanted, label, "section %s has flags 0x%" PRIx32 ", not 0x%" PRIx32,
              e->type, e->flags, wanted);
    return BE_OK;
}

/* Checks an entry against the file and against `end`, where what stands before it ends. */
static be_status check_entry(const file_t *file, const entry_t *e, uint64_t end)
{
    const char *label = file->label;
    BEI_CHECK(is_printable(e->type), label, "a section's type is not four printable characters");
    BEI_TRY(check_flags(e, label));
    BEI_CHECK(e->reserved == 0, label, "section %s has a reserved field that is not 0", e->type);
    BEI_CHECK(e->offset % ALIGNMENT == 0, label,
              "section %s is at %" PRIu64 ", not aligned to %d bytes", e->type, e->offset,
              ALIGNMENT);
    BEI_CHECK(e->offset >= end, label, "section %s at %" PRIu64 " overlaps what stands before it",
              e->type, e->offset);
    BEI_CHECK(e->length > 0, label, "section %s is empty", e->type);
    BEI_CHECK(e->offset <= file->size && e->length <= file->size - e->offset, label,
              "section %s ends outside the file: %" PRIu64 " bytes at %" PRIu64 " of %zu", e->type,
              e->length, e->offset, file->size);
    BEI_CHECK(bei_bytes_all_zero(file->bytes + end, (size_t)(e->offset - end)), label,
              "the padding before section %s is not zero", e->type);
    BEI_CHECK(checksum_matches(file->bytes + e->offset, (size_t)e->length, e->crc), label,
              "the checksum of section %s is wrong", e->type);
    return BE_OK;
}

static be_status check_unique(const file_t *file, const char *type, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        const uint8_t *other = file->bytes + BEI_HEADER_SIZE + (size_t)i * ENTRY_SIZE;
        BEI_CHECK(memcmp(other, type, TYPE_SIZE) != 0, file->label, "section %s appears twice",
                  type);
    }
    return BE_OK;
}

static bei_span_t *section_field(bei_sections_t *sections, const known_t *known)
{
    return (bei_span_t *)(void *)((char *)sections + known->field);
}

static void assign_section(bei_sections_t *sections, const file_t *file, const entry_t *entry)
{
    const known_t *known = find_known(entry->type);
    if (known)
        *section_field(sections, known) =
            (bei_span_t){file->bytes + entry->offset, (size_t)entry->length};
}

static be_status check_present(bei_sections_t *sections, const char *label)
{
    for (int i = 0; i < KNOWN_COUNT; i++) {
        const known_t *known = &known_sections[i];
        BEI_CHECK(!known->required || section_field(sections, known)->size > 0, label,
                  "section %s is missing", known->type);
    }
    return BE_OK;
}

be_status bei_header_parse(const uint8_t *bytes, size_t size, const char *label,
                           bei_sections_t *out)
{
    file_t file = {bytes, size, label, 0};
    BEI_TRY(check_magic(&file));
    BEI_TRY(parse_header(&file));
    BEI_TRY(check_toc(&file));
    memset(out, 0, sizeof *out);
    out->toc = (bei_span_t){bytes + BEI_HEADER_SIZE, (size_t)file.section_count * ENTRY_SIZE};
    uint64_t end = BEI_HEADER_SIZE + out->toc.size;
    for (uint32_t i = 0; i < file.section_count; i++) {
        entry_t entry = load_entry(bytes + BEI_HEADER_SIZE + (size_t)i * ENTRY_SIZE);
        BEI_TRY(check_entry(&file, &entry, end));
        BEI_TRY(check_unique(&file, entry.type, i));
        assign_section(out, &file, &entry);
        end = entry.offset + entry.length;
    }
    BEI_CHECK(end == size, label, "there are %" PRIu64 " bytes after the last section", size - end);
    return check_present(out, label);
}
