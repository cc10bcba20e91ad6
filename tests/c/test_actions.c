/* Actions through the public calls, with an avatar that has two: "nod", frames 6 to 9, leaves the loop
 * after 2 and rejoins it at 3; "look", frames 10 to 12, leaves and rejoins at 4. The loop of 6 frames is
 * played forth and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "essence.h"
#include "session/avatar.h"

enum { TICK = 640, BYTES = 160 * 96 * 3, LOOP = 6 };

typedef struct world {
    be_fixture_t *plain, *acting;
    be_runtime_t *runtime; /* of the acting one, unpaced, with ten seconds of silence pushed */
    uint8_t bgr[BYTES];
} world_t;

static be_fixture_t *load(const char *path)
{
    be_fixture_t *fixture = NULL;
    if (be_fixture_load(path, NULL, &fixture) != BE_OK)
        fail_msg("%s", be_last_error_message());
    return fixture;
}

static int load_all(void **state)
{
    world_t *world = calloc(1, sizeof *world);
    world->plain = load(ESSENCE_TEST_DATA "/data/tiny.imx");
    world->acting = load(ESSENCE_TEST_DATA "/data/tiny_actions.imx");
    *state = world;
    return 0;
}

static int free_all(void **state)
{
    world_t *world = *state;
    be_fixture_release(world->plain);
    be_fixture_release(world->acting);
    free(world);
    return 0;
}

static int open_stream(void **state)
{
    world_t *world = *state;
    assert_int_equal(be_runtime_open(world->acting, NULL, &world->runtime), BE_OK);
    float *silence = calloc(250 * TICK, sizeof *silence);
    assert_int_equal(be_runtime_push_audio(world->runtime, silence, 250 * TICK), BE_OK);
    free(silence);
    return 0;
}

static int close_stream(void **state)
{
    world_t *world = *state;
    be_runtime_destroy(world->runtime);
    return 0;
}

static void play(world_t *world, const char *name, uint32_t at_once)
{
    assert_int_equal(be_runtime_play_action(world->runtime, name, at_once), BE_OK);
}

/* Pulls as many frames as `frames` has up to a negative number. */
static void assert_pulls(world_t *world, const int *frames)
{
    be_frame_t frame = {.struct_size = sizeof frame};
    for (int i = 0; frames[i] >= 0; i++) {
        assert_int_equal(be_runtime_pull(world->runtime, 0, NULL, &frame), BE_OK);
        assert_int_equal(frame.frame_idx_used, frames[i]);
        assert_int_equal((frame.flags & BE_FRAME_ACTION) != 0, frames[i] >= LOOP);
    }
}

#define ASSERT_PULLS(world, ...) assert_pulls((world), (const int[]){__VA_ARGS__, -1})

static void an_avatar_says_what_it_can_do(void **state)
{
    world_t *world = *state;
    be_fixture_info_t info;
    assert_int_equal(be_fixture_get_info(world->acting, &info), BE_OK);
    assert_int_equal(info.source_frame_count, LOOP);
    assert_int_equal(be_fixture_get_action_count(world->acting), 2);
    be_action_t action = {.struct_size = sizeof action};
    assert_int_equal(be_fixture_get_action(world->acting, 0, &action), BE_OK);
    assert_string_equal(action.name, "nod");
    assert_int_equal(action.flags, 0);
    assert_int_equal(action.frame_count, 4);
    assert_int_equal(action.leave, 2);
    assert_int_equal(action.rejoin, 3);
    assert_int_equal(be_fixture_get_action(world->acting, 1, &action), BE_OK);
    assert_string_equal(action.name, "look");
    assert_int_equal(action.flags, BE_ACTION_IDLE);
    assert_int_equal(action.frame_count, 3);
    assert_int_equal(action.leave, 4);
    assert_int_equal(action.rejoin, 4);
    assert_int_equal(be_fixture_get_action(world->acting, 2, &action), BE_ERR_INVALID_ARG);
}

static void most_avatars_have_none(void **state)
{
    world_t *world = *state;
    be_action_t action = {.struct_size = sizeof action};
    assert_int_equal(be_fixture_get_action_count(world->plain), 0);
    assert_int_equal(be_fixture_get_action(world->plain, 0, &action), BE_ERR_INVALID_ARG);
}

static void nobody_sees_an_action_without_asking(void **state)
{
    ASSERT_PULLS(*state, 0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 4);
}

static void an_action_waits_for_its_place(void **state)
{
    world_t *world = *state;
    play(world, "nod", 0);
    ASSERT_PULLS(world, 0, 1, 2, 6, 7, 8, 9, 3, 4, 5, 4);
    play(world, "nod", 0);
    ASSERT_PULLS(world, 3, 2, 6, 7, 8, 9, 3, 4, 5, 4, 3, 2, 1, 0, 1);
}

static void at_once_is_at_once(void **state)
{
    world_t *world = *state;
    ASSERT_PULLS(world, 0);
    play(world, "look", 1);
    ASSERT_PULLS(world, 10, 11);
    play(world, "nod", 1);
    ASSERT_PULLS(world, 6, 7, 8, 9, 3);
}

static void an_action_that_waits_is_replaced_or_taken_back(void **state)
{
    world_t *world = *state;
    play(world, "nod", 0);
    play(world, "look", 0);
    ASSERT_PULLS(world, 0, 1, 2, 3, 4, 10, 11, 12, 4, 5);
    play(world, "nod", 0);
    play(world, NULL, 0);
    ASSERT_PULLS(world, 4, 3, 2, 1, 0);
}

static void an_action_that_is_not_there_is_named(void **state)
{
    world_t *world = *state;
    play(world, "nod", 0);
    assert_int_equal(be_runtime_play_action(world->runtime, "dance", 0), BE_ERR_INVALID_ARG);
    assert_non_null(strstr(be_last_error_message(), "dance"));
    assert_int_equal(be_runtime_play_action(world->runtime, "", 1), BE_ERR_INVALID_ARG);
    assert_int_equal(be_runtime_play_action(NULL, "nod", 0), BE_ERR_INVALID_ARG);
    ASSERT_PULLS(world, 0, 1, 2, 6); /* and what waited still does */
}

/* A hint is a frame of the loop, and leaves the stream's own place alone. */
static void a_hint_never_shows_an_action(void **state)
{
    world_t *world = *state;
    be_compose_result_t result;
    for (int32_t hint = 0; hint < 30; hint++) {
        assert_int_equal(
            be_runtime_get_source_frame(world->runtime, hint, NULL, world->bgr, BYTES, &result),
            BE_OK);
        assert_int_equal(result.frame_idx_used, hint % LOOP);
    }
    ASSERT_PULLS(world, 0, 1);
}

/* The frame-by-frame calls of the old ABI play actions too. */
static void every_call_that_gives_frames_plays_actions(void **state)
{
    static const uint32_t expected[] = {0, 1, 2, 6, 7, 8, 9, 3, 4};
    world_t *world = *state;
    be_compose_result_t result;
    play(world, "nod", 0);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        if (i % 2)
            assert_int_equal(be_runtime_pull_frame(world->runtime, -1, world->bgr, BYTES, &result),
                             BE_OK);
        else
            assert_int_equal(
                be_runtime_get_source_frame(world->runtime, -1, NULL, world->bgr, BYTES, &result),
                BE_OK);
        assert_int_equal(result.frame_idx_used, expected[i]);
    }
}

static void a_reset_forgets_actions(void **state)
{
    world_t *world = *state;
    be_compose_result_t result;
    play(world, "nod", 1);
    ASSERT_PULLS(world, 6, 7);
    play(world, "look", 1);
    be_runtime_reset_stream(world->runtime);
    for (uint32_t i = 0; i < LOOP; i++) {
        assert_int_equal(
            be_runtime_get_source_frame(world->runtime, -1, NULL, world->bgr, BYTES, &result),
            BE_OK);
        assert_int_equal(result.frame_idx_used, i);
    }
}

/* Pictures of an action are its own: the head goes where no frame of the loop has it. */
static void an_action_has_pictures_of_its_own(void **state)
{
    world_t *world = *state;
    uint8_t loop[LOOP][BYTES];
    be_compose_result_t result;
    for (int32_t i = 0; i < LOOP; i++)
        assert_int_equal(
            be_runtime_get_source_frame(world->runtime, i, NULL, loop[i], BYTES, &result), BE_OK);
    play(world, "look", 1);
    for (int shown = 0; shown < 3; shown++) {
        assert_int_equal(
            be_runtime_get_source_frame(world->runtime, -1, NULL, world->bgr, BYTES, &result),
            BE_OK);
        for (int i = 0; i < LOOP; i++)
            assert_memory_not_equal(world->bgr, loop[i], BYTES);
    }
}

/* The bundled avatar's actions go back the way they came; what is shown twice is decoded once. */
static void frames_of_the_same_bytes_share_a_picture(void **state)
{
    (void)state;
    const bei_avatar_source_t source = {.path = ESSENCE_ASSETS "/default.imx"};
    bei_avatar_t *avatar = NULL;
    assert_int_equal(bei_avatar_acquire(&source, &avatar), BE_OK);
    const bei_imx_t *imx = avatar->imx;
    uint32_t shared = 0;
    for (uint32_t i = 0; i < imx->frame_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            bool same = imx->frames[i].jpeg.data == imx->frames[j].jpeg.data;
            assert_int_equal(avatar->scene.frames[i].part == avatar->scene.frames[j].part, same);
            shared += same;
        }
    }
    assert_true(shared > 0);
    bei_avatar_release(avatar);
}

#define STREAM_TEST(function) cmocka_unit_test_setup_teardown(function, open_stream, close_stream)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_avatar_says_what_it_can_do),
        cmocka_unit_test(most_avatars_have_none),
        STREAM_TEST(nobody_sees_an_action_without_asking),
        STREAM_TEST(an_action_waits_for_its_place),
        STREAM_TEST(at_once_is_at_once),
        STREAM_TEST(an_action_that_waits_is_replaced_or_taken_back),
        STREAM_TEST(an_action_that_is_not_there_is_named),
        STREAM_TEST(a_hint_never_shows_an_action),
        STREAM_TEST(every_call_that_gives_frames_plays_actions),
        STREAM_TEST(a_reset_forgets_actions),
        STREAM_TEST(an_action_has_pictures_of_its_own),
        cmocka_unit_test(frames_of_the_same_bytes_share_a_picture),
    };
    return cmocka_run_group_tests(tests, load_all, free_all);
}
