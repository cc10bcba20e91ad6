#include "picture/image.h"

#include <string.h>

#include "base/error.h"

enum { MAX_STRIDE = 1 << 24 };

static const char *name_of(be_pixel_format format)
{
    static const char *const NAME[] = {"BGR24", "RGB24", "BGRA32", "I420", "NV12"};
    return NAME[format - BE_PIXEL_BGR24];
}

/* Bytes of a pixel in the first plane. */
static uint32_t pixel_bytes(be_pixel_format format)
{
    switch (format) {
    case BE_PIXEL_BGR24:
    case BE_PIXEL_RGB24:
        return 3;
    case BE_PIXEL_BGRA32:
        return 4;
    case BE_PIXEL_I420:
    case BE_PIXEL_NV12:
        return 1;
    }
    return 0;
}

static uint32_t chroma_planes(be_pixel_format format)
{
    return format == BE_PIXEL_I420 ? 2 : format == BE_PIXEL_NV12 ? 1 : 0;
}

/* Bytes of a chroma row, or of what stands between two, for those of luma. */
static uint32_t chroma_bytes(be_pixel_format format, uint32_t luma)
{
    return bei_i420_half(luma) * (format == BE_PIXEL_NV12 ? 2 : 1);
}

size_t bei_image_bytes(be_pixel_format format, uint32_t width, uint32_t height, uint32_t stride)
{
    const uint32_t row = width * pixel_bytes(format), planes = chroma_planes(format);
    const uint64_t step = stride ? stride : row;
    uint64_t bytes = step * height, padding = step - row;
    if (planes > 0) {
        const uint32_t chroma = chroma_bytes(format, (uint32_t)step);
        bytes += (uint64_t)planes * chroma * bei_i420_half(height);
        padding = chroma - chroma_bytes(format, row);
    }
    bytes -= padding;
    return bytes <= SIZE_MAX ? (size_t)bytes : SIZE_MAX;
}

uint32_t bei_image_aligned_stride(be_pixel_format format, uint32_t width)
{
    return (width * pixel_bytes(format) + 63) / 64 * 64;
}

be_status bei_image_layout(be_pixel_format format, uint32_t width, uint32_t height, uint32_t stride,
                           uint8_t *data, size_t capacity, bei_image_t *out)
{
    BEI_REQUIRE(pixel_bytes(format) != 0, "pixel format is %d, not one of be_pixel_format",
                (int)format);
    BEI_REQUIRE(data, "the buffer for a frame is NULL");
    const uint32_t row = width * pixel_bytes(format), step = stride ? stride : row;
    BEI_REQUIRE(step >= row, "a stride of %u bytes where a %s row of %u pixels takes %u", stride,
                name_of(format), width, row);
    BEI_REQUIRE(step <= MAX_STRIDE, "a stride of %u bytes is beyond %d", stride, MAX_STRIDE);
    const size_t bytes = bei_image_bytes(format, width, height, step);
    if (capacity < bytes)
        return bei_error_set(
            BE_ERR_BUFFER_TOO_SMALL,
            "room for %zu bytes where a frame of %u x %u in %s, a row every %u bytes, takes %zu",
            capacity, width, height, name_of(format), step, bytes);
    *out = (bei_image_t){{data}, {step}, format, width, height};
    uint8_t *next = data + (size_t)step * height;
    for (uint32_t i = 1; i <= chroma_planes(format); i++) {
        out->plane[i] = next;
        out->stride[i] = chroma_bytes(format, step);
        next += (size_t)out->stride[i] * bei_i420_half(height);
    }
    return BE_OK;
}

bei_image_t bei_image_part(const bei_image_t *image, bei_rect_t rect)
{
    bei_image_t part = *image;
    part.width = rect.w;
    part.height = rect.h;
    part.plane[0] += (size_t)rect.y * part.stride[0] + (size_t)rect.x * pixel_bytes(part.format);
    for (uint32_t i = 1; i <= chroma_planes(part.format); i++)
        part.plane[i] += (size_t)(rect.y / 2) * part.stride[i] + chroma_bytes(part.format, rect.x);
    return part;
}

bei_i420_t bei_image_i420(const bei_image_t *image)
{
    return (bei_i420_t){{image->plane[0], image->plane[1], image->plane[2]},
                        {image->stride[0], image->stride[1], image->stride[2]},
                        image->width,
                        image->height};
}

/* ---------------------------------------------------------------- what surrounds a picture */

/* One plane of `size`-byte samples. */
typedef struct plane {
    uint8_t *data;
    uint32_t stride, width, height, size;
} plane_t;

/* Repeats a sample, each copy as long as all before it. */
static void paint(uint8_t *to, uint32_t count, const uint8_t *sample, uint32_t size)
{
    const size_t bytes = (size_t)count * size;
    if (bytes > 0)
        memcpy(to, sample, size);
    for (size_t done = size; done < bytes; done *= 2)
        memcpy(to + done, to, done < bytes - done ? done : bytes - done);
}

static void paint_around(plane_t plane, bei_rect_t window, const uint8_t *sample)
{
    const uint32_t right = window.x + window.w, size = plane.size;
    for (uint32_t y = 0; y < plane.height; y++, plane.data += plane.stride) {
        if (y < window.y || y >= window.y + window.h) {
            paint(plane.data, plane.width, sample, size);
            continue;
        }
        paint(plane.data, window.x, sample, size);
        paint(plane.data + (size_t)right * size, plane.width - right, sample, size);
    }
}

/* BT.601 in full range; the chroma sums stay below 256 because half is rounded down. */
static void to_yuv(const uint8_t bgr[3], uint8_t yuv[3])
{
    const int b = bgr[0], g = bgr[1], r = bgr[2], middle = (128 << 16) + 32767;
    yuv[0] = (uint8_t)((7471 * b + 38470 * g + 19595 * r + 32768) >> 16);
    yuv[1] = (uint8_t)((32768 * b - 21709 * g - 11059 * r + middle) >> 16);
    yuv[2] = (uint8_t)((32768 * r - 27439 * g - 5329 * b + middle) >> 16);
}

static void fill_packed(const bei_image_t *image, bei_rect_t window, const uint8_t bgr[3])
{
    const int reversed = image->format == BE_PIXEL_RGB24;
    const uint8_t sample[4] = {bgr[reversed ? 2 : 0], bgr[1], bgr[reversed ? 0 : 2], 255};
    paint_around((plane_t){image->plane[0], image->stride[0], image->width, image->height,
                           pixel_bytes(image->format)},
                 window, sample);
}

static void fill_planes(const bei_image_t *image, bei_rect_t window, const uint8_t bgr[3])
{
    uint8_t yuv[3];
    to_yuv(bgr, yuv);
    paint_around((plane_t){image->plane[0], image->stride[0], image->width, image->height, 1},
                 window, yuv);
    const bei_rect_t half = {window.x / 2, window.y / 2, bei_i420_half(window.w),
                             bei_i420_half(window.h)};
    const uint32_t planes = chroma_planes(image->format);
    for (uint32_t i = 1; i <= planes; i++)
        paint_around((plane_t){image->plane[i], image->stride[i], bei_i420_half(image->width),
                               bei_i420_half(image->height), 3 - planes},
                     half, yuv + i);
}

void bei_image_fill_around(const bei_image_t *image, bei_rect_t window, const uint8_t bgr[3])
{
    if (chroma_planes(image->format) == 0)
        fill_packed(image, window, bgr);
    else
        fill_planes(image, window, bgr);
}
