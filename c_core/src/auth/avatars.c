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

static bool is_in_use(const bei_auth_avatar_t *avatar)
{
    return avatar->named || avatar->streams > 0 || avatar->telling > avatar->told;
}

uint64_t bei_avatars_begin(bei_auth_avatar_t *list)
{
    uint64_t sum = 0;
    uint32_t room = BEI_AVATARS_LISTED;
    for (bei_auth_avatar_t *avatar = list; avatar; avatar = avatar->next) {
        sum += avatar->telling = atomic_load(&avatar->frames);
        avatar->listed = room > 0 && is_in_use(avatar);
        room -= avatar->listed;
    }
    return sum;
}

/* What was told goes behind the rest. */
void bei_avatars_end(bei_auth_avatar_t **list)
{
    bei_auth_avatar_t *told = NULL, **end = &told, **link = list;
    while (*link) {
        bei_auth_avatar_t *avatar = *link;
        if (!avatar->listed) {
            link = &avatar->next;
            continue;
        }
        avatar->told = avatar->telling;
        *link = avatar->next;
        *end = avatar;
        end = &avatar->next;
    }
    *end = NULL;
    *link = told;
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
