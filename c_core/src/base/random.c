#include "base/random.h"

#include <stdio.h>

#include "base/thread.h"

#ifdef _WIN32
#include <windows.h>

#include <bcrypt.h>

static size_t ask_system(uint8_t *bytes, size_t size)
{
    NTSTATUS status = BCryptGenRandom(NULL, bytes, (ULONG)size, BCRYPT_USE_SYSTEM_PREFERRED_RNG);
    return status == 0 ? size : 0;
}
#else
static size_t ask_system(uint8_t *bytes, size_t size)
{
    FILE *file = fopen("/dev/urandom", "rb");
    if (!file)
        return 0;
    setvbuf(file, NULL, _IONBF, 0);
    size_t got = fread(bytes, 1, size, file);
    fclose(file);
    return got;
}
#endif

void bei_random_fill(uint8_t *bytes, size_t size)
{
    size_t got = ask_system(bytes, size);
    uint64_t z = (uint64_t)bei_clock_ns() ^ (uint64_t)bei_process_id() << 32;
    for (; got < size; got++) {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u + 0x9e3779b97f4a7c15u;
        bytes[got] = (uint8_t)(z >> 56);
    }
}
