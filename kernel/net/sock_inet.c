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
    i->mcast_loop = true;
    i->mcast_all = true;
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

static int addr6_in(const struct inet_sock *i, const void *addr, unsigned len,
                    ip_addr_t *ip, uint16_t *port)
{
    struct sockaddr_in6 sin6 = {0};

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
    if (peer && !i->remote_port)
        rc = -ENOTCONN;
    else if (peer)
        rc = inet_addr_out(i, &i->remote, i->remote_port, addr);
    else
        rc = inet_addr_out(i, &i->local, i->local_port, addr);
    net_unlock();
    return rc;
}
