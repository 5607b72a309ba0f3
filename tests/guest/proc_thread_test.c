/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_thread_test.c - threads, futexes and time as a program sees them.
 */
#include "proc_check.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/wait.h>

/* --- threads ------------------------------------------------------------- */

static atomic_int counter;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int plain;

static void *work(void *arg)
{
    for (int i = 0; i < 2000; i++) {
        atomic_fetch_add(&counter, 1);
        pthread_mutex_lock(&mutex);
        plain++;
        pthread_mutex_unlock(&mutex);
        if (i % 100 == 0)
            sched_yield();
    }
    return arg;
}

static void test_threads(void)
{
    pthread_t t[8];
    void *r;

    counter = plain = 0;
    for (intptr_t i = 0; i < 8; i++)
        CHECK(pthread_create(&t[i], NULL, work, (void *)i) == 0);
    for (intptr_t i = 0; i < 8; i++)
        CHECK(pthread_join(t[i], &r) == 0 && (intptr_t)r == i);
    CHECK(counter == 16000 && plain == 16000);
}

static long futex(void *a, int op, uint32_t v, void *ts, void *b, uint32_t v3)
{
    return syscall(SYS_futex, a, op, v, ts, b, v3);
}

static uint32_t word, word2;
static atomic_int woken;

static void *futex_waiter(void *arg)
{
    atomic_store((_Atomic pid_t *)arg, gettid());
    while (futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) == -1 &&
           errno == EINTR)
        ;
    woken++;
    return NULL;
}

/* /proc says that the thread sleeps. */
static void until_asleep(_Atomic pid_t *tid)
{
    char path[64], text[256], *s = NULL;

    for (int i = 0; i < 500 && (!s || s[2] != 'S'); i++) {
        sleep_ms(10);
        snprintf(path, sizeof(path), "/proc/self/task/%d/stat", *tid);
        int fd = open(path, O_RDONLY);
        ssize_t n = read(fd, text, sizeof(text) - 1);
        text[n > 0 ? n : 0] = '\0';
        s = strrchr(text, ')');
        close(fd);
    }
}

static void test_futex(void)
{
    struct timespec ts = {0, 20000000};
    _Atomic pid_t tids[4] = {0};
    pthread_t t[4];
    int64_t t0;

    word = 1;
    CHECK(futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) == -1 &&
          errno == EAGAIN);
    t0 = now_ns();
    CHECK(futex(&word, FUTEX_WAIT_PRIVATE, 1, &ts, NULL, 0) == -1 &&
          errno == ETIMEDOUT);
    CHECK(now_ns() - t0 >= 20000000);
    CHECK(futex((char *)&word + 1, FUTEX_WAIT_PRIVATE, 1, &ts, NULL, 0) == -1 &&
          errno == EINVAL);
    CHECK(futex((void *)16, FUTEX_WAIT_PRIVATE, 1, &ts, NULL, 0) == -1 &&
          errno == EFAULT);
    clock_gettime(CLOCK_REALTIME, &ts);
    CHECK(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 1, &ts, NULL,
                FUTEX_BITSET_MATCH_ANY) == -1 &&
          errno == ETIMEDOUT);
    word = word2 = 0;
    woken = 0;
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&t[i], NULL, futex_waiter, &tids[i]) == 0);
    for (int i = 0; i < 4; i++)
        until_asleep(&tids[i]);
    /* A shared wake does not find private waiters. */
    CHECK(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0);
    CHECK(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &word2, 0) ==
          3);
    for (int i = 0; i < 500 && !woken; i++)
        sleep_ms(10);
    CHECK(woken == 1);
    CHECK(futex(&word2, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0) == 2);
    futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
}

static void *spin(void *arg)
{
    for (;;)
        (*(volatile int *)arg)++;
    return NULL;
}

static void test_kill_threads(void)
{
    int st, pid = fork();

    if (!pid) {
        static int n[3];
        pthread_t t;
        for (int i = 0; i < 3; i++)
            pthread_create(&t, NULL, i ? spin : futex_waiter, &n[i]);
        pause();
    }
    sleep_ms(50);
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, &st, 0) == pid && WTERMSIG(st) == SIGKILL);
}

static void *exec_in_thread(void *arg)
{
    (void)arg;
    execl(self, "self", "tid_is_pid", (char *)NULL);
    return NULL;
}

static void test_exec_from_thread(void)
{
    int st, pid = fork();

    if (!pid) {
        static int n;
        pthread_t t;
        pthread_create(&t, NULL, spin, &n);
        pthread_create(&t, NULL, exec_in_thread, NULL);
        for (;;)
            pause();
    }
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

static void *sleeper(void *arg)
{
    sleep_ms(30);
    return arg;
}

/* The first thread ends; the process lives on until the last one does, whose
 * status counts. */
static void test_leader_exits_first(void)
{
    int st, pid = fork();

    if (!pid) {
        pthread_t t;
        pthread_create(&t, NULL, sleeper, NULL);
        syscall(SYS_exit, 3);
    }
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

static void test_exit_group_from_thread(void)
{
    int st, pid = fork();

    if (!pid) {
        static int n;
        pthread_t t;
        pthread_create(&t, NULL, spin, &n);
        syscall(SYS_exit_group, 4);
    }
    CHECK(waitpid(pid, &st, 0) == pid && st == 4 << 8);
}

/* --- time ---------------------------------------------------------------- */

static void test_sleep(void)
{
    int64_t t0 = now_ns();
    struct timespec ts;

    sleep_ms(30);
    CHECK(now_ns() - t0 >= 30000000 && now_ns() - t0 < 2000000000);
    clock_gettime(CLOCK_REALTIME, &ts);
    ts.tv_nsec += 20000000;
    if (ts.tv_nsec >= 1000000000) {
        ts.tv_nsec -= 1000000000;
        ts.tv_sec++;
    }
    t0 = now_ns();
    CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL) == 0);
    CHECK(now_ns() - t0 >= 15000000);
}

static void test_posix_timer(void)
{
    struct itimerspec it = {{0, 10000000}, {0, 10000000}};
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL,
                          .sigev_signo = SIGRTMIN + 3};
    timer_t id;
    sigset_t s;
    siginfo_t si;

    ev.sigev_value.sival_int = 77;
    sigemptyset(&s);
    sigaddset(&s, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &s, NULL);
    CHECK(timer_create(CLOCK_MONOTONIC, &ev, &id) == 0);
    CHECK(timer_settime(id, 0, &it, NULL) == 0);
    sleep_ms(55);
    CHECK(sigwaitinfo(&s, &si) == SIGRTMIN + 3 && si.si_code == SI_TIMER &&
          si.si_value.sival_int == 77);
    CHECK(si.si_overrun >= 2);
    CHECK(sigwaitinfo(&s, &si) == SIGRTMIN + 3);
    CHECK(timer_delete(id) == 0);
    while (sigtimedwait(&s, &si, &(struct timespec){0, 0}) > 0)
        ;
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

static void test_cpu_time(void)
{
    struct timespec a, b;
    struct rusage ru;
    struct tms t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (volatile int i = 0; i < 3000000; i++)
        ;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    CHECK((b.tv_sec - a.tv_sec) * 1000000000ll + b.tv_nsec - a.tv_nsec >
          500000);
    do { /* the two may be counted in ticks */
        CHECK(getrusage(RUSAGE_SELF, &ru) == 0);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    } while (!ru.ru_utime.tv_sec && !ru.ru_utime.tv_usec &&
             b.tv_sec - a.tv_sec < 5);
    CHECK(ru.ru_utime.tv_sec * 1000000 + ru.ru_utime.tv_usec > 0);
    CHECK(ru.ru_maxrss > 0);
    CHECK(times(&t) != (clock_t)-1);
}

/* --- ping-pong between two threads: latency of wake-ups ------------------ */

static void test_ping_pong(void)
{
    int a[2], b[2], st;
    char c;

    CHECK(pipe(a) == 0 && pipe(b) == 0);
    int pid = fork();
    if (!pid) {
        for (int i = 0; i < 2000; i++)
            if (read(a[0], &c, 1) != 1 || write(b[1], &c, 1) != 1)
                _exit(1);
        _exit(0);
    }
    for (int i = 0; i < 2000; i++)
        CHECK(write(a[1], "x", 1) == 1 && read(b[0], &c, 1) == 1);
    CHECK(waitpid(pid, &st, 0) == pid && st == 0);
    close(a[0]);
    close(a[1]);
    close(b[0]);
    close(b[1]);
}

int program_child(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "tid_is_pid"))
        return gettid() == getpid() ? 0 : 1;
    return 99;
}

CHECKS(T(threads), T(futex), T(kill_threads), T(exec_from_thread),
       T(leader_exits_first), T(exit_group_from_thread), T(sleep),
       T(posix_timer), T(cpu_time), T(ping_pong))
