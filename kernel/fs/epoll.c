/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * epoll.c - event polling.
 *
 * An epoll set watches (file, descriptor) pairs. Each pair is an item; items
 * are found by descriptor number through an array, since the BEAM re-arms
 * every socket with EPOLL_CTL_MOD for every message.
 *
 * States of an item:
 *   idle  --wake-up or readiness seen by ADD/MOD--> ready (on ep->ready)
 *   ready --epoll_wait finds events, level-triggered--> ready (at the tail)
 *   ready --edge-triggered, ONESHOT or no events after all--> idle
 * ADD and MOD always ask for errors and hang-ups. A reported ONESHOT item loses
 * all bits of (events) but the private ones and so is disarmed: nothing is
 * reported, not even errors, until the next MOD.
 *
 * Life: a file does not know its sets by reference, nor they the file. Closing
 * a file takes its items out of all sets (epoll_release_file), closing a set
 * takes its items off all files; (teardown) keeps the two from meeting. While
 * an item is in a set, its file's operations may be called under ep->lock, for
 * release comes after epoll_release_file, which takes ep->lock.
 *
 * Locks: teardown > ep->lock (sleeping) > ... > wait queue of a file >
 * ep->ready_lock > ep->wait.
 */
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "fs/poll.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/fdtable.h"
#include "proc/signal.h"
#include "sched/cpu.h"
#include "sys/syscall.h"
#include "sys/timespec.h"

#define PRIVATE_BITS                                                           \
    ((uint32_t)(EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE))
#define ALWAYS_BITS ((uint32_t)(EPOLLERR | EPOLLHUP))
/* What may stand beside EPOLLEXCLUSIVE: epoll_ctl(2). */
#define WITH_EXCLUSIVE                                                         \
    ((uint32_t)(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP |       \
                EPOLLET | EPOLLEXCLUSIVE))
#define MAX_NESTING        4
#define MAX_WATCHED_QUEUES 2 /* no file of ours has more */

struct epoll;

/* E ep->lock; r ep->ready_lock; f file->ep_lock; I immutable */
struct epitem {
    struct epoll *ep;        /* I */
    struct file *file;       /* I not a reference */
    int fd;                  /* I */
    struct epitem *next;     /* E others with this descriptor number */
    struct list all;         /* E ep->items */
    struct list ready;       /* r ep->ready or alone */
    struct list file_link;   /* f */
    _Atomic uint32_t events; /* E written, read by wake-ups */
    uint64_t data;           /* E */
    unsigned nr_waits;       /* I after ADD */
    struct wait_entry waits[MAX_WATCHED_QUEUES];
};

struct epoll {
    struct mutex lock;
    struct file *file;     /* I not a reference */
    struct epitem **by_fd; /* E */
    unsigned size;         /* E of by_fd */
    struct list items;     /* E */
    struct spinlock ready_lock;
    struct list ready;           /* r */
    struct wait_queue wait;      /* epoll_wait */
    struct wait_queue poll_wait; /* sets and polls that watch this set */
};

static struct mutex teardown;
static struct slab_cache *item_cache;
static const struct file_ops epoll_ops;

void epoll_init(void)
{
    mutex_init(&teardown, RANK_EPOLL_ALL);
    item_cache = slab_cache_create("epitem", sizeof(struct epitem), 8);
}

/* --- readiness ----------------------------------------------------------- */

static bool item_armed(const struct epitem *it)
{
    return it->events & ~PRIVATE_BITS;
}

static void epoll_notify(struct epoll *ep)
{
    if (wq_active(&ep->wait))
        wq_wake(&ep->wait, EV_IN);
    if (wq_active(&ep->poll_wait))
        wq_wake(&ep->poll_wait, EV_IN | EV_RDNORM);
}

/* Put an item on the ready list; false if it was there. */
static bool item_set_ready(struct epitem *it)
{
    struct epoll *ep = it->ep;
    bool added = false;

    spin_lock(&ep->ready_lock);
    if (list_empty(&it->ready)) {
        list_add_tail(&ep->ready, &it->ready);
        added = true;
    }
    spin_unlock(&ep->ready_lock);
    return added;
}

/* A watched file's queue is woken; its lock is held. An EPOLLEXCLUSIVE watch
 * takes the wake-up from other sets only if somebody waits for this one. */
static bool item_wake(struct wait_entry *e, uint32_t events)
{
    struct epitem *it = e->arg;
    bool waited = wq_active(&it->ep->wait);

    if (!item_armed(it))
        return false;
    if (events && !(events & (it->events | EV_ERR | EV_HUP)))
        return false;
    if (item_set_ready(it))
        epoll_notify(it->ep);
    return waited || !(it->events & EPOLLEXCLUSIVE);
}

static uint32_t item_poll(struct epitem *it, struct poll_table *pt)
{
    if (!item_armed(it) && !pt)
        return 0;
    return file_poll(it->file, pt) & (it->events | EV_ERR | EV_HUP);
}

/* --- items --------------------------------------------------------------- */

struct attach {
    struct poll_table pt; /* must be first */
    struct epitem *item;
};

static void attach_queue(struct poll_table *pt, struct file *f,
                         struct wait_queue *q)
{
    struct epitem *it = container_of(pt, struct attach, pt)->item;

    (void)f;
    ASSERT(it->nr_waits < MAX_WATCHED_QUEUES);
    struct wait_entry *e = &it->waits[it->nr_waits++];
    wait_entry_init(e);
    e->fn = item_wake;
    e->arg = it;
    e->exclusive = it->events & EPOLLEXCLUSIVE;
    wq_add(q, e);
}

static struct epitem **item_slot(struct epoll *ep, struct file *f, int fd)
{
    struct epitem **p;

    if ((unsigned)fd >= ep->size)
        return NULL;
    for (p = &ep->by_fd[fd]; *p; p = &(*p)->next)
        if ((*p)->file == f)
            return p;
    return NULL;
}

static int epoll_reserve(struct epoll *ep, unsigned fd)
{
    unsigned size = ep->size ? ep->size : 64;
    struct epitem **a;

    if (fd < ep->size)
        return 0;
    while (size <= fd)
        size *= 2;
    a = kzalloc(size * sizeof(*a), 0);
    if (!a)
        return -ENOMEM;
    memcpy(a, ep->by_fd, ep->size * sizeof(*a));
    kfree(ep->by_fd);
    ep->by_fd = a;
    ep->size = size;
    return 0;
}

/* Call with ep->lock held; the item is freed. */
static void item_remove(struct epitem **slot)
{
    struct epitem *it = *slot;
    struct epoll *ep = it->ep;

    for (unsigned i = 0; i < it->nr_waits; i++)
        wq_remove(it->waits[i].queue, &it->waits[i]);
    /* No wake-up can reach the item any more. */
    spin_lock(&it->file->ep_lock);
    list_del_init(&it->file_link);
    spin_unlock(&it->file->ep_lock);
    spin_lock(&ep->ready_lock);
    list_del_init(&it->ready);
    spin_unlock(&ep->ready_lock);
    list_del_init(&it->all);
    *slot = it->next;
    slab_free(item_cache, it);
}

static int item_add(struct epoll *ep, struct file *f, int fd,
                    const struct epoll_event *ev)
{
    int err = epoll_reserve(ep, (unsigned)fd);
    struct epitem *it;

    if (err)
        return err;
    it = slab_alloc(item_cache, ALLOC_ZERO);
    if (!it)
        return -ENOMEM;
    it->ep = ep;
    it->file = f;
    it->fd = fd;
    it->events = ev->events | ALWAYS_BITS;
    it->data = ev->data;
    list_init(&it->ready);
    it->next = ep->by_fd[fd];
    ep->by_fd[fd] = it;
    list_add_tail(&ep->items, &it->all);
    spin_lock(&f->ep_lock);
    list_add_tail(&f->ep_items, &it->file_link);
    spin_unlock(&f->ep_lock);

    struct attach a = {{attach_queue}, it};
    if (item_poll(it, &a.pt) && item_armed(it) && item_set_ready(it))
        epoll_notify(ep);
    return 0;
}

static int item_modify(struct epitem *it, const struct epoll_event *ev)
{
    if ((it->events | ev->events) & EPOLLEXCLUSIVE)
        return -EINVAL;
    it->data = ev->data;
    /* The new mask is visible before readiness is tested: a wake-up that
     * comes later sees it, one that came earlier shows in the test. */
    atomic_store(&it->events, ev->events | ALWAYS_BITS);
    if (item_poll(it, NULL) && item_set_ready(it))
        epoll_notify(it->ep);
    return 0;
}

void epoll_release_file(struct file *f)
{
    mutex_lock(&teardown);
    for (;;) {
        struct epitem *it;
        spin_lock(&f->ep_lock);
        it = list_first(&f->ep_items, struct epitem, file_link);
        spin_unlock(&f->ep_lock);
        if (!it)
            break;
        struct epoll *ep = it->ep;
        mutex_lock(&ep->lock);
        item_remove(item_slot(ep, f, it->fd));
        mutex_unlock(&ep->lock);
    }
    mutex_unlock(&teardown);
}

/* --- the set as a file --------------------------------------------------- */

static void epoll_release(struct file *f)
{
    struct epoll *ep = f->private;
    struct epitem *it;

    mutex_lock(&teardown);
    mutex_lock(&ep->lock);
    while ((it = list_first(&ep->items, struct epitem, all)))
        item_remove(item_slot(ep, it->file, it->fd));
    mutex_unlock(&ep->lock);
    mutex_unlock(&teardown);
    kfree(ep->by_fd);
    kfree(ep);
}

static uint32_t epoll_poll(struct file *f, struct poll_table *pt)
{
    struct epoll *ep = f->private;
    struct epitem *it, *n;
    uint32_t events = 0;
    struct list todo;

    poll_wait(f, &ep->poll_wait, pt);
    list_init(&todo);
    mutex_lock_nested(&ep->lock); /* sets form a tree: item_check_nesting() */
    spin_lock(&ep->ready_lock);
    list_splice_tail(&todo, &ep->ready);
    spin_unlock(&ep->ready_lock);
    list_for_each_safe (it, n, &todo, ready) {
        if (item_poll(it, NULL)) {
            events = EV_IN | EV_RDNORM;
            break;
        }
        spin_lock(&ep->ready_lock);
        list_del_init(&it->ready);
        spin_unlock(&ep->ready_lock);
    }
    spin_lock(&ep->ready_lock);
    list_splice_tail(&ep->ready, &todo);
    spin_unlock(&ep->ready_lock);
    mutex_unlock(&ep->lock);
    return events;
}

static size_t epoll_fdinfo(struct file *f, char *buf, size_t size)
{
    struct epoll *ep = f->private;
    struct epitem *it;
    size_t n = 0;

    mutex_lock(&ep->lock);
    list_for_each (it, &ep->items, all) {
        if (n >= size)
            break;
        n += (size_t)ksnprintf(buf + n, size - n,
                               "tfd: %8d events: %8x data: %16llx\n", it->fd,
                               it->events, (unsigned long long)it->data);
    }
    mutex_unlock(&ep->lock);
    return MIN(n, size);
}

static const struct file_ops epoll_ops = {
    .kind = "eventpoll",
    .poll = epoll_poll,
    .release = epoll_release,
    .fdinfo = epoll_fdinfo,
};

long sys_epoll_create1(int flags)
{
    struct epoll *ep;
    struct file *f;

    if (flags & ~EPOLL_CLOEXEC)
        return -EINVAL;
    ep = kzalloc(sizeof(*ep), 0);
    if (!ep)
        return -ENOMEM;
    mutex_init(&ep->lock, RANK_EPOLL_FILE);
    list_init(&ep->items);
    spin_init(&ep->ready_lock, RANK_EPOLL);
    list_init(&ep->ready);
    wq_init(&ep->wait);
    spin_init(&ep->wait.lock, RANK_WAITQ_EPOLL);
    wq_init(&ep->poll_wait);
    spin_init(&ep->poll_wait.lock, RANK_NONE); /* one per level of nesting */
    f = file_alloc_anon("[eventpoll]", 0600, &epoll_ops, ep, O_RDWR);
    if (IS_ERR(f)) {
        kfree(ep);
        return PTR_ERR(f);
    }
    ep->file = f;
    return fd_add(f, flags & EPOLL_CLOEXEC);
}

long sys_epoll_create(int size)
{
    return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}

/* --- epoll_ctl ----------------------------------------------------------- */

/* How many sets are above (ep), one watching the other. Call with teardown
 * held, which every change of a watch of a set takes. */
static int height(const struct epoll *ep)
{
    struct epitem *it;
    int most = 0;

    list_for_each (it, &ep->file->ep_items, file_link) {
        int h = 1 + height(it->ep); /* at most MAX_NESTING deep */
        most = MAX(most, h);
    }
    return most;
}

/* Would watching (f), itself a set, from (ep) make a ring or too deep a tree?
 * Call with teardown held, which every addition of a set takes. */
static int check_nesting(struct epoll *ep, struct epoll *inner, int depth)
{
    struct epitem *it;
    int err = 0;

    if (inner == ep || depth > MAX_NESTING)
        return -ELOOP;
    mutex_lock_nested(&inner->lock);
    list_for_each (it, &inner->items, all) {
        if (it->file->ops == &epoll_ops)
            err = check_nesting(ep, it->file->private, depth + 1);
        if (err)
            break;
    }
    mutex_unlock(&inner->lock);
    return err;
}

static int epoll_change(struct epoll *ep, int op, struct file *f, int fd,
                        const struct epoll_event *ev)
{
    struct epitem **slot;
    int err;

    mutex_lock(&ep->lock);
    slot = item_slot(ep, f, fd);
    switch (op) {
    case EPOLL_CTL_ADD:
        err = slot ? -EEXIST : item_add(ep, f, fd, ev);
        break;
    case EPOLL_CTL_MOD:
        err = slot ? item_modify(*slot, ev) : -ENOENT;
        break;
    case EPOLL_CTL_DEL:
        err = slot ? 0 : -ENOENT;
        if (slot)
            item_remove(slot);
        break;
    default:
        err = -EINVAL;
    }
    mutex_unlock(&ep->lock);
    return err;
}

static int epoll_control(struct file *epf, int op, struct file *f, int fd,
                         const struct epoll_event *ev)
{
    bool nested = f->ops == &epoll_ops && op != EPOLL_CTL_MOD;
    int err = 0;

    if ((epf->caps | f->caps) & FILE_PATH)
        return -EBADF;
    if (!f->ops->poll)
        return -EPERM;
    if (epf->ops != &epoll_ops || epf == f)
        return -EINVAL;
    if (op == EPOLL_CTL_ADD && (ev->events & EPOLLEXCLUSIVE) &&
        (nested || (ev->events & ~WITH_EXCLUSIVE)))
        return -EINVAL;
    if (nested)
        mutex_lock(&teardown);
    if (nested && op == EPOLL_CTL_ADD)
        err = check_nesting(epf->private, f->private, 1 + height(epf->private));
    if (!err)
        err = epoll_change(epf->private, op, f, fd, ev);
    if (nested)
        mutex_unlock(&teardown);
    return err;
}

long sys_epoll_ctl(int epfd, int op, int fd, const void __user *event)
{
    struct epoll_event ev = {0, 0};
    struct file *epf, *f;
    long ret = -EBADF;

    if (op != EPOLL_CTL_DEL && copy_from_user(&ev, event, sizeof(ev)))
        return -EFAULT;
    epf = fd_get(epfd);
    if (!epf)
        return -EBADF;
    f = fd_get(fd);
    if (f) {
        ret = epoll_control(epf, op, f, fd, &ev);
        file_put(f);
    }
    file_put(epf);
    return ret;
}

/* --- epoll_wait ---------------------------------------------------------- */

/* Report one item; true if it was reported, *(err) if memory faulted. */
static bool item_report(struct epitem *it, struct epoll_event __user *out,
                        int *err)
{
    struct epoll_event ev = {.events = item_poll(it, NULL), .data = it->data};

    if (!ev.events)
        return false;
    if (copy_to_user(out, &ev, sizeof(ev))) {
        item_set_ready(it);
        *err = -EFAULT;
        return false;
    }
    if (it->events & EPOLLONESHOT)
        atomic_store(&it->events, it->events & PRIVATE_BITS);
    else if (!(it->events & EPOLLET))
        item_set_ready(it);
    return true;
}

static int epoll_harvest(struct epoll *ep, struct epoll_event __user *out,
                         int max)
{
    struct list todo;
    int n = 0, err = 0;

    list_init(&todo);
    mutex_lock(&ep->lock);
    spin_lock(&ep->ready_lock);
    list_splice_tail(&todo, &ep->ready);
    while (!list_empty(&todo) && n < max && !err) {
        struct epitem *it = list_first(&todo, struct epitem, ready);
        list_del_init(&it->ready);
        spin_unlock(&ep->ready_lock);
        n += item_report(it, &out[n], &err);
        spin_lock(&ep->ready_lock);
    }
    /* What was not looked at comes before what became ready meanwhile. */
    list_splice_tail(&todo, &ep->ready);
    list_splice_tail(&ep->ready, &todo);
    spin_unlock(&ep->ready_lock);
    mutex_unlock(&ep->lock);
    return n ? n : err;
}

static bool epoll_ready(struct epoll *ep)
{
    return !list_empty(&ep->ready);
}

static int epoll_sleep(struct epoll *ep, nsec_t deadline)
{
    struct wait_entry e;
    int rc = 0;

    wait_entry_init(&e);
    e.exclusive = true;
    wq_add(&ep->wait, &e);
    for (;;) {
        sleep_prepare(SLEEP_INTERRUPTIBLE);
        if (epoll_ready(ep)) {
            rc = 0;
            break;
        }
        if (rc)
            break;
        rc = sleep_until(deadline);
    }
    sleep_cancel();
    wq_remove(&ep->wait, &e);
    return rc;
}

static long epoll_wait_until(int epfd, struct epoll_event __user *out, int max,
                             nsec_t deadline)
{
    struct file *f;
    long n = 0;

    if (max <= 0 || (size_t)max > INT32_MAX / sizeof(*out))
        return -EINVAL;
    if (!user_range_ok(out, (size_t)max * sizeof(*out)))
        return -EFAULT;
    f = fd_get(epfd);
    if (!f)
        return -EBADF;
    if (f->ops != &epoll_ops) {
        file_put(f);
        return -EINVAL;
    }
    struct epoll *ep = f->private;
    for (;;) {
        if (epoll_ready(ep))
            n = epoll_harvest(ep, out, max);
        if (n || !deadline)
            break;
        n = epoll_sleep(ep, deadline);
        if (n == -ETIMEDOUT) {
            n = 0;
            break;
        }
        if (n) {
            n = -EINTR; /* never restarted: signal(7) */
            break;
        }
    }
    if (n > 0 && epoll_ready(ep) && wq_active(&ep->wait))
        wq_wake(&ep->wait, EV_IN); /* others may take the rest */
    file_put(f);
    return n;
}

long sys_epoll_wait(int epfd, void __user *events, int max, int timeout_ms)
{
    return epoll_wait_until(epfd, events, max, deadline_from_ms(timeout_ms));
}

static long epoll_wait_masked(int epfd, void __user *events, int max,
                              nsec_t deadline, const void __user *umask,
                              size_t masksize)
{
    uint64_t mask;
    long n;

    if (!umask)
        return epoll_wait_until(epfd, events, max, deadline);
    if (masksize != sizeof(mask))
        return -EINVAL;
    if (copy_from_user(&mask, umask, sizeof(mask)))
        return -EFAULT;
    signal_mask_push(mask);
    n = epoll_wait_until(epfd, events, max, deadline);
    if (n != -EINTR)
        signal_mask_pop();
    return n;
}

long sys_epoll_pwait(int epfd, void __user *events, int max, int timeout_ms,
                     const void __user *mask, size_t masksize)
{
    return epoll_wait_masked(epfd, events, max, deadline_from_ms(timeout_ms),
                             mask, masksize);
}

long sys_epoll_pwait2(int epfd, void __user *events, int max,
                      const void __user *ts, const void __user *mask,
                      size_t masksize)
{
    nsec_t deadline = NSEC_NEVER;
    int err = ts ? deadline_from_user(ts, &deadline) : 0;

    if (err)
        return err;
    return epoll_wait_masked(epfd, events, max, deadline, mask, masksize);
}
