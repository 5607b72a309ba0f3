/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net6.h - IPv6 configuration of interfaces: what lwIP leaves out.
 *
 * lwIP has neighbour discovery, router solicitation, addresses from advertised
 * prefixes and their lifetimes. It knows prefixes of 64 bits only, no static
 * gateway, no way to say that a destination cannot be reached, no resolvers and
 * no stateful DHCPv6; those are here. Everything with net_lock held, unless
 * said otherwise.
 */
#pragma once

#include "abi/netconf.h"
#include "net/net_priv.h"

#include "lwip/ip6_addr.h"

/* Where an address comes from. */
enum net6_origin {
    NET6_FREE,
    NET6_LINK,   /* link-local, from the hardware address */
    NET6_STATIC, /* a program's */
    NET6_AUTO,   /* an advertised prefix's */
    NET6_DHCP,
};

struct net6_slot {
    uint8_t prefix; /* length */
    uint8_t origin;
};

/* An interface's data, beside lwIP's own. */
struct net6_if {
    enum netconf_ip6_mode mode;
    struct net6_slot slot[LWIP_IPV6_NUM_ADDRESSES]; /* like lwIP's addresses */
    ip6_addr_t gateway; /* a program's; "any": routers that advertise */
};

/* --- net6_addr.c -------------------------------------------------------- */

/* Make an interface's data. -ENOMEM. */
int net6_attach(struct netif *n);
struct net6_if *net6_of(const struct netif *n);
/* Address (k), as lwIP counts them: always up to date. */
struct net6_slot net6_slot(const struct netif *n, int k);
/* The addresses there are, as Linux lists them: those of wide scope first, and
 * new ones before old ones. Returns how many. */
int net6_listed(const struct netif *n, int order[LWIP_IPV6_NUM_ADDRESSES]);
unsigned net6_ifa_flags(const struct netif *n, int k); /* IFA_F_* */

/* An interface comes up or goes down: the addresses it makes by itself. */
void net6_up(struct netif *n);
void net6_down(struct netif *n);
void net6_set_mode(struct netif *n, enum netconf_ip6_mode mode);

/* Lifetimes in s, UINT32_MAX for ever. -EEXIST, -ENOBUFS: no room. An address
 * of another origin is left alone, one of the same gets the new lifetimes. */
int net6_add(struct netif *n, const ip6_addr_t *a, uint8_t prefix,
             enum net6_origin origin, uint32_t valid, uint32_t preferred);
int net6_remove(struct netif *n, const ip6_addr_t *a, uint8_t prefix);
int net6_set_gateway(struct netif *n, const ip6_addr_t *gateway);
/* (seconds) have passed of which lwIP knows nothing. */
void net6_age(uint32_t seconds);

/* The routes of an interface, those to our own addresses left out. */
struct net6_route {
    ip6_addr_t dst, gateway; /* gateway "any": on the link */
    uint8_t len;
    bool advertised;
};
void net6_for_routes(const struct netif *n,
                     void (*fn)(void *arg, const struct net6_route *r),
                     void *arg);
/* Is (dst) on the link of (n), by its prefixes? */
bool net6_on_link(const struct netif *n, const ip6_addr_t *dst);
/* Is there a router for what is not? */
bool net6_has_router(const struct netif *n);
/* The interface to (dst) from (src), which may be "any"; NULL: none leads
 * there. For IPv4 as well. */
struct netif *net_route(const ip_addr_t *src, const ip_addr_t *dst);
unsigned net_mtu(const ip_addr_t *dst, struct netif *n);
/* An address of global scope that can be used, or NULL. */
const ip6_addr_t *net6_global(const struct netif *n);

/* --- net6_ra.c ---------------------------------------------------------- */

/* A router advertisement (m) of (len) bytes in packet (p), checked by
 * net6_input.c. True: (p) has been processed or dropped. */
bool net6_advertisement(struct pbuf *p, const uint8_t *m, unsigned len,
                        struct netif *n);

/* --- net6_dns.c --------------------------------------------------------- */

enum net6_dns_source { NET6_DNS_DHCP, NET6_DNS_RA };

/* (lifetime) in s; 0 takes it back. */
void net6_dns_server(struct netif *n, enum net6_dns_source from,
                     const uint8_t addr[16], uint32_t lifetime);
/* Names in the encoding of RFC 1035, 3.1, one after the other. */
void net6_dns_search(enum net6_dns_source from, const uint8_t *names,
                     unsigned len, uint32_t lifetime);
void net6_dns_forget(enum net6_dns_source from);
void net6_dns_fill(struct netconf_ip6 *conf);

/* --- net6_dhcp.c -------------------------------------------------------- */

/* A router says what DHCPv6 has to offer; the mode may say it as well. */
void net6_dhcp_offered(struct netif *n, bool addresses, bool other);
/* An address of the interface changed its state. */
void net6_dhcp_changed(struct netif *n);
void net6_dhcp_stop(struct netif *n);
void net6_dhcp_tick(void);

/* --- net6_conf.c, ioctls; net_lock not held ------------------------------ */

long net6_ioctl_addr(unsigned cmd, unsigned long arg);
long net6_ioctl_route(unsigned cmd, unsigned long arg);
/* SIOCUNIBEAMIP6, see abi/netconf.h. Sleeps. */
int net6_configure(const char *ifname, struct netconf_ip6 *conf);
void net6_conf_changed(void); /* net_lock held: wake who waits for it */
