/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * unix_send.c - messages of AF_UNIX sockets, on their way out.
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

/* --- messages ---------------------------------------------------------- */

static void unix_put_files(struct file **files, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        file_put(files[i]);
    kfree(files);
}

/* Lock held: the message leaves a queue for good; its sender has room. */
void unix_uncharge(struct unix_msg *m)
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

void unix_msg_free(struct unix_msg *m)
{
    if (m->nr_files)
        unix_put_files(m->files, m->nr_files);
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
        unix_uncharge(m);
        for (unsigned i = 0; i < m->nr_files; i++)
            unix_inflight(m->files[i], -1);
        spin_unlock(&unix_lock);
        unix_msg_free(m);
    }
}

/* --- ancillary data on its way out ------------------------------------- */

struct control {
    struct file **files;
    unsigned nr_files;
    struct ucred cred;
};

static int take_files(struct control *c, const uint8_t *data, size_t len)
{
    unsigned n = (unsigned)(len / sizeof(int));

    if (c->nr_files + n > UNIX_FILES_MAX || len % sizeof(int))
        return -EINVAL;
    if (!n)
        return 0;
    if (!c->files)
        c->files = kmalloc(UNIX_FILES_MAX * sizeof(struct file *), 0);
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
        unix_put_files(c->files, c->nr_files);
    return rc;
}

/* --- sending ----------------------------------------------------------- */

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
    m->peeked = false;
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
    WRITE_ONCE(to->arrived, to->arrived + 1);
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
    int rc = WAIT_EVENT_FULL(
        &s->wq, unix_writable(u) || (READ_ONCE(s->shut) & SHUT_MASK_WR),
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
    else if (u->peer->state == UNIX_CLOSED || (u->peer->s.shut & SHUT_MASK_RD))
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
    size_t len =
        packet ? sm->data->left : MIN(sm->data->left, (size_t)STREAM_CHUNK);
    int rc = 0;

    while (!may_send(u) && !rc)
        rc = wait_sndbuf(u, flags, deadline);
    if (rc)
        return rc;
    struct unix_msg *m = msg_create(u, len);
    if (!m)
        return -ENOBUFS;
    if (uio_copy_in(sm->data, m->data, len) != (ssize_t)len && len) {
        unix_msg_free(m);
        return -EFAULT;
    }
    give_control(m, c);
    m->when = time_realtime();
    rc = stream_push(u, m);
    if (rc)
        unix_msg_free(m);
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
        rc = WAIT_EVENT_FULL(
            &to->space, !unix_full(to) || READ_ONCE(to->state) == UNIX_CLOSED,
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
        unix_msg_free(m);
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
    unix_put_files(c.files, c.nr_files);
    return n;
}
