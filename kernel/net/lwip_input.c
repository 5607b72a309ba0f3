/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lwip_input.c - what we do with an IP packet before lwIP does, and initial
 * sequence numbers. For IPv6 see net6_input.c.
 *
 *  - A SYN for a connection in TIME-WAIT whose sequence number lies beyond the
 *    old connection's opens a new one (RFC 1122, 4.2.2.13). lwIP would answer
 *    it with an ACK or RST; we forget the old connection first. Servers that
 *    close first meet this as soon as a client's port numbers wrap.
 *  - Its connection is found by hash, see lwip_demux.c.
 *  - lwIP ignores ICMP errors. Sockets want to hear of "port unreachable" and
 *    the like.
 *
 * Nothing here is trusted: lengths are checked against the first buffer (all
 * drivers deliver packets in one piece), and a packet that is not understood
 * is left to lwIP.
 */
#include "net/lwip_input.h"

#include "lib/string.h"
#include "net/inet_port.h"
#include "net/sock_udp.h"

#include "lwip/inet_chksum.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"
#include "net/lwip_hooks.h"

/* IP_MINTTL, IPV6_MINHOPCOUNT (RFC 5082): has it passed more routers than the
 * socket, if there is one, accepts? */
static bool from_afar(const struct inet_sock *i, const struct flow *f,
                      uint8_t ttl)
{
    return i && ttl < (IP_IS_V6(&f->remote) ? i->minhops : i->minttl);
}

int input_segment(struct flow *f, const uint8_t *th, struct pbuf *p,
                  struct netif *inp, uint8_t ttl)
{
    const uint8_t flags = th[13] & (TCP_SYN | TCP_ACK | TCP_RST);

    net_timer_tcp();
    f->remote_port = be16(th);
    f->local_port = be16(th + 2);
    struct tcp_pcb *pcb = demux_find(f);
    struct inet_sock *i =
        pcb && pcb->state != TIME_WAIT ? inet_sk(pcb->callback_arg) : NULL;
    if (pcb && pcb->state == TIME_WAIT && flags == TCP_SYN &&
        TCP_SEQ_GT(be32(th + 4), pcb->rcv_nxt)) {
        tcp_abort(pcb); /* no RST is sent in TIME-WAIT */
        pcb = NULL;
    }
    if (!pcb)
        i = port_show_listener(f, netif_get_index(inp));
    if (from_afar(i, f, ttl)) {
        pbuf_free(p);
        return 1;
    }
    return demux_input(pcb, p, inp);
}

int input_datagram(struct flow *f, const uint8_t *uh, const struct netif *inp)
{
    f->remote_port = be16(uh);
    f->local_port = be16(uh + 2);
    port_show_udp(f, netif_get_index(inp));
    return 0;
}

int input_unclear(void)
{
    port_show_listener(NULL, 0);
    port_show_udp(NULL, 0);
    return 0;
}

int input_first_fragment(struct flow *f, const uint8_t *th)
{
    f->remote_port = be16(th);
    f->local_port = be16(th + 2);
    struct tcp_pcb *pcb = demux_find(f);
    if (pcb)
        demux_wake(pcb);
    return input_unclear();
}

void input_error(struct flow *f, uint8_t proto, const uint8_t *quoted, int err)
{
    f->local_port = be16(quoted);
    f->remote_port = be16(quoted + 2);
    if (proto == IP_PROTO_UDP)
        sock_udp_unreachable(&f->local, f->local_port, &f->remote,
                             f->remote_port, err);
    else if (proto == IP_PROTO_TCP)
        sock_tcp_unreachable(f, be32(quoted + 4), err);
}

/* As Linux's icmp_err_convert[]. 0: not an error for a socket. */
static int icmp4_errno(uint8_t type, uint8_t code)
{
    static const uint8_t unreach[] = {
        ENETUNREACH,  EHOSTUNREACH, ENOPROTOOPT,  ECONNREFUSED,
        EMSGSIZE,     EOPNOTSUPP,   ENETUNREACH,  EHOSTDOWN,
        ENONET,       ENETUNREACH,  EHOSTUNREACH, ENETUNREACH,
        EHOSTUNREACH, EHOSTUNREACH, EHOSTUNREACH, EHOSTUNREACH,
    };

    if (type == ICMP_TE)
        return EHOSTUNREACH;
    if (type == ICMP_PP)
        return EPROTO;
    if (type != ICMP_DUR || code >= sizeof(unreach) || code == ICMP_DUR_FRAG)
        return 0;
    return unreach[code];
}

static void icmp4(const uint8_t *m, unsigned len, const struct netif *inp,
                  const ip_addr_t *from)
{
    struct flow f;
    int err = len >= 36 ? icmp4_errno(m[0], m[1]) : 0;

    if (!err || ((inp->chksum_flags & NETIF_CHECKSUM_CHECK_ICMP) &&
                 inet_chksum(m, (u16_t)len)))
        return;
    const uint8_t *ip = m + 8;
    unsigned hlen = (ip[0] & 15) * 4u;
    if (ip[0] >> 4 != 4 || hlen < 20 || 8 + hlen + 8 > len)
        return;
    ip_addr_set_ip4_u32_val(f.local, lwip_htonl(be32(ip + 12)));
    ip_addr_set_ip4_u32_val(f.remote, lwip_htonl(be32(ip + 16)));
    struct icmp_error e = {.type = m[0], .code = m[1], .err = err};
    ip_addr_copy(e.from, *from);
    if (ip[9] == IP_PROTO_UDP) {
        f.local_port = be16(ip + hlen);
        f.remote_port = be16(ip + hlen + 2);
        dgram_note_icmp(&f, &e, ip + hlen, len - 8 - hlen);
    }
    input_error(&f, ip[9], ip + hlen, err);
}

/* All addresses of 127/8 are this machine's (RFC 1122, 3.2.1.3), and lwIP takes
 * an interface's own only: for the length of such a packet it is that. */
static int other_loopback(const uint8_t *h, struct pbuf *p, struct netif *inp)
{
    const uint32_t own = ip4_addr_get_u32(netif_ip4_addr(inp));
    const uint32_t dst = lwip_htonl(be32(h + 16));

    if (!netif_is_loopback(inp) || h[16] != 127 || !own || dst == own ||
        dst == PP_HTONL(0x7fffffff))
        return 0;
    ip_addr_set_ip4_u32(&inp->ip_addr, dst);
    ip4_input(p, inp);
    ip_addr_set_ip4_u32(&inp->ip_addr, own);
    return 1;
}

int net_hook_ip4_input(struct pbuf *p, struct netif *inp)
{
    const uint8_t *h = p->payload;
    unsigned hlen = p->len >= 20 ? (h[0] & 15) * 4u : 0;
    struct flow f;

    if (hlen < 20)
        return 0;
    if (other_loopback(h, p, inp))
        return 1;
    unsigned len = MIN((unsigned)be16(h + 2), (unsigned)p->len);
    if ((be16(h + 6) & IP_OFFMASK) || len < hlen)
        return input_unclear();
    bool part = be16(h + 6) & IP_MF;
    ip_addr_set_ip4_u32_val(f.remote, lwip_htonl(be32(h + 12)));
    ip_addr_set_ip4_u32_val(f.local, lwip_htonl(be32(h + 16)));
    if (h[9] == IP_PROTO_TCP && len >= hlen + TCP_HLEN)
        return part ? input_first_fragment(&f, h + hlen)
                    : input_segment(&f, h + hlen, p, inp, h[8]);
    if (part)
        return input_unclear();
    if (h[9] == IP_PROTO_UDP && len >= hlen + UDP_HLEN)
        return input_datagram(&f, h + hlen, inp);
    if (h[9] == IP_PROTO_ICMP && len >= hlen + 8) {
        /* RFC 1122, 3.2.2.6 leaves it to us: no answers to a multicast. */
        if (h[hlen] == ICMP_ECHO && h[16] >> 4 == 14) {
            pbuf_free(p);
            return 1;
        }
        icmp4(h + hlen, len - hlen, inp, &f.remote);
    }
    return 0;
}

/* RFC 6528: a clock of 4 us per step plus a keyed hash of the connection. */
uint32_t net_hook_tcp_isn(const struct ip_addr *local, uint16_t local_port,
                          const struct ip_addr *remote, uint16_t remote_port)
{
    struct {
        ip_addr_t local, remote;
        uint16_t ports[2];
    } c;

    memset(&c, 0, sizeof(c));
    ip_addr_copy(c.local, *local);
    ip_addr_copy(c.remote, *remote);
    c.ports[0] = local_port, c.ports[1] = remote_port;
    return (uint32_t)net_siphash(&c, sizeof(c)) +
           (uint32_t)(time_monotonic() / 4096);
}
