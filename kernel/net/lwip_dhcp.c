/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lwip_dhcp.c - lwIP's DHCP client as process 1 uses it (abi/netconf.h).
 *
 * lwIP does the protocol. It asks for mask, router and broadcast address only
 * and hands unknown options to a hook, so the list of wanted options is
 * extended here with resolvers (6), host name (12) and domain (15), and their
 * values are kept for whoever asks.
 */
#include "net/net_priv.h"

#include "abi/netconf.h"
#include "lib/log.h"
#include "lib/string.h"
#include "proc/process.h"
#include "sched/wait.h"

#include "lwip/dhcp.h"
#include "lwip/pbuf.h"
#include "lwip/prot/dhcp.h"
#include "net/lwip_hooks.h"

static const uint8_t wanted[] = {DHCP_OPTION_DNS_SERVER, DHCP_OPTION_HOSTNAME,
                                 15 /* domain name */};

static struct wait_queue changed = WAIT_QUEUE_INIT(changed);
/* From the last acknowledgement, net_lock. One interface's: the image has one
 * resolver configuration. */
static struct netconf_dhcp last;

/* (msg) holds options up to *(len). Lengthen the parameter request list. */
void net_hook_dhcp_append(struct dhcp_msg *msg, uint16_t *len)
{
    uint8_t *o = msg->options;
    unsigned i = 0, n = *len;

    if (n + sizeof(wanted) + 1 >= DHCP_OPTIONS_LEN)
        return;
    while (i + 1 < n && o[i] != DHCP_OPTION_PARAMETER_REQUEST_LIST)
        i += 2u + o[i + 1];
    if (i + 1 >= n)
        return;
    unsigned end = i + 2 + o[i + 1];
    memmove(o + end + sizeof(wanted), o + end, n - end);
    memcpy(o + end, wanted, sizeof(wanted));
    o[i + 1] = (uint8_t)(o[i + 1] + sizeof(wanted));
    *len = (uint16_t)(n + sizeof(wanted));
}

/* A name from the network goes into files: letters, digits, - and . only. */
static void copy_name(char dst[64], struct pbuf *p, uint16_t offset,
                      uint8_t len)
{
    char name[64] = "";
    unsigned n = pbuf_copy_partial(p, name, MIN(len, (uint8_t)63), offset);

    for (unsigned i = 0; i < n && name[i]; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'))
            return;
    }
    memcpy(dst, name, 64);
}

void net_hook_dhcp_option(struct netif *netif, uint8_t msg_type, uint8_t option,
                          uint8_t len, struct pbuf *p, uint16_t offset)
{
    (void)netif;
    /* The type is option 53, usually the first; an offer may be overwritten
     * by the acknowledgement that follows. */
    if (msg_type == DHCP_NAK)
        return;
    switch (option) {
    case DHCP_OPTION_DNS_SERVER:
        memset(last.dns, 0, sizeof(last.dns));
        last.ndns = MIN((uint32_t)len / 4, (uint32_t)NETCONF_DNS_MAX);
        pbuf_copy_partial(p, last.dns, (u16_t)(last.ndns * 4), offset);
        break;
    case DHCP_OPTION_HOSTNAME:
        copy_name(last.hostname, p, offset, len);
        break;
    case 15:
        copy_name(last.domain, p, offset, len);
        break;
    }
}

void net_dhcp_changed(struct netif *n)
{
    (void)n;
    wq_wake_all(&changed, 0);
}

bool net_dhcp_waiting(void)
{
    struct netif *n;

    NETIF_FOREACH(n)
    {
        struct dhcp *d = netif_dhcp_data(n);
        if (d && d->request_timeout)
            return true;
    }
    return false;
}

bool net_dhcp_active(void)
{
    struct netif *n;

    NETIF_FOREACH(n)
    if (netif_dhcp_data(n))
        return true;
    return false;
}

/* The machine's (name) is what a server may tell name servers. */
static int start(struct netif *n, const char *name)
{
    static char announced[64];

    if (netif_dhcp_data(n))
        return 0;
    strlcpy(announced, name, sizeof(announced));
    if (*name && *name != '(') /* "(none)" */
        netif_set_hostname(n, announced);
    netdev_set_up(n, true);
    int rc = net_errno(dhcp_start(n));
    net_timer_dhcp();
    return rc;
}

static void fill(struct netif *n, struct netconf_dhcp *conf)
{
    uint32_t timeout = conf->timeout_ms;

    *conf = last;
    conf->timeout_ms = timeout;
    conf->addr = ip4_addr_get_u32(netif_ip4_addr(n));
    conf->netmask = ip4_addr_get_u32(netif_ip4_netmask(n));
    conf->gateway = ip4_addr_get_u32(netif_ip4_gw(n));
    conf->lease_seconds = netif_dhcp_data(n)->offered_t0_lease;
}

/* Devices never go away, so (n) stays valid without the lock. */
static bool have_lease(struct netif *n)
{
    net_lock();
    bool yes = dhcp_supplied_address(n);
    net_unlock();
    return yes;
}

int net_dhcp(const char *ifname, struct netconf_dhcp *conf)
{
    nsec_t deadline =
        time_monotonic() + (nsec_t)conf->timeout_ms * NSEC_PER_MSEC;
    char name[64];

    uts_get_hostname(name, sizeof(name));
    net_lock();
    struct netif *n = netif_by_name(ifname);
    int rc = n ? start(n, name) : -ENODEV;
    net_unlock();
    if (rc)
        return rc;
    rc =
        WAIT_EVENT_FULL(&changed, have_lease(n), SLEEP_INTERRUPTIBLE, deadline);
    if (rc)
        return rc;
    net_lock();
    if (dhcp_supplied_address(n))
        fill(n, conf);
    else
        rc = -ETIMEDOUT;
    net_unlock();
    return rc;
}
