/* Open avatars never open a socket, whatever a host configures: the kernel ends the process that tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "essence.h"

#define TINY ESSENCE_TEST_DATA "/data/tiny.imx"

#ifdef __linux__
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { W = 160, H = 96, BYTES = W * H * 3, N = 16000, IDLE_SECONDS = 90 };

static float pcm[N];
static uint8_t bgr[BYTES];

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            _exit(__LINE__ % 200 + 1);                                                             \
    } while (0)

#define ENDS_BY(call)                                                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),                                               \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

/* From now on who makes a socket, or uses one, is ended by SIGSYS. */
static void forbid_sockets(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ENDS_BY(SYS_socket),
        ENDS_BY(SYS_socketpair),
        ENDS_BY(SYS_connect),
        ENDS_BY(SYS_sendto),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static int ending_of(void (*life)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        forbid_sockets();
        life();
        _exit(0);
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return status;
}

static void make_a_socket(void)
{
    (void)socket(AF_INET, SOCK_STREAM, 0);
}

/* A host that was written for metered avatars, and says all that he can say. */
static be_auth_t *configure(void)
{
    const be_auth_config_t config = {
        .abi_version = 6, .api_secret = "hush", .endpoint_url = "https://192.0.2.1/v1/heartbeat"};
    const be_auth_options_t options = {.struct_size = sizeof options,
                                       .api_secret = "hush",
                                       .token = "a.b.c",
                                       .endpoint_url = "https://192.0.2.1/v1/heartbeat"};
    be_auth_t *auth = NULL;
    MUST(be_auth_init(&config) == BE_OK);
    MUST(be_auth_context_open(&options, &auth) == BE_OK);
    return auth;
}

static void render(be_fixture_t *fixture, be_auth_t *auth)
{
    const be_stream_options_t options = {.struct_size = sizeof options, .auth = auth};
    be_runtime_t *runtime = NULL;
    be_compose_result_t result;
    MUST(be_runtime_open(fixture, &options, &runtime) == BE_OK);
    for (int i = 0; i < N / 640; i++)
        MUST(be_runtime_tick_compose(runtime, pcm, N, -1, bgr, BYTES, &result) == BE_OK);
    be_runtime_destroy(runtime);
}

/* Speech, then silence, on the clock. */
static void stream(be_fixture_t *fixture, be_auth_t *auth, int seconds)
{
    const be_stream_options_t options = {
        .struct_size = sizeof options, .auth = auth, .pacing = BE_PACING_REALTIME};
    be_runtime_t *runtime = NULL;
    MUST(be_runtime_open(fixture, &options, &runtime) == BE_OK);
    MUST(be_runtime_push_audio(runtime, pcm, N) == BE_OK);
    MUST(be_runtime_flush(runtime) == BE_OK);
    for (int i = 0; i < 25 * seconds; i++) {
        be_frame_t frame = {.struct_size = sizeof frame};
        MUST(be_runtime_pull(runtime, 2000000, NULL, &frame) == BE_OK);
    }
    be_runtime_destroy(runtime);
}

static void live(void)
{
    be_fixture_t *fixture = NULL;
    be_auth_t *auth = configure();
    MUST(be_fixture_load(TINY, NULL, &fixture) == BE_OK);
    MUST(be_auth_context_add_avatar(auth, fixture) == BE_OK);
    render(fixture, NULL);
    render(fixture, auth);
    stream(fixture, auth, getenv("ESSENCE_LONG") ? IDLE_SECONDS : 2);
    be_fixture_release(fixture);
    be_auth_context_destroy(auth);
    be_auth_shutdown();
}

static void an_open_avatar_opens_no_socket(void **state)
{
    (void)state;
    int status = ending_of(make_a_socket);
    if (!WIFSIGNALED(status))
        skip(); /* this kernel, or what we run in, forbids nothing */
    status = ending_of(live);
    if (WIFSIGNALED(status))
        fail_msg("ended by signal %d", WTERMSIG(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}
#else
static void an_open_avatar_opens_no_socket(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_open_avatar_opens_no_socket)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
