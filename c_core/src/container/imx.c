#include "container/imx.h"

#include <string.h>

#include "base/error.h"
#include "base/fault.h"
#include "base/file.h"
#include "container/header.h"
#include "container/manifest.h"
#include "container/seal.h"
#include "container/tables.h"

static const size_t max_file_size = (size_t)1 << 30;

static size_t copy_kept(uint8_t *to, bei_span_t *span)
{
    if (span->size == 0)
        return 0;
    memcpy(to, span->data, span->size);
    span->data = to;
    return span->size;
}

/* What is asked for as long as the avatar lives moves out of the file's bytes, so that those can go. */
static be_status keep_small_parts(bei_imx_t *imx)
{
    bei_span_t mask = {imx->mask, (size_t)imx->patch_w * imx->patch_h};
    imx->kept = bei_alloc(mask.size + imx->encoder.size + imx->thumbnail.size);
    if (!imx->kept)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for an avatar's tables");
    uint8_t *to = imx->kept;
    to += copy_kept(to, &mask);
    to += copy_kept(to, &imx->encoder);
    copy_kept(to, &imx->thumbnail);
    imx->mask = mask.data;
    return BE_OK;
}

static be_status parse(bei_imx_t *imx, const char *label, const bei_trust_t *trust)
{
    bei_sections_t sections;
    BEI_TRY(bei_header_parse(imx->bytes, imx->size, label, &sections));
    BEI_TRY(bei_manifest_parse(sections.manifest, label, &imx->manifest));
    BEI_TRY(bei_seal_check(&sections, imx->manifest.metered, trust, label, &imx->seal));
    BEI_TRY(bei_tables_parse(&sections, label, imx));
    imx->encoder = sections.encoder;
    imx->thumbnail = sections.thumbnail;
    return keep_small_parts(imx);
}

static be_status parse_all(bei_imx_t *imx, const char *label, const bei_trust_t *trust,
                           bei_imx_t **out)
{
    be_status status = parse(imx, label, trust);
    if (status != BE_OK) {
        bei_imx_close(imx);
        return status;
    }
    *out = imx;
    return BE_OK;
}

static be_status make(bei_imx_t **out)
{
    *out = bei_calloc(1, sizeof **out);
    if (!*out)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for an avatar's tables");
    return BE_OK;
}

be_status bei_imx_open(const char *path, const bei_trust_t *trust, bei_imx_t **out)
{
    BEI_REQUIRE(path && out, "an avatar's path and its place must not be NULL");
    bei_imx_t *imx;
    BEI_TRY(make(&imx));
    be_status status = bei_file_read_pages(path, max_file_size, &imx->pages);
    if (status != BE_OK) {
        bei_imx_close(imx);
        return status;
    }
    imx->bytes = imx->pages.data;
    imx->size = imx->pages.size;
    return parse_all(imx, path, trust, out);
}

be_status bei_imx_open_memory(const uint8_t *bytes, size_t size, const char *label,
                              const bei_trust_t *trust, bei_imx_t **out)
{
    BEI_REQUIRE(label && out && (bytes || size == 0),
                "an avatar's bytes, label and place must not be NULL");
    BEI_CHECK(size <= max_file_size, label, "larger than %zu bytes, the limit for an avatar",
              max_file_size);
    bei_imx_t *imx;
    BEI_TRY(make(&imx));
    imx->size = size;
    imx->bytes = bei_alloc(size);
    if (!imx->bytes) {
        bei_imx_close(imx);
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu bytes of an avatar", size);
    }
    if (size > 0)
        memcpy(imx->bytes, bytes, size);
    return parse_all(imx, label, trust, out);
}

void bei_imx_let_go(bei_imx_t *imx)
{
    if (imx->pages.data)
        bei_pages_free(&imx->pages);
    else
        bei_free(imx->bytes);
    imx->bytes = NULL;
}

void bei_imx_close(bei_imx_t *imx)
{
    if (!imx)
        return;
    bei_free(imx->bases);
    bei_free(imx->frames);
    bei_free(imx->mouths);
    bei_free(imx->clips);
    bei_free(imx->kept);
    bei_imx_let_go(imx);
    bei_free(imx);
}
