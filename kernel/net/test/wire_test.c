/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * wire_test.c - TCP with a peer on a wire, played by the test: one that falls
 * silent, or answers but takes nothing, and connections that idle.
 */
#include "net_fakes.h"

#include "fs/poll.h"
#include "lib/string.h"
#include "net/lwip_demux.h"
#include "net/net_priv.h"
#include "proc/fdtable.h"

#include <linux/if.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lwip/priv/tcp_priv.h"

#define US       0x0f02000au /* 10.0.2.15 and .2, in network order */
#define PEER     0x0202000au
#define PEER_ISN 1000

static uint64_t baseline;

/* --- the peer ---------------------------------------------------------- */

static uint32_t last_be32(unsigned at)
{
    uint32_t v;

    memcpy(&v, fake_last_sent + at, 4);
    return lwip_ntohl(v);
}

static void put32(uint8_t *p, uint32_t v)
{
    v = lwip_htonl(v);
    memcpy(p, &v, 4);
}

/* Asking for our address tells the peer's. */
static void peer_arp(void)
{
    uint8_t f[60] = {0};
    uint32_t peer = PEER, us = US;
    static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0, 1};

    memcpy(f, fake_prefix, 14);
    f[12] = 8, f[13] = 6;
    memcpy(f + 14, head, sizeof(head));
    memcpy(f + 22, fake_prefix + 6, 6);
    memcpy(f + 28, &peer, 4);
    memcpy(f + 38, &us, 4);
    fake_receive(f, sizeof(f));
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static uint16_t peer_port = 80;
static bool peer_cuts; /* segments come in two fragments, the first has 24 */

/* Bytes [from, to) behind the header of packet (ip). */
static void fragment(const uint8_t *f, unsigned from, unsigned to, bool more)
{
    uint8_t g[160] = {0}, *ip = g + 14;
    uint16_t sum;

    memcpy(g, f, 34);
    memcpy(g + 34, f + 34 + from, to - from);
    ip[3] = (uint8_t)(20 + to - from);
    ip[6] = more ? 0x20 : 0, ip[7] = (uint8_t)(from / 8);
    memset(ip + 10, 0, 2);
    sum = fold(net_checksum(ip, 20));
    memcpy(ip + 10, &sum, 2);
    fake_receive(g, MAX(34u + to - from, 60u));
}

/* A segment with (len) zeros for our (port, network order). */
static void peer_segment(uint16_t port, uint8_t flags, uint32_t seq,
                         uint32_t ack, uint16_t window, uint8_t len)
{
    uint8_t f[160] = {0}, *ip = f + 14, *tcp = f + 34;
    uint32_t peer = PEER, us = US;
    uint16_t sum;

    memcpy(f, fake_prefix, 14);
    ip[0] = 0x45, ip[3] = 40 + len, ip[8] = 64, ip[9] = 6;
    memcpy(ip + 12, &peer, 4);
    memcpy(ip + 16, &us, 4);
    sum = fold(net_checksum(ip, 20));
    memcpy(ip + 10, &sum, 2);
    tcp[0] = (uint8_t)(peer_port >> 8), tcp[1] = (uint8_t)peer_port;
    memcpy(tcp + 2, &port, 2);
    put32(tcp + 4, seq);
    put32(tcp + 8, ack);
    tcp[12] = 0x50, tcp[13] = flags;
    tcp[14] = (uint8_t)(window >> 8), tcp[15] = (uint8_t)window;
    sum = fold((uint32_t)net_checksum(tcp, 20) + net_checksum(ip + 12, 8) +
               lwip_htons(6) + lwip_htons(20 + len));
    memcpy(tcp + 16, &sum, 2);
    if (!peer_cuts) {
        fake_receive(f, MAX(54u + len, 60u));
        return;
    }
    fragment(f, 0, 24, true);
    fragment(f, 24, 20u + len, false);
}

static void peer_send(uint16_t port, uint8_t flags, uint32_t seq, uint32_t ack,
                      uint16_t window)
{
    peer_segment(port, flags, seq, ack, window, 0);
}

static void peer_data(uint16_t port, uint32_t seq, uint32_t ack, uint8_t len)
{
    peer_segment(port, TCP_ACK | TCP_PSH, seq, ack, 8192, len);
}

static bool last_is_tcp(void)
{
    return fake_last_len >= 54 && fake_last_sent[12] == 8 &&
           fake_last_sent[13] == 0 && fake_last_sent[23] == 6;
}

/* --- our side ---------------------------------------------------------- */

static int conn_error(int fd)
{
    int e = 0, len = sizeof(e);

    sys_getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len);
    return e;
}

static long reconnect(int fd)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = lwip_htons(80),
                            .sin_addr.s_addr = PEER};

    return sys_connect(fd, &a, sizeof(a));
}

static int syn(void)
{
    int fd = (int)sys_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_int_equal(reconnect(fd), -EINPROGRESS);
    assert_true(last_is_tcp());
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in a;
    int len = sizeof(a);

    assert_int_equal(sys_getsockname(fd, &a, &len), 0);
    return a.sin_port;
}

/* An established connection; *(isn): ours. */
static int connection(uint32_t *isn)
{
    int fd = syn();

    *isn = last_be32(38);
    peer_send(port_of(fd), TCP_SYN | TCP_ACK, PEER_ISN, *isn + 1, 8192);
    assert_int_equal(reconnect(fd), 0); /* the first to ask is told */
    assert_int_equal(reconnect(fd), -EISCONN);
    assert_true(fake_file(fd)->ops->poll(fake_file(fd), NULL) & EV_OUT);
    return fd;
}

/* Seconds in which the wire is up but the peer's TCP says nothing. */
static void silence(unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        if (i % 60 == 0)
            peer_arp();
        fake_pass(NSEC_PER_SEC);
    }
}

static long put(int fd, const char *s)
{
    return sys_sendto(fd, s, strlen(s), MSG_NOSIGNAL, NULL, 0);
}

static void settle(void)
{
    silence(40);
    assert_null(tcp_active_pcbs);
    assert_null(demux_next_parked(NULL));
    assert_null(tcp_tw_pcbs);
    assert_int_equal(fake_open_fds(), 1); /* the one that configures */
    assert_int_equal(net_mem_used(), baseline);
}

/* --- tests ------------------------------------------------------------- */

/* Linux: 1, 2, 4 ... 64 s, given up after 127. */
static void test_connect_to_nobody(void **state)
{
    unsigned sent, syns = 1;
    int fd = syn();

    (void)state;
    for (unsigned s = 0; s < 63; s++) {
        sent = fake_sent;
        fake_pass(NSEC_PER_SEC);
        syns += fake_sent - sent;
    }
    assert_in_range(syns, 6, 7);
    silence(57);
    assert_int_equal(conn_error(fd), 0);
    silence(12);
    assert_int_equal(conn_error(fd), ETIMEDOUT);
    fd_close(fd);
    settle();
}

static void test_syncnt(void **state)
{
    int fd = (int)sys_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), n = 2;

    (void)state;
    sys_setsockopt(fd, SOL_TCP, TCP_SYNCNT, &n, sizeof(n));
    assert_int_equal(reconnect(fd), -EINPROGRESS);
    fake_pass(6 * NSEC_PER_SEC);
    assert_int_equal(conn_error(fd), 0);
    fake_pass(3 * NSEC_PER_SEC); /* 1, 2 and 4 */
    assert_int_equal(conn_error(fd), ETIMEDOUT);
    fd_close(fd);
    settle();
}

static void test_silent_peer(void **state)
{
    uint32_t isn;
    int fd = connection(&isn);

    (void)state;
    assert_int_equal(put(fd, "x"), 1);
    unsigned first = fake_sent;
    fake_pass(NSEC_PER_SEC + NSEC_PER_SEC / 2);
    assert_int_equal(fake_sent, first + 1); /* repeated soon */
    silence(600);
    unsigned gap = 0, sent = fake_sent;
    for (unsigned s = 0; s < 260; s++) { /* never more than two minutes apart */
        fake_pass(NSEC_PER_SEC);
        gap = sent == fake_sent ? gap + 1 : 0;
        sent = fake_sent;
        assert_true(gap <= 121);
        if (s % 60 == 0) {
            peer_arp();
            sent = fake_sent;
        }
    }
    assert_int_equal(conn_error(fd), 0);
    silence(120);
    assert_int_equal(conn_error(fd), ETIMEDOUT);
    fd_close(fd);
    settle();
}

/* Late, but in time: the connection lives on. */
static void test_peer_comes_back(void **state)
{
    uint32_t isn;
    int fd = connection(&isn);

    (void)state;
    assert_int_equal(put(fd, "x"), 1);
    silence(800);
    peer_send(port_of(fd), TCP_ACK, PEER_ISN + 1, isn + 2, 8192);
    silence(300);
    assert_int_equal(put(fd, "y"), 1);
    silence(700);
    assert_int_equal(conn_error(fd), 0);
    peer_send(port_of(fd), TCP_RST | TCP_ACK, PEER_ISN + 1, isn + 3, 8192);
    assert_int_equal(conn_error(fd), ECONNRESET);
    fd_close(fd);
    settle();
}

/* The program has closed: nobody waits a quarter of an hour. */
static void test_silent_orphan(void **state)
{
    uint32_t isn;
    int fd = connection(&isn);

    (void)state;
    assert_int_equal(put(fd, "last words"), 10);
    fd_close(fd);
    silence(60);
    assert_non_null(tcp_active_pcbs);
    silence(60);
    assert_null(tcp_active_pcbs);
    settle();
}

/* A peer that answers every probe but never opens its window. */
static void test_orphan_and_closed_window(void **state)
{
    uint32_t isn;
    int fd = connection(&isn);
    uint16_t port = port_of(fd);

    (void)state;
    peer_send(port, TCP_ACK, PEER_ISN + 1, isn + 1, 0);
    assert_int_equal(put(fd, "never taken"), 11);
    for (unsigned i = 0; i < 1000; i++) { /* as long as the socket is open */
        silence(1);
        peer_send(port, TCP_ACK, PEER_ISN + 1, isn + 1, 0);
    }
    assert_int_equal(conn_error(fd), 0);
    fd_close(fd);
    for (unsigned i = 0; i < 120; i++) {
        silence(1);
        peer_send(port, TCP_ACK, PEER_ISN + 1, isn + 1, 0);
    }
    assert_null(tcp_active_pcbs);
    settle();
}

/* SYNs that nobody follows up take bounded memory for a bounded time. */
static void test_syn_flood(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int l = (int)sys_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    unsigned sent = fake_sent;

    (void)state;
    assert_int_equal(sys_bind(l, &a, sizeof(a)), 0);
    assert_int_equal(sys_listen(l, 16), 0);
    uint16_t port = port_of(l);
    for (unsigned i = 0; i < 20000; i++) {
        peer_port = (uint16_t)(1024 + i);
        peer_send(port, TCP_SYN, i * 1000, 0, 8192);
    }
    assert_in_range(fake_sent - sent, 100, 200);
    assert_in_range(net_mem_used() - baseline, 1, 200 * 1024);
    assert_int_equal(sys_accept(l, NULL, NULL), -EAGAIN);
    silence(30);
    peer_port = 80; /* and then there is room again */
    peer_send(port, TCP_SYN, PEER_ISN, 0, 8192);
    peer_send(port, TCP_ACK, PEER_ISN + 1, last_be32(38) + 1, 8192);
    int fd = (int)sys_accept(l, NULL, NULL);
    assert_true(fd >= 0);
    fd_close(fd);
    peer_send(port, TCP_RST | TCP_ACK, PEER_ISN + 1, last_be32(38) + 1, 0);
    fd_close(l);
    settle();
}

static void test_parked(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    uint32_t isn;
    int fd = connection(&isn);
    int other = (int)sys_socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    silence(5);
    assert_null(tcp_active_pcbs); /* lwIP has nothing to walk */
    assert_non_null(demux_next_parked(NULL));
    a.sin_port = port_of(fd);
    assert_int_equal(sys_bind(other, &a, sizeof(a)), -EADDRINUSE);
    fd_close(other);
    silence(5);
    assert_null(tcp_active_pcbs);
    silence(2000); /* data sent now is not taken for old */
    assert_int_equal(put(fd, "x"), 1);
    assert_non_null(tcp_active_pcbs);
    silence(30);
    assert_int_equal(conn_error(fd), 0);
    peer_send(port_of(fd), TCP_ACK, PEER_ISN + 1, isn + 2, 8192);
    silence(5);
    assert_null(tcp_active_pcbs);
    peer_send(port_of(fd), TCP_FIN | TCP_ACK, PEER_ISN + 1, isn + 2, 8192);
    char c;
    assert_int_equal(sys_recvfrom(fd, &c, 1, 0, NULL, NULL), 0);
    fd_close(fd);
    peer_send(0, 0, 0, 0, 0);
    settle();
}

/* TCP_KEEPIDLE and its companions still count. */
/* Whose segment it is, lwIP asks when it has all pieces. */
static void test_parked_fragments(void **state)
{
    uint32_t isn;
    int fd = connection(&isn);
    char buf[32];

    (void)state;
    silence(5);
    assert_null(tcp_active_pcbs);
    peer_cuts = true;
    peer_data(port_of(fd), PEER_ISN + 1, isn + 1, 20);
    peer_cuts = false;
    assert_int_equal(sys_recvfrom(fd, buf, 32, MSG_DONTWAIT, NULL, NULL), 20);
    peer_send(port_of(fd), TCP_RST, PEER_ISN + 21, isn + 1, 0);
    fd_close(fd);
    settle();
}

static void test_parked_keepalive(void **state)
{
    static const int opts[][2] = {
        {TCP_KEEPIDLE, 30}, {TCP_KEEPINTVL, 10}, {TCP_KEEPCNT, 3}};
    uint32_t isn;
    int fd = connection(&isn), on = 1;

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(opts); i++)
        sys_setsockopt(fd, SOL_TCP, opts[i][0], &opts[i][1], sizeof(int));
    sys_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    fake_pass(20 * NSEC_PER_SEC);
    assert_null(tcp_active_pcbs);
    unsigned sent = fake_sent;
    fake_pass(12 * NSEC_PER_SEC);
    assert_int_equal(fake_sent, sent + 1);
    peer_send(port_of(fd), TCP_ACK, PEER_ISN + 1, isn + 1, 8192);
    fake_pass(20 * NSEC_PER_SEC);
    assert_int_equal(fake_sent, sent + 1);
    silence(60);
    assert_int_equal(conn_error(fd), ETIMEDOUT);
    fd_close(fd);
    settle();
}

/* Data is acknowledged soon even if no answer takes that along. */
static void test_delayed_ack(void **state)
{
    uint32_t isn;
    int fd = connection(&isn);
    unsigned sent = fake_sent;
    char b[8];

    (void)state;
    peer_data(port_of(fd), PEER_ISN + 1, isn + 1, 6);
    assert_int_equal(fake_sent, sent);
    assert_int_equal(sys_recvfrom(fd, b, 8, 0, NULL, NULL), 6);
    fake_pass(50 * NSEC_PER_MSEC);
    assert_int_equal(fake_sent, sent + 1);
    assert_int_equal(last_be32(42), PEER_ISN + 7);
    fake_pass(NSEC_PER_SEC);
    assert_int_equal(fake_sent, sent + 1);
    peer_data(port_of(fd), PEER_ISN + 7, isn + 1, 6); /* ... gone meanwhile */
    fd_close(fd);
    settle();
}

static void set_address(uint32_t addr);

/* The address goes, and with it the connections that have it. */
static void test_parked_address_lost(void **state)
{
    uint32_t isn;
    int fd = connection(&isn);

    (void)state;
    silence(5);
    assert_non_null(demux_next_parked(NULL));
    set_address(0x1002000a);
    assert_null(demux_next_parked(NULL));
    assert_int_equal(conn_error(fd), ETIMEDOUT);
    set_address(US);
    fd_close(fd);
    settle();
}

/* --- the machine ------------------------------------------------------- */

static int config_fd;

static void set_address(uint32_t addr)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = addr};
    struct file *f = fake_file(config_fd);
    struct ifreq r = {0};

    strlcpy(r.ifr_name, "eth0", IFNAMSIZ);
    memcpy(&r.ifr_addr, &a, sizeof(a));
    assert_int_equal(f->ops->ioctl(f, SIOCSIFADDR, (unsigned long)&r), 0);
    a.sin_addr.s_addr = 0x00ffffff;
    memcpy(&r.ifr_netmask, &a, sizeof(a));
    f->ops->ioctl(f, SIOCSIFNETMASK, (unsigned long)&r);
    r.ifr_flags = IFF_UP;
    f->ops->ioctl(f, SIOCSIFFLAGS, (unsigned long)&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connect_to_nobody),
        cmocka_unit_test(test_syncnt),
        cmocka_unit_test(test_silent_peer),
        cmocka_unit_test(test_peer_comes_back),
        cmocka_unit_test(test_silent_orphan),
        cmocka_unit_test(test_orphan_and_closed_window),
        cmocka_unit_test(test_delayed_ack),
        cmocka_unit_test(test_syn_flood),
        cmocka_unit_test(test_parked),
        cmocka_unit_test(test_parked_fragments),
        cmocka_unit_test(test_parked_keepalive),
        cmocka_unit_test(test_parked_address_lost),
    };

    fake_net_start();
    config_fd = (int)sys_socket(AF_INET, SOCK_DGRAM, 0);
    set_address(US);
    silence(60);
    baseline = net_mem_used();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
