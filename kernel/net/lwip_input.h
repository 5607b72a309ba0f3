/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lwip_input.h - what the looks at IPv4 and IPv6 packets share.
 */
#pragma once

#include "net/lwip_demux.h"

static inline uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be32(const uint8_t *p)
{
    return (uint32_t)be16(p) << 16 | be16(p + 2);
}

/* All fill in the ports of (f) and return what a hook does (lwip_hooks.h). */

/* (th): a TCP header of at least 20 bytes, in packet (p), which has come with
 * (ttl), IPv6's hop limit. */
int input_segment(struct flow *f, const uint8_t *th, struct pbuf *p,
                  struct netif *inp, uint8_t ttl);
/* (uh): a UDP header. */
int input_datagram(struct flow *f, const uint8_t *uh, const struct netif *inp);
/* A packet of which we do not see whose it is: a fragment, or one with headers
 * in between. */
int input_unclear(void);
/* The first piece of a segment, which lwIP puts together and then looks for
 * among the active connections. */
int input_first_fragment(struct flow *f, const uint8_t *th);
/* The packet (quoted) of ours could not be delivered; (err) as an errno. */
void input_error(struct flow *f, uint8_t proto, const uint8_t *quoted, int err);
