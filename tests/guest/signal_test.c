/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * signal_test.c - signals: dispositions, masks, order, threads, children.
 */
#include "signal_show.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static char buf[100];

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

/* --- threads ----------------------------------------------------------- */

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

/* A stopped child gets (signo), and goes on when it did not die of it. */
static void end_stopped(int signo)
{
    pid_t pid = fork();
    int st;

    if (!pid) {
        struct rlimit none = {0, 0};

        setrlimit(RLIMIT_CORE, &none);
        raise(SIGSTOP);
        _exit(7);
    }
    waitpid(pid, &st, WUNTRACED);
    kill(pid, signo);
    if (signo != SIGKILL) {
        nap(20);
        say("%d: %s", signo, waitpid(pid, &st, WNOHANG) ? ending(st) : "waits");
        kill(pid, SIGCONT);
    }
    say("%d: %s", signo, ending(child_wait(pid)));
}

SECTION(stopped)
{
    const int signals[] = {SIGABRT, SIGTERM, SIGUSR1,
                           SIGURG,  SIGKILL, SIGRTMIN};

    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
        end_stopped(signals[i]);
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
