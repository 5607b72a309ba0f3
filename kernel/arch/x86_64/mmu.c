/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mmu.c - page tables of user address spaces (Intel SDM 3A 4.5).
 *
 * The caller's lock keeps other software away, but processors walk the tables
 * and set accessed and dirty bits at any time: entries change by single atomic
 * operations, and a table is entered only when it is complete.
 *
 * A mapping without any permission (PROT_NONE) is kept as an entry that is not
 * present, marked PTE_NONE. Its address bits are inverted: a processor with
 * the L1TF flaw may speculate through such an entry, and must find an address
 * without memory.
 */
#include "arch/x86_64/arch_priv.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/page.h"
#include "sched/cpu.h"

#define PTE_NONE  (1ul << 11) /* software; only with PTE_P clear */
#define PTE_TABLE (PTE_P | PTE_W | PTE_U | PTE_A)
#define ENTRIES   512

typedef _Atomic uint64_t pte_t;

static uint64_t pte_load(pte_t *e)
{
    return atomic_load_explicit(e, memory_order_relaxed);
}

/* Release: a new table or page is complete before the entry shows it. */
static void pte_store(pte_t *e, uint64_t v)
{
    atomic_store_explicit(e, v, memory_order_release);
}

uint64_t pte_from_prot(unsigned prot)
{
    uint64_t v = PTE_A;

    v |= prot & (PROT_R | PROT_W | PROT_X) ? PTE_P : PTE_NONE;
    v |= prot & PROT_W ? PTE_W : 0;
    v |= prot & PROT_USER ? PTE_U : 0;
    v |= !(prot & PROT_X) && cpu_features.nx ? PTE_NX : 0;
    v |= prot & PROT_NOCACHE ? PTE_PCD | PTE_PWT : 0;
    return v;
}

static bool is_entry(uint64_t v)
{
    return v & (PTE_P | PTE_NONE);
}

static uint64_t pte_make(paddr_t pa, uint64_t bits)
{
    return bits | ((bits & PTE_P ? pa : ~pa) & PTE_ADDR);
}

static paddr_t pte_paddr(uint64_t v)
{
    return (v & PTE_P ? v : ~v) & PTE_ADDR;
}

static bool is_leaf(uint64_t v, unsigned level)
{
    return level == 1 || !(v & PTE_P) || (v & PTE_PS);
}

static unsigned slot(vaddr_t va, unsigned level)
{
    return (unsigned)(va >> (3 + 9 * level)) & (ENTRIES - 1);
}

static size_t level_size(unsigned level)
{
    return 1ul << (3 + 9 * level);
}

static pte_t *table_of(uint64_t v)
{
    return phys_to_virt(v & PTE_ADDR);
}

static bool eight_empty(pte_t *e)
{
    return !(pte_load(e) | pte_load(e + 1) | pte_load(e + 2) | pte_load(e + 3) |
             pte_load(e + 4) | pte_load(e + 5) | pte_load(e + 6) |
             pte_load(e + 7));
}

/* The first entry in use of (n) from (i) on, or (n). Tables are sparse. */
static unsigned next_used(pte_t *table, unsigned i, unsigned n)
{
    while (i + 8 <= n && eight_empty(&table[i]))
        i += 8;
    while (i < n && !pte_load(&table[i]))
        i++;
    return i;
}

/* --- tables ------------------------------------------------------------- */

static paddr_t table_alloc(struct arch_mmu *m)
{
    struct page *p = page_alloc(0, ALLOC_ZERO | ALLOC_NOWAIT);

    if (!p)
        return 0;
    atomic_fetch_add_explicit(&m->tables, 1, memory_order_relaxed);
    return page_paddr(p);
}

static void table_free(struct arch_mmu *m, paddr_t pa)
{
    atomic_fetch_sub_explicit(&m->tables, 1, memory_order_relaxed);
    page_put(page_of(pa));
}

int mmu_init(struct arch_mmu *m)
{
    uint64_t *root;

    memset(m, 0, sizeof(*m));
    m->root = table_alloc(m);
    if (!m->root)
        return -ENOMEM;
    root = phys_to_virt(m->root);
    memcpy(root + ENTRIES / 2,
           (uint64_t *)phys_to_virt(mmu_kernel_root) + ENTRIES / 2,
           ENTRIES / 2 * sizeof(uint64_t));
    return 0;
}

static void free_below(struct arch_mmu *m, pte_t *table, unsigned level,
                       unsigned n)
{
    for (unsigned i = 0; (i = next_used(table, i, n)) < n; i++) {
        uint64_t v = pte_load(&table[i]);

        if (is_leaf(v, level))
            continue;
        if (level > 2)
            free_below(m, table_of(v), level - 1, ENTRIES);
        table_free(m, v & PTE_ADDR);
    }
}

void mmu_destroy(struct arch_mmu *m)
{
    if (!m->root)
        return;
    tlb_leave(m);
    free_below(m, phys_to_virt(m->root), 4, ENTRIES / 2);
    table_free(m, m->root);
    m->root = 0;
}

size_t mmu_table_pages(struct arch_mmu *m)
{
    return atomic_load_explicit(&m->tables, memory_order_relaxed);
}

/* --- finding entries ---------------------------------------------------- */

/* The entry that maps (va), or the empty one that stops the walk; (level) says
 * where it was found. */
static pte_t *walk(struct arch_mmu *m, vaddr_t va, unsigned *level)
{
    pte_t *table = phys_to_virt(m->root);

    for (unsigned l = 4;; l--) {
        pte_t *e = &table[slot(va, l)];
        uint64_t v = pte_load(e);
        if (is_leaf(v, l)) {
            *level = l;
            return e;
        }
        table = table_of(v);
    }
}

/* The entry for (va) at (level), making the tables above; NULL: no memory, or
 * a larger page is in the way (*(err) tells). */
static pte_t *walk_create(struct arch_mmu *m, vaddr_t va, unsigned level,
                          int *err)
{
    pte_t *table = phys_to_virt(m->root);

    for (unsigned l = 4;; l--) {
        pte_t *e = &table[slot(va, l)];
        if (l == level)
            return e;
        uint64_t v = pte_load(e);
        if (!is_entry(v)) {
            paddr_t pa = table_alloc(m);
            *err = -ENOMEM;
            if (!pa)
                return NULL;
            v = pa | PTE_TABLE;
            pte_store(e, v);
        } else if (is_leaf(v, l)) {
            *err = -EEXIST;
            return NULL;
        }
        table = table_of(v);
    }
}

/* The entry (v) that maps (size) bytes from (start) on. */
static inline void describe(uint64_t v, vaddr_t start, size_t size,
                            struct mmu_entry *e)
{
    unsigned prot =
        (v & PTE_U ? PROT_USER : 0) | (v & PTE_PCD ? PROT_NOCACHE : 0);

    if (v & PTE_P)
        prot |= PROT_R | (v & PTE_W ? PROT_W : 0) | (v & PTE_NX ? 0 : PROT_X);
    e->pa = pte_paddr(v);
    e->size = size;
    e->va = start;
    e->prot = prot;
    e->accessed = v & PTE_A;
    e->dirty = v & PTE_D;
}

bool mmu_lookup(struct arch_mmu *m, vaddr_t va, struct mmu_entry *e)
{
    unsigned level;
    uint64_t v = pte_load(walk(m, va, &level));

    if (!is_entry(v))
        return false;
    describe(v, ALIGN_DOWN(va, level_size(level)), level_size(level), e);
    return true;
}

uint32_t mmu_present(struct arch_mmu *m, vaddr_t va, unsigned n)
{
    unsigned level;
    pte_t *p = walk(m, va, &level);
    uint32_t mask = 0;

    if (level > 1)
        return is_entry(pte_load(p)) ? UINT32_MAX >> (32 - n) : 0;
    for (unsigned i = 0; i < n; i++)
        mask |= (uint32_t)is_entry(pte_load(&p[i])) << i;
    return mask;
}

/* What entries are looked at for. */
enum run { RUN_READ, RUN_TAKE };

/* A piece of a run inside one table: entries from *(at) on into (out), no more
 * than (max). Stops at (end), at the table's end and at a table below. */
static unsigned run_table(pte_t *p, unsigned level, vaddr_t *at, vaddr_t end,
                          enum run what, struct mmu_entry *out, unsigned max)
{
    size_t size = level_size(level);
    vaddr_t first = ALIGN_DOWN(*at, size);
    uint64_t want = (end - first + size - 1) >> (3 + 9 * level);
    unsigned room = ENTRIES - slot(first, level);
    unsigned n = 0, i = 0, left = (unsigned)MIN(want, (uint64_t)room);

    while (n < max) {
        uint64_t v;

        if (i == left)
            break;
        v = pte_load(&p[i]);
        if (!v) {
            i = next_used(p, i + 1, left);
            continue;
        }
        if (!is_leaf(v, level))
            break;
        if (what == RUN_TAKE) /* with the last accessed and dirty bits */
            v = atomic_exchange(&p[i], 0);
        describe(v, first + i * size, size, &out[n++]);
        i++;
    }
    *at = i ? MIN(end, first + i * size) : *at;
    return n;
}

static unsigned run(struct arch_mmu *m, vaddr_t *at, vaddr_t end, enum run what,
                    struct mmu_entry *out, unsigned max)
{
    unsigned n = 0;

    while (*at < end && n < max) {
        unsigned level;
        pte_t *p = walk(m, *at, &level);

        n += run_table(p, level, at, end, what, out + n, max - n);
    }
    return n;
}

unsigned mmu_read_run(struct arch_mmu *m, vaddr_t *va, vaddr_t end,
                      struct mmu_entry *e, unsigned max)
{
    return run(m, va, end, RUN_READ, e, max);
}

unsigned mmu_unmap_run(struct arch_mmu *m, vaddr_t *va, vaddr_t end,
                       struct mmu_entry *e, unsigned max)
{
    return run(m, va, end, RUN_TAKE, e, max);
}

bool mmu_next(struct arch_mmu *m, vaddr_t va, vaddr_t end, struct mmu_entry *e)
{
    return run(m, &va, end, RUN_READ, e, 1);
}

/* --- changing entries --------------------------------------------------- */

static bool table_empty(pte_t *table, unsigned near)
{
    /* What is used is usually near what was just freed: look there first. */
    return next_used(table, near, ENTRIES) == ENTRIES &&
           next_used(table, 0, near) == near;
}

int mmu_map(struct arch_mmu *m, vaddr_t va, paddr_t pa, size_t size,
            unsigned prot)
{
    unsigned level = size == HUGE_SIZE ? 2 : 1;
    uint64_t bits = pte_from_prot(prot);
    int err = 0;
    pte_t *e = walk_create(m, va, level, &err);

    if (!e)
        return err;
    if (level == 1) {
        pte_store(e, pte_make(pa, bits));
        return 0;
    }
    uint64_t old = pte_load(e);
    bool table = is_entry(old) && !is_leaf(old, 2);
    if (table && !table_empty(table_of(old), 0))
        return -EEXIST;
    pte_store(e, pte_make(pa, bits | PTE_PS));
    if (table) {
        mmu_flush(m, va, va + HUGE_SIZE);
        table_free(m, old & PTE_ADDR);
    }
    return 0;
}

unsigned mmu_map_run(struct arch_mmu *m, vaddr_t va, const paddr_t *pa,
                     unsigned n, unsigned prot)
{
    uint64_t bits = pte_from_prot(prot);
    unsigned done = 0;
    int err;

    while (done < n) {
        vaddr_t at = va + done * PAGE_SIZE;
        pte_t *e = walk_create(m, at, 1, &err);
        unsigned stop = MIN(n, done + ENTRIES - slot(at, 1));

        if (!e)
            break;
        for (; done < stop; done++, e++)
            pte_store(e, pte_make(pa[done], bits));
    }
    return done;
}

bool mmu_unmap(struct arch_mmu *m, vaddr_t va, struct mmu_entry *old)
{
    unsigned level;
    pte_t *e = walk(m, va, &level);
    uint64_t v = pte_load(e);

    if (!is_entry(v) || (va & (level_size(level) - 1)))
        return false;
    v = atomic_exchange(e, 0); /* with the last accessed and dirty bits */
    describe(v, va, level_size(level), old);
    return true;
}

void mmu_protect(struct arch_mmu *m, vaddr_t va, unsigned prot)
{
    unsigned level;
    pte_t *e = walk(m, va, &level);
    uint64_t v = pte_load(e), bits = pte_from_prot(prot) & ~PTE_A;

    if (level > 1)
        bits |= PTE_PS;
    while (is_entry(v) &&
           !atomic_compare_exchange_weak(
               e, &v, pte_make(pte_paddr(v), bits | (v & (PTE_A | PTE_D)))))
        ;
}

static void protect_table(pte_t *table, unsigned level, vaddr_t start,
                          vaddr_t end)
{
    size_t size = level_size(level);
    unsigned i = slot(start, level), n = slot(end - 1, level) + 1;
    vaddr_t base = ALIGN_DOWN(start, size) - i * size;

    for (; (i = next_used(table, i, n)) < n; i++) {
        vaddr_t va = base + i * size;
        uint64_t v = pte_load(&table[i]);

        if (!is_leaf(v, level))
            protect_table(table_of(v), level - 1, MAX(start, va),
                          MIN(end, va + size));
        else if (v & PTE_W) /* a processor may set bits meanwhile */
            atomic_fetch_and(&table[i], ~PTE_W);
    }
}

void mmu_write_protect(struct arch_mmu *m, vaddr_t start, vaddr_t end)
{
    if (start < end)
        protect_table(phys_to_virt(m->root), 4, start, end);
}

void mmu_clear_accessed(struct arch_mmu *m, vaddr_t va)
{
    unsigned level;
    pte_t *e = walk(m, va, &level);

    if (is_entry(pte_load(e)))
        atomic_fetch_and(e, ~PTE_A);
}

/* The translation stays the same, so stale TLB entries do no harm; a later
 * flush of one page also drops the entry of the large one (SDM 3A 4.10.4.1). */
int mmu_split(struct arch_mmu *m, vaddr_t va)
{
    unsigned level;
    pte_t *e = walk(m, va, &level), *table;
    uint64_t v = pte_load(e), bits;
    paddr_t pa, base;

    if (level != 2 || !is_entry(v))
        return 0;
    pa = table_alloc(m);
    if (!pa)
        return -ENOMEM;
    table = phys_to_virt(pa);
    do { /* again if the processor sets the dirty bit meanwhile */
        base = pte_paddr(v);
        bits = v & ~(PTE_ADDR | PTE_PS);
        for (unsigned i = 0; i < ENTRIES; i++)
            table[i] = pte_make(base + i * PAGE_SIZE, bits);
    } while (!atomic_compare_exchange_strong(e, &v, pa | PTE_TABLE));
    return 0;
}

/* Detach empty tables under (table) that lie over [start, end); they are
 * chained through their first word in *(chain), to be freed after the flush. */
static void detach_empty(pte_t *table, unsigned level, vaddr_t start,
                         vaddr_t end, paddr_t *chain)
{
    size_t size = level_size(level);

    for (vaddr_t va = start; va < end; va = ALIGN_DOWN(va, size) + size) {
        pte_t *e = &table[slot(va, level)];
        uint64_t v = pte_load(e);
        vaddr_t stop = MIN(end, ALIGN_DOWN(va, size) + size);

        if (!is_entry(v) || is_leaf(v, level))
            continue;
        if (level > 2)
            detach_empty(table_of(v), level - 1, va, stop, chain);
        if (!table_empty(table_of(v), slot(va, level - 1)))
            continue;
        pte_store(e, 0);
        /* Even as an entry the link is harmless to a processor that still
         * walks here: PTE_P is clear in it. */
        *table_of(v) = *chain;
        *chain = v & PTE_ADDR;
    }
}

void mmu_free_tables(struct arch_mmu *m, vaddr_t start, vaddr_t end)
{
    paddr_t chain = 0;

    detach_empty(phys_to_virt(m->root), 4, start, end, &chain);
    if (!chain)
        return;
    /* Processors cache upper levels too (SDM 3A 4.10.3): any flush of the
     * address space drops those. */
    mmu_flush(m, start, end);
    while (chain) {
        paddr_t next = *(uint64_t *)phys_to_virt(chain);
        table_free(m, chain);
        chain = next;
    }
}
