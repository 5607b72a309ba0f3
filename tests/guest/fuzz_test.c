/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fuzz_test.c - calls with arguments that are mostly wrong, from several
 * processes and threads at once. Whatever they answer, the machine must be
 * there afterwards and hold no more objects than before. Linux is left alone:
 * there the sections only say what they say here.
 *
 * The seed of each child is in the log ("~"); "fuzz_test seed N root" repeats
 * one.
 */
#define SECTION_SECONDS 150
#include "show.h"

#include <grp.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#define CALLS    3000
#define CHILDREN 6
#define ROUNDS   3

/* Not: making processes (there would be no end), killing others, ending this
 * one, stopping the machine, changing what later programs see. */
static const short left_out[] = {
    SYS_fork,
    SYS_vfork,
    SYS_clone,
    SYS_clone3,
    SYS_exit,
    SYS_exit_group,
    SYS_kill,
    SYS_tkill,
    SYS_tgkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_pidfd_send_signal,
    SYS_reboot,
    SYS_rt_sigreturn,
    SYS_execve,
    SYS_execveat,
    SYS_pause,
    SYS_ptrace,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_clock_settime,
    SYS_settimeofday,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_prlimit64,
    SYS_sched_setaffinity,
    SYS_sched_setscheduler,
    SYS_sched_setparam,
    SYS_setpriority,
    SYS_syslog,
};

static uint64_t state;
static _Atomic long *done; /* calls, of all processes */

static uint64_t next(void) /* xorshift64 */
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static char *area, *edge; /* 64 KiB; the last 16 bytes before a hole */

static long argument(void)
{
    static const long sizes[] = {0,        1,  4,        8,          16,
                                 24,       88, 4095,     4096,       65536,
                                 1l << 31, -1, 1l << 47, 0x7fffffff, -4096};

    switch (next() % 12) {
    case 0:
    case 1:
    case 2:
        return (long)(next() % 24); /* descriptors */
    case 3:
    case 4:
        return (long)area + (long)(next() % 4096) * 8;
    case 5:
        return (long)edge + (long)(next() % 16);
    case 6:
    case 7:
        return sizes[next() % 15];
    case 8:
        return 1l << (next() % 64); /* a flag */
    case 9:
        return (long)(next() & next() & 0xfffff); /* flags */
    case 10:
        return (long)(0xffff800000000000ul | next());
    default:
        return (long)next();
    }
}

static int may_call(long nr)
{
    for (size_t i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
        if (left_out[i] == nr)
            return 0;
    return 1;
}

static void on_alarm(int sig)
{
    (void)sig;
}

/* Descriptors of every kind at 3..20, a region to point to. */
static void prepare(void)
{
    struct rlimit fsize = {1 << 20, 1 << 20}, as = {64 << 20, 64 << 20};
    int p[2];

    open("f", O_CREAT | O_RDWR, 0666);
    open(".", O_RDONLY);
    pipe2(p, O_NONBLOCK);
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p);
    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    socket(AF_NETLINK, SOCK_RAW, 0);
    epoll_create1(0);
    eventfd(0, EFD_NONBLOCK);
    timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    open("/proc/self/status", O_RDONLY);
    open("/dev/zero", O_RDWR);
    syscall(SYS_memfd_create, "m", 2);
    open("/etc/passwd", O_RDONLY);
    area = mmap(NULL, 17 * 4096, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(area + 16 * 4096, 4096);
    edge = area + 16 * 4096 - 16;
    for (int i = 0; i < 16 * 512; i++)
        ((uint64_t *)area)[i] = i % 3 ? next() : (uint64_t)argument();
    strcpy(area, "f");
    setrlimit(RLIMIT_FSIZE, &fsize);
    setrlimit(RLIMIT_AS, &as);
}

static void calls(void)
{
    for (int i = 0; i < CALLS; i++) {
        long nr = (long)(next() % 460);

        if (may_call(nr))
            syscall(nr, argument(), argument(), argument(), argument(),
                    argument(), argument());
        ++*done;
    }
}

static void *other_thread(void *arg)
{
    state = (uint64_t)(uintptr_t)arg;
    calls();
    return NULL;
}

static void child(uint64_t seed, int root)
{
    struct sigaction a = {.sa_handler = on_alarm};
    struct itimerval it = {{0, 5000}, {0, 5000}};
    pthread_t t;

    state = seed;
    close(0);
    open("/dev/null", O_RDONLY);
    dup2(0, 1);
    dup2(0, 2);
    setsid();
    prepare();
    if (!root && (setgroups(0, NULL) || setgid(1000) || setuid(1000)))
        _exit(1);
    sigaction(SIGALRM, &a, NULL);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    setitimer(ITIMER_REAL, &it, NULL);
    if (seed % 3 == 0)
        pthread_create(&t, NULL, other_thread, (void *)(seed * 7 + 1));
    calls();
    _exit(0);
}

static void round_of(uint64_t seed, int root)
{
    long long end = now_ms() + 1500;
    pid_t pid[CHILDREN];
    int left = CHILDREN;

    for (int i = 0; i < CHILDREN; i++) {
        pid[i] = fork();
        NEED(pid[i] >= 0);
        if (!pid[i])
            child(seed + (uint64_t)i, root);
    }
    while (left && now_ms() < end) {
        left = 0;
        for (int i = 0; i < CHILDREN; i++) {
            if (pid[i] && waitpid(pid[i], NULL, WNOHANG) == pid[i])
                pid[i] = 0;
            left += pid[i] != 0;
        }
        nap(5);
    }
    for (int i = 0; i < CHILDREN; i++)
        if (pid[i]) { /* asleep, as some calls are */
            kill(pid[i], SIGKILL);
            waitpid(pid[i], NULL, 0);
        }
    system("rm -rf ./* >/dev/null 2>&1");
}

static long objects(const char *kind)
{
    const char *s = strstr(get("/proc/slabinfo"), kind);

    return s ? atol(s + strlen(kind)) : -1;
}

static void fuzz(int root)
{
    static const char *const kinds[] = {"\nprocess ", "\nthread ", "\nmm ",
                                        "\nfdtable ", "\nfile ",   "\npipe "};
    long before[6];

    chmod(".", 0777);
    done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                -1, 0);
    for (int k = 0; k < 6; k++)
        before[k] = objects(kinds[k]);
    for (int i = 0; i < ROUNDS && before[0] > 0; i++) {
        struct timespec ts;

        clock_gettime(CLOCK_REALTIME, &ts);
        uint64_t seed = (uint64_t)ts.tv_nsec * 31 + (uint64_t)i + 1;
        dprintf(1, "~ seed %llu root %d\n", (unsigned long long)seed, root);
        round_of(seed, root);
    }
    for (int k = 0; k < 6; k++) {
        for (int i = 0; i < 200 && objects(kinds[k]) > before[k]; i++)
            nap(10);
        if (objects(kinds[k]) > before[k])
            say("%s: %ld, before %ld", kinds[k] + 1, objects(kinds[k]),
                before[k]);
    }
    dprintf(1, "~ %ld calls\n", (long)*done);
    say("survived");
}

SECTION(user)
{
    fuzz(0);
}
SECTION(root)
{
    fuzz(1);
}

int program_child(int argc, char **argv)
{
    done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                -1, 0);
    if (argc > 3 && !strcmp(argv[1], "seed"))
        child(strtoull(argv[2], NULL, 10), atoi(argv[3]));
    return 1;
}
