/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * poll.c - poll(2) and select(2) with their relatives.
 *
 * One pass asks every file and queues the thread with it; later passes only
 * ask. (triggered) is set by a wake-up between a pass and the sleep after it,
 * so nothing is lost.
 */
#include <linux/limits.h>
#include <linux/poll.h>
#include <linux/time_types.h>

#include "fs/file.h"
#include "fs/poll.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/fdtable.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/cpu.h"
#include "sys/syscall.h"
#include "sys/timespec.h"

#define INLINE_ENTRIES 8

struct poll_entry {
    struct wait_entry wait;
    struct poll_entry *next;
};

struct waiter {
    struct poll_table pt; /* must be first */
    struct thread *thread;
    _Atomic bool triggered;
    bool no_memory;
    unsigned nr_inline;
    struct poll_entry inline_entries[INLINE_ENTRIES];
    struct poll_entry *used; /* all queued entries */
};

static bool waiter_wake(struct wait_entry *e, uint32_t events)
{
    struct waiter *w = e->arg;

    (void)events;
    /* Ordered before the wake-up by the queue's lock; read after
     * sleep_prepare() in waiter_sleep(). */
    atomic_store(&w->triggered, true);
    return thread_wake(w->thread);
}

static void waiter_queue(struct poll_table *pt, struct file *f,
                         struct wait_queue *q)
{
    struct waiter *w = container_of(pt, struct waiter, pt);
    struct poll_entry *e;

    (void)f;
    if (w->nr_inline < INLINE_ENTRIES)
        e = &w->inline_entries[w->nr_inline++];
    else
        e = kmalloc(sizeof(*e), 0);
    if (!e) {
        w->no_memory = true;
        return;
    }
    wait_entry_init(&e->wait);
    e->wait.fn = waiter_wake;
    e->wait.arg = w;
    e->next = w->used;
    w->used = e;
    wq_add(q, &e->wait);
}

static void waiter_init(struct waiter *w)
{
    w->pt.queue = waiter_queue;
    w->thread = current;
    atomic_init(&w->triggered, false);
    w->no_memory = false;
    w->nr_inline = 0;
    w->used = NULL;
}

static void waiter_release(struct waiter *w)
{
    while (w->used) {
        struct poll_entry *e = w->used;
        w->used = e->next;
        wq_remove(e->wait.queue, &e->wait);
        if (e < w->inline_entries || e >= w->inline_entries + INLINE_ENTRIES)
            kfree(e);
    }
}

static int waiter_sleep(struct waiter *w, nsec_t deadline)
{
    int rc = 0;

    sleep_prepare(SLEEP_INTERRUPTIBLE);
    if (!atomic_load(&w->triggered))
        rc = sleep_until(deadline);
    sleep_cancel();
    atomic_store(&w->triggered, false);
    return rc;
}

/* Call scan(arg) until it finds something, (deadline) or a signal. The number
 * found, 0, or -errno. */
static long poll_loop(struct waiter *w, nsec_t deadline,
                      long (*scan)(void *arg, struct poll_table *pt), void *arg)
{
    struct poll_table *pt = deadline ? &w->pt : NULL; /* 0: do not wait */
    int rc = deadline ? 0 : -ETIMEDOUT;

    for (;;) {
        long n = scan(arg, pt);
        if (n)
            return n;
        if (w->no_memory)
            return -ENOMEM;
        if (rc)
            return rc == -ETIMEDOUT ? 0 : -ERESTARTNOHAND;
        pt = NULL;
        rc = waiter_sleep(w, deadline);
    }
}

/* O_PATH descriptors cannot be asked. */
static struct file *get_file(int fd)
{
    struct file *f = fd_get(fd);

    if (f && (f->caps & FILE_PATH)) {
        file_put(f);
        f = NULL;
    }
    return f;
}

/* What is left of a time-out, for select(2) and ppoll(2) to write back. */
static struct __kernel_timespec time_left(nsec_t deadline)
{
    nsec_t left = deadline - time_monotonic();

    left = MAX(left, (nsec_t)0);
    return (struct __kernel_timespec){left / NSEC_PER_SEC, left % NSEC_PER_SEC};
}

/* As Linux does, a time-out in read-only memory is not an error. */
static void put_time_left(void __user *ts, nsec_t deadline)
{
    struct __kernel_timespec left = time_left(deadline);

    if (ts && deadline && copy_to_user(ts, &left, sizeof(left)))
        return;
}

/* --- poll ---------------------------------------------------------------- */

struct poll_set {
    struct pollfd *fds;
    struct file **files;
    unsigned n;
};

static long poll_scan(void *arg, struct poll_table *pt)
{
    struct poll_set *s = arg;
    long found = 0;

    for (unsigned i = 0; i < s->n; i++) {
        struct pollfd *p = &s->fds[i];
        uint32_t want = (uint16_t)p->events | EV_ERR | EV_HUP;
        p->revents = 0;
        if (p->fd < 0)
            continue;
        if (!s->files[i])
            p->revents = EV_NVAL;
        else
            p->revents =
                (short)(file_poll(s->files[i], found ? NULL : pt) & want);
        found += p->revents != 0;
    }
    return found;
}

static long do_poll(struct pollfd __user *ufds, unsigned n, nsec_t deadline)
{
    struct pollfd small_fds[INLINE_ENTRIES], *fds = small_fds;
    struct file *small_files[INLINE_ENTRIES], **files = small_files;
    struct waiter w;
    long ret;

    if (n > process_rlimit(RLIMIT_NOFILE))
        return -EINVAL;
    if (n > INLINE_ENTRIES) {
        fds = kmalloc(n * (sizeof(*fds) + sizeof(*files)), 0);
        if (!fds)
            return -ENOMEM;
        files = (struct file **)(fds + n);
    }
    ret = copy_from_user(fds, ufds, n * sizeof(*fds));
    if (ret)
        goto out_free;
    for (unsigned i = 0; i < n; i++)
        files[i] = fds[i].fd < 0 ? NULL : get_file(fds[i].fd);
    waiter_init(&w);
    ret = poll_loop(&w, deadline, poll_scan, &(struct poll_set){fds, files, n});
    waiter_release(&w);
    for (unsigned i = 0; i < n; i++) {
        if (files[i])
            file_put(files[i]);
        if (ret >= 0 && put_user(fds[i].revents, &ufds[i].revents))
            ret = -EFAULT;
    }
out_free:
    if (fds != small_fds)
        kfree(fds);
    return ret;
}

long sys_poll(void __user *fds, unsigned nfds, int timeout_ms)
{
    return do_poll(fds, nfds, deadline_from_ms(timeout_ms));
}

/* Block (umask) during the call if given; -EINVAL, -EFAULT. */
static int mask_begin(const void __user *umask, size_t size)
{
    uint64_t mask;

    if (!umask)
        return 0;
    if (size != sizeof(mask))
        return -EINVAL;
    if (get_user(mask, (const uint64_t __user *)umask))
        return -EFAULT;
    signal_mask_push(mask);
    return 0;
}

static void mask_end(const void __user *umask, long ret)
{
    if (umask && ret != -ERESTARTNOHAND)
        signal_mask_pop();
}

long sys_ppoll(void __user *fds, unsigned nfds, void __user *ts,
               const void __user *mask, size_t masksize)
{
    nsec_t deadline = NSEC_NEVER;
    long ret = ts ? deadline_from_user(ts, &deadline) : 0;

    if (!ret)
        ret = mask_begin(mask, masksize);
    if (ret)
        return ret;
    ret = do_poll(fds, nfds, deadline);
    put_time_left(ts, deadline);
    mask_end(mask, ret);
    return ret;
}

/* --- select -------------------------------------------------------------- */

#define SELECT_INLINE 64

struct select_set {
    int n;
    uint64_t *in[3];  /* read, write, exception: wanted */
    uint64_t *out[3]; /* found */
    struct file **files;
};

static const uint32_t select_events[3] = {
    EV_IN | EV_RDNORM | EV_RDBAND | EV_HUP | EV_ERR,
    EV_OUT | EV_WRNORM | EV_WRBAND | EV_ERR,
    EV_PRI,
};

static bool bit_test(const uint64_t *map, int bit)
{
    return map[bit / 64] >> (bit % 64) & 1;
}

static long select_scan(void *arg, struct poll_table *pt)
{
    struct select_set *s = arg;
    long found = 0;

    for (int k = 0; k < 3; k++)
        memset(s->out[k], 0, (size_t)(s->n + 63) / 64 * 8);
    for (int fd = 0; fd < s->n; fd++) {
        if (!s->files[fd])
            continue;
        uint32_t ev = file_poll(s->files[fd], found ? NULL : pt);
        for (int k = 0; k < 3; k++) {
            if (bit_test(s->in[k], fd) && (ev & select_events[k])) {
                s->out[k][fd / 64] |= 1ul << (fd % 64);
                found++;
            }
        }
    }
    return found;
}

static int select_get_files(struct select_set *s)
{
    int err = 0;

    for (int fd = 0; fd < s->n; fd++) {
        bool wanted = bit_test(s->in[0], fd) || bit_test(s->in[1], fd) ||
                      bit_test(s->in[2], fd);
        s->files[fd] = wanted ? get_file(fd) : NULL;
        if (wanted && !s->files[fd])
            err = -EBADF;
    }
    return err;
}

static long do_select(int n, void __user *const usets[3], nsec_t deadline)
{
    uint64_t small[6 * SELECT_INLINE / 64];
    struct file *small_files[SELECT_INLINE];
    struct select_set s = {.n = n};
    struct waiter w;
    uint64_t *maps = small;
    long ret = 0;

    if (n < 0)
        return -EINVAL;
    if ((uint64_t)n > process_rlimit(RLIMIT_NOFILE))
        s.n = n = (int)process_rlimit(RLIMIT_NOFILE);
    size_t words = (size_t)(n + 63) / 64;
    s.files = small_files;
    if (n > SELECT_INLINE) {
        maps = kmalloc(6 * words * 8 + (size_t)n * sizeof(*s.files), 0);
        if (!maps)
            return -ENOMEM;
        s.files = (struct file **)(maps + 6 * words);
    }
    for (int k = 0; k < 3; k++) {
        s.in[k] = maps + (size_t)k * words;
        s.out[k] = maps + (size_t)(k + 3) * words;
        memset(s.in[k], 0, words * 8);
        if (usets[k] && copy_from_user(s.in[k], usets[k], words * 8))
            ret = -EFAULT;
    }
    if (ret)
        goto out_free;
    ret = select_get_files(&s);
    if (!ret) {
        waiter_init(&w);
        ret = poll_loop(&w, deadline, select_scan, &s);
        waiter_release(&w);
    }
    for (int fd = 0; fd < n; fd++)
        if (s.files[fd])
            file_put(s.files[fd]);
    for (int k = 0; k < 3 && ret >= 0; k++)
        if (usets[k] && copy_to_user(usets[k], s.out[k], words * 8))
            ret = -EFAULT;
out_free:
    if (maps != small)
        kfree(maps);
    return ret;
}

long sys_select(int n, void __user *in, void __user *out, void __user *ex,
                void __user *utv)
{
    void __user *sets[3] = {in, out, ex};
    nsec_t deadline = NSEC_NEVER;
    struct __kernel_old_timeval tv;
    struct __kernel_timespec left;
    long ret;

    if (utv) {
        if (copy_from_user(&tv, utv, sizeof(tv)))
            return -EFAULT;
        if (tv.tv_sec < 0 || tv.tv_usec < 0)
            return -EINVAL;
        deadline = deadline_after(tv.tv_sec, tv.tv_usec * 1000);
    }
    ret = do_select(n, sets, deadline);
    left = time_left(deadline);
    tv = (struct __kernel_old_timeval){left.tv_sec, left.tv_nsec / 1000};
    if (utv && deadline && copy_to_user(utv, &tv, sizeof(tv)))
        return ret; /* as put_time_left() */
    return ret;
}

long sys_pselect6(int n, void __user *in, void __user *out, void __user *ex,
                  void __user *ts, const void __user *umask)
{
    void __user *sets[3] = {in, out, ex};
    nsec_t deadline = NSEC_NEVER;
    struct {
        const void __user *mask;
        size_t size;
    } m = {NULL, 0};
    long ret = ts ? deadline_from_user(ts, &deadline) : 0;

    if (!ret && umask && copy_from_user(&m, umask, sizeof(m)))
        ret = -EFAULT;
    if (!ret)
        ret = mask_begin(m.mask, m.size);
    if (ret)
        return ret;
    ret = do_select(n, sets, deadline);
    put_time_left(ts, deadline);
    mask_end(m.mask, ret);
    return ret;
}
