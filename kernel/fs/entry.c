/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * entry.c - making, removing and renaming directory entries.
 *
 * The directory's dir_lock is held for writing across the check and the file
 * system's operation, and the dentry cache is brought up to date before it is
 * released. Two directories are locked parent first; that order is stable
 * because a rename between directories holds the file system's rename_lock,
 * and only such a rename changes who is whose parent.
 */
#include <linux/fs.h>
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "lib/string.h"
#include "proc/process.h"
#include "sched/cpu.h"

/* May the caller change entries of (dir), still locked? */
static int may_change(struct inode *dir, bool check)
{
    if (dir->sb->readonly)
        return -EROFS;
    if (!dir->nlink) /* removed while somebody was in it */
        return -ENOENT;
    return check ? inode_permission(dir, MAY_WRITE | MAY_EXEC) : 0;
}

/* In a sticky directory (/tmp) only owners remove names. */
static int may_remove(struct inode *dir, struct inode *victim)
{
    struct cred c = cred_current();

    if (!(dir->mode & S_ISVTX) || c.uid == 0 || c.uid == victim->uid ||
        c.uid == dir->uid)
        return 0;
    return -EPERM;
}

static struct dentry *find(struct dentry *dir, const struct entry_name *n)
{
    return dentry_lookup(dir, n->name, n->len, n->hash, true);
}

/* Owner, and group and set-group-ID bit as the directory asks. */
static void set_owner(struct inode *dir, struct inode *i)
{
    struct cred c = cred_current();

    i->uid = c.uid;
    i->gid = dir->mode & S_ISGID ? dir->gid : c.gid;
}

static int create_locked(struct dentry *dir, const struct entry_name *n,
                         struct dentry *d, unsigned mode, uint64_t rdev,
                         const char *symlink, bool check)
{
    struct inode *i;
    int err;

    if (d->inode)
        return -EEXIST;
    if (n->slash && !S_ISDIR(mode))
        return -ENOENT;
    err = may_change(dir->inode, check);
    if (err)
        return err;
    if (!dir->inode->ops->create)
        return -EPERM;
    if (S_ISDIR(mode))
        mode |= dir->inode->mode & S_ISGID;
    i = dir->inode->ops->create(dir->inode, n->name, n->len, mode, rdev,
                                symlink);
    if (IS_ERR(i))
        return (int)PTR_ERR(i);
    set_owner(dir->inode, i);
    dentry_instantiate(d, i);
    return 0;
}

int entry_create(struct dentry *dir, const struct entry_name *n, unsigned mode,
                 uint64_t rdev, const char *symlink, bool check,
                 struct dentry **out)
{
    struct dentry *d;
    int err;

    write_lock(&dir->inode->dir_lock);
    d = find(dir, n);
    err = IS_ERR(d) ? (int)PTR_ERR(d)
                    : create_locked(dir, n, d, mode, rdev, symlink, check);
    write_unlock(&dir->inode->dir_lock);
    if (!err && out) {
        *out = d;
        return 0;
    }
    if (!IS_ERR(d))
        dentry_put(d);
    return err;
}

struct dentry *entry_tmpfile(struct path *dir, unsigned mode, bool linkable)
{
    struct inode *parent = dir->dentry->inode, *i;
    struct dentry *d;
    int err = parent->ops->tmpfile ? 0 : -EOPNOTSUPP;

    write_lock(&parent->dir_lock);
    if (!err)
        err = may_change(parent, true);
    i = err ? ERR_PTR(err)
            : parent->ops->create(parent, NULL, 0, mode, 0, NULL);
    write_unlock(&parent->dir_lock);
    if (IS_ERR(i))
        return (void *)i;
    set_owner(parent, i);
    i->linkable = linkable;
    d = dentry_detached(dir->dentry, "#tmpfile", 8, i);
    inode_put(i);
    if (!d)
        return ERR_PTR(-ENOMEM);
    d->unhashed = true;
    return d;
}

static int unlink_locked(struct inode *dir, const struct entry_name *n,
                         struct dentry *d, bool directory)
{
    struct inode *victim = d->inode;
    int err;

    if (!victim)
        return -ENOENT;
    if (directory && !S_ISDIR(victim->mode))
        return -ENOTDIR;
    if (!directory && S_ISDIR(victim->mode))
        return -EISDIR;
    if (n->slash && !directory)
        return -ENOTDIR;
    err = may_remove(dir, victim);
    if (err)
        return err;
    if (d->mounted)
        return -EBUSY;
    if (!dir->ops->unlink)
        return -EPERM;
    if (directory) /* parent before child: see above */
        write_lock_nested(&victim->dir_lock);
    err = dir->ops->unlink(dir, n->name, n->len, victim, directory);
    if (directory)
        write_unlock(&victim->dir_lock);
    if (!err)
        dentry_delete(d);
    return err;
}

int entry_unlink(struct path *dir, const struct entry_name *n, bool directory,
                 bool check)
{
    struct inode *parent = dir->dentry->inode;
    struct dentry *d = NULL;
    int err;

    write_lock(&parent->dir_lock);
    err = may_change(parent, check);
    if (!err) {
        d = find(dir->dentry, n);
        err = IS_ERR(d) ? (int)PTR_ERR(d)
                        : unlink_locked(parent, n, d, directory);
    }
    write_unlock(&parent->dir_lock);
    if (d && !IS_ERR(d))
        dentry_put(d);
    return err;
}

static int link_locked(struct inode *target, struct inode *dir,
                       const struct entry_name *n, struct dentry *d)
{
    int err;

    if (d->inode)
        return -EEXIST;
    if (n->slash)
        return -ENOENT;
    err = may_change(dir, true);
    if (err)
        return err;
    if (target->sb != dir->sb)
        return -EXDEV;
    if (S_ISDIR(target->mode) || !dir->ops->link)
        return -EPERM;
    if (!target->nlink && !target->linkable)
        return -ENOENT;
    err = dir->ops->link(dir, n->name, n->len, target);
    if (err)
        return err;
    target->linkable = false; /* from now on its names say whether it lives */
    inode_get(target);
    dentry_instantiate(d, target);
    return 0;
}

int entry_link(struct inode *target, struct path *dir,
               const struct entry_name *n)
{
    struct inode *parent = dir->dentry->inode;
    struct dentry *d;
    int err;

    write_lock(&parent->dir_lock);
    d = find(dir->dentry, n);
    err = IS_ERR(d) ? (int)PTR_ERR(d) : link_locked(target, parent, n, d);
    write_unlock(&parent->dir_lock);
    if (!IS_ERR(d))
        dentry_put(d);
    return err;
}

/* --- rename --- */

static void lock_two(struct dentry *a, struct dentry *b)
{
    if (a == b) {
        write_lock(&a->inode->dir_lock);
        return;
    }
    mutex_lock(&a->inode->sb->rename_lock);
    if (dentry_is_ancestor(b, a) || (!dentry_is_ancestor(a, b) && b < a)) {
        struct dentry *t = a;
        a = b;
        b = t;
    }
    write_lock(&a->inode->dir_lock);
    write_lock_nested(&b->inode->dir_lock);
}

static void unlock_two(struct dentry *a, struct dentry *b)
{
    write_unlock(&a->inode->dir_lock);
    if (a == b)
        return;
    write_unlock(&b->inode->dir_lock);
    mutex_unlock(&a->inode->sb->rename_lock);
}

/* A rename under way; all entries referenced, directories locked. */
struct renaming {
    struct dentry *fdir, *tdir, *f, *t;
    const struct entry_name *fn, *tn;
    bool exchange, noreplace;
};

static int check_slashes(const struct renaming *r)
{
    if (!S_ISDIR(r->f->inode->mode) &&
        (r->fn->slash || (r->tn->slash && !r->exchange)))
        return -ENOTDIR;
    if (r->exchange && r->tn->slash && !S_ISDIR(r->t->inode->mode))
        return -ENOTDIR;
    return 0;
}

static int check_loops(const struct renaming *r)
{
    if (dentry_is_ancestor(r->f, r->tdir))
        return -EINVAL;
    if (dentry_is_ancestor(r->t, r->fdir))
        return r->exchange ? -EINVAL : -ENOTEMPTY;
    return 0;
}

static int check_kinds(const struct renaming *r)
{
    bool fdir = S_ISDIR(r->f->inode->mode);
    bool tdir;

    if (!r->t->inode || r->exchange)
        return 0;
    tdir = S_ISDIR(r->t->inode->mode);
    return fdir && !tdir ? -ENOTDIR : !fdir && tdir ? -EISDIR : 0;
}

static int check_rights(const struct renaming *r)
{
    int err = may_remove(r->fdir->inode, r->f->inode);

    if (!err && r->t->inode)
        err = may_remove(r->tdir->inode, r->t->inode);
    /* Its ".." changes. */
    if (!err && r->fdir != r->tdir && S_ISDIR(r->f->inode->mode))
        err = inode_permission(r->f->inode, MAY_WRITE);
    if (!err && r->exchange && r->fdir != r->tdir && S_ISDIR(r->t->inode->mode))
        err = inode_permission(r->t->inode, MAY_WRITE);
    if (!err && (r->f->mounted || r->t->mounted))
        err = -EBUSY;
    return err;
}

static int rename_check(const struct renaming *r)
{
    int err;

    if (!r->f->inode || (r->exchange && !r->t->inode))
        return -ENOENT;
    if (r->noreplace && r->t->inode)
        return -EEXIST;
    err = check_slashes(r);
    if (!err)
        err = check_loops(r);
    if (!err)
        err = may_change(r->fdir->inode, true);
    if (!err)
        err = may_change(r->tdir->inode, true);
    if (!err)
        err = check_rights(r);
    if (!err)
        err = check_kinds(r);
    if (!err && !r->fdir->inode->ops->rename)
        err = -EPERM;
    return err;
}

static int rename_apply(const struct renaming *r)
{
    struct inode *dir = r->fdir->inode, *replaced = r->t->inode;
    bool lock_victim = replaced && S_ISDIR(replaced->mode) && !r->exchange;
    int err;

    if (lock_victim) /* nobody makes a name in it meanwhile */
        write_lock_nested(&replaced->dir_lock);
    err = dir->ops->rename(dir, r->fn->name, r->fn->len, r->tdir->inode,
                           r->tn->name, r->tn->len, r->f->inode, replaced,
                           r->exchange);
    if (lock_victim)
        write_unlock(&replaced->dir_lock);
    if (err)
        return err;
    dentry_move(r->f, r->t, r->exchange);
    if (replaced && !r->exchange)
        dentry_delete(r->t);
    return 0;
}

static int rename_locked(struct renaming *r)
{
    int err;

    r->f = find(r->fdir, r->fn);
    if (IS_ERR(r->f))
        return (int)PTR_ERR(r->f);
    r->t = find(r->tdir, r->tn);
    if (IS_ERR(r->t)) {
        dentry_put(r->f);
        return (int)PTR_ERR(r->t);
    }
    err = rename_check(r);
    /* Two names of one file: nothing to do (rename(2)). */
    if (!err && r->f->inode != r->t->inode)
        err = rename_apply(r);
    dentry_put(r->t);
    dentry_put(r->f);
    return err;
}

int entry_rename(struct path *from, const struct entry_name *fn,
                 struct path *to, const struct entry_name *tn, unsigned flags)
{
    struct renaming r = {.fdir = from->dentry,
                         .tdir = to->dentry,
                         .fn = fn,
                         .tn = tn,
                         .exchange = flags & RENAME_EXCHANGE,
                         .noreplace = flags & RENAME_NOREPLACE};
    int err;

    if (from->mount != to->mount)
        return -EXDEV;
    if (from->mount->sb->readonly)
        return -EROFS;
    lock_two(r.fdir, r.tdir);
    err = rename_locked(&r);
    unlock_two(r.fdir, r.tdir);
    return err;
}

/* --- the kernel's own trees --- */

struct dentry *entry_make_parents(struct dentry *dir, const char **name)
{
    const char *slash;

    dentry_get(dir);
    while ((slash = strchr(*name, '/'))) {
        struct entry_name n = {*name, (size_t)(slash - *name), 0, false};
        struct dentry *d;
        int err;

        n.hash = name_hash(n.name, n.len);
        err = entry_create(dir, &n, S_IFDIR | 0755, 0, NULL, false, NULL);
        d = err && err != -EEXIST
                ? ERR_PTR(err)
                : dentry_lookup(dir, n.name, n.len, n.hash, false);
        dentry_put(dir);
        if (IS_ERR(d))
            return d;
        dir = d;
        *name = slash + 1;
    }
    return dir;
}
