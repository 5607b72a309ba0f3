/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "unit.h"

#include "subst.h"

static const struct {
    const char *in;
    const char *out;
} cases[] = {
    {"", ""},
    {"plain $ text {A}", "plain $ text {A}"},
    {"-name ${NODE}", "-name a@b"},
    {"${NODE}${NODE}", "a@ba@b"},
    {"x${UNSET}y", "xy"},
    {"x${UNSET:-dflt}y", "xdflty"},
    {"x${EMPTY:-dflt}y", "xdflty"},
    {"${NODE:-dflt}", "a@b"},
    {"${UNSET:-}", ""},
    {"${UNSET:-a:-b}", "a:-b"},
    {"${NODE", "${NODE"},
    {"a ${NODE\nb} c", "a ${NODE\nb} c"},
    {"tail $", "tail $"},
    {"tail ${", "tail ${"},
    {"${}", ""},
    {"${LOOP}", "${LOOP}"},
    {"{port, ${PORT}}.\n", "{port, 80}.\n"},
    {"$${PORT}", "$80"},
};

static void test_table(void **state)
{
    struct pool p = {0};
    struct strlist env = {0};

    (void)state;
    strlist_setenv(&p, &env, "NODE", "a@b");
    strlist_setenv(&p, &env, "EMPTY", "");
    strlist_setenv(&p, &env, "LOOP", "${LOOP}");
    strlist_setenv(&p, &env, "PORT", "80");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(subst_env(&p, cases[i].in, &env), cases[i].out);
    pool_release(&p);
}

static void test_setenv_replaces(void **state)
{
    struct pool p = {0};
    struct strlist env = {0};

    (void)state;
    for (int i = 0; i < 100; i++)
        strlist_setenv(&p, &env, pool_printf(&p, "V%d", i), "x");
    strlist_setenv(&p, &env, "V5", "y=z");
    assert_int_equal(env.n, 100);
    assert_null(env.v[100]);
    assert_string_equal(strlist_getenv(&env, "V5"), "y=z");
    assert_string_equal(strlist_getenv(&env, "V55"), "x");
    assert_null(strlist_getenv(&env, "V"));
    pool_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_setenv_replaces),
    };

    return cmocka_run_group_tests_name("subst", tests, NULL, NULL);
}
