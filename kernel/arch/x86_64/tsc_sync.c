/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tsc_sync.c - does the TSC ever go back from one CPU to another?
 *
 * The boot CPU and the one being started take turns, under a lock, in reading
 * the counter; each reading must not be below the one before, whoever made it.
 * The lock's acquire and release order the readings. A hundred rounds find an
 * offset larger than the time the lock takes to travel, and a smaller one can
 * not be noticed by programs that hand values over in the same way.
 */
#include "arch/x86_64/arch_priv.h"

#define ROUNDS 100

static struct {
    _Atomic uint32_t lock;
    _Atomic uint32_t arrived; /* CPUs at the start, then at the end */
    uint64_t last;            /* [lock] */
    uint64_t worst;           /* [lock] largest step back */
} sync;

static void one_round(void)
{
    uint64_t now;

    while (atomic_exchange_explicit(&sync.lock, 1, memory_order_acquire))
        arch_pause();
    now = rdtsc();
    if (now < sync.last && sync.last - now > sync.worst)
        sync.worst = sync.last - now;
    sync.last = now;
    atomic_store_explicit(&sync.lock, 0, memory_order_release);
}

static void arrive(uint32_t target)
{
    atomic_fetch_add(&sync.arrived, 1);
    while (atomic_load(&sync.arrived) < target)
        arch_pause();
}

static void take_part(void)
{
    arrive(2);
    for (int i = 0; i < ROUNDS; i++)
        one_round();
    arrive(4);
}

void tsc_sync_ap(void)
{
    take_part();
    atomic_fetch_add(&sync.arrived, 1);
}

bool tsc_sync_boot(void)
{
    uint64_t worst;

    take_part();
    while (atomic_load(&sync.arrived) < 5) /* the other has left */
        arch_pause();
    worst = sync.worst;
    sync.last = sync.worst = 0;
    atomic_store(&sync.arrived, 0);
    if (worst)
        clock_tsc_unusable("the TSCs of the processors differ");
    return !worst;
}
