#include "session/pace.h"

void bei_pace_init(bei_pace_t *pace, bool realtime, int64_t hold_us)
{
    *pace = (bei_pace_t){.realtime = realtime, .hold = hold_us};
}

void bei_pace_reset(bei_pace_t *pace)
{
    *pace =
        (bei_pace_t){.realtime = pace->realtime, .hold = pace->hold, .underruns = pace->underruns};
}

/* Nothing waits for audio any more: a schedule that stood still begins anew, a tick after the last frame at
 * the earliest. */
void bei_pace_interrupt(bei_pace_t *pace)
{
    if (pace->starved)
        pace->started = false;
    pace->open = pace->starved = false;
}

void bei_pace_set_hold(bei_pace_t *pace, int64_t hold_us)
{
    pace->hold = hold_us;
}

int64_t bei_pace_due(const bei_pace_t *pace, bool ready)
{
    if (!pace->realtime)
        return ready ? BEI_PACE_NOW : BEI_PACE_NEVER;
    if (!pace->started)
        return pace->given ? pace->last + BEI_PACE_TICK_US : BEI_PACE_NOW;
    if (pace->starved && ready)
        return pace->last + BEI_PACE_TICK_US;
    return pace->next;
}

enum bei_pace_kind bei_pace_choose(bei_pace_t *pace, int64_t now, bool ready)
{
    if (!pace->realtime)
        return ready ? BEI_PACE_SPEECH : BEI_PACE_NOTHING;
    if (now < bei_pace_due(pace, ready))
        return BEI_PACE_NOTHING;
    if (!pace->started) {
        pace->started = true;
        pace->next = now;
    }
    if (ready) {
        if (pace->starved)
            pace->next = now;
        pace->starved = false;
        return BEI_PACE_SPEECH;
    }
    if (!pace->open || pace->starved)
        return BEI_PACE_IDLE;
    pace->starved = true;
    pace->underruns++;
    pace->next += pace->hold;
    return now < pace->next ? BEI_PACE_NOTHING : BEI_PACE_IDLE;
}

int64_t bei_pace_given(bei_pace_t *pace, int64_t now, enum bei_pace_kind kind, bool ends)
{
    if (kind == BEI_PACE_SPEECH)
        pace->open = !ends;
    if (!pace->realtime)
        return 0;
    int64_t late = now - pace->next;
    pace->next = (late > BEI_PACE_SHIFT_US ? now : pace->next) + BEI_PACE_TICK_US;
    pace->last = now;
    pace->given = true;
    return late;
}
