/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * inet_port.h - who is on which local port of TCP and UDP.
 *
 * Each port in use has a record with the sockets that are bound to it and, for
 * TCP, the connections that have it, those whose socket is gone included. So
 * binding, choosing a free port and finding whom a packet is for cost the same
 * with ten sockets and with ten thousand.
 *
 * lwIP would keep listeners and UDP sockets in lists and walk them. It sees
 * them only through port_show_*(), which give it those that the packet at hand
 * is for; what it would have chosen among several is chosen here, as Linux
 * does.
 *
 * All with net_lock held.
 */
#pragma once

#include "net/lwip_demux.h"
#include "net/sock_inet.h"

void port_init(void);

/* Bind to (ip, number); number 0: a free one is chosen. Fills in local and
 * local_port. 0, -EADDRINUSE, -ENOBUFS. */
int port_bind(struct inet_sock *i, const ip_addr_t *ip, uint16_t number);
void port_unbind(struct inet_sock *i); /* may be called twice */
static inline bool port_bound(const struct inet_sock *i)
{
    return i->port != NULL;
}
/* May a bound socket start to listen? 0 or -EADDRINUSE. */
int port_may_listen(const struct inet_sock *i);
/* A free port for a connection from (local) to there; 0: none. */
uint16_t port_for_connection(const ip_addr_t *local, const ip_addr_t *remote,
                             uint16_t remote_port);

/* A connection's part in its port, see lwip_demux.c. */
struct port_conn {
    struct list link;
    struct port *port;
    const struct tcp_pcb *pcb;
};
int port_add_conn(struct port_conn *c, const struct tcp_pcb *pcb); /* -ENOMEM */
void port_del_conn(struct port_conn *c);

/* A packet of this flow came in on (ifindex): let lwIP find who listens, or
 * whose datagram it is. NULL: any may be, all are shown. */
struct inet_sock *port_show_listener(const struct flow *f, unsigned ifindex);
void port_show_udp(const struct flow *f, unsigned ifindex);
/* The one UDP socket a datagram of this flow is for, or NULL. */
struct inet_sock *port_udp_socket(const struct flow *f, unsigned ifindex);

/* The bound sockets of TCP or UDP in turn, NULL first and last. Both take time
 * by the number of ports. */
struct inet_sock *port_next_socket(bool udp, const struct inet_sock *i);
