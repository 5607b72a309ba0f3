/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lwip_timer.c - lwIP's clocks, which stand still when nobody needs them.
 *
 *   tcp   250 ms  while a connection has something to wait for; otherwise once
 *                 when the next keepalive or end of TIME-WAIT is due
 *   slow  1 s     ages of neighbours, routers and fragments: until 20 s after
 *                 the last packet on a link
 *   fast  100 ms  while a multicast report is pending
 *   dhcp  500 ms  while the client waits for an answer
 *   lease 60 s    while the client runs
 *
 * lwIP counts calls instead of reading a clock, so a clock that was stopped is
 * set right when it starts again, before anything looks at it.
 */
#include "net/net_priv.h"

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/igmp.h"
#include "lwip/ip4_frag.h"
#include "lwip/ip6_frag.h"
#include "lwip/mld6.h"
#include "lwip/nd6.h"
#include "lwip/priv/tcp_priv.h"

#define SLOW_TICK     (TCP_SLOW_INTERVAL * NSEC_PER_MSEC)
#define LINK_IDLE     20  /* s; fragments live 15, ARP requests 5 */
#define LINK_CATCH_UP 310 /* s; ARP entries live 300 */

/* [n] net_lock */
struct net_timer {
    struct timer timer;
    bool armed; /* n */
};
static struct net_timer tcp, slow, fast, dhcp, lease;
static nsec_t tcp_synced;  /* n tcp_ticks is right for this time */
static bool tcp_running;   /* n every 250 ms */
static nsec_t slow_synced; /* n */
static unsigned link_idle; /* n seconds without a packet */

static void expired(struct timer *t)
{
    net_kick((uint32_t)(uintptr_t)t->arg);
}

static void set(struct net_timer *t, nsec_t deadline)
{
    t->armed = true;
    timer_arm(&t->timer, deadline);
}

static void set_in(struct net_timer *t, unsigned msec)
{
    set(t, time_monotonic() + msec * NSEC_PER_MSEC);
}

/* --- TCP --------------------------------------------------------------- */

static void tcp_sync(nsec_t now)
{
    uint32_t ticks = (uint32_t)((now - tcp_synced) / SLOW_TICK);

    tcp_ticks += ticks;
    tcp_synced += ticks * SLOW_TICK;
}

void net_timer_tcp(void)
{
    if (likely(tcp_running))
        return;
    nsec_t now = time_monotonic();

    tcp_sync(now);
    tcp_running = true;
    set(&tcp, now + TCP_FAST_INTERVAL * NSEC_PER_MSEC);
}

/* lwIP has put a connection on a list. */
void tcp_timer_needed(void)
{
    net_timer_tcp();
}

/* Ticks until a connection needs its clock: 0 = now. */
static uint32_t pcb_next_tick(const struct tcp_pcb *pcb)
{
    const tcpflags_t pending =
        TF_ACK_DELAY | TF_ACK_NOW | TF_CLOSEPEND | TF_NAGLEMEMERR;

    if (pcb->unsent || pcb->unacked || pcb->ooseq || pcb->refused_data ||
        (pcb->flags & pending))
        return 0;
    if (pcb->state != ESTABLISHED && pcb->state != CLOSE_WAIT &&
        (pcb->state != FIN_WAIT_2 || (pcb->flags & TF_RXCLOSED)))
        return 0;
    if (!ip_get_option(pcb, SOF_KEEPALIVE))
        return UINT32_MAX;
    uint32_t idle = (pcb->keep_idle + pcb->keep_cnt_sent * pcb->keep_intvl) /
                    TCP_SLOW_INTERVAL;
    uint32_t since = tcp_ticks - pcb->tmr;
    return since > idle ? 0 : idle - since + 1;
}

static uint32_t tcp_next_tick(void)
{
    uint32_t next = UINT32_MAX;

    for (struct tcp_pcb *p = tcp_active_pcbs; p && next; p = p->next)
        next = MIN(next, pcb_next_tick(p));
    for (struct tcp_pcb *p = tcp_tw_pcbs; p && next; p = p->next) {
        uint32_t since = tcp_ticks - p->tmr;
        uint32_t life = 2 * TCP_MSL / TCP_SLOW_INTERVAL + 1;
        next = MIN(next, since > life ? 0 : life - since);
    }
    return next;
}

static void tcp_tick(void)
{
    nsec_t now = time_monotonic();
    uint32_t before = tcp_ticks;

    if (!tcp_running) /* slept until a keepalive or TIME-WAIT */
        tcp_sync(now);
    before = tcp_ticks;
    tcp_tmr();
    if (tcp_ticks != before)
        tcp_synced = now;
    uint32_t next = tcp_next_tick();
    tcp_running = next <= 1;
    if (tcp_running)
        set(&tcp, now + TCP_FAST_INTERVAL * NSEC_PER_MSEC);
    else if (next != UINT32_MAX)
        set(&tcp, now + next * SLOW_TICK);
}

/* --- links ------------------------------------------------------------- */

static void slow_second(void)
{
    etharp_tmr();
    ip_reass_tmr();
    nd6_tmr();
    ip6_reass_tmr();
}

void net_timer_link(void)
{
    link_idle = 0;
    if (likely(slow.armed))
        return;
    nsec_t now = time_monotonic();
    nsec_t missed = (now - slow_synced) / NSEC_PER_SEC;

    slow.armed = true; /* what follows may send */
    for (nsec_t i = 0; i < MIN(missed, (nsec_t)LINK_CATCH_UP); i++)
        slow_second();
    slow_synced = now;
    set(&slow, now + NSEC_PER_SEC);
}

static void slow_tick(void)
{
    slow_second();
    slow_synced = time_monotonic();
    if (net_dhcp_waiting())
        net_timer_dhcp();
    net_timer_fast(); /* queries may have come */
    if (link_idle++ < LINK_IDLE)
        set(&slow, slow_synced + NSEC_PER_SEC);
    else
        slow.armed = false;
}

/* A report of group membership is waiting for its random delay. */
static bool reports_pending(void)
{
    struct netif *n;

    NETIF_FOREACH(n)
    {
        for (struct igmp_group *g = netif_igmp_data(n); g; g = g->next)
            if (g->timer)
                return true;
        for (struct mld_group *g = netif_mld6_data(n); g; g = g->next)
            if (g->timer)
                return true;
    }
    return false;
}

void net_timer_fast(void)
{
    if (!fast.armed && reports_pending())
        set_in(&fast, IGMP_TMR_INTERVAL);
}

static void fast_tick(void)
{
    igmp_tmr();
    mld6_tmr();
    fast.armed = false;
    net_timer_fast();
}

/* --- DHCP -------------------------------------------------------------- */

void net_timer_dhcp(void)
{
    if (!dhcp.armed)
        set_in(&dhcp, DHCP_FINE_TIMER_MSECS);
    if (!lease.armed)
        set_in(&lease, DHCP_COARSE_TIMER_MSECS);
}

static void dhcp_tick(void)
{
    dhcp_fine_tmr();
    dhcp.armed = false;
    if (net_dhcp_waiting())
        net_timer_dhcp();
}

static void lease_tick(void)
{
    dhcp_coarse_tmr();
    lease.armed = false;
    if (net_dhcp_active())
        set_in(&lease, DHCP_COARSE_TIMER_MSECS);
    if (net_dhcp_waiting())
        net_timer_dhcp();
}

void net_timer_run(uint32_t due)
{
    if (due & NET_DUE_TCP)
        tcp_tick();
    if (due & NET_DUE_SLOW)
        slow_tick();
    if (due & NET_DUE_FAST)
        fast_tick();
    if (due & NET_DUE_DHCP)
        dhcp_tick();
    if (due & NET_DUE_LEASE)
        lease_tick();
}

void net_timer_init(void)
{
    static const struct {
        struct net_timer *t;
        uintptr_t due;
    } all[] = {
        {&tcp, NET_DUE_TCP},   {&slow, NET_DUE_SLOW},   {&fast, NET_DUE_FAST},
        {&dhcp, NET_DUE_DHCP}, {&lease, NET_DUE_LEASE},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
        timer_init(&all[i].t->timer, expired, (void *)all[i].due);
    tcp_synced = slow_synced = time_monotonic();
}
