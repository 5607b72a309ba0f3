/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Copying a release into the tree.
 *
 * Links that stay inside the release stay links; links that leave it (a relx
 * release in dev_mode is full of them) are replaced by what they lead to, and
 * links inside that again stay links.
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

    if (c->extra)
        return NULL;
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
    if (S_ISREG(st->st_mode) && !c->extra) {
        c->release->files++;
        c->release->bytes += (uint64_t)st->st_size;
    }
}

/* What is below (dir), of the path (path); NULL when it is elsewhere. */
static const char *below(const char *dir, const char *path)
{
    size_t len = strlen(dir);

    if (strncmp(path, dir, len) || (path[len] && path[len] != '/'))
        return NULL;
    return path + len;
}

/* Would copying the directory (path) copy one that is being copied? */
static bool is_above(const struct copy *c, const char *path)
{
    for (const struct copy_base *b = c->base; b; b = b->outer)
        if (!strcmp(path, "/") || below(path, b->real))
            return true;
    return false;
}

/* How deep (rel) lies below (base). */
static int depth_below(const char *base, const char *rel)
{
    int depth = 0;

    for (const char *p = rel + strlen(base); *p; p++)
        depth += *p == '/';
    return base[0] ? depth : depth + 1;
}

/* Does the link at (rel) reach its (target) without leaving (base)? */
static bool stays_below(const char *base, const char *rel, const char *target)
{
    int depth = depth_below(base, rel) - 1;

    for (const char *p = target; *p && depth >= 0;) {
        size_t len = strcspn(p, "/");

        if (len == 2 && !memcmp(p, "..", 2))
            depth--;
        else if (len && (len != 1 || *p != '.'))
            depth++;
        p += len;
        p += strspn(p, "/");
    }
    return depth >= 0 && target[0] != '/';
}

/* The text of a link from (rel) to (real), or NULL when the image has that only
 * if it is copied. */
static char *link_text(const struct copy *c, const char *rel,
                       const char *target, const char *real)
{
    for (const struct copy_base *b = c->base; b; b = b->outer) {
        const char *rest = below(b->real, real);

        if (rest && b == c->base && stays_below(b->rel, rel, target))
            return xstrdup(target);
        if (rest)
            return xasprintf("%s%s%s%s", c->root, b->rel[0] ? "/" : "", b->rel,
                             rest);
    }
    return NULL;
}

/*
 * A link: (*link) is what to store, or NULL where (*real), its target, is to be
 * copied.
 */
static int look_at_link(const struct copy *c, const char *host, const char *rel,
                        char **link, char **real)
{
    char target[PATH_MAX];
    ssize_t n = readlink(host, target, sizeof(target) - 1);

    *link = *real = NULL;
    if (n < 0)
        return fail("cannot read '%s': %s", host, strerror(errno));
    target[n] = '\0';
    *real = realpath(host, NULL);
    if (!*real && errno != ENOENT && errno != ELOOP)
        return fail("cannot follow '%s': %s", host, strerror(errno));
    if (!*real)
        *link = xstrdup(target); /* leads nowhere, here or there */
    else
        *link = link_text(c, rel, target, *real);
    if (!*link && is_above(c, *real))
        return fail("'%s' leads to '%s', which holds what is being copied",
                    host, *real);
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
    n->is_app = !c->extra;
    count(c, st);
    return 0;
}

/* (real) is the target of a link, or NULL. */
static int copy_below(struct copy *c, const char *host, const char *rel,
                      const char *why, int depth, char *real)
{
    struct copy_base base = {.outer = c->base, .real = real, .rel = rel};
    int r;

    if (real)
        /* taken back below */
        /* cppcheck-suppress autoVariables */
        c->base = &base;
    r = copy_dir(c, host, rel, why, depth);
    if (real)
        c->base = base.outer;
    return r;
}

static bool is_image(const struct copy *c, const struct stat *st)
{
    return c->image_ino && st->st_ino == c->image_ino &&
           st->st_dev == c->image_dev;
}

static int copy_entry(struct copy *c, const char *host, const char *rel,
                      const char *why, int depth)
{
    char *guest = NULL, *link = NULL, *real = NULL;
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
        r = look_at_link(c, host, rel, &link, &real);
        if (!r && !link && stat(host, &st))
            r = fail("cannot read '%s': %s", host, strerror(errno));
    }
    guest = path_join(c->root, rel);
    if (r)
        ;
    else if (link)
        r = tree_link(c->tree, guest, link, why) ? 0 : -1;
    else if (S_ISDIR(st.st_mode))
        r = copy_below(c, host, rel, why, depth + 1, real);
    else if (S_ISREG(st.st_mode) && is_image(c, &st))
        left_out(c, rel, "the image that is to be replaced");
    else if (S_ISREG(st.st_mode))
        r = copy_file(c, host, guest, &st, why);
    else
        left_out(c, rel, "a socket, pipe or device");
    free(real);
    free(link);
    free(guest);
    return r;
}

/* What is in the directory (host), sorted: of two names of one file the first
 * owns it, whatever order the host's file system has. */
static int list_dir(const char *host, struct strvec *names)
{
    DIR *d = opendir(host);
    struct dirent *e;
    int saved;

    if (!d)
        return -1;
    while (errno = 0, e = readdir(d))
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
            strvec_push(names, e->d_name);
    saved = errno;
    closedir(d);
    errno = saved;
    strvec_sort(names);
    return saved ? -1 : 0;
}

int copy_dir(struct copy *c, const char *host, const char *rel, const char *why,
             int depth)
{
    char *guest = path_join(c->root, rel);
    struct strvec names = {0};
    int r = 0;

    if (depth > MAX_DEPTH)
        r = fail("'%s' is nested too deeply: is there a loop of links?", host);
    else if (!tree_dir(c->tree, guest, why))
        r = -1;
    else if (list_dir(host, &names))
        r = fail("cannot read '%s': %s", host, strerror(errno));
    free(guest);
    for (size_t i = 0; i < names.n && !r; i++) {
        char *path = path_join(host, names.v[i]);
        char *name = rel[0] ? path_join(rel, names.v[i]) : xstrdup(names.v[i]);

        r = copy_entry(c, path, name, why, depth);
        free(name);
        free(path);
    }
    strvec_release(&names);
    return r;
}

static int init(struct copy *c, struct release *r, struct tree *t,
                const char *dir, const char *root)
{
    *c = (struct copy){.release = r, .tree = t, .root = root};
    c->top.real = realpath(dir, NULL);
    c->top.rel = "";
    c->base = &c->top;
    if (!c->top.real)
        return fail("cannot open '%s': %s", dir, strerror(errno));
    return 0;
}

int copy_init(struct copy *c, struct release *r, struct tree *t)
{
    return init(c, r, t, r->dir, INITCONF_ROOT);
}

int copy_init_dir(struct copy *c, struct release *r, struct tree *t,
                  const char *dir, const char *root)
{
    int err = init(c, r, t, dir, root);

    c->extra = true;
    return err;
}

void copy_release(struct copy *c)
{
    free(c->top.real);
}

int release_copy(struct release *r, struct tree *t, const char *image)
{
    struct copy c;
    struct stat st;
    int err = copy_init(&c, r, t);

    if (stat(image, &st) == 0 && S_ISREG(st.st_mode)) {
        c.image_dev = st.st_dev;
        c.image_ino = st.st_ino;
    }
    if (!err)
        err = copy_dir(&c, r->dir, "", "the release", 0);
    copy_release(&c);
    strvec_sort(&r->left_out);
    return err;
}
