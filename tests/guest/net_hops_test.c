/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net_hops_test.c - IP_MINTTL and IPV6_MINHOPCOUNT of TCP sockets: what comes
 * from farther away does not exist.
 */
#include "show.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

/* The options of a family, and how to reach the loopback by it. */
struct family {
    int domain, level, hops, min;
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } addr;
    socklen_t len;
};

static struct family four = {
    AF_INET, SOL_IP, IP_TTL, IP_MINTTL, {.four = {.sin_family = AF_INET}}, 16};
static struct family six = {AF_INET6,
                            SOL_IPV6,
                            IPV6_UNICAST_HOPS,
                            IPV6_MINHOPCOUNT,
                            {.six = {.sin6_family = AF_INET6}},
                            28};

static int set(int s, int level, int option, int v)
{
    return setsockopt(s, level, option, &v, sizeof(v));
}

/* A listener; its address is in (f). */
static int listener(struct family *f)
{
    int l = socket(f->domain, SOCK_STREAM, 0);

    f->addr.four.sin_port = 0;
    if (f == &four)
        f->addr.four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        f->addr.six.sin6_addr = in6addr_loopback;
    NEED(!bind(l, &f->addr.any, f->len) && !listen(l, 5));
    NEED(!getsockname(l, &f->addr.any, &(socklen_t){f->len}));
    return l;
}

/* A connection attempt whose packets may pass (hops) routers. */
static int client(const struct family *f, int hops)
{
    int c = socket(f->domain, SOCK_STREAM | SOCK_NONBLOCK, 0);

    NEED(!set(c, f->level, f->hops, hops));
    NEED(!connect(c, &f->addr.any, f->len) || errno == EINPROGRESS);
    return c;
}

static int happens(int s, short what, int ms)
{
    struct pollfd p = {s, what, 0};

    return poll(&p, 1, ms) == 1 && (p.revents & what);
}

static void check(struct family *f)
{
    int l = listener(f), c, s, far;
    char b;

    R(set(l, f->level, f->min, 256));
    R(set(l, f->level, f->min, -1));
    R(set(l, f->level, f->min, 200));
    far = client(f, 100);
    V(happens(far, POLLOUT, 300));
    V(happens(l, POLLIN, 0));
    c = client(f, 200);
    V(happens(c, POLLOUT, 30000));
    V(happens(l, POLLIN, 30000));
    s = accept(l, NULL, NULL);
    NEED(s >= 0);
    /* what comes first is lost, what is sent again arrives */
    R(set(s, f->level, f->min, 220));
    R(write(c, "x", 1));
    V(happens(s, POLLIN, 100));
    R(set(c, f->level, f->hops, 230));
    V(happens(s, POLLIN, 60000));
    R(read(s, &b, 1));
    /* the others' is not asked */
    R(set(s, SOL_IP, IP_MINTTL, 255));
    if (f == &six) {
        R(write(c, "y", 1));
        V(happens(s, POLLIN, 60000));
    }
}

SECTION(ttl)
{
    check(&four);
}

SECTION(hop_limit)
{
    check(&six);
}
