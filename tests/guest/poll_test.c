/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * poll_test.c - readiness: poll, select, epoll, timerfd, eventfd, signalfd.
 */
#include "show.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>

static char buf[70000];

/* epoll_wait without waiting: the events and data seen, one a line. */
static void show_events(int line, int ep, int timeout)
{
    struct epoll_event ev[32];
    int n = epoll_wait(ep, ev, 32, timeout);

    if (n <= 0)
        say("%d: %d events %s", line, n, n < 0 ? err_name(errno) : "");
    for (int i = 0; i < n; i++)
        say("%d: %x data %llx", line, ev[i].events, (long long)ev[i].data.u64);
}
#define EVENTS(ep) show_events(__LINE__, ep, 0)
#define WAIT(ep)   show_events(__LINE__, ep, 2000)

static long ctl(int ep, int op, int fd, unsigned events)
{
    struct epoll_event ev = {.events = events,
                             .data.u64 = 0xdeadbeef00000000ull | (unsigned)fd};

    return epoll_ctl(ep, op, fd, &ev);
}

SECTION(epoll_errors)
{
    struct epoll_event ev = {.events = EPOLLIN};
    int ep, p[2], f;

    R(epoll_create(256));
    SYS(epoll_create, 0);
    SYS(epoll_create, -1);
    SYS(epoll_create1, 0x1234);
    R(epoll_create1(EPOLL_CLOEXEC));
    ep = 3;
    NEED(!pipe(p));
    put("f", "x");
    f = open("f", O_RDWR);
    R(ctl(ep, EPOLL_CTL_ADD, f, EPOLLIN));
    R(ctl(ep, EPOLL_CTL_ADD, open(".", O_RDONLY), EPOLLIN));
    R(ctl(ep, EPOLL_CTL_ADD, 0, EPOLLIN)); /* /dev/null */
    R(ctl(ep, EPOLL_CTL_ADD, open("/dev/zero", O_RDONLY), EPOLLIN));
    R(ctl(ep, EPOLL_CTL_ADD, open("/proc/self/status", O_RDONLY), EPOLLIN));
    R(ctl(ep, EPOLL_CTL_ADD, open("f", O_PATH), EPOLLIN));
    R(ctl(ep, EPOLL_CTL_ADD, 99, EPOLLIN));
    R(ctl(99, EPOLL_CTL_ADD, p[0], EPOLLIN));
    R(ctl(p[0], EPOLL_CTL_ADD, p[1], EPOLLIN));
    R(ctl(ep, EPOLL_CTL_ADD, ep, EPOLLIN));
    R(ctl(f, EPOLL_CTL_ADD, f, EPOLLIN));
    R(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN));
    R(ctl(ep, EPOLL_CTL_DEL, p[0], EPOLLIN));
    R(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN));
    R(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN));
    R(ctl(ep, EPOLL_CTL_ADD, p[1], 0));
    R(ctl(ep, 4, p[0], EPOLLIN));
    R(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], (void *)bad));
    R(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], NULL));
    R(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL));
    R(epoll_ctl(ep, EPOLL_CTL_DEL, 99, NULL));
    R(epoll_ctl(ep, EPOLL_CTL_DEL, -1, NULL));
    R(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLEXCLUSIVE));
    R(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN));
    R(ctl(ep, EPOLL_CTL_ADD, dup(p[0]), EPOLLEXCLUSIVE | EPOLLONESHOT));
    R(epoll_wait(ep, &ev, 0, 0));
    R(epoll_wait(ep, &ev, -1, 0));
    R(epoll_wait(ep, &ev, 1 << 30, 0));
    R(epoll_wait(99, &ev, 1, 0));
    R(epoll_wait(p[0], &ev, 1, 0));
    R(epoll_wait(f, &ev, 1, 0));
    R(epoll_wait(ep, &ev, 1, 0));
    write(p[1], "x", 1);
    R(epoll_wait(ep, (void *)bad, 1, 0));
    R(epoll_wait(ep, &ev, 1, 0));
    R(read(ep, buf, 8));
    R(write(ep, buf, 8));
    /* sets in sets */
    int e[6];
    for (int i = 0; i < 6; i++)
        e[i] = epoll_create1(0);
    R(ctl(e[0], EPOLL_CTL_ADD, e[1], EPOLLIN));
    R(ctl(e[1], EPOLL_CTL_ADD, e[0], EPOLLIN));
    R(ctl(e[1], EPOLL_CTL_ADD, e[2], EPOLLIN));
    R(ctl(e[2], EPOLL_CTL_ADD, e[3], EPOLLIN));
    R(ctl(e[3], EPOLL_CTL_ADD, e[4], EPOLLIN));
    R(ctl(e[4], EPOLL_CTL_ADD, e[5], EPOLLIN));
    R(ctl(e[4], EPOLL_CTL_ADD, e[0], EPOLLIN));
    R(ctl(e[3], EPOLL_CTL_ADD, p[0], EPOLLIN));
    EVENTS(e[0]);
    EVENTS(e[3]);
    struct pollfd pf = {e[0], POLLIN, 0};
    R(poll(&pf, 1, 0));
    V(pf.revents);
}

SECTION(epoll_pipe)
{
    int ep = epoll_create(1), p[2];

    NEED(!pipe2(p, O_NONBLOCK));
    R(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN));
    R(ctl(ep, EPOLL_CTL_ADD, p[1], EPOLLOUT));
    EVENTS(ep);
    write(p[1], "x", 1);
    EVENTS(ep);
    EVENTS(ep);
    ctl(ep, EPOLL_CTL_MOD, p[1], 0);
    EVENTS(ep);
    read(p[0], buf, 1);
    EVENTS(ep);
    while (write(p[1], buf, 4096) > 0)
        ;
    ctl(ep, EPOLL_CTL_MOD, p[1], EPOLLOUT);
    ctl(ep, EPOLL_CTL_MOD, p[0], 0);
    EVENTS(ep);
    read(p[0], buf, 1);
    EVENTS(ep); /* less than a page free */
    read(p[0], buf, 4096);
    EVENTS(ep);
    close(p[0]);
    EVENTS(ep);
    ctl(ep, EPOLL_CTL_MOD, p[1], 0);
    EVENTS(ep);
    close(p[1]);
    EVENTS(ep);
    NEED(!pipe2(p, O_NONBLOCK));
    ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN);
    write(p[1], "x", 1);
    close(p[1]);
    EVENTS(ep);
    read(p[0], buf, 1);
    EVENTS(ep);
    read(p[0], buf, 1);
    ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLRDHUP | EPOLLPRI);
    EVENTS(ep);
    /* the last descriptor counts, not the one that was added */
    NEED(!pipe2(p, O_NONBLOCK));
    ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN);
    int d = dup(p[0]);
    close(p[0]);
    write(p[1], "x", 1);
    EVENTS(ep);
    R(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL));
    close(d);
    EVENTS(ep);
}

SECTION(oneshot)
{
    int ep = epoll_create(256), sp[2], p[2];

    NEED(!socketpair(AF_UNIX, SOCK_STREAM, 0, sp));
    R(ctl(ep, EPOLL_CTL_ADD, sp[0], EPOLLIN | EPOLLONESHOT));
    EVENTS(ep);
    write(sp[1], "a", 1);
    EVENTS(ep);
    EVENTS(ep);
    write(sp[1], "b", 1);
    EVENTS(ep);
    R(ctl(ep, EPOLL_CTL_MOD, sp[0], EPOLLONESHOT)); /* disarmed */
    EVENTS(ep);
    R(ctl(ep, EPOLL_CTL_MOD, sp[0], EPOLLIN | EPOLLONESHOT));
    EVENTS(ep);
    R(ctl(ep, EPOLL_CTL_MOD, sp[0], EPOLLOUT | EPOLLONESHOT));
    EVENTS(ep);
    EVENTS(ep);
    close(sp[1]);
    EVENTS(ep); /* used up: not even the hang-up */
    R(ctl(ep, EPOLL_CTL_MOD, sp[0], EPOLLONESHOT));
    EVENTS(ep);
    EVENTS(ep);
    R(ctl(ep, EPOLL_CTL_MOD, sp[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP));
    EVENTS(ep);
    NEED(!pipe(p));
    R(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLONESHOT));
    close(sp[0]);
    EVENTS(ep);
    close(p[1]);
    EVENTS(ep);
    EVENTS(ep);
    /* level and pause by events = 0 */
    NEED(!pipe(p));
    R(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN));
    write(p[1], "xy", 2);
    EVENTS(ep);
    R(ctl(ep, EPOLL_CTL_MOD, p[0], 0));
    EVENTS(ep);
    R(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN));
    EVENTS(ep);
    /* edge */
    R(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET));
    EVENTS(ep);
    EVENTS(ep);
    write(p[1], "z", 1);
    EVENTS(ep);
    EVENTS(ep);
    read(p[0], buf, 1);
    EVENTS(ep);
}

SECTION(exclusive)
{
    int a = epoll_create(1), b = epoll_create(1), c = epoll_create(1), p[2];
    struct epoll_event ev;

    NEED(!pipe(p));
    R(ctl(a, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLEXCLUSIVE));
    R(ctl(b, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLEXCLUSIVE));
    R(ctl(c, EPOLL_CTL_ADD, p[0], EPOLLIN));
    write(p[1], "x", 1);
    EVENTS(a);
    EVENTS(b);
    EVENTS(c);
    R(epoll_wait(a, (void *)bad, 1, 0)); /* is not lost by that */
    R(epoll_wait(a, &ev, 1, 0));
    read(p[0], buf, 1);
    EVENTS(a);
    /* the set where somebody waits gets it */
    CHILD
    {
        nap(50);
        write(p[1], "y", 1);
        nap(50);
    }
    WAIT(b);
    EVENTS(a);
}

SECTION(sockets)
{
    int ep = epoll_create(1), sp[2];

    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
        NEED(!socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, sp));
        ctl(ep, EPOLL_CTL_ADD, sp[0],
            EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI);
        EVENTS(ep);
        write(sp[1], "x", 1);
        EVENTS(ep);
        int n = 0;
        while (write(sp[0], buf, 4096) > 0)
            n++;
        V(n > 4);
        EVENTS(ep);
        while (read(sp[1], buf, sizeof(buf)) > 0)
            ;
        EVENTS(ep);
        R(shutdown(sp[1], SHUT_WR));
        EVENTS(ep);
        R(shutdown(sp[0], SHUT_RD));
        EVENTS(ep);
        R(shutdown(sp[0], SHUT_WR));
        EVENTS(ep);
        close(sp[1]);
        EVENTS(ep);
        close(sp[0]);
    }
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "sock"};
    ctl(ep, EPOLL_CTL_ADD, s, EPOLLIN | EPOLLOUT);
    EVENTS(ep); /* unconnected */
    R(bind(s, (void *)&a, sizeof(a)));
    R(listen(s, 1));
    EVENTS(ep);
    int c = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    R(connect(c, (void *)&a, sizeof(a)));
    EVENTS(ep);
    int t = accept(s, NULL, NULL);
    EVENTS(ep);
    close(t);
    ctl(ep, EPOLL_CTL_ADD, c, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    EVENTS(ep);
}

static void on_signal(int sig)
{
    (void)sig;
}

static void interrupt_in(int ms, int flags)
{
    struct sigaction a = {.sa_handler = on_signal, .sa_flags = flags};
    struct itimerval it = {{0, 0}, {0, ms * 1000}};

    sigaction(SIGALRM, &a, NULL);
    setitimer(ITIMER_REAL, &it, NULL);
}

SECTION(waiting)
{
    int ep = epoll_create(1), p[2];
    struct timespec ts = {5, 0}, zero = {0, 0}, wrong = {0, 1000000000};
    struct pollfd pf;
    struct epoll_event ev;
    fd_set set;
    sigset_t none, alrm;

    NEED(!pipe(p));
    sigemptyset(&none);
    sigemptyset(&alrm);
    sigaddset(&alrm, SIGALRM);
    pf = (struct pollfd){p[0], POLLIN, 0};
    for (int restart = 0; restart < 2; restart++) {
        int fl = restart ? SA_RESTART : 0;

        interrupt_in(20, fl);
        R(epoll_wait(ep, &ev, 1, -1));
        interrupt_in(20, fl);
        R(poll(&pf, 1, -1));
        interrupt_in(20, fl);
        R(select(0, NULL, NULL, NULL, NULL));
        interrupt_in(20, fl);
        SYS(pselect6, 0, NULL, NULL, NULL, NULL, NULL);
        interrupt_in(20, fl);
        SYS(ppoll, &pf, 1, NULL, NULL, 8);
        interrupt_in(20, fl);
        SYS(epoll_pwait, ep, &ev, 1, -1, NULL, 8);
    }
    /* A mask: the signal is pending and comes with the call. */
    sigprocmask(SIG_BLOCK, &alrm, NULL);
    raise(SIGALRM);
    R(ppoll(&pf, 1, &ts, &none));
    raise(SIGALRM);
    R(epoll_pwait(ep, &ev, 1, 5000, &none));
    raise(SIGALRM);
    FD_ZERO(&set);
    R(pselect(0, NULL, NULL, NULL, &ts, &none));
    raise(SIGALRM);
    write(p[1], "x", 1);
    R(ppoll(&pf, 1, &ts, &none)); /* ready, and the signal stays */
    sigset_t pend;
    sigpending(&pend);
    V(sigismember(&pend, SIGALRM));
    sigprocmask(SIG_UNBLOCK, &alrm, NULL);
    raise(SIGALRM);
    R(ppoll(&pf, 1, &zero, &alrm));
    SYS(ppoll, &pf, 1, NULL, &none, 4);
    SYS(ppoll, &pf, 1, &wrong, NULL, 8);
    SYS(ppoll, &pf, 1, bad, NULL, 8);
    SYS(ppoll, bad, 1, &zero, NULL, 8);
    SYS(ppoll, &pf, 1, &zero, bad, 8);
    SYS(ppoll, NULL, 0, &zero, NULL, 8);
    SYS(epoll_pwait, ep, &ev, 1, 0, &none, 4);
    SYS(epoll_pwait2, ep, &ev, 1, &zero, NULL, 8);
    SYS(epoll_pwait2, ep, &ev, 1, &wrong, NULL, 8);
    /* time-outs */
    long long t0 = now_ms();
    read(p[0], buf, 1);
    R(poll(&pf, 1, 30));
    V(now_ms() - t0 >= 30);
    t0 = now_ms();
    R(epoll_wait(ep, &ev, 1, 30));
    V(now_ms() - t0 >= 30);
    struct timeval tv = {0, 30000};
    t0 = now_ms();
    R(select(0, NULL, NULL, NULL, &tv));
    V(now_ms() - t0 >= 30);
    V(tv.tv_sec || tv.tv_usec); /* written back */
    tv = (struct timeval){0, -1};
    R(select(0, NULL, NULL, NULL, &tv));
    tv = (struct timeval){0, 2000000};
    SYS(select, 0, NULL, NULL, NULL, bad);
    ts = (struct timespec){0, 1000000};
    SYS(pselect6, 0, NULL, NULL, NULL, &ts, NULL);
    V(ts.tv_nsec);
}

SECTION(poll_kinds)
{
    struct pollfd p[8];
    int pp[2], qq[2], sp[2];

    put("f", "x");
    NEED(!pipe(pp) && !pipe(qq) && !socketpair(AF_UNIX, SOCK_STREAM, 0, sp));
    close(qq[1]);
    p[0] = (struct pollfd){open("f", O_RDONLY), POLLIN | POLLOUT, 0};
    p[1] = (struct pollfd){-1, POLLIN, 77};
    p[2] = (struct pollfd){99, POLLIN, 0};
    p[3] = (struct pollfd){pp[0], POLLIN | POLLRDNORM, 0};
    p[4] = (struct pollfd){pp[1], POLLOUT | POLLWRNORM, 0};
    p[5] = (struct pollfd){qq[0], 0, 0};
    p[6] = (struct pollfd){sp[0], 0x7fff, 0};
    p[7] = (struct pollfd){open("f", O_PATH), POLLIN, 0};
    R(poll(p, 8, 1000));
    for (int i = 0; i < 8; i++)
        V(p[i].revents);
    write(pp[1], "x", 1);
    p[3].revents = 0;
    R(poll(p + 3, 1, 1000));
    V(p[3].revents);
    R(poll(NULL, 0, 1));
    R(poll((void *)bad, 1, 0));
    R(poll(p, 1000000, 0));
    R(poll(p, 0, 0));
    close(pp[0]);
    R(poll(p + 4, 1, 0));
    V(p[4].revents);
    p[0].events = POLLIN;
    R(poll(p, 1, -5 < 0 ? 10 : 0));
}

SECTION(select_kinds)
{
    fd_set r, w, x;
    struct timeval tv = {0, 0};
    int p[2];

    NEED(!pipe(p));
    put("f", "x");
    int f = open("f", O_RDONLY);
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_ZERO(&x);
    FD_SET(p[0], &r);
    FD_SET(p[1], &w);
    FD_SET(p[0], &x);
    R(select(p[1] + 1, &r, &w, &x, &tv));
    say("%d %d %d", FD_ISSET(p[0], &r), FD_ISSET(p[1], &w), FD_ISSET(p[0], &x));
    FD_SET(f, &r);
    FD_SET(f, &w);
    R(select(f + 1, &r, &w, NULL, &tv));
    write(p[1], "x", 1);
    FD_SET(p[0], &r);
    R(select(p[0] + 1, &r, NULL, NULL, NULL));
    R(select(p[0], &r, NULL, NULL, &tv)); /* not among the first */
    FD_ZERO(&r);
    FD_SET(60, &r);
    R(select(61, &r, NULL, NULL, &tv));
    R(select(50, &r, NULL, NULL, &tv));
    R(select(-1, &r, NULL, NULL, &tv));
    SYS(select, 1, bad, NULL, NULL, &tv);
    close(p[1]);
    read(p[0], buf, 1);
    FD_ZERO(&r);
    FD_SET(p[0], &r);
    FD_ZERO(&x);
    FD_SET(p[0], &x);
    R(select(p[0] + 1, &r, NULL, &x, &tv));
    say("%d %d", FD_ISSET(p[0], &r), FD_ISSET(p[0], &x));
    SYS(select, 2000000, NULL, NULL, NULL, &tv);
}

SECTION(timerfds)
{
    struct itimerspec it = {{0, 0}, {0, 20000000}}, old, off = {{0, 0}, {0, 0}};
    int fd, ep = epoll_create(1);
    uint64_t n;

    R(timerfd_create(CLOCK_MONOTONIC, 0));
    R(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC));
    R(timerfd_create(CLOCK_BOOTTIME, 0));
    R(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
    R(timerfd_create(CLOCK_MONOTONIC_RAW, 0));
    R(timerfd_create(99, 0));
    R(timerfd_create(CLOCK_MONOTONIC, 0x10));
    fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN);
    R(read(fd, &n, 8));
    R(read(fd, &n, 4));
    R(write(fd, &n, 8));
    R(timerfd_gettime(fd, &old));
    say("%ld %ld", old.it_value.tv_sec, old.it_value.tv_nsec);
    R(timerfd_settime(fd, 0, &it, NULL));
    EVENTS(ep);
    WAIT(ep);
    EVENTS(ep); /* stays: it was not read */
    it.it_value.tv_sec = 604799;
    R(timerfd_settime(fd, 0, &it, &old)); /* set again: no longer ready */
    say("%ld %ld", old.it_value.tv_sec, old.it_value.tv_nsec);
    EVENTS(ep);
    R(timerfd_gettime(fd, &old));
    V(old.it_value.tv_sec);
    it.it_value = (struct timespec){0, 1000000};
    R(timerfd_settime(fd, 0, &it, NULL));
    WAIT(ep);
    R(timerfd_settime(fd, 0, &off, NULL)); /* disarmed: no longer ready */
    EVENTS(ep);
    R(read(fd, &n, 8));
    it.it_interval.tv_nsec = 5000000;
    R(timerfd_settime(fd, 0, &it, NULL));
    nap(40);
    R(read(fd, &n, 8));
    V(n >= 4);
    R(timerfd_settime(fd, 0, &off, &old));
    V(old.it_interval.tv_nsec);
    it = (struct itimerspec){{0, 0}, {0, 1}};
    R(timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL)); /* long past */
    WAIT(ep);
    R(read(fd, &n, 8));
    V(n);
    it.it_value.tv_nsec = 1000000000;
    R(timerfd_settime(fd, 0, &it, NULL));
    it.it_value.tv_nsec = -1;
    R(timerfd_settime(fd, 0, &it, NULL));
    R(timerfd_settime(fd, 0, (void *)bad, NULL));
    it.it_value.tv_nsec = 1;
    R(timerfd_settime(fd, 0x80, &it, NULL));
    R(timerfd_settime(99, 0, &it, NULL));
    R(timerfd_settime(0, 0, &it, NULL));
    R(timerfd_settime(ep, 0, &it, NULL));
    R(timerfd_settime(fd, 0, &off, (void *)bad));
    R(timerfd_gettime(fd, (void *)bad));
    R(timerfd_gettime(0, &old));
    /* a oneshot watch of a timer, as the poll thread has it */
    ctl(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT);
    it = (struct itimerspec){{0, 0}, {0, 1000000}};
    timerfd_settime(fd, 0, &it, NULL);
    WAIT(ep);
    nap(5);
    timerfd_settime(fd, 0, &it, NULL);
    nap(5);
    EVENTS(ep);
    ctl(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT);
    EVENTS(ep);
    /* blocking read */
    fd = timerfd_create(CLOCK_REALTIME, 0);
    it.it_value.tv_nsec = 10000000;
    timerfd_settime(fd, 0, &it, NULL);
    R(read(fd, &n, 8));
    V(n);
    interrupt_in(10, 0);
    R(read(fd, &n, 8));
}

SECTION(eventfds)
{
    int ep = epoll_create(1), fd;
    uint64_t n;

    R(eventfd(0, 0));
    SYS(eventfd2, 0u, 0x100);
    SYS(eventfd, 3u);
    fd = eventfd(5, EFD_NONBLOCK);
    ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT);
    EVENTS(ep);
    R(read(fd, &n, 8));
    V(n);
    EVENTS(ep);
    R(read(fd, &n, 8));
    R(read(fd, &n, 7));
    n = 0xfffffffffffffffeull;
    R(write(fd, &n, 8));
    EVENTS(ep);
    n = 1;
    R(write(fd, &n, 8));
    n = 0;
    R(write(fd, &n, 8));
    n = ~0ull;
    R(write(fd, &n, 8));
    R(write(fd, &n, 4));
    R(write(fd, bad, 8));
    R(read(fd, buf, 100));
    fd = eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE);
    R(read(fd, &n, 8));
    V(n);
    R(read(fd, &n, 8));
    R(read(fd, &n, 8));
    R(pread(fd, &n, 8, 0));
}

SECTION(signalfds)
{
    struct signalfd_siginfo si[3];
    int ep = epoll_create(1), fd;
    sigset_t set, two;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    two = set;
    sigaddset(&two, SIGUSR2);
    sigprocmask(SIG_BLOCK, &two, NULL);
    R(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    fd = 4;
    ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN);
    R(read(fd, si, sizeof(si)));
    raise(SIGUSR1);
    raise(SIGUSR2);
    EVENTS(ep);
    R(read(fd, si, sizeof(si)));
    say("signal %d code %d mine %d", si[0].ssi_signo, si[0].ssi_code,
        si[0].ssi_pid == (unsigned)getpid());
    EVENTS(ep);
    R(signalfd(fd, &two, 0));
    EVENTS(ep);
    R(read(fd, si, 10));
    sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 42});
    R(read(fd, si, sizeof(si)));
    say("signals %d %d value %d %d", si[0].ssi_signo, si[1].ssi_signo,
        si[0].ssi_int, si[1].ssi_int);
    R(signalfd(ep, &two, 0));
    R(signalfd(99, &two, 0));
    R(signalfd(-1, &two, 0x1));
    SYS(signalfd4, -1, &two, 4, 0);
    SYS(signalfd4, -1, bad, 8, 0);
    R(write(fd, si, 128));
}

static int wake_pipe[2];

static void *waker(void *arg)
{
    nap((int)(intptr_t)arg);
    write(wake_pipe[1], "x", 1);
    return NULL;
}

static void *adder(void *arg)
{
    nap(20);
    ctl((int)(intptr_t)arg, EPOLL_CTL_ADD, wake_pipe[0], EPOLLIN);
    return NULL;
}

static void *closer(void *arg)
{
    nap(20);
    close((int)(intptr_t)arg);
    return NULL;
}

/* What another thread does while one waits. */
SECTION(meanwhile)
{
    int ep = epoll_create(1), other = epoll_create(1);
    pthread_t t;

    NEED(!pipe(wake_pipe));
    write(wake_pipe[1], "x", 1);
    pthread_create(&t, NULL, adder, (void *)(intptr_t)ep);
    WAIT(ep);
    pthread_join(t, NULL);
    read(wake_pipe[0], buf, 10);
    pthread_create(&t, NULL, waker, (void *)20);
    WAIT(ep);
    pthread_join(t, NULL);
    read(wake_pipe[0], buf, 10);
    pthread_create(&t, NULL, closer, (void *)(intptr_t)wake_pipe[1]);
    WAIT(ep);
    pthread_join(t, NULL);
    pthread_create(&t, NULL, closer, (void *)(intptr_t)other);
    show_events(__LINE__, other, 100); /* goes on with the open file */
    pthread_join(t, NULL);
    R(epoll_wait(other, (void *)buf, 1, 0));
}
