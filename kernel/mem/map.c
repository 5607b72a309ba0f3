/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * map.c - mmap, munmap and brk: areas come and go.
 *
 * Everything that can fail is done before anything is changed, except that a
 * MAP_FIXED mapping may have removed what was there when its own area cannot
 * be made, as on Linux.
 */
#include <asm/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "mem/mm_priv.h"
#include "proc/process.h"
#include "sched/cpu.h"

/* The kinds of a mapping; MAP_SHARED_VALIDATE is their sum. */
#define MAP_KIND 0x0f
#define LOW_2G   0x80000000ul /* MAP_32BIT: the first 2 GiB */

/* --- munmap --------------------------------------------------------------- */

/* Take [start, end) out of (v), which it touches; only a cut out of the middle
 * makes an area, and that has been done before. */
static void unmap_part(struct mm *mm, struct vma *v, vaddr_t start, vaddr_t end,
                       struct list *dead)
{
    start = MAX(start, v->start);
    end = MIN(end, v->end);
    mm_zap(mm, v, start, end);
    if (start == v->start && end == v->end)
        vma_remove(mm, v, dead);
    else if (start == v->start)
        vma_resize(mm, v, end, v->end);
    else
        vma_resize(mm, v, v->start, start);
}

/* Page tables that no area can use any more: whole tables between the
 * neighbours. */
static void free_tables(struct mm *mm, vaddr_t start, vaddr_t end)
{
    struct vma *next = vma_find(mm, end);
    struct vma *prev = next ? vma_prev(mm, next) : RB_MAX(vma_tree, &mm->vmas);
    vaddr_t low = prev ? ALIGN_UP(prev->end, HUGE_SIZE) : 0;
    vaddr_t high = next ? ALIGN_DOWN(next->start, HUGE_SIZE) : USER_TOP;

    low = MAX(low, ALIGN_DOWN(start, HUGE_SIZE));
    high = MIN(high, ALIGN_UP(end, HUGE_SIZE));
    if (low >= high)
        return;
    spin_lock(&mm->pte_lock);
    mmu_free_tables(&mm->mmu, low, high);
    spin_unlock(&mm->pte_lock);
}

int mm_unmap_locked(struct mm *mm, vaddr_t addr, size_t len, struct list *dead)
{
    vaddr_t end = addr + len;
    struct vma *v = vma_find(mm, addr), *next;

    if (!v || v->start >= end)
        return 0;
    if (mm_split_huge_at(mm, addr) < 0 || mm_split_huge_at(mm, end) < 0)
        return -ENOMEM;
    if (v->start < addr && end < v->end && vma_split(mm, v, end) < 0)
        return -ENOMEM;
    for (; v && v->start < end; v = next) {
        next = vma_next(mm, v);
        unmap_part(mm, v, addr, end, dead);
    }
    free_tables(mm, addr, end);
    return 0;
}

static bool range_ok(vaddr_t addr, size_t len)
{
    return !(addr % PAGE_SIZE) && len && addr <= USER_TOP &&
           len <= USER_TOP - addr;
}

int mm_unmap(struct mm *mm, vaddr_t addr, size_t len)
{
    struct list dead;
    int rc;

    if (len > USER_TOP)
        return -EINVAL;
    len = ALIGN_UP(len, PAGE_SIZE);
    if (!range_ok(addr, len))
        return -EINVAL;
    list_init(&dead);
    write_lock(&mm->lock);
    rc = mm_unmap_locked(mm, addr, len, &dead);
    write_unlock(&mm->lock);
    vma_dispose_list(&dead);
    return rc;
}

/* --- where ---------------------------------------------------------------- */

long mm_place(struct mm *mm, vaddr_t hint, size_t len, unsigned flags,
              bool huge_aligned)
{
    vaddr_t at = 0, high = mm->mmap_top;

    hint = ALIGN_UP(hint, PAGE_SIZE);
    if (hint >= USER_BASE && hint <= USER_TOP - len &&
        vma_range_free(mm, hint, len))
        return (long)hint;
    if (flags & MAP_32BIT)
        high = LOW_2G;
    if (huge_aligned && len >= HUGE_SIZE)
        at = vma_gap(mm, len, USER_BASE, high, HUGE_SIZE, 0);
    if (!at)
        at = vma_gap(mm, len, USER_BASE, high, PAGE_SIZE, 0);
    if (!at && !(flags & MAP_32BIT)) /* above, towards the stack */
        at = vma_gap(mm, len, mm->mmap_top, USER_TOP, PAGE_SIZE, 0);
    return at ? (long)at : -ENOMEM;
}

/* --- mmap ----------------------------------------------------------------- */

static long check_args(struct mm *mm, vaddr_t addr, size_t *len, unsigned flags,
                       uint64_t pgoff)
{
    unsigned kind = flags & MAP_KIND;

    if (!*len || (kind != MAP_SHARED && kind != MAP_PRIVATE &&
                  kind != MAP_SHARED_VALIDATE))
        return -EINVAL;
    if (*len > USER_TOP)
        return -ENOMEM;
    *len = ALIGN_UP(*len, PAGE_SIZE);
    if (pgoff + (*len >> PAGE_SHIFT) < pgoff)
        return -EOVERFLOW;
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (addr % PAGE_SIZE)
            return -EINVAL;
        if (addr < USER_BASE)
            return -EPERM; /* vm.mmap_min_addr */
        if (!range_ok(addr, *len))
            return -ENOMEM;
    }
    return mm->nr_vmas >= VMA_MAX ? -ENOMEM : 0;
}

/* May this descriptor be mapped so? Fills in the area's file side. */
static int attach_file(struct vma *v, struct file *f, uint64_t pgoff)
{
    unsigned mode = atomic_load(&f->flags) & O_ACCMODE;
    bool shared = v->flags & VMA_SHARED;

    if (mode == O_WRONLY)
        return -EACCES;
    if (shared && (v->prot & PROT_W) && mode != O_RDWR)
        return -EACCES;
    if (shared && mode != O_RDWR)
        v->flags &= ~(unsigned)VMA_MAYWRITE;
    if (!f->ops->mmap && !S_ISREG(f->inode->mode))
        return -ENODEV;
    file_get(f);
    v->file = f;
    v->pgoff = pgoff;
    if (S_ISREG(f->inode->mode))
        v->mapping = &f->inode->mapping;
    return f->ops->mmap ? f->ops->mmap(f, v) : 0;
}

/* Memory shared with later children is an unnamed file. */
static int attach_shared(struct vma *v, size_t len)
{
    struct file *f = tmpfs_anon_file("dev/zero", len);

    if (IS_ERR(f))
        return (int)PTR_ERR(f);
    v->file = f;
    v->mapping = &f->inode->mapping;
    return 0;
}

static struct vma *make_area(size_t len, unsigned prot, unsigned flags,
                             struct file *file, uint64_t pgoff)
{
    struct vma *v = vma_alloc();
    int rc = 0;

    if (!v)
        return ERR_PTR(-ENOMEM);
    v->prot = prot & (PROT_R | PROT_W | PROT_X);
    v->flags = VMA_MAYWRITE;
    if (flags & MAP_SHARED) /* also a bit of MAP_SHARED_VALIDATE */
        v->flags |= VMA_SHARED;
    if (flags & MAP_NORESERVE)
        v->flags |= VMA_NORESERVE;
    if (flags & MAP_GROWSDOWN)
        v->flags |= VMA_GROWSDOWN;
    if (file && !file->ops->zeros)
        rc = attach_file(v, file, pgoff);
    else if (file && (atomic_load(&file->flags) & O_ACCMODE) == O_WRONLY)
        rc = -EACCES;
    else if (v->flags & VMA_SHARED)
        rc = attach_shared(v, len);
    if (rc < 0) {
        vma_dispose(v);
        return ERR_PTR(rc);
    }
    if (v->mapping && (v->prot & PROT_W))
        v->flags |= VMA_WRITABLE;
    return v;
}

/* Find or make the room; mm->lock held for writing. */
static long make_room(struct mm *mm, vaddr_t addr, size_t len, unsigned flags,
                      struct list *dead)
{
    int rc;

    if (flags & MAP_FIXED_NOREPLACE)
        return vma_range_free(mm, addr, len) ? (long)addr : -EEXIST;
    if (!(flags & MAP_FIXED))
        return mm_place(mm, addr, len, flags, true);
    rc = mm_unmap_locked(mm, addr, len, dead);
    return rc < 0 ? rc : (long)addr;
}

static long enter_area(struct mm *mm, struct vma *v, vaddr_t addr, size_t len,
                       unsigned flags, struct list *dead)
{
    long at;

    if (!mm_may_grow(mm, len >> PAGE_SHIFT) ||
        !mm_may_hold(mm, v->prot, v->flags, len >> PAGE_SHIFT) ||
        mm_overcommits(v->prot, v->flags, len >> PAGE_SHIFT))
        at = -ENOMEM;
    else
        at = make_room(mm, addr, len, flags, dead);
    if (at < 0) {
        list_add_tail(dead, &v->mapping_link);
        return at;
    }
    v->start = (vaddr_t)at;
    v->end = v->start + len;
    vma_insert_joined(mm, v, dead);
    return at;
}

long mm_map(struct mm *mm, vaddr_t addr, size_t len, unsigned prot,
            unsigned flags, struct file *file, uint64_t pgoff)
{
    long rc = check_args(mm, addr, &len, flags, pgoff);
    struct list dead;
    struct vma *v;

    if (rc < 0)
        return rc;
    v = make_area(len, prot, flags, file, pgoff);
    if (IS_ERR(v))
        return PTR_ERR(v);
    list_init(&dead);
    write_lock(&mm->lock);
    rc = enter_area(mm, v, addr, len, flags, &dead);
    write_unlock(&mm->lock);
    vma_dispose_list(&dead);
    if (rc >= 0 && (flags & (MAP_POPULATE | MAP_LOCKED)) &&
        !(flags & MAP_NONBLOCK))
        mm_populate(mm, (vaddr_t)rc, len); /* errors show at the touch */
    return rc;
}

/* --- special areas -------------------------------------------------------- */

/* The frames of a VMA_PFN area are entered at once: no fault knows them. */
static int enter_frames(struct mm *mm, const struct vma *v, paddr_t pa)
{
    int rc = 0;

    spin_lock(&mm->pte_lock);
    for (vaddr_t a = v->start; rc == 0 && a < v->end; a += PAGE_SIZE)
        rc =
            mmu_map(&mm->mmu, a, pa + (a - v->start), PAGE_SIZE, vma_rights(v));
    spin_unlock(&mm->pte_lock);
    return rc;
}

int mm_map_special(struct mm *mm, vaddr_t addr, size_t len, unsigned prot,
                   unsigned vma_flags, const char *name, paddr_t pa)
{
    struct vma *v;
    struct list dead;
    int rc = 0;

    len = ALIGN_UP(len, PAGE_SIZE);
    if (!range_ok(addr, len))
        return -EINVAL;
    v = vma_alloc();
    if (!v)
        return -ENOMEM;
    list_init(&dead);
    v->start = addr;
    v->end = addr + len;
    v->prot = prot & (PROT_R | PROT_W | PROT_X);
    v->flags = vma_flags | (prot & PROT_W ? VMA_MAYWRITE : 0);
    v->name = name;
    write_lock(&mm->lock);
    if (!vma_range_free(mm, addr, len))
        rc = -EEXIST;
    else if (vma_flags & VMA_PFN)
        rc = enter_frames(mm, v, pa);
    if (rc == 0)
        vma_insert(mm, v);
    else
        list_add_tail(&dead, &v->mapping_link);
    write_unlock(&mm->lock);
    vma_dispose_list(&dead);
    return rc;
}

/* --- brk ------------------------------------------------------------------ */

static bool heap_grow(struct mm *mm, vaddr_t from, vaddr_t to)
{
    struct vma *v = vma_find(mm, from - 1);

    if (!vma_range_free(mm, from, to - from + PAGE_SIZE) ||
        !mm_may_grow(mm, (to - from) >> PAGE_SHIFT) ||
        !mm_may_hold(mm, PROT_W, 0, (to - from) >> PAGE_SHIFT) ||
        mm_overcommits(PROT_W, 0, (to - from) >> PAGE_SHIFT))
        return false;
    if (v && v->end == from && v->prot == (PROT_R | PROT_W) &&
        v->flags == (VMA_HEAP | VMA_MAYWRITE)) {
        vma_resize(mm, v, v->start, to);
        return true;
    }
    v = mm->nr_vmas < VMA_MAX ? vma_alloc() : NULL;
    if (!v)
        return false;
    v->start = from;
    v->end = to;
    v->prot = PROT_R | PROT_W;
    v->flags = VMA_HEAP | VMA_MAYWRITE;
    v->name = "[heap]";
    vma_insert(mm, v);
    return true;
}

static bool brk_allowed(struct mm *mm, vaddr_t want)
{
    return want >= mm->brk_start && want <= USER_TOP - 2 * PAGE_SIZE &&
           (!current->process ||
            want - mm->brk_start <= process_rlimit(RLIMIT_DATA));
}

vaddr_t mm_brk(struct mm *mm, vaddr_t want)
{
    struct list dead;
    vaddr_t from, to, brk;
    bool ok = true;

    list_init(&dead);
    write_lock(&mm->lock);
    if (brk_allowed(mm, want)) {
        from = ALIGN_UP(mm->brk, PAGE_SIZE);
        to = ALIGN_UP(want, PAGE_SIZE);
        if (to > from)
            ok = heap_grow(mm, from, to);
        else if (to < from)
            ok = mm_unmap_locked(mm, to, from - to, &dead) == 0;
        if (ok)
            mm->brk = want;
    }
    brk = mm->brk;
    write_unlock(&mm->lock);
    vma_dispose_list(&dead);
    return brk;
}
