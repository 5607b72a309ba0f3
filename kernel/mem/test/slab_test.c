/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * slab_test.c - kernel objects of all sizes, on several CPUs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dev/random.h"
#include "lib/string.h"
#include "mem_fakes.h"

#define HELD 2000
#define CPUS 3

static struct object {
    uint8_t *p;
    size_t size;
    uint8_t mark;
} held[HELD];

static bool filled(const struct object *o)
{
    for (size_t i = 0; i < o->size; i++)
        if (o->p[i] != o->mark)
            return false;
    return true;
}

static void free_one(struct object *o)
{
    assert_true(filled(o));
    kfree(o->p);
    o->p = NULL;
}

static void alloc_one(struct object *o)
{
    bool zero = random_u64() % 2;

    o->size = random_u64() % 10 ? random_u64() % 600 : random_u64() % 20000;
    o->mark = 0;
    o->p =
        zero ? kzalloc(o->size, ALLOC_NOWAIT) : kmalloc(o->size, ALLOC_NOWAIT);
    assert_non_null(o->p);
    assert_true(kmalloc_usable(o->p) >= o->size);
    assert_int_equal((uintptr_t)o->p % 16, 0);
    if (zero)
        assert_true(filled(o));
    o->mark = (uint8_t)random_u64();
    memset(o->p, o->mark, o->size);
}

/* What stays is what magazines and the one empty slab per cache keep. */
static void test_random(void **state)
{
    uint64_t first = 0, now;

    (void)state;
    for (int cycle = 0; cycle < 4; cycle++) {
        for (int i = 0; i < 20000; i++) {
            struct object *o = &held[random_u64() % HELD];

            fake_set_cpu((unsigned)(random_u64() % CPUS));
            if (o->p)
                free_one(o);
            else
                alloc_one(o);
        }
        for (unsigned i = 0; i < HELD; i++)
            if (held[i].p)
                free_one(&held[i]);
        fake_set_cpu(0);
        now = fake_free_pages();
        if (cycle == 0)
            first = now;
        else
            assert_in_range(now, first - 150, first + 150);
    }
}

static void count_used(void *arg, const struct slab_counts *c)
{
    if (!strcmp(c->name, "test-72"))
        *(size_t *)arg = c->used;
    assert_true(c->used <= c->slabs * c->per_slab);
}

static void count_kind(void *arg, const struct slab_counts *c)
{
    if (!strcmp(c->name, "test-kind"))
        *(size_t *)arg = c->used;
}

static void test_kind(void **state)
{
    static struct slab_kind kind = {.name = "test-kind", .size = 100};
    size_t used = 0;
    char *a, *b;

    (void)state;
    a = slab_kind_alloc(&kind, 0);
    memset(a, 1, 100);
    kfree(a);
    a = slab_kind_alloc(&kind, 0);
    b = slab_kind_alloc(&kind, ALLOC_NOWAIT);
    for (unsigned i = 0; i < 100; i++)
        assert_false(a[i] | b[i]);
    slab_visit(count_kind, &used);
    assert_int_equal(used, 2);
    kfree(a);
    kfree(b);
    slab_visit(count_kind, &used);
    assert_int_equal(used, 0);
}

static void test_cache(void **state)
{
    struct slab_cache *c = slab_cache_create("test-72", 72, 64);
    static void *obj[1000];
    size_t used = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        obj[i] = slab_alloc(c, ALLOC_ZERO);
        assert_int_equal((uintptr_t)obj[i] % 64, 0);
        memset(obj[i], 0xff, 72);
    }
    slab_visit(count_used, &used);
    assert_int_equal(used, 1000);
    for (unsigned i = 0; i < 1000; i++)
        slab_free(c, obj[i]);
    slab_visit(count_used, &used);
    assert_int_equal(used, 0);
}

static void test_edges(void **state)
{
    void *p;

    (void)state;
    kfree(NULL);
    p = kmalloc(0, 0);
    assert_non_null(p);
    kfree(p);
    assert_null(kmalloc(64ul << 20, ALLOC_NOWAIT));
    assert_null(kmalloc(SIZE_MAX, ALLOC_NOWAIT));
}

/* Without memory: NULL, and all comes back. */
static void test_exhaust(void **state)
{
    struct link {
        struct link *next;
    } *all = NULL, *l;
    uint64_t before = fake_free_pages();

    (void)state;
    while ((l = kmalloc(512, ALLOC_NOWAIT))) {
        l->next = all;
        all = l;
    }
    assert_true(fake_free_pages() < 100); /* other CPUs' lists */
    while ((l = all)) {
        all = l->next;
        kfree(l);
    }
    assert_in_range(fake_free_pages(), before - 4, before + 4);
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
        cmocka_unit_test(test_random), cmocka_unit_test(test_cache),
        cmocka_unit_test(test_kind), cmocka_unit_test(test_edges),
        cmocka_unit_test(test_exhaust)};

    return cmocka_run_group_tests_name("slab", tests, setup, NULL);
}
