/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Directories as plain lists of entries (no hash tree), in name order.
 */
#include <string.h>

#include "ext4_priv.h"
#include "tree.h"

#define HEADER 8 /* of an entry, before its name */

static unsigned entry_size(size_t name_len)
{
    return (unsigned)(HEADER + name_len + 3) & ~3u;
}

/* Where the next entry goes. */
struct filler {
    ext2_filsys fs;
    uint8_t *blocks; /* NULL: only count */
    uint32_t nblocks;
    unsigned used; /* bytes of the last block */
    struct ext2_dir_entry *last;
};

/* The last entry of a block reaches to its end. */
static void close_block(struct filler *f, unsigned used)
{
    unsigned len;

    if (!f->last)
        return;
    ext2fs_get_rec_len(f->fs, f->last, &len);
    ext2fs_set_rec_len(f->fs, len + EXT4_BLOCK - used, f->last);
}

static void put(struct filler *f, uint32_t ino, int type, const char *name)
{
    size_t len = strlen(name);
    unsigned size = entry_size(len);

    if (f->nblocks == 0 || f->used + size > EXT4_BLOCK) {
        close_block(f, f->used);
        f->nblocks++;
        f->used = 0;
    }
    if (f->blocks) {
        f->last = (void *)(f->blocks + (size_t)(f->nblocks - 1) * EXT4_BLOCK +
                           f->used);
        f->last->inode = ino;
        ext2fs_set_rec_len(f->fs, size, f->last);
        ext2fs_dirent_set_name_len(f->last, (int)len);
        ext2fs_dirent_set_file_type(f->last, type);
        memcpy(f->last->name, name, len);
    }
    f->used += size;
}

static int file_type(const struct node *n)
{
    switch (n->type) {
    case NODE_DIR:
        return EXT2_FT_DIR;
    case NODE_LINK:
        return EXT2_FT_SYMLINK;
    default:
        return EXT2_FT_REG_FILE;
    }
}

static void put_all(struct filler *f, const struct node *dir)
{

    put(f, dir->ino, EXT2_FT_DIR, ".");
    put(f, dir->parent->ino, EXT2_FT_DIR, "..");
    for (size_t i = 0; i < dir->nchild; i++) {
        const struct node *n = dir->child[i];

        put(f, n->same_as ? n->same_as->ino : n->ino, file_type(n), n->name);
    }
    close_block(f, f->used);
}

uint32_t ext4_dir_blocks(const struct node *dir)
{
    struct filler f = {0};

    put_all(&f, dir);
    return f.nblocks;
}

void ext4_dir_fill(ext2_filsys fs, const struct node *dir, uint8_t *blocks)
{
    struct filler f = {.fs = fs, .blocks = blocks};

    put_all(&f, dir);
}
