/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * vdso_test.c - the vDSO's clock, as it is compiled for programs, while the
 * kernel changes the data page under it: once after each of its instructions,
 * by single-stepping through a call (the processor's trap flag).
 */
#define _GNU_SOURCE /* REG_EFL */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

#include <cmocka.h>

#include "arch/x86_64/vdso/vdso_data.h"

#define TRAP_FLAG 0x100
#define SECOND    1000000000ll

int __vdso_clock_gettime(int clock, struct timespec *ts);

struct vdso_data vdso_data;

static int steps, change_after;
static void (*change)(void);

/* After each instruction. The last ones are the test's own. */
static void step(int signo, siginfo_t *info, void *context)
{
    ucontext_t *u = context;

    (void)signo, (void)info;
    if (++steps == change_after) {
        change();
        u->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    }
}

static int64_t read_clock(int clock)
{
    struct timespec ts;

    assert_int_equal(__vdso_clock_gettime(clock, &ts), 0);
    return ts.tv_sec * SECOND + ts.tv_nsec;
}

static int64_t read_stepping(int clock)
{
    struct timespec ts;

    __asm__ volatile("pushfq; orq %0, (%%rsp); popfq"
                     :
                     : "i"(TRAP_FLAG)
                     : "cc", "memory");
    int rc = __vdso_clock_gettime(clock, &ts);
    __asm__ volatile("pushfq; andq %0, (%%rsp); popfq"
                     :
                     : "i"(~TRAP_FLAG)
                     : "cc", "memory");
    assert_int_equal(rc, 0);
    return ts.tv_sec * SECOND + ts.tv_nsec;
}

/* A tick is a nanosecond; a second has passed since the page was written. */
static void start(enum vdso_mode mode)
{
    struct pvclock *p = &vdso_data.pvclock;

    memset(&vdso_data, 0, sizeof(vdso_data));
    vdso_data.mode = mode;
    vdso_data.tsc_base = p->tsc_timestamp = vdso_rdtsc() - (uint64_t)SECOND;
    vdso_data.mult = 1ull << 32;
    p->tsc_to_system_mul = 1u << 31;
    p->tsc_shift = 1;
}

/* Once for each instruction of a read: does it give a time between those of
 * the reads before and after? */
static void check_every_step(enum vdso_mode mode, int clock, void (*fn)(void))
{
    struct sigaction sa = {.sa_sigaction = step, .sa_flags = SA_SIGINFO};

    sigaction(SIGTRAP, &sa, NULL);
    change = fn;
    change_after = 0;
    do {
        start(mode);
        steps = 0;
        change_after++;
        int64_t before = read_clock(clock);
        int64_t now = read_stepping(clock);
        int64_t after = read_clock(clock);
        assert_true(now >= before);
        assert_true(now <= after);
    } while (steps == change_after);
    assert_true(change_after > 50); /* it did step through the code */
}

/* As clock_refine(): time goes on from where it is, a little slower. */
static void refine(void)
{
    uint64_t tsc = vdso_rdtsc();

    vdso_data.seq++;
    vdso_data.mono_base +=
        (int64_t)vdso_scale(tsc - vdso_data.tsc_base, vdso_data.mult);
    vdso_data.tsc_base = tsc;
    vdso_data.mult -= vdso_data.mult / 1000;
    vdso_data.seq++;
}

static void rate_changes(void **state)
{
    (void)state;
    check_every_step(VDSO_TSC, CLOCK_MONOTONIC, refine);
}

static void wall_forward(void)
{
    vdso_data.seq++;
    vdso_data.wall_offset += 100 * SECOND;
    vdso_data.seq++;
}

static void wall_clock_is_set(void **state)
{
    (void)state;
    check_every_step(VDSO_TSC, CLOCK_REALTIME, wall_forward);
}

/* The hypervisor's update of its page. */
static void pvclock_update(void)
{
    struct pvclock *p = &vdso_data.pvclock;
    uint64_t tsc = vdso_rdtsc();

    p->version++;
    p->system_time += tsc - p->tsc_timestamp;
    p->tsc_timestamp = tsc;
    p->tsc_to_system_mul = (1u << 31) - (1u << 20);
    p->version++;
}

static void pvclock_changes(void **state)
{
    (void)state;
    check_every_step(VDSO_PVCLOCK, CLOCK_MONOTONIC, pvclock_update);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_changes),
        cmocka_unit_test(wall_clock_is_set),
        cmocka_unit_test(pvclock_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
