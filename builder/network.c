/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "network.h"

#include <errno.h>
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

static bool interface_has(const char *name, const char *what)
{
    char *path = xasprintf("/sys/class/net/%s/%s", name, what);
    bool has = access(path, F_OK) == 0;

    free(path);
    return has;
}

static bool interface_up(const char *name)
{
    struct ifreq r = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool up;

    strncpy(r.ifr_name, name, sizeof(r.ifr_name) - 1);
    up = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0 && (r.ifr_flags & IFF_UP);
    if (fd >= 0)
        close(fd);
    return up;
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
    if (!interface_has(name, "bridge"))
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
    for (size_t i = 0; i < n->hosts.n; i++)
        buf_addf(out, " host=%s", n->hosts.v[i]);
}

void network_release(struct network *n)
{
    strvec_release(&n->hosts);
}
