/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lwip_demux.h - finding a segment's connection without walking lwIP's list.
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
/* See to it that tcp_input() finds (pcb), one that demux_find() found, at once;
 * NULL: that it sees at once that there is none. True: (p) has been processed,
 * false: the caller goes on with it. */
bool demux_input(struct tcp_pcb *pcb, struct pbuf *p, struct netif *inp);
