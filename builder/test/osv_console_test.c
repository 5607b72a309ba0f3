/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* What OSv's console says, however it is cut, and what only looks like it. */
#include <string.h>

#include "osv/console.h"
#include "test.h"

static const char boot[] = "OSv v0.57.0\r\neth0: 10.0.2.15\r\n"
                           "Waiting for connection from host...\r\n";
static const char upload[] = "Adding otp/bin/shop...\r\n"
                             "Link otp/erts to /otp/erts-13.0 ...\r\n"
                             "cpiod finished\r\n";

static void cut_anywhere(void **state)
{
    char text[sizeof(boot) + sizeof(upload)];
    size_t len;

    strcpy(text, boot);
    strcat(text, upload);
    len = strlen(text);
    for (size_t first = 0; first <= len; first++) {
        struct osv_console c = {0};

        osv_console_take(&c, text, first);
        assert_int_equal(c.waiting, first >= strlen(boot) - 2);
        assert_int_equal(c.finished, first >= len - 2);
        osv_console_take(&c, text + first, len - first);
        assert_true(c.waiting && c.finished);
        assert_string_equal(c.last.v[c.last.n - 1], "cpiod finished");
        osv_console_release(&c);
    }
}

static void names(void **state)
{
    static const char *const lines[] = {
        "Adding otp/cpiod finished...\n",
        "Adding cpiod finished...\r\n",
        "Link a to cpiod finished ...\n",
        "Link cpiod finished to a ...\n",
        "cpiod finishe\nd\n",
        "cpiod\0 finishe\n",
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        struct osv_console c = {0};

        for (size_t k = 0; k < strlen(lines[i]); k++) {
            osv_console_take(&c, &lines[i][k], 1);
            assert_false(c.finished);
        }
        osv_console_release(&c);
    }
}

/* A line without an end takes no memory without an end. */
static void long_lines(void **state)
{
    struct osv_console c = {0};

    for (int i = 0; i < 100000; i++)
        osv_console_take(&c, "x", 1);
    assert_true(c.line.len <= 4096);
    for (int i = 0; i < 100; i++)
        osv_console_take(&c, "\nnext\n\n", 7);
    assert_int_equal(c.last.n, 8);
    osv_console_take(&c, "half", 4);
    osv_console_show(&c);
    assert_string_equal(c.last.v[7], "half");
    osv_console_release(&c);
    osv_console_show(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(names),
        cmocka_unit_test(long_lines),
    };

    return cmocka_run_group_tests_name("osv_console", tests, NULL, NULL);
}
