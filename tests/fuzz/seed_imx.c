/* Writes the seeds of fuzz_imx into the folder given: a sound file without
 * clips and one with them, each also as its sections. */
#include <stdlib.h>

#include "../c/imx_builder.h"

static FILE *open_seed(const char *folder, const char *name, int mode)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *stream = fopen(path, "wb");
    if (!stream) {
        perror(path);
        exit(1);
    }
    fputc(mode, stream);
    return stream;
}

static void write_whole(const char *folder, const char *name, const builder_t *builder)
{
    static uint8_t file[B_FILE_CAPACITY];
    FILE *stream = open_seed(folder, name, 0);
    fwrite(file, 1, builder_write(builder, file), stream);
    fclose(stream);
}

static void write_sections(const char *folder, const char *name, const builder_t *builder)
{
    FILE *stream = open_seed(folder, name, 1);
    for (int i = 0; i < B_SECTIONS; i++) {
        const builder_section_t *s = &builder->sections[i];
        if (i < B_SECTIONS - 1) {
            fputc((int)(s->size & 255), stream);
            fputc((int)(s->size >> 8), stream);
        }
        fwrite(s->bytes, 1, s->size, stream);
    }
    fclose(stream);
}

int main(int argc, char **argv)
{
    static builder_t builder;
    if (argc != 2)
        return 2;
    builder_init(&builder);
    write_whole(argv[1], "imx-file", &builder);
    write_sections(argv[1], "imx-sections", &builder);
    builder_add_clips(&builder);
    write_whole(argv[1], "imx-clips-file", &builder);
    write_sections(argv[1], "imx-clips-sections", &builder);
    return 0;
}
