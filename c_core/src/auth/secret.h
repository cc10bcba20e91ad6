/* Texts that must not outlive their use: they are overwritten before their memory goes back. */
#ifndef BEI_AUTH_SECRET_H
#define BEI_AUTH_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Overwrites memory so that no optimiser leaves it out. NULL with 0 is allowed. */
void bei_secret_wipe(void *data, size_t size);

/* A copy, to be given to bei_secret_replace; NULL for NULL, and without memory. */
char *bei_secret_copy(const char *text);

/* Puts `with` (taken over, may be NULL) in place of *text, which is wiped and freed. */
void bei_secret_replace(char **text, char *with);

/* Whether a text can be the value of an HTTP header: 1 .. limit visible ASCII characters. */
bool bei_secret_is_sendable(const char *text, size_t limit);

#endif
