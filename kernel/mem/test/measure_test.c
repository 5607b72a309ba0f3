/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * measure_test.c - what mm_measure() finds, against what the address space
 * counts itself and against what is known of each area.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/mman.h>

#include "lib/string.h"
#include "mem/mm_priv.h"
#include "mem_fakes.h"

#define PAGES 24ul
#define ALL   (PAGES * PAGE_SIZE)

static int disk_read(struct mapping *m, uint64_t index, struct page **pages,
                     unsigned n)
{
    (void)m, (void)index;
    for (unsigned i = 0; i < n; i++)
        memset(page_virt(pages[i]), 1, PAGE_SIZE);
    return 0;
}
static const struct mapping_ops disk = {.read = disk_read};

static struct mm *new_mm(void)
{
    struct mm *mm = mm_create();

    assert_non_null(mm);
    mm->mmap_top = FAKE_TOP;
    return mm;
}

static vaddr_t map(struct mm *mm, size_t len, unsigned how, struct file *f)
{
    long at = mm_map(mm, 0, len, PROT_R | PROT_W, how, f, 0);

    assert_true(at > 0);
    return (vaddr_t)at;
}

static void touch(struct mm *mm, vaddr_t at, uint64_t pages, unsigned prot)
{
    for (uint64_t i = 0; i < pages; i++)
        assert_int_equal(mm_fault_in(mm, at + i * PAGE_SIZE, prot), 0);
}

static struct mm_use measure(struct mm *mm, vaddr_t start, vaddr_t end)
{
    struct mm_use u = {0};

    mm_measure(mm, start, end, &u);
    assert_int_equal(fake_locks_held(), 0);
    assert_int_equal(u.rss,
                     u.shared[0] + u.shared[1] + u.private[0] + u.private[1]);
    return u;
}

static uint64_t pss(const struct mm_use *u)
{
    return (u->pss[RSS_ANON] + u->pss[RSS_FILE] + u->pss[RSS_SHMEM]) >>
           MM_PSS_SHIFT;
}

/* All of it, which must be what the counters say. */
static struct mm_use measure_all(struct mm *mm)
{
    struct mm_use u = measure(mm, 0, USER_TOP);

    assert_int_equal(u.rss / PAGE_SIZE,
                     mm->rss_anon + mm->rss_file + mm->rss_shmem);
    assert_int_equal(u.anonymous / PAGE_SIZE, mm->rss_anon);
    return u;
}

static void test_empty(void **state)
{
    struct mm *mm = new_mm();
    vaddr_t at = map(mm, ALL, MAP_PRIVATE, NULL);

    (void)state;
    assert_int_equal(measure(mm, at, at + ALL).rss, 0);
    assert_int_equal(measure_all(mm).rss, 0);
    mm_put(mm);
    mm = new_mm(); /* no area at all */
    assert_int_equal(measure_all(mm).rss, 0);
    mm_put(mm);
}

static void test_private(void **state)
{
    struct mm *a = new_mm(), *b;
    vaddr_t at = map(a, ALL, MAP_PRIVATE, NULL);
    struct mm_use u;

    (void)state;
    touch(a, at, PAGES, PROT_W);
    u = measure(a, at, at + ALL);
    assert_int_equal(u.private[1], ALL);
    assert_int_equal(pss(&u), ALL);
    assert_int_equal(u.pss_dirty >> MM_PSS_SHIFT, ALL);
    assert_int_equal(measure(a, at + PAGE_SIZE, at + ALL / 2).rss,
                     ALL / 2 - PAGE_SIZE);
    b = mm_fork(a);
    u = measure_all(b);
    assert_int_equal(u.shared[1], ALL);
    assert_int_equal(u.anonymous, ALL);
    assert_int_equal(pss(&u), ALL / 2);
    touch(b, at, 4, PROT_W);
    u = measure_all(a);
    assert_int_equal(u.private[1], 4 * PAGE_SIZE);
    assert_int_equal(u.shared[1], ALL - 4 * PAGE_SIZE);
    mm_put(b);
    u = measure_all(a);
    assert_int_equal(u.private[1], ALL);
    mm_put(a);
}

static void test_files(void **state)
{
    struct file *f = fake_file(&disk, 0, ALL);
    struct file *store = fake_file(NULL, MAPPING_STORE, ALL);
    struct mm *mm = new_mm();
    vaddr_t at = map(mm, ALL, MAP_PRIVATE, f), shared;
    struct mm_use u;

    (void)state;
    touch(mm, at, PAGES, PROT_R);
    u = measure(mm, at, at + ALL);
    assert_int_equal(u.private[0], ALL);
    assert_int_equal(u.anonymous + u.pss_dirty, 0);
    assert_int_equal(u.pss[RSS_FILE] >> MM_PSS_SHIFT, ALL);
    touch(mm, at, 3, PROT_W);
    u = measure(mm, at, at + ALL);
    assert_int_equal(u.private[0], ALL - 3 * PAGE_SIZE);
    assert_int_equal(u.private[1], 3 * PAGE_SIZE);
    assert_int_equal(u.anonymous, 3 * PAGE_SIZE);

    shared = map(mm, ALL, MAP_SHARED, store);
    touch(mm, shared, PAGES, PROT_W);
    u = measure(mm, shared, shared + ALL);
    assert_int_equal(u.private[1], ALL);
    assert_int_equal(u.pss[RSS_SHMEM] >> MM_PSS_SHIFT, ALL);
    shared = map(mm, ALL, MAP_SHARED, store); /* a second time */
    touch(mm, shared, PAGES, PROT_W);
    u = measure(mm, shared, shared + ALL);
    assert_int_equal(u.shared[1], ALL);
    assert_int_equal(pss(&u), ALL / 2);
    measure_all(mm);
    mm_put(mm);
    file_put(f);
    file_put(store);
}

/* More than is looked at under one lock, in large and small pages, with a hole
 * and areas that were never touched between. */
static void test_large(void **state)
{
    struct mm *mm = new_mm();
    size_t len = 32ul << 20;
    vaddr_t at = map(mm, len, MAP_PRIVATE, NULL);
    struct mm_use u;

    (void)state;
    for (vaddr_t va = at; va < at + len; va += HUGE_SIZE)
        touch(mm, va, 1, PROT_W);
    u = measure_all(mm);
    assert_int_equal(u.rss, len);
    assert_int_equal(u.huge, len);
    assert_int_equal(pss(&u), len);
    assert_int_equal(mm_unmap(mm, at + 5 * PAGE_SIZE, 2 * PAGE_SIZE), 0);
    u = measure_all(mm);
    assert_int_equal(u.rss, len - 2 * PAGE_SIZE);
    assert_int_equal(u.huge, len - HUGE_SIZE);
    for (unsigned i = 8; i < 6000; i += 2)
        assert_int_equal(mm_protect(mm, at + i * PAGE_SIZE, PAGE_SIZE, PROT_R),
                         0);
    assert_true(mm->nr_vmas > 5990);
    assert_int_equal(measure_all(mm).rss, len - 2 * PAGE_SIZE);
    mm_put(mm);
}

static void last_end(void *arg, const struct vma *v)
{
    *(vaddr_t *)arg = v->end;
}

static void test_visit_one(void **state)
{
    struct mm *mm = new_mm();
    vaddr_t at = map(mm, ALL, MAP_PRIVATE, NULL), end = 0;

    (void)state;
    assert_true(mm_visit_one(mm, 0, last_end, &end));
    assert_int_equal(end, at + ALL);
    assert_true(mm_visit_one(mm, end - 1, last_end, &end));
    assert_false(mm_visit_one(mm, end, last_end, &end));
    assert_int_equal(fake_locks_held(), 0);
    mm_put(mm);
}

static int setup(void **state)
{
    (void)state;
    fake_machine_mib(768);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty), cmocka_unit_test(test_private),
        cmocka_unit_test(test_files), cmocka_unit_test(test_large),
        cmocka_unit_test(test_visit_one)};

    return cmocka_run_group_tests_name("measure", tests, setup, NULL);
}
