/* libFuzzer target: no bytes may crash the manifest's parser, and what it accepts keeps the promises of
 * container/imx.h. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "container/manifest.h"

static void need(bool condition)
{
    if (!condition)
        __builtin_trap();
}

static void check_text(const char text[128])
{
    size_t length = strnlen(text, 128);
    need(length >= 1 && length <= 127);
    for (size_t i = 0; i < length; i++)
        need((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void check_side(uint32_t side)
{
    need(side >= 64 && side <= BEI_IMX_MAX_SIDE && side % 2 == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bei_imx_manifest_t manifest;
    memset(&manifest, 0xaa, sizeof manifest); /* so that a field that is left out shows */
    be_status status = bei_manifest_parse((bei_span_t){data, size}, "fuzz", &manifest);
    need(status == BE_OK || status == BE_ERR_FILE_CORRUPT);
    if (status != BE_OK)
        return 0;
    check_text(manifest.name);
    check_text(manifest.identity);
    need(bei_manifest_is_slug(manifest.identity));
    check_side(manifest.width);
    check_side(manifest.height);
    need(manifest.fps == 25);
    uint8_t flags[2];
    memcpy(&flags[0], &manifest.metered, 1), memcpy(&flags[1], &manifest.pingpong, 1);
    need(flags[0] <= 1 && flags[1] <= 1);
    return 0;
}
