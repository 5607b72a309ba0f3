/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mmu_fake.c - page tables as an array of entries.
 */
#include "host.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem_fakes.h"

#define HUGE_PAGES (HUGE_SIZE / PAGE_SIZE)

struct entry {
    paddr_t pa;
    uint16_t prot;
    bool present, huge, accessed, dirty;
};

/* One address space. Tables exist from the first small entry on. */
struct tables {
    struct entry entry[FAKE_PAGES];
    bool exists[FAKE_PAGES / HUGE_PAGES];
};

int fake_mmu_fail;
unsigned long fake_mmu_flushes;

static struct entry *table(struct arch_mmu *m)
{
    return ((struct tables *)m->root)->entry;
}

static bool *exists(struct arch_mmu *m, vaddr_t va)
{
    return &((struct tables *)m->root)->exists[(va - FAKE_BASE) >> HUGE_SHIFT];
}

/* Make the table for (va), if it is not there. */
static bool make_table(struct arch_mmu *m, vaddr_t va)
{
    if (*exists(m, va))
        return true;
    if (fake_mmu_fail && --fake_mmu_fail == 0)
        return false;
    return *exists(m, va) = true;
}

int mmu_init(struct arch_mmu *m)
{
    memset(m, 0, sizeof(*m));
    m->root = (paddr_t)host_calloc(1, sizeof(struct tables));
    return 0;
}

unsigned long fake_mmu_entries(struct arch_mmu *m)
{
    unsigned long n = 0;

    for (unsigned long i = 0; i < FAKE_PAGES; i++)
        n += table(m)[i].present;
    return n;
}

void mmu_destroy(struct arch_mmu *m)
{
    ASSERT(!fake_mmu_entries(m));
    host_free((void *)m->root);
    m->root = 0;
}

void mmu_activate(struct arch_mmu *m)
{
    (void)m;
}

size_t mmu_table_pages(struct arch_mmu *m)
{
    (void)m;
    return 1;
}

static struct entry *at(struct arch_mmu *m, vaddr_t va)
{
    if (va < FAKE_BASE || va >= FAKE_TOP)
        return NULL;
    return &table(m)[(va - FAKE_BASE) >> PAGE_SHIFT];
}

/* The entry that maps (va), and where it starts. */
static struct entry *covering(struct arch_mmu *m, vaddr_t va, vaddr_t *start)
{
    struct entry *e = at(m, va);

    *start = ALIGN_DOWN(va, PAGE_SIZE);
    if (e && e->present)
        return e;
    *start = ALIGN_DOWN(va, HUGE_SIZE);
    e = at(m, *start);
    return e && e->present && e->huge ? e : NULL;
}

static void describe(const struct entry *e, vaddr_t start,
                     struct mmu_entry *out)
{
    *out = (struct mmu_entry){.pa = e->pa,
                              .size = e->huge ? HUGE_SIZE : PAGE_SIZE,
                              .va = start,
                              .prot = e->prot,
                              .accessed = e->accessed,
                              .dirty = e->dirty};
}

int mmu_map(struct arch_mmu *m, vaddr_t va, paddr_t pa, size_t size,
            unsigned prot)
{
    struct entry *e = at(m, va);
    vaddr_t start;

    ASSERT(e && !(va % size) && !(pa % size));
    if (size == HUGE_SIZE) {
        for (unsigned i = 0; i < HUGE_PAGES; i++)
            if (e[i].present)
                return -EEXIST;
        *exists(m, va) = false;
    } else if (!make_table(m, va)) {
        return -ENOMEM;
    }
    if (size == PAGE_SIZE && covering(m, va, &start) &&
        covering(m, va, &start)->huge)
        return -EEXIST;
    *e = (struct entry){pa,   (uint16_t)prot, true, size == HUGE_SIZE,
                        true, false};
    return 0;
}

bool mmu_lookup(struct arch_mmu *m, vaddr_t va, struct mmu_entry *out)
{
    vaddr_t start;
    struct entry *e = covering(m, va, &start);

    if (e)
        describe(e, start, out);
    return e;
}

bool mmu_next(struct arch_mmu *m, vaddr_t va, vaddr_t end,
              struct mmu_entry *out)
{
    va = MAX(va, FAKE_BASE);
    end = MIN(end, FAKE_TOP);
    for (; va < end; va += PAGE_SIZE)
        if (mmu_lookup(m, va, out))
            return true;
    return false;
}

uint32_t mmu_present(struct arch_mmu *m, vaddr_t va, unsigned n)
{
    struct mmu_entry e;
    uint32_t mask = 0;

    for (unsigned i = 0; i < n; i++)
        mask |= (uint32_t)mmu_lookup(m, va + i * PAGE_SIZE, &e) << i;
    return mask;
}

bool mmu_unmap(struct arch_mmu *m, vaddr_t va, struct mmu_entry *old)
{
    vaddr_t start;
    struct entry *e = covering(m, va, &start);

    if (!e || start != va)
        return false;
    describe(e, start, old);
    memset(e, 0, sizeof(*e));
    return true;
}

unsigned mmu_map_run(struct arch_mmu *m, vaddr_t va, const paddr_t *pa,
                     unsigned n, unsigned prot)
{
    unsigned i = 0;

    while (i < n && mmu_map(m, va + i * PAGE_SIZE, pa[i], PAGE_SIZE, prot) == 0)
        i++;
    return i;
}

unsigned mmu_read_run(struct arch_mmu *m, vaddr_t *va, vaddr_t end,
                      struct mmu_entry *e, unsigned max)
{
    unsigned n = 0;

    while (n < max && mmu_next(m, *va, end, &e[n])) {
        *va = e[n].va + e[n].size;
        n++;
    }
    if (n < max)
        *va = end;
    return n;
}

unsigned mmu_unmap_run(struct arch_mmu *m, vaddr_t *va, vaddr_t end,
                       struct mmu_entry *e, unsigned max)
{
    unsigned n = mmu_read_run(m, va, end, e, max);

    for (unsigned i = 0; i < n; i++)
        ASSERT(mmu_unmap(m, e[i].va, &e[i]));
    return n;
}

void mmu_write_protect(struct arch_mmu *m, vaddr_t start, vaddr_t end)
{
    struct mmu_entry e;

    for (; mmu_next(m, start, end, &e); start = e.va + e.size)
        mmu_protect(m, e.va, e.prot & ~(unsigned)PROT_W);
}

void mmu_protect(struct arch_mmu *m, vaddr_t va, unsigned prot)
{
    vaddr_t start;
    struct entry *e = covering(m, va, &start);

    if (e)
        e->prot = (uint16_t)prot;
}

void mmu_clear_accessed(struct arch_mmu *m, vaddr_t va)
{
    vaddr_t start;
    struct entry *e = covering(m, va, &start);

    if (e)
        e->accessed = false;
}

int mmu_split(struct arch_mmu *m, vaddr_t va)
{
    vaddr_t start;
    struct entry *e = covering(m, va, &start), huge;

    if (!e || !e->huge)
        return 0;
    if (!make_table(m, va))
        return -ENOMEM;
    huge = *e;
    huge.huge = false;
    for (unsigned i = 0; i < HUGE_PAGES; i++, huge.pa += PAGE_SIZE)
        e[i] = huge;
    return 0;
}

void mmu_free_tables(struct arch_mmu *m, vaddr_t start, vaddr_t end)
{
    struct mmu_entry e;

    end = MIN(end, FAKE_TOP);
    for (vaddr_t va = MAX(start, FAKE_BASE); va < end; va += HUGE_SIZE)
        if (!mmu_next(m, ALIGN_DOWN(va, HUGE_SIZE),
                      ALIGN_DOWN(va, HUGE_SIZE) + HUGE_SIZE, &e))
            *exists(m, va) = false;
}

void mmu_flush(struct arch_mmu *m, vaddr_t start, vaddr_t end)
{
    (void)m, (void)start, (void)end;
    fake_mmu_flushes++;
}
