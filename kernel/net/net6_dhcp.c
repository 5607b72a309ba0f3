/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net6_dhcp.c - a DHCPv6 client (RFC 8415): one address, or only resolvers.
 *
 *   OFF --offered--> SOLICIT --best advertisement--> REQUEST --reply--> BOUND
 *     '--offered--> INFORM --reply--> INFORMED         BOUND --T1--> RENEW
 *                                          RENEW --T2--> REBIND --end-->
 * SOLICIT
 *
 * One client for the machine, on the first interface that wants it. Its address
 * is one of lwIP's with lifetimes; whether it is on the link, routers say. When
 * duplicate address detection finds it taken it is declined.
 */
#include "net/net6.h"

#include "lib/string.h"

#include "lwip/udp.h"

enum state { OFF, INFORM, INFORMED, SOLICIT, REQUEST, BOUND, RENEW, REBIND };
enum message {
    MSG_SOLICIT = 1,
    MSG_ADVERTISE,
    MSG_REQUEST,
    MSG_RENEW = 5,
    MSG_REBIND,
    MSG_REPLY,
    MSG_DECLINE = 9,
    MSG_INFORM = 11,
};
enum option {
    OPT_CLIENTID = 1,
    OPT_SERVERID,
    OPT_IA_NA,
    OPT_IAADDR = 5,
    OPT_ORO,
    OPT_PREFERENCE,
    OPT_ELAPSED,
    OPT_STATUS = 13,
    OPT_DNS = 23,
    OPT_DOMAINS,
    OPT_REFRESH = 32,
};

#define CLIENT_PORT     546
#define SERVER_PORT     547
#define DUID_MAX        130
#define DUID_LEN        10 /* ours: DUID-LL, RFC 8415, 11.4 */
#define MESSAGE_MAX     512
#define REQUEST_TRIES   10
#define REFRESH_DEFAULT 86400 /* s, of what only INFORM asked for */
#define REFRESH_MIN     600
#define START_DELAY     200 /* ms, until the link-local address may be used */

/* Retransmission: first and longest time, RFC 8415, 7.6, in ms. */
static const struct {
    uint8_t message;
    uint32_t first, longest;
} send_as[] = {
    [INFORM] = {MSG_INFORM, 1000, 3600000},
    [SOLICIT] = {MSG_SOLICIT, 1000, 3600000},
    [REQUEST] = {MSG_REQUEST, 1000, 30000},
    [RENEW] = {MSG_RENEW, 10000, 600000},
    [REBIND] = {MSG_REBIND, 10000, 600000},
};

/* n net_lock, all of it */
static struct client {
    struct netif *netif;
    struct udp_pcb *pcb;
    enum state state;
    uint32_t xid;
    uint32_t rt; /* ms, current retransmission time; 0: nothing was sent */
    unsigned tries;
    nsec_t began; /* the exchange, for OPT_ELAPSED */
    nsec_t due;   /* next thing to do */
    uint8_t server[DUID_MAX];
    unsigned server_len;
    int preference;  /* of the best advertisement, -1: none yet */
    ip6_addr_t addr; /* ours, or offered */
    bool have_addr;
    uint32_t valid, preferred; /* s, with it */
    nsec_t t1, t2, ends;
} c;

/* --- timing ------------------------------------------------------------ */

static void at(nsec_t when)
{
    c.due = when;
    net_timer_dhcp6(when);
}

static void in_ms(uint32_t ms)
{
    at(time_monotonic() + (nsec_t)ms * NSEC_PER_MSEC);
}

/* A tenth more or less, by chance. */
static uint32_t about(uint32_t ms)
{
    return ms - ms / 10 + net_random() % (ms / 5 + 1);
}

static void enter(enum state s)
{
    c.state = s;
    c.rt = 0;
    c.tries = 0;
    c.xid = net_random() & 0xffffff;
    c.began = time_monotonic();
    if (s == SOLICIT)
        c.preference = -1;
}

/* --- messages out ------------------------------------------------------ */

struct out {
    uint8_t b[MESSAGE_MAX];
    unsigned len;
};

static void put16(struct out *o, unsigned v)
{
    o->b[o->len++] = (uint8_t)(v >> 8);
    o->b[o->len++] = (uint8_t)v;
}

static void put32(struct out *o, uint32_t v)
{
    put16(o, v >> 16);
    put16(o, v & 0xffff);
}

static void put_bytes(struct out *o, const void *p, unsigned n)
{
    memcpy(o->b + o->len, p, n);
    o->len += n;
}

static void duid(uint8_t d[DUID_LEN])
{
    memcpy(d, (const uint8_t[4]){0, 3, 0, 1}, 4); /* DUID-LL, Ethernet */
    memcpy(d + 4, c.netif->hwaddr, 6);
}

static uint32_t iaid(void)
{
    const uint8_t *m = c.netif->hwaddr;

    return (uint32_t)m[2] << 24 | (uint32_t)m[3] << 16 | (uint32_t)m[4] << 8 |
           m[5];
}

static void put_head(struct out *o, uint8_t message)
{
    uint8_t d[DUID_LEN];

    o->len = 0;
    put32(o, (uint32_t)message << 24 | c.xid);
    duid(d);
    put16(o, OPT_CLIENTID);
    put16(o, DUID_LEN);
    put_bytes(o, d, DUID_LEN);
    nsec_t elapsed = (time_monotonic() - c.began) / (10 * NSEC_PER_MSEC);
    put16(o, OPT_ELAPSED);
    put16(o, 2);
    put16(o, (unsigned)MIN(elapsed, (nsec_t)0xffff));
}

static void put_wishes(struct out *o)
{
    put16(o, OPT_ORO);
    put16(o, c.state == INFORM ? 6 : 4);
    put16(o, OPT_DNS);
    put16(o, OPT_DOMAINS);
    if (c.state == INFORM)
        put16(o, OPT_REFRESH);
}

static void put_ia(struct out *o)
{
    put16(o, OPT_IA_NA);
    put16(o, c.have_addr ? 12 + 28 : 12);
    put32(o, iaid());
    put32(o, 0); /* T1 and T2 are the server's */
    put32(o, 0);
    if (!c.have_addr)
        return;
    put16(o, OPT_IAADDR);
    put16(o, 24);
    put_bytes(o, c.addr.addr, 16);
    put32(o, 0);
    put32(o, 0);
}

static void put_server(struct out *o)
{
    put16(o, OPT_SERVERID);
    put16(o, c.server_len);
    put_bytes(o, c.server, c.server_len);
}

static void transmit(const struct out *o)
{
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)o->len, PBUF_RAM);
    ip_addr_t to = IPADDR6_INIT_HOST(0xff020000, 0, 0, 0x00010002);

    if (!p)
        return;
    memcpy(p->payload, o->b, o->len);
    ip6_addr_assign_zone(ip_2_ip6(&to), IP6_MULTICAST, c.netif);
    udp_sendto_if_src(c.pcb, p, &to, SERVER_PORT, c.netif,
                      netif_ip_addr6(c.netif, 0));
    pbuf_free(p);
}

static void send_message(void)
{
    struct out o;

    put_head(&o, send_as[c.state].message);
    put_wishes(&o);
    if (c.state != INFORM)
        put_ia(&o);
    if (c.state == REQUEST || c.state == RENEW)
        put_server(&o);
    transmit(&o);
    c.tries++;
    if (!c.rt)
        c.rt = about(send_as[c.state].first);
    else
        c.rt = about(MIN(c.rt * 2, send_as[c.state].longest));
    in_ms(c.rt);
}

/* The address is somebody else's: RFC 8415, 18.2.8. */
static void decline(void)
{
    struct out o;

    enter(SOLICIT);
    put_head(&o, MSG_DECLINE);
    put_server(&o);
    put_ia(&o);
    transmit(&o);
    net6_remove(c.netif, &c.addr, 128);
    c.have_addr = false;
    in_ms(about(1000));
}

/* --- messages in ------------------------------------------------------- */

/* What a message says, its options found. */
struct in {
    const uint8_t *option[OPT_REFRESH + 1]; /* their content, or NULL */
    unsigned len[OPT_REFRESH + 1];
};

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static unsigned be16(const uint8_t *p)
{
    return (unsigned)(p[0] << 8 | p[1]);
}

/* The first of each kind. False: malformed. */
static bool find_options(struct in *in, const uint8_t *p, unsigned len)
{
    memset(in, 0, sizeof(*in));
    while (len >= 4) {
        unsigned kind = be16(p), n = be16(p + 2);
        if (n > len - 4)
            return false;
        if (kind <= OPT_REFRESH && !in->option[kind]) {
            in->option[kind] = p + 4;
            in->len[kind] = n;
        }
        p += 4 + n;
        len -= 4 + n;
    }
    return len == 0;
}

static unsigned status(const struct in *in)
{
    return in->option[OPT_STATUS] && in->len[OPT_STATUS] >= 2
               ? be16(in->option[OPT_STATUS])
               : 0;
}

/* The address in an IA_NA that is ours; false: there is none to be had. */
static bool parse_ia(const struct in *m, struct client *new)
{
    const uint8_t *ia = m->option[OPT_IA_NA];
    struct in in, sub;

    if (!ia || m->len[OPT_IA_NA] < 12 || be32(ia) != iaid() ||
        !find_options(&in, ia + 12, m->len[OPT_IA_NA] - 12) || status(&in))
        return false;
    const uint8_t *a = in.option[OPT_IAADDR];
    if (!a || in.len[OPT_IAADDR] < 24 ||
        !find_options(&sub, a + 24, in.len[OPT_IAADDR] - 24) || status(&sub))
        return false;
    memset(&new->addr, 0, sizeof(new->addr));
    memcpy(new->addr.addr, a, 16);
    new->preferred = be32(a + 16);
    new->valid = be32(a + 20);
    if (!new->valid || new->preferred > new->valid ||
        ip6_addr_ismulticast(&new->addr) || ip6_addr_isany(&new->addr) ||
        ip6_addr_isloopback(&new->addr) || ip6_addr_islinklocal(&new->addr))
        return false;
    uint32_t t1 = be32(ia + 4), t2 = be32(ia + 8);
    uint32_t life =
        MIN(new->preferred ? new->preferred : new->valid, UINT32_MAX / 8);
    if (!t1 || t1 > new->valid)
        t1 = life / 2;
    if (!t2 || t2 > new->valid || t2 < t1)
        t2 = MAX(t1, life / 5 * 4);
    nsec_t now = time_monotonic();
    bool forever = new->valid == UINT32_MAX;
    new->t1 = forever ? NSEC_NEVER : now + (nsec_t)t1 *NSEC_PER_SEC;
    new->t2 = forever ? NSEC_NEVER : now + (nsec_t)t2 *NSEC_PER_SEC;
    new->ends = forever ? NSEC_NEVER : now + (nsec_t) new->valid *NSEC_PER_SEC;
    return true;
}

static void take_server(const struct in *in)
{
    c.server_len = in->len[OPT_SERVERID];
    memcpy(c.server, in->option[OPT_SERVERID], c.server_len);
}

static void take_dns(const struct in *in, uint32_t lifetime)
{
    const uint8_t *dns = in->option[OPT_DNS];

    net6_dns_forget(NET6_DNS_DHCP);
    for (unsigned i = 0; dns && i + 16 <= in->len[OPT_DNS]; i += 16)
        net6_dns_server(c.netif, NET6_DNS_DHCP, dns + i, lifetime);
    if (in->option[OPT_DOMAINS])
        net6_dns_search(NET6_DNS_DHCP, in->option[OPT_DOMAINS],
                        in->len[OPT_DOMAINS], lifetime);
    net6_conf_changed();
}

static void advertised(const struct in *in)
{
    struct client new = c;
    int preference =
        in->len[OPT_PREFERENCE] == 1 ? *in->option[OPT_PREFERENCE] : 0;

    if (status(in) || !parse_ia(in, &new) || preference <= c.preference)
        return;
    c.addr = new.addr;
    c.have_addr = true;
    c.preference = preference;
    take_server(in);
    /* RFC 8415, 18.2.1: better ones may come during the first interval. */
    if (preference == 255 || c.tries > 1) {
        enter(REQUEST);
        send_message();
    }
}

static void lost(void)
{
    if (c.state >= BOUND)
        net6_remove(c.netif, &c.addr, 128);
    c.have_addr = false;
    enter(SOLICIT);
    send_message();
}

static void bind_address(const struct client *new)
{
    if (c.state >= BOUND && !ip6_addr_cmp_zoneless(&c.addr, &new->addr))
        net6_remove(c.netif, &c.addr, 128);
    c.addr = new->addr;
    c.have_addr = true;
    c.valid = new->valid, c.preferred = new->preferred;
    c.t1 = new->t1, c.t2 = new->t2, c.ends = new->ends;
    net6_add(c.netif, &c.addr, 128, NET6_DHCP, c.valid, c.preferred);
    enter(BOUND);
    at(c.t1);
}

static void replied(const struct in *in)
{
    struct client new = c;

    if (c.state == INFORM) {
        uint32_t refresh =
            in->len[OPT_REFRESH] == 4
                ? MAX(be32(in->option[OPT_REFRESH]), (uint32_t)REFRESH_MIN)
                : REFRESH_DEFAULT;
        take_dns(in, UINT32_MAX);
        enter(INFORMED);
        at(time_monotonic() + (nsec_t)refresh * NSEC_PER_SEC);
        return;
    }
    if (status(in))
        return; /* tried again, by and by */
    if (!parse_ia(in, &new)) {
        lost();
        return;
    }
    take_server(in);
    take_dns(in, new.valid);
    bind_address(&new);
}

/* (b): a message of (len) bytes. */
static void receive(const uint8_t *b, unsigned len)
{
    uint8_t mine[DUID_LEN];
    struct in in;

    duid(mine);
    if (len < 4 || (be32(b) & 0xffffff) != c.xid || !c.rt ||
        !find_options(&in, b + 4, len - 4) ||
        in.len[OPT_CLIENTID] != DUID_LEN ||
        memcmp(in.option[OPT_CLIENTID], mine, DUID_LEN) ||
        !in.option[OPT_SERVERID] || in.len[OPT_SERVERID] > DUID_MAX)
        return;
    if (b[0] == MSG_ADVERTISE && c.state == SOLICIT)
        advertised(&in);
    else if (b[0] == MSG_REPLY && c.state != SOLICIT)
        replied(&in);
}

static void on_packet(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                      const ip_addr_t *from, u16_t port)
{
    static uint8_t b[1500]; /* net_lock */

    (void)arg, (void)pcb, (void)port;
    unsigned len = pbuf_copy_partial(p, b, sizeof(b), 0);
    if (len == p->tot_len && IP_IS_V6(from) && c.state != OFF)
        receive(b, len);
    pbuf_free(p);
}

/* --- the client as a whole --------------------------------------------- */

static bool open_port(struct netif *n)
{
    if (c.pcb)
        return true;
    c.pcb = udp_new_ip_type(IPADDR_TYPE_V6);
    if (!c.pcb)
        return false;
    if (udp_bind(c.pcb, IP6_ADDR_ANY, CLIENT_PORT)) {
        udp_remove(c.pcb);
        c.pcb = NULL;
        return false;
    }
    udp_bind_netif(c.pcb, n);
    udp_recv(c.pcb, on_packet, NULL);
    return true;
}

void net6_dhcp_offered(struct netif *n, bool addresses, bool other)
{
    enum netconf_ip6_mode mode = net6_of(n)->mode;

    addresses =
        mode == NETCONF_IP6_DHCP || (addresses && mode == NETCONF_IP6_AUTO);
    other = other && mode != NETCONF_IP6_NONE;
    if (c.netif && c.netif != n)
        return;
    if (!(addresses && c.state < SOLICIT) && !(other && c.state == OFF))
        return;
    if (!open_port(n))
        return;
    c.netif = n;
    c.have_addr = false;
    enter(addresses ? SOLICIT : INFORM);
    net6_dhcp_changed(n);
}

/* The first message waits for the link-local address. */
static bool may_send(void)
{
    return ip6_addr_isvalid(netif_ip6_addr_state(c.netif, 0)) &&
           netif_is_link_up(c.netif);
}

void net6_dhcp_changed(struct netif *n)
{
    if (n == c.netif && c.state != OFF && !c.rt && send_as[c.state].message)
        in_ms(may_send() ? 1 : START_DELAY);
    if (n != c.netif || c.state != BOUND)
        return;
    int k = netif_get_ip6_addr_match(n, &c.addr);
    if (k >= 0 && ip6_addr_isduplicated(netif_ip6_addr_state(n, (s8_t)k)))
        in_ms(1);
}

void net6_dhcp_stop(struct netif *n)
{
    if (n != c.netif)
        return;
    if (c.pcb)
        udp_remove(c.pcb);
    memset(&c, 0, sizeof(c));
    net6_dns_forget(NET6_DNS_DHCP);
}

static bool duplicated(void)
{
    int k = netif_get_ip6_addr_match(c.netif, &c.addr);

    return k >= 0 &&
           ip6_addr_isduplicated(netif_ip6_addr_state(c.netif, (s8_t)k));
}

/* The next step of an exchange, or the beginning of one. */
static void step(void)
{
    nsec_t now = time_monotonic();

    if (!may_send())
        in_ms(START_DELAY);
    else if (c.state == INFORMED)
        enter(INFORM), send_message();
    else if (c.state == SOLICIT && c.preference >= 0)
        enter(REQUEST), send_message();
    else if (c.state == REQUEST && c.tries >= REQUEST_TRIES)
        lost();
    else if (c.state == BOUND && duplicated())
        decline();
    else if (c.state >= BOUND && now >= c.ends)
        lost();
    else if (c.state == BOUND && now >= c.t1)
        enter(RENEW), send_message();
    else if (c.state == BOUND)
        at(c.t1);
    else if (c.state == RENEW && now >= c.t2)
        enter(REBIND), send_message();
    else
        send_message();
    /* An exchange is not waited for beyond what follows it. */
    if (c.state == RENEW && c.due > c.t2)
        at(c.t2);
    if (c.state >= RENEW && c.due > c.ends)
        at(c.ends);
}

void net6_dhcp_tick(void)
{
    if (c.state == OFF)
        return;
    if (time_monotonic() < c.due)
        net_timer_dhcp6(c.due);
    else
        step();
}
