/* libFuzzer target: no sequence of calls with checked arguments may crash the library or break what its
 * header promises. Bytes are read as calls on two streams and a waiter; ESSENCE_FUZZ_DATA names the folder of
 * the avatars. What must hold is in calls_model.c. */
#include <stdio.h>
#include <stdlib.h>

#include "calls_model.h"

enum { STREAMS = 2, AVATARS = 4, CALLS = 200 };

typedef struct set {
    model_t models[STREAMS];
    be_waiter_t *waiter;
    bool stopped;
} set_t;

static be_fixture_t *fixtures[AVATARS];

/* ---------------------------------------------------------------- the waiter */

static void join(set_t *set, model_t *model)
{
    const be_status status =
        be_waiter_add(set->waiter, model->runtime, (uint64_t)(model - set->models));
    need((status == BE_OK) == !model->in_waiter);
    if (status == BE_OK)
        model->armed = false;
    model->in_waiter = true;
}

static void part(set_t *set, model_t *model)
{
    const be_status status = be_waiter_remove(set->waiter, model->runtime);
    need((status == BE_OK) == model->in_waiter);
    model->in_waiter = model->armed = false;
}

static void arm(set_t *set, model_t *model)
{
    const be_status status = be_waiter_arm(set->waiter, model->runtime);
    need((status == BE_OK) == model->in_waiter);
    model->armed = model->in_waiter;
}

/* Nobody is told who did not ask, and nobody twice; who is due at any time is told. */
static void wait(set_t *set, input_t *input)
{
    uint64_t tags[STREAMS];
    size_t count = 0;
    const size_t capacity = 1 + take(input, 1) % STREAMS;
    const be_status status = be_waiter_wait(set->waiter, 0, tags, capacity, &count);
    need((status == BE_ERR_STOPPED) == set->stopped);
    if (status == BE_OK) {
        need(count >= 1 && count <= capacity);
        for (size_t i = 0; i < count; i++) {
            need(tags[i] < STREAMS && set->models[tags[i]].armed);
            set->models[tags[i]].armed = false;
        }
    } else if (status == BE_ERR_TIMEOUT) {
        for (int i = 0; i < STREAMS; i++)
            need(!set->models[i].armed || be_runtime_next_due(set->models[i].runtime) != INT64_MIN);
    }
}

static void renew_waiter(set_t *set)
{
    be_waiter_destroy(set->waiter);
    for (int i = 0; i < STREAMS; i++)
        set->models[i].in_waiter = set->models[i].armed = false;
    set->stopped = false;
    need(be_waiter_create(&set->waiter) == BE_OK);
}

static void use_waiter(set_t *set, model_t *model, input_t *input)
{
    switch (take(input, 1) % 8) {
    case 0:
        join(set, model);
        break;
    case 1:
        part(set, model);
        break;
    case 2:
    case 3:
        arm(set, model);
        break;
    case 4:
        renew_waiter(set);
        break;
    case 5:
        if (take(input, 1) % 16 == 0) {
            be_waiter_stop(set->waiter);
            set->stopped = true;
        }
        break;
    default:
        wait(set, input);
    }
}

/* ---------------------------------------------------------------- streams */

static void renew(model_t *model, input_t *input)
{
    const int64_t now = model->now;
    if (model->runtime)
        model_close(model);
    model_open(model, fixtures[take(input, 1) % AVATARS], input);
    model->now = now;
}

/* Calls that are seldom made and change everything. */
static void make_rare_call(model_t *model, input_t *input)
{
    switch (take(input, 1) % 8) {
    case 0:
        renew(model, input);
        break;
    case 1:
        if (take(input, 1) % 4 == 0)
            model_stop(model);
        break;
    case 2:
        model_batch(model, input);
        break;
    case 3:
        model_render(model, input);
        break;
    case 4:
    case 5:
        model_reset(model);
        break;
    default:
        model_look(model, input);
    }
}

static void make_call(set_t *set, input_t *input)
{
    const uint32_t code = take(input, 1);
    model_t *model = &set->models[code >> 7];
    switch (code % 16) {
    case 0:
        make_rare_call(model, input);
        break;
    case 1:
        model_interrupt(model);
        break;
    case 2:
        model_settings(model, input);
        break;
    case 3:
    case 4:
        use_waiter(set, model, input);
        break;
    case 5:
    case 6:
        model_flush(model);
        break;
    case 7:
    case 8:
        model_pull(model, input);
        break;
    case 9:
    case 10:
    case 11:
        model_push(model, input);
        break;
    default:
        model_poll(model, input);
    }
}

/* ---------------------------------------------------------------- libFuzzer's own */

static be_fixture_t *open_avatar(const char *name, be_loading loading, be_storage storage)
{
    char path[1024];
    be_fixture_t *fixture = NULL;
    snprintf(path, sizeof path, "%s/%s", getenv("ESSENCE_FUZZ_DATA"), name);
    const be_fixture_source_t source = {.struct_size = sizeof source,
                                        .path = path,
                                        .loading = loading,
                                        .storage = storage,
                                        .store_mb = 8};
    if (be_fixture_open(&source, &fixture) != BE_OK) {
        fprintf(stderr, "fuzz_calls: %s\n", be_last_error_message());
        exit(1);
    }
    return fixture;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fixtures[0] = open_avatar("tiny.imx", BE_LOADING_SYNC, BE_STORAGE_MEMORY);
    fixtures[1] = open_avatar("tiny_actions.imx", BE_LOADING_ASYNC, BE_STORAGE_MEMORY);
    fixtures[2] = open_avatar("tiny_actions.imx", BE_LOADING_ON_DEMAND, BE_STORAGE_JPEG);
    fixtures[3] = open_avatar("tiny.imx", BE_LOADING_ASYNC, BE_STORAGE_TEMP_FILE);
    for (int i = 0; i < SAMPLES; i++)
        noise[i] = (float)(rand() % 2001 - 1000) / 1000;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    set_t set = {.stopped = false};
    need(be_waiter_create(&set.waiter) == BE_OK);
    for (int i = 0; i < STREAMS; i++)
        renew(&set.models[i], &input);
    for (int i = 0; i < CALLS && input.left > 0; i++)
        make_call(&set, &input);
    for (int i = 0; i < STREAMS; i++)
        model_close(&set.models[i]);
    be_waiter_destroy(set.waiter);
    return 0;
}
