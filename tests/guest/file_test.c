/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * file_test.c - descriptors and the contents of files.
 */
#include "show.h"

#include <limits.h>
#include <linux/falloc.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>

static char buf[70000];

static void show_flags(int fd)
{
    int f = fcntl(fd, F_GETFL);

    say("flags %#o cloexec %d", f, fcntl(fd, F_GETFD));
}

SECTION(open_flags)
{
    static const struct {
        const char *name;
        int flags;
    } f[] = {
#define F(x) {#x, x}
        F(O_RDONLY),
        F(O_WRONLY),
        F(O_RDWR),
        F(O_RDONLY | O_CLOEXEC),
        F(O_RDWR | O_CREAT),
        F(O_WRONLY | O_CREAT | O_TRUNC),
        F(O_WRONLY | O_CREAT | O_EXCL | O_TRUNC),
        F(O_WRONLY | O_CREAT | O_EXCL),
        F(O_RDWR | O_APPEND),
        F(O_WRONLY | O_CREAT | O_SYNC),
        F(O_WRONLY | O_DSYNC),
        F(O_RDONLY | O_NOCTTY | O_NONBLOCK),
        F(O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_DIRECTORY),
        F(O_RDONLY | O_DIRECTORY),
        F(O_RDONLY | O_NOFOLLOW),
        F(O_RDONLY | O_TRUNC),
        F(O_PATH),
        F(O_PATH | O_NOFOLLOW),
        F(O_PATH | O_RDWR | O_CREAT | O_EXCL),
        F(O_WRONLY | O_DIRECTORY),
        F(O_RDWR | O_CREAT | O_DIRECTORY),
        F(O_ACCMODE),
        F(O_RDONLY | O_NOATIME),
        F(O_RDONLY | O_ASYNC),
        F(O_RDONLY | O_LARGEFILE),
        F(O_RDONLY | 010000000 | O_TMPFILE),
        F(O_WRONLY | O_TMPFILE),
    };
    static const char *const name[] = {"file", "dir",  "link", "dangling",
                                       "fifo", "none", "loop", "file/"};

    mkdir("dir", 0755);
    symlink("file", "link");
    symlink("loop", "loop");
    mkfifo("fifo", 0644);
    for (unsigned k = 0; k < sizeof(name) / sizeof(*name); k++)
        for (unsigned i = 0; i < sizeof(f) / sizeof(*f); i++) {
            struct stat st;

            unlink("none");
            unlink("dangling");
            unlink("gone");
            symlink("gone", "dangling");
            put("file", "abc");
            if (!strcmp(name[k], "fifo") && !(f[i].flags & O_NONBLOCK) &&
                !(f[i].flags & O_PATH) && (f[i].flags & O_ACCMODE) != O_RDWR)
                continue; /* waits for the other end */
            errno = 0;
            int fd = open(name[k], f[i].flags, 0640);
            if (fd < 0) {
                say("%s %s: %s", name[k], f[i].name, err_name(errno));
                continue;
            }
            fstat(fd, &st);
            say("%s %s: fl %#o fd %d mode %o size %ld", name[k], f[i].name,
                fcntl(fd, F_GETFL), fcntl(fd, F_GETFD), st.st_mode,
                S_ISDIR(st.st_mode) ? 0 : (long)st.st_size);
            close(fd);
        }
}

SECTION(open_errors)
{
    char longname[300], *path = malloc(5000);

    memset(longname, 'n', 299);
    longname[299] = 0;
    R(open(longname, O_RDONLY));
    longname[255] = 0;
    R(open(longname, O_RDONLY));
    R(open(longname, O_CREAT | O_WRONLY, 0600));
    memset(path, '/', 4999);
    path[4999] = 0;
    R(open(path, O_RDONLY));
    path[4095] = 0;
    R(open(path, O_RDONLY));
    R(open("", O_RDONLY));
    R(open("", O_CREAT | O_WRONLY, 0600));
    R(open(bad, O_RDONLY));
    R(openat(99, "x", O_RDONLY));
    R(openat(99, "/dev/null", O_RDONLY));
    R(openat(0, "x", O_RDONLY));
    R(openat(-1, "", O_RDONLY));
    R(open("/", O_RDWR));
    R(open("/", O_CREAT | O_RDWR, 0600));
    R(open(".", O_CREAT | O_RDWR, 0600));
    R(open("new/", O_CREAT | O_RDWR, 0600));
    R(open("no/new", O_CREAT | O_RDWR, 0600));
    R(open("/proc/none", O_CREAT | O_RDWR, 0600));
    R(open("/etc/passwd", O_RDWR));
    R(open("/etc/new", O_CREAT | O_RDWR, 0600));
    R(open("/etc/new", O_RDWR));
    R(open("/dev/tty", O_RDWR));
    R(creat("made", 0600));
    R(close(-1));
    R(close(1000000));
}

SECTION(reading)
{
    struct iovec v[4] = {{NULL, 0}, {buf, 2}, {NULL, 0}, {buf + 2, 100}};
    int fd, p[2];

    put("f", "0123456789");
    fd = open("f", O_RDWR);
    R(read(fd, buf, 4));
    R(read(fd, buf, 0));
    R(read(fd, bad, 0));
    R(read(fd, bad, 4));
    R(lseek(fd, 0, SEEK_CUR));
    R(read(fd, buf, SSIZE_MAX));
    R(read(fd, buf, 4));
    R(pread(fd, buf, 4, 8));
    R(pread(fd, buf, 4, 10));
    R(pread(fd, buf, 4, 1000));
    R(pread(fd, buf, 4, -1));
    R(pread(fd, buf, 4, LONG_MAX));
    R(lseek(fd, 0, SEEK_SET));
    R(readv(fd, v, 4));
    R(readv(fd, v, 0));
    R(readv(fd, v, -1));
    R(readv(fd, v, 1025));
    R(readv(fd, (struct iovec *)bad, 1));
    R(lseek(fd, 0, SEEK_SET));
    v[3].iov_base = bad;
    R(readv(fd, v, 4));
    R(lseek(fd, 0, SEEK_CUR));
    v[0] = (struct iovec){buf, SSIZE_MAX};
    v[1] = (struct iovec){buf, SSIZE_MAX};
    R(readv(fd, v, 2));
    v[0].iov_len = (size_t)-1;
    R(readv(fd, v, 1));
    v[0].iov_len = 4;
    R(preadv(fd, v, 1, 8));
    R(preadv(fd, v, 1, -1));
    SYS(preadv2, fd, v, 1, 0l, 0l, 0);
    SYS(preadv2, fd, v, 1, -1l, -1l, 0);
    SYS(preadv2, fd, v, 1, 0l, 0l, 0x10000);
    R(read(99, buf, 1));
    R(read(99, bad, 1));
    close(fd);
    fd = open("f", O_WRONLY);
    R(read(fd, buf, 1));
    R(pread(fd, buf, 1, 0));
    close(fd);
    fd = open(".", O_RDONLY);
    R(read(fd, buf, 1));
    R(pread(fd, buf, 1, 0));
    R(lseek(fd, 0, SEEK_SET));
    close(fd);
    fd = open("f", O_PATH);
    R(read(fd, buf, 1));
    R(lseek(fd, 0, SEEK_SET));
    R(fchmod(fd, 0600));
    R(fcntl(fd, F_SETFL, O_NONBLOCK));
    R(fcntl(fd, F_GETFL));
    R(ioctl(fd, TCGETS, buf));
    R(ftruncate(fd, 0));
    R(fsync(fd));
    R(dup(fd) >= 0);
    pipe(p);
    R(pread(p[0], buf, 1, 0));
    R(pwrite(p[1], buf, 1, 0));
    R(lseek(p[0], 0, SEEK_CUR));
    R(read(p[1], buf, 1));
    R(write(p[0], buf, 1));
}

SECTION(seeking)
{
    int fd = open("f", O_CREAT | O_RDWR, 0600);

    write(fd, "0123456789", 10);
    R(lseek(fd, -3, SEEK_CUR));
    R(lseek(fd, -10, SEEK_END));
    R(lseek(fd, -11, SEEK_END));
    R(lseek(fd, 100, SEEK_END));
    R(read(fd, buf, 1));
    R(lseek(fd, -1, SEEK_SET));
    R(lseek(fd, LONG_MAX, SEEK_SET));
    R(lseek(fd, 1, SEEK_CUR));
    R(lseek(fd, 0, 9));
    R(lseek(fd, 0, -1));
    R(lseek(99, 0, 9));
    R(lseek(fd, 0, SEEK_DATA));
    R(lseek(fd, 0, SEEK_HOLE));
    R(lseek(fd, 10, SEEK_DATA));
    R(lseek(fd, 10, SEEK_HOLE));
    R(lseek(fd, -1, SEEK_DATA));
    int n = open("/dev/null", O_RDWR), z = open("/dev/zero", O_RDWR);
    R(lseek(n, 10, SEEK_SET));
    R(lseek(z, 10, SEEK_SET));
    R(lseek(n, 0, SEEK_CUR));
    int pr = open("/proc/self/status", O_RDONLY);
    R(lseek(pr, 5, SEEK_SET));
    R(lseek(pr, 0, SEEK_END));
    R(read(pr, buf, 4) > 0);
}

SECTION(writing)
{
    struct iovec v[3] = {{NULL, 0}, {"ab", 2}, {"cd", 2}};
    struct rlimit r = {100, 200}, old;
    struct stat st;
    int fd = open("f", O_CREAT | O_RDWR, 0600), p[2];

    R(write(fd, "hello", 5));
    R(write(fd, bad, 5));
    R(write(fd, "x", 0));
    R(writev(fd, v, 3));
    R(writev(fd, v, 1));
    say("'%s'", get("f"));
    R(pwrite(fd, "XY", 2, 1));
    R(pwrite(fd, "end", 3, 20));
    R(pwrite(fd, "x", 1, -1));
    R(pwrite(fd, "x", 1, LONG_MAX));
    R(fstat(fd, &st));
    V(st.st_size);
    R(lseek(fd, 0, SEEK_CUR));
    v[1].iov_base = bad;
    R(writev(fd, v, 3));
    v[1].iov_base = "ab";
    v[2].iov_base = bad;
    R(writev(fd, v, 3));
    close(fd);
    fd = open("f", O_WRONLY | O_APPEND);
    R(lseek(fd, 0, SEEK_SET));
    R(write(fd, "A", 1));
    R(lseek(fd, 0, SEEK_CUR));
    R(pwrite(fd, "P", 1, 0)); /* appends all the same */
    fstat(fd, &st);
    V(st.st_size);
    /* limits */
    getrlimit(RLIMIT_FSIZE, &old);
    R(setrlimit(RLIMIT_FSIZE, &r));
    signal(SIGXFSZ, SIG_IGN);
    memset(buf, 'x', 300);
    R(write(fd, buf, 300));
    R(write(fd, buf, 1));
    R(ftruncate(fd, 150));
    R(ftruncate(fd, 50));
    close(fd);
    /* pipes */
    pipe2(p, O_NONBLOCK);
    R(write(p[1], buf, 70000));
    R(write(p[1], buf, 1));
    R(read(p[0], buf, 4096));
    R(write(p[1], buf, 5000));
    R(write(p[1], buf, 4096));
    R(ioctl(p[0], FIONREAD, buf));
    V(*(int *)buf);
    close(p[0]);
    signal(SIGPIPE, SIG_IGN);
    R(write(p[1], buf, 1));
    R(write(p[1], buf, 0));
    CHILD
    {
        signal(SIGPIPE, SIG_DFL);
        write(p[1], buf, 1);
    }
    R(write(99, buf, 1));
    fd = open("f", O_RDONLY);
    R(write(fd, buf, 1));
}

SECTION(sizes)
{
    struct stat st;
    int fd = open("f", O_CREAT | O_RDWR, 0600);

    R(ftruncate(fd, 10000));
    fstat(fd, &st);
    say("size %ld blocks %ld", (long)st.st_size, (long)st.st_blocks);
    R(pread(fd, buf, 100, 9990));
    V(buf[0] == 0 && buf[9] == 0);
    R(pwrite(fd, "x", 1, 9999));
    R(ftruncate(fd, 9990));
    R(ftruncate(fd, 10000));
    R(pread(fd, buf, 10, 9990));
    V(buf[9]); /* zero again */
    R(ftruncate(fd, -1));
    R(ftruncate(-1, 0));
    R(ftruncate(fd, LONG_MAX));
    R(truncate("f", 5));
    R(truncate("none", 5));
    R(truncate("", 5));
    R(truncate(".", 5));
    R(truncate("f", -5));
    R(truncate(bad, 5));
    R(truncate("/etc/passwd", 5));
    R(truncate("/dev/null", 0));
    int ro = open("f", O_RDONLY), p[2];
    R(ftruncate(ro, 0));
    pipe(p);
    R(ftruncate(p[1], 0));
    R(fallocate(fd, 0, 0, 100000));
    fstat(fd, &st);
    say("size %ld blocks %ld", (long)st.st_size, (long)st.st_blocks);
    R(fallocate(fd, FALLOC_FL_KEEP_SIZE, 100000, 100000));
    fstat(fd, &st);
    V(st.st_size);
    R(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4096));
    R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
    R(fallocate(fd, 0, -1, 10));
    R(fallocate(fd, 0, 0, 0));
    R(fallocate(fd, 0, 0, -1));
    R(fallocate(fd, 0, LONG_MAX, 1));
    R(fallocate(fd, 0x1000, 0, 1));
    R(fallocate(ro, 0, 0, 1));
    R(fallocate(-1, 0, 0, 1));
    R(fallocate(p[1], 0, 0, 1));
    R(posix_fallocate(fd, 0, 300000));
    fstat(fd, &st);
    V(st.st_size);
    R(fsync(fd));
    R(fdatasync(fd));
    R(fsync(-1));
    R(fsync(p[1]));
    R(fdatasync(p[1]));
    R(syncfs(fd));
    R(syncfs(-1));
    R(sync_file_range(fd, 0, 10, 2));
    R(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
    R(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
    R(posix_fadvise(fd, 0, 0, 77));
    R(posix_fadvise(fd, 0, -1, 0));
    R(posix_fadvise(p[0], 0, 0, POSIX_FADV_SEQUENTIAL));
    R(posix_fadvise(-1, 0, 0, 0));
    int n = open("/dev/null", O_RDWR);
    R(fsync(n));
    R(ftruncate(n, 0));
    R(fallocate(n, 0, 0, 1));
}

SECTION(duplicates)
{
    int fd = open("f", O_CREAT | O_RDWR | O_CLOEXEC, 0600);

    V(fd);
    R(dup(fd));
    R(fcntl(fd, F_GETFD));
    R(fcntl(fd + 1, F_GETFD));
    R(dup2(fd, 10));
    R(fcntl(10, F_GETFD));
    R(dup2(fd, fd));
    R(fcntl(fd, F_GETFD));
    R(dup2(99, 99));
    R(dup2(99, 10));
    R(fcntl(10, F_GETFD)); /* still there */
    R(dup2(fd, -1));
    R(dup2(fd, 1 << 20));
    R(dup2(fd, INT_MAX));
    R(dup3(fd, 11, O_CLOEXEC));
    R(fcntl(11, F_GETFD));
    R(dup3(fd, fd, 0));
    R(dup3(fd, 12, O_NONBLOCK));
    R(dup(99));
    R(dup(-1));
    R(fcntl(fd, F_DUPFD, 10));
    R(fcntl(fd, F_DUPFD, 20));
    R(fcntl(fd, F_DUPFD_CLOEXEC, 20));
    R(fcntl(21, F_GETFD));
    R(fcntl(fd, F_DUPFD, -1));
    R(fcntl(fd, F_DUPFD, 1 << 30));
    R(fcntl(fd, 9999, 0));
    R(fcntl(99, 9999, 0));
    R(fcntl(99, F_GETFD));
    R(fcntl(fd, F_SETFD, 0));
    R(fcntl(fd, F_GETFD));
    R(fcntl(fd, F_SETFD, 0xffff));
    R(fcntl(fd, F_GETFD));
    /* one open file: position and flags are shared */
    write(fd, "0123456789", 10);
    R(lseek(10, 0, SEEK_CUR));
    R(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
    show_flags(10);
    R(fcntl(fd, F_SETFL, O_WRONLY | O_CREAT | O_EXCL | O_LARGEFILE));
    show_flags(fd);
    R(fcntl(fd, F_SETFL, O_ASYNC));
    show_flags(fd);
    R(fcntl(fd, F_SETFL, O_DIRECT));
    R(fcntl(fd, F_SETFL, -1));
    R(close(10));
    R(lseek(fd, 0, SEEK_CUR));
    SYS(close_range, 20u, 30u, 0u);
    R(fcntl(20, F_GETFD));
    R(dup2(fd, 30));
    SYS(close_range, 30u, 40u, 4u); /* CLOEXEC */
    R(fcntl(30, F_GETFD));
    SYS(close_range, 40u, 30u, 0u);
    SYS(close_range, 0u, 0u, 0x80u);
    SYS(close_range, 20u, ~0u, 2u); /* UNSHARE */
    R(fcntl(30, F_GETFD));
    R(fcntl(fd, F_GETOWN));
    R(fcntl(fd, F_GETPIPE_SZ));
    R(fcntl(fd, F_GETLEASE));
}

SECTION(too_many)
{
    struct rlimit r = {20, 4096};
    int p[2], last = -1, fd, n = 0;

    R(setrlimit(RLIMIT_NOFILE, &r));
    while ((fd = dup(0)) >= 0)
        last = fd, n++;
    say("%s after %d", err_name(errno), last);
    R(open("/dev/null", O_RDONLY));
    R(pipe(p));
    R(socket(AF_UNIX, SOCK_STREAM, 0));
    R(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
    R(epoll_create(1));
    R(fcntl(0, F_DUPFD, 0));
    R(fcntl(0, F_DUPFD, 20));
    R(dup2(0, 20));
    R(dup2(0, 19));
    close(19);
    R(pipe(p)); /* one is not enough: and none is lost */
    R(dup(0));
    R(open("created", O_CREAT | O_WRONLY, 0600));
    R(access("created", F_OK));
    r.rlim_cur = 5000;
    R(setrlimit(RLIMIT_NOFILE, &r));
    r.rlim_cur = 4096;
    R(setrlimit(RLIMIT_NOFILE, &r));
    R(fcntl(0, F_DUPFD, 4000));
    r.rlim_cur = 10;
    R(setrlimit(RLIMIT_NOFILE, &r)); /* below what is open */
    R(write(4000, "", 0));
    R(close(15));
    R(dup(0));
    CHILD
    {
        r.rlim_cur = r.rlim_max = 1024;
        R(setrlimit(RLIMIT_NOFILE, &r));
        r.rlim_cur = r.rlim_max = 2048;
        NEED(!setuid(1000));
        R(setrlimit(RLIMIT_NOFILE, &r));
        r.rlim_cur = 3000;
        R(setrlimit(RLIMIT_NOFILE, &r));
    }
    SYS(prlimit64, 0, RLIMIT_NOFILE, NULL, NULL);
    SYS(prlimit64, 0, 99, NULL, &r);
    SYS(prlimit64, 0, -1, NULL, &r);
    SYS(prlimit64, 0, RLIMIT_NOFILE, bad, NULL);
    SYS(prlimit64, 0, RLIMIT_NOFILE, NULL, bad);
    SYS(prlimit64, 999999, RLIMIT_NOFILE, NULL, &r);
    SYS(prlimit64, getpid(), RLIMIT_NOFILE, NULL, &r);
}

SECTION(ioctls)
{
    struct termios t;
    struct winsize w;
    int fd = open("f", O_CREAT | O_RDWR, 0600), p[2], n, d;

    pipe(p);
    d = open(".", O_RDONLY);
    R(ioctl(fd, TCGETS, &t));
    R(ioctl(p[0], TCGETS, &t));
    R(ioctl(d, TCGETS, &t));
    R(ioctl(99, TCGETS, &t));
    R(ioctl(0, TCGETS, &t)); /* /dev/null */
    R(ioctl(fd, TIOCGWINSZ, &w));
    R(ioctl(fd, TIOCGPGRP, &n));
    R(ioctl(fd, 0x12345678, &n));
    R(ioctl(p[0], 0x12345678, &n));
    n = 1;
    R(ioctl(fd, FIONBIO, &n));
    show_flags(fd);
    R(ioctl(p[0], FIONBIO, bad));
    R(ioctl(fd, FIOCLEX));
    show_flags(fd);
    R(ioctl(fd, FIONCLEX));
    show_flags(fd);
    write(fd, "12345", 5);
    lseek(fd, 1, SEEK_SET);
    R(ioctl(fd, FIONREAD, &n));
    V(n);
    R(ioctl(fd, FIONREAD, bad));
    R(ioctl(d, FIONREAD, &n));
    n = 0;
    R(ioctl(fd, FIOASYNC, &n));
    R(isatty(fd));
    R(isatty(99));
}

SECTION(sending)
{
    int in = open("in", O_CREAT | O_RDWR, 0600), sp[2], p[2];
    int out = open("out", O_CREAT | O_RDWR, 0600), ap, ro;
    off_t off = 5;

    for (int i = 0; i < 1000; i++)
        write(in, "0123456789", 10);
    socketpair(AF_UNIX, SOCK_STREAM, 0, sp);
    pipe2(p, O_NONBLOCK);
    fcntl(sp[0], F_SETFL, O_NONBLOCK);
    R(sendfile(sp[0], in, &off, 100));
    V(off);
    R(lseek(in, 0, SEEK_CUR));
    R(sendfile(sp[0], in, NULL, 100));
    lseek(in, 9990, SEEK_SET);
    R(sendfile(sp[0], in, NULL, 100));
    R(read(sp[1], buf, 1000));
    off = 20000;
    R(sendfile(sp[0], in, &off, 10));
    off = -1;
    R(sendfile(sp[0], in, &off, 10));
    off = 0;
    R(sendfile(sp[0], in, &off, 0));
    R(sendfile(sp[0], in, (off_t *)bad, 10));
    R(sendfile(p[1], in, &off, 100000));
    V(off);
    R(sendfile(out, in, &off, 536870912));
    R(sendfile(in, p[0], NULL, 10));
    R(sendfile(out, p[0], NULL, 10));
    R(sendfile(sp[0], sp[0], NULL, 10));
    ap = open("ap", O_CREAT | O_WRONLY | O_APPEND, 0600);
    ro = open("in", O_RDONLY);
    off = 0;
    R(sendfile(ap, in, &off, 10));
    R(sendfile(ro, in, &off, 10));
    R(sendfile(out, ap, &off, 10));
    R(sendfile(99, in, &off, 10));
    R(sendfile(out, 99, &off, 10));
    int d = open(".", O_RDONLY);
    R(sendfile(out, d, NULL, 10));
    close(sp[1]);
    signal(SIGPIPE, SIG_IGN);
    R(sendfile(sp[0], in, &off, 10));
    loff_t a = 0, b = 3;
    SYS(copy_file_range, in, &a, out, &b, 100ul, 0u);
    say("%ld %ld", (long)a, (long)b);
    SYS(copy_file_range, in, &a, out, &b, 100ul, 1u);
    SYS(copy_file_range, in, &a, in, &b, 300ul, 0u);
    SYS(copy_file_range, in, &a, p[1], NULL, 10ul, 0u);
    SYS(copy_file_range, in, &a, d, NULL, 10ul, 0u);
    SYS(copy_file_range, in, &a, ro, NULL, 10ul, 0u);
    SYS(copy_file_range, in, &a, ap, NULL, 10ul, 0u);
    a = 99999;
    SYS(copy_file_range, in, &a, out, &b, 10ul, 0u);
}

SECTION(unlinked)
{
    struct stat st;
    char link[200];
    int fd = open("f", O_CREAT | O_RDWR, 0600);

    write(fd, "data", 4);
    R(unlink("f"));
    R(fstat(fd, &st));
    V(st.st_nlink);
    R(pread(fd, buf, 10, 0));
    R(write(fd, "more", 4));
    snprintf(buf, sizeof(buf), "/proc/self/fd/%d", fd);
    R(readlink(buf, link, sizeof(link)) > 0);
    say("%s", strrchr(link, '/'));
    int again = open(buf, O_RDONLY);
    V(again >= 0);
    R(read(again, buf, 100));
    R(linkat(AT_FDCWD, "none", AT_FDCWD, "x", 0));
    snprintf(buf, sizeof(buf), "/proc/self/fd/%d", fd);
    R(linkat(AT_FDCWD, buf, AT_FDCWD, "back", AT_SYMLINK_FOLLOW));
    put("g", "x");
    int g = open("g", O_RDWR);
    put("h", "new");
    R(rename("h", "g"));
    R(read(g, buf, 10));
    R(fstat(g, &st));
    V(st.st_nlink);
    say("%s", get("g"));
    mkdir("d", 0700);
    int d = open("d", O_RDONLY);
    R(rmdir("d"));
    R(openat(d, "x", O_CREAT | O_WRONLY, 0600));
    R(mkdirat(d, "x", 0700));
    R(openat(d, ".", O_RDONLY) >= 0);
    R(openat(d, "..", O_RDONLY) >= 0);
    R(fchdir(d));
    SYS(getcwd, buf, sizeof(buf));
    SYS(getdents64, d, buf, 1000);
}

static void list_locks(const char *who, int fd, short type, off_t at, off_t n)
{
    struct flock l = {.l_type = type, .l_start = at, .l_len = n};

    if (fcntl(fd, F_GETLK, &l))
        say("%s: %s", who, err_name(errno));
    else
        say("%s: type %d at %ld len %ld mine %d", who, l.l_type,
            (long)l.l_start, (long)l.l_len, l.l_pid == getppid());
}

SECTION(locks)
{
    struct flock l = {.l_type = F_WRLCK, .l_start = 10, .l_len = 10};
    int fd = open("f", O_CREAT | O_RDWR, 0600), fd2 = open("f", O_RDWR);
    int ro = open("f", O_RDONLY), wo = open("f", O_WRONLY);

    R(fcntl(fd, F_SETLK, &l));
    l.l_type = F_RDLCK;
    l.l_start = 12;
    l.l_len = 2;
    R(fcntl(fd, F_SETLK, &l)); /* splits */
    CHILD
    {
        list_locks("w 0 0", fd, F_WRLCK, 0, 0);
        list_locks("r 12 2", fd, F_RDLCK, 12, 2);
        list_locks("w 12 2", fd, F_WRLCK, 12, 2);
        list_locks("r 14 1", fd, F_RDLCK, 14, 1);
        list_locks("w 20 1", fd, F_WRLCK, 20, 1);
        l = (struct flock){.l_type = F_WRLCK, .l_start = 5, .l_len = 6};
        R(fcntl(fd, F_SETLK, &l));
        l.l_len = 5;
        R(fcntl(fd, F_SETLK, &l));
    }
    l.l_type = F_WRLCK;
    R(fcntl(ro, F_SETLK, &l));
    l.l_type = F_RDLCK;
    R(fcntl(wo, F_SETLK, &l));
    l.l_whence = 9;
    R(fcntl(fd, F_SETLK, &l));
    l.l_whence = 0;
    l.l_start = -1;
    R(fcntl(fd, F_SETLK, &l));
    l.l_start = 100;
    l.l_len = -10;
    R(fcntl(fd, F_SETLK, &l));
    l.l_type = 9;
    R(fcntl(fd, F_SETLK, &l));
    R(fcntl(fd, F_SETLK, bad));
    R(fcntl(99, F_SETLK, &l));
    /* of open files */
    l = (struct flock){.l_type = F_WRLCK};
    R(fcntl(fd, F_UNLCK, &l));
    l.l_type = F_UNLCK;
    R(fcntl(fd, F_SETLK, &l));
    l.l_type = F_WRLCK;
    R(fcntl(fd, F_OFD_SETLK, &l));
    R(fcntl(fd2, F_OFD_SETLK, &l));
    l.l_type = F_UNLCK;
    R(fcntl(fd, F_OFD_SETLK, &l));
    R(flock(fd, LOCK_SH));
    R(flock(fd2, LOCK_SH));
    R(flock(fd, LOCK_EX | LOCK_NB));
    R(flock(fd2, LOCK_UN));
    R(flock(fd, LOCK_EX | LOCK_NB));
    R(flock(fd2, LOCK_SH | LOCK_NB));
    R(flock(fd, 12));
    R(flock(-1, LOCK_SH));
    close(fd);
    R(flock(fd2, LOCK_SH | LOCK_NB));
}

SECTION(pipes)
{
    int p[2], q[2];

    R(pipe(p));
    say("%d %d", p[0], p[1]);
    show_flags(p[0]);
    show_flags(p[1]);
    R(pipe2(q, O_CLOEXEC | O_NONBLOCK));
    show_flags(q[0]);
    SYS(pipe2, q, O_APPEND);
    SYS(pipe2, q, 0x7777);
    SYS(pipe, bad);
    SYS(pipe2, q, O_DIRECT);
    R(fcntl(p[0], F_GETPIPE_SZ));
    R(fcntl(p[0], F_SETPIPE_SZ, 100));
    R(fcntl(p[0], F_SETPIPE_SZ, 131072));
    R(fcntl(p[1], F_GETPIPE_SZ));
    R(fcntl(p[0], F_SETPIPE_SZ, 1 << 30));
    struct stat st;
    R(fstat(p[0], &st));
    say("mode %o size %ld nlink %ld blksize %ld", st.st_mode, (long)st.st_size,
        (long)st.st_nlink, (long)st.st_blksize);
    write(p[1], "abcdef", 6);
    R(read(p[0], buf, 3));
    R(ioctl(p[0], FIONREAD, buf));
    V(*(int *)buf);
    close(p[1]);
    R(read(p[0], buf, 10));
    R(read(p[0], buf, 10));
    /* FIFO */
    mkfifo("fifo", 0600);
    R(open("fifo", O_WRONLY | O_NONBLOCK));
    int r = open("fifo", O_RDONLY | O_NONBLOCK);
    V(r >= 0);
    R(read(r, buf, 1)); /* no writer: end of file */
    int w = open("fifo", O_WRONLY | O_NONBLOCK);
    V(w >= 0);
    R(read(r, buf, 1));
    R(write(w, "x", 1));
    close(w);
    R(read(r, buf, 10));
    R(read(r, buf, 10));
    close(r);
    r = open("fifo", O_RDWR);
    V(r >= 0);
    R(write(r, "abc", 3));
    R(read(r, buf, 10));
}

SECTION(devices)
{
    static const char *const dev[] = {"null", "zero", "full", "random",
                                      "urandom"};

    for (int i = 0; i < 5; i++) {
        struct stat st;
        char path[32];

        snprintf(path, sizeof(path), "/dev/%s", dev[i]);
        int fd = open(path, O_RDWR);
        struct pollfd p = {fd, POLLIN | POLLOUT, 0};
        struct epoll_event ev = {.events = EPOLLIN};
        struct iovec v[2] = {{buf, 10}, {buf + 10, 10}};

        NEED(!fstat(fd, &st));
        say("%s mode %o rdev %lx", dev[i], st.st_mode, (long)st.st_rdev);
        R(read(fd, buf, 100));
        R(read(fd, bad, 100));
        R(write(fd, buf, 100));
        R(readv(fd, v, 2));
        R(writev(fd, v, 2));
        R(pread(fd, buf, 10, 5));
        R(pwrite(fd, buf, 10, 5));
        R(poll(&p, 1, 0));
        V(p.revents);
        R(epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, fd, &ev));
        R(ftruncate(fd, 0));
        void *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        say("mmap %s", m == MAP_FAILED ? err_name(errno) : "ok");
        if (i == 1)
            V(*(char *)m);
    }
    R(access("/dev/stdin", F_OK));
    R(access("/dev/fd/0", F_OK));
    R(access("/dev/shm", W_OK));
    R(access("/dev/pts", R_OK));
    R(access("/dev/ptmx", W_OK));
    R(access("/dev/tty", W_OK));
}
