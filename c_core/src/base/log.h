/* Log lines for the host's callback; the library itself never prints. Thread-safe. */
#ifndef BEI_BASE_LOG_H
#define BEI_BASE_LOG_H

#include "base/error.h"
#include "essence.h"

/* Sets the process-wide sink; NULL or BE_LOG_OFF turns logging off. Waits until no other thread is in
 * the old one. */
void bei_log_set_sink(be_log_fn *sink, void *user, be_log_level level);

/* Formats and delivers one line when `level` is enabled; otherwise costs one atomic load. */
void bei_log(be_log_level level, const char *format, ...) BEI_PRINTF(2, 3);

#endif
