/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* net.h - interfaces, addresses and the files that name hosts. */
#pragma once

#include "abi/netconf.h"
#include "conf.h"

#define NET_IF "eth0"

/* All return 0 or -1 with the reason in (e). */
int net_loopback(struct err *e);
int net_static(const struct ipconf *ip, struct err *e);

/* Whether there is a network interface besides loopback. */
int net_present(void);

/* Starts or asks the kernel's DHCP client, waits up to (timeout_ms).  0, or a
 * negative errno as include/abi/netconf.h says. */
int net_dhcp(unsigned timeout_ms, struct netconf_dhcp *lease);

/* Says where IPv6 addresses come from, and waits up to (timeout_ms) for one.
 * NETCONF_IP6_KEEP only asks.  0, or a negative errno as above; (six) tells
 * what is known in any case. */
int net_ip6(enum netconf_ip6_mode mode, unsigned timeout_ms,
            struct netconf_ip6 *six);
int net_static6(const struct ip6conf *ip, struct err *e);

/* "192.0.2.1" and "2001:db8::1", in (p). */
char *net_addr_text(struct pool *p, uint32_t addr);
char *net_addr6_text(struct pool *p, const uint8_t addr[16]);
int net_addr6_any(const uint8_t addr[16]);

/* What the two files below are made from. */
struct net_names {
    const char *hostname;
    const char *domain; /* may be empty */
    uint32_t addr;      /* 0: no address yet */
    const uint32_t *dns;
    unsigned ndns;
    struct netconf_ip6 six;
};

/* Content of /etc/hosts. */
char *net_hosts(struct pool *p, const struct net_names *n);

/* Content of /etc/resolv.conf. */
char *net_resolv(struct pool *p, const struct net_names *n);
