/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int net_socket(struct err *e)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        err_set(e, "cannot open a socket: %s", strerror(errno));
    return fd;
}

static struct ifreq request(const char *name)
{
    struct ifreq r = {0};

    strncpy(r.ifr_name, name, sizeof(r.ifr_name) - 1);
    return r;
}

static void set_sockaddr(struct sockaddr *sa, uint32_t addr)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = addr,
    };

    memcpy(sa, &in, sizeof(in));
}

static int set_addr(int fd, int what, const char *name, uint32_t addr)
{
    struct ifreq r = request(name);

    set_sockaddr(&r.ifr_addr, addr);
    return ioctl(fd, what, &r);
}

static int set_up(int fd, const char *name)
{
    struct ifreq r = request(name);

    if (ioctl(fd, SIOCGIFFLAGS, &r))
        return -1;
    r.ifr_flags |= IFF_UP | IFF_RUNNING;
    return ioctl(fd, SIOCSIFFLAGS, &r);
}

static int set_gateway(int fd, uint32_t gateway)
{
    struct rtentry rt = {.rt_flags = RTF_UP | RTF_GATEWAY};

    set_sockaddr(&rt.rt_dst, 0);
    set_sockaddr(&rt.rt_genmask, 0);
    set_sockaddr(&rt.rt_gateway, gateway);
    return ioctl(fd, SIOCADDRT, &rt);
}

/* Address and mask first: Linux derives a mask from the address's old class
 * when the address is set, so the order is part of the interface. */
static int configure(int fd, const char *name, uint32_t addr, uint32_t mask,
                     struct err *e)
{
    if (set_addr(fd, SIOCSIFADDR, name, addr) ||
        set_addr(fd, SIOCSIFNETMASK, name, mask) || set_up(fd, name))
        return err_set(e, "cannot configure %s: %s", name, strerror(errno));
    return 0;
}

int net_loopback(struct err *e)
{
    int fd = net_socket(e);
    int r;

    if (fd < 0)
        return -1;
    r = configure(fd, "lo", htonl(INADDR_LOOPBACK), htonl(0xff000000), e);
    close(fd);
    return r;
}

int net_static(const struct ipconf *ip, struct err *e)
{
    int fd = net_socket(e);
    int r;

    if (fd < 0)
        return -1;
    r = configure(fd, NET_IF, ip->addr, ip->netmask, e);
    if (r == 0 && ip->gateway && set_gateway(fd, ip->gateway) &&
        errno != EEXIST)
        r = err_set(e, "cannot set the gateway: %s", strerror(errno));
    close(fd);
    return r;
}

int net_present(void)
{
    struct ifreq r = request(NET_IF);
    struct err e;
    int fd = net_socket(&e);
    int there;

    if (fd < 0)
        return 0;
    there = ioctl(fd, SIOCGIFFLAGS, &r) == 0;
    close(fd);
    return there;
}

int net_dhcp(unsigned timeout_ms, struct netconf_dhcp *lease)
{
    struct ifreq r = request(NET_IF);
    struct err e;
    int fd = net_socket(&e);
    int result = 0;

    if (fd < 0)
        return -ENODEV;
    memset(lease, 0, sizeof(*lease));
    lease->timeout_ms = timeout_ms;
    r.ifr_data = (void *)lease;
    if (ioctl(fd, SIOCUNIBEAMDHCP, &r))
        result = -errno;
    close(fd);
    if (lease->ndns > NETCONF_DNS_MAX)
        lease->ndns = NETCONF_DNS_MAX;
    lease->hostname[sizeof(lease->hostname) - 1] = 0;
    lease->domain[sizeof(lease->domain) - 1] = 0;
    return result;
}

char *net_addr_text(struct pool *p, uint32_t addr)
{
    char text[INET_ADDRSTRLEN];

    return pool_strdup(p, inet_ntop(AF_INET, &addr, text, sizeof(text)));
}

/* A domain from a DHCP server ends up in files other programs parse. */
static const char *clean_domain(const char *domain)
{
    return conf_valid_hostname(domain) ? domain : "";
}

char *net_hosts(struct pool *p, const char *hostname, const char *domain,
                uint32_t addr)
{
    /* A host that can name itself without the network: RFC 5735's loopback
     * block has room for it beside localhost. */
    const char *own = addr ? net_addr_text(p, addr) : "127.0.1.1";
    const char *d = clean_domain(domain);

    if (!*d || strchr(hostname, '.'))
        return pool_printf(p, "127.0.0.1\tlocalhost\n%s\t%s\n", own, hostname);
    return pool_printf(p, "127.0.0.1\tlocalhost\n%s\t%s.%s %s\n", own, hostname,
                       d, hostname);
}

char *net_resolv(struct pool *p, const char *domain, const uint32_t *dns,
                 unsigned ndns)
{
    const char *d = clean_domain(domain);
    char *text = *d ? pool_printf(p, "search %s\n", d) : pool_strdup(p, "");

    for (unsigned i = 0; i < ndns; i++)
        text =
            pool_printf(p, "%snameserver %s\n", text, net_addr_text(p, dns[i]));
    return text;
}
