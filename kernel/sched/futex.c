/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * futex.c - futex(2): sleep on a word of user memory until somebody wakes.
 *
 * A word is known by its key (mm_futex_key): object and offset. Waiters queue
 * in a bucket of a hash table, first come, first served.
 *
 * Why no wake-up is lost: the waiter reads the word under the bucket's lock and
 * queues itself before it lets go. The program changes the word and then calls
 * FUTEX_WAKE, which takes the same lock. So either the waiter sees the new
 * value, or the waker sees the waiter.
 *
 * The word is read with page faults off, since a spinlock is held. If its page
 * is absent, the lock is dropped, the page brought in, and all done again.
 *
 * A waiter leaves only after it has held the lock of the bucket it is in
 * (requeueing can change that), also if it was woken: so who wakes or requeues
 * it may use it and its thread while holding that lock.
 *
 * Priority-inheritance operations are not there: ENOSYS, as on a Linux without
 * CONFIG_FUTEX_PI, and glibc then reports that such mutexes are unsupported.
 */
#include <linux/futex.h>

#include "arch/x86_64/arch.h"
#include "lib/log.h"
#include "mem/mm.h"
#include "mem/user.h"
#include "sched/cpu.h"
#include "sched/futex.h"
#include "sys/syscall.h"
#include "sys/timespec.h"

#define BUCKETS 512 /* power of two */

struct bucket {
    struct spinlock lock;
    struct list waiters; /* [lock] */
} __aligned(64);

/* b lock of (bucket); I immutable */
struct futex_waiter {
    struct list link;                /* b */
    struct futex_key key;            /* b */
    _Atomic(struct bucket *) bucket; /* b fixed once woken */
    _Atomic bool woken;              /* b */
    struct thread *thread;           /* I */
    uint32_t bitset;                 /* I */
};

static struct bucket buckets[BUCKETS];

void futex_init(void)
{
    for (int i = 0; i < BUCKETS; i++) {
        spin_init(&buckets[i].lock, RANK_FUTEX);
        list_init(&buckets[i].waiters);
    }
}

static struct bucket *bucket_of(const struct futex_key *k)
{
    uint64_t h = ((uintptr_t)k->object >> 4) + (k->offset >> 2);

    h *= 0x9e3779b97f4a7c15ul; /* 2^64 / golden ratio: spreads to the top */
    return &buckets[h >> (64 - __builtin_ctz(BUCKETS))];
}

static bool same_key(const struct futex_key *a, const struct futex_key *b)
{
    return a->object == b->object && a->offset == b->offset;
}

/* Lock two buckets in the order of their addresses, which all callers use. */
static void lock_both(struct bucket *a, struct bucket *b)
{
    if (a > b) {
        struct bucket *t = a;
        a = b;
        b = t;
    }
    spin_lock(&a->lock);
    if (a != b)
        spin_lock_nested(&b->lock);
}

static void unlock_both(struct bucket *a, struct bucket *b)
{
    spin_unlock(&a->lock);
    if (a != b)
        spin_unlock(&b->lock);
}

static int get_key(uint32_t __user *uaddr, bool shared, struct futex_key *key)
{
    if ((uintptr_t)uaddr % sizeof(uint32_t))
        return -EINVAL;
    if (!user_range_ok(uaddr, sizeof(uint32_t)))
        return -EFAULT;
    return mm_futex_key(current->mm, (vaddr_t)uaddr, shared, key);
}

/* --- waking -------------------------------------------------------------- */

/* Call with the bucket locked. */
static void wake_waiter(struct futex_waiter *w)
{
    list_del_init(&w->link);
    atomic_store_explicit(&w->woken, true, memory_order_relaxed);
    thread_wake(w->thread); /* full barrier after the store */
}

static int wake_locked(struct bucket *b, const struct futex_key *key, int max,
                       uint32_t bitset)
{
    struct futex_waiter *w, *n;
    int woken = 0;

    list_for_each_safe (w, n, &b->waiters, link) {
        if (woken >= max)
            break;
        if (!same_key(&w->key, key) || !(w->bitset & bitset))
            continue;
        wake_waiter(w);
        woken++;
    }
    return woken;
}

static long futex_wake(uint32_t __user *uaddr, bool shared, int max,
                       uint32_t bitset)
{
    struct futex_key key;
    struct bucket *b;
    int rc;

    if (!bitset)
        return -EINVAL;
    rc = get_key(uaddr, shared, &key);
    if (rc)
        return rc;
    b = bucket_of(&key);
    /* The program's store to the word comes before our look at the queue;
     * pairs with the lock taken before the waiter reads the word. */
    atomic_thread_fence(memory_order_seq_cst);
    if (list_empty(&b->waiters))
        return 0;
    spin_lock(&b->lock);
    rc = wake_locked(b, &key, max > 0 ? max : 1, bitset);
    spin_unlock(&b->lock);
    return rc;
}

int futex_wake_word(uint32_t __user *uaddr, int n)
{
    return (int)futex_wake(uaddr, true, n, FUTEX_BITSET_MATCH_ANY);
}

/* --- waiting ------------------------------------------------------------- */

/* When to stop waiting. */
struct timeout {
    nsec_t at;     /* monotonic, or realtime if (realtime); NSEC_NEVER */
    bool realtime; /* at moves when the clock is set */
};

static nsec_t timeout_deadline(const struct timeout *t)
{
    if (!t->realtime || t->at == NSEC_NEVER)
        return t->at;
    return t->at - (time_realtime() - time_monotonic());
}

/* Queue (w) if the word still holds (val): 0, -EAGAIN, -EFAULT. Leaves the
 * thread prepared to sleep. */
static int enqueue(struct futex_waiter *w, uint32_t __user *uaddr, bool shared,
                   uint32_t val)
{
    struct bucket *b;
    uint32_t now;
    int rc;

    for (;;) {
        rc = get_key(uaddr, shared, &w->key);
        if (rc)
            return rc;
        b = bucket_of(&w->key);
        spin_lock(&b->lock);
        /* A waker that finds the queue empty without the lock must have stored
         * the word before we read it: see futex_wake(). So queue first. */
        list_add_tail(&b->waiters, &w->link);
        atomic_store_explicit(&w->bucket, b, memory_order_relaxed);
        sleep_prepare(SLEEP_INTERRUPTIBLE); /* full barrier */
        rc = copy_from_user_nofault(&now, uaddr, sizeof(now));
        if (!rc && now == val) {
            spin_unlock(&b->lock);
            return 0;
        }
        list_del_init(&w->link);
        spin_unlock(&b->lock);
        sleep_cancel();
        if (!rc)
            return -EAGAIN;
        if (copy_from_user(&now, uaddr, sizeof(now)))
            return -EFAULT;
    }
}

/* Take (w) off its queue: false if a waker was faster. */
static bool dequeue(struct futex_waiter *w)
{
    struct bucket *b;
    bool queued;

    for (;;) {
        b = atomic_load_explicit(&w->bucket, memory_order_relaxed);
        spin_lock(&b->lock);
        if (b == atomic_load_explicit(&w->bucket, memory_order_relaxed))
            break;
        spin_unlock(&b->lock); /* requeued meanwhile */
    }
    queued = !atomic_load_explicit(&w->woken, memory_order_relaxed);
    if (queued)
        list_del_init(&w->link);
    spin_unlock(&b->lock);
    return queued;
}

static int wait_queued(struct futex_waiter *w, const struct timeout *timeout)
{
    struct wait_entry step;
    int rc = 0;

    if (timeout->realtime) {
        wait_entry_init(&step);
        wq_add(&time_step_queue, &step);
    }
    while (!atomic_load_explicit(&w->woken, memory_order_relaxed) && !rc) {
        rc = sleep_until(timeout_deadline(timeout));
        sleep_prepare(SLEEP_INTERRUPTIBLE); /* before the next look */
    }
    sleep_cancel();
    if (timeout->realtime)
        wq_remove(&time_step_queue, &step);
    return dequeue(w) ? rc : 0;
}

static long futex_wait(uint32_t __user *uaddr, bool shared, uint32_t val,
                       const struct timeout *timeout, uint32_t bitset)
{
    struct futex_waiter w = {.thread = current, .bitset = bitset};
    int rc;

    if (!bitset)
        return -EINVAL;
    list_init(&w.link);
    rc = enqueue(&w, uaddr, shared, val);
    if (rc)
        return rc;
    return wait_queued(&w, timeout);
}

/* restart_syscall() after a stop: the time that has passed counts. */
static long futex_wait_again(struct syscall_restart *r)
{
    struct timeout t = {r->deadline, r->arg[3] & 2};
    long rc = futex_wait((uint32_t __user *)r->arg[0], r->arg[3] & 1,
                         (uint32_t)r->arg[1], &t, (uint32_t)r->arg[2]);

    return rc == -ERESTARTSYS ? -ERESTART_RESTARTBLOCK : rc;
}

static long futex_wait_restartable(uint32_t __user *uaddr, bool shared,
                                   uint32_t val, const struct timeout *t,
                                   uint32_t bitset)
{
    long rc = futex_wait(uaddr, shared, val, t, bitset);

    if (rc != -ERESTARTSYS || t->at == NSEC_NEVER)
        return rc;
    current->restart = (struct syscall_restart){
        .fn = futex_wait_again,
        .arg = {(uintptr_t)uaddr, val, bitset, shared | t->realtime << 1},
        .deadline = t->at,
    };
    return -ERESTART_RESTARTBLOCK;
}

/* --- requeueing and compound operations ---------------------------------- */

static int requeue_locked(struct bucket *from, struct bucket *to,
                          const struct futex_key *key,
                          const struct futex_key *to_key, int max)
{
    struct futex_waiter *w, *n;
    int moved = 0;

    list_for_each_safe (w, n, &from->waiters, link) {
        if (moved >= max)
            break;
        if (!same_key(&w->key, key))
            continue;
        w->key = *to_key;
        if (from != to) { /* else this walk would find it again */
            list_del_init(&w->link);
            atomic_store_explicit(&w->bucket, to, memory_order_relaxed);
            list_add_tail(&to->waiters, &w->link);
        }
        moved++;
    }
    return moved;
}

static long futex_requeue(uint32_t __user *uaddr, uint32_t __user *uaddr2,
                          bool shared, int nr_wake, int nr_requeue,
                          const uint32_t *expect)
{
    struct futex_key key, key2;
    struct bucket *b, *b2;
    uint32_t now;
    int rc;

    if (nr_wake < 0 || nr_requeue < 0)
        return -EINVAL;
    for (;;) {
        rc = get_key(uaddr, shared, &key);
        if (!rc)
            rc = get_key(uaddr2, shared, &key2);
        if (rc)
            return rc;
        b = bucket_of(&key);
        b2 = bucket_of(&key2);
        lock_both(b, b2);
        if (!expect || !copy_from_user_nofault(&now, uaddr, sizeof(now)))
            break;
        unlock_both(b, b2);
        if (copy_from_user(&now, uaddr, sizeof(now)))
            return -EFAULT;
    }
    if (expect && now != *expect) {
        rc = -EAGAIN;
    } else {
        rc = wake_locked(b, &key, nr_wake, FUTEX_BITSET_MATCH_ANY);
        rc += requeue_locked(b, b2, &key, &key2, nr_requeue);
    }
    unlock_both(b, b2);
    return rc;
}

static int32_t sign_extend_12(uint32_t v)
{
    return (int32_t)(v << 20) >> 20;
}

/* The word's operation of FUTEX_WAKE_OP; *(old) what was there. -EFAULT also
 * if the page is absent. -ENOSYS: unknown operation. */
static int wake_op_change(uint32_t __user *uaddr, uint32_t op, uint32_t *old)
{
    uint32_t arg = (uint32_t)sign_extend_12(op >> 12 & 0xfff);
    uint32_t what = op >> 28 & 7;

    if (op >> 28 & FUTEX_OP_OPARG_SHIFT)
        arg = 1u << (arg & 31);
    switch (what) {
    case FUTEX_OP_SET:
        return arch_user_xchg32(uaddr, arg, old);
    case FUTEX_OP_ADD:
        return arch_user_add32(uaddr, arg, old);
    case FUTEX_OP_OR:
        return arch_user_or32(uaddr, arg, old);
    case FUTEX_OP_ANDN:
        return arch_user_and32(uaddr, ~arg, old);
    case FUTEX_OP_XOR:
        return arch_user_xor32(uaddr, arg, old);
    default:
        return -ENOSYS;
    }
}

static int wake_op_compare(uint32_t op, int32_t old)
{
    int32_t arg = sign_extend_12(op & 0xfff);

    switch (op >> 24 & 15) {
    case FUTEX_OP_CMP_EQ:
        return old == arg;
    case FUTEX_OP_CMP_NE:
        return old != arg;
    case FUTEX_OP_CMP_LT:
        return old < arg;
    case FUTEX_OP_CMP_LE:
        return old <= arg;
    case FUTEX_OP_CMP_GT:
        return old > arg;
    case FUTEX_OP_CMP_GE:
        return old >= arg;
    default:
        return -ENOSYS;
    }
}

static long futex_wake_op(uint32_t __user *uaddr, uint32_t __user *uaddr2,
                          bool shared, int nr_wake, int nr_wake2, uint32_t op)
{
    struct futex_key key, key2;
    struct bucket *b, *b2;
    uint32_t old, probe;
    int rc, cmp;

    for (;;) {
        rc = get_key(uaddr, shared, &key);
        if (!rc)
            rc = get_key(uaddr2, shared, &key2);
        if (rc)
            return rc;
        b = bucket_of(&key);
        b2 = bucket_of(&key2);
        lock_both(b, b2);
        current->pf_disabled++;
        rc = wake_op_change(uaddr2, op, &old);
        current->pf_disabled--;
        if (rc != -EFAULT)
            break;
        unlock_both(b, b2);
        /* Bring the page in, writable: exchange a value for itself. */
        if (copy_from_user(&probe, uaddr2, sizeof(probe)) ||
            arch_user_cmpxchg32(uaddr2, probe, probe, &old))
            return -EFAULT;
    }
    if (!rc) {
        cmp = wake_op_compare(op, (int32_t)old);
        rc = wake_locked(b, &key, MAX(nr_wake, 1), FUTEX_BITSET_MATCH_ANY);
        if (cmp > 0)
            rc += wake_locked(b2, &key2, MAX(nr_wake2, 1),
                              FUTEX_BITSET_MATCH_ANY);
        else if (cmp < 0)
            rc = cmp;
    }
    unlock_both(b, b2);
    return rc;
}

/* --- the system call ----------------------------------------------------- */

/* FUTEX_WAIT counts from now, FUTEX_WAIT_BITSET gives a time. Both run on the
 * clock that FUTEX_CLOCK_REALTIME chooses. */
static int get_timeout(int op, const void __user *ts, struct timeout *t)
{
    int rc;

    *t = (struct timeout){NSEC_NEVER, false};
    if (!ts)
        return 0;
    rc = timespec_from_user(ts, &t->at);
    if (rc)
        return rc;
    if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT)
        t->at = t->at ? deadline_after_ns(t->at) : time_monotonic();
    else
        t->realtime = op & FUTEX_CLOCK_REALTIME;
    return 0;
}

long sys_futex(uint32_t __user *uaddr, int op, uint32_t val,
               const void __user *timeout, uint32_t __user *uaddr2,
               uint32_t val3)
{
    int cmd = op & FUTEX_CMD_MASK, val2 = (int)(uintptr_t)timeout;
    bool shared = !(op & FUTEX_PRIVATE_FLAG);
    struct timeout t;
    int rc;

    if ((op & FUTEX_CLOCK_REALTIME) && cmd != FUTEX_WAIT &&
        cmd != FUTEX_WAIT_BITSET)
        return -ENOSYS;
    switch (cmd) {
    case FUTEX_WAIT:
        val3 = FUTEX_BITSET_MATCH_ANY;
        __attribute__((fallthrough));
    case FUTEX_WAIT_BITSET:
        rc = get_timeout(op, timeout, &t);
        return rc ? rc : futex_wait_restartable(uaddr, shared, val, &t, val3);
    case FUTEX_WAKE:
        val3 = FUTEX_BITSET_MATCH_ANY;
        __attribute__((fallthrough));
    case FUTEX_WAKE_BITSET:
        return futex_wake(uaddr, shared, (int)val, val3);
    case FUTEX_REQUEUE:
        return futex_requeue(uaddr, uaddr2, shared, (int)val, val2, NULL);
    case FUTEX_CMP_REQUEUE:
        return futex_requeue(uaddr, uaddr2, shared, (int)val, val2, &val3);
    case FUTEX_WAKE_OP:
        return futex_wake_op(uaddr, uaddr2, shared, (int)val, val2, val3);
    default:
        return -ENOSYS;
    }
}
