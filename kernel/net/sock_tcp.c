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
#include "net/inet_port.h"

#include "lwip/priv/tcp_priv.h"

#define HALF_OPEN   1ul
#define ORPHAN      ((void *)2)
#define ORPHANS_MAX 1024

static const struct sock_ops tcp_ops;
unsigned tcp_orphans; /* net_lock */

/* --- lwIP's extension argument ----------------------------------------- */

static struct tcp_sock *half_open_of(void *data)
{
    return (uintptr_t)data & HALF_OPEN
               ? (struct tcp_sock *)((uintptr_t)data - HALF_OPEN)
               : NULL;
}

void *tcp_half_open_tag(struct tcp_sock *listener)
{
    return (void *)((uintptr_t)listener | HALF_OPEN);
}

static void pcb_destroyed(u8_t id, void *data)
{
    struct tcp_sock *listener = half_open_of(data);

    (void)id;
    if (listener)
        listener->half_open--;
    else if (data == ORPHAN)
        tcp_orphans--;
    else if (data)
        ((struct tcp_sock *)data)->pcb = NULL;
}

static const struct tcp_ext_arg_callbacks pcb_callbacks = {
    .destroy = pcb_destroyed,
    .passive_open = tcp_passive_open,
};

void tcp_pcb_own(struct tcp_pcb *pcb, void *data)
{
    tcp_ext_arg_set_callbacks(pcb, 0, &pcb_callbacks);
    tcp_ext_arg_set(pcb, 0, data);
}

bool tcp_pcb_orphaned(const struct tcp_pcb *pcb)
{
    return tcp_ext_arg_get(pcb, 0) == ORPHAN;
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

/* --- delayed acknowledgements ------------------------------------------ */

/* lwIP sends what it delayed with the next data, or up to 250 ms later: long
 * for a peer that waits for it before it sends the rest of a request (RFC 896).
 * Linux waits 40 ms, so do we. Who is on the list may be through already. */
#define ACK_DELAY (40 * NSEC_PER_MSEC)

static struct list ack_waiting = LIST_HEAD_INIT(ack_waiting); /* net_lock */

static void ack_later(struct tcp_sock *t)
{
    if (!list_empty(&t->ack_link))
        return;
    t->ack_due = time_monotonic() + ACK_DELAY;
    list_add_tail(&ack_waiting, &t->ack_link);
    net_timer_ack(t->ack_due);
}

nsec_t tcp_ack_waiting(nsec_t now)
{
    struct tcp_sock *t;

    while ((t = list_first(&ack_waiting, struct tcp_sock, ack_link))) {
        if (t->ack_due > now)
            return t->ack_due;
        list_del_init(&t->ack_link);
        if (!t->pcb || !(t->pcb->flags & TF_ACK_DELAY))
            continue;
        tcp_ack_now(t->pcb);
        tcp_output(t->pcb);
        tcp_clear_flags(t->pcb, TF_ACK_DELAY | TF_ACK_NOW);
    }
    return NSEC_NEVER;
}

/* --- events ------------------------------------------------------------ */

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct tcp_sock *t = arg;
    struct socket *s = &t->i.s;

    (void)err;
    if (t->deferred_by)
        tcp_undefer(t);
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
    if (t->quick_acks) {
        t->quick_acks--;
        tcp_ack_now(pcb); /* lwIP sends it when this returns */
    } else if (pcb->flags & TF_ACK_DELAY) {
        ack_later(t);
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

/* Twice a second, for TCP_USER_TIMEOUT and TCP_DEFER_ACCEPT. */
static err_t on_poll(void *arg, struct tcp_pcb *pcb)
{
    struct tcp_sock *t = arg;

    if (t->deferred_by &&
        tcp_ticks - t->deferred_since >= (uint32_t)t->defer_accept * 2)
        tcp_undefer(t);
    if (!t->user_timeout || (!t->tx_queued && t->state != TCP_CONNECTING))
        return ERR_OK;
    if (time_monotonic() - t->progress <
        (nsec_t)t->user_timeout * NSEC_PER_MSEC)
        return ERR_OK;
    tcp_abort(pcb); /* calls tcp_on_error */
    return ERR_ABRT;
}

void tcp_set_user_timeout(struct tcp_sock *t)
{
    net_lock();
    t->progress = time_monotonic();
    tcp_apply_options(t);
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

void tcp_on_error(void *arg, err_t err)
{
    struct tcp_sock *t = arg;
    struct socket *s = &t->i.s;
    int e = death_errno(t, err);

    if (t->deferred_by)
        tcp_undefer(t);

    /* An ICMP message has told why nobody answered. */
    if (e && !(e == ETIMEDOUT && atomic_load(&s->err)))
        socket_set_error(s, e);
    t->state = TCP_DEAD;
    t->tx_queued = 0;
    s->shut = SHUT_MASK;
    socket_wake(s, EV_IN | EV_RDNORM | EV_OUT | EV_WRNORM | EV_HUP | EV_RDHUP |
                       (e ? EV_ERR : 0));
}

void tcp_pcb_attach(struct tcp_sock *t, struct tcp_pcb *pcb)
{
    t->pcb = pcb;
    tcp_pcb_own(pcb, t);
    tcp_arg(pcb, t);
    tcp_recv(pcb, on_recv);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, tcp_on_error);
    tcp_apply_options(t);
    bool polled = t->user_timeout || t->defer_accept;
    tcp_poll(pcb, polled ? on_poll : NULL, 1);
}

/* A pcb starts with TCP_WND; a socket with a smaller buffer takes back what
 * it cannot hold before anything is announced. */
void tcp_limit_window(struct tcp_pcb *pcb, uint32_t window)
{
    if (pcb->rcv_wnd > window)
        pcb->rcv_wnd = pcb->rcv_ann_wnd = window;
}

/* Half of the doubled option, as for sending. */
uint32_t tcp_window_of(const struct socket *s)
{
    uint32_t clamp = (uint32_t)((const struct tcp_sock *)s)->window_clamp;
    uint32_t window =
        MIN(MAX((uint32_t)s->rcvbuf / 2, 4096u), (uint32_t)TCP_WND);

    return clamp ? MIN(window, clamp) : window;
}

void tcp_names_from_pcb(struct tcp_sock *t)
{
    const struct tcp_pcb *pcb = t->pcb;

    ip_addr_copy(t->i.local, pcb->local_ip);
    t->i.local_port = pcb->local_port;
    ip_addr_copy(t->i.remote, pcb->remote_ip);
    t->i.remote_port = pcb->remote_port;
    t->mss = tcp_send_mss(pcb);
}

/* --- closing ----------------------------------------------------------- */

static int tcp_sock_shutdown(struct socket *s, int how)
{
    struct tcp_sock *t = tcp_sk(s);
    uint8_t mask = how == SHUT_RDWR ? SHUT_MASK : (uint8_t)(1 << how);
    int rc = 0;

    tcp_lock();
    if (t->state == TCP_LISTENING && (mask & SHUT_MASK_RD)) {
        /* As Linux: stops listening; accept() fails until it does again. */
        tcp_close(t->pcb);
        if (!t->i.port_fixed)
            port_unbind(&t->i);
        t->state = TCP_NEW;
        s->listening = false;
    } else if (t->state != TCP_CONNECTED || !t->pcb) {
        rc = -ENOTCONN;
    } else {
        demux_wake(t->pcb);
        if ((mask & SHUT_MASK_WR) && !(s->shut & SHUT_MASK_WR))
            rc = net_errno(tcp_shutdown(t->pcb, 0, 1));
        if (rc == -ENOTCONN)
            rc = 0; /* the pcb is past that already */
        if (!rc)
            s->shut |= mask;
    }
    net_unlock();
    if (!rc)
        socket_wake(s,
                    EV_IN | EV_RDNORM | EV_RDHUP | EV_OUT | EV_WRNORM | EV_HUP);
    return rc;
}

/* Leave the pcb to lwIP. */
static void orphan(struct tcp_sock *t)
{
    struct tcp_pcb *pcb = t->pcb;
    bool unread = t->rx_bytes != 0;

    demux_wake(pcb);
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
    tcp_pcb_own(pcb, ORPHAN);
    t->pcb = NULL;
    if (++tcp_orphans > ORPHANS_MAX)
        trim_timewait();
    /* lwIP resets the connection if the window is not what it would be with
     * all data taken; with our own limit on it that needs to be said. */
    if (!unread)
        pcb->rcv_wnd = TCP_WND_MAX(pcb);
    else if (pcb->rcv_wnd == TCP_WND_MAX(pcb))
        pcb->rcv_wnd--;
    /* Under pressure nobody waits for peers that may never answer. */
    bool hurry = net_mem_pressure() || tcp_orphans > 8 * ORPHANS_MAX;
    if (hurry || (t->i.s.linger.l_onoff && !t->i.s.linger.l_linger))
        tcp_abort(pcb);
    else
        tcp_close(pcb);
}

static void close_locked(struct tcp_sock *t);

static void close_listener(struct tcp_sock *t)
{
    struct tcp_pcb *p, *next;
    struct tcp_sock *c, *n;

    list_splice_tail(&t->accepted, &t->deferred);
    list_for_each_safe (c, n, &t->accepted, accept_link) {
        c->deferred_by = NULL;
        list_del_init(&c->accept_link);
        if (c->pcb) {
            demux_wake(c->pcb);
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
    port_unbind(&t->i);
    if (t->pcb)
        tcp_close(t->pcb);
}

static void close_locked(struct tcp_sock *t)
{
    list_del_init(&t->ack_link);
    port_unbind(&t->i);
    if (t->pcb)
        orphan(t);
    tcp_rx_purge(t);
}

/* SO_LINGER with a time: wait until the peer has everything. lwIP tells of
 * acknowledged data but not of the FIN, so look now and then. */
static void linger(struct tcp_sock *t)
{
    struct socket *s = &t->i.s;
    nsec_t deadline = time_monotonic() + s->linger.l_linger * NSEC_PER_SEC;

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
    if (s->listening || t->half_open || !list_empty(&t->accepted) ||
        !list_empty(&t->deferred))
        close_listener(t);
    else
        close_locked(t);
    net_unlock();
    kfree(t);
}

/* --- poll and the like ------------------------------------------------- */

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

struct slab_kind tcp_sock_kind = SLAB_KIND("sock-tcp", struct tcp_sock);

int tcp_create(int family, struct socket **out)
{
    struct tcp_sock *t = slab_kind_alloc(&tcp_sock_kind, 0);

    if (!t)
        return -ENOBUFS;
    inet_init(&t->i, &tcp_ops, family, SOCK_STREAM, IPPROTO_TCP);
    t->i.s.rcvbuf = MIN(sock_rmem_default, 131072);
    t->i.s.sndbuf = MIN(sock_wmem_default * 2, 524288);
    t->keepidle = TCP_KEEPIDLE_DEFAULT / 1000;
    t->keepintvl = TCP_KEEPINTVL_DEFAULT / 1000;
    t->keepcnt = TCP_KEEPCNT_DEFAULT;
    t->syncnt = 6;
    t->linger2 = 60;
    t->mss = 536;
    t->state = TCP_NEW;
    list_init(&t->accepted);
    list_init(&t->deferred);
    list_init(&t->accept_link);
    list_init(&t->ack_link);
    *out = &t->i.s;
    return 0;
}
