/* Which vector instructions this processor and its operating system allow. */
#ifndef BEI_BASE_CPU_H
#define BEI_BASE_CPU_H

#include <stdbool.h>

/* AVX2 with the registers enabled by the system; BITHUMAN_CPU=c forces the C kernels. Cheap after
 * the first call; thread-safe. */
bool bei_cpu_has_avx2(void);

#endif
