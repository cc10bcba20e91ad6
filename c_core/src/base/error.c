#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

static _Thread_local char message[512];

be_status bei_error_set(be_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    /* What is quoted may come from a file or a caller; a sentence stays one line. */
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    bei_log(BE_LOG_DEBUG, "error %d: %s", (int)status, message);
    return status;
}

void bei_error_clear(void)
{
    message[0] = '\0';
}

const char *bei_error_message(void)
{
    return message;
}
