/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tcp_connect.c - how TCP sockets come to a connection: bind, listen, accept,
 * connect.
 */
#include "net/sock_tcp.h"

#include "fs/poll.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "net/inet_port.h"
#include "net/lwip_demux.h"
#include "net/net6.h"

#include "lwip/priv/tcp_priv.h"

#define HALF_OPEN_MIN 128 /* half-open connections a small backlog allows */

/* --- listening --------------------------------------------------------- */

/* A SYN. Refusing it in silence makes the peer try again. */
err_t tcp_passive_open(u8_t id, struct tcp_pcb_listen *l, struct tcp_pcb *pcb)
{
    struct tcp_sock *t = l->ext_args[id].data;

    if (!t || t->nr_accepted + t->nr_deferred > t->backlog ||
        t->half_open >= MAX(t->backlog, (unsigned)HALF_OPEN_MIN) ||
        net_mem_pressure() || demux_add(pcb))
        return ERR_MEM;
    t->half_open++;
    tcp_pcb_own(pcb, tcp_half_open_tag(t));
    tcp_limit_window(pcb, tcp_window_of(&t->i.s));
    tcp_first_rto(pcb);
    pcb->ttl = inet_ttl(&t->i, &pcb->remote_ip);
    pcb->tos = inet_tos(&t->i, &pcb->remote_ip);
    return ERR_OK;
}

/* What an accepted socket has from its listener. */
static struct tcp_sock *child_create(struct tcp_sock *t, struct tcp_pcb *pcb)
{
    struct tcp_sock *c = slab_kind_alloc(&tcp_sock_kind, ALLOC_NOWAIT);

    if (!c)
        return NULL;
    memcpy(c, t, sizeof(*c));
    c->i.s.file = NULL;
    wq_init(&c->i.s.wq);
    atomic_init(&c->i.s.err, 0);
    c->i.s.listening = c->i.s.nospace = false;
    c->i.s.shut = 0;
    list_init(&c->i.groups);
    c->i.port = NULL;
    c->i.addr_fixed = c->i.port_fixed = false;
    list_init(&c->i.port_link);
    list_init(&c->accepted);
    list_init(&c->deferred);
    list_init(&c->ack_link);
    c->nr_accepted = c->nr_deferred = c->half_open = 0;
    c->state = TCP_CONNECTED;
    c->rx_eof = false;
    c->rx_window = tcp_window_of(&c->i.s);
    tcp_pcb_attach(c, pcb);
    tcp_clamp_mss(c);
    tcp_names_from_pcb(c);
    return c;
}

/* TCP_DEFER_ACCEPT: accept() has it when data has come, or time has passed. */
static void defer(struct tcp_sock *t, struct tcp_sock *c)
{
    c->deferred_by = t;
    c->deferred_since = tcp_ticks;
    t->nr_deferred++;
    list_add_tail(&t->deferred, &c->accept_link);
}

static void ready(struct tcp_sock *t, struct tcp_sock *c)
{
    t->nr_accepted++;
    list_add_tail(&t->accepted, &c->accept_link);
    socket_wake(&t->i.s, EV_IN | EV_RDNORM);
}

void tcp_undefer(struct tcp_sock *c)
{
    struct tcp_sock *t = c->deferred_by;

    c->deferred_by = NULL;
    t->nr_deferred--;
    list_del_init(&c->accept_link);
    ready(t, c);
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct tcp_sock *t = arg, *c;

    if (err != ERR_OK || !pcb || !t)
        return ERR_VAL;
    c = child_create(t, pcb);
    if (!c)
        return ERR_MEM; /* lwIP resets the connection */
    t->half_open--;
    if (t->defer_accept)
        defer(t, c);
    else
        ready(t, c);
    return ERR_OK;
}

/* A pcb with the address and port the socket is bound to. */
static int ensure_pcb(struct tcp_sock *t, uint8_t type)
{
    if (t->pcb)
        return 0;
    struct tcp_pcb *pcb = tcp_new_ip_type(type);
    if (!pcb)
        return -ENOBUFS;
    tcp_first_rto(pcb);
    tcp_pcb_attach(t, pcb);
    t->state = TCP_NEW;
    if (t->i.addr_fixed)
        ip_addr_copy(pcb->local_ip, t->i.local);
    if (port_bound(&t->i))
        pcb->local_port = t->i.local_port;
    return 0;
}

static int bind_locked(struct tcp_sock *t, const ip_addr_t *ip, uint16_t port)
{
    if (t->state != TCP_NEW || port_bound(&t->i))
        return -EINVAL;
    int rc = inet_check_local(&t->i, ip);
    if (!rc && !port && t->i.no_port) /* connect() chooses */
        ip_addr_copy(t->i.local, *ip);
    else if (!rc)
        rc = port_bind(&t->i, ip, port);
    if (rc)
        return rc;
    t->i.addr_fixed = true;
    t->i.port_fixed = port != 0;
    return 0;
}

int tcp_sock_bind(struct socket *s, const void *addr, unsigned len)
{
    struct tcp_sock *t = tcp_sk(s);
    uint16_t port;
    ip_addr_t ip;
    int rc = inet_bind_addr_in(&t->i, addr, len, &ip, &port);

    if (rc)
        return rc;
    if (IP_IS_V6(&ip) && ip_addr_isany(&ip))
        inet_any_addr(&t->i, &ip);
    tcp_lock();
    rc = bind_locked(t, &ip, port);
    net_unlock();
    return rc;
}

static int listen_locked(struct tcp_sock *t, unsigned backlog)
{
    ip_addr_t any;
    err_t err;
    int rc = 0;

    if (t->state == TCP_LISTENING) {
        t->backlog = backlog;
        return 0;
    }
    if (t->state != TCP_NEW)
        return -EINVAL;
    if (!port_bound(&t->i)) {
        inet_any_addr(&t->i, &any);
        rc = port_bind(&t->i, t->i.addr_fixed ? &t->i.local : &any, 0);
    }
    if (!rc)
        rc = port_may_listen(&t->i);
    if (!rc)
        rc = ensure_pcb(t, IP_GET_TYPE(&t->i.local));
    if (rc)
        return rc;
    /* On success the old pcb is freed, which clears t->pcb. lwIP's list of
     * listeners is for those a segment may be for. */
    tcp_listen_pcbs.pcbs = NULL;
    struct tcp_pcb *l = tcp_listen_with_backlog_and_err(t->pcb, 0, &err);
    tcp_listen_pcbs.pcbs = NULL;
    if (!l)
        return err == ERR_USE ? -EADDRINUSE : -ENOBUFS;
    t->pcb = l;
    tcp_accept(l, on_accept);
    t->backlog = backlog;
    t->state = TCP_LISTENING;
    t->i.s.listening = true;
    return 0;
}

int tcp_sock_listen(struct socket *s, int backlog)
{
    tcp_lock();
    int rc = listen_locked(tcp_sk(s), (unsigned)backlog);
    net_unlock();
    return rc;
}

static struct tcp_sock *take_accepted(struct tcp_sock *t)
{
    net_lock();
    struct tcp_sock *c = list_first(&t->accepted, struct tcp_sock, accept_link);
    if (c) {
        list_del_init(&c->accept_link);
        t->nr_accepted--;
    }
    net_unlock();
    return c;
}

int tcp_sock_accept(struct socket *s, struct socket **out, bool nonblock)
{
    struct tcp_sock *t = tcp_sk(s), *c;
    nsec_t deadline = nonblock ? 0 : socket_deadline(s->rcvtimeo);

    for (;;) {
        if (READ_ONCE(t->state) != TCP_LISTENING)
            return -EINVAL;
        c = READ_ONCE(t->nr_accepted) ? take_accepted(t) : NULL;
        if (c)
            break;
        if (nonblock)
            return -EAGAIN;
        int rc = WAIT_EVENT_FULL(&s->wq,
                                 READ_ONCE(t->nr_accepted) ||
                                     READ_ONCE(t->state) != TCP_LISTENING,
                                 SLEEP_INTERRUPTIBLE, deadline);
        if (rc)
            return socket_wait_error(rc, s->rcvtimeo);
    }
    *out = &c->i.s;
    return 0;
}

/* --- connecting -------------------------------------------------------- */

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct tcp_sock *t = arg;

    (void)err;
    t->state = TCP_CONNECTED;
    tcp_clamp_mss(t);
    t->mss = tcp_send_mss(pcb);
    tcp_limit_window(pcb, t->rx_window);
    socket_wake(&t->i.s, EV_OUT | EV_WRNORM);
    return ERR_OK;
}

/* connect() to AF_UNSPEC, or again after a failure: start anew. */
static void reset_sock(struct tcp_sock *t)
{
    if (t->pcb && t->state != TCP_LISTENING) {
        demux_wake(t->pcb);
        tcp_err(t->pcb, NULL);
        tcp_abort(t->pcb);
    }
    tcp_rx_purge(t);
    t->state = TCP_NEW;
    t->rx_eof = false;
    t->tx_queued = 0;
    t->unreported = false;
    t->i.s.shut = 0;
    t->i.remote_port = 0;
    if (!t->i.port_fixed) {
        port_unbind(&t->i);
        t->i.local_port = 0;
    }
    if (!t->i.addr_fixed)
        ip_addr_set_any(t->i.s.family == AF_INET6, &t->i.local);
}

/* Choose what the program left open: our address and port. */
static int connection_name(struct tcp_sock *t, const ip_addr_t *ip,
                           uint16_t port)
{
    struct tcp_pcb *pcb = t->pcb;
    struct netif *n = pcb->netif_idx ? netif_by_index(pcb->netif_idx)
                                     : ip_route(&pcb->local_ip, ip);

    if (!n)
        return -ENETUNREACH;
    if (ip_addr_isany(&pcb->local_ip)) {
        const ip_addr_t *local = ip_netif_get_local_ip(n, ip);
        if (!local)
            return -ENETUNREACH;
        ip_addr_copy(pcb->local_ip, *local);
    }
    struct flow f = {.local_port = pcb->local_port, .remote_port = port};
    ip_addr_copy(f.local, pcb->local_ip);
    ip_addr_copy(f.remote, *ip);
    if (!pcb->local_port)
        pcb->local_port = port_for_connection(&pcb->local_ip, ip, port);
    else if (demux_find(&f))
        return -EADDRNOTAVAIL;
    return pcb->local_port ? 0 : -EADDRNOTAVAIL;
}

/* SYN; lwIP walks all connections to see whether a shared port may have this
 * one, which is known already. */
static int open_connection(struct tcp_sock *t, const ip_addr_t *ip,
                           uint16_t port)
{
    int rc = connection_name(t, ip, port);

    if (rc)
        return rc;
    ip_reset_option(t->pcb, SOF_REUSEADDR);
    rc = net_errno(tcp_connect(t->pcb, ip, port, on_connected));
    if (!rc && demux_add(t->pcb))
        rc = -ENOBUFS;
    if (!rc) {
        tcp_apply_options(t);
        return 0;
    }
    tcp_err(t->pcb, NULL);
    tcp_abort(t->pcb);
    return rc;
}

/* 1: it worked, long ago. */
static int connect_locked(struct tcp_sock *t, ip_addr_t *ip, uint16_t port)
{
    switch (t->state) {
    case TCP_CONNECTING:
        return -EALREADY;
    case TCP_CONNECTED:
        if (!t->unreported)
            return -EISCONN;
        t->unreported = false; /* as Linux: the first to ask is told */
        return 1;
    case TCP_LISTENING:
        return -EISCONN;
    case TCP_DEAD:
        reset_sock(t);
        break;
    case TCP_NEW:
        break;
    }
    inet_fix_dest(ip);
    if (ip_addr_ismulticast(ip) ||
        (IP_IS_V4(ip) && ip4_addr_get_u32(ip_2_ip4(ip)) == IPADDR_BROADCAST))
        return -ENETUNREACH;
    int rc = inet_scope(&t->i, ip, true);
    if (!rc)
        rc = ensure_pcb(t, IP_GET_TYPE(ip));
    if (rc)
        return rc;
    if (!IP_IS_ANY_TYPE_VAL(t->pcb->local_ip) &&
        IP_GET_TYPE(&t->pcb->local_ip) != IP_GET_TYPE(ip)) /* bound */
        return IP_IS_V6(ip) ? -EAFNOSUPPORT : -ENETUNREACH;
    if (!t->pcb->netif_idx && !net_route(&t->pcb->local_ip, ip))
        return -ENETUNREACH;
    t->rx_window = tcp_window_of(&t->i.s);
    rc = open_connection(t, ip, port);
    if (rc)
        return rc;
    tcp_names_from_pcb(t);
    t->state = TCP_CONNECTING;
    t->progress = time_monotonic();
    return 0;
}

int tcp_wait_connected(struct tcp_sock *t, nsec_t timeout)
{
    return WAIT_EVENT_FULL(&t->i.s.wq, READ_ONCE(t->state) != TCP_CONNECTING,
                           SLEEP_INTERRUPTIBLE, socket_deadline(timeout));
}

/* The outcome, or -EINPROGRESS. Over loopback it is there at once. */
static int connect_result(struct tcp_sock *t, bool nonblock)
{
    struct socket *s = &t->i.s;

    if (READ_ONCE(t->state) == TCP_CONNECTING && !nonblock) {
        int rc = tcp_wait_connected(t, s->sndtimeo);
        if (rc == -ETIMEDOUT)
            return -EINPROGRESS;
        if (rc)
            return socket_wait_error(rc, s->sndtimeo);
    }
    switch (READ_ONCE(t->state)) {
    case TCP_CONNECTING:
        WRITE_ONCE(t->unreported, true);
        return -EINPROGRESS;
    case TCP_CONNECTED:
        return 0;
    default: {
        if (nonblock && atomic_load(&s->err))
            return -EINPROGRESS; /* SO_ERROR tells, as everywhere */
        int rc = socket_take_error(s);
        return rc ? rc : -ECONNABORTED;
    }
    }
}

int tcp_sock_connect(struct socket *s, const void *addr, unsigned len,
                     bool nonblock)
{
    struct tcp_sock *t = tcp_sk(s);
    uint16_t family = 0, port;
    ip_addr_t ip;
    int rc = 0;

    if (len >= sizeof(family))
        memcpy(&family, addr, sizeof(family));
    if (len >= sizeof(family) && family == AF_UNSPEC) {
        tcp_lock();
        reset_sock(t);
        net_unlock();
        return 0;
    }
    rc = inet_addr_in(&t->i, addr, len, &ip, &port);
    if (rc)
        return rc;
    tcp_lock();
    rc = connect_locked(t, &ip, port);
    net_unlock();
    if (rc == 1)
        return 0;
    /* A blocking call that was interrupted comes back to wait. */
    if (rc && !(rc == -EALREADY && !nonblock))
        return rc;
    return connect_result(t, nonblock);
}

void sock_tcp_unreachable(const struct flow *f, uint32_t seq, int err)
{
    struct tcp_pcb *p = demux_find(f);

    /* Established connections ride it out; who connects is told, if the
     * message is about the SYN we sent (RFC 5927). */
    if (!p || p->state != SYN_SENT || seq + 1 != p->snd_nxt)
        return;
    struct tcp_sock *t = p->callback_arg;
    if (!t)
        return;
    p->errf = NULL;
    tcp_abort(p);
    tcp_on_error(t, ERR_RST);
    socket_set_error(&t->i.s, err);
}
