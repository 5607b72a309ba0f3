/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * packet_fuzz.c - received frames that are not what they should be.
 *
 *   packet_fuzz [ROUNDS [SEED]]
 *
 * Frames that make sense (ARP, ICMP, UDP, TCP to open ports, fragments, ICMP
 * errors, neighbour discovery, DHCP answers) are built, some bytes changed,
 * cut or lengthened, checksums put right in most, and received by a stack with
 * listening, connecting and bound sockets. The sanitizers and lwIP's
 * assertions judge.
 */
#include "net_fakes.h"

#include "lib/log.h"
#include "lib/string.h"
#include "net/lwip_demux.h"
#include "net/net_priv.h"
#include "proc/fdtable.h"

#include <linux/if.h>
#include <linux/sockios.h>

#include "lwip/dhcp.h"
#include "lwip/inet_chksum.h"
#include "lwip/priv/tcp_priv.h"

int main(int argc, char **argv);

static uint64_t random_state = 88172645463325252ull;

static uint32_t rnd(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return n ? (uint32_t)(random_state >> 20) % n : 0;
}

static uint8_t frame[1600];
static unsigned len;

static void be16(unsigned at, unsigned v)
{
    frame[at] = (uint8_t)(v >> 8);
    frame[at + 1] = (uint8_t)v;
}

static void be32(unsigned at, uint32_t v)
{
    be16(at, v >> 16);
    be16(at + 2, v & 0xffff);
}

static uint16_t pseudo_sum(unsigned at, unsigned n, unsigned proto, bool v6)
{
    uint32_t sum = net_checksum(frame + at, (int)n);

    sum += v6 ? net_checksum(frame + 22, 32) : net_checksum(frame + 26, 8);
    sum += lwip_htons((u16_t)proto) + lwip_htons((u16_t)n);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void fix_checksums(void)
{
    bool v6 = frame[12] == 0x86;
    unsigned l4 = v6 ? 54 : 14 + (frame[14] & 15) * 4u;
    unsigned proto = v6 ? frame[20] : frame[23];
    uint16_t sum;

    if (frame[12] == 8 && frame[13] == 0 && len >= 34) {
        memset(frame + 24, 0, 2);
        sum = inet_chksum(frame + 14, (u16_t)MIN(l4 - 14, len - 14));
        memcpy(frame + 24, &sum, 2);
    }
    unsigned off = proto == 6 ? 16 : proto == 17 ? 6 : 2;
    if (len < l4 + off + 2)
        return;
    memset(frame + l4 + off, 0, 2);
    sum = proto == 1 ? inet_chksum(frame + l4, (u16_t)(len - l4))
                     : pseudo_sum(l4, len - l4, proto, v6);
    memcpy(frame + l4 + off, &sum, 2);
}

static void ether(unsigned type)
{
    memcpy(frame, fake_prefix, 14);
    if (!rnd(4))
        memset(frame, 255, 6);
    be16(12, type);
}

static void ip4(unsigned proto, unsigned payload)
{
    ether(0x0800);
    memset(frame + 14, 0, 20);
    frame[14] = 0x45;
    frame[22] = 64;
    frame[23] = (uint8_t)proto;
    be16(16, 20 + payload);
    be32(26, 0x0a000202);
    be32(30, rnd(8) ? 0x0a00020f : rnd(2) ? 0xffffffff : 0xe0000001);
    if (!rnd(6))
        be16(20, rnd(2) ? 0x2000 : rnd(64)); /* fragments */
    len = 34 + payload;
}

static void ip6(unsigned next, unsigned payload)
{
    ether(0x86dd);
    memset(frame + 14, 0, 40);
    frame[14] = 0x60;
    be16(18, payload);
    frame[20] = (uint8_t)next;
    frame[21] = 255;
    be32(22, 0xfe800000);
    frame[37] = 2;
    be32(38, rnd(2) ? 0xff020000 : 0xfe800000);
    frame[53] = 1;
    len = 54 + payload;
}

static uint16_t listen_port;
static struct tcp_pcb *any_pcb(void)
{
    struct tcp_pcb *p = tcp_active_pcbs;

    for (unsigned n = rnd(8); p && p->next && n; n--)
        p = p->next;
    return p;
}

static void tcp_frame(void)
{
    static const uint8_t flags[] = {2, 16, 24, 17, 4, 20, 18, 1, 25, 56};
    struct tcp_pcb *p = rnd(3) ? any_pcb() : NULL;
    unsigned opts = rnd(2) ? rnd(11) * 4 : 0, data = rnd(3) ? rnd(1000) : 0;

    ip4(6, 20 + opts + data);
    for (unsigned i = 34; i < len; i++)
        frame[i] = (uint8_t)rnd(256);
    be16(34, p ? p->remote_port : 1024 + rnd(20));
    be16(36, p ? p->local_port : listen_port);
    if (p) {
        be32(38, p->rcv_nxt + (rnd(2) ? 0 : rnd(4000) - 2000));
        be32(42, p->snd_nxt + (rnd(2) ? 0 : rnd(400) - 200));
        if (IP_IS_V4_VAL(p->remote_ip))
            memcpy(frame + 26, &ip_2_ip4(&p->remote_ip)->addr, 4);
        memcpy(frame + 30, &ip_2_ip4(&p->local_ip)->addr, 4);
    }
    frame[46] = (uint8_t)((5 + opts / 4) << 4);
    frame[47] = flags[rnd(sizeof(flags))];
    if (opts >= 12 && rnd(2)) {
        static const uint8_t good[] = {2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 1, 1};
        memcpy(frame + 54, good, sizeof(good));
    }
}

static void udp_frame(void)
{
    unsigned data = rnd(600);

    ip4(17, 8 + data);
    for (unsigned i = 42; i < len; i++)
        frame[i] = (uint8_t)rnd(256);
    be16(34, rnd(2) ? 53 : 67);
    be16(36, rnd(2) ? listen_port : 68);
    be16(38, 8 + data);
    if (data > 250 && rnd(2)) { /* something like a DHCP answer */
        frame[42] = 2, frame[43] = 1, frame[44] = 6;
        struct dhcp *d = netif_dhcp_data(netdev_netif(&fake_dev));
        if (d)
            be32(46, d->xid);
        memcpy(frame + 70, fake_dev.mac, 6);
        be32(42 + 236, 0x63825363);
        static const uint8_t options[] = {53, 1, 2, 54, 4, 10,  0,   2,  2,
                                          51, 4, 0, 0,  1, 0,   6,   4,  10,
                                          0,  2, 3, 12, 3, 'a', 'b', 'c'};
        memcpy(frame + 42 + 240, options,
               MIN(sizeof(options), (size_t)(data - 240)));
        if (rnd(2))
            frame[42 + 242] = 5;
    }
}

static void icmp_frame(void)
{
    unsigned data = 8 + rnd(80);

    ip4(1, data);
    for (unsigned i = 34; i < len; i++)
        frame[i] = (uint8_t)rnd(256);
    frame[34] = (uint8_t)(rnd(2) ? 3 : rnd(2) ? 8 : rnd(20));
    frame[35] = (uint8_t)rnd(18);
    if (data >= 36) {
        memcpy(frame + 42, frame + 14, 20); /* quotes itself, turned round */
        memcpy(frame + 54, frame + 30, 4);
        memcpy(frame + 58, frame + 26, 4);
        frame[51] = (uint8_t)(rnd(2) ? 17 : 6);
        be16(62, listen_port);
    }
}

static void igmp_frame(void)
{
    ip4(2, 8 + rnd(16));
    frame[34] = (uint8_t)(rnd(2) ? 0x11 : 0x16);
}

static void arp_frame(void)
{
    ether(0x0806);
    for (unsigned i = 14; i < 60; i++)
        frame[i] = (uint8_t)rnd(256);
    be16(14, 1);
    be16(16, 0x0800);
    frame[18] = 6, frame[19] = 4;
    be16(20, 1 + rnd(2));
    be32(28, 0x0a000200 + rnd(16));
    be32(38, 0x0a00020f);
    len = 42 + rnd(18);
}

static void icmp6_frame(void)
{
    static const uint8_t types[] = {1,   2,   128, 130, 131,
                                    133, 134, 135, 136, 137};
    unsigned data = 8 + rnd(120);

    ip6(58, data);
    for (unsigned i = 54; i < len; i++)
        frame[i] = (uint8_t)rnd(rnd(2) ? 8 : 256);
    frame[54] = types[rnd(sizeof(types))];
    frame[55] = 0;
}

/* A number that may be a lifetime. */
static uint32_t life(void)
{
    static const uint32_t some[] = {0, 1, 60, 7200, 86400, UINT32_MAX};

    return rnd(4) ? some[rnd(ARRAY_SIZE(some))] : rnd(100000);
}

static void option(unsigned type, unsigned eights)
{
    frame[len] = (uint8_t)type;
    frame[len + 1] = (uint8_t)eights;
    for (unsigned i = 2; i < eights * 8; i++)
        frame[len + i] = (uint8_t)rnd(4);
    len += eights * 8;
}

static void prefix_option(void)
{
    unsigned at = len;

    option(3, 4);
    frame[at + 2] = (uint8_t)(rnd(8) ? 64 : rnd(130));
    frame[at + 3] = (uint8_t)(rnd(4) << 6);
    be32(at + 4, life());
    be32(at + 8, life());
    be32(at + 16, 0x20010db8);
    be32(at + 20, rnd(12));
}

static void name_option(void)
{
    static const uint8_t name[] = {3,   'l', 'a', 'b', 7,   'e', 'x',
                                   'a', 'm', 'p', 'l', 'e', 0};
    unsigned at = len;

    option(31, 3);
    be32(at + 4, life());
    memcpy(frame + at + 8, name, sizeof(name));
    memset(frame + at + 8 + sizeof(name), 0, 16 - sizeof(name));
    if (!rnd(4))
        frame[at + 8 + rnd(16)] = (uint8_t)rnd(256);
}

static void resolver_option(void)
{
    unsigned at = len;

    option(25, 1 + 2 * (1 + rnd(2)));
    be32(at + 4, life());
}

static void mtu_option(void)
{
    option(5, 1);
    be32(len - 4, rnd(2) ? 1280 + rnd(300) : rnd(2000));
}

static void advertisement_frame(void)
{
    ip6(58, 16);
    frame[54] = 134, frame[55] = 0;
    frame[58] = 64;
    frame[59] = (uint8_t)(rnd(4) << 6); /* M, O */
    be16(60, rnd(3) ? 1800 : rnd(3));
    be32(62, rnd(4) ? 0 : rnd(100000));
    be32(66, rnd(4) ? 0 : rnd(10000));
    for (unsigned n = rnd(6); n; n--) {
        static void (*const make[])(void) = {prefix_option, prefix_option,
                                             name_option, resolver_option,
                                             mtu_option};
        make[rnd(ARRAY_SIZE(make))]();
    }
    if (!rnd(4))
        option(rnd(256), 1 + rnd(3));
    be16(18, len - 54);
}

/* About one of our connections, as a router would quote it. */
static void too_big_frame(void)
{
    struct tcp_pcb *p = any_pcb();

    ip6(58, 8 + 40 + 20);
    frame[54] = (uint8_t)(rnd(3) ? 2 : 1);
    be32(58, rnd(2) ? 1280 + rnd(250) : rnd(2000));
    frame[62] = 0x60;
    frame[68] = (uint8_t)(rnd(2) ? 6 : rnd(2) ? 44 : 17);
    memcpy(frame + 70, frame + 38, 16);
    memcpy(frame + 86, frame + 22, 16);
    if (p && IP_IS_V6_VAL(p->remote_ip)) {
        memcpy(frame + 70, &ip_2_ip6(&p->local_ip)->addr, 16);
        memcpy(frame + 86, &ip_2_ip6(&p->remote_ip)->addr, 16);
        be16(102, p->local_port);
        be16(104, p->remote_port);
        be32(106, p->lastack);
    }
}

/* What a DHCPv6 server might say; the client's last message tells how. */
static void dhcp6_frame(void)
{
    static uint8_t asked[4];
    static const uint8_t tail[] = {
        0, 1, 0, 10, 0,    3, 0,   1,   2, 0, 0, 0, 0, 1,        /* client */
        0, 2, 0, 4,  1,    2, 3,   4,                            /* server */
        0, 3, 0, 40, 0,    0, 0,   1,   0, 0, 0, 9, 0, 0, 0, 18, /* IA_NA */
        0, 5, 0, 24, 0x20, 1, 0xd, 0xb8};

    if (fake_last_len > 70 && fake_last_sent[12] == 0x86 &&
        fake_last_sent[20] == 17 && fake_last_sent[57] == 35)
        memcpy(asked, fake_last_sent + 62, 4);
    ip6(17, 8 + 4 + sizeof(tail) + 20);
    be16(54, 547);
    be16(56, 546);
    be16(58, 8 + 4 + sizeof(tail) + 20);
    memcpy(frame + 62, asked, 4);
    frame[62] = (uint8_t)(rnd(2) ? 2 : 7);
    memcpy(frame + 66, tail, sizeof(tail));
    memcpy(frame + 74, fake_dev.mac, 6);
    memcpy(frame + 92, fake_dev.mac + 2, 4);
    for (unsigned i = 66 + sizeof(tail); i < len; i++)
        frame[i] = (uint8_t)rnd(4);
    be32(len - 8, life());
    be32(len - 4, life());
}

/* Extension headers that lead somewhere. */
static void chain6_frame(void)
{
    static const uint8_t kinds[] = {0, 43, 44, 60};
    unsigned at = 54, n = 1 + rnd(4), payload = 8 + rnd(60);
    uint8_t *next = &frame[20];

    ip6(58, n * 8 + payload);
    for (unsigned i = 0; i < n; i++, at += 8) {
        *next = kinds[rnd(sizeof(kinds))];
        memset(frame + at, 0, 8);
        frame[at + 2] = 1, frame[at + 3] = (uint8_t)(rnd(4) ? 4 : rnd(256));
        frame[at + 1] = (uint8_t)(rnd(8) ? 0 : rnd(4));
        next = &frame[at];
    }
    *next = (uint8_t)(rnd(2) ? 6 : rnd(2) ? 17 : 58);
    for (unsigned i = at; i < len; i++)
        frame[i] = (uint8_t)rnd(rnd(2) ? 4 : 256);
}

static void other6_frame(void)
{
    static const uint8_t next[] = {0, 43, 44, 60, 6, 17, 59};

    ip6(next[rnd(sizeof(next))], 8 + rnd(200));
    for (unsigned i = 54; i < len; i++)
        frame[i] = (uint8_t)rnd(rnd(2) ? 4 : 256);
}

static void damage(void)
{
    for (unsigned n = rnd(4); n; n--)
        frame[rnd(rnd(2) ? len : MIN(len, 80u))] = (uint8_t)rnd(256);
    if (!rnd(8))
        len = rnd(len + 1);
    else if (!rnd(8))
        len = MIN(len + rnd(60), 1514u);
}

static void one_frame(void)
{
    static void (*const make[])(void) = {
        tcp_frame,   tcp_frame,    tcp_frame,           udp_frame,
        udp_frame,   icmp_frame,   igmp_frame,          arp_frame,
        icmp6_frame, other6_frame, advertisement_frame, too_big_frame,
        dhcp6_frame, chain6_frame,
    };

    make[rnd(ARRAY_SIZE(make))]();
    bool late = rnd(4);
    if (late)
        damage();
    if (rnd(8) && len >= 34)
        fix_checksums();
    if (!late)
        damage();
    fake_receive(frame, len);
}

/* --- the machine under attack ------------------------------------------ */

static int listener, listener6, udp, raw, raw6, conns[32];

static void open_sockets(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int n = sizeof(a), on = 1;

    listener = (int)sys_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sys_bind(listener, &a, sizeof(a));
    sys_listen(listener, 16);
    sys_getsockname(listener, &a, &n);
    listen_port = lwip_ntohs(a.sin_port);
    listener6 = (int)sys_socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sys_listen(listener6, 16);
    raw6 = (int)sys_socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMPV6);
    udp = (int)sys_socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    sys_bind(udp, &a, sizeof(a));
    sys_setsockopt(udp, SOL_IP, IP_RECVERR, &on, sizeof(on));
    raw = (int)sys_socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP);
}

static void configure(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    struct file *f = fake_file(udp);
    struct ifreq r = {0};

    strlcpy(r.ifr_name, "eth0", IFNAMSIZ);
    a.sin_addr.s_addr = 0x0f02000a;
    memcpy(&r.ifr_addr, &a, sizeof(a));
    f->ops->ioctl(f, SIOCSIFADDR, (unsigned long)&r);
    a.sin_addr.s_addr = 0x00ffffff;
    memcpy(&r.ifr_netmask, &a, sizeof(a));
    f->ops->ioctl(f, SIOCSIFNETMASK, (unsigned long)&r);
}

/* To a neighbour whose address need not be resolved. */
static void connect6(unsigned i)
{
    struct sockaddr_in6 to = {.sin6_family = AF_INET6,
                              .sin6_port = rnd(65536) & 0xffff,
                              .sin6_scope_id = 2};

    memcpy(&to.sin6_addr, (uint8_t[16]){0xfe, 0x80, [15] = 2}, 16);
    if (conns[i])
        fd_close(conns[i]);
    conns[i] = (int)sys_socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sys_connect(conns[i], &to, sizeof(to));
}

/* What programs do meanwhile. */
static void live(void)
{
    static char buf[2000];
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = rnd(65536) & 0xffff};
    unsigned i = rnd(ARRAY_SIZE(conns));

    switch (rnd(7)) {
    case 0:
        if (conns[i])
            fd_close(conns[i]);
        conns[i] = (int)sys_accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (conns[i] < 0)
            conns[i] = 0;
        break;
    case 1:
        if (conns[i])
            fd_close(conns[i]);
        conns[i] = (int)sys_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        to.sin_addr.s_addr = 0x0202000a;
        sys_connect(conns[i], &to, sizeof(to));
        break;
    case 2:
        if (conns[i])
            sys_recvfrom(conns[i], buf, rnd(sizeof(buf)), 0, NULL, NULL);
        break;
    case 3:
        if (conns[i])
            sys_sendto(conns[i], buf, rnd(sizeof(buf)), MSG_NOSIGNAL, NULL, 0);
        break;
    case 4:
        sys_recvfrom(udp, buf, sizeof(buf), 0, NULL, NULL);
        sys_recvfrom(raw, buf, sizeof(buf), 0, NULL, NULL);
        sys_recvfrom(raw6, buf, sizeof(buf), 0, NULL, NULL);
        break;
    case 6:
        connect6(i);
        break;
    case 5:
        fake_pass((nsec_t)rnd(600) * NSEC_PER_MSEC);
        break;
    }
}

/* Close all, wait until all has expired: what is left was lost. A few tens of
 * objects are lwIP's state of DHCP, groups and neighbours. */
static int close_all(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(conns); i++)
        if (conns[i])
            fd_close(conns[i]);
    fd_close(listener);
    fd_close(udp);
    fd_close(raw);
    fd_close(raw6);
    fd_close(listener6);
    fake_pass(200 * NSEC_PER_SEC);
    if (tcp_active_pcbs || tcp_tw_pcbs || demux_next_parked(NULL))
        panic("a closed connection is still there");
    fake_pass(66000 * NSEC_PER_SEC); /* a router's longest lifetime */
    if (net_mem_used() > 8192)
        panic("%lu bytes were lost", net_mem_used());
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t rounds = argc > 1 ? str_to_u64(argv[1], NULL, 10) : 20000;

    if (argc > 2)
        random_state ^= str_to_u64(argv[2], NULL, 10) * 0x9e3779b97f4a7c15ull;
    fake_net_start();
    open_sockets();
    configure();
    net_lock();
    dhcp_start(netdev_netif(&fake_dev));
    net_timer_dhcp();
    net_unlock();
    for (uint64_t i = 0; i < rounds; i++) {
        one_frame();
        if (!rnd(3))
            live();
        if (i % 5000 == 4999)
            configure(); /* should DHCP have changed it */
    }
    return close_all();
}
