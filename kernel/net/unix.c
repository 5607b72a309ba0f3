/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * unix.c - AF_UNIX sockets: making, connecting, closing them.
 */
#include "net/unix_sock.h"

#include <asm/ioctls.h>
#include <linux/sockios.h>

#include "fs/poll.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/process.h"
#include "sched/cpu.h"

struct spinlock unix_lock = SPINLOCK_INIT(RANK_SOCKBUF);
struct list unix_all = LIST_HEAD_INIT(unix_all);

static const struct sock_ops unix_ops;

void unix_get(struct unix_sock *u)
{
    atomic_fetch_add_explicit(&u->refs, 1, memory_order_relaxed);
}

/* Not with unix_lock held: the name may be freed. acq_rel: who frees sees what
 * the others did before they let go. */
void unix_put(struct unix_sock *u)
{
    if (atomic_fetch_sub_explicit(&u->refs, 1, memory_order_acq_rel) != 1)
        return;
    spin_lock(&unix_lock);
    list_del_init(&u->all_link);
    spin_unlock(&unix_lock);
    unix_name_put(u->name);
    kfree(u);
}

static struct slab_kind unix_kind = SLAB_KIND("sock-unix", struct unix_sock);

static struct unix_sock *unix_alloc(int type)
{
    struct unix_sock *u = slab_kind_alloc(&unix_kind, 0);

    if (!u)
        return NULL;
    socket_init(&u->s, &unix_ops, AF_UNIX, type, 0);
    atomic_init(&u->refs, 1);
    list_init(&u->connectors);
    list_init(&u->connector_link);
    list_init(&u->queue);
    list_init(&u->embryos);
    list_init(&u->embryo_link);
    list_init(&u->inflight_link);
    mutex_init(&u->read_lock, RANK_UNIX_BIND);
    wq_init(&u->space);
    u->peercred = (struct ucred){0, UINT32_MAX, UINT32_MAX};
    spin_lock(&unix_lock);
    list_add_tail(&unix_all, &u->all_link);
    spin_unlock(&unix_lock);
    return u;
}

int unix_create(int type, int protocol, struct socket **out)
{
    if (protocol && protocol != AF_UNIX)
        return -EPROTONOSUPPORT;
    if (type == SOCK_RAW) /* unix(7): taken for SOCK_DGRAM */
        type = SOCK_DGRAM;
    if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
        return -ESOCKTNOSUPPORT;
    struct unix_sock *u = unix_alloc(type);
    if (!u)
        return -ENOMEM;
    *out = &u->s;
    return 0;
}

static struct ucred cred_now(void)
{
    struct process *p = current_process();

    return (struct ucred){(uint32_t)p->pid, p->euid, p->egid};
}

/* Lock held. */
static void pair(struct unix_sock *a, struct unix_sock *b)
{
    unix_get(a);
    unix_get(b);
    a->peer = b;
    b->peer = a;
    a->state = b->state = UNIX_CONNECTED;
}

int unix_socketpair(int type, struct socket *out[2])
{
    struct socket *a, *b;
    int rc = unix_create(type, 0, &a);

    if (rc)
        return rc;
    rc = unix_create(type, 0, &b);
    if (rc) {
        a->ops->release(a);
        return rc;
    }
    spin_lock(&unix_lock);
    pair(unix_sk(a), unix_sk(b));
    unix_sk(a)->peercred = unix_sk(b)->peercred = cred_now();
    spin_unlock(&unix_lock);
    out[0] = a;
    out[1] = b;
    return 0;
}

/* --- listening and connecting ------------------------------------------ */

static int unix_listen(struct socket *s, int backlog)
{
    struct unix_sock *u = unix_sk(s);
    int rc = 0;

    if (unix_is_dgram(u))
        return -EOPNOTSUPP;
    spin_lock(&unix_lock);
    if (!u->name || (u->state != UNIX_NEW && u->state != UNIX_LISTENING)) {
        rc = -EINVAL;
    } else {
        u->state = UNIX_LISTENING;
        s->listening = true;
        u->backlog = (unsigned)backlog;
        u->peercred = cred_now();
    }
    spin_unlock(&unix_lock);
    if (!rc) /* a larger backlog lets waiting connects go on */
        wq_wake_all(&u->space, EV_OUT);
    return rc;
}

/* Link (u) to a new socket in (l)'s queue. Lock held. -EAGAIN: it is full. */
static int join_queue(struct unix_sock *u, struct unix_sock *l,
                      struct unix_sock *server)
{
    if (l->state != UNIX_LISTENING || (l->s.shut & SHUT_MASK_RD))
        return -ECONNREFUSED;
    if (u->state == UNIX_CONNECTED)
        return -EISCONN;
    if (u->state != UNIX_NEW)
        return -EINVAL;
    if (l->nr_embryos > l->backlog)
        return -EAGAIN;
    pair(u, server);
    u->peercred = l->peercred;
    server->peercred = cred_now();
    server->name = unix_name_get(l->name);
    server->s.passcred = l->s.passcred;
    list_add_tail(&l->embryos, &server->embryo_link);
    l->nr_embryos++;
    return 0;
}

static int wait_backlog(struct unix_sock *u, struct unix_sock *l,
                        nsec_t deadline)
{
    int rc = WAIT_EVENT_FULL(&l->space,
                             READ_ONCE(l->nr_embryos) <= l->backlog ||
                                 READ_ONCE(l->state) != UNIX_LISTENING,
                             SLEEP_INTERRUPTIBLE, deadline);

    return rc ? socket_wait_error(rc, u->s.sndtimeo) : 0;
}

static int connect_stream(struct unix_sock *u, const void *addr, unsigned len,
                          bool nonblock)
{
    nsec_t deadline = socket_deadline(u->s.sndtimeo);
    struct unix_sock *server = unix_alloc(u->s.type);
    int rc;

    if (!server)
        return -ENOMEM;
    do {
        struct unix_sock *l = unix_find(addr, len, u->s.type);
        if (IS_ERR(l)) {
            rc = (int)PTR_ERR(l);
            break;
        }
        spin_lock(&unix_lock);
        rc = join_queue(u, l, server);
        spin_unlock(&unix_lock);
        if (!rc)
            socket_wake(&l->s, EV_IN | EV_RDNORM);
        bool full = rc == -EAGAIN && !nonblock;
        if (full)
            rc = wait_backlog(u, l, deadline);
        unix_put(l);
        if (!full || rc)
            break;
        rc = -EAGAIN; /* again, with a fresh look at the name */
    } while (true);
    if (rc)
        unix_put(server);
    else
        socket_wake(&u->s, EV_OUT | EV_WRNORM);
    return rc;
}

/* A datagram socket's peer is only a default. Lock held; what must be put
 * afterwards is returned. */
static struct unix_sock *set_dgram_peer(struct unix_sock *u,
                                        struct unix_sock *peer)
{
    struct unix_sock *old = u->peer;

    list_del_init(&u->connector_link);
    u->peer = peer;
    if (peer)
        list_add_tail(&peer->connectors, &u->connector_link);
    u->state = peer ? UNIX_CONNECTED : UNIX_NEW;
    return old;
}

static int connect_dgram(struct unix_sock *u, const void *addr, unsigned len)
{
    uint16_t family;
    struct unix_sock *peer = NULL, *old;

    memcpy(&family, addr, sizeof(family));
    if (family != AF_UNSPEC) {
        peer = unix_find(addr, len, SOCK_DGRAM);
        if (IS_ERR(peer))
            return (int)PTR_ERR(peer);
    }
    spin_lock(&unix_lock);
    old = set_dgram_peer(u, peer);
    spin_unlock(&unix_lock);
    if (old)
        unix_put(old);
    return 0;
}

static int unix_connect(struct socket *s, const void *addr, unsigned len,
                        bool nonblock)
{
    if (len < sizeof(uint16_t))
        return -EINVAL;
    return unix_is_dgram(unix_sk(s))
               ? connect_dgram(unix_sk(s), addr, len)
               : connect_stream(unix_sk(s), addr, len, nonblock);
}

static struct unix_sock *take_embryo(struct unix_sock *u)
{
    spin_lock(&unix_lock);
    struct unix_sock *e =
        list_first(&u->embryos, struct unix_sock, embryo_link);
    if (e) {
        list_del_init(&e->embryo_link);
        u->nr_embryos--;
    }
    spin_unlock(&unix_lock);
    if (e)
        wq_wake(&u->space, EV_OUT);
    return e;
}

static int unix_accept(struct socket *s, struct socket **out, bool nonblock)
{
    struct unix_sock *u = unix_sk(s), *e;
    nsec_t deadline = nonblock ? 0 : socket_deadline(s->rcvtimeo);

    if (unix_is_dgram(u))
        return -EOPNOTSUPP;
    for (;;) {
        if (READ_ONCE(u->state) != UNIX_LISTENING ||
            (READ_ONCE(s->shut) & SHUT_MASK_RD))
            return -EINVAL;
        e = take_embryo(u);
        if (e)
            break;
        if (nonblock)
            return -EAGAIN;
        int rc = WAIT_EVENT_FULL(&s->wq,
                                 READ_ONCE(u->nr_embryos) ||
                                     (READ_ONCE(s->shut) & SHUT_MASK_RD),
                                 SLEEP_INTERRUPTIBLE, deadline);
        if (rc)
            return socket_wait_error(rc, s->rcvtimeo);
    }
    *out = &e->s;
    return 0;
}

/* --- closing ----------------------------------------------------------- */

static int unix_shutdown(struct socket *s, int how)
{
    struct unix_sock *u = unix_sk(s), *peer;
    uint8_t mask = how == SHUT_RDWR ? SHUT_MASK : (uint8_t)(1 << how);
    const uint32_t all =
        EV_IN | EV_OUT | EV_HUP | EV_RDHUP | EV_RDNORM | EV_WRNORM;

    spin_lock(&unix_lock);
    s->shut |= mask;
    peer = unix_is_dgram(u) ? NULL : u->peer;
    if (peer) {
        peer->s.shut |= (uint8_t)((mask & SHUT_MASK_RD ? SHUT_MASK_WR : 0) |
                                  (mask & SHUT_MASK_WR ? SHUT_MASK_RD : 0));
        unix_get(peer);
    }
    spin_unlock(&unix_lock);
    socket_wake(s, all);
    wq_wake_all(&u->space, all);
    if (peer) {
        socket_wake(&peer->s, all);
        unix_put(peer);
    }
    return 0;
}

/* The peer of a connection learns that we are gone; unread data makes it a
 * reset. Lock held. */
static void part_from(struct unix_sock *u, struct unix_sock *peer)
{
    peer->s.shut = SHUT_MASK;
    if (!list_empty(&u->queue))
        socket_set_error(&peer->s, ECONNRESET);
    socket_wake(&peer->s,
                EV_IN | EV_RDNORM | EV_OUT | EV_WRNORM | EV_HUP | EV_RDHUP);
}

/* Take everything off (u); connected datagram sockets find out when they next
 * send. Lock held; returns the peer to put. */
static struct unix_sock *dismantle(struct unix_sock *u, struct list *garbage)
{
    struct unix_sock *peer = u->peer, *c, *n;

    if (peer && !unix_is_dgram(u))
        part_from(u, peer);
    list_del_init(&u->connector_link);
    list_for_each_safe (c, n, &u->connectors, connector_link) {
        list_del_init(&c->connector_link);
        socket_wake(&c->s, EV_OUT | EV_WRNORM);
    }
    u->peer = NULL;
    u->state = UNIX_CLOSED;
    u->s.shut = SHUT_MASK;
    list_splice_tail(garbage, &u->queue);
    u->nr_queued = 0;
    u->rx_bytes = 0;
    return peer;
}

static void unix_release(struct socket *s);

/* Connected to a listener that closes, never accepted: reset. */
static void refuse(struct unix_sock *e)
{
    spin_lock(&unix_lock);
    if (e->peer)
        socket_set_error(&e->peer->s, ECONNRESET);
    spin_unlock(&unix_lock);
    unix_release(&e->s);
}

static void unix_release(struct socket *s)
{
    struct unix_sock *u = unix_sk(s), *e;
    struct list garbage;

    list_init(&garbage);
    unix_unbind(u);
    while ((e = take_embryo(u)))
        refuse(e);
    spin_lock(&unix_lock);
    u->s.file = NULL;
    struct unix_sock *peer = dismantle(u, &garbage);
    unix_gc(&garbage);
    spin_unlock(&unix_lock);
    wq_wake_all(&u->space, EV_OUT);
    unix_free_msgs(&garbage);
    if (peer)
        unix_put(peer);
    unix_put(u);
}

/* --- poll and the like ------------------------------------------------- */

/* As unix_poll() and unix_dgram_poll() of Linux. */
static uint32_t unix_poll(struct socket *s)
{
    struct unix_sock *u = unix_sk(s);
    enum unix_state state = READ_ONCE(u->state);
    uint8_t shut = READ_ONCE(s->shut);
    uint32_t ev = 0;

    if (state == UNIX_LISTENING)
        return READ_ONCE(u->nr_embryos) ? EV_IN | EV_RDNORM : 0;
    if (atomic_load_explicit(&s->err, memory_order_relaxed))
        ev |= EV_ERR;
    if (shut == SHUT_MASK)
        ev |= EV_HUP;
    if (shut & SHUT_MASK_RD)
        ev |= EV_RDHUP | EV_IN | EV_RDNORM;
    if (READ_ONCE(u->nr_queued))
        ev |= EV_IN | EV_RDNORM;
    if (!unix_is_dgram(u) && state == UNIX_NEW)
        ev |= EV_HUP;
    WRITE_ONCE(s->nospace, true);
    atomic_thread_fence(memory_order_seq_cst); /* pairs with uncharge() */
    bool room = unix_writable(u);
    if (room && unix_is_dgram(u) && state == UNIX_CONNECTED) {
        spin_lock(&unix_lock);
        room = !u->peer || u->peer->state == UNIX_CLOSED ||
               u->peer->peer == u || !unix_full(u->peer);
        spin_unlock(&unix_lock);
    }
    if (room) {
        WRITE_ONCE(s->nospace, false);
        ev |= EV_OUT | EV_WRNORM | EV_WRBAND;
    }
    return ev;
}

static int unix_getsockopt(struct socket *s, int level, int name, void *val,
                           unsigned *len)
{
    struct unix_sock *u = unix_sk(s);
    struct ucred c;

    if (level != SOL_SOCKET || name != SO_PEERCRED)
        return -EOPNOTSUPP;
    spin_lock(&unix_lock);
    c = u->peercred;
    spin_unlock(&unix_lock);
    *len = MIN(*len, (unsigned)sizeof(c));
    memcpy(val, &c, *len);
    return 0;
}

static int unix_setsockopt(struct socket *s, int level, int name,
                           const void *val, unsigned len)
{
    (void)s, (void)level, (void)name, (void)val, (void)len;
    return -EOPNOTSUPP;
}

static long unix_ioctl(struct socket *s, unsigned cmd, unsigned long arg)
{
    struct unix_sock *u = unix_sk(s);
    int v;

    spin_lock(&unix_lock);
    struct unix_msg *m = list_first(&u->queue, struct unix_msg, link);
    int queued = s->type == SOCK_STREAM ? (int)u->rx_bytes
                 : m                    ? (int)m->len
                                        : 0;
    int sent = (int)u->tx_cost;
    bool listening = u->state == UNIX_LISTENING;
    spin_unlock(&unix_lock);
    switch (cmd) {
    case SIOCINQ: /* FIONREAD */
        if (listening)
            return -EINVAL;
        v = queued;
        break;
    case SIOCOUTQ:
        v = sent;
        break;
    default:
        return -ENOIOCTLCMD;
    }
    return put_user(v, (int __user *)arg);
}

static const struct sock_ops unix_ops = {
    .kind = "unix",
    .bind = unix_bind,
    .connect = unix_connect,
    .listen = unix_listen,
    .accept = unix_accept,
    .getname = unix_getname,
    .sendmsg = unix_sendmsg,
    .recvmsg = unix_recvmsg,
    .shutdown = unix_shutdown,
    .setsockopt = unix_setsockopt,
    .getsockopt = unix_getsockopt,
    .poll = unix_poll,
    .ioctl = unix_ioctl,
    .release = unix_release,
};
