/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fdtable.c - descriptor tables.
 *
 * A slot is free, reserved (used bit set, no file yet) or open. Reserving and
 * installing are separate so that a call which makes an object and a descriptor
 * for it can fail before anybody sees either. The table doubles when full; the
 * three arrays are one allocation.
 *
 * A process's threads share its table; a look-up takes the table's lock for the
 * few instructions in which another thread could close the file.
 */
#include "proc/fdtable.h"
#include "fs/locks.h"
#include "fs/vfs.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "sched/cpu.h"

#define FD_SLOTS_MIN 64 /* a multiple of 64: the bitmaps are whole words */
#define FD_SLOTS_MAX (1024 * 1024) /* Linux's fs.nr_open */

static inline bool bit(const uint64_t *map, unsigned n)
{
    return map[n / 64] >> (n % 64) & 1;
}

static inline void bit_set(uint64_t *map, unsigned n, bool on)
{
    if (on)
        map[n / 64] |= 1ul << (n % 64);
    else
        map[n / 64] &= ~(1ul << (n % 64));
}

/* First free slot >= from, or t->size. */
static unsigned next_free(const struct fdtable *t, unsigned from)
{
    unsigned word = from / 64;
    uint64_t free;

    if (from >= t->size)
        return t->size;
    free = ~t->used[word] & (~0ul << (from % 64));
    while (!free) {
        if (++word == t->size / 64)
            return t->size;
        free = ~t->used[word];
    }
    return word * 64 + (unsigned)__builtin_ctzl(free);
}

/* First slot in use >= from, or t->size. */
static unsigned next_used(const struct fdtable *t, unsigned from)
{
    unsigned word = from / 64;
    uint64_t used;

    if (from >= t->size)
        return t->size;
    used = t->used[word] & (~0ul << (from % 64));
    while (!used) {
        if (++word == t->size / 64)
            return t->size;
        used = t->used[word];
    }
    return word * 64 + (unsigned)__builtin_ctzl(used);
}

/* --- memory -------------------------------------------------------------- */

struct slots {
    struct file **files;
    uint64_t *used, *cloexec;
};

static bool slots_alloc(struct slots *s, unsigned size)
{
    size_t map = size / 64 * sizeof(uint64_t);
    char *mem = kzalloc(size * sizeof(struct file *) + 2 * map, 0);

    if (!mem)
        return false;
    s->files = (struct file **)mem;
    s->used = (uint64_t *)(mem + size * sizeof(struct file *));
    s->cloexec = s->used + size / 64;
    return true;
}

static void slots_copy(struct slots *s, const struct fdtable *t)
{
    size_t map = t->size / 64 * sizeof(uint64_t);

    memcpy(s->files, t->files, t->size * sizeof(struct file *));
    memcpy(s->used, t->used, map);
    memcpy(s->cloexec, t->cloexec, map);
}

static void slots_use(struct fdtable *t, const struct slots *s, unsigned size)
{
    t->files = s->files;
    t->used = s->used;
    t->cloexec = s->cloexec;
    t->size = size;
}

static struct slab_kind fdtable_kind = SLAB_KIND("fdtable", struct fdtable);

static struct fdtable *table_alloc(unsigned size)
{
    struct fdtable *t = slab_kind_alloc(&fdtable_kind, 0);
    struct slots s;

    if (!t || !slots_alloc(&s, size)) {
        kfree(t);
        return NULL;
    }
    atomic_init(&t->users, 1);
    spin_init(&t->lock, RANK_FDTABLE);
    slots_use(t, &s, size);
    return t;
}

struct fdtable *fdtable_create(void)
{
    return table_alloc(FD_SLOTS_MIN);
}

/* Room for slot (fd): 0, -EMFILE, -ENOMEM. Drops and retakes the lock, which
 * the caller holds. */
static int table_grow(struct fdtable *t, unsigned fd)
{
    unsigned size = t->size;
    struct file **old;
    struct slots s;

    if (fd >= FD_SLOTS_MAX)
        return -EMFILE;
    while (size <= fd)
        size *= 2;
    spin_unlock(&t->lock);
    if (!slots_alloc(&s, size)) {
        spin_lock(&t->lock);
        return -ENOMEM;
    }
    spin_lock(&t->lock);
    if (t->size >= size) { /* another thread was faster */
        old = s.files;
    } else {
        slots_copy(&s, t);
        old = t->files;
        slots_use(t, &s, size);
    }
    spin_unlock(&t->lock);
    kfree(old);
    spin_lock(&t->lock);
    return 0;
}

/* A slot that is only reserved is free in the copy: its file is yet to come,
 * and not to this table. */
static void clone_slots(struct fdtable *to, const struct fdtable *from)
{
    for (unsigned fd = 0; (fd = next_used(from, fd)) < from->size; fd++) {
        struct file *f = from->files[fd];
        if (!f)
            continue;
        file_get(f);
        to->files[fd] = f;
        bit_set(to->used, fd, true);
        bit_set(to->cloexec, fd, bit(from->cloexec, fd));
        to->count++;
    }
    to->first_free = next_free(to, 0);
}

/* Slots needed for what is open now. */
static unsigned size_in_use(const struct fdtable *t)
{
    unsigned words = t->size / 64;

    while (words > 1 && !t->used[words - 1])
        words--;
    return words * 64;
}

struct fdtable *fdtable_clone(struct fdtable *from)
{
    struct fdtable *to;
    unsigned need;

    for (;;) {
        spin_lock(&from->lock);
        need = size_in_use(from);
        spin_unlock(&from->lock);
        for (unsigned pow = FD_SLOTS_MIN;; pow *= 2) {
            if (pow >= need) {
                need = pow;
                break;
            }
        }
        to = table_alloc(need);
        if (!to)
            return NULL;
        spin_lock(&from->lock);
        if (size_in_use(from) <= need)
            break;
        spin_unlock(&from->lock); /* grew meanwhile */
        fdtable_put(to);
    }
    clone_slots(to, from);
    spin_unlock(&from->lock);
    return to;
}

int fdtable_unshare(void)
{
    struct process *p = current_process();
    struct fdtable *old = p->files, *new;

    if (p->nr_threads > 1)
        return -EINVAL;
    if (atomic_load(&old->users) == 1)
        return 0;
    new = fdtable_clone(old);
    if (!new)
        return -ENOMEM;
    spin_lock(&p->siglock);
    p->files = new;
    spin_unlock(&p->siglock);
    fdtable_put(old);
    return 0;
}

/* A descriptor of (t) is closed: POSIX record locks of the process on that file
 * end, whichever descriptor they were made through (fcntl(2)). */
static void close_file(struct fdtable *t, struct file *f)
{
    if (unlikely(f->inode->locks))
        locks_owner_closed(f->inode, t);
    file_put(f);
}

void fdtable_put(struct fdtable *t)
{
    if (atomic_fetch_sub_explicit(&t->users, 1, memory_order_acq_rel) != 1)
        return;
    for (unsigned fd = 0; (fd = next_used(t, fd)) < t->size; fd++) {
        if (t->files[fd])
            close_file(t, t->files[fd]);
        cond_resched();
    }
    kfree(t->files);
    kfree(t);
}

/* --- slots of one table -------------------------------------------------- */

/* Empty slot (fd) and give what was in it; lock held. */
static struct file *take(struct fdtable *t, unsigned fd)
{
    struct file *f;

    if (fd >= t->size || !t->files[fd])
        return NULL;
    f = t->files[fd];
    t->files[fd] = NULL;
    bit_set(t->used, fd, false);
    bit_set(t->cloexec, fd, false);
    t->first_free = MIN(t->first_free, fd);
    t->count--;
    return f;
}

void fdtable_close_on_exec(struct fdtable *t)
{
    for (unsigned word = 0; word < t->size / 64; word++) {
        uint64_t bits = t->cloexec[word] & t->used[word];
        for (; bits; bits &= bits - 1) {
            unsigned fd = word * 64 + (unsigned)__builtin_ctzl(bits);
            struct file *f;
            spin_lock(&t->lock);
            f = take(t, fd);
            spin_unlock(&t->lock);
            if (f)
                close_file(t, f);
        }
    }
}

int fdtable_set(struct fdtable *t, int fd, struct file *f)
{
    if ((unsigned)fd >= t->size)
        return -ENOMEM;
    t->files[fd] = f;
    bit_set(t->used, (unsigned)fd, true);
    t->count++;
    t->first_free = next_free(t, 0);
    return 0;
}

/* --- the calling process's table ----------------------------------------- */

static inline struct fdtable *table(void)
{
    return current_process()->files;
}

struct file *fd_get(int fd)
{
    struct fdtable *t = table();
    struct file *f = NULL;

    spin_lock(&t->lock);
    if (likely((unsigned)fd < t->size)) {
        f = t->files[fd];
        if (likely(f))
            file_get(f);
    }
    spin_unlock(&t->lock);
    return f;
}

int fd_reserve(int min, bool cloexec)
{
    uint64_t limit = MIN(process_rlimit(RLIMIT_NOFILE), (uint64_t)INT32_MAX);
    struct fdtable *t = table();
    unsigned fd;
    int rc = 0;

    spin_lock(&t->lock);
    for (;;) {
        fd = next_free(t, MAX((unsigned)min, t->first_free));
        fd = MAX(fd, (unsigned)min);
        if (fd >= limit)
            rc = -EMFILE;
        else if (fd >= t->size)
            rc = table_grow(t, fd);
        else
            break;
        if (rc) {
            spin_unlock(&t->lock);
            return rc;
        }
    }
    bit_set(t->used, fd, true);
    bit_set(t->cloexec, fd, cloexec);
    t->count++;
    if (fd == t->first_free)
        t->first_free = fd + 1;
    spin_unlock(&t->lock);
    return (int)fd;
}

void fd_install(int fd, struct file *f)
{
    struct fdtable *t = table();

    spin_lock(&t->lock);
    DASSERT(bit(t->used, (unsigned)fd) && !t->files[fd]);
    t->files[fd] = f;
    spin_unlock(&t->lock);
}

void fd_unreserve(int fd)
{
    struct fdtable *t = table();

    spin_lock(&t->lock);
    bit_set(t->used, (unsigned)fd, false);
    bit_set(t->cloexec, (unsigned)fd, false);
    t->first_free = MIN(t->first_free, (unsigned)fd);
    t->count--;
    spin_unlock(&t->lock);
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
    struct fdtable *t = table();
    struct file *f;

    spin_lock(&t->lock);
    f = take(t, (unsigned)fd);
    spin_unlock(&t->lock);
    if (!f)
        return -EBADF;
    close_file(t, f);
    return 0;
}

int fd_dup(int fd, int min, bool cloexec)
{
    struct file *f = fd_get(fd);
    int new;

    if (!f)
        return -EBADF;
    new = fd_reserve(min, cloexec);
    if (new < 0)
        file_put(f);
    else
        fd_install(new, f);
    return new;
}

/* Put (f) at (to), closing what is there. -EBUSY: another thread is about to
 * install a file there (as Linux says in this race). */
static int replace(struct fdtable *t, unsigned to, struct file *f, bool cloexec,
                   struct file **old)
{
    int rc;

    *old = NULL;
    while (to >= t->size) {
        rc = table_grow(t, to);
        if (rc)
            return rc;
    }
    if (bit(t->used, to) && !t->files[to])
        return -EBUSY;
    *old = take(t, to);
    t->files[to] = f;
    bit_set(t->used, to, true);
    bit_set(t->cloexec, to, cloexec);
    t->count++;
    if (to == t->first_free)
        t->first_free = to + 1;
    return 0;
}

int fd_dup_to(int fd, int to, bool cloexec)
{
    struct fdtable *t = table();
    struct file *f, *old;
    int rc;

    if (to < 0 || (uint64_t)to >= process_rlimit(RLIMIT_NOFILE))
        return -EBADF;
    f = fd_get(fd);
    if (!f)
        return -EBADF;
    if (fd == to) { /* dup2; dup3 refuses before it comes here */
        file_put(f);
        return to;
    }
    spin_lock(&t->lock);
    rc = replace(t, (unsigned)to, f, cloexec, &old);
    spin_unlock(&t->lock);
    if (rc) {
        file_put(f);
        return rc;
    }
    if (old)
        close_file(t, old);
    return to;
}

int fd_get_cloexec(int fd)
{
    struct fdtable *t = table();
    int rc = -EBADF;

    spin_lock(&t->lock);
    if ((unsigned)fd < t->size && t->files[fd])
        rc = bit(t->cloexec, (unsigned)fd);
    spin_unlock(&t->lock);
    return rc;
}

int fd_set_cloexec(int fd, bool on)
{
    struct fdtable *t = table();
    int rc = -EBADF;

    spin_lock(&t->lock);
    if ((unsigned)fd < t->size && t->files[fd]) {
        bit_set(t->cloexec, (unsigned)fd, on);
        rc = 0;
    }
    spin_unlock(&t->lock);
    return rc;
}

/* Next open descriptor in [from, last], handled; false: none left. */
static bool range_step(struct fdtable *t, unsigned *from, unsigned last,
                       bool cloexec_only, struct file **closed)
{
    unsigned fd;

    *closed = NULL;
    spin_lock(&t->lock);
    fd = next_used(t, *from);
    if (fd < t->size && fd <= last) {
        if (cloexec_only)
            bit_set(t->cloexec, fd, true);
        else
            *closed = take(t, fd);
    }
    spin_unlock(&t->lock);
    *from = fd + 1;
    return fd < t->size && fd <= last;
}

int fd_close_range(unsigned first, unsigned last, bool cloexec_only)
{
    struct fdtable *t = table();
    struct file *closed;

    if (first > last)
        return -EINVAL;
    while (range_step(t, &first, last, cloexec_only, &closed)) {
        if (closed)
            close_file(t, closed);
        cond_resched();
    }
    return 0;
}

int fd_next(struct process *p, int from, struct file **out)
{
    struct fdtable *t;
    unsigned fd;
    int found = -1;

    spin_lock(&p->siglock); /* it may be ending: keep the table */
    t = p->files;
    if (t)
        atomic_fetch_add_explicit(&t->users, 1, memory_order_relaxed);
    spin_unlock(&p->siglock);
    if (!t)
        return -1;
    spin_lock(&t->lock);
    for (fd = (unsigned)from; (fd = next_used(t, fd)) < t->size; fd++) {
        if (t->files[fd]) {
            found = (int)fd;
            if (out) {
                *out = t->files[fd];
                file_get(*out);
            }
            break;
        }
    }
    spin_unlock(&t->lock);
    fdtable_put(t);
    return found;
}
