/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * rseq_test.c - restartable sequences as <linux/rseq.h> has them: the call's
 * errors, a per-CPU counter without atomic instructions that stays exact among
 * preempted threads, and what ends a critical section. Prints the same lines on
 * Linux and here; exit status 0 if nothing failed.
 *
 * The C library (glibc from 2.35) registers an area for every thread; the tests
 * use that one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define SIG        RSEQ_SIG
#define UNREGISTER 1
#define AREA       32u
#define KERNEL     ((void *)0xffffffff80000000ul)

static int failures;

static void show(const char *what, bool right)
{
    printf("%s: %s\n", what, right ? "yes" : "NO");
    fflush(stdout);
    failures += !right;
}

static struct rseq *area(void)
{
    return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

/* 0 or the errno. */
static int call(void *at, unsigned len, int flags, unsigned sig)
{
    return syscall(SYS_rseq, at, len, flags, sig) ? errno : 0;
}

static void show_call(const char *what, void *at, unsigned len, int flags,
                      unsigned sig)
{
    int e = call(at, len, flags, sig);

    printf("%s: %s\n", what, e ? strerrorname_np(e) : "0");
}

/* --- the call ------------------------------------------------------------ */

static void test_calls(void)
{
    static char other[4 * AREA] __attribute__((aligned(64)));
    struct rseq *r = area();

    show_call("registered already", r, AREA, 0, SIG);
    show_call("already, other address", other, AREA, 0, SIG);
    show_call("already, other length", r, 2 * AREA, 0, SIG);
    show_call("already, other signature", r, AREA, 0, SIG + 1);
    show_call("unknown flag", r, AREA, 2, SIG);
    show_call("unregister, other address", other, AREA, UNREGISTER, SIG);
    show_call("unregister, other length", r, 64, UNREGISTER, SIG);
    show_call("unregister, other signature", r, AREA, UNREGISTER, SIG + 1);
    show_call("unregister, unknown flag", r, AREA, UNREGISTER | 2, SIG);
    show_call("unregister", r, AREA, UNREGISTER, SIG);
    show("numbers are reset",
         r->cpu_id == (uint32_t)RSEQ_CPU_ID_UNINITIALIZED &&
             r->cpu_id_start == 0);
    show_call("unregister again", r, AREA, UNREGISTER, SIG);
    show_call("too short", r, AREA - 8, 0, SIG);
    show_call("misaligned", other + 8, AREA, 0, SIG);
    show_call("NULL", NULL, AREA, 0, SIG);
    show_call("kernel address", KERNEL, AREA, 0, SIG);
    show_call("non-canonical address", (void *)(1ul << 55), AREA, 0, SIG);
    r->rseq_cs = 0x1234; /* left over: the kernel clears it */
    show_call("register", r, AREA, 0, SIG);
    show("number is right", r->cpu_id == r->cpu_id_start && r->rseq_cs == 0 &&
                                (int)r->cpu_id == sched_getcpu());
}

static int cpu_of_kernel(void)
{
    unsigned cpu = ~0u;

    syscall(SYS_getcpu, &cpu, NULL, NULL);
    return (int)cpu;
}

/* On every CPU we may use. */
static void test_numbers(void)
{
    cpu_set_t all, one;
    bool right = true;

    sched_getaffinity(0, sizeof(all), &all);
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &all))
            continue;
        CPU_ZERO(&one);
        CPU_SET(i, &one);
        sched_setaffinity(0, sizeof(one), &one);
        right &= (int)area()->cpu_id == i && (int)area()->cpu_id_start == i &&
                 sched_getcpu() == i && cpu_of_kernel() == i;
    }
    sched_setaffinity(0, sizeof(all), &all);
    show("number follows the thread", right);
}

static int child_status(void (*fn)(void))
{
    int status;

    fflush(stdout);
    if (!fork()) {
        fn();
        _exit(0);
    }
    wait(&status);
    return status;
}

static void check_inherited(void)
{
    struct rseq *r = area();

    if (call(r, AREA, 0, SIG) != EBUSY || (int)r->cpu_id != cpu_of_kernel())
        _exit(1);
}

static void exec_self(void)
{
    execl("/proc/self/exe", "rseq_test", "execed", NULL);
}

static int raw_thread(void *arg)
{
    /* Another area than the parent's is refused where one is inherited. */
    *(int *)arg = call(arg + 64, AREA, 0, SIG);
    return 0;
}

static void test_inheritance(void)
{
    static char stack[65536] __attribute__((aligned(64)));
    static struct {
        int result;
        char pad[60];
        struct rseq area;
    } other __attribute__((aligned(64)));
    int status;

    show("fork inherits", child_status(check_inherited) == 0);
    show("execve forgets", child_status(exec_self) == 0);
    other.result = -1;
    clone(raw_thread, stack + sizeof(stack), CLONE_VM | SIGCHLD, &other);
    wait(&status);
    show("a thread begins without", other.result == 0);
}

/* --- a per-CPU counter ---------------------------------------------------- */

#define WORKERS 6
#define ROUNDS  60000

static struct {
    volatile long n;
    char pad[56];
} counter[1024];
static atomic_long aborted;

/* Add one to the CPU's counter by separate load, add and store, with a pause in
 * between that gives preemption a chance. False: interrupted, nothing done. */
static bool add_one(struct rseq *r, uint32_t cpu)
{
    __asm__ goto volatile(".pushsection .data.rseq_cs, \"aw\"\n"
                          ".balign 32\n"
                          "3: .long 0, 0\n"
                          ".quad 1f, 2f - 1f, 4f\n"
                          ".popsection\n"
                          "leaq 3b(%%rip), %%rax\n"
                          "movq %%rax, 8(%[r])\n"
                          "1: cmpl %[cpu], 4(%[r])\n"
                          "jne 4f\n"
                          "movq (%[n]), %%rax\n"
                          "movl $40, %%ecx\n"
                          "5: decl %%ecx\n"
                          "jnz 5b\n"
                          "incq %%rax\n"
                          "movq %%rax, (%[n])\n"
                          "2:\n"
                          ".pushsection .text.rseq_abort, \"ax\"\n"
                          ".byte 0x0f, 0xb9, 0x3d\n"
                          ".long 0x53053053\n"
                          "4: jmp %l[abort]\n"
                          ".popsection\n"
                          :
                          : [r] "r"(r), [cpu] "r"(cpu), [n] "r"(&counter[cpu].n)
                          : "rax", "rcx", "memory", "cc"
                          : abort);
    return true;
abort:
    return false;
}

static void *worker(void *arg)
{
    struct rseq *r = area();

    for (int i = 0; i < ROUNDS; i++)
        while (!add_one(r, *(volatile uint32_t *)&r->cpu_id_start))
            atomic_fetch_add(&aborted, 1);
    return arg;
}

static void test_counter(void)
{
    pthread_t t[WORKERS];
    long sum = 0;

    for (int i = 0; i < WORKERS; i++)
        pthread_create(&t[i], NULL, worker, NULL);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(t[i], NULL);
    for (size_t i = 0; i < sizeof(counter) / sizeof(counter[0]); i++)
        sum += counter[i].n;
    show("per-CPU counters are exact", sum == (long)WORKERS * ROUNDS);
}

/* --- what ends a section ---------------------------------------------------
 */

/* As struct rseq_cs, and what the next two make of it. */
struct section {
    uint32_t version, flags;
    uint64_t start, length, abort;
} __attribute__((aligned(32)));

extern const char spin_start[], spin_end[], spin_abort[], spin_unsigned[];

/* Spins in the section (cs) until it is aborted; or, if (outside), in a loop
 * outside of it until rseq_cs is cleared. */
void spin(struct rseq *r, const struct section *cs);
__asm__(".text\n"
        ".globl spin, spin_start, spin_end, spin_abort, spin_unsigned\n"
        "spin: movq %rsi, 8(%rdi)\n"
        "spin_start: jmp spin_start\n"
        "spin_end: ud2\n"
        ".long 0x12345678\n"
        "spin_unsigned: ret\n"
        ".byte 0x0f, 0xb9, 0x3d\n"
        ".long 0x53053053\n"
        "spin_abort: ret\n");

static struct section spinning(void)
{
    return (struct section){0, 0, (uint64_t)spin_start,
                            (uint64_t)(spin_end - spin_start),
                            (uint64_t)spin_abort};
}

static volatile uint64_t handler_rip, handler_cs;

static void handler(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)sig;
    (void)info;
    handler_rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
    handler_cs = area()->rseq_cs;
}

static void alarm_in_ms(int ms)
{
    struct itimerval it = {.it_value = {.tv_usec = ms * 1000}};

    setitimer(ITIMER_REAL, &it, NULL);
}

static void catch_alarm(void)
{
    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};

    sigaction(SIGALRM, &sa, NULL);
}

static void test_signal(void)
{
    static struct section s;

    s = spinning();
    catch_alarm();
    alarm_in_ms(20);
    spin(area(), &s);
    while (!handler_rip) /* something else was quicker */
        spin(area(), &s);
    show("a signal aborts before its handler runs", handler_cs == 0);
    /* A section we are not in is forgotten. */
    handler_rip = 0;
    handler_cs = 1;
    *(volatile uint64_t *)&area()->rseq_cs = (uint64_t)&s;
    alarm_in_ms(20);
    while (!handler_rip)
        ;
    show("outside of it only the pointer is cleared",
         handler_rip != s.abort && handler_cs == 0 && area()->rseq_cs == 0);
}

static void pin(pid_t tid, int cpu)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(tid, sizeof(one), &one);
}

static atomic_bool stop;

static void *hog(void *arg)
{
    pin(0, *(int *)arg);
    while (!atomic_load(&stop))
        ;
    return NULL;
}

static void test_preemption(void)
{
    static struct section s;
    cpu_set_t all;
    pthread_t t;
    int cpu;

    s = spinning();
    sched_getaffinity(0, sizeof(all), &all);
    cpu = sched_getcpu();
    pin(0, cpu);
    pthread_create(&t, NULL, hog, &cpu);
    spin(area(), &s);
    show("preemption aborts", area()->rseq_cs == 0);
    atomic_store(&stop, true);
    pthread_join(t, NULL);
    sched_setaffinity(0, sizeof(all), &all);
}

static int last_cpu(void)
{
    cpu_set_t all;
    int last = 0;

    sched_getaffinity(0, sizeof(all), &all);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &all))
            last = i;
    return last;
}

static pid_t pushed;
static int push_to;

static void *pusher(void *arg)
{
    usleep(20000);
    pin(pushed, push_to);
    return arg;
}

/* With one CPU there is nowhere to go: the pusher's turn is the preemption. */
static void test_migration(void)
{
    static struct section s;
    cpu_set_t all;
    pthread_t t;
    int to = last_cpu();

    pushed = (pid_t)syscall(SYS_gettid);
    push_to = to;
    s = spinning();
    sched_getaffinity(0, sizeof(all), &all);
    pin(0, sched_getcpu() == to && CPU_ISSET(0, &all) ? 0 : sched_getcpu());
    pthread_create(&t, NULL, pusher, NULL);
    do /* preemption may come first */
        spin(area(), &s);
    while (sched_getcpu() != to);
    pthread_join(t, NULL);
    show("migration aborts", area()->rseq_cs == 0);
    sched_setaffinity(0, sizeof(all), &all);
}

/* --- what is wrong ends in SIGSEGV ---------------------------------------- */

static struct section bad;

static void spin_badly(void)
{
    catch_alarm();
    alarm_in_ms(20);
    spin(area(), &bad);
}

static void show_killed(const char *what)
{
    int status = child_status(spin_badly);

    show(what, WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void bad_pointer(void)
{
    catch_alarm();
    alarm_in_ms(20);
    spin(area(), KERNEL);
}

/* The area goes away while it is registered; the alarm interrupts user code. */
static void area_gone(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    catch_alarm();
    if (call(area(), AREA, UNREGISTER, SIG) || call(page, AREA, 0, SIG))
        _exit(1);
    munmap(page, 4096);
    alarm_in_ms(20);
    for (;;)
        ;
}

static void test_wrong(void)
{
    int status;

    bad = spinning();
    bad.abort = (uint64_t)spin_unsigned;
    show_killed("SIGSEGV without signature");
    bad = spinning();
    bad.abort = bad.start;
    show_killed("SIGSEGV for an abort address inside");
    bad = spinning();
    bad.version = 1;
    show_killed("SIGSEGV for another version");
    bad = spinning();
    bad.flags = 1;
    show_killed("SIGSEGV for a flag");
    bad = spinning();
    bad.abort = (uint64_t)KERNEL;
    show_killed("SIGSEGV for an abort address in the kernel");
    status = child_status(bad_pointer);
    show("SIGSEGV for a section in the kernel",
         WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = child_status(area_gone);
    show("SIGSEGV when the area is gone",
         WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) /* after execve: the C library could register again */
        return __rseq_size > 0 && call(area(), AREA, 0, SIG) == EBUSY ? 0 : 1;
    show("the C library has registered", __rseq_size > 0);
    if (!__rseq_size)
        return 1;
    show("auxiliary vector", getauxval(27) >= 20 && getauxval(28) >= 32);
    test_calls();
    test_numbers();
    test_inheritance();
    test_counter();
    test_signal();
    test_preemption();
    test_migration();
    test_wrong();
    return failures != 0;
}
