/* Stands in for base/memory.c in a test: counts what the library holds, notes what it asks for, and can refuse
 * it. Blocks have exactly the size asked for, so that AddressSanitizer sees a read one byte past the end. What
 * ONNX Runtime, libjpeg, SpeexDSP and cJSON take for themselves does not pass here. */
#ifndef BE_TESTS_MEMORY_HOOK_H
#define BE_TESTS_MEMORY_HOOK_H

#include <stdbool.h>
#include <stddef.h>

/* Blocks that are held now, by all threads. */
size_t memory_blocks(void);

/* Their bytes; 0 where the system's heap does not tell. */
size_t memory_bytes(void);

/* The largest single request since the last call, refused ones too, in bytes. */
size_t memory_take_largest(void);

/* From now on the n-th request (1 = the next one) is refused, with `onwards` all later ones too; 0 = none.  */
void memory_refuse(size_t n, bool onwards);

/* Whether one was refused since. */
bool memory_has_refused(void);

#endif
