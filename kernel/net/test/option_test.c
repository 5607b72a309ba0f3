/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * option_test.c - socket options: what Linux answers.
 */
#include "net_fakes.h"

#include "lib/string.h"
#include "net/net_priv.h"
#include "proc/fdtable.h"

#include <linux/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lwip/inet_chksum.h"

enum kind { T, U, X }; /* TCP, UDP, AF_UNIX stream */

static int make(enum kind k)
{
    return (int)(k == T   ? sys_socket(AF_INET, SOCK_STREAM, 0)
                 : k == U ? sys_socket(AF_INET, SOCK_DGRAM, 0)
                          : sys_socket(AF_UNIX, SOCK_STREAM, 0));
}

/* What is set, the result, what a get then tells (or its error, if < 0). */
static const struct {
    enum kind kind;
    int level, name, set;
    long set_rc, got;
} ints[] = {
    {T, SOL_SOCKET, SO_REUSEADDR, 1, 0, 1},
    {T, SOL_SOCKET, SO_KEEPALIVE, 5, 0, 1},
    {T, SOL_SOCKET, SO_SNDBUF, 65536, 0, 131072},
    {T, SOL_SOCKET, SO_SNDBUF, 1, 0, 4608},
    {T, SOL_SOCKET, SO_RCVBUF, 100000, 0, 200000},
    {U, SOL_SOCKET, SO_RCVBUF, 0, 0, 2304},
    {T, SOL_SOCKET, SO_PRIORITY, 4, 0, 4},
    {T, SOL_SOCKET, SO_RCVLOWAT, 0, 0, 1},
    {T, SOL_SOCKET, SO_TYPE, 1, -ENOPROTOOPT, SOCK_STREAM},
    {T, SOL_SOCKET, SO_DOMAIN, 1, -ENOPROTOOPT, AF_INET},
    {T, SOL_SOCKET, SO_PROTOCOL, 1, -ENOPROTOOPT, IPPROTO_TCP},
    {U, SOL_SOCKET, SO_ERROR, 1, -ENOPROTOOPT, 0},
    {T, SOL_SOCKET, SO_TIMESTAMP_OLD, 1, 0, 1},
    {T, SOL_SOCKET, 9999, 1, -ENOPROTOOPT, -ENOPROTOOPT},
    {X, SOL_SOCKET, SO_PASSCRED, 1, 0, 1},
    {T, SOL_TCP, TCP_NODELAY, 1, 0, 1},
    {T, SOL_TCP, TCP_CORK, 1, 0, 1},
    {T, SOL_TCP, TCP_KEEPIDLE, 30, 0, 30},
    {T, SOL_TCP, TCP_KEEPIDLE, 0, -EINVAL, 7200},
    {T, SOL_TCP, TCP_KEEPINTVL, 10, 0, 10},
    {T, SOL_TCP, TCP_KEEPCNT, 3, 0, 3},
    {T, SOL_TCP, TCP_USER_TIMEOUT, 30000, 0, 30000},
    {T, SOL_TCP, 999, 1, -ENOPROTOOPT, -ENOPROTOOPT},
    {U, SOL_TCP, TCP_NODELAY, 1, -ENOPROTOOPT, -EOPNOTSUPP},
    {T, SOL_IP, IP_TOS, 16, 0, 16},
    {T, SOL_IP, IP_TTL, 40, 0, 40},
    {T, SOL_IP, IP_TTL, 256, -EINVAL, 64},
    {U, SOL_IP, IP_RECVTOS, 1, 0, 1},
    {U, SOL_IP, IP_RECVTTL, 1, 0, 1},
    {U, SOL_IP, IP_PKTINFO, 1, 0, 1},
    {U, SOL_IP, IP_RECVERR, 1, 0, 1},
    {U, SOL_IP, IP_MULTICAST_TTL, 3, 0, 3},
    {U, SOL_IP, IP_MULTICAST_LOOP, 0, 0, 0},
    {U, SOL_IP, IP_MTU, 1, -ENOPROTOOPT, -ENOTCONN},
    {U, SOL_IP, IP_MTU_DISCOVER, 2, 0, 2},
    {T, SOL_IPV6, IPV6_TCLASS, 1, -ENOPROTOOPT, -EOPNOTSUPP},
    {X, SOL_IP, IP_TOS, 1, -EOPNOTSUPP, -EOPNOTSUPP},
};

static void test_ints(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ints); i++) {
        int fd = make(ints[i].kind), v = -77, len = sizeof(v);
        long rc = sys_setsockopt(fd, ints[i].level, ints[i].name, &ints[i].set,
                                 sizeof(int));
        if (rc != ints[i].set_rc)
            fail_msg("set %d/%d: %ld", ints[i].level, ints[i].name, rc);
        rc = sys_getsockopt(fd, ints[i].level, ints[i].name, &v, &len);
        if ((rc ? rc : v) != ints[i].got)
            fail_msg("get %d/%d: %ld, %d", ints[i].level, ints[i].name, rc, v);
        if (!rc)
            assert_int_equal(len, 4);
        fd_close(fd);
    }
}

static void test_sizes(void **state)
{
    int fd = make(T), v = 1, len;
    struct linger l = {1, 7};
    struct tcp_info info;
    char name[16];

    (void)state;
    assert_int_equal(sys_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &v, 3),
                     -EINVAL);
    assert_int_equal(sys_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, NULL, 4),
                     -EFAULT);
    assert_int_equal(sys_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &v, -1),
                     -EINVAL);
    len = -1;
    assert_int_equal(sys_getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &v, &len),
                     -EINVAL);
    len = 2; /* cut */
    v = -1;
    assert_int_equal(sys_getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &v, &len), 0);
    assert_int_equal(len, 2);
    assert_int_equal(v, (int)0xffff0000);
    assert_int_equal(sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, 8), 0);
    l = (struct linger){0, 0};
    len = sizeof(l);
    assert_int_equal(sys_getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len), 0);
    assert_int_equal(l.l_linger, 7);
    /* A byte is enough for IP_TOS, both ways. */
    uint8_t byte = 8;
    assert_int_equal(sys_setsockopt(fd, SOL_IP, IP_TOS, &byte, 1), 0);
    byte = 0, len = 1;
    assert_int_equal(sys_getsockopt(fd, SOL_IP, IP_TOS, &byte, &len), 0);
    assert_int_equal(byte, 8);
    len = 104;
    assert_int_equal(sys_getsockopt(fd, SOL_TCP, TCP_INFO, &info, &len), 0);
    assert_int_equal(len, 104);
    assert_int_equal(info.tcpi_state, 7);
    assert_int_equal(
        sys_setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo\0\0", 4), 0);
    len = sizeof(name);
    assert_int_equal(
        sys_getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len), 0);
    assert_int_equal(len, 3);
    assert_int_equal(sys_setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "zz9", 4),
                     -ENODEV);
    int64_t tv[2] = {1, 500000};
    assert_int_equal(sys_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO_OLD, tv, 16),
                     0);
    tv[0] = tv[1] = 0, len = 16;
    assert_int_equal(sys_getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO_OLD, tv, &len),
                     0);
    assert_int_equal(tv[1], 500000);
    fd_close(fd);
    assert_int_equal(sys_getsockopt(99, 1, 1, &v, &len), -EBADF);
}

static void test_families(void **state)
{
    static const struct {
        int family, type, protocol, rc;
    } bad[] = {
        {AF_INET, SOCK_SEQPACKET, 132, -ESOCKTNOSUPPORT},
        {AF_INET, SOCK_STREAM, 17, -EPROTONOSUPPORT},
        {AF_INET, SOCK_DGRAM, 6, -EPROTONOSUPPORT},
        {1234, SOCK_STREAM, 0, -EAFNOSUPPORT},
        {17, SOCK_RAW, 0, -EAFNOSUPPORT},
        {AF_UNIX, SOCK_RDM, 0, -ESOCKTNOSUPPORT},
        {AF_NETLINK, SOCK_RAW, 15, -EPROTONOSUPPORT},
        {AF_INET, SOCK_STREAM | 0x100, 0, -EINVAL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(
            sys_socket(bad[i].family, bad[i].type, bad[i].protocol), bad[i].rc);
    assert_int_equal(fake_open_fds(), 0);
}

/* The fast sum against one that follows the definition. */
static void test_checksum(void **state)
{
    uint8_t data[257];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 151 + 255);
    for (unsigned off = 0; off < 9; off++) {
        for (unsigned len = 0; off + len <= sizeof(data); len++) {
            uint32_t sum = 0;
            for (unsigned i = 0; i < len; i++)
                sum += (uint32_t)data[off + i] << (i & 1 ? 8 : 0);
            while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
            assert_int_equal(net_checksum(data + off, (int)len), sum);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ints),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_families),
        cmocka_unit_test(test_checksum),
    };

    fake_net_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
