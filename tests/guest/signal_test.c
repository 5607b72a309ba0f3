/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * signal_test.c - signals: dispositions, masks, frames, restarts, timers.
 */
#include "show.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <ucontext.h>

static char *volatile bad = (char *)8;
static volatile sig_atomic_t count, last, code, value, from_me;
static char buf[100];

static void handler(int sig)
{
    last = sig;
    count++;
}

static void info_handler(int sig, siginfo_t *si, void *uc)
{
    (void)uc;
    last = sig;
    code = si->si_code;
    value = si->si_value.sival_int;
    from_me = si->si_pid == getpid();
    count++;
}

static void catch (int sig, int flags)
{
    struct sigaction a = {.sa_flags = flags};

    if (flags & SA_SIGINFO)
        a.sa_sigaction = info_handler;
    else
        a.sa_handler = handler;
    NEED(!sigaction(sig, &a, NULL));
}

SECTION(sigaction_forms)
{
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } k = {0}, old;

    for (int s = 0; s <= 66; s++) {
        errno = 0;
        long r = syscall(SYS_rt_sigaction, s, NULL, &old, 8);
        if (r || old.handler)
            say("query %d: %ld %s %d", s, r, err_name(errno),
                r ? 0 : (int)(long)old.handler);
    }
    SYS(rt_sigaction, SIGKILL, &k, NULL, 8);
    SYS(rt_sigaction, SIGSTOP, &k, &old, 8);
    SYS(rt_sigaction, SIGUSR1, &k, NULL, 4);
    SYS(rt_sigaction, SIGUSR1, bad, NULL, 8);
    SYS(rt_sigaction, SIGUSR1, NULL, bad, 8);
    SYS(rt_sigaction, 65, &k, NULL, 8);
    SYS(rt_sigaction, -1, &k, NULL, 8);
    k.handler = (void *)handler;
    k.flags = 0x04000000 | SA_ONSTACK | SA_NODEFER | 0x40;
    k.mask = ~0ul;
    k.restorer = (void *)handler;
    SYS(rt_sigaction, SIGUSR1, &k, NULL, 8);
    SYS(rt_sigaction, SIGUSR1, NULL, &old, 8);
    say("flags %lx mask %lx same %d %d", old.flags, old.mask,
        old.handler == k.handler, old.restorer == k.restorer);
    SYS(kill, getpid(), 0);
    SYS(kill, 999999, 0);
    SYS(kill, getpid(), 65);
    SYS(kill, getpid(), -1);
    SYS(tgkill, getpid(), gettid(), 0);
    SYS(tgkill, getpid(), 999999, 0);
    SYS(tgkill, 1, gettid(), 0);
    SYS(tgkill, -1, gettid(), 0);
    SYS(tkill, gettid(), 0);
    SYS(tkill, -1, 0);
    CHILD
    {
        NEED(!setuid(1000));
        R(kill(getppid(), 0));
        R(kill(-1, 0) || 1);
    }
}

SECTION(default_actions)
{
    for (int s = 1; s <= 64; s++) {
        pid_t pid;
        int st = -1;

        if (s == 32 || s == 33)
            continue;
        fflush(NULL);
        pid = fork();
        if (!pid) {
            struct rlimit none = {0, 0};

            setrlimit(RLIMIT_CORE, &none);
            syscall(SYS_kill, getpid(), s);
            _exit(0);
        }
        waitpid(pid, &st, WUNTRACED);
        say("%d: %s%s", s, ending(st), WCOREDUMP(st) ? " core" : "");
        if (WIFSTOPPED(st)) {
            kill(pid, SIGCONT);
            say("then %s", ending(child_wait(pid)));
        }
    }
}

SECTION(masks)
{
    sigset_t set, old, pend;
    unsigned long m = 0;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGKILL);
    R(sigprocmask(SIG_BLOCK, &set, &old));
    SYS(rt_sigprocmask, SIG_BLOCK, NULL, &m, 8);
    say("%lx", m);
    m = ~0ul;
    SYS(rt_sigprocmask, SIG_SETMASK, &m, NULL, 8);
    SYS(rt_sigprocmask, SIG_BLOCK, NULL, &m, 8);
    say("%lx", m); /* not KILL, not STOP */
    SYS(rt_sigprocmask, 77, NULL, &m, 8);
    SYS(rt_sigprocmask, 77, &m, NULL, 8);
    SYS(rt_sigprocmask, SIG_BLOCK, &m, NULL, 16);
    SYS(rt_sigprocmask, SIG_BLOCK, bad, NULL, 8);
    SYS(rt_sigprocmask, SIG_BLOCK, NULL, bad, 8);
    catch (SIGUSR1, SA_SIGINFO);
    catch (SIGRTMIN, SA_SIGINFO);
    for (int i = 0; i < 3; i++) {
        raise(SIGUSR1);
        sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i + 10});
    }
    R(sigpending(&pend));
    say("%d %d %d", sigismember(&pend, SIGUSR1), sigismember(&pend, SIGRTMIN),
        sigismember(&pend, SIGUSR2));
    sigemptyset(&set);
    R(sigprocmask(SIG_SETMASK, &set, NULL));
    say("count %d last %d value %d code %d", count, last, value, code);
    SYS(rt_sigpending, bad, 8);
    SYS(rt_sigpending, &m, 16);
    signal(SIGUSR2, SIG_IGN);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR2);
    sigpending(&pend);
    V(sigismember(&pend, SIGUSR2)); /* blocked and ignored: kept */
    signal(SIGUSR2, SIG_IGN);       /* ignoring again throws it away */
    sigpending(&pend);
    V(sigismember(&pend, SIGUSR2));
    CHILD
    {
        sigpending(&pend);
        V(sigismember(&pend, SIGUSR2));
        sigprocmask(SIG_BLOCK, NULL, &old);
        V(sigismember(&old, SIGUSR2)); /* the mask is inherited */
    }
}

static int order[20], norder;

static void order_handler(int sig)
{
    order[norder++] = sig;
}

SECTION(order)
{
    const int sigs[] = {SIGRTMIN + 2, SIGUSR2, SIGRTMIN, SIGHUP,
                        SIGTERM,      SIGUSR1, SIGCHLD};
    struct sigaction a = {.sa_handler = order_handler};
    sigset_t all, none;

    sigfillset(&all);
    sigemptyset(&none);
    a.sa_mask = all;
    for (int i = 0; i < 7; i++)
        sigaction(sigs[i], &a, NULL);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int i = 0; i < 7; i++)
        raise(sigs[i]);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int i = 0; i < norder; i++)
        say("%d", order[i]);
}

/* nested, masked by sa_mask, SA_NODEFER, SA_RESETHAND */
static void nest_handler(int sig)
{
    sigset_t m;

    sigprocmask(SIG_BLOCK, NULL, &m);
    order[norder++] = sig;
    if (norder < 5)
        raise(SIGUSR1);
    order[norder++] =
        sigismember(&m, SIGUSR1) * 100 + sigismember(&m, SIGUSR2) * 10;
}

SECTION(nesting)
{
    static const int flags[] = {0, SA_NODEFER, SA_RESETHAND};

    for (int k = 0; k < 3; k++)
        CHILD
        {
            struct sigaction a = {.sa_handler = nest_handler,
                                  .sa_flags = flags[k]};

            sigaddset(&a.sa_mask, SIGUSR2);
            sigaction(SIGUSR1, &a, NULL);
            raise(SIGUSR1);
            for (int i = 0; i < norder && i < 20; i++)
                say("%d", order[i]);
        }
}

/* --- which calls go on after a handler ------------------------------------ */

static void alarm_in(int ms, int flags)
{
    struct itimerval it = {{0, 0}, {0, ms * 1000}};

    catch (SIGALRM, flags);
    setitimer(ITIMER_REAL, &it, NULL);
}

static int helper_fd;

/* After the signal, let the call end in the normal way. */
static pid_t rescue(const char *how)
{
    pid_t pid = fork();

    if (!pid) {
        nap(120);
        if (*how == 'w')
            write(helper_fd, "x", 1);
        else if (*how == 'r')
            read(helper_fd, malloc(65536), 65536);
        _exit(0);
    }
    return pid;
}

#define RESTART(how, call)                                                     \
    do {                                                                       \
        for (int fl_ = 0; fl_ < 2; fl_++) {                                    \
            pid_t pid_ = rescue(how);                                          \
            alarm_in(30, fl_ ? SA_RESTART : 0);                                \
            errno = 0;                                                         \
            long r_ = (long)(call);                                            \
            say("%s restart %d: %ld %s", #call, fl_, r_,                       \
                r_ < 0 ? err_name(errno) : "");                                \
            kill(pid_, SIGKILL);                                               \
            waitpid(pid_, NULL, 0);                                            \
        }                                                                      \
    } while (0)

SECTION(restarts)
{
    struct timespec ts = {0, 200000000};
    struct itimerspec it = {{0, 0}, {0, 150000000}};
    uint32_t word = 0;
    int p[2], sp[2], n;
    static char big[65536];

    NEED(!pipe(p) && !socketpair(AF_UNIX, SOCK_STREAM, 0, sp));
    helper_fd = p[1];
    RESTART("w", read(p[0], buf, 1));
    RESTART("w", readv(p[0], &(struct iovec){buf, 1}, 1));
    helper_fd = sp[1];
    RESTART("w", recv(sp[0], buf, 1, 0));
    RESTART("w", recvmsg(sp[0],
                         &(struct msghdr){.msg_iov = &(struct iovec){buf, 1},
                                          .msg_iovlen = 1},
                         0));
    fcntl(p[1], F_SETFL, O_NONBLOCK);
    while (write(p[1], big, sizeof(big)) > 0)
        ;
    fcntl(p[1], F_SETFL, 0);
    helper_fd = p[0];
    RESTART("r", write(p[1], "x", 1));
    RESTART("", nanosleep(&ts, NULL));
    RESTART("", clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL));
    RESTART("", syscall(SYS_futex, &word, 128, 0, &ts, NULL, 0));
    RESTART("", poll(NULL, 0, 200));
    RESTART("", pause());
    n = timerfd_create(CLOCK_MONOTONIC, 0);
    for (int i = 0; i < 2; i++) {
        timerfd_settime(n, 0, &it, NULL);
        alarm_in(30, i ? SA_RESTART : 0);
        errno = 0;
        long r = read(n, buf, 8);
        say("timerfd restart %d: %ld %s", i, r, r < 0 ? err_name(errno) : "");
    }
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (!pid) {
            nap(150);
            _exit(5);
        }
        alarm_in(30, i ? SA_RESTART : 0);
        errno = 0;
        long r = waitpid(pid, &n, 0);
        say("wait restart %d: %s", i, r > 0 ? "child" : err_name(errno));
        if (r < 0)
            waitpid(pid, &n, 0);
    }
    sigset_t none;
    sigemptyset(&none);
    RESTART("", sigsuspend(&none));
    int f1 = open("lock", O_CREAT | O_RDWR, 0600), f2 = open("lock", O_RDWR);
    flock(f1, LOCK_EX);
    for (int i = 0; i < 1; i++) {
        alarm_in(30, 0);
        R(flock(f2, LOCK_EX));
    }
    mkfifo("fifo", 0600);
    alarm_in(30, 0);
    R(open("fifo", O_RDONLY));
    int l = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "s"};
    bind(l, (void *)&a, sizeof(a));
    listen(l, 1);
    alarm_in(30, 0);
    R(accept(l, NULL, NULL));
    /* what is left of a sleep */
    struct timespec rem = {9, 9};
    alarm_in(30, SA_RESTART);
    ts = (struct timespec){1, 0};
    R(nanosleep(&ts, &rem));
    V(rem.tv_sec == 0 && rem.tv_nsec > 100000000);
    alarm_in(30, SA_RESTART);
    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec++;
    rem.tv_sec = 9;
    R(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, &rem));
    V(rem.tv_sec);
    SYS(nanosleep, &(struct timespec){0, 1000000000}, NULL);
    SYS(nanosleep, &(struct timespec){-1, 0}, NULL);
    SYS(nanosleep, bad, NULL);
    SYS(clock_nanosleep, 99, 0, &ts, NULL);
    SYS(clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &ts, NULL);
    SYS(nanosleep, &(struct timespec){0, 0}, NULL);
    /* part of a write is its result */
    fcntl(sp[0], F_SETFL, 0);
    char *huge = calloc(1, 4 << 20);
    alarm_in(50, SA_RESTART);
    n = (int)write(sp[0], huge, 4 << 20);
    V(n > 0 && n < 4 << 20);
}

/* --- the frame -------------------------------------------------------------
 */

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

/* --- waiting for signals ----------------------------------------------------
 */

SECTION(sigwaiting)
{
    struct timespec zero = {0, 0}, some = {0, 20000000};
    siginfo_t si;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    R(sigtimedwait(&set, &si, &zero));
    R(sigtimedwait(&set, &si, &some));
    raise(SIGUSR1);
    R(sigtimedwait(&set, &si, &zero));
    say("code %d mine %d", si.si_code, si.si_pid == getpid());
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 5});
    kill(getpid(), SIGUSR1);
    R(sigwaitinfo(&set, &si));
    say("code %d", si.si_code);
    R(sigwaitinfo(&set, &si));
    say("code %d value %d", si.si_code, si.si_int);
    alarm_in(20, SA_RESTART);
    R(sigtimedwait(&set, &si, &(struct timespec){5, 0}));
    SYS(rt_sigtimedwait, &set, &si, &zero, 4);
    SYS(rt_sigtimedwait, bad, &si, &zero, 8);
    SYS(rt_sigtimedwait, &set, &si, &(struct timespec){0, -1}, 8);
    si = (siginfo_t){.si_signo = SIGUSR1, .si_code = SI_QUEUE};
    SYS(rt_sigqueueinfo, getpid(), SIGUSR1, &si);
    R(sigtimedwait(&set, &si, &zero));
    si.si_code = SI_KERNEL;
    CHILD
    {
        SYS(rt_sigqueueinfo, getppid(), SIGUSR1, &si);
        si.si_code = SI_USER;
        SYS(rt_sigqueueinfo, getppid(), 0, &si);
    }
    SYS(rt_sigqueueinfo, 999999, SIGUSR1, &si);
}

/* --- timers ------------------------------------------------------------------
 */

SECTION(timers)
{
    struct itimerval it = {{0, 5000}, {0, 5000}}, old;
    struct itimerspec ts = {{0, 0}, {100, 0}}, got;
    struct sigevent ev = {.sigev_notify = SIGEV_NONE};
    timer_t id;

    R(getitimer(ITIMER_REAL, &old));
    say("%ld %ld", old.it_value.tv_sec, old.it_interval.tv_usec);
    catch (SIGALRM, SA_RESTART);
    R(setitimer(ITIMER_REAL, &it, NULL));
    count = 0;
    while (count < 3)
        pause();
    it = (struct itimerval){{0, 0}, {100, 0}};
    R(setitimer(ITIMER_REAL, &it, &old));
    V(old.it_interval.tv_usec);
    V(alarm(0) > 90);
    R(alarm(50));
    V(alarm(0));
    V(alarm(0));
    R(setitimer(9, &it, NULL));
    R(getitimer(9, &it));
    R(setitimer(ITIMER_REAL, (void *)bad, NULL));
    it.it_value.tv_usec = 1000000;
    R(setitimer(ITIMER_REAL, &it, NULL));
    R(timer_create(CLOCK_MONOTONIC, &ev, &id));
    R(timer_gettime(id, &got));
    V(got.it_value.tv_sec);
    R(timer_settime(id, 0, &ts, NULL));
    R(timer_gettime(id, &got));
    V(got.it_value.tv_sec == 99 || got.it_value.tv_sec == 100);
    R(timer_settime(id, 0, &(struct itimerspec){{0, 0}, {0, 0}}, &got));
    V(got.it_value.tv_sec >= 99);
    R(timer_getoverrun(id));
    R(timer_delete(id));
    SYS(timer_delete, 12345);
    SYS(timer_gettime, 12345, &got);
    SYS(timer_create, 99, NULL, &id);
    ev.sigev_notify = 99;
    SYS(timer_create, CLOCK_MONOTONIC, &ev, &id);
    ev = (struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 99};
    SYS(timer_create, CLOCK_MONOTONIC, &ev, &id);
    ev = (struct sigevent){.sigev_notify = SIGEV_THREAD_ID,
                           .sigev_signo = SIGUSR1};
    ev._sigev_un._tid = gettid();
    catch (SIGUSR1, SA_SIGINFO);
    int kid = 0;
    SYS(timer_create, CLOCK_REALTIME, &ev, &kid);
    ts.it_value = (struct timespec){0, 1};
    count = 0;
    SYS(timer_settime, kid, TIMER_ABSTIME, &ts, NULL);
    while (!count)
        ;
    say("code %d", code);
    /* not inherited by fork */
    alarm(100);
    CHILD
    {
        V(alarm(0));
    }
    V(alarm(0) > 90);
}

/* --- threads
 * ------------------------------------------------------------------ */

static pid_t tids[3];
static volatile pid_t got_it;

static void who_handler(int sig)
{
    got_it = gettid();
    last = sig;
}

static void *wait_masked(void *arg)
{
    sigset_t m;

    sigemptyset(&m);
    if ((intptr_t)arg == 1)
        sigaddset(&m, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &m, NULL);
    tids[(intptr_t)arg] = gettid();
    for (;;)
        pause();
    return NULL;
}

static void threads_until_killed(void)
{
    struct sigaction a = {.sa_handler = who_handler};
    pthread_t t[3];
    sigset_t m;

    sigaction(SIGUSR1, &a, NULL);
    sigaction(SIGUSR2, &a, NULL);
    sigemptyset(&m);
    /* the main thread is preferred */
    for (long i = 1; i < 3; i++)
        pthread_create(&t[i], NULL, wait_masked, (void *)i);
    while (!tids[1] || !tids[2])
        nap(1);
    nap(20);
    CHILD
    {
        kill(getppid(), SIGUSR2);
    }
    V(got_it == getpid());
    /* blocked here and in thread 1: thread 2 takes it */
    sigaddset(&m, SIGUSR1);
    sigaddset(&m, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &m, NULL);
    got_it = 0;
    kill(getpid(), SIGUSR1);
    while (!got_it)
        nap(1);
    V(got_it == tids[2]);
    got_it = 0;
    pthread_kill(t[1], SIGUSR2);
    while (!got_it)
        nap(1);
    V(got_it == tids[1]);
    pthread_kill(t[1], SIGUSR1); /* blocked there: pending for it alone */
    nap(10);
    sigset_t pend;
    sigpending(&pend);
    V(sigismember(&pend, SIGUSR1));
    SYS(tgkill, getpid(), tids[1], SIGKILL); /* the whole process */
    nap(1000);
    say("still here");
}

SECTION(threads)
{
    CHILD
    {
        threads_until_killed();
    }
}

SECTION(children)
{
    catch (SIGCHLD, SA_SIGINFO | SA_RESTART);
    CHILD
    {
        _exit(3);
    }
    while (!count)
        nap(1);
    say("code %d", code);
    catch (SIGCHLD, SA_SIGINFO | SA_RESTART | SA_NOCLDSTOP);
    count = 0;
    pid_t pid = fork();
    if (!pid) {
        raise(SIGSTOP);
        _exit(0);
    }
    int st;
    waitpid(pid, &st, WUNTRACED);
    say("%s, %d signals", ending(st), count);
    kill(pid, SIGCONT);
    waitpid(pid, &st, 0);
    while (!count)
        nap(1);
    say("%s, %d signals code %d", ending(st), count, code);
    /* signals of a parent that dies */
    CHILD
    {
        int p[2];

        NEED(!pipe(p));
        if (!fork()) {
            catch (SIGUSR1, 0);
            prctl(PR_SET_PDEATHSIG, SIGUSR1);
            write(p[1], "x", 1);
            while (!last)
                nap(1);
            nap(50); /* after the line of the parent's parent */
            say("parent death: %d", last);
            _exit(0);
        }
        read(p[0], buf, 1);
    }
    nap(200);
}
