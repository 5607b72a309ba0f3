/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tcp_option.c - options of TCP sockets.
 *
 * A value is stored in the socket and, if lwIP needs it, copied into the pcb
 * by tcp_apply_options(), which also runs when a pcb is made.
 */
#include <linux/tcp.h>

#include "lib/string.h"
#include "net/lwip_demux.h"
#include "net/sock_tcp.h"

#include "lwip/priv/tcp_priv.h"
#include "net/lwip_hooks.h"

#define KEEPALIVE_FOREVER 1000000000u /* ms */
#define MSS_OPTION        0x0204u     /* kind and length, RFC 9293, 3.2 */
#define QUICK_ACKS        16          /* Linux: TCP_MAX_QUICKACKS */
#define RTO_MAX           120         /* s */
#define FIN_TIMEOUT       60          /* s, net.ipv4.tcp_fin_timeout */
#define LINGER2_MAX       120
#define WINDOW_CLAMP_MIN  1152 /* half of the smallest buffer */

/* <linux/tcp.h> of the C library's side names the states differently; these
 * are include/net/tcp_states.h. */
uint8_t tcp_linux_state(enum tcp_state state)
{
    static const uint8_t linux_state[] = {
        [CLOSED] = 7,      [LISTEN] = 10,    [SYN_SENT] = 2,   [SYN_RCVD] = 3,
        [ESTABLISHED] = 1, [FIN_WAIT_1] = 4, [FIN_WAIT_2] = 5, [CLOSE_WAIT] = 8,
        [CLOSING] = 11,    [LAST_ACK] = 9,   [TIME_WAIT] = 6,
    };

    return linux_state[state];
}

void tcp_apply_options(struct tcp_sock *t)
{
    const struct socket *s = &t->i.s;
    struct tcp_pcb *pcb = t->pcb;
    uint8_t so = 0;

    if (!pcb)
        return;
    if (pcb->state != LISTEN)
        demux_wake(pcb); /* for a keepalive that may be due earlier */
    if (s->keepalive)
        so |= SOF_KEEPALIVE;
    if (s->reuseaddr || s->reuseport)
        so |= SOF_REUSEADDR;
    pcb->so_options = so;
    pcb->ttl = inet_ttl(&t->i, &pcb->remote_ip);
    pcb->tos = inet_tos(&t->i, &pcb->remote_ip);
    pcb->netif_idx = (u8_t)s->bound_if;
    if (pcb->state == LISTEN)
        return; /* a shorter structure */
    if (t->nodelay)
        tcp_nagle_disable(pcb);
    else
        tcp_nagle_enable(pcb);
    pcb->keep_idle = t->keepidle * 1000;
    pcb->keep_intvl = t->keepintvl * 1000;
    pcb->keep_cnt = t->keepcnt;
    if (t->user_timeout) /* decides instead, see tcp_keepalive_limit() */
        pcb->keep_cnt = KEEPALIVE_FOREVER / pcb->keep_intvl;
}

/* As Linux: with TCP_USER_TIMEOUT the first probe after that time is the last,
 * whatever TCP_KEEPCNT. */
uint32_t tcp_keepalive_limit(const struct tcp_sock *t)
{
    uint32_t idle = t->keepidle * 1000, step = t->keepintvl * 1000;

    if (!t->user_timeout)
        return UINT32_MAX; /* lwIP counts the probes */
    if (t->user_timeout <= idle + step)
        return idle + step;
    return idle + (t->user_timeout - idle + step - 1) / step * step;
}

void tcp_clamp_mss(struct tcp_sock *t)
{
    if (t->maxseg && t->pcb)
        t->pcb->mss = MIN(t->pcb->mss, (u16_t)t->maxseg);
}

void net_hook_tcp_syn(const struct tcp_pcb *pcb, uint32_t *first_option)
{
    const struct tcp_sock *t = pcb->callback_arg;

    if (!t || !t->maxseg || (lwip_ntohl(*first_option) >> 16) != MSS_OPTION)
        return;
    uint32_t mss = MIN(lwip_ntohl(*first_option) & 0xffff, (uint32_t)t->maxseg);
    *first_option = lwip_htonl(MSS_OPTION << 16 | mss);
}

static void apply(struct tcp_sock *t)
{
    tcp_lock();
    tcp_apply_options(t);
    net_unlock();
}

void tcp_option_changed(struct socket *s, int name)
{
    struct tcp_sock *t = tcp_sk(s);

    switch (name) {
    case SO_KEEPALIVE:
    case SO_REUSEADDR:
    case SO_REUSEPORT:
    case SO_BINDTODEVICE:
        apply(t);
        break;
    case SO_RCVBUF:
        /* What was offered cannot be taken back; more may be offered. */
        net_lock();
        t->rx_window =
            MAX(t->rx_window, MIN((uint32_t)s->rcvbuf / 2, (uint32_t)TCP_WND));
        net_unlock();
        break;
    }
}

/* Nagle off or the cork out: what waited goes. */
static void push(struct tcp_sock *t)
{
    tcp_lock();
    tcp_apply_options(t);
    if (t->pcb && t->pcb->state != LISTEN && t->pcb->state != CLOSED)
        tcp_output(t->pcb);
    net_unlock();
}

/* TCP_DEFER_ACCEPT is in seconds, and kept as a number of repetitions: after 1,
 * 2, 4 ... seconds, at most RTO_MAX. */
static int whole_repetitions(int seconds)
{
    int period = 1, timeout = 1;

    if (seconds <= 0)
        return 0;
    for (int n = 1; seconds > period && n < 255; n++) {
        timeout = MIN(timeout * 2, RTO_MAX);
        period += timeout;
    }
    return period;
}

/* Linux says "none" by 0, and by -1 that orphans are not waited for. */
static int linger2(int v)
{
    return v < 0 ? -1 : v == 0 ? FIN_TIMEOUT : MIN(v, LINGER2_MAX);
}

static void set_quickack(struct tcp_sock *t, int v)
{
    tcp_lock();
    t->lazy_acks = !v;
    t->quick_acks = v ? QUICK_ACKS : 0;
    if (v && t->pcb && t->state == TCP_CONNECTED &&
        (t->pcb->flags & TF_ACK_DELAY)) {
        tcp_ack_now(t->pcb);
        tcp_output(t->pcb);
    }
    net_unlock();
}

static int set_window_clamp(struct tcp_sock *t, int v)
{
    if (!v && t->state != TCP_NEW && t->state != TCP_DEAD)
        return -EINVAL;
    t->window_clamp = v ? MAX(v, WINDOW_CLAMP_MIN) : 0;
    return 0;
}

static int in_range(int v, int min, int max)
{
    return v < min || v > max ? -EINVAL : 0;
}

static int set_int(struct tcp_sock *t, int name, int v)
{
    int rc;

    switch (name) {
    case TCP_NODELAY:
        if (t->nodelay == !!v)
            return 0;
        t->nodelay = v != 0;
        push(t);
        return 0;
    case TCP_CORK:
        t->cork = v != 0;
        if (!v)
            push(t);
        return 0;
    case TCP_KEEPIDLE:
        if ((rc = in_range(v, 1, 32767)))
            return rc;
        t->keepidle = (unsigned)v;
        break;
    case TCP_KEEPINTVL:
        if ((rc = in_range(v, 1, 32767)))
            return rc;
        t->keepintvl = (unsigned)v;
        break;
    case TCP_KEEPCNT:
        if ((rc = in_range(v, 1, 127)))
            return rc;
        t->keepcnt = (unsigned)v;
        break;
    case TCP_USER_TIMEOUT:
        if (v < 0)
            return -EINVAL;
        t->user_timeout = (unsigned)v;
        return 0;
    /* How patient to be is lwIP's own; what was asked for is remembered. */
    case TCP_DEFER_ACCEPT:
        t->defer_accept = whole_repetitions(v);
        return 0;
    case TCP_SYNCNT:
        if ((rc = in_range(v, 1, 127)))
            return rc;
        t->syncnt = v;
        return 0;
    case TCP_LINGER2:
        t->linger2 = linger2(v);
        return 0;
    case TCP_MAXSEG:
        if (v && (rc = in_range(v, 88, 32767)))
            return rc;
        t->maxseg = v;
        return 0;
    case TCP_QUICKACK:
        set_quickack(t, v);
        return 0;
    case TCP_WINDOW_CLAMP:
        return set_window_clamp(t, v);
    default:
        return -ENOPROTOOPT;
    }
    apply(t);
    return 0;
}

int tcp_sock_setsockopt(struct socket *s, int level, int name, const void *val,
                        unsigned len)
{
    struct tcp_sock *t = tcp_sk(s);
    int v, rc;

    if (level != SOL_TCP) {
        rc = inet_setsockopt(s, level, name, val, len);
        if (!rc && (name == IP_TTL || name == IP_TOS || level == SOL_IPV6))
            apply(t);
        return rc;
    }
    if (name == TCP_CONGESTION) {
        /* There is one algorithm; to ask for it by the name getsockopt gives
         * is fine. */
        return len >= 4 && !memcmp(val, "reno", 4) ? 0 : -ENOENT;
    }
    if (sockopt_get_int(val, len, &v))
        return -EINVAL;
    rc = set_int(t, name, v);
    if (!rc && name == TCP_USER_TIMEOUT)
        tcp_set_user_timeout(t);
    return rc;
}

static void fill_info(struct tcp_sock *t, struct tcp_info *info)
{
    const struct tcp_pcb *pcb = t->pcb;
    const uint32_t tick_us = TCP_SLOW_INTERVAL * 1000;

    memset(info, 0, sizeof(*info));
    info->tcpi_state = tcp_linux_state(pcb ? pcb->state : CLOSED);
    if (!pcb)
        return;
    if (pcb->state == LISTEN) {
        info->tcpi_unacked = t->nr_accepted;
        info->tcpi_sacked = t->backlog;
        return;
    }
    if (pcb->flags & TF_WND_SCALE) {
        info->tcpi_options |= TCPI_OPT_WSCALE;
        info->tcpi_snd_wscale = pcb->snd_scale & 15;
        info->tcpi_rcv_wscale = pcb->rcv_scale & 15;
    }
    if (pcb->flags & TF_SACK)
        info->tcpi_options |= TCPI_OPT_SACK;
    info->tcpi_retransmits = pcb->nrtx;
    info->tcpi_probes = pcb->keep_cnt_sent;
    info->tcpi_rto = (uint32_t)MAX(pcb->rto, 0) * tick_us;
    info->tcpi_rtt = (uint32_t)MAX(pcb->sa >> 3, 0) * tick_us;
    info->tcpi_rttvar = (uint32_t)MAX(pcb->sv >> 2, 0) * tick_us;
    info->tcpi_snd_mss = info->tcpi_rcv_mss = pcb->mss;
    info->tcpi_advmss = pcb->mss;
    info->tcpi_pmtu = pcb->mss + 40u;
    for (const struct tcp_seg *q = pcb->unacked; q; q = q->next)
        info->tcpi_unacked++;
    info->tcpi_snd_cwnd = pcb->cwnd / MAX(pcb->mss, (u16_t)1);
    info->tcpi_snd_ssthresh = pcb->ssthresh / MAX(pcb->mss, (u16_t)1);
    info->tcpi_rcv_space = pcb->rcv_wnd;
    info->tcpi_notsent_bytes = pcb->snd_lbb - pcb->snd_nxt;
}

static int get_info(struct tcp_sock *t, void *val, unsigned *len)
{
    struct tcp_info info;

    net_lock();
    fill_info(t, &info);
    net_unlock();
    *len = MIN(*len, (unsigned)sizeof(info));
    memcpy(val, &info, *len);
    return 0;
}

static int get_int(struct tcp_sock *t, int name, int *v)
{
    switch (name) {
    case TCP_NODELAY:
        *v = t->nodelay;
        break;
    case TCP_CORK:
        *v = t->cork;
        break;
    case TCP_KEEPIDLE:
        *v = (int)t->keepidle;
        break;
    case TCP_KEEPINTVL:
        *v = (int)t->keepintvl;
        break;
    case TCP_KEEPCNT:
        *v = (int)t->keepcnt;
        break;
    case TCP_USER_TIMEOUT:
        *v = (int)t->user_timeout;
        break;
    case TCP_DEFER_ACCEPT:
        *v = t->defer_accept;
        break;
    case TCP_SYNCNT:
        *v = t->syncnt;
        break;
    case TCP_LINGER2:
        *v = t->linger2;
        break;
    case TCP_MAXSEG:
        *v = t->maxseg && (READ_ONCE(t->state) == TCP_NEW ||
                           READ_ONCE(t->state) == TCP_LISTENING)
                 ? t->maxseg
                 : READ_ONCE(t->mss);
        break;
    case TCP_QUICKACK:
        *v = !t->lazy_acks;
        break;
    case TCP_WINDOW_CLAMP:
        *v = t->window_clamp;
        break;
    default:
        return -ENOPROTOOPT;
    }
    return 0;
}

int tcp_sock_getsockopt(struct socket *s, int level, int name, void *val,
                        unsigned *len)
{
    static const char algorithm[16] = "reno";
    struct tcp_sock *t = tcp_sk(s);
    int v, rc;

    if (level != SOL_TCP)
        return inet_getsockopt(s, level, name, val, len);
    if (name == TCP_INFO)
        return get_info(t, val, len);
    if (name == TCP_CONGESTION) {
        *len = MIN(*len, (unsigned)sizeof(algorithm));
        memcpy(val, algorithm, *len);
        return 0;
    }
    rc = get_int(t, name, &v);
    return rc ? rc : sockopt_put_int(v, val, len);
}
