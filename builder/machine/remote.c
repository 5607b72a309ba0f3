/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "machine/state.h"
#include "report.h"

#define HOME_DIR    "home"
#define HOME_COOKIE HOME_DIR "/.erlang.cookie"

/* ---- the cookie ---- */

static int write_cookie(const struct machine *m, const char *cookie)
{
    size_t len = strlen(cookie);
    bool ok;
    int fd;

    if (mkdirat(m->dir, HOME_DIR, 0700) && errno != EEXIST)
        return -1;
    fd = openat(m->dir, HOME_COOKIE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                0400);
    if (fd < 0)
        return errno == EEXIST ? 0 : -1;
    ok = write(fd, cookie, len) == (ssize_t)len;
    return close(fd) == 0 && ok ? 0 : -1;
}

/* Where the user's own files are, for all but the cookie. */
static void keep_place(const char *name, const char *home, const char *below)
{
    char *dir = path_join(home, below);

    setenv(name, dir, 0);
    free(dir);
}

/* What is on a command line everybody can read: the emulator is to find the
 * machine's cookie in its home directory, as it always looks there. */
static int move_home(const struct target *t)
{
    const char *home = getenv("HOME");
    struct machine m;
    char *dir;

    if (machine_open(&m, t->machine))
        return -1;
    if (write_cookie(&m, t->cookie)) {
        fail("cannot keep the cookie: %s", strerror(errno));
        machine_close(&m);
        return -1;
    }
    dir = machine_path(&m, HOME_DIR);
    if (home && *home) {
        keep_place("XDG_CACHE_HOME", home, ".cache"); /* the shell's history */
        keep_place("XDG_CONFIG_HOME", home, ".config");
        keep_place("IEX_HOME", home, "");
    }
    setenv("HOME", dir, 1);
    free(dir);
    machine_close(&m);
    return 0;
}

/* ---- the command ---- */

static char *own_name(const struct target *t, bool *is_long)
{
    const char *host = strchr(t->node, '@') + 1;
    unsigned random = 0;

    (void)!getrandom(&random, sizeof(random), 0);
    *is_long = strchr(host, '.') != NULL;
    return xasprintf("unibeam-%d-%08x@%s", getpid(), random,
                     *is_long ? "127.0.0.1" : "localhost");
}

/* How to get there: one port, no epmd of ours, and nobody gets here. */
static void add_flags(const struct target *t, struct strvec *argv)
{
    strvec_push(argv, "-dist_listen");
    strvec_push(argv, "false");
    if (!t->port)
        return;
    strvec_push(argv, "-start_epmd");
    strvec_push(argv, "false");
    strvec_push(argv, "-erl_epmd_port");
    strvec_pushf(argv, "%u", t->port);
}

static void make_erl(const struct target *t, struct strvec *argv)
{
    bool is_long;
    char *name = own_name(t, &is_long);

    strvec_push(argv, "-hidden");
    strvec_push(argv, is_long ? "-name" : "-sname");
    strvec_take(argv, name);
    if (!t->machine) {
        strvec_push(argv, "-setcookie");
        strvec_push(argv, t->cookie);
    }
    add_flags(t, argv);
    strvec_push(argv, "-remsh");
    strvec_push(argv, t->node);
}

static void make_iex(const struct target *t, struct strvec *argv)
{
    struct strvec flags = {0};
    struct buf b = {0};
    bool is_long;
    char *name = own_name(t, &is_long);

    add_flags(t, &flags);
    for (size_t i = 0; i < flags.n; i++)
        buf_addf(&b, "%s%s", i ? " " : "", flags.v[i]);
    strvec_push(argv, "--hidden");
    strvec_push(argv, is_long ? "--name" : "--sname");
    strvec_take(argv, name);
    if (!t->machine) {
        strvec_push(argv, "--cookie");
        strvec_push(argv, t->cookie);
    }
    strvec_push(argv, "--erl");
    strvec_push(argv, buf_str(&b));
    strvec_push(argv, "--remsh");
    strvec_push(argv, t->node);
    buf_release(&b);
    strvec_release(&flags);
}

int remote_shell(const struct target *t, const char *program)
{
    struct strvec argv = {0};
    int saved;

    if (t->machine && move_home(t))
        return -1;
    if (!program)
        program = t->elixir ? "iex" : "erl";
    strvec_push(&argv, program);
    if (t->elixir)
        make_iex(t, &argv);
    else
        make_erl(t, &argv);
    execvp(program, argv.v);
    saved = errno;
    strvec_release(&argv);
    return fail("cannot start '%s': %s: install %s, or give --program PROGRAM",
                program, strerror(saved), t->elixir ? "Elixir" : "Erlang");
}
