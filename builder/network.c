/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "network.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quote.h"
#include "report.h"

#define TUN_DEVICE "/dev/net/tun"

/* ---- what the host has ---- */

void network_choose_mac(struct network *n)
{
    unsigned char b[3];

    if (n->kind == NETWORK_USER || *n->mac)
        return;
    /* QEMU's prefix; 3 bytes are there as soon as the host is up */
    if (getrandom(b, sizeof(b), 0) != sizeof(b))
        b[0] = b[1] = b[2] = (unsigned char)getpid();
    snprintf(n->mac, sizeof(n->mac), "52:54:00:%02x:%02x:%02x", b[0], b[1],
             b[2]);
}

/* Ask the kernel, not /sys, which may show another network namespace. */
static bool ask_interface(const char *name, unsigned long what, struct ifreq *r)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool answered;

    strncpy(r->ifr_name, name, sizeof(r->ifr_name) - 1);
    answered = fd >= 0 && ioctl(fd, what, r) == 0;
    if (fd >= 0)
        close(fd);
    return answered;
}

static bool interface_up(const char *name)
{
    struct ifreq r = {0};

    return ask_interface(name, SIOCGIFFLAGS, &r) && (r.ifr_flags & IFF_UP);
}

static bool interface_is_bridge(const char *name)
{
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    struct ifreq r = {.ifr_data = (void *)&info};

    return ask_interface(name, SIOCETHTOOL, &r) &&
           !strcmp(info.driver, "bridge");
}

static int check_tap(const char *name)
{
    if (!if_nametoindex(name))
        return fail("there is no interface '%s': make it with "
                    "ip tuntap add %s mode tap",
                    name, name);
    if (access(TUN_DEVICE, R_OK | W_OK))
        return fail("cannot open '" TUN_DEVICE "': %s", strerror(errno));
    if (!interface_up(name))
        note("the interface '%s' is down: ip link set %s up", name, name);
    return 0;
}

static int check_bridge(const char *name)
{
    if (!if_nametoindex(name))
        return fail("there is no bridge '%s': make it with "
                    "ip link add %s type bridge",
                    name, name);
    if (!interface_is_bridge(name))
        return fail("the interface '%s' is not a bridge", name);
    if (!interface_up(name))
        note("the bridge '%s' is down: ip link set %s up", name, name);
    return 0;
}

static int check_socket(const char *path)
{
    struct stat st;

    if (stat(path, &st))
        return fail("cannot find the socket '%s': %s", path, strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return fail("'%s' is not a socket", path);
    return 0;
}

int network_check(const struct network *n)
{
    switch (n->kind) {
    case NETWORK_TAP:
        return check_tap(n->name);
    case NETWORK_BRIDGE:
        return check_bridge(n->name);
    case NETWORK_SOCKET:
        return check_socket(n->name);
    case NETWORK_USER:
        break;
    }
    return 0;
}

/* ---- for QEMU and the guest ---- */

void network_format(const struct network *n, const struct forwards *f,
                    struct buf *out)
{
    switch (n->kind) {
    case NETWORK_USER:
        buf_adds(out, "user,id=n0");
        forwards_format(f, out);
        break;
    case NETWORK_TAP:
        buf_adds(out, "tap,id=n0,script=no,downscript=no,ifname=");
        quote_qemu(out, n->name);
        break;
    case NETWORK_BRIDGE:
        buf_adds(out, "bridge,id=n0,br=");
        quote_qemu(out, n->name);
        break;
    case NETWORK_SOCKET:
        buf_adds(out, "stream,id=n0,server=off,addr.type=unix,addr.path=");
        quote_qemu(out, n->name);
        break;
    }
}

void network_words(const struct network *n, struct buf *out)
{
    if (n->hostname)
        buf_addf(out, " hostname=%s", n->hostname);
    if (n->ip)
        buf_addf(out, " ip=%s", n->ip);
    if (n->ip6)
        buf_addf(out, " ip6=%s", n->ip6);
    for (size_t i = 0; i < n->hosts.n; i++)
        buf_addf(out, " host=%s", n->hosts.v[i]);
}

void network_release(struct network *n)
{
    strvec_release(&n->hosts);
}
