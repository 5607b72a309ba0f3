/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sched_test.c - scheduling and futexes.
 */
#include "show.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/times.h>

SECTION(scheduling)
{
    struct sched_param sp = {0};
    struct timespec ts;
    unsigned long mask[128] = {0};
    cpu_set_t one;

    R(sched_yield());
    V(syscall(SYS_sched_getaffinity, 0, 128, mask) > 0);
    V(mask[0] & 1);
    SYS(sched_getaffinity, 0, 1, mask);
    SYS(sched_getaffinity, 0, 12, mask);
    SYS(sched_getaffinity, 999999, 128, mask);
    SYS(sched_getaffinity, 0, 128, bad);
    CPU_ZERO(&one);
    R(sched_setaffinity(0, sizeof(one), &one));
    CPU_SET(1000, &one);
    R(sched_setaffinity(0, sizeof(one), &one));
    CPU_SET(0, &one);
    R(sched_setaffinity(0, sizeof(one), &one));
    R(sched_getaffinity(0, sizeof(one), &one));
    V(CPU_COUNT(&one));
    V(sched_getcpu());
    CHILD
    {
        sched_getaffinity(0, sizeof(one), &one);
        V(CPU_COUNT(&one));
    }
    R(sched_getscheduler(0));
    R(sched_getparam(0, &sp));
    R(sched_setscheduler(0, SCHED_OTHER, &sp));
    sp.sched_priority = 5;
    R(sched_setscheduler(0, SCHED_OTHER, &sp));
    R(sched_setscheduler(0, 99, &sp));
    R(sched_get_priority_max(SCHED_FIFO));
    R(sched_get_priority_min(SCHED_FIFO));
    R(sched_get_priority_max(SCHED_OTHER));
    R(sched_get_priority_max(99));
    R(sched_getscheduler(999999));
    R(sched_rr_get_interval(0, &ts));
    struct tms t;
    V(times(&t) > 0);
    unsigned cpu, node;
    SYS(getcpu, &cpu, &node, NULL);
    say("%u %u", cpu, node);
}

/* --- futexes ----------------------------------------------------------- */

static _Atomic uint32_t word, word2;

static long fut(void *a, int op, uint32_t v, void *ts, void *b, uint32_t v3)
{
    return syscall(SYS_futex, a, op, v, ts, b, v3);
}

static void *wait_bits(void *arg)
{
    fut(&word, FUTEX_WAIT_BITSET | 128, 0, NULL, NULL,
        (uint32_t)(uintptr_t)arg);
    word2++;
    return NULL;
}

SECTION(futexes)
{
    struct timespec ts = {0, 1000000}, wrong = {0, -1};
    pthread_t t[3];

    R(fut(&word, FUTEX_WAIT, 1, NULL, NULL, 0));
    R(fut(&word, FUTEX_WAIT | 128, 0, &ts, NULL, 0));
    R(fut(&word, FUTEX_WAIT, 0, &ts, NULL, 0));
    R(fut(&word, FUTEX_WAIT, 0, &wrong, NULL, 0));
    R(fut(&word, FUTEX_WAIT, 0, bad, NULL, 0));
    R(fut(&word, FUTEX_WAIT_BITSET, 0, &ts, NULL, 0));
    R(fut(&word, FUTEX_WAIT_BITSET, 0, &ts, NULL, 1));
    R(fut(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &ts, NULL, ~0u));
    R(fut(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 0, &ts, NULL, ~0u));
    R(fut((char *)&word + 2, FUTEX_WAIT, 0, &ts, NULL, 0));
    R(fut((char *)&word + 2, FUTEX_WAKE, 1, NULL, NULL, 0));
    R(fut(bad, FUTEX_WAIT, 0, &ts, NULL, 0));
    R(fut((void *)4096, FUTEX_WAKE, 1, NULL, NULL, 0));
    R(fut((void *)4096, FUTEX_WAKE | 128, 1, NULL, NULL, 0));
    R(fut((void *)-4096ul, FUTEX_WAKE | 128, 1, NULL, NULL, 0));
    R(fut(&word, FUTEX_WAKE | 128, 1, NULL, NULL, 0));
    R(fut(&word, FUTEX_WAKE_BITSET | 128, 1, NULL, NULL, 0));
    R(fut(&word, FUTEX_FD, 1, NULL, NULL, 0));
    R(fut(&word, 99, 1, NULL, NULL, 0));
    R(fut(&word, FUTEX_REQUEUE | 128, 1, (void *)1, &word2, 0));
    R(fut(&word, FUTEX_CMP_REQUEUE | 128, 1, (void *)1, &word2, 7));
    R(fut(&word, FUTEX_CMP_REQUEUE | 128, -1, (void *)1, &word2, 0));
    R(fut(&word, FUTEX_CMP_REQUEUE | 128, 1, (void *)1, bad, 0));
    for (long i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, wait_bits, (void *)(1l << i));
    nap(100);
    R(fut(&word, FUTEX_WAKE_BITSET | 128, 10, NULL, NULL, 8));
    R(fut(&word, FUTEX_WAKE_BITSET | 128, 10, NULL, NULL, 5));
    R(fut(&word, FUTEX_WAKE | 128, 10, NULL, NULL, 0));
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    V(word2);
    /* FUTEX_WAKE_OP: old value, then compare */
    word2 = 5;
    R(fut(&word, FUTEX_WAKE_OP | 128, 1, (void *)1, &word2,
          FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)));
    V(word2);
    R(fut(&word, FUTEX_WAKE_OP | 128, 1, (void *)1, &word2,
          FUTEX_OP((FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT), 3, FUTEX_OP_CMP_GT,
                   100)));
    V(word2);
    R(fut(&word, FUTEX_WAKE_OP | 128, 1, (void *)1, &word2,
          FUTEX_OP(FUTEX_OP_ANDN, 8, FUTEX_OP_CMP_LT, -1)));
    V(word2);
    R(fut(&word, FUTEX_WAKE_OP | 128, 1, (void *)1, &word2, 7u << 28));
    R(fut(&word, FUTEX_WAKE_OP | 128, 1, (void *)1, &word2, 9u << 24));
    /* shared between processes: in memory, in a file, by another address */
    uint32_t *sh = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t waker = fork();
    if (!waker) {
        nap(50);
        sh[1] = 1;
        fut(&sh[1], FUTEX_WAKE, 1, NULL, NULL, 0);
        _exit(0);
    }
    ts = (struct timespec){5, 0};
    while (!*(volatile uint32_t *)&sh[1])
        NEED(fut(&sh[1], FUTEX_WAIT, 0, &ts, NULL, 0) == 0 || errno == EAGAIN);
    child_wait(waker);
    int fd = open("f", O_CREAT | O_RDWR, 0600);
    ftruncate(fd, 4096);
    uint32_t *a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    uint32_t *b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    pid_t pid = fork();
    if (!pid)
        _exit(fut(&a[3], FUTEX_WAIT, 0, &ts, NULL, 0) == 0 ? 0 : 1);
    nap(100);
    R(fut(&b[3], FUTEX_WAKE, 1, NULL, NULL, 0));
    say("%s", ending(child_wait(pid)));
}
