/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * leak_test.c - after a storm everything is as before. The kernel's counts of
 * live objects (/proc/slabinfo) and of free memory are read after a first round
 * of each storm, which may fill caches, and must be the same after the next.
 * On Linux, whose objects have other names and which many share, the storms
 * run but only the memory of this program's namespace cannot be told apart, so
 * nothing is counted there.
 */
#define SECTION_SECONDS 150
#include "show.h"

#include <ctype.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>

static const char *const counted[] = {
    "process", "thread", "pid",    "fdtable",    "mm",
    "vma",     "file",   "pipe",   "epitem",     "sock-unix",
    "fpu",     "inode",  "dentry", "sock-dgram", "sock-tcp",
};
#define COUNTED (sizeof(counted) / sizeof(*counted))

struct counts {
    long n[COUNTED];
    long free_kb;
};

/* The number after (name) at the beginning of a line of (text), or -1. */
static long number_of(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *l = text; l; l = strchr(l, '\n')) {
        l += *l == '\n';
        if (!strncmp(l, name, len) && (l[len] == ' ' || l[len] == ':'))
            return atol(l + len + strspn(l + len, ": "));
    }
    return -1;
}

static int is_linux(void)
{
    return number_of(get("/proc/slabinfo"), "fdtable") < 0;
}

static void count(struct counts *c)
{
    const char *text = get("/proc/slabinfo");

    for (size_t i = 0; i < COUNTED; i++)
        c->n[i] = number_of(text, counted[i]);
    c->free_kb = number_of(get("/proc/meminfo"), "MemFree");
}

/* Frees may come a little later: wait until nothing is more than (before). */
static void compare(const struct counts *before)
{
    struct counts now;
    int more = 1;

    for (int i = 0; i < 300 && more; i++) {
        count(&now);
        more = now.free_kb < before->free_kb - 1024;
        for (size_t k = 0; k < COUNTED; k++)
            more |= now.n[k] > before->n[k];
        if (more)
            nap(10);
    }
    for (size_t k = 0; k < COUNTED; k++)
        if (now.n[k] > before->n[k])
            say("%s: %ld, before %ld", counted[k], now.n[k], before->n[k]);
    if (now.free_kb < before->free_kb - 1024)
        say("free memory: %ld kB, before %ld", now.free_kb, before->free_kb);
}

static void storm(void (*round)(void))
{
    struct counts before;

    round();
    round();
    nap(20);
    if (is_linux()) {
        round();
    } else {
        count(&before);
        for (int i = 0; i < 3; i++)
            round();
        compare(&before);
    }
    say("done");
}

/* --- the storms
 * ------------------------------------------------------------------ */

static void processes(void)
{
    for (int i = 0; i < 60; i++)
        if (!fork()) {
            char *p = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            memset(p, 1, 1 << 16);
            if (i % 3 == 0)
                kill(getpid(), SIGKILL);
            if (i % 3 == 1 && !fork())
                _exit(0); /* an orphan */
            _exit(i);
        }
    while (wait(NULL) > 0)
        ;
}

static void programs(void)
{
    char *argv[] = {"sh", "-c", "exit 0", NULL}, *none[] = {NULL};
    char *bad[] = {"x", NULL};
    pid_t pid;

    for (int i = 0; i < 10; i++) {
        NEED(!posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, none));
        child_wait(pid);
        posix_spawn(&pid, "/no/such", NULL, NULL, argv, none);
        posix_spawn(&pid, "/etc/passwd", NULL, NULL, bad, none);
    }
}

static void *sleeper(void *arg)
{
    (void)arg;
    pause();
    return NULL;
}

static void *short_thread(void *arg)
{
    return arg;
}

static void threads(void)
{
    pthread_t t[20];

    for (int i = 0; i < 20; i++)
        NEED(!pthread_create(&t[i], NULL, short_thread, NULL));
    for (int i = 0; i < 20; i++)
        pthread_join(t[i], NULL);
    for (int k = 0; k < 5; k++) {
        pid_t pid = fork();

        if (!pid) {
            for (int i = 0; i < 10; i++)
                pthread_create(&t[i], NULL, sleeper, NULL);
            if (k % 2)
                execl("/bin/true", "true", NULL);
            _exit(0);
        }
        child_wait(pid);
    }
}

static void descriptors(void)
{
    int p[2], sp[2], ep = epoll_create1(0);
    struct epoll_event ev = {.events = EPOLLIN};
    char data[100] = {0};

    for (int i = 0; i < 30; i++) {
        NEED(!pipe(p) && !socketpair(AF_UNIX, SOCK_STREAM, 0, sp));
        int fds[] = {eventfd(0, 0),
                     timerfd_create(CLOCK_MONOTONIC, 0),
                     epoll_create1(0),
                     (int)syscall(SYS_memfd_create, "m", 0),
                     p[0],
                     p[1],
                     sp[0],
                     sp[1]};

        for (int k = 0; k < 8; k++) {
            epoll_ctl(ep, EPOLL_CTL_ADD, fds[k], &ev);
            epoll_ctl(fds[2], EPOLL_CTL_ADD, fds[k], &ev);
        }
        write(p[1], data, 100);
        write(sp[0], data, 100);
        write(fds[3], data, 100);
        struct itimerspec it = {{0, 0}, {100, 0}};
        timerfd_settime(fds[1], 0, &it, NULL);
        for (int k = 0; k < 8; k++)
            close(fds[k]);
    }
    close(ep);
}

static void passing(void)
{
    for (int i = 0; i < 20; i++) {
        char ctl[CMSG_SPACE(2 * sizeof(int))] = {0}, c = 0;
        struct iovec v = {&c, 1};
        struct msghdr m = {.msg_iov = &v,
                           .msg_iovlen = 1,
                           .msg_control = ctl,
                           .msg_controllen = sizeof(ctl)};
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        int sp[2], p[2];

        NEED(!socketpair(AF_UNIX, SOCK_STREAM, 0, sp) && !pipe(p));
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(2 * sizeof(int));
        /* one of them is the receiving socket itself: a ring */
        memcpy(CMSG_DATA(h), (int[]){i % 2 ? sp[1] : p[0], p[1]}, 8);
        NEED(sendmsg(sp[0], &m, 0) == 1);
        close(p[0]);
        close(p[1]);
        close(sp[0]);
        close(sp[1]);
    }
    close(socket(AF_UNIX, SOCK_STREAM, 0));
}

static void files(void)
{
    char name[32], block[8192];

    memset(block, 7, sizeof(block));
    mkdir("d", 0700);
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof(name), "d/f%d", i);
        int fd = open(name, O_CREAT | O_RDWR, 0600);
        NEED(write(fd, block, sizeof(block)) == sizeof(block));
        void *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        memset(m, 8, 8192);
        rename(name, "d/same");
        symlink("same", "d/link");
        unlink("d/link");
        unlink("d/same");
        munmap(m, 8192);
        close(fd);
    }
    NEED(!rmdir("d"));
}

static void memory(void)
{
    for (int i = 0; i < 20; i++) {
        char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        memset(p, 1, 1 << 20);
        for (int k = 1; k < 256; k += 4)
            mprotect(p + k * 4096, 4096, PROT_READ);
        p = mremap(p, 1 << 12, 1 << 16, MREMAP_MAYMOVE);
        munmap(p, 1 << 16);
        munmap(p, 1 << 20);
    }
}

/* What a process leaves is more than what it frees: each round is one. */
static void memory_round(void)
{
    pid_t pid = fork();

    if (!pid) {
        memory();
        _exit(0);
    }
    child_wait(pid);
}

static void failures(void)
{
    int p[2];

    for (int i = 0; i < 200; i++) {
        open("none", O_RDONLY);
        open("/etc/none", O_CREAT | O_WRONLY, 0600);
        pipe((int *)8);
        socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)8);
        socket(AF_UNIX, 99, 0);
        mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0);
        execl("none", "none", NULL);
        execl("/etc/passwd", "x", NULL);
        epoll_ctl(99, EPOLL_CTL_ADD, 0, NULL);
        syscall(SYS_clone3, 8, 88);
        rename("none", "none2");
        link("none", "none2");
    }
    NEED(!pipe(p));
    close(p[0]);
    close(p[1]);
}

SECTION(processes)
{
    storm(processes);
}
SECTION(programs)
{
    storm(programs);
}
SECTION(threads)
{
    storm(threads);
}
SECTION(descriptors)
{
    storm(descriptors);
}
SECTION(passing)
{
    storm(passing);
}
SECTION(files)
{
    storm(files);
}
SECTION(memory)
{
    storm(memory_round);
}
SECTION(failures)
{
    storm(failures);
}
