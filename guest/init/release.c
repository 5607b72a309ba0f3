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

#include "files.h"
#include "say.h"
#include "subst.h"

struct compose {
    struct pool *p;
    const struct conf *c;
    const char *run_dir;
    int tty;
    struct release *r;
    struct err *e;
    const char *vmargs; /* the file the emulator reads, or NULL */
};

static void arg(struct compose *x, const char *s)
{
    strlist_add(x->p, &x->r->argv, pool_strdup(x->p, s));
}

static void arg2(struct compose *x, const char *flag, const char *value)
{
    arg(x, flag);
    arg(x, value);
}

static void boot_var(struct compose *x, const char *name, const char *value)
{
    arg2(x, "-boot_var", name);
    arg(x, value);
}

/* Appends the words of (s), cut at blanks as an unquoted shell variable is. */
static void arg_words(struct compose *x, const char *s)
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

static void export_var(struct compose *x, const char *name, const char *value)
{
    strlist_setenv(x->p, &x->r->env, name, value);
}

/* Value of (name), empty counting as unset, as in ${NAME:-...}. */
static const char *getvar(const struct compose *x, const char *name)
{
    const char *value = strlist_getenv(&x->r->env, name);

    return value && *value ? value : NULL;
}

/* NAME="${NAME:-value}"; returns the result. */
static const char *default_var(struct compose *x, const char *name,
                               const char *value)
{
    if (!getvar(x, name))
        export_var(x, name, value);
    return getvar(x, name);
}

static int readable(struct compose *x, const char *path)
{
    if (access(path, R_OK) == 0)
        return 0;
    return err_set(x->e, "cannot open '%s': %s", path, strerror(errno));
}

static int ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s);
    size_t t = strlen(tail);

    return n >= t && !strcmp(s + n - t, tail);
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

    export_var(x, "PATH",
               pool_printf(x->p, "%s:/usr/local/bin:/usr/bin:/bin:/sbin",
                           x->r->bindir));
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

/* --- relx ----------------------------------------------------------------- */

/*
 * relx's check_replace_os_vars: FILE.src is a template for FILE; with
 * RELX_REPLACE_OS_VARS set FILE (or FILE.orig) itself is one.  What comes out
 * is put in RELX_OUT_FILE_PATH, if that exists.  Returns the file to use, NULL
 * with the reason set on error.
 */
static const char *relx_file(struct compose *x, const char *path,
                             const char *name)
{
    const char *from = NULL;
    const char *dir = getvar(x, "RELX_OUT_FILE_PATH");
    char *out = pool_printf(x->p, "%s/%s",
                            dir && files_exist(dir) ? dir : x->run_dir, name);
    char *src = pool_printf(x->p, "%s.src", path);
    char *orig = pool_printf(x->p, "%s.orig", path);
    char *text;

    if (ends_with(path, ".src"))
        from = path;
    else if (files_exist(src))
        from = src;
    else if (getvar(x, "RELX_REPLACE_OS_VARS"))
        from = files_exist(orig) ? orig : path;
    if (!from)
        return readable(x, path) ? NULL : path;
    text = files_read(x->p, from, x->e);
    if (!text ||
        files_write(out, subst_env(x->p, text, &x->r->env), 0600, x->e))
        return NULL;
    return out;
}

/* A flag, and what follows it: does it make the node a distributed one that
 * needs epmd (1), or not (0)?  (known): the answer so far. */
static int flag_needs_epmd(const char *flag, const char *value, int known)
{
    if (!strcmp(flag, "-name") || !strcmp(flag, "-sname"))
        return known < 0 ? known : 1;
    if (!strcmp(flag, "-start_epmd") && !strcmp(value, "false"))
        return -1;
    return known;
}

/* The same for an emulator arguments file; (known) afterwards. */
static int file_needs_epmd(struct compose *x, const char *text, int known)
{
    static const char blank[] = " \t\r";

    while (*text) {
        size_t len = strcspn(text, "\n");
        char *line = pool_strndup(x->p, text, len);
        char *flag = strtok(line, blank);
        char *value = flag ? strtok(NULL, blank) : NULL;

        if (flag)
            known = flag_needs_epmd(flag, value ? value : "", known);
        text += len + (text[len] == '\n');
    }
    return known;
}

/* Does an emulator arguments file turn the shell off? */
static int file_without_shell(struct compose *x, const char *path)
{
    struct err e;
    char *text = path ? files_read(x->p, path, &e) : NULL;

    for (char *word = text ? strtok(text, " \t\r\n") : NULL; word;
         word = strtok(NULL, " \t\r\n"))
        if (!strcmp(word, "-noinput") || !strcmp(word, "-noshell"))
            return 1;
    return 0;
}

/* And for the whole command: the file, then the words. */
static int needs_epmd(struct compose *x, const char *vmargs)
{
    const struct strlist *argv = &x->r->argv;
    struct err e;
    char *text = vmargs ? files_read(x->p, vmargs, &e) : NULL;
    int known = text ? file_needs_epmd(x, text, 0) : 0;

    for (size_t i = 0; i < argv->n; i++)
        known = flag_needs_epmd(argv->v[i],
                                i + 1 < argv->n ? argv->v[i + 1] : "", known);
    return known > 0;
}

static int compose_relx(struct compose *x)
{
    const struct conf *c = x->c;
    const char *config = getvar(x, "RELX_CONFIG_PATH");
    const char *vmargs = getvar(x, "VMARGS_PATH");
    const char *dist_port = getvar(x, "ERL_DIST_PORT");
    char *lib = pool_printf(x->p, "%s/lib", c->root);

    export_var(x, "REL_NAME", c->release);
    export_var(x, "REL_VSN", c->version);
    export_var(x, "RELEASE_NAME", c->release);
    export_var(x, "RELEASE_VSN", c->version);
    export_var(x, "RELEASE_PROG",
               pool_printf(x->p, "%s/bin/%s", c->root, c->release));
    config = config ? config : c->config;
    vmargs = vmargs ? vmargs : c->vmargs;

    if (!c->shell) {
        arg(x, "-noinput");
        arg(x, "+Bd");
    }
    arg2(x, "-boot", c->boot);
    arg2(x, "-mode", default_var(x, "CODE_LOADING_MODE", "embedded"));
    boot_var(x, "SYSTEM_LIB_DIR", lib);
    boot_var(x, "ERTS_LIB_DIR", lib); /* what relx 3 called it */
    if (config) {
        config = relx_file(x, config, "sys.config");
        if (!config)
            return -1;
        arg2(x, "-config", config);
    }
    if (vmargs) {
        vmargs = relx_file(x, vmargs, "vm.args");
        if (!vmargs)
            return -1;
        arg2(x, "-args_file", vmargs);
        x->vmargs = vmargs;
    }
    if (dist_port) {
        arg2(x, "-erl_epmd_port", dist_port);
        arg2(x, "-start_epmd", "false");
    }
    return 0;
}

/* --- mix ------------------------------------------------------------------ */

static char *cut_tail(struct pool *p, const char *s, const char *tail)
{
    size_t n = strlen(s) - (ends_with(s, tail) ? strlen(tail) : 0);

    return pool_strndup(p, s, n);
}

/*
 * mix's export_release_sys_config: configuration providers that restart the
 * system write their result into sys.config, which then must be a copy.
 * Returns its path without ".config".
 */
static const char *mix_config(struct compose *x)
{
    const struct conf *c = x->c;
    const char *base = getvar(x, "RELEASE_SYS_CONFIG");
    char *path;
    char *text;

    if (!base) {
        if (!c->config)
            return NULL;
        base = cut_tail(x->p, c->config, ".config");
    }
    path = pool_printf(x->p, "%s.config", base);
    text = files_read(x->p, path, x->e);
    if (!text)
        return NULL;
    if (strstr(text, "RUNTIME_CONFIG=true")) {
        base = pool_printf(x->p, "%s/%s-%s.runtime", x->run_dir, c->release,
                           c->version);
        path = pool_printf(x->p, "%s.config", base);
        if (files_write(path, text, 0600, x->e))
            return NULL;
    }
    export_var(x, "RELEASE_SYS_CONFIG", base);
    return base;
}

/* "-sname NODE", "-name NODE" or nothing. */
static int mix_distribution(struct compose *x)
{
    const char *node = default_var(x, "RELEASE_NODE", x->c->release);
    const char *how = default_var(x, "RELEASE_DISTRIBUTION", "sname");

    if (!strcmp(how, "none"))
        return 0;
    if (strcmp(how, "name") && strcmp(how, "sname"))
        return err_set(
            x->e, "RELEASE_DISTRIBUTION is '%s', not sname, name or none", how);
    arg2(x, strcmp(how, "name") ? "-sname" : "-name", node);
    return 0;
}

/* Exports what the script does; returns the boot file without ".boot". */
static const char *mix_environment(struct compose *x)
{
    const struct conf *c = x->c;
    char *dir = pool_printf(x->p, "%s/releases/%s", c->root, c->version);
    const char *slash = strrchr(c->boot, '/');
    const char *script;

    export_var(x, "RELEASE_ROOT", c->root);
    export_var(x, "RELEASE_COMMAND", c->shell ? "start_iex" : "start");
    default_var(x, "RELEASE_NAME", c->release);
    default_var(x, "RELEASE_VSN", c->version);
    default_var(x, "RELEASE_PROG", c->release);
    if (c->cookie)
        default_var(x, "RELEASE_COOKIE", c->cookie);
    default_var(x, "RELEASE_MODE", "embedded");
    default_var(x, "RELEASE_TMP", "/tmp");
    if (c->vmargs)
        default_var(x, "RELEASE_VM_ARGS", c->vmargs);
    default_var(x, "RELEASE_REMOTE_VM_ARGS",
                pool_printf(x->p, "%s/remote.vm.args", dir));
    default_var(x, "RELEASE_BOOT_SCRIPT_CLEAN", "start_clean");
    script = default_var(x, "RELEASE_BOOT_SCRIPT", slash + 1);
    return pool_printf(x->p, "%.*s/%s", (int)(slash - c->boot), c->boot,
                       script);
}

/* What makes the emulator run IEx differs between Elixir's versions; it is the
 * argument of --erl in the release's own script releases/VSN/iex. */
static int mix_iex(struct compose *x)
{
    char *path =
        pool_printf(x->p, "%s/releases/%s/iex", x->c->root, x->c->version);
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

static int mix_start(struct compose *x)
{
    if (x->c->shell)
        return mix_iex(x);
    arg(x, "-noshell");
    arg2(x, "-s", "elixir");
    arg(x, "start_cli");
    return 0;
}

static int compose_mix(struct compose *x)
{
    const char *boot = mix_environment(x);
    const char *vmargs = getvar(x, "RELEASE_VM_ARGS");
    const char *config = NULL;

    arg_words(x, getvar(x, "ELIXIR_ERL_OPTIONS"));
    if (x->tty && !getvar(x, "NO_COLOR")) {
        arg2(x, "-elixir", "ansi_enabled");
        arg(x, "true");
    }
    if (mix_start(x))
        return -1;
    arg2(x, "-mode", getvar(x, "RELEASE_MODE"));
    if (getvar(x, "RELEASE_COOKIE"))
        arg2(x, "-setcookie", getvar(x, "RELEASE_COOKIE"));
    if (mix_distribution(x))
        return -1;
    if (x->c->config || getvar(x, "RELEASE_SYS_CONFIG")) {
        config = mix_config(x);
        if (!config)
            return -1;
        arg2(x, "-config", config);
    }
    arg2(x, "-boot", boot);
    boot_var(x, "RELEASE_LIB", pool_printf(x->p, "%s/lib", x->c->root));
    if (vmargs) {
        if (readable(x, vmargs))
            return -1;
        arg2(x, "-args_file", vmargs);
        x->vmargs = vmargs;
    }
    return 0;
}

/* IEx is started with -noshell by Elixir before 1.15, in the shell's place. */
static int has_shell(struct compose *x)
{
    if (x->c->layout == LAYOUT_MIX && x->c->shell)
        return 1;
    return !strlist_has(&x->r->argv, "-noinput") &&
           !strlist_has(&x->r->argv, "-noshell") &&
           !file_without_shell(x, x->vmargs);
}

int release_compose(struct pool *p, const struct conf *c, const char *run_dir,
                    int tty, struct release *r, struct err *e)
{
    struct compose x = {p, c, run_dir, tty, r, e, NULL};
    char *boot = pool_printf(p, "%s.boot", c->boot);

    memset(r, 0, sizeof(*r));
    r->bindir = pool_printf(p, "%s/bin", c->erts);
    r->path = pool_printf(p, "%s/erlexec", r->bindir);
    r->cwd = c->root;
    if (access(r->path, X_OK))
        return err_set(e, "cannot run '%s': %s", r->path, strerror(errno));
    if (readable(&x, boot))
        return -1;
    default_environment(&x);
    erts_environment(&x);
    arg(&x, r->path);
    if (c->layout == LAYOUT_MIX ? compose_mix(&x) : compose_relx(&x))
        return -1;
    for (size_t i = 0; i < c->args.n; i++)
        arg(&x, c->args.v[i]);
    r->needs_epmd = needs_epmd(&x, x.vmargs);
    r->shell = has_shell(&x);
    if (c->layout == LAYOUT_MIX)
        arg2(&x, "-extra", "--no-halt");
    if (c->layout == LAYOUT_MIX && c->shell)
        arg(&x, "+iex");
    return 0;
}
