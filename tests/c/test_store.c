/* The store of decoded pictures: the same pictures in every mode, within its budget, ahead of need, with
 * damaged ones among them, and by several streams at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <sched.h>
#include <stdatomic.h>
#include <turbojpeg.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/pages.h"
#include "base/thread.h"
#include "picture/jpeg.h"
#include "picture/pool.h"

/* An avatar: a base, mouths, and frames of two sizes with a base of their own now and then. */
enum { MOUTHS = 6, FRAMES = 24, BASES = 3, PICTURES = BASES + MOUTHS + FRAMES, W = 128, H = 96 };

typedef struct world {
    bei_pool_source_t sources[PICTURES];
    unsigned char *jpeg[PICTURES];
    uint8_t *expected[PICTURES]; /* decoded alone; NULL for one that is damaged */
} world_t;

typedef struct mode {
    const char *name;
    bei_pool_settings_t settings;
} store_mode_t;

static const store_mode_t MODES[] = {
    {"all in memory", {.budget = 0}},
    {"all in a file", {.in_file = true}},
    {"on demand, little", {.on_demand = true, .budget = 1}},
    {"on demand, some", {.on_demand = true, .budget = 120 << 10}},
    {"on demand, all", {.on_demand = true}},
    {"on demand, in a file", {.on_demand = true, .in_file = true, .budget = 1}},
};
enum { MODE_COUNT = sizeof MODES / sizeof *MODES };

/* What picture `index` shows at a place. */
static uint8_t shade(int index, int x, int y, int channel)
{
    return (uint8_t)(index * 37 + 3 * x + channel + y * 2);
}

/* The place of part number i, and how much of its edge shows its base: all of it now and then, or nothing. */
static int part_x(int i)
{
    return i % 3 * 16;
}

static int part_y(int i)
{
    return i % 4 * 16;
}

static int part_edge(int i)
{
    return i % 7 == 0 ? 1000 : i % 7 == 1 ? 0 : 16;
}

static bool is_edge(int at, int side, int edge)
{
    return at < edge || at >= side - edge;
}

static uint8_t look(int index, int x, int y, int width, int height, int channel)
{
    const int part = index - BASES - MOUTHS;
    if (part >= 0 && (is_edge(x, width, part_edge(part)) || is_edge(y, height, part_edge(part))))
        return shade(part % BASES, x + part_x(part), y + part_y(part), channel);
    return shade(index, x, y, channel);
}

static bei_span_t encode(world_t *w, int index, int width, int height)
{
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3);
    for (int i = 0; i < width * height * 3; i++)
        rgb[i] = look(index, i / 3 % width, i / 3 / width, width, height, i % 3);
    unsigned long size = 0;
    tjhandle handle = tjInitCompress();
    assert_int_equal(tjCompress2(handle, rgb, width, 0, height, TJPF_RGB, &w->jpeg[index], &size,
                                 TJSAMP_420, 90, 0),
                     0);
    tjDestroy(handle);
    free(rgb);
    return (bei_span_t){w->jpeg[index], size};
}

static void add(world_t *w, int index, int width, int height, bei_picture_kind_t kind)
{
    const int part = index - BASES - MOUTHS;
    w->sources[index] = (bei_pool_source_t){.jpeg = encode(w, index, width, height),
                                            .width = (uint32_t)width,
                                            .height = (uint32_t)height,
                                            .kind = kind};
    if (kind == BEI_PICTURE_PART) {
        w->sources[index].placed = true;
        w->sources[index].base = (uint32_t)part % BASES;
        w->sources[index].x = (uint32_t)part_x(part);
        w->sources[index].y = (uint32_t)part_y(part);
    }
    size_t bytes = (size_t)bei_i420_size((uint32_t)width, (uint32_t)height);
    w->expected[index] = bei_calloc(1, bytes);
    bei_i420_t picture = bei_i420_over(w->expected[index], (uint32_t)width, (uint32_t)height);
    bei_jpeg_t *decoder = NULL;
    assert_int_equal(bei_jpeg_create(&decoder), BE_OK);
    assert_int_equal(bei_jpeg_decode(decoder, w->sources[index].jpeg, &picture), BE_OK);
    bei_jpeg_destroy(decoder);
}

static int setup(void **state)
{
    world_t *w = calloc(1, sizeof *w);
    for (int i = 0; i < BASES; i++)
        add(w, i, W, H, BEI_PICTURE_BASE);
    for (int i = 0; i < MOUTHS; i++)
        add(w, BASES + i, 32, 16, BEI_PICTURE_MOUTH);
    for (int i = 0; i < FRAMES; i++)
        add(w, BASES + MOUTHS + i, i % 3 ? 64 : 96, 48, BEI_PICTURE_PART);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world_t *w = *state;
    for (int i = 0; i < PICTURES; i++) {
        tjFree(w->jpeg[i]);
        bei_free(w->expected[i]);
    }
    free(w);
    return 0;
}

static bei_pool_t *make(const world_t *w, bei_pool_settings_t settings)
{
    bei_pool_t *pool = NULL;
    assert_int_equal(bei_pool_create(w->sources, PICTURES, settings, &pool), BE_OK);
    return pool;
}

/* What frame f takes, with a mouth. */
static void list(uint32_t frame, uint32_t wanted[BEI_PICTURE_WANTED])
{
    wanted[BEI_PICTURE_BASE] = frame % 5 == 4 ? BEI_NO_PICTURE : frame % BASES;
    wanted[BEI_PICTURE_PART] = BASES + MOUTHS + frame % FRAMES;
    wanted[BEI_PICTURE_MOUTH] = BASES + (frame * 7) % MOUTHS;
    wanted[BEI_PICTURE_OTHER_MOUTH] = frame % 3 ? BASES + (frame * 7 + 1) % MOUTHS : BEI_NO_PICTURE;
}

/* The picture decoded alone; of a part that is placed, also what lies under it. */
static bei_i420_t alone(const world_t *w, uint32_t index)
{
    const bei_pool_source_t *source = &w->sources[index];
    return bei_i420_over(w->expected[index], source->width, source->height);
}

static bei_i420_t under(const world_t *w, uint32_t index)
{
    const bei_pool_source_t *source = &w->sources[index];
    const bei_i420_t base = alone(w, source->base);
    return bei_i420_part(&base, (bei_rect_t){source->x, source->y, source->width, source->height});
}

/* A row of a packed picture, laid over what is under it, against the same row alone. */
static bool is_row_equal(const uint8_t *base, const uint8_t *expected, bei_run_t run,
                         const uint8_t *samples, uint32_t n)
{
    const uint32_t end = (uint32_t)run.start + run.length;
    return end <= n && memcmp(base, expected, run.start) == 0 &&
           memcmp(samples, expected + run.start, run.length) == 0 &&
           memcmp(base + end, expected + end, n - end) == 0;
}

static bool is_packed_equal(const world_t *w, uint32_t index, const bei_picture_t *picture)
{
    const bei_i420_t expected = alone(w, index), base = under(w, index);
    const bei_run_t *run = picture->runs;
    const uint8_t *samples = picture->samples;
    for (int p = 0; p < 3; p++)
        for (uint32_t y = 0; y < (p ? bei_i420_half(expected.height) : expected.height); y++) {
            if (!is_row_equal(base.plane[p] + y * base.stride[p],
                              expected.plane[p] + y * expected.stride[p], *run, samples,
                              p ? bei_i420_half(expected.width) : expected.width))
                return false;
            samples += run++->length;
        }
    return true;
}

static bool is_equal(const world_t *w, uint32_t index, const bei_picture_t *got)
{
    if (got->runs)
        return is_packed_equal(w, index, got);
    const bei_i420_t expected = alone(w, index), *picture = &got->planes;
    for (int p = 0; p < 3; p++)
        for (uint32_t y = 0; y < (p ? bei_i420_half(picture->height) : picture->height); y++)
            if (memcmp(picture->plane[p] + y * picture->stride[p],
                       expected.plane[p] + y * expected.stride[p],
                       p ? bei_i420_half(picture->width) : picture->width) != 0)
                return false;
    return true;
}

/* Acquires, compares and releases a frame's pictures. */
static bool show(const world_t *w, bei_pool_t *pool, uint32_t frame)
{
    uint32_t wanted[BEI_PICTURE_WANTED];
    const bei_picture_t *got[BEI_PICTURE_WANTED];
    list(frame, wanted);
    if (bei_pool_acquire(pool, wanted, got) != BE_OK)
        return false;
    bool equal = true;
    for (int i = 0; i < BEI_PICTURE_WANTED; i++)
        equal = equal &&
                (wanted[i] == BEI_NO_PICTURE ? got[i] == NULL : is_equal(w, wanted[i], got[i]));
    bei_pool_release(pool, wanted);
    return equal;
}

static void expect_after(bei_pool_t *pool, uint32_t frame, uint32_t depth)
{
    uint32_t soon[16], count = 0;
    for (uint32_t i = 1; i <= depth; i++) {
        uint32_t wanted[BEI_PICTURE_WANTED];
        list(frame + i, wanted);
        if (wanted[BEI_PICTURE_BASE] != BEI_NO_PICTURE)
            soon[count++] = wanted[BEI_PICTURE_BASE];
        soon[count++] = wanted[BEI_PICTURE_PART];
    }
    bei_pool_expect(pool, soon, count);
}

/* Until the worker has looked at everything that was expected, and works at nothing. */
static bei_pool_counts_t settled(bei_pool_t *pool)
{
    for (;;) {
        bei_pool_counts_t counts = bei_pool_counts(pool);
        if (counts.queued == 0 && !counts.decoding)
            return counts;
        sched_yield();
    }
}

/* ---------------------------------------------------------------- one stream */

static void every_mode_gives_the_same_pictures(void **state)
{
    const world_t *w = *state;
    for (int m = 0; m < MODE_COUNT; m++) {
        bei_pool_t *pool = make(w, MODES[m].settings);
        for (uint32_t frame = 0; frame < 3 * FRAMES; frame++) {
            if (!show(w, pool, frame))
                fail_msg("%s: frame %u differs", MODES[m].name, frame);
            if (frame % 2)
                expect_after(pool, frame, 4);
        }
        for (uint32_t i = 0; i < 100; i++) /* back and forth without a word */
            assert_true(show(w, pool, i * 7919 % 1000));
        bei_pool_counts_t counts = bei_pool_counts(pool);
        assert_int_equal(counts.pins, 0);
        assert_true(counts.held <= counts.peak && counts.peak <= counts.budget);
        bei_pool_destroy(pool);
    }
}

static void a_small_budget_is_raised_to_what_a_frame_needs(void **state)
{
    const world_t *w = *state;
    bei_pool_t *pool = make(w, (bei_pool_settings_t){.on_demand = true, .budget = 1});
    bei_pool_counts_t counts = bei_pool_counts(pool);
    uint64_t least = bei_pages_round(bei_i420_size(W, H)) +
                     2 * bei_pages_round(bei_i420_size(96, 48)) +
                     2 * bei_pages_round(bei_i420_size(32, 16));
    assert_int_equal(counts.budget, least);
    for (uint32_t frame = 0; frame < FRAMES; frame++)
        assert_true(show(w, pool, frame));
    counts = bei_pool_counts(pool);
    assert_true(counts.by_callers > 0 && counts.peak <= least);
    bei_pool_destroy(pool);
}

/* Everything fits: each picture is decoded once, however often it is shown. */
static void what_fits_stays(void **state)
{
    const world_t *w = *state;
    bei_pool_t *pool = make(w, (bei_pool_settings_t){.on_demand = true, .budget = 8 << 20});
    for (uint32_t frame = 0; frame < 4 * FRAMES; frame++)
        assert_true(show(w, pool, frame));
    bei_pool_counts_t counts = settled(pool);
    assert_int_equal(counts.by_worker + counts.by_callers, PICTURES);
    bei_pool_destroy(pool);
}

/* Room for the mouths and a few frames: the mouths stay, whatever passes. */
static void mouths_stay_where_they_leave_room(void **state)
{
    const world_t *w = *state;
    bei_pool_t *pool = make(w, (bei_pool_settings_t){.on_demand = true, .budget = 160 << 10});
    settled(pool);
    for (uint32_t frame = 0; frame < 2 * FRAMES; frame++)
        assert_true(show(w, pool, frame));
    uint32_t wanted[BEI_PICTURE_WANTED] = {BEI_NO_PICTURE, BEI_NO_PICTURE, BEI_NO_PICTURE,
                                           BEI_NO_PICTURE};
    const bei_picture_t *got[BEI_PICTURE_WANTED];
    uint64_t before = bei_pool_counts(pool).by_callers;
    for (uint32_t i = 0; i < MOUTHS; i++) {
        wanted[BEI_PICTURE_MOUTH] = BASES + i;
        assert_int_equal(bei_pool_acquire(pool, wanted, got), BE_OK);
        bei_pool_release(pool, wanted);
    }
    assert_int_equal(bei_pool_counts(pool).by_callers, before);
    bei_pool_destroy(pool);
}

/* A stream that says what comes, and lets the worker do it, never decodes itself; far less room than
 * the loop takes is enough. */
static void expected_pictures_are_there_in_time(void **state)
{
    const world_t *w = *state;
    bei_pool_t *pool = make(w, (bei_pool_settings_t){.on_demand = true, .budget = 160 << 10});
    expect_after(pool, UINT32_MAX, 3);
    settled(pool);
    uint64_t before = bei_pool_counts(pool).by_callers;
    for (uint32_t frame = 0; frame < 3 * FRAMES; frame++) {
        assert_true(show(w, pool, frame));
        expect_after(pool, frame, 3);
        settled(pool);
    }
    bei_pool_counts_t counts = bei_pool_counts(pool);
    assert_int_equal(counts.by_callers, before);
    assert_true(counts.by_worker > 2 * FRAMES && counts.peak <= counts.budget);
    bei_pool_destroy(pool);
}

/* What was expected is not dropped for what others expect; but a stream that says much and then goes
 * elsewhere does not keep the room for ever. */
static void expectations_that_came_to_nothing_are_forgotten(void **state)
{
    const world_t *w = *state;
    bei_pool_t *pool = make(w, (bei_pool_settings_t){.on_demand = true, .budget = 120 << 10});
    uint32_t parts[FRAMES];
    for (uint32_t i = 0; i < FRAMES; i++)
        parts[i] = BASES + MOUTHS + i;
    bei_pool_expect(pool, parts, FRAMES);
    uint64_t before = settled(pool).by_worker;
    assert_true(before < PICTURES);
    bei_pool_expect(pool, &parts[FRAMES - 1], 1);
    assert_int_equal(settled(pool).by_worker, before);
    const uint32_t elsewhere[BEI_PICTURE_WANTED] = {BEI_NO_PICTURE, BEI_NO_PICTURE, BASES,
                                                    BEI_NO_PICTURE};
    const bei_picture_t *got[BEI_PICTURE_WANTED];
    for (int i = 0; i < 400; i++) {
        assert_int_equal(bei_pool_acquire(pool, elsewhere, got), BE_OK);
        bei_pool_release(pool, elsewhere);
    }
    bei_pool_expect(pool, &parts[FRAMES - 1], 1);
    bei_pool_counts_t counts = settled(pool);
    assert_int_equal(counts.by_worker, before + 1);
    assert_int_equal(counts.by_callers, 0);
    bei_pool_destroy(pool);
}

static void finishing_decodes_everything(void **state)
{
    const world_t *w = *state;
    for (int m = 0; m < MODE_COUNT; m++) {
        bei_pool_t *pool = make(w, MODES[m].settings);
        assert_int_equal(bei_pool_finish(pool), BE_OK);
        const uint32_t first[BEI_PICTURE_WANTED] = {0, BEI_NO_PICTURE, BEI_NO_PICTURE,
                                                    BEI_NO_PICTURE};
        const bei_picture_t *got[BEI_PICTURE_WANTED];
        uint64_t before = bei_pool_counts(pool).by_callers;
        assert_int_equal(bei_pool_acquire(pool, first, got), BE_OK);
        bei_pool_release(pool, first);
        assert_int_equal(bei_pool_counts(pool).by_callers, before);
        bei_pool_destroy(pool);
    }
}

/* ---------------------------------------------------------------- several streams */

typedef struct walker {
    const world_t *w;
    bei_pool_t *pool;
    uint32_t start, step;
    uint32_t wrong;
} walker_t;

static void walk(void *user)
{
    walker_t *walker = user;
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t frame = walker->start + i * walker->step;
        walker->wrong += !show(walker->w, walker->pool, frame);
        if (walker->step == 1)
            expect_after(walker->pool, frame, 4);
    }
}

static void streams_at_different_places_share_the_least_room(void **state)
{
    enum { WALKERS = 5 };
    const world_t *w = *state;
    for (int m = 0; m < MODE_COUNT; m++) {
        bei_pool_t *pool = make(w, MODES[m].settings);
        walker_t walkers[WALKERS];
        bei_thread_t threads[WALKERS];
        for (uint32_t i = 0; i < WALKERS; i++) {
            walkers[i] = (walker_t){w, pool, i * 5, i < 3 ? 1 : 11, 0};
            assert_int_equal(bei_thread_start(&threads[i], walk, &walkers[i]), BE_OK);
        }
        for (uint32_t i = 0; i < WALKERS; i++) {
            bei_thread_join(threads[i]);
            if (walkers[i].wrong)
                fail_msg("%s: stream %u had %u wrong frames", MODES[m].name, i, walkers[i].wrong);
        }
        bei_pool_counts_t counts = settled(pool);
        assert_int_equal(counts.pins, 0);
        assert_true(counts.peak <= counts.budget);
        bei_pool_destroy(pool);
    }
}

/* Somebody keeps a frame's pictures while another needs all the room there is. */
static void what_is_held_is_not_dropped(void **state)
{
    const world_t *w = *state;
    bei_pool_t *pool = make(w, (bei_pool_settings_t){.on_demand = true, .budget = 1});
    uint32_t wanted[BEI_PICTURE_WANTED];
    const bei_picture_t *got[BEI_PICTURE_WANTED];
    list(1, wanted);
    assert_int_equal(bei_pool_acquire(pool, wanted, got), BE_OK);
    walker_t other = {w, pool, 7, 11, 0};
    bei_thread_t thread;
    assert_int_equal(bei_thread_start(&thread, walk, &other), BE_OK);
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < BEI_PICTURE_WANTED; i++)
            assert_true(is_equal(w, wanted[i], got[i]));
        sched_yield();
    }
    bei_pool_release(pool, wanted);
    bei_thread_join(thread);
    assert_int_equal(other.wrong, 0);
    bei_pool_destroy(pool);
}

/* ---------------------------------------------------------------- damage */

static void one_damaged_picture_spoils_only_its_frames(void **state)
{
    world_t *w = *state;
    enum { BAD = 5, PICTURE = BASES + MOUTHS + BAD };
    const bei_span_t sound = w->sources[PICTURE].jpeg;
    for (int m = 0; m < 2 * MODE_COUNT; m++) {
        w->sources[PICTURE].jpeg.size =
            m % 2 ? sound.size - 9 : 300; /* in its data, in its header */
        bei_pool_t *pool = make(w, MODES[m / 2].settings);
        for (uint32_t frame = 0; frame < 2 * FRAMES; frame++) {
            bool shown = show(w, pool, frame);
            if (shown != (frame % FRAMES != BAD))
                fail_msg("%s: frame %u: %d: %s", MODES[m / 2].name, frame, shown,
                         bei_error_message());
            if (!shown)
                assert_non_null(strstr(bei_error_message(), "picture 14 of the avatar"));
            expect_after(pool, frame, 4);
        }
        assert_int_equal(bei_pool_finish(pool), BE_ERR_FILE_CORRUPT);
        bei_pool_counts_t counts = settled(pool);
        assert_int_equal(counts.pins, 0);
        assert_true(counts.peak <= counts.budget);
        bei_pool_destroy(pool);
    }
    w->sources[PICTURE].jpeg = sound;
}

/* ---------------------------------------------------------------- the end */

static int threads_now(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    while (readdir(tasks))
        count++;
    closedir(tasks);
    return count;
}

static void a_pool_that_ends_leaves_no_worker(void **state)
{
    const world_t *w = *state;
    if (threads_now() == 0)
        skip();
    int before = threads_now();
    for (int m = 0; m < MODE_COUNT; m++)
        for (uint32_t i = 0; i < 20; i++) {
            bei_pool_t *pool = make(w, MODES[m].settings);
            if (i % 2)
                show(w, pool, i);
            expect_after(pool, i, 5);
            bei_pool_destroy(pool);
        }
    for (int i = 0; i < 2000 && threads_now() > before; i++)
        sched_yield(); /* the system may list a thread for a moment after it was joined */
    assert_int_equal(threads_now(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mode_gives_the_same_pictures),
        cmocka_unit_test(a_small_budget_is_raised_to_what_a_frame_needs),
        cmocka_unit_test(what_fits_stays),
        cmocka_unit_test(mouths_stay_where_they_leave_room),
        cmocka_unit_test(expected_pictures_are_there_in_time),
        cmocka_unit_test(expectations_that_came_to_nothing_are_forgotten),
        cmocka_unit_test(finishing_decodes_everything),
        cmocka_unit_test(streams_at_different_places_share_the_least_room),
        cmocka_unit_test(what_is_held_is_not_dropped),
        cmocka_unit_test(one_damaged_picture_spoils_only_its_frames),
        cmocka_unit_test(a_pool_that_ends_leaves_no_worker),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
