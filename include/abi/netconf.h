/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * netconf.h - how process 1 asks the kernel for addresses.
 *
 * SIOCUNIBEAMDHCP: IPv4, from the DHCP client.
 * An ioctl on an AF_INET datagram socket.  struct ifreq names the interface
 * (ifr_name); ifr_data points to a struct netconf_dhcp.  The first call starts
 * the client, later ones report on it; each waits up to timeout_ms for a
 * lease.  Once started the client goes on by itself: it keeps asking until it
 * has a lease and renews it afterwards.
 *
 * Returns 0 with everything after timeout_ms filled in (zero or empty where
 * the server said nothing; strings end in NUL), -ETIMEDOUT when there is no
 * lease yet (with timeout_ms 0: at once), -ENODEV when there is no such
 * interface.
 *
 * SIOCUNIBEAMIP6: IPv6, likewise with a struct netconf_ip6. (mode) says where
 * addresses come from; NETCONF_IP6_KEEP only asks. Waits up to timeout_ms for
 * an address of global scope (NETCONF_IP6_NONE: not at all) and fills in the
 * rest; returns 0, -ETIMEDOUT when there is no such address yet (what else is
 * known is filled in all the same), or -ENODEV. Static addresses and gateways
 * are set with the ioctls of netdevice(7) and ipv6(7).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SIOCUNIBEAMDHCP 0x89F0 /* SIOCDEVPRIVATE */
#define NETCONF_DNS_MAX 4

struct netconf_dhcp {
    uint32_t timeout_ms; /* in */
    uint32_t addr;       /* this and all addresses: network byte order */
    uint32_t netmask;
    uint32_t gateway;
    uint32_t dns[NETCONF_DNS_MAX];
    uint32_t ndns;
    uint32_t lease_seconds;
    char hostname[64];
    char domain[64];
};
_Static_assert(offsetof(struct netconf_dhcp, addr) == 4, "abi");
_Static_assert(offsetof(struct netconf_dhcp, dns) == 16, "abi");
_Static_assert(offsetof(struct netconf_dhcp, ndns) == 32, "abi");
_Static_assert(offsetof(struct netconf_dhcp, hostname) == 40, "abi");
_Static_assert(offsetof(struct netconf_dhcp, domain) == 104, "abi");
_Static_assert(sizeof(struct netconf_dhcp) == 168, "abi");

#define SIOCUNIBEAMIP6   0x89F1
#define NETCONF_DNS6_MAX 4

enum netconf_ip6_mode {
    NETCONF_IP6_KEEP,
    NETCONF_IP6_NONE,   /* no IPv6 on this interface */
    NETCONF_IP6_AUTO,   /* what routers advertise, DHCPv6 if they say so */
    NETCONF_IP6_DHCP,   /* DHCPv6 whatever they say */
    NETCONF_IP6_STATIC, /* routes from routers, addresses are set */
};

struct netconf_ip6 {
    uint32_t timeout_ms; /* in */
    uint32_t mode;       /* in, enum netconf_ip6_mode */
    uint8_t addr[16];    /* one of global scope, or zero */
    uint8_t dns[NETCONF_DNS6_MAX][16];
    uint32_t ndns;
    char search[256]; /* domains, separated by blanks */
};
_Static_assert(offsetof(struct netconf_ip6, dns) == 24, "abi");
_Static_assert(offsetof(struct netconf_ip6, search) == 92, "abi");
_Static_assert(sizeof(struct netconf_ip6) == 348, "abi");
