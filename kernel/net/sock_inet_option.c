/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sock_inet_option.c - options of level SOL_IP, and multicast groups of both
 * families. SOL_IPV6 is in sock_inet6_option.c.
 */
#include "lib/string.h"
#include "mem/slab.h"
#include "net/net6.h"
#include "net/sock_inet.h"

#include "lwip/igmp.h"
#include "lwip/ip.h"
#include "lwip/mld6.h"

#define SOURCES 10 /* Linux: igmp_max_msf */

/* One membership; lwIP counts users of a group per interface. It is for the
 * sources listed, or for all but them. Routers are not told (that needs
 * version 3 of IGMP), so the others' packets end here. */
struct inet_group {
    struct list link;
    struct netif *netif;
    ip_addr_t addr;
    bool include;
    unsigned nr_sources;
    uint32_t source[SOURCES];
};

/* --- multicast --------------------------------------------------------- */

/* Interface of a request: by index, by its address, or the default one. */
static struct netif *group_netif(unsigned ifindex, uint32_t addr)
{
    struct netif *n;

    if (ifindex)
        return netif_by_index(ifindex);
    if (addr) {
        NETIF_FOREACH(n)
        if (ip4_addr_get_u32(netif_ip4_addr(n)) == addr)
            return n;
        return NULL;
    }
    return netif_default ? netif_default : netif_by_index(1);
}

static struct inet_group *find_group(struct inet_sock *i, const ip_addr_t *addr,
                                     struct netif *n)
{
    struct inet_group *g;

    list_for_each (g, &i->groups, link)
        if (g->netif == n && ip_addr_cmp(&g->addr, addr))
            return g;
    return NULL;
}

static void leave(struct inet_group *g)
{
    if (IP_IS_V6(&g->addr))
        mld6_leavegroup_netif(g->netif, ip_2_ip6(&g->addr));
    else
        igmp_leavegroup_netif(g->netif, ip_2_ip4(&g->addr));
    list_del_init(&g->link);
}

static int join(struct inet_group *g)
{
    err_t err = IP_IS_V6(&g->addr)
                    ? mld6_joingroup_netif(g->netif, ip_2_ip6(&g->addr))
                    : igmp_joingroup_netif(g->netif, ip_2_ip4(&g->addr));

    net_timer_link();
    net_timer_fast();
    return net_errno(err);
}

static int membership(struct inet_sock *i, const ip_addr_t *addr,
                      unsigned ifindex, uint32_t ifaddr, bool add, bool include)
{
    struct inet_group *g = add ? kzalloc(sizeof(*g), 0) : NULL, *old;
    int rc;

    if (add && !g)
        return -ENOMEM;
    net_lock();
    struct netif *n = group_netif(ifindex, ifaddr);
    old = n ? find_group(i, addr, n) : NULL;
    if (!ip_addr_ismulticast(addr)) {
        rc = -EINVAL;
    } else if (!n) {
        rc = -ENODEV;
    } else if (add) {
        rc = old ? -EADDRINUSE : 0;
        if (!rc) {
            g->netif = n;
            g->addr = *addr;
            g->include = include;
            rc = join(g);
        }
        if (!rc) {
            list_add_tail(&i->groups, &g->link);
            g = NULL;
        }
    } else {
        rc = old ? 0 : -EADDRNOTAVAIL;
        if (old)
            leave(old);
        g = old;
    }
    net_unlock();
    kfree(g);
    return rc;
}

void inet_leave_groups(struct inet_sock *i)
{
    struct inet_group *g;

    if (list_empty(&i->groups))
        return;
    net_lock();
    while ((g = list_first(&i->groups, struct inet_group, link))) {
        leave(g);
        kfree(g);
    }
    net_unlock();
}

/* --- source filters (RFC 3678, 4.1) ------------------------------------ */

static int find_source(const struct inet_group *g, uint32_t source)
{
    for (unsigned k = 0; k < g->nr_sources; k++)
        if (g->source[k] == source)
            return (int)k;
    return -1;
}

bool inet_wants_group(struct inet_sock *i, const ip_addr_t *group,
                      const ip_addr_t *from, unsigned ifindex)
{
    const struct inet_group *g;

    list_for_each (g, &i->groups, link)
        if (netif_get_index(g->netif) == ifindex &&
            ip_addr_cmp_zoneless(&g->addr, group))
            return (IP_IS_V4(from) &&
                    find_source(g, ip4_addr_get_u32(ip_2_ip4(from))) >= 0) ==
                   g->include;
    return i->mcast_all;
}

static int change_source(struct inet_group *g, uint32_t source, bool include,
                         bool add)
{
    int at = find_source(g, source);

    if (g->nr_sources && g->include != include)
        return -EINVAL;
    g->include = include;
    if (add == (at >= 0))
        return -EADDRNOTAVAIL;
    if (add && g->nr_sources == SOURCES)
        return -ENOBUFS;
    if (add)
        g->source[g->nr_sources++] = source;
    else
        g->source[at] = g->source[--g->nr_sources];
    return 0;
}

/* IP_*_SOURCE*: (include) the one source of a membership, or all but it. */
static int source4(struct inet_sock *i, const void *val, unsigned len,
                   bool include, bool add)
{
    struct ip_mreq_source r;
    struct inet_group *g = NULL, *unused = NULL;
    ip_addr_t addr;
    int rc = 0;

    if (len != sizeof(r))
        return -EINVAL;
    memcpy(&r, val, sizeof(r));
    memset(&addr, 0, sizeof(addr));
    ip_addr_set_ip4_u32_val(addr, r.imr_multiaddr);
    if (!ip_addr_ismulticast(&addr))
        return -EINVAL;
    if (include && add) {
        rc = membership(i, &addr, 0, r.imr_interface, true, true);
        if (rc && rc != -EADDRINUSE)
            return rc;
    }
    net_lock();
    struct netif *n = group_netif(0, r.imr_interface);
    g = n ? find_group(i, &addr, n) : NULL;
    rc = !n ? -ENODEV : !g ? -EINVAL : 0;
    if (!rc)
        rc = change_source(g, r.imr_sourceaddr, include, add);
    if (!rc && include && !g->nr_sources) { /* the last one: left */
        leave(g);
        unused = g;
    }
    net_unlock();
    kfree(unused);
    return rc;
}

static int membership4(struct inet_sock *i, const void *val, unsigned len,
                       bool add)
{
    struct ip_mreqn r = {0};
    ip_addr_t addr;

    if (len < sizeof(struct ip_mreq))
        return -EINVAL;
    memcpy(&r, val, MIN(len, (unsigned)sizeof(r)));
    memset(&addr, 0, sizeof(addr));
    ip_addr_set_ip4_u32_val(addr, r.imr_multiaddr.s_addr);
    return membership(i, &addr, len >= sizeof(r) ? (unsigned)r.imr_ifindex : 0,
                      r.imr_address.s_addr, add, false);
}

int inet_membership6(struct inet_sock *i, const void *val, unsigned len,
                     bool add)
{
    struct ipv6_mreq r;
    ip_addr_t addr;

    if (len < sizeof(r))
        return -EINVAL;
    memcpy(&r, val, sizeof(r));
    memset(&addr, 0, sizeof(addr));
    IP_SET_TYPE(&addr, IPADDR_TYPE_V6);
    memcpy(ip_2_ip6(&addr)->addr, &r.ipv6mr_multiaddr, 16);
    if (r.ipv6mr_ifindex)
        ip6_addr_set_zone(ip_2_ip6(&addr), (u8_t)r.ipv6mr_ifindex);
    return membership(i, &addr, (unsigned)r.ipv6mr_ifindex, 0, add, false);
}

static int set_mcast_if(struct inet_sock *i, const void *val, unsigned len)
{
    struct ip_mreqn r = {0};
    int rc = 0;

    if (len >= sizeof(struct ip_mreq))
        memcpy(&r, val, MIN(len, (unsigned)sizeof(r)));
    else if (len >= sizeof(struct in_addr))
        memcpy(&r.imr_address, val, sizeof(r.imr_address));
    else
        return -EINVAL;
    net_lock();
    if (!r.imr_ifindex && !r.imr_address.s_addr) {
        i->mcast_if = 0;
    } else {
        struct netif *n =
            group_netif((unsigned)r.imr_ifindex, r.imr_address.s_addr);
        if (n)
            i->mcast_if = netif_get_index(n);
        else
            rc = -EADDRNOTAVAIL;
    }
    net_unlock();
    return rc;
}

/* --- SOL_IP ------------------------------------------------------------ */

static bool *ip_flag(struct inet_sock *i, int name)
{
    switch (name) {
    case IP_RECVTOS:
        return &i->recvtos;
    case IP_RECVTTL:
        return &i->recvttl;
    case IP_PKTINFO:
        return &i->pktinfo;
    case IP_RECVERR:
        return &i->recverr;
    case IP_FREEBIND:
        return &i->freebind;
    case IP_TRANSPARENT:
        return &i->transparent;
    case IP_MULTICAST_LOOP:
        return &i->mcast_loop;
    case IP_MULTICAST_ALL:
        return &i->mcast_all;
    case IP_RECVORIGDSTADDR:
        return &i->recvorigdst;
    case IP_BIND_ADDRESS_NO_PORT:
        return &i->no_port;
    case IP_NODEFRAG: /* that is netfilter's matter; there is none */
        return &i->nodefrag;
    case IP_HDRINCL:
        return &i->hdrincl;
    default:
        return NULL;
    }
}

/* ip(7): options of one byte's range may be set as int or as byte. */
static void int_or_byte(const void *val, unsigned len, int *v)
{
    if (len >= sizeof(int))
        memcpy(v, val, sizeof(int));
    else if (len >= 1)
        *v = *(const uint8_t *)val;
    else
        *v = 0;
}

static int set_ip_int(struct inet_sock *i, int name, int v, unsigned len)
{
    switch (name) {
    case IP_TOS:
        /* The ECN bits of a stream are TCP's own. */
        i->tos = (uint8_t)(i->s.type == SOCK_STREAM ? v & ~3 : v);
        return 0;
    case IP_TTL:
        if (v != -1 && (v < 1 || v > 255))
            return -EINVAL;
        i->ttl = (int16_t)v;
        return 0;
    case IP_MULTICAST_TTL:
        if (i->s.type == SOCK_STREAM || !len || v < -1 || v > 255)
            return -EINVAL;
        i->mcast_ttl = v == -1 ? 1 : (uint8_t)v;
        return 0;
    case IP_MTU_DISCOVER:
        if (v < IP_PMTUDISC_DONT || v > IP_PMTUDISC_OMIT)
            return -EINVAL;
        i->mtu_discover = (uint8_t)v;
        return 0;
    case IP_MINTTL:
        if (!len || v < 0 || v > 255)
            return -EINVAL;
        i->minttl = (uint8_t)v;
        return 0;
    case IP_ROUTER_ALERT:
        return i->s.type == SOCK_RAW ? -ENOPROTOOPT : -EINVAL;
    /* Options in received packets are not told of. */
    case IP_RECVOPTS:
    case IP_RETOPTS:
        return v ? -EOPNOTSUPP : 0;
    default:
        return -ENOPROTOOPT;
    }
}

static int set_ip(struct inet_sock *i, int name, const void *val, unsigned len)
{
    bool *flag = ip_flag(i, name);
    int v;

    switch (name) {
    case IP_ADD_MEMBERSHIP:
    case IP_DROP_MEMBERSHIP:
        if (i->s.type == SOCK_STREAM)
            return -EPROTO;
        return membership4(i, val, len, name == IP_ADD_MEMBERSHIP);
    case IP_ADD_SOURCE_MEMBERSHIP:
    case IP_DROP_SOURCE_MEMBERSHIP:
        return source4(i, val, len, true, name == IP_ADD_SOURCE_MEMBERSHIP);
    case IP_BLOCK_SOURCE:
    case IP_UNBLOCK_SOURCE:
        return source4(i, val, len, false, name == IP_BLOCK_SOURCE);
    case IP_MULTICAST_IF:
        return i->s.type == SOCK_STREAM ? -EINVAL : set_mcast_if(i, val, len);
    }
    int_or_byte(val, len, &v);
    if (!flag)
        return set_ip_int(i, name, v, len);
    if ((name == IP_HDRINCL || name == IP_NODEFRAG) && i->s.type != SOCK_RAW)
        return -ENOPROTOOPT;
    if (!len && (flag == &i->freebind || flag == &i->transparent ||
                 flag == &i->mcast_loop || flag == &i->mcast_all))
        return -EINVAL;
    if (flag == &i->mcast_all && (v < 0 || v > 1))
        return -EINVAL;
    *flag = v != 0;
    return 0;
}

int inet_path_mtu(struct inet_sock *i, int *mtu)
{
    int rc = 0;

    net_lock();
    struct netif *n = i->remote_port ? net_route(&i->local, &i->remote) : NULL;
    if (n)
        *mtu = (int)net_mtu(&i->remote, n);
    else
        rc = -ENOTCONN;
    net_unlock();
    return rc;
}

/* A socket keeps no packet's ancillary data of a stream: what IP_PKTOPTIONS
 * tells are the values asked for, as of now. */
static int get_pktoptions(struct inet_sock *i, uint8_t *val, unsigned *len)
{
    struct {
        struct cmsghdr_user h;
        int v;
        int pad;
    } c[2];
    unsigned n = 0;

    if (i->s.type != SOCK_STREAM)
        return -ENOPROTOOPT;
    memset(c, 0, sizeof(c));
    if (i->recvttl)
        c[n].h = (struct cmsghdr_user){20, SOL_IP, IP_TTL},
        c[n++].v = INET_TTL_DEFAULT;
    if (i->recvtos)
        c[n].h = (struct cmsghdr_user){20, SOL_IP, IP_TOS}, c[n++].v = 0;
    *len = MIN(*len, n * (unsigned)sizeof(c[0]));
    memcpy(val, c, *len);
    return 0;
}

static int get_ip_int(struct inet_sock *i, int name, int *v)
{
    bool *flag = ip_flag(i, name);

    if (flag) {
        *v = *flag;
        return 0;
    }
    switch (name) {
    case IP_TOS:
        *v = i->tos;
        break;
    case IP_TTL:
        *v = i->ttl < 0 ? INET_TTL_DEFAULT : i->ttl;
        break;
    case IP_MULTICAST_TTL:
        *v = i->mcast_ttl;
        break;
    case IP_MTU_DISCOVER:
        *v = i->mtu_discover;
        break;
    case IP_MINTTL:
        *v = i->minttl;
        break;
    case IP_MTU:
        return inet_path_mtu(i, v);
    case IP_ROUTER_ALERT:
    case IP_RECVOPTS:
    case IP_RETOPTS:
        *v = 0;
        break;
    default:
        return -ENOPROTOOPT;
    }
    return 0;
}

static int get_mcast_if(struct inet_sock *i, void *val, unsigned *len)
{
    uint32_t addr = 0;

    net_lock();
    struct netif *n = netif_by_index(i->mcast_if);
    if (n)
        addr = ip4_addr_get_u32(netif_ip4_addr(n));
    net_unlock();
    *len = MIN(*len, (unsigned)sizeof(addr));
    memcpy(val, &addr, *len);
    return 0;
}

static int get_ip(struct inet_sock *i, int name, void *val, unsigned *len)
{
    int v, rc;

    switch (name) {
    case IP_OPTIONS:
        *len = 0;
        return 0;
    case IP_PKTOPTIONS:
        return get_pktoptions(i, val, len);
    case IP_MULTICAST_IF:
        return get_mcast_if(i, val, len);
    }
    rc = get_ip_int(i, name, &v);
    if (rc)
        return rc;
    if (*len < sizeof(int) && *len > 0 && v >= 0 && v <= 255) {
        *(uint8_t *)val = (uint8_t)v;
        *len = 1;
        return 0;
    }
    return sockopt_put_int(v, val, len);
}

int inet_setsockopt(struct socket *s, int level, int name, const void *val,
                    unsigned len)
{
    if (level == SOL_IP)
        return set_ip(inet_sk(s), name, val, len);
    if (level == SOL_IPV6 && s->family == AF_INET6)
        return inet6_setsockopt(inet_sk(s), name, val, len);
    return -ENOPROTOOPT;
}

int inet_getsockopt(struct socket *s, int level, int name, void *val,
                    unsigned *len)
{
    if (level == SOL_IP)
        return get_ip(inet_sk(s), name, val, len);
    if (level == SOL_IPV6 && s->family == AF_INET6)
        return inet6_getsockopt(inet_sk(s), name, val, len);
    return s->family == AF_INET6 ? -ENOPROTOOPT : -EOPNOTSUPP;
}
