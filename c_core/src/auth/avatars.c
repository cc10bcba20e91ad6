#include "auth/avatars.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

bei_auth_avatar_t *bei_avatars_add(bei_auth_avatar_t **list, const bei_avatar_name_t *name)
{
    for (bei_auth_avatar_t *known = *list; known; known = known->next)
        if (strcmp(known->digest, name->digest) == 0)
            return known;
    bei_auth_avatar_t *avatar = bei_calloc(1, sizeof *avatar);
    if (!avatar)
        return NULL;
    snprintf(avatar->identity, sizeof avatar->identity, "%s", name->identity);
    snprintf(avatar->issuer, sizeof avatar->issuer, "%s", name->issuer);
    snprintf(avatar->digest, sizeof avatar->digest, "%s", name->digest);
    atomic_init(&avatar->frames, 0);
    avatar->next = *list;
    *list = avatar;
    return avatar;
}

uint64_t bei_avatars_begin(bei_auth_avatar_t *list)
{
    uint64_t sum = 0;
    for (bei_auth_avatar_t *avatar = list; avatar; avatar = avatar->next)
        sum += avatar->telling = atomic_load(&avatar->frames);
    return sum;
}

bool bei_avatars_is_told(const bei_auth_avatar_t *avatar)
{
    return avatar->named || avatar->streams > 0 || avatar->telling > avatar->told;
}

void bei_avatars_end(bei_auth_avatar_t *list)
{
    for (bei_auth_avatar_t *avatar = list; avatar; avatar = avatar->next)
        avatar->told = avatar->telling;
}

uint64_t bei_avatars_frames(const bei_auth_avatar_t *list)
{
    uint64_t sum = 0;
    for (const bei_auth_avatar_t *avatar = list; avatar; avatar = avatar->next)
        sum += atomic_load(&avatar->frames);
    return sum;
}

void bei_avatars_reset(bei_auth_avatar_t *list)
{
    for (bei_auth_avatar_t *avatar = list; avatar; avatar = avatar->next) {
        atomic_store(&avatar->frames, 0);
        avatar->told = avatar->telling = 0;
        avatar->named = false;
    }
}

void bei_avatars_free(bei_auth_avatar_t **list)
{
    while (*list) {
        bei_auth_avatar_t *next = (*list)->next;
        bei_free(*list);
        *list = next;
    }
}
