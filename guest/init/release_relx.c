/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* relx's `bin/NAME foreground`. */
#include <string.h>

#include "compose.h"
#include "emu_args.h"
#include "files.h"
#include "script.h"
#include "subst.h"

static int ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s);
    size_t t = strlen(tail);

    return n >= t && !strcmp(s + n - t, tail);
}

/* Where relx's make_out_file_path puts (name), "vm.args" or "sys.config". The
 * release's own directory, the script's default, is read-only here. */
static char *relx_out_path(struct compose *x, const char *name)
{
    const char *dir = getvar(x, "RELX_OUT_FILE_PATH");
    const char *node = getvar(x, "NAME");
    const char *dot = strchr(name, '.');

    if (!dir || !files_exist(dir))
        dir = x->run_dir;
    if (!getvar(x, "RELX_MULTI_NODE"))
        return pool_printf(x->p, "%s/%s", dir, name);
    return pool_printf(x->p, "%s/%.*s.%s%s", dir, (int)(dot - name), name,
                       node ? node : "", dot);
}

/*
 * relx's check_replace_os_vars: FILE.src is a template for FILE; with
 * RELX_REPLACE_OS_VARS set FILE (or FILE.orig) itself is one, without it
 * FILE.orig is what FILE was. What comes out is put where relx_out_path()
 * says. Returns the file to use, NULL with the reason set on error.
 */
static const char *relx_file(struct compose *x, const char *path,
                             const char *name)
{
    const char *from = NULL;
    char *out = relx_out_path(x, name);
    char *src = pool_printf(x->p, "%s.src", path);
    char *orig = pool_printf(x->p, "%s.orig", path);
    int replace = getvar(x, "RELX_REPLACE_OS_VARS") != NULL;
    char *text;

    if (ends_with(path, ".src"))
        from = path;
    else if (files_exist(src))
        from = src;
    else if (files_exist(orig))
        from = orig;
    else if (replace)
        from = path;
    if (!from)
        return readable(x, path) ? NULL : path;
    text = files_read(x->p, from, x->e);
    if (text && (replace || from != orig))
        text = subst_env(x->p, text, &x->r->env);
    if (!text || files_write(out, text, 0600, x->e))
        return NULL;
    return out;
}

/* relx's add_path: the variable, a file in the release's root, the default. */
static const char *relx_path(struct compose *x, const char *variable,
                             const char *name, const char *path)
{
    char *top = pool_printf(x->p, "%s/%s", x->c->root, name);

    if (getvar(x, variable))
        return getvar(x, variable);
    return files_exist(top) ? top : path;
}

/* "-config FILE" or "-args_file FILE", if there is one. */
static int relx_file_arg(struct compose *x, const char *flag,
                         const char *variable, const char *name,
                         const char *path)
{
    path = relx_path(x, variable, name, path);
    if (!path)
        return 0;
    path = relx_file(x, path, name);
    if (!path)
        return -1;
    script_var(x, variable, path);
    arg2(x, flag, path);
    return 0;
}

static void relx_environment(struct compose *x)
{
    const struct conf *c = x->c;
    char *script = pool_printf(x->p, "%s/bin/%s", c->root, c->release);

    default_var(x, "RUN_ERL_DISABLE_FLOWCNTRL", "true");
    default_var(x, "ESCRIPT_NAME", script);
    default_var(x, "RELX_RPC_TIMEOUT", "60");
    export_var(x, "REL_NAME", c->release);
    script_var(x, "REL_VSN", c->version);
    export_var(x, "RELEASE_NAME", c->release);
    export_var(x, "RELEASE_VSN", c->version);
    export_var(x, "RELEASE_PROG", script);
}

/* NAME, which the script exports: the node's, with a host. */
static void relx_node(struct compose *x)
{
    const char *host = x->c->hostname;
    struct emu_args a;

    emu_args_scan(x->p, &x->r->argv, &x->r->env, &a);
    if (!a.how)
        return;
    script_var(x, "NAME_TYPE", a.how);
    script_var(x, "COOKIE", a.cookie ? a.cookie : "");
    if (strchr(a.node, '@'))
        export_var(x, "NAME", a.node);
    else if (host && !strcmp(a.how, "-sname"))
        export_var(x, "NAME",
                   pool_printf(x->p, "%s@%.*s", a.node, (int)strcspn(host, "."),
                               host));
}

int compose_relx(struct compose *x)
{
    const struct conf *c = x->c;
    const char *dist_port = getvar(x, "ERL_DIST_PORT");
    const char *mode = getvar(x, "CODE_LOADING_MODE");
    char *lib = pool_printf(x->p, "%s/lib", c->root);

    relx_environment(x);
    script_var(x, "CODE_LOADING_MODE", mode ? mode : "embedded");
    if (!c->shell) {
        arg(x, "-noinput");
        arg(x, "+Bd");
    }
    arg2(x, "-boot", c->boot);
    arg2(x, "-mode", getvar(x, "CODE_LOADING_MODE"));
    boot_var(x, "SYSTEM_LIB_DIR", lib);
    boot_var(x, "ERTS_LIB_DIR", lib); /* what relx 3 called it */
    if (relx_file_arg(x, "-config", "RELX_CONFIG_PATH", "sys.config",
                      c->config) ||
        relx_file_arg(x, "-args_file", "VMARGS_PATH", "vm.args", c->vmargs))
        return -1;
    if (dist_port) {
        arg2(x, "-erl_epmd_port", dist_port);
        arg2(x, "-start_epmd", "false");
    }
    relx_node(x);
    return 0;
}

/* The command that runs the hooks first, instead of the one composed. */
void relx_hooks(struct compose *x)
{
    const struct conf *c = x->c;
    const char *log = getvar(x, "RUNNER_LOG_DIR");
    const char *erts = strrchr(c->erts, '-');
    char *bin = pool_printf(x->p, "%s/bin", c->root);

    script_var(x, "SCRIPT_DIR", bin);
    script_var(x, "RELEASE_ROOT_DIR", c->root);
    script_var(x, "REL_DIR",
               pool_printf(x->p, "%s/releases/%s", c->root, c->version));
    script_var(x, "ERTS_DIR", c->erts);
    script_var(x, "ERTS_VSN", erts ? erts + 1 : "");
    script_var(x, "SYSTEM_LIB_DIR", pool_printf(x->p, "%s/lib", c->root));
    script_var(x, "RUNNER_LOG_DIR", log ? log : "/var/log");
    run_script(x, pool_printf(x->p, "%s/%s", bin, c->release), "foreground",
               script_hooks(x->p, &x->vars, c->pre_start));
}
