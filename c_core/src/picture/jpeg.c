#include "picture/jpeg.h"

#include <limits.h>
#include <stdbool.h>
#include <turbojpeg.h>

#include "base/error.h"

struct bei_jpeg {
    tjhandle handle; /* NULL: has to be made anew */
};

static be_status open_handle(bei_jpeg_t *decoder)
{
    if (!decoder->handle)
        decoder->handle = tjInitDecompress();
    if (!decoder->handle)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a JPEG decoder");
    return BE_OK;
}

be_status bei_jpeg_create(bei_jpeg_t **out)
{
    bei_jpeg_t *decoder = bei_calloc(1, sizeof *decoder);
    if (!decoder)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a JPEG decoder");
    be_status status = open_handle(decoder);
    if (status != BE_OK) {
        bei_jpeg_destroy(decoder);
        return status;
    }
    *out = decoder;
    return BE_OK;
}

void bei_jpeg_destroy(bei_jpeg_t *decoder)
{
    if (!decoder)
        return;
    if (decoder->handle)
        tjDestroy(decoder->handle);
    bei_free(decoder);
}

/* Whether the first frame marker is that of a baseline picture of 8 bits; what libjpeg decodes besides costs
 * many times the memory (progressive) or time (arithmetic coding). */
static bool is_baseline(bei_span_t jpeg)
{
    const uint8_t *p = jpeg.data;
    for (size_t at = 2; at + 5 <= jpeg.size && p[at] == 0xff;) {
        const uint8_t marker = p[at + 1];
        if (marker == 0xff) { /* filling */
            at++;
            continue;
        }
        if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc)
            return marker == 0xc0 && p[at + 4] == 8;
        const size_t length = 2u + ((size_t)p[at + 2] << 8 | p[at + 3]);
        if (length > jpeg.size - at)
            return false;
        at += length;
    }
    return false;
}

static be_status check_header(tjhandle handle, bei_span_t jpeg, const bei_i420_t *to)
{
    int width, height, subsampling, colorspace;
    if (tjDecompressHeader3(handle, jpeg.data, (unsigned long)jpeg.size, &width, &height,
                            &subsampling, &colorspace) != 0)
        return bei_error_set(BE_ERR_FILE_CORRUPT, "a picture is not a readable JPEG: %s",
                             tjGetErrorStr2(handle));
    if (width != (int)to->width || height != (int)to->height)
        return bei_error_set(BE_ERR_FILE_CORRUPT, "a picture is %d x %d and should be %u x %u",
                             width, height, to->width, to->height);
    if (!is_baseline(jpeg))
        return bei_error_set(BE_ERR_FILE_CORRUPT, "a picture is not a baseline JPEG");
    if (subsampling != TJSAMP_420 || colorspace != TJCS_YCbCr)
        return bei_error_set(BE_ERR_FILE_CORRUPT, "a picture is not a YCbCr 4:2:0 JPEG");
    return BE_OK;
}

static be_status decode(tjhandle handle, bei_span_t jpeg, const bei_i420_t *to)
{
    BEI_TRY(check_header(handle, jpeg, to));
    uint8_t *planes[3] = {to->plane[0], to->plane[1], to->plane[2]};
    int strides[3] = {(int)to->stride[0], (int)to->stride[1], (int)to->stride[2]};
    /* A damaged picture must not pass as grey, nor a crafted one take minutes. */
    const int flags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;
    if (tjDecompressToYUVPlanes(handle, jpeg.data, (unsigned long)jpeg.size, planes, (int)to->width,
                                strides, (int)to->height, flags) != 0)
        return bei_error_set(BE_ERR_FILE_CORRUPT, "a picture cannot be decoded: %s",
                             tjGetErrorStr2(handle));
    return BE_OK;
}

be_status bei_jpeg_decode(bei_jpeg_t *decoder, bei_span_t jpeg, const bei_i420_t *to)
{
    if (jpeg.size == 0 || jpeg.size > INT_MAX)
        return bei_error_set(BE_ERR_FILE_CORRUPT, "a picture has no bytes");
    BEI_TRY(open_handle(decoder));
    be_status status = decode(decoder->handle, jpeg, to);
    if (status != BE_OK) {
        /* After a header that ends too soon this one would see it again in the next picture. */
        tjDestroy(decoder->handle);
        decoder->handle = NULL;
    }
    return status;
}
