/* Looks ahead of a stream, so that an avatar that decodes on demand has the next pictures ready in
 * time. Does nothing where all pictures are decoded anyway. */
#ifndef BEI_SESSION_AHEAD_H
#define BEI_SESSION_AHEAD_H

#include "session/avatar.h"
#include "session/cursor.h"

/* The stream will show what its cursor says, and what comes after it. */
void bei_ahead_of_cursor(const bei_avatar_t *avatar, const bei_cursor_t *cursor);

/* The stream was asked for `frame` of the loop; whoever asks for one mostly asks for the next one then. */
void bei_ahead_of_frame(const bei_avatar_t *avatar, uint32_t frame);

#endif
