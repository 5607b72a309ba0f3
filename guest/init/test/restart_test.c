/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "unit.h"

#include "restart.h"

static const struct restart_policy no = {RESTART_NO, 0};
static const struct restart_policy twice = {RESTART_ON_FAILURE, 2};
static const struct restart_policy failures = {RESTART_ON_FAILURE, 0};
static const struct restart_policy always = {RESTART_ALWAYS, 0};

static void test_when(void **state)
{
    struct restart r = {0};

    (void)state;
    assert_int_equal(restart_after(&r, &no, 1, 0), -1);
    assert_int_equal(restart_after(&r, &failures, 0, 0), -1);
    assert_int_equal(restart_after(&r, &failures, 137, 0), RESTART_FIRST_MS);
    assert_int_equal(restart_after(&r, &always, 0, 0), 2 * RESTART_FIRST_MS);
    assert_int_equal(r.count, 2);
}

static void test_at_most(void **state)
{
    struct restart r = {0};

    (void)state;
    assert_int_equal(restart_after(&r, &twice, 1, 0), RESTART_FIRST_MS);
    assert_int_equal(restart_after(&r, &twice, 1, 0), 2 * RESTART_FIRST_MS);
    assert_int_equal(restart_after(&r, &twice, 1, 0), -1);
    /* one that ran well is a beginning */
    assert_int_equal(restart_after(&r, &twice, 1, RESTART_WELL_MS),
                     RESTART_FIRST_MS);
    assert_int_equal(r.count, 1);
}

static void test_back_off(void **state)
{
    struct restart r = {0};
    int last = 0;

    (void)state;
    for (int i = 0; i < 40; i++) {
        int wait = restart_after(&r, &always, 1, RESTART_WELL_MS - 1);

        assert_true(wait >= last && wait <= RESTART_LAST_MS);
        last = wait;
    }
    assert_int_equal(last, RESTART_LAST_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when),
        cmocka_unit_test(test_at_most),
        cmocka_unit_test(test_back_off),
    };

    return cmocka_run_group_tests_name("restart", tests, NULL, NULL);
}
