/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net6_conf.c - how programs configure IPv6: ioctls of netdevice(7) on AF_INET6
 * sockets, and what process 1 asks for (abi/netconf.h).
 */
#include "net/net6.h"

#include <linux/ipv6.h>
#include <linux/ipv6_route.h>
#include <linux/sockios.h>

#include "lib/string.h"
#include "mem/user.h"
#include "sched/wait.h"

static struct wait_queue changed = WAIT_QUEUE_INIT(changed);

void net6_conf_changed(void)
{
    wq_wake_all(&changed, 0);
}

static void take_addr(ip6_addr_t *a, const struct in6_addr *from)
{
    memset(a, 0, sizeof(*a));
    memcpy(a->addr, from, 16);
}

/* SIOCSIFADDR, SIOCDIFADDR. */
long net6_ioctl_addr(unsigned cmd, unsigned long arg)
{
    struct in6_ifreq r;
    ip6_addr_t a;
    int rc;

    if (copy_from_user(&r, (void __user *)arg, sizeof(r)))
        return -EFAULT;
    if (r.ifr6_prefixlen > 128)
        return -EINVAL;
    take_addr(&a, &r.ifr6_addr);
    net_lock();
    struct netif *n = netif_by_index((unsigned)r.ifr6_ifindex);
    if (!n)
        rc = -ENODEV;
    else if (cmd == SIOCDIFADDR)
        rc = net6_remove(n, &a, (uint8_t)r.ifr6_prefixlen);
    else if (ip6_addr_isany(&a) || ip6_addr_ismulticast(&a))
        rc = -EADDRNOTAVAIL;
    else if (net6_of(n)->mode == NETCONF_IP6_NONE)
        rc = -EACCES; /* as Linux with disable_ipv6 */
    else
        rc = net6_add(n, &a, (uint8_t)r.ifr6_prefixlen, NET6_STATIC, UINT32_MAX,
                      UINT32_MAX);
    net_unlock();
    return rc;
}

/* SIOCADDRT, SIOCDELRT: beside the prefixes of addresses there is the default
 * route only. */
long net6_ioctl_route(unsigned cmd, unsigned long arg)
{
    struct in6_rtmsg r;
    ip6_addr_t gateway = {0};
    int rc;

    if (copy_from_user(&r, (void __user *)arg, sizeof(r)))
        return -EFAULT;
    if (r.rtmsg_dst_len > 128 || r.rtmsg_src_len > 128)
        return -EINVAL;
    if (r.rtmsg_dst_len || r.rtmsg_src_len)
        return -EOPNOTSUPP;
    if (cmd == SIOCADDRT)
        take_addr(&gateway, &r.rtmsg_gateway);
    net_lock();
    struct netif *n = netif_by_index((unsigned)r.rtmsg_ifindex);
    if (!n)
        rc = -ENODEV;
    else if (cmd == SIOCADDRT && ip6_addr_isany(&gateway))
        rc = -EOPNOTSUPP;
    else if (cmd == SIOCDELRT && ip6_addr_isany(&net6_of(n)->gateway))
        rc = -ESRCH;
    else
        rc = net6_set_gateway(n, &gateway);
    net_unlock();
    return rc;
}

static bool have_address(struct netif *n)
{
    net_lock();
    bool yes = net6_global(n);
    net_unlock();
    return yes;
}

static void fill(const struct netif *n, struct netconf_ip6 *conf)
{
    const ip6_addr_t *a = net6_global(n);

    memset(conf->addr, 0, sizeof(conf->addr));
    if (a)
        memcpy(conf->addr, a->addr, 16);
    net6_dns_fill(conf);
}

/* Devices never go away, so (n) stays valid without the lock. */
int net6_configure(const char *ifname, struct netconf_ip6 *conf)
{
    nsec_t deadline =
        time_monotonic() + (nsec_t)conf->timeout_ms * NSEC_PER_MSEC;

    if (conf->mode > NETCONF_IP6_STATIC)
        return -EINVAL;
    net_lock();
    struct netif *n = netif_by_name(ifname);
    if (n && conf->mode != NETCONF_IP6_KEEP) {
        net6_set_mode(n, conf->mode);
        if (conf->mode != NETCONF_IP6_NONE)
            netdev_set_up(n, true);
    }
    bool none = n && net6_of(n)->mode == NETCONF_IP6_NONE;
    net_unlock();
    if (!n)
        return -ENODEV;
    int rc = none || have_address(n) || !conf->timeout_ms
                 ? 0
                 : WAIT_EVENT_FULL(&changed, have_address(n),
                                   SLEEP_INTERRUPTIBLE, deadline);
    if (rc && rc != -ETIMEDOUT)
        return rc;
    net_lock();
    fill(n, conf);
    net_unlock();
    return none || have_address(n) ? 0 : -ETIMEDOUT;
}
