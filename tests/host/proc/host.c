/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ARCH_SET_GS 0x1001

struct host_sem {
    sem_t sem;
};

struct host_sem *host_sem_new(void)
{
    static struct host_sem pool[64];
    static int used;
    struct host_sem *s = &pool[__atomic_fetch_add(&used, 1, __ATOMIC_RELAXED)];

    sem_init(&s->sem, 0, 0);
    return s;
}

void host_sem_post(struct host_sem *s)
{
    sem_post(&s->sem);
}

bool host_sem_wait(struct host_sem *s, long ns)
{
    struct timespec ts;
    int rc;

    if (ns > 3600000000000l)
        ns = 3600000000000l;
    if (ns < 0)
        ns = 0;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    ns += ts.tv_nsec;
    ts.tv_sec += ns / 1000000000;
    ts.tv_nsec = ns % 1000000000;
    while ((rc = sem_clockwait(&s->sem, CLOCK_MONOTONIC, &ts)) &&
           errno == EINTR)
        ;
    return rc == 0;
}

long host_clock(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000l + ts.tv_nsec;
}

void host_set_gs(void *base)
{
    if (syscall(SYS_arch_prctl, ARCH_SET_GS, base))
        host_die("arch_prctl");
}

void *host_malloc(size_t n)
{
    return malloc(n);
}

void host_free(void *p)
{
    free(p);
}

void host_die(const char *why)
{
    fprintf(stderr, "%s\n", why);
    abort();
}

struct job {
    void (*fn)(unsigned);
    unsigned arg;
};

static void *run_job(void *p)
{
    struct job *j = p;

    j->fn(j->arg);
    return NULL;
}

void host_threads(unsigned n, void (*fn)(unsigned))
{
    pthread_t t[64];
    struct job j[64];

    for (unsigned i = 0; i < n; i++) {
        j[i] = (struct job){fn, i};
        if (pthread_create(&t[i], NULL, run_job, &j[i]))
            host_die("pthread_create");
    }
    for (unsigned i = 0; i < n; i++)
        pthread_join(t[i], NULL);
}

void host_sleep_us(unsigned us)
{
    usleep(us);
}
