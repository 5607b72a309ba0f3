/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sock_ioctl.c - netdevice(7): interfaces through ioctls on any socket.
 */
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/route.h>
#include <linux/sockios.h>

#include "abi/netconf.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "net/net6.h"
#include "net/net_priv.h"
#include "net/socket.h"
#include "proc/process.h"
#include "sched/cpu.h"

#define TXQLEN 1000

static bool may_configure(void)
{
    return current_process()->euid == 0;
}

/* --- addresses as struct sockaddr -------------------------------------- */

static void addr_out(struct sockaddr *sa, uint32_t addr)
{
    struct sockaddr_in sin = {.sin_family = AF_INET};

    sin.sin_addr.s_addr = addr;
    memcpy(sa, &sin, sizeof(sin));
}

static int addr_in(const struct sockaddr *sa, ip4_addr_t *out)
{
    struct sockaddr_in sin;

    memcpy(&sin, sa, sizeof(sin));
    if (sin.sin_family != AF_INET)
        return -EINVAL;
    ip4_addr_set_u32(out, sin.sin_addr.s_addr);
    return 0;
}

/* --- SIOCGIFCONF ------------------------------------------------------- */

/* Interfaces that have an IPv4 address. Returns how many fit into (max). */
static unsigned collect(struct ifreq *r, unsigned max)
{
    unsigned n = 0;

    net_lock();
    for (struct netif *i = netif_next(0); i && n < max;
         i = netif_next(netif_get_index(i))) {
        uint32_t addr = ip4_addr_get_u32(netif_ip4_addr(i));
        if (!addr)
            continue;
        memset(&r[n], 0, sizeof(r[n]));
        strlcpy(r[n].ifr_name, netif_netdev(i)->name, IFNAMSIZ);
        addr_out(&r[n++].ifr_addr, addr);
    }
    net_unlock();
    return n;
}

static long get_conf(struct ifconf __user *user)
{
    struct ifreq reqs[16];
    struct ifconf c;

    if (copy_from_user(&c, user, sizeof(c)))
        return -EFAULT;
    unsigned max = ARRAY_SIZE(reqs);
    if (c.ifc_buf)
        max = MIN(max, (unsigned)MAX(c.ifc_len, 0) / (unsigned)sizeof(reqs[0]));
    unsigned n = collect(reqs, max);
    if (c.ifc_buf && copy_to_user(c.ifc_buf, reqs, n * sizeof(reqs[0])))
        return -EFAULT;
    c.ifc_len = (int)(n * sizeof(reqs[0]));
    return copy_to_user(user, &c, sizeof(c));
}

/* --- one interface ----------------------------------------------------- */

static void hwaddr_out(struct sockaddr *sa, const struct netif *n)
{
    memset(sa, 0, sizeof(*sa));
    if (netif_ifflags(n) & IFF_LOOPBACK) {
        sa->sa_family = ARPHRD_LOOPBACK;
        return;
    }
    sa->sa_family = ARPHRD_ETHER;
    memcpy(sa->sa_data, netif_netdev(n)->mac, 6);
}

static int get(struct netif *n, unsigned cmd, struct ifreq *r)
{
    uint32_t addr = ip4_addr_get_u32(netif_ip4_addr(n));
    uint32_t mask = ip4_addr_get_u32(netif_ip4_netmask(n));
    bool lo = netif_ifflags(n) & IFF_LOOPBACK;

    switch (cmd) {
    case SIOCGIFADDR:
    case SIOCGIFNETMASK:
    case SIOCGIFBRDADDR:
    case SIOCGIFDSTADDR:
        if (!addr)
            return -EADDRNOTAVAIL;
        addr_out(&r->ifr_addr, cmd == SIOCGIFNETMASK   ? mask
                               : cmd == SIOCGIFBRDADDR ? (lo ? 0 : addr | ~mask)
                                                       : addr);
        return 0;
    case SIOCGIFFLAGS:
        r->ifr_flags = (short)netif_ifflags(n);
        return 0;
    case SIOCGIFHWADDR:
        hwaddr_out(&r->ifr_hwaddr, n);
        return 0;
    case SIOCGIFMTU:
        r->ifr_mtu = (int)netif_netdev(n)->mtu;
        return 0;
    case SIOCGIFINDEX:
        r->ifr_ifindex = netif_get_index(n);
        return 0;
    case SIOCGIFMETRIC:
        r->ifr_metric = 0;
        return 0;
    case SIOCGIFTXQLEN:
        r->ifr_qlen = TXQLEN;
        return 0;
    case SIOCGIFMAP:
        memset(&r->ifr_map, 0, sizeof(r->ifr_map));
        return 0;
    default:
        return -EINVAL;
    }
}

/* inet(4): a new address brings the mask of its class. */
static uint32_t class_mask(const ip4_addr_t *a)
{
    uint32_t v = lwip_ntohl(ip4_addr_get_u32(a));

    if (!v)
        return 0;
    return lwip_htonl(v >> 31 == 0   ? 0xff000000
                      : v >> 30 == 2 ? 0xffff0000
                                     : 0xffffff00);
}

static int set_mtu(struct netif *n, int mtu)
{
    struct netdev *d = netif_netdev(n);

    if (mtu < 68 ||
        (unsigned)mtu > (netif_ifflags(n) & IFF_LOOPBACK ? 65536u : 1500u))
        return -EINVAL;
    d->mtu = (unsigned)mtu;
    n->mtu = n->mtu6 = (u16_t)MIN(mtu, (int)UINT16_MAX);
    return 0;
}

static int set(struct netif *n, unsigned cmd, const struct ifreq *r)
{
    ip4_addr_t a, m;
    int rc;

    switch (cmd) {
    case SIOCSIFADDR:
        if ((rc = addr_in(&r->ifr_addr, &a)))
            return rc;
        net_timer_link();
        ip4_addr_set_u32(&m, class_mask(&a));
        netif_set_addr(n, &a, &m, netif_ip4_gw(n));
        netdev_set_up(n, true);
        return 0;
    case SIOCSIFNETMASK:
        if ((rc = addr_in(&r->ifr_netmask, &m)))
            return rc;
        netif_set_netmask(n, &m);
        return 0;
    case SIOCSIFBRDADDR: /* follows from address and mask */
        return addr_in(&r->ifr_broadaddr, &a);
    case SIOCSIFFLAGS:
        netdev_set_up(n, r->ifr_flags & IFF_UP);
        return 0;
    case SIOCSIFMTU:
        return set_mtu(n, r->ifr_mtu);
    default:
        return -EINVAL;
    }
}

static long on_interface(unsigned cmd, struct ifreq __user *user, bool change)
{
    struct ifreq r;

    if (change && !may_configure())
        return -EPERM;
    if (copy_from_user(&r, user, sizeof(r)))
        return -EFAULT;
    r.ifr_name[IFNAMSIZ - 1] = '\0';
    net_lock();
    struct netif *n = netif_by_name(r.ifr_name);
    int rc = !n ? -ENODEV : change ? set(n, cmd, &r) : get(n, cmd, &r);
    net_unlock();
    if (!rc && !change && copy_to_user(user, &r, sizeof(r)))
        rc = -EFAULT;
    return rc;
}

static long get_name(struct ifreq __user *user)
{
    struct ifreq r;

    if (copy_from_user(&r, user, sizeof(r)))
        return -EFAULT;
    net_lock();
    struct netif *n = netif_by_index((unsigned)r.ifr_ifindex);
    if (n)
        strlcpy(r.ifr_name, netif_netdev(n)->name, IFNAMSIZ);
    net_unlock();
    if (!n)
        return -ENODEV;
    return copy_to_user(user, &r, sizeof(r));
}

/* --- routes ------------------------------------------------------------ */

/* The interface a gateway is on, or the one named. */
static struct netif *route_netif(const char *dev, const ip4_addr_t *gw)
{
    struct netif *n;

    if (dev[0])
        return netif_by_name(dev);
    NETIF_FOREACH(n)
    if (!ip4_addr_isany(netif_ip4_addr(n)) &&
        ip4_addr_netcmp(gw, netif_ip4_addr(n), netif_ip4_netmask(n)))
        return n;
    return NULL;
}

/* The stack has one route beside those to the interfaces' own networks: the
 * default one. */
static long change_route(unsigned cmd, const struct rtentry __user *user)
{
    char dev[IFNAMSIZ] = "";
    ip4_addr_t dst, mask, gw;
    struct rtentry r;
    long rc = 0;

    if (!may_configure())
        return -EPERM;
    if (copy_from_user(&r, user, sizeof(r)))
        return -EFAULT;
    if (r.rt_dev && strncpy_from_user(dev, r.rt_dev, sizeof(dev)) < 0)
        return -EINVAL;
    if (addr_in(&r.rt_dst, &dst))
        return -EAFNOSUPPORT;
    ip4_addr_set_any(&mask);
    ip4_addr_set_any(&gw);
    if (addr_in(&r.rt_genmask, &mask) && r.rt_genmask.sa_family)
        return -EAFNOSUPPORT;
    if ((r.rt_flags & RTF_GATEWAY) && addr_in(&r.rt_gateway, &gw))
        return -EINVAL;
    if (!ip4_addr_isany_val(dst) || !ip4_addr_isany_val(mask))
        return -EOPNOTSUPP;
    net_lock();
    struct netif *n = route_netif(dev, &gw);
    if (!n) {
        rc = dev[0] ? -ENODEV : -ENETUNREACH;
    } else if (cmd == SIOCADDRT) {
        netif_set_gw(n, &gw);
        netif_set_default(n);
    } else if (n != netif_default || ip4_addr_isany(netif_ip4_gw(n))) {
        rc = -ESRCH;
    } else {
        netif_set_gw(n, IP4_ADDR_ANY4);
    }
    net_unlock();
    return rc;
}

/* --- requests of our own (abi/netconf.h) ------------------------------- */

/* The interface's name, and (size) bytes that ifr_data points to. */
static int conf_in(struct ifreq __user *user, struct ifreq *r, void *conf,
                   size_t size)
{
    if (!may_configure())
        return -EPERM;
    if (copy_from_user(r, user, sizeof(*r)) ||
        copy_from_user(conf, r->ifr_data, size))
        return -EFAULT;
    r->ifr_name[IFNAMSIZ - 1] = '\0';
    return 0;
}

static long dhcp(struct ifreq __user *user)
{
    struct netconf_dhcp conf;
    struct ifreq r;
    int rc = conf_in(user, &r, &conf, sizeof(conf));

    if (!rc)
        rc = net_dhcp(r.ifr_name, &conf);
    if (rc)
        return rc;
    return copy_to_user(r.ifr_data, &conf, sizeof(conf));
}

/* What was found until the time was up is answered, too. */
static long ip6(struct ifreq __user *user)
{
    struct netconf_ip6 conf;
    struct ifreq r;
    int rc = conf_in(user, &r, &conf, sizeof(conf));

    if (!rc)
        rc = net6_configure(r.ifr_name, &conf);
    if (rc && rc != -ETIMEDOUT)
        return rc;
    return copy_to_user(r.ifr_data, &conf, sizeof(conf)) ? -EFAULT : rc;
}

/* Those that mean something else on an AF_INET6 socket. */
static long inet6_ioctl(unsigned cmd, unsigned long arg)
{
    if (!may_configure())
        return -EPERM;
    return cmd == SIOCADDRT || cmd == SIOCDELRT ? net6_ioctl_route(cmd, arg)
                                                : net6_ioctl_addr(cmd, arg);
}

long socket_ioctl(struct socket *s, unsigned cmd, unsigned long arg)
{
    void __user *user = (void __user *)arg;
    int owner;

    if (s->family == AF_INET6 && (cmd == SIOCSIFADDR || cmd == SIOCDIFADDR ||
                                  cmd == SIOCADDRT || cmd == SIOCDELRT))
        return inet6_ioctl(cmd, arg);

    switch (cmd) {
    case SIOCGIFCONF:
        return get_conf(user);
    case SIOCGIFNAME:
        return get_name(user);
    case SIOCGIFADDR:
    case SIOCGIFNETMASK:
    case SIOCGIFBRDADDR:
    case SIOCGIFDSTADDR:
    case SIOCGIFFLAGS:
    case SIOCGIFHWADDR:
    case SIOCGIFMTU:
    case SIOCGIFINDEX:
    case SIOCGIFMETRIC:
    case SIOCGIFTXQLEN:
    case SIOCGIFMAP:
        return on_interface(cmd, user, false);
    case SIOCSIFADDR:
    case SIOCSIFNETMASK:
    case SIOCSIFBRDADDR:
    case SIOCSIFFLAGS:
    case SIOCSIFMTU:
        return on_interface(cmd, user, true);
    case SIOCADDRT:
    case SIOCDELRT:
        return change_route(cmd, user);
    case SIOCUNIBEAMDHCP:
        return dhcp(user);
    case SIOCUNIBEAMIP6:
        return ip6(user);
    case SIOCSPGRP:
    case FIOSETOWN:
        if (get_user(owner, (int __user *)arg))
            return -EFAULT;
        s->file->owner_pid = owner;
        return 0;
    case SIOCGPGRP:
    case FIOGETOWN:
        return put_user(s->file->owner_pid, (int __user *)arg);
    default:
        return -ENOTTY;
    }
}
