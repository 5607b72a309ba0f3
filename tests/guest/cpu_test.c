/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* cpu_test - what depends on the processor time a process has used, and on
 * which processors it may. */
#include "show.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/time.h>

static volatile sig_atomic_t signals;

static void count(int sig)
{
    (void)sig;
    signals++;
}

static void handle(int sig)
{
    struct sigaction sa = {.sa_handler = count};

    sigaction(sig, &sa, NULL);
}

static long cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Uses the processor until (n) signals came; whether it was (ms) at least. */
static int burn(int n, long ms)
{
    long from = cpu_ms();

    while (signals < n && cpu_ms() - from < 10000)
        ;
    return signals >= n && cpu_ms() - from >= ms;
}

static struct itimerval every(long first_ms, long then_ms)
{
    return (struct itimerval){{then_ms / 1000, then_ms % 1000 * 1000},
                              {first_ms / 1000, first_ms % 1000 * 1000}};
}

/* Nothing is printed while a timer runs: that takes time too. */
static void one_timer(int which, int sig)
{
    struct itimerval v = every(40, 0), old;
    int good;

    signals = 0;
    handle(sig);
    good = !setitimer(which, &v, NULL) && burn(1, 20);
    R(good);
    R(getitimer(which, &old));
    R(timerisset(&old.it_value) || timerisset(&old.it_interval));
    signals = 0;
    v = every(10, 10);
    good = !setitimer(which, &v, NULL) && burn(5, 20);
    R(good);
    R(getitimer(which, &old));
    R(timerisset(&old.it_value) != 0);
    R(old.it_interval.tv_usec);
    v = every(0, 0);
    R(setitimer(which, &v, &old));
    R(old.it_interval.tv_usec);
}

SECTION(itimer_virtual)
{
    one_timer(ITIMER_VIRTUAL, SIGVTALRM);
}

SECTION(itimer_prof)
{
    one_timer(ITIMER_PROF, SIGPROF);
}

SECTION(itimer_sleep)
{
    struct itimerval v = every(60, 0), old;

    int early;

    handle(SIGVTALRM);
    handle(SIGPROF);
    setitimer(ITIMER_VIRTUAL, &v, NULL);
    setitimer(ITIMER_PROF, &v, NULL);
    usleep(300000);
    early = signals;
    burn(2, 20);
    R(early);
    R(signals);
    v = every(100000, 0);
    R(setitimer(ITIMER_PROF, &v, NULL));
    R(getitimer(ITIMER_PROF, &old));
    R(old.it_value.tv_sec == 99 || old.it_value.tv_sec == 100);
    R(getitimer(ITIMER_VIRTUAL, &old));
    R(timerisset(&old.it_value) != 0);
}

/* Time of a thread that is not the one that asked counts too. */
static void *burn_thread(void *arg)
{
    long from = cpu_ms();

    while (!signals && cpu_ms() - from < 10000)
        ;
    return arg;
}

SECTION(itimer_threads)
{
    struct itimerval v = every(50, 0);
    pthread_t t[3];

    handle(SIGPROF);
    for (int i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, burn_thread, NULL);
    R(setitimer(ITIMER_PROF, &v, NULL));
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    R(signals);
}

SECTION(itimer_process)
{
    struct itimerval v = every(100000, 0), old;
    int status;

    R(setitimer(ITIMER_VIRTUAL, &v, NULL));
    if (fork() == 0) {
        getitimer(ITIMER_VIRTUAL, &old);
        _exit(timerisset(&old.it_value) ? 1 : 0);
    }
    wait(&status);
    R(WEXITSTATUS(status));
    v = every(20, 0);
    if (fork() == 0) {
        setitimer(ITIMER_VIRTUAL, &v, NULL);
        burn(1, 0);
        _exit(1);
    }
    wait(&status);
    R(WTERMSIG(status));
    if (fork() == 0) {
        setitimer(ITIMER_PROF, &v, NULL);
        burn(1, 0);
        _exit(1);
    }
    wait(&status);
    R(WTERMSIG(status));
}

SECTION(itimer_errors)
{
    struct itimerval v = every(10, 0);

    R(syscall(SYS_setitimer, 3, &v, NULL));
    R(syscall(SYS_getitimer, 3, &v));
    R(syscall(SYS_setitimer, -1, &v, NULL));
    v.it_value.tv_usec = 1000000;
    R(setitimer(ITIMER_VIRTUAL, &v, NULL));
    v = every(-1000, 0);
    R(setitimer(ITIMER_PROF, &v, NULL));
    R(syscall(SYS_setitimer, ITIMER_PROF, 8, NULL));
    R(syscall(SYS_getitimer, ITIMER_VIRTUAL, 8));
    R(syscall(SYS_setitimer, ITIMER_VIRTUAL, NULL, NULL));
}

/* The soft limit warns, the hard one ends. */
SECTION(rlimit_cpu)
{
    struct rlimit r = {1, 2}, got;
    int status;

    if (fork() == 0) {
        handle(SIGXCPU);
        setrlimit(RLIMIT_CPU, &r);
        R(burn(1, 500));
        getrlimit(RLIMIT_CPU, &got);
        R(got.rlim_cur >= 1 && got.rlim_max == 2);
        burn(100, 0);
        _exit(1);
    }
    wait(&status);
    R(WTERMSIG(status));
}

SECTION(rlimit_cpu_inherited)
{
    struct rlimit r = {1, RLIM_INFINITY}, got;
    int status;

    if (fork() == 0) {
        R(setrlimit(RLIMIT_CPU, &r));
        if (fork() == 0) {
            getrlimit(RLIMIT_CPU, &got);
            R(got.rlim_cur);
            burn(1, 0);
            _exit(1);
        }
        wait(&status);
        R(WTERMSIG(status));
        r.rlim_cur = RLIM_INFINITY;
        R(setrlimit(RLIMIT_CPU, &r));
        _exit(0);
    }
    wait(&status);
    R(WEXITSTATUS(status));
}

/* --- processors ---------------------------------------------------------- */

static cpu_set_t one(int cpu)
{
    cpu_set_t s;

    CPU_ZERO(&s);
    CPU_SET(cpu, &s);
    return s;
}

static int set_one(int cpu)
{
    cpu_set_t s = one(cpu);

    return sched_setaffinity(0, sizeof(s), &s);
}

static int is_one(int cpu)
{
    cpu_set_t want = one(cpu), s;

    sched_getaffinity(0, sizeof(s), &s);
    return CPU_EQUAL(&want, &s) && sched_getcpu() == cpu;
}

static void *is_one_thread(void *arg)
{
    return is_one(*(int *)arg) ? arg : NULL;
}

/* Threads and children have the mask of who made them. */
static int all_as(int cpu)
{
    pthread_t t;
    void *same;
    int status;

    pthread_create(&t, NULL, is_one_thread, &cpu);
    pthread_join(t, &same);
    if (fork() == 0)
        _exit(is_one(cpu));
    wait(&status);
    return is_one(cpu) && same && WEXITSTATUS(status) == 1;
}

SECTION(affinity)
{
    cpu_set_t all, now;
    int good = 1;

    R(sched_getaffinity(0, sizeof(all), &all));
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && (set_one(cpu) || !all_as(cpu)))
            good = 0;
    R(good);
    R(sched_setaffinity(0, sizeof(all), &all));
    sched_getaffinity(0, sizeof(now), &now);
    R(CPU_EQUAL(&all, &now) != 0);
    /* what does not exist is left out */
    memset(&now, 255, sizeof(now));
    R(sched_setaffinity(0, sizeof(now), &now));
    sched_getaffinity(0, sizeof(now), &now);
    R(CPU_EQUAL(&all, &now) != 0);
}

/* A thread that runs somewhere else is moved. */
static void *spin(void *arg)
{
    _Atomic int *stop = arg;

    while (!*stop)
        ;
    return sched_getcpu() == 0 ? arg : NULL;
}

SECTION(affinity_of_another)
{
    static _Atomic int stop;
    cpu_set_t s = one(0), got;
    pthread_t t;
    void *on_first;

    pthread_create(&t, NULL, spin, (void *)&stop);
    usleep(10000);
    R(pthread_setaffinity_np(t, sizeof(s), &s));
    R(pthread_getaffinity_np(t, sizeof(got), &got));
    R(CPU_EQUAL(&s, &got) != 0);
    usleep(50000);
    stop = 1;
    pthread_join(t, &on_first);
    R(on_first != NULL);
}

SECTION(affinity_errors)
{
    cpu_set_t s;

    CPU_ZERO(&s);
    R(sched_setaffinity(0, sizeof(s), &s));
    CPU_SET(1000, &s);
    R(sched_setaffinity(0, sizeof(s), &s));
    R(sched_setaffinity(0, 0, &s));
    s = one(0);
    R(sched_setaffinity(0, 1, &s));
    R(sched_setaffinity(0, 4096, &s));
    R(sched_setaffinity(99999999, sizeof(s), &s));
    R(syscall(SYS_sched_setaffinity, 0, sizeof(s), 8));
    R(sched_getaffinity(99999999, sizeof(s), &s));
    R(syscall(SYS_sched_getaffinity, 0, 7, &s));
    R(syscall(SYS_sched_getaffinity, 0, 0, &s));
    R(syscall(SYS_sched_getaffinity, 0, sizeof(s), 8));
    R(syscall(SYS_sched_getaffinity, 0, 4096, &s) >= 8);
}
