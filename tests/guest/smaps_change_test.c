/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * smaps_change_test.c - /proc/PID/smaps while the memory it tells of changes.
 */
#include "show.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define ROUNDS 12
#define SIZE   (8ul << 20)
#define RW     (PROT_READ | PROT_WRITE)

static _Atomic int running;

/* Areas of many sorts come and go, small pages and large ones. */
static void *change(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        char *p = mmap(NULL, SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        NEED(p != MAP_FAILED);
        memset(p, i, i % 4 ? SIZE / 16 : SIZE);
        for (size_t at = 0; at < SIZE / 4; at += 65536)
            mprotect(p + at, 4096, PROT_READ);
        madvise(p + SIZE / 64, SIZE / 64, MADV_DONTNEED);
        if (i % 4 == 3 && !fork()) {
            p[SIZE - 1] = 1;
            _exit(0);
        }
        munmap(p, SIZE);
    }
    while (waitpid(-1, NULL, 0) > 0)
        ;
    running--;
    return arg;
}

/* No area holds more than it is large: lines of the file that say so. */
static long wrong_lines(FILE *f)
{
    long size = 0, v, wrong = 0;
    char line[400];

    while (fgets(line, sizeof(line), f)) {
        if (sscanf(line, "Size: %ld", &v) == 1)
            size = v;
        else if (sscanf(line, "Rss: %ld", &v) == 1)
            wrong += v > size || v < 0;
        else if (sscanf(line, "Pss: %ld", &v) == 1)
            wrong += v > size || v < 0;
    }
    return wrong;
}

static void look(long *wrong, long *failed)
{
    FILE *f = fopen("/proc/self/smaps", "r");

    NEED(f);
    *wrong += wrong_lines(f);
    *failed += ferror(f) != 0;
    fclose(f);
    *failed += !strstr(get("/proc/self/smaps_rollup"), "SwapPss:");
}

SECTION(changing)
{
    long wrong = 0, failed = 0, seen = 0;
    pthread_t t[2];

    running = 2;
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, change, NULL);
    for (; running; seen++)
        look(&wrong, &failed);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    V(seen > 0);
    V(wrong);
    V(failed);
}

/* Another process, which ends meanwhile: the text ends, too. */
SECTION(ending)
{
    char path[40], block[1000];

    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();

        if (!pid)
            pause();
        snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
        int fd = open(path, O_RDONLY);
        NEED(fd >= 0 && read(fd, block, sizeof(block)) > 0);
        kill(pid, SIGKILL);
        while (read(fd, block, sizeof(block)) > 0)
            ;
        child_wait(pid);
        close(fd);
    }
    say("all ended");
}
