/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net6_show.h - net_show.h for IPv6: addresses, and loopback with more of them
 * than ::1, so that a program needs no other interface.
 */
#pragma once

#include <fcntl.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net_show.h"

#define LO 1 /* loopback's index */

static inline int set(int fd, int level, int name, int v)
{
    return setsockopt(fd, level, name, &v, sizeof(v));
}

static inline int get(int fd, int level, int name)
{
    int v = 0;
    socklen_t len = sizeof(v);

    return getsockopt(fd, level, name, &v, &len) ? -1 : v;
}

/* (port) in network byte order, as everywhere in these programs. */
static inline struct sockaddr_in6 addr6(const char *text, uint16_t port,
                                        uint32_t scope)
{
    struct sockaddr_in6 a = {
        .sin6_family = AF_INET6, .sin6_port = port, .sin6_scope_id = scope};

    if (inet_pton(AF_INET6, text, &a.sin6_addr) != 1)
        abort();
    return a;
}

static inline int bind6(int fd, const char *text, uint16_t port, uint32_t scope)
{
    struct sockaddr_in6 a = addr6(text, port, scope);

    return bind(fd, (struct sockaddr *)&a, sizeof(a));
}

static inline int connect6(int fd, const char *text, uint16_t port,
                           uint32_t scope)
{
    struct sockaddr_in6 a = addr6(text, port, scope);

    return connect(fd, (struct sockaddr *)&a, sizeof(a));
}

static inline long sendto6(int fd, const char *text, uint16_t port,
                           uint32_t scope, const void *data, size_t n)
{
    struct sockaddr_in6 a = addr6(text, port, scope);

    return sendto(fd, data, n, 0, (struct sockaddr *)&a, sizeof(a));
}

static inline uint16_t port6(int fd)
{
    struct sockaddr_in6 a = {0};
    socklen_t len = sizeof(a);

    getsockname(fd, (struct sockaddr *)&a, &len);
    return a.sin6_port;
}

/* "address%scope", of either end; the port is chance. */
static inline const char *name6(int fd, bool peer)
{
    static char text[80];
    char buf[INET6_ADDRSTRLEN];
    struct sockaddr_in6 a = {0};
    socklen_t len = sizeof(a);

    if (peer ? getpeername(fd, (struct sockaddr *)&a, &len)
             : getsockname(fd, (struct sockaddr *)&a, &len))
        return strerrorname_np(errno);
    snprintf(text, sizeof(text), "family %d length %u %s%%%u", a.sin6_family,
             len, inet_ntop(AF_INET6, &a.sin6_addr, buf, sizeof(buf)),
             a.sin6_scope_id);
    return text;
}

/* SIOCSIFADDR or SIOCDIFADDR on loopback. */
static inline int lo_addr(unsigned long cmd, const char *text, unsigned prefix)
{
    struct in6_ifreq r = {.ifr6_prefixlen = prefix, .ifr6_ifindex = LO};
    int fd = socket(AF_INET6, SOCK_DGRAM, 0), rc;

    if (inet_pton(AF_INET6, text, &r.ifr6_addr) != 1)
        abort();
    rc = ioctl(fd, cmd, &r);
    int e = errno;
    close(fd);
    errno = e;
    return rc;
}

/* Linux looks for duplicates even there, for a moment. */
static inline void await_address(const char *text, uint32_t scope)
{
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);

    for (int n = 0; n < 300 && bind6(fd, text, 0, scope); n++)
        usleep(10000);
    close(fd);
}

/* What the sections below use, beside ::1. */
#define GLOBAL "2001:db8:1::1"
#define LINK   "fe80::1234"

static inline void more_addresses(void)
{
    lo_addr(SIOCSIFADDR, GLOBAL, 64);
    lo_addr(SIOCSIFADDR, LINK, 64);
    await_address(GLOBAL, 0);
    await_address(LINK, LO);
}

static inline void no_more_addresses(void)
{
    lo_addr(SIOCDIFADDR, GLOBAL, 64);
    lo_addr(SIOCDIFADDR, LINK, 64);
}
