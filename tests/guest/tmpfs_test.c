/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tmpfs_test.c - a tmpfs in its corners: holes, locks, nameless files, flags of
 * calls, mappings of files that shrink, directories that change while listed.
 *
 * Not compared, for they differ: room that FALLOC_FL_KEEP_SIZE takes behind the
 * end (here none), FALLOC_FL_ZERO_RANGE (Linux's tmpfs has it not),
 * RENAME_WHITEOUT (ours has it not), times after the year 2262, extended
 * attributes.
 */
#include "show.h"

#include <dirent.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/stat.h>
#include <setjmp.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define K 1024l

static char buf[300 * K];

/* --- holes ---------------------------------------------------------------- */

static int holes(const char *name)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

    memset(buf, 'x', sizeof(buf));
    NEED(fd >= 0 && pwrite(fd, buf, 8 * K, 16 * K) == 8 * K &&
         pwrite(fd, buf, 100, 64 * K + 5) == 100 &&
         pwrite(fd, buf, 1, 128 * K - 1) == 1);
    return fd;
}

SECTION(seek_data_hole)
{
    static const long at[] = {-1,         0,           1,       4095,
                              16 * K - 1, 16 * K,      20 * K,  24 * K,
                              24 * K + 1, 64 * K,      65 * K,  68 * K,
                              124 * K,    128 * K - 1, 128 * K, 1l << 40};
    int fd = holes("f");

    for (unsigned i = 0; i < sizeof(at) / sizeof(*at); i++) {
        say("from %ld", at[i]);
        R(lseek(fd, at[i], SEEK_DATA));
        R(lseek(fd, at[i], SEEK_HOLE));
    }
    R(ftruncate(fd, 200 * K));
    R(lseek(fd, 128 * K, SEEK_DATA));
    R(lseek(fd, 128 * K, SEEK_HOLE));
    R(lseek(fd, 0, SEEK_CUR));
    R(ftruncate(fd, 18 * K));
    R(lseek(fd, 17 * K, SEEK_HOLE));
    R(lseek(fd, 18 * K, SEEK_DATA));
    R(ftruncate(fd, 0));
    R(lseek(fd, 0, SEEK_DATA));
    R(lseek(fd, 0, SEEK_HOLE));
    fd = open(".", O_RDONLY | O_DIRECTORY);
    R(lseek(fd, 0, SEEK_DATA) >= -1);
}

static unsigned sum_of(int fd)
{
    unsigned sum = 0;
    ssize_t n = pread(fd, buf, sizeof(buf), 0);

    for (ssize_t i = 0; i < n; i++)
        sum = sum * 31 + (unsigned char)buf[i];
    return sum;
}

SECTION(fallocate_modes)
{
    static const struct {
        const char *name;
        int mode;
    } m[] = {
#define F(x) {#x, x}
        F(0),
        F(FALLOC_FL_KEEP_SIZE),
        F(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE),
        F(FALLOC_FL_PUNCH_HOLE),
        F(FALLOC_FL_COLLAPSE_RANGE),
        F(FALLOC_FL_INSERT_RANGE),
        F(FALLOC_FL_UNSHARE_RANGE),
        F(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE),
        F(0x4000),
        F(-1),
#undef F
    };
    static const struct {
        long at, len;
    } r[] = {{0, 100},
             {0, 4 * K},
             {17 * K, 6 * K},
             {10, 300 * K},
             {128 * K, 64 * K},
             {126 * K, 4 * K},
             {0, 0},
             {-1, 10},
             {10, -1},
             {LONG_MAX, 10},
             {LONG_MAX - 4 * K, 4 * K}};

    for (unsigned i = 0; i < sizeof(m) / sizeof(*m); i++)
        for (unsigned k = 0; k < sizeof(r) / sizeof(*r); k++) {
            struct stat st;
            int fd;

            if (k >= 6 && i > 2)
                continue;
            if (k == 10 && i == 0)
                continue; /* too large or no space: the machine's */
            fd = holes("f");
            say("%s %ld %ld", m[i].name, r[k].at, r[k].len);
            R(fallocate(fd, m[i].mode, r[k].at, r[k].len));
            fstat(fd, &st);
            say("size %ld sum %x", (long)st.st_size, sum_of(fd));
            if (m[i].mode != FALLOC_FL_KEEP_SIZE)
                say("blocks %ld", (long)st.st_blocks);
            close(fd);
        }
}

/* --- locks ------------------------------------------------------------------
 */

static struct flock range(int type, long start, long len)
{
    return (struct flock){.l_type = (short)type,
                          .l_whence = SEEK_SET,
                          .l_start = start,
                          .l_len = len};
}

static long set(int fd, int cmd, int type, long start, long len)
{
    struct flock l = range(type, start, len);

    return fcntl(fd, cmd, &l);
}

/* What stands in the way of a write lock of all of it, from (from) on. */
static void show_locks(int fd, int cmd)
{
    for (long from = 0; from >= 0;) {
        struct flock l = range(F_WRLCK, from, 0);

        if (fcntl(fd, cmd, &l)) {
            say("getlk %s", err_name(errno));
            return;
        }
        if (l.l_type == F_UNLCK)
            return;
        say("lock type %d from %ld len %ld whence %d pid %s", l.l_type,
            (long)l.l_start, (long)l.l_len, l.l_whence,
            l.l_pid == -1          ? "-1"
            : l.l_pid == getppid() ? "parent"
            : l.l_pid == getpid()  ? "self"
                                   : "other");
        from = l.l_len ? l.l_start + l.l_len : -1;
    }
}

SECTION(record_locks)
{
    int fd = open("f", O_RDWR | O_CREAT, 0644);

    R(set(fd, F_SETLK, F_WRLCK, 0, 100));
    R(set(fd, F_SETLK, F_RDLCK, 40, 20));
    R(set(fd, F_SETLK, F_UNLCK, 50, 5));
    R(set(fd, F_SETLK, F_WRLCK, 200, 0));
    R(set(fd, F_SETLK, F_UNLCK, 300, 50));
    R(set(fd, F_SETLK, F_WRLCK, 500, -10));
    R(set(fd, F_SETLK, F_WRLCK, -1, 10));
    R(set(fd, F_SETLK, F_WRLCK, 5, -10));
    R(set(fd, F_SETLK, 77, 5, 10));
    CHILD
    {
        show_locks(fd, F_GETLK);
        R(set(fd, F_SETLK, F_RDLCK, 45, 2));
        R(set(fd, F_SETLK, F_WRLCK, 45, 2));
        R(set(fd, F_SETLK, F_WRLCK, 50, 5));
        R(set(fd, F_SETLK, F_WRLCK, 100, 100));
    }
    show_locks(fd, F_GETLK);
    R(close(dup(fd))); /* which drops them all */
    CHILD
    show_locks(fd, F_GETLK);
}

SECTION(open_file_locks)
{
    int fd = open("f", O_RDWR | O_CREAT, 0644), fd2 = open("f", O_RDWR);
    int ro = open("f", O_RDONLY), wo = open("f", O_WRONLY);

    R(set(fd, F_OFD_SETLK, F_WRLCK, 0, 10));
    R(set(fd2, F_OFD_SETLK, F_RDLCK, 5, 10));
    R(set(fd2, F_SETLK, F_RDLCK, 5, 10));
    R(set(fd2, F_OFD_SETLK, F_RDLCK, 10, 10));
    R(set(fd, F_SETLK, F_WRLCK, 10, 1));
    show_locks(fd, F_OFD_GETLK);
    show_locks(fd2, F_OFD_GETLK);
    show_locks(fd2, F_GETLK);
    R(close(dup(fd))); /* they stay */
    show_locks(fd2, F_OFD_GETLK);
    CHILD
    {
        R(set(fd, F_OFD_SETLK, F_UNLCK, 0, 5)); /* the parent's too */
    }
    show_locks(fd2, F_OFD_GETLK);
    R(set(ro, F_OFD_SETLK, F_WRLCK, 100, 1));
    R(set(wo, F_OFD_SETLK, F_RDLCK, 100, 1));
    R(set(ro, F_SETLK, F_WRLCK, 100, 1));
    R(set(wo, F_SETLK, F_RDLCK, 100, 1));
    struct flock l = range(F_WRLCK, 0, 1);
    l.l_pid = 5;
    R(fcntl(fd, F_OFD_SETLK, &l));
    R(fcntl(fd, F_OFD_GETLK, &l));
    R(close(fd));
    show_locks(fd2, F_OFD_GETLK);
}

static void on_alarm(int sig)
{
    (void)sig;
}

SECTION(waiting_for_locks)
{
    int fd = open("f", O_RDWR | O_CREAT, 0644), p[2];
    struct sigaction sa = {.sa_handler = on_alarm};
    char c;

    sigaction(SIGALRM, &sa, NULL);
    NEED(!pipe(p));
    NEED(!set(fd, F_SETLK, F_WRLCK, 0, 10));
    pid_t pid = fork();
    if (!pid) {
        close(p[0]);
        NEED(!set(fd, F_SETLK, F_WRLCK, 20, 10));
        write(p[1], "1", 1);
        _exit(set(fd, F_SETLKW, F_WRLCK, 5, 1) ? errno : 0);
    }
    close(p[1]);
    NEED(read(p[0], &c, 1) == 1);
    nap(200);
    R(set(fd, F_SETLKW, F_WRLCK, 25, 1)); /* each waits for the other */
    R(set(fd, F_SETLK, F_WRLCK, 25, 1));
    ualarm(200000, 0);
    int fd2 = open("f", O_RDWR);
    R(set(fd2, F_OFD_SETLKW, F_WRLCK, 0, 1));
    R(set(fd, F_SETLK, F_UNLCK, 0, 10));
    say("child %s", ending(child_wait(pid)));
    show_locks(fd, F_GETLK);
}

SECTION(flocks)
{
    int fd = open("f", O_RDWR | O_CREAT, 0644), fd2 = open("f", O_RDONLY);
    int path = open("f", O_PATH);

    R(flock(fd, LOCK_SH));
    R(flock(fd2, LOCK_SH | LOCK_NB));
    R(flock(fd, LOCK_EX | LOCK_NB));
    R(flock(fd2, LOCK_UN));
    R(flock(fd, LOCK_EX | LOCK_NB));
    R(flock(fd2, LOCK_SH | LOCK_NB));
    R(set(fd2, F_SETLK, F_RDLCK, 0, 0)); /* another kind */
    CHILD
    {
        R(flock(fd, LOCK_EX | LOCK_NB)); /* the same open file */
        R(close(fd));
        R(flock(fd2, LOCK_EX | LOCK_NB));
    }
    R(flock(dup(fd), LOCK_UN)); /* for all its descriptors */
    R(flock(fd2, LOCK_EX | LOCK_NB));
    R(flock(fd, LOCK_SH | LOCK_NB));
    R(flock(fd, LOCK_SH | LOCK_EX));
    R(flock(fd, 0));
    R(flock(path, LOCK_SH));
    R(flock(999, LOCK_SH));
    R(close(fd2));
    R(flock(fd, LOCK_EX | LOCK_NB));
    R(flock(open(".", O_RDONLY), LOCK_EX | LOCK_NB));
}

/* --- names
 * ---------------------------------------------------------------------- */

static void fd_name(char *out, int fd)
{
    sprintf(out, "/proc/self/fd/%d", fd);
}

SECTION(nameless)
{
    char name[64];
    struct stat st;
    int fd = R(open(".", O_TMPFILE | O_RDWR, 0640)) < 0 ? -1 : 0;

    fd = open(".", O_TMPFILE | O_RDWR, 0640);
    NEED(fd >= 0 && write(fd, "hello", 5) == 5 && !fstat(fd, &st));
    say("mode %o links %d", st.st_mode, (int)st.st_nlink);
    fd_name(name, fd);
    R(linkat(AT_FDCWD, name, AT_FDCWD, "made", AT_SYMLINK_FOLLOW));
    R(linkat(AT_FDCWD, name, AT_FDCWD, "made", AT_SYMLINK_FOLLOW));
    R(linkat(fd, "", AT_FDCWD, "made2", AT_EMPTY_PATH));
    R(linkat(fd, "", AT_FDCWD, "made3", 0));
    say("made: %s", get("made"));
    fstat(fd, &st);
    say("links %d", (int)st.st_nlink);
    int once = open(".", O_TMPFILE | O_EXCL | O_RDWR, 0600);
    fd_name(name, once);
    R(linkat(AT_FDCWD, name, AT_FDCWD, "never", AT_SYMLINK_FOLLOW));
    R(unlink("made") | unlink("made2"));
    fd_name(name, fd);
    R(linkat(AT_FDCWD, name, AT_FDCWD, "again", AT_SYMLINK_FOLLOW));
    R(open("none", O_TMPFILE | O_RDWR, 0600));
    R(open("/proc", O_TMPFILE | O_RDWR, 0600));
    put("file", "");
    R(open("file", O_TMPFILE | O_RDWR, 0600));
    R(open(".", O_TMPFILE | O_RDONLY, 0600));
    R(open(".", O_TMPFILE | O_RDWR | O_CREAT, 0600));
}

SECTION(magic_links)
{
    char name[64], text[PATH_MAX], where[PATH_MAX];
    int p[2], fd, dir;
    ssize_t n;

    getcwd(where, sizeof(where));
    put("f", "text");
    mkdir("d", 0755);
    NEED((fd = open("f", O_RDONLY)) >= 0 && !pipe(p));
    NEED((dir = open("d", O_RDONLY)) >= 0);
    fd_name(name, fd);
    R(open(name, O_RDONLY | O_NOFOLLOW));
    int again = open(name, O_RDWR | O_APPEND);
    R(write(again, "+", 1));
    R(lseek(fd, 0, SEEK_CUR));
    R(unlink("f"));
    n = readlink(name, text, sizeof(text));
    say("%.*s", (int)n - (int)strlen(where), text + strlen(where));
    R(open(name, O_RDWR | O_TRUNC) >= 0);
    R(read(fd, buf, 10));
    R(access(name, R_OK));
    R(linkat(AT_FDCWD, name, AT_FDCWD, "back", AT_SYMLINK_FOLLOW));
    R(unlink(name));
    R(rename(name, "g"));
    R(symlink(name, "to") | chmod("to", 0600));
    fd_name(name, p[0]);
    R(open(name, O_RDWR | O_NONBLOCK) >= 0);
    R(open(name, O_WRONLY | O_NONBLOCK) >= 0);
    n = readlink(name, text, sizeof(text));
    say("%.6s", text);
    fd_name(name, dir);
    strcat(name, "/in");
    R(creat(name, 0644) >= 0);
    R(rmdir("d"));
    R(unlink("d/in"));
    R(rmdir("d"));
    R(creat(name, 0644));
    fd_name(name, dir);
    n = readlink(name, text, sizeof(text));
    say("%.*s", (int)n - (int)strlen(where), text + strlen(where));
    R(chdir(name));
    R(getcwd(text, sizeof(text)) != NULL);
    R(open("x", O_CREAT | O_RDWR, 0644));
    R(mkdir("x", 0755));
    R(open(".", O_RDONLY) >= 0);
    R(chdir(".."));
}

SECTION(rename_flags)
{
    static const unsigned flags[] = {0, 1, 2, 3, 6, 8, 0x80000000};
    static const char *const names[] = {"a",    "b", "d",   "e",
                                        "full", "l", "none"};

    for (unsigned f = 0; f < sizeof(flags) / sizeof(*flags); f++)
        for (unsigned i = 0; i < 7; i++)
            for (unsigned k = 0; k < 7; k++) {
                struct stat st;
                long rc;

                system("rm -rf a b d e full l none");
                put("a", "a");
                put("b", "bb");
                mkdir("d", 0755);
                mkdir("e", 0755);
                mkdir("full", 0755);
                put("full/x", "x");
                symlink("a", "l");
                errno = 0;
                rc = syscall(SYS_renameat2, AT_FDCWD, names[i], AT_FDCWD,
                             names[k], flags[f]);
                say("%u %s %s: %ld %s", flags[f], names[i], names[k], rc,
                    err_name(errno));
                for (unsigned j = 0; j < 7 && !rc; j++)
                    if (!lstat(names[j], &st))
                        say("  %s %o %ld %d", names[j], st.st_mode,
                            (long)st.st_size, (int)st.st_nlink);
            }
}

SECTION(umasks)
{
    static const mode_t masks[] = {0, 022, 077, 0777, 0111};
    struct stat st;

    for (unsigned i = 0; i < sizeof(masks) / sizeof(*masks); i++) {
        system("rm -rf f d p s");
        umask(masks[i]);
        close(open("f", O_CREAT | O_RDWR, 06777));
        mkdir("d", 01777);
        mkfifo("p", 0666);
        symlink("f", "s");
        for (const char *n = "fdps"; *n; n++) {
            char name[2] = {*n, 0};
            lstat(name, &st);
            say("umask %o %s %o", masks[i], name, st.st_mode);
        }
        umask(022);
    }
    R(umask(0123456));
    R(umask(022));
}

/* --- attributes
 * ------------------------------------------------------------------- */

SECTION(statx_fields)
{
    struct statx sx;
    int fd = open("f", O_CREAT | O_RDWR, 0644);

    write(fd, buf, 5000);
    symlink("f", "l");
    for (unsigned mask = 0; mask <= 0x1000; mask = mask ? mask << 1 : 1) {
        memset(&sx, 0xff, sizeof(sx));
        errno = 0;
        long rc = syscall(SYS_statx, AT_FDCWD, "f", 0, mask, &sx);
        say("mask %x: %ld %s has it %x", mask, rc, err_name(errno),
            sx.stx_mask & STATX_BASIC_STATS & mask);
    }
    NEED(!syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_ALL, &sx));
    say("birth %d mode %o size %llu blocks %llu blksize %u links %u",
        !!(sx.stx_mask & STATX_BTIME), sx.stx_mode,
        (unsigned long long)sx.stx_size, (unsigned long long)sx.stx_blocks,
        sx.stx_blksize, sx.stx_nlink);
    say("born before changed %d", sx.stx_btime.tv_sec <= sx.stx_ctime.tv_sec);
    R(syscall(SYS_statx, AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, STATX_ALL, &sx));
    say("link mode %o size %llu", sx.stx_mode, (unsigned long long)sx.stx_size);
    R(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_ALL, &sx));
    R(syscall(SYS_statx, fd, "", 0, STATX_ALL, &sx));
    R(syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &sx));
    R(syscall(SYS_statx, fd, "", AT_EMPTY_PATH | 0x6000, 0, &sx));
    R(syscall(SYS_statx, fd, "", 0x40000, 0, &sx));
    R(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x80000000u, &sx));
    R(syscall(SYS_statx, AT_FDCWD, "f", 0, 0, (void *)8));
    R(syscall(SYS_statx, AT_FDCWD, (void *)8, 0, 0, &sx));
}

static void show_times(const char *name)
{
    struct stat st;

    lstat(name, &st);
    say("%s: atime %ld.%09ld mtime %ld.%09ld", name, (long)st.st_atim.tv_sec,
        st.st_atim.tv_nsec, (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

SECTION(times)
{
    static const long sec[] = {0, 1, -1, -1000000000, 1l << 31, 1l << 33};
    static const long nsec[] = {0, 1, 999999999, 1000000000, -1, UTIME_OMIT};
    int fd = open("f", O_CREAT | O_RDWR, 0644);

    symlink("f", "l");
    for (unsigned s = 0; s < sizeof(sec) / sizeof(*sec); s++)
        for (unsigned k = 0; k < sizeof(nsec) / sizeof(*nsec); k++) {
            struct timespec ts[2] = {{sec[s], nsec[k]}, {5, 123456789}};
            say("%ld %ld", sec[s], nsec[k]);
            R(utimensat(AT_FDCWD, "f", ts, 0));
            show_times("f");
        }
    struct timespec ts[2] = {{7, 8}, {9, 10}};
    R(utimensat(AT_FDCWD, "l", ts, AT_SYMLINK_NOFOLLOW));
    show_times("l");
    R(utimensat(fd, NULL, ts, 0));
    SYS(utimensat, fd, "", ts, AT_EMPTY_PATH);
    SYS(utimensat, fd, NULL, ts, AT_SYMLINK_NOFOLLOW);
    SYS(utimensat, AT_FDCWD, NULL, ts, 0);
    SYS(utimensat, fd, "", ts, 0);
    R(utimensat(AT_FDCWD, "f", ts, 0x8000));
    show_times("f");
    ts[0].tv_nsec = ts[1].tv_nsec = UTIME_OMIT;
    R(utimensat(AT_FDCWD, "none", ts, 0));
    SYS(utimensat, 999, NULL, ts, 0);
}

/* A stranger may set them to now if the file can be written, else not at all.
 */
SECTION(times_of_others)
{
    struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    struct timespec one[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
    struct timespec set_[2] = {{5, 5}, {6, 6}};
    struct timespec omit[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};

    put("w", "");
    put("r", "");
    chmod("w", 0666);
    CHILD
    {
        NEED(!setgid(1000) && !setuid(1000));
        for (const char *n = "wr"; *n; n++) {
            char name[2] = {*n, 0};
            say("%s", name);
            R(utimensat(AT_FDCWD, name, NULL, 0));
            R(utimensat(AT_FDCWD, name, now, 0));
            R(utimensat(AT_FDCWD, name, one, 0));
            R(utimensat(AT_FDCWD, name, set_, 0));
            R(utimensat(AT_FDCWD, name, omit, 0));
        }
        R(chmod("w", 0600));
        R(chown("w", 1000, -1));
        R(truncate("r", 0));
        R(truncate("w", 0));
        R(link("w", "linked"));
        R(rename("w", "r"));
    }
}

/* --- mappings of files
 * ------------------------------------------------------------- */

static sigjmp_buf jump;

static void on_fault(int sig)
{
    siglongjmp(jump, sig);
}

static int peek(volatile char *p)
{
    int sig = sigsetjmp(jump, 1);

    return sig ? -sig : (unsigned char)*p;
}

static int poke(volatile char *p, char c)
{
    int sig = sigsetjmp(jump, 1);

    if (sig)
        return -sig;
    *p = c;
    return (unsigned char)*p;
}

SECTION(mapped_and_cut)
{
    struct sigaction sa = {.sa_handler = on_fault};
    int fd = open("f", O_RDWR | O_CREAT, 0644);

    sigaction(SIGBUS, &sa, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    memset(buf, 'x', sizeof(buf));
    write(fd, buf, 3 * 4096 + 100);
    char *s = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *p = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    V(poke(p + 4096, 'p'));
    V(peek(p + 2 * 4096));
    V(peek(s + 3 * 4096 + 99));
    V(peek(s + 3 * 4096 + 100));
    V(poke(s + 3 * 4096 + 200, 'q')); /* behind the end, in its page */
    V(peek(s + 4 * 4096));
    V(poke(p + 4 * 4096, 'r'));
    R(ftruncate(fd, 4096 + 10));
    V(peek(s + 4096 + 9));
    V(peek(s + 4096 + 10)); /* cleared */
    V(peek(p + 4096));      /* a copy, kept */
    V(peek(p + 4096 + 50));
    V(peek(p + 2 * 4096));
    V(peek(s + 2 * 4096));
    V(peek(p + 3 * 4096));
    R(ftruncate(fd, 6 * 4096));
    V(peek(s + 4096 + 9));
    V(peek(s + 3 * 4096 + 200));
    V(peek(p + 3 * 4096));
    V(poke(s + 5 * 4096, 's'));
    V(peek(p + 5 * 4096));
    R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2 * 4096));
    V(peek(s));
    V(peek(p));
    V(peek(p + 4096));
    R(pwrite(fd, "new", 3, 0));
    V(peek(s));
    V(peek(p));
    R(msync(s, 8 * 4096, MS_SYNC));
    R(munmap(p, 8 * 4096));
    R(unlink("f"));
    R(close(fd));
    V(poke(s, 'z')); /* the mapping keeps it */
    V(peek(s + 6 * 4096));
    fd = open("r", O_RDONLY | O_CREAT, 0644);
    R((long)mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0) == -1);
    s = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    V(peek(s));
    R(mprotect(s, 4096, PROT_READ | PROT_WRITE));
    V(poke(s, 'w'));
}

/* --- directories
 * ------------------------------------------------------------------- */

struct dirent64_ {
    unsigned long ino;
    long off;
    unsigned short len;
    unsigned char type;
    char name[];
};

SECTION(types_listed)
{
    static const char *const name[] = {"blk",  "chr",  "dir",
                                       "file", "link", "pipe"};
    struct dirent *e;
    DIR *d;

    put("file", "");
    mkdir("dir", 0755);
    symlink("x", "link");
    mkfifo("pipe", 0644);
    mknod("chr", S_IFCHR | 0600, 0x103);
    mknod("blk", S_IFBLK | 0600, 0x700);
    for (unsigned i = 0; i < 6; i++) {
        d = opendir(".");
        while ((e = readdir(d)))
            if (!strcmp(e->d_name, name[i]))
                say("%s type %d", e->d_name, e->d_type);
        closedir(d);
    }
}

/* Entries that stay are listed once, whatever comes and goes meanwhile. */
SECTION(listing_changes)
{
    int seen[200] = {0}, once = 0, more = 0, fd, n;
    char name[32], room[256];

    mkdir("d", 0755);
    for (int i = 0; i < 200; i++) {
        sprintf(name, "d/%03d", i);
        put(name, "");
    }
    fd = open("d", O_RDONLY | O_DIRECTORY);
    for (int step = 0;
         (n = (int)syscall(SYS_getdents64, fd, room, sizeof(room))) > 0;
         step++) {
        for (int at = 0; at < n;) {
            struct dirent64_ *e = (void *)(room + at);
            at += e->len;
            if (e->name[0] >= '0' && e->name[0] <= '9')
                seen[atoi(e->name)]++;
        }
        sprintf(name, "d/%03d", step * 2 + 1); /* odd ones go */
        unlink(name);
        sprintf(name, "d/new%03d", step);
        put(name, "");
    }
    for (int i = 0; i < 200; i += 2) {
        once += seen[i] == 1;
        more += seen[i] > 1;
    }
    say("even ones seen once %d, more often %d", once, more);
    R(lseek(fd, 0, SEEK_SET));
    R(syscall(SYS_getdents64, fd, room, 20));
    R(syscall(SYS_getdents64, fd, room, sizeof(room)) > 0);
    R(lseek(fd, -5, SEEK_SET));
    system("rm -r d");
    R(lseek(fd, 0, SEEK_SET));
    R(syscall(SYS_getdents64, fd, room, sizeof(room)));
}

/* A place remembered is a place, also when entries before it are gone. */
SECTION(places_remembered)
{
    struct dirent *e;
    char name[32], want[32];
    long place;
    DIR *d;

    for (int i = 0; i < 50; i++) {
        sprintf(name, "%d", i);
        put(name, "");
    }
    d = opendir(".");
    for (int i = 0; i < 20; i++)
        readdir(d);
    place = telldir(d);
    e = readdir(d);
    strcpy(want, e ? e->d_name : "?");
    rewinddir(d);
    for (int i = 0; i < 10; i++)
        readdir(d);
    seekdir(d, place);
    e = readdir(d);
    V(e && !strcmp(e->d_name, want));
    for (int i = 0; i < 50; i += 3) {
        sprintf(name, "%d", i);
        if (strcmp(name, want))
            unlink(name);
    }
    seekdir(d, place);
    e = readdir(d);
    V(e && !strcmp(e->d_name, want));
}
