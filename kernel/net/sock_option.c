/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sock_option.c - getsockopt and setsockopt: SOL_SOCKET's options here, all
 * others through the family.
 *
 * The BEAM reads eight options of a listener and sets them on every connection
 * it accepts, so this path is short: one copy in, a switch, one store.
 */
#include <linux/if.h>

#include "lib/string.h"
#include "mem/user.h"
#include "net/net_priv.h"
#include "net/socket.h"

#define OPT_MAX 1024 /* longest value of any option */

#define SNDBUF_MIN 4608 /* Linux's SOCK_MIN_SNDBUF and _RCVBUF */
#define RCVBUF_MIN 2304

int sockopt_get_int(const void *val, unsigned len, int *out)
{
    if (len < sizeof(int))
        return -EINVAL;
    memcpy(out, val, sizeof(int));
    return 0;
}

int sockopt_put_int(int v, void *val, unsigned *len)
{
    *len = MIN(*len, (unsigned)sizeof(v));
    memcpy(val, &v, *len);
    return 0;
}

/* --- SOL_SOCKET, set --------------------------------------------------- */

/* socket(7): the kernel doubles the value for its bookkeeping. */
static int buffer_size(int v, int max, int min)
{
    if (v < 0)
        v = max;
    return MAX(MIN(v, max) * 2, min);
}

static int set_timeout(nsec_t *out, const void *val, unsigned len)
{
    int64_t tv[2];

    if (len < sizeof(tv))
        return -EINVAL;
    memcpy(tv, val, sizeof(tv));
    if (tv[1] < 0 || tv[1] >= 1000000)
        return -EDOM;
    if (tv[0] < 0)
        *out = 0;
    else if ((!tv[0] && !tv[1]) || tv[0] >= NSEC_NEVER / NSEC_PER_SEC / 2)
        *out = NSEC_NEVER;
    else
        *out = tv[0] * NSEC_PER_SEC + tv[1] * NSEC_PER_USEC;
    return 0;
}

static int set_linger(struct socket *s, const void *val, unsigned len)
{
    struct linger l;

    if (len < sizeof(l))
        return -EINVAL;
    memcpy(&l, val, sizeof(l));
    l.l_onoff = !!l.l_onoff;
    if (!l.l_onoff)
        l.l_linger = s->linger.l_linger;
    s->linger = l;
    return 0;
}

static int set_device(struct socket *s, const char *val, unsigned len)
{
    char name[IFNAMSIZ] = "";

    memcpy(name, val, MIN(len, (unsigned)IFNAMSIZ - 1));
    if (!name[0]) {
        s->bound_if = 0;
        return 0;
    }
    net_lock();
    struct netif *n = netif_by_name(name);
    net_unlock();
    if (!n)
        return -ENODEV;
    s->bound_if = netif_get_index(n);
    return 0;
}

static int set_ifindex(struct socket *s, int index)
{
    if (index < 0)
        return -EINVAL;
    s->bound_if = index;
    return 0;
}

static bool *flag_of(struct socket *s, int name)
{
    switch (name) {
    case SO_REUSEADDR:
        return &s->reuseaddr;
    case SO_REUSEPORT:
        return &s->reuseport;
    case SO_KEEPALIVE:
        return &s->keepalive;
    case SO_BROADCAST:
        return &s->broadcast;
    case SO_DONTROUTE:
        return &s->dontroute;
    case SO_OOBINLINE:
        return &s->oobinline;
    case SO_PASSCRED:
        return s->family == AF_UNIX || s->family == AF_NETLINK ? &s->passcred
                                                               : NULL;
    case SO_DEBUG: /* nothing is traced, as in Linux today */
        return &s->debug;
    case SO_NO_CHECK:
        return &s->nocheck;
    default:
        return NULL;
    }
}

static bool is_timestamp(int name)
{
    return name == SO_TIMESTAMP_OLD || name == SO_TIMESTAMPNS_OLD ||
           name == SO_TIMESTAMP_NEW || name == SO_TIMESTAMPNS_NEW;
}

static int set_int(struct socket *s, int name, int v)
{
    bool *flag = flag_of(s, name);

    if (flag && name == SO_REUSEPORT && v && s->family == AF_UNIX)
        return -EOPNOTSUPP;
    if (is_timestamp(name)) {
        s->timestamp = v ? (uint8_t)name : 0;
        return 0;
    }
    if (flag) {
        *flag = v != 0;
        return 0;
    }
    switch (name) {
    case SO_PRIORITY:
        s->priority = v;
        return 0;
    case SO_MARK:
        s->mark = v;
        return 0;
    case SO_SNDBUF:
    case SO_SNDBUFFORCE:
        s->sndbuf = buffer_size(v, sock_wmem_max, SNDBUF_MIN);
        return 0;
    case SO_RCVBUF:
    case SO_RCVBUFFORCE:
        s->rcvbuf = buffer_size(v, sock_rmem_max, RCVBUF_MIN);
        return 0;
    case SO_RCVLOWAT:
        s->rcvlowat = v < 0 ? INT32_MAX : MAX(v, 1);
        return 0;
    case SO_PEEK_OFF:
        if (s->family != AF_UNIX)
            return -EOPNOTSUPP;
        WRITE_ONCE(s->peek_off, v);
        return 0;
    case SO_BINDTOIFINDEX:
        return set_ifindex(s, v);
    case SO_BSDCOMPAT:
        return 0; /* of no effect since Linux 2.4 */
    case SO_PASSCRED:
        return -EOPNOTSUPP;
    case SO_TYPE:
    case SO_PROTOCOL:
    case SO_DOMAIN:
    case SO_ERROR:
    default:
        return -ENOPROTOOPT;
    }
}

static int set_common(struct socket *s, int name, const void *val, unsigned len)
{
    int v;

    switch (name) {
    case SO_LINGER:
        return set_linger(s, val, len);
    case SO_RCVTIMEO_OLD:
    case SO_RCVTIMEO_NEW:
        return set_timeout(&s->rcvtimeo, val, len);
    case SO_SNDTIMEO_OLD:
    case SO_SNDTIMEO_NEW:
        return set_timeout(&s->sndtimeo, val, len);
    case SO_BINDTODEVICE:
        return set_device(s, val, len);
    default:
        if (sockopt_get_int(val, len, &v))
            return -EINVAL;
        return set_int(s, name, v);
    }
}

long socket_setsockopt(struct socket *s, int level, int name,
                       const void __user *val, int len)
{
    uint64_t small[2]; /* nearly all are an int or two */
    uint8_t big[OPT_MAX];
    void *buf = (unsigned)len <= sizeof(small) ? (void *)small : big;

    if (len < 0)
        return -EINVAL;
    len = MIN(len, OPT_MAX);
    if (copy_from_user(buf, val, (size_t)len))
        return -EFAULT;
    if (level != SOL_SOCKET)
        return s->ops->setsockopt
                   ? s->ops->setsockopt(s, level, name, buf, (unsigned)len)
                   : -ENOPROTOOPT;
    int rc = set_common(s, name, buf, (unsigned)len);
    if (!rc && s->ops->option_changed)
        s->ops->option_changed(s, name);
    return rc;
}

/* --- SOL_SOCKET, get --------------------------------------------------- */

static int put_bytes(const void *p, unsigned n, void *val, unsigned *len)
{
    *len = MIN(*len, n);
    memcpy(val, p, *len);
    return 0;
}

static int put_timeout(nsec_t t, void *val, unsigned *len)
{
    int64_t tv[2] = {0, 0};

    if (t != NSEC_NEVER)
        tv[0] = t / NSEC_PER_SEC, tv[1] = t % NSEC_PER_SEC / NSEC_PER_USEC;
    return put_bytes(tv, sizeof(tv), val, len);
}

static int put_device(struct socket *s, char *val, unsigned *len)
{
    char name[IFNAMSIZ];

    net_lock();
    struct netif *n = netif_by_index((unsigned)s->bound_if);
    size_t size = n ? strlcpy(name, netif_netdev(n)->name, IFNAMSIZ) + 1 : 0;
    net_unlock();
    if (size && *len < IFNAMSIZ)
        return -EINVAL;
    return put_bytes(name, (unsigned)size, val, len);
}

static int put_peername(struct socket *s, void *val, unsigned *len)
{
    uint8_t name[SOCK_NAME_MAX];
    int rc = s->ops->getname ? s->ops->getname(s, name, true) : -ENOTCONN;

    if (rc < 0)
        return -ENOTCONN;
    return *len > (unsigned)rc ? -EINVAL : put_bytes(name, *len, val, len);
}

static int int_option(struct socket *s, int name, int *out)
{
    bool *flag = flag_of(s, name);

    if (flag) {
        *out = *flag;
        return 0;
    }
    switch (name) {
    case SO_TYPE:
        *out = s->type;
        break;
    case SO_DOMAIN:
        *out = s->family;
        break;
    case SO_PROTOCOL:
        *out = s->protocol;
        break;
    case SO_ERROR:
        *out = -socket_take_error(s);
        break;
    case SO_ACCEPTCONN:
        *out = s->listening;
        break;
    case SO_PRIORITY:
        *out = s->priority;
        break;
    case SO_MARK:
        *out = s->mark;
        break;
    case SO_SNDBUF:
        *out = s->sndbuf;
        break;
    case SO_RCVBUF:
        *out = s->rcvbuf;
        break;
    case SO_RCVLOWAT:
        *out = s->rcvlowat;
        break;
    case SO_SNDLOWAT:
        *out = 1;
        break;
    case SO_PEEK_OFF:
        if (s->family != AF_UNIX)
            return -EOPNOTSUPP;
        *out = READ_ONCE(s->peek_off);
        break;
    case SO_TIMESTAMP_OLD:
    case SO_TIMESTAMPNS_OLD:
    case SO_TIMESTAMP_NEW:
    case SO_TIMESTAMPNS_NEW:
        *out = s->timestamp == name;
        break;
    case SO_BINDTOIFINDEX:
        *out = s->bound_if;
        break;
    case SO_BSDCOMPAT:
        *out = 0;
        break;
    case SO_PASSCRED:
        return -EOPNOTSUPP;
    default:
        return -ENOPROTOOPT;
    }
    return 0;
}

static int get_common(struct socket *s, int name, void *val, unsigned *len)
{
    static const struct ucred nobody = {0, UINT32_MAX, UINT32_MAX};
    int v, rc;

    switch (name) {
    case SO_LINGER:
        return put_bytes(&s->linger, sizeof(s->linger), val, len);
    case SO_RCVTIMEO_OLD:
    case SO_RCVTIMEO_NEW:
        return put_timeout(s->rcvtimeo, val, len);
    case SO_SNDTIMEO_OLD:
    case SO_SNDTIMEO_NEW:
        return put_timeout(s->sndtimeo, val, len);
    case SO_BINDTODEVICE:
        return put_device(s, val, len);
    case SO_PEERNAME:
        return put_peername(s, val, len);
    case SO_PEERCRED:
        if (s->family != AF_UNIX)
            return put_bytes(&nobody, sizeof(nobody), val, len);
        return s->ops->getsockopt(s, SOL_SOCKET, name, val, len);
    default:
        rc = int_option(s, name, &v);
        return rc ? rc : sockopt_put_int(v, val, len);
    }
}

long socket_getsockopt(struct socket *s, int level, int name, void __user *val,
                       int __user *user_len)
{
    uint8_t buf[OPT_MAX];
    int room, rc;

    if (get_user(room, user_len))
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    unsigned len = MIN((unsigned)room, (unsigned)OPT_MAX);
    if (level == SOL_SOCKET)
        rc = get_common(s, name, buf, &len);
    else
        rc = s->ops->getsockopt ? s->ops->getsockopt(s, level, name, buf, &len)
                                : -EOPNOTSUPP;
    if (rc)
        return rc;
    if (copy_to_user(val, buf, len) || put_user((int)len, user_len))
        return -EFAULT;
    return 0;
}
