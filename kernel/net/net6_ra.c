/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net6_ra.c - router advertisements (RFC 4861, 4.2), around lwIP's processing.
 *
 * lwIP takes routers, prefixes and the MTU from them. It never lets the MTU
 * grow again, takes a router that says it is none for one until its next tick,
 * and has no use for resolvers. So a message is read here, handed to lwIP, and
 * its tables and ours are put right afterwards.
 */
#include "net/net6.h"

#include "lib/string.h"

#include "lwip/ip6.h"
#include "lwip/nd6.h"
#include "lwip/pbuf.h"
#include "lwip/priv/nd6_priv.h"

#define RA_LEN      16
#define FLAG_M      0x80
#define FLAG_O      0x40
#define OPT_MTU     5
#define OPT_RDNSS   25
#define OPT_DNSSL   31
#define MTU_MINIMUM 1280

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

/* An MTU that is advertised replaces the last one, also upwards. */
static void take_mtu(struct netif *n, const uint8_t *opt)
{
    if (opt[0] == OPT_MTU && opt[1] == 1 && be32(opt + 4) >= MTU_MINIMUM)
        n->mtu6 = n->mtu;
}

static void take_dns(struct netif *n, const uint8_t *opt)
{
    unsigned len = opt[1] * 8u;

    if (opt[0] == OPT_RDNSS && len >= 24)
        for (unsigned at = 8; at + 16 <= len; at += 16)
            net6_dns_server(n, NET6_DNS_RA, opt + at, be32(opt + 4));
    if (opt[0] == OPT_DNSSL && len >= 16)
        net6_dns_search(NET6_DNS_RA, opt + 8, len - 8, be32(opt + 4));
}

static void for_options(struct netif *n, const uint8_t *m, unsigned len,
                        void (*fn)(struct netif *, const uint8_t *))
{
    for (unsigned at = RA_LEN; at < len; at += m[at + 1] * 8u)
        fn(n, m + at);
}

static void forget_former_routers(void)
{
    for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
        struct nd6_router_list_entry *r = &default_router_list[i];
        if (!r->neighbor_entry || r->invalidation_timer)
            continue;
        r->neighbor_entry->isrouter = 0;
        r->neighbor_entry = NULL;
        r->flags = 0;
        nd6_clear_destination_cache();
    }
}

/* An advertised prefix that a static address is in must not age it. */
static void keep_static(struct netif *n)
{
    for (int k = 0; k < LWIP_IPV6_NUM_ADDRESSES; k++)
        if (net6_slot(n, k).origin == NET6_STATIC &&
            !netif_ip6_addr_isstatic(n, k)) {
            netif_ip6_addr_set_valid_life(n, k, IP6_ADDR_LIFE_INFINITE);
            netif_ip6_addr_set_pref_life(n, k, IP6_ADDR_LIFE_INFINITE);
        }
}

/* Addresses lwIP has made just now: their detection starts at once. */
static bool has_new(const struct netif *n)
{
    for (int k = 0; k < LWIP_IPV6_NUM_ADDRESSES; k++)
        if (netif_ip6_addr_state(n, k) == IP6_ADDR_TENTATIVE)
            return true;
    return false;
}

bool net6_advertisement(struct pbuf *p, const uint8_t *m, unsigned len,
                        struct netif *n)
{
    static bool within; /* lwIP asks again when it is handed the packet */
    uint8_t flags = m[5];

    if (within)
        return false;
    if (net6_of(n)->mode == NETCONF_IP6_NONE) {
        pbuf_free(p);
        return true;
    }
    within = true;
    for_options(n, m, len, take_mtu);
    for_options(n, m, len, take_dns);
    ip6_input(p, n); /* frees it */
    within = false;
    forget_former_routers();
    keep_static(n);
    net_timer_link();
    if (has_new(n))
        nd6_tmr();
    net6_dhcp_offered(n, flags & FLAG_M, flags & FLAG_O);
    net6_conf_changed();
    return true;
}
