#include "api/check.h"

#include <stdint.h>
#include <string.h>

enum { LARGEST = 4096 };

be_status bei_check_take(const void *given, size_t first_size, void *taken, size_t known_size,
                         const char *name)
{
    const uint8_t *bytes = given;
    uint32_t size;
    memcpy(&size, given, sizeof size);
    BEI_REQUIRE(size >= first_size && size <= LARGEST, "struct_size is %u where %s has %zu bytes",
                size, name, known_size);
    for (size_t i = known_size; i < size; i++)
        BEI_REQUIRE(bytes[i] == 0, "%s has a setting at byte %zu that this library does not know",
                    name, i);
    size_t both = size < known_size ? size : known_size;
    memcpy(taken, given, both);
    memset((uint8_t *)taken + both, 0, known_size - both);
    return BE_OK;
}

be_status bei_check_give(void *out, size_t first_size, const void *values, size_t known_size,
                         const char *name)
{
    uint32_t given;
    memcpy(&given, out, sizeof given);
    BEI_REQUIRE(given >= first_size && given <= LARGEST, "struct_size is %u where %s has %zu bytes",
                given, name, known_size);
    size_t both = given < known_size ? given : known_size;
    memcpy((uint8_t *)out + sizeof given, (const uint8_t *)values + sizeof given,
           both - sizeof given);
    memset((uint8_t *)out + both, 0, given - both);
    return BE_OK;
}
