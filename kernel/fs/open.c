/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * open.c - open(2).
 */
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "fs/open.h"
#include "fs/pipe.h"
#include "lib/string.h"
#include "proc/process.h"
#include "sched/cpu.h"

#define O_KEPT_FOR_PATH (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define O_ONLY_AT_OPEN  (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC)

static unsigned wanted_access(unsigned flags)
{
    static const uint8_t may[4] = {MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
                                   MAY_READ | MAY_WRITE};
    unsigned m = may[flags & O_ACCMODE];

    return flags & O_TRUNC ? m | MAY_WRITE : m;
}

static int may_open(const struct path *p, unsigned flags, bool created)
{
    struct inode *i = p->dentry->inode;
    unsigned may = wanted_access(flags);
    int err;

    if (S_ISLNK(i->mode))
        return -ELOOP;
    if ((p->mount->flags & MOUNT_NODEV) &&
        (S_ISCHR(i->mode) || S_ISBLK(i->mode)))
        return -EACCES;
    if (S_ISDIR(i->mode) && ((may & MAY_WRITE) || (flags & O_CREAT)))
        return -EISDIR;
    err = created ? 0 : inode_permission(i, may);
    if (!err && (flags & O_NOATIME) && !cred_owns(i))
        err = -EPERM;
    return err;
}

int file_open_inode(struct file *f)
{
    struct inode *i = f->inode;
    int err = i->open ? i->open(i, f) : 0;

    if (!err && f->ops == &opath_ops)
        err = -ENXIO; /* nothing to read or write here */
    if (err)
        f->ops = &opath_ops; /* no release of what was not opened */
    else
        f->flags &= ~(unsigned)O_ONLY_AT_OPEN;
    return err;
}

/* /proc/PID/fd/N of a pipe: either end, whichever N is. Of something like it:
 * the same open file again. */
static struct file *reopen(struct path *p, unsigned flags)
{
    struct file *f = p->dentry->anonymous, *new;
    unsigned acc = flags & O_ACCMODE;

    if (S_ISFIFO(f->inode->mode)) {
        new = pipe_reopen(f, (flags & ~(unsigned)O_ONLY_AT_OPEN) | O_LARGEFILE);
        path_put(p);
        return new;
    }
    bool ok = !S_ISSOCK(f->inode->mode) &&
              (acc == O_WRONLY || (f->caps & FILE_READ)) &&
              (acc == O_RDONLY || (f->caps & FILE_WRITE));

    if (ok)
        file_get(f);
    path_put(p);
    return ok ? f : ERR_PTR(-ENXIO);
}

/* (p) may be opened; takes over the reference to it. */
static struct file *open_allowed(struct path *p, unsigned flags)
{
    struct inode *i = p->dentry->inode;
    struct file *f =
        file_alloc_path(p, i->fops ? i->fops : &opath_ops, flags | O_LARGEFILE);
    int err;

    if (IS_ERR(f))
        return f;
    if (S_ISREG(i->mode) && (f->caps & FILE_WRITE)) {
        if (!inode_write_begin(i)) {
            file_put(f);
            return ERR_PTR(-ETXTBSY);
        }
        f->caps |= FILE_WRITER;
    }
    err = file_open_inode(f);
    if (err) {
        file_put(f);
        return ERR_PTR(err);
    }
    return f;
}

/* The object is found; takes over the reference to (p). */
static struct file *open_found(struct path *p, unsigned flags, bool created)
{
    struct inode *i = p->dentry->inode;
    bool truncate = (flags & O_TRUNC) && S_ISREG(i->mode) && !created;
    int err;

    if (flags & O_PATH)
        return file_alloc_path(p, &opath_ops, flags & O_KEPT_FOR_PATH);
    if (p->dentry->anonymous)
        return reopen(p, flags);
    err = may_open(p, flags, created);
    if (!err && truncate)
        err = attr_truncate(i, NULL, 0);
    if (err) {
        path_put(p);
        return ERR_PTR(err);
    }
    return open_allowed(p, flags);
}

static struct file *open_existing(int dirfd, const char *name, unsigned flags,
                                  unsigned resolve)
{
    unsigned lookup = resolve;
    struct path p;
    int err;

    if (!(flags & O_NOFOLLOW))
        lookup |= LOOKUP_FOLLOW;
    if (flags & O_DIRECTORY)
        lookup |= LOOKUP_DIRECTORY;
    err = path_lookup(dirfd, name, lookup, &p);
    return err ? ERR_PTR(err) : open_found(&p, flags, false);
}

/* One round of O_CREAT: the walk stands in the directory of the last
 * component. -EAGAIN: look again (a link was followed, a race was lost). */
static int create_step(struct walk *w, unsigned flags, unsigned mode,
                       struct path *out, bool *created)
{
    struct entry_name n = {w->last, w->last_len, w->last_hash, false};
    struct dentry *d;
    int err;

    d = dentry_lookup(w->at.dentry, n.name, n.len, n.hash, false);
    if (IS_ERR(d))
        return (int)PTR_ERR(d);
    if (!d->inode) {
        dentry_put(d);
        err = entry_create(w->at.dentry, &n, S_IFREG | mode, 0, NULL, true, &d);
        if (err)
            return err == -EEXIST && !(flags & O_EXCL) ? -EAGAIN : err;
        *created = true;
    } else if (flags & O_EXCL) {
        dentry_put(d);
        return -EEXIST;
    } else if (S_ISLNK(d->inode->mode)) {
        w->rest = ""; /* the link was the last component */
        err = flags & O_NOFOLLOW ? -ELOOP : walk_follow(w, d);
        if (w->locked)
            walk_unlock(w);
        dentry_put(d);
        return err ? err : -EAGAIN;
    }
    *out = (struct path){w->at.mount, d};
    return 0;
}

static int create_walk(struct walk *w, unsigned flags, unsigned mode,
                       struct path *out, bool *created)
{
    int err;

    do {
        if (!w->locked)
            walk_relock(w);
        err = walk_run(w);
        if (err)
            return err;
        walk_unlock(w);
        if (!w->last_len) { /* "/", or a magic link to an object */
            *out = w->at;
            path_get(out);
            return 0;
        }
        if (w->last_slash ||
            (w->last[0] == '.' &&
             (w->last_len == 1 || (w->last_len == 2 && w->last[1] == '.'))))
            return -EISDIR;
        err = create_step(w, flags, mode, out, created);
    } while (err == -EAGAIN);
    return err;
}

static struct file *open_create(int dirfd, const char *name, unsigned flags,
                                unsigned mode, unsigned resolve)
{
    struct path p = {NULL, NULL};
    struct walk w;
    bool created = false;
    int err = walk_start(&w, dirfd, name, resolve | LOOKUP_PARENT);

    if (!err)
        err = create_walk(&w, flags, mode, &p, &created);
    walk_finish(&w, err, NULL);
    return err ? ERR_PTR(err) : open_found(&p, flags, created);
}

static struct file *open_tmpfile(int dirfd, const char *name, unsigned flags,
                                 unsigned mode, unsigned resolve)
{
    struct path dir;
    struct dentry *d;
    int err = path_lookup(dirfd, name,
                          resolve | LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &dir);

    if (err)
        return ERR_PTR(err);
    d = entry_tmpfile(&dir, S_IFREG | mode, !(flags & O_EXCL));
    path_put(&dir);
    if (IS_ERR(d))
        return (void *)d;
    return open_found(&(struct path){dir.mount, d}, flags, true);
}

struct file *open_path(int dirfd, const char *name, unsigned flags,
                       unsigned mode, unsigned resolve)
{
    struct process *p = current_process();

    if (p)
        mode &= ~p->umask;
    mode &= 07777;
    if (flags & O_PATH)
        return open_existing(dirfd, name, flags & O_KEPT_FOR_PATH, resolve);
    if ((flags & O_TMPFILE) == O_TMPFILE)
        return (flags & O_ACCMODE) == O_RDONLY || (flags & O_CREAT)
                   ? ERR_PTR(-EINVAL)
                   : open_tmpfile(dirfd, name, flags, mode, resolve);
    if (!(flags & O_CREAT))
        return open_existing(dirfd, name, flags, resolve);
    if (flags & O_DIRECTORY)
        return ERR_PTR(-EINVAL);
    return open_create(dirfd, name, flags, mode, resolve);
}

struct file *path_open(int dirfd, const char *name, unsigned flags,
                       unsigned mode)
{
    return open_path(dirfd, name, flags, mode, 0);
}
