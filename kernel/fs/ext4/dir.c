/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * dir.c - directories.
 *
 * On disk a directory is a file of blocks, each full of entries. (The index
 * that large ones have is hidden in entries that look unused, so a plain scan
 * sees every name.) The first lookup reads the directory once and makes a hash
 * table of where the entries are; since nothing ever changes, a name that is
 * not in the table does not exist, and that answer costs no look at the disk.
 * The code server of the BEAM asks for tens of thousands of such names.
 */
#include <linux/stat.h>

#include "fs/ext4/ext4_priv.h"
#include "fs/readdir.h"
#include "lib/string.h"
#include "mem/slab.h"

#define INDEX_MAX (1u << 20) /* slots: a directory of half a million names */
#define FREE_SLOT UINT32_MAX

struct ext4_slot {
    uint32_t hash, offset; /* of the entry in the directory */
};

struct ext4_index {
    uint32_t mask;
    struct ext4_slot slots[];
};

void ext4_index_free(struct ext4_node *n)
{
    kfree(n->index);
}

/* --- entries --- */

/* A walk over the entries of a directory. */
struct scan {
    struct inode *dir;
    struct page *page; /* reference, or NULL */
    uint32_t offset;   /* of the next entry */
    uint32_t size;
};

static void scan_start(struct scan *s, struct inode *dir)
{
    *s = (struct scan){.dir = dir, .size = (uint32_t)dir->mapping.size};
}

static void scan_end(struct scan *s)
{
    if (s->page)
        page_put(s->page);
    s->page = NULL;
}

static int scan_page(struct scan *s)
{
    struct page *p;

    if (s->page && s->offset % PAGE_SIZE)
        return 0;
    scan_end(s);
    p = mapping_get(&s->dir->mapping, s->offset / PAGE_SIZE, false);
    if (IS_ERR(p))
        return PTR_ERR(p) == -ENXIO ? -EUCLEAN : (int)PTR_ERR(p);
    s->page = p;
    return 0;
}

/* Is the entry at (offset) whole and inside its block? */
static bool entry_ok(struct ext4 *fs, const struct ext4_dirent *e,
                     uint32_t offset)
{
    uint32_t left = fs->block_size - offset % fs->block_size;

    return left >= sizeof(*e) && e->rec_len >= sizeof(*e) &&
           e->rec_len % 4 == 0 && e->rec_len <= left &&
           sizeof(*e) + e->name_len <= e->rec_len && e->inode <= fs->inodes;
}

/* A name no path could lead to, or that would make listings lie. */
static bool name_ok(const struct ext4_dirent *e)
{
    return e->name_len && !memchr(e->name, '/', e->name_len) &&
           !memchr(e->name, '\0', e->name_len);
}

/* The next entry in use; valid until the next call. NULL at the end, or
 * ERR_PTR. *(at) is its offset. */
static const struct ext4_dirent *scan_next(struct scan *s, uint32_t *at)
{
    struct ext4 *fs = ((struct ext4_node *)s->dir->private)->fs;

    while (s->offset < s->size) {
        const struct ext4_dirent *e;
        int err = scan_page(s);

        if (err)
            return ERR_PTR(err);
        *at = s->offset;
        e = (const void *)((char *)page_virt(s->page) + s->offset % PAGE_SIZE);
        if (!entry_ok(fs, e, s->offset))
            return ERR_PTR(ext4_corrupt(fs, "directory %llu at byte %u",
                                        (unsigned long long)s->dir->ino,
                                        s->offset));
        s->offset += e->rec_len;
        if (e->inode && name_ok(e))
            return e;
    }
    return NULL;
}

static bool is_dots(const struct ext4_dirent *e)
{
    return e->name[0] == '.' &&
           (e->name_len == 1 || (e->name_len == 2 && e->name[1] == '.'));
}

/* --- the index --- */

static long count_entries(struct inode *dir)
{
    const struct ext4_dirent *e;
    struct scan s;
    uint32_t at;
    long n = 0;

    scan_start(&s, dir);
    while ((e = scan_next(&s, &at)) && !IS_ERR(e))
        n++;
    scan_end(&s);
    return IS_ERR(e) ? PTR_ERR(e) : n;
}

static void index_insert(struct ext4_index *x, uint32_t hash, uint32_t offset)
{
    uint32_t k = hash & x->mask;

    while (x->slots[k].offset != FREE_SLOT)
        k = (k + 1) & x->mask;
    x->slots[k] = (struct ext4_slot){hash, offset};
}

static int index_fill(struct inode *dir, struct ext4_index *x, long max)
{
    const struct ext4_dirent *e;
    struct scan s;
    uint32_t at;

    scan_start(&s, dir);
    while ((e = scan_next(&s, &at)) && !IS_ERR(e)) {
        if (!max--) /* it was re-read and is another now: a broken disk */
            e = ERR_PTR(-EIO);
        else
            index_insert(x, name_hash(e->name, e->name_len), at);
        if (IS_ERR(e))
            break;
    }
    scan_end(&s);
    return IS_ERR(e) ? (int)PTR_ERR(e) : 0;
}

/* The directory's index, made if need be; NULL if it is too large for one or
 * memory is short; ERR_PTR if the directory cannot be read. */
static struct ext4_index *index_of(struct inode *dir)
{
    struct ext4_node *n = dir->private;
    struct ext4_index *x = n->index, *expected = NULL;
    uint32_t slots = 8;
    long count;
    int err;

    if (likely(x))
        return x;
    count = count_entries(dir);
    if (count < 0)
        return ERR_PTR(count);
    while (slots < (unsigned long)count * 2)
        slots *= 2;
    if (slots > INDEX_MAX)
        return NULL;
    x = kmalloc(sizeof(*x) + slots * sizeof(x->slots[0]), ALLOC_NORETRY);
    if (!x)
        return NULL;
    x->mask = slots - 1;
    memset(x->slots, 0xff, slots * sizeof(x->slots[0]));
    err = index_fill(dir, x, count);
    if (err) {
        kfree(x);
        return ERR_PTR(err);
    }
    if (atomic_compare_exchange_strong(&n->index, &expected, x))
        return x;
    kfree(x);
    return expected;
}

/* --- lookup --- */

static bool name_is(const struct ext4_dirent *e, const char *name, size_t len)
{
    return e->name_len == len && !memcmp(e->name, name, len);
}

/* Inode number of the entry at (offset) if it has this name, 0 if not. */
static long number_at(struct inode *dir, uint32_t offset, const char *name,
                      size_t len)
{
    const struct ext4_dirent *e;
    struct scan s;
    uint32_t at;
    long ino;

    scan_start(&s, dir);
    s.offset = offset;
    e = scan_next(&s, &at);
    if (IS_ERR(e))
        ino = PTR_ERR(e);
    else
        ino = e && at == offset && name_is(e, name, len) ? (long)e->inode : 0;
    scan_end(&s);
    return ino;
}

static long find_indexed(struct inode *dir, struct ext4_index *x,
                         const char *name, size_t len)
{
    uint32_t hash = name_hash(name, len), k = hash & x->mask;

    for (; x->slots[k].offset != FREE_SLOT; k = (k + 1) & x->mask) {
        long ino;

        if (x->slots[k].hash != hash)
            continue;
        ino = number_at(dir, x->slots[k].offset, name, len);
        if (ino)
            return ino;
    }
    return -ENOENT;
}

static long find_linear(struct inode *dir, const char *name, size_t len)
{
    const struct ext4_dirent *e;
    struct scan s;
    uint32_t at;
    long ino;

    scan_start(&s, dir);
    while ((e = scan_next(&s, &at)) && !IS_ERR(e) && !name_is(e, name, len))
        ;
    ino = IS_ERR(e) ? PTR_ERR(e) : e ? (long)e->inode : -ENOENT;
    scan_end(&s);
    return ino;
}

static struct inode *lookup(struct inode *dir, const char *name, size_t len)
{
    struct ext4_index *x = index_of(dir);
    long ino;

    if (IS_ERR(x))
        return (void *)x;
    ino = x ? find_indexed(dir, x, name, len) : find_linear(dir, name, len);
    return ino < 0 ? ERR_PTR(ino) : ext4_inode_get(dir->sb, (uint64_t)ino);
}

/* --- listing --- */

/* Positions are offsets on disk. One that a program made up may point into an
 * entry: start from the block's first and skip what comes before it. */
static int readdir(struct file *f, struct dir_context *ctx)
{
    /* file_type to DT_*: unknown, file, directory, character device, block
     * device, FIFO, socket, link */
    static const uint8_t dtypes[8] = {0, 8, 4, 2, 6, 1, 12, 10};
    struct inode *dir = f->inode;
    struct ext4 *fs = ((struct ext4_node *)dir->private)->fs;
    const struct ext4_dirent *e;
    struct scan s;
    uint32_t at;

    if (f->pos >= dir->mapping.size)
        return 0;
    scan_start(&s, dir);
    s.offset = ALIGN_DOWN((uint32_t)f->pos, fs->block_size);
    while ((e = scan_next(&s, &at)) && !IS_ERR(e)) {
        unsigned type = fs->incompat & INCOMPAT_FILETYPE ? e->file_type & 7 : 0;

        if (at < f->pos)
            continue;
        if (!ctx->emit(ctx, e->name, e->name_len, e->inode,
                       is_dots(e) ? 4 : dtypes[type], s.offset))
            break;
        f->pos = s.offset;
    }
    scan_end(&s);
    return IS_ERR(e) ? (int)PTR_ERR(e) : 0;
}

static void evict(struct inode *i)
{
    struct ext4_node *n = i->private;

    ext4_index_free(n);
    kfree(n);
}

static int dir_fsync(struct file *f, bool data_only)
{
    (void)f;
    (void)data_only;
    return 0;
}

const struct inode_ops ext4_dir_inode_ops = {.lookup = lookup, .evict = evict};
const struct file_ops ext4_dir_file_ops = {
    .kind = "directory",
    .lseek = dir_lseek,
    .readdir = readdir,
    .fsync = dir_fsync,
};
