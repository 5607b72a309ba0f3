/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * netconf.h - how process 1 asks the kernel's DHCP client for an address.
 *
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
