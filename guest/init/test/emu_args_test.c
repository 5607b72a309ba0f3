/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu_args.h"
#include "files.h"

static char top[] = "/tmp/unibeam-emu-XXXXXX";

static int setup(void **state)
{
    (void)state;
    return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", top);
    return system(command);
}

/* (words) are the command's, cut at blanks; files are named relatively. */
static const struct {
    const char *a; /* the file "a" */
    const char *b;
    const char *words;
    const char *env;
    const char *how;
    const char *node;
    const char *cookie;
    int no_epmd;
} cases[] = {
    {"", "", "+K true", "", NULL, NULL, NULL, 0},
    {"", "", "-sname x -setcookie y", "", "-sname", "x", "y", 0},
    {"-name n@h\n", "", "-args_file a", "", "-name", "n@h", NULL, 0},
    {"+K true -args_file b -sname late\n", "-name \"n@h\"\n", "-args_file a",
     "", "-name", "n@h", NULL, 0},
    {"## -sname x\n-snamex # -sname y\n#", "", "-args_file a", "", NULL, NULL,
     NULL, 0},
    {"-start_epmd\tfalse\r\n-sname 'a b'\r\n", "", "-args_file a", "", "-sname",
     "a b", NULL, 1},
    {"-args_file a -sname x", "", "-args_file a", "", "-sname", "x", NULL, 0},
    {"", "", "-args_file none -sname x", "", "-sname", "x", NULL, 0},
    {"", "", "-sname x", "ERL_AFLAGS=-name y@z", "-name", "y@z", NULL, 0},
    {"", "", "-sname x", "ERL_FLAGS=-setcookie q -start_epmd false", "-sname",
     "x", "q", 1},
    {"-sname x\n", "", "", "ERL_ZFLAGS=-args_file a", "-sname", "x", NULL, 0},
    {"", "", "+K true -extra -sname x", "", NULL, NULL, NULL, 0},
    {"", "", "-sname", "", "-sname", "", NULL, 0},
};

static void check(const char *got, const char *wanted)
{
    if (wanted)
        assert_string_equal(got, wanted);
    else
        assert_null(got);
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pool p = {0};
        struct strlist argv = {0}, env = {0};
        struct emu_args a;
        struct err e;

        files_write("a", cases[i].a, 0600, &e);
        files_write("b", cases[i].b, 0600, &e);
        for (char *w = strtok(pool_strdup(&p, cases[i].words), " "); w;
             w = strtok(NULL, " "))
            strlist_add(&p, &argv, w);
        strlist_add(&p, &env, pool_strdup(&p, cases[i].env));
        emu_args_scan(&p, &argv, &env, &a);
        check(a.how, cases[i].how);
        check(a.node, cases[i].node);
        check(a.cookie, cases[i].cookie);
        assert_int_equal(a.no_epmd, cases[i].no_epmd);
        pool_release(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

    return cmocka_run_group_tests_name("emu_args", tests, setup, teardown);
}
