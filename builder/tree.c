/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "report.h"

#define MAX_LINKS 40

static struct node *node_new(const char *name, enum node_type type,
                             const char *why)
{
    struct node *n = xcalloc(1, sizeof(*n));

    n->name = xstrdup(name);
    n->type = type;
    n->mode = type == NODE_DIR ? 0755 : type == NODE_LINK ? 0777 : 0644;
    n->why = why ? xstrdup(why) : NULL;
    return n;
}

static void node_free(struct node *n)
{
    for (size_t i = 0; i < n->nchild; i++)
        node_free(n->child[i]);
    free(n->child);
    free(n->name);
    free(n->why);
    free(n->target);
    free(n->host);
    free(n->data);
    free(n->zeros);
    free(n);
}

void tree_init(struct tree *t)
{
    *t = (struct tree){0};
    t->root = node_new("", NODE_DIR, "the root directory");
    t->root->parent = t->root;
}

void tree_release(struct tree *t)
{
    if (t->root)
        node_free(t->root);
    free(t->linked);
    *t = (struct tree){0};
}

/* The first position whose name is not less than (name). */
static size_t position(const struct node *dir, const char *name)
{
    size_t lo = 0, hi = dir->nchild;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (strcmp(dir->child[mid]->name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct node *tree_child(const struct node *dir, const char *name)
{
    size_t at = position(dir, name);

    if (at < dir->nchild && !strcmp(dir->child[at]->name, name))
        return dir->child[at];
    return NULL;
}

static void insert(struct node *dir, struct node *n)
{
    size_t at = position(dir, n->name);

    if (dir->nchild == dir->cap) {
        dir->cap = dir->cap ? dir->cap * 2 : 8;
        dir->child = xrealloc(dir->child, dir->cap, sizeof(*dir->child));
    }
    memmove(dir->child + at + 1, dir->child + at,
            (dir->nchild - at) * sizeof(*dir->child));
    dir->child[at] = n;
    dir->nchild++;
    n->parent = dir;
}

/*
 * Walk (path) as far as it exists.  (make): missing directories are made.
 * (follow_last): a link in the last place is followed.  Returns NULL where
 * something is missing, where a file stands in the way, or for a loop of links
 * ((*why_not) then says which).
 */
static struct node *walk(struct node *root, const char *path, bool make,
                         bool follow_last, const char *why,
                         const char **why_not)
{
    char *rest = xstrdup(path);
    struct node *at = root;
    int links = 0;

    *why_not = "does not exist";
    for (;;) {
        char *p = rest + strspn(rest, "/");
        size_t len = strcspn(p, "/");
        bool last = p[len + strspn(p + len, "/")] == '\0';
        struct node *next;
        char *tail, *name;

        if (!len)
            break;
        if (at->type != NODE_DIR) {
            *why_not = "has a file where a directory is needed";
            at = NULL;
            break;
        }
        name = xasprintf("%.*s", (int)len, p);
        if (!strcmp(name, "."))
            next = at;
        else if (!strcmp(name, ".."))
            next = at->parent;
        else
            next = tree_child(at, name);
        if (!next && make) {
            next = node_new(name, NODE_DIR, why);
            insert(at, next);
        }
        free(name);
        if (!next) {
            at = NULL;
            break;
        }
        if (next->type == NODE_LINK && (!last || follow_last)) {
            if (++links > MAX_LINKS) {
                *why_not = "has too many symbolic links";
                at = NULL;
                break;
            }
            if (next->target[0] == '/')
                at = root;
            tail = xasprintf("%s/%s", next->target, p + len);
            free(rest);
            rest = tail;
            continue;
        }
        at = next;
        tail = xstrdup(p + len);
        free(rest);
        rest = tail;
    }
    free(rest);
    return at;
}

struct node *tree_find(const struct tree *t, const char *path, bool follow)
{
    const char *why_not;

    return walk(t->root, path, false, follow, NULL, &why_not);
}

struct node *tree_dir(struct tree *t, const char *path, const char *why)
{
    const char *why_not;
    struct node *n = walk(t->root, path, true, true, why, &why_not);

    if (n && n->type != NODE_DIR) {
        why_not = "is a file where a directory is needed";
        n = NULL;
    }
    if (!n)
        fail("cannot put '%s' into the image: it %s", path, why_not);
    return n;
}

/*
 * The directory that is to hold (path) and, in (*name), the last component.
 * (*old) is what is there already, NULL if nothing is.
 */
static struct node *parent_of(struct tree *t, const char *path, const char *why,
                              const char **name, struct node **old)
{
    const char *slash = strrchr(path, '/');
    char *dir = xasprintf("%.*s", (int)(slash - path), path);
    struct node *parent = tree_dir(t, dir, why);

    free(dir);
    *name = slash + 1;
    *old = parent ? tree_child(parent, *name) : NULL;
    return parent;
}

static struct node *leaf(struct tree *t, const char *path, enum node_type type,
                         const char *why, bool *is_new)
{
    const char *name;
    struct node *n;
    struct node *dir = parent_of(t, path, why, &name, &n);

    *is_new = false;
    if (!dir)
        return NULL;
    if (n && (n->type == NODE_DIR) != (type == NODE_DIR)) {
        fail("cannot put '%s' into the image: it is a directory there already",
             path);
        return NULL;
    }
    if (n)
        return n;
    n = node_new(name, type, why);
    insert(dir, n);
    *is_new = true;
    return n;
}

/* Permission bits that do not depend on the umask of whoever made the release:
 * private stays private, executable stays executable. */
static unsigned plain_mode(mode_t mode)
{
    unsigned m = mode & 0111 ? 0755 : 0644;

    return mode & 077 ? m : m & 0700;
}

/* The place of the host's file (n), or the empty one that it would have. */
static struct node **linked_place(struct tree *t, const struct node *n)
{
    uint64_t hash = (n->host_ino + n->host_dev) * 0x9e3779b97f4a7c15u;
    size_t mask = t->caplinked - 1;

    for (size_t i = hash >> 32 & mask;; i = (i + 1) & mask) {
        const struct node *at = t->linked[i];

        if (!at || (at->host_dev == n->host_dev && at->host_ino == n->host_ino))
            return &t->linked[i];
    }
}

static void grow_linked(struct tree *t)
{
    struct node **old = t->linked;
    size_t cap = t->caplinked;

    t->caplinked = cap ? cap * 2 : 16;
    t->linked = xcalloc(t->caplinked, sizeof(*t->linked));
    for (size_t i = 0; i < cap; i++)
        if (old[i])
            *linked_place(t, old[i]) = old[i];
    free(old);
}

static void note_linked(struct tree *t, struct node *n)
{
    struct node **place;

    if (t->nlinked * 2 >= t->caplinked)
        grow_linked(t);
    place = linked_place(t, n);
    if (*place) {
        n->same_as = *place;
        return;
    }
    *place = n;
    t->nlinked++;
}

struct node *tree_file(struct tree *t, const char *path, const char *host,
                       const struct stat *st, const char *why)
{
    bool is_new;
    struct node *n = leaf(t, path, NODE_FILE, why, &is_new);

    if (!n || !is_new)
        return n;
    n->host = xstrdup(host);
    n->size = (uint64_t)st->st_size;
    n->mode = plain_mode(st->st_mode);
    n->mtime = st->st_mtim;
    n->host_dev = st->st_dev;
    n->host_ino = st->st_ino;
    if (st->st_nlink > 1)
        note_linked(t, n);
    return n;
}

struct node *tree_data(struct tree *t, const char *path, const void *data,
                       size_t len, const char *why)
{
    bool is_new;
    struct node *n = leaf(t, path, NODE_FILE, why, &is_new);

    if (!n || !is_new)
        return n;
    n->data = xcalloc(len + 1, 1);
    if (len)
        memcpy(n->data, data, len);
    n->size = len;
    return n;
}

struct node *tree_link(struct tree *t, const char *path, const char *target,
                       const char *why)
{
    bool is_new;
    struct node *n = leaf(t, path, NODE_LINK, why, &is_new);

    if (n && is_new)
        n->target = xstrdup(target);
    return n;
}

char *tree_path(const struct node *n)
{
    char *up, *path;

    if (n->parent == n)
        return xstrdup("");
    up = tree_path(n->parent);
    path = xasprintf("%s/%s", up, n->name);
    free(up);
    return path;
}

static int walk_below(struct node *dir, int (*fn)(struct node *, void *),
                      void *arg)
{
    for (size_t i = 0; i < dir->nchild; i++) {
        int r = fn(dir->child[i], arg);

        if (!r)
            r = walk_below(dir->child[i], fn, arg);
        if (r)
            return r;
    }
    return 0;
}

int tree_walk(const struct tree *t, int (*fn)(struct node *n, void *arg),
              void *arg)
{
    return walk_below(t->root, fn, arg);
}

const char *node_why(const struct node *n)
{
    while (!n->why && n->parent != n)
        n = n->parent;
    return n->why ? n->why : "";
}
