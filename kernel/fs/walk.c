/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * walk.c - path resolution (path_resolution(7)).
 *
 * A walk holds the dcache lock from its start and steps from entry to entry
 * without taking references, as long as every component is in the cache. What
 * needs more (a directory to be read, a link's text) takes a reference to where
 * the walk is, drops the lock, sleeps, and goes on locked; the reference stays
 * in (held) until the next such stop. So the common cases, everything cached
 * or known not to exist, cost one lock and no atomic operation per component.
 *
 * Text of symbolic links is put in front of what remains, in a buffer of its
 * own; the count of links bounds both time and that buffer.
 */
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "sched/cpu.h"

#define LINKS_MAX 40

/* Valid while the dcache lock is held. */
static const struct path *process_root(void)
{
    struct process *p = current_process();

    return p && p->root.dentry ? &p->root : mount_root();
}

static const struct path *walk_root(struct walk *w)
{
    return w->flags & LOOKUP_IN_ROOT ? &w->base : process_root();
}

void walk_unlock(struct walk *w)
{
    struct path old = w->held;

    dentry_get(w->at.dentry);
    w->held = w->at;
    w->locked = false;
    dcache_unlock();
    path_put(&old);
}

void walk_relock(struct walk *w)
{
    dcache_lock();
    w->locked = true;
}

/* Unlocked: be at (p), whose reference the walk takes over. */
static void walk_goto(struct walk *w, struct path p)
{
    path_put(&w->held);
    w->held = w->at = p;
}

static int start_at_fd(struct walk *w, int dirfd, bool empty)
{
    struct path p;
    int err = path_from_fd(dirfd, &p);

    if (err)
        return err;
    if (!empty && !S_ISDIR(p.dentry->inode->mode)) {
        path_put(&p);
        return -ENOTDIR;
    }
    walk_goto(w, p);
    walk_relock(w);
    return 0;
}

/* BENEATH and IN_ROOT need the start to stay what it is. */
static void hold_base(struct walk *w)
{
    if (w->flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT)) {
        w->base = w->at;
        dentry_get(w->base.dentry);
    }
}

static int start_relative(struct walk *w, int dirfd, const char *name)
{
    struct process *p = current_process();

    if (dirfd != AT_FDCWD)
        return start_at_fd(w, dirfd, !*name);
    walk_relock(w);
    w->at = p && p->cwd.dentry ? p->cwd : *mount_root();
    return w->at.dentry ? 0 : -ENOENT;
}

int walk_start(struct walk *w, int dirfd, const char *name, unsigned flags)
{
    int err;

    w->held.dentry = w->base.dentry = NULL;
    w->rest = name;
    w->text = NULL;
    w->must_dir = flags & LOOKUP_DIRECTORY;
    w->locked = false;
    w->flags = flags;
    w->links = 0;
    w->cred = cred_current();
    if (!*name && !(flags & LOOKUP_EMPTY))
        return -ENOENT;
    if (*name != '/' || (flags & LOOKUP_IN_ROOT)) {
        err = start_relative(w, dirfd, name);
        if (!err)
            hold_base(w);
        return err;
    }
    if (flags & LOOKUP_BENEATH)
        return -EXDEV;
    walk_relock(w);
    w->at = *process_root();
    return w->at.dentry ? 0 : -ENOENT;
}

static int walk_dotdot(struct walk *w)
{
    const struct path *root = walk_root(w);
    struct path before = w->at;

    if (w->at.dentry == root->dentry && w->at.mount == root->mount)
        return 0;
    if ((w->flags & LOOKUP_BENEATH) && w->at.dentry == w->base.dentry &&
        w->at.mount == w->base.mount)
        return -EXDEV;
    mount_up(&w->at);
    if ((w->flags & LOOKUP_NO_XDEV) && w->at.mount != before.mount)
        return -EXDEV;
    return 0;
}

/* A link that leads to an object. */
static int follow_magic(struct walk *w, struct inode *i)
{
    struct path p;
    int err;

    if (w->flags & (LOOKUP_NO_MAGIC | LOOKUP_BENEATH | LOOKUP_IN_ROOT))
        return w->flags & LOOKUP_NO_MAGIC ? -ELOOP : -EXDEV;
    err = i->ops->follow(i, &p);
    if (err)
        return err;
    if ((w->flags & LOOKUP_NO_XDEV) && p.mount != w->at.mount) {
        path_put(&p);
        return -EXDEV;
    }
    walk_goto(w, p);
    return 0;
}

/* Put the link's text before what remains. */
static int follow_text(struct walk *w, struct inode *i)
{
    size_t rest = strlen(w->rest), room = PATH_MAX + rest + 2;
    char *text = kmalloc(room, 0);
    ssize_t n;

    if (!text)
        return -ENOMEM;
    n = i->ops->readlink(i, text, PATH_MAX);
    if (n <= 0 || n >= PATH_MAX) {
        kfree(text);
        return n < 0 ? (int)n : n ? -ENAMETOOLONG : -ENOENT;
    }
    if (rest)
        text[n++] = '/';
    memcpy(text + n, w->rest, rest + 1);
    kfree(w->text);
    w->rest = w->text = text;
    return 0;
}

/* Locked: the text of a link that begins with "/". */
static int restart(struct walk *w)
{
    const struct path *root = walk_root(w);

    if (w->flags & LOOKUP_BENEATH)
        return -EXDEV;
    if ((w->flags & LOOKUP_NO_XDEV) && w->at.mount != root->mount)
        return -EXDEV;
    w->at = *root;
    return 0;
}

/* Unlocked, with a reference to the link's inode. */
static int follow(struct walk *w, struct inode *i)
{
    if (++w->links > LINKS_MAX || (w->flags & LOOKUP_NO_SYMLINKS))
        return -ELOOP;
    if (i->ops->follow)
        return follow_magic(w, i);
    return i->ops->readlink ? follow_text(w, i) : -EINVAL;
}

int walk_follow(struct walk *w, struct dentry *link)
{
    struct inode *i = link->inode;
    bool magic = i->ops->follow;
    int err;

    inode_get(i); /* unlocking may drop (link) */
    if (w->locked)
        walk_unlock(w);
    err = follow(w, i);
    inode_put(i); /* may sleep, so before locking */
    if (err)
        return err;
    walk_relock(w);
    return !magic && *w->rest == '/' ? restart(w) : 0;
}

/* Not in the cache: ask the file system. Ends locked, (held) referring to what
 * was found, or unlocked with an error. */
static struct dentry *step_slow(struct walk *w, const char *name, size_t len,
                                uint32_t hash)
{
    struct dentry *d;

    walk_unlock(w);
    d = dentry_lookup(w->at.dentry, name, len, hash, false);
    if (IS_ERR(d))
        return d;
    struct path dir = w->held;
    w->held.dentry = d; /* which holds the directory, its parent */
    path_put(&dir);
    walk_relock(w);
    return d;
}

static int step_into(struct walk *w, struct dentry *d, bool follow_last)
{
    struct mount *before = w->at.mount;

    if (!d->inode)
        return -ENOENT;
    if (S_ISLNK(d->inode->mode) && follow_last)
        return walk_follow(w, d);
    w->at.dentry = d;
    if (d->mounted) {
        mount_cross(&w->at);
        if (w->at.mount != before && (w->flags & LOOKUP_NO_XDEV))
            return -EXDEV;
    }
    return 0;
}

static int step(struct walk *w, const char *name, size_t len, uint32_t hash,
                bool follow_last)
{
    struct dentry *dir = w->at.dentry, *d = NULL;

    if (name[0] == '.' && len == 1)
        return 0;
    if (name[0] == '.' && name[1] == '.' && len == 2)
        return walk_dotdot(w);
    d = dentry_find(dir, name, len, hash);
    if (unlikely(!d)) {
        d = step_slow(w, name, len, hash);
        if (IS_ERR(d))
            return (int)PTR_ERR(d);
    }
    return step_into(w, d, follow_last);
}

static int may_search(struct walk *w)
{
    struct inode *i = w->at.dentry->inode;

    if (unlikely(!S_ISDIR(i->mode)))
        return -ENOTDIR;
    if (likely(w->cred.uid == 0))
        return 0;
    return inode_permission_as(i, MAY_EXEC, w->cred);
}

#define BYTES(b) (0x0101010101010101ull * (b))

/* The lowest byte that is set has its top bit set in the result; bytes above
 * it may be wrong. */
static inline uint64_t zero_bytes(uint64_t x)
{
    return (x - BYTES(1)) & ~x & BYTES(0x80);
}

/* May read behind the end of a string, but not into another page. */
#define OVERREADS __attribute__((no_sanitize("address", "undefined")))

/* Eight bytes of text; those behind a NUL have any value. */
OVERREADS static inline uint64_t load_word(const char *p)
{
    typedef uint64_t __attribute__((may_alias, aligned(1))) word;
    uint64_t x = 0;

    if (likely(((uintptr_t)p & (PAGE_SIZE - 1)) <= PAGE_SIZE - 8))
        return *(const word *)p;
    for (int k = 0; k < 8; k++) {
        x |= (uint64_t)(uint8_t)p[k] << (8 * k);
        if (!p[k])
            break;
    }
    return x;
}

/* The end of the component at (p), and its hash. */
OVERREADS static const char *component_end(const char *p, uint32_t *hash)
{
    uint64_t h = 0;

    for (;;) {
        uint64_t x = load_word(p);
        uint64_t end = zero_bytes(x) | zero_bytes(x ^ BYTES('/'));
        unsigned n;

        if (!end) {
            h = name_hash_step(h, x);
            p += 8;
            continue;
        }
        n = (unsigned)__builtin_ctzll(end) / 8;
        if (n)
            h = name_hash_step(h, x & ((1ull << (8 * n)) - 1));
        *hash = (uint32_t)h;
        return p + n;
    }
}

int walk_run(struct walk *w)
{
    for (;;) {
        const char *name = w->rest, *p;
        uint32_t hash;
        size_t len;
        bool last, slash;
        int err;

        while (*name == '/')
            name++;
        if (!*name) {
            w->last_len = 0;
            break;
        }
        p = component_end(name, &hash);
        len = (size_t)(p - name);
        err = may_search(w);
        if (err)
            return err;
        if (len > NAME_MAX)
            return -ENAMETOOLONG;
        slash = *p == '/';
        while (*p == '/')
            p++;
        last = !*p;
        if (last && (w->flags & LOOKUP_PARENT)) {
            w->last = name;
            w->last_len = len;
            w->last_hash = hash;
            w->last_slash = slash;
            return 0;
        }
        if (last && slash)
            w->must_dir = true;
        w->rest = p;
        err = step(w, name, len, hash,
                   !last || slash || (w->flags & LOOKUP_FOLLOW));
        if (err)
            return err;
    }
    if (w->must_dir && !S_ISDIR(w->at.dentry->inode->mode))
        return -ENOTDIR;
    return 0;
}

int walk_finish(struct walk *w, int err, struct path *out)
{
    if (!err && out) {
        *out = w->at;
        dentry_get(out->dentry);
    }
    if (w->locked)
        dcache_unlock();
    path_put(&w->held);
    path_put(&w->base);
    kfree(w->text);
    return err;
}
