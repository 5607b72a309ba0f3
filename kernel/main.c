/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * main.c - start-up of the kernel as a list, and the hand-over to process 1.
 */
#include <linux/stat.h>

#include "arch/x86_64/arch.h"
#include "dev/acpi.h"
#include "dev/blockdev.h"
#include "dev/console.h"
#include "dev/fw_cfg.h"
#include "dev/random.h"
#include "dev/virtio.h"
#include "fs/poll.h"
#include "fs/vfs.h"
#include "lib/cmdline.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/page.h"
#include "mem/slab.h"
#include "net/net.h"
#include "proc/process.h"
#include "sched/cpu.h"
#include "sys/trace.h"
#include "user_mounts.h"

#include "abi/image.h"
#include "abi/machine.h"

char kernel_cmdline[8192];
static bool cmdline_cut; /* there was more than fits */

void kernel_main(void);

/* The boot protocol's line, then the one QEMU's fw_cfg holds. */
static void cmdline_collect(void)
{
    size_t n = strlcpy(kernel_cmdline, boot_info.cmdline, 4096);
    size_t room = sizeof(kernel_cmdline) - n - 2;

    kernel_cmdline[n] = ' ';
    size_t got = fw_cfg_read_file(FWCFG_CMDLINE, kernel_cmdline + n + 1, room);
    kernel_cmdline[got ? n + 1 + MIN(got, room) : n] = '\0';
    cmdline_cut = n >= sizeof(boot_info.cmdline) - 1 || got + 1 >= room;
}

/* Keys of include/abi/machine.h; one that ends in '.' stands for all that
 * begin so. Process 1 reads most of them. */
static const char *const known_keys[] = {
    "root",  "init",          "hostname",     "host",
    "ip",    "ip6",           "ip.wait",      "env.",
    "arg",   "mount",         "eval",         "restart",
    "grace", "console.shell", "console.size", "console.resize",
    "trace", "loglevel",      "maxcpus",      "crash",
    "debug", "exit.port",     "exit.log",     "virtio_mmio.device",
};

static bool key_known(const char *word)
{
    size_t len =
        strchr(word, '=') ? (size_t)(strchr(word, '=') - word) : strlen(word);

    for (size_t i = 0; i < ARRAY_SIZE(known_keys); i++) {
        size_t n = strlen(known_keys[i]);
        if (!strncmp(word, known_keys[i], n) &&
            (len == n || known_keys[i][n - 1] == '.'))
            return true;
    }
    return false;
}

/* The kernel's own numbers, from the least to the most each may be. */
static struct setting {
    const char *key;
    unsigned min, max, value;
} settings[] = {
    {"loglevel", 0, 8, LOG_INFO},
    {"maxcpus", 1, MAX_CPUS, MAX_CPUS},
};
enum { LOGLEVEL, MAXCPUS };

static bool setting_read(struct setting *s)
{
    char text[32];
    const char *end;
    uint64_t v;

    if (cmdline_get(kernel_cmdline, s->key, text, sizeof(text)) < 0)
        return true;
    v = str_to_u64(text, &end, 10);
    if (end == text || *end || v < s->min || v > s->max)
        return false;
    s->value = (unsigned)v;
    return true;
}

static void cmdline_report(void)
{
    const char *line = kernel_cmdline;
    char word[128];

    while (cmdline_next(&line, word, sizeof(word)) >= 0)
        if (!key_known(word))
            kwarn("command line: '%s' is not known and is ignored", word);
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
        if (!setting_read(&settings[i]))
            kwarn("command line: %s= is no number from %u to %u and is ignored",
                  settings[i].key, settings[i].min, settings[i].max);
    if (cmdline_cut)
        kwarn("command line: too long, its end is lost");
}

static void cmdline_apply(void)
{
    char value[64];

    for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
        setting_read(&settings[i]);
    log_set_console_level((int)settings[LOGLEVEL].value);
    if (cmdline_get(kernel_cmdline, "trace", value, sizeof(value)) > 0)
        trace_enabled = !strcmp(value, "syscalls");
    if (cmdline_get(kernel_cmdline, "debug", value, sizeof(value)) > 0)
        alloc_inject_on = !strcmp(value, "fail-nth");
}

static void mount(struct super_block *sb, const char *path, const char *source,
                  const char *options)
{
    int err =
        IS_ERR(sb) ? (int)PTR_ERR(sb) : vfs_mount(sb, path, source, options);

    if (err)
        fatal("cannot mount %s on %s: %s", source, path, errno_name(-err));
}

static struct blockdev *find_root(const char *name)
{
    struct blockdev *d = blockdev_find(name);

    d = d ? d : blockdev_find_guid(name);
    return d ? d : blockdev_find_label(name);
}

static struct blockdev *root_device(void)
{
    char name[64];
    bool named = cmdline_get(kernel_cmdline, "root", name, sizeof(name)) >= 0;
    struct blockdev *d =
        named ? find_root(name) : blockdev_find_type(IMG_TYPE_ROOT);

    if (d)
        return d;
    if (!blockdev_next(NULL))
        fatal("no root partition: there is no usable virtio disk");
    if (named)
        fatal("no root partition: none is called '%s' (root=)", name);
    fatal("no root partition: no disk has one of the type for it");
}

static void mount_root(void)
{
    struct blockdev *d = root_device();
    struct super_block *sb = ext4_mount(d);

    if (IS_ERR(sb)) /* ext4_mount() has said what is wrong with it */
        fatal("cannot mount the root partition %s: %s", d->name,
              errno_name((int)-PTR_ERR(sb)));
    mount(sb, "/", d->name, "ro,relatime");
    d->mounted = true;
}

static void mount_others(void)
{
    struct memory_stats mem;

    memory_stats(&mem);
    uint64_t half = mem.total * PAGE_SIZE / 2;
    mount(devfs_create(), "/dev", "devtmpfs", "rw,nosuid");
    mount(tmpfs_create(half, 01777), "/dev/shm", "tmpfs", "rw,nosuid,nodev");
    mount(procfs_create(), "/proc", "proc", "rw,nosuid,nodev,noexec");
    mount(sysfs_create(), "/sys", "sysfs", "rw,nosuid,nodev,noexec");
    mount(tmpfs_create(half, 01777), "/tmp", "tmpfs", "rw,nosuid,nodev");
    mount(tmpfs_create(half, 0755), "/run", "tmpfs", "rw,nosuid,nodev");
    mount(tmpfs_create(half, 0755), "/var", "tmpfs", "rw,nosuid,nodev");
}

/* The first thread: what may sleep happens here. */
static void start(void *arg)
{
    static char *const envp[] = {"HOME=/", "TERM=vt220",
                                 "PATH=/bin:/sbin:/usr/bin:/usr/sbin", NULL};
    static char path[256] = "/sbin/init";
    char *const argv[] = {path, NULL};

    (void)arg;
    console_init();     /* interrupts, /dev/console */
    acpi_power_init();  /* power button */
    net_init();         /* stack and loopback */
    virtio_init();      /* disks, network, random numbers */
    crash_on_request(); /* where a test of the panic report wants it */
    mount_root();
    mount_others();
    user_mounts(kernel_cmdline);
    cmdline_get(kernel_cmdline, "init", path, sizeof(path));
    int err = process_start_init(path, argv, envp);
    if (err)
        fatal("cannot start '%s': %s", path, errno_name(-err));
    thread_exit();
}

void kernel_main(void)
{
    console_early_init();   /* polled output */
    arch_early_init();      /* descriptors, CPU features, all memory mapped */
    cmdline_collect();      /* from the loader and fw_cfg */
    cmdline_apply();        /* log level, trace */
    page_init();            /* physical memory */
    slab_init();            /* kmalloc */
    sched_init();           /* threads, on this CPU */
    acpi_early_init();      /* tables */
    arch_interrupts_init(); /* APIC, IO-APIC */
    arch_clock_init();      /* time */
    cmdline_report();       /* now that messages have a time */
    random_init();          /* seed */
    vfs_init();             /* dentries, inodes */
    epoll_init();           /* its locks */
    process_init();         /* pid table */
    arch_smp_start(settings[MAXCPUS].value); /* the other processors */
    struct thread *t = kthread_create("start", start, NULL);
    if (!t)
        panic("no memory for the first thread");
    thread_start(t);
    sched_idle_loop();
}
