/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sock_udp.h - UDP and raw IP sockets.
 */
#pragma once

#include "net/sock_inet.h"

#include "lwip/raw.h"
#include "lwip/udp.h"

struct dgram {
    struct list link;
    struct pbuf *p;
    ip_addr_t from, to;
    uint16_t port;
    uint8_t ttl, tos, ifindex;
    nsec_t when; /* realtime, if the socket asked for time stamps */
};

/* Where a message goes, and how. */
struct dgram_route {
    ip_addr_t dst, src; /* src "any": chosen by interface */
    uint16_t port;
    uint8_t ttl, tos;
    bool dontfrag;
    unsigned ifindex;
};

/* n net_lock */
struct dgram_sock {
    struct inet_sock i;
    struct udp_pcb *udp;      /* n NULL for raw sockets */
    struct raw_pcb *raw;      /* n */
    struct list queue;        /* n */
    size_t queued;            /* n bytes with bookkeeping */
    unsigned nr_queued;       /* n */
    uint32_t icmp_filter;     /* a */
    uint32_t icmp6_filter[8]; /* a a bit for each type that is not wanted */
    struct list errors;       /* n udp_error.c */
    unsigned nr_errors;       /* n */
    bool cork;           /* n UDP_CORK: the parts of a datagram are gathered */
    struct pbuf *corked; /* n those that have come, */
    struct dgram_route corked_route; /* n ... and where they go */
};
static inline struct dgram_sock *dgram_sk(struct socket *s)
{
    return (struct dgram_sock *)s;
}

/* sock_udp.c */
int udp_bind_locked(struct dgram_sock *d, const ip_addr_t *ip, uint16_t port);

/* udp_data.c */
ssize_t dgram_recvmsg(struct socket *s, struct sock_msg *m, unsigned flags);
ssize_t dgram_sendmsg(struct socket *s, struct sock_msg *m, unsigned flags);
void dgram_on_udp(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                  const ip_addr_t *from, u16_t port);
u8_t dgram_on_raw(void *arg, struct raw_pcb *pcb, struct pbuf *p,
                  const ip_addr_t *from);
void dgram_free(struct dgram *g);
int dgram_uncork(struct dgram_sock *d); /* send them; net_lock held */
/* udp_error.c, all but the last with net_lock held */
struct icmp_error {
    ip_addr_t from;
    uint8_t type, code;
    int err;
    uint32_t mtu; /* ICMPv6, packet too big */
};
/* Whether it asked for the errors of datagrams to (to). */
bool dgram_wants_errors(const struct inet_sock *i, const ip_addr_t *to);
/* A datagram of ours came back: (quoted) begins at its UDP header. */
void dgram_note_icmp(const struct flow *f, const struct icmp_error *icmp,
                     const uint8_t *quoted, unsigned len);
/* It was not sent, being too long. */
void dgram_note_too_big(struct dgram_sock *d, const struct dgram_route *r,
                        unsigned mtu);
void dgram_drop_errors(struct dgram_sock *d);
ssize_t dgram_recv_error(struct dgram_sock *d, struct sock_msg *m);
/* The interface and source address for a route; NULL: unreachable. net_lock
 * held. */
struct netif *dgram_netif(struct dgram_sock *d, struct dgram_route *r,
                          const ip_addr_t **src);
