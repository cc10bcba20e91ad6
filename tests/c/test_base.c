/* Errors, logging and memory: the pieces that every other one stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"

static void an_error_keeps_its_status_and_sentence(void **state)
{
    (void)state;
    assert_int_equal(bei_error_set(BE_ERR_FILE_CORRUPT, "%s is %d bytes", "a.imx", 7),
                     BE_ERR_FILE_CORRUPT);
    assert_string_equal(bei_error_message(), "a.imx is 7 bytes");
}

static void other_thread(void *user)
{
    strncat(user, bei_error_message(), 60);
    bei_error_set(BE_ERR_INTERNAL, "elsewhere");
}

static void an_error_stays_on_its_thread(void **state)
{
    (void)state;
    char seen[64] = "";
    bei_error_set(BE_ERR_INTERNAL, "here");
    bei_thread_t thread;
    assert_int_equal(bei_thread_start(&thread, other_thread, seen), BE_OK);
    bei_thread_join(thread);
    assert_string_equal(seen, "");
    assert_string_equal(bei_error_message(), "here");
}

static void a_long_sentence_is_cut_and_ends(void **state)
{
    (void)state;
    char text[4000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    bei_error_set(BE_ERR_INTERNAL, "%s", text);
    assert_in_range(strlen(bei_error_message()), 100, 1023);
}

static void remember(be_log_level level, const char *message, void *user)
{
    (void)level;
    strncat(user, message, 100);
}

static void a_log_line_reaches_the_sink_at_its_level(void **state)
{
    (void)state;
    char lines[1000] = "";
    bei_log_set_sink(remember, lines, BE_LOG_WARN);
    bei_log(BE_LOG_WARN, "warn %d;", 1);
    bei_log(BE_LOG_INFO, "info;");
    bei_log_set_sink(NULL, NULL, BE_LOG_DEBUG);
    bei_log(BE_LOG_ERROR, "late;");
    assert_string_equal(lines, "warn 1;");
}

static void memory_is_aligned_and_overflow_is_refused(void **state)
{
    (void)state;
    unsigned char *block = bei_calloc(3, 100);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % 64, 0);
    for (int i = 0; i < 300; i++)
        assert_int_equal(block[i], 0);
    memset(block, 7, 300);
    block = bei_realloc(block, 300, 5000);
    assert_non_null(block);
    assert_int_equal(block[299], 7);
    bei_free(block);
    assert_null(bei_calloc(SIZE_MAX / 2, 3));
    assert_null(bei_alloc(SIZE_MAX));
    bei_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_keeps_its_status_and_sentence),
        cmocka_unit_test(an_error_stays_on_its_thread),
        cmocka_unit_test(a_long_sentence_is_cut_and_ends),
        cmocka_unit_test(a_log_line_reaches_the_sink_at_its_level),
        cmocka_unit_test(memory_is_aligned_and_overflow_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
