/* SPDX-License-Identifier: Apache-2.0
 *
 * essence.h - the public C interface of the essence talking-avatar engine.
 *
 * Audio goes in, lip-synced video frames come out, 25 a second, on the CPU, offline.
 *
 *     be_fixture_t *avatar = NULL;
 *     be_runtime_t *stream = NULL;
 *     be_fixture_load("me.imx", NULL, &avatar);
 *     be_runtime_create(avatar, NULL, &stream);
 *     be_runtime_push_audio(stream, pcm, n);                  (16 kHz mono float32, any n)
 *     be_runtime_flush(stream);                               (nothing more follows)
 *     while (be_runtime_pull_frame(stream, -1, bgr, capacity, &result) == BE_OK)
 *         show(bgr);
 *     be_runtime_destroy(stream);
 *     be_fixture_release(avatar);
 *
 * Conventions, true of every function unless its own text says otherwise:
 *   - A call that can fail returns be_status. BE_OK is 0. On failure the output parameters are
 *     untouched and be_last_error_message() gives one sentence for this thread.
 *   - Strings are UTF-8 and NUL-terminated. Pointers given to a call are borrowed for the call.
 *   - A tick is 640 samples of 16 kHz mono float32 in [-1, 1], 40 ms, and makes one frame.
 *   - A frame is packed BGR24, top row first, width * height * 3 bytes, no padding between rows.
 *   - Structs that begin with `abi_version` take 0 to 6 there (0 stands for 1); structs that begin
 *     with `struct_size` take sizeof the struct; a longer one must end in zeros. Set reserved fields to
 *     zero. 0 in a setting means "default".
 *   - Using a handle after it was destroyed or released is undefined, as in all of C. After a fork, a
 *     handle belongs to the parent: in the child every call refuses it, and releasing does nothing.
 *
 * Functions and layouts marked "ABI 1" to "ABI 6" never change. "Revision n" marks additions of this
 * engine, counted by be_abi_revision().
 */
#ifndef ESSENCE_H
#define ESSENCE_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#if defined(BE_BUILD)
#define BE_API __declspec(dllexport)
#elif defined(BE_STATIC)
#define BE_API
#else
#define BE_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define BE_API __attribute__((visibility("default")))
#else
#define BE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The ABI that this header describes, and the count of additions on top of it. */
#define BE_ABI_VERSION 6
#define BE_ABI_REVISION 1

/* ---------------------------------------------------------------- values */

/* What a call came to. ABI 1; NO_AUTH and AUTH_FATAL ABI 3; TIMEOUT and on Revision 1: only
 * calls of Revision 1, and calls on streams of be_runtime_open, return them. */
typedef enum be_status {
    BE_OK = 0,
    BE_ERR_INVALID_ARG = 1,       /* a NULL, a size or a value that the call does not take */
    BE_ERR_FILE_NOT_FOUND = 2,    /* the path does not exist or cannot be opened */
    BE_ERR_FILE_CORRUPT = 3,      /* the file is not an avatar of this engine, or is damaged */
    BE_ERR_MODEL_LOAD_FAILED = 4, /* the audio encoder cannot be run as asked */
    BE_ERR_OUT_OF_MEMORY = 5,
    BE_ERR_AUDIO_FORMAT = 6,     /* no frame is ready: push more audio (also: unusable audio) */
    BE_ERR_BUFFER_TOO_SMALL = 7, /* the frame does not fit into the caller's buffer */
    BE_ERR_INFERENCE_FAILED = 8, /* the audio encoder failed while running */
    BE_ERR_INTERNAL = 9,         /* a fault of the engine: please report it */
    BE_ERR_NOT_IMPLEMENTED = 10, /* this build cannot do it; the message says what would */
    BE_ERR_NO_AUTH = 11,         /* the avatar asks for authorisation that is absent for now */
    BE_ERR_AUTH_FATAL = 12,      /* authorisation was refused for good */
    BE_ERR_TIMEOUT = 13,         /* nothing was due in the time given: ask again */
    BE_ERR_QUEUE_FULL = 14,      /* more audio waits than the stream was opened for */
    BE_ERR_STOPPED = 15,         /* the stream or waiter was told to stop */
    BE_ERR_UNTRUSTED = 16 /* an avatar's signature is broken, unknown, or absent where needed */
} be_status;

/* Execution provider of the audio encoder. CPU is the canonical one: for the built-in encoder the
 * engine's own forward pass, which needs no other library and gives the same bits everywhere. The
 * others run by ONNX Runtime; AUTO takes the first of them that works, else CPU. ABI 1. */
typedef enum be_ep {
    BE_EP_CPU = 0,
    BE_EP_AUTO = 1,
    BE_EP_COREML = 2,
    BE_EP_NNAPI = 3,
    BE_EP_QNN = 4
} be_ep;

/* How much is logged; each level includes those before it. ABI 1. */
typedef enum be_log_level {
    BE_LOG_OFF = 0,
    BE_LOG_ERROR = 1,
    BE_LOG_WARN = 2,
    BE_LOG_INFO = 3,
    BE_LOG_DEBUG = 4
} be_log_level;

/* What be_runtime_capture reads; all float32. ABI 1. */
typedef enum be_diag_tap {
    BE_DIAG_MEL_COEFFS = 1,        /* 4 x 40: the log-mel frames of the tick */
    BE_DIAG_STFT_MAG = 2,          /* 4 x 257: the magnitudes of its spectra, bins of 31.25 Hz */
    BE_DIAG_ENCODER_LOGITS = 3,    /* 23: what the encoder gave for it */
    BE_DIAG_CLUSTER_DISTANCES = 4, /* cluster_count: weighted distances, openness = 1 */
    BE_DIAG_SHOWN_MOUTHS = 5       /* 3: its mouth, the one mixed into it, that one's share (0 to
                                    * 0.5; 0: the mouth alone). Revision 1. */
} be_diag_tap;

/* Quality of a video: x264 crf 28, 23 or 18. ABI 5. */
typedef enum be_encoder_quality {
    BE_ENCODER_LOW = 0,
    BE_ENCODER_MEDIUM = 1,
    BE_ENCODER_HIGH = 2
} be_encoder_quality;

/* Where authorisation stands. ABI 3; UNAUTHORIZED later. */
typedef enum be_auth_state {
    BE_AUTH_UNCONFIGURED = 0,
    BE_AUTH_AUTHENTICATING = 1,
    BE_AUTH_OK = 2,
    BE_AUTH_OFFLINE = 3,           /* beats fail; frames go on for the grace time */
    BE_AUTH_FATAL_BALANCE = 4,     /* HTTP 402 */
    BE_AUTH_FATAL_SUSPENDED = 5,   /* HTTP 403 */
    BE_AUTH_FATAL_UNAUTHORIZED = 6 /* HTTP 401 */
} be_auth_state;

/* How the samples of a be_audio_chunk_t are stored. Revision 1. */
typedef enum be_sample_format {
    BE_SAMPLE_S16 = 1, /* int16_t, full scale 32768 */
    BE_SAMPLE_F32 = 2  /* float, full scale 1.0 */
} be_sample_format;

/* How the pixels of a frame are stored; rows go from the top. I420 and NV12 are full range BT.601, as in
 * JPEG; their chroma planes have half the size, rounded up. Revision 1. */
typedef enum be_pixel_format {
    BE_PIXEL_BGR24 = 1,  /* one plane, 3 bytes a pixel: blue, green, red */
    BE_PIXEL_RGB24 = 2,  /* one plane: red, green, blue */
    BE_PIXEL_BGRA32 = 3, /* one plane, 4 bytes a pixel, alpha 255 */
    BE_PIXEL_I420 = 4,   /* planes Y, U, V: the engine's own format, which costs no conversion */
    BE_PIXEL_NV12 = 5    /* planes Y and interleaved U, V */
} be_pixel_format;

/* When frames are given. Revision 1. */
typedef enum be_pacing {
    BE_PACING_NONE = 1,    /* as soon as their audio is there; nothing while there is none */
    BE_PACING_REALTIME = 2 /* one every 40 ms of the clock, idle ones too; see be_runtime_pull */
} be_pacing;

/* When source pictures are decoded. Revision 1. */
typedef enum be_loading {
    BE_LOADING_ASYNC = 1,    /* by a worker, while the stream runs already: the default */
    BE_LOADING_SYNC = 2,     /* all before be_fixture_open returns */
    BE_LOADING_ON_DEMAND = 3 /* those about to be shown, ahead of need, in a bounded store */
} be_loading;

/* How decoded source pictures are kept. Revision 1. */
typedef enum be_storage {
    BE_STORAGE_MEMORY = 1,   /* decoded, in memory: the default */
    BE_STORAGE_JPEG = 2,     /* as in the file; decoded ones only in a bounded store */
    BE_STORAGE_TEMP_FILE = 3 /* decoded, in a temporary file that the system may page out */
} be_storage;

/* Whether the frames of an avatar need an authorisation: its manifest says so. Revision 1. */
typedef enum be_metering {
    BE_METERING_NONE = 0,      /* an open avatar: never */
    BE_METERING_HEARTBEAT = 1, /* they do */
    BE_METERING_LIFTED = 2 /* they would; BITHUMAN_UNMETERED=1 is set, and the manifest allows it */
} be_metering;

/* Bits of be_fixture_source_t.flags. Revision 1. */
typedef enum be_fixture_flag {
    BE_FIXTURE_STRICT_EP = 1, /* a provider that is not available is an error, not a fall-back */
    BE_FIXTURE_SIGNED = 2 /* an avatar without a trusted signature is an error, also an open one */
} be_fixture_flag;

/* Bits of be_stream_options_t.flags. Revision 1. */
typedef enum be_stream_flag {
    BE_STREAM_NO_IDLE_PICTURES = 1 /* idle frames come without a picture (width 0) */
} be_stream_flag;

/* Bits of be_frame_t.flags. Revision 1. */
typedef enum be_frame_flag {
    BE_FRAME_SPEECH = 1,        /* it has audio: samples is not 0; neither this nor IDLE: the end of
                                   an utterance without a sample */
    BE_FRAME_IDLE = 2,          /* it has none: the avatar waits */
    BE_FRAME_END_OF_SPEECH = 4, /* the last one of an utterance, see be_runtime_flush */
    BE_FRAME_ACTION = 8,        /* its source frame belongs to an action */
    BE_FRAME_MUTED = 16         /* see be_runtime_set_muted */
} be_frame_flag;

/* Bits of be_action_t.flags. Revision 1. */
typedef enum be_action_flag {
    BE_ACTION_IDLE = 1 /* made to be played at random moments while nobody speaks */
} be_action_flag;

/* Stages of be_stats_t. Revision 1. */
typedef enum be_stage {
    BE_STAGE_RESAMPLE = 0, /* per push: to 16 kHz mono */
    BE_STAGE_MEL = 1,      /* per tick: spectrum and log-mel */
    BE_STAGE_ENCODER = 2,  /* per tick: where the lips are */
    BE_STAGE_SELECT = 3,   /* per frame: which mouth */
    BE_STAGE_COMPOSE = 4,  /* per picture: source frame and mouth put together */
    BE_STAGE_OUTPUT = 5,   /* per picture: size and pixel format */
    BE_STAGE_COUNT = 6
} be_stage;

/* ---------------------------------------------------------------- handles */

/* An avatar: immutable, reference-counted, shared by any number of runtimes.
 * Thread-safety: all calls on it may come from any thread at any time. */
typedef struct be_fixture be_fixture_t;

/* One stream of audio to frames. It keeps its fixture alive.
 * Thread-safety: any thread at any time. Calls that push, calls that give frames and calls that
 * interrupt do not wait for each other's work; two calls that give frames take turns. */
typedef struct be_runtime be_runtime_t;

/* A set of streams to wait for together. Thread-safety: any thread at any time. Revision 1. */
typedef struct be_waiter be_waiter_t;

/* Somebody's right to metered avatars. Thread-safety: any thread at any time. Revision 1. */
typedef struct be_auth be_auth_t;

/* A video file being written.
 * Thread-safety: one thread at a time. */
typedef struct be_video_encoder be_video_encoder_t;

/* ---------------------------------------------------------------- structs */

/* Settings of be_fixture_load. ABI 1. */
typedef struct be_fixture_options {
    uint32_t abi_version;
    be_ep preferred_ep;        /* falls back to CPU, reported by be_fixture_info_t.active_ep */
    uint32_t intra_op_threads; /* of ONNX Runtime; 0 or 1 = the calling thread alone */
    uint32_t reserved[7];
} be_fixture_options_t;

/* What an avatar and its encoder are. ABI 1. */
typedef struct be_fixture_info {
    uint32_t audio_sample_rate;      /* Hz: 16000 */
    uint32_t audio_samples_per_tick; /* 640 */
    uint32_t mel_bins;               /* log-mel bands: 40 */
    uint32_t mel_frames_per_chunk;   /* log-mel frames per tick: 4 */
    uint32_t embedding_dim;          /* floats that the encoder gives per tick: 23 */
    uint32_t cluster_count;          /* mouths of the avatar, the rest mouth (0) included */
    be_ep active_ep;                 /* the provider that runs the encoder */
    uint32_t frame_width;            /* pixels */
    uint32_t frame_height;           /* pixels */
    uint32_t source_frame_count;     /* pictures in the avatar's loop */
    uint32_t reserved[5];
} be_fixture_info_t;

/* Settings of be_runtime_create. ABI 1. */
typedef struct be_runtime_options {
    uint32_t abi_version;
    uint32_t reserved[8];
} be_runtime_options_t;

/* What be_runtime_tick did. ABI 1. */
typedef struct be_tick_result {
    uint32_t cluster_idx;              /* mouth, 0 = at rest */
    uint32_t embedding_floats_written; /* 0 when embedding_out was NULL */
    uint32_t reserved[4];
} be_tick_result_t;

/* What a compose or pull did. ABI 1. */
typedef struct be_compose_result {
    uint32_t cluster_idx;    /* mouth, 0 = at rest: the frame equals the source frame bit for bit */
    uint32_t frame_idx_used; /* source frame; source_frame_count or more within an action */
    uint32_t bytes_written;  /* of the frame */
    uint32_t reserved[4];
} be_compose_result_t;

/* The size of the picture to make. The avatar is scaled with its aspect ratio kept, centred, and the
 * rest is filled. ABI 4. */
typedef struct be_compose_size {
    uint32_t target_width;  /* pixels, 1 .. 8192; both 0 = the avatar's own size */
    uint32_t target_height; /* pixels, 1 .. 8192 */
    uint8_t fill_b, fill_g, fill_r;
    uint8_t _pad; /* 0 */
} be_compose_size_t;

/* A piece of audio as its source made it. Revision 1. */
typedef struct be_audio_chunk {
    uint32_t struct_size;    /* sizeof(be_audio_chunk_t) */
    be_sample_format format; /* of each sample */
    uint32_t sample_rate;    /* Hz, 4000 .. 384000 */
    uint32_t channels;       /* 1 .. 32, interleaved; they are averaged */
    const void *data;        /* frames * channels samples; NULL only when frames is 0 */
    size_t frames;           /* samples per channel */
} be_audio_chunk_t;

/* Where an avatar comes from, and how it is kept. Revision 1. */
typedef struct be_fixture_source {
    uint32_t struct_size; /* sizeof(be_fixture_source_t) */
    uint32_t flags;       /* of be_fixture_flag */
    const char *path;     /* of the .imx file; with `data`, its name in messages (NULL: "memory") */
    const void *data;     /* NULL, or the file's bytes: copied during the call */
    size_t size;          /* of `data` in bytes */
    be_ep preferred_ep;
    uint32_t intra_op_threads; /* of ONNX Runtime; 0 or 1 = the calling thread alone, most 256 */
    be_loading loading;        /* 0 = BE_LOADING_ASYNC */
    be_storage storage;        /* 0 = BE_STORAGE_MEMORY */
    /* Bound of ON_DEMAND and JPEG, 8 .. 4096 MiB; 0 = 64. Raised to what one frame needs; of no effect
     * with TEMP_FILE. */
    uint32_t store_mb;
    uint32_t reserved; /* 0 */
    /* A PEM file of public keys (Ed25519), or a folder whose files *.pub are such, whose signatures are
     * believed; NULL: what the variable BITHUMAN_TRUSTED_KEYS names. */
    const char *trusted_keys;
} be_fixture_source_t;

/* What an avatar's signature vouches for. Its strings belong to the fixture. Revision 1. */
typedef struct be_seal {
    uint32_t struct_size; /* sizeof(be_seal_t), set by the caller */
    uint32_t is_signed;   /* 1: by a key that the host trusts; one that is not so is not loaded */
    const char *identity; /* what the avatar is called among programs */
    const char *issuer;   /* whose permission a metered one asks for; "" of an open one */
    const char *digest;   /* of the whole avatar, 64 hexadecimal digits; "" unless signed */
    const char *key;      /* which key signed, 32 hexadecimal digits; "" unless signed */
} be_seal_t;

/* Which execution provider runs the encoder, and why. Its strings belong to the fixture. Revision 1. */
typedef struct be_provider_report {
    uint32_t struct_size; /* sizeof(be_provider_report_t), set by the caller */
    be_ep asked;
    be_ep active;
    uint32_t reserved;
    const char *reason;  /* why providers tried before did not do; "" when the first one did */
    const char *runtime; /* what runs it: "built in", or such as "ONNX Runtime 1.23.2" */
} be_provider_report_t;

/* A clip of an avatar: frames of their own, played between two frames of its loop. Revision 1. */
typedef struct be_action {
    uint32_t struct_size; /* sizeof(be_action_t), set by the caller */
    uint32_t flags;       /* of be_action_flag */
    const char *name;     /* belongs to the fixture */
    uint32_t frame_count;
    uint32_t leave;  /* the loop's frame after which it begins */
    uint32_t rejoin; /* the loop's frame that follows it */
    uint32_t reserved;
} be_action_t;

/* Settings of be_runtime_open. Revision 1. */
typedef struct be_stream_options {
    uint32_t struct_size;         /* sizeof(be_stream_options_t) */
    be_pacing pacing;             /* 0 = BE_PACING_NONE */
    be_pixel_format pixel_format; /* of be_runtime_pull, be_runtime_poll; 0 = BE_PIXEL_BGR24 */
    be_compose_size_t size;       /* of their pictures; zeros = the avatar's own */
    uint32_t lookahead_ms;        /* sound known beyond a frame: 40, 80, 120, 160; 0 = 80 */
    uint32_t max_queued_ms;       /* sound that may wait, 1000 .. 7200000; 0 = 600000 */
    uint32_t starvation_ms;       /* see be_runtime_set_starvation; 0 = 400 */
    uint32_t flags;               /* of be_stream_flag */
    be_auth_t *auth;              /* kept alive; NULL = the one of be_auth_init */
} be_stream_options_t;

/* Where a picture is to be written: planes one after the other, without a gap. Revision 1. */
typedef struct be_buffer {
    uint32_t struct_size;   /* sizeof(be_buffer_t) */
    be_pixel_format format; /* 0 = the stream's */
    uint8_t *data;          /* the first plane */
    size_t capacity;        /* bytes; what would pad the last row is not needed */
    /* Bytes from row to row of the first plane, at most 16 MiB; 0 = no padding. The chroma planes of
     * I420 have (stride + 1) / 2, that of NV12 twice this. */
    uint32_t stride;
    uint32_t reserved; /* 0 */
} be_buffer_t;

/* Where the lips are: what the encoder heard, before a mouth was chosen. Part of be_frame_t.
 * Revision 1. */
typedef struct be_mouth {
    float openness;     /* 0: the lips touch .. 1: as wide as in a clear "ah" */
    float width;        /* -1: rounded .. 0: at rest .. 1: spread */
    float protrusion;   /* 0: flat .. 1: pushed forward */
    float closure;      /* 0 .. 1: probability that they are shut for p, b, m */
    float labiodental;  /* 0 .. 1: the lower lip at the upper teeth, f and v */
    float teeth;        /* 0 .. 1: teeth show */
    float tongue;       /* 0 .. 1: the tongue shows */
    float speech;       /* 0 .. 1: somebody speaks */
    float viseme[15];   /* probabilities of sil PP FF TH DD kk CH SS nn RR aa E ih oh ou */
    uint32_t strongest; /* of them; 0 = sil */
} be_mouth_t;

/* One frame: 40 ms of picture, sound and what belongs to them.
 *
 * What its pointers show belongs to the stream, must not be written to, and is valid until the next frame is
 * asked for or the stream is destroyed; planes point into the caller's buffer when one was given.
 * Revision 1. */
typedef struct be_frame {
    uint32_t struct_size; /* sizeof(be_frame_t), set by the caller */
    uint32_t flags;       /* of be_frame_flag */
    be_pixel_format format;
    uint32_t width, height;  /* pixels; 0 when it has no picture */
    uint32_t stride[3];      /* bytes from row to row, none behind the last; 0: no such plane */
    const uint8_t *plane[3]; /* NULL: no such plane */
    uint32_t cluster_idx;    /* mouth, 0 = at rest */
    uint32_t frame_idx_used; /* source frame */
    uint64_t index;          /* frames given before it on this stream */
    int64_t timestamp_us;    /* when it was due on the stream's clock; unpaced: 40000 * index */
    uint64_t utterance;      /* see be_runtime_get_utterance; the last one shown if idle */
    uint64_t position;       /* samples of 16 kHz given before it on this stream */
    const int16_t *pcm;      /* its sound, 16 kHz mono, full scale 32768; NULL when idle */
    uint32_t samples;        /* of it: 640, fewer only at the end of an utterance, 0 when idle */
    uint32_t reserved;
    be_mouth_t mouth; /* zeros when idle */
} be_frame_t;

/* What one stage has cost on a stream. Part of be_stats_t. Revision 1. */
typedef struct be_stage_time {
    uint64_t count;
    uint64_t total_ns;
    uint64_t max_ns;
} be_stage_time_t;

/* What a stream has done since it was opened. Samples are of 16 kHz. Revision 1. */
typedef struct be_stats {
    uint32_t struct_size;     /* sizeof(be_stats_t), set by the caller */
    uint32_t stage_count;     /* BE_STAGE_COUNT of the library */
    uint64_t frames;          /* given, of all kinds */
    uint64_t speech_frames;   /* of them, with sound */
    uint64_t samples_in;      /* pushed */
    uint64_t samples_out;     /* given with frames */
    uint64_t samples_queued;  /* waiting now */
    uint64_t samples_dropped; /* by interruptions and resets */
    uint64_t utterances;      /* given to their end */
    uint64_t interruptions;   /* that dropped something */
    uint64_t underruns;       /* times that sound ran out in mid-utterance */
    uint64_t late_frames;     /* asked for more than 40 ms after they were due */
    int64_t max_late_us;      /* the worst of them */
    be_stage_time_t stage[8]; /* by be_stage; the rest is 0 */
} be_stats_t;

/* Settings of be_auth_init. ABI 3. */
typedef struct be_auth_config {
    uint32_t abi_version;
    const char *api_secret;
    const char *billing_type;
    const char *tags;
    const char *fingerprint;       /* exactly 32 characters, or NULL */
    const char *endpoint_url;      /* where heartbeats go; NULL = none, and then nobody is asked */
    int32_t interval_seconds;      /* between heartbeats, at most 3600; 0 = 60 */
    int32_t offline_grace_seconds; /* at most a week; 0 = 300 */
} be_auth_config_t;

/* Bits of be_auth_options_t.flags. Revision 1. */
typedef enum be_auth_flag {
    BE_AUTH_INSECURE = 1 /* the issuer's certificate is not looked at: for avatars that allow it */
} be_auth_flag;

/* Settings of be_auth_context_open. api_secret and token are at most 1024 and 8192 visible ASCII characters,
 * the other texts at most 1024 bytes without control characters. Revision 1. */
typedef struct be_auth_options {
    uint32_t struct_size;       /* sizeof(be_auth_options_t) */
    uint32_t flags;             /* of be_auth_flag; 0 in be_auth_context_update */
    const char *endpoint_url;   /* where heartbeats go: https, or http to this machine itself */
    const char *api_secret;     /* sent there and nowhere else; NULL = the token alone */
    const char *token;          /* sent instead of the secret while it is good; NULL = none yet */
    const char *fingerprint;    /* exactly 32 characters that name the machine; NULL = not told */
    const char *tags;           /* such as "kiosk;agent=A1"; NULL = not told */
    const char *billing_type;   /* NULL = not told */
    const char *transaction_id; /* of the conversation; NULL = not told */
    int32_t interval_seconds;   /* between heartbeats, at most 3600; 0 = 60 */
    int32_t offline_grace_seconds; /* at most a week; 0 = 300 */
} be_auth_options_t;

/* Where a right stands. Revision 1. */
typedef struct be_auth_info {
    uint32_t struct_size; /* sizeof(be_auth_info_t), set by the caller */
    be_auth_state state;
    uint32_t running;      /* 1: the heartbeat's thread is there */
    uint32_t failures;     /* beats that failed since the last good one */
    uint64_t beats;        /* good ones */
    uint64_t frames;       /* of metered avatars, given */
    int64_t token_expires; /* of the token, seconds since 1970; 0 = not known */
    int64_t allowed_us;    /* for how long frames may be given without another good beat */
} be_auth_info_t;

/* Receives one composed frame of be_session_render_pcm: its number, its mouth, its source frame, and
 * width * height * 3 bytes that belong to the library and are reused. A non-zero return stops the
 * rendering. It must not call back into the same runtime. ABI 5. */
typedef int be_frame_callback(uint32_t frame_idx, uint32_t cluster_idx, uint32_t frame_idx_used,
                              const uint8_t *bgr, uint32_t width, uint32_t height, void *user);

/* Receives one log line (no newline). May be called from any thread, with the library's locks held: it
 * must not wait for a thread that is in the library, nor call back other than be_set_log_callback.
 * ABI 1. */
typedef void be_log_fn(be_log_level level, const char *message, void *user);

/* ---------------------------------------------------------------- library */

/* Version of the library, such as "0.1.0". Static storage. Any thread. ABI 1. */
BE_API const char *be_library_version(void);

/* BE_ABI_VERSION of the library: 6. Any thread. ABI 1. */
BE_API uint32_t be_abi_version(void);

/* How many rounds of additions the library has on top of the ABI version. Any thread. Revision 1. */
BE_API uint32_t be_abi_revision(void);

/* The sentence of the last failed call on this thread, "" when none has failed. Owned by the
 * library, valid until the next call on this thread. ABI 1. */
BE_API const char *be_last_error_message(void);

/* Sends log lines of `level` and graver to `sink`, with `user` handed through; NULL turns logging
 * off, which is the default. Process-wide; any thread. When it returns, no other thread is in the old
 * sink any more. ABI 1. */
BE_API void be_set_log_callback(be_log_fn *sink, void *user, be_log_level level);

/* Names ONNX Runtime's shared library (UTF-8 path, copied), in place of BITHUMAN_ORT_LIBRARY and the
 * system's search; NULL takes that back. It is opened when the first avatar needs it: one that asks for
 * another provider than the CPU, brings an encoder of its own, or BITHUMAN_ENCODER=onnxruntime. BE_ERR_INVALID_ARG when the
 * path is too long or another library is loaded already. Any thread. Revision 1. */
BE_API be_status be_set_onnxruntime_library(const char *path);

/* ---------------------------------------------------------------- avatars */

/* Loads an avatar file.
 *
 * imx_path  path of the .imx file.
 * options   NULL = defaults.
 * out       receives a handle with one reference, to be given to be_fixture_release.
 *
 * The file is read into memory once and closed; loading the same bytes twice in a process shares them.
 * Source pictures are decoded on a worker thread: those of the first frame, the mouths, then frame by
 * frame. The first frame does not wait for the last.
 *
 * The file is untrusted. One that brings an audio encoder of its own is refused, because a model may
 * take any amount of time and memory, unless BITHUMAN_ALLOW_FOREIGN_ENCODER is set. A signature that is
 * there must be good and of a key that the host trusts (BITHUMAN_TRUSTED_KEYS), and a metered avatar must
 * have one.
 *
 * BE_ERR_INVALID_ARG, BE_ERR_FILE_NOT_FOUND, BE_ERR_FILE_CORRUPT (also for another engine's container
 * with the same extension), BE_ERR_UNTRUSTED, BE_ERR_MODEL_LOAD_FAILED (ONNX Runtime is needed and missing or too old: the
 * message says what to install or to set; BITHUMAN_ORT_LIBRARY names the library), BE_ERR_OUT_OF_MEMORY. Any
 * thread. ABI 1. */
BE_API be_status be_fixture_load(const char *imx_path, const be_fixture_options_t *options,
                                 be_fixture_t **out);

/* be_fixture_load with all settings, also from memory. Loading the same bytes with other settings of
 * loading or storage gives a store of its own.
 *
 * BE_ERR_INVALID_ARG (no path and no data, an unknown value); BE_ERR_MODEL_LOAD_FAILED also when the
 * provider is not available and BE_FIXTURE_STRICT_EP is set; BE_ERR_UNTRUSTED; BE_ERR_FILE_CORRUPT with BE_LOADING_SYNC also
 * for a picture that cannot be decoded; BE_ERR_FILE_NOT_FOUND also when no temporary file can be made in
 * TMPDIR, BE_ERR_OUT_OF_MEMORY when its disk is full. Other errors as be_fixture_load. Any thread.
 * Revision 1. */
BE_API be_status be_fixture_open(const be_fixture_source_t *source, be_fixture_t **out);

/* Whether its frames need an authorisation; BE_METERING_NONE for NULL. Any thread. Revision 1. */
BE_API be_metering be_fixture_get_metering(const be_fixture_t *fixture);

/* Who signed it, and what its issuer knows it by. BE_ERR_INVALID_ARG. Any thread. Revision 1. */
BE_API be_status be_fixture_get_seal(const be_fixture_t *fixture, be_seal_t *out);

/* Describes an avatar. BE_ERR_INVALID_ARG on NULL. Any thread. ABI 1. */
BE_API be_status be_fixture_get_info(const be_fixture_t *fixture, be_fixture_info_t *out);

/* How much audio after a tick must be known before its frame can be made, in samples of 16 kHz; 0 for
 * NULL. Any thread. Revision 1. */
BE_API size_t be_fixture_get_lookahead(const be_fixture_t *fixture);

/* Which provider runs the encoder, and why. BE_ERR_INVALID_ARG. Any thread. Revision 1. */
BE_API be_status be_fixture_get_provider(const be_fixture_t *fixture, be_provider_report_t *out);

/* How many actions the avatar has; 0 for NULL. Any thread. Revision 1. */
BE_API uint32_t be_fixture_get_action_count(const be_fixture_t *fixture);

/* Describes action `index`, from 0. BE_ERR_INVALID_ARG. Any thread. Revision 1. */
BE_API be_status be_fixture_get_action(const be_fixture_t *fixture, uint32_t index,
                                       be_action_t *out);

/* Signs, for those who make avatar files: docs/imx.md says what (Ed25519, RFC 8032).
 *
 * seed        32 bytes: the private key.
 * message     `size` bytes.
 * public_key  receives 32 bytes.
 * signature   receives 64 bytes.
 *
 * No copy of the key is left in the library's memory. BE_ERR_INVALID_ARG. Any thread. Revision 1. */
BE_API be_status be_sign(const uint8_t *seed, const void *message, size_t size, uint8_t *public_key,
                         uint8_t *signature);

/* Adds a reference. NULL is allowed. Any thread. ABI 1. */
BE_API void be_fixture_retain(be_fixture_t *fixture);

/* Drops a reference; the last one frees the avatar. NULL is allowed. Any thread. ABI 1. */
BE_API void be_fixture_release(be_fixture_t *fixture);

/* ---------------------------------------------------------------- streams */

/* Opens a stream on an avatar, at the first source frame, with nothing heard. options: NULL =
 * defaults. *out is given to be_runtime_destroy. BE_ERR_INVALID_ARG, BE_ERR_MODEL_LOAD_FAILED,
 * BE_ERR_OUT_OF_MEMORY. Any thread. ABI 1. */
BE_API be_status be_runtime_create(be_fixture_t *fixture, const be_runtime_options_t *options,
                                   be_runtime_t **out);

/* be_runtime_create with settings; NULL = defaults. BE_ERR_INVALID_ARG, BE_ERR_MODEL_LOAD_FAILED,
 * BE_ERR_UNTRUSTED (its right has BE_AUTH_INSECURE, which the avatar does not allow), BE_ERR_OUT_OF_MEMORY. Any
 * thread. Revision 1. */
BE_API be_status be_runtime_open(be_fixture_t *fixture, const be_stream_options_t *options,
                                 be_runtime_t **out);

/* Ends a stream and frees it. NULL is allowed. Calls that are in progress on other threads end with
 * BE_ERR_STOPPED and are waited for; a call that begins later is use after free, which nobody can check.
 * It leaves its waiter. Any thread, but not a log callback. ABI 1. */
BE_API void be_runtime_destroy(be_runtime_t *runtime);

/* Batch: advances by one tick without a picture.
 *
 * pcm, n           the whole utterance, the same in every call; the runtime keeps the cursor. Zeros are
 *                  assumed beyond its end.
 * embedding_out    NULL, or room for capacity_floats floats: the encoder's outputs for this tick.
 * out              may be NULL.
 *
 * n samples give n / 640 ticks; after the last one BE_ERR_AUDIO_FORMAT. Batch and streaming calls give
 * the same result bit for bit, but one stream uses either: be_runtime_reset_stream comes between. The
 * cursor of source frames stays where it is.
 * BE_ERR_INVALID_ARG (also a buffer whose length changed after its end was heard), BE_ERR_BUFFER_TOO_SMALL
 * (embedding_out), BE_ERR_INFERENCE_FAILED, BE_ERR_NO_AUTH, BE_ERR_AUTH_FATAL (a metered avatar),
 * BE_ERR_OUT_OF_MEMORY. ABI 1. */
BE_API be_status be_runtime_tick(be_runtime_t *runtime, const float *pcm, size_t n,
                                 float *embedding_out, size_t capacity_floats,
                                 be_tick_result_t *out);

/* Batch: advances by one tick and composes its frame.
 *
 * pcm, n          as in be_runtime_tick.
 * frame_idx_hint  source frame to show (taken modulo the count); < 0 = the runtime's own cursor, which
 *                 loops through the avatar's frames.
 * bgr, capacity   the caller's buffer, at least frame_width * frame_height * 3 bytes.
 * out             may be NULL.
 *
 * A failed call consumes nothing. Errors as be_runtime_tick; BE_ERR_BUFFER_TOO_SMALL (bgr);
 * BE_ERR_FILE_CORRUPT (a picture in the avatar cannot be decoded: the stream stays at this tick; another
 * hint may help, or be_runtime_reset_stream). ABI 1. */
BE_API be_status be_runtime_tick_compose(be_runtime_t *runtime, const float *pcm, size_t n,
                                         int32_t frame_idx_hint, uint8_t *bgr, size_t capacity,
                                         be_compose_result_t *out);

/* be_runtime_tick_compose at another size: NULL or zeros = the avatar's own. The buffer holds at least
 * target_width * target_height * 3 bytes. A call whose size differs from the last one's allocates.
 * ABI 4. */
BE_API be_status be_runtime_tick_compose_to_size(be_runtime_t *runtime, const float *pcm, size_t n,
                                                 int32_t frame_idx_hint,
                                                 const be_compose_size_t *size, uint8_t *bgr,
                                                 size_t capacity, be_compose_result_t *out);

/* Streaming: appends audio, 16 kHz mono float32 in [-1, 1], any n, in O(n); the samples are copied.
 * All or nothing. BE_ERR_INVALID_ARG (NULL with n > 0), BE_ERR_AUDIO_FORMAT (another rate was pushed
 * and not flushed), BE_ERR_OUT_OF_MEMORY; on a stream of be_runtime_open also BE_ERR_QUEUE_FULL (more than
 * max_queued_ms would wait) and BE_ERR_STOPPED. Any thread. ABI 6. */
BE_API be_status be_runtime_push_audio(be_runtime_t *runtime, const float *pcm, size_t n);

/* Streaming: appends audio at any rate and channel count; it is averaged to mono and resampled to 16 kHz
 * as it comes; the filter holds back 5 ms (10 at 8 kHz, 20 at 4 kHz) until more comes. All or nothing. The
 * rate may change only after a flush, the channels at any time. BE_ERR_INVALID_ARG, BE_ERR_AUDIO_FORMAT
 * (rate or channels out of range, or the rate changed in mid-stream), BE_ERR_QUEUE_FULL (more than
 * max_queued_ms would wait; never on a stream of be_runtime_create), BE_ERR_STOPPED, BE_ERR_OUT_OF_MEMORY.
 * Any thread. Revision 1. */
BE_API be_status be_runtime_push_chunk(be_runtime_t *runtime, const be_audio_chunk_t *chunk);

/* Streaming: nothing more follows for now. Drains the resampler and pads with silence so that every
 * pushed sample can be pulled: n samples give ceil(n / 640) frames. A later push begins with a frame of
 * its own. Without new audio since the last flush nothing happens. All or nothing. BE_ERR_INVALID_ARG,
 * BE_ERR_OUT_OF_MEMORY. Revision 1. */
BE_API be_status be_runtime_flush(be_runtime_t *runtime);

/* Streaming: composes the next frame; arguments as in be_runtime_tick_compose. Tick k can be pulled once
 * 640 * (k + 1) samples plus the lookahead (be_fixture_get_lookahead; 1280 samples, 80 ms, with the
 * built-in encoder) have been pushed, or after a flush.
 * BE_ERR_AUDIO_FORMAT when no frame is ready: the normal answer that asks for more audio. Other errors
 * as be_runtime_tick_compose. ABI 6. */
BE_API be_status be_runtime_pull_frame(be_runtime_t *runtime, int32_t frame_idx_hint, uint8_t *bgr,
                                       size_t capacity, be_compose_result_t *out);

/* be_runtime_pull_frame at another size; see be_runtime_tick_compose_to_size. Revision 1. */
BE_API be_status be_runtime_pull_frame_to_size(be_runtime_t *runtime, int32_t frame_idx_hint,
                                               const be_compose_size_t *size, uint8_t *bgr,
                                               size_t capacity, be_compose_result_t *out);

/* A source frame as it is, without a mouth, without audio. The cursor advances when frame_idx_hint is
 * negative. size as in be_runtime_tick_compose_to_size. Errors: as there, without the audio's. Revision 1. */
BE_API be_status be_runtime_get_source_frame(be_runtime_t *runtime, int32_t frame_idx_hint,
                                             const be_compose_size_t *size, uint8_t *bgr,
                                             size_t capacity, be_compose_result_t *out);

/* Gives the next frame, waiting up to timeout_us (0: not at all; negative: without end).
 *
 * into   NULL: a borrowed view (for I420 in the avatar's own size it is the canvas itself, without a copy);
 *        else where to write the picture.
 * out    receives the frame; struct_size set by the caller.
 *
 * A stream without pacing gives a frame as soon as its audio and lookahead are there. A REALTIME one gives
 * a frame every 40 ms of be_clock_us, on an absolute schedule that begins with the first call:
 *   - silent, it gives idle frames; lips that were open close in at most 160 ms;
 *   - audio that was pushed is shown from the next due frame on; sound and picture come together;
 *   - a caller that comes late by up to 20 ms does not shift the schedule; after that it begins anew, because
 *     what plays the sound has run dry by then: frames never come in a burst, and nothing is lost;
 *   - where audio runs out in mid-utterance, nothing comes for the starvation time, then idle frames, the
 *     utterance still open; new audio begins the schedule anew.
 * BE_ERR_TIMEOUT, BE_ERR_STOPPED, BE_ERR_INVALID_ARG, BE_ERR_BUFFER_TOO_SMALL, BE_ERR_INFERENCE_FAILED,
 * BE_ERR_FILE_CORRUPT, BE_ERR_OUT_OF_MEMORY, BE_ERR_NO_AUTH, BE_ERR_AUTH_FATAL. A failed call consumes nothing.
 * Any thread. Revision 1. */
BE_API be_status be_runtime_pull(be_runtime_t *runtime, int64_t timeout_us, const be_buffer_t *into,
                                 be_frame_t *out);

/* be_runtime_pull without waiting, on the caller's own clock: now_us counts microseconds from anywhere and
 * never goes back. BE_ERR_TIMEOUT when no frame is due. A stream is driven by one clock only: this or
 * be_runtime_pull's. Any thread. Revision 1. */
BE_API be_status be_runtime_poll(be_runtime_t *runtime, int64_t now_us, const be_buffer_t *into,
                                 be_frame_t *out);

/* When the next frame is due: a time on the stream's clock, INT64_MIN for now, INT64_MAX when there is
 * none without more audio (and for NULL). Any thread. Revision 1. */
BE_API int64_t be_runtime_next_due(const be_runtime_t *runtime);

/* The clock of be_runtime_pull and be_waiter_wait, in microseconds: steady, from an arbitrary start. Any
 * thread. Revision 1. */
BE_API int64_t be_clock_us(void);

/* Drops all audio that was not shown, the utterance that is open included, whose end is then never
 * reported; a push that runs gives up. No frame of it is made after this; one that another thread is just
 * being given belongs to an earlier utterance than be_runtime_get_utterance says. The lips close by themselves. Source
 * frames, pacing and utterance numbers go on. BE_ERR_INVALID_ARG. Any thread. Revision 1. */
BE_API be_status be_runtime_interrupt(be_runtime_t *runtime);

/* Ends the stream for good: pulls that wait and all later calls that push or give frames return
 * BE_ERR_STOPPED. NULL is allowed. Any thread. Revision 1. */
BE_API void be_runtime_stop(be_runtime_t *runtime);

/* The number of the utterance that the next push belongs to, from 0: it counts on with each flush that
 * ended one and each interruption that dropped one. 0 for NULL. Any thread. Revision 1. */
BE_API uint64_t be_runtime_get_utterance(const be_runtime_t *runtime);

/* Plays an action once, from the loop's frame after which it fits (at_once 0) or from the next frame on
 * (1); it replaces one that waits. NULL takes one that waits back. BE_ERR_INVALID_ARG when the avatar has
 * none of this name. Any thread. Revision 1. */
BE_API be_status be_runtime_play_action(be_runtime_t *runtime, const char *name, uint32_t at_once);

/* Muted (not 0), audio is consumed as ever, but frames have silence instead of it and the mouth at rest.
 * BE_ERR_INVALID_ARG. Any thread. Revision 1. */
BE_API be_status be_runtime_set_muted(be_runtime_t *runtime, uint32_t muted);

/* How long a REALTIME stream waits for audio in mid-utterance before it gives idle frames: 1 ms .. 1 hour,
 * 0 = 400 ms. BE_ERR_INVALID_ARG. Any thread. Revision 1. */
BE_API be_status be_runtime_set_starvation(be_runtime_t *runtime, uint32_t milliseconds);

/* What the stream has done. BE_ERR_INVALID_ARG. Any thread. Revision 1. */
BE_API be_status be_runtime_get_stats(be_runtime_t *runtime, be_stats_t *out);

/* How many frames can be pulled now. 0 for NULL. ABI 6. */
BE_API size_t be_runtime_ticks_available(const be_runtime_t *runtime);

/* Reads an inner value of the tick that was given last, for diagnosis; in every build.
 *
 * buf, capacity_bytes   receives the tap's floats (see be_diag_tap for shapes).
 * bytes_written         may be NULL.
 *
 * BE_ERR_INVALID_ARG (also for an unknown tap), BE_ERR_AUDIO_FORMAT when no tick was given yet,
 * BE_ERR_BUFFER_TOO_SMALL. ABI 1. */
BE_API be_status be_runtime_capture(be_runtime_t *runtime, be_diag_tap tap, void *buf,
                                    size_t capacity_bytes, size_t *bytes_written);

/* Forgets all audio and starts anew, at the first source frame. NULL is allowed. ABI 6. */
BE_API void be_runtime_reset_stream(be_runtime_t *runtime);

/* ---------------------------------------------------------------- many streams */

/* Makes a set of streams that one thread, or a few, can wait for. *out is given to be_waiter_destroy.
 * BE_ERR_OUT_OF_MEMORY, BE_ERR_INVALID_ARG. Any thread. Revision 1. */
BE_API be_status be_waiter_create(be_waiter_t **out);

/* Frees a set; its streams go on without it. Threads that wait in it end with BE_ERR_STOPPED and are
 * waited for. NULL is allowed. Any thread. Revision 1. */
BE_API void be_waiter_destroy(be_waiter_t *waiter);

/* Puts a stream into the set, not armed, under a tag of the caller's. A stream is in one set at most.
 * BE_ERR_INVALID_ARG, BE_ERR_OUT_OF_MEMORY. Any thread. Revision 1. */
BE_API be_status be_waiter_add(be_waiter_t *waiter, be_runtime_t *runtime, uint64_t tag);

/* Takes a stream out. Its tag is not reported any more once this returns. BE_ERR_INVALID_ARG when it is not in
 * the set. Any thread. Revision 1. */
BE_API be_status be_waiter_remove(be_waiter_t *waiter, be_runtime_t *runtime);

/* Asks to be told once when the stream has a frame due, has failed or was stopped. A pull may still give
 * BE_ERR_TIMEOUT then (where audio has run out): arm again. After BE_ERR_NO_AUTH wait a while before. BE_ERR_INVALID_ARG when it is
 * not in the set. Any thread. Revision 1. */
BE_API be_status be_waiter_arm(be_waiter_t *waiter, be_runtime_t *runtime);

/* Waits up to timeout_us (negative: without end) until armed streams are due. They are reported to one
 * thread, once, the longest due first, and are not armed any more.
 *
 * tags, capacity   receives the tags of up to `capacity` (at least 1) streams.
 * count            receives their number, 1 or more.
 *
 * BE_ERR_TIMEOUT, BE_ERR_STOPPED (be_waiter_stop), BE_ERR_INVALID_ARG. Any thread. Revision 1. */
BE_API be_status be_waiter_wait(be_waiter_t *waiter, int64_t timeout_us, uint64_t *tags,
                                size_t capacity, size_t *count);

/* Ends the set for good: every wait returns BE_ERR_STOPPED. NULL is allowed. Any thread. Revision 1. */
BE_API void be_waiter_stop(be_waiter_t *waiter);

/* ---------------------------------------------------------------- sound files */

/* Decodes a sound file to 16 kHz mono float32: channels are averaged, any rate is resampled. WAV always;
 * FLAC, OGG, MP3 and others where libsndfile is found at run time (BITHUMAN_SNDFILE_LIBRARY names it).
 * *pcm is freed by be_audio_free. BE_ERR_INVALID_ARG, BE_ERR_FILE_NOT_FOUND, BE_ERR_AUDIO_FORMAT,
 * BE_ERR_OUT_OF_MEMORY. Any thread. ABI 5. */
BE_API be_status be_audio_decode_file(const char *path, float **pcm, size_t *samples);

/* be_audio_decode_file over the bytes of a file. ABI 5. */
BE_API be_status be_audio_decode_bytes(const uint8_t *data, size_t n, float **pcm, size_t *samples);

/* Frees what a decode gave. NULL is allowed. Any thread. ABI 5. */
BE_API void be_audio_free(float *pcm);

/* ---------------------------------------------------------------- whole utterances */

/* Renders an utterance from the first source frame on and hands every frame to `callback`. n samples
 * give ceil(n / 640) frames: the tail is padded with zeros to one tick. The stream is reset before and
 * after. A callback that returns non-zero ends it with BE_OK. size: NULL = the avatar's own. Errors as
 * be_runtime_tick_compose_to_size. ABI 5. */
BE_API be_status be_session_render_pcm(be_runtime_t *runtime, const float *pcm, size_t n,
                                       const be_compose_size_t *size, be_frame_callback *callback,
                                       void *user);

/* Renders a sound file to an MP4 with that sound. audio_src as be_audio_decode_file, out_mp4 and quality
 * as be_video_encoder_open; an odd target side is refused. The file appears under its name when it is
 * complete. Errors of all of these. ABI 5. */
BE_API be_status be_session_record_mp4(be_runtime_t *runtime, const char *audio_src,
                                       const be_compose_size_t *size, const char *out_mp4,
                                       be_encoder_quality quality);

/* ---------------------------------------------------------------- video files */

/* Begins an MP4 (H.264 by x264, yuv420p, BT.709; faststart) at `path`: width and height even, 16 .. 8192;
 * fps 1 .. 240. It is written beside its name and renamed by be_video_encoder_close.
 * BE_ERR_NOT_IMPLEMENTED when the library was built without FFmpeg, or cannot open its libraries (the message
 * says how to get them), BE_ERR_INVALID_ARG, BE_ERR_FILE_NOT_FOUND (cannot be written),
 * BE_ERR_OUT_OF_MEMORY, BE_ERR_INTERNAL. Any thread. ABI 5. */
BE_API be_status be_video_encoder_open(const char *path, uint32_t width, uint32_t height,
                                       uint32_t fps, be_encoder_quality quality,
                                       be_video_encoder_t **out);

/* Appends one packed BGR24 frame. BE_ERR_BUFFER_TOO_SMALL when n is not width * height * 3;
 * BE_ERR_INVALID_ARG, BE_ERR_OUT_OF_MEMORY, BE_ERR_INTERNAL. ABI 5. */
BE_API be_status be_video_encoder_write_frame(be_video_encoder_t *encoder, const uint8_t *bgr,
                                              size_t n);

/* Gives the video its sound (AAC), cut or padded to its length: after the last frame, before close.
 * audio_src as be_audio_decode_file, kept at its own rate and in mono or stereo; NULL = none. Errors as
 * there. ABI 5. */
BE_API be_status be_video_encoder_attach_audio(be_video_encoder_t *encoder, const char *audio_src);

/* Completes the file under its name and frees the encoder, whatever the result; after a failure nothing
 * is left. BE_ERR_INVALID_ARG, BE_ERR_FILE_NOT_FOUND (cannot be written), BE_ERR_OUT_OF_MEMORY,
 * BE_ERR_INTERNAL. ABI 5. */
BE_API be_status be_video_encoder_close(be_video_encoder_t *encoder);

/* ---------------------------------------------------------------- authorisation */

/* Open avatars need none of this and never cause a connection, whatever is configured here. An avatar whose
 * manifest asks for it gives frames while a heartbeat to its issuer is answered well: docs/auth.md has the
 * protocol. A good beat gives the right to frames until the next one is due and the grace time has passed;
 * without it, calls that give frames return BE_ERR_NO_AUTH, or BE_ERR_AUTH_FATAL once the issuer has refused
 * for good, and go on as if nothing had been when a beat is good again.
 *
 * libcurl of the system (7.76 or later) is opened by the first beat; BITHUMAN_CURL_LIBRARY names another.
 * Certificates are verified against what CURL_CA_BUNDLE, SSL_CERT_FILE or SSL_CERT_DIR names, else the
 * system's; proxies are those of the usual variables; redirects are not followed. */

/* Configures the process's own right, which streams without one of their own use. Called again it changes
 * what is given (texts that are not NULL, times that are not 0) and leaves a running heartbeat alone.
 * endpoint_url is https://, or http:// to 127.0.0.1, [::1] or localhost. BE_ERR_INVALID_ARG (no secret, a
 * fingerprint that is not 32 characters, times out of range, another URL), BE_ERR_OUT_OF_MEMORY. Any thread.
 * ABI 3. */
BE_API be_status be_auth_init(const be_auth_config_t *config);

/* Sends a heartbeat and waits for its answer, at most 20 s; also after a refusal. BE_ERR_NO_AUTH (nothing
 * configured, no endpoint_url, or no good answer: trying again may help), BE_ERR_AUTH_FATAL (HTTP 401, 402,
 * 403), BE_ERR_NOT_IMPLEMENTED (no libcurl), BE_ERR_OUT_OF_MEMORY. Any thread. ABI 3. */
BE_API be_status be_auth_authenticate(void);

/* Begins to beat on a thread, at once if be_auth_authenticate was not called. Does nothing when it does so
 * already. Failed beats are repeated with growing pauses; HTTP 402 and 403, and 401 for the secret, end it
 * until be_auth_authenticate. BE_ERR_NO_AUTH (nothing configured), BE_ERR_AUTH_FATAL (refused before),
 * BE_ERR_OUT_OF_MEMORY. Any thread. ABI 3. */
BE_API be_status be_auth_start_heartbeat(void);

/* Ends the thread within a second, also in the middle of a request; frames go on for what remains of the
 * right. Any thread but the log callback's. ABI 3. */
BE_API void be_auth_stop_heartbeat(void);

/* Where the process's own right stands, by one atomic load. Any thread. ABI 3. */
BE_API be_auth_state be_auth_get_state(void);

/* Why the last heartbeat failed, "" when it did not. Owned by the library, valid until this thread asks
 * again. Any thread. ABI 3. */
BE_API const char *be_auth_last_error(void);

/* Ends the heartbeat, wipes the credentials and withdraws the right: BE_AUTH_UNCONFIGURED. Any thread but the
 * log callback's. ABI 3. */
BE_API void be_auth_shutdown(void);

/* A right of its own beside the process's, for be_stream_options_t.auth. config: as be_auth_init, copied.
 * *out is given to be_auth_context_destroy. BE_ERR_INVALID_ARG, BE_ERR_OUT_OF_MEMORY. Any thread.
 * Revision 1. */
BE_API be_status be_auth_context_create(const be_auth_config_t *config, be_auth_t **out);

/* be_auth_context_create with all settings, among them a secret or a token. BE_ERR_INVALID_ARG,
 * BE_ERR_OUT_OF_MEMORY. Any thread. Revision 1. */
BE_API be_status be_auth_context_open(const be_auth_options_t *options, be_auth_t **out);

/* Changes what is given: texts that are not NULL, times that are not 0. It holds from the next beat on, and
 * what was there before is wiped; a heartbeat that HTTP 401 ended goes on. A token goes with the secret or endpoint_url that it came with.
 * BE_ERR_INVALID_ARG, BE_ERR_OUT_OF_MEMORY. Any thread. Revision 1. */
BE_API be_status be_auth_context_update(be_auth_t *auth, const be_auth_options_t *options);

/* Has heartbeats tell of an avatar from now on, also before a stream on it is open, which does the same.
 * auth: NULL = the one of be_auth_init. Of an open avatar nothing is told. BE_ERR_UNTRUSTED (BE_AUTH_INSECURE
 * is set, and the avatar does not allow it), BE_ERR_INVALID_ARG, BE_ERR_OUT_OF_MEMORY. Any thread.
 * Revision 1. */
BE_API be_status be_auth_context_add_avatar(be_auth_t *auth, const be_fixture_t *fixture);

/* Drops it; streams that were opened with it keep it and its heartbeat alive. The last one ends the thread
 * and wipes the credentials. NULL is allowed. Any thread but the log callback's. Revision 1. */
BE_API void be_auth_context_destroy(be_auth_t *auth);

/* be_auth_authenticate for it. BE_ERR_INVALID_ARG. Any thread. Revision 1. */
BE_API be_status be_auth_context_authenticate(be_auth_t *auth);

/* be_auth_start_heartbeat for it. BE_ERR_INVALID_ARG. Any thread. Revision 1. */
BE_API be_status be_auth_context_start_heartbeat(be_auth_t *auth);

/* be_auth_stop_heartbeat for it. NULL is allowed. Any thread but the log callback's. Revision 1. */
BE_API void be_auth_context_stop_heartbeat(be_auth_t *auth);

/* Where it stands; BE_AUTH_UNCONFIGURED for NULL. Any thread. Revision 1. */
BE_API be_auth_state be_auth_context_get_state(const be_auth_t *auth);

/* be_auth_last_error for it; "" for NULL. Owned by the library, valid until this thread asks again. Any
 * thread. Revision 1. */
BE_API const char *be_auth_context_last_error(const be_auth_t *auth);

/* All that is known of it. BE_ERR_INVALID_ARG. Any thread. Revision 1. */
BE_API be_status be_auth_context_get_info(const be_auth_t *auth, be_auth_info_t *out);

#ifdef __cplusplus
}
#endif

#endif
