/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * super.c - mounting ext2, ext3 and ext4 file systems, read-only.
 *
 * Read-only for good: nothing here can write. So the journal is not replayed;
 * a file system that was not unmounted cleanly is mounted with a warning, as
 * its last state before the journal's open transactions.
 */
#include <linux/magic.h>
#include <stdarg.h>

#include "dev/blockdev.h"
#include "fs/ext4/ext4_priv.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"

#define COMPLAINTS_MAX 20

int ext4_corrupt(struct ext4 *fs, const char *fmt, ...)
{
    unsigned n = atomic_fetch_add(&fs->complaints, 1);
    char text[200];
    va_list ap;

    if (n >= COMPLAINTS_MAX) {
        atomic_fetch_sub(&fs->complaints, 1);
        return -EUCLEAN;
    }
    va_start(ap, fmt);
    kvsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    kerr("ext4 on %s is damaged: %s%s", fs->dev->name, text,
         n == COMPLAINTS_MAX - 1 ? " (no further reports)" : "");
    return -EUCLEAN;
}

/* --- features --- */

#define INCOMPAT_DONE                                                          \
    (INCOMPAT_FILETYPE | INCOMPAT_RECOVER | INCOMPAT_EXTENTS |                 \
     INCOMPAT_64BIT | INCOMPAT_FLEX_BG | INCOMPAT_EA_INODE |                   \
     INCOMPAT_CSUM_SEED | INCOMPAT_LARGEDIR)

static const char *feature_name(uint32_t bit)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        {INCOMPAT_COMPRESSION, "compression"},
        {INCOMPAT_JOURNAL_DEV, "journal_dev"},
        {INCOMPAT_META_BG, "meta_bg"},
        {INCOMPAT_MMP, "mmp"},
        {INCOMPAT_DIRDATA, "dirdata"},
        {INCOMPAT_INLINE_DATA, "inline_data"},
        {INCOMPAT_ENCRYPT, "encrypt"},
        {INCOMPAT_CASEFOLD, "casefold"},
    };

    for (size_t k = 0; k < ARRAY_SIZE(names); k++)
        if (names[k].bit == bit)
            return names[k].name;
    return NULL;
}

static int check_features(struct ext4 *fs, const struct ext4_super_disk *s)
{
    uint32_t unknown = fs->incompat & ~INCOMPAT_DONE;
    const char *name;

    if (!unknown) {
        if (fs->incompat & INCOMPAT_RECOVER)
            kwarn("ext4 on %s was not unmounted cleanly: its journal is not "
                  "replayed, recent changes may be missing",
                  fs->dev->name);
        if (s->state & EXT4_STATE_ERRORS)
            kwarn("ext4 on %s has recorded errors: run e2fsck", fs->dev->name);
        return 0;
    }
    unknown &= -unknown; /* the lowest */
    name = feature_name(unknown);
    if (name)
        kerr("ext4 on %s has the feature %s, which is not supported",
             fs->dev->name, name);
    else
        kerr("ext4 on %s has an unknown feature (incompat 0x%x)", fs->dev->name,
             unknown);
    return -EOPNOTSUPP;
}

/* --- geometry --- */

static bool power_of_2(uint32_t v)
{
    return v && !(v & (v - 1));
}

static int check_sizes(struct ext4 *fs, const struct ext4_super_disk *s)
{
    if (s->log_block_size > 6)
        return ext4_corrupt(fs, "block size 1024 << %u", s->log_block_size);
    if (s->log_block_size > 2) {
        kerr("ext4 on %s has blocks of %u bytes, at most 4096 are supported",
             fs->dev->name, 1024u << s->log_block_size);
        return -EOPNOTSUPP;
    }
    fs->block_bits = 10 + s->log_block_size;
    fs->block_size = 1u << fs->block_bits;
    fs->inode_size = s->rev_level ? s->inode_size : EXT4_INODE_MIN;
    fs->desc_size = fs->incompat & INCOMPAT_64BIT ? s->desc_size : 32;
    if (fs->inode_size < EXT4_INODE_MIN || fs->inode_size > fs->block_size ||
        !power_of_2(fs->inode_size))
        return ext4_corrupt(fs, "inode size %u", fs->inode_size);
    if (fs->desc_size < 32 || fs->desc_size > 1024 ||
        !power_of_2(fs->desc_size) ||
        ((fs->incompat & INCOMPAT_64BIT) && fs->desc_size < 64))
        return ext4_corrupt(fs, "group descriptor size %u", fs->desc_size);
    return 0;
}

static int check_counts(struct ext4 *fs, const struct ext4_super_disk *s)
{
    uint64_t device = fs->dev->sectors * 512 >> fs->block_bits, groups;
    bool wide = fs->incompat & INCOMPAT_64BIT;
    bool bigalloc = s->rev_level && s->feature_ro_compat & RO_COMPAT_BIGALLOC;

    fs->blocks =
        s->blocks_count_lo | (wide ? (uint64_t)s->blocks_count_hi << 32 : 0);
    fs->free_blocks =
        s->free_blocks_lo | (wide ? (uint64_t)s->free_blocks_hi << 32 : 0);
    fs->inodes = s->inodes_count;
    fs->free_inodes = s->free_inodes;
    fs->inodes_per_group = s->inodes_per_group;
    fs->first_data_block = s->first_data_block;
    /* Clusters are counted from block 0. */
    if (fs->first_data_block != (fs->block_bits == 10 && !bigalloc))
        return ext4_corrupt(fs, "first data block %u", fs->first_data_block);
    if (fs->blocks > device || fs->blocks <= fs->first_data_block + 1)
        return ext4_corrupt(fs, "%llu blocks on a device of %llu",
                            (unsigned long long)fs->blocks,
                            (unsigned long long)device);
    /* At most what one bitmap block can describe; bigalloc has more blocks
     * than clusters, at most 2^28. */
    if (!s->blocks_per_group || s->blocks_per_group > 1u << 28 ||
        !fs->inodes_per_group || fs->inodes_per_group > fs->block_size * 8)
        return ext4_corrupt(fs, "%u blocks, %u inodes per group",
                            s->blocks_per_group, fs->inodes_per_group);
    groups = (fs->blocks - fs->first_data_block + s->blocks_per_group - 1) /
             s->blocks_per_group;
    if (groups * fs->inodes_per_group != fs->inodes)
        return ext4_corrupt(fs, "%u inodes in %llu groups of %u", fs->inodes,
                            (unsigned long long)groups, fs->inodes_per_group);
    fs->groups = (uint32_t)groups;
    return 0;
}

static int read_super(struct ext4 *fs)
{
    struct ext4_super_disk *s = kmalloc(sizeof(*s), 0);
    int err;

    if (!s)
        return -ENOMEM;
    err = blockdev_read(fs->dev, EXT4_SUPER_OFFSET / 512, s, sizeof(*s));
    if (!err && s->magic != EXT4_MAGIC) {
        kerr("%s holds no ext4 file system", fs->dev->name);
        err = -EINVAL;
    }
    if (!err) {
        fs->incompat = s->rev_level ? s->feature_incompat : 0;
        err = check_features(fs, s);
    }
    if (!err)
        err = check_sizes(fs, s);
    if (!err)
        err = check_counts(fs, s);
    kfree(s);
    return err;
}

/* --- mounting --- */

static int ext4_statfs(struct super_block *sb, struct statfs_info *out)
{
    struct ext4 *fs = sb->private;

    out->blocks = fs->blocks;
    out->bfree = out->bavail = fs->free_blocks;
    out->files = fs->inodes;
    out->ffree = fs->free_inodes;
    return 0;
}

bool ext4_has_label(struct blockdev *dev, const char *label)
{
    struct ext4_super_disk *s = kmalloc(sizeof(*s), 0);
    size_t len = strlen(label);
    bool same;

    if (!s)
        return false;
    same = len && len <= sizeof(s->volume_name) &&
           !blockdev_read(dev, EXT4_SUPER_OFFSET / 512, s, sizeof(*s)) &&
           s->magic == EXT4_SUPER_MAGIC &&
           strnlen(s->volume_name, sizeof(s->volume_name)) == len &&
           !memcmp(s->volume_name, label, len);
    kfree(s);
    return same;
}

static int fill(struct super_block *sb, struct ext4 *fs)
{
    int err = read_super(fs);

    if (err)
        return err;
    mapping_init(&fs->meta, &ext4_meta_ops, fs, 0);
    fs->meta.size = fs->blocks << fs->block_bits;
    sb->block_size = fs->block_size;
    sb->root = ext4_inode_get(sb, EXT4_ROOT_INO);
    if (IS_ERR(sb->root)) {
        err = (int)PTR_ERR(sb->root);
    } else if (!sb->root->ops->lookup) {
        inode_put(sb->root);
        err = ext4_corrupt(fs, "the root is not a directory");
    }
    if (err)
        mapping_destroy(&fs->meta);
    return err;
}

struct super_block *ext4_mount(struct blockdev *dev)
{
    struct super_block *sb = super_alloc("ext4", EXT4_SUPER_MAGIC);
    struct ext4 *fs = kzalloc(sizeof(*fs), 0);
    int err = sb && fs ? 0 : -ENOMEM;

    if (!err) {
        fs->dev = dev;
        fs->sb = sb;
        sb->private = fs;
        sb->readonly = true;
        sb->dev = make_rdev(dev->major, dev->minor);
        sb->statfs = ext4_statfs;
        err = fill(sb, fs);
    }
    if (!err)
        return sb;
    kfree(fs);
    kfree(sb);
    return ERR_PTR(err);
}
