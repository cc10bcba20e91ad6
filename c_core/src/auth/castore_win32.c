#include "auth/castore.h"

void bei_castore_find_system(bei_castore_t *out)
{
    /* Windows' certificates are in no file: libcurl asks Windows for them. And a path such as /etc/ssl is one
     * that any user of the machine may make. */
    (void)out;
}
