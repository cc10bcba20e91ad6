#include "auth/castore.h"

#include "base/env.h"
#include "base/error.h"
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

static be_status from_variable(const char *name, const char **path)
{
    *path = bei_env_get(name);
    if (*path && !bei_file_is_there(*path))
        return bei_error_set(
            BE_ERR_NO_AUTH,
            "the variable %s names '%.200s', which cannot be opened: set it to the "
            "certificates that are to be trusted, or unset it",
            name, *path);
    return BE_OK;
}

be_status bei_castore_find(bei_castore_t *out)
{
    *out = (bei_castore_t){NULL, NULL};
    BEI_TRY(from_variable("CURL_CA_BUNDLE", &out->file));
    if (!out->file)
        BEI_TRY(from_variable("SSL_CERT_FILE", &out->file));
    if (out->file)
        return BE_OK;
    BEI_TRY(from_variable("SSL_CERT_DIR", &out->folder));
    if (out->folder)
        return BE_OK;
    for (size_t i = 0; !out->file && i < sizeof FILES / sizeof *FILES; i++)
        if (bei_file_is_there(FILES[i]))
            out->file = FILES[i];
    if (!out->file && bei_file_is_there(FOLDER))
        out->folder = FOLDER;
    return BE_OK;
}
