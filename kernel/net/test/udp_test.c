/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * udp_test.c - datagrams over loopback, and what interfaces say of themselves.
 */
#include "net_fakes.h"

#include "fs/poll.h"
#include "lib/string.h"
#include "mem/uio.h"
#include "net/net_priv.h"
#include "proc/fdtable.h"

#include <asm/ioctls.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define LOCALHOST 0x0100007fu

static uint64_t baseline;

static struct sockaddr_in addr_of(uint16_t port_be)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = port_be,
                                .sin_addr.s_addr = LOCALHOST};
}

static int bound(struct sockaddr_in *a)
{
    int fd = (int)sys_socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int len = sizeof(*a);

    *a = addr_of(0);
    assert_int_equal(sys_bind(fd, a, sizeof(*a)), 0);
    assert_int_equal(sys_getsockname(fd, a, &len), 0);
    return fd;
}

static void settle(void)
{
    assert_int_equal(fake_open_fds(), 0);
    assert_int_equal(net_mem_used(), baseline);
}

static void test_datagrams(void **state)
{
    struct sockaddr_in a, from;
    int fd = bound(&a), len = sizeof(from), n;
    int c = (int)sys_socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    static char big[65507];
    char buf[8];

    (void)state;
    assert_int_equal(sys_sendto(c, "x", 1, 0, NULL, 0), -EDESTADDRREQ);
    assert_int_equal(sys_sendto(c, "hello", 5, 0, &a, sizeof(a)), 5);
    assert_int_equal(sys_sendto(c, "", 0, 0, &a, sizeof(a)), 0);
    assert_int_equal(sys_recvfrom(fd, buf, 8, MSG_PEEK, NULL, NULL), 5);
    struct file *f = fake_file(fd);
    assert_int_equal(f->ops->ioctl(f, SIOCINQ, (unsigned long)&n), 0);
    assert_int_equal(n, 5);
    assert_int_equal(sys_recvfrom(fd, buf, 3, MSG_TRUNC, &from, &len), 5);
    assert_int_equal(from.sin_addr.s_addr, LOCALHOST);
    assert_true(from.sin_port);
    assert_int_equal(sys_recvfrom(fd, buf, 8, 0, NULL, NULL), 0);
    assert_int_equal(sys_recvfrom(fd, buf, 8, 0, NULL, NULL), -EAGAIN);
    assert_int_equal(sys_sendto(c, big, sizeof(big), 0, &a, sizeof(a)),
                     sizeof(big));
    assert_int_equal(sys_recvfrom(fd, big, sizeof(big), 0, NULL, NULL),
                     sizeof(big));
    assert_int_equal(sys_sendto(c, big, sizeof(big) + 1, 0, &a, sizeof(a)),
                     -EMSGSIZE);
    /* More than the receiver's buffer is dropped. */
    for (int i = 0; i < 3000; i++)
        assert_int_equal(sys_sendto(c, big, 400, 0, &a, sizeof(a)), 400);
    for (n = 0; sys_recvfrom(fd, big, 400, 0, NULL, NULL) == 400;)
        n++;
    assert_true(n > 100 && n < 1000);
    fd_close(c);
    fd_close(fd);
    settle();
}

static void test_refused(void **state)
{
    struct sockaddr_in a;
    int fd = bound(&a);
    char buf[4];

    (void)state;
    fd_close(fd);
    fd = (int)sys_socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(sys_connect(fd, &a, sizeof(a)), 0);
    assert_int_equal(sys_sendto(fd, "x", 1, 0, NULL, 0), 1);
    assert_true(fake_file(fd)->ops->poll(fake_file(fd), NULL) & EV_ERR);
    assert_int_equal(sys_recvfrom(fd, buf, 4, 0, NULL, NULL), -ECONNREFUSED);
    assert_int_equal(sys_recvfrom(fd, buf, 4, 0, NULL, NULL), -EAGAIN);
    fd_close(fd);
    settle();
}

static void test_control(void **state)
{
    struct sockaddr_in a;
    int fd = bound(&a), on = 1, tos = 16;
    struct {
        struct cmsghdr_user h;
        uint8_t data[16];
    } c[4];
    struct iovec_user iov;
    struct msghdr_user m = {
        .iov = &iov, .iovlen = 1, .control = c, .controllen = sizeof(c)};
    char buf[4];

    (void)state;
    assert_int_equal(sys_setsockopt(fd, SOL_IP, IP_RECVTOS, &on, 4), 0);
    assert_int_equal(sys_setsockopt(fd, SOL_IP, IP_RECVTTL, &on, 4), 0);
    assert_int_equal(sys_setsockopt(fd, SOL_IP, IP_PKTINFO, &on, 4), 0);
    assert_int_equal(sys_setsockopt(fd, SOL_IP, IP_TOS, &tos, 4), 0);
    assert_int_equal(sys_sendto(fd, "x", 1, 0, &a, sizeof(a)), 1);
    iov = (struct iovec_user){buf, 4};
    assert_int_equal(sys_recvmsg(fd, &m, 0), 1);
    assert_int_equal(m.controllen, 32 + 24 + 24);
    assert_int_equal(c[0].h.type, IP_PKTINFO);
    assert_int_equal(c[0].h.len, 28);
    fd_close(fd);
    settle();
}

/* --- netlink and ioctls ------------------------------------------------ */

static void test_getaddrs(void **state)
{
    static uint8_t buf[8192];
    struct sockaddr_nl me = {.nl_family = AF_NETLINK}, from;
    struct {
        struct nlmsghdr h;
        struct rtgenmsg g;
        char pad[3];
    } req = {{20, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 7, 0}, {0}, {0}};
    int fd = (int)sys_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    int len = sizeof(me), flen = sizeof(from);
    bool lo = false, done = false;

    (void)state;
    assert_int_equal(sys_bind(fd, &me, sizeof(me)), 0);
    assert_int_equal(sys_getsockname(fd, &me, &len), 0);
    assert_int_equal(me.nl_pid, fake_process.pid);
    from = (struct sockaddr_nl){.nl_family = AF_NETLINK};
    assert_int_equal(sys_sendto(fd, &req, 20, 0, &from, sizeof(from)), 20);
    while (!done) {
        long n = sys_recvfrom(fd, buf, sizeof(buf), 0, &from, &flen);
        assert_true(n > 0);
        assert_int_equal(from.nl_pid, 0);
        for (struct nlmsghdr *h = (void *)buf; NLMSG_OK(h, n);
             h = NLMSG_NEXT(h, n)) {
            assert_int_equal(h->nlmsg_seq, 7);
            assert_int_equal(h->nlmsg_pid, me.nl_pid);
            if (h->nlmsg_type == NLMSG_DONE) {
                done = true;
                break;
            }
            assert_int_equal(h->nlmsg_type, RTM_NEWADDR);
            assert_true(h->nlmsg_flags & NLM_F_MULTI);
            struct ifaddrmsg *a = NLMSG_DATA(h);
            long left = IFA_PAYLOAD(h);
            for (struct rtattr *r = IFA_RTA(a); RTA_OK(r, left);
                 r = RTA_NEXT(r, left))
                lo |= r->rta_type == IFA_LABEL && !strcmp(RTA_DATA(r), "lo") &&
                      a->ifa_prefixlen == 8;
        }
    }
    assert_true(lo);
    req.h.nlmsg_type = RTM_GETLINK;
    assert_int_equal(sys_sendto(fd, &req, 20, 0, NULL, 0), 20);
    long n = sys_recvfrom(fd, buf, sizeof(buf), 0, NULL, NULL);
    struct nlmsghdr *h = (void *)buf;
    assert_true(NLMSG_OK(h, n));
    assert_int_equal(h->nlmsg_type, RTM_NEWLINK);
    assert_int_equal(((struct ifinfomsg *)NLMSG_DATA(h))->ifi_index, 1);
    fd_close(fd);
    settle();
}

static long on_if(int fd, unsigned cmd, const char *name, struct ifreq *r)
{
    struct file *f = fake_file(fd);

    strlcpy(r->ifr_name, name, IFNAMSIZ);
    return f->ops->ioctl(f, cmd, (unsigned long)r);
}

static void test_configure(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int fd = (int)sys_socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq r;

    (void)state;
    assert_int_equal(on_if(fd, SIOCGIFADDR, "eth0", &r), -EADDRNOTAVAIL);
    assert_int_equal(on_if(fd, SIOCGIFFLAGS, "nope", &r), -ENODEV);
    a.sin_addr.s_addr = 0x0f02000a; /* 10.0.2.15 */
    memcpy(&r.ifr_addr, &a, sizeof(a));
    assert_int_equal(on_if(fd, SIOCSIFADDR, "eth0", &r), 0);
    a.sin_addr.s_addr = 0x00ffffff;
    memcpy(&r.ifr_netmask, &a, sizeof(a));
    assert_int_equal(on_if(fd, SIOCSIFNETMASK, "eth0", &r), 0);
    assert_int_equal(on_if(fd, SIOCGIFBRDADDR, "eth0", &r), 0);
    memcpy(&a, &r.ifr_broadaddr, sizeof(a));
    assert_int_equal(a.sin_addr.s_addr, 0xff02000a);
    assert_int_equal(on_if(fd, SIOCGIFFLAGS, "eth0", &r), 0);
    assert_true(r.ifr_flags & IFF_UP);
    assert_true(r.ifr_flags & IFF_RUNNING);
    /* To our own address, which is not loopback's. */
    a = (struct sockaddr_in){.sin_family = AF_INET,
                             .sin_port = 0x3930,
                             .sin_addr.s_addr = 0x0f02000a};
    int s = (int)sys_socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(sys_bind(s, &a, sizeof(a)), 0);
    unsigned sent = fake_sent;
    assert_int_equal(sys_sendto(fd, "self", 4, 0, &a, sizeof(a)), 4);
    char buf[8];
    assert_int_equal(sys_recvfrom(s, buf, 8, 0, NULL, NULL), 4);
    assert_int_equal(fake_sent, sent); /* nothing on the wire */
    /* To a neighbour: an ARP request goes out. */
    a.sin_addr.s_addr = 0x0202000a;
    assert_int_equal(sys_sendto(fd, "out", 3, 0, &a, sizeof(a)), 3);
    assert_true(fake_sent > sent);
    fd_close(s);
    fd_close(fd);
    fake_pass(60 * NSEC_PER_SEC);
    assert_int_equal(fake_open_fds(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_datagrams), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_control),   cmocka_unit_test(test_getaddrs),
        cmocka_unit_test(test_configure),
    };

    fake_net_start();
    baseline = net_mem_used();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
