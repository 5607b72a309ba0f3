/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * inet_port.c - see inet_port.h.
 */
#include "net/inet_port.h"

#include "lib/log.h"
#include "lib/string.h"
#include "mem/page.h"
#include "mem/slab.h"
#include "net/sock_tcp.h"
#include "net/sock_udp.h"

#include "lwip/priv/tcp_priv.h"

struct port {
    struct port *next; /* of the same bucket */
    uint16_t number;
    bool udp;
    struct list socks; /* inet_sock.port_link, youngest first */
    struct list conns; /* port_conn.link */
};

static struct port **table;
static uint32_t mask;

void port_init(void)
{
    struct memory_stats mem;
    uint32_t n = 256;

    memory_stats(&mem);
    while (n < mem.total / 32 && n < 16384)
        n *= 2;
    table = kzalloc(n * sizeof(table[0]), 0);
    if (!table)
        panic("no memory for %u ports", n);
    mask = n - 1;
}

/* --- records ----------------------------------------------------------- */

static struct port **bucket(bool udp, uint16_t number)
{
    return &table[(number * 2u + udp) & mask];
}

static struct port *find(bool udp, uint16_t number)
{
    struct port *p;

    for (p = *bucket(udp, number); p; p = p->next)
        if (p->number == number && p->udp == udp)
            break;
    return p;
}

static struct port *find_or_make(bool udp, uint16_t number)
{
    struct port *p = find(udp, number), **at = bucket(udp, number);

    if (p || !(p = net_mem_alloc(sizeof(*p))))
        return p;
    *p = (struct port){.next = *at, .number = number, .udp = udp};
    list_init(&p->socks);
    list_init(&p->conns);
    *at = p;
    return p;
}

static void drop_if_unused(struct port *p)
{
    struct port **at = bucket(p->udp, p->number);

    if (!list_empty(&p->socks) || !list_empty(&p->conns))
        return;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    net_mem_free(p);
}

static bool is_udp(const struct inet_sock *i)
{
    return i->s.type == SOCK_DGRAM;
}

/* --- who may have which ------------------------------------------------ */

/* Could a packet be for both? The address of a socket for both families is of
 * neither type. */
static bool overlap(const ip_addr_t *a, const ip_addr_t *b)
{
    if (IP_IS_ANY_TYPE_VAL(*a) || IP_IS_ANY_TYPE_VAL(*b))
        return true;
    return IP_GET_TYPE(a) == IP_GET_TYPE(b) &&
           (ip_addr_isany(a) || ip_addr_isany(b) || ip_addr_cmp(a, b));
}

/* socket(7), SO_REUSEADDR and SO_REUSEPORT. */
static bool share(const struct inet_sock *a, const struct inet_sock *b)
{
    if (a->s.bound_if && b->s.bound_if && a->s.bound_if != b->s.bound_if)
        return true;
    if (a->s.reuseport && b->s.reuseport)
        return true;
    return a->s.reuseaddr && b->s.reuseaddr && !b->s.listening;
}

static bool conflict(const struct inet_sock *i, const ip_addr_t *ip,
                     const struct port *p)
{
    bool reuse = i->s.reuseaddr || i->s.reuseport;
    const struct inet_sock *other;
    const struct port_conn *c;

    list_for_each (other, &p->socks, port_link)
        if (other != i && overlap(ip, &other->local) && !share(i, other))
            return true;
    list_for_each (c, &p->conns, link)
        if (!(reuse && ip_get_option(c->pcb, SOF_REUSEADDR)) &&
            overlap(ip, &c->pcb->local_ip))
            return true;
    return false;
}

int port_may_listen(const struct inet_sock *i)
{
    return conflict(i, &i->local, i->port) ? -EADDRINUSE : 0;
}

#define FIRST TCP_LOCAL_PORT_RANGE_START
#define COUNT                                                                  \
    ((unsigned)(TCP_LOCAL_PORT_RANGE_END - TCP_LOCAL_PORT_RANGE_START + 1))

/* One that nobody has, or can be shared. Chance decides where the search
 * begins: a resolver's port is part of what keeps forged answers out. */
static uint16_t choose(const struct inet_sock *i, const ip_addr_t *ip)
{
    unsigned start = net_random() % COUNT;

    for (int sharing = 0; sharing <= 1; sharing++)
        for (unsigned n = 0; n < COUNT; n++) {
            uint16_t number = (uint16_t)(FIRST + (start + n) % COUNT);
            const struct port *p = find(is_udp(i), number);
            if (!p || (sharing && !conflict(i, ip, p)))
                return number;
        }
    return 0;
}

int port_bind(struct inet_sock *i, const ip_addr_t *ip, uint16_t number)
{
    struct port *p;

    if (!number)
        number = choose(i, ip);
    else if ((p = find(is_udp(i), number)) && conflict(i, ip, p))
        number = 0;
    if (!number)
        return -EADDRINUSE;
    p = find_or_make(is_udp(i), number);
    if (!p)
        return -ENOBUFS;
    i->port = p;
    list_add_head(&p->socks, &i->port_link);
    ip_addr_copy(i->local, *ip);
    i->local_port = number;
    return 0;
}

void port_unbind(struct inet_sock *i)
{
    struct port *p = i->port;

    if (!p)
        return;
    i->port = NULL;
    list_del_init(&i->port_link);
    drop_if_unused(p);
}

/* RFC 6056, 3.3.3: ports of one destination in turn, from a start nobody
 * knows. A port may be used for several destinations. */
uint16_t port_for_connection(const ip_addr_t *local, const ip_addr_t *remote,
                             uint16_t remote_port)
{
    static uint32_t next;
    struct flow f = {.remote_port = remote_port};

    ip_addr_copy(f.local, *local);
    ip_addr_copy(f.remote, *remote);
    uint32_t start = next++ + demux_hash(&f);
    for (unsigned n = 0; n < COUNT; n++) {
        f.local_port = (uint16_t)(FIRST + (start + n) % COUNT);
        const struct port *p = find(false, f.local_port);
        if (!p || (list_empty(&p->socks) && !demux_find(&f)))
            return f.local_port;
    }
    return 0;
}

/* --- connections ------------------------------------------------------- */

int port_add_conn(struct port_conn *c, const struct tcp_pcb *pcb)
{
    c->port = find_or_make(false, pcb->local_port);
    if (!c->port)
        return -ENOMEM;
    c->pcb = pcb;
    list_add_tail(&c->port->conns, &c->link);
    return 0;
}

void port_del_conn(struct port_conn *c)
{
    list_del_init(&c->link);
    drop_if_unused(c->port);
}

/* --- whose packet is it ------------------------------------------------ */

/* How well a socket fits; 0: not at all. The address counts most, then a
 * connection, then the device. */
static unsigned score(const struct inet_sock *i, const struct flow *f,
                      unsigned ifindex)
{
    unsigned n = 1;

    if (i->s.bound_if && (unsigned)i->s.bound_if != ifindex)
        return 0;
    n += i->s.bound_if ? 4 : 0;
    if (!IP_IS_ANY_TYPE_VAL(i->local)) {
        if (IP_GET_TYPE(&i->local) != IP_GET_TYPE(&f->local))
            return 0;
        bool any = ip_addr_isany(&i->local);
        if (!any && !ip_addr_cmp(&i->local, &f->local))
            return 0;
        n += any ? 1 : 16;
    }
    if (is_udp(i) && i->remote_port) {
        if (i->remote_port != f->remote_port ||
            !ip_addr_cmp(&i->remote, &f->remote))
            return 0;
        n += 8;
    }
    return n;
}

/* The best; of equals the youngest. Of equals that share by SO_REUSEPORT the
 * flow chooses, always the same. */
static struct inet_sock *best(const struct port *p, const struct flow *f,
                              unsigned ifindex)
{
    struct inet_sock *i, *found = NULL;
    unsigned top = 0, equals = 0;

    list_for_each (i, &p->socks, port_link) {
        unsigned n = is_udp(i) || i->s.listening ? score(i, f, ifindex) : 0;
        if (n > top)
            found = i, top = n, equals = 0;
        if (n && n == top && found->s.reuseport && i->s.reuseport)
            equals++;
    }
    if (equals < 2)
        return found;
    unsigned chosen = demux_hash(f) % equals;
    list_for_each (i, &p->socks, port_link)
        if (i->s.reuseport && (is_udp(i) || i->s.listening) &&
            score(i, f, ifindex) == top && !chosen--)
            return i;
    return found;
}

struct inet_sock *port_next_socket(bool udp, const struct inet_sock *i)
{
    const struct port *p = i ? i->port : NULL;
    uint32_t k = p ? (uint32_t)(bucket(udp, p->number) - table) : 0;

    if (p && i->port_link.next != &p->socks)
        return list_entry(i->port_link.next, struct inet_sock, port_link);
    p = p ? p->next : table[0];
    for (;; p = p->next) {
        while (!p && k < mask)
            p = table[++k];
        if (!p)
            return NULL;
        if (p->udp == udp && !list_empty(&p->socks))
            return list_first(&p->socks, struct inet_sock, port_link);
    }
}

static void show_tcp(struct inet_sock *i)
{
    struct tcp_pcb *l = tcp_sk(&i->s)->pcb;

    l->next = tcp_listen_pcbs.pcbs;
    tcp_listen_pcbs.pcbs = l;
}

struct inet_sock *port_show_listener(const struct flow *f, unsigned ifindex)
{
    struct inet_sock *i = NULL;

    tcp_listen_pcbs.pcbs = NULL;
    if (f) {
        const struct port *p = find(false, f->local_port);
        if (p && (i = best(p, f, ifindex)))
            show_tcp(i);
        return i;
    }
    while ((i = port_next_socket(false, i)))
        if (i->s.listening)
            show_tcp(i);
    return NULL;
}

/* Is a datagram to many for this socket too? */
static bool wants_copy(struct inet_sock *i, const struct flow *f,
                       unsigned ifindex)
{
    return score(i, f, ifindex) &&
           (!ip_addr_ismulticast(&f->local) ||
            inet_wants_group(i, &f->local, &f->remote, ifindex));
}

static void show_datagram(struct inet_sock *i)
{
    struct udp_pcb *u = dgram_sk(&i->s)->udp;

    u->next = udp_pcbs;
    udp_pcbs = u;
}

/* lwIP's own, the DHCP client's, stay. */
static void hide_udp(void)
{
    struct udp_pcb *p = udp_pcbs, *next;

    udp_pcbs = NULL;
    for (; p; p = next) {
        next = p->next;
        if (p->recv == dgram_on_udp)
            continue;
        p->next = udp_pcbs;
        udp_pcbs = p;
    }
}

/* One packet for all who want it: a group's or a broadcast. */
static bool to_many(const ip_addr_t *a, unsigned ifindex)
{
    struct netif *n = netif_by_index(ifindex);

    return ip_addr_ismulticast(a) || (n && ip_addr_isbroadcast(a, n));
}

struct inet_sock *port_udp_socket(const struct flow *f, unsigned ifindex)
{
    const struct port *p = find(true, f->local_port);

    return p ? best(p, f, ifindex) : NULL;
}

void port_show_udp(const struct flow *f, unsigned ifindex)
{
    struct inet_sock *i = NULL;

    hide_udp();
    if (!f) {
        while ((i = port_next_socket(true, i)))
            show_datagram(i);
        return;
    }
    const struct port *p = find(true, f->local_port);
    if (!p)
        return;
    if (!to_many(&f->local, ifindex)) {
        if ((i = best(p, f, ifindex)))
            show_datagram(i);
        return;
    }
    list_for_each (i, &p->socks, port_link)
        if (wants_copy(i, f, ifindex))
            show_datagram(i);
}
