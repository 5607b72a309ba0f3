/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * The command that starts a release, composed in a scratch directory that
 * holds what a release holds.  In expected texts '%' stands for that directory
 * and arguments are separated by single blanks.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "release.h"

extern char **environ;

static char top[] = "/tmp/unibeam-release-XXXXXX";

static void put(const char *name, const char *text)
{
    char path[256];
    struct err e;

    snprintf(path, sizeof(path), "%s/%s", top, name);
    assert_int_equal(files_write(path, text, 0700, &e), 0);
}

static void drop(const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", top, name);
    unlink(path);
}

static int setup(void **state)
{
    static const char *const dirs[] = {
        "",     "/erts",     "/erts/bin",       "/run",
        "/lib", "/releases", "/releases/1.0.0", "/releases/2.0.0"};

    (void)state;
    if (!mkdtemp(top))
        return -1;
    for (size_t i = 1; i < ARRAY_LEN(dirs); i++) {
        char path[256];

        snprintf(path, sizeof(path), "%s%s", top, dirs[i]);
        if (mkdir(path, 0700))
            return -1;
    }
    put("erts/bin/erlexec", "");
    put("releases/1.0.0/start.boot", "");
    put("releases/1.0.0/start_clean.boot", "");
    put("releases/2.0.0/start.boot", "");
    put("releases/2.0.0/sys.config", "[].\n");
    put("releases/2.0.0/vm.args", "");
    put("releases/1.0.0/sys.config", "[].\n");
    put("releases/1.0.0/vm.args", "+K true\n");
    put("releases/1.0.0/iex",
        "exec \"$SCRIPT_PATH\"/elixir --no-halt --erl "
        "\"-noshell -user Elixir.IEx.CLI\" +iex \"$@\"\n");
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", top);
    return system(command);
}

/* (text) with '%' replaced by the scratch directory. */
static char *local(struct pool *p, const char *text)
{
    char *out = pool_strdup(p, "");

    for (; *text; text++)
        out = *text == '%' ? pool_printf(p, "%s%s", out, top)
                           : pool_printf(p, "%s%c", out, *text);
    return out;
}

static char *joined(struct pool *p, const struct strlist *l)
{
    char *out = pool_strdup(p, l->v[0]);

    for (size_t i = 1; i < l->n; i++)
        out = pool_printf(p, "%s %s", out, l->v[i]);
    return out;
}

#define BASE                                                                   \
    "release=shop\nversion=1.0.0\nroot=%\nerts=%/erts\n"                       \
    "boot=%/releases/1.0.0/start\nconfig=%/releases/1.0.0/sys.config\n"        \
    "vmargs=%/releases/1.0.0/vm.args\n"

static int compose(struct pool *p, const char *file, const char *line, int tty,
                   struct release *r, struct err *e)
{
    struct conf c;

    conf_init(&c);
    assert_int_equal(conf_parse_file(p, &c, local(p, file), e), 0);
    assert_int_equal(conf_parse_cmdline(p, &c, local(p, line), e), 0);
    return release_compose(p, &c, local(p, "%/run"), tty, r, e);
}

static const struct {
    const char *file;
    const char *line;
    int tty;
    const char *argv;
} commands[] = {
    {BASE "layout=relx\n", "", 1,
     "%/erts/bin/erlexec -noinput +Bd -boot %/releases/1.0.0/start "
     "-mode embedded -boot_var SYSTEM_LIB_DIR %/lib "
     "-boot_var ERTS_LIB_DIR %/lib -config %/releases/1.0.0/sys.config "
     "-args_file %/releases/1.0.0/vm.args"},
    {BASE "layout=relx\n", "env.CODE_LOADING_MODE=interactive arg=+S arg=1", 0,
     "%/erts/bin/erlexec -noinput +Bd -boot %/releases/1.0.0/start "
     "-mode interactive -boot_var SYSTEM_LIB_DIR %/lib "
     "-boot_var ERTS_LIB_DIR %/lib -config %/releases/1.0.0/sys.config "
     "-args_file %/releases/1.0.0/vm.args +S 1"},
    {BASE "layout=relx\n", "env.ERL_DIST_PORT=9100", 0,
     "%/erts/bin/erlexec -noinput +Bd -boot %/releases/1.0.0/start "
     "-mode embedded -boot_var SYSTEM_LIB_DIR %/lib "
     "-boot_var ERTS_LIB_DIR %/lib -config %/releases/1.0.0/sys.config "
     "-args_file %/releases/1.0.0/vm.args -erl_epmd_port 9100 "
     "-start_epmd false"},
    {BASE "layout=mix\ncookie=S3CRET\n", "", 1,
     "%/erts/bin/erlexec -elixir ansi_enabled true -noshell "
     "-s elixir start_cli -mode embedded -setcookie S3CRET -sname shop "
     "-config %/releases/1.0.0/sys -boot %/releases/1.0.0/start "
     "-boot_var RELEASE_LIB %/lib -args_file %/releases/1.0.0/vm.args "
     "-extra --no-halt"},
    {BASE "layout=mix\ncookie=S3CRET\nenv.RELEASE_DISTRIBUTION=name\n",
     "env.RELEASE_NODE=a@b.c env.RELEASE_COOKIE=other env.NO_COLOR=1 "
     "env.ELIXIR_ERL_OPTIONS=\" +fnu  +S 1 \" arg=+A arg=3 "
     "env.RELEASE_MODE=interactive",
     1,
     "%/erts/bin/erlexec +fnu +S 1 -noshell -s elixir start_cli "
     "-mode interactive -setcookie other -name a@b.c "
     "-config %/releases/1.0.0/sys -boot %/releases/1.0.0/start "
     "-boot_var RELEASE_LIB %/lib -args_file %/releases/1.0.0/vm.args "
     "+A 3 -extra --no-halt"},
    {BASE "layout=relx\n", "console.shell=yes arg=+Bc", 1,
     "%/erts/bin/erlexec -boot %/releases/1.0.0/start "
     "-mode embedded -boot_var SYSTEM_LIB_DIR %/lib "
     "-boot_var ERTS_LIB_DIR %/lib -config %/releases/1.0.0/sys.config "
     "-args_file %/releases/1.0.0/vm.args +Bc"},
    {BASE "layout=mix\nconsole.shell=yes\n",
     "env.RELEASE_DISTRIBUTION=none env.ELIXIR_ERL_OPTIONS=+fnu", 1,
     "%/erts/bin/erlexec +fnu -elixir ansi_enabled true -noshell "
     "-user Elixir.IEx.CLI -mode embedded "
     "-config %/releases/1.0.0/sys -boot %/releases/1.0.0/start "
     "-boot_var RELEASE_LIB %/lib -args_file %/releases/1.0.0/vm.args "
     "-extra --no-halt +iex"},
    {BASE "layout=mix\n", "env.RELEASE_DISTRIBUTION=none", 0,
     "%/erts/bin/erlexec -noshell -s elixir start_cli -mode embedded "
     "-config %/releases/1.0.0/sys -boot %/releases/1.0.0/start "
     "-boot_var RELEASE_LIB %/lib -args_file %/releases/1.0.0/vm.args "
     "-extra --no-halt"},
    {BASE "layout=mix\ncookie=S3CRET\n", "eval=IO.puts(1) arg=+S arg=1", 0,
     "%/erts/bin/erlexec -noshell -s elixir start_cli -setcookie S3CRET "
     "-config %/releases/1.0.0/sys -boot %/releases/1.0.0/start_clean "
     "-boot_var RELEASE_LIB %/lib -args_file %/releases/1.0.0/vm.args "
     "+S 1 -extra --eval IO.puts(1)"},
    {BASE "layout=mix\nerl=-elixir -reboot_mode $RELEASE_MODE -x\n",
     "env.RELEASE_DISTRIBUTION=none", 0,
     "%/erts/bin/erlexec -noshell -s elixir start_cli -elixir -reboot_mode "
     "embedded -x -config %/releases/1.0.0/sys -boot %/releases/1.0.0/start "
     "-boot_var RELEASE_LIB %/lib -args_file %/releases/1.0.0/vm.args "
     "-extra --no-halt"},
    {BASE "layout=mix\n", "env.RELEASE_VSN=2.0.0 env.RELEASE_NAME=other", 0,
     "%/erts/bin/erlexec -noshell -s elixir start_cli -mode embedded "
     "-sname other -config %/releases/2.0.0/sys -boot %/releases/2.0.0/start "
     "-boot_var RELEASE_LIB %/lib -args_file %/releases/2.0.0/vm.args "
     "-extra --no-halt"},
    {BASE "layout=gleam\npa=/app/a/ebin\npa=/app/shop/ebin\n", "arg=+S arg=1",
     0,
     "%/erts/bin/erlexec -pa /app/a/ebin /app/shop/ebin "
     "-eval shop@@main:run(shop) -noshell +S 1 -extra"},
};

static void test_commands(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        struct pool p = {0};
        struct release r;
        struct err e;

        assert_int_equal(compose(&p, commands[i].file, commands[i].line,
                                 commands[i].tty, &r, &e),
                         0);
        assert_string_equal(joined(&p, &r.argv), local(&p, commands[i].argv));
        pool_release(&p);
    }
}

static const struct {
    const char *file;
    const char *line;
    const char *name;
    const char *value;
} variables[] = {
    {BASE "layout=relx\n", "", "ROOTDIR", "%"},
    {BASE "layout=relx\n", "", "BINDIR", "%/erts/bin"},
    {BASE "layout=relx\n", "", "HOME", "%/run/home"},
    {BASE "layout=relx\n", "", "RELEASE_VSN", "1.0.0"},
    {BASE "layout=relx\n", "", "LD_LIBRARY_PATH", NULL},
    {BASE "layout=relx\nenv.TERM=vt100\n", "", "TERM", "vt100"},
    {BASE "layout=relx\nenv.TERM=no-such\n", "", "TERM", "xterm"},
    {BASE "layout=relx\n", "env.TERM=../../x", "TERM", "../../x"},
    {BASE "layout=relx\n", "env.TERM=no env.TERMINFO=/x", "TERM", "no"},
    {BASE "layout=mix\n", "", "RELEASE_COMMAND", "start"},
    {BASE "layout=mix\n", "console.shell=yes", "RELEASE_COMMAND", "start_iex"},
    {BASE "layout=relx\nenv.TERM=vt100\n", "env.TERM=linux", "TERM", "linux"},
    {BASE "layout=relx\n", "env.BINDIR=/evil", "BINDIR", "%/erts/bin"},
    {BASE "layout=mix\n", "", "RELEASE_SYS_CONFIG", "%/releases/1.0.0/sys"},
    {BASE "layout=mix\n", "", "RELEASE_ROOT", "%"},
    {BASE "layout=mix\n", "", "RELEASE_TMP", "/tmp"},
    {BASE "layout=mix\n", "env.RELEASE_TMP=/data", "RELEASE_TMP", "/data"},
    {BASE "layout=mix\n", "", "RELEASE_DISTRIBUTION", "sname"},
    {BASE "layout=mix\n", "", "RELEASE_COMMAND", "start"},
    {BASE "layout=mix\n", "eval=x", "RELEASE_COMMAND", "eval"},
    {BASE "layout=mix\n", "", "RELEASE_REMOTE_VM_ARGS",
     "%/releases/1.0.0/remote.vm.args"},
    {BASE "layout=relx\n", "", "ESCRIPT_NAME", "%/bin/shop"},
    {BASE "layout=relx\n", "", "NAME", NULL},
    {BASE "layout=relx\n", "", "HEART_COMMAND", NULL},
    {BASE "layout=relx\n", "arg=-heart", "HEART_COMMAND", "kill -USR1 1"},
    {BASE "layout=mix\n", "env.ERL_FLAGS=-heart", "HEART_COMMAND",
     "kill -USR1 1"},
    {BASE "layout=relx\n", "arg=-heart env.HEART_COMMAND=", "HEART_COMMAND",
     ""},
    {BASE "layout=relx\nhostname=box.lan\n", "\"env.ERL_FLAGS=-sname x\"",
     "NAME", "x@box"},
    {BASE "layout=relx\n", "\"env.ERL_FLAGS=-name x@1.2.3.4\"", "NAME",
     "x@1.2.3.4"},
};

static void test_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        struct pool p = {0};
        struct release r;
        struct err e;
        const char *value;

        assert_int_equal(
            compose(&p, variables[i].file, variables[i].line, 0, &r, &e), 0);
        value = strlist_getenv(&r.env, variables[i].name);
        if (variables[i].value)
            assert_string_equal(value, local(&p, variables[i].value));
        else
            assert_null(value);
        pool_release(&p);
    }
}

static const struct {
    const char *vmargs;
    const char *line;
    int shell, off;
} shell_cases[] = {
    {"+K true\n", "layout=relx\n", 0, 0},
    {"+K true\n", "layout=relx\nconsole.shell=yes\n", 1, 0},
    {"+K true\n -noshell", "layout=relx\nconsole.shell=yes\n", 1, 1},
    {"-noinput\n", "layout=relx\nconsole.shell=yes\n", 1, 1},
    {"-noinputs\n", "layout=relx\nconsole.shell=yes\n", 1, 0},
    {"+K true\n", "layout=mix\n", 0, 0},
    {"+K true\n", "layout=mix\nconsole.shell=yes\n", 1, 0},
};

static void test_shell(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shell_cases); i++) {
        struct pool p = {0};
        struct release r;
        struct err e;

        put("releases/1.0.0/vm.args", shell_cases[i].vmargs);
        assert_int_equal(
            compose(&p, pool_printf(&p, "%s%s", BASE, shell_cases[i].line), "",
                    0, &r, &e),
            0);
        assert_int_equal(r.shell, shell_cases[i].shell);
        assert_int_equal(r.shell_off, shell_cases[i].off);
        pool_release(&p);
    }
    put("releases/1.0.0/vm.args", "+K true\n");
}

/* A release of Elixir's without the script that starts IEx. */
static void test_no_iex(void **state)
{
    struct pool p = {0};
    struct release r;
    struct err e;

    (void)state;
    drop("releases/1.0.0/iex");
    assert_int_equal(
        compose(&p, BASE "layout=mix\n", "console.shell=yes", 0, &r, &e), -1);
    assert_non_null(strstr(e.text, "releases/1.0.0/iex"));
    pool_release(&p);
}

static const struct {
    const char *vmargs;
    const char *layout;
    const char *line;
    int epmd;
} epmd_cases[] = {
    {"-setcookie x -name shop\n", "layout=relx\n", "", 1},
    {"# -sname shop\n+K true # -name shop\n", "layout=relx\n", "", 0},
    {"\n", "layout=relx\n", "\"env.ERL_FLAGS=+A 1 -sname shop\"", 1},
    {"\n", "layout=relx\n", "env.ERL_ZFLAGS=-nosname", 0},
    {"-name shop\n", "layout=relx\n", "\"env.ERL_AFLAGS=-start_epmd false\"",
     0},
    {"-name shop\n-no_epmd\n", "layout=relx\n", "", 0},
    {"+K true\n", "layout=relx\n", "", 0},
    {"-sname shop\n", "layout=relx\n", "", 1},
    {"+K true\n  -name shop@h", "layout=relx\n", "", 1},
    {"## -sname shop\n-snamex\n", "layout=relx\n", "", 0},
    {"-sname shop\n-start_epmd false\n", "layout=relx\n", "", 0},
    {"-start_epmd false\n-sname shop\n", "layout=relx\n", "", 0},
    {"-sname\tshop\r\n", "layout=relx\n", "", 1},
    {"-start_epmd\tfalse\n", "layout=mix\n", "", 0},
    {"", "layout=relx\n", "arg=-sname arg=x", 1},
    {"-sname shop\n", "layout=relx\n", "arg=-start_epmd arg=false", 0},
    {"-sname shop\n", "layout=relx\n", "env.ERL_DIST_PORT=1", 0},
    {"", "layout=mix\n", "", 1},
    {"", "layout=mix\n", "env.RELEASE_DISTRIBUTION=none", 0},
    {"", "layout=relx\n", "\"env.ERL_FLAGS=-sname x\"", 1},
    {"", "layout=mix\n", "eval=x", 0},
};

static void test_epmd(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(epmd_cases); i++) {
        struct pool p = {0};
        struct release r;
        struct err e;

        put("releases/1.0.0/vm.args", epmd_cases[i].vmargs);
        assert_int_equal(
            compose(&p, pool_printf(&p, "%s%s", BASE, epmd_cases[i].layout),
                    epmd_cases[i].line, 0, &r, &e),
            0);
        assert_int_equal(r.needs_epmd, epmd_cases[i].epmd);
        pool_release(&p);
    }
    put("releases/1.0.0/vm.args", "+K true\n");
}

static void expect_file(struct pool *p, const char *name, const char *text)
{
    struct err e;
    char *got = files_read(p, local(p, name), &e);

    assert_non_null(got);
    assert_string_equal(got, text);
}

static void test_templates(void **state)
{
    struct pool p = {0};
    struct release r;
    struct err e;

    (void)state;
    put("releases/1.0.0/vm.args.src", "-name ${NODE:-n}@${HOSTX}\n");
    put("releases/1.0.0/sys.config.src", "[{a,[{p,${PORT}}]}].\n");
    assert_int_equal(compose(&p, BASE "layout=relx\nenv.PORT=80\n",
                             "env.PORT=8080 env.HOSTX=h", 0, &r, &e),
                     0);
    expect_file(&p, "%/run/vm.args", "-name n@h\n");
    expect_file(&p, "%/run/sys.config", "[{a,[{p,8080}]}].\n");
    assert_non_null(
        strstr(joined(&p, &r.argv), local(&p, "-config %/run/sys.config "
                                              "-args_file %/run/vm.args")));
    assert_int_equal(r.needs_epmd, 1);
    drop("releases/1.0.0/vm.args.src");
    drop("releases/1.0.0/sys.config.src");
    pool_release(&p);
}

static void test_replace_os_vars(void **state)
{
    struct pool p = {0};
    struct release r;
    struct err e;

    (void)state;
    put("releases/1.0.0/sys.config", "[${X}].\n");
    assert_int_equal(compose(&p, BASE "layout=relx\n",
                             "env.RELX_REPLACE_OS_VARS=true env.X=x", 0, &r,
                             &e),
                     0);
    expect_file(&p, "%/run/sys.config", "[x].\n");
    put("releases/1.0.0/sys.config", "[].\n");
    pool_release(&p);
}

static void test_out_file_path(void **state)
{
    struct pool p = {0};
    struct release r;
    struct err e;

    (void)state;
    assert_int_equal(compose(&p, BASE "layout=relx\n",
                             "env.RELX_REPLACE_OS_VARS=1 "
                             "env.RELX_OUT_FILE_PATH=%/lib",
                             0, &r, &e),
                     0);
    expect_file(&p, "%/lib/sys.config", "[].\n");
    assert_non_null(strstr(joined(&p, &r.argv), local(&p, "%/lib/vm.args")));
    assert_int_equal(compose(&p, BASE "layout=relx\n",
                             "env.RELX_REPLACE_OS_VARS=1 "
                             "env.RELX_OUT_FILE_PATH=%/none",
                             0, &r, &e),
                     0);
    assert_non_null(strstr(joined(&p, &r.argv), local(&p, "%/run/vm.args")));
    pool_release(&p);
}

/* With RELX_MULTI_NODE the node's name is in the files'; FILE.orig is what FILE
 * was; a vm.args in the release's root goes first. */
static void test_relx_files(void **state)
{
    struct pool p = {0};
    struct release r;
    struct err e;

    (void)state;
    put("releases/1.0.0/sys.config.orig", "[${X}].\n");
    put("vm.args", "-name ${NAME}\n");
    assert_int_equal(compose(&p, BASE "layout=relx\n", "", 0, &r, &e), 0);
    expect_file(&p, "%/run/sys.config", "[${X}].\n");
    assert_non_null(strstr(joined(&p, &r.argv), local(&p, "_file %/vm.args")));
    assert_int_equal(compose(&p, BASE "layout=relx\n",
                             "env.RELX_REPLACE_OS_VARS=1 env.NAME=a@b "
                             "env.RELX_MULTI_NODE=1 env.X=x",
                             0, &r, &e),
                     0);
    expect_file(&p, "%/run/sys.a@b.config", "[x].\n");
    expect_file(&p, "%/run/vm.a@b.args", "-name a@b\n");
    drop("vm.args");
    drop("releases/1.0.0/sys.config.orig");
    pool_release(&p);
}

/* The shell's text, and what is made in its place afterwards. */
static void test_scripts(void **state)
{
    static char *const env[] = {
        (char *)"RELEASE_NODE=it's", (char *)"RELEASE_VSN=1.0.0",
        (char *)"RELEASE_NAME=shop", (char *)"OTHER=1", NULL};
    struct pool p = {0};
    struct conf c;
    struct release r;
    struct err e;
    char *none[] = {NULL};
    char *hook[] = {local(&p, "VMARGS_PATH=%/vm.args"), NULL};

    (void)state;
    conf_init(&c);
    assert_int_equal(
        compose(&p, BASE "layout=mix\nenvsh=/x/env.sh\n", "", 0, &r, &e), 0);
    assert_string_equal(r.path, "/bin/sh");
    assert_string_equal(r.argv.v[4], "start");
    assert_non_null(strstr(r.argv.v[2], local(&p, "\nREL_VSN_DIR='%/releases/"
                                                  "1.0.0'\n")));
    assert_string_equal(strlist_getenv(&r.env, "RELEASE_COMMAND"), "start");
    assert_null(strlist_getenv(&r.env, "RELEASE_NODE"));
    assert_null(strlist_getenv(&r.env, "REL_VSN_DIR"));

    environ = (char **)env;
    assert_int_equal(
        conf_parse_file(&p, &c, local(&p, BASE "layout=mix\n"), &e), 0);
    assert_int_equal(
        release_resume(&p, &c, local(&p, "%/run"), 0, none, &r, &e), 0);
    assert_non_null(strstr(joined(&p, &r.argv), "-sname it's"));
    assert_string_equal(strlist_getenv(&r.env, "OTHER"), "1");
    assert_null(strlist_getenv(&r.env, "HOME"));

    put("vm.args", "-sname hooked\n");
    c.layout = LAYOUT_RELX;
    assert_int_equal(
        release_resume(&p, &c, local(&p, "%/run"), 0, hook, &r, &e), 0);
    assert_non_null(strstr(joined(&p, &r.argv), local(&p, "_file %/vm.args")));
    assert_null(strlist_getenv(&r.env, "VMARGS_PATH"));
    drop("vm.args");
    pool_release(&p);
}

static void test_mix_runtime_config(void **state)
{
    static const char text[] = "%% coding: utf-8\n%% RUNTIME_CONFIG=true\n[].";
    struct pool p = {0};
    struct release r;
    struct err e;
    const char *base;

    (void)state;
    put("releases/1.0.0/sys.config", text);
    assert_int_equal(compose(&p, BASE "layout=mix\n",
                             "env.RELEASE_TMP=%/run/a/b", 0, &r, &e),
                     0);
    base = strlist_getenv(&r.env, "RELEASE_SYS_CONFIG");
    assert_int_equal(
        strncmp(base, local(&p, "%/run/a/b/shop-1.0.0-20"), strlen(top) + 22),
        0);
    expect_file(&p, pool_printf(&p, "%s.config", base), text);
    assert_non_null(strstr(joined(&p, &r.argv), base));
    put("releases/1.0.0/sys.config", "[].\n");
    pool_release(&p);
}

static const struct {
    const char *gone;
    const char *file;
    const char *line;
    const char *error;
} failures[] = {
    {"erts/bin/erlexec", BASE "layout=relx\n", "",
     "cannot run '%/erts/bin/erlexec': No such file or directory"},
    {"releases/1.0.0/start.boot", BASE "layout=mix\n", "",
     "cannot open '%/releases/1.0.0/start.boot': No such file or directory"},
    {"releases/1.0.0/vm.args", BASE "layout=relx\n", "",
     "cannot open '%/releases/1.0.0/vm.args': No such file or directory"},
    {"releases/1.0.0/vm.args", BASE "layout=mix\n", "",
     "cannot open '%/releases/1.0.0/vm.args': No such file or directory"},
    {"releases/1.0.0/sys.config", BASE "layout=relx\n", "",
     "cannot open '%/releases/1.0.0/sys.config': No such file or directory"},
    {"releases/1.0.0/sys.config", BASE "layout=mix\n", "",
     "cannot open '%/releases/1.0.0/sys.config': No such file or directory"},
    {"none", BASE "layout=relx\n", "eval=x",
     "eval= is for releases that mix made"},
    {"none", BASE "layout=mix\n", "env.RELEASE_DISTRIBUTION=maybe",
     "RELEASE_DISTRIBUTION is 'maybe', not sname, name or none"},
};

static void test_failures(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
        struct pool p = {0};
        struct release r;
        struct err e;

        drop(failures[i].gone);
        assert_int_equal(
            compose(&p, failures[i].file, failures[i].line, 0, &r, &e), -1);
        assert_string_equal(e.text, local(&p, failures[i].error));
        put(failures[i].gone, "");
        pool_release(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_shell),
        cmocka_unit_test(test_epmd),
        cmocka_unit_test(test_templates),
        cmocka_unit_test(test_replace_os_vars),
        cmocka_unit_test(test_out_file_path),
        cmocka_unit_test(test_relx_files),
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_mix_runtime_config),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_no_iex),
    };

    return cmocka_run_group_tests_name("release", tests, setup, teardown);
}
