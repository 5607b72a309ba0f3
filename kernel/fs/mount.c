/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mount.c - mounts, and the names of places.
 *
 * Mounts are made at start-up and stay; each file system is mounted once, so
 * the entry below a mount point leads to it. The dcache lock covers that and
 * the list of mounts, of which readers need only the length.
 */
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "sched/cpu.h"

#define MOUNTS_MAX 64

static struct mount *mounts[MOUNTS_MAX];
static _Atomic unsigned nr_mounts; /* release: pairs with the acquire loads */
static struct path root;           /* set by the first mount */
static struct mutex mount_mutex;

struct mount anonymous_mount = {.source = "none", .options = "rw"};

struct super_block *super_alloc(const char *type, uint64_t magic)
{
    static _Atomic unsigned minors;
    struct super_block *sb = kzalloc(sizeof(*sb), 0);

    if (!sb)
        return NULL;
    sb->type = type;
    sb->magic = magic;
    sb->block_size = PAGE_SIZE;
    sb->dev = make_rdev(0, ++minors);
    mutex_init(&sb->rename_lock, RANK_RENAME);
    return sb;
}

struct dentry *super_root_dentry(struct super_block *sb)
{
    if (!sb->root_dentry)
        sb->root_dentry = dentry_root(sb->root);
    return sb->root_dentry;
}

/* --- crossing, dcache lock held --- */

/* A file system is mounted once, so an entry has one place and one mount on
 * it; a later one sits on the root of the first. */
void mount_cross(struct path *p)
{
    struct mount *m;

    while ((m = p->dentry->mounted))
        *p = (struct path){m, m->root};
}

bool mount_up(struct path *p)
{
    struct mount *m = p->mount;

    while (p->dentry == m->root) {
        if (!m->parent)
            return false;
        *p = (struct path){m->parent, m->mountpoint};
        m = p->mount;
    }
    p->dentry = p->dentry->parent;
    mount_cross(p);
    return true;
}

const struct path *mount_root(void)
{
    return &root;
}

/* --- mounting --- */

static int mount_add(struct mount *m, struct path *where)
{
    unsigned n = nr_mounts;

    if (n == MOUNTS_MAX)
        return -ENOSPC;
    for (unsigned k = 0; k < n; k++)
        if (mounts[k]->sb == m->sb)
            return -EBUSY;
    m->id = (int)n + 20; /* small numbers stand for mounts inside Linux */
    dcache_lock();
    if (where) {
        m->parent = where->mount;
        m->mountpoint = where->dentry;
        where->dentry->mounted = m;
    }
    mounts[n] = m;
    atomic_store_explicit(&nr_mounts, n + 1, memory_order_release);
    if (!where)
        root = (struct path){m, m->root};
    dcache_unlock();
    return 0;
}

static int find_place(const char *path, struct path *where)
{
    int err =
        path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, where);

    if (err)
        kerr("cannot mount on %s: %s", path,
             err == -ENOENT ? "the file system below has no such directory"
                            : "not a usable directory");
    return err;
}

static int mount_at(struct mount *m, const char *path)
{
    struct path where;
    int err;

    if (!root.mount)
        return strcmp(path, "/") ? -ENOENT : mount_add(m, NULL);
    err = find_place(path, &where);
    if (err)
        return err;
    err = mount_add(m, &where); /* keeps the reference */
    if (err)
        path_put(&where);
    return err;
}

static int make_dir(const char *path)
{
    struct entry_name n = {0};
    struct path dir;
    int err = path_lookup_parent(AT_FDCWD, path, &dir, &n.name, &n.len);

    if (err)
        return err;
    n.hash = name_hash(n.name, n.len);
    err = entry_create(dir.dentry, &n, S_IFDIR | 0755, 0, NULL, false, NULL);
    path_put(&dir);
    return err == -EEXIST ? 0 : err;
}

int vfs_make_dirs(const char *path)
{
    size_t len = strlen(path);
    char *name = kmalloc(len + 1, 0);
    struct path there;
    int err = name ? 0 : -ENOMEM;

    for (size_t k = 1; !err && k <= len; k++) {
        if (path[k] != '/' && path[k])
            continue;
        memcpy(name, path, k);
        name[k] = '\0';
        err = path_lookup(AT_FDCWD, name, LOOKUP_FOLLOW, &there);
        if (!err)
            path_put(&there);
        else if (err == -ENOENT)
            err = make_dir(name);
    }
    kfree(name);
    return err;
}

static unsigned parse_options(const char *options)
{
    static const struct {
        const char *name;
        unsigned flag;
    } known[] = {{"ro", MOUNT_RDONLY},
                 {"nosuid", MOUNT_NOSUID},
                 {"nodev", MOUNT_NODEV},
                 {"noexec", MOUNT_NOEXEC},
                 {"relatime", MOUNT_RELATIME}};
    unsigned flags = 0;

    for (const char *s = options; *s; s += *s == ',') {
        const char *end = strchr(s, ',') ?: s + strlen(s);

        for (size_t k = 0; k < ARRAY_SIZE(known); k++)
            if (strlen(known[k].name) == (size_t)(end - s) &&
                !memcmp(s, known[k].name, (size_t)(end - s)))
                flags |= known[k].flag;
        s = end;
    }
    return flags;
}

int vfs_mount(struct super_block *sb, const char *path, const char *source,
              const char *options)
{
    struct mount *m = kzalloc(sizeof(*m), 0);
    int err;

    if (!m)
        return -ENOMEM;
    m->sb = sb;
    m->root = super_root_dentry(sb);
    m->source = source;
    m->options = options;
    m->flags = parse_options(options);
    mutex_lock(&mount_mutex);
    err = m->root ? mount_at(m, path) : -ENOMEM;
    mutex_unlock(&mount_mutex);
    if (err)
        kfree(m);
    return err;
}

void vfs_visit_mounts(mount_visit_fn *fn, void *arg)
{
    unsigned n = atomic_load_explicit(&nr_mounts, memory_order_acquire);
    char *buf = kmalloc(PATH_MAX, 0);

    for (unsigned k = 0; buf && k < n; k++) {
        struct path p = {mounts[k], mounts[k]->root};
        char *where = path_name(&p, buf, PATH_MAX);

        if (!IS_ERR(where))
            fn(arg, mounts[k], where);
    }
    kfree(buf);
}

/* --- names of places --- */

static char *prepend(char *at, char *buf, const char *s, size_t n)
{
    if ((size_t)(at - buf) < n)
        return NULL;
    return memcpy(at - n, s, n);
}

/* dcache lock held. Write the name backwards from (end). */
static char *name_backwards(struct path p, const struct path *top, char *buf,
                            char *end)
{
    char *at = end;

    while (at && (p.dentry != top->dentry || p.mount != top->mount)) {
        if (p.dentry == p.mount->root) {
            if (!p.mount->parent)
                break;
            p = (struct path){p.mount->parent, p.mount->mountpoint};
            continue;
        }
        if (p.dentry->parent == p.dentry)
            break;
        at = prepend(at, buf, p.dentry->name, p.dentry->name_len);
        at = at ? prepend(at, buf, "/", 1) : NULL;
        p.dentry = p.dentry->parent;
    }
    return at == end ? prepend(at, buf, "/", 1) : at;
}

char *path_name_from(const struct path *p, const struct path *top, char *buf,
                     size_t size)
{
    static const char deleted[] = " (deleted)";
    char *end = buf + size, *at;

    dcache_lock();
    at = prepend(end, buf, "", 1);
    if (at && p->mount == &anonymous_mount) {
        at = prepend(at, buf, p->dentry->name, p->dentry->name_len);
    } else if (at) {
        if (p->dentry->unhashed)
            at = prepend(at, buf, deleted, sizeof(deleted) - 1);
        at = at ? name_backwards(*p, top, buf, at) : NULL;
    }
    dcache_unlock();
    return at ? at : ERR_PTR(-ENAMETOOLONG);
}

char *path_name(const struct path *p, char *buf, size_t size)
{
    struct process *proc = current_process();
    struct path top = root;

    /* Only compared with, so no reference is needed. */
    if (proc && proc->root.dentry)
        top = proc->root;
    return path_name_from(p, &top, buf, size);
}

/* --- the calling process's places --- */

void vfs_root(struct path *out)
{
    *out = root;
    path_get(out);
}

/* Walks read cwd and root under the dcache lock (walk.c), others under
 * fs_lock. */
static void place_set(struct path *place, const struct path *p)
{
    struct process *proc = current_process();
    struct path old;

    path_get(p);
    mutex_lock(&proc->fs_lock);
    dcache_lock();
    old = *place;
    *place = *p;
    dcache_unlock();
    mutex_unlock(&proc->fs_lock);
    path_put(&old);
}

void path_set_cwd(const struct path *p)
{
    place_set(&current_process()->cwd, p);
}

void path_set_root(const struct path *p)
{
    place_set(&current_process()->root, p);
}

void vfs_init(void)
{
    mutex_init(&mount_mutex, RANK_MOUNT);
    inode_cache_init();
    dcache_init();
    file_init();
    anonymous_mount.sb = anonymous_super();
}
