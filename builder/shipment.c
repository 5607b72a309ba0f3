/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * What `gleam export erlang-shipment` makes:
 *
 *   entrypoint.sh            "PACKAGE=NAME" is in it
 *   NAME/ebin, NAME/priv     of each package, Erlang's own not among them
 *
 * It runs NAME@@main:run(NAME) in an emulator of the system, with all packages
 * on its code path. So the image gets a part of an Erlang installation where
 * one lies: what the packages say they need.
 */
#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "abi/initconf.h"
#include "app_file.h"
#include "file.h"
#include "release_priv.h"
#include "report.h"

#define MAX_TEXT (1u << 20)

struct shipment {
    struct release *r;
    char *otp; /* the Erlang installation on the host */
    struct strvec packages;
    struct strvec needs; /* applications; grows while it is gone through */
};

/* The first match of (pattern) below (dir), the last if (last); or NULL. */
static char *find(const char *dir, const char *pattern, bool last, size_t *n)
{
    char *quoted = path_glob_quote(dir);
    char *full = path_join(quoted, pattern);
    char *found = NULL;
    glob_t g;

    *n = 0;
    if (glob(full, 0, NULL, &g) == 0) {
        *n = g.gl_pathc;
        found = xstrdup(g.gl_pathv[last ? g.gl_pathc - 1 : 0]);
        globfree(&g);
    }
    free(full);
    free(quoted);
    return found;
}

static bool is_package_name(const char *s)
{
    if (!islower((unsigned char)*s) || strlen(s) > 200)
        return false;
    for (; *s; s++)
        if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) &&
            *s != '_')
            return false;
    return true;
}

static int read_entrypoint(struct release *r)
{
    char *path = path_join(r->dir, "entrypoint.sh");
    struct buf text = {0};
    int err = file_read(path, MAX_TEXT, &text);
    const char *at = err ? NULL : strstr(buf_str(&text), "\nPACKAGE=");

    if (at) {
        at += strlen("\nPACKAGE=");
        at += *at == '"';
        r->rel.name = xasprintf("%.*s", (int)strcspn(at, "\"\r\n "), at);
    }
    if (!err && (!at || !is_package_name(r->rel.name)))
        err = fail("'%s' names no package: is it of a Gleam shipment?", path);
    buf_release(&text);
    free(path);
    return err;
}

static int read_app(const char *path, struct app_file *a)
{
    struct buf text = {0};
    const char *why;
    int err = file_read(path, MAX_TEXT, &text);

    if (!err && app_file_parse(buf_str(&text), a, &why))
        err = fail("cannot use '%s': %s", path, why);
    buf_release(&text);
    return err;
}

/* Remembers what is needed; who likes to have something is not asked here. */
static void need(struct shipment *s, const struct app_file *a)
{
    for (size_t i = 0; i < a->needs.n; i++)
        if (!strvec_has(&a->likes, a->needs.v[i]) &&
            !strvec_has(&s->needs, a->needs.v[i]))
            strvec_push(&s->needs, a->needs.v[i]);
}

/* (app) is PACKAGE/ebin/PACKAGE.app on the host. */
static int take_package(struct shipment *s, const char *app)
{
    char *name =
        xasprintf("%.*s", (int)(strlen(path_base(app)) - 4), path_base(app));
    struct app_file a;
    int err = read_app(app, &a);

    if (!err) {
        need(s, &a);
        if (!strcmp(name, s->r->rel.name)) {
            s->r->version = xstrdup(a.version);
            s->r->rel.version = xstrdup(a.version);
        }
        app_file_release(&a);
    }
    strvec_push(&s->packages, name);
    free(name);
    return err;
}

static int read_packages(struct shipment *s)
{
    char *quoted = path_glob_quote(s->r->dir);
    char *pattern = path_join(quoted, "*/ebin");
    glob_t g;
    int err = 0;

    if (glob(pattern, 0, NULL, &g))
        g = (glob_t){0};
    for (size_t i = 0; i < g.gl_pathc && !err; i++) {
        size_t n;
        char *app = find(g.gl_pathv[i], "*.app", false, &n);

        strvec_pushf(&s->r->pa, "%s%s", INITCONF_ROOT,
                     g.gl_pathv[i] + strlen(s->r->dir));
        if (app)
            err = take_package(s, app);
        free(app);
    }
    if (!err && !s->r->version)
        err = fail("shipment '%s' does not hold its package '%s'", s->r->dir,
                   s->r->rel.name);
    if (g.gl_pathv)
        globfree(&g);
    free(pattern);
    free(quoted);
    return err;
}

/* (dir) is erts-VERSION or the Erlang root that holds just one. */
static int find_otp(struct shipment *s, const char *dir)
{
    char *real = realpath(dir, NULL);
    bool is_erts = real && !strncmp(path_base(real), "erts-", 5);
    size_t n = 0;
    char *beam = is_erts ? find(real, "bin/beam.smp", false, &n)
                 : real  ? find(real, "erts-*/bin/beam.smp", false, &n)
                         : NULL;

    if (n == 1) {
        char *bin = path_parent(beam), *erts = path_parent(bin);

        s->otp = path_parent(erts);
        s->r->erts = xstrdup(path_base(erts) + 5);
        s->r->rel.erts = xstrdup(s->r->erts);
        free(erts);
        free(bin);
    }
    free(beam);
    free(real);
    if (n == 1)
        return 0;
    return fail("not one Erlang run-time system in '%s': --erts wants an "
                "erts-VERSION directory or the Erlang root that holds it",
                dir);
}

/* Takes the installation's application (name) into the release's list. */
static int take_otp_app(struct shipment *s, const char *name)
{
    char *pattern = xasprintf("lib/%s-[0-9]*/ebin/%s.app", name, name);
    size_t n;
    char *path = find(s->otp, pattern, true, &n);
    struct app_file a;
    int err;

    free(pattern);
    if (!path)
        return fail("application '%s' is neither in shipment '%s' nor in '%s'",
                    name, s->r->dir, s->otp);
    err = read_app(path, &a);
    if (!err) {
        rel_file_add(&s->r->rel, name, a.version);
        need(s, &a);
        app_file_release(&a);
    }
    free(path);
    return err;
}

static int resolve(struct shipment *s)
{
    strvec_push(&s->needs, "kernel");
    strvec_push(&s->needs, "stdlib");
    if (read_packages(s))
        return -1;
    for (size_t i = 0; i < s->needs.n; i++) /* more while we go */
        if (!strvec_has(&s->packages, s->needs.v[i]) &&
            take_otp_app(s, s->needs.v[i]))
            return -1;
    return 0;
}

int shipment_open(struct release *r, const char *erts)
{
    struct shipment s = {.r = r};
    int err;

    if (!erts)
        return fail("'%s' is a Gleam shipment, which holds no Erlang run-time "
                    "system: give --erts DIR",
                    r->dir);
    r->layout = RELEASE_GLEAM;
    r->root = RELEASE_OTP_ROOT;
    err = read_entrypoint(r) || find_otp(&s, erts) || resolve(&s);
    if (!err) {
        r->boot = xstrdup(RELEASE_OTP_ROOT "/bin/start");
        r->boot_file = path_join(s.otp, "bin/start.boot");
    }
    free(s.otp);
    strvec_release(&s.packages);
    strvec_release(&s.needs);
    return err ? -1 : 0;
}
