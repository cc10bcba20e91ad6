#include "base/random.h"

#include "base/thread.h"

void bei_random_fill(uint8_t *bytes, size_t size)
{
    size_t got = bei_random_ask_system(bytes, size);
    uint64_t z = (uint64_t)bei_clock_ns() ^ (uint64_t)bei_process_id() << 32;
    for (; got < size; got++) {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u + 0x9e3779b97f4a7c15u;
        bytes[got] = (uint8_t)(z >> 56);
    }
}
