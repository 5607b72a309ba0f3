/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fakes.c - see mem_fakes.h.
 */
#include <asm/fcntl.h>
#include <stdarg.h>

#include "host.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/page_priv.h"
#include "mem_fakes.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/cpu.h"

#define S_IFREG_MODE 0100644

char *fake_memory;
struct boot_info boot_info;
static struct cpu fake_cpus[MAX_CPUS];
static struct thread fake_thread;
static unsigned fake_cpu;

struct cpu *arch_this_cpu(void)
{
    return &fake_cpus[fake_cpu];
}

struct thread *arch_current(void)
{
    return &fake_thread;
}

void fake_set_cpu(unsigned id)
{
    fake_cpu = id;
    fake_cpus[id].id = id;
}

/* --- the machine ---------------------------------------------------------- */

void fake_machine(const struct fake_range *r, unsigned n)
{
    size_t size = r[n - 1].end;

    fake_memory = host_map(size);
    memset(&boot_info, 0, sizeof(boot_info));
    for (unsigned i = 0; i < n; i++)
        boot_info.memory[i] = (struct boot_memory){r[i].start, r[i].end, true};
    boot_info.nr_memory = n;
    boot_info.kernel_start = 1 << 20;
    boot_info.kernel_end = (1 << 20) + 700 * 1024 + 100;
    fake_set_cpu(0);
    page_init();
    slab_init();
}

void fake_machine_mib(unsigned mib)
{
    struct fake_range r = {1 << 20, (paddr_t)mib << 20};

    fake_machine(&r, 1);
}

uint64_t fake_free_pages(void)
{
    page_drain_local();
    return page_count_free();
}

/* --- locks ---------------------------------------------------------------- */

static int held;

int fake_locks_held(void)
{
    return held;
}

void spin_init(struct spinlock *l, enum lock_rank rank)
{
    (void)rank;
    atomic_init(&l->locked, 0);
}

void spin_lock(struct spinlock *l)
{
    ASSERT(!atomic_exchange(&l->locked, 1));
    held++;
}

void spin_lock_nested(struct spinlock *l)
{
    spin_lock(l);
}

bool spin_trylock(struct spinlock *l)
{
    if (atomic_load(&l->locked))
        return false;
    spin_lock(l);
    return true;
}

void spin_unlock(struct spinlock *l)
{
    ASSERT(atomic_exchange(&l->locked, 0));
    held--;
}

void rwlock_init(struct rwlock *l, enum lock_rank rank)
{
    (void)rank;
    memset(l, 0, sizeof(*l));
}

void read_lock(struct rwlock *l)
{
    ASSERT(l->readers >= 0);
    l->readers++;
    held++;
}

bool read_trylock(struct rwlock *l)
{
    if (l->readers < 0)
        return false;
    read_lock(l);
    return true;
}

void read_unlock(struct rwlock *l)
{
    ASSERT(l->readers-- > 0);
    held--;
}

void write_lock(struct rwlock *l)
{
    ASSERT(!l->readers);
    l->readers = -1;
    held++;
}

void write_unlock(struct rwlock *l)
{
    ASSERT(l->readers == -1);
    l->readers = 0;
    held--;
}

/* --- the scheduler -------------------------------------------------------- */

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
    (void)q, (void)e;
    panic("the only thread goes to sleep");
}

void wq_remove(struct wait_queue *q, struct wait_entry *e)
{
    (void)q, (void)e;
}

void wq_wake_all(struct wait_queue *q, uint32_t events)
{
    (void)q, (void)events;
}

void wait_entry_init(struct wait_entry *e)
{
    (void)e;
}

void sleep_prepare(enum sleep_kind kind)
{
    (void)kind;
}

int sleep_until(nsec_t deadline)
{
    (void)deadline;
    return -ETIMEDOUT;
}

void sleep_cancel(void)
{
}

void cond_resched(void)
{
}

void sched_yield(void)
{
}

unsigned sched_nr_threads(void)
{
    return 1;
}

nsec_t fake_now;

nsec_t time_monotonic(void)
{
    return fake_now;
}

bool fatal_signal_pending(void)
{
    return false;
}

uint64_t random_u64(void);
uint64_t random_u64(void)
{
    static uint64_t x = 88172645463325252ul;

    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
}

/* --- log ------------------------------------------------------------------ */

void klog(enum log_level level, const char *fmt, ...)
{
    (void)level, (void)fmt;
}

/* Only for what klog() throws away. */
int ksnprintf(char *buf, size_t size, const char *fmt, ...)
{
    (void)fmt;
    if (size)
        *buf = '\0';
    return 0;
}

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    host_die(fmt, ap);
}

/* --- processes ------------------------------------------------------------ */

int fake_kills;
struct process *init_process;

struct process *process_next(pid_t from)
{
    (void)from;
    return NULL;
}

void process_put(struct process *p)
{
    (void)p;
}

uint64_t process_rlimit(unsigned which)
{
    (void)which;
    return UINT64_MAX;
}

int signal_send_process(struct process *p, int signo,
                        const struct siginfo_k *info)
{
    (void)p, (void)signo, (void)info;
    fake_kills++;
    return 0;
}

/* --- files ---------------------------------------------------------------- */

static const struct file_ops file_operations = {.kind = "file"};
int fake_files;

struct file *fake_file(const struct mapping_ops *ops, unsigned flags,
                       uint64_t size)
{
    struct file *f = host_calloc(1, sizeof(*f));

    f->ops = &file_operations;
    atomic_init(&f->refs, 1);
    atomic_init(&f->flags, O_RDWR);
    f->inode = host_calloc(1, sizeof(*f->inode));
    f->inode->mode = S_IFREG_MODE;
    mapping_init(&f->inode->mapping, ops, f->inode, flags);
    atomic_store(&f->inode->mapping.size, size);
    fake_files++;
    return f;
}

void file_get(struct file *f)
{
    atomic_fetch_add(&f->refs, 1);
}

void file_put(struct file *f)
{
    ASSERT(!held); /* closing may sleep, and takes outer locks */
    if (atomic_fetch_sub(&f->refs, 1) != 1)
        return;
    ASSERT(list_empty(&f->inode->mapping.i_mmap));
    mapping_destroy(&f->inode->mapping);
    host_free(f->inode);
    host_free(f);
    fake_files--;
}

struct file *tmpfs_anon_file(const char *name, uint64_t size)
{
    (void)name;
    return fake_file(NULL, MAPPING_STORE, size);
}

/* --- copies --------------------------------------------------------------- */

static const char *bad;
static size_t bad_size;

void fake_user_bad(const void *start, size_t n)
{
    bad = start;
    bad_size = n;
}

/* How many of (n) bytes at (p) can be touched. */
static size_t good(const void *p, size_t n)
{
    const char *c = p;

    for (size_t i = 0; bad && i < n; i++)
        if (c + i >= bad && c + i < bad + bad_size)
            return i;
    return n;
}

size_t arch_copy_user(void *dst, const void *src, size_t n)
{
    size_t ok = good(dst, n);

    ok = MIN(ok, good(src, n));
    memcpy(dst, src, ok);
    return n - ok;
}

size_t arch_clear_user(void *dst, size_t n)
{
    size_t ok = good(dst, n);

    memset(dst, 0, ok);
    return n - ok;
}
