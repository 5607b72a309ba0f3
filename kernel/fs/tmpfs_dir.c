/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tmpfs_dir.c - directories of tmpfs.
 *
 * A directory keeps its entries in two trees: by name, for lookup, and by
 * cookie, for listing. Cookies count up, so a listing in progress neither
 * skips nor repeats an entry when others come and go. It ends with what there
 * was when it began (the file's (private)), so that a program that makes a file
 * for each it finds comes to an end.
 *
 * Each entry holds a reference on its inode. Link counts: a file has one per
 * name; a directory 2 and one per subdirectory; 0 when removed.
 */
#include <linux/stat.h>

#include "fs/readdir.h"
#include "fs/tmpfs_priv.h"
#include "lib/string.h"
#include "mem/slab.h"

#define FIRST_COOKIE 2  /* after "." and ".." */
#define ENTRY_SIZE   20 /* what Linux's tmpfs counts for each, and for those */

static int compare_names(const struct tmpfs_entry *a,
                         const struct tmpfs_entry *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return memcmp(a->name, b->name, a->len);
}

static int compare_cookies(const struct tmpfs_entry *a,
                           const struct tmpfs_entry *b)
{
    return a->cookie < b->cookie ? -1 : a->cookie > b->cookie;
}

RB_GENERATE_STATIC(tmpfs_names, tmpfs_entry, by_name, compare_names)
RB_GENERATE_STATIC(tmpfs_cookies, tmpfs_entry, by_cookie, compare_cookies)

struct tmpfs_dir *tmpfs_dir_new(void)
{
    struct tmpfs_dir *d = kzalloc(sizeof(*d), 0);

    if (!d)
        return NULL;
    RB_INIT(&d->names);
    RB_INIT(&d->cookies);
    d->next_cookie = FIRST_COOKIE;
    return d;
}

static struct tmpfs_entry *find(struct inode *dir, const char *name, size_t len)
{
    struct tmpfs_dir *d = dir->private;
    struct tmpfs_entry *e = RB_ROOT(&d->names);
    uint32_t hash = name_hash(name, len);

    while (e) {
        int c;

        if (e->hash != hash)
            c = hash < e->hash ? -1 : 1;
        else if (e->len != len)
            c = len < e->len ? -1 : 1;
        else
            c = memcmp(name, e->name, len);
        if (!c)
            return e;
        e = c < 0 ? RB_LEFT(e, by_name) : RB_RIGHT(e, by_name);
    }
    return NULL;
}

static struct tmpfs_entry *entry_new(const char *name, size_t len)
{
    struct tmpfs_entry *e = kmalloc(sizeof(*e) + len, 0);

    if (!e)
        return NULL;
    e->hash = name_hash(name, len);
    e->len = (uint16_t)len;
    memcpy(e->name, name, len);
    return e;
}

void tmpfs_dir_set_size(struct inode *dir)
{
    struct tmpfs_dir *d = dir->private;

    dir->mapping.size = (2 + d->count) * ENTRY_SIZE;
}

static void dir_changed(struct inode *dir)
{
    tmpfs_dir_set_size(dir);
    inode_touch(dir, true);
}

/* Takes over a reference to (i). */
static void insert(struct inode *dir, struct tmpfs_entry *e, struct inode *i)
{
    struct tmpfs_dir *d = dir->private;

    e->inode = i;
    e->cookie = d->next_cookie++;
    RB_INSERT(tmpfs_names, &d->names, e);
    RB_INSERT(tmpfs_cookies, &d->cookies, e);
    d->count++;
    dir_changed(dir);
}

/* The entry's reference to its inode becomes the caller's. */
static void erase(struct inode *dir, struct tmpfs_entry *e)
{
    struct tmpfs_dir *d = dir->private;

    RB_REMOVE(tmpfs_names, &d->names, e);
    RB_REMOVE(tmpfs_cookies, &d->cookies, e);
    d->count--;
    kfree(e);
    dir_changed(dir);
}

static struct inode *lookup(struct inode *dir, const char *name, size_t len)
{
    struct tmpfs_entry *e = find(dir, name, len);

    if (!e)
        return ERR_PTR(-ENOENT);
    inode_get(e->inode);
    return e->inode;
}

static struct inode *create(struct inode *dir, const char *name, size_t len,
                            unsigned mode, uint64_t rdev, const char *symlink)
{
    struct tmpfs_entry *e = name ? entry_new(name, len) : NULL;
    struct inode *i;

    if (name && !e)
        return ERR_PTR(-ENOMEM);
    i = tmpfs_inode(dir->sb, mode, rdev, symlink);
    if (IS_ERR(i)) {
        kfree(e);
        return i;
    }
    if (!name) {
        i->nlink = 0;
        return i;
    }
    if (S_ISDIR(mode))
        dir->nlink++;
    inode_get(i);
    insert(dir, e, i);
    return i;
}

static int link(struct inode *dir, const char *name, size_t len,
                struct inode *target)
{
    struct tmpfs_entry *e = entry_new(name, len);

    if (!e)
        return -ENOMEM;
    inode_get(target);
    target->nlink++;
    target->ctime = time_coarse_realtime();
    insert(dir, e, target);
    return 0;
}

/* One name of (victim) in (dir) is gone. */
static void drop_link(struct inode *dir, struct inode *victim)
{
    if (S_ISDIR(victim->mode)) {
        victim->nlink = 0;
        dir->nlink--;
    } else {
        victim->nlink--;
    }
    victim->ctime = time_coarse_realtime();
    inode_put(victim);
}

static bool empty(struct inode *dir)
{
    return ((struct tmpfs_dir *)dir->private)->count == 0;
}

static int unlink(struct inode *dir, const char *name, size_t len,
                  struct inode *victim, bool directory)
{
    struct tmpfs_entry *e = find(dir, name, len);

    if (!e || e->inode != victim)
        return -ENOENT;
    if (directory && !empty(victim))
        return -ENOTEMPTY;
    erase(dir, e);
    drop_link(dir, victim);
    return 0;
}

/* A subdirectory left (odir) for (ndir). */
static void move_parent(struct inode *odir, struct inode *ndir,
                        struct inode *moved)
{
    if (S_ISDIR(moved->mode)) {
        odir->nlink--;
        ndir->nlink++;
    }
    moved->ctime = time_coarse_realtime();
}

static int swap_entries(struct inode *odir, struct tmpfs_entry *o,
                        struct inode *ndir, struct tmpfs_entry *n)
{
    struct inode *moved = o->inode;

    if (!n)
        return -ENOENT;
    move_parent(odir, ndir, moved);
    move_parent(ndir, odir, n->inode);
    o->inode = n->inode;
    n->inode = moved;
    dir_changed(odir);
    dir_changed(ndir);
    return 0;
}

static int rename(struct inode *odir, const char *oname, size_t olen,
                  struct inode *ndir, const char *nname, size_t nlen,
                  struct inode *moved, struct inode *replaced, bool exchange)
{
    struct tmpfs_entry *o = find(odir, oname, olen);
    struct tmpfs_entry *n = find(ndir, nname, nlen), *fresh = NULL;

    if (!o || o->inode != moved)
        return -ENOENT;
    if (exchange)
        return swap_entries(odir, o, ndir, n);
    if (replaced && S_ISDIR(replaced->mode) && !empty(replaced))
        return -ENOTEMPTY;
    if (!n) {
        fresh = entry_new(nname, nlen);
        if (!fresh)
            return -ENOMEM;
    }
    move_parent(odir, ndir, moved);
    erase(odir, o);
    if (fresh) {
        insert(ndir, fresh, moved);
    } else {
        n->inode = moved;
        drop_link(ndir, replaced);
        dir_changed(ndir);
    }
    return 0;
}

static int setattr(struct inode *i, unsigned what)
{
    (void)i;
    (void)what;
    return 0;
}

static void evict(struct inode *i)
{
    struct tmpfs *t = i->sb->private;

    kfree(i->private); /* a removed directory is empty */
    atomic_fetch_sub(&t->inodes, 1);
}

const struct inode_ops tmpfs_dir_ops = {
    .lookup = lookup,
    .create = create,
    .link = link,
    .unlink = unlink,
    .rename = rename,
    .setattr = setattr,
    .evict = evict,
    .tmpfile = true,
};

static int readdir(struct file *f, struct dir_context *ctx)
{
    struct tmpfs_dir *d = f->inode->private;
    struct tmpfs_entry key, *e;
    uint64_t end;

    if (!f->pos || !f->private)
        f->private = (void *)(uintptr_t)d->next_cookie;
    end = (uintptr_t)f->private;
    if (!readdir_dots(f, ctx))
        return 0;
    key.cookie = f->pos;
    for (e = RB_NFIND(tmpfs_cookies, &d->cookies, &key); e && e->cookie < end;
         e = RB_NEXT(tmpfs_cookies, &d->cookies, e)) {
        if (!ctx->emit(ctx, e->name, e->len, e->inode->ino,
                       mode_to_dtype(e->inode->mode), e->cookie + 1))
            return 0;
        f->pos = e->cookie + 1;
    }
    f->pos = MAX(f->pos, end);
    return 0;
}

static int dir_fsync(struct file *f, bool data_only)
{
    (void)f;
    (void)data_only;
    return 0;
}

const struct file_ops tmpfs_dir_file_ops = {
    .kind = "directory",
    .lseek = dir_lseek,
    .readdir = readdir,
    .fsync = dir_fsync,
};
