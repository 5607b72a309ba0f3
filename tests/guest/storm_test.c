/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * storm_test.c - many processes, threads, signals, descriptors and files at
 * once: what goes wrong only when two processors meet. Each section is bounded
 * in work and says one line.
 */
#define SECTION_SECONDS 150
#include "show.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#define THREADS 8

static atomic_int stop;

static void threads_run(int n, void *(*fn)(void *), void *arg)
{
    pthread_t t[64];

    for (int i = 0; i < n; i++)
        NEED(!pthread_create(&t[i], NULL, fn, arg ? arg : (void *)(intptr_t)i));
    for (int i = 0; i < n; i++)
        NEED(!pthread_join(t[i], NULL));
}

/* --- processes ----------------------------------------------------------- */

SECTION(shell_jobs)
{
    V(system("for i in $(seq 300); do true & done; wait; echo jobs done"));
    V(system("for i in $(seq 100); do busybox true & done; wait"));
    V(system("for i in $(seq 100); do (sleep 0.1; exit 1) & done; wait"));
}

static void children(int n, int (*fn)(int))
{
    int good = 0, st;

    for (int i = 0; i < n; i++) {
        pid_t pid = fork();

        if (!pid)
            _exit(fn(i));
        NEED(pid > 0);
    }
    for (int i = 0; i < n; i++)
        good += wait(&st) > 0 && WIFEXITED(st) && WEXITSTATUS(st) == 7;
    if (good != n)
        say("%d of %d children", good, n);
}

static int child_plain(int i)
{
    (void)i;
    return 7;
}

static int child_touch(int i)
{
    char *p = mmap(NULL, 1 << 18, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    memset(p, i, 1 << 18);
    return p[12345] == (char)i ? 7 : 8;
}

static int child_exec(int i)
{
    (void)i;
    execl("/bin/sh", "sh", "-c", "exit 7", NULL);
    return 9;
}

SECTION(fork_storm)
{
    for (int i = 0; i < 5; i++)
        children(100, child_plain);
    for (int i = 0; i < 2; i++)
        children(100, child_touch);
    children(100, child_exec);
    V(waitpid(-1, NULL, 0));
    say("done");
}

static void *forker(void *arg)
{
    int st;

    (void)arg;
    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();

        if (!pid)
            _exit(3);
        NEED(pid > 0 && waitpid(pid, &st, 0) == pid && st == 3 << 8);
    }
    return NULL;
}

SECTION(threads_fork)
{
    threads_run(THREADS, forker, NULL);
    say("done");
}

static atomic_int reaped;

static void on_child(int sig)
{
    int saved = errno;

    (void)sig;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        reaped++;
    errno = saved;
}

/* As erl_child_setup does: SIGCHLD may be merged, no exit may be lost. */
SECTION(sigchld_storm)
{
    struct sigaction a = {.sa_handler = on_child,
                          .sa_flags = SA_RESTART | SA_NOCLDSTOP};

    sigaction(SIGCHLD, &a, NULL);
    for (int round = 0; round < 5; round++) {
        reaped = 0;
        for (int i = 0; i < 100; i++)
            if (!fork())
                _exit(i & 1);
        while (reaped < 100)
            poll(NULL, 0, 1000);
    }
    V(reaped);
}

SECTION(ignored_children)
{
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 200; i++)
        if (!fork())
            _exit(0);
    R(waitpid(-1, NULL, 0));
}

/* --- pipes --------------------------------------------------------------- */

struct pair {
    int a[2], b[2];
};

static void *echo(void *arg)
{
    struct pair *p = arg;
    char c;

    while (read(p->a[0], &c, 1) == 1)
        NEED(write(p->b[1], &c, 1) == 1);
    close(p->b[1]);
    return NULL;
}

static void *ping(void *arg)
{
    struct pair *p = arg;
    char c = 0, d;

    for (int i = 0; i < 500; i++, c++)
        NEED(write(p->a[1], &c, 1) == 1 && read(p->b[0], &d, 1) == 1 && d == c);
    close(p->a[1]);
    NEED(read(p->b[0], &d, 1) == 0);
    return NULL;
}

SECTION(ping_pong)
{
    struct pair p[THREADS];
    pthread_t t[2 * THREADS];

    for (int i = 0; i < THREADS; i++) {
        NEED(!pipe(p[i].a) && !pipe(p[i].b));
        pthread_create(&t[2 * i], NULL, echo, &p[i]);
        pthread_create(&t[2 * i + 1], NULL, ping, &p[i]);
    }
    for (int i = 0; i < 2 * THREADS; i++)
        pthread_join(t[i], NULL);
    say("done");
}

static int shared_pipe[2];
static atomic_long sent, received;

/* Records of 512 bytes: less than PIPE_BUF, so never torn. */
static void *pipe_writer(void *arg)
{
    char buf[512];

    for (int i = 0; i < 500; i++) {
        memset(buf, (int)(intptr_t)arg + i, sizeof(buf));
        NEED(write(shared_pipe[1], buf, sizeof(buf)) == sizeof(buf));
        sent += (unsigned char)buf[0];
    }
    return NULL;
}

static void *pipe_reader(void *arg)
{
    char buf[512];
    ssize_t n;

    (void)arg;
    while ((n = read(shared_pipe[0], buf, sizeof(buf))) > 0) {
        NEED(n == sizeof(buf) && buf[0] == buf[511] && buf[0] == buf[200]);
        received += (unsigned char)buf[0];
    }
    return NULL;
}

SECTION(shared_pipe)
{
    pthread_t r[4];

    NEED(!pipe(shared_pipe));
    for (int i = 0; i < 4; i++)
        pthread_create(&r[i], NULL, pipe_reader, NULL);
    threads_run(4, pipe_writer, NULL);
    close(shared_pipe[1]);
    for (int i = 0; i < 4; i++)
        pthread_join(r[i], NULL);
    V(sent == received);
}

/* --- futexes ------------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long guarded;
static int turn;

static void *locker(void *arg)
{
    for (int i = 0; i < 3000; i++) {
        pthread_mutex_lock(&mutex);
        guarded++;
        if (i % 64 == 0)
            sched_yield();
        pthread_mutex_unlock(&mutex);
    }
    for (int i = 0; i < 200; i++) { /* in turns */
        pthread_mutex_lock(&mutex);
        while (turn != (int)(intptr_t)arg)
            pthread_cond_wait(&cond, &mutex);
        turn = (turn + 1) % THREADS;
        pthread_cond_broadcast(&cond);
        pthread_mutex_unlock(&mutex);
    }
    for (int i = 0; i < 200; i++)
        pthread_barrier_wait(&barrier);
    return NULL;
}

SECTION(futex_storm)
{
    pthread_barrier_init(&barrier, NULL, THREADS);
    threads_run(THREADS, locker, NULL);
    V(guarded);
}

static void *timed(void *arg)
{
    uint32_t word = 5;

    (void)arg;
    for (int i = 0; i < 300; i++) {
        struct timespec ts = {0, 1000 * (i % 50)};

        syscall(SYS_futex, &word, 128, 5, &ts, NULL, 0);
        NEED(errno == ETIMEDOUT);
    }
    return NULL;
}

SECTION(timed_waits)
{
    threads_run(2 * THREADS, timed, NULL);
    say("done");
}

static void *nothing(void *arg)
{
    return arg;
}

SECTION(thread_storm)
{
    for (int i = 0; i < 15; i++)
        threads_run(16, nothing, NULL);
    say("done");
}

/* --- signals ------------------------------------------------------------- */

static atomic_int handled;

static void on_signal(int sig)
{
    (void)sig;
    handled++;
}

static void *blocker(void *arg)
{
    long kind = (intptr_t)arg;
    uint32_t word = 0;
    int fds[2], ep = epoll_create1(0);
    char c;

    NEED(!pipe(fds));
    while (!stop) {
        struct timespec ts = {60, 0};
        struct epoll_event ev;
        struct pollfd p = {fds[0], POLLIN, 0};
        long r;

        switch (kind % 6) {
        case 0:
            r = read(fds[0], &c, 1);
            break;
        case 1:
            r = syscall(SYS_futex, &word, 128, 0, NULL, NULL, 0);
            break;
        case 2:
            r = nanosleep(&ts, NULL);
            break;
        case 3:
            r = epoll_wait(ep, &ev, 1, -1);
            break;
        case 4:
            r = poll(&p, 1, -1);
            break;
        default:
            r = pause();
            break;
        }
        if (r != -1 || errno != EINTR)
            say("kind %ld: %ld %s", kind, r, err_name(errno));
    }
    close(fds[0]);
    close(fds[1]);
    close(ep);
    return NULL;
}

SECTION(signals_to_blocked)
{
    struct sigaction a = {.sa_handler = on_signal};
    pthread_t t[12];

    sigaction(SIGUSR1, &a, NULL);
    for (long i = 0; i < 12; i++)
        pthread_create(&t[i], NULL, blocker, (void *)i);
    for (int i = 0; i < 200; i++)
        for (int k = 0; k < 12; k++)
            NEED(!pthread_kill(t[k], SIGUSR1));
    stop = 1;
    int live = 12;
    while (live > 0) { /* until each has seen (stop) */
        live = 0;
        for (int k = 0; k < 12; k++)
            if (t[k] && pthread_tryjoin_np(t[k], NULL) == 0)
                t[k] = 0;
            else if (t[k])
                live++, pthread_kill(t[k], SIGUSR1);
        nap(1);
    }
    say("done");
}

static void *process_signals(void *arg)
{
    (void)arg;
    for (int i = 0; i < 300; i++)
        kill(getpid(), i & 1 ? SIGUSR1 : SIGUSR2);
    return NULL;
}

SECTION(process_signals)
{
    struct sigaction a = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    sigaction(SIGUSR1, &a, NULL);
    sigaction(SIGUSR2, &a, NULL);
    threads_run(THREADS, process_signals, NULL);
    V(handled > 0);
}

SECTION(timer_storm)
{
    struct itimerval it = {{0, 500}, {0, 500}};
    struct sigaction a = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    int fd[16], ready = 0, ep = epoll_create1(0);
    struct epoll_event ev;
    timer_t id[8];

    sigaction(SIGALRM, &a, NULL);
    sigaction(SIGUSR1, &a, NULL);
    NEED(!setitimer(ITIMER_REAL, &it, NULL));
    for (int i = 0; i < 8; i++) {
        struct sigevent se = {.sigev_notify = SIGEV_SIGNAL,
                              .sigev_signo = SIGUSR1};
        struct itimerspec ts = {{0, 700000 + i}, {0, 700000}};

        NEED(!timer_create(CLOCK_MONOTONIC, &se, &id[i]));
        NEED(!timer_settime(id[i], 0, &ts, NULL));
    }
    for (int i = 0; i < 16; i++) {
        ev = (struct epoll_event){.events = EPOLLIN, .data.fd = i};
        fd[i] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
        NEED(!epoll_ctl(ep, EPOLL_CTL_ADD, fd[i], &ev));
    }
    while (ready < 2000) {
        struct itimerspec ts = {{0, 0}, {0, 1000 + ready % 997}};

        for (int i = 0; i < 16; i++)
            timerfd_settime(fd[i], 0, &ts, NULL);
        if (epoll_wait(ep, &ev, 1, 1000) == 1)
            ready++;
    }
    for (int i = 0; i < 8; i++)
        timer_delete(id[i]);
    it = (struct itimerval){0};
    setitimer(ITIMER_REAL, &it, NULL);
    V(handled > 10);
}

/* --- epoll --------------------------------------------------------------- */

static int epfd, evfd[32];

static void *epoll_user(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg + 1;

    for (int i = 0; i < 1500; i++) {
        int k = rand_r(&seed) % 32;
        struct epoll_event ev = {.events = EPOLLIN | EPOLLONESHOT,
                                 .data.fd = evfd[k]};
        uint64_t one = 1;

        switch (rand_r(&seed) % 6) {
        case 0:
            epoll_ctl(epfd, EPOLL_CTL_ADD, evfd[k], &ev);
            break;
        case 1:
            epoll_ctl(epfd, EPOLL_CTL_MOD, evfd[k], &ev);
            break;
        case 2:
            epoll_ctl(epfd, EPOLL_CTL_DEL, evfd[k], &ev);
            break;
        case 3:
            epoll_wait(epfd, &ev, 1, 0);
            break;
        case 4: { /* the old one goes while others use it */
            int fd = eventfd(0, EFD_NONBLOCK);

            dup2(fd, evfd[k]);
            close(fd);
            break;
        }
        default:
            if (write(evfd[k], &one, 8) < 0)
                NEED(errno == EAGAIN);
        }
    }
    return NULL;
}

SECTION(epoll_storm)
{
    struct epoll_event ev[32];
    int seen = 0;

    epfd = epoll_create1(0);
    for (int i = 0; i < 32; i++)
        evfd[i] = eventfd(0, EFD_NONBLOCK);
    threads_run(THREADS, epoll_user, NULL);
    for (int i = 0; i < 32; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.fd = evfd[i]};
        uint64_t one = 1;

        if (epoll_ctl(epfd, EPOLL_CTL_ADD, evfd[i], &e))
            NEED(!epoll_ctl(epfd, EPOLL_CTL_MOD, evfd[i], &e));
        write(evfd[i], &one, 8);
    }
    seen = epoll_wait(epfd, ev, 32, 0);
    V(seen);
}

static int token_pipe[THREADS][2];
static atomic_int tokens;

/* ONESHOT: each event is given to one thread, which arms it again. */
static void *oneshot_waiter(void *arg)
{
    struct epoll_event ev;
    char c;

    (void)arg;
    while (tokens < 4000) {
        if (epoll_wait(epfd, &ev, 1, 100) != 1)
            continue;
        int k = ev.data.fd;
        NEED(read(token_pipe[k][0], &c, 1) == 1); /* nobody else may */
        tokens++;
        NEED(write(token_pipe[(k + 1) % THREADS][1], &c, 1) == 1);
        ev.events = EPOLLIN | EPOLLONESHOT;
        NEED(!epoll_ctl(epfd, EPOLL_CTL_MOD, token_pipe[k][0], &ev));
    }
    return NULL;
}

SECTION(epoll_oneshot)
{
    epfd = epoll_create1(0);
    for (int i = 0; i < THREADS; i++) {
        struct epoll_event ev = {.events = EPOLLIN | EPOLLONESHOT,
                                 .data.fd = i};

        NEED(!pipe2(token_pipe[i], O_NONBLOCK));
        NEED(!epoll_ctl(epfd, EPOLL_CTL_ADD, token_pipe[i][0], &ev));
        if (i % 2)
            write(token_pipe[i][1], "x", 1);
    }
    threads_run(THREADS, oneshot_waiter, NULL);
    V(tokens >= 4000);
}

/* --- memory -------------------------------------------------------------- */

static void *mapper(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg + 7;

    for (int i = 0; i < 50; i++) {
        size_t n = (1 + (unsigned)rand_r(&seed) % 32) * 4096;
        char *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        NEED(p != MAP_FAILED);
        memset(p, i, n);
        NEED(!mprotect(p, 4096, PROT_READ) && p[100] == (char)i);
        if (i % 16 == 0) {
            pid_t pid = fork();
            int st;

            if (!pid)
                _exit(p[n - 1] == (char)i ? 0 : 1);
            NEED(waitpid(pid, &st, 0) == pid && st == 0);
        }
        if (i % 3 == 0)
            madvise(p, n, MADV_DONTNEED);
        else
            NEED(p[n - 1] == (char)i);
        NEED(!munmap(p, n));
    }
    return NULL;
}

SECTION(map_storm)
{
    threads_run(THREADS, mapper, NULL);
    say("done");
}

static _Atomic(volatile char *) shared_page;

static void *toucher(void *arg)
{
    (void)arg;
    while (!stop)
        for (int i = 0; i < 16; i++)
            shared_page[i * 4096] = 1;
    return NULL;
}

/* Threads write to pages that another one takes away and gives back. */
SECTION(unmap_under_use)
{
    char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t t[3];

    shared_page = p;
    for (int i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, toucher, NULL);
    for (int i = 0; i < 50; i++) {
        madvise(p, 65536, MADV_DONTNEED);
        NEED(mmap(p, 32768, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
    }
    stop = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    say("done");
}

/* --- files --------------------------------------------------------------- */

static void *filer(void *arg)
{
    char a[32], b[32];

    for (int i = 0; i < 200; i++) {
        snprintf(a, sizeof(a), "f%d", i % 16); /* shared with the others */
        snprintf(b, sizeof(b), "g%ld", (long)(intptr_t)arg);
        int fd = open(a, O_CREAT | O_RDWR, 0600);

        NEED(fd >= 0);
        NEED(write(fd, "data", 4) == 4);
        rename(a, b);
        link(b, a);
        unlink(b);
        if (i % 8 == 0) {
            mkdir("d", 0700);
            rename(a, "d/x");
            rename("d/x", a);
            rmdir("d");
        }
        NEED(pwrite(fd, "more", 4, 10000) == 4);
        close(fd);
        unlink(a);
    }
    return NULL;
}

SECTION(file_storm)
{
    threads_run(THREADS, filer, NULL);
    system("rm -rf d g*; ls");
    say("done");
}

static int sock_pair[2];

static void *passer(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++) {
        char ctl[CMSG_SPACE(sizeof(int))] = {0}, c = 0;
        struct iovec v = {&c, 1};
        struct msghdr m = {.msg_iov = &v,
                           .msg_iovlen = 1,
                           .msg_control = ctl,
                           .msg_controllen = sizeof(ctl)};
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        int fd = eventfd(5, 0);
        uint64_t value = 0;

        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(h), &fd, sizeof(fd));
        NEED(sendmsg(sock_pair[0], &m, 0) == 1);
        close(fd); /* the message holds it */
        NEED(recvmsg(sock_pair[1], &m, 0) == 1);
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
        NEED(read(fd, &value, 8) == 8 && value == 5);
        close(fd);
    }
    return NULL;
}

SECTION(fd_passing)
{
    NEED(!socketpair(AF_UNIX, SOCK_STREAM, 0, sock_pair));
    threads_run(THREADS, passer, NULL);
    V(dup(0));
}

/* --- ends ---------------------------------------------------------------- */

static void *sleeper(void *arg)
{
    blocker(arg);
    return NULL;
}

static void *spinner(void *arg)
{
    (void)arg;
    for (;;)
        getppid();
    return NULL;
}

static void many_threads(void)
{
    pthread_t t;

    for (long i = 0; i < 12; i++)
        pthread_create(&t, NULL, sleeper, (void *)i);
    for (int i = 0; i < 4; i++)
        pthread_create(&t, NULL, spinner, NULL);
}

static void *exiter(void *arg)
{
    (void)arg;
    exit(11);
}

static void *execer(void *arg)
{
    (void)arg;
    execl("/bin/sh", "sh", "-c", "exit 12", NULL);
    return NULL;
}

SECTION(ends_of_threads)
{
    static const char *const how[] = {
        "exit", "exit elsewhere", "exec", "exec elsewhere", "kill", "abort"};

    for (int k = 0; k < 6; k++) {
        int good = 0, st = 0;

        for (int i = 0; i < 8; i++) {
            pid_t pid = fork();

            if (!pid) {
                pthread_t t;

                many_threads();
                switch (k) {
                case 0:
                    _exit(11);
                case 1:
                    pthread_create(&t, NULL, exiter, NULL);
                    break;
                case 2:
                    execer(NULL);
                    break;
                case 3:
                    pthread_create(&t, NULL, execer, NULL);
                    break;
                case 4:
                    kill(getpid(), SIGKILL);
                    break;
                default:
                    abort();
                }
                for (;;)
                    pause();
            }
            waitpid(pid, &st, 0);
            good++;
        }
        say("%s: %s", how[k], ending(st));
    }
}

SECTION(kill_storm)
{
    for (int round = 0; round < 3; round++) {
        pid_t pid[30];
        int st, good = 0;

        for (int i = 0; i < 30; i++) {
            pid[i] = fork();
            if (!pid[i]) {
                if (i % 3 == 0)
                    many_threads();
                for (;;)
                    i % 3 == 1 ? (void)getppid() : (void)pause();
            }
        }
        for (int i = 0; i < 30; i++)
            kill(pid[i], i & 1 ? SIGKILL : SIGTERM);
        for (int i = 0; i < 30; i++)
            good += waitpid(pid[i], &st, 0) == pid[i] && WIFSIGNALED(st);
        V(good);
    }
}
