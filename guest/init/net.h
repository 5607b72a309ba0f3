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

/* "192.0.2.1", in (p). */
char *net_addr_text(struct pool *p, uint32_t addr);

/* Content of /etc/hosts; (addr) 0: no address yet, (domain) may be empty. */
char *net_hosts(struct pool *p, const char *hostname, const char *domain,
                uint32_t addr);

/* Content of /etc/resolv.conf. */
char *net_resolv(struct pool *p, const char *domain, const uint32_t *dns,
                 unsigned ndns);
