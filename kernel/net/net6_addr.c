/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net6_addr.c - IPv6 addresses, prefixes and routes of interfaces.
 *
 * lwIP takes a static address (one without a lifetime) to imply that its /64 is
 * on the link. Where that is so it is told; an address with another prefix gets
 * an endless lifetime instead, which implies nothing, and the hooks below give
 * its prefix's route.
 */
#include "net/net6.h"

#include <linux/if_addr.h>

#include "lib/string.h"
#include "mem/slab.h"

#include "lwip/ip.h"
#include "lwip/nd6.h"
#include "lwip/priv/nd6_priv.h"
#include "net/lwip_hooks.h"

static u8_t data_id;

/* --- an interface's data ----------------------------------------------- */

struct net6_if *net6_of(const struct netif *n)
{
    return netif_get_client_data((struct netif *)n, data_id);
}

int net6_attach(struct netif *n)
{
    struct net6_if *i = kzalloc(sizeof(*i), ALLOC_NOWAIT);

    if (!i)
        return -ENOMEM;
    if (!data_id)
        data_id = netif_alloc_client_data_id();
    i->mode = NETCONF_IP6_AUTO;
    netif_set_client_data(n, data_id, i);
    return 0;
}

static bool is_loopback(const struct netif *n)
{
    return !(n->flags & NETIF_FLAG_MLD6);
}

/* lwIP makes and ends addresses by itself: follow it. */
static void sync_slot(const struct netif *n, int k)
{
    struct net6_slot *s = &net6_of(n)->slot[k];

    if (ip6_addr_isinvalid(netif_ip6_addr_state(n, k)))
        *s = (struct net6_slot){0, NET6_FREE};
    else if (s->origin == NET6_FREE && is_loopback(n))
        *s = (struct net6_slot){128, NET6_STATIC};
    else if (s->origin == NET6_FREE)
        *s = (struct net6_slot){64, k ? NET6_AUTO : NET6_LINK};
}

struct net6_slot net6_slot(const struct netif *n, int k)
{
    sync_slot(n, k);
    return net6_of(n)->slot[k];
}

static int scope_class(const ip6_addr_t *a)
{
    return ip6_addr_isloopback(a) ? 0 : ip6_addr_islinklocal(a) ? 1 : 2;
}

int net6_listed(const struct netif *n, int order[LWIP_IPV6_NUM_ADDRESSES])
{
    int count = 0;

    for (int class = 2; class >= 0; class --)
        for (int k = LWIP_IPV6_NUM_ADDRESSES - 1; k >= 0; k--)
            if (!ip6_addr_isinvalid(netif_ip6_addr_state(n, k)) &&
                scope_class(netif_ip6_addr(n, k)) == class)
                order[count++] = k;
    return count;
}

unsigned net6_ifa_flags(const struct netif *n, int k)
{
    u8_t state = netif_ip6_addr_state(n, k);
    unsigned f = 0;

    if (ip6_addr_istentative(state))
        f |= IFA_F_TENTATIVE;
    if (ip6_addr_isduplicated(state))
        f |= IFA_F_TENTATIVE | IFA_F_DADFAILED;
    if (state == IP6_ADDR_DEPRECATED)
        f |= IFA_F_DEPRECATED;
    if (net6_slot(n, k).origin <= NET6_STATIC)
        f |= IFA_F_PERMANENT;
    return f;
}

/* --- addresses --------------------------------------------------------- */

static int find(const struct netif *n, const ip6_addr_t *a)
{
    for (int k = 0; k < LWIP_IPV6_NUM_ADDRESSES; k++)
        if (!ip6_addr_isinvalid(netif_ip6_addr_state(n, k)) &&
            ip6_addr_cmp_zoneless(a, netif_ip6_addr(n, k)))
            return k;
    return -1;
}

/* The first place is for the address that others are made from. */
static int find_free(const struct netif *n)
{
    for (int k = 1; k < LWIP_IPV6_NUM_ADDRESSES; k++)
        if (ip6_addr_isinvalid(netif_ip6_addr_state(n, k)))
            return k;
    return -1;
}

/* lwIP keeps 0 for "static", which is not what a lifetime of 0 means. */
static void set_lifetimes(struct netif *n, int k, uint32_t valid,
                          uint32_t preferred)
{
    bool implied = net6_of(n)->slot[k].origin == NET6_STATIC &&
                   net6_of(n)->slot[k].prefix == 64 && !is_loopback(n);

    netif_ip6_addr_set_valid_life(n, k, implied ? IP6_ADDR_LIFE_STATIC : valid);
    netif_ip6_addr_set_pref_life(n, k,
                                 implied ? IP6_ADDR_LIFE_STATIC : preferred);
    if (preferred && netif_ip6_addr_state(n, k) == IP6_ADDR_DEPRECATED)
        netif_ip6_addr_set_state(n, (s8_t)k, IP6_ADDR_PREFERRED);
}

/* Duplicate address detection starts now, not up to a second later. */
static void detect_now(struct netif *n)
{
    net_timer_link();
    if (netif_is_up(n) && netif_is_link_up(n) && !is_loopback(n))
        nd6_tmr();
}

int net6_add(struct netif *n, const ip6_addr_t *a, uint8_t prefix,
             enum net6_origin origin, uint32_t valid, uint32_t preferred)
{
    int k = find(n, a);

    if (k >= 0 && (net6_slot(n, k).origin != origin || origin == NET6_STATIC))
        return -EEXIST;
    if (k >= 0) {
        set_lifetimes(n, k, valid, preferred);
        return 0;
    }
    k = find_free(n);
    if (k < 0)
        return -ENOBUFS;
    ip_addr_copy_from_ip6(n->ip6_addr[k], *a);
    ip6_addr_assign_zone(ip_2_ip6(&n->ip6_addr[k]), IP6_UNICAST, n);
    net6_of(n)->slot[k] = (struct net6_slot){prefix, (uint8_t)origin};
    set_lifetimes(n, k, valid, preferred);
    nd6_clear_destination_cache();
    netif_ip6_addr_set_state(
        n, (s8_t)k, is_loopback(n) ? IP6_ADDR_PREFERRED : IP6_ADDR_TENTATIVE);
    detect_now(n);
    return 0;
}

static void drop(struct netif *n, int k)
{
    netif_ip6_addr_set_valid_life(n, k, IP6_ADDR_LIFE_STATIC);
    netif_ip6_addr_set_pref_life(n, k, IP6_ADDR_LIFE_STATIC);
    netif_ip6_addr_set_state(n, (s8_t)k, IP6_ADDR_INVALID);
    net6_of(n)->slot[k] = (struct net6_slot){0, NET6_FREE};
    nd6_clear_destination_cache();
}

int net6_remove(struct netif *n, const ip6_addr_t *a, uint8_t prefix)
{
    int k = find(n, a);

    if (k < 0 || net6_slot(n, k).prefix != prefix)
        return -EADDRNOTAVAIL;
    drop(n, k);
    return 0;
}

const ip6_addr_t *net6_global(const struct netif *n)
{
    for (int k = 0; k < LWIP_IPV6_NUM_ADDRESSES; k++)
        if (ip6_addr_isvalid(netif_ip6_addr_state(n, k)) &&
            !ip6_addr_islinklocal(netif_ip6_addr(n, k)))
            return netif_ip6_addr(n, k);
    return NULL;
}

/* --- up and down ------------------------------------------------------- */

void net6_up(struct netif *n)
{
    enum netconf_ip6_mode mode = net6_of(n)->mode;

    netif_set_ip6_autoconfig_enabled(n, mode == NETCONF_IP6_AUTO ||
                                            mode == NETCONF_IP6_DHCP);
    if (mode == NETCONF_IP6_NONE || is_loopback(n))
        return;
    if (ip6_addr_isinvalid(netif_ip6_addr_state(n, 0)))
        netif_create_ip6_linklocal_address(n, 1);
    nd6_restart_netif(n); /* solicit routers */
    detect_now(n);
    net6_dhcp_offered(n, false, false);
}

/* As Linux: only loopback keeps its addresses. */
void net6_down(struct netif *n)
{
    net6_dhcp_stop(n);
    if (is_loopback(n))
        return;
    for (int k = 0; k < LWIP_IPV6_NUM_ADDRESSES; k++)
        if (!ip6_addr_isinvalid(netif_ip6_addr_state(n, k)))
            drop(n, k);
    net6_dns_forget(NET6_DNS_RA);
    ip6_addr_set_any(&net6_of(n)->gateway);
}

void net6_set_mode(struct netif *n, enum netconf_ip6_mode mode)
{
    struct net6_if *i = net6_of(n);

    if (mode == i->mode && netif_is_up(n))
        return;
    i->mode = mode;
    if (mode == NETCONF_IP6_NONE) {
        net6_down(n);
        nd6_cleanup_netif(n);
        n->rs_count = 0;
    } else if (netif_is_up(n)) {
        net6_up(n);
    }
}

/* lwIP's clock for links stands still when they are idle, and catches up for
 * some minutes at most; what lives longer is put right here. */
static uint32_t aged(uint32_t life, uint32_t seconds)
{
    return life == UINT32_MAX ? life : life > seconds ? life - seconds : 1;
}

void net6_age(uint32_t seconds)
{
    struct netif *n;

    for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++)
        default_router_list[i].invalidation_timer =
            aged(default_router_list[i].invalidation_timer, seconds);
    for (int i = 0; i < LWIP_ND6_NUM_PREFIXES; i++)
        prefix_list[i].invalidation_timer =
            aged(prefix_list[i].invalidation_timer, seconds);
    NETIF_FOREACH(n)
    for (int k = 0; k < LWIP_IPV6_NUM_ADDRESSES; k++) {
        uint32_t valid = netif_ip6_addr_valid_life(n, k);
        uint32_t preferred = netif_ip6_addr_pref_life(n, k);
        if (ip6_addr_isinvalid(netif_ip6_addr_state(n, k)) ||
            ip6_addr_life_isstatic(valid))
            continue;
        netif_ip6_addr_set_valid_life(n, k, aged(valid, seconds));
        if (preferred)
            netif_ip6_addr_set_pref_life(n, k, aged(preferred, seconds));
    }
}

/* --- routes ------------------------------------------------------------ */

static bool same_prefix(const ip6_addr_t *a, const ip6_addr_t *b, unsigned len)
{
    for (unsigned w = 0; w < 4 && len; w++) {
        unsigned bits = MIN(len, 32u);
        uint32_t mask = lwip_htonl(~0u << (32 - bits));
        if ((a->addr[w] ^ b->addr[w]) & mask)
            return false;
        len -= bits;
    }
    return true;
}

bool net6_on_link(const struct netif *n, const ip6_addr_t *dst)
{
    for (int k = 0; k < LWIP_IPV6_NUM_ADDRESSES; k++)
        if (ip6_addr_isvalid(netif_ip6_addr_state(n, k)) &&
            net6_slot(n, k).origin == NET6_STATIC &&
            same_prefix(dst, netif_ip6_addr(n, k), net6_slot(n, k).prefix))
            return true;
    for (int i = 0; i < LWIP_ND6_NUM_PREFIXES; i++)
        if (prefix_list[i].netif == n && prefix_list[i].invalidation_timer &&
            same_prefix(dst, &prefix_list[i].prefix, 64))
            return true;
    return false;
}

bool net6_has_router(const struct netif *n)
{
    if (!ip6_addr_isany(&net6_of(n)->gateway))
        return true;
    for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
        const struct nd6_neighbor_cache_entry *e =
            default_router_list[i].neighbor_entry;
        if (e && e->netif == n)
            return true;
    }
    return false;
}

int net6_set_gateway(struct netif *n, const ip6_addr_t *gateway)
{
    ip6_addr_t *g = &net6_of(n)->gateway;

    if (!ip6_addr_isany(gateway) && !ip6_addr_isany(g))
        return -EEXIST;
    if (!ip6_addr_isany(gateway) && !ip6_addr_islinklocal(gateway) &&
        !net6_on_link(n, gateway))
        return -EHOSTUNREACH;
    *g = *gateway;
    ip6_addr_assign_zone(g, IP6_UNICAST, n);
    nd6_clear_destination_cache();
    return 0;
}

static bool usable(const struct netif *n)
{
    return netif_is_up(n) && netif_is_link_up(n);
}

static bool is_ours(const ip6_addr_t *a)
{
    struct netif *n;

    NETIF_FOREACH(n)
    if (find(n, a) >= 0)
        return true;
    return false;
}

/* The interface of a unicast address that is neither ours nor scoped. */
static struct netif *route6(const ip6_addr_t *dst)
{
    struct netif *n;

    NETIF_FOREACH(n)
    if (usable(n) && !is_loopback(n) && net6_on_link(n, dst))
        return n;
    NETIF_FOREACH(n)
    if (usable(n) && net6_has_router(n))
        return n;
    return NULL;
}

/* Asked before lwIP looks at its own tables; NULL: let it. */
struct netif *net_hook_ip6_route(const ip6_addr_t *src, const ip6_addr_t *dst)
{
    (void)src;
    if (ip6_addr_ismulticast(dst) || is_ours(dst))
        return NULL;
    return route6(dst);
}

/* The next hop of what lwIP does not take to be on the link; NULL: a router
 * that advertises itself. */
const ip6_addr_t *net_hook_nd6_get_gw(struct netif *n, const ip6_addr_t *dst)
{
    const ip6_addr_t *g = &net6_of(n)->gateway;

    if (ip6_addr_ismulticast(dst) || net6_on_link(n, dst))
        return dst;
    return ip6_addr_isany(g) ? NULL : g;
}

struct netif *net_route(const ip_addr_t *src, const ip_addr_t *dst)
{
    const ip6_addr_t *d = ip_2_ip6(dst);
    struct netif *n;

    if (!IP_IS_V6(dst))
        return ip_route(src, dst);
    if (!ip6_addr_has_scope(d, IP6_UNKNOWN) && !ip6_addr_ismulticast(d) &&
        !ip6_addr_isloopback(d) && !is_ours(d)) {
        net_timer_link(); /* lifetimes as of now */
        if (!route6(d))
            return NULL;
    }
    n = ip6_route(ip_2_ip6(src), d);
    return n && net6_of(n)->mode == NETCONF_IP6_NONE ? NULL : n;
}

static void clear_host_bits(ip6_addr_t *a, unsigned len)
{
    for (unsigned w = 0; w < 4; w++, len -= MIN(len, 32u))
        a->addr[w] &= len ? lwip_htonl(~0u << (32 - MIN(len, 32u))) : 0;
}

static void tell_prefix(const ip6_addr_t *a, uint8_t len, bool advertised,
                        void (*fn)(void *, const struct net6_route *),
                        void *arg)
{
    struct net6_route r = {.len = len, .advertised = advertised, .dst = *a};

    clear_host_bits(&r.dst, len);
    fn(arg, &r);
}

static void tell_router(const ip6_addr_t *gateway, bool advertised,
                        void (*fn)(void *, const struct net6_route *),
                        void *arg)
{
    struct net6_route r = {.gateway = *gateway, .advertised = advertised};

    fn(arg, &r);
}

void net6_for_routes(const struct netif *n,
                     void (*fn)(void *arg, const struct net6_route *r),
                     void *arg)
{
    const ip6_addr_t *gateway = &net6_of(n)->gateway;

    if (is_loopback(n) || !netif_is_up(n))
        return;
    for (int k = 0; k < LWIP_IPV6_NUM_ADDRESSES; k++) {
        struct net6_slot s = net6_slot(n, k);
        if (s.origin == NET6_STATIC || s.origin == NET6_LINK)
            tell_prefix(netif_ip6_addr(n, k), s.prefix, false, fn, arg);
    }
    for (int i = 0; i < LWIP_ND6_NUM_PREFIXES; i++)
        if (prefix_list[i].netif == n && prefix_list[i].invalidation_timer)
            tell_prefix(&prefix_list[i].prefix, 64, true, fn, arg);
    if (!ip6_addr_isany(gateway))
        tell_router(gateway, false, fn, arg);
    for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
        const struct nd6_neighbor_cache_entry *e =
            default_router_list[i].neighbor_entry;
        if (e && e->netif == n)
            tell_router(&e->next_hop_address, true, fn, arg);
    }
}

unsigned net_mtu(const ip_addr_t *dst, struct netif *n)
{
    return IP_IS_V6(dst) ? nd6_get_destination_mtu(ip_2_ip6(dst), n) : n->mtu;
}
