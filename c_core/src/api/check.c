#include "api/check.h"

#include <stdint.h>

be_status bei_check_struct(const void *given, size_t given_size, size_t known_size,
                           const char *name)
{
    enum { MOST = 4096 };
    BEI_REQUIRE(given_size >= known_size && given_size <= MOST,
                "struct_size is %zu where %s has %zu bytes", given_size, name, known_size);
    const uint8_t *bytes = given;
    for (size_t i = known_size; i < given_size; i++)
        BEI_REQUIRE(bytes[i] == 0, "%s has a setting at byte %zu that this library does not know",
                    name, i);
    return BE_OK;
}
