#include "base/cpu.h"

#include <stdatomic.h>
#include <string.h>

#include "base/env.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* __builtin_cpu_supports does not link with every compiler runtime, so cpuid is read here. */
static bool detect(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return false;
    const unsigned osxsave = 1u << 27, avx = 1u << 28;
    if ((c & (osxsave | avx)) != (osxsave | avx))
        return false;
    unsigned xcr0, high;
    __asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(high) : "c"(0));
    if ((xcr0 & 6u) != 6u)
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 5)) != 0;
}
#elif defined(BEI_CPU_VECTORS)
static bool detect(void)
{
    return true;
}
#else
static bool detect(void)
{
    return false;
}
#endif

bool bei_cpu_has_vectors(void)
{
    static atomic_int known; /* 0 unknown, 1 no, 2 yes */
    int value = atomic_load_explicit(&known, memory_order_relaxed);
    if (value == 0) {
        const char *forced = bei_env_get("BITHUMAN_CPU");
        bool plain = forced && strcmp(forced, "c") == 0;
        value = !plain && detect() ? 2 : 1;
        atomic_store_explicit(&known, value, memory_order_relaxed);
    }
    return value == 2;
}
