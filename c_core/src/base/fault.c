#include "base/fault.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_LIMIT = 160 };

static void make_printable(char *text)
{
    for (; *text; text++) {
        if (*text < 0x20 || *text >= 0x7f)
            *text = '?';
    }
}

/* The end of a label, not beginning inside a UTF-8 sequence. */
static const char *label_tail(const char *label, size_t length)
{
    const char *tail = label + length - LABEL_LIMIT;
    while (((unsigned char)*tail & 0xc0) == 0x80)
        tail++;
    return tail;
}

be_status bei_fault_set(be_status status, const char *label, const char *format, ...)
{
    char sentence[320];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    make_printable(sentence);
    size_t length = strlen(label);
    bool cut = length > LABEL_LIMIT;
    return bei_error_set(status, "%s%s: %s", cut ? "..." : "",
                         cut ? label_tail(label, length) : label, sentence);
}
