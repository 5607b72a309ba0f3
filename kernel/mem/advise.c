/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * advise.c - madvise: hints, and a few that change what memory holds.
 *
 * MADV_FREE gives pages back at once, as MADV_DONTNEED does, which its contract
 * allows ("may be freed at any time"). Hints about access patterns are checked
 * and not acted on: readahead adapts by itself.
 */
#include <asm/mman.h>

#include "fs/file.h"
#include "lib/errno.h"
#include "mem/mm_priv.h"
#include "sched/thread.h"

/* Work on the part [start, end) of (v). */
typedef int advice_fn(struct mm *mm, struct vma *v, vaddr_t start, vaddr_t end);

static int advise_nothing(struct mm *mm, struct vma *v, vaddr_t start,
                          vaddr_t end)
{
    (void)mm, (void)v, (void)start, (void)end;
    return 0;
}

static int advise_drop(struct mm *mm, struct vma *v, vaddr_t start, vaddr_t end)
{
    if (v->flags & VMA_PFN)
        return -EINVAL;
    if (mm_split_huge_at(mm, start) < 0 || mm_split_huge_at(mm, end) < 0)
        return -EAGAIN;
    mm_zap(mm, v, start, end);
    return 0;
}

static int advise_free(struct mm *mm, struct vma *v, vaddr_t start, vaddr_t end)
{
    if (v->mapping)
        return -EINVAL; /* private anonymous memory only */
    return advise_drop(mm, v, start, end);
}

static int advise_willneed(struct mm *mm, struct vma *v, vaddr_t start,
                           vaddr_t end)
{
    if (v->mapping)
        mapping_readahead(v->mapping,
                          v->pgoff + ((start - v->start) >> PAGE_SHIFT),
                          (unsigned)MIN((end - start) >> PAGE_SHIFT, 1024ul));
    return 0;
}

static int advise_remove(struct mm *mm, struct vma *v, vaddr_t start,
                         vaddr_t end)
{
    uint64_t pos;

    if (!v->mapping || !mapping_is_store(v->mapping))
        return -EINVAL;
    if (!(v->flags & VMA_SHARED) || !(v->flags & VMA_MAYWRITE))
        return -EACCES;
    pos = (v->pgoff << PAGE_SHIFT) + (start - v->start);
    return mapping_punch(v->mapping, pos, pos + (end - start));
}

static advice_fn *reading_advice(int advice)
{
    switch (advice) {
    case MADV_NORMAL:
    case MADV_RANDOM:
    case MADV_SEQUENTIAL:
    case MADV_COLD:
    case MADV_PAGEOUT:
    case MADV_DONTDUMP:
    case MADV_DODUMP:
        return advise_nothing;
    case MADV_DONTNEED:
        return advise_drop;
    case MADV_FREE:
        return advise_free;
    case MADV_WILLNEED:
        return advise_willneed;
    case MADV_REMOVE:
        return advise_remove;
    default:
        return NULL;
    }
}

/* The parts that are mapped are done, even where there are holes. */
static int advise_reading(struct mm *mm, vaddr_t start, vaddr_t end,
                          advice_fn *fn)
{
    bool hole = false;
    struct vma *v;
    int rc = 0;

    read_lock(&mm->lock);
    for (v = vma_find(mm, start); rc == 0 && start < end && v && v->start < end;
         v = vma_next(mm, v)) {
        vaddr_t from = MAX(start, v->start);

        hole |= from > start;
        start = MIN(end, v->end);
        rc = fn(mm, v, from, start);
    }
    read_unlock(&mm->lock);
    return rc < 0 ? rc : hole || start < end ? -ENOMEM : 0;
}

/* --- those that mark areas ------------------------------------------------ */

struct marks {
    unsigned set, clear;
};

static bool marking_advice(int advice, struct marks *m)
{
    switch (advice) {
    case MADV_DONTFORK:
        *m = (struct marks){VMA_DONTFORK, 0};
        return true;
    case MADV_DOFORK:
        *m = (struct marks){0, VMA_DONTFORK};
        return true;
    case MADV_WIPEONFORK:
        *m = (struct marks){VMA_WIPEONFORK, 0};
        return true;
    case MADV_KEEPONFORK:
        *m = (struct marks){0, VMA_WIPEONFORK};
        return true;
    case MADV_HUGEPAGE:
        *m = (struct marks){0, VMA_NOHUGE};
        return true;
    case MADV_NOHUGEPAGE:
        *m = (struct marks){VMA_NOHUGE, 0};
        return true;
    default:
        return false;
    }
}

static int mark_area(struct mm *mm, struct vma **v, vaddr_t start, vaddr_t end,
                     const struct marks *m, struct list *dead)
{
    unsigned flags = ((*v)->flags | m->set) & ~m->clear;

    if (((m->set & VMA_WIPEONFORK) && (*v)->mapping) ||
        ((m->clear & VMA_DONTFORK) && ((*v)->flags & VMA_PFN)))
        return -EINVAL;
    *v = vma_change(mm, *v, MAX(start, (*v)->start), MIN(end, (*v)->end),
                    (*v)->prot, flags, dead);
    return *v ? 0 : -EAGAIN;
}

static int advise_marking(struct mm *mm, vaddr_t start, vaddr_t end,
                          const struct marks *m)
{
    bool hole = false;
    struct list dead;
    struct vma *v;
    int rc = 0;

    list_init(&dead);
    write_lock(&mm->lock);
    v = vma_find(mm, start);
    while (rc == 0 && start < end && v && v->start < end) {
        hole |= v->start > start;
        rc = mark_area(mm, &v, start, end, m, &dead);
        if (rc < 0)
            break;
        start = MIN(end, v->end);
        v = vma_next(mm, v);
    }
    write_unlock(&mm->lock);
    vma_dispose_list(&dead);
    return rc < 0 ? rc : hole || start < end ? -ENOMEM : 0;
}

int mm_advise(struct mm *mm, vaddr_t addr, size_t len, int advice)
{
    advice_fn *fn = reading_advice(advice);
    struct marks m;
    vaddr_t end;

    if (addr % PAGE_SIZE || len > USER_TOP)
        return -EINVAL;
    end = addr + ALIGN_UP(len, PAGE_SIZE);
    if (end < addr)
        return -EINVAL;
    if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE) {
        int rc = end > USER_TOP ? -ENOMEM : mm_populate(mm, addr, end - addr);

        return rc == -ENXIO || rc == -EACCES ? -EFAULT : rc;
    }
    if (!fn && !marking_advice(advice, &m))
        return -EINVAL;
    if (addr == end)
        return 0;
    return fn ? advise_reading(mm, addr, end, fn)
              : advise_marking(mm, addr, end, &m);
}
