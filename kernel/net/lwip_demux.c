/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lwip_demux.c - finding a segment's connection without walking lwIP's list.
 *
 * lwIP keeps all active connections in one singly linked list, which
 * tcp_input() searches from the front, and moves what it finds there. We find
 * the connection in a hash table first and put it in front ourselves, so that
 * the search ends at its first step. That needs the predecessor; so every pcb
 * has a node (its second extension argument) in a doubly linked list that
 * mirrors lwIP's:
 *
 *  - new connections are put in front: demux_add() does the same;
 *  - one that lwIP frees leaves through the extension's destructor;
 *  - one that moves to the list of TIME-WAIT stays in the mirror; it is skipped
 *    and taken out when met;
 *  - anything else (lwIP moving one to the front because its segment came in
 *    fragments, which we do not look at) shows, as the supposed predecessor's
 *    next is not the pcb: then the mirror is made anew.
 *
 * A segment for no active connection would be searched for in vain in the
 * whole list; so the list is hidden while lwIP processes it.
 *
 * lwIP's timers walk its list four times a second. A connection on which
 * nothing is pending is therefore taken off it ("parked") and comes back with
 * its next segment or call, so that tens of thousands of idle ones cost
 * nothing. Its node is on (parked) instead of (mirror). One that has a
 * keepalive to send is also in a wheel: the slot of its tick, where each tick
 * finds it among a 256th of all.
 */
#include "net/lwip_demux.h"

#include "lib/log.h"
#include "mem/page.h"
#include "mem/slab.h"
#include "net/inet_port.h"

#include "lwip/ip4.h"
#include "lwip/ip6.h"
#include "lwip/priv/tcp_priv.h"

#define EXT_NODE 1 /* extension argument 0 is sock_tcp.c's */

/* All under net_lock. */
struct node {
    struct tcp_pcb *pcb;
    struct port_conn port;
    struct node *hash_next;
    struct list link; /* mirror or parked; self-linked: in TIME-WAIT */
    uint32_t hash;
    bool parked;
    struct list due_link; /* wheel, if it wakes by itself */
    uint32_t due;         /* ... at this tick */
    struct tcp_silence silence;
};

static struct node **table;
static uint32_t mask;
static uint64_t key;
static struct list mirror = LIST_HEAD_INIT(mirror);
static struct list parked = LIST_HEAD_INIT(parked);
static struct list wheel[256];
static uint32_t wheel_tick; /* slots up to here have been looked at */
static bool hidden;         /* recursion of demux_input() */

/* An attacker chooses ports and some address bits, but not the key. */
static uint32_t mix(uint64_t a, uint64_t b)
{
    uint64_t h = (a ^ key) * 0x9e3779b97f4a7c15ull;

    h ^= h >> 29;
    h = (h + b) * 0xbf58476d1ce4e5b9ull;
    return (uint32_t)(h >> 32);
}

static uint64_t fold(const ip_addr_t *a)
{
    const u32_t *w = ip_2_ip6(a)->addr;

    if (IP_IS_V4(a))
        return ip4_addr_get_u32(ip_2_ip4(a));
    return ((uint64_t)w[0] << 32 | w[1]) ^ ((uint64_t)w[3] << 32 | w[2]);
}

static uint32_t hash_of(const ip_addr_t *local, const ip_addr_t *remote,
                        uint16_t local_port, uint16_t remote_port)
{
    return mix(fold(remote) + ((uint64_t)remote_port << 32),
               fold(local) ^ (uint64_t)local_port << 40);
}

uint32_t demux_hash(const struct flow *f)
{
    return hash_of(&f->local, &f->remote, f->local_port, f->remote_port);
}

void demux_init(void)
{
    struct memory_stats mem;
    uint32_t n = 512;

    memory_stats(&mem);
    while (n < mem.total / 16 && n < 65536)
        n *= 2;
    table = kzalloc(n * sizeof(table[0]), 0);
    if (!table)
        panic("no memory for %u hash buckets", n);
    mask = n - 1;
    key = net_siphash("demux", 5);
    for (unsigned i = 0; i < ARRAY_SIZE(wheel); i++)
        list_init(&wheel[i]);
}

static void forget(u8_t id, void *data)
{
    struct node *n = data, **at;

    (void)id;
    if (!n)
        return;
    for (at = &table[n->hash & mask]; *at != n; at = &(*at)->hash_next)
        ;
    *at = n->hash_next;
    list_del_init(&n->link);
    list_del_init(&n->due_link);
    port_del_conn(&n->port);
    net_mem_free(n);
}

int demux_add(struct tcp_pcb *pcb)
{
    static const struct tcp_ext_arg_callbacks callbacks = {.destroy = forget};
    struct node *n = net_mem_alloc(sizeof(*n));

    if (!n)
        return -ENOMEM;
    if (port_add_conn(&n->port, pcb)) {
        net_mem_free(n);
        return -ENOMEM;
    }
    n->pcb = pcb;
    n->hash = hash_of(&pcb->local_ip, &pcb->remote_ip, pcb->local_port,
                      pcb->remote_port);
    n->hash_next = table[n->hash & mask];
    table[n->hash & mask] = n;
    n->parked = false;
    list_init(&n->due_link);
    n->silence = (struct tcp_silence){tcp_ticks, pcb->lastack};
    list_add_head(&mirror, &n->link);
    tcp_ext_arg_set_callbacks(pcb, EXT_NODE, &callbacks);
    tcp_ext_arg_set(pcb, EXT_NODE, n);
    return 0;
}

struct tcp_pcb *demux_find(const struct flow *f)
{
    uint32_t hash = demux_hash(f);

    for (struct node *n = table[hash & mask]; n; n = n->hash_next) {
        const struct tcp_pcb *p = n->pcb;
        if (n->hash == hash && p->remote_port == f->remote_port &&
            p->local_port == f->local_port &&
            ip_addr_cmp(&p->remote_ip, &f->remote) &&
            ip_addr_cmp(&p->local_ip, &f->local))
            return n->pcb;
    }
    return NULL;
}

static struct node *node_of(struct tcp_pcb *pcb)
{
    return tcp_ext_arg_get(pcb, EXT_NODE);
}

/* Make the mirror follow lwIP's list. */
static void rebuild(void)
{
    list_init(&mirror);
    for (struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next) {
        struct node *n = node_of(p);
        if (n)
            list_add_tail(&mirror, &n->link);
    }
}

/* The active pcb before (n)'s, by the mirror. */
static struct tcp_pcb *predecessor(struct node *n)
{
    while (n->link.prev != &mirror) {
        struct node *prev = list_entry(n->link.prev, struct node, link);
        if (prev->pcb->state != TIME_WAIT)
            return prev->pcb;
        list_del_init(&prev->link);
    }
    return NULL;
}

static struct tcp_pcb *sure_predecessor(struct tcp_pcb *pcb)
{
    struct tcp_pcb *prev = predecessor(node_of(pcb));

    if (likely(prev && prev->next == pcb))
        return prev;
    rebuild();
    prev = predecessor(node_of(pcb));
    return prev && prev->next == pcb ? prev : NULL;
}

static void to_front(struct tcp_pcb *pcb)
{
    struct tcp_pcb *prev;

    if (pcb == tcp_active_pcbs)
        return;
    prev = sure_predecessor(pcb);
    if (!prev)
        return; /* tcp_input() will search */
    prev->next = pcb->next;
    pcb->next = tcp_active_pcbs;
    tcp_active_pcbs = pcb;
    struct node *n = node_of(pcb);
    list_del_init(&n->link);
    list_add_head(&mirror, &n->link);
}

/* At most one connection has been added while the list was hidden. */
static void unhide(struct tcp_pcb *saved)
{
    struct tcp_pcb **end = &tcp_active_pcbs;

    while (*end)
        end = &(*end)->next;
    *end = saved;
}

bool demux_input(struct tcp_pcb *pcb, struct pbuf *p, struct netif *inp)
{
    if (hidden)
        return false;
    if (pcb && pcb->state != TIME_WAIT) {
        demux_wake(pcb);
        to_front(pcb);
        return false;
    }
    struct tcp_pcb *saved = tcp_active_pcbs, *saved_tw = tcp_tw_pcbs;

    hidden = true;
    tcp_active_pcbs = NULL;
    if (!pcb)
        tcp_tw_pcbs = NULL;
    if (IP_HDR_GET_VERSION(p->payload) == 6)
        ip6_input(p, inp);
    else
        ip4_input(p, inp);
    if (!pcb)
        tcp_tw_pcbs = saved_tw;
    unhide(saved);
    hidden = false;
    return true;
}

/* --- parking ----------------------------------------------------------- */

static struct list *slot(uint32_t tick)
{
    return &wheel[tick % ARRAY_SIZE(wheel)];
}

void demux_park(struct tcp_pcb *pcb, struct tcp_pcb *prev, uint32_t ticks)
{
    struct node *n = node_of(pcb);

    if (prev)
        prev->next = pcb->next;
    else
        tcp_active_pcbs = pcb->next;
    pcb->next = NULL;
    n->parked = true;
    list_del_init(&n->link);
    list_add_tail(&parked, &n->link);
    if (ticks == UINT32_MAX)
        return;
    n->due = tcp_ticks + ticks;
    list_add_tail(slot(n->due), &n->due_link);
}

void demux_wake(struct tcp_pcb *pcb)
{
    struct node *n = node_of(pcb);

    if (likely(!n || !n->parked))
        return;
    n->parked = false;
    n->silence = (struct tcp_silence){tcp_ticks, pcb->lastack};
    list_del_init(&n->link);
    list_del_init(&n->due_link);
    list_add_head(&mirror, &n->link);
    pcb->next = tcp_active_pcbs;
    tcp_active_pcbs = pcb;
}

void demux_wake_due(void)
{
    struct node *n, *next;

    if (tcp_ticks - wheel_tick > ARRAY_SIZE(wheel))
        wheel_tick = tcp_ticks - ARRAY_SIZE(wheel);
    while (wheel_tick != tcp_ticks) {
        struct list *s = slot(++wheel_tick);
        list_for_each_safe (n, next, s, due_link)
            if ((int32_t)(n->due - tcp_ticks) <= 0)
                demux_wake(n->pcb);
    }
}

uint32_t demux_next_due(void)
{
    for (uint32_t n = 1; n <= ARRAY_SIZE(wheel); n++)
        if (!list_empty(slot(tcp_ticks + n)))
            return n;
    return UINT32_MAX;
}

struct tcp_pcb *demux_next_parked(const struct tcp_pcb *pcb)
{
    struct list *at =
        pcb ? node_of((struct tcp_pcb *)pcb)->link.next : parked.next;

    return at == &parked ? NULL : list_entry(at, struct node, link)->pcb;
}

struct tcp_silence *demux_silence(struct tcp_pcb *pcb)
{
    return &node_of(pcb)->silence;
}
