/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fakes.c - see fs_fakes.h: memory, locks, time, the process.
 */
#include "arch/x86_64/arch.h"
#include "dev/random.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "fs_fakes.h"
#include "lib/printf.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/signal.h"

char *fake_memory; /* so that page_virt() gives a host address */
struct process fake_process;
static struct thread fake_thread = {.process = &fake_process};
static struct cpu fake_cpu;
bool fake_log_quiet;
char fake_log_last[256];
nsec_t fake_now = 1700000000ll * NSEC_PER_SEC;
long fake_objects;
uint64_t fake_fsize_limit = UINT64_MAX;
int fake_locks;
int (*fake_sleep)(void);
struct file *fake_fds[16];
char kernel_cmdline[8192];

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
    va_list ap;

    (void)level;
    va_start(ap, fmt);
    kvsnprintf(fake_log_last, sizeof(fake_log_last), fmt, ap);
    va_end(ap);
    if (fake_log_quiet)
        return;
    va_start(ap, fmt);
    host_log(fmt, ap);
    va_end(ap);
}

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    host_log(fmt, ap);
    va_end(ap);
    host_die();
}

/* --- memory --- */

void *kmalloc(size_t size, unsigned flags)
{
    (void)flags;
    return host_alloc(size ? size : 1);
}

void *kzalloc(size_t size, unsigned flags)
{
    return kmalloc(size, flags);
}

void kfree(const void *p)
{
    host_free((void *)p);
}

struct slab_cache {
    size_t size;
};

struct slab_cache *slab_cache_create(const char *name, size_t size,
                                     size_t align)
{
    struct slab_cache *c = kmalloc(sizeof(*c), 0);

    (void)name;
    (void)align;
    c->size = size;
    return c;
}

void *slab_alloc(struct slab_cache *c, unsigned flags)
{
    void *p = kmalloc(c->size, 0);

    if (!(flags & ALLOC_ZERO)) /* not what a caller may count on */
        memset(p, 0xa5, c->size);
    fake_objects++;
    return p;
}

void slab_free(struct slab_cache *c, void *obj)
{
    (void)c;
    fake_objects--;
    kfree(obj);
}

void memory_stats(struct memory_stats *out)
{
    *out = (struct memory_stats){.total = 16384, .free = 8192};
}

void shrinker_register(const char *name, shrinker_fn *fn)
{
    (void)name;
    (void)fn;
}

/* --- locks, which only count --- */

#define NEED(x)                                                                \
    do {                                                                       \
        if (!(x))                                                              \
            panic("lock misuse: %s", #x);                                      \
    } while (0)

void spin_init(struct spinlock *l, enum lock_rank rank)
{
    (void)rank;
    *l = (struct spinlock){0};
}

void spin_lock(struct spinlock *l)
{
    NEED(!l->locked);
    l->locked = 1;
    fake_locks++;
}

void spin_unlock(struct spinlock *l)
{
    NEED(l->locked);
    l->locked = 0;
    fake_locks--;
}

void mutex_init(struct mutex *m, enum lock_rank rank)
{
    (void)rank;
    *m = (struct mutex){0};
}

void mutex_lock(struct mutex *m)
{
    NEED(!m->owner);
    m->owner = &fake_thread;
    fake_locks++;
}

void mutex_lock_nested(struct mutex *m)
{
    mutex_lock(m);
}

void mutex_unlock(struct mutex *m)
{
    NEED(m->owner);
    m->owner = NULL;
    fake_locks--;
}

void rwlock_init(struct rwlock *l, enum lock_rank rank)
{
    (void)rank;
    *l = (struct rwlock){0};
}

void read_lock(struct rwlock *l)
{
    NEED(l->readers >= 0);
    l->readers++;
    fake_locks++;
}

void read_unlock(struct rwlock *l)
{
    NEED(l->readers > 0);
    l->readers--;
    fake_locks--;
}

void write_lock(struct rwlock *l)
{
    NEED(!l->readers);
    l->readers = -1;
    fake_locks++;
}

void write_lock_nested(struct rwlock *l)
{
    write_lock(l);
}

void write_unlock(struct rwlock *l)
{
    NEED(l->readers == -1);
    l->readers = 0;
    fake_locks--;
}

/* --- time and sleep --- */

nsec_t time_realtime(void)
{
    return fake_now += 1000;
}

nsec_t time_monotonic(void)
{
    return fake_now;
}

void wq_init(struct wait_queue *q)
{
    *q = (struct wait_queue){0};
    list_init(&q->entries);
}

void wq_add(struct wait_queue *q, struct wait_entry *e)
{
    list_add_tail(&q->entries, &e->link);
}

void wq_remove(struct wait_queue *q, struct wait_entry *e)
{
    (void)q;
    list_del_init(&e->link);
}

void wq_wake(struct wait_queue *q, uint32_t events)
{
    (void)q;
    (void)events;
}

void wq_wake_all(struct wait_queue *q, uint32_t events)
{
    wq_wake(q, events);
}

void wait_entry_init(struct wait_entry *e)
{
    *e = (struct wait_entry){0};
    list_init(&e->link);
}

void sleep_prepare(enum sleep_kind kind)
{
    (void)kind;
}

int sleep_until(nsec_t deadline)
{
    (void)deadline;
    if (!fake_sleep)
        panic("the only thread would sleep for ever");
    return fake_sleep();
}

void sleep_cancel(void)
{
}

void cond_resched(void)
{
}

/* --- the process --- */

bool signal_pending(void)
{
    return false;
}

bool fatal_signal_pending(void)
{
    return false;
}

int signal_send_thread(struct thread *t, int signo,
                       const struct siginfo_k *info)
{
    (void)t;
    (void)signo;
    (void)info;
    return 0;
}

uint64_t process_rlimit(unsigned which)
{
    return which == RLIMIT_FSIZE ? fake_fsize_limit : UINT64_MAX;
}

void process_get(struct process *p)
{
    (void)p;
}

void process_put(struct process *p)
{
    (void)p;
}

struct file *fd_get(int fd)
{
    if (fd < 0 || fd >= 16 || !fake_fds[fd])
        return NULL;
    file_get(fake_fds[fd]);
    return fake_fds[fd];
}

/* --- what is not tested here --- */

long strncpy_from_user(char *dst, const char __user *src, size_t size)
{
    size_t n = strnlen(src, size);

    if (n == size)
        return -ENAMETOOLONG;
    memcpy(dst, src, n + 1);
    return (long)n;
}

void epoll_release_file(struct file *f)
{
    (void)f;
}

int fifo_open(struct inode *i, struct file *f)
{
    (void)i;
    (void)f;
    return -ENXIO;
}

struct file *pipe_reopen(struct file *end, unsigned flags)
{
    (void)end;
    (void)flags;
    return ERR_PTR(-ENXIO);
}

void fifo_evict(struct inode *i)
{
    (void)i;
}

void dev_memory_add(void)
{
}
