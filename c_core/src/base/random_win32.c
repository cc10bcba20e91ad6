#define _CRT_RAND_S /* rand_s, of Windows' own generator */
#include "base/random.h"

#include <stdlib.h>
#include <string.h>

size_t bei_random_ask_system(uint8_t *bytes, size_t size)
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
