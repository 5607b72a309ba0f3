/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Options: where they come from, what wins, what is refused.
 */
#include "opt.h"

#include <sanitizer/lsan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "nearest.h"
#include "settings.h"
#include "test.h"

enum { SIZE, PORT, LOUD, OUT, PAIR, HIDDEN };

static const struct opt table[] = {
    {"size", 's', "N", "how large it is", SIZE, 0},
    {"port", 'p', "HOST:GUEST", "a port", PORT, OPT_MANY},
    {"loud", 0, NULL, "with noise", LOUD, 0},
    OPT_HEADING("More"),
    {"out", 0, "FILE", "where to", OUT, 0},
    {"pair", 0, "NAME=VALUE", "a pair", PAIR, OPT_MANY},
    {"hidden", 0, "X", "not elsewhere", HIDDEN, OPT_CLI_ONLY},
    OPT_END,
};

static const struct command thing = {
    .name = "thing",
    .operands = "IT",
    .about = "Does a thing.",
    .options = table,
    .settings = true,
};
static const struct command other = {
    .name = "other", .options = table, .settings = true};
static const struct command *const all[] = {&thing, &other, NULL};

static void take(void *ctx, int id, const char *value)
{
    buf_addf(ctx, "%s%s=%s", ((struct buf *)ctx)->len ? " " : "",
             opt_name(table, id), value ? value : "yes");
}

/* What is taken of (args), blanks between them. */
static char *parse(const char *args)
{
    struct strvec argv = {0}, operands = {0}, rest = {0};
    struct buf got = {0};

    opt_init(all);
    strvec_split(&argv, args, " ");
    opt_parse(&thing, (int)argv.n, argv.v, take, &got, &operands, &rest);
    for (size_t i = 0; i < operands.n; i++)
        buf_addf(&got, " <%s>", operands.v[i]);
    for (size_t i = 0; i < rest.n; i++)
        buf_addf(&got, " {%s}", rest.v[i]);
    strvec_release(&operands);
    strvec_release(&rest);
    strvec_release(&argv);
    buf_str(&got);
    return buf_take(&got);
}

static void is(const char *args, const char *want)
{
    char *got = parse(args);

    assert_string_equal(got, want);
    free(got);
}

/* Whether it exits 2. */
static void refused(const char *args)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        __lsan_disable();
        if (!freopen("/dev/null", "w", stderr))
            _exit(9);
        free(parse(args));
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_line(void **state)
{
    is("thing", "");
    is("thing a -s 3 b --loud", "size=3 loud=yes <a> <b>");
    is("thing --size=3 -p 1:2 -p 3:4 -- -x --size",
       "size=3 port=1:2 port=3:4 {-x} {--size}");
    is("thing -p1:2 --out x", "port=1:2 out=x");
    refused("thing --nothing");
    refused("thing -z");
    refused("thing --loud=1");
    refused("thing --size");
    refused("thing -s");
}

static void test_environment(void **state)
{
    setenv("UNIBEAM_SIZE", "7", 1);
    setenv("UNIBEAM_PORT", "1:2\n3:4", 1);
    setenv("UNIBEAM_LOUD", "on", 1);
    setenv("UNIBEAM_HIDDEN", "x", 1);
    is("thing -s 8", "size=7 port=1:2 port=3:4 loud=yes size=8");
    setenv("UNIBEAM_LOUD", "off", 1);
    setenv("UNIBEAM_SIZE", "", 1);
    is("thing", "port=1:2 port=3:4");
    setenv("UNIBEAM_LOUD", "perhaps", 1);
    refused("thing");
    unsetenv("UNIBEAM_SIZE");
    unsetenv("UNIBEAM_PORT");
    unsetenv("UNIBEAM_LOUD");
    unsetenv("UNIBEAM_HIDDEN");
}

static void test_settings(void **state)
{
    write_file(
        "unibeam.json",
        "{\"thing\": {\"size\": 5, \"loud\": true,"
        "  \"port\": [\"1:2\", \"3:4\"], \"pair\": {\"A\": 1, \"B\": \"x\"}},"
        " \"out\": \"o\", \"other\": {\"size\": \"9\"}}");
    setenv("UNIBEAM_SIZE", "6", 1);
    is("thing", "out=./o size=5 loud=yes port=1:2 port=3:4 pair=A=1 pair=B=x "
                "size=6");
    unsetenv("UNIBEAM_SIZE");
    unlink("unibeam.json");
    write_file("else.json", "{\"out\": \"/abs\", \"size\": 1}");
    is("thing -c else.json -s 2", "out=/abs size=1 size=2");
    unlink("else.json");
}

static void test_bad_settings(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{\"sise\": 1}",
        "{\"thing\": {\"sise\": 1}}",
        "{\"other\": {\"sise\": 1}}",
        "{\"thing\": 1}",
        "{\"size\": true}",
        "{\"size\": 1.5}",
        "{\"size\": [1]}",
        "{\"size\": null}",
        "{\"size\": {\"a\": 1}}",
        "{\"size\": \"\"}",
        "{\"loud\": \"yes\"}",
        "{\"port\": [true]}",
        "{\"port\": {\"a\": 1}}",
        "{\"pair\": {\"a\": []}}",
        "{\"hidden\": \"x\"}",
        "{\"size\": 1, \"size\": 2}",
        "{\"size\": \"a\\u0000b\"}",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        write_file("bad.json", bad[i]);
        refused("thing -c bad.json");
    }
    unlink("bad.json");
    refused("thing -c bad.json");
}

static void test_nearest(void **state)
{
    struct strvec known = {0};

    strvec_push(&known, "memory");
    strvec_push(&known, "smp");
    assert_string_equal(nearest("memroy", &known), "memory");
    assert_string_equal(nearest("mem0ry", &known), "memory");
    assert_string_equal(nearest("spm", &known), "smp");
    assert_null(nearest("kernel", &known));
    assert_null(nearest("", &known));
    strvec_release(&known);
    assert_int_equal(word_distance("", "abc"), 3);
    assert_int_equal(word_distance("abc", ""), 3);
    assert_int_equal(word_distance("kitten", "sitting"), 3);
    assert_int_equal(word_distance("ab", "ba"), 1);
}

/* Everything in the table is in the help, and no line is too long. */
static void test_help(void **state)
{
    char *text = NULL, *line, *save;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    opt_help(&thing, f);
    fclose(f);
    assert_non_null(strstr(text, "usage: unibeam thing [OPTIONS] IT\n"));
    assert_non_null(strstr(text, "  -p, --port HOST:GUEST"));
    assert_non_null(strstr(text, "\nMore:\n  --out FILE          where to\n"));
    assert_non_null(strstr(text, "  -c, --config FILE   "));
    for (line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save))
        assert_true(strlen(line) <= 79);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),     cmocka_unit_test(test_environment),
        cmocka_unit_test(test_settings), cmocka_unit_test(test_bad_settings),
        cmocka_unit_test(test_nearest),  cmocka_unit_test(test_help),
    };
    char dir[] = "/tmp/opt-test-XXXXXX";
    int failed;

    if (!mkdtemp(dir) || chdir(dir))
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
