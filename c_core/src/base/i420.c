#include "base/i420.h"

#include <string.h>

static uint32_t padded(uint32_t n)
{
    return (n + 63) / 64 * 64;
}

uint64_t bei_i420_size(uint32_t width, uint32_t height)
{
    return (uint64_t)padded(width) * height +
           2 * (uint64_t)padded(bei_i420_half(width)) * bei_i420_half(height);
}

bei_i420_t bei_i420_over(uint8_t *block, uint32_t width, uint32_t height)
{
    uint32_t luma = padded(width), chroma = padded(bei_i420_half(width));
    uint8_t *u = block + (size_t)luma * height;
    uint8_t *v = u + (size_t)chroma * bei_i420_half(height);
    return (bei_i420_t){{block, u, v}, {luma, chroma, chroma}, width, height};
}

bei_i420_t bei_i420_part(const bei_i420_t *picture, bei_rect_t rect)
{
    bei_i420_t part = *picture;
    part.width = rect.w;
    part.height = rect.h;
    part.plane[0] += (size_t)rect.y * part.stride[0] + rect.x;
    for (int i = 1; i < 3; i++)
        part.plane[i] += (size_t)(rect.y / 2) * part.stride[i] + rect.x / 2;
    return part;
}

void bei_i420_copy(const bei_i420_t *to, const bei_i420_t *from)
{
    for (int i = 0; i < 3; i++) {
        uint32_t width = i == 0 ? to->width : bei_i420_half(to->width);
        uint32_t height = i == 0 ? to->height : bei_i420_half(to->height);
        if (to->stride[i] == width && from->stride[i] == width) { /* no gaps: one long row */
            memcpy(to->plane[i], from->plane[i], (size_t)width * height);
            continue;
        }
        for (uint32_t y = 0; y < height; y++)
            memcpy(to->plane[i] + (size_t)y * to->stride[i],
                   from->plane[i] + (size_t)y * from->stride[i], width);
    }
}

bei_rect_t bei_rect_union(bei_rect_t a, bei_rect_t b)
{
    if (a.w == 0 || a.h == 0)
        return b;
    if (b.w == 0 || b.h == 0)
        return a;
    uint32_t x0 = (a.x < b.x ? a.x : b.x) & ~1u, y0 = (a.y < b.y ? a.y : b.y) & ~1u;
    uint32_t ax = a.x + a.w, bx = b.x + b.w, ay = a.y + a.h, by = b.y + b.h;
    return (bei_rect_t){x0, y0, (ax > bx ? ax : bx) - x0, (ay > by ? ay : by) - y0};
}
