/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sock_inet.c - what TCP, UDP and raw sockets share: addresses.
 */
#include "net/sock_inet.h"

#include "lib/string.h"

#define SIN6_LEN_OLD 24 /* without sin6_scope_id (RFC 2133) */

int inet_create(int family, int type, int protocol, struct socket **out)
{
    switch (type) {
    case SOCK_STREAM:
        if (protocol && protocol != IPPROTO_TCP)
            return -EPROTONOSUPPORT;
        return tcp_create(family, out);
    case SOCK_DGRAM:
        /* ping_group_range is empty, as it is on Linux until it is set. */
        if (protocol == (family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6))
            return -EACCES;
        if (protocol && protocol != IPPROTO_UDP)
            return -EPROTONOSUPPORT;
        return udp_create(family, out);
    case SOCK_RAW:
        if (protocol <= 0 || protocol > 255)
            return -EPROTONOSUPPORT;
        return raw_create(family, protocol, out);
    default:
        return -ESOCKTNOSUPPORT;
    }
}

void inet_init(struct inet_sock *i, const struct sock_ops *ops, int family,
               int type, int protocol)
{
    socket_init(&i->s, ops, family, type, protocol);
    list_init(&i->groups);
    list_init(&i->port_link);
    i->ttl = i->hops = -1;
    i->mcast_ttl = i->mcast_hops = 1;
    i->mcast_loop = i->mcast_all = true;
    i->mcast_all6 = i->autoflowlabel = true;
    i->mtu_discover = IP_PMTUDISC_WANT;
    if (family == AF_INET6) {
        IP_SET_TYPE(&i->local, IPADDR_TYPE_V6);
        IP_SET_TYPE(&i->remote, IPADDR_TYPE_V6);
    }
}

static int addr4_in(const void *addr, unsigned len, ip_addr_t *ip,
                    uint16_t *port)
{
    struct sockaddr_in sin;

    if (len < sizeof(sin))
        return -EINVAL;
    memcpy(&sin, addr, sizeof(sin));
    /* bind(2): AF_UNSPEC was accepted for INADDR_ANY, and still is. */
    if (sin.sin_family != AF_INET &&
        (sin.sin_family != AF_UNSPEC || sin.sin_addr.s_addr))
        return -EAFNOSUPPORT;
    memset(ip, 0, sizeof(*ip));
    ip_addr_set_ip4_u32(ip, sin.sin_addr.s_addr);
    *port = lwip_ntohs(sin.sin_port);
    return 0;
}

/* Only datagrams may be sent to a plain IPv4 address. */
static bool is_addr4(const struct inet_sock *i, const void *addr)
{
    uint16_t family;

    memcpy(&family, addr, sizeof(family));
    return family == AF_INET && i->s.type == SOCK_DGRAM;
}

static int addr6_in(const struct inet_sock *i, const void *addr, unsigned len,
                    ip_addr_t *ip, uint16_t *port)
{
    struct sockaddr_in6 sin6 = {0};

    if (is_addr4(i, addr))
        return i->v6only ? -ENETUNREACH : addr4_in(addr, len, ip, port);
    if (len < SIN6_LEN_OLD)
        return -EINVAL;
    memcpy(&sin6, addr, MIN(len, (unsigned)sizeof(sin6)));
    if (sin6.sin6_family != AF_INET6)
        return -EAFNOSUPPORT;
    *port = lwip_ntohs(sin6.sin6_port);
    memset(ip, 0, sizeof(*ip));
    IP_SET_TYPE(ip, IPADDR_TYPE_V6);
    memcpy(ip_2_ip6(ip)->addr, &sin6.sin6_addr, 16);
    if (ip6_addr_isipv4mappedipv6(ip_2_ip6(ip))) {
        if (i->v6only)
            return -ENETUNREACH;
        unmap_ipv4_mapped_ipv6(ip_2_ip4(ip), ip_2_ip6(ip));
        uint32_t v4 = ip4_addr_get_u32(ip_2_ip4(ip));
        memset(ip, 0, sizeof(*ip));
        ip_addr_set_ip4_u32(ip, v4);
    } else if (sin6.sin6_scope_id &&
               ip6_addr_has_scope(ip_2_ip6(ip), IP6_UNKNOWN)) {
        if (sin6.sin6_scope_id > UINT8_MAX)
            return -ENODEV;
        ip6_addr_set_zone(ip_2_ip6(ip), (u8_t)sin6.sin6_scope_id);
    }
    return 0;
}

int inet_addr_in(const struct inet_sock *i, const void *addr, unsigned len,
                 ip_addr_t *ip, uint16_t *port)
{
    if (len < sizeof(uint16_t))
        return -EINVAL;
    return i->s.family == AF_INET ? addr4_in(addr, len, ip, port)
                                  : addr6_in(i, addr, len, ip, port);
}

static bool is_scoped(const ip_addr_t *ip)
{
    return IP_IS_V6(ip) && ip6_addr_has_scope(ip_2_ip6(ip), IP6_UNKNOWN);
}

int inet_bind_addr_in(const struct inet_sock *i, const void *addr, unsigned len,
                      ip_addr_t *ip, uint16_t *port)
{
    bool v6 = i->s.family == AF_INET6;
    int rc;

    if (v6 && len >= sizeof(uint16_t) && is_addr4(i, addr))
        return len < SIN6_LEN_OLD ? -EINVAL : -EAFNOSUPPORT;
    rc = inet_addr_in(i, addr, len, ip, port);
    if (rc)
        return rc == -ENETUNREACH ? -EINVAL : rc;
    if (!v6 || !IP_IS_V6(ip))
        return 0;
    if (i->s.type == SOCK_STREAM && ip_addr_ismulticast(ip))
        return -EINVAL;
    if (!is_scoped(ip))
        return 0;
    if (!ip6_addr_has_zone(ip_2_ip6(ip)) && !i->s.bound_if)
        return -EINVAL;
    if (!ip6_addr_has_zone(ip_2_ip6(ip)))
        ip6_addr_set_zone(ip_2_ip6(ip), (u8_t)i->s.bound_if);
    net_lock();
    rc = netif_by_index(ip6_addr_zone(ip_2_ip6(ip))) ? 0 : -ENODEV;
    net_unlock();
    return rc;
}

/* The link a socket is on, or 0. */
static unsigned own_link(const struct inet_sock *i, bool multicast)
{
    if (i->s.bound_if)
        return (unsigned)i->s.bound_if;
    if (IP_IS_V6(&i->local) && i->local_port &&
        ip6_addr_has_zone(ip_2_ip6(&i->local)))
        return ip6_addr_zone(ip_2_ip6(&i->local));
    return multicast ? i->mcast_if : 0;
}

int inet_scope(const struct inet_sock *i, ip_addr_t *ip, bool strict)
{
    if (!is_scoped(ip))
        return 0;
    ip6_addr_t *a = ip_2_ip6(ip);
    unsigned link = own_link(i, ip6_addr_ismulticast(a));
    if (ip6_addr_has_zone(a) && i->s.bound_if &&
        ip6_addr_zone(a) != (unsigned)i->s.bound_if)
        return strict ? -EINVAL : -ENETUNREACH;
    if (!ip6_addr_has_zone(a) && !link)
        return strict ? -EINVAL : 0;
    if (!ip6_addr_has_zone(a))
        ip6_addr_set_zone(a, (u8_t)link);
    return netif_by_index(ip6_addr_zone(a)) ? 0 : -ENETUNREACH;
}

int inet_addr_out(const struct inet_sock *i, const ip_addr_t *ip, uint16_t port,
                  void *out)
{
    if (i->s.family == AF_INET) {
        struct sockaddr_in *sin = out;
        memset(sin, 0, sizeof(*sin));
        sin->sin_family = AF_INET;
        sin->sin_port = lwip_htons(port);
        sin->sin_addr.s_addr =
            IP_IS_V4(ip) ? ip4_addr_get_u32(ip_2_ip4(ip)) : 0;
        return sizeof(*sin);
    }
    struct sockaddr_in6 *sin6 = out;
    memset(sin6, 0, sizeof(*sin6));
    sin6->sin6_family = AF_INET6;
    sin6->sin6_port = lwip_htons(port);
    if (IP_IS_V6(ip)) {
        memcpy(&sin6->sin6_addr, ip_2_ip6(ip)->addr, 16);
        sin6->sin6_scope_id = ip6_addr_zone(ip_2_ip6(ip));
    } else if (IP_GET_TYPE(ip) == IPADDR_TYPE_V4) {
        ip6_addr_t mapped;
        ip4_2_ipv4_mapped_ipv6(&mapped, ip_2_ip4(ip));
        memcpy(&sin6->sin6_addr, mapped.addr, 16);
    }
    return sizeof(*sin6);
}

void inet_any_addr(const struct inet_sock *i, ip_addr_t *ip)
{
    if (i->s.family == AF_INET)
        ip_addr_set_any(0, ip);
    else if (i->v6only)
        ip_addr_set_any(1, ip);
    else
        ip_addr_copy(*ip, *IP_ANY_TYPE);
}

int inet_check_local(const struct inet_sock *i, const ip_addr_t *ip)
{
    if (i->freebind || i->transparent || net_addr_is_local(ip))
        return 0;
    if (i->s.type != SOCK_STREAM &&
        (ip_addr_ismulticast(ip) ||
         (IP_IS_V4(ip) && ip4_addr_get_u32(ip_2_ip4(ip)) == IPADDR_BROADCAST)))
        return 0;
    return -EADDRNOTAVAIL;
}

void inet_fix_dest(ip_addr_t *ip)
{
    if (!ip_addr_isany(ip))
        return;
    if (IP_IS_V6(ip))
        ip_addr_set_loopback(1, ip);
    else
        ip_addr_set_loopback(0, ip);
}

int inet_getname(struct socket *s, void *addr, bool peer)
{
    struct inet_sock *i = inet_sk(s);
    int rc;

    net_lock();
    if (peer && (!i->remote_port || s->type == SOCK_RAW))
        rc = -ENOTCONN;
    else if (peer)
        rc = inet_addr_out(i, &i->remote, i->remote_port, addr);
    else
        rc = inet_addr_out(i, &i->local, i->local_port, addr);
    net_unlock();
    return rc;
}
