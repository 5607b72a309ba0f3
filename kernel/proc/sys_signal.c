/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sys_signal.c - system calls about signals.
 */
#include "arch/x86_64/arch.h"
#include "lib/string.h"
#include "mem/user.h"
#include "proc/proc_priv.h"
#include "sys/syscall.h"
#include "sys/timespec.h"

static bool valid(int signo)
{
    return signo >= 1 && signo <= NSIG_MAX;
}

/* --- handlers and masks -------------------------------------------------- */

/* A signal that is ignored from now on does not stay pending. */
static void discard_ignored(struct process *p, int signo)
{
    uint64_t handler = p->sighand.action[signo - 1].handler;
    struct thread *t;

    if (handler != 1 && (handler || signal_default(signo) != SIG_DO_IGNORE))
        return;
    sigpending_discard(&p->sig_pending, &p->sig_pending_list, SIGBIT(signo));
    list_for_each (t, &p->threads, process_link)
        sigpending_discard(&t->sig_pending, &t->sig_pending_list,
                           SIGBIT(signo));
}

/* The other bits read back as 0: that is how a program learns what is known
 * (sigaction(2), SA_UNSUPPORTED). */
#define SA_KNOWN                                                               \
    ((uint64_t)(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK |        \
                SA_RESTART | SA_NODEFER | SA_RESTORER) |                       \
     (uint32_t)SA_RESETHAND)

long sys_rt_sigaction(int signo, const void __user *act, void __user *old,
                      size_t masksize)
{
    struct process *p = current_process();
    struct sigaction_k new, was;

    if (masksize != sizeof(uint64_t) || !valid(signo))
        return -EINVAL;
    if (act && copy_from_user(&new, act, sizeof(new)))
        return -EFAULT;
    if (act && (SIGBIT(signo) & SIG_UNBLOCKABLE))
        return -EINVAL;
    spin_lock(&p->siglock);
    was = p->sighand.action[signo - 1];
    if (act) {
        new.flags &= SA_KNOWN;
        new.mask &= ~SIG_UNBLOCKABLE;
        p->sighand.action[signo - 1] = new;
        discard_ignored(p, signo);
    }
    spin_unlock(&p->siglock);
    return old ? copy_to_user(old, &was, sizeof(was)) : 0;
}

long sys_rt_sigprocmask(int how, const void __user *set, void __user *old,
                        size_t masksize)
{
    uint64_t was = current->sig_blocked, mask;

    if (masksize != sizeof(mask))
        return -EINVAL;
    if (set) {
        if (copy_from_user(&mask, set, sizeof(mask)))
            return -EFAULT;
        switch (how) {
        case SIG_BLOCK:
            signal_set_blocked(was | mask);
            break;
        case SIG_UNBLOCK:
            signal_set_blocked(was & ~mask);
            break;
        case SIG_SETMASK:
            signal_set_blocked(mask);
            break;
        default:
            return -EINVAL;
        }
    }
    return old ? copy_to_user(old, &was, sizeof(was)) : 0;
}

long sys_rt_sigpending(void __user *set, size_t masksize)
{
    uint64_t pending = signal_pending_mask() & current->sig_blocked;

    if (masksize > sizeof(pending))
        return -EINVAL;
    return copy_to_user(set, &pending, masksize);
}

long sys_rt_sigreturn(void)
{
    struct trapframe *f = arch_user_frame();
    uint64_t mask;

    if (arch_signal_return(&mask)) {
        user_exception(SIGSEGV, SI_KERNEL, 0);
        return 0;
    }
    f->error = ~0ul; /* rax is the program's: nothing to restart */
    signal_set_blocked(mask);
    return (long)f->rax;
}

static long suspend(void)
{
    while (!signal_pending()) {
        sleep_prepare(SLEEP_INTERRUPTIBLE);
        sleep_until(NSEC_NEVER);
    }
    return -ERESTARTNOHAND;
}

long sys_rt_sigsuspend(const void __user *umask, size_t masksize)
{
    uint64_t mask;

    if (masksize != sizeof(mask))
        return -EINVAL;
    if (copy_from_user(&mask, umask, sizeof(mask)))
        return -EFAULT;
    signal_mask_push(mask);
    return suspend();
}

long sys_pause(void)
{
    return suspend();
}

long sys_rt_sigtimedwait(const void __user *set, void __user *uinfo,
                         const void __user *ts, size_t masksize)
{
    struct process *p = current_process();
    nsec_t deadline = NSEC_NEVER;
    struct siginfo_k info;
    uint8_t out[128];
    uint64_t mask;
    int rc = 0, signo;

    if (masksize != sizeof(mask))
        return -EINVAL;
    if (copy_from_user(&mask, set, sizeof(mask)))
        return -EFAULT;
    if (ts)
        rc = deadline_from_user(ts, &deadline);
    if (rc)
        return rc;
    signo = signal_dequeue(mask, &info);
    if (!signo && deadline)
        rc = WAIT_EVENT_FULL(&p->signal_wait,
                             (signo = signal_dequeue(mask, &info)),
                             SLEEP_INTERRUPTIBLE, deadline);
    if (!signo)
        return rc == -ERESTARTSYS ? -EINTR : -EAGAIN;
    signal_fill_siginfo(&info, out);
    if (uinfo && copy_to_user(uinfo, out, sizeof(out)))
        return -EFAULT;
    return signo;
}

/* --- alternate stack ----------------------------------------------------- */

static unsigned altstack_state(const struct thread *t, uint64_t sp)
{
    if (!t->altstack_size)
        return SS_DISABLE;
    return (signal_on_altstack(t, sp) ? SS_ONSTACK : 0) |
           (t->altstack_flags & SS_AUTODISARM);
}

long sys_sigaltstack(const void __user *uss, void __user *uold)
{
    struct thread *t = current;
    uint64_t sp = arch_user_frame()->rsp;
    stack_t new, old = {
                     .ss_sp = (void *)(uintptr_t)t->altstack_sp,
                     .ss_flags = (int)altstack_state(t, sp),
                     .ss_size = t->altstack_size,
                 };

    if (uss) {
        unsigned mode;
        if (copy_from_user(&new, uss, sizeof(new)))
            return -EFAULT;
        mode = (unsigned)new.ss_flags & ~SS_FLAG_BITS;
        if (signal_on_altstack(t, sp))
            return -EPERM;
        if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
            return -EINVAL;
        if (mode == SS_DISABLE) {
            new.ss_size = 0;
            new.ss_sp = NULL;
        } else if (new.ss_size < MINSIGSTKSZ) {
            return -ENOMEM;
        }
        t->altstack_sp = (uint64_t)(uintptr_t) new.ss_sp;
        t->altstack_size = new.ss_size;
        t->altstack_flags = (uint32_t) new.ss_flags;
    }
    return uold ? copy_to_user(uold, &old, sizeof(old)) : 0;
}

/* --- sending ------------------------------------------------------------- */

static struct siginfo_k info_from_caller(int signo, int code)
{
    return (struct siginfo_k){
        .signo = signo,
        .code = code,
        .pid = current_process()->pid,
        .uid = current_process()->uid,
    };
}

static int check_and_send(struct process *p, int signo,
                          const struct siginfo_k *info)
{
    if (!signal_may_send(p, signo))
        return -EPERM;
    return signal_send_locked(p, NULL, signo, info);
}

static long kill_one(pid_t pid, int signo, const struct siginfo_k *info)
{
    struct process *p = process_find(pid);
    long rc;

    if (!p) { /* a thread's number means its process */
        struct thread *t = thread_find(pid);
        if (!t)
            return -ESRCH;
        p = t->process;
        thread_put(t);
    }
    rc = check_and_send(p, signo, info);
    process_put(p);
    return rc;
}

/* Success if one got it; else EPERM if there was one at all. */
static void combine(long *rc, int one)
{
    if (!one)
        *rc = 0;
    else if (*rc == -ESRCH)
        *rc = one;
}

static long kill_group(pid_t pgid, int signo, const struct siginfo_k *info)
{
    long rc = -ESRCH;
    struct process *p;
    struct pid *pid;

    spin_lock(&proc_tree_lock);
    pid = pid_find(pgid);
    if (pid)
        list_for_each (p, &pid->group, pg_link)
            combine(&rc, check_and_send(p, signo, info));
    spin_unlock(&proc_tree_lock);
    return rc;
}

/* All but process 1 and the caller. */
static long kill_all(int signo, const struct siginfo_k *info)
{
    long rc = -ESRCH;
    struct process *p;

    spin_lock(&proc_tree_lock);
    for (pid_t nr = 2; (p = pid_next_process(nr)); nr = p->pid + 1)
        if (p != current_process() && p != init_process)
            combine(&rc, check_and_send(p, signo, info));
    spin_unlock(&proc_tree_lock);
    return rc;
}

long sys_kill(int pid, int signo)
{
    struct siginfo_k info = info_from_caller(signo, SI_USER);

    if (signo && !valid(signo))
        return -EINVAL;
    if (pid > 0)
        return kill_one(pid, signo, &info);
    if (pid == -1)
        return kill_all(signo, &info);
    if (pid == INT32_MIN)
        return -ESRCH;
    return kill_group(pid ? -pid : current_process()->pgid, signo, &info);
}

static long send_to_thread(int tgid, int tid, int signo,
                           const struct siginfo_k *info)
{
    struct thread *t = thread_find(tid);
    struct process *p;
    long rc = -ESRCH;

    if (!t)
        return rc;
    p = t->process;
    if (tgid <= 0 || p->pid == tgid) {
        rc = signal_may_send(p, signo) ? signal_send_thread(t, signo, info)
                                       : -EPERM;
    }
    thread_put(t);
    process_put(p);
    return rc;
}

long sys_tgkill(int tgid, int tid, int signo)
{
    struct siginfo_k info = info_from_caller(signo, SI_TKILL);

    if (tgid <= 0 || tid <= 0 || (signo && !valid(signo)))
        return -EINVAL;
    return send_to_thread(tgid, tid, signo, &info);
}

long sys_tkill(int tid, int signo)
{
    struct siginfo_k info = info_from_caller(signo, SI_TKILL);

    if (tid <= 0 || (signo && !valid(signo)))
        return -EINVAL;
    return send_to_thread(0, tid, signo, &info);
}

/* A siginfo made by the program: the members of sigqueue(3). It may claim to
 * come from the kernel, or from kill(), only towards itself. */
static int info_from_user(const void __user *uinfo, int signo, bool to_self,
                          struct siginfo_k *out)
{
    siginfo_t si;

    if (copy_from_user(&si, uinfo, sizeof(si)))
        return -EFAULT;
    if ((si.si_code >= 0 || si.si_code == SI_TKILL) && !to_self)
        return -EPERM;
    *out = (struct siginfo_k){
        .signo = signo,
        .err = si.si_errno,
        .code = si.si_code,
        .pid = si.si_pid,
        .uid = si.si_uid,
        .value = (uint64_t)(uintptr_t)si.si_value.sival_ptr,
    };
    if (si.si_code > 0) /* a fault's address is in the place of the pid */
        out->addr = (uint64_t)(uintptr_t)si.si_addr;
    return 0;
}

long sys_rt_sigqueueinfo(int pid, int signo, const void __user *uinfo)
{
    struct siginfo_k info;
    int rc;

    if (signo && !valid(signo))
        return -EINVAL;
    rc = info_from_user(uinfo, signo, pid == current_process()->pid, &info);
    if (rc)
        return rc;
    return pid > 0 ? kill_one(pid, signo, &info) : -ESRCH;
}

long sys_rt_tgsigqueueinfo(int tgid, int tid, int signo,
                           const void __user *uinfo)
{
    struct siginfo_k info;
    int rc;

    if (tgid <= 0 || tid <= 0 || (signo && !valid(signo)))
        return -EINVAL;
    rc = info_from_user(uinfo, signo, tgid == current_process()->pid, &info);
    return rc ? rc : send_to_thread(tgid, tid, signo, &info);
}

long sys_pidfd_send_signal(int fd, int signo, const void __user *uinfo,
                           unsigned flags)
{
    struct siginfo_k info = info_from_caller(signo, SI_USER);
    struct file *f;
    struct process *p;
    long rc = 0;

    if (flags || (signo && !valid(signo)))
        return -EINVAL;
    f = fd_get(fd);
    p = f ? pidfd_process(f) : NULL;
    if (f)
        file_put(f);
    if (!p)
        return -EBADF;
    if (uinfo)
        rc = info_from_user(uinfo, signo, p == current_process(), &info);
    if (!rc)
        rc =
            p->state == PROCESS_DEAD ? -ESRCH : check_and_send(p, signo, &info);
    process_put(p);
    return rc;
}
