/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * signal_frame_test.c - what a handler finds and leaves: its stack, registers,
 * the context it returns to.
 */
#include "signal_show.h"

#include <setjmp.h>
#include <sys/auxv.h>
#include <sys/mman.h>

static void *volatile on_stack;

static void where_handler(int sig, siginfo_t *si, void *v)
{
    ucontext_t *uc = v;
    stack_t ss;
    char here;

    (void)si;
    on_stack = &here;
    last = sig;
    sigaltstack(NULL, &ss);
    code = ss.ss_flags;
    value = uc->uc_stack.ss_flags;
}

SECTION(altstack)
{
    size_t size = 65536;
    char *mem = malloc(size);
    stack_t ss = {mem, 0, size}, old;
    struct sigaction a = {.sa_sigaction = where_handler,
                          .sa_flags = SA_SIGINFO | SA_ONSTACK};

    R(sigaltstack(NULL, &old));
    say("flags %d size %zu", old.ss_flags, old.ss_size);
    R(sigaltstack(&ss, NULL));
    sigaction(SIGUSR1, &a, NULL);
    raise(SIGUSR1);
    say("on it %d, flags in handler %d, in frame %d",
        (char *)on_stack > mem && (char *)on_stack < mem + size, code, value);
    R(sigaltstack(NULL, &old));
    say("flags %d size %zu same %d", old.ss_flags, old.ss_size,
        old.ss_sp == mem);
    a.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR1, &a, NULL);
    raise(SIGUSR1);
    V((char *)on_stack > mem && (char *)on_stack < mem + size);
    ss.ss_size = 1000;
    R(sigaltstack(&ss, NULL));
    ss.ss_size = 13504;
    R(sigaltstack(&ss, NULL));
    ss.ss_flags = 0x10;
    R(sigaltstack(&ss, NULL));
    ss.ss_flags = SS_ONSTACK;
    R(sigaltstack(&ss, NULL));
    R(sigaltstack((void *)bad, NULL));
    R(sigaltstack(NULL, (void *)bad));
    ss.ss_flags = SS_DISABLE;
    R(sigaltstack(&ss, NULL));
    R(sigaltstack(NULL, &old));
    V(old.ss_flags);
    V(getauxval(AT_MINSIGSTKSZ) >= 1000 && getauxval(AT_MINSIGSTKSZ) <= 16384);
    CHILD
    {
        ss = (stack_t){mem, 0, size};
        sigaltstack(&ss, NULL);
        CHILD
        {
            sigaltstack(NULL, &old);
            V(old.ss_flags); /* inherited by fork */
        }
    }
    /* an overflowing stack is handled on the other one */
    CHILD
    {
        ss = (stack_t){mem, 0, size};
        sigaltstack(&ss, NULL);
        signal(SIGSEGV, SIG_DFL);
        a.sa_flags = SA_ONSTACK | SA_SIGINFO | SA_RESETHAND;
        sigaction(SIGSEGV, &a, NULL);
        *(volatile int *)bad = 1;
    }
    CHILD
    {
        /* no room for a frame */
        char *tiny =
            mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ss = (stack_t){tiny, 0, 4096};
        sigaltstack(&ss, NULL);
        a.sa_flags = SA_ONSTACK | SA_SIGINFO;
        sigaction(SIGUSR1, &a, NULL);
        raise(SIGUSR1);
    }
}

static volatile int spoiled;

static void fpu_handler(int sig)
{
    __asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n\tmovdqa %%xmm0, %%xmm7\n\t"
                     "movdqa %%xmm0, %%xmm15\n\tfninit\n\tfldz\n\t"
                     "fldz" ::
                         : "xmm0", "xmm7", "xmm15");
    (void)sig;
    spoiled++;
}

/* Registers of the SSE and x87 units, flags and MXCSR survive a handler. */
SECTION(registers)
{
    struct sigaction a = {.sa_handler = fpu_handler};
    unsigned long r[8] = {0}, flags;
    double in[2] = {1.5, 2.5}, out[6] = {0};
    unsigned mxcsr = 0x1f80 | 0x6000, after = 0;
    long double st = 0;
    pid_t pid = getpid();

    sigaction(SIGUSR1, &a, NULL);
    __asm__ volatile(
        "ldmxcsr %[mx]\n\t"
        "fldpi\n\t"
        "movupd %[in], %%xmm0\n\t movupd %[in], %%xmm7\n\t"
        "movupd %[in], %%xmm15\n\t"
        "mov $0x1111, %%rbx\n\t mov $0x2222, %%r12\n\t mov $0x3333, %%r13\n\t"
        "mov $0x4444, %%r14\n\t mov $0x5555, %%r15\n\t"
        "mov $0x6666, %%r8\n\t mov $0x7777, %%r9\n\t mov $0x8888, %%r10\n\t"
        "mov %[pid], %%edi\n\t mov %[sig], %%esi\n\t mov $62, %%eax\n\t"
        "std\n\t syscall\n\t"
        "pushfq\n\t popq %[fl]\n\t cld\n\t"
        "mov %%rbx, %[r]\n\t mov %%r12, 8+%[r]\n\t mov %%r13, 16+%[r]\n\t"
        "mov %%r14, 24+%[r]\n\t mov %%r15, 32+%[r]\n\t mov %%r8, 40+%[r]\n\t"
        "mov %%r9, 48+%[r]\n\t mov %%r10, 56+%[r]\n\t"
        "movupd %%xmm0, %[out]\n\t movupd %%xmm7, 16+%[out]\n\t"
        "movupd %%xmm15, 32+%[out]\n\t stmxcsr %[af]\n\t fstpt %[st]"
        : [r] "=m"(r), [out] "=m"(out), [af] "=m"(after), [st] "=m"(st),
          [fl] "=m"(flags)
        : [in] "m"(in), [mx] "m"(mxcsr), [pid] "m"(pid), [sig] "i"(SIGUSR1)
        : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
          "r12", "r13", "r14", "r15", "xmm0", "xmm7", "xmm15", "cc", "memory",
          "st");
    V(spoiled);
    for (int i = 0; i < 8; i++)
        say("%lx", r[i]);
    say("%g %g %g %g %g %g", out[0], out[1], out[2], out[3], out[4], out[5]);
    say("mxcsr %x direction %d pi %d", after & 0xffc0, (int)(flags >> 10 & 1),
        st > 3.14L && st < 3.15L);
}

static sigjmp_buf env;

static void edit_handler(int sig, siginfo_t *si, void *v)
{
    ucontext_t *uc = v;

    (void)si;
    last = sig;
    code = si->si_code;
    uc->uc_mcontext.gregs[REG_RIP] += 2; /* over "ud2" */
    uc->uc_mcontext.gregs[REG_RBX] = 0x77;
    sigaddset(&uc->uc_sigmask, SIGUSR2);
}

static void jump_handler(int sig, siginfo_t *si, void *v)
{
    (void)v;
    last = sig;
    code = si->si_code;
    siglongjmp(env, 1);
}

SECTION(context)
{
    struct sigaction a = {.sa_sigaction = edit_handler, .sa_flags = SA_SIGINFO};
    unsigned long rbx = 0;
    sigset_t m;

    sigaction(SIGILL, &a, NULL);
    __asm__ volatile("xor %%ebx, %%ebx\n\tud2\n\tmov %%rbx, %0"
                     : "=m"(rbx)::"rbx", "memory");
    sigprocmask(SIG_BLOCK, NULL, &m);
    say("rbx %lx signal %d code %d mask %d", rbx, last, code,
        sigismember(&m, SIGUSR2));
    a.sa_sigaction = jump_handler;
    sigaction(SIGFPE, &a, NULL);
    sigaction(SIGTRAP, &a, NULL);
    sigaction(SIGSEGV, &a, NULL);
    sigaction(SIGBUS, &a, NULL);
    if (!sigsetjmp(env, 1))
        __asm__ volatile("xor %%eax,%%eax\n\txor %%edx,%%edx\n\tdivl %%eax" ::
                             : "eax", "edx");
    say("divide: signal %d code %d", last, code);
    if (!sigsetjmp(env, 1))
        __asm__ volatile("int3");
    say("int3: signal %d code %d", last, code == SI_KERNEL);
    if (!sigsetjmp(env, 1))
        __asm__ volatile("hlt");
    say("hlt: signal %d code %d", last, code);
    if (!sigsetjmp(env, 1))
        __asm__ volatile("int $0x90");
    say("int: signal %d code %d", last, code);
    if (!sigsetjmp(env, 1))
        *(volatile char *)0x8000000000000000ul = 1;
    say("not canonical: signal %d code %d", last, code);
    if (!sigsetjmp(env, 1))
        ((void (*)(void))0x8000000000000000ul)();
    say("jump: signal %d code %d", last, code);
    if (!sigsetjmp(env, 1))
        __asm__ volatile("cli");
    say("cli: signal %d code %d", last, code);
    if (!sigsetjmp(env, 1))
        *(volatile char *)0xffffffff80000000ul = 1;
    say("kernel: signal %d code %d", last, code);
    sigset_t block;
    sigemptyset(&block);
    sigaddset(&block, SIGSEGV);
    CHILD
    {
        /* blocked: it kills all the same */
        sigprocmask(SIG_BLOCK, &block, NULL);
        *(volatile char *)bad = 1;
    }
    CHILD
    {
        signal(SIGSEGV, SIG_IGN);
        *(volatile char *)bad = 1;
    }
    CHILD
    {
        /* a broken frame */
        __asm__ volatile("mov $8, %%rsp\n\tmov $15, %%eax\n\tsyscall" ::);
    }
}
