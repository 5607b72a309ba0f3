/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * What a release made without ERTS, or without the system's applications,
 * takes from an Erlang installation.
 */
#include "release.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/initconf.h"
#include "file.h"
#include "release_priv.h"
#include "report.h"

/* The programs of erts-VSN/bin that a running system starts, and their names
 * there. dyn_erl finds its Erlang by its own place, where erl, a script, knows
 * the directory it was installed in. */
static const struct {
    const char *from;
    const char *to;
} programs[] = {
    {"beam.smp", "beam.smp"},
    {"beam", "beam"},
    {"erl_child_setup", "erl_child_setup"},
    {"erlexec", "erlexec"},
    {"dyn_erl", "erl"},
    {"epmd", "epmd"},
    {"inet_gethost", "inet_gethost"},
    {"heart", "heart"},
};

struct erts {
    char *bin;  /* erts-VSN/bin on the host */
    char *libs; /* ROOT/lib on the host */
};

/* (dir) is an erts directory: of the right version, when its name tells? */
static int take_erts_dir(const struct release *r, const char *dir,
                         struct erts *e)
{
    char *real = realpath(dir, NULL);
    char *root;

    if (!real)
        return fail("cannot open '%s': %s", dir, strerror(errno));
    if (!strncmp(path_base(real), "erts-", 5) &&
        strcmp(path_base(real) + 5, r->erts)) {
        fail("release '%s' was made for erts %s, but '%s' is another: give "
             "--erts for that version",
             r->dir, r->erts, dir);
        free(real);
        return -1;
    }
    root = path_parent(real);
    e->bin = path_join(real, "bin");
    e->libs = path_join(root, "lib");
    free(root);
    free(real);
    return 0;
}

static int find_erts(const struct release *r, const char *dir, struct erts *e)
{
    char *versioned = xasprintf("%s/erts-%s", dir, r->erts);
    char *sub = path_join(versioned, "bin");
    char *own = path_join(dir, "bin");
    int err;

    if (path_has(sub, "beam.smp") || path_has(sub, "beam"))
        err = take_erts_dir(r, versioned, e);
    else if (path_has(own, "beam.smp") || path_has(own, "beam"))
        err = take_erts_dir(r, dir, e);
    else
        err = fail("no Erlang run-time system erts-%s in '%s': --erts wants "
                   "an erts-%s directory or the Erlang root that holds it",
                   r->erts, dir, r->erts);
    free(own);
    free(sub);
    free(versioned);
    return err;
}

static int add_programs(struct copy *c, const struct erts *e, const char *why)
{
    for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
        char *host = path_join(e->bin, programs[i].from);
        char *guest = xasprintf("%s/erts-%s/bin/%s", c->root, c->release->erts,
                                programs[i].to);
        struct stat st;
        int r = 0;

        if (stat(host, &st) == 0) {
            struct node *n = tree_file(c->tree, guest, host, &st, why);

            if (n)
                n->is_app = true;
            r = n ? 0 : -1;
            c->release->files++;
            c->release->bytes += (uint64_t)st.st_size;
        }
        free(guest);
        free(host);
        if (r)
            return r;
    }
    return 0;
}

static bool app_present(const struct copy *c, const char *dir)
{
    char *guest = xasprintf("%s/lib/%s", c->root, dir);
    char *archive = xasprintf("%s.ez", guest);
    bool yes =
        tree_find(c->tree, guest, true) || tree_find(c->tree, archive, true);

    free(archive);
    free(guest);
    return yes;
}

/* Only what is used at run time, of a directory made for developers. */
static int add_app(struct copy *c, const struct erts *e, const char *dir,
                   const char *why)
{
    static const char *const parts[] = {"ebin", "priv"};
    char *app = path_join(e->libs, dir);
    int r = 0;

    if (!path_has(app, "ebin")) {
        struct finding_of of = {.severity = FINDING_ERROR,
                                .id = "missing-application",
                                .remedy = "make the release with it, or give "
                                          "the --erts that has that version"};

        r = finding(c->release->findings, &of,
                    "application '%s' is neither in release '%s' nor in '%s'",
                    dir, c->release->dir, e->libs);
    }
    for (size_t i = 0; i < 2 && !r; i++) {
        char *host = path_join(app, parts[i]);
        char *rel = xasprintf("lib/%s/%s", dir, parts[i]);

        if (access(host, F_OK) == 0)
            r = copy_dir(c, host, rel, why, 0);
        free(rel);
        free(host);
    }
    free(app);
    return r;
}

static int no_app(const struct copy *c, const char *dir)
{
    struct finding_of of = {
        .severity = FINDING_ERROR,
        .id = "missing-application",
        .remedy = "make it with its system libraries, or give --erts DIR"};

    return finding(c->release->findings, &of,
                   "release '%s' does not hold its application '%s'",
                   c->release->dir, dir);
}

static int add_apps(struct copy *c, const struct erts *e, const char *why)
{
    const struct rel_file *rel = &c->release->rel;

    for (size_t i = 0; i < rel->n; i++) {
        char *dir = xasprintf("%s-%s", rel->app[i].name, rel->app[i].version);
        int r = 0;

        if (!app_present(c, dir)) {
            r = e ? add_app(c, e, dir, why) : no_app(c, dir);
        }
        free(dir);
        if (r)
            return r;
    }
    return 0;
}

static int add_boot_file(struct copy *c, const char *why)
{
    char *guest = xasprintf("%s.boot", c->release->boot);
    struct stat st;
    int r = 0;

    if (stat(c->release->boot_file, &st))
        r = fail("cannot read '%s': %s", c->release->boot_file,
                 strerror(errno));
    else if (!tree_file(c->tree, guest, c->release->boot_file, &st, why))
        r = -1;
    free(guest);
    return r;
}

static int complete(struct release *r, struct tree *t, const struct erts *e)
{
    char *why = e ? xasprintf("from erts %s, --erts", r->erts) : NULL;
    struct copy c;
    int err = copy_init(&c, r, t);

    c.root = r->root;
    if (!err && r->boot_file)
        err = add_boot_file(&c, why);
    if (!err && e && !r->has_erts)
        err = add_programs(&c, e, why);
    if (!err)
        err = add_apps(&c, e, why);
    copy_release(&c);
    free(why);
    return err;
}

static int no_erts(const struct release *r)
{
    struct finding_of of = {
        .severity = FINDING_ERROR,
        .id = "no-erts",
        .remedy = "make it with include_erts, or give --erts DIR"};

    return finding(r->findings, &of,
                   "release '%s' has no Erlang run-time system (erts-%s)",
                   r->dir, r->erts);
}

int release_complete(struct release *r, struct tree *t, const char *dir)
{
    struct erts e = {0};
    int err;

    if (!dir && !r->has_erts && no_erts(r))
        return -1;
    if (!dir)
        return complete(r, t, NULL);
    err = find_erts(r, dir, &e);
    if (!err)
        err = complete(r, t, &e);
    free(e.bin);
    free(e.libs);
    return err;
}
