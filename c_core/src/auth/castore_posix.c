#include "auth/castore.h"

#include <stddef.h>

#include "base/file.h"

static const char *const FILES[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Arch, Gentoo */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Red Hat, Fedora */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* older ones */
    "/etc/ssl/ca-bundle.pem",                            /* SUSE */
    "/var/lib/ca-certificates/ca-bundle.pem",            /* newer ones */
    "/etc/ssl/cert.pem",                                 /* Alpine, macOS, OpenBSD */
    "/usr/local/share/certs/ca-root-nss.crt",            /* FreeBSD */
};
static const char FOLDER[] = "/etc/ssl/certs";

void bei_castore_find_system(bei_castore_t *out)
{
    for (size_t i = 0; !out->file && i < sizeof FILES / sizeof *FILES; i++)
        if (bei_file_is_there(FILES[i]))
            out->file = FILES[i];
    if (!out->file && bei_file_is_there(FOLDER))
        out->folder = FOLDER;
}
