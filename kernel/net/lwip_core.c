/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lwip_core.c - the lock around lwIP, and the work that waits for it.
 *
 * lwIP runs on one CPU at a time, under net_lock. Interrupts and timers must
 * not spin on it for long, so they leave a bit in (due) and only try: if the
 * lock is taken, its holder serves the bits when it lets go. No bit is lost:
 *
 *   kick:   due |= bit;  fence (by the atomic);  trylock fails
 *   unlock: locked = 0;  fence;                  due is read
 *
 * One of the two sees the other's store, so either the trylock succeeds or the
 * holder sees the bit and tries itself.
 *
 * Packets we send to ourselves are queued by lwIP and delivered before the
 * lock is released: a send over loopback is in the peer's queue when it
 * returns, without an interrupt or another thread.
 */
#include "net/inet_port.h"
#include "net/net_priv.h"

#include "dev/random.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/page.h"
#include "mem/slab.h"
#include "sched/lock.h"
#include "sched/softirq.h"

#include "lwip/init.h"

#define POLL_BUDGET 64
#define LOOP_BUDGET 256

static struct spinlock core = SPINLOCK_INIT(RANK_NET);
static _Atomic uint32_t due;

/* --- memory ------------------------------------------------------------ */

/* All of lwIP's objects and packets; a quarter of memory is the limit for data
 * and a little more for what keeps connections alive (segments without data,
 * control blocks). */
#define CONTROL_SIZE 320

static _Atomic int64_t mem_used;
static int64_t mem_limit;

void *net_mem_alloc(size_t n)
{
    int64_t used = atomic_load_explicit(&mem_used, memory_order_relaxed);
    int64_t limit = n <= CONTROL_SIZE ? mem_limit + mem_limit / 4 : mem_limit;
    void *p = used < limit ? kmalloc(n, ALLOC_NOWAIT) : NULL;

    if (p)
        atomic_fetch_add_explicit(&mem_used, (int64_t)kmalloc_usable(p),
                                  memory_order_relaxed);
    return p;
}

void *net_mem_calloc(size_t n, size_t size)
{
    void *p = net_mem_alloc(n * size);

    return p ? memset(p, 0, n * size) : NULL;
}

void net_mem_free(void *p)
{
    if (!p)
        return;
    atomic_fetch_sub_explicit(&mem_used, (int64_t)kmalloc_usable(p),
                              memory_order_relaxed);
    kfree(p);
}

bool net_mem_pressure(void)
{
    return atomic_load_explicit(&mem_used, memory_order_relaxed) >=
           mem_limit - mem_limit / 8;
}

uint64_t net_mem_used(void)
{
    return (uint64_t)atomic_load_explicit(&mem_used, memory_order_relaxed);
}

/* --- lock and deferred work -------------------------------------------- */

/* Lock held. What is left over comes back through the softirq, so that others
 * have their turn. */
static void serve(void)
{
    uint32_t bits = atomic_exchange_explicit(&due, 0, memory_order_acquire);
    bool more = false;

    if (bits & NET_DUE_POLL)
        more = netdev_poll_all(POLL_BUDGET);
    if (bits & ~(uint32_t)NET_DUE_POLL)
        net_timer_run(bits);
    if (netdev_loop_pending())
        more |= netdev_loop_run(LOOP_BUDGET);
    if (more)
        softirq_raise(SOFTIRQ_NET);
}

void net_lock(void)
{
    spin_lock(&core);
}

static void unlock_and_serve(void)
{
    do {
        if (netdev_loop_pending() ||
            atomic_load_explicit(&due, memory_order_relaxed))
            serve();
        if (netdev_unflushed)
            netdev_flush_all();
        spin_unlock(&core);
        atomic_thread_fence(memory_order_seq_cst); /* pairs with net_kick() */
    } while (atomic_load_explicit(&due, memory_order_relaxed) &&
             spin_trylock(&core));
}

void net_unlock(void)
{
    unlock_and_serve();
}

void net_kick(uint32_t bits)
{
    atomic_fetch_or_explicit(&due, bits, memory_order_seq_cst);
    if (spin_trylock(&core))
        unlock_and_serve();
}

/* Leftover loopback packets are delivered by any unlock; devices are asked. */
static void net_softirq(void)
{
    net_kick(NET_DUE_POLL);
}

/* --- errors ------------------------------------------------------------ */

int net_errno(err_t err)
{
    static const uint8_t table[] = {
        [-ERR_OK] = 0,
        [-ERR_MEM] = ENOBUFS,
        [-ERR_BUF] = ENOBUFS,
        [-ERR_TIMEOUT] = ETIMEDOUT,
        [-ERR_RTE] = ENETUNREACH,
        [-ERR_INPROGRESS] = EINPROGRESS,
        [-ERR_VAL] = EINVAL,
        [-ERR_WOULDBLOCK] = EAGAIN,
        [-ERR_USE] = EADDRINUSE,
        [-ERR_ALREADY] = EALREADY,
        [-ERR_ISCONN] = EISCONN,
        [-ERR_CONN] = ENOTCONN,
        [-ERR_IF] = ENETDOWN,
        [-ERR_ABRT] = ECONNABORTED,
        [-ERR_RST] = ECONNRESET,
        [-ERR_CLSD] = ENOTCONN,
        [-ERR_ARG] = EINVAL,
    };

    return -err >= 0 && -err < (int)sizeof(table) ? -table[-err] : -EIO;
}

/* --- random numbers and hashes ----------------------------------------- */

static uint64_t key[2];

static inline uint64_t rotl(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1], v[1] = rotl(v[1], 13) ^ v[0], v[0] = rotl(v[0], 32);
    v[2] += v[3], v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotl(v[1], 17) ^ v[2], v[2] = rotl(v[2], 32);
}

/* SipHash-2-4 (Aumasson, Bernstein 2012). */
uint64_t net_siphash(const void *data, size_t n)
{
    uint64_t v[4] = {
        key[0] ^ 0x736f6d6570736575ull, key[1] ^ 0x646f72616e646f6dull,
        key[0] ^ 0x6c7967656e657261ull, key[1] ^ 0x7465646279746573ull};
    const uint8_t *p = data;
    uint64_t word, last = (uint64_t)n << 56;

    for (size_t left = n;; left -= 8, p += 8) {
        word = last;
        memcpy(&word, p, MIN(left, (size_t)8));
        if (left < 8)
            word |= last;
        v[3] ^= word;
        sip_round(v);
        sip_round(v);
        v[0] ^= word;
        if (left < 8)
            break;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* For port numbers, transaction ids and back-off times; unpredictable as the
 * key is, and usable where the system's generator is not (deferred work). */
uint32_t net_random(void)
{
    static _Atomic uint64_t counter;
    uint64_t n = atomic_fetch_add(&counter, 1);

    return (uint32_t)net_siphash(&n, sizeof(n));
}

void net_init(void)
{
    struct memory_stats mem;

    memory_stats(&mem);
    mem_limit = (int64_t)(mem.total * PAGE_SIZE / 4);
    random_bytes(key, sizeof(key));
    net_timer_init();
    demux_init();
    port_init();
    net_lock();
    lwip_init();
    netdev_init();
    net_unlock();
    softirq_register(SOFTIRQ_NET, net_softirq);
    net_proc_init();
}
