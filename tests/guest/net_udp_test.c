/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net_udp_test.c - UDP over loopback, options of sockets, and the loopback
 * interface as netlink and ioctl tell of it. Prints a line per fact, the same
 * on Linux and here; exit status 0.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "net_show.h"

static int udp(void)
{
    struct sockaddr_in a = local(0);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct timeval t = {1, 0};

    bind(fd, (struct sockaddr *)&a, sizeof(a));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    return fd;
}

static long send_to(int fd, uint16_t port, const void *p, size_t n)
{
    struct sockaddr_in a = local(port);

    return sendto(fd, p, n, 0, (struct sockaddr *)&a, sizeof(a));
}

static int set(int fd, int level, int name, int v)
{
    return setsockopt(fd, level, name, &v, sizeof(v));
}

static int get(int fd, int level, int name)
{
    int v = 0;
    socklen_t len = sizeof(v);

    return getsockopt(fd, level, name, &v, &len) ? -1 : v;
}

/* --- datagrams --------------------------------------------------------- */

static void datagrams(void)
{
    static char big[65600];
    int a = udp(), b = udp();
    char buf[16];
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    struct pollfd p = {b, POLLIN, 0};

    SECTION("datagrams");
    T(recv(b, buf, 16, MSG_DONTWAIT));
    T(send_to(a, port_of(b), "hello", 5));
    T(recv(b, buf, 2, MSG_PEEK));
    T(recv(b, buf, 2, MSG_PEEK | MSG_TRUNC));
    T(recvfrom(b, buf, 16, 0, (struct sockaddr *)&from, &len));
    T(len);
    T(from.sin_port == port_of(a));
    T(send_to(a, port_of(b), "", 0));
    T(poll(&p, 1, 1000));
    T(recv(b, buf, 16, 0));
    T(send_to(a, port_of(b), "cut off", 7));
    struct iovec iov = {buf, 3};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    T(recvmsg(b, &m, 0));
    T((m.msg_flags & MSG_TRUNC) != 0);
    T(send_to(a, port_of(b), big, 65507));
    T(recv(b, big, sizeof(big), 0));
    T(send_to(a, port_of(b), big, 65508));
    T(send(a, buf, 1, 0));
    T(send_to(a, 0, buf, 1));
    T(connect_to(a, port_of(b)));
    T(send(a, buf, 4, 0));
    T(recv(b, buf, 16, 0));
    int c = udp();
    T(send_to(c, port_of(a), "not from the peer", 17));
    T(recv(a, buf, 16, MSG_DONTWAIT));
    T(listen(a, 1));
    T(accept(a, NULL, NULL));
    T(shutdown(c, SHUT_WR));
    close(b);
    T(send(a, buf, 1, 0));
    usleep(20000);
    p = (struct pollfd){a, POLLIN | POLLOUT, 0};
    T(poll(&p, 1, 1000));
    T(p.revents);
    T(recv(a, buf, 16, 0));
    T(recv(a, buf, 16, MSG_DONTWAIT));
    T(send(a, buf, 1, 0));
    usleep(20000);
    T(get(a, SOL_SOCKET, SO_ERROR));
    T(get(a, SOL_SOCKET, SO_ERROR));
    close(a);
    close(c);
}

static void show_cmsgs(int fd)
{
    char buf[16], control[256];
    struct iovec iov = {buf, 16};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof(control)};

    T(recvmsg(fd, &m, 0));
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        printf("%s: cmsg level %d type %d length %zu", section, c->cmsg_level,
               c->cmsg_type, (size_t)c->cmsg_len - CMSG_LEN(0));
        if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_TOS)
            printf(" value %d", *CMSG_DATA(c));
        if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_TTL)
            printf(" value %d", *(int *)CMSG_DATA(c));
        if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *i = (struct in_pktinfo *)CMSG_DATA(c);
            printf(" index %d spec %s", i->ipi_ifindex,
                   inet_ntoa(i->ipi_spec_dst));
            printf(" addr %s", inet_ntoa(i->ipi_addr));
        }
        puts("");
    }
}

static void ancillary(void)
{
    int a = udp(), b = udp();

    SECTION("ancillary");
    T(set(b, SOL_SOCKET, SO_TIMESTAMP, 1));
    T(set(b, SOL_IP, IP_RECVTOS, 1));
    T(set(b, SOL_IP, IP_RECVTTL, 1));
    T(set(b, SOL_IP, IP_PKTINFO, 1));
    T(set(a, SOL_IP, IP_TOS, 16));
    T(set(a, SOL_IP, IP_TTL, 40));
    send_to(a, port_of(b), "x", 1);
    show_cmsgs(b);
    set(b, SOL_SOCKET, SO_TIMESTAMP, 0);
    set(b, SOL_IP, IP_RECVTOS, 0);
    set(b, SOL_IP, IP_PKTINFO, 0);
    send_to(a, port_of(b), "x", 1);
    show_cmsgs(b);
    close(a);
    close(b);
}

/* --- options ----------------------------------------------------------- */

static void options(void)
{
    static const struct {
        const char *name;
        int level, option, value;
    } o[] = {
        {"REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 1},
        {"REUSEPORT", SOL_SOCKET, SO_REUSEPORT, 1},
        {"KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 1},
        {"PRIORITY", SOL_SOCKET, SO_PRIORITY, 4},
        {"SNDBUF", SOL_SOCKET, SO_SNDBUF, 65536},
        {"RCVBUF", SOL_SOCKET, SO_RCVBUF, 100000},
        {"RCVBUF small", SOL_SOCKET, SO_RCVBUF, 1},
        {"BROADCAST", SOL_SOCKET, SO_BROADCAST, 1},
        {"DONTROUTE", SOL_SOCKET, SO_DONTROUTE, 1},
        {"OOBINLINE", SOL_SOCKET, SO_OOBINLINE, 1},
        {"ACCEPTCONN", SOL_SOCKET, SO_ACCEPTCONN, 1},
        {"TYPE", SOL_SOCKET, SO_TYPE, 1},
        {"DOMAIN", SOL_SOCKET, SO_DOMAIN, 1},
        {"PROTOCOL", SOL_SOCKET, SO_PROTOCOL, 1},
        {"RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, 5},
        {"SNDLOWAT", SOL_SOCKET, SO_SNDLOWAT, 5},
        {"TIMESTAMP", SOL_SOCKET, SO_TIMESTAMP, 1},
        {"unknown", SOL_SOCKET, 999, 1},
        {"NODELAY", SOL_TCP, TCP_NODELAY, 1},
        {"CORK", SOL_TCP, TCP_CORK, 1},
        {"KEEPIDLE", SOL_TCP, TCP_KEEPIDLE, 30},
        {"KEEPIDLE 0", SOL_TCP, TCP_KEEPIDLE, 0},
        {"KEEPINTVL", SOL_TCP, TCP_KEEPINTVL, 10},
        {"KEEPCNT", SOL_TCP, TCP_KEEPCNT, 3},
        {"KEEPCNT 1000", SOL_TCP, TCP_KEEPCNT, 1000},
        {"USER_TIMEOUT", SOL_TCP, TCP_USER_TIMEOUT, 30000},
        {"SYNCNT", SOL_TCP, TCP_SYNCNT, 3},
        {"LINGER2", SOL_TCP, TCP_LINGER2, 10},
        {"QUICKACK", SOL_TCP, TCP_QUICKACK, 1},
        {"DEFER_ACCEPT 0", SOL_TCP, TCP_DEFER_ACCEPT, 0},
        {"TCP unknown", SOL_TCP, 999, 1},
        {"TOS", SOL_IP, IP_TOS, 16},
        {"TTL", SOL_IP, IP_TTL, 40},
        {"TTL 0", SOL_IP, IP_TTL, 0},
        {"TTL -1", SOL_IP, IP_TTL, -1},
        {"RECVTOS", SOL_IP, IP_RECVTOS, 1},
        {"RECVTTL", SOL_IP, IP_RECVTTL, 1},
        {"PKTINFO", SOL_IP, IP_PKTINFO, 1},
        {"RECVERR", SOL_IP, IP_RECVERR, 1},
        {"MTU_DISCOVER", SOL_IP, IP_MTU_DISCOVER, 2},
        {"MULTICAST_TTL", SOL_IP, IP_MULTICAST_TTL, 7},
        {"MULTICAST_LOOP", SOL_IP, IP_MULTICAST_LOOP, 0},
        {"MTU", SOL_IP, IP_MTU, 1},
        {"IP unknown", SOL_IP, 999, 1},
        {"V6ONLY", SOL_IPV6, 26, 1},
        {"RECVTCLASS", SOL_IPV6, 66, 1},
        {"TCLASS", SOL_IPV6, 67, 1},
        {"no level", 777, 1, 1},
    };

    SECTION("options");
    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
        section = type == SOCK_STREAM ? "tcp options" : "udp options";
        for (unsigned i = 0; i < sizeof(o) / sizeof(o[0]); i++) {
            int fd = socket(AF_INET, type, 0), v = 0, rc, e;
            socklen_t len = sizeof(v);
            rc = getsockopt(fd, o[i].level, o[i].option, &v, &len);
            e = errno;
            bool size = strstr(o[i].name, "BUF");
            printf("%s: %s: get %s %d length %u", section, o[i].name,
                   rc ? strerrorname_np(e) : "ok", rc || size ? 0 : v, len);
            rc = set(fd, o[i].level, o[i].option, o[i].value);
            e = errno;
            printf(", set %s", rc ? strerrorname_np(e) : "ok");
            len = sizeof(v);
            rc = getsockopt(fd, o[i].level, o[i].option, &v, &len);
            printf(", then %d\n", rc ? -1 : v);
            close(fd);
        }
    }
}

static void more_options(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct linger l = {1, 7};
    struct timeval t = {2, 500000};
    socklen_t len = sizeof(l);
    char name[32] = "", cc[16];

    SECTION("more options");
    T(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
    l.l_linger = 0;
    T(getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len));
    T(l.l_linger);
    T(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, 4));
    T(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &l, 1));
    T(setsockopt(-1, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
    T(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
    t.tv_sec = 0;
    len = sizeof(t);
    T(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, &len));
    T(t.tv_sec);
    T(t.tv_usec);
    T(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 16));
    len = sizeof(name);
    T(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
    T(len);
    T(strcmp(name, "lo"));
    T(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "none0", 6));
    struct tcp_info info;
    len = 104;
    T(getsockopt(fd, SOL_TCP, TCP_INFO, &info, &len));
    T(len);
    T(info.tcpi_state);
    len = sizeof(cc);
    T(getsockopt(fd, SOL_TCP, TCP_CONGESTION, cc, &len));
    T(len);
    close(fd);
}

/* --- interfaces -------------------------------------------------------- */

static void interfaces(void)
{
    struct ifaddrs *all, *i;
    struct ifreq r = {0};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    char name[IF_NAMESIZE];

    SECTION("interfaces");
    T(getifaddrs(&all));
    for (i = all; i; i = i->ifa_next) {
        if (strcmp(i->ifa_name, "lo") || !i->ifa_addr)
            continue;
        if (i->ifa_addr->sa_family == AF_INET) {
            printf("%s: lo %s", section,
                   inet_ntoa(((struct sockaddr_in *)i->ifa_addr)->sin_addr));
            printf(" mask %s flags %x\n",
                   inet_ntoa(((struct sockaddr_in *)i->ifa_netmask)->sin_addr),
                   i->ifa_flags);
        } else if (i->ifa_addr->sa_family == AF_PACKET) {
            printf("%s: lo packet flags %x\n", section, i->ifa_flags);
        }
    }
    T(if_nametoindex("lo"));
    T(if_nametoindex("none0"));
    T(if_indextoname(1, name) ? strcmp(name, "lo") : -1);
    strcpy(r.ifr_name, "lo");
    T(ioctl(fd, SIOCGIFADDR, &r));
    T(((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr ==
      htonl(INADDR_LOOPBACK));
    T(ioctl(fd, SIOCGIFNETMASK, &r));
    T(((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr ==
      htonl(0xff000000));
    T(ioctl(fd, SIOCGIFFLAGS, &r) ? -1 : r.ifr_flags);
    T(ioctl(fd, SIOCGIFMTU, &r) ? -1 : r.ifr_mtu);
    T(ioctl(fd, SIOCGIFINDEX, &r) ? -1 : r.ifr_ifindex);
    T(ioctl(fd, SIOCGIFHWADDR, &r) ? -1 : r.ifr_hwaddr.sa_family);
    T(ioctl(fd, SIOCGIFTXQLEN, &r) ? -1 : r.ifr_qlen);
    strcpy(r.ifr_name, "none0");
    T(ioctl(fd, SIOCGIFADDR, &r));
    T(ioctl(fd, 0x12345, &r));
    close(fd);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    datagrams();
    ancillary();
    options();
    more_options();
    interfaces();
    return 0;
}
