/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * socket.h - sockets: what all address families share.
 *
 * A struct socket is the (private) of a file whose operations are
 * socket_file_ops, and the first member of its family's own structure
 * (sock_inet.h, unix_sock.h, netlink.c). System calls (sys_socket.c) copy
 * arguments in and call the family's struct sock_ops; those may sleep, follow
 * the socket's O_NONBLOCK through (nonblock), and return a negative errno.
 *
 * Locks: each family has its own for its state, named in its header. The
 * options here are changed by setsockopt only, each a single store, and read
 * without a lock.
 */
#pragma once

#include "fs/file.h"
#include "lib/types.h"
#include "mem/uio.h"
#include "net/sock_abi.h"
#include "sched/wait.h"

struct poll_table;
struct socket;

/* A field that another CPU may be changing, under the family's lock. */
#define READ_ONCE(x)     __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

#define SOCK_NAME_MAX 128 /* sizeof(struct sockaddr_storage) */

/* One message on its way in or out. */
struct sock_msg {
    struct uio *data;
    /* Address in kernel memory: destination (namelen 0: none) or, received,
     * source (namelen 0: none). */
    uint8_t name[SOCK_NAME_MAX];
    unsigned namelen;
    bool want_name; /* receive: the caller asks for the address */
    /* Ancillary data: sent, a kernel copy; received, the program's buffer,
     * filled by sock_put_cmsg(). */
    const uint8_t *control;
    uint8_t __user *control_user;
    size_t controllen; /* sent: bytes; received: room left */
    size_t control_used;
    unsigned flags; /* received: MSG_TRUNC, MSG_CTRUNC, MSG_EOR... */
};
/* Append a control message; MSG_CTRUNC if there is no room. Not under
 * spinlocks. */
void sock_put_cmsg(struct sock_msg *m, int level, int type, const void *data,
                   size_t len);
/* Walk a sent control buffer: the next header at or after *(off), which is
 * advanced. 1 = found, 0 = end, -EINVAL. (data) points at its (len) bytes. */
int sock_next_cmsg(const struct sock_msg *m, size_t *off,
                   struct cmsghdr_user *h, const uint8_t **data, size_t *len);

struct sock_ops {
    const char *kind;
    int (*bind)(struct socket *s, const void *addr, unsigned len);
    int (*connect)(struct socket *s, const void *addr, unsigned len,
                   bool nonblock);
    int (*listen)(struct socket *s, int backlog);
    /* *(out): a connected socket without a file. */
    int (*accept)(struct socket *s, struct socket **out, bool nonblock);
    /* Fill (addr) of SOCK_NAME_MAX bytes; its length or -errno. */
    int (*getname)(struct socket *s, void *addr, bool peer);
    /* flags: MSG_* plus MSG_DONTWAIT if the file is nonblocking. */
    ssize_t (*sendmsg)(struct socket *s, struct sock_msg *m, unsigned flags);
    ssize_t (*recvmsg)(struct socket *s, struct sock_msg *m, unsigned flags);
    int (*shutdown)(struct socket *s, int how);
    /* Options beyond SOL_SOCKET's common ones; (val) in kernel memory.
     * -ENOPROTOOPT if unknown. get: *(len) holds the room and receives the
     * length. */
    int (*setsockopt)(struct socket *s, int level, int name, const void *val,
                      unsigned len);
    int (*getsockopt)(struct socket *s, int level, int name, void *val,
                      unsigned *len);
    /* A common option was stored and may concern the family; may be NULL. */
    void (*option_changed)(struct socket *s, int name);
    uint32_t (*poll)(struct socket *s); /* level now; s->wq is queued */
    /* -ENOIOCTLCMD: go on with the common ones. */
    long (*ioctl)(struct socket *s, unsigned cmd, unsigned long arg);
    void (*release)(struct socket *s); /* last reference; frees s */
};
#define ENOIOCTLCMD 515

/* I immutable; a single stores, read without a lock; f family's lock */
struct socket {
    const struct sock_ops *ops; /* I */
    uint16_t family;            /* I */
    uint16_t type;              /* I SOCK_* */
    uint16_t protocol;          /* I */
    struct file *file;          /* I once it has one; no reference */
    struct wait_queue wq;       /* state changes, readable, writable */
    _Atomic int err;            /* a SO_ERROR, positive; 0 = none */
    uint8_t shut;               /* f 1 << SHUT_RD | 1 << SHUT_WR */
    bool nospace;               /* a somebody waits for room to send */
    bool listening;             /* a */

    bool reuseaddr, reuseport, keepalive, broadcast, dontroute, oobinline;
    bool passcred, debug, nocheck; /* a and the line above */
    uint8_t timestamp;             /* a 0 or the option that asked for it */
    int priority, mark;            /* a */
    int sndbuf, rcvbuf;            /* a as getsockopt tells: doubled */
    int rcvlowat;                  /* a */
    int peek_off;                  /* a AF_UNIX: SO_PEEK_OFF, < 0: none */
    int bound_if;                  /* a interface index or 0 */
    struct linger linger;          /* a */
    nsec_t rcvtimeo, sndtimeo;     /* a NSEC_NEVER = none */
    struct ucred owner;            /* I who made it */
};
#define SHUT_MASK_RD 1
#define SHUT_MASK_WR 2
#define SHUT_MASK    3

/* Fill in a caller's socket with defaults. */
void socket_init(struct socket *s, const struct sock_ops *ops, int family,
                 int type, int protocol);
/* Default buffer sizes, adapted to the machine's memory. */
extern int sock_rmem_default, sock_wmem_default, sock_rmem_max, sock_wmem_max;

/* Make a socket of a family; *(out) without a file. */
int socket_create(int family, int type, int protocol, struct socket **out);
/* Give it a descriptor; on error the socket is released. fd or -errno. */
int socket_install(struct socket *s, unsigned flags);
struct file *socket_file(struct socket *s, unsigned flags); /* ERR_PTR */
extern _Atomic unsigned sockets_open;             /* those with a file */
struct socket *file_socket(const struct file *f); /* NULL: not a socket */

/* Take the pending error: 0 or negative errno. */
static inline int socket_take_error(struct socket *s)
{
    if (likely(!atomic_load_explicit(&s->err, memory_order_relaxed)))
        return 0;
    return -atomic_exchange(&s->err, 0);
}
static inline void socket_set_error(struct socket *s, int err)
{
    atomic_store(&s->err, err);
}
/* Wake who waits for one of (events). */
static inline void socket_wake(struct socket *s, uint32_t events)
{
    if (wq_active(&s->wq))
        wq_wake(&s->wq, events);
}
nsec_t socket_deadline(nsec_t timeout); /* from now; NSEC_NEVER stays */
/* What an interrupted or timed-out wait returns. */
int socket_wait_error(int rc, nsec_t timeout);
/* EPIPE, with SIGPIPE unless MSG_NOSIGNAL. */
int socket_epipe(unsigned flags);
void socket_put_timestamp(struct socket *s, struct sock_msg *m, nsec_t when);

/* The families. */
int inet_create(int family, int type, int protocol, struct socket **out);
int unix_create(int type, int protocol, struct socket **out);
int unix_socketpair(int type, struct socket *pair[2]);
int netlink_create(int type, int protocol, struct socket **out);

/* sock_option.c */
long socket_setsockopt(struct socket *s, int level, int name,
                       const void __user *val, int len);
long socket_getsockopt(struct socket *s, int level, int name, void __user *val,
                       int __user *len);
/* Helpers for options that are an int (or, when asked, a byte). */
int sockopt_get_int(const void *val, unsigned len, int *out);
int sockopt_put_int(int v, void *val, unsigned *len);
/* SIOC* on interfaces, sock_ioctl.c. */
long socket_ioctl(struct socket *s, unsigned cmd, unsigned long arg);
