/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * unix_test.c - AF_UNIX sockets through the system calls.
 */
#include "net_fakes.h"

#include "fs/poll.h"
#include "lib/string.h"
#include "mem/uio.h"
#include "proc/fdtable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <asm/ioctls.h>
#include <cmocka.h>
#include <linux/sockios.h>
#include <linux/un.h>

static long baseline;

static void settle(void)
{
    assert_int_equal(fake_open_fds(), 0);
    assert_int_equal(fake_allocated, baseline);
}

static uint32_t poll_of(int fd)
{
    struct file *f = fake_file(fd);

    return f->ops->poll(f, NULL);
}

static void pair(int type, int fd[2])
{
    assert_int_equal(sys_socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, fd), 0);
}

static long put(int fd, const char *p, size_t n)
{
    return sys_sendto(fd, p, n, MSG_NOSIGNAL, NULL, 0);
}

static long get(int fd, void *p, size_t n)
{
    return sys_recvfrom(fd, p, n, 0, NULL, NULL);
}

static void close_both(int fd[2])
{
    fd_close(fd[0]);
    fd_close(fd[1]);
}

struct rights {
    struct cmsghdr_user h;
    int fd[4];
};

static long send_fds(int over, const void *data, size_t len, const int *fds,
                     unsigned n)
{
    struct rights c = {{sizeof(c.h) + n * sizeof(int), SOL_SOCKET, SCM_RIGHTS},
                       {0}};
    struct iovec_user iov = {(void *)data, len};
    struct msghdr_user m = {.iov = &iov,
                            .iovlen = 1,
                            .control = &c,
                            .controllen = sizeof(c.h) + n * sizeof(int)};

    memcpy(c.fd, fds, n * sizeof(int));
    return sys_sendmsg(over, &m, 0);
}

static long recv_fds(int over, void *data, size_t len, struct rights *c,
                     size_t room, struct msghdr_user *m)
{
    static struct iovec_user iov;

    iov = (struct iovec_user){data, len};
    *m = (struct msghdr_user){
        .iov = &iov, .iovlen = 1, .control = c, .controllen = room};
    return sys_recvmsg(over, m, MSG_DONTWAIT);
}

static void test_stream(void **state)
{
    char buf[16];
    int fd[2], n;

    (void)state;
    pair(SOCK_STREAM, fd);
    assert_int_equal(get(fd[0], buf, 16), -EAGAIN);
    for (int i = 0; i < 64; i++)
        assert_int_equal(put(fd[0], "12345678901234567890123456789012", 32),
                         32);
    assert_int_equal(fake_file(fd[1])->ops->ioctl(fake_file(fd[1]), SIOCINQ,
                                                  (unsigned long)&n),
                     0);
    assert_int_equal(n, 64 * 32);
    char big[4096];
    assert_int_equal(get(fd[1], big, sizeof(big)), 64 * 32);
    assert_int_equal(put(fd[0], "abcdef", 6), 6);
    assert_int_equal(get(fd[1], buf, 4), 4);
    assert_int_equal(get(fd[1], buf, 4), 2);
    assert_int_equal(sys_shutdown(fd[0], SHUT_WR), 0);
    assert_int_equal(get(fd[1], buf, 4), 0);
    assert_true(poll_of(fd[1]) & EV_RDHUP);
    assert_int_equal(put(fd[1], "x", 1), 1);
    fd_close(fd[1]);
    assert_int_equal(get(fd[0], buf, 4), 1);
    assert_int_equal(get(fd[0], buf, 4), 0);
    assert_int_equal(put(fd[0], "x", 1), -EPIPE);
    assert_true(poll_of(fd[0]) & EV_HUP);
    fd_close(fd[0]);
    settle();
}

static void test_full(void **state)
{
    static char big[1 << 20];
    int fd[2];

    (void)state;
    pair(SOCK_STREAM, fd);
    long n = put(fd[0], big, sizeof(big));
    assert_true(n > 65536 && n < (long)sizeof(big));
    assert_int_equal(put(fd[0], big, 1), -EAGAIN);
    assert_false(poll_of(fd[0]) & EV_OUT);
    for (long got = 0; got < n;)
        got += get(fd[1], big, sizeof(big));
    assert_true(poll_of(fd[0]) & EV_OUT);
    put(fd[0], "unread", 6);
    fd_close(fd[1]);
    assert_int_equal(get(fd[0], big, 1), -ECONNRESET);
    fd_close(fd[0]);
    settle();
}

/* What erl_child_setup gets: 32 bytes and three descriptors at once; the
 * sender closes its own right away. */
static void test_rights(void **state)
{
    int fd[2], a[2], b[2], three[3];
    struct msghdr_user m;
    struct rights c;
    char buf[64];

    (void)state;
    pair(SOCK_STREAM, fd);
    pair(SOCK_STREAM, a);
    pair(SOCK_STREAM, b);
    three[0] = a[0], three[1] = b[0], three[2] = b[1];
    assert_int_equal(
        send_fds(fd[0], "0123456789abcdef0123456789abcdef", 32, three, 3), 32);
    assert_int_equal(put(fd[0], "more", 4), 4);
    fd_close(a[0]);
    close_both(b);
    assert_int_equal(recv_fds(fd[1], buf, 32, &c, sizeof(c), &m), 32);
    assert_int_equal(m.controllen, 32);
    assert_int_equal(c.h.len, 28);
    assert_int_equal(c.h.type, SCM_RIGHTS);
    assert_int_equal(put(c.fd[0], "hi", 2), 2);
    assert_int_equal(get(a[1], buf, 16), 2);
    for (int i = 0; i < 3; i++)
        fd_close(c.fd[i]);
    /* The stream goes on; nothing is attached any more. */
    assert_int_equal(recv_fds(fd[1], buf, 32, &c, sizeof(c), &m), 4);
    assert_int_equal(m.controllen, 0);
    /* No room: the descriptor is dropped, and that is said. */
    assert_int_equal(send_fds(fd[0], "x", 1, &a[1], 1), 1);
    assert_int_equal(recv_fds(fd[1], buf, 32, &c, 8, &m), 1);
    assert_true(m.flags & MSG_CTRUNC);
    assert_int_equal(send_fds(fd[0], "x", 1, (int[]){999}, 1), -EBADF);
    /* In flight when the receiver closes. */
    assert_int_equal(send_fds(fd[0], "x", 1, &a[1], 1), 1);
    close_both(fd);
    fd_close(a[1]);
    settle();
}

static void test_cycle(void **state)
{
    int fd[2], other[2];

    (void)state;
    pair(SOCK_STREAM, fd);
    /* Each end waits in the other's queue. */
    assert_int_equal(send_fds(fd[0], "x", 1, &fd[0], 1), 1);
    assert_int_equal(send_fds(fd[1], "x", 1, &fd[1], 1), 1);
    close_both(fd);
    assert_true(fake_allocated > baseline);
    pair(SOCK_DGRAM, other); /* closing any other socket finds them */
    close_both(other);
    settle();
    /* Reachable from outside: kept. */
    pair(SOCK_STREAM, fd);
    pair(SOCK_STREAM, other);
    assert_int_equal(send_fds(other[0], "x", 1, &fd[0], 1), 1);
    assert_int_equal(send_fds(fd[1], "y", 1, &fd[1], 1), 1);
    close_both(fd);
    struct msghdr_user m;
    struct rights c;
    char buf[4];
    assert_int_equal(recv_fds(other[1], buf, 4, &c, sizeof(c), &m), 1);
    int f = c.fd[0];
    assert_int_equal(recv_fds(f, buf, 4, &c, sizeof(c), &m), 1);
    assert_int_equal(buf[0], 'y');
    fd_close(c.fd[0]);
    fd_close(f);
    close_both(other);
    settle();
}

static unsigned abstract(struct sockaddr_un *a, const char *name)
{
    memset(a, 0, sizeof(*a));
    a->sun_family = AF_UNIX;
    strlcpy(a->sun_path + 1, name, 100);
    return (unsigned)(3 + strlen(name));
}

static void test_listen(void **state)
{
    struct sockaddr_un a, b;
    unsigned len = abstract(&a, "srv");
    int l = (int)sys_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), blen;
    struct ucred cred;

    (void)state;
    assert_int_equal(sys_listen(l, 1), -EINVAL); /* no name yet */
    assert_int_equal(sys_bind(l, &a, len), 0);
    int c = (int)sys_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(sys_bind(c, &a, len), -EADDRINUSE);
    assert_int_equal(sys_connect(c, &a, len), -ECONNREFUSED);
    assert_int_equal(sys_listen(l, 0), 0);
    assert_int_equal(sys_accept(l, NULL, NULL), -EAGAIN);
    assert_int_equal(sys_connect(c, &a, len), 0);
    assert_int_equal(sys_connect(c, &a, len), -EISCONN);
    int c2 = (int)sys_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(sys_connect(c2, &a, len), -EAGAIN); /* backlog 0 */
    assert_int_equal(put(c, "early", 5), 5);
    blen = sizeof(b);
    int s = (int)sys_accept(l, &b, &blen);
    assert_true(s >= 0);
    assert_int_equal(blen, 2); /* the client has no name */
    char buf[8];
    assert_int_equal(get(s, buf, 8), 5);
    blen = sizeof(b);
    assert_int_equal(sys_getpeername(c, &b, &blen), 0);
    assert_int_equal(blen, len);
    assert_memory_equal(&a, &b, len);
    blen = sizeof(cred);
    assert_int_equal(sys_getsockopt(s, SOL_SOCKET, SO_PEERCRED, &cred, &blen),
                     0);
    assert_int_equal(cred.pid, fake_process.pid);
    assert_int_equal(sys_connect(c2, &a, len), 0);
    fd_close(l); /* c2 was never accepted */
    assert_int_equal(get(c2, buf, 8), -ECONNRESET);
    fd_close(c);
    fd_close(c2);
    fd_close(s);
    /* A path the fake file system does not have. */
    c = (int)sys_socket(AF_UNIX, SOCK_STREAM, 0);
    strlcpy(a.sun_path, "/var/run/nscd/socket", 100);
    assert_int_equal(sys_connect(c, &a, sizeof(a)), -ENOENT);
    assert_int_equal(sys_connect(c, &a, 1), -EINVAL);
    fd_close(c);
    settle();
}

static void test_dgram(void **state)
{
    struct sockaddr_un a, b;
    unsigned len = abstract(&a, "d");
    int fd = (int)sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int c = (int)sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int blen = sizeof(b), n = 0;
    char buf[8];

    (void)state;
    assert_int_equal(sys_bind(fd, &a, len), 0);
    assert_int_equal(put(c, "x", 1), -ENOTCONN);
    assert_int_equal(sys_sendto(c, "hello", 5, 0, &a, len), 5);
    assert_int_equal(sys_sendto(c, "", 0, 0, &a, len), 0);
    assert_int_equal(sys_recvfrom(fd, buf, 3, MSG_TRUNC, &b, &blen), 5);
    assert_int_equal(blen, 0);
    assert_int_equal(get(fd, buf, 8), 0);
    /* autobind */
    assert_int_equal(sys_bind(c, &a, 2), 0);
    assert_int_equal(sys_connect(c, &a, len), 0);
    while (put(c, "x", 1) == 1)
        n++;
    assert_int_equal(put(c, "x", 1), -EAGAIN);
    assert_int_equal(n, 64);
    assert_false(poll_of(c) & EV_OUT);
    blen = sizeof(b);
    assert_int_equal(sys_recvfrom(fd, buf, 8, 0, &b, &blen), 1);
    assert_int_equal(blen, 8);
    assert_true(poll_of(c) & EV_OUT);
    fd_close(fd);
    assert_int_equal(put(c, "x", 1), -ECONNREFUSED);
    assert_int_equal(put(c, "x", 1), -ENOTCONN);
    fd_close(c);
    settle();
}

static void test_seqpacket(void **state)
{
    struct iovec_user iov;
    struct msghdr_user m = {.iov = &iov, .iovlen = 1};
    char buf[8];
    int fd[2];

    (void)state;
    pair(SOCK_SEQPACKET, fd);
    assert_int_equal(put(fd[0], "one", 3), 3);
    assert_int_equal(put(fd[0], "three", 5), 5);
    iov = (struct iovec_user){buf, 8};
    assert_int_equal(sys_recvmsg(fd[1], &m, 0), 3);
    assert_true(m.flags & MSG_EOR);
    iov = (struct iovec_user){buf, 2};
    assert_int_equal(sys_recvmsg(fd[1], &m, MSG_PEEK), 2);
    assert_true(m.flags & MSG_TRUNC);
    assert_int_equal(sys_recvmsg(fd[1], &m, 0), 2);
    assert_int_equal(sys_recvmsg(fd[1], &m, 0), -EAGAIN);
    close_both(fd);
    settle();
}

static void test_credentials(void **state)
{
    struct {
        struct cmsghdr_user h;
        struct ucred cred;
        int pad;
    } c;
    struct iovec_user iov;
    struct msghdr_user m = {
        .iov = &iov, .iovlen = 1, .control = &c, .controllen = sizeof(c)};
    int fd[2], on = 1;
    char buf[4];

    (void)state;
    pair(SOCK_DGRAM, fd);
    assert_int_equal(
        sys_setsockopt(fd[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
    assert_int_equal(put(fd[0], "x", 1), 1);
    iov = (struct iovec_user){buf, 4};
    assert_int_equal(sys_recvmsg(fd[1], &m, 0), 1);
    assert_int_equal(m.controllen, 32);
    assert_int_equal(c.h.len, 28);
    assert_int_equal(c.h.type, SCM_CREDENTIALS);
    assert_int_equal(c.cred.pid, fake_process.pid);
    close_both(fd);
    settle();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream),    cmocka_unit_test(test_full),
        cmocka_unit_test(test_rights),    cmocka_unit_test(test_cycle),
        cmocka_unit_test(test_listen),    cmocka_unit_test(test_dgram),
        cmocka_unit_test(test_seqpacket), cmocka_unit_test(test_credentials),
    };

    fake_net_start();
    baseline = fake_allocated;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
