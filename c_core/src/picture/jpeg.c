#include "picture/jpeg.h"

#include <limits.h>
#include <turbojpeg.h>

#include "base/error.h"

/* The handle itself is the decoder; the type only gives it a name of ours. */
static tjhandle handle_of(bei_jpeg_t *decoder)
{
    return (tjhandle)decoder;
}

be_status bei_jpeg_create(bei_jpeg_t **out)
{
    tjhandle handle = tjInitDecompress();
    if (!handle)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for a JPEG decoder");
    *out = (bei_jpeg_t *)handle;
    return BE_OK;
}

void bei_jpeg_destroy(bei_jpeg_t *decoder)
{
    if (decoder)
        tjDestroy(handle_of(decoder));
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
    if (subsampling != TJSAMP_420 || colorspace != TJCS_YCbCr)
        return bei_error_set(BE_ERR_FILE_CORRUPT, "a picture is not a YCbCr 4:2:0 JPEG");
    return BE_OK;
}

be_status bei_jpeg_decode(bei_jpeg_t *decoder, bei_span_t jpeg, const bei_i420_t *to)
{
    tjhandle handle = handle_of(decoder);
    if (jpeg.size == 0 || jpeg.size > INT_MAX)
        return bei_error_set(BE_ERR_FILE_CORRUPT, "a picture has no bytes");
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
