/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * locks.c - advisory file locks.
 *
 * Two classes that do not see each other: flock locks, which belong to an open
 * file and cover all of it, and record locks, which cover byte ranges and
 * belong to a descriptor table (POSIX) or to an open file (OFD). An owner's
 * record locks never overlap: setting a range splits or swallows what it had.
 *
 * They are rare, so one lock covers all of them; that also makes the search
 * for deadlocks simple: every POSIX request that waits is on a list with the
 * owner it waits for.
 */
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "fs/locks.h"
#include "fs/vfs.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "sched/cpu.h"

enum lock_class { CLASS_FLOCK, CLASS_RECORD };

struct lock_entry {
    struct list link;
    enum lock_class class;
    short type; /* F_RDLCK, F_WRLCK; F_UNLCK in requests */
    const void *owner;
    pid_t pid;          /* -1 for OFD locks */
    int64_t start, end; /* both included */
};

struct file_locks {
    struct list entries;    /* locks_lock */
    struct wait_queue wait; /* a lock went or shrank */
};

struct lock_waiter {
    struct list link;
    const void *owner, *blocker;
};

static struct spinlock locks_lock = SPINLOCK_INIT(RANK_INODE_CACHE);
static struct list waiters = LIST_HEAD_INIT(waiters); /* locks_lock */

static struct file_locks *locks_of(struct inode *i)
{
    struct file_locks *l = i->locks, *expected = NULL;

    if (l)
        return l;
    l = kmalloc(sizeof(*l), 0);
    if (!l)
        return NULL;
    list_init(&l->entries);
    wq_init(&l->wait);
    if (atomic_compare_exchange_strong(&i->locks, &expected, l))
        return l;
    kfree(l);
    return expected;
}

void locks_free(struct inode *i)
{
    struct file_locks *l = i->locks;
    struct lock_entry *e, *n;

    if (!l)
        return;
    list_for_each_safe (e, n, &l->entries, link)
        kfree(e);
    kfree(l);
}

static bool conflicts(const struct lock_entry *a, const struct lock_entry *b)
{
    return a->class == b->class && a->owner != b->owner && a->start <= b->end &&
           b->start <= a->end && (a->type == F_WRLCK || b->type == F_WRLCK);
}

static struct lock_entry *find_conflict(struct file_locks *l,
                                        const struct lock_entry *want)
{
    struct lock_entry *e;

    list_for_each (e, &l->entries, link)
        if (conflicts(e, want))
            return e;
    return NULL;
}

/* (e) and (want) have one owner. Whether they can become one lock. */
static bool mergeable(const struct lock_entry *e, const struct lock_entry *want)
{
    return e->type == want->type &&
           (want->end == INT64_MAX || e->start <= want->end + 1) &&
           (e->end == INT64_MAX || want->start <= e->end + 1);
}

/* Take [want->start, want->end] out of (e), of another type; (spare) becomes
 * the upper part if the middle is cut. */
static void cut(struct lock_entry *e, const struct lock_entry *want,
                struct lock_entry **spare)
{
    if (e->start < want->start && e->end > want->end) {
        struct lock_entry *upper = *spare;

        *spare = NULL;
        *upper = *e;
        upper->start = want->end + 1;
        e->end = want->start - 1;
        list_add_head(&e->link, &upper->link);
    } else if (e->start < want->start) {
        e->end = want->start - 1;
    } else {
        e->start = want->end + 1;
    }
}

/* No conflict: make it so. Both (fresh) are either used or left to be freed. */
static void apply(struct file_locks *l, struct lock_entry *want,
                  struct lock_entry *fresh[2])
{
    struct lock_entry *e, *n;

    list_for_each_safe (e, n, &l->entries, link) {
        if (e->owner != want->owner || e->class != want->class)
            continue;
        if (mergeable(e, want)) {
            want->start = MIN(want->start, e->start);
            want->end = MAX(want->end, e->end);
        } else if (e->end < want->start || e->start > want->end) {
            continue;
        } else if (e->start < want->start || e->end > want->end) {
            cut(e, want, &fresh[1]);
            continue;
        }
        list_del_init(&e->link);
        kfree(e);
    }
    if (want->type == F_UNLCK)
        return;
    *fresh[0] = *want;
    list_add_tail(&l->entries, &fresh[0]->link);
    fresh[0] = NULL;
}

/* Does (blocker) wait, maybe through others, for (owner)? Bounded, because a
 * chain can be changed by threads that share a table. */
static bool would_deadlock(const void *owner, const void *blocker)
{
    for (int depth = 0; depth < 64; depth++) {
        const void *next = NULL;
        struct lock_waiter *w;

        list_for_each (w, &waiters, link)
            if (w->owner == blocker) {
                next = w->blocker;
                break;
            }
        if (!next)
            return false;
        if (next == owner)
            return true;
        blocker = next;
    }
    return false;
}

/* 0 done, -EAGAIN conflict (then (waiter), if any, is queued), -EDEADLK. */
static int attempt(struct file_locks *l, struct lock_entry *want,
                   struct lock_entry *fresh[2], struct lock_waiter *waiter)
{
    struct lock_entry *e = NULL;
    int rc = 0;

    spin_lock(&locks_lock);
    if (waiter)
        list_del_init(&waiter->link);
    if (want->type != F_UNLCK)
        e = find_conflict(l, want);
    if (!e) {
        apply(l, want, fresh);
    } else if (waiter && would_deadlock(want->owner, e->owner)) {
        rc = -EDEADLK;
    } else {
        rc = -EAGAIN;
        if (waiter) {
            waiter->blocker = e->owner;
            list_add_tail(&waiters, &waiter->link);
        }
    }
    spin_unlock(&locks_lock);
    return rc;
}

static int wait_for(struct file_locks *l, struct lock_entry *want,
                    struct lock_entry *fresh[2])
{
    struct lock_waiter waiter = {.owner = want->owner};
    /* flock does not look for deadlocks. */
    struct lock_waiter *w = want->class == CLASS_RECORD ? &waiter : NULL;
    int rc = -EAGAIN, err;

    list_init(&waiter.link);
    err =
        WAIT_EVENT_INTR(&l->wait, (rc = attempt(l, want, fresh, w)) != -EAGAIN);
    spin_lock(&locks_lock);
    list_del_init(&waiter.link);
    spin_unlock(&locks_lock);
    return err ? err : rc;
}

static int set_lock(struct inode *i, struct lock_entry *want, bool wait)
{
    struct file_locks *l = locks_of(i);
    struct lock_entry *fresh[2] = {kmalloc(sizeof(*want), 0),
                                   kmalloc(sizeof(*want), 0)};
    int rc = -ENOLCK;

    if (l && fresh[0] && fresh[1])
        rc = wait ? wait_for(l, want, fresh) : attempt(l, want, fresh, NULL);
    kfree(fresh[0]);
    kfree(fresh[1]);
    if (!rc && l)
        wq_wake_all(&l->wait, 0); /* an unlock, a downgrade */
    return rc;
}

int locks_flock(struct file *f, int op)
{
    struct lock_entry want = {.class = CLASS_FLOCK,
                              .owner = f,
                              .pid = -1,
                              .start = 0,
                              .end = INT64_MAX};
    bool wait = !(op & LOCK_NB);

    switch (op & ~LOCK_NB) {
    case LOCK_SH:
        want.type = F_RDLCK;
        break;
    case LOCK_EX:
        want.type = F_WRLCK;
        break;
    case LOCK_UN:
        want.type = F_UNLCK;
        break;
    default:
        return -EINVAL;
    }
    return set_lock(f->inode, &want, wait);
}

/* l_whence, l_start and l_len to a range. */
static int range_of(struct file *f, const struct flock *fl,
                    struct lock_entry *out)
{
    int64_t base = fl->l_whence == SEEK_SET   ? 0
                   : fl->l_whence == SEEK_CUR ? (int64_t)f->pos
                   : fl->l_whence == SEEK_END ? (int64_t)f->inode->mapping.size
                                              : -1;
    int64_t start, end;

    if (base < 0)
        return -EINVAL;
    if (__builtin_add_overflow(base, fl->l_start, &start))
        return -EOVERFLOW;
    if (start < 0)
        return -EINVAL;
    end = INT64_MAX;
    if (fl->l_len > 0 && __builtin_add_overflow(start, fl->l_len - 1, &end))
        return -EOVERFLOW;
    if (fl->l_len < 0) {
        end = start - 1;
        start += fl->l_len;
        if (start < 0)
            return -EINVAL;
    }
    out->start = start;
    out->end = end;
    return 0;
}

/* A program that asks again from behind it finds them all. */
static struct lock_entry *lowest_conflict(struct file_locks *l,
                                          const struct lock_entry *want)
{
    struct lock_entry *e, *lowest = NULL;

    list_for_each (e, &l->entries, link)
        if (conflicts(e, want) && (!lowest || e->start < lowest->start))
            lowest = e;
    return lowest;
}

static int get_lock(struct file *f, const struct lock_entry *want,
                    struct flock *fl)
{
    struct file_locks *l = f->inode->locks;
    struct lock_entry *e;

    fl->l_type = F_UNLCK;
    if (!l)
        return 0;
    spin_lock(&locks_lock);
    e = lowest_conflict(l, want);
    if (e) {
        fl->l_type = e->type;
        fl->l_whence = SEEK_SET;
        fl->l_start = e->start;
        fl->l_len = e->end == INT64_MAX ? 0 : e->end - e->start + 1;
        fl->l_pid = e->pid;
    }
    spin_unlock(&locks_lock);
    return 0;
}

int locks_fcntl(struct file *f, unsigned cmd, struct flock *fl)
{
    bool ofd = cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
    struct process *p = current_process();
    struct lock_entry want = {
        .class = CLASS_RECORD,
        .type = fl->l_type,
        .owner = ofd ? (void *)f : (void *)p->files,
        .pid = ofd ? -1 : p->pid,
    };
    int err;

    if (ofd && fl->l_pid)
        return -EINVAL;
    err = range_of(f, fl, &want);
    if (err)
        return err;
    if (want.type != F_RDLCK && want.type != F_WRLCK && want.type != F_UNLCK)
        return -EINVAL;
    if (cmd == F_GETLK || cmd == F_OFD_GETLK)
        return want.type == F_UNLCK ? -EINVAL : get_lock(f, &want, fl);
    if ((want.type == F_RDLCK && !(f->caps & FILE_READ)) ||
        (want.type == F_WRLCK && !(f->caps & FILE_WRITE)))
        return -EBADF;
    return set_lock(f->inode, &want, cmd == F_SETLKW || cmd == F_OFD_SETLKW);
}

static void drop_owner(struct inode *i, const void *owner)
{
    struct file_locks *l = i->locks;
    struct lock_entry *e, *n;
    bool any = false;

    spin_lock(&locks_lock);
    list_for_each_safe (e, n, &l->entries, link) {
        if (e->owner != owner)
            continue;
        list_del_init(&e->link);
        kfree(e);
        any = true;
    }
    spin_unlock(&locks_lock);
    if (any)
        wq_wake_all(&l->wait, 0);
}

void locks_file_released(struct file *f)
{
    if (f->inode->locks)
        drop_owner(f->inode, f);
}

void locks_owner_closed(struct inode *i, const void *owner)
{
    if (i->locks)
        drop_owner(i, owner);
}
