/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * signal_wait_test.c - calls that a signal ends or that go on after it, waiting
 * for signals, timers that send them.
 */
#include "signal_show.h"

#include <poll.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

static char buf[100];

/* --- which calls go on after a handler ------------------------------------ */

static void set_alarm(int ms, int again, int flags)
{
    struct itimerval it = {{0, again * 1000}, {0, ms * 1000}};

    catch (SIGALRM, flags);
    setitimer(ITIMER_REAL, &it, NULL);
}

static void alarm_in(int ms, int flags)
{
    set_alarm(ms, 0, flags);
}

/* For a call that nothing else ends: an alarm may come before it waits. */
#define INTERRUPTED(call)                                                      \
    do {                                                                       \
        set_alarm(30, 30, 0);                                                  \
        show(__LINE__, #call, (errno = 0, (long)(call)));                      \
        set_alarm(0, 0, 0);                                                    \
    } while (0)

static int helper_fd;
static volatile int *rang; /* shared: the handler has run */

static void ring(int sig)
{
    (void)sig;
    *rang = 1;
}

static void until_asleep(pid_t pid)
{
    const char *s;
    char path[40];

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    do {
        nap(5);
        s = strrchr(get(path), ')');
    } while (s && s[2] != 'S');
}

/* A child that interrupts the call when it waits and, if it goes on then, lets
 * it end in the normal way. */
static pid_t disturb(const char *how, int goes_on)
{
    struct sigaction a = {.sa_handler = ring,
                          .sa_flags = goes_on ? SA_RESTART : 0};
    pid_t pid, caller = getpid();

    sigaction(SIGALRM, &a, NULL);
    *rang = 0;
    pid = fork();
    if (pid)
        return pid;
    until_asleep(caller);
    kill(caller, SIGALRM);
    while (!goes_on)
        pause();
    while (!*rang)
        nap(1);
    until_asleep(caller);
    if (*how == 'w')
        write(helper_fd, "x", 1);
    else if (*how == 'r')
        read(helper_fd, malloc(65536), 65536);
    _exit(0);
}

static void show_restart(const char *call, int goes_on, long r)
{
    say("%s restart %d: %ld %s", call, goes_on, r,
        r < 0 ? err_name(errno) : "");
}

#define RESTART(how, call)                                                     \
    do {                                                                       \
        for (int fl_ = 0; fl_ < 2; fl_++) {                                    \
            pid_t pid_ = disturb(how, fl_);                                    \
            errno = 0;                                                         \
            long r_ = (long)(call);                                            \
            show_restart(#call, fl_, r_);                                      \
            kill(pid_, SIGKILL);                                               \
            waitpid(pid_, NULL, 0);                                            \
        }                                                                      \
    } while (0)

/* One that ends by itself. */
#define RESTART_TIMED(call)                                                    \
    do {                                                                       \
        for (int fl_ = 0; fl_ < 2; fl_++) {                                    \
            alarm_in(30, fl_ ? SA_RESTART : 0);                                \
            errno = 0;                                                         \
            long r_ = (long)(call);                                            \
            show_restart(#call, fl_, r_);                                      \
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
    rang = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                -1, 0);
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
    RESTART_TIMED(nanosleep(&ts, NULL));
    RESTART_TIMED(clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL));
    RESTART_TIMED(syscall(SYS_futex, &word, 128, 0, &ts, NULL, 0));
    RESTART_TIMED(poll(NULL, 0, 200));
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
    INTERRUPTED(flock(f2, LOCK_EX));
    mkfifo("fifo", 0600);
    INTERRUPTED(open("fifo", O_RDONLY));
    int l = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "s"};
    bind(l, (void *)&a, sizeof(a));
    listen(l, 1);
    INTERRUPTED(accept(l, NULL, NULL));
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

/* --- waiting for signals ----------------------------------------------- */

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

/* --- timers ------------------------------------------------------------ */

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
