/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * socket.c - sockets as files, and helpers of all address families.
 */
#include "net/socket.h"

#include <asm/fcntl.h>
#include <asm/poll.h>
#include <asm/signal.h>
#include <linux/stat.h>

#include "fs/poll.h"
#include "lib/string.h"
#include "mem/page.h"
#include "mem/user.h"
#include "proc/fdtable.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/cpu.h"

/* Linux: net.core.{r,w}mem_{default,max}. Small machines get less. */
int sock_rmem_default = 212992, sock_wmem_default = 212992;
int sock_rmem_max = 4 << 20, sock_wmem_max = 4 << 20;

_Atomic unsigned sockets_open;

static ssize_t socket_read(struct file *f, struct uio *u, uint64_t *pos)
{
    struct socket *s = f->private;
    struct sock_msg m;

    (void)pos;
    m.data = u;
    m.want_name = false;
    m.namelen = 0;
    m.control_user = NULL;
    m.controllen = m.control_used = 0;
    m.flags = 0;
    return s->ops->recvmsg(s, &m, f->flags & O_NONBLOCK ? MSG_DONTWAIT : 0);
}

static ssize_t socket_write(struct file *f, struct uio *u, uint64_t *pos)
{
    struct socket *s = f->private;
    struct sock_msg m;

    (void)pos;
    m.data = u;
    m.namelen = 0;
    m.control = NULL;
    m.controllen = 0;
    m.flags = 0;
    return s->ops->sendmsg(s, &m, f->flags & O_NONBLOCK ? MSG_DONTWAIT : 0);
}

static uint32_t socket_poll(struct file *f, struct poll_table *pt)
{
    struct socket *s = f->private;

    poll_wait(f, &s->wq, pt);
    return s->ops->poll(s);
}

static long socket_file_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
    struct socket *s = f->private;
    long rc = s->ops->ioctl ? s->ops->ioctl(s, cmd, arg) : -ENOIOCTLCMD;

    return rc == -ENOIOCTLCMD ? socket_ioctl(s, cmd, arg) : rc;
}

static void socket_release(struct file *f)
{
    struct socket *s = f->private;

    s->ops->release(s);
    sockets_open--;
}

static const struct file_ops socket_file_ops = {
    .kind = "socket",
    .read = socket_read,
    .write = socket_write,
    .poll = socket_poll,
    .ioctl = socket_file_ioctl,
    .release = socket_release,
};

struct socket *file_socket(const struct file *f)
{
    return f->ops == &socket_file_ops ? f->private : NULL;
}

void socket_init(struct socket *s, const struct sock_ops *ops, int family,
                 int type, int protocol)
{
    struct process *p = current_process();

    s->ops = ops;
    s->family = (uint16_t)family;
    s->type = (uint16_t)type;
    s->protocol = (uint16_t)protocol;
    wq_init(&s->wq);
    s->sndbuf = sock_wmem_default;
    s->rcvbuf = sock_rmem_default;
    s->rcvlowat = 1;
    s->peek_off = -1;
    s->rcvtimeo = s->sndtimeo = NSEC_NEVER;
    if (p)
        s->owner = (struct ucred){(uint32_t)p->pid, p->euid, p->egid};
}

int socket_create(int family, int type, int protocol, struct socket **out)
{
    if (family < 0 || family >= AF_MAX)
        return -EAFNOSUPPORT;
    if (type < 0 || type > 10)
        return -EINVAL;
    switch (family) {
    case AF_INET:
    case AF_INET6:
        return inet_create(family, type, protocol, out);
    case AF_UNIX:
        return unix_create(type, protocol, out);
    case AF_NETLINK:
        return netlink_create(type, protocol, out);
    default:
        return -EAFNOSUPPORT;
    }
}

struct file *socket_file(struct socket *s, unsigned flags)
{
    struct file *f =
        file_alloc_anon("socket", S_IFSOCK | 0777, &socket_file_ops, s,
                        O_RDWR | (flags & SOCK_NONBLOCK));

    if (IS_ERR(f)) {
        s->ops->release(s);
        return f;
    }
    s->file = f;
    sockets_open++;
    return f;
}

int socket_install(struct socket *s, unsigned flags)
{
    struct file *f = socket_file(s, flags);

    if (IS_ERR(f))
        return (int)PTR_ERR(f);
    return fd_add(f, flags & SOCK_CLOEXEC);
}

nsec_t socket_deadline(nsec_t timeout)
{
    return timeout == NSEC_NEVER ? NSEC_NEVER : time_monotonic() + timeout;
}

int socket_wait_error(int rc, nsec_t timeout)
{
    if (rc == -ETIMEDOUT)
        return -EAGAIN;
    /* socket(7): with a timeout set a call is never restarted. */
    return rc == -ERESTARTSYS && timeout != NSEC_NEVER ? -EINTR : rc;
}

int socket_epipe(unsigned flags)
{
    if (!(flags & MSG_NOSIGNAL))
        signal_send_thread(current, SIGPIPE, NULL);
    return -EPIPE;
}

void sock_put_cmsg(struct sock_msg *m, int level, int type, const void *data,
                   size_t len)
{
    struct cmsghdr_user h = {sizeof(h) + len, level, type};
    size_t room = m->control_user ? m->controllen : 0;

    if (room < sizeof(h)) {
        m->flags |= MSG_CTRUNC;
        return;
    }
    if (room < h.len) {
        m->flags |= MSG_CTRUNC;
        h.len = room;
    }
    uint8_t __user *at = m->control_user + m->control_used;
    if (copy_to_user(at, &h, sizeof(h)) ||
        copy_to_user(at + sizeof(h), data, h.len - sizeof(h)))
        return;
    size_t step = MIN(CMSG_ALIGN_UP(h.len), room);
    m->control_used += step;
    m->controllen -= step;
}

int sock_next_cmsg(const struct sock_msg *m, size_t *off,
                   struct cmsghdr_user *h, const uint8_t **data, size_t *len)
{
    if (m->controllen < sizeof(*h) || *off > m->controllen - sizeof(*h))
        return 0;
    memcpy(h, m->control + *off, sizeof(*h));
    if (h->len < sizeof(*h) || h->len > m->controllen - *off)
        return -EINVAL;
    *data = m->control + *off + sizeof(*h);
    *len = h->len - sizeof(*h);
    *off += CMSG_ALIGN_UP(h->len);
    return 1;
}

void socket_put_timestamp(struct socket *s, struct sock_msg *m, nsec_t when)
{
    int64_t tv[2] = {when / NSEC_PER_SEC, when % NSEC_PER_SEC};

    if (!s->timestamp)
        return;
    if (s->timestamp == SO_TIMESTAMP_OLD || s->timestamp == SO_TIMESTAMP_NEW)
        tv[1] /= NSEC_PER_USEC;
    sock_put_cmsg(m, SOL_SOCKET, s->timestamp, tv, sizeof(tv));
}
