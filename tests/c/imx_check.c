/* Says for each avatar file on standard input, a u32 length and that many bytes, whether the C
 * reader takes it: one line "ok", or the sentence of the refusal. tests/python/test_imx.py compares
 * the two readers by it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "container/imx.h"

int main(void)
{
    uint8_t head[4];
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t size = bei_bytes_u32(head);
        uint8_t *bytes = malloc(size + 1);
        if (!bytes || fread(bytes, 1, size, stdin) != size)
            return 1;
        bei_imx_t *imx = NULL;
        be_status status = bei_imx_open_memory(bytes, size, "file", NULL, &imx);
        puts(status == BE_OK ? "ok" : bei_error_message());
        bei_imx_close(imx);
        free(bytes);
    }
    return 0;
}
