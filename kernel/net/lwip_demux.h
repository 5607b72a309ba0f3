/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lwip_demux.h - finding a segment's connection without walking lwIP's list,
 * and keeping idle ones off it.
 */
#pragma once

#include "net/net_priv.h"

struct pbuf;
struct tcp_pcb;

/* A connection's name, as a packet that came in tells it. */
struct flow {
    ip_addr_t local, remote;
    uint16_t local_port, remote_port; /* host order */
};

void demux_init(void);
/* A pcb has just been put at the head of lwIP's list of active ones. -ENOMEM.
 * It is forgotten when lwIP frees it. */
int demux_add(struct tcp_pcb *pcb);
/* The connection, in whatever state, or NULL. */
struct tcp_pcb *demux_find(const struct flow *f);
/* A hash that nobody outside can foretell. */
uint32_t demux_hash(const struct flow *f);
/* See to it that tcp_input() finds (pcb), one that demux_find() found, at once;
 * NULL: that it sees at once that there is none. True: (p) has been processed,
 * false: the caller goes on with it. */
bool demux_input(struct tcp_pcb *pcb, struct pbuf *p, struct netif *inp);

/* --- idle connections are parked --------------------------------------- */

/* Take (pcb) off lwIP's list of active ones; (prev) is before it there, or
 * NULL. lwIP's timers do not see it until it is woken: by a segment, after
 * (ticks), UINT32_MAX being never, or: */
void demux_park(struct tcp_pcb *pcb, struct tcp_pcb *prev, uint32_t ticks);
/* ... before anything is done to it that may need a timer. Cheap if active. */
void demux_wake(struct tcp_pcb *pcb);
/* Wake those whose time has come, by tcp_ticks. */
void demux_wake_due(void);
/* Ticks until there may be one; UINT32_MAX: none. */
uint32_t demux_next_due(void);
/* The parked ones in turn, NULL first and last. */
struct tcp_pcb *demux_next_parked(const struct tcp_pcb *pcb);

/* Since when the peer has acknowledged nothing new, see lwip_timer.c. */
struct tcp_silence {
    uint32_t since; /* tcp_ticks */
    uint32_t ack;   /* its last acknowledgement */
};
struct tcp_silence *demux_silence(struct tcp_pcb *pcb);
