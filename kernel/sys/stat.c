/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * stat.c - system calls that tell about files: stat, statx, access, readlink,
 * statfs, and extended attributes (there are none).
 */
#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "dev/device_node.h"
#include "fs/fs_priv.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/fdtable.h"
#include "proc/process.h"
#include "sched/cpu.h"
#include "sys/syscall.h"

static int inode_of_fd(int fd, struct inode **out)
{
    struct file *f = fd_get(fd);

    if (!f)
        return -EBADF;
    *out = f->inode;
    inode_get(*out);
    file_put(f);
    return 0;
}

/* fstat(3) of the C library: newfstatat(fd, "", &st, AT_EMPTY_PATH). */
static bool names_fd(int dirfd, const char __user *uname, int flags)
{
    char first = 'x';

    return (flags & AT_EMPTY_PATH) && dirfd != AT_FDCWD &&
           !get_user(first, uname) && !first;
}

/* The inode a call is about, with a reference. (flags): AT_SYMLINK_NOFOLLOW,
 * AT_EMPTY_PATH. */
static int inode_at(int dirfd, const char __user *uname, int flags,
                    struct inode **out)
{
    unsigned lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
    char *name;
    struct path p;
    int err;

    *out = NULL;
    if (names_fd(dirfd, uname, flags))
        return inode_of_fd(dirfd, out);
    if (flags & AT_EMPTY_PATH)
        lookup |= LOOKUP_EMPTY;
    name = path_from_user(uname, flags & AT_EMPTY_PATH);
    if (IS_ERR(name))
        return (int)PTR_ERR(name);
    err = path_lookup(dirfd, name, lookup, &p);
    path_free(name);
    if (err)
        return err;
    *out = p.dentry->inode;
    inode_get(*out);
    path_put(&p);
    return 0;
}

long sys_newfstatat(int dirfd, const char __user *name, void __user *out,
                    int flags)
{
    struct inode *i;
    struct stat st;
    long rc;

    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
        return -EINVAL;
    rc = inode_at(dirfd, name, flags, &i);
    if (rc)
        return rc;
    inode_stat(i, &st);
    inode_put(i);
    return copy_to_user(out, &st, sizeof(st));
}

long sys_stat(const char __user *name, void __user *out)
{
    return sys_newfstatat(AT_FDCWD, name, out, 0);
}

long sys_lstat(const char __user *name, void __user *out)
{
    return sys_newfstatat(AT_FDCWD, name, out, AT_SYMLINK_NOFOLLOW);
}

long sys_fstat(int fd, void __user *out)
{
    struct file *f = fd_get(fd);
    struct stat st;

    if (!f)
        return -EBADF;
    inode_stat(f->inode, &st);
    file_put(f);
    return copy_to_user(out, &st, sizeof(st));
}

/* --- statx --- */

static struct statx_timestamp stamp(unsigned long sec, unsigned long nsec)
{
    return (struct statx_timestamp){.tv_sec = (int64_t)sec,
                                    .tv_nsec = (uint32_t)nsec};
}

static void fill_statx(struct inode *i, struct statx *x)
{
    struct stat st;

    inode_stat(i, &st);
    *x = (struct statx){
        .stx_mask = STATX_BASIC_STATS | (i->btime ? STATX_BTIME : 0),
        .stx_blksize = (uint32_t)st.st_blksize,
        .stx_nlink = (uint32_t)st.st_nlink,
        .stx_uid = st.st_uid,
        .stx_gid = st.st_gid,
        .stx_mode = (uint16_t)st.st_mode,
        .stx_ino = st.st_ino,
        .stx_size = (uint64_t)st.st_size,
        .stx_blocks = (uint64_t)st.st_blocks,
        .stx_atime = stamp(st.st_atime, st.st_atime_nsec),
        .stx_mtime = stamp(st.st_mtime, st.st_mtime_nsec),
        .stx_ctime = stamp(st.st_ctime, st.st_ctime_nsec),
        .stx_rdev_major = device_major(st.st_rdev),
        .stx_rdev_minor = device_minor(st.st_rdev),
        .stx_dev_major = device_major(st.st_dev),
        .stx_dev_minor = device_minor(st.st_dev),
    };
    if (i->btime)
        x->stx_btime = stamp((unsigned long)(i->btime / NSEC_PER_SEC),
                             (unsigned long)(i->btime % NSEC_PER_SEC));
}

long sys_statx(int dirfd, const char __user *name, unsigned flags,
               unsigned mask, void __user *out)
{
    struct inode *i;
    struct statx x;
    long rc;

    if ((mask & STATX__RESERVED) ||
        (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT |
                             AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)) ||
        (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
        return -EINVAL;
    rc = inode_at(dirfd, name, (int)flags, &i);
    if (rc)
        return rc;
    fill_statx(i, &x);
    inode_put(i);
    return copy_to_user(out, &x, sizeof(x));
}

/* --- access --- */

long sys_faccessat2(int dirfd, const char __user *uname, int mode, int flags)
{
    struct cred c = flags & AT_EACCESS ? cred_current() : cred_real();
    unsigned lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
    struct path p;
    char *name;
    long rc;

    if ((mode & ~07) ||
        (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
        return -EINVAL;
    if (flags & AT_EMPTY_PATH)
        lookup |= LOOKUP_EMPTY;
    name = path_from_user(uname, flags & AT_EMPTY_PATH);
    if (IS_ERR(name))
        return PTR_ERR(name);
    rc = path_lookup_as(dirfd, name, lookup, c, &p);
    path_free(name);
    if (rc)
        return rc;
    if (mode) /* R_OK, W_OK, X_OK have the values of MAY_* */
        rc = inode_permission_as(p.dentry->inode, (unsigned)mode, c);
    path_put(&p);
    return rc;
}

long sys_faccessat(int dirfd, const char __user *name, int mode)
{
    return sys_faccessat2(dirfd, name, mode, 0);
}

long sys_access(const char __user *name, int mode)
{
    return sys_faccessat2(AT_FDCWD, name, mode, 0);
}

/* --- readlink --- */

static long read_link(struct inode *i, char __user *buf, size_t size)
{
    char *text;
    ssize_t n;

    if (!S_ISLNK(i->mode) || !i->ops->readlink)
        return -EINVAL;
    text = kmalloc(PATH_MAX, 0);
    if (!text)
        return -ENOMEM;
    n = i->ops->readlink(i, text, MIN(size, (size_t)PATH_MAX));
    if (n > 0 && copy_to_user(buf, text, (size_t)n))
        n = -EFAULT;
    kfree(text);
    return n;
}

long sys_readlinkat(int dirfd, const char __user *name, char __user *buf,
                    int size)
{
    struct inode *i;
    char first;
    long rc;

    if (size <= 0)
        return -EINVAL;
    rc = inode_at(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &i);
    if (rc)
        return rc;
    rc = read_link(i, buf, (size_t)size);
    inode_put(i);
    if (rc == -EINVAL && !get_user(first, name) && !first)
        rc = -ENOENT; /* an empty name means a link or nothing */
    return rc;
}

long sys_readlink(const char __user *name, char __user *buf, int size)
{
    char first;

    if (size > 0 && !get_user(first, name) && !first)
        return -ENOENT;
    return sys_readlinkat(AT_FDCWD, name, buf, size);
}

/* --- statfs --- */

static long put_statfs(const struct path *p, void __user *out)
{
    struct super_block *sb = p->dentry->inode->sb;
    struct statfs_info info = {0};
    int err = sb->statfs ? sb->statfs(sb, &info) : 0;
    struct statfs st = {
        .f_type = (long)sb->magic,
        .f_bsize = sb->block_size,
        .f_blocks = info.blocks,
        .f_bfree = info.bfree,
        .f_bavail = info.bavail,
        .f_files = info.files,
        .f_ffree = info.ffree,
        .f_fsid = {{(int)sb->dev, 0}},
        .f_namelen = NAME_MAX,
        .f_frsize = sb->block_size,
        .f_flags = 0x20 | p->mount->flags, /* ST_VALID */
    };

    return err ? err : copy_to_user(out, &st, sizeof(st));
}

long sys_statfs(const char __user *uname, void __user *out)
{
    char *name = path_from_user(uname, false);
    struct path p;
    long rc;

    if (IS_ERR(name))
        return PTR_ERR(name);
    rc = path_lookup(AT_FDCWD, name, LOOKUP_FOLLOW, &p);
    path_free(name);
    if (rc)
        return rc;
    rc = put_statfs(&p, out);
    path_put(&p);
    return rc;
}

long sys_fstatfs(int fd, void __user *out)
{
    struct file *f = fd_get(fd);
    struct path p;
    long rc;

    if (!f)
        return -EBADF;
    rc = path_of_file(f, &p);
    file_put(f);
    if (rc)
        return rc;
    rc = put_statfs(&p, out);
    path_put(&p);
    return rc;
}

/* --- extended attributes --- */

/* No file system here keeps any: reading one answers EOPNOTSUPP, as Linux does
 * for such a file system, and the list is empty. */
static long no_xattr(int dirfd, const char __user *path, int flags, long answer)
{
    struct inode *i;
    long rc = inode_at(dirfd, path, flags, &i);

    if (rc)
        return rc;
    inode_put(i);
    return answer;
}

/* -EOPNOTSUPP for a name that could be one. Linux looks at it first. */
static long xattr_name(const char __user *name)
{
    char text[256]; /* XATTR_NAME_MAX and a NUL */
    long n = strncpy_from_user(text, name, sizeof(text));

    if (n < 0)
        return n == -ENAMETOOLONG ? -ERANGE : n;
    return n == 0 ? -ERANGE : -EOPNOTSUPP;
}

long sys_getxattr(const char __user *path, const char __user *name,
                  void __user *value, size_t size)
{
    return no_xattr(AT_FDCWD, path, 0, xattr_name(name));
}

long sys_lgetxattr(const char __user *path, const char __user *name,
                   void __user *value, size_t size)
{
    return no_xattr(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, xattr_name(name));
}

static long fd_xattr(int fd, long answer)
{
    struct file *f = fd_get(fd);

    if (!f)
        return -EBADF;
    file_put(f);
    return answer;
}

long sys_fgetxattr(int fd, const char __user *name, void __user *value,
                   size_t size)
{
    return fd_xattr(fd, xattr_name(name));
}

long sys_listxattr(const char __user *path, char __user *list, size_t size)
{
    return no_xattr(AT_FDCWD, path, 0, 0);
}

long sys_llistxattr(const char __user *path, char __user *list, size_t size)
{
    return no_xattr(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0);
}

long sys_flistxattr(int fd, char __user *list, size_t size)
{
    return fd_xattr(fd, 0);
}
