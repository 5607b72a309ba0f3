/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * text.c - open synthetic text files. The text is made at the first read and
 * again by each read at position 0, so that a program can keep such a file
 * open and rewind it.
 */
#include <linux/fs.h>

#include "fs/nodes.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/process.h"

static int make(struct text *t)
{
    int err;

    t->seq.len = 0;
    t->seq.failed = false;
    err = t->show ? t->show(t, &t->seq) : -EINVAL;
    if (!err && t->seq.failed)
        err = -ENOMEM;
    t->made = !err;
    return err;
}

static ssize_t text_read(struct file *f, struct uio *u, uint64_t *pos)
{
    struct text *t = f->private;
    ssize_t n = 0;

    /* Of the same rank as pos_lock, which read(2) holds: each file has its own
     * pair, always taken in this order. */
    mutex_lock_nested(&t->lock);
    if (*pos == 0 || !t->made)
        n = make(t);
    if (!n && *pos < t->seq.len)
        n = uio_copy_out(u, t->seq.buf + *pos, MIN(u->left, t->seq.len - *pos));
    mutex_unlock(&t->lock);
    if (n > 0)
        *pos += (uint64_t)n;
    return n;
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
