/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mem_stress_test.c - many threads change one address space at a time, and
 * every byte is checked. Runs on Linux too, where it must print just the same.
 *
 * Prints "ok NAME" or "FAILED NAME: line" per test; exit status 0 if all
 * passed. MEM_ROUNDS=N makes it longer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul

static _Atomic int failed_line;
static int rounds = 1;

#define CHECK(e)                                                               \
    do {                                                                       \
        if (!(e)) {                                                            \
            int none_ = 0;                                                     \
            atomic_compare_exchange_strong(&failed_line, &none_, __LINE__);    \
        }                                                                      \
    } while (0)
#define GOING_ON() (!atomic_load(&failed_line))

static uint32_t rnd(uint32_t *state, uint32_t n)
{
    *state = *state * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)*state * n) >> 32);
}

static uint64_t *word(char *base, unsigned page)
{
    return (uint64_t *)(base + page * PAGE) + 7;
}

/* --- each thread changes an arena of its own -------------------------------
 */

#define ARENA 96u /* pages */

struct arena {
    pthread_t thread;
    char *base;
    uint32_t seed;
    uint64_t value[ARENA]; /* what the page holds; 0: untouched or dropped */
    uint8_t state[ARENA];
};
enum { GONE, READ, WRITE };

static void map_pages(struct arena *a, unsigned at, unsigned n)
{
    char *p = mmap(a->base + at * PAGE, n * PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

    CHECK(p == a->base + at * PAGE);
    for (unsigned i = at; i < at + n; i++) {
        a->state[i] = WRITE;
        a->value[i] = 0;
    }
}

static void protect_pages(struct arena *a, unsigned at, unsigned n, int state)
{
    for (unsigned i = at; i < at + n; i++)
        if (a->state[i] == GONE)
            return;
    CHECK(!mprotect(a->base + at * PAGE, n * PAGE,
                    state == WRITE ? PROT_READ | PROT_WRITE : PROT_READ));
    memset(a->state + at, state, n);
}

/* While there is a hole in an arena nobody may ask for memory anywhere. */
static pthread_mutex_t holes = PTHREAD_MUTEX_INITIALIZER;

static void unmap_pages(struct arena *a, unsigned at, unsigned n)
{
    char *p = a->base + at * PAGE;

    pthread_mutex_lock(&holes);
    CHECK(!munmap(p, n * PAGE));
    CHECK(mmap(p, n * PAGE, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == p);
    pthread_mutex_unlock(&holes);
    memset(a->state + at, GONE, n);
}

static void drop_pages(struct arena *a, unsigned at, unsigned n)
{
    for (unsigned i = at; i < at + n; i++)
        if (a->state[i] == GONE)
            return;
    CHECK(!madvise(a->base + at * PAGE, n * PAGE, MADV_DONTNEED));
    memset(a->value + at, 0, n * sizeof(a->value[0]));
}

static void touch_pages(struct arena *a, unsigned at, unsigned n)
{
    for (unsigned i = at; i < at + n; i++) {
        if (a->state[i] == GONE)
            continue;
        CHECK(*word(a->base, i) == a->value[i]);
        if (a->state[i] == WRITE)
            *word(a->base, i) = a->value[i] = a->seed ^ i ^ 0x5a5a00000000ull;
    }
}

/* Part of the arena moves away, grows, and moves back. There is no room for it
 * to grow in place. */
static void move_locked(struct arena *a, char *from, unsigned at, unsigned n)
{
    char *p = mremap(from, n * PAGE, (n + 3) * PAGE, MREMAP_MAYMOVE);

    if (p == MAP_FAILED && errno == EFAULT)
        return; /* they are not one area any more */
    CHECK(p != MAP_FAILED && p != from);
    if (p == MAP_FAILED || p == from)
        return;
    for (unsigned i = 0; i < n; i++)
        CHECK(*word(p, i) == a->value[at + i]);
    CHECK(*word(p, n) == 0);
    CHECK(mremap(p, n * PAGE, n * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, from) ==
          from);
    CHECK(!munmap(p + n * PAGE, 3 * PAGE));
}

static void move_pages(struct arena *a, unsigned at, unsigned n)
{
    for (unsigned i = at; i < at + n; i++)
        if (a->state[i] != WRITE)
            return;
    pthread_mutex_lock(&holes);
    move_locked(a, a->base + at * PAGE, at, n);
    pthread_mutex_unlock(&holes);
}

static void *change_arena(void *arg)
{
    struct arena *a = arg;

    for (int i = 0; i < 1500 * rounds && GOING_ON(); i++) {
        unsigned at = rnd(&a->seed, ARENA - 8);
        unsigned n = 1 + rnd(&a->seed, 8);

        switch (rnd(&a->seed, 8)) {
        case 0:
            map_pages(a, at, n);
            break;
        case 1:
            unmap_pages(a, at, n);
            break;
        case 2:
            protect_pages(a, at, n, READ);
            break;
        case 3:
            protect_pages(a, at, n, WRITE);
            break;
        case 4:
            drop_pages(a, at, n);
            break;
        case 5:
            move_pages(a, at, n);
            break;
        default:
            touch_pages(a, at, n);
        }
    }
    return NULL;
}

static _Atomic bool stop;

/* Children see the memory as it was, whatever the others do meanwhile. */
static void *fork_children(void *arg)
{
    char *own = arg;

    for (uint64_t v = 1; !atomic_load(&stop) && GOING_ON(); v++) {
        pid_t pid;
        int st;

        for (unsigned i = 0; i < 32; i++)
            *word(own, i) = v + i;
        pid = fork();
        if (pid == 0) {
            for (unsigned i = 0; i < 32; i++)
                if (*word(own, i) != v + i)
                    _exit(1);
            for (unsigned i = 0; i < 32; i += 3)
                *word(own, i) = 0;
            _exit(0);
        }
        for (unsigned i = 0; i < 32; i += 2)
            *word(own, i) = 7;
        CHECK(pid > 0 && waitpid(pid, &st, 0) == pid && st == 0);
        for (unsigned i = 1; i < 32; i += 2)
            CHECK(*word(own, i) == v + i);
    }
    return NULL;
}

static char *anonymous(size_t pages)
{
    char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    return p;
}

#define ARENAS 6
static struct arena arenas[ARENAS];

static void test_arenas_and_fork(void)
{
    char *own = anonymous(32);
    pthread_t forker;

    atomic_store(&stop, false);
    CHECK(!pthread_create(&forker, NULL, fork_children, own));
    for (unsigned i = 0; i < ARENAS; i++) {
        struct arena *a = &arenas[i];

        a->base = anonymous(ARENA + 1);
        a->seed = i + 1;
        CHECK(!mprotect(a->base + ARENA * PAGE, PAGE, PROT_NONE));
        memset(a->state, WRITE, sizeof(a->state));
        CHECK(!pthread_create(&a->thread, NULL, change_arena, a));
    }
    for (unsigned i = 0; i < ARENAS; i++)
        pthread_join(arenas[i].thread, NULL);
    atomic_store(&stop, true);
    pthread_join(forker, NULL);
}

/* --- threads write the pages of one area while it is forked ----------------
 */

#define COUNTERS 64u
static char *counters;

static void *count_up(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;

    while (!atomic_load(&stop) && GOING_ON())
        for (unsigned i = me; i < COUNTERS; i += 4) {
            uint64_t *w = word(counters, i), v = *w;

            *w = v + 1;
            CHECK(*(volatile uint64_t *)w == v + 1); /* nothing is lost */
        }
    return NULL;
}

static void test_write_during_fork(void)
{
    pthread_t t[4];

    counters = anonymous(COUNTERS);
    atomic_store(&stop, false);
    for (unsigned i = 0; i < 4; i++)
        CHECK(!pthread_create(&t[i], NULL, count_up, (void *)(uintptr_t)i));
    for (int i = 0; i < 60 * rounds && GOING_ON(); i++) {
        uint64_t seen[COUNTERS];
        pid_t pid = fork();
        int st;

        if (pid == 0) { /* nobody writes here */
            for (unsigned k = 0; k < COUNTERS; k++)
                seen[k] = *word(counters, k);
            for (volatile int spin = 0; spin < 20000; spin++)
                ;
            for (unsigned k = 0; k < COUNTERS; k++)
                if (*word(counters, k) != seen[k])
                    _exit(1);
            _exit(0);
        }
        CHECK(pid > 0 && waitpid(pid, &st, 0) == pid && st == 0);
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    munmap(counters, COUNTERS * PAGE);
}

/* --- truncation and mapped access ------------------------------------------
 */

#define FILE_PAGES 48u
static char *shared;
static __thread sigjmp_buf bus;
static __thread volatile uintptr_t bus_from, bus_to; /* where it is expected */

static void on_bus(int sig, siginfo_t *si, void *uc)
{
    uintptr_t at = (uintptr_t)si->si_addr;

    (void)sig, (void)uc;
    if (at < bus_from || at >= bus_to)
        _exit(77);
    siglongjmp(bus, 1);
}

static void use_page(unsigned page)
{
    volatile uint64_t *w = word(shared, page);
    uint64_t v;

    if (sigsetjmp(bus, 1))
        return;
    v = *w; /* once: it may change meanwhile */
    CHECK(v == page + 1 || (page >= 8 && v == 0));
    if (page >= 8)
        *w = page + 1;
}

static void *use_shared(void *arg)
{
    uint32_t seed = (uint32_t)(uintptr_t)arg;

    /* Never cut: pages 0 to 7. */
    bus_from = (uintptr_t)shared + 8 * PAGE;
    bus_to = (uintptr_t)shared + FILE_PAGES * PAGE;
    for (int i = 0; i < 4000 * rounds && GOING_ON(); i++)
        use_page(rnd(&seed, FILE_PAGES));
    return NULL;
}

static void test_truncate_race(void)
{
    struct sigaction sa = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
    int fd = memfd_create("cut", 0);
    pthread_t t[3];
    uint32_t seed = 5;

    sigaction(SIGBUS, &sa, NULL);
    CHECK(fd >= 0 && !ftruncate(fd, FILE_PAGES * PAGE));
    shared = mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
                  fd, 0);
    CHECK(shared != MAP_FAILED);
    for (unsigned i = 0; i < 8; i++)
        *word(shared, i) = i + 1;
    for (unsigned i = 0; i < 3; i++)
        CHECK(!pthread_create(&t[i], NULL, use_shared,
                              (void *)(uintptr_t)(i + 1)));
    for (int i = 0; i < 600 * rounds && GOING_ON(); i++) {
        CHECK(!ftruncate(fd, (long)((8 + rnd(&seed, FILE_PAGES - 8)) * PAGE)));
        if (i % 2)
            CHECK(!ftruncate(fd, FILE_PAGES * PAGE));
    }
    for (unsigned i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    signal(SIGBUS, SIG_DFL);
    munmap(shared, FILE_PAGES * PAGE);
    close(fd);
}

/* --- two views of one memory ------------------------------------------------
 */

static void test_dual_mapping(void)
{
    int fd = memfd_create("vmem", 0), st;
    char *w, *x;
    pid_t pid;

    CHECK(fd >= 0 && !ftruncate(fd, 16 * PAGE));
    w = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    x = mmap(NULL, 16 * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    CHECK(w != MAP_FAILED && x != MAP_FAILED);
    close(fd);
    for (int round = 0; round < 20 && GOING_ON(); round++) {
        for (unsigned i = 0; i < 16; i++) {
            *word(w, i) = i + (unsigned)round;
            CHECK(*(volatile uint64_t *)word(x, i) == i + (unsigned)round);
        }
        pid = fork();
        if (pid == 0) {
            /* mov $n, %eax; ret */
            char code[] = {(char)0xb8, (char)round, 0, 0, 0, (char)0xc3};

            memcpy(w, code, sizeof(code));
            for (unsigned i = 1; i < 16; i++)
                *word(w, i) = 1000 + i;
            _exit(((int (*)(void))(void *)x)() != round);
        }
        CHECK(pid > 0 && waitpid(pid, &st, 0) == pid && st == 0);
        CHECK(((int (*)(void))(void *)x)() == round);
        for (unsigned i = 1; i < 16; i++)
            CHECK(*(volatile uint64_t *)word(x, i) == 1000 + i);
    }
    munmap(w, 16 * PAGE);
    munmap(x, 16 * PAGE);
}

/* --- giving pages back while they are used ----------------------------------
 */

/* KiB, from /proc/meminfo. */
static long meminfo(const char *name)
{
    FILE *f = fopen("/proc/meminfo", "r");
    char line[128];
    long kib = 0;

    while (f && fgets(line, sizeof(line), f))
        if (!strncmp(line, name, strlen(name)))
            kib = atol(line + strlen(name));
    if (f)
        fclose(f);
    return kib;
}

static const char *const libraries[] = {"/lib/x86_64-linux-gnu/libc.so.6",
                                        "/usr/lib/x86_64-linux-gnu/libc.so.6",
                                        "/proc/self/exe"};

static uint64_t sum_mapped(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    uint64_t sum = 0;
    unsigned char *p;

    if (fd < 0)
        return 1; /* some systems have it elsewhere */
    CHECK(!fstat(fd, &st));
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    CHECK(p != MAP_FAILED);
    for (off_t i = 0; i < st.st_size; i += 61)
        sum = sum * 31 + p[i];
    munmap(p, (size_t)st.st_size);
    return sum;
}

static void *sum_again(void *arg)
{
    uint64_t expect[3];

    (void)arg;
    for (unsigned i = 0; i < 3; i++)
        expect[i] = sum_mapped(libraries[i]);
    do
        for (unsigned i = 0; i < 3; i++)
            CHECK(sum_mapped(libraries[i]) == expect[i]);
    while (!atomic_load(&stop) && GOING_ON());
    return NULL;
}

/* What there is, and two thirds of what the files have; little where others
 * share the machine. */
static long nearly_all(void)
{
    long total = meminfo("MemTotal:");

    if (total >= 1 << 20)
        return 4096;
    return meminfo("MemFree:") - total / 64 +
           (meminfo("Cached:") - meminfo("Shmem:")) * 2 / 3;
}

/* On a small machine memory is taken and given back a few times, so that the
 * files' pages go and come. */
static void test_reclaim_race(void)
{
    long kib = nearly_all();
    size_t pages = (size_t)(kib > 4096 ? kib : 4096) / 4;
    pthread_t t[3];
    char *p = anonymous(pages);

    atomic_store(&stop, false);
    for (unsigned i = 0; i < 3; i++)
        CHECK(!pthread_create(&t[i], NULL, sum_again, NULL));
    for (int round = 0; round < 3 * rounds && GOING_ON(); round++) {
        for (unsigned i = 0; i < pages; i++)
            *word(p, i) = i ^ (unsigned)round;
        for (unsigned i = 0; i < pages; i++)
            CHECK(*word(p, i) == (i ^ (unsigned)round));
        CHECK(!madvise(p, pages * PAGE, MADV_DONTNEED));
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    munmap(p, pages * PAGE);
}

/* --- reservations ------------------------------------------------------------
 */

static void test_reservations(void)
{
    char *p[64];

    for (unsigned i = 0; i < 64; i++) { /* 1 TiB in all */
        p[i] = mmap(NULL, 16ul << 30, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        CHECK(p[i] != MAP_FAILED);
    }
    for (unsigned i = 0; i < 64; i++) {
        CHECK(!mprotect(p[i] + (5ul << 30), PAGE, PROT_READ | PROT_WRITE));
        p[i][5ul << 30] = 1;
    }
    for (unsigned i = 0; i < 64; i++)
        CHECK(!munmap(p[i], 16ul << 30));
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        {"arenas and fork", test_arenas_and_fork},
        {"write during fork", test_write_during_fork},
        {"truncate race", test_truncate_race},
        {"dual mapping", test_dual_mapping},
        {"reclaim race", test_reclaim_race},
        {"reservations", test_reservations},
    };
    int bad = 0;

    if (getenv("MEM_ROUNDS"))
        rounds = atoi(getenv("MEM_ROUNDS"));
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        atomic_store(&failed_line, 0);
        fflush(stdout);
        tests[i].run();
        if (atomic_load(&failed_line))
            printf("FAILED %s: %d\n", tests[i].name, failed_line);
        else
            printf("ok %s\n", tests[i].name);
        bad += failed_line != 0;
    }
    return bad != 0;
}
