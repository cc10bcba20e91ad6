/* Whole utterances: every frame to a callback, or to an MP4. */
#ifndef BEI_SESSION_RENDER_H
#define BEI_SESSION_RENDER_H

#include <stddef.h>

#include "essence.h"

be_status bei_render_pcm(be_runtime_t *runtime, const float *pcm, size_t n,
                         const be_compose_size_t *size, be_frame_callback *callback, void *user);

be_status bei_render_mp4(be_runtime_t *runtime, const char *audio, const be_compose_size_t *size,
                         const char *path, int crf);

/* x264's constant rate factor for a quality. */
int bei_render_crf(be_encoder_quality quality);

#endif
