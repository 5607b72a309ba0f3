/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net_priv.h - what the files around lwIP (lwip_*.c) share.
 */
#pragma once

#include <stdatomic.h>

#include "lib/types.h"
#include "net/net.h"
#include "sched/time.h"

#include "lwip/err.h"
#include "lwip/ip_addr.h"
#include "lwip/netif.h"

uint32_t net_random(void);

/* --- lwip_core.c: lock, deferred work, memory -------------------------- */

enum net_due {                   /* work that waits for net_lock */
               NET_DUE_POLL = 1, /* a device has something */
               NET_DUE_TCP = 2,
               NET_DUE_SLOW = 4,
               NET_DUE_FAST = 8,
               NET_DUE_DHCP = 16,
               NET_DUE_LEASE = 32,
               NET_DUE_ACK = 64,
               NET_DUE_DHCP6 = 128, /* timers, lwip_timer.c */
};
/* Any context but hard interrupts, net_lock not held: do (bits) now or have
 * the lock's holder do it. */
void net_kick(uint32_t bits);
/* Packet memory in use and its limit; true: drop what can be dropped. */
bool net_mem_pressure(void);
uint64_t net_mem_used(void);
int net_errno(err_t err); /* lwIP's error as a negative errno */
uint64_t net_siphash(const void *data, size_t n); /* keyed at start-up */

/* --- lwip_timer.c; all with net_lock held ------------------------------ */

void net_timer_init(void);
void net_timer_run(uint32_t due);
/* Something happens on TCP: its clock must run. Cheap if it does. */
void net_timer_tcp(void);
/* tcp_ack_waiting() is wanted at (deadline). */
void net_timer_ack(nsec_t deadline);
/* A packet came or goes on a link: ages of neighbours and fragments count. */
void net_timer_link(void);
/* Multicast membership changed, DHCP started. */
void net_timer_fast(void);
void net_timer_dhcp(void);
/* net6_dhcp_tick() is wanted at (deadline), not before. */
void net_timer_dhcp6(nsec_t deadline);

/* --- lwip_netif.c ------------------------------------------------------ */

void netdev_init(void); /* loopback */
struct netif *netdev_netif(const struct netdev *d);
static inline struct netdev *netif_netdev(const struct netif *n)
{
    return n->state;
}
/* By name or index; NULL. net_lock held. */
struct netif *netif_by_name(const char *name);
struct netif *netif_by_index(unsigned ifindex);
/* Devices in order of their index: lo is 1. */
struct netif *netif_next(unsigned after_index);
bool netdev_poll_all(unsigned budget);
/* Frames wait for their device's doorbell; ring it. */
extern bool netdev_unflushed;
void netdev_flush_all(void);
bool netdev_loop_pending(void);
/* Deliver what we sent to ourselves; true: more waits. */
bool netdev_loop_run(unsigned budget);
/* IFF_UP: interface up or down, with the addresses IPv6 makes by itself. */
void netdev_set_up(struct netif *n, bool up);
unsigned netif_ifflags(const struct netif *n); /* IFF_* */
bool netif_is_loopback(const struct netif *n);
bool net_addr_is_local(const ip_addr_t *a); /* ours, loopback or any */

/* --- lwip_dhcp.c ------------------------------------------------------- */

struct netconf_dhcp;
/* SIOCUNIBEAMDHCP, see abi/netconf.h. Sleeps; net_lock not held. */
int net_dhcp(const char *ifname, struct netconf_dhcp *conf);
void net_dhcp_changed(struct netif *n); /* its address changed */
bool net_dhcp_waiting(void);            /* an answer is awaited */
bool net_dhcp_active(void);             /* started on some interface */

/* --- proc_net6.c ------------------------------------------------------- */

void net6_proc_init(void);
void net6_proc_add_device(const char *name);

/* --- proc_net.c -------------------------------------------------------- */

void net_proc_init(void);
void net_proc_add_device(struct netdev *d);
