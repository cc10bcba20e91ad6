/* What was pushed and waits to be heard: 16 kHz mono samples in ticks, and the gaps between utterances.
 *
 * A flush completes the last tick with silence and adds a gap: ticks of silence that the encoder hears, so
 * that every tick before them has its lookahead, but that are never shown. */
#ifndef BEI_SESSION_INBOX_H
#define BEI_SESSION_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio/resampler.h"
#include "essence.h"
#include "session/fifo.h"

typedef struct bei_inbox {
    uint32_t lookahead; /* ticks; the length of a gap */
    bei_fifo_t fifo;
    bei_resampler_t *resampler; /* of the rate pushed last, or NULL */
    bool unflushed;             /* audio came after the last flush */
    uint64_t *gaps;             /* first tick of each gap that was not passed yet, in order */
    size_t gap_count, gap_capacity;
} bei_inbox_t;

void bei_inbox_init(bei_inbox_t *inbox, uint32_t lookahead);
void bei_inbox_free(bei_inbox_t *inbox);
void bei_inbox_clear(bei_inbox_t *inbox); /* keeps the memory of the queue */

/* Appends audio. All or nothing. BE_ERR_AUDIO_FORMAT (rate or channels out of range, the rate changed
 * without a flush), BE_ERR_OUT_OF_MEMORY. */
be_status bei_inbox_push(bei_inbox_t *inbox, const be_audio_chunk_t *chunk);

/* Ends the utterance; nothing when there is none. All or nothing. BE_ERR_OUT_OF_MEMORY. */
be_status bei_inbox_flush(bei_inbox_t *inbox);

/* How many of the ticks from `tick` on, gaps not counted, have all the audio that they need. */
size_t bei_inbox_ready(const bei_inbox_t *inbox, uint64_t tick);

/* Whether `tick` belongs to a gap. Gaps before it are forgotten: ask in order. */
bool bei_inbox_in_gap(bei_inbox_t *inbox, uint64_t tick);

#endif
