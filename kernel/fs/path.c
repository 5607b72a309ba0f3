/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * path.c - looking names up, and references to places.
 */
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/fdtable.h"

void path_get(const struct path *p)
{
    if (p->dentry)
        dentry_get(p->dentry);
}

void path_put(const struct path *p)
{
    if (p->dentry)
        dentry_put(p->dentry);
}

int path_from_fd(int fd, struct path *out)
{
    struct file *f = fd_get(fd);
    int err;

    if (!f)
        return -EBADF;
    err = path_of_file(f, out);
    file_put(f);
    return err;
}

int path_lookup_as(int dirfd, const char *name, unsigned flags, struct cred c,
                   struct path *out)
{
    struct walk w;
    int err = walk_start(&w, dirfd, name, flags);

    w.cred = c;
    if (!err)
        err = walk_run(&w);
    return walk_finish(&w, err, out);
}

int path_lookup(int dirfd, const char *name, unsigned flags, struct path *out)
{
    return path_lookup_as(dirfd, name, flags, cred_current(), out);
}

int path_lookup_parent(int dirfd, const char *name, struct path *out,
                       const char **last, size_t *last_len)
{
    struct walk w;
    int err = walk_start(&w, dirfd, name, LOOKUP_PARENT);

    if (!err)
        err = walk_run(&w);
    if (!err) {
        /* The text of links came before it, so the last component is also the
         * end of (name). */
        size_t tail = w.last_len ? strlen(w.last) : 0;

        *last = name + strlen(name) - tail;
        *last_len = w.last_len;
    }
    return walk_finish(&w, err, out);
}

/* Most names are short, and a small allocation is a cheap one. */
#define NAME_SHORT 256

static char *copy_name(const char __user *p, size_t size, bool empty_ok)
{
    char *name = kmalloc(size, 0);
    long n;

    if (!name)
        return ERR_PTR(-ENOMEM);
    n = strncpy_from_user(name, p, size);
    if (likely(n > 0 || (n == 0 && empty_ok)))
        return name;
    kfree(name);
    return ERR_PTR(n ? n : -ENOENT);
}

char *path_from_user(const char __user *p, bool empty_ok)
{
    char *name = copy_name(p, NAME_SHORT, empty_ok);

    if (unlikely(name == ERR_PTR(-ENAMETOOLONG)))
        name = copy_name(p, PATH_MAX, empty_ok);
    return name;
}

void path_free(char *name)
{
    kfree(name);
}
