/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Layers of the environment, later wins: defaults, init.conf, the kernel
 * command line, then what the start scripts export unconditionally.  What the
 * scripts only default (`${RELEASE_NODE:-...}`) stays overridable.
 */
#include "release.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "abi/initconf.h"
#include "compose.h"
#include "emu_args.h"
#include "files.h"
#include "heart.h"
#include "say.h"

extern char **environ;

void arg(struct compose *x, const char *s)
{
    strlist_add(x->p, &x->r->argv, pool_strdup(x->p, s));
}

void arg2(struct compose *x, const char *flag, const char *value)
{
    arg(x, flag);
    arg(x, value);
}

void boot_var(struct compose *x, const char *name, const char *value)
{
    arg2(x, "-boot_var", name);
    arg(x, value);
}

void arg_words(struct compose *x, const char *s)
{
    while (s && *s) {
        size_t n;

        s += strspn(s, " \t\n");
        n = strcspn(s, " \t\n");
        if (n)
            strlist_add(x->p, &x->r->argv, pool_strndup(x->p, s, n));
        s += n;
    }
}

void export_var(struct compose *x, const char *name, const char *value)
{
    strlist_setenv(x->p, &x->r->env, name, value);
}

void script_var(struct compose *x, const char *name, const char *value)
{
    strlist_setenv(x->p, &x->vars, name, value);
}

const char *getvar(const struct compose *x, const char *name)
{
    const char *value = strlist_getenv(&x->vars, name);

    if (!value)
        value = strlist_getenv(&x->r->env, name);
    return value && *value ? value : NULL;
}

const char *default_var(struct compose *x, const char *name, const char *value)
{
    if (!getvar(x, name))
        export_var(x, name, value);
    return getvar(x, name);
}

int readable(struct compose *x, const char *path)
{
    if (access(path, R_OK) == 0)
        return 0;
    return err_set(x->e, "cannot open '%s': %s", path, strerror(errno));
}

void run_script(struct compose *x, char *name, const char *command, char *text)
{
    struct release *r = x->r;

    r->argv = (struct strlist){0};
    r->path = pool_strdup(x->p, "/bin/sh");
    arg(x, "sh");
    arg2(x, "-c", text);
    arg2(x, name, command);
    r->needs_epmd = 0; /* erlexec starts it, by the shell */
}

/* --- environment ---------------------------------------------------------- */

#define TERM_DEFAULT "xterm"

/* Whether the terminal library will find a description of (name): it lies in a
 * directory named by its first letter, or that letter's code. */
static int terminal_described(struct compose *x, const char *name)
{
    static const char *const dirs[] = {"/etc/terminfo", "/lib/terminfo",
                                       "/usr/share/terminfo",
                                       "/usr/lib/terminfo"};

    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        if (files_exist(pool_printf(x->p, "%s/%c/%s", dirs[i], *name, name)) ||
            files_exist(pool_printf(x->p, "%s/%02x/%s", dirs[i], *name, name)))
            return 1;
    return 0;
}

/* The terminal may be one that came up after the image was made. Most take
 * themselves for some xterm; a shell without any description cannot edit. */
static void known_terminal(struct compose *x)
{
    const char *name = getvar(x, "TERM");

    if (name && !strchr(name, '/') && !getvar(x, "TERMINFO") &&
        !terminal_described(x, name) && terminal_described(x, TERM_DEFAULT)) {
        say("TERM %s is not in the image, using " TERM_DEFAULT, name);
        export_var(x, "TERM", TERM_DEFAULT);
    }
}

static void default_environment(struct compose *x)
{
    const struct conf *c = x->c;

    export_var(x, "PATH", pool_printf(x->p, "%s:" INITCONF_DIRS, x->r->bindir));
    /* The root file system is read-only; .erlang.cookie is written here. */
    export_var(x, "HOME", pool_printf(x->p, "%s/home", x->run_dir));
    export_var(x, "TERM", TERM_DEFAULT);
    /* Elixir, and Erlang's ~ts, want UTF-8 file names and output. */
    export_var(x, "LANG", "C.UTF-8");
    /* The dump is in memory, and memory is what most crashes lack. */
    export_var(x, "ERL_CRASH_DUMP", "/tmp/erl_crash.dump");
    export_var(x, "ERL_CRASH_DUMP_BYTES", "4194304");
    for (size_t i = 0; i < c->env.n; i++) {
        char *eq = strchr(c->env.v[i], '=');
        char *name =
            pool_strndup(x->p, c->env.v[i], (size_t)(eq - c->env.v[i]));

        export_var(x, name, eq + 1);
    }
    known_terminal(x);
}

/* Both scripts put ERTS' own lib directory on the loader's path.  It holds
 * shared objects in some packagings only, and costs a failed lookup for every
 * library of every program otherwise. */
static void library_path(struct compose *x)
{
    char *dir = pool_printf(x->p, "%s/lib", x->c->erts);
    DIR *d = opendir(dir);
    struct dirent *entry;

    if (!d)
        return;
    while ((entry = readdir(d))) {
        if (strstr(entry->d_name, ".so")) {
            default_var(x, "LD_LIBRARY_PATH", dir);
            break;
        }
    }
    closedir(d);
}

static void erts_environment(struct compose *x)
{
    export_var(x, "ROOTDIR", x->c->root);
    export_var(x, "BINDIR", x->r->bindir);
    export_var(x, "EMU", "beam");
    export_var(x, "PROGNAME", "erl");
    library_path(x);
}

/* --- all ------------------------------------------------------------------ */

/* Elixir before 1.15 starts IEx with -noshell, in the shell's place. */
static int iex(const struct conf *c)
{
    return c->layout == LAYOUT_MIX && c->shell && !c->eval;
}

/* An empty command is one: heart then only kills. */
static void heart_environment(struct compose *x)
{
    if (!strlist_getenv(&x->r->env, "HEART_COMMAND"))
        export_var(x, "HEART_COMMAND", HEART_DEFAULT_COMMAND);
}

static void end_command(struct compose *x)
{
    const struct conf *c = x->c;
    struct release *r = x->r;
    struct emu_args a;

    for (size_t i = 0; i < c->args.n; i++)
        arg(x, c->args.v[i]);
    emu_args_scan(x->p, &r->argv, &r->env, &a);
    r->heart = a.heart;
    if (a.heart)
        heart_environment(x);
    r->needs_epmd = a.how && !a.no_epmd;
    r->shell = c->shell || !a.no_shell;
    r->shell_off = c->shell && !iex(c) && a.no_shell;
    if (c->layout == LAYOUT_GLEAM)
        arg(x, "-extra");
    else if (c->eval)
        arg2(x, "-extra", "--eval");
    else if (c->layout == LAYOUT_MIX)
        arg2(x, "-extra", "--no-halt");
    if (iex(c))
        arg(x, "+iex");
    if (c->eval)
        arg(x, c->eval);
}

static int compose(struct compose *x)
{
    static int (*const layouts[])(struct compose *) = {
        [LAYOUT_RELX] = compose_relx,
        [LAYOUT_MIX] = compose_mix,
        [LAYOUT_GLEAM] = compose_gleam,
    };
    struct release *r = x->r;

    r->path = pool_printf(x->p, "%s/erlexec", r->bindir);
    if (access(r->path, X_OK))
        return err_set(x->e, "cannot run '%s': %s", r->path, strerror(errno));
    if (x->c->eval && x->c->layout != LAYOUT_MIX)
        return err_set(x->e, "eval= is for releases that mix made");
    erts_environment(x);
    arg(x, r->path);
    if (layouts[x->c->layout](x))
        return -1;
    end_command(x);
    return 0;
}

static void begin(struct compose *x, struct release *r)
{
    memset(r, 0, sizeof(*r));
    r->bindir = pool_printf(x->p, "%s/bin", x->c->erts);
    r->cwd = x->c->layout == LAYOUT_GLEAM ? INITCONF_ROOT : x->c->root;
    x->r = r;
}

int release_compose(struct pool *p, const struct conf *c, const char *run_dir,
                    int tty, struct release *r, struct err *e)
{
    struct compose x = {.p = p, .c = c, .run_dir = run_dir, .tty = tty, .e = e};

    begin(&x, r);
    if (readable(&x, pool_printf(p, "%s.boot", c->boot)))
        return -1;
    default_environment(&x);
    if (c->layout == LAYOUT_MIX)
        mix_begin(&x);
    if (c->envsh) {
        mix_env_sh(&x);
        r->shell = c->shell;
        return 0;
    }
    if (compose(&x))
        return -1;
    if (c->pre_start)
        relx_hooks(&x);
    return 0;
}

int release_resume(struct pool *p, const struct conf *c, const char *run_dir,
                   int tty, char **vars, struct release *r, struct err *e)
{
    struct compose x = {.p = p, .c = c, .run_dir = run_dir, .tty = tty, .e = e};

    begin(&x, r);
    for (char **v = environ; *v; v++)
        strlist_add(p, &r->env, *v);
    for (; *vars; vars++)
        strlist_add(p, &x.vars, *vars);
    return compose(&x);
}
