/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * udp_error.c - ip(7), IP_RECVERR, and IPV6_RECVERR (RFC 3542 knows only the
 * ICMP messages; the option is Linux's): what became of datagrams that did not
 * arrive, for recvmsg(MSG_ERRQUEUE).
 */
#include "fs/poll.h"
#include "lib/string.h"
#include "net/inet_port.h"
#include "net/sock_udp.h"

#define ERRORS_MAX 64 /* waiting, per socket */

/* n net_lock */
struct dgram_error {
    struct list link;
    struct pbuf *p; /* the part of our datagram that came back; NULL: none */
    ip_addr_t to, offender;
    uint16_t port;
    struct sock_extended_err ee;
};

/* How many bytes in front of the data (quoted) starts with. */
static unsigned header_len(const struct dgram_sock *d)
{
    return d->udp ? UDP_HLEN : 0;
}

static void queue(struct dgram_sock *d, const struct dgram_error *what,
                  const uint8_t *quoted, unsigned len)
{
    struct dgram_error *e;
    unsigned skip = MIN(header_len(d), len);

    if (d->nr_errors >= ERRORS_MAX || !(e = net_mem_alloc(sizeof(*e))))
        return;
    *e = *what;
    e->p = pbuf_alloc(PBUF_RAW, (u16_t)(len - skip), PBUF_RAM);
    if (e->p)
        pbuf_take(e->p, quoted + skip, (u16_t)(len - skip));
    list_add_tail(&d->errors, &e->link);
    d->nr_errors++;
}

bool dgram_wants_errors(const struct inet_sock *i, const ip_addr_t *to)
{
    return IP_IS_V6(to) ? i->recverr6 : i->recverr;
}

void dgram_note_icmp(const struct flow *f, const struct icmp_error *icmp,
                     const uint8_t *quoted, unsigned len)
{
    struct inet_sock *i = port_udp_socket(f, 0);
    struct dgram_error e = {.port = f->remote_port};

    if (!i || !dgram_wants_errors(i, &f->remote))
        return;
    ip_addr_copy(e.to, f->remote);
    ip_addr_copy(e.offender, icmp->from);
    e.ee.ee_errno = (uint32_t)icmp->err;
    e.ee.ee_origin =
        IP_IS_V6(&f->remote) ? SO_EE_ORIGIN_ICMP6 : SO_EE_ORIGIN_ICMP;
    e.ee.ee_info = icmp->mtu;
    e.ee.ee_type = icmp->type;
    e.ee.ee_code = icmp->code;
    queue(dgram_sk(&i->s), &e, quoted, len);
}

void dgram_note_too_big(struct dgram_sock *d, const struct dgram_route *r,
                        unsigned mtu)
{
    struct dgram_error e = {.port = r->port};

    if (!dgram_wants_errors(&d->i, &r->dst))
        return;
    ip_addr_copy(e.to, r->dst);
    e.ee.ee_errno = EMSGSIZE;
    e.ee.ee_origin = SO_EE_ORIGIN_LOCAL;
    e.ee.ee_info = mtu;
    queue(d, &e, NULL, 0);
    socket_set_error(&d->i.s, EMSGSIZE);
}

static void error_free(struct dgram_error *e)
{
    if (e->p)
        pbuf_free(e->p);
    net_mem_free(e);
}

void dgram_drop_errors(struct dgram_sock *d)
{
    struct dgram_error *e, *n;

    list_for_each_safe (e, n, &d->errors, link)
        error_free(e);
    list_init(&d->errors);
    d->nr_errors = 0;
}

/* SO_ERROR follows the queue: the next one's, or none. */
static struct dgram_error *take(struct dgram_sock *d)
{
    net_lock();
    struct dgram_error *e = list_first(&d->errors, struct dgram_error, link);
    if (e) {
        list_del_init(&e->link);
        d->nr_errors--;
        struct dgram_error *next =
            list_first(&d->errors, struct dgram_error, link);
        socket_set_error(&d->i.s, next ? (int)next->ee.ee_errno : 0);
    }
    net_unlock();
    return e;
}

/* The error, then who reported it: an address of the socket's family. */
static void put_error(struct dgram_sock *d, struct sock_msg *m,
                      const struct dgram_error *e)
{
    struct {
        struct sock_extended_err ee;
        union {
            struct sockaddr_in in;
            struct sockaddr_in6 in6;
        } offender;
    } c = {.ee = e->ee};
    bool six = d->i.s.family == AF_INET6;

    if (e->ee.ee_origin != SO_EE_ORIGIN_LOCAL)
        inet_addr_out(&d->i, &e->offender, 0, &c.offender);
    sock_put_cmsg(
        m, six ? SOL_IPV6 : SOL_IP, six ? IPV6_RECVERR : IP_RECVERR, &c,
        sizeof(c.ee) + (six ? sizeof(c.offender.in6) : sizeof(c.offender.in)));
    if (m->want_name)
        m->namelen = (unsigned)inet_addr_out(&d->i, &e->to, e->port, m->name);
}

ssize_t dgram_recv_error(struct dgram_sock *d, struct sock_msg *m)
{
    struct dgram_error *e = take(d);
    size_t size = e && e->p ? e->p->len : 0;
    size_t n = MIN(size, m->data->left);
    ssize_t rc = (ssize_t)n;

    if (!e)
        return -EAGAIN;
    if (n && uio_copy_out(m->data, e->p->payload, n) != (ssize_t)n)
        rc = -EFAULT;
    m->flags |= MSG_ERRQUEUE | (n < size ? MSG_TRUNC : 0);
    put_error(d, m, e);
    net_lock();
    error_free(e);
    net_unlock();
    return rc;
}
