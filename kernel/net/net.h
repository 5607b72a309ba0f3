/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net.h - the border between the kernel and the network stack.
 *
 * kernel/net/ has lwIP behind this: sockets of the Internet (sock_*.c, tcp_*.c)
 * call lwIP's raw API with net_lock held; network drivers hand packets in with
 * netif_receive and are handed packets through their transmit function.
 * Replacing the stack means rewriting lwip_*.c and the ends of those sockets;
 * drivers, sockets as such, AF_UNIX and system calls do not know it.
 *
 * net_lock is a spinlock-like lock taken in thread context and by deferred
 * work: SOFTIRQ_NET only tries it; who releases it serves what had to wait.
 */
#pragma once

#include "lib/types.h"

struct netdev;
struct net_piece {
    const void *data;
    uint32_t len;
};
struct netdev_ops {
    /* Send one frame given as pieces in kernel memory; copies or maps it
     * before it returns. 0, -ENOBUFS (stack drops; who can repeat it does so
     * when the driver calls netif_tx_room, or by a timer). (csum_start,
     * csum_offset): device computes the checksum if csum_start != 0. */
    int (*transmit)(struct netdev *d, const struct net_piece *p, unsigned n,
                    unsigned csum_start, unsigned csum_offset);
    /* Process received frames and completions; at most (budget) frames, via
     * netif_receive. True: more waits. Called with net_lock held. */
    bool (*poll)(struct netdev *d, unsigned budget);
    /* What was transmitted since the last call may go: one doorbell for many
     * frames. Called before net_lock is released. May be NULL. */
    void (*flush)(struct netdev *d);
};

struct netdev {
    char name[16]; /* eth0; given by net_register */
    uint8_t mac[6];
    unsigned mtu;
    bool tx_csum; /* device fills in TCP and UDP checksums */
    bool rx_csum; /* device has checked them */
    bool link_up;
    const struct netdev_ops *ops;
    void *private;
    uint64_t rx_packets, rx_bytes, rx_dropped, tx_packets, tx_bytes,
        tx_dropped; /* net_lock */
    void *stack;    /* the stack's own (struct netif) */
};
int net_register(struct netdev *d);
/* A received frame of (len) bytes in a buffer the stack may keep until it calls
 * (free)(arg). Called from poll. */
void netif_receive(struct netdev *d, void *data, uint32_t len, bool csum_ok,
                   void (*free)(void *arg), void *arg);
/* A queue that was full has room again. Called from poll. */
void netif_tx_room(struct netdev *d);
void netif_link_changed(struct netdev *d, bool up);

void net_init(void); /* stack, loopback, SOFTIRQ_NET; then drivers register */
void net_lock(void);
void net_unlock(void);
