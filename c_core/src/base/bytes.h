/* Little-endian fields of a byte block, at any alignment and on any machine. */
#ifndef BEI_BASE_BYTES_H
#define BEI_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t bei_bytes_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t bei_bytes_u32(const uint8_t *p)
{
    return bei_bytes_u16(p) | (uint32_t)bei_bytes_u16(p + 2) << 16;
}

static inline uint64_t bei_bytes_u64(const uint8_t *p)
{
    return bei_bytes_u32(p) | (uint64_t)bei_bytes_u32(p + 4) << 32;
}

static inline int16_t bei_bytes_i16(const uint8_t *p)
{
    return (int16_t)bei_bytes_u16(p);
}

static inline int32_t bei_bytes_i32(const uint8_t *p)
{
    return (int32_t)bei_bytes_u32(p);
}

static inline bool bei_bytes_all_zero(const uint8_t *p, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (p[i] != 0)
            return false;
    }
    return true;
}

#endif
