/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sock_tcp.c - TCP sockets: from socket() to close(), and what lwIP tells us.
 *
 * Limits. lwIP's own backlog counts in eight bits, so a listener counts its
 * half-open connections here, through the pcb's extension argument: (data) is
 * the owner, or tagged with HALF_OPEN the listener, or ORPHAN. Closed
 * connections in TIME-WAIT are bounded: beyond ORPHANS_MAX the oldest half is
 * dropped, so that tens of thousands of short connections neither fill memory
 * nor make lwIP's linear lists long.
 */
#include "net/sock_tcp.h"

#include <asm/ioctls.h>
#include <linux/sockios.h>

#include "fs/poll.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"

#include "lwip/priv/tcp_priv.h"

#define HALF_OPEN     1ul
#define ORPHAN        ((void *)2)
#define ORPHANS_MAX   1024
#define HALF_OPEN_MIN 128

static const struct sock_ops tcp_ops;
static unsigned orphans; /* net_lock */

/* --- lwIP's extension argument ------------------------------------------------- */

static struct tcp_sock *half_open_of(void *data)
{
    return (uintptr_t)data & HALF_OPEN
               ? (struct tcp_sock *)((uintptr_t)data - HALF_OPEN)
               : NULL;
}

static void pcb_destroyed(u8_t id, void *data)
{
    struct tcp_sock *listener = half_open_of(data);

    (void)id;
    if (listener)
        listener->half_open--;
    else if (data == ORPHAN)
        orphans--;
    else if (data)
        ((struct tcp_sock *)data)->pcb = NULL;
}

static err_t passive_open(u8_t id, struct tcp_pcb_listen *l,
                          struct tcp_pcb *pcb);

static const struct tcp_ext_arg_callbacks pcb_callbacks = {
    .destroy = pcb_destroyed,
    .passive_open = passive_open,
};

static void pcb_own(struct tcp_pcb *pcb, void *data)
{
    tcp_ext_arg_set_callbacks(pcb, 0, &pcb_callbacks);
    tcp_ext_arg_set(pcb, 0, data);
}

/* The list is in order of age, youngest first. */
static void trim_timewait(void)
{
    struct tcp_pcb *p = tcp_tw_pcbs, *old = NULL;

    for (unsigned n = 1; p && n < ORPHANS_MAX / 2; n++)
        p = p->next;
    if (!p)
        return;
    old = p->next;
    p->next = NULL;
    while (old) {
        p = old;
        old = p->next;
        tcp_free(p);
    }
}

/* --- events --------------------------------------------------------------------- */

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct tcp_sock *t = arg;
    struct socket *s = &t->i.s;

    (void)err;
    if (!p) {
        t->rx_eof = true;
        socket_wake(s, EV_IN | EV_RDNORM | EV_RDHUP |
                           (s->shut & SHUT_MASK_WR ? EV_HUP : 0));
        return ERR_OK;
    }
    if (s->shut & SHUT_MASK_RD) { /* nobody will read it */
        tcp_recved(pcb, p->tot_len);
        pbuf_free(p);
        return ERR_OK;
    }
    tcp_rx_append(t, p);
    if (t->rx_bytes >= (size_t)s->rcvlowat)
        socket_wake(s, EV_IN | EV_RDNORM);
    return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
    struct tcp_sock *t = arg;

    (void)pcb;
    t->tx_queued -= MIN((uint32_t)len, t->tx_queued);
    if (t->user_timeout)
        t->progress = time_monotonic();
    if (READ_ONCE(t->i.s.nospace) && tcp_writable(t)) {
        WRITE_ONCE(t->i.s.nospace, false);
        socket_wake(&t->i.s, EV_OUT | EV_WRNORM);
    }
    return ERR_OK;
}

/* Twice a second, for TCP_USER_TIMEOUT. */
static err_t on_poll(void *arg, struct tcp_pcb *pcb)
{
    struct tcp_sock *t = arg;

    if (!t->user_timeout || !t->tx_queued)
        return ERR_OK;
    if (time_monotonic() - t->progress <
        (nsec_t)t->user_timeout * NSEC_PER_MSEC)
        return ERR_OK;
    tcp_abort(pcb); /* calls on_error */
    return ERR_ABRT;
}

void tcp_set_user_timeout(struct tcp_sock *t)
{
    net_lock();
    t->progress = time_monotonic();
    if (t->pcb && t->state != TCP_LISTENING)
        tcp_poll(t->pcb, t->user_timeout ? on_poll : NULL, 1);
    net_unlock();
}

/* The pcb is gone. What the program is told, as Linux's tcp_reset(). */
static int death_errno(const struct tcp_sock *t, err_t err)
{
    if (err == ERR_CLSD)
        return 0; /* both sides have closed */
    if (err == ERR_ABRT)
        return ETIMEDOUT; /* our only own aborts are time-outs */
    if (t->state == TCP_CONNECTING)
        return ECONNREFUSED;
    return t->rx_eof ? EPIPE : ECONNRESET;
}

static void on_error(void *arg, err_t err)
{
    struct tcp_sock *t = arg;
    struct socket *s = &t->i.s;
    int e = death_errno(t, err);

    /* An ICMP message has told why nobody answered. */
    if (e && !(e == ETIMEDOUT && atomic_load(&s->err)))
        socket_set_error(s, e);
    t->state = TCP_DEAD;
    t->tx_queued = 0;
    s->shut = SHUT_MASK;
    socket_wake(s, EV_IN | EV_RDNORM | EV_OUT | EV_WRNORM | EV_HUP | EV_RDHUP |
                       (e ? EV_ERR : 0));
}

static void pcb_attach(struct tcp_sock *t, struct tcp_pcb *pcb)
{
    t->pcb = pcb;
    pcb_own(pcb, t);
    tcp_arg(pcb, t);
    tcp_recv(pcb, on_recv);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_error);
    tcp_apply_options(t);
    tcp_poll(pcb, t->user_timeout ? on_poll : NULL, 1);
}

/* A pcb starts with TCP_WND; a socket with a smaller buffer takes back what
 * it cannot hold before anything is announced. */
static void limit_window(struct tcp_pcb *pcb, uint32_t window)
{
    if (pcb->rcv_wnd > window)
        pcb->rcv_wnd = pcb->rcv_ann_wnd = window;
}

/* Half of the doubled option, as for sending. */
static uint32_t window_of(const struct socket *s)
{
    return MIN(MAX((uint32_t)s->rcvbuf / 2, 4096u), (uint32_t)TCP_WND);
}

static void names_from_pcb(struct tcp_sock *t)
{
    const struct tcp_pcb *pcb = t->pcb;

    ip_addr_copy(t->i.local, pcb->local_ip);
    t->i.local_port = pcb->local_port;
    ip_addr_copy(t->i.remote, pcb->remote_ip);
    t->i.remote_port = pcb->remote_port;
    t->mss = pcb->mss;
}

/* --- listening -------------------------------------------------------------------- */

/* A SYN. Refusing it in silence makes the peer try again. */
static err_t passive_open(u8_t id, struct tcp_pcb_listen *l,
                          struct tcp_pcb *pcb)
{
    struct tcp_sock *t = l->ext_args[id].data;

    if (!t || t->nr_accepted > t->backlog ||
        t->half_open >= MAX(t->backlog, (unsigned)HALF_OPEN_MIN) ||
        net_mem_pressure())
        return ERR_MEM;
    t->half_open++;
    pcb_own(pcb, (void *)((uintptr_t)t | HALF_OPEN));
    limit_window(pcb, window_of(&t->i.s));
    pcb->ttl = inet_ttl(&t->i, &pcb->remote_ip);
    pcb->tos = inet_tos(&t->i, &pcb->remote_ip);
    return ERR_OK;
}

/* What an accepted socket has from its listener. */
static struct tcp_sock *child_create(struct tcp_sock *t, struct tcp_pcb *pcb)
{
    struct tcp_sock *c = kmalloc(sizeof(*c), ALLOC_NOWAIT);

    if (!c)
        return NULL;
    memcpy(c, t, sizeof(*c));
    c->i.s.file = NULL;
    wq_init(&c->i.s.wq);
    atomic_init(&c->i.s.err, 0);
    c->i.s.listening = c->i.s.nospace = false;
    c->i.s.shut = 0;
    list_init(&c->i.groups);
    list_init(&c->accepted);
    c->nr_accepted = c->half_open = 0;
    c->state = TCP_CONNECTED;
    c->rx_eof = false;
    c->rx_window = window_of(&c->i.s);
    pcb_attach(c, pcb);
    names_from_pcb(c);
    return c;
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
    t->nr_accepted++;
    list_add_tail(&t->accepted, &c->accept_link);
    socket_wake(&t->i.s, EV_IN | EV_RDNORM);
    return ERR_OK;
}

static int ensure_pcb(struct tcp_sock *t, uint8_t type)
{
    if (t->pcb)
        return 0;
    struct tcp_pcb *pcb = tcp_new_ip_type(type);
    if (!pcb)
        return -ENOBUFS;
    pcb_attach(t, pcb);
    t->state = TCP_NEW;
    return 0;
}

static int bind_locked(struct tcp_sock *t, const ip_addr_t *ip, uint16_t port)
{
    if (t->state != TCP_NEW || t->i.local_port)
        return -EINVAL;
    int rc = inet_check_local(&t->i, ip);
    if (!rc)
        rc = ensure_pcb(t, IP_GET_TYPE(ip));
    if (!rc)
        rc = net_errno(tcp_bind(t->pcb, ip, port));
    if (rc == -ENOBUFS) /* no port is free */
        rc = -EADDRINUSE;
    if (!rc)
        names_from_pcb(t);
    return rc;
}

static int tcp_sock_bind(struct socket *s, const void *addr, unsigned len)
{
    struct tcp_sock *t = tcp_sk(s);
    uint16_t port;
    ip_addr_t ip;
    int rc = inet_addr_in(&t->i, addr, len, &ip, &port);

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
    if (!t->i.local_port) {
        inet_any_addr(&t->i, &any);
        rc = bind_locked(t, &any, 0);
    }
    if (rc)
        return rc;
    /* On success the old pcb is freed, which clears t->pcb. */
    struct tcp_pcb *l = tcp_listen_with_backlog_and_err(t->pcb, 0, &err);
    if (!l)
        return err == ERR_USE ? -EADDRINUSE : -ENOBUFS;
    t->pcb = l;
    tcp_accept(l, on_accept);
    t->backlog = backlog;
    t->state = TCP_LISTENING;
    t->i.s.listening = true;
    return 0;
}

static int tcp_sock_listen(struct socket *s, int backlog)
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

static int tcp_sock_accept(struct socket *s, struct socket **out, bool nonblock)
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

/* --- connecting ------------------------------------------------------------------- */

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct tcp_sock *t = arg;

    (void)err;
    t->state = TCP_CONNECTED;
    t->mss = pcb->mss;
    limit_window(pcb, t->rx_window);
    socket_wake(&t->i.s, EV_OUT | EV_WRNORM);
    return ERR_OK;
}

/* connect() to AF_UNSPEC, or again after a failure: start anew. */
static void reset_sock(struct tcp_sock *t)
{
    if (t->pcb && t->state != TCP_LISTENING) {
        tcp_err(t->pcb, NULL);
        tcp_abort(t->pcb);
    }
    tcp_rx_purge(t);
    t->state = TCP_NEW;
    t->rx_eof = false;
    t->tx_queued = 0;
    t->i.s.shut = 0;
    t->i.local_port = t->i.remote_port = 0;
    ip_addr_set_any(t->i.s.family == AF_INET6, &t->i.local);
}

static int connect_locked(struct tcp_sock *t, ip_addr_t *ip, uint16_t port)
{
    switch (t->state) {
    case TCP_CONNECTING:
        return -EALREADY;
    case TCP_CONNECTED:
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
    int rc = ensure_pcb(t, IP_GET_TYPE(ip));
    if (rc)
        return rc;
    if (!IP_IS_ANY_TYPE_VAL(t->pcb->local_ip) &&
        IP_GET_TYPE(&t->pcb->local_ip) != IP_GET_TYPE(ip))
        return -EAFNOSUPPORT; /* bound to the other family */
    t->rx_window = window_of(&t->i.s);
    err_t err = tcp_connect(t->pcb, ip, port, on_connected);
    if (err == ERR_BUF || err == ERR_USE)
        return -EADDRNOTAVAIL;
    if (err)
        return net_errno(err);
    names_from_pcb(t);
    t->state = TCP_CONNECTING;
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
        return -EINPROGRESS;
    case TCP_CONNECTED:
        return 0;
    default: {
        int rc = socket_take_error(s);
        return rc ? rc : -ECONNABORTED;
    }
    }
}

static int tcp_sock_connect(struct socket *s, const void *addr, unsigned len,
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
    /* A blocking call that was interrupted comes back to wait. */
    if (rc && !(rc == -EALREADY && !nonblock))
        return rc;
    return connect_result(t, nonblock);
}

void sock_tcp_unreachable(const ip_addr_t *local, uint16_t local_port,
                          const ip_addr_t *remote, uint16_t remote_port,
                          uint32_t seq, int err)
{
    for (struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next) {
        struct tcp_sock *t = p->callback_arg;
        if (p->local_port != local_port || p->remote_port != remote_port ||
            !ip_addr_cmp(&p->local_ip, local) ||
            !ip_addr_cmp(&p->remote_ip, remote))
            continue;
        /* Established connections ride it out; who connects is told, if the
         * message is about the SYN we sent (RFC 5927). */
        if (!t || p->state != SYN_SENT || seq + 1 != p->snd_nxt)
            return;
        p->errf = NULL;
        tcp_abort(p);
        on_error(t, ERR_RST);
        socket_set_error(&t->i.s, err);
        return;
    }
}

/* --- closing ----------------------------------------------------------------------- */

static int tcp_sock_shutdown(struct socket *s, int how)
{
    struct tcp_sock *t = tcp_sk(s);
    uint8_t mask = how == SHUT_RDWR ? SHUT_MASK : (uint8_t)(1 << how);
    int rc = 0;

    tcp_lock();
    if (t->state == TCP_LISTENING && (mask & SHUT_MASK_RD)) {
        /* As Linux: stops listening; accept() fails from now on. */
        tcp_close(t->pcb);
        t->state = TCP_DEAD;
        s->listening = false;
    } else if (t->state != TCP_CONNECTED || !t->pcb) {
        rc = -ENOTCONN;
    } else {
        if ((mask & SHUT_MASK_WR) && !(s->shut & SHUT_MASK_WR))
            rc = net_errno(tcp_shutdown(t->pcb, 0, 1));
        if (rc == -ENOTCONN)
            rc = 0; /* the pcb is past that already */
        if (!rc)
            s->shut |= mask;
    }
    net_unlock();
    if (!rc)
        socket_wake(s, EV_IN | EV_RDNORM | EV_RDHUP | EV_OUT | EV_WRNORM |
                           EV_HUP);
    return rc;
}

/* Leave the pcb to lwIP. */
static void orphan(struct tcp_sock *t)
{
    struct tcp_pcb *pcb = t->pcb;
    bool unread = t->rx_bytes != 0;

    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
    pcb_own(pcb, ORPHAN);
    t->pcb = NULL;
    if (++orphans > ORPHANS_MAX)
        trim_timewait();
    /* lwIP resets the connection if the window is not what it would be with
     * all data taken; with our own limit on it that needs to be said. */
    if (!unread)
        pcb->rcv_wnd = TCP_WND_MAX(pcb);
    else if (pcb->rcv_wnd == TCP_WND_MAX(pcb))
        pcb->rcv_wnd--;
    if (t->i.s.linger.l_onoff && !t->i.s.linger.l_linger)
        tcp_abort(pcb);
    else
        tcp_close(pcb);
}

static void close_locked(struct tcp_sock *t);

static void close_listener(struct tcp_sock *t)
{
    struct tcp_pcb *p, *next;
    struct tcp_sock *c, *n;

    list_for_each_safe(c, n, &t->accepted, accept_link) {
        list_del_init(&c->accept_link);
        if (c->pcb) {
            tcp_err(c->pcb, NULL);
            tcp_abort(c->pcb);
        }
        close_locked(c);
        kfree(c);
    }
    for (p = tcp_active_pcbs; p; p = next) {
        next = p->next;
        if (half_open_of(tcp_ext_arg_get(p, 0)) == t)
            tcp_abandon(p, 0);
    }
    if (t->pcb)
        tcp_close(t->pcb);
}

static void close_locked(struct tcp_sock *t)
{
    if (t->pcb)
        orphan(t);
    tcp_rx_purge(t);
}

/* SO_LINGER with a time: wait until the peer has everything. lwIP tells of
 * acknowledged data but not of the FIN, so look now and then. */
static void linger(struct tcp_sock *t)
{
    struct socket *s = &t->i.s;
    nsec_t deadline =
        time_monotonic() + s->linger.l_linger * NSEC_PER_SEC;

    if (t->rx_bytes || tcp_sock_shutdown(s, SHUT_WR))
        return;
    while (READ_ONCE(t->tx_queued) && READ_ONCE(t->state) == TCP_CONNECTED) {
        nsec_t now = time_monotonic();
        if (now >= deadline)
            return;
        int rc = WAIT_EVENT_FULL(
            &s->wq,
            !READ_ONCE(t->tx_queued) || READ_ONCE(t->state) != TCP_CONNECTED,
            SLEEP_INTERRUPTIBLE, MIN(deadline, now + 20 * NSEC_PER_MSEC));
        if (rc == -ERESTARTSYS)
            return;
    }
}

static void tcp_sock_release(struct socket *s)
{
    struct tcp_sock *t = tcp_sk(s);

    if (s->linger.l_onoff && s->linger.l_linger && t->tx_queued)
        linger(t);
    inet_leave_groups(&t->i);
    tcp_lock();
    if (s->listening || t->half_open || !list_empty(&t->accepted))
        close_listener(t);
    else
        close_locked(t);
    net_unlock();
    kfree(t);
}

/* --- poll and the like ---------------------------------------------------------------- */

/* As Linux's tcp_poll(), a socket never connected included. */
static uint32_t tcp_sock_poll(struct socket *s)
{
    struct tcp_sock *t = tcp_sk(s);
    enum tcp_sock_state state = READ_ONCE(t->state);
    uint32_t ev = 0;
    uint8_t shut = READ_ONCE(s->shut);

    if (state == TCP_LISTENING)
        return READ_ONCE(t->nr_accepted) ? EV_IN | EV_RDNORM : 0;
    if (READ_ONCE(t->rx_eof))
        shut |= SHUT_MASK_RD;
    if (shut == SHUT_MASK || state == TCP_NEW || state == TCP_DEAD)
        ev |= EV_HUP;
    if (shut & SHUT_MASK_RD)
        ev |= EV_IN | EV_RDNORM | EV_RDHUP;
    if (state != TCP_CONNECTING) {
        if (READ_ONCE(t->rx_bytes) >= (size_t)s->rcvlowat)
            ev |= EV_IN | EV_RDNORM;
        if ((shut & SHUT_MASK_WR) || tcp_writable(t)) {
            ev |= EV_OUT | EV_WRNORM;
        } else {
            WRITE_ONCE(s->nospace, true);
            /* Room may have come before on_sent() could see the flag. */
            atomic_thread_fence(memory_order_seq_cst);
            if (tcp_writable(t))
                ev |= EV_OUT | EV_WRNORM;
        }
    }
    if (atomic_load_explicit(&s->err, memory_order_relaxed))
        ev |= EV_ERR;
    return ev;
}

static int tcp_sock_getname(struct socket *s, void *addr, bool peer)
{
    struct tcp_sock *t = tcp_sk(s);

    /* accept() wants the name of a connection that may be dead already. */
    if (peer && s->file && READ_ONCE(t->state) != TCP_CONNECTED)
        return -ENOTCONN;
    return inet_getname(s, addr, peer);
}

static long tcp_sock_ioctl(struct socket *s, unsigned cmd, unsigned long arg)
{
    struct tcp_sock *t = tcp_sk(s);
    int v;

    switch (cmd) {
    case SIOCINQ: /* FIONREAD */
        if (READ_ONCE(t->state) == TCP_LISTENING)
            return -EINVAL;
        v = (int)READ_ONCE(t->rx_bytes);
        break;
    case SIOCOUTQ: /* TIOCOUTQ */
        if (READ_ONCE(t->state) == TCP_LISTENING)
            return -EINVAL;
        v = (int)READ_ONCE(t->tx_queued);
        break;
    case SIOCATMARK:
        v = 0;
        break;
    default:
        return -ENOIOCTLCMD;
    }
    return put_user(v, (int __user *)arg);
}

static const struct sock_ops tcp_ops = {
    .kind = "tcp",
    .bind = tcp_sock_bind,
    .connect = tcp_sock_connect,
    .listen = tcp_sock_listen,
    .accept = tcp_sock_accept,
    .getname = tcp_sock_getname,
    .sendmsg = tcp_sock_sendmsg,
    .recvmsg = tcp_sock_recvmsg,
    .shutdown = tcp_sock_shutdown,
    .setsockopt = tcp_sock_setsockopt,
    .getsockopt = tcp_sock_getsockopt,
    .option_changed = tcp_option_changed,
    .poll = tcp_sock_poll,
    .ioctl = tcp_sock_ioctl,
    .release = tcp_sock_release,
};

int tcp_create(int family, struct socket **out)
{
    struct tcp_sock *t = kzalloc(sizeof(*t), 0);

    if (!t)
        return -ENOBUFS;
    inet_init(&t->i, &tcp_ops, family, SOCK_STREAM, IPPROTO_TCP);
    t->i.s.rcvbuf = MIN(sock_rmem_default, 131072);
    t->i.s.sndbuf = MIN(sock_wmem_default * 2, 524288);
    t->keepidle = TCP_KEEPIDLE_DEFAULT / 1000;
    t->keepintvl = TCP_KEEPINTVL_DEFAULT / 1000;
    t->keepcnt = TCP_KEEPCNT_DEFAULT;
    t->syncnt = TCP_SYNMAXRTX;
    t->linger2 = 60;
    t->mss = 536;
    t->state = TCP_NEW;
    list_init(&t->accepted);
    list_init(&t->accept_link);
    *out = &t->i.s;
    return 0;
}
