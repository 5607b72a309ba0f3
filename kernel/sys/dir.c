/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * dir.c - listing directories; the working and the root directory.
 */
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/fdtable.h"
#include "proc/process.h"
#include "sched/cpu.h"
#include "sys/syscall.h"

/* getdents64(2) and getdents(2): the same, but for where the type is. */
struct dirent64 {
    uint64_t ino;
    int64_t off;
    uint16_t reclen;
    uint8_t type;
    char name[];
} __packed;
struct dirent_old {
    uint64_t ino, off;
    uint16_t reclen;
    char name[]; /* NUL, padding, type in the last byte */
} __packed;
_Static_assert(offsetof(struct dirent64, name) == 19, "Linux ABI");
_Static_assert(offsetof(struct dirent_old, name) == 18, "Linux ABI");

struct listing {
    struct dir_context ctx;
    char __user *buf;
    size_t left;
    bool old;
    int err; /* of the entry that did not fit or could not be written */
    size_t done;
};

union record {
    struct dirent64 new;
    struct dirent_old old;
    char bytes[ALIGN_UP(sizeof(struct dirent64) + NAME_MAX + 2, 8)];
};

static size_t make_record(union record *r, bool old, const char *name,
                          size_t len, uint64_t ino, unsigned dtype,
                          uint64_t next)
{
    size_t head = old ? sizeof(struct dirent_old) : sizeof(struct dirent64);
    size_t size = ALIGN_UP(head + len + (old ? 2 : 1), 8);

    memset(r->bytes + size - 8, 0, 8);
    r->new.ino = ino;
    r->new.off = (int64_t)next;
    r->new.reclen = (uint16_t)size;
    if (old)
        r->bytes[size - 1] = (char)dtype;
    else
        r->new.type = (uint8_t)dtype;
    memcpy(r->bytes + head, name, len);
    r->bytes[head + len] = '\0';
    return size;
}

static bool emit(struct dir_context *c, const char *name, size_t len,
                 uint64_t ino, unsigned dtype, uint64_t next)
{
    struct listing *l = container_of(c, struct listing, ctx);
    union record r;
    size_t n;

    if (len > NAME_MAX)
        return true; /* cannot be told to a program */
    n = make_record(&r, l->old, name, len, ino, dtype, next);
    if (n > l->left)
        l->err = -EINVAL; /* if it is the first */
    else if (copy_to_user(l->buf + l->done, &r, n))
        l->err = -EFAULT;
    if (l->err)
        return false;
    l->done += n;
    l->left -= n;
    return true;
}

static long list_file(struct file *f, struct listing *l)
{
    struct inode *i = f->inode;
    int err = -ENOENT;

    read_lock(&i->dir_lock);
    mutex_lock(&f->pos_lock);
    if (i->nlink) /* else removed: it has no entries, not even "." */
        err = f->ops->readdir(f, &l->ctx);
    mutex_unlock(&f->pos_lock);
    read_unlock(&i->dir_lock);
    if (l->done)
        return (long)l->done;
    return err ? err : l->err;
}

static long list(int fd, void __user *buf, unsigned size, bool old)
{
    struct listing l = {
        .ctx = {.emit = emit}, .buf = buf, .left = size, .old = old};
    struct file *f = fd_get(fd);
    long rc;

    if (!f)
        return -EBADF;
    if (!(f->caps & FILE_READ))
        rc = -EBADF;
    else
        rc = f->ops->readdir ? list_file(f, &l) : -ENOTDIR;
    file_put(f);
    return rc;
}

long sys_getdents64(int fd, void __user *buf, unsigned size)
{
    return list(fd, buf, size, false);
}

long sys_getdents(int fd, void __user *buf, unsigned size)
{
    return list(fd, buf, size, true);
}

/* --- where a process is --- */

static struct path current_cwd(void)
{
    struct process *p = current_process();
    struct path cwd;

    mutex_lock(&p->fs_lock);
    cwd = p->cwd;
    path_get(&cwd);
    mutex_unlock(&p->fs_lock);
    return cwd;
}

long sys_getcwd(char __user *buf, size_t size)
{
    struct path cwd = current_cwd();
    char *text = kmalloc(PATH_MAX, 0), *name;
    long rc = -ENOMEM;

    if (text && cwd.dentry->unhashed) {
        rc = -ENOENT;
    } else if (text) {
        name = path_name(&cwd, text, PATH_MAX);
        rc = IS_ERR(name) ? PTR_ERR(name) : (long)strlen(name) + 1;
        if (rc > 0 && (size_t)rc > size)
            rc = -ERANGE;
        if (rc > 0 && copy_to_user(buf, name, (size_t)rc))
            rc = -EFAULT;
    }
    kfree(text);
    path_put(&cwd);
    return rc;
}

/* A directory the caller may enter. */
static int directory(const char __user *uname, struct path *out)
{
    char *name = path_from_user(uname, false);
    int err;

    if (IS_ERR(name))
        return (int)PTR_ERR(name);
    err = path_lookup(AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, out);
    path_free(name);
    if (err)
        return err;
    err = inode_permission(out->dentry->inode, MAY_EXEC);
    if (err)
        path_put(out);
    return err;
}

long sys_chdir(const char __user *name)
{
    struct path p;
    long rc = directory(name, &p);

    if (rc)
        return rc;
    path_set_cwd(&p);
    path_put(&p);
    return 0;
}

long sys_fchdir(int fd)
{
    struct file *f = fd_get(fd);
    long rc = 0;

    if (!f)
        return -EBADF;
    if (!S_ISDIR(f->inode->mode) || !f->path.dentry)
        rc = -ENOTDIR;
    if (!rc)
        rc = inode_permission(f->inode, MAY_EXEC);
    if (!rc)
        path_set_cwd(&f->path);
    file_put(f);
    return rc;
}

long sys_chroot(const char __user *name)
{
    struct path p;
    long rc = directory(name, &p);

    if (rc)
        return rc;
    if (current_process()->fsuid)
        rc = -EPERM;
    else
        path_set_root(&p);
    path_put(&p);
    return rc;
}
