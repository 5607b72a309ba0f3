/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net_option_test.c - every option of every kind of socket: the value at first,
 * what four values do, and what too short a buffer does. Prints a line per
 * option, the same on Linux and here; exit status 0.
 *
 * Left out are sizes that Linux adapts (SO_SNDBUF, SO_RCVBUF of TCP, the
 * segment size of a connection over loopback), its choice of congestion
 * control, and what this kernel refuses with ENOPROTOOPT: options of packet
 * filters, of pacing, of busy polling, of time stamps by hardware,
 * TCP_FASTOPEN, TCP_REPAIR and the like, which nothing in an Erlang release
 * asks for.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net_show.h"

static const struct options {
    const char *name;
    int level, option[32];
} all[] = {
    {"SOL_SOCKET",
     SOL_SOCKET,
     {SO_DEBUG,
      SO_REUSEADDR,
      SO_TYPE,
      SO_ERROR,
      SO_DONTROUTE,
      SO_BROADCAST,
      SO_KEEPALIVE,
      SO_OOBINLINE,
      SO_NO_CHECK,
      SO_PRIORITY,
      SO_LINGER,
      SO_BSDCOMPAT,
      SO_REUSEPORT,
      SO_PASSCRED,
      SO_SNDLOWAT,
      SO_RCVTIMEO,
      SO_SNDTIMEO,
      SO_TIMESTAMP,
      SO_ACCEPTCONN,
      SO_TIMESTAMPNS,
      SO_MARK,
      SO_PROTOCOL,
      SO_DOMAIN,
      62 /* SO_BINDTOIFINDEX */,
      63 /* SO_TIMESTAMP_NEW */,
      66 /* SO_RCVTIMEO_NEW */}},
    {"SOL_IP",
     SOL_IP,
     {IP_TOS,
      IP_TTL,
      IP_HDRINCL,
      IP_PKTINFO,
      IP_MTU_DISCOVER,
      IP_RECVERR,
      IP_RECVTTL,
      IP_RECVTOS,
      IP_FREEBIND,
      IP_TRANSPARENT,
      IP_RECVORIGDSTADDR,
      IP_MINTTL,
      IP_NODEFRAG,
      IP_BIND_ADDRESS_NO_PORT,
      IP_MULTICAST_TTL,
      IP_MULTICAST_LOOP,
      IP_MULTICAST_IF,
      IP_ADD_MEMBERSHIP,
      IP_DROP_MEMBERSHIP,
      IP_UNBLOCK_SOURCE,
      IP_BLOCK_SOURCE,
      IP_ADD_SOURCE_MEMBERSHIP,
      IP_DROP_SOURCE_MEMBERSHIP}},
    {"SOL_TCP",
     SOL_TCP,
     {TCP_NODELAY, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT,
      TCP_SYNCNT, TCP_LINGER2, TCP_DEFER_ACCEPT, TCP_QUICKACK,
      TCP_USER_TIMEOUT}},
    {"SOL_UDP", SOL_UDP, {UDP_CORK}},
    {"no level", 777, {1, 2}},
};

static char line[600];
static size_t used;

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    used += (size_t)vsnprintf(line + used, sizeof(line) - used, format, ap);
    va_end(ap);
}

static void add_value(int fd, int level, int name, socklen_t room)
{
    int v[4] = {0};
    socklen_t len = room;

    if (getsockopt(fd, level, name, v, &len))
        add(" %s", strerrorname_np(errno));
    else
        add(" %d/%u", v[0], len);
}

static void add_set(int fd, int level, int name, int v, socklen_t len)
{
    int rc = setsockopt(fd, level, name, &v, len);

    add(rc ? ", %d: %s" : ", %d:", v, rc ? strerrorname_np(errno) : "");
}

static void show_option(int fd, const struct options *o, int name)
{
    static const int values[] = {1, 0, -1, 300};

    used = 0;
    add_value(fd, o->level, name, sizeof(int));
    add_value(fd, o->level, name, 16);
    for (unsigned i = 0; i < 4; i++) {
        add_set(fd, o->level, name, values[i], sizeof(int));
        add_value(fd, o->level, name, sizeof(int));
    }
    add_set(fd, o->level, name, 1, 1);
    add_set(fd, o->level, name, 1, 0);
    add_value(fd, o->level, name, 1);
    printf("%s: %s %d:%s\n", section, o->name, name, line);
}

/* --- kinds of sockets -------------------------------------------------- */

static int others[2]; /* descriptors that a kind needs besides */

static int tcp(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int listener(void)
{
    struct sockaddr_in a = local(0);
    int fd = tcp();

    bind(fd, (struct sockaddr *)&a, sizeof(a));
    listen(fd, 5);
    return fd;
}

static int connected(void)
{
    int fd = tcp();

    others[0] = listener();
    connect_to(fd, port_of(others[0]));
    others[1] = accept(others[0], NULL, NULL);
    return fd;
}

static int accepted(void)
{
    int fd = connected(), other = others[1];

    others[1] = fd;
    return other;
}

static int udp(void)
{
    return socket(AF_INET, SOCK_DGRAM, 0);
}

static int raw(void)
{
    return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int unix_stream(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int unix_dgram(void)
{
    return socket(AF_UNIX, SOCK_DGRAM, 0);
}

static int unix_pair(void)
{
    int fd[2];

    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd);
    others[0] = fd[1];
    return fd[0];
}

static const struct {
    const char *name;
    int (*make)(void);
} kinds[] = {
    {"tcp", tcp},
    {"listener", listener},
    {"connected", connected},
    {"accepted", accepted},
    {"udp", udp},
    {"raw", raw},
    {"unix stream", unix_stream},
    {"unix dgram", unix_dgram},
    {"unix pair", unix_pair},
};

/* Linux gives it the TTL of the peer's first packet, which is of no use. */
static bool is_compared(int (*make)(void), const struct options *o, int name)
{
    return make != accepted || o->level != SOL_IP || name != IP_MULTICAST_TTL;
}

static void show_kind(unsigned k, const struct options *o)
{
    SECTION(kinds[k].name);
    for (unsigned i = 0; i < 32 && o->option[i]; i++) {
        int fd;
        if (!is_compared(kinds[k].make, o, o->option[i]))
            continue;
        others[0] = others[1] = -1;
        fd = kinds[k].make();
        show_option(fd, o, o->option[i]);
        close(fd);
        close(others[0]);
        close(others[1]);
    }
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
        for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
            show_kind(k, &all[i]);
    return 0;
}
