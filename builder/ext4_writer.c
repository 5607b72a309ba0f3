/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "ext4_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "ext4_priv.h"
#include "file.h"
#include "report.h"
#include "tree.h"

#define COPY_SIZE    (256 * 1024)
#define INODE_SIZE   256
#define SPARE_BLOCKS 16
#define MAX_TRIES    16
#define MAX_LINKS    65000
#define LABEL        "unibeam"

struct writer {
    struct ext4_job *job;
    struct ext4_plan plan;
    struct ext4_alloc alloc;
    uint8_t *copy; /* COPY_SIZE bytes */
};

static int ext4_fail(const struct writer *w, errcode_t err)
{
    return fail("cannot write '%s': %s", w->job->name, error_message(err));
}

/* ---- the empty file system ---- */

static void set_features(struct ext2_super_block *s)
{
    s->s_rev_level = EXT2_DYNAMIC_REV;
    s->s_inode_size = INODE_SIZE;
    s->s_feature_incompat =
        EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS;
    s->s_feature_ro_compat =
        EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER |
        EXT2_FEATURE_RO_COMPAT_LARGE_FILE | EXT4_FEATURE_RO_COMPAT_HUGE_FILE |
        EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE;
}

static errcode_t initialize(struct writer *w, uint64_t blocks)
{
    char name[] = LABEL, offset[48];
    struct ext2_super_block param = {0};
    ext2_filsys fs;
    errcode_t err;

    set_features(&param);
    param.s_log_block_size = 2; /* 1024 << 2 */
    param.s_log_cluster_size = 2;
    ext2fs_blocks_count_set(&param, blocks);
    param.s_inodes_count = (uint32_t)(EXT4_FIRST_INO - 1 + w->plan.n);
    err = ext2fs_initialize(w->job->path, EXT2_FLAG_64BITS, &param,
                            unix_io_manager, &fs);
    if (err)
        return err;
    w->alloc = (struct ext4_alloc){.fs = fs};
    snprintf(offset, sizeof(offset), "offset=%llu",
             (unsigned long long)w->job->offset);
    err = io_channel_set_options(fs->io, offset);
    fs->now = w->job->when > 0 ? w->job->when : 1;
    fs->super->s_mkfs_time = fs->super->s_lastcheck = (uint32_t)fs->now;
    fs->super->s_min_extra_isize = fs->super->s_want_extra_isize =
        sizeof(struct ext2_inode_large) - EXT2_GOOD_OLD_INODE_SIZE;
    fs->super->s_max_mnt_count = -1;
    memcpy(fs->super->s_volume_name, name, sizeof(name) - 1);
    if (!err)
        err = ext2fs_allocate_tables(fs);
    return err;
}

static void drop_fs(struct writer *w)
{
    if (w->alloc.fs)
        ext2fs_free(w->alloc.fs);
    w->alloc.fs = NULL;
}

/* The library reads blocks it has not written yet: to the file's end they are
 * holes. */
static int reserve_file(struct writer *w)
{
    uint64_t size = ext2fs_blocks_count(w->alloc.fs->super) * EXT4_BLOCK;

    if (ftruncate(w->job->fd, (off_t)(w->job->offset + size)))
        return fail("cannot write '%s': %s", w->job->name, strerror(errno));
    return 0;
}

/* The library rounds, and gives up a last group that is too small: try until
 * there is room for everything. */
static int make_fs(struct writer *w)
{
    uint64_t need = w->plan.blocks + SPARE_BLOCKS + 1; /* lost+found */
    uint64_t blocks = need + 32 + w->plan.n * INODE_SIZE / EXT4_BLOCK;

    for (int i = 0; i < MAX_TRIES; i++) {
        errcode_t err = initialize(w, blocks);
        uint64_t room = 0;

        if (err && err != EXT2_ET_TOOSMALL)
            return ext4_fail(w, err);
        if (!err)
            room = ext2fs_free_blocks_count(w->alloc.fs->super);
        if (room >= need)
            return reserve_file(w);
        blocks += need - room;
        if (i > 2)
            blocks += 1024;
        drop_fs(w);
    }
    return fail("cannot lay out a file system of %llu blocks",
                (unsigned long long)need);
}

/* ---- directories and links ---- */

static int write_dir(struct writer *w, const struct node *dir)
{
    unsigned links = 2;
    uint32_t n = ext4_dir_blocks(dir);
    ext2_filsys fs = w->alloc.fs;
    struct ext4_inode inode;
    uint8_t *blocks = xcalloc(n, EXT4_BLOCK);
    errcode_t err;

    for (size_t i = 0; i < dir->nchild; i++)
        links += dir->child[i]->type == NODE_DIR;
    ext4_dir_fill(fs, dir, blocks);
    err = ext4_inode_start(&w->alloc, &inode, dir->ino,
                           LINUX_S_IFDIR | dir->mode, w->job->when);
    for (blk64_t at = 0, start, got; at < n && !err; at += got) {
        err = ext4_inode_extend(&w->alloc, &inode, at, n - at, &start, &got);
        for (blk64_t i = 0; !err && i < got; i++)
            err = ext2fs_write_dir_block4(
                fs, start + i, blocks + (at + i) * EXT4_BLOCK, 0, dir->ino);
    }
    /* dir_nlink: 1 stands for more than can be counted */
    if (!err)
        err =
            ext4_inode_finish(&w->alloc, &inode, links < MAX_LINKS ? links : 1,
                              (uint64_t)n * EXT4_BLOCK);
    else
        ext4_inode_drop(&inode);
    free(blocks);
    return err ? ext4_fail(w, err) : 0;
}

static errcode_t write_block(struct writer *w, blk64_t block, const char *text,
                             size_t len)
{
    memset(w->copy, 0, EXT4_BLOCK);
    memcpy(w->copy, text, len);
    return io_channel_write_blk64(w->alloc.fs->io, block, 1, w->copy);
}

static int write_link(struct writer *w, const struct node *n)
{
    size_t len = strlen(n->target);
    struct ext4_inode inode;
    blk64_t start, got;
    errcode_t err;

    err = ext4_inode_start(&w->alloc, &inode, n->ino, LINUX_S_IFLNK | n->mode,
                           w->job->when);
    if (!err && len < sizeof(inode.raw.i_block)) {
        memcpy(inode.raw.i_block, n->target, len);
    } else if (!err) {
        err = ext4_inode_extend(&w->alloc, &inode, 0, 1, &start, &got);
        if (!err)
            err = write_block(w, start, n->target, len);
    }
    if (!err)
        err = ext4_inode_finish(&w->alloc, &inode, n->names, len);
    else
        ext4_inode_drop(&inode);
    return err ? ext4_fail(w, err) : 0;
}

/* ---- files ---- */

static int changed(const struct node *n)
{
    return fail("'%s' changed while the image was built", n->host);
}

/* Is the open file still what was looked at when the tree was made? */
static bool unchanged(const struct node *n, int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           (uint64_t)st.st_size == n->size &&
           st.st_mtim.tv_sec == n->mtime.tv_sec &&
           st.st_mtim.tv_nsec == n->mtime.tv_nsec;
}

static int open_source(const struct node *n)
{
    int fd;

    if (!n->host)
        return -1;
    /* it may be a pipe now, which nobody writes to */
    fd = open(n->host, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return fail("cannot open '%s': %s", n->host, strerror(errno));
    if (!unchanged(n, fd)) {
        close(fd);
        return changed(n);
    }
    return fd;
}

/* Fill the copy buffer from the file's (offset). */
static int read_source(struct writer *w, const struct node *n, int fd,
                       uint64_t offset, size_t len)
{
    ssize_t got;

    if (!n->host) {
        memcpy(w->copy, n->data + offset, len);
        return 0;
    }
    got = file_pread(fd, w->copy, len, offset);
    if (got < 0)
        return fail("cannot read '%s': %s", n->host, strerror(errno));
    return (size_t)got == len ? 0 : changed(n);
}

/* Copy (count) blocks of the file, from its block (lblk), to (block). */
static int copy_blocks(struct writer *w, const struct node *n, int fd,
                       blk64_t lblk, blk64_t block, blk64_t count)
{
    uint64_t from = lblk * EXT4_BLOCK, end = from + count * EXT4_BLOCK;
    uint64_t to = w->job->offset + block * EXT4_BLOCK;

    if (end > n->size)
        end = n->size; /* the rest of the last block is a hole: zeros */
    while (from < end) {
        size_t len = end - from < COPY_SIZE ? end - from : COPY_SIZE;

        if (read_source(w, n, fd, from, len))
            return -1;
        digest_add(w->job->digest, w->copy, len);
        if (file_pwrite(w->job->fd, w->job->name, w->copy, len, to))
            return -1;
        progress_add(len);
        from += len;
        to += len;
    }
    return 0;
}

/* Copy the blocks from (lblk) to (end), none of which is left out. */
static int write_run(struct writer *w, struct ext4_inode *inode,
                     const struct node *n, int fd, blk64_t lblk, blk64_t end)
{
    while (lblk < end) {
        blk64_t start, got;
        errcode_t err =
            ext4_inode_extend(&w->alloc, inode, lblk, end - lblk, &start, &got);

        if (err)
            return ext4_fail(w, err);
        if (copy_blocks(w, n, fd, lblk, start, got))
            return -1;
        lblk += got;
    }
    return 0;
}

static int write_content(struct writer *w, struct ext4_inode *inode,
                         const struct node *n, int fd)
{
    blk64_t blocks = (n->size + EXT4_BLOCK - 1) / EXT4_BLOCK, at = 0;

    for (size_t i = 0; i < n->nzeros; i++) {
        const struct zero_run *z = &n->zeros[i];

        digest_add(w->job->digest, z, sizeof(*z));
        if (write_run(w, inode, n, fd, at, z->first))
            return -1;
        at = (blk64_t)z->first + z->count;
    }
    return write_run(w, inode, n, fd, at, blocks);
}

static int write_file(struct writer *w, const struct node *n)
{
    struct ext4_inode inode;
    errcode_t err;
    int fd = -1, r;

    if (n->host) {
        fd = open_source(n);
        if (fd < 0)
            return -1;
    }
    err = ext4_inode_start(&w->alloc, &inode, n->ino, LINUX_S_IFREG | n->mode,
                           w->job->when);
    r = err ? ext4_fail(w, err) : write_content(w, &inode, n, fd);
    if (!r && fd >= 0 && !unchanged(n, fd)) /* while it was read */
        r = changed(n);
    if (fd >= 0)
        close(fd);
    if (r) {
        ext4_inode_drop(&inode);
        return r;
    }
    err = ext4_inode_finish(&w->alloc, &inode, n->names, n->size);
    return err ? ext4_fail(w, err) : 0;
}

/* ---- everything ---- */

/* e2fsck wants it; it is empty. */
static int add_lost_found(struct writer *w)
{
    struct node *n = tree_dir(w->job->tree, "/lost+found", "part of ext4");

    if (!n)
        return -1;
    n->mode = 0700;
    return 0;
}

static int hash_node(struct node *n, void *arg)
{
    struct digest *d = arg;
    char *path = tree_path(n), attr[64];

    digest_adds(d, path);
    snprintf(attr, sizeof(attr), "%d %o %llu %u", (int)n->type, n->mode,
             (unsigned long long)n->size, n->same_as ? n->same_as->ino : 0);
    digest_adds(d, attr);
    if (n->type == NODE_LINK)
        digest_adds(d, n->target);
    free(path);
    return 0;
}

static int write_nodes(struct writer *w)
{
    int r = write_dir(w, w->job->tree->root);

    for (size_t i = 0; i < w->plan.n && !r; i++) {
        const struct node *n = w->plan.node[i];

        r = n->type == NODE_DIR    ? write_dir(w, n)
            : n->type == NODE_LINK ? write_link(w, n)
                                   : write_file(w, n);
    }
    return r;
}

static int finish(struct writer *w)
{
    struct ext2_super_block *s = w->alloc.fs->super;
    uint8_t hash[DIGEST_SIZE];
    errcode_t err;

    digest_get(w->job->digest, hash);
    digest_uuid(hash, "ext4 uuid", s->s_uuid);
    digest_uuid(hash, "ext4 hash seed", (uint8_t *)s->s_hash_seed);
    w->job->bytes = ext2fs_blocks_count(s) * EXT4_BLOCK;
    err = ext2fs_close2(w->alloc.fs, EXT2_FLAG_FLUSH_NO_SYNC);
    if (!err)
        w->alloc.fs = NULL;
    return err ? ext4_fail(w, err) : 0;
}

static void reserve_inodes(struct writer *w)
{
    for (ext2_ino_t i = 1; i < EXT4_FIRST_INO; i++)
        ext2fs_inode_alloc_stats2(w->alloc.fs, i, +1, i == EXT2_ROOT_INO);
}

int ext4_write(struct ext4_job *job)
{
    struct writer w = {.job = job};
    char attr[32];
    int r;

    add_error_table(&et_ext2_error_table);
    r = add_lost_found(&w) || ext4_plan_make(&w.plan, job->tree);
    if (!r) {
        snprintf(attr, sizeof(attr), "%lld", (long long)job->when);
        digest_adds(job->digest, attr);
        tree_walk(job->tree, hash_node, job->digest);
        w.copy = xcalloc(1, COPY_SIZE);
        r = make_fs(&w);
    }
    if (!r) {
        reserve_inodes(&w);
        progress_start(job->progress, "writing", w.plan.bytes);
        r = write_nodes(&w) || finish(&w);
        if (!r)
            progress_end();
    }
    drop_fs(&w);
    ext4_plan_release(&w.plan);
    free(w.copy);
    remove_error_table(&et_ext2_error_table);
    return r ? -1 : 0;
}
