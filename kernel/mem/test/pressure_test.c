/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pressure_test.c - when waiting for memory is a crawl, and when it is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/string.h"
#include "mem/mapping_priv.h"
#include "mem/page_priv.h"
#include "mem_fakes.h"
#include "sched/time.h"

static struct mapping file;

static void test_refaults(void **state)
{
    (void)state;
    assert_false(pressure_refault(&file, 7)); /* never seen */
    pressure_evicted(&file, 7);
    assert_true(pressure_refault(&file, 7));
    assert_false(pressure_refault(&file, 7)); /* that was the one time */
    pressure_evicted(&file, 8);
    for (uint64_t i = 0; i < 100000; i++) /* long ago, or forgotten */
        pressure_evicted(&file, 1000 + i);
    assert_false(pressure_refault(&file, 8));
}

/* (seconds) during which a thread waits (share) percent of the time, and (n)
 * pages are refaulted each second; whether it was called a crawl. */
static bool live(unsigned seconds, unsigned share, unsigned n)
{
    bool lost = false;

    for (unsigned s = 0; s < seconds; s++) {
        for (unsigned i = 0; i < n; i++) {
            pressure_evicted(&file, i);
            assert_true(pressure_refault(&file, i));
        }
        pressure_stall_begin();
        fake_now += NSEC_PER_SEC / 100 * share;
        lost |= pressure_thrashing();
        pressure_stall_end();
        fake_now += NSEC_PER_SEC / 100 * (100 - share);
    }
    return lost;
}

static void test_thrashing(void **state)
{
    (void)state;
    fake_now = NSEC_PER_SEC;
    assert_false(live(9, 100, 500)); /* too short to say */
    assert_true(live(3, 100, 500));
    assert_true(live(12, 85, 500));
    /* Time for other things; waits without pages that come back. */
    assert_false(live(30, 60, 500));
    fake_now += 60 * NSEC_PER_SEC;
    assert_false(live(30, 100, 5));
    fake_now += 60 * NSEC_PER_SEC;
    /* A crawl that was interrupted begins anew. */
    assert_false(live(8, 100, 500));
    fake_now += 60 * NSEC_PER_SEC;
    assert_false(live(8, 100, 500));
}

static void test_two_at_a_time(void **state)
{
    struct memory_stats before, after;

    (void)state;
    pressure_stats(&before);
    pressure_stall_begin();
    fake_now += NSEC_PER_SEC;
    pressure_stall_begin();
    fake_now += NSEC_PER_SEC;
    pressure_stall_end();
    fake_now += NSEC_PER_SEC;
    pressure_stall_end();
    fake_now += NSEC_PER_SEC;
    pressure_stats(&after);
    assert_int_equal(after.stall_ns - before.stall_ns, 3 * NSEC_PER_SEC);
}

/* What may be refused is, before the reserve is touched; what is cached and
 * unused makes room. */
static void test_room(void **state)
{
    struct page *taken[8192];
    unsigned n = 0;

    (void)state;
    assert_true(page_room(32));
    while (page_room(32) && n < 8192) {
        taken[n] = page_alloc(0, ALLOC_USER | ALLOC_NORETRY);
        assert_non_null(taken[n++]);
    }
    assert_true(n < 8192);
    assert_in_range(page_count_free(), page_total() / 32,
                    page_total() / 32 + page_low_mark() + 100);
    page_put(taken[--n]);
    assert_true(page_room(64));
    while (n)
        page_put(taken[--n]);
}

static int zeros(struct mapping *m, uint64_t index, struct page **pages,
                 unsigned n)
{
    (void)m, (void)index;
    for (unsigned i = 0; i < n; i++)
        memset(page_virt(pages[i]), 0, PAGE_SIZE);
    return 0;
}

/* Making room takes from the cache what is missing, not all it could give. */
static void test_room_from_cache(void **state)
{
    static const struct mapping_ops ops = {.read = zeros};
    static struct page *taken[8192];
    struct mapping m;
    unsigned n = 0;

    (void)state;
    mapping_init(&m, &ops, NULL, 0);
    atomic_store(&m.size, 2000 * PAGE_SIZE);
    mapping_readahead(&m, 0, 2000);
    assert_int_equal(m.nr_pages, 2000);
    while (page_plenty(page_total() / 32))
        assert_non_null(taken[n++] = page_alloc(0, ALLOC_USER | ALLOC_NORETRY));
    assert_true(page_room(32));
    assert_in_range(m.nr_pages, 1800, 2000);
    while (n)
        page_put(taken[--n]);
    mapping_destroy(&m);
}

static int setup(void **state)
{
    (void)state;
    fake_machine_mib(32);
    mapping_init(&file, NULL, NULL, 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refaults),
        cmocka_unit_test(test_thrashing),
        cmocka_unit_test(test_two_at_a_time),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_room_from_cache),
    };

    return cmocka_run_group_tests_name("pressure", tests, setup, NULL);
}
