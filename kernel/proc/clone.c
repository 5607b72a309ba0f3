/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * clone.c - new threads and processes: clone(2), clone3(2), fork(2), vfork(2).
 *
 * A thread shares everything with its process, so CLONE_THREAD wants all of
 * CLONE_VM, FS, FILES and SIGHAND. A new process may share memory (CLONE_VM)
 * and descriptors (CLONE_FILES) with its maker; sharing the current directory
 * or signal handlers between processes (LinuxThreads did) is refused with
 * EINVAL, as are namespaces.
 *
 * Everything that can fail comes first; the new thread is entered into the
 * tables and started at the end, in one piece.
 */
#include <linux/sched.h>

#include "arch/x86_64/arch.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/mm.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/proc_priv.h"
#include "sys/syscall.h"

#define NAMESPACES                                                             \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |             \
     CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)
#define THREAD_SHARES                                                          \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)

struct clone_request {
    uint64_t flags;
    int exit_signal;
    uint64_t sp; /* 0: the caller's */
    uint64_t tls;
    int __user *parent_tid, *child_tid, *pidfd;
};

static int check(const struct clone_request *r)
{
    uint64_t f = r->flags;

    if (f & (NAMESPACES | CLONE_INTO_CGROUP))
        return -EINVAL;
    if ((f & CLONE_SIGHAND) && !(f & CLONE_VM))
        return -EINVAL;
    if ((f & CLONE_THREAD) && (f & THREAD_SHARES) != THREAD_SHARES)
        return -EINVAL;
    if (!(f & CLONE_THREAD) && (f & (CLONE_FS | CLONE_SIGHAND)))
        return -EINVAL;
    if ((f & (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND)) ==
        (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND))
        return -EINVAL;
    if ((f & CLONE_PARENT) && current_process() == init_process)
        return -EINVAL;
    if ((f & CLONE_PIDFD) && (f & CLONE_THREAD))
        return -EINVAL;
    if (r->exit_signal < 0 || r->exit_signal > NSIG_MAX)
        return -EINVAL;
    return 0;
}

/* --- vfork --------------------------------------------------------------- */

static void vfork_put(struct vfork_wait *v)
{
    if (atomic_fetch_sub(&v->refs, 1) == 1)
        kfree(v);
}

static struct vfork_wait *vfork_create(struct thread *child)
{
    struct vfork_wait *v = kzalloc(sizeof(*v), 0);

    if (!v)
        return NULL;
    atomic_init(&v->refs, 2);
    wq_init(&v->queue);
    child->vfork_done = &v->queue;
    child->vfork_flag = v;
    return v;
}

void vfork_release(struct thread *t)
{
    struct vfork_wait *v = t->vfork_flag;

    if (!v)
        return;
    t->vfork_done = NULL;
    t->vfork_flag = NULL;
    atomic_store(&v->done, true);
    wq_wake_all(&v->queue, 0);
    vfork_put(v);
}

static void vfork_sleep(struct vfork_wait *v)
{
    WAIT_EVENT_FULL(&v->queue, atomic_load(&v->done), SLEEP_KILLABLE,
                    NSEC_NEVER);
    vfork_put(v);
}

/* --- the thread ---------------------------------------------------------- */

static int copy_registers(struct thread *t, const struct clone_request *r)
{
    struct trapframe f = *arch_user_frame();

    arch_fpu_save_current();
    t->arch.fpu = arch_fpu_alloc();
    if (!t->arch.fpu)
        return -ENOMEM;
    memcpy(t->arch.fpu, current->arch.fpu, arch_fpu_size());
    t->arch.fs_base = r->flags & CLONE_SETTLS ? r->tls : current->arch.fs_base;
    t->arch.gs_base = current->arch.gs_base;
    arch_set_return(&f, 0);
    if (r->sp)
        f.rsp = r->sp;
    arch_thread_init_user(t, &f);
    return 0;
}

static void copy_thread_state(struct thread *t, const struct clone_request *r)
{
    struct thread *me = current;

    memcpy(t->affinity, me->affinity, sizeof(t->affinity));
    t->nice = me->nice;
    t->sig_blocked = me->sig_blocked;
    /* On the same memory two threads must not use one stack for handlers; a
     * vfork child runs while its parent does not. */
    t->altstack_flags = SS_DISABLE;
    if (!(r->flags & CLONE_VM) || (r->flags & CLONE_VFORK)) {
        t->altstack_sp = me->altstack_sp;
        t->altstack_size = me->altstack_size;
        t->altstack_flags = me->altstack_flags;
    }
    if (!(r->flags & CLONE_VM))
        rseq_fork(t, me);
    if (r->flags & CLONE_CHILD_CLEARTID)
        t->clear_child_tid = r->child_tid;
}

static struct thread *make_thread(const struct clone_request *r)
{
    struct thread *t = thread_alloc(current->name);

    if (!t)
        return NULL;
    copy_thread_state(t, r);
    if (copy_registers(t, r)) {
        thread_free(t);
        return NULL;
    }
    return t;
}

/* --- the process --------------------------------------------------------- */

static void copy_process_state(struct process *p, struct process *me)
{
    spin_lock(&me->siglock);
    p->sighand = me->sighand;
    memcpy(p->rlimits, me->rlimits, sizeof(p->rlimits));
    memcpy(&p->uid, &me->uid,
           offsetof(struct process, rlimits) - offsetof(struct process, uid));
    spin_unlock(&me->siglock);
    memcpy(p->comm, current->name, sizeof(p->comm));
    p->oom_score_adj = me->oom_score_adj;
    p->dumpable = me->dumpable;
    p->no_new_privs = me->no_new_privs;
    p->keep_caps = me->keep_caps;
    p->timer_slack = me->timer_slack;
    p->personality = me->personality;
    mutex_lock(&me->fs_lock);
    p->cwd = me->cwd;
    p->root = me->root;
    path_get(&p->cwd);
    path_get(&p->root);
    mutex_unlock(&me->fs_lock);
    atomic_init(&p->umask, me->umask);
}

static void process_discard(struct process *p)
{
    if (p->files)
        fdtable_put(p->files);
    if (p->mm)
        mm_put(p->mm);
    path_put(&p->cwd);
    path_put(&p->root);
    process_put(p);
}

/* Another process will want memory of its own. Without this a program that
 * forks and forks takes all there is in small pieces, and the OOM killer ends
 * the largest process, which is somebody else. */
static bool room_for_process(void)
{
    return page_room(64);
}

static struct process *make_process(const struct clone_request *r)
{
    struct process *me = current_process(), *p = process_alloc();

    if (!p)
        return NULL;
    copy_process_state(p, me);
    itimer_init(p);
    cpu_timer_init(p);
    p->exit_signal = r->exit_signal;
    if (r->flags & CLONE_CLEAR_SIGHAND)
        signal_exec(p);
    if (r->flags & CLONE_FILES) {
        p->files = me->files;
        atomic_fetch_add_explicit(&p->files->users, 1, memory_order_relaxed);
    } else {
        p->files = fdtable_clone(me->files);
    }
    if (r->flags & CLONE_VM) {
        p->mm = current->mm;
        mm_get(p->mm);
    } else if (p->files && room_for_process()) {
        p->mm = mm_fork(current->mm);
    }
    if (p->files && p->mm)
        return p;
    process_discard(p);
    return NULL;
}

/* --- entering it into the tables ----------------------------------------- */

/* (t) becomes a thread of (p). T and siglock held. */
static void thread_join(struct process *p, struct thread *t, struct pid *pid)
{
    t->process = p;
    t->tid = pid->nr;
    t->mm = p->mm;
    pid->thread = t;
    list_add_tail(&p->threads, &t->process_link);
    p->nr_threads++;
}

static int enter_thread(struct thread *t, struct pid *pid)
{
    struct process *p = current_process();
    int rc = 0;

    spin_lock(&proc_tree_lock);
    spin_lock(&p->siglock);
    if (p->group_exit || p->exec_thread) {
        rc = -EAGAIN; /* nobody will see it */
    } else {
        thread_join(p, t, pid);
        if (p->group_stop) {
            atomic_store(&t->work, TW_STOP);
            p->stop_count++;
        }
    }
    spin_unlock(&p->siglock);
    spin_unlock(&proc_tree_lock);
    if (rc)
        return rc;
    process_get(p);
    mm_get(t->mm);
    return 0;
}

static void enter_process(struct process *p, struct thread *t, struct pid *pid,
                          uint64_t flags)
{
    struct process *me = current_process(), *parent = me;

    spin_lock(&proc_tree_lock);
    if (flags & CLONE_PARENT) {
        parent = me->parent;
        p->exit_signal = me->exit_signal;
    }
    process_link(p, parent, pid);
    session_join(p, me->sid);
    pgrp_join(p, me->pgid);
    p->tty = me->tty;
    spin_lock(&p->siglock);
    thread_join(p, t, pid);
    p->leader = t;
    spin_unlock(&p->siglock);
    spin_unlock(&proc_tree_lock);
    thread_get(t);  /* p->leader */
    process_get(p); /* t->process */
    mm_get(t->mm);
}

static void pid_discard(struct pid *pid)
{
    spin_lock(&proc_tree_lock);
    pid_release(pid);
    spin_unlock(&proc_tree_lock);
}

/* --- putting it together ------------------------------------------------- */

/* Tell both sides the number, as asked. Like Linux, do not mind if the words
 * cannot be written. */
static void write_tids(const struct clone_request *r, struct thread *t)
{
    int tid = t->tid;

    if (r->flags & CLONE_PARENT_SETTID)
        (void)put_user(tid, r->parent_tid);
    if (!(r->flags & CLONE_CHILD_SETTID))
        return;
    if (t->mm == current->mm)
        (void)put_user(tid, r->child_tid);
    else
        mm_access(t->mm, (vaddr_t)r->child_tid, &tid, sizeof(tid), true);
}

static long clone_thread(const struct clone_request *r)
{
    struct thread *t = make_thread(r);
    struct pid *pid;
    long tid;

    if (!t)
        return -ENOMEM;
    pid = pid_alloc();
    if (!pid || enter_thread(t, pid)) {
        if (pid)
            pid_discard(pid);
        thread_free(t);
        return -EAGAIN;
    }
    tid = t->tid;
    write_tids(r, t);
    thread_start(t);
    return tid;
}

/* Make the descriptor of CLONE_PIDFD: a reserved number, or -errno. */
static int reserve_pidfd(const struct clone_request *r)
{
    int fd = fd_reserve(0, true);

    if (fd >= 0 && put_user(fd, r->pidfd)) {
        fd_unreserve(fd);
        return -EFAULT;
    }
    return fd;
}

static void install_pidfd(int fd, struct process *p)
{
    struct file *f = pidfd_create(p, 0);

    if (IS_ERR(f))
        fd_unreserve(fd); /* no memory just now: the number is not open */
    else
        fd_install(fd, f);
}

static long clone_process(const struct clone_request *r)
{
    struct vfork_wait *vfork = NULL;
    struct process *p = NULL;
    struct thread *t = NULL;
    struct pid *pid = NULL;
    int pidfd = -1;
    long ret = -ENOMEM;

    if (r->flags & CLONE_PIDFD) {
        pidfd = reserve_pidfd(r);
        if (pidfd < 0)
            return pidfd;
    }
    t = make_thread(r);
    if (!t)
        goto fail;
    if ((r->flags & CLONE_VFORK) && !(vfork = vfork_create(t)))
        goto fail;
    p = make_process(r);
    if (!p)
        goto fail;
    pid = pid_alloc();
    if (!pid) {
        ret = -EAGAIN;
        goto fail;
    }
    enter_process(p, t, pid, r->flags);
    if (p->rlimits[RLIMIT_CPU].rlim_max != RLIM64_INFINITY ||
        p->rlimits[RLIMIT_CPU].rlim_cur != RLIM64_INFINITY)
        cpu_timer_limit(p);
    ret = p->pid;
    write_tids(r, t);
    if (pidfd >= 0)
        install_pidfd(pidfd, p);
    thread_start(t); /* from here on it may be gone any time */
    if (vfork)
        vfork_sleep(vfork);
    return ret;
fail:
    if (pidfd >= 0)
        fd_unreserve(pidfd);
    if (p)
        process_discard(p);
    if (vfork)
        kfree(vfork);
    if (t)
        thread_free(t);
    return ret;
}

static long do_clone(const struct clone_request *r)
{
    int rc = check(r);

    if (rc)
        return rc;
    return r->flags & CLONE_THREAD ? clone_thread(r) : clone_process(r);
}

/* --- system calls -------------------------------------------------------- */

long sys_clone(unsigned long flags, unsigned long stack, int __user *ptid,
               int __user *ctid, unsigned long tls)
{
    struct clone_request r = {
        .flags = (uint32_t)flags & ~(uint64_t)(CSIGNAL | CLONE_DETACHED),
        .exit_signal = (int)(flags & CSIGNAL),
        .sp = stack,
        .tls = tls,
        .parent_tid = ptid,
        .child_tid = ctid,
        .pidfd = ptid,
    };

    if ((flags & CLONE_PIDFD) && (flags & CLONE_PARENT_SETTID))
        return -EINVAL; /* one argument, two meanings */
    return do_clone(&r);
}

long sys_fork(void)
{
    return do_clone(&(struct clone_request){.exit_signal = SIGCHLD});
}

long sys_vfork(void)
{
    return do_clone(&(struct clone_request){.flags = CLONE_VFORK | CLONE_VM,
                                            .exit_signal = SIGCHLD});
}

/* Fields a newer program knows and we do not must be zero. */
static int copy_clone_args(struct clone_args *a, const void __user *u,
                           size_t size)
{
    uint8_t extra[64];

    memset(a, 0, sizeof(*a));
    if (size > PAGE_SIZE)
        return -E2BIG;
    if (size < CLONE_ARGS_SIZE_VER0)
        return -EINVAL;
    for (size_t at = sizeof(*a), n; at < size; at += n) {
        n = MIN(size - at, sizeof(extra));
        if (copy_from_user(extra, (const char __user *)u + at, n))
            return -EFAULT;
        for (size_t i = 0; i < n; i++)
            if (extra[i])
                return -E2BIG;
    }
    return copy_from_user(a, u, MIN(size, sizeof(*a)));
}

long sys_clone3(void __user *uargs, size_t size)
{
    struct clone_args a;
    int rc = copy_clone_args(&a, uargs, size);

    if (rc)
        return rc;
    if ((a.flags & (CSIGNAL | CLONE_DETACHED)) || a.exit_signal > NSIG_MAX ||
        ((a.flags & (CLONE_THREAD | CLONE_PARENT)) && a.exit_signal))
        return -EINVAL;
    if (!a.stack != !a.stack_size || a.stack + a.stack_size < a.stack ||
        !user_range_ok((void __user *)(uintptr_t)a.stack, a.stack_size))
        return -EINVAL;
    if (a.set_tid || a.set_tid_size) /* choosing numbers: checkpoint tools */
        return -EINVAL;
    return do_clone(&(struct clone_request){
        .flags = a.flags,
        .exit_signal = (int)a.exit_signal,
        .sp = a.stack ? a.stack + a.stack_size : 0,
        .tls = a.tls,
        .parent_tid = (int __user *)(uintptr_t)a.parent_tid,
        .child_tid = (int __user *)(uintptr_t)a.child_tid,
        .pidfd = (int __user *)(uintptr_t)a.pidfd,
    });
}

/* Nothing is shared with other processes but, after CLONE_FILES or CLONE_VM,
 * descriptors and memory; among threads nothing can be un-shared. */
long sys_unshare(unsigned long flags)
{
    if (flags & NAMESPACES)
        return -EINVAL;
    if (flags & ~(unsigned long)(CLONE_FS | CLONE_FILES | CLONE_SYSVSEM |
                                 CLONE_THREAD | CLONE_SIGHAND | CLONE_VM))
        return -EINVAL;
    if (current_process()->nr_threads > 1)
        return flags ? -EINVAL : 0;
    return flags & CLONE_FILES ? fdtable_unshare() : 0;
}

long sys_setns(int fd, int type)
{
    struct file *f = fd_get(fd);

    (void)type;
    if (!f)
        return -EBADF;
    file_put(f);
    return -EINVAL; /* no file here is a namespace */
}
