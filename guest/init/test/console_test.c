/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* What a terminal answers when it is asked where its cursor is. */
#include "unit.h"

#include "console.h"

static const struct {
    const char *text;
    int result;
    unsigned columns, rows;
} reports[] = {
    {"\033[24;80R", 0, 80, 24},
    {"typed\033[A\033[50;132Rmore", 0, 132, 50},
    {"\033[\033[1;1R", 0, 1, 1},
    {"\033[1;2H\033[3;4R", 0, 4, 3},
    {"", -1, 0, 0},
    {"\033[24;80", -1, 0, 0},
    {"\033[24R", -1, 0, 0},
    {"\033[0;80R", -1, 0, 0},
    {"\033[24;99999R", -1, 0, 0},
    {"\033[;R", -1, 0, 0},
};

static void test_reports(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
        struct termsize size = {0};

        assert_int_equal(console_parse_report(&size, reports[i].text),
                         reports[i].result);
        assert_int_equal(size.columns, reports[i].columns);
        assert_int_equal(size.rows, reports[i].rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reports)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
