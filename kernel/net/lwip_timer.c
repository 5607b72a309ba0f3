/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lwip_timer.c - lwIP's clocks, which stand still when nobody needs them.
 *
 *   tcp   250 ms  while a connection has something to wait for; otherwise once
 *                 when the next keepalive or end of TIME-WAIT is due. Idle
 *                 connections are parked (lwip_demux.c): lwIP walks the others
 *   ack   once    when a delayed acknowledgement has waited 40 ms
 *   slow  1 s     ages of neighbours, routers and fragments: until 62 s after
 *                 the last packet on a link
 *   fast  100 ms  while a multicast report is pending
 *   dhcp  500 ms  while the client waits for an answer
 *   lease 60 s    while the client runs
 *   dhcp6 once    when the DHCPv6 client has something to do
 *
 * lwIP counts calls instead of reading a clock, so a clock that was stopped is
 * set right when it starts again, before anything looks at it.
 *
 * lwIP's retransmission has no bound in time: its time-out doubles up to hours.
 * As in Linux no time-out exceeds two minutes, a peer that acknowledges nothing
 * is given up after a quarter of an hour, and after a time of RETRY_ORPHAN if
 * the program has closed the connection; then also one that answers but takes
 * no data. SYNs are repeated after 1, 2, 4 ... seconds.
 */
#include "net/lwip_demux.h"
#include "net/net6.h"
#include "net/net_priv.h"
#include "net/sock_tcp.h"

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/igmp.h"
#include "lwip/ip4_frag.h"
#include "lwip/ip6_frag.h"
#include "lwip/mld6.h"
#include "lwip/nd6.h"
#include "lwip/priv/tcp_priv.h"

#define SLOW_TICK       (TCP_SLOW_INTERVAL * NSEC_PER_MSEC)
#define TICKS(sec)      ((sec)*1000u / TCP_SLOW_INTERVAL)
#define RTO_MAX         TICKS(120) /* Linux: TCP_RTO_MAX */
#define RETRY           TICKS(924) /* tcp_retries2 */
#define RETRY_ORPHAN    TICKS(100) /* tcp_orphan_retries */
#define NEIGHBOUR_ASKED (3 * NSEC_PER_SEC)
#define PARK_MIN        4   /* ticks a connection must have nothing to do */
#define LINK_IDLE       62  /* s; IPv6 fragments live 60, ARP requests 5 */
#define LINK_CATCH_UP   310 /* s; ARP entries live 300 */

/* [n] net_lock */
struct net_timer {
    struct timer timer;
    bool armed; /* n */
};
static struct net_timer tcp, ack, slow, fast, dhcp, lease, dhcp6;
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

/* TCP_DEFER_ACCEPT */
static bool waits_for_data(const struct tcp_pcb *pcb)
{
    const struct tcp_sock *t = pcb->callback_arg;

    return t && t->deferred_by;
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
    if (waits_for_data(pcb))
        return 0;
    if (!ip_get_option(pcb, SOF_KEEPALIVE))
        return UINT32_MAX;
    uint32_t idle = (pcb->keep_idle + pcb->keep_cnt_sent * pcb->keep_intvl) /
                    TCP_SLOW_INTERVAL;
    uint32_t since = tcp_ticks - pcb->tmr;
    return since > idle ? 0 : idle - since + 1;
}

/* Ticks until the first of those in TIME-WAIT may go. */
static uint32_t timewait_next_tick(void)
{
    const uint32_t life = 2 * TCP_MSL / TCP_SLOW_INTERVAL + 1;
    uint32_t next = UINT32_MAX;

    for (struct tcp_pcb *p = tcp_tw_pcbs; p && next; p = p->next) {
        uint32_t since = tcp_ticks - p->tmr;
        next = MIN(next, since > life ? 0 : life - since);
    }
    return next;
}

/* Who connects is told after three questions, a second each, that nobody on the
 * link has the address (Linux: mcast_solicit, retrans_time). */
static bool no_neighbour(const struct tcp_sock *t, const struct tcp_pcb *pcb)
{
    const ip4_addr_t *hop = ip_2_ip4(&pcb->remote_ip), *known;
    struct eth_addr *mac;

    if (!t || !IP_IS_V4_VAL(pcb->remote_ip) ||
        time_monotonic() - t->progress < NEIGHBOUR_ASKED)
        return false;
    struct netif *n = ip_route(&pcb->local_ip, &pcb->remote_ip);
    if (!n || !(n->flags & NETIF_FLAG_ETHARP))
        return false;
    if (!ip4_addr_netcmp(hop, netif_ip4_addr(n), netif_ip4_netmask(n)))
        hop = netif_ip4_gw(n);
    return etharp_find_addr(n, hop, &mac, &known) < 0;
}

/* Has the peer acknowledged nothing for too long? */
static bool given_up(struct tcp_pcb *pcb)
{
    struct tcp_silence *s = demux_silence(pcb);
    bool orphan = tcp_pcb_orphaned(pcb);
    struct tcp_sock *t = pcb->callback_arg;

    if (pcb->state == SYN_SENT && no_neighbour(t, pcb)) {
        socket_set_error(&t->i.s, EHOSTUNREACH);
        return true;
    }
    if (pcb->state == SYN_SENT)
        return t && pcb->nrtx > t->syncnt;
    if (s->ack != pcb->lastack || !(pcb->unacked || pcb->unsent) ||
        (!orphan && !pcb->nrtx)) {
        *s = (struct tcp_silence){tcp_ticks, pcb->lastack};
        return false;
    }
    return tcp_ticks - s->since >= (orphan ? RETRY_ORPHAN : RETRY);
}

/* What waits to be acknowledged has a time limit of its own; as long, a peer is
 * not asked whether it is there. */
static void limit_keepalive(struct tcp_pcb *pcb)
{
    if (!ip_get_option(pcb, SOF_KEEPALIVE) || !(pcb->unacked || pcb->unsent) ||
        (pcb->state != ESTABLISHED && pcb->state != CLOSE_WAIT))
        return;
    pcb->tmr = tcp_ticks;
    pcb->keep_cnt_sent = 0;
}

/* ... and with TCP_USER_TIMEOUT it is not asked for longer. */
static bool keepalive_over(const struct tcp_pcb *pcb)
{
    const struct tcp_sock *t = pcb->callback_arg;

    return t && ip_get_option(pcb, SOF_KEEPALIVE) && pcb->keep_cnt_sent &&
           (pcb->state == ESTABLISHED || pcb->state == CLOSE_WAIT) &&
           tcp_ticks - pcb->tmr > tcp_keepalive_limit(t) / TCP_SLOW_INTERVAL;
}

/* lwIP repeats SYNs at the first time-out, data a fixed number of times. */
static void limit_rto(struct tcp_pcb *pcb)
{
    if (pcb->state == SYN_SENT)
        pcb->rto = (s16_t)(TICKS(1) << MIN(pcb->nrtx, (u8_t)7));
    else
        pcb->nrtx = MIN(pcb->nrtx, (u8_t)(TCP_MAXRTX - 1));
    pcb->rto = (s16_t)MIN(pcb->rto, (s16_t)RTO_MAX);
}

/* After a tick: give up, park. Ticks until somebody needs the next one. */
static uint32_t tcp_sort(void)
{
    struct tcp_pcb *p, *next, *prev = NULL;
    uint32_t first = UINT32_MAX;

    for (p = tcp_active_pcbs; p; p = next) {
        next = p->next;
        limit_rto(p);
        limit_keepalive(p);
        if (given_up(p) || keepalive_over(p)) {
            tcp_abort(p); /* tells the socket, if there is one */
            continue;
        }
        uint32_t ticks = pcb_next_tick(p);
        if (ticks >= PARK_MIN) {
            demux_park(p, prev, ticks == UINT32_MAX ? ticks : ticks - 1);
        } else {
            first = MIN(first, ticks);
            prev = p;
        }
    }
    return MIN(first, MIN(demux_next_due(), timewait_next_tick()));
}

static void tcp_tick(void)
{
    nsec_t now = time_monotonic();
    uint32_t before;

    if (!tcp_running) /* slept until a keepalive or TIME-WAIT */
        tcp_sync(now);
    demux_wake_due();
    before = tcp_ticks;
    tcp_tmr();
    if (tcp_ticks != before)
        tcp_synced = now;
    uint32_t next = tcp_sort();
    tcp_running = next <= 1;
    if (tcp_running)
        set(&tcp, now + TCP_FAST_INTERVAL * NSEC_PER_MSEC);
    else if (next != UINT32_MAX)
        set(&tcp, now + next * SLOW_TICK);
}

void net_timer_ack(nsec_t deadline)
{
    if (!ack.armed)
        set(&ack, deadline);
}

static void ack_tick(void)
{
    nsec_t next = tcp_ack_waiting(time_monotonic());

    ack.armed = false;
    if (next != NSEC_NEVER)
        set(&ack, next);
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
    if (missed > LINK_CATCH_UP)
        net6_age((uint32_t)MIN(missed - LINK_CATCH_UP, (nsec_t)INT32_MAX));
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

void net_timer_dhcp6(nsec_t deadline)
{
    if (deadline != NSEC_NEVER)
        set(&dhcp6, deadline);
}

void net_timer_run(uint32_t due)
{
    if (due & NET_DUE_TCP)
        tcp_tick();
    if (due & NET_DUE_ACK)
        ack_tick();
    if (due & NET_DUE_SLOW)
        slow_tick();
    if (due & NET_DUE_FAST)
        fast_tick();
    if (due & NET_DUE_DHCP)
        dhcp_tick();
    if (due & NET_DUE_LEASE)
        lease_tick();
    if (due & NET_DUE_DHCP6)
        net6_dhcp_tick();
}

void net_timer_init(void)
{
    static const struct {
        struct net_timer *t;
        uintptr_t due;
    } all[] = {
        {&tcp, NET_DUE_TCP},     {&slow, NET_DUE_SLOW},   {&fast, NET_DUE_FAST},
        {&dhcp, NET_DUE_DHCP},   {&lease, NET_DUE_LEASE}, {&ack, NET_DUE_ACK},
        {&dhcp6, NET_DUE_DHCP6},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
        timer_init(&all[i].t->timer, expired, (void *)all[i].due);
    tcp_synced = slow_synced = time_monotonic();
}
