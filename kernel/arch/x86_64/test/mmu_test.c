/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mmu_test.c - page tables compared with an array, through random changes; the
 * hardware is this file: physical memory is a pool of pages, and a table must
 * not be freed before a flush.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arch/x86_64/arch_priv.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/page.h"

#define POOL 256

static char pool[POOL][PAGE_SIZE] __aligned(PAGE_SIZE);
static bool used[POOL];
static struct page pages[POOL];
static unsigned in_use, flushes, budget = POOL;

static void *host_virt(paddr_t pa)
{
    assert_in_range(pa, PAGE_SIZE, POOL * PAGE_SIZE - 1);
    return pool[0] + pa;
}
#define phys_to_virt(pa) host_virt(pa)

#include "../mmu.c"

struct cpu_features cpu_features = {.nx = true};
paddr_t mmu_kernel_root = PAGE_SIZE;

struct page *page_alloc(unsigned order, unsigned flags)
{
    assert_int_equal(order, 0);
    assert_true(flags & ALLOC_ZERO);
    if (in_use >= budget)
        return NULL;
    for (unsigned i = 2; i < POOL; i++) {
        if (!used[i]) {
            used[i] = true;
            in_use++;
            memset(pool[i], 0, PAGE_SIZE);
            return &pages[i];
        }
    }
    return NULL;
}
void page_put(struct page *p)
{
    assert_true(used[p - pages]);
    used[p - pages] = false;
    in_use--;
    memset(pool[p - pages], 0xff, PAGE_SIZE); /* nobody may look any more */
}
paddr_t page_paddr(const struct page *p)
{
    return (paddr_t)(p - pages) * PAGE_SIZE;
}
struct page *page_of(paddr_t pa)
{
    return &pages[pa / PAGE_SIZE];
}
void mmu_flush(struct arch_mmu *m, vaddr_t start, vaddr_t end)
{
    flushes++;
}
void tlb_leave(struct arch_mmu *m)
{
}

/* --- single operations -------------------------------------------------- */

static void test_map_lookup(void **state)
{
    struct arch_mmu m;
    struct mmu_entry e;
    vaddr_t va = 0x7f1234567000;

    assert_int_equal(mmu_init(&m), 0);
    assert_false(mmu_lookup(&m, va, &e));
    assert_int_equal(
        mmu_map(&m, va, 0xabcde000, PAGE_SIZE, PROT_R | PROT_X | PROT_USER), 0);
    assert_true(mmu_lookup(&m, va + 5, &e));
    assert_int_equal(e.pa, 0xabcde000);
    assert_int_equal(e.va, va);
    assert_int_equal(e.size, PAGE_SIZE);
    assert_int_equal(e.prot, PROT_R | PROT_X | PROT_USER);
    assert_false(e.dirty);
    assert_int_equal(mmu_table_pages(&m), 4);
    mmu_destroy(&m);
    assert_int_equal(in_use, 0);
}

static void test_no_access(void **state)
{
    struct arch_mmu m;
    struct mmu_entry e;

    assert_int_equal(mmu_init(&m), 0);
    assert_int_equal(mmu_map(&m, 0x10000, 0x5000, PAGE_SIZE, PROT_USER), 0);
    assert_true(mmu_lookup(&m, 0x10000, &e));
    assert_int_equal(e.pa, 0x5000);
    assert_int_equal(e.prot, PROT_USER);
    unsigned level;
    uint64_t raw = *walk(&m, 0x10000, &level);
    assert_false(raw & PTE_P);
    assert_int_not_equal(raw & PTE_ADDR, 0x5000); /* L1TF */
    mmu_protect(&m, 0x10000, PROT_R | PROT_W | PROT_USER);
    assert_true(mmu_lookup(&m, 0x10000, &e));
    assert_int_equal(e.pa, 0x5000);
    assert_int_equal(e.prot, PROT_R | PROT_W | PROT_USER);
    mmu_destroy(&m);
}

static void test_accessed_dirty(void **state)
{
    struct arch_mmu m;
    struct mmu_entry e;
    unsigned level;

    assert_int_equal(mmu_init(&m), 0);
    assert_int_equal(
        mmu_map(&m, 0x10000, 0x5000, PAGE_SIZE, PROT_R | PROT_W | PROT_USER),
        0);
    atomic_fetch_or(walk(&m, 0x10000, &level), PTE_D); /* the processor */
    mmu_clear_accessed(&m, 0x10000);
    mmu_protect(&m, 0x10000, PROT_R | PROT_USER);
    assert_true(mmu_lookup(&m, 0x10000, &e));
    assert_true(e.dirty);
    assert_false(e.accessed);
    assert_true(mmu_unmap(&m, 0x10000, &e));
    assert_true(e.dirty);
    assert_false(mmu_unmap(&m, 0x10000, &e));
    mmu_destroy(&m);
}

static void test_huge(void **state)
{
    struct arch_mmu m;
    struct mmu_entry e;
    vaddr_t va = 0x40000000;

    assert_int_equal(mmu_init(&m), 0);
    /* An empty table in the way goes, a used one stays. */
    assert_int_equal(mmu_map(&m, va + PAGE_SIZE, 0x1000, PAGE_SIZE, PROT_R), 0);
    assert_int_equal(mmu_map(&m, va, HUGE_SIZE, HUGE_SIZE, PROT_R), -EEXIST);
    assert_true(mmu_unmap(&m, va + PAGE_SIZE, &e));
    flushes = 0;
    assert_int_equal(mmu_map(&m, va, HUGE_SIZE, HUGE_SIZE, PROT_R | PROT_W), 0);
    assert_int_equal(flushes, 1);
    assert_int_equal(mmu_table_pages(&m), 3);
    assert_int_equal(mmu_map(&m, va, 0x1000, PAGE_SIZE, PROT_R), -EEXIST);
    assert_int_equal(mmu_present(&m, va, 32), UINT32_MAX);
    assert_int_equal(mmu_present(&m, va + HUGE_SIZE, 32), 0);
    assert_true(mmu_lookup(&m, va + HUGE_SIZE - 1, &e));
    assert_int_equal(e.va, va);
    assert_int_equal(e.size, HUGE_SIZE);
    assert_false(mmu_unmap(&m, va + PAGE_SIZE, &e)); /* not its start */
    assert_int_equal(mmu_split(&m, va + 0x12345), 0);
    for (size_t o = 0; o < HUGE_SIZE; o += PAGE_SIZE) {
        assert_true(mmu_lookup(&m, va + o, &e));
        assert_int_equal(e.pa, HUGE_SIZE + o);
        assert_int_equal(e.prot, PROT_R | PROT_W);
    }
    mmu_destroy(&m);
    assert_int_equal(in_use, 0);
}

static void test_no_memory(void **state)
{
    struct arch_mmu m;
    struct mmu_entry e;

    assert_int_equal(mmu_init(&m), 0);
    /* Three tables are missing; those that were made are kept. */
    for (budget = 1; budget < 4; budget++)
        assert_int_equal(mmu_map(&m, 0x5000000, 0x1000, PAGE_SIZE, PROT_R),
                         -ENOMEM);
    assert_int_equal(mmu_map(&m, 0x5000000, 0x1000, PAGE_SIZE, PROT_R), 0);
    assert_int_equal(mmu_map(&m, 1ul << 39, 0, HUGE_SIZE, PROT_R), -ENOMEM);
    budget = POOL;
    assert_int_equal(mmu_map(&m, 0x40000000, 0, HUGE_SIZE, PROT_R), 0);
    budget = in_use;
    assert_int_equal(mmu_split(&m, 0x40000000), -ENOMEM);
    assert_true(mmu_lookup(&m, 0x40000000, &e));
    assert_int_equal(e.size, HUGE_SIZE);
    budget = POOL;
    mmu_destroy(&m);
    assert_int_equal(in_use, 0);
}

/* --- random changes ----------------------------------------------------- */

/* Pages of three regions far apart, near borders of tables. */
#define REGION_PAGES 1024
static const vaddr_t regions[] = {0x10000, 0x3fffff000 - 0x200000,
                                  USER_TOP - REGION_PAGES *PAGE_SIZE};
static struct model {
    paddr_t pa; /* 0 = none */
    unsigned prot;
} model[3][REGION_PAGES];

static vaddr_t address(unsigned r, unsigned i)
{
    return regions[r] + i * PAGE_SIZE;
}

static void check_next(struct arch_mmu *m, unsigned r, unsigned i)
{
    struct mmu_entry e;
    unsigned k = i;

    while (k < REGION_PAGES && !model[r][k].pa)
        k++;
    bool found = mmu_next(m, address(r, i), address(r, REGION_PAGES), &e);
    assert_int_equal(found, k < REGION_PAGES);
    if (found) {
        assert_int_equal(e.va, address(r, k));
        assert_int_equal(e.pa, model[r][k].pa);
        assert_int_equal(e.prot, model[r][k].prot);
    }
}

/* The runs: from (i) on in a region, (n) pages. */
static void enter_run(struct arch_mmu *m, unsigned r, unsigned i, unsigned n,
                      unsigned prot)
{
    paddr_t pa[REGION_PAGES];

    for (unsigned k = 0; k < n; k++) {
        pa[k] = (paddr_t)(1 + rand() % 1000000) << PAGE_SHIFT;
        model[r][i + k] = (struct model){pa[k], prot};
    }
    assert_int_equal(mmu_map_run(m, address(r, i), pa, n, prot), n);
}

static void read_run(struct arch_mmu *m, unsigned r, unsigned i, unsigned n,
                     bool take)
{
    vaddr_t va = address(r, i), end = address(r, i + n);
    unsigned max = 1 + (unsigned)rand() % 40, at = i, got;
    struct mmu_entry e[40];

    do {
        got = take ? mmu_unmap_run(m, &va, end, e, max)
                   : mmu_read_run(m, &va, end, e, max);
        for (unsigned k = 0; k < got; k++, at++) {
            while (at < i + n && !model[r][at].pa)
                at++;
            assert_int_equal(e[k].va, address(r, at));
            assert_int_equal(e[k].pa, model[r][at].pa);
            assert_int_equal(e[k].prot, model[r][at].prot);
            if (take)
                model[r][at].pa = 0;
        }
        assert_int_equal(va, got < max ? end : e[got - 1].va + PAGE_SIZE);
    } while (got == max);
    while (at < i + n)
        assert_int_equal(model[r][at++].pa, 0);
}

static void protect_run(struct arch_mmu *m, unsigned r, unsigned i, unsigned n)
{
    mmu_write_protect(m, address(r, i), address(r, i + n));
    for (unsigned k = i; k < i + n; k++)
        model[r][k].prot &= ~(unsigned)PROT_W;
}

static void change_run(struct arch_mmu *m, unsigned r, unsigned i, unsigned n,
                       unsigned prot)
{
    switch (rand() % 4) {
    case 0:
        enter_run(m, r, i, n, prot);
        break;
    case 1:
        protect_run(m, r, i, n);
        break;
    default:
        read_run(m, r, i, n, rand() % 2);
    }
}

static void check_present(struct arch_mmu *m, unsigned r, unsigned i)
{
    unsigned room = 32 - (address(r, i) >> PAGE_SHIFT) % 32;
    unsigned n = 1 + (unsigned)rand() % room;
    uint32_t expect = 0;

    n = MIN(n, REGION_PAGES - i);
    for (unsigned k = 0; k < n; k++)
        expect |= (uint32_t)(model[r][i + k].pa != 0) << k;
    assert_int_equal(mmu_present(m, address(r, i), n), expect);
}

static void change(struct arch_mmu *m, unsigned r, unsigned i)
{
    static const unsigned prots[] = {
        PROT_USER, PROT_R | PROT_USER, PROT_R | PROT_W | PROT_USER,
        PROT_R | PROT_X | PROT_USER, PROT_R | PROT_W | PROT_NOCACHE};
    unsigned prot = prots[rand() % 5], n = (unsigned)rand() % 300;
    struct model *p = &model[r][i];
    struct mmu_entry e;

    switch (rand() % 6) {
    case 0:
    case 1:
        *p =
            (struct model){(paddr_t)(1 + rand() % 1000000) << PAGE_SHIFT, prot};
        assert_int_equal(mmu_map(m, address(r, i), p->pa, PAGE_SIZE, prot), 0);
        break;
    case 2:
        if (p->pa)
            p->prot = prot;
        mmu_protect(m, address(r, i), prot);
        break;
    case 3:
        assert_int_equal(mmu_unmap(m, address(r, i), &e), p->pa != 0);
        p->pa = 0;
        break;
    case 4:
        change_run(m, r, i, MIN(n, REGION_PAGES - i), prot);
        break;
    default: /* unmap a run, and the tables that are empty then */
        n = MIN(n, REGION_PAGES - i);
        for (unsigned k = i; k < i + n; k++) {
            mmu_unmap(m, address(r, k), &e);
            model[r][k].pa = 0;
        }
        mmu_free_tables(m, address(r, i), address(r, i + n));
    }
}

static void test_random(void **state)
{
    struct arch_mmu m;
    struct mmu_entry e;

    srand(1);
    assert_int_equal(mmu_init(&m), 0);
    for (int step = 0; step < 20000; step++) {
        unsigned r = (unsigned)rand() % 3, i = (unsigned)rand() % REGION_PAGES;
        change(&m, r, i);
        check_next(&m, r, (unsigned)rand() % REGION_PAGES);
        check_present(&m, r, (unsigned)rand() % REGION_PAGES);
        assert_int_equal(mmu_lookup(&m, address(r, i), &e),
                         model[r][i].pa != 0);
        assert_int_equal(mmu_table_pages(&m), in_use);
    }
    for (unsigned r = 0; r < 3; r++)
        for (unsigned i = 0; i < REGION_PAGES; i++)
            mmu_unmap(&m, address(r, i), &e);
    mmu_free_tables(&m, 0, USER_TOP);
    assert_int_equal(mmu_table_pages(&m), 1);
    assert_false(mmu_next(&m, 0, USER_TOP, &e));
    mmu_destroy(&m);
    assert_int_equal(in_use, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_lookup),     cmocka_unit_test(test_no_access),
        cmocka_unit_test(test_accessed_dirty), cmocka_unit_test(test_huge),
        cmocka_unit_test(test_no_memory),      cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
