/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net6_sock_test.c - sockets of AF_INET6 on loopback: names and scopes, both
 * families through one socket, options, control messages, errors, groups and
 * ICMPv6. Prints a line per fact, the same on Linux and here. (Linux has no
 * route for multicast on loopback: tests/e2e/ipv6_SUITE.erl sends some.)
 */
#define _GNU_SOURCE
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include <linux/errqueue.h>

#include "net6_show.h"

static int open6(int type)
{
    struct timeval t = {2, 0};
    int fd = socket(AF_INET6, type, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    return fd;
}

/* --- names ------------------------------------------------------------- */

static void show_names(int type, const char *title)
{
    static const struct {
        const char *text;
        uint32_t scope;
    } a[] = {
        {"::", 0},
        {"::", 1},
        {"::1", 0},
        {"::1", 1},
        {"::1", 99},
        {GLOBAL, 0},
        {GLOBAL, 1},
        {LINK, 0},
        {LINK, 1},
        {LINK, 99},
        {"fe80::99", 1},
        {"2001:db8::77", 0},
        {"ff02::1", 0},
        {"ff02::1", 1},
        {"ff02::1", 99},
        {"ff05::1", 0},
        {"::127.0.0.1", 0},
        {"::ffff:127.0.0.1", 0},
        {"::ffff:0.0.0.0", 0},
        {"::ffff:8.8.8.8", 0},
    };

    for (int only = 0; only < 2; only++) {
        for (unsigned i = 0; i < sizeof(a) / sizeof(a[0]); i++) {
            int fd = open6(type);
            set(fd, SOL_IPV6, IPV6_V6ONLY, only);
            int rc = bind6(fd, a[i].text, 0, a[i].scope);
            printf("names: %s only %d bind %s%%%u: %s, %s\n", title, only,
                   a[i].text, a[i].scope, rc ? strerrorname_np(errno) : "ok",
                   name6(fd, false));
            close(fd);
        }
    }
}

static void show_connects(int type, const char *title, uint16_t port)
{
    static const struct {
        const char *text;
        uint32_t scope;
    } a[] = {
        {"::", 0},
        {"::1", 0},
        {"::1", 1},
        {GLOBAL, 0},
        {GLOBAL, 7},
        {LINK, 0},
        {LINK, 1},
        {LINK, 99},
        {"2001:db8:7777::1", 0},
        {"::ffff:127.0.0.1", 0},
        {"::ffff:0.0.0.0", 0},
        {"ff02::1", 0},
    };

    for (unsigned i = 0; i < sizeof(a) / sizeof(a[0]); i++) {
        int fd = open6(type);
        int rc = connect6(fd, a[i].text, port, a[i].scope);
        printf("names: %s connect %s%%%u: %s", title, a[i].text, a[i].scope,
               rc ? strerrorname_np(errno) : "ok");
        printf(", from %s", name6(fd, false));
        printf(", to %s\n", name6(fd, true));
        close(fd);
    }
}

static void names(void)
{
    struct sockaddr_in four = local(0);
    struct sockaddr_in6 a = addr6("::1", 0, 0);
    int fd = open6(SOCK_STREAM), u = open6(SOCK_DGRAM), l = open6(SOCK_STREAM);

    SECTION("names");
    T(bind(fd, (struct sockaddr *)&four, sizeof(four)));
    T(bind(fd, (struct sockaddr *)&four, sizeof(a)));
    T(bind(u, (struct sockaddr *)&four, sizeof(a)));
    T(bind(fd, (struct sockaddr *)&a, 23));
    T(bind(fd, (struct sockaddr *)&a, 24));
    T(connect(u, (struct sockaddr *)&four, sizeof(four)));
    T(connect(u, (struct sockaddr *)&a, 23));
    puts(name6(fd, false));
    puts(name6(fd, true));
    show_names(SOCK_STREAM, "tcp");
    show_names(SOCK_DGRAM, "udp");
    bind6(l, "::", 0, 0);
    listen(l, 100);
    show_connects(SOCK_STREAM, "tcp", port6(l));
    show_connects(SOCK_DGRAM, "udp", htons(9));
    close(fd);
    close(u);
    close(l);
}

static void scopes(void)
{
    int a = open6(SOCK_DGRAM), b = open6(SOCK_DGRAM);
    struct sockaddr_in6 from;
    socklen_t len = sizeof(from);
    char buf[64];

    SECTION("scopes");
    T(bind6(b, "::", 0, 0));
    T(sendto6(a, LINK, port6(b), 1, "x", 1));
    T(recvfrom(b, buf, 9, 0, (struct sockaddr *)&from, &len));
    T(from.sin6_scope_id);
    T(IN6_IS_ADDR_LINKLOCAL(&from.sin6_addr));
    T(sendto6(a, GLOBAL, port6(b), 0, "x", 1));
    T(recvfrom(b, buf, 9, 0, (struct sockaddr *)&from, &len));
    T(from.sin6_scope_id);
    T(sendto6(a, LINK, port6(b), 99, "x", 1) < 0);
    T(sendto6(a, "2001:db8:7777::1", port6(b), 0, "x", 1));
    T(sendto6(a, "::ffff:127.0.0.1", port6(b), 0, "four", 4));
    T(recvfrom(b, buf, 9, 0, (struct sockaddr *)&from, &len));
    T(IN6_IS_ADDR_V4MAPPED(&from.sin6_addr));
    close(a);
    a = open6(SOCK_DGRAM);
    T(setsockopt(a, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
    T(connect6(a, LINK, port6(b), 0));
    puts(name6(a, true));
    T(sendto6(a, LINK, port6(b), 99, "x", 1));
    close(a);
    close(b);
}

/* --- both families ----------------------------------------------------- */

static void dual(void)
{
    int l = open6(SOCK_STREAM), four, six, c;
    struct sockaddr_in a = local(0);

    SECTION("dual");
    bind6(l, "::", 0, 0);
    T(listen(l, 5));
    a.sin_port = port6(l);
    four = socket(AF_INET, SOCK_STREAM, 0);
    T(connect(four, (struct sockaddr *)&a, sizeof(a)));
    c = accept(l, NULL, NULL);
    puts(name6(c, false));
    puts(name6(c, true));
    T(get(c, SOL_IPV6, IPV6_V6ONLY));
    T(set(c, SOL_IP, IP_TTL, 33));
    T(get(c, SOL_IP, IP_TTL));
    T(get(c, SOL_IPV6, IPV6_UNICAST_HOPS));
    T(get(c, SOL_SOCKET, SO_DOMAIN));
    close(c);
    close(four);
    six = open6(SOCK_STREAM);
    T(connect6(six, "::1", port6(l), 0));
    c = accept(l, NULL, NULL);
    puts(name6(c, true));
    close(c);
    close(six);
    six = open6(SOCK_STREAM);
    T(connect6(six, "::ffff:127.0.0.1", port6(l), 0));
    puts(name6(six, false));
    c = accept(l, NULL, NULL);
    puts(name6(c, true));
    close(c);
    close(six);
    close(l);

    l = open6(SOCK_STREAM);
    set(l, SOL_IPV6, IPV6_V6ONLY, 1);
    bind6(l, "::", 0, 0);
    listen(l, 5);
    T(set(l, SOL_IPV6, IPV6_V6ONLY, 0));
    a.sin_port = port6(l);
    four = socket(AF_INET, SOCK_STREAM, 0);
    T(connect(four, (struct sockaddr *)&a, sizeof(a)));
    close(four);
    six = open6(SOCK_STREAM);
    set(six, SOL_IPV6, IPV6_V6ONLY, 1);
    T(connect6(six, "::ffff:127.0.0.1", port6(l), 0));
    T(connect6(six, "::1", port6(l), 0));
    close(six);
    six = open6(SOCK_STREAM);
    bind6(six, "::1", 0, 0);
    T(connect6(six, "::ffff:127.0.0.1", port6(l), 0));
    close(six);
    six = open6(SOCK_STREAM);
    bind6(six, "::ffff:127.0.0.1", 0, 0);
    T(connect6(six, "::1", port6(l), 0));
    close(six);
    close(l);
}

/* --- options ----------------------------------------------------------- */

static const struct {
    const char *name;
    int option;
} options6[] = {
    {"V6ONLY", IPV6_V6ONLY},
    {"UNICAST_HOPS", IPV6_UNICAST_HOPS},
    {"MULTICAST_IF", IPV6_MULTICAST_IF},
    {"MULTICAST_HOPS", IPV6_MULTICAST_HOPS},
    {"MULTICAST_LOOP", IPV6_MULTICAST_LOOP},
    {"MULTICAST_ALL", IPV6_MULTICAST_ALL},
    {"RECVPKTINFO", IPV6_RECVPKTINFO},
    {"RECVTCLASS", IPV6_RECVTCLASS},
    {"TCLASS", IPV6_TCLASS},
    {"RECVHOPLIMIT", IPV6_RECVHOPLIMIT},
    {"RECVRTHDR", IPV6_RECVRTHDR},
    {"RECVHOPOPTS", IPV6_RECVHOPOPTS},
    {"RECVDSTOPTS", IPV6_RECVDSTOPTS},
    {"MTU_DISCOVER", IPV6_MTU_DISCOVER},
    {"MTU", IPV6_MTU},
    {"RECVPATHMTU", IPV6_RECVPATHMTU},
    {"DONTFRAG", IPV6_DONTFRAG},
    {"RECVERR", IPV6_RECVERR},
    {"AUTOFLOWLABEL", IPV6_AUTOFLOWLABEL},
    {"ADDR_PREFERENCES", IPV6_ADDR_PREFERENCES},
    {"MINHOPCOUNT", IPV6_MINHOPCOUNT},
    {"UNICAST_IF", IPV6_UNICAST_IF},
    {"RECVORIGDSTADDR", IPV6_RECVORIGDSTADDR},
    {"FREEBIND", IPV6_FREEBIND},
    {"TRANSPARENT", IPV6_TRANSPARENT},
    {"ROUTER_ALERT", IPV6_ROUTER_ALERT},
    {"CHECKSUM", IPV6_CHECKSUM},
    {"JOIN_ANYCAST", IPV6_JOIN_ANYCAST},
    {"unknown", 999},
};

static void option_values(int type, int protocol, const char *title)
{
    static const int values[] = {0, 1, 3, -1, -2, 64, 255, 256, 1280};

    for (unsigned i = 0; i < sizeof(options6) / sizeof(options6[0]); i++) {
        int o = options6[i].option;
        int fd = socket(AF_INET6, type, protocol), v = 0;
        socklen_t len = sizeof(v);
        int rc = getsockopt(fd, SOL_IPV6, o, &v, &len);
        printf("options: %s %s: get %s %d length %u;", title, options6[i].name,
               rc ? strerrorname_np(errno) : "ok", rc ? 0 : v, len);
        for (unsigned k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
            rc = set(fd, SOL_IPV6, o, values[k]);
            printf(" %d %s", values[k], rc ? strerrorname_np(errno) : "ok");
            if (!rc)
                printf(" then %d", get(fd, SOL_IPV6, o));
        }
        char byte = 1;
        rc = setsockopt(fd, SOL_IPV6, o, &byte, 1);
        printf(" short %s\n", rc ? strerrorname_np(errno) : "ok");
        close(fd);
    }
}

static void options(void)
{
    struct ipv6_mreq m = {.ipv6mr_interface = LO};
    int fd = open6(SOCK_STREAM), four = socket(AF_INET, SOCK_STREAM, 0);

    SECTION("options");
    option_values(SOCK_STREAM, 0, "tcp");
    option_values(SOCK_DGRAM, 0, "udp");
    option_values(SOCK_RAW, IPPROTO_ICMPV6, "icmp");
    T(set(four, SOL_IPV6, IPV6_V6ONLY, 1));
    T(get(four, SOL_IPV6, IPV6_V6ONLY));
    T(set(fd, SOL_IP, IP_TOS, 8));
    T(get(fd, SOL_IP, IP_TOS));
    inet_pton(AF_INET6, "ff02::77", &m.ipv6mr_multiaddr);
    T(setsockopt(fd, SOL_IPV6, IPV6_JOIN_GROUP, &m, sizeof(m)));
    close(fd);
    close(four);
}

/* IPV6_ADDRFORM makes an IPv4 socket of one that is connected by IPv4. */
static void addrform(void)
{
    int l = open6(SOCK_STREAM), a, b;

    SECTION("addrform");
    bind6(l, "::", 0, 0);
    listen(l, 5);
    a = open6(SOCK_STREAM);
    T(get(a, SOL_IPV6, IPV6_ADDRFORM));
    T(set(a, SOL_IPV6, IPV6_ADDRFORM, AF_INET));
    connect6(a, "::ffff:127.0.0.1", port6(l), 0);
    T(set(a, SOL_IPV6, IPV6_ADDRFORM, AF_INET6));
    T(set(a, SOL_IPV6, IPV6_ADDRFORM, AF_INET));
    T(get(a, SOL_SOCKET, SO_DOMAIN));
    struct sockaddr_in s;
    socklen_t len = sizeof(s);
    T(getpeername(a, (struct sockaddr *)&s, &len));
    T(s.sin_family);
    T(s.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    T(send(a, "x", 1, 0));
    close(a);
    b = open6(SOCK_STREAM);
    connect6(b, "::1", port6(l), 0);
    T(set(b, SOL_IPV6, IPV6_ADDRFORM, AF_INET));
    close(b);
    close(l);
}

/* --- control messages -------------------------------------------------- */

static void show_control(struct msghdr *m)
{
    char text[INET6_ADDRSTRLEN];

    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        printf("%s: cmsg level %d type %d length %zu", section, c->cmsg_level,
               c->cmsg_type, (size_t)c->cmsg_len - CMSG_LEN(0));
        if (c->cmsg_type == IPV6_PKTINFO && c->cmsg_level == SOL_IPV6) {
            struct in6_pktinfo *i = (struct in6_pktinfo *)CMSG_DATA(c);
            printf(" %s%%%u",
                   inet_ntop(AF_INET6, &i->ipi6_addr, text, sizeof(text)),
                   i->ipi6_ifindex);
        } else if (c->cmsg_len == CMSG_LEN(sizeof(int))) {
            printf(" %d", *(int *)CMSG_DATA(c));
        }
        puts("");
    }
}

static void receive_control(int fd)
{
    char buf[16], control[512];
    struct iovec iov = {buf, 16};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof(control)};

    long n = recvmsg(fd, &m, 0);
    T(n);
    if (n >= 0)
        show_control(&m);
}

/* One control message to (text). */
static long send_control(int fd, const char *text, uint16_t port, int type,
                         const void *data, size_t n)
{
    struct sockaddr_in6 a = addr6(text, port, 0);
    char control[128] = {0};
    struct iovec iov = {(void *)"x", 1};
    struct msghdr m = {.msg_name = &a,
                       .msg_namelen = sizeof(a),
                       .msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = CMSG_SPACE(n)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);

    c->cmsg_level = SOL_IPV6;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(n);
    memcpy(CMSG_DATA(c), data, n);
    return sendmsg(fd, &m, 0);
}

static long send_int(int fd, const char *text, uint16_t port, int type, int v)
{
    return send_control(fd, text, port, type, &v, sizeof(v));
}

static long send_pktinfo(int fd, uint16_t port, const char *src, unsigned index)
{
    struct in6_pktinfo i = {.ipi6_ifindex = index};

    inet_pton(AF_INET6, src, &i.ipi6_addr);
    return send_control(fd, "::1", port, IPV6_PKTINFO, &i, sizeof(i));
}

static void control(void)
{
    int a = open6(SOCK_DGRAM), b = open6(SOCK_DGRAM);
    uint16_t port;

    SECTION("control");
    bind6(b, "::", 0, 0);
    port = port6(b);
    T(set(b, SOL_IPV6, IPV6_RECVPKTINFO, 1));
    T(set(b, SOL_IPV6, IPV6_RECVTCLASS, 1));
    T(set(b, SOL_IPV6, IPV6_RECVHOPLIMIT, 1));
    T(set(a, SOL_IPV6, IPV6_TCLASS, 0x28));
    T(set(a, SOL_IPV6, IPV6_UNICAST_HOPS, 33));
    T(sendto6(a, "::1", port, 0, "x", 1));
    receive_control(b);
    T(sendto6(a, LINK, port, 1, "x", 1));
    receive_control(b);
    T(sendto6(a, "::ffff:127.0.0.1", port, 0, "x", 1));
    receive_control(b);
    T(set(b, SOL_IP, IP_RECVTTL, 1));
    T(set(b, SOL_IP, IP_RECVTOS, 1));
    T(set(b, SOL_IP, IP_PKTINFO, 1));
    T(sendto6(a, "::ffff:127.0.0.1", port, 0, "x", 1));
    receive_control(b);
    T(send_int(a, "::1", port, IPV6_HOPLIMIT, 7));
    receive_control(b);
    T(send_int(a, "::1", port, IPV6_HOPLIMIT, -1));
    receive_control(b);
    T(send_int(a, "::1", port, IPV6_HOPLIMIT, 256));
    T(send_int(a, "::1", port, IPV6_HOPLIMIT, -2));
    T(send_int(a, "::1", port, IPV6_TCLASS, 4));
    receive_control(b);
    T(send_int(a, "::1", port, IPV6_TCLASS, -1));
    receive_control(b);
    T(send_int(a, "::1", port, IPV6_TCLASS, 256));
    T(send_int(a, "::1", port, IPV6_DONTFRAG, 1));
    receive_control(b);
    T(send_int(a, "::1", port, IPV6_DONTFRAG, 2));
    T(send_int(a, "::1", port, 999, 1));
    T(send_control(a, "::1", port, IPV6_TCLASS, "x", 1));
    T(send_pktinfo(a, port, GLOBAL, 0));
    receive_control(b);
    T(send_pktinfo(a, port, GLOBAL, LO));
    receive_control(b);
    T(send_pktinfo(a, port, "::", LO));
    receive_control(b);
    T(send_pktinfo(a, port, "2001:db8::77", 0));
    T(send_pktinfo(a, port, "::", 99));
    close(a);
    close(b);
}

/* --- errors ------------------------------------------------------------ */

static uint16_t unused_port(int type)
{
    int fd = open6(type);

    bind6(fd, "::1", 0, 0);
    uint16_t port = port6(fd);
    close(fd);
    return port;
}

/* The next of the error queue of (fd): what is reported, by whom, of whom. */
static void show_queued(int fd)
{
    struct {
        struct sock_extended_err ee;
        struct sockaddr_in6 offender;
    } e;
    char data[64], control[256], text[INET6_ADDRSTRLEN];
    struct sockaddr_in6 to = {0};
    struct iovec v = {data, sizeof(data)};
    struct msghdr m = {&to, sizeof(to), &v, 1, control, sizeof(control), 0};
    ssize_t n = recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);

    printf("%s: queue %s flags %x", section,
           n < 0 ? strerrorname_np(errno) : "ok",
           (unsigned)m.msg_flags & ~(unsigned)MSG_TRUNC);
    for (struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&m); c;
         c = CMSG_NXTHDR(&m, c)) {
        memcpy(&e, CMSG_DATA(c), sizeof(e));
        printf(" [%d %d %zu: %s origin %d type %d code %d", c->cmsg_level,
               c->cmsg_type, (size_t)c->cmsg_len,
               strerrorname_np((int)e.ee.ee_errno), e.ee.ee_origin,
               e.ee.ee_type, e.ee.ee_code);
        printf(" by %d %s]", e.offender.sin6_family,
               inet_ntop(AF_INET6, &e.offender.sin6_addr, text, sizeof(text)));
    }
    if (n >= 0)
        printf(" to %d %s", to.sin6_family,
               inet_ntop(AF_INET6, &to.sin6_addr, text, sizeof(text)));
    putchar('\n');
}

/* Errors of IPv6, of IPv4 on the same socket, and what is too long to go. */
static void error_queue(void)
{
    static char big[65500];
    int a = open6(SOCK_DGRAM);
    uint16_t port = unused_port(SOCK_DGRAM);

    SECTION("error queue");
    T(set(a, SOL_IPV6, IPV6_V6ONLY, 0));
    T(sendto6(a, "::1", port, 0, "none", 4));
    usleep(20000);
    show_queued(a);
    T(set(a, SOL_IPV6, IPV6_RECVERR, 1));
    for (int i = 0; i < 2; i++)
        T(sendto6(a, "::1", port, 0, "six", 3));
    usleep(20000);
    show_queued(a);
    T(get(a, SOL_SOCKET, SO_ERROR));
    show_queued(a);
    show_queued(a);
    T(sendto6(a, "::ffff:127.0.0.1", port, 0, "four", 4));
    usleep(20000);
    show_queued(a);
    T(set(a, SOL_IP, IP_RECVERR, 1));
    T(sendto6(a, "::ffff:127.0.0.1", port, 0, "four", 4));
    usleep(20000);
    show_queued(a);
    T(set(a, SOL_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO));
    T(sendto6(a, "::1", port, 0, big, sizeof(big)));
    show_queued(a);
    close(a);
}

static void errors(void)
{
    static char big[66000];
    char buf[8];
    int a = open6(SOCK_DGRAM), b;
    uint16_t port = unused_port(SOCK_DGRAM);
    struct pollfd p;

    SECTION("errors");
    T(connect6(a, "::1", port, 0));
    T(send(a, "x", 1, 0));
    usleep(20000);
    p = (struct pollfd){a, POLLIN | POLLOUT, 0};
    T(poll(&p, 1, 1000));
    T(p.revents);
    T(recv(a, buf, 8, 0));
    T(recv(a, buf, 8, MSG_DONTWAIT));
    close(a);
    a = open6(SOCK_DGRAM);
    T(sendto6(a, "::1", port, 0, "x", 1));
    usleep(20000);
    T(get(a, SOL_SOCKET, SO_ERROR));
    T(set(a, SOL_IPV6, IPV6_RECVERR, 1));
    T(recvmsg(a, &(struct msghdr){0}, MSG_ERRQUEUE));
    T(sendto6(a, "::1", port, 0, "x", 1));
    usleep(20000);
    p = (struct pollfd){a, POLLIN | POLLOUT, 0};
    T(poll(&p, 1, 1000));
    T(p.revents);
    T(get(a, SOL_SOCKET, SO_ERROR));
    close(a);
    a = open6(SOCK_STREAM);
    T(connect6(a, "::1", unused_port(SOCK_STREAM), 0));
    T(connect6(a, "::ffff:127.0.0.1", unused_port(SOCK_STREAM), 0));
    close(a);
    a = open6(SOCK_DGRAM), b = open6(SOCK_DGRAM);
    bind6(b, "::", 0, 0);
    T(sendto6(a, "::1", port6(b), 0, big, 65487));
    T(recv(b, big, sizeof(big), 0));
    T(sendto6(a, "::1", port6(b), 0, big, 65528));
    T(sendto6(a, "::1", port6(b), 0, big, 66000));
    T(sendto6(a, "::ffff:127.0.0.1", port6(b), 0, big, 65507));
    T(recv(b, big, sizeof(big), 0));
    T(sendto6(a, "::ffff:127.0.0.1", port6(b), 0, big, 65508));
    T(sendto6(a, "::1", 0, 0, "x", 1));
    T(send(a, "x", 1, 0));
    close(a);
    close(b);
    a = socket(AF_INET6, SOCK_STREAM, IPPROTO_UDP);
    T(a);
    T(socket(AF_INET6, SOCK_SEQPACKET, 0));
    T(socket(AF_INET6, SOCK_STREAM, 132));
}

/* --- multicast --------------------------------------------------------- */

static int group(int fd, int name, const char *text, unsigned index)
{
    struct ipv6_mreq m = {.ipv6mr_interface = index};

    inet_pton(AF_INET6, text, &m.ipv6mr_multiaddr);
    return setsockopt(fd, SOL_IPV6, name, &m, sizeof(m));
}

static void multicast(void)
{
    int a = open6(SOCK_DGRAM), b = open6(SOCK_DGRAM);

    SECTION("multicast");
    bind6(b, "::", 0, 0);
    T(group(b, IPV6_JOIN_GROUP, "ff02::4:77", LO));
    T(group(b, IPV6_JOIN_GROUP, "ff02::4:77", LO));
    T(group(b, IPV6_JOIN_GROUP, "ff05::4:78", LO));
    T(group(b, IPV6_JOIN_GROUP, "ff02::4:79", 99));
    T(group(b, IPV6_JOIN_GROUP, "2001:db8::1", LO));
    T(group(b, IPV6_LEAVE_GROUP, "ff02::4:79", LO));
    T(set(a, SOL_IPV6, IPV6_MULTICAST_IF, LO));
    T(group(b, IPV6_LEAVE_GROUP, "ff02::4:77", LO));
    T(group(b, IPV6_LEAVE_GROUP, "ff02::4:77", LO));
    T(set(a, SOL_IPV6, IPV6_MULTICAST_IF, 99));
    close(a);
    close(b);
}

/* --- ICMPv6 ------------------------------------------------------------ */

static void icmp(void)
{
    int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
    struct icmp6_hdr h = {.icmp6_type = ICMP6_ECHO_REQUEST};
    struct icmp6_filter f;
    struct timeval t = {2, 0};
    struct sockaddr_in6 from;
    socklen_t len = sizeof(from);
    char buf[256], text[INET6_ADDRSTRLEN];

    SECTION("icmp");
    T(fd >= 0);
    T(socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6));
    T(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    ICMP6_FILTER_SETBLOCKALL(&f);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &f);
    T(setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f, sizeof(f)));
    len = sizeof(f);
    memset(&f, 0, sizeof(f));
    T(getsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f, &len));
    T(len);
    T(ICMP6_FILTER_WILLPASS(ICMP6_ECHO_REPLY, &f));
    T(ICMP6_FILTER_WILLPASS(ICMP6_ECHO_REQUEST, &f));
    h.icmp6_id = htons(77), h.icmp6_seq = htons(1);
    T(sendto6(fd, "::1", 0, 0, &h, sizeof(h)));
    T(recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from,
               (len = sizeof(from), &len)));
    struct icmp6_hdr *r = (struct icmp6_hdr *)buf;
    T(r->icmp6_type);
    T(ntohs(r->icmp6_id));
    T(len);
    printf("%s: from %s port %u\n", section,
           inet_ntop(AF_INET6, &from.sin6_addr, text, sizeof(text)),
           from.sin6_port);
    T(recv(fd, buf, sizeof(buf), MSG_DONTWAIT));
    T(sendto6(fd, LINK, 0, 1, &h, sizeof(h)));
    T(recv(fd, buf, sizeof(buf), 0));
    T(set(fd, SOL_IPV6, IPV6_CHECKSUM, 2));
    T(connect6(fd, "::1", 0, 0));
    T(send(fd, &h, sizeof(h), 0));
    T(recv(fd, buf, sizeof(buf), 0));
    puts(name6(fd, false));
    puts(name6(fd, true));
    close(fd);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    more_addresses();
    names();
    scopes();
    dual();
    options();
    addrform();
    control();
    errors();
    error_queue();
    multicast();
    icmp();
    no_more_addresses();
    return 0;
}
