/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Copying a release into the tree.
 *
 * Links that stay inside the release stay links; links that leave it (a relx
 * release in dev_mode is full of them) are replaced by what they lead to.
 */
#include "release.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/initconf.h"
#include "file.h"
#include "release_priv.h"
#include "report.h"

#define MAX_DEPTH 64

/* What is of no use at run time, as paths below the release. */
static const struct {
    const char *pattern;
    const char *why;
} skips[] = {
    {"erts-*/include", "headers"},   {"erts-*/lib", "link libraries"},
    {"erts-*/doc", "documentation"}, {"erts-*/man", "documentation"},
    {"erts-*/src", "source"},        {"erts-*/*.a", "link library"},
    {"lib/*.a", "link library"},     {"erl_crash.dump", "crash dump"},
};

static const char *skip_reason(const struct copy *c, const char *rel)
{
    char *tarball;
    bool is_tarball;

    for (size_t i = 0; i < sizeof(skips) / sizeof(*skips); i++) {
        const char *p = skips[i].pattern;
        /* "*.a" patterns reach down, the others name one place */
        int flags = strstr(p, "*.a") ? 0 : FNM_PATHNAME;

        if (fnmatch(p, rel, flags) == 0)
            return skips[i].why;
    }
    /* what `rebar3 tar` and `mix release` with :tar leave beside it */
    tarball =
        xasprintf("%s-%s.tar.gz", c->release->rel.name, c->release->version);
    is_tarball = !strcmp(rel, tarball);
    free(tarball);
    return is_tarball ? "archive of the release" : NULL;
}

static void left_out(struct copy *c, const char *rel, const char *why)
{
    strvec_pushf(&c->release->left_out, "%s: %s", rel, why);
}

static void count(struct copy *c, const struct stat *st)
{
    struct timespec *newest = &c->release->newest;

    if (st->st_mtim.tv_sec > newest->tv_sec)
        *newest = st->st_mtim;
    if (S_ISREG(st->st_mode)) {
        c->release->files++;
        c->release->bytes += (uint64_t)st->st_size;
    }
}

/* Does the real path (path) lie in the release?  Gives the rest. */
static const char *inside(const struct copy *c, const char *path)
{
    size_t len = strlen(c->real);

    if (strncmp(path, c->real, len) || (path[len] && path[len] != '/'))
        return NULL;
    return path + len;
}

/*
 * A link: (*link) is what to store, or NULL where its target is to be copied.
 * Absolute links into the release are turned round to where it will be.
 */
static int look_at_link(const struct copy *c, const char *host, char **link)
{
    char target[PATH_MAX];
    ssize_t n = readlink(host, target, sizeof(target) - 1);
    char *real;

    *link = NULL;
    if (n < 0)
        return fail("cannot read '%s': %s", host, strerror(errno));
    target[n] = '\0';
    real = realpath(host, NULL);
    if (!real && errno != ENOENT && errno != ELOOP)
        return fail("cannot follow '%s': %s", host, strerror(errno));
    if (!real)
        *link = xstrdup(target); /* leads nowhere, here or there */
    else if (inside(c, real))
        *link = target[0] == '/'
                    ? xasprintf("%s%s", INITCONF_ROOT, inside(c, real))
                    : xstrdup(target);
    free(real);
    return 0;
}

static int copy_file(struct copy *c, const char *host, const char *guest,
                     const struct stat *st, const char *why)
{
    struct node *n;

    if (access(host, R_OK))
        return fail("cannot read '%s': %s", host, strerror(errno));
    n = tree_file(c->tree, guest, host, st, why);
    if (!n)
        return -1;
    n->is_app = true;
    count(c, st);
    return 0;
}

static int copy_entry(struct copy *c, const char *host, const char *rel,
                      const char *why, int depth)
{
    char *guest = NULL, *link = NULL;
    const char *skip = skip_reason(c, rel);
    struct stat st;
    int r = 0;

    if (skip) {
        left_out(c, rel, skip);
        return 0;
    }
    if (lstat(host, &st))
        return fail("cannot read '%s': %s", host, strerror(errno));
    if (S_ISLNK(st.st_mode)) {
        if (look_at_link(c, host, &link))
            return -1;
        if (!link && stat(host, &st))
            return fail("cannot read '%s': %s", host, strerror(errno));
    }
    guest = path_join(INITCONF_ROOT, rel);
    if (link)
        r = tree_link(c->tree, guest, link, why) ? 0 : -1;
    else if (S_ISDIR(st.st_mode))
        r = copy_dir(c, host, rel, why, depth + 1);
    else if (S_ISREG(st.st_mode))
        r = copy_file(c, host, guest, &st, why);
    else
        left_out(c, rel, "a socket, pipe or device");
    free(link);
    free(guest);
    return r;
}

int copy_dir(struct copy *c, const char *host, const char *rel, const char *why,
             int depth)
{
    char *guest = path_join(INITCONF_ROOT, rel);
    struct dirent *e;
    DIR *d = NULL;
    int r = 0;

    if (depth > MAX_DEPTH)
        r = fail("'%s' is nested too deeply: is there a loop of links?", host);
    else if (!tree_dir(c->tree, guest, why))
        r = -1;
    else if (!(d = opendir(host)))
        r = fail("cannot read '%s': %s", host, strerror(errno));
    free(guest);
    while (d && !r && (errno = 0, e = readdir(d))) {
        char *below, *path;

        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        path = path_join(host, e->d_name);
        below = rel[0] ? path_join(rel, e->d_name) : xstrdup(e->d_name);
        r = copy_entry(c, path, below, why, depth);
        free(below);
        free(path);
    }
    if (!r && errno)
        r = fail("cannot read '%s': %s", host, strerror(errno));
    if (d)
        closedir(d);
    return r;
}

int copy_init(struct copy *c, struct release *r, struct tree *t)
{
    *c = (struct copy){.release = r, .tree = t};
    c->real = realpath(r->dir, NULL);
    if (!c->real)
        return fail("cannot open '%s': %s", r->dir, strerror(errno));
    return 0;
}

void copy_release(struct copy *c)
{
    free(c->real);
}

int release_copy(struct release *r, struct tree *t)
{
    struct copy c;
    int err = copy_init(&c, r, t);

    if (!err)
        err = copy_dir(&c, r->dir, "", "the release", 0);
    copy_release(&c);
    strvec_sort(&r->left_out);
    return err;
}
