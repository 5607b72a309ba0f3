/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * scale_probe.c - what a system call costs when there are 10, and when there
 * are 10,000 of what it chooses from.
 *
 * Under QEMU's -icount shift=0 a nanosecond is an instruction, so the clock
 * counts what the kernel executes, on a busy machine too
 * (tests/guest/scale.sh). Each figure is the smallest of some: interrupts make
 * it larger.
 *
 * An operation is measured in a process of its own, which sets up its crowd
 * (setup), and repeats (op).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FEW    10
#define MANY   10000
#define ROUNDS 12
#define REPEAT 8

#define MUST(e)                                                                \
    do {                                                                       \
        if (!(e)) {                                                            \
            fprintf(stderr, "%s:%d: %s: %s\n", crowd_name, __LINE__, #e,       \
                    strerror(errno));                                          \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

static const char *crowd_name;
static int n; /* of the crowd */
static int last, other, set;
static char *base;
static uint32_t words[MANY + 1];

static long now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000l + ts.tv_nsec;
}

/* --- descriptors ---------------------------------------------------------- */

static void many_files(void)
{
    MUST((other = open("/dev/null", O_RDWR)) >= 0);
    for (int i = 0; i < n; i++)
        MUST((last = dup(other)) >= 0);
}

static void open_close(void)
{
    int fd = open("/dev/null", O_RDONLY);

    MUST(fd >= 0 && !close(fd));
}

/* The lowest number is free, all others are not. */
static void reopen_lowest(void)
{
    MUST(!close(other) && open("/dev/null", O_RDONLY) == other);
}

static void many_in_epoll(void)
{
    struct epoll_event ev = {.events = EPOLLIN};

    MUST((set = epoll_create1(0)) >= 0);
    for (int i = 0; i < n; i++) {
        MUST((last = eventfd(0, 0)) >= 0);
        ev.data.fd = last;
        MUST(!epoll_ctl(set, EPOLL_CTL_ADD, last, &ev));
    }
    MUST((other = eventfd(0, 0)) >= 0);
}

static void epoll_one_ready(void)
{
    struct epoll_event ev;
    uint64_t v = 1;

    MUST(write(last, &v, 8) == 8);
    MUST(epoll_wait(set, &ev, 1, -1) == 1 && ev.data.fd == last);
    MUST(read(last, &v, 8) == 8);
    MUST(epoll_wait(set, &ev, 1, 0) == 0);
}

static void epoll_change(void)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLONESHOT};

    ev.data.fd = last;
    MUST(!epoll_ctl(set, EPOLL_CTL_MOD, last, &ev));
    MUST(!epoll_ctl(set, EPOLL_CTL_ADD, other, &ev));
    MUST(!epoll_ctl(set, EPOLL_CTL_DEL, other, &ev));
}

static void epoll_add_closed(void)
{
    struct epoll_event ev = {.events = EPOLLIN};
    int fd = eventfd(0, 0);

    MUST(!epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev) && !close(fd));
}

static void many_pipes(void)
{
    int p[2];

    for (int i = 0; i < n; i++)
        MUST(!pipe(p));
    other = p[0];
    last = p[1];
}

static void pipe_through(void)
{
    char c = 0;
    int p[2];

    MUST(write(last, &c, 1) == 1 && read(other, &c, 1) == 1);
    MUST(!pipe(p) && !close(p[0]) && !close(p[1]));
}

/* --- timers --------------------------------------------------------------- */

static void many_timerfds(void)
{
    for (int i = 0; i < n; i++) {
        struct itimerspec t = {{0, 0}, {1000 + i % 100, i}};
        MUST((last = timerfd_create(CLOCK_MONOTONIC, 0)) >= 0);
        MUST(!timerfd_settime(last, 0, &t, NULL));
    }
}

static void timerfd_again(void)
{
    static int k;
    struct itimerspec t = {{0, 0}, {1000 + k++ % 100, 5}};

    MUST(!timerfd_settime(last, 0, &t, NULL));
}

static timer_t timer;

static void many_posix_timers(void)
{
    struct sigevent none = {.sigev_notify = SIGEV_NONE};
    struct itimerspec t = {{0, 0}, {1000, 0}};

    for (int i = 0; i < n; i++) {
        MUST(!timer_create(CLOCK_MONOTONIC, &none, &timer));
        MUST(!timer_settime(timer, 0, &t, NULL));
    }
}

static void posix_timer(void)
{
    struct sigevent none = {.sigev_notify = SIGEV_NONE};
    struct itimerspec t = {{0, 0}, {900, 0}};
    timer_t one;

    MUST(!timer_settime(timer, 0, &t, NULL));
    MUST(!timer_create(CLOCK_MONOTONIC, &none, &one) && !timer_delete(one));
}

/* --- processes and threads ------------------------------------------------ */

#define SMALL_STACK 4096

static int wait_for_end(void *arg)
{
    (void)arg;
    for (;;)
        syscall(SYS_pause);
    return 0;
}

static int end_at_once(void *arg)
{
    (void)arg;
    syscall(SYS_exit, 0);
    return 0;
}

static void many_processes(void)
{
    MUST((base = malloc((size_t)(n + 2) * SMALL_STACK)));
    for (int i = 0; i < n; i++)
        MUST((last = clone(wait_for_end, base + (i + 1) * SMALL_STACK,
                           CLONE_VM | SIGCHLD, NULL)) > 0);
    for (int i = 0; i < 3; i++) /* all sleep */
        sched_yield();
}

static int clone_one(void)
{
    int pid = clone(end_at_once, base + (n + 2) * SMALL_STACK,
                    CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);

    MUST(pid > 0);
    return pid;
}

static void clone_wait_pid(void)
{
    int pid = clone_one();

    MUST(waitpid(pid, NULL, 0) == pid);
}

static void clone_wait_any(void)
{
    int pid = clone_one();

    MUST(waitpid(-1, NULL, 0) == pid);
}

static void wait_nothing(void)
{
    MUST(waitpid(-1, NULL, WNOHANG) == 0);
}

static void signal_one(void)
{
    MUST(!kill(last, SIGCONT) && !kill(last, 0) && getpgid(last) > 0);
}

static void *sleep_on_word(void *arg)
{
    uint32_t *w = arg;

    while (!*w)
        syscall(SYS_futex, w, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    return NULL;
}

static void thread(void *(*fn)(void *), void *arg, pthread_t *id)
{
    pthread_attr_t a;

    MUST(!pthread_attr_init(&a));
    MUST(!pthread_attr_setstacksize(&a, 16384));
    MUST(!pthread_create(id, &a, fn, arg));
}

/* Each on a word of its own. */
static void many_threads(void)
{
    pthread_t id;

    for (int i = 0; i < n; i++)
        thread(sleep_on_word, &words[i + 1], &id);
    for (int i = 0; i < 3; i++)
        sched_yield();
}

/* All on one word. */
static void many_on_one_word(void)
{
    pthread_t id;

    for (int i = 0; i < n; i++)
        thread(sleep_on_word, &words[1], &id);
    for (int i = 0; i < 3; i++)
        sched_yield();
}

static void *nothing(void *arg)
{
    return arg;
}

static void thread_join(void)
{
    pthread_t id;

    thread(nothing, NULL, &id);
    MUST(!pthread_join(id, NULL));
}

/* Of another word, and one that wakes from a word of the crowd. */
static void futex_other(void)
{
    struct timespec soon = {0, 1};

    MUST(syscall(SYS_futex, &words[0], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) ==
         0);
    MUST(syscall(SYS_futex, &words[0], FUTEX_WAIT_PRIVATE, 0, &soon, NULL, 0));
}

static void futex_wake_one(void)
{
    MUST(syscall(SYS_futex, &words[1], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) ==
         1);
    sched_yield(); /* it sleeps again */
}

/* --- memory --------------------------------------------------------------- */

#define PAGE 4096l

/* No two neighbours are alike, so none are joined; a page free after each. */
static void many_areas(void)
{
    base = mmap(NULL, (size_t)(2 * n + 2) * PAGE, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(base != MAP_FAILED && !munmap(base, (size_t)(2 * n + 2) * PAGE));
    for (int i = 0; i < n; i++)
        MUST(mmap(base + 2 * i * PAGE, PAGE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                  0) != MAP_FAILED);
}

static void map_touch_unmap(void)
{
    char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    MUST(p != MAP_FAILED);
    *p = 1;
    MUST(!munmap(p, 4 * PAGE));
}

/* A hole high up is opened, so that the search for a gap begins above it. */
static void hole_and_map(void)
{
    char *hole = base + 2 * (n - 2) * PAGE, *p;

    MUST(!munmap(hole, PAGE));
    p = mmap(NULL, 512 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(p != MAP_FAILED && !munmap(p, 512 * PAGE));
    MUST(mmap(hole, PAGE, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == hole);
}

static void protect_fault(void)
{
    char *p = base + 2 * (n / 2) * PAGE;

    MUST(!mprotect(p, PAGE, PROT_READ));
    MUST(!mprotect(p, PAGE, PROT_READ | PROT_WRITE));
    *p = 1;
    MUST(!madvise(p, PAGE, MADV_DONTNEED));
}

/* --- names ---------------------------------------------------------------- */

static const char *name_of(int i)
{
    static char name[64];

    snprintf(name, sizeof(name), "file-%d", i);
    return name;
}

static void many_names(void)
{
    int fd;

    MUST(!mkdir("/tmp/scale", 0755) && !chdir("/tmp/scale"));
    for (int i = 0; i < n; i++)
        MUST((fd = creat(name_of(i), 0644)) >= 0 && !close(fd));
}

static void stat_one(void)
{
    struct stat st;

    MUST(!stat(name_of(n / 2), &st) && stat("none", &st));
}

static void make_rename_unlink(void)
{
    int fd = creat("new", 0644);

    MUST(fd >= 0 && !close(fd) && !link("new", "linked") &&
         !rename("linked", "renamed") && !unlink("new") && !unlink("renamed"));
}

static void list_some(void)
{
    char buf[1024];
    int fd = open(".", O_RDONLY | O_DIRECTORY);

    MUST(fd >= 0 && syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0 &&
         !close(fd));
}

/* --- what is listed: the cost of each line or name -------------------------
 */

static void read_maps(void)
{
    static char buf[4096];
    int fd = open("/proc/self/maps", O_RDONLY);
    ssize_t got;

    MUST(fd >= 0);
    while ((got = read(fd, buf, sizeof(buf))) > 0)
        ;
    MUST(!got && !close(fd));
}

static void list_all(const char *name)
{
    static char buf[32768];
    int fd = open(name, O_RDONLY | O_DIRECTORY);
    long got;

    MUST(fd >= 0);
    while ((got = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0)
        ;
    MUST(!got && !close(fd));
}

static void list_fds(void)
{
    list_all("/proc/self/fd");
}

static void list_threads(void)
{
    list_all("/proc/self/task");
}

static void list_processes(void)
{
    list_all("/proc");
}

static void list_names(void)
{
    list_all(".");
}

/* --- sockets -------------------------------------------------------------- */

static struct sockaddr_in in_address(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static int bound(int type, int port)
{
    struct sockaddr_in a = in_address(port);
    int fd = socket(AF_INET, type, 0);

    MUST(fd >= 0 && !bind(fd, (void *)&a, sizeof(a)));
    return fd;
}

static void many_udp(void)
{
    for (int i = 0; i < n; i++)
        last = bound(SOCK_DGRAM, 20000 + i);
}

static void udp_one(void)
{
    struct sockaddr_in a = in_address(20000 + n - 1);
    int fd = bound(SOCK_DGRAM, 0);
    char c = 0;

    MUST(sendto(fd, &c, 1, 0, (void *)&a, sizeof(a)) == 1);
    MUST(recv(last, &c, 1, 0) == 1 && !close(fd));
}

static void tcp_pair(void)
{
    struct sockaddr_in a = in_address(19999);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    MUST(fd >= 0 && !connect(fd, (void *)&a, sizeof(a)));
    MUST((last = accept(set, NULL, NULL)) >= 0);
    other = fd;
}

static void many_tcp(void)
{
    set = bound(SOCK_STREAM, 19999);
    MUST(!listen(set, 100));
    for (int i = 0; i < n / 2; i++)
        tcp_pair();
}

static void tcp_byte(void)
{
    char c = 0;

    MUST(send(other, &c, 1, 0) == 1 && recv(last, &c, 1, 0) == 1);
    MUST(send(last, &c, 1, 0) == 1 && recv(other, &c, 1, 0) == 1);
}

/* Closed by a reset, so that nothing lingers. */
static void tcp_connect_close(void)
{
    struct linger now_ = {1, 0};
    int a = last, b = other;

    tcp_pair();
    MUST(!setsockopt(other, SOL_SOCKET, SO_LINGER, &now_, sizeof(now_)));
    MUST(!close(other) && !close(last));
    last = a;
    other = b;
}

static int unix_bound(int i)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int len = snprintf(a.sun_path + 1, 100, "scale-%d", i);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    MUST(fd >= 0 && !bind(fd, (void *)&a, (socklen_t)(3 + len)));
    return fd;
}

static void many_unix(void)
{
    for (int i = 0; i < n; i++)
        last = unix_bound(i);
}

static void unix_one(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int len = snprintf(a.sun_path + 1, 100, "scale-%d", n - 1);
    int fd = unix_bound(n);
    char c = 0;

    MUST(sendto(fd, &c, 1, 0, (void *)&a, (socklen_t)(3 + len)) == 1);
    MUST(recv(last, &c, 1, 0) == 1 && !close(fd));
}

/* --- measuring ------------------------------------------------------------ */

/* (repeat) 0: once, and the figure is divided by the size of the crowd.
 * (factor) is what it may grow by, 2 if not said: trees and hash chains are a
 * little deeper. lwIP keeps its sockets in lists: a few instructions for each.
 */
static const struct {
    const char *crowd, *what;
    void (*setup)(void), (*op)(void);
    int repeat, factor;
} list[] = {
    {"descriptors", "open, close", many_files, open_close, REPEAT, 2},
    {"descriptors", "close, open the lowest", many_files, reopen_lowest, REPEAT,
     2},
    {"files in an epoll set", "one becomes ready, is reported", many_in_epoll,
     epoll_one_ready, REPEAT, 2},
    {"files in an epoll set", "EPOLL_CTL_MOD, ADD, DEL", many_in_epoll,
     epoll_change, REPEAT, 2},
    {"files in an epoll set", "eventfd, EPOLL_CTL_ADD, close", many_in_epoll,
     epoll_add_closed, REPEAT, 2},
    {"pipes", "a byte through one; pipe, close", many_pipes, pipe_through,
     REPEAT, 2},
    {"armed timerfds", "timerfd_settime", many_timerfds, timerfd_again, REPEAT,
     2},
    {"POSIX timers", "timer_settime; timer_create, timer_delete",
     many_posix_timers, posix_timer, REPEAT, 2},
    {"child processes", "clone, exit, waitpid(pid)", many_processes,
     clone_wait_pid, REPEAT, 2},
    {"child processes", "clone, exit, waitpid(-1)", many_processes,
     clone_wait_any, REPEAT, 2},
    {"child processes", "waitpid(-1, WNOHANG)", many_processes, wait_nothing,
     REPEAT, 2},
    {"child processes", "kill, getpgid", many_processes, signal_one, REPEAT, 2},
    {"threads", "pthread_create, pthread_join", many_threads, thread_join,
     REPEAT, 2},
    {"words with a waiter", "wake, wait on another", many_threads, futex_other,
     REPEAT, 2},
    {"waiters on one word", "wake, wait on another", many_on_one_word,
     futex_other, REPEAT, 2},
    {"waiters on one word", "wake one, which waits again", many_on_one_word,
     futex_wake_one, 1, 2},
    {"mappings", "mmap, fault, munmap", many_areas, map_touch_unmap, REPEAT, 2},
    {"mappings", "munmap one, mmap elsewhere, mmap it again", many_areas,
     hole_and_map, REPEAT, 2},
    {"mappings", "mprotect twice, fault, madvise", many_areas, protect_fault,
     REPEAT, 2},
    {"names in a directory", "stat of one, of none", many_names, stat_one,
     REPEAT, 2},
    {"names in a directory", "creat, link, rename, unlink twice", many_names,
     make_rename_unlink, REPEAT, 2},
    {"names in a directory", "open, getdents64 of 1 KiB", many_names, list_some,
     REPEAT, 2},
    {"names in a directory", "getdents64 of all, for each", many_names,
     list_names, 0, 2},
    {"mappings", "/proc/self/maps, for each", many_areas, read_maps, 0, 2},
    {"descriptors", "/proc/self/fd, for each", many_files, list_fds, 0, 2},
    {"threads", "/proc/self/task, for each", many_threads, list_threads, 0, 2},
    {"child processes", "/proc, for each", many_processes, list_processes, 0,
     2},
    {"UDP sockets", "bind, send, receive, close", many_udp, udp_one, REPEAT, 2},
    {"TCP sockets", "a byte there and back", many_tcp, tcp_byte, REPEAT, 2},
    {"TCP sockets", "connect, accept, close", many_tcp, tcp_connect_close, 1,
     2},
    {"Unix sockets", "bind, send, receive, close", many_unix, unix_one, REPEAT,
     2},
};

#define NR (sizeof(list) / sizeof(list[0]))

static long measure(size_t k)
{
    long least = 0;

    list[k].setup();
    for (int r = 0; r < ROUNDS; r++) {
        long begun = now(), took;
        for (int i = 0; i < (list[k].repeat ? list[k].repeat : 1); i++)
            list[k].op();
        took = (now() - begun) / (list[k].repeat ? list[k].repeat : n);
        if (!least || took < least)
            least = took;
    }
    return least;
}

/* In a process of its own; its whole group ends with it. -1: it failed. */
static long measure_with(size_t k, int crowd)
{
    long result = -1;
    int p[2], st;
    pid_t pid;

    if (pipe(p))
        return -1;
    pid = fork();
    if (!pid) {
        setpgid(0, 0);
        n = crowd;
        crowd_name = list[k].crowd;
        result = measure(k);
        _exit(write(p[1], &result, sizeof(result)) != sizeof(result));
    }
    close(p[1]);
    waitpid(pid, &st, 0);
    kill(-pid, SIGKILL); /* the crowd, which has the other end too */
    if (read(p[0], &result, sizeof(result)) != sizeof(result))
        result = -1;
    close(p[0]);
    if (system("rm -rf /tmp/scale"))
        return -1;
    return result;
}

int main(int argc, char **argv)
{
    struct rlimit files = {3 * MANY, 3 * MANY};

    setrlimit(RLIMIT_NOFILE, &files);
    for (size_t k = 0; k < NR; k++) {
        if (argc > 1 && !strstr(list[k].crowd, argv[1]))
            continue;
        long few = measure_with(k, FEW), many = measure_with(k, MANY);
        printf("| %s | %s | %ld | %ld |%d\n", list[k].crowd, list[k].what, few,
               many, list[k].factor);
        fflush(stdout);
    }
    return 0;
}
