#include "auth/castore.h"

#include <stddef.h>

#include "base/env.h"
#include "base/error.h"
#include "base/file.h"

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
    bei_castore_find_system(out);
    return BE_OK;
}
