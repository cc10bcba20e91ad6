/* Checks of what callers hand in. */
#ifndef BEI_API_CHECK_H
#define BEI_API_CHECK_H

#include <stddef.h>

#include "base/error.h"

/* Accepted values of an `abi_version` field: 0 (stands for 1) to ours. */
#define CHECK_ABI(options)                                                                         \
    BEI_REQUIRE((options)->abi_version <= BE_ABI_VERSION,                                          \
                "options are of ABI %u; this library speaks 1 to %d", (options)->abi_version,      \
                BE_ABI_VERSION)

/* Copies a struct of the caller's, whose first field tells its size: what a caller built against an earlier
 * header does not have is zero, and one built against a later header may hand in a longer one, as long as
 * what we do not know is zero. first_size is that of the first released layout; nothing smaller is taken. */
be_status bei_check_take(const void *given, size_t first_size, void *taken, size_t known_size,
                         const char *name);

/* TAKE_STRUCT(given, be_thing_t, its last field at the first release, &taken) */
#define TAKE_STRUCT(given, type, last_field, taken)                                                \
    BEI_TRY(bei_check_take((given), SIZE_UP_TO(type, last_field), (taken), sizeof(type), #type))

/* Fills a struct of the caller's, whose first field tells its size: a caller built against an earlier
 * header gets what he has room for, one built against a later header zeros for what we do not know. The
 * size itself stays as it is. first_size is that of the first released layout; nothing smaller is taken. */
be_status bei_check_give(void *out, size_t first_size, const void *values, size_t known_size,
                         const char *name);

/* The size of a struct that ends with `field`, as at its first release. */
#define SIZE_UP_TO(type, field) (offsetof(type, field) + sizeof(((type *)NULL)->field))

/* GIVE_STRUCT(out, be_thing_t, its last field at the first release, values) */
#define GIVE_STRUCT(out, type, last_field, values)                                                 \
    bei_check_give((out), SIZE_UP_TO(type, last_field), (values), sizeof(type), #type)

/* The same refusal beforehand, for a call that must not be made in vain. */
#define CHECK_OUT(out, type, last_field)                                                           \
    do {                                                                                           \
        CHECK_NOT_NULL(out);                                                                       \
        BEI_REQUIRE((out)->struct_size >= SIZE_UP_TO(type, last_field),                            \
                    "struct_size is %u where %s has %zu bytes", (out)->struct_size, #type,         \
                    sizeof(type));                                                                 \
    } while (0)

#define CHECK_NOT_NULL(pointer) BEI_REQUIRE((pointer) != NULL, "%s is NULL", #pointer)

#endif
