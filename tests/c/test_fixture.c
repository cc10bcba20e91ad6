/* Opening avatars: from files and memory, with every way of decoding and keeping pictures, damaged ones,
 * callers of another age, and in a child process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <dirent.h>
#include <sched.h>

#include "api/check.h"
#include "base/file.h"
#include "base/memory.h"
#include "essence.h"
#include "imx_builder.h"
#include "session/fixture.h"

#define ACTING ESSENCE_TEST_DATA "/data/tiny_actions.imx"
#define DEFAULT ESSENCE_ASSETS "/default.imx"

enum { TICK = 640, BYTES = 160 * 96 * 3, LOOP = 6, NOD = 6 };

#if defined(__SANITIZE_THREAD__)
enum { CHILDREN_HAVE_THREADS = 0 }; /* ThreadSanitizer ends a child that starts one */
#else
enum { CHILDREN_HAVE_THREADS = 1 };
#endif

static be_fixture_source_t from_path(const char *path)
{
    return (be_fixture_source_t){.struct_size = sizeof(be_fixture_source_t), .path = path};
}

static be_fixture_t *must_open(const be_fixture_source_t *source)
{
    be_fixture_t *fixture = NULL;
    if (be_fixture_open(source, &fixture) != BE_OK)
        fail_msg("%s", be_last_error_message());
    return fixture;
}

static void assert_refused(const be_fixture_source_t *source, be_status expected, const char *words)
{
    be_fixture_t *fixture = NULL;
    assert_int_equal(be_fixture_open(source, &fixture), expected);
    assert_null(fixture);
    if (!strstr(be_last_error_message(), words))
        fail_msg("'%s' is not in: %s", words, be_last_error_message());
}

static bei_span_t read_file(const char *path)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(bei_file_read(path, 64 << 20, &bytes, &size), BE_OK);
    return (bei_span_t){bytes, size};
}

/* What read_file gave is ours. */
static uint8_t *writable(bei_span_t bytes)
{
    uint8_t *data;
    memcpy(&data, &bytes.data, sizeof data);
    return data;
}

/* A sound that opens the mouth now and then. */
static be_runtime_t *open_stream(be_fixture_t *fixture, size_t ticks)
{
    be_runtime_t *runtime = NULL;
    assert_int_equal(be_runtime_create(fixture, NULL, &runtime), BE_OK);
    float *pcm = calloc(ticks * TICK, sizeof *pcm);
    for (size_t i = 0; i < ticks * TICK; i++)
        pcm[i] = i / 8000 % 2 ? (float)((i * i % 97) * (i % 160)) / 40000.0f - 0.2f : 0.0f;
    assert_int_equal(be_runtime_push_audio(runtime, pcm, ticks * TICK), BE_OK);
    assert_int_equal(be_runtime_flush(runtime), BE_OK);
    free(pcm);
    return runtime;
}

static uint64_t fnv(uint64_t hash, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ p[i]) * 1099511628211u;
    return hash;
}

/* What a stream of `ticks` frames looks like, with an action in its midst. */
static uint64_t look_of(be_fixture_t *fixture, size_t ticks)
{
    be_fixture_info_t info;
    assert_int_equal(be_fixture_get_info(fixture, &info), BE_OK);
    size_t bytes = (size_t)info.frame_width * info.frame_height * 3;
    uint8_t *bgr = malloc(bytes);
    be_runtime_t *runtime = open_stream(fixture, ticks);
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < ticks; i++) {
        if (i == 9 && be_fixture_get_action_count(fixture) > 0)
            assert_int_equal(be_runtime_play_action(runtime, "nod", 0), BE_OK);
        assert_int_equal(be_runtime_pull_frame(runtime, -1, bgr, bytes, NULL), BE_OK);
        hash = fnv(hash, bgr, bytes);
    }
    be_runtime_destroy(runtime);
    free(bgr);
    return hash;
}

/* ---------------------------------------------------------------- pictures */

static void every_way_of_keeping_pictures_shows_the_same(void **state)
{
    (void)state;
    be_fixture_t *plain = NULL;
    assert_int_equal(be_fixture_load(ACTING, NULL, &plain), BE_OK);
    const uint64_t expected = look_of(plain, 60);
    be_fixture_release(plain);
    for (int loading = 0; loading <= BE_LOADING_ON_DEMAND; loading++)
        for (int storage = 0; storage <= BE_STORAGE_TEMP_FILE; storage++) {
            be_fixture_source_t source = from_path(ACTING);
            source.loading = (be_loading)loading;
            source.storage = (be_storage)storage;
            source.store_mb = 8;
            be_fixture_t *fixture = must_open(&source);
            if (look_of(fixture, 60) != expected)
                fail_msg("loading %d with storage %d looks different", loading, storage);
            be_fixture_release(fixture);
        }
}

/* Decoded, the bundled avatar takes five times this room. */
static void a_large_avatar_gets_by_with_little_room(void **state)
{
    (void)state;
    be_fixture_source_t source = from_path(DEFAULT);
    be_fixture_t *roomy = must_open(&source);
    source.loading = BE_LOADING_ON_DEMAND;
    source.store_mb = 8;
    be_fixture_t *narrow = must_open(&source);
    assert_int_equal(look_of(roomy, 40), look_of(narrow, 40));
    bei_pool_counts_t counts = bei_pool_counts(narrow->avatar->scene.pool);
    assert_int_equal(counts.budget, 8 << 20);
    assert_true(counts.peak <= counts.budget && counts.peak > 4 << 20);
    be_fixture_release(roomy);
    be_fixture_release(narrow);
}

static void bytes_are_as_good_as_a_file_and_are_copied(void **state)
{
    (void)state;
    be_fixture_source_t source = from_path(ACTING);
    be_fixture_t *file = must_open(&source);
    bei_span_t bytes = read_file(ACTING);
    source =
        (be_fixture_source_t){.struct_size = sizeof source, .data = bytes.data, .size = bytes.size};
    be_fixture_t *memory = must_open(&source);
    assert_ptr_equal(memory->avatar, file->avatar);
    be_fixture_release(file);
    be_fixture_release(memory);
    memory = must_open(&source);
    memset(writable(bytes), 0, bytes.size);
    be_fixture_source_t again = from_path(ACTING);
    file = must_open(&again);
    assert_int_equal(look_of(memory, 30), look_of(file, 30));
    be_fixture_release(memory);
    be_fixture_release(file);
    assert_refused(&source, BE_ERR_FILE_CORRUPT, "memory: ");
    source.path = "the one from the database";
    assert_refused(&source, BE_ERR_FILE_CORRUPT, "the one from the database: ");
    bei_free(writable(bytes));
}

static void one_store_for_the_same_bytes_and_settings(void **state)
{
    (void)state;
    be_fixture_source_t source = from_path(ACTING);
    be_fixture_t *first = must_open(&source), *other = NULL;
    assert_int_equal(be_fixture_load(ACTING, NULL, &other), BE_OK);
    assert_ptr_equal(other->avatar, first->avatar);
    be_fixture_release(other);
    source.store_mb = 100; /* no bound, so no difference */
    other = must_open(&source);
    assert_ptr_equal(other->avatar, first->avatar);
    be_fixture_release(other);
    be_fixture_t *others[4];
    const be_loading loading[] = {BE_LOADING_SYNC, BE_LOADING_ON_DEMAND, BE_LOADING_ON_DEMAND,
                                  BE_LOADING_ASYNC};
    for (uint32_t i = 0; i < 4; i++) {
        source.loading = loading[i];
        source.storage = i == 3 ? BE_STORAGE_TEMP_FILE : BE_STORAGE_MEMORY;
        source.store_mb = 8 + i;
        others[i] = must_open(&source);
        assert_ptr_not_equal(others[i]->avatar, first->avatar);
        assert_true(i == 0 || others[i]->avatar != others[i - 1]->avatar);
    }
    for (int i = 0; i < 4; i++)
        be_fixture_release(others[i]);
    be_fixture_release(first);
}

/* ---------------------------------------------------------------- damage */

/* The avatar's bytes with one picture of its second frame spoiled and all checksums right. */
static bei_span_t damaged(void)
{
    bei_span_t bytes = read_file(ACTING);
    uint8_t *file = writable(bytes);
    bei_imx_t *imx = NULL;
    assert_int_equal(bei_imx_open_memory(file, bytes.size, "x", NULL, &imx), BE_OK);
    size_t place = (size_t)(imx->frames[1].jpeg.data - imx->bytes);
    memset(file + place + imx->frames[1].jpeg.size / 2, 0xff, imx->frames[1].jpeg.size / 2);
    bei_imx_close(imx);
    uint32_t sections = (uint32_t)file[12] | (uint32_t)file[13] << 8;
    for (uint8_t *entry = file + 64; sections-- > 0; entry += 32) {
        size_t offset = 0, length = 0;
        for (int i = 7; i >= 0; i--) {
            offset = offset << 8 | entry[8 + i];
            length = length << 8 | entry[16 + i];
        }
        put(entry + 24, crc32_z(0, file + offset, length), 4);
    }
    builder_seal(file);
    return bytes;
}

static void a_damaged_picture_is_an_error_of_its_frame(void **state)
{
    (void)state;
    static uint8_t bgr[BYTES];
    bei_span_t bytes = damaged();
    for (int loading = 1; loading <= BE_LOADING_ON_DEMAND; loading++)
        for (int storage = 1; storage <= BE_STORAGE_TEMP_FILE; storage++) {
            be_fixture_source_t source = {.struct_size = sizeof source,
                                          .data = bytes.data,
                                          .size = bytes.size,
                                          .loading = (be_loading)loading,
                                          .storage = (be_storage)storage};
            if (loading == BE_LOADING_SYNC) {
                assert_refused(&source, BE_ERR_FILE_CORRUPT, "cannot be decoded");
                continue;
            }
            be_fixture_t *fixture = must_open(&source);
            be_runtime_t *runtime = open_stream(fixture, 50);
            for (int32_t i = 0; i < 4 * LOOP; i++)
                assert_int_equal(be_runtime_pull_frame(runtime, i, bgr, BYTES, NULL),
                                 i % LOOP == 1 ? BE_ERR_FILE_CORRUPT : BE_OK);
            be_runtime_destroy(runtime);
            be_fixture_release(fixture);
        }
    bei_free(writable(bytes));
}

/* ---------------------------------------------------------------- temporary files */

static int entries_of(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

static void a_temporary_file_stands_in_tmpdir_without_a_name(void **state)
{
    (void)state;
    char folder[] = "/tmp/essence-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(setenv("TMPDIR", folder, 1), 0);
    be_fixture_source_t source = from_path(ACTING);
    source.storage = BE_STORAGE_TEMP_FILE;
    be_fixture_t *fixture = must_open(&source);
    assert_int_equal(entries_of(folder), 2);
    char line[512];
    int maps = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    while (file && fgets(line, sizeof line, file))
        maps += strstr(line, folder) != NULL;
    if (file) {
        fclose(file);
        assert_int_equal(maps, 1);
    }
    be_fixture_release(fixture);
    assert_int_equal(rmdir(folder), 0);
    assert_refused(&source, BE_ERR_FILE_NOT_FOUND, folder);
    unsetenv("TMPDIR");
}

/* As on a full disk: an error when it is opened, not a signal when it is used. */
static void a_file_that_may_not_grow_is_an_error(void **state)
{
    (void)state;
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    be_fixture_source_t source = from_path(ACTING);
    source.storage = BE_STORAGE_TEMP_FILE;
    be_fixture_t *fixture = NULL;
    be_status status = be_fixture_open(&source, &fixture);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, BE_ERR_OUT_OF_MEMORY);
    assert_non_null(strstr(be_last_error_message(), "temporary file"));
}

/* ---------------------------------------------------------------- bad callers */

#define REFUSED(field, value, words)                                                               \
    do {                                                                                           \
        be_fixture_source_t bad = from_path(ACTING);                                               \
        bad.field = (value);                                                                       \
        assert_refused(&bad, BE_ERR_INVALID_ARG, words);                                           \
    } while (0)

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    be_fixture_t *fixture = NULL;
    be_fixture_source_t source = from_path(ACTING);
    assert_int_equal(be_fixture_open(NULL, &fixture), BE_ERR_INVALID_ARG);
    assert_int_equal(be_fixture_open(&source, NULL), BE_ERR_INVALID_ARG);
    REFUSED(struct_size, 0, "struct_size is 0");
    REFUSED(struct_size, (uint32_t)sizeof source - 8, "struct_size");
    REFUSED(path, NULL, "nothing to load");
    REFUSED(size, 7, "size is 7 and data is NULL");
    REFUSED(data, &source, "0 bytes");
    source = from_path("/nowhere/at/all.imx");
    assert_refused(&source, BE_ERR_FILE_NOT_FOUND, "/nowhere/at/all.imx");
}

static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    REFUSED(flags, 4, "flags are 0x4");
    REFUSED(preferred_ep, (be_ep)17, "preferred_ep is 17");
    REFUSED(preferred_ep, (be_ep)-1, "preferred_ep is -1");
    REFUSED(intra_op_threads, 257, "intra_op_threads is 257");
    REFUSED(loading, (be_loading)4, "loading is 4");
    REFUSED(storage, (be_storage)-2, "storage is -2");
    REFUSED(store_mb, 7, "store_mb is 7, not 8 .. 4096");
    REFUSED(store_mb, 4097, "store_mb is 4097");
    REFUSED(reserved, 1, "reserved is 1");
}

typedef struct longer_action {
    be_action_t action;
    uint64_t later, beyond;
} longer_action_t;

/* A caller that was built against a later header hands in more, and gets more back. */
static void structs_of_another_age_are_taken(void **state)
{
    (void)state;
    struct {
        be_fixture_source_t source;
        uint64_t later;
    } in = {from_path(ACTING), 0};
    in.source.struct_size = sizeof in;
    be_fixture_t *fixture = must_open(&in.source);
    in.later = 1;
    assert_refused(&in.source, BE_ERR_INVALID_ARG, "does not know");

    longer_action_t out = {{.struct_size = offsetof(longer_action_t, beyond)}, 5, 6};
    assert_int_equal(be_fixture_get_action(fixture, 0, &out.action), BE_OK);
    assert_string_equal(out.action.name, "nod");
    assert_int_equal(out.action.struct_size, offsetof(longer_action_t, beyond));
    assert_int_equal(out.later, 0);
    assert_int_equal(out.beyond, 6);
    be_provider_report_t report = {.struct_size = sizeof report - 1, .asked = BE_EP_QNN};
    assert_int_equal(be_fixture_get_provider(fixture, &report), BE_ERR_INVALID_ARG);
    assert_int_equal(report.asked, BE_EP_QNN);
    report.struct_size = sizeof report;
    assert_int_equal(be_fixture_get_provider(fixture, &report), BE_OK);
    assert_int_equal(report.asked, BE_EP_CPU);
    assert_int_equal(report.struct_size, sizeof report);
    be_fixture_release(fixture);
}

typedef struct grown {
    uint32_t struct_size, first, later, last;
} grown_t;

/* No struct has grown yet: what takes them is asked how it would take one that has. */
static void what_an_earlier_caller_lacks_is_zero(void **state)
{
    (void)state;
    grown_t given = {offsetof(grown_t, later), 5, 6, 7}, taken = {1, 2, 3, 4};
    const size_t first_size = offsetof(grown_t, later);
    assert_int_equal(bei_check_take(&given, first_size, &taken, sizeof taken, "grown_t"), BE_OK);
    assert_int_equal(taken.first, 5);
    assert_int_equal(taken.later, 0);
    assert_int_equal(taken.last, 0);
    given.struct_size = sizeof given;
    assert_int_equal(bei_check_take(&given, first_size, &taken, sizeof taken, "grown_t"), BE_OK);
    assert_memory_equal(&taken, &given, sizeof taken);
    given.struct_size = (uint32_t)first_size - 1;
    assert_int_equal(bei_check_take(&given, first_size, &taken, sizeof taken, "grown_t"),
                     BE_ERR_INVALID_ARG);
    assert_non_null(strstr(be_last_error_message(), "struct_size is 7 where grown_t has 16"));
}

/* ---------------------------------------------------------------- processes and threads */

/* In a child, 0 when it is refused the parent's avatar and shows one of its own, of the same bytes. */
static int try_as_child(const be_fixture_source_t *source, be_fixture_t *inherited,
                        uint64_t expected)
{
    be_action_t action = {.struct_size = sizeof action};
    be_fixture_t *own = NULL;
    if (be_fixture_get_action(inherited, 0, &action) != BE_ERR_INVALID_ARG)
        return 2;
    be_fixture_release(inherited);
    if (be_fixture_open(source, &own) != BE_OK || own->avatar == inherited->avatar)
        return 3;
    int status = look_of(own, 20) == expected ? 0 : 4;
    be_fixture_release(own);
    return status;
}

/* The parent's workers do not exist in a child. */
static void a_child_opens_avatars_of_its_own(void **state)
{
    (void)state;
    if (!CHILDREN_HAVE_THREADS)
        skip();
    for (int storage = 1; storage <= BE_STORAGE_TEMP_FILE; storage++) {
        be_fixture_source_t source = from_path(ACTING);
        source.storage = (be_storage)storage;
        be_fixture_t *fixture = must_open(&source);
        const uint64_t expected = look_of(fixture, 20);
        be_fixture_t *other = must_open(&source);
        pid_t child = fork();
        if (child == 0)
            _exit(try_as_child(&source, fixture, expected));
        int status = -1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        be_fixture_release(other);
        assert_int_equal(look_of(fixture, 20), expected);
        be_fixture_release(fixture);
    }
}

static void a_released_avatar_leaves_no_thread(void **state)
{
    (void)state;
    if (entries_of("/proc/self/task") == 0)
        skip();
    int before = entries_of("/proc/self/task");
    for (int storage = 1; storage <= BE_STORAGE_TEMP_FILE; storage++)
        for (int loading = 1; loading <= BE_LOADING_ON_DEMAND; loading++) {
            be_fixture_source_t source = from_path(ACTING);
            source.loading = (be_loading)loading;
            source.storage = (be_storage)storage;
            be_fixture_t *fixture = must_open(&source);
            be_fixture_release(fixture);
        }
    for (int i = 0; i < 2000 && entries_of("/proc/self/task") > before; i++)
        sched_yield(); /* the system may list a thread for a moment after it was joined */
    assert_int_equal(entries_of("/proc/self/task"), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_of_keeping_pictures_shows_the_same),
        cmocka_unit_test(a_large_avatar_gets_by_with_little_room),
        cmocka_unit_test(bytes_are_as_good_as_a_file_and_are_copied),
        cmocka_unit_test(one_store_for_the_same_bytes_and_settings),
        cmocka_unit_test(a_damaged_picture_is_an_error_of_its_frame),
        cmocka_unit_test(a_temporary_file_stands_in_tmpdir_without_a_name),
        cmocka_unit_test(a_file_that_may_not_grow_is_an_error),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(structs_of_another_age_are_taken),
        cmocka_unit_test(what_an_earlier_caller_lacks_is_zero),
        cmocka_unit_test(a_child_opens_avatars_of_its_own),
        cmocka_unit_test(a_released_avatar_leaves_no_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
