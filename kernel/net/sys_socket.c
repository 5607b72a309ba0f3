/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sys_socket.c - the system calls on sockets: arguments in, results out.
 */
#include <asm/fcntl.h>

#include "lib/string.h"
#include "mem/slab.h"
#include "mem/uio.h"
#include "mem/user.h"
#include "net/socket.h"
#include "proc/fdtable.h"
#include "sched/time.h"
#include "sys/syscall.h"

#define CONTROL_MAX 20480 /* net.core.optmem_max */

/* The socket of a descriptor, with a reference to its file, or ERR_PTR. */
static struct socket *socket_get(int fd)
{
    struct file *f = fd_get(fd);

    if (unlikely(!f))
        return ERR_PTR(-EBADF);
    struct socket *s = file_socket(f);
    if (unlikely(!s)) {
        file_put(f);
        return ERR_PTR(-ENOTSOCK);
    }
    return s;
}

static void socket_put(struct socket *s)
{
    file_put(s->file);
}

static bool nonblocking(const struct socket *s)
{
    return s->file->flags & O_NONBLOCK;
}

static int name_from_user(uint8_t name[SOCK_NAME_MAX], const void __user *addr,
                          unsigned len)
{
    if (len > SOCK_NAME_MAX)
        return -EINVAL;
    return copy_from_user(name, addr, len);
}

/* Give the caller a name of (len) bytes: cut to his room, with its full
 * length. */
static int name_to_user(const uint8_t *name, unsigned len, void __user *addr,
                        int __user *addrlen)
{
    int room;

    if (get_user(room, addrlen))
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    if (copy_to_user(addr, name, MIN(len, (unsigned)room)))
        return -EFAULT;
    return put_user((int)len, addrlen);
}

long sys_socket(int family, int type, int protocol)
{
    unsigned flags = (unsigned)type & ~(unsigned)SOCK_TYPE_MASK;
    struct socket *s;

    if (flags & ~(unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC))
        return -EINVAL;
    int rc = socket_create(family, type & SOCK_TYPE_MASK, protocol, &s);
    return rc ? rc : socket_install(s, flags);
}

/* Descriptors for both ends, or none. */
static long install_pair(struct socket *pair[2], unsigned flags,
                         int __user *fds)
{
    int fd[2];

    fd[0] = socket_install(pair[0], flags);
    if (fd[0] < 0) {
        pair[1]->ops->release(pair[1]);
        return fd[0];
    }
    fd[1] = socket_install(pair[1], flags);
    if (fd[1] < 0) {
        fd_close(fd[0]);
        return fd[1];
    }
    if (!copy_to_user(fds, fd, sizeof(fd)))
        return 0;
    fd_close(fd[0]);
    fd_close(fd[1]);
    return -EFAULT;
}

long sys_socketpair(int family, int type, int protocol, int __user *fds)
{
    unsigned flags = (unsigned)type & ~(unsigned)SOCK_TYPE_MASK;
    struct socket *pair[2];

    if (flags & ~(unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC))
        return -EINVAL;
    if (family != AF_UNIX)
        return family == AF_INET || family == AF_INET6 ? -EOPNOTSUPP
                                                       : -EAFNOSUPPORT;
    if (protocol && protocol != AF_UNIX)
        return -EPROTONOSUPPORT;
    int rc = unix_socketpair(type & SOCK_TYPE_MASK, pair);
    return rc ? rc : install_pair(pair, flags, fds);
}

/* The socket that a call gives (name), or ERR_PTR. */
static struct socket *socket_and_name(int fd, uint8_t name[SOCK_NAME_MAX],
                                      const void __user *addr, unsigned len)
{
    struct socket *s = socket_get(fd);
    int rc = IS_ERR(s) ? 0 : name_from_user(name, addr, len);

    if (!rc)
        return s;
    socket_put(s);
    return ERR_PTR(rc);
}

long sys_bind(int fd, const void __user *addr, unsigned len)
{
    uint8_t name[SOCK_NAME_MAX];
    struct socket *s = socket_and_name(fd, name, addr, len);

    if (IS_ERR(s))
        return PTR_ERR(s);
    long rc = s->ops->bind(s, name, len);
    socket_put(s);
    return rc;
}

long sys_connect(int fd, const void __user *addr, unsigned len)
{
    uint8_t name[SOCK_NAME_MAX];
    struct socket *s = socket_and_name(fd, name, addr, len);

    if (IS_ERR(s))
        return PTR_ERR(s);
    long rc = s->ops->connect(s, name, len, nonblocking(s));
    socket_put(s);
    return rc;
}

long sys_listen(int fd, int backlog)
{
    struct socket *s = socket_get(fd);

    if (IS_ERR(s))
        return PTR_ERR(s);
    if ((unsigned)backlog > SOMAXCONN)
        backlog = SOMAXCONN;
    long rc = s->ops->listen ? s->ops->listen(s, backlog) : -EOPNOTSUPP;
    socket_put(s);
    return rc;
}

/* The descriptor is reserved first: a connection taken from the queue must not
 * be lost for want of one. */
static long accept_into(struct socket *s, int fd, void __user *addr,
                        int __user *addrlen, unsigned flags)
{
    uint8_t name[SOCK_NAME_MAX];
    struct socket *child;
    int rc = s->ops->accept ? s->ops->accept(s, &child, nonblocking(s))
                            : -EOPNOTSUPP;

    if (rc)
        return rc;
    /* Without a file yet, a connection that died in the queue still tells its
     * peer's name. */
    int len = addr ? child->ops->getname(child, name, true) : 0;
    struct file *f = socket_file(child, flags);
    if (IS_ERR(f))
        return PTR_ERR(f);
    rc = len < 0 ? -ECONNABORTED : 0;
    if (addr && !rc)
        rc = name_to_user(name, (unsigned)len, addr, addrlen);
    if (rc) {
        file_put(f);
        return rc;
    }
    fd_install(fd, f);
    return fd;
}

long sys_accept4(int fd, void __user *addr, int __user *len, int flags)
{
    if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
        return -EINVAL;
    struct socket *s = socket_get(fd);
    if (IS_ERR(s))
        return PTR_ERR(s);
    int new_fd = fd_reserve(0, flags & SOCK_CLOEXEC);
    long rc = new_fd < 0 ? new_fd
                         : accept_into(s, new_fd, addr, len, (unsigned)flags);
    if (new_fd >= 0 && rc < 0)
        fd_unreserve(new_fd);
    socket_put(s);
    return rc;
}

long sys_accept(int fd, void __user *addr, int __user *len)
{
    return sys_accept4(fd, addr, len, 0);
}

static long getname(int fd, void __user *addr, int __user *len, bool peer)
{
    uint8_t name[SOCK_NAME_MAX];
    struct socket *s = socket_get(fd);

    if (IS_ERR(s))
        return PTR_ERR(s);
    int rc = s->ops->getname(s, name, peer);
    if (rc >= 0)
        rc = name_to_user(name, (unsigned)rc, addr, len);
    socket_put(s);
    return rc;
}

long sys_getsockname(int fd, void __user *addr, int __user *len)
{
    return getname(fd, addr, len, false);
}

long sys_getpeername(int fd, void __user *addr, int __user *len)
{
    return getname(fd, addr, len, true);
}

long sys_shutdown(int fd, int how)
{
    struct socket *s = socket_get(fd);

    if (IS_ERR(s))
        return PTR_ERR(s);
    long rc =
        how < SHUT_RD || how > SHUT_RDWR ? -EINVAL : s->ops->shutdown(s, how);
    socket_put(s);
    return rc;
}

long sys_setsockopt(int fd, int level, int name, const void __user *val,
                    int len)
{
    struct socket *s = socket_get(fd);

    if (IS_ERR(s))
        return PTR_ERR(s);
    long rc = socket_setsockopt(s, level, name, val, len);
    socket_put(s);
    return rc;
}

long sys_getsockopt(int fd, int level, int name, void __user *val,
                    int __user *len)
{
    struct socket *s = socket_get(fd);

    if (IS_ERR(s))
        return PTR_ERR(s);
    long rc = socket_getsockopt(s, level, name, val, len);
    socket_put(s);
    return rc;
}

/* --- data -------------------------------------------------------------- */

long sys_sendto(int fd, const void __user *buf, size_t n, unsigned flags,
                const void __user *addr, unsigned len)
{
    struct sock_msg m;
    struct uio u;
    struct socket *s = socket_get(fd);

    if (IS_ERR(s))
        return PTR_ERR(s);
    uio_init_user(&u, (void __user *)buf, n);
    m.data = &u;
    m.namelen = addr ? len : 0;
    m.control = NULL;
    m.controllen = 0;
    m.flags = 0;
    long rc = addr ? name_from_user(m.name, addr, len) : 0;
    if (!rc)
        rc =
            s->ops->sendmsg(s, &m, flags | (nonblocking(s) ? MSG_DONTWAIT : 0));
    socket_put(s);
    return rc;
}

long sys_recvfrom(int fd, void __user *buf, size_t n, unsigned flags,
                  void __user *addr, int __user *len)
{
    struct sock_msg m;
    struct uio u;
    struct socket *s = socket_get(fd);

    if (IS_ERR(s))
        return PTR_ERR(s);
    uio_init_user(&u, buf, n);
    m.data = &u;
    m.want_name = addr != NULL;
    m.namelen = 0;
    m.control_user = NULL;
    m.controllen = m.control_used = 0;
    m.flags = 0;
    long rc =
        s->ops->recvmsg(s, &m, flags | (nonblocking(s) ? MSG_DONTWAIT : 0));
    if (rc >= 0 && addr && name_to_user(m.name, m.namelen, addr, len))
        rc = -EFAULT;
    socket_put(s);
    return rc;
}

/* Copy in what sendmsg needs; (control) is to be freed. */
static int msg_in(struct sock_msg *m, struct uio *u, uint8_t **control,
                  const struct msghdr_user *h)
{
    m->data = u;
    m->namelen = h->name ? (unsigned)h->namelen : 0;
    m->control = *control = NULL;
    m->controllen = h->control ? h->controllen : 0;
    m->flags = 0;
    if (h->namelen < 0)
        return -EINVAL;
    if (m->namelen > SOCK_NAME_MAX)
        m->namelen = SOCK_NAME_MAX;
    if (m->controllen > CONTROL_MAX)
        return -ENOBUFS;
    if (copy_from_user(m->name, h->name, m->namelen))
        return -EFAULT;
    if (h->iovlen > UIO_MAX)
        return -EMSGSIZE;
    if (m->controllen) {
        *control = kmalloc(m->controllen, 0);
        if (!*control)
            return -ENOBUFS;
        if (copy_from_user(*control, h->control, m->controllen)) {
            kfree(*control);
            return -EFAULT;
        }
        m->control = *control;
    }
    int rc = uio_init_iov(u, h->iov, h->iovlen);
    if (rc)
        kfree(*control);
    return rc;
}

static long send_one(struct socket *s, const struct msghdr_user *h,
                     unsigned flags)
{
    struct sock_msg m;
    struct uio u;
    uint8_t *control;
    long rc = msg_in(&m, &u, &control, h);

    if (rc)
        return rc;
    rc = s->ops->sendmsg(s, &m, flags | (nonblocking(s) ? MSG_DONTWAIT : 0));
    uio_release(&u);
    kfree(control);
    return rc;
}

/* Receive one message; writes names and lengths back into (h), not yet to the
 * program. */
static long recv_one(struct socket *s, struct msghdr_user *h, unsigned flags)
{
    struct sock_msg m;
    struct uio u;

    if (h->name && h->namelen < 0)
        return -EINVAL;
    if (h->iovlen > UIO_MAX)
        return -EMSGSIZE;
    long rc = uio_init_iov(&u, h->iov, h->iovlen);
    if (rc)
        return rc;
    m.data = &u;
    m.want_name = h->name != NULL;
    m.namelen = 0;
    m.control_user = h->control;
    m.controllen = h->controllen;
    m.control_used = 0;
    m.flags = flags & MSG_CMSG_CLOEXEC;
    rc = s->ops->recvmsg(s, &m, flags | (nonblocking(s) ? MSG_DONTWAIT : 0));
    uio_release(&u);
    if (rc < 0)
        return rc;
    if (h->name &&
        copy_to_user(h->name, m.name, MIN(m.namelen, (unsigned)h->namelen)))
        return -EFAULT;
    h->namelen = h->name ? (int)m.namelen : h->namelen;
    h->controllen = m.control_used;
    h->flags = m.flags;
    return rc;
}

/* Give back what recvmsg changes: namelen, controllen, flags. */
static int msg_out(struct msghdr_user __user *user, const struct msghdr_user *h)
{
    if (copy_to_user(&user->namelen, &h->namelen, sizeof(h->namelen)) ||
        copy_to_user(&user->controllen, &h->controllen,
                     sizeof(h->controllen)) ||
        copy_to_user(&user->flags, &h->flags, sizeof(h->flags)))
        return -EFAULT;
    return 0;
}

long sys_sendmsg(int fd, const void __user *msg, unsigned flags)
{
    struct msghdr_user h;
    struct socket *s = socket_get(fd);

    if (IS_ERR(s))
        return PTR_ERR(s);
    long rc = copy_from_user(&h, msg, sizeof(h));
    if (!rc)
        rc = send_one(s, &h, flags);
    socket_put(s);
    return rc;
}

long sys_recvmsg(int fd, void __user *msg, unsigned flags)
{
    struct msghdr_user h;
    struct socket *s = socket_get(fd);

    if (IS_ERR(s))
        return PTR_ERR(s);
    long rc = copy_from_user(&h, msg, sizeof(h));
    if (!rc)
        rc = recv_one(s, &h, flags);
    if (rc >= 0 && msg_out(msg, &h))
        rc = -EFAULT;
    socket_put(s);
    return rc;
}

long sys_sendmmsg(int fd, void __user *vec, unsigned n, unsigned flags)
{
    struct mmsghdr_user __user *v = vec;
    struct msghdr_user h;
    struct socket *s = socket_get(fd);
    long rc = 0;
    unsigned i;

    if (IS_ERR(s))
        return PTR_ERR(s);
    n = MIN(n, (unsigned)UIO_MAX);
    for (i = 0; i < n; i++) {
        rc = copy_from_user(&h, &v[i].hdr, sizeof(h));
        if (!rc)
            rc = send_one(s, &h, flags);
        if (rc < 0)
            break;
        unsigned sent = (unsigned)rc;
        rc = copy_to_user(&v[i].len, &sent, sizeof(sent));
        if (rc)
            break;
    }
    socket_put(s);
    return i ? (long)i : rc;
}

static long recv_many(struct socket *s, struct mmsghdr_user __user *v,
                      unsigned n, unsigned flags, nsec_t deadline)
{
    struct msghdr_user h;
    long rc = 0;
    unsigned i;

    for (i = 0; i < n; i++) {
        rc = copy_from_user(&h, &v[i].hdr, sizeof(h));
        if (!rc)
            rc = recv_one(s, &h, flags & ~(unsigned)MSG_WAITFORONE);
        if (rc < 0)
            break;
        unsigned got = (unsigned)rc;
        if (msg_out(&v[i].hdr, &h) ||
            copy_to_user(&v[i].len, &got, sizeof(got))) {
            rc = -EFAULT;
            break;
        }
        if (flags & MSG_WAITFORONE)
            flags |= MSG_DONTWAIT;
        /* recvmmsg(2): the timeout is looked at after each message only. */
        if (deadline != NSEC_NEVER && time_monotonic() >= deadline) {
            i++;
            break;
        }
    }
    return i ? (long)i : rc;
}

long sys_recvmmsg(int fd, void __user *vec, unsigned n, unsigned flags,
                  void __user *timeout)
{
    int64_t ts[2];
    nsec_t deadline = NSEC_NEVER;

    if (timeout) {
        if (copy_from_user(ts, timeout, sizeof(ts)))
            return -EFAULT;
        if (ts[0] < 0 || ts[1] < 0 || ts[1] >= NSEC_PER_SEC)
            return -EINVAL;
        if (ts[0] < NSEC_NEVER / NSEC_PER_SEC / 2)
            deadline = time_monotonic() + ts[0] * NSEC_PER_SEC + ts[1];
    }
    struct socket *s = socket_get(fd);
    if (IS_ERR(s))
        return PTR_ERR(s);
    long rc = socket_take_error(s);
    if (!rc)
        rc = recv_many(s, vec, MIN(n, (unsigned)UIO_MAX), flags, deadline);
    if (timeout && rc > 0) {
        nsec_t left = deadline == NSEC_NEVER ? 0 : deadline - time_monotonic();
        left = MAX(left, (nsec_t)0);
        ts[0] = left / NSEC_PER_SEC, ts[1] = left % NSEC_PER_SEC;
        if (copy_to_user(timeout, ts, sizeof(ts)))
            rc = -EFAULT;
    }
    socket_put(s);
    return rc;
}
