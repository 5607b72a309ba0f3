/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * crash.c - dying on purpose, so that what a panic shows can be tested: the
 * command-line key crash=KIND (docs/debugging.md).
 */
#include "arch/x86_64/arch_priv.h"
#include "dev/serial.h"
#include "lib/cmdline.h"
#include "lib/log.h"
#include "lib/log_ring.h"
#include "lib/string.h"
#include "sched/cpu.h"
#include "sched/thread.h"
#include "sched/time.h"

/* Not mapped in any address space; volatile: the compiler knows nothing. */
static char *volatile nowhere = (char *)8;
static void (*volatile wild_function)(void) = (void (*)(void))0x1000;

static void crash_null(void)
{
    *nowhere = 1;
}

static void crash_jump(void)
{
    wild_function();
    barrier(); /* no tail call */
}

static __attribute__((noinline)) uint64_t eat_stack(volatile uint64_t *above)
{
    volatile uint64_t room[32] = {*above};

    return nowhere ? eat_stack(room) + room[0] : 0;
}

static void crash_stack(void)
{
    volatile uint64_t bottom = 0;

    eat_stack(&bottom);
}

static void crash_assert(void)
{
    ASSERT(!nowhere);
}

static void die_in_interrupt(void *arg)
{
    (void)arg;
    crash_null();
}

static void crash_irq(void)
{
    uint64_t addr;
    uint32_t vector;

    if (irq_register_msi(0, die_in_interrupt, NULL, &addr, &vector))
        panic("no interrupt vector");
    apic_send_vector(this_cpu(), vector);
    clock_delay_us(1000000);
}

/* A fault while this CPU holds the lock of the log, or of the serial line. */
static void crash_log(void)
{
    uint64_t seq = 0;

    log_read(&seq, nowhere, 100);
}

static void crash_serial(void)
{
    serial_write_message(nowhere, 8);
}

static void wait_for_all(void)
{
    static _Atomic unsigned arrived;

    arch_irqs_disable();
    atomic_fetch_add(&arrived, 1);
    while (atomic_load(&arrived) < nr_cpus)
        arch_pause();
}

static void die_together(void *arg)
{
    (void)arg;
    wait_for_all();
    panic("CPU %u dies with the others", this_cpu()->id);
}

static void turn_deaf(void *arg)
{
    (void)arg;
    wait_for_all();
    for (;;)
        arch_pause();
}

/* Run (fn) on all other CPUs; it ends up in wait_for_all(). */
static void occupy_others(void (*fn)(void *))
{
    for (unsigned i = 0; i < nr_cpus; i++) {
        uint64_t mask[4] = {1ul << i};
        struct thread *t =
            i == this_cpu()->id ? NULL : kthread_create("crash", fn, NULL);
        if (!t)
            continue;
        memcpy(t->affinity, mask, sizeof(mask));
        thread_start(t);
    }
}

static void crash_smp(void)
{
    occupy_others(die_together);
    die_together(NULL);
}

static void crash_deaf(void)
{
    occupy_others(turn_deaf);
    wait_for_all();
    panic("the other CPUs do not listen");
}

void crash_on_request(void)
{
    static const struct {
        const char *kind;
        void (*fn)(void);
    } crashes[] = {
        {"null", crash_null},     {"jump", crash_jump}, {"stack", crash_stack},
        {"assert", crash_assert}, {"irq", crash_irq},   {"log", crash_log},
        {"serial", crash_serial}, {"smp", crash_smp},   {"deaf", crash_deaf},
    };
    char kind[16];

    if (cmdline_get(kernel_cmdline, "crash", kind, sizeof(kind)) <= 0)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
        if (!strcmp(kind, crashes[i].kind))
            crashes[i].fn();
    kwarn("crash=%s: no such kind", kind);
}
