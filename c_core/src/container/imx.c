#include "container/imx.h"

#include <string.h>

#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"
#include "container/header.h"
#include "container/manifest.h"
#include "container/tables.h"

static const size_t max_file_size = (size_t)1 << 30;

static be_status parse(bei_imx_t *imx, const char *label)
{
    bei_sections_t sections;
    BEI_TRY(bei_header_parse(imx->bytes, imx->size, label, &sections));
    BEI_TRY(bei_manifest_parse(sections.manifest, label, &imx->manifest));
    BEI_TRY(bei_tables_parse(&sections, label, imx));
    imx->encoder = sections.encoder;
    imx->thumbnail = sections.thumbnail;
    return BE_OK;
}

/* Takes `bytes` over, also on failure. */
static be_status open_owned(uint8_t *bytes, size_t size, const char *label, bei_imx_t **out)
{
    bei_imx_t *imx = bei_calloc(1, sizeof *imx);
    if (!imx) {
        bei_free(bytes);
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for an avatar's tables");
    }
    imx->bytes = bytes;
    imx->size = size;
    be_status status = parse(imx, label);
    if (status != BE_OK) {
        bei_imx_close(imx);
        return status;
    }
    *out = imx;
    return BE_OK;
}

be_status bei_imx_open(const char *path, bei_imx_t **out)
{
    BEI_REQUIRE(path && out, "an avatar's path and its place must not be NULL");
    uint8_t *bytes;
    size_t size;
    BEI_TRY(bei_file_read(path, max_file_size, &bytes, &size));
    return open_owned(bytes, size, path, out);
}

be_status bei_imx_open_memory(const uint8_t *bytes, size_t size, const char *label, bei_imx_t **out)
{
    BEI_REQUIRE(label && out && (bytes || size == 0),
                "an avatar's bytes, label and place must not be NULL");
    BEI_CHECK(size <= max_file_size, label, "larger than %zu bytes, the limit for an avatar",
              max_file_size);
    uint8_t *copy = bei_alloc(size);
    if (!copy)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu bytes of an avatar", size);
    if (size > 0)
        memcpy(copy, bytes, size);
    return open_owned(copy, size, label, out);
}

void bei_imx_close(bei_imx_t *imx)
{
    if (!imx)
        return;
    bei_free(imx->bases);
    bei_free(imx->frames);
    bei_free(imx->mouths);
    bei_free(imx->clips);
    bei_free(imx->bytes);
    bei_free(imx);
}
