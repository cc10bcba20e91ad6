#include "session/inbox.h"

#include <string.h>

#include "audio/mel.h"
#include "base/error.h"
#include "base/memory.h"

void bei_inbox_init(bei_inbox_t *inbox, uint32_t lookahead)
{
    *inbox = (bei_inbox_t){.lookahead = lookahead};
}

void bei_inbox_free(bei_inbox_t *inbox)
{
    bei_resampler_destroy(inbox->resampler);
    bei_fifo_free(&inbox->fifo);
    bei_free(inbox->gaps);
    inbox->resampler = NULL;
    inbox->gaps = NULL;
}

void bei_inbox_clear(bei_inbox_t *inbox)
{
    bei_fifo_clear(&inbox->fifo);
    bei_resampler_destroy(inbox->resampler);
    inbox->resampler = NULL;
    inbox->unflushed = false;
    inbox->gap_count = 0;
}

static be_status into_fifo(void *user, const float *pcm, size_t n)
{
    return bei_fifo_push(user, pcm, n);
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

be_status bei_inbox_push(bei_inbox_t *inbox, const be_audio_chunk_t *chunk)
{
    if (chunk->frames == 0)
        return BE_OK;
    BEI_TRY(fit_resampler(inbox, chunk));
    BEI_TRY(bei_fifo_reserve(&inbox->fifo, bei_resampler_bound(inbox->resampler, chunk->frames)));
    inbox->unflushed = true;
    return bei_resampler_push(inbox->resampler, chunk->format, chunk->data, chunk->frames,
                              into_fifo, &inbox->fifo);
}

static be_status reserve_gap(bei_inbox_t *inbox)
{
    if (inbox->gap_count < inbox->gap_capacity)
        return BE_OK;
    size_t larger = inbox->gap_capacity ? 2 * inbox->gap_capacity : 8;
    uint64_t *grown =
        bei_realloc(inbox->gaps, inbox->gap_count * sizeof *grown, larger * sizeof *grown);
    if (!grown)
        return bei_error_set(BE_ERR_OUT_OF_MEMORY, "no memory for %zu utterances", larger);
    inbox->gaps = grown;
    inbox->gap_capacity = larger;
    return BE_OK;
}

be_status bei_inbox_flush(bei_inbox_t *inbox)
{
    if (!inbox->unflushed)
        return BE_OK;
    const size_t silence = (size_t)inbox->lookahead * BEI_TICK_SAMPLES;
    uint64_t most = bei_resampler_bound(inbox->resampler, 0) + BEI_TICK_SAMPLES + silence;
    BEI_TRY(reserve_gap(inbox));
    BEI_TRY(bei_fifo_reserve(&inbox->fifo, most));
    BEI_TRY(bei_resampler_drain(inbox->resampler, into_fifo, &inbox->fifo));
    size_t partial = (size_t)(inbox->fifo.pushed % BEI_TICK_SAMPLES);
    BEI_TRY(bei_fifo_push(&inbox->fifo, NULL, partial ? BEI_TICK_SAMPLES - partial : 0));
    inbox->gaps[inbox->gap_count++] = inbox->fifo.pushed / BEI_TICK_SAMPLES;
    BEI_TRY(bei_fifo_push(&inbox->fifo, NULL, silence));
    inbox->unflushed = false;
    return BE_OK;
}

/* How many ticks of [from, until) lie in the gap that begins at `gap`. */
static uint64_t overlap(uint64_t gap, uint64_t length, uint64_t from, uint64_t until)
{
    uint64_t first = gap > from ? gap : from;
    uint64_t last = gap + length < until ? gap + length : until;
    return last > first ? last - first : 0;
}

size_t bei_inbox_ready(const bei_inbox_t *inbox, uint64_t tick)
{
    uint64_t whole = inbox->fifo.pushed / BEI_TICK_SAMPLES;
    if (whole < tick + inbox->lookahead)
        return 0;
    uint64_t until = whole - inbox->lookahead, ready = until - tick;
    for (size_t i = 0; i < inbox->gap_count; i++)
        ready -= overlap(inbox->gaps[i], inbox->lookahead, tick, until);
    return (size_t)ready;
}

bool bei_inbox_in_gap(bei_inbox_t *inbox, uint64_t tick)
{
    size_t passed = 0;
    while (passed < inbox->gap_count && inbox->gaps[passed] + inbox->lookahead <= tick)
        passed++;
    inbox->gap_count -= passed;
    if (passed && inbox->gap_count)
        memmove(inbox->gaps, inbox->gaps + passed, inbox->gap_count * sizeof *inbox->gaps);
    return inbox->gap_count > 0 && tick >= inbox->gaps[0];
}
