/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sys_mem.c - the memory system calls: arguments checked, then mm.h's functions
 * on the caller's address space.
 *
 * There is no swap, so memory that is locked differs from other memory only in
 * being touched beforehand: mlock does that, and munlock has nothing to undo.
 */
#include <asm/fcntl.h>
#include <asm/mman.h>
#include <linux/membarrier.h>
#include <linux/mman.h>
#include <linux/sysinfo.h>

#include "fs/file.h"
#include "fs/vfs.h"
#include "lib/string.h"
#include "mem/mm_priv.h"
#include "mem/uio.h"
#include "mem/user.h"
#include "proc/fdtable.h"
#include "proc/process.h"
#include "sched/cpu.h"
#include "sys/syscall.h"

long sys_mmap(unsigned long addr, size_t len, int prot, int flags, int fd,
              uint64_t off)
{
    struct file *f = NULL;
    long rc;

    if (off % PAGE_SIZE)
        return -EINVAL;
    if (!(flags & MAP_ANONYMOUS)) {
        f = fd_get(fd);
        if (f && (f->caps & FILE_PATH)) {
            file_put(f);
            f = NULL;
        }
        if (!f)
            return -EBADF;
    } else if ((flags & MAP_TYPE) == MAP_SHARED_VALIDATE) {
        return -EINVAL; /* of files only */
    } else if (flags & MAP_HUGETLB) {
        return -ENOMEM; /* the pool of reserved huge pages is empty */
    }
    rc = mm_map(current->mm, addr, len, (unsigned)prot, (unsigned)flags, f,
                off >> PAGE_SHIFT);
    if (f)
        file_put(f);
    return rc;
}

long sys_munmap(unsigned long addr, size_t len)
{
    return mm_unmap(current->mm, addr, len);
}

long sys_mprotect(unsigned long addr, size_t len, int prot)
{
    const int known = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM |
                      PROT_GROWSDOWN | PROT_GROWSUP;

    if (prot & ~known)
        return -EINVAL;
    return mm_protect(current->mm, addr, len, (unsigned)prot);
}

long sys_brk(unsigned long addr)
{
    return (long)mm_brk(current->mm, addr);
}

long sys_mremap(unsigned long old, size_t old_len, size_t new_len, int flags,
                unsigned long new_addr)
{
    return mm_remap(current->mm, old, old_len, new_len, (unsigned)flags,
                    new_addr);
}

long sys_madvise(unsigned long addr, size_t len, int advice)
{
    return mm_advise(current->mm, addr, len, advice);
}

/* --- msync ---------------------------------------------------------------- */

/* The file of the first shared file area at or after *(addr) and below (end),
 * with a reference; *(addr) is where to go on. *(hole): something before it is
 * not mapped. */
static struct file *next_shared_file(struct mm *mm, vaddr_t *addr, vaddr_t end,
                                     bool *hole)
{
    struct file *f = NULL;
    struct vma *v;

    read_lock(&mm->lock);
    v = vma_find(mm, *addr);
    for (; !f && *addr < end; v = vma_next(mm, v)) {
        if (!v || v->start > *addr)
            *hole = true;
        if (!v) {
            *addr = end;
            break;
        }
        *addr = v->end;
        if (v->start < end && (v->flags & VMA_SHARED) && v->file) {
            f = v->file;
            file_get(f);
        }
    }
    read_unlock(&mm->lock);
    return f;
}

/* Shared pages are the cache's own, so other readers see them already; what
 * MS_SYNC adds is what fsync does. */
long sys_msync(unsigned long addr, size_t len, int flags)
{
    vaddr_t at = addr, end;
    bool hole = false;
    struct file *f;
    int rc = 0;

    if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || addr % PAGE_SIZE ||
        ((flags & MS_ASYNC) && (flags & MS_SYNC)))
        return -EINVAL;
    if (len > USER_TOP || addr > USER_TOP - ALIGN_UP(len, PAGE_SIZE))
        return -ENOMEM;
    end = addr + ALIGN_UP(len, PAGE_SIZE);
    while (rc == 0 && (f = next_shared_file(current->mm, &at, end, &hole))) {
        if ((flags & MS_SYNC) && f->ops->fsync)
            rc = f->ops->fsync(f, true);
        file_put(f);
    }
    return rc < 0 ? rc : hole ? -ENOMEM : 0;
}

/* --- mincore -------------------------------------------------------------- */

static bool resident(struct mm *mm, const struct vma *v, vaddr_t addr)
{
    struct mmu_entry e;
    struct page *p;
    bool found;

    spin_lock(&mm->pte_lock);
    found = mmu_lookup(&mm->mmu, addr, &e);
    spin_unlock(&mm->pte_lock);
    if (found || !v->mapping)
        return found;
    p = mapping_peek(v->mapping, v->pgoff + ((addr - v->start) >> PAGE_SHIFT));
    if (p)
        page_put(p);
    return p;
}

static int mincore_some(struct mm *mm, vaddr_t addr, unsigned n, uint8_t *out)
{
    struct vma *v;
    int rc = 0;

    read_lock(&mm->lock);
    v = vma_find(mm, addr);
    for (unsigned i = 0; i < n; i++, addr += PAGE_SIZE) {
        if (v && addr >= v->end)
            v = vma_next(mm, v);
        if (!v || addr < v->start) {
            rc = -ENOMEM;
            break;
        }
        out[i] = resident(mm, v, addr);
    }
    read_unlock(&mm->lock);
    return rc;
}

long sys_mincore(unsigned long addr, size_t len, void __user *vec)
{
    size_t pages, done = 0;
    uint8_t part[128];

    if (addr % PAGE_SIZE)
        return -EINVAL;
    if (addr > USER_TOP || len > USER_TOP - addr)
        return -ENOMEM;
    pages = (len + PAGE_SIZE - 1) >> PAGE_SHIFT;
    if (!user_range_ok(vec, pages))
        return -EFAULT;
    while (done < pages) {
        unsigned n = (unsigned)MIN(pages - done, sizeof(part));
        int rc =
            mincore_some(current->mm, addr + (done << PAGE_SHIFT), n, part);

        if (rc < 0)
            return rc;
        if (copy_to_user((char __user *)vec + done, part, n) < 0)
            return -EFAULT;
        done += n;
        cond_resched();
    }
    return 0;
}

/* --- mlock ---------------------------------------------------------------- */

/* The pages a range touches; false if it wraps or leaves user memory. */
static bool page_range(unsigned long addr, size_t len, vaddr_t *start,
                       size_t *size)
{
    if (addr > USER_TOP || len > USER_TOP - addr)
        return false;
    *start = ALIGN_DOWN(addr, PAGE_SIZE);
    *size = ALIGN_UP(addr + len, PAGE_SIZE) - *start;
    return true;
}

static long check_mapped(vaddr_t start, size_t size)
{
    struct mm *mm = current->mm;
    bool ok;

    if (!size)
        return 0;
    read_lock(&mm->lock);
    ok = vma_range_mapped(mm, start, size);
    read_unlock(&mm->lock);
    return ok ? 0 : -ENOMEM;
}

long sys_mlock2(unsigned long addr, size_t len, int flags)
{
    vaddr_t start;
    size_t size;
    long rc;

    if (flags & ~MLOCK_ONFAULT)
        return -EINVAL;
    if (!page_range(addr, len, &start, &size))
        return -EINVAL;
    rc = check_mapped(start, size);
    if (rc < 0 || (flags & MLOCK_ONFAULT))
        return rc;
    rc = mm_populate(current->mm, start, size);
    return rc == -ENXIO ? -EAGAIN : rc; /* "could not be locked" */
}

long sys_mlock(unsigned long addr, size_t len)
{
    return sys_mlock2(addr, len, 0);
}

long sys_munlock(unsigned long addr, size_t len)
{
    vaddr_t start;
    size_t size;

    if (!page_range(addr, len, &start, &size))
        return -EINVAL;
    return check_mapped(start, size);
}

/* Touching everything would fill the gigabytes that programs reserve and never
 * use. What has been touched stays anyway. */
long sys_mlockall(int flags)
{
    if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) ||
        flags == MCL_ONFAULT)
        return -EINVAL;
    return 0;
}

long sys_munlockall(void)
{
    return 0;
}

/* --- the rest ------------------------------------------------------------- */

long sys_sysinfo(void __user *info)
{
    struct memory_stats m;
    struct sysinfo s;
    uint32_t load[3];

    memory_stats(&m);
    sched_loadavg(load);
    memset(&s, 0, sizeof(s));
    s.uptime = time_monotonic() / NSEC_PER_SEC;
    for (int i = 0; i < 3; i++) /* 11 bits of fraction to 16 */
        s.loads[i] = (unsigned long)load[i] << (SI_LOAD_SHIFT - 11);
    s.totalram = m.total;
    s.freeram = m.free;
    s.sharedram = m.shared;
    s.procs = (uint16_t)MIN(sched_nr_threads(), 0xffffu);
    s.mem_unit = PAGE_SIZE;
    return copy_to_user(info, &s, sizeof(s));
}

/* A flush interrupts every processor that runs this address space and waits
 * for each: entering and leaving an interrupt is a full barrier there. One that
 * does not run it passes through a context switch before it does. */
long sys_membarrier(int cmd, unsigned flags, int cpu)
{
    struct mm *mm = current->mm;

    (void)cpu;
    if (flags)
        return -EINVAL;
    switch (cmd) {
    case MEMBARRIER_CMD_QUERY:
        return MEMBARRIER_CMD_PRIVATE_EXPEDITED |
               MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
        atomic_store(&mm->membarrier, true);
        return 0;
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
        if (!atomic_load(&mm->membarrier))
            return -EPERM;
        mmu_flush(&mm->mmu, 0, PAGE_SIZE);
        return 0;
    default:
        return -EINVAL;
    }
}

/* Copy (n) bytes from (addr) of another address space. */
static ssize_t read_remote(struct mm *mm, struct uio *to, vaddr_t addr,
                           size_t n)
{
    ssize_t done = 0;
    char part[512];

    while (n) {
        size_t piece = MIN(n, sizeof(part));
        ssize_t got = mm_access(mm, addr, part, piece, false), put;

        if (got <= 0)
            return done ? done : got;
        put = uio_copy_out(to, part, (size_t)got);
        if (put < 0)
            return done ? done : put;
        done += put;
        addr += (vaddr_t)put;
        n -= (size_t)put;
        if ((size_t)put < piece)
            break;
        cond_resched();
    }
    return done;
}

static ssize_t read_ranges(struct mm *mm, struct uio *to, struct uio *from)
{
    ssize_t done = 0;

    while (from->nr && from->left && to->left) {
        size_t n = MIN(from->iov->len - from->skip, to->left);
        ssize_t got =
            read_remote(mm, to, (vaddr_t)from->iov->base + from->skip, n);

        if (got < 0)
            return done ? done : got;
        done += got;
        if ((size_t)got < n)
            break;
        uio_advance(from, n);
    }
    return done;
}

long sys_process_vm_readv(int pid, const struct iovec_user __user *l,
                          unsigned long nl, const struct iovec_user __user *r,
                          unsigned long nr, unsigned long flags)
{
    struct uio to, from;
    struct process *p;
    struct mm *mm;
    long rc;

    if (flags)
        return -EINVAL;
    rc = uio_init_iov(&to, l, nl);
    if (rc < 0)
        return rc;
    rc = uio_init_iov(&from, r, nr);
    if (rc < 0)
        goto out_to;
    p = process_find(pid);
    rc = -ESRCH;
    if (!p)
        goto out_from;
    mm = process_get_mm(p);
    if (mm) {
        rc = read_ranges(mm, &to, &from);
        mm_put(mm);
    }
    process_put(p);
out_from:
    uio_release(&from);
out_to:
    uio_release(&to);
    return rc;
}
