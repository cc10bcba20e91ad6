/* The avatar file (.imx) as plain tables over one block of bytes; docs/imx.md describes the format.
 *
 * The file is untrusted. After a successful open every index, offset, size and enum in these tables
 * has been checked and every section's checksum has matched; only the JPEG and ONNX blobs
 * themselves are still unverified bytes, to be treated so by whoever decodes them. */
#ifndef BEI_CONTAINER_IMX_H
#define BEI_CONTAINER_IMX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/pages.h"
#include "essence.h"

enum {
    BEI_IMX_COORDS = 6,            /* openness, width, protrusion, labiodental, teeth, tongue */
    BEI_IMX_MAX_SIDE = 4096,       /* pixels, of a picture */
    BEI_IMX_MIN_PATCH_SIDE = 8,    /* so that chroma too can be sampled between pixels */
    BEI_IMX_MAX_PATCH_SIDE = 1024, /* pixels, of a mouth patch */
    BEI_IMX_MAX_FRAMES = 4096,
    BEI_IMX_MAX_MOUTHS = 512,
    BEI_IMX_MAX_CLIPS = 64,
    BEI_IMX_CLIP_NAME = 32 /* bytes, the final NUL included */
};

typedef struct bei_imx_manifest {
    char name[128];     /* UTF-8, for people */
    char identity[128]; /* slug */
    char issuer[128];   /* whose permission a metered one asks for; "" of an open one */
    uint32_t width, height, fps;
    bool metered;          /* auth: heartbeat */
    bool may_be_unmetered; /* unmetered: true; for development */
    bool may_be_insecure;  /* insecure: true; its issuer may be asked without verified TLS */
    bool pingpong;         /* loop: play forth and back */
} bei_imx_manifest_t;

/* What of its signature was found good. */
typedef struct bei_seal {
    bool is_signed;  /* by a key that the host trusts */
    char digest[65]; /* of the whole avatar, hexadecimal; "" unless signed */
    char key[33];    /* which key, hexadecimal; "" unless signed */
} bei_seal_t;

/* Which signatures are believed. NULL and zeros: what the environment says. */
typedef struct bei_trust {
    const char *keys; /* a file or folder of public keys; NULL: what BITHUMAN_TRUSTED_KEYS names */
    bool required;    /* an avatar without a signature is refused, also an open one */
} bei_trust_t;

typedef struct bei_imx_frame {
    uint32_t base;       /* index into bases */
    uint16_t x, y, w, h; /* rectangle of `jpeg` in the picture; w == 0: the base alone */
    bei_span_t jpeg;
    int32_t affine[6]; /* picture pixel -> patch pixel, 16.16 */
    int16_t bias[3];   /* Y, U, V offset added to the patch, in 1/16 levels */
} bei_imx_frame_t;

typedef struct bei_imx_mouth {
    int16_t coord[BEI_IMX_COORDS]; /* Q12 */
    bei_span_t jpeg;               /* patch_w x patch_h; empty for mouth 0, the rest mouth */
} bei_imx_mouth_t;

/* Frames of their own behind those of the loop, to be played once between two of its frames. */
typedef struct bei_imx_clip {
    char name[BEI_IMX_CLIP_NAME]; /* slug, unique */
    uint32_t first, frames;       /* its range: within loop_count .. frame_count - 1 */
    uint32_t leave;               /* the loop's frame after which it begins */
    uint32_t rejoin;              /* the loop's frame that follows it */
    bool idle;                    /* made to be played while nobody speaks */
} bei_imx_clip_t;

typedef struct bei_imx {
    bei_imx_manifest_t manifest;
    bei_seal_t seal;
    bei_span_t *bases;
    uint32_t base_count;
    bei_imx_frame_t *frames;
    uint32_t frame_count;  /* of the loop and of all clips */
    uint32_t loop_count;   /* frames 0 .. loop_count - 1 are the loop; 1 .. frame_count */
    bei_imx_clip_t *clips; /* NULL when the file has none */
    uint32_t clip_count;
    bei_imx_mouth_t *mouths;
    uint32_t mouth_count;
    uint16_t patch_w, patch_h;
    const uint8_t *mask; /* patch_w * patch_h alpha values */
    bei_span_t encoder;  /* ONNX; empty when the file has none */
    bei_span_t thumbnail;
    uint8_t *kept;     /* owned: a copy of mask, encoder and thumbnail */
    uint8_t *bytes;    /* owned: the whole file; NULL once it was let go */
    bei_pages_t pages; /* of it; data NULL: from the heap */
    size_t size;       /* of the file */
} bei_imx_t;

/* Reads the file into memory and checks it. BE_ERR_FILE_NOT_FOUND, BE_ERR_FILE_CORRUPT (also for
 * another engine's container of the same extension, with a sentence that says so), BE_ERR_UNTRUSTED
 * (a signature that is broken, of an unknown key, or missing where it is needed),
 * BE_ERR_OUT_OF_MEMORY. On failure *out is untouched. */
be_status bei_imx_open(const char *path, const bei_trust_t *trust, bei_imx_t **out);

/* The same over a copy of `bytes`; `label` stands for the path in messages. */
be_status bei_imx_open_memory(const uint8_t *bytes, size_t size, const char *label,
                              const bei_trust_t *trust, bei_imx_t **out);

/* Frees the file's bytes. All `jpeg` and `bases` dangle from then on, everything else stays. */
void bei_imx_let_go(bei_imx_t *imx);

/* Frees the tables and the bytes. NULL is allowed. */
void bei_imx_close(bei_imx_t *imx);

#endif
