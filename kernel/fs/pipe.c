/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pipe.c - pipes and FIFOs.
 *
 * A pipe is a byte stream in a ring of pages. (head) and (tail) count bytes
 * ever read and written, so the amount inside is their difference and the page
 * of byte n is slot (n / PAGE_SIZE) % nr_slots. A page is allocated when its
 * first byte is written and freed when its last byte is read, but for one kept
 * in (spare): a pipe used for one-byte wake-ups allocates once.
 *
 * Writes of up to PIPE_BUF bytes are not mixed with others (pipe(7)): they
 * wait until they fit as a whole. Everything is under (lock), which may be
 * held while user memory faults.
 */
#include <asm-generic/ioctls.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/stat.h>

#include "fs/pipe.h"
#include "fs/poll.h"
#include "fs/vfs.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/cpu.h"
#include "sys/syscall.h"

/* p lock; I immutable */
struct pipe {
    struct mutex lock;
    uint64_t head, tail;                 /* p */
    unsigned nr_slots;                   /* p */
    struct page **slots;                 /* p */
    struct page *spare;                  /* p */
    unsigned readers, writers;           /* p open ends */
    uint64_t reader_opens, writer_opens; /* p ever, for FIFO opens */
    unsigned users;                      /* p files and the FIFO's inode */
    struct wait_queue read_wait, write_wait;
    struct inode *fifo; /* I */
};

static const struct file_ops pipe_read_ops, pipe_write_ops, pipe_rdwr_ops;

static size_t pipe_used(const struct pipe *p)
{
    return p->tail - p->head;
}

/* The page being read is not written to again: its slot is freed when the
 * reader leaves it. */
static size_t pipe_room(const struct pipe *p)
{
    return ALIGN_DOWN(p->head, PAGE_SIZE) + p->nr_slots * PAGE_SIZE - p->tail;
}

static struct slab_kind pipe_kind = SLAB_KIND("pipe", struct pipe);

static struct pipe *pipe_create(void)
{
    struct pipe *p = slab_kind_alloc(&pipe_kind, 0);

    if (!p)
        return NULL;
    p->nr_slots = PIPE_SIZE_DEFAULT / PAGE_SIZE;
    p->slots = kzalloc(p->nr_slots * sizeof(*p->slots), 0);
    if (!p->slots) {
        kfree(p);
        return NULL;
    }
    mutex_init(&p->lock, RANK_PIPE);
    wq_init(&p->read_wait);
    wq_init(&p->write_wait);
    return p;
}

static void pipe_free(struct pipe *p)
{
    for (unsigned i = 0; i < p->nr_slots; i++)
        if (p->slots[i])
            page_put(p->slots[i]);
    if (p->spare)
        page_put(p->spare);
    kfree(p->slots);
    kfree(p);
}

static struct page **slot_of(struct pipe *p, uint64_t pos)
{
    return &p->slots[(pos >> PAGE_SHIFT) % p->nr_slots];
}

static void slot_release(struct pipe *p, struct page **slot)
{
    if (p->spare)
        page_put(*slot);
    else
        p->spare = *slot;
    *slot = NULL;
}

static int slot_fill(struct pipe *p, struct page **slot)
{
    if (*slot)
        return 0;
    *slot = p->spare ? p->spare : page_alloc(0, 0);
    p->spare = NULL;
    return *slot ? 0 : -ENOMEM;
}

/* Move what is there, up to u->left. Bytes or -EFAULT. */
static ssize_t pipe_take(struct pipe *p, struct uio *u)
{
    ssize_t done = 0;

    while (u->left && pipe_used(p)) {
        struct page **slot = slot_of(p, p->head);
        size_t off = p->head % PAGE_SIZE;
        size_t n = MIN(MIN(PAGE_SIZE - off, pipe_used(p)), u->left);
        ssize_t moved = uio_copy_out(u, (char *)page_virt(*slot) + off, n);

        if (moved <= 0)
            return done ? done : moved;
        p->head += (size_t)moved;
        done += moved;
        if (p->head % PAGE_SIZE == 0 || !pipe_used(p))
            slot_release(p, slot);
        if (!pipe_used(p)) /* begin pages afresh */
            p->head = p->tail = ALIGN_UP(p->head, PAGE_SIZE);
        if ((size_t)moved < n)
            break;
    }
    return done;
}

/* Put in what fits, up to u->left. Bytes or -EFAULT, -ENOMEM. */
static ssize_t pipe_put(struct pipe *p, struct uio *u)
{
    ssize_t done = 0;

    while (u->left && pipe_room(p)) {
        struct page **slot = slot_of(p, p->tail);
        size_t off = p->tail % PAGE_SIZE;
        size_t n = MIN(MIN(PAGE_SIZE - off, pipe_room(p)), u->left);
        ssize_t moved = slot_fill(p, slot);

        if (!moved)
            moved = uio_copy_in(u, (char *)page_virt(*slot) + off, n);
        if (moved <= 0) {
            if (*slot && (off == 0 || !pipe_used(p)))
                slot_release(p, slot);
            return done ? done : moved;
        }
        p->tail += (size_t)moved;
        done += moved;
        if ((size_t)moved < n)
            break;
    }
    return done;
}

static ssize_t pipe_read(struct file *f, struct uio *u, uint64_t *pos)
{
    struct pipe *p = f->private;
    ssize_t n = 0;

    if (!u->left)
        return 0;
    mutex_lock(&p->lock);
    while (!pipe_used(p)) {
        if (!p->writers)
            goto out;
        if (f->flags & O_NONBLOCK) {
            n = -EAGAIN;
            goto out;
        }
        mutex_unlock(&p->lock);
        n = WAIT_EVENT_INTR(&p->read_wait, pipe_used(p) || !p->writers);
        if (n)
            return n;
        mutex_lock(&p->lock);
    }
    n = pipe_take(p, u);
out:
    mutex_unlock(&p->lock);
    if (n > 0 && wq_active(&p->write_wait) && pipe_room(p) >= PIPE_BUF)
        wq_wake(&p->write_wait, EV_OUT | EV_WRNORM);
    return n;
}

static ssize_t pipe_broken(ssize_t done)
{
    if (done)
        return done;
    signal_send_thread(current, SIGPIPE, NULL);
    return -EPIPE;
}

static ssize_t pipe_write(struct file *f, struct uio *u, uint64_t *pos)
{
    struct pipe *p = f->private;
    size_t need = u->left <= PIPE_BUF ? u->left : 1;
    ssize_t done = 0, n = 0;

    if (!u->left)
        return 0;
    mutex_lock(&p->lock);
    for (;;) {
        if (!p->readers) {
            mutex_unlock(&p->lock);
            return pipe_broken(done);
        }
        if (pipe_room(p) >= need) {
            n = pipe_put(p, u);
            if (n > 0) {
                done += n;
                need = 1;
            }
        }
        if (n < 0 || !u->left)
            break;
        if (f->flags & O_NONBLOCK) {
            n = -EAGAIN;
            break;
        }
        mutex_unlock(&p->lock);
        wq_wake(&p->read_wait, EV_IN | EV_RDNORM);
        n = WAIT_EVENT_INTR(&p->write_wait,
                            pipe_room(p) >= need || !p->readers);
        if (n)
            return done ? done : n;
        mutex_lock(&p->lock);
    }
    mutex_unlock(&p->lock);
    if (done && wq_active(&p->read_wait))
        wq_wake(&p->read_wait, EV_IN | EV_RDNORM);
    return done ? done : n;
}

static uint32_t pipe_poll(struct file *f, struct poll_table *pt)
{
    struct pipe *p = f->private;
    bool reads = f->ops != &pipe_write_ops, writes = f->ops != &pipe_read_ops;
    uint32_t events = 0;

    if (reads)
        poll_wait(f, &p->read_wait, pt);
    if (writes)
        poll_wait(f, &p->write_wait, pt);
    if (reads) {
        if (pipe_used(p))
            events |= EV_IN | EV_RDNORM;
        if (!p->writers && (!p->fifo || p->writer_opens))
            events |= EV_HUP;
    }
    if (writes) {
        if (pipe_room(p) >= PIPE_BUF)
            events |= EV_OUT | EV_WRNORM;
        if (!p->readers)
            events |= EV_ERR;
    }
    return events;
}

static long pipe_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
    struct pipe *p = f->private;

    if (cmd != FIONREAD)
        return -ENOTTY;
    return put_user((int)pipe_used(p), (int __user *)arg);
}

/* One file less; the last user frees the pipe. */
static void pipe_release(struct file *f)
{
    struct pipe *p = f->private;
    bool last;

    mutex_lock(&p->lock);
    if (f->ops != &pipe_write_ops)
        p->readers--;
    if (f->ops != &pipe_read_ops)
        p->writers--;
    if (p->fifo && !p->readers && !p->writers) { /* what is left is lost */
        while (pipe_used(p)) {
            struct page **slot = slot_of(p, p->head);
            p->head = MIN(ALIGN_DOWN(p->head, PAGE_SIZE) + PAGE_SIZE, p->tail);
            slot_release(p, slot);
        }
        p->head = p->tail = ALIGN_UP(p->tail, PAGE_SIZE);
    }
    last = --p->users == 0;
    mutex_unlock(&p->lock);
    if (last) {
        pipe_free(p);
        return;
    }
    wq_wake_all(&p->read_wait, EV_IN | EV_RDNORM | EV_HUP);
    wq_wake_all(&p->write_wait, EV_OUT | EV_WRNORM | EV_ERR);
}

static const struct file_ops pipe_read_ops = {
    .kind = "pipe",
    .read = pipe_read,
    .poll = pipe_poll,
    .ioctl = pipe_ioctl,
    .release = pipe_release,
};
static const struct file_ops pipe_write_ops = {
    .kind = "pipe",
    .write = pipe_write,
    .poll = pipe_poll,
    .ioctl = pipe_ioctl,
    .release = pipe_release,
};
static const struct file_ops pipe_rdwr_ops = {
    .kind = "pipe",
    .read = pipe_read,
    .write = pipe_write,
    .poll = pipe_poll,
    .ioctl = pipe_ioctl,
    .release = pipe_release,
};

static int pipe_make(struct file *ends[2], unsigned flags)
{
    struct pipe *p = pipe_create();

    if (!p)
        return -ENOMEM;
    ends[0] = file_alloc_anon("pipe", S_IFIFO | 0600, &pipe_read_ops, p,
                              O_RDONLY | flags);
    if (IS_ERR(ends[0])) {
        pipe_free(p);
        return (int)PTR_ERR(ends[0]);
    }
    p->readers = p->users = 1;
    /* Linux gives both ends one inode; programs compare them (lsof does). */
    ends[1] =
        file_alloc(ends[0]->inode, NULL, &pipe_write_ops, O_WRONLY | flags);
    if (IS_ERR(ends[1])) {
        int err = (int)PTR_ERR(ends[1]);
        file_put(ends[0]);
        return err;
    }
    ends[1]->private = p;
    p->writers = 1;
    p->users = 2;
    return 0;
}

long sys_pipe2(int __user *fds, int flags)
{
    struct file *ends[2] = {NULL, NULL};
    bool cloexec = flags & O_CLOEXEC;
    int fd[2], err;

    if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
        return -EINVAL;
    err = pipe_make(ends, (unsigned)flags & O_NONBLOCK);
    if (err)
        return err;
    fd[0] = fd_reserve(0, cloexec);
    fd[1] = fd[0] < 0 ? fd[0] : fd_reserve(0, cloexec);
    err = fd[1] < 0 ? fd[1] : copy_to_user(fds, fd, sizeof(fd));
    if (err) {
        if (fd[0] >= 0)
            fd_unreserve(fd[0]);
        if (fd[1] >= 0)
            fd_unreserve(fd[1]);
        file_put(ends[0]);
        file_put(ends[1]);
        return err;
    }
    fd_install(fd[0], ends[0]);
    fd_install(fd[1], ends[1]);
    return 0;
}

long sys_pipe(int __user *fds)
{
    return sys_pipe2(fds, 0);
}

static const struct file_ops *ops_for(unsigned acc)
{
    return acc == O_RDONLY   ? &pipe_read_ops
           : acc == O_WRONLY ? &pipe_write_ops
                             : &pipe_rdwr_ops;
}

struct file *pipe_reopen(struct file *end, unsigned flags)
{
    static const unsigned may[4] = {MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
                                    MAY_READ | MAY_WRITE};
    struct pipe *p = end->private;
    unsigned acc = flags & O_ACCMODE;
    int err = inode_permission(end->inode, may[acc]);
    struct file *f;

    if (err)
        return ERR_PTR(err);
    f = file_alloc(end->inode, NULL, ops_for(acc), flags);
    if (IS_ERR(f))
        return f;
    f->private = p;
    mutex_lock(&p->lock);
    p->users++;
    p->readers += acc != O_WRONLY;
    p->writers += acc != O_RDONLY;
    mutex_unlock(&p->lock);
    return f;
}

/* The pipe of a FIFO's inode, made at first use; one more user of it. */
static struct pipe *fifo_pipe(struct inode *i)
{
    static struct mutex creation;
    static bool ready;
    struct pipe *p;

    if (!ready) { /* set up by the first open, before there are two */
        mutex_init(&creation, RANK_FILE_POS);
        ready = true;
    }
    mutex_lock(&creation);
    p = i->fifo;
    if (!p) {
        p = pipe_create();
        if (p) {
            p->fifo = i;
            p->users = 1; /* the inode's */
            i->fifo = p;
        }
    }
    if (p) {
        mutex_lock(&p->lock);
        p->users++;
        mutex_unlock(&p->lock);
    }
    mutex_unlock(&creation);
    return p;
}

void fifo_evict(struct inode *i)
{
    if (i->fifo)
        pipe_free(i->fifo); /* files hold the inode, so none is left */
    i->fifo = NULL;
}

/* Announce this end and wait for the other one. */
static int fifo_meet(struct pipe *p, struct file *f)
{
    bool nonblock = f->flags & O_NONBLOCK;
    uint64_t seen;

    switch (f->flags & O_ACCMODE) {
    case O_RDONLY:
        seen = p->writer_opens;
        if (nonblock || p->writers)
            return 0;
        return WAIT_EVENT_INTR(&p->read_wait,
                               p->writers || p->writer_opens != seen);
    case O_WRONLY:
        seen = p->reader_opens;
        if (p->readers)
            return 0;
        return WAIT_EVENT_INTR(&p->write_wait,
                               p->readers || p->reader_opens != seen);
    default:
        return 0;
    }
}

int fifo_open(struct inode *i, struct file *f)
{
    unsigned acc = f->flags & O_ACCMODE;
    struct pipe *p = fifo_pipe(i);
    int err;

    if (!p)
        return -ENOMEM;
    f->ops = ops_for(acc);
    mutex_lock(&p->lock);
    if (acc == O_WRONLY && (f->flags & O_NONBLOCK) && !p->readers) {
        p->users--;
        mutex_unlock(&p->lock);
        return -ENXIO;
    }
    f->private = p;
    if (acc != O_WRONLY) {
        p->readers++;
        p->reader_opens++;
    }
    if (acc != O_RDONLY) {
        p->writers++;
        p->writer_opens++;
    }
    mutex_unlock(&p->lock);
    wq_wake_all(&p->read_wait, 0);
    wq_wake_all(&p->write_wait, 0);
    err = fifo_meet(p, f);
    if (err) {
        pipe_release(f);
        f->private = NULL;
        f->ops = i->fops;
    }
    return err;
}

static struct pipe *pipe_of(struct file *f)
{
    bool is_pipe = f->ops == &pipe_read_ops || f->ops == &pipe_write_ops ||
                   f->ops == &pipe_rdwr_ops;
    return is_pipe ? f->private : NULL;
}

long pipe_get_size(struct file *f)
{
    struct pipe *p = pipe_of(f);

    return p ? (long)(p->nr_slots * PAGE_SIZE) : -EBADF;
}

/* Round up to a power of two pages, as fcntl(2) says. */
static unsigned slots_for(unsigned long size)
{
    unsigned n = 1;

    while (n * PAGE_SIZE < size)
        n *= 2;
    return n;
}

long pipe_set_size(struct file *f, unsigned long size)
{
    struct pipe *p = pipe_of(f);
    struct page **slots;
    unsigned nr;
    long ret;

    if (!p)
        return -EBADF;
    if (!size || size > 1ul << 31)
        return -EINVAL;
    if (size > PIPE_SIZE_MAX)
        return -EPERM;
    nr = slots_for(size);
    slots = kzalloc(nr * sizeof(*slots), 0);
    if (!slots)
        return -ENOMEM;
    mutex_lock(&p->lock);
    uint64_t first = p->head >> PAGE_SHIFT;
    uint64_t pages =
        pipe_used(p) ? ((p->tail - 1) >> PAGE_SHIFT) - first + 1 : 0;
    if (pages > nr) {
        ret = -EBUSY;
    } else {
        for (uint64_t n = first; n < first + pages; n++)
            slots[n % nr] = p->slots[n % p->nr_slots];
        struct page **old = p->slots;
        p->slots = slots;
        p->nr_slots = nr;
        slots = old;
        ret = (long)(nr * PAGE_SIZE);
    }
    mutex_unlock(&p->lock);
    kfree(slots);
    return ret;
}
