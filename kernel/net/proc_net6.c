/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_net6.c - /proc/net/if_inet6 and ipv6_route, /proc/sys/net/ipv6.
 */
#include <linux/if.h>
#include <linux/if_addr.h>

#include "fs/vfs.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "net/net6.h"

/* Gathered under net_lock, where the text's buffer must not grow. */
#define LINES 64

struct addr_line {
    ip6_addr_t addr;
    unsigned index, prefix, scope, flags;
    char dev[16];
};

static unsigned scope_of(const ip6_addr_t *a)
{
    return ip6_addr_isloopback(a)    ? 0x10
           : ip6_addr_islinklocal(a) ? 0x20
           : ip6_addr_issitelocal(a) ? 0x40
                                     : 0;
}

static unsigned gather_addrs(struct addr_line *line)
{
    unsigned count = 0;

    net_lock();
    net_timer_link(); /* lifetimes as of now */
    for (struct netif *n = netif_next(0); n; n = netif_next(netif_get_index(n)))
        for (int k = 0; k < LWIP_IPV6_NUM_ADDRESSES && count < LINES; k++) {
            if (ip6_addr_isinvalid(netif_ip6_addr_state(n, k)))
                continue;
            struct addr_line *l = &line[count++];
            l->addr = *netif_ip6_addr(n, k);
            l->index = netif_get_index(n);
            l->prefix = net6_slot(n, k).prefix;
            l->scope = scope_of(&l->addr);
            l->flags = net6_ifa_flags(n, k);
            strlcpy(l->dev, netif_netdev(n)->name, sizeof(l->dev));
        }
    net_unlock();
    return count;
}

static void put_addr(struct seq *s, const ip6_addr_t *a)
{
    for (int w = 0; w < 4; w++)
        seq_printf(s, "%08x", lwip_ntohl(a->addr[w]));
}

static void show_if_inet6(struct seq *s, void *arg)
{
    struct addr_line line[LINES];
    unsigned n = gather_addrs(line);

    (void)arg;
    for (unsigned i = 0; i < n; i++) {
        put_addr(s, &line[i].addr);
        seq_printf(s, " %02x %02x %02x %02x %8s\n", line[i].index,
                   line[i].prefix, line[i].scope, line[i].flags & 0xff,
                   line[i].dev);
    }
}

/* --- routes ------------------------------------------------------------ */

#define RTF_UP       0x1
#define RTF_GATEWAY  0x2
#define RTF_ADDRCONF 0x40000

struct routes {
    struct net6_route route[LINES];
    const char *dev[LINES];
    const char *now;
    unsigned n;
};

static void add_route(void *arg, const struct net6_route *r)
{
    struct routes *all = arg;

    if (all->n == LINES)
        return;
    all->dev[all->n] = all->now;
    all->route[all->n++] = *r;
}

static void show_ipv6_route(struct seq *s, void *arg)
{
    static const ip6_addr_t any;
    struct routes all = {.n = 0};

    (void)arg;
    net_lock();
    net_timer_link();
    for (struct netif *n = netif_next(0); n;
         n = netif_next(netif_get_index(n))) {
        all.now = netif_netdev(n)->name; /* devices never go away */
        net6_for_routes(n, add_route, &all);
    }
    net_unlock();
    for (unsigned i = 0; i < all.n; i++) {
        const struct net6_route *r = &all.route[i];
        bool via = !ip6_addr_isany(&r->gateway);
        put_addr(s, &r->dst);
        seq_printf(s, " %02x ", r->len);
        put_addr(s, &any);
        seq_printf(s, " 00 ");
        put_addr(s, &r->gateway);
        seq_printf(s, " %08x %08x %08x %08x %8s\n", via ? 1024 : 256, 1, 0,
                   RTF_UP | (via ? RTF_GATEWAY : 0) |
                       (r->advertised ? RTF_ADDRCONF : 0),
                   all.dev[i]);
    }
}

/* --- settings, which are what they are --------------------------------- */

static void show_text(struct seq *s, void *arg)
{
    seq_write(s, arg, strlen(arg));
}

static void show_disabled(struct seq *s, void *arg)
{
    net_lock();
    const struct netif *n = netif_by_name(arg);
    bool off = n && net6_of(n)->mode == NETCONF_IP6_NONE;
    net_unlock();
    seq_printf(s, "%d\n", off);
}

static void show_mtu(struct seq *s, void *arg)
{
    net_lock();
    struct netif *n = netif_by_name(arg);
    unsigned mtu = !n                                ? 1280
                   : netif_ifflags(n) & IFF_LOOPBACK ? netif_netdev(n)->mtu
                                                     : n->mtu6;
    net_unlock();
    seq_printf(s, "%u\n", mtu);
}

static const struct {
    const char *name, *text;
} conf[] = {
    {"accept_ra", "1\n"},  {"autoconf", "1\n"},      {"forwarding", "0\n"},
    {"hop_limit", "64\n"}, {"dad_transmits", "1\n"}, {"use_tempaddr", "0\n"},
};

/* (name): an interface's, or "all" and "default". It stays. */
void net6_proc_add_device(const char *name)
{
    char path[80];

    for (unsigned i = 0; i < ARRAY_SIZE(conf); i++) {
        ksnprintf(path, sizeof(path), "sys/net/ipv6/conf/%s/%s", name,
                  conf[i].name);
        proc_add(path, show_text, (void *)(uintptr_t)conf[i].text);
    }
    ksnprintf(path, sizeof(path), "sys/net/ipv6/conf/%s/disable_ipv6", name);
    proc_add(path, show_disabled, (void *)(uintptr_t)name);
    ksnprintf(path, sizeof(path), "sys/net/ipv6/conf/%s/mtu", name);
    proc_add(path, show_mtu, (void *)(uintptr_t)name);
}

void net6_proc_init(void)
{
    net6_proc_add_device("all");
    net6_proc_add_device("default");
    proc_add("net/if_inet6", show_if_inet6, NULL);
    proc_add("net/ipv6_route", show_ipv6_route, NULL);
}
