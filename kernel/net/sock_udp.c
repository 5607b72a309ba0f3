/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sock_udp.c - UDP and raw IP sockets: datagrams in a queue.
 *
 * A packet waits as lwIP delivered it, with a note of where it came from.
 * Queue and pcb belong to net_lock. A datagram taken from the queue is its
 * receiver's alone, and copied out without the lock.
 *
 * Raw sockets differ in what lwIP calls its things: see struct dgram_sock.
 */
#include <asm/ioctls.h>
#include <linux/ipv6.h>
#include <linux/sockios.h>

#include "fs/poll.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "net/sock_inet.h"

#include "lwip/ip.h"
#include "lwip/raw.h"
#include "lwip/udp.h"

#define DGRAM_COST  128 /* of bookkeeping, towards SO_RCVBUF */
#define ICMP_FILTER 1   /* <linux/icmp.h> SOL_RAW */

struct dgram {
    struct list link;
    struct pbuf *p;
    ip_addr_t from, to;
    uint16_t port;
    uint8_t ttl, tos, ifindex;
    nsec_t when; /* realtime, if the socket asked for time stamps */
};

/* n net_lock */
struct dgram_sock {
    struct inet_sock i;
    struct udp_pcb *udp;  /* n NULL for raw sockets */
    struct raw_pcb *raw;  /* n */
    struct list queue;    /* n */
    size_t queued;        /* n bytes with bookkeeping */
    unsigned nr_queued;   /* n */
    uint32_t icmp_filter; /* a */
};
static inline struct dgram_sock *dgram_sk(struct socket *s)
{
    return (struct dgram_sock *)s;
}

/* --- receiving -------------------------------------------------------------------- */

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
    return g;
}

static void dgram_free(struct dgram *g)
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

static void on_udp(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                   const ip_addr_t *from, u16_t port)
{
    (void)pcb;
    if (!dgram_queue(arg, p, from, port))
        pbuf_free(p);
}

/* Other sockets and lwIP itself want the packet too: each raw socket has a
 * copy. */
static u8_t on_raw(void *arg, struct raw_pcb *pcb, struct pbuf *p,
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
    if (i->pktinfo && IP_IS_V4(&g->to)) {
        struct in_pktinfo pi = {.ipi_ifindex = g->ifindex};
        pi.ipi_addr.s_addr = ip4_addr_get_u32(ip_2_ip4(&g->to));
        pi.ipi_spec_dst = pi.ipi_addr;
        sock_put_cmsg(m, SOL_IP, IP_PKTINFO, &pi, sizeof(pi));
    }
    if (i->pktinfo6 && i->s.family == AF_INET6) {
        struct sockaddr_in6 to;
        struct in6_pktinfo pi = {.ipi6_ifindex = g->ifindex};
        inet_addr_out(i, &g->to, 0, &to);
        pi.ipi6_addr = to.sin6_addr;
        sock_put_cmsg(m, SOL_IPV6, IPV6_PKTINFO, &pi, sizeof(pi));
    }
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
    if (i->recvhops && !v4)
        sock_put_cmsg(m, SOL_IPV6, IPV6_HOPLIMIT, &ttl, sizeof(ttl));
    if (i->recvtclass && !v4)
        sock_put_cmsg(m, SOL_IPV6, IPV6_TCLASS, &tclass, sizeof(tclass));
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
                             READ_ONCE(d->nr_queued) ||
                                 atomic_load(&s->err) ||
                                 (READ_ONCE(s->shut) & SHUT_MASK_RD),
                             SLEEP_INTERRUPTIBLE, deadline);
    return rc ? socket_wait_error(rc, s->rcvtimeo) : 0;
}

static ssize_t dgram_recvmsg(struct socket *s, struct sock_msg *m,
                             unsigned flags)
{
    struct dgram_sock *d = dgram_sk(s);
    nsec_t deadline = 0;
    struct dgram *g = NULL;
    int rc;

    if (flags & MSG_ERRQUEUE)
        return -EAGAIN;
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

/* --- sending ------------------------------------------------------------------------ */

/* Where a message goes, and how. */
struct route {
    ip_addr_t dst, src; /* src "any": chosen by interface */
    uint16_t port;
    uint8_t ttl, tos;
    unsigned ifindex;
};

static int parse_control(struct inet_sock *i, const struct sock_msg *m,
                         struct route *r)
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
            r->tos = v < 0 ? 0 : (uint8_t)v;
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
        } else if (h.level == SOL_IP || h.level == SOL_IPV6) {
            return -EINVAL;
        }
    }
    return rc;
}

static int make_route(struct dgram_sock *d, struct sock_msg *m,
                      struct route *r)
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
    r->ifindex = (unsigned)(i->s.bound_if ? i->s.bound_if
                            : mcast       ? i->mcast_if
                                          : 0);
    return parse_control(i, m, r);
}

/* The interface, and with it the source address. Lock held. */
static struct netif *find_netif(struct dgram_sock *d, struct route *r,
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
                                 : ip_route(want ? want : &r->src, &r->dst);

    /* Broadcasts leave by the default interface. */
    if (!n && IP_IS_V4(&r->dst) &&
        ip4_addr_get_u32(ip_2_ip4(&r->dst)) == IPADDR_BROADCAST)
        n = netif_default;
    if (!n)
        return NULL;
    *src = want ? want
           : IP_IS_V6(&r->dst)
               ? ip6_select_source_address(n, ip_2_ip6(&r->dst))
               : netif_ip_addr4(n);
    return *src ? n : NULL;
}

static err_t output_udp(struct dgram_sock *d, struct pbuf *p,
                        const struct route *r, struct netif *n,
                        const ip_addr_t *src)
{
    struct udp_pcb *pcb = d->udp;

    pcb->ttl = pcb->mcast_ttl = r->ttl;
    pcb->tos = r->tos;
    if (d->i.mcast_loop)
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
                        const struct route *r, struct netif *n,
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

static void names_from_pcb(struct dgram_sock *d)
{
    if (!d->udp)
        return;
    d->i.local_port = d->udp->local_port;
}

static int output(struct dgram_sock *d, struct pbuf *p, struct route *r)
{
    const ip_addr_t *src;
    struct netif *n = find_netif(d, r, &src);
    err_t err;

    if (!n)
        return -ENETUNREACH;
    if (IP_IS_V4(&r->dst) && !d->i.s.broadcast &&
        ip_addr_isbroadcast(&r->dst, n))
        return -EACCES;
    if (d->udp) {
        /* lwIP gives an unbound socket its port now. */
        err = output_udp(d, p, r, n, src);
        names_from_pcb(d);
    } else {
        err = output_raw(d, p, r, n, src);
    }
    /* A full queue drops datagrams in silence, as Linux does by default. */
    return err == ERR_MEM || err == ERR_BUF ? 0 : net_errno(err);
}

static struct pbuf *copy_in(struct dgram_sock *d, struct uio *u, int *rc)
{
    size_t len = u->left, max = d->udp ? 65507 : 65515;

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

static ssize_t dgram_sendmsg(struct socket *s, struct sock_msg *m,
                             unsigned flags)
{
    struct dgram_sock *d = dgram_sk(s);
    struct route r;
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
    rc = output(d, p, &r);
    pbuf_free(p);
    net_unlock();
    return rc ? rc : (ssize_t)len;
}

/* --- names ------------------------------------------------------------------------- */

static int udp_bind_locked(struct dgram_sock *d, const ip_addr_t *ip,
                           uint16_t port)
{
    struct socket *s = &d->i.s;

    if (d->i.local_port)
        return -EINVAL;
    if (s->reuseaddr || s->reuseport)
        ip_set_option(d->udp, SOF_REUSEADDR);
    else
        ip_reset_option(d->udp, SOF_REUSEADDR);
    d->udp->netif_idx = (u8_t)s->bound_if;
    return net_errno(udp_bind(d->udp, ip, port));
}

static int dgram_bind(struct socket *s, const void *addr, unsigned len)
{
    struct dgram_sock *d = dgram_sk(s);
    uint16_t port;
    ip_addr_t ip;
    int rc = inet_addr_in(&d->i, addr, len, &ip, &port);

    if (rc)
        return rc;
    if (IP_IS_V6(&ip) && ip_addr_isany(&ip))
        inet_any_addr(&d->i, &ip);
    net_lock();
    rc = inet_check_local(&d->i, &ip);
    if (!rc)
        rc = d->udp ? udp_bind_locked(d, &ip, port)
                    : net_errno(raw_bind(d->raw, &ip));
    if (!rc) {
        ip_addr_copy(d->i.local, ip);
        d->i.local_port = d->udp ? d->udp->local_port : s->protocol;
    }
    net_unlock();
    return rc;
}

static void disconnect(struct dgram_sock *d)
{
    if (d->udp)
        udp_disconnect(d->udp);
    else
        raw_disconnect(d->raw);
    d->i.remote_port = 0;
    ip_addr_set_any(d->i.s.family == AF_INET6, &d->i.remote);
}

static int connect_locked(struct dgram_sock *d, const ip_addr_t *ip,
                          uint16_t port)
{
    const ip_addr_t *src;
    struct route r = {.port = port};
    err_t err;

    ip_addr_copy(r.dst, *ip);
    IP_SET_TYPE_VAL(r.src, IP_GET_TYPE(ip));
    r.ifindex = (unsigned)d->i.s.bound_if;
    if (!find_netif(d, &r, &src))
        return -ENETUNREACH;
    if (d->udp) {
        ip_addr_t local = *src;
        if (!d->i.local_port) {
            /* connect(2) binds to the address packets will leave from. */
            int rc = udp_bind_locked(d, &local, 0);
            if (rc)
                return rc;
        } else {
            ip_addr_copy(d->udp->local_ip, local);
        }
        ip_addr_copy(d->i.local, local);
        d->i.local_port = d->udp->local_port;
        err = udp_connect(d->udp, ip, port);
    } else {
        err = raw_connect(d->raw, ip);
        port = d->i.s.protocol;
    }
    if (err)
        return net_errno(err);
    ip_addr_copy(d->i.remote, *ip);
    d->i.remote_port = port;
    return 0;
}

static int dgram_connect(struct socket *s, const void *addr, unsigned len,
                         bool nonblock)
{
    struct dgram_sock *d = dgram_sk(s);
    uint16_t family = 0, port;
    ip_addr_t ip;
    int rc;

    (void)nonblock;
    if (len < sizeof(family))
        return -EINVAL;
    memcpy(&family, addr, sizeof(family));
    if (family == AF_UNSPEC) {
        net_lock();
        disconnect(d);
        net_unlock();
        return 0;
    }
    rc = inet_addr_in(&d->i, addr, len, &ip, &port);
    if (rc)
        return rc;
    inet_fix_dest(&ip);
    net_lock();
    rc = connect_locked(d, &ip, port);
    net_unlock();
    return rc;
}

void sock_udp_unreachable(const ip_addr_t *local, uint16_t local_port,
                          const ip_addr_t *remote, uint16_t remote_port,
                          int err)
{
    for (struct udp_pcb *p = udp_pcbs; p; p = p->next) {
        if (p->recv != on_udp || p->local_port != local_port ||
            (!ip_addr_isany(&p->local_ip) &&
             !ip_addr_cmp(&p->local_ip, local)))
            continue;
        struct dgram_sock *d = p->recv_arg;
        bool connected = p->flags & UDP_FLAGS_CONNECTED;
        if (connected && (p->remote_port != remote_port ||
                          !ip_addr_cmp(&p->remote_ip, remote)))
            continue;
        /* udp(7): an unconnected socket hears of it only with IP_RECVERR; and
         * of less certain reasons than "port unreachable" likewise. */
        if (!d->i.recverr && !d->i.recverr6 &&
            (!connected || err != ECONNREFUSED))
            return;
        socket_set_error(&d->i.s, err);
        socket_wake(&d->i.s, EV_ERR | EV_IN | EV_OUT);
        return;
    }
}

/* --- the rest ----------------------------------------------------------------------- */

static int dgram_shutdown(struct socket *s, int how)
{
    struct dgram_sock *d = dgram_sk(s);
    int rc = 0;

    net_lock();
    if (!d->i.remote_port)
        rc = -ENOTCONN;
    else
        s->shut |= how == SHUT_RDWR ? SHUT_MASK : (uint8_t)(1 << how);
    net_unlock();
    if (!rc)
        socket_wake(s, EV_IN | EV_RDNORM | EV_RDHUP | EV_HUP | EV_OUT);
    return rc;
}

static uint32_t dgram_poll(struct socket *s)
{
    struct dgram_sock *d = dgram_sk(s);
    uint8_t shut = READ_ONCE(s->shut);
    uint32_t ev = EV_OUT | EV_WRNORM | EV_WRBAND;

    if (READ_ONCE(d->nr_queued) || (shut & SHUT_MASK_RD))
        ev |= EV_IN | EV_RDNORM;
    if (shut & SHUT_MASK_RD)
        ev |= EV_RDHUP;
    if (shut == SHUT_MASK)
        ev |= EV_HUP;
    if (atomic_load_explicit(&s->err, memory_order_relaxed))
        ev |= EV_ERR;
    return ev;
}

static long dgram_ioctl(struct socket *s, unsigned cmd, unsigned long arg)
{
    struct dgram_sock *d = dgram_sk(s);
    int v = 0;

    switch (cmd) {
    case SIOCINQ: /* FIONREAD: the size of the next datagram */
        net_lock();
        struct dgram *g = list_first(&d->queue, struct dgram, link);
        v = g ? g->p->tot_len : 0;
        net_unlock();
        break;
    case SIOCOUTQ:
        break;
    default:
        return -ENOIOCTLCMD;
    }
    return put_user(v, (int __user *)arg);
}

static int dgram_setsockopt(struct socket *s, int level, int name,
                            const void *val, unsigned len)
{
    struct dgram_sock *d = dgram_sk(s);

    if (level == SOL_RAW && d->raw && name == ICMP_FILTER &&
        s->protocol == IPPROTO_ICMP) {
        if (len < sizeof(d->icmp_filter))
            return -EINVAL;
        memcpy(&d->icmp_filter, val, sizeof(d->icmp_filter));
        return 0;
    }
    return inet_setsockopt(s, level, name, val, len);
}

static void dgram_option_changed(struct socket *s, int name)
{
    struct dgram_sock *d = dgram_sk(s);

    if (name != SO_BINDTODEVICE && name != SO_REUSEADDR &&
        name != SO_REUSEPORT)
        return;
    net_lock();
    if (d->udp) {
        d->udp->netif_idx = (u8_t)s->bound_if;
        if (s->reuseaddr || s->reuseport)
            ip_set_option(d->udp, SOF_REUSEADDR);
    } else {
        d->raw->netif_idx = (u8_t)s->bound_if;
    }
    net_unlock();
}

static void dgram_release(struct socket *s)
{
    struct dgram_sock *d = dgram_sk(s);
    struct dgram *g, *n;

    inet_leave_groups(&d->i);
    net_lock();
    if (d->udp)
        udp_remove(d->udp);
    if (d->raw)
        raw_remove(d->raw);
    list_for_each_safe(g, n, &d->queue, link)
        dgram_free(g);
    net_unlock();
    kfree(d);
}

static const struct sock_ops dgram_ops = {
    .kind = "udp",
    .bind = dgram_bind,
    .connect = dgram_connect,
    .getname = inet_getname,
    .sendmsg = dgram_sendmsg,
    .recvmsg = dgram_recvmsg,
    .shutdown = dgram_shutdown,
    .setsockopt = dgram_setsockopt,
    .getsockopt = inet_getsockopt,
    .option_changed = dgram_option_changed,
    .poll = dgram_poll,
    .ioctl = dgram_ioctl,
    .release = dgram_release,
};

static struct dgram_sock *dgram_create_sock(int family, int type, int protocol)
{
    struct dgram_sock *d = kzalloc(sizeof(*d), 0);

    if (!d)
        return NULL;
    inet_init(&d->i, &dgram_ops, family, type, protocol);
    list_init(&d->queue);
    return d;
}

int udp_create(int family, struct socket **out)
{
    struct dgram_sock *d = dgram_create_sock(family, SOCK_DGRAM, IPPROTO_UDP);

    if (!d)
        return -ENOBUFS;
    net_lock();
    d->udp = udp_new_ip_type(family == AF_INET ? IPADDR_TYPE_V4
                                               : IPADDR_TYPE_ANY);
    if (d->udp)
        udp_recv(d->udp, on_udp, d);
    net_unlock();
    if (!d->udp) {
        kfree(d);
        return -ENOBUFS;
    }
    *out = &d->i.s;
    return 0;
}

int raw_create(int family, int protocol, struct socket **out)
{
    struct dgram_sock *d = dgram_create_sock(family, SOCK_RAW, protocol);

    if (!d)
        return -ENOBUFS;
    d->i.hdrincl = protocol == IPPROTO_RAW;
    net_lock();
    d->raw = raw_new_ip_type(family == AF_INET ? IPADDR_TYPE_V4
                                               : IPADDR_TYPE_V6,
                             (u8_t)protocol);
    if (d->raw) {
        raw_recv(d->raw, on_raw, d);
        if (protocol == IPPROTO_ICMPV6) {
            /* RFC 3542, 3.1: the checksum at offset 2 is the kernel's work. */
            d->raw->chksum_reqd = 1;
            d->raw->chksum_offset = 2;
        }
    }
    net_unlock();
    if (!d->raw) {
        kfree(d);
        return -ENOBUFS;
    }
    *out = &d->i.s;
    return 0;
}
