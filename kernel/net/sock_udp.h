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
};
static inline struct dgram_sock *dgram_sk(struct socket *s)
{
    return (struct dgram_sock *)s;
}

/* Where a message goes, and how. */
struct dgram_route {
    ip_addr_t dst, src; /* src "any": chosen by interface */
    uint16_t port;
    uint8_t ttl, tos;
    bool dontfrag;
    unsigned ifindex;
};

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
/* The interface and source address for a route; NULL: unreachable. net_lock
 * held. */
struct netif *dgram_netif(struct dgram_sock *d, struct dgram_route *r,
                          const ip_addr_t **src);
