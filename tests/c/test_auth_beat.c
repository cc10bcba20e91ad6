/* Metered avatars, heartbeats and an issuer that answers as the test says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/thread.h"
#include "essence.h"
#include "fakes/issuer.h"
#include "imx_sign.h"

#define TINY ESSENCE_TEST_DATA "/data/tiny.imx"
#define KEYS "test_auth_beat.pub"
#define SECRET "hush-5f0c9d"
#define MANIFEST                                                                                   \
    "{\"auth\":\"heartbeat\",\"issuer\":\"Studio "                                                 \
    "A\",\"format\":1,\"fps\":25,\"height\":96,\"identity\":\"tiny\","                             \
    "\"license\":\"\",\"loop\":\"pingpong\",\"name\":\"Tiny\",\"source\":\"\",\"tool\":\"\","      \
    "\"width\":160"

enum { W = 160, H = 96, BYTES = W * H * 3, TICK = 640, N = TICK * 50 };

static float pcm[N];
static uint8_t bgr[BYTES];

/* ---------------------------------------------------------------- the issuer */

typedef struct world {
    issuer_t *issuer;
    be_fixture_t *fixture;
    pthread_mutex_t lock;     /* guards what follows */
    const char *answer;       /* NULL: let him hang */
    const char *token_answer; /* for requests with a token, unless NULL */
    char seen[16384];         /* the last request */
    unsigned secrets, tokens; /* requests that had one */
} world_t;

#define HEAD(code) "HTTP/1.1 " code " x\r\ncontent-length: "
static const char YES[] = HEAD("200") "15\r\n\r\n{\"status\":\"ok\"}";
static const char YES_TOKEN[] = HEAD("200") "31\r\n\r\n{\"status\":\"ok\",\"token\":\"a.b.c\"}";
static const char BUSY[] = HEAD("503") "0\r\n\r\n";

static void answer(void *user, const char *request, char *out, size_t size)
{
    world_t *world = user;
    pthread_mutex_lock(&world->lock);
    snprintf(world->seen, sizeof world->seen, "%s", request);
    bool token = strstr(request, "authorization: Bearer a.b.c") != NULL;
    world->secrets += strstr(request, "api-secret: " SECRET) ? 1 : 0;
    world->tokens += token ? 1 : 0;
    const char *text = token && world->token_answer ? world->token_answer : world->answer;
    snprintf(out, size, "%s", text ? text : "");
    pthread_mutex_unlock(&world->lock);
}

static void say(world_t *world, const char *text)
{
    pthread_mutex_lock(&world->lock);
    world->answer = text;
    pthread_mutex_unlock(&world->lock);
}

static void see(world_t *world, const char *text)
{
    pthread_mutex_lock(&world->lock);
    bool found = strstr(world->seen, text) != NULL;
    pthread_mutex_unlock(&world->lock);
    if (!found)
        fail_msg("'%s' is not in: %s", text, world->seen);
}

/* ---------------------------------------------------------------- the avatar */

/* The tiny avatar with another manifest, signed. */
static be_fixture_t *load_with(const char *manifest)
{
    static uint8_t file[1 << 17], made[sizeof file + 2048];
    FILE *tiny = fopen(TINY, "rb");
    assert_non_null(tiny);
    assert_true(fread(file, 1, sizeof file, tiny) < sizeof file);
    fclose(tiny);
    size_t size = imx_rewrite(file, made, manifest, studio_seed);
    be_fixture_source_t source = {
        .struct_size = sizeof source, .data = made, .size = size, .trusted_keys = KEYS};
    be_fixture_t *fixture = NULL;
    sign_write_key(KEYS, studio_seed);
    if (be_fixture_open(&source, &fixture) != BE_OK)
        fail_msg("%s", be_last_error_message());
    remove(KEYS);
    return fixture;
}

static int setup(void **state)
{
    world_t *world = calloc(1, sizeof *world);
    pthread_mutex_init(&world->lock, NULL);
    world->issuer = issuer_start(answer, world);
    world->answer = YES;
    world->fixture = load_with(MANIFEST "}");
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_t *world = *state;
    be_auth_shutdown();
    be_fixture_release(world->fixture);
    issuer_stop(world->issuer);
    free(world);
    return 0;
}

static be_auth_options_t options_of(const world_t *world)
{
    return (be_auth_options_t){.struct_size = sizeof(be_auth_options_t),
                               .endpoint_url = issuer_url(world->issuer),
                               .api_secret = SECRET,
                               .fingerprint = "0123456789abcdef0123456789abcdef",
                               .tags = "kiosk;agent=A1",
                               .billing_type = "minute",
                               .transaction_id = "T-1"};
}

static be_auth_t *open_auth(const world_t *world)
{
    be_auth_options_t options = options_of(world);
    be_auth_t *auth = NULL;
    assert_int_equal(be_auth_context_open(&options, &auth), BE_OK);
    return auth;
}

static be_runtime_t *open_stream(const world_t *world, be_auth_t *auth, be_pacing pacing)
{
    const be_stream_options_t options = {
        .struct_size = sizeof options, .auth = auth, .pacing = pacing};
    be_runtime_t *runtime = NULL;
    assert_int_equal(be_runtime_open(world->fixture, &options, &runtime), BE_OK);
    return runtime;
}

static be_status pull(be_runtime_t *runtime)
{
    be_compose_result_t result;
    be_status status = be_runtime_pull_frame(runtime, -1, bgr, BYTES, &result);
    if (status == BE_ERR_AUDIO_FORMAT) {
        assert_int_equal(be_runtime_push_audio(runtime, pcm, N), BE_OK);
        status = be_runtime_pull_frame(runtime, -1, bgr, BYTES, &result);
    }
    return status;
}

/* Every call that gives a frame, or what is heard in one. */
static void all_give(be_runtime_t *whole, be_runtime_t *pushed, be_runtime_t *live,
                     be_status expected)
{
    be_tick_result_t tick;
    be_compose_result_t result;
    be_frame_t frame = {.struct_size = sizeof frame};
    assert_int_equal(be_runtime_tick(whole, pcm, N, NULL, 0, &tick), expected);
    assert_int_equal(be_runtime_tick_compose(whole, pcm, N, -1, bgr, BYTES, &result), expected);
    assert_int_equal(be_runtime_get_source_frame(whole, -1, NULL, bgr, BYTES, &result), expected);
    assert_int_equal(be_runtime_pull_frame(pushed, -1, bgr, BYTES, &result), expected);
    assert_int_equal(be_runtime_pull(live, 1000000, NULL, &frame), expected);
}

static void no_call_gives_a_frame_without_a_right(void **state)
{
    world_t *world = *state;
    be_auth_t *auth = open_auth(world);
    be_runtime_t *streams[3];
    for (int i = 0; i < 3; i++)
        streams[i] = open_stream(world, auth, i == 2 ? BE_PACING_REALTIME : BE_PACING_NONE);
    assert_int_equal(be_runtime_push_audio(streams[1], pcm, N), BE_OK);
    all_give(streams[0], streams[1], streams[2], BE_ERR_NO_AUTH);
    assert_non_null(strstr(be_last_error_message(), "authenticate"));
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    all_give(streams[0], streams[1], streams[2], BE_OK);
    say(world, HEAD("403") "0\r\n\r\n");
    assert_int_equal(be_auth_context_authenticate(auth), BE_ERR_AUTH_FATAL);
    all_give(streams[0], streams[1], streams[2], BE_ERR_AUTH_FATAL);
    say(world, YES);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    be_auth_info_t info = {.struct_size = sizeof info};
    assert_int_equal(be_auth_context_get_info(auth, &info), BE_OK);
    assert_int_equal(info.frames, 4); /* tick, compose, pull, live: not the source frame */
    for (int i = 0; i < 3; i++)
        be_runtime_destroy(streams[i]);
    be_auth_context_destroy(auth);
}

static void open_avatars_need_nothing(void **state)
{
    (void)state;
    be_fixture_t *fixture = NULL;
    be_runtime_t *runtime = NULL;
    assert_int_equal(be_fixture_load(TINY, NULL, &fixture), BE_OK);
    assert_int_equal(be_fixture_get_metering(fixture), BE_METERING_NONE);
    assert_int_equal(be_runtime_create(fixture, NULL, &runtime), BE_OK);
    assert_int_equal(pull(runtime), BE_OK);
    be_runtime_destroy(runtime);
    be_fixture_release(fixture);
}

static void development_needs_the_manifests_leave(void **state)
{
    world_t *world = *state;
    be_fixture_t *lenient = load_with(MANIFEST ",\"unmetered\":true}");
    assert_int_equal(be_fixture_get_metering(lenient), BE_METERING_HEARTBEAT);
    setenv("BITHUMAN_UNMETERED", "1", 1);
    assert_int_equal(be_fixture_get_metering(lenient), BE_METERING_LIFTED);
    assert_int_equal(be_fixture_get_metering(world->fixture), BE_METERING_HEARTBEAT);
    be_runtime_t *free_one = NULL, *metered = NULL;
    assert_int_equal(be_runtime_create(lenient, NULL, &free_one), BE_OK);
    assert_int_equal(be_runtime_create(world->fixture, NULL, &metered), BE_OK);
    assert_int_equal(pull(free_one), BE_OK);
    assert_int_equal(be_runtime_get_source_frame(metered, -1, NULL, bgr, BYTES, NULL),
                     BE_ERR_NO_AUTH);
    unsetenv("BITHUMAN_UNMETERED");
    be_runtime_destroy(free_one);
    be_runtime_destroy(metered);
    be_fixture_release(lenient);
}

/* ---------------------------------------------------------------- what is said */

static void a_beat_says_what_the_page_says(void **state)
{
    world_t *world = *state;
    be_auth_t *auth = open_auth(world);
    be_runtime_t *runtime = open_stream(world, auth, BE_PACING_NONE);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    see(world, "POST /v1/heartbeat HTTP/1.1\r\n");
    see(world, "\r\napi-secret: " SECRET "\r\n");
    see(world, "\r\ncontent-type: application/json\r\n");
    see(world, "{\"version\":1,\"session_id\":\"");
    see(world, "\"beat\":0,\"frames_served\":0,\"avatars\":[{\"identity\":\"tiny\","
               "\"issuer\":\"Studio A\",\"digest\":\"");
    see(world, "\",\"frames_served\":0}],\"transaction_id\":\"T-1\","
               "\"fingerprint\":\"0123456789abcdef0123456789abcdef\","
               "\"tags\":\"kiosk;agent=A1\",\"billing_type\":\"minute\"}");
    for (int i = 0; i < 7; i++)
        assert_int_equal(pull(runtime), BE_OK);
    be_auth_options_t change = {
        .struct_size = sizeof change, .tags = "other", .transaction_id = "T-2"};
    assert_int_equal(be_auth_context_update(auth, &change), BE_OK);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    see(world, "\"beat\":1,\"frames_served\":7,\"avatars\":[{");
    see(world, "\",\"frames_served\":7}],\"transaction_id\":\"T-2\"");
    see(world, "\"tags\":\"other\",\"billing_type\":\"minute\"");
    be_runtime_destroy(runtime);
    be_auth_context_destroy(auth);
}

/* How often the last request names a thing. */
static int named(world_t *world, const char *text)
{
    int count = 0;
    pthread_mutex_lock(&world->lock);
    for (const char *at = world->seen; (at = strstr(at, text)) != NULL; at++)
        count++;
    pthread_mutex_unlock(&world->lock);
    return count;
}

static void serve(const world_t *world, be_auth_t *auth, int frames)
{
    be_runtime_t *runtime = open_stream(world, auth, BE_PACING_NONE);
    for (int i = 0; i < frames; i++)
        assert_int_equal(pull(runtime), BE_OK);
    be_runtime_destroy(runtime);
}

static void a_beat_tells_of_the_avatars_in_use(void **state)
{
    world_t *world = *state;
    be_fixture_t *other = load_with(MANIFEST ",\"later\":1}"), *open_one = NULL;
    be_seal_t seal = {.struct_size = sizeof seal};
    char served[128];
    assert_int_equal(be_fixture_get_seal(world->fixture, &seal), BE_OK);
    snprintf(served, sizeof served, "\"%s\",\"frames_served\":5}", seal.digest);
    be_auth_t *auth = open_auth(world);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    see(world, "\"avatars\":[],"); /* nobody knows yet what will be played */
    assert_int_equal(be_auth_context_add_avatar(auth, other), BE_OK);
    assert_int_equal(be_auth_context_add_avatar(auth, other), BE_OK);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    assert_int_equal(named(world, "\"identity\""), 1);
    serve(world, auth, 2);
    serve(world, auth, 3);
    say(world, BUSY);
    assert_int_equal(be_auth_context_authenticate(auth), BE_ERR_NO_AUTH);
    see(world, served);
    say(world, YES);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK); /* what failed is told again */
    see(world, served);
    see(world, "\"frames_served\":5,\"avatars\":[");
    assert_int_equal(named(world, "\"identity\""), 2);
    assert_int_equal(be_fixture_load(TINY, NULL, &open_one), BE_OK);
    assert_int_equal(be_auth_context_add_avatar(auth, open_one), BE_OK); /* nobody's business */
    assert_int_equal(be_auth_context_authenticate(auth),
                     BE_OK); /* and what is known is done with */
    assert_int_equal(named(world, "\"identity\""), 1);
    see(world, "\"frames_served\":5,\"avatars\":[");
    be_fixture_release(open_one);
    be_fixture_release(other);
    be_auth_context_destroy(auth);
}

/* Issuers take 64 avatars in a beat. Of more, those come first that no beat has told of yet. */
static void more_avatars_than_a_beat_holds_take_turns(void **state)
{
    enum { ALL = 70, MOST = 64 };
    world_t *world = *state;
    char manifest[512], digest[ALL][65];
    uint32_t told[ALL] = {0};
    be_auth_t *auth = open_auth(world);
    for (int i = 0; i < ALL; i++) {
        be_seal_t seal = {.struct_size = sizeof seal};
        snprintf(manifest, sizeof manifest, "%s,\"number\":%d}", MANIFEST, i);
        be_fixture_t *fixture = load_with(manifest);
        assert_int_equal(be_fixture_get_seal(fixture, &seal), BE_OK);
        memcpy(digest[i], seal.digest, sizeof digest[i]);
        assert_int_equal(be_auth_context_add_avatar(auth, fixture), BE_OK);
        be_fixture_release(fixture);
    }
    for (int beat = 0; beat < ALL; beat++) {
        if (beat == 1)
            say(world, BUSY); /* what this one tells is told again */
        assert_int_equal(be_auth_context_authenticate(auth), beat == 1 ? BE_ERR_NO_AUTH : BE_OK);
        assert_int_equal(named(world, "\"identity\""), MOST);
        for (int i = 0; i < ALL && beat != 1; i++)
            told[i] += (uint32_t)named(world, digest[i]);
        say(world, YES);
        for (int i = 0; i < ALL && beat == 2; i++)
            assert_in_range(told[i], 1, 2);
    }
    for (int i = 0; i < ALL; i++)
        assert_in_range(told[i], MOST - 2, MOST);
    be_auth_context_destroy(auth);
}

static void insecure_needs_the_manifests_leave(void **state)
{
    world_t *world = *state;
    be_fixture_t *lenient = load_with(MANIFEST ",\"insecure\":true}");
    be_auth_options_t options = options_of(world);
    be_auth_t *auth = NULL;
    be_runtime_t *runtime = NULL;
    options.flags = 2;
    assert_int_equal(be_auth_context_open(&options, &auth), BE_ERR_INVALID_ARG);
    options.flags = BE_AUTH_INSECURE;
    assert_int_equal(be_auth_context_open(&options, &auth), BE_OK);
    assert_int_equal(be_auth_context_update(auth, &options), BE_ERR_INVALID_ARG);
    const be_stream_options_t stream = {.struct_size = sizeof stream, .auth = auth};
    assert_int_equal(be_auth_context_authenticate(auth), BE_ERR_UNTRUSTED); /* whose issuer? */
    assert_int_equal(be_auth_context_add_avatar(auth, world->fixture), BE_ERR_UNTRUSTED);
    assert_non_null(strstr(be_last_error_message(), "Studio A"));
    assert_int_equal(be_runtime_open(world->fixture, &stream, &runtime), BE_ERR_UNTRUSTED);
    assert_int_equal(be_auth_context_authenticate(auth), BE_ERR_UNTRUSTED);
    assert_int_equal(world->secrets, 0);
    assert_int_equal(be_auth_context_add_avatar(auth, lenient), BE_OK);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    assert_int_equal(be_runtime_open(lenient, &stream, &runtime), BE_OK);
    be_runtime_destroy(runtime);
    be_auth_context_destroy(auth);
    be_fixture_release(lenient);
}

static void a_token_stands_for_the_secret_until_it_is_refused(void **state)
{
    world_t *world = *state;
    be_auth_t *auth = open_auth(world);
    say(world, YES_TOKEN);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    assert_int_equal(world->secrets, 1);
    assert_int_equal(world->tokens, 1);
    world->token_answer = HEAD("401") "0\r\n\r\n";
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK); /* refused, and renewed */
    assert_int_equal(world->tokens, 2);
    assert_int_equal(world->secrets, 2);
    say(world, HEAD("401") "0\r\n\r\n");
    assert_int_equal(be_auth_context_authenticate(auth), BE_ERR_AUTH_FATAL);
    assert_int_equal(be_auth_context_get_state(auth), BE_AUTH_FATAL_UNAUTHORIZED);
    assert_int_equal(world->tokens, 3);
    assert_int_equal(world->secrets, 3);
    be_auth_context_destroy(auth);
}

static void a_token_does_not_follow_to_another_issuer(void **state)
{
    world_t *world = *state;
    be_auth_t *auth = open_auth(world);
    say(world, YES_TOKEN);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    be_auth_options_t change = {.struct_size = sizeof change,
                                .endpoint_url = issuer_url(world->issuer)};
    assert_int_equal(be_auth_context_update(auth, &change), BE_OK);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    assert_int_equal(world->tokens, 0);
    assert_int_equal(world->secrets, 2);
    be_auth_context_destroy(auth);
}

static void a_token_alone_does(void **state)
{
    world_t *world = *state;
    be_auth_options_t options = options_of(world);
    options.api_secret = NULL;
    options.token = "a.b.c";
    be_auth_t *auth = NULL;
    assert_int_equal(be_auth_context_open(&options, &auth), BE_OK);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    assert_int_equal(world->tokens, 1);
    world->token_answer = HEAD("401") "0\r\n\r\n";
    assert_int_equal(be_auth_context_authenticate(auth), BE_ERR_AUTH_FATAL);
    be_auth_context_destroy(auth);
}

static void refusals_have_their_states(void **state)
{
    world_t *world = *state;
    static const struct {
        const char *answer;
        be_status status;
        be_auth_state state;
    } cases[] = {
        {HEAD("402") "0\r\n\r\n", BE_ERR_AUTH_FATAL, BE_AUTH_FATAL_BALANCE},
        {HEAD("403") "0\r\n\r\n", BE_ERR_AUTH_FATAL, BE_AUTH_FATAL_SUSPENDED},
        {HEAD("401") "0\r\n\r\n", BE_ERR_AUTH_FATAL, BE_AUTH_FATAL_UNAUTHORIZED},
        {BUSY, BE_ERR_NO_AUTH, BE_AUTH_OFFLINE},
        {HEAD("429") "0\r\n\r\n", BE_ERR_NO_AUTH, BE_AUTH_OFFLINE},
        {HEAD("200") "2\r\n\r\n{}", BE_ERR_NO_AUTH, BE_AUTH_OFFLINE},
        {HEAD("200") "99\r\n\r\n{\"status\":\"ok\"}", BE_ERR_NO_AUTH, BE_AUTH_OFFLINE},
        {"garbage\r\n\r\n", BE_ERR_NO_AUTH, BE_AUTH_OFFLINE},
    };
    be_auth_t *auth = open_auth(world);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        say(world, cases[i].answer);
        assert_int_equal(be_auth_context_authenticate(auth), cases[i].status);
        assert_int_equal(be_auth_context_get_state(auth), cases[i].state);
        assert_true(strlen(be_auth_context_last_error(auth)) > 10);
        assert_null(strstr(be_auth_context_last_error(auth), SECRET));
    }
    say(world, YES);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    assert_string_equal(be_auth_context_last_error(auth), "");
    be_auth_context_destroy(auth);
}

/* ---------------------------------------------------------------- the thread */

static void rest(void)
{
    nanosleep(&(struct timespec){0, 10000000}, NULL);
}

static void frames_stop_and_resume_with_the_heartbeat(void **state)
{
    world_t *world = *state;
    be_auth_options_t options = options_of(world);
    options.interval_seconds = options.offline_grace_seconds = 1;
    be_auth_t *auth = NULL;
    assert_int_equal(be_auth_context_open(&options, &auth), BE_OK);
    be_runtime_t *runtime = open_stream(world, auth, BE_PACING_NONE);
    assert_int_equal(be_auth_context_start_heartbeat(auth), BE_OK);
    assert_int_equal(be_auth_context_start_heartbeat(auth), BE_OK);
    issuer_wait(world->issuer, 2);
    assert_int_equal(pull(runtime), BE_OK);
    say(world, BUSY);
    be_status status;
    while ((status = be_runtime_get_source_frame(runtime, 0, NULL, bgr, BYTES, NULL)) == BE_OK)
        rest();
    assert_int_equal(status, BE_ERR_NO_AUTH);
    assert_non_null(strstr(be_last_error_message(), "HTTP 503"));
    assert_int_equal(be_auth_context_get_state(auth), BE_AUTH_OFFLINE);
    say(world, YES);
    while (pull(runtime) != BE_OK)
        rest();
    be_auth_context_stop_heartbeat(auth);
    be_auth_context_stop_heartbeat(auth);
    be_auth_context_destroy(auth); /* the stream keeps it */
    assert_int_equal(pull(runtime), BE_OK);
    be_runtime_destroy(runtime);
}

static void stopping_does_not_wait_for_an_answer(void **state)
{
    world_t *world = *state;
    be_auth_t *auth = open_auth(world); /* would wait for 20 seconds */
    say(world, NULL);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(be_auth_context_start_heartbeat(auth), BE_OK);
        issuer_wait(world->issuer, i);
        int64_t start = be_clock_us();
        be_auth_context_stop_heartbeat(auth);
        assert_true(be_clock_us() - start < 10000000);
    }
    assert_int_equal(be_auth_context_start_heartbeat(auth), BE_OK);
    issuer_wait(world->issuer, 4);
    be_auth_context_destroy(auth); /* stops it too */
}

static void ask(void *user)
{
    *(be_status *)user = be_auth_authenticate();
}

static be_auth_config_t config_of(const world_t *world)
{
    return (be_auth_config_t){
        .abi_version = 6, .api_secret = SECRET, .endpoint_url = issuer_url(world->issuer)};
}

static void a_shutdown_ends_a_first_beat_too(void **state)
{
    world_t *world = *state;
    be_auth_config_t config = config_of(world);
    assert_int_equal(be_auth_init(&config), BE_OK);
    say(world, NULL);
    be_status status = BE_OK;
    bei_thread_t thread;
    assert_int_equal(bei_thread_start(&thread, ask, &status), BE_OK);
    issuer_wait(world->issuer, 1);
    int64_t start = be_clock_us();
    be_auth_shutdown();
    assert_true(be_clock_us() - start < 10000000);
    bei_thread_join(thread);
    assert_int_equal(status, BE_ERR_NO_AUTH);
}

static atomic_bool over;

static void disturb(void *user)
{
    be_auth_t *auth = user;
    be_auth_options_t change = {.struct_size = sizeof change, .api_secret = SECRET, .tags = "t"};
    be_auth_info_t info = {.struct_size = sizeof info};
    while (!atomic_load(&over)) {
        assert_int_equal(be_auth_context_update(auth, &change), BE_OK);
        assert_int_equal(be_auth_context_get_info(auth, &info), BE_OK);
        assert_non_null(be_auth_context_last_error(auth));
        be_auth_context_start_heartbeat(auth);
        be_auth_context_stop_heartbeat(auth);
    }
}

static void all_calls_may_come_at_once(void **state)
{
    world_t *world = *state;
    be_auth_t *auth = open_auth(world);
    be_runtime_t *runtime = open_stream(world, auth, BE_PACING_NONE);
    bei_thread_t threads[3];
    atomic_store(&over, false);
    for (int i = 0; i < 3; i++)
        assert_int_equal(bei_thread_start(&threads[i], disturb, auth), BE_OK);
    for (int i = 0; i < 40; i++) {
        be_auth_context_authenticate(auth); /* good, or stopped by another */
        pull(runtime);
    }
    atomic_store(&over, true);
    for (int i = 0; i < 3; i++)
        bei_thread_join(threads[i]);
    assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
    be_runtime_destroy(runtime);
    be_auth_context_destroy(auth);
}

/* ---------------------------------------------------------------- the process's own */

static void streams_use_the_processs_own_right(void **state)
{
    world_t *world = *state;
    be_runtime_t *runtime = open_stream(world, NULL, BE_PACING_NONE);
    assert_int_equal(be_auth_get_state(), BE_AUTH_UNCONFIGURED);
    assert_int_equal(be_auth_authenticate(), BE_ERR_NO_AUTH);
    assert_int_equal(be_auth_start_heartbeat(), BE_ERR_NO_AUTH);
    assert_int_equal(pull(runtime), BE_ERR_NO_AUTH);
    be_auth_config_t config = config_of(world);
    assert_int_equal(be_auth_init(&config), BE_OK);
    assert_int_equal(be_auth_authenticate(), BE_OK);
    assert_int_equal(be_auth_start_heartbeat(), BE_OK);
    assert_int_equal(be_auth_init(&config), BE_OK); /* and the thread goes on */
    assert_int_equal(be_auth_get_state(), BE_AUTH_OK);
    assert_int_equal(pull(runtime), BE_OK);
    be_auth_shutdown();
    assert_int_equal(be_auth_get_state(), BE_AUTH_UNCONFIGURED);
    assert_int_equal(pull(runtime), BE_ERR_NO_AUTH);
    assert_int_equal(be_auth_authenticate(), BE_ERR_NO_AUTH);
    be_auth_stop_heartbeat();
    be_auth_shutdown();
    be_runtime_destroy(runtime);
}

static void without_a_url_nobody_is_asked(void **state)
{
    world_t *world = *state;
    be_auth_config_t config = config_of(world);
    config.endpoint_url = NULL;
    assert_int_equal(be_auth_init(&config), BE_OK);
    assert_int_equal(be_auth_authenticate(), BE_ERR_NO_AUTH);
    assert_non_null(strstr(be_auth_last_error(), "endpoint_url"));
    assert_int_equal(be_auth_init(NULL), BE_ERR_INVALID_ARG);
    config.api_secret = "";
    assert_int_equal(be_auth_init(&config), BE_ERR_INVALID_ARG);
}

/* In a child: the avatar is its own, the right is not. */
static bool refuses_the_parents(be_auth_t *auth)
{
#if defined(__SANITIZE_THREAD__) /* which lets no child of a fork start a thread, nor decode so */
    (void)auth;
    return true;
#else
    const be_stream_options_t options = {.struct_size = sizeof options, .auth = auth};
    be_fixture_t *fixture = load_with(MANIFEST "}");
    be_runtime_t *runtime = NULL;
    bool refused = be_auth_context_add_avatar(auth, fixture) == BE_ERR_INVALID_ARG &&
                   be_runtime_open(fixture, &options, &runtime) == BE_ERR_INVALID_ARG;
    be_fixture_release(fixture);
    return refused;
#endif
}

static void a_child_has_no_right(void **state)
{
    world_t *world = *state;
    be_auth_config_t config = config_of(world);
    assert_int_equal(be_auth_init(&config), BE_OK);
    assert_int_equal(be_auth_authenticate(), BE_OK);
    assert_int_equal(be_auth_start_heartbeat(), BE_OK);
    be_auth_t *auth = open_auth(world);
    pid_t child = fork();
    if (child == 0) {
        bool refused = be_auth_get_state() == BE_AUTH_UNCONFIGURED &&
                       be_auth_authenticate() == BE_ERR_NO_AUTH &&
                       be_auth_context_authenticate(auth) == BE_ERR_INVALID_ARG;
        refused &= refuses_the_parents(auth);
        be_auth_stop_heartbeat();
        be_auth_context_stop_heartbeat(auth);
        be_auth_context_destroy(auth);
        be_auth_shutdown();
        _exit(refused && be_auth_init(&config) == BE_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(be_auth_get_state(), BE_AUTH_OK);
    be_auth_context_destroy(auth);
}

/* ---------------------------------------------------------------- silence */

static atomic_uint lines, leaks;

static void listen_for_secrets(be_log_level level, const char *line, void *user)
{
    (void)level, (void)user;
    lines++;
    leaks += strstr(line, SECRET) || strstr(line, "a.b.c") ? 1 : 0;
}

static void logs_hold_no_secret(void **state)
{
    world_t *world = *state;
    be_set_log_callback(listen_for_secrets, NULL, BE_LOG_DEBUG);
    be_auth_t *auth = open_auth(world);
    static const char *const answers[] = {YES_TOKEN, BUSY, HEAD("401") "0\r\n\r\n", YES};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        say(world, answers[i]);
        be_auth_context_authenticate(auth);
    }
    be_auth_options_t bad = options_of(world);
    bad.api_secret = SECRET " ";
    assert_int_equal(be_auth_context_update(auth, &bad), BE_ERR_INVALID_ARG);
    assert_null(strstr(be_last_error_message(), SECRET));
    be_auth_context_destroy(auth);
    be_set_log_callback(NULL, NULL, BE_LOG_OFF);
    assert_true(lines > 3);
    assert_int_equal(leaks, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    for (int i = 0; i < N; i++)
        pcm[i] = (float)(i % 80) / 80.0f - 0.5f;
    const struct CMUnitTest tests[] = {
        TEST(no_call_gives_a_frame_without_a_right),
        TEST(open_avatars_need_nothing),
        TEST(development_needs_the_manifests_leave),
        TEST(a_beat_says_what_the_page_says),
        TEST(a_beat_tells_of_the_avatars_in_use),
        TEST(more_avatars_than_a_beat_holds_take_turns),
        TEST(insecure_needs_the_manifests_leave),
        TEST(a_token_stands_for_the_secret_until_it_is_refused),
        TEST(a_token_does_not_follow_to_another_issuer),
        TEST(a_token_alone_does),
        TEST(refusals_have_their_states),
        TEST(frames_stop_and_resume_with_the_heartbeat),
        TEST(stopping_does_not_wait_for_an_answer),
        TEST(a_shutdown_ends_a_first_beat_too),
        TEST(all_calls_may_come_at_once),
        TEST(streams_use_the_processs_own_right),
        TEST(without_a_url_nobody_is_asked),
        TEST(a_child_has_no_right),
        TEST(logs_hold_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
