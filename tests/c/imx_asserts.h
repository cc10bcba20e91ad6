/* What the tests of the avatar file share: a builder of files, and assertions about opening one. A
 * test includes it after cmocka. */
#ifndef BE_TESTS_IMX_ASSERTS_H
#define BE_TESTS_IMX_ASSERTS_H

#include <string.h>

#include "base/error.h"
#include "container/imx.h"
#include "imx_builder.h"

static builder_t builder;
static uint8_t file[B_FILE_CAPACITY];

static int setup(void **state)
{
    (void)state;
    builder_init(&builder);
    return 0;
}

static void assert_refused(const uint8_t *bytes, size_t size, const char *named)
{
    bei_imx_t *imx = NULL;
    be_status status = bei_imx_open_memory(bytes, size, "ada.imx", NULL, &imx);
    if (status != BE_ERR_FILE_CORRUPT)
        fail_msg("status %d where '%s' was expected", (int)status, named);
    assert_null(imx);
    const char *message = bei_error_message();
    if (!strstr(message, named) || strncmp(message, "ada.imx: ", 9) != 0)
        fail_msg("'%s' does not name '%s'", message, named);
    assert_null(strchr(message, '\n'));
}

static void assert_builder_refused(const char *named)
{
    assert_refused(file, builder_write(&builder, file), named);
}

static bei_imx_t *assert_opens(void)
{
    bei_imx_t *imx = NULL;
    size_t size = builder_write(&builder, file);
    be_status status = bei_imx_open_memory(file, size, "ada.imx", NULL, &imx);
    if (status != BE_OK)
        fail_msg("refused: %s", bei_error_message());
    return imx;
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

#endif
