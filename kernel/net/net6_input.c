/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net6_input.c - what we do with an IPv6 packet before lwIP does: as in
 * lwip_input.c, and
 *
 *  - router advertisements: net6_ra.c;
 *  - neighbour discovery: messages that are not whole are dropped;
 *  - lwIP believes every "packet too big" and cuts its packets into pieces that
 *    get smaller than zero. Only what is possible is passed on, and a
 *    connection the message is about makes its segments smaller.
 *
 * Nothing here is trusted: lengths are checked against the first buffer (all
 * drivers deliver packets in one piece), and a packet that is not understood
 * is left to lwIP.
 */
#include "net/lwip_input.h"
#include "net/net6.h"

#include "lib/string.h"
#include "net/sock_tcp.h"
#include "net/sock_udp.h"

#include "lwip/ip6.h"
#include "lwip/nd6.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/icmp6.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"
#include "net/lwip_hooks.h"

static int icmp6_errno(uint8_t type, uint8_t code)
{
    static const uint8_t unreach[] = {
        ENETUNREACH,  EACCES, EHOSTUNREACH, EHOSTUNREACH,
        ECONNREFUSED, EACCES, EACCES,
    };

    switch (type) {
    case ICMP6_TYPE_TE:
        return EHOSTUNREACH;
    case ICMP6_TYPE_PP:
        return EPROTO;
    case ICMP6_TYPE_PTB:
        return EMSGSIZE;
    case ICMP6_TYPE_DUR:
        return code < sizeof(unreach) ? unreach[code] : EPROTO;
    default:
        return 0;
    }
}

static void addr6(ip_addr_t *a, const uint8_t *p, struct netif *n)
{
    memset(a, 0, sizeof(*a));
    memcpy(ip_2_ip6(a)->addr, p, 16);
    IP_SET_TYPE(a, IPADDR_TYPE_V6);
    ip6_addr_assign_zone(ip_2_ip6(a), IP6_UNKNOWN, n);
}

/* The sum over (len) bytes of message (m) of the packet that begins with (h),
 * RFC 8200, 8.1. */
static bool sum6_right(const uint8_t *h, const uint8_t *m, unsigned len,
                       uint8_t proto)
{
    uint32_t sum = (uint32_t)net_checksum(h + 8, 32) +
                   net_checksum(m, (int)len) + lwip_htons((u16_t)len) +
                   lwip_htons(proto);

    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum == 0xffff;
}

/* The header of a transport protocol behind extension headers, RFC 8200, 4.
 * (*next) says which; NULL: there is none in the first buffer, or it is a
 * fragment's. A first fragment is (*part) of a datagram. */
static const uint8_t *transport6(const uint8_t *h, unsigned len, uint8_t *next,
                                 bool *part)
{
    unsigned at = IP6_HLEN;

    *next = h[6];
    *part = false;
    for (unsigned n = 0; n < 8 && at + 8 <= len; n++) {
        const uint8_t *e = h + at;
        switch (*next) {
        case IP6_NEXTH_HOPBYHOP:
        case IP6_NEXTH_ROUTING:
        case IP6_NEXTH_DESTOPTS:
            at += (e[1] + 1u) * 8;
            break;
        case IP6_NEXTH_FRAGMENT:
            if (be16(e + 2) & ~7u)
                return NULL;
            *part |= (e[3] & 1) != 0;
            at += 8;
            break;
        default:
            return e;
        }
        *next = e[0];
    }
    return NULL;
}

/* The path of connection (f) carries (mtu) bytes. Fragments of a segment cannot
 * have their checksum from the device, so that is computed here from now on. */
static void net6_too_big(struct flow *f, uint16_t local, uint16_t remote,
                         uint32_t mtu)
{
    f->local_port = local;
    f->remote_port = remote;
    struct tcp_pcb *p = demux_find(f);
    struct netif *n = ip6_route(ip_2_ip6(&f->local), ip_2_ip6(&f->remote));
    const uint32_t headers = IP6_HLEN + TCP_HLEN;

    if (!p || !n || p->state == TIME_WAIT || p->mss + headers <= mtu)
        return;
    n->chksum_flags |= NETIF_CHECKSUM_GEN_TCP;
    p->mss = (u16_t)(mtu - headers);
    demux_wake(p);
    net_timer_tcp();
    if (tcp_rexmit_rto_prepare(p) == ERR_OK)
        tcp_output(p);
}

/* A packet of ours, quoted at (q), did not arrive. */
static void quoted6(const uint8_t *q, unsigned len, struct netif *n,
                    const struct icmp_error *e)
{
    struct flow f;
    uint8_t next;
    bool part;
    const uint8_t *t = len >= IP6_HLEN + 8 && q[0] >> 4 == 6
                           ? transport6(q, len, &next, &part)
                           : NULL;

    if (!t)
        return;
    addr6(&f.local, q + 8, n);
    addr6(&f.remote, q + 24, n);
    if (next == IP_PROTO_UDP) {
        f.local_port = be16(t);
        f.remote_port = be16(t + 2);
        dgram_note_icmp(&f, e, t, len - (unsigned)(t - q));
    }
    if (e->err != EMSGSIZE || next != IP_PROTO_TCP)
        input_error(&f, next, t, e->err);
    else
        net6_too_big(&f, be16(t), be16(t + 2), e->mtu);
}

/* A router's message that a packet of ours was too big. lwIP believes any; a
 * true one has at least what every link carries (RFC 8201, 4), less than what
 * is known, and is about somebody we talk to. */
static bool believable(const uint8_t *m, const uint8_t *q, struct netif *n)
{
    uint32_t mtu = be32(m + 4);
    ip_addr_t dst;

    addr6(&dst, q + 24, n);
    if (mtu < IP6_MIN_MTU_LENGTH ||
        mtu >= nd6_get_destination_mtu(ip_2_ip6(&dst), n))
        return false;
    for (int i = 0; i < LWIP_ND6_NUM_DESTINATIONS; i++) {
        struct nd6_destination_cache_entry *e = &destination_cache[i];
        if (!ip6_addr_cmp(&e->destination_addr, ip_2_ip6(&dst)))
            continue;
        e->pmtu = (u16_t)mtu; /* before a connection repeats what was lost */
        return true;
    }
    return false;
}

/* --- neighbour discovery ------------------------------------------------ */

#define ND_FIRST     ICMP6_TYPE_RS
#define ND_LAST      ICMP6_TYPE_RD
#define ND_HOP_LIMIT 255 /* it has crossed no router */

static bool is_link_local(const uint8_t *a)
{
    return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

/* RFC 4861, 8.1: only the router in use for a destination leads elsewhere. */
static bool redirect_valid(const uint8_t *h, const uint8_t *m, struct netif *n)
{
    ip_addr_t router, dst;

    addr6(&router, h + 8, n);
    addr6(&dst, m + 24, n);
    if (!is_link_local(h + 8) || m[24] == 0xff ||
        (!is_link_local(m + 8) && memcmp(m + 8, m + 24, 16)))
        return false;
    for (int i = 0; i < LWIP_ND6_NUM_DESTINATIONS; i++)
        if (ip6_addr_cmp(&destination_cache[i].destination_addr,
                         ip_2_ip6(&dst)))
            return ip6_addr_cmp(&destination_cache[i].next_hop_addr,
                                ip_2_ip6(&router));
    return false;
}

/* lwIP takes the first option for the address it looks for, and its length as
 * it comes. RFC 4861, 6.1, 7.1 and 8.1: such messages are dropped whole. */
static bool discovery_valid(const uint8_t *h, const uint8_t *m, unsigned len,
                            struct netif *n)
{
    static const uint8_t any[16], fixed[] = {8, 16, 24, 24, 40};
    const unsigned start = fixed[m[0] - ND_FIRST];
    bool from_any = !memcmp(h + 8, any, 16);

    if (h[7] != ND_HOP_LIMIT || m[1] || len < start)
        return false;
    for (unsigned at = start; at < len; at += m[at + 1] * 8u)
        if (len - at < 8 || !m[at + 1] || m[at + 1] * 8u > len - at)
            return false;
    switch (m[0]) {
    case ICMP6_TYPE_RA:
        return is_link_local(h + 8);
    case ICMP6_TYPE_NS: /* searches for duplicates have no address */
        return m[8] != 0xff &&
               (from_any ? h[24] == 0xff : len > start && m[start] == 1);
    case ICMP6_TYPE_NA: /* an answer to many is not solicited */
        return m[8] != 0xff && !(h[24] == 0xff && (m[4] & 0x40)) &&
               (len == start || m[start] == 2);
    case ICMP6_TYPE_RD:
        return redirect_valid(h, m, n);
    default:
        return true;
    }
}

/* (m): the message behind header (h). True: (p) has been dealt with. */
static bool icmp6(struct pbuf *p, const uint8_t *m, unsigned len,
                  struct netif *n)
{
    const uint8_t *h = p->payload;
    int err = icmp6_errno(m[0], m[1]);
    bool discovery = m[0] >= ND_FIRST && m[0] <= ND_LAST;

    if (!err && !discovery)
        return false;
    if ((n->chksum_flags & NETIF_CHECKSUM_CHECK_ICMP6) &&
        !sum6_right(h, m, len, IP6_NEXTH_ICMP6))
        return false; /* lwIP drops it */
    if (m[0] == ICMP6_TYPE_RA && discovery_valid(h, m, len, n))
        return net6_advertisement(p, m, len, n);
    if (discovery && discovery_valid(h, m, len, n))
        return false;
    if (discovery || (m[0] == ICMP6_TYPE_PTB &&
                      (len < 8 + IP6_HLEN || !believable(m, m + 8, n)))) {
        pbuf_free(p);
        return true;
    }
    struct icmp_error e = {.type = m[0], .code = m[1], .err = err};
    addr6(&e.from, h + 8, n);
    if (m[0] == ICMP6_TYPE_PTB)
        e.mtu = be32(m + 4);
    quoted6(m + 8, len - 8, n, &e);
    return false;
}

int net_hook_ip6_input(struct pbuf *p, struct netif *inp)
{
    const uint8_t *h = p->payload, *t;
    struct flow f;
    uint8_t next;
    bool part;

    if (p->len < IP6_HLEN)
        return 0;
    unsigned len = MIN((unsigned)p->len, IP6_HLEN + (unsigned)be16(h + 4));
    t = transport6(h, len, &next, &part);
    if (!t)
        return input_unclear();
    unsigned left = len - (unsigned)(t - h);
    addr6(&f.remote, h + 8, inp);
    addr6(&f.local, h + 24, inp);
    if (next == IP_PROTO_TCP && left >= TCP_HLEN)
        return part ? input_first_fragment(&f, t)
                    : input_segment(&f, t, p, inp, h[7]);
    if (next == IP6_NEXTH_ICMP6 && !part)
        return icmp6(p, t, left, inp);
    /* RFC 8200, 8.1: not without a checksum. */
    if (next == IP_PROTO_UDP && !part && !be16(t + 6) &&
        (inp->chksum_flags & NETIF_CHECKSUM_CHECK_UDP)) {
        pbuf_free(p);
        return 1;
    }
    if (next == IP_PROTO_UDP && !part && left >= UDP_HLEN)
        return input_datagram(&f, t, inp);
    return part ? input_unclear() : 0;
}
