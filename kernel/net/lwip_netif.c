/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lwip_netif.c - network devices as lwIP sees them.
 *
 * Every struct netif has a struct netdev in its (state): the drivers' and our
 * own for loopback. Packets come in through netif_receive and leave through
 * the device's transmit function.
 *
 * Checksums: those of TCP segments are left to a device that offers to; the
 * rest is small or rare and computed by lwIP. Of received packets a device may
 * vouch for each separately, so the interface's flags are set packet by
 * packet, under net_lock.
 */
#include <linux/if.h>
#include <linux/if_ether.h>

#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "net/lwip_demux.h"
#include "net/net6.h"
#include "net/net_priv.h"

#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "netif/ethernet.h"

/* Received packets up to this size are copied into memory of their own size:
 * cheaper than a new buffer for the device, and a queue of many small packets
 * does not hold many large buffers. */
#define RX_COPY_MAX 512
#define TX_PIECES   16

bool netdev_unflushed;
/* Programs are told 65536 as on Linux; a packet's length has 16 bits. */
static struct netdev loopback = {.name = "lo", .mtu = 65536, .link_up = true};

/* --- looking up -------------------------------------------------------- */

struct netif *netdev_netif(const struct netdev *d)
{
    return d->stack;
}

struct netif *netif_by_index(unsigned ifindex)
{
    return ifindex && ifindex < 256 ? netif_get_by_index((u8_t)ifindex) : NULL;
}

struct netif *netif_by_name(const char *name)
{
    struct netif *n;

    NETIF_FOREACH(n)
    if (!strcmp(netif_netdev(n)->name, name))
        return n;
    return NULL;
}

struct netif *netif_next(unsigned after_index)
{
    for (unsigned i = after_index + 1; i < 256; i++) {
        struct netif *n = netif_by_index(i);
        if (n)
            return n;
    }
    return NULL;
}

/* Not while duplicate address detection has doubts. */
static bool valid_address(struct netif *n, const ip6_addr_t *a)
{
    int k = netif_get_ip6_addr_match(n, a);

    return k >= 0 && ip6_addr_isvalid(netif_ip6_addr_state(n, k));
}

bool net_addr_is_local(const ip_addr_t *a)
{
    struct netif *n;

    if (ip_addr_isany(a) || ip_addr_isloopback(a))
        return true;
    NETIF_FOREACH(n)
    {
        if (IP_IS_V4(a) ? ip4_addr_cmp(netif_ip4_addr(n), ip_2_ip4(a))
                        : valid_address(n, ip_2_ip6(a)))
            return true;
    }
    return false;
}

bool netif_is_loopback(const struct netif *n)
{
    return netif_netdev(n) == &loopback;
}

unsigned netif_ifflags(const struct netif *n)
{
    unsigned f = netif_is_up(n) ? IFF_UP : 0;

    if (netif_is_up(n) && netif_is_link_up(n))
        f |= IFF_RUNNING | IFF_LOWER_UP;
    return f | (netif_is_loopback(n) ? IFF_LOOPBACK
                                     : IFF_BROADCAST | IFF_MULTICAST);
}

/* --- sending ----------------------------------------------------------- */

/* Where the device shall compute a checksum: of an unfragmented TCP segment
 * whose field lwIP left zero. The sum of the pseudo-header goes there (VIRTIO
 * 1.2, 5.1.6.2, asks for that). Returns the segment's offset or 0. */
static unsigned prepare_csum(struct pbuf *p)
{
    uint8_t *f = p->payload;
    unsigned type = p->len >= 34 ? f[12] << 8 | f[13] : 0;
    unsigned start, addrs, addr_len;
    uint32_t sum;

    if (type == ETH_P_IP && f[23] == IP_PROTO_TCP &&
        !((f[20] << 8 | f[21]) & (IP_MF | IP_OFFMASK)))
        start = 14 + (f[14] & 15) * 4u, addrs = 26, addr_len = 8;
    else if (type == ETH_P_IPV6 && f[20] == IP_PROTO_TCP)
        start = 54, addrs = 22, addr_len = 32;
    else
        return 0;
    if (p->len < start + TCP_HLEN || f[start + 16] || f[start + 17])
        return 0;
    sum = net_checksum(f + addrs, (int)addr_len) +
          lwip_htons((u16_t)(p->tot_len - start)) + PP_HTONS(IP_PROTO_TCP);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    memcpy(f + start + 16, &(uint16_t){(uint16_t)sum}, 2);
    return start;
}

static err_t transmit(struct netdev *d, struct pbuf *p)
{
    struct net_piece piece[TX_PIECES];
    unsigned n = 0;
    unsigned csum = d->tx_csum ? prepare_csum(p) : 0;

    for (struct pbuf *q = p; q; q = q->next) {
        if (n == TX_PIECES)
            return ERR_BUF;
        piece[n++] = (struct net_piece){q->payload, q->len};
    }
    int rc = d->ops->transmit(d, piece, n, csum, csum ? 16 : 0);
    if (rc) {
        d->tx_dropped++;
        return ERR_MEM;
    }
    netdev_unflushed = true;
    d->tx_packets++;
    d->tx_bytes += p->tot_len;
    return ERR_OK;
}

void netdev_flush_all(void)
{
    struct netif *n;

    netdev_unflushed = false;
    NETIF_FOREACH(n)
    {
        struct netdev *d = netif_netdev(n);
        if (d->ops && d->ops->flush)
            d->ops->flush(d);
    }
}

static err_t link_output(struct netif *n, struct pbuf *p)
{
    struct netdev *d = netif_netdev(n);

    net_timer_link();
    if (pbuf_clen(p) <= TX_PIECES)
        return transmit(d, p);
    struct pbuf *flat = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
    if (!flat)
        return ERR_MEM;
    err_t err = transmit(d, flat);
    pbuf_free(flat);
    return err;
}

/* lwIP has marked the connections whose segments were refused. */
void netif_tx_room(struct netdev *d)
{
    (void)d;
    tcp_txnow();
}

static err_t loop_output(struct netif *n, struct pbuf *p)
{
    struct netdev *d = netif_netdev(n);
    u16_t len = p->tot_len;
    err_t err = netif_loop_output(n, p);

    if (err) {
        d->tx_dropped++;
        return err;
    }
    d->tx_packets++, d->rx_packets++;
    d->tx_bytes += len, d->rx_bytes += len;
    return ERR_OK;
}

static err_t loop_output_ip4(struct netif *n, struct pbuf *p,
                             const ip4_addr_t *dst)
{
    (void)dst;
    return loop_output(n, p);
}

static err_t loop_output_ip6(struct netif *n, struct pbuf *p,
                             const ip6_addr_t *dst)
{
    (void)dst;
    return loop_output(n, p);
}

/* --- receiving --------------------------------------------------------- */

struct rx_pbuf { /* a buffer of a driver, on loan */
    struct pbuf_custom p;
    void (*free)(void *arg);
    void *arg;
};

static void rx_pbuf_free(struct pbuf *p)
{
    struct rx_pbuf *r = container_of(p, struct rx_pbuf, p.pbuf);
    void (*give_back)(void *) = r->free;
    void *arg = r->arg;

    net_mem_free(r);
    give_back(arg);
}

/* Virtual wires carry frames shorter than Ethernet's; lwIP counts on the
 * padding a real one would have brought. */
static struct pbuf *rx_copy(const void *data, uint32_t len)
{
    uint32_t size = MAX(len, (uint32_t)ETH_ZLEN);
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)size, PBUF_RAM);

    if (!p)
        return NULL;
    memcpy(p->payload, data, len);
    memset((uint8_t *)p->payload + len, 0, size - len);
    return p;
}

static struct pbuf *rx_wrap(void *data, uint32_t len, void (*free)(void *),
                            void *arg)
{
    struct rx_pbuf *r = net_mem_alloc(sizeof(*r));

    if (!r)
        return NULL;
    r->p.custom_free_function = rx_pbuf_free;
    r->free = free;
    r->arg = arg;
    return pbuf_alloced_custom(PBUF_RAW, (u16_t)len, PBUF_REF, &r->p, data,
                               (u16_t)len);
}

/* Checksums the device has not checked, we do. No device has checked those
 * of a datagram in fragments, which in IPv6 come in a header of their own. */
static uint16_t rx_csum_flags(const uint8_t *f, uint32_t len, bool csum_ok)
{
    unsigned type = len >= 34 ? f[12] << 8 | f[13] : 0;
    bool plain = type == ETH_P_IP
                     ? !(((f[20] << 8) | f[21]) & (IP_MF | IP_OFFMASK))
                     : type == ETH_P_IPV6 &&
                           (f[20] == IP_PROTO_TCP || f[20] == IP_PROTO_UDP);

    return csum_ok && plain ? (uint16_t) ~(NETIF_CHECKSUM_CHECK_TCP |
                                           NETIF_CHECKSUM_CHECK_UDP)
                            : NETIF_CHECKSUM_ENABLE_ALL;
}

void netif_receive(struct netdev *d, void *data, uint32_t len, bool csum_ok,
                   void (*free)(void *arg), void *arg)
{
    struct netif *n = netdev_netif(d);
    struct pbuf *p = NULL;
    uint16_t flags;

    if (len < ETH_HLEN || len > 0xffff || !netif_is_up(n)) {
        d->rx_dropped++;
        free(arg);
        return;
    }
    flags = rx_csum_flags(data, len, csum_ok);
    if (len > RX_COPY_MAX)
        p = rx_wrap(data, len, free, arg);
    else
        p = rx_copy(data, len);
    if (!p || len <= RX_COPY_MAX)
        free(arg);
    if (!p) {
        d->rx_dropped++;
        return;
    }
    d->rx_packets++;
    d->rx_bytes += len;
    net_timer_link();
    uint16_t saved = n->chksum_flags;
    n->chksum_flags &= flags;
    if (n->input(p, n) != ERR_OK)
        pbuf_free(p);
    n->chksum_flags |= saved; /* net6_input.c may have set one */
}

bool netdev_poll_all(unsigned budget)
{
    bool more = false;
    struct netif *n;

    NETIF_FOREACH(n)
    {
        struct netdev *d = netif_netdev(n);
        if (d->ops && d->ops->poll)
            more |= d->ops->poll(d, budget);
    }
    return more;
}

bool netdev_loop_pending(void)
{
    struct netif *n;

    NETIF_FOREACH(n)
    if (n->loop_first)
        return true;
    return false;
}

/* netif_poll() empties an interface's queue as it is when called, but what is
 * delivered sends answers, so the queue may never run dry. */
bool netdev_loop_run(unsigned budget)
{
    struct netif *n;

    for (unsigned i = 0; i < budget && netdev_loop_pending(); i++) {
        NETIF_FOREACH(n)
        {
            uint16_t saved = n->chksum_flags;
            n->chksum_flags = NETIF_CHECKSUM_DISABLE_ALL;
            if (n->loop_first)
                netif_poll(n);
            n->chksum_flags = saved;
        }
    }
    return netdev_loop_pending();
}

/* --- state ------------------------------------------------------------- */

void netdev_set_up(struct netif *n, bool up)
{
    if (up == !!netif_is_up(n))
        return;
    if (!up) {
        net6_down(n);
        netif_set_down(n);
        return;
    }
    net_timer_link();
    netif_set_up(n);
    net6_up(n);
}

void netif_link_changed(struct netdev *d, bool up)
{
    struct netif *n = netdev_netif(d);

    d->link_up = up;
    if (up == !!netif_is_link_up(n))
        return;
    net_timer_link();
    if (up)
        netif_set_link_up(n);
    else
        netif_set_link_down(n);
}

/* lwIP has ended the connections with an address that is no more, but for the
 * parked ones, which it does not see. */
static void status_changed(struct netif *n)
{
    struct tcp_pcb *p, *next;

    for (p = demux_next_parked(NULL); p; p = next) {
        next = demux_next_parked(p);
        if (net_addr_is_local(&p->local_ip))
            continue;
        demux_wake(p);
        tcp_abort(p);
    }
    net_dhcp_changed(n);
    net6_dhcp_changed(n);
    net6_conf_changed();
}

static err_t ether_init(struct netif *n)
{
    struct netdev *d = netif_netdev(n);

    n->name[0] = 'e', n->name[1] = 'n';
    n->output = etharp_output;
    n->output_ip6 = ethip6_output;
    n->linkoutput = link_output;
    n->mtu = n->mtu6 = (u16_t)MIN(d->mtu, 65535u - ETH_HLEN);
    memcpy(n->hwaddr, d->mac, sizeof(d->mac));
    n->hwaddr_len = sizeof(d->mac);
    n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
               NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
    if (d->tx_csum)
        n->chksum_flags &= (u16_t)~NETIF_CHECKSUM_GEN_TCP;
    return ERR_OK;
}

int net_register(struct netdev *d)
{
    static unsigned count;
    struct netif *n = kzalloc(sizeof(*n), 0);

    if (!n)
        return -ENOMEM;
    net_lock();
    ksnprintf(d->name, sizeof(d->name), "eth%u", count++);
    d->stack = n;
    netif_add(n, NULL, NULL, NULL, d, ether_init, netif_input);
    if (net6_attach(n))
        panic("no memory for %s", d->name);
    netif_set_status_callback(n, status_changed);
    if (!netif_default)
        netif_set_default(n);
    if (d->link_up)
        netif_set_link_up(n);
    net_unlock();
    net_proc_add_device(d);
    return 0;
}

/* lwip_init() has made the loopback interface. */
void netdev_init(void)
{
    struct netif *n = netif_list;

    n->state = &loopback;
    n->output = loop_output_ip4;
    n->output_ip6 = loop_output_ip6;
    n->mtu = UINT16_MAX;
    n->mtu6 = n->mtu;
    loopback.stack = n;
    netif_ip6_addr_set_state(n, 0, IP6_ADDR_PREFERRED);
    if (net6_attach(n))
        panic("no memory for loopback");
    net_proc_add_device(&loopback);
}
