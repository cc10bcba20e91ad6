/* Writes the seeds of fuzz_imx into the folder given: a sound file, and its sections. */
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

int main(int argc, char **argv)
{
    static builder_t builder;
    static uint8_t file[B_FILE_CAPACITY];
    if (argc != 2)
        return 2;
    builder_init(&builder);
    FILE *whole = open_seed(argv[1], "imx-file", 0);
    fwrite(file, 1, builder_write(&builder, file), whole);
    fclose(whole);
    FILE *sections = open_seed(argv[1], "imx-sections", 1);
    for (int i = 0; i < B_SECTIONS; i++) {
        const builder_section_t *s = &builder.sections[i];
        if (i < B_SECTIONS - 1) {
            fputc((int)(s->size & 255), sections);
            fputc((int)(s->size >> 8), sections);
        }
        fwrite(s->bytes, 1, s->size, sections);
    }
    fclose(sections);
    return 0;
}
