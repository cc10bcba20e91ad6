/* Which vector instructions this processor and its operating system allow. */
#ifndef BEI_BASE_CPU_H
#define BEI_BASE_CPU_H

#include <stdbool.h>

/* Where there are kernels in vector code beside those in C: *_avx2.c or *_neon.c. */
#if defined(__x86_64__) || (defined(__aarch64__) && !defined(__AARCH64EB__))
#define BEI_CPU_VECTORS 1
#endif

/* Whether they run: AVX2 with the registers enabled by the system; NEON, which every 64-bit ARM has.
 * BITHUMAN_CPU=c forces the C kernels. Cheap after the first call; thread-safe. */
bool bei_cpu_has_vectors(void);

#endif
