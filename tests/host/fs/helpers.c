/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * helpers.c - short forms of what the system calls do with names.
 */
#include "fs/ext4/ext4_priv.h"
#include "fs/open.h"
#include "fs_fakes.h"
#include "mem/slab.h"

void fake_unmount(struct super_block *sb)
{
    struct ext4 *fs = sb->private;

    mapping_destroy(&fs->meta);
    kfree(fs);
    kfree(sb);
}

void fake_vfs_start(void)
{
    static bool done;
    struct path root;
    struct super_block *sb;

    if (done)
        return;
    done = true;
    fake_process.pid = 1;
    mutex_init(&fake_process.fs_lock, RANK_NONE);
    vfs_init();
    sb = tmpfs_create(16 << 20, 0755);
    if (IS_ERR(sb) || vfs_mount(sb, "/", "none", "rw"))
        panic("no root");
    vfs_root(&root);
    fake_process.cwd = fake_process.root = root;
    path_get(&root);
}

struct name {
    struct path dir;
    struct entry_name n;
};

static int name_get(struct name *t, const char *path)
{
    const char *last;
    size_t len;
    int err = path_lookup_parent(AT_FDCWD, path, &t->dir, &last, &len);

    if (!err)
        t->n = (struct entry_name){last, len, name_hash(last, len),
                                   last[len] == '/'};
    return err;
}

static int make(const char *path, unsigned mode, const char *target)
{
    struct name t;
    int err = name_get(&t, path);

    if (err)
        return err;
    err = entry_create(t.dir.dentry, &t.n, mode, 0, target, true, NULL);
    path_put(&t.dir);
    return err;
}

int t_mkdir(const char *path)
{
    return make(path, S_IFDIR | 0755, NULL);
}

int t_symlink(const char *target, const char *path)
{
    return make(path, S_IFLNK | 0777, target);
}

static int remove(const char *path, bool directory)
{
    struct name t;
    int err = name_get(&t, path);

    if (err)
        return err;
    err = entry_unlink(&t.dir, &t.n, directory, true);
    path_put(&t.dir);
    return err;
}

int t_unlink(const char *path)
{
    return remove(path, false);
}

int t_rmdir(const char *path)
{
    return remove(path, true);
}

int t_rename(const char *from, const char *to, unsigned flags)
{
    struct name f, t;
    int err = name_get(&f, from);

    if (err)
        return err;
    err = name_get(&t, to);
    if (!err) {
        err = entry_rename(&f.dir, &f.n, &t.dir, &t.n, flags);
        path_put(&t.dir);
    }
    path_put(&f.dir);
    return err;
}

int t_link(const char *from, const char *to)
{
    struct path p;
    struct name t;
    int err = path_lookup(AT_FDCWD, from, 0, &p);

    if (err)
        return err;
    err = name_get(&t, to);
    if (!err) {
        err = entry_link(p.dentry->inode, &t.dir, &t.n);
        path_put(&t.dir);
    }
    path_put(&p);
    return err;
}

int t_write(const char *path, const char *text)
{
    struct file *f =
        path_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    uint64_t pos = 0;
    struct uio u;
    ssize_t n;

    if (IS_ERR(f))
        return (int)PTR_ERR(f);
    uio_init_kernel(&u, (void *)text, strlen(text));
    n = file_write(f, &u, &pos);
    file_put(f);
    return n < 0 ? (int)n : 0;
}

long t_read(const char *path, char *buf, size_t size)
{
    struct file *f = path_open(AT_FDCWD, path, O_RDONLY, 0);
    ssize_t n;

    if (IS_ERR(f))
        return PTR_ERR(f);
    n = file_read_kernel(f, buf, size, 0);
    file_put(f);
    return n;
}

int t_stat(const char *path, struct stat *st, bool follow)
{
    struct path p;
    int err = path_lookup(AT_FDCWD, path, follow ? LOOKUP_FOLLOW : 0, &p);

    if (err)
        return err;
    inode_stat(p.dentry->inode, st);
    path_put(&p);
    return 0;
}

int t_open(const char *path, unsigned flags)
{
    struct file *f = path_open(AT_FDCWD, path, flags, 0644);

    if (IS_ERR(f))
        return (int)PTR_ERR(f);
    file_put(f);
    return 0;
}
