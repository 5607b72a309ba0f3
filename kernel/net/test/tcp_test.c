/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tcp_test.c - TCP over loopback through the system calls.
 */
#include "net_fakes.h"

#include "fs/poll.h"
#include "lib/string.h"
#include "mem/uio.h"
#include "net/net_priv.h"
#include "proc/fdtable.h"

#include <linux/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lwip/priv/tcp_priv.h"

#define LOCALHOST 0x0100007fu

static uint64_t baseline; /* memory the idle stack uses */

static struct sockaddr_in addr_of(uint16_t port_be)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = port_be,
                                .sin_addr.s_addr = LOCALHOST};
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in a;
    int len = sizeof(a);

    assert_int_equal(sys_getsockname(fd, &a, &len), 0);
    assert_int_equal(len, sizeof(a));
    return a.sin_port;
}

static int listener(int backlog)
{
    struct sockaddr_in a = addr_of(0);
    int fd = (int)sys_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    assert_int_equal(sys_bind(fd, &a, sizeof(a)), 0);
    assert_int_equal(sys_listen(fd, backlog), 0);
    return fd;
}

static int client(uint16_t port)
{
    struct sockaddr_in a = addr_of(port);
    int fd = (int)sys_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    long rc = sys_connect(fd, &a, sizeof(a));
    assert_true(rc == 0 || rc == -EINPROGRESS);
    return fd;
}

static void pair(int fd[2])
{
    int l = listener(5);

    fd[0] = client(port_of(l));
    fd[1] = (int)sys_accept4(l, NULL, NULL, SOCK_NONBLOCK);
    assert_true(fd[1] >= 0);
    fd_close(l);
}

static uint32_t poll_of(int fd)
{
    struct file *f = fake_file(fd);

    return f->ops->poll(f, NULL);
}

static long put(int fd, const void *p, size_t n)
{
    return sys_sendto(fd, p, n, MSG_NOSIGNAL, NULL, 0);
}

static long get(int fd, void *p, size_t n, unsigned flags)
{
    return sys_recvfrom(fd, p, n, flags, NULL, NULL);
}

/* All timers of closed connections run out. */
static void settle(void)
{
    fake_pass(200 * NSEC_PER_SEC);
    assert_null(tcp_active_pcbs);
    assert_null(tcp_tw_pcbs);
    assert_int_equal(fake_open_fds(), 0);
    assert_int_equal(net_mem_used(), baseline);
}

static void test_echo(void **state)
{
    struct sockaddr_in peer;
    int fd[2], len = sizeof(peer);
    char buf[16];

    (void)state;
    pair(fd);
    assert_int_equal(get(fd[1], buf, sizeof(buf), 0), -EAGAIN);
    assert_int_equal(put(fd[0], "hello", 5), 5);
    assert_int_equal(get(fd[1], buf, 2, MSG_PEEK), 2);
    assert_memory_equal(buf, "he", 2);
    assert_int_equal(get(fd[1], buf, 2, 0), 2);
    assert_int_equal(get(fd[1], buf, sizeof(buf), 0), 3);
    assert_memory_equal(buf, "llo", 3);
    assert_int_equal(get(fd[1], buf, sizeof(buf), 0), -EAGAIN);
    assert_int_equal(sys_getpeername(fd[1], &peer, &len), 0);
    assert_int_equal(peer.sin_port, port_of(fd[0]));
    assert_int_equal(peer.sin_addr.s_addr, LOCALHOST);
    fd_close(fd[0]);
    fd_close(fd[1]);
    settle();
}

static void test_half_close(void **state)
{
    int fd[2];
    char buf[16];

    (void)state;
    pair(fd);
    assert_int_equal(put(fd[0], "x", 1), 1);
    assert_int_equal(sys_shutdown(fd[0], SHUT_WR), 0);
    assert_int_equal(put(fd[0], "y", 1), -EPIPE);
    assert_int_equal(get(fd[1], buf, 16, 0), 1);
    assert_int_equal(get(fd[1], buf, 16, 0), 0);
    assert_true(poll_of(fd[1]) & EV_RDHUP);
    assert_false(poll_of(fd[1]) & EV_HUP);
    assert_int_equal(put(fd[1], "back", 4), 4);
    assert_int_equal(get(fd[0], buf, 16, 0), 4);
    fd_close(fd[1]);
    assert_int_equal(get(fd[0], buf, 16, 0), 0);
    assert_int_equal(poll_of(fd[0]) & (EV_HUP | EV_RDHUP | EV_IN),
                     EV_HUP | EV_RDHUP | EV_IN);
    /* The pcb may run out of TIME-WAIT under the socket. */
    fake_pass(100 * NSEC_PER_SEC);
    assert_int_equal(get(fd[0], buf, 16, 0), 0);
    fd_close(fd[0]);
    settle();
}

/* More than buffers and windows hold, in odd pieces. */
static void test_bulk(void **state)
{
    static uint8_t out[1 << 20], in[1 << 20];
    size_t sent = 0, got = 0;
    int fd[2];

    (void)state;
    for (size_t i = 0; i < sizeof(out); i++)
        out[i] = (uint8_t)(i * 31 + (i >> 9));
    pair(fd);
    for (unsigned round = 0; got < sizeof(out); round++) {
        long n = put(fd[0], out + sent, MIN(sizeof(out) - sent, 7777ul));
        assert_true(n > 0 || n == -EAGAIN || sent == sizeof(out));
        if (n > 0)
            sent += (size_t)n;
        else
            assert_false(poll_of(fd[0]) & EV_OUT && sent < sizeof(out));
        if (n > 0 && round % 3)
            continue; /* the sender is ahead */
        n = get(fd[1], in + got, MIN(sizeof(in) - got, 100001ul), 0);
        assert_true(n > 0 || n == -EAGAIN);
        got += n > 0 ? (size_t)n : 0;
        if (n == -EAGAIN)
            fake_pass(NSEC_PER_SEC);
    }
    assert_int_equal(sent, sizeof(out));
    assert_memory_equal(in, out, sizeof(out));
    fd_close(fd[0]);
    fd_close(fd[1]);
    settle();
}

/* A receiver with a buffer smaller than a segment is served without waiting
 * for timers. */
static void test_small_window(void **state)
{
    static uint8_t buf[8192];
    int l = listener(5), small = 1, fd[2];
    size_t sent = 0, got = 0;

    (void)state;
    sys_setsockopt(l, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    fd[0] = client(port_of(l));
    fd[1] = (int)sys_accept4(l, NULL, NULL, SOCK_NONBLOCK);
    fd_close(l);
    while (got < 200000) {
        long n = put(fd[0], buf, sizeof(buf));
        sent += n > 0 ? (size_t)n : 0;
        n = get(fd[1], buf, sizeof(buf), 0);
        if (n == -EAGAIN)
            fail_msg("stalls after %zu of %zu bytes", got, sent);
        got += (size_t)n;
    }
    fd_close(fd[0]);
    fd_close(fd[1]);
    settle();
}

static void test_refused(void **state)
{
    struct sockaddr_in a;
    int l = listener(5), err, len = sizeof(err);
    uint16_t port = port_of(l);

    (void)state;
    fd_close(l);
    a = addr_of(port);
    int fd = (int)sys_socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(poll_of(fd), EV_OUT | EV_WRNORM | EV_HUP);
    assert_int_equal(put(fd, "x", 1), -EPIPE);
    assert_int_equal(sys_connect(fd, &a, sizeof(a)), -ECONNREFUSED);
    assert_int_equal(sys_getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len), 0);
    assert_int_equal(err, 0);
    /* It may be used again. */
    l = listener(5);
    a = addr_of(port_of(l));
    assert_int_equal(sys_connect(fd, &a, sizeof(a)), 0);
    assert_int_equal(sys_connect(fd, &a, sizeof(a)), -EISCONN);
    fd_close(fd);
    fd_close(l);
    settle();
}

static void test_reset(void **state)
{
    struct linger now = {1, 0};
    char buf[4];
    int fd[2];

    (void)state;
    pair(fd);
    assert_int_equal(
        sys_setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
    fd_close(fd[0]);
    assert_true(poll_of(fd[1]) & EV_ERR);
    assert_int_equal(get(fd[1], buf, 4, 0), -ECONNRESET);
    assert_int_equal(get(fd[1], buf, 4, 0), 0);
    assert_int_equal(put(fd[1], "x", 1), -EPIPE);
    int before = fake_sigpipes;
    assert_int_equal(sys_sendto(fd[1], "x", 1, 0, NULL, 0), -EPIPE);
    assert_int_equal(fake_sigpipes, before + 1);
    fd_close(fd[1]);
    /* Closing with unread data resets, too. */
    pair(fd);
    put(fd[0], "unread", 6);
    fd_close(fd[1]);
    assert_int_equal(get(fd[0], buf, 4, 0), -ECONNRESET);
    fd_close(fd[0]);
    settle();
}

static void test_addresses(void **state)
{
    struct sockaddr_in a = addr_of(0);
    int fd = listener(1), fd2;

    (void)state;
    a.sin_port = port_of(fd);
    fd2 = (int)sys_socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(sys_bind(fd2, &a, sizeof(a)), -EADDRINUSE);
    a.sin_addr.s_addr = 0x01020304;
    assert_int_equal(sys_bind(fd2, &a, sizeof(a)), -EADDRNOTAVAIL);
    assert_int_equal(sys_bind(fd2, &a, 7), -EINVAL);
    a.sin_family = 77;
    assert_int_equal(sys_bind(fd2, &a, sizeof(a)), -EAFNOSUPPORT);
    a = addr_of(0);
    assert_int_equal(sys_bind(fd2, &a, sizeof(a)), 0);
    assert_int_equal(sys_bind(fd2, &a, sizeof(a)), -EINVAL);
    assert_int_equal(sys_accept(fd2, NULL, NULL), -EINVAL);
    a.sin_addr.s_addr = 0x01020304;
    a.sin_port = 1;
    assert_int_equal(sys_connect(fd2, &a, sizeof(a)), -ENETUNREACH);
    assert_int_equal(sys_getpeername(fd2, &a, &(int){sizeof(a)}), -ENOTCONN);
    fd_close(fd);
    fd_close(fd2);
    settle();
}

static void test_backlog(void **state)
{
    int l = listener(2), c[8], n = 0;

    (void)state;
    for (int i = 0; i < 8; i++)
        c[i] = client(port_of(l));
    assert_true(poll_of(l) & EV_IN);
    for (int fd; (fd = (int)sys_accept(l, NULL, NULL)) >= 0; n++)
        fd_close(fd);
    assert_int_equal(n, 3); /* backlog + 1, the rest tries again */
    fake_pass(7 * NSEC_PER_SEC);
    for (int fd; (fd = (int)sys_accept(l, NULL, NULL)) >= 0; n++)
        fd_close(fd);
    assert_true(n > 3);
    fd_close(l); /* with connections half open and not accepted */
    for (int i = 0; i < 8; i++)
        fd_close(c[i]);
    settle();
}

static void test_many_short(void **state)
{
    int l = listener(128);
    uint16_t port = port_of(l);
    char buf[8];
    unsigned tw = 0;

    (void)state;
    for (int i = 0; i < 5000; i++) {
        int c = client(port), s = (int)sys_accept(l, NULL, NULL);
        assert_true(s >= 0);
        assert_int_equal(put(c, "ping", 4), 4);
        assert_int_equal(get(s, buf, 8, MSG_DONTWAIT), 4);
        fd_close(s); /* TIME-WAIT is here */
        assert_int_equal(get(c, buf, 8, 0), 0);
        fd_close(c);
    }
    for (struct tcp_pcb *p = tcp_tw_pcbs; p; p = p->next)
        tw++;
    assert_true(tw > 0 && tw <= 1100);
    fd_close(l);
    settle();
}

/* Hundreds of connections used, closed and opened in no order. */
static void test_many_open(void **state)
{
    enum { N = 400 };
    static int c[N], s[N];
    int l = listener(128), one = 1;
    uint16_t port = port_of(l);
    uint32_t seed = 1;
    char buf[8];

    (void)state;
    for (int round = 0; round < 20000; round++) {
        seed = seed * 1103515245 + 12345;
        unsigned i = (seed >> 8) % N;
        if (!c[i]) {
            c[i] = client(port);
            s[i] = (int)sys_accept4(l, NULL, NULL, SOCK_NONBLOCK);
            assert_true(s[i] >= 0);
            sys_setsockopt(c[i], SOL_TCP, TCP_NODELAY, &one, sizeof(one));
        } else if ((seed >> 20) % 16 == 0) {
            fd_close((seed >> 25) & 1 ? c[i] : s[i]);
            fd_close((seed >> 25) & 1 ? s[i] : c[i]);
            c[i] = 0;
        } else {
            memcpy(buf, &i, 4);
            assert_int_equal(put(c[i], buf, 4), 4);
            assert_int_equal(get(s[i], buf, 8, 0), 4);
            assert_memory_equal(buf, &i, 4);
        }
        if (seed >> 24 == 7)
            fake_pass(3 * NSEC_PER_SEC);
    }
    for (int i = 0; i < N; i++)
        if (c[i]) {
            fd_close(c[i]);
            fd_close(s[i]);
        }
    fd_close(l);
    settle();
}

/* A SYN with the old connection's ports opens a new one. */
static void test_timewait_reuse(void **state)
{
    struct sockaddr_in a = addr_of(0), to;
    int l = listener(5), one = 1;

    (void)state;
    to = addr_of(port_of(l));
    for (int i = 0; i < 2; i++) {
        int c = (int)sys_socket(AF_INET, SOCK_STREAM, 0);
        sys_setsockopt(c, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        assert_int_equal(sys_bind(c, &a, sizeof(a)), 0);
        a.sin_port = port_of(c);
        assert_int_equal(sys_connect(c, &to, sizeof(to)), 0);
        int s = (int)sys_accept(l, NULL, NULL);
        assert_true(s >= 0);
        fd_close(s);
        fd_close(c);
        fake_pass(NSEC_PER_SEC); /* sequence numbers move on */
    }
    fd_close(l);
    settle();
}

static void test_idle_is_silent(void **state)
{
    int fd[2];

    (void)state;
    pair(fd);
    put(fd[0], "x", 1);
    fake_pass(60 * NSEC_PER_SEC);
    uint32_t ticks = tcp_ticks;
    fake_pass(1000 * NSEC_PER_SEC);
    assert_int_equal(tcp_ticks, ticks); /* no timer ran */
    put(fd[0], "y", 1);
    assert_true(tcp_ticks - ticks >= 1990);
    fd_close(fd[0]);
    fd_close(fd[1]);
    settle();
}

static void test_no_memory(void **state)
{
    int fd[2];
    char buf[4096] = {0};

    (void)state;
    pair(fd);
    fake_no_memory = true;
    assert_int_equal(put(fd[0], buf, sizeof(buf)), -ENOBUFS);
    assert_int_equal(sys_connect((int)sys_socket(AF_INET, SOCK_STREAM, 0),
                                 &(struct sockaddr_in){.sin_family = AF_INET},
                                 16),
                     -ENOBUFS);
    fake_no_memory = false;
    assert_int_equal(put(fd[0], buf, sizeof(buf)), sizeof(buf));
    assert_int_equal(get(fd[1], buf, sizeof(buf), 0), sizeof(buf));
    fd_close(fd[0]);
    fd_close(fd[1]);
    fd_close(3);
    for (int i = 0; i < 16; i++)
        if (fake_file(i))
            fd_close(i);
    settle();
}

static unsigned sleeps;

static int memory_comes_back(void)
{
    if (++sleeps == 3)
        fake_no_memory = false;
    return -ETIMEDOUT; /* the wait was for a moment only */
}

/* A blocking sender sleeps while there is no memory; one that does not block
 * is told to wait. */
static void test_wait_for_memory(void **state)
{
    char buf[4096] = {0};
    int fd[2];

    (void)state;
    pair(fd);
    assert_int_equal(put(fd[0], buf, 100), 100); /* acknowledged later */
    fake_no_memory = true;
    assert_int_equal(put(fd[0], buf, sizeof(buf)), -EAGAIN);
    fake_file(fd[0])->flags &= ~(unsigned)SOCK_NONBLOCK; /* is O_NONBLOCK */
    sleeps = 0;
    fake_sleep = memory_comes_back;
    assert_int_equal(put(fd[0], buf, sizeof(buf)), sizeof(buf));
    fake_sleep = NULL;
    assert_int_equal(sleeps, 3);
    fd_close(fd[0]);
    fd_close(fd[1]);
    settle();
}

static void test_tcp6(void **state)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6}, peer;
    struct sockaddr_in a4;
    int l = (int)sys_socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int len = sizeof(a);

    (void)state;
    assert_int_equal(sys_bind(l, &a, sizeof(a)), 0);
    assert_int_equal(sys_listen(l, 5), 0);
    assert_int_equal(sys_getsockname(l, &a, &len), 0);
    /* IPv4 comes in mapped. */
    a4 = addr_of(a.sin6_port);
    int c = (int)sys_socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(sys_connect(c, &a4, sizeof(a4)), 0);
    len = sizeof(peer);
    int s = (int)sys_accept(l, &peer, &len);
    assert_true(s >= 0);
    assert_int_equal(len, sizeof(peer));
    assert_int_equal(peer.sin6_addr.s6_addr[10], 0xff);
    assert_int_equal(peer.sin6_addr.s6_addr[12], 127);
    fd_close(c);
    fd_close(s);
    /* And ::1 reaches it. */
    a.sin6_addr.s6_addr[15] = 1;
    c = (int)sys_socket(AF_INET6, SOCK_STREAM, 0);
    assert_int_equal(sys_connect(c, &a, sizeof(a)), 0);
    s = (int)sys_accept(l, NULL, NULL);
    assert_true(s >= 0);
    assert_int_equal(put(c, "six", 3), 3);
    char buf[4];
    assert_int_equal(get(s, buf, 4, 0), 3);
    fd_close(c);
    fd_close(s);
    fd_close(l);
    settle();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_bulk),
        cmocka_unit_test(test_small_window),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_backlog),
        cmocka_unit_test(test_many_short),
        cmocka_unit_test(test_many_open),
        cmocka_unit_test(test_timewait_reuse),
        cmocka_unit_test(test_idle_is_silent),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_wait_for_memory),
        cmocka_unit_test(test_tcp6),
    };

    fake_net_start();
    baseline = net_mem_used();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
