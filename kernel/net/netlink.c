/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * netlink.c - AF_NETLINK sockets of family NETLINK_ROUTE: what getifaddrs(3),
 * getaddrinfo(3) and their like ask.
 *
 * A request is answered at once into the socket's own queue, as datagrams that
 * hold several messages each (netlink_route.c writes them).
 */
#include <linux/netlink.h>

#include "fs/poll.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "net/netlink_priv.h"
#include "net/socket.h"
#include "proc/process.h"
#include "sched/cpu.h"

#define REQUEST_MAX 4096
#define QUEUE_MAX   64

struct nl_datagram {
    struct list link;
    size_t len;
    uint8_t data[];
};

/* n the socket's lock */
struct netlink_sock {
    struct socket s;
    struct spinlock lock; /* RANK_SOCKBUF */
    struct list queue;    /* n */
    unsigned nr_queued;   /* n */
    uint32_t portid;      /* n 0 = not bound */
    uint32_t groups;      /* n */
};
static inline struct netlink_sock *netlink_sk(struct socket *s)
{
    return (struct netlink_sock *)s;
}

/* --- port ids ---------------------------------------------------------- */

static struct spinlock ports_lock = SPINLOCK_INIT(RANK_SOCKBUF);
static uint32_t ports[256]; /* in use; the process id where possible */

static bool port_taken(uint32_t id)
{
    for (unsigned i = 0; i < ARRAY_SIZE(ports); i++)
        if (ports[i] == id)
            return true;
    return false;
}

static int port_claim(uint32_t id)
{
    int rc = -ENOMEM;

    spin_lock(&ports_lock);
    if (port_taken(id))
        rc = -EADDRINUSE;
    for (unsigned i = 0; i < ARRAY_SIZE(ports) && rc == -ENOMEM; i++) {
        if (!ports[i]) {
            ports[i] = id;
            rc = 0;
        }
    }
    spin_unlock(&ports_lock);
    return rc;
}

static void port_release(uint32_t id)
{
    spin_lock(&ports_lock);
    for (unsigned i = 0; i < ARRAY_SIZE(ports); i++)
        if (id && ports[i] == id)
            ports[i] = 0;
    spin_unlock(&ports_lock);
}

/* netlink(7): the process id, then, as Linux does, negative numbers. */
static int autobind(struct netlink_sock *n)
{
    static _Atomic uint32_t next = (uint32_t)-4097;
    uint32_t id = (uint32_t)current_process()->pid;
    int rc;

    if (n->portid)
        return 0;
    while ((rc = port_claim(id)) == -EADDRINUSE)
        id = atomic_fetch_sub(&next, 1);
    if (!rc)
        n->portid = id;
    return rc;
}

static int netlink_bind(struct socket *s, const void *addr, unsigned len)
{
    struct netlink_sock *n = netlink_sk(s);
    struct sockaddr_nl nl;
    int rc = 0;

    if (len < sizeof(nl))
        return -EINVAL;
    memcpy(&nl, addr, sizeof(nl));
    if (nl.nl_family != AF_NETLINK)
        return -EINVAL;
    if (n->portid)
        rc = nl.nl_pid && nl.nl_pid != n->portid ? -EINVAL : 0;
    else if (!nl.nl_pid)
        rc = autobind(n);
    else if (!(rc = port_claim(nl.nl_pid)))
        n->portid = nl.nl_pid;
    if (!rc)
        n->groups = nl.nl_groups;
    return rc;
}

static int netlink_connect(struct socket *s, const void *addr, unsigned len,
                           bool nonblock)
{
    uint16_t family;

    (void)nonblock;
    if (len < sizeof(family))
        return -EINVAL;
    memcpy(&family, addr, sizeof(family));
    if (family == AF_UNSPEC)
        return 0;
    if (family != AF_NETLINK || len < sizeof(struct sockaddr_nl))
        return -EINVAL;
    return autobind(netlink_sk(s)); /* the kernel is the only peer */
}

static int netlink_getname(struct socket *s, void *addr, bool peer)
{
    struct netlink_sock *n = netlink_sk(s);
    struct sockaddr_nl nl = {.nl_family = AF_NETLINK};

    if (!peer) {
        nl.nl_pid = n->portid;
        nl.nl_groups = n->groups;
    }
    memcpy(addr, &nl, sizeof(nl));
    return sizeof(nl);
}

/* --- requests ---------------------------------------------------------- */

/* Called with net_lock held. */
static int enqueue(void *arg, const void *data, size_t len)
{
    struct netlink_sock *n = arg;
    struct nl_datagram *d = kmalloc(sizeof(*d) + len, ALLOC_NOWAIT);

    if (!d)
        return -ENOBUFS;
    d->len = len;
    memcpy(d->data, data, len);
    spin_lock(&n->lock);
    bool room = n->nr_queued < QUEUE_MAX;
    if (room) {
        list_add_tail(&n->queue, &d->link);
        n->nr_queued++;
    }
    spin_unlock(&n->lock);
    if (!room)
        kfree(d);
    return room ? 0 : -ENOBUFS;
}

static ssize_t netlink_sendmsg(struct socket *s, struct sock_msg *m,
                               unsigned flags)
{
    struct netlink_sock *n = netlink_sk(s);
    size_t len = m->data->left;
    struct sockaddr_nl to = {.nl_family = AF_NETLINK};
    int rc;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (m->namelen) {
        if (m->namelen < sizeof(to))
            return -EINVAL;
        memcpy(&to, m->name, sizeof(to));
        if (to.nl_family != AF_NETLINK)
            return -EINVAL;
    }
    if (to.nl_pid)
        return -ECONNREFUSED; /* nobody but the kernel is there */
    if (len > REQUEST_MAX)
        return -EMSGSIZE;
    rc = autobind(n);
    uint8_t *buf = rc ? NULL : kmalloc(MAX(len, (size_t)1), 0);
    if (!rc && !buf)
        rc = -ENOBUFS;
    if (!rc && len && uio_copy_in(m->data, buf, len) != (ssize_t)len)
        rc = -EFAULT;
    if (!rc)
        rc = rtnetlink_request(buf, len, n->portid, enqueue, n);
    kfree(buf);
    if (rc)
        return rc;
    socket_wake(s, EV_IN | EV_RDNORM);
    return (ssize_t)len;
}

/* --- answers ----------------------------------------------------------- */

static struct nl_datagram *take(struct netlink_sock *n, bool peek)
{
    spin_lock(&n->lock);
    struct nl_datagram *d = list_first(&n->queue, struct nl_datagram, link);
    if (d && !peek) {
        list_del_init(&d->link);
        n->nr_queued--;
    }
    spin_unlock(&n->lock);
    return d;
}

static ssize_t deliver(struct sock_msg *m, const struct nl_datagram *d,
                       unsigned flags)
{
    struct sockaddr_nl from = {.nl_family = AF_NETLINK};
    size_t want = MIN(d->len, m->data->left);

    if (want && uio_copy_out(m->data, d->data, want) != (ssize_t)want)
        return -EFAULT;
    if (want < d->len)
        m->flags |= MSG_TRUNC;
    if (m->want_name) {
        memcpy(m->name, &from, sizeof(from));
        m->namelen = sizeof(from);
    }
    return (ssize_t)(flags & MSG_TRUNC ? d->len : want);
}

static ssize_t netlink_recvmsg(struct socket *s, struct sock_msg *m,
                               unsigned flags)
{
    struct netlink_sock *n = netlink_sk(s);
    nsec_t deadline = socket_deadline(s->rcvtimeo);
    struct nl_datagram *d;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    while (!(d = take(n, false))) {
        if (flags & MSG_DONTWAIT)
            return -EAGAIN;
        int rc = WAIT_EVENT_FULL(&s->wq, READ_ONCE(n->nr_queued),
                                 SLEEP_INTERRUPTIBLE, deadline);
        if (rc)
            return socket_wait_error(rc, s->rcvtimeo);
    }
    ssize_t rc = deliver(m, d, flags);
    if (flags & MSG_PEEK) {
        spin_lock(&n->lock);
        list_add_head(&n->queue, &d->link);
        n->nr_queued++;
        spin_unlock(&n->lock);
    } else {
        kfree(d);
    }
    return rc;
}

static uint32_t netlink_poll(struct socket *s)
{
    return EV_OUT | EV_WRNORM |
           (READ_ONCE(netlink_sk(s)->nr_queued) ? EV_IN | EV_RDNORM : 0);
}

static int netlink_shutdown(struct socket *s, int how)
{
    (void)s, (void)how;
    return -EOPNOTSUPP;
}

static int netlink_setsockopt(struct socket *s, int level, int name,
                              const void *val, unsigned len)
{
    int v;

    (void)s;
    if (level != SOL_NETLINK)
        return -ENOPROTOOPT;
    if (sockopt_get_int(val, len, &v))
        return -EINVAL;
    switch (name) {
    case NETLINK_EXT_ACK: /* only how much we say about errors */
    case NETLINK_CAP_ACK:
    case NETLINK_GET_STRICT_CHK:
    case NETLINK_NO_ENOBUFS:
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

static void netlink_release(struct socket *s)
{
    struct netlink_sock *n = netlink_sk(s);
    struct nl_datagram *d;

    while ((d = take(n, false)))
        kfree(d);
    port_release(n->portid);
    kfree(n);
}

static const struct sock_ops netlink_ops = {
    .kind = "netlink",
    .bind = netlink_bind,
    .connect = netlink_connect,
    .getname = netlink_getname,
    .sendmsg = netlink_sendmsg,
    .recvmsg = netlink_recvmsg,
    .shutdown = netlink_shutdown,
    .setsockopt = netlink_setsockopt,
    .poll = netlink_poll,
    .release = netlink_release,
};

int netlink_create(int type, int protocol, struct socket **out)
{
    if (type != SOCK_RAW && type != SOCK_DGRAM)
        return -ESOCKTNOSUPPORT;
    if (protocol != NETLINK_ROUTE)
        return -EPROTONOSUPPORT;
    struct netlink_sock *n = kzalloc(sizeof(*n), 0);
    if (!n)
        return -ENOMEM;
    socket_init(&n->s, &netlink_ops, AF_NETLINK, type, protocol);
    spin_init(&n->lock, RANK_SOCKBUF);
    list_init(&n->queue);
    *out = &n->s;
    return 0;
}
