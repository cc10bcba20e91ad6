/* No block goes back to the heap with a secret in it, and none is needed for good: this stands in for
 * base/memory.c. */
#include <fcntl.h>
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
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "essence.h"
#include "fakes/issuer.h"

#define SECRET "hush-3b9a"
#define OTHER "mute-77c1"
#define TOKEN "tok.en.bd02"

enum { ALIGNMENT = 64, HEADER = 64 };

static atomic_uint freed, leaked, held;
static atomic_uint countdown; /* blocks until one is refused, it included; 0 = never */

void *bei_alloc(size_t size)
{
    uint8_t *block = NULL;
    if (countdown > 0 && --countdown == 0)
        return NULL;
    if (posix_memalign((void **)&block, ALIGNMENT, HEADER + size) != 0)
        return NULL;
    memset(block, 0, HEADER + size);
    memcpy(block, &size, sizeof size);
    held++;
    return block + HEADER;
}

void *bei_calloc(size_t count, size_t size)
{
    return size != 0 && count > (SIZE_MAX - HEADER) / size ? NULL : bei_alloc(count * size);
}

void *bei_realloc(void *block, size_t old_size, size_t new_size)
{
    void *grown = bei_alloc(new_size);
    if (grown && block) {
        memcpy(grown, block, old_size < new_size ? old_size : new_size);
        bei_free(block);
    }
    return grown;
}

static bool holds(const uint8_t *bytes, size_t size, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= size; i++)
        if (memcmp(bytes + i, text, length) == 0)
            return true;
    return false;
}

void bei_free(void *block)
{
    if (!block)
        return;
    uint8_t *start = (uint8_t *)block - HEADER;
    size_t size;
    memcpy(&size, start, sizeof size);
    freed++;
    held--;
    leaked += holds(block, size, SECRET) || holds(block, size, OTHER) || holds(block, size, TOKEN)
                  ? 1
                  : 0;
    free(start);
}

static void answer(void *user, const char *request, char *out, size_t size)
{
    (void)user, (void)request;
    static const char body[] = "{\"status\":\"ok\",\"token\":\"" TOKEN "\"}";
    snprintf(out, size, "HTTP/1.1 200 OK\r\ncontent-length: %zu\r\n\r\n%s", strlen(body), body);
}

static void no_block_is_freed_with_a_secret(void **state)
{
    (void)state;
    issuer_t *issuer = issuer_start(answer, NULL);
    be_auth_options_t options = {
        .struct_size = sizeof options, .api_secret = SECRET, .endpoint_url = issuer_url(issuer)};
    be_auth_t *auth = NULL;
    assert_int_equal(be_auth_context_open(&options, &auth), BE_OK);
    for (int i = 0; i < 3; i++) /* with the secret, with the token, with another secret */ {
        assert_int_equal(be_auth_context_authenticate(auth), BE_OK);
        options.api_secret = i == 1 ? OTHER : NULL;
        assert_int_equal(be_auth_context_update(auth, &options), BE_OK);
    }
    be_auth_context_destroy(auth);
    be_auth_config_t config = {.api_secret = SECRET, .endpoint_url = issuer_url(issuer)};
    assert_int_equal(be_auth_init(&config), BE_OK);
    assert_int_equal(be_auth_authenticate(), BE_OK);
    be_auth_shutdown();
    issuer_stop(issuer);
    assert_true(freed > 20);
    assert_int_equal(leaked, 0);
}

/* A sanitizer's own memory is terabytes. */
#if defined(__linux__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
/* SECRET with each character changed: this program does not hold the word itself where it is looked for. */
static const char hidden[] = {'i', 't', 'r', 'i', ',', 'a', 'b', '8', '3', '2', '4', '5', '\0'};
enum { LENGTH = sizeof hidden - 1, WINDOW = 1 << 16 };

static bool is_secret(const uint8_t *bytes)
{
    for (int i = 0; i < LENGTH; i++)
        if (bytes[i] != (hidden[i] ^ 1))
            return false;
    return true;
}

static int count_in(int memory, uint64_t from, uint64_t to)
{
    static uint8_t window[WINDOW + LENGTH];
    int count = 0;
    for (; from < to; from += WINDOW) {
        if (from < (uintptr_t)window + sizeof window && from + WINDOW + LENGTH > (uintptr_t)window)
            continue; /* what it reads stands there */
        uint64_t left = to - from < sizeof window ? to - from : sizeof window;
        ssize_t got = pread(memory, window, left, (off_t)from);
        for (ssize_t i = 0; i + LENGTH <= got && i < WINDOW; i++)
            count += is_secret(window + i);
    }
    memset(window, 0, sizeof window);
    return count;
}

/* How often the secret stands in what a core dump would hold. */
static int count_secrets(void)
{
    char line[512];
    int count = 0, memory = open("/proc/self/mem", O_RDONLY);
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps)) { /* FROM-TO rw-p ... */
        char *rest;
        uint64_t from = strtoull(line, &rest, 16), to = strtoull(rest + 1, &rest, 16);
        if (rest[2] == 'w')
            count += count_in(memory, from, to);
    }
    fclose(maps);
    close(memory);
    return count;
}

/* In a process of its own: the issuer, which hears the secret, is in another. Gives how often it stands there
 * while it is in use, and afterwards. */
static int use_and_look(const char *url, int *meanwhile)
{
    char secret[LENGTH + 1] = {0};
    for (int i = 0; i < LENGTH; i++)
        secret[i] = (char)(hidden[i] ^ 1);
    const be_auth_config_t config = {.api_secret = secret, .endpoint_url = url};
    be_status status = be_auth_init(&config);
    memset(secret, 0, sizeof secret);
    for (int i = 0; i < 2 && status == BE_OK; i++)
        status = be_auth_authenticate();
    *meanwhile = count_secrets();
    be_auth_shutdown();
    return status == BE_OK ? count_secrets() : -1;
}

static void agree(void *user, const char *request, char *out, size_t size)
{
    (void)user, (void)request;
    snprintf(out, size, "HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{\"status\":\"ok\"}");
}

static void no_memory_of_the_process_holds_it_afterwards(void **state)
{
    (void)state;
    issuer_t *issuer = issuer_start(agree, NULL);
    int counts[2] = {-1, -1}, channel[2], status;
    assert_int_equal(pipe(channel), 0);
    pid_t child = fork();
    if (child == 0) {
        counts[1] = use_and_look(issuer_url(issuer), &counts[0]);
        _exit(write(channel[1], counts, sizeof counts) == sizeof counts ? 0 : 1);
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_int_equal(read(channel[0], counts, sizeof counts), sizeof counts);
    close(channel[0]), close(channel[1]);
    issuer_stop(issuer);
    assert_int_equal(counts[0], 1); /* else nobody looked in the right place */
    assert_int_equal(counts[1], 0);
}
#else
static void no_memory_of_the_process_holds_it_afterwards(void **state)
{
    (void)state;
    skip();
}
#endif

static be_status live_and_die(const issuer_t *issuer)
{
    const be_auth_options_t options = {
        .struct_size = sizeof options, .api_secret = SECRET, .endpoint_url = issuer_url(issuer)};
    be_auth_t *auth = NULL;
    be_status status = be_auth_context_open(&options, &auth);
    if (status == BE_OK)
        status = be_auth_context_authenticate(auth);
    if (status == BE_OK)
        status = be_auth_context_start_heartbeat(auth);
    be_auth_context_destroy(auth);
    return status;
}

static void without_memory_it_fails_and_keeps_nothing(void **state)
{
    (void)state;
    issuer_t *issuer = issuer_start(answer, NULL);
    assert_int_equal(live_and_die(issuer), BE_OK); /* opens libcurl */
    const unsigned before = held;
    unsigned failures = 0;
    for (unsigned n = 1; n < 100; n++) {
        countdown = n;
        be_status status = live_and_die(issuer);
        bool refused = countdown == 0;
        countdown = 0;
        assert_true(status == BE_OK || (refused && status == BE_ERR_OUT_OF_MEMORY));
        assert_int_equal(held, before);
        failures += status != BE_OK ? 1 : 0;
        if (!refused)
            break;
    }
    assert_in_range(failures, 4, 90);
    assert_int_equal(leaked, 0);
    issuer_stop(issuer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory_of_the_process_holds_it_afterwards), /* before there is any */
        cmocka_unit_test(no_block_is_freed_with_a_secret),
        cmocka_unit_test(without_memory_it_fails_and_keeps_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
