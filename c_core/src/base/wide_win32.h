/* Our UTF-8 as the UTF-16 that Windows' functions take. */
#ifndef BEI_BASE_WIDE_WIN32_H
#define BEI_BASE_WIDE_WIN32_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

enum { BEI_WIDE_SIZE = 4096 };

/* A path, with its slashes turned, and made absolute where it is too long for Windows otherwise. False
 * when it is not UTF-8 or too long for `wide`. Any thread. */
bool bei_wide_path(const char *path, wchar_t wide[BEI_WIDE_SIZE]);

/* What an error number of Windows' means to somebody who gave a file's name. */
const char *bei_wide_reason(unsigned long error);

#endif
