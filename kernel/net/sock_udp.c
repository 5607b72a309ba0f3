/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sock_udp.c - UDP and raw IP sockets: names, options, making and closing.
 */
#include "net/sock_udp.h"

#include <asm/ioctls.h>
#include <linux/sockios.h>
#include <linux/udp.h>

#include "fs/poll.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "net/inet_port.h"

#include "lwip/ip.h"

#define ICMP_FILTER  1 /* <linux/icmp.h> SOL_RAW */
#define ICMP6_FILTER 1 /* <linux/icmpv6.h> SOL_ICMPV6 */

/* --- names ------------------------------------------------------------- */

int udp_bind_locked(struct dgram_sock *d, const ip_addr_t *ip, uint16_t port)
{
    if (d->i.local_port)
        return -EINVAL;
    int rc = port_bind(&d->i, ip, port);
    if (rc)
        return rc;
    d->udp->netif_idx = (u8_t)d->i.s.bound_if;
    ip_addr_copy(d->udp->local_ip, *ip);
    d->udp->local_port = d->i.local_port;
    return 0;
}

static int dgram_bind(struct socket *s, const void *addr, unsigned len)
{
    struct dgram_sock *d = dgram_sk(s);
    uint16_t port;
    ip_addr_t ip;
    int rc = inet_bind_addr_in(&d->i, addr, len, &ip, &port);

    if (rc)
        return rc;
    if (IP_IS_V6(&ip) && ip_addr_isany(&ip))
        inet_any_addr(&d->i, &ip);
    net_lock();
    rc = inet_check_local(&d->i, &ip);
    if (!rc && d->udp) {
        rc = udp_bind_locked(d, &ip, port);
    } else if (!rc) {
        rc = net_errno(raw_bind(d->raw, &ip));
        ip_addr_copy(d->i.local, ip);
        d->i.local_port = s->protocol;
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
    struct dgram_route r = {.port = port};
    err_t err;

    ip_addr_copy(r.dst, *ip);
    IP_SET_TYPE_VAL(r.src, IP_GET_TYPE(ip));
    r.ifindex = (unsigned)d->i.s.bound_if;
    if (!dgram_netif(d, &r, &src))
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
        err = udp_connect(d->udp, ip, port);
    } else {
        err = raw_connect(d->raw, ip);
        port = d->i.s.protocol;
        if (!d->i.local_port)
            ip_addr_copy(d->i.local, *src);
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
    rc = inet_scope(&d->i, &ip, true);
    if (!rc)
        rc = connect_locked(d, &ip, port);
    net_unlock();
    return rc;
}

void sock_udp_unreachable(const ip_addr_t *local, uint16_t local_port,
                          const ip_addr_t *remote, uint16_t remote_port,
                          int err)
{
    struct flow f = {.local_port = local_port, .remote_port = remote_port};

    ip_addr_copy(f.local, *local);
    ip_addr_copy(f.remote, *remote);
    struct inet_sock *i = port_udp_socket(&f, 0);
    /* udp(7): an unconnected socket hears of it only with IP_RECVERR; and of
     * less certain reasons than "port unreachable" likewise. */
    if (!i || (!dgram_wants_errors(i, remote) &&
               (!i->remote_port || err != ECONNREFUSED)))
        return;
    socket_set_error(&i->s, err);
    socket_wake(&i->s, EV_ERR | EV_IN | EV_OUT);
}

/* --- the rest ---------------------------------------------------------- */

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
    if (atomic_load_explicit(&s->err, memory_order_relaxed) ||
        READ_ONCE(d->nr_errors))
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

/* RFC 3542, 3.2. */
static bool is_icmp6_filter(const struct socket *s, int level, int name)
{
    return level == IPPROTO_ICMPV6 && name == ICMP6_FILTER &&
           s->type == SOCK_RAW && s->protocol == IPPROTO_ICMPV6;
}

static int set_udp(struct dgram_sock *d, int name, const void *val,
                   unsigned len)
{
    int v, rc = 0;

    if (sockopt_get_int(val, len, &v))
        return -EINVAL;
    if (name != UDP_CORK)
        return -ENOPROTOOPT;
    net_lock();
    d->cork = v != 0;
    if (!d->cork && d->corked)
        rc = dgram_uncork(d);
    net_unlock();
    return rc;
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
    if (is_icmp6_filter(s, level, name)) {
        memcpy(d->icmp6_filter, val, MIN((size_t)len, sizeof(d->icmp6_filter)));
        return 0;
    }
    if (level == SOL_UDP && d->udp)
        return set_udp(d, name, val, len);
    return inet_setsockopt(s, level, name, val, len);
}

static int dgram_getsockopt(struct socket *s, int level, int name, void *val,
                            unsigned *len)
{
    struct dgram_sock *d = dgram_sk(s);

    if (is_icmp6_filter(s, level, name)) {
        *len = MIN(*len, (unsigned)sizeof(d->icmp6_filter));
        memcpy(val, d->icmp6_filter, *len);
        return 0;
    }
    if (level == SOL_RAW && d->raw && s->protocol == IPPROTO_ICMP) {
        if (name != ICMP_FILTER)
            return -ENOPROTOOPT;
        return sockopt_put_int((int)d->icmp_filter, val, len);
    }
    if (level == SOL_UDP && d->udp)
        return name == UDP_CORK ? sockopt_put_int(d->cork, val, len)
                                : -ENOPROTOOPT;
    return inet_getsockopt(s, level, name, val, len);
}

static void dgram_option_changed(struct socket *s, int name)
{
    struct dgram_sock *d = dgram_sk(s);

    if (name != SO_BINDTODEVICE)
        return;
    net_lock();
    if (d->udp)
        d->udp->netif_idx = (u8_t)s->bound_if;
    else
        d->raw->netif_idx = (u8_t)s->bound_if;
    net_unlock();
}

static void dgram_release(struct socket *s)
{
    struct dgram_sock *d = dgram_sk(s);
    struct dgram *g, *n;

    inet_leave_groups(&d->i);
    net_lock();
    port_unbind(&d->i);
    if (d->corked)
        pbuf_free(d->corked);
    if (d->udp)
        udp_remove(d->udp);
    if (d->raw)
        raw_remove(d->raw);
    list_for_each_safe (g, n, &d->queue, link)
        dgram_free(g);
    dgram_drop_errors(d);
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
    .getsockopt = dgram_getsockopt,
    .option_changed = dgram_option_changed,
    .poll = dgram_poll,
    .ioctl = dgram_ioctl,
    .release = dgram_release,
};

static struct slab_kind dgram_kind = SLAB_KIND("sock-dgram", struct dgram_sock);

static struct dgram_sock *dgram_create_sock(int family, int type, int protocol)
{
    struct dgram_sock *d = slab_kind_alloc(&dgram_kind, 0);

    if (!d)
        return NULL;
    inet_init(&d->i, &dgram_ops, family, type, protocol);
    list_init(&d->queue);
    list_init(&d->errors);
    return d;
}

int udp_create(int family, struct socket **out)
{
    struct dgram_sock *d = dgram_create_sock(family, SOCK_DGRAM, IPPROTO_UDP);

    if (!d)
        return -ENOBUFS;
    net_lock();
    d->udp =
        udp_new_ip_type(family == AF_INET ? IPADDR_TYPE_V4 : IPADDR_TYPE_ANY);
    if (d->udp) {
        udp_recv(d->udp, dgram_on_udp, d);
        ip_set_option(d->udp, SOF_REUSEADDR); /* all it is shown get a copy */
    }
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
    d->i.s.reuseaddr = true; /* as Linux says */
    net_lock();
    d->raw = raw_new_ip_type(
        family == AF_INET ? IPADDR_TYPE_V4 : IPADDR_TYPE_V6, (u8_t)protocol);
    if (d->raw) {
        raw_recv(d->raw, dgram_on_raw, d);
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
