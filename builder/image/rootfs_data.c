/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Content is read straight from the image: the library says where it lies.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "image/rootfs_priv.h"
#include "report.h"

#define COPY_SIZE (256 * 1024)

struct reader {
    struct rootfs *r;
    const struct rootfs_file *f;
    rootfs_sink *sink;
    void *ctx;
    uint8_t *copy;
    /* the run of blocks that waits to be read */
    uint64_t first; /* in the file */
    uint64_t block; /* on disk */
    uint64_t count;
    uint64_t next; /* no block of the file before this one comes any more */
    int failed;
};

static int damaged(const struct reader *d)
{
    return fail("'%s' is damaged: the blocks of '%s' are out of order",
                d->r->img->path, d->f->path);
}

/* Read what waits, and give it away. */
static int flush_run(struct reader *d)
{
    uint64_t block = d->r->fs->blocksize;
    uint64_t at = d->first * block, end = at + d->count * block;
    uint64_t from = d->r->offset + d->block * block;

    d->count = 0;
    if (end > d->f->size)
        end = d->f->size;
    while (at < end) {
        size_t len = end - at < COPY_SIZE ? end - at : COPY_SIZE;
        ssize_t got = file_pread(d->r->img->fd, d->copy, len, from);

        if (got < 0)
            return fail("cannot read '%s': %s", d->r->img->path,
                        strerror(errno));
        if ((size_t)got != len)
            return fail("'%s' is damaged: '%s' is cut off", d->r->img->path,
                        d->f->path);
        if (d->sink(d->ctx, d->copy, len, at))
            return -1;
        at += len;
        from += len;
    }
    return 0;
}

static int add_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t at,
                     blk64_t ref_block, int ref_offset, void *priv)
{
    struct reader *d = priv;

    if (at < 0)
        return 0;
    if ((uint64_t)at < d->next || *block >= ext2fs_blocks_count(fs->super)) {
        d->failed = damaged(d);
        return BLOCK_ABORT;
    }
    d->next = (uint64_t)at + 1;
    if (d->count && (uint64_t)at == d->first + d->count &&
        *block == d->block + d->count) {
        d->count++;
        return 0;
    }
    if (d->count)
        d->failed = flush_run(d);
    d->first = (uint64_t)at;
    d->block = *block;
    d->count = 1;
    return d->failed ? BLOCK_ABORT : 0;
}

int rootfs_read(struct rootfs *r, const struct rootfs_file *f,
                rootfs_sink *sink, void *ctx)
{
    struct reader d = {.r = r, .f = f, .sink = sink, .ctx = ctx};
    errcode_t err;

    d.copy = xcalloc(1, COPY_SIZE);
    err = ext2fs_block_iterate3(r->fs, f->ino,
                                BLOCK_FLAG_DATA_ONLY | BLOCK_FLAG_READ_ONLY,
                                NULL, add_block, &d);
    if (err && !d.failed)
        d.failed = rootfs_fail(r, f->path, err);
    if (!d.failed && d.count)
        d.failed = flush_run(&d);
    free(d.copy);
    return d.failed ? -1 : 0;
}

/* ---- small files ---- */

static int load_piece(void *ctx, const void *data, size_t len, uint64_t at)
{
    struct buf *out = ctx;

    while (out->len < at)
        buf_add(out, "", 1);
    buf_add(out, data, len);
    return 0;
}

int rootfs_load(struct rootfs *r, const char *path, size_t max, struct buf *out)
{
    struct rootfs_file f;
    int status = rootfs_find(r, path, true, &f);

    if (!status && !S_ISREG(f.mode))
        status = fail("'%s' in '%s' is not a file", path, r->img->path);
    if (!status && f.size > max)
        status = fail("'%s' in '%s' is too large", path, r->img->path);
    if (!status)
        status = rootfs_read(r, &f, load_piece, out);
    rootfs_file_release(&f);
    return status;
}

static errcode_t write_all(ext2_file_t file, const struct buf *text)
{
    unsigned done = 0, n;
    errcode_t err = 0;

    while (!err && done < text->len) {
        err = ext2fs_file_write(file, text->data + done,
                                (unsigned)text->len - done, &n);
        done += err ? 0 : n;
    }
    return err;
}

static errcode_t replace(struct rootfs *r, uint32_t ino, const struct buf *text)
{
    errcode_t err = ext2fs_read_bitmaps(r->fs), closed;
    ext2_file_t file;

    /* the file system's own time, and not the clock: the same change makes the
     * same image */
    r->fs->now = r->fs->super->s_wtime;
    if (!err)
        err = ext2fs_file_open(r->fs, ino, EXT2_FILE_WRITE, &file);
    if (err)
        return err;
    err = write_all(file, text);
    if (!err)
        err = ext2fs_file_set_size2(file, (ext2_off64_t)text->len);
    closed = ext2fs_file_close(file);
    return err ? err : closed;
}

int rootfs_replace(struct rootfs *r, const char *path, const struct buf *text)
{
    struct rootfs_file f;
    errcode_t err;
    int status = rootfs_find(r, path, true, &f);

    if (!status) {
        err = replace(r, f.ino, text);
        if (err)
            status = fail("cannot write '%s' in '%s': %s", path, r->img->path,
                          error_message(err));
    }
    rootfs_file_release(&f);
    return status;
}
