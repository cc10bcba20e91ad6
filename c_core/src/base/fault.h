/* Sentences about a damaged file. */
#ifndef BEI_BASE_FAULT_H
#define BEI_BASE_FAULT_H

#include "base/error.h"

/* Records "<label>: <sentence>" and returns `status`. `label` is the file's path; a long
 * one loses its beginning, so that the sentence is never cut off. What the sentence quotes from the
 * file comes out as printable ASCII. */
be_status bei_fault_set(be_status status, const char *label, const char *format, ...)
    BEI_PRINTF(3, 4);

/* Passes a failed check on as a sentence about the file. The status stands here once more, so that
 * a static analyser knows that it is not BE_OK. */
#define BEI_CHECK(cond, label, ...)                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            bei_fault_set(BE_ERR_FILE_CORRUPT, label, __VA_ARGS__);                                \
            return BE_ERR_FILE_CORRUPT;                                                            \
        }                                                                                          \
    } while (0)

#endif
