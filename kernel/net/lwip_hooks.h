/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lwip_hooks.h - the places where lwIP asks us. Included by lwIP's own files.
 */
#pragma once

#include "lwip/arch.h"

struct netif;
struct pbuf;
struct dhcp;
struct dhcp_msg;

/* Every IP packet before lwIP looks at it; 0: go on. lwip_input.c */
int net_hook_ip4_input(struct pbuf *p, struct netif *inp);
int net_hook_ip6_input(struct pbuf *p, struct netif *inp);
#define LWIP_HOOK_IP4_INPUT(p, inp) net_hook_ip4_input(p, inp)
#define LWIP_HOOK_IP6_INPUT(p, inp) net_hook_ip6_input(p, inp)

/* A segment for an established connection that is nowhere near it: dropped
 * here, because lwIP's comparisons go wrong half the number space away.
 * (Used in tcp_in.c only, which knows the types.) */
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, hdr, optlen, opt1len, opt2, p)         \
    ((pcb)->state >= ESTABLISHED &&                                            \
             (hdr)->seqno - (pcb)->rcv_nxt + 0x40000000u >= 0x80000000u        \
         ? ERR_VAL                                                             \
         : ERR_OK)

/* A SYN is about to go; its first option, the largest segment we take, is there
 * to be changed. tcp_option.c (Used in tcp_out.c only, which knows the types.)
 */
struct tcp_pcb;
void net_hook_tcp_syn(const struct tcp_pcb *pcb, uint32_t *first_option);
#define LWIP_HOOK_TCP_OUT_ADD_TCPOPTS(p, hdr, pcb, opts)                       \
    ((TCPH_FLAGS(hdr) & TCP_SYN)                                               \
         ? (net_hook_tcp_syn(pcb, (uint32_t *)((hdr) + 1)), (opts))            \
         : (opts))

/* Initial sequence numbers, RFC 6528. lwip_isn.c */
struct ip_addr;
uint32_t net_hook_tcp_isn(const struct ip_addr *local, uint16_t local_port,
                          const struct ip_addr *remote, uint16_t remote_port);
#define LWIP_HOOK_TCP_ISN(l, lp, r, rp) net_hook_tcp_isn(l, lp, r, rp)

/* IPv6 routes beyond lwIP's. net6_addr.c */
struct ip6_addr;
struct netif *net_hook_ip6_route(const struct ip6_addr *src,
                                 const struct ip6_addr *dst);
const struct ip6_addr *net_hook_nd6_get_gw(struct netif *n,
                                           const struct ip6_addr *dst);
#define LWIP_HOOK_IP6_ROUTE(src, dst)     net_hook_ip6_route(src, dst)
#define LWIP_HOOK_ND6_GET_GW(netif, dest) net_hook_nd6_get_gw(netif, dest)

/* DHCP: options we ask for beyond lwIP's, and their values. lwip_dhcp.c */
void net_hook_dhcp_append(struct dhcp_msg *msg, uint16_t *options_len);
void net_hook_dhcp_option(struct netif *netif, uint8_t msg_type, uint8_t option,
                          uint8_t len, struct pbuf *p, uint16_t offset);
#define LWIP_HOOK_DHCP_APPEND_OPTIONS(netif, dhcp, state, msg, type, len)      \
    net_hook_dhcp_append(msg, len)
#define LWIP_HOOK_DHCP_PARSE_OPTION(netif, dhcp, state, msg, type, option,     \
                                    len, pbuf, offset)                         \
    net_hook_dhcp_option(netif, type, option, len, pbuf, offset)
