/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tty.c - terminals and the files that lead to them.
 *
 * A terminal joins three parties: a driver (serial line, pty), the line
 * discipline (n_tty.c, pure logic) and files. Its spinlock covers all state;
 * whatever must not happen under it (wake-ups, signals, calling the pty's
 * other side) is noted and done by tty_unlock().
 *
 * Only one write is under way at a time, so that the outputs of two programs
 * mix by whole write(2) calls; waiting for one's turn, like all waiting here,
 * can be interrupted.
 */
#include "dev/tty.h"

#include <asm/poll.h>
#include <asm/signal.h>
#include <linux/fcntl.h>

#include "dev/device_node.h"
#include "dev/tty_priv.h"
#include "fs/poll.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/cpu.h"
#include "sched/time.h"

#define XOFF_BELOW 128 /* free bytes left when the sender is stopped... */
#define XON_ABOVE  (N_TTY_BUF - 128) /* ...and when it may go on */

static struct spinlock list_lock = SPINLOCK_INIT(RANK_CONSOLE);
static struct list ttys = LIST_HEAD_INIT(ttys); /* list_lock */

/* --- lifetime ------------------------------------------------------------ */

static size_t driver_write(void *arg, const char *s, size_t n)
{
    struct tty *t = arg;
    size_t took = t->driver->write(t, s, n);

    t->due_wrote |= took > 0;
    return took;
}

static void note_signal(void *arg, int signo)
{
    struct tty *t = arg;

    t->due_signals |= 1ull << signo;
}

struct tty *tty_create(const char *name, const struct tty_driver *d, void *priv)
{
    struct tty *t = kzalloc(sizeof(*t), 0);

    if (!t)
        return NULL;
    atomic_store_explicit(&t->refs, 1, memory_order_relaxed);
    t->driver = d;
    t->priv = priv;
    strlcpy(t->name, name, sizeof(t->name));
    spin_init(&t->lock, RANK_CONSOLE);
    wq_init(&t->read_wait);
    wq_init(&t->write_wait);
    n_tty_init(&t->n);
    t->n.write = driver_write;
    t->n.signal = note_signal;
    t->n.arg = t;
    spin_lock(&list_lock);
    list_add_tail(&ttys, &t->link);
    spin_unlock(&list_lock);
    return t;
}

void tty_get(struct tty *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
}

/* The release pairs with the acquire of whoever frees. */
void tty_put(struct tty *t)
{
    if (atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    spin_lock(&list_lock);
    list_del_init(&t->link);
    spin_unlock(&list_lock);
    if (t->driver->free)
        t->driver->free(t);
    kfree(t);
}

/* The caller's controlling terminal. The pointer in the process may be cleared
 * and the terminal freed meanwhile; one still on the list with references is
 * alive. */
struct tty *tty_controlling(void)
{
    struct tty *want = current_process()->tty, *t, *found = NULL;

    spin_lock(&list_lock);
    list_for_each (t, &ttys, link) {
        uint32_t refs = atomic_load_explicit(&t->refs, memory_order_relaxed);
        if (t != want)
            continue;
        while (refs && !found)
            if (atomic_compare_exchange_weak_explicit(&t->refs, &refs, refs + 1,
                                                      memory_order_acquire,
                                                      memory_order_relaxed))
                found = t;
        break;
    }
    spin_unlock(&list_lock);
    return found;
}

void tty_set_device(struct tty *t, unsigned major, unsigned minor)
{
    t->major = major;
    t->minor = minor;
    t->hardware = major == 4;
}

unsigned tty_device(const struct tty *t)
{
    return t ? (t->minor & 0xff) | t->major << 8 | (t->minor & ~0xffu) << 12
             : 0;
}

void *tty_private(struct tty *t)
{
    return t->priv;
}

/* --- lock ---------------------------------------------------------------- */

void tty_lock(struct tty *t)
{
    spin_lock(&t->lock);
}

void tty_unlock(struct tty *t)
{
    uint64_t signals = t->due_signals;
    bool rd = t->due_read, wr = t->due_write, wrote = t->due_wrote,
         room = t->due_room;
    pid_t pgrp = t->pgrp;

    t->due_signals = 0;
    t->due_read = t->due_write = t->due_wrote = t->due_room = false;
    spin_unlock(&t->lock);
    for (; signals && pgrp > 0; signals &= signals - 1)
        signal_send_group(pgrp, __builtin_ctzll(signals), NULL);
    if (rd && wq_active(&t->read_wait))
        wq_wake_all(&t->read_wait, EV_IN | EV_RDNORM);
    if (wr && wq_active(&t->write_wait))
        wq_wake_all(&t->write_wait, EV_OUT | EV_WRNORM);
    if (wrote && t->driver->wrote)
        t->driver->wrote(t);
    if (room && t->driver->input_possible)
        t->driver->input_possible(t);
}

/* --- from the driver ----------------------------------------------------- */

static void flow_in_locked(struct tty *t)
{
    size_t room = n_tty_receive_room(&t->n);

    if (!t->hardware || !(t->n.termios.c_iflag & IXOFF))
        return;
    if (!t->xoff_sent && room < XOFF_BELOW)
        t->xoff_sent =
            t->driver->write(t, (char *)&t->n.termios.c_cc[VSTOP], 1) == 1;
    else if (t->xoff_sent && room > XON_ABOVE)
        t->xoff_sent =
            t->driver->write(t, (char *)&t->n.termios.c_cc[VSTART], 1) != 1;
}

size_t tty_receive(struct tty *t, const char *s, size_t n)
{
    size_t took;

    tty_lock(t);
    bool was_stopped = t->n.stopped;
    took = n_tty_receive(&t->n, s, n);
    t->input_full = took < n;
    t->due_read |= n_tty_readable(&t->n, 1) || t->due_signals;
    t->due_write |= was_stopped && !t->n.stopped;
    flow_in_locked(t);
    tty_unlock(t);
    return took;
}

void tty_input(struct tty *t, const char *s, size_t n)
{
    tty_receive(t, s, n);
}

void tty_output_possible(struct tty *t)
{
    tty_lock(t);
    t->due_write |= n_tty_push(&t->n);
    tty_unlock(t);
}

/* --- open, close, hangup ------------------------------------------------- */

struct tty *tty_of(struct file *f)
{
    struct tty_file *tf = f->private;

    return tf->tty;
}

bool tty_file_hung_locked(const struct tty_file *tf)
{
    return tf->generation != tf->tty->generation && !tf->console;
}

static int open_file(struct tty *t, struct file *f, bool console)
{
    struct tty_file *tf = kmalloc(sizeof(*tf), 0);

    if (!tf)
        return -ENOMEM;
    tty_get(t);
    tty_lock(t);
    *tf = (struct tty_file){t, t->generation, console};
    tty_unlock(t);
    f->private = tf;
    f->ops = &tty_file_ops;
    if (!console && !(f->flags & O_NOCTTY) &&
        (f->flags & O_ACCMODE) != O_WRONLY)
        tty_acquire_on_open(t);
    return 0;
}

int tty_open(struct tty *t, struct file *f)
{
    return open_file(t, f, false);
}

int tty_open_noctty(struct tty *t, struct file *f)
{
    return open_file(t, f, true);
}

static void file_release(struct file *f)
{
    struct tty_file *tf = f->private;

    if (!tf)
        return; /* the open failed */
    if (tf->tty->driver->hangup)
        tf->tty->driver->hangup(tf->tty);
    tty_put(tf->tty);
    kfree(tf);
}

void tty_hangup(struct tty *t)
{
    tty_job_hangup(t);
    tty_lock(t);
    t->generation++;
    n_tty_flush_input(&t->n);
    n_tty_flush_output(&t->n);
    n_tty_start(&t->n);
    tty_unlock(t);
    wq_wake_all(&t->read_wait, EV_IN | EV_HUP | EV_ERR | EV_RDNORM);
    wq_wake_all(&t->write_wait, EV_OUT | EV_HUP | EV_ERR | EV_WRNORM);
}

/* --- read ---------------------------------------------------------------- */

struct tty_read {
    struct tty *t;
    const struct tty_file *tf;
    unsigned minimum; /* bytes a raw read waits for */
    nsec_t first;     /* time to wait for the first byte, NSEC_NEVER */
    nsec_t between;   /* between two bytes, 0 = for ever */
    bool canonical, eol, hung, gone;
};

/* VMIN and VTIME (termios(3), the four cases of raw mode). */
static void read_begin(struct tty_read *r)
{
    struct n_tty *n = &r->t->n;
    nsec_t tenths;

    tty_lock(r->t);
    tenths = n->termios.c_cc[VTIME] * (NSEC_PER_SEC / 10);
    r->canonical = n_tty_canonical(n);
    r->minimum = n->termios.c_cc[VMIN];
    tty_unlock(r->t);
    r->first = NSEC_NEVER;
    if (r->canonical)
        return;
    if (r->minimum) {
        r->between = tenths;
    } else {
        r->minimum = 1;
        r->first = tenths;
    }
}

static size_t read_chunk(struct tty_read *r, char *buf, size_t size)
{
    struct tty *t = r->t;
    size_t got = 0;

    tty_lock(t);
    r->eol = false;
    r->hung = tty_file_hung_locked(r->tf);
    r->gone = t->gone;
    r->canonical = n_tty_canonical(&t->n);
    if (!r->hung && n_tty_readable(&t->n, 1))
        got = n_tty_read(&t->n, buf, size, &r->eol);
    if (got || r->eol) {
        t->due_room = t->input_full;
        t->input_full = false;
        flow_in_locked(t);
    }
    tty_unlock(t);
    return got;
}

static bool read_ready(struct tty_read *r)
{
    bool ready;

    tty_lock(r->t);
    ready = tty_file_hung_locked(r->tf) || r->t->gone ||
            n_tty_readable(&r->t->n, 1);
    tty_unlock(r->t);
    return ready;
}

/* Nothing was there. 0: try again, 1: end of file, or -errno. */
static int read_wait(struct tty_read *r, struct file *f, nsec_t wait)
{
    int rc;

    if (r->hung)
        return 1;
    if (r->gone)
        return -EIO;
    if (!wait)
        return 1;
    if (f->flags & O_NONBLOCK)
        return -EAGAIN;
    rc = WAIT_EVENT_FULL(&r->t->read_wait, read_ready(r), SLEEP_INTERRUPTIBLE,
                         wait == NSEC_NEVER ? NSEC_NEVER
                                            : time_monotonic() + wait);
    return rc == -ETIMEDOUT ? 1 : rc;
}

static ssize_t read_loop(struct tty_read *r, struct file *f, struct uio *u)
{
    nsec_t wait = r->first;
    char buf[1024];
    ssize_t done = 0, rc;

    while (u->left) {
        size_t got = read_chunk(r, buf, MIN(u->left, sizeof(buf)));
        if (got) {
            rc = uio_copy_out(u, buf, got);
            if (rc < (ssize_t)got)
                return done ? done : -EFAULT;
            done += rc;
        } else if (!r->eol) {
            if (r->canonical && done)
                break; /* the mode changed under us */
            rc = read_wait(r, f, wait);
            if (rc)
                return done || rc > 0 ? done : rc;
            continue;
        }
        if (r->canonical ? r->eol : done >= (ssize_t)r->minimum)
            break;
        if (r->between)
            wait = r->between;
    }
    return done;
}

static ssize_t file_read_op(struct file *f, struct uio *u, uint64_t *pos)
{
    struct tty_file *tf = f->private;
    struct tty_read r = {.t = tf->tty, .tf = tf};
    int rc = tty_job_check(tf->tty, SIGTTIN);

    if (rc)
        return rc;
    read_begin(&r);
    return read_loop(&r, f, u);
}

/* --- write --------------------------------------------------------------- */

struct tty_write {
    struct tty *t;
    const struct tty_file *tf;
    const char *s;
    size_t n, done;
    bool hung, turn;
};

static bool take_turn(struct tty_write *w)
{
    tty_lock(w->t);
    w->hung = tty_file_hung_locked(w->tf) || w->t->gone;
    w->turn = !w->hung && !w->t->writing;
    if (w->turn)
        w->t->writing = true;
    tty_unlock(w->t);
    return w->turn || w->hung;
}

static void end_turn(struct tty_write *w)
{
    tty_lock(w->t);
    w->t->writing = false;
    w->t->due_write = true;
    tty_unlock(w->t);
}

/* Hand on what goes. True if something went, or never will. */
static bool write_some(struct tty_write *w)
{
    size_t before = w->done;

    tty_lock(w->t);
    w->hung = tty_file_hung_locked(w->tf) || w->t->gone;
    while (!w->hung && w->done < w->n) {
        size_t took = n_tty_write(&w->t->n, w->s + w->done, w->n - w->done);
        if (!took)
            break;
        w->done += took;
    }
    tty_unlock(w->t);
    return w->hung || w->done > before || w->done == w->n;
}

/* The whole of a chunk, waiting as often as needed. */
static int write_chunk(struct tty_write *w, bool nonblock)
{
    while (w->done < w->n) {
        if (!write_some(w)) {
            if (nonblock)
                return -EAGAIN;
            int rc = WAIT_EVENT_INTR(&w->t->write_wait, write_some(w));
            if (rc)
                return rc;
        }
        if (w->hung)
            return -EIO;
    }
    return 0;
}

static ssize_t write_loop(struct tty_write *w, struct file *f, struct uio *u)
{
    char buf[1024];
    ssize_t total = 0;

    while (u->left) {
        ssize_t n = uio_copy_in(u, buf, MIN(u->left, sizeof(buf)));
        if (n <= 0)
            return total ? total : n;
        w->s = buf;
        w->n = (size_t)n;
        w->done = 0;
        int rc = write_chunk(w, f->flags & O_NONBLOCK);
        total += (ssize_t)w->done;
        if (rc)
            return total ? total : rc;
        cond_resched();
    }
    return total;
}

static ssize_t file_write_op(struct file *f, struct uio *u, uint64_t *pos)
{
    struct tty_file *tf = f->private;
    struct tty_write w = {.t = tf->tty, .tf = tf};
    ssize_t rc;

    if (tf->tty->n.termios.c_lflag & TOSTOP) {
        rc = tty_job_check(tf->tty, SIGTTOU);
        if (rc)
            return rc;
    }
    if (!take_turn(&w)) {
        if (f->flags & O_NONBLOCK)
            return -EAGAIN;
        rc = WAIT_EVENT_INTR(&w.t->write_wait, take_turn(&w));
        if (rc)
            return rc;
    }
    if (w.hung)
        return -EIO;
    rc = write_loop(&w, f, u);
    end_turn(&w);
    return rc;
}

static bool drained(struct tty *t)
{
    bool done;

    tty_lock(t);
    done = t->gone || n_tty_push(&t->n);
    tty_unlock(t);
    return done;
}

int tty_wait_drained(struct tty *t)
{
    int rc = WAIT_EVENT_INTR(&t->write_wait, drained(t));

    if (!rc && t->driver->drain)
        t->driver->drain(t);
    return rc;
}

void tty_wait_drained_until(struct tty *t, nsec_t deadline)
{
    (void)WAIT_EVENT_FULL(&t->write_wait, drained(t), SLEEP_UNINTERRUPTIBLE,
                          deadline);
}

/* --- the other file operations ------------------------------------------- */

static uint32_t file_poll_op(struct file *f, struct poll_table *pt)
{
    struct tty_file *tf = f->private;
    struct tty *t = tf->tty;
    uint32_t ev = 0;

    poll_wait(f, &t->read_wait, pt);
    poll_wait(f, &t->write_wait, pt);
    tty_lock(t);
    const cc_t *cc = t->n.termios.c_cc;
    if (tty_file_hung_locked(tf))
        ev = EV_IN | EV_OUT | EV_ERR | EV_HUP | EV_RDNORM | EV_WRNORM;
    if (n_tty_readable(&t->n, cc[VTIME] ? 1 : cc[VMIN]))
        ev |= EV_IN | EV_RDNORM;
    if (t->gone)
        ev |= EV_HUP;
    if (!n_tty_pending(&t->n) && !t->n.stopped && !t->writing &&
        t->driver->write_room(t))
        ev |= EV_OUT | EV_WRNORM;
    tty_unlock(t);
    return ev;
}

static long file_ioctl_op(struct file *f, unsigned cmd, unsigned long arg)
{
    struct tty_file *tf = f->private;
    bool hung;

    tty_lock(tf->tty);
    hung = tty_file_hung_locked(tf);
    tty_unlock(tf->tty);
    if (hung)
        return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
    return tty_ioctl(tf->tty, false, f, cmd, arg);
}

const struct file_ops tty_file_ops = {
    .kind = "tty",
    .read = file_read_op,
    .write = file_write_op,
    .poll = file_poll_op,
    .ioctl = file_ioctl_op,
    .release = file_release,
};

/* --- /dev/tty ------------------------------------------------------------ */

static int open_controlling(struct inode *i, struct file *f)
{
    struct tty *t = tty_controlling();
    int rc;

    if (!t)
        return -ENXIO;
    rc = open_file(t, f, false);
    tty_put(t);
    return rc;
}

void tty_init(void)
{
    devfs_add("tty", S_IFCHR_MODE(0666), 5, 0, open_controlling, &tty_file_ops);
    pty_init();
}
