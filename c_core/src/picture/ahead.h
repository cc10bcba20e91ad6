/* Looks ahead of a stream: which source frames will follow the one shown now. */
#ifndef BEI_PICTURE_AHEAD_H
#define BEI_PICTURE_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

struct bei_scene;

/* What a stream did last. Zeros: nothing. */
typedef struct bei_ahead {
    uint32_t frame;
    bool backward; /* it plays the loop back, after playing it forth */
} bei_ahead_t;

/* Notes that the stream shows `frame` and has the pictures of those that follow decoded in time. Costs
 * nothing when all pictures are decoded anyway. */
void bei_ahead_follow(bei_ahead_t *ahead, const struct bei_scene *scene, uint32_t frame);

/* Has the pictures of `frame` and those that follow it decoded: for a stream that will go there, such as
 * into a clip. */
void bei_ahead_prepare(const struct bei_scene *scene, uint32_t frame);

#endif
