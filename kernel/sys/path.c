/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * path.c - system calls that open, make, remove and rename names.
 */
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "fs/open.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/fdtable.h"
#include "proc/process.h"
#include "sched/cpu.h"
#include "sys/syscall.h"

/* --- open --- */

/* A call that may create a file must not fail afterwards for want of a
 * descriptor; the others, most of which find nothing, need none before. */
static long open_reserved(int dirfd, const char *name, unsigned flags,
                          unsigned mode, unsigned resolve)
{
    int fd = fd_reserve(0, flags & O_CLOEXEC);
    struct file *f;

    if (fd < 0)
        return fd;
    f = open_path(dirfd, name, flags, mode, resolve);
    if (IS_ERR(f)) {
        fd_unreserve(fd);
        return PTR_ERR(f);
    }
    fd_install(fd, f);
    return fd;
}

static long do_open(int dirfd, const char __user *uname, unsigned flags,
                    unsigned mode, unsigned resolve)
{
    char *name = path_from_user(uname, false);
    struct file *f;
    long rc;

    if (IS_ERR(name))
        return PTR_ERR(name);
    if (flags & (O_CREAT | __O_TMPFILE)) {
        rc = open_reserved(dirfd, name, flags, mode, resolve);
    } else {
        f = open_path(dirfd, name, flags, mode, resolve);
        rc = IS_ERR(f) ? PTR_ERR(f) : fd_add(f, flags & O_CLOEXEC);
    }
    path_free(name);
    return rc;
}

long sys_openat(int dirfd, const char __user *name, int flags, unsigned mode)
{
    return do_open(dirfd, name, (unsigned)flags, mode, 0);
}

long sys_open(const char __user *name, int flags, unsigned mode)
{
    return do_open(AT_FDCWD, name, (unsigned)flags, mode, 0);
}

long sys_creat(const char __user *name, unsigned mode)
{
    return do_open(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode, 0);
}

#define OPEN_FLAGS_KNOWN                                                       \
    (O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND |            \
     O_NONBLOCK | O_SYNC | O_DSYNC | FASYNC | O_DIRECT | O_LARGEFILE |         \
     O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | __O_TMPFILE)

/* A longer structure is fine if the part we do not know is zero: openat2(2). */
static int how_from_user(struct open_how *how, const void __user *p,
                         size_t size)
{
    if (size < sizeof(*how))
        return -EINVAL;
    if (size > PAGE_SIZE)
        return -E2BIG;
    if (copy_from_user(how, p, sizeof(*how)))
        return -EFAULT;
    for (size_t k = sizeof(*how); k < size; k++) {
        uint8_t byte;

        if (copy_from_user(&byte, (const char __user *)p + k, 1))
            return -EFAULT;
        if (byte)
            return -E2BIG;
    }
    return 0;
}

static int how_resolve(const struct open_how *how, unsigned *out)
{
    static const struct {
        uint64_t from;
        unsigned to;
    } map[] = {
        {RESOLVE_NO_XDEV, LOOKUP_NO_XDEV},
        {RESOLVE_NO_MAGICLINKS, LOOKUP_NO_MAGIC},
        {RESOLVE_NO_SYMLINKS, LOOKUP_NO_SYMLINKS},
        {RESOLVE_BENEATH, LOOKUP_BENEATH},
        {RESOLVE_IN_ROOT, LOOKUP_IN_ROOT},
    };
    uint64_t left = how->resolve;

    *out = 0;
    if ((left & RESOLVE_BENEATH) && (left & RESOLVE_IN_ROOT))
        return -EINVAL;
    for (size_t k = 0; k < ARRAY_SIZE(map); k++) {
        if (left & map[k].from)
            *out |= map[k].to;
        left &= ~map[k].from;
    }
    if (left & ~(uint64_t)RESOLVE_CACHED)
        return -EINVAL;
    return left ? -EAGAIN : 0; /* RESOLVE_CACHED: "try without it" */
}

long sys_openat2(int dirfd, const char __user *name, const void __user *uhow,
                 size_t size)
{
    struct open_how how;
    unsigned resolve;
    int err = how_from_user(&how, uhow, size);

    if (err)
        return err;
    if ((how.flags & ~(uint64_t)OPEN_FLAGS_KNOWN) || (how.mode & ~07777ull))
        return -EINVAL;
    if (how.mode && !(how.flags & (O_CREAT | __O_TMPFILE)))
        return -EINVAL;
    err = how_resolve(&how, &resolve);
    return err ? err
               : do_open(dirfd, name, (unsigned)how.flags, (unsigned)how.mode,
                         resolve);
}

/* --- names --- */

/* A name given by a program: its directory, and the last component. */
struct target {
    char *text;
    struct path dir;
    struct entry_name n;
};

static bool target_is_dots(const struct target *t)
{
    const char *s = t->n.name;

    return !t->n.len ||
           (s[0] == '.' && (t->n.len == 1 || (t->n.len == 2 && s[1] == '.')));
}

static int target_get(struct target *t, int dirfd, const char __user *name)
{
    const char *last;
    size_t len;
    int err;

    t->text = path_from_user(name, false);
    if (IS_ERR(t->text))
        return (int)PTR_ERR(t->text);
    err = path_lookup_parent(dirfd, t->text, &t->dir, &last, &len);
    if (err) {
        path_free(t->text);
        return err;
    }
    t->n =
        (struct entry_name){last, len, name_hash(last, len), last[len] == '/'};
    return 0;
}

static void target_put(struct target *t)
{
    path_put(&t->dir);
    path_free(t->text);
}

static long make(int dirfd, const char __user *name, unsigned mode,
                 uint64_t rdev, const char *symlink)
{
    struct target t;
    long rc = target_get(&t, dirfd, name);

    if (rc)
        return rc;
    rc = target_is_dots(&t) ? -EEXIST
                            : entry_create(t.dir.dentry, &t.n, mode, rdev,
                                           symlink, true, NULL);
    target_put(&t);
    return rc;
}

static unsigned masked(unsigned mode)
{
    return mode & 07777 & ~current_process()->umask;
}

long sys_mkdirat(int dirfd, const char __user *name, unsigned mode)
{
    /* mkdir(2): of the higher bits only the sticky one counts. */
    return make(dirfd, name, S_IFDIR | (masked(mode) & 01777), 0, NULL);
}

long sys_mkdir(const char __user *name, unsigned mode)
{
    return sys_mkdirat(AT_FDCWD, name, mode);
}

long sys_mknodat(int dirfd, const char __user *name, unsigned mode,
                 unsigned dev)
{
    switch (mode & S_IFMT) {
    case 0:
        mode |= S_IFREG;
        /* fallthrough */
    case S_IFREG:
    case S_IFIFO:
    case S_IFSOCK:
        dev = 0;
        break;
    case S_IFCHR:
    case S_IFBLK:
        if (current_process()->fsuid)
            return -EPERM;
        break;
    case S_IFDIR:
        return -EPERM;
    default:
        return -EINVAL;
    }
    return make(dirfd, name, (mode & S_IFMT) | masked(mode), dev, NULL);
}

long sys_mknod(const char __user *name, unsigned mode, unsigned dev)
{
    return sys_mknodat(AT_FDCWD, name, mode, dev);
}

long sys_symlinkat(const char __user *utarget, int dirfd,
                   const char __user *name)
{
    char *text = path_from_user(utarget, false);
    long rc;

    if (IS_ERR(text))
        return PTR_ERR(text);
    rc = make(dirfd, name, S_IFLNK | 0777, 0, text);
    path_free(text);
    return rc;
}

long sys_symlink(const char __user *target, const char __user *name)
{
    return sys_symlinkat(target, AT_FDCWD, name);
}

/* --- removing --- */

static int may_rmdir(const struct target *t)
{
    if (!t->n.len)
        return -EBUSY; /* "/" */
    if (t->n.len == 1 && t->n.name[0] == '.')
        return -EINVAL;
    return target_is_dots(t) ? -ENOTEMPTY : 0;
}

long sys_unlinkat(int dirfd, const char __user *name, int flags)
{
    bool directory = flags & AT_REMOVEDIR;
    struct target t;
    long rc;

    if (flags & ~AT_REMOVEDIR)
        return -EINVAL;
    rc = target_get(&t, dirfd, name);
    if (rc)
        return rc;
    if (directory)
        rc = may_rmdir(&t);
    else if (target_is_dots(&t))
        rc = -EISDIR;
    if (!rc)
        rc = entry_unlink(&t.dir, &t.n, directory, true);
    target_put(&t);
    return rc;
}

long sys_unlink(const char __user *name)
{
    return sys_unlinkat(AT_FDCWD, name, 0);
}

long sys_rmdir(const char __user *name)
{
    return sys_unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

/* --- link and rename --- */

static long link_to(const struct path *from, int tofd, const char __user *to)
{
    struct target t;
    long rc = target_get(&t, tofd, to);

    if (rc)
        return rc;
    if (target_is_dots(&t))
        rc = -EEXIST;
    else if (from->mount != t.dir.mount && from->mount != &anonymous_mount)
        rc = -EXDEV;
    else
        rc = entry_link(from->dentry->inode, &t.dir, &t.n);
    target_put(&t);
    return rc;
}

long sys_linkat(int fromfd, const char __user *from, int tofd,
                const char __user *to, int flags)
{
    unsigned lookup = 0;
    struct path p;
    char *name;
    long rc;

    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if (flags & AT_EMPTY_PATH) {
        if (current_process()->fsuid)
            return -ENOENT; /* CAP_DAC_READ_SEARCH: link(2) */
        lookup |= LOOKUP_EMPTY;
    }
    if (flags & AT_SYMLINK_FOLLOW)
        lookup |= LOOKUP_FOLLOW;
    name = path_from_user(from, lookup & LOOKUP_EMPTY);
    if (IS_ERR(name))
        return PTR_ERR(name);
    rc = path_lookup(fromfd, name, lookup, &p);
    path_free(name);
    if (rc)
        return rc;
    rc = link_to(&p, tofd, to);
    path_put(&p);
    return rc;
}

long sys_link(const char __user *from, const char __user *to)
{
    return sys_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

long sys_renameat2(int fromfd, const char __user *from, int tofd,
                   const char __user *to, unsigned flags)
{
    struct target f, t;
    long rc;

    if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE))
        return -EINVAL;
    if (flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
        return -EINVAL;
    rc = target_get(&f, fromfd, from);
    if (rc)
        return rc;
    rc = target_get(&t, tofd, to);
    if (rc) {
        target_put(&f);
        return rc;
    }
    if (f.dir.mount != t.dir.mount)
        rc = -EXDEV;
    else if (target_is_dots(&f))
        rc = -EBUSY;
    else if (target_is_dots(&t))
        rc = flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    else
        rc = entry_rename(&f.dir, &f.n, &t.dir, &t.n, flags);
    target_put(&t);
    target_put(&f);
    return rc;
}

long sys_renameat(int fromfd, const char __user *from, int tofd,
                  const char __user *to)
{
    return sys_renameat2(fromfd, from, tofd, to, 0);
}

long sys_rename(const char __user *from, const char __user *to)
{
    return sys_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}
