/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sysfs.c - /sys: processors and memory nodes, and what drivers add.
 */
#include <linux/magic.h>
#include <linux/stat.h>

#include "arch/x86_64/arch.h"
#include "fs/nodes.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/cpu.h"

static struct node *root;

static struct node *tree(void)
{
    if (!root)
        root = node_root();
    return root;
}

int sysfs_add(const char *name, void (*show)(struct seq *, void *), void *arg)
{
    return node_add(tree(), name, S_IFREG | 0444, show, NULL, arg, NULL);
}

int sysfs_mkdir(const char *name)
{
    return node_add(tree(), name, S_IFDIR | 0555, NULL, NULL, NULL, NULL);
}

int sysfs_symlink(const char *name, const char *target)
{
    size_t n = strlen(target) + 1;
    char *copy = kmalloc(n, 0);

    if (!copy)
        return -ENOMEM;
    memcpy(copy, target, n);
    return node_add(tree(), name, S_IFLNK | 0777, NULL, NULL, NULL, copy);
}

/* --- processors --- */

static void show_all_cpus(struct seq *s, void *arg)
{
    (void)arg;
    if (nr_cpus > 1)
        seq_printf(s, "0-%u\n", nr_cpus - 1);
    else
        seq_printf(s, "0\n");
}

static void show_offline(struct seq *s, void *arg)
{
    (void)arg;
    seq_printf(s, "\n");
}

static void show_number(struct seq *s, void *arg)
{
    seq_printf(s, "%lu\n", (unsigned long)(uintptr_t)arg);
}

/* Hexadecimal masks, in groups of 32 bits. */
static void show_mask(struct seq *s, uint64_t mask)
{
    if (nr_cpus > 32)
        seq_printf(s, "%08x,%08x\n", (unsigned)(mask >> 32), (unsigned)mask);
    else
        seq_printf(s, "%x\n", (unsigned)mask);
}

static uint64_t all_mask(void)
{
    return nr_cpus >= 64 ? UINT64_MAX : (1ull << nr_cpus) - 1;
}

static void show_all_mask(struct seq *s, void *arg)
{
    (void)arg;
    show_mask(s, all_mask());
}

static struct cpu_place place(void *arg)
{
    struct cpu_place p;

    arch_cpu_place((unsigned)(uintptr_t)arg, &p);
    return p;
}

/* Those in the same package, or in the same core of it. */
static uint64_t near(void *arg, bool core)
{
    struct cpu_place own = place(arg);
    uint64_t mask = 0;

    for (uintptr_t i = 0; i < nr_cpus; i++) {
        struct cpu_place p = place((void *)i);

        if (p.package == own.package && (!core || p.core == own.core))
            mask |= 1ull << i;
    }
    return mask;
}

static void show_package(struct seq *s, void *arg)
{
    seq_printf(s, "%u\n", place(arg).package);
}

static void show_core(struct seq *s, void *arg)
{
    seq_printf(s, "%u\n", place(arg).core);
}

static void show_die(struct seq *s, void *arg)
{
    (void)arg;
    seq_printf(s, "0\n");
}

static void show_core_list(struct seq *s, void *arg)
{
    seq_bit_list(s, near(arg, true));
    seq_printf(s, "\n");
}

static void show_core_mask(struct seq *s, void *arg)
{
    show_mask(s, near(arg, true));
}

static void show_package_list(struct seq *s, void *arg)
{
    seq_bit_list(s, near(arg, false));
    seq_printf(s, "\n");
}

static void show_package_mask(struct seq *s, void *arg)
{
    show_mask(s, near(arg, false));
}

static void add_cpu(unsigned cpu)
{
    static const struct {
        const char *name;
        node_show_fn *show;
    } files[] = {
        {"physical_package_id", show_package},
        {"die_id", show_die},
        {"core_id", show_core},
        {"thread_siblings_list", show_core_list},
        {"core_cpus_list", show_core_list},
        {"thread_siblings", show_core_mask},
        {"core_cpus", show_core_mask},
        {"core_siblings_list", show_package_list},
        {"package_cpus_list", show_package_list},
        {"core_siblings", show_package_mask},
        {"package_cpus", show_package_mask},
    };
    char name[96];

    for (size_t k = 0; k < ARRAY_SIZE(files); k++) {
        ksnprintf(name, sizeof(name), "devices/system/cpu/cpu%u/topology/%s",
                  cpu, files[k].name);
        sysfs_add(name, files[k].show, (void *)(uintptr_t)cpu);
    }
    ksnprintf(name, sizeof(name), "devices/system/cpu/cpu%u/online", cpu);
    if (cpu)
        sysfs_add(name, show_number, (void *)1);
    ksnprintf(name, sizeof(name), "devices/system/node/node0/cpu%u", cpu);
    char target[32];
    ksnprintf(target, sizeof(target), "../../cpu/cpu%u", cpu);
    sysfs_symlink(name, target);
}

/* --- memory nodes --- */

static void show_node_meminfo(struct seq *s, void *arg)
{
    struct memory_stats m;

    (void)arg;
    memory_stats(&m);
    seq_printf(s, "Node 0 MemTotal:       %8llu kB\n",
               (unsigned long long)m.total * 4);
    seq_printf(s, "Node 0 MemFree:        %8llu kB\n",
               (unsigned long long)m.free * 4);
    seq_printf(s, "Node 0 MemUsed:        %8llu kB\n",
               (unsigned long long)(m.total - m.free) * 4);
    seq_printf(s, "Node 0 FilePages:      %8llu kB\n",
               (unsigned long long)m.cached * 4);
    seq_printf(s, "Node 0 AnonPages:      %8llu kB\n",
               (unsigned long long)m.anonymous * 4);
}

static void add_processors(void)
{
    static const char *const lists[] = {"online", "possible", "present"};
    char name[64];

    for (size_t k = 0; k < ARRAY_SIZE(lists); k++) {
        ksnprintf(name, sizeof(name), "devices/system/cpu/%s", lists[k]);
        sysfs_add(name, show_all_cpus, NULL);
    }
    sysfs_add("devices/system/cpu/offline", show_offline, NULL);
    sysfs_add("devices/system/cpu/kernel_max", show_number,
              (void *)(MAX_CPUS - 1));
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
        add_cpu(cpu);
}

static void add_memory_nodes(void)
{
    sysfs_add("devices/system/node/online", show_number, NULL);
    sysfs_add("devices/system/node/possible", show_number, NULL);
    sysfs_add("devices/system/node/has_cpu", show_number, NULL);
    sysfs_add("devices/system/node/has_memory", show_number, NULL);
    sysfs_add("devices/system/node/node0/cpulist", show_all_cpus, NULL);
    sysfs_add("devices/system/node/node0/cpumap", show_all_mask, NULL);
    sysfs_add("devices/system/node/node0/meminfo", show_node_meminfo, NULL);
}

struct super_block *sysfs_create(void)
{
    struct super_block *sb = super_alloc("sysfs", SYSFS_MAGIC);

    if (!sb)
        return ERR_PTR(-ENOMEM);
    add_processors();
    add_memory_nodes();
    sysfs_mkdir("fs");
    sysfs_mkdir("class/net");
    sysfs_mkdir("block");
    sysfs_mkdir("kernel");
    sb->root = node_inode(sb, tree());
    return sb->root ? sb : ERR_PTR(-ENOMEM);
}
