/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fs_test.c - files, directories, locks, /proc, /sys and /dev as a program
 * sees them. Runs on Linux too (as root, with /tmp a tmpfs), where it must
 * pass just the same.
 *
 * Prints "ok NAME" or "FAILED NAME: line" per test; exit status 0 if all
 * passed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int failed_line, last_errno;
static char *volatile bad_address = (char *)8;

#define CHECK(e)                                                               \
    do {                                                                       \
        if (!(e)) {                                                            \
            failed_line = __LINE__;                                            \
            last_errno = errno;                                                \
            return;                                                            \
        }                                                                      \
    } while (0)
#define FAILS(e, err) CHECK((errno = 0, (long)(e) == -1) && errno == (err))

static int put(const char *path, const char *text)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    ssize_t n = write(fd, text, strlen(text));

    close(fd);
    return n == (ssize_t)strlen(text) ? 0 : -1;
}

static char *get(const char *path)
{
    static char buf[65536];
    int fd = open(path, O_RDONLY);
    ssize_t n, got = 0;

    while (fd >= 0 && (n = read(fd, buf + got, sizeof(buf) - 1 - got)) > 0)
        got += n;
    buf[got] = '\0';
    if (fd >= 0)
        close(fd);
    return buf;
}

static void basics(void)
{
    struct stat st;
    char buf[16];
    int fd;

    CHECK(!put("a", "hello"));
    CHECK(!strcmp(get("a"), "hello"));
    CHECK(!stat("a", &st) && st.st_size == 5 && st.st_nlink == 1);
    CHECK(st.st_blksize == 4096 && st.st_mode == (S_IFREG | 0644));
    FAILS(open("a", O_CREAT | O_EXCL, 0600), EEXIST);
    FAILS(open("a/b", O_RDONLY), ENOTDIR);
    FAILS(open("none", O_RDONLY), ENOENT);
    FAILS(open("a", O_DIRECTORY), ENOTDIR);
    FAILS(open(".", O_WRONLY), EISDIR);
    FAILS(open("a/", O_RDONLY), ENOTDIR);
    FAILS(open(bad_address, O_RDONLY), EFAULT);
    fd = open(".", O_RDONLY);
    FAILS(read(fd, buf, 1), EISDIR);
    close(fd);
    fd = open("a", O_RDONLY);
    FAILS(write(fd, "x", 1), EBADF);
    CHECK(lseek(fd, -2, SEEK_END) == 3 && read(fd, buf, 9) == 2);
    CHECK(read(fd, buf, 9) == 0 && pread(fd, buf, 9, 4) == 1);
    FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
    FAILS(pread(fd, buf, 1, -1), EINVAL);
    lseek(fd, 0, SEEK_SET);
    FAILS(read(fd, bad_address, 4), EFAULT);
    close(fd);
    FAILS(close(fd), EBADF);
    FAILS(read(fd, buf, 1), EBADF);
    CHECK(!unlink("a"));
}

static void appending(void)
{
    struct iovec v[3] = {{NULL, 0}, {"ab", 2}, {"cd", 2}};
    int fd = open("app", O_CREAT | O_RDWR | O_APPEND, 0600);

    CHECK(writev(fd, v, 3) == 4);
    lseek(fd, 0, SEEK_SET);
    CHECK(write(fd, "ef", 2) == 2 && !strcmp(get("app"), "abcdef"));
    CHECK(lseek(fd, 0, SEEK_CUR) == 6);
    CHECK((fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND)) == (O_RDWR | O_APPEND));
    CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK));
    CHECK(!(fcntl(fd, F_GETFL) & O_APPEND));
    close(fd);
    CHECK(!truncate("app", 3) && !strcmp(get("app"), "abc"));
    FAILS(truncate("app", -1), EINVAL);
    FAILS(truncate(".", 1), EISDIR);
}

static void sparse(void)
{
    int fd = open("sparse", O_CREAT | O_RDWR, 0600);
    struct stat st;
    char c = 1;

    CHECK(pwrite(fd, "x", 1, 1 << 20) == 1);
    CHECK(!fstat(fd, &st) && st.st_size == (1 << 20) + 1 && st.st_blocks == 8);
    CHECK(pread(fd, &c, 1, 4096) == 1 && c == 0);
    CHECK(lseek(fd, 0, SEEK_DATA) == 1 << 20 && lseek(fd, 0, SEEK_HOLE) == 0);
    FAILS(lseek(fd, 1 << 21, SEEK_DATA), ENXIO);
    CHECK(!fallocate(fd, 0, 0, 8192) && !fstat(fd, &st) && st.st_blocks == 24);
    CHECK(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
    CHECK(!fstat(fd, &st) && st.st_blocks == 16);
    FAILS(fallocate(fd, 0, 0, 0), EINVAL);
    CHECK(!ftruncate(fd, 10) && !fsync(fd) && !fdatasync(fd));
    close(fd);
}

static void directories(void)
{
    char buf[4096];
    struct dirent *e;
    int n = 0, types = 0;
    DIR *d;

    CHECK(!mkdir("d", 0777) && !mkdir("d/sub", 0700) && !put("d/f", "x"));
    CHECK(!symlink("f", "d/l") && !mkfifo("d/p", 0600));
    FAILS(mkdir("d", 0777), EEXIST);
    FAILS(mkdir("d/none/x", 0777), ENOENT);
    FAILS(rmdir("d"), ENOTEMPTY);
    FAILS(rmdir("d/f"), ENOTDIR);
    FAILS(rmdir("d/sub/."), EINVAL);
    FAILS(unlink("d/sub"), EISDIR);
    d = opendir("d");
    while ((e = readdir(d))) {
        n++;
        if (!strcmp(e->d_name, "f"))
            types += e->d_type == DT_REG;
        else if (!strcmp(e->d_name, "l"))
            types += e->d_type == DT_LNK;
        else if (!strcmp(e->d_name, "p"))
            types += e->d_type == DT_FIFO;
        else
            types += e->d_type == DT_DIR;
    }
    CHECK(n == 6 && types == 6);
    rewinddir(d);
    CHECK(readdir(d) && readdir(d));
    long at = telldir(d);
    e = readdir(d);
    snprintf(buf, sizeof(buf), "%s", e->d_name);
    while (readdir(d))
        ;
    seekdir(d, at);
    e = readdir(d);
    CHECK(e && !strcmp(e->d_name, buf));
    closedir(d);
    CHECK(readlink("d/l", buf, sizeof(buf)) == 1 && *buf == 'f');
    FAILS(readlink("d/f", buf, sizeof(buf)), EINVAL);
    char *cwd = getcwd(NULL, 0);
    CHECK(!chdir("d/sub") && getcwd(buf, sizeof(buf)));
    CHECK(!strncmp(buf, cwd, strlen(cwd)) &&
          !strcmp(buf + strlen(cwd), "/d/sub"));
    FAILS(syscall(SYS_getcwd, buf, 3), ERANGE);
    int fd = open("..", O_PATH | O_DIRECTORY);
    CHECK(!unlinkat(fd, "sub", AT_REMOVEDIR));
    FAILS(syscall(SYS_getcwd, buf, sizeof(buf)), ENOENT);
    FAILS(open("x", O_CREAT | O_WRONLY, 0600), ENOENT);
    CHECK(!fchdir(fd) && !chdir(".."));
    close(fd);
    free(cwd);
}

static void renaming(void)
{
    struct stat a, b;

    put("r1", "1");
    put("r2", "2");
    CHECK(!syscall(SYS_renameat2, AT_FDCWD, "r1", AT_FDCWD, "r2", 2));
    CHECK(!strcmp(get("r1"), "2") && !strcmp(get("r2"), "1"));
    FAILS(syscall(SYS_renameat2, AT_FDCWD, "r1", AT_FDCWD, "r2", 1), EEXIST);
    FAILS(syscall(SYS_renameat2, AT_FDCWD, "r1", AT_FDCWD, "r2", 3), EINVAL);
    int fd = open("r2", O_RDONLY);
    CHECK(!rename("r1", "r2") && !strcmp(get("r2"), "2"));
    CHECK(!fstat(fd, &a) && a.st_nlink == 0);
    close(fd);
    CHECK(!link("r2", "r3") && !stat("r2", &a) && !stat("r3", &b));
    CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_nlink == 2);
    CHECK(!rename("r2", "r3") && !stat("r2", &a));
    mkdir("rd", 0700);
    FAILS(rename("rd", "rd/x"), EINVAL);
    FAILS(rename("r2", "rd"), EISDIR);
    FAILS(rename("rd", "r2"), ENOTDIR);
    FAILS(rename("r2", "/proc/x"), EXDEV);
    FAILS(rename(".", "x"), EBUSY);
}

static void read_only_root(void)
{
    struct statfs fs;

    if (statfs("/", &fs) || !(fs.f_flags & MS_RDONLY))
        return; /* on the developer's machine */
    FAILS(open("/new", O_CREAT | O_WRONLY, 0600), EROFS);
    FAILS(mkdir("/new", 0700), EROFS);
    FAILS(mkdir("/tmp", 0700), EEXIST);
    FAILS(unlink("/sbin/init"), EROFS);
    FAILS(open("/bin/busybox", O_WRONLY), EROFS);
    FAILS(chmod("/sbin", 0700), EROFS);
    CHECK(fs.f_type == 0xef53 && fs.f_bsize >= 1024);
    FAILS(rmdir("/proc"), EROFS);
}

static void attributes(void)
{
    struct timespec ts[2] = {{1000000000, 5}, {1000000001, 6}};
    struct stat st;
    struct statx x;

    put("at", "x");
    CHECK(!chmod("at", 04755) && !stat("at", &st));
    CHECK(st.st_mode == (S_IFREG | 04755));
    CHECK(!chown("at", 5, (gid_t)-1) && !stat("at", &st) && st.st_uid == 5);
    CHECK(st.st_mode == (S_IFREG | 0755) && st.st_gid == 0);
    CHECK(!utimensat(AT_FDCWD, "at", ts, 0) && !stat("at", &st));
    CHECK(st.st_atim.tv_nsec == 5 && st.st_mtim.tv_sec == 1000000001);
    ts[0].tv_nsec = UTIME_OMIT;
    ts[1].tv_nsec = UTIME_NOW;
    CHECK(!utimensat(AT_FDCWD, "at", ts, 0) && !stat("at", &st));
    CHECK(st.st_atim.tv_nsec == 5 && st.st_mtim.tv_sec > 1000000001);
    CHECK(!statx(AT_FDCWD, "at", 0, STATX_BASIC_STATS, &x));
    CHECK(x.stx_ino == st.st_ino && x.stx_size == 1 && x.stx_uid == 5);
    umask(027);
    int fd = open("masked", O_CREAT | O_WRONLY, 0666);
    CHECK(!fstat(fd, &st) && st.st_mode == (S_IFREG | 0640));
    close(fd);
    umask(022);
    CHECK(!access("at", R_OK | W_OK | X_OK));
    chmod("at", 0644);
    FAILS(access("at", X_OK), EACCES);
    FAILS(access("none", F_OK), ENOENT);
}

static void openat2_rules(void)
{
    struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_BENEATH};
    char big[sizeof(how) + 8] = {0};

    mkdir("o2", 0700);
    put("o2/f", "x");
    symlink("/etc", "o2/out");
    int d = open("o2", O_DIRECTORY), fd;
    fd = (int)syscall(SYS_openat2, d, "f", &how, sizeof(how));
    CHECK(fd >= 0);
    close(fd);
    FAILS(syscall(SYS_openat2, d, "../o2/f", &how, sizeof(how)), EXDEV);
    FAILS(syscall(SYS_openat2, d, "out", &how, sizeof(how)), EXDEV);
    how.resolve = RESOLVE_NO_SYMLINKS;
    FAILS(syscall(SYS_openat2, d, "out", &how, sizeof(how)), ELOOP);
    memcpy(big, &how, sizeof(how));
    fd = (int)syscall(SYS_openat2, d, "f", big, sizeof(big));
    CHECK(fd >= 0);
    close(fd);
    big[sizeof(how)] = 1;
    FAILS(syscall(SYS_openat2, d, "f", big, sizeof(big)), E2BIG);
    how.flags = 1ull << 40;
    FAILS(syscall(SYS_openat2, d, "f", &how, sizeof(how)), EINVAL);
    close(d);
}

static void temporary(void)
{
    char name[64];
    struct stat st;
    int fd = open(".", O_TMPFILE | O_RDWR, 0600);

    CHECK(fd >= 0 && write(fd, "tmp", 3) == 3);
    CHECK(!fstat(fd, &st) && st.st_nlink == 0);
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    CHECK(!linkat(AT_FDCWD, name, AT_FDCWD, "kept", AT_SYMLINK_FOLLOW));
    CHECK(!strcmp(get("kept"), "tmp"));
    close(fd);
}

static void memory_files(void)
{
    int fd = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    char name[64], link[64];
    ssize_t n;
    char *a, *b;

    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(!ftruncate(fd, 8192));
    a = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    b = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    CHECK(a != MAP_FAILED && b != MAP_FAILED);
    a[5000] = 'x';
    CHECK(b[5000] == 'x');
    FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
    munmap(a, 8192);
    munmap(b, 8192);
    CHECK(!fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK));
    FAILS(write(fd, "x", 1), EPERM);
    FAILS(ftruncate(fd, 0), EPERM);
    FAILS((long)mmap(NULL, 8192, PROT_WRITE, MAP_SHARED, fd, 0), EPERM);
    CHECK(fcntl(fd, F_GET_SEALS) == (F_SEAL_WRITE | F_SEAL_SHRINK));
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    n = readlink(name, link, sizeof(link) - 1);
    CHECK(n > 0);
    link[n] = '\0';
    CHECK(!strcmp(link, "/memfd:test (deleted)"));
    close(fd);
}

static void copying(void)
{
    char buf[100];
    int in, out, sp[2];
    off_t off = 10;
    loff_t from = 1;

    for (int k = 0; k < 100; k++)
        buf[k] = (char)k;
    in = open("in", O_CREAT | O_RDWR, 0600);
    out = open("out", O_CREAT | O_RDWR, 0600);
    for (int k = 0; k < 1000; k++)
        CHECK(write(in, buf, 100) == 100);
    CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, sp));
    CHECK(sendfile(sp[0], in, &off, 50) == 50 && off == 60);
    CHECK(read(sp[1], buf, 100) == 50 && buf[0] == 10 && buf[49] == 59);
    lseek(in, 0, SEEK_SET);
    CHECK(sendfile(out, in, NULL, 1 << 20) == 100000);
    CHECK(lseek(in, 0, SEEK_CUR) == 100000);
    CHECK(lseek(out, 0, SEEK_END) == 100000);
    CHECK(sendfile(out, in, NULL, 1) == 0);
    FAILS(sendfile(in, sp[0], NULL, 1), EINVAL);
    CHECK(copy_file_range(in, &from, out, NULL, 1 << 20, 0) == 99999);
    CHECK(pread(out, buf, 1, 199998) == 1 && buf[0] == 99);
    from = 0;
    FAILS(copy_file_range(in, &from, in, NULL, 200000, 1), EINVAL);
    close(in);
    close(out);
    close(sp[0]);
    close(sp[1]);
}

static void record_locks(void)
{
    struct flock fl = {.l_type = F_WRLCK, .l_start = 0, .l_len = 10};
    int fd = open("lock", O_CREAT | O_RDWR, 0600), go[2], status;
    char c;

    CHECK(!pipe(go) && !fcntl(fd, F_SETLK, &fl));
    pid_t pid = fork();
    if (!pid) {
        struct flock l = fl;
        int bad = fcntl(fd, F_SETLK, &l) != -1 || errno != EAGAIN;

        bad |= fcntl(fd, F_GETLK, &l) || l.l_type != F_WRLCK ||
               l.l_pid != getppid();
        l = fl;
        bad |= write(go[1], "x", 1) != 1;
        bad |= fcntl(fd, F_SETLKW, &l) != 0; /* until the parent lets go */
        _exit(bad);
    }
    CHECK(read(go[0], &c, 1) == 1);
    usleep(20000);
    /* Closing any descriptor of the file drops the process's locks. */
    close(dup(fd));
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    int other = open("lock", O_RDWR);
    CHECK(!flock(fd, LOCK_EX));
    FAILS(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    close(fd);
    CHECK(!flock(other, LOCK_EX | LOCK_NB));
    close(other);
    close(go[0]);
    close(go[1]);
}

static void descriptors(void)
{
    struct epoll_event ev = {.events = EPOLLIN};
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC), ep = epoll_create1(0);
    int file = open("in", O_RDONLY), n;

    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    int copy = dup(fd);
    CHECK(copy > fd && fcntl(copy, F_GETFD) == 0);
    CHECK(fcntl(fd, F_DUPFD_CLOEXEC, 100) == 100);
    CHECK(dup2(fd, 101) == 101 && dup2(101, 101) == 101);
    FAILS(dup3(fd, fd, 0), EINVAL);
    FAILS(dup2(fd, -1), EBADF);
    FAILS(epoll_ctl(ep, EPOLL_CTL_ADD, file, &ev), EPERM);
    FAILS(ioctl(file, TCGETS, &n), ENOTTY);
    CHECK(!ioctl(file, FIONREAD, &n) && n == 100000);
    CHECK(!syscall(SYS_close_range, 100, ~0u, 0));
    FAILS(close(100), EBADF);
    CHECK(write(fd, "x", 1) == 1 && read(fd, &n, 1) == 0);
    int p = open("in", O_PATH);
    FAILS(read(p, &n, 1), EBADF);
    FAILS(fchmod(p, 0600), EBADF);
    struct stat st;
    CHECK(!fstat(p, &st) && st.st_size == 100000);
    FAILS(posix_fadvise(-1, 0, 0, 0) ? (errno = EBADF, -1) : 0, EBADF);
    close(p);
    close(fd);
    close(copy);
    close(ep);
    close(file);
}

static void devices(void)
{
    char buf[64] = "x";
    struct stat st;
    int fd = open("/dev/zero", O_RDONLY);

    CHECK(read(fd, buf, 64) == 64 && !buf[0]);
    close(fd);
    fd = open("/dev/full", O_WRONLY);
    FAILS(write(fd, "x", 1), ENOSPC);
    close(fd);
    fd = open("/dev/urandom", O_RDONLY);
    CHECK(read(fd, buf, 64) == 64);
    close(fd);
    CHECK(!stat("/dev/null", &st) && st.st_rdev == makedev(1, 3));
    CHECK(!mknod("null", S_IFCHR | 0666, makedev(1, 3)));
    FAILS(open("null", O_RDWR), EACCES); /* mounted with "nodev" */
    CHECK(!mknod("/dev/fs_null", S_IFCHR | 0666, makedev(1, 3)));
    fd = open("/dev/fs_null", O_RDWR);
    CHECK(fd >= 0 && write(fd, "x", 1) == 1 && !unlink("/dev/fs_null"));
    close(fd);
    CHECK(!mknod("/dev/fs_none", S_IFCHR | 0666, makedev(200, 3)));
    FAILS(open("/dev/fs_none", O_RDWR), ENXIO);
    CHECK(!unlink("/dev/fs_none"));
    fd = open("/dev/fd/1", O_WRONLY);
    CHECK(fd >= 0);
    close(fd);
    int ends[2];
    CHECK(!pipe(ends));
    snprintf(buf, sizeof(buf), "/proc/self/fd/%d", ends[1]);
    fd = open(buf, O_WRONLY);
    CHECK(fd >= 0 && write(fd, "y", 1) == 1 && read(ends[0], buf, 1) == 1);
    close(fd);
    close(ends[0]);
    close(ends[1]);
}

static int fields(const char *s)
{
    int n = 1;

    for (; *s; s++)
        n += *s == ' ';
    return n;
}

static void proc_self(void)
{
    char buf[PATH_MAX], exe[PATH_MAX];
    unsigned long v;
    ssize_t n = readlink("/proc/self", buf, sizeof(buf));

    CHECK(n > 0 && atoi(buf) == getpid());
    CHECK(readlink("/proc/self/exe", exe, sizeof(exe)) > 0);
    CHECK(readlink("/proc/self/cwd", buf, sizeof(buf)) > 0);
    CHECK(fields(get("/proc/self/stat")) == 52);
    CHECK(atoi(get("/proc/self/stat")) == getpid());
    CHECK(fields(get("/proc/self/statm")) == 7 &&
          sscanf(get("/proc/self/statm"), "%*u %lu", &v) == 1 && v > 10);
    CHECK(strstr(get("/proc/self/status"), "\nPid:\t"));
    CHECK(strstr(get("/proc/self/status"), "\nVmRSS:\t"));
    CHECK(strstr(get("/proc/self/maps"), "[stack]"));
    CHECK(strstr(get("/proc/self/maps"), "r-xp"));
    CHECK(strstr(get("/proc/self/mountinfo"), " /proc "));
    CHECK(strstr(get("/proc/mounts"), " /proc proc "));
    CHECK(strstr(get("/proc/self/limits"), "Max open files"));
    CHECK(strlen(get("/proc/self/comm")) > 1);
    CHECK(*get("/proc/self/cmdline"));
    snprintf(buf, sizeof(buf), "/proc/self/task/%d/comm", getpid());
    CHECK(strlen(get(buf)) > 1);
    FAILS(open("/proc/99999999/stat", O_RDONLY), ENOENT);
    int fd = open("in", O_RDONLY);
    lseek(fd, 7, SEEK_SET);
    snprintf(buf, sizeof(buf), "/proc/self/fdinfo/%d", fd);
    CHECK(!strncmp(get(buf), "pos:\t7\n", 7));
    close(fd);
    DIR *d = opendir("/proc/self/fd");
    int count = 0;
    while (readdir(d))
        count++;
    closedir(d);
    CHECK(count >= 2 + 4);
}

static void proc_system(void)
{
    unsigned long total, avail;
    float l1, l2, l3;
    int run, all;
    char *s;

    s = get("/proc/meminfo");
    CHECK(sscanf(s, "MemTotal: %lu kB", &total) == 1 && total > 20000);
    s = strstr(s, "MemAvailable:");
    CHECK(s && sscanf(s, "MemAvailable: %lu kB", &avail) == 1);
    CHECK(avail < total);
    CHECK(sscanf(get("/proc/loadavg"), "%f %f %f %d/%d", &l1, &l2, &l3, &run,
                 &all) == 5 &&
          all > 0);
    CHECK(!strncmp(get("/proc/stat"), "cpu  ", 5));
    CHECK(strstr(get("/proc/stat"), "\ncpu0 "));
    CHECK(strchr(get("/proc/uptime"), '.'));
    CHECK(strstr(get("/proc/cpuinfo"), "processor\t: 0"));
    CHECK(!strncmp(get("/proc/version"), "Linux version ", 14));
    CHECK(strchr("012", *get("/proc/sys/vm/overcommit_memory")));
    CHECK(strlen(get("/proc/sys/kernel/random/uuid")) == 37);
    CHECK(strstr(get("/proc/filesystems"), "ext4"));
    s = get("/sys/devices/system/cpu/online");
    CHECK(*s == '0' && s[strlen(s) - 1] == '\n');
    FAILS(open("/sys/fs/selinux", O_RDONLY), ENOENT);
    DIR *d = opendir("/proc");
    struct dirent *e;
    int seen = 0;
    while ((e = readdir(d)))
        seen += !strcmp(e->d_name, "meminfo") || !strcmp(e->d_name, "1") ||
                !strcmp(e->d_name, "self");
    closedir(d);
    CHECK(seen == 3);
}

static void large_directory(void)
{
    char name[64];
    DIR *d;
    int n = 0;

    mkdir("many", 0700);
    for (int k = 0; k < 3000; k++) {
        snprintf(name, sizeof(name), "many/file-%d", k);
        CHECK(!put(name, ""));
    }
    for (int k = 0; k < 3000; k++) {
        snprintf(name, sizeof(name), "many/none-%d", k);
        FAILS(open(name, O_RDONLY), ENOENT);
    }
    d = opendir("many");
    struct dirent *e;
    while ((e = readdir(d)))
        if (e->d_name[0] != '.') {
            n++;
            CHECK(!unlinkat(dirfd(d), e->d_name, 0));
        }
    closedir(d);
    CHECK(n == 3000 && !rmdir("many"));
}

static void limits(void)
{
    struct rlimit was, r = {100, 100};
    int fd = open("lim", O_CREAT | O_WRONLY, 0600), status;

    getrlimit(RLIMIT_FSIZE, &was);
    pid_t pid = fork();
    if (!pid) {
        char buf[200] = {0};

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &r);
        _exit(!(write(fd, buf, 200) == 100 && write(fd, buf, 1) == -1 &&
                errno == EFBIG));
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    close(fd);
}

static void changing_root(void)
{
    int status;
    pid_t pid = fork();

    if (!pid) {
        char buf[64];
        int bad = mkdir("jail", 0755) || put("jail/f", "x") || chroot("jail") ||
                  chdir("/");

        bad = bad || strcmp(get("/f"), "x") || strcmp(get("/../../f"), "x") ||
              !getcwd(buf, sizeof(buf)) || strcmp(buf, "/");
        _exit(bad);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void permissions(void)
{
    int status;
    pid_t pid;

    mkdir("priv", 0700);
    put("priv/f", "x");
    put("pub", "x");
    pid = fork();
    if (!pid) {
        if (setgid(1000) || setuid(1000))
            _exit(2);
        _exit(!(open("priv/f", O_RDONLY) == -1 && errno == EACCES &&
                open("pub", O_RDONLY) >= 0 && open("pub", O_WRONLY) == -1 &&
                errno == EACCES && unlink("pub") == -1 && errno == EACCES &&
                chmod("pub", 0) == -1 && errno == EPERM &&
                open("/tmp/./fs_user", O_CREAT | O_RDWR, 0600) >= 0 &&
                unlink("/tmp/fs_user") == 0));
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

#define T(f)                                                                   \
    {                                                                          \
#f, f                                                                  \
    }
static const struct {
    const char *name;
    void (*fn)(void);
} tests[] = {
    T(basics),          T(appending),      T(sparse),        T(directories),
    T(renaming),        T(read_only_root), T(attributes),    T(openat2_rules),
    T(temporary),       T(memory_files),   T(copying),       T(record_locks),
    T(descriptors),     T(devices),        T(proc_self),     T(proc_system),
    T(large_directory), T(limits),         T(changing_root), T(permissions),
};

int main(void)
{
    unsigned failed = 0;

    char dir[] = "/tmp/fs_test.XXXXXX";

    if (!mkdtemp(dir) || chmod(dir, 0755) || chdir(dir)) {
        perror(dir);
        return 1;
    }
    for (size_t k = 0; k < sizeof(tests) / sizeof(tests[0]); k++) {
        failed_line = 0;
        tests[k].fn();
        if (failed_line)
            printf("FAILED %s: line %d (%s)\n", tests[k].name, failed_line,
                   strerror(last_errno));
        else
            printf("ok %s\n", tests[k].name);
        failed += failed_line != 0;
    }
    printf("%s\n", failed ? "FAILED" : "all passed");
    return failed != 0;
}
