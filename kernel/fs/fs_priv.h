/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fs_priv.h - what the files of kernel/fs share: the directory entry cache,
 * path walks, the operations on names and attributes.
 */
#pragma once

#include <linux/limits.h>

#include "fs/vfs.h"

/* Who asks: root passes every check but that of executing a file without any
 * x bit. */
struct cred {
    uint32_t uid, gid;
};
struct cred cred_current(void); /* fsuid, fsgid; root for kernel threads */
struct cred cred_real(void);    /* uid, gid: access(2) */
bool cred_owns(const struct inode *i);
int inode_permission_as(struct inode *i, unsigned may, struct cred c);

/* --- directory entry cache: dentry.c ------------------------------------ */

void dcache_init(void);
void dcache_lock(void);
void dcache_unlock(void);
/* The hash of a name: eight bytes at a time, the last ones padded with zeros.
 * Walks hash components while they look for their end (walk.c). */
static inline uint64_t name_hash_step(uint64_t h, uint64_t word)
{
    h = (h + word) * 0x9e3779b97f4a7c15ull;
    return h ^ h >> 32;
}
uint32_t name_hash(const char *name, size_t len);
/* Equal names of (len) bytes each. */
static inline bool name_equal(const char *a, const char *b, size_t len)
{
    typedef uint64_t __attribute__((may_alias, aligned(1))) word;
    typedef uint32_t __attribute__((may_alias, aligned(1))) half;
    size_t k = 0;

    if (len < 4) {
        while (k < len && a[k] == b[k])
            k++;
        return k == len;
    }
    if (len < 8)
        return *(const half *)a == *(const half *)b &&
               *(const half *)(a + len - 4) == *(const half *)(b + len - 4);
    for (; k + 8 < len; k += 8)
        if (*(const word *)(a + k) != *(const word *)(b + k))
            return false;
    return *(const word *)(a + len - 8) == *(const word *)(b + len - 8);
}

/* dcache lock held: the cached entry or NULL, no reference taken. */
struct dentry *dentry_find(struct dentry *parent, const char *name, size_t len,
                           uint32_t hash);
/* The entry, maybe negative, with a reference: from the cache or the file
 * system. Takes parent->inode->dir_lock unless (locked). */
struct dentry *dentry_lookup(struct dentry *parent, const char *name,
                             size_t len, uint32_t hash, bool locked);
void dentry_get(struct dentry *d);
void dentry_put(struct dentry *d);
/* The root of a file system; takes over the inode reference. */
struct dentry *dentry_root(struct inode *i);
/* An entry outside the cache; parent NULL: itself. Takes its own reference to
 * the inode. NULL = no memory. */
struct dentry *dentry_detached(struct dentry *parent, const char *name,
                               size_t len, struct inode *i);
/* A negative entry becomes a file: takes over the inode reference. */
void dentry_instantiate(struct dentry *d, struct inode *i);
/* The name is gone (unlink, rmdir). */
void dentry_delete(struct dentry *d);
/* Rename: (d) takes the place of the name (to), which leaves the cache; with
 * (exchange) they swap places. 0 or -ENOMEM. */
int dentry_move(struct dentry *d, struct dentry *to, bool exchange);
bool dentry_is_ancestor(struct dentry *a, struct dentry *d);
uint64_t dentry_count(void);

/* --- mounts: mount.c ------------------------------------------------------ */

/* dcache lock held: cross mounts that sit on *(p); and "..". */
void mount_cross(struct path *p);
bool mount_up(struct path *p);
const struct path *mount_root(void); /* "/", valid after the first mount */
extern struct mount anonymous_mount; /* objects without a place */
struct dentry *super_root_dentry(struct super_block *sb); /* no reference */

/* --- path walks: walk.c --- */

/*
 * While (locked) the dcache lock is held and (at) is only borrowed; otherwise
 * (held) is a reference to what (at) names.
 */
struct walk {
    struct path at;
    struct path held;
    struct path base; /* reference: what BENEATH and IN_ROOT stay below */
    const char *rest; /* text still to be walked */
    char *text;       /* allocated text of a link, or NULL */
    const char *last; /* LOOKUP_PARENT: the last component, in the text */
    size_t last_len;  /* 0: the path was "/" or the like */
    uint32_t last_hash;
    bool last_slash; /* it had a trailing slash */
    bool must_dir;
    bool locked;
    unsigned flags;
    unsigned links;
    struct cred cred;
};
int walk_start(struct walk *w, int dirfd, const char *name, unsigned flags);
int walk_run(struct walk *w);
/* The last component, found in the parent, is a link: go on along it. Ends
 * locked unless it fails. */
int walk_follow(struct walk *w, struct dentry *link);
void walk_unlock(struct walk *w); /* (at) is then referenced by (held) */
void walk_relock(struct walk *w);
int walk_finish(struct walk *w, int err, struct path *out); /* frees the walk */

/* Where an open file is; anonymous objects get an entry for themselves. Takes
 * references. */
int path_of_file(struct file *f, struct path *out);
int path_from_fd(int fd, struct path *out); /* -EBADF */
int path_lookup_as(int dirfd, const char *name, unsigned flags, struct cred c,
                   struct path *out);
char *path_name_from(const struct path *p, const struct path *root, char *buf,
                     size_t size);

/* --- operations on names: entry.c --- */

struct entry_name {
    const char *name;
    size_t len;
    uint32_t hash;
    bool slash; /* a trailing slash: must be a directory */
};
/* (mode) with type, umask applied. (check): permissions of the caller. *(out),
 * if asked for, is the new entry. */
int entry_create(struct dentry *dir, const struct entry_name *n, unsigned mode,
                 uint64_t rdev, const char *symlink, bool check,
                 struct dentry **out);
int entry_unlink(struct path *dir, const struct entry_name *n, bool directory,
                 bool check);
int entry_link(struct inode *target, struct path *dir,
               const struct entry_name *n);
int entry_rename(struct path *from, const struct entry_name *fn,
                 struct path *to, const struct entry_name *tn, unsigned flags);
/* An unnamed file in (dir): O_TMPFILE. */
struct dentry *entry_tmpfile(struct path *dir, unsigned mode, bool linkable);
/* Make the directories of "a/b/c" below (dir) and find the last component's
 * own; a reference. For the kernel's own trees. */
struct dentry *entry_make_parents(struct dentry *dir, const char **name);

/* --- attributes: attr.c --- */

#define ATTR_MODE  1u
#define ATTR_OWNER 2u
#define ATTR_TIMES 4u
#define ATTR_SIZE  8u
int attr_chmod(struct inode *i, unsigned mode);
int attr_chown(struct inode *i, uint32_t uid, uint32_t gid);
/* NSEC_NEVER: leave; explicit: the caller named a time (not "now"). */
int attr_utimes(struct inode *i, nsec_t atime, nsec_t mtime, bool explicit_);
int attr_truncate(struct inode *i, struct file *f, uint64_t size);
void attr_drop_suid(struct inode *i); /* contents written: set-id bits end */

/* --- inodes: inode.c --- */

/* The cached inode with a reference, or NULL; add one (taking no reference):
 * returns the one to use, which may be another that came first. */
struct inode *inode_cache_find(struct super_block *sb, uint64_t ino);
struct inode *inode_cache_add(struct inode *i);
void inode_cache_init(void);
nsec_t time_coarse_realtime(void);

/* --- open files: file.c --- */

void file_init(void);
extern const struct file_ops opath_ops;
/* As file_alloc, but takes over the reference to (p). */
struct file *file_alloc_path(struct path *p, const struct file_ops *ops,
                             unsigned flags);
void file_set_caps(struct file *f);
/* Text for /proc/PID/fd/N: a name, "pipe:[12]" or "anon_inode:[eventfd]". */
char *file_name(struct file *f, char *buf, size_t size);
int file_open_inode(struct file *f); /* fops and open function of the inode */
struct super_block *anonymous_super(void);
int64_t dir_lseek(struct file *f, int64_t off, int whence);
int64_t regular_lseek(struct file *f, int64_t off, int whence);

/* Device numbers: devices.c */
int device_register(unsigned type, uint64_t rdev,
                    int (*open)(struct inode *, struct file *),
                    const struct file_ops *fops);
void device_unregister(unsigned type, uint64_t rdev);
int device_open(struct inode *i, struct file *f);
static inline uint64_t make_rdev(unsigned major, unsigned minor)
{
    return (minor & 0xffu) | ((uint64_t)(major & 0xfff) << 8) |
           ((uint64_t)(minor & ~0xffu) << 12);
}
void dev_memory_add(void); /* /dev/null and its like, dev_memory.c */

void procfs_add_system(void);  /* proc_system.c */
void procfs_add_sysctls(void); /* proc_sysctl.c */
