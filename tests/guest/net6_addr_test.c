/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net6_addr_test.c - IPv6 addresses of loopback: set and removed, and how
 * netlink, getifaddrs(3), /proc and getaddrinfo(3) tell of them. Prints a line
 * per fact, the same on Linux and here.
 */
#define _GNU_SOURCE
#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <linux/ipv6_route.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netdb.h>
#include <signal.h>

#include "net6_show.h"

static void setting(void)
{
    struct in6_ifreq none = {.ifr6_ifindex = 99, .ifr6_prefixlen = 64};
    struct in6_rtmsg route = {.rtmsg_ifindex = 99};
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);

    SECTION("setting");
    T(lo_addr(SIOCSIFADDR, "2001:db8:9::1", 64));
    T(lo_addr(SIOCSIFADDR, "2001:db8:9::1", 64));
    T(lo_addr(SIOCSIFADDR, "2001:db8:9::2", 129));
    T(lo_addr(SIOCSIFADDR, "2001:db8:9::2", 128));
    T(lo_addr(SIOCSIFADDR, "fd00:9::2", 48));
    T(lo_addr(SIOCDIFADDR, "2001:db8:9::3", 64));
    T(lo_addr(SIOCDIFADDR, "2001:db8:9::1", 65));
    T(lo_addr(SIOCDIFADDR, "2001:db8:9::1", 64));
    T(lo_addr(SIOCDIFADDR, "2001:db8:9::2", 128));
    T(lo_addr(SIOCDIFADDR, "fd00:9::2", 48));
    T(lo_addr(SIOCSIFADDR, "ff02::99", 64));
    T(lo_addr(SIOCSIFADDR, "::", 64));
    inet_pton(AF_INET6, "2001:db8:9::1", &none.ifr6_addr);
    T(ioctl(fd, SIOCSIFADDR, &none));
    T(ioctl(fd, SIOCDIFADDR, &none));
    T(ioctl(fd, SIOCADDRT, &route));
    T(ioctl(fd, SIOCSIFADDR, NULL));
    close(fd);
}

static int prefix_of(const struct sockaddr *mask)
{
    const struct sockaddr_in6 *m = (const void *)mask;
    int n = 0;

    for (int i = 0; i < 16; i++)
        n += __builtin_popcount(m->sin6_addr.s6_addr[i]);
    return n;
}

static void list_addresses(void)
{
    char text[INET6_ADDRSTRLEN];
    struct ifaddrs *all, *i;

    SECTION("getifaddrs");
    T(getifaddrs(&all));
    for (i = all; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET6 ||
            strcmp(i->ifa_name, "lo"))
            continue;
        struct sockaddr_in6 *a = (void *)i->ifa_addr;
        printf("%s: %s/%d%%%u flags %x\n", section,
               inet_ntop(AF_INET6, &a->sin6_addr, text, sizeof(text)),
               prefix_of(i->ifa_netmask), a->sin6_scope_id, i->ifa_flags);
    }
    freeifaddrs(all);
}

/* --- netlink ----------------------------------------------------------- */

static void show_addr(const struct nlmsghdr *h)
{
    const struct ifaddrmsg *m = NLMSG_DATA(h);
    unsigned left = (unsigned)IFA_PAYLOAD(h);
    char text[INET6_ADDRSTRLEN];

    if (m->ifa_index != LO || m->ifa_family != AF_INET6)
        return;
    printf("%s: prefix %d scope %d flags %x", section, m->ifa_prefixlen,
           m->ifa_scope, m->ifa_flags);
    for (struct rtattr *r = IFA_RTA(m); RTA_OK(r, left); r = RTA_NEXT(r, left))
        if (r->rta_type == IFA_ADDRESS)
            printf(" address %s",
                   inet_ntop(AF_INET6, RTA_DATA(r), text, sizeof(text)));
        else if (r->rta_type == IFA_FLAGS)
            printf(" flags %x", *(uint32_t *)RTA_DATA(r));
        else if (r->rta_type == IFA_CACHEINFO)
            printf(" lifetimes %x %x",
                   ((struct ifa_cacheinfo *)RTA_DATA(r))->ifa_prefered,
                   ((struct ifa_cacheinfo *)RTA_DATA(r))->ifa_valid);
        else if (r->rta_type == IFA_LABEL || r->rta_type == IFA_LOCAL)
            printf(" attribute %d", r->rta_type);
    puts("");
}

static void netlink(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct {
        struct nlmsghdr h;
        struct ifaddrmsg m;
    } request = {.h = {.nlmsg_len = sizeof(request),
                       .nlmsg_type = RTM_GETADDR,
                       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                       .nlmsg_seq = 1},
                 .m = {.ifa_family = AF_INET6}};
    char buf[16384];

    SECTION("netlink");
    T(send(fd, &request, sizeof(request), 0) == sizeof(request));
    for (;;) {
        int len = (int)recv(fd, buf, sizeof(buf), 0);
        struct nlmsghdr *h = (void *)buf;
        if (len <= 0)
            break;
        for (; NLMSG_OK(h, (unsigned)len); h = NLMSG_NEXT(h, len)) {
            if (h->nlmsg_type == NLMSG_DONE) {
                close(fd);
                return;
            }
            if (h->nlmsg_type == RTM_NEWADDR)
                show_addr(h);
        }
    }
    close(fd);
}

/* --- /proc ------------------------------------------------------------- */

static void show_file(const char *path, const char *with)
{
    char line[512];
    FILE *f = fopen(path, "r");

    printf("%s: %s %s\n", section, path, f ? "there" : strerrorname_np(errno));
    while (f && fgets(line, sizeof(line), f))
        if (strstr(line, with) &&
            (strstr(path, "sys") || strstr(line, " lo\n")))
            printf("%s: %s", section, line);
    if (f)
        fclose(f);
}

static void proc(void)
{
    static const char *const files[] = {
        "/proc/sys/net/ipv6/bindv6only",
        "/proc/sys/net/ipv6/conf/all/disable_ipv6",
        "/proc/sys/net/ipv6/conf/default/disable_ipv6",
        "/proc/sys/net/ipv6/conf/lo/disable_ipv6",
        "/proc/sys/net/ipv6/conf/all/forwarding",
        "/proc/sys/net/ipv6/conf/lo/mtu",
        "/proc/sys/net/ipv6/conf/all/accept_ra",
        "/proc/sys/net/ipv6/conf/default/hop_limit",
        "/proc/sys/net/ipv4/ping_group_range",
    };

    SECTION("proc");
    show_file("/proc/net/if_inet6", "20010db8"); /* their order is chance */
    show_file("/proc/net/if_inet6", "fe80");
    show_file("/proc/net/if_inet6", "000000000000000000000001 01");
    for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        show_file(files[i], "");
}

/* --- names ------------------------------------------------------------- */

static void look_up(const char *name, const char *service, int family,
                    int flags)
{
    struct addrinfo hints = {
        .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *all = NULL, *a;
    char host[NI_MAXHOST], port[NI_MAXSERV];
    int rc = getaddrinfo(name, service, &hints, &all);

    printf("%s: %s %d %x: %s", section, name ? name : "NULL", family, flags,
           rc ? gai_strerror(rc) : "ok");
    for (a = all; a; a = a->ai_next)
        if (!getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof(host), port,
                         sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
            printf(" %s:%s", host, port);
    puts("");
    if (all)
        freeaddrinfo(all);
}

static void resolving(void)
{
    SECTION("getaddrinfo");
    look_up(NULL, "80", AF_UNSPEC, AI_PASSIVE);
    look_up(NULL, "80", AF_INET6, 0);
    look_up("::1", "80", AF_UNSPEC, 0);
    look_up("::1", "80", AF_INET, AI_NUMERICHOST);
    look_up("fe80::1%lo", "80", AF_INET6, 0);
    look_up("fe80::1%1", "80", AF_INET6, 0);
    look_up("fe80::1%none", "80", AF_INET6, 0);
    look_up("127.0.0.1", "80", AF_INET6, AI_V4MAPPED);
    look_up("2001:db8::1", "80", AF_UNSPEC, AI_ADDRCONFIG);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    setting();
    more_addresses();
    list_addresses();
    netlink();
    proc();
    resolving();
    no_more_addresses();
    list_addresses();
    return 0;
}
