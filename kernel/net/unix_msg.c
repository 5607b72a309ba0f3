/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * unix_msg.c - messages of AF_UNIX sockets.
 *
 * A stream is a queue of messages whose borders do not show, except that one
 * with descriptors begins a new receive. A sender is charged for its messages
 * wherever they wait (SO_SNDBUF); datagram receivers also have a limit on
 * their number, beyond which senders wait on (space).
 */
#include "net/unix_sock.h"

#include "fs/poll.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/fdtable.h"
#include "proc/process.h"
#include "sched/cpu.h"

#define STREAM_CHUNK 32768u /* bytes of one message of a stream */
#define MSG_COST     256u   /* of bookkeeping */
#define FILES_MAX    253    /* SCM_MAX_FD */

/* --- messages ----------------------------------------------------------------------- */

static void put_files(struct file **files, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        file_put(files[i]);
    kfree(files);
}

/* Lock held: the message leaves a queue for good; its sender has room. */
static void uncharge(struct unix_msg *m)
{
    struct unix_sock *sender = m->sender;

    WRITE_ONCE(sender->tx_cost, sender->tx_cost - m->cost);
    m->cost = 0;
    atomic_thread_fence(memory_order_seq_cst); /* pairs with unix_poll() */
    if (READ_ONCE(sender->s.nospace) && unix_writable(sender)) {
        WRITE_ONCE(sender->s.nospace, false);
        socket_wake(&sender->s, EV_OUT | EV_WRNORM | EV_WRBAND);
    }
}

static void msg_free(struct unix_msg *m)
{
    if (m->nr_files)
        put_files(m->files, m->nr_files);
    unix_name_put(m->name);
    unix_put(m->sender);
    kfree(m);
}

void unix_free_msgs(struct list *msgs)
{
    struct unix_msg *m;

    while ((m = list_first(msgs, struct unix_msg, link))) {
        spin_lock(&unix_lock);
        list_del_init(&m->link);
        uncharge(m);
        for (unsigned i = 0; i < m->nr_files; i++)
            unix_inflight(m->files[i], -1);
        spin_unlock(&unix_lock);
        msg_free(m);
    }
}

/* --- ancillary data on its way out ----------------------------------------------------- */

struct control {
    struct file **files;
    unsigned nr_files;
    struct ucred cred;
};

static int take_files(struct control *c, const uint8_t *data, size_t len)
{
    unsigned n = (unsigned)(len / sizeof(int));

    if (c->nr_files + n > FILES_MAX || len % sizeof(int))
        return -EINVAL;
    if (!n)
        return 0;
    if (!c->files)
        c->files = kmalloc(FILES_MAX * sizeof(struct file *), 0);
    if (!c->files)
        return -ENOMEM;
    for (unsigned i = 0; i < n; i++) {
        int fd;
        memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
        struct file *f = fd_get(fd);
        if (!f)
            return -EBADF;
        c->files[c->nr_files++] = f;
    }
    return 0;
}

/* Only root may claim to be somebody else (unix(7)). */
static int take_cred(struct control *c, const uint8_t *data, size_t len)
{
    struct process *p = current_process();
    struct ucred u;

    if (len != sizeof(u))
        return -EINVAL;
    memcpy(&u, data, sizeof(u));
    bool pid_ok = u.pid == (uint32_t)p->pid;
    bool uid_ok = u.uid == p->uid || u.uid == p->euid || u.uid == p->suid;
    bool gid_ok = u.gid == p->gid || u.gid == p->egid || u.gid == p->sgid;
    if (p->euid && !(pid_ok && uid_ok && gid_ok))
        return -EPERM;
    c->cred = u;
    return 0;
}

static int control_parse(struct control *c, const struct sock_msg *m)
{
    struct process *p = current_process();
    struct cmsghdr_user h;
    const uint8_t *data;
    size_t off = 0, len;
    int rc;

    c->files = NULL;
    c->nr_files = 0;
    c->cred = (struct ucred){(uint32_t)p->pid, p->uid, p->gid};
    while ((rc = sock_next_cmsg(m, &off, &h, &data, &len)) > 0) {
        if (h.level != SOL_SOCKET)
            continue;
        if (h.type == SCM_RIGHTS)
            rc = take_files(c, data, len);
        else if (h.type == SCM_CREDENTIALS)
            rc = take_cred(c, data, len);
        else
            rc = -EINVAL;
        if (rc)
            break;
    }
    if (rc)
        put_files(c->files, c->nr_files);
    return rc;
}

/* --- sending ----------------------------------------------------------------------------- */

static struct unix_msg *msg_create(struct unix_sock *u, size_t len)
{
    struct unix_msg *m = kmalloc(sizeof(*m) + len, 0);

    if (!m)
        return NULL;
    list_init(&m->link);
    m->sender = u;
    unix_get(u);
    m->name = NULL;
    m->files = NULL;
    m->nr_files = 0;
    m->off = 0;
    m->len = len;
    m->cost = 0;
    m->when = 0;
    return m;
}

/* Lock held. */
static void enqueue(struct unix_sock *u, struct unix_sock *to,
                    struct unix_msg *m)
{
    m->cost = m->len + MSG_COST;
    m->name = unix_name_get(u->name);
    WRITE_ONCE(u->tx_cost, u->tx_cost + m->cost);
    for (unsigned i = 0; i < m->nr_files; i++)
        unix_inflight(m->files[i], 1);
    list_add_tail(&to->queue, &m->link);
    WRITE_ONCE(to->nr_queued, to->nr_queued + 1);
    WRITE_ONCE(to->rx_bytes, to->rx_bytes + m->len);
}

/* Wait until the sender's own limit allows more. */
static int wait_sndbuf(struct unix_sock *u, unsigned flags, nsec_t deadline)
{
    struct socket *s = &u->s;

    WRITE_ONCE(s->nospace, true);
    atomic_thread_fence(memory_order_seq_cst);
    if (flags & MSG_DONTWAIT)
        return READ_ONCE(u->tx_cost) < (size_t)s->sndbuf ? 0 : -EAGAIN;
    int rc = WAIT_EVENT_FULL(&s->wq,
                             unix_writable(u) ||
                                 (READ_ONCE(s->shut) & SHUT_MASK_WR),
                             SLEEP_INTERRUPTIBLE, deadline);
    return rc ? socket_wait_error(rc, s->sndtimeo) : 0;
}

static bool may_send(const struct unix_sock *u)
{
    return READ_ONCE(u->tx_cost) < (size_t)u->s.sndbuf;
}

/* The peer of a connection with a reference, or the reason there is none. */
static struct unix_sock *stream_peer(struct unix_sock *u)
{
    struct unix_sock *peer = NULL;
    long rc = 0;

    spin_lock(&unix_lock);
    if (u->s.shut & SHUT_MASK_WR)
        rc = -EPIPE;
    else if (u->state != UNIX_CONNECTED)
        rc = -ENOTCONN;
    else if (u->peer->state == UNIX_CLOSED ||
             (u->peer->s.shut & SHUT_MASK_RD))
        rc = -EPIPE;
    else
        peer = u->peer;
    if (peer)
        unix_get(peer);
    spin_unlock(&unix_lock);
    return peer ? peer : ERR_PTR(rc);
}

/* The descriptors go with the first message; then the caller has none. */
static void give_control(struct unix_msg *m, struct control *c)
{
    m->cred = c->cred;
    m->files = c->files;
    m->nr_files = c->nr_files;
    c->files = NULL;
    c->nr_files = 0;
}

static int stream_push(struct unix_sock *u, struct unix_msg *m)
{
    struct unix_sock *peer = stream_peer(u);

    if (IS_ERR(peer))
        return (int)PTR_ERR(peer);
    spin_lock(&unix_lock);
    bool open = peer->state != UNIX_CLOSED && !(peer->s.shut & SHUT_MASK_RD);
    if (open)
        enqueue(u, peer, m);
    spin_unlock(&unix_lock);
    if (open)
        socket_wake(&peer->s, EV_IN | EV_RDNORM);
    unix_put(peer);
    return open ? 0 : -EPIPE;
}

/* One message of a stream, or the one of a sequenced packet. */
static ssize_t stream_turn(struct unix_sock *u, struct sock_msg *sm,
                           struct control *c, unsigned flags, nsec_t deadline)
{
    bool packet = u->s.type == SOCK_SEQPACKET;
    size_t len = packet ? sm->data->left
                        : MIN(sm->data->left, (size_t)STREAM_CHUNK);
    int rc = 0;

    while (!may_send(u) && !rc)
        rc = wait_sndbuf(u, flags, deadline);
    if (rc)
        return rc;
    struct unix_msg *m = msg_create(u, len);
    if (!m)
        return -ENOBUFS;
    if (uio_copy_in(sm->data, m->data, len) != (ssize_t)len && len) {
        msg_free(m);
        return -EFAULT;
    }
    give_control(m, c);
    m->when = time_realtime();
    rc = stream_push(u, m);
    if (rc)
        msg_free(m);
    return rc ? rc : (ssize_t)len;
}

static ssize_t stream_send(struct unix_sock *u, struct sock_msg *sm,
                           struct control *c, unsigned flags)
{
    nsec_t deadline = socket_deadline(u->s.sndtimeo);
    bool packet = u->s.type == SOCK_SEQPACKET;
    struct unix_sock *peer = stream_peer(u);
    size_t sent = 0;
    ssize_t rc = 0;

    if (IS_ERR(peer)) {
        rc = PTR_ERR(peer);
        return rc == -EPIPE ? socket_epipe(flags) : rc;
    }
    unix_put(peer);
    if (packet && sm->data->left > (size_t)u->s.sndbuf)
        return -EMSGSIZE;
    while (sm->data->left || (packet && !sent && !rc)) {
        rc = stream_turn(u, sm, c, flags, deadline);
        if (rc < 0)
            break;
        sent += (size_t)rc;
        if (packet)
            break;
    }
    if (sent || rc >= 0)
        return (ssize_t)sent;
    return rc == -EPIPE ? socket_epipe(flags) : rc;
}

/* Who gets a datagram, with a reference. */
static struct unix_sock *dgram_dest(struct unix_sock *u,
                                    const struct sock_msg *sm)
{
    struct unix_sock *to;

    if (sm->namelen)
        return unix_find(sm->name, sm->namelen, SOCK_DGRAM);
    spin_lock(&unix_lock);
    to = u->peer;
    if (to)
        unix_get(to);
    spin_unlock(&unix_lock);
    return to ? to : ERR_PTR(-ENOTCONN);
}

/* Put it into the queue: 0, -EAGAIN if that is full, or a final error. */
static int dgram_push(struct unix_sock *u, struct unix_sock *to,
                      struct unix_msg *m)
{
    int rc = 0;

    spin_lock(&unix_lock);
    if (to->state == UNIX_CLOSED)
        rc = -ECONNREFUSED;
    else if (to->peer && to->peer != u)
        rc = -EPERM; /* it listens to another one only */
    else if (to->s.shut & SHUT_MASK_RD)
        rc = -EPIPE;
    else if (to->peer != u && unix_full(to))
        rc = -EAGAIN;
    else
        enqueue(u, to, m);
    spin_unlock(&unix_lock);
    if (!rc)
        socket_wake(&to->s, EV_IN | EV_RDNORM);
    return rc;
}

static int dgram_deliver(struct unix_sock *u, struct unix_sock *to,
                         struct unix_msg *m, unsigned flags, nsec_t deadline)
{
    int rc;

    while ((rc = dgram_push(u, to, m)) == -EAGAIN) {
        if (flags & MSG_DONTWAIT)
            return rc;
        rc = WAIT_EVENT_FULL(&to->space,
                             !unix_full(to) ||
                                 READ_ONCE(to->state) == UNIX_CLOSED,
                             SLEEP_INTERRUPTIBLE, deadline);
        if (rc)
            return socket_wait_error(rc, u->s.sndtimeo);
    }
    if (rc == -ECONNREFUSED && u->peer == to) {
        /* The default peer is gone for good. */
        spin_lock(&unix_lock);
        bool mine = u->peer == to;
        if (mine) {
            u->peer = NULL;
            u->state = UNIX_NEW;
        }
        spin_unlock(&unix_lock);
        if (mine)
            unix_put(to);
    }
    return rc;
}

static ssize_t dgram_send(struct unix_sock *u, struct sock_msg *sm,
                          struct control *c, unsigned flags)
{
    nsec_t deadline = socket_deadline(u->s.sndtimeo);
    size_t len = sm->data->left;
    int rc = 0;

    if (u->s.shut & SHUT_MASK_WR)
        return socket_epipe(flags);
    if (len > (size_t)u->s.sndbuf)
        return -EMSGSIZE;
    while (!may_send(u) && !rc)
        rc = wait_sndbuf(u, flags, deadline);
    if (rc)
        return rc;
    struct unix_sock *to = dgram_dest(u, sm);
    if (IS_ERR(to))
        return PTR_ERR(to);
    struct unix_msg *m = msg_create(u, len);
    rc = m ? 0 : -ENOBUFS;
    if (m && len && uio_copy_in(sm->data, m->data, len) != (ssize_t)len)
        rc = -EFAULT;
    if (m)
        give_control(m, c);
    if (!rc) {
        m->when = time_realtime();
        rc = dgram_deliver(u, to, m, flags, deadline);
    }
    if (rc && m)
        msg_free(m);
    unix_put(to);
    if (rc == -EPIPE)
        return socket_epipe(flags);
    return rc ? rc : (ssize_t)len;
}

ssize_t unix_sendmsg(struct socket *s, struct sock_msg *m, unsigned flags)
{
    struct unix_sock *u = unix_sk(s);
    struct control c;
    int rc;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (m->namelen && !unix_is_dgram(u))
        return READ_ONCE(u->state) == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
    rc = socket_take_error(s);
    if (!rc)
        rc = control_parse(&c, m);
    if (rc)
        return rc;
    ssize_t n = unix_is_dgram(u) ? dgram_send(u, m, &c, flags)
                                 : stream_send(u, m, &c, flags);
    put_files(c.files, c.nr_files);
    return n;
}

/* --- receiving ------------------------------------------------------------------------------ */

/* Descriptors for the files of a message, as many as the program has room
 * for. With (peek) the message keeps its own. */
static void put_rights(struct sock_msg *sm, struct file **files, unsigned n,
                       unsigned flags)
{
    int fds[FILES_MAX];
    size_t room = sm->control_user && sm->controllen > sizeof(struct cmsghdr_user)
                      ? (sm->controllen - sizeof(struct cmsghdr_user)) /
                            sizeof(int)
                      : 0;
    unsigned k = 0;

    while (k < n && k < room) {
        int fd = fd_reserve(0, flags & MSG_CMSG_CLOEXEC);
        if (fd < 0)
            break;
        fds[k++] = fd;
    }
    if (k < n)
        sm->flags |= MSG_CTRUNC;
    if (k)
        sock_put_cmsg(sm, SOL_SOCKET, SCM_RIGHTS, fds, k * sizeof(int));
    for (unsigned i = 0; i < n; i++) {
        if (i < k)
            fd_install(fds[i], files[i]);
        else
            file_put(files[i]);
    }
}

static void receive_files(struct unix_msg *m, struct sock_msg *sm,
                          unsigned flags)
{
    struct file **files = m->files;
    unsigned n = m->nr_files;

    if (!n)
        return;
    if (flags & MSG_PEEK) {
        for (unsigned i = 0; i < n; i++)
            file_get(files[i]);
        put_rights(sm, files, n, flags);
        return;
    }
    spin_lock(&unix_lock);
    for (unsigned i = 0; i < n; i++)
        unix_inflight(files[i], -1);
    m->files = NULL;
    m->nr_files = 0;
    spin_unlock(&unix_lock);
    put_rights(sm, files, n, flags);
    kfree(files);
}

static void receive_control(struct unix_sock *u, struct unix_msg *m,
                            struct sock_msg *sm, unsigned flags)
{
    socket_put_timestamp(&u->s, sm, m->when);
    if (u->s.passcred)
        sock_put_cmsg(sm, SOL_SOCKET, SCM_CREDENTIALS, &m->cred,
                      sizeof(m->cred));
    receive_files(m, sm, flags);
}

static void receive_name(struct sock_msg *sm, const struct unix_msg *m)
{
    if (!sm->want_name || !m->name)
        return;
    sm->namelen = m->name->len;
    memcpy(sm->name, &m->name->addr, m->name->len);
}

static struct unix_msg *queue_head(struct unix_sock *u)
{
    spin_lock(&unix_lock);
    struct unix_msg *m = list_first(&u->queue, struct unix_msg, link);
    spin_unlock(&unix_lock);
    return m;
}

/* (n) bytes of the head were read; (done): it is used up. */
static void consume(struct unix_sock *u, struct unix_msg *m, size_t n,
                    bool done)
{
    struct unix_sock *c;

    spin_lock(&unix_lock);
    bool was_full = unix_full(u);
    m->off += n;
    WRITE_ONCE(u->rx_bytes, u->rx_bytes - (done ? m->len - m->off + n : n));
    if (done) {
        list_del_init(&m->link);
        WRITE_ONCE(u->nr_queued, u->nr_queued - 1);
        uncharge(m);
        for (unsigned i = 0; i < m->nr_files; i++)
            unix_inflight(m->files[i], -1);
    }
    bool drained = was_full && !unix_full(u);
    if (drained)
        list_for_each(c, &u->connectors, connector_link)
            socket_wake(&c->s, EV_OUT | EV_WRNORM | EV_WRBAND);
    spin_unlock(&unix_lock);
    if (done)
        msg_free(m);
    if (drained)
        wq_wake_all(&u->space, EV_OUT);
}

/* Nothing queued: 1 = end of data, -EAGAIN = wait. */
static int rx_state(struct unix_sock *u)
{
    int rc = socket_take_error(&u->s);

    if (rc)
        return rc;
    if (READ_ONCE(u->s.shut) & SHUT_MASK_RD)
        return 1;
    if (!unix_is_dgram(u) && READ_ONCE(u->state) != UNIX_CONNECTED)
        return u->s.type == SOCK_STREAM ? -EINVAL : -ENOTCONN;
    return -EAGAIN;
}

static int rx_wait(struct unix_sock *u, nsec_t deadline)
{
    struct socket *s = &u->s;
    int rc = WAIT_EVENT_FULL(&s->wq,
                             READ_ONCE(u->nr_queued) ||
                                 (READ_ONCE(s->shut) & SHUT_MASK_RD) ||
                                 atomic_load(&s->err),
                             SLEEP_INTERRUPTIBLE, deadline);

    return rc ? socket_wait_error(rc, s->rcvtimeo) : 0;
}

/* Copy from the queue's head on; read_lock held. Bytes, or -EFAULT. */
static ssize_t stream_copy(struct unix_sock *u, struct sock_msg *sm,
                           unsigned flags, bool first)
{
    bool peek = flags & MSG_PEEK;
    struct unix_msg *m = queue_head(u);
    size_t got = 0;

    while (m && sm->data->left) {
        size_t n = MIN(m->len - m->off, sm->data->left);
        bool files = m->nr_files != 0;
        if (files && !first)
            break; /* its descriptors belong to the next receive */
        if (n && uio_copy_out(sm->data, m->data + m->off, n) != (ssize_t)n)
            return got ? (ssize_t)got : -EFAULT;
        if (first) {
            receive_name(sm, m);
            receive_control(u, m, sm, flags);
            first = false;
        }
        got += n;
        if (peek) {
            spin_lock(&unix_lock);
            m = m->link.next == &u->queue
                    ? NULL
                    : list_entry(m->link.next, struct unix_msg, link);
            spin_unlock(&unix_lock);
        } else {
            consume(u, m, n, n == m->len - m->off);
            m = queue_head(u);
        }
        if (files)
            break;
    }
    return (ssize_t)got;
}

static ssize_t stream_receive(struct unix_sock *u, struct sock_msg *sm,
                              unsigned flags)
{
    size_t target = flags & MSG_WAITALL && !(flags & MSG_PEEK)
                        ? sm->data->left
                        : MIN((size_t)u->s.rcvlowat, sm->data->left);
    nsec_t deadline = 0;
    size_t got = 0;

    for (;;) {
        ssize_t rc = 0;
        if (READ_ONCE(u->nr_queued)) {
            mutex_lock(&u->read_lock);
            rc = stream_copy(u, sm, flags, !got);
            mutex_unlock(&u->read_lock);
        }
        if (rc < 0)
            return got ? (ssize_t)got : rc;
        got += (size_t)rc;
        if (!sm->data->left || (got && got >= target) ||
            (got && sm->control_used) || (got && (flags & MSG_PEEK)))
            return (ssize_t)got;
        if (rc)
            continue;
        rc = rx_state(u);
        if (rc == 1 && READ_ONCE(u->nr_queued))
            continue;
        if (rc == 1)
            return (ssize_t)got;
        if (rc != -EAGAIN || (flags & MSG_DONTWAIT))
            return got ? (ssize_t)got : rc;
        if (!deadline)
            deadline = socket_deadline(u->s.rcvtimeo);
        rc = rx_wait(u, deadline);
        if (rc)
            return got ? (ssize_t)got : rc;
    }
}

/* One datagram or packet; read_lock held; -EAGAIN: none. */
static ssize_t packet_copy(struct unix_sock *u, struct sock_msg *sm,
                           unsigned flags)
{
    struct unix_msg *m = queue_head(u);

    if (!m)
        return -EAGAIN;
    size_t len = m->len, n = MIN(len, sm->data->left);
    if (n && uio_copy_out(sm->data, m->data, n) != (ssize_t)n)
        return -EFAULT;
    if (n < len)
        sm->flags |= MSG_TRUNC;
    if (u->s.type == SOCK_SEQPACKET)
        sm->flags |= MSG_EOR;
    receive_name(sm, m);
    receive_control(u, m, sm, flags);
    if (!(flags & MSG_PEEK))
        consume(u, m, len, true);
    return (ssize_t)(flags & MSG_TRUNC ? len : n);
}

static ssize_t packet_receive(struct unix_sock *u, struct sock_msg *sm,
                              unsigned flags)
{
    nsec_t deadline = 0;

    for (;;) {
        ssize_t rc = -EAGAIN;
        if (READ_ONCE(u->nr_queued)) {
            mutex_lock(&u->read_lock);
            rc = packet_copy(u, sm, flags);
            mutex_unlock(&u->read_lock);
        }
        if (rc != -EAGAIN)
            return rc;
        rc = rx_state(u);
        if (rc == 1)
            return 0;
        if (rc != -EAGAIN || (flags & MSG_DONTWAIT))
            return rc;
        if (!deadline)
            deadline = socket_deadline(u->s.rcvtimeo);
        rc = rx_wait(u, deadline);
        if (rc)
            return rc;
    }
}

ssize_t unix_recvmsg(struct socket *s, struct sock_msg *m, unsigned flags)
{
    struct unix_sock *u = unix_sk(s);

    if (flags & (MSG_OOB | MSG_ERRQUEUE))
        return flags & MSG_OOB ? -EOPNOTSUPP : -EAGAIN;
    if (s->type != SOCK_STREAM)
        return packet_receive(u, m, flags);
    return m->data->left ? stream_receive(u, m, flags) : 0;
}
