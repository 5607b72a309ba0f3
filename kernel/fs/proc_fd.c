/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_fd.c - /proc/PID/fd and /proc/PID/fdinfo.
 */
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/procfs.h"
#include "fs/readdir.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/cpu.h"

static struct file *file_of(struct process *p, int fd)
{
    struct file *f;
    int found = fd_next(p, fd, &f);

    if (found == fd)
        return f;
    if (found >= 0)
        file_put(f);
    return NULL;
}

static void evict(struct inode *i)
{
    struct proc_ref *r = i->private;

    if (r)
        process_put(r->process);
    kfree(r);
}

/* --- fd/N --- */

static int follow(struct inode *i, struct path *out)
{
    struct proc_ref *r = i->private;
    struct file *f;
    int err;

    if (!proc_may_inspect(r->process))
        return -EACCES;
    f = file_of(r->process, r->fd);
    if (!f)
        return -ENOENT;
    err = path_of_file(f, out);
    file_put(f);
    return err;
}

static ssize_t readlink(struct inode *i, char *buf, size_t size)
{
    struct proc_ref *r = i->private;
    struct file *f;
    char *text, *name;
    ssize_t n;

    if (!proc_may_inspect(r->process))
        return -EACCES;
    f = file_of(r->process, r->fd);
    if (!f)
        return -ENOENT;
    text = kmalloc(PATH_MAX, 0);
    name = text ? file_name(f, text, PATH_MAX) : ERR_PTR(-ENOMEM);
    n = IS_ERR(name) ? PTR_ERR(name) : (ssize_t)MIN(strlen(name), size);
    if (n > 0)
        memcpy(buf, name, (size_t)n);
    kfree(text);
    file_put(f);
    return n;
}

static const struct inode_ops fd_link_ops = {
    .readlink = readlink, .follow = follow, .evict = evict};
static const struct proc_entry fd_entry = {.name = "", .kind = PROC_LINK};

/* The link's mode tells how the file was opened. */
static unsigned link_mode(const struct file *f)
{
    return (f->caps & FILE_READ ? 0500u : 0) |
           (f->caps & FILE_WRITE ? 0300u : 0);
}

static struct inode *fd_lookup(struct inode *dir, const char *name, size_t len)
{
    struct proc_ref *r = dir->private;
    long fd = proc_parse_number(name, len);
    struct file *f = fd >= 0 ? file_of(r->process, (int)fd) : NULL;
    struct inode *i;

    if (!f)
        return ERR_PTR(-ENOENT);
    i = proc_inode(dir->sb, r->process, 0, (int)fd, &fd_entry);
    if (!IS_ERR(i)) {
        i->ops = &fd_link_ops;
        i->mode |= link_mode(f);
    }
    file_put(f);
    return i;
}

static int list(struct file *f, struct dir_context *ctx, unsigned type)
{
    struct proc_ref *r = f->inode->private;
    char name[16];
    int fd;

    if (!readdir_dots(f, ctx))
        return 0;
    while ((fd = fd_next(r->process, (int)(f->pos - 2), NULL)) >= 0) {
        int n = ksnprintf(name, sizeof(name), "%d", fd);

        if (!ctx->emit(ctx, name, (size_t)n, f->inode->ino + (unsigned)fd + 1,
                       type >> 12, (uint64_t)fd + 3))
            break;
        f->pos = (uint64_t)fd + 3;
    }
    return 0;
}

static int fd_readdir(struct file *f, struct dir_context *ctx)
{
    return list(f, ctx, S_IFLNK);
}

const struct inode_ops proc_fd_dir_ops = {
    .lookup = fd_lookup, .evict = evict, .uncached = true};
const struct file_ops proc_fd_dir_fops = {
    .kind = "directory", .lseek = dir_lseek, .readdir = fd_readdir};

/* --- fdinfo/N --- */

static int fdinfo_show(struct text *t, struct seq *s)
{
    struct file *f = file_of(t->process, t->fd);
    char extra[512];

    if (!f)
        return -ENOENT;
    seq_printf(s, "pos:\t%llu\nflags:\t0%o\nmnt_id:\t%d\nino:\t%llu\n",
               (unsigned long long)f->pos, f->flags,
               f->path.mount ? f->path.mount->id : 0,
               (unsigned long long)f->inode->ino);
    if (f->ops->fdinfo) {
        size_t n = f->ops->fdinfo(f, extra, sizeof(extra));
        seq_write(s, extra, MIN(n, sizeof(extra) - 1));
    }
    file_put(f);
    return 0;
}

static const struct proc_entry fdinfo_entry = {
    .name = "", .kind = PROC_TEXT, .mode = 0400, .show = fdinfo_show};

static struct inode *fdinfo_lookup(struct inode *dir, const char *name,
                                   size_t len)
{
    struct proc_ref *r = dir->private;
    long fd = proc_parse_number(name, len);

    if (fd < 0 || fd_next(r->process, (int)fd, NULL) != fd)
        return ERR_PTR(-ENOENT);
    return proc_inode(dir->sb, r->process, 0, (int)fd, &fdinfo_entry);
}

static int fdinfo_readdir(struct file *f, struct dir_context *ctx)
{
    return list(f, ctx, S_IFREG);
}

const struct inode_ops proc_fdinfo_dir_ops = {
    .lookup = fdinfo_lookup, .evict = evict, .uncached = true};
const struct file_ops proc_fdinfo_dir_fops = {
    .kind = "directory", .lseek = dir_lseek, .readdir = fdinfo_readdir};
