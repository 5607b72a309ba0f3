/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_smaps.c - /proc/PID/smaps and smaps_rollup: what each area of memory
 * holds, and all together. Lines and their order: proc(5), Linux 6.1.
 *
 * Lines that are always 0 tell what there is not (swap, pages of hugetlbfs,
 * lazily freed pages). "Locked" is missing: what was given to mlock is not told
 * from other memory, none of which ever goes.
 */
#include <linux/limits.h>

#include "fs/procfs.h"
#include "lib/string.h"
#include "mem/mm.h"
#include "mem/slab.h"

static void put_kb(struct seq *s, const char *name, uint64_t bytes)
{
    seq_printf(s, "%s:%*s%8llu kB\n", name, (int)(15 - strlen(name)), "",
               (unsigned long long)bytes / 1024);
}

static uint64_t pss_sum(const struct mm_use *u)
{
    return u->pss[RSS_ANON] + u->pss[RSS_FILE] + u->pss[RSS_SHMEM];
}

/* --- lines ---------------------------------------------------------------- */

static void put_shares(struct seq *s, const struct mm_use *u)
{
    put_kb(s, "Shared_Clean", u->shared[0]);
    put_kb(s, "Shared_Dirty", u->shared[1]);
    put_kb(s, "Private_Clean", u->private[0]);
    put_kb(s, "Private_Dirty", u->private[1]);
    put_kb(s, "Referenced", u->referenced);
    put_kb(s, "Anonymous", u->anonymous);
    put_kb(s, "LazyFree", 0);
    put_kb(s, "AnonHugePages", u->huge);
    put_kb(s, "ShmemPmdMapped", 0);
    put_kb(s, "FilePmdMapped", 0);
    put_kb(s, "Shared_Hugetlb", 0);
    put_kb(s, "Private_Hugetlb", 0);
    put_kb(s, "Swap", 0);
    put_kb(s, "SwapPss", 0);
}

static void put_use(struct seq *s, const struct mm_use *u, bool kinds)
{
    put_kb(s, "Rss", u->rss);
    put_kb(s, "Pss", pss_sum(u) >> MM_PSS_SHIFT);
    put_kb(s, "Pss_Dirty", u->pss_dirty >> MM_PSS_SHIFT);
    if (kinds) {
        put_kb(s, "Pss_Anon", u->pss[RSS_ANON] >> MM_PSS_SHIFT);
        put_kb(s, "Pss_File", u->pss[RSS_FILE] >> MM_PSS_SHIFT);
        put_kb(s, "Pss_Shmem", u->pss[RSS_SHMEM] >> MM_PSS_SHIFT);
    }
    put_shares(s, u);
}

/* Those of Linux's letters that have a meaning here. Nothing forbids to read or
 * execute an area later. */
static void put_flags(struct seq *s, unsigned prot, unsigned flags)
{
    bool shared = flags & VMA_SHARED, may_write = flags & VMA_MAYWRITE;
    const struct {
        bool set;
        const char *letters;
    } all[] = {
        {prot & PROT_R, "rd"},
        {prot & PROT_W, "wr"},
        {prot & PROT_X, "ex"},
        {shared && may_write, "sh"},
        {true, "mr"},
        {may_write, "mw"},
        {true, "me"},
        {shared, "ms"},
        {flags & VMA_GROWSDOWN, "gd"},
        {flags & VMA_PFN, "pf"},
        {flags & VMA_DONTFORK, "dc"},
        {flags & VMA_NORESERVE, "nr"},
        {flags & VMA_WIPEONFORK, "wf"},
        {flags & VMA_NOHUGE, "nh"},
    };

    seq_printf(s, "VmFlags:");
    for (unsigned k = 0; k < ARRAY_SIZE(all); k++)
        if (all[k].set)
            seq_printf(s, " %s", all[k].letters);
    seq_printf(s, " \n");
}

/* --- smaps: a piece of the text for each area ----------------------------- */

struct area {
    struct seq *s;
    char *name; /* PATH_MAX bytes */
    vaddr_t start, end;
    unsigned prot, flags;
    bool huge;
};

static void enter_area(void *arg, const struct vma *v)
{
    struct area *a = arg;

    proc_put_area(a->s, v, a->name);
    a->start = v->start;
    a->end = v->end;
    a->prot = v->prot;
    a->flags = v->flags;
    a->huge = mm_huge_eligible(v);
}

static void put_area(struct area *a, struct mm *mm)
{
    struct mm_use use = {0};

    mm_measure(mm, a->start, a->end, &use);
    put_kb(a->s, "Size", a->end - a->start);
    put_kb(a->s, "KernelPageSize", PAGE_SIZE);
    put_kb(a->s, "MMUPageSize", PAGE_SIZE);
    put_use(a->s, &use, false);
    seq_printf(a->s, "THPeligible:    %d\n", a->huge);
    put_flags(a->s, a->prot, a->flags);
}

int proc_show_smaps(struct text *t, struct seq *s)
{
    struct area a = {.s = s};
    struct mm *mm;

    if (!proc_may_inspect(t->process))
        return -EACCES;
    mm = process_get_mm(t->process);
    if (!mm)
        return 0;
    a.name = kmalloc(PATH_MAX, 0);
    if (a.name && mm_visit_one(mm, t->cursor, enter_area, &a)) {
        put_area(&a, mm);
        t->cursor = a.end;
        t->more = true;
    }
    mm_put(mm);
    if (!a.name)
        return -ENOMEM;
    kfree(a.name);
    return 0;
}

/* --- smaps_rollup --------------------------------------------------------- */

struct extent {
    vaddr_t start, end;
};

static void extend(void *arg, const struct vma *v)
{
    struct extent *e = arg;

    if (!e->end)
        e->start = v->start;
    e->end = v->end;
}

int proc_show_smaps_rollup(struct text *t, struct seq *s)
{
    struct extent all = {0, 0};
    struct mm_use use = {0};
    struct mm *mm;

    if (!proc_may_inspect(t->process))
        return -EACCES;
    mm = process_get_mm(t->process);
    if (!mm)
        return -ESRCH;
    mm_visit(mm, extend, &all);
    mm_measure(mm, all.start, all.end, &use);
    mm_put(mm);
    seq_printf(s, "%08llx-%08llx ---p 00000000 00:00 0%*s[rollup]\n",
               (unsigned long long)all.start, (unsigned long long)all.end, 26,
               "");
    put_use(s, &use, true);
    return 0;
}
