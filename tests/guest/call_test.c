/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* call_test - calls that ordinary programs make now and then, and that no other
 * program here has a place for. */
#include "show.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>

static char buf[256];

/* --- signals ------------------------------------------------------------- */

static volatile sig_atomic_t caught;

static void note(int sig)
{
    caught = sig;
}

SECTION(sigsuspend)
{
    struct sigaction sa = {.sa_handler = note};
    sigset_t mask, old;

    sigaction(SIGUSR1, &sa, NULL);
    sigaction(SIGALRM, &sa, NULL);
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigprocmask(SIG_BLOCK, &mask, &old);
    raise(SIGUSR1);
    R(caught);
    R(sigsuspend(&old)); /* the pending one at once */
    R(caught);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    R(sigismember(&mask, SIGUSR1)); /* and blocked again */
    caught = 0;
    ualarm(20000, 0);
    R(sigsuspend(&mask));
    R(caught);
    R(syscall(SYS_rt_sigsuspend, &mask, 4));
    R(syscall(SYS_rt_sigsuspend, 8, 8));
}

/* A handler's own mask and the one that sigsuspend gives back. */
static void look(int sig)
{
    sigset_t mask;

    sigprocmask(SIG_SETMASK, NULL, &mask);
    caught = sigismember(&mask, SIGHUP) * 2 + sigismember(&mask, SIGUSR1);
    (void)sig;
}

SECTION(sigsuspend_mask)
{
    struct sigaction sa = {.sa_handler = look};
    sigset_t hup, now;

    sigaction(SIGUSR1, &sa, NULL);
    sigemptyset(&hup);
    sigaddset(&hup, SIGHUP);
    kill(getpid(), 0);
    sigemptyset(&now);
    sigaddset(&now, SIGUSR1);
    sigprocmask(SIG_BLOCK, &now, NULL);
    raise(SIGUSR1);
    R(sigsuspend(&hup));
    R(caught); /* 3: sigsuspend's mask and the signal itself */
    sigprocmask(SIG_SETMASK, NULL, &now);
    R(sigismember(&now, SIGHUP));
}

/* --- files --------------------------------------------------------------- */

SECTION(pwritev)
{
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    struct iovec v[] = {{(void *)"ab", 2}, {NULL, 0}, {(void *)"cde", 3}};
    struct iovec in[] = {{buf, 2}, {buf + 2, 100}};

    R(pwritev(fd, v, 3, 4));
    R(pwritev(fd, v, 3, -1));
    R(pwritev(fd, v, -1, 0));
    R(lseek(fd, 0, SEEK_CUR));
    R(preadv(fd, in, 2, 4));
    R(!memcmp(buf, "abcde", 5));
    R(pwritev2(fd, v, 3, 0, 0));
    R(pwritev2(fd, v, 3, -1, RWF_DSYNC));
    R(lseek(fd, 0, SEEK_CUR));
    R(pwritev2(fd, v, 3, 0, 0x4000));
    R(preadv2(fd, in, 2, 0, 0));
    R(preadv2(fd, in, 2, -1, RWF_HIPRI));
    R(lseek(fd, 0, SEEK_END));
}

SECTION(advice)
{
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    int p[2];

    write(fd, buf, sizeof(buf));
    pipe(p);
    for (int a = 0; a < 7; a++)
        R(posix_fadvise(fd, 0, 100, a));
    R(posix_fadvise(p[0], 0, 0, 0));
    R(posix_fadvise(fd, 0, -1, 0));
    R(posix_fadvise(99, 0, 0, 0));
    R(readahead(fd, 0, 100));
    R(readahead(99, 0, 100));
    R(readahead(p[0], 0, 100));
    sync();
    R(syncfs(fd));
    R(sync_file_range(fd, 0, 10, SYNC_FILE_RANGE_WRITE));
    R(sync_file_range(p[0], 0, 10, SYNC_FILE_RANGE_WRITE));
    R(sync_file_range(fd, 0, 10, 8));
}

SECTION(names_at)
{
    struct timeval tv[2] = {{1000, 5}, {2000, 7}};
    struct stat st;
    int dir;

    mkdir("d", 0700);
    dir = open("d", O_RDONLY | O_DIRECTORY);
    R(symlinkat("target", dir, "link"));
    R(symlinkat("target", dir, "link"));
    R(readlinkat(dir, "link", buf, sizeof(buf)));
    R(symlinkat("", dir, "empty"));
    R(symlinkat("x", 99, "y"));
    R(mknodat(dir, "fifo", S_IFIFO | 0640, 0));
    R(mknodat(dir, "fifo", S_IFIFO | 0640, 0));
    R(mknodat(dir, "file", S_IFREG | 0600, 0));
    R(mknodat(dir, "null", S_IFCHR | 0600, makedev(1, 3)));
    R(mknodat(dir, "dir", S_IFDIR | 0700, 0));
    R(fstatat(dir, "fifo", &st, 0));
    R(S_ISFIFO(st.st_mode));
    R(st.st_mode & 0777);
    R(futimesat(dir, "file", tv));
    R(fstatat(dir, "file", &st, 0));
    R(st.st_atime);
    R(st.st_mtim.tv_nsec);
    tv[0].tv_usec = 1000000;
    R(futimesat(dir, "file", tv));
    R(futimesat(dir, "none", NULL));
    R(futimesat(dir, "file", NULL));
}

SECTION(attributes)
{
    int fd = open("f", O_RDWR | O_CREAT, 0600);

    R(listxattr("f", buf, sizeof(buf)));
    R(llistxattr("f", NULL, 0));
    R(flistxattr(fd, buf, sizeof(buf)));
    R(listxattr("none", buf, sizeof(buf)));
    R(flistxattr(99, buf, sizeof(buf)));
    R(getxattr("none", "user.x", buf, sizeof(buf)));
    R(lgetxattr("none", "user.x", buf, sizeof(buf)));
    R(fgetxattr(99, "user.x", buf, sizeof(buf)));
    R(getxattr("f", "", buf, sizeof(buf)));
    R(getxattr("f", "nonsense.x", buf, sizeof(buf)));
    R(getxattr("f", (char *)8, buf, sizeof(buf)));
}

/* --- processes ----------------------------------------------------------- */

SECTION(identity)
{
    R(getuid());
    R(geteuid());
    R(getgid());
    R(getegid());
    if (fork() == 0) {
        R(setgid(7));
        R(setuid(5));
        R(getuid() * 1000 + geteuid());
        R(getgid() * 1000 + getegid());
        R(setuid(0));
        R(setgid(0));
        R(setgroups(0, NULL));
        _exit(0);
    }
    wait(NULL);
}

SECTION(capabilities)
{
    struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct d[2];

    R(syscall(SYS_capget, &h, d));
    R(syscall(SYS_capset, &h, d));
    h.pid = 1 << 30;
    R(syscall(SYS_capget, &h, d));
    h.pid = -1;
    R(syscall(SYS_capget, &h, d));
    h = (struct __user_cap_header_struct){1, 0};
    R(syscall(SYS_capget, &h, d));
    R(h.version == _LINUX_CAPABILITY_VERSION_3);
    R(syscall(SYS_capget, 8, d));
}

SECTION(unshare)
{
    int fd = open("f", O_RDWR | O_CREAT, 0600);

    R(unshare(0));
    R(unshare(CLONE_FILES));
    R(close(fd));
    R(unshare(CLONE_FS));
    R(chdir("/"));
    R(unshare(1));
    R(setns(99, 0));
    R(setns(0, 0));
    R(setns(0, CLONE_NEWNET));
}

SECTION(kcmp)
{
    int fd = open("f", O_RDWR | O_CREAT, 0600), same = dup(fd);
    int other = open("f", O_RDWR);
    pid_t me = getpid();

    R(syscall(SYS_kcmp, me, me, 0, fd, same));
    R(syscall(SYS_kcmp, me, me, 0, fd, other) != 0);
    R(syscall(SYS_kcmp, me, me, 0, fd, 99));
    R(syscall(SYS_kcmp, me, me, 1, 0, 0));
    R(syscall(SYS_kcmp, me, getppid(), 1, 0, 0) != 0);
    R(syscall(SYS_kcmp, me, me, 99, 0, 0));
    R(syscall(SYS_kcmp, me, 1 << 30, 0, fd, fd));
}

/* Private memory that can be written counts, reserved or not. */
SECTION(rlimit_data)
{
    struct rlimit r = {64 << 20, RLIM_INFINITY};
    const size_t big = 100 << 20, small = 16 << 20;
    int rw = PROT_READ | PROT_WRITE, priv = MAP_PRIVATE | MAP_ANONYMOUS;
    char *p, *q;

    setrlimit(RLIMIT_DATA, &r);
    R(mmap(NULL, big, rw, priv, -1, 0) == MAP_FAILED);
    R(mmap(NULL, big, rw, priv | MAP_NORESERVE, -1, 0) == MAP_FAILED);
    p = mmap(NULL, big, PROT_NONE, priv, -1, 0);
    R(p != MAP_FAILED);
    R(mprotect(p, big, rw));
    R(mprotect(p, small, rw));
    R(mmap(NULL, big, PROT_READ, priv, -1, 0) != MAP_FAILED);
    R(mmap(NULL, big, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    q = mmap(NULL, small, rw, priv, -1, 0);
    R(q != MAP_FAILED);
    R(mremap(q, small, big, MREMAP_MAYMOVE) == MAP_FAILED);
    R(sbrk((intptr_t)big) == (void *)-1);
    R(munmap(p, big));
    q = mremap(q, small, 2 * small, MREMAP_MAYMOVE);
    R(q != MAP_FAILED);
    r.rlim_cur = 1 << 20;
    R(setrlimit(RLIMIT_DATA, &r));
    R(mmap(NULL, 4096, rw, priv, -1, 0) == MAP_FAILED);
    r.rlim_cur = RLIM_INFINITY;
    R(setrlimit(RLIMIT_DATA, &r));
    R(mmap(NULL, big, rw, priv, -1, 0) != MAP_FAILED);
}

/* --- several messages ---------------------------------------------------- */

SECTION(messages)
{
    struct iovec v[3] = {{(void *)"one", 3}, {(void *)"two2", 4}, {NULL, 0}};
    struct iovec in[4] = {{buf, 10}, {buf + 10, 2}, {buf + 20, 10}, {buf, 1}};
    struct mmsghdr out[3] = {0}, got[4] = {0};
    struct timespec t = {0, 10000000};
    int s[2];

    socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
    for (int i = 0; i < 3; i++)
        out[i].msg_hdr = (struct msghdr){.msg_iov = &v[i], .msg_iovlen = 1};
    for (int i = 0; i < 4; i++)
        got[i].msg_hdr = (struct msghdr){.msg_iov = &in[i], .msg_iovlen = 1};
    R(sendmmsg(s[0], out, 3, 0));
    R(out[0].msg_len * 100 + out[1].msg_len * 10 + out[2].msg_len);
    R(recvmmsg(s[1], got, 4, MSG_DONTWAIT, NULL));
    R(got[0].msg_len * 100 + got[1].msg_len * 10 + got[2].msg_len);
    R(got[1].msg_hdr.msg_flags);
    R(!memcmp(buf, "one", 3));
    R(recvmmsg(s[1], got, 4, MSG_DONTWAIT, NULL));
    R(sendmmsg(s[0], out, 1, 0));
    R(recvmmsg(s[1], got, 4, MSG_WAITFORONE, NULL));
    R(sendmmsg(s[0], out, 0, 0));
    R(sendmmsg(99, out, 1, 0));
    t.tv_nsec = 1000000000;
    R(recvmmsg(s[1], got, 1, 0, &t));
    close(s[1]);
    signal(SIGPIPE, SIG_IGN);
    R(sendmmsg(s[0], out, 2, 0));
}

/* --- what is refused ----------------------------------------------------- */

/* RWF and limits of a stack that grows: not here. Calls whose absence a program
 * must be told by a number that does not exist anywhere. */
SECTION(no_such_call)
{
    R(syscall(1000));
    R(syscall(-1));
    R(syscall(400));
}
