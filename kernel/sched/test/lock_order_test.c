/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* lock_order_test.c - the order check of debug builds finds what it is for, and
 * nothing else. Compiled with DEBUG; panic() jumps back into the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host.h"
#include "lib/log.h"
#include "sched/cpu.h"
#include "sched/lock.h"
#include "sched/lock_priv.h"

struct cpu cpus[MAX_CPUS];
static struct thread thread;
static jmp_buf panicked;

void panic(const char *fmt, ...)
{
    (void)fmt;
    longjmp(panicked, 1);
}

#define assert_panics(call)                                                    \
    do {                                                                       \
        if (!setjmp(panicked)) {                                               \
            call;                                                              \
            fail_msg("%s does not panic", #call);                              \
        }                                                                      \
    } while (0)

#define assert_quiet(call)                                                     \
    do {                                                                       \
        if (setjmp(panicked))                                                  \
            fail_msg("%s panics", #call);                                      \
        call;                                                                  \
    } while (0)

static struct spinlock low, middle, middle2, high, unranked;

static int setup(void **state)
{
    (void)state;
    thread = (struct thread){0};
    cpus[0] = (struct cpu){.self = &cpus[0], .curr = &thread};
    host_set_gs(&cpus[0]);
    lock_order_active = true;
    spin_init(&low, RANK_PROC_TREE);
    spin_init(&middle, RANK_SIGNAL);
    spin_init(&middle2, RANK_SIGNAL);
    spin_init(&high, RANK_RUNQ);
    spin_init(&unranked, RANK_NONE);
    return 0;
}

static void right_order_is_quiet(void **state)
{
    assert_quiet(spin_lock(&low));
    assert_quiet(spin_lock(&middle));
    assert_quiet(spin_lock(&unranked));
    assert_quiet(spin_lock(&high));
    assert_int_equal(thread.lock_depth, 4);
    /* released in any order */
    spin_unlock(&low);
    spin_unlock(&unranked);
    spin_unlock(&high);
    spin_unlock(&middle);
    assert_int_equal(thread.lock_depth, 0);
    assert_int_equal(thread.held_locks, 0);
}

static void wrong_order_panics(void **state)
{
    spin_lock(&high);
    assert_panics(spin_lock(&low));
    assert_panics(spin_lock_nested(&low));
}

static void unranked_hides_nothing(void **state)
{
    spin_lock(&high);
    spin_lock(&unranked);
    assert_panics(spin_lock(&low));
}

static void equal_ranks_only_nested(void **state)
{
    spin_lock(&middle);
    assert_panics(spin_lock(&middle2));
    assert_quiet(spin_lock_nested(&middle2));
}

static void twice_panics(void **state)
{
    spin_lock(&unranked);
    assert_panics(spin_lock(&unranked));
}

static void try_may_break_the_order(void **state)
{
    bool got = false;

    spin_lock(&high);
    assert_quiet(got = spin_trylock(&low));
    assert_true(got);
    assert_int_equal(thread.held_locks, 2);
    spin_unlock(&low);
    spin_unlock(&high);
    assert_int_equal(thread.held_locks, 0);
    assert_int_equal(thread.lock_depth, 0);
}

static void what_a_try_took_counts(void **state)
{
    assert_true(spin_trylock(&high));
    assert_panics(spin_lock(&low));
}

/* A lower lock from a try must not hide the higher one below it. */
static void a_low_try_hides_nothing(void **state)
{
    spin_lock(&high);
    assert_true(spin_trylock(&low));
    assert_panics(spin_lock(&middle));
}

static void failed_try_leaves_nothing(void **state)
{
    spin_lock(&high);
    assert_false(spin_trylock(&high));
    assert_int_equal(thread.lock_depth, 1);
    spin_unlock(&high);
    assert_int_equal(thread.lock_depth, 0);
}

static void held_by_this_cpu_only(void **state)
{
    spin_lock(&low);
    assert_true(spin_held(&low));
    low.owner = &cpus[1];
    assert_false(spin_held(&low));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(right_order_is_quiet, setup),
        cmocka_unit_test_setup(wrong_order_panics, setup),
        cmocka_unit_test_setup(unranked_hides_nothing, setup),
        cmocka_unit_test_setup(equal_ranks_only_nested, setup),
        cmocka_unit_test_setup(twice_panics, setup),
        cmocka_unit_test_setup(try_may_break_the_order, setup),
        cmocka_unit_test_setup(what_a_try_took_counts, setup),
        cmocka_unit_test_setup(a_low_try_hides_nothing, setup),
        cmocka_unit_test_setup(failed_try_leaves_nothing, setup),
        cmocka_unit_test_setup(held_by_this_cpu_only, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
