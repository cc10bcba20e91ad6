#include "session/inbox.h"

#include <string.h>

#include "audio/mel.h"
#include "base/error.h"
#include "base/memory.h"

void bei_inbox_init(bei_inbox_t *inbox, bei_mutex_t *lock, uint32_t lookahead, size_t limit)
{
    *inbox = (bei_inbox_t){.lock = lock, .lookahead = lookahead, .limit = limit};
}

void bei_inbox_free(bei_inbox_t *inbox)
{
    bei_resampler_destroy(inbox->resampler);
    bei_fifo_free(&inbox->fifo);
    bei_free(inbox->gaps);
    inbox->resampler = NULL;
    inbox->gaps = NULL;
}

bool bei_inbox_clear(bei_inbox_t *inbox)
{
    bool waited = inbox->unflushed ||
                  (inbox->gap_count > 0 && inbox->gaps[inbox->gap_count - 1].first > inbox->next);
    bei_fifo_clear(&inbox->fifo);
    if (inbox->resampler)
        bei_resampler_restart(inbox->resampler);
    inbox->utterance += inbox->unflushed;
    inbox->unflushed = false;
    inbox->gap_count = 0;
    inbox->begun = inbox->next = 0;
    inbox->dropped = inbox->in - inbox->out;
    return waited;
}

static be_status into_fifo(void *user, const float *pcm, size_t n)
{
    bei_inbox_t *inbox = user;
    if (atomic_load_explicit(&inbox->cancels, memory_order_relaxed) != inbox->seen)
        return BE_ERR_STOPPED; /* to the resampler; bei_inbox_push knows better */
    bei_mutex_lock(inbox->lock);
    be_status status = bei_fifo_push(&inbox->fifo, pcm, n); /* reserved: it cannot fail */
    if (status == BE_OK)
        inbox->in += n;
    bei_mutex_unlock(inbox->lock);
    return status;
}

static be_status reserve(bei_inbox_t *inbox, uint64_t n)
{
    bei_mutex_lock(inbox->lock);
    be_status status = bei_fifo_reserve(&inbox->fifo, n);
    bei_mutex_unlock(inbox->lock);
    return status;
}

/* How many samples a chunk makes; a length that no memory holds does not wrap. */
static uint64_t at_16k(uint64_t frames, uint32_t rate)
{
    const uint64_t seconds = frames / rate;
    return seconds > UINT32_MAX ? UINT64_MAX / 2 : seconds * 16000 + frames % rate * 16000 / rate;
}

static be_status check_limit(bei_inbox_t *inbox, uint64_t more)
{
    bei_mutex_lock(inbox->lock);
    uint64_t waits = inbox->fifo.count;
    bei_mutex_unlock(inbox->lock);
    if (waits + more > inbox->limit)
        return bei_error_set(
            BE_ERR_QUEUE_FULL,
            "%.1f s of audio wait already: %.1f s more are beyond the limit of %.1f s",
            (double)waits / 16000, (double)more / 16000, (double)inbox->limit / 16000);
    return BE_OK;
}

/* A resampler for the chunk; one that holds the end of another rate's sound may not be replaced. */
static be_status fit_resampler(bei_inbox_t *inbox, const be_audio_chunk_t *chunk)
{
    bei_resampler_t *held = inbox->resampler;
    if (held && bei_resampler_rate(held) == chunk->sample_rate)
        return bei_resampler_set_channels(held, chunk->channels);
    if (held && inbox->unflushed)
        return bei_error_set(BE_ERR_AUDIO_FORMAT,
                             "the audio changed from %u Hz to %u Hz without a flush",
                             bei_resampler_rate(held), chunk->sample_rate);
    bei_resampler_t *fresh = NULL;
    BEI_TRY(bei_resampler_create(chunk->sample_rate, chunk->channels, &fresh));
    bei_resampler_destroy(held);
    inbox->resampler = fresh;
    return BE_OK;
}

void bei_inbox_cancel(bei_inbox_t *inbox)
{
    atomic_fetch_add_explicit(&inbox->cancels, 1, memory_order_relaxed);
}

be_status bei_inbox_push(bei_inbox_t *inbox, const be_audio_chunk_t *chunk)
{
    inbox->seen = atomic_load_explicit(&inbox->cancels, memory_order_relaxed);
    if (chunk->frames == 0)
        return BE_OK;
    BEI_TRY(fit_resampler(inbox, chunk));
    uint64_t most = bei_resampler_bound(inbox->resampler, chunk->frames);
    if (inbox->limit < SIZE_MAX)
        BEI_TRY(check_limit(inbox, at_16k(chunk->frames, chunk->sample_rate)));
    BEI_TRY(reserve(inbox, most));
    bei_mutex_lock(inbox->lock);
    if (!inbox->unflushed)
        inbox->begun = inbox->fifo.pushed;
    inbox->unflushed = true;
    bei_mutex_unlock(inbox->lock);
    be_status status = bei_resampler_push(inbox->resampler, chunk->format, chunk->data,
                                          chunk->frames, into_fifo, inbox);
    return status == BE_ERR_STOPPED ? BE_OK : status;
}

static be_status reserve_gap(bei_inbox_t *inbox)
{
    if (inbox->gap_count < inbox->gap_capacity)
        return BE_OK;
    size_t larger = inbox->gap_capacity ? 2 * inbox->gap_capacity : 8;
    bei_gap_t *grown =
        bei_realloc(inbox->gaps, inbox->gap_count * sizeof *grown, larger * sizeof *grown);
    if (!grown)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu utterances", larger);
    inbox->gaps = grown;
    inbox->gap_capacity = larger;
    return BE_OK;
}

/* Completes the last tick, and adds the gap. An utterance of no sample at all, which a resampler can
 * make of one, still has a tick, so that its end is seen. There is room. */
static void end_utterance(bei_inbox_t *inbox)
{
    bei_fifo_t *fifo = &inbox->fifo;
    uint32_t partial = (uint32_t)(fifo->pushed % BEI_TICK_SAMPLES);
    bool none = fifo->pushed == inbox->begun;
    size_t padding = none ? BEI_TICK_SAMPLES : partial ? BEI_TICK_SAMPLES - partial : 0;
    bei_fifo_push(fifo, NULL, padding);
    inbox->gaps[inbox->gap_count++] =
        (bei_gap_t){fifo->pushed / BEI_TICK_SAMPLES, none      ? 0
                                                     : partial ? partial
                                                               : BEI_TICK_SAMPLES};
    bei_fifo_push(fifo, NULL, (size_t)inbox->lookahead * BEI_TICK_SAMPLES);
    inbox->unflushed = false;
    inbox->utterance++;
}

static be_status make_room_to_end(bei_inbox_t *inbox)
{
    uint64_t most = bei_resampler_bound(inbox->resampler, 0) +
                    (uint64_t)(1 + inbox->lookahead) * BEI_TICK_SAMPLES;
    bei_mutex_lock(inbox->lock);
    be_status status = reserve_gap(inbox);
    if (status == BE_OK)
        status = bei_fifo_reserve(&inbox->fifo, most);
    bei_mutex_unlock(inbox->lock);
    return status;
}

be_status bei_inbox_flush(bei_inbox_t *inbox)
{
    inbox->seen = atomic_load_explicit(&inbox->cancels, memory_order_relaxed);
    if (!inbox->unflushed)
        return BE_OK;
    BEI_TRY(make_room_to_end(inbox));
    be_status status = bei_resampler_drain(inbox->resampler, into_fifo, inbox);
    if (status == BE_ERR_STOPPED)
        return BE_OK;
    BEI_TRY(status);
    bei_mutex_lock(inbox->lock);
    end_utterance(inbox);
    bei_mutex_unlock(inbox->lock);
    return BE_OK;
}

bool bei_inbox_take(bei_inbox_t *inbox, float pcm[BEI_TICK_SAMPLES])
{
    const float *next = bei_fifo_peek(&inbox->fifo, BEI_TICK_SAMPLES);
    if (!next)
        return false;
    memcpy(pcm, next, BEI_TICK_SAMPLES * sizeof *pcm);
    bei_fifo_drop(&inbox->fifo, BEI_TICK_SAMPLES);
    return true;
}

/* How many ticks of [from, until) lie in the gap that begins at `gap`. */
static uint64_t overlap(uint64_t gap, uint64_t length, uint64_t from, uint64_t until)
{
    uint64_t first = gap > from ? gap : from;
    uint64_t last = gap + length < until ? gap + length : until;
    return last > first ? last - first : 0;
}

size_t bei_inbox_ready(const bei_inbox_t *inbox)
{
    const uint64_t tick = inbox->next;
    uint64_t whole = inbox->fifo.pushed / BEI_TICK_SAMPLES;
    if (whole < tick + inbox->lookahead)
        return 0;
    uint64_t until = whole - inbox->lookahead, ready = until - tick;
    for (size_t i = 0; i < inbox->gap_count; i++)
        ready -= overlap(inbox->gaps[i].first, inbox->lookahead, tick, until);
    return (size_t)ready;
}

bool bei_inbox_look(bei_inbox_t *inbox, uint64_t tick, bei_said_t *out)
{
    size_t passed = 0;
    while (passed < inbox->gap_count && inbox->gaps[passed].first + inbox->lookahead <= tick)
        passed++;
    if (passed)
        inbox->next = inbox->gaps[passed - 1].first + inbox->lookahead;
    inbox->gap_count -= passed;
    if (passed && inbox->gap_count)
        memmove(inbox->gaps, inbox->gaps + passed, inbox->gap_count * sizeof *inbox->gaps);
    const bei_gap_t *next = inbox->gap_count ? inbox->gaps : NULL;
    if (next && tick >= next->first)
        return false;
    bool ends = next && tick + 1 == next->first;
    *out = (bei_said_t){inbox->utterance - inbox->gap_count,
                        ends ? next->samples : BEI_TICK_SAMPLES, ends};
    return true;
}

void bei_inbox_shown(bei_inbox_t *inbox, uint64_t tick, const bei_said_t *what)
{
    inbox->next = tick + 1;
    inbox->out += what->samples;
}
