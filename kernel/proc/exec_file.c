/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * exec_file.c - opening what shall be executed and reading its headers.
 */
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "arch/x86_64/arch.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/exec_priv.h"

/* A file of its own to read from: execute permission is enough for that. */
static struct file *open_inode(const struct path *p)
{
    struct inode *i = p->dentry->inode;
    struct file *f;
    int rc;

    if (!S_ISREG(i->mode))
        return ERR_PTR(S_ISLNK(i->mode) ? -ELOOP : -EACCES);
    rc = p->mount->flags & MOUNT_NOEXEC ? -EACCES
                                        : inode_permission(i, MAY_EXEC);
    if (rc)
        return ERR_PTR(rc);
    f = file_alloc(i, p, i->fops, O_RDONLY);
    if (IS_ERR(f))
        return f;
    if (inode_execute_begin(i)) {
        f->caps |= FILE_EXECUTED;
        rc = i->open ? i->open(i, f) : 0;
    } else {
        rc = -ETXTBSY;
    }
    if (!rc)
        return f;
    file_put(f);
    return ERR_PTR(rc);
}

static int read_head(struct exec_file *x)
{
    ssize_t n = file_read_kernel(x->file, x->head, sizeof(x->head), 0);

    if (n < 0)
        return (int)n;
    x->head_len = (size_t)n;
    memset(x->head + n, 0, sizeof(x->head) - (size_t)n);
    return 0;
}

int exec_file_open(struct exec_file *x, int dirfd, const char *name,
                   unsigned at_flags)
{
    unsigned flags = 0;
    struct path p;
    struct file *f;
    int rc;

    if (!(at_flags & AT_SYMLINK_NOFOLLOW))
        flags |= LOOKUP_FOLLOW;
    if (at_flags & AT_EMPTY_PATH)
        flags |= LOOKUP_EMPTY;
    rc = path_lookup(dirfd, name, flags, &p);
    if (rc)
        return rc;
    f = open_inode(&p);
    path_put(&p);
    if (IS_ERR(f))
        return (int)PTR_ERR(f);
    x->file = f;
    rc = read_head(x);
    if (rc)
        exec_file_close(x);
    return rc;
}

void exec_file_close(struct exec_file *x)
{
    if (x->file)
        file_put(x->file);
    x->file = NULL;
}

/* (n) bytes at (pos) from the head if they are there, else into (buf). */
static int get_bytes(struct exec_file *x, uint64_t pos, size_t n, void *buf,
                     const void **at)
{
    ssize_t got;

    if (pos <= x->head_len && n <= x->head_len - pos) {
        *at = x->head + pos;
        return 0;
    }
    *at = buf;
    got = file_read_kernel(x->file, buf, n, pos);
    if (got < 0)
        return (int)got;
    return (size_t)got == n ? 0 : -ENOEXEC;
}

int exec_file_parse(struct exec_file *x)
{
    const Elf64_Ehdr *eh = (const Elf64_Ehdr *)x->head;
    const void *ph;
    uint64_t offset;
    void *buf = NULL;
    size_t size;
    int rc;

    if (x->head_len < sizeof(*eh))
        return -ENOEXEC;
    rc = elf_check_header(eh, &offset, &size);
    if (rc)
        return rc;
    if (offset % 8 || offset + size > x->head_len) {
        buf = kmalloc(size, 0);
        if (!buf)
            return -ENOMEM;
    }
    rc = get_bytes(x, offset, size, buf, &ph);
    if (!rc)
        rc = elf_plan(eh, ph, USER_BASE, USER_TOP, &x->image);
    kfree(buf);
    return rc;
}

int exec_file_interp(struct exec_file *x, char *name)
{
    size_t size = x->image.interp_size;
    const void *at;
    int rc;

    rc = get_bytes(x, x->image.interp_offset, size, name, &at);
    if (rc)
        return rc;
    if (at != name)
        memcpy(name, at, size);
    return name[size - 1] ? -ENOEXEC : 0;
}
