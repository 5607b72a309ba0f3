/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sock_inet6_option.c - options of level SOL_IPV6 (RFC 3493, RFC 3542,
 * ipv6(7)).
 */
#include "lib/string.h"
#include "net/net6.h"
#include "net/sock_inet.h"

#define HOPS_MAX 255
/* RFC 5014's, as <linux/in6.h> has them: pairs that exclude each other. */
#define PREFS_SRC                                                              \
    (IPV6_PREFER_SRC_TMP | IPV6_PREFER_SRC_PUBLIC |                            \
     IPV6_PREFER_SRC_PUBTMP_DEFAULT)
#define PREFS_HOME (IPV6_PREFER_SRC_COA | IPV6_PREFER_SRC_HOME)
#define PREFS_CGA  (IPV6_PREFER_SRC_CGA | IPV6_PREFER_SRC_NONCGA)

static bool *flag_of(struct inet_sock *i, int name)
{
    switch (name) {
    case IPV6_RECVTCLASS:
        return &i->recvtclass;
    case IPV6_RECVHOPLIMIT:
        return &i->recvhops;
    case IPV6_RECVPKTINFO:
        return &i->pktinfo6;
    case IPV6_RECVERR:
        return &i->recverr6;
    case IPV6_RECVRTHDR:
        return &i->recvrthdr;
    case IPV6_RECVHOPOPTS:
        return &i->recvhopopts;
    case IPV6_RECVDSTOPTS:
        return &i->recvdstopts;
    case IPV6_RECVPATHMTU:
        return &i->recvpathmtu;
    case IPV6_MULTICAST_ALL:
        return &i->mcast_all6;
    case IPV6_RECVORIGDSTADDR:
        return &i->origdst6;
    case IPV6_FREEBIND:
        return &i->freebind;
    case IPV6_TRANSPARENT:
        return &i->transparent;
    /* Whose value may be shorter than an int, and is 0 then: */
    case IPV6_DONTFRAG:
        return &i->dontfrag;
    case IPV6_AUTOFLOWLABEL:
        return &i->autoflowlabel;
    default:
        return NULL;
    }
}

static bool for_datagrams(int name)
{
    return name == IPV6_MULTICAST_IF || name == IPV6_MULTICAST_HOPS;
}

static int in_range(int v, int min, int max)
{
    return v < min || v > max ? -EINVAL : 0;
}

static bool known_index(unsigned index)
{
    net_lock();
    bool known = netif_by_index(index);
    net_unlock();
    return known;
}

static int set_v6only(struct inet_sock *i, int v)
{
    if (i->local_port || i->s.type == SOCK_RAW)
        return -EINVAL;
    i->v6only = v != 0;
    return 0;
}

/* A stream's ECN bits are TCP's own. */
static int set_tclass(struct inet_sock *i, int v)
{
    if (in_range(v, -1, 255))
        return -EINVAL;
    v = v == -1 ? 0 : v;
    i->tclass = (uint8_t)(i->s.type == SOCK_STREAM ? v & ~3 : v);
    return 0;
}

static int set_hops(struct inet_sock *i, int name, int v)
{
    if (in_range(v, -1, HOPS_MAX))
        return -EINVAL;
    if (name == IPV6_UNICAST_HOPS)
        i->hops = (int16_t)v;
    else
        i->mcast_hops = v == -1 ? 1 : (uint8_t)v;
    return 0;
}

static int set_mcast_if(struct inet_sock *i, int v)
{
    if (v && !known_index((unsigned)v))
        return -ENODEV;
    if (v && i->s.bound_if && i->s.bound_if != v)
        return -EINVAL;
    i->mcast_if = (uint8_t)v;
    return 0;
}

/* The index comes in network byte order. */
static int set_unicast_if(struct inet_sock *i, int v)
{
    unsigned index = lwip_ntohl((uint32_t)v);

    if (index && !known_index(index))
        return -EADDRNOTAVAIL;
    if (index && i->s.bound_if && (unsigned)i->s.bound_if != index)
        return -EINVAL;
    i->unicast_if = (uint8_t)index;
    return 0;
}

static int set_prefs(struct inet_sock *i, int v)
{
    unsigned src = (unsigned)v & PREFS_SRC, home = (unsigned)v & PREFS_HOME;
    unsigned cga = (unsigned)v & PREFS_CGA;

    if (v < 0 || (src & (src - 1)) || home == PREFS_HOME || cga == PREFS_CGA)
        return -EINVAL;
    i->addr_prefs = (uint16_t)(src == IPV6_PREFER_SRC_PUBTMP_DEFAULT ? 0 : src);
    return 0;
}

static unsigned prefs(const struct inet_sock *i)
{
    return (i->addr_prefs ? i->addr_prefs : IPV6_PREFER_SRC_PUBTMP_DEFAULT) |
           IPV6_PREFER_SRC_HOME;
}

/* What gets smaller packets than the path carries is not split further: the
 * value only limits what "do not fragment" lets pass. */
static int set_mtu(struct inet_sock *i, int v)
{
    if (v && in_range(v, 1280, 65535))
        return -EINVAL;
    i->frag_mtu = (uint16_t)v;
    return 0;
}

/* A socket connected by IPv4 becomes one of AF_INET. */
static int set_addrform(struct inet_sock *i, int v)
{
    int rc = 0;

    if (v != AF_INET)
        return -EINVAL;
    net_lock();
    if (!i->remote_port || i->s.type == SOCK_RAW)
        rc = -ENOTCONN;
    else if (IP_IS_V6(&i->remote))
        rc = -EADDRNOTAVAIL;
    else
        i->s.family = AF_INET;
    net_unlock();
    return rc;
}

static int set_checksum(struct inet_sock *i, int v)
{
    (void)v;
    /* RFC 3542, 3.1: ICMPv6's is the kernel's; others fill in theirs. */
    return i->s.type == SOCK_RAW && i->s.protocol == IPPROTO_ICMPV6
               ? -EINVAL
               : -ENOPROTOOPT;
}

static int set_minhops(struct inet_sock *i, int v)
{
    if (in_range(v, 0, 255))
        return -EINVAL;
    i->minhops = (uint8_t)v;
    return 0;
}

static int set_int(struct inet_sock *i, int name, int v)
{
    switch (name) {
    case IPV6_V6ONLY:
        return set_v6only(i, v);
    case IPV6_TCLASS:
        return set_tclass(i, v);
    case IPV6_UNICAST_HOPS:
    case IPV6_MULTICAST_HOPS:
        return set_hops(i, name, v);
    case IPV6_MULTICAST_IF:
        return set_mcast_if(i, v);
    case IPV6_MULTICAST_LOOP:
        if (in_range(v, 0, 1))
            return -EINVAL;
        i->mcast_loop = v;
        return 0;
    case IPV6_UNICAST_IF:
        return set_unicast_if(i, v);
    case IPV6_ADDR_PREFERENCES:
        return set_prefs(i, v);
    case IPV6_MTU_DISCOVER:
        if (in_range(v, IPV6_PMTUDISC_DONT, IPV6_PMTUDISC_OMIT))
            return -EINVAL;
        i->mtu_discover = (uint8_t)v;
        return 0;
    case IPV6_MTU:
        return set_mtu(i, v);
    case IPV6_MINHOPCOUNT:
        return set_minhops(i, v);
    case IPV6_ADDRFORM:
        return set_addrform(i, v);
    case IPV6_JOIN_ANYCAST:
    case IPV6_LEAVE_ANYCAST:
        return -EINVAL;
    default:
        return -ENOPROTOOPT;
    }
}

static bool known(int name)
{
    switch (name) {
    case IPV6_V6ONLY:
    case IPV6_TCLASS:
    case IPV6_UNICAST_HOPS:
    case IPV6_MULTICAST_HOPS:
    case IPV6_MULTICAST_IF:
    case IPV6_MULTICAST_LOOP:
    case IPV6_UNICAST_IF:
    case IPV6_ADDR_PREFERENCES:
    case IPV6_MTU_DISCOVER:
    case IPV6_MTU:
    case IPV6_MINHOPCOUNT:
    case IPV6_ADDRFORM:
    case IPV6_JOIN_ANYCAST:
    case IPV6_LEAVE_ANYCAST:
    case IPV6_ROUTER_ALERT:
        return true;
    default:
        return false;
    }
}

int inet6_setsockopt(struct inet_sock *i, int name, const void *val,
                     unsigned len)
{
    bool *flag = flag_of(i, name);
    int v = 0;

    if (name == IPV6_ADD_MEMBERSHIP || name == IPV6_DROP_MEMBERSHIP) {
        if (i->s.type == SOCK_STREAM)
            return -EPROTO;
        return inet_membership6(i, val, len, name == IPV6_ADD_MEMBERSHIP);
    }
    if (name == IPV6_CHECKSUM)
        return set_checksum(i, v);
    if ((!flag && !known(name)) ||
        (for_datagrams(name) && i->s.type == SOCK_STREAM))
        return -ENOPROTOOPT;
    bool optional = name == IPV6_DONTFRAG || name == IPV6_AUTOFLOWLABEL;
    if (sockopt_get_int(val, len, &v) && !optional)
        return -EINVAL;
    if (!flag)
        return set_int(i, name, v);
    *flag = v != 0;
    return 0;
}

static int get_int(struct inet_sock *i, int name, int *v)
{
    switch (name) {
    case IPV6_V6ONLY:
        *v = i->v6only;
        break;
    case IPV6_TCLASS:
        *v = i->tclass;
        break;
    case IPV6_UNICAST_HOPS:
        *v = i->hops < 0 ? INET_TTL_DEFAULT : i->hops;
        break;
    case IPV6_MULTICAST_HOPS:
        *v = i->mcast_hops;
        break;
    case IPV6_MULTICAST_IF:
        *v = i->mcast_if;
        break;
    case IPV6_MULTICAST_LOOP:
        *v = i->mcast_loop;
        break;
    case IPV6_UNICAST_IF:
        *v = (int)lwip_htonl(i->unicast_if);
        break;
    case IPV6_ADDR_PREFERENCES:
        *v = (int)prefs(i);
        break;
    case IPV6_MTU_DISCOVER:
        *v = i->mtu_discover;
        break;
    case IPV6_MINHOPCOUNT:
        *v = i->minhops;
        break;
    case IPV6_MTU:
        return inet_path_mtu(i, v);
    case IPV6_ADDRFORM:
        *v = i->s.family;
        return i->remote_port ? 0 : -ENOTCONN;
    case IPV6_ROUTER_ALERT:
        *v = 0;
        break;
    case IPV6_CHECKSUM:
        *v = 2;
        return i->s.type == SOCK_RAW && i->s.protocol == IPPROTO_ICMPV6
                   ? 0
                   : -ENOPROTOOPT;
    default:
        return -ENOPROTOOPT;
    }
    return 0;
}

int inet6_getsockopt(struct inet_sock *i, int name, void *val, unsigned *len)
{
    bool *flag = flag_of(i, name);
    int v, rc;

    if (flag)
        return sockopt_put_int(*flag, val, len);
    rc = get_int(i, name, &v);
    return rc ? rc : sockopt_put_int(v, val, len);
}
