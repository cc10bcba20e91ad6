#include "base/random.h"

#include <stdio.h>

size_t bei_random_ask_system(uint8_t *bytes, size_t size)
{
    FILE *file = fopen("/dev/urandom", "rb");
    if (!file)
        return 0;
    setvbuf(file, NULL, _IONBF, 0);
    size_t got = fread(bytes, 1, size, file);
    fclose(file);
    return got;
}
