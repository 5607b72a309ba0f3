/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * udp_data.c - datagrams through UDP and raw sockets.
 *
 * A packet waits as lwIP delivered it, with a note of where it came from. A
 * datagram taken from the queue is its receiver's alone, and copied out without
 * the lock.
 */
#include "net/sock_udp.h"

#include <linux/ipv6.h>

#include "fs/poll.h"
#include "lib/string.h"
#include "net/net6.h"

#include "lwip/ip.h"

#define UDP_MAX    65507 /* bytes in one datagram */
#define DGRAM_COST 128   /* of bookkeeping, towards SO_RCVBUF */

/* --- receiving --------------------------------------------------------- */

static struct dgram *dgram_create(struct dgram_sock *d, struct pbuf *p,
                                  const ip_addr_t *from, uint16_t port)
{
    struct dgram *g = net_mem_alloc(sizeof(*g));

    if (!g)
        return NULL;
    g->p = p;
    ip_addr_copy(g->from, *from);
    ip_addr_copy(g->to, *ip_current_dest_addr());
    g->port = port;
    g->ifindex = netif_get_index(ip_current_input_netif());
    if (ip_current_is_v6()) {
        g->ttl = IP6H_HOPLIM(ip6_current_header());
        g->tos = (uint8_t)IP6H_TC(ip6_current_header());
    } else {
        g->ttl = IPH_TTL(ip4_current_header());
        g->tos = IPH_TOS(ip4_current_header());
    }
    g->when = d->i.s.timestamp ? time_realtime() : 0;
    if (g->ttl >= (ip_current_is_v6() ? d->i.minhops : d->i.minttl))
        return g;
    net_mem_free(g);
    return NULL;
}

void dgram_free(struct dgram *g)
{
    pbuf_free(g->p);
    net_mem_free(g);
}

/* True: taken; (p) is ours now. */
static bool dgram_queue(struct dgram_sock *d, struct pbuf *p,
                        const ip_addr_t *from, uint16_t port)
{
    struct socket *s = &d->i.s;

    if (d->queued >= (size_t)s->rcvbuf || (s->shut & SHUT_MASK_RD))
        return false;
    struct dgram *g = dgram_create(d, p, from, port);
    if (!g)
        return false;
    list_add_tail(&d->queue, &g->link);
    d->queued += p->tot_len + DGRAM_COST;
    d->nr_queued++;
    socket_wake(s, EV_IN | EV_RDNORM);
    return true;
}

void dgram_on_udp(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                  const ip_addr_t *from, u16_t port)
{
    (void)pcb;
    if (!dgram_queue(arg, p, from, port))
        pbuf_free(p);
}

/* Other sockets and lwIP itself want the packet too: each raw socket has a
 * copy. */
u8_t dgram_on_raw(void *arg, struct raw_pcb *pcb, struct pbuf *p,
                  const ip_addr_t *from)
{
    struct dgram_sock *d = arg;
    unsigned hlen = ip_current_header_tot_len();
    uint8_t type;

    (void)pcb;
    if (d->i.s.protocol == IPPROTO_ICMP && d->icmp_filter &&
        pbuf_copy_partial(p, &type, 1, (u16_t)hlen) == 1 && type < 32 &&
        (d->icmp_filter >> type & 1))
        return 0;
    if (d->i.s.protocol == IPPROTO_ICMPV6 &&
        pbuf_copy_partial(p, &type, 1, (u16_t)hlen) == 1 &&
        (d->icmp6_filter[type / 32] >> (type % 32) & 1))
        return 0;
    struct pbuf *q = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
    if (!q)
        return 0;
    if (ip_current_is_v6())
        pbuf_remove_header(q, hlen); /* AF_INET6 does not show the header */
    if (!dgram_queue(d, q, from, 0))
        pbuf_free(q);
    return 0;
}

static struct dgram *take(struct dgram_sock *d, bool peek)
{
    net_lock();
    struct dgram *g = list_first(&d->queue, struct dgram, link);
    if (g && peek) {
        struct dgram *copy = net_mem_alloc(sizeof(*copy));
        if (copy) {
            *copy = *g;
            pbuf_ref(g->p);
        }
        g = copy;
    } else if (g) {
        list_del_init(&g->link);
        d->queued -= g->p->tot_len + DGRAM_COST;
        d->nr_queued--;
    }
    net_unlock();
    return g;
}

/* (shared): a peek's reference, which only the lock protects; and then the
 * original may have been taken meanwhile, too. */
static void drop(struct dgram *g)
{
    net_lock();
    dgram_free(g);
    net_unlock();
}

static void put_pktinfo(struct inet_sock *i, struct sock_msg *m,
                        const struct dgram *g)
{
    if (i->pktinfo6 && i->s.family == AF_INET6) {
        struct sockaddr_in6 to;
        struct in6_pktinfo pi = {.ipi6_ifindex = g->ifindex};
        inet_addr_out(i, &g->to, 0, &to);
        pi.ipi6_addr = to.sin6_addr;
        sock_put_cmsg(m, SOL_IPV6, IPV6_PKTINFO, &pi, sizeof(pi));
    }
    if (i->pktinfo && IP_IS_V4(&g->to)) {
        struct in_pktinfo pi = {.ipi_ifindex = g->ifindex};
        pi.ipi_addr.s_addr = ip4_addr_get_u32(ip_2_ip4(&g->to));
        pi.ipi_spec_dst = pi.ipi_addr;
        sock_put_cmsg(m, SOL_IP, IP_PKTINFO, &pi, sizeof(pi));
    }
}

static void put_destination(struct inet_sock *i, struct sock_msg *m,
                            const struct dgram *g)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = lwip_htons(i->local_port)};

    to.sin_addr.s_addr = ip4_addr_get_u32(ip_2_ip4(&g->to));
    sock_put_cmsg(m, SOL_IP, IP_ORIGDSTADDR, &to, sizeof(to));
}

static void put_control(struct inet_sock *i, struct sock_msg *m,
                        const struct dgram *g)
{
    int ttl = g->ttl, tclass = g->tos;
    bool v4 = IP_IS_V4(&g->from);

    socket_put_timestamp(&i->s, m, g->when);
    put_pktinfo(i, m, g);
    if (i->recvttl && v4)
        sock_put_cmsg(m, SOL_IP, IP_TTL, &ttl, sizeof(ttl));
    if (i->recvtos && v4)
        sock_put_cmsg(m, SOL_IP, IP_TOS, &g->tos, sizeof(g->tos));
    if (i->recvorigdst && v4)
        put_destination(i, m, g);
    if (i->recvhops && !v4)
        sock_put_cmsg(m, SOL_IPV6, IPV6_HOPLIMIT, &ttl, sizeof(ttl));
    if (i->recvtclass && !v4)
        sock_put_cmsg(m, SOL_IPV6, IPV6_TCLASS, &tclass, sizeof(tclass));
    if (i->origdst6 && i->s.family == AF_INET6) {
        struct sockaddr_in6 to;
        inet_addr_out(i, &g->to, i->local_port, &to);
        sock_put_cmsg(m, SOL_IPV6, IPV6_ORIGDSTADDR, &to, sizeof(to));
    }
}

static ssize_t deliver(struct inet_sock *i, struct sock_msg *m,
                       const struct dgram *g, unsigned flags)
{
    size_t size = g->p->tot_len, want = MIN(size, m->data->left), done = 0;

    for (const struct pbuf *p = g->p; p && done < want; p = p->next) {
        size_t n = MIN((size_t)p->len, want - done);
        if (uio_copy_out(m->data, p->payload, n) != (ssize_t)n)
            return -EFAULT;
        done += n;
    }
    if (done < size)
        m->flags |= MSG_TRUNC;
    if (m->want_name)
        m->namelen = (unsigned)inet_addr_out(i, &g->from, g->port, m->name);
    put_control(i, m, g);
    return (ssize_t)(flags & MSG_TRUNC ? size : done);
}

static int dgram_wait(struct dgram_sock *d, unsigned flags, nsec_t deadline)
{
    struct socket *s = &d->i.s;

    if (flags & MSG_DONTWAIT)
        return -EAGAIN;
    int rc = WAIT_EVENT_FULL(&s->wq,
                             READ_ONCE(d->nr_queued) || atomic_load(&s->err) ||
                                 (READ_ONCE(s->shut) & SHUT_MASK_RD),
                             SLEEP_INTERRUPTIBLE, deadline);
    return rc ? socket_wait_error(rc, s->rcvtimeo) : 0;
}

ssize_t dgram_recvmsg(struct socket *s, struct sock_msg *m, unsigned flags)
{
    struct dgram_sock *d = dgram_sk(s);
    nsec_t deadline = 0;
    struct dgram *g = NULL;
    int rc;

    if (flags & MSG_ERRQUEUE)
        return dgram_recv_error(d, m);
    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    for (;;) {
        if ((rc = socket_take_error(s)))
            return rc;
        if (READ_ONCE(d->nr_queued))
            g = take(d, flags & MSG_PEEK);
        if (g)
            break;
        if (READ_ONCE(s->shut) & SHUT_MASK_RD)
            return 0;
        if (!deadline)
            deadline = socket_deadline(s->rcvtimeo);
        if ((rc = dgram_wait(d, flags, deadline)))
            return rc;
    }
    ssize_t n = deliver(&d->i, m, g, flags);
    drop(g);
    return n;
}

/* --- sending ----------------------------------------------------------- */

/* IPV6_PKTINFO names a link there is and an address of ours on it. */
static int check_source6(const struct inet_sock *i, struct dgram_route *r)
{
    int rc = 0;

    net_lock();
    if (r->ifindex && !netif_by_index(r->ifindex))
        rc = -ENODEV;
    else if (r->ifindex && i->s.bound_if &&
             (unsigned)i->s.bound_if != r->ifindex)
        rc = -EINVAL;
    if (ip6_addr_has_scope(ip_2_ip6(&r->src), IP6_UNICAST))
        ip6_addr_set_zone(ip_2_ip6(&r->src), (u8_t)r->ifindex);
    if (!rc && !ip_addr_isany(&r->src) && inet_check_local(i, &r->src))
        rc = -EINVAL;
    net_unlock();
    return rc;
}

static int parse_control(struct inet_sock *i, const struct sock_msg *m,
                         struct dgram_route *r)
{
    struct cmsghdr_user h;
    const uint8_t *data;
    size_t off = 0, len;
    int rc, v = 0;

    while ((rc = sock_next_cmsg(m, &off, &h, &data, &len)) > 0) {
        bool integer = len >= sizeof(v);
        if (integer)
            memcpy(&v, data, sizeof(v));
        if (h.level == SOL_IP && h.type == IP_TTL && integer) {
            if (v < 1 || v > 255)
                return -EINVAL;
            r->ttl = (uint8_t)v;
        } else if (h.level == SOL_IP && h.type == IP_TOS && len >= 1) {
            r->tos = integer ? (uint8_t)v : data[0];
        } else if (h.level == SOL_IPV6 && h.type == IPV6_HOPLIMIT && integer) {
            if (v < -1 || v > 255)
                return -EINVAL;
            if (v >= 0)
                r->ttl = (uint8_t)v;
        } else if (h.level == SOL_IPV6 && h.type == IPV6_TCLASS && integer) {
            if (v < -1 || v > 255)
                return -EINVAL;
            r->tos = (uint8_t)v; /* -1: as Linux, all bits */
        } else if (h.level == SOL_IPV6 && h.type == IPV6_DONTFRAG && integer) {
            if (v < 0 || v > 1)
                return -EINVAL;
            r->dontfrag = v;
        } else if (h.level == SOL_IP && h.type == IP_PKTINFO) {
            struct in_pktinfo pi;
            if (len < sizeof(pi))
                return -EINVAL;
            memcpy(&pi, data, sizeof(pi));
            r->ifindex = (unsigned)pi.ipi_ifindex;
            ip_addr_set_ip4_u32_val(r->src, pi.ipi_spec_dst.s_addr);
        } else if (h.level == SOL_IPV6 && h.type == IPV6_PKTINFO) {
            struct in6_pktinfo pi;
            if (len < sizeof(pi) || i->s.family != AF_INET6)
                return -EINVAL;
            memcpy(&pi, data, sizeof(pi));
            r->ifindex = (unsigned)pi.ipi6_ifindex;
            IP_SET_TYPE_VAL(r->src, IPADDR_TYPE_V6);
            memcpy(ip_2_ip6(&r->src)->addr, &pi.ipi6_addr, 16);
            if ((rc = check_source6(i, r)))
                return rc;
        } else if (h.level == SOL_IP || h.level == SOL_IPV6) {
            return -EINVAL;
        }
    }
    return rc;
}

static int make_route(struct dgram_sock *d, struct sock_msg *m,
                      struct dgram_route *r)
{
    struct inet_sock *i = &d->i;
    int rc;

    if (m->namelen) {
        rc = inet_addr_in(i, m->name, m->namelen, &r->dst, &r->port);
        if (rc)
            return rc;
        if (d->udp && !r->port)
            return -EINVAL;
        inet_fix_dest(&r->dst);
    } else {
        net_lock();
        ip_addr_copy(r->dst, i->remote);
        r->port = i->remote_port;
        net_unlock();
        if (!r->port)
            return -EDESTADDRREQ;
    }
    memset(&r->src, 0, sizeof(r->src));
    IP_SET_TYPE_VAL(r->src, IP_GET_TYPE(&r->dst));
    bool mcast = ip_addr_ismulticast(&r->dst);
    if (IP_IS_V6(&r->dst))
        r->ttl = mcast ? i->mcast_hops : inet_ttl(i, &r->dst);
    else
        r->ttl = mcast ? i->mcast_ttl : inet_ttl(i, &r->dst);
    r->tos = inet_tos(i, &r->dst);
    r->ifindex = (unsigned)(i->s.bound_if       ? i->s.bound_if
                            : mcast             ? i->mcast_if
                            : IP_IS_V6(&r->dst) ? i->unicast_if
                                                : 0);
    r->dontfrag = i->dontfrag && IP_IS_V6(&r->dst);
    rc = parse_control(i, m, r);
    if (rc)
        return rc;
    net_lock();
    rc = inet_scope(i, &r->dst, false);
    net_unlock();
    if (!rc && IP_IS_V6(&r->dst) && ip6_addr_has_zone(ip_2_ip6(&r->dst)))
        r->ifindex = ip6_addr_zone(ip_2_ip6(&r->dst));
    return rc;
}

/* The interface, and with it the source address. Lock held. */
struct netif *dgram_netif(struct dgram_sock *d, struct dgram_route *r,
                          const ip_addr_t **src)
{
    struct inet_sock *i = &d->i;
    bool bound = i->local_port && !ip_addr_isany(&i->local) &&
                 !ip_addr_ismulticast(&i->local) &&
                 IP_GET_TYPE(&i->local) == IP_GET_TYPE(&r->dst);
    const ip_addr_t *want = !ip_addr_isany(&r->src) ? &r->src
                            : bound                 ? &i->local
                                                    : NULL;
    struct netif *n = r->ifindex ? netif_by_index(r->ifindex)
                                 : net_route(want ? want : &r->src, &r->dst);

    /* Groups of a link that is not named are those of the default interface. */
    if (!n && IP_IS_V6(&r->dst) && ip_addr_ismulticast(&r->dst))
        n = netif_default;
    /* Broadcasts leave by the default interface. */
    if (!n && IP_IS_V4(&r->dst) &&
        ip4_addr_get_u32(ip_2_ip4(&r->dst)) == IPADDR_BROADCAST)
        n = netif_default;
    if (!n)
        return NULL;
    *src = want                ? want
           : IP_IS_V6(&r->dst) ? ip6_select_source_address(n, ip_2_ip6(&r->dst))
                               : netif_ip_addr4(n);
    return *src ? n : NULL;
}

static err_t output_udp(struct dgram_sock *d, struct pbuf *p,
                        const struct dgram_route *r, struct netif *n,
                        const ip_addr_t *src)
{
    struct udp_pcb *pcb = d->udp;

    pcb->ttl = pcb->mcast_ttl = r->ttl;
    pcb->tos = r->tos;
    if (d->i.s.nocheck)
        udp_set_flags(pcb, UDP_FLAGS_NOCHKSUM);
    else
        udp_clear_flags(pcb, UDP_FLAGS_NOCHKSUM);
    /* What leaves by the loopback interface comes back as it is. */
    if (d->i.mcast_loop && netif_get_index(n) != 1)
        udp_set_flags(pcb, UDP_FLAGS_MULTICAST_LOOP);
    else
        udp_clear_flags(pcb, UDP_FLAGS_MULTICAST_LOOP);
    if (d->i.s.broadcast)
        ip_set_option(pcb, SOF_BROADCAST);
    else
        ip_reset_option(pcb, SOF_BROADCAST);
    return udp_sendto_if_src(pcb, p, &r->dst, r->port, n, src);
}

static err_t output_raw(struct dgram_sock *d, struct pbuf *p,
                        const struct dgram_route *r, struct netif *n,
                        const ip_addr_t *src)
{
    struct raw_pcb *pcb = d->raw;

    pcb->ttl = pcb->mcast_ttl = r->ttl;
    pcb->tos = r->tos;
    if (d->i.s.broadcast)
        ip_set_option(pcb, SOF_BROADCAST);
    if (d->i.hdrincl)
        raw_set_flags(pcb, RAW_FLAGS_HDRINCL);
    else
        raw_clear_flags(pcb, RAW_FLAGS_HDRINCL);
    return raw_sendto_if_src(pcb, p, &r->dst, n, src);
}

/* An unbound socket has its port from the first message it sends. */
static int autobind(struct dgram_sock *d)
{
    ip_addr_t any;

    if (!d->udp || d->i.local_port)
        return 0;
    inet_any_addr(&d->i, &any);
    return udp_bind_locked(d, &any, 0);
}

static int output(struct dgram_sock *d, struct pbuf *p, struct dgram_route *r)
{
    const ip_addr_t *src;
    struct netif *n = dgram_netif(d, r, &src);
    err_t err;

    if (!n)
        return -ENETUNREACH;
    /* "Do not fragment" is kept by refusing to. */
    unsigned headers = (d->udp ? 8 : 0) + (IP_IS_V6(&r->dst) ? 40 : 20);
    unsigned mtu = net_mtu(&r->dst, n);
    if (d->i.frag_mtu && IP_IS_V6(&r->dst))
        mtu = MIN(mtu, (unsigned)d->i.frag_mtu);
    if ((d->i.mtu_discover == IP_PMTUDISC_DO || r->dontfrag) &&
        p->tot_len + headers > mtu) {
        dgram_note_too_big(d, r, mtu);
        return -EMSGSIZE;
    }
    if (p->tot_len + headers > UINT16_MAX)
        return -EMSGSIZE; /* lwIP counts the header */
    if (IP_IS_V4(&r->dst) && !d->i.s.broadcast &&
        ip_addr_isbroadcast(&r->dst, n))
        return -EACCES;
    int rc = autobind(d);
    if (rc)
        return rc;
    if (d->udp)
        err = output_udp(d, p, r, n, src);
    else
        err = output_raw(d, p, r, n, src);
    /* A full queue drops datagrams in silence, as Linux does by default. */
    return err == ERR_MEM || err == ERR_BUF ? 0 : net_errno(err);
}

static struct pbuf *copy_in(struct dgram_sock *d, struct uio *u, int *rc)
{
    size_t len = u->left, max = d->udp ? UDP_MAX : 65515;

    *rc = -EMSGSIZE;
    if (len > max)
        return NULL;
    struct pbuf *p =
        pbuf_alloc(d->udp ? PBUF_TRANSPORT : PBUF_IP, (u16_t)len, PBUF_RAM);
    *rc = -ENOBUFS;
    if (!p)
        return NULL;
    if (len && uio_copy_in(u, p->payload, len) != (ssize_t)len) {
        pbuf_free(p);
        *rc = -EFAULT;
        return NULL;
    }
    *rc = 0;
    return p;
}

int dgram_uncork(struct dgram_sock *d)
{
    struct pbuf *p = d->corked;

    d->corked = NULL;
    int rc = output(d, p, &d->corked_route);
    pbuf_free(p);
    return rc;
}

/* The route is that of the first part. Takes (p). */
static int gather(struct dgram_sock *d, struct pbuf *p,
                  const struct dgram_route *r, bool more)
{
    if (!d->corked) {
        d->corked = p;
        d->corked_route = *r;
    } else if (d->corked->tot_len + p->tot_len > UDP_MAX) {
        pbuf_free(p);
        return -EMSGSIZE;
    } else {
        pbuf_cat(d->corked, p);
    }
    return more ? 0 : dgram_uncork(d);
}

static int send_locked(struct dgram_sock *d, struct pbuf *p,
                       struct dgram_route *r, unsigned flags)
{
    bool more = d->udp && (d->cork || (flags & MSG_MORE));

    if (more || d->corked)
        return gather(d, p, r, more);
    int rc = output(d, p, r);
    pbuf_free(p);
    return rc;
}

ssize_t dgram_sendmsg(struct socket *s, struct sock_msg *m, unsigned flags)
{
    struct dgram_sock *d = dgram_sk(s);
    struct dgram_route r;
    size_t len = m->data->left;
    int rc;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if ((rc = socket_take_error(s)))
        return rc;
    if (s->shut & SHUT_MASK_WR)
        return socket_epipe(flags);
    if ((rc = make_route(d, m, &r)))
        return rc;
    struct pbuf *p = copy_in(d, m->data, &rc);
    if (!p)
        return rc;
    net_lock();
    rc = send_locked(d, p, &r, flags);
    net_unlock();
    return rc ? rc : (ssize_t)len;
}
