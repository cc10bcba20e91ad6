/* The inside of a runtime, for the files of session/ that work on it.
 *
 * Three locks, from outer to inner: `in` for those that push, `out` for those that make frames, `lock`
 * for what both see, held for moments only. */
#ifndef BEI_SESSION_STREAM_H
#define BEI_SESSION_STREAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "auth/avatars.h"
#include "base/thread.h"
#include "picture/compositor.h"
#include "session/cursor.h"
#include "session/fixture.h"
#include "session/inbox.h"
#include "session/pace.h"
#include "session/pipeline.h"
#include "session/runtime.h"

struct be_runtime {
    be_fixture_t *fixture;
    uint32_t owner; /* the process that made it */
    be_pixel_format format;
    be_compose_size_t size;
    uint32_t flags; /* of be_stream_flag */
    bool metered;   /* frames need the right that `auth` stands for; NULL: the process's own */
    be_auth_t *auth;
    bei_auth_avatar_t *served; /* of a metered avatar: where its frames are counted */

    bei_mutex_t in; /* held by whoever pushes, flushes or drops */

    bei_mutex_t out; /* guards what follows */
    bei_pipeline_t pipeline;
    bei_compositor_t *compositor;
    bei_cursor_t cursor;
    uint64_t seen;      /* of `drops`, what the pipeline knows of */
    size_t padded_from; /* batch: the length when zeros were first heard beyond it, else 0 */
    bool held;          /* `tick` was taken out and not heard yet */
    float tick[BEI_TICK_SAMPLES];
    bool chosen; /* `mouth` is the next tick's, not yet shown */
    uint32_t mouth;
    bei_said_t said; /* what that tick is */
    be_stage_time_t composing, writing;

    bei_mutex_t lock; /* guards what follows */
    bei_cond_t changed;
    uint32_t inside; /* calls in progress */
    bool closing, stopped;
    bool batch; /* this stream takes whole buffers */
    bei_inbox_t inbox;
    be_stage_time_t resampling;
    bei_pace_t pace;
    uint64_t drops; /* times that all audio was dropped */
    bool muted;
    be_waiter_t *waiter;
    uint64_t utterance; /* shown last */
    uint64_t frames, speech_frames, utterances, interruptions, late_frames;
    int64_t max_late;
    atomic_llong due; /* written under the lock, read without */
};

/* After a change under the lock: computes when a frame is due, and wakes who waits for it. */
void bei_stream_changed(be_runtime_t *runtime);

/* BE_ERR_STOPPED once it was. Takes the lock. */
be_status bei_stream_check(be_runtime_t *runtime);

/* Whether a frame may be given: BE_ERR_NO_AUTH, BE_ERR_AUTH_FATAL of a metered avatar. */
be_status bei_stream_gate(const be_runtime_t *runtime);

/* For makers of frames, under `out`: forgets in the pipeline what was dropped since. Takes the lock. */
void bei_stream_catch_up(be_runtime_t *runtime);

/* Makes sure that the mouth of the next pushed tick is chosen; BE_ERR_AUDIO_FORMAT when no tick is ready.
 * Under `out`; kept until it is shown, so that a failed frame can be tried again. */
be_status bei_stream_choose(be_runtime_t *runtime);

/* The chosen tick was shown. Under `out` and the lock; false when it was dropped meanwhile. */
bool bei_stream_shown(be_runtime_t *runtime);

#endif
