/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * dev_memory.c - /dev/null, zero, full, random, urandom and kmsg.
 * Numbers: Linux's Documentation/admin-guide/devices.txt, major 1.
 */
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "dev/random.h"
#include "fs/fs_priv.h"
#include "fs/poll.h"
#include "lib/log.h"
#include "lib/log_ring.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/mm.h"
#include "mem/slab.h"
#include "proc/fdtable.h"
#include "sched/cpu.h"

static ssize_t null_read(struct file *f, struct uio *u, uint64_t *pos)
{
    (void)f;
    (void)u;
    (void)pos;
    return 0;
}

static ssize_t null_write(struct file *f, struct uio *u, uint64_t *pos)
{
    size_t n = u->left;

    (void)f;
    (void)pos;
    uio_advance(u, n);
    return (ssize_t)n;
}

/* Move some bytes; how many, or -errno. */
typedef ssize_t step_fn(struct uio *u);

/* All that is asked for, unless a signal comes: it may be gigabytes. */
static ssize_t move_all(struct uio *u, step_fn *step)
{
    ssize_t done = 0;

    while (u->left) {
        ssize_t n = step(u);

        if (n <= 0)
            return done ? done : n;
        done += n;
        if (signal_pending())
            break;
        cond_resched();
    }
    return done;
}

static ssize_t zero_step(struct uio *u)
{
    return uio_zero(u, MIN(u->left, 16 * PAGE_SIZE));
}

static ssize_t zero_read(struct file *f, struct uio *u, uint64_t *pos)
{
    (void)f;
    (void)pos;
    return move_all(u, zero_step);
}

static ssize_t full_write(struct file *f, struct uio *u, uint64_t *pos)
{
    (void)f;
    (void)u;
    (void)pos;
    return -ENOSPC;
}

static int64_t null_lseek(struct file *f, int64_t off, int whence)
{
    (void)off;
    (void)whence;
    return (int64_t)(f->pos = 0);
}

static ssize_t random_out(struct uio *u)
{
    uint8_t buf[256];
    size_t want = MIN(u->left, sizeof(buf));

    random_bytes(buf, want);
    return uio_copy_out(u, buf, want);
}

static ssize_t random_read(struct file *f, struct uio *u, uint64_t *pos)
{
    (void)f;
    (void)pos;
    return move_all(u, random_out);
}

static ssize_t random_in(struct uio *u)
{
    uint8_t buf[256];
    ssize_t n = uio_copy_in(u, buf, MIN(u->left, sizeof(buf)));

    if (n > 0)
        random_add(buf, (size_t)n);
    return n;
}

static ssize_t random_write(struct file *f, struct uio *u, uint64_t *pos)
{
    (void)f;
    (void)pos;
    return move_all(u, random_in);
}

/* There is always some; /dev/urandom has no such operation in Linux, and so
 * epoll refuses it. */
static uint32_t random_poll(struct file *f, struct poll_table *pt)
{
    (void)f;
    (void)pt;
    return EV_IN | EV_RDNORM;
}

/* /dev/kmsg: a read gives one record, "level,sequence,microseconds,-;text\n"
 * (Documentation/ABI/testing/dev-kmsg). The ring has lines "<L>[time] text". */
struct kmsg {
    uint64_t seq;
    char line[1024];
};

static int kmsg_open(struct inode *i, struct file *f)
{
    struct kmsg *k = kmalloc(sizeof(*k), 0);

    (void)i;
    if (!k)
        return -ENOMEM;
    k->seq = log_oldest();
    f->private = k;
    return 0;
}

/* The "[seconds.micro]" of a line to microseconds; *(text) moves past it. */
static uint64_t parse_stamp(const char **text)
{
    const char *p = *text;
    uint64_t sec, usec = 0;

    if (*p++ != '[')
        return 0;
    while (*p == ' ')
        p++;
    sec = str_to_u64(p, &p, 10);
    if (*p == '.')
        usec = str_to_u64(p + 1, &p, 10);
    if (*p != ']')
        return 0;
    *text = p[1] == ' ' ? p + 2 : p + 1;
    return sec * 1000000 + usec;
}

static ssize_t kmsg_emit(struct uio *u, char *line, uint64_t seq)
{
    char record[1152];
    const char *text = line;
    unsigned level = 6;
    uint64_t when;
    size_t n;

    if (line[0] == '<' && line[1] && line[2] == '>') {
        level = (unsigned)(line[1] - '0') & 7;
        text += 3;
    }
    when = parse_stamp(&text);
    n = (size_t)ksnprintf(record, sizeof(record), "%u,%llu,%llu,-;%s\n", level,
                          (unsigned long long)seq, (unsigned long long)when,
                          text);
    n = MIN(n, sizeof(record) - 1);
    return u->left < n ? -EINVAL : uio_copy_out(u, record, n);
}

static ssize_t kmsg_read(struct file *f, struct uio *u, uint64_t *pos)
{
    struct kmsg *k = f->private;
    uint64_t seq = k->seq, start;
    size_t n = log_read(&seq, k->line, sizeof(k->line) - 1), len;
    char *end;

    (void)pos;
    if (!n) /* the log has no queue to wait on: as if O_NONBLOCK */
        return -EAGAIN;
    start = seq - n;
    k->line[n] = '\0';
    end = memchr(k->line, '\n', n);
    len = end ? (size_t)(end - k->line) + 1 : n;
    if (end)
        *end = '\0';
    k->seq = start + len;
    return kmsg_emit(u, k->line, start);
}

static ssize_t kmsg_write(struct file *f, struct uio *u, uint64_t *pos)
{
    char line[256];
    size_t total = u->left;
    ssize_t n = uio_copy_in(u, line, MIN(total, sizeof(line) - 1));
    char *text = line;

    (void)f;
    (void)pos;
    if (n < 0)
        return n;
    line[n] = '\0';
    if (n && line[n - 1] == '\n')
        line[n - 1] = '\0';
    if (text[0] == '<' && strchr(text, '>')) /* a level: ours is INFO */
        text = strchr(text, '>') + 1;
    klog(LOG_INFO, "%s", text);
    return (ssize_t)total;
}

static int64_t kmsg_lseek(struct file *f, int64_t off, int whence)
{
    struct kmsg *k = f->private;

    if (off)
        return -ESPIPE;
    if (whence == SEEK_SET)
        k->seq = log_oldest();
    else if (whence == SEEK_END)
        k->seq = log_position();
    else
        return -EINVAL;
    return 0;
}

static void kmsg_release(struct file *f)
{
    kfree(f->private);
}

static const struct file_ops null_ops = {
    .kind = "null",
    .read = null_read,
    .write = null_write,
    .lseek = null_lseek,
};
static const struct file_ops zero_ops = {
    .kind = "zero",
    .read = zero_read,
    .write = null_write,
    .lseek = null_lseek,
    .zeros = true,
};
static const struct file_ops full_ops = {
    .kind = "full",
    .read = zero_read,
    .write = full_write,
    .lseek = null_lseek,
};
static const struct file_ops random_ops = {.kind = "random",
                                           .read = random_read,
                                           .write = random_write,
                                           .poll = random_poll,
                                           .lseek = null_lseek};
static const struct file_ops urandom_ops = {.kind = "urandom",
                                            .read = random_read,
                                            .write = random_write,
                                            .lseek = null_lseek};
static const struct file_ops kmsg_ops = {.kind = "kmsg",
                                         .read = kmsg_read,
                                         .write = kmsg_write,
                                         .lseek = kmsg_lseek,
                                         .release = kmsg_release};

void dev_memory_add(void)
{
    devfs_add("null", S_IFCHR | 0666, 1, 3, NULL, &null_ops);
    devfs_add("zero", S_IFCHR | 0666, 1, 5, NULL, &zero_ops);
    devfs_add("full", S_IFCHR | 0666, 1, 7, NULL, &full_ops);
    devfs_add("random", S_IFCHR | 0666, 1, 8, NULL, &random_ops);
    devfs_add("urandom", S_IFCHR | 0666, 1, 9, NULL, &urandom_ops);
    devfs_add("kmsg", S_IFCHR | 0644, 1, 11, kmsg_open, &kmsg_ops);
}
