/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_signal_test.c - signals as a program sees them.
 */
#include "proc_check.h"

#include <poll.h>
#include <setjmp.h>
#include <sys/time.h>
#include <sys/wait.h>

static volatile sig_atomic_t got, got_code, got_pid;
static volatile uintptr_t got_addr;

static void on_info(int s, siginfo_t *si, void *uc)
{
    (void)uc;
    got = s;
    got_code = si->si_code;
    got_pid = si->si_pid;
    got_addr = (uintptr_t)si->si_addr;
}

static void handle(int s, int flags)
{
    struct sigaction a = {.sa_flags = flags | SA_SIGINFO,
                          .sa_sigaction = on_info};

    sigaction(s, &a, NULL);
    got = got_code = got_pid = 0;
}

static void test_kill_self(void)
{
    handle(SIGUSR1, 0);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK(got == SIGUSR1 && got_code == SI_USER && got_pid == getpid());
    CHECK(kill(getpid(), 65) == -1 && errno == EINVAL);
    CHECK(kill(999999, 0) == -1 && errno == ESRCH);
    signal(SIGUSR1, SIG_DFL);
}

static void test_mask_and_pending(void)
{
    sigset_t s, p;

    handle(SIGUSR1, 0);
    sigemptyset(&s);
    sigaddset(&s, SIGUSR1);
    sigprocmask(SIG_BLOCK, &s, NULL);
    raise(SIGUSR1);
    CHECK(got == 0);
    sigpending(&p);
    CHECK(sigismember(&p, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &s, NULL);
    CHECK(got == SIGUSR1 && got_code == SI_TKILL);
    signal(SIGUSR1, SIG_DFL);
}

static int rt_order[8], rt_count;

static void on_rt(int s, siginfo_t *si, void *uc)
{
    (void)s;
    (void)uc;
    if (rt_count < 8)
        rt_order[rt_count++] = si->si_value.sival_int;
}

static void test_queue(void)
{
    struct sigaction a = {.sa_flags = SA_SIGINFO, .sa_sigaction = on_rt};
    sigset_t s;
    siginfo_t si;
    struct timespec zero = {0, 10000000};

    sigaction(SIGRTMIN, &a, NULL);
    sigemptyset(&s);
    sigaddset(&s, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &s, NULL);
    for (int i = 1; i <= 4; i++)
        CHECK(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}) ==
              0);
    CHECK(sigtimedwait(&s, &si, &zero) == SIGRTMIN &&
          si.si_value.sival_int == 1 && si.si_code == SI_QUEUE);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
    CHECK(rt_count == 3 && rt_order[0] == 2 && rt_order[2] == 4);
    sigprocmask(SIG_BLOCK, &s, NULL);
    CHECK(sigtimedwait(&s, &si, &zero) == -1 && errno == EAGAIN);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

static sigjmp_buf jump;

static void on_fault(int s, siginfo_t *si, void *uc)
{
    on_info(s, si, uc);
    siglongjmp(jump, 1);
}

static void test_fault(void)
{
    struct sigaction a = {.sa_flags = SA_SIGINFO, .sa_sigaction = on_fault};
    int st, pid;

    sigaction(SIGSEGV, &a, NULL);
    if (!sigsetjmp(jump, 1))
        *(volatile int *)0x1234 = 1;
    CHECK(got == SIGSEGV && got_code == SEGV_MAPERR && got_addr == 0x1234);
    signal(SIGSEGV, SIG_IGN); /* cannot be ignored */
    pid = fork();
    if (!pid) {
        *(volatile int *)8 = 1;
        _exit(0);
    }
    CHECK(waitpid(pid, &st, 0) == pid);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGSEGV);
    signal(SIGSEGV, SIG_DFL);
}

static char altstack[32768] __attribute__((aligned(16)));
static volatile int was_on_alt;

static void on_alt(int s)
{
    char here;

    got = s;
    was_on_alt = &here >= altstack && &here < altstack + sizeof(altstack);
    stack_t ss = {.ss_flags = SS_DISABLE};
    if (sigaltstack(&ss, NULL) != -1 || errno != EPERM)
        was_on_alt = 0;
}

static void test_altstack(void)
{
    struct sigaction a = {.sa_flags = SA_ONSTACK, .sa_handler = on_alt};
    stack_t ss = {.ss_sp = altstack, .ss_size = 13504}, old;

    CHECK(sigaltstack(&ss, &old) == 0 && (old.ss_flags & SS_DISABLE));
    sigaction(SIGUSR1, &a, NULL);
    raise(SIGUSR1);
    CHECK(was_on_alt);
    ss.ss_size = 100;
    CHECK(sigaltstack(&ss, NULL) == -1 && errno == ENOMEM);
    ss.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&ss, NULL) == 0);
    signal(SIGUSR1, SIG_DFL);
}

static void test_restart(void)
{
    int p[2], st;
    char c = 0;

    CHECK(pipe(p) == 0);
    for (int restart = 0; restart < 2; restart++) {
        handle(SIGUSR1, restart ? SA_RESTART : 0);
        pid_t me = getpid(), pid = fork();
        if (!pid) {
            sleep_ms(20);
            kill(me, SIGUSR1);
            sleep_ms(20);
            if (write(p[1], "x", 1) != 1)
                _exit(1);
            _exit(0);
        }
        ssize_t n = read(p[0], &c, 1);
        if (restart)
            CHECK(n == 1 && c == 'x' && got == SIGUSR1);
        else
            CHECK(n == -1 && errno == EINTR && got == SIGUSR1);
        while (waitpid(pid, &st, 0) == -1 && errno == EINTR)
            ;
        if (!restart)
            CHECK(read(p[0], &c, 1) == 1);
    }
    close(p[0]);
    close(p[1]);
    signal(SIGUSR1, SIG_DFL);
}

static void test_sigsuspend(void)
{
    sigset_t all, old, wait;

    handle(SIGALRM, 0);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    struct itimerval it = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &it, NULL);
    sigfillset(&wait);
    sigdelset(&wait, SIGALRM);
    CHECK(sigsuspend(&wait) == -1 && errno == EINTR && got == SIGALRM);
    sigprocmask(SIG_SETMASK, NULL, &wait);
    CHECK(sigismember(&wait, SIGALRM)); /* the old mask is back */
    got = 0;
    setitimer(ITIMER_REAL, &it, NULL);
    sigfillset(&wait);
    sigdelset(&wait, SIGALRM);
    struct timespec ts = {1, 0};
    CHECK(ppoll(NULL, 0, &ts, &wait) == -1 && errno == EINTR && got == SIGALRM);
    sigprocmask(SIG_SETMASK, &old, NULL);
    signal(SIGALRM, SIG_DFL);
}

/* A stop and a continuation do not disturb a sleep. */
static void test_stop_restarts_sleep(void)
{
    int st, pid = fork();

    if (!pid) {
        int64_t t0 = now_ns();
        struct timespec ts = {0, 200000000};
        if (nanosleep(&ts, NULL))
            _exit(1);
        _exit(now_ns() - t0 < 190000000 ? 2 : 0);
    }
    sleep_ms(30);
    kill(pid, SIGSTOP);
    CHECK(waitpid(pid, &st, WUNTRACED) == pid && WIFSTOPPED(st));
    kill(pid, SIGCONT);
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

static void test_kill_stopped(void)
{
    int st, pid = fork();

    if (!pid)
        for (;;)
            pause();
    kill(pid, SIGSTOP);
    CHECK(waitpid(pid, &st, WUNTRACED) == pid);
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, &st, 0) == pid && WTERMSIG(st) == SIGKILL);
}

CHECKS(T(kill_self), T(mask_and_pending), T(queue), T(fault), T(altstack),
       T(restart), T(sigsuspend), T(stop_restarts_sleep), T(kill_stopped))
