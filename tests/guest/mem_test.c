/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mem_test.c - address spaces: mmap and its relatives, faults, fork.
 */
#include "show.h"

#include <linux/membarrier.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>

#define PG   4096ul
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)

/* --- touching, with the signal a wrong touch gives ------------------------ */

static sigjmp_buf jump;
static volatile int fault_sig, fault_code;
static void *volatile fault_addr;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
    (void)uc;
    fault_sig = sig;
    fault_code = si->si_code;
    fault_addr = si->si_addr;
    siglongjmp(jump, 1);
}

static void catch_faults(void)
{
    struct sigaction a = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

    sigaction(SIGSEGV, &a, NULL);
    sigaction(SIGBUS, &a, NULL);
}

/* 'r' 'w' 'x': "ok", or what happened. */
static void touch(int line, const char *what, volatile char *p, int how)
{
    if (sigsetjmp(jump, 1)) {
        say("%d: %c %s: signal %d code %d address %s", line, how, what,
            fault_sig, fault_code, fault_addr == p ? "right" : "wrong");
        return;
    }
    if (how == 'r')
        (void)*p;
    else if (how == 'w')
        *p = *p;
    else
        ((void (*)(void))(uintptr_t)p)();
    say("%d: %c %s: ok", line, how, what);
}
#define READ(p)  touch(__LINE__, #p, (char *)(p), 'r')
#define WRITE(p) touch(__LINE__, #p, (char *)(p), 'w')
#define CALL(p)  touch(__LINE__, #p, (char *)(p), 'x')

static char *map(size_t pages, int prot, int flags)
{
    char *p = mmap(NULL, pages * PG, prot, flags, -1, 0);

    NEED(p != MAP_FAILED);
    return p;
}

/* The result of a mapping call, relative to (base). */
static void shown(int line, const char *text, void *p, char *base)
{
    if (p == MAP_FAILED)
        say("%d: %s: %s", line, text, err_name(errno));
    else if (base)
        say("%d: %s: base + %ld", line, text, (long)((char *)p - base));
    else
        say("%d: %s: ok, aligned %d", line, text, (uintptr_t)p % PG == 0);
}
#define M(base, e) shown(__LINE__, #e, (errno = 0, (e)), base)

SECTION(mmap_arguments)
{
    char *p = map(8, RW, ANON);
    int rw, ro, wo, ap, dir;

    put("f", "hello");
    rw = open("f", O_RDWR);
    ro = open("f", O_RDONLY);
    wo = open("f", O_WRONLY);
    ap = open("f", O_RDWR | O_APPEND);
    dir = open(".", O_RDONLY);
    M(NULL, mmap(NULL, 0, RW, ANON, -1, 0));
    M(NULL, mmap(NULL, PG, RW, MAP_ANONYMOUS, -1, 0));
    M(NULL, mmap(NULL, PG, RW, ANON | MAP_SHARED, -1, 0));
    M(NULL, mmap(NULL, PG, RW, ANON, 99, 0));
    M(NULL, mmap(NULL, PG, RW, MAP_PRIVATE, 99, 0));
    M(NULL, mmap(NULL, PG, RW, MAP_PRIVATE, -1, 0));
    M(NULL, mmap(NULL, PG, RW, MAP_PRIVATE, rw, 100));
    M(NULL, mmap(NULL, PG, RW, MAP_PRIVATE, rw, PG));
    M(NULL, mmap(NULL, PG, RW, MAP_PRIVATE, rw, 1ul << 50));
    M(NULL, mmap(NULL, 1, RW, ANON, -1, 0));
    M(NULL, mmap(NULL, 1ul << 47, PROT_NONE, ANON | MAP_NORESERVE, -1, 0));
    M(NULL, mmap(NULL, -PG, PROT_NONE, ANON | MAP_NORESERVE, -1, 0));
    M(NULL, mmap(NULL, 1ul << 40, PROT_NONE, ANON | MAP_NORESERVE, -1, 0));
    M(NULL, mmap(NULL, 1ul << 38, RW, ANON | MAP_NORESERVE, -1, 0));
    M(p, mmap(p, PG, RW, ANON | MAP_FIXED, -1, 0));
    M(p, mmap(p + 1, PG, RW, ANON | MAP_FIXED, -1, 0));
    M(p, mmap(p, PG, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0));
    M(p, mmap((void *)(1ul << 47), PG, RW, ANON | MAP_FIXED, -1, 0));
    M(p, mmap((void *)-PG, PG, RW, ANON | MAP_FIXED, -1, 0));
    munmap(p, PG);
    M(p, mmap(p, PG, RW, ANON, -1, 0)); /* hint, free */
    M(p, mmap(p, PG, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0));
    M(NULL, mmap(p, PG, RW, ANON, -1, 0)); /* hint, taken */
    M(NULL, mmap((void *)123, PG, RW, ANON, -1, 0));
    M(NULL, mmap(NULL, PG, RW, MAP_SHARED, ro, 0));
    M(NULL, mmap(NULL, PG, PROT_READ, MAP_SHARED, ro, 0));
    M(NULL, mmap(NULL, PG, RW, MAP_PRIVATE, ro, 0));
    M(NULL, mmap(NULL, PG, PROT_READ, MAP_PRIVATE, wo, 0));
    M(NULL, mmap(NULL, PG, PROT_WRITE, MAP_SHARED, wo, 0));
    M(NULL, mmap(NULL, PG, RW, MAP_SHARED, rw, 0));
    M(NULL, mmap(NULL, PG, RW, MAP_SHARED, ap, 0));
    M(NULL, mmap(NULL, PG, PROT_READ, MAP_PRIVATE, dir, 0));
    M(NULL, mmap(NULL, PG, PROT_READ, MAP_PRIVATE, open("f", O_PATH), 0));
    M(NULL, mmap(NULL, PG, PROT_READ, MAP_PRIVATE, 0, 0)); /* /dev/null */
    M(NULL, mmap(NULL, PG, RW | PROT_EXEC, ANON, -1, 0));
    M(NULL, mmap(NULL, PG, RW, ANON | MAP_STACK | MAP_DENYWRITE, -1, 0));
    M(NULL, mmap(NULL, PG, RW, ANON | MAP_POPULATE, -1, 0));
    M(NULL, mmap(NULL, PG, RW, ANON | MAP_LOCKED, -1, 0));
    M(NULL, mmap(NULL, PG, RW, MAP_SHARED_VALIDATE | 0x8000000, rw, 0));
    M(NULL, mmap(NULL, PG, RW, ANON | MAP_32BIT, -1, 0));
    char *low = mmap(NULL, PG, RW, ANON | MAP_32BIT, -1, 0);
    V((uintptr_t)low < 1ul << 31);
    char *big = mmap(NULL, 4 << 20, RW, ANON, -1, 0);
    V(big != MAP_FAILED);
    SYS(mmap, NULL, PG, RW, ANON, -1, 1);
}

SECTION(protections)
{
    static const int prots[] = {PROT_NONE, PROT_READ, PROT_WRITE,
                                RW,        PROT_EXEC, PROT_READ | PROT_EXEC};
    char *p = map(8, RW, ANON);

    catch_faults();
    memset(p, 0xc3, 8 * PG); /* "ret" */
    for (int i = 0; i < 6; i++) {
        say("protection %d", prots[i]);
        R(mprotect(p, PG, prots[i]));
        if (prots[i] != PROT_WRITE && prots[i] != PROT_EXEC)
            READ(p);
        if (prots[i] != PROT_WRITE)
            WRITE(p);
        if (prots[i] != PROT_NONE)
            CALL(p);
    }
    R(mprotect(p, PG, RW));
    READ(p);
    V((unsigned char)*p);
    R(mprotect(p + 1, PG, RW));
    R(mprotect(p, 0, RW));
    R(mprotect(p, 1, RW));
    R(mprotect(p, PG, 0x1000));
    R(mprotect(p, -PG, RW));
    R(mprotect((void *)(1ul << 47), PG, RW));
    R(munmap(p + 2 * PG, PG));
    R(mprotect(p, 4 * PG, PROT_READ)); /* up to the hole */
    WRITE(p);
    WRITE(p + PG);
    WRITE(p + 3 * PG);
    READ(p + 2 * PG);
    R(mprotect(p + 2 * PG, PG, PROT_READ));
    put("f", "hello");
    int ro = open("f", O_RDONLY);
    char *s = mmap(NULL, PG, PROT_READ, MAP_SHARED, ro, 0);
    R(mprotect(s, PG, RW));
    s = mmap(NULL, PG, PROT_READ, MAP_PRIVATE, ro, 0);
    R(mprotect(s, PG, RW));
    WRITE(s);
    READ((char *)8);
    WRITE((char *)8);
    CALL((char *)8);
    READ((char *)(1ul << 46));
    /* a buffer in read-only memory */
    R(mprotect(p + 4 * PG, PG, PROT_READ));
    R(read(open("f", O_RDONLY), p + 4 * PG, 3));
    R(read(open("f", O_RDONLY), p + 4 * PG - 2, 5)); /* part of it */
    R(mprotect(p + 4 * PG, PG, PROT_NONE));
    R(write(1, p + 4 * PG, 3));
}

SECTION(unmapping)
{
    char *p = map(16, RW, ANON);

    catch_faults();
    for (int i = 0; i < 16; i++)
        p[i * PG] = (char)i;
    R(munmap(p + 4 * PG, 2 * PG));
    READ(p + 3 * PG);
    READ(p + 4 * PG);
    READ(p + 5 * PG + 4095);
    READ(p + 6 * PG);
    R(munmap(p, 2 * PG));
    R(munmap(p + 14 * PG, 2 * PG));
    R(munmap(p, 16 * PG)); /* with holes */
    R(munmap(p, 16 * PG)); /* nothing there */
    R(munmap(p + 1, PG));
    R(munmap(p, 0));
    R(munmap((void *)(1ul << 47), PG));
    R(munmap(p, -PG));
    /* replaced */
    p = map(8, RW, ANON);
    memset(p, 1, 8 * PG);
    M(p, mmap(p + 2 * PG, 3 * PG, PROT_READ, ANON | MAP_FIXED, -1, 0));
    V(p[PG] == 1 && p[2 * PG] == 0 && p[5 * PG] == 1);
    WRITE(p + 2 * PG);
    WRITE(p + 5 * PG);
}

SECTION(moving)
{
    char *p = map(8, RW, ANON), *q;

    catch_faults();
    for (int i = 0; i < 8; i++)
        p[i * PG] = (char)(i + 1);
    M(p, mremap(p, 8 * PG, 4 * PG, 0));
    READ(p + 4 * PG);
    M(p, mremap(p, 4 * PG, 4 * PG, 0));
    q = mremap(p, 4 * PG, 64 * PG, MREMAP_MAYMOVE);
    V(q != MAP_FAILED && q[0] == 1 && q[3 * PG] == 4 && q[4 * PG] == 0 &&
      q[63 * PG] == 0);
    M(q, mremap(q + 2 * PG, 2 * PG, PG, 0));
    READ(q + 3 * PG);
    M(q, mremap(q, PG, 2 * PG, 0)); /* no room */
    M(q, mremap(q, PG, 0, MREMAP_MAYMOVE));
    M(q, mremap(q + 1, PG, PG, MREMAP_MAYMOVE));
    M(q, mremap(q, PG, PG, 0x80));
    M(q, mremap(q, PG, PG, MREMAP_FIXED, q));
    M(q, mremap(q, PG, PG, MREMAP_FIXED | MREMAP_MAYMOVE, q));
    M(q, mremap(q, PG, PG, MREMAP_FIXED | MREMAP_MAYMOVE, q + 1));
    M(q, mremap(q, 4 * PG, 8 * PG, MREMAP_MAYMOVE)); /* across a hole */
    M(q, mremap((void *)(1ul << 46), PG, PG, MREMAP_MAYMOVE));
    char *t = map(4, RW, ANON);
    t[0] = 99;
    M(t, mremap(q, PG, PG, MREMAP_FIXED | MREMAP_MAYMOVE, t));
    V(t[0]);
    READ(q);
    /* a shared mapping shows twice with an old size of 0 */
    char *s = map(2, RW, MAP_SHARED | MAP_ANONYMOUS);
    char *s2 = mremap(s, 0, 2 * PG, MREMAP_MAYMOVE);
    V(s2 != MAP_FAILED);
    s[PG] = 7;
    V(s2[PG]);
    M(NULL, mremap(t, 0, PG, MREMAP_MAYMOVE));
    /* the kept place */
    t[0] = 42;
    q = mremap(t, PG, PG, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
    V(q != MAP_FAILED && q[0] == 42 && t[0] == 0);
    M(NULL, mremap(t, PG, 2 * PG, MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
}

SECTION(files)
{
    char *a, *b;
    int fd = open("f", O_CREAT | O_RDWR, 0600);

    catch_faults();
    write(fd, "hello", 5);
    a = mmap(NULL, 3 * PG, RW, MAP_SHARED, fd, 0);
    b = mmap(NULL, 3 * PG, RW, MAP_PRIVATE, fd, 0);
    V(!memcmp(a, "hello\0\0", 7));
    V(!memcmp(b, "hello\0\0", 7));
    READ(a + 4095);
    READ(a + PG);
    WRITE(a + PG);
    READ(b + PG);
    a[0] = 'J';
    V(b[0]);
    b[1] = 'u'; /* now it has a page of its own */
    V(a[1]);
    pwrite(fd, "X", 1, 2);
    V(a[2]);
    V(b[2]); /* not seen any more */
    ftruncate(fd, 2 * PG);
    READ(a + PG);
    WRITE(a + PG);
    READ(a + 2 * PG);
    a[PG + 5] = 'y';
    char c;
    pread(fd, &c, 1, (off_t)PG + 5);
    V(c);
    ftruncate(fd, 3);
    READ(a + PG);
    V(a[4]); /* cut off: zero */
    V(b[1]);
    READ(b + PG);
    ftruncate(fd, 3 * PG);
    V(a[PG + 5]);
    R(msync(a, 3 * PG, MS_SYNC));
    R(msync(a, 3 * PG, MS_ASYNC | MS_INVALIDATE));
    R(msync(a, PG, MS_SYNC | MS_ASYNC));
    R(msync(a, PG, 0x80));
    R(msync(a + 1, PG, MS_SYNC));
    R(msync((void *)(1ul << 46), PG, MS_SYNC));
    unlink("f");
    close(fd);
    V(a[0]);
    /* a file of the disk, also beyond its end */
    struct stat st;
    fd = open("/etc/passwd", O_RDONLY);
    fstat(fd, &st);
    a = mmap(NULL, (size_t)st.st_size + 2 * PG, PROT_READ, MAP_PRIVATE, fd, 0);
    READ(a);
    V(a[st.st_size]);
    READ(a + (st.st_size + PG - 1) / PG * PG);
    R(read(open("/dev/zero", O_RDONLY), a, 10));
    R(write(open("out", O_CREAT | O_WRONLY, 0600),
            a + (st.st_size + PG - 1) / PG * PG, 10));
}

/* The two views of the JIT. */
SECTION(dual)
{
    typedef int fn(void);
    int fd = (int)syscall(SYS_memfd_create, "vmem", 0);
    static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};
    char *x, *w;

    R(ftruncate(fd, 8388608));
    x = mmap(NULL, 8388608, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    w = mmap(NULL, 8388608, RW, MAP_SHARED, fd, 0);
    NEED(x != MAP_FAILED && w != MAP_FAILED);
    close(fd);
    for (int i = 0; i < 5; i++) {
        memcpy(w + 5000, code, sizeof(code));
        w[5001] = (char)(42 + i);
        V(((fn *)(uintptr_t)(x + 5000))());
    }
    catch_faults();
    WRITE(x + 5000);
    CALL(w + 5000);
    CHILD
    {
        w[5001] = 77; /* shared with the parent, not copied */
    }
    V(((fn *)(uintptr_t)(x + 5000))());
    SYS(memfd_create, bad, 0);
    fd = (int)SYS(memfd_create, "sealed", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    R(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    R(ftruncate(fd, 4096));
    R(write(fd, "x", 1));
    R(fcntl(fd, F_GET_SEALS));
    fd = open("/dev/shm/shm-id-1",
              O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    R(ftruncate(fd, 8192));
    x = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    V(x != MAP_FAILED);
    R(unlink("/dev/shm/shm-id-1"));
}

SECTION(advice)
{
    unsigned char vec[8];
    char *p = map(8, RW, ANON), *s;
    int fd = open("f", O_CREAT | O_RDWR, 0600);

    catch_faults();
    memset(p, 5, 8 * PG);
    R(madvise(p + PG, 2 * PG, MADV_DONTNEED));
    V(p[0] == 5 && p[PG] == 0 && p[2 * PG] == 0 && p[3 * PG] == 5);
    write(fd, "file", 4);
    s = mmap(NULL, PG, RW, MAP_PRIVATE, fd, 0);
    s[0] = 'F';
    R(madvise(s, PG, MADV_DONTNEED));
    V(s[0]); /* the file's again */
    R(madvise(p, 8 * PG, MADV_FREE));
    R(madvise(p, 8 * PG, MADV_WILLNEED));
    R(madvise(p, 8 * PG, MADV_SEQUENTIAL));
    R(madvise(p, 8 * PG, MADV_NOHUGEPAGE) || 1);
    R(madvise(p, 8 * PG, MADV_DONTDUMP));
    R(madvise(p, 8 * PG, 12345));
    R(madvise(p + 1, PG, MADV_DONTNEED));
    R(madvise(p, 0, MADV_DONTNEED));
    R(madvise(p, -PG, MADV_DONTNEED));
    munmap(p + 2 * PG, PG);
    R(madvise(p, 4 * PG, MADV_DONTNEED)); /* a hole: the rest is done */
    V(p[3 * PG]);
    memset(p + 4 * PG, 6, PG);
    R(madvise(p + 4 * PG, PG, MADV_DONTFORK));
    R(madvise(p + 5 * PG, PG, MADV_WIPEONFORK));
    p[5 * PG] = 9;
    CHILD
    {
        READ(p + 4 * PG);
        V(p[5 * PG]);
    }
    char *q = map(4, RW, ANON);
    q[PG] = 1;
    R(mincore(q, 4 * PG, vec));
    V(vec[1] & 1); /* its neighbours may have come with it */
    R(mincore(q + 1, PG, vec));
    R(mincore(q, PG, (void *)bad));
    R(mincore((void *)(1ul << 46), PG, vec));
    R(mlock(q, 4 * PG));
    R(munlock(q, 4 * PG));
    R(mlock((void *)(1ul << 46), PG));
    R(mlock2(q, PG, 0x10));
    R(mlockall(MCL_CURRENT));
    R(mlockall(0));
    R(munlockall());
}

SECTION(break_area)
{
    char *start = sbrk(0), *p;

    catch_faults();
    M(start, sbrk(0x21000));
    M(start, sbrk(0));
    p = start;
    WRITE(p + 0x20fff);
    p[100] = 5;
    M(start, sbrk(-0x21000));
    READ(p + 0x2000);
    sbrk(0x3000);
    V(p[0x2000]);
    V(syscall(SYS_brk, 0) == (long)sbrk(0));
    V(syscall(SYS_brk, 1ul << 46) == (long)sbrk(0)); /* refused */
    V(syscall(SYS_brk, (long)start - (1 << 30)) == (long)sbrk(0));
    struct rlimit r = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_DATA, &r);
    M(start, sbrk(64 << 20));
    r = (struct rlimit){64 << 20, 64 << 20};
    CHILD
    {
        setrlimit(RLIMIT_AS, &r);
        M(NULL, mmap(NULL, 256 << 20, PROT_NONE, ANON | MAP_NORESERVE, -1, 0));
    }
}

static int deep(int n)
{
    volatile char frame[4000];

    frame[0] = (char)n;
    return n ? deep(n - 1) + frame[0] : 0;
}

SECTION(stack)
{
    struct rlimit r;
    char local;

    CHILD
    {
        deep(1500); /* 6 MB of 8 */
    }
    CHILD
    {
        struct sigaction a = {.sa_handler = SIG_DFL};

        sigaction(SIGSEGV, &a, NULL);
        deep(10000);
    }
    getrlimit(RLIMIT_STACK, &r);
    say("%ld", (long)r.rlim_cur);
    catch_faults();
    READ(&local - 60000);
    READ(&local - (64 << 20));
    char *g = mmap(NULL, 4 * PG, RW, ANON | MAP_GROWSDOWN | MAP_STACK, -1, 0);
    V(g != MAP_FAILED);
}

SECTION(forks)
{
    char *priv = map(4, RW, ANON),
         *shared = map(4, RW, MAP_SHARED | MAP_ANONYMOUS);
    int fd = open("f", O_CREAT | O_RDWR, 0600);
    char *fp, *fs;

    ftruncate(fd, 4 * PG);
    fp = mmap(NULL, 4 * PG, RW, MAP_PRIVATE, fd, 0);
    fs = mmap(NULL, 4 * PG, RW, MAP_SHARED, fd, 0);
    priv[0] = shared[0] = fp[0] = fs[0] = 1;
    CHILD
    {
        say("%d %d %d %d", priv[0], shared[0], fp[0], fs[0]);
        priv[0] = shared[0] = fp[0] = fs[0] = 2;
        priv[PG] = shared[PG] = fp[PG] = fs[PG] = 3;
        CHILD
        {
            say("%d %d %d %d", priv[0], shared[0], fp[0], fs[0]);
            priv[0] = shared[0] = 4;
            mprotect(priv, PG, PROT_READ);
        }
        priv[0]++;
        say("%d %d %d %d", priv[0], shared[0], fp[0], fs[0]);
    }
    say("%d %d %d %d", priv[0], shared[0], fp[0], fs[0]);
    say("%d %d %d %d", priv[PG], shared[PG], fp[PG], fs[PG]);
    priv[0] = 9;
    V(priv[0]);
    /* the kernel writes into pages that are shared after a fork */
    int p[2];
    NEED(!pipe(p));
    write(p[1], "KERNEL", 6);
    CHILD
    {
        R(read(p[0], priv, 6));
        V(priv[0]);
    }
    V(priv[0]);
}

SECTION(others_memory)
{
    char buf[16] = {0}, *p = map(4, RW, ANON);
    struct iovec l = {buf, 6}, r = {p + PG - 3, 6};

    memcpy(p + PG - 3, "secret", 6);
    int go[2];
    char c;
    NEED(!pipe(go));
    pid_t pid = fork();
    if (!pid) {
        memcpy(p + PG - 3, "SECRET", 6);
        write(go[1], "x", 1);
        for (;;)
            pause();
    }
    read(go[0], &c, 1);
    R(process_vm_readv(pid, &l, 1, &r, 1, 0));
    say("%s", buf);
    r.iov_base = bad;
    R(process_vm_readv(pid, &l, 1, &r, 1, 0));
    R(process_vm_readv(pid, &l, 1, &r, 1, 1));
    R(process_vm_readv(999999, &l, 1, &r, 1, 0));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    SYS(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    SYS(membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
    SYS(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    SYS(membarrier, 0x4000, 0, 0);
    SYS(membarrier, 0, 1, 0);
}

SECTION(maps_file)
{
    char *p = map(8, RW, ANON), want[100], *line;
    int fd;

    put("mapped", "x");
    fd = open("mapped", O_RDWR);
    mmap(p + 2 * PG, PG, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
    mmap(p + 4 * PG, PG, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    mprotect(p + 6 * PG, PG, PROT_NONE);
    char *text = strdup(get("/proc/self/maps"));
    for (int i = 2; i <= 7; i++) {
        snprintf(want, sizeof(want), "%lx-", (unsigned long)(p + i * PG));
        line = strstr(text, want);
        if (!line)
            continue;
        line = strchr(line, ' ') + 1;
        char *nl = strchr(line, '\n');
        say("page %d: %.13s ... %s", i, line,
            memmem(line, (size_t)(nl - line), "/maps_file/mapped", 17) ? "named"
                                                                       : "");
    }
    V(strstr(text, "[stack]") != NULL);
    V(strstr(text, "[heap]") != NULL);
    V(strstr(text, "[vdso]") != NULL);
    V(strstr(text, "libc.so.6") != NULL || !strstr(text, "ld-linux"));
}
