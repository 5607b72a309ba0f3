/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mapping_test.c - the page cache over a disk that counts its reads and can
 * fail, and a store compared with a plain array.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dev/random.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/mapping_priv.h"
#include "mem/page_priv.h"
#include "mem/uio.h"
#include "mem_fakes.h"

/* --- a file on disk ------------------------------------------------------- */

static unsigned reads, pages_read;
static uint64_t bad_page = UINT64_MAX;

static uint8_t disk_byte(uint64_t pos)
{
    return (uint8_t)(pos * 31 + (pos >> 12) * 7);
}

static int disk_read(struct mapping *m, uint64_t index, struct page **pages,
                     unsigned n)
{
    uint64_t size = atomic_load(&m->size);

    reads++;
    pages_read += n;
    if (index <= bad_page && bad_page < index + n)
        return -EIO;
    for (unsigned i = 0; i < n; i++) {
        uint64_t pos = (index + i) << PAGE_SHIFT;
        uint8_t *b = page_virt(pages[i]);

        assert_true(atomic_load(&pages[i]->flags) & PG_LOCKED);
        for (unsigned k = 0; k < PAGE_SIZE; k++, pos++)
            b[k] = pos < size ? disk_byte(pos) : 0;
    }
    return 0;
}
static const struct mapping_ops disk = {.read = disk_read};

static void start(struct mapping *m, uint64_t size)
{
    mapping_init(m, &disk, NULL, 0);
    atomic_store(&m->size, size);
    reads = pages_read = 0;
}

static ssize_t read_at(struct mapping *m, void *buf, size_t n, uint64_t pos)
{
    struct uio u;

    uio_init_kernel(&u, buf, n);
    return mapping_read(m, &u, pos);
}

static void check(struct mapping *m, uint64_t pos, size_t n, ssize_t expect)
{
    static uint8_t buf[1 << 20];

    assert_int_equal(read_at(m, buf, n, pos), expect);
    for (ssize_t i = 0; i < expect; i++)
        if (buf[i] != disk_byte(pos + (uint64_t)i))
            fail_msg("wrong byte at %lu", pos + (uint64_t)i);
}

static void test_read(void **state)
{
    const uint64_t size = 700 * PAGE_SIZE + 123;
    uint64_t before = fake_free_pages();
    struct mapping m;

    (void)state;
    start(&m, size);
    for (int i = 0; i < 500; i++) {
        uint64_t pos = random_u64() % (size + PAGE_SIZE);
        size_t n = random_u64() % 20000;

        check(&m, pos, n, pos < size ? (ssize_t)MIN(n, size - pos) : 0);
    }
    assert_true(pages_read <= 701); /* nothing twice */
    assert_int_equal(fake_locks_held(), 0);
    mapping_destroy(&m);
    assert_int_equal(m.nr_pages, 0);
    assert_in_range(before - fake_free_pages(), 0, 8); /* slabs kept */
}

static void test_readahead(void **state)
{
    struct mapping m;

    (void)state;
    start(&m, 1000 * PAGE_SIZE);
    for (unsigned i = 0; i < 1000; i++)
        check(&m, i * PAGE_SIZE, PAGE_SIZE, PAGE_SIZE);
    assert_int_equal(pages_read, 1000);
    assert_in_range(reads, 16, 20); /* 16, 32, then 64 at a time */
    mapping_destroy(&m);

    start(&m, 20 * PAGE_SIZE); /* small: whole */
    check(&m, 7 * PAGE_SIZE, 1, 1);
    assert_int_equal(reads, 1);
    assert_int_equal(pages_read, 20);
    mapping_destroy(&m);

    start(&m, 500 * PAGE_SIZE);
    mapping_readahead(&m, 100, 200);
    assert_int_equal(pages_read, 200);
    check(&m, 100 * PAGE_SIZE, 200 * PAGE_SIZE, 200 * PAGE_SIZE);
    assert_int_equal(pages_read, 200);
    assert_null(mapping_peek(&m, 300));
    mapping_destroy(&m);
}

static void test_errors(void **state)
{
    struct mapping m;
    struct page *p;

    (void)state;
    start(&m, 100 * PAGE_SIZE);
    bad_page = 5;
    check(&m, 0, 5 * PAGE_SIZE, 5 * PAGE_SIZE); /* neighbours survive */
    assert_int_equal(PTR_ERR(mapping_get(&m, 5, false)), -EIO);
    assert_null(mapping_peek(&m, 5));
    check(&m, 3 * PAGE_SIZE, 4 * PAGE_SIZE, 2 * PAGE_SIZE);
    check(&m, 5 * PAGE_SIZE, 10, -EIO);
    bad_page = UINT64_MAX;
    check(&m, 5 * PAGE_SIZE, 10, 10); /* asked again */
    assert_int_equal(PTR_ERR(mapping_get(&m, 100, false)), -ENXIO);
    p = mapping_get(&m, 99, false);
    assert_int_equal(atomic_load(&p->refs), 2);
    page_put(p);
    mapping_destroy(&m);
}

/* A file larger than memory, several times over. */
static void test_reclaim(void **state)
{
    const uint64_t pages = 20000;
    struct mapping m;
    struct page *pinned;

    (void)state;
    start(&m, pages * PAGE_SIZE);
    pinned = mapping_get(&m, 17, false);
    for (int round = 0; round < 2; round++)
        for (uint64_t i = 0; i < pages; i += 50)
            check(&m, i * PAGE_SIZE, 50 * PAGE_SIZE, 50 * PAGE_SIZE);
    assert_true(m.nr_pages < pages);
    assert_int_equal(((uint8_t *)page_virt(pinned))[5],
                     disk_byte(17 * PAGE_SIZE + 5));
    assert_ptr_equal(mapping_peek(&m, 17), pinned);
    page_put(pinned);
    page_put(pinned);
    mapping_destroy(&m);
    assert_int_equal(fake_locks_held(), 0);
}

/* --- a store -------------------------------------------------------------- */

#define STORE_PAGES 40
#define STORE_SIZE  (STORE_PAGES * PAGE_SIZE)
static unsigned charged, limit = STORE_PAGES;

static int store_charge(struct mapping *m, unsigned n)
{
    (void)m;
    if (charged + n > limit)
        return -ENOSPC;
    charged += n;
    return 0;
}

static void store_uncharge(struct mapping *m, unsigned n)
{
    (void)m;
    charged -= n;
}
static const struct mapping_ops store = {.charge = store_charge,
                                         .uncharge = store_uncharge};

static uint8_t model[STORE_SIZE];
static uint64_t model_size;

static void store_write(struct mapping *m)
{
    static uint8_t data[10000];
    uint64_t pos = random_u64() % STORE_SIZE;
    size_t n = random_u64() % sizeof(data);
    struct uio u;

    n = MIN(n, STORE_SIZE - pos);
    for (size_t i = 0; i < n; i++)
        data[i] = (uint8_t)random_u64();
    uio_init_kernel(&u, data, n);
    assert_int_equal(mapping_write(m, &u, pos), n);
    memcpy(model + pos, data, n);
    if (n)
        model_size = MAX(model_size, pos + n);
}

static void store_truncate(struct mapping *m)
{
    uint64_t size = random_u64() % STORE_SIZE;

    assert_int_equal(mapping_truncate(m, size), 0);
    if (size < model_size)
        memset(model + size, 0, STORE_SIZE - size);
    model_size = size;
}

static void store_punch(struct mapping *m)
{
    uint64_t a = random_u64() % STORE_SIZE, b = random_u64() % STORE_SIZE;

    if (random_u64() % 3 == 0) /* often small */
        b = MIN(a + random_u64() % 5000, STORE_SIZE);
    assert_int_equal(mapping_punch(m, a, b), 0);
    if (a < b)
        memset(model + a, 0, b - a);
}

static void store_check(struct mapping *m)
{
    static uint8_t buf[STORE_SIZE];

    assert_int_equal(atomic_load(&m->size), model_size);
    assert_int_equal(read_at(m, buf, STORE_SIZE, 0), model_size);
    assert_memory_equal(buf, model, model_size);
    assert_int_equal(m->nr_pages, charged);
}

static void test_store(void **state)
{
    struct mapping m;

    (void)state;
    mapping_init(&m, &store, NULL, MAPPING_STORE);
    for (int round = 0; round < 3000; round++) {
        unsigned what = (unsigned)(random_u64() % 10);

        if (what < 6)
            store_write(&m);
        else if (what < 8)
            store_punch(&m);
        else
            store_truncate(&m);
        store_check(&m);
    }
    mapping_destroy(&m);
    assert_int_equal(charged, 0);
}

static void test_store_full(void **state)
{
    static char data[5 * PAGE_SIZE];
    struct mapping m;
    struct uio u;

    (void)state;
    limit = 3;
    mapping_init(&m, &store, NULL, MAPPING_STORE);
    uio_init_kernel(&u, data, sizeof(data));
    assert_int_equal(mapping_write(&m, &u, 0), 3 * PAGE_SIZE);
    assert_int_equal(mapping_write(&m, &u, 3 * PAGE_SIZE), -ENOSPC);
    assert_int_equal(atomic_load(&m.size), 3 * PAGE_SIZE);
    mapping_truncate(&m, 10 * PAGE_SIZE);
    assert_null(mapping_get(&m, 7, false));
    assert_int_equal(PTR_ERR(mapping_get(&m, 7, true)), -ENOSPC);
    assert_int_equal(mapping_seek(&m, 100, false), 100);
    assert_int_equal(mapping_seek(&m, 100, true), 3 * PAGE_SIZE);
    assert_int_equal(mapping_seek(&m, 4 * PAGE_SIZE, false), -ENXIO);
    assert_int_equal(mapping_seek(&m, 10 * PAGE_SIZE, true), -ENXIO);
    mapping_destroy(&m);
    limit = STORE_PAGES;
}

static int setup(void **state)
{
    (void)state;
    fake_machine_mib(64);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),   cmocka_unit_test(test_readahead),
        cmocka_unit_test(test_errors), cmocka_unit_test(test_reclaim),
        cmocka_unit_test(test_store),  cmocka_unit_test(test_store_full)};

    return cmocka_run_group_tests_name("mapping", tests, setup, NULL);
}
