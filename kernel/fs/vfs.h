/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * vfs.h - inodes, directory entries, mounts and file systems.
 *
 * A file system fills in struct inode_ops for directories and names, and
 * file_ops for content. Contents go through the page cache (mem/mapping.h).
 * Locking: a directory's dir_lock (rwlock) covers its entries; the dentry
 * cache has its own lock.
 */
#pragma once

#include <asm/stat.h>
#include <stdatomic.h>

#include "fs/file.h"
#include "fs/path.h"
#include "lib/list.h"
#include "lib/types.h"
#include "mem/mapping.h"
#include "sched/lock.h"
#include "sched/time.h"

struct super_block;
struct inode;
struct dentry;

struct inode_ops {
    /* Directories. Called with dir->dir_lock held (read for lookup, write for
     * the rest). lookup: the inode with a reference, or ERR_PTR(-ENOENT). */
    struct inode *(*lookup)(struct inode *dir, const char *name, size_t len);
    /* Make an entry; S_IFMT of mode says what. Returns inode + reference. With
     * (name) NULL: a file without one (O_TMPFILE, if (tmpfile) below). */
    struct inode *(*create)(struct inode *dir, const char *name, size_t len,
                            unsigned mode, uint64_t rdev, const char *symlink);
    int (*link)(struct inode *dir, const char *name, size_t len,
                struct inode *target);
    int (*unlink)(struct inode *dir, const char *name, size_t len,
                  struct inode *victim, bool directory);
    int (*rename)(struct inode *odir, const char *oname, size_t olen,
                  struct inode *ndir, const char *nname, size_t nlen,
                  struct inode *moved, struct inode *replaced, bool exchange);
    /* Symbolic links: target into buf; length or -errno. */
    ssize_t (*readlink)(struct inode *i, char *buf, size_t size);
    /* A link that leads straight to an object (/proc/PID/fd/N, exe, cwd). */
    int (*follow)(struct inode *i, struct path *out);
    /* Attributes were changed in the inode: keep them. -EROFS etc. */
    int (*setattr)(struct inode *i, unsigned what);
    /* Refresh size, times... before a stat; may be NULL. */
    void (*getattr)(struct inode *i);
    /* The last reference and link are gone, or the cache drops it. */
    void (*evict)(struct inode *i);
    /* Synthetic directories whose entries come and go by themselves (/proc):
     * names are not cached. */
    bool uncached;
    bool tmpfile; /* create can make unnamed files */
};

/* I immutable; L dir_lock or attr lock; a atomic */
struct inode {
    const struct inode_ops *ops;       /* I */
    const struct file_ops *fops;       /* I for open() */
    struct super_block *sb;            /* I */
    uint64_t ino;                      /* I */
    _Atomic uint32_t refs;             /* a */
    uint32_t mode;                     /* L type bits are I */
    uint32_t uid, gid;                 /* L */
    _Atomic uint32_t nlink;            /* a */
    uint64_t rdev;                     /* I */
    nsec_t atime, mtime, ctime, btime; /* L realtime ns */
    uint64_t blocks;                   /* L 512-byte units, 0: from mapping */
    struct rwlock dir_lock;            /* directories: RANK_INODE_DIR; files:
                                        * RANK_INODE, writers and truncate */
    struct mapping mapping;            /* size is mapping.size for all types */
    void *private;                     /* I the file system's */
    struct inode *hash_next;           /* cache: fs/inode.c */
    void *fifo;                        /* a pipe of a FIFO, fs/pipe.c */
    void *bound_socket;                /* net/unix.c */
    struct file_locks *_Atomic locks;  /* a fs/locks.c, made when first used */
    _Atomic int writers; /* a open for writing, or < 0: executed */
    uint32_t seals;      /* L F_SEAL_*, tmpfs files only */
    bool linkable;       /* a link(2) works though nlink is 0, once */
    bool hashed;         /* cache */
    int (*open)(struct inode *i,
                struct file *f); /* I may be NULL; may set
                                  * f->ops and f->private (devices) */
};

struct statfs_info {
    uint64_t blocks, bfree, bavail, files, ffree;
};

struct super_block {
    const char *type;    /* I "ext4" "tmpfs" "proc" ... */
    uint64_t dev;        /* I st_dev */
    uint32_t block_size; /* I */
    uint64_t magic;      /* I statfs f_type */
    bool readonly;
    struct inode *root;         /* I */
    struct dentry *root_dentry; /* I made by the first user */
    void *private;
    int (*statfs)(struct super_block *sb, struct statfs_info *out);
    struct mutex rename_lock;
};

/* d dcache lock; a atomic; I immutable. While one holds a reference, (inode)
 * changes at most once, from NULL. */
#define DENTRY_INLINE 40
struct dentry {
    _Atomic uint32_t refs;    /* a 0 = on the unused list, may be dropped */
    uint32_t hash;            /* d */
    struct dentry *hash_next; /* d */
    struct dentry *parent;    /* d reference held; itself for a root */
    struct inode *inode;      /* d NULL = negative; reference held */
    const char *name;         /* d inline_name or allocated */
    uint16_t name_len;        /* d */
    struct mount *mounted;    /* d what sits on it, or NULL */
    bool unhashed;            /* d deleted */
    bool hashed;              /* d in the table */
    bool referenced;          /* d second chance */
    struct list children, sibling; /* d */
    struct list lru;               /* d */
    struct file *anonymous; /* I the open object a /proc/PID/fd link led to */
    char inline_name[DENTRY_INLINE]; /* d */
};

/* f_flags of statfs(2) that forbid something (its manual page has the list). */
#define MOUNT_RDONLY   1u
#define MOUNT_NOSUID   2u
#define MOUNT_NODEV    4u
#define MOUNT_NOEXEC   8u
#define MOUNT_RELATIME 4096u

/* Mounts stay for good: there is no umount, and so no reference count. */
struct mount {
    struct super_block *sb;
    struct dentry *root;
    struct mount *parent; /* NULL for the root */
    struct dentry *mountpoint;
    const char *source; /* for mountinfo */
    const char *options;
    unsigned flags; /* I ST_NOSUID and so on, from (options) */
    int id;
    struct list link;
};

void vfs_init(void); /* caches, anonymous file system */
/* Mount (sb) at absolute (path) ("/" first). */
int vfs_mount(struct super_block *sb, const char *path, const char *source,
              const char *options);
/* Make the directory at absolute (path), and those above it, where they are
 * missing. 0, -EROFS, -ENOTDIR and the like. */
int vfs_make_dirs(const char *path);
typedef void mount_visit_fn(void *arg, const struct mount *m,
                            const char *where);
void vfs_visit_mounts(mount_visit_fn *fn, void *arg);
/* "/" as the kernel sees it, with a reference: for the first process. */
void vfs_root(struct path *out);
/* Working and root directory of the calling process; takes a reference. */
void path_set_cwd(const struct path *p);
void path_set_root(const struct path *p);

struct inode *inode_alloc(struct super_block *sb); /* refs 1; NULL */
/* Set type and mode of a new inode; device nodes, FIFOs and sockets get their
 * open function from the type. */
void inode_set_mode(struct inode *i, unsigned mode, uint64_t rdev);
/* A new file system with a device number of its own; NULL = no memory. */
struct super_block *super_alloc(const char *type, uint64_t magic);
void inode_get(struct inode *i);
void inode_put(struct inode *i);
/* stat of an inode, with st_blksize never 0. */
void inode_stat(struct inode *i, struct stat *out);
/* Permission as the calling process: MAY_* bits. 0 or -EACCES/-EROFS. */
int inode_permission(struct inode *i, unsigned may);
#define MAY_EXEC  1u
#define MAY_WRITE 2u
#define MAY_READ  4u
/* A regular file is written or executed, not both (ETXTBSY). False: it is the
 * other; else undo it with the second of the pair. */
bool inode_write_begin(struct inode *i);
void inode_write_end(struct inode *i);
bool inode_execute_begin(struct inode *i);
void inode_execute_end(struct inode *i);
void inode_touch(struct inode *i, bool modified); /* mtime+ctime / atime */
/* Bytes changed under a shared mapping or by write: used by tmpfs, memfd. */
extern const struct file_ops file_ops_mapping; /* regular files */

/* The file systems. ERR_PTR on error. */
struct blockdev;
struct super_block *ext4_mount(struct blockdev *dev);
/* Whether an ext4 file system lies there that calls itself (label). */
bool ext4_has_label(struct blockdev *dev, const char *label);
struct super_block *tmpfs_create(uint64_t max_bytes, unsigned root_mode);
struct super_block *procfs_create(void);
struct super_block *sysfs_create(void);
struct super_block *devfs_create(void);
/* Make a device node in devfs: ops and open as the driver wants. */
int devfs_add(const char *name, unsigned mode, unsigned major, unsigned minor,
              int (*open)(struct inode *, struct file *),
              const struct file_ops *fops);
int devfs_remove(const char *name);
int devfs_symlink(const char *name, const char *target);
/* A sealed-or-not anonymous tmpfs file: memfd_create, shared anonymous maps,
 * shm. ERR_PTR on error. */
struct file *tmpfs_anon_file(const char *name, uint64_t size);

/* Synthetic text files: the writer fills a growing buffer. */
struct seq {
    char *buf;
    size_t len, size;
    bool failed; /* out of memory */
};
void seq_printf(struct seq *s, const char *fmt, ...) __printf(2, 3);
void seq_write(struct seq *s, const void *p, size_t n);
void seq_bit_list(struct seq *s, uint64_t mask); /* "0-1,4-5" */
/* Add /proc/NAME (may contain '/': directories are made) or /sys/NAME. (show)
 * runs at open; (store), if any, gets a written string. */
int proc_add(const char *name, void (*show)(struct seq *, void *), void *arg);
int proc_add_rw(const char *name, void (*show)(struct seq *, void *),
                int (*store)(const char *text, size_t n, void *), void *arg);
int sysfs_add(const char *name, void (*show)(struct seq *, void *), void *arg);
int sysfs_symlink(const char *name, const char *target);
int sysfs_mkdir(const char *name);
