/* Whether a text is safe to hand to a JSON parser. */
#ifndef BEI_CONTAINER_JSON_TEXT_H
#define BEI_CONTAINER_JSON_TEXT_H

#include "base/memory.h"
#include "essence.h"

/* Refuses a text that does not begin with '{', so that what parses is an object, and what a lenient
 * recursive parser in C takes: more than 64 KiB, bytes that are not UTF-8, control characters, the
 * escape \u0000 (it would end a C string early), more than 16 levels. It is no parser: what passes
 * may still not be JSON. BE_ERR_FILE_CORRUPT. */
be_status bei_json_text_check(bei_span_t text, const char *label);

#endif
