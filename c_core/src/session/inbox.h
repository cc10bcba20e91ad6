/* What was pushed and waits to be heard: 16 kHz mono samples in ticks, and the gaps between utterances.
 *
 * A flush completes the last tick with silence and adds a gap: ticks of silence that the encoder hears, so
 * that every tick before them has its lookahead, but that are never shown.
 *
 * Thread-safety: calls that push (push, flush, clear) are serialised by their caller. The queue itself is
 * guarded by the lock given at the start: push and flush take it for moments only, so that whoever takes
 * ticks never waits for a resampler; all other calls are made with it held. */
#ifndef BEI_SESSION_INBOX_H
#define BEI_SESSION_INBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio/mel.h"
#include "audio/resampler.h"
#include "base/thread.h"
#include "essence.h"
#include "session/fifo.h"

/* Between two utterances. */
typedef struct bei_gap {
    uint64_t first;   /* tick */
    uint32_t samples; /* real ones in the tick before it; the rest is padding */
} bei_gap_t;

/* A tick that is to be shown. */
typedef struct bei_said {
    uint64_t utterance;
    uint32_t samples; /* real ones */
    bool ends;        /* its utterance */
} bei_said_t;

typedef struct bei_inbox {
    bei_mutex_t *lock;
    uint32_t lookahead; /* ticks; the length of a gap */
    size_t limit;       /* samples that may wait */
    bei_fifo_t fifo;
    bei_resampler_t *resampler; /* of the rate pushed last, or NULL */
    bool unflushed;             /* audio came after the last flush */
    bei_gap_t *gaps;            /* those that were not passed yet, in order */
    size_t gap_count, gap_capacity;
    uint64_t next;             /* the tick to be shown next, or the first of a gap before it */
    uint64_t utterance;        /* that the next push belongs to */
    uint64_t begun;            /* fifo.pushed when it began */
    uint64_t in, out, dropped; /* real samples since creation */
    atomic_uint cancels;       /* by interruptions: a push that runs gives up */
    uint32_t seen;             /* of them, when the push that runs began */
} bei_inbox_t;

/* `lock` is borrowed. limit in samples. */
void bei_inbox_init(bei_inbox_t *inbox, bei_mutex_t *lock, uint32_t lookahead, size_t limit);
void bei_inbox_free(bei_inbox_t *inbox);

/* Forgets everything that waits; true when there was something. Ticks count from 0 again. */
bool bei_inbox_clear(bei_inbox_t *inbox);

/* Makes a push that runs give up what it has not converted yet, and end well: it was made before the
 * interruption that calls this, and is dropped by it. Any thread, no lock. */
void bei_inbox_cancel(bei_inbox_t *inbox);

/* Appends audio. All or nothing. BE_ERR_AUDIO_FORMAT (rate or channels out of range, the rate changed
 * without a flush), BE_ERR_QUEUE_FULL, BE_ERR_OUT_OF_MEMORY. */
be_status bei_inbox_push(bei_inbox_t *inbox, const be_audio_chunk_t *chunk);

/* Ends the utterance; nothing when there is none. All or nothing. BE_ERR_OUT_OF_MEMORY. */
be_status bei_inbox_flush(bei_inbox_t *inbox);

/* Takes the next tick's samples out; false when there is none. */
bool bei_inbox_take(bei_inbox_t *inbox, float pcm[BEI_TICK_SAMPLES]);

/* How many ticks can be shown: those that have all the audio that they need, gaps not counted. */
size_t bei_inbox_ready(const bei_inbox_t *inbox);

/* What `tick` is; false when it belongs to a gap. Gaps before it are forgotten: ask in order. */
bool bei_inbox_look(bei_inbox_t *inbox, uint64_t tick, bei_said_t *out);

/* `tick` was shown. */
void bei_inbox_shown(bei_inbox_t *inbox, uint64_t tick, const bei_said_t *what);

#endif
