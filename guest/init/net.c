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

/* <linux/ipv6.h>, which a C library need not have. */
struct in6_ifreq {
    struct in6_addr ifr6_addr;
    uint32_t ifr6_prefixlen;
    int ifr6_ifindex;
};

static int configure6(int fd, const struct ip6conf *ip)
{
    int index = (int)if_nametoindex(NET_IF);
    struct in6_ifreq r = {.ifr6_prefixlen = ip->prefix, .ifr6_ifindex = index};
    struct in6_rtmsg rt = {.rtmsg_flags = RTF_UP | RTF_GATEWAY,
                           .rtmsg_metric = 1,
                           .rtmsg_ifindex = index};

    memcpy(&r.ifr6_addr, ip->addr, sizeof(ip->addr));
    memcpy(&rt.rtmsg_gateway, ip->gateway, sizeof(ip->gateway));
    if (ioctl(fd, SIOCSIFADDR, &r) && errno != EEXIST)
        return -1;
    return net_addr6_any(ip->gateway) ? 0 : ioctl(fd, SIOCADDRT, &rt);
}

int net_static6(const struct ip6conf *ip, struct err *e)
{
    struct netconf_ip6 six;
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int r = 0;

    if (fd < 0)
        return err_set(e, "cannot open a socket: %s", strerror(errno));
    net_ip6(NETCONF_IP6_STATIC, 0, &six);
    /* A gateway must be on the link, which the address says once it is known
     * to be nobody else's. */
    if (configure6(fd, ip) &&
        (errno != EHOSTUNREACH || net_ip6(NETCONF_IP6_KEEP, 5000, &six) ||
         configure6(fd, ip)))
        r = err_set(e, "cannot configure %s for IPv6: %s", NET_IF,
                    strerror(errno));
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

int net_ip6(enum netconf_ip6_mode mode, unsigned timeout_ms,
            struct netconf_ip6 *six)
{
    struct ifreq r = request(NET_IF);
    struct err e;
    int fd = net_socket(&e);
    int result = 0;

    memset(six, 0, sizeof(*six));
    if (fd < 0)
        return -ENODEV;
    six->mode = mode;
    six->timeout_ms = timeout_ms;
    r.ifr_data = (void *)six;
    if (ioctl(fd, SIOCUNIBEAMIP6, &r))
        result = -errno;
    close(fd);
    if (six->ndns > NETCONF_DNS6_MAX)
        six->ndns = NETCONF_DNS6_MAX;
    six->search[sizeof(six->search) - 1] = 0;
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

char *net_addr6_text(struct pool *p, const uint8_t addr[16])
{
    char text[INET6_ADDRSTRLEN];

    return pool_strdup(p, inet_ntop(AF_INET6, addr, text, sizeof(text)));
}

int net_addr6_any(const uint8_t addr[16])
{
    static const uint8_t any[16];

    return !memcmp(addr, any, 16);
}

static char *host_line(struct pool *p, const char *addr, const char *hostname,
                       const char *domain)
{
    if (!*domain || strchr(hostname, '.'))
        return pool_printf(p, "%s\t%s\n", addr, hostname);
    return pool_printf(p, "%s\t%s.%s %s\n", addr, hostname, domain, hostname);
}

char *net_hosts(struct pool *p, const struct net_names *n)
{
    /* A host that can name itself without the network: RFC 5735's loopback
     * block has room for it beside localhost. */
    int has6 = !net_addr6_any(n->six.addr);
    const char *d = clean_domain(n->domain);
    const char *own = n->addr ? net_addr_text(p, n->addr) : "127.0.1.1";

    return pool_printf(
        p, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n%s%s",
        n->addr || !has6 ? host_line(p, own, n->hostname, d) : "",
        has6 ? host_line(p, net_addr6_text(p, n->six.addr), n->hostname, d)
             : "");
}

/* The resolver needs to know the link of a link-local address. */
static const char *scope_of(const uint8_t a[16])
{
    return a[0] == 0xfe && (a[1] & 0xc0) == 0x80 ? "%" NET_IF : "";
}

/* The kernel has looked at the domains from IPv6. */
char *net_resolv(struct pool *p, const struct net_names *n)
{
    const char *d = clean_domain(n->domain);
    const char *more = n->six.search;
    char *text = pool_strdup(p, "");

    if (*d && strcmp(d, more) && *more)
        text = pool_printf(p, "search %s %s\n", d, more);
    else if (*d || *more)
        text = pool_printf(p, "search %s\n", *d ? d : more);
    for (unsigned i = 0; i < n->ndns; i++)
        text = pool_printf(p, "%snameserver %s\n", text,
                           net_addr_text(p, n->dns[i]));
    for (unsigned i = 0; i < n->six.ndns; i++)
        text = pool_printf(p, "%snameserver %s%s\n", text,
                           net_addr6_text(p, n->six.dns[i]),
                           scope_of(n->six.dns[i]));
    return text;
}
