/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pty.c - pseudo-terminals: /dev/ptmx and /dev/pts/N (pty(7)).
 *
 * Opening /dev/ptmx makes a pair. The slave is an ordinary terminal whose
 * driver is this file: its output goes to a ring the master reads; what the
 * master writes is the terminal's input. All state of the pair is covered by
 * the slave's tty lock, but for the table of numbers.
 *
 * The pair is freed when the master and the last slave file are closed.
 * Closing the master hangs the slave up and removes /dev/pts/N; a master whose
 * slaves are all closed reads EIO until one is opened again.
 */
#include <asm/ioctls.h>
#include <linux/fcntl.h>

#include "dev/device_node.h"
#include "dev/tty_priv.h"
#include "fs/poll.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/fdtable.h"

#define PTY_MAX   256
#define PTY_RING  8192 /* power of two */
#define PTS_MAJOR 136  /* Linux's, known to libraries */

/* I immutable; t the slave's tty lock */
struct pty {
    struct tty *slave;            /* I */
    unsigned index;               /* I */
    uint32_t head, tail;          /* t of (ring), counting up freely */
    char ring[PTY_RING];          /* t output on its way to the master */
    unsigned slaves;              /* t open files */
    bool closed;                  /* t the last slave was closed */
    bool locked;                  /* t TIOCSPTLCK: slave cannot be opened */
    struct wait_queue read_wait;  /* master's readers and poll */
    struct wait_queue write_wait; /* master's writers and poll */
};

static struct spinlock table_lock = SPINLOCK_INIT(RANK_CONSOLE);
static struct pty *table[PTY_MAX]; /* table_lock */

/* --- the slave's driver -------------------------------------------------- */

static size_t ring_room(const struct pty *p)
{
    return PTY_RING - (p->head - p->tail);
}

static size_t slave_write(struct tty *t, const char *s, size_t n)
{
    struct pty *p = tty_private(t);
    size_t left;

    if (t->gone)
        return n; /* nobody will read it */
    n = MIN(n, ring_room(p));
    for (left = n; left;) {
        uint32_t at = p->head % PTY_RING;
        size_t run = MIN(left, (size_t)PTY_RING - at);
        memcpy(p->ring + at, s, run);
        p->head += (uint32_t)run;
        s += run;
        left -= run;
    }
    return n;
}

static size_t slave_room(struct tty *t)
{
    return ring_room(tty_private(t));
}

static void slave_wrote(struct tty *t)
{
    struct pty *p = tty_private(t);

    wq_wake_all(&p->read_wait, EV_IN | EV_RDNORM);
}

static void slave_input_possible(struct tty *t)
{
    struct pty *p = tty_private(t);

    wq_wake_all(&p->write_wait, EV_OUT | EV_WRNORM);
}

/* A slave file is being closed. */
static void slave_closed(struct tty *t)
{
    struct pty *p = tty_private(t);
    bool last;

    tty_lock(t);
    last = --p->slaves == 0;
    if (last)
        p->closed = true;
    tty_unlock(t);
    if (last) {
        wq_wake_all(&p->read_wait, EV_IN | EV_HUP | EV_RDNORM);
        wq_wake_all(&p->write_wait, EV_OUT | EV_HUP | EV_WRNORM);
    }
}

static void pair_free(struct tty *t)
{
    kfree(tty_private(t));
}

static const struct tty_driver slave_driver = {
    .write = slave_write,
    .write_room = slave_room,
    .hangup = slave_closed,
    .wrote = slave_wrote,
    .input_possible = slave_input_possible,
    .free = pair_free,
};

/* The pair with a reference to its tty, or NULL. */
static struct pty *pty_find(unsigned index)
{
    struct pty *p = NULL;

    spin_lock(&table_lock);
    if (index < PTY_MAX && table[index]) {
        p = table[index];
        tty_get(p->slave); /* the master's reference keeps it alive */
    }
    spin_unlock(&table_lock);
    return p;
}

static int slave_enter(struct pty *p)
{
    int rc = 0;

    tty_lock(p->slave);
    if (p->locked || p->slave->gone)
        rc = -EIO;
    else
        p->slaves++;
    tty_unlock(p->slave);
    return rc;
}

static int slave_open(struct inode *i, struct file *f)
{
    struct pty *p = pty_find(device_minor(i->rdev));
    int rc;

    if (!p)
        return -EIO;
    rc = slave_enter(p);
    if (!rc) {
        rc = tty_open(p->slave, f);
        tty_lock(p->slave);
        if (rc)
            p->slaves--;
        else
            p->closed = false;
        tty_unlock(p->slave);
    }
    tty_put(p->slave);
    return rc;
}

/* --- the master's file --------------------------------------------------- */

static size_t ring_take(struct pty *p, char *buf, size_t size, bool *closed)
{
    size_t n, done = 0;

    tty_lock(p->slave);
    n = MIN(size, (size_t)(p->head - p->tail));
    while (done < n) {
        uint32_t at = p->tail % PTY_RING;
        size_t run = MIN(n - done, (size_t)PTY_RING - at);
        memcpy(buf + done, p->ring + at, run);
        p->tail += (uint32_t)run;
        done += run;
    }
    *closed = p->closed;
    tty_unlock(p->slave);
    if (n)
        tty_output_possible(p->slave);
    return n;
}

static bool master_readable(struct pty *p)
{
    bool ready;

    tty_lock(p->slave);
    ready = p->head != p->tail || p->closed;
    tty_unlock(p->slave);
    return ready;
}

static ssize_t master_read(struct file *f, struct uio *u, uint64_t *pos)
{
    struct pty *p = f->private;
    ssize_t done = 0, rc;
    char buf[1024];
    bool closed;

    while (u->left) {
        size_t n = ring_take(p, buf, MIN(u->left, sizeof(buf)), &closed);
        if (n) {
            rc = uio_copy_out(u, buf, n);
            if (rc < (ssize_t)n)
                return done ? done : -EFAULT;
            done += rc;
            continue;
        }
        if (done)
            break;
        if (closed)
            return -EIO;
        if (f->flags & O_NONBLOCK)
            return -EAGAIN;
        rc = WAIT_EVENT_INTR(&p->read_wait, master_readable(p));
        if (rc)
            return rc;
    }
    return done;
}

/* Input buffer room, or a slave side nobody will ever read. */
static bool master_writable(struct pty *p)
{
    bool ready;

    tty_lock(p->slave);
    ready = n_tty_receive_room(&p->slave->n) > 0;
    if (!ready)
        p->slave->input_full = true; /* tell us when that changes */
    tty_unlock(p->slave);
    return ready;
}

/* Waits until the terminal has taken (n) bytes. */
static ssize_t master_feed(struct pty *p, const char *s, size_t n, bool nowait)
{
    size_t done = 0;

    for (;;) {
        done += tty_receive(p->slave, s + done, n - done);
        if (done == n)
            return (ssize_t)n;
        if (nowait)
            return done ? (ssize_t)done : -EAGAIN;
        int rc = WAIT_EVENT_INTR(&p->write_wait, master_writable(p));
        if (rc)
            return done ? (ssize_t)done : rc;
    }
}

static ssize_t master_write(struct file *f, struct uio *u, uint64_t *pos)
{
    struct pty *p = f->private;
    ssize_t total = 0;
    char buf[1024];

    while (u->left) {
        ssize_t n = uio_copy_in(u, buf, MIN(u->left, sizeof(buf)));
        if (n <= 0)
            return total ? total : n;
        ssize_t rc = master_feed(p, buf, (size_t)n, f->flags & O_NONBLOCK);
        if (rc < 0)
            return total ? total : rc;
        total += rc;
        if (rc < n)
            break;
    }
    return total;
}

static uint32_t master_poll(struct file *f, struct poll_table *pt)
{
    struct pty *p = f->private;
    uint32_t ev = 0;

    poll_wait(f, &p->read_wait, pt);
    poll_wait(f, &p->write_wait, pt);
    tty_lock(p->slave);
    if (p->head != p->tail)
        ev |= EV_IN | EV_RDNORM;
    if (p->closed)
        ev |= EV_HUP;
    tty_unlock(p->slave);
    if (master_writable(p))
        ev |= EV_OUT | EV_WRNORM;
    return ev;
}

static long set_lock(struct pty *p, unsigned long arg)
{
    int on;

    if (get_user(on, (int __user *)arg))
        return -EFAULT;
    tty_lock(p->slave);
    p->locked = on;
    tty_unlock(p->slave);
    return 0;
}

static long open_peer(struct pty *p, unsigned long flags)
{
    char name[24];
    struct file *f;

    ksnprintf(name, sizeof(name), "/dev/pts/%u", p->index);
    f = path_open(AT_FDCWD, name, (unsigned)flags & ~(unsigned)O_CLOEXEC, 0);
    if (IS_ERR(f))
        return PTR_ERR(f);
    return fd_add(f, flags & O_CLOEXEC);
}

static long master_count(struct pty *p, unsigned long arg)
{
    int n;

    tty_lock(p->slave);
    n = (int)(p->head - p->tail);
    tty_unlock(p->slave);
    return put_user(n, (int __user *)arg);
}

static long master_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
    struct pty *p = f->private;

    switch (cmd) {
    case TIOCGPTN:
        return put_user(p->index, (unsigned __user *)arg);
    case TIOCSPTLCK:
        return set_lock(p, arg);
    case TIOCGPTLCK:
        return put_user((int)p->locked, (int __user *)arg);
    case TIOCGPTPEER:
        return open_peer(p, arg);
    case FIONREAD:
        return master_count(p, arg);
    case TIOCSCTTY: /* a master controls nobody */
    case TIOCNOTTY:
        return -ENOTTY;
    default:
        return tty_ioctl(p->slave, true, f, cmd, arg);
    }
}

static void pts_name(char *buf, size_t size, unsigned index)
{
    ksnprintf(buf, size, "pts/%u", index);
}

static void master_release(struct file *f)
{
    struct pty *p = f->private;
    char name[16];

    if (!p)
        return; /* the open failed */
    pts_name(name, sizeof(name), p->index);
    devfs_remove(name);
    spin_lock(&table_lock);
    table[p->index] = NULL;
    spin_unlock(&table_lock);
    tty_lock(p->slave);
    p->slave->gone = true;
    tty_unlock(p->slave);
    tty_hangup(p->slave);
    tty_put(p->slave);
}

static const struct file_ops master_ops = {
    .kind = "ptmx",
    .read = master_read,
    .write = master_write,
    .poll = master_poll,
    .ioctl = master_ioctl,
    .release = master_release,
};

/* --- making a pair ------------------------------------------------------- */

static int table_reserve(struct pty *p)
{
    int rc = -ENOSPC;

    spin_lock(&table_lock);
    for (unsigned i = 0; i < PTY_MAX && rc; i++) {
        if (table[i])
            continue;
        table[i] = p;
        p->index = i;
        rc = 0;
    }
    spin_unlock(&table_lock);
    return rc;
}

/* The tty exists before the number is taken: who finds the pair by its number
 * finds it complete. */
static struct pty *pair_create(void)
{
    struct pty *p = kzalloc(sizeof(*p), 0);
    int rc = -ENOMEM;

    if (!p)
        return ERR_PTR(-ENOMEM);
    p->locked = true;
    wq_init(&p->read_wait);
    wq_init(&p->write_wait);
    p->slave = tty_create("pts", &slave_driver, p);
    if (!p->slave) {
        kfree(p);
        return ERR_PTR(rc);
    }
    p->slave->n.termios.c_cflag &= ~(tcflag_t)HUPCL; /* no line to hang up */
    rc = table_reserve(p);
    if (rc) {
        tty_put(p->slave); /* frees the pair too */
        return ERR_PTR(rc);
    }
    tty_set_device(p->slave, PTS_MAJOR, p->index);
    return p;
}

static int ptmx_open(struct inode *i, struct file *f)
{
    struct pty *p = pair_create();
    char name[16];
    int rc;

    if (IS_ERR(p))
        return (int)PTR_ERR(p);
    f->private = p;
    f->ops = &master_ops;
    pts_name(name, sizeof(name), p->index);
    rc = devfs_add(name, S_IFCHR_MODE(0620), PTS_MAJOR, p->index, slave_open,
                   &tty_file_ops);
    if (rc) {
        f->private = NULL;
        spin_lock(&table_lock);
        table[p->index] = NULL;
        spin_unlock(&table_lock);
        tty_put(p->slave);
    }
    return rc;
}

void pty_init(void)
{
    devfs_add("ptmx", S_IFCHR_MODE(0666), 5, 2, ptmx_open, &master_ops);
    devfs_add("pts/ptmx", S_IFCHR_MODE(0666), 5, 2, ptmx_open, &master_ops);
}
