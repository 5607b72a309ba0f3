/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * dispatch.c - from the registers of a system call to the function that
 * answers it.
 *
 * The processor hands over six 64-bit words (rdi rsi rdx r10 r8 r9: System V
 * ABI for AMD64, appendix A.2.1). One small function per call, made from
 * syscalls.def, converts them to the types of the prototype, so nothing is
 * called through a cast function pointer.
 */
#include "arch/x86_64/arch.h"
#include "lib/log.h"
#include "sched/cpu.h"
#include "sys/syscall.h"
#include "sys/trace.h"

// clang-format off
#define SYSCALL0(nr, name)                                                     \
    static long call_##name(const struct trapframe *f)                         \
    { (void)f; return sys_##name(); }
#define SYSCALL1(nr, name, t1, a1)                                             \
    static long call_##name(const struct trapframe *f)                         \
    { return sys_##name((t1)f->rdi); }
#define SYSCALL2(nr, name, t1, a1, t2, a2)                                     \
    static long call_##name(const struct trapframe *f)                         \
    { return sys_##name((t1)f->rdi, (t2)f->rsi); }
#define SYSCALL3(nr, name, t1, a1, t2, a2, t3, a3)                             \
    static long call_##name(const struct trapframe *f)                         \
    { return sys_##name((t1)f->rdi, (t2)f->rsi, (t3)f->rdx); }
#define SYSCALL4(nr, name, t1, a1, t2, a2, t3, a3, t4, a4)                     \
    static long call_##name(const struct trapframe *f)                         \
    { return sys_##name((t1)f->rdi, (t2)f->rsi, (t3)f->rdx, (t4)f->r10); }
#define SYSCALL5(nr, name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)             \
    static long call_##name(const struct trapframe *f)                         \
    { return sys_##name((t1)f->rdi, (t2)f->rsi, (t3)f->rdx, (t4)f->r10,        \
                        (t5)f->r8); }
#define SYSCALL6(nr, name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)     \
    static long call_##name(const struct trapframe *f)                         \
    { return sys_##name((t1)f->rdi, (t2)f->rsi, (t3)f->rdx, (t4)f->r10,        \
                        (t5)f->r8, (t6)f->r9); }
#include "sys/syscalls.def"
#include "sys/syscalls_undef.h"

typedef long call_fn(const struct trapframe *f);

#define SYSCALL0(nr, name, ...) [nr] = call_##name,
#define SYSCALL1 SYSCALL0
#define SYSCALL2 SYSCALL0
#define SYSCALL3 SYSCALL0
#define SYSCALL4 SYSCALL0
#define SYSCALL5 SYSCALL0
#define SYSCALL6 SYSCALL0
static call_fn *const table[] = {
#include "sys/syscalls.def"
};
#include "sys/syscalls_undef.h"
// clang-format on

/* Each number this kernel does not have is reported the first time only. */
static void report_unknown(uint64_t nr)
{
    static _Atomic uint64_t reported[8]; /* 512 numbers; above: one bit */
    uint64_t slot = nr < 511 ? nr : 511;
    uint64_t bit = 1ul << (slot % 64);

    if (atomic_fetch_or(&reported[slot / 64], bit) & bit)
        return;
    kwarn("system call %llu (%s) is not implemented: ENOSYS (first by %s[%d])",
          (unsigned long long)nr, syscall_name(nr), current->name,
          current->tid);
}

static inline long call(struct trapframe *f, uint64_t nr)
{
    if (likely(nr < ARRAY_SIZE(table) && table[nr]))
        return table[nr](f);
    report_unknown(nr);
    return -ENOSYS;
}

void syscall_dispatch(struct trapframe *f)
{
    uint64_t nr = f->error; /* the number; rax will be the result */
    long ret;

    if (unlikely(trace_enabled)) {
        trace_enter(f, nr);
        ret = call(f, nr);
        trace_exit(f, nr, ret);
    } else {
        ret = call(f, nr);
    }
    f->rax = (uint64_t)ret;
    /* Interrupted: whether to restart is decided on the way out, even if
     * another thread has taken the signal meanwhile. */
    if (unlikely(ret == -ERESTARTSYS || ret == -ERESTARTNOHAND))
        atomic_fetch_or(&current->work, TW_SIGNAL);
}
