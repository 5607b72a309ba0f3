/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * page_test.c - the page allocator on a machine with holes and with memory
 * above 4 GiB.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dev/random.h"
#include "lib/string.h"
#include "mem/page_priv.h"
#include "mem_fakes.h"

#define GIB (1ul << 30)
#define MIB (1ul << 20)

static const struct fake_range ranges[] = {
    {0x1000, 0x9fc00},
    {MIB, 24 * MIB + 0x3000},
    {25 * MIB + 0x800, 40 * MIB},
    {4 * GIB, 4 * GIB + 64 * MIB},
    {6 * GIB + 0x5000, 6 * GIB + 3 * MIB},
};

static bool in_memory(paddr_t pa, size_t n)
{
    for (unsigned i = 0; i < 5; i++)
        if (pa >= ranges[i].start && pa + n <= ranges[i].end)
            return true;
    return false;
}

static bool in_kernel(paddr_t pa, size_t n)
{
    return pa < boot_info.kernel_end && pa + n > boot_info.kernel_start;
}

/* Everything can be had once, nothing twice, and it all comes back. */
static void test_exhaust(void **state)
{
    static struct page *got[40000];
    uint64_t before = fake_free_pages();
    unsigned n = 0;

    (void)state;
    while ((got[n] = page_alloc(0, ALLOC_NOWAIT))) {
        paddr_t pa = page_paddr(got[n]);

        assert_true(in_memory(pa, PAGE_SIZE) && !in_kernel(pa, PAGE_SIZE));
        assert_true(pa >= MIB);
        assert_ptr_equal(page_of(pa), got[n]);
        *(uint64_t *)page_virt(got[n]) = n;
        n++;
    }
    assert_int_equal(n, before);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(*(uint64_t *)page_virt(got[i]), i);
    for (unsigned i = 0; i < n; i++)
        page_put(got[i]);
    assert_int_equal(fake_free_pages(), before);
    assert_null(page_of(0x2000));
    assert_null(page_of(boot_info.kernel_start));
    assert_null(page_of(3 * GIB));
    assert_null(page_of(~0ul));
}

/* After being torn to single pages, memory forms the largest blocks again. */
static void test_coalesce(void **state)
{
    struct page *block[64];
    unsigned n = 0, first = 0;

    (void)state;
    while ((block[n] = page_alloc(PAGE_ORDER_MAX, ALLOC_NOWAIT)))
        n++;
    first = n;
    assert_true(n >= 20);
    while (n)
        page_put(block[--n]);
    test_exhaust(NULL);
    while ((block[n] = page_alloc(PAGE_ORDER_MAX, ALLOC_NOWAIT)))
        n++;
    assert_int_equal(n, first);
    while (n)
        page_put(block[--n]);
}

struct held {
    struct page *p;
    unsigned order;
    uint64_t mark;
};

static void test_random(void **state)
{
    static struct held held[500];
    uint64_t before = fake_free_pages();

    (void)state;
    for (int round = 0; round < 50000; round++) {
        struct held *h = &held[random_u64() % 500];

        fake_set_cpu((unsigned)(random_u64() % 4));
        if (h->p) {
            uint64_t *end =
                (uint64_t *)((char *)page_virt(h->p) + (PAGE_SIZE << h->order));
            assert_int_equal(end[-1], h->mark);
            assert_int_equal(*(uint64_t *)page_virt(h->p), h->mark);
            page_put(h->p);
            h->p = NULL;
            continue;
        }
        h->order = random_u64() % 4 ? 0 : (unsigned)(random_u64() % 10);
        h->p = page_alloc(h->order, ALLOC_NOWAIT);
        if (!h->p)
            continue;
        assert_int_equal(page_paddr(h->p) % (PAGE_SIZE << h->order), 0);
        assert_true(in_memory(page_paddr(h->p), PAGE_SIZE << h->order));
        h->mark = random_u64();
        *(uint64_t *)page_virt(h->p) = h->mark;
        *(uint64_t *)((char *)page_virt(h->p) + (PAGE_SIZE << h->order) - 8) =
            h->mark;
    }
    for (unsigned i = 0; i < 500; i++)
        if (held[i].p)
            page_put(held[i].p);
    for (unsigned i = 0; i < 4; i++) {
        fake_set_cpu(i);
        page_drain_local();
    }
    fake_set_cpu(0);
    assert_int_equal(fake_free_pages(), before);
}

static void test_split(void **state)
{
    uint64_t before = fake_free_pages();
    struct page *p = page_alloc(PAGE_ORDER_HUGE, ALLOC_ZERO);
    char *c = page_virt(p);

    (void)state;
    for (unsigned i = 0; i < PAGE_SIZE << PAGE_ORDER_HUGE; i += 512)
        assert_int_equal(c[i], 0);
    page_split(p, PAGE_ORDER_HUGE);
    page_get(p + 3); /* shared: goes page by page */
    page_put_block(p, PAGE_ORDER_HUGE);
    assert_int_equal(atomic_load(&p[3].refs), 1);
    page_put(p + 3);
    assert_int_equal(fake_free_pages(), before);
    p = page_alloc(PAGE_ORDER_HUGE, 0);
    page_split(p, PAGE_ORDER_HUGE);
    page_put_block(p, PAGE_ORDER_HUGE);
    assert_int_equal(fake_free_pages(), before);
}

/* User data leaves a reserve, which the kernel can have. */
static void test_levels(void **state)
{
    static struct page *got[40000];
    unsigned n = 0, user;

    (void)state;
    while ((got[n] = page_alloc(0, ALLOC_USER | ALLOC_NORETRY)))
        n++;
    user = n;
    assert_in_range(fake_free_pages(), page_low_mark() / 2,
                    page_low_mark() + 64);
    while ((got[n] = page_alloc(0, 0)))
        n++;
    assert_true(n > user);
    assert_int_equal(fake_free_pages(), 0);
    while (n)
        page_put(got[--n]);
}

static int setup(void **state)
{
    (void)state;
    fake_machine(ranges, 5);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exhaust), cmocka_unit_test(test_coalesce),
        cmocka_unit_test(test_random), cmocka_unit_test(test_split),
        cmocka_unit_test(test_levels)};

    return cmocka_run_group_tests_name("page", tests, setup, NULL);
}
