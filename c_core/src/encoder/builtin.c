#include "encoder/builtin.h"

#if defined(__GNUC__) && !defined(_WIN32)
#define HIDDEN __attribute__((visibility("hidden")))
#else
#define HIDDEN
#endif

/* Defined in builtin.S. The size is a symbol of its own because C knows no distance between two
 * objects. */
extern HIDDEN const uint8_t bei_builtin_encoder_data[];
extern HIDDEN const uint64_t bei_builtin_encoder_size;

bei_span_t bei_builtin_encoder(void)
{
    bei_span_t span = {bei_builtin_encoder_data, (size_t)bei_builtin_encoder_size};
    return span;
}
