/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sock_inet.h - sockets of AF_INET and AF_INET6.
 *
 * Their state belongs to net_lock, under which lwIP's callbacks run. poll and
 * the first look of a receive read single fields without it: what they read
 * was true at a moment during the call, and whoever makes it true later wakes.
 *
 * AF_INET6 sockets also speak IPv4, unless IPV6_V6ONLY: a mapped address
 * ::ffff:a.b.c.d becomes a plain IPv4 one at the border (inet_addr_in/out).
 */
#pragma once

#include "net/net_priv.h"
#include "net/socket.h"

/* n net_lock; a as in struct socket */
struct inet_sock {
    struct socket s;
    struct port *port;                /* n it is bound to, inet_port.h */
    struct list port_link;            /* n */
    bool addr_fixed, port_fixed;      /* n bind() chose them */
    ip_addr_t local, remote;          /* n as getsockname tells */
    uint16_t local_port, remote_port; /* n host order; 0 = none */
    uint8_t tos, tclass;              /* a */
    int16_t ttl, hops;                /* a -1 = default */
    bool v6only;                      /* a */
    bool recvtos, recvttl, recvtclass, recvhops, pktinfo, pktinfo6; /* a */
    bool recverr, recverr6, freebind, transparent, hdrincl;         /* a */
    uint8_t mtu_discover, minttl;                                   /* a */
    uint8_t mcast_ttl, mcast_hops;                                  /* a */
    bool recvorigdst, nodefrag, no_port;                            /* a */
    bool mcast_loop, mcast_all;                                     /* a */
    /* SOL_IPV6's; the first line is asked for but never told: lwIP does not
     * keep extension headers */
    bool recvrthdr, recvhopopts, recvdstopts, recvpathmtu; /* a */
    bool dontfrag, autoflowlabel, mcast_all6, origdst6;    /* a */
    uint8_t minhops;                                       /* a */
    uint16_t addr_prefs, frag_mtu;                         /* a */
    uint8_t unicast_if; /* a interface index or 0 */
    uint8_t mcast_if;   /* a interface index or 0 */
    struct list groups; /* n multicast memberships */
};
static inline struct inet_sock *inet_sk(struct socket *s)
{
    return (struct inet_sock *)s;
}
#define INET_TTL_DEFAULT 64

/* sock_inet.c */
void inet_init(struct inet_sock *i, const struct sock_ops *ops, int family,
               int type, int protocol);
/* Parse a program's address. 0, -EINVAL, -EAFNOSUPPORT; -ENETUNREACH: of IPv4,
 * which the socket does not speak. */
int inet_addr_in(const struct inet_sock *i, const void *addr, unsigned len,
                 ip_addr_t *ip, uint16_t *port);
/* ... to bind to, with its scope: also -EINVAL, -ENODEV. */
int inet_bind_addr_in(const struct inet_sock *i, const void *addr, unsigned len,
                      ip_addr_t *ip, uint16_t *port);
/* Give a destination of a link the link's scope, if the program did not. What
 * is missing is an error to connect() only (strict). -EINVAL, -ENETUNREACH. */
int inet_scope(const struct inet_sock *i, ip_addr_t *ip, bool strict);
/* Write it; returns the length. */
int inet_addr_out(const struct inet_sock *i, const ip_addr_t *ip, uint16_t port,
                  void *out);
/* May a socket of ours have this local address? 0 or -EADDRNOTAVAIL. */
int inet_check_local(const struct inet_sock *i, const ip_addr_t *ip);
/* An address to bind to "any": of both families where that applies. */
void inet_any_addr(const struct inet_sock *i, ip_addr_t *ip);
/* Where "any" as a destination leads: this machine. */
void inet_fix_dest(ip_addr_t *ip);
int inet_getname(struct socket *s, void *addr, bool peer);
static inline uint8_t inet_ttl(const struct inet_sock *i, const ip_addr_t *dst)
{
    int v = IP_IS_V6(dst) ? i->hops : i->ttl;
    return v < 0 ? INET_TTL_DEFAULT : (uint8_t)v;
}
static inline uint8_t inet_tos(const struct inet_sock *i, const ip_addr_t *dst)
{
    return IP_IS_V6(dst) ? i->tclass : i->tos;
}

/* sock_inet_option.c: levels SOL_IP and SOL_IPV6; others -ENOPROTOOPT (set),
 * -EOPNOTSUPP (get). */
int inet_setsockopt(struct socket *s, int level, int name, const void *val,
                    unsigned len);
int inet_getsockopt(struct socket *s, int level, int name, void *val,
                    unsigned *len);
void inet_leave_groups(struct inet_sock *i); /* at close; takes net_lock */
/* Does it want what (from) sends to a group, coming in on (ifindex)? net_lock
 * held. */
bool inet_wants_group(struct inet_sock *i, const ip_addr_t *group,
                      const ip_addr_t *from, unsigned ifindex);
int inet_membership6(struct inet_sock *i, const void *val, unsigned len,
                     bool add);
int inet_path_mtu(struct inet_sock *i, int *mtu); /* takes net_lock */

/* sock_inet6_option.c */
int inet6_setsockopt(struct inet_sock *i, int name, const void *val,
                     unsigned len);
int inet6_getsockopt(struct inet_sock *i, int name, void *val, unsigned *len);

int tcp_create(int family, struct socket **out);
int udp_create(int family, struct socket **out);
int raw_create(int family, int protocol, struct socket **out);

/* From lwip_input.c, net_lock held: a packet from local to remote came back
 * with an ICMP error. */
void sock_udp_unreachable(const ip_addr_t *local, uint16_t local_port,
                          const ip_addr_t *remote, uint16_t remote_port,
                          int err);
struct flow;
void sock_tcp_unreachable(const struct flow *f, uint32_t seq, int err);
