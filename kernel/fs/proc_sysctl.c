/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_sysctl.c - /proc/version and /proc/sys. Files whose value cannot be
 * changed here are read-only, so that a program that tries to gets an error
 * instead of a wrong idea.
 */
#include "dev/random.h"
#include "fs/pipe.h"
#include "fs/procfs.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/page.h"
#include "proc/process.h"

static void show_version(struct seq *s, void *arg)
{
    (void)arg;
    seq_printf(s, "Linux version %s (unibeam) %s\n", uts_release, uts_version);
}

static void show_text(struct seq *s, void *arg)
{
    seq_printf(s, "%s\n", (const char *)arg);
}

static void show_number(struct seq *s, void *arg)
{
    seq_printf(s, "%lu\n", (unsigned long)(uintptr_t)arg);
}

static void show_hostname(struct seq *s, void *arg)
{
    char name[65];

    (void)arg;
    uts_get_hostname(name, sizeof(name));
    seq_printf(s, "%s\n", name);
}

static int store_hostname(const char *text, size_t n, void *arg)
{
    (void)arg;
    if (n && text[n - 1] == '\n')
        n--;
    return uts_set_hostname(text, n);
}

/* --- kernel/random --- */

/* Random UUID, version 4: RFC 4122 section 4.4. */
static void put_uuid(struct seq *s, const uint8_t in[16])
{
    uint8_t u[16];

    memcpy(u, in, sizeof(u));
    u[6] = (u[6] & 0x0f) | 0x40;
    u[8] = (u[8] & 0x3f) | 0x80;
    for (int k = 0; k < 16; k++)
        seq_printf(s, k == 4 || k == 6 || k == 8 || k == 10 ? "-%02x" : "%02x",
                   u[k]);
    seq_printf(s, "\n");
}

static void show_uuid(struct seq *s, void *arg)
{
    uint8_t u[16];

    (void)arg;
    random_bytes(u, sizeof(u));
    put_uuid(s, u);
}

static void show_boot_id(struct seq *s, void *arg)
{
    static struct spinlock lock = SPINLOCK_INIT(RANK_INODE_CACHE);
    static uint8_t id[16]; /* lock, until made */
    static bool made;
    uint8_t fresh[16], copy[16];

    (void)arg;
    random_bytes(fresh, sizeof(fresh));
    spin_lock(&lock);
    if (!made)
        memcpy(id, fresh, sizeof(id));
    made = true;
    memcpy(copy, id, sizeof(copy));
    spin_unlock(&lock);
    put_uuid(s, copy);
}

/* --- fs --- */

static void show_file_max(struct seq *s, void *arg)
{
    (void)arg;
    seq_printf(s, "%llu\n", (unsigned long long)file_max());
}

static void show_file_nr(struct seq *s, void *arg)
{
    (void)arg;
    seq_printf(s, "%llu\t0\t%llu\n", (unsigned long long)file_count(),
               (unsigned long long)file_max());
}

static void show_dentry_state(struct seq *s, void *arg)
{
    (void)arg;
    seq_printf(s, "%llu\t0\t45\t0\t0\t0\n", (unsigned long long)dentry_count());
}

void procfs_add_sysctls(void)
{
    static const struct {
        const char *name;
        node_show_fn *show;
        const void *arg;
    } files[] = {
        {"version", show_version, NULL},
        {"sys/kernel/ostype", show_text, "Linux"},
        {"sys/kernel/osrelease", show_text, uts_release},
        {"sys/kernel/version", show_text, uts_version},
        {"sys/kernel/pid_max", show_number, (void *)32768},
        {"sys/kernel/threads-max", show_number, (void *)32768},
        {"sys/kernel/cap_last_cap", show_number, (void *)40},
        {"sys/kernel/ngroups_max", show_number, (void *)32},
        {"sys/kernel/core_pattern", show_text, "core"},
        {"sys/kernel/randomize_va_space", show_number, (void *)2},
        {"sys/kernel/random/boot_id", show_boot_id, NULL},
        {"sys/kernel/random/uuid", show_uuid, NULL},
        {"sys/kernel/random/entropy_avail", show_number, (void *)256},
        {"sys/kernel/random/poolsize", show_number, (void *)256},
        {"sys/vm/overcommit_memory", show_number, (void *)1},
        {"sys/vm/max_map_count", show_number, (void *)65530},
        {"sys/vm/swappiness", show_number, NULL},
        {"sys/fs/file-max", show_file_max, NULL},
        {"sys/fs/file-nr", show_file_nr, NULL},
        {"sys/fs/nr_open", show_number, (void *)1048576},
        {"sys/fs/pipe-max-size", show_number, (void *)PIPE_SIZE_MAX},
        {"sys/fs/dentry-state", show_dentry_state, NULL},
    };

    for (size_t k = 0; k < ARRAY_SIZE(files); k++)
        proc_add(files[k].name, files[k].show, (void *)(uintptr_t)files[k].arg);
    proc_add_rw("sys/kernel/hostname", show_hostname, store_hostname, NULL);
}
