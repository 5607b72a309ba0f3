/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mem_fail_test.c - system calls whose (n)-th allocation in the kernel fails,
 * for every n until the whole sequence goes through. Any error is a right
 * answer, but the process must not die, nothing may hang, and in the end no
 * memory may be missing.
 *
 * Where the kernel has no /proc/self/fail-nth to write to (Linux without fault
 * injection, or no debug=fail-nth on the command line) each sequence runs
 * once, without failures. The output is the same.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NTH_MAX 3000

static int fail_fd = -1;

static void arm(unsigned nth)
{
    char text[16];
    int n = snprintf(text, sizeof(text), "%u", nth);

    if (fail_fd < 0)
        return;
    while (pwrite(fail_fd, text, (size_t)n, 0) < 0 && errno == ENOMEM)
        ; /* it was this call's own allocation that failed */
}

/* Did the sequence end before the failure? */
static int all_done(void)
{
    char text[16] = "1";

    if (fail_fd < 0)
        return 1;
    while (pread(fail_fd, text, sizeof(text) - 1, 0) < 0 && errno == ENOMEM)
        ;
    return atoi(text) > 0;
}

/* --- the sequences ----------------------------------------------------------
 */

static void read_files(void)
{
    static char buf[70000];
    struct statfs sf;
    struct stat st;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    DIR *d;

    fstat(fd, &st);
    while (read(fd, buf, sizeof(buf)) > 0)
        ;
    close(fd);
    stat("/no/such/file", &st);
    statfs("/", &sf);
    readlink("/proc/self/exe", buf, sizeof(buf));
    getcwd(buf, sizeof(buf));
    d = opendir("/");
    while (d && readdir(d))
        ;
    if (d)
        closedir(d);
}

static void read_proc(void)
{
    static const char *const names[] = {"/proc/self/status",
                                        "/proc/self/maps",
                                        "/proc/self/stat",
                                        "/proc/meminfo",
                                        "/proc/stat",
                                        "/proc/cpuinfo",
                                        "/proc/self/cmdline",
                                        "/proc/self/mounts",
                                        "/proc/net/tcp",
                                        "/proc/sys/kernel/osrelease",
                                        "/sys/devices/system/cpu/online"};
    static char buf[9000];

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int fd = open(names[i], O_RDONLY);

        while (fd >= 0 && read(fd, buf, sizeof(buf)) > 0)
            ;
        close(fd);
    }
}

static void write_files(void)
{
    static char buf[20000];
    int fd, dir;

    mkdir("d", 0755);
    fd = open("d/f", O_RDWR | O_CREAT, 0644);
    write(fd, buf, sizeof(buf));
    pwrite(fd, "x", 1, 1 << 20);
    ftruncate(fd, 5000);
    fallocate(fd, 0, 0, 40000);
    link("d/f", "d/g");
    symlink("f", "d/s");
    rename("d/g", "d/h");
    dir = open("d", O_RDONLY | O_DIRECTORY);
    fsync(fd);
    for (int n = 8; n > 0 && syscall(SYS_getdents64, dir, buf, 400) > 0; n--)
        ;
    close(dir);
    close(fd);
    mkfifo("d/p", 0600);
    unlink("d/f");
    unlink("d/h");
    unlink("d/s");
    unlink("d/g");
    unlink("d/p");
    rmdir("d");
}

static void use_pipes(void)
{
    char buf[100] = "hello";
    struct iovec v = {buf, sizeof(buf)};
    char control[CMSG_SPACE(2 * sizeof(int))];
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof(control)};
    int p[2] = {-1, -1}, s[2] = {-1, -1};

    if (!pipe2(p, O_NONBLOCK)) {
        write(p[1], buf, sizeof(buf));
        read(p[0], buf, sizeof(buf));
    }
    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
        if (socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s))
            continue;
        write(s[0], buf, sizeof(buf));
        read(s[1], buf, sizeof(buf));
        memset(control, 0, sizeof(control));
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(2 * sizeof(int));
        memcpy(CMSG_DATA(c), s, 2 * sizeof(int));
        if (sendmsg(s[0], &m, 0) > 0 && recvmsg(s[1], &m, 0) > 0 &&
            m.msg_controllen >= CMSG_LEN(2 * sizeof(int)))
            for (int k = 0; k < 2; k++) {
                int fd;

                memcpy(&fd, CMSG_DATA(c) + k * sizeof(int), sizeof(fd));
                if (fd != s[k])
                    close(fd);
            }
        m.msg_controllen = sizeof(control);
        close(s[0]);
        close(s[1]);
    }
    close(p[0]);
    close(p[1]);
}

static void use_tcp(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval tv = {.tv_usec = 20000};
    socklen_t len = sizeof(a);
    static char buf[30000];
    int l = socket(AF_INET, SOCK_STREAM, 0);
    int c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), s;
    struct pollfd p = {l, POLLIN, 0};

    bind(l, (struct sockaddr *)&a, sizeof(a));
    if (!listen(l, 5) && !getsockname(l, (struct sockaddr *)&a, &len)) {
        connect(c, (struct sockaddr *)&a, sizeof(a));
        if (poll(&p, 1, 50) > 0 && (s = accept(l, NULL, NULL)) >= 0) {
            setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
            write(c, buf, sizeof(buf));
            read(s, buf, sizeof(buf));
            close(s);
        }
    }
    close(c);
    close(l);
}

static void use_udp(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    char buf[1000] = {0};
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    bind(s, (struct sockaddr *)&a, sizeof(a));
    if (!getsockname(s, (struct sockaddr *)&a, &len) && a.sin_port) {
        sendto(s, buf, sizeof(buf), 0, (struct sockaddr *)&a, sizeof(a));
        recv(s, buf, sizeof(buf), 0);
    }
    close(s);
}

static void use_events(void)
{
    struct itimerspec its = {.it_value.tv_nsec = 1000000};
    struct epoll_event e = {.events = EPOLLIN};
    int ep = epoll_create1(0), ev = eventfd(1, EFD_NONBLOCK);
    int tf = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    int mf = memfd_create("m", 0), sf;
    sigset_t set;
    timer_t timer;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sf = signalfd(-1, &set, SFD_NONBLOCK);
    epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e);
    epoll_ctl(ep, EPOLL_CTL_ADD, tf, &e);
    epoll_ctl(ep, EPOLL_CTL_ADD, sf, &e);
    timerfd_settime(tf, 0, &its, NULL);
    epoll_wait(ep, &e, 1, 0);
    if (!timer_create(CLOCK_MONOTONIC, NULL, &timer))
        timer_delete(timer);
    ftruncate(mf, 10000);
    close(sf);
    close(mf);
    close(tf);
    close(ev);
    close(ep);
}

static void use_memory(void)
{
    const size_t page = 4096;
    char *p = mmap(NULL, 64 * page, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
         *q;
    int fd = open("/proc/self/exe", O_RDONLY);

    if (p != MAP_FAILED) {
        for (int i = 0; i < 64; i += 3)
            p[i * page] = 1;
        mprotect(p + 8 * page, 8 * page, PROT_READ);
        mprotect(p + 30 * page, page, PROT_NONE);
        munmap(p + 40 * page, 3 * page);
        madvise(p, 8 * page, MADV_DONTNEED);
        q = mremap(p + 50 * page, 4 * page, 20 * page, MREMAP_MAYMOVE);
        if (q != MAP_FAILED)
            munmap(q, 20 * page);
        munmap(p, 64 * page);
    }
    p = mmap(NULL, 8 * page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
             -1, 0);
    if (p != MAP_FAILED) {
        munmap(p, 8 * page);
    }
    p = mmap(NULL, 4 * page, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p != MAP_FAILED) {
        (void)*(volatile char *)p;
        munmap(p, 4 * page);
    }
    close(fd);
}

static void *nothing(void *arg)
{
    return arg;
}

static void make_children(void)
{
    pthread_t t;
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    if (!pthread_create(&t, NULL, nothing, NULL))
        pthread_join(t, NULL);
}

static void execute(void)
{
    static char *argv[] = {"sh", "-c", "exit 0", NULL};
    static char *envp[] = {NULL};
    pid_t pid = vfork();

    if (pid == 0) {
        execve("/bin/sh", argv, envp);
        _exit(1);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

/* The failure hits the program that executes itself: past the point of no
 * return it can only be killed. */
static void execute_self(void)
{
    static char *argv[] = {"sh", "-c", "exit 0", NULL};
    static char *envp[] = {NULL};

    execve("/bin/sh", argv, envp);
}

static void send_signals(void)
{
    struct sigaction sa = {.sa_handler = SIG_IGN};
    union sigval v = {.sival_int = 1};
    struct rlimit r;

    sigaction(SIGUSR1, &sa, NULL);
    sa.sa_handler = SIG_DFL;
    kill(getpid(), SIGUSR1);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 3; i++)
        sigqueue(getpid(), SIGRTMIN + 3, v);
    getrlimit(RLIMIT_NOFILE, &r);
    int fd = open("/dev/null", O_RDONLY);
    dup2(fd, 500); /* a larger table */
    close(500);
    close(fd);
}

static void use_terminal(void)
{
    char name[64], buf[64];
    int m = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), s;

    if (m < 0)
        return;
    if (!grantpt(m) && !unlockpt(m) && !ptsname_r(m, name, sizeof(name))) {
        s = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
        write(m, "abc\n", 4);
        read(s, buf, sizeof(buf));
        write(s, "def\n", 4);
        read(m, buf, sizeof(buf));
        close(s);
    }
    close(m);
}

/* --- running them ------------------------------------------------------------
 */

/* In a child: whether it got through all allocations (0), met a failure (> 0),
 * or died (-1). */
static int attempt(void (*run)(void), unsigned nth)
{
    pid_t pid = fork();
    int st;

    if (pid < 0)
        return -1;
    if (pid == 0) {
        alarm(60);
        fail_fd = open("/proc/self/fail-nth", O_RDWR);
        if (fail_fd >= 0 && pwrite(fail_fd, "0", 1, 0) != 1) {
            close(fail_fd);
            fail_fd = -1;
        }
        arm(nth);
        run();
        arm(0);
        _exit(all_done() ? 0 : 1);
    }
    if (waitpid(pid, &st, 0) != pid)
        return -1;
    if (WIFEXITED(st))
        return WEXITSTATUS(st);
    return run == execute_self ? 1 : -1;
}

/* KiB that neither programs nor files use: the kernel's own. */
static long kernel_kib(void)
{
    static const char *const minus[] = {"MemFree:", "Cached:", "AnonPages:"};
    FILE *f = fopen("/proc/meminfo", "r");
    char line[128];
    long kib = 0;

    while (f && fgets(line, sizeof(line), f)) {
        if (!strncmp(line, "MemTotal:", 9))
            kib += atol(line + 9);
        for (int i = 0; i < 3; i++)
            if (!strncmp(line, minus[i], strlen(minus[i])))
                kib -= atol(line + strlen(minus[i]));
    }
    if (f)
        fclose(f);
    return kib;
}

struct sequence {
    const char *name;
    void (*run)(void);
};
static const struct sequence sequences[] = {
    {"read files", read_files},
    {"read proc", read_proc},
    {"write files", write_files},
    {"pipes", use_pipes},
    {"tcp", use_tcp},
    {"udp", use_udp},
    {"events", use_events},
    {"memory", use_memory},
    {"children", make_children},
    {"exec", execute},
    {"exec self", execute_self},
    {"signals", send_signals},
    {"terminal", use_terminal},
};

static int run(const struct sequence *s, unsigned *failures)
{
    for (unsigned nth = 1; nth < NTH_MAX; nth++) {
        int how = attempt(s->run, nth);

        if (how == 0)
            return 0;
        if (how < 0) {
            printf("FAILED %s: died, allocation %u\n", s->name, nth);
            return 1;
        }
        ++*failures;
        /* A shell that was executed does not report: a fixed number. */
        if (s->run == execute_self && nth == 80)
            return 0;
    }
    printf("FAILED %s: no end\n", s->name);
    return 1;
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/fail.XXXXXX";
    unsigned failures = 0;
    int bad = 0;
    long before = 0;

    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!mkdtemp(dir) || chdir(dir))
        return 2;
    for (int round = 0; round < 2; round++) { /* the first one warms caches */
        for (unsigned i = 0; i < sizeof(sequences) / sizeof(sequences[0]);
             i++) {
            int rc;

            if (argc > 1 && strcmp(argv[1], sequences[i].name))
                continue;
            rc = run(&sequences[i], &failures);
            if (rc == 0 && round == 1)
                printf("ok %s\n", sequences[i].name);
            bad += rc;
        }
        if (round == 0)
            before = kernel_kib();
    }
    /* Too little to be a page for every failure. */
    if (failures && kernel_kib() > before + 512) {
        printf("FAILED leak: %ld KiB\n", kernel_kib() - before);
        bad++;
    }
    fprintf(stderr, "~ %u failures\n", failures);
    return bad != 0;
}
