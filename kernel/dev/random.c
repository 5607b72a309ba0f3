/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * random.c - the random number generator.
 *
 * One 256-bit key. Every request first replaces the key by the beginning of
 * its own key stream ("fast key erasure", D. J. Bernstein, 2017), so that
 * reading the kernel's memory later does not tell earlier output. Entropy is
 * added by xoring it into the fresh key: whoever knows only one of old key and
 * added bytes does not know the result.
 *
 * Sources: RDSEED/RDRAND and time-stamp jitter at start (arch_random_seed),
 * virtio-rng where there is one, and the times of disk and serial interrupts,
 * gathered in a small accumulator that costs a few instructions an event.
 *
 * Locking: the spinlock covers key, counter and accumulator. Long output is
 * made outside of it, from a one-time key taken under it.
 */
#include "dev/random.h"

#include <stdatomic.h>

#include "arch/x86_64/arch.h"
#include "dev/chacha20.h"
#include "dev/random_priv.h"
#include "lib/string.h"
#include "sched/lock.h"
#include "sched/time.h"

static struct spinlock random_lock = SPINLOCK_INIT(RANK_RANDOM);
static uint8_t key[CHACHA20_KEY]; /* random_lock */
static const uint32_t no_nonce[3];

/* Timing events: relaxed, a lost update loses nothing of value. */
static _Atomic uint64_t timing_pool[4];
static _Atomic uint32_t timing_events;
#define TIMING_BATCH 64 /* events per mixing into the key */

/* Like memset(p, 0, n), but not optimised away for dying objects. */
static void wipe(void *p, size_t n)
{
    memset(p, 0, n);
    __asm__ volatile("" : : "r"(p) : "memory");
}

/* Replace the key; the rest of the block, 32 bytes, goes to (out). Lock held.
 */
static void key_advance(uint8_t out[CHACHA20_BLOCK - CHACHA20_KEY])
{
    uint8_t block[CHACHA20_BLOCK];

    chacha20_block(key, 0, no_nonce, block);
    memcpy(key, block, CHACHA20_KEY);
    memcpy(out, block + CHACHA20_KEY, CHACHA20_BLOCK - CHACHA20_KEY);
    wipe(block, sizeof(block));
}

static void key_mix(const uint8_t *p, size_t n)
{
    uint8_t rest[CHACHA20_BLOCK - CHACHA20_KEY];

    key_advance(rest);
    for (size_t i = 0; i < n; i++)
        key[i] ^= p[i];
    /* The length, so that trailing zero bytes are not lost. */
    key[CHACHA20_KEY - 1] ^= (uint8_t)n;
    wipe(rest, sizeof(rest));
}

void random_add(const void *p, size_t n)
{
    const uint8_t *s = p;

    spin_lock(&random_lock);
    while (n) {
        size_t chunk = MIN(n, (size_t)CHACHA20_KEY);
        key_mix(s, chunk);
        s += chunk;
        n -= chunk;
    }
    spin_unlock(&random_lock);
}

void random_init(void)
{
    uint64_t seed[4];

    for (unsigned i = 0; i < ARRAY_SIZE(seed); i++)
        seed[i] = arch_random_seed();
    random_add(seed, sizeof(seed));
    wipe(seed, sizeof(seed));
}

void random_add_timing(void)
{
    uint32_t n =
        atomic_fetch_add_explicit(&timing_events, 1, memory_order_relaxed);
    uint64_t t = (uint64_t)time_monotonic();
    uint64_t v =
        atomic_load_explicit(&timing_pool[n % 4], memory_order_relaxed);

    /* An odd multiplier is a bijection: nothing in the pool is lost. */
    v = (v ^ t) * 0x9e3779b97f4a7c15ul;
    atomic_store_explicit(&timing_pool[n % 4], v ^ (v >> 29),
                          memory_order_relaxed);
    if (n % TIMING_BATCH == TIMING_BATCH - 1) {
        uint64_t pool[4];
        for (int i = 0; i < 4; i++)
            pool[i] =
                atomic_load_explicit(&timing_pool[i], memory_order_relaxed);
        random_add(pool, sizeof(pool));
    }
}

static void random_long(uint8_t *out, size_t n)
{
    uint8_t once[CHACHA20_KEY], block[CHACHA20_BLOCK];

    spin_lock(&random_lock);
    key_advance(once);
    spin_unlock(&random_lock);
    uint32_t nonce[3] = {0};
    for (uint64_t counter = 0; n; counter++) {
        size_t chunk = MIN(n, sizeof(block));
        nonce[0] = (uint32_t)(counter >> 32);
        chacha20_block(once, (uint32_t)counter, nonce, block);
        memcpy(out, block, chunk);
        out += chunk;
        n -= chunk;
    }
    wipe(once, sizeof(once));
    wipe(block, sizeof(block));
}

void random_bytes(void *p, size_t n)
{
    uint8_t rest[CHACHA20_BLOCK - CHACHA20_KEY];

    if (n > sizeof(rest)) {
        random_long(p, n);
        return;
    }
    spin_lock(&random_lock);
    key_advance(rest);
    spin_unlock(&random_lock);
    memcpy(p, rest, n);
    wipe(rest, sizeof(rest));
}

uint64_t random_u64(void)
{
    uint64_t v;

    random_bytes(&v, sizeof(v));
    return v;
}
