/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * text.c - open synthetic text files. The text is made at the first read and
 * again by each read at position 0, so that a program can keep such a file
 * open and rewind it. One that could get long is made in pieces, of which one
 * is kept; who goes back in it makes it from the beginning again.
 */
#include <linux/fs.h>

#include "fs/nodes.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/process.h"

/* The piece at t->cursor, which may be all. */
static int make(struct text *t)
{
    int err;

    t->seq.len = 0;
    t->seq.failed = false;
    t->more = false;
    err = t->show ? t->show(t, &t->seq) : -EINVAL;
    if (!err && t->seq.failed)
        err = -ENOMEM;
    t->made = !err;
    return err;
}

/* Make what holds (pos), or the end. */
static int find(struct text *t, uint64_t pos)
{
    int err = 0;

    if (pos == 0 || pos < t->start || !t->made) {
        t->start = t->cursor = 0;
        err = make(t);
    }
    while (!err && t->more && pos >= t->start + t->seq.len) {
        t->start += t->seq.len;
        err = make(t);
    }
    return err;
}

/* What the piece has from (pos) on. */
static ssize_t copy_piece(struct text *t, struct uio *u, uint64_t pos)
{
    uint64_t at = pos - t->start;

    if (at >= t->seq.len)
        return 0;
    return uio_copy_out(u, t->seq.buf + at, MIN(u->left, t->seq.len - at));
}

static ssize_t text_read(struct file *f, struct uio *u, uint64_t *pos)
{
    struct text *t = f->private;
    ssize_t n, got = 0;

    /* Of the same rank as pos_lock, which read(2) holds: each file has its own
     * pair, always taken in this order. */
    mutex_lock_nested(&t->lock);
    do {
        n = find(t, *pos);
        if (!n)
            n = copy_piece(t, u, *pos);
        if (n > 0) {
            got += n;
            *pos += (uint64_t)n;
        }
    } while (n > 0 && u->left && t->more);
    mutex_unlock(&t->lock);
    return got ? got : n;
}

static ssize_t text_write(struct file *f, struct uio *u, uint64_t *pos)
{
    struct text *t = f->private;
    size_t total = u->left;
    char *buf;
    ssize_t n;

    if (!t->store)
        return -EIO;
    if (total >= PAGE_SIZE)
        return -EINVAL;
    buf = kmalloc(total + 1, 0);
    if (!buf)
        return -ENOMEM;
    n = uio_copy_in(u, buf, total);
    if (n >= 0) {
        buf[n] = '\0';
        int err = t->store(t, buf, (size_t)n);
        n = err ? err : n;
    }
    kfree(buf);
    if (n > 0)
        *pos += (uint64_t)n;
    return n;
}

/* A text has no size, so no end to count from. */
static int64_t text_lseek(struct file *f, int64_t off, int whence)
{
    if (whence != SEEK_SET && whence != SEEK_CUR)
        return -EINVAL;
    return regular_lseek(f, off, whence);
}

static void text_release(struct file *f)
{
    struct text *t = f->private;

    if (t->process)
        process_put(t->process);
    kfree(t->seq.buf);
    kfree(t);
}

static const struct file_ops text_ops = {
    .kind = "text",
    .read = text_read,
    .write = text_write,
    .lseek = text_lseek,
    .release = text_release,
};

int text_open(struct file *f, text_show_fn *show, text_store_fn *store,
              void *arg, struct process *p, pid_t tid, int fd)
{
    struct text *t = kzalloc(sizeof(*t), 0);

    if (!t)
        return -ENOMEM;
    mutex_init(&t->lock, RANK_FILE_POS);
    t->show = show;
    t->store = store;
    t->arg = arg;
    t->tid = tid;
    t->fd = fd;
    t->process = p;
    if (p)
        process_get(p);
    f->private = t;
    f->ops = &text_ops;
    return 0;
}
