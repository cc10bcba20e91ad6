/* The metered avatars that a right is for: heartbeats tell the issuer of them and of their frames.
 *
 * Thread-safety: the lock of whoever owns the list, but for the counts. */
#ifndef BEI_AUTH_AVATARS_H
#define BEI_AUTH_AVATARS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "essence.h"

enum { BEI_AVATARS_LISTED = 64 }; /* in a beat: issuers take no more */

/* An avatar as it is told of. Borrowed texts. */
typedef struct bei_avatar_name {
    const char *identity; /* at most 127 bytes */
    const char *issuer;   /* the same */
    const char *digest;   /* 64 hexadecimal digits */
    bool may_be_insecure; /* its issuer may be asked without verified TLS */
} bei_avatar_name_t;

typedef struct bei_auth_avatar {
    struct bei_auth_avatar *next;
    char identity[128], issuer[128], digest[65];
    bool named;           /* by the host: told of as long as there is the list */
    uint32_t streams;     /* that are open */
    uint64_t told;        /* frames that the issuer knows of */
    uint64_t telling;     /* frames that the beat in progress tells of */
    bool listed;          /* the beat in progress tells of it */
    atomic_ullong frames; /* given so far */
} bei_auth_avatar_t;

/* The one of this digest, put into the list if it was not there; NULL without memory. It stays at its place
 * until bei_avatars_free. */
bei_auth_avatar_t *bei_avatars_add(bei_auth_avatar_t **list, const bei_avatar_name_t *name);

/* Writes down what a beat that begins now tells, of BEI_AVATARS_LISTED at the most; gives the frames of all. */
uint64_t bei_avatars_begin(bei_auth_avatar_t *list);

/* The beat was good: what it told is known, and where more are in use it is the others' turn. */
void bei_avatars_end(bei_auth_avatar_t **list);

/* The frames of all. */
uint64_t bei_avatars_frames(const bei_auth_avatar_t *list);

/* A new session begins: no frames, none named. */
void bei_avatars_reset(bei_auth_avatar_t *list);

void bei_avatars_free(bei_auth_avatar_t **list);

#endif
