/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * radix_test.c - sparse arrays against a plain one, and that nothing is left
 * when they are empty.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dev/random.h"
#include "lib/errno.h"
#include "mem/radix.h"
#include "mem_fakes.h"

#define N 600

static uint64_t index_of(unsigned i)
{
    static const unsigned shift[] = {0, 3, 12, 40};

    return i < N / 2 ? i : (uint64_t)i << shift[i % 4];
}

static void check_next(const struct radix *r, void *const *model)
{
    uint64_t at = 0, found = 0;
    unsigned expect = 0;

    for (unsigned i = 0; i < N; i++)
        expect += model[i] != NULL;
    while (radix_next(r, &at)) {
        found++;
        if (at++ == UINT64_MAX)
            break;
    }
    assert_int_equal(found, expect);
}

static void check_run(const struct radix *r, void *const *model)
{
    unsigned from = (unsigned)(random_u64() % (N / 2));
    unsigned n = (unsigned)(random_u64() % (N / 2 - from)) + 1;
    void *out[N];

    radix_get_run(r, from, n, out);
    for (unsigned i = 0; i < n; i++)
        assert_ptr_equal(out[i], model[from + i]);
    radix_get_run(r, 1ul << 50, 20, out); /* nothing so far up */
    for (unsigned i = 0; i < 20; i++)
        assert_null(out[i]);
}

static void test_random(void **state)
{
    static void *model[N];
    static char items[N];
    struct radix r = {NULL, 0};

    (void)state;
    for (int round = 0; round < 60000; round++) {
        unsigned i = (unsigned)(random_u64() % N);
        uint64_t index = index_of(i);

        assert_ptr_equal(radix_get(&r, index), model[i]);
        if (model[i]) {
            assert_ptr_equal(radix_remove(&r, index), model[i]);
            model[i] = NULL;
        } else if (random_u64() % 100 < (round < 30000 ? 90 : 10)) {
            assert_int_equal(radix_insert(&r, index, &items[i]), 0);
            model[i] = &items[i];
        }
        if (round % 500 == 0) {
            check_next(&r, model);
            check_run(&r, model);
        }
    }
    for (unsigned i = 0; i < N; i++)
        assert_ptr_equal(radix_remove(&r, index_of(i)), model[i]);
    assert_null(r.root);
    assert_int_equal(r.height, 0);
}

static void test_edges(void **state)
{
    struct radix r = {NULL, 0};
    uint64_t at = 1;
    char item;
    void *run[2];

    (void)state;
    assert_null(radix_get(&r, 0));
    assert_null(radix_remove(&r, UINT64_MAX));
    assert_null(radix_next(&r, &at));
    assert_int_equal(radix_insert(&r, UINT64_MAX, &item), 0);
    assert_null(radix_get(&r, 0));
    assert_ptr_equal(radix_next(&r, &at), &item);
    assert_int_equal(at, UINT64_MAX);
    assert_ptr_equal(radix_remove(&r, UINT64_MAX), &item);
    assert_null(r.root);
    assert_int_equal(radix_insert(&r, 0, &item), 0);
    assert_int_equal(r.height, 0);
    radix_get_run(&r, 0, 2, run);
    assert_ptr_equal(run[0], &item);
    assert_null(run[1]);
    at = 0;
    assert_ptr_equal(radix_next(&r, &at), &item);
    assert_ptr_equal(radix_remove(&r, 0), &item);
}

static int setup(void **state)
{
    (void)state;
    fake_machine_mib(32);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random),
                                       cmocka_unit_test(test_edges)};

    return cmocka_run_group_tests_name("radix", tests, setup, NULL);
}
