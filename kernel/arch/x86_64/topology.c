/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * topology.c - packages, cores and threads (Intel SDM, CPUID leaf 0BH and
 * "Identifying Topological Relationships", which AMD processors follow).
 *
 * An APIC number is package, core and thread side by side; the leaf says how
 * many bits the lower two have. They are the same on every processor. Without
 * the leaf there is one package in which every processor is a core: what is
 * safe to tell schedulers.
 */
#include "arch/x86_64/arch.h"
#include "arch/x86_64/arch_priv.h"
#include "sched/cpu.h"

#define LEAF_TOPOLOGY 0xb
#define LEVEL_NONE    0
#define LEVEL_THREAD  1
#define MAX_LEVELS    8

static uint32_t bits(uint32_t value, unsigned from, unsigned to)
{
    return to - from >= 32 ? value >> from
                           : (value >> from) & ((1u << (to - from)) - 1);
}

/* Bits of the thread's number, bits of thread and core together (0: unknown).
 * In a virtual machine each CPUID is an exit: asked once. */
static void read_levels(unsigned *thread, unsigned *package)
{
    static _Atomic unsigned known; /* 0: not asked; any thread may fill it in,
                                    * all with the same value */
    unsigned packed = known;

    for (unsigned i = 0; !(known >> 16) && i < MAX_LEVELS; i++) {
        struct cpuid level = {0};
        unsigned type;

        if (cpu_features.max_leaf >= LEAF_TOPOLOGY)
            level = cpuid(LEAF_TOPOLOGY, i);
        type = level.ecx >> 8 & 0xff;
        if (type == LEVEL_NONE || !level.ebx)
            break;
        packed = (packed & 0xff) | (level.eax & 0x1f) << 8;
        if (type == LEVEL_THREAD)
            packed |= level.eax & 0x1f;
    }
    known = packed | 1u << 16;
    *thread = packed & 0xff;
    *package = packed >> 8 & 0xff;
}

void arch_cpu_place(unsigned cpu, struct cpu_place *p)
{
    uint32_t id = cpus[cpu].arch.apic_id;
    unsigned thread, package;

    read_levels(&thread, &package);
    if (!package) {
        *p = (struct cpu_place){.package = 0, .core = cpu, .thread = 0};
        return;
    }
    p->package = id >> package;
    p->core = bits(id, thread, package);
    p->thread = bits(id, 0, thread);
}
