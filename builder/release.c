/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "release.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/initconf.h"
#include "file.h"
#include "release_priv.h"
#include "report.h"

#define MAX_TEXT (16u << 20)

/* A release below (dir), for the message: people give their project. */
static char *nearby_release(const char *dir)
{
    static const char *const patterns[] = {
        "_build/prod/rel/*/releases/start_erl.data",
        "_build/*/rel/*/releases/start_erl.data",
        "rel/*/releases/start_erl.data",
        "*/releases/start_erl.data",
    };
    char *found = NULL, *quoted = path_glob_quote(dir);

    for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
        char *pattern = path_join(quoted, patterns[i]);
        glob_t g;

        if (!found && glob(pattern, 0, NULL, &g) == 0) {
            const char *path = g.gl_pathv[0];

            found = xasprintf(
                "%.*s",
                (int)(strlen(path) - strlen("/releases/start_erl.data")), path);
            globfree(&g);
        }
        free(pattern);
    }
    free(quoted);
    return found;
}

static int not_a_release(const char *dir)
{
    char *other = nearby_release(dir);

    if (other)
        fail("'%s' is not a release: did you mean '%s'?", dir, other);
    else
        fail("'%s' is not a release (no releases/start_erl.data): make one "
             "with 'rebar3 as prod release' or 'mix release'",
             dir);
    free(other);
    return -1;
}

static int check_dir(const char *dir)
{
    struct stat st;

    if (stat(dir, &st))
        return fail("cannot open '%s': %s", dir, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return fail("'%s' is not a directory", dir);
    return 0;
}

/* Versions and names become parts of paths, and of lines of text. */
static bool plain_name(const char *s)
{
    if (!s[0] || s[0] == '.' || strlen(s) > 200)
        return false;
    for (; *s; s++)
        if (*s == '/' || iscntrl((unsigned char)*s))
            return false;
    return true;
}

static int parse_rel(const char *path, struct rel_file *rel)
{
    struct buf text = {0};
    const char *why;
    int err = file_read(path, MAX_TEXT, &text);

    if (!err && rel_file_parse(buf_str(&text), rel, &why))
        err = fail("cannot use '%s': %s", path, why);
    if (!err && !plain_name(rel->name))
        err = fail("cannot use '%s': the release's name is not fit for a file "
                   "name",
                   path);
    buf_release(&text);
    return err;
}

/* What systools:make_tar() makes has no start_erl.data, nor has a release that
 * was put together by hand: then the only releases/VSN/NAME.rel says it. */
static int guess_versions(struct release *r)
{
    char *quoted = path_glob_quote(r->dir);
    char *pattern = path_join(quoted, "releases/*/*.rel");
    struct rel_file rel = {0};
    glob_t g = {0};
    int err;

    if (glob(pattern, 0, NULL, &g) || g.gl_pathc != 1) {
        err = not_a_release(r->dir);
    } else {
        char *dir = path_parent(g.gl_pathv[0]);

        err = parse_rel(g.gl_pathv[0], &rel);
        if (!err) {
            r->erts = xstrdup(rel.erts);
            r->version = xstrdup(path_base(dir));
        }
        free(dir);
    }
    globfree(&g);
    rel_file_release(&rel);
    free(pattern);
    free(quoted);
    return err;
}

static int read_start_erl(struct release *r)
{
    char *path = path_join(r->dir, "releases/start_erl.data");
    struct buf text = {0};
    struct strvec words = {0};
    int err = file_read(path, MAX_TEXT, &text);

    if (!err) {
        strvec_split(&words, buf_str(&text), " \t\r\n");
        if (words.n != 2 || !plain_name(words.v[0]) ||
            !plain_name(words.v[1])) {
            err = fail("'%s' is damaged: it should read 'ERTS-VERSION "
                       "VERSION'",
                       path);
        } else {
            r->erts = xstrdup(words.v[0]);
            r->version = xstrdup(words.v[1]);
        }
    }
    strvec_release(&words);
    buf_release(&text);
    free(path);
    return err;
}

static int read_versions(struct release *r)
{
    return path_has(r->dir, "releases/start_erl.data") ? read_start_erl(r)
                                                       : guess_versions(r);
}

/* The .rel file whose name is also a command in bin/, else the first. */
static char *choose_rel(const struct release *r, const glob_t *g)
{
    for (size_t i = 0; i < g->gl_pathc; i++) {
        const char *base = path_base(g->gl_pathv[i]);
        char *bin = xasprintf("bin/%.*s", (int)strlen(base) - 4, base);
        bool yes = path_has(r->dir, bin);

        free(bin);
        if (yes)
            return xstrdup(g->gl_pathv[i]);
    }
    return xstrdup(g->gl_pathv[0]);
}

static int read_rel(struct release *r)
{
    char *dir = xasprintf("%s/releases/%s", r->dir, r->version);
    char *quoted = path_glob_quote(dir);
    char *pattern = path_join(quoted, "*.rel");
    char *path = NULL;
    glob_t g;
    int err;

    if (glob(pattern, 0, NULL, &g)) {
        err = fail("release '%s' is incomplete: no '%s/*.rel'", r->dir, dir);
    } else {
        path = choose_rel(r, &g);
        globfree(&g);
        err = parse_rel(path, &r->rel);
    }
    free(path);
    free(pattern);
    free(quoted);
    free(dir);
    return err;
}

/* The guest path of releases/VSN/(name) if it exists, else NULL. */
static char *in_version(const struct release *r, const char *name)
{
    char *rel = xasprintf("releases/%s/%s", r->version, name);
    char *guest = NULL;

    if (path_has(r->dir, rel))
        guest = path_join(INITCONF_ROOT, rel);
    free(rel);
    return guest;
}

/* relx writes FILE.src where ${VARIABLES} are to be replaced at start. */
static char *config_file(const struct release *r, const char *name)
{
    char *path = in_version(r, name);
    char *src = xasprintf("%s.src", name);

    if (!path)
        path = in_version(r, src);
    free(src);
    return path;
}

static int find_boot(struct release *r)
{
    char *name = xasprintf("%s.boot", r->rel.name);
    char *path = in_version(r, name);

    if (!path)
        path = in_version(r, "start.boot");
    free(name);
    if (!path)
        return fail("release '%s' is incomplete: no 'releases/%s/start.boot'",
                    r->dir, r->version);
    path[strlen(path) - strlen(".boot")] = '\0';
    r->boot = path;
    return 0;
}

static int read_cookie(struct release *r)
{
    char *path = path_join(r->dir, "releases/COOKIE");
    struct buf text = {0};
    int err = 0;

    if (access(path, F_OK) == 0) {
        err = file_read(path, MAX_TEXT, &text);
        if (!err) {
            r->cookie = buf_take(&text);
            r->cookie[strcspn(r->cookie, "\r\n")] = '\0';
        }
    }
    buf_release(&text);
    free(path);
    return err;
}

static bool has_emulator(const struct release *r)
{
    char *smp = xasprintf("erts-%s/bin/beam.smp", r->erts);
    char *plain = xasprintf("erts-%s/bin/beam", r->erts);
    bool yes = path_has(r->dir, smp) || path_has(r->dir, plain);

    free(plain);
    free(smp);
    return yes;
}

/* A file of mix's own says so: the boot file then is the one its script
 * takes. */
static void find_layout(struct release *r)
{
    char *env = in_version(r, "env.sh");
    char *boot = in_version(r, "start.boot");
    char *runtime = in_version(r, "runtime.exs");

    if (r->cookie || env)
        r->layout = RELEASE_MIX;
    if (r->layout == RELEASE_MIX && boot) {
        free(r->boot);
        boot[strlen(boot) - strlen(".boot")] = '\0';
        r->boot = boot;
        boot = NULL;
    }
    if (r->layout == RELEASE_MIX && runtime)
        r->runtime = xasprintf("%s/releases/%s", INITCONF_ROOT, r->version);
    free(env);
    free(boot);
    free(runtime);
}

int release_open(struct release *r, const char *dir, const char *erts)
{
    *r = (struct release){.dir = xstrdup(dir), .root = INITCONF_ROOT};
    if (!path_has(dir, "releases/start_erl.data") &&
        path_has(dir, "entrypoint.sh"))
        return shipment_open(r, erts);
    if (check_dir(dir) || read_versions(r) || read_rel(r) || find_boot(r) ||
        read_cookie(r))
        return -1;
    find_layout(r);
    r->config = config_file(r, "sys.config");
    r->vmargs = config_file(r, "vm.args");
    r->has_erts = has_emulator(r);
    return release_read_scripts(r);
}

const char *release_layout_name(const struct release *r)
{
    static const char *const names[] = {"relx", "mix", "gleam"};

    return names[r->layout];
}

void release_close(struct release *r)
{
    free(r->dir);
    free(r->erts);
    free(r->version);
    free(r->boot);
    free(r->boot_file);
    strvec_release(&r->pa);
    free(r->config);
    free(r->vmargs);
    free(r->runtime);
    free(r->cookie);
    free(r->erl);
    release_drop_scripts(r);
    rel_file_release(&r->rel);
    strvec_release(&r->left_out);
    *r = (struct release){0};
}
