/* A loaded avatar: its file, its pictures and its mouths, shared by everything in the process that
 * uses the same file in the same way.
 *
 * Thread-safety: acquire and release from any thread; the content never changes. */
#ifndef BEI_SESSION_AVATAR_H
#define BEI_SESSION_AVATAR_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/avatars.h"
#include "base/digest.h"
#include "container/imx.h"
#include "essence.h"
#include "lips/selector.h"
#include "picture/compositor.h"

/* How the pictures of an avatar are decoded and kept. Zeros: by a worker, all of them, in memory. */
typedef struct bei_avatar_store {
    bool
        at_once; /* all are decoded before the avatar is given; one that cannot be is its failure */
    bool on_demand;  /* only those about to be shown are decoded */
    bool in_file;    /* they stand in a temporary file that the system may page out */
    uint64_t budget; /* bytes of decoded pictures, with on_demand; 0: no bound */
} bei_avatar_store_t;

/* Where an avatar comes from, and how it is kept. */
typedef struct bei_avatar_source {
    const char *path; /* with bytes: what messages call them */
    bei_span_t bytes; /* data NULL: read the file */
    bei_trust_t trust;
    bei_avatar_store_t store;
} bei_avatar_source_t;

typedef struct bei_avatar {
    bei_imx_t *imx;
    bei_avatar_store_t store;
    bei_scene_t scene;
    bei_mouth_set_t *mouths;
    bei_digest_t digest; /* of the file, once its bytes may be gone: has_digest */
    bool has_digest;
    struct bei_avatar *next; /* in the process's list */
    uint32_t references;     /* guarded by the list's lock */
} bei_avatar_t;

/* Opens an avatar, or joins the one that was made of the same bytes with the same store. The bytes are
 * copied. BE_ERR_FILE_NOT_FOUND, BE_ERR_FILE_CORRUPT, BE_ERR_UNTRUSTED, BE_ERR_OUT_OF_MEMORY. */
be_status bei_avatar_acquire(const bei_avatar_source_t *source, bei_avatar_t **out);

/* Whether its frames need an authorisation. */
be_metering bei_avatar_metering(const bei_avatar_t *avatar);

/* What its issuer is told; borrowed of the avatar. */
bei_avatar_name_t bei_avatar_name(const bei_avatar_t *avatar);

/* Whether the file's bytes are still held: until all pictures are decoded, on demand as long as it lives. */
bool bei_avatar_holds_bytes(const bei_avatar_t *avatar);

/* Drops one reference; the last one frees. NULL is allowed. */
void bei_avatar_release(bei_avatar_t *avatar);

#endif
