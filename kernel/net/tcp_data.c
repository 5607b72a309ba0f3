/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tcp_data.c - bytes through TCP sockets.
 *
 * Sending copies once, from the program into the packet buffers that will go
 * out, and does so before taking net_lock, because the program's memory may
 * have to be paged in: the segments are built here and put on lwIP's queue
 * (tcp_write() would want to copy with the lock held). They are what lwIP's
 * own tcp_write() makes: one buffer with room for all headers in front, and
 * the TCP header filled in but for ackno, window and checksum.
 *
 * Receiving takes buffers from the socket's queue under the lock ("claims"),
 * and copies out of them afterwards. A buffer used up is the receiver's alone;
 * one of which a part remains is shared by a reference count, which only
 * net_lock protects.
 */
#include "net/sock_tcp.h"

#include "fs/poll.h"
#include "lib/string.h"
#include "net/lwip_demux.h"

#include "lwip/priv/tcp_priv.h"

#define BATCH     16 /* segments per turn with the lock */
#define CLAIMS    16
#define SMALL     64 /* copied under the lock rather than shared */
#define QUEUE_MAX (TCP_SND_QUEUELEN / 2)

/* --- sending ----------------------------------------------------------- */

struct batch {
    struct pbuf *p[BATCH];
    unsigned n;
    uint32_t bytes;
};

static void batch_free(struct batch *b)
{
    for (unsigned i = 0; i < b->n; i++)
        pbuf_free(b->p[i]);
}

/* Copy up to (want) bytes in, in segments of (mss). 0, or -errno if nothing
 * could be. No lock. */
static int batch_fill(struct batch *b, struct uio *u, size_t want, uint16_t mss)
{
    b->n = 0;
    b->bytes = 0;
    while (want && b->n < BATCH) {
        uint16_t len = (uint16_t)MIN(want, (size_t)mss);
        struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, len, PBUF_RAM);
        if (!p)
            return b->n ? 0 : -ENOBUFS;
        ssize_t got = uio_copy_in(u, p->payload, len);
        if (got <= 0) {
            pbuf_free(p);
            return b->n ? 0 : -EFAULT;
        }
        p->len = p->tot_len = (u16_t)got;
        b->p[b->n++] = p;
        b->bytes += (uint32_t)got;
        want -= (size_t)got;
        if (got < len)
            break;
    }
    return 0;
}

static struct tcp_seg *last_unsent(struct tcp_pcb *pcb)
{
    struct tcp_seg *s = pcb->unsent;

    while (s && s->next)
        s = s->next;
    return s;
}

/* Can (p) ride in the last segment that waits? */
static bool joins(const struct tcp_pcb *pcb, const struct tcp_seg *last,
                  const struct pbuf *p)
{
    return last && last->len && last->len + p->tot_len <= tcp_send_mss(pcb) &&
           !(TCPH_FLAGS(last->tcphdr) & (TCP_FIN | TCP_SYN | TCP_RST));
}

static struct tcp_seg *make_segment(struct tcp_pcb *pcb, struct pbuf *p,
                                    struct tcp_seg *seg)
{
    seg->next = NULL;
    seg->p = p;
    seg->len = p->tot_len;
    seg->flags = 0;
    pbuf_add_header(p, TCP_HLEN); /* PBUF_TRANSPORT left room */
    struct tcp_hdr *h = seg->tcphdr = p->payload;
    h->src = lwip_htons(pcb->local_port);
    h->dest = lwip_htons(pcb->remote_port);
    h->seqno = lwip_htonl(pcb->snd_lbb);
    TCPH_HDRLEN_FLAGS_SET(h, TCP_HLEN / 4, 0);
    h->urgp = 0;
    return seg;
}

/* Put the batch on the queue; bytes taken. What is not (no memory) stays with
 * the caller. Lock held. */
static uint32_t enqueue(struct tcp_pcb *pcb, struct batch *b)
{
    struct tcp_seg *last = last_unsent(pcb);
    uint32_t done = 0;

    for (unsigned i = 0; i < b->n; i++) {
        struct pbuf *p = b->p[i];
        uint16_t len = p->tot_len;
        if (joins(pcb, last, p)) {
            pbuf_cat(last->p, p);
            last->len = (u16_t)(last->len + len);
        } else {
            struct tcp_seg *seg = memp_malloc(MEMP_TCP_SEG);
            if (!seg) {
                memmove(b->p, b->p + i, (b->n - i) * sizeof(b->p[0]));
                b->n -= i;
                return done;
            }
            make_segment(pcb, p, seg);
            if (last)
                last->next = seg;
            else
                pcb->unsent = seg;
            last = seg;
        }
        pcb->snd_lbb += len;
        pcb->snd_buf -= len;
        pcb->snd_queuelen++;
        done += len;
    }
    b->n = 0;
    if (last && done)
        TCPH_SET_FLAG(last->tcphdr, TCP_PSH);
    return done;
}

/* Corked sockets send full segments only. */
static bool held_back(const struct tcp_sock *t, const struct tcp_pcb *pcb,
                      unsigned flags)
{
    const struct tcp_seg *s = pcb->unsent;

    return (t->cork || (flags & MSG_MORE)) && s && !s->next &&
           s->len < tcp_send_mss(pcb);
}

/* Errors in the order Linux looks for them; 1: not yet connected. */
static int tx_state(struct tcp_sock *t)
{
    struct socket *s = &t->i.s;
    int rc = socket_take_error(s);

    if (rc)
        return rc;
    if (s->shut & SHUT_MASK_WR)
        return -EPIPE;
    if (t->state == TCP_CONNECTING)
        return 1;
    return t->state == TCP_CONNECTED && t->pcb ? 0 : -EPIPE;
}

static ssize_t send_batch(struct tcp_sock *t, struct batch *b, unsigned flags)
{
    uint32_t done = 0;

    tcp_lock();
    int rc = tx_state(t);
    if (rc == 0 && t->pcb->snd_queuelen + b->n > QUEUE_MAX)
        rc = 1;
    if (rc == 0) {
        struct tcp_pcb *pcb = t->pcb;
        if (!t->tx_queued && t->user_timeout)
            t->progress = time_monotonic();
        demux_wake(pcb);
        done = enqueue(pcb, b);
        t->tx_queued += done;
        t->mss = tcp_send_mss(pcb);
        if (!held_back(t, pcb, flags))
            tcp_output(pcb);
    }
    net_unlock();
    batch_free(b);
    if (rc == 0 && !done)
        return -ENOBUFS;
    return rc == 1 ? -ENOMEM : rc ? rc : (ssize_t)done; /* too many segments */
}

/* Until there is room, or no hope of it. */
static int wait_room(struct tcp_sock *t, nsec_t deadline)
{
    struct socket *s = &t->i.s;

    WRITE_ONCE(s->nospace, true);
    int rc = WAIT_EVENT_FULL(
        &s->wq,
        tcp_writable(t) || READ_ONCE(t->state) != TCP_CONNECTED ||
            (READ_ONCE(s->shut) & SHUT_MASK_WR) || atomic_load(&s->err),
        SLEEP_INTERRUPTIBLE, deadline);
    return rc ? socket_wait_error(rc, s->sndtimeo) : 0;
}

/* What is on its way will give memory back, but nobody tells when there is
 * enough: look again in a moment. */
static int wait_memory(struct tcp_sock *t, nsec_t deadline)
{
    struct socket *s = &t->i.s;
    nsec_t soon = MIN(deadline, time_monotonic() + 20 * NSEC_PER_MSEC);
    int rc = WAIT_EVENT_FULL(&s->wq,
                             READ_ONCE(t->state) != TCP_CONNECTED ||
                                 (READ_ONCE(s->shut) & SHUT_MASK_WR) ||
                                 atomic_load(&s->err),
                             SLEEP_INTERRUPTIBLE, soon);

    return rc == -ETIMEDOUT && soon < deadline
               ? 0
               : socket_wait_error(rc, s->sndtimeo);
}

static int tx_begin(struct tcp_sock *t, unsigned flags)
{
    int rc = tx_state(t);

    if (rc != 1)
        return rc;
    if (flags & MSG_DONTWAIT)
        return -EAGAIN;
    rc = tcp_wait_connected(t, t->i.s.sndtimeo);
    if (rc)
        return socket_wait_error(rc, t->i.s.sndtimeo);
    return tx_state(t);
}

/* One turn: as much as room allows. Bytes; -EAGAIN: no room; -ENOMEM: no memory
 * now; or another error. */
static ssize_t tx_turn(struct tcp_sock *t, struct uio *u, unsigned flags)
{
    uint32_t queued = READ_ONCE(t->tx_queued), limit = tcp_tx_limit(t);
    const struct iovec_user *iov = u->iov;
    size_t nr = u->nr, skip = u->skip, left = u->left;
    struct batch b;

    if (queued >= limit)
        return -EAGAIN;
    ssize_t n = batch_fill(&b, u, MIN((size_t)(limit - queued), left),
                           READ_ONCE(t->mss));
    if (!n)
        n = send_batch(t, &b, flags);
    if (n < 0 || (uint32_t)n != b.bytes) {
        /* Some was not taken: back to where it begins. */
        u->iov = iov, u->nr = nr, u->skip = skip, u->left = left;
        if (n > 0)
            uio_advance(u, (size_t)n);
    }
    return n == -ENOBUFS && queued ? -ENOMEM : n;
}

ssize_t tcp_sock_sendmsg(struct socket *s, struct sock_msg *m, unsigned flags)
{
    struct tcp_sock *t = tcp_sk(s);
    nsec_t deadline = NSEC_NEVER;
    size_t sent = 0;
    ssize_t rc = tx_begin(t, flags);

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (rc == -EPIPE)
        return socket_epipe(flags);
    if (rc)
        return rc;
    while (m->data->left) {
        rc = tx_turn(t, m->data, flags);
        if (rc > 0) {
            sent += (size_t)rc;
            continue;
        }
        bool no_memory = rc == -ENOMEM;
        if (rc != -EAGAIN && !no_memory)
            break;
        if (flags & MSG_DONTWAIT) {
            WRITE_ONCE(s->nospace, true);
            rc = -EAGAIN;
            break;
        }
        if (deadline == NSEC_NEVER)
            deadline = socket_deadline(s->sndtimeo);
        rc = no_memory ? wait_memory(t, deadline) : wait_room(t, deadline);
        if (rc)
            break;
    }
    if (sent || !m->data->left)
        return (ssize_t)sent;
    return rc == -EPIPE ? socket_epipe(flags) : rc;
}

/* --- the receive queue ------------------------------------------------- */

/* Memory a buffer takes, for the bound on many small ones. */
static size_t rx_cost(const struct pbuf *p)
{
    return sizeof(struct pbuf) + 64 + p->len;
}

/* Many small segments waste memory: when they take twice their due, copy them
 * together. */
static void rx_collapse(struct tcp_sock *t)
{
    size_t bytes = MIN(t->rx_bytes, (size_t)16000);
    struct pbuf *flat = pbuf_alloc(PBUF_RAW, (u16_t)bytes, PBUF_RAM);
    size_t have = 0;

    if (!flat)
        return;
    while (t->rx_head && have + t->rx_head->len <= bytes) {
        struct pbuf *p = t->rx_head;
        memcpy((uint8_t *)flat->payload + have, p->payload, p->len);
        have += p->len;
        t->rx_head = p->next;
        t->rx_size -= MIN(rx_cost(p), t->rx_size);
        p->next = NULL;
        pbuf_free(p);
    }
    flat->len = flat->tot_len = (u16_t)have;
    flat->next = t->rx_head;
    t->rx_head = flat;
    if (!flat->next)
        t->rx_tail = flat;
    t->rx_size += rx_cost(flat);
}

void tcp_rx_append(struct tcp_sock *t, struct pbuf *p)
{
    if (t->rx_tail)
        t->rx_tail->next = p;
    else
        t->rx_head = p;
    for (;; p = p->next) {
        t->rx_bytes += p->len;
        t->rx_size += rx_cost(p);
        if (!p->next)
            break;
    }
    t->rx_tail = p;
    if (t->rx_size > 2 * (size_t)t->rx_window && t->rx_size > 4 * t->rx_bytes)
        rx_collapse(t);
}

void tcp_rx_purge(struct tcp_sock *t)
{
    struct pbuf *p;

    while ((p = t->rx_head)) {
        t->rx_head = p->next;
        p->next = NULL;
        pbuf_free(p);
    }
    t->rx_tail = NULL;
    t->rx_bytes = t->rx_size = 0;
}

/* --- receiving --------------------------------------------------------- */

struct claim {
    struct pbuf *p; /* to be freed afterwards; NULL: nothing to free */
    const void *data;
    size_t len;
    bool shared; /* ... with the lock */
};
struct claims {
    struct claim c[CLAIMS];
    unsigned n;
    size_t bytes;
    bool any_shared;
    uint8_t small[SMALL];
};

static void add_claim(struct claims *cs, struct pbuf *p, const void *data,
                      size_t len, bool shared)
{
    cs->c[cs->n++] = (struct claim){p, data, len, shared};
    cs->bytes += len;
    cs->any_shared |= shared;
}

/* A part of the first buffer. */
static void claim_part(struct tcp_sock *t, struct claims *cs, size_t want)
{
    struct pbuf *p = t->rx_head;

    if (want <= SMALL) {
        memcpy(cs->small, p->payload, want);
        add_claim(cs, NULL, cs->small, want, false);
    } else {
        pbuf_ref(p);
        add_claim(cs, p, p->payload, want, true);
    }
    p->payload = (uint8_t *)p->payload + want;
    p->len = (u16_t)(p->len - want);
    t->rx_size -= MIN(want, t->rx_size);
}

static void claim_data(struct tcp_sock *t, struct claims *cs, size_t want)
{
    cs->n = 0;
    cs->bytes = 0;
    cs->any_shared = false;
    while (want && t->rx_head && cs->n < CLAIMS) {
        struct pbuf *p = t->rx_head;
        if (want < p->len) {
            claim_part(t, cs, want);
            break;
        }
        t->rx_head = p->next;
        if (!t->rx_head)
            t->rx_tail = NULL;
        t->rx_size -= MIN(rx_cost(p), t->rx_size);
        p->next = NULL;
        want -= p->len;
        add_claim(cs, p, p->payload, p->len, p->ref > 1);
    }
    t->rx_bytes -= cs->bytes;
}

/* MSG_PEEK: share all, take nothing; (skip) bytes were seen before. */
static void claim_peek(struct tcp_sock *t, struct claims *cs, size_t want,
                       size_t skip)
{
    cs->n = 0;
    cs->bytes = 0;
    cs->any_shared = false;
    for (struct pbuf *p = t->rx_head; p && want && cs->n < CLAIMS;
         p = p->next) {
        if (skip >= p->len) {
            skip -= p->len;
            continue;
        }
        size_t len = MIN((size_t)p->len - skip, want);
        pbuf_ref(p);
        add_claim(cs, p, (uint8_t *)p->payload + skip, len, true);
        want -= len;
        skip = 0;
    }
}

/* lwIP tells the peer of room a segment at a time, which a buffer smaller than
 * a segment never has (RFC 1122, 4.2.3.3, wants half the buffer at most). */
static void announce_window(struct tcp_sock *t, struct tcp_pcb *pcb)
{
    int32_t told = (int32_t)(pcb->rcv_ann_right_edge - pcb->rcv_nxt);
    uint32_t step =
        MIN(t->rx_window / 2,
            MAX((uint32_t)TCP_WND_UPDATE_THRESHOLD, (uint32_t)pcb->mss));

    if (pcb->rcv_wnd < step + (uint32_t)MAX(told, 0))
        return;
    pcb->rcv_ann_wnd = pcb->rcv_wnd;
    tcp_ack_now(pcb);
    tcp_output(pcb);
}

/* The program has room again: say so to the peer, but never offer more than
 * the socket's limit. */
static void open_window(struct tcp_sock *t, size_t n)
{
    struct tcp_pcb *pcb = t->pcb;
    size_t used = pcb ? pcb->rcv_wnd + t->rx_bytes : 0;

    if (!pcb || used >= t->rx_window)
        return;
    demux_wake(pcb);
    n = MIN(n, t->rx_window - used);
    for (; n; n -= MIN(n, (size_t)0xffff))
        tcp_recved(pcb, (u16_t)MIN(n, (size_t)0xffff));
    announce_window(t, pcb);
}

static void claims_free(struct claims *cs)
{
    if (cs->any_shared)
        net_lock();
    for (unsigned i = 0; i < cs->n; i++)
        if (cs->c[i].p)
            pbuf_free(cs->c[i].p);
    if (cs->any_shared)
        net_unlock();
}

/* Copy out; bytes or -EFAULT. Data that could not be delivered is lost only to
 * a program that gave a bad address. */
static ssize_t claims_copy(struct claims *cs, struct uio *u)
{
    size_t done = 0;

    for (unsigned i = 0; i < cs->n; i++) {
        ssize_t n = uio_copy_out(u, cs->c[i].data, cs->c[i].len);
        if (n > 0)
            done += (size_t)n;
        if (n != (ssize_t)cs->c[i].len)
            return done ? (ssize_t)done : -EFAULT;
    }
    return (ssize_t)done;
}

static ssize_t rx_turn(struct tcp_sock *t, struct uio *u, bool peek,
                       size_t seen)
{
    struct claims cs;

    net_lock();
    if (peek) {
        claim_peek(t, &cs, u->left, seen);
    } else {
        claim_data(t, &cs, u->left);
        if (cs.bytes) {
            net_timer_tcp();
            open_window(t, cs.bytes);
        }
    }
    net_unlock();
    ssize_t n = claims_copy(&cs, u);
    claims_free(&cs);
    return n;
}

/* Nothing is queued: 1 = end of data, -EAGAIN = wait, or an error. */
static int rx_state(struct tcp_sock *t)
{
    struct socket *s = &t->i.s;
    enum tcp_sock_state state = READ_ONCE(t->state);
    int rc = socket_take_error(s);

    if (rc)
        return rc;
    if (READ_ONCE(t->rx_eof) || (READ_ONCE(s->shut) & SHUT_MASK_RD))
        return 1;
    if (state == TCP_DEAD)
        return 1;
    if (state == TCP_NEW || state == TCP_LISTENING)
        return -ENOTCONN;
    return -EAGAIN;
}

static bool rx_event(struct tcp_sock *t, size_t have)
{
    struct socket *s = &t->i.s;

    return READ_ONCE(t->rx_bytes) > have || READ_ONCE(t->rx_eof) ||
           (READ_ONCE(s->shut) & SHUT_MASK_RD) ||
           READ_ONCE(t->state) == TCP_DEAD || atomic_load(&s->err);
}

/* (have): bytes in the queue that a peek has seen already. */
static int rx_wait(struct tcp_sock *t, size_t have, nsec_t deadline)
{
    int rc = WAIT_EVENT_FULL(&t->i.s.wq, rx_event(t, have), SLEEP_INTERRUPTIBLE,
                             deadline);

    return rc ? socket_wait_error(rc, t->i.s.rcvtimeo) : 0;
}

static ssize_t receive(struct tcp_sock *t, struct uio *u, size_t target,
                       unsigned flags)
{
    bool peek = flags & MSG_PEEK;
    nsec_t deadline = 0;
    size_t got = 0;
    ssize_t rc;

    for (;;) {
        /* All that follows without the lock was true when read. */
        if (READ_ONCE(t->rx_bytes) > (peek ? got : 0)) {
            rc = rx_turn(t, u, peek, got);
            if (rc < 0)
                return got ? (ssize_t)got : rc;
            got += (size_t)rc;
            if (!u->left || (got >= target && !READ_ONCE(t->rx_bytes)))
                return (ssize_t)got;
            if (peek && rc == 0 && got >= target)
                return (ssize_t)got;
            if (READ_ONCE(t->rx_bytes) > (peek ? got : 0))
                continue;
        }
        if (got >= target && got)
            return (ssize_t)got;
        if (got && (atomic_load(&t->i.s.err) || READ_ONCE(t->rx_eof)))
            return (ssize_t)got;
        rc = rx_state(t);
        /* Data may have come between the look at it and at the state. */
        if (rc == 1 && READ_ONCE(t->rx_bytes) > (peek ? got : 0))
            continue;
        if (rc == 1)
            return (ssize_t)got;
        if (rc != -EAGAIN || (flags & MSG_DONTWAIT))
            return got ? (ssize_t)got : rc;
        if (!deadline)
            deadline = socket_deadline(t->i.s.rcvtimeo);
        rc = rx_wait(t, peek ? got : 0, deadline);
        if (rc)
            return got ? (ssize_t)got : rc;
    }
}

ssize_t tcp_sock_recvmsg(struct socket *s, struct sock_msg *m, unsigned flags)
{
    struct tcp_sock *t = tcp_sk(s);
    size_t target = MIN((size_t)s->rcvlowat, m->data->left);

    if (unlikely(flags & (MSG_OOB | MSG_ERRQUEUE)))
        return flags & MSG_ERRQUEUE ? -EAGAIN : -EINVAL;
    if (unlikely(!m->data->left))
        return READ_ONCE(t->state) == TCP_LISTENING ? -ENOTCONN : 0;
    if (flags & MSG_WAITALL)
        target = m->data->left;
    return receive(t, m->data, target, flags);
}
