/* A loaded avatar: its file, its pictures and its mouths, shared by everything in the process that
 * uses the same file.
 *
 * Thread-safety: acquire and release from any thread; the content never changes. */
#ifndef BEI_SESSION_AVATAR_H
#define BEI_SESSION_AVATAR_H

#include "container/imx.h"
#include "essence.h"
#include "lips/selector.h"
#include "picture/compositor.h"

typedef struct bei_avatar {
    bei_imx_t *imx;
    bei_scene_t scene;
    bei_mouth_set_t *mouths;
    struct bei_avatar *next; /* in the process's list */
    uint32_t references;     /* guarded by the list's lock */
} bei_avatar_t;

/* Opens the file, or joins the avatar that was loaded from the same bytes. BE_ERR_FILE_NOT_FOUND,
 * BE_ERR_FILE_CORRUPT, BE_ERR_OUT_OF_MEMORY. */
be_status bei_avatar_acquire(const char *path, bei_avatar_t **out);

/* Drops one reference; the last one frees. NULL is allowed. */
void bei_avatar_release(bei_avatar_t *avatar);

#endif
