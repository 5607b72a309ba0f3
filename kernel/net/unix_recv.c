/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * unix_recv.c - messages of AF_UNIX sockets, on their way in.
 */
#include "net/unix_sock.h"

#include "fs/poll.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/fdtable.h"
#include "proc/process.h"
#include "sched/cpu.h"

/* Descriptors for the files of a message, as many as the program has room
 * for. With (peek) the message keeps its own. */
static void put_rights(struct sock_msg *sm, struct file **files, unsigned n,
                       unsigned flags)
{
    int fds[UNIX_FILES_MAX];
    size_t room =
        sm->control_user && sm->controllen > sizeof(struct cmsghdr_user)
            ? (sm->controllen - sizeof(struct cmsghdr_user)) / sizeof(int)
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

static struct unix_msg *queue_next(struct unix_sock *u, struct unix_msg *m)
{
    spin_lock(&unix_lock);
    struct unix_msg *next =
        m->link.next == &u->queue
            ? NULL
            : list_entry(m->link.next, struct unix_msg, link);
    spin_unlock(&unix_lock);
    return next;
}

/* --- SO_PEEK_OFF (socket(7)): where MSG_PEEK begins in what is queued --- */

static size_t peek_start(const struct unix_sock *u, unsigned flags)
{
    int off = READ_ONCE(u->s.peek_off);

    return flags & MSG_PEEK && off > 0 ? (size_t)off : 0;
}

/* Peeking moves it on, taking data out moves it back. read_lock held. */
static void peek_move(struct unix_sock *u, unsigned flags, size_t n)
{
    int64_t off = READ_ONCE(u->s.peek_off);

    if (off < 0)
        return;
    off += flags & MSG_PEEK ? (int64_t)n : -(int64_t)n;
    WRITE_ONCE(u->s.peek_off,
               (int)MAX(MIN(off, (int64_t)INT32_MAX), (int64_t)0));
}

/* The message that has the byte *(skip), which becomes its own offset. */
static struct unix_msg *stream_at(struct unix_sock *u, size_t *skip)
{
    struct unix_msg *m = queue_head(u);

    while (m && *skip >= m->len - m->off) {
        *skip -= m->len - m->off;
        m = queue_next(u, m);
    }
    return m;
}

/* The same of packets. An empty one is in the way until it was peeked at. */
static struct unix_msg *packet_at(struct unix_sock *u, size_t *skip,
                                  unsigned flags)
{
    struct unix_msg *m = queue_head(u);

    if (!(flags & MSG_PEEK) || READ_ONCE(u->s.peek_off) < 0)
        return m;
    while (m && *skip >= m->len && (*skip || m->peeked)) {
        *skip -= m->len;
        m = queue_next(u, m);
    }
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
        unix_uncharge(m);
        for (unsigned i = 0; i < m->nr_files; i++)
            unix_inflight(m->files[i], -1);
    }
    bool drained = was_full && !unix_full(u);
    if (drained)
        list_for_each (c, &u->connectors, connector_link)
            socket_wake(&c->s, EV_OUT | EV_WRNORM | EV_WRBAND);
    spin_unlock(&unix_lock);
    if (done)
        unix_msg_free(m);
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

/* (seen): what had arrived before it was looked for. */
static int rx_wait(struct unix_sock *u, unsigned seen, nsec_t deadline)
{
    struct socket *s = &u->s;
    int rc = WAIT_EVENT_FULL(&s->wq,
                             READ_ONCE(u->arrived) != seen ||
                                 (READ_ONCE(s->shut) & SHUT_MASK_RD) ||
                                 atomic_load(&s->err),
                             SLEEP_INTERRUPTIBLE, deadline);

    return rc ? socket_wait_error(rc, s->rcvtimeo) : 0;
}

/* Copy from the queue's head on; read_lock held. Bytes, or -EFAULT. */
static ssize_t stream_copy(struct unix_sock *u, struct sock_msg *sm,
                           unsigned flags, bool first)
{
    size_t got = 0, skip = peek_start(u, flags);
    struct unix_msg *m = stream_at(u, &skip);

    while (m && sm->data->left) {
        size_t at = m->off + skip, n = MIN(m->len - at, sm->data->left);
        bool files = m->nr_files != 0;
        if (n && uio_copy_out(sm->data, m->data + at, n) != (ssize_t)n)
            return got ? (ssize_t)got : -EFAULT;
        if (first) {
            receive_name(sm, m);
            receive_control(u, m, sm, flags);
            first = false;
        } else {
            receive_files(m, sm, flags);
        }
        got += n;
        skip = 0;
        peek_move(u, flags, n);
        if (flags & MSG_PEEK) {
            m = queue_next(u, m);
        } else {
            consume(u, m, n, n == m->len - m->off);
            m = queue_head(u);
        }
        if (files)
            break; /* one set of descriptors in each receive: unix(7) */
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
        unsigned seen = READ_ONCE(u->arrived);
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
        if (rc == 1 && READ_ONCE(u->arrived) != seen)
            continue;
        if (rc == 1)
            return (ssize_t)got;
        if (rc != -EAGAIN || (flags & MSG_DONTWAIT))
            return got ? (ssize_t)got : rc;
        if (!deadline)
            deadline = socket_deadline(u->s.rcvtimeo);
        rc = rx_wait(u, seen, deadline);
        if (rc)
            return got ? (ssize_t)got : rc;
    }
}

/* One datagram or packet; read_lock held; -EAGAIN: none. */
static ssize_t packet_copy(struct unix_sock *u, struct sock_msg *sm,
                           unsigned flags)
{
    size_t skip = peek_start(u, flags);
    struct unix_msg *m = packet_at(u, &skip, flags);

    if (!m)
        return -EAGAIN;
    size_t len = m->len - skip, n = MIN(len, sm->data->left);
    if (n && uio_copy_out(sm->data, m->data + skip, n) != (ssize_t)n)
        return -EFAULT;
    if (n < len)
        sm->flags |= MSG_TRUNC;
    if (u->s.type == SOCK_SEQPACKET)
        sm->flags |= MSG_EOR;
    receive_name(sm, m);
    receive_control(u, m, sm, flags);
    m->peeked |= (flags & MSG_PEEK) != 0;
    peek_move(u, flags, flags & MSG_PEEK ? n : len);
    if (!(flags & MSG_PEEK))
        consume(u, m, len, true);
    return (ssize_t)(flags & MSG_TRUNC ? len : n);
}

static ssize_t packet_receive(struct unix_sock *u, struct sock_msg *sm,
                              unsigned flags)
{
    nsec_t deadline = 0;

    for (;;) {
        unsigned seen = READ_ONCE(u->arrived);
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
        rc = rx_wait(u, seen, deadline);
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
