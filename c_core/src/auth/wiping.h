/* Memory that is overwritten when it goes back, for libcurl, whose requests hold the secret. It is the heap's own:
 * who gets a block of libcurl's and gives it to free() does no harm. */
#ifndef BEI_AUTH_WIPING_H
#define BEI_AUTH_WIPING_H

#include <stddef.h>

/* As the functions of <stdlib.h> and <string.h>. Any thread. */
void *bei_wiping_malloc(size_t size);
void *bei_wiping_calloc(size_t count, size_t size);
void *bei_wiping_realloc(void *block, size_t size);
char *bei_wiping_strdup(const char *text);
void bei_wiping_free(void *block);

#endif
