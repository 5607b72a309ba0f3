/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_system.c - the files of /proc about the machine: proc(5).
 */
#include <linux/utsname.h>

#include "fs/procfs.h"
#include "lib/cmdline.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/mm.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "sched/cpu.h"
#include "sched/time.h"

static unsigned long long kb(uint64_t pages)
{
    return (unsigned long long)pages * (PAGE_SIZE / 1024);
}

/* What could be had without swapping: free pages and clean cached ones, less a
 * reserve, as Linux estimates it. */
static uint64_t available(const struct memory_stats *m)
{
    uint64_t reserve = m->total / 64;
    uint64_t cache = m->cached > m->shared ? m->cached - m->shared : 0;
    uint64_t all = m->free + cache - MIN(cache / 8, cache);

    return all > reserve ? all - reserve : 0;
}

static void show_meminfo(struct seq *s, void *arg)
{
    struct memory_stats m;

    (void)arg;
    memory_stats(&m);
    const struct {
        const char *name;
        uint64_t pages;
    } lines[] = {
        {"MemTotal", m.total},
        {"MemFree", m.free},
        {"MemAvailable", available(&m)},
        {"Buffers", 0},
        {"Cached", m.cached},
        {"SwapCached", 0},
        {"SwapTotal", 0},
        {"SwapFree", 0},
        {"Dirty", m.dirty},
        {"Writeback", 0},
        {"AnonPages", m.anonymous},
        {"Mapped", m.mapped},
        {"Shmem", m.shared},
        {"Slab", m.slab},
        {"KernelStack", m.kernel_stacks},
        {"PageTables", m.page_tables},
        /* Ours, and not part of MemTotal: */
        {"KernelImage", m.image},
        {"PageStructs", m.descriptors},
    };
    for (size_t k = 0; k < ARRAY_SIZE(lines); k++) {
        char label[24];

        ksnprintf(label, sizeof(label), "%s:", lines[k].name);
        seq_printf(s, "%-15s %8llu kB\n", label, kb(lines[k].pages));
    }
}

/* In ticks of 1/100 s: user nice system idle iowait irq softirq steal guest
 * guest_nice. */
static void put_cpu(struct seq *s, const char *name, const struct cpu_times *t)
{
    const nsec_t tick = NSEC_PER_SEC / 100;

    seq_printf(s, "%s %lld 0 %lld %lld 0 %lld 0 0 0 0\n", name,
               (long long)(t->user / tick), (long long)(t->system / tick),
               (long long)(t->idle / tick), (long long)(t->irq / tick));
}

static void add_blocked(struct thread *t, void *arg)
{
    int state = t->state;

    *(unsigned *)arg +=
        state == THREAD_SLEEPING && t->sleep_kind == SLEEP_UNINTERRUPTIBLE;
}

static unsigned count_blocked(void)
{
    struct process *p;
    unsigned n = 0;

    for (pid_t pid = 1; (p = process_next(pid));) {
        process_for_each_thread(p, add_blocked, &n);
        pid = p->pid + 1;
        process_put(p);
    }
    return n;
}

static uint64_t count_interrupts(void)
{
    uint64_t n = 0;

    for (unsigned k = 0; k < nr_cpus; k++) {
        const struct cpu_counts *c = &cpus[k].counts;

        n += (uint64_t)c->timer + c->reschedule + c->tlb + c->device;
    }
    return n;
}

static void show_stat(struct seq *s, void *arg)
{
    struct cpu_times sum = {0}, t;
    char name[16];

    (void)arg;
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
        sched_cpu_times(cpu, &t);
        sum.user += t.user;
        sum.system += t.system;
        sum.idle += t.idle;
        sum.irq += t.irq;
    }
    put_cpu(s, "cpu ", &sum);
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
        sched_cpu_times(cpu, &t);
        ksnprintf(name, sizeof(name), "cpu%u", cpu);
        put_cpu(s, name, &t);
    }
    seq_printf(s,
               "intr %llu\nctxt %llu\nbtime %lld\nprocesses %d\n"
               "procs_running %u\nprocs_blocked %u\n",
               (unsigned long long)count_interrupts(),
               (unsigned long long)sched_context_switches(),
               (long long)((time_realtime() - time_monotonic()) / NSEC_PER_SEC),
               process_last_pid(), sched_nr_running(), count_blocked());
}

/* As Linux has it, but all devices in one line; and the halts, which say how
 * often an idle CPU was woken. */
static void show_interrupts(struct seq *s, void *arg)
{
    static const struct {
        const char *name, *text;
        size_t offset;
    } rows[] = {
        {"LOC", "Local timer interrupts", offsetof(struct cpu_counts, timer)},
        {"RES", "Rescheduling interrupts",
         offsetof(struct cpu_counts, reschedule)},
        {"TLB", "TLB shootdowns", offsetof(struct cpu_counts, tlb)},
        {"DEV", "Device interrupts", offsetof(struct cpu_counts, device)},
        {"HLT", "Times halted", offsetof(struct cpu_counts, halts)},
    };

    (void)arg;
    seq_printf(s, "    ");
    for (unsigned k = 0; k < nr_cpus; k++)
        seq_printf(s, "       CPU%-3u", k);
    for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
        seq_printf(s, "\n%s:", rows[r].name);
        for (unsigned k = 0; k < nr_cpus; k++)
            seq_printf(s, " %12u",
                       *(uint32_t *)((char *)&cpus[k].counts + rows[r].offset));
        seq_printf(s, "   %s", rows[r].text);
    }
    seq_printf(s, "\n");
}

static void show_loadavg(struct seq *s, void *arg)
{
    uint32_t load[3];

    (void)arg;
    sched_loadavg(load);
    for (int k = 0; k < 3; k++) { /* 11 bits of fraction, rounded */
        uint32_t v = load[k] + 2048 / 200;
        seq_printf(s, "%u.%02u ", v >> 11, (v & 2047) * 100 >> 11);
    }
    seq_printf(s, "%u/%u %d\n", sched_nr_running(), sched_nr_threads(),
               process_last_pid());
}

static void show_uptime(struct seq *s, void *arg)
{
    nsec_t up = time_monotonic(), idle = 0;
    struct cpu_times t;

    (void)arg;
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
        sched_cpu_times(cpu, &t);
        idle += t.idle;
    }
    const nsec_t cs = NSEC_PER_SEC / 100;
    seq_printf(s, "%lld.%02lld %lld.%02lld\n", (long long)(up / NSEC_PER_SEC),
               (long long)(up % NSEC_PER_SEC / cs),
               (long long)(idle / NSEC_PER_SEC),
               (long long)(idle % NSEC_PER_SEC / cs));
}

static void show_cpuinfo(struct seq *s, void *arg)
{
    char *page = kmalloc(PAGE_SIZE, 0);

    (void)arg;
    for (unsigned cpu = 0; page && cpu < nr_cpus; cpu++)
        seq_write(s, page, MIN(arch_cpuinfo(cpu, page, PAGE_SIZE), PAGE_SIZE));
    kfree(page);
}

static void show_cmdline(struct seq *s, void *arg)
{
    (void)arg;
    seq_printf(s, "%s\n", kernel_cmdline);
}

static void show_filesystems(struct seq *s, void *arg)
{
    (void)arg;
    seq_printf(s, "nodev\tproc\nnodev\tsysfs\nnodev\tdevtmpfs\nnodev\ttmpfs\n"
                  "\text4\n\text3\n\text2\n");
}

static void show_swaps(struct seq *s, void *arg)
{
    (void)arg;
    seq_printf(s, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
}

static void show_vmstat(struct seq *s, void *arg)
{
    struct memory_stats m;

    (void)arg;
    memory_stats(&m);
    seq_printf(s,
               "nr_free_pages %llu\nnr_anon_pages %llu\nnr_mapped %llu\n"
               "nr_file_pages %llu\nnr_shmem %llu\nnr_page_table_pages %llu\n",
               (unsigned long long)m.free, (unsigned long long)m.anonymous,
               (unsigned long long)m.mapped, (unsigned long long)m.cached,
               (unsigned long long)m.shared, (unsigned long long)m.page_tables);
    seq_printf(s,
               "pgsteal %llu\nworkingset_refault_file %llu\n"
               "oom_kill %llu\nmemory_stall_ms %llu\n",
               (unsigned long long)m.evicted, (unsigned long long)m.refaults,
               (unsigned long long)m.oom_kills,
               (unsigned long long)m.stall_ns / NSEC_PER_MSEC);
}

/* Version 2.1 of slabinfo(5). There are no tunables, and empty slabs are given
 * back, so all are active. */
static void put_slab(void *arg, const struct slab_counts *c)
{
    seq_printf(arg,
               "%-17s %6zu %6zu %6zu %4zu %4zu : tunables    0    0    0 : "
               "slabdata %6zu %6zu      0\n",
               c->name, c->used, c->slabs * c->per_slab, c->size, c->per_slab,
               c->pages, c->slabs, c->slabs);
}

static void show_slabinfo(struct seq *s, void *arg)
{
    (void)arg;
    seq_printf(s, "slabinfo - version: 2.1\n"
                  "# name            <active_objs> <num_objs> <objsize> "
                  "<objperslab> <pagesperslab> : tunables <limit> "
                  "<batchcount> <sharedfactor> : slabdata <active_slabs> "
                  "<num_slabs> <sharedavail>\n");
    slab_visit(put_slab, s);
}

void procfs_add_system(void)
{
    static const struct {
        const char *name;
        node_show_fn *show;
    } files[] = {
        {"meminfo", show_meminfo},       {"stat", show_stat},
        {"loadavg", show_loadavg},       {"uptime", show_uptime},
        {"cpuinfo", show_cpuinfo},       {"cmdline", show_cmdline},
        {"swaps", show_swaps},           {"filesystems", show_filesystems},
        {"vmstat", show_vmstat},         {"slabinfo", show_slabinfo},
        {"interrupts", show_interrupts},
    };

    for (size_t k = 0; k < ARRAY_SIZE(files); k++)
        proc_add(files[k].name, files[k].show, NULL);
}
