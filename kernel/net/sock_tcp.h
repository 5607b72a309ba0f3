/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sock_tcp.h - TCP sockets.
 *
 *   NEW --connect--> CONNECTING --SYN|ACK--> CONNECTED --both FINs, RST,
 *    |                   '--RST, timeout-------------'    timeout--> DEAD
 *    '--listen--> LISTEN
 *
 * (pcb) is lwIP's control block. lwIP frees it by itself (reset, timeout, end
 * of TIME-WAIT); its destructor then clears our pointer, so (pcb) is either
 * alive or NULL. A socket that is closed leaves its pcb to lwIP as an orphan.
 */
#pragma once

#include "net/sock_inet.h"

#include "lwip/tcp.h"

enum tcp_sock_state {
    TCP_NEW,
    TCP_CONNECTING,
    TCP_CONNECTED,
    TCP_LISTENING,
    TCP_DEAD,
};

/* n net_lock; a as in struct socket */
struct tcp_sock {
    struct inet_sock i;
    struct tcp_pcb *pcb;            /* n */
    enum tcp_sock_state state;      /* n */
    bool rx_eof;                    /* n peer's FIN is behind what is queued */
    bool nodelay, cork;             /* a */
    uint16_t mss;                   /* n tcp_send_mss() as last seen */
    struct pbuf *rx_head, *rx_tail; /* n linked by next; tot_len is not kept */
    size_t rx_bytes;                /* n in that queue */
    size_t rx_size;                 /* n memory it takes, roughly */
    uint32_t rx_window;             /* n largest window offered */
    uint32_t tx_queued;             /* n not yet acknowledged */
    unsigned keepidle, keepintvl, keepcnt;     /* a s, s, number */
    unsigned user_timeout;                     /* a ms, 0 = off */
    int defer_accept, syncnt, linger2, maxseg; /* a */
    int window_clamp;                          /* a */
    bool lazy_acks;                            /* a TCP_QUICKACK is off */
    uint8_t quick_acks;   /* n how many are sent at once, without delay */
    nsec_t progress;      /* n of the peer's last acknowledgement */
    bool unreported;      /* n connect() has not said that it worked */
    struct list ack_link; /* n data came that may not be acknowledged */
    nsec_t ack_due;       /* n ... until then */

    struct list accepted;    /* n LISTENING: connections to hand out */
    struct list deferred;    /* n ... and those that have brought no data */
    struct list accept_link; /* n */
    struct tcp_sock *deferred_by; /* n its listener waits for data, */
    uint32_t deferred_since;      /* n ... since this tick */
    unsigned nr_accepted, nr_deferred, half_open, backlog; /* n */
};
static inline struct tcp_sock *tcp_sk(struct socket *s)
{
    return (struct tcp_sock *)s;
}

/* Bytes that may be queued: half of the doubled option. */
static inline uint32_t tcp_tx_limit(const struct tcp_sock *t)
{
    return MAX((uint32_t)t->i.s.sndbuf / 2, 4096u);
}
/* Writable for poll: a third is free, as in Linux. When memory is short, who
 * has sent waits for acknowledgements; who has not is told by send(). */
static inline bool tcp_writable(const struct tcp_sock *t)
{
    uint32_t queued = READ_ONCE(t->tx_queued);

    return (uint64_t)queued * 3 <= (uint64_t)tcp_tx_limit(t) * 2 &&
           (!queued || !net_mem_pressure());
}

/* net_lock for operations on connections: TCP's clock runs. */
static inline void tcp_lock(void)
{
    net_lock();
    net_timer_tcp();
}

/* Segments longer than half the largest window the peer ever offered might
 * never fit; lwIP waits a second before it splits one (RFC 1122, 4.2.3.4). */
static inline uint16_t tcp_send_mss(const struct tcp_pcb *pcb)
{
    tcpwnd_size_t half = pcb->snd_wnd_max / 2;

    return half && half < pcb->mss ? (uint16_t)half : pcb->mss;
}

/* sock_tcp.c; with net_lock held, but for the first */
void tcp_set_user_timeout(struct tcp_sock *t); /* it was changed */
void tcp_pcb_attach(struct tcp_sock *t, struct tcp_pcb *pcb);
/* Who is to know when lwIP frees it: a socket or tcp_half_open_tag(). */
void tcp_pcb_own(struct tcp_pcb *pcb, void *data);
void *tcp_half_open_tag(struct tcp_sock *listener);
/* Was its socket closed? */
bool tcp_pcb_orphaned(const struct tcp_pcb *pcb);
extern unsigned tcp_orphans; /* how many were */
/* A new one repeats its first segment after a second (RFC 6298, 2.1), not three
 * as lwIP; later time-outs follow from what is measured. */
static inline void tcp_first_rto(struct tcp_pcb *pcb)
{
    pcb->rto = pcb->sv = 2; /* ticks of half a second */
}
void tcp_limit_window(struct tcp_pcb *pcb, uint32_t window);
uint32_t tcp_window_of(const struct socket *s);
void tcp_names_from_pcb(struct tcp_sock *t);
void tcp_on_error(void *arg, err_t err);

/* Acknowledge what has waited long enough; when to come again. */
nsec_t tcp_ack_waiting(nsec_t now);

/* tcp_connect.c */
int tcp_sock_bind(struct socket *s, const void *addr, unsigned len);
int tcp_sock_listen(struct socket *s, int backlog);
int tcp_sock_accept(struct socket *s, struct socket **out, bool nonblock);
int tcp_sock_connect(struct socket *s, const void *addr, unsigned len,
                     bool nonblock);
extern struct slab_kind tcp_sock_kind;
void tcp_undefer(struct tcp_sock *c); /* it may be accepted; net_lock held */
err_t tcp_passive_open(u8_t id, struct tcp_pcb_listen *l, struct tcp_pcb *pcb);

/* tcp_data.c */
ssize_t tcp_sock_sendmsg(struct socket *s, struct sock_msg *m, unsigned flags);
ssize_t tcp_sock_recvmsg(struct socket *s, struct sock_msg *m, unsigned flags);
void tcp_rx_append(struct tcp_sock *t, struct pbuf *p); /* net_lock held */
void tcp_rx_purge(struct tcp_sock *t);                  /* net_lock held */
/* Wait until no longer CONNECTING. */
int tcp_wait_connected(struct tcp_sock *t, nsec_t timeout);

/* tcp_option.c */
int tcp_sock_setsockopt(struct socket *s, int level, int name, const void *val,
                        unsigned len);
int tcp_sock_getsockopt(struct socket *s, int level, int name, void *val,
                        unsigned *len);
void tcp_apply_options(struct tcp_sock *t); /* to the pcb; net_lock held */
void tcp_option_changed(struct socket *s, int name);
uint8_t tcp_linux_state(enum tcp_state state);
void tcp_clamp_mss(struct tcp_sock *t); /* TCP_MAXSEG; net_lock held */
/* When keepalive gives a silent peer up, in ms since it was last heard. */
uint32_t tcp_keepalive_limit(const struct tcp_sock *t);
