/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fakes.c - see net_fakes.h.
 */
#include "net_fakes.h"

#include "arch/x86_64/arch.h"
#include "dev/random.h"
#include "fs/fs_priv.h"
#include "fs/poll.h"
#include "host.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "net/net_priv.h"
#include "proc/signal.h"
#include "sched/softirq.h"

char *fake_memory;
struct process fake_process = {.pid = 42, .umask = 022};
static struct thread fake_thread = {.process = &fake_process};
static struct cpu fake_cpu;
long fake_allocated;
bool fake_no_memory;
int fake_sigpipes;
unsigned fake_wakes;
int (*fake_sleep)(void);

struct cpu *arch_this_cpu(void)
{
    return &fake_cpu;
}

struct thread *arch_current(void)
{
    return &fake_thread;
}

void klog(enum log_level level, const char *fmt, ...)
{
    (void)level, (void)fmt;
}

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    host_die(fmt, ap);
}

/* --- memory ------------------------------------------------------------ */

static int held; /* locks */

struct block {
    size_t size;
    size_t pad;
};

void *kmalloc(size_t size, unsigned flags)
{
    if (!(flags & ALLOC_NOWAIT) && held)
        panic("kmalloc may sleep, a lock is held");
    if ((flags & ALLOC_NOWAIT) && fake_no_memory)
        return NULL;
    struct block *b = host_calloc(1, sizeof(*b) + size);
    b->size = size;
    if (!(flags & ALLOC_ZERO))
        memset(b + 1, 0xa5, size);
    fake_allocated++;
    return b + 1;
}

void *kzalloc(size_t size, unsigned flags)
{
    return kmalloc(size, flags | ALLOC_ZERO);
}

void *slab_kind_alloc(struct slab_kind *k, unsigned flags)
{
    return kzalloc(k->size, flags);
}

void kfree(const void *p)
{
    if (!p)
        return;
    fake_allocated--;
    host_free((struct block *)p - 1);
}

size_t kmalloc_usable(const void *p)
{
    return ((const struct block *)p - 1)->size;
}

void memory_stats(struct memory_stats *out)
{
    *out = (struct memory_stats){.total = 65536, .free = 32768};
}

void uts_get_hostname(char *out, size_t size)
{
    strlcpy(out, FAKE_HOSTNAME, size);
}

void random_bytes(void *p, size_t n)
{
    memset(p, 7, n);
}

/* --- locks, which only count ------------------------------------------- */

#define NEED(x)                                                                \
    do {                                                                       \
        if (!(x))                                                              \
            panic("lock misuse: %s", #x);                                      \
    } while (0)

void spin_init(struct spinlock *l, enum lock_rank rank)
{
    memset(l, 0, sizeof(*l));
#ifdef DEBUG
    l->rank = rank;
#else
    (void)rank;
#endif
}

bool spin_trylock(struct spinlock *l)
{
    if (l->locked)
        return false;
    l->locked = 1;
    held++;
    return true;
}

void spin_lock(struct spinlock *l)
{
    NEED(spin_trylock(l));
}

void spin_unlock(struct spinlock *l)
{
    NEED(l->locked);
    l->locked = 0;
    held--;
}

void mutex_init(struct mutex *m, enum lock_rank rank)
{
    (void)rank;
    memset(m, 0, sizeof(*m));
}

void mutex_lock(struct mutex *m)
{
    NEED(!m->owner && !held);
    m->owner = &fake_thread;
}

void mutex_unlock(struct mutex *m)
{
    NEED(m->owner);
    m->owner = NULL;
}

/* --- time and sleep ---------------------------------------------------- */

static nsec_t now = 1000 * NSEC_PER_SEC;
static struct timer *timers[16];
static uint32_t softirqs;
static void (*handlers[SOFTIRQ_COUNT])(void);

nsec_t time_monotonic(void)
{
    return now;
}

nsec_t time_realtime(void)
{
    return now + 1700000000ll * NSEC_PER_SEC;
}

void timer_init(struct timer *t, timer_fn *fn, void *arg)
{
    memset(t, 0, sizeof(*t));
    t->fn = fn;
    t->arg = arg;
}

bool timer_cancel(struct timer *t)
{
    for (unsigned i = 0; i < ARRAY_SIZE(timers); i++)
        if (timers[i] == t) {
            timers[i] = NULL;
            return true;
        }
    return false;
}

void timer_arm(struct timer *t, nsec_t deadline)
{
    timer_cancel(t);
    t->deadline = deadline;
    for (unsigned i = 0; i < ARRAY_SIZE(timers); i++)
        if (!timers[i]) {
            timers[i] = t;
            return;
        }
    panic("too many timers");
}

static struct timer *first_timer(void)
{
    struct timer *t = NULL;

    for (unsigned i = 0; i < ARRAY_SIZE(timers); i++)
        if (timers[i] && (!t || timers[i]->deadline < t->deadline))
            t = timers[i];
    return t;
}

void softirq_register(enum softirq nr, void (*fn)(void))
{
    handlers[nr] = fn;
}

void softirq_raise(enum softirq nr)
{
    softirqs |= 1u << nr;
}

void fake_softirqs(void)
{
    while (softirqs) {
        unsigned nr = (unsigned)__builtin_ctz(softirqs);
        softirqs &= softirqs - 1;
        handlers[nr]();
    }
}

void fake_pass(nsec_t d)
{
    nsec_t end = now + d;
    struct timer *t;

    while ((t = first_timer()) && t->deadline <= end) {
        now = MAX(now, t->deadline);
        timer_cancel(t);
        t->fn(t);
        fake_softirqs();
    }
    now = end;
}

void wq_init(struct wait_queue *q)
{
    spin_init(&q->lock, RANK_WAITQ);
    list_init(&q->entries);
}

bool wq_active(struct wait_queue *q)
{
    return !list_empty(&q->entries);
}

void wq_add(struct wait_queue *q, struct wait_entry *e)
{
    list_add_tail(&q->entries, &e->link);
    e->queue = q;
}

void wq_remove(struct wait_queue *q, struct wait_entry *e)
{
    (void)q;
    list_del_init(&e->link);
    e->queue = NULL;
}

void wq_wake(struct wait_queue *q, uint32_t events)
{
    struct wait_entry *e;

    list_for_each (e, &q->entries, link) {
        fake_wakes++;
        if (e->fn)
            e->fn(e, events);
    }
}

void wq_wake_all(struct wait_queue *q, uint32_t events)
{
    wq_wake(q, events);
}

void wait_entry_init(struct wait_entry *e)
{
    memset(e, 0, sizeof(*e));
    list_init(&e->link);
}

void sleep_prepare(enum sleep_kind kind)
{
    (void)kind;
}

int sleep_until(nsec_t deadline)
{
    NEED(!held);
    if (fake_sleep)
        return fake_sleep();
    if (deadline == NSEC_NEVER)
        panic("the only thread would sleep for ever");
    if (deadline > now)
        fake_pass(deadline - now);
    return -ETIMEDOUT;
}

void sleep_cancel(void)
{
}

/* --- user memory ------------------------------------------------------- */

#define BAD_ADDRESS 4096ul /* all below faults */

int copy_from_user(void *dst, const void __user *src, size_t n)
{
    NEED(!held);
    if (n && (uintptr_t)src < BAD_ADDRESS)
        return -EFAULT;
    memcpy(dst, src, n);
    return 0;
}

int copy_to_user(void __user *dst, const void *src, size_t n)
{
    NEED(!held);
    if (n && (uintptr_t)dst < BAD_ADDRESS)
        return -EFAULT;
    memcpy(dst, src, n);
    return 0;
}

long strncpy_from_user(char *dst, const char __user *src, size_t size)
{
    size_t n = strnlen(src, size);

    if (n == size)
        return -ENAMETOOLONG;
    memcpy(dst, src, n + 1);
    return (long)n;
}

bool user_range_ok(const void __user *p, size_t n)
{
    (void)p, (void)n;
    return true;
}

/* The parts of struct uio that sockets use. */
void uio_init_user(struct uio *u, void __user *p, size_t n)
{
    u->fast[0] = (struct iovec_user){p, n};
    u->iov = u->fast;
    u->nr = 1;
    u->skip = 0;
    u->left = n;
    u->kernel = false;
    u->owned = NULL;
}

int uio_init_iov(struct uio *u, const struct iovec_user __user *iov, size_t nr)
{
    u->iov = iov;
    u->nr = nr;
    u->skip = u->left = 0;
    u->kernel = false;
    u->owned = NULL;
    for (size_t i = 0; i < nr; i++)
        u->left += iov[i].len;
    return 0;
}

void uio_release(struct uio *u)
{
    (void)u;
}

static ssize_t uio_move(struct uio *u, void *kernel, size_t n, int out)
{
    size_t done = 0;

    while (done < n) {
        size_t k = MIN(u->iov->len - u->skip, n - done);
        char *user = (char *)u->iov->base + u->skip;
        int rc = 0;
        if (kernel && out)
            rc = copy_to_user(user, (char *)kernel + done, k);
        else if (kernel)
            rc = copy_from_user((char *)kernel + done, user, k);
        if (rc)
            return done ? (ssize_t)done : rc;
        done += k;
        u->skip += k;
        u->left -= k;
        if (u->skip == u->iov->len) {
            u->iov++;
            u->nr--;
            u->skip = 0;
        }
    }
    return (ssize_t)done;
}

ssize_t uio_copy_out(struct uio *u, const void *src, size_t n)
{
    return uio_move(u, (void *)src, n, 1);
}

ssize_t uio_copy_in(struct uio *u, void *dst, size_t n)
{
    return uio_move(u, dst, n, 0);
}

void uio_advance(struct uio *u, size_t n)
{
    uio_move(u, NULL, n, 0);
}

/* --- files ------------------------------------------------------------- */

static struct file *fds[4096];
static uint64_t last_ino;

struct file *file_alloc_anon(const char *name, unsigned mode,
                             const struct file_ops *ops, void *private,
                             unsigned flags)
{
    struct file *f = kzalloc(sizeof(*f), 0);

    (void)name;
    f->inode = kzalloc(sizeof(*f->inode), 0);
    f->inode->mode = mode;
    f->inode->ino = ++last_ino;
    f->ops = ops;
    f->private = private;
    f->flags = flags;
    f->refs = 1;
    return f;
}

void file_get(struct file *f)
{
    f->refs++;
}

void file_put(struct file *f)
{
    NEED(!held);
    if (--f->refs)
        return;
    f->ops->release(f);
    kfree(f->inode);
    kfree(f);
}

struct file *fake_file(int fd)
{
    return fds[fd];
}

struct file *fd_get(int fd)
{
    if (fd < 0 || (size_t)fd >= ARRAY_SIZE(fds) || !fds[fd])
        return NULL;
    file_get(fds[fd]);
    return fds[fd];
}

int fd_reserve(int min, bool cloexec)
{
    (void)cloexec;
    for (int fd = MAX(min, 3); (size_t)fd < ARRAY_SIZE(fds); fd++)
        if (!fds[fd]) {
            fds[fd] = (struct file *)1;
            return fd;
        }
    return -EMFILE;
}

void fd_install(int fd, struct file *f)
{
    fds[fd] = f;
}

void fd_unreserve(int fd)
{
    fds[fd] = NULL;
}

int fd_add(struct file *f, bool cloexec)
{
    int fd = fd_reserve(0, cloexec);

    if (fd < 0)
        file_put(f);
    else
        fd_install(fd, f);
    return fd;
}

int fd_close(int fd)
{
    struct file *f = fds[fd];

    if (!f)
        return -EBADF;
    fds[fd] = NULL;
    file_put(f);
    return 0;
}

int fake_open_fds(void)
{
    int n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        n += fds[i] != NULL;
    return n;
}

/* --- no file system, no signals ---------------------------------------- */

int signal_send_thread(struct thread *t, int signo,
                       const struct siginfo_k *info)
{
    (void)t, (void)info;
    fake_sigpipes += signo == SIGPIPE;
    return 0;
}

int path_lookup(int dirfd, const char *name, unsigned flags, struct path *out)
{
    (void)dirfd, (void)name, (void)flags, (void)out;
    return -ENOENT;
}

int path_lookup_parent(int dirfd, const char *name, struct path *out,
                       const char **last, size_t *len)
{
    (void)dirfd, (void)name, (void)out, (void)last, (void)len;
    return -ENOENT;
}

void path_put(const struct path *p)
{
    (void)p;
}

uint32_t name_hash(const char *name, size_t len)
{
    (void)name, (void)len;
    return 0;
}

int entry_create(struct dentry *dir, const struct entry_name *n, unsigned mode,
                 uint64_t rdev, const char *symlink, bool check,
                 struct dentry **out)
{
    (void)dir, (void)n, (void)mode, (void)rdev, (void)symlink, (void)check;
    (void)out;
    return -EROFS;
}

void dentry_put(struct dentry *d)
{
    (void)d;
}

int inode_permission(struct inode *i, unsigned may)
{
    (void)i, (void)may;
    return 0;
}

void inode_get(struct inode *i)
{
    (void)i;
}

void inode_put(struct inode *i)
{
    (void)i;
}

void net_proc_init(void)
{
}

void net_proc_add_device(struct netdev *d)
{
    (void)d;
}

/* --- the device -------------------------------------------------------- */

struct frame {
    struct list link;
    uint32_t len;
    uint8_t *data;
};

struct netdev fake_dev;
unsigned fake_sent;
uint8_t fake_last_sent[1600];
uint32_t fake_last_len;
uint8_t fake_prefix[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
static struct list frames = LIST_HEAD_INIT(frames);

static int fake_transmit(struct netdev *d, const struct net_piece *p,
                         unsigned n, unsigned csum_start, unsigned csum_offset)
{
    (void)d, (void)csum_start, (void)csum_offset;
    fake_sent++;
    fake_last_len = 0;
    for (unsigned i = 0; i < n; i++) {
        if (p[i].len > sizeof(fake_last_sent) - fake_last_len)
            panic("frame too long");
        memcpy(fake_last_sent + fake_last_len, p[i].data, p[i].len);
        fake_last_len += p[i].len;
    }
    return 0;
}

static bool fake_poll(struct netdev *d, unsigned budget)
{
    struct frame *f;

    while (budget-- && (f = list_first(&frames, struct frame, link))) {
        list_del_init(&f->link);
        netif_receive(d, f->data, f->len, false, host_free, f->data);
        host_free(f);
    }
    return !list_empty(&frames);
}

void fake_receive(const void *data, uint32_t len)
{
    struct frame *f = host_calloc(1, sizeof(*f));

    /* Exactly as long as the frame, so that reading beyond it is seen. */
    f->data = host_calloc(1, len ? len : 1);
    memcpy(f->data, data, len);
    f->len = len;
    list_add_tail(&frames, &f->link);
    softirq_raise(SOFTIRQ_NET);
    fake_softirqs();
}

static const struct netdev_ops fake_ops = {
    .transmit = fake_transmit,
    .poll = fake_poll,
};

void fake_net_start(void)
{
    net_init();
    memcpy(fake_dev.mac, fake_prefix, 6);
    fake_dev.mtu = 1500;
    fake_dev.link_up = true;
    fake_dev.ops = &fake_ops;
    net_register(&fake_dev);
}
