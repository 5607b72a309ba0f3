/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* mix's `bin/NAME start`, `bin/NAME start_iex` and `bin/NAME eval`. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "compose.h"
#include "files.h"
#include "script.h"

/* Where the script looks for its files: releases/VSN. */
static char *mix_dir(struct compose *x)
{
    const char *version = getvar(x, "RELEASE_VSN");

    return pool_printf(x->p, "%s/releases/%s", x->c->root,
                       version ? version : x->c->version);
}

static int make_directory(struct compose *x, const char *path)
{
    char *at = pool_strdup(x->p, path);

    for (char *s = at + 1; *s; s++) {
        if (*s != '/')
            continue;
        *s = 0;
        mkdir(at, 0777);
        *s = '/';
    }
    if (mkdir(at, 0777) && errno != EEXIST)
        return err_set(x->e, "cannot make '%s': %s", path, strerror(errno));
    return 0;
}

/* A name no earlier start used. */
static char *mix_runtime_base(struct compose *x)
{
    struct timespec now;
    struct tm tm;
    char stamp[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(stamp, sizeof(stamp), "%Y%m%d%H%M%S", &tm);
    return pool_printf(x->p, "%s/%s-%s-%s-%04lx.runtime",
                       getvar(x, "RELEASE_TMP"), getvar(x, "RELEASE_NAME"),
                       getvar(x, "RELEASE_VSN"), stamp,
                       (unsigned long)now.tv_nsec & 0xffff);
}

/*
 * mix's export_release_sys_config: configuration providers that restart the
 * system write their result into sys.config, which then must be a copy.
 * Returns its path without ".config".
 */
static const char *mix_config(struct compose *x)
{
    const char *base = getvar(x, "RELEASE_SYS_CONFIG");
    char *text;

    if (!base)
        base = pool_printf(x->p, "%s/sys", mix_dir(x));
    text = files_read(x->p, pool_printf(x->p, "%s.config", base), x->e);
    if (!text)
        return NULL;
    if (strstr(text, "RUNTIME_CONFIG=true")) {
        base = mix_runtime_base(x);
        x->r->config = pool_printf(x->p, "%s.config", base);
        x->r->config_text = text;
        if (make_directory(x, getvar(x, "RELEASE_TMP")) ||
            files_write(x->r->config, text, 0600, x->e))
            return NULL;
    }
    export_var(x, "RELEASE_SYS_CONFIG", base);
    return base;
}

/* "-sname NODE", "-name NODE" or nothing. */
static int mix_distribution(struct compose *x)
{
    const char *node = getvar(x, "RELEASE_NODE");
    const char *how = getvar(x, "RELEASE_DISTRIBUTION");

    if (!strcmp(how, "none"))
        return 0;
    if (strcmp(how, "name") && strcmp(how, "sname"))
        return err_set(
            x->e, "RELEASE_DISTRIBUTION is '%s', not sname, name or none", how);
    arg2(x, strcmp(how, "name") ? "-sname" : "-name", node);
    return 0;
}

static const char *mix_command(const struct conf *c)
{
    if (c->eval)
        return "eval";
    return c->shell ? "start_iex" : "start";
}

/* What the script exports before it sources env.sh. */
void mix_begin(struct compose *x)
{
    const struct conf *c = x->c;

    export_var(x, "RELEASE_ROOT", c->root);
    default_var(x, "RELEASE_NAME", c->release);
    default_var(x, "RELEASE_VSN", c->version);
    export_var(x, "RELEASE_COMMAND", mix_command(c));
    default_var(x, "RELEASE_PROG", c->release);
}

/* And after it. */
static void mix_environment(struct compose *x)
{
    const struct conf *c = x->c;
    char *dir = mix_dir(x);

    if (c->cookie)
        default_var(x, "RELEASE_COOKIE", c->cookie);
    default_var(x, "RELEASE_MODE", "embedded");
    default_var(x, "RELEASE_NODE", getvar(x, "RELEASE_NAME"));
    default_var(x, "RELEASE_TMP", "/tmp");
    if (c->vmargs)
        default_var(x, "RELEASE_VM_ARGS", pool_printf(x->p, "%s/vm.args", dir));
    default_var(x, "RELEASE_REMOTE_VM_ARGS",
                pool_printf(x->p, "%s/remote.vm.args", dir));
    default_var(x, "RELEASE_DISTRIBUTION", "sname");
    default_var(x, "RELEASE_BOOT_SCRIPT", "start");
    default_var(x, "RELEASE_BOOT_SCRIPT_CLEAN", "start_clean");
}

/* env.sh first. */
void mix_env_sh(struct compose *x)
{
    const struct conf *c = x->c;
    char *self = pool_printf(x->p, "%s/bin/%s", c->root, c->release);

    script_var(x, "SELF", self);
    script_var(x, "REL_VSN_DIR", mix_dir(x));
    run_script(x, self, mix_command(c), script_env_sh(x->p, &x->vars));
}

/* What makes the emulator run IEx differs between Elixir's versions; it is the
 * argument of --erl in the release's own script releases/VSN/iex. */
static int mix_iex(struct compose *x)
{
    char *path = pool_printf(x->p, "%s/iex", mix_dir(x));
    char *text = files_read(x->p, path, x->e);
    char *words = text ? strstr(text, "--erl \"") : NULL;
    char *end;

    if (!text)
        return -1;
    words = words ? strchr(words, '"') + 1 : NULL;
    end = words ? strchr(words, '"') : NULL;
    if (!end)
        return err_set(x->e, "'%s' does not say how to start IEx", path);
    *end = 0;
    arg_words(x, words);
    return 0;
}

/* releases/VSN/elixir, up to what mix's script gives it. */
static int mix_elixir(struct compose *x)
{
    arg_words(x, getvar(x, "ELIXIR_ERL_OPTIONS"));
    if (x->tty && !getvar(x, "NO_COLOR")) {
        arg2(x, "-elixir", "ansi_enabled");
        arg(x, "true");
    }
    if (x->c->shell && !x->c->eval)
        return mix_iex(x);
    arg(x, "-noshell");
    arg2(x, "-s", "elixir");
    arg(x, "start_cli");
    return 0;
}

/* What the script has in its place for --erl. */
static void mix_mode(struct compose *x)
{
    static const char name[] = "$RELEASE_MODE";
    const char *text = x->c->erl ? x->c->erl : "-mode $RELEASE_MODE";
    const char *at = strstr(text, name);

    if (at)
        text = pool_printf(x->p, "%.*s%s%s", (int)(at - text), text,
                           getvar(x, "RELEASE_MODE"), at + sizeof(name) - 1);
    arg_words(x, text);
}

static int mix_files(struct compose *x)
{
    const char *vmargs = getvar(x, "RELEASE_VM_ARGS");
    const char *script = getvar(x, x->c->eval ? "RELEASE_BOOT_SCRIPT_CLEAN"
                                              : "RELEASE_BOOT_SCRIPT");
    char *boot = pool_printf(x->p, "%s/%s", mix_dir(x), script);
    const char *config;

    if (x->c->config || getvar(x, "RELEASE_SYS_CONFIG")) {
        config = mix_config(x);
        if (!config)
            return -1;
        arg2(x, "-config", config);
    }
    if (readable(x, pool_printf(x->p, "%s.boot", boot)))
        return -1;
    arg2(x, "-boot", boot);
    boot_var(x, "RELEASE_LIB", pool_printf(x->p, "%s/lib", x->c->root));
    if (vmargs) {
        if (readable(x, vmargs))
            return -1;
        arg2(x, "-args_file", vmargs);
    }
    return 0;
}

int compose_mix(struct compose *x)
{
    mix_environment(x);
    if (mix_elixir(x))
        return -1;
    if (!x->c->eval)
        mix_mode(x);
    if (getvar(x, "RELEASE_COOKIE"))
        arg2(x, "-setcookie", getvar(x, "RELEASE_COOKIE"));
    if (!x->c->eval && mix_distribution(x))
        return -1;
    return mix_files(x);
}
