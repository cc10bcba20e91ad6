/* What the operating systems do apart, behind one set of functions: waiting, files, environment, libraries,
 * pages. The same on all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/dynlib.h"
#include "base/env.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/pages.h"
#include "base/random.h"
#include "base/thread.h"

enum { PATH_SIZE = 4400 };

#ifdef _WIN32
static const char A_LIBRARY[] = "kernel32.dll", A_FUNCTION[] = "GetTickCount64";
#elif defined(__APPLE__)
static const char A_LIBRARY[] = "/usr/lib/libSystem.B.dylib", A_FUNCTION[] = "getpid";
#else
static const char A_LIBRARY[] = "libm.so.6", A_FUNCTION[] = "lround";
#endif

/* ---------------------------------------------------------------- waiting */

enum { SLEEPERS = 6 };

typedef struct dormitory {
    bei_mutex_t lock;
    bei_cond_t changed;
    int asleep, up;
    bool morning;
} dormitory_t;

static void sleep_with(dormitory_t *room, int64_t deadline)
{
    bei_mutex_lock(&room->lock);
    room->asleep++;
    bei_cond_broadcast(&room->changed);
    while (!room->morning)
        bei_cond_wait_until(&room->changed, &room->lock, deadline);
    room->up++;
    bei_mutex_unlock(&room->lock);
}

static void sleep_without_end(void *user)
{
    sleep_with(user, INT64_MAX);
}

static void sleep_for_an_hour(void *user)
{
    sleep_with(user, bei_clock_us() + 3600 * (int64_t)1000000);
}

static void sleep_for_a_year(void *user)
{
    sleep_with(user, bei_clock_us() + 365 * 24 * 3600 * (int64_t)1000000);
}

static void one_call_wakes_all_who_wait_with_and_without_a_deadline(void **state)
{
    (void)state;
    static void (*const HABITS[])(void *) = {sleep_without_end, sleep_for_an_hour,
                                             sleep_for_a_year};
    dormitory_t room = {0};
    bei_thread_t threads[SLEEPERS];
    bei_mutex_init(&room.lock);
    bei_cond_init(&room.changed);
    for (int i = 0; i < SLEEPERS; i++)
        assert_int_equal(bei_thread_start(&threads[i], HABITS[i % 3], &room), BE_OK);
    bei_mutex_lock(&room.lock);
    while (room.asleep < SLEEPERS)
        bei_cond_wait(&room.changed, &room.lock);
    room.morning = true;
    bei_cond_broadcast(&room.changed);
    bei_mutex_unlock(&room.lock);
    for (int i = 0; i < SLEEPERS; i++)
        bei_thread_join(threads[i]);
    assert_int_equal(room.up, SLEEPERS);
    bei_cond_destroy(&room.changed);
    bei_mutex_destroy(&room.lock);
}

static void a_wait_that_nobody_ends_ends_by_itself(void **state)
{
    (void)state;
    bei_mutex_t lock = BEI_MUTEX_INIT;
    bei_cond_t nothing;
    bei_cond_init(&nothing);
    bei_mutex_lock(&lock);
    bei_cond_wait_until(&nothing, &lock, 0); /* long ago */
    for (int i = 0; i < 10; i++) {
        int64_t deadline = bei_clock_us() + 2000;
        while (bei_clock_us() < deadline)
            bei_cond_wait_until(&nothing, &lock, deadline);
    }
    bei_mutex_unlock(&lock);
    bei_cond_destroy(&nothing);
}

/* ---------------------------------------------------------------- files */

static const char *temporary_folder(void)
{
    const char *folder = bei_env_get("TMPDIR");
    if (!folder)
        folder = bei_env_get("TEMP");
    return folder ? folder : "/tmp";
}

static void assert_message(const char *part)
{
    if (!strstr(bei_error_message(), part))
        fail_msg("'%s' does not say '%s'", bei_error_message(), part);
}

/* Goes through a file's life under that name. */
static void use_file(const char *name)
{
    char path[PATH_SIZE], first[PATH_SIZE], second[PATH_SIZE];
    uint8_t *bytes;
    size_t size = 1;
    snprintf(path, sizeof path, "%s/%s", temporary_folder(), name);
    bei_file_remove(path);
    assert_int_equal(bei_file_read(path, 100, &bytes, &size), BE_ERR_FILE_NOT_FOUND);
    assert_message("there is no such file");
    assert_int_equal(bei_file_create_beside(path, first, sizeof first), BE_OK);
    assert_int_equal(bei_file_create_beside(path, second, sizeof second), BE_OK);
    assert_string_not_equal(first, second);
    assert_false(bei_file_is_there(path));
    assert_int_equal(bei_file_replace(first, path), BE_OK);
    assert_int_equal(bei_file_replace(second, path), BE_OK); /* over the other */
    assert_true(bei_file_is_there(path));
    assert_false(bei_file_is_there(first));
    assert_int_equal(bei_file_read(path, 100, &bytes, &size), BE_OK);
    assert_int_equal(size, 0);
    bei_free(bytes);
    bei_file_remove(path);
    assert_false(bei_file_is_there(path));
}

static void a_file_has_a_name_in_any_script(void **state)
{
    (void)state;
    use_file("essence test.imx");
    use_file("essence-\xc3\xa4\xc3\xb6-\xe6\x97\xa5\xe6\x9c\xac-\xf0\x9f\x99\x82.imx");
}

static void a_file_has_a_long_name(void **state)
{
    (void)state;
    char name[231];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    use_file(name); /* with its folder and an addition more than the 260 of old Windows */
}

static void a_file_is_read_whole(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t size;
    bei_pages_t pages;
    const char *path = ESSENCE_TEST_DATA "/data/tiny.imx";
    assert_int_equal(bei_file_read(path, 1 << 24, &bytes, &size), BE_OK);
    assert_int_equal(bei_file_read_pages(path, 1 << 24, &pages), BE_OK);
    assert_int_equal(pages.size, size);
    assert_memory_equal(pages.data, bytes, size);
    bei_pages_free(&pages);
    bei_free(bytes);
    assert_int_equal(bei_file_read(path, 1000, &bytes, &size), BE_ERR_FILE_CORRUPT);
    assert_message("larger than 1000 bytes");
}

static void a_folder_is_no_file(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t size;
    assert_int_equal(bei_file_read(temporary_folder(), 100, &bytes, &size), BE_ERR_FILE_CORRUPT);
    assert_message("is a folder");
}

static void a_file_in_no_folder_cannot_be_made(void **state)
{
    (void)state;
    char path[PATH_SIZE], name[PATH_SIZE] = "as it was";
    snprintf(path, sizeof path, "%s/essence-nowhere/x.mp4", temporary_folder());
    assert_int_equal(bei_file_create_beside(path, name, sizeof name), BE_ERR_FILE_NOT_FOUND);
    assert_string_equal(name, "as it was");
}

/* ---------------------------------------------------------------- the rest */

static void a_variable_keeps_its_letters(void **state)
{
    (void)state;
    const char *value = "C:/\xc3\xa4/\xe6\x97\xa5";
    assert_null(bei_env_get("ESSENCE_TEST_VARIABLE"));
    assert_true(bei_env_default("ESSENCE_TEST_VARIABLE", value));
    assert_string_equal(bei_env_get("ESSENCE_TEST_VARIABLE"), value);
    assert_false(bei_env_default("ESSENCE_TEST_VARIABLE", "another"));
    assert_string_equal(bei_env_get("ESSENCE_TEST_VARIABLE"), value);
}

static void a_library_opens_by_name(void **state)
{
    (void)state;
    char why[200] = "";
    bei_dynlib_t *library = bei_dynlib_open(A_LIBRARY, why, sizeof why);
    assert_non_null(library);
    assert_non_null(bei_dynlib_symbol(library, A_FUNCTION));
    assert_null(bei_dynlib_symbol(library, "essence_has_no_such_function"));
    bei_dynlib_close(library);
}

static void a_library_that_is_not_there_is_named(void **state)
{
    (void)state;
    char why[200] = "";
    assert_null(bei_dynlib_open("/nowhere/libessence-none.so", why, sizeof why));
    assert_non_null(strstr(why, "libessence-none.so"));
    assert_null(strchr(why, '\n'));
}

static void write_ends(bei_pages_t *pages)
{
    pages->data[0] = 1;
    pages->data[pages->size - 1] = 2;
    assert_int_equal(pages->data[0] + pages->data[pages->size - 1], 3);
}

static void pages_are_used_dropped_and_used_again(void **state)
{
    (void)state;
    bei_pages_t pages;
    const size_t size = (size_t)bei_pages_round(1000001);
    assert_true(size > 1000001 && bei_pages_round(size) == size);
    assert_int_equal(bei_pages_reserve(size, &pages), BE_OK);
    assert_int_equal(pages.data[0], 0);
    write_ends(&pages);
    bei_pages_drop(pages.data, size);
    write_ends(&pages);
    bei_pages_free(&pages);
    assert_null(pages.data);
    bei_pages_free(&pages);
}

static void pages_come_from_a_file(void **state)
{
    (void)state;
    bei_pages_t pages, others;
    assert_int_equal(bei_pages_reserve_file(3000000, &pages), BE_OK);
    assert_int_equal(bei_pages_reserve_file(1, &others), BE_OK);
    write_ends(&pages);
    bei_pages_free(&pages);
    bei_pages_free(&others);
    if (bei_env_default("TMPDIR", "/nowhere/at/all")) {
        assert_int_equal(bei_pages_reserve_file(1, &others), BE_ERR_FILE_NOT_FOUND);
        assert_message("no temporary file can be made here");
    }
}

static void the_system_gives_random_bytes(void **state)
{
    (void)state;
    uint8_t one[33], other[33];
    assert_int_equal(bei_random_ask_system(one, sizeof one), sizeof one);
    bei_random_fill(other, sizeof other);
    assert_memory_not_equal(one, other, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_wakes_all_who_wait_with_and_without_a_deadline),
        cmocka_unit_test(a_wait_that_nobody_ends_ends_by_itself),
        cmocka_unit_test(a_file_has_a_name_in_any_script),
        cmocka_unit_test(a_file_has_a_long_name),
        cmocka_unit_test(a_file_is_read_whole),
        cmocka_unit_test(a_folder_is_no_file),
        cmocka_unit_test(a_file_in_no_folder_cannot_be_made),
        cmocka_unit_test(a_variable_keeps_its_letters),
        cmocka_unit_test(a_library_opens_by_name),
        cmocka_unit_test(a_library_that_is_not_there_is_named),
        cmocka_unit_test(pages_are_used_dropped_and_used_again),
        cmocka_unit_test(the_system_gives_random_bytes),
        cmocka_unit_test(pages_come_from_a_file), /* last: it moves the temporary folder */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
