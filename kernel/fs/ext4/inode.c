/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * inode.c - inodes from the inode table.
 */
#include <linux/limits.h>
#include <linux/stat.h>

#include "fs/ext4/ext4_priv.h"
#include "lib/string.h"
#include "mem/slab.h"

static const struct inode_ops file_inode_ops, link_inode_ops;

/* Byte offset of an inode on the device. */
static int inode_offset(struct ext4 *fs, uint32_t ino, uint64_t *out)
{
    uint32_t group = (ino - 1) / fs->inodes_per_group;
    uint32_t index = (ino - 1) % fs->inodes_per_group;
    uint64_t table, table_blocks, at;
    const struct ext4_group_disk *g;
    struct page *page;

    /* The descriptors begin in the block after the superblock's. */
    at = ALIGN_UP(EXT4_SUPER_OFFSET + 1u, fs->block_size) +
         (uint64_t)group * fs->desc_size;
    g = ext4_meta(fs, at, &page);
    if (IS_ERR(g))
        return (int)PTR_ERR(g);
    table = g->inode_table_lo;
    if (fs->desc_size >= 64)
        table |= (uint64_t)g->inode_table_hi << 32;
    page_put(page);
    table_blocks = ((uint64_t)fs->inodes_per_group * fs->inode_size +
                    fs->block_size - 1) >>
                   fs->block_bits;
    if (!ext4_block_ok(fs, table, table_blocks))
        return ext4_corrupt(fs, "inode table of group %u at block %llu", group,
                            (unsigned long long)table);
    *out = (table << fs->block_bits) + (uint64_t)index * fs->inode_size;
    return 0;
}

/* Seconds are signed; two more bits count further ages of 2^32 seconds, the
 * rest of (extra) are nanoseconds. */
static nsec_t time_of(uint32_t seconds, uint32_t extra)
{
    int64_t s = (int32_t)seconds + ((int64_t)(extra & 3) << 32);
    uint32_t ns = extra >> 2;

    return s * NSEC_PER_SEC + (ns < NSEC_PER_SEC ? ns : 0);
}

/* Whether the inode is long enough to hold (field). */
#define HAS_FIELD(d, size, field)                                              \
    ((size) > EXT4_INODE_MIN &&                                                \
     EXT4_INODE_MIN + (size_t)(d)->extra_isize >=                              \
         offsetof(struct ext4_inode_disk, field) + sizeof((d)->field))

static void read_times(struct inode *i, const struct ext4_inode_disk *d,
                       uint32_t size)
{
    i->atime =
        time_of(d->atime, HAS_FIELD(d, size, atime_extra) ? d->atime_extra : 0);
    i->mtime =
        time_of(d->mtime, HAS_FIELD(d, size, mtime_extra) ? d->mtime_extra : 0);
    i->ctime =
        time_of(d->ctime, HAS_FIELD(d, size, ctime_extra) ? d->ctime_extra : 0);
    i->btime = HAS_FIELD(d, size, crtime_extra)
                   ? time_of(d->crtime, d->crtime_extra)
                   : 0;
}

static uint64_t read_rdev(const struct ext4_inode_disk *d)
{
    uint32_t old, new;

    memcpy(&old, d->block, sizeof(old));
    memcpy(&new, d->block + 4, sizeof(new));
    return old ? make_rdev(old >> 8 & 0xff, old & 0xff) : new;
}

static int bad_inode(struct inode *i, const char *what)
{
    struct ext4_node *n = i->private;

    return ext4_corrupt(n->fs, "inode %llu: %s", (unsigned long long)i->ino,
                        what);
}

static int set_directory(struct inode *i, uint64_t size)
{
    struct ext4_node *n = i->private;

    if (!size || size % n->fs->block_size || size > INT32_MAX)
        return bad_inode(i, "size of a directory");
    i->ops = &ext4_dir_inode_ops;
    i->fops = &ext4_dir_file_ops;
    return 0;
}

static int set_type(struct inode *i, uint64_t size)
{
    struct ext4_node *n = i->private;

    i->ops = &file_inode_ops;
    switch (i->mode & S_IFMT) {
    case S_IFDIR:
        return set_directory(i, size);
    case S_IFREG:
        i->fops = &file_ops_mapping;
        /* Logical block numbers have 32 bits. */
        if (size >> n->fs->block_bits >= UINT32_MAX)
            return bad_inode(i, "size of a file");
        return 0;
    case S_IFLNK:
        i->ops = &link_inode_ops;
        if (!size || size >= PATH_MAX || size > n->fs->block_size)
            return bad_inode(i, "length of a symbolic link");
        return 0;
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK:
        return 0;
    default:
        return bad_inode(i, "type of file");
    }
}

/* Fill (i) from its disk form (d). */
static int parse(struct inode *i, const struct ext4_inode_disk *d)
{
    struct ext4_node *n = i->private;
    struct ext4 *fs = n->fs;
    uint64_t size = d->size_lo;

    if (!d->links || !d->mode)
        return bad_inode(i, "not in use");
    if (S_ISREG(d->mode) || S_ISDIR(d->mode))
        size |= (uint64_t)d->size_hi << 32;
    n->flags = d->flags;
    memcpy(n->block, d->block, sizeof(n->block));
    if (n->flags & (INODE_INLINE_DATA | INODE_ENCRYPT))
        return bad_inode(i, "contents kept in a way that is not supported");
    inode_set_mode(i, d->mode,
                   S_ISCHR(d->mode) || S_ISBLK(d->mode) ? read_rdev(d) : 0);
    i->uid = d->uid_lo | (uint32_t)d->uid_hi << 16;
    i->gid = d->gid_lo | (uint32_t)d->gid_hi << 16;
    i->nlink = d->links;
    i->blocks = d->blocks_lo | (uint64_t)d->blocks_hi << 32;
    if (d->flags & INODE_HUGE_FILE)
        i->blocks <<= fs->block_bits - 9;
    read_times(i, d, fs->inode_size);
    mapping_init(&i->mapping, &ext4_data_ops, i, 0);
    i->mapping.size = size;
    return set_type(i, size);
}

static int load(struct ext4 *fs, struct inode *i)
{
    const struct ext4_inode_disk *d;
    struct ext4_inode_disk copy = {0};
    struct page *page;
    uint64_t at = 0;
    int err = inode_offset(fs, (uint32_t)i->ino, &at);

    if (err)
        return err;
    d = ext4_meta(fs, at, &page);
    if (IS_ERR(d))
        return (int)PTR_ERR(d);
    memcpy(&copy, d, MIN(sizeof(copy), (size_t)fs->inode_size));
    page_put(page);
    return parse(i, &copy);
}

static void evict(struct inode *i)
{
    struct ext4_node *n = i->private;

    if (n)
        ext4_index_free(n);
    kfree(n);
}

/* Until its type is known, and if it turns out to be none. */
static const struct inode_ops raw_inode_ops = {.evict = evict};

struct inode *ext4_inode_get(struct super_block *sb, uint64_t ino)
{
    struct ext4 *fs = sb->private;
    struct ext4_node *n;
    struct inode *i;
    int err;

    if (!ino || ino > fs->inodes)
        return ERR_PTR(
            ext4_corrupt(fs, "inode number %llu", (unsigned long long)ino));
    i = inode_cache_find(sb, ino);
    if (i)
        return i;
    i = inode_alloc(sb);
    n = kzalloc(sizeof(*n), 0);
    if (i && n) {
        n->fs = fs;
        i->private = n;
        i->ino = ino;
        i->ops = &raw_inode_ops;
        err = load(fs, i);
        if (!err)
            return inode_cache_add(i);
    } else {
        kfree(n);
        err = -ENOMEM;
    }
    if (i)
        inode_put(i);
    return ERR_PTR(err);
}

/* --- symbolic links --- */

/* Short ones are in the inode itself, in place of the block numbers. */
static ssize_t readlink(struct inode *i, char *buf, size_t size)
{
    struct ext4_node *n = i->private;
    size_t len = MIN((size_t)i->mapping.size, size);
    struct page *p;

    if (i->mapping.size < EXT4_BLOCKS_IN_INODE && !(n->flags & INODE_EXTENTS)) {
        memcpy(buf, n->block, len);
        return (ssize_t)len;
    }
    p = mapping_get(&i->mapping, 0, false);
    if (IS_ERR(p))
        return PTR_ERR(p) == -ENXIO ? -EUCLEAN : PTR_ERR(p);
    memcpy(buf, page_virt(p), len);
    page_put(p);
    /* A text with a NUL inside would end early for whoever walks it. */
    return memchr(buf, '\0', len) ? bad_inode(i, "symbolic link") : (int)len;
}

static const struct inode_ops file_inode_ops = {.evict = evict};
static const struct inode_ops link_inode_ops = {.readlink = readlink,
                                                .evict = evict};
