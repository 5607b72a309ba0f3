/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sys_proc.c - small system calls about the calling process or thread.
 */
#include <linux/kcmp.h>
#include <linux/personality.h>
#include <linux/random.h>
#include <linux/reboot.h>

#include "arch/x86_64/arch.h"
#include "dev/console.h"
#include "dev/random.h"
#include "lib/log.h"
#include "lib/log_ring.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/proc_priv.h"
#include "sys/syscall.h"

/* --- who am I ------------------------------------------------------------ */

long sys_getpid(void)
{
    return current_process()->pid;
}

long sys_gettid(void)
{
    return current->tid;
}

long sys_getppid(void)
{
    struct process *parent;
    long pid;

    spin_lock(&proc_tree_lock);
    parent = current_process()->parent;
    pid = parent ? parent->pid : 0;
    spin_unlock(&proc_tree_lock);
    return pid;
}

long sys_getcpu(unsigned __user *cpu, unsigned __user *node,
                void __user *unused)
{
    unsigned id = this_cpu()->id;

    (void)unused;
    if (cpu && put_user(id, cpu))
        return -EFAULT;
    return node ? put_user(0u, node) : 0;
}

/* --- words of the thread library ----------------------------------------- */

long sys_set_tid_address(int __user *p)
{
    current->clear_child_tid = p;
    return current->tid;
}

#define ROBUST_HEAD_SIZE 24 /* struct robust_list_head, the only version */

long sys_set_robust_list(void __user *head, size_t len)
{
    if (len != ROBUST_HEAD_SIZE)
        return -EINVAL;
    current->robust_list = head;
    current->robust_list_len = len;
    return 0;
}

long sys_get_robust_list(int pid, void __user *__user *head, size_t __user *len)
{
    void __user *list = current->robust_list;
    struct thread *t;
    bool allowed;

    if (pid) {
        t = thread_find(pid);
        if (!t)
            return -ESRCH;
        allowed =
            current_process()->euid == 0 || t->process == current_process();
        list = t->robust_list;
        process_put(t->process);
        thread_put(t);
        if (!allowed)
            return -EPERM;
    }
    if (put_user((size_t)ROBUST_HEAD_SIZE, len))
        return -EFAULT;
    return put_user(list, head);
}

/* --- personality --------------------------------------------------------- */

#define PERSONALITY_QUERY 0xffffffffu
/* Linux programs with or without address randomisation; what else there is
 * makes Linux resemble other systems. */
#define PERSONALITY_KNOWN (unsigned long)(ADDR_NO_RANDOMIZE)

long sys_personality(unsigned long new)
{
    struct process *p = current_process();
    long old = (long)p->personality;

    if ((uint32_t) new == PERSONALITY_QUERY)
        return old;
    if (new & ~PERSONALITY_KNOWN)
        return -EINVAL;
    p->personality = new;
    return old;
}

/* --- random numbers ------------------------------------------------------ */

long sys_getrandom(void __user *buf, size_t n, unsigned flags)
{
    uint8_t chunk[256];
    size_t done = 0;

    if ((flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) ||
        (flags & (GRND_RANDOM | GRND_INSECURE)) ==
            (GRND_RANDOM | GRND_INSECURE))
        return -EINVAL;
    n = MIN(n, (size_t)INT32_MAX & PAGE_MASK);
    while (done < n) {
        size_t part = MIN(n - done, sizeof(chunk));
        random_bytes(chunk, part);
        if (copy_to_user((char __user *)buf + done, chunk, part))
            return done ? (long)done : -EFAULT;
        done += part;
        cond_resched();
        if (signal_pending() && done < n)
            return (long)done;
    }
    memset(chunk, 0, sizeof(chunk));
    barrier(); /* the compiler must not leave the clearing out */
    return (long)done;
}

/* --- the machine --------------------------------------------------------- */

static bool magic_ok(int magic1, int magic2)
{
    return (unsigned)magic1 == LINUX_REBOOT_MAGIC1 &&
           (magic2 == LINUX_REBOOT_MAGIC2 || magic2 == LINUX_REBOOT_MAGIC2A ||
            magic2 == LINUX_REBOOT_MAGIC2B || magic2 == LINUX_REBOOT_MAGIC2C);
}

long sys_reboot(int magic1, int magic2, unsigned cmd, void __user *arg)
{
    (void)arg;
    if (current_process()->euid != 0)
        return -EPERM;
    if (!magic_ok(magic1, magic2))
        return -EINVAL;
    switch (cmd) {
    case LINUX_REBOOT_CMD_RESTART:
    case LINUX_REBOOT_CMD_RESTART2:
        knote("restarting");
        console_flush();
        arch_reboot();
    case LINUX_REBOOT_CMD_HALT:
    case LINUX_REBOOT_CMD_POWER_OFF:
        knote("powering off");
        console_flush();
        arch_power_off(0);
    case LINUX_REBOOT_CMD_CAD_ON:
    case LINUX_REBOOT_CMD_CAD_OFF:
        return 0; /* there is no such key */
    default:
        return -EINVAL;
    }
}

/* The end of the kernel log into (buf); whole or cut at the front. */
static long read_log(char __user *buf, int len)
{
    uint64_t end = log_position(), seq = log_oldest();
    char *chunk = kmalloc(PAGE_SIZE, 0);
    long done = 0;
    size_t n;

    if (!chunk)
        return -ENOMEM;
    if (end - seq > (uint64_t)len)
        seq = end - (uint64_t)len;
    while (done < len &&
           (n = log_read(&seq, chunk, MIN(PAGE_SIZE, (size_t)(len - done)))) >
               0) {
        if (copy_to_user(buf + done, chunk, n)) {
            done = -EFAULT;
            break;
        }
        done += (long)n;
    }
    kfree(chunk);
    return done;
}

/* syslog(2): the commands dmesg uses. */
enum {
    LOG_READ_ALL = 3,
    LOG_CONSOLE_LEVEL = 8,
    LOG_SIZE_UNREAD = 9,
    LOG_SIZE_BUFFER = 10
};

long sys_syslog(int type, char __user *buf, int len)
{
    if (type != LOG_READ_ALL && type != LOG_SIZE_BUFFER &&
        current_process()->euid != 0)
        return -EPERM;
    switch (type) {
    case 0: /* open and close: nothing to do on Linux either */
    case 1:
        return 0;
    case LOG_READ_ALL:
        if (!buf || len < 0)
            return -EINVAL;
        return read_log(buf, len);
    case LOG_CONSOLE_LEVEL:
        if (len < 1 || len > 8)
            return -EINVAL;
        log_set_console_level(len);
        return 0;
    case LOG_SIZE_UNREAD:
    case LOG_SIZE_BUFFER:
        return (long)(log_position() - log_oldest());
    default:
        return -EINVAL;
    }
}

/* --- comparing ----------------------------------------------------------- */

/* Any total order will do as long as it does not tell addresses. */
static long compare(const void *a, const void *b)
{
    static uint64_t key;
    uint64_t x, y;

    if (a == b)
        return 0;
    if (!key)
        key = random_u64() | 1;
    x = (uint64_t)(uintptr_t)a * key;
    y = (uint64_t)(uintptr_t)b * key;
    return x < y ? 1 : 2;
}

static struct file *file_of(struct process *p, unsigned long fd)
{
    struct file *f = NULL;

    if (fd > INT32_MAX || fd_next(p, (int)fd, NULL) != (int)fd)
        return NULL;
    if (fd_next(p, (int)fd, &f) == (int)fd)
        return f;
    if (f)
        file_put(f);
    return NULL;
}

static long compare_files(struct process *p1, struct process *p2,
                          unsigned long a, unsigned long b)
{
    struct file *f1 = file_of(p1, a), *f2 = file_of(p2, b);
    long rc = f1 && f2 ? compare(f1, f2) : -EBADF;

    if (f1)
        file_put(f1);
    if (f2)
        file_put(f2);
    return rc;
}

static long compare_processes(struct process *p1, struct process *p2, int type,
                              unsigned long a, unsigned long b)
{
    switch (type) {
    case KCMP_FILE:
        return compare_files(p1, p2, a, b);
    case KCMP_VM:
        return compare(p1->mm, p2->mm);
    case KCMP_FILES:
        return compare(p1->files, p2->files);
    case KCMP_FS:
    case KCMP_SIGHAND:
        return compare(p1, p2);
    default:
        return -EINVAL;
    }
}

long sys_kcmp(int pid1, int pid2, int type, unsigned long a, unsigned long b)
{
    struct process *p1 = process_find(pid1), *p2 = process_find(pid2);
    long rc = -ESRCH;

    if (p1 && p2)
        rc = current_process()->euid == 0
                 ? compare_processes(p1, p2, type, a, b)
                 : -EPERM;
    if (p1)
        process_put(p1);
    if (p2)
        process_put(p2);
    return rc;
}
