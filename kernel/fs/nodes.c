/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * nodes.c - trees of synthetic files.
 *
 * Children are a list to which nodes are only ever appended, so readers need
 * no lock: a node is complete before the store (release) that links it, which
 * pairs with the loads of the walk (acquire). Names are not cached, because
 * drivers add nodes at any time.
 */
#include <linux/stat.h>

#include "fs/nodes.h"
#include "fs/readdir.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/slab.h"

static struct mutex tree_lock; /* all trees: adding is rare */
static _Atomic uint64_t last_ino;

static const struct inode_ops dir_ops, link_ops, file_node_ops;
static const struct file_ops dir_file_ops, closed_ops;

static struct node *node_new(const char *name, size_t len, unsigned mode)
{
    struct node *n = kzalloc(sizeof(*n) + len + 1, 0);

    if (!n)
        return NULL;
    memcpy(n->name, name, len);
    n->mode = mode;
    n->ino = 0x100000000ull + ++last_ino; /* above those made from pids */
    return n;
}

struct node *node_root(void)
{
    struct node *n = node_new("", 0, S_IFDIR | 0555);

    if (!n)
        panic("no memory for /proc or /sys");
    if (!tree_lock.waiters.next)
        mutex_init(&tree_lock, RANK_NONE);
    return n;
}

struct node *node_find(struct node *dir, const char *name, size_t len)
{
    struct node *n = atomic_load_explicit(&dir->children, memory_order_acquire);

    while (n && (strncmp(n->name, name, len) || n->name[len]))
        n = atomic_load_explicit(&n->next, memory_order_acquire);
    return n;
}

static void append(struct node *dir, struct node *n)
{
    struct node *_Atomic *p = &dir->children;

    while (*p)
        p = &(*p)->next;
    n->parent = dir;
    atomic_store_explicit(p, n, memory_order_release);
}

static struct node *find_or_make_dir(struct node *dir, const char *name,
                                     size_t len)
{
    struct node *n = node_find(dir, name, len);

    if (n)
        return S_ISDIR(n->mode) ? n : ERR_PTR(-ENOTDIR);
    n = node_new(name, len, S_IFDIR | 0555);
    if (!n)
        return ERR_PTR(-ENOMEM);
    append(dir, n);
    return n;
}

static int add_locked(struct node *dir, const char *name, const struct node *as)
{
    const char *slash;
    struct node *n;

    while ((slash = strchr(name, '/'))) {
        dir = find_or_make_dir(dir, name, (size_t)(slash - name));
        if (IS_ERR(dir))
            return (int)PTR_ERR(dir);
        name = slash + 1;
    }
    if (!*name)
        return 0;
    if (S_ISDIR(as->mode)) {
        n = find_or_make_dir(dir, name, strlen(name));
        return IS_ERR(n) ? (int)PTR_ERR(n) : 0;
    }
    if (node_find(dir, name, strlen(name)))
        return -EEXIST;
    n = node_new(name, strlen(name), as->mode);
    if (!n)
        return -ENOMEM;
    n->show = as->show;
    n->store = as->store;
    n->arg = as->arg;
    n->target = as->target;
    append(dir, n);
    return 0;
}

int node_add(struct node *root, const char *name, unsigned mode,
             node_show_fn *show, node_store_fn *store, void *arg,
             const char *target)
{
    struct node as = {.mode = mode,
                      .show = show,
                      .store = store,
                      .arg = arg,
                      .target = target};
    int err;

    mutex_lock(&tree_lock);
    err = add_locked(root, name, &as);
    mutex_unlock(&tree_lock);
    if (err)
        kwarn("cannot add %s to /proc or /sys: error %d", name, -err);
    return err;
}

/* --- inodes --- */

static int show_node(struct text *t, struct seq *s)
{
    struct node *n = t->arg;

    if (n->show)
        n->show(s, n->arg);
    return 0;
}

static int store_node(struct text *t, const char *text, size_t len)
{
    struct node *n = t->arg;

    return n->store(text, len, n->arg);
}

static int open_node(struct inode *i, struct file *f)
{
    struct node *n = i->private;

    return text_open(f, show_node, n->store ? store_node : NULL, n, NULL, 0, 0);
}

struct inode *node_inode(struct super_block *sb, struct node *n)
{
    struct inode *i = inode_alloc(sb);

    if (!i)
        return NULL;
    i->ino = n->ino;
    i->private = n;
    inode_set_mode(i, n->mode, 0);
    switch (n->mode & S_IFMT) {
    case S_IFDIR:
        i->ops = &dir_ops;
        i->fops = &dir_file_ops;
        i->nlink = 2;
        break;
    case S_IFLNK:
        i->ops = &link_ops;
        break;
    default:
        i->ops = &file_node_ops;
        i->fops = &closed_ops; /* until open_node() */
        i->open = open_node;
    }
    return i;
}

static struct inode *lookup(struct inode *dir, const char *name, size_t len)
{
    struct node *n = node_find(dir->private, name, len);
    struct inode *i;

    if (!n)
        return ERR_PTR(-ENOENT);
    i = node_inode(dir->sb, n);
    return i ? i : ERR_PTR(-ENOMEM);
}

static ssize_t readlink(struct inode *i, char *buf, size_t size)
{
    struct node *n = i->private;
    size_t len = MIN(strlen(n->target), size);

    memcpy(buf, n->target, len);
    return (ssize_t)len;
}

bool node_list(struct node *dir, struct file *f, struct dir_context *ctx)
{
    struct node *n = atomic_load_explicit(&dir->children, memory_order_acquire);
    uint64_t pos = 2; /* nodes never go: the number is the position */

    for (; n; n = atomic_load_explicit(&n->next, memory_order_acquire)) {
        if (pos++ < f->pos)
            continue;
        if (!ctx->emit(ctx, n->name, strlen(n->name), n->ino,
                       mode_to_dtype(n->mode), pos))
            return false;
        f->pos = pos;
    }
    return true;
}

static int readdir(struct file *f, struct dir_context *ctx)
{
    if (readdir_dots(f, ctx))
        node_list(f->inode->private, f, ctx);
    return 0;
}

static int setattr(struct inode *i, unsigned what)
{
    (void)i;
    /* O_TRUNC of "echo x > /proc/sys/..." must work; the rest would be lost. */
    return what & ATTR_SIZE ? 0 : -EPERM;
}

static const struct inode_ops dir_ops = {.lookup = lookup, .uncached = true};
static const struct inode_ops link_ops = {.readlink = readlink};
static const struct inode_ops file_node_ops = {.setattr = setattr};
static const struct file_ops dir_file_ops = {
    .kind = "directory", .lseek = dir_lseek, .readdir = readdir};
static const struct file_ops closed_ops = {.kind = "text"};
