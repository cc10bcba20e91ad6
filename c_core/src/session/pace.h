/* When frames are due and what they are: the clock of one stream. Plain arithmetic on times that the
 * caller brings, so that tests drive it.
 *
 * A REALTIME stream gives a frame every 40 ms on an absolute schedule. A caller who comes late by up to
 * SHIFT_US does not shift it; after that it begins anew. What plays the sound has run dry by then and
 * cannot catch up: frames that did would show the picture before the sound. Silent, it gives idle frames. In
 * mid-utterance it gives nothing but speech: where the audio runs out it holds still, because a picture
 * without its sound would move all sound behind it; only after the hold time it gives idle frames, and the
 * schedule begins anew with the sound that comes then. */
#ifndef BEI_SESSION_PACE_H
#define BEI_SESSION_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define BEI_PACE_TICK_US 40000
#define BEI_PACE_SHIFT_US 20000  /* later than this, the schedule begins anew */
#define BEI_PACE_NOW INT64_MIN   /* due whatever the time */
#define BEI_PACE_NEVER INT64_MAX /* not due before something happens */

enum bei_pace_kind { BEI_PACE_NOTHING, BEI_PACE_SPEECH, BEI_PACE_IDLE };

typedef struct bei_pace {
    bool realtime;
    int64_t hold; /* how long a starved utterance is waited for */
    bool started; /* `next` means something */
    bool open;    /* an utterance has begun and not ended */
    bool starved; /* it has run out of audio */
    int64_t next; /* when the next frame is due; starved: when the waiting ends */
    bool given;   /* a frame, once */
    int64_t last; /* when the last one was */
    uint64_t underruns;
} bei_pace_t;

void bei_pace_init(bei_pace_t *pace, bool realtime, int64_t hold_us);

/* As it was made, but for what was counted. */
void bei_pace_reset(bei_pace_t *pace);

/* The audio was dropped: no utterance is open, the schedule goes on. */
void bei_pace_interrupt(bei_pace_t *pace);

/* The hold time changed; one that runs already keeps its end. */
void bei_pace_set_hold(bei_pace_t *pace, int64_t hold_us);

/* When bei_pace_choose will give something; `ready`: a speech frame can be made. */
int64_t bei_pace_due(const bei_pace_t *pace, bool ready);

/* What is to be given at `now`. */
enum bei_pace_kind bei_pace_choose(bei_pace_t *pace, int64_t now, bool ready);

/* It was given; `ends`: it was the last frame of its utterance. Returns by how much it was late. */
int64_t bei_pace_given(bei_pace_t *pace, int64_t now, enum bei_pace_kind kind, bool ends);

#endif
