/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_net.c - /proc/net, /proc/sys/net and /sys/class/net.
 */
#include <linux/if.h>

#include "fs/vfs.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "net/inet_port.h"
#include "net/sock_tcp.h"
#include "net/sock_udp.h"
#include "net/unix_sock.h"

#include "lwip/priv/tcp_priv.h"

/* --- sockets of the Internet ------------------------------------------- */

/* Addresses as words in host order, as Linux prints them. */
static void put_addr(struct seq *s, const ip_addr_t *a, unsigned port, bool v6)
{
    if (!v6) {
        seq_printf(s, " %08X:%04X",
                   IP_IS_V4(a) ? ip4_addr_get_u32(ip_2_ip4(a)) : 0, port);
        return;
    }
    ip6_addr_t six = {0};
    if (IP_IS_V6(a))
        memcpy(six.addr, ip_2_ip6(a)->addr, sizeof(six.addr));
    else if (IP_GET_TYPE(a) == IPADDR_TYPE_V4)
        ip4_2_ipv4_mapped_ipv6(&six, ip_2_ip4(a));
    seq_printf(s, " %08X%08X%08X%08X:%04X", six.addr[0], six.addr[1],
               six.addr[2], six.addr[3], port);
}

/* IPv4 sockets in the one file, the rest in the other. */
static bool in_file(const ip_addr_t *local, bool v6)
{
    return (IP_GET_TYPE(local) != IPADDR_TYPE_V4) == v6;
}

struct line {
    ip_addr_t local, remote;
    uint16_t local_port, remote_port;
    uint8_t state;
    uint32_t tx, rx, uid;
    uint64_t ino;
};

/* Lines gathered under net_lock, where the text's buffer must not grow, and
 * printed without it. What was added since the lines were counted beyond SLACK
 * is left out. */
#define SLACK 64
struct lines {
    struct line *line;
    unsigned n, max;
    bool v6;
};

static struct line *next_line(struct lines *l, const ip_addr_t *local)
{
    if (l->n == l->max || !in_file(local, l->v6))
        return NULL;
    struct line *e = &l->line[l->n++];
    memset(e, 0, sizeof(*e));
    e->local = *local;
    return e;
}

static void add_socket(struct line *e, const struct socket *s)
{
    e->uid = s->owner.uid;
    if (s->file)
        e->ino = s->file->inode->ino;
}

static void add_tcp(struct lines *l, const struct tcp_pcb *p)
{
    struct line *e = next_line(l, &p->local_ip);
    /* A half-open connection has its listener's argument. */
    const struct tcp_sock *t =
        p->state == TIME_WAIT || p->state == SYN_RCVD ? NULL : p->callback_arg;

    if (!e)
        return;
    e->local_port = p->local_port;
    e->state = tcp_linux_state(p->state);
    if (p->state != LISTEN) {
        e->remote = p->remote_ip;
        e->remote_port = p->remote_port;
    }
    if (!t)
        return;
    e->tx = t->tx_queued;
    e->rx = p->state == LISTEN ? t->nr_accepted : (uint32_t)t->rx_bytes;
    add_socket(e, &t->i.s);
}

static unsigned count_tcp(const struct tcp_pcb *p)
{
    unsigned n = 0;

    for (; p; p = p->next)
        n++;
    return n;
}

static unsigned count_active(void)
{
    unsigned n = count_tcp(tcp_active_pcbs);

    for (const struct tcp_pcb *p = NULL; (p = demux_next_parked(p));)
        n++;
    return n;
}

/* Bound UDP sockets, or listening TCP sockets. */
static unsigned count_sockets(bool udp)
{
    unsigned n = 0;

    for (const struct inet_sock *i = NULL; (i = port_next_socket(udp, i));)
        n += udp || i->s.listening;
    return n;
}

static void gather_tcp(struct lines *l)
{
    const struct tcp_pcb *lists[] = {tcp_active_pcbs, tcp_tw_pcbs};

    for (struct inet_sock *i = NULL; (i = port_next_socket(false, i));)
        if (i->s.listening)
            add_tcp(l, tcp_sk(&i->s)->pcb);
    for (unsigned k = 0; k < ARRAY_SIZE(lists); k++)
        for (const struct tcp_pcb *p = lists[k]; p; p = p->next)
            add_tcp(l, p);
    for (const struct tcp_pcb *p = NULL; (p = demux_next_parked(p));)
        add_tcp(l, p);
}

static void gather_udp(struct lines *l)
{
    for (struct inet_sock *i = NULL; (i = port_next_socket(true, i));) {
        struct line *e = next_line(l, &i->local);
        if (!e)
            continue;
        e->local_port = i->local_port;
        e->remote = i->remote;
        e->remote_port = i->remote_port;
        e->state = i->remote_port ? 1 : 7;
        e->rx = (uint32_t)dgram_sk(&i->s)->queued;
        add_socket(e, &i->s);
    }
}

static void show_lines(struct seq *s, bool v6, bool udp)
{
    struct lines l = {.v6 = v6};

    net_lock();
    l.max = SLACK + count_sockets(udp) +
            (udp ? 0 : count_active() + count_tcp(tcp_tw_pcbs));
    net_unlock();
    l.line = kmalloc(l.max * sizeof(l.line[0]), 0);
    if (!l.line) {
        s->failed = true;
        return;
    }
    net_lock();
    if (udp)
        gather_udp(&l);
    else
        gather_tcp(&l);
    net_unlock();
    seq_printf(s,
               "  sl  local_address %*s%s %*sst tx_queue rx_queue tr "
               "tm->when retrnsmt   uid  timeout inode\n",
               v6 ? 24 : 0, "", udp ? "rem_address  " : "remote_address",
               v6 ? 24 : 0, "");
    for (unsigned i = 0; i < l.n; i++) {
        const struct line *e = &l.line[i];
        seq_printf(s, "%4u:", i);
        put_addr(s, &e->local, e->local_port, v6);
        put_addr(s, &e->remote, e->remote_port, v6);
        seq_printf(s, " %02X %08X:%08X 00:00000000 00000000 %5u        0 %lu\n",
                   e->state, e->tx, e->rx, e->uid, e->ino);
    }
    kfree(l.line);
}

static void show_tcp(struct seq *s, void *arg)
{
    show_lines(s, arg != NULL, false);
}

static void show_udp(struct seq *s, void *arg)
{
    show_lines(s, arg != NULL, true);
}

/* --- interfaces and routes --------------------------------------------- */

static void show_dev(struct seq *s, void *arg)
{
    struct netif *n;

    (void)arg;
    seq_printf(s, "Inter-|   Receive                                          "
                  "      |  Transmit\n"
                  " face |bytes    packets errs drop fifo frame compressed "
                  "multicast|bytes    packets errs drop fifo colls carrier "
                  "compressed\n");
    for (n = netif_next(0); n; n = netif_next(netif_get_index(n))) {
        const struct netdev *d = netif_netdev(n);
        seq_printf(s,
                   "%6s: %7lu %7lu    0 %4lu    0     0          0         0 "
                   "%8lu %7lu    0 %4lu    0     0       0          0\n",
                   d->name, d->rx_bytes, d->rx_packets, d->rx_dropped,
                   d->tx_bytes, d->tx_packets, d->tx_dropped);
    }
}

static void put_route(struct seq *s, const char *dev, uint32_t dst, uint32_t gw,
                      unsigned flags, uint32_t mask)
{
    seq_printf(s, "%s\t%08X\t%08X\t%04X\t0\t0\t0\t%08X\t0\t0\t0\n", dev, dst,
               gw, flags, mask);
}

static void show_route(struct seq *s, void *arg)
{
    struct netif *n;

    (void)arg;
    seq_printf(s, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\t"
                  "Mask\t\tMTU\tWindow\tIRTT\n");
    NETIF_FOREACH(n)
    {
        const char *dev = netif_netdev(n)->name;
        uint32_t addr = ip4_addr_get_u32(netif_ip4_addr(n));
        uint32_t mask = ip4_addr_get_u32(netif_ip4_netmask(n));
        uint32_t gw = ip4_addr_get_u32(netif_ip4_gw(n));
        if (!addr || !netif_is_up(n) || (netif_ifflags(n) & IFF_LOOPBACK))
            continue;
        if (gw && n == netif_default)
            put_route(s, dev, 0, gw, 3, 0);
        put_route(s, dev, addr & mask, 0, 1, mask);
    }
}

static void show_sockstat(struct seq *s, void *arg)
{
    (void)arg;
    net_lock();
    unsigned tw = count_tcp(tcp_tw_pcbs), udp = count_sockets(true);
    unsigned tcp = count_active() + count_sockets(false);
    net_unlock();
    uint64_t pages = (net_mem_used() + PAGE_SIZE - 1) / PAGE_SIZE;
    seq_printf(s, "sockets: used %u\n", atomic_load(&sockets_open));
    seq_printf(s, "TCP: inuse %u orphan %u tw %u alloc %u mem %lu\n", tcp,
               tcp_orphans > tw ? tcp_orphans - tw : 0, tw, tcp, pages);
    seq_printf(s, "UDP: inuse %u mem 0\n", udp);
}

/* --- AF_UNIX ----------------------------------------------------------- */

static void put_unix(struct seq *s, const struct unix_sock *u)
{
    uint64_t ino = u->s.file ? u->s.file->inode->ino : 0;
    bool up = u->state == UNIX_CONNECTED;

    seq_printf(s, "%016lx: %08X 00000000 %08X %04X %02X %5lu", 0ul,
               atomic_load(&u->refs), u->s.listening ? 0x10000 : 0, u->s.type,
               up ? 3 : 1, ino);
    if (u->name) {
        const char *p = u->name->addr.sun_path;
        size_t len = u->name->len - offsetof(struct sockaddr_un, sun_path);
        bool abstract = !p[0];
        seq_write(s, abstract ? " @" : " ", abstract ? 2 : 1);
        seq_write(s, p + abstract,
                  abstract ? len - 1 : strnlen(p, MIN(len, (size_t)108)));
    }
    seq_write(s, "\n", 1);
}

/* The writer's buffer grows by allocation, which must not happen under the
 * spinlock: one socket at a time, found again by position. */
static void show_unix(struct seq *s, void *arg)
{
    struct unix_sock *u;
    unsigned pos = 0, k;

    (void)arg;
    seq_printf(s, "Num       RefCount Protocol Flags    Type St Inode Path\n");
    for (;; pos++) {
        char line[320];
        struct seq one = {.buf = line, .size = sizeof(line)};
        k = 0;
        spin_lock(&unix_lock);
        bool found = false;
        list_for_each (u, &unix_all, all_link) {
            if (k++ == pos) {
                put_unix(&one, u);
                found = true;
                break;
            }
        }
        spin_unlock(&unix_lock);
        if (!found)
            return;
        seq_write(s, line, one.len);
    }
}

/* --- settings, which are what they are --------------------------------- */

static const struct {
    const char *name, *text;
} settings[] = {
    {"sys/net/core/somaxconn", "4096\n"},
    {"sys/net/core/netdev_max_backlog", "1000\n"},
    {"sys/net/core/optmem_max", "20480\n"},
    {"sys/net/ipv4/ip_forward", "0\n"},
    {"sys/net/ipv4/ip_local_port_range", "32768\t60999\n"},
    {"sys/net/ipv4/ip_default_ttl", "64\n"},
    {"sys/net/ipv4/tcp_keepalive_time", "7200\n"},
    {"sys/net/ipv4/tcp_keepalive_intvl", "75\n"},
    {"sys/net/ipv4/tcp_keepalive_probes", "9\n"},
    {"sys/net/ipv4/tcp_fin_timeout", "20\n"},
    {"sys/net/ipv4/tcp_max_syn_backlog", "4096\n"},
    {"sys/net/ipv4/tcp_max_tw_buckets", "1024\n"},
    {"sys/net/ipv4/tcp_syncookies", "0\n"},
    {"sys/net/ipv4/tcp_timestamps", "0\n"},
    {"sys/net/ipv4/tcp_window_scaling", "1\n"},
    {"sys/net/ipv4/tcp_congestion_control", "reno\n"},
    {"sys/net/ipv4/tcp_available_congestion_control", "reno\n"},
    {"sys/net/ipv4/tcp_rmem", "4096\t131072\t1048576\n"},
    {"sys/net/ipv4/tcp_wmem", "4096\t262144\t1048576\n"},
    {"sys/net/unix/max_dgram_qlen", "64\n"},
    {"sys/net/ipv4/ping_group_range", "1\t0\n"},
    {"sys/net/ipv6/bindv6only", "0\n"},
};

static void show_text(struct seq *s, void *arg)
{
    seq_write(s, arg, strlen(arg));
}

static void show_int(struct seq *s, void *arg)
{
    seq_printf(s, "%d\n", *(const int *)arg);
}

static int store_int(const char *text, size_t n, void *arg)
{
    uint64_t v = str_to_u64(text, NULL, 10);

    (void)n;
    if (v < 4096 || v > (64u << 20))
        return -EINVAL;
    *(int *)arg = (int)v;
    return 0;
}

/* --- /sys/class/net ---------------------------------------------------- */

static void sys_address(struct seq *s, void *arg)
{
    const uint8_t *m = ((const struct netdev *)arg)->mac;

    seq_printf(s, "%02x:%02x:%02x:%02x:%02x:%02x\n", m[0], m[1], m[2], m[3],
               m[4], m[5]);
}

static void sys_mtu(struct seq *s, void *arg)
{
    seq_printf(s, "%u\n", ((const struct netdev *)arg)->mtu);
}

static void sys_operstate(struct seq *s, void *arg)
{
    const struct netif *n = netdev_netif(arg);
    unsigned flags = netif_ifflags(n);

    seq_printf(s, "%s\n",
               flags & IFF_LOOPBACK  ? "unknown"
               : flags & IFF_RUNNING ? "up"
                                     : "down");
}

static void sys_ifindex(struct seq *s, void *arg)
{
    seq_printf(s, "%u\n", netif_get_index(netdev_netif(arg)));
}

static void sys_flags(struct seq *s, void *arg)
{
    seq_printf(s, "0x%x\n", netif_ifflags(netdev_netif(arg)) & 0xffff);
}

static void sys_carrier(struct seq *s, void *arg)
{
    seq_printf(s, "%u\n", ((const struct netdev *)arg)->link_up);
}

static void sys_type(struct seq *s, void *arg)
{
    bool lo = netif_ifflags(netdev_netif(arg)) & IFF_LOOPBACK;

    seq_printf(s, "%u\n", lo ? 772u : 1u);
}

static void sys_counter(struct seq *s, void *arg)
{
    seq_printf(s, "%lu\n", *(const uint64_t *)arg);
}

static void add(const struct netdev *d, const char *file,
                void (*show)(struct seq *, void *), const void *arg)
{
    char name[64];

    ksnprintf(name, sizeof(name), "class/net/%s/%s", d->name, file);
    sysfs_add(name, show, (void *)(uintptr_t)arg);
}

void net_proc_add_device(struct netdev *d)
{
    net6_proc_add_device(d->name);
    add(d, "address", sys_address, d);
    add(d, "mtu", sys_mtu, d);
    add(d, "operstate", sys_operstate, d);
    add(d, "ifindex", sys_ifindex, d);
    add(d, "flags", sys_flags, d);
    add(d, "carrier", sys_carrier, d);
    add(d, "type", sys_type, d);
    add(d, "statistics/rx_bytes", sys_counter, &d->rx_bytes);
    add(d, "statistics/rx_packets", sys_counter, &d->rx_packets);
    add(d, "statistics/rx_dropped", sys_counter, &d->rx_dropped);
    add(d, "statistics/tx_bytes", sys_counter, &d->tx_bytes);
    add(d, "statistics/tx_packets", sys_counter, &d->tx_packets);
    add(d, "statistics/tx_dropped", sys_counter, &d->tx_dropped);
}

void net_proc_init(void)
{
    static int *const buffers[] = {&sock_rmem_default, &sock_wmem_default,
                                   &sock_rmem_max, &sock_wmem_max};
    static const char *const names[] = {
        "sys/net/core/rmem_default", "sys/net/core/wmem_default",
        "sys/net/core/rmem_max", "sys/net/core/wmem_max"};

    proc_add("net/dev", show_dev, NULL);
    proc_add("net/tcp", show_tcp, NULL);
    proc_add("net/tcp6", show_tcp, (void *)1);
    proc_add("net/udp", show_udp, NULL);
    proc_add("net/udp6", show_udp, (void *)1);
    proc_add("net/unix", show_unix, NULL);
    proc_add("net/route", show_route, NULL);
    net6_proc_init();
    proc_add("net/sockstat", show_sockstat, NULL);
    for (unsigned i = 0; i < ARRAY_SIZE(settings); i++)
        proc_add(settings[i].name, show_text,
                 (void *)(uintptr_t)settings[i].text);
    for (unsigned i = 0; i < ARRAY_SIZE(buffers); i++)
        proc_add_rw(names[i], show_int, store_int, buffers[i]);
}
