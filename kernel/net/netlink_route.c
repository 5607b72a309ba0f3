/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * netlink_route.c - interfaces, addresses and routes as rtnetlink(7) messages.
 */
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "lib/string.h"
#include "mem/slab.h"
#include "net/net6.h"
#include "net/netlink_priv.h"
#include "net/sock_abi.h"

#define DATAGRAM_MAX 3072 /* glibc reads with a page or more */

/* An answer being written: messages gather in (buf), full ones are sent. */
struct answer {
    const struct nlmsghdr *request;
    uint32_t portid;
    netlink_emit_fn *emit;
    void *arg;
    uint8_t *buf;
    size_t len;     /* complete messages */
    size_t message; /* end of the one being written */
    int error;
};

static void flush(struct answer *a)
{
    if (a->len && !a->error)
        a->error = a->emit(a->arg, a->buf, a->len);
    a->len = 0;
}

/* Begin a message; its fixed part of (size) bytes, zeroed. */
static void *begin(struct answer *a, uint16_t type, uint16_t flags, size_t size)
{
    /* One message is at most a few hundred bytes. */
    if (a->len > DATAGRAM_MAX - 512)
        flush(a);
    struct nlmsghdr *h = (void *)(a->buf + a->len);
    memset(h, 0, NLMSG_HDRLEN + NLMSG_ALIGN(size));
    h->nlmsg_type = type;
    h->nlmsg_flags = flags;
    h->nlmsg_seq = a->request->nlmsg_seq;
    h->nlmsg_pid = a->portid;
    a->message = a->len + NLMSG_HDRLEN + NLMSG_ALIGN(size);
    return NLMSG_DATA(h);
}

static void attr(struct answer *a, uint16_t type, const void *data, size_t len)
{
    struct rtattr *r = (void *)(a->buf + a->message);

    r->rta_type = type;
    r->rta_len = (uint16_t)RTA_LENGTH(len);
    memset(RTA_DATA(r), 0, RTA_ALIGN(len));
    memcpy(RTA_DATA(r), data, len);
    a->message += RTA_SPACE(len);
}

static void attr_u32(struct answer *a, uint16_t type, uint32_t v)
{
    attr(a, type, &v, sizeof(v));
}

static void attr_string(struct answer *a, uint16_t type, const char *s)
{
    attr(a, type, s, strlen(s) + 1);
}

static void end(struct answer *a)
{
    struct nlmsghdr *h = (void *)(a->buf + a->len);

    h->nlmsg_len = (uint32_t)(a->message - a->len);
    a->len = NLMSG_ALIGN(a->message);
}

/* --- links ------------------------------------------------------------- */

static void put_stats(struct answer *a, const struct netdev *d)
{
    struct rtnl_link_stats64 s = {
        .rx_packets = d->rx_packets,
        .tx_packets = d->tx_packets,
        .rx_bytes = d->rx_bytes,
        .tx_bytes = d->tx_bytes,
        .rx_dropped = d->rx_dropped,
        .tx_dropped = d->tx_dropped,
    };
    struct rtnl_link_stats s32 = {
        .rx_packets = (uint32_t)d->rx_packets,
        .tx_packets = (uint32_t)d->tx_packets,
        .rx_bytes = (uint32_t)d->rx_bytes,
        .tx_bytes = (uint32_t)d->tx_bytes,
        .rx_dropped = (uint32_t)d->rx_dropped,
        .tx_dropped = (uint32_t)d->tx_dropped,
    };

    attr(a, IFLA_STATS64, &s, sizeof(s));
    attr(a, IFLA_STATS, &s32, sizeof(s32));
}

static void put_link(struct answer *a, const struct netif *n, uint16_t flags)
{
    static const uint8_t zero[6], ones[6] = {255, 255, 255, 255, 255, 255};
    const struct netdev *d = netif_netdev(n);
    unsigned ifflags = netif_ifflags(n);
    bool lo = ifflags & IFF_LOOPBACK;
    uint8_t oper = lo ? 0 : ifflags & IFF_RUNNING ? 6 : 2; /* UNKNOWN UP DOWN */
    struct ifinfomsg *i = begin(a, RTM_NEWLINK, flags, sizeof(*i));

    i->ifi_type = lo ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
    i->ifi_index = netif_get_index(n);
    i->ifi_flags = ifflags;
    attr_string(a, IFLA_IFNAME, d->name);
    attr_u32(a, IFLA_TXQLEN, 1000);
    attr(a, IFLA_OPERSTATE, &oper, 1);
    attr_u32(a, IFLA_MTU, d->mtu);
    attr(a, IFLA_ADDRESS, lo ? zero : d->mac, 6);
    attr(a, IFLA_BROADCAST, lo ? zero : ones, 6);
    put_stats(a, d);
    end(a);
}

/* --- addresses --------------------------------------------------------- */

static uint8_t prefix_len(uint32_t mask_be)
{
    return mask_be ? (uint8_t)(32 - __builtin_ctz(lwip_ntohl(mask_be))) : 0;
}

static struct ifaddrmsg *begin_addr(struct answer *a, const struct netif *n,
                                    uint8_t family, uint8_t prefix,
                                    uint8_t scope)
{
    struct ifaddrmsg *m = begin(a, RTM_NEWADDR, NLM_F_MULTI, sizeof(*m));

    m->ifa_family = family;
    m->ifa_prefixlen = prefix;
    m->ifa_flags = IFA_F_PERMANENT;
    m->ifa_scope = scope;
    m->ifa_index = netif_get_index(n);
    return m;
}

static void put_addr4(struct answer *a, const struct netif *n)
{
    uint32_t addr = ip4_addr_get_u32(netif_ip4_addr(n));
    uint32_t mask = ip4_addr_get_u32(netif_ip4_netmask(n));
    bool lo = netif_ifflags(n) & IFF_LOOPBACK;

    if (!addr)
        return;
    begin_addr(a, n, AF_INET, prefix_len(mask),
               lo ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE);
    attr_u32(a, IFA_ADDRESS, addr);
    attr_u32(a, IFA_LOCAL, addr);
    if (!lo)
        attr_u32(a, IFA_BROADCAST, addr | ~mask);
    attr_string(a, IFA_LABEL, netif_netdev(n)->name);
    attr_u32(a, IFA_FLAGS, IFA_F_PERMANENT);
    end(a);
}

static uint32_t lifetime(uint32_t seconds)
{
    return ip6_addr_life_isstatic(seconds) ? UINT32_MAX : seconds;
}

static void put_addr6(struct answer *a, const struct netif *n, int k)
{
    const ip6_addr_t *addr = netif_ip6_addr(n, k);
    struct net6_slot slot = net6_slot(n, k);
    unsigned flags = net6_ifa_flags(n, k);

    struct ifa_cacheinfo life = {
        .ifa_prefered = flags & IFA_F_DEPRECATED
                            ? 0
                            : lifetime(netif_ip6_addr_pref_life(n, k)),
        .ifa_valid = lifetime(netif_ip6_addr_valid_life(n, k)),
    };
    struct ifaddrmsg *m =
        begin_addr(a, n, AF_INET6, slot.prefix,
                   ip6_addr_isloopback(addr)    ? RT_SCOPE_HOST
                   : ip6_addr_islinklocal(addr) ? RT_SCOPE_LINK
                                                : RT_SCOPE_UNIVERSE);
    m->ifa_flags = (uint8_t)flags;
    attr(a, IFA_ADDRESS, addr->addr, 16);
    attr(a, IFA_CACHEINFO, &life, sizeof(life));
    attr_u32(a, IFA_FLAGS, flags);
    end(a);
}

/* --- routes ------------------------------------------------------------ */

static void put_route4(struct answer *a, const struct netif *n, uint32_t dst,
                       uint8_t len, uint32_t gateway, uint32_t src)
{
    struct rtmsg *m = begin(a, RTM_NEWROUTE, NLM_F_MULTI, sizeof(*m));

    m->rtm_family = AF_INET;
    m->rtm_dst_len = len;
    m->rtm_table = RT_TABLE_MAIN;
    m->rtm_protocol = gateway ? RTPROT_BOOT : RTPROT_KERNEL;
    m->rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    m->rtm_type = RTN_UNICAST;
    attr_u32(a, RTA_TABLE, RT_TABLE_MAIN);
    if (len)
        attr_u32(a, RTA_DST, dst);
    if (gateway)
        attr_u32(a, RTA_GATEWAY, gateway);
    if (src)
        attr_u32(a, RTA_PREFSRC, src);
    attr_u32(a, RTA_OIF, netif_get_index(n));
    end(a);
}

static void put_routes(struct answer *a, const struct netif *n)
{
    uint32_t addr = ip4_addr_get_u32(netif_ip4_addr(n));
    uint32_t mask = ip4_addr_get_u32(netif_ip4_netmask(n));
    uint32_t gw = ip4_addr_get_u32(netif_ip4_gw(n));

    if (!netif_is_up(n) || !addr || (netif_ifflags(n) & IFF_LOOPBACK))
        return;
    if (gw && n == netif_default)
        put_route4(a, n, 0, 0, gw, 0);
    put_route4(a, n, addr & mask, prefix_len(mask), 0, addr);
}

static void put_route6(struct answer *a, const struct netif *n,
                       const ip6_addr_t *dst, uint8_t len,
                       const ip6_addr_t *gateway, uint8_t protocol)
{
    struct rtmsg *m = begin(a, RTM_NEWROUTE, NLM_F_MULTI, sizeof(*m));

    m->rtm_family = AF_INET6;
    m->rtm_dst_len = len;
    m->rtm_table = RT_TABLE_MAIN;
    m->rtm_protocol = protocol;
    m->rtm_scope = RT_SCOPE_UNIVERSE;
    m->rtm_type = RTN_UNICAST;
    attr_u32(a, RTA_TABLE, RT_TABLE_MAIN);
    if (len)
        attr(a, RTA_DST, dst->addr, 16);
    if (gateway)
        attr(a, RTA_GATEWAY, gateway->addr, 16);
    attr_u32(a, RTA_OIF, netif_get_index(n));
    end(a);
}

struct route6_answer {
    struct answer *a;
    const struct netif *n;
};

static void put_one_route6(void *arg, const struct net6_route *r)
{
    struct route6_answer *x = arg;

    put_route6(x->a, x->n, &r->dst, r->len,
               ip6_addr_isany(&r->gateway) ? NULL : &r->gateway,
               r->advertised ? RTPROT_RA
               : r->len      ? RTPROT_KERNEL
                             : RTPROT_BOOT);
}

/* --- requests ---------------------------------------------------------- */

static void for_each_netif(struct answer *a, uint8_t family,
                           void (*fn)(struct answer *, const struct netif *,
                                      uint8_t family))
{
    net_lock();
    net_timer_link(); /* lifetimes as of now */
    for (struct netif *n = netif_next(0); n; n = netif_next(netif_get_index(n)))
        fn(a, n, family);
    net_unlock();
}

static void dump_link(struct answer *a, const struct netif *n, uint8_t family)
{
    (void)family;
    put_link(a, n, NLM_F_MULTI);
}

static void dump_addr(struct answer *a, const struct netif *n, uint8_t family)
{
    int order[LWIP_IPV6_NUM_ADDRESSES];
    int count = net6_listed(n, order);

    if (family != AF_INET6)
        put_addr4(a, n);
    if (family != AF_INET)
        for (int i = 0; i < count; i++)
            put_addr6(a, n, order[i]);
}

static void dump_route(struct answer *a, const struct netif *n, uint8_t family)
{
    if (family != AF_INET6)
        put_routes(a, n);
    if (family != AF_INET)
        net6_for_routes(n, put_one_route6, &(struct route6_answer){a, n});
}

static void put_done(struct answer *a)
{
    int *v = begin(a, NLMSG_DONE, NLM_F_MULTI, sizeof(int));

    *v = 0;
    end(a);
}

static void put_error(struct answer *a, int error)
{
    struct nlmsgerr *e = begin(a, NLMSG_ERROR, 0, sizeof(*e));

    e->error = error;
    e->msg = *a->request;
    end(a);
}

/* RTM_GETLINK for one interface, by index or name. */
static int get_link(struct answer *a)
{
    const struct nlmsghdr *h = a->request;
    const struct ifinfomsg *i = NLMSG_DATA(h);
    struct netif *n = NULL;

    if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*i)))
        return -EINVAL;
    net_lock();
    if (i->ifi_index > 0) {
        n = netif_by_index((unsigned)i->ifi_index);
    } else {
        long left = (long)h->nlmsg_len - (long)NLMSG_LENGTH(sizeof(*i));
        for (const struct rtattr *r = IFLA_RTA(i); RTA_OK(r, left);
             r = RTA_NEXT(r, left)) {
            char name[IFNAMSIZ] = "";
            if (r->rta_type != IFLA_IFNAME)
                continue;
            memcpy(name, RTA_DATA(r),
                   MIN((size_t)RTA_PAYLOAD(r), sizeof(name) - 1));
            n = netif_by_name(name);
        }
    }
    if (n)
        put_link(a, n, 0);
    net_unlock();
    return n ? 0 : -ENODEV;
}

static int dump(struct answer *a)
{
    const struct nlmsghdr *h = a->request;
    uint8_t family =
        h->nlmsg_len >= NLMSG_LENGTH(1) ? *(const uint8_t *)NLMSG_DATA(h) : 0;

    switch (h->nlmsg_type) {
    case RTM_GETLINK:
        for_each_netif(a, family, dump_link);
        break;
    case RTM_GETADDR:
        for_each_netif(a, family, dump_addr);
        break;
    case RTM_GETROUTE:
        for_each_netif(a, family, dump_route);
        break;
    case RTM_GETNEIGH:
    case RTM_GETRULE:
        break; /* none to tell of */
    default:
        return -EOPNOTSUPP;
    }
    put_done(a);
    return 0;
}

static void answer_one(struct answer *a)
{
    const struct nlmsghdr *h = a->request;
    int rc = 0;

    if (h->nlmsg_type < NLMSG_MIN_TYPE || !(h->nlmsg_flags & NLM_F_REQUEST))
        return;
    /* NLM_F_DUMP is two bits; NLM_F_ROOT alone is what old programs send. */
    if (h->nlmsg_flags & NLM_F_DUMP)
        rc = dump(a);
    else if (h->nlmsg_type == RTM_GETLINK)
        rc = get_link(a);
    else
        rc = -EOPNOTSUPP;
    if (rc || (h->nlmsg_flags & NLM_F_ACK && !(h->nlmsg_flags & NLM_F_DUMP)))
        put_error(a, rc);
    flush(a);
}

int rtnetlink_request(const uint8_t *buf, size_t len, uint32_t portid,
                      netlink_emit_fn *emit, void *arg)
{
    struct answer a = {.portid = portid, .emit = emit, .arg = arg};

    a.buf = kmalloc(DATAGRAM_MAX, 0);
    if (!a.buf)
        return -ENOBUFS;
    while (len >= NLMSG_HDRLEN && !a.error) {
        const struct nlmsghdr *h = (const void *)buf;
        if (h->nlmsg_len < NLMSG_HDRLEN || h->nlmsg_len > len)
            break;
        a.request = h;
        answer_one(&a);
        size_t step = MIN((size_t)NLMSG_ALIGN(h->nlmsg_len), len);
        buf += step;
        len -= step;
    }
    kfree(a.buf);
    return a.error;
}
