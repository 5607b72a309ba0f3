/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * prctl.c - prctl(2) and arch_prctl(2): odds and ends of one process or thread.
 * What is not here answers EINVAL, as on a Linux built without it.
 */
#include <asm/prctl.h>
#include <linux/capability.h>
#include <linux/prctl.h>

#include "arch/x86_64/arch.h"
#include "lib/string.h"
#include "mem/user.h"
#include "proc/proc_priv.h"
#include "sys/syscall.h"

static long set_name(const char __user *uname)
{
    struct thread *t = current;
    struct process *p = current_process();
    char name[sizeof(t->name)] = {0};
    long n = strncpy_from_user(name, uname, sizeof(name) - 1);

    if (n == -EFAULT)
        return n;
    name[sizeof(name) - 1] = '\0'; /* a longer one is cut */
    memcpy(t->name, name, sizeof(t->name));
    if (t == p->leader)
        memcpy(p->comm, name, sizeof(p->comm));
    return 0;
}

static long get_name(char __user *out)
{
    return copy_to_user(out, current->name, sizeof(current->name));
}

static long set_flag(bool *flag, unsigned long value)
{
    if (value > 1)
        return -EINVAL;
    *flag = value;
    return 0;
}

static long set_death_signal(unsigned long signo)
{
    if (signo > NSIG_MAX)
        return -EINVAL;
    current_process()->pdeath_signal = (int)signo;
    return 0;
}

/* There is one privilege, that of root: dropping single capabilities from the
 * bounding set would not keep a program from anything. */
static long capability_bound(unsigned long cap)
{
    return cap <= CAP_LAST_CAP ? 1 : -EINVAL;
}

static long set_timer_slack(unsigned long ns)
{
    current_process()->timer_slack = ns ? ns : 50000;
    return 0;
}

long sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c,
               unsigned long d)
{
    struct process *p = current_process();

    switch (option) {
    case PR_SET_NAME:
        return set_name((const char __user *)a);
    case PR_GET_NAME:
        return get_name((char __user *)a);
    case PR_SET_PDEATHSIG:
        return set_death_signal(a);
    case PR_GET_PDEATHSIG:
        return put_user(p->pdeath_signal, (int __user *)a);
    case PR_SET_DUMPABLE:
        return set_flag(&p->dumpable, a);
    case PR_GET_DUMPABLE:
        return p->dumpable;
    case PR_SET_KEEPCAPS:
        return set_flag(&p->keep_caps, a);
    case PR_GET_KEEPCAPS:
        return p->keep_caps;
    case PR_SET_NO_NEW_PRIVS:
        if (a != 1 || b || c || d)
            return -EINVAL;
        p->no_new_privs = true;
        return 0;
    case PR_GET_NO_NEW_PRIVS:
        return a || b || c || d ? -EINVAL : p->no_new_privs;
    case PR_SET_CHILD_SUBREAPER:
        p->child_subreaper = a != 0 || p == init_process;
        return 0;
    case PR_GET_CHILD_SUBREAPER:
        return put_user((int)p->child_subreaper, (int __user *)a);
    case PR_CAPBSET_READ:
        return capability_bound(a);
    case PR_SET_TIMERSLACK:
        return set_timer_slack(a);
    case PR_GET_TIMERSLACK:
        return (long)p->timer_slack;
    case PR_GET_SECCOMP:
    case PR_GET_SECUREBITS:
    case PR_GET_THP_DISABLE:
        return 0; /* none of these can be set */
    case PR_GET_TSC:
        return put_user(PR_TSC_ENABLE, (int __user *)a);
    case PR_SET_TSC:
        return a == PR_TSC_ENABLE ? 0 : -EINVAL;
    case PR_GET_TIMING:
        return PR_TIMING_STATISTICAL;
    case PR_SET_TIMING:
        return a == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
    case PR_GET_TID_ADDRESS:
        return put_user(current->clear_child_tid, (int __user *__user *)a);
    default:
        return -EINVAL;
    }
}

long sys_arch_prctl(int code, unsigned long addr)
{
    struct thread *t = current;

    switch (code) {
    case ARCH_SET_FS:
        if (addr >= USER_TOP)
            return -EPERM;
        arch_set_tls(t, addr);
        return 0;
    case ARCH_SET_GS:
        if (addr >= USER_TOP)
            return -EPERM;
        arch_set_gs(t, addr);
        return 0;
    case ARCH_GET_FS:
        return put_user(t->arch.fs_base, (uint64_t __user *)addr);
    case ARCH_GET_GS:
        return put_user(t->arch.gs_base, (uint64_t __user *)addr);
    case ARCH_GET_CPUID:
        return 1; /* CPUID does not fault */
    case ARCH_SET_CPUID:
        return -ENODEV;
    default: /* shadow stacks, for one, which libc asks about */
        return -EINVAL;
    }
}
