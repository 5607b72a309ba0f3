/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * unix_sock.h - sockets of AF_UNIX.
 *
 *   unix.c       streams, datagrams: states, peers, connecting, closing
 *   unix_send.c  messages, their ancillary data, sending
 *   unix_recv.c  receiving
 *   unix_name.c  names: paths, abstract, autobind
 *   unix_gc.c    sockets that only keep each other alive in their queues
 *
 * One spinlock, unix_lock, covers all that is marked (u): peers, queues and
 * names change together, and none of it takes long. Copies to and from
 * programs happen outside it; (read_lock) keeps receivers of one socket in
 * order meanwhile.
 *
 * A struct unix_sock lives as long as somebody holds a reference: its file,
 * its peer, messages it sent that wait somewhere, a listener's queue.
 */
#pragma once

#include <linux/un.h>

#include "net/net_priv.h"
#include "net/socket.h"

struct unix_name {
    _Atomic uint32_t refs;
    unsigned len; /* of addr, maybe with the NUL behind it */
    struct sockaddr_un addr;
    char nul;
};

enum unix_state { UNIX_NEW, UNIX_CONNECTED, UNIX_LISTENING, UNIX_CLOSED };

/* u unix_lock; a as in struct socket */
struct unix_sock {
    struct socket s;
    _Atomic uint32_t refs;
    enum unix_state state;      /* u */
    struct unix_sock *peer;     /* u reference held */
    struct list connectors;     /* u datagram sockets whose peer this is */
    struct list connector_link; /* u in the peer's list */
    struct list queue;          /* u struct unix_msg */
    unsigned nr_queued;         /* u */
    unsigned arrived;           /* u how many were ever queued */
    size_t rx_bytes;            /* u unread */
    size_t tx_cost;             /* u of our messages in queues */
    struct mutex read_lock;     /* RANK_UNIX_BIND */
    struct wait_queue space;    /* senders to us wait for room */

    struct list embryos;          /* u LISTENING: connected, not accepted */
    struct list embryo_link;      /* u */
    unsigned nr_embryos, backlog; /* u */

    struct unix_name *name;      /* u NULL = none */
    struct inode *inode;         /* u reference: bound there */
    struct unix_sock *name_next; /* u of one hash among the abstract names */
    bool abstract;               /* u among them */
    struct ucred peercred;       /* u of the peer when it connected */

    struct list inflight_link; /* u sockets that are in messages */
    unsigned inflight;         /* u how often */
    int gc_count;              /* u */
    bool gc_live;              /* u */
    struct list all_link;      /* u for /proc/net/unix */
};
static inline struct unix_sock *unix_sk(struct socket *s)
{
    return (struct unix_sock *)s;
}
static inline bool unix_is_dgram(const struct unix_sock *u)
{
    return u->s.type == SOCK_DGRAM;
}

/* I immutable once queued; u unix_lock; r the receiver's read_lock */
struct unix_msg {
    struct list link;         /* u */
    struct unix_sock *sender; /* I reference */
    struct unix_name *name;   /* I reference or NULL */
    struct ucred cred;        /* I */
    nsec_t when;              /* I */
    size_t len;               /* I */
    size_t off;               /* r bytes read */
    bool peeked;              /* r */
    size_t cost;              /* I */
    struct file **files;      /* r references; NULL = none */
    unsigned nr_files;        /* r */
    uint8_t data[];
};

#define UNIX_DGRAM_MAX 64 /* datagrams queued before senders wait */

extern struct spinlock unix_lock;
extern struct list unix_all;

void unix_get(struct unix_sock *u);
void unix_put(struct unix_sock *u);
/* May this socket send more by its own limit: for poll, for a sender. */
static inline bool unix_writable(const struct unix_sock *u)
{
    return READ_ONCE(u->tx_cost) * 4 <= (size_t)u->s.sndbuf;
}
static inline bool unix_full(const struct unix_sock *receiver)
{
    return READ_ONCE(receiver->nr_queued) >= UNIX_DGRAM_MAX;
}

#define UNIX_FILES_MAX 253 /* descriptors in a message: SCM_MAX_FD */

/* unix_send.c, unix_recv.c */
ssize_t unix_sendmsg(struct socket *s, struct sock_msg *m, unsigned flags);
/* The message leaves a queue for good, its sender has room; unix_lock held. */
void unix_uncharge(struct unix_msg *m);
void unix_msg_free(struct unix_msg *m); /* no lock held */
ssize_t unix_recvmsg(struct socket *s, struct sock_msg *m, unsigned flags);
/* Free messages taken off a queue; no lock held. */
void unix_free_msgs(struct list *msgs);

/* unix_name.c */
int unix_bind(struct socket *s, const void *addr, unsigned len);
int unix_getname(struct socket *s, void *addr, bool peer);
/* The socket an address names, with a reference, or ERR_PTR(-ECONNREFUSED,
 * -ENOENT, -EPROTOTYPE...). */
struct unix_sock *unix_find(const void *addr, unsigned len, int type);
void unix_unbind(struct unix_sock *u);                /* at close */
struct unix_name *unix_name_get(struct unix_name *n); /* NULL allowed */
void unix_name_put(struct unix_name *n);

/* unix_gc.c; with unix_lock held */
void unix_inflight(struct file *f, int by);
/* Move the messages of unreachable sockets to (garbage). */
void unix_gc(struct list *garbage);
