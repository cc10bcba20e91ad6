#define _CRT_RAND_S /* rand_s, of Windows' own generator */
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"

#ifdef _WIN32
static size_t ask_system(uint8_t *bytes, size_t size)
{
    size_t got = 0;
    unsigned int number;
    while (got < size && rand_s(&number) == 0) {
        size_t part = size - got < sizeof number ? size - got : sizeof number;
        memcpy(bytes + got, &number, part);
        got += part;
    }
    return got;
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
